"""What LLVM wants of a C runtime on Windows (x86-64), for `builtins`.

- `__chkstk`: called where a frame has a page or more, with the frame's size in rax. The system makes a thread's stack longer when the page
  below it is touched and not when one further down is, so each page is touched in turn. It changes no register. LLVM's assembler is
  there for the host alone, so it is bytes at the beginning of a function (its *prologue*).
- `_fltused`: objects with floating-point arithmetic refer to it, so that a C runtime would get ready for that.
"""

from __future__ import annotations

from vitte.codegen.llvm.text import escape

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


_BYTES = f"[{len(_PROBE)} x i8]"

WINDOWS: dict[str, str] = {
    "__chkstk": f"""HEAD void @__chkstk() ATTRIBUTES prologue <{{ {_BYTES} }}> <{{ {_BYTES} c"{escape(_PROBE)}" }}> {{
  unreachable
}}""",
    "_fltused": "@_fltused = weak hidden constant i32 0, comdat",
}
"""Texts by name."""
