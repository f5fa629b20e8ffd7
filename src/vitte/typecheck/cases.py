"""Cases of picks as values: found by the expected type, made with their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import hir, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef
from vitte.ir.types import HAS_INFER, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import argument

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx, Why


def expected_case(cx: Cx, name: str, want: Ty | None) -> tuple[AdtDef, int] | None:
    """The case `name` of the expected pick, behind references and boxes, too."""
    if want is None:
        return None
    ty = cx.shallow(want)
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and (adt.kind == "pick" or adt.kind == "flags"):
            for i, variant in enumerate(adt.variants):
                if variant.name == name:
                    return adt, i
    return None


def bare_not_found(cx: Cx, e: hir.BareCase, want: Ty | None) -> thir.Expr:
    near = e.similar
    notes: tuple[str, ...] = ()
    ty = cx.shallow(want) if want is not None else None
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind == "pick":
            close = closest(e.name, [v.name for v in adt.variants])
            if close:
                near = close
    helps = (cx.diag.suggest(f"did you mean `{near}`?", e.span, near),) if near else ()
    cx.error(E.NOT_FOUND, e.span, f"`{e.name}` is not found in this scope", "not found", notes=notes, helps=helps)
    return cx.error_node(e.span)


def adt_args(cx: Cx, adt: AdtDef, want: Ty | None) -> tuple[Ty, ...]:
    """Arguments for a literal of `adt`: those of the expected type, else open."""
    if not adt.generics.names:
        return ()
    ty = cx.shallow(want) if want is not None else None
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
    if type(ty) is t.AdtTy and ty.path == adt.path:
        return ty.args
    return tuple([cx.fresh() for _ in adt.generics.names])


def construct(
    cx: Cx, adt: AdtDef, index: int, hargs: list[hir.Arg], span: Span, name_span: Span, want: Ty | None, args: tuple[Ty, ...] | None = None
) -> thir.Expr:
    """`Case(values)`."""
    variant = adt.variants[index]
    fields = variant.fields
    if args is None:
        args = adt_args(cx, adt, want)
    ty = t.adt_ty(adt.path, args)
    why: Why = (f"case `{variant.name}` of `{adt.name}` is declared here", variant.name_span, adt.file)
    values: list[tuple[int, thir.Expr]] = []
    names = [f.name for f in fields]
    given: set[int] = set()
    failed = False
    for i, harg in enumerate(hargs):
        at = i
        if harg.name:
            if harg.name not in names:
                near = closest(harg.name, names)
                helps = (cx.diag.suggest(f"did you mean `{near}`?", harg.span, near),) if near else ()
                cx.error(E.NO_FIELD, harg.span, f"case `{variant.name}` has no field `{harg.name}`", "not a field", why, helps=helps)
                cx.expr(harg.value)
                failed = True
                continue
            at = names.index(harg.name)
            if at in given:
                cx.error(E.FIELD_TWICE, harg.span, f"field `{harg.name}` is given twice", "the second")
        if at >= len(fields):
            takes = E.plural(len(fields), "value")
            cx.error(E.ARG_COUNT, harg.span, f"case `{variant.name}` holds {takes}, {len(hargs)} are given", "not expected", why)
            for rest in hargs[i:]:
                cx.expr(rest.value)
            failed = True
            break
        given.add(at)
        field_ty = cx.norm(subst(fields[at].ty, args), span) if args else fields[at].ty
        values.append((at, argument(cx, harg.value, "own", field_ty, field_ty, None, at)))
    for at, field in enumerate(fields):
        if at not in given and not failed:
            if field.default is not None:
                values.append((at, field_default(cx, field.default, cx.norm(subst(field.ty, args), span), args, span)))
            else:
                missing = [
                    f"{f.name}: {show(f.ty)}" if variant.has_names else show(f.ty)
                    for j, f in enumerate(fields)
                    if j not in given and f.default is None
                ]
                cx.error(
                    E.ARG_COUNT,
                    name_span,
                    f"case `{variant.name}` holds {E.plural(len(fields), 'value')}, {len(hargs)} given",
                    f"missing {E.listed(missing)}",
                    why,
                )
                break
    return thir.Aggregate(ty, span, index, values)


def field_default(cx: Cx, path: str, ty: Ty, args: tuple[Ty, ...], span: Span) -> thir.Expr:
    const = cx.defs.consts.get(path)
    node = cx.made(thir.ConstRef(ty, span, path, args if const is not None and const.generics.names else ()))
    if type(node) is thir.ConstRef and any(a.flags & HAS_INFER for a in node.args):
        cx.pending_args.append(node)
    return node
