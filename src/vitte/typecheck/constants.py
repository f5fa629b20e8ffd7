"""Constants that types depend on: array lengths, const generic arguments, discriminants, the integer value of named constants.

Evaluated straight from HIR with exact integers: literals, named constants, arithmetic, comparisons, `sizeof`-free casts,
`c ? a : b`. Values are checked against the range of their type at every step, as at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitte.base.diagnostics import ErrorToken
from vitte.ir import hir, lang
from vitte.ir import types as t
from vitte.ir.types import Ty, show
from vitte.typecheck import errors as E

if TYPE_CHECKING:
    from vitte.typecheck.collect import Collector

Value = tuple[int | float | bool | str, Ty]
"""A value and its type; an integer literal without suffix has type `UNTYPED`."""

SUFFIXES: dict[str, Ty] = {**t.ALIASES, **t.PRIMITIVES}
"""Types of literal suffixes."""

UNTYPED = t.infer_ty(-1, "int")


def int_range(ty: Ty) -> tuple[int, int]:
    """Least and greatest value of an integer type."""
    assert isinstance(ty, t.IntTy)
    if ty.signed:
        return -(1 << (ty.bits - 1)), (1 << (ty.bits - 1)) - 1
    return 0, (1 << ty.bits) - 1


def fits(value: int, ty: Ty) -> bool:
    low, high = int_range(ty)
    return low <= value <= high


def wrap(value: int, ty: t.IntTy) -> int:
    """`value` truncated to the width of `ty`."""
    value &= (1 << ty.bits) - 1
    if ty.signed and value >> (ty.bits - 1):
        value -= 1 << ty.bits
    return value


class ConstError(Exception):
    """The value is not known: reported already (`token`), or the expression is none that types may use (`node`)."""

    def __init__(self, node: hir.Expr | None = None, token: ErrorToken | None = None, why: str = "") -> None:
        self.node = node
        self.token = token
        self.why = why


MAX_LENGTH = (1 << 31) - 1
"""The most elements an array type may have: no stack and no static data holds more."""


class Evaluator:
    """Evaluates constants of one module on demand; cycles between named constants are found by `active`."""

    def __init__(self, collector: Collector) -> None:
        self.col = collector
        self.active: list[str] = []

    def length(self, expr: hir.Expr) -> Ty:
        """An array length or const generic argument as a type: `ConstTy`, a `ParamTy`, or ERROR (reported)."""
        if type(expr) is hir.ParamRef:
            return expr.ty
        if type(expr) is hir.Block and expr.tail is not None and not expr.stmts:
            return self.length(expr.tail)
        value = self.integer(expr, t.INT, "an array length or constant argument")
        return t.ERROR if value is None else t.const_ty(value)

    def array_length(self, expr: hir.Expr) -> Ty:
        """As `length`; negative ones and what no memory holds are refused."""
        length = self.length(expr)
        if type(length) is t.ConstTy and not 0 <= length.value <= MAX_LENGTH:
            most = f"an array has at most {MAX_LENGTH} elements; a list may have more"
            what = "a length cannot be negative" if length.value < 0 else most
            self.col.diag.error(E.LITERAL_RANGE, expr.span, f"`{length.value}` is not the length of an array", what)
            return t.ERROR
        return length

    def integer(self, expr: hir.Expr, ty: Ty, what: str) -> int | None:
        """The integer value of `expr` as a `ty`; None when there is none, which is reported."""
        diag = self.col.diag
        try:
            value, found = self.eval(expr, ty)
        except ConstError as e:
            if e.token is None:
                node = e.node if e.node is not None else expr
                if type(node) is hir.ErrorExpr:
                    return None
                why = e.why or "types may use literals, named constants and arithmetic"
                code = E.CONST_PROC if type(node) in (hir.Call, hir.MethodCall) else E.NOT_CONST
                diag.error(code, node.span, f"{what} must be a constant known here", why)
            return None
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int):
            diag.error(E.MISMATCH, expr.span, f"{what} must be an integer", E.expected(ty, found))
            return None
        if type(ty) is t.IntTy and not fits(value, ty):
            diag.error(E.LITERAL_RANGE, expr.span, f"`{value}` does not fit in `{show(ty)}`", f"`{show(ty)}` holds {_range_text(ty)}")
            return None
        return value

    def of_const(self, path: str) -> Value:
        """The value of a named constant, of this module or an imported one."""
        const = self.col.defs.consts.get(path)
        if const is not None and const.int_value is not None:
            return const.int_value, const.ty
        item = self.col.const_items.get(path)
        if item is None or item.body is None:
            raise ConstError(why="this constant is not an integer")
        if path in self.active:
            names = [p.rpartition("::")[2] for p in self.active[self.active.index(path) :]]
            token = self.col.diag.error(
                E.CONST_CYCLE,
                item.name_span,
                f"constant `{item.name}` is defined in terms of itself",
                "needs its own value",
                notes=(f"the cycle: {' -> '.join([*names, names[0]])}",),
            )
            raise ConstError(token=token)
        if path in self.col.bad_consts:
            raise ConstError(token=ErrorToken(0))
        self.active.append(path)
        try:
            ty = self.col.const_type(item)
            value, found = self.eval(item.body.value, ty)
        except ConstError as e:
            if e.token is not None:
                self.col.bad_consts.add(path)
            raise
        finally:
            self.active.pop()
        if found is UNTYPED and ty is not None:
            found = ty
        if const is not None and isinstance(value, int):
            const.int_value = int(value)
        return value, found

    def eval(self, expr: hir.Expr, want: Ty | None) -> Value:
        handler = _EVAL.get(type(expr))
        if handler is None:
            raise ConstError(expr)
        return handler(self, expr, want)

    def checked(self, value: int | float, ty: Ty, expr: hir.Expr, what: str) -> Value:
        if type(ty) is t.IntTy and isinstance(value, int) and not fits(value, ty):
            token = self.col.diag.error(E.CONST_OVERFLOW, expr.span, f"{what} overflows `{show(ty)}`", f"the value would be {value}")
            raise ConstError(token=token)
        return value, ty


def _range_text(ty: Ty) -> str:
    low, high = int_range(ty)
    return f"{low} to {high}"


def _literal(ev: Evaluator, e: hir.Literal_, want: Ty | None) -> Value:
    value = e.value
    if value is None:
        raise ConstError(e)
    if e.kind == "int":
        if e.suffix:
            ty = SUFFIXES[e.suffix]
        elif type(want) is t.IntTy or type(want) is t.FloatTy:
            ty = want
        else:
            return value, UNTYPED
        if type(ty) is t.FloatTy:
            return float(value), ty
        if not fits(value, ty):  # type: ignore[arg-type]
            token = ev.col.diag.error(
                E.LITERAL_RANGE, e.span, f"the literal `{value}` does not fit in `{show(ty)}`", f"`{show(ty)}` holds {_range_text(ty)}"
            )
            raise ConstError(token=token)
        return value, ty
    if e.kind == "float":
        return value, SUFFIXES[e.suffix] if e.suffix else want if type(want) is t.FloatTy else t.F64
    kinds: dict[str, Ty] = {"bool": t.BOOL, "rune": t.RUNE, "string": t.STRING, "bytes": t.BYTES}
    return value, kinds[e.kind]


def _def_ref(ev: Evaluator, e: hir.DefRef, want: Ty | None) -> Value:
    if e.kind == "const":
        try:
            return ev.of_const(e.path)
        except ConstError as error:
            if error.token is None and error.node is None:
                error.node = e
            raise
    if e.kind == "case":
        return _case(ev, e, *e.path.rsplit(".", 1))
    raise ConstError(e)


def _case(ev: Evaluator, e: hir.Expr, adt_path: str, name: str) -> Value:
    adt = ev.col.defs.adts.get(adt_path)
    if adt is not None:
        for variant in adt.variants:
            if variant.name == name and not variant.fields:
                return variant.discriminant, t.adt_ty(adt_path)
    raise ConstError(e)


def _type_member(ev: Evaluator, e: hir.TypeMember, want: Ty | None) -> Value:
    ty = ev.col.types.resolve(e.base)
    if type(ty) is t.AdtTy:
        adt = ev.col.defs.adts.get(ty.path)
        if adt is not None and any(v.name == e.name for v in adt.variants):
            return _case(ev, e, ty.path, e.name)
    path = ev.col.find_assoc_const(ty, e.name)
    if path is None:
        raise ConstError(e)
    return ev.of_const(path)


def _unary(ev: Evaluator, e: hir.Unary, want: Ty | None) -> Value:
    value, ty = ev.eval(e.operand, want)
    if e.op == "not" and isinstance(value, bool):
        return not value, ty
    if isinstance(value, (bool, str)):
        raise ConstError(e)
    if e.op == "-":
        return ev.checked(-value, ty, e, "the negation")
    if e.op == "~" and isinstance(value, int):
        if type(ty) is t.IntTy:
            return wrap(~value, ty), ty
        return ~value, ty
    raise ConstError(e)


def _binary(ev: Evaluator, e: hir.Binary, want: Ty | None) -> Value:
    op = e.op
    compare = op in _COMPARE
    left, lty = ev.eval(e.left, None if compare else want)
    right, rty = ev.eval(e.right, (lty if lty is not UNTYPED else None) if op not in ("<<", ">>") else None)
    if compare:
        return bool(_COMPARE[op](left, right)), t.BOOL
    if isinstance(left, (bool, str)) or isinstance(right, (bool, str)):
        if isinstance(left, bool) and isinstance(right, bool) and op in ("&", "|", "^"):
            return bool(_INT_OPS[op](left, right)), t.BOOL
        raise ConstError(e)
    ty = lty
    if op not in ("<<", ">>") and lty is not rty:
        if lty is UNTYPED:
            ty = rty
        elif rty is not UNTYPED:
            from vitte.typecheck.coerce import widens

            ty = rty if widens(lty, rty) else lty
            if ty is lty and not widens(rty, lty):
                raise ConstError(e, why="the two sides have different types")
    if isinstance(left, float) or isinstance(right, float):
        if op in ("/", "%") and right == 0:
            raise ConstError(e)
        handler = _FLOAT_OPS.get(op)
        if handler is None:
            raise ConstError(e)
        return handler(left, right), ty
    if op in ("/", "%"):
        if right == 0:
            what = "division" if op == "/" else "remainder"
            raise ConstError(token=ev.col.diag.error(E.CONST_DIVISION, e.right.span, f"{what} by zero in a constant", "this is zero"))
        quotient = abs(left) // abs(right)
        if (left < 0) != (right < 0):
            quotient = -quotient
        return ev.checked(quotient if op == "/" else left - right * quotient, ty, e, "the result")
    if op in ("<<", ">>"):
        bits = ty.bits if type(ty) is t.IntTy else 64
        if not 0 <= right < bits:
            raise ConstError(
                token=ev.col.diag.error(
                    E.CONST_OVERFLOW, e.right.span, f"a shift by {right} is out of range", f"0 to {bits - 1} is possible"
                )
            )
        value = left << right if op == "<<" else left >> right
        return (wrap(value, ty) if type(ty) is t.IntTy else value), ty
    return ev.checked(_INT_OPS[op](left, right), ty, e, "the result")


_COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_INT_OPS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}
_FLOAT_OPS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}


def _logical(ev: Evaluator, e: hir.Logical, want: Ty | None) -> Value:
    left, _ = ev.eval(e.left, t.BOOL)
    if bool(left) is (e.op == "or"):
        return bool(left), t.BOOL
    return ev.eval(e.right, t.BOOL)


def _if(ev: Evaluator, e: hir.If, want: Ty | None) -> Value:
    cond, _ = ev.eval(e.cond, t.BOOL)
    branch = e.then if cond else e.otherwise
    if branch is None:
        raise ConstError(e)
    return ev.eval(branch, want)


def _block(ev: Evaluator, e: hir.Block, want: Ty | None) -> Value:
    if e.stmts or e.tail is None:
        raise ConstError(e)
    return ev.eval(e.tail, want)


def _cast(ev: Evaluator, e: hir.Cast, want: Ty | None) -> Value:
    ty = ev.col.types.resolve(e.ty)
    value, _found = ev.eval(e.value, None)
    if isinstance(value, str):
        raise ConstError(e)
    if type(ty) is t.IntTy:
        if isinstance(value, float):
            low, high = int_range(ty)
            return (0 if value != value else max(low, min(high, int(max(-2e40, min(2e40, value)))))), ty
        return wrap(int(value), ty), ty
    if type(ty) is t.FloatTy:
        return float(value), ty
    if ty is t.RUNE and isinstance(value, int):
        return value, ty
    raise ConstError(e)


def _size_of(ev: Evaluator, e: hir.SizeOf, want: Ty | None) -> Value:
    ty = ev.col.types.resolve(e.ty)
    size = primitive_size(ty, ev.col.ctx.target.pointer_bits)
    if e.what == "offsetof" or size is None:
        raise ConstError(e, why="only sizes of primitive types and pointers are known here")
    return size, t.INT


def primitive_size(ty: Ty, pointer_bits: int) -> int | None:
    """Size in bytes, equal to the alignment, of numbers, bool, rune and thin pointers."""
    cls = type(ty)
    if cls is t.IntTy:
        return (pointer_bits if ty.pointer_sized else ty.bits) // 8  # type: ignore[attr-defined]
    if cls is t.FloatTy:
        return int(ty.bits) // 8  # type: ignore[attr-defined]
    if ty is t.BOOL:
        return 1
    if ty is t.RUNE:
        return 4
    if cls is t.ProcTy or ((cls is t.PtrTy or cls is t.RefTy) and type(ty.target) is not t.SliceTy):  # type: ignore[attr-defined]
        return pointer_bits // 8
    return None


def _param_ref(ev: Evaluator, e: hir.ParamRef, want: Ty | None) -> Value:
    raise ConstError(e, why="a parameter can stand here only alone, not in arithmetic")


def _error(ev: Evaluator, e: hir.ErrorExpr, want: Ty | None) -> Value:
    raise ConstError(token=e.token)


_EVAL: dict[type, Callable[..., Value]] = {
    hir.Literal_: _literal,
    hir.DefRef: _def_ref,
    hir.TypeMember: _type_member,
    hir.ParamRef: _param_ref,
    hir.Unary: _unary,
    hir.Binary: _binary,
    hir.Logical: _logical,
    hir.If: _if,
    hir.Block: _block,
    hir.Cast: _cast,
    hir.SizeOf: _size_of,
    hir.ErrorExpr: _error,
}

CONST_LIKE = frozenset((t.IntTy, t.SimpleTy))


def has_int_value(ty: Ty) -> bool:
    """Whether constants of this type have an `int_value` that types may use."""
    return type(ty) is t.IntTy or ty is t.BOOL or ty is t.RUNE or (type(ty) is t.AdtTy and ty.path != lang.BOX)
