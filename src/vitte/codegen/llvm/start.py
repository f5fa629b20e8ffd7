"""The entry point of an ELF program that is linked without C's start files.

A program begins with a stack and no frame: the first instructions turn what the kernel or loader left in registers into arguments of an
ordinary function. LLVM's assembler is there for the host alone, so they stand here as bytes, and LLVM puts them before the function
(`prologue`). After them the stack is as at a call, frame pointer and return address are 0 (where stack walks end), and the arguments are
what the stack pointer was and, with glibc, the function that the loader wants run at exit.

- glibc: `__libc_start_main` gets what the kernel put on the stack: the count and vector of arguments. It runs the program's constructors,
  `main`, and `exit` with its result.
- no operating system: `main`, with no arguments, and then `vitte_exit`. The program may define that and the other hooks of
  `std/sys/none/os`; what stands here is weak. Constructors are run first, from the table that the linker makes.
"""

from __future__ import annotations

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

define weak void @vitte_exit(i32 signext %status) #1 section ".text.vitte_exit" {
  call void @llvm.trap()
  unreachable
}

define weak i64 @vitte_write(i32 signext %stream, ptr %data, i64 %count) #1 section ".text.vitte_write" {
  ret i64 %count
}

define weak i64 @vitte_read(i32 signext %stream, ptr %data, i64 %count) #1 section ".text.vitte_read" {
  ret i64 0
}

define weak i64 @vitte_clock(i32 signext %which) #1 section ".text.vitte_clock" {
  ret i64 0
}

declare void @llvm.trap() cold noreturn nounwind
"""


def start_object(target: Target) -> bytes:
    """The object that defines `_start` and wants `main`; b"" where the C library has start files of its own, where the system calls
    `main`, and for WebAssembly, whose platform layer has the entry. Raises `machine.BackendError` for targets that have no such entry."""
    if target.libc in ("musl", "mingw", "system") or target.arch == "wasm32":
        return b""
    if target.system == "windows":
        from vitte.codegen.llvm import start_windows

        return start_windows.start_object(target)
    body = {"glibc": _GLIBC, "none": _NONE}.get(target.libc)
    first = _FIRST.get(target.arch)
    if body is None or first is None or target.system not in ("linux", "none"):
        raise machine.BackendError(f"no program entry is known for {target.name}")
    text = f'source_filename = "start"\ntarget datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n'
    escaped = "".join([f"\\{byte:02X}" for byte in first])
    text += body.replace("PROLOGUE", f'section ".text._start" prologue [{len(first)} x i8] c"{escaped}"')
    text += "attributes #0 = { noreturn nounwind }\nattributes #1 = { nounwind }\n"
    return machine.to_object(text, target, "1")
