"""Printing: format strings become pushes to a buffer; asserts show both sides.

println("{} of {:?}", a, b)
->  { let mut out = fmt.buffer(); a.show_to(&mut out); push(&mut out, " of "); b.debug_to(&mut out); println_text(finish(out)) }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.impls import holds
from vitte.ir.types import HAS_ERROR, HAS_INFER, Ty, show
from vitte.typecheck import errors as E
from vitte.typecheck.coerce import auto_deref, coerce
from vitte.typecheck.obligations import require
from vitte.typecheck.operators import compare_nodes, condition

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx

_TARGETS = {"print": lang.PRINT, "println": lang.PRINTLN, "eprint": lang.EPRINT, "eprintln": lang.EPRINTLN}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_RADIX = frozenset(("x", "X", "b", "o"))


def format_(cx: Cx, e: hir.Format, want: Ty | None) -> thir.Expr:
    span = e.span
    pieces = e.pieces
    args: list[thir.Expr | None] = []
    failed = False
    for piece in pieces:
        if type(piece) is hir.FormatArg:
            node = auto_deref(cx, cx.expr(piece.value))
            if type(node) is thir.Deref and type(cx.shallow(node.ty)) is t.SliceTy:
                node = node.base  # a slice is shown as the reference it is behind
            if node.ty.flags & HAS_ERROR:
                failed = True
            elif cx.shallow(node.ty) is t.NEVER:
                node = coerce(cx, node, t.STRING)
            args.append(node)
        else:
            args.append(None)
    if failed:
        return cx.error_node(span)
    if not pieces:
        return _deliver(cx, e, cx.text("", span))
    if len(pieces) == 1:
        piece = pieces[0]
        if type(piece) is hir.FormatText:
            return _deliver(cx, e, cx.text(piece.text, piece.span))
        only = args[0]
        assert only is not None and type(piece) is hir.FormatArg
        if piece.spec is None and cx.resolve(only.ty) is t.STRING:
            return _deliver(cx, e, only)
    stmts: list[thir.Stmt] = []
    text = _build(cx, pieces, args, span, stmts)
    if text is None:
        return cx.error_node(span)
    done = _deliver(cx, e, text)
    if done.ty is t.UNIT:
        stmts.append(thir.ExprStmt(done, span))
        return thir.Block(t.UNIT, span, stmts, None)
    return thir.Block(done.ty, span, stmts, done)


def _build(
    cx: Cx, pieces: list[hir.FormatText | hir.FormatArg], args: list[thir.Expr | None], span: Span, stmts: list[thir.Stmt]
) -> thir.Expr | None:
    """Statements that write all pieces into a new buffer; gives its text."""
    made = cx.lang_call(lang.BUFFER_NEW, (), [], span)
    if type(made) is thir.ErrorExpr:
        return None
    out = cx.bind_temp("out", made, stmts, True)
    for piece, node in zip(pieces, args, strict=True):
        if type(piece) is hir.FormatText:
            stmts.append(thir.ExprStmt(cx.lang_call(lang.BUFFER_PUSH, (), [out, cx.text(piece.text, piece.span)], piece.span), piece.span))
        else:
            assert node is not None and type(piece) is hir.FormatArg
            write = _write(cx, out, node, piece.spec, piece.value.span, stmts)
            if write is not None:
                stmts.append(thir.ExprStmt(write, piece.span))
    return cx.lang_call(lang.BUFFER_FINISH, (), [out], span)


def _deliver(cx: Cx, e: hir.Format, text: thir.Expr) -> thir.Expr:
    target = e.target
    if target == "format":
        return text
    if target == "panic":
        return cx.lang_call(lang.PANIC, (), [text, cx.here(e.span)], e.span, t.NEVER)
    return cx.lang_call(_TARGETS[target], (), [text], e.span, t.UNIT)


def _write(cx: Cx, out: thir.Expr, node: thir.Expr, spec: hir.FormatSpec | None, span: Span, stmts: list[thir.Stmt]) -> thir.Expr | None:
    ty = cx.resolve(node.ty)
    if spec is None:
        if ty is t.STRING:
            return cx.lang_call(lang.BUFFER_PUSH, (), [out, node], span)
        return _trait_call(cx, lang.TRAIT_SHOW, "show_to", ty, [node, out], span)
    if spec.kind == "?":
        if spec.width < 0 and not spec.fill.strip(" "):
            return _trait_call(cx, lang.TRAIT_DEBUG, "debug_to", ty, [node, out], span)
        mark = cx.lang_call(lang.BUFFER_MARK, (), [out], span)
        if type(mark) is thir.ErrorExpr:
            return None
        start = cx.bind_temp("mark", mark, stmts)
        write = _trait_call(cx, lang.TRAIT_DEBUG, "debug_to", ty, [node, out], span)
        if write is None:
            return None
        stmts.append(thir.ExprStmt(write, span))
        spec_node = _spec(cx, spec, span)
        return cx.lang_call(lang.BUFFER_PAD, (), [out, start, spec_node], span) if spec_node is not None else None
    if spec.kind in _RADIX or spec.kind == "e":
        known = cx.known(ty)
        is_int = type(known) is t.IntTy
        if (spec.kind in _RADIX and not is_int and not _own_show(known)) or (
            spec.kind == "e" and not is_int and type(known) is not t.FloatTy and not _own_show(known)
        ):
            wanted = "an integer" if spec.kind in _RADIX else "a number"
            cx.error(E.FORMAT_KIND, span, f"`{{:{spec.kind}}}` prints {wanted}, this is {E.an(show(known))}", f"{E.an(show(known))}")
            return None
    spec_node = _spec(cx, spec, span)
    if spec_node is None:
        return None
    return _trait_call(cx, lang.TRAIT_SHOW, "show_spec", ty, [node, out, spec_node], span)


def _own_show(ty: Ty) -> bool:
    return type(ty) is t.ParamTy or type(ty) is t.AdtTy or ty is t.ERROR


def _trait_call(cx: Cx, trait_path: str, method: str, ty: Ty, values: list[thir.Expr], span: Span) -> thir.Expr | None:
    trait = cx.defs.traits.get(trait_path)
    if trait is None or method not in trait.methods:
        cx.col.missing_lang_item(trait_path, span)
        return None
    before = cx.diag.error_count
    require(cx, trait_path, (ty,), span)
    if cx.diag.error_count > before:
        return None
    return cx.lang_call(trait.methods[method], (ty,), values, span, t.UNIT)


def _spec(cx: Cx, spec: hir.FormatSpec, span: Span) -> thir.Expr | None:
    """The `Spec` literal of `lang.SPEC`."""
    adt = cx.defs.adts.get(lang.SPEC)
    if adt is None:
        cx.col.missing_lang_item(lang.SPEC, span)
        return None
    values: dict[str, int] = {
        "fill": ord(spec.fill or " "),
        "align": ord(spec.align) if spec.align else 0,
        "sign": int(spec.sign),
        "alternate": int(spec.alternate),
        "zero": int(spec.zero),
        "width": spec.width,
        "precision": spec.precision,
        "kind": ord(spec.kind) if spec.kind else 0,
    }
    fields: list[tuple[int, thir.Expr]] = []
    for i, field in enumerate(adt.variants[0].fields):
        fields.append((i, thir.Lit(field.ty, span, values.get(field.name, 0))))
    return thir.Aggregate(t.adt_ty(lang.SPEC), span, 0, fields)


# --- asserts ------------------------------------------------------------------------------------------------------


def assert_(cx: Cx, e: hir.Assert, want: Ty | None) -> thir.Expr:
    span = e.span
    cond_e = e.cond
    stmts: list[thir.Stmt] = []
    sides: tuple[thir.Expr, thir.Expr] | None = None
    if (
        type(cond_e) is hir.Binary
        and cond_e.op in _COMPARISONS
        and lang.ASSERT_FAILED_SIDES in cx.defs.procs
        and lang.BUFFER_NEW in cx.defs.procs
    ):
        cond, sides = _sides(cx, cond_e, stmts)
    else:
        cond = condition(cx, cond_e)
    what: thir.Expr = cx.text(e.text, span)
    if e.message is not None:
        message = cx.check(e.message, t.STRING)
        what = message
    place = cx.here(span)
    if sides is not None:
        left = _shown(cx, sides[0], cond_e.left.span)  # type: ignore[union-attr]
        right = _shown(cx, sides[1], cond_e.right.span)  # type: ignore[union-attr]
        if left is None or right is None:
            return cx.error_node(span, t.UNIT)
        if e.message is None:
            what = cx.text(e.text, span)
        fail = cx.lang_call(lang.ASSERT_FAILED_SIDES, (), [what, left, right, place], span, t.NEVER)
    else:
        fail = cx.lang_call(lang.ASSERT_FAILED, (), [what, place], span, t.NEVER)
    test = thir.If(t.UNIT, span, thir.Unary(t.BOOL, span, "not", cond), fail, None)
    if not stmts:
        return test
    stmts.append(thir.ExprStmt(test, span))
    return thir.Block(t.UNIT, span, stmts, None)


def _sides(cx: Cx, e: hir.Binary, stmts: list[thir.Stmt]) -> tuple[thir.Expr, tuple[thir.Expr, thir.Expr] | None]:
    """The comparison over two locals that keep both sides, and these; without the locals when they cannot be shown."""
    from vitte.typecheck.operators import _is_literal, _value

    if _is_literal(e.left) and not _is_literal(e.right):
        right = _value(cx, cx.expr(e.right))
        left = _value(cx, cx.expr(e.left, right.ty))
    else:
        left = _value(cx, cx.expr(e.left))
        right = _value(cx, cx.expr(e.right, left.ty))
    if (left.ty.flags | right.ty.flags) & HAS_ERROR or t.NEVER in (left.ty, right.ty):
        return compare_nodes(cx, e, left, right), None
    a, b = cx.resolve(left.ty), cx.resolve(right.ty)
    if a.flags & HAS_INFER or b.flags & HAS_INFER:
        cx.unify(a, b)
    if not _can_show(cx, cx.resolve(a)) or not _can_show(cx, cx.resolve(b)):
        return compare_nodes(cx, e, left, right), None
    keep_left = _keep(cx, "left", left, stmts)
    keep_right = _keep(cx, "right", right, stmts)
    cond = compare_nodes(cx, e, keep_left, keep_right)
    if type(cond) is thir.ErrorExpr:
        return cond, None
    return cond, (keep_left, keep_right)


def _can_show(cx: Cx, ty: Ty) -> bool:
    if ty.flags & HAS_INFER:
        return type(ty) is t.InferTy and ty.kind != "any"
    return type(ty) is not t.ParamTy and holds(cx.defs, lang.TRAIT_DEBUG, (ty,), cx.bounds)


def _keep(cx: Cx, name: str, node: thir.Expr, stmts: list[thir.Stmt]) -> thir.Expr:
    """A local that holds the value, or refers to it when using it would move it."""
    ty = cx.resolve(node.ty)
    if type(node) is thir.Lit:
        return node
    if cx.is_copy(ty):
        return cx.bind_temp(name, node, stmts)
    ref = cx.bind_temp(name, cx.made(thir.Borrow(t.ref_ty(ty), node.span, node, False)), stmts)
    return cx.made(thir.Deref(ty, node.span, ref))


def _shown(cx: Cx, node: thir.Expr, span: Span) -> thir.Expr | None:
    """`format("{:?}", node)`"""
    stmts: list[thir.Stmt] = []
    piece = hir.FormatArg(span, hir.ErrorExpr(span, None), hir.FormatSpec(kind="?"))  # type: ignore[arg-type]
    text = _build(cx, [piece], [node], span, stmts)
    return thir.Block(t.STRING, span, stmts, text) if text is not None else None
