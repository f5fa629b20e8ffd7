"""The move check: every place that is used holds a value on every path to the use.

A forward dataflow over move paths (`paths`); errors are looked for once it has settled. For the message the moves that reach a use are
found by walking back from it. One variable is reported once.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.diagnostics import Diagnostics
from vitte.base.source import NO_SPAN, Span
from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.ownership import drop_impl, is_copy
from vitte.ir.paths import last_name
from vitte.ir.types import Ty, show
from vitte.mir_build import errors
from vitte.mir_build.core import successors
from vitte.mir_build.paths import DROP, INIT, MOVE, Event, Paths, flow


class MoveCheck:
    """One body's check. `spans`: from operand ids to places in the source. `describe`: a place as people write it; `written`: what
    stands at a place in the source."""

    def __init__(
        self,
        paths: Paths,
        spans: dict[int, Span],
        diagnostics: Diagnostics,
        defs: Definitions,
        describe: Callable[[Place], str],
        written: Callable[[Span, Place], str],
    ) -> None:
        self.paths = paths
        self.body = paths.body
        self.spans = spans
        self.diagnostics = diagnostics
        self.defs = defs
        self.describe = describe
        self.written = written
        self.done: set[int] = set()
        self.next = [successors(block.term) for block in self.body.blocks]

    def run(self) -> None:
        paths = self.paths
        below = paths.below
        _, uninit = flow(paths, self.next)
        for bb, events in enumerate(paths.events):
            if not events:
                continue
            state = uninit[bb]
            for at, event in enumerate(events):
                kind = event.kind
                path = event.path
                bits = below[path]
                if kind == INIT:
                    parent = paths.parents[path]
                    if parent >= 0 and state >> parent & 1 and paths.children[parent].get("*") != path:
                        self.report_part(bb, at, event, parent)
                    state &= ~bits
                elif kind == DROP:
                    state |= bits
                else:
                    wanted = bits if event.exact else 1 << path
                    if state & wanted:
                        self.report(bb, at, event, wanted)
                    if kind == MOVE:
                        state |= bits

    # --- reports ----------------------------------------------------------------------------------------------------

    def span_of(self, bb: int, event: Event) -> Span:
        span = self.spans.get(id(event.source))
        if span is None:
            stmts = self.body.blocks[bb].stmts
            if event.stmt < len(stmts):
                span = getattr(stmts[event.stmt], "span", NO_SPAN)
            else:
                span = getattr(self.body.blocks[bb].term, "span", NO_SPAN)
        return span

    def report(self, bb: int, at: int, event: Event, wanted: int) -> None:
        local = event.place.local
        if local in self.done or not self.body.locals[local].name:
            return
        self.done.add(local)
        use = self.span_of(bb, event)
        name = self.describe(self.paths.places[event.path]) or self.describe(event.place)
        found = self.reaching_move(bb, at, wanted)
        d = self.diagnostics
        if found is None:
            return  # a variable declared without a value: the language has none
        move_bb, move = found
        span = self.span_of(move_bb, move)
        into = self.destination(move_bb, move)
        why = self.why(self.paths.tys[move.path])
        place = self.paths.places[move.path]
        moved = self.describe(place)
        bound = self.bound_by(span)
        in_loop = span == use or self.only_around(move_bb, move, bb, event)
        if self.case_of(place):
            moved = self.bound_by(use) or bound or moved
        if bound:
            help = errors.ref_help(d, bound, span)
        elif type(self.paths.tys[move.path]) is t.RefTy:
            help = errors.BORROW_AGAIN
        else:
            exact = self.written(span, place) == moved
            help = errors.clone_help(d, moved, span, exact, "for each turn" if in_loop else "where it was moved")
        if not self.is_above(move.path, event.path):
            case = self.case_of(place)
            errors.partly_moved(d, name, case or f"`{moved}`", use, span, into, why, help)
        elif in_loop:
            errors.moved_in_loop(d, moved, use, span, into, why, help)
        else:
            errors.moved(d, moved, use, span, into, why, help)

    def bound_by(self, span: Span) -> str:
        """The variable of a pattern that took a value, "" when an expression did. A variable is declared where it binds."""
        for decl in self.body.locals:
            if decl.span == span and decl.name:
                return decl.name
        return ""

    def case_of(self, place: Place) -> str:
        """For what a case of a pick holds: which case."""
        ty = self.body.locals[place.local].ty
        text = ""
        for step in place.proj:
            if type(step) is mir.Downcast and type(ty) is t.AdtTy:
                text = f"what `{self.defs.adts[ty.path].variants[step.variant].name}` holds"
            elif type(step) is mir.Field:
                ty = step.ty
            elif type(step) is mir.Deref and type(ty) is t.AdtTy:
                ty = ty.args[0]
        return text

    def report_part(self, bb: int, at: int, event: Event, parent: int) -> None:
        local = event.place.local
        if local in self.done or not self.body.locals[local].name:
            return
        self.done.add(local)
        found = self.reaching_move(bb, at, 1 << parent)
        moved = self.span_of(*found) if found is not None else NO_SPAN
        places = self.paths.places
        errors.part_of_nothing(self.diagnostics, self.describe(event.place), self.describe(places[parent]), self.span_of(bb, event), moved)

    def is_above(self, path: int, other: int) -> bool:
        """Whether `path` is `other` or holds it."""
        return bool(self.paths.below[path] >> other & 1)

    def reaching_move(self, bb: int, at: int, wanted: int) -> tuple[int, Event] | None:
        """A move of one of the paths in `wanted` that reaches event number `at` of a block: the nearest on some way back."""
        preds: list[list[int]] = [[] for _ in self.next]
        for source, outs in enumerate(self.next):
            for out in outs:
                preds[out].append(source)
        below = self.paths.below
        seen: set[int] = set()
        todo: list[tuple[int, int, int]] = [(bb, at, wanted)]
        while todo:
            block, end, bits = todo.pop(0)
            events = self.paths.events[block]
            for event in reversed(events[:end]):
                touched = below[event.path] & bits
                if event.kind == MOVE and touched:
                    return block, event
                if event.kind == INIT and touched:
                    bits &= ~below[event.path]
                    if not bits:
                        break
            else:
                for pred in sorted(preds[block], reverse=True):
                    if pred not in seen:
                        seen.add(pred)
                        todo.append((pred, len(self.paths.events[pred]), bits))
        return None

    def only_around(self, move_bb: int, move: Event, bb: int, use: Event) -> bool:
        """Whether the move reaches the use only by going around a loop: the use stands before it, and leads to it."""
        first = self.span_of(bb, use)
        return first < self.span_of(move_bb, move) and self.reaches(move_bb, bb) and (bb == move_bb or self.reaches(bb, move_bb))

    def reaches(self, start: int, goal: int) -> bool:
        seen: set[int] = set()
        todo = [start]
        while todo:
            for out in self.next[todo.pop()]:
                if out == goal:
                    return True
                if out not in seen:
                    seen.add(out)
                    todo.append(out)
        return False

    def destination(self, bb: int, move: Event) -> str:
        """Where a move went, to follow "moved here"."""
        stmts = self.body.blocks[bb].stmts
        stmt = stmts[move.stmt] if move.stmt < len(stmts) else None
        if type(stmt) is mir.Assign:
            name = self.describe(stmt.place) if not any(type(s) is mir.Deref for s in stmt.place.proj) else ""
            if name:
                return f", into `{name}`"
            if stmt.place.local == 0 and type(stmt.rvalue) is mir.Use:
                return ", given back"
            if type(stmt.rvalue) is mir.Use and not stmt.place.proj:
                return self.next_use(bb, move.stmt, stmt.place.local)
        elif type(stmt) is mir.Call and type(stmt.callee) is Instance:
            return f", into the call of `{last_name(stmt.callee.path)}`"
        return ""

    def next_use(self, bb: int, after: int, local: int) -> str:
        """Where the temporary that took the value goes in the same block."""
        for stmt in self.body.blocks[bb].stmts[after + 1 :]:
            if type(stmt) is mir.Call and type(stmt.callee) is Instance:
                if any(type(a) is mir.Move and a.place.local == local for a in stmt.args):
                    return f", into the call of `{last_name(stmt.callee.path)}`"
            elif type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Use:
                op = stmt.rvalue.operand
                if type(op) is mir.Move and op.place.local == local:
                    name = self.describe(stmt.place)
                    return f", into `{name}`" if name else ""
        return ""

    def why(self, ty: Ty) -> str:
        return why_moves(ty, self.defs)


_OWNING_WORDS = {lang.LIST: "a list", lang.MAP: "a map", lang.SET: "a set", lang.BOX: "a box", lang.BUFFER: "a buffer"}


def why_moves(ty: Ty, defs: Definitions) -> str:
    """One sentence on why values of a type move."""
    name = show(ty)
    if is_copy(ty, defs):
        return f"`move` takes a value even where its type, as `{name}`, would be copied"
    reason = _reason(ty, defs, [])
    if type(ty) is t.ParamTy or type(ty) is t.ProjTy:
        return f"`{name}` may be any type here, so binding moves it (a bound `{name}: Copy` would make it copied)"
    if type(ty) is t.AdtTy and ty.path in _OWNING_WORDS:
        return f"`{name}` is {_OWNING_WORDS[ty.path]}: binding moves it"
    return f"`{name}` {reason}: binding moves it" if reason else f"binding moves a `{name}`"


def _reason(ty: Ty, defs: Definitions, seen: list[Ty]) -> str:
    if ty in seen:
        return ""
    if type(ty) is t.RefTy:
        return "is an exclusive reference" if ty.mutable else ""
    parts: list[Ty] = []
    if type(ty) is t.TupleTy:
        parts = list(ty.elems)
    elif type(ty) is t.ArrayTy:
        parts = [ty.elem]
    elif type(ty) is t.AdtTy:
        if ty.path in _OWNING_WORDS:
            return ""
        adt = defs.adts.get(ty.path)
        if adt is None:
            return ""
        if drop_impl(ty, defs) is not None:
            return "implements `Drop`"
        if adt.is_unique:
            return "is marked `#[unique]`"
        parts = [t.subst(f.ty, ty.args) for v in adt.variants for f in v.fields]
    for part in parts:
        if not is_copy(part, defs):
            if type(part) is t.AdtTy and part.path in _OWNING_WORDS:
                return f"holds {_OWNING_WORDS[part.path]}"
            inner = _reason(part, defs, [*seen, ty])
            if inner:
                return f"holds `{show(part)}`, which {inner}"
            if type(part) is t.ParamTy:
                return f"holds a `{part.name}`, which may be any type"
    return ""


def scan_tracked(body: mir.Body) -> list[int]:
    """Locals worth tracking in a body of which nothing else is known: everything moved, dropped or named, but parameters lent."""
    found: dict[int, None] = {}
    for local, decl in enumerate(body.locals):
        if decl.name and local > body.param_count:
            found[local] = None
    for block in body.blocks:
        for stmt in block.stmts:
            if type(stmt) is mir.Drop:
                found[stmt.place.local] = None
            ops: list[mir.Operand] = []
            if type(stmt) is mir.Call:
                ops = stmt.args
            elif type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Use:
                ops = [stmt.rvalue.operand]
            elif type(stmt) is mir.Assign and type(stmt.rvalue) is mir.Aggregate:
                ops = stmt.rvalue.operands
            for op in ops:
                if type(op) is mir.Move:
                    found[op.place.local] = None
    return sorted(found)
