"""Emitting instructions: values, constants, blocks, memory. Knows SSA, layouts and locals, not MIR's statements."""

from __future__ import annotations

from bisect import bisect_right

from vitte.base.source import SPAN_BITS, SPAN_MASK, Span
from vitte.ir import fold
from vitte.ir.ssa import BITS, Block, Function, Inst, Jump, Loc, Slot, Term
from vitte.ir.ssa_text import NO_LOC
from vitte.ir.types import Ty
from vitte.ssa_build.unit import Unit

Address = tuple[int, int]
"""A pointer value and a number of bytes to add to it."""


class Builder:
    """One function under construction.

    `insts` is the block being filled. `known` holds the numbers of constant values, `loc` the place of what is emitted next.
    """

    __slots__ = ("_constants", "_head", "_line_starts", "_locs", "_ordinals", "_slots", "current", "fn", "insts", "known", "layouts",
                 "loc", "types", "unit")

    def __init__(self, unit: Unit, fn: Function, source: str = "") -> None:
        """`source`: path of the typed body the function is made of, "" for none."""
        self.unit = unit
        self.layouts = unit.layouts
        self.fn = fn
        self.types = fn.types
        self.known: dict[int, int] = {}
        self.loc = 0
        self.current = 0
        self._constants: dict[tuple[str, object], int] = {}
        self._head: list[Inst] = []
        self._slots: dict[int, int] = {}
        self._locs: dict[int, int] = {}
        self._line_starts = unit.ctx.line_table(fn.file)
        self._ordinals = unit.ordinals(source) if source else {}
        fn.owner = source if self._ordinals else ""
        if not fn.locs:
            fn.locs.append(NO_LOC)
        self.insts: list[Inst] = []
        if not fn.blocks:
            fn.blocks.append(Block([], self.insts, Term("unreachable")))
        self.insts = fn.blocks[0].insts

    # --- places in the source

    def place(self, span: Span) -> Loc:
        """Line and column of the beginning of a span of the function's file."""
        start = span >> SPAN_BITS
        starts = self._line_starts
        fn = self.fn
        row = self._ordinals.get(span, 0)
        if not starts:
            return Loc(fn.file, 1, start + 1, 0, "", span & SPAN_MASK, fn.owner, row)
        line = bisect_right(starts, start) - 1
        return Loc(fn.file, line + 1, start - starts[line] + 1, 0, "", span & SPAN_MASK, fn.owner, row)

    def at(self, span: Span) -> None:
        """What is emitted from here on stands at this place."""
        if span:
            self.loc = self._index(span)

    def _index(self, span: Span) -> int:
        loc = self._locs.get(span)
        if loc is None:
            self.fn.locs.append(self.place(span))
            loc = self._locs[span] = len(self.fn.locs) - 1
        return loc

    def here(self, span: Span) -> int:
        """The address of the row for a place."""
        before = self.loc
        self.at(span)
        loc = self.fn.locs[self.loc] if self.loc else Loc(self.fn.file, self.fn.line, 1)
        value = self.op("here", "ptr", [], loc.ordinal, f"{loc.file}:{loc.line}:{loc.col}")
        self.loc = before
        return value

    # --- instructions

    def op(self, op: str, ty: str, args: list[int], imm: int = 0, sym: str = "") -> int:
        """An operation whose result has the instruction's type."""
        types = self.types
        value = len(types)
        types.append(ty)
        self.insts.append(Inst(op, ty, args, value, imm, 0.0, sym, self.loc))
        return value

    def over(self, op: str, ty: str, args: list[int]) -> int:
        """An operation on `ty` that gives an i1 (`sadd.over` ...)."""
        value = len(self.types)
        self.types.append("i1")
        self.insts.append(Inst(op, ty, args, value, 0, 0.0, "", self.loc))
        return value

    def effect(self, op: str, args: list[int], imm: int = 0, sym: str = "") -> None:
        """An operation without a result."""
        self.insts.append(Inst(op, "", args, -1, imm, 0.0, sym, self.loc))

    def call(self, symbol: str, args: list[int], result: str = "", fixed: int = -1) -> int:
        """-1 when there is no result."""
        if not result:
            self.insts.append(Inst("call", "", args, -1, fixed, 0.0, symbol, self.loc))
            return -1
        return self.op("call", result, args, fixed, symbol)

    def call_known(self, symbol: str, args: list[int], result: str = "") -> int:
        """A call of a library procedure, declared by what it is given."""
        self.unit.declare(symbol, tuple([self.types[a] for a in args]), result)
        return self.call(symbol, args, result)

    # --- constants: kept while what follows is dominated by where they stand

    def forget_constants(self) -> None:
        self._constants = {}

    def keep_constants(self) -> dict[tuple[str, object], int]:
        """Begin a piece that does not dominate what follows; give the result to `restore_constants` after it."""
        saved, self._constants = self._constants, {}
        return saved

    def restore_constants(self, saved: dict[tuple[str, object], int]) -> None:
        self._constants = saved

    def iconst(self, ty: str, value: int) -> int:
        """An integer constant; any representative of its low bits will do."""
        value = fold.wrap(value, BITS[ty])
        key = (ty, value)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = self.op("iconst", ty, [], value)
            self.known[found] = value
        return found

    def fconst(self, ty: str, value: float) -> int:
        key = (ty, repr(value))
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = self.op("fconst", ty, [])
            self.insts[-1].fimm = fold.f32(value) if ty == "f32" else value
        return found

    def null(self) -> int:
        found = self._constants.get(("ptr", 0))
        if found is None:
            found = self._constants["ptr", 0] = self.op("null", "ptr", [])
        return found

    def global_addr(self, symbol: str) -> int:
        found = self._constants.get(("global", symbol))
        if found is None:
            found = self._constants["global", symbol] = self.op("global_addr", "ptr", [], 0, symbol)
        return found

    def zero(self, ty: str) -> int:
        """Any value of a type."""
        if ty == "ptr":
            return self.null()
        return self.fconst(ty, 0.0) if ty[0] == "f" else self.iconst(ty, 0)

    def entry_zero(self, ty: str) -> int:
        """Any value of a type, at the beginning of the function."""
        value = len(self.types)
        self.types.append(ty)
        op = "null" if ty == "ptr" else "fconst" if ty[0] == "f" else "iconst"
        self._head.append(Inst(op, ty, [], value))
        return value

    # --- small arithmetic

    def resize(self, value: int, to: str, is_signed: bool) -> int:
        """An integer in another width."""
        ty = self.types[value]
        if ty == to:
            return value
        if value in self.known:
            number = self.known[value]
            return self.iconst(to, fold.signed(number, BITS[ty]) if is_signed and ty != "i1" else number)
        if BITS[to] < BITS[ty]:
            return self.op("trunc", to, [value])
        return self.op("sext" if is_signed and ty != "i1" else "zext", to, [value])

    def compare(self, op: str, a: int, b: int) -> int:
        known = self.known
        if a in known and b in known:
            return self.iconst("i1", int(fold.evaluate(op, "i1", [known[a], known[b]], self.types[a]) or 0))
        return self.op(op, "i1", [a, b])

    def negate(self, cond: int) -> int:
        if cond in self.known:
            return self.iconst("i1", 1 - self.known[cond])
        return self.op("xor", "i1", [cond, self.iconst("i1", 1)])

    def check(self, cond: int, message: str, *operands: int) -> None:
        """Panic with the message unless `cond`; nothing when it is known to hold."""
        if self.known.get(cond) != 1:
            self.effect("check", [cond, *operands], 0, message)

    # --- memory

    def slot(self, size: int, align: int, name: str = "") -> int:
        """The address of new stack memory; the instruction stands at the beginning of the function."""
        self.fn.slots.append(Slot(size, align, name))
        value = len(self.types)
        self.types.append("ptr")
        self._head.append(Inst("slot", "ptr", [], value, len(self.fn.slots) - 1))
        return value

    def temp(self, ty: Ty) -> int:
        """The address of new stack memory for a value of `ty`."""
        size, align = self.layouts.size_align(ty)
        return self.slot(size, align)

    def pointer(self, address: Address) -> int:
        """An address as one value."""
        base, off = address
        return self.op("ptr_add", "ptr", [base, self.iconst("i64", off)]) if off else base

    def load(self, ty: str, base: int, off: int = 0) -> int:
        return self.op("load", ty, [base], off)

    def store(self, value: int, base: int, off: int = 0) -> None:
        self.insts.append(Inst("store", "", [value, base], -1, off, 0.0, "", self.loc))

    def copy_bytes(self, to: Address, source: Address, ty: Ty) -> None:
        """The bytes of a value in memory to another place."""
        size = self.layouts.size(ty)
        if size and to != source:
            self.effect("memcpy", [self.pointer(to), self.pointer(source)], size)

    # --- blocks

    def new_block(self, *params: str) -> int:
        """A new block, not yet current, with parameters of these types."""
        values = []
        for ty in params:
            values.append(len(self.types))
            self.types.append(ty)
        self.fn.blocks.append(Block(values, [], Term("unreachable")))
        return len(self.fn.blocks) - 1

    def enter(self, block: int) -> None:
        self.current = block
        self.insts = self.fn.blocks[block].insts

    def end(self, term: Term) -> None:
        term.loc = self.loc
        self.fn.blocks[self.current].term = term

    def jump(self, block: int, *args: int) -> None:
        self.end(Term("jump", [], [Jump(block, list(args))]))

    def branch(self, cond: int, yes: int, no: int) -> None:
        if cond in self.known:
            self.jump(yes if self.known[cond] else no)
        else:
            self.end(Term("br", [cond], [Jump(yes), Jump(no)]))

    def loop(self, count: int) -> LoopBlocks:
        """Begin a loop that counts an i64 from 0 up to `count` (excluded); close it with `end_loop`."""
        head, body, done = self.new_block("i64"), self.new_block(), self.new_block()
        zero, one = self.iconst("i64", 0), self.iconst("i64", 1)
        self.jump(head, zero)
        self.enter(head)
        index = self.fn.blocks[head].params[0]
        self.end(Term("br", [self.op("ult", "i1", [index, count])], [Jump(body), Jump(done)]))
        self.enter(body)
        return LoopBlocks(head, done, index, one, self.keep_constants())

    def end_loop(self, loop: LoopBlocks) -> None:
        self.jump(loop.head, self.op("add", "i64", [loop.index, loop.one]))
        self.restore_constants(loop.constants)
        self.enter(loop.done)

    def finish(self) -> None:
        """Put what belongs to the beginning of the function there."""
        self.fn.blocks[0].insts[:0] = self._head


class LoopBlocks:
    """A counting loop: `index` is the counter in its body."""

    __slots__ = ("constants", "done", "head", "index", "one")

    def __init__(self, head: int, done: int, index: int, one: int, constants: dict[tuple[str, object], int]) -> None:
        self.constants = constants
        self.head = head
        self.done = done
        self.index = index
        self.one = one


