"""What only a panic needs is done on the way to the panic.

    store v1, slot 0                        check ...
    store v2, slot 0 8                      br v3, bb2, bb1
    br v3, bb2, bb1                 ==>   bb1 cold:
    bb1 cold:                               store v1, slot 0
      call "std/rt::panic_range" slot 0     store v2, slot 0 8
      unreachable                           call "std/rt::panic_range" slot 0

A slot that is filled in one block and otherwise used only in cold blocks that lead nowhere, all of them dominated by that block, is filled
in those instead. LLVM moves computations that way, but not stores.
"""

from __future__ import annotations

from vitte.ir.ssa import Function, Inst, Module
from vitte.ir.ssa_walk import Dominators


def run(fn: Function, module: Module) -> bool:
    if not fn.slots or not any(bb.cold for bb in fn.blocks):
        return False
    uses = _Uses(fn)
    changed = False
    dominators: Dominators | None = None
    for slot in range(len(fn.slots)):
        block = uses.filled.get(slot)
        if block is None or slot in uses.elsewhere or slot not in uses.cold:
            continue
        if dominators is None:
            dominators = Dominators(fn)
        targets = list(uses.cold[slot])
        if fn.blocks[block].cold or not all(dominators.dominates(block, target) for target in targets):
            continue
        moved = [inst for inst in fn.blocks[block].insts if inst.op == "store" and uses.owner.get(inst.args[1]) == slot]
        gone = {id(inst) for inst in moved}
        fn.blocks[block].insts = [inst for inst in fn.blocks[block].insts if id(inst) not in gone]
        for target in targets:
            fn.blocks[target].insts[:0] = [Inst("store", "", list(inst.args), imm=inst.imm, loc=inst.loc) for inst in moved]
        changed = True
    return changed


class _Uses:
    """`owner`: value -> slot it is the address of. `filled`: slot -> the one block whose stores fill it. `cold`: slot -> dead ends that
    use it. `elsewhere`: slots used in any other way."""

    def __init__(self, fn: Function) -> None:
        self.owner: dict[int, int] = {}
        self.filled: dict[int, int] = {}
        self.cold: dict[int, dict[int, None]] = {}
        self.elsewhere: dict[int, None] = {}
        for bb in fn.blocks:
            for inst in bb.insts:
                if inst.op == "slot":
                    self.owner[inst.result] = inst.imm
        owner = self.owner
        for number, bb in enumerate(fn.blocks):
            is_end = bb.cold and bb.term.op == "unreachable"
            for inst in bb.insts:
                for i, value in enumerate(inst.args):
                    slot = owner.get(value)
                    if slot is None:
                        continue
                    if is_end:
                        self.cold.setdefault(slot, {})[number] = None
                    elif inst.op != "store" or i != 1 or self.filled.setdefault(slot, number) != number:
                        self.elsewhere[slot] = None
            for value in [*bb.term.args, *[a for jump in bb.term.targets for a in jump.args]]:
                if value in owner:
                    self.elsewhere[owner[value]] = None
