"""Drop elaboration on MIR text: none, unconditional, flags, the parts that are left."""

from __future__ import annotations

import pytest

from tests.mir.kit import context, definitions, no_spans
from vitte.ir.mir_text import parse_body, print_body
from vitte.ir.mir_verify import verify_body
from vitte.mir_build.elaborate import elaborate
from vitte.mir_build.facts import Unit
from vitte.mir_build.moves import scan_tracked
from vitte.mir_build.paths import Paths


def elaborated(locals: str, code: str) -> str:
    body = parse_body(f'fn demo::f external "demo::f" checked {{\n  file "d"\n  params 1\n{locals}\n{code}\n}}')
    unit = Unit(context(definitions()))
    elaborate(body, Paths(body, scan_tracked(body)), unit)
    assert verify_body(body, unit.defs) == []
    text = no_spans(print_body(body))
    return text[text.index("bb0:") :]


LOCALS = """
  _0: ()
  _1: bool "c"
  _2: std/list::list[i64]
  _3: demo::Pair
  _4: demo::Shape
  _5: std/core::box[std/list::list[i64]]
  _6: std/list::list[i64]
  _7: std/core::box[demo::Pair]
"""

CASES = {
    "moved: no drop": (
        "bb0:\n _2 = call demo::make()\n _0 = call demo::take(move _2)\n drop _2\n return",
        """bb0:
  _2 = call demo::make()
  _0 = call demo::take(move _2)
  return
""",
    ),
    "never set: no drop": ("bb0:\n drop _2\n return", "bb0:\n  return\n"),
    "set: a drop": (
        "bb0:\n _2 = call demo::make()\n drop _2\n return",
        "bb0:\n  _2 = call demo::make()\n  drop _2\n  return\n",
    ),
    "set on one way: a flag": (
        "bb0:\n switch copy _1 [0: bb2, else: bb1]\nbb1:\n _2 = call demo::make()\n goto bb2\nbb2:\n drop _2\n return",
        """bb0:
  _8 = const 0: bool
  switch copy _1 [0: bb2, else: bb1]
bb1:
  _2 = call demo::make()
  _8 = const 1: bool
  goto bb2
bb2:
  switch copy _8 [0: bb4, else: bb3]
bb3:
  drop _2
  goto bb4
bb4:
  _8 = const 0: bool
  return
""",
    ),
    "a part moved: the other part": (
        "bb0:\n _2 = call demo::make()\n _6 = call demo::make()\n _3 = new demo::Pair#0 {move _2, move _6}\n"
        " _0 = call demo::take(move (_3.1: std/list::list[i64]))\n drop _3\n return",
        """bb0:
  _2 = call demo::make()
  _6 = call demo::make()
  _3 = new demo::Pair#0 {move _2, move _6}
  _0 = call demo::take(move (_3.1: std/list::list[i64]))
  drop (_3.0: std/list::list[i64])
  return
""",
    ),
    "a case's part moved: it is that case": (
        "bb0:\n _2 = call demo::make()\n _6 = call demo::make()\n _4 = new demo::Shape#1 {move _2, move _6}\n"
        " _0 = call demo::take(move ((_4 as #1).0: std/list::list[i64]))\n drop _4\n return",
        """bb0:
  _2 = call demo::make()
  _6 = call demo::make()
  _4 = new demo::Shape#1 {move _2, move _6}
  _0 = call demo::take(move ((_4 as #1).0: std/list::list[i64]))
  drop ((_4 as #1).1: std/list::list[i64])
  return
""",
    ),
    "a box whose contents moved: only its memory": (
        "bb0:\n _0 = call demo::take(move (*_5))\n drop _5\n return",
        "bb0:\n  return\n",
    ),
    "set again after a move": (
        "bb0:\n _2 = call demo::make()\n _0 = call demo::take(move _2)\n drop _2\n _2 = call demo::make()\n drop _2\n return",
        """bb0:
  _2 = call demo::make()
  _0 = call demo::take(move _2)
  _2 = call demo::make()
  drop _2
  return
""",
    ),
}


@pytest.mark.parametrize("name", [n for n in CASES if "box" not in n])
def test_drop(name: str) -> None:
    code, wanted = CASES[name]
    assert elaborated(LOCALS, code) == wanted


def test_contents_of_a_box() -> None:
    code = """bb0:
  _5 = new std/core::box[std/list::list[i64]]#0 {const null: *mut std/list::list[i64]}
  _0 = call demo::take(move (*_5))
  drop _5
  return"""
    text = elaborated(LOCALS, code)
    assert "drop" not in text
    assert "call std/rt::dealloc(" in text


def test_a_part_of_what_a_box_holds() -> None:
    code = """bb0:
  _7 = new std/core::box[demo::Pair]#0 {const null: *mut demo::Pair}
  _0 = call demo::take(move ((*_7).0: std/list::list[i64]))
  drop _7
  return"""
    text = elaborated(LOCALS, code)
    assert text.count("drop") == 1
    assert "drop ((*_7).1: std/list::list[i64])" in text
    assert text.index("drop (") < text.index("call std/rt::dealloc(")


def test_a_flag_in_a_loop_is_cleared_in_each_turn() -> None:
    code = """bb0:
  goto bb1
bb1:
  _2 = call demo::make()
  switch copy _1 [0: bb3, else: bb2]
bb2:
  _0 = call demo::take(move _2)
  goto bb3
bb3:
  drop _2
  switch copy _1 [0: bb1, else: bb4]
bb4:
  return"""
    wanted = """bb0:
  _8 = const 0: bool
  goto bb1
bb1:
  _2 = call demo::make()
  _8 = const 1: bool
  switch copy _1 [0: bb3, else: bb2]
bb2:
  _0 = call demo::take(move _2)
  _8 = const 0: bool
  goto bb3
bb3:
  switch copy _8 [0: bb6, else: bb5]
bb4:
  return
bb5:
  drop _2
  goto bb6
bb6:
  _8 = const 0: bool
  switch copy _1 [0: bb1, else: bb4]
"""
    assert elaborated(LOCALS, code) == wanted
