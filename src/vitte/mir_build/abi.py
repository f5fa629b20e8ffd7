"""How arguments travel: which lent arguments are passed by value.

Light types (plain scalars and unit) are lent by value, everything else by address. In code that is built only to be
checked, a type parameter is not light.
"""

from __future__ import annotations

from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.ownership import OWNING
from vitte.ir.types import Ty

_SCALARS = frozenset((t.IntTy, t.FloatTy, t.RefTy, t.PtrTy, t.ProcTy, t.ConstTy))


def passes_by_value(ty: Ty, defs: Definitions) -> bool:
    """Whether a lent argument of type `ty` is passed as a value (else as a `&ty`)."""
    cls = type(ty)
    if cls in _SCALARS or ty is t.UNIT:
        return True
    if cls is t.SimpleTy:
        return ty is not t.STRING and ty is not t.BYTES
    if cls is not t.AdtTy:
        return False
    key = ("by_value", ty)
    answer = defs.memo.get(key)
    if answer is None:
        answer = defs.memo[key] = _is_light_adt(ty, defs)  # type: ignore[arg-type]
    return answer is True


def _is_light_adt(ty: t.AdtTy, defs: Definitions) -> bool:
    adt = defs.adts.get(ty.path)
    if adt is None or ty.path in OWNING or adt.is_unique or defs.impls_of(lang.TRAIT_DROP, ty.path):
        return False
    if adt.kind in ("flags", "bits"):
        return True
    return adt.kind == "pick" and bool(adt.variants) and not any(v.fields for v in adt.variants)


def passed_ty(ty: Ty, mode: str, defs: Definitions) -> Ty:
    """The type in which an argument of type `ty` and mode `mode` travels."""
    if mode == "own" or (mode == "lend" and passes_by_value(ty, defs)):
        return ty
    return t.ref_ty(ty, mode == "mut")
