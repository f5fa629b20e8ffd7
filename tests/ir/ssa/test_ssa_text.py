"""SSA text reads back to what was printed."""

import pytest

from vitte.ir.defs import ConstImage
from vitte.ir.ssa import (
    OPS,
    Block,
    Function,
    Global,
    Inst,
    Jump,
    Loc,
    Module,
    PendingAssert,
    PendingConst,
    PlaceTable,
    Signature,
    Slot,
    Term,
    Variable,
)  # fmt: skip
from vitte.ir.ssa_text import NO_LOC, SsaSyntaxError, parse_function, parse_module, print_function, print_module, quote, unquote

SUM = '''fn "demo/m::sum"(%0: ptr, %1: i64) -> i64 linkonce inline {
  about "sum" file "demo/m.vit" line 3 of "demo/m::sum"
  params "nonnull readonly", ""
  slot 0: size 16 align 8 "total"
  loc 1: "demo/m.vit" 4:9 +5
  loc 2: "std/x.vit" 1:2 inlined @1 in "std/x::y[[i64]]" row 7 of "std/x::y"
  var 0: "n" "i64" @1 arg 2
  dead %9: f32
bb0:
  %2 = iconst i64 0
  %3 = sadd.trap i64 %1, %2 @1
  %4 = slt i1 %3, %1
  %5 = slot ptr 0
  store %3, %5 8
  %6 = call i64 "puts" %5, %3 1 @2
  call "std/rt::f"
  %7 = fconst f64 -0.0
  %10 = here ptr "demo/m.vit:4:9" @1
  check %4, %3, %1 "index" @1
  br %4, bb1(%3), bb2
bb1(%8: i64) cold:
  switch %8, 0 bb2, 7 bb1(%2), else bb2 @2
bb2:
  ret %6
}
'''


def test_function_round_trip() -> None:
    fn = parse_function(SUM)
    assert print_function(fn) == SUM
    assert fn.blocks[0].insts[5] == Inst("call", "i64", [5, 3], 6, 1, 0.0, "puts", 2)
    assert fn.blocks[0].insts[6].imm == -1
    assert fn.blocks[1].term == Term("switch", [8], [Jump(2), Jump(1, [2]), Jump(2)], [0, 7], 2)
    assert fn.types[9] == "f32" and fn.types[4] == "i1"


def test_module_round_trip() -> None:
    loc = Loc("a b.vit", 3, 4, owner="é::f", ordinal=2)
    fn = Function("é::f", [], "", [Block([], [], Term("unreachable"))], [], [Slot(8, 8, "x")], [NO_LOC, loc], [Variable("x", "int", 1)])
    module = Module(
        "demo/m", "demo/m.vit", [fn], [Global("g", bytes(range(256)), 8, [(0, "h", -4), (8, "f", 0)], True, "internal")],
        {"puts": Signature(("ptr",), "i32", True), "exit": Signature((), "")}, ["h"],
        [PendingConst("demo/m::C", "demo/m::C", "demo/m::C.init", "", 24, 8, True, True, False, loc),
         PendingConst("c", "c", "i", "i64", 8, 8)],
        [PendingAssert("demo/m::assert#0", "why", "a == b", loc)], {"d": ConstImage(b"\0\1", ((0, "t", 1),), (("t", b'"\\'),))},
        [PlaceTable("é::f", "a b.vit", [(3, 1), (3, 4)]), PlaceTable("g", "b.vit", [(1, 1)])],
    )
    text = print_module(module)
    assert parse_module(text) == module
    assert print_module(parse_module(text)) == text


@pytest.mark.parametrize("op", sorted(OPS))
def test_every_operation_round_trips(op: str) -> None:
    info = OPS[op]
    result_ty = "i64" if info.result == "T" else info.result
    ty = "i64" if "T" in (*info.args, info.result) else result_ty
    inst = Inst(op, ty, [0] * len(info.args), 1 if info.result else -1, 5, 2.5, "s", 1)
    types = ["i64", *([result_ty] if info.result else [])]
    fn = Function("f", [0], "", [Block([], [inst], Term("ret"))], types, locs=[NO_LOC, Loc("x", 1, 1)])
    assert parse_function(print_function(fn)) == fn


def test_quotes_any_bytes() -> None:
    data = bytes(range(256))
    assert unquote(quote(data)) == data
    assert quote("a\"\n") == '"a\\22\\0a"'


@pytest.mark.parametrize(("text", "message"), [
    ('fn "f"() -> i64 external {\nbb0:\n  %0 = what i64\n  ret %0\n}', "line 3: expected an operation"),
    ('fn "f"() -> i64 external {\nbb1:\n  ret\n}', "line 2: expected bb0"),
    ('fn "f"() -> i64 {\nbb0:\n  ret\n}', "line 1: expected a linkage"),
    ('fn "f"() -> i64 external {\nbb0:\n  ret %1\n', "expected a block"),
    ('fn "f', "line 1: expected quoted text"),
])
def test_wrong_text_names_the_line(text: str, message: str) -> None:
    with pytest.raises(SsaSyntaxError, match=message):
        parse_function(text)
