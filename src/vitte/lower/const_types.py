"""The type of a constant in a block that does not say it: `const LIMIT = 4 * 1024`.

Constants are known before any body is checked, so their types are read off the initialiser as it stands: literals, operators,
casts, tuples, form literals and other constants. What needs inference must be written.
"""

from __future__ import annotations

from vitte.ir import hir
from vitte.ir import types as t
from vitte.lower.state import Lowerer

_LITERALS: dict[str, t.Ty] = {
    "int": t.INT, "float": t.F64, "bool": t.BOOL, "rune": t.RUNE, "string": t.STRING, "bytes": t.BYTES, "unit": t.UNIT,
}  # fmt: skip
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def const_type(lo: Lowerer, e: hir.Expr) -> hir.TyExpr | None:
    """The type of `e`, or None when it cannot be told."""
    if isinstance(e, hir.Literal_):
        ty = t.PRIMITIVES.get(e.suffix) if e.suffix else _LITERALS.get(e.kind)
        return hir.TyName(e.span, ty) if ty is not None else None
    if isinstance(e, hir.DefRef):
        own = lo.const_types.get(e.path)
        if own is not None:
            return own
        const = lo.ctx.defs.consts.get(e.path)
        return hir.TyName(e.span, const.ty) if const is not None else None
    if isinstance(e, hir.Cast):
        return e.ty
    if isinstance(e, hir.Logical | hir.In | hir.Is) or (isinstance(e, hir.Binary) and e.op in _COMPARISONS):
        return hir.TyName(e.span, t.BOOL)
    if isinstance(e, hir.Binary):
        # A plain literal takes the type of the other side; a shift has that of its left side.
        side = e.right if _is_plain(e.left) and e.op not in ("<<", ">>") else e.left
        return const_type(lo, side)
    if isinstance(e, hir.Unary):
        return hir.TyName(e.span, t.BOOL) if e.op == "not" else const_type(lo, e.operand) if e.op != "*" else None
    if isinstance(e, hir.Tuple):
        elems = [const_type(lo, elem) for elem in e.elems]
        return hir.TyTuple(e.span, [elem for elem in elems if elem is not None]) if None not in elems else None
    if isinstance(e, hir.If):
        return const_type(lo, e.then)
    if isinstance(e, hir.Block):
        return const_type(lo, e.tail) if e.tail is not None and not e.stmts else None
    if isinstance(e, hir.FormLit):
        return e.ty
    if isinstance(e, hir.SizeOf):
        return hir.TyName(e.span, t.INT)
    if isinstance(e, hir.ErrorExpr):
        return hir.TyError(e.span, e.token)
    return None


def _is_plain(e: hir.Expr) -> bool:
    return isinstance(e, hir.Literal_) and not e.suffix
