"""What operations compute, against Python's integers and C's floats."""

import ctypes
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitte.ir import fold
from vitte.ir.ssa import OPS
from vitte.ir.types import BOOL, F32, F64, I8, I32, I64, I128, INTS, RUNE, U8, U64, USIZE

WIDTHS = (8, 16, 32, 64, 128)


def bits_and_values() -> st.SearchStrategy[tuple[int, int, int]]:
    def of(bits: int) -> st.SearchStrategy[tuple[int, int, int]]:
        edge = st.sampled_from([0, 1, 2, (1 << bits) - 1, (1 << (bits - 1)) - 1, 1 << (bits - 1), bits - 1, bits])
        value = st.one_of(edge, st.integers(0, (1 << bits) - 1)).map(lambda v: v % (1 << bits))
        return st.tuples(st.just(bits), value, value)

    return st.sampled_from(WIDTHS).flatmap(of)


@given(bits_and_values(), st.sampled_from(["add", "sub", "mul"]))
def test_arithmetic_wraps_traps_and_predicts(sample: tuple[int, int, int], name: str) -> None:
    bits, a, b = sample
    ty = f"i{bits}"
    python = {"add": int.__add__, "sub": int.__sub__, "mul": int.__mul__}[name]
    assert fold.evaluate(name, ty, [a, b]) == python(a, b) % (1 << bits)
    for sign in "su":
        x, y = (fold.signed(a, bits), fold.signed(b, bits)) if sign == "s" else (a, b)
        exact = python(x, y)
        over = not fold.fits(exact, bits, sign == "s")
        assert fold.evaluate(f"{sign}{name}.over", ty, [a, b]) == over
        assert fold.evaluate(f"{sign}{name}.trap", ty, [a, b]) == (None if over else exact % (1 << bits))


@given(bits_and_values())
def test_division_truncates(sample: tuple[int, int, int]) -> None:
    bits, a, b = sample
    ty = f"i{bits}"
    x, y = fold.signed(a, bits), fold.signed(b, bits)
    if b == 0 or (y == -1 and x == -(1 << (bits - 1))):
        assert fold.evaluate("sdiv", ty, [a, b]) is None and fold.evaluate("srem", ty, [a, b]) is None
    else:
        q, r = fold.evaluate("sdiv", ty, [a, b]), fold.evaluate("srem", ty, [a, b])
        q, r = fold.signed(q, bits), fold.signed(r, bits)
        assert q * y + r == x and abs(r) < abs(y) and (r == 0 or (r < 0) == (x < 0))
    if b:
        assert fold.evaluate("udiv", ty, [a, b]) == a // b and fold.evaluate("urem", ty, [a, b]) == a % b


@given(bits_and_values())
def test_bits_and_comparisons(sample: tuple[int, int, int]) -> None:
    bits, a, b = sample
    ty = f"i{bits}"
    x, y = fold.signed(a, bits), fold.signed(b, bits)
    assert fold.evaluate("slt", "i1", [a, b], ty) == (x < y)
    assert fold.evaluate("uge", "i1", [a, b], ty) == (a >= b)
    assert fold.evaluate("eq", "i1", [a, b], ty) == (a == b)
    assert fold.evaluate("shl", ty, [a, b]) == (None if b >= bits else (a << b) % (1 << bits))
    assert fold.evaluate("ashr", ty, [a, b]) == (None if b >= bits else (x >> b) % (1 << bits))
    assert fold.evaluate("lshr", ty, [a, b]) == (None if b >= bits else a >> b)
    assert fold.evaluate("popcnt", ty, [a]) == bin(a).count("1")
    assert fold.evaluate("clz", ty, [a]) == len(f"{a:0{bits}b}") - len(f"{a:0{bits}b}".lstrip("0"))
    assert fold.evaluate("ctz", ty, [a]) == bits - len(f"{a:0{bits}b}".rstrip("0"))
    count = b % bits
    text = f"{a:0{bits}b}"
    assert fold.evaluate("rotl", ty, [a, b]) == int(text[count:] + text[:count], 2)
    assert fold.evaluate("bswap", ty, [a]) == int.from_bytes(a.to_bytes(bits // 8, "big"), "little")
    assert fold.evaluate("sext", "i128", [a], ty) == x % (1 << 128)
    assert fold.evaluate("trunc", "i8", [a], ty) == a & 255


floats = st.floats(allow_nan=True, allow_infinity=True)


def same(a: float, b: float) -> bool:
    return struct.pack("<d", a) == struct.pack("<d", b) or (a != a and b != b)


@given(floats, floats)
def test_floats_like_c(a: float, b: float) -> None:
    libm = ctypes.CDLL("libm.so.6")
    for name, op in (("fmod", "frem"), ("floor", "ffloor"), ("ceil", "fceil"), ("trunc", "ftrunc"), ("round", "fround"), ("sqrt", "fsqrt")):
        f = getattr(libm, name)
        f.restype = ctypes.c_double
        args = [a, b] if op == "frem" else [a]
        want = f(*[ctypes.c_double(x) for x in args])
        assert same(fold.evaluate(op, "f64", args), want), op


@given(floats, floats, floats)
def test_fma_rounds_once(a: float, b: float, c: float) -> None:
    libm = ctypes.CDLL("libm.so.6")
    libm.fma.restype = ctypes.c_double
    libm.fmaf.restype = ctypes.c_float
    assert same(fold.fma(a, b, c), libm.fma(*[ctypes.c_double(x) for x in (a, b, c)]))
    x, y, z = fold.f32(a), fold.f32(b), fold.f32(c)
    assert same(fold.fma(x, y, z, 32), libm.fmaf(*[ctypes.c_float(v) for v in (x, y, z)]))


@given(st.integers(-(1 << 127), (1 << 127) - 1))
def test_integer_to_f32_rounds_once(n: int) -> None:
    got = fold.int_to_float(n, 32)
    assert fold.f32(got) == got
    # No other f32 is nearer.
    encoded = fold.float_bits(got, 32)
    for other in (encoded - 1, encoded + 1):
        if 0 <= other < 1 << 32:
            neighbour = fold.float_from_bits(other, 32)
            if math.isfinite(neighbour):
                assert abs(int(got) - n) <= abs(int(neighbour) - n)
    assert fold.int_to_float(n, 64) == float(n)


def test_specials() -> None:
    assert fold.fdiv(1.0, -0.0) == -math.inf and fold.fdiv(0.0, 0.0) != fold.fdiv(0.0, 0.0)
    assert fold.evaluate("fptosi.sat", "i8", [1e9]) == 127
    assert fold.evaluate("fptosi.sat", "i8", [-1e9]) == 128
    assert fold.evaluate("fptoui.sat", "i64", [-1.0]) == 0
    assert fold.evaluate("fptosi.sat", "i64", [math.nan]) == 0
    assert fold.evaluate("fptoui.sat", "i64", [math.inf]) == 2**64 - 1
    assert fold.evaluate("bitcast", "i32", [1.0], "f32") == 0x3F800000
    assert fold.evaluate("bitcast", "f64", [0x3FF0000000000000], "i64") == 1.0
    assert fold.evaluate("fadd", "f32", [1.0, 2.0**-30]) == 1.0
    assert fold.evaluate("load", "i64", [0]) is None


def test_language_integers() -> None:
    assert fold.int_binary("+", I8, 127, 1) == "attempt to add with overflow"
    assert fold.int_binary("+", I8, 127, 1, checked=False) == -128
    assert fold.int_binary("-", U8, 0, 1, checked=False) == 255
    assert fold.int_binary("/", I64, -7, 2) == -3 and fold.int_binary("%", I64, -7, 2) == -1
    assert fold.int_binary("/", I32, -(2**31), -1) == "attempt to divide with overflow"
    assert fold.int_binary("%", I32, 1, 0) == fold.REMAINDER_BY_ZERO
    assert fold.int_binary("<<", I8, 1, 7) == -128 and fold.int_binary("<<", I8, 1, 8) == "attempt to shift left with overflow"
    assert fold.int_binary(">>", I64, -8, 1) == -4
    assert fold.int_binary("*", I128, 2**64, 2**62) == 2**126
    assert fold.int_binary("<", U64, 3, 4) == 1
    assert fold.int_unary("-", I8, -128) == "attempt to negate with overflow"
    assert fold.int_unary("-", U8, 1) == "attempt to negate with overflow" and fold.int_unary("-", U8, 0) == 0
    assert fold.int_unary("~", U8, 1) == 254 and fold.int_unary("~", I8, 1) == -2
    assert fold.int_binary("+", USIZE, 2**32 - 1, 1, pointer_bits=32) == "attempt to add with overflow"


def test_language_conversions() -> None:
    assert fold.convert(I64, U8, -1) == 255 and fold.convert(U8, I8, 200) == -56
    assert fold.convert(F64, U8, 300.7) == 255 and fold.convert(F64, I32, -3.9) == -3
    assert fold.convert(I64, F32, 2**24 + 1) == float(2**24)
    assert fold.convert(I64, RUNE, 0xD800) == fold.NOT_A_RUNE and fold.convert(U8, RUNE, 65) == 65
    assert fold.convert(BOOL, I64, 1) == 1
    assert fold.convert(F64, F32, 0.1) == fold.f32(0.1)
    assert fold.float_binary("/", F64, 1.0, 0.0) == math.inf
    assert fold.float_binary("<", F32, 1.0, 2.0) == 1


NUMERIC = sorted(name for name, info in OPS.items() if info.pure and info.args and "ptr" not in (*info.args, info.result))


@pytest.mark.parametrize("op", NUMERIC)
def test_every_pure_operation_on_numbers_is_known(op: str) -> None:
    info = OPS[op]
    is_float = op[0] == "f" or op == "uitofp" or op == "sitofp"
    ty = "f64" if is_float and not op.startswith("fpto") else "i64"
    arg: int | float = 1.0 if op[0] == "f" else 1
    arg_ty = ("f64" if op[0] == "f" else "i64") if op not in ("sext", "zext", "sitofp", "uitofp") else "i32"
    result_ty = ty if info.result == "T" else info.result
    assert fold.evaluate(op, result_ty if "T" not in info.args else ty, [arg] * len(info.args), arg_ty) is not None


def test_width_of_every_integer() -> None:
    for ty in INTS.values():
        bits, is_signed = fold.width(ty)
        assert bits == ty.bits and is_signed == ty.signed
