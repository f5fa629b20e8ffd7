"""Expressions: into a place, as a place, as an operand, as an rvalue.

Example: `a[i] + f(b)` gives, in BUILT form,

    _5 = len (*_1)
    check_index copy _2 < copy _5
    _6 = copy (*_1)[_2]
    _7 = &_3
    _8 = call f(copy _7)
    _0 = copy _6 + copy _8

An operand that names a place is read where it is used; when something evaluated in between may write, it is read into a
temporary first, so that evaluation is left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import mir, thir
from vitte.ir import types as t
from vitte.ir.impls import resolve_const
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.mir_build.core import DEREF, UNIT_VALUE, Core
from vitte.mir_build.effects import LEAVES, effect
from vitte.mir_build.facts import MOVE

PLACES = frozenset((thir.Local, thir.Field, thir.Index, thir.Deref, thir.Static))
_ARITHMETIC = frozenset("+-*")


class Exprs(Core):
    """Evaluation of everything that does not branch; calls and literals of built types are in `Calls`."""

    # --- into a place -------------------------------------------------------------------------------------------

    def into(self, dest: Place, e: thir.Expr) -> None:
        cls = type(e)
        rule = INTO.get(cls)
        if rule is not None:
            rule(self, dest, e)
            return
        if e.ty is t.UNIT:
            self.discard(e)
            return
        make = RVALUE.get(cls)
        if make is not None:
            rvalue = make(self, e)
            self.stmts.append(mir.Assign(dest, rvalue, e.span))
        else:
            operand = self.as_operand(e)
            self.stmts.append(mir.Assign(dest, mir.Use(operand), e.span))

    def discard(self, e: thir.Expr) -> None:
        ty = e.ty
        if ty is t.UNIT or ty is t.NEVER:
            if type(e) in INTO:
                INTO[type(e)](self, self.nowhere() if ty is t.UNIT else self.never_place(), e)
            elif type(e) is thir.Cast:
                self.discard(e.value)
            return
        mark = len(self.drops)
        self.as_place(e)
        self.pop(mark)

    # --- as a place ---------------------------------------------------------------------------------------------

    def as_place(self, e: thir.Expr) -> Place:
        rule = _PLACE.get(type(e))
        return rule(self, e) if rule is not None else self.temp_place(e)

    def temp_place(self, e: thir.Expr) -> Place:
        """A temporary that holds the value; dropped at the end of the statement, or of the block when a `let` extends it."""
        if e.ty is t.UNIT:
            self.discard(e)
            return self.nowhere()
        ty = self.ty(e.ty)
        local = self.temp(ty)
        self.into(Place(local), e)
        if self.extended and id(e) in self.extended:
            if self.unit.needs_drop(ty):
                self.drops.insert(self.let_mark, local)
                self.let_mark += 1
        elif type(e) is not thir.Lit and type(e) is not thir.ConstRef:
            self.schedule(local, ty)
        return Place(local)

    def place_local(self, e: thir.Local) -> Place:
        place = self.places[e.local]
        return place if place is not None else Place(self.declare(e.local))

    def place_static(self, e: thir.Static) -> Place:
        const = self.unit.defs.consts.get(e.path)
        ty = t.ref_ty(e.ty, const is not None and const.is_mutable)
        local = self.assign_temp(ty, mir.Use(mir.ConstNamed(ty, e.path)), e.span)
        self.statics[local] = e.path
        return Place(local, (DEREF,))

    def place_field(self, e: thir.Field) -> Place:
        base = self.as_place(e.base)
        ty = e.ty
        return Place(base.local, (*base.proj, mir.Field(e.index, self.ty(ty) if ty.flags else ty)))

    def place_deref(self, e: thir.Deref) -> Place:
        base = self.as_place(e.base)
        return Place(base.local, (*base.proj, DEREF))

    def place_index(self, e: thir.Index) -> Place:
        base = self.as_place(e.base)
        length: mir.Operand | None = None
        index = e.index
        ty = self.ty(e.base.ty)
        if type(ty) is t.ArrayTy and type(ty.length) is t.ConstTy:
            count = ty.length.value
            if type(index) is thir.Lit and 0 <= index.value < count:  # type: ignore[operator]
                return Place(base.local, (*base.proj, mir.ConstIndex(index.value)))  # type: ignore[arg-type]
            length = mir.Const(t.INT, count)
        local = self.indexes.pop(id(index), -1)
        if local < 0:
            op = self.as_operand(index)
            if type(op) is mir.Copy and not op.place.proj:
                local = op.place.local
            else:
                local = self.assign_temp(t.INT, mir.Use(op), index.span)
        if length is None:
            length = mir.Copy(Place(self.assign_temp(t.INT, mir.Len(base), e.span)))
        self.stmts.append(mir.CheckIndex(mir.Copy(Place(local)), length, False, e.span))
        return Place(base.local, (*base.proj, mir.Index(local)))

    def evaluate_indexes(self, target: thir.Expr, value: thir.Expr) -> None:
        """Evaluate the indexes of a place to be set before the value, where one could notice: from left to right. They are checked later,
        when the value is complete."""
        if type(target) is thir.Local:
            return
        chain: list[thir.Expr] = []
        at: thir.Expr = target
        while type(at) in PLACES and type(at) is not thir.Local and type(at) is not thir.Static:
            if type(at) is thir.Index:
                chain.append(at.index)
            at = at.base  # type: ignore[union-attr,assignment]
        if not chain:
            return
        after = effect(value)
        for index in reversed(chain):
            if type(index) is not thir.Lit and (after or effect(index)):
                op = self.as_operand(index)
                self.indexes[id(index)] = self.assign_temp(t.INT, mir.Use(op), index.span)

    # --- as an operand --------------------------------------------------------------------------------------------

    def as_operand(self, e: thir.Expr) -> mir.Operand:
        cls = type(e)
        if cls is thir.Local:
            place = self.places[e.local]  # type: ignore[union-attr]
            if e.ty is t.UNIT:
                return UNIT_VALUE
            return self.consume(place or Place(self.declare(e.local)), e.ty, e.span)  # type: ignore[union-attr]
        rule = OPERAND.get(cls)
        if rule is not None:
            return rule(self, e)  # type: ignore[no-any-return]
        ty = e.ty
        if ty.flags:
            ty = self.ty(ty)
        make = RVALUE.get(cls)
        if make is not None:
            rvalue = make(self, e)
            local = self.temp(ty)
            self.stmts.append(mir.Assign(Place(local), rvalue, e.span))
            return mir.Copy(Place(local)) if cls is thir.Binary else self.temp_operand(local, e.ty)
        if ty is t.UNIT:
            self.discard(e)
            return UNIT_VALUE
        local = self.temp(ty)
        into = INTO.get(cls)
        if into is not None:
            into(self, Place(local), e)
        else:
            self.into(Place(local), e)
        return self.temp_operand(local, e.ty)

    def as_operands(self, exprs: list[thir.Expr]) -> list[mir.Operand]:
        """Values of several expressions, left to right."""
        if len(exprs) == 1:
            return [self.as_operand(exprs[0])]
        later = self.later_effects(exprs)
        return [self.settle(self.as_operand(e), e, after) for e, after in zip(exprs, later)]

    def later_effects(self, exprs: list[thir.Expr]) -> list[int]:
        """For each expression the greatest effect of those after it."""
        later = [0] * len(exprs)
        worst = 0
        for i in range(len(exprs) - 1, -1, -1):
            later[i] = worst
            if worst < LEAVES and i:
                worst = max(worst, effect(exprs[i]))
        return later

    def settle(self, op: mir.Operand, e: thir.Expr, after: int) -> mir.Operand:
        """Make an operand that holds until it is used, `after` being the effect of what is evaluated in between."""
        if not after:
            return op
        cls = type(op)
        if cls is mir.Copy and type(e) in PLACES:
            ty = self.ty(e.ty)
            local = self.assign_temp(ty, mir.Use(op), e.span)
            if after == LEAVES:
                self.schedule(local, ty)
            return self.temp_operand(local, e.ty)
        if cls is mir.Move:
            ty = self.ty(e.ty)
            local = op.place.local  # type: ignore[union-attr]
            if type(e) in PLACES or type(e) is thir.Move:
                local = self.assign_temp(ty, mir.Use(op), e.span)
                op = mir.Move(Place(local))
                self.moved.add(local)
            if after == LEAVES:
                self.schedule(local, ty)
        return op

    def operand_place(self, e: thir.Expr) -> mir.Operand:
        if e.ty is t.UNIT:
            self.as_place(e)
            return UNIT_VALUE
        return self.consume(self.as_place(e), e.ty, e.span)

    def operand_lit(self, e: thir.Lit) -> mir.Operand:
        value = e.value
        ty = self.ty(e.ty)
        if type(value) is str:
            return mir.ConstText(ty, value)
        return mir.Const(ty, value)  # type: ignore[arg-type]

    def operand_const(self, e: thir.ConstRef) -> mir.Operand:
        path, args = e.path, tuple([self.ty(a) for a in e.args])
        if args and not self.is_generic:
            path, args = resolve_const(self.unit.defs, path, args)
        ty = self.ty(e.ty)
        if not args:
            const = self.unit.defs.consts.get(path)
            if const is not None and const.int_value is not None and (type(ty) is t.IntTy or ty is t.BOOL or ty is t.RUNE):
                return mir.Const(ty, const.int_value)
        if args and not self.is_generic:
            # A constant of a generic impl, or of a trait, has one value for each set of arguments: its initialiser is called.
            value = self.temp(ty)
            self.stmts.append(mir.Call(Place(value), self.unit.use(Instance(path, args)), [], e.span))
            return self.temp_operand(value, e.ty)
        return mir.ConstNamed(ty, path, args)

    def operand_const_param(self, e: thir.ConstParam) -> mir.Operand:
        value = self.ty(e.param)
        if type(value) is t.ConstTy:
            return mir.Const(e.ty, value.value)
        return mir.ConstNamed(e.ty, "", (value,))

    def operand_here(self, e: thir.Here) -> mir.Operand:
        return mir.Here(e.ty, e.span)

    def operand_proc(self, e: thir.ProcRef) -> mir.Operand:
        args = tuple([self.ty(a) for a in e.args])
        instance = Instance(e.path, args) if self.is_generic else self.unit.instance(e.path, args)
        return mir.ProcAddr(self.ty(e.ty), instance)

    def operand_move(self, e: thir.Move) -> mir.Operand:
        place = e.place
        if type(place) not in PLACES:
            return self.as_operand(place)
        return self.consume(self.as_place(place), place.ty, e.span, True)

    # --- as an rvalue -----------------------------------------------------------------------------------------------

    def rvalue_binary(self, e: thir.Binary) -> mir.Rvalue:
        left = self.as_operand(e.left)
        if type(e.left) in PLACES:
            after = effect(e.right)
            if after:
                left = self.settle(left, e.left, after)
        right = self.as_operand(e.right)
        op = e.op
        return mir.Binary(op, left, right, self.unit.overflow or op not in _ARITHMETIC)

    def rvalue_unary(self, e: thir.Unary) -> mir.Rvalue:
        return mir.Unary(e.op, self.as_operand(e.operand), self.unit.overflow or e.op != "-")

    def rvalue_borrow(self, e: thir.Borrow) -> mir.Rvalue:
        return mir.Ref(self.as_place(e.place), e.mutable, e.raw)

    def rvalue_size_of(self, e: thir.SizeOf) -> mir.Rvalue:
        return mir.SizeOf(e.what, self.ty(e.of), e.field)

    def rvalue_cast(self, e: thir.Cast) -> mir.Rvalue:
        ty = self.ty(e.ty)
        if e.kind == "reborrow":
            base = self.as_place(e.value)
            return mir.Ref(Place(base.local, (*base.proj, DEREF)), False)
        if type(e.value) in PLACES and type(e.value.ty) is t.RefTy:
            op = self.reborrow(e.value)
        elif type(e.value.ty) is t.AdtTy and type(ty) is t.IntTy and self.kind(e.value.ty) == MOVE:
            op = mir.Copy(self.as_place(e.value), True)  # the number of a case: looked at, not taken
        else:
            op = self.as_operand(e.value)
        if self.ty(e.value.ty) is ty:
            return mir.Use(op)
        return mir.Cast(e.kind, op, ty)

    def reborrow(self, e: thir.Expr) -> mir.Operand:
        """A reference as a value: an exclusive one is lent on, not moved."""
        ty = e.ty
        if type(ty) is t.RefTy and ty.mutable and type(e) in PLACES:
            base = self.as_place(e)
            return mir.Move(Place(self.assign_temp(self.ty(ty), mir.Ref(Place(base.local, (*base.proj, DEREF)), True), e.span)))
        return self.as_operand(e)

    def into_cast(self, dest: Place, e: thir.Cast) -> None:
        if e.kind == "never":
            self.discard(e.value)
            self.end(mir.Unreachable())
        else:
            rvalue = self.rvalue_cast(e)
            self.stmts.append(mir.Assign(dest, rvalue, e.span))

    # --- assignments --------------------------------------------------------------------------------------------------

    def into_assign(self, dest: Place, e: thir.Assign) -> None:
        """The value is complete before the old one is dropped and the place written. Scalars go straight to the place."""
        target = e.place
        ty = self.ty(target.ty)
        if ty is t.UNIT:
            self.discard(e.value)
            return
        mark = len(self.drops)
        self.evaluate_indexes(target, e.value)
        if not self.unit.needs_drop(ty):
            if self.unit.light(ty) and type(target) is thir.Local and type(e.value) not in RVALUE:
                # A scalar is written last, when its value is complete.
                self.into(self.as_place(target), e.value)
            elif self.unit.light(ty) or type(e.value) in PLACES:
                make = RVALUE.get(type(e.value))
                rvalue = make(self, e.value) if make is not None else mir.Use(self.as_operand(e.value))
                place = self.as_place(target)
                self.stmts.append(mir.Assign(place, rvalue, e.span))
            else:
                op = self.as_operand(e.value)
                place = self.as_place(target)
                self.stmts.append(mir.Assign(place, mir.Use(op), e.span))
        else:
            op = self.as_operand(e.value)
            if type(e.value) in PLACES or type(e.value) is thir.Move:
                local = self.assign_temp(ty, mir.Use(op), e.span)
                op = mir.Move(Place(local))
                self.moved.add(local)
            place = self.as_place(target)
            self.dropped.add(place.local)
            self.stmts.append(mir.Drop(place, e.span))
            self.stmts.append(mir.Assign(place, mir.Use(op), e.span))
        self.pop(mark)

    def into_assign_op(self, dest: Place, e: thir.AssignOp) -> None:
        mark = len(self.drops)
        self.evaluate_indexes(e.place, e.value)
        value = self.as_operand(e.value)
        place = self.as_place(e.place)
        checked = self.unit.overflow or e.op not in _ARITHMETIC
        self.stmts.append(mir.Assign(place, mir.Binary(e.op, mir.Copy(place), value, checked), e.span))
        self.pop(mark)


_Rule = Callable[..., Any]
_PLACE: dict[type, _Rule] = {
    thir.Local: Exprs.place_local,
    thir.Static: Exprs.place_static,
    thir.Field: Exprs.place_field,
    thir.Index: Exprs.place_index,
    thir.Deref: Exprs.place_deref,
}
OPERAND: dict[type, _Rule] = {
    thir.Field: Exprs.operand_place,
    thir.Index: Exprs.operand_place,
    thir.Deref: Exprs.operand_place,
    thir.Static: Exprs.operand_place,
    thir.Lit: Exprs.operand_lit,
    thir.ConstRef: Exprs.operand_const,
    thir.ConstParam: Exprs.operand_const_param,
    thir.Here: Exprs.operand_here,
    thir.ProcRef: Exprs.operand_proc,
    thir.Move: Exprs.operand_move,
}
RVALUE: dict[type, _Rule] = {
    thir.Binary: Exprs.rvalue_binary,
    thir.Unary: Exprs.rvalue_unary,
    thir.Borrow: Exprs.rvalue_borrow,
    thir.SizeOf: Exprs.rvalue_size_of,
}
INTO: dict[type, _Rule] = {
    thir.Cast: Exprs.into_cast,
    thir.Assign: Exprs.into_assign,
    thir.AssignOp: Exprs.into_assign_op,
}
"""Rules of classes above (`Calls`, `Control`) are added by their modules."""
