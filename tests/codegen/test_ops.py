"""Every pure operation at every type, natively, against `ir.fold` on values where things go wrong."""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

import ctypes
import itertools
import math
import random
import struct
from pathlib import Path

import pytest

from tests.codegen.native import library, ssa
from vitte.codegen.llvm.ops import EMIT
from vitte.ir.fold import evaluate, f32
from vitte.ir.ssa import BITS, OPS

INTS = ("i8", "i16", "i32", "i64", "i128")
FLOATS = ("f32", "f64")
BINARY = ["add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "sdiv", "udiv", "srem", "urem", "sadd.trap", "uadd.trap", "ssub.trap", "usub.trap", "smul.trap", "umul.trap", "rotl", "sadd.over", "uadd.over", "smul.over", "umul.over", "ssub.over", "usub.over", "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"]


def cases() -> list[tuple[str, str, tuple[str, ...], str]]:
    """(op, instruction type, operand types, result type)."""
    found: list[tuple[str, str, tuple[str, ...], str]] = []
    for op in BINARY:
        for ty in INTS:
            result = "i1" if OPS[op].result == "i1" else ty
            found.append((op, "i1" if op in ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge") else ty, (ty, ty), result))
    found += [(op, ty, (ty,), ty) for op in ("popcnt", "clz", "ctz", "bswap") for ty in INTS]
    found += [(op, ty, (ty, ty), ty) for op in ("fadd", "fsub", "fmul", "fdiv", "frem") for ty in FLOATS]
    found += [(op, "i1", (ty, ty), "i1") for op in ("feq", "fne", "flt", "fle", "fgt", "fge") for ty in FLOATS]
    found += [(op, ty, (ty,), ty) for op in ("fneg", "fsqrt", "ffloor", "fceil", "ftrunc", "fround", "fabs") for ty in FLOATS]
    found += [("fma", ty, (ty, ty, ty), ty) for ty in FLOATS]
    found += [("select", ty, ("i1", ty, ty), ty) for ty in (*INTS, *FLOATS)]
    found += [("trunc", a, (b,), a) for a, b in itertools.product(("i1", *INTS), INTS) if BITS[a] < BITS[b]]
    found += [(op, b, (a,), b) for op in ("zext", "sext") for a, b in itertools.product(("i1", *INTS), INTS) if BITS[a] < BITS[b]]
    found += [(op, f, (i,), f) for op in ("sitofp", "uitofp") for f in FLOATS for i in INTS]
    found += [(op, i, (f,), i) for op in ("fptosi.sat", "fptoui.sat") for f in FLOATS for i in INTS]
    found += [("fpext", "f64", ("f32",), "f64"), ("fptrunc", "f32", ("f64",), "f32")]
    found += [("bitcast", a, (b,), a) for a, b in (("i32", "f32"), ("f32", "i32"), ("i64", "f64"), ("f64", "i64"), ("i64", "i64"))]
    return found


def function(number: int, op: str, ty: str, operands: tuple[str, ...], result: str) -> str:
    """Operands from 16-byte cells of memory, the result to memory."""
    n = len(operands)
    loads = "\n".join(f"  %{2 + i} = load {t} %0 {16 * i}" for i, t in enumerate(operands))
    args = ", ".join(f"%{2 + i}" for i in range(n))
    return f'fn "f{number}"(%0: ptr, %1: ptr) -> () external {{\nbb0:\n{loads}\n  %{2 + n} = {op} {ty} {args}\n  store %{2 + n}, %1\n  ret\n}}\n'


def encode(value: int | float, ty: str) -> bytes:
    if ty == "f32":
        return struct.pack("<f", value).ljust(16, b"\0")
    if ty == "f64":
        return struct.pack("<d", value).ljust(16, b"\0")
    return int(value).to_bytes(16, "little")


def decode(data: bytes, ty: str) -> int | float:
    if ty == "f32":
        return float(struct.unpack("<f", data[:4])[0])
    if ty == "f64":
        return float(struct.unpack("<d", data[:8])[0])
    return int.from_bytes(data[: max(1, BITS[ty] // 8)], "little")


def interesting(ty: str, rng: random.Random) -> list[int | float]:
    if ty == "i1":
        return [0, 1]
    if ty[0] == "f":
        values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e10, -1e10, 3.7e18, 1.8446744073709552e19, 1e38, -1.7014118346046923e38, math.inf, -math.inf,
                  math.nan, 0.1, 255.0, 256.0, 9.007199254740993e15]
        values += [rng.uniform(-1, 1) * 10.0 ** rng.randint(-5, 38) for _ in range(6)]
        return [f32(v) for v in values] if ty == "f32" else list(values)
    bits = BITS[ty]
    top = 1 << bits
    values = [0, 1, 2, 3, 7, 10, top - 1, top - 2, top // 2, top // 2 - 1, top // 2 + 1, (1 << (bits // 2)), (1 << (bits // 2)) - 1, top - 10]
    values += [rng.getrandbits(rng.randint(1, bits)) for _ in range(8)]
    if bits == 128:
        values += [(1 << 64) + 1, (1 << 100) | 1, (1 << 63) - 1, (1 << 65) - (1 << 11) + 1, 1 << 32, (1 << 118) + (1 << 65) + 1]
    return [v % top for v in values]


def same(a: int | float, b: int | float) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


@pytest.mark.parametrize("opt_level", ["0", "2"])
def test_native_results_are_the_folder_s(opt_level: str, tmp_path: Path) -> None:
    table = cases()
    lib = library(ssa("".join([function(i, *case) for i, case in enumerate(table)])), opt_level, tmp_path)
    rng = random.Random(4)
    wrong: list[str] = []
    computed = 0
    out = ctypes.create_string_buffer(16)
    for number, (op, ty, operands, result) in enumerate(table):
        call = lib[f"f{number}"]
        call.restype = None
        lists = [interesting(t, rng) for t in operands]
        product = list(itertools.product(*lists))
        for values in product if len(product) <= 400 else rng.sample(product, 400):
            if op in ("shl", "lshr", "ashr") and values[1] >= BITS[ty]:
                continue
            want = evaluate(op, ty, list(values), operands[0])
            if want is None:
                continue  # would panic, or is not allowed
            computed += 1
            call(b"".join([encode(v, t) for v, t in zip(values, operands)]), out)
            got = decode(out.raw, result)
            if not same(got, want):
                wrong.append(f"{op} {ty} {values}: {got}, folder {want}")
    assert not wrong, f"{len(wrong)} of {computed}:\n" + "\n".join(wrong[:20])
    assert computed > 20_000


def test_adding_infinity_to_a_finite_product_is_infinity() -> None:
    assert evaluate("fma", "f64", [1e300, 1e300, -math.inf]) == -math.inf
    assert math.isnan(evaluate("fma", "f64", [math.inf, 1.0, -math.inf]) or 0.0)


def test_every_operation_has_an_emitter() -> None:
    assert sorted(EMIT) == sorted(op for op in OPS if op not in ("const", "const_addr"))
