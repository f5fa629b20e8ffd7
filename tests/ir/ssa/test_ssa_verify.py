"""One broken module per invariant; the healthy one has no complaint."""

import pytest

from vitte.ir.ssa_text import parse_module
from vitte.ir.ssa_verify import verify

HEALTHY = '''module "m" file "m.vit"
extern "puts"(ptr) -> i32 variadic
extern "std/rt::f"(i64) -> ()
extern_global "out"
global "g" private align 8 = "12345678" { 0: "out" 0 }
const "m::C" "m::C" init "m::f" ty i64 size 8 align 8 signed

fn "m::f"() -> i64 internal {
bb0:
  %0 = const i64 "m::C"
  ret %0
}

fn "m::g"(%0: i64, %1: f64) -> i64 external {
  about "g" file "m.vit" line 1 of "m::g"
  slot 0: size 8 align 8 "x"
  loc 1: "m.vit" 1:1 row 1 of "m::g"
  var 0: "n" "i64" @1
bb0:
  %2 = iconst i64 3
  %3 = slt i1 %0, %2
  %4 = slot ptr 0
  store %0, %4
  dbg %4 "slot"
  %5 = global_addr ptr "g"
  %6 = call i32 "puts" %5, %0 1 @1
  call "std/rt::f" %0
  %7 = trunc i8 %0
  %8 = feq i1 %1, %1
  %10 = here ptr "m.vit" @1
  br %3, bb1(%0), bb2
bb1(%9: i64):
  switch %9, 0 bb2, 18446744073709551615 bb1(%2), else bb2
bb2:
  ret %2
}
'''


def test_healthy() -> None:
    assert verify(parse_module(HEALTHY)) == []


BROKEN = [
    ("S1", "%3 = slt", "%8 = slt i1 %0, %2\n  %3 = slt", "%8 is defined twice"),
    ("S1", "ret %2", "ret %77", "%77 is not defined"),
    ("S2", "store %0, %4\n", "store %8, %4\n", "%8 is used before its definition"),
    ("S2", "ret %2", "ret %9", "the definition of %9 does not dominate its use"),
    ("S3", "slt i1 %0, %2", "slt i1 %0, %1", "operands are (i64, f64)"),
    ("S3", "slt i1 %0, %2", "slt i1 %1, %1", "floats have operations of their own"),
    ("S3", "feq i1 %1, %1", "feq i1 %0, %0", "i64 is no float"),
    ("S3", "%2 = iconst i64 3", "%2 = iconst i64 18446744073709551616", "does not fit i64"),
    ("S3", "trunc i8 %0", "zext i8 %0", "goes the other way"),
    ("S3", "  ret %2", "  ret %3", "operands are (i1), wanted (i64)"),
    ("S3", "br %3, bb1", "br %0, bb1", "operands are (i64), wanted (i1)"),
    ("S3", "store %0, %4\n", "store %0, %0\n", "wanted (V, ptr)"),
    ("S4", "bb1(%0)", "bb1", "bb1 takes (i64), given ()"),
    ("S4", "bb1(%0)", "bb1(%1)", "bb1 takes (i64), given (f64)"),
    ("S5", "else bb2", "else bb3", "no target"),
    ("S5", "else bb2", "else bb0", "block 0 is no target"),
    ("S5", "br %3, bb1(%0), bb2", "br %3, bb2", "br has 1 targets"),
    ("S6", '"std/rt::f" %0', '"std/rt::f" %1', "the function takes (i64)"),
    ("S6", '"std/rt::f" %0', '"std/rt::f"', "operands are ()"),
    ("S6", '%6 = call i32 "puts" %5, %0 1', '%6 = call i64 "puts" %5, %0 1', "the function gives i32"),
    ("S7", 'call "std/rt::f"', 'call "std/rt::h"', "unknown function"),
    ("S7", 'global_addr ptr "g"', 'global_addr ptr "h"', "unknown data"),
    ("S7", '0: "out" 0', '0: "in" 0', 'unknown symbol "in"'),
    ("S7", '"m::f"() -> i64 internal', '"m::g"() -> i64 internal', "is defined twice"),
    ("S8", "slot ptr 0", "slot ptr 1", "no such slot"),
    ("S8", 'dbg %4 "slot"', 'dbg %4 "slot" 4', "no such variable"),
    ("S8", '1 @1\n', '1 @2\n', "unknown place"),
    ("S10", "0 bb2, 18446744073709551615", "0 bb2, 0", "a value occurs twice"),
    ("S10", "18446744073709551615", "18446744073709551616", "does not fit i64"),
    ("S11", '"m.vit" 1:1 row 1 of', '"m.vit" 1:1 row 0 of', "no row for it in the table of m::g"),
    ("S11", '"m.vit" @1', '"m.vit"', "no row for it in the table of m::g"),
]


@pytest.mark.parametrize(("rule", "old", "new", "message"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)])
def test_broken(rule: str, old: str, new: str, message: str) -> None:
    assert old in HEALTHY
    errors = verify(parse_module(HEALTHY.replace(old, new)))
    assert any(e.startswith(f"{rule}:") and message in e for e in errors), errors


def test_s9_constants_left() -> None:
    errors = verify(parse_module(HEALTHY), evaluated=True)
    assert any(e.startswith("S9") and "left after" in e for e in errors)
