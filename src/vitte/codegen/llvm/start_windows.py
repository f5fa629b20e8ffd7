"""What a Windows program without a C runtime starts with, and what LLVM calls in one beside the functions of `builtins`.

    the system --> vt_start --> main (the glue of the program's entry) --> ExitProcess

- `vt_start`: the library finds the arguments by itself, so `main` is given none.
- `___chkstk_ms`: LLVM calls it where a frame has a page or more, with the frame's size in rax. The system makes a thread's stack longer when
  the page below it is touched and not when one further down is, so each page is touched in turn. It changes no register.
- `__main`: LLVM calls it first of all in `main`, for C++ and its constructors.

LLVM's assembler is there for the host alone, so what is no IR is bytes at the beginning of a function (its *prologue*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine
from vitte.codegen.llvm.text import escape

if TYPE_CHECKING:
    from vitte.driver.target import Target

_PROBE = bytes.fromhex(
    "51"  # push rcx
    "50"  # push rax
    "488d4c2418"  # lea rcx, [rsp + 24]: what rsp was before the call
    "483d00100000"  # again: cmp rax, 4096
    "7211"  # jb rest
    "4881e900100000"  # sub rcx, 4096
    "8509"  # test [rcx], ecx
    "482d00100000"  # sub rax, 4096
    "ebe7"  # jmp again
    "4829c1"  # rest: sub rcx, rax
    "8509"  # test [rcx], ecx
    "58"  # pop rax
    "59"  # pop rcx
    "c3"  # ret
)
"""A page is touched by reading from it."""

_START = """$vt_start = comdat any
$__main = comdat any
define dso_local void @vt_start() #0 comdat {
  %status = call i32 @main(i32 0, ptr null)
  call void @ExitProcess(i32 %status)
  unreachable
}
define dso_local void @__main() #0 comdat { ret void }
declare dso_local i32 @main(i32, ptr)
declare dso_local void @ExitProcess(i32)
"""


def start_object(target: Target) -> bytes:
    """The object that defines the above for x86-64, and wants `main` and `ExitProcess`. Raises `machine.BackendError` for others."""
    if target.arch != "x86_64":
        raise machine.BackendError(f"no program entry is known for {target.name}")
    kind = f"[{len(_PROBE)} x i8]"
    text = "\n".join([
        'source_filename = "start"', f'target datalayout = "{machine.data_layout(target)}"', f'target triple = "{target.triple}"',
        _START, "$___chkstk_ms = comdat any",
        f'define dso_local void @___chkstk_ms() #0 comdat prologue <{{ {kind} }}> <{{ {kind} c"{escape(_PROBE)}" }}> {{ unreachable }}',
        "attributes #0 = { nounwind }", "",
    ])  # fmt: skip
    return machine.to_object(text, target, "s")
