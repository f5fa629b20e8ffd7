"""An SSA function as a Python function: its text, and which instruction each line came from.

Values are Python locals `v3`; constants are literals; a pure operation used once in its own block stands where it is used. Slots are
objects `o0` at pointer `s0`, made at entry and dropped at `ret`; what is loaded from them directly needs no lookup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.const_eval.memory import FRESH, OFFSET_MASK, STRUCTS
from vitte.const_eval.ops import expression, int_literal, literal, statements
from vitte.const_eval.shape import Shape, TooDeep
from vitte.ir.ssa import Function, Inst, Jump
from vitte.ir.ssa_walk import use_counts

if TYPE_CHECKING:
    from vitte.const_eval.machine import Machine

_TWICE = frozenset(("load", "store", "memcpy"))
"""Operations whose text names pointer operands twice."""
SMALL = 64
"""Copies of at most so many bytes are done in place."""


class Code:
    """`lines[i]` came from `insts[i]` (None for control flow) at `locs[i]`, an index into the function's places."""

    __slots__ = ("insts", "lines", "locs")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.locs: list[int] = []
        self.insts: list[Inst | None] = []


def translate(fn: Function, machine: Machine) -> Code:
    """The definition of a Python function `F` that does what `fn` does."""
    code = _Translator(fn, machine)
    try:
        return code.run(nested=True)
    except TooDeep:
        return _Translator(fn, machine).run(nested=False)


class _Translator:
    def __init__(self, fn: Function, machine: Machine) -> None:
        self.fn = fn
        self.machine = machine
        self.checked = machine.checked
        self.types = fn.types
        self.code = Code()
        self.texts: list[str] = [f"v{v}" for v in range(len(fn.types))]
        self.uses = use_counts(fn)
        self.places: dict[int, tuple[int, int]] = {}
        """Values that are an address in a slot: (slot, offset)."""
        self.slots: list[int] = []
        self.inst: Inst | None = None
        self.loc = 0

    def run(self, nested: bool) -> Code:
        fn = self.fn
        self.write(0, f"def F({', '.join([f'v{p}' for p in fn.params])}):")
        self._slots()
        shape = Shape(
            fn, self.write, self._erase, self._body, self._pass_args, self._test, self._subject, self._finish, self._loop_head
        )
        if self.machine.limited:
            self._loop_head(1)
        if nested:
            shape.emit(1)
        else:
            shape.dispatch(1)
        return self.code

    # --- lines

    def write(self, depth: int, text: str) -> int:
        code = self.code
        code.lines.append(" " * depth + text)
        code.insts.append(self.inst)
        code.locs.append(self.loc)
        return len(code.lines) - 1

    def _erase(self, line: int) -> None:
        text = self.code.lines[line]
        self.code.lines[line] = text[: len(text) - len(text.lstrip())] + "pass"

    def _loop_head(self, depth: int) -> None:
        if self.machine.limited:
            self.write(depth, "if T[0] < 0: raise StepLimit")

    # --- slots and constants, known before anything is written

    def _slots(self) -> None:
        for bb in self.fn.blocks:
            for inst in bb.insts:
                if inst.op == "slot":
                    self.places[inst.result] = (inst.imm, 0)
                    self.texts[inst.result] = f"s{inst.imm}"
                    if inst.imm not in self.slots:
                        self.slots.append(inst.imm)
                elif inst.op == "iconst":
                    self.texts[inst.result] = int_literal(inst.imm, inst.ty)
                elif inst.op == "fconst":
                    self.texts[inst.result] = _float_literal(inst.fimm)
                elif inst.op == "null":
                    self.texts[inst.result] = "0"
                elif inst.op == "global_addr":
                    self.texts[inst.result] = str(self.machine.address(inst.sym) + inst.imm)
                elif inst.op == "fn_addr":
                    self.texts[inst.result] = str(self.machine.function_pointer(inst.sym))
                elif inst.op == "here":
                    self.texts[inst.result] = str(self.machine.row_of(inst.sym))
                elif inst.op == "const_addr":
                    self.texts[inst.result] = str(self.machine.const_address(inst.sym))
                elif inst.op == "const":
                    value = self.machine.const_value(inst.sym, inst.ty)
                    self.texts[inst.result] = _float_literal(value) if isinstance(value, float) else literal(value)
        for slot in self.slots:
            size = self.fn.slots[slot].size
            if self.checked:
                self.write(1, f"s{slot} = ADD({size})")
            else:
                fresh = self.machine.constant(f"Z{size}", FRESH * size)
                self.write(1, f"n{slot} = NEW(); o{slot} = D[n{slot}] = bytearray({fresh}); s{slot} = n{slot} << 32")

    # --- blocks

    def _body(self, number: int, depth: int) -> None:
        bb = self.fn.blocks[number]
        insts = bb.insts
        if self.machine.limited:
            self.write(depth, f"T[0] -= {len(insts) + 1}")
        inlined = self._inlinable(number)
        for inst in insts:
            self.inst = inst
            if inst.loc:
                self.loc = inst.loc
            self._inst(inst, depth, inlined)
        self.inst = None
        if bb.term.loc:
            self.loc = bb.term.loc

    def _inlinable(self, number: int) -> set[int]:
        """Values used once, in this very block, by something that names its operand once."""
        bb = self.fn.blocks[number]
        uses = self.uses
        found: set[int] = set()
        for inst in bb.insts:
            twice = inst.op in _TWICE
            for i, value in enumerate(inst.args):
                if uses[value] == 1 and not (twice and (inst.op != "store" or i)):
                    found.add(value)
        term = bb.term
        if term.op != "switch":
            found.update([v for v in term.args if uses[v] == 1])
        return found

    def _inst(self, inst: Inst, depth: int, inlined: set[int]) -> None:
        op = inst.op
        special = _SPECIAL.get(op)
        if special is not None:
            special(self, inst, depth)
            return
        texts = self.texts
        args = [texts[a] for a in inst.args]
        result = inst.result
        if op == "ptr_add":
            place = self.places.get(inst.args[0])
            if place is not None and args[1].isdigit():
                self.places[result] = (place[0], place[1] + int(args[1]))
        text = expression(inst, args, self.types[inst.args[0]] if inst.args else "")
        if text is not None:
            if result in inlined:
                texts[result] = text
            elif self.uses[result]:
                self.write(depth, f"{texts[result]} = {text}")
            return
        lines = statements(inst, texts[result], args)
        assert lines is not None, f"no meaning for {op}"
        for line in lines:
            self.write(depth, line)

    # --- memory

    def _where(self, pointer: int, off: int) -> str:
        """`object, offset` of an address, for `struct`."""
        place = self.places.get(pointer)
        if place is not None and place[1] + off >= 0:
            return f"o{place[0]}, {place[1] + off}"
        text = self.texts[pointer]
        if text.isdigit():
            return f"D[{int(text) >> 32}], {(int(text) & OFFSET_MASK) + off}"
        rest = f"({text} & {OFFSET_MASK}) + {off}" if off else f"{text} & {OFFSET_MASK}"
        return f"D[{text} >> 32], {rest}"

    def _address(self, pointer: int, off: int) -> str:
        return f"{self.texts[pointer]} + {off}" if off else self.texts[pointer]

    def _load(self, inst: Inst, depth: int) -> None:
        pointer = inst.args[0]
        name = self.texts[inst.result]
        if self.checked or inst.ty not in STRUCTS:
            self.write(depth, f'{name} = LOAD("{inst.ty}", {self._address(pointer, inst.imm)})')
        else:
            self.write(depth, f"{name} = U_{inst.ty}({self._where(pointer, inst.imm)})[0]")

    def _store(self, inst: Inst, depth: int) -> None:
        value, pointer = inst.args
        ty = self.types[value]
        if self.checked or ty not in STRUCTS:
            self.write(depth, f'STORE("{ty}", {self.texts[value]}, {self._address(pointer, inst.imm)})')
        else:
            self.write(depth, f"P_{ty}({self._where(pointer, inst.imm)}, {self.texts[value]})")

    def _memcpy(self, inst: Inst, depth: int) -> None:
        to, source = inst.args
        size = inst.imm
        if not size:
            return
        if self.checked or size > SMALL:
            self.write(depth, f"COPY({self.texts[to]}, {self.texts[source]}, {size})")
        else:
            read, put = self.machine.copier(size)
            self.write(depth, f"{put}({self._where(to, 0)}, {read}({self._where(source, 0)})[0])")

    def _memcpy_n(self, inst: Inst, depth: int) -> None:
        self.write(depth, f"COPY({', '.join([self.texts[a] for a in inst.args])})")

    def _memset(self, inst: Inst, depth: int) -> None:
        self.write(depth, f"FILL({', '.join([self.texts[a] for a in inst.args])})")

    # --- calls and checks

    def _call(self, inst: Inst, depth: int) -> None:
        name = self.machine.function_name(inst.sym)
        self._called(inst, depth, f"{name}({', '.join([self.texts[a] for a in inst.args])})")

    def _call_ptr(self, inst: Inst, depth: int) -> None:
        args = [self.texts[a] for a in inst.args]
        self._called(inst, depth, f"CALL[{args[0]}]({', '.join(args[1:])})")

    def _called(self, inst: Inst, depth: int, text: str) -> None:
        self.write(depth, f"{self.texts[inst.result]} = {text}" if inst.result >= 0 and self.uses[inst.result] else text)

    def _check(self, inst: Inst, depth: int) -> None:
        operands = "".join([f", {self.texts[a]}" for a in inst.args[1:]])
        self.write(depth, f"if not {self.texts[inst.args[0]]}: raise Panic({inst.sym!r}{operands})")

    def _nothing(self, inst: Inst, depth: int) -> None:
        pass

    # --- control flow

    def _pass_args(self, jump: Jump, depth: int) -> None:
        params = self.fn.blocks[jump.block].params
        pairs = [(p, a) for p, a in zip(params, jump.args) if p != a]
        if pairs:
            left = ", ".join([f"v{p}" for p, _ in pairs])
            self.write(depth, f"{left} = {', '.join([self.texts[a] for _, a in pairs])}")

    def _test(self, number: int) -> str:
        return self.texts[self.fn.blocks[number].term.args[0]]

    def _subject(self, number: int) -> tuple[str, list[str]]:
        term = self.fn.blocks[number].term
        value = term.args[0]
        return self.texts[value], [int_literal(c, self.types[value]) for c in term.cases]

    def _finish(self, number: int, depth: int) -> None:
        term = self.fn.blocks[number].term
        if term.op == "unreachable":
            self.write(depth, "raise Unreachable")
            return
        value = self.texts[term.args[0]] if term.args else ""
        if self.slots:
            if value.startswith(("(", "LOAD")):  # computed before its slots are gone
                self.write(depth, f"R = {value}")
                value = "R"
            if self.checked:
                for slot in self.slots:
                    self.write(depth, f"DROP(s{slot} >> 32)")
            else:
                self.write(depth, f"del {', '.join([f'D[n{slot}]' for slot in self.slots])}")
        self.write(depth, f"return {value}".rstrip())


_SPECIAL = {
    "slot": _Translator._nothing, "iconst": _Translator._nothing, "fconst": _Translator._nothing, "null": _Translator._nothing,
    "global_addr": _Translator._nothing, "fn_addr": _Translator._nothing, "here": _Translator._nothing,
    "const": _Translator._nothing, "const_addr": _Translator._nothing,
    "dbg": _Translator._nothing, "load": _Translator._load, "store": _Translator._store, "memcpy": _Translator._memcpy,
    "memcpy.n": _Translator._memcpy_n, "memmove.n": _Translator._memcpy_n, "memset.n": _Translator._memset,
    "call": _Translator._call, "call_ptr": _Translator._call_ptr, "check": _Translator._check,
}


def _float_literal(value: float) -> str:
    if value != value:
        return "NAN"
    if value in (float("inf"), float("-inf")):
        return "INF" if value > 0 else "(-INF)"
    return repr(value) if repr(value)[0] != "-" else f"({value!r})"
