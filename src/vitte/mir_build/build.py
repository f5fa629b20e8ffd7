"""One body from THIR to BUILT MIR: parameters, the value, the end; and what may be moved out of a place."""

from __future__ import annotations

from vitte.base.source import Span
from vitte.ir import impls, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.paths import last_name
from vitte.ir.types import Ty, show
from vitte.mir_build import errors
from vitte.mir_build.control import Builder
from vitte.mir_build.core import DEREF
from vitte.mir_build.facts import Unit, elem_ty, target_ty
from vitte.mir_build.moves import why_moves


class BodyBuilder(Builder):
    """Builds one instance of a body."""

    def build(self) -> None:
        """Build the body's blocks; `finish` makes a `mir.Body` of them."""
        body = self.body
        self.locals.append(mir.LocalDecl(self.ty(body.result)))
        for param in body.params:
            self.add_param(param)
        for param in body.params:
            if param.pat is not None:
                place = self.places[param.local]
                assert place is not None
                for local in self.bind_pattern(param.pat, place):
                    self.schedule(local)
        value = body.value
        result = self.locals[0].ty
        if value.ty is t.NEVER or result is t.UNIT or result is t.NEVER:
            self.discard(value)
        else:
            self.into(Place(0), value)
        self.pop(0)
        if self.terms[self.bb] is None:
            self.terms[self.bb] = mir.Unreachable() if value.ty is t.NEVER else mir.Return()

    def add_param(self, param: thir.Param) -> None:
        decl = self.body.locals[param.local]
        ty = self.ty(decl.ty)
        local = len(self.locals)
        mode = param.mode
        passed = ty
        place = Place(local)
        if mode == "lend" and self.unit.light(ty):
            self.lent[local] = "value"
        elif mode != "own":
            passed = t.ref_ty(ty, mode == "mut")
            place = Place(local, (DEREF,))
            self.lent[local] = mode
        self.locals.append(mir.LocalDecl(passed, decl.name, decl.span, decl.mutable))
        self.places[param.local] = place
        if mode == "own":
            self.schedule(local, ty)

    # --- what may be moved ------------------------------------------------------------------------------------------

    def may_move(self, place: Place, ty: Ty, span: Span) -> bool:
        """Whether a value may be moved out of `place`; if not, this says why."""
        proj = place.proj
        if not proj:
            return True
        at: Ty = self.locals[place.local].ty
        d = self.unit.ctx.diagnostics
        defs = self.unit.defs
        for i, step in enumerate(proj):
            cls = type(step)
            if cls is mir.Deref:
                if type(at) is not t.AdtTy:
                    in_pattern = self.in_pattern(span)
                    name = self.describe(place) if in_pattern else self.written(span, place)
                    why = why_moves(self.ty(ty), defs)
                    if i == 0 and place.local in self.lent:
                        decl = self.locals[place.local]
                        errors.out_of_lent(d, name, decl.name or "it", span, decl.span, why, in_pattern)
                    elif i == 0 and place.local in self.statics:
                        errors.out_of_static(d, last_name(self.statics[place.local]), span, why)
                    else:
                        errors.out_of_reference(d, name, span, why, in_pattern)
                    return False
                at = target_ty(at)
            elif cls is mir.Field:
                if self.unit.has_drop_impl(at):
                    errors.out_of_drop(d, self.describe(place), show(at), span, why_moves(self.ty(ty), defs))
                    return False
                at = step.ty  # type: ignore[union-attr]
            elif cls is not mir.Downcast:
                if type(at) is not t.ArrayTy or cls is mir.Index:
                    base = self.describe(Place(place.local, proj[:i]))
                    errors.out_of_element(d, base, span, why_moves(self.ty(ty), defs), self.in_pattern(span))
                    return False
                at = elem_ty(at)
        return True

    def in_pattern(self, span: Span) -> bool:
        """Whether the move is made by a pattern: its span is where a variable is declared."""
        return any(decl.span == span for decl in self.body.locals)


def build_body(unit: Unit, body: thir.Body, instance: Instance, checking: bool) -> BodyBuilder:
    """A body in blocks, by the builder that knows its moves, drops and spans. `checking`: report illegal moves."""
    bounds: impls.Bounds = ()
    if body.generic_count:
        item = unit.defs.procs.get(body.path) or unit.defs.consts.get(body.path)
        if item is not None:
            bounds = impls.bounds_of(item.generics, unit.defs)
    builder = BodyBuilder(unit, body, instance, checking, bounds)
    builder.build()
    return builder
