"""Two versions of an inner loop: one without the checks that a test before the loop shows cannot fail, and the loop as it was.

    bb0: jump bb1(v0)                      bb0: v8 = slt v0, v5         ; at least one round
                                             v9 = ult v0, v6            ; the first index, the last one
    bb1(v1): v2 = slt v1, v5                 v10 = sub v5, 1; v11 = ult v10, v6; v12 = and ...
      br v2, bb2, bb3              ==>       br v12, bb4(v0), bb1(v0)
    bb2: v3 = ult v1, v6                   bb4(...): bb1 without the check
      check v3, v1, v6 "index" ...         bb1, bb2: as before, cold

A counted loop runs its counter `i` from a first value to a last one that is known on entry. An operand that is linear in `i` (sums,
differences, products with values that stay) takes its extreme values there; when neither end overflows or leaves the bounds, nothing
between does. When the test fails, the original loop runs, so that the same round panics after the same effects. The idea is LLVM's
inductive range check elimination (after Gupta, "A Fresh Look at Optimizing Array Bound Checking", 1990) with only one extra loop.
"""

from __future__ import annotations

from msgspec import Struct

from vitte.ir.ssa import Block, Function, Inst, Jump, Module, Term
from vitte.ir.ssa_walk import Dominators, definitions
from vitte.optimize.loops import Loop, defined_in, find_loops, innermost, preheader
from vitte.optimize.ranges import exact

BODY = 150
"""Operations in a loop up to which it is worth a second copy."""
CHECKS = 16
"""Checks that one test may stand for."""
_LINEAR = frozenset(("add", "sub", "mul", "sadd.trap", "ssub.trap", "smul.trap"))
_STAYS: dict[tuple[str, bool], str] = {  # (comparison of the counter with the bound, which edge stays) -> what holds while inside
    ("slt", True): "slt", ("sge", False): "slt", ("sle", True): "sle", ("sgt", False): "sle", ("eq", False): "ne", ("ne", True): "ne",
}
_MIRROR = {"slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "eq": "eq", "ne": "ne"}


def run(fn: Function, module: Module) -> bool:
    if not any(inst.op == "check" or inst.op.endswith(".trap") for bb in fn.blocks for inst in bb.insts):
        return False
    dominators = Dominators(fn)
    changed = False
    for loop in innermost(find_loops(fn, dominators)):
        if fn.blocks[loop.header].cold:
            continue  # the slow one of two versions
        counted = _counted(fn, loop, dominators)
        if counted is not None and _Version(fn, loop, counted).run():
            changed = True
    return changed


class Counted(Struct):
    """`counter`: parameter `position` of the header. `step`: a value that stays; `relation`: `slt` the last round has counter `bound - 1`
    at most, else `bound` itself. `tested`: the block whose end decides; operations in it run once more when `relation` is slt or sle."""

    counter: int
    position: int
    step: int
    bound: int
    relation: str
    tested: int


def _counted(fn: Function, loop: Loop, dominators: Dominators) -> Counted | None:
    """How the loop counts, if it does."""
    defs = definitions(fn)
    inside = defined_in(fn, loop.blocks)
    blocks = dict.fromkeys(loop.blocks)
    header = fn.blocks[loop.header]
    for number in loop.blocks:
        term = fn.blocks[number].term
        if term.op != "br" or not all(dominators.dominates(number, latch) for latch in loop.latches):
            continue
        stays = [jump.block in blocks for jump in term.targets]
        test = defs.get(term.args[0])
        if stays[0] == stays[1] or test is None or test.op not in _MIRROR:
            continue
        for a, b, op in ((test.args[0], test.args[1], test.op), (test.args[1], test.args[0], _MIRROR[test.op])):
            relation = _STAYS.get((op, stays[0]))
            if relation is None or a not in header.params or b in inside or fn.types[a] != "i64":
                continue
            if relation != "ne" and number != loop.header:
                continue  # what stands before the test would run with one counter more
            step = _step(fn, loop, defs, inside, a)
            if step is not None and (relation != "ne" or _is_one(defs, step)):
                return Counted(a, header.params.index(a), step, b, relation, number)
    return None


def _is_one(defs: dict[int, Inst], value: int) -> bool:
    inst = defs.get(value)
    return inst is not None and inst.op == "iconst" and inst.imm == 1


def _step(fn: Function, loop: Loop, defs: dict[int, Inst], inside: dict[int, None], counter: int) -> int | None:
    """The value added to the counter each round."""
    position = fn.blocks[loop.header].params.index(counter)
    found: int | None = None
    for latch in loop.latches:
        for jump in fn.blocks[latch].term.targets:
            if jump.block != loop.header:
                continue
            inst = defs.get(jump.args[position])
            if inst is None or inst.op not in ("add", "sadd.trap") or not exact(inst) or counter not in inst.args:
                return None
            step = inst.args[1] if inst.args[0] == counter else inst.args[0]
            constant = defs.get(step)
            if constant is not None and constant.op == "iconst":
                if not 0 < constant.imm < 1 << 62:
                    return None
            elif step in inside:
                return None
            if found is not None and found != step:
                return None
            found = step
    return found


class _Version:
    def __init__(self, fn: Function, loop: Loop, counted: Counted) -> None:
        self.fn = fn
        self.loop = loop
        self.counted = counted
        self.defs = definitions(fn)
        self.inside = defined_in(fn, loop.blocks)
        self.linear: dict[int, bool] = {counted.counter: True}
        self.removed: dict[int, None] = {}
        """Positions of checks, as `id` of the operation: these objects live as long as this one does."""
        self.proved: dict[int, None] = {}
        """Results of trapping operations that the test covers."""

    def run(self) -> bool:
        fn, loop = self.fn, self.loop
        if sum([len(fn.blocks[n].insts) + 1 for n in loop.blocks]) > BODY:
            return False
        checks: list[Inst] = []
        traps: list[Inst] = []
        for number in loop.blocks:
            if number == self.counted.tested and self.counted.relation != "ne":
                continue  # runs once more than the others
            for inst in fn.blocks[number].insts:
                if inst.op == "check":
                    if self._is_bounds(inst):
                        checks.append(inst)
                elif inst.op in ("sadd.trap", "ssub.trap", "smul.trap") and self._is_linear(inst.result):
                    traps.append(inst)
        if not checks and not traps:
            return False
        if len(checks) + len(traps) > CHECKS or not self._exits():
            return False
        # All of it or nothing: the test must cover every operation that a covered one is made of.
        for inst in checks:
            self.removed[id(inst)] = None
        for inst in traps:
            self.proved[inst.result] = None
        self._rewrite(checks, traps)
        return True

    # --- what is linear

    def _is_linear(self, value: int, depth: int = 0) -> bool:
        """Whether a value is linear in the counter, or stays, built without wrapping."""
        if self.fn.types[value] != "i64":
            return False
        if value not in self.inside:
            return True
        known = self.linear.get(value)
        if known is None:
            inst = self.defs.get(value)
            known = False
            if inst is not None and depth < 8 and inst.op in _LINEAR and exact(inst):
                a, b = inst.args
                known = self._is_linear(a, depth + 1) and self._is_linear(b, depth + 1)
                if known and inst.op in ("mul", "smul.trap"):
                    known = a not in self.inside or b not in self.inside
            self.linear[value] = known
        return known

    def _is_bounds(self, inst: Inst) -> bool:
        condition = self.defs.get(inst.args[0])
        if condition is None or condition.op not in ("ult", "ule") or self.fn.types[condition.args[0]] != "i64":
            return False
        index, length = condition.args
        return index in self.inside and self._is_linear(index) and length not in self.inside

    # --- where the loop goes

    def _exits(self) -> bool:
        """Whether the values of the loop that are used after it can be passed on: with one way out they become parameters there."""
        fn = self.fn
        blocks = dict.fromkeys(self.loop.blocks)
        targets: dict[int, None] = {}
        for number in self.loop.blocks:
            for jump in fn.blocks[number].term.targets:
                if jump.block not in blocks:
                    targets[jump.block] = None
        used: dict[int, None] = {}
        for number, bb in enumerate(fn.blocks):
            if number in blocks:
                continue
            for inst in bb.insts:
                for value in inst.args:
                    if value in self.inside:
                        used[value] = None
            for value in bb.term.args:
                if value in self.inside:
                    used[value] = None
            for jump in bb.term.targets:
                for value in jump.args:
                    if value in self.inside:
                        used[value] = None
        self.used = list(used)
        self.exit = next(iter(targets), -1)
        return len(targets) == 1 or not used

    # --- the new loop

    def _rewrite(self, checks: list[Inst], traps: list[Inst]) -> None:
        fn, loop = self.fn, self.loop
        before = preheader(fn, loop)
        entry = fn.blocks[before].term.targets[0]
        test = _Test(self, before, entry.args[self.counted.position])
        good = test.build(checks, traps)
        if self.used:
            self._pass_out()
        first_block = len(fn.blocks)
        number_of = {number: first_block + i for i, number in enumerate(loop.blocks)}
        values: dict[int, int] = {}

        def value(v: int) -> int:
            if v not in self.inside:
                return v
            new = values.get(v)
            if new is None:
                fn.types.append(fn.types[v])
                new = values[v] = len(fn.types) - 1
            return new

        for number in loop.blocks:
            bb = fn.blocks[number]
            insts: list[Inst] = []
            for inst in bb.insts:
                if id(inst) in self.removed:
                    continue
                op, sym = inst.op, inst.sym
                if inst.result in self.proved:
                    op, sym = op[1:4], "nsw"
                result = value(inst.result) if inst.result >= 0 else -1
                insts.append(Inst(op, inst.ty, [value(a) for a in inst.args], result, inst.imm, inst.fimm, sym, inst.loc))
            jumps = [Jump(number_of.get(j.block, j.block), [value(a) for a in j.args]) for j in bb.term.targets]
            term = Term(bb.term.op, [value(a) for a in bb.term.args], jumps, list(bb.term.cases), bb.term.loc)
            fn.blocks.append(Block([value(p) for p in bb.params], insts, term, bb.cold))
        for number in loop.blocks:
            fn.blocks[number].cold = True
        fast = Jump(number_of[loop.header], list(entry.args))
        fn.blocks[before].term = Term("br", [good], [fast, entry], [], fn.blocks[before].term.loc)

    def _pass_out(self) -> None:
        """Values used after the loop become parameters of the one block it leaves to."""
        fn = self.fn
        blocks = dict.fromkeys(self.loop.blocks)
        new: dict[int, int] = {}
        for value in self.used:
            fn.types.append(fn.types[value])
            new[value] = len(fn.types) - 1
        for number, bb in enumerate(fn.blocks):
            if number in blocks:
                for jump in bb.term.targets:
                    if jump.block == self.exit:
                        jump.args = [*jump.args, *self.used]
                continue
            for inst in bb.insts:
                inst.args = [new.get(a, a) for a in inst.args]
            bb.term.args = [new.get(a, a) for a in bb.term.args]
            for jump in bb.term.targets:
                jump.args = [new.get(a, a) for a in jump.args]
        fn.blocks[self.exit].params = [*fn.blocks[self.exit].params, *new.values()]


class _Test:
    """The test before the loop. Nothing in it can panic: overflow is asked about, not trapped."""

    def __init__(self, version: _Version, before: int, first: int) -> None:
        self.v = version
        self.fn = version.fn
        self.insts = version.fn.blocks[before].insts
        self.first = first
        self.ends: list[dict[int, int]] = []
        """For the first and the last round: value in the loop -> value in the test."""
        self.good: int | None = None

    def _op(self, op: str, ty: str, args: list[int], result: str, imm: int = 0) -> int:
        self.fn.types.append(result)
        value = len(self.fn.types) - 1
        self.insts.append(Inst(op, ty, args, value, imm))
        return value

    def _require(self, condition: int) -> None:
        self.good = condition if self.good is None else self._op("and", "i1", [self.good, condition], "i1")

    def _no_overflow(self, op: str, a: int, b: int) -> None:
        over = self._op(f"s{op}.over", "i64", [a, b], "i1")
        self._require(self._op("xor", "i1", [over, self._op("iconst", "i1", [], "i1", 1)], "i1"))

    def build(self, checks: list[Inst], traps: list[Inst]) -> int:
        counted = self.v.counted
        one = self._op("iconst", "i64", [], "i64", 1)
        zero = self._op("iconst", "i64", [], "i64", 0)
        if counted.relation == "slt":
            self._require(self._op("slt", "i1", [self.first, counted.bound], "i1"))
            last = self._op("sub", "i64", [counted.bound, one], "i64")
        else:
            self._require(self._op("sle", "i1", [self.first, counted.bound], "i1"))
            last = counted.bound
        step = self.v.defs.get(counted.step)
        if step is None or step.op != "iconst":
            self._require(self._op("sgt", "i1", [counted.step, zero], "i1"))
        self.ends = [{counted.counter: self.first}, {counted.counter: last}]
        for inst in traps:
            for end in self.ends:
                self._at(inst.result, end)
        lengths: dict[int, None] = {}
        for inst in checks:
            condition = self.v.defs[inst.args[0]]
            index, length = condition.args
            if length not in lengths:
                lengths[length] = None
                self._require(self._op("sge", "i1", [length, zero], "i1"))
            for end in self.ends:
                self._require(self._op(condition.op, "i1", [self._at(index, end), length], "i1"))
        assert self.good is not None
        return self.good

    def _at(self, value: int, end: dict[int, int]) -> int:
        """The value in that round."""
        if value not in self.v.inside:
            return value
        known = end.get(value)
        if known is None:
            inst = self.v.defs[value]
            a, b = self._at(inst.args[0], end), self._at(inst.args[1], end)
            op = inst.op[1:4] if inst.op.endswith(".trap") else inst.op
            self._no_overflow(op, a, b)
            known = end[value] = self._op(op, "i64", [a, b], "i64")
        return known
