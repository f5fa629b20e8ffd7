"""Whole programs in the interpreter: `vitte run --engine interp`, and the tests' reference for what programs mean."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from vitte.const_eval.machine import Exit, Frame, Machine, Panic, StepLimit, Unreachable, Unsupported
from vitte.const_eval.memory import OFFSET_BITS, MemoryFault
from vitte.ir import lang
from vitte.ir.ssa import Loc, Module

if TYPE_CHECKING:
    from types import TracebackType

    from vitte.const_eval.foreign import Foreign

STATUS_PANIC = 101
STATUS_FAULT = 134
"""Of a program that did what it must not with memory: as if it had been aborted."""
STATUS_LIMIT = 124
"""Of a program that took more than the allowed steps: as `timeout` says it."""


class ExitStatus(Struct):
    """`status`: 0 to 255. `leaks`: a line per allocation that was neither freed nor is reachable from a static, with its place."""

    status: int
    leaks: list[str] = []


def run_program(modules: list[Module], args: list[str], step_limit: int = 0) -> int:
    """Run `main` on the process's own streams, environment and files; the exit status. `args` begins with the program's name."""
    import os

    return execute(modules, args, os.environ, step_limit=step_limit).status


def execute(
    modules: Sequence[Module],
    args: Sequence[str],
    env: Mapping[str, str],
    *,
    streams: Mapping[int, BinaryIO] | None = None,
    step_limit: int = 0,
    check_leaks: bool = False,
    checked: bool = False,
) -> ExitStatus:
    """Run `main(argc, argv)` of linked modules. `streams`: file objects in the place of descriptors 0, 1, 2. `checked`: reads of
    uninitialised memory are faults."""
    from vitte.const_eval.foreign import Foreign

    machine = Machine(modules, checked=checked, step_limit=step_limit)
    foreign = Foreign(machine, env, streams or {}, track=check_leaks)
    runner = _Runner(machine, foreign)
    status = runner.run(args)
    return ExitStatus(status, _leaks(machine) if check_leaks and not runner.failed else [])


class _Runner:
    def __init__(self, machine: Machine, foreign: Foreign) -> None:
        self.machine = machine
        self.foreign = foreign
        self.failed = False

    def run(self, args: Sequence[str]) -> int:
        memory = self.machine.memory
        texts = [memory.add_data(a.encode("utf-8", "surrogateescape") + b"\0") for a in args]
        vector = memory.add_data(bytes(8 * (len(texts) + 1)))
        for i, text in enumerate(texts):
            memory.store("ptr", text, vector + 8 * i)
        try:
            status = self.machine.call("main", len(texts), vector)
            self.foreign.flush_stdio()
            return int(status) & 255 if isinstance(status, int) else 0
        except Exit as exit_:
            return exit_.status
        except Panic as panic:
            self.failed = True
            return self._panic(panic, panic.__traceback__)
        except StepLimit as limit:
            return self._stop("the step limit is reached", limit, STATUS_LIMIT)
        except RecursionError as error:
            return self._stop("calls nest too deeply: the stack is full", error, STATUS_FAULT)
        except Unreachable as error:
            return self._stop("control reached a place that it cannot reach", error, STATUS_FAULT)
        except Unsupported as error:
            return self._stop(f"the interpreter has no function or data `{error}`", error, STATUS_FAULT)
        except MemoryFault as fault:
            return self._stop(f"memory fault: {fault}", fault, STATUS_FAULT)

    def _stop(self, text: str, error: BaseException, status: int) -> int:
        self.failed = True
        cause = error.__cause__ or error
        frames = self.machine.trace(cause.__traceback__)
        lines = [f"interpreter: {text}", *[f"  at {_place(f.loc)} in {f.fn.name or f.fn.symbol}" for f in frames[:20]]]
        self._flush()
        self._error("\n".join(lines) + "\n")
        return status

    def _flush(self) -> None:
        """What the program printed before comes first, if its library can still be called."""
        if "std/rt::flush_out" in self.machine.functions:
            self.machine.steps[0] = 1 << 60
            try:
                self.machine.call("std/rt::flush_out")
            except (MemoryFault, Panic, Unreachable, Unsupported, RecursionError):
                return

    def _error(self, text: str) -> None:
        stream = self.foreign.streams.get(2)
        if stream is not None:
            stream.write(text.encode())
        else:
            sys.stderr.write(text)
            sys.stderr.flush()

    def _panic(self, panic: Panic, traceback: TracebackType | None) -> int:
        """As compiled programs do: the library's own procedure says it and ends the program."""
        machine = self.machine
        frames: list[Frame] = machine.trace(traceback)
        place = _place(frames[0].loc) if frames else ""
        symbol = lang.PANIC
        operands: list[int] = [self._text(panic.message)]
        if panic.what == "index" and panic.operands and lang.PANIC_INDEX in machine.functions:
            symbol, operands = lang.PANIC_INDEX, list(panic.operands)
        elif panic.what.startswith("overflow ") and lang.PANIC_OVERFLOW in machine.functions:
            symbol, operands = lang.PANIC_OVERFLOW, [self._text(panic.what[9:])]
        if symbol not in machine.functions:
            self._error(f"panic at {place}: {panic.message}\n")
            return STATUS_PANIC
        machine.steps[0] = 1 << 60
        try:
            machine.call(symbol, *operands, machine.row_of(place) if place else 0)
        except Exit as exit_:
            return exit_.status
        return STATUS_PANIC

    def _text(self, text: str) -> int:
        """A string value in memory."""
        memory = self.machine.memory
        data = text.encode()
        value = memory.add_data(bytes(24))
        memory.store("ptr", memory.add_data(data), value)
        memory.store("i64", len(data), value + 8)
        return value


def _place(loc: Loc) -> str:
    return f"{loc.file}:{loc.line}:{loc.col}"


def _leaks(machine: Machine) -> list[str]:
    """Allocations that nothing static leads to."""
    memory = machine.memory
    todo = [number for number in memory.data if number in memory.names]
    reached = set(todo)
    while todo:
        for _, pointer in memory.pointers(todo.pop()):
            number = pointer >> OFFSET_BITS
            if number not in reached and number in memory.data:
                reached.add(number)
                todo.append(number)
    found: list[str] = []
    for number, site in memory.heap.items():
        if number not in reached:
            frames = site if isinstance(site, list) else []
            own = [f for f in frames if not f.loc.file.startswith("std/")] or frames
            place = _place(own[0].loc) if own else "an unknown place"
            found.append(f"{place}: {len(memory.data[number])} bytes were not freed")
    return found
