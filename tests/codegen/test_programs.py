"""Objects linked against the system's C library and run."""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.codegen.native import context, execute, program, ssa
from vitte import codegen
from vitte.codegen.isolate import BackendCrash, WorkerError, run_isolated
from vitte.codegen.llvm import machine
from vitte.driver.target import TARGETS, X86_64_LINUX_GNU, Target
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, Definitions, FieldDef, Generics, VariantDef

MAIN = """
extern "printf"(ptr) -> i32 variadic
extern "fmod"(f64, f64) -> f64
global "line" private align 1 = "%ld\\0a\\00"
fn "m::sum"(%0: i64) -> i64 external {
  about "sum" file "m.vit" line 1
  loc 1: "m.vit" 5:5
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  jump bb1(%1, %1)
bb1(%3: i64, %4: i64):
  %5 = slt i1 %3, %0
  br %5, bb2, bb3
bb2:
  %6 = sadd.trap i64 %4, %3 @1
  %7 = sadd.trap i64 %3, %2
  jump bb1(%7, %6)
bb3:
  ret %4
}
fn "main"(%0: i32, %1: ptr) -> i32 external c {
  about "main" file "m.vit" line 10
  loc 1: "m.vit" 11:3
  loc 2: "m.vit" 12:3
bb0:
  %2 = iconst i64 1000
  %3 = call i64 "m::sum" %2
  %4 = global_addr ptr "line"
  %5 = call i32 "printf" %4, %3 1
  %6 = sext i64 %0
  %7 = iconst i64 3
  %8 = slt i1 %6, %7
  check %8, %6, %7 "index" @1
  %9 = iconst i64 2
  %10 = ne i1 %6, %9
  check %10 "two of them" @2
  %11 = iconst i32 7
  ret %11
}
"""


@pytest.mark.parametrize("opt_level", ["0", "1", "2", "3", "s", "z"])
def test_a_program(opt_level: str, tmp_path: Path) -> None:
    path = program([ssa(MAIN)], opt_level, tmp_path)
    assert execute(path) == (7, "499500\n", "")
    assert execute(path, "a", "b") == (101, "", "index 3 of 3\n")
    assert execute(path, "a") == (101, "", "m.vit:12:3: two of them\n")


def test_overflow_panics_at_its_place(tmp_path: Path) -> None:
    text = MAIN.replace("iconst i64 1000", "iconst i64 9223372036854775807").replace("%1 = iconst i64 0\n", "%1 = iconst i64 9223372036854775000\n")
    assert execute(program([ssa(text)], "2", tmp_path))[::2] == (101, "m.vit:5:5: add\n")


def test_links_to_dropped_and_shared_functions(tmp_path: Path) -> None:
    """`linkonce` in two units is one function; what nobody calls is dropped by the linker."""
    shared = 'fn "g::f[int]"() -> i64 linkonce noinline {\nbb0:\n  %0 = iconst i64 5\n  ret %0\n}\n'
    other = ssa('module "n" file "n.vit"\n' + shared + 'fn "n::g"() -> i64 external {\nbb0:\n  %0 = call i64 "g::f[int]"\n  ret %0\n}\nfn "n::unused"() -> () external {\nbb0:\n  ret\n}')
    main = ssa(
        'extern "n::g"() -> i64\n' + shared + """
fn "main"(%0: i32, %1: ptr) -> i32 external c {
bb0:
  %2 = call i64 "n::g"
  %3 = call i64 "g::f[int]"
  %4 = add i64 %2, %3
  %5 = trunc i32 %4
  ret %5
}"""
    )
    path = program([main, other], "0", tmp_path)
    assert execute(path)[0] == 10
    names = path.read_bytes()
    assert names.count(b"g::f[int]\0") == 1
    assert b"n::unused" not in names


def test_128_bit_division_needs_no_runtime_library(tmp_path: Path) -> None:
    """The linker would say `undefined symbol: __divti3`. The operations themselves are in test_ops."""
    text = """fn "main"(%0: i32, %1: ptr) -> i32 external c {
bb0:
  %2 = sext i128 %0
  %3 = iconst i128 1000000000000000000000000000001
  %4 = smul.trap i128 %2, %3
  %5 = sdiv i128 %4, %3
  %6 = trunc i32 %5
  ret %6
}"""
    for level in "03":
        assert execute(program([ssa(text)], level, tmp_path), "a", "b")[0] == 3


SHAPES = Definitions()
SHAPES.adts["m::Shape"] = AdtDef("m::Shape", "Shape", "pick", Generics(), [VariantDef("Empty"), VariantDef("Circle", [FieldDef("r", t.F64)], 1, True)])
SHAPES.adts["m::Point"] = AdtDef("m::Point", "Point", "form", Generics(), [VariantDef("Point", [FieldDef("x", t.U8), FieldDef("y", t.F64)])])
SHAPES.adts["m::Node"] = AdtDef(
    "m::Node", "Node", "form", Generics(), [VariantDef("Node", [FieldDef("next", t.ptr_ty(t.adt_ty("m::Node"))), FieldDef("flag", t.BOOL)])]
)
DEBUGGED = r"""
global "text" private align 1 = "hello\00"
fn "m::show"(%0: i64) -> i64 external noinline {
  about "show" file "m.vit" line 1
  slot 0: size 24 align 8 "s"
  slot 1: size 16 align 8 "shape"
  slot 2: size 16 align 8 "point"
  slot 3: size 16 align 8 "node"
  slot 4: size 24 align 8 "numbers"
  loc 1: "m.vit" 1:10
  loc 2: "m.vit" 2:11
  loc 3: "m.vit" 3:11
  var 0: "n" "i64" @1 arg 1
  var 1: "s" "string" @2
  var 2: "shape" "m::Shape" @2
  var 3: "point" "m::Point" @2
  var 4: "node" "m::Node" @2
  var 5: "numbers" "[i64; 3]" @2
  var 6: "unknown" "m::Nothing" @2
bb0:
  %1 = slot ptr 0
  %2 = slot ptr 1
  %3 = slot ptr 2
  %4 = slot ptr 3
  %5 = slot ptr 4
  dbg %0 0
  dbg %1 "slot" 1
  dbg %2 "slot" 2
  dbg %3 "slot" 3
  dbg %4 "slot" 4
  dbg %5 "slot" 5
  dbg %5 "slot" 6
  %6 = global_addr ptr "text"
  %7 = iconst i64 5
  %8 = iconst i8 1
  %9 = fconst f64 2.5
  %10 = iconst i1 1
  %11 = iconst i64 0
  store %6, %1 @2
  store %7, %1 8
  store %11, %1 16
  store %8, %2
  store %9, %2 8
  store %8, %3 8
  store %9, %3
  store %4, %4
  store %10, %4 8
  store %7, %5
  store %11, %5 8
  store %0, %5 16
  ret %0 @3
}
fn "main"(%0: i32, %1: ptr) -> i32 external c {
  about "main" file "m.vit" line 10
  loc 1: "m.vit" 11:3
bb0:
  %2 = iconst i64 42
  %3 = call i64 "m::show" %2 @1
  %4 = iconst i32 0
  ret %4
}
"""


@pytest.mark.skipif(shutil.which("gdb") is None, reason="needs gdb")
def test_the_debugger_stops_at_a_line_and_prints_locals(tmp_path: Path) -> None:
    (tmp_path / "m.vit").write_text("".join(f"line {i}\n" for i in range(1, 13)))
    path = program([ssa(DEBUGGED)], "0", tmp_path, "full", SHAPES)
    command = ["gdb", "-nx", "-batch", "-ex", "break m.vit:3", "-ex", "run", "-ex", "bt", "-ex", "info locals", "-ex", "list 3,3", str(path)]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60).stdout
    for line in (
        r"m::show \(n=42\) at m\.vit:3", r"#1 .* in main \(.*\) at m\.vit:11", r's = \{ptr = 0x\w+ .*"hello", len = 5, owner = 0x0\}',
        r"shape = \{tag = Circle, Circle = \{r = 2\.5\}\}", r"point = \{x = 1 .*, y = 2\.5\}", r"node = \{next = 0x\w+, flag = true\}", r"numbers = \{5, 0, 42\}",
        r"3\s+line 3",
    ):
        assert re.search(line, out), f"{line}\n{out}"


def test_line_tables_only(tmp_path: Path) -> None:
    ir = codegen.llvm_ir(ssa(DEBUGGED), context("0", "line", SHAPES))
    assert "LineTablesOnly" in ir
    assert "DILocalVariable" not in ir
    assert codegen.run(ssa(DEBUGGED), context("2", "line", SHAPES))


def test_inlined_places_name_the_call(tmp_path: Path) -> None:
    text = """fn "m::f"(%0: i64, %1: i64) -> i64 external {
  about "f" file "m.vit" line 3
  loc 1: "m.vit" 4:7
  loc 2: "lib.vit" 9:1 inlined @1 in "lib::g"
  loc 3: "lib.vit" 20:5 inlined @2 in "lib::h"
bb0:
  %2 = sadd.trap i64 %0, %1 @3
  ret %2 @1
}"""
    ir = codegen.llvm_ir(ssa(text), context("0", "line"))
    assert 'name: "h", linkageName: "lib::h"' in ir
    assert re.search(r"distinct !DILocation\(line: 9, column: 1, scope: !\d+, inlinedAt: !\d+\)", ir)
    assert '@"places m lib.vit"' in ir  # its text is of no body that crosses units
    assert codegen.run(ssa(text), context("2", "line"))


# --- settings and crashes ---


def test_unknown_cpu_is_reported() -> None:
    ctx = context()
    ctx.target = replace(X86_64_LINUX_GNU, cpu="skylak")
    assert codegen.run(ssa(MAIN), ctx) == b""
    (error,) = ctx.diagnostics.items
    assert (error.code.id, error.message) == ("V0640", "`skylak` is not a CPU of `x86_64-unknown-linux-gnu`")
    assert "skylake" in error.helps[0].message
    ctx = context()
    ctx.target = Target("pdp11-dec-none", "pdp11-dec-none", "none", "none")
    assert codegen.run(ssa(MAIN), ctx) == b""
    assert ctx.diagnostics.items[0].code.id == "V0641"


def test_known_cpus_are_accepted_by_llvm() -> None:
    """An unknown one would end the process, hence the isolation."""
    for arch, cpus in machine.CPUS.items():
        target = next(target for target in TARGETS.values() if target.arch == arch)

        def emit(target: Target, names: tuple[str, ...]) -> bytes:
            for cpu in names:
                text = f'target triple = "{target.triple}"\ndefine i32 @f(i32 %a) {{\n  ret i32 %a\n}}\n'
                machine.to_object(text, replace(target, cpu=cpu), "0")
            return b"done"

        names = tuple(c for c in cpus if c != "native" or arch == "x86_64")
        assert run_isolated(emit, (target, names)) == b"done"


def test_isolated_work_comes_back() -> None:
    assert run_isolated(lambda n: b"x" * n, (3_000_000,)) == b"x" * 3_000_000


def test_a_crash_is_an_exception() -> None:
    def crash() -> bytes:
        import os

        os.write(2, b"LLVM ERROR: something")
        os.abort()

    with pytest.raises(BackendCrash) as info:
        run_isolated(crash)
    assert (info.value.signal, info.value.text) == (6, "LLVM ERROR: something")
    assert "SIGABRT" in str(info.value)


def test_an_abort_inside_llvm_is_an_exception() -> None:
    """Module assembly for a machine that is not this one: LLVM has no parser for it and aborts."""
    ir = 'target triple = "aarch64-unknown-linux-gnu"\nmodule asm "nop"\n'
    with pytest.raises(BackendCrash) as info:
        run_isolated(machine.to_object, (ir, TARGETS["aarch64-unknown-linux-gnu"], "0"))
    assert "LLVM ERROR" in info.value.text


def test_an_exception_is_told() -> None:
    with pytest.raises(WorkerError) as info:
        run_isolated(machine.to_object, ("define nonsense", X86_64_LINUX_GNU, "0"))
    assert info.value.kind == "BackendError"
    assert "Traceback" in info.value.text


def test_bad_ir_is_refused_with_its_line() -> None:
    with pytest.raises(machine.BackendError) as info:
        machine.to_object("define i32 @f() {\n  ret i64 1\n}\n", X86_64_LINUX_GNU, "0")
    assert "ret i64 1" in info.value.text
