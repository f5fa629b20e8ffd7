"""What a library's objects refer to and only a program's root unit defines: the tests of the program. A library has none.

Linkers that leave out what nothing refers to never see it; one that is told nothing of the kind would complain. The functions are weak: an
object that has a `main` has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine

if TYPE_CHECKING:
    from vitte.driver.target import Target

_FUNCTIONS = """
define weak hidden i64 @"vitte::test_count"() #0 { ret i64 0 }
define weak hidden void @"vitte::test_name"(ptr %to, i64 %at) #0 { unreachable }
define weak hidden void @"vitte::test_run"(i64 %at) #0 { unreachable }
attributes #0 = { nounwind }
"""


def library_object(target: Target) -> bytes:
    """Raises `machine.BackendError` when LLVM refuses the module: an internal error."""
    head = f'source_filename = "library"\ntarget datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n'
    functions = _FUNCTIONS.replace("hidden ", "") if target.system == "windows" else _FUNCTIONS
    return machine.to_object(head + functions, target, "0")
