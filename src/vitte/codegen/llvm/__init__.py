"""The LLVM backend: LLVM IR as text straight from SSA, then LLVM's passes and emitter through llvmlite.

- `module`: globals, declarations, attributes, the order of things. `function`: blocks, phi nodes, cold panic blocks.
- `ops`: one emitter per SSA operation. `wide`: 128-bit arithmetic that would otherwise need a compiler runtime library.
- `debug`, `debug_types`: DWARF metadata. `machine`: the only place that talks to LLVM. `start`: the entry point.
- `builtins`: the functions that LLVM calls of its own accord, where no C library has them. `library`: what a library has for tests.
- `merging`: all units of a program as one module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm.text import escape
from vitte.codegen.patching import MARKER, Prepared, data_of

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.driver.target import Target
    from vitte.ir.ssa import Module


def intermediate(module: Module, ctx: UnitContext) -> str:
    from vitte.codegen.llvm.module import emit_module

    return emit_module(module, ctx).text


def prepare(module: Module, ctx: UnitContext) -> Prepared | None:
    from vitte.codegen.llvm import machine
    from vitte.codegen.llvm.module import emit_module

    return emit_module(module, ctx) if machine.accepts(ctx) else None


def compile_text(text: str, ctx: UnitContext) -> bytes:
    from vitte.codegen.llvm import machine

    return machine.to_object(text, ctx.target, ctx.opt_level)


def bitcode(text: str, ctx: UnitContext) -> bytes:
    from vitte.codegen.llvm import merging

    return merging.bitcode(text, ctx.target, ctx.opt_level)


def merge(modules: list[bytes], target: Target, opt_level: str) -> bytes:
    from vitte.codegen.llvm import merging

    return merging.merge(modules, target, opt_level)


def complete(prepared: Prepared) -> str:
    """The text with the tables' rows in their places, for those who take LLVM's output as it is."""
    text = prepared.text
    for table in prepared.tables:
        empty = table.marker + bytes(len(data_of(table)) - MARKER)
        text = text.replace(escape(empty), escape(data_of(table)))
    return text


def assembly(module: Module, ctx: UnitContext) -> str:
    from vitte.codegen.llvm import machine
    from vitte.codegen.llvm.module import emit_module

    if not machine.accepts(ctx):
        return ""
    return machine.to_assembly(complete(emit_module(module, ctx)), ctx.target, ctx.opt_level)


def start_object(target: Target) -> bytes:
    from vitte.codegen.llvm import start

    return start.start_object(target)


def support_object(target: Target) -> bytes:
    from vitte.codegen.llvm import builtins

    return builtins.support_object(target)


def library_object(target: Target) -> bytes:
    from vitte.codegen.llvm import library

    return library.library_object(target)
