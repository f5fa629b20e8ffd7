"""MIR prints and parses back to the same program."""

from __future__ import annotations

import pytest

from vitte.ir.mir_text import parse_body, parse_program, print_body, print_program

EVERYTHING = r'''mir "demo" "demo.vit"

fn demo::first[i64] external "demo::first[i64]" elaborated {
  file "demo.vit" @4+60
  params 1
  by_value _1
  _0: i64
  _1: &std/list::list[i64] "xs" @12+2
  mut _2: i64
  bb0:
    _2 = len (*_1)
    check_index const 0: i64 < copy _2 @40+5
    check_index const 0: i64 <= copy _2 @40+5
    _0 = copy (*_1)[0] @40+5
    _0 = copy (((*_1)[_2] as #1).0: i64)[-2]
    _2 = copy _1 wrap+ const -5: i64 @1+1
    _2 = const 1.5: f64 < raw _2
    _2 = const inf: f64
    _2 = const null: *u8
    _2 = not(copy _2)
    _2 = wrap-(copy _2)
    _2 = ~(copy _2)
    _2 = cast int const 5: i64 as i32
    _2 = new (i64, demo::impl(Show for P<T>)#2.x)#0 {copy _1, move _2}
    _2 = new demo::Shape#3 {}
    _2 = repeat [i64; 3] {copy _1}
    _2 = sizeof i64 0
    _2 = offsetof demo::P 2
    _2 = &raw mut (*_1)
    _2 = &mut _1
    _2 = discriminant _1
    _2 = text "a\n]\"b é": string
    _2 = text "ÿ": bytes
    _2 = addr demo::f[i64, $0:T]: proc(i64, own string) -> ()
    _2 = named demo::X: i64
    _2 = here @12+3: *std/rt::Place
    _2 = here: *std/rt::Place
    _2 = named demo::Tr.X[i64]: i64
    _2 = call glue drop[string](raw _1, move _2) @3+4
    _2 = call (copy _3)()
    _2 = call glue main demo::main()
    _2 = intrinsic sizeof[i64]()
    panic unless copy _2, "no"
    panic if copy _2, "no" @1+2
    drop _2
    live _2
    dead _2
    switch copy _2 [-1: bb1, 1: bb2, else: bb3] @9+9
  bb1:
    goto bb0
  bb2:
    unreachable
  bb3:
    return
}

fn glue main demo::main external "main" built init {
  file "demo.vit"
  params 0
  bb0:
    return
}

fn glue test_main external "main" checked {
  file "demo.vit"
  params 0
  bb0:
    switch copy _0 [0: bb0, 1: bb0]
}

const demo::X static mut
fn demo::X internal "demo::X.init" built {
  file "demo.vit"
  params 0
  _0: i64
  bb0:
    return
}

assert "m" "x == 1" @3+4
fn demo::assert#0 internal "x" built {
  file "demo.vit"
  params 0
  _0: bool
  bb0:
    return
}

test "a \"title" demo::test#0
'''


def test_print_and_parse_are_inverse() -> None:
    program = parse_program(EVERYTHING)
    assert print_program(program) == EVERYTHING
    assert parse_program(print_program(program)) == program


def test_a_body_alone_parses() -> None:
    body = parse_program(EVERYTHING).bodies[0]
    assert parse_body(print_body(body)) == body


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("_0 = copy", "an rvalue"),
        ("_0 = cast int copy _1", "` as `"),
        ("drop 1", "`_`"),
        ("goto 3", "`bb`"),
        ("_0 = copy _1 @5", "`+`"),
        ("return 1", "the end of the line"),
        ("jump bb1", "`unreachable`"),
    ],
)
def test_mistakes_are_placed(line: str, wanted: str) -> None:
    text = f'fn demo::f external "demo::f" built {{\n  file "d"\n  params 0\n  _0: i64\n  bb0:\n    {line}\n}}'
    with pytest.raises(ValueError, match="MIR line 6") as error:
        parse_body(text)
    assert wanted in str(error.value)
