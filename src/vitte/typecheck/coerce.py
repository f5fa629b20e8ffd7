"""Implicit conversions, made explicit: widening, `&mut` to `&`, slices, `never`, copying out of a reference; and the
message when nothing fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Suggestion
from vitte.base.source import NO_SPAN, Span, make_span, span_end, span_start
from vitte.ir import lang, thir
from vitte.ir import types as t
from vitte.ir.types import HAS_ERROR, HAS_INFER, Ty, ref_ty, show
from vitte.typecheck import errors as E

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx, Why


def widens(a: Ty, b: Ty) -> bool:
    """Whether every value of number type `a` is one of `b`, whatever the target's pointer size (32 or 64 bits)."""
    if type(a) is t.FloatTy:
        return type(b) is t.FloatTy and a.bits < b.bits
    if type(a) is not t.IntTy or type(b) is not t.IntTy or a is b:
        return False
    # A pointer-sized source may have 64 bits, a pointer-sized destination may have only 32.
    have = 32 if b.pointer_sized else b.bits
    if a.signed == b.signed:
        return a.bits < have or (a.bits == have and a.pointer_sized != b.pointer_sized)
    return not a.signed and a.bits < have


def is_place(node: thir.Expr) -> bool:
    while isinstance(node, (thir.Field, thir.Index)):
        node = node.base
    return isinstance(node, (thir.Local, thir.Deref, thir.Static))


def place_mode(cx: Cx, node: thir.Expr) -> str:
    """How a place is reached: "own", "ref" (through a reference, a lent parameter, an element) or "ref mut"."""
    if isinstance(node, thir.Local):
        mode = cx.param_modes.get(node.local)
        return "own" if mode is None or mode == "own" else "ref" if mode == "lend" else "ref mut"
    if isinstance(node, thir.Field):
        return place_mode(cx, node.base)
    if isinstance(node, thir.Index):
        reached = place_mode(cx, node.base)
        return "ref" if reached == "own" else reached
    if isinstance(node, thir.Deref):
        ty = cx.shallow(node.base.ty)
        if isinstance(ty, (t.RefTy, t.PtrTy)):
            return "ref mut" if ty.mutable else "ref"
        return place_mode(cx, node.base)
    return "ref" if isinstance(node, thir.Static) else "own"


def blame(node: thir.Expr) -> Span:
    """Where a value comes from: the tail of a block."""
    while type(node) is thir.Block and node.tail is not None:
        node = node.tail
    return node.span


def coerce(cx: Cx, node: thir.Expr, want: Ty, why: Why | None = None) -> thir.Expr:
    """`node` as a `want`: itself, converted, or an error node (reported)."""
    got = node.ty
    if got is want:
        return node
    if got.flags & HAS_INFER:
        got = cx.resolve(got)
    if want.flags & HAS_INFER:
        want = cx.resolve(want)
    if got is want or (got.flags | want.flags) & HAS_ERROR:
        return node
    if got is t.NEVER:
        return cx.made(thir.Cast(want, node.span, "never", node))
    done = try_coerce(cx, node, got, want)
    if done is not None:
        return done
    mismatch(cx, node, cx.resolve(got), cx.resolve(want), why)
    return cx.error_node(node.span)


def try_coerce(cx: Cx, node: thir.Expr, got: Ty, want: Ty) -> thir.Expr | None:
    """The conversion of `node` from `got` to `want` (both resolved and different), or None."""
    gc, wc = type(got), type(want)
    if wc is t.InferTy:
        if gc is t.RefTy and want.kind != "any":  # type: ignore[attr-defined]
            return _copy_out(cx, node, got, want)  # type: ignore[arg-type]
        return node if cx.unify(got, want) else None
    if gc is t.InferTy:
        if cx.unify(got, want):
            return node
        if wc is t.FloatTy and type(node) is thir.Lit and got.kind == "int":  # type: ignore[attr-defined]
            return thir.Lit(want, node.span, float(node.value))  # type: ignore[arg-type]
        if wc is t.RefTy:
            return None
        return None
    if wc is t.IntTy or wc is t.FloatTy:
        if gc is wc:
            if widens(got, want):
                return thir.Cast(want, node.span, "int" if wc is t.IntTy else "float", node)
            return None
    if gc is t.RefTy:
        if wc is t.RefTy:
            return _ref_to_ref(cx, node, got, want)  # type: ignore[arg-type]
        return _copy_out(cx, node, got, want)  # type: ignore[arg-type]
    if wc is t.RefTy:
        mode = place_mode(cx, node) if is_place(node) else "own"
        if mode != "own" and (mode == "ref mut" or not want.mutable) and type(cx.resolve(node.ty)) is not t.RefTy:  # type: ignore[attr-defined]
            return borrowed(cx, node, want)  # type: ignore[arg-type]
        return None
    if gc is wc:
        if gc is t.PtrTy:
            if got.mutable and not want.mutable and cx.unify(got.target, want.target):  # type: ignore[attr-defined]
                return cx.made(thir.Cast(want, node.span, "same", node))
        if (got.flags | want.flags) & HAS_INFER or got.flags & t.HAS_PROJECTION or want.flags & t.HAS_PROJECTION:
            mark = cx.mark()
            if cx.unify(got, want):
                return node
            cx.rollback(mark)
    elif gc is t.ProjTy or wc is t.ProjTy:
        return node if cx.unify(got, want) else None
    if gc is t.AdtTy and got.path == lang.BOX and cx.is_copy(got.args[0]):  # type: ignore[attr-defined]
        inner = cx.made(thir.Deref(got.args[0], node.span, node))  # type: ignore[attr-defined]
        return inner if inner.ty is want else try_coerce(cx, inner, cx.resolve(inner.ty), want)
    return None


def borrowed(cx: Cx, node: thir.Expr, want: t.RefTy) -> thir.Expr | None:
    """`&node` as a `want`."""
    ty = cx.resolve(node.ty)
    borrow = cx.made(thir.Borrow(ref_ty(ty, want.mutable), node.span, node, want.mutable))
    if borrow.ty is want:
        return borrow
    return _ref_to_ref(cx, borrow, borrow.ty, want)  # type: ignore[arg-type]


def _copy_out(cx: Cx, node: thir.Expr, got: t.RefTy, want: Ty) -> thir.Expr | None:
    """A `&T` where a copy `T` is expected is followed."""
    target = got.target
    inner = cx.made(thir.Deref(target, node.span, node))
    if type(target) is t.RefTy or (type(target) is t.AdtTy and target.path == lang.BOX and target is not want):
        return try_coerce(cx, inner, target, want)
    if not cx.is_copy(target):
        return None
    if target is want:
        return inner
    return try_coerce(cx, inner, target, want)


def _ref_to_ref(cx: Cx, node: thir.Expr, got: t.RefTy, want: t.RefTy) -> thir.Expr | None:
    if want.mutable and not got.mutable:
        return None
    x, y = cx.shallow(got.target), cx.shallow(want.target)
    if type(y) is t.SliceTy:
        kind = ""
        if type(x) is t.ArrayTy:
            elem, kind = x.elem, "array_to_slice"
        elif type(x) is t.AdtTy and x.path == lang.LIST:
            elem, kind = x.args[0], "list_to_slice"
        if kind:
            if not cx.unify(elem, y.elem):
                return None
            return cx.made(thir.Cast(want, node.span, kind, node))  # type: ignore[arg-type]
    mark = cx.mark()
    if cx.unify(x, y):
        if got.mutable == want.mutable:
            return node
        return cx.made(thir.Cast(want, node.span, "reborrow", node))
    cx.rollback(mark)
    if type(x) is t.RefTy:
        return try_coerce(cx, cx.made(thir.Deref(x, node.span, node)), x, want)
    if type(x) is t.AdtTy and x.path == lang.BOX:
        boxed = cx.made(thir.Deref(x, node.span, node))
        inner = cx.made(thir.Deref(x.args[0], node.span, boxed))
        return borrowed(cx, inner, want)
    return None


def auto_deref(cx: Cx, node: thir.Expr) -> thir.Expr:
    """Follow references and boxes until something else comes."""
    ty = cx.shallow(node.ty)
    while True:
        if type(ty) is t.RefTy:
            ty = cx.shallow(ty.target)
        elif type(ty) is t.AdtTy and ty.path == lang.BOX:
            ty = cx.shallow(ty.args[0])
        else:
            return node
        node = thir.Deref(ty, node.span, node)
        if ty.flags & HAS_INFER:
            cx.pending.append(node)


def deref_refs(cx: Cx, node: thir.Expr) -> thir.Expr:
    """Follow references only."""
    ty = cx.shallow(node.ty)
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
        node = thir.Deref(ty, node.span, node)
        if ty.flags & HAS_INFER:
            cx.pending.append(node)
    return node


# --- the message --------------------------------------------------------------------------------------------------


def mismatch(cx: Cx, node: thir.Expr, got: Ty, want: Ty, why: Why | None = None) -> None:
    span = blame(node)
    helps = tuple(_helps(cx, span, node, got, want))
    notes: tuple[str, ...] = ()
    if type(got) is t.IntTy and type(want) is t.IntTy and not helps:
        notes = ()
    cx.error(E.MISMATCH, span, f"mismatched types: {E.expected(want, got)}", f"this is {_a(got)}", why, notes, helps)


def _a(ty: Ty) -> str:
    if ty is t.UNIT:
        return "no value"
    text = show(ty)
    if text == "_":
        return "of a type not known"
    return f"`{text}`"


def insert_after(cx: Cx, message: str, span: Span, text: str, applicability: str = "maybe") -> Suggestion:
    end = span_end(span)
    return cx.diag.suggest(message, make_span(end, end), text, applicability)  # type: ignore[arg-type]


def insert_before(cx: Cx, message: str, span: Span, text: str, applicability: str = "maybe") -> Suggestion:
    start = span_start(span)
    return cx.diag.suggest(message, make_span(start, start), text, applicability)  # type: ignore[arg-type]


def _helps(cx: Cx, span: Span, node: thir.Expr, got: Ty, want: Ty) -> list[Suggestion]:
    helps: list[Suggestion] = []
    if span == NO_SPAN:
        return helps
    gc, wc = type(got), type(want)
    numeric = (t.IntTy, t.FloatTy)
    if gc in numeric and wc in numeric:
        what = "it may lose part of the value" if not (gc is t.IntTy and wc is t.FloatTy) else "it may round"
        helps.append(insert_after(cx, f"convert with `as {show(want)}` ({what})", span, f" as {show(want)}"))
    elif gc is t.RefTy and cx.unify(got.target, want) and wc is not t.ParamTy:  # type: ignore[attr-defined]
        helps.append(insert_after(cx, "this is lent; `.clone()` makes one of your own", span, ".clone()"))
    elif wc is t.RefTy and want.target is got:  # type: ignore[attr-defined]
        sign = "&mut " if want.mutable else "&"  # type: ignore[attr-defined]
        helps.append(insert_before(cx, f"lend it with `{sign.strip()}`", span, sign))
    elif wc is t.AdtTy and want.path == lang.OPTION and want.args[0] is got:  # type: ignore[attr-defined]
        helps.append(cx.diag.suggest("wrap it: `Some(...)`", span, "Some(...)", "placeholder"))
    elif wc is t.AdtTy and want.path == lang.RESULT and want.args[0] is got:  # type: ignore[attr-defined]
        helps.append(cx.diag.suggest("wrap it: `Ok(...)`", span, "Ok(...)", "placeholder"))
    elif gc is t.AdtTy and got.path in (lang.OPTION, lang.RESULT) and got.args[0] is want:  # type: ignore[attr-defined]
        helps.append(insert_after(cx, "pass a missing value on with `?`, or say with `??` what to take instead", span, "?"))
    elif gc is t.AdtTy and got.path == lang.OPTION and type(got.args[0]) is t.RefTy and got.args[0].target is want:  # type: ignore[attr-defined]
        helps.append(insert_after(cx, "say with `??` what to take when it is missing", span, " ?? ...", "placeholder"))
    elif want is t.STRING and got is not t.UNIT:
        helps.append(insert_after(cx, "make text of it with `.to_string()`", span, ".to_string()"))
    elif wc is t.AdtTy and want.path == lang.BOX and want.args[0] is got:  # type: ignore[attr-defined]
        helps.append(cx.diag.suggest("put it in a box: `box(...)`", span, "box(...)", "placeholder"))
    elif want is t.BOOL and gc is t.IntTy:
        helps.append(insert_after(cx, "compare it with zero", span, " != 0"))
    return helps
