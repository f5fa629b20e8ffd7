"""Inline small functions of the unit.

    fn get(v0: ptr) -> i64                     fn f(v0: ptr) -> i64
      v1 = load i64 v0 8; ret v1        ==>      v2 = load i64 v0 8
    fn f(v0: ptr) -> i64                         ret v2
      v1 = call get v0; ret v1

A function is inlined when it is small, or flagged `inline` and not large, and is neither `noinline` nor on the way to a panic nor calls
itself. Places remember the call they were inlined at; panics keep naming the text they stand in. Callees come first (`callgraph`), so their
own calls have been inlined already.
"""

from __future__ import annotations

from vitte.ir.ssa import Block, Function, Inst, Jump, Loc, Module, Slot, Term
from vitte.ir.ssa_text import NO_LOC

SMALL = 16
"""Operations, terminators included, up to which anything is inlined."""
ASKED = 90
"""The same for functions flagged `inline`."""
CALLER_LIMIT = 4000
"""Operations beyond which a function takes in no more."""
_FREE = frozenset(("iconst", "fconst", "null", "slot", "global_addr", "fn_addr", "here", "dbg"))
_PLACED = frozenset(("check", "here"))
"""What needs its place, were it only the function's; trapping operations do, too."""


def size(fn: Function) -> int:
    """Operations that become instructions."""
    return sum([len([i for i in bb.insts if i.op not in _FREE]) + 1 for bb in fn.blocks if not bb.cold])


def run(fn: Function, module: Module) -> bool:
    candidates = _candidates(fn, module)
    if not candidates:
        return False
    total = sum([len(bb.insts) for bb in fn.blocks])
    changed = False
    work = list(range(len(fn.blocks)))  # what is inlined is not looked at again: its own calls had their chance
    for number in work:
        bb = fn.blocks[number]
        for at, inst in enumerate(bb.insts):
            callee = candidates.get(inst.sym) if inst.op == "call" else None
            if callee is not None and total < CALLER_LIMIT and len(inst.args) == len(callee.params):
                total += sum([len(b.insts) for b in callee.blocks])
                _Inliner(fn, callee, inst).at(number, at)
                work.append(len(fn.blocks) - 1)  # what follows the call is a block of its own now
                changed = True
                break
    return changed


def _candidates(fn: Function, module: Module) -> dict[str, Function]:
    """Functions called here that may be inlined."""
    called = {inst.sym: None for bb in fn.blocks for inst in bb.insts if inst.op == "call"}
    return {f.symbol: f for f in module.functions if f.symbol in called and f is not fn and may_inline(f)}


def may_inline(fn: Function) -> bool:
    flags = fn.flags
    if "noinline" in flags or "noreturn" in flags or "cold" in flags or not fn.blocks or fn.symbol == "main":
        return False
    if size(fn) > (ASKED if "inline" in flags else SMALL):
        return False
    return not any(inst.op == "call" and inst.sym == fn.symbol for bb in fn.blocks for inst in bb.insts)


class _Inliner:
    """One call site."""

    def __init__(self, fn: Function, callee: Function, call: Inst) -> None:
        self.fn = fn
        self.callee = callee
        self.call = call
        self.values: dict[int, int] = dict(zip(callee.params, call.args))
        self.first_slot = len(fn.slots)
        self.first_block = len(fn.blocks)
        self.locs: dict[int, int] = {}

    def value(self, v: int) -> int:
        known = self.values.get(v)
        if known is None:
            self.fn.types.append(self.callee.types[v])
            known = self.values[v] = len(self.fn.types) - 1
        return known

    def loc(self, index: int) -> int:
        """The callee's place as one of ours, inlined at the call."""
        known = self.locs.get(index)
        if known is not None:
            return known
        callee = self.callee
        place = callee.locs[index] if index else Loc("", callee.line, 1, owner=callee.owner)
        at = self.loc(place.inlined) if place.inlined else self._call_loc()
        fn = place.fn or callee.symbol
        self.fn.locs.append(Loc(place.file or callee.file, place.line, place.col, at, fn, 0, place.owner, place.ordinal))
        known = self.locs[index] = len(self.fn.locs) - 1
        return known

    def _call_loc(self) -> int:
        fn = self.fn
        if not self.call.loc:
            if not fn.locs:
                fn.locs.append(NO_LOC)
            fn.locs.append(Loc(fn.file, fn.line, 1, owner=fn.owner))
            self.call.loc = len(fn.locs) - 1
        return self.call.loc

    def jump(self, jump: Jump) -> Jump:
        return Jump(jump.block + self.first_block, [self.value(a) for a in jump.args])

    def at(self, number: int, position: int) -> None:
        """Replace the call at `position` of block `number` by the callee's blocks and a jump past them."""
        fn, callee, call = self.fn, self.callee, self.call
        bb = fn.blocks[number]
        fn.slots.extend([Slot(s.size, s.align, s.name) for s in callee.slots])
        after = self.first_block + len(callee.blocks)
        blocks = [self._block(b, after, bb.cold) for b in callee.blocks]
        rest = Block([call.result] if call.result >= 0 else [], bb.insts[position + 1 :], bb.term, bb.cold)
        bb.insts = bb.insts[:position]
        bb.term = Term("jump", [], [Jump(self.first_block)], [], call.loc)
        fn.blocks.extend(blocks)
        fn.blocks.append(rest)

    def _block(self, block: Block, after: int, cold: bool) -> Block:
        value, loc = self.value, self.loc
        insts: list[Inst] = []
        for inst in block.insts:
            if inst.op == "dbg":
                continue
            result = value(inst.result) if inst.result >= 0 else -1
            imm = inst.imm + self.first_slot if inst.op == "slot" else inst.imm
            where = loc(inst.loc) if inst.loc or inst.op in _PLACED or inst.op.endswith(".trap") else 0
            insts.append(Inst(inst.op, inst.ty, [value(a) for a in inst.args], result, imm, inst.fimm, inst.sym, where))
        term = block.term
        where = loc(term.loc) if term.loc else 0
        if term.op == "ret":
            new = Term("jump", [], [Jump(after, [value(a) for a in term.args])], [], where)
        else:
            new = Term(term.op, [value(a) for a in term.args], [self.jump(j) for j in term.targets], list(term.cases), where)
        return Block([value(p) for p in block.params], insts, new, block.cold or cold)
