"""The verifier of SSA.

S1   every value is defined once, and values used are defined
S2   definitions dominate uses
S3   operands, results and returned values have the types that operation and function want
S4   jump arguments match the target's parameters in number and type
S5   targets exist, block 0 is no target, has no parameters; terminators have the targets they need
S6   calls match the signature of functions known in the module
S7   symbols are defined or declared in the module, once
S8   slots, places and variables exist
S9   after stage 7 no `const` operations are left
S10  switch values are distinct and fit
S11  what may panic in the text of a crossing body has a row of its own in the body's table
"""

from __future__ import annotations

from vitte.ir.ssa import BITS, OPS, TYPES, Block, Function, Inst, Module, Signature, Term
from vitte.ir.ssa_text import print_inst, print_term
from vitte.ir.ssa_walk import Dominators

_INTS = frozenset(("i1", "i8", "i16", "i32", "i64", "i128"))
_FLOATS = frozenset(("f32", "f64"))
_PLACED = frozenset(["check", "here", *[op for op in OPS if op.endswith(".trap")]])
_NUMERIC_T: dict[str, frozenset[str]] = {}


def _kinds() -> None:
    """What `T` may be, where an operation is about integers or about floats only."""
    for op in OPS:
        base = op.partition(".")[0]
        if base in ("add", "mul", "and", "or", "xor", "sub", "shl", "lshr", "ashr", "sdiv", "udiv", "srem", "urem", "popcnt", "clz", "ctz",
                    "bswap", "rotl", "iconst", "trunc", "zext", "sext", "ptrtoint", "fptosi", "fptoui") or op.endswith((".trap", ".over")):
            _NUMERIC_T[op] = _INTS
        elif base in ("fadd", "fsub", "fmul", "fdiv", "frem", "fneg", "fsqrt", "ffloor", "fceil", "ftrunc", "fround", "fabs", "fma",
                      "fconst", "sitofp", "uitofp", "fpext", "fptrunc"):
            _NUMERIC_T[op] = _FLOATS


_kinds()


def verify(module: Module, evaluated: bool = False) -> list[str]:
    """Every violation, as `S<n>: function: block: text`. `evaluated`: stage 7 is done."""
    return _Verifier(module, evaluated).run()


def verify_function(fn: Function, module: Module | None = None, evaluated: bool = False) -> list[str]:
    """One function; without a module S6 and S7 are not checked."""
    verifier = _Verifier(module, evaluated)
    verifier.function(fn)
    return verifier.errors


class _Verifier:
    def __init__(self, module: Module | None, evaluated: bool) -> None:
        self.module = module
        self.evaluated = evaluated
        self.errors: list[str] = []
        self.signatures: dict[str, Signature] = {}
        self.data: set[str] = set()
        self.consts: set[str] = set()
        if module is not None:
            self.signatures.update(module.externals)
            for fn in module.functions:
                self.signatures[fn.symbol] = Signature(tuple([fn.types[p] for p in fn.params]), fn.result)
            self.data.update(module.external_globals, [g.symbol for g in module.globals])
            self.consts.update([c.symbol for c in module.pending], [c.path for c in module.pending])

    def run(self) -> list[str]:
        module = self.module
        assert module is not None
        self.where = "module"
        defined: set[str] = set()
        for symbol in [fn.symbol for fn in module.functions] + [g.symbol for g in module.globals]:
            if symbol in defined:
                self.wrong(7, f'"{symbol}" is defined twice')
            defined.add(symbol)
        for g in module.globals:
            for at, symbol, _ in g.relocations:
                if symbol not in self.data and symbol not in self.signatures:
                    self.wrong(7, f'global "{g.symbol}": unknown symbol "{symbol}"')
                if at < 0 or at + 8 > len(g.data):
                    self.wrong(7, f'global "{g.symbol}": relocation at {at} is outside')
        for init in [c.initializer for c in module.pending] + [a.initializer for a in module.asserts]:
            if init not in self.signatures:
                self.wrong(7, f'unknown initializer "{init}"')
        if self.evaluated and (module.pending or module.asserts):
            self.wrong(9, "unevaluated constants are left")
        for fn in module.functions:
            self.function(fn)
        return self.errors

    def wrong(self, rule: int, text: str) -> None:
        self.errors.append(f"S{rule}: {self.where}: {text}")

    def bad(self, rule: int, node: Inst | Term, text: str) -> None:
        self.wrong(rule, f"{print_inst(node) if isinstance(node, Inst) else print_term(node)}: {text}")

    def function(self, fn: Function) -> None:
        self.fn = fn
        self.where = f'"{fn.symbol}"'
        self.types = fn.types
        if not fn.blocks:
            self.wrong(5, "no blocks")
            return
        if fn.result and fn.result not in TYPES:
            self.wrong(3, f"unknown type {fn.result}")
        if fn.param_flags and len(fn.param_flags) != len(fn.params):
            self.wrong(3, "flags for another number of parameters")
        self.block_of: dict[int, int] = {}
        self.place_of: dict[int, int] = {}
        for value in fn.params:
            self.define(value, 0, -1)
        for number, bb in enumerate(fn.blocks):
            for value in bb.params:
                self.define(value, number, -1)
            for at, inst in enumerate(bb.insts):
                if inst.result >= 0:
                    self.define(inst.result, number, at)
        if fn.blocks[0].params:
            self.wrong(5, "block 0 has parameters")
        ok = True
        for number, bb in enumerate(fn.blocks):
            self.where = f'"{fn.symbol}": bb{number}'
            ok &= self.targets(bb)
        if not ok:
            return
        dominators = Dominators(fn)
        for number, bb in enumerate(fn.blocks):
            self.where = f'"{fn.symbol}": bb{number}'
            self.block(number, bb, dominators)
        self.where = f'"{fn.symbol}"'
        for i, loc in enumerate(fn.locs):
            if loc.inlined and not 0 <= loc.inlined < len(fn.locs):
                self.wrong(8, f"place {i} is inlined at an unknown place")
        for i, var in enumerate(fn.variables):
            if var.loc and var.loc >= len(fn.locs):
                self.wrong(8, f"variable {i} has an unknown place")

    def define(self, value: int, block: int, at: int) -> None:
        if not 0 <= value < len(self.types):
            self.wrong(1, f"%{value} has no type")
        elif self.types[value] not in TYPES:
            self.wrong(3, f"%{value} has the unknown type {self.types[value]!r}")
        if value in self.block_of:
            self.wrong(1, f"%{value} is defined twice")
        self.block_of[value] = block
        self.place_of[value] = at

    def targets(self, bb: Block) -> bool:
        term = bb.term
        want = {"jump": 1, "br": 2, "switch": len(term.cases) + 1, "ret": 0, "unreachable": 0}.get(term.op)
        if want is None or len(term.targets) != want:
            self.wrong(5, f"{term.op} has {len(term.targets)} targets")
            return False
        ok = True
        for jump in term.targets:
            if not 0 < jump.block < len(self.fn.blocks):
                self.bad(5, term, "no target" if jump.block else "block 0 is no target")
                ok = False
        return ok

    def used(self, value: int, block: int, at: int, dominators: Dominators, inst: Inst | Term) -> bool:
        home = self.block_of.get(value)
        if home is None:
            self.bad(1, inst, f"%{value} is not defined")
            return False
        if home == block:
            if self.place_of[value] >= at:
                self.bad(2, inst, f"%{value} is used before its definition")
        elif not dominators.dominates(home, block):
            self.bad(2, inst, f"the definition of %{value} does not dominate its use")
        return True

    def block(self, number: int, bb: Block, dominators: Dominators) -> None:
        fn = self.fn
        for at, inst in enumerate(bb.insts):
            if inst.op not in OPS:
                self.wrong(3, f"unknown operation {inst.op}")
                continue
            if all(self.used(v, number, at, dominators, inst) for v in inst.args):
                self.inst(inst)
            if not 0 <= inst.loc < max(len(fn.locs), 1):
                self.bad(8, inst, "unknown place")
            elif inst.op in _PLACED:
                self.placed(inst)
        term = bb.term
        values = [*term.args, *[v for jump in term.targets for v in jump.args]]
        if not all(self.used(v, number, len(bb.insts), dominators, term) for v in values):
            return
        if not 0 <= term.loc < max(len(fn.locs), 1):
            self.bad(8, term, "unknown place")
        want = {"br": ["i1"], "ret": [fn.result] if fn.result else []}.get(term.op, [])
        have = [self.types[v] for v in term.args]
        if term.op == "switch":
            if len(have) != 1 or have[0] not in _INTS:
                self.bad(3, term, "wants one integer")
            else:
                bits = BITS[have[0]]
                if len(set(term.cases)) != len(term.cases):
                    self.bad(10, term, "a value occurs twice")
                if any(not 0 <= c < 1 << bits for c in term.cases):
                    self.bad(10, term, f"a value does not fit {have[0]}")
        elif have != want:
            self.bad(3, term, f"operands are {_tys(have)}, wanted {_tys(want)}")
        for jump in term.targets:
            params = [self.types[v] for v in fn.blocks[jump.block].params]
            args = [self.types[v] for v in jump.args]
            if params != args:
                self.bad(4, term, f"bb{jump.block} takes {_tys(params)}, given {_tys(args)}")

    def placed(self, inst: Inst) -> None:
        loc = self.fn.locs[inst.loc] if inst.loc else None
        owner, ordinal = (loc.owner, loc.ordinal) if loc is not None else (self.fn.owner, 0)
        if owner and ordinal < 1:
            self.bad(11, inst, f"there is no row for it in the table of {owner}")

    def inst(self, inst: Inst) -> None:
        info = OPS[inst.op]
        types = self.types
        have = [types[v] for v in inst.args]
        want = [inst.ty if a == "T" else a for a in info.args]
        if want and want[-1] == "*":
            fits = len(have) >= len(want) - 1 and all(h == w for h, w in zip(have, want[:-1]))
        else:
            fits = len(have) == len(want) and all(
                h == w or (w == "I" and h in _INTS) or w == "V" for h, w in zip(have, want)
            )
            if fits and want == ["V", "V"] and have[0] != have[1]:
                fits = False
        if not fits:
            self.bad(3, inst, f"operands are {_tys(have)}, wanted {_tys(want)}")
            return
        allowed = _NUMERIC_T.get(inst.op)
        if allowed is not None and inst.ty not in allowed:
            self.bad(3, inst, f"not an operation on {inst.ty or 'nothing'}")
        result = inst.ty if info.result == "T" else info.result
        if result:
            if inst.result < 0:
                self.bad(3, inst, "the result is not named")
            elif types[inst.result] != result:
                self.bad(3, inst, f"the result is {result}, %{inst.result} is {types[inst.result]}")
        elif inst.result >= 0:
            self.bad(3, inst, "there is no result")
        check = _SPECIAL.get(inst.op)
        if check is not None:
            check(self, inst, have)

    # --- particular operations

    def _iconst(self, inst: Inst, have: list[str]) -> None:
        if inst.ty in BITS and not 0 <= inst.imm < 1 << BITS[inst.ty]:
            self.bad(3, inst, f"does not fit {inst.ty}")

    def _slot(self, inst: Inst, have: list[str]) -> None:
        if not 0 <= inst.imm < len(self.fn.slots):
            self.bad(8, inst, "no such slot")

    def _dbg(self, inst: Inst, have: list[str]) -> None:
        if not 0 <= inst.imm < len(self.fn.variables):
            self.bad(8, inst, "no such variable")

    def _global(self, inst: Inst, have: list[str]) -> None:
        if self.module is not None and inst.sym not in self.data and not (inst.sym in self.consts and not self.evaluated):
            self.bad(7, inst, "unknown data")

    def _fn_addr(self, inst: Inst, have: list[str]) -> None:
        if self.module is not None and inst.sym not in self.signatures:
            self.bad(7, inst, "unknown function")

    def _const(self, inst: Inst, have: list[str]) -> None:
        if self.evaluated:
            self.bad(9, inst, "left after constant evaluation")

    def _call(self, inst: Inst, have: list[str]) -> None:
        if self.module is None:
            return
        sig = self.signatures.get(inst.sym)
        if sig is None:
            self.bad(7, inst, "unknown function")
            return
        count = len(sig.params)
        if sig.variadic:
            good = inst.imm == count <= len(have) and tuple(have[:count]) == sig.params
        else:
            good = tuple(have) == sig.params
        if not good:
            self.bad(6, inst, f"operands are {_tys(have)}, the function takes {_tys(list(sig.params))}")
        if inst.ty != sig.result:
            self.bad(6, inst, f"the result is {inst.ty or '()'}, the function gives {sig.result or '()'}")

    def _width(self, inst: Inst, have: list[str]) -> None:
        if have[0] not in BITS or inst.ty not in BITS:
            self.bad(3, inst, "between numbers only")
            return
        narrower = BITS[inst.ty] < BITS[have[0]]
        if inst.op == "bitcast":
            if BITS[inst.ty] != BITS[have[0]]:
                self.bad(3, inst, f"{have[0]} has another width")
        elif narrower != (inst.op in ("trunc", "fptrunc")) or BITS[inst.ty] == BITS[have[0]]:
            self.bad(3, inst, f"{have[0]} to {inst.ty} goes the other way")

    def _floats(self, inst: Inst, have: list[str]) -> None:
        if have[0] not in _FLOATS:
            self.bad(3, inst, f"{have[0]} is no float")

    def _ints(self, inst: Inst, have: list[str]) -> None:
        if have[0] in _FLOATS:
            self.bad(3, inst, "floats have operations of their own")


_SPECIAL = {
    "iconst": _Verifier._iconst, "slot": _Verifier._slot, "dbg": _Verifier._dbg, "global_addr": _Verifier._global,
    "fn_addr": _Verifier._fn_addr, "const": _Verifier._const, "const_addr": _Verifier._const, "call": _Verifier._call,
    "trunc": _Verifier._width, "zext": _Verifier._width, "sext": _Verifier._width, "bitcast": _Verifier._width,
    "fpext": _Verifier._width, "fptrunc": _Verifier._width, "fptosi.sat": _Verifier._floats, "fptoui.sat": _Verifier._floats,
    **dict.fromkeys(("feq", "fne", "flt", "fle", "fgt", "fge"), _Verifier._floats),
    **dict.fromkeys(("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"), _Verifier._ints),
}


def _tys(tys: list[str]) -> str:
    return f"({', '.join(tys)})"
