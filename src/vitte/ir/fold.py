"""What operations compute, on Python values: the one place that knows what `i8 + i8` means.

Two views of it:
- SSA (`evaluate`): integers as in `iconst`, 0 <= n < 2**bits; i1 as 0 or 1; floats as Python floats (f32 already rounded).
- The language (`int_binary`, `int_unary`, `float_binary`, `float_unary`, `convert`): integers as their mathematical values.

Nothing here panics: what would is None (SSA), or the panic's message (language).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction

from vitte.ir.ssa import BITS
from vitte.ir.types import BOOL, RUNE, FloatTy, IntTy, Ty

Number = int | float

NAN = math.nan
INF = math.inf

TRAP_WORDS: dict[str, str] = {
    "sadd.trap": "add", "uadd.trap": "add", "ssub.trap": "subtract", "usub.trap": "subtract",
    "smul.trap": "multiply", "umul.trap": "multiply",
}
"""What a trapping operation attempted, for `overflow_message`."""

DIVISION_BY_ZERO = "division by zero"
REMAINDER_BY_ZERO = "remainder of a division by zero"
NOT_A_RUNE = "not a Unicode scalar value"


def overflow_message(word: str) -> str:
    """The panic message of an overflow while trying to `word`."""
    return f"attempt to {word} with overflow"


# --- integers as bits ---------------------------------------------------------------------------------------------


def wrap(value: int, bits: int) -> int:
    """The low `bits` bits, unsigned."""
    return value & ((1 << bits) - 1)


def signed(value: int, bits: int) -> int:
    """The low `bits` bits, read as two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def fits(value: int, bits: int, is_signed: bool) -> bool:
    """Whether a mathematical value is one of the type."""
    if is_signed:
        return -(1 << (bits - 1)) <= value < 1 << (bits - 1)
    return 0 <= value < 1 << bits


def quotient(a: int, b: int) -> int:
    """Division toward zero of mathematical values; `b` is not 0."""
    q = abs(a) // abs(b)
    return -q if (a < 0) != (b < 0) else q


def remainder(a: int, b: int) -> int:
    """With the sign of the dividend; `b` is not 0."""
    r = abs(a) % abs(b)
    return -r if a < 0 else r


def clz(value: int, bits: int) -> int:
    return bits - value.bit_length()


def ctz(value: int, bits: int) -> int:
    return (value & -value).bit_length() - 1 if value else bits


def bswap(value: int, bits: int) -> int:
    return int.from_bytes(value.to_bytes(bits // 8, "little"), "big")


def rotl(value: int, count: int, bits: int) -> int:
    count %= bits
    return wrap(value << count | value >> (bits - count), bits)


# --- floats -------------------------------------------------------------------------------------------------------

_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")


def f32(value: float) -> float:
    """The nearest f32, ties to even; infinite beyond the largest."""
    try:
        return _F32.unpack(_F32.pack(value))[0]  # type: ignore[no-any-return]
    except OverflowError:
        return math.copysign(INF, value)


def float_bits(value: float, bits: int) -> int:
    """The IEEE 754 encoding; every NaN is the quiet one."""
    if value != value:
        return 0x7FC00000 if bits == 32 else 0x7FF8000000000000
    return int.from_bytes((_F32 if bits == 32 else _F64).pack(value), "little")


def float_from_bits(encoded: int, bits: int) -> float:
    return (_F32 if bits == 32 else _F64).unpack(encoded.to_bytes(bits // 8, "little"))[0]  # type: ignore[no-any-return]


def fdiv(a: float, b: float) -> float:
    if b == 0.0:
        if a == 0.0 or a != a:
            return NAN
        return math.copysign(INF, a) * math.copysign(1.0, b)
    return a / b


def frem(a: float, b: float) -> float:
    """C's fmod."""
    if b == 0.0 or a != a or b != b or a in (INF, -INF):
        return NAN
    return math.fmod(a, b)


def fsqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else a if a == 0.0 else NAN


def _integral(pick: Callable[[float], int]) -> Callable[[float], float]:
    def rounded(a: float) -> float:
        if not -4503599627370496.0 < a < 4503599627370496.0:  # 2**52: already whole, infinite or NaN
            return a
        return math.copysign(float(pick(a)), a)

    return rounded


ffloor = _integral(math.floor)
fceil = _integral(math.ceil)
ftrunc = _integral(math.trunc)


def fround(a: float) -> float:
    """Half away from zero."""
    whole = ftrunc(a)
    if abs(a - whole) >= 0.5:
        whole += math.copysign(1.0, a)
    return math.copysign(whole, a) if a == a else a


def fma(a: float, b: float, c: float, bits: int = 64) -> float:
    """`a * b + c` with one rounding."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b + c
    if not math.isfinite(c):
        return c  # whatever the product: one that overflows is finite all the same
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return a * b + c if a * b == 0.0 or c == 0.0 else 0.0
    return _round_fraction(exact, bits)


def _round_fraction(exact: Fraction, bits: int) -> float:
    if bits == 64:
        try:
            return float(exact)
        except OverflowError:
            return INF if exact > 0 else -INF
    # Rounding to odd with more than 24 + 2 bits first makes the second rounding exact (Boldo and Melquiond 2008).
    n, d = abs(exact.numerator), exact.denominator
    shift = 60 - (n.bit_length() - d.bit_length())
    top, rest = divmod(n << shift, d) if shift >= 0 else divmod(n, d << -shift)
    while top.bit_length() > 50:
        rest |= top & 1
        top >>= 1
        shift -= 1
    value = math.ldexp(float(top | (rest != 0)), -shift)
    return f32(value if exact > 0 else -value)


def int_to_float(value: int, bits: int) -> float:
    """The nearest float of the width to a mathematical value, ties to even."""
    if bits == 64 or -(1 << 53) <= value <= 1 << 53:
        return float(value) if bits == 64 else f32(float(value))
    return _round_fraction(Fraction(value), bits)


def float_to_int(value: float, bits: int, is_signed: bool) -> int:
    """Toward zero; saturates; NaN is 0. A mathematical value."""
    if value != value:
        return 0
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)
    if value <= low:
        return low
    if value >= high:
        return high
    return int(value)


# --- SSA ----------------------------------------------------------------------------------------------------------

IntOp = Callable[[int, int, int], int | None]
"""(a, b, bits) on unsigned representatives; the result may be any integer with the right low bits."""


def _compare(test: Callable[[int, int], bool], is_signed: bool) -> IntOp:
    if is_signed:
        return lambda a, b, bits: int(test(signed(a, bits), signed(b, bits)))
    return lambda a, b, bits: int(test(a, b))


def _exact(compute: Callable[[int, int], int], is_signed: bool) -> IntOp:
    """The result, None when it does not fit."""

    def run(a: int, b: int, bits: int) -> int | None:
        value = compute(signed(a, bits), signed(b, bits)) if is_signed else compute(a, b)
        return value if fits(value, bits, is_signed) else None

    return run


def _over(compute: Callable[[int, int], int], is_signed: bool) -> IntOp:
    exact = _exact(compute, is_signed)
    return lambda a, b, bits: int(exact(a, b, bits) is None)


def _divide(compute: Callable[[int, int], int], is_signed: bool) -> IntOp:
    def run(a: int, b: int, bits: int) -> int | None:
        if b == 0:
            return None
        if not is_signed:
            return compute(a, b)
        x, y = signed(a, bits), signed(b, bits)
        return None if y == -1 and x == -(1 << (bits - 1)) else compute(x, y)

    return run


def _shift(compute: Callable[[int, int, int], int]) -> IntOp:
    return lambda a, b, bits: compute(a, b, bits) if b < bits else None


def _int_table() -> dict[str, IntOp]:
    add, sub, mul = (lambda a, b: a + b), (lambda a, b: a - b), (lambda a, b: a * b)
    table: dict[str, IntOp] = {
        "add": lambda a, b, bits: a + b,
        "sub": lambda a, b, bits: a - b,
        "mul": lambda a, b, bits: a * b,
        "and": lambda a, b, bits: a & b,
        "or": lambda a, b, bits: a | b,
        "xor": lambda a, b, bits: a ^ b,
        "shl": _shift(lambda a, b, bits: a << b),
        "lshr": _shift(lambda a, b, bits: a >> b),
        "ashr": _shift(lambda a, b, bits: signed(a, bits) >> b),
        "rotl": rotl,
        "sdiv": _divide(quotient, True),
        "udiv": _divide(quotient, False),
        "srem": _divide(remainder, True),
        "urem": _divide(remainder, False),
        "eq": _compare(lambda a, b: a == b, False),
        "ne": _compare(lambda a, b: a != b, False),
    }
    for sign, is_signed in (("s", True), ("u", False)):
        for name, compute in (("add", add), ("sub", sub), ("mul", mul)):
            table[f"{sign}{name}.trap"] = _exact(compute, is_signed)
            table[f"{sign}{name}.over"] = _over(compute, is_signed)
        table[f"{sign}lt"] = _compare(lambda a, b: a < b, is_signed)
        table[f"{sign}le"] = _compare(lambda a, b: a <= b, is_signed)
        table[f"{sign}gt"] = _compare(lambda a, b: a > b, is_signed)
        table[f"{sign}ge"] = _compare(lambda a, b: a >= b, is_signed)
    return table


INT_OPS: dict[str, IntOp] = _int_table()
"""Operations on two integers of one width."""

FLOAT_OPS: dict[str, Callable[[float, float], float]] = {
    "fadd": lambda a, b: a + b,
    "fsub": lambda a, b: a - b,
    "fmul": lambda a, b: a * b,
    "fdiv": fdiv,
    "frem": frem,
}
"""In double precision; for f32 round once more, which is exact for these (53 >= 2 * 24 + 2 bits)."""

FLOAT_COMPARES: dict[str, Callable[[float, float], bool]] = {
    "feq": lambda a, b: a == b,
    "fne": lambda a, b: a != b,
    "flt": lambda a, b: a < b,
    "fle": lambda a, b: a <= b,
    "fgt": lambda a, b: a > b,
    "fge": lambda a, b: a >= b,
}

FLOAT_UNARY: dict[str, Callable[[float], float]] = {
    "fneg": lambda a: -a,
    "fabs": abs,
    "fsqrt": fsqrt,
    "ffloor": ffloor,
    "fceil": fceil,
    "ftrunc": ftrunc,
    "fround": fround,
}

BIT_UNARY: dict[str, Callable[[int, int], int]] = {
    "popcnt": lambda a, bits: a.bit_count(),
    "clz": clz,
    "ctz": ctz,
    "bswap": bswap,
}


def evaluate(op: str, ty: str, args: list[Number], arg_ty: str = "") -> Number | None:
    """The result of a pure operation on constants; None when it would panic, or is not one that can be computed here.

    `ty` is the instruction's type, `arg_ty` the type of its first operand (needed by comparisons and conversions).
    The result is in the representation of the result's type.
    """
    compute = INT_OPS.get(op)
    if compute is not None:
        operand = arg_ty or ty
        if operand == "ptr":
            return None
        value = compute(args[0], args[1], BITS[operand])  # type: ignore[arg-type]
        return None if value is None else wrap(value, BITS[ty]) if ty == operand else value
    if op in FLOAT_OPS:
        result = FLOAT_OPS[op](args[0], args[1])
        return f32(result) if ty == "f32" else result
    if op in FLOAT_COMPARES:
        return int(FLOAT_COMPARES[op](args[0], args[1]))
    if op in FLOAT_UNARY:
        result = FLOAT_UNARY[op](args[0])
        return f32(result) if ty == "f32" else result
    if op in BIT_UNARY:
        return BIT_UNARY[op](args[0], BITS[ty])  # type: ignore[arg-type]
    return _convert(op, ty, args, arg_ty)


def _convert(op: str, ty: str, args: list[Number], arg_ty: str) -> Number | None:
    first = args[0] if args else 0
    if op == "select":
        return args[1] if first else args[2]
    if op == "fma":
        return fma(args[0], args[1], args[2], BITS[ty])
    if op in ("fpext", "fptrunc"):
        return f32(first) if ty == "f32" else first
    if op in ("fptosi.sat", "fptoui.sat"):
        return wrap(float_to_int(first, BITS[ty], op == "fptosi.sat"), BITS[ty])
    if op == "bitcast":
        if ty == arg_ty:
            return first
        return float_from_bits(int(first), BITS[ty]) if ty[0] == "f" else float_bits(first, BITS[ty])
    if not isinstance(first, int):
        return None
    if op == "trunc" or op == "zext":
        return wrap(first, BITS[ty])
    if op == "sext":
        return wrap(signed(first, BITS[arg_ty]), BITS[ty])
    if op == "sitofp":
        return int_to_float(signed(first, BITS[arg_ty]), BITS[ty])
    if op == "uitofp":
        return int_to_float(first, BITS[ty])
    return None


# --- the language -------------------------------------------------------------------------------------------------

_INT_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}
_COMPARES: dict[str, Callable[[Number, Number], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
OVERFLOW_WORDS: dict[str, str] = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "calculate the remainder",
    "<<": "shift left", ">>": "shift right", "neg": "negate",
}
"""What an operator attempts, for `overflow_message`; `neg` is the unary minus."""


def width(ty: Ty, pointer_bits: int = 64) -> tuple[int, bool]:
    """(bits, signed) of an integer type, bool or rune."""
    if isinstance(ty, IntTy):
        return (pointer_bits if ty.pointer_sized else ty.bits), ty.signed
    if ty is BOOL:
        return 1, False
    if ty is RUNE:
        return 32, False
    raise TypeError(f"{ty.text} is not an integer type")


def int_binary(op: str, ty: Ty, a: int, b: int, checked: bool = True, pointer_bits: int = 64) -> int | str:
    """An operator of the language on two values of an integer type (also bool, rune); comparisons give 0 or 1.

    The panic message when it panics; with `checked` off, + - * wrap.
    """
    compare = _COMPARES.get(op)
    if compare is not None:
        return int(compare(a, b))
    bits, is_signed = width(ty, pointer_bits)
    if op == "/" or op == "%":
        if b == 0:
            return DIVISION_BY_ZERO if op == "/" else REMAINDER_BY_ZERO
        if b == -1 and not fits(-a, bits, is_signed):
            return overflow_message(OVERFLOW_WORDS[op])
        return quotient(a, b) if op == "/" else remainder(a, b)
    if op == "<<" or op == ">>":
        if not 0 <= b < bits:
            return overflow_message(OVERFLOW_WORDS[op])
        if op == ">>":
            return a >> b
        return signed(a << b, bits) if is_signed else wrap(a << b, bits)
    value = _INT_BINARY[op](a, b)
    if fits(value, bits, is_signed):
        return value
    if checked:
        return overflow_message(OVERFLOW_WORDS[op])
    return signed(value, bits) if is_signed else wrap(value, bits)


def int_unary(op: str, ty: Ty, a: int, checked: bool = True, pointer_bits: int = 64) -> int | str:
    """`-`, `~` or `not`; the panic message when it panics."""
    bits, is_signed = width(ty, pointer_bits)
    if op == "not":
        return 1 - a
    if op == "~":
        return ~a if is_signed else wrap(~a, bits)
    if fits(-a, bits, is_signed):
        return -a
    if checked:
        return overflow_message(OVERFLOW_WORDS["neg"])
    return signed(-a, bits) if is_signed else wrap(-a, bits)


def float_binary(op: str, ty: FloatTy, a: float, b: float) -> float | int:
    """An operator on two floats of one type; comparisons give 0 or 1."""
    compare = _COMPARES.get(op)
    if compare is not None:
        return int(compare(a, b))
    value = FLOAT_OPS[_FLOAT_NAMES[op]](a, b)
    return f32(value) if ty.bits == 32 else value


_FLOAT_NAMES = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv", "%": "frem"}


def convert(from_ty: Ty, to_ty: Ty, value: Number, pointer_bits: int = 64) -> int | float | str:
    """`value as T` between numbers, bool and rune: integers truncate, floats to integers saturate. The panic message for a number
    that is no rune."""
    if isinstance(to_ty, FloatTy):
        if isinstance(from_ty, FloatTy):
            return f32(value) if to_ty.bits == 32 else value
        return int_to_float(int(value), to_ty.bits)
    bits, is_signed = width(to_ty, pointer_bits)
    if isinstance(from_ty, FloatTy):
        return float_to_int(value, bits, is_signed)
    number = int(value)
    if to_ty is RUNE and from_ty is not RUNE and not (0 <= number < 0xD800 or 0xE000 <= number < 0x110000):
        return NOT_A_RUNE
    return signed(number, bits) if is_signed else wrap(number, bits)
