"""Operands of MIR as values and as memory."""

from __future__ import annotations

from vitte.ir import mir, mono
from vitte.ir import types as t
from vitte.ir.layout import STR_LEN, STR_OWNER
from vitte.ir.ownership import is_copy
from vitte.ir.types import Ty
from vitte.ssa_build.builder import Address, Builder
from vitte.ssa_build.counting import retain
from vitte.ssa_build.locals import Locals


class Operands:
    __slots__ = ("b", "locals", "unit")

    def __init__(self, b: Builder, locals_: Locals) -> None:
        self.b = b
        self.unit = b.unit
        self.locals = locals_

    def type_of(self, operand: mir.Operand) -> Ty:
        cls = type(operand)
        if cls is mir.Copy or cls is mir.Move:
            place = operand.place  # type: ignore[union-attr]
            return self.locals.tys[place.local] if not place.proj else self.locals.type_of(place)
        return operand.ty  # type: ignore[union-attr]

    def scalar(self, operand: mir.Operand) -> int:
        """The value of an operand whose type is a scalar."""
        cls = type(operand)
        b = self.b
        if cls is mir.Copy or cls is mir.Move:
            place = operand.place  # type: ignore[union-attr]
            if not place.proj:
                return self.locals.read(place.local)
            base, off, ty = self.locals.place(place)
            return b.load(b.layouts.scalar(ty), base, off)
        if cls is mir.Const:
            return self._const(operand.ty, operand.value)  # type: ignore[union-attr,arg-type]
        if cls is mir.ConstNamed:
            return self._named(operand)  # type: ignore[arg-type]
        if cls is mir.Here:
            return b.here(operand.span)  # type: ignore[union-attr]
        assert cls is mir.ProcAddr
        return b.op("fn_addr", "ptr", [], 0, self.proc_symbol(operand))  # type: ignore[arg-type]

    def _const(self, ty: Ty, value: int | float | None) -> int:
        b = self.b
        scalar = b.layouts.scalar(ty)
        if scalar == "ptr":
            return b.null()
        if scalar[0] == "f":
            return b.fconst(scalar, 0.0 if value is None else float(value))
        return b.iconst(scalar, int(value or 0))

    def _named(self, operand: mir.ConstNamed) -> int:
        """A scalar constant, or the address of a static."""
        b = self.b
        path = operand.path
        const = self.unit.defs.consts.get(path)
        if const is not None and const.is_static and type(operand.ty) in (t.RefTy, t.PtrTy) and const.ty is not operand.ty:
            return b.global_addr(self.static(path))
        return b.op("const", b.layouts.scalar(operand.ty), [], 0, path)

    def static(self, path: str) -> str:
        """The symbol of a static, declared when it belongs to another unit or to none."""
        const = self.unit.defs.consts.get(path)
        if const is not None and const.symbol:
            if const.symbol not in self.unit.module.external_globals:
                self.unit.module.external_globals.append(const.symbol)
            return const.symbol
        if not path.startswith(f"{self.unit.module.name}::") and path not in self.unit.module.external_globals:
            self.unit.module.external_globals.append(path)
        return path

    def proc_symbol(self, operand: mir.ProcAddr) -> str:
        """Symbol of the procedure, declared with the signature of its type."""
        symbol, ty = symbol_for(self, operand.instance), operand.ty
        if isinstance(ty, t.ProcTy):
            params, result = self.signature(list(proc_params(self, ty)), ty.result)
            self.unit.declare(symbol, params, result)
        return symbol

    def signature(self, tys: list[Ty], result: Ty) -> tuple[tuple[str, ...], str]:
        """SSA parameters and result for values passed as these types."""
        layouts = self.b.layouts
        params: list[str] = []
        scalar = layouts.scalar(result)
        if not scalar and layouts.size(result):
            params.append("ptr")
        for ty in tys:
            one = layouts.scalar(ty)
            if one or layouts.size(ty):
                params.append(one or "ptr")
        return tuple(params), scalar

    def into(self, operand: mir.Operand, to: Address) -> None:
        """Store an operand of any type."""
        b = self.b
        cls = type(operand)
        if cls is mir.Copy or cls is mir.Move:
            place = operand.place  # type: ignore[union-attr]
            if not place.proj:
                ty = self.locals.tys[place.local]
                if self.locals.scalars[place.local]:
                    b.store(self.locals.read(place.local), to[0], to[1])
                    return
                if not b.layouts.size(ty):
                    return
                source = (self.locals.home(place.local), 0)
            else:
                base, off, ty = self.locals.place(place)
                scalar = b.layouts.scalar(ty)
                if scalar:
                    b.store(b.load(scalar, base, off), to[0], to[1])
                    return
                source = (base, off)
            b.copy_bytes(to, source, ty)
            if cls is mir.Copy and not operand.raw:  # type: ignore[union-attr]
                retain(b, to, ty)
            return
        if cls is mir.ConstText:
            self.text(operand.value, operand.ty is t.BYTES, to)  # type: ignore[union-attr,arg-type]
            return
        ty = operand.ty  # type: ignore[union-attr]
        if b.layouts.scalar(ty):
            b.store(self.scalar(operand), to[0], to[1])
        elif cls is mir.ConstNamed and b.layouts.size(ty):
            b.copy_bytes(to, (b.op("const_addr", "ptr", [], 0, operand.path), 0), ty)  # type: ignore[union-attr]
        elif cls is mir.Const and b.layouts.size(ty):
            self._zeros(ty, to)

    def _zeros(self, ty: Ty, to: Address) -> None:
        """A null fat pointer."""
        b = self.b
        b.store(b.null(), to[0], to[1])
        b.store(b.iconst("i64", 0), to[0], to[1] + 8)

    def text(self, value: str, is_bytes: bool, to: Address) -> None:
        """Store a literal: no owner."""
        b = self.b
        data = bytes([ord(c) for c in value]) if is_bytes else value.encode("utf-8", "surrogatepass")
        self.triple(b.global_addr(self.unit.text(data)) if data else b.null(), b.iconst("i64", len(data)), b.null(), to)

    def triple(self, ptr: int, length: int, owner: int, to: Address) -> None:
        """Store a string or bytes value."""
        b = self.b
        base, off = to
        b.store(ptr, base, off)
        b.store(length, base, off + STR_LEN)
        b.store(owner, base, off + STR_OWNER)

    def address(self, operand: mir.Operand) -> Address:
        """Where an operand can be read, without taking it: for types that are no scalars."""
        cls = type(operand)
        if cls is mir.Copy or cls is mir.Move:
            base, off, _ = self.locals.place(operand.place)  # type: ignore[union-attr]
            return base, off
        to = self.b.temp(operand.ty), 0  # type: ignore[union-attr]
        self.into(operand, to)
        return to


def symbol_for(o: Operands, instance: mono.Instance) -> str:
    """The linker symbol of an instance: the definition's own when it has a fixed one."""
    proc = o.unit.defs.procs.get(instance.path) if not instance.glue else None
    return mono.symbol_of(instance, proc.symbol if proc is not None else "")


def proc_params(o: Operands, ty: t.ProcTy) -> list[Ty]:
    """The types in which a proc value takes its arguments: lent ones by reference unless they are light."""
    out: list[Ty] = []
    for mode, param in zip(ty.modes, ty.params, strict=True):
        if mode == "own":
            out.append(param)
        elif mode == "mut":
            out.append(t.ref_ty(param, True))
        else:
            light = bool(o.b.layouts.scalar(param)) or type(param) in (t.RefTy, t.PtrTy) or param is t.UNIT
            if type(param) is t.AdtTy:
                light = light and is_copy(param, o.unit.defs)
            out.append(param if light else t.ref_ty(param))
    return out


