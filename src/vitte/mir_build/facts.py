"""What the builder asks about types and definitions, answered once per unit.

`Unit` is what all bodies of one run share: definitions, options, memos and the instances that were referred to.
"""

from __future__ import annotations

from collections.abc import Iterable

from vitte.driver.context import UnitContext
from vitte.ir import impls, lang, mir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, ProcDef
from vitte.ir.mono import Instance
from vitte.ir.ownership import Known, drop_impl, is_copy, needs_drop
from vitte.ir.types import HAS_PARAM, HAS_PROJECTION, Ty, subst
from vitte.mir_build.abi import passes_by_value

OPEN = HAS_PARAM | HAS_PROJECTION

PLAIN, RETAIN, CLONE, MOVE = 0, 1, 2, 3
"""How a value of a type leaves a place: copied as bytes; copied, counting the one string in it; copied by its clone glue; moved."""


class Unit:
    """Facts and memos shared by the bodies of one run. `used`: every instance referred to, in order. `decls`: of temporaries, by type.
    `held`: as in `mono.Plan`."""

    __slots__ = ("ctx", "defs", "used", "_drops", "_light", "kinds", "overflow", "decls", "held")

    def __init__(self, ctx: UnitContext, held: Iterable[Ty] = ()) -> None:
        self.ctx = ctx
        self.held = frozenset(held)
        self.defs = ctx.defs
        self.decls: dict[Ty, mir.LocalDecl] = {}
        self.overflow = ctx.overflow_checks
        self.used: dict[Instance, None] = {}
        self._drops: dict[Ty, bool] = {}
        self._light: dict[Ty, bool] = {}
        self.kinds: dict[Ty, int] = {}

    def needs_drop(self, ty: Ty) -> bool:
        known = self._drops.get(ty)
        if known is None:
            known = self._drops[ty] = needs_drop(ty, self.defs)
        return known

    def light(self, ty: Ty) -> bool:
        known = self._light.get(ty)
        if known is None:
            known = self._light[ty] = passes_by_value(ty, self.defs)
        return known

    def kind(self, ty: Ty) -> int:
        """How a value of a concrete type leaves a place."""
        known = self.kinds.get(ty)
        if known is None:
            known = self.kinds[ty] = self._kind(ty)
        return known

    def _kind(self, ty: Ty) -> int:
        if not is_copy(ty, self.defs):
            return MOVE
        if not self.needs_drop(ty):
            return PLAIN
        return RETAIN if ty is t.STRING or ty is t.BYTES else CLONE

    def generic_kind(self, ty: Ty, bounds: Known) -> int:
        """As `kind` for a type with parameters in it, of which `bounds` are known."""
        if not is_copy(ty, self.defs, bounds):
            return MOVE
        return RETAIN if self.needs_drop(ty) else PLAIN

    def adt(self, ty: Ty) -> AdtDef:
        return self.defs.adts[ty.path]  # type: ignore[attr-defined]

    def field_ty(self, ty: Ty, variant: int, index: int) -> Ty:
        """Type of a field of a tuple, form, union or case."""
        if type(ty) is t.TupleTy:
            return ty.elems[index]
        assert type(ty) is t.AdtTy, ty
        field = self.defs.adts[ty.path].variants[variant].fields[index].ty
        return self.normal(subst(field, ty.args))

    def field_count(self, ty: Ty, variant: int = 0) -> int:
        if type(ty) is t.TupleTy:
            return len(ty.elems)
        return len(self.adt(ty).variants[variant].fields)

    def normal(self, ty: Ty) -> Ty:
        return impls.normalize(ty, self.defs) if ty.flags & HAS_PROJECTION else ty

    def has_drop_impl(self, ty: Ty) -> bool:
        return drop_impl(ty, self.defs) is not None and ty.path != lang.BOX  # type: ignore[attr-defined]

    def variant_index(self, path: str, name: str) -> int:
        """Position of a case by name. Raises KeyError when there is none."""
        for i, variant in enumerate(self.defs.adts[path].variants):
            if variant.name == name:
                return i
        raise KeyError(f"{path} has no case {name}")

    def instance(self, path: str, args: tuple[Ty, ...]) -> Instance:
        """The instance that a call of `path` with concrete `args` runs, trait methods resolved; it counts as used."""
        proc = self.defs.procs.get(path)
        if proc is not None and self.defs.is_of_trait(proc):
            found = impls.resolve_method(self.defs, path, args)
            if type(found) is impls.Glue:
                return self.use(Instance("", (found.ty,), found.kind))
            path, args = found  # type: ignore[misc]
        return self.use(Instance(path, args))

    def use(self, instance: Instance) -> Instance:
        self.used[instance] = None
        return instance

    def proc(self, path: str) -> ProcDef | None:
        return self.defs.procs.get(path)


def elem_ty(ty: Ty) -> Ty:
    """Element type of an array, slice, list, string or bytes."""
    cls = type(ty)
    if cls is t.ArrayTy or cls is t.SliceTy:
        return ty.elem  # type: ignore[attr-defined,no-any-return]
    if cls is t.AdtTy:
        return ty.args[0]  # type: ignore[attr-defined,no-any-return]
    return t.U8


def target_ty(ty: Ty) -> Ty:
    """What a reference, raw pointer or box points at."""
    if type(ty) is t.AdtTy:
        return ty.args[0]
    return ty.target  # type: ignore[attr-defined,no-any-return]
