"""The LLVM backend: LLVM IR as text straight from SSA, then LLVM's passes and emitter through llvmlite.

- `module`: globals, declarations, attributes, the order of things. `function`: blocks, phi nodes, cold panic blocks.
- `ops`: one emitter per SSA operation. `wide`: 128-bit arithmetic that would otherwise need a compiler runtime library.
- `debug`, `debug_types`: DWARF metadata. `machine`: the only place that talks to LLVM. `start`: the entry point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.patching import Prepared

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.driver.target import Target
    from vitte.ir.ssa import Module


def intermediate(module: Module, ctx: UnitContext) -> str:
    from vitte.codegen.llvm.module import emit_module

    return emit_module(module, ctx)


def prepare(module: Module, ctx: UnitContext) -> Prepared | None:
    from vitte.codegen.llvm import machine

    if not machine.accepts(ctx):
        return None
    return Prepared(intermediate(module, ctx), [])


def compile_text(text: str, ctx: UnitContext) -> bytes:
    from vitte.codegen.llvm import machine

    return machine.to_object(text, ctx.target, ctx.opt_level)


def assembly(module: Module, ctx: UnitContext) -> str:
    from vitte.codegen.llvm import machine

    if not machine.accepts(ctx):
        return ""
    return machine.to_assembly(intermediate(module, ctx), ctx.target, ctx.opt_level)


def start_object(target: Target) -> bytes:
    from vitte.codegen.llvm import start

    return start.start_object(target)
