"""Getting around in SSA: predecessors, orders, dominators, uses, rewriting. Used by the verifier, the optimiser and code generation.

Blocks are positions in `fn.blocks`. Lists indexed by block or value are the common currency.
"""

from __future__ import annotations

from collections.abc import Iterator

from vitte.ir.ssa import Block, Function, Inst, Jump, Loc, Term
from vitte.ir.ssa_text import NO_LOC


def successors(bb: Block) -> list[int]:
    """Targets of the terminator, in order, with repetitions."""
    return [jump.block for jump in bb.term.targets]


def predecessors(fn: Function) -> list[list[int]]:
    """Per block, the blocks that jump to it, one entry per jump, in program order."""
    found: list[list[int]] = [[] for _ in fn.blocks]
    for number, bb in enumerate(fn.blocks):
        for jump in bb.term.targets:
            found[jump.block].append(number)
    return found


def reverse_postorder(fn: Function) -> list[int]:
    """Reachable blocks, every one before its successors but for back edges. The entry is first."""
    order: list[int] = []
    seen = [False] * len(fn.blocks)
    if not fn.blocks:
        return order
    seen[0] = True
    stack: list[tuple[int, Iterator[Jump]]] = [(0, reversed(fn.blocks[0].term.targets))]
    while stack:
        number, rest = stack[-1]
        for jump in rest:
            if not seen[jump.block]:
                seen[jump.block] = True
                stack.append((jump.block, reversed(fn.blocks[jump.block].term.targets)))
                break
        else:
            order.append(number)
            stack.pop()
    order.reverse()
    return order


class Dominators:
    """The dominator tree of the reachable blocks.

    The iterative algorithm of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001). `idom[b]` is the immediate
    dominator, -1 for the entry and for unreachable blocks; `order` is the reverse postorder the tree was computed over.
    """

    __slots__ = ("_enter", "_leave", "children", "idom", "order")

    def __init__(self, fn: Function) -> None:
        count = len(fn.blocks)
        self.order = order = reverse_postorder(fn)
        position = [-1] * count
        for i, number in enumerate(order):
            position[number] = i
        preds = predecessors(fn)
        idom = [-1] * count
        if order:
            idom[order[0]] = order[0]
        changed = True
        while changed:
            changed = False
            for number in order[1:]:
                new = -1
                for pred in preds[number]:
                    if idom[pred] < 0:
                        continue
                    if new < 0:
                        new = pred
                        continue
                    other = pred
                    while other != new:
                        while position[other] > position[new]:
                            other = idom[other]
                        while position[new] > position[other]:
                            new = idom[new]
                if new != idom[number]:
                    idom[number] = new
                    changed = True
        if order:
            idom[order[0]] = -1
        self.idom = idom
        self.children: list[list[int]] = [[] for _ in range(count)]
        for number in order[1:]:
            self.children[idom[number]].append(number)
        self._number(count)

    def _number(self, count: int) -> None:
        """Entry and exit times of a walk over the tree: `a` dominates `b` when its interval encloses b's."""
        self._enter, self._leave = [-1] * count, [-1] * count
        if not self.order:
            return
        clock = 0
        stack = [(self.order[0], False)]
        while stack:
            number, done = stack.pop()
            if done:
                self._leave[number] = clock
                continue
            self._enter[number] = clock
            clock += 1
            stack.append((number, True))
            stack += [(child, False) for child in reversed(self.children[number])]

    def dominates(self, a: int, b: int) -> bool:
        """Whether every path to `b` goes through `a`, as for `a` itself. Unreachable blocks dominate nothing, all dominate them."""
        if self._enter[b] < 0:
            return True
        return 0 <= self._enter[a] <= self._enter[b] and self._enter[b] < self._leave[a]

    def is_reachable(self, block: int) -> bool:
        return self._enter[block] >= 0

    def preorder(self) -> list[int]:
        """Reachable blocks, each after its dominator."""
        return sorted(self.order, key=self._enter.__getitem__)


def definitions(fn: Function) -> dict[int, Inst]:
    """The instruction that defines each value; parameters of functions and blocks are not in it."""
    return {inst.result: inst for bb in fn.blocks for inst in bb.insts if inst.result >= 0}


def def_blocks(fn: Function) -> list[int]:
    """The block that defines each value, -1 when nothing does."""
    found = [-1] * len(fn.types)
    for value in fn.params:
        found[value] = 0
    for number, bb in enumerate(fn.blocks):
        for value in bb.params:
            found[value] = number
        for inst in bb.insts:
            if inst.result >= 0:
                found[inst.result] = number
    return found


def term_uses(term: Term) -> Iterator[int]:
    """Values a terminator uses: its operands, then the arguments of its jumps."""
    yield from term.args
    for jump in term.targets:
        yield from jump.args


def use_counts(fn: Function) -> list[int]:
    """How often each value is used."""
    counts = [0] * len(fn.types)
    for bb in fn.blocks:
        for inst in bb.insts:
            for value in inst.args:
                counts[value] += 1
        for value in term_uses(bb.term):
            counts[value] += 1
    return counts


def replace_values(fn: Function, new: dict[int, int]) -> None:
    """Put other values in the place of some, everywhere they are used. Chains (`new[new[v]]`) are followed."""
    if not new:
        return
    final = {}
    for value in new:
        last = new[value]
        while last in new:
            last = new[last]
        final[value] = last
    for bb in fn.blocks:
        for inst in bb.insts:
            args = inst.args
            for i, value in enumerate(args):
                if value in final:
                    args[i] = final[value]
        term = bb.term
        term.args = [final.get(v, v) for v in term.args]
        for jump in term.targets:
            if jump.args:
                jump.args = [final.get(v, v) for v in jump.args]


def new_value(fn: Function, ty: str) -> int:
    """A fresh value id."""
    fn.types.append(ty)
    return len(fn.types) - 1


def new_loc(fn: Function, loc: Loc) -> int:
    """Index of a place in `fn.locs`, added when it is new (compares with the last few only)."""
    locs = fn.locs
    if not locs:
        locs.append(NO_LOC)
    for i in range(len(locs) - 1, max(len(locs) - 8, 0), -1):
        if locs[i] == loc:
            return i
    locs.append(loc)
    return len(locs) - 1


def drop_jump_args(fn: Function, block: int, keep: list[bool]) -> None:
    """Remove the parameters of a block for which `keep` is false, and the matching arguments of every jump to it."""
    bb = fn.blocks[block]
    bb.params = [v for v, k in zip(bb.params, keep) if k]
    for other in fn.blocks:
        for jump in other.term.targets:
            if jump.block == block:
                jump.args = [v for v, k in zip(jump.args, keep) if k]


def remove_blocks(fn: Function, keep: list[bool]) -> None:
    """Remove blocks that nothing kept jumps to, renumbering targets."""
    number = [-1] * len(fn.blocks)
    count = 0
    for i, k in enumerate(keep):
        if k:
            number[i] = count
            count += 1
    fn.blocks = [bb for bb, k in zip(fn.blocks, keep) if k]
    for bb in fn.blocks:
        for jump in bb.term.targets:
            jump.block = number[jump.block]


def remove_unreachable(fn: Function) -> bool:
    """Remove blocks that cannot be reached; whether there were any."""
    keep = [False] * len(fn.blocks)
    for number in reverse_postorder(fn):
        keep[number] = True
    if all(keep):
        return False
    remove_blocks(fn, keep)
    return True
