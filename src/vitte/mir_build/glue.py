"""Bodies the compiler makes: drop, clone, equality, hash, debug text, order, default, and the C `main`.

Each is the plain structural procedure of a type, with the signature of the trait method it stands for:

    glue eq[demo::Point](_1: &Point, _2: &Point) -> bool      x == x and y == y, field by field, stopping at the first difference
"""

from __future__ import annotations

from vitte.base.source import NO_SPAN
from vitte.ir import lang, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance, Linkage
from vitte.ir.ownership import dropped_at_home
from vitte.ir.types import Ty
from vitte.mir_build.abi import passed_ty
from vitte.mir_build.core import DEREF, STR_RETAIN, Core
from vitte.mir_build.elaborate import free_box
from vitte.mir_build.facts import Unit, elem_ty

_UNROLL = 4
"""Arrays up to this length are handled element by element, longer ones by a loop."""

Elems = list[tuple[Place, Ty]]


def build_glue(unit: Unit, instance: Instance, symbol: str, linkage: Linkage, file: str) -> mir.Body:
    """The body of a glue instance, in phase ELABORATED."""
    return _KINDS[instance.glue](unit, instance, file).build(symbol, linkage)


class Glue(Core):
    """What all glue bodies share. `params`: (type, mode); `part(i)` is the place parameter i stands for."""

    def __init__(self, unit: Unit, instance: Instance, file: str) -> None:
        body = thir.Body("", file, [], [], t.UNIT, thir.Lit(t.UNIT, NO_SPAN, None))
        super().__init__(unit, body, instance, False)
        self.of: Ty = instance.args[0] if instance.args else t.UNIT
        self.param_places: list[Place] = []

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        raise NotImplementedError

    def emit(self) -> None:
        raise NotImplementedError

    def build(self, symbol: str, linkage: Linkage) -> mir.Body:
        params, result = self.signature()
        self.locals.append(mir.LocalDecl(result))
        for ty, mode in params:
            passed = passed_ty(ty, mode, self.unit.defs)
            local = len(self.locals)
            self.locals.append(mir.LocalDecl(passed))
            if passed is ty:
                self.param_places.append(Place(local))
                if mode == "lend":
                    self.lent[local] = "value"
            else:
                self.param_places.append(Place(local, (DEREF,)))
        self.emit()
        if self.terms[self.bb] is None:
            self.terms[self.bb] = mir.Return()
        done = self.finish(symbol, linkage, len(params), False)
        done.phase = "elaborated"
        return done

    # --- pieces -----------------------------------------------------------------------------------------------------

    def field(self, place: Place, ty: Ty, index: int, variant: int | None = None) -> tuple[Place, Ty]:
        field_ty = self.unit.field_ty(ty, variant or 0, index)
        step = mir.Field(index, field_ty)
        proj = (*place.proj, step) if variant is None else (*place.proj, mir.Downcast(variant), step)
        return Place(place.local, proj), field_ty

    def fields(self, place: Place, ty: Ty, variant: int | None = None) -> Elems:
        return [self.field(place, ty, i, variant) for i in range(self.unit.field_count(ty, variant or 0))]

    def is_pick(self, ty: Ty) -> bool:
        return type(ty) is t.AdtTy and self.unit.adt(ty).kind == "pick"

    def lend(self, place: Place, ty: Ty, mutable: bool = False) -> mir.Operand:
        """`place` as an argument lent (or, `mutable`, lent exclusively)."""
        if not mutable and self.unit.light(ty):
            return mir.Copy(place)
        ref = self.assign_temp(t.ref_ty(ty, mutable), mir.Ref(place, mutable))
        return mir.Move(Place(ref)) if mutable else mir.Copy(Place(ref))

    def call(self, dest: Place, instance: Instance, operands: list[mir.Operand]) -> None:
        self.stmts.append(mir.Call(dest, instance, operands))

    def method(self, trait: str, name: str, ty: Ty) -> Instance:
        return self.unit.instance(f"{trait}.{name}", (ty,))

    def give(self, op: mir.Operand) -> None:
        """Set the result and return."""
        self.assign(Place(0), mir.Use(op))
        self.end(mir.Return())

    def by_variant(self, place: Place, ty: Ty) -> list[tuple[int, int]]:
        """Branch on the case of a pick: (variant, block)."""
        variants = self.unit.adt(ty).variants
        which = self.assign_temp(t.INT, mir.Discriminant(place))
        blocks = [self.new_block() for _ in variants]
        if not blocks:
            self.end(mir.Unreachable())
            return []
        self.switch(mir.Copy(Place(which)), list(range(len(blocks))), list(blocks), -1)
        return list(enumerate(blocks))

    def each_index(self, length: mir.Operand) -> tuple[int, int, int]:
        """A counting loop: (counter, head, exit). The current block is the body; close it with `next_index`."""
        counter = self.assign_temp(t.INT, mir.Use(mir.Const(t.INT, 0)))
        head, body, done = self.new_block(), self.new_block(), self.new_block()
        self.goto(head)
        self.start(head)
        more = self.assign_temp(t.BOOL, mir.Binary("<", mir.Copy(Place(counter)), length))
        self.switch(mir.Copy(Place(more)), [0], [done], body)
        self.start(body)
        return counter, head, done

    def next_index(self, loop: tuple[int, int, int]) -> None:
        counter, head, done = loop
        self.assign(Place(counter), mir.Binary("+", mir.Copy(Place(counter)), mir.Const(t.INT, 1), False))
        self.goto(head)
        self.start(done)

    def length(self, place: Place, ty: Ty) -> mir.Operand:
        if type(ty) is t.ArrayTy and type(ty.length) is t.ConstTy:
            return mir.Const(t.INT, ty.length.value)
        return mir.Copy(Place(self.assign_temp(t.INT, mir.Len(place))))


class DropGlue(Glue):
    """`(p: &mut T)`: `Drop.drop`, then the parts in order of declaration. Of a type that needs no drop it is empty."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "mut")], t.UNIT

    def emit(self) -> None:
        ty, place, unit = self.of, self.param_places[0], self.unit
        if not unit.needs_drop(ty):
            return
        if ty is t.STRING or ty is t.BYTES:
            ref = self.assign_temp(t.ref_ty(ty), mir.Ref(place, False))
            owner = self.temp(t.ptr_ty(t.USIZE, True))
            self.stmts.append(mir.Intrinsic(Place(owner), "str_owner", (), [mir.Copy(Place(ref))]))
            self.call(self.nowhere(), unit.use(Instance(lang.STR_RELEASE)), [mir.Copy(Place(owner))])
            return
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            inner, inner_ty = Place(place.local, (*place.proj, DEREF)), ty.args[0]
            if inner_ty not in unit.held and dropped_at_home(inner_ty, unit.defs, unit.ctx.module):
                self.call(self.nowhere(), Instance("", (inner_ty,), "drop"), [self.lend(inner, inner_ty, True)])
            else:
                self.part(inner, inner_ty)
            self.stmts += self.freed(place, ty)
            return
        if type(ty) is t.AdtTy and unit.has_drop_impl(ty):
            self.call(self.nowhere(), self.method(lang.TRAIT_DROP, "drop", ty), [self.lend(place, ty, True)])
        if self.is_pick(ty):
            join = self.new_block()
            for variant, bb in self.by_variant(place, ty):
                self.start(bb)
                for part, part_ty in self.fields(place, ty, variant):
                    self.part(part, part_ty)
                self.goto(join)
            self.start(join)
        elif type(ty) is t.ArrayTy:
            self.array(place, ty)
        elif type(ty) is t.TupleTy or type(ty) is t.AdtTy:
            for part, part_ty in self.fields(place, ty):
                self.part(part, part_ty)

    def part(self, place: Place, ty: Ty) -> None:
        if self.unit.needs_drop(ty):
            self.stmts.append(mir.Drop(place))

    def freed(self, place: Place, ty: t.AdtTy) -> list[mir.Stmt]:
        holder = mir.Body(self.instance, "", "linkonce", "", self.locals, 0, [])
        return free_box(holder, place, ty, self.unit)

    def array(self, place: Place, ty: t.ArrayTy) -> None:
        if type(ty.length) is t.ConstTy and ty.length.value <= _UNROLL:
            for i in range(ty.length.value):
                self.part(Place(place.local, (*place.proj, mir.ConstIndex(i))), ty.elem)
            return
        loop = self.each_index(self.length(place, ty))
        self.part(Place(place.local, (*place.proj, mir.Index(loop[0]))), ty.elem)
        self.next_index(loop)


class CloneGlue(Glue):
    """`(self) -> T`: copy types are copied with their strings counted, others clone part by part."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "lend")], self.of

    def emit(self) -> None:
        ty, place = self.of, self.param_places[0]
        self.unit.used[STR_RETAIN] = None
        if self.unit.kind(ty) <= 1:
            self.give(mir.Copy(place))
        elif type(ty) is t.ArrayTy:
            loop = self.each_index(self.length(place, ty))
            step = mir.Index(loop[0])
            self.assign(Place(0, (step,)), mir.Use(self.part(Place(place.local, (*place.proj, step)), ty.elem)))
            self.next_index(loop)
        elif self.is_pick(ty):
            for variant, bb in self.by_variant(place, ty):
                self.start(bb)
                ops = [self.part(p, part_ty) for p, part_ty in self.fields(place, ty, variant)]
                self.assign(Place(0), mir.Aggregate(ty, variant, ops))
                self.end(mir.Return())
        else:
            ops = [self.part(p, part_ty) for p, part_ty in self.fields(place, ty)]
            self.assign(Place(0), mir.Aggregate(ty, 0, ops))

    def part(self, place: Place, ty: Ty) -> mir.Operand:
        if ty is t.UNIT:
            return mir.Const(t.UNIT, None)
        if self.unit.kind(ty) <= 1:
            return mir.Copy(place)
        copy = Place(self.temp(ty))
        kind = self.unit.kind(ty)
        callee = self.unit.use(Instance("", (ty,), "clone")) if kind == 2 else self.method(lang.TRAIT_CLONE, "clone", ty)
        self.call(copy, callee, [self.lend(place, ty)])
        return mir.Move(copy)


_DIRECT = frozenset((t.IntTy, t.FloatTy, t.PtrTy, t.ProcTy))


def is_scalar(ty: Ty) -> bool:
    return type(ty) in _DIRECT or ty is t.BOOL or ty is t.RUNE


class EqGlue(Glue):
    """`(self, other) -> bool`, stopping at the first difference."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "lend"), (self.of, "lend")], t.BOOL

    def emit(self) -> None:
        ty = self.of
        left, right = self.param_places
        no = self.new_block()
        if self.is_pick(ty):
            a = self.assign_temp(t.INT, mir.Discriminant(left))
            b = self.assign_temp(t.INT, mir.Discriminant(right))
            self.need(mir.Binary("==", mir.Copy(Place(a)), mir.Copy(Place(b))), no)
            variants = self.unit.adt(ty).variants
            with_fields = [v for v in range(len(variants)) if variants[v].fields]
            yes = self.new_block()
            if with_fields:
                blocks = [self.new_block() for _ in with_fields]
                default = -1 if len(with_fields) == len(variants) else yes
                self.switch(mir.Copy(Place(a)), with_fields, blocks, default)
                for variant, bb in zip(with_fields, blocks):
                    self.start(bb)
                    self.all_equal(self.fields(left, ty, variant), self.fields(right, ty, variant), no)
                    self.goto(yes)
            else:
                self.goto(yes)
            self.start(yes)
        elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
            count = self.length(left, ty)
            if type(ty) is t.SliceTy:
                self.need(mir.Binary("==", count, self.length(right, ty)), no)
            loop = self.each_index(count)
            step = mir.Index(loop[0])
            elem = elem_ty(ty)
            self.equal(Place(left.local, (*left.proj, step)), Place(right.local, (*right.proj, step)), elem, no)
            self.next_index(loop)
        elif type(ty) is t.RefTy:
            self.equal(Place(left.local, (DEREF,)), Place(right.local, (DEREF,)), ty.target, no)
        elif type(ty) is t.TupleTy or (type(ty) is t.AdtTy and self.unit.adt(ty).kind == "form"):
            self.all_equal(self.fields(left, ty), self.fields(right, ty), no)
        else:
            self.equal(left, right, ty, no)
        self.give(mir.Const(t.BOOL, 1))
        self.start(no)
        self.give(mir.Const(t.BOOL, 0))

    def all_equal(self, left: Elems, right: Elems, no: int) -> None:
        for (a, ty), (b, _) in zip(left, right):
            self.equal(a, b, ty, no)

    def need(self, test: mir.Rvalue, no: int) -> None:
        self.branch(mir.Copy(Place(self.assign_temp(t.BOOL, test))), no)

    def branch(self, op: mir.Operand, no: int) -> None:
        on = self.new_block()
        self.switch(op, [0], [no], on)
        self.start(on)

    def equal(self, a: Place, b: Place, ty: Ty, no: int) -> None:
        if ty is t.UNIT:
            return
        if is_scalar(ty) or (type(ty) is t.AdtTy and self.unit.adt(ty).kind in ("flags", "bits")):
            self.need(mir.Binary("==", mir.Copy(a), mir.Copy(b)), no)
            return
        same = Place(self.temp(t.BOOL))
        callee = self.unit.use(Instance(lang.STR_EQ)) if ty is t.STRING else self.method(lang.TRAIT_EQ, "eq", ty)
        operands = [self.lend(a, ty), self.lend(b, ty)]
        if ty is t.BYTES and callee == self.instance:
            # Bytes compare as text does.
            callee = self.unit.use(Instance(lang.STR_EQ))
            text = t.ref_ty(t.STRING)
            operands = [mir.Copy(Place(self.assign_temp(text, mir.Cast("same", op, text)))) for op in operands]
        self.call(same, callee, operands)
        self.branch(mir.Copy(same), no)


class HashGlue(Glue):
    """`(self, seed: u64) -> u64`: the hash of each part is the seed of the next; a pick begins with its case."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "lend"), (t.U64, "lend")], t.U64

    def emit(self) -> None:
        ty = self.of
        place, seed = self.param_places
        state = self.assign_temp(t.U64, mir.Use(mir.Copy(seed)))
        if self.is_pick(ty):
            which = self.assign_temp(t.INT, mir.Discriminant(place))
            self.part(Place(which), t.INT, state)
            variants = self.unit.adt(ty).variants
            with_fields = [v for v in range(len(variants)) if variants[v].fields]
            done = self.new_block()
            if with_fields:
                blocks = [self.new_block() for _ in with_fields]
                self.switch(mir.Copy(Place(which)), with_fields, blocks, -1 if len(with_fields) == len(variants) else done)
                for variant, bb in zip(with_fields, blocks):
                    self.start(bb)
                    for part, part_ty in self.fields(place, ty, variant):
                        self.part(part, part_ty, state)
                    self.goto(done)
            else:
                self.goto(done)
            self.start(done)
        elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
            loop = self.each_index(self.length(place, ty))
            self.part(Place(place.local, (*place.proj, mir.Index(loop[0]))), elem_ty(ty), state)
            self.next_index(loop)
        elif type(ty) is t.RefTy:
            self.part(Place(place.local, (DEREF,)), ty.target, state)
        elif type(ty) is t.TupleTy or (type(ty) is t.AdtTy and self.unit.adt(ty).kind == "form"):
            for part, part_ty in self.fields(place, ty):
                self.part(part, part_ty, state)
        else:
            kind = "same" if type(ty) is t.AdtTy else "pointer" if type(ty) in (t.PtrTy, t.ProcTy) else "int"
            word_ty = (self.unit.adt(ty).repr or t.U64) if type(ty) is t.AdtTy else t.USIZE if kind == "pointer" else t.U64
            word = self.assign_temp(word_ty, mir.Cast(kind, mir.Copy(place), word_ty))
            self.part(Place(word), word_ty, state)
        self.give(mir.Copy(Place(state)))

    def part(self, place: Place, ty: Ty, state: int) -> None:
        if ty is not t.UNIT:
            callee = self.method(lang.TRAIT_HASH, "hash", ty)
            self.call(Place(state), callee, [self.lend(place, ty), mir.Copy(Place(state))])


class CmpGlue(Glue):
    """`(self, other) -> Ordering`, lexicographic; the cases of a pick are ordered as declared."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "lend"), (self.of, "lend")], t.adt_ty(lang.ORDERING)

    def ordering(self, name: str) -> mir.Rvalue:
        return mir.Aggregate(t.adt_ty(lang.ORDERING), self.unit.variant_index(lang.ORDERING, name), [])

    def give_ordering(self, name: str) -> None:
        self.assign(Place(0), self.ordering(name))
        self.end(mir.Return())

    def emit(self) -> None:
        ty = self.of
        left, right = self.param_places
        if self.is_pick(ty):
            a = self.assign_temp(t.INT, mir.Discriminant(left))
            b = self.assign_temp(t.INT, mir.Discriminant(right))
            self.direct(mir.Copy(Place(a)), mir.Copy(Place(b)))
            variants = self.unit.adt(ty).variants
            with_fields = [v for v in range(len(variants)) if variants[v].fields]
            done = self.new_block()
            if with_fields:
                blocks = [self.new_block() for _ in with_fields]
                self.switch(mir.Copy(Place(a)), with_fields, blocks, -1 if len(with_fields) == len(variants) else done)
                for variant, bb in zip(with_fields, blocks):
                    self.start(bb)
                    for (x, part_ty), (y, _) in zip(self.fields(left, ty, variant), self.fields(right, ty, variant)):
                        self.part(x, y, part_ty)
                    self.goto(done)
            else:
                self.goto(done)
            self.start(done)
        elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
            self.elements(left, right, ty)
        elif type(ty) is t.RefTy:
            self.part(Place(left.local, (DEREF,)), Place(right.local, (DEREF,)), ty.target)
        elif type(ty) is t.TupleTy or (type(ty) is t.AdtTy and self.unit.adt(ty).kind == "form"):
            for (x, part_ty), (y, _) in zip(self.fields(left, ty), self.fields(right, ty)):
                self.part(x, y, part_ty)
        else:
            self.direct(mir.Copy(left), mir.Copy(right))
        self.give_ordering("Equal")

    def elements(self, left: Place, right: Place, ty: Ty) -> None:
        """Element by element up to the shorter length; then the shorter one is less."""
        a, b = self.length(left, ty), self.length(right, ty)
        shorter = self.assign_temp(t.INT, mir.Use(a))
        if type(ty) is t.SliceTy:
            less, on = self.new_block(), self.new_block()
            self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, mir.Binary("<", b, a)))), [0], [on], less)
            self.start(less)
            self.assign(Place(shorter), mir.Use(b))
            self.goto(on)
            self.start(on)
        loop = self.each_index(mir.Copy(Place(shorter)))
        step = mir.Index(loop[0])
        self.part(Place(left.local, (*left.proj, step)), Place(right.local, (*right.proj, step)), elem_ty(ty))
        self.next_index(loop)
        if type(ty) is t.SliceTy:
            self.direct(a, b)

    def direct(self, a: mir.Operand, b: mir.Operand) -> None:
        """Return Less or Greater when two primitives say so."""
        for op, name in (("<", "Less"), (">", "Greater")):
            yes, no = self.new_block(), self.new_block()
            self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, mir.Binary(op, a, b)))), [0], [no], yes)
            self.start(yes)
            self.give_ordering(name)
            self.start(no)

    def part(self, a: Place, b: Place, ty: Ty) -> None:
        if ty is t.UNIT:
            return
        if is_scalar(ty) and type(ty) is not t.FloatTy:
            self.direct(mir.Copy(a), mir.Copy(b))
            return
        result = Place(self.temp(t.adt_ty(lang.ORDERING)))
        self.call(result, self.method(lang.TRAIT_ORD, "cmp", ty), [self.lend(a, ty), self.lend(b, ty)])
        which = self.assign_temp(t.INT, mir.Discriminant(result))
        differ, same = self.new_block(), self.new_block()
        self.switch(mir.Copy(Place(which)), [self.unit.variant_index(lang.ORDERING, "Equal")], [same], differ)
        self.start(differ)
        self.give(mir.Copy(result))
        self.start(same)


class DefaultGlue(Glue):
    """`() -> T`: defaults of all fields (what the declaration says, where it says something); a pick's first case."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [], self.of

    def emit(self) -> None:
        ty = self.of
        if type(ty) is t.TupleTy or type(ty) is t.AdtTy:
            ops: list[mir.Operand] = []
            declared = self.unit.adt(ty).variants[0].fields if type(ty) is t.AdtTy else []
            for i in range(self.unit.field_count(ty)):
                field_ty = self.unit.field_ty(ty, 0, i)
                path = declared[i].default if declared else None
                ops.append(mir.ConstNamed(field_ty, path) if path else self.value(field_ty))
            self.assign(Place(0), mir.Aggregate(ty, 0, ops))
        elif type(ty) is t.ArrayTy:
            loop = self.each_index(self.length(Place(0), ty))
            self.assign(Place(0, (mir.Index(loop[0]),)), mir.Use(self.value(ty.elem)))
            self.next_index(loop)
        else:
            self.assign(Place(0), mir.Use(self.primitive(ty)))

    def primitive(self, ty: Ty) -> mir.Operand:
        if ty is t.STRING or ty is t.BYTES:
            return mir.ConstText(ty, "")
        return mir.Const(ty, 0.0 if type(ty) is t.FloatTy else None if ty is t.UNIT else 0)

    def value(self, ty: Ty) -> mir.Operand:
        if is_scalar(ty) or ty is t.UNIT or ty is t.STRING or ty is t.BYTES:
            return self.primitive(ty)
        temp = Place(self.temp(ty))
        self.call(temp, self.method(lang.TRAIT_DEFAULT, "default", ty), [])
        return mir.Move(temp)


_KINDS: dict[str, type[Glue]] = {
    "drop": DropGlue,
    "clone": CloneGlue,
    "eq": EqGlue,
    "hash": HashGlue,
    "cmp": CmpGlue,
    "default": DefaultGlue,
}
"""`debug`, `main` and `test_main` are added by `glue_text` and `glue_main`."""


def register(kind: str, cls: type[Glue]) -> None:
    _KINDS[kind] = cls
