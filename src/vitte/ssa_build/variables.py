"""Scalar locals as values: Braun, Buchwald, Hack, Leißa, Mallon, Zwinkau, "Simple and Efficient Construction of Static Single
Assignment Form" (CC 2013), with explicit worklists in place of recursion (a long body must not exhaust the stack).

Works on MIR blocks: what is emitted inside one (branches around a null check, loops that fill arrays) assigns no locals, so the
last value written in a MIR block reaches its end, whatever SSA block that is.
"""

from __future__ import annotations

from collections.abc import Callable


class Phi:
    """A block parameter under construction. `operands[i]` comes from the i-th predecessor of `block`."""

    __slots__ = ("block", "operands", "value", "var")

    def __init__(self, value: int, block: int, var: int) -> None:
        self.value = value
        self.block = block
        self.var = var
        self.operands: list[int] = []


class Variables:
    """`preds[b]`: predecessors, without repetitions. `fresh(var)`: a new value of the variable's type. `undefined(var)`: a value for a
    read that nothing reaches (on paths that are never taken)."""

    __slots__ = ("_defs", "_filled", "_fresh", "_phis", "_preds", "_todo", "_undefined", "_waiting", "block")

    def __init__(self, preds: list[list[int]], fresh: Callable[[int], int], undefined: Callable[[int], int]) -> None:
        self._preds = preds
        self._fresh = fresh
        self._undefined = undefined
        self._defs: list[dict[int, int]] = [{} for _ in preds]
        self._filled = [False] * len(preds)
        self._phis: list[Phi] = []
        self._waiting: list[list[Phi]] = [[] for _ in preds]
        self._todo: list[Phi] = []
        self.block = -1

    def start(self, block: int) -> None:
        """Begin to fill a block; the one before it is filled now."""
        if self.block >= 0:
            self._fill(self.block)
        self.block = block

    def _fill(self, block: int) -> None:
        self._filled[block] = True

    def write(self, var: int, value: int) -> None:
        self._defs[self.block][var] = value

    def read(self, var: int) -> int:
        value = self._defs[self.block].get(var)
        if value is None:
            value = self._find(var, self.block)
            if self._todo:
                self._complete()
        return value

    def _find(self, var: int, block: int) -> int:
        """The value at the end of `block`, up to a definition, a join (whose parameter is made) or a block with predecessors to come."""
        defs = self._defs
        path: list[int] = []
        at = block
        while True:
            value = defs[at].get(var, -1)
            if value >= 0:
                break
            path.append(at)
            preds = self._preds[at]
            if len(preds) == 1 and self._filled[preds[0]]:
                at = preds[0]
                continue
            if not preds:
                value = self._undefined(var)
                break
            value = self._fresh(var)
            phi = Phi(value, at, var)
            self._phis.append(phi)
            if all(self._filled[p] for p in preds):
                self._todo.append(phi)
            else:
                self._waiting[at].append(phi)
            break
        for number in path:
            defs[number][var] = value
        return value

    def _complete(self) -> None:
        todo = self._todo
        while todo:
            phi = todo.pop()
            phi.operands = [self._find(phi.var, p) for p in self._preds[phi.block]]

    def finish(self) -> tuple[dict[int, int], list[Phi]]:
        """(replacements of parameters that turned out to be one value, the parameters that stay)."""
        if self.block >= 0:
            self._fill(self.block)
        for waiting in self._waiting:
            self._todo += waiting
        self._complete()
        return self._simplify()

    def _simplify(self) -> tuple[dict[int, int], list[Phi]]:
        by_value = {phi.value: phi for phi in self._phis}
        users: dict[int, list[Phi]] = {}
        for phi in self._phis:
            for value in phi.operands:
                if value in by_value:
                    users.setdefault(value, []).append(phi)
        new: dict[int, int] = {}
        todo = list(reversed(self._phis))
        while todo:
            phi = todo.pop()
            if phi.value in new:
                continue
            same = -1
            for value in phi.operands:
                while value in new:
                    value = new[value]
                if value == same or value == phi.value:
                    continue
                if same >= 0:
                    break
                same = value
            else:
                if same < 0:
                    same = self._undefined(phi.var)
                new[phi.value] = same
                mine = users.pop(phi.value, [])
                todo += mine
                if same in by_value:
                    users.setdefault(same, []).extend(mine)
        return new, [phi for phi in self._phis if phi.value not in new]

    def preds(self, block: int) -> list[int]:
        return self._preds[block]
