"""Where the locals of a body live: values, stack slots, or the memory of parameters; addresses of places."""

from __future__ import annotations

from vitte.ir import mir
from vitte.ir import types as t
from vitte.ir.lang import BOX
from vitte.ir.types import Ty
from vitte.ssa_build.builder import Address, Builder
from vitte.ssa_build.unit import Unit
from vitte.ssa_build.variables import Variables


class Locals:
    """`tys[n]`, `scalars[n]` of local n. `homes[n]`: the address of its memory, for those that have one (made when first needed)."""

    __slots__ = ("addressed", "b", "body", "homes", "in_memory", "scalars", "tys", "unit", "variables")

    def __init__(self, b: Builder, body: mir.Body, variables: Variables, keep_in_memory: bool) -> None:
        self.b = b
        self.unit: Unit = b.unit
        self.body = body
        self.variables = variables
        scalar = b.layouts.scalar
        self.tys: list[Ty] = [decl.ty for decl in body.locals]
        self.scalars: list[str] = [scalar(ty) for ty in self.tys]
        self.addressed = addressed_locals(body)
        self.homes: dict[int, int] = {}
        self.in_memory: list[bool] = [
            not s or n in self.addressed or (keep_in_memory and bool(body.locals[n].name)) for n, s in enumerate(self.scalars)
        ]

    def read(self, local: int) -> int:
        """The value of a scalar local."""
        if self.in_memory[local]:
            return self.b.load(self.scalars[local], self.home(local))
        return self.variables.read(local)

    def write(self, local: int, value: int) -> None:
        """Set a scalar local."""
        if self.in_memory[local]:
            self.b.store(value, self.home(local))
        else:
            self.variables.write(local, value)

    def home(self, local: int) -> int:
        """The address of a local that lives in memory."""
        found = self.homes.get(local)
        if found is None:
            size, align = self.b.layouts.size_align(self.tys[local])
            found = self.homes[local] = self.b.slot(size, align, self.body.locals[local].name)
        return found

    def place(self, place: mir.Place) -> tuple[int, int, Ty]:
        """(pointer, offset, type) of a place in memory. Of a slice, the pointer is that of its elements."""
        b = self.b
        local = place.local
        ty = self.tys[local]
        proj = place.proj
        off = 0
        start = 0
        if self.in_memory[local]:
            base = self.home(local)
        else:
            base = self.variables.read(local)
            ty = ty.target  # type: ignore[attr-defined]
            start = 1  # a value in a register is followed before anything else
        variant = -1
        for at in range(start, len(proj)):
            p = proj[at]
            cls = type(p)
            if cls is mir.Field:
                if variant >= 0:
                    off += b.layouts.pick(ty).cases[variant][p.index]  # type: ignore[union-attr]
                    variant = -1
                else:
                    off += b.layouts.layout(ty).fields[p.index]  # type: ignore[union-attr]
                ty = p.ty  # type: ignore[union-attr]
            elif cls is mir.Deref:
                base, off = b.load("ptr", base, off), 0
                if type(ty) is t.AdtTy and ty.path == BOX:
                    ty = ty.args[0]
                else:
                    ty = ty.target  # type: ignore[attr-defined]
            elif cls is mir.Downcast:
                variant = p.variant  # type: ignore[union-attr]
            elif cls is mir.Index:
                base, off, ty = self._index(base, off, ty, p)  # type: ignore[arg-type]
            else:
                base, off, ty = self._const_index(base, off, ty, mir.Place(local, proj[:at]), p)  # type: ignore[arg-type]
        return base, off, ty

    def _elements(self, base: int, off: int, ty: Ty) -> tuple[int, int, Ty]:
        """Address of the first element, and the element's type."""
        if type(ty) is t.ArrayTy:
            return base, off, ty.elem
        if type(ty) is t.SliceTy:
            return base, off, ty.elem
        if type(ty) is t.AdtTy:  # a list: its first field
            return self.b.load("ptr", base, off), 0, ty.args[0]
        return self.b.load("ptr", base, off), 0, t.U8

    def _index(self, base: int, off: int, ty: Ty, p: mir.Index) -> tuple[int, int, Ty]:
        b = self.b
        base, off, elem = self._elements(base, off, ty)
        index = self.read(p.local)
        size = b.layouts.size(elem)
        if index in b.known:
            return base, off + b.known[index] * size, elem
        if size == 0:
            return base, off, elem
        step = index if size == 1 else b.op("mul", "i64", [index, b.iconst("i64", size)])
        return b.op("ptr_add", "ptr", [base, step]), off, elem

    def _const_index(self, base: int, off: int, ty: Ty, whole: mir.Place, p: mir.ConstIndex) -> tuple[int, int, Ty]:
        b = self.b
        if not p.from_end:
            base, off, elem = self._elements(base, off, ty)
            return base, off + p.index * b.layouts.size(elem), elem
        if type(ty) is t.ArrayTy:
            return base, off + (ty.length.value - p.index) * b.layouts.size(ty.elem), ty.elem  # type: ignore[attr-defined]
        length = self.length(whole)
        base, off, elem = self._elements(base, off, ty)
        index = b.op("sub", "i64", [length, b.iconst("i64", p.index)])
        return b.op("ptr_add", "ptr", [base, b.op("mul", "i64", [index, b.iconst("i64", b.layouts.size(elem))])]), off, elem

    def pair(self, place: mir.Place) -> Address:
        """Where the (pointer, length) pair lies of a slice place, which ends in a Deref."""
        base, off, _ = self.place(mir.Place(place.local, place.proj[:-1]))
        return base, off

    def is_slice(self, place: mir.Place) -> bool:
        """Whether a place is a slice: behind the Deref of a fat reference."""
        return bool(place.proj) and type(place.proj[-1]) is mir.Deref and type(self.type_of(place)) is t.SliceTy

    def length(self, place: mir.Place) -> int:
        """Number of elements or bytes, an i64."""
        b = self.b
        ty = self.type_of(place)
        if type(ty) is t.ArrayTy:
            return b.iconst("i64", ty.length.value)  # type: ignore[attr-defined]
        if type(ty) is t.SliceTy:
            base, off = self.pair(place)
            return b.load("i64", base, off + 8)
        base, off, _ = self.place(place)
        return b.load("i64", base, off + 8)  # lists, strings and bytes have (pointer, length, ...)

    def type_of(self, place: mir.Place) -> Ty:
        ty = self.tys[place.local]
        for p in place.proj:
            cls = type(p)
            if cls is mir.Field:
                ty = p.ty  # type: ignore[union-attr]
            elif cls is mir.Deref:
                ty = ty.args[0] if type(ty) is t.AdtTy else ty.target  # type: ignore[attr-defined]
            elif cls is not mir.Downcast:
                ty = ty.elem if type(ty) in (t.ArrayTy, t.SliceTy) else ty.args[0] if type(ty) is t.AdtTy else t.U8  # type: ignore[attr-defined]
        return ty


def addressed_locals(body: mir.Body) -> set[int]:
    """Locals of which an address is taken, as dropping does, or a part is named: they need memory."""
    found: set[int] = set()
    for bb in body.blocks:
        for stmt in bb.stmts:
            cls = type(stmt)
            if cls is mir.Assign:
                rvalue = stmt.rvalue  # type: ignore[union-attr]
                if type(rvalue) is mir.Ref:
                    place = rvalue.place
                    for p in place.proj:
                        if type(p) is mir.Deref:
                            break
                    else:
                        found.add(place.local)
            elif cls is mir.Drop and not stmt.place.proj:  # type: ignore[union-attr]
                found.add(stmt.place.local)  # type: ignore[union-attr]
    return found
