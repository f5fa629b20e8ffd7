"""Method calls: the receiver is followed through references and boxes, and lent as the method asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.types import HAS_INFER, Ty, ref_ty, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import argument
from vitte.typecheck.calls import assoc_owner, call_proc, check_all, value_call
from vitte.typecheck.methods import Found, element, find_inherent, find_trait_method, no_method

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


_SIMPLE = frozenset((hir.LocalRef, hir.Field, hir.DefRef))


def method_call(cx: Cx, e: hir.MethodCall, want: Ty | None) -> thir.Expr:
    base = e.base
    if type(base) is hir.TypeMember:
        owner = assoc_owner(cx, base)
        if owner is not None:
            return cx.expr(hir.Call(e.span, hir.TypeMember(e.span, owner, e.name, e.name_span, e.type_args), e.args), want)
    if type(base) is hir.Literal_ and e.args and not base.suffix and base.kind in ("int", "float") and type(e.args[0].value) in _SIMPLE:
        # `max(0, x)`: the literal takes the type of what it meets.
        other = cx.resolve(cx.expr(e.args[0].value).ty)
        while type(other) is t.RefTy:
            other = other.target
        node = cx.expr(base, other)
        return method_on(cx, node, e.name, e.name_span, e.args, e.type_args, e.span, want)
    node = cx.expr(base)
    return method_on(cx, node, e.name, e.name_span, e.args, e.type_args, e.span, want)


def method_on(
    cx: Cx,
    node: thir.Expr,
    name: str,
    name_span: Span,
    hargs: list[hir.Arg],
    type_args: list[hir.TyExpr] | None,
    span: Span,
    want: Ty | None,
) -> thir.Expr:
    """`node.name(...)`: looked for behind references, in boxes, then in what they hold, then on the slice of a list or array."""
    if node.ty.flags & HAS_INFER:
        cx.known(node.ty, node.span)
    start = node
    ty = cx.resolve(node.ty)
    if ty.flags & t.HAS_ERROR and type(ty) is t.ErrorTy:
        check_all(cx, hargs)
        return cx.error_node(span)
    while True:
        while type(ty) is t.RefTy:
            ty = cx.known(ty.target, node.span) if type(ty.target) is t.InferTy else ty.target
            node = thir.Deref(ty, node.span, node)
            if ty.flags & HAS_INFER:
                cx.pending.append(node)
        found = find_inherent(cx, ty, name)
        if found is None:
            elem = element(ty)
            if elem is not None:
                found = find_inherent(cx, t.slice_ty(elem), name)
            if found is None:
                found = find_trait_method(cx, ty, name, name_span)
        if found is None and type(ty) is t.AdtTy:
            done = _adt_call(cx, node, ty, name, name_span, hargs, span)
            if done is not None:
                return done
        if found is not None:
            return _call_found(cx, node, found, name, name_span, hargs, type_args, span, want)
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            inner = ty.args[0]
            node = cx.made(thir.Deref(inner, node.span, node))
            ty = cx.known(inner, node.span)
            continue
        break
    elem = element(ty)
    if elem is not None:
        found = find_trait_method(cx, t.slice_ty(elem), name, name_span)
        if found is not None:
            return _call_found(cx, node, found, name, name_span, hargs, type_args, span, want)
    outer = cx.resolve(start.ty)
    if type(outer) is t.RefTy:
        found = find_trait_method(cx, outer, name, name_span)
        if found is not None:
            return _call_found(cx, start, found, name, name_span, hargs, type_args, span, want)
    check_all(cx, hargs)
    if type(ty) is not t.ErrorTy:
        no_method(cx, ty, name, name_span)
    return cx.error_node(span)


def _adt_call(cx: Cx, node: thir.Expr, ty: t.AdtTy, name: str, name_span: Span, hargs: list[hir.Arg], span: Span) -> thir.Expr | None:
    """`x.f(...)` where `f` is a field that holds a procedure, and `flags.has(f)`."""
    adt = cx.defs.adts.get(ty.path)
    if adt is not None and adt.kind == "flags" and name in ("has", "contains") and len(hargs) == 1:
        from vitte.typecheck.operators import has_flags

        return has_flags(cx, node, argument(cx, hargs[0].value, "lend", ty, ty, None, 0), ty, span)
    if adt is None or adt.kind != "form":
        return None
    for i, field in enumerate(adt.variants[0].fields):
        if field.name == name:
            field_ty = cx.norm(subst(field.ty, ty.args), span)
            if type(field_ty) is not t.ProcTy:
                return None
            place = cx.made(thir.Field(field_ty, name_span, node, i))
            return value_call(cx, place, field_ty, hargs, span)
    return None


def _call_found(
    cx: Cx,
    node: thir.Expr,
    found: Found,
    name: str,
    name_span: Span,
    hargs: list[hir.Arg],
    type_args: list[hir.TyExpr] | None,
    span: Span,
    want: Ty | None,
) -> thir.Expr:
    proc = found.proc
    if not cx.visible(proc.visibility, proc.path) and not cx.defs.is_of_trait(proc):
        cx.error(
            E.PRIVATE,
            name_span,
            f"method `{name}` is private",
            "cannot be called from here",
            (f"`{name}` is declared here", proc.name_span, proc.file),
        )
        check_all(cx, hargs)
        return cx.error_node(span)
    if not proc.has_self:
        check_all(cx, hargs)
        owner = cx.show(node.ty)
        cx.error(
            E.NO_METHOD,
            name_span,
            f"`{name}` is not a method: it has no `self`",
            f"call it as `{owner}.{name}(...)`",
            (f"`{name}` is declared here", proc.name_span, proc.file),
        )
        return cx.error_node(span)
    param = proc.params[0]
    receiver = _receiver(cx, node, param.mode, subst(param.ty, found.prefix), name_span, name)
    return call_proc(cx, proc, found.prefix, type_args, hargs, span, name_span, want, thir.Arg(param.mode, receiver))


def _receiver(cx: Cx, node: thir.Expr, mode: t.Mode, ty: Ty, span: Span, name: str) -> thir.Expr:
    from vitte.typecheck.places import require_mut

    if type(ty) is t.RefTy and type(ty.target) is t.SliceTy and type(cx.shallow(node.ty)) is not t.RefTy:
        got = cx.shallow(node.ty)
        if type(got) is t.SliceTy:
            if type(node) is thir.Deref:
                inner = cx.shallow(node.base.ty)
                if type(inner) is t.RefTy and inner.mutable == ty.mutable and not ty.mutable:
                    return node.base
            if ty.mutable:
                require_mut(cx, node, span, f"changed by `{name}`")
            return cx.made(thir.Borrow(ref_ty(got, ty.mutable), node.span, node, ty.mutable))
        if ty.mutable:
            require_mut(cx, node, span, f"changed by `{name}`")
        kind: thir.CastKind = "array_to_slice" if type(got) is t.ArrayTy else "list_to_slice"
        borrow = cx.made(thir.Borrow(ref_ty(got, ty.mutable), node.span, node, ty.mutable))
        return cx.made(thir.Cast(ty, node.span, kind, borrow))
    if mode == "mut":
        require_mut(cx, node, span, f"changed by `{name}`")
    elif type(ty) is t.RefTy and type(cx.shallow(node.ty)) is not t.RefTy:
        if ty.mutable:
            require_mut(cx, node, span, f"changed by `{name}`")
        return cx.made(thir.Borrow(ref_ty(node.ty, ty.mutable), node.span, node, ty.mutable))
    return node
