"""CHECK lines over the LLVM IR: each must be found, in order."""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

import re

import pytest

from tests.codegen.native import context, ssa
from vitte import codegen
from vitte.codegen.llvm import machine
from vitte.driver.target import TARGETS

CASES: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "a failed check goes to a cold block that names the place": (
        """fn "m::f"(%0: i64, %1: i64) -> i64 external {
             about "f" file "m.vit" line 3
             loc 1: "m.vit" 4:7
           bb0:
             %2 = ult i1 %0, %1
             check %2, %0, %1 "index" @1
             %3 = sadd.trap i64 %0, %1 @1
             %4 = ssub.trap i64 %3, %1 @1
             %5 = sadd.trap i64 %4, %1 @1
             ret %5
           }""",
        {"opt_level": "1"},
        ['@"places m" = dso_local hidden externally_initialized constant [21 x i8] c"', 'm.vit", section ".rodata.places m", align 4', 'define dso_local i64 @"m::f"(i64 %v0, i64 %v1) #', 'section ".text.m::f"', "br i1 %v2, label %k", "!prof !0",
         "call { i64, i1 } @llvm.sadd.with.overflow.i64(i64 %v0, i64 %v1)", "br i1 %t", "label %p", "call { i64, i1 } @llvm.ssub", "call { i64, i1 } @llvm.sadd",
         'call void @"std/rt::panic_index"(i64 %v0, i64 %v1, ptr @"places m")', "unreachable", 'call void @"std/rt::panic_overflow"(ptr @vitte.s.0, ptr @"places m")',
         'call void @"std/rt::panic_overflow"(', 'declare dso_local void @"std/rt::panic_index"(i64, i64, ptr)', "cold noreturn"],
    ),
    "block parameters become phi nodes, from the last piece of the block": (
        """fn "m::f"(%0: i64) -> i64 external {
           bb0:
             %1 = iconst i64 1
             %2 = sadd.trap i64 %0, %1
             %3 = eq i1 %2, %0
             br %3, bb1(%2), bb1(%1)
           bb1(%4: i64):
             ret %4
           }""",
        {},
        ["b0:", "br i1 %v3, label %b1, label %e", "b1:", "phi i64 [ %v2, %k", "], [ 1, %e", "ret i64 %v4", "e", "br label %b1"],
    ),
    "symbols are any text": (
        'fn "a/b::list[\\22x\\5c].größe"() -> () linkonce noinline cold {\nbb0:\n  ret\n}',
        {},
        ['$"a/b::list[\\22x\\5C].gr\\C3\\B6\\C3\\9Fe" = comdat any', 'define linkonce_odr hidden void @"a/b::list[\\22x\\5C].gr\\C3\\B6\\C3\\9Fe"() #0 comdat {', "nounwind cold noinline"],
    ),
    "parameters say what is known of them": (
        'fn "m::f"(%0: ptr, %1: ptr, %2: i1) -> i1 internal sret inline {\n  params "sret noalias", "readonly noalias nonnull deref=24 nocapture", ""\nbb0:\n  ret %2\n}',
        {},
        ["define internal zeroext i1", "ptr noalias nonnull writable noalias %v0, ptr readonly noalias nonnull dereferenceable(24) captures(none) %v1, i1 zeroext %v2", "inlinehint"],
    ),
    "data with addresses in it": (
        'global "m::t" external align 8 = "\\00\\00\\00\\00\\00\\00\\00\\00ab\\00\\00\\00\\00\\00\\00" { 0: "x" 2 }\nglobal "x" private align 1 = "hey"\nglobal "z" internal mutable align 16 = "\\00\\00"',
        {},
        ['@"m::t" = dso_local constant <{ ptr, [8 x i8] }> <{ ptr getelementptr (i8, ptr @"x", i64 2), [8 x i8] c"ab\\00\\00\\00\\00\\00\\00" }>, align 8',
         '@"x" = private unnamed_addr constant [3 x i8] c"hey", align 1', '@"z" = internal global [2 x i8] zeroinitializer, align 16'],
    ),
    "foreign functions: variadic, narrow bools, function addresses": (
        """extern "printf"(ptr) -> i32 variadic
           extern "flag"(i1) -> i1
           global "s" private align 1 = "x\\00"
           fn "m::f"(%0: i1) -> ptr external {
           bb0:
             %1 = global_addr ptr "s"
             %2 = fconst f64 1.5
             %3 = call i32 "printf" %1, %2 1
             %4 = call i1 "flag" %0
             %5 = fn_addr ptr "flag"
             ret %5
           }""",
        {},
        ['call i32 (ptr, ...) @"printf"(ptr @"s", double 0x3FF8000000000000)', 'call zeroext i1 @"flag"(i1 zeroext %v0)', 'ret ptr @"flag"', 'declare i32 @"printf"(ptr, ...)'],
    ),
    "C is given wide integers and trusted with none": (
        """extern "f"(i8, i16, i1, i32) -> i1 c "sus-u"
           extern "g"(ptr) -> i16 variadic c "-s"
           fn "mine"(%0: i8, %1: i1) -> i8 external c signed {
           bb0:
             %2 = iconst i16 7
             %3 = iconst i32 9
             %4 = call i1 "f" %0, %2, %1, %3
             %5 = null ptr
             %6 = call i16 "g" %5, %3 1
             %7 = call i8 "mine" %0, %4
             %8 = fn_addr ptr "mine"
             %9 = call_ptr i8 %8, %7, %4 "su"
             ret %9
           }""",
        {},
        ['define dso_local signext i8 @"mine"(i8 %v0, i1 %v1)', 'call i1 @"f"(i8 signext %v0, i16 zeroext 7, i1 zeroext %v1, i32 9)',
         'call i16 (ptr, ...) @"g"(ptr null, i32 9)', 'call i8 @"mine"(i8 zeroext %v0, i1 zeroext %v4)',
         'call i8 @"mine"(i8 signext %v7, i1 zeroext %v4)',
         'declare i1 @"f"(i8 signext, i16 zeroext, i1 zeroext, i32)', 'declare i16 @"g"(ptr, ...)'],
    ),
    "a bool in memory is a byte": (
        'fn "m::f"(%0: ptr) -> i1 external {\nbb0:\n  %1 = load i1 %0 3\n  store %1, %0\n  ret %1\n}',
        {},
        ["load i8, ptr %t1, align 1, !range !", "trunc nuw i8 %t2 to i1", "zext i1 %v1 to i8", "store i8"],
    ),
    "a switch with two edges to one block": (
        """fn "m::f"(%0: i8) -> i64 external {
           bb0:
             %1 = iconst i64 5
             %2 = iconst i64 6
             switch %0, 1 bb1(%1), 255 bb1(%2), else bb1(%1)
           bb1(%3: i64):
             ret %3
           }""",
        {"opt_level": "1"},
        ["switch i8 %v0, label %b1 [ i8 1, label %b1 i8 255, label %e", "phi i64 [ 5, %b0 ], [ 6, %e", "], [ 5, %b0 ]"],
    ),
    "a small switch at level 0": (
        """fn "m::f"(%0: i8) -> i64 external {
           bb0:
             %1 = iconst i64 5
             %2 = iconst i64 6
             switch %0, 1 bb1(%1), 255 bb1(%2), else bb1(%1)
           bb1(%3: i64):
             ret %3
           }""",
        {},
        ["icmp eq i8 %v0, 1", "label %b1, label %k", "icmp eq i8 %v0, 255", "label %b1, label %k", "br label %b1", "phi i64 [ 5, %b0 ], [ 6, %k", "], [ 5, %k"],
    ),
    "small code is asked for by attributes": ('fn "m::f"() -> () external {\nbb0:\n  ret\n}', {"opt_level": "z"}, ["minsize optsize"]),
    "alloc and dealloc are known to LLVM": (
        """extern "std/rt::alloc"(i64) -> ptr
           extern "std/rt::dealloc"(ptr) -> ()
           fn "m::f"(%0: i64) -> () external {
           bb0:
             %1 = call ptr "std/rt::alloc" %0
             call "std/rt::dealloc" %1
             ret
           }""",
        {},
        ['declare dso_local noalias nonnull align 16 ptr @"std/rt::alloc"(i64)', 'declare dso_local void @"std/rt::dealloc"(ptr allocptr captures(none))'],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_ir(name: str) -> None:
    text, options, lines = CASES[name]
    ctx = context(**options)
    ir = codegen.llvm_ir(ssa(text), ctx)
    at = 0
    for line in lines:
        found = ir.find(line, at)
        assert found >= 0, f"not found: {line}\nin:\n{ir[at:]}"
        at = found + len(line)
    machine.parse(ir, ctx.target, 0)
    assert codegen.run(ssa(text), ctx)[:4] == b"\x7fELF"


def test_risc_v_wants_32_bits_as_64() -> None:
    text, _, _ = CASES["C is given wide integers and trusted with none"]
    ctx = context(target=TARGETS["riscv64-unknown-linux-musl"])
    ir = codegen.llvm_ir(ssa(text), ctx)
    assert "i1 zeroext %v1, i32 signext 9)" in ir and '(ptr null, i32 signext 9)' in ir


def test_apples_variadic_arguments_are_on_the_stack() -> None:
    text = """extern "open"(ptr, i32) -> i32 variadic c "-ss"
              fn "m::f"(%0: ptr) -> i32 external {
              bb0:
                %1 = iconst i32 1537
                %2 = iconst i32 438
                %3 = call i32 "open" %0, %1, %2 2
                ret %3
              }"""
    apple = codegen.assembly(ssa(text), context(target=TARGETS["aarch64-apple-macos"]))
    assert "#438" in apple and not re.search(r"\b[wx]2\b", apple)
    linux = codegen.assembly(ssa(text), context(target=TARGETS["aarch64-unknown-linux-gnu"]))
    assert "mov\tw2, #438" in linux


def test_an_unused_allocation_goes() -> None:
    text, _, _ = CASES["alloc and dealloc are known to LLVM"]
    ctx = context("2")
    assert "call" not in codegen.assembly(ssa(text), ctx)
    assert "std/rt::alloc" not in machine.to_optimised_ir(codegen.llvm_ir(ssa(text), ctx), ctx.target, "2")


def test_the_layout_known_by_heart_is_llvm_s() -> None:
    target = context().target
    assert machine.data_layout(target) == str(machine.machine(target, 0).target_data)


def test_output_is_the_same_again() -> None:
    text = "\n".join(t for t, o, _ in CASES.values() if not o and "m::f" not in t)
    assert codegen.run(ssa(text), context("3", "full")) == codegen.run(ssa(text), context("3", "full"))
