"""The top-level names of a module, and those of a block: gathered before anything is lowered."""

from __future__ import annotations

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import NO_SPAN, Span
from vitte.ir import ast as a
from vitte.ir import hir, lang
from vitte.ir import types as t
from vitte.ir.defs import Interface, ModuleView, ResolvedImport, Visibility
from vitte.lower import errors
from vitte.lower.names import exported, sym_of_export, visible
from vitte.lower.state import Lowerer, Sym

FORMATS = ("print", "println", "eprint", "eprintln", "format")
SIZES = ("sizeof", "alignof", "offsetof")
METHODS = (
    "len", "push", "pop", "insert", "remove", "find", "contains", "starts_with", "ends_with", "slice", "trim", "split", "join", "replace",
    "to_string", "abs", "min", "max", "clamp",
)  # fmt: skip
"""Methods that may be written as procedures of the prelude: `len(xs)`."""
CASES = {"Some": lang.OPTION, "None": lang.OPTION, "Ok": lang.RESULT, "Err": lang.RESULT}

KIND_OF: dict[type, str] = {
    a.Proc: "proc", a.Const: "const", a.Static: "static", a.TypeAlias: "alias", a.Trait: "trait",
    a.Form: "adt", a.Union: "adt", a.Pick: "adt", a.Flags: "adt", a.Bits: "adt",
}  # fmt: skip


def item_symbols(lo: Lowerer, item: a.Item, prefix: str) -> list[tuple[str, Sym]]:
    """The names that an item defines in its scope; `prefix` is the path of that scope."""
    cls = type(item)
    kind = KIND_OF.get(cls)
    if kind is None:
        if isinstance(item, a.ExternBlock):
            return [pair for member in item.members for pair in item_symbols(lo, member, prefix)]
        if isinstance(item, a.Impl) and isinstance(item.ty, a.PathType) and item.trait is None:
            note_consts(lo, f"{prefix}::{item.ty.segments[0]}", item.members)
        return []
    name: str = item.name  # type: ignore[attr-defined]
    if not name or "::" in name:
        return []
    path = f"{prefix}::{name}"
    sym = Sym(kind, path, item.name_span, node=item)  # type: ignore[attr-defined]
    found = [(name, sym)]
    if kind == "adt":
        first = lo.own_types.setdefault(path, sym)
        note_consts(lo, path, item.members)  # type: ignore[attr-defined]
        if isinstance(item, a.Pick) and first is sym:
            found += [(case.name, Sym("case", f"{path}.{case.name}", case.name_span)) for case in item.cases]
    return found


def note_consts(lo: Lowerer, owner: str, members: list[a.Item]) -> None:
    for member in members:
        if type(member) is a.Const:
            lo.own_consts.add(f"{owner}.{member.name}")


def overload_key(ty: a.Type) -> str:
    """The type that an inherent impl is for, without its arguments, as far as the syntax tells."""
    if isinstance(ty, a.PathType):
        return ty.segments[-1]
    return "list" if isinstance(ty, a.ListType) else type(ty).__name__


def overloads(items: list[a.Item]) -> frozenset[tuple[str, str]]:
    """Procedures that more than one inherent impl gives a type (with different arguments, as a rule): (`overload_key`, name)."""
    seen: set[tuple[str, str]] = set()
    again: set[tuple[str, str]] = set()
    for item in items:
        given: set[tuple[str, str]] = set()
        if isinstance(item, a.Impl):
            if item.trait is None:
                key = overload_key(item.ty)
                given = {(key, member.name) for member in item.members if type(member) is a.Proc}
        elif isinstance(item, a.Proc):
            owner, mark, name = item.name.rpartition("::")
            if mark:
                given = {(owner, name)}
        else:
            members: list[a.Item] = getattr(item, "members", [])
            if members and not isinstance(item, a.Trait | a.ExternBlock):
                given = {(item.name, member.name) for member in members if type(member) is a.Proc}  # type: ignore[attr-defined]
        again |= given & seen
        seen |= given
    return frozenset(again)


def base_names(lo: Lowerer) -> None:
    """What every module sees unasked, before the prelude of the library."""
    names = lo.names
    for name, primitive in t.PRIMITIVES.items():
        names[name] = Sym("prim", ty=primitive)
    for name, primitive in t.ALIASES.items():
        names[name] = Sym("prim", ty=primitive)
    for name, path in lang.BUILTIN_TYPE_NAMES.items():
        names[name] = Sym("adt", path)
    for name in FORMATS:
        names[name] = Sym("format")
    for name in SIZES:
        names[name] = Sym("size")
    for name in METHODS:
        names[name] = Sym("method")
    for name, path in CASES.items():
        names[name] = Sym("case", f"{path}.{name}")
    names["Self"] = Sym("self")
    names["ptr"] = Sym("ptr")
    for imported in lo.ctx.imports:
        if imported.is_prelude and imported.interface is not None:
            star(lo, imported.interface, -1, names, {})


def star(lo: Lowerer, interface: Interface | ModuleView, imp: int, names: dict[str, int | Sym], cases: dict[str, Sym]) -> None:
    """Bring every visible name of a module into `names`, and the cases of its picks into `cases` (or `names` itself)."""
    prelude = imp < 0
    for name, export in interface.names.items():
        if not visible(lo, interface, export):
            continue
        sym = sym_of_export(lo, export)
        sym.imp = imp
        sym.is_glob = not prelude
        old = names.get(name)
        if not prelude and type(old) is Sym and old.is_glob and old.path != sym.path:
            if old.kind == "ambiguous":
                continue
            sym = Sym("ambiguous", imp=imp, is_glob=True, note=f"`{old.path}` and `{sym.path}` are both imported by `*`")
        names[name] = sym
        if sym.kind == "adt":
            imported_cases(lo, sym.path, imp, cases)
    if prelude:
        for name, case in cases.items():
            if type(names.get(name)) is not Sym:
                names[name] = case


def imported_cases(lo: Lowerer, path: str, imp: int, cases: dict[str, Sym]) -> None:
    for name in lo.ctx.defs.cases_of(path, ("pick",)) or ():
        add_case(cases, name, Sym("case", f"{path}.{name}", imp=imp))


def add_case(cases: dict[str, Sym], name: str, sym: Sym) -> None:
    """A case may be named bare when one pick in scope has it."""
    old = cases.get(name)
    cases[name] = sym if old is None or old.path == sym.path else Sym("ambiguous")


def collect(lo: Lowerer, module: a.Module) -> None:
    """Fill `lo.names` with all that the top level of the module sees, and `lo.overloads`."""
    base_names(lo)
    lo.overloads = overloads(module.items)
    names = lo.names
    globs: dict[str, int | Sym] = {}
    cases: dict[str, Sym] = {}
    own: list[tuple[str, Sym, str]] = []
    by_span = {i.span: i for i in lo.ctx.imports if not i.is_prelude}
    in_order = [i for i in lo.ctx.imports if not i.is_prelude]
    for item in module.items:
        if isinstance(item, a.Use):
            at = len(lo.use_items)
            lo.use_items.append(item)
            resolved = by_span.get(item.span) or by_span.get(item.path.span) or (in_order[at] if at < len(in_order) else None)
            use(lo, item, resolved, own, globs, cases)
        else:
            for name, sym in item_symbols(lo, item, lo.path):
                if sym.kind == "case":
                    add_case(cases, name, sym)
                else:
                    own.append((name, sym, "item"))
    names.update(globs)
    for name, sym in cases.items():
        if name not in globs:
            names[name] = sym
    first: dict[str, Sym] = {}
    for name, sym, what in own:
        old = first.get(name)
        if old is None:
            first[name] = sym
            names[name] = sym
        elif what == "item" or old.path != sym.path or sym.kind == "error":
            errors.duplicate(lo, sym.span, name, old.span, what)
            lo.use(sym)
            lo.use(old)
            if what == "item":
                lo.skipped.add(sym.span)


def use(
    lo: Lowerer,
    item: a.Use,
    resolved: ResolvedImport | None,
    own: list[tuple[str, Sym, str]],
    globs: dict[str, int | Sym],
    cases: dict[str, Sym],
) -> None:
    """The names that one `use` brings."""
    interface = resolved.interface if resolved is not None else None
    segments = item.path.segments
    if resolved is None or interface is None:
        # The driver has said what is wrong with the module; names from it stay silent.
        token = ErrorToken(max(1, len(lo.diag.items)))
        if item.names is not None:
            own += [(n.alias or n.name, Sym("error", span=n.span, token=token), "import") for n in item.names]
        elif segments and not item.star:
            own.append((item.alias or segments[-1], Sym("error", span=item.span, token=token), "import"))
        return
    if item.star:
        imp = new_import(lo, item.span, "/".join(segments) + ".*", False)
        star(lo, interface, imp, globs, cases)
    for listed in item.names or ():
        sym = exported(lo, interface, listed.name, listed.name_span)
        bound = listed.alias or listed.name
        if sym.kind != "error":
            imp = new_import(lo, listed.span, bound, sym.kind == "trait")
            sym = Sym(sym.kind, sym.path, listed.alias_span or listed.name_span, imp=imp, interface=sym.interface)
            if sym.kind == "adt":
                imported_cases(lo, sym.path, imp, cases)
        else:
            sym = Sym("error", span=listed.span, token=sym.token)
        own.append((bound, sym, "import"))
    if item.names is None and not item.star and segments:
        bound = item.alias or segments[-1]
        imp = new_import(lo, item.span, bound, False)
        span: Span = item.alias_span or (item.path.segment_spans[-1] if item.path.segment_spans else NO_SPAN)
        sym = Sym("module", resolved.module, span, imp=imp, interface=interface)
        builtin = lo.names.get(bound)
        if type(builtin) is Sym and (builtin.kind == "prim" or builtin.path in lang.BUILTIN_TYPE_NAMES.values()):
            sym.hidden = builtin
        own.append((bound, sym, "import"))


def new_import(lo: Lowerer, span: Span, shown: str, silent: bool) -> int:
    """Start counting the uses of an imported name. `silent`: it may serve without being named, as traits do."""
    lo.use_used.append(0)
    lo.use_names.append((span, shown, silent))
    return len(lo.use_used) - 1


def report_unused(lo: Lowerer) -> None:
    if lo.quiet_lints or lo.is_std:
        # A module of the library also imports what the compiler calls for it.
        return
    for used, (span, shown, silent) in zip(lo.use_used, lo.use_names):
        if not used and not silent:
            errors.unused_import(lo, span, shown)


# --- what the module shows ----------------------------------------------------------------------------------------


def is_open(module: a.Module) -> bool:
    """No `export` and no visibility word at all: everything is visible."""
    for item in module.items:
        if isinstance(item, a.Export) or item.meta.vis:
            return False
        for field in getattr(item, "fields", ()):
            if field.meta.vis:
                return False
        for member in getattr(item, "members", ()):
            if member.meta.vis:
                return False
    return True


VISIBILITY: dict[str, Visibility] = {"pub": "public", "package": "package", "priv": "private"}


def exports(lo: Lowerer, module: a.Module) -> None:
    """Fill `lo.exported` (own names made public by a list) and `lo.out_names` (all names with their visibility)."""
    lo.is_open = is_open(module)
    lists = [item for item in module.items if isinstance(item, a.Export)]
    out = lo.out_names
    everything = any(item.star for item in lists)
    default: Visibility = "public" if lo.is_open or everything else "private"
    for name, sym in lo.names.items():
        if type(sym) is not Sym:
            continue
        if sym.node is not None and sym.kind != "case":
            vis = sym.node.meta.vis
            out[name] = hir.ExportedName(sym.kind, sym.path, VISIBILITY.get(vis, default))  # type: ignore[arg-type]
        elif everything and sym.imp >= 0 and sym.kind not in ("error", "ambiguous", "case"):
            lo.use_used[sym.imp] = 1
            out[name] = hir.ExportedName(sym.kind, sym.path, "public")  # type: ignore[arg-type]
    first: dict[str, Span] = {}
    for item in lists:
        for listed in item.names:
            shown = listed.alias or listed.name
            entry = lo.names.get(listed.name)
            known = type(entry) is Sym and (entry.node is not None or entry.imp >= 0 or entry.kind in ("error", "case"))
            if type(entry) is not Sym or not known:
                if type(entry) is Sym:
                    hint = "only names of this module and imported ones can be exported"
                    message = f"`{listed.name}` is not of this module"
                    errors.simple(lo, errors.BAD_EXPORT, listed.name_span, message, "cannot be exported", hint)
                else:
                    errors.not_found(lo, listed.name_span, listed.name)
                continue
            lo.use(entry)
            if shown in first:
                errors.duplicate(lo, listed.span, shown, first[shown], "item")
                continue
            first[shown] = listed.span
            if entry.kind in ("error", "ambiguous"):
                continue
            if entry.kind == "case":
                hint = f"export the pick: `{entry.path.rpartition('::')[2].partition('.')[0]}`"
                errors.simple(lo, errors.BAD_EXPORT, listed.name_span, f"`{listed.name}` is a case", "cannot be exported alone", hint)
                continue
            lo.exported[listed.name] = shown
            out[shown] = hir.ExportedName(entry.kind, entry.path, "public")  # type: ignore[arg-type]


def visibility(lo: Lowerer, item: a.Item, name: str) -> Visibility:
    """Of a top-level item."""
    entry = lo.out_names.get(name)
    if name in lo.exported:
        return "public"
    return entry.visibility if entry is not None else "private"


def member_visibility(meta: a.Meta, owner: Visibility) -> Visibility:
    """A member is as visible as its type unless it says otherwise."""
    return VISIBILITY.get(meta.vis, owner)
