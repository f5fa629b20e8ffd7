"""Calls, and the values that are made by calls or from parts: tuples, arrays, lists, forms, cases, boxes.

Arguments travel as `abi` says. The order is that of the source; a lent argument that is no place is a temporary of the statement.
"""

from __future__ import annotations

from vitte.base.source import Span, span_end, span_start
from vitte.ir import lang, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.types import Ty
from vitte.mir_build import errors
from vitte.mir_build.core import DEREF, UNIT_VALUE
from vitte.mir_build.effects import LEAVES, effect
from vitte.mir_build.exprs import INTO, PLACES, Exprs
from vitte.mir_build.facts import MOVE

_FOLDED = frozenset(("needs_drop", "is_plain"))


class Calls(Exprs):
    """What calls something, and what is put together from operands."""

    # --- calls --------------------------------------------------------------------------------------------------

    def into_call(self, dest: Place, e: thir.Call) -> None:
        proc = self.unit.defs.procs.get(e.path)
        args = e.args
        if e.ty is t.NEVER:
            dest = self.never_place()
        if args:
            args = tuple([self.ty(a) for a in args])
        if proc is not None and proc.intrinsic:
            self.intrinsic(dest, proc.intrinsic, args, e)
            return
        operands = self.arguments(e.arguments, proc is not None and proc.abi == "C")
        callee = Instance(e.path, args) if self.is_generic and args else self.unit.instance(e.path, args)
        self.stmts.append(mir.Call(dest, callee, operands, e.span))
        if e.ty is t.NEVER:
            self.end(mir.Unreachable())

    def into_call_value(self, dest: Place, e: thir.CallValue) -> None:
        callee = self.as_operand(e.callee)
        callee = self.settle(callee, e.callee, max([effect(a.value) for a in e.arguments], default=0))
        operands = self.arguments(e.arguments, False)
        self.stmts.append(mir.Call(dest if e.ty is not t.NEVER else self.never_place(), callee, operands, e.span))
        if e.ty is t.NEVER:
            self.end(mir.Unreachable())

    def arguments(self, arguments: list[thir.Arg], by_value: bool) -> list[mir.Operand]:
        """Operands for arguments in their modes. `by_value`: lend everything by value (C's convention)."""
        if not arguments:
            return []
        later = self.later_effects([a.value for a in arguments]) if len(arguments) > 1 else [0]
        out: list[mir.Operand] = []
        shared: list[tuple[str, Place, thir.Expr, int]] = []
        light = self.unit.light
        for arg, after in zip(arguments, later):
            value = arg.value
            mode = arg.mode
            if mode == "own":
                op = self.reborrow(value) if type(value.ty) is t.RefTy else self.as_operand(value)
                if type(op) is mir.Move and type(value) in PLACES:
                    shared.append(("own", op.place, value, len(out)))
                out.append(self.settle(op, value, after) if after else op)
            elif mode == "lend" and (by_value or light(self.ty(value.ty))):
                op = self.lend_value(value)
                out.append(self.settle(op, value, after) if after else op)
            else:
                is_mut = mode == "mut"
                place = self.as_place(value)
                if type(value) in PLACES:
                    shared.append((mode, place, value, len(out)))
                ty = t.ref_ty(self.ty(value.ty), is_mut)
                if place.proj and place.proj[-1] is DEREF and len(place.proj) == 1 and self.locals[place.local].ty is ty and not is_mut:
                    out.append(mir.Copy(Place(place.local)))
                    continue
                local = self.temp(ty)
                self.stmts.append(mir.Assign(Place(local), mir.Ref(place, is_mut), value.span))
                out.append(mir.Move(Place(local)) if is_mut else mir.Copy(Place(local)))
        if len(shared) > 1:
            self.check_shared(shared, out)
        return out

    def lend_value(self, value: thir.Expr) -> mir.Operand:
        """A lent argument passed by value: nothing is counted or moved."""
        if type(value) in PLACES:
            if value.ty is t.UNIT:
                return UNIT_VALUE
            if type(value.ty) is t.RefTy and value.ty.mutable:
                return self.reborrow(value)
            place = self.as_place(value)
            op = mir.Copy(place, self.unit.needs_drop(self.ty(value.ty)))
            if self.checking and (place.local in self.moved or place.local in self.unset):
                self.spans[id(op)] = value.span
            return op
        return self.as_operand(value)

    def check_shared(self, shared: list[tuple[str, Place, thir.Expr, int]], out: list[mir.Operand]) -> None:
        """Arguments of one call that overlap, one of them lent exclusively or moved: what is copied anyway is copied before (`s += s`),
        the rest is an error."""
        for i, (mode, place, value, at) in enumerate(shared):
            for other_mode, other, other_value, other_at in shared[:i]:
                if mode == other_mode != "mut" or not overlap(place, other):
                    continue
                if mode == "lend" and self.kind(value.ty) != MOVE:
                    out[at] = self.lend_copy(place, value)
                elif other_mode == "lend" and self.kind(other_value.ty) != MOVE:
                    out[other_at] = self.lend_copy(other, other_value)
                elif self.checking:
                    d = self.unit.ctx.diagnostics
                    errors.conflicting_arguments(d, self.describe(place), mode, value.span, other_mode, other_value.span)
                    return

    def lend_copy(self, place: Place, value: thir.Expr) -> mir.Operand:
        """A copy of a place, lent in its stead."""
        ty = self.ty(value.ty)
        local = self.assign_temp(ty, mir.Use(self.consume(place, value.ty, value.span)), value.span)
        self.schedule(local, ty)
        return mir.Copy(Place(self.assign_temp(t.ref_ty(ty), mir.Ref(Place(local), False), value.span)))

    def describe(self, place: Place) -> str:
        """A place as people write it, or "" when it has no name."""
        text = self.locals[place.local].name
        for step in place.proj:
            if type(step) is mir.Field and text:
                text = f"{text}.{self.field_name(place, step)}"
            elif type(step) is mir.Index or type(step) is mir.ConstIndex:
                text = f"{text}[..]"
        if text and place.proj and type(place.proj[-1]) is mir.Deref and place.local not in self.lent:
            return f"*{text}"
        return text

    def written(self, span: Span, place: Place) -> str:
        """An expression as it stands in the source when that is short, else its place as people write it."""
        source = self.unit.ctx.source
        if source is not None:
            text = source.text[span_start(span) : span_end(span)]
            if text and len(text) <= 40 and "\n" not in text:
                return text.removeprefix("move ").lstrip()
        return self.describe(place)

    def field_name(self, place: Place, step: mir.Field) -> str:
        ty = self.locals[place.local].ty
        variant = 0
        for at in place.proj:
            if at is step:
                break
            if type(at) is mir.Downcast:
                variant = at.variant
            ty = self.place_ty(Place(place.local, place.proj[: place.proj.index(at) + 1]))
        if type(ty) is t.AdtTy:
            fields = self.unit.adt(ty).variants[variant].fields
            if step.index < len(fields):
                return fields[step.index].name
        return str(step.index)

    def intrinsic(self, dest: Place, name: str, args: tuple[Ty, ...], e: thir.Call) -> None:
        """An operation of the compiler's own. What depends on types only is known here, once they are concrete."""
        if name in _FOLDED and not self.is_generic:
            answer = self.unit.needs_drop(args[0]) if name == "needs_drop" else self.unit.kind(args[0]) == 0
            self.stmts.append(mir.Assign(dest, mir.Use(mir.Const(t.BOOL, int(answer))), e.span))
            return
        operands = self.arguments(e.arguments, False)
        if name == "drop_in_place":
            if self.unit.needs_drop(args[0]):
                pointer = self.assign_temp(t.ptr_ty(args[0], True), mir.Use(operands[0]), e.span)
                self.stmts.append(mir.Drop(Place(pointer, (DEREF,)), e.span))
                is_text = args[0] is t.STRING or args[0] is t.BYTES
                self.unit.used[Instance(lang.STR_RELEASE) if is_text else Instance("", (args[0],), "drop")] = None
            return
        self.stmts.append(mir.Intrinsic(dest, name, args, operands, e.span))
        if e.ty is t.NEVER:
            self.end(mir.Unreachable())

    def call_lang(self, dest: Place, path: str, args: tuple[Ty, ...], operands: list[mir.Operand], span: Span) -> None:
        """Call a procedure of the library that the compiler knows by path."""
        self.stmts.append(mir.Call(dest, self.unit.use(Instance(path, args)), operands, span))

    # --- values of parts ------------------------------------------------------------------------------------------

    def into_tuple(self, dest: Place, e: thir.Tuple) -> None:
        if e.elems:
            operands = self.as_operands(e.elems)
            self.stmts.append(mir.Assign(dest, mir.Aggregate(self.ty(e.ty), 0, operands), e.span))

    def into_list(self, dest: Place, e: thir.ListLit) -> None:
        ty = self.ty(e.ty)
        if type(ty) is t.ArrayTy:
            operands = self.as_operands(e.elems)
            self.stmts.append(mir.Assign(dest, mir.Aggregate(ty, 0, operands), e.span))
            return
        elem: Ty = ty.args[0]  # type: ignore[attr-defined]
        pointer_ty = t.ptr_ty(elem)
        count = len(e.elems)
        if not count:
            pointer: mir.Operand = mir.Const(pointer_ty, None)
        else:
            array_ty = t.array_ty(elem, t.const_ty(count))
            array = self.assign_temp(array_ty, mir.Aggregate(array_ty, 0, self.as_operands(e.elems)), e.span)
            first = Place(array, (mir.ConstIndex(0),))
            pointer = mir.Copy(Place(self.assign_temp(pointer_ty, mir.Ref(first, False, True), e.span)))
        self.call_lang(dest, lang.LIST_FROM_ARRAY, (elem,), [pointer, mir.Const(t.INT, count)], e.span)

    def into_repeat(self, dest: Place, e: thir.Repeat) -> None:
        operand = self.as_operand(e.elem)
        self.stmts.append(mir.Assign(dest, mir.Repeat(self.ty(e.ty), operand), e.span))

    def into_aggregate(self, dest: Place, e: thir.Aggregate) -> None:
        ty = self.ty(e.ty)
        adt = self.unit.adt(ty)
        fields = e.fields
        if adt.kind == "union":
            for index, value in fields:
                self.into(Place(dest.local, (*dest.proj, mir.Field(index, self.unit.field_ty(ty, 0, index)))), value)
            return
        values = [v for _, v in fields]
        if e.base is not None:
            values.append(e.base)
        later = self.later_effects(values)
        count = len(adt.variants[e.variant].fields)
        operands: list[mir.Operand | None] = [None] * count
        for (index, value), after in zip(fields, later):
            operands[index] = self.settle(self.as_operand(value), value, after)
        if e.base is not None:
            base = self.as_place(e.base)
            for index in range(count):
                if operands[index] is None:
                    field_ty = self.unit.field_ty(ty, e.variant, index)
                    operands[index] = self.consume(Place(base.local, (*base.proj, mir.Field(index, field_ty))), field_ty, e.base.span)
        done = [op if op is not None else UNIT_VALUE for op in operands]
        self.stmts.append(mir.Assign(dest, mir.Aggregate(ty, e.variant, done), e.span))

    def into_box(self, dest: Place, e: thir.BoxNew) -> None:
        """Allocate, build the value in place (or, when building it may leave, before), wrap the pointer."""
        ty = self.ty(e.ty)
        inner: Ty = ty.args[0]  # type: ignore[attr-defined]
        span = e.span
        value: mir.Operand | None = None
        if inner is not t.UNIT and effect(e.value) == LEAVES:
            value = self.as_operand(e.value)
        size = self.assign_temp(t.INT, mir.SizeOf("sizeof", inner), span)
        bytes_ty = t.ptr_ty(t.U8, True)
        memory = self.temp(bytes_ty)
        self.call_lang(Place(memory), lang.ALLOC, (), [mir.Copy(Place(size))], span)
        pointer_ty = t.ptr_ty(inner, True)
        if pointer_ty is bytes_ty:
            pointer = memory
        else:
            pointer = self.assign_temp(pointer_ty, mir.Cast("pointer", mir.Copy(Place(memory)), pointer_ty), span)
        target = Place(pointer, (DEREF,))
        if value is not None:
            self.stmts.append(mir.Assign(target, mir.Use(value), span))
        elif inner is t.UNIT:
            self.discard(e.value)
        else:
            self.into(target, e.value)
        self.stmts.append(mir.Assign(dest, mir.Aggregate(ty, 0, [mir.Copy(Place(pointer))]), span))


def overlap(a: Place, b: Place) -> bool:
    """Whether two places may share memory: one is part of the other, or an element of the same sequence."""
    if a.local != b.local:
        return False
    for x, y in zip(a.proj, b.proj):
        if x != y:
            if type(x) is mir.Field and type(y) is mir.Field:
                return False
            if type(x) is mir.ConstIndex and type(y) is mir.ConstIndex and x.from_end == y.from_end:
                return False
    return True


INTO.update({
    thir.Call: Calls.into_call,
    thir.CallValue: Calls.into_call_value,
    thir.Tuple: Calls.into_tuple,
    thir.ListLit: Calls.into_list,
    thir.Repeat: Calls.into_repeat,
    thir.Aggregate: Calls.into_aggregate,
    thir.BoxNew: Calls.into_box,
})
