"""Random SSA programs that always end: integers of several widths, memory, branches, bounded loops, calls, checks that may fail.

`programs(seed, count)` is a module with functions `t0..` of type `(i64, i64) -> i64`. Functions may call earlier ones. Helper functions
take pointers, so that what is known of memory across calls matters.
"""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

import random

from vitte.ir.ssa import Block, Function, Global, Inst, Jump, Loc, Module, Slot, Term
from vitte.ir.ssa_text import NO_LOC

INTS = ("i8", "i32", "i64")
WRAPPING = ("add", "sub", "mul", "and", "or", "xor")
TRAPPING = ("sadd.trap", "ssub.trap", "smul.trap", "uadd.trap", "usub.trap", "umul.trap")
COMPARES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
OVERS = ("sadd.over", "uadd.over", "smul.over", "umul.over", "ssub.over", "usub.over")


class Generator:
    """One function. `pool[type]`: values that may be used here."""

    def __init__(self, rng: random.Random, symbol: str, earlier: list[Function], budget: int) -> None:
        self.rng = rng
        self.earlier = earlier
        self.budget = budget
        self.fn = Function(symbol, [0, 1], "i64", [], ["i64", "i64"], file="t.vit", line=1, name=symbol, locs=[NO_LOC])
        self.fn.slots = [Slot(8, 8, "a"), Slot(16, 8, "b"), Slot(8, 8, "c")]
        self.fn.locs += [Loc("t.vit", line, 1) for line in range(1, 6)]
        self.pool: dict[str, list[int]] = {"i64": [0, 1]}
        self.open = self.block()
        self.depth = 0

    # --- pieces

    def value(self, ty: str) -> int:
        self.fn.types.append(ty)
        return len(self.fn.types) - 1

    def block(self, *params: str) -> int:
        self.fn.blocks.append(Block([self.value(p) for p in params], [], Term("unreachable")))
        return len(self.fn.blocks) - 1

    def add(self, op: str, ty: str, args: list[int], result: str = "", **more: object) -> int:
        value = self.value(result) if result else -1
        loc = self.rng.randrange(6) if op == "check" or op.endswith(".trap") else 0
        self.fn.blocks[self.open].insts.append(Inst(op, ty, args, value, loc=loc, **more))  # type: ignore[arg-type]
        if result and result in (*INTS, "i1"):
            self.pool.setdefault(result, []).append(value)
        return value

    def constant(self, ty: str) -> int:
        rng = self.rng
        bits = {"i1": 1, "i8": 8, "i32": 32, "i64": 64}[ty]
        number = rng.choice([0, 1, 2, 3, 5, 8, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1, rng.getrandbits(bits), rng.randrange(1 << min(bits, 6))])
        return self.add("iconst", ty, [], ty, imm=number % (1 << bits))

    def some(self, ty: str) -> int:
        known = self.pool.get(ty)
        if not known or self.rng.random() < 0.2:
            return self.constant(ty) if ty != "i1" or self.rng.random() < 0.2 else self.compare()
        return self.rng.choice(known[-8:] if self.rng.random() < 0.7 else known)

    def compare(self) -> int:
        ty = self.rng.choice(INTS)
        return self.add(self.rng.choice(COMPARES), "i1", [self.some(ty), self.some(ty)], "i1")

    def slot(self) -> tuple[int, int]:
        """An address of 8 bytes: (pointer, immediate offset)."""
        rng = self.rng
        which = rng.randrange(3)
        pointer = self.add("slot", "ptr", [], "ptr", imm=which)
        if which != 1:
            return pointer, 0
        if rng.random() < 0.3:
            pick = self.add("and", "i64", [self.some("i64"), self.add("iconst", "i64", [], "i64", imm=8)], "i64")
            return self.add("ptr_add", "ptr", [pointer, pick], "ptr"), 0
        return pointer, rng.choice((0, 8))

    # --- statements

    def statements(self, count: int) -> None:
        rng = self.rng
        for _ in range(count):
            if self.budget <= 0:
                return
            self.budget -= 1
            kind = rng.random()
            ty = rng.choice(INTS)
            if kind < 0.20:
                self.add(rng.choice(WRAPPING), ty, [self.some(ty), self.some(ty)], ty)
            elif kind < 0.32:
                self.trap(ty)
            elif kind < 0.38:
                self.compare()
            elif kind < 0.42:
                self.check()
            elif kind < 0.46:
                self.add("select", ty, [self.some("i1"), self.some(ty), self.some(ty)], ty)
            elif kind < 0.50:
                self.shift_or_divide(ty)
            elif kind < 0.54:
                self.convert()
            elif kind < 0.56:
                self.add(rng.choice(OVERS), ty, [self.some(ty), self.some(ty)], "i1")
            elif kind < 0.70:
                self.memory()
            elif kind < 0.76:
                self.call()
            elif kind < 0.86 and self.depth < 3:
                self.branch()
            elif kind < 0.90 and self.depth < 3:
                self.switch()
            elif kind < 0.97 and self.depth < 2:
                self.loop()
            else:
                self.floats()

    def trap(self, ty: str) -> None:
        rng = self.rng
        other = self.some(ty)
        if rng.random() < 0.6:  # small, so that not every program panics at once
            small = self.add("iconst", ty, [], ty, imm=rng.randrange(4))
            masked = self.add("and", ty, [self.some(ty), self.add("iconst", ty, [], ty, imm=rng.choice((7, 15, 63)))], ty)
            self.add(rng.choice(TRAPPING), ty, rng.choice([[masked, small], [small, masked], [masked, masked]]), ty)
        else:
            self.add(rng.choice(TRAPPING), ty, [self.some(ty), other], ty)

    def check(self) -> None:
        rng = self.rng
        if rng.random() < 0.5:
            limit = self.add("iconst", "i64", [], "i64", imm=rng.choice((4, 8, 16)))
            index = self.add("and", "i64", [self.some("i64"), self.add("iconst", "i64", [], "i64", imm=rng.choice((3, 7, 15)))], "i64")
            condition = self.add("ult", "i1", [index, limit], "i1")
            self.add("check", "", [condition, index, limit], sym="index")
        else:
            a = self.some("i1")
            b = self.add("or", "i1", [a, self.some("i1")], "i1")
            self.add("check", "", [b if rng.random() < 0.8 else a], sym=rng.choice(("first", "second", "overflow negate")))

    def shift_or_divide(self, ty: str) -> None:
        rng = self.rng
        if rng.random() < 0.5:
            count = self.add("and", ty, [self.some(ty), self.add("iconst", ty, [], ty, imm=7)], ty)
            self.add(rng.choice(("shl", "lshr", "ashr", "rotl")), ty, [self.some(ty), count], ty)
        else:
            one = self.add("iconst", ty, [], ty, imm=1)
            divisor = self.add("or", ty, [self.add("and", ty, [self.some(ty), self.add("iconst", ty, [], ty, imm=31)], ty), one], ty)
            self.add(rng.choice(("sdiv", "udiv", "srem", "urem")), ty, [self.some(ty), divisor], ty)

    def convert(self) -> None:
        rng = self.rng
        wide, narrow = rng.choice((("i64", "i32"), ("i64", "i8"), ("i32", "i8")))
        if rng.random() < 0.4:
            self.add("trunc", narrow, [self.some(wide)], narrow)
        elif rng.random() < 0.7:
            self.add(rng.choice(("zext", "sext")), wide, [self.some(narrow)], wide)
        else:
            self.add("zext", wide, [self.some("i1")], wide)

    def floats(self) -> None:
        f = self.add("sitofp", "f64", [self.some("i64")], "f64")
        g = self.add("fconst", "f64", [], "f64", fimm=self.rng.choice((0.5, -0.0, 3.0, 1e300)))
        h = self.add(self.rng.choice(("fadd", "fmul", "fdiv", "fsub")), "f64", [f, g], "f64")
        self.add("flt", "i1", [h, f], "i1")
        self.add("fptosi.sat", "i64", [h], "i64")

    def memory(self) -> None:
        rng = self.rng
        pointer, offset = self.slot()
        kind = rng.random()
        if kind < 0.4:
            self.add("store", "", [self.some("i64"), pointer], imm=offset)
        elif kind < 0.8:
            self.add("load", "i64", [pointer], "i64", imm=offset)
        elif kind < 0.9:
            self.add("load", "i8", [pointer], "i8", imm=offset + rng.randrange(8))
        else:
            other, from_ = self.slot()
            if offset == from_ == 0:
                same = self.add("eq", "i1", [pointer, other], "i1")
                self.pool["i1"].remove(same)
                self.add("memmove.n", "", [pointer, other, self.add("iconst", "i64", [], "i64", imm=8)])

    def call(self) -> None:
        rng = self.rng
        if self.earlier and rng.random() < 0.5:
            callee = rng.choice(self.earlier)
            self.add("call", "i64", [self.some("i64"), self.some("i64")], "i64", imm=-1, sym=callee.symbol)
        else:
            a, _ = self.slot()
            b, _ = self.slot()
            self.add("call", "i64", [a, b], "i64", imm=-1, sym=rng.choice(("h::get", "h::put", "h::swap")))

    def scoped(self, block: int, count: int) -> None:
        """Fill a block and what follows from it; values made there are not used after."""
        kept = {ty: list(values) for ty, values in self.pool.items()}
        self.open = block
        self.depth += 1
        for param in self.fn.blocks[block].params:
            self.pool.setdefault(self.fn.types[param], []).append(param)
        self.statements(count)
        self.depth -= 1
        self.before = self.pool
        self.pool = kept

    def branch(self) -> None:
        rng = self.rng
        condition = self.some("i1")
        source = self.open
        ty = rng.choice(INTS)
        yes, no, join = self.block(), self.block(), self.block(ty)
        direct = rng.random() < 0.2
        if direct:
            given = self.some(ty)
            source = self.open
            no_jump = Jump(join, [given])
        else:
            no_jump = Jump(no)
        self.fn.blocks[source].term = Term("br", [condition], [Jump(yes), no_jump])
        for block in (yes,) if direct else (yes, no):
            self.scoped(block, rng.randrange(1, 5))
            kept, self.pool = self.pool, self.before
            value = self.some(ty)
            self.pool = kept
            self.fn.blocks[self.open].term = Term("jump", [], [Jump(join, [value])])
        self.open = join
        self.pool.setdefault(ty, []).append(self.fn.blocks[join].params[0])

    def switch(self) -> None:
        rng = self.rng
        subject = self.some("i8")
        join = self.block("i64")
        cases = rng.sample((0, 1, 2, 3, 7, 255, 128), rng.randrange(1, 4))
        targets = []
        for _ in range(len(cases) + 1):
            if rng.random() < 0.4:
                targets.append(Jump(join, [self.some("i64")]))
            else:
                targets.append(Jump(self.block()))
        self.fn.blocks[self.open].term = Term("switch", [subject], targets, cases)
        for jump in targets:
            if jump.block != join:
                self.scoped(jump.block, rng.randrange(0, 3))
                kept, self.pool = self.pool, self.before
                value = self.some("i64")
                self.pool = kept
                self.fn.blocks[self.open].term = Term("jump", [], [Jump(join, [value])])
        self.open = join
        self.pool["i64"].append(self.fn.blocks[join].params[0])

    def loop(self) -> None:
        """for i from a small number, below a bound, by a small step; one more value is carried round."""
        rng = self.rng
        ty = rng.choice(INTS)
        start = self.add("iconst", "i64", [], "i64", imm=rng.choice((0, 0, 1, (1 << 64) - 2)))
        if rng.random() < 0.5:
            bound = self.add("iconst", "i64", [], "i64", imm=rng.randrange(1, 7))
        else:
            bound = self.add("and", "i64", [self.some("i64"), self.add("iconst", "i64", [], "i64", imm=7)], "i64")
        carried = self.some(ty)
        base = self.add("and", "i64", [self.some("i64"), self.add("iconst", "i64", [], "i64", imm=rng.choice((3, 15)))], "i64")
        limit = self.add("iconst", "i64", [], "i64", imm=rng.choice((6, 12, 40)))
        head, body, after = self.block("i64", ty), self.block(), self.block()
        self.fn.blocks[self.open].term = Term("jump", [], [Jump(head, [start, carried])])
        i, value = self.fn.blocks[head].params
        self.open = head
        self.pool["i64"].append(i)
        self.pool.setdefault(ty, []).append(value)
        condition = self.add(rng.choice(("slt", "sle")), "i1", [i, bound], "i1")
        self.pool["i1"].remove(condition)
        self.fn.blocks[head].term = Term("br", [condition], [Jump(body), Jump(after)])
        kept = {t: list(v) for t, v in self.pool.items()}
        self.open = body
        self.depth += 1
        if rng.random() < 0.5:
            inside = self.add("ult", "i1", [i, bound], "i1")
            self.add("check", "", [inside, i, bound], sym="index")
        if rng.random() < 0.5:
            scaled = self.add("smul.trap", "i64", [i, self.add("iconst", "i64", [], "i64", imm=rng.choice((1, 2, 3)))], "i64")
            index = self.add(rng.choice(("sadd.trap", "ssub.trap")), "i64", [base, scaled], "i64")
            self.add("check", "", [self.add("ult", "i1", [index, limit], "i1"), index, limit], sym="index")
        self.statements(rng.randrange(1, 6))
        self.depth -= 1
        onward = self.some(ty)
        step = self.add("iconst", "i64", [], "i64", imm=rng.choice((1, 1, 2)))
        following = self.add("sadd.trap", "i64", [i, step], "i64")
        self.fn.blocks[self.open].term = Term("jump", [], [Jump(head, [following, onward])])
        self.pool = kept
        self.open = after

    def function(self) -> Function:
        zero = self.add("iconst", "i64", [], "i64", imm=0)
        for which, offset in ((0, 0), (1, 0), (1, 8), (2, 0)):  # nothing reads what was never written
            pointer = self.add("slot", "ptr", [], "ptr", imm=which)
            self.add("store", "", [zero, pointer], imm=offset)
        self.statements(12)
        result = self.some("i64")
        for ty in ("i8", "i32"):
            if self.pool.get(ty):
                wide = self.add("sext", "i64", [self.some(ty)], "i64")
                result = self.add("xor", "i64", [result, wide], "i64")
        pointer = self.add("slot", "ptr", [], "ptr", imm=0)
        result = self.add("add", "i64", [result, self.add("load", "i64", [pointer], "i64")], "i64")
        self.fn.blocks[self.open].term = Term("ret", [result])
        if self.rng.random() < 0.3:
            self.fn.flags = [self.rng.choice(("inline", "noinline"))]
        return self.fn


HELPERS = """
fn "h::get"(%0: ptr, %1: ptr) -> i64 linkonce {
bb0:
  %2 = load i64 %0
  %3 = load i64 %1
  %4 = add i64 %2, %3
  ret %4
}
fn "h::put"(%0: ptr, %1: ptr) -> i64 external noinline {
bb0:
  %2 = load i64 %0
  store %2, %1
  %3 = iconst i64 3
  %4 = add i64 %2, %3
  store %4, %0
  ret %2
}
fn "h::swap"(%0: ptr, %1: ptr) -> i64 internal {
bb0:
  %2 = load i64 %0
  %3 = load i64 %1
  store %2, %1
  store %3, %0
  ret %3
}
"""


def programs(seed: int, count: int, budget: int = 40) -> Module:
    from vitte.ir.ssa_text import parse_module

    rng = random.Random(seed)
    module = parse_module('module "t" file "t.vit"\n' + HELPERS)
    made: list[Function] = []
    for number in range(count):
        fn = Generator(rng, f"t{number}", made[-4:], budget).function()
        if rng.random() < 0.3:
            fn.linkage = "linkonce"
        made.append(fn)
    module.functions += made
    module.globals += [Global("t::unused", b"x")]
    return module


INPUTS = ((0, 0), (1, 2), (3, -1), (-5, 100), (1 << 62, 1 << 62), (-(1 << 63), -1), (7, 7))


def with_main(module: Module, count: int) -> Module:
    """Add a program: argument 1 is the number of a function, which is run on all inputs, results printed as it goes."""
    from vitte.ir.ssa import Signature

    module.externals.update({"dprintf": Signature(("i32", "ptr"), "i32", True), "atoi": Signature(("ptr",), "i32")})
    module.globals.append(Global("t::line", b"%ld\n\0"))
    fn = Function("main", [0, 1], "i32", [], ["i32", "ptr"], flags=["c", "noinline"])

    def add(block: int, op: str, ty: str, args: list[int], result: str = "", **more: object) -> int:
        value = -1
        if result:
            fn.types.append(result)
            value = len(fn.types) - 1
        fn.blocks[block].insts.append(Inst(op, ty, args, value, **more))  # type: ignore[arg-type]
        return value

    fn.blocks = [Block([], [], Term("unreachable")) for _ in range(count + 2)]
    which = add(0, "call", "i32", [add(0, "load", "ptr", [1], "ptr", imm=8)], "i32", sym="atoi", imm=-1)
    for number in range(count):
        here = number + 1
        out = add(here, "iconst", "i32", [], "i32", imm=1)
        line = add(here, "global_addr", "ptr", [], "ptr", sym="t::line")
        for a, b in INPUTS:
            args = [add(here, "iconst", "i64", [], "i64", imm=v % (1 << 64)) for v in (a, b)]
            result = add(here, "call", "i64", args, "i64", sym=f"t{number}", imm=-1)
            add(here, "call", "i32", [out, line, result], "i32", sym="dprintf", imm=2)
        fn.blocks[here].term = Term("jump", [], [Jump(count + 1)])
    status = add(count + 1, "iconst", "i32", [], "i32")
    fn.blocks[count + 1].term = Term("ret", [status])
    fn.blocks[0].term = Term("switch", [which], [*[Jump(n + 1) for n in range(count)], Jump(count + 1)], list(range(count)))
    module.functions.append(fn)
    return module
