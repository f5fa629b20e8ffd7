"""The machine: symbols of linked modules, functions compiled when first called, and what goes wrong with its place."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType

from vitte.const_eval.memory import OFFSET_BITS, STRUCTS, Memory, MemoryFault
from vitte.const_eval.translate import Code, translate
from vitte.ir import fold
from vitte.ir.fold import overflow_message
from vitte.ir.ssa import Function, Global, Loc, Module

Native = Callable[..., object]
"""A function the host provides: takes and gives scalars as the machine represents them."""

PYTHON_STACK = 200_000
"""Depth of calls that is allowed while a machine runs; beyond it is RecursionError."""


class Panic(Exception):
    """The program panics: `what` is the message, or `index` with the index and the length, or `overflow WORD`."""

    def __init__(self, what: str, *operands: int) -> None:
        super().__init__(what, *operands)
        self.what = what
        self.operands = operands

    @property
    def message(self) -> str:
        if self.what == "index" and self.operands:
            return f"index {self.operands[0]} is out of range for length {self.operands[1]}"
        if self.what.startswith("overflow "):
            return overflow_message(self.what[9:])
        return self.what


class StepLimit(Exception):
    """More operations than were allowed."""


class Unreachable(Exception):
    """Control reached what it cannot."""


class Exit(Exception):
    """The program asks to end."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Unsupported(Exception):
    """A call of a function that cannot be called here; the message is its symbol."""


class Frame:
    """Where a call stood when something went wrong."""

    __slots__ = ("fn", "loc")

    def __init__(self, fn: Function, loc: Loc) -> None:
        self.fn = fn
        self.loc = loc


class _Functions(dict[int, Native]):
    """Functions by pointer, looked up when first called through one: a subscript keeps deep recursion off the host's stack."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def __missing__(self, pointer: int) -> Native:
        return self.machine.function_at(pointer)


class Machine:
    """Modules are linked by adding them. `checked`: memory tells uninitialised bytes and pointers apart. `step_limit`: 0 for none."""

    def __init__(self, modules: Iterable[Module], *, checked: bool = False, step_limit: int = 0, pointer_bytes: int = 8) -> None:
        assert checked or pointer_bytes == 8
        self.checked = checked
        self.limited = step_limit > 0
        self.steps = [step_limit]
        self.memory = Memory(checked, pointer_bytes)
        self.functions: dict[str, Function] = {}
        self.globals: dict[str, Global] = {}
        self.natives: dict[str, Native] = {}
        self._addresses: dict[str, int] = {}
        self._pointers: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._by_pointer: dict[int, str] = {}
        self._names: dict[str, str] = {}
        self._codes: dict[str, tuple[Function, Code]] = {}
        self._compiled: dict[str, Native] = {}
        self._by_address = _Functions(self)
        self.namespace: dict[str, object] = self._namespace()
        for module in modules:
            self.add(module)

    def add(self, module: Module) -> None:
        """Link a module. The first definition of a symbol counts: others are equal (linkonce) or private with equal contents."""
        for fn in module.functions:
            self.functions.setdefault(fn.symbol, fn)
        for g in module.globals:
            self.globals.setdefault(g.symbol, g)

    def _namespace(self) -> dict[str, object]:
        memory = self.memory
        space: dict[str, object] = {
            "D": memory.data, "NEW": memory.new, "ADD": memory.add, "DROP": self._drop_slot, "T": self.steps,
            "LOAD": memory.load, "STORE": memory.store, "COPY": memory.copy, "FILL": memory.fill, "CALL": self._by_address,
            "Panic": Panic, "StepLimit": StepLimit, "Unreachable": Unreachable, "INF": math.inf, "NAN": math.nan,
            "F32": fold.f32, "FDIV": fold.fdiv, "FREM": fold.frem, "FSQRT": fold.fsqrt, "FFLOOR": fold.ffloor, "FCEIL": fold.fceil,
            "FTRUNC": fold.ftrunc, "FROUND": fold.fround, "FMA": fold.fma, "ITOF": fold.int_to_float, "FTOI": fold.float_to_int,
            "FROMBITS": fold.float_from_bits, "TOBITS": fold.float_bits, "CLZ": fold.clz, "CTZ": fold.ctz, "BSWAP": fold.bswap,
            "ROTL": fold.rotl, "SDIV": fold.quotient, "SREM": fold.remainder, "PTOI": self._pointer_to_int,
        }
        for ty, form in STRUCTS.items():
            space[f"U_{ty}"], space[f"P_{ty}"] = form.unpack_from, form.pack_into
        return space

    # --- what translation asks for

    def constant(self, name: str, value: object) -> str:
        self.namespace.setdefault(name, value)
        return name

    def copier(self, size: int) -> tuple[str, str]:
        """Names of the functions that read and write `size` bytes."""
        read, put = f"CR{size}", f"CW{size}"
        if read not in self.namespace:
            form = struct.Struct(f"{size}s")
            self.namespace[read], self.namespace[put] = form.unpack_from, form.pack_into
        return read, put

    def address(self, symbol: str) -> int:
        """The pointer to a global, which is made when first asked for."""
        known = self._addresses.get(symbol)
        if known is not None:
            return known
        g = self.globals.get(symbol)
        if g is None:
            return self._missing_data(symbol)
        pointer = self.memory.add_data(g.data, True)
        number = pointer >> OFFSET_BITS
        self._addresses[symbol] = pointer
        self.memory.names[number] = symbol
        for at, target, addend in g.relocations:
            self.memory.store("ptr", self.symbol_pointer(target) + addend, pointer + at)
        if not g.mutable:
            self.memory.data[number] = bytes(self.memory.data[number])
        return pointer

    def symbol_pointer(self, symbol: str) -> int:
        return self.function_pointer(symbol) if symbol in self.functions or symbol in self.natives else self.address(symbol)

    def row_of(self, place: str) -> int:
        """The address of a table of places with the one row for `file:line:col`, as compiled programs have them: rows of line and
        column, then the length of the file's name and 0, then the name."""
        known = self._rows.get(place)
        if known is None:
            file, line, column = place.rsplit(":", 2)
            name = file.encode()
            data = struct.pack("<IIII", int(line), int(column), len(name), 0) + name
            known = self._rows[place] = self.memory.add_data(data, False)
        return known

    def _missing_data(self, symbol: str) -> int:
        raise Unsupported(symbol)

    def const_address(self, symbol: str) -> int:
        """The address of the image of a constant; only while constants are evaluated."""
        raise Unsupported(symbol)

    def const_value(self, symbol: str, ty: str) -> int | float:
        raise Unsupported(symbol)

    def function_pointer(self, symbol: str) -> int:
        known = self._pointers.get(symbol)
        if known is None:
            known = self.memory.add_data(b"", False)
            self._pointers[symbol] = known
            self._by_pointer[known] = symbol
            self.memory.names[known >> OFFSET_BITS] = symbol
        return known

    def function_name(self, symbol: str) -> str:
        """The global Python name under which a function is called; it compiles the function at its first call."""
        name = self._names.get(symbol)
        if name is None:
            name = self._names[symbol] = f"f{len(self._names)}"
            self.namespace[name] = self._stub(symbol, name)
        return name

    def _stub(self, symbol: str, name: str) -> Native:
        def first_call(*args: object) -> object:
            real = self.compile(symbol)
            self.namespace[name] = real
            return real(*args)

        return self.natives.get(symbol) or first_call

    def compile(self, symbol: str) -> Native:
        """The Python function of a symbol. Raises Unsupported when there is none."""
        native = self.natives.get(symbol) or self._compiled.get(symbol)
        if native is not None:
            return native
        fn = self.functions.get(symbol)
        if fn is None:
            return self.missing(symbol)
        code = translate(fn, self)
        file = f"<ssa {len(self._codes)}>"
        self._codes[file] = (fn, code)
        exec(compile("\n".join(code.lines), file, "exec"), self.namespace)
        made: Native = self.namespace.pop("F")  # type: ignore[assignment]
        self._compiled[symbol] = made
        return made

    def missing(self, symbol: str) -> Native:
        """A function that no linked module defines."""
        raise Unsupported(symbol)

    # --- running

    def call(self, symbol: str, *args: int | float) -> object:
        """Run a function; what it raises is one of this module's exceptions, or MemoryFault."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, PYTHON_STACK))
        try:
            return self.compile(symbol)(*args)
        except (KeyError, IndexError, TypeError, struct.error) as error:
            raise self._fault(error) from error
        finally:
            sys.setrecursionlimit(limit)

    def function_at(self, pointer: int) -> Native:
        """The function a pointer points at."""
        symbol = self._by_pointer.get(pointer)
        if symbol is None:
            raise MemoryFault(f"call of {self.memory.describe(pointer)}")
        return self.namespace[self.function_name(symbol)]  # type: ignore[return-value]

    def _drop_slot(self, number: int) -> None:
        self.memory.drop(number)

    def _pointer_to_int(self, pointer: int) -> int:
        return pointer

    # --- what went wrong, and where

    def trace(self, traceback: TracebackType | None) -> list[Frame]:
        """The interpreted calls of a traceback, innermost first; inlined calls are told apart."""
        frames: list[Frame] = []
        at = traceback
        while at is not None:
            known = self._codes.get(at.tb_frame.f_code.co_filename)
            if known is not None:
                fn, code = known
                frames[:0] = self._expand(fn, code.locs[at.tb_lineno - 1])
            at = at.tb_next
        return frames

    def _expand(self, fn: Function, index: int) -> list[Frame]:
        found: list[Frame] = []
        while index:
            loc = fn.locs[index]
            found.append(Frame(fn, loc))
            index = loc.inlined
        return found or [Frame(fn, Loc(fn.file, fn.line, 1))]

    def callers(self, frame: FrameType | None, depth: int) -> list[Frame]:
        """The innermost `depth` interpreted calls of a running program."""
        found: list[Frame] = []
        while frame is not None and len(found) < depth:
            known = self._codes.get(frame.f_code.co_filename)
            if known is not None:
                found += self._expand(known[0], known[1].locs[frame.f_lineno - 1])
            frame = frame.f_back
        return found

    def _fault(self, error: BaseException) -> MemoryFault:
        """What a failed access of `struct` or of the object table means, from the instruction on that line."""
        at = error.__traceback__
        last = None
        while at is not None:
            if at.tb_frame.f_code.co_filename in self._codes:
                last = at
            at = at.tb_next
        if last is None:
            raise error
        fn, code = self._codes[last.tb_frame.f_code.co_filename]
        inst = code.insts[last.tb_lineno - 1]
        if inst is None or inst.op not in ("load", "store", "memcpy"):
            raise error
        local = last.tb_frame.f_locals
        pointers = [inst.args[-1]] if inst.op != "memcpy" else list(inst.args)
        for value in pointers:
            pointer = self._known_pointer(fn, value, local)
            if pointer is None:
                continue
            pointer += inst.imm if inst.op != "memcpy" else 0
            size = inst.imm if inst.op == "memcpy" else 1
            data = self.memory.data.get(pointer >> OFFSET_BITS)
            write = inst.op == "store" or (inst.op == "memcpy" and value == inst.args[0])
            if write and isinstance(data, bytes):
                return MemoryFault(f"write to constant {self.memory.describe(pointer)}")
            if data is None or inst.op != "memcpy" or (pointer & 0xFFFFFFFF) + size > len(data):
                return MemoryFault(f"{'write to' if write else 'read of'} {self.memory.describe(pointer, size)}")
        return MemoryFault("access to what is no memory")

    def _known_pointer(self, fn: Function, value: int, local: dict[str, object]) -> int | None:
        found = local.get(f"v{value}")
        if isinstance(found, int):
            return found
        for bb in fn.blocks:
            for inst in bb.insts:
                if inst.result == value:
                    if inst.op == "slot":
                        slot = local.get(f"s{inst.imm}")
                        return slot if isinstance(slot, int) else None
                    if inst.op == "global_addr":
                        return self.address(inst.sym) + inst.imm
                    return 0 if inst.op == "null" else None
        return None
