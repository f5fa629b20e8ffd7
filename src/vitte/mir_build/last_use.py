"""Copies of a string that is dropped right after become moves: one count up and one down less.

    _0 = copy _3            _0 = move _3
    drop _3           =>    return
    return

Only drops may stand between the copy and the drop, so that no reference to the local can be used in between; for the same reason a call
that is also given references is left alone.
"""

from __future__ import annotations

from vitte.ir import mir
from vitte.ir import types as t


def last_uses(body: mir.Body) -> None:
    """Rewrite an elaborated body in place."""
    for block in body.blocks:
        stmts = block.stmts
        end = len(stmts)
        while end > 1:
            if type(stmts[end - 1]) is not mir.Drop:
                end -= 1
                continue
            first = end - 1
            while first > 0 and type(stmts[first - 1]) is mir.Drop:
                first -= 1
            if first:
                kept = _without(body, stmts[first - 1], stmts[first:end])
                if kept is not None:
                    stmts[first:end] = kept
            end = first


def _without(body: mir.Body, stmt: mir.Stmt, drops: list[mir.Stmt]) -> list[mir.Stmt] | None:
    """The drops still needed after `stmt` once its last copies are moves; None when nothing changes."""
    ops: list[mir.Operand]
    if type(stmt) is mir.Call:
        ops = stmt.args
        if any((type(op) is mir.Copy or type(op) is mir.Move) and type(body.locals[op.place.local].ty) is t.RefTy for op in ops):
            return None
    elif type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Aggregate:
        ops = stmt.rvalue.operands
    elif type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Use:
        ops = [stmt.rvalue.operand]
    else:
        return None
    kept: list[mir.Stmt] = []
    written = stmt.dest.local if type(stmt) is mir.Call else stmt.place.local  # type: ignore[union-attr]
    for drop in drops:
        assert type(drop) is mir.Drop
        at = _last_copy(body, ops, drop.place) if drop.place.local != written else -1
        if at < 0:
            kept.append(drop)
        else:
            ops[at] = mir.Move(drop.place)
    if len(kept) == len(drops):
        return None
    if type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Use:
        stmt.rvalue.operand = ops[0]
    return kept


def _last_copy(body: mir.Body, ops: list[mir.Operand], place: mir.Place) -> int:
    """Index of the operand that copies the string at `place` last, -1 when there is none."""
    ty = body.locals[place.local].ty
    found = -1
    if not place.proj and (ty is t.STRING or ty is t.BYTES):
        for i, op in enumerate(ops):
            if (type(op) is mir.Copy or type(op) is mir.Move) and op.place.local == place.local:
                found = i if type(op) is mir.Copy and not op.raw else -1
    return found
