"""Redundant loads: within a block, and on into blocks with one predecessor, memory nobody wrote since holds what was last seen there.

    store v1, v0 8                    store v1, v0 8
    v2 = load i64 v0 8         ==>    v3 = load i64 v4
    v3 = load i64 v4                  v5 = add v1, v3
    v5 = add v2, v3

An address is a base value plus a constant number of bytes. Two addresses with one base are compared; a stack slot whose address is never
given away differs from every other base; anything else may be the same place. Calls may write all but such slots.
"""

from __future__ import annotations

from vitte.ir.ssa import BITS, OPS, Function, Module
from vitte.ir.ssa_walk import Dominators, definitions, predecessors, replace_values

Place = tuple[int, int, str]
"""Base value, offset in bytes, type."""
_WRITES = frozenset(op for op, info in OPS.items() if info.writes)
_ADDRESS_FIRST = frozenset(("memcpy", "memcpy.n", "memmove.n", "memset.n"))


def size_of(ty: str) -> int:
    """Bytes of a scalar in memory."""
    return 8 if ty == "ptr" else max(1, BITS[ty] // 8)


def run(fn: Function, module: Module) -> bool:
    return _Loads(fn).run()


class _Loads:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.defs = definitions(fn)
        self.new: dict[int, int] = {}
        self.base: dict[int, tuple[int, int]] = {}
        """Address -> (base value, offset)."""
        self.slot_of: dict[int, int] = {}
        """A `slot` value -> its first value: each `slot` operation gives the same address."""
        first: dict[int, int] = {}
        for value, inst in self.defs.items():
            if inst.op == "slot":
                self.slot_of[value] = first.setdefault(inst.imm, value)
        self.private = self._private_slots()

    def _private_slots(self) -> dict[int, None]:
        """Slot values whose address is only loaded from and stored to."""
        leaked: dict[int, None] = {}

        def leak(value: int) -> None:
            root = self._address(value)[0]
            leaked[root] = None

        for bb in self.fn.blocks:
            for inst in bb.insts:
                op = inst.op
                for i, value in enumerate(inst.args):
                    if self.fn.types[value] != "ptr":
                        continue
                    if op == "load" or op == "dbg" or (op == "store" and i == 1) or (op == "ptr_add" and i == 0):
                        continue
                    if op in _ADDRESS_FIRST or op in ("eq", "ne"):
                        continue
                    leak(value)
            for value in bb.term.args:
                leak(value)
            for jump in bb.term.targets:
                for value in jump.args:
                    leak(value)
        return {root: None for root in self.slot_of.values() if root not in leaked}

    def _address(self, value: int) -> tuple[int, int]:
        value = self.new.get(value, value)
        known = self.base.get(value)
        if known is not None:
            return known
        inst = self.defs.get(value)
        result = (value, 0)
        if inst is not None:
            if inst.op == "slot":
                result = (self.slot_of[value], 0)
            elif inst.op == "ptr_add":
                by = self.defs.get(inst.args[1])
                root, offset = self._address(inst.args[0])
                if by is not None and by.op == "iconst":
                    distance = by.imm - (1 << 64) if by.imm >> 63 else by.imm
                    result = (root, offset + distance)
                elif root in self.slot_of:
                    result = (root, -1 << 62)  # somewhere in that slot
        self.base[value] = result
        return result

    def run(self) -> bool:
        fn = self.fn
        dominators = Dominators(fn)
        preds = predecessors(fn)
        stack: list[tuple[int, dict[Place, int]]] = [(0, {})]
        while stack:
            number, memory = stack.pop()
            self._block(number, memory)
            children = dominators.children[number]
            for child in reversed(children):
                inherits = len(preds[child]) == 1
                stack.append((child, dict(memory) if inherits else {}))
        replace_values(fn, self.new)
        if self.new:
            gone = self.new
            for bb in fn.blocks:
                bb.insts = [inst for inst in bb.insts if inst.result not in gone]
        return bool(self.new)

    def _block(self, number: int, memory: dict[Place, int]) -> None:
        types = self.fn.types
        for inst in self.fn.blocks[number].insts:
            op = inst.op
            if op == "load":
                root, offset = self._address(inst.args[0])
                if offset <= -1 << 61:
                    continue
                place = (root, offset + inst.imm, inst.ty)
                known = memory.get(place)
                if known is not None:
                    self.new[inst.result] = known
                else:
                    memory[place] = inst.result
            elif op == "store":
                root, offset = self._address(inst.args[1])
                ty = types[inst.args[0]]
                if offset <= -1 << 61:
                    self._clobber(memory, root, None, 0)
                    continue
                self._clobber(memory, root, offset + inst.imm, size_of(ty))
                value = inst.args[0]
                memory[root, offset + inst.imm, ty] = self.new.get(value, value)
            elif op in _ADDRESS_FIRST:
                root, offset = self._address(inst.args[0])
                known_size = op == "memcpy" and offset > -1 << 61
                self._clobber(memory, root, offset if known_size else None, inst.imm)
            elif op in _WRITES:
                self._forget_shared(memory)

    def _clobber(self, memory: dict[Place, int], root: int, offset: int | None, size: int) -> None:
        """A write of `size` bytes at `offset` from `root` (None: somewhere there)."""
        private = self.private
        is_private = root in private
        is_slot = root in self.slot_of
        gone = []
        for place in memory:
            other, at, ty = place
            if other == root:
                if offset is None or (at < offset + size and offset < at + size_of(ty)):
                    gone.append(place)
            elif not is_private and other not in private and not (is_slot and other in self.slot_of):
                gone.append(place)
        for place in gone:
            del memory[place]

    def _forget_shared(self, memory: dict[Place, int]) -> None:
        for place in [p for p in memory if p[0] not in self.private]:
            del memory[place]
