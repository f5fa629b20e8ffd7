"""The ground the builder stands on: blocks, locals, temporaries, and the stack of what is to be dropped.

`drops` is one stack for a whole body: locals to drop and deferred expressions, in order of declaration. A scope is a mark in it: leaving
a scope emits what stands above the mark, last first; an early exit (`give`, `break`, `continue`) emits it without popping. A
`Drop` may thus be emitted where the local was moved out or never set: elaboration removes or guards it.
"""

from __future__ import annotations

from msgspec import Struct

from vitte.base.source import NO_SPAN, Span
from vitte.ir import impls, lang, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance, Linkage
from vitte.ir.types import HAS_PROJECTION, Ty, subst
from vitte.mir_build.facts import CLONE, MOVE, PLAIN, RETAIN, Unit, elem_ty, target_ty

DEREF = mir.Deref()
UNIT_VALUE = mir.Const(t.UNIT, None)
STR_RETAIN = Instance(lang.STR_RETAIN)


class LoopInfo(Struct):
    """`mark`: the height of the drop stack at the loop. `dest`: where `break value` goes."""

    next: int
    exit: int
    mark: int
    dest: Place | None
    used: bool = False


class Core:
    """State of one body under construction; expressions, patterns and control flow are in the classes above it.

    - `checking`: this build is what ownership is checked on; illegal moves are reported.
    - `moved`, `dropped`: locals that some operand moves out of, that some `Drop` names. `maybe`: locals that may be unset where
      they are dropped or used. `indexes`: locals of indexes evaluated ahead, by id of the expression. `spans`: id of an operand to the
      place in the source it stands for.
    """

    def __init__(self, unit: Unit, body: thir.Body, instance: Instance, checking: bool, bounds: impls.Bounds = ()) -> None:
        self.unit = unit
        self.body = body
        self.instance = instance
        self.args = instance.args
        self.checking = checking
        self.is_generic = checking and body.generic_count > 0
        self.bounds = bounds
        self.kinds: dict[Ty, int] = {}
        self.locals: list[mir.LocalDecl] = []
        self.decls = unit.decls
        self.stmt_lists: list[list[mir.Stmt]] = [[]]
        self.terms: list[mir.Terminator | None] = [None]
        self.bb = 0
        self.stmts = self.stmt_lists[0]
        self.drops: list[int | thir.Defer] = []
        self.loops: dict[int, LoopInfo] = {}
        self.places: list[Place | None] = [None] * len(body.locals)
        self.unit_place: Place | None = None
        self.no_place: Place | None = None
        self.conditional = 0
        self.moved: set[int] = set()
        self.dropped: set[int] = set()
        self.maybe: set[int] = set()
        self.unset: set[int] = set()
        self.lent: dict[int, str] = {}
        self.statics: dict[int, str] = {}
        self.spans: dict[int, Span] = {}
        self.extended: set[int] = set()
        self.let_mark = 0
        self.indexes: dict[int, int] = {}
        self.tys: dict[Ty, Ty] = {}

    # --- types --------------------------------------------------------------------------------------------------

    def ty(self, ty: Ty) -> Ty:
        """The type with this instance's arguments put in and associated types resolved."""
        if not ty.flags:
            return ty
        known = self.tys.get(ty)
        if known is None:
            known = subst(ty, self.args)
            if known.flags & HAS_PROJECTION:
                known = impls.normalize(known, self.unit.defs, self.bounds)
            self.tys[ty] = known
        return known

    def kind(self, ty: Ty) -> int:
        """How a value of a type as it stands in the body leaves a place. What generic code moves is moved in every instance."""
        if not ty.flags:
            known = self.unit.kinds.get(ty)
            return self.unit.kind(ty) if known is None else known
        known = self.kinds.get(ty)
        if known is None:
            known = self.unit.generic_kind(ty, self.bounds)
            if not self.is_generic:
                concrete = self.unit.kind(self.ty(ty))
                if known != MOVE or concrete == PLAIN:
                    known = concrete
            self.kinds[ty] = known
        return known

    def place_ty(self, place: Place) -> Ty:
        """Type of a place (of the pick, after a downcast)."""
        ty = self.locals[place.local].ty
        for step in place.proj:
            cls = type(step)
            if cls is mir.Field:
                ty = step.ty  # type: ignore[union-attr]
            elif cls is mir.Deref:
                ty = target_ty(ty)
            elif cls is not mir.Downcast:
                ty = elem_ty(ty)
        return ty

    # --- blocks -------------------------------------------------------------------------------------------------

    def new_block(self) -> int:
        self.stmt_lists.append([])
        self.terms.append(None)
        return len(self.terms) - 1

    def start(self, bb: int) -> None:
        self.bb = bb
        self.stmts = self.stmt_lists[bb]

    def end(self, term: mir.Terminator) -> None:
        """End the current block. What follows, until `start`, is unreachable and goes into a block that is pruned."""
        if self.terms[self.bb] is None:
            self.terms[self.bb] = term
        self.start(self.new_block())

    def goto(self, bb: int) -> None:
        self.terms[self.bb] = mir.Goto(bb)

    def switch(self, op: mir.Operand, values: list[int], targets: list[int], default: int, span: Span = NO_SPAN) -> None:
        self.terms[self.bb] = mir.Switch(op, values, targets, default, span)

    # --- locals -------------------------------------------------------------------------------------------------

    def temp(self, ty: Ty) -> int:
        locals = self.locals
        decl = self.decls.get(ty)
        if decl is None:
            decl = self.decls[ty] = mir.LocalDecl(ty)
        locals.append(decl)
        return len(locals) - 1

    def declare(self, index: int, ty: Ty | None = None) -> int:
        """The MIR local of a local of the body (made when first asked). `ty`: its type, when not the declared one."""
        place = self.places[index]
        if place is not None and not place.proj:
            return place.local
        decl = self.body.locals[index]
        locals = self.locals
        name = "" if decl.is_synthetic else decl.name
        locals.append(mir.LocalDecl(self.ty(decl.ty) if ty is None else ty, name, decl.span, decl.mutable))
        local = len(locals) - 1
        self.places[index] = Place(local)
        return local

    def assign(self, place: Place, rvalue: mir.Rvalue, span: Span = NO_SPAN) -> None:
        self.stmts.append(mir.Assign(place, rvalue, span))

    def assign_temp(self, ty: Ty, rvalue: mir.Rvalue, span: Span = NO_SPAN) -> int:
        locals = self.locals
        decl = self.decls.get(ty)
        if decl is None:
            decl = self.decls[ty] = mir.LocalDecl(ty)
        local = len(locals)
        locals.append(decl)
        self.stmts.append(mir.Assign(Place(local), rvalue, span))
        return local

    def nowhere(self) -> Place:
        """The place unit values go to."""
        if self.unit_place is None:
            self.unit_place = Place(self.temp(t.UNIT))
        return self.unit_place

    def never_place(self) -> Place:
        """The place results of type `never` go to."""
        if self.no_place is None:
            self.no_place = Place(self.temp(t.NEVER))
        return self.no_place

    # --- what is to be dropped ------------------------------------------------------------------------------------

    def schedule(self, local: int, ty: Ty | None = None) -> None:
        """Drop `local` when the current scope ends, when its type has something to drop."""
        if self.unit.needs_drop(self.locals[local].ty if ty is None else ty):
            self.drops.append(local)
            if self.conditional:
                self.maybe.add(local)

    def emit_drops(self, entries: list[int | thir.Defer]) -> None:
        for entry in reversed(entries):
            if type(entry) is int:
                self.dropped.add(entry)
                self.stmts.append(mir.Drop(Place(entry)))
            else:
                self.run_defer(entry)  # type: ignore[arg-type]

    def pop(self, mark: int) -> None:
        """Leave the scope that began when the stack was `mark` high."""
        drops = self.drops
        if len(drops) > mark:
            entries = drops[mark:]
            del drops[mark:]
            self.emit_drops(entries)

    def run_defer(self, entry: thir.Defer) -> None:
        raise NotImplementedError

    # --- operands -------------------------------------------------------------------------------------------------

    def consume(self, place: Place, ty: Ty, span: Span, force_move: bool = False) -> mir.Operand:
        """The value at `place`, of type `ty` (as in the body): copied or moved as its type says."""
        kind = self.kind(ty)
        op: mir.Operand
        if kind == MOVE or (force_move and kind != PLAIN):
            if self.checking and not self.may_move(place, ty, span):
                return mir.Copy(place, True)
            self.moved.add(place.local)
            op = mir.Move(place)
            if self.checking:
                self.spans[id(op)] = span
            return op
        if kind == CLONE:
            concrete = self.ty(ty)
            reference = self.assign_temp(t.ref_ty(concrete), mir.Ref(place, False), span)
            copy = self.temp(concrete)
            clone = self.unit.use(Instance("", (concrete,), "clone"))
            self.stmts.append(mir.Call(Place(copy), clone, [mir.Copy(Place(reference))], span))
            self.moved.add(copy)
            return mir.Move(Place(copy))
        op = mir.Copy(place)
        if kind == RETAIN and not self.is_generic:
            self.unit.used[STR_RETAIN] = None
        if self.checking and (kind == RETAIN or place.local in self.moved or place.local in self.unset):
            self.spans[id(op)] = span
        return op

    def temp_operand(self, local: int, ty: Ty) -> mir.Operand:
        """The value of a temporary, used once."""
        if self.unit.needs_drop(ty) or self.kind(ty) == MOVE:
            self.moved.add(local)
            return mir.Move(Place(local))
        return mir.Copy(Place(local))

    # --- what the classes above provide ---------------------------------------------------------------------------

    def into(self, dest: Place, e: thir.Expr) -> None:
        """Evaluate `e` into `dest`, which is unset before. `dest` is not read or written by `e` in any other way."""
        raise NotImplementedError

    def as_place(self, e: thir.Expr) -> Place:
        """The place `e` names, or a temporary that holds its value until the end of the statement."""
        raise NotImplementedError

    def as_operand(self, e: thir.Expr) -> mir.Operand:
        raise NotImplementedError

    def as_cond(self, e: thir.Expr, then: int, otherwise: int) -> None:
        """Jump to `then` or `otherwise` by a condition; patterns in it bind on the way to `then`."""
        raise NotImplementedError

    def discard(self, e: thir.Expr) -> None:
        """Evaluate for effect."""
        raise NotImplementedError

    def may_move(self, place: Place, ty: Ty, span: Span) -> bool:
        raise NotImplementedError

    def bind_pattern(self, pat: thir.Pat, place: Place) -> list[int]:
        """Bind a pattern that always matches. Gives the locals that own what they hold, to be scheduled."""
        raise NotImplementedError

    def test_pattern(self, pat: thir.Pat, place: Place, success: int, fail: int) -> list[int]:
        """Match, bind and go to `success`, else to `fail`. Gives the locals that own what they hold, to be scheduled."""
        raise NotImplementedError

    # --- the end ----------------------------------------------------------------------------------------------------

    def finish(self, symbol: str, linkage: Linkage, param_count: int, is_const_init: bool = False) -> mir.Body:
        """The body as built, without what cannot be reached."""
        blocks = prune(self.stmt_lists, self.terms)
        body = self.body
        lends = [n for n in range(1, param_count + 1) if self.lent.get(n) == "value"]
        instance, locals = self.instance, self.locals
        return mir.Body(instance, symbol, linkage, body.file, locals, param_count, blocks, "built", lends, body.span, is_const_init)


def successors(term: mir.Terminator) -> list[int]:
    cls = type(term)
    if cls is mir.Goto:
        return [term.target]  # type: ignore[union-attr]
    if cls is mir.Switch:
        targets = term.targets  # type: ignore[union-attr]
        return targets if term.default < 0 else [*targets, term.default]  # type: ignore[union-attr]
    return []


def thread(target: int, stmt_lists: list[list[mir.Stmt]], terms: list[mir.Terminator | None]) -> int:
    """Where a jump to `target` ends when blocks that only jump on are skipped."""
    for _ in range(8):
        after = terms[target]
        if stmt_lists[target] or type(after) is not mir.Goto:
            break
        target = after.target
    return target


def prune(stmt_lists: list[list[mir.Stmt]], terms: list[mir.Terminator | None]) -> list[mir.Block]:
    """The blocks that can be reached, numbered in order of creation; chains of single jumps become one block."""
    if len(terms) == 1:
        return [mir.Block(stmt_lists[0], terms[0] or mir.Unreachable())]
    count = [0] * len(terms)
    seen = [False] * len(terms)
    todo = [0]
    seen[0] = True
    count[0] = 2
    while todo:
        bb = todo.pop()
        term = terms[bb]
        if term is None:
            term = terms[bb] = mir.Unreachable()
        if type(term) is mir.Goto:
            outs = [thread(term.target, stmt_lists, terms)]
            term.target = outs[0]
        elif type(term) is mir.Switch:
            term.targets = [thread(x, stmt_lists, terms) for x in term.targets]
            if term.default >= 0:
                term.default = thread(term.default, stmt_lists, terms)
            outs = successors(term)
        else:
            outs = []
        for out in outs:
            count[out] += 1
            if not seen[out]:
                seen[out] = True
                todo.append(out)
    number = [-1] * len(terms)
    blocks: list[mir.Block] = []
    heads: list[int] = []
    absorbed = [False] * len(terms)
    for bb in range(len(terms)):
        term = terms[bb]
        if seen[bb] and type(term) is mir.Goto and count[term.target] == 1:
            absorbed[term.target] = True
    for bb in range(len(terms)):
        if seen[bb] and not absorbed[bb]:
            number[bb] = len(heads)
            heads.append(bb)
    for bb in heads:
        stmts = stmt_lists[bb]
        term = terms[bb]
        while type(term) is mir.Goto and absorbed[term.target]:
            stmts += stmt_lists[term.target]
            term = terms[term.target]
        assert term is not None
        if type(term) is mir.Goto:
            term = mir.Goto(number[term.target])
        elif type(term) is mir.Switch:
            default = number[term.default] if term.default >= 0 else -1
            term = mir.Switch(term.operand, term.values, [number[x] for x in term.targets], default, term.span)
        blocks.append(mir.Block(stmts, term))
    return blocks
