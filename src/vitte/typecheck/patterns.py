"""Patterns against the type of what they match: cases and fields resolved, bindings by value or by reference.

`mode` says how the matched place is reached (`coerce.place_mode`): in an owned place a binding moves or copies; in a lent one a
copy type is copied and the rest is bound by reference. A by-reference binding in a place that may be changed becomes
`ref mut` when something asks for it (`places.require_mut`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef
from vitte.ir.types import HAS_INFER, Ty, ref_ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.constants import SUFFIXES, ConstError, fits, int_range

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


def pattern(cx: Cx, p: hir.Pat, ty: Ty, mode: str, place: thir.Expr | None = None) -> thir.Pat:
    """The typed pattern. `place`: the matched place when it may turn out to need exclusive access."""
    node = _PATTERNS[type(p)](cx, p, ty, mode, place)
    if node.ty.flags & HAS_INFER:
        cx.pending.append(node)
    return node


def _made(cx: Cx, node: thir.Pat) -> thir.Pat:
    if node.ty.flags & HAS_INFER:
        cx.pending.append(node)
    return node


def _adt(cx: Cx, ty: Ty) -> AdtDef | None:
    return cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None


def _through(cx: Cx, ty: Ty) -> Ty:
    """What is behind references and boxes."""
    ty = cx.shallow(ty)
    while True:
        if type(ty) is t.RefTy:
            ty = cx.shallow(ty.target)
        elif type(ty) is t.AdtTy and ty.path == lang.BOX:
            ty = cx.shallow(ty.args[0])
        else:
            return ty


def _deref(cx: Cx, p: hir.Pat, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat | None:
    """Match what a reference or box holds, when that is what `ty` is."""
    if type(ty) is t.RefTy:
        inner = pattern(cx, p, ty.target, "ref mut!" if ty.mutable else "ref", None)
        return thir.PDeref(ty, p.span, inner)
    if type(ty) is t.AdtTy and ty.path == lang.BOX:
        return thir.PDeref(ty, p.span, pattern(cx, p, ty.args[0], mode, place))
    return None


def _wild(cx: Cx, p: hir.PatWild, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    return thir.PWild(ty, p.span)


def _error(cx: Cx, p: hir.PatError, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    return thir.PWild(t.ERROR, p.span)


def _bind(cx: Cx, p: hir.PatBind, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    local = p.local
    if p.sub is None and p.mode == "bind" and p.name:
        inner = ty if type(ty) is t.AdtTy else _through(cx, ty)
        adt = _adt(cx, inner)
        if adt is not None and adt.kind == "pick" and not p.mutable:
            for variant in adt.variants:
                if variant.name == p.name:
                    return _case(cx, hir.PatCase(p.span, inner.path, "case", p.name, [], False, p.span), ty, mode, place)  # type: ignore[attr-defined]
    resolved = cx.resolve(ty)
    by = "value"
    local_ty = resolved
    if p.mode != "bind":
        by = p.mode
        local_ty = ref_ty(resolved, by == "ref mut")
        if by == "ref mut" and place is not None:
            from vitte.typecheck.places import require_mut

            require_mut(cx, place, p.span, "bound by `ref mut`")
    elif mode == "ref mut!":
        by = "ref mut"
        local_ty = ref_ty(resolved, True)
    elif mode != "own" and not cx.is_copy(resolved):
        by = "ref"
        local_ty = ref_ty(resolved)
    node = thir.PBind(resolved, p.span, local, by)  # type: ignore[arg-type]
    known = cx.local_tys[local]
    if known is not None and known is not local_ty and not cx.unify(known, local_ty):
        name = cx.hir_locals[local].name
        cx.error(
            E.UNEVEN_BINDING,
            p.span,
            f"`{name}` is bound with different types in the alternatives",
            f"here `{cx.show(local_ty)}`, before `{cx.show(known)}`",
        )
    cx.local_tys[local] = local_ty
    if by == "ref" and p.mode == "bind" and place is not None:
        cx.upgradable[local] = (node, [], place)
    if p.sub is not None:
        node.sub = pattern(cx, p.sub, ty, mode if by == "value" else by, place)
    return node


def _wrong(cx: Cx, p: hir.Pat, what: str, ty: Ty) -> thir.Pat:
    resolved = cx.resolve(ty)
    if not resolved.flags & t.HAS_ERROR:
        cx.error(E.PATTERN_TYPE, p.span, f"{what} cannot match {E.an(show(resolved))}", f"the value is {E.an(show(resolved))}")
    bind_errors(cx, p)
    return thir.PWild(t.ERROR, p.span)


def bind_errors(cx: Cx, p: hir.Pat) -> None:
    """Give every binding in a pattern that failed the error type, so that its uses stay silent."""
    if isinstance(p, hir.PatBind):
        if cx.local_tys[p.local] is None:
            cx.local_tys[p.local] = t.ERROR
        if p.sub is not None:
            bind_errors(cx, p.sub)
    elif isinstance(p, hir.PatCase):
        for _, sub in p.fields:
            bind_errors(cx, sub)
    elif isinstance(p, hir.PatTuple):
        for sub in p.elems:
            bind_errors(cx, sub)
    elif isinstance(p, hir.PatOr):
        for sub in p.alts:
            bind_errors(cx, sub)
    elif isinstance(p, hir.PatList):
        for sub in (*p.before, *p.after):
            bind_errors(cx, sub)
        if p.rest is not None:
            bind_errors(cx, p.rest)


_LIT_TYPES = {"bool": t.BOOL, "rune": t.RUNE, "string": t.STRING, "bytes": t.BYTES}


def _lit(cx: Cx, p: hir.PatLit, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    ty = cx.shallow(ty)
    through = _deref(cx, p, ty, mode, place)
    if through is not None:
        return through
    lit = p.value
    value = lit.value
    kind = lit.kind
    if kind == "unit":
        return thir.PWild(ty, p.span) if cx.unify(ty, t.UNIT) else _wrong(cx, p, "`()`", ty)
    if kind == "int":
        if type(ty) is t.InferTy:
            if ty.kind == "any":
                cx.unify(ty, cx.fresh_lit("int"))
            if ty.kind != "float":
                return thir.PConst(cx.shallow(ty), p.span, value)  # type: ignore[arg-type]
        if lit.suffix and SUFFIXES[lit.suffix] is not ty:
            return _wrong(cx, p, f"a `{lit.suffix}` literal", ty)
        if type(ty) is t.IntTy:
            if not fits(value, ty):  # type: ignore[arg-type]
                from vitte.typecheck.names import out_of_range

                out_of_range(cx, value, ty, p.span)  # type: ignore[arg-type]
                return thir.PWild(t.ERROR, p.span)
            return thir.PConst(ty, p.span, value)  # type: ignore[arg-type]
        if type(ty) is t.FloatTy or type(ty) is t.InferTy:
            return thir.PConst(ty, p.span, float(value))  # type: ignore[arg-type]
        return _wrong(cx, p, "an integer", ty)
    if kind == "float":
        if type(ty) is t.FloatTy or (type(ty) is t.InferTy and cx.unify(ty, cx.fresh_lit("float"))):
            return thir.PConst(ty, p.span, value)  # type: ignore[arg-type]
        return _wrong(cx, p, "a float", ty)
    if kind == "null":
        return _wrong(cx, p, "`null`", ty)
    wanted = _LIT_TYPES[kind]
    if ty is wanted or cx.unify(ty, wanted):
        return thir.PConst(wanted, p.span, int(value) if kind == "bool" else value)  # type: ignore[arg-type]
    return _wrong(cx, p, f"{E.an(show(wanted))}", ty)


def _range_end(cx: Cx, e: hir.Expr, ty: Ty) -> int | float | None:
    try:
        value, found = cx.col.constants.eval(e, ty)
    except ConstError as error:
        if error.token is None:
            cx.error(E.NOT_CONST, e.span, "the end of a range pattern must be a constant", "a literal or a named constant")
        return None
    if isinstance(value, (str, bool)):
        cx.error(E.PATTERN_TYPE, e.span, "the end of a range pattern must be a number or a rune", "")
        return None
    if found is not ty and type(found) is not t.InferTy and not cx.unify(found, ty):
        cx.error(E.MISMATCH, e.span, f"mismatched types: {E.expected(cx.resolve(ty), found)}", f"this is `{show(found)}`")
        return None
    return value


def _range(cx: Cx, p: hir.PatRange, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    ty = cx.shallow(ty)
    through = _deref(cx, p, ty, mode, place)
    if through is not None:
        return through
    if type(ty) is t.InferTy:
        ty = cx.known(ty, p.span)
    if type(ty) is t.IntTy:
        low, high = int_range(ty)
    elif ty is t.RUNE:
        low, high = 0, 0x10FFFF
    elif type(ty) is t.FloatTy:
        start = _range_end(cx, p.low, ty) if p.low is not None else float("-inf")
        end = _range_end(cx, p.high, ty) if p.high is not None else float("inf")
        if start is None or end is None:
            return thir.PWild(t.ERROR, p.span)
        return thir.PRange(ty, p.span, start, end)
    else:
        return _wrong(cx, p, "a range", ty)
    first, last = low, high
    if p.low is not None:
        value = _range_end(cx, p.low, ty)
        if value is None:
            return thir.PWild(t.ERROR, p.span)
        first = int(value)
    if p.high is not None:
        value = _range_end(cx, p.high, ty)
        if value is None:
            return thir.PWild(t.ERROR, p.span)
        last = int(value) if p.inclusive else int(value) - 1
    if first > last:
        cx.error(E.PATTERN_TYPE, p.span, "this range pattern is empty", "no value lies in it")
        return thir.PWild(t.ERROR, p.span)
    return thir.PRange(ty, p.span, first, last)


def _path(cx: Cx, p: hir.PatPath, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    name = p.path.rpartition(".")[2].rpartition("::")[2]
    if p.kind in ("case", "adt"):
        owner = p.path.rpartition(".")[0] if p.kind == "case" else ""
        return _case(
            cx, hir.PatCase(p.span, owner if not owner else p.path, "case" if owner else "", name, [], False, p.span), ty, mode, place
        )
    ty = cx.shallow(ty)
    through = _deref(cx, p, ty, mode, place)
    if through is not None:
        return through
    const = cx.defs.consts.get(p.path)
    if const is None:
        return thir.PWild(t.ERROR, p.span)
    if not cx.unify(const.ty, ty):
        return _wrong(cx, p, f"constant `{name}`, {E.an(show(const.ty))},", ty)
    value: object = const.int_value
    if value is None:
        try:
            value = cx.col.constants.of_const(p.path)[0]
        except ConstError as error:
            if error.token is None:
                cx.error(
                    E.NOT_CONST,
                    p.span,
                    f"the value of `{name}` is not known here, so it cannot be matched",
                    "a number, bool, rune or text is needed",
                )
            return thir.PWild(t.ERROR, p.span)
    if type(const.ty) is t.AdtTy:
        adt = cx.defs.adts.get(const.ty.path)
        if adt is not None and adt.kind == "pick":
            for i, variant in enumerate(adt.variants):
                if variant.discriminant == value:
                    return thir.PVariant(ty, p.span, i, [])
    return thir.PConst(ty, p.span, int(value) if isinstance(value, bool) else value)  # type: ignore[arg-type]


def _case(cx: Cx, p: hir.PatCase, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    ty = cx.shallow(ty)
    through = _deref(cx, p, ty, mode, place)
    if through is not None:
        return through
    adt = _adt(cx, ty)
    owner = p.path.rpartition(".")[0] if p.kind == "case" and "." in p.path.rpartition("::")[2] else p.path
    if type(ty) is t.InferTy:
        target = cx.defs.adts.get(owner) if owner else None
        if target is None:
            ty = cx.known(ty, p.span)
            adt = _adt(cx, ty)
        else:
            new = t.adt_ty(target.path, tuple([cx.fresh() for _ in target.generics.names]))
            cx.unify(ty, new)
            ty, adt = new, target
    if type(ty) is t.ErrorTy:
        bind_errors(cx, p)
        return thir.PWild(t.ERROR, p.span)
    if adt is not None and adt.kind == "pick":
        named = p.path and p.kind == "case" and owner != adt.path
        for i, variant in enumerate(adt.variants):
            if variant.name == p.name and (not named or owner not in cx.defs.adts or _shares(cx, owner, p.name)):
                if named and owner in cx.defs.adts and not _shares(cx, owner, p.name):
                    break
                fields = _fields(cx, p, adt, i, ty, mode, place, f"case `{variant.name}`")  # type: ignore[arg-type]
                return thir.PVariant(ty, p.span, i, fields)
        near = closest(p.name, [v.name for v in adt.variants])
        helps = (cx.diag.suggest(f"did you mean `{near}`?", p.name_span, near),) if near else ()
        names = [v.name for v in adt.variants]
        notes = (f"its cases are {E.listed(names)}",) if not near and len(names) <= 12 else ()
        cx.error(
            E.PATTERN_CASE,
            p.name_span,
            f"`{adt.name}` has no case `{p.name}`",
            "not one of its cases",
            (f"`{adt.name}` is declared here", adt.name_span, adt.file),
            notes,
            helps,
        )
        bind_errors(cx, p)
        return thir.PWild(t.ERROR, p.span)
    if adt is not None and adt.kind == "form":
        target = cx.defs.adts.get(p.path)
        if target is adt or (p.kind == "" and p.name == adt.name):
            return thir.PFields(ty, p.span, _fields(cx, p, adt, 0, ty, mode, place, f"form `{adt.name}`"))  # type: ignore[arg-type]
    if adt is not None and adt.kind == "flags":
        for variant in adt.variants:
            if variant.name == p.name:
                return thir.PConst(ty, p.span, variant.discriminant)
    what = f"case `{p.name}`" if p.kind != "adt" else f"`{p.name}`"
    return _wrong(cx, p, what, ty)


def _shares(cx: Cx, owner: str, name: str) -> bool:
    """Whether a bare name stood for a case of another pick that happens to have it, too."""
    adt = cx.defs.adts.get(owner)
    return adt is not None and any(v.name == name for v in adt.variants)


def _fields(
    cx: Cx, p: hir.PatCase, adt: AdtDef, index: int, ty: t.AdtTy, mode: str, place: thir.Expr | None, what: str
) -> list[tuple[int, thir.Pat]]:
    variant = adt.variants[index]
    fields = variant.fields
    out: list[tuple[int, thir.Pat]] = []
    names = [f.name for f in fields]
    seen: set[int] = set()
    position = 0
    count = len(p.fields)
    why = (f"{what} is declared here", variant.name_span if adt.kind == "pick" else adt.name_span, adt.file)
    failed = False
    positional = [n for n, _ in p.fields if not n]
    if positional and not p.rest and len(p.fields) != len(fields):
        cx.error(
            E.PATTERN_FIELDS,
            p.span,
            f"{what} has {E.plural(len(fields), 'value')}, the pattern has {count}",
            f"expected {len(fields)}",
            why,
            notes=("`..` stands for the rest",) if count < len(fields) else (),
        )
        bind_errors(cx, p)
        return out
    for i, (name, sub) in enumerate(p.fields):
        if name:
            if name not in names:
                near = closest(name, names)
                helps = (cx.diag.suggest(f"did you mean `{near}`?", sub.span, near),) if near else ()
                notes = (f"its fields are {E.listed(names)}",) if names and not near else ()
                cx.error(E.PATTERN_FIELDS, sub.span, f"{what} has no field `{name}`", "not a field", why, notes, helps)
                failed = True
                bind_errors(cx, sub)
                continue
            at = names.index(name)
        else:
            if p.rest and p.rest_at >= 0 and i == p.rest_at:
                position = len(fields) - (count - i)
            at = position
            position += 1
            if not 0 <= at < len(fields):
                cx.error(
                    E.PATTERN_FIELDS, sub.span, f"{what} has {E.plural(len(fields), 'value')}, the pattern has {count}", "too many", why
                )
                bind_errors(cx, sub)
                continue
        if at in seen:
            cx.error(E.PATTERN_FIELDS, sub.span, f"field `{names[at]}` is matched twice", "the second")
            bind_errors(cx, sub)
            continue
        seen.add(at)
        if fields[at].visibility != "public" and not cx.visible(fields[at].visibility, adt.path):
            cx.error(E.PRIVATE, sub.span, f"field `{names[at]}` of {what} is private", "cannot be used from here")
        field_ty = fields[at].ty
        if ty.args or field_ty.flags & t.HAS_PROJECTION:
            field_ty = cx.norm(subst(field_ty, ty.args), p.span)
        inner = pattern(cx, sub, field_ty, mode, place)
        if type(inner) is not thir.PWild:
            out.append((at, inner))
    if not p.rest and len(seen) < len(fields) and not positional and not failed:
        missing = [n for i, n in enumerate(names) if i not in seen]
        if p.fields or p.braces:
            cx.error(
                E.PATTERN_FIELDS,
                p.span,
                f"the pattern does not mention {E.listed(missing)} of {what}",
                "missing",
                why,
                notes=("`..` stands for the rest",),
            )
        elif fields:
            blanks = ", ".join("_" for _ in fields)
            cx.error(
                E.PATTERN_FIELDS,
                p.span,
                f"{what} has {E.plural(len(fields), 'value')}, the pattern has none",
                f"write `{variant.name}({blanks})` or `{variant.name}(..)`",
                why,
            )
    return out


def _tuple(cx: Cx, p: hir.PatTuple, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    ty = cx.shallow(ty)
    through = _deref(cx, p, ty, mode, place)
    if through is not None:
        return through
    count = len(p.elems)
    if type(ty) is t.InferTy and p.rest_at < 0 and ty.kind == "any":
        new = t.tuple_ty(tuple([cx.fresh() for _ in p.elems]))
        cx.unify(ty, new)
        ty = new
    if type(ty) is not t.TupleTy:
        if type(ty) is t.AdtTy and count == 1 and p.rest_at < 0:
            return pattern(cx, p.elems[0], ty, mode, place)
        return _wrong(cx, p, "a tuple", ty)
    have = len(ty.elems)
    if (p.rest_at < 0 and count != have) or (p.rest_at >= 0 and count > have):
        cx.error(
            E.PATTERN_FIELDS, p.span, f"the value has {E.plural(have, 'part')}, the pattern has {count}", f"{E.an(show(cx.resolve(ty)))}"
        )
        bind_errors(cx, p)
        return thir.PWild(t.ERROR, p.span)
    out: list[tuple[int, thir.Pat]] = []
    for i, sub in enumerate(p.elems):
        at = i if p.rest_at < 0 or i < p.rest_at else have - (count - i)
        inner = pattern(cx, sub, ty.elems[at], mode, place)
        if type(inner) is not thir.PWild:
            out.append((at, inner))
    return thir.PFields(ty, p.span, out)


def _list(cx: Cx, p: hir.PatList, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    ty = cx.shallow(ty)
    if type(ty) is t.RefTy:
        through = _deref(cx, p, ty, mode, place)
        assert through is not None
        return through
    if type(ty) is t.AdtTy and ty.path == lang.BOX:
        return thir.PDeref(ty, p.span, pattern(cx, p, ty.args[0], mode, place))
    elem_mode = mode
    if type(ty) is t.AdtTy and ty.path == lang.LIST:
        elem = ty.args[0]
        elem_mode = "ref" if mode == "own" else mode  # elements do not move out of a list
    elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
        elem = ty.elem
    else:
        return _wrong(cx, p, "a list pattern", ty)
    if type(ty) is t.ArrayTy and type(ty.length) is t.ConstTy:
        count = len(p.before) + len(p.after)
        if count > ty.length.value or (p.rest is None and count != ty.length.value):
            cx.error(
                E.PATTERN_FIELDS,
                p.span,
                f"the array has {E.plural(ty.length.value, 'element')}, the pattern has {count}",
                f"{E.an(show(cx.resolve(ty)))}",
            )
            bind_errors(cx, p)
            return thir.PWild(t.ERROR, p.span)
    before = [pattern(cx, sub, elem, elem_mode, place) for sub in p.before]
    after = [pattern(cx, sub, elem, elem_mode, place) for sub in p.after]
    rest: thir.Pat | None = None
    if p.rest is not None and type(p.rest) is hir.PatBind:
        slice_ty = t.slice_ty(cx.resolve(elem))
        by = "ref mut" if mode == "ref mut!" or p.rest.mode == "ref mut" else "ref"
        rest = _made(cx, thir.PBind(slice_ty, p.rest.span, p.rest.local, by))  # type: ignore[arg-type]
        cx.local_tys[p.rest.local] = ref_ty(slice_ty, by == "ref mut")
    return thir.PList(ty, p.span, before, rest, after, p.rest is not None)


def _or(cx: Cx, p: hir.PatOr, ty: Ty, mode: str, place: thir.Expr | None) -> thir.Pat:
    # A binding of several alternatives has one form, so none of them may be upgraded on its own.
    return thir.POr(ty, p.span, [pattern(cx, alt, ty, mode, None) for alt in p.alts])


_PATTERNS: dict[type, Callable[..., thir.Pat]] = {
    hir.PatWild: _wild,
    hir.PatBind: _bind,
    hir.PatLit: _lit,
    hir.PatRange: _range,
    hir.PatPath: _path,
    hir.PatCase: _case,
    hir.PatTuple: _tuple,
    hir.PatList: _list,
    hir.PatOr: _or,
    hir.PatError: _error,
}


def simple(p: thir.Pat) -> bool:
    """Whether it takes any value, at a glance."""
    cls = type(p)
    return cls is thir.PWild or (cls is thir.PBind and p.sub is None)  # type: ignore[union-attr]


def span_of(p: hir.Pat) -> Span:
    return p.span
