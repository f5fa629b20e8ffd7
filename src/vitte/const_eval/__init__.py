"""Stage 7: constants, statics and static asserts are computed by running SSA; also the interpreter that runs whole programs.

Input: `ssa.Module` with pending constants. Output: the same module where `const` and `const_addr` are constants and addresses of
globals, statics are globals, and `evaluated` holds every constant's image. Invariant S9.

    const "m::LIMIT" init "m::LIMIT.init"          evaluated "m::LIMIT" = "\\2a\\00\\00\\00\\00\\00\\00\\00"
    %1 = const i64 "m::LIMIT"                ->    %1 = iconst i64 42

The interpreter (`machine`, `translate`, `memory`) turns each SSA function into a Python function when it is first called; memory is
objects of bytes, a pointer is the number of its object and an offset, so that nothing outside an object can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.ir.ssa import Module

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext


def run(module: Module, ctx: UnitContext) -> Module:
    """Evaluate what is pending; mistakes go to `ctx.diagnostics`."""
    from vitte.const_eval.evaluate import evaluate_module

    return evaluate_module(module, ctx)
