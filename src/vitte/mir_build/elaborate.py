"""Drop elaboration: every `Drop` becomes none, unconditional, guarded by a flag, or a drop of the parts that are left.

    built:                      elaborated:
      drop _3                     (removed: moved out on every path)
      drop _4                     drop _4
      drop _5                     switch copy _9 [0: bb4, else: bb3]      _9: drop flag of _5
      drop _6                     drop (_6.1: string)                     (_6.0 was moved out)

A flag is a bool local for one path; it is set where the path is set and cleared where it is moved out or dropped. Flags exist only for
paths that are dropped in a state that differs between the ways there (the method of Rust's compiler, RFC 320).
"""

from __future__ import annotations

from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.types import Ty
from vitte.mir_build.core import successors
from vitte.mir_build.facts import Unit
from vitte.mir_build.paths import DROP, INIT, Event, Paths, flow


def elaborate(body: mir.Body, paths: Paths | None, unit: Unit) -> None:
    """Bring a checked body to phase ELABORATED, in place. `paths`: of all locals whose drops may be conditional (None: there are none)."""
    if paths is not None:
        _Elaboration(body, paths, unit).run()
    body.phase = "elaborated"


class _Elaboration:
    def __init__(self, body: mir.Body, paths: Paths, unit: Unit) -> None:
        self.body = body
        self.paths = paths
        self.unit = unit
        self.flags: dict[int, int] = {}
        self.stmts: list[mir.Stmt] = []
        self.bb = 0
        self.init = 0
        self.uninit = 0

    def run(self) -> None:
        blocks = self.body.blocks
        events = self.paths.events
        init, uninit = flow(self.paths, [successors(b.term) for b in blocks])
        if not any(e.kind == DROP for list_ in events for e in list_):
            return
        for bb, list_ in enumerate(events):
            if list_:
                self.find_flags(list_, init[bb], uninit[bb])
        below = self.paths.below
        for bb in range(len(events)):
            list_ = events[bb]
            if list_ and (any(e.kind == DROP for e in list_) or any(e.kind and below[e.path] & self.flagged for e in list_)):
                self.rewrite(bb, list_, init[bb], uninit[bb])
        if self.flags:
            start = self.paths.initial()[0]
            flags = [mir.Assign(Place(local), mir.Use(mir.Const(t.BOOL, start >> path & 1))) for path, local in self.flags.items()]
            blocks[0].stmts[:0] = flags

    @property
    def flagged(self) -> int:
        bits = 0
        for path in self.flags:
            bits |= 1 << path
        return bits

    def step(self, event: Event) -> None:
        bits = self.paths.below[event.path]
        if event.kind == INIT:
            self.init |= bits
            self.uninit &= ~bits
        elif event.kind:
            self.init &= ~bits
            self.uninit |= bits

    def find_flags(self, events: list[Event], init: int, uninit: int) -> None:
        """Make a flag for each path that is in an undecided state where it, or what holds it, is dropped."""
        self.init, self.uninit = init, uninit
        below = self.paths.below
        for event in events:
            if event.kind == DROP:
                mixed = below[event.path] & self.init & self.uninit
                while mixed:
                    path = (mixed & -mixed).bit_length() - 1
                    mixed &= mixed - 1
                    if path not in self.flags:
                        self.body.locals.append(mir.LocalDecl(t.BOOL))
                        self.flags[path] = len(self.body.locals) - 1
            self.step(event)

    def rewrite(self, bb: int, events: list[Event], init: int, uninit: int) -> None:
        block = self.body.blocks[bb]
        old, term = block.stmts, block.term
        self.init, self.uninit = init, uninit
        self.bb = bb
        self.stmts = []
        at = 0
        for event in events:
            kind = event.kind
            if not kind:
                continue
            if kind == DROP:
                self.stmts += old[at : event.stmt]
                at = event.stmt + 1
                self.drop(event.path, event.place)
                self.step(event)
                self.set_flags(event.path, 0)
            else:
                self.step(event)
                if self.flags:
                    self.stmts += old[at : event.stmt + 1]
                    at = max(at, event.stmt + 1)
                    self.set_flags(event.path, 1 if kind == INIT else 0)
        self.stmts += old[at:]
        last = self.body.blocks[self.bb]
        last.stmts = self.stmts
        last.term = term

    def set_flags(self, path: int, value: int) -> None:
        bits = self.paths.below[path]
        for flagged, local in self.flags.items():
            if bits >> flagged & 1:
                self.stmts.append(mir.Assign(Place(local), mir.Use(mir.Const(t.BOOL, value))))

    # --- one drop -----------------------------------------------------------------------------------------------------

    def drop(self, path: int, place: Place) -> None:
        """Drop what is left of a path."""
        paths = self.paths
        ty = paths.tys[path]
        bits = paths.below[path]
        if not self.init & bits or not self.unit.needs_drop(ty):
            return
        if not self.uninit & bits:
            self.stmts.append(mir.Drop(place))
            return
        own = 1 << path
        if not self.init & own:
            return
        if not self.uninit & own:
            self.drop_parts(path, place, ty)
            return
        then, on = self.new_block(), self.new_block()
        self.end(mir.Switch(mir.Copy(Place(self.flags[path])), [0], [on], then), then)
        if paths.children[path]:
            self.drop_parts(path, place, ty)
        else:
            self.stmts.append(mir.Drop(place))
        self.end(mir.Goto(on), on)

    def drop_parts(self, path: int, place: Place, ty: Ty) -> None:
        """Drop a value some parts of which are, or may be, moved out; the rest of it is there."""
        children = self.paths.children[path]
        unit = self.unit
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            child = children["*"]
            self.drop(child, self.paths.places[child])
            self.free_box(place, ty)
        elif type(ty) is t.ArrayTy:
            assert type(ty.length) is t.ConstTy
            for i in range(ty.length.value):
                step = mir.ConstIndex(i)
                if step in children:
                    self.drop(children[step], Place(place.local, (*place.proj, step)))
                else:
                    self.stmts.append(mir.Drop(Place(place.local, (*place.proj, step))))
        elif type(ty) is t.AdtTy and unit.adt(ty).kind == "pick":
            self.drop_pick(path, place, ty)
        else:
            for i in range(unit.field_count(ty)):
                self.drop_field(children, place, mir.Field(i, unit.field_ty(ty, 0, i)), None)

    def drop_field(self, children: dict[object, int], place: Place, step: mir.Field, variant: int | None) -> None:
        key: object = step if variant is None else (variant, step)
        proj = (*place.proj, step) if variant is None else (*place.proj, mir.Downcast(variant), step)
        child = children.get(key)
        if child is not None:
            self.drop(child, Place(place.local, proj))
        elif self.unit.needs_drop(step.ty):
            self.stmts.append(mir.Drop(Place(place.local, proj)))

    def drop_variant(self, children: dict[object, int], place: Place, ty: Ty, variant: int) -> None:
        for i in range(self.unit.field_count(ty, variant)):
            self.drop_field(children, place, mir.Field(i, self.unit.field_ty(ty, variant, i)), variant)

    def drop_pick(self, path: int, place: Place, ty: Ty) -> None:
        children = self.paths.children[path]
        variants: dict[int, None] = {}
        for key, child in children.items():
            variant: int = key[0]  # type: ignore[index]
            variants[variant] = None
            if not self.init >> child & 1:
                # Moved out on every way here: it is this case.
                self.drop_variant(children, place, ty, variant)
                return
        self.body.locals.append(mir.LocalDecl(t.INT))
        which = Place(len(self.body.locals) - 1)
        self.stmts.append(mir.Assign(which, mir.Discriminant(place)))
        blocks = {v: self.new_block() for v in variants}
        adt = self.unit.adt(ty)
        others = [v for v in range(len(adt.variants)) if v not in variants]
        on = self.new_block()
        default = -1
        needs = False
        if others:
            needs = any(self.unit.needs_drop(self.unit.field_ty(ty, v, i)) for v in others for i in range(self.unit.field_count(ty, v)))
            default = self.new_block() if needs else on
        first = next(iter(blocks.values()))
        self.end(mir.Switch(mir.Copy(which), list(blocks), list(blocks.values()), default), first)
        for variant, bb in blocks.items():
            self.start(bb)
            self.drop_variant(children, place, ty, variant)
            self.end(mir.Goto(on), on)
        if needs:
            self.start(default)
            self.stmts.append(mir.Drop(place))
            self.end(mir.Goto(on), on)
        self.start(on)

    def free_box(self, place: Place, ty: t.AdtTy) -> None:
        self.stmts += free_box(self.body, place, ty, self.unit)

    # --- blocks -------------------------------------------------------------------------------------------------------

    def new_block(self) -> int:
        self.body.blocks.append(mir.Block([], mir.Unreachable()))
        return len(self.body.blocks) - 1

    def end(self, term: mir.Terminator, next_bb: int) -> None:
        block = self.body.blocks[self.bb]
        block.stmts = self.stmts
        block.term = term
        self.start(next_bb)

    def start(self, bb: int) -> None:
        self.bb = bb
        self.stmts = self.body.blocks[bb].stmts


def free_box(body: mir.Body, place: Place, ty: t.AdtTy, unit: Unit) -> list[mir.Stmt]:
    """Statements that give back the memory of a box without dropping what was in it."""
    pointer_ty = t.ptr_ty(ty.args[0], True)
    bytes_ty = t.ptr_ty(t.U8, True)
    body.locals += [mir.LocalDecl(bytes_ty), mir.LocalDecl(t.UNIT)]
    raw, nothing = Place(len(body.locals) - 2), Place(len(body.locals) - 1)
    source: mir.Operand = mir.Copy(Place(place.local, (*place.proj, mir.Field(0, pointer_ty))))
    cast: mir.Rvalue = mir.Use(source) if pointer_ty is bytes_ty else mir.Cast("pointer", source, bytes_ty)
    dealloc = unit.use(Instance(lang.DEALLOC))
    return [mir.Assign(raw, cast), mir.Call(nothing, dealloc, [mir.Copy(raw)])]


