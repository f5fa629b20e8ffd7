"""Finding methods and associated members: inherent ones first, then those of bounds, then of traits the type has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import Suggestion
from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import Definitions, ImplDef, ProcDef, TraitDef, TraitRef, head
from vitte.ir.impls import BUILTIN_TRAITS, match_impl, select_impl
from vitte.ir.types import HAS_INFER, Ty, show
from vitte.typecheck import errors as E

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


class Found(Struct, gc=False):
    """A procedure found as a member: `prefix` are its first generic arguments (the impl's, or Self and the trait's)."""

    proc: ProcDef
    prefix: tuple[Ty, ...]


class MethodIndex:
    """Answers about members by name, kept for one module: inherent methods by head of the self type, traits by what they have."""

    def __init__(self, defs: Definitions) -> None:
        self.defs = defs
        self._inherent: dict[tuple[str, str], Sequence[tuple[ImplDef, str]]] = {}
        self._traits: dict[str, list[TraitDef]] = {}

    def inherent(self, key: str, name: str) -> Sequence[tuple[ImplDef, str]]:
        found = self._inherent.get((key, name))
        if found is None:
            found = self._inherent[key, name] = self.defs.inherent_methods(key, name)
        return found

    def traits(self, name: str) -> list[TraitDef]:
        found = self._traits.get(name)
        if found is None:
            found = self._traits[name] = [trait for trait in self.defs.traits_with(name) if name in trait.methods]
        return found

    def traits_for(self, key: str, name: str) -> list[TraitDef]:
        """Traits with this method that types with this head may have."""
        return [trait for trait in self.defs.traits_for(key, name) if name in trait.methods]

    def const_traits(self, name: str) -> list[TraitDef]:
        return [trait for trait in self.defs.traits_with(name) if name in trait.assoc_consts]


def find_inherent(cx: Cx, ty: Ty, name: str) -> Found | None:
    members = cx.index.inherent(head(ty), name)
    if not members:
        return None
    for impl, path in members:
        args = match_impl(impl, (ty,))
        if args is None and ty.flags & HAS_INFER:
            from vitte.typecheck.obligations import unify_impl

            mark = cx.mark()
            args = unify_impl(cx, impl, (ty,))
            if args is None:
                cx.rollback(mark)
        if args is not None:
            if len(members) > 1 and not _impl_bounds_hold(cx, impl, args):
                continue
            proc = cx.defs.procs.get(path)
            if proc is not None:
                return Found(proc, args)
    return None


def _impl_bounds_hold(cx: Cx, impl: ImplDef, args: tuple[Ty, ...]) -> bool:
    for bound in impl.generics.bounds:
        needed = tuple([cx.norm(t.subst(a, args)) for a in bound.args])
        if not any(a.flags & HAS_INFER for a in needed) and select_impl(cx.defs, bound.trait, needed, cx.bounds) is None:
            return False
    return True


def find_trait_method(cx: Cx, ty: Ty, name: str, span: Span) -> Found | None:
    """A trait method `name` for values of `ty` (resolved, not an open variable)."""
    defs = cx.defs
    cls = type(ty)
    if cx.bounds:
        for bound in cx.bounds:
            if type(bound) is TraitRef and bound.args[0] is ty:
                trait = defs.traits.get(bound.trait)
                if trait is not None and name in trait.methods:
                    return Found(defs.procs[trait.methods[name]], bound.args)
    hits: list[tuple[TraitDef, tuple[Ty, ...]]] = []
    for trait in cx.index.traits_for(head(ty), name):
        args = trait_applies(cx, trait, ty)
        if args is not None:
            hits.append((trait, args))
    if not hits:
        return None
    if len(hits) > 1:
        own = [h for h in hits if h[0].path.partition("::")[0] == cx.module]
        if len(own) == 1:
            hits = own
        elif cls is not t.ErrorTy:
            cx.error(
                E.AMBIGUOUS_METHOD,
                span,
                f"`{name}` is a method of several traits of `{show(ty)}`",
                f"{E.listed([h[0].name for h in hits])} all have it",
                notes=(f"say which: `{hits[0][0].name}.{name}(...)`",),
            )
    trait, args = hits[0]
    proc = defs.procs.get(trait.methods[name])
    return Found(proc, args) if proc is not None else None


def trait_applies(cx: Cx, trait: TraitDef, ty: Ty) -> tuple[Ty, ...] | None:
    """Self and arguments with which `ty` has `trait` (fresh variables for arguments not known), or None."""
    from vitte.typecheck.obligations import candidates

    extra = len(trait.generics.names) - 1
    if extra == 0:
        if not ty.flags & HAS_INFER:
            return (ty,) if select_impl(cx.defs, trait.path, (ty,), cx.bounds) is not None else None
        for key in (head(ty), "*"):
            for impl in cx.defs.impls_of(trait.path, key):
                if match_impl(impl, (ty,)) is not None:
                    return (ty,)
        if trait.path in BUILTIN_TRAITS and type(ty) is not t.AdtTy:
            return (ty,)
        if candidates(cx, trait.path, (ty,)):
            return (ty,)
        if trait.path in BUILTIN_TRAITS and type(ty) is t.AdtTy and ty.path not in (lang.LIST, lang.MAP, lang.SET, lang.BOX):
            return (ty,)
        return None
    found: list[tuple[Ty, ...]] = []
    for key in (head(ty), "*"):
        for impl in cx.defs.impls_of(trait.path, key):
            assert impl.trait is not None
            binds: list[Ty | None] = [None] * len(impl.generics.names)
            from vitte.ir.impls import match_ty

            if match_ty(impl.self_ty, ty, binds):
                rest = impl.trait.args[1:]
                if all(b is not None for b in binds):
                    found.append(tuple([t.subst(a, tuple(binds)) for a in rest]))  # type: ignore[arg-type]
                else:
                    found.append(tuple([cx.fresh() for _ in rest]))
    if len(found) == 1:
        return (ty, *found[0])
    args = (ty, *[cx.fresh() for _ in range(extra)])
    if not found and not (ty.flags & HAS_INFER and candidates(cx, trait.path, args)):
        return None
    return args


def element(ty: Ty) -> Ty | None:
    """Of a list or an array, which has the methods of a slice too; None for any other type."""
    return ty.args[0] if type(ty) is t.AdtTy and ty.path == lang.LIST else ty.elem if type(ty) is t.ArrayTy else None


def all_method_names(cx: Cx, ty: Ty) -> list[str]:
    names = cx.defs.inherent_names(head(ty))
    elem = element(ty)
    if elem is not None:
        names.extend(cx.defs.inherent_names(head(t.slice_ty(elem))))
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind != "pick":
            for variant in adt.variants:
                names.extend([f.name for f in variant.fields])
    for bound in cx.bounds:
        if type(bound) is TraitRef and bound.args[0] is ty:
            trait = cx.defs.traits.get(bound.trait)
            if trait is not None:
                names.extend(trait.methods)
    for trait in cx.defs.traits_of(head(ty)):
        names.extend(trait.methods)
    return names


def no_method(cx: Cx, ty: Ty, name: str, span: Span, what: str = "method") -> None:
    """Report that `ty` has no member `name`, unless it is in an impl whose head was reported."""
    if any(impl.self_ty.flags & t.HAS_ERROR for impl, _ in cx.index.inherent(head(ty), name)):
        return
    shown = show(ty)
    names = [n for n in all_method_names(cx, ty) if n != name]
    near = closest(name, names)
    helps = (cx.diag.suggest(f"did you mean `{near}`?", span, near),) if near else ()
    notes: list[str] = []
    if not near:
        if type(ty) is t.ParamTy:
            traits = [x.name for x in cx.index.traits(name)]
            notes.append(f"`{shown}` may be any type here" + (f": bound it, `[{shown}: {traits[0]}]`" if traits else ""))
        else:
            near_traits = cx.index.traits(name)[:3]
            notes.extend([f"trait `{x.name}` has `{name}`, but `{shown}` does not implement it" for x in near_traits])
            if any(x.path == lang.TRAIT_ITERATOR for x in near_traits) and "iter" in names:
                helps = (Suggestion(f"`iter()` gives an iterator over it: `.iter().{name}(...)`"),)
        if type(ty) is t.AdtTy and ty.path in (lang.OPTION, lang.RESULT):
            inner = cx.resolve(ty.args[0])
            if find_inherent(cx, inner, name) is not None:
                kind = "None" if ty.path == lang.OPTION else "Err"
                notes.append(f"the value inside has it: get it with `?`, `??` or a `match` that says what happens on `{kind}`")
    cx.diag.error(
        E.NO_METHOD if what == "method" else E.NO_MEMBER,
        span,
        f"`{shown}` has no {what} `{name}`",
        "not found",
        notes=tuple(notes),
        helps=helps,
    )
