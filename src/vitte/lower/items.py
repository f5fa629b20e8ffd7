"""Declarations to HIR items: generics, parameters, defaults, members of types, traits and impls, bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar, cast

from msgspec.structs import replace

from vitte.base.source import Span, make_span, span_end, span_start
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.ir import types as t
from vitte.ir.defs import Visibility
from vitte.ir.paths import head_text, impl_path
from vitte.lower import errors
from vitte.lower.attrs import attributes
from vitte.lower.collect import member_visibility, overload_key
from vitte.lower.const_types import const_type
from vitte.lower.control import block_body
from vitte.lower.names import lookup_type_name, path_sym
from vitte.lower.state import Lowerer, Sym, expr, ty
from vitte.lower.types import MODES, bounds, const_expr, generics, sym_type

# --- bodies -------------------------------------------------------------------------------------------------------


def proc_body(lo: Lowerer, path: str, params: list[a.Param], body: a.Block, *, quiet: bool = False) -> tuple[hir.Body, list[hir.Pat]]:
    """The body and the parameters' patterns. `quiet`: unused parameters are nobody's fault."""
    lo.start_body()
    lo.give_ok = True
    lo.prefix = path
    mark = lo.push()
    pats: list[hir.Pat] = []
    for p in params:
        mutable = p.mode == "mut" or p.mode == "owned"
        if p.name == "_":
            pats.append(hir.PatWild(p.name_span))
        else:
            pats.append(hir.PatBind(p.name_span, lo.declare(p.name, p.name_span, mutable), "bind", mutable, None, p.name))
    if quiet:
        for local in range(len(lo.locals)):
            lo.local_used[local] = 1
    inner = lo.push()
    value = block_body(lo, body)
    lo.pop(inner)
    lo.pop(mark)
    return finish_body(lo, value, False), pats


def const_body(lo: Lowerer, path: str, value: a.Expr) -> hir.Body:
    """An initialiser: its value is the result."""
    lo.start_body()
    lo.prefix = path
    mark = lo.push()
    lowered = expr(lo, value)
    lo.pop(mark)
    return finish_body(lo, lowered, True)


def finish_body(lo: Lowerer, value: hir.Expr, implicit: bool) -> hir.Body:
    body = hir.Body(lo.locals, value, implicit)
    if not lo.quiet_lints and 0 in lo.local_used:
        for used, local in zip(lo.local_used, lo.locals):
            if not used:
                name = local.name
                # A capitalised name may yet turn out to be a case of the matched pick.
                if name[0] != "_" and not name[0].isupper() and name != "self":
                    errors.unused_variable(lo, local.span, name)
    lo.locals = []
    return body


# --- procedures ---------------------------------------------------------------------------------------------------


def proc(
    lo: Lowerer,
    item: a.Proc,
    path: str,
    vis: Visibility,
    *,
    parent: str = "",
    in_trait: bool = False,
    in_trait_impl: bool = False,
    abi: str = "",
    links: list[hir.Attr] | None = None,
) -> None:
    """Append the `Proc`, and the constants of its defaults."""
    attrs = attributes(lo, item)
    if links:
        attrs = [*attrs, *links]
    mark = lo.push()
    count = len(lo.generic_names)
    generic = generics(lo, item.generics)
    params: list[hir.ParamDecl] = []
    has_self = False
    first: dict[str, Span] = {}
    owner_names = list(lo.generic_names)
    for at, p in enumerate(item.params):
        name = p.name
        if name in first and name != "_" and item.body is None:
            errors.duplicate(lo, p.name_span, name, first[name], "parameter")
        first[name] = p.name_span
        mode = p.mode
        if name == "self":
            if not parent:
                hint = "put the procedure into the type or an `impl`"
                errors.simple(lo, errors.SELF_OUTSIDE, p.name_span, "`self` is only there in methods", "not in a type, trait or impl", hint)
            elif at:
                errors.simple(lo, errors.SELF_OUTSIDE, p.name_span, "`self` is the first parameter", "not first")
            else:
                has_self = True
            written = p.ty
            if isinstance(written, a.RefType) and not mode:
                mode = "mut" if written.mut else "borrow"
            params.append(hir.ParamDecl(hir.PatWild(p.name_span), name, MODES[mode], None, p.span))
            continue
        written_ty = ty(lo, p.ty) if p.ty is not None else hir.TyInfer(p.span)
        default = ""
        if p.default is not None:
            default = f"{path}.default#{at}"
            default_const(lo, default, name, p.name_span, p.default, path, owner_names)
        params.append(hir.ParamDecl(hir.PatWild(p.name_span), name, MODES[mode], written_ty, p.span, default))
    result = ty(lo, item.ret) if item.ret is not None else None
    abi = item.abi or abi
    if item.variadic and (not abi or item.body is not None):
        hint = "take a slice: `values: &[T]`"
        errors.simple(lo, errors.VARIADIC, item.name_span, f"`{item.name}` cannot end its parameters in `...`",
                      "only a declaration of a foreign procedure can", hint)  # fmt: skip
    made = hir.Proc(
        path, item.name, item.span, item.name_span, vis, generic, params, result, None, parent, has_self, item.is_const, item.is_unsafe,
        cast("Literal['auto', 'inline', 'noinline']", item.inline or "auto"), abi, item.variadic, attrs,
    )  # fmt: skip
    lo.items.append(made)
    if item.body is not None:
        quiet = in_trait_impl or abi != "" or in_trait
        made.body, pats = proc_body(lo, path, item.params, item.body, quiet=quiet)
        for decl, pat in zip(params, pats):
            decl.pat = pat
    else:
        for local, (decl, p) in enumerate(zip(params, item.params)):
            if p.name != "_":
                decl.pat = hir.PatBind(p.name_span, local, "bind", p.mode in ("mut", "owned"), None, p.name)
    del lo.generic_names[count:]
    lo.pop(mark)


def default_const(lo: Lowerer, path: str, name: str, span: Span, value: a.Expr, owner: str, names: list[str]) -> None:
    body = const_body(lo, path, value)
    scope = hir.GenericsExpr([], [], names)
    lo.items.append(hir.Const(path, name, value.span, span, "private", None, body, scope, default_of=owner))


# --- constants and aliases ----------------------------------------------------------------------------------------


def const(
    lo: Lowerer,
    item: a.Const | a.Static,
    path: str,
    vis: Visibility,
    *,
    nested: bool = False,
    in_trait: bool = False,
    links: list[hir.Attr] | None = None,
) -> None:
    """`links`: the attributes of the `extern` block it stands in; its value is elsewhere then."""
    attrs = attributes(lo, item)
    foreign = links is not None
    is_static = isinstance(item, a.Static)
    written = ty(lo, item.ty) if item.ty is not None else None
    word = "static" if is_static else "constant"
    if written is None and (not nested or is_static):
        hint = f"write `{item.name}: T = ...`"
        message = f"the {word} `{item.name}` must state its type"
        written = hir.TyError(item.name_span, errors.simple(lo, errors.UNTYPED_CONST, item.name_span, message, "no type", hint))
    body: hir.Body | None = None
    if item.value is not None:
        body = const_body(lo, path, item.value)
        if written is None:
            written = const_type(lo, body.value)
    elif not in_trait and not foreign:
        hint = "write `= value`"
        errors.simple(lo, errors.NO_VALUE, item.name_span, f"the {word} `{item.name}` has no value", "no value", hint)
    if written is not None:
        lo.const_types[path] = written
    scope = hir.GenericsExpr([], [], list(lo.generic_names))
    mutable = is_static and item.mut  # type: ignore[union-attr]
    symbol = ""
    if links is not None:
        symbol = next((attr.said for attr in attrs if attr.name in ("export_name", "link_name")), item.name)
        attrs = [*attrs, *links]
    lo.items.append(
        hir.Const(path, item.name, item.span, item.name_span, vis, written, body, scope, is_static, mutable, symbol=symbol, attrs=attrs)
    )


def alias(lo: Lowerer, item: a.TypeAlias, path: str, vis: Visibility) -> None:
    attributes(lo, item)
    mark = lo.push()
    count = len(lo.generic_names)
    generic = generics(lo, item.generics)
    if item.ty is None:
        message = f"the type `{item.name}` does not say what it means"
        token = errors.simple(lo, errors.NO_VALUE, item.name_span, message, "no type", "write `= T`")
        target: hir.TyExpr = hir.TyError(item.name_span, token)
    else:
        target = ty(lo, item.ty)
    del lo.generic_names[count:]
    lo.pop(mark)
    lo.items.append(hir.Alias(path, item.name, item.span, item.name_span, vis, generic, target))


# --- nominal types ------------------------------------------------------------------------------------------------


def own_type(path: str, generic: hir.GenericsExpr, span: Span) -> hir.TyExpr:
    """The type being declared, applied to its own parameters."""
    args: list[hir.TyExpr] = [hir.TyName(span, t.param_ty(at, p.name)) for at, p in enumerate(generic.params)]
    return hir.TyPath(span, path, "adt", args or None)


Nominal = a.Form | a.Union | a.Pick | a.Flags | a.Bits
AdtKinds: dict[type, str] = {a.Form: "form", a.Union: "union", a.Pick: "pick", a.Flags: "flags", a.Bits: "bits"}


def nominal(lo: Lowerer, item: Nominal, path: str, vis: Visibility, prefix: str) -> None:
    """A form, pick, union, flags or bits, and the procs in its body."""
    attrs = attributes(lo, item)
    mark = lo.push()
    written_generics = getattr(item, "generics", None)
    generic = generics(lo, written_generics)
    self_ty = own_type(path, generic, item.name_span)
    lo.self_ty = self_ty
    repr_expr = getattr(item, "repr", None)
    repr_ty = ty(lo, repr_expr) if repr_expr is not None else None
    ranges: list[tuple[hir.Expr, hir.Expr]] = []
    if isinstance(item, a.Form | a.Union):
        fields = [field(lo, f, path, vis) for f in named_once(lo, item.fields)]
        cases = [hir.CaseDecl(item.name, fields, None, item.name_span, True)]
    elif isinstance(item, a.Bits):
        cases = [hir.CaseDecl(item.name, bit_fields(lo, item, vis, repr_ty, ranges), None, item.name_span, True)]
    else:
        cases = [case(lo, c, vis) for c in named_once(lo, item.cases)]
    kind = AdtKinds[type(item)]
    lo.items.append(hir.Adt(path, item.name, item.span, item.name_span, vis, kind, generic, cases, repr_ty, ranges, attrs))  # type: ignore[arg-type]
    if isinstance(item, a.Form | a.Union):
        for f, decl in zip(named_once(lo, item.fields, quiet=True), fields):
            if f.default is not None:
                decl.default = f"{path}.{f.name}.default"
                default_const(lo, decl.default, f.name, f.name_span, f.default, path, list(lo.generic_names))
    if item.members:
        inherent(lo, item.members, path, prefix, vis, generic, self_ty, item.span, item.name_span, item.name, head_text([item.name]))
    lo.self_ty = None
    lo.generic_names.clear()
    lo.pop(mark)


Named = TypeVar("Named", a.Field, a.Case, a.BitField)


def named_once(lo: Lowerer, things: Sequence[Named], *, quiet: bool = False) -> list[Named]:
    """Fields or cases without those whose name came before, which are reported."""
    first: dict[str, Span] = {}
    kept: list[Named] = []
    for thing in things:
        name = thing.name
        span = thing.name_span
        if name in first:
            if not quiet:
                errors.duplicate(lo, span, name, first[name], "item")
            continue
        first[name] = span
        kept.append(thing)
    return kept


def field(lo: Lowerer, f: a.Field, path: str, vis: Visibility) -> hir.FieldDecl:
    return hir.FieldDecl(f.name, ty(lo, f.ty), member_visibility(f.meta, vis), f.name_span)


def case(lo: Lowerer, c: a.Case, vis: Visibility) -> hir.CaseDecl:
    fields: list[hir.FieldDecl] = []
    first: dict[str, Span] = {}
    has_names = False
    for at, f in enumerate(c.fields or ()):
        if f.name:
            has_names = True
            if f.name in first:
                errors.duplicate(lo, f.name_span, f.name, first[f.name], "item")
            first[f.name] = f.name_span
        fields.append(hir.FieldDecl(f.name or str(at), ty(lo, f.ty), vis, f.name_span or f.span))
    discriminant = const_expr(lo, c.value) if c.value is not None else None
    return hir.CaseDecl(c.name, fields, discriminant, c.name_span, has_names)


def bit_fields(
    lo: Lowerer, item: a.Bits, vis: Visibility, repr_ty: hir.TyExpr | None, ranges: list[tuple[hir.Expr, hir.Expr]]
) -> list[hir.FieldDecl]:
    """Fields of a `bits`: of its integer type, a single bit is a `bool`."""
    found: list[hir.FieldDecl] = []
    for f in named_once(lo, item.fields):
        low = const_expr(lo, f.start)
        field_ty: hir.TyExpr = repr_ty or hir.TyName(f.name_span, t.UINT)
        if f.end is None:
            high = plus_one(low)
            field_ty = hir.TyName(f.span, t.BOOL)
        else:
            high = const_expr(lo, f.end)
            if f.inclusive:
                high = plus_one(high)
        ranges.append((low, high))
        found.append(hir.FieldDecl(f.name, field_ty, member_visibility(f.meta, vis), f.name_span))
    return found


def plus_one(e: hir.Expr) -> hir.Expr:
    if type(e) is hir.Literal_ and type(e.value) is int:
        return hir.Literal_(e.span, "int", e.value + 1, e.suffix)
    return hir.Binary(e.span, "+", e, hir.Literal_(e.span, "int", 1), e.span)


# --- impls and traits ---------------------------------------------------------------------------------------------


def inherent(
    lo: Lowerer,
    members: list[a.Item],
    owner: str,
    prefix: str,
    vis: Visibility,
    generic: hir.GenericsExpr,
    self_ty: hir.TyExpr,
    span: Span,
    name_span: Span,
    key: str,
    head: str,
) -> None:
    """Members of a type's body or of `impl Type`: methods are named under the type.

    The impl itself is named by its first member, too: a type may have many impls. `key`: the type in `lo.overloads`."""
    first = next((member.name for member in members if isinstance(member, a.Proc | a.Const | a.TypeAlias)), "")
    path = path_of_impl(lo, prefix, f"{head} with {head_text([first])}" if first else head)
    made = hir.Impl(path, path.rpartition("::")[2], span, name_span, vis, generic, self_ty, "", [], [])
    lo.items.append(made)
    for member in members:
        # `impl Box[int] { proc f }` and `impl Box[string] { proc f }` may both be: types tell whether they overlap.
        overloaded = type(member) is a.Proc and (key, member.name) in lo.overloads
        add_member(lo, made, member, made.path if overloaded else owner, vis, False)


def path_of_impl(lo: Lowerer, scope: str, head: str) -> str:
    """By what is written; impls with the same head (they differ in bounds, or one is a mistake) are told apart by their order."""
    path = impl_path(scope, head)
    number = lo.count(path)
    return f"{path}#{number}" if number else path


def add_member(lo: Lowerer, made: hir.Impl, member: a.Item, owner: str, vis: Visibility, in_trait_impl: bool) -> None:
    if isinstance(member, a.Proc | a.Const | a.TypeAlias):
        path = f"{owner}.{member.name}"
        before = lo.seen_methods.get(path)
        if before is not None and before[1] != made.path:
            path = f"{made.path}.{member.name}"
            before = lo.seen_methods.get(path)
        if before is not None:
            errors.duplicate(lo, member.name_span, member.name, before[0], "item")
            return
        lo.seen_methods[path] = (member.name_span, made.path)
        shown = member_visibility(member.meta, vis)
        if isinstance(member, a.Proc):
            made.methods.append(path)
            proc(lo, member, path, shown, parent=made.path, in_trait_impl=in_trait_impl)
        elif isinstance(member, a.Const):
            made.assoc_consts.append(path)
            const(lo, member, path, shown)
        else:
            if member.ty is None or member.generics is not None:
                message = "an associated type is given here: `type Name = T`"
                errors.simple(lo, errors.NO_VALUE, member.name_span, message, "no type")
            else:
                made.assoc_types.append((member.name, ty(lo, member.ty)))
    elif not isinstance(member, a.ErrorItem | a.UnsupportedItem):
        misplaced(lo, member, "a type or impl holds procedures, constants and types")


def misplaced(lo: Lowerer, item: a.Item, message: str) -> None:
    errors.simple(lo, errors.MISPLACED_ITEM, item.span, message, "not here", "move it out, next to the type")


def impl(lo: Lowerer, item: a.Impl, prefix: str) -> None:
    attributes(lo, item)
    mark = lo.push()
    generic = generics(lo, item.generics)
    undeclared_parameters(lo, item.ty)
    self_ty = ty(lo, item.ty)
    lo.self_ty = self_ty
    if item.trait is None:
        if type(self_ty) is not hir.TyError:
            owner, vis = owner_of(lo, self_ty, prefix)
            head = head_text(lo.words(item.ty.span))
            inherent(lo, item.members, owner, prefix, vis, generic, self_ty, item.span, item.head_span, overload_key(item.ty), head)
    else:
        trait_impl(lo, item, prefix, generic, self_ty)
    lo.self_ty = None
    lo.generic_names.clear()
    lo.pop(mark)


def undeclared_parameters(lo: Lowerer, written: a.Type) -> None:
    """`impl Heap[T]`: a `T` that is nowhere is most often a parameter that `impl` should declare. Said once, however often it is used."""
    for arg in written.args if isinstance(written, a.PathType) else ():
        if isinstance(arg, a.PathType) and len(arg.segments) == 1 and not arg.args and arg.segments[0] not in lo.names:
            name = arg.segments[0]
            hint = f"if it is to be a parameter, declare it: `impl[{name}] ...`"
            lo.bind_sym(name, Sym("error", token=errors.not_found(lo, arg.span, name, "type", hint)))


def owner_of(lo: Lowerer, self_ty: hir.TyExpr, prefix: str) -> tuple[str, Visibility]:
    """The path under which an inherent impl's methods are named, and how visible they are."""
    cls = type(self_ty)
    if cls is hir.TyPath:
        path = cast(hir.TyPath, self_ty).path
        sym = lo.own_types.get(path)
        if sym is not None and sym.node is not None:
            exported = lo.out_names.get(sym.node.name)  # type: ignore[attr-defined]
            return path, exported.visibility if exported is not None else "public"
        return f"{prefix}::{path.rpartition('::')[2]}", "public"
    if cls is hir.TyName:
        return f"{prefix}::{t.show(cast(hir.TyName, self_ty).ty)}", "public"
    shapes: dict[type, str] = {hir.TyRef: "slice", hir.TySlice: "slice", hir.TyArray: "array", hir.TyTuple: "tuple", hir.TyPtr: "ptr"}
    return f"{prefix}::{shapes.get(cls, 'other')}", "public"


def trait_impl(lo: Lowerer, item: a.Impl, prefix: str, generic: hir.GenericsExpr, self_ty: hir.TyExpr) -> None:
    """`impl Trait[A] for T`, named by this head."""
    written = item.trait
    if not isinstance(written, a.PathType):
        if written is not None and not isinstance(written, a.ErrorType):
            errors.simple(lo, errors.NOT_A_TRAIT, written.span, "a trait is needed before `for`", "not a trait")
        return
    sym, at = path_sym(lo, written.segments, written.segment_spans, "trait")
    if sym.kind == "error":
        return
    if sym.kind != "trait" or at != len(written.segments):
        errors.not_a_trait(lo, written.span, written.segments[-1], sym.kind)
        return
    args = [ty(lo, arg.ty) if isinstance(arg, a.AssocArg) else ty(lo, arg) for arg in written.args]
    path = path_of_impl(lo, prefix, f"{head_text(lo.words(written.span))} for {head_text(lo.words(item.ty.span))}")
    made = hir.Impl(path, path.rpartition("::")[2], item.span, item.head_span, "public", generic, self_ty, sym.path, args, [])
    lo.items.append(made)
    outer = lo.self_trait, lo.assoc_names
    lo.self_trait = sym.path
    lo.assoc_names = frozenset(m.name for m in item.members if isinstance(m, a.TypeAlias))
    for member in item.members:
        add_member(lo, made, member, path, "public", True)
    lo.self_trait, lo.assoc_names = outer


def trait(lo: Lowerer, item: a.Trait, path: str, vis: Visibility) -> None:
    attributes(lo, item)
    mark = lo.push()
    self_param = t.param_ty(0, "Self")
    lo.generic_names.append("Self")
    lo.bind_sym("Self", Sym("param", "Self", item.name_span, self_param))
    generic = generics(lo, item.generics)
    self_ty: hir.TyExpr = hir.TyName(item.name_span, self_param)
    lo.self_ty = self_ty
    lo.self_trait = path
    lo.assoc_names = frozenset(m.name for m in item.members if isinstance(m, a.TypeAlias))
    supers: list[hir.WhereBound] = []
    bounds(lo, self_ty, item.supers, supers)
    made = hir.Trait(path, item.name, item.span, item.name_span, vis, generic, [], [], [], supers)
    lo.items.append(made)
    first: dict[str, Span] = {}
    for member in item.members:
        if isinstance(member, a.Proc | a.Const | a.TypeAlias):
            if member.name in first:
                errors.duplicate(lo, member.name_span, member.name, first[member.name], "item")
                continue
            first[member.name] = member.name_span
        member_path = f"{path}.{getattr(member, 'name', '')}"
        if isinstance(member, a.Proc):
            made.methods.append(member_path)
            proc(lo, member, member_path, vis, parent=path, in_trait=True)
        elif isinstance(member, a.Const):
            made.assoc_consts.append(member_path)
            const(lo, member, member_path, vis, in_trait=True)
        elif isinstance(member, a.TypeAlias):
            made.assoc_types.append(member.name)
            if member.bounds:
                bounds(lo, hir.TyAssoc(member.name_span, self_ty, member.name, path), member.bounds, generic.bounds)
        elif not isinstance(member, a.ErrorItem | a.UnsupportedItem):
            misplaced(lo, member, "a trait holds procedures, constants and types")
    lo.self_ty = None
    lo.self_trait = ""
    lo.assoc_names = frozenset()
    lo.generic_names.clear()
    lo.pop(mark)


# --- the rest -----------------------------------------------------------------------------------------------------


def block_proc(lo: Lowerer, item: a.Test | a.Bench | a.Entry, name: str) -> hir.Proc:
    """A block that is a procedure of its own: `test#N`, `bench#N`, `entry.NAME`."""
    attrs = attributes(lo, item)
    path = f"{lo.path}::{name}"
    body, _ = proc_body(lo, path, [], item.body)
    scope = hir.GenericsExpr([], [], [])
    made = hir.Proc(path, name, item.span, item.name_span, "private", scope, [], None, body, attrs=attrs)
    lo.items.append(made)
    return made


def static_assert(lo: Lowerer, item: a.StaticAssert) -> None:
    attributes(lo, item)
    path = f"{lo.path}::static_assert#{lo.count('static_assert')}"
    body = const_body(lo, path, item.cond)
    message = ""
    if item.message is not None:
        if isinstance(item.message, a.StrLit):
            message = item.message.value
        elif not isinstance(item.message, a.ErrorExpr):
            hint = 'write `static_assert(condition, "text")`'
            said = "the message of a `static_assert` is a literal"
            errors.simple(lo, errors.FORMAT_LITERAL, item.message.span, said, "not a string literal", hint)
    text = lo.source(item.cond.span)
    lo.items.append(hir.StaticAssert(path, path.rpartition("::")[2], item.span, item.cond.span, "private", body, message, text))


def method_of(lo: Lowerer, item: a.Proc, prefix: str) -> None:
    """`proc Type::name(...)`: an inherent impl of one method."""
    owner_name, _, name = item.name.rpartition("::")
    start = span_start(item.name_span)
    owner_span = make_span(start, start + len(owner_name))
    sym = lookup_type_name(lo, owner_name, owner_span)
    self_ty = sym_type(lo, sym, owner_span, owner_name, None)
    if type(self_ty) is hir.TyError:
        return
    lo.self_ty = self_ty
    owner, vis = owner_of(lo, self_ty, prefix)
    name_span = make_span(span_end(item.name_span) - len(name), span_end(item.name_span))
    scope = hir.GenericsExpr([], [], [])
    member = replace(item, name=name, name_span=name_span)
    inherent(lo, [member], owner, prefix, vis, scope, self_ty, item.span, item.name_span, owner_name, head_text([owner_name]))
    lo.self_ty = None


def item(lo: Lowerer, it: a.Item, prefix: str, vis_of: dict[str, Visibility] | None) -> None:
    """Lower one declaration. `prefix` is the path of its scope; `vis_of`: top-level visibilities, None in a block."""
    cls = type(it)
    lo.generic_names.clear()
    name: str = getattr(it, "name", "")
    if lo.skipped and getattr(it, "name_span", -1) in lo.skipped:
        return
    vis: Visibility = "private" if vis_of is None else vis_of.get(name, "private")
    path = f"{prefix}::{name}"
    if cls is a.Proc:
        procedure = cast(a.Proc, it)
        if "::" in name:
            method_of(lo, procedure, prefix)
        else:
            proc(lo, procedure, path, vis)
    elif cls is a.Const or cls is a.Static:
        const(lo, it, path, vis, nested=vis_of is None)  # type: ignore[arg-type]
    elif cls in AdtKinds:
        nominal(lo, it, path, vis, prefix)  # type: ignore[arg-type]
    elif cls is a.Impl:
        impl(lo, cast(a.Impl, it), prefix)
    elif cls is a.Trait:
        trait(lo, cast(a.Trait, it), path, vis)
    elif cls is a.TypeAlias:
        alias(lo, cast(a.TypeAlias, it), path, vis)
    elif cls is a.Test:
        test = cast(a.Test, it)
        block_proc(lo, test, f"test#{lo.count('test')}").test = test.name
    elif cls is a.Bench:
        block_proc(lo, cast(a.Bench, it), f"bench#{lo.count('bench')}")
    elif cls is a.Entry:
        made = block_proc(lo, cast(a.Entry, it), f"entry.{name}")
        lo.entry_points.append((name, made.path))
    elif cls is a.StaticAssert:
        static_assert(lo, cast(a.StaticAssert, it))
    elif cls is a.ExternBlock:
        block = cast(a.ExternBlock, it)
        links = attributes(lo, block)
        for member in block.members:
            if lo.skipped and getattr(member, "name_span", -1) in lo.skipped:
                continue
            member_name: str = getattr(member, "name", "")
            member_vis: Visibility = "private" if vis_of is None else vis_of.get(member_name, "private")
            if isinstance(member, a.Proc):
                proc(lo, member, f"{prefix}::{member_name}", member_vis, abi=block.abi or "C", links=links)
            elif isinstance(member, a.Static):
                const(lo, member, f"{prefix}::{member_name}", member_vis, links=links)
            elif not isinstance(member, a.ErrorItem | a.UnsupportedItem):
                misplaced(lo, member, "an `extern` block holds procedures and statics")
