"""Ownership questions about types: is it copied or moved, does it need a drop, may it be copied as bytes, is its size finite.

Pure questions about definitions; answers are kept in `defs.memo`. `bounds` are what is known of type parameters
(`impls.bounds_of`): in generic code a `T` is copy only when bounded by `Copy`.
"""

from __future__ import annotations

from collections.abc import Sequence

from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, AssocBound, Definitions, ImplDef, TraitRef
from vitte.ir.types import HAS_INFER, HAS_PARAM, HAS_PROJECTION, Ty, subst

Known = Sequence[TraitRef | AssocBound]

OWNING = frozenset((lang.LIST, lang.MAP, lang.SET, lang.BOX, lang.BUFFER))
"""Library types that own memory, whatever their definition in the library looks like."""

_IN_PROGRESS = object()
_SCALARS = frozenset((t.IntTy, t.FloatTy, t.PtrTy, t.ProcTy, t.ConstTy, t.ErrorTy))
_OPEN = HAS_PARAM | HAS_INFER | HAS_PROJECTION


def is_copy(ty: Ty, defs: Definitions, bounds: Known = ()) -> bool:
    """Whether using a value of `ty` copies it: `language.md` 10.2. An unresolved variable of kind `any` does not."""
    cls = type(ty)
    if cls in _SCALARS or cls is t.SimpleTy:
        return True
    if cls is t.RefTy:
        return not ty.mutable  # type: ignore[attr-defined]
    if cls is t.TupleTy:
        return all([is_copy(e, defs, bounds) for e in ty.elems])  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return is_copy(ty.elem, defs, bounds)  # type: ignore[attr-defined]
    if cls is t.AdtTy:
        if ty.flags & HAS_INFER or (ty.flags & _OPEN and bounds):
            return _is_copy_adt(ty, defs, bounds)  # type: ignore[arg-type]
        key = ("copy", ty)
        answer = defs.memo.get(key)
        if answer is None:
            defs.memo[key] = _IN_PROGRESS
            answer = defs.memo[key] = _is_copy_adt(ty, defs, bounds)  # type: ignore[arg-type]
        return answer is not False
    if cls is t.ParamTy or cls is t.ProjTy:
        return any(type(b) is TraitRef and b.trait == lang.TRAIT_COPY and b.args[0] is ty for b in bounds)
    if cls is t.InferTy:
        return bool(ty.kind != "any")  # type: ignore[attr-defined]
    return False


def _is_copy_adt(ty: t.AdtTy, defs: Definitions, bounds: Known) -> bool:
    path = ty.path
    adt = defs.adts.get(path)
    if adt is None or path in OWNING or adt.is_unique or defs.impls_of(lang.TRAIT_DROP, path):
        return False
    if adt.kind in ("flags", "bits"):
        return True
    args = ty.args
    for variant in adt.variants:
        for field in variant.fields:
            if not is_copy(subst(field.ty, args), defs, bounds):
                return False
    return True


def needs_drop(ty: Ty, defs: Definitions) -> bool:
    """Whether dropping a value of `ty` does anything: it owns memory, counts references or has a `Drop`, or a part does.

    What is not known yet (a type parameter, a projection) is taken to need it."""
    cls = type(ty)
    if cls is t.SimpleTy:
        return ty is t.STRING or ty is t.BYTES
    if cls in _SCALARS or cls is t.RefTy:
        return False
    if cls is t.TupleTy:
        return any([needs_drop(e, defs) for e in ty.elems])  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return ty.length is not t.const_ty(0) and needs_drop(ty.elem, defs)  # type: ignore[attr-defined]
    if cls is t.AdtTy:
        key = ("needs_drop", ty)
        answer = defs.memo.get(key)
        if answer is None:
            defs.memo[key] = _IN_PROGRESS
            answer = defs.memo[key] = _needs_drop_adt(ty, defs)  # type: ignore[arg-type]
        return answer is True
    if cls is t.SliceTy:
        return False
    return True


def _needs_drop_adt(ty: t.AdtTy, defs: Definitions) -> bool:
    path = ty.path
    adt = defs.adts.get(path)
    if adt is None or path in OWNING or defs.impls_of(lang.TRAIT_DROP, path):
        return True
    if adt.kind in ("union", "flags", "bits"):
        return False
    args = ty.args
    for variant in adt.variants:
        for field in variant.fields:
            if needs_drop(subst(field.ty, args), defs):
                return True
    return False


def is_homed(adt: AdtDef) -> bool:
    """Whether the unit of a nominal type emits its drop glue for everybody: forms and picks without parameters that others can name."""
    return adt.kind in ("form", "pick") and not adt.generics.names and adt.visibility != "private" and not adt.path.startswith("std/")


def dropped_at_home(ty: Ty, defs: Definitions, module: str) -> bool:
    """Whether what a box holds is dropped by the glue of its home unit, another than `module`, which so need not know its fields."""
    if type(ty) is not t.AdtTy or ty.args or not is_distant(ty, module):
        return False
    adt = defs.adts.get(ty.path)
    return adt is not None and is_homed(adt)


def is_distant(ty: Ty, module: str) -> bool:
    """Whether `ty` is a nominal type of another unit outside the library."""
    return type(ty) is t.AdtTy and not ty.path.startswith("std/") and not ty.path.startswith(f"{module}::")


def is_plain(ty: Ty, defs: Definitions) -> bool:
    """Whether copying a value is copying its bytes: nothing to count, nothing to drop."""
    return not needs_drop(ty, defs) and is_copy(ty, defs)


def drop_impl(ty: Ty, defs: Definitions) -> ImplDef | None:
    """The `Drop` impl of a nominal type itself (not of its parts)."""
    if type(ty) is not t.AdtTy:
        return None
    found = defs.impls_of(lang.TRAIT_DROP, ty.path)
    return found[0] if found else None


def is_view(ty: Ty, defs: Definitions) -> bool:
    """Whether a value may hold a reference: `language.md` 10.5. A `&T`, a form marked `#[view]`, a tuple, array, `option` or
    `result` with one inside. Type parameters are taken not to."""
    cls = type(ty)
    if cls is t.RefTy:
        return True
    if cls is t.TupleTy:
        return any([is_view(e, defs) for e in ty.elems])  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return is_view(ty.elem, defs)  # type: ignore[attr-defined]
    if cls is t.AdtTy:
        adt = defs.adts.get(ty.path)  # type: ignore[attr-defined]
        if adt is not None and adt.is_view:
            return True
        return any([is_view(a, defs) for a in ty.args])  # type: ignore[attr-defined]
    return False


_MAX_NESTING = 64
_MAX_TEXT = 4000


def size_cycle(path: str, defs: Definitions) -> list[tuple[str, str]] | None:
    """The way a nominal type contains itself by value: (type path, field name) from `path` back to it, or None.

    Types are expanded with their arguments, so that a parameter behind a pointer does no harm; a type that grows with every
    turn (`form A[T] { x: ?A[(T, T)] }`) is found by its nesting."""
    adt = defs.adts.get(path)
    if adt is None:
        return None
    args = tuple([t.param_ty(i, n) for i, n in enumerate(adt.generics.names)])
    return _find_cycle(t.adt_ty(path, args), path, defs, [], set())


def _find_cycle(ty: t.AdtTy, target: str, defs: Definitions, trail: list[tuple[str, str]], done: set[Ty]) -> list[tuple[str, str]] | None:
    if ty in done:
        return None
    done.add(ty)
    adt = defs.adts.get(ty.path)
    if adt is None or adt.kind in ("flags", "bits"):
        return None
    if len(trail) > _MAX_NESTING or len(ty.text) > _MAX_TEXT:
        return list(trail) if any(p == target for p, _ in trail[1:]) else None
    for variant in adt.variants:
        for field in variant.fields:
            name = field.name if len(adt.variants) == 1 and adt.kind != "pick" else f"{variant.name}.{field.name}"
            trail.append((ty.path, name))
            for part in _parts_by_value(subst(field.ty, ty.args)):
                if part.path == target and (len(trail) == 1 or not part.args or part is not ty):
                    return list(trail)
                found = _find_cycle(part, target, defs, trail, done)
                if found is not None:
                    return found
            trail.pop()
    return None


def _parts_by_value(ty: Ty) -> list[t.AdtTy]:
    cls = type(ty)
    if cls is t.AdtTy:
        return [ty]  # type: ignore[list-item]
    if cls is t.TupleTy:
        return [p for e in ty.elems for p in _parts_by_value(e)]  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return _parts_by_value(ty.elem)  # type: ignore[attr-defined]
    return []


def field_types(adt: AdtDef, variant: int, args: tuple[Ty, ...]) -> list[Ty]:
    """Types of the fields of one variant with the type's arguments put in (projections not normalised)."""
    return [subst(f.ty, args) for f in adt.variants[variant].fields]
