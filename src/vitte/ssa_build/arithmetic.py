"""Operators and conversions between scalars, with the checks they need."""

from __future__ import annotations

from vitte.ir import fold
from vitte.ir import types as t
from vitte.ir.ssa import BITS
from vitte.ir.types import Ty
from vitte.ssa_build.builder import Builder

_WRAPPING = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor"}
_FLOAT = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv", "%": "frem"}
_FLOAT_COMPARE = {"==": "feq", "!=": "fne", "<": "flt", "<=": "fle", ">": "fgt", ">=": "fge"}
_COMPARE = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_TRAPS = ("+", "-", "*")


def binary(b: Builder, op: str, ty: Ty, left: int, right: int, checked: bool) -> int:
    """`left op right` on values of type `ty`; for shifts `right` may have another integer type."""
    if type(ty) is t.FloatTy:
        if op in _FLOAT_COMPARE:
            return b.op(_FLOAT_COMPARE[op], "i1", [left, right])
        return b.op(_FLOAT[op], ty.text, [left, right])
    is_signed = b.layouts.is_signed(ty)
    compare = _COMPARE.get(op)
    if compare is not None:
        if len(compare) == 2 and compare not in ("eq", "ne"):
            compare = ("s" if is_signed else "u") + compare
        return b.compare(compare, left, right)
    scalar = b.types[left]
    if op == "<<" or op == ">>":
        return _shift(b, op, scalar, left, right, is_signed)
    if op == "/" or op == "%":
        return _divide(b, op, scalar, left, right, is_signed)
    name = _WRAPPING[op]
    if checked and op in _TRAPS:
        name = f"{'s' if is_signed else 'u'}{name}.trap"
    known = b.known
    if left in known and right in known:
        value = fold.evaluate(name, scalar, [known[left], known[right]])
        if value is not None:
            return b.iconst(scalar, int(value))
    return b.op(name, scalar, [left, right])


def _shift(b: Builder, op: str, scalar: str, left: int, right: int, is_signed: bool) -> int:
    bits = BITS[scalar]
    count_ty = b.types[right]
    if right in b.known and b.known[right] < bits:
        count = b.iconst(scalar, b.known[right])
    else:
        if BITS[count_ty] > 8 or bits <= 1 << BITS[count_ty]:
            message = "overflow shift left" if op == "<<" else "overflow shift right"
            b.check(b.compare("ult", right, b.iconst(count_ty, bits)), message)
        count = b.resize(right, scalar, False)
    name = "shl" if op == "<<" else "ashr" if is_signed else "lshr"
    return b.op(name, scalar, [left, count])


def _divide(b: Builder, op: str, scalar: str, left: int, right: int, is_signed: bool) -> int:
    known = b.known.get(right)
    bits = BITS[scalar]
    if known is None or known == 0:
        message = fold.DIVISION_BY_ZERO if op == "/" else fold.REMAINDER_BY_ZERO
        b.check(b.compare("ne", right, b.iconst(scalar, 0)), message)
    if is_signed and (known is None or known == (1 << bits) - 1):
        # The least value has no negation; no other quotient overflows.
        fits = b.compare("ne", left, b.iconst(scalar, 1 << (bits - 1)))
        if known is None:
            fits = b.op("or", "i1", [fits, b.compare("ne", right, b.iconst(scalar, -1))])
        b.check(fits, f"overflow {fold.OVERFLOW_WORDS[op]}")
    name = ("sdiv" if is_signed else "udiv") if op == "/" else ("srem" if is_signed else "urem")
    return b.op(name, scalar, [left, right])


def unary(b: Builder, op: str, ty: Ty, value: int, checked: bool) -> int:
    scalar = b.types[value]
    if op == "not":
        return b.negate(value)
    if op == "~":
        return b.op("xor", scalar, [value, b.iconst(scalar, -1)])
    if type(ty) is t.FloatTy:
        return b.op("fneg", scalar, [value])
    if value in b.known:
        bits = BITS[scalar]
        number = fold.signed(b.known[value], bits) if b.layouts.is_signed(ty) else b.known[value]
        if fold.fits(-number, bits, b.layouts.is_signed(ty)):
            return b.iconst(scalar, -number)
    if checked:
        worst = 1 << (BITS[scalar] - 1)
        fits = b.compare("ne", value, b.iconst(scalar, worst)) if b.layouts.is_signed(ty) else b.compare("eq", value, b.iconst(scalar, 0))
        b.check(fits, f"overflow {fold.OVERFLOW_WORDS['neg']}")
    return b.op("sub", scalar, [b.iconst(scalar, 0), value])


def cast(b: Builder, kind: str, value: int, source: Ty, target: Ty) -> int:
    """A conversion between scalars; `kind` as in `mir.Cast`."""
    to = b.layouts.scalar(target)
    have = b.types[value]
    if kind == "int":
        return b.resize(value, to, b.layouts.is_signed(source))
    if kind == "int_to_float":
        return b.op("sitofp" if b.layouts.is_signed(source) else "uitofp", to, [value])
    if kind == "float_to_int":
        return b.op("fptosi.sat" if b.layouts.is_signed(target) else "fptoui.sat", to, [value])
    if kind == "float":
        return value if have == to else b.op("fpext" if to == "f64" else "fptrunc", to, [value])
    if kind == "int_to_rune":
        return _rune(b, value, source)
    if have == to:
        return value
    if to == "ptr":
        return b.op("inttoptr", "ptr", [b.resize(value, f"i{b.layouts.pointer * 8}", False)])
    if have == "ptr":
        return b.resize(b.op("ptrtoint", f"i{b.layouts.pointer * 8}", [value]), to, False)
    return b.resize(value, to, b.layouts.is_signed(source))


def _rune(b: Builder, value: int, source: Ty) -> int:
    """Every u8 is a scalar value; of the rest, what is below U+110000 and no surrogate."""
    have = b.types[value]
    if have == "i8" and not b.layouts.is_signed(source):
        return b.resize(value, "i32", False)
    if BITS[have] < 32:
        value, have = b.resize(value, "i32", b.layouts.is_signed(source)), "i32"
    low = b.compare("ult", value, b.iconst(have, 0xD800))
    high = b.compare("ult", b.op("sub", have, [value, b.iconst(have, 0xE000)]), b.iconst(have, 0x110000 - 0xE000))
    b.check(b.op("or", "i1", [low, high]), fold.NOT_A_RUNE)
    return b.resize(value, "i32", False)


