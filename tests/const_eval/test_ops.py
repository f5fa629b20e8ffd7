"""Every pure operation in the interpreter gives what `fold` says, and programs of several blocks keep their meaning."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.const_eval.kit import machine
from vitte.const_eval.machine import Machine, Panic
from vitte.ir import fold
from vitte.ir.ssa import BITS, OPS, Block, Function, Inst, Module, Term

FEW = settings(max_examples=15, deadline=None)
INTS = ("i8", "i16", "i32", "i64", "i128")
BINARY = [op for op, info in OPS.items() if info.args == ("T", "T") and not op.startswith("f")]
COMPARES = ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"]
UNARY = ["popcnt", "clz", "ctz", "bswap"]


def value_of(bits: int) -> st.SearchStrategy[int]:
    edges = st.sampled_from([0, 1, 2, 3, bits - 1, (1 << bits) - 1, (1 << bits) - 2, (1 << (bits - 1)) - 1, 1 << (bits - 1)])
    return st.one_of(edges, st.integers(0, (1 << bits) - 1))


cases = st.sampled_from(INTS).flatmap(lambda ty: st.tuples(st.just(ty), value_of(BITS[ty]), value_of(BITS[ty])))


def run(op: str, ty: str, arg_ty: str, args: list[int | float], literal: tuple[bool, ...]) -> object:
    """Run one operation on parameters, some given as constants instead; the result in `fold`'s representation, None for a panic."""
    info = OPS[op]
    result_ty = ty if info.result == "T" else info.result
    types = [arg_ty] * len(args)
    insts = []
    for i, (arg, fixed) in enumerate(zip(args, literal)):
        if fixed:
            insts.append(Inst("iconst", arg_ty, [], i, int(arg)) if arg_ty[0] == "i" else Inst("fconst", arg_ty, [], i, 0, float(arg)))
    params = [i for i in range(len(args)) if not literal[i]]
    result = len(types)
    insts.append(Inst(op, ty, list(range(len(args))), result))
    fn = Function("f", params, result_ty, [Block([], insts, Term("ret", [result]))], [*types, result_ty])
    given_args = [fold.signed(int(args[i]), BITS[arg_ty]) if arg_ty in INTS else args[i] for i in params]
    try:
        found = Machine([Module("m", "m", [fn], [], {})]).call("f", *given_args)
    except Panic:
        return None
    if result_ty in BITS and result_ty[0] == "i":
        assert isinstance(found, int)
        if result_ty != "i1":
            assert fold.fits(found, BITS[result_ty], True), "not a signed number"
        return fold.wrap(found, BITS[result_ty])
    return found


@pytest.mark.parametrize("op", [*BINARY, *COMPARES])
@FEW
@given(case=cases, literal=st.sampled_from([(False, False), (False, True), (True, False)]))
def test_binary(op: str, case: tuple[str, int, int], literal: tuple[bool, bool]) -> None:
    ty, a, b = case
    if op in ("shl", "lshr", "ashr"):
        b %= BITS[ty]
    compare = op in COMPARES
    wanted = fold.evaluate(op, "i1" if compare else ty, [a, b], ty)
    if wanted is None and not op.endswith(".trap"):
        return  # preceded by a check in real code
    assert run(op, "i1" if compare else ty, ty, [a, b], literal) == wanted


@pytest.mark.parametrize("op", UNARY)
@FEW
@given(case=cases)
def test_unary(op: str, case: tuple[str, int, int]) -> None:
    ty, a, _ = case
    if op == "bswap" and ty == "i8":
        return
    assert run(op, ty, ty, [a], (False,)) == fold.evaluate(op, ty, [a])


@pytest.mark.parametrize("op", ["trunc", "zext", "sext", "sitofp", "uitofp"])
@FEW
@given(case=cases, data=st.data())
def test_conversions(op: str, case: tuple[str, int, int], data: st.DataObject) -> None:
    source, a, _ = case
    if op in ("sitofp", "uitofp"):
        target = data.draw(st.sampled_from(["f32", "f64"]))
    else:
        wider = [t for t in ("i1", *INTS) if (BITS[t] < BITS[source]) == (op == "trunc") and t != source]
        if not wider:
            return
        target = data.draw(st.sampled_from(wider))
    assert run(op, target, source, [a], (False,)) == fold.evaluate(op, target, [a], source)


floats = st.floats(allow_nan=True, allow_infinity=True)


def same(a: object, b: object) -> bool:
    return (a != a and b != b) or (a == b and math.copysign(1, a) == math.copysign(1, b))  # type: ignore[arg-type]


@pytest.mark.parametrize("op", ["fadd", "fsub", "fmul", "fdiv", "frem", "feq", "fne", "flt", "fle", "fgt", "fge"])
@FEW
@given(a=floats, b=floats, ty=st.sampled_from(["f32", "f64"]), literal=st.booleans())
def test_floats(op: str, a: float, b: float, ty: str, literal: bool) -> None:
    if ty == "f32":
        a, b = fold.f32(a), fold.f32(b)
    compare = OPS[op].result == "i1"
    assert same(run(op, "i1" if compare else ty, ty, [a, b], (False, literal)), fold.evaluate(op, "i1" if compare else ty, [a, b], ty))


FLOAT_UNARY = ["fneg", "fabs", "fsqrt", "ffloor", "fceil", "ftrunc", "fround", "fptosi.sat", "fptoui.sat", "bitcast", "fptrunc"]


@pytest.mark.parametrize("op", FLOAT_UNARY)
@FEW
@given(a=floats)
def test_float_unary(op: str, a: float) -> None:
    ty = {"fptosi.sat": "i32", "fptoui.sat": "i64", "bitcast": "i64", "fptrunc": "f32"}.get(op, "f64")
    assert same(run(op, ty, "f64", [a], (False,)), fold.evaluate(op, ty, [a], "f64"))


LOOPS = '''
fn "collatz"(%0: i64) -> i64 external {
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  %3 = iconst i64 2
  %4 = iconst i64 3
  jump bb1(%0, %1)
bb1(%5: i64, %6: i64):
  %7 = eq i1 %5, %2
  br %7, bb5, bb2
bb2:
  %8 = srem i64 %5, %3
  %9 = eq i1 %8, %1
  %10 = add i64 %6, %2
  br %9, bb3, bb4
bb3:
  %11 = sdiv i64 %5, %3
  jump bb1(%11, %10)
bb4:
  %12 = mul i64 %5, %4
  %13 = add i64 %12, %2
  jump bb1(%13, %10)
bb5:
  ret %6
}
fn "swap"(%0: i64) -> i64 external {
bb0:
  %1 = iconst i64 1
  %2 = iconst i64 100
  jump bb1(%1, %2, %0)
bb1(%3: i64, %4: i64, %5: i64):
  %6 = iconst i64 0
  %7 = eq i1 %5, %6
  br %7, bb2, bb3
bb2:
  ret %3
bb3:
  %8 = sub i64 %5, %1
  jump bb1(%4, %3, %8)
}
fn "kind"(%0: i8) -> i64 external {
bb0:
  %1 = iconst i64 10
  %2 = iconst i64 20
  switch %0, 0 bb1, 255 bb2(%1), 7 bb2(%2), else bb3
bb1:
  ret %1
bb2(%3: i64):
  %4 = add i64 %3, %3
  jump bb4(%4)
bb3:
  %5 = sext i64 %0
  jump bb4(%5)
bb4(%6: i64):
  ret %6
}
fn "nested"(%0: i64) -> i64 external {
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  %16 = iconst i64 50
  jump bb1(%1, %1)
bb1(%3: i64, %4: i64):
  %5 = slt i1 %3, %0
  br %5, bb2(%1, %4), bb7(%4)
bb2(%6: i64, %7: i64):
  %8 = slt i1 %6, %3
  br %8, bb3, bb6
bb3:
  %9 = add i64 %7, %6
  %10 = sgt i1 %9, %16
  br %10, bb7(%9), bb4
bb4:
  %11 = and i64 %6, %2
  %12 = eq i1 %11, %2
  br %12, bb5, bb6
bb5:
  %13 = add i64 %6, %2
  jump bb2(%13, %9)
bb6:
  %14 = add i64 %3, %2
  jump bb1(%14, %7)
bb7(%15: i64):
  ret %15
}
fn "irreducible"(%0: i64) -> i64 external {
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  %3 = slt i1 %0, %1
  br %3, bb1(%0), bb2(%0)
bb1(%4: i64):
  %5 = add i64 %4, %2
  jump bb2(%5)
bb2(%6: i64):
  %7 = iconst i64 9
  %8 = sgt i1 %6, %7
  br %8, bb3, bb1(%6)
bb3:
  ret %6
}
'''


def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    return steps


def nested(n: int) -> int:
    """The meaning of "nested", written as a state machine."""
    i = total = 0
    while i < n:
        j, inner = 0, total
        while j < i:
            s = inner + j
            if s > 50:
                return s
            if j & 1 != 1:
                break
            j, inner = j + 1, s
        i, total = i + 1, inner
    return total


@pytest.mark.parametrize("limit", [0, 10_000_000])
def test_control_flow(limit: int) -> None:
    m = machine(LOOPS, step_limit=limit)
    assert [m.call("collatz", n) for n in range(1, 20)] == [collatz(n) for n in range(1, 20)]
    assert [m.call("swap", n) for n in range(4)] == [1, 100, 1, 100]
    assert [m.call("kind", n) for n in (0, -1, 7, -5, 4)] == [10, 20, 40, -5, 4]
    assert [m.call("nested", n) for n in range(30)] == [nested(n) for n in range(30)]
    assert [m.call("irreducible", n) for n in (-3, 0, 9, 10, 50)] == [10, 10, 10, 10, 50]


def test_many_blocks_in_a_row_and_deep_nesting() -> None:
    """A long chain of joins and a deep nest of branches are within Python's limits, one way or the other."""
    lines = ['fn "f"(%0: i64) -> i64 external {', "bb0:", "  %1 = iconst i64 5", "  jump bb1(%0)"]
    value = 2
    for i in range(400):
        lines += [f"bb{3 * i + 1}(%{value}: i64):", f"  %{value + 1} = slt i1 %{value}, %1"]
        lines += [f"  br %{value + 1}, bb{3 * i + 2}, bb{3 * i + 3}"]
        lines += [f"bb{3 * i + 2}:", f"  %{value + 2} = add i64 %{value}, %1", f"  jump bb{3 * i + 4}(%{value + 2})"]
        lines += [f"bb{3 * i + 3}:", f"  %{value + 3} = sub i64 %{value}, %1", f"  jump bb{3 * i + 4}(%{value + 3})"]
        value += 4
    lines += [f"bb1201(%{value}: i64):", f"  ret %{value}", "}"]
    assert machine("\n".join(lines)).call("f", 3) == 3
    depth = 300
    lines = ['fn "g"(%0: i64) -> i64 external {']
    for i in range(depth):
        lines += [f"bb{2 * i}:", f"  %{2 * i + 1} = iconst i64 {i}", f"  %{2 * i + 2} = ugt i1 %0, %{2 * i + 1}"]
        lines += [f"  br %{2 * i + 2}, bb{2 * i + 2}, bb{2 * i + 1}", f"bb{2 * i + 1}:", f"  ret %{2 * i + 1}"]
    lines += [f"bb{2 * depth}:", "  ret %0", "}"]
    m = machine("\n".join(lines))
    assert m.call("g", 7) == 7 and m.call("g", 1000) == 1000
