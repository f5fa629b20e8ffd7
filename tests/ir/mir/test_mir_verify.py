"""Each invariant of MIR, broken once."""

from __future__ import annotations

import pytest

from tests.mir.kit import definitions
from vitte.ir.mir_text import parse_body
from vitte.ir.mir_verify import verify_body

LOCALS = """
  _0: i64
  _1: i64 "n"
  mut _2: std/list::list[i64] "xs"
  _3: bool
  _4: demo::Shape
  _5: demo::Point
  _6: ()
  _7: &std/list::list[i64]
  _8: never
  _9: f64
  _10: string
"""


def violations(code: str, phase: str = "built") -> list[str]:
    text = f'fn demo::f external "demo::f" {phase} {{\n  file "d"\n  params 1{LOCALS}{code}\n}}'
    return verify_body(parse_body(text), definitions())


GOOD = """
  bb0:
    _2 = call demo::make()
    _7 = &_2
    _6 = call demo::show(copy _7)
    _1 = len (*_7)
    check_index const 0: i64 < copy _1
    _0 = copy (*_7)[0]
    _5 = new demo::Point#0 {copy _0, const 2: i64}
    _0 = copy (_5.1: i64)
    _4 = new demo::Shape#1 {move _2, move _2}
    _1 = discriminant _4
    switch copy _1 [0: bb1, else: bb2]
  bb1:
    _0 = copy ((_4 as #0).0: i64) + const 1: i64
    return
  bb2:
    unreachable
"""


def test_a_good_body_has_no_violations() -> None:
    assert violations(GOOD) == []


BROKEN = [
    ("M1", "goto bb7", "there is no bb7"),
    ("M1", "switch copy _3 [0: bb0, 1: bb9]", "there is no bb9"),
    ("M2", "_0 = copy _77\n return", "there is no local _77"),
    ("M2", "_0 = copy (_5.2: i64)\n return", "has no field 2"),
    ("M2", "_0 = copy (_5.1: bool)\n return", "field 1 of demo::Point is i64, not bool"),
    ("M2", "_0 = copy (*_1)\n return", "i64 is no pointer"),
    ("M2", "_0 = copy _5[0]\n return", "has no elements"),
    ("M2", "_0 = copy _2[_3]\n return", "the index _3 is no i64"),
    ("M2", "_0 = copy ((_4 as #5).0: i64)\n return", "has no case 5"),
    ("M2", "_0 = discriminant (_4 as #0)\n return", "ends in a case"),
    ("M3", "_0 = copy _3\n return", "the value is bool, not i64"),
    ("M3", "_0 = copy _1 + copy _9\n return", "the right side is f64, not i64"),
    ("M3", "_0 = copy _1 << copy _9\n return", "shifts i64 by f64"),
    ("M3", "_5 = new demo::Point#0 {copy _1}\n return", "1 values for 2 fields"),
    ("M3", "_5 = new demo::Point#0 {copy _1, copy _3}\n return", "part 1 is bool"),
    ("M3", "_0 = discriminant _5\n return", "has no cases"),
    ("M3", "check_index copy _3 < const 1: i64\n return", "the index is bool"),
    ("M3", 'panic unless copy _1, "x"\n return', "the condition is i64"),
    ("M4", "_6 = call demo::show(copy _1)\n return", "argument 0 is i64"),
    ("M4", "_6 = call demo::show()\n return", "0 arguments for 1"),
    ("M4", "_0 = call demo::make()\n return", "the destination is i64"),
    ("M4", "_0 = call (copy _1)()\n return", "i64 cannot be called"),
    ("M4", "_0 = intrinsic nonsense()\n return", "there is no intrinsic nonsense"),
    ("M5", "_8 = call demo::f(copy _1)\n return", "not followed by `unreachable`"),
    ("M6", "switch copy _1 [0: bb0, 0: bb0, else: bb0]", "not distinct"),
    ("M6", "switch copy _3 [0: bb0]", "not every bool has a target"),
    ("M6", "switch copy _3 [0: bb0, 2: bb0]", "a bool is 0 or 1"),
    ("M6", "switch copy _9 [0: bb0, else: bb0]", "f64 cannot be switched on"),
    ("M7", "drop _1\n return", "i64 has nothing to drop"),
    ("M8", "_2 = copy (*_7)\n return", "is not copied but moved"),
]


@pytest.mark.parametrize(("number", "code", "message"), BROKEN)
def test_each_invariant(number: str, code: str, message: str) -> None:
    found = violations(f"\n  bb0:\n    {code}")
    assert any(v.startswith(number) and message in v for v in found), found


def test_elaborated_bodies_drop_nothing_moved() -> None:
    code = "\n  bb0:\n    _6 = call demo::take(move _2)\n    drop _2\n    return"
    assert violations(code) == []
    assert [v[:2] for v in violations(code, "elaborated")] == ["M7"]


def test_all_violations_are_reported() -> None:
    assert len(violations("\n  bb0:\n    _0 = copy _3\n    _0 = copy _9\n    goto bb4")) == 3
