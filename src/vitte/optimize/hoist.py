"""Move what a loop computes anew but always the same out of the loop.

    bb1(v1):                                 v2 = load i64 v0 8
      v2 = load i64 v0 8                     jump bb1(v9)
      v3 = slt v1, v2              ==>     bb1(v1):
      br v3, bb2, bb3                        v3 = slt v1, v2
                                             br v3, bb2, bb3

Operations without effect go when their operands come from outside (divisions stay: the check before them may be what makes them safe),
and loads of memory that the loop does not write, where reading is safe even when the loop would not: a stack slot, a parameter that may be
read, or the head of the loop before anything could panic. LLVM does this too; here it lets `checks` and `versions` see that a length stays.
"""

from __future__ import annotations

from vitte.ir.ssa import OPS, Function, Inst, Module
from vitte.ir.ssa_walk import Dominators
from vitte.optimize.loops import Loop, defined_in, find_loops, preheader
from vitte.optimize.memory import WRITES, Memory, Place, size_of

_MOVABLE = frozenset(op for op, info in OPS.items() if info.pure and op not in ("sdiv", "udiv", "srem", "urem"))


def run(fn: Function, module: Module) -> bool:
    loops = find_loops(fn, Dominators(fn))
    if not loops:
        return False
    changed = False
    for loop in loops:
        changed |= _Hoist(fn, module, loop).run()
    return changed


class _Hoist:
    def __init__(self, fn: Function, module: Module, loop: Loop) -> None:
        self.fn = fn
        self.module = module
        self.loop = loop
        self.inside = defined_in(fn, loop.blocks)
        self.memory: Memory | None = None
        self.writers = [inst for n in loop.blocks for inst in fn.blocks[n].insts if inst.op in WRITES]

    def run(self) -> bool:
        moved: list[Inst] = []
        fn = self.fn
        progress = True
        while progress:
            progress = False
            for number in self.loop.blocks:
                bb = fn.blocks[number]
                kept: list[Inst] = []
                calm = number == self.loop.header  # nothing has panicked or left yet
                for inst in bb.insts:
                    if self._goes(inst, calm):
                        moved.append(inst)
                        del self.inside[inst.result]
                        continue
                    kept.append(inst)
                    op = inst.op
                    if op == "check" or op == "call" or op == "call_ptr" or op.endswith(".trap"):
                        calm = False
                if len(kept) < len(bb.insts):
                    bb.insts = kept
                    progress = True
        if not moved:
            return False
        before = preheader(fn, self.loop)
        fn.blocks[before].insts.extend(moved)
        return True

    def _goes(self, inst: Inst, calm: bool) -> bool:
        op = inst.op
        if op != "load":
            return op in _MOVABLE and not any(a in self.inside for a in inst.args)
        if inst.args[0] in self.inside:
            return False
        if self.memory is None:
            self.memory = Memory(self.fn, self.module)
        place = self.memory.place(inst)
        if place is None or not (calm or self._readable(place)):
            return False
        memory = self.memory
        return not any(memory.writes(writer, place) for writer in self.writers)

    def _readable(self, place: Place) -> bool:
        """Whether reading there is safe at any time."""
        assert self.memory is not None
        root, at, ty = place
        kind = self.memory.kind.get(root)
        if kind == "slot":
            return True
        if kind == "param":
            i = self.fn.params.index(root)
            for flag in self.fn.param_flags[i].split() if i < len(self.fn.param_flags) else ():
                if flag.startswith("deref="):
                    return at >= 0 and at + size_of(ty) <= int(flag[6:])
        return False
