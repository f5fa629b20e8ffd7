"""How types lie in memory: sizes, alignments, offsets, discriminants.

- Numbers have their own size as alignment (`i128` 16); `bool` is one byte, 0 or 1; `rune` four. Pointers are the target's.
- A reference or raw pointer to a slice is *fat*: (pointer, length i64). `string` and `bytes` are (pointer, length i64, owner pointer).
- Fields of forms and tuples are ordered by decreasing alignment (declaration order among equals), unless the form is `#[repr(C)]` or
  one whose fields the compiler itself touches (`IN_ORDER`).
- A pick has its discriminant first, in the smallest integer that holds every value (signed when one is negative) unless a repr says
  which; the payload of each case follows by increasing alignment, which wastes least after a small discriminant.
- *Niche*: a pick of one case without payload and one whose only field is a reference, box or proc has no discriminant: the pointer at
  offset 0 is null for the former.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.ir import types as t
from vitte.ir.defs import AdtDef, Definitions
from vitte.ir.impls import normalize
from vitte.ir.lang import BOX, LIST
from vitte.ir.ownership import field_types
from vitte.ir.types import Ty

if TYPE_CHECKING:
    from vitte.driver.target import Target

IN_ORDER = (LIST, BOX)
"""Forms that keep their declared order because generated code reads their fields."""

STR_PTR, STR_LEN, STR_OWNER = 0, 8, 16
"""Offsets in a string or bytes value (64-bit targets; the length is an i64 everywhere)."""


class Layout(Struct, frozen=True):
    """Bytes. `fields`: offsets, for tuples, forms and unions."""

    size: int
    align: int
    fields: tuple[int, ...] = ()


class PickLayout(Struct, frozen=True):
    """Bytes. `tag`: SSA type of the discriminant at offset 0, "" when `niche` says which case is the null pointer (else -1).

    `discriminants[i]` is what the tag holds for case i, as the tag's bits unsigned; `is_signed` says how to read it as a number.
    `cases[i]` are the offsets of the fields of case i.
    """

    size: int
    align: int
    tag: str
    is_signed: bool
    niche: int
    discriminants: tuple[int, ...]
    cases: tuple[tuple[int, ...], ...]
    is_fieldless: bool


def _round_up(value: int, align: int) -> int:
    return -(-value // align) * align


def is_fat(ty: Ty) -> bool:
    """Whether a reference or raw pointer is a (pointer, length) pair."""
    return (type(ty) is t.RefTy or type(ty) is t.PtrTy) and type(ty.target) is t.SliceTy


class Layouts:
    """Layouts of concrete types for one target, remembered by type."""

    __slots__ = ("_adts", "_layouts", "_picks", "_scalars", "_sizes", "defs", "pointer")

    def __init__(self, defs: Definitions, target: Target) -> None:
        self.defs = defs
        self.pointer = target.pointer_bytes
        self._sizes: dict[Ty, tuple[int, int]] = {}
        self._scalars: dict[Ty, str] = {}
        self._layouts: dict[Ty, Layout] = {}
        self._picks: dict[Ty, PickLayout] = {}
        self._adts: dict[Ty, list[list[Ty]]] = {}

    # --- questions

    def size_align(self, ty: Ty) -> tuple[int, int]:
        """Size and alignment in bytes; the size is a multiple of the alignment."""
        known = self._sizes.get(ty)
        if known is None:
            known = self._sizes[ty] = self._size_align(ty)
        return known

    def is_known(self, ty: Ty) -> bool:
        """Whether the layout of `ty` was asked for before."""
        return ty in self._sizes or ty in self._layouts or ty in self._picks

    def size(self, ty: Ty) -> int:
        return self.size_align(ty)[0]

    def fields(self, ty: Ty) -> tuple[int, ...]:
        """Offsets of the fields of a tuple, form or union, in declaration order."""
        return self.layout(ty).fields

    def scalar(self, ty: Ty) -> str:
        """The SSA type of values of `ty`, "" for what lives in memory and for what has no size."""
        known = self._scalars.get(ty)
        if known is None:
            known = self._scalars[ty] = self._scalar(ty)
        return known

    def is_signed(self, ty: Ty) -> bool:
        """How a scalar integer-like type reads as a number."""
        if type(ty) is t.IntTy:
            return ty.signed
        if type(ty) is t.AdtTy:
            adt = self.defs.adts[ty.path]
            if adt.kind == "pick":
                return self.pick(ty).is_signed
            return isinstance(adt.repr, t.IntTy) and adt.repr.signed
        return False

    def kind(self, ty: Ty) -> str:
        """`form`, `pick`, `flags`, `bits` or `union` for a nominal type, else ""."""
        return self.defs.adts[ty.path].kind if type(ty) is t.AdtTy else ""

    def parts(self, ty: Ty) -> list[list[Ty]]:
        """Types of the fields, per case; one list for a form, union or tuple."""
        known = self._adts.get(ty)
        if known is None:
            if type(ty) is t.AdtTy:
                adt = self.defs.adts[ty.path]
                known = [[self._plain(f) for f in field_types(adt, i, ty.args)] for i in range(len(adt.variants))]
            else:
                known = [list(ty.elems)] if type(ty) is t.TupleTy else []
            self._adts[ty] = known
        return known

    def layout(self, ty: Ty) -> Layout:
        """Of a tuple, form or union."""
        known = self._layouts.get(ty)
        if known is None:
            known = self._layouts[ty] = self._compound(ty)
        return known

    def pick(self, ty: Ty) -> PickLayout:
        known = self._picks.get(ty)
        if known is None:
            known = self._picks[ty] = self._pick(ty)
        return known

    # --- answers

    def _plain(self, ty: Ty) -> Ty:
        return normalize(ty, self.defs) if ty.flags & t.HAS_PROJECTION else ty

    def _scalar(self, ty: Ty) -> str:
        cls = type(ty)
        if cls is t.IntTy:
            return f"i{self.pointer * 8 if ty.pointer_sized else ty.bits}"  # type: ignore[attr-defined]
        if cls is t.FloatTy:
            return ty.text
        if cls is t.RefTy or cls is t.PtrTy:
            return "" if type(ty.target) is t.SliceTy else "ptr"  # type: ignore[attr-defined]
        if cls is t.ProcTy:
            return "ptr"
        if cls is t.AdtTy:
            adt = self.defs.adts[ty.path]  # type: ignore[attr-defined]
            if adt.kind == "pick":
                pick = self.pick(ty)
                return pick.tag if pick.is_fieldless else ""
            if adt.kind == "flags" or adt.kind == "bits":
                return self._scalar(adt.repr or t.U32)
            return ""
        return "i1" if ty is t.BOOL else "i32" if ty is t.RUNE else ""

    def _size_align(self, ty: Ty) -> tuple[int, int]:
        scalar = self.scalar(ty)
        if scalar:
            size = self.pointer if scalar == "ptr" else _SIZES[scalar]
            return size, size
        cls = type(ty)
        if cls is t.AdtTy and self.defs.adts[ty.path].kind == "pick":  # type: ignore[attr-defined]
            pick = self.pick(ty)
            return pick.size, pick.align
        if cls is t.AdtTy or cls is t.TupleTy:
            layout = self.layout(ty)
            return layout.size, layout.align
        if cls is t.ArrayTy:
            size, align = self.size_align(ty.elem)  # type: ignore[attr-defined]
            return size * ty.length.value, align  # type: ignore[attr-defined]
        if ty is t.STRING or ty is t.BYTES:
            return 24, 8
        if is_fat(ty):
            return 16, 8
        if ty is t.NEVER or cls is t.ErrorTy:
            return 0, 1
        raise TypeError(f"{ty.text} has no size")

    def _compound(self, ty: Ty) -> Layout:
        tys = self.parts(ty)[0]
        if type(ty) is t.AdtTy:
            adt = self.defs.adts[ty.path]
            if adt.kind == "union":
                return self._union(tys)
            if adt.repr_c or ty.path in IN_ORDER:
                return self._place(tys, range(len(tys)), 0)
        aligns = [self.size_align(f)[1] for f in tys]
        return self._place(tys, sorted(range(len(tys)), key=lambda i: -aligns[i]), 0)

    def _union(self, tys: list[Ty]) -> Layout:
        sizes = [self.size_align(f) for f in tys]
        align = max([a for _, a in sizes], default=1)
        return Layout(_round_up(max([s for s, _ in sizes], default=0), align), align, (0,) * len(tys))

    def _place(self, tys: list[Ty], order: Sequence[int], start: int, align: int = 1) -> Layout:
        offsets = [0] * len(tys)
        at = start
        for i in order:
            size, field_align = self.size_align(tys[i])
            at = _round_up(at, field_align)
            offsets[i] = at
            at += size
            align = max(align, field_align)
        return Layout(_round_up(at, align), align, tuple(offsets))

    def _pick(self, ty: Ty) -> PickLayout:
        assert type(ty) is t.AdtTy
        adt = self.defs.adts[ty.path]
        tys = self.parts(ty)
        fieldless = not any(tys)
        empty = self._niche(adt, tys)
        if empty >= 0:
            size, align = self.size_align(tys[1 - empty][0])
            return PickLayout(size, align, "", False, empty, (0, 1), tuple([(0,) * len(f) for f in tys]), False)
        values = discriminants(adt)
        bits, is_signed = self._tag(adt, values)
        size = bits // 8
        cases: list[tuple[int, ...]] = []
        total, align = size, size
        for case in tys:
            aligns = [self.size_align(f)[1] for f in case]
            layout = self._place(case, sorted(range(len(case)), key=aligns.__getitem__), size, size)
            cases.append(layout.fields)
            total, align = max(total, layout.size), max(align, layout.align)
        mask = (1 << bits) - 1
        encoded = tuple([v & mask for v in values])
        return PickLayout(_round_up(total, align), align, f"i{bits}", is_signed, -1, encoded, tuple(cases), fieldless)

    def _niche(self, adt: AdtDef, tys: list[list[Ty]]) -> int:
        """Index of the case that is the null pointer, -1 when there is none."""
        if len(tys) != 2 or adt.repr is not None or sorted([len(f) for f in tys]) != [0, 1]:
            return -1
        empty = 0 if not tys[0] else 1
        payload = tys[1 - empty][0]
        cls = type(payload)
        is_box = cls is t.AdtTy and payload.path == BOX  # type: ignore[attr-defined]
        return empty if cls is t.RefTy or cls is t.ProcTy or is_box else -1

    def _tag(self, adt: AdtDef, values: list[int]) -> tuple[int, bool]:
        if isinstance(adt.repr, t.IntTy):
            return (self.pointer * 8 if adt.repr.pointer_sized else adt.repr.bits), adt.repr.signed
        low, high = min(values, default=0), max(values, default=0)
        for bits in (8, 16, 32, 64):
            if low < 0 and -(1 << (bits - 1)) <= low and high < 1 << (bits - 1):
                return bits, True
            if low >= 0 and high < 1 << bits:
                return bits, False
        return 128, low < 0


_SIZES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "f32": 4, "f64": 8}


def discriminants(adt: AdtDef) -> list[int]:
    """The discriminant of each case as a number; positions when they were not told apart."""
    values = [v.discriminant for v in adt.variants]
    return values if len(set(values)) == len(values) else list(range(len(values)))
