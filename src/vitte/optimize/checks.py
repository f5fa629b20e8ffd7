"""Remove bounds and overflow checks that cannot fail.

    bb1(v1): v2 = slt v1, v0              bb1(v1): v2 = slt v1, v0
      br v2, bb2, bb3                       br v2, bb2, bb3
    bb2: v3 = ult v1, v0           ==>    bb2:
      check v3, v1, v0 "index"
      v4 = sadd.trap v1, 1                  v4 = add v1, 1 "nsw"
      jump bb1(v4)                          jump bb1(v4)

Walks the dominator tree with the facts of `ranges`: what branches and checks on the way say, and what definitions imply. An addition that
cannot overflow becomes a plain one that says so (`nsw`, `nuw`: LLVM makes use of it). A branch whose condition is decided goes one way.
"""

from __future__ import annotations

from vitte.ir.ssa import BITS, Function, Inst, Module
from vitte.ir.ssa_walk import Dominators, definitions, predecessors
from vitte.optimize.ranges import Facts

_TRAPS = frozenset(("sadd.trap", "ssub.trap", "smul.trap", "uadd.trap", "usub.trap", "umul.trap"))


def run(fn: Function, module: Module) -> bool:
    if not any(inst.op == "check" or inst.op in _TRAPS for bb in fn.blocks for inst in bb.insts):
        return False
    return _Checks(fn).run()


class _Checks:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.defs = definitions(fn)
        self.facts = Facts(fn, self.defs)
        self.changed = False
        self.refined = False
        self.decided: dict[int, bool] = {}

    def run(self) -> bool:
        if self._walk():
            self.facts = Facts(self.fn, self.defs)  # counters whose step was shown not to wrap have bounds now
            self._walk()
        for number, holds in self.decided.items():
            self._decide(number, holds)
        return self.changed

    def _walk(self) -> bool:
        """One walk over the tree; whether some arithmetic was shown not to wrap."""
        fn = self.fn
        dominators = Dominators(fn)
        preds = predecessors(fn)
        facts = self.facts
        stack: list[tuple[int, int]] = [(0, -1)]
        while stack:
            number, mark = stack.pop()
            if mark >= 0:
                facts.undo(mark)
                continue
            stack.append((number, facts.mark()))
            if len(preds[number]) == 1:
                self._edge(preds[number][0], number)
            self._block(number)
            stack.extend([(child, -1) for child in reversed(dominators.children[number])])
        return self.refined

    def _edge(self, source: int, number: int) -> None:
        term = self.fn.blocks[source].term
        if term.op == "br":
            self.facts.assume(term.args[0], term.targets[0].block == number)
        elif term.op == "switch" and self.facts.bits(term.args[0]):
            for case, jump in zip(term.cases, term.targets):
                if jump.block == number:
                    bits = BITS[self.fn.types[term.args[0]]]
                    value = case - (1 << bits) if case >> (bits - 1) else case
                    self.facts.at_least(term.args[0], value)
                    self.facts.at_most(term.args[0], value)

    def _block(self, number: int) -> None:
        facts = self.facts
        bb = self.fn.blocks[number]
        kept: list[Inst] = []
        for inst in bb.insts:
            op = inst.op
            if op == "check":
                condition = inst.args[0]
                if facts.is_true(condition):
                    self.changed = True
                    continue
                self._passed(inst)
            else:
                if op in _TRAPS:
                    self._trap(inst)
                elif (op == "add" or op == "sub") and not inst.sym:
                    self._plain(inst)
                facts.define(inst)
            kept.append(inst)
        bb.insts = kept
        term = bb.term
        if term.op == "br" and self.defs.get(term.args[0]) is not None and self.defs[term.args[0]].op != "iconst":
            if facts.is_true(term.args[0]):
                self.decided[number] = True
            elif facts.is_false(term.args[0]):
                self.decided[number] = False

    def _passed(self, inst: Inst) -> None:
        """What holds after a check. The length of an index check is one: it is not negative."""
        facts = self.facts
        if inst.sym == "index":
            condition = self.defs.get(inst.args[0])
            index, length = inst.args[1], inst.args[2]
            if condition is not None and condition.op == "ult" and condition.args == [index, length]:
                facts.at_least(length, 1)
                facts.at_least(index, 0)
                facts.less(index, length, 1)
                return
        facts.assume(inst.args[0], True)

    def _trap(self, inst: Inst) -> None:
        facts = self.facts
        bits = facts.bits(inst.result)
        if not bits:
            return
        a, b = inst.args
        lo_a, hi_a, lo_b, hi_b = facts.lo(a), facts.hi(a), facts.lo(b), facts.hi(b)
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        op = inst.op
        flags = ""
        if op == "sadd.trap":
            fits = lo_a + lo_b >= low and hi_a + hi_b <= high
            flags = "nuw nsw" if lo_a >= 0 and lo_b >= 0 else "nsw"
        elif op == "ssub.trap":
            fits = lo_a - hi_b >= low and hi_a - lo_b <= high
            fits = fits or (lo_b >= 0 and lo_a >= 0)
            flags = "nsw"
        elif op == "smul.trap":
            corners = (lo_a * lo_b, lo_a * hi_b, hi_a * lo_b, hi_a * hi_b)
            fits = min(corners) >= low and max(corners) <= high
            flags = "nuw nsw" if lo_a >= 0 and lo_b >= 0 else "nsw"
        elif op == "uadd.trap":
            fits = lo_a >= 0 and lo_b >= 0
            flags = "nuw"
        elif op == "usub.trap":
            fits = lo_a >= 0 and lo_b >= 0 and facts.is_less(b, a, 0)
            flags = "nuw"
        else:
            fits = lo_a >= 0 and lo_b >= 0 and hi_a * hi_b < 1 << bits
            flags = "nuw"
        if fits:
            inst.op = op[1:4]
            inst.sym = flags
            self.changed = self.refined = True

    def _plain(self, inst: Inst) -> None:
        """An addition or subtraction that may wrap as far as its writer cared, but does not."""
        facts = self.facts
        bits = facts.bits(inst.result)
        if not bits:
            return
        a, b = inst.args
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        if inst.op == "add":
            fits = facts.lo(a) + facts.lo(b) >= low and facts.hi(a) + facts.hi(b) <= high
        else:
            fits = facts.lo(a) - facts.hi(b) >= low and facts.hi(a) - facts.lo(b) <= high
        if fits:
            inst.sym = "nsw"
            self.changed = self.refined = True

    def _decide(self, number: int, holds: bool) -> None:
        """The condition of the branch at the end of a block is known there: give it as a constant."""
        fn = self.fn
        fn.types.append("i1")
        value = len(fn.types) - 1
        fn.blocks[number].insts.append(Inst("iconst", "i1", [], value, imm=int(holds)))
        fn.blocks[number].term.args = [value]
        self.changed = True
