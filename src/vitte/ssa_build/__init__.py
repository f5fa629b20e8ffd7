"""Stage 6: MIR to SSA.

Input: `mir.Program` whose bodies are in phase ELABORATED. Output: `ssa.Module` that satisfies S1 to S8 and S10; constants and static
asserts are pending, their uses are `const` and `const_addr`.

Scalar locals whose address is not taken become values; everything else lives in stack slots. Copies that count, drops, checks,
discriminants and calling conventions become instructions:

    _3 = _1 + _2 @5        ->    %5 = sadd.trap i64 %3, %4 @2
    check_index _3 < _4    ->    %6 = ult i1 %5, %2 ; check %6, %5, %2 "index" @3
    _5 = copy (*_1).0      ->    memcpy of 24 bytes, then the owner's count unless it is null
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.ir import mir
from vitte.ir.ssa import Module

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext


def run(program: mir.Program, ctx: UnitContext) -> Module:
    """Build every body, constant initialiser and static assert of the program, and the helpers they need."""
    from vitte.ssa_build.program import build_program

    return build_program(program, ctx)
