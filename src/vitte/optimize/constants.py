"""Sparse conditional constant propagation (Wegman and Zadeck, "Constant Propagation with Conditional Branches", 1991).

    v0 = iconst 2                        v0 = iconst 2
    v1 = mul v0, v0                      v1 = iconst 4
    v2 = slt v1, v0               ==>    v2 = iconst 0
    br v2, bb1, bb2                      jump bb2

Optimistic: a value is unknown until a path that can be taken gives it one; two different values make it varying. What `check` always
holds for is removed. What would panic stays.
"""

from __future__ import annotations

import struct

from vitte.ir.fold import Number, evaluate
from vitte.ir.ssa import OPS, Function, Inst, Jump, Module, Term
from vitte.ir.ssa_walk import drop_jump_args, remove_unreachable


class _Varying:
    """No one value."""

    __slots__ = ()


VARYING = _Varying()
Lattice = Number | _Varying | None
"""None: nothing is known to reach here yet."""
_FOLDED = frozenset(op for op, info in OPS.items() if (info.pure and info.args) or op.endswith(".trap"))


def run(fn: Function, module: Module) -> bool:
    return _Solver(fn).solve().rewrite()


class _Solver:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.values: list[Lattice] = [None] * len(fn.types)
        self.reached = [False] * len(fn.blocks)
        self.users: list[list[tuple[int, Inst]]] = [[] for _ in fn.types]
        self.term_users: list[list[int]] = [[] for _ in fn.types]
        """Blocks whose terminator looks at the value or passes it on."""
        for value in fn.params:
            self.values[value] = VARYING
        for number, bb in enumerate(fn.blocks):
            for inst in bb.insts:
                for value in inst.args:
                    self.users[value].append((number, inst))
            for value in bb.term.args:
                self.term_users[value].append(number)
            for jump in bb.term.targets:
                for value in jump.args:
                    self.term_users[value].append(number)

    def solve(self) -> _Solver:
        self.blocks = [0]
        self.changed: list[int] = []
        while self.blocks or self.changed:
            while self.changed:
                value = self.changed.pop()
                for number, inst in self.users[value]:
                    if self.reached[number]:
                        self._inst(inst)
                for number in self.term_users[value]:
                    if self.reached[number]:
                        self._term(self.fn.blocks[number].term)
            if self.blocks:
                number = self.blocks.pop()
                if not self.reached[number]:
                    self.reached[number] = True
                    bb = self.fn.blocks[number]
                    for inst in bb.insts:
                        self._inst(inst)
                    self._term(bb.term)
        return self

    def _set(self, value: int, new: Lattice) -> None:
        old = self.values[value]
        if new is None or old is VARYING:
            return
        if old is None:
            self.values[value] = new
            self.changed.append(value)
        elif not _equal(old, new):
            self.values[value] = VARYING
            self.changed.append(value)

    def _inst(self, inst: Inst) -> None:
        result = inst.result
        if result < 0 or self.values[result] is VARYING:
            return
        op = inst.op
        if op == "iconst":
            self._set(result, inst.imm)
        elif op == "fconst":
            self._set(result, inst.fimm)
        elif op not in _FOLDED:
            self._set(result, VARYING)
        elif op == "select":
            self._select(inst)
        else:
            args: list[Number] = []
            for a in inst.args:
                value = self.values[a]
                if value is None:
                    return
                if isinstance(value, _Varying):
                    self._set(result, VARYING)
                    return
                args.append(value)
            folded = evaluate(op, inst.ty, args, self.fn.types[inst.args[0]])
            self._set(result, VARYING if folded is None else folded)

    def _select(self, inst: Inst) -> None:
        c, a, b = (self.values[v] for v in inst.args)
        if c is None:
            return
        if isinstance(c, _Varying):
            self._set(inst.result, a)
            self._set(inst.result, b)
        else:
            self._set(inst.result, a if c else b)

    def _go(self, jump: Jump) -> None:
        for param, value in zip(self.fn.blocks[jump.block].params, jump.args):
            self._set(param, self.values[value])
        if not self.reached[jump.block]:
            self.blocks.append(jump.block)

    def _term(self, term: Term) -> None:
        op = term.op
        if op == "jump":
            self._go(term.targets[0])
        elif op == "br":
            value = self.values[term.args[0]]
            if isinstance(value, _Varying):
                self._go(term.targets[0])
                self._go(term.targets[1])
            elif value is not None:
                self._go(term.targets[0 if value else 1])
        elif op == "switch":
            value = self.values[term.args[0]]
            if isinstance(value, _Varying):
                for jump in term.targets:
                    self._go(jump)
            elif value is not None:
                self._go(next((jump for case, jump in zip(term.cases, term.targets) if case == value), term.targets[-1]))

    # --- rewriting ---------------------------------------------------------------------------------------------------

    def rewrite(self) -> bool:
        fn = self.fn
        types, values = fn.types, self.values
        changed = False
        for number, bb in enumerate(fn.blocks):
            if not self.reached[number]:
                continue
            new: list[Inst] = []
            if bb.params:
                keep = [not _is_constant(values[p]) or types[p] == "ptr" for p in bb.params]
                if not all(keep):
                    new = [_constant(p, types[p], values[p]) for p, k in zip(bb.params, keep) if not k]
                    drop_jump_args(fn, number, keep)
                    changed = True
            for inst in bb.insts:
                op = inst.op
                if op in _FOLDED and _is_constant(values[inst.result]) and types[inst.result] != "ptr":
                    new.append(_constant(inst.result, types[inst.result], values[inst.result]))
                    changed = True
                elif op == "check" and values[inst.args[0]] == 1 and _is_constant(values[inst.args[0]]):
                    changed = True
                else:
                    new.append(inst)
            bb.insts = new
            changed |= self._branch(number)
        return remove_unreachable(fn) | changed

    def _branch(self, number: int) -> bool:
        term = self.fn.blocks[number].term
        if term.op != "br" and term.op != "switch":
            return False
        value = self.values[term.args[0]]
        if value is None or isinstance(value, _Varying):
            return False
        if term.op == "br":
            target = term.targets[0 if value else 1]
        else:
            target = next((jump for case, jump in zip(term.cases, term.targets) if case == value), term.targets[-1])
        self.fn.blocks[number].term = Term("jump", [], [target], [], term.loc)
        return True


def _equal(a: Lattice, b: Lattice) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("<d", a) == struct.pack("<d", b)
    return a is b or a == b


def _is_constant(value: Lattice) -> bool:
    return value is not None and not isinstance(value, _Varying)


def _constant(result: int, ty: str, value: Lattice) -> Inst:
    if ty[0] == "f":
        assert isinstance(value, (int, float))
        return Inst("fconst", ty, [], result, fimm=float(value))
    assert isinstance(value, int)
    return Inst("iconst", ty, [], result, imm=value)


