"""Bounds that must hold and associated types that must be found, also while types are still open.

What is known at once is decided at once. The rest waits in `cx.obligations` and `cx.projections` and is tried again when
a type is needed and at the end of the body; an obligation that only one impl can meet decides what its variables are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import ANY_HEAD, ImplDef, TraitRef, head
from vitte.ir.impls import match_impl, normalize, select_impl
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PROJECTION, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.cx import Obligation

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


def require(cx: Cx, trait: str, args: tuple[Ty, ...], span: Span, why: str = "") -> None:
    """`args[0]: trait[args[1:]]` must hold."""
    flags = 0
    for arg in args:
        flags |= arg.flags
    if flags & (HAS_INFER | HAS_PROJECTION):
        args = tuple([cx.norm(cx.resolve(a), span) for a in args])
        flags = 0
        for arg in args:
            flags |= arg.flags
    if flags & HAS_ERROR:
        return
    if flags & HAS_INFER:
        cx.obligations.append(Obligation(trait, args, span, why))
        return
    if select_impl(cx.defs, trait, args, cx.bounds) is None:
        unmet(cx, trait, args, span, why)


def unmet(cx: Cx, trait: str, args: tuple[Ty, ...], span: Span, why: str) -> None:
    """Report a bound that does not hold."""
    ty = args[0]
    name = trait.rpartition("::")[2]
    if len(args) > 1:
        name += f"[{', '.join([show(a) for a in args[1:]])}]"
    shown = show(ty)
    notes: list[str] = []
    if why:
        notes.append(f"needed by {why}")
    code = E.NO_IMPL
    if trait == lang.TRAIT_SHOW and type(ty) is not t.ParamTy:
        code = E.NOT_SHOWN
        notes.append(f"write `impl Show for {shown} {{ proc show(self) -> string {{ ... }} }}`, or print it with `{{:?}}`")
    elif type(ty) is t.ParamTy:
        notes.append(f"`{shown}` may be any type here: bound it, `[{shown}: {name}]`")
    elif type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        words = {lang.TRAIT_CLONE: "clone", lang.TRAIT_ORD: "ord", lang.TRAIT_DEFAULT: "default"}
        word = words.get(trait)
        if adt is not None and word is not None and ty.path in cx.col.interface.adts and word not in adt.derives:
            notes.append(f"`#[derive({word})]` on `{adt.name}` makes it")
        elif trait in (lang.TRAIT_EQ, lang.TRAIT_HASH) and adt is not None:
            for variant in adt.variants:
                for field in variant.fields:
                    part = normalize(subst(field.ty, ty.args), cx.defs, cx.bounds)
                    if select_impl(cx.defs, trait, (part,), cx.bounds) is None:
                        notes.append(f"its part `{field.name}` is {E.an(show(part))}, which has no `{name}`")
                        break
    cx.diag.error(code, span, f"`{shown}` does not implement `{name}`", f"`{name}` is missing for `{shown}`", notes=tuple(notes))


def candidates(cx: Cx, trait: str, args: tuple[Ty, ...]) -> list[ImplDef]:
    """Impls that may serve `args`, which hold open variables."""
    self_ty = args[0]
    if type(self_ty) is t.InferTy:
        pool = cx.defs.impls_of(trait, ANY_HEAD)
    else:
        pool = [*cx.defs.impls_of(trait, head(self_ty)), *cx.defs.impls_of(trait, "*")]
    out: list[ImplDef] = []
    for impl in pool:
        mark = cx.mark()
        if unify_impl(cx, impl, args) is not None:
            out.append(impl)
        cx.rollback(mark)
    return out


def unify_impl(cx: Cx, impl: ImplDef, args: tuple[Ty, ...]) -> tuple[Ty, ...] | None:
    """Make the impl's head equal to `args`; gives what its parameters stand for (maybe open)."""
    fresh = tuple([cx.fresh() for _ in impl.generics.names])
    patterns = impl.trait.args if impl.trait is not None else (impl.self_ty,)
    for pattern, arg in zip(patterns, args, strict=True):
        ty = subst(pattern, fresh)
        if ty.flags & HAS_PROJECTION:
            continue
        if not cx.unify(ty, arg):
            return None
    return fresh


def project(cx: Cx, proj: t.ProjTy) -> Ty | None:
    """An associated type over open variables, when the impl is clear already."""
    args = tuple([cx.norm(cx.resolve(a)) for a in proj.args])
    for bound in cx.bounds:
        if type(bound) is TraitRef and bound.trait == proj.trait and bound.args == args:
            return normalize(t.proj_ty(proj.trait, args, proj.name), cx.defs, cx.bounds)
    if type(args[0]) is t.InferTy:
        return None
    for key in (head(args[0]), "*"):
        for impl in cx.defs.impls_of(proj.trait, key):
            found = match_impl(impl, args)
            if found is not None and proj.name in impl.assoc_types and _bounds_may_hold(cx, impl, found):
                return cx.norm(subst(impl.assoc_types[proj.name], found))
    options = candidates(cx, proj.trait, args)
    if len(options) == 1 and proj.name in options[0].assoc_types:
        binds = unify_impl(cx, options[0], args)
        if binds is not None:
            return cx.norm(subst(options[0].assoc_types[proj.name], binds))
    return None


def _bounds_may_hold(cx: Cx, impl: ImplDef, args: tuple[Ty, ...]) -> bool:
    for bound in impl.generics.bounds:
        needed = tuple([cx.norm(subst(a, args)) for a in bound.args])
        if any(a.flags & HAS_INFER for a in needed):
            if type(needed[0]) is not t.InferTy and not candidates(cx, bound.trait, needed):
                return False
            continue
        if select_impl(cx.defs, bound.trait, needed, cx.bounds) is None:
            return False
    return True


def solve(cx: Cx, final: bool) -> None:
    """Try what waits, until nothing moves. `final`: types are as known as they will be; what fails is reported."""
    moved = True
    while moved:
        moved = False
        projections = cx.projections
        cx.projections = []
        for item in projections:
            proj, var, span = item
            ty = cx.norm(cx.resolve(proj)) if not cx.resolve(proj).flags & HAS_INFER else None
            if ty is None:
                inner = cx.resolve(proj)
                ty = project(cx, inner) if type(inner) is t.ProjTy else inner
            if ty is None:
                cx.projections.append(item)
            else:
                moved = True
                if not cx.unify(var, ty):
                    cx.diag.error(
                        E.MISMATCH,
                        span,
                        f"mismatched types: {E.expected(cx.resolve(var), cx.resolve(ty))}",
                        f"`{show(proj)}` is `{show(cx.resolve(ty))}`",
                    )
        obligations = cx.obligations
        cx.obligations = []
        for obligation in obligations:
            if _try(cx, obligation, final):
                moved = True
            else:
                cx.obligations.append(obligation)


def _try(cx: Cx, ob: Obligation, final: bool) -> bool:
    args = tuple([cx.norm(cx.resolve(a), ob.span) for a in ob.args])
    flags = 0
    for arg in args:
        flags |= arg.flags
    if flags & HAS_ERROR:
        return True
    if not flags & HAS_INFER:
        if select_impl(cx.defs, ob.trait, args, cx.bounds) is None:
            unmet(cx, ob.trait, args, ob.span, ob.why)
        return True
    self_ty = args[0]
    if type(self_ty) is t.InferTy and self_ty.kind == "any":
        return False
    if type(self_ty) is t.InferTy:
        return False
    if ob.trait in (lang.TRAIT_COPY, lang.TRAIT_DEBUG):
        return final
    options = candidates(cx, ob.trait, args)
    if len(options) == 1:
        binds = unify_impl(cx, options[0], args)
        if binds is not None:
            for bound in options[0].generics.bounds:
                require(cx, bound.trait, tuple([subst(a, binds) for a in bound.args]), ob.span, ob.why)
        return True
    return False
