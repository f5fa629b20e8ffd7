"""Common subexpressions: value numbering over the dominator tree.

    v2 = add v0, v1                     v2 = add v0, v1
    v3 = add v1, v0                     check v4 "m"
    check v4 "m"                  ==>   v6 = mul v2, v2
    check v4 "m"
    v6 = mul v2, v3

An operation with the operands of one that dominates it has its value. The same holds for trapping operations (the first would have
panicked), for checks of a condition checked before, and for the condition of a branch on the side it leads to. Identities such as
`x + 0` are in `identities`. The table is scoped as in Briggs, Cooper and Simpson, "Value Numbering" (1997), section 4.
"""

from __future__ import annotations

from vitte.ir.ssa import OPS, Function, Inst, Module
from vitte.ir.ssa_walk import Dominators, definitions, predecessors, replace_values
from vitte.optimize.identities import simplify

Key = tuple[object, ...]
_NUMBERED = frozenset(op for op, info in OPS.items() if info.pure) | frozenset(op for op in OPS if op.endswith(".trap"))
_COMMUTES = frozenset(op for op, info in OPS.items() if info.commutes)
_PLAIN = frozenset(("sadd.trap", "ssub.trap", "smul.trap", "uadd.trap", "usub.trap", "umul.trap"))


def run(fn: Function, module: Module) -> bool:
    return _Numbering(fn).run()


class _Numbering:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.defs = definitions(fn)
        self.new: dict[int, int] = {}
        """Value -> the value it was found to be, already followed to the end."""
        self.table: dict[Key, int] = {}
        self.truth: dict[int, bool] = {}
        """Conditions known here."""
        self.entry: list[Inst] = []
        """Constants made on the way; they go to the head of the entry block."""
        self.changed = False

    def run(self) -> bool:
        fn = self.fn
        dominators = Dominators(fn)
        preds = predecessors(fn)
        # (block, undo log) : a scope is left when its undo log is popped
        stack: list[tuple[int, list[Key] | None, list[int] | None]] = [(0, None, None)]
        while stack:
            number, keys, known = stack.pop()
            if keys is not None and known is not None:
                for key in keys:
                    del self.table[key]
                for value in known:
                    del self.truth[value]
                continue
            keys, known = [], []
            stack.append((number, keys, known))
            self._edge(number, preds[number], known)
            self._block(number, keys, known)
            stack.extend([(child, None, None) for child in reversed(dominators.children[number])])
        replace_values(fn, self.new)
        if self.entry:
            fn.blocks[0].insts[:0] = self.entry
        return self.changed or bool(self.new)

    def _edge(self, number: int, preds: list[int], known: list[int]) -> None:
        """What the branch that leads here says."""
        if len(preds) != 1:
            return
        term = self.fn.blocks[preds[0]].term
        if term.op == "br":
            condition = self.new.get(term.args[0], term.args[0])
            self._learn(condition, term.targets[0].block == number, known)

    def _learn(self, condition: int, holds: bool, known: list[int]) -> None:
        if condition in self.truth:
            return
        self.truth[condition] = holds
        known.append(condition)
        made_by = self.defs.get(condition)
        if made_by is not None and made_by.ty == "i1" and made_by.op == ("and" if holds else "or"):
            for part in made_by.args:
                self._learn(self.new.get(part, part), holds, known)

    def _block(self, number: int, keys: list[Key], known: list[int]) -> None:
        fn = self.fn
        bb = fn.blocks[number]
        new = self.new
        kept: list[Inst] = []
        for inst in bb.insts:
            args = inst.args
            if new:
                for i, value in enumerate(args):
                    if value in new:
                        args[i] = new[value]
            op = inst.op
            if op in _NUMBERED:
                found = self._known(inst, keys)
                if found >= 0:
                    new[inst.result] = found
                    continue
            elif op == "check":
                condition = args[0]
                if self.truth.get(condition):
                    self.changed = True
                    continue
                self._learn(condition, True, known)
            kept.append(inst)
        if len(kept) < len(bb.insts):
            bb.insts = kept
            self.changed = True
        self._terminator(number)

    def _terminator(self, number: int) -> None:
        term = self.fn.blocks[number].term
        if term.op == "br":
            condition = self.new.get(term.args[0], term.args[0])
            holds = self.truth.get(condition)
            if holds is not None:
                made_by = self.defs.get(condition)
                if made_by is None or made_by.op != "iconst":
                    term.args = [self.constant("i1", int(holds))]
                    self.changed = True

    def _known(self, inst: Inst, keys: list[Key]) -> int:
        """A value computed before that this one equals, or -1; then it is in the table from here on."""
        args = inst.args
        if args:
            same = simplify(inst, self.fn.types, self.defs, self.constant)
            if same >= 0:
                return self.new.get(same, same)
        op = inst.op
        first = args
        if op in _COMMUTES and len(args) >= 2 and args[0] > args[1]:
            first = [args[1], args[0], *args[2:]]
        operand = self.fn.types[args[0]] if args else ""
        key: Key = (op, inst.ty, operand, inst.imm, repr(inst.fimm) if op == "fconst" else "", inst.sym, *first)
        found = self.table.get(key)
        if found is not None:
            return found
        self.table[key] = inst.result
        keys.append(key)
        if op in _PLAIN:  # the plain operation gives the same where this one gives anything
            key = (op[1:4], inst.ty, operand, 0, "", "", *first)
            if key not in self.table:
                self.table[key] = inst.result
                keys.append(key)
        return -1

    def constant(self, ty: str, value: int) -> int:
        """A constant: one that is there already, or a new one at the head of the function."""
        key: Key = ("iconst", ty, "", value, "", "")
        made = self.table.get(key)
        if made is None:
            self.fn.types.append(ty)
            made = self.table[key] = len(self.fn.types) - 1
            inst = Inst("iconst", ty, [], made, imm=value)
            self.entry.append(inst)
            self.defs[made] = inst
        return made
