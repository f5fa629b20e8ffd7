"""What a Windows program without a C runtime starts with: `vt_start`.

    the system --> vt_start --> main (the glue of the program's entry) --> ExitProcess

The library finds the arguments by itself, so `main` is given none. LLVM's name for the target says `msvc`: with `gnu` constants have no
sections of their own, which the linker could leave out, and `main` begins with a call for C++'s sake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine

if TYPE_CHECKING:
    from vitte.driver.target import Target

_START = """declare i32 @main(i32, ptr)
declare void @ExitProcess(i32)
define void @vt_start() #0 {
  %status = call i32 @main(i32 0, ptr null)
  call void @ExitProcess(i32 %status)
  unreachable
}
attributes #0 = { nounwind }
"""


def start_object(target: Target) -> bytes:
    """The object that defines `vt_start`, and wants `main` and `ExitProcess`. Raises `machine.BackendError` for other processors than
    x86-64."""
    if target.arch != "x86_64":
        raise machine.BackendError(f"no program entry is known for {target.name}")
    head = f'source_filename = "start"\ntarget datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n'
    return machine.to_object(head + _START, target, "s")
