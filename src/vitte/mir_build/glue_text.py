"""Debug text: `Point { x: 1, y: 2 }`, `Circle(1, 2)`, `(1, 2)`, `[1, 2]`, written into a buffer."""

from __future__ import annotations

from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.defs import VariantDef
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.types import Ty
from vitte.mir_build.core import DEREF
from vitte.mir_build.facts import elem_ty
from vitte.mir_build.glue import Elems, Glue


class DebugGlue(Glue):
    """`(self, mut out: Buffer)`."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(self.of, "lend"), (t.adt_ty(lang.BUFFER), "mut")], t.UNIT

    def emit(self) -> None:
        ty, place = self.of, self.param_places[0]
        if type(ty) is t.TupleTy:
            self.sequence("(", [(None, p) for p in self.fields(place, ty)], ",)" if len(ty.elems) == 1 else ")")
        elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
            self.elements(place, ty)
        elif type(ty) is t.RefTy:
            self.value(Place(place.local, (DEREF,)), ty.target)
        elif type(ty) is t.AdtTy:
            self.nominal(place, ty)
        else:
            self.push("<proc>" if type(ty) is t.ProcTy else "<pointer>" if type(ty) is t.PtrTy else ty.text)

    def nominal(self, place: Place, ty: t.AdtTy) -> None:
        adt = self.unit.adt(ty)
        if adt.kind == "pick":
            join = self.new_block()
            for variant, bb in self.by_variant(place, ty):
                self.start(bb)
                self.case(adt.variants[variant], self.fields(place, ty, variant))
                self.goto(join)
            self.start(join)
        elif adt.kind == "form":
            names = [f.name for f in adt.variants[0].fields]
            if not names:
                self.push(adt.name)
                return
            parts = list(zip(names, self.fields(place, ty)))
            self.sequence(f"{adt.name} {{ ", [(n, p) for n, p in parts], " }")
        elif adt.kind in ("flags", "bits"):
            repr_ty = adt.repr or t.U64
            word = self.assign_temp(repr_ty, mir.Cast("same", mir.Copy(place), repr_ty))
            self.sequence(f"{adt.name}(", [(None, (Place(word), repr_ty))], ")")
        else:
            self.push(f"{adt.name} {{ .. }}")

    def case(self, variant: VariantDef, fields: Elems) -> None:
        if not fields:
            self.push(variant.name)
            return
        names: list[str | None] = [f.name if variant.has_names else None for f in variant.fields]
        self.sequence(f"{variant.name}(", list(zip(names, fields)), ")")

    def sequence(self, before: str, parts: list[tuple[str | None, tuple[Place, Ty]]], after: str) -> None:
        text = before
        for i, (name, (place, ty)) in enumerate(parts):
            if i:
                text += ", "
            self.push(f"{text}{name}: " if name is not None else text)
            self.value(place, ty)
            text = ""
        self.push(text + after)

    def elements(self, place: Place, ty: Ty) -> None:
        self.push("[")
        loop = self.each_index(self.length(place, ty))
        comma, on = self.new_block(), self.new_block()
        self.switch(mir.Copy(Place(loop[0])), [0], [on], comma)
        self.start(comma)
        self.push(", ")
        self.goto(on)
        self.start(on)
        self.value(Place(place.local, (*place.proj, mir.Index(loop[0]))), elem_ty(ty))
        self.next_index(loop)
        self.push("]")

    def push(self, text: str) -> None:
        if text:
            literal = Place(self.assign_temp(t.STRING, mir.Use(mir.ConstText(t.STRING, text))))
            operands = [self.lend(self.param_places[1], t.adt_ty(lang.BUFFER), True), self.lend(literal, t.STRING)]
            self.call(self.nowhere(), self.unit.use(Instance(lang.BUFFER_PUSH)), operands)

    def value(self, place: Place, ty: Ty) -> None:
        callee = self.method(lang.TRAIT_DEBUG, "debug_to", ty)
        if callee == self.instance and not isinstance(ty, (t.AdtTy, t.TupleTy, t.ArrayTy, t.SliceTy, t.RefTy)):
            self.push(ty.text)
            return
        self.call(self.nowhere(), callee, [self.lend(place, ty), self.lend(self.param_places[1], t.adt_ty(lang.BUFFER), True)])
