"""Calls: how arguments and results travel.

A scalar is an operand. Anything larger is the address of a copy that the callee may use as its own; unit and other types of no size are
no operand. A large result is written through a first operand. A moved argument needs no copy: its memory is dead afterwards.
"""

from __future__ import annotations

from vitte.ir import mir
from vitte.ir.defs import Definitions, ProcDef
from vitte.ir.mono import Instance
from vitte.ir.ownership import is_view
from vitte.ir.types import Ty
from vitte.ssa_build.builder import Builder
from vitte.ssa_build.locals import Locals
from vitte.ssa_build.operands import Operands, symbol_for


def borrows(proc: ProcDef, defs: Definitions) -> bool:
    """Whether a call keeps none of the pointers it is given: what is lent ends up nowhere but in the result, so the result must be able to
    hold none. Raw pointers know no such rule."""
    if proc.abi or proc.is_generic or "*" in proc.result.text or is_view(proc.result, defs):
        return False
    return not any("*" in param.ty.text for param in proc.params)


class Calls:
    __slots__ = ("b", "locals", "operands", "unit")

    def __init__(self, b: Builder, locals_: Locals, operands: Operands) -> None:
        self.b = b
        self.unit = b.unit
        self.locals = locals_
        self.operands = operands

    def call(self, stmt: mir.Call) -> None:
        callee = stmt.callee
        operands = self.operands
        if isinstance(callee, Instance):
            symbol = symbol_for(operands, callee)
            proc = self.unit.defs.procs.get(callee.path) if not callee.glue else None
            fixed = len(proc.params) if proc is not None and proc.variadic else -1
            foreign = proc is not None and proc.abi == "C"
            self.emit(symbol, -1, stmt.dest, stmt.args, fixed, proc is not None and borrows(proc, self.unit.defs), foreign)
        else:
            self.emit("", operands.scalar(callee), stmt.dest, stmt.args)

    def emit(
        self, symbol: str, pointer: int, dest: mir.Place, args: list[mir.Operand], fixed: int = -1, borrowing: bool = False,
        foreign: bool = False,
    ) -> None:
        """Call `symbol`, or the code at `pointer` when there is no symbol: that may be C's."""
        b = self.b
        result_ty = self.locals.type_of(dest)
        scalar = b.layouts.scalar(result_ty)
        values: list[int] = []
        to = None
        if not scalar and b.layouts.size(result_ty):
            to, direct = self._result_memory(dest, result_ty)
            values.append(to)
        signs = "-" * len(values)
        for arg in args:
            self._argument(arg, dest, values)
            signs += self._sign(self.operands.type_of(arg)) * (len(values) - len(signs))
        if symbol:
            declared = values if fixed < 0 else values[:fixed]
            said = signs[: len(declared)] + self._sign(result_ty) if foreign else ""
            self.unit.declare(symbol, tuple([b.types[v] for v in declared]), scalar, fixed >= 0, borrowing, said)
            value = b.call(symbol, values, scalar, fixed)
        elif scalar:
            value = b.op("call_ptr", scalar, [pointer, *values], 0, signs)
        else:
            b.effect("call_ptr", [pointer, *values], 0, signs)
            value = -1
        if scalar:
            self.set_scalar(dest, value)
        elif to is not None and not direct:
            base, off, _ = self.locals.place(dest)
            b.copy_bytes((base, off), (to, 0), result_ty)

    def _sign(self, ty: Ty) -> str:
        """A letter of `Signature.signs`."""
        layouts = self.b.layouts
        return "-" if layouts.scalar(ty)[:1] != "i" else "s" if layouts.is_signed(ty) else "u"

    def set_scalar(self, dest: mir.Place, value: int) -> None:
        if dest.proj:
            base, off, _ = self.locals.place(dest)
            self.b.store(value, base, off)
        else:
            self.locals.write(dest.local, value)

    def _result_memory(self, dest: mir.Place, ty: Ty) -> tuple[int, bool]:
        """(address for the result, whether that is its final place). The callee may read what it was lent while it writes the result,
        so a place that something else may point at is written afterwards."""
        if dest.local in self.locals.addressed or any(type(p) is mir.Deref for p in dest.proj):
            return self.b.temp(ty), False
        base, off, _ = self.locals.place(dest)
        return self.b.pointer((base, off)), True

    def _argument(self, arg: mir.Operand, dest: mir.Place, values: list[int]) -> None:
        b = self.b
        operands = self.operands
        ty = operands.type_of(arg)
        if b.layouts.scalar(ty):
            values.append(operands.scalar(arg))
        elif b.layouts.size(ty):
            if type(arg) is mir.Move and arg.place.local != dest.local:
                values.append(b.pointer(operands.address(arg)))
            else:
                copy = b.temp(ty)
                operands.into(arg, (copy, 0))
                values.append(copy)
