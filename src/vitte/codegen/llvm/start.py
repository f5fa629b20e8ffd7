"""The entry point of an ELF program that is linked without C's start files.

A program begins with a stack and no frame: the first instructions turn what the kernel or loader left in registers into arguments of an
ordinary function. LLVM's assembler is there for the host alone, so they stand here as bytes, and LLVM puts them before the function
(`prologue`). After them the stack is as at a call, frame pointer and return address are 0 (where stack walks end), and the arguments are
what the stack pointer was and, with glibc, the function that the loader wants run at exit.

- glibc: `__libc_start_main` gets what the kernel put on the stack: the count and vector of arguments. It runs the program's constructors,
  `main`, and `exit` with its result.
- no operating system: `main`, with no arguments, and then `vitte_exit`. Constructors are run first, from the table that the linker makes.
  The hooks of `std/sys/none/os` are here too, and weak: those of the program count.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine

if TYPE_CHECKING:
    from vitte.driver.target import Target

_FIRST: dict[str, bytes] = {
    "x86_64": bytes.fromhex(
        "31ed"  # xor ebp, ebp
        "4889e7"  # mov rdi, rsp
        "4889d6"  # mov rsi, rdx
        "4883e4f0"  # and rsp, -16
        "6a00"  # push 0: as after a call
    ),
    "aarch64": bytes.fromhex(
        "1d0080d2"  # mov x29, #0
        "1e0080d2"  # mov x30, #0
        "e10300aa"  # mov x1, x0
        "e0030091"  # mov x0, sp
    ),
    "riscv64": bytes.fromhex(
        "93000000"  # li ra, 0
        "13040000"  # li s0, 0
        "93050500"  # mv a1, a0
        "13050100"  # mv a0, sp
    ),
}
"""By architecture. The stack is a multiple of 16 when a program starts; aarch64 and riscv64 have it so at calls."""

_GLIBC = """
declare i32 @main(i32, ptr)
declare void @__libc_start_main(ptr, i32, ptr, ptr, ptr, ptr, ptr) noreturn

define void @_start(ptr %stack, ptr %fini) #0 PROLOGUE {
  %argc.l = load i64, ptr %stack
  %argc = trunc i64 %argc.l to i32
  %argv = getelementptr i8, ptr %stack, i64 8
  call void @__libc_start_main(ptr @main, i32 %argc, ptr %argv, ptr null, ptr null, ptr %fini, ptr %stack)
  unreachable
}
"""

_NONE = """
@__init_array_start = external hidden global [0 x ptr]
@__init_array_end = external hidden global [0 x ptr]
declare i32 @main(i32, ptr)

define void @_start(ptr %stack, ptr %other) #0 PROLOGUE {
entry:
  br label %next
next:
  %at = phi ptr [ @__init_array_start, %entry ], [ %after, %one ]
  %end = icmp eq ptr %at, @__init_array_end
  br i1 %end, label %program, label %one
one:
  %after = getelementptr i8, ptr %at, i64 8
  %f = load ptr, ptr %at
  call void %f()
  br label %next
program:
  %status = call i32 @main(i32 0, ptr null)
  call void @vitte_exit(i32 signext %status)
  br label %stop
stop:
  br label %stop
}
"""

_ARENA = 1 << 20
_HOOKS = f"""
@"vitte.arena" = internal global [{_ARENA} x i8] zeroinitializerBSS, align 16
@"vitte.arena.used" = internal global WORD 0BSS, align 8

define weak void @vitte_exit(i32 %status) #1 SECTION {{
  call void @llvm.trap()
  unreachable
}}

define weak WORD @vitte_write(i32 %stream, ptr %data, WORD %count) #1 SECTION {{
  ret WORD %count
}}

define weak WORD @vitte_read(i32 %stream, ptr %data, WORD %count) #1 SECTION {{
  ret WORD 0
}}

define weak i64 @vitte_clock(i32 %which) #1 SECTION {{
  ret i64 0
}}

define weak ptr @vitte_memory(WORD %size) #1 SECTION {{
  %used = load WORD, ptr @"vitte.arena.used"
  %left = sub WORD {_ARENA}, %used
  %fits = icmp ule WORD %size, %left
  br i1 %fits, label %some, label %none
some:
  %after = add WORD %used, %size
  store WORD %after, ptr @"vitte.arena.used"
  %given = getelementptr i8, ptr @"vitte.arena", WORD %used
  ret ptr %given
none:
  ret ptr null
}}

declare void @llvm.trap() cold noreturn nounwind
"""


def start_object(target: Target) -> bytes:
    """The object that defines `_start` and wants `main`; of `wasm32-unknown`, which has no beginning, the hooks alone. b"" where the C
    library has start files of its own, where the system calls `main`, and for WASI, whose platform layer has the entry. Raises
    `machine.BackendError` for targets that have no such entry."""
    if target.libc in ("musl", "mingw", "system") or target.system == "wasi":
        return b""
    if target.system == "windows":
        from vitte.codegen.llvm import windows

        return windows.start_object(target)
    first = _FIRST.get(target.arch)
    if target.system == "linux" and target.libc == "glibc" and first is not None:
        return machine.to_object(_text(target, _GLIBC, first), target, "1")
    if target.system == "none" and first is not None:
        return machine.to_object(_text(target, _NONE + _hooks(target), first), target, "1")
    if target.system == "none":
        return machine.to_object(_text(target, _hooks(target), b""), target, "1")
    raise machine.BackendError(f"no program entry is known for {target.name}")


def _text(target: Target, body: str, first: bytes) -> str:
    escaped = "".join([f"\\{byte:02X}" for byte in first])
    more = " ".join(["nounwind", *machine.no_red_zone(target)])
    return (
        f'source_filename = "start"\ntarget datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n'
        + body.replace("PROLOGUE", f'section ".text._start" prologue [{len(first)} x i8] c"{escaped}"')
        + f"attributes #0 = {{ noreturn {more} }}\nattributes #1 = {{ {more} }}\n"
    )


def _hooks(target: Target) -> str:
    """Each in a section of its own, on ELF: what the program replaces, or does not want, is left out."""
    text = _HOOKS.replace("WORD", f"i{target.pointer_bits}")
    if target.arch == "wasm32":
        return text.replace("SECTION ", "").replace("BSS", "")
    return re.sub(r"@(vitte_\w+)(.*)SECTION", r'@\1\2section ".text.\1"', text).replace("BSS", ', section ".bss.vitte.arena"')
