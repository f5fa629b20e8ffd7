"""What is known of integers at a point of the program: intervals, and differences between values.

Interval of a value: lo <= v <= hi, read as signed. Difference `(a, b, c)`: a <= b - c. Facts come from definitions (constants, masks,
extensions), from induction variables, and from conditions that hold on the way here. They are scoped: `mark` and `undo` follow a walk over
the dominator tree. A bounds check `a < b` is implied when a path of differences from a to b adds up to at least 1: the idea of Bodik, Gupta
and Sarkar, "ABCD: Eliminating Array Bounds Checks on Demand" (2000), with a bounded search.
"""

from __future__ import annotations

from vitte.ir.ssa import BITS, Function, Inst

DEPTH = 6
"""How many differences are chained in one proof."""

SIGNED = {"slt": ("<", 0), "sle": ("<=", 0), "sgt": ("<", 1), "sge": ("<=", 1)}
UNSIGNED = {"ult": ("<", 0), "ule": ("<=", 0), "ugt": ("<", 1), "uge": ("<=", 1)}
NEGATED = {
    "slt": "sge", "sge": "slt", "sgt": "sle", "sle": "sgt", "ult": "uge", "uge": "ult", "ugt": "ule", "ule": "ugt", "eq": "ne", "ne": "eq",
}


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def exact(inst: Inst | None) -> bool:
    """Whether an addition, subtraction or multiplication never wraps, as signed: it traps, or was proved."""
    return inst is not None and (inst.op in ("sadd.trap", "ssub.trap", "smul.trap") or inst.sym in ("nsw", "nuw nsw"))


class Facts:
    """Scoped knowledge about one function's integers of up to 64 bits."""

    def __init__(self, fn: Function, defs: dict[int, Inst]) -> None:
        self.types = fn.types
        self.defs = defs
        self.low: dict[int, int] = {}
        self.high: dict[int, int] = {}
        self.above: dict[int, dict[int, int]] = {}
        """above[a][b] = c: a <= b - c."""
        self.trail: list[tuple[dict[int, int], int, int | None]] = []
        self._constants(fn)
        self._induction(fn)

    # --- scopes

    def mark(self) -> int:
        return len(self.trail)

    def undo(self, mark: int) -> None:
        trail = self.trail
        while len(trail) > mark:
            table, key, old = trail.pop()
            if old is None:
                del table[key]
            else:
                table[key] = old

    def _put(self, table: dict[int, int], key: int, value: int) -> None:
        self.trail.append((table, key, table.get(key)))
        table[key] = value

    # --- intervals

    def bits(self, value: int) -> int:
        """Width of an integer this looks at, else 0."""
        ty = self.types[value]
        return BITS[ty] if ty[0] == "i" and ty != "i128" and ty != "i1" else 0

    def lo(self, value: int) -> int:
        known = self.low.get(value)
        return -(1 << (BITS[self.types[value]] - 1)) if known is None else known

    def hi(self, value: int) -> int:
        known = self.high.get(value)
        return (1 << (BITS[self.types[value]] - 1)) - 1 if known is None else known

    def at_least(self, value: int, bound: int) -> None:
        if bound > self.lo(value):
            self._put(self.low, value, bound)

    def at_most(self, value: int, bound: int) -> None:
        if bound < self.hi(value):
            self._put(self.high, value, bound)

    def _constants(self, fn: Function) -> None:
        for value, inst in self.defs.items():
            if inst.op == "iconst" and self.bits(value):
                number = signed(inst.imm, BITS[inst.ty])
                self.low[value] = self.high[value] = number

    def _induction(self, fn: Function) -> None:
        """Bounds of block parameters that only ever grow, or only ever shrink, from values with known bounds."""
        incoming: dict[int, list[int]] = {}
        for bb in fn.blocks:
            for jump in bb.term.targets:
                for param, value in zip(fn.blocks[jump.block].params, jump.args):
                    incoming.setdefault(param, []).append(value)
        for _ in range(2):  # the second time sees parameters that start from others
            for param, values in incoming.items():
                if not self.bits(param):
                    continue
                low: int | None = None
                high: int | None = None
                grows = shrinks = True
                for value in values:
                    step = self._step(value, param)
                    if step is None:
                        start_low, start_high = self.low.get(value), self.high.get(value)
                        grows = grows and start_low is not None
                        shrinks = shrinks and start_high is not None
                        if start_low is not None and (low is None or start_low < low):
                            low = start_low
                        if start_high is not None and (high is None or start_high > high):
                            high = start_high
                    else:
                        grows = grows and step >= 0
                        shrinks = shrinks and step <= 0
                if grows and low is not None:
                    self.low[param] = low
                if shrinks and high is not None:
                    self.high[param] = high

    def _step(self, value: int, param: int) -> int | None:
        """k when `value` is `param + k` without wrapping, else None."""
        total = 0
        for _ in range(4):
            if value == param:
                return total
            inst = self.defs.get(value)
            if inst is None or not exact(inst) or len(inst.args) != 2:
                return None
            by = self.defs.get(inst.args[1])
            base = inst.args[0]
            if (by is None or by.op != "iconst") and inst.op in ("add", "sadd.trap"):
                base, by = inst.args[1], self.defs.get(inst.args[0])
            if by is None or by.op != "iconst" or inst.op in ("mul", "smul.trap"):
                return None
            k = signed(by.imm, BITS[inst.ty])
            total += -k if inst.op in ("sub", "ssub.trap") else k
            value = base
        return None

    # --- differences

    def less(self, a: int, b: int, c: int) -> None:
        """Note that a <= b - c."""
        table = self.above.setdefault(a, {})
        known = table.get(b)
        if known is not None and known >= c:
            return
        self._put(table, b, c)
        self.at_most(a, self.hi(b) - c)
        self.at_least(b, self.lo(a) + c)

    def is_less(self, a: int, b: int, c: int) -> bool:
        """Whether a <= b - c is implied."""
        if self.hi(a) <= self.lo(b) - c:
            return True
        best = {a: 0}
        work = [(a, 0)]
        for _ in range(DEPTH):
            following: list[tuple[int, int]] = []
            for value, so_far in work:
                table = self.above.get(value)
                if table is None:
                    continue
                for other, gap in table.items():
                    total = so_far + gap
                    if other == b and total >= c:
                        return True
                    if total > best.get(other, -1 << 70):
                        best[other] = total
                        if self.hi(other) - total <= self.lo(b) - c:
                            return True
                        following.append((other, total))
            work = following[:32]
        return False

    # --- learning

    def define(self, inst: Inst) -> None:
        """What an operation's result is known to be."""
        result = inst.result
        if result < 0 or not self.bits(result):
            return
        op, args = inst.op, inst.args
        if op in ("sadd.trap", "ssub.trap") or (op in ("add", "sub") and exact(inst)):
            self._sum(op in ("ssub.trap", "sub"), result, args[0], args[1])
        elif op == "smul.trap" or (op == "mul" and exact(inst)):
            a, b = args
            corners = [x * y for x in (self.lo(a), self.hi(a)) for y in (self.lo(b), self.hi(b))]
            self.at_least(result, min(corners))
            self.at_most(result, max(corners))
        elif op == "zext":
            source = args[0]
            bits = BITS[self.types[source]]
            if bits < 64:
                self.at_least(result, self.lo(source) if bits > 1 and self.lo(source) >= 0 else 0)
                self.at_most(result, self.hi(source) if bits > 1 and self.lo(source) >= 0 else (1 << bits) - 1)
        elif op == "sext" and self.bits(args[0]):
            self.at_least(result, self.lo(args[0]))
            self.at_most(result, self.hi(args[0]))
        elif op == "and":
            tops = [self.hi(a) for a in args if self.lo(a) >= 0]
            if tops:
                self.at_least(result, 0)
                self.at_most(result, min(tops))
        elif op in ("popcnt", "clz", "ctz"):
            self.at_least(result, 0)
            self.at_most(result, BITS[inst.ty])
        else:
            self._quotient(inst)

    def _sum(self, minus: bool, result: int, a: int, b: int) -> None:
        lo_b, hi_b = (-self.hi(b), -self.lo(b)) if minus else (self.lo(b), self.hi(b))
        self.at_least(result, self.lo(a) + lo_b)
        self.at_most(result, self.hi(a) + hi_b)
        self.less(result, a, -hi_b)
        self.less(a, result, lo_b)
        if not minus:
            self.less(result, b, -self.hi(a))
            self.less(b, result, self.lo(a))

    def _quotient(self, inst: Inst) -> None:
        """Division, remainder and right shift of what is not negative."""
        op, result = inst.op, inst.result
        if op not in ("sdiv", "udiv", "srem", "urem", "lshr", "ashr"):
            return
        a, b = inst.args
        if op == "urem" and self.lo(b) >= 1:
            self.at_least(result, 0)
            self.at_most(result, self.hi(b) - 1)
            self.less(result, b, 1)
        if op == "srem" and self.lo(b) >= 1:
            self.at_least(result, -(self.hi(b) - 1) if self.lo(a) < 0 else 0)
            self.at_most(result, self.hi(b) - 1)
            self.less(result, b, 1)
        if self.lo(a) < 0 or (op in ("sdiv", "udiv") and self.lo(b) < 1):
            return
        self.at_least(result, 0)
        if op in ("lshr", "ashr"):
            shift = max(0, self.lo(b)) if self.lo(b) >= 0 else 0
            self.at_most(result, self.hi(a) >> min(shift, 64))
        elif op in ("sdiv", "udiv"):
            self.at_most(result, self.hi(a) // self.lo(b))
        self.less(result, a, 0)

    def assume(self, condition: int, holds: bool, depth: int = 0) -> None:
        """Learn from a condition that is known to be true, or false."""
        inst = self.defs.get(condition)
        if inst is None or depth > 4:
            return
        op, args = inst.op, inst.args
        if op == ("and" if holds else "or") and inst.ty == "i1":
            self.assume(args[0], holds, depth + 1)
            self.assume(args[1], holds, depth + 1)
            return
        if op not in NEGATED or not self.bits(args[0]):
            return
        if not holds:
            op = NEGATED[op]
        a, b = args
        if op == "eq":
            self.less(a, b, 0)
            self.less(b, a, 0)
        elif op == "ne":
            self._unequal(a, b)
            self._unequal(b, a)
        elif op in SIGNED:
            word, swapped = SIGNED[op]
            if swapped:
                a, b = b, a
            self.less(a, b, 1 if word == "<" else 0)
        else:
            word, swapped = UNSIGNED[op]
            if swapped:
                a, b = b, a
            if self.lo(b) >= 0:  # then a is below it as an unsigned number only if it is not negative either
                self.at_least(a, 0)
                self.less(a, b, 1 if word == "<" else 0)

    def _unequal(self, a: int, b: int) -> None:
        """a != b where b is one number at the end of a's interval, or a is known to be at most or at least b."""
        if self.lo(b) == self.hi(b):
            number = self.lo(b)
            if self.lo(a) == number:
                self.at_least(a, number + 1)
            if self.hi(a) == number:
                self.at_most(a, number - 1)
        elif self.above.get(a, {}).get(b) == 0:
            self.less(a, b, 1)

    def is_true(self, condition: int, depth: int = 0) -> bool:
        """Whether a condition is implied."""
        inst = self.defs.get(condition)
        if inst is None or depth > 4:
            return False
        if inst.op == "iconst":
            return inst.imm == 1
        if inst.ty == "i1" and inst.op == "and":
            return self.is_true(inst.args[0], depth + 1) and self.is_true(inst.args[1], depth + 1)
        if inst.ty == "i1" and inst.op == "or":
            return self.is_true(inst.args[0], depth + 1) or self.is_true(inst.args[1], depth + 1)
        if inst.ty == "i1" and inst.op == "xor":
            other = self.defs.get(inst.args[1])
            return other is not None and other.op == "iconst" and other.imm == 1 and self.is_false(inst.args[0], depth + 1)
        return inst.op in NEGATED and bool(self.bits(inst.args[0])) and self._holds(inst.op, inst.args[0], inst.args[1])

    def is_false(self, condition: int, depth: int = 0) -> bool:
        inst = self.defs.get(condition)
        if inst is None or depth > 4:
            return False
        if inst.op == "iconst":
            return inst.imm == 0
        if inst.ty == "i1" and inst.op == "and":
            return self.is_false(inst.args[0], depth + 1) or self.is_false(inst.args[1], depth + 1)
        if inst.ty == "i1" and inst.op == "or":
            return self.is_false(inst.args[0], depth + 1) and self.is_false(inst.args[1], depth + 1)
        return inst.op in NEGATED and bool(self.bits(inst.args[0])) and self._holds(NEGATED[inst.op], inst.args[0], inst.args[1])

    def _holds(self, op: str, a: int, b: int) -> bool:
        if op in SIGNED:
            word, swapped = SIGNED[op]
            if swapped:
                a, b = b, a
            return self.is_less(a, b, 1 if word == "<" else 0)
        if op == "eq":
            return self.lo(a) == self.hi(a) == self.lo(b) == self.hi(b) or (self.is_less(a, b, 0) and self.is_less(b, a, 0))
        if op == "ne":
            return self.is_less(a, b, 1) or self.is_less(b, a, 1)
        word, swapped = UNSIGNED[op]
        if swapped:
            a, b = b, a
        if self.lo(a) >= 0 and self.lo(b) >= 0:
            return self.is_less(a, b, 1 if word == "<" else 0)
        # one that is not negative is below one that is, as unsigned numbers
        return self.lo(a) >= 0 and self.hi(b) < 0
