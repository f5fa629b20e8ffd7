"""Stage 9: SSA to machine code.

Purpose: an object file for one unit. Input: `ssa.Module` after stages 7 and 8 (no unevaluated constants left).
Output: the bytes of an object file in the target's format, with one section per function, position independent.
Invariants: the module is complete (everything it names is defined or declared in it), LLVM's verifier accepts what is emitted, and equal
input gives equal bytes in every process.

    fn "m::inc" (v0: i64) -> i64 {          define dso_local i64 @"m::inc"(i64 %v0) #0 section ".text.m::inc" {
    b0:                                      b0:
      v1 = iconst i64 1              ==>       %v2.r = call { i64, i1 } @llvm.sadd.with.overflow.i64(i64 %v0, i64 1)
      v2 = sadd.trap i64 v0, v1                %v2 = extractvalue { i64, i1 } %v2.r, 0
      ret v2                                   ...
    }                                          br i1 %v2.o, label %p0, label %k0, !prof !0       ; p0 calls the panic, cold

Three steps, which `run` takes together and a cache takes apart: `prepare` gives LLVM's input, in which no source position occurs (unless
debug information asks for them), and the tables of positions beside it; `compile_text` makes an object of a text, the expensive step;
`locate` and `fill` put the tables into it. A text that was compiled before needs no LLVM.

    prepared = prepare(module, ctx)                          # never loads LLVM, but for the CPU `native`
    data = compile_text(prepared.text, ctx)                  # may be remembered by the text's digest, with
    offsets = locate(data, prepared.tables)                  #   these
    object = fill(data, offsets, prepared.tables)

A backend is a module with the functions of `Backend`, loaded when it is first used; which one is the driver's choice.
`isolate.run_isolated` runs any of this in a process of its own, where an abort inside LLVM is an exception and not the compiler's end.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from vitte.codegen.patching import Prepared, Table, fill, locate

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.driver.target import Target
    from vitte.ir.ssa import Module


class Backend(Protocol):
    """What a backend module provides."""

    def prepare(self, module: Module, ctx: UnitContext) -> Prepared | None: ...
    def compile_text(self, text: str, ctx: UnitContext) -> bytes: ...
    def bitcode(self, text: str, ctx: UnitContext) -> bytes: ...
    def merge(self, modules: list[bytes], target: Target, opt_level: str) -> bytes: ...
    def intermediate(self, module: Module, ctx: UnitContext) -> str: ...
    def assembly(self, module: Module, ctx: UnitContext) -> str: ...
    def start_object(self, target: Target) -> bytes: ...
    def support_object(self, target: Target) -> bytes: ...
    def library_object(self, target: Target) -> bytes: ...


__all__ = ["BACKENDS", "Backend", "Prepared", "Table", "assembly", "backend", "bitcode", "compile_text", "fill", "library_object",
           "llvm_ir", "locate", "merge", "prepare", "run", "start_object", "support_object"]

BACKENDS: dict[str, str] = {"llvm": "vitte.codegen.llvm"}
"""Backends by name, as modules to be imported when wanted."""


def backend(name: str = "llvm") -> Backend:
    """The backend of that name. Raises KeyError when there is none."""
    return cast(Backend, import_module(BACKENDS[name]))


def run(module: Module, ctx: UnitContext, name: str = "llvm") -> bytes:
    """The unit's object file. Empty when an error was reported to `ctx.diagnostics` (an unknown CPU).
    Raises `llvm.machine.BackendError` when LLVM refuses the module: an internal error."""
    prepared = prepare(module, ctx, name)
    if prepared is None:
        return b""
    data = compile_text(prepared.text, ctx, name)
    offsets = locate(data, prepared.tables)
    if offsets is None:
        raise AssertionError("a table of places is not in the object exactly once")
    return fill(data, offsets, prepared.tables)


def prepare(module: Module, ctx: UnitContext, name: str = "llvm") -> Prepared | None:
    """The backend's input and the tables of places; None when an error was reported to `ctx.diagnostics` (an unknown CPU).

    Equal modules give equal results in every process, and modules that differ in positions alone differ in the tables alone."""
    return backend(name).prepare(module, ctx)


def compile_text(text: str, ctx: UnitContext, name: str = "llvm") -> bytes:
    """An object with empty tables. It depends on the text and the compiler (LLVM included) alone: of `ctx` are read `target` and
    `opt_level`, and the text's first lines name them.

    Raises `llvm.machine.BackendError` when LLVM refuses the text: an internal error."""
    return backend(name).compile_text(text, ctx)


def bitcode(text: str, ctx: UnitContext, name: str = "llvm") -> bytes:
    """A text as a module for `merge`. Raises `llvm.machine.BackendError` when LLVM refuses it: an internal error."""
    return backend(name).bitcode(text, ctx)


def merge(modules: list[bytes], target: Target, opt_level: str, name: str = "llvm") -> bytes:
    """One object, with empty tables, of all units of a program, optimised together. What only they refer to is not in it if it is not
    needed. Raises `llvm.machine.BackendError` when they do not fit together: an internal error."""
    return backend(name).merge(modules, target, opt_level)


def llvm_ir(module: Module, ctx: UnitContext) -> str:
    """LLVM IR as it is handed to LLVM, before its passes."""
    return backend("llvm").intermediate(module, ctx)


def assembly(module: Module, ctx: UnitContext, name: str = "llvm") -> str:
    """The unit's machine code as assembly text, after all passes."""
    return backend(name).assembly(module, ctx)


def start_object(target: Target, name: str = "llvm") -> bytes:
    """An object with the program's entry point for links that use no C start files."""
    return backend(name).start_object(target)


def support_object(target: Target, name: str = "llvm") -> bytes:
    """An object with the functions that the backend calls of its own accord and a target without a C library lacks; b"" when the target
    needs none. Symbols are weak."""
    return backend(name).support_object(target)


def library_object(target: Target, name: str = "llvm") -> bytes:
    """An object with what a program's root unit would define, for archives and relocatable objects."""
    return backend(name).library_object(target)
