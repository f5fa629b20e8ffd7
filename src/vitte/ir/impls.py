"""Which impl serves: matching, selection, method resolution and associated types.

Shared by type checking (in generic code, against bounds) and monomorphisation (concrete types). Selection tries, in order: what is
known (`bounds`), impls written for the type's head, blanket impls, and the structural implementations that the
compiler makes. Obligations of an impl are checked recursively; one that comes back to itself holds (types recursive through
a `box` compare structurally).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import AssocBound, Definitions, Generics, ImplDef, TraitRef, head
from vitte.ir.ownership import OWNING, is_copy
from vitte.ir.types import HAS_INFER, HAS_PARAM, HAS_PROJECTION, Ty, map_ty, subst

Bounds = Sequence[TraitRef | AssocBound]
"""What is known of type parameters, supertraits included (`bounds_of`). Best a tuple kept per body."""

StructuralKind = Literal["clone", "eq", "hash", "debug", "cmp", "default"]

_GLUE: dict[str, tuple[str, StructuralKind]] = {
    lang.TRAIT_CLONE: ("clone", "clone"),
    lang.TRAIT_EQ: ("eq", "eq"),
    lang.TRAIT_HASH: ("hash", "hash"),
    lang.TRAIT_DEBUG: ("debug_to", "debug"),
    lang.TRAIT_ORD: ("cmp", "cmp"),
    lang.TRAIT_DEFAULT: ("default", "default"),
}

BUILTIN_TRAITS = frozenset((*_GLUE, lang.TRAIT_COPY))

_MAX_DEPTH = 96


class ImplMatch(Struct, frozen=True):
    """`impl` serves, with `impl_args` for its own parameters (normalised)."""

    impl: ImplDef
    impl_args: tuple[Ty, ...]


class Builtin(Struct, frozen=True):
    """The compiler's own implementation: structural, or of a primitive."""

    trait: str


class Bound(Struct, frozen=True):
    """Known from a bound: the implementation is chosen by monomorphisation."""

    trait_ref: TraitRef


Selection = ImplMatch | Builtin | Bound


class Glue(Struct, frozen=True):
    """A method whose body the compiler makes for `ty`: `kind` as in `mono.GlueKind`."""

    kind: StructuralKind
    ty: Ty


# --- matching -----------------------------------------------------------------------------------------------------


def match_ty(pattern: Ty, ty: Ty, binds: list[Ty | None]) -> bool:
    """One-way: find what the parameters of `pattern` stand for so that it becomes `ty`. Parameters inside `ty` are opaque."""
    if not pattern.flags & HAS_PARAM:
        return pattern is ty or bool(pattern.flags & HAS_PROJECTION) or type(ty) is t.ErrorTy
    cls = type(pattern)
    if cls is t.ParamTy:
        index = pattern.index  # type: ignore[attr-defined]
        if index >= len(binds):
            return pattern is ty
        known = binds[index]
        if known is None:
            binds[index] = ty
            return True
        return known is ty
    if cls is t.ProjTy:
        return True  # compared once everything else is known
    if cls is not type(ty):
        return type(ty) is t.ErrorTy
    if cls is t.AdtTy:
        if pattern.path != ty.path:  # type: ignore[attr-defined]
            return False
        return _match_all(pattern.args, ty.args, binds)  # type: ignore[attr-defined]
    if cls is t.RefTy or cls is t.PtrTy:
        return pattern.mutable == ty.mutable and match_ty(pattern.target, ty.target, binds)  # type: ignore[attr-defined]
    if cls is t.TupleTy:
        return _match_all(pattern.elems, ty.elems, binds)  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return match_ty(pattern.elem, ty.elem, binds) and match_ty(pattern.length, ty.length, binds)  # type: ignore[attr-defined]
    if cls is t.SliceTy:
        return match_ty(pattern.elem, ty.elem, binds)  # type: ignore[attr-defined]
    if cls is t.ProcTy:
        if pattern.modes != ty.modes:  # type: ignore[attr-defined]
            return False
        return _match_all(pattern.params, ty.params, binds) and match_ty(pattern.result, ty.result, binds)  # type: ignore[attr-defined]
    return False


def _match_all(patterns: tuple[Ty, ...], tys: tuple[Ty, ...], binds: list[Ty | None]) -> bool:
    if len(patterns) != len(tys):
        return False
    for pattern, ty in zip(patterns, tys, strict=True):
        if not match_ty(pattern, ty, binds):
            return False
    return True


def match_impl(impl: ImplDef, trait_args: Sequence[Ty]) -> tuple[Ty, ...] | None:
    """What the impl's parameters stand for when it serves `trait_args` (self type first; for an inherent impl only that).

    None when it does not, or when a parameter is left open. Projections in the impl's head are not compared here."""
    binds: list[Ty | None] = [None] * len(impl.generics.names)
    patterns = impl.trait.args if impl.trait is not None else (impl.self_ty,)
    if not _match_all(patterns, tuple(trait_args), binds):
        return None
    out: list[Ty] = []
    for bind in binds:
        if bind is None:
            return None
        out.append(bind)
    return tuple(out)


# --- bounds -------------------------------------------------------------------------------------------------------


def elaborate(bounds: Iterable[TraitRef | AssocBound], defs: Definitions) -> tuple[TraitRef | AssocBound, ...]:
    """Bounds with the supertraits of each, without repetition, in order."""
    out: dict[TraitRef | AssocBound, None] = {}
    todo = list(bounds)
    at = 0
    while at < len(todo):
        bound = todo[at]
        at += 1
        if bound in out:
            continue
        out[bound] = None
        if type(bound) is TraitRef:
            trait = defs.traits.get(bound.trait)
            if trait is not None:
                todo.extend([TraitRef(sup.trait, tuple([subst(a, bound.args) for a in sup.args])) for sup in trait.supers])
    return tuple(out)


def bounds_of(generics: Generics, defs: Definitions) -> tuple[TraitRef | AssocBound, ...]:
    """Everything known inside an item: its bounds and equalities, supertraits included."""
    if not generics.bounds and not generics.equalities:
        return ()
    return elaborate([*generics.bounds, *generics.equalities], defs)


# --- selection ----------------------------------------------------------------------------------------------------


def select_impl(defs: Definitions, trait: str, args: tuple[Ty, ...], bounds: Bounds = ()) -> Selection | None:
    """How `args[0]: trait[args[1:]]` holds, or None when it does not. `args` must hold no inference variables (one never matches)."""
    return _Selector(defs, bounds).select(trait, args)


def holds(defs: Definitions, trait: str, args: tuple[Ty, ...], bounds: Bounds = ()) -> bool:
    """Whether `args[0]: trait[args[1:]]` holds."""
    return _Selector(defs, bounds).select(trait, args) is not None


class _Selector:
    __slots__ = ("defs", "bounds", "active")

    def __init__(self, defs: Definitions, bounds: Bounds) -> None:
        self.defs = defs
        self.bounds = bounds
        self.active: list[tuple[str, tuple[Ty, ...]]] = []

    def select(self, trait: str, args: tuple[Ty, ...]) -> Selection | None:
        bounds = self.bounds
        for bound in bounds:
            if type(bound) is TraitRef and bound.trait == trait and bound.args == args:
                return Bound(bound)
        is_open = False
        for arg in args:
            if arg.flags & (HAS_PARAM | HAS_INFER | HAS_PROJECTION):
                is_open = bool(bounds) or bool(arg.flags & HAS_INFER)
        memo = self.defs.memo
        key = ("select", trait, args)
        if not is_open:
            known = memo.get(key)
            if known is not None:
                return known if known is not False else None  # type: ignore[return-value]
        active = self.active
        if (trait, args) in active or len(active) > _MAX_DEPTH:
            return Builtin(trait) if len(active) <= _MAX_DEPTH else None
        active.append((trait, args))
        found = self._search(trait, args)
        active.pop()
        if not is_open and (not active or found is None):
            memo[key] = False if found is None else found
        return found

    def _search(self, trait: str, args: tuple[Ty, ...]) -> Selection | None:
        self_ty = args[0]
        if trait == lang.TRAIT_COPY:
            return Builtin(trait) if is_copy(self_ty, self.defs, self.bounds) else None
        for key in (head(self_ty), "*"):
            for impl in self.defs.impls_of(trait, key):
                impl_args = self._applies(impl, args)
                if impl_args is not None:
                    return ImplMatch(impl, impl_args)
        if type(self_ty) is t.ErrorTy:
            return Builtin(trait)
        if trait in _GLUE and self._structural(trait, self_ty):
            return Builtin(trait)
        return None

    def _applies(self, impl: ImplDef, args: tuple[Ty, ...]) -> tuple[Ty, ...] | None:
        impl_args = match_impl(impl, args)
        if impl_args is None:
            return None
        assert impl.trait is not None
        for pattern, arg in zip(impl.trait.args, args, strict=True):
            if pattern.flags & HAS_PROJECTION and self.normalize(subst(pattern, impl_args)) is not arg:
                return None
        generics = impl.generics
        for bound in generics.bounds:
            needed = tuple([self.normalize(subst(a, impl_args)) for a in bound.args])
            if self.select(bound.trait, needed) is None:
                return None
        for equality in generics.equalities:
            ref = equality.trait
            found = t.proj_ty(ref.trait, tuple([subst(a, impl_args) for a in ref.args]), equality.name)
            if self.normalize(found) is not self.normalize(subst(equality.ty, impl_args)):
                return None
        return impl_args

    def _structural(self, trait: str, ty: Ty) -> bool:
        """Whether the compiler makes `trait` for `ty`: primitives, and built types all of whose parts have it."""
        cls = type(ty)
        if trait == lang.TRAIT_DEBUG:
            # Any value can be printed with `{:?}`; only library containers without an implementation would show their insides.
            return not (cls is t.AdtTy and ty.path in OWNING)  # type: ignore[attr-defined]
        if cls is t.IntTy or cls is t.SimpleTy or cls is t.ConstTy:
            return True
        if cls is t.FloatTy:
            return trait != lang.TRAIT_HASH
        if cls is t.PtrTy or cls is t.ProcTy:
            return trait != lang.TRAIT_DEFAULT and (trait != lang.TRAIT_ORD or cls is t.PtrTy)
        if cls is t.InferTy:
            return ty.kind == "int" or (ty.kind == "float" and trait != lang.TRAIT_HASH)  # type: ignore[attr-defined]
        if cls is t.TupleTy:
            for elem in ty.elems:  # type: ignore[attr-defined]
                if self.select(trait, (elem,)) is None:
                    return False
            return True
        if cls is t.ArrayTy or cls is t.SliceTy:
            if cls is t.SliceTy and trait in (lang.TRAIT_CLONE, lang.TRAIT_DEFAULT):
                return False
            return self.select(trait, (ty.elem,)) is not None  # type: ignore[attr-defined]
        if cls is t.RefTy:
            if trait == lang.TRAIT_CLONE:
                return not ty.mutable  # type: ignore[attr-defined]
            return trait != lang.TRAIT_DEFAULT and self.select(trait, (ty.target,)) is not None  # type: ignore[attr-defined]
        if cls is t.AdtTy:
            return self._structural_adt(trait, ty)  # type: ignore[arg-type]
        return trait == lang.TRAIT_CLONE and is_copy(ty, self.defs, self.bounds)

    def _structural_adt(self, trait: str, ty: t.AdtTy) -> bool:
        adt = self.defs.adts.get(ty.path)
        if adt is None or ty.path in OWNING:
            return False
        if trait == lang.TRAIT_CLONE:
            if is_copy(ty, self.defs, self.bounds):
                return True
            if "clone" not in adt.derives:
                return False
        elif trait == lang.TRAIT_ORD:
            if "ord" not in adt.derives:
                return False
        elif trait == lang.TRAIT_DEFAULT:
            if "default" not in adt.derives:
                return False
        if adt.kind == "union":
            return False
        if adt.kind in ("flags", "bits"):
            return True
        variants = adt.variants
        if trait == lang.TRAIT_DEFAULT:
            variants = variants[:1]
        for variant in variants:
            for field in variant.fields:
                field_ty = subst(field.ty, ty.args)
                if field_ty.flags & HAS_PROJECTION:
                    field_ty = self.normalize(field_ty)
                if self.select(trait, (field_ty,)) is None:
                    return False
        return True

    def normalize(self, ty: Ty) -> Ty:
        if not ty.flags & HAS_PROJECTION:
            return ty
        return map_ty(ty, HAS_PROJECTION, self._replace)

    def _replace(self, ty: Ty) -> Ty | None:
        if type(ty) is not t.ProjTy:
            return None
        args = tuple([self.normalize(a) for a in ty.args])
        for bound in self.bounds:
            if type(bound) is AssocBound and bound.name == ty.name and bound.trait.trait == ty.trait and bound.trait.args == args:
                return self.normalize(bound.ty)
        found = self.select(ty.trait, args)
        if type(found) is ImplMatch:
            assoc = found.impl.assoc_types.get(ty.name)
            if assoc is not None:
                if len(self.active) > _MAX_DEPTH:
                    return t.ERROR
                self.active.append((ty.name, args))
                done = self.normalize(subst(assoc, found.impl_args))
                self.active.pop()
                return done
            return t.ERROR
        if args[0] is t.ERROR:
            return t.ERROR
        return t.proj_ty(ty.trait, args, ty.name)


def normalize(ty: Ty, defs: Definitions, bounds: Bounds = ()) -> Ty:
    """`ty` with every associated type replaced by what the serving impl (or an equality in `bounds`) says.

    What only a bound promises stays a `ProjTy`."""
    if not ty.flags & HAS_PROJECTION:
        return ty
    return _Selector(defs, bounds).normalize(ty)


def resolve_method(defs: Definitions, path: str, args: tuple[Ty, ...]) -> tuple[str, tuple[Ty, ...]] | Glue:
    """The procedure that a call of trait method `path` with concrete `args` (Self, the trait's arguments, the method's own) runs.

    `path` that is no trait's method comes back as it is. Raises LookupError when nothing serves: type checking lets no such call
    through."""
    proc = defs.procs.get(path)
    if proc is None or not defs.is_of_trait(proc):
        return path, args
    trait = defs.traits[proc.parent]
    count = len(trait.generics.names)
    found = select_impl(defs, trait.path, args[:count])
    if type(found) is ImplMatch:
        own = found.impl.methods.get(proc.name)
        if own is not None:
            return own, (*found.impl_args, *args[count:])
        return path, args
    if type(found) is Builtin:
        glue = _GLUE.get(trait.path)
        if glue is not None and glue[0] == proc.name:
            return Glue(glue[1], args[0])
        return path, args
    raise LookupError(f"nothing implements {trait.path} for {', '.join([a.text for a in args[:count]])}")


def resolve_const(defs: Definitions, path: str, args: tuple[Ty, ...]) -> tuple[str, tuple[Ty, ...]]:
    """As `resolve_method`, for an associated constant of a trait named `<trait path>.<name>`."""
    owner, _, name = path.rpartition(".")
    trait = defs.traits.get(owner)
    if trait is None:
        return path, args
    count = len(trait.generics.names)
    found = select_impl(defs, trait.path, args[:count])
    if type(found) is ImplMatch:
        own = found.impl.assoc_consts.get(name)
        if own is not None:
            return own, found.impl_args
    return path, args
