"""Redundant loads: memory that nobody wrote since, on any path, holds what was last seen there.

    store v1, v0 8                    store v1, v0 8
    jump bb1                          jump bb1
    bb1: v2 = load i64 v0 8    ==>    bb1:
      v3 = add v2, v2                   v3 = add v1, v1
      br v4, bb1, bb2                   br v4, bb1, bb2

A forward analysis: what is known at a block is what all its predecessors know, the same value at the same place; loops are assumed to keep
it and then checked (the greatest solution). `memory` says what may be the same place. A copy takes along what is known of its source.
"""

from __future__ import annotations

from vitte.ir.ssa import Function, Inst, Module
from vitte.ir.ssa_walk import predecessors, replace_values, reverse_postorder
from vitte.optimize.memory import ANYWHERE, WRITES, Memory, Place, size_of

State = dict[Place, int]
ROUNDS = 3
"""A load that became a copy may show that two addresses are one."""
LIMIT = 400
"""Places known at one point beyond which nothing is added: keeps time linear in huge functions."""


def run(fn: Function, module: Module) -> bool:
    if not any(inst.op == "load" for bb in fn.blocks for inst in bb.insts):
        return False
    changed = False
    for _ in range(ROUNDS):
        new = _Loads(fn, module).solve()
        if not new:
            break
        replace_values(fn, new)
        for bb in fn.blocks:
            bb.insts = [inst for inst in bb.insts if inst.result not in new]
        changed = True
    return changed


class _Loads:
    def __init__(self, fn: Function, module: Module) -> None:
        self.fn = fn
        self.memory = Memory(fn, module)
        self.interesting = [[inst for inst in bb.insts if inst.op == "load" or inst.op in WRITES] for bb in fn.blocks]

    def solve(self) -> dict[int, int]:
        """Loads that are another value."""
        fn = self.fn
        order = reverse_postorder(fn)
        preds = predecessors(fn)
        out: list[State | None] = [None] * len(fn.blocks)
        entry: list[State] = [{} for _ in fn.blocks]
        for _ in range(10):
            stable = True
            for number in order:
                state = self._meet(number, preds[number], out)
                entry[number] = dict(state)
                self._transfer(number, state, None)
                if state != out[number]:
                    out[number] = state
                    stable = False
            if stable:
                break
        else:
            return {}
        new: dict[int, int] = {}
        for number in order:
            self._transfer(number, entry[number], new)
        return new

    def _meet(self, number: int, preds: list[int], out: list[State | None]) -> State:
        """What all predecessors agree on; those not looked at yet agree with everything."""
        if not number:
            return {}
        known = [state for state in [out[p] for p in preds] if state is not None]
        if not known:
            return {}
        smallest = min(known, key=len)
        if len(known) == 1:
            return dict(smallest)
        others = [state for state in known if state is not smallest]
        return {place: value for place, value in smallest.items() if all(other.get(place) == value for other in others)}

    def _transfer(self, number: int, state: State, new: dict[int, int] | None) -> None:
        memory = self.memory
        for inst in self.interesting[number]:
            op = inst.op
            if op == "load":
                place = memory.place(inst)
                if place is None:
                    continue
                known = state.get(place)
                if known is None:
                    if len(state) < LIMIT:
                        state[place] = inst.result
                elif new is not None and known != inst.result:
                    new[inst.result] = known
                continue
            carried = self._copied(inst, state) if op == "memcpy" else None
            if state:
                for place in [p for p in state if memory.writes(inst, p)]:
                    del state[place]
            if op == "store":
                place = memory.place(inst)
                if place is not None and len(state) < LIMIT:
                    state[place] = inst.args[0]
            elif carried:
                state.update(carried)

    def _copied(self, inst: Inst, state: State) -> State:
        """What is known of the bytes a `memcpy` copies, at the places they go to."""
        to, to_offset = self.memory.address(inst.args[0])
        source, offset = self.memory.address(inst.args[1])
        if to_offset == ANYWHERE or offset == ANYWHERE or len(state) >= LIMIT:
            return {}
        end = offset + inst.imm
        return {
            (to, at - offset + to_offset, ty): value
            for (root, at, ty), value in state.items() if root == source and offset <= at and at + size_of(ty) <= end
        }
