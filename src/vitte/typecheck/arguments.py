"""Arguments: lent, lent exclusively or owned, each converted to the type of its parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import ProcDef
from vitte.ir.types import Ty, ref_ty, show
from vitte.typecheck import errors as E
from vitte.typecheck.coerce import borrowed, coerce, insert_before, is_place, mismatch, try_coerce

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx, Why


def argument(cx: Cx, e: hir.Expr, mode: t.Mode, ty: Ty, hint: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    """An argument for a parameter of type `ty` taken by `mode`; `hint` is a better guess of the type when `ty` is open."""
    if mode == "lend":
        return _lend(cx, e, ty, hint, proc, index)
    if mode == "mut":
        return _lend_mut(cx, e, ty, proc, index)
    node = cx.expr(e, hint)
    got = node.ty
    if got is ty:
        if type(ty) is t.RefTy and ty.mutable and is_place(node):
            return reborrow(cx, node)
        return node
    got = cx.resolve(got)
    if hint is not ty and hint is not got and not got.flags & t.HAS_ERROR:
        mark = cx.mark()
        done = try_coerce(cx, node, got, cx.resolve(hint)) if got is not t.NEVER else None
        if done is not None and cx.unify(ty, hint):
            return done
        cx.rollback(mark)
    wanted = cx.shallow(ty)
    if type(wanted) is t.RefTy:
        if type(got) is not t.RefTy and got is not t.NEVER and got is not t.ERROR and type(got) is not t.ErrorTy:
            if wanted.mutable:
                mark = cx.mark()
                fits = (
                    try_coerce(cx, thir.Borrow(ref_ty(got, True), node.span, node, True), ref_ty(got, True), cx.resolve(wanted)) is not None
                )
                cx.rollback(mark)
                if fits or cx.unify(got, wanted.target):
                    need_mut_mark(cx, node.span, proc, index)
                    return cx.error_node(node.span)
            else:
                done = borrowed(cx, node, cx.resolve(wanted))  # type: ignore[arg-type]
                if done is not None:
                    return done
        elif type(got) is t.RefTy and wanted.mutable and is_place(node) and got.mutable:
            node = reborrow(cx, node)
    return coerce(cx, node, ty, param_why(proc, index))


def param_why(proc: ProcDef | None, index: int) -> Why | None:
    if proc is None:
        return None
    if index >= len(proc.params):
        return None
    param = proc.params[index]
    return f"`{proc.name}` takes `{param.name}: {show(param.ty)}`", proc.name_span, proc.file


def reborrow(cx: Cx, node: thir.Expr) -> thir.Expr:
    """`&mut *r`: lends what `r` lends, and leaves `r` usable."""
    ty = cx.shallow(node.ty)
    assert type(ty) is t.RefTy
    place = cx.made(thir.Deref(ty.target, node.span, node))
    return cx.made(thir.Borrow(ty, node.span, place, True))


def need_mut_mark(cx: Cx, span: Span, proc: ProcDef | None, index: int) -> None:
    name = f"`{proc.name}`" if proc is not None else "the procedure"
    param = f" `{proc.params[index].name}`" if proc is not None and index < len(proc.params) else ""
    why = param_why(proc, index)
    cx.error(
        E.NEEDS_MUT_ARG,
        span,
        f"{name} may change its parameter{param}, and the call does not say so",
        "write `&mut` before it",
        (why[0].replace(f"{proc.params[index].name}:", f"mut {proc.params[index].name}:"), why[1], why[2])
        if why is not None and proc is not None
        else None,
        helps=(insert_before(cx, "lend it exclusively", span, "&mut ", "machine"),),
    )


def _lend(cx: Cx, e: hir.Expr, ty: Ty, hint: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    if type(e) is hir.Borrow and not e.raw and type(cx.shallow(ty)) is not t.RefTy:
        node = cx.expr(e.operand, hint)  # `f(&v)` is `f(v)`
    else:
        node = cx.expr(e, hint)
    got = node.ty
    if got is ty:
        return node
    got = cx.resolve(got)
    wanted = cx.resolve(ty)
    if got is wanted or got is t.NEVER:
        return coerce(cx, node, ty)
    while type(got) is t.RefTy and type(wanted) is not t.RefTy:
        node = cx.made(thir.Deref(got.target, node.span, node))
        got = cx.shallow(got.target)
    if (
        type(got) is t.AdtTy
        and got.path == lang.BOX
        and type(wanted) not in (t.InferTy, t.RefTy)
        and not (type(wanted) is t.AdtTy and wanted.path == lang.BOX)
    ):
        inner = got.args[0]
        mark = cx.mark()
        if cx.unify(inner, wanted):
            return cx.made(thir.Deref(inner, node.span, node))
        cx.rollback(mark)
    if hint is not ty and not got.flags & t.HAS_ERROR:
        mark = cx.mark()
        hinted = cx.resolve(hint)
        done = node if got is hinted else try_coerce(cx, node, cx.resolve(got), hinted)
        if done is not None and cx.unify(ty, hint):
            return done
        cx.rollback(mark)
    if type(wanted) is t.RefTy and type(got) is not t.RefTy:
        done = borrowed(cx, node, wanted)
        if done is not None:
            return done
    return coerce(cx, node, ty, param_why(proc, index))


def _lend_mut(cx: Cx, e: hir.Expr, ty: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    from vitte.typecheck.places import require_mut

    if type(e) is hir.Borrow and e.mutable and not e.raw:
        node = cx.expr(e.operand, ty)
        node = _to_place(cx, node, ty)
        require_mut(cx, node, e.span, "lent exclusively")
        return _same(cx, node, ty, proc, index)
    node = cx.expr(e, ty)
    got = cx.resolve(node.ty)
    if got is t.ERROR:
        return node
    if type(got) is t.RefTy and got.mutable and type(cx.shallow(ty)) is not t.RefTy:
        return _same(cx, _to_place(cx, node, ty), ty, proc, index)
    if type(node) is thir.Local and cx.param_modes.get(node.local) == "mut":
        return _same(cx, node, ty, proc, index)
    if not is_place(node):
        return _same(cx, node, ty, proc, index)  # a temporary of its own
    mark = cx.mark()
    if cx.unify(got, ty) or type(got) is t.RefTy:
        need_mut_mark(cx, e.span, proc, index)
    else:
        cx.rollback(mark)
        mismatch(cx, node, got, cx.resolve(ty), param_why(proc, index))
    return cx.error_node(e.span)


def _to_place(cx: Cx, node: thir.Expr, ty: Ty) -> thir.Expr:
    """Follow references and boxes as far as `ty` wants."""
    wanted = cx.shallow(ty)
    got = cx.shallow(node.ty)
    while type(wanted) is not t.RefTy:
        if type(got) is t.RefTy:
            target = got.target
        elif (
            type(got) is t.AdtTy
            and got.path == lang.BOX
            and not (type(wanted) is t.AdtTy and wanted.path == lang.BOX)
            and type(wanted) is not t.InferTy
        ):
            target = got.args[0]
        else:
            break
        node = cx.made(thir.Deref(target, node.span, node))
        got = cx.shallow(target)
    return node


def _same(cx: Cx, node: thir.Expr, ty: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    """What is lent exclusively has exactly the parameter's type."""
    if node.ty is ty or cx.unify(node.ty, ty):
        return node
    mismatch(cx, node, cx.resolve(node.ty), cx.resolve(ty), param_why(proc, index))
    return cx.error_node(node.span)


def need_unsafe(cx: Cx, span: Span, what: str) -> None:
    if not cx.unsafe:
        cx.error(
            E.NEEDS_UNSAFE,
            span,
            f"{what} needs `unsafe`",
            "put it in `unsafe { ... }`",
            notes=("the compiler cannot check that it is right; `unsafe` says that you did",),
        )
