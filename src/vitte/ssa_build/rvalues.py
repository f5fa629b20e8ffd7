"""Assignments: right sides as values, and as what is written to memory."""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir import mir
from vitte.ir import types as t
from vitte.ir.layout import PickLayout
from vitte.ir.types import Ty
from vitte.ssa_build import arithmetic
from vitte.ssa_build.builder import Address, Builder
from vitte.ssa_build.counting import retain_array
from vitte.ssa_build.locals import Locals
from vitte.ssa_build.operands import Operands

UNROLLED = 8
"""An array of at most so many copies of a value is filled without a loop."""


class Rvalues:
    """`tags`: values that are the position of a case, with the discriminant they were computed from, so that a switch can use that."""

    __slots__ = ("_memory", "_values", "b", "checked", "locals", "operands", "tags")

    def __init__(self, b: Builder, locals_: Locals, operands: Operands) -> None:
        self.b = b
        self.locals = locals_
        self.operands = operands
        self.checked = b.unit.ctx.overflow_checks
        self.tags: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._values: dict[type, Callable[..., int]] = {
            mir.Use: self._use,
            mir.Ref: self._ref,
            mir.Binary: self._binary,
            mir.Unary: self._unary,
            mir.Cast: self._cast,
            mir.Aggregate: self._case,
            mir.Discriminant: self._discriminant,
            mir.Len: self._len,
            mir.SizeOf: self._size_of,
        }
        self._memory: dict[type, Callable[..., None]] = {
            mir.Use: self._use_into,
            mir.Ref: self._ref_into,
            mir.Cast: self._cast_into,
            mir.Aggregate: self._aggregate_into,
            mir.Repeat: self._repeat_into,
        }

    def assign(self, stmt: mir.Assign) -> None:
        place = stmt.place
        local = place.local
        rvalue = stmt.rvalue
        if not place.proj:
            if self.locals.scalars[local]:
                self.locals.write(local, self._values[type(rvalue)](rvalue, self.locals.tys[local]))
            elif self.b.layouts.size(self.locals.tys[local]):
                self._memory[type(rvalue)](rvalue, (self.locals.home(local), 0), self.locals.tys[local], place)
            return
        ty = self.locals.type_of(place)
        if self.b.layouts.scalar(ty):
            value = self._values[type(rvalue)](rvalue, ty)
            base, off, _ = self.locals.place(place)
            self.b.store(value, base, off)
        elif self.b.layouts.size(ty):
            base, off, _ = self.locals.place(place)
            self._memory[type(rvalue)](rvalue, (base, off), ty, place)

    # --- values

    def _use(self, rvalue: mir.Use, ty: Ty) -> int:
        return self.operands.scalar(rvalue.operand)

    def _ref(self, rvalue: mir.Ref, ty: Ty) -> int:
        base, off, _ = self.locals.place(rvalue.place)
        return self.b.pointer((base, off))

    def _binary(self, rvalue: mir.Binary, ty: Ty) -> int:
        operands = self.operands
        left_ty = operands.type_of(rvalue.left)
        if not self.b.layouts.scalar(left_ty):
            return self._compare_sizeless(rvalue, left_ty)
        left = operands.scalar(rvalue.left)
        right = operands.scalar(rvalue.right)
        return arithmetic.binary(self.b, rvalue.op, left_ty, left, right, rvalue.checked and self.checked)

    def _compare_sizeless(self, rvalue: mir.Binary, ty: Ty) -> int:
        """Unit equals unit; fat raw pointers are compared by their pointers."""
        b = self.b
        if not b.layouts.size(ty):
            return b.iconst("i1", int(rvalue.op in ("==", "<=", ">=")))
        sides = [b.load("ptr", *self.operands.address(side)) for side in (rvalue.left, rvalue.right)]
        return arithmetic.binary(b, rvalue.op, t.USIZE, sides[0], sides[1], False)

    def _unary(self, rvalue: mir.Unary, ty: Ty) -> int:
        value = self.operands.scalar(rvalue.operand)
        return arithmetic.unary(self.b, rvalue.op, self.operands.type_of(rvalue.operand), value, rvalue.checked and self.checked)

    def _cast(self, rvalue: mir.Cast, ty: Ty) -> int:
        source = self.operands.type_of(rvalue.operand)
        if not self.b.layouts.scalar(source):  # a fat pointer made thin
            return self.b.load("ptr", *self.operands.address(rvalue.operand))
        return arithmetic.cast(self.b, rvalue.kind, self.operands.scalar(rvalue.operand), source, ty)

    def _case(self, rvalue: mir.Aggregate, ty: Ty) -> int:
        """A fieldless case, or flags from their bits."""
        b = self.b
        if b.layouts.kind(ty) == "pick":
            layout = b.layouts.pick(ty)
            return b.iconst(layout.tag, layout.discriminants[rvalue.variant])
        return self.operands.scalar(rvalue.operands[0]) if rvalue.operands else b.iconst(b.layouts.scalar(ty), 0)

    def _discriminant(self, rvalue: mir.Discriminant, ty: Ty) -> int:
        """The position of the case; where discriminants are positions they serve as they are."""
        b = self.b
        place = rvalue.place
        pick_ty = self.locals.type_of(place)
        layout = b.layouts.pick(pick_ty)
        if layout.tag and not place.proj and self.locals.scalars[place.local]:
            tag = self.locals.read(place.local)
        else:
            base, off, _ = self.locals.place(place)
            if not layout.tag:
                op = "eq" if layout.niche else "ne"
                is_first = b.op(op, "i1", [b.load("ptr", base, off), b.null()])
                # Case 1 is the null pointer when `niche` is 1, the payload when it is 0: either way this is the position.
                return b.resize(is_first, "i64", False)
            tag = b.load(layout.tag, base, off)
        return self._position(tag, layout)

    def _position(self, tag: int, layout: PickLayout) -> int:
        b = self.b
        if layout.discriminants == tuple(range(len(layout.discriminants))):
            value = b.resize(tag, "i64", False)
        else:
            value = b.iconst("i64", len(layout.discriminants) - 1)
            for number, bits in enumerate(layout.discriminants[:-1]):
                value = b.op("select", "i64", [b.compare("eq", tag, b.iconst(layout.tag, bits)), b.iconst("i64", number), value])
        self.tags[value] = (tag, layout.discriminants)
        return value

    def _len(self, rvalue: mir.Len, ty: Ty) -> int:
        return self.locals.length(rvalue.place)

    def _size_of(self, rvalue: mir.SizeOf, ty: Ty) -> int:
        layouts = self.b.layouts
        if rvalue.what == "offsetof":
            value = layouts.fields(rvalue.of)[rvalue.field]
        else:
            value = layouts.size_align(rvalue.of)[rvalue.what == "alignof"]
        return self.b.iconst(layouts.scalar(ty), value)

    # --- memory

    def _use_into(self, rvalue: mir.Use, to: Address, ty: Ty, place: mir.Place) -> None:
        self.operands.into(rvalue.operand, to)

    def _ref_into(self, rvalue: mir.Ref, to: Address, ty: Ty, place: mir.Place) -> None:
        """A fat reference: of a slice again."""
        self.b.copy_bytes(to, self.locals.pair(rvalue.place), ty)

    def _cast_into(self, rvalue: mir.Cast, to: Address, ty: Ty, place: mir.Place) -> None:
        b = self.b
        kind = rvalue.kind
        if kind == "array_to_slice" or kind == "list_to_slice":
            source = self.operands.type_of(rvalue.operand)
            target = source.target  # type: ignore[attr-defined]
            pointer = self.operands.scalar(rvalue.operand)
            if type(target) is t.ArrayTy:
                length = b.iconst("i64", target.length.value)  # type: ignore[attr-defined]
            else:
                length = b.load("i64", pointer, 8)
                pointer = b.load("ptr", pointer, 0)
            b.store(pointer, to[0], to[1])
            b.store(length, to[0], to[1] + 8)
        else:
            self.operands.into(rvalue.operand, to)

    def _aggregate_into(self, rvalue: mir.Aggregate, to: Address, ty: Ty, place: mir.Place) -> None:
        """Fields are written one by one, so none may be read from where they go."""
        if any(self._may_overlap(operand, place) for operand in rvalue.operands):
            temp = (self.b.temp(ty), 0)
            self._fields(rvalue, temp, ty)
            self.b.copy_bytes(to, temp, ty)
        else:
            self._fields(rvalue, to, ty)

    def _may_overlap(self, operand: mir.Operand, place: mir.Place) -> bool:
        cls = type(operand)
        if cls is not mir.Copy and cls is not mir.Move:
            return False
        source: mir.Place = operand.place  # type: ignore[union-attr]
        if source.local == place.local:
            return bool(self.locals.in_memory[place.local]) or bool(source.proj)
        through = any(type(p) is mir.Deref for p in source.proj)
        if not through:
            return source.local in self.locals.addressed and any(type(p) is mir.Deref for p in place.proj)
        return place.local in self.locals.addressed or any(type(p) is mir.Deref for p in place.proj)

    def _fields(self, rvalue: mir.Aggregate, to: Address, ty: Ty) -> None:
        b = self.b
        base, off = to
        operands = rvalue.operands
        if type(ty) is t.ArrayTy:
            size = b.layouts.size(ty.elem)
            for i, operand in enumerate(operands):
                self.operands.into(operand, (base, off + i * size))
            return
        if b.layouts.kind(ty) == "pick":
            layout = b.layouts.pick(ty)
            offsets = layout.cases[rvalue.variant]
            if layout.tag:
                b.store(b.iconst(layout.tag, layout.discriminants[rvalue.variant]), base, off)
            elif rvalue.variant == layout.niche:
                b.store(b.null(), base, off)
        else:
            offsets = b.layouts.fields(ty)
        if b.layouts.kind(ty) == "union":
            if operands:
                self.operands.into(operands[0], to)
            return
        for operand, offset in zip(operands, offsets, strict=True):
            self.operands.into(operand, (base, off + offset))

    def _repeat_into(self, rvalue: mir.Repeat, to: Address, ty: Ty, place: mir.Place) -> None:
        b = self.b
        assert isinstance(ty, t.ArrayTy) and isinstance(ty.length, t.ConstTy)
        count, elem = ty.length.value, ty.elem
        scalar = b.layouts.scalar(elem)
        size = b.layouts.size(elem)
        base = b.pointer(to)
        if scalar:
            value = self.operands.scalar(rvalue.operand)
            if count > UNROLLED and (scalar == "i8" or b.known.get(value) == 0):
                byte = value if scalar == "i8" else b.iconst("i8", 0)
                b.effect("memset.n", [base, byte, b.iconst("i64", count * size)])
            elif count <= UNROLLED:
                for i in range(count):
                    b.store(value, base, i * size)
            else:
                loop = b.loop(b.iconst("i64", count))
                step = b.op("mul", "i64", [loop.index, b.iconst("i64", size)])
                b.store(value, b.op("ptr_add", "ptr", [base, step]))
                b.end_loop(loop)
            return
        self._repeat_memory(rvalue.operand, base, elem, count)

    def _repeat_memory(self, operand: mir.Operand, base: int, elem: Ty, count: int) -> None:
        """The first element takes the operand, the rest are copies of it, counted."""
        b = self.b
        if not count:
            return
        size = b.layouts.size(elem)
        self.operands.into(operand, (base, 0))
        if count > 1:
            loop = b.loop(b.iconst("i64", count - 1))
            at = b.op("ptr_add", "ptr", [base, b.op("mul", "i64", [loop.index, b.iconst("i64", size)])])
            b.effect("memcpy", [b.pointer((at, size)), base], size)
            b.end_loop(loop)
            retain_array(b, base, elem, b.iconst("i64", 1), b.iconst("i64", count))
