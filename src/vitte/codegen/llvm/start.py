"""The entry point of an ELF program that is linked against the C library itself and not against C's start files.

`_start` gives `__libc_start_main` what the kernel put on the stack: the count and vector of arguments, and in a register the function
the dynamic loader wants run at exit. The C library runs the program's constructors, `main`, and `exit` with its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine

if TYPE_CHECKING:
    from vitte.driver.target import Target

_X86_64 = (
    ".text", ".globl _start", ".type _start,@function", "_start:",
    ".cfi_startproc", ".cfi_undefined %rip",  # the outermost frame: stack walks end here
    "xorl %ebp, %ebp",
    "movq %rdx, %r9",  # rtld_fini
    "popq %rsi",  # argc
    "movq %rsp, %rdx",  # argv
    "andq $-16, %rsp",
    "pushq %rax", "pushq %rsp",  # stack_end, and alignment
    "xorl %r8d, %r8d", "xorl %ecx, %ecx",  # no init and fini of our own
    "leaq main(%rip), %rdi",
    "call *__libc_start_main@GOTPCREL(%rip)",
    "hlt",
    ".cfi_endproc", ".size _start, .-_start",
    '.section .note.GNU-stack,"",@progbits',
)


def start_object(target: Target) -> bytes:
    """The object that defines `_start` and wants `main` and `__libc_start_main`. x86-64 ELF only: LLVM's assembler is there for the host
    alone. Raises `machine.BackendError` for others."""
    if target.arch != "x86_64" or target.libc != "glibc":
        raise machine.BackendError(f"no program entry is known for {target.name}")
    lines = "\n".join([f'module asm "{line.replace(chr(34), chr(92) + "22")}"' for line in _X86_64])
    text = f'source_filename = "start"\ntarget datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n{lines}\n'
    return machine.to_object(text, target, "0")
