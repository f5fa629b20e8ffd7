"""Stage 7 on SSA text: values, statics, what uses them, and each mistake."""

import pytest

from tests.ssa.kit import context
from vitte.base.source import SourceFile
from vitte.const_eval import run
from vitte.driver.context import UnitContext
from vitte.ir.defs import ConstDef, ConstImage, Generics
from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module, print_module
from vitte.ir.ssa_verify import verify
from vitte.ir.types import I64, STRING, parse_ty

HEAD = 'module "m" file "m.vit"\n'
USE = '''fn "m::use"() -> i64 external {
bb0:
  %0 = const i64 "m::A"
  ret %0
}
'''


def const(name: str, ty: str = "i64", size: int = 8, words: str = "signed", line: int = 1) -> str:
    return f'const "m::{name}" "m::{name}" init "m::{name}.init" ty {ty} size {size} align 8 {words} at "m.vit" {line}:1 +7\n'


def init(name: str, body: str, result: str = "i64", head: str = "") -> str:
    params = "%0: ptr" if result == "()" else ""
    flags = " sret" if result == "()" else ""
    return f'fn "m::{name}.init"({params}) -> {result} internal{flags} {{\n  loc 1: "m.vit" 2:3 +4\n{head}bb0:\n{body}}}\n'


def evaluate(text: str, ctx: UnitContext | None = None) -> tuple[Module, UnitContext]:
    ctx = ctx or context(source=SourceFile("m.vit", "const A = 1\n  next line\nthird\n"))
    module = run(parse_module(HEAD + text), ctx)
    assert verify(module, evaluated=True) == []
    assert not module.pending and not module.asserts
    return module, ctx


def number(module: Module, path: str) -> int:
    return int.from_bytes(module.evaluated[path].data, "little", signed=True)


def test_constants_in_any_order() -> None:
    b = init("B", "  %0 = iconst i64 20\n  %1 = iconst i64 18446744073709551615\n  %2 = mul i64 %0, %1\n  ret %2\n")
    a = init("A", '  %0 = const i64 "m::B"\n  %1 = iconst i64 2\n  %2 = sadd.trap i64 %0, %1 @1\n  ret %2\n')
    module, ctx = evaluate(const("A") + const("B") + a + b + USE)
    assert (number(module, "m::A"), number(module, "m::B")) == (-18, -20)
    assert [fn.symbol for fn in module.functions] == ["m::use"]
    assert "iconst i64 18446744073709551598" in print_module(module)
    assert not ctx.diagnostics.items


def test_loops_calls_and_images() -> None:
    body = "  %1 = iconst i64 10\n  %2 = call i64 \"m::sum\" %1\n  store %2, %0\n  %3 = fn_addr ptr \"m::sum\"\n  store %3, %0 8\n  ret\n"
    total = '''fn "m::sum"(%0: i64) -> i64 external {
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  jump bb1(%1, %1)
bb1(%3: i64, %4: i64):
  %5 = slt i1 %3, %0
  br %5, bb2, bb3
bb2:
  %6 = add i64 %3, %2
  %7 = add i64 %4, %6
  jump bb1(%6, %7)
bb3:
  ret %4
}
fn "m::use"() -> ptr external {
bb0:
  %0 = const_addr ptr "m::A"
  %1 = load ptr %0 8
  ret %1
}
'''
    module, _ = evaluate(const("A", "mem", 16, "") + init("A", body, "()") + total)
    image = module.evaluated["m::A"]
    assert image.data[:8] == (55).to_bytes(8, "little") and image.relocations == ((8, "m::sum", 0),)
    assert module.globals[0].relocations == [(8, "m::sum", 0)] and module.globals[0].linkage == "private"


def test_strings_made_at_compile_time_become_literals() -> None:
    ctx = context()
    ctx.defs.consts["m::A"] = ConstDef("m::A", "A", STRING, Generics())
    slots = '  slot 0: size 24 align 8 "l"\n  slot 1: size 24 align 8 "r"\n'
    body = '''  %1 = slot ptr 0
  %2 = slot ptr 1
  %3 = global_addr ptr "l"
  %4 = global_addr ptr "r"
  %5 = iconst i64 2
  %6 = null ptr
  store %3, %1
  store %5, %1 8
  store %6, %1 16
  store %4, %2
  store %5, %2 8
  store %6, %2 16
  call "std/string::concat" %0, %1, %2
  ret
'''
    text = 'extern "std/string::concat"(ptr, ptr, ptr) -> ()\nglobal "l" private align 1 = "ab"\nglobal "r" private align 1 = "cd"\n'
    module, _ = evaluate(const("A", "mem", 24, "").join([text, ""]) + init("A", body, "()", slots), ctx)
    image = module.evaluated["m::A"]
    assert image.data == bytes(8) + (4).to_bytes(8, "little") + bytes(8)
    assert [data for _, data in image.globals] == [b"abcd"] and image.relocations[0][1] == image.globals[0][0]


def test_statics_are_data_and_can_be_read() -> None:
    state = init("S", "  %0 = iconst i64 7\n  ret %0\n")
    a = init("A", '  %0 = global_addr ptr "m::S"\n  %1 = load i64 %0\n  ret %1\n')
    module, _ = evaluate(const("S", words="static mut signed") + const("A") + state + a + USE)
    assert number(module, "m::A") == 7 and "m::S" not in module.evaluated
    static = module.globals[0]
    assert (static.symbol, static.mutable, static.linkage, static.data) == ("m::S", True, "external", (7).to_bytes(8, "little"))


def test_constants_of_other_units() -> None:
    ctx = context()
    other = ConstDef("n::B", "B", I64, Generics(), value=ConstImage((5).to_bytes(8, "little")))
    text = ConstDef("n::T", "T", STRING, Generics(), value=ConstImage(bytes(24), ((0, "text.x", 0),), (("text.x", b"hi"),)))
    ctx.defs.consts.update({"n::B": other, "n::T": text})
    module, _ = evaluate('''fn "m::use"() -> i64 external {
bb0:
  %0 = const i64 "n::B"
  %1 = const_addr ptr "n::T"
  %2 = load i64 %1 8
  ret %0
}
''', ctx)
    assert "iconst i64 5" in print_module(module)
    assert [(g.data, g.relocations) for g in module.globals] == [(b"hi", []), (bytes(24), [(0, "text.x", 0)])]


def test_a_static_assert_that_holds() -> None:
    check = 'assert "m::check.init" "why" "a == b" at "m.vit" 1:1\n'
    _, ctx = evaluate(check + init("check", "  %0 = iconst i1 1\n  ret %0\n", "i1"))
    assert not ctx.diagnostics.items


HEAP = 'extern "malloc"(i64) -> ptr\n'
WRONG = [
    ("V0510", const("A") + init("A", "  %0 = iconst i64 0\n  %1 = iconst i1 0\n  check %1 \"overflow add\" @1\n  ret %0\n"),
     "attempt to add with overflow while evaluating constant `A`"),
    ("V0511", const("A") + init("A", "  %0 = iconst i64 9\n  %1 = iconst i1 0\n  check %1, %0, %0 \"index\" @1\n  ret %0\n"),
     "index 9 is out of range for length 9 while evaluating constant `A`"),
    ("V0512", const("A") + init("A", "  %0 = iconst i64 9\n  %1 = iconst i1 0\n  check %1 \"no\" @1\n  ret %0\n"),
     "panic while evaluating constant `A`"),
    ("V0513", const("A") + init("A", "  jump bb1 @1\nbb1:\n  jump bb1 @1\n"), "constant `A` takes more than 1000 steps"),
    ("V0513", const("A") + init("A", '  %0 = call i64 "m::f" @1\n  ret %0\n')
     + 'fn "m::f"() -> i64 internal {\nbb0:\n  %0 = call i64 "m::f"\n  ret %0\n}\n', "constant `A` takes more than 1000 steps"),
    ("V0514", const("A") + const("B") + init("A", '  %0 = const i64 "m::B"\n  ret %0\n') + init("B", '  %0 = const i64 "m::A"\n  ret %0\n'),
     "the value of `A` depends on itself"),
    ("V0515", 'assert "m::A.init" "why" "a == b" at "m.vit" 2:3 +4\n' + init("A", "  %0 = iconst i1 0\n  ret %0\n", "i1"),
     "static assertion failed: why"),
    ("V0516", 'extern "sin"(f64) -> f64\n' + const("A", "f64", words="")
     + init("A", '  %0 = fconst f64 1.0\n  %1 = call f64 "sin" %0 @1\n  ret %1\n', "f64"), "`sin` cannot be called at compile time"),
    ("V0517", HEAP + const("A", "ptr", words="") + init("A", '  %0 = iconst i64 8\n  %1 = call ptr "malloc" %0 @1\n  ret %1\n', "ptr"),
     "the value of constant `A` holds memory that was allocated while it was computed"),
    ("V0518", const("A") + init("A", "  %0 = null ptr\n  %1 = load i64 %0 @1\n  ret %1\n"), "while evaluating constant `A`"),
]


@pytest.mark.parametrize(("code", "text", "message"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_mistakes(code: str, text: str, message: str) -> None:
    ctx = context(source=SourceFile("m.vit", "const A = 1\n  next line\nthird\n"), const_step_limit=1000)
    uses = "" if "m::check" in text or "assert" in text or "f64" in text or "ptr size" in text else USE
    _, ctx = evaluate(text + uses, ctx)
    assert [d.code.id for d in ctx.diagnostics.items] == [code], "one mistake, one message"
    (found,) = ctx.diagnostics.items
    assert message in found.message
    start = found.labels[0].where.span >> 26
    assert start == (0 if code in ("V0514", "V0517") else 14), "at the place of the operation, else of the constant"


def test_what_needs_a_broken_constant_is_silent() -> None:
    broken = init("B", "  %0 = iconst i64 9\n  %1 = iconst i1 0\n  check %1 \"no\" @1\n  ret %0\n")
    a = init("A", '  %0 = const i64 "m::B"\n  %1 = add i64 %0, %0\n  ret %1\n')
    _, ctx = evaluate(const("A") + const("B") + a + broken + USE)
    assert [d.code.id for d in ctx.diagnostics.items] == ["V0512"]


def test_picks_and_arrays_with_strings_are_walked() -> None:
    from vitte.const_eval.images import Imager
    from vitte.const_eval.machine import Machine
    from vitte.ir.layout import Layouts

    ctx = context()
    machine = Machine([], checked=True)
    memory = machine.memory
    block = memory.allocate(16 + 3)
    memory.write(block + 16, b"abc")
    at = memory.add(64)
    for base in (0, 32):  # two cases `m::Shape#1 { string }`
        memory.store("i8", 1, at + base)
        for offset, value, ty in ((8, block + 16, "ptr"), (16, 3, "i64"), (24, block, "ptr")):
            memory.store(ty, value, at + base + offset)
    image = Imager(machine, Layouts(ctx.defs, ctx.target)).image(at, 64, parse_ty("[m::Shape; 2]"))
    assert [r[0] for r in image.relocations] == [8, 40] and image.globals[0][1] == b"abc"
    assert image.data == (b"\1" + bytes(15) + b"\3" + bytes(15)) * 2
