"""Move paths: the trees of places that ownership is tracked for, and what happens to them, statement by statement.

A path is a local or a part of one that something moves out of, sets or drops: `x`, `x.left`, `(x as Some).0`, `*b` of a box. Paths are
numbered, and a set of paths is an int with one bit for each. The bit of a path with children stands for the rest of it: what
no child covers. Whatever happens to a path happens to all paths below it (`below`).

Only locals that may be anything but set are tracked: most bodies track nothing, and are done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.types import Ty
from vitte.mir_build.facts import elem_ty, target_ty

USE, MOVE, INIT, DROP = 0, 1, 2, 3


class Event(Struct, gc=False):
    """Something a statement does to a path. `exact`: to the path itself, else to something inside it that is no path.
    `stmt`: index in the block, `len(stmts)` for the terminator. `place`: what is meant; `source`: the operand or statement with it."""

    kind: int
    path: int
    exact: bool
    stmt: int
    place: Place
    source: object


class Paths:
    """The paths of one body. `below[p]`: the bits of `p` and everything under it."""

    def __init__(self, body: mir.Body, tracked: Iterable[int]) -> None:
        self.body = body
        self.places: list[Place] = []
        self.tys: list[Ty] = []
        self.parents: list[int] = []
        self.children: list[dict[object, int]] = []
        self.roots: dict[int, int] = {}
        for local in tracked:
            self.roots[local] = self.add(Place(local), body.locals[local].ty, -1)
        self.below: list[int] = []
        self.events: list[list[Event]] = []
        self._collect()

    def add(self, place: Place, ty: Ty, parent: int) -> int:
        self.places.append(place)
        self.tys.append(ty)
        self.parents.append(parent)
        self.children.append({})
        return len(self.places) - 1

    def find(self, place: Place, create: bool) -> tuple[int, bool]:
        """The deepest path that holds `place`, and whether it is `place` itself. `create`: make what is missing."""
        path = self.roots[place.local]
        proj = place.proj
        at = 0
        end = len(proj)
        while at < end:
            step = proj[at]
            cls = type(step)
            ty = self.tys[path]
            key: object
            if cls is mir.Field:
                key, taken, inner = step, 1, step.ty  # type: ignore[union-attr]
            elif cls is mir.Downcast and at + 1 < end:
                field = proj[at + 1]
                key, taken, inner = (step.variant, field), 2, field.ty  # type: ignore[union-attr]
            elif cls is mir.Deref and type(ty) is t.AdtTy and ty.path == lang.BOX:
                key, taken, inner = "*", 1, target_ty(ty)
            elif cls is mir.ConstIndex and type(ty) is t.ArrayTy:
                key, taken, inner = step, 1, elem_ty(ty)
            else:
                return path, False
            child = self.children[path].get(key)
            if child is None:
                if not create:
                    return path, False
                child = self.add(Place(place.local, proj[: at + taken]), inner, path)
                self.children[path][key] = child
            path = child
            at += taken
        return path, True

    def _collect(self) -> None:
        roots = self.roots
        pending: list[tuple[int, list[tuple[int, int, Place, object]]]] = []
        for bb, block in enumerate(self.body.blocks):
            out: list[tuple[int, int, Place, object]] = []
            for i, stmt in enumerate(block.stmts):
                _SCAN[type(stmt)](stmt, i, out, roots)
            term = block.term
            if type(term) is mir.Switch:
                _operand(term.operand, len(block.stmts), out, roots)
            pending.append((bb, out))
        for _, raw in pending:
            for kind, _, place, _ in raw:
                if kind:
                    self.find(place, True)
        self.below = [1 << p for p in range(len(self.places))]
        for p in range(len(self.places) - 1, -1, -1):
            parent = self.parents[p]
            if parent >= 0:
                self.below[parent] |= self.below[p]
        for _, raw in pending:
            events: list[Event] = []
            for kind, i, place, source in raw:
                path, exact = self.find(place, False)
                events.append(Event(kind if exact or kind == USE else USE, path, exact, i, place, source))
            self.events.append(events)

    def initial(self) -> tuple[int, int]:
        """(may be set, may be unset) at the entry: parameters are set, the rest is not."""
        init = uninit = 0
        for local, path in self.roots.items():
            if 0 < local <= self.body.param_count:
                init |= self.below[path]
            else:
                uninit |= self.below[path]
        return init, uninit


def flow(paths: Paths, successors: list[list[int]]) -> tuple[list[int], list[int]]:
    """For each block the paths that may be set, and that may be unset, at its start. Unreached blocks have neither."""
    count = len(paths.body.blocks)
    below = paths.below
    sets = [0] * count
    unsets = [0] * count
    for bb, events in enumerate(paths.events):
        up = down = 0
        for event in events:
            kind = event.kind
            if kind == INIT:
                bits = below[event.path]
                up |= bits
                down &= ~bits
            elif kind:
                bits = below[event.path]
                down |= bits
                up &= ~bits
        sets[bb] = up
        unsets[bb] = down
    init = [0] * count
    uninit = [0] * count
    init[0], uninit[0] = paths.initial()
    seen = [False] * count
    seen[0] = True
    todo = [0]
    while todo:
        bb = todo.pop()
        up, down = sets[bb], unsets[bb]
        a = (init[bb] | up) & ~down
        b = (uninit[bb] | down) & ~up
        for out in successors[bb]:
            if not seen[out] or a & ~init[out] or b & ~uninit[out]:
                seen[out] = True
                init[out] |= a
                uninit[out] |= b
                todo.append(out)
    return init, uninit


# --- what statements do -------------------------------------------------------------------------------------------

_Out = list[tuple[int, int, Place, object]]
_Roots = dict[int, int]


def _operand(op: mir.Operand, i: int, out: _Out, roots: _Roots) -> None:
    cls = type(op)
    if cls is mir.Copy:
        if op.place.local in roots:  # type: ignore[union-attr]
            out.append((USE, i, op.place, op))  # type: ignore[union-attr]
        _indexes(op.place, i, out, roots)  # type: ignore[union-attr]
    elif cls is mir.Move:
        if op.place.local in roots:  # type: ignore[union-attr]
            out.append((MOVE, i, op.place, op))  # type: ignore[union-attr]


def _indexes(place: Place, i: int, out: _Out, roots: _Roots) -> None:
    for step in place.proj:
        if type(step) is mir.Index and step.local in roots:
            out.append((USE, i, Place(step.local), step))


def _rvalue(rv: mir.Rvalue, stmt: mir.Stmt, i: int, out: _Out, roots: _Roots) -> None:
    cls = type(rv)
    if cls is mir.Use or cls is mir.Cast or cls is mir.Unary or cls is mir.Repeat:
        _operand(rv.operand, i, out, roots)  # type: ignore[union-attr]
    elif cls is mir.Ref or cls is mir.Len or cls is mir.Discriminant:
        if rv.place.local in roots:  # type: ignore[union-attr]
            out.append((USE, i, rv.place, stmt))  # type: ignore[union-attr]
    elif cls is mir.Binary:
        _operand(rv.left, i, out, roots)  # type: ignore[union-attr]
        _operand(rv.right, i, out, roots)  # type: ignore[union-attr]
    elif cls is mir.Aggregate:
        for op in rv.operands:  # type: ignore[union-attr]
            _operand(op, i, out, roots)


def _dest(place: Place, stmt: mir.Stmt, i: int, out: _Out, roots: _Roots) -> None:
    if place.local in roots:
        out.append((INIT, i, place, stmt))


def _assign(stmt: mir.Assign, i: int, out: _Out, roots: _Roots) -> None:
    _rvalue(stmt.rvalue, stmt, i, out, roots)
    if stmt.place.local in roots:
        out.append((INIT, i, stmt.place, stmt))


def _call(stmt: mir.Call, i: int, out: _Out, roots: _Roots) -> None:
    callee = stmt.callee
    if type(callee) is mir.Copy or type(callee) is mir.Move:
        _operand(callee, i, out, roots)
    for op in stmt.args:
        _operand(op, i, out, roots)
    _dest(stmt.dest, stmt, i, out, roots)


def _intrinsic(stmt: mir.Intrinsic, i: int, out: _Out, roots: _Roots) -> None:
    for op in stmt.operands:
        _operand(op, i, out, roots)
    _dest(stmt.dest, stmt, i, out, roots)


def _check(stmt: mir.CheckIndex, i: int, out: _Out, roots: _Roots) -> None:
    _operand(stmt.index, i, out, roots)
    _operand(stmt.length, i, out, roots)


def _panic(stmt: mir.Panic, i: int, out: _Out, roots: _Roots) -> None:
    _operand(stmt.cond, i, out, roots)


def _drop(stmt: mir.Drop, i: int, out: _Out, roots: _Roots) -> None:
    if stmt.place.local in roots:
        out.append((DROP, i, stmt.place, stmt))


def _nothing(stmt: mir.Stmt, i: int, out: _Out, roots: _Roots) -> None:
    pass


_SCAN: dict[type, Callable[..., None]] = {
    mir.Assign: _assign,
    mir.Call: _call,
    mir.Intrinsic: _intrinsic,
    mir.CheckIndex: _check,
    mir.Panic: _panic,
    mir.Drop: _drop,
    mir.StorageLive: _nothing,
    mir.StorageDead: _nothing,
}
