"""The control flow of a function as Python's: nested `while`, `if`, `break`, `continue`.

Works over the dominator tree, as in Ramsey, "Beyond Relooper" (ICFP 2022), where Python has no labelled blocks: a jump forward to a block
that other jumps reach too sets `B` to its number and falls out of the `if`s; the block stands after them, under `if B == n:` unless
nothing else can arrive there. A jump out of a loop sets `B` and breaks. What is not reducible, or too deep for Python's compiler, becomes
one loop that dispatches over `B`.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir.ssa import Function, Jump
from vitte.ir.ssa_walk import Dominators, predecessors

MAX_DEPTH = 80
"""Levels of indentation (Python allows 100)."""
MAX_LOOPS = 18
"""Levels of nested loops (Python allows 20)."""


class TooDeep(Exception):
    """The shape does not fit into Python's limits."""


class Shape:
    """`write(depth, text)` adds a line and gives its number. `body(block, depth)` writes a block's instructions. `pass_args(jump, depth)`
    writes the assignment of a jump's arguments. `test(block)` is the condition of a `br`, `subject(block)` of a `switch`, with the texts
    of the cases; `finish(block, depth)` writes what `ret` and `unreachable` do."""

    def __init__(
        self,
        fn: Function,
        write: Callable[[int, str], int],
        erase: Callable[[int], None],
        body: Callable[[int, int], None],
        pass_args: Callable[[Jump, int], None],
        test: Callable[[int], str],
        subject: Callable[[int], tuple[str, list[str]]],
        finish: Callable[[int, int], None],
        loop_head: Callable[[int], None],
    ) -> None:
        self.fn = fn
        self.write, self.erase, self.body, self.pass_args = write, erase, body, pass_args
        self.test, self.subject, self.finish, self.loop_head = test, subject, finish, loop_head
        self.tree = Dominators(fn)
        self.position = {number: i for i, number in enumerate(self.tree.order)}
        self.loops: dict[int, set[int]] = {}
        self.exits: dict[int, dict[int, None]] = {}
        self.entries = [0] * len(fn.blocks)
        self.pending_lines: list[tuple[int, int]] = []
        self.tested: set[int] = set()
        """Targets that must be told apart somewhere: assignments of the others to `B` are taken out again."""
        self.reducible = self._analyse()

    def _analyse(self) -> bool:
        """Natural loops, and how many forward jumps reach each block."""
        preds = predecessors(self.fn)
        for number in self.tree.order:
            back: list[int] = []
            for pred in preds[number]:
                if pred not in self.position:
                    continue
                if self.tree.dominates(number, pred):
                    back.append(pred)
                elif self.position[pred] > self.position[number]:
                    return False
                else:
                    self.entries[number] += 1
            if back:
                members = {number}
                while back:
                    at = back.pop()
                    if at not in members:
                        members.add(at)
                        back += [p for p in preds[at] if p in self.position]
                self.loops[number] = members
                self.exits[number] = {}
        return True

    def emit(self, depth: int) -> None:
        """Write the whole function."""
        if not self.reducible:
            raise TooDeep
        self._node(0, depth, -1, 0)
        for line, target in self.pending_lines:
            if target not in self.tested:
                self.erase(line)

    # `inside`: the innermost loop (its header), -1 for none. The result of each: targets to which control may be on its way when it
    # falls out of what was written, in order of first mention.

    def _node(self, number: int, depth: int, inside: int, loops: int) -> dict[int, None]:
        if depth > MAX_DEPTH:
            raise TooDeep
        members = self.loops.get(number)
        if members is None or inside == number:
            return self._block(number, depth, inside, loops)
        if loops >= MAX_LOOPS:
            raise TooDeep
        self.write(depth, "while True:")
        self.loop_head(depth + 1)
        self._block(number, depth + 1, number, loops + 1)
        pending: dict[int, None] = {}
        leaving: list[int] = []
        for target in self.exits[number]:
            if inside >= 0 and (target == inside or target not in self.loops[inside]):
                leaving.append(target)
            else:
                pending[target] = None
        for target in leaving:
            if target != inside:
                self.exits[inside][target] = None
            word = "continue" if target == inside else "break"
            if not pending and len(leaving) == 1:
                self.write(depth, word)
            else:
                self.tested.update(self.exits[number])
                self.write(depth, f"if B == {target}: {word}")
        children = [c for m in members for c in self.tree.children[m] if c not in members and self._is_in(c, inside)]
        return self._place(children, pending, depth, inside, loops)

    def _is_in(self, number: int, inside: int) -> bool:
        return inside < 0 or number in self.loops[inside]

    def _block(self, number: int, depth: int, inside: int, loops: int) -> dict[int, None]:
        self.body(number, depth)
        pending = self._terminator(number, depth, inside, loops)
        children = [c for c in self.tree.children[number] if self.entries[c] > 1 and self._is_in(c, inside)]
        return self._place(children, pending, depth, inside, loops)

    def _place(self, children: list[int], pending: dict[int, None], depth: int, inside: int, loops: int) -> dict[int, None]:
        children.sort(key=self.position.__getitem__)
        for child in children:
            if len(pending) == 1:
                pending = self._node(child, depth, inside, loops)
                continue
            self.tested.update(pending)
            self.write(depth, f"if B == {child}:")
            found = self._node(child, depth + 1, inside, loops)
            del pending[child]
            pending.update(found)
        return pending

    def _terminator(self, number: int, depth: int, inside: int, loops: int) -> dict[int, None]:
        term = self.fn.blocks[number].term
        op = term.op
        if op == "jump":
            return self._jump(term.targets[0], depth, inside, loops)
        if op == "br":
            self.write(depth, f"if {self.test(number)}:")
            pending = self._jump(term.targets[0], depth + 1, inside, loops)
            if not pending:
                return self._jump(term.targets[1], depth, inside, loops)
            self.write(depth, "else:")
            pending.update(self._jump(term.targets[1], depth + 1, inside, loops))
            return pending
        if op == "switch":
            text, cases = self.subject(number)
            pending = {}
            word = "if"
            for case, jump in zip(cases, term.targets):
                self.write(depth, f"{word} {text} == {case}:")
                pending.update(self._jump(jump, depth + 1, inside, loops))
                word = "elif"
            if not cases:
                return self._jump(term.targets[-1], depth, inside, loops)
            self.write(depth, "else:")
            pending.update(self._jump(term.targets[-1], depth + 1, inside, loops))
            return pending
        self.finish(number, depth)
        return {}

    def _jump(self, jump: Jump, depth: int, inside: int, loops: int) -> dict[int, None]:
        self.pass_args(jump, depth)
        target = jump.block
        if target == inside:
            self.write(depth, "continue")
            return {}
        if not self._is_in(target, inside):
            self.exits[inside][target] = None
            self.pending_lines.append((self.write(depth, f"B = {target}"), target))
            self.write(depth, "break")
            return {}
        if self.entries[target] == 1:
            return self._node(target, depth, inside, loops)
        self.pending_lines.append((self.write(depth, f"B = {target}"), target))
        return {target: None}

    # --- the other way

    def dispatch(self, depth: int) -> None:
        """One loop over the number of the block."""
        self.write(depth, "B = 0")
        self.write(depth, "while True:")
        self.loop_head(depth + 1)
        for number in self.tree.order:
            self.write(depth + 1, f"if B == {number}:")
            self.body(number, depth + 2)
            if self._flat_terminator(number, depth + 2):
                self.write(depth + 2, "continue")

    def _flat_terminator(self, number: int, depth: int) -> bool:
        """Whether control goes on."""
        term = self.fn.blocks[number].term
        if term.op == "jump":
            self._flat_jump(term.targets[0], depth)
        elif term.op == "br":
            self.write(depth, f"if {self.test(number)}:")
            self._flat_jump(term.targets[0], depth + 1)
            self.write(depth, "else:")
            self._flat_jump(term.targets[1], depth + 1)
        elif term.op == "switch":
            text, cases = self.subject(number)
            for case, jump in zip(cases, term.targets):
                self.write(depth, f"if {text} == {case}:")
                self._flat_jump(jump, depth + 1)
                self.write(depth + 1, "continue")
            self._flat_jump(term.targets[-1], depth)
        else:
            self.finish(number, depth)
            return False
        return True

    def _flat_jump(self, jump: Jump, depth: int) -> None:
        self.pass_args(jump, depth)
        self.write(depth, f"B = {jump.block}")
