"""What addresses may be the same place.

An address is a *root* plus a number of bytes: a stack slot, a parameter, a global, or any other pointer. A root is *own* when nothing but
addresses computed from it here can reach its memory: a slot, or a parameter flagged `noalias`, that is given to nobody who keeps it. Own
roots differ from every other root; slots, globals and parameters differ from one another in kind; anything else may be the same place.
"""

from __future__ import annotations

from vitte.ir.ssa import BITS, OPS, Function, Inst, Module
from vitte.ir.ssa_walk import definitions
from vitte.optimize.attributes import callee_effect

ANYWHERE = -(1 << 62)
"""Offset of an address that is somewhere in its root's memory."""
Place = tuple[int, int, str]
"""Root, offset in bytes, type of what is there."""
WRITES = frozenset(op for op, info in OPS.items() if info.writes)
ADDRESS_FIRST = frozenset(("memcpy", "memcpy.n", "memmove.n", "memset.n"))
_COMPARES = frozenset(("eq", "ne", "ult", "ule", "ugt", "uge"))


def size_of(ty: str) -> int:
    """Bytes of a scalar in memory; of a pointer, the most that it has on any target: what overlaps may be overestimated."""
    return 8 if ty == "ptr" else max(1, BITS[ty] // 8)


class Memory:
    """Addresses of one function. `own`: roots as above. `kind[root]`: `slot`, `param` or `global`; other roots have none."""

    def __init__(self, fn: Function, module: Module) -> None:
        self.fn = fn
        self.module = module
        self.types = fn.types
        self.defs = definitions(fn)
        self.functions = {f.symbol: f for f in module.functions}
        self.kind: dict[int, str] = {}
        self.first: dict[tuple[str, str], int] = {}
        """A slot or global -> the first value that is its address, which stands for all of them."""
        self.same: dict[int, int] = {}
        self.known: dict[int, tuple[int, int]] = {}
        self.constants: dict[int, None] = {}
        """Roots of data that never changes."""
        self._roots()
        leaked = self._leaks()
        self.own: dict[int, None] = {
            root: None for root, kind in self.kind.items() if root not in leaked and (kind == "slot" or self._is_noalias(root))
        }

    def _roots(self) -> None:
        immutable = {g.symbol for g in self.module.globals if not g.mutable}
        for value in self.fn.params:
            if self.types[value] == "ptr":
                self.kind[value] = "param"
        for value, inst in self.defs.items():
            if inst.op == "slot" or inst.op == "global_addr":
                name = str(inst.imm) if inst.op == "slot" else inst.sym
                root = self.same[value] = self.first.setdefault((inst.op, name), value)
                self.kind[root] = "slot" if inst.op == "slot" else "global"
                if inst.op == "global_addr" and inst.sym in immutable:
                    self.constants[root] = None

    def _is_noalias(self, root: int) -> bool:
        fn = self.fn
        if root not in fn.params:
            return False
        i = fn.params.index(root)
        return i < len(fn.param_flags) and "noalias" in fn.param_flags[i].split()

    def address(self, value: int) -> tuple[int, int]:
        """Root and offset of an address."""
        known = self.known.get(value)
        if known is not None:
            return known
        inst = self.defs.get(value)
        result = (value, 0)
        if inst is not None:
            if inst.op == "slot":
                result = (self.same[value], 0)
            elif inst.op == "global_addr":
                result = (self.same[value], inst.imm)
            elif inst.op == "ptr_add":
                by = self.defs.get(inst.args[1])
                root, offset = self.address(inst.args[0])
                if by is not None and by.op == "iconst":
                    distance = by.imm - (1 << 64) if by.imm >> 63 else by.imm
                    result = (root, offset + distance if offset > ANYWHERE else ANYWHERE)
                else:
                    result = (root, ANYWHERE)
        self.known[value] = result
        return result

    def _leaks(self) -> dict[int, None]:
        """Roots whose address is given away: stored, returned, passed to a block or to a call that may keep it."""
        leaked: dict[int, None] = {}
        types = self.types
        for bb in self.fn.blocks:
            for inst in bb.insts:
                op = inst.op
                if op == "load" or op == "ptr_add" or op == "dbg" or op in ADDRESS_FIRST or op in _COMPARES:
                    continue
                for i, value in enumerate(inst.args):
                    if types[value] != "ptr" or (op == "store" and i == 1):
                        continue
                    if op == "call" and not callee_effect(inst, i, self.functions, self.module)[0]:
                        continue
                    leaked[self.address(value)[0]] = None
            for value in bb.term.args:
                leaked[self.address(value)[0]] = None
            for jump in bb.term.targets:
                for value in jump.args:
                    if types[value] == "ptr":
                        leaked[self.address(value)[0]] = None
        return leaked

    def place(self, inst: Inst) -> Place | None:
        """Where a load reads or a store writes; None when only the root is known."""
        value = inst.args[0] if inst.op == "load" else inst.args[1]
        root, offset = self.address(value)
        ty = inst.ty if inst.op == "load" else self.types[inst.args[0]]
        return None if offset == ANYWHERE else (root, offset + inst.imm, ty)

    def differ(self, a: int, b: int) -> bool:
        """Whether two roots are never the same memory."""
        if a == b:
            return False
        if a in self.own or b in self.own:
            return True
        kind_a, kind_b = self.kind.get(a), self.kind.get(b)
        if kind_a is None or kind_b is None:
            return False
        return "slot" in (kind_a, kind_b) or kind_a == kind_b == "global"  # a parameter may point at a global, or at another parameter's

    def writes(self, inst: Inst, place: Place) -> bool:
        """Whether an operation may change what is at a place."""
        op = inst.op
        if op not in WRITES:
            return False
        root, at, ty = place
        if root in self.constants:
            return False
        if op == "store":
            target, offset = self.address(inst.args[1])
            if target != root:
                return not self.differ(target, root)
            size = size_of(self.types[inst.args[0]])
            return offset == ANYWHERE or (at < offset + inst.imm + size and offset + inst.imm < at + size_of(ty))
        if op in ADDRESS_FIRST:
            target, offset = self.address(inst.args[0])
            if target != root:
                return not self.differ(target, root)
            return offset == ANYWHERE or op != "memcpy" or (at < offset + inst.imm and offset < at + size_of(ty))
        if root not in self.own:
            return True
        return any(self.types[a] == "ptr" and self.address(a)[0] == root and self._given(inst, i) for i, a in enumerate(inst.args))

    def _given(self, inst: Inst, i: int) -> bool:
        """Whether a call may write through operand `i`."""
        return inst.op != "call" or callee_effect(inst, i, self.functions, self.module)[1]
