"""Types as written become types: names to nominal types, aliases expanded, arguments counted, constants evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang
from vitte.ir import types as t
from vitte.ir.defs import AssocBound, Generics, TraitRef, head
from vitte.ir.impls import elaborate
from vitte.ir.types import Ty, show, subst
from vitte.typecheck import errors as E

if TYPE_CHECKING:
    from vitte.typecheck.collect import Collector

Fresh = Callable[[], Ty]


class TypeResolver:
    """Resolves `hir.TyExpr`. `bounds`: what is known of the type parameters in scope, for `T.Item`. `fresh` makes an
    inference variable for `_` and left-out arguments; None in signatures, where both are errors."""

    def __init__(self, collector: Collector) -> None:
        self.col = collector
        self.bounds: Sequence[TraitRef | AssocBound] = ()
        self.fresh: Fresh | None = None

    def resolve(self, e: hir.TyExpr) -> Ty:
        if type(e) is hir.TyName:
            return e.ty
        return _RESOLVE[type(e)](self, e)

    def sized(self, e: hir.TyExpr) -> Ty:
        """A type that values can have: not a bare slice."""
        ty = self.resolve(e)
        if type(ty) is t.SliceTy:
            elem = show(ty.elem)
            self.col.diag.error(E.UNSIZED, e.span, f"`[{elem}]` here has no size of its own", "a slice stands behind `&`")
            return t.ERROR
        return ty

    def args_for(self, generics: Generics, args: list[hir.TyExpr] | None, span: Span, what: str, first: int = 0) -> tuple[Ty, ...] | None:
        """Explicit arguments of something generic from parameter `first` on, counted; ERRORs when they do not fit, which is reported."""
        count = len(generics.names) - first
        if args is None:
            if count == 0:
                return ()
            fresh = self.fresh
            if fresh is not None:
                return tuple([fresh() for _ in range(count)])
            names = generics.names[first:]
            self.col.diag.error(
                E.TYPE_ARG_COUNT,
                span,
                f"{what} needs {E.plural(count, 'type argument')}",
                f"write its {E.listed(names)}: `{what.split('`')[1] if '`' in what else what}[{', '.join(names)}]`",
            )
            return (t.ERROR,) * count
        if len(args) != count:
            has = E.plural(count, "type parameter") if count else "no type parameters"
            self.col.diag.error(
                E.TYPE_ARG_COUNT,
                span,
                f"{what} has {has}, but {E.plural(len(args), 'argument')} {'is' if len(args) == 1 else 'are'} given",
                f"expected {count}",
            )
            return (t.ERROR,) * count
        out: list[Ty] = []
        for i, arg in enumerate(args):
            wants_const = first + i < len(generics.consts) and generics.consts[first + i]
            ty = self.resolve(arg) if wants_const else self.sized(arg)
            is_const = type(arg) is hir.TyConst or type(ty) is t.ConstTy
            if wants_const != is_const and ty is not t.ERROR and type(ty) not in (t.ParamTy, t.InferTy):
                wanted = "a constant" if wants_const else "a type"
                self.col.diag.error(
                    E.TYPE_ARG_COUNT,
                    arg.span,
                    f"parameter `{generics.names[first + i]}` of {what} stands for {wanted}",
                    f"expected {wanted}",
                )
                ty = t.ERROR
            out.append(ty)
        return tuple(out)

    # --- one method per kind ---------------------------------------------------------------------------------------

    def path(self, e: hir.TyPath) -> Ty:
        defs = self.col.defs
        if e.kind == "adt":
            adt = defs.adts.get(e.path)
            if adt is None:
                return self.col.missing_lang_item(e.path, e.span)
            args = self.args_for(adt.generics, e.args, e.span, f"`{adt.name}`")
            return t.adt_ty(e.path, args or ())
        if e.kind == "alias":
            alias = self.col.alias(e.path, e.span)
            if alias is None:
                return t.ERROR
            args = self.args_for(alias.generics, e.args, e.span, f"`{alias.name}`")
            return subst(alias.ty, args or ())
        return t.ERROR  # a trait: lowering said so

    def assoc(self, e: hir.TyAssoc) -> Ty:
        base = self.resolve(e.base)
        if base is t.ERROR:
            return t.ERROR
        if e.trait:
            trait = self.col.defs.traits.get(e.trait)
            if trait is not None and e.name in trait.assoc_types:
                for bound in elaborate(self.bounds, self.col.defs):
                    if type(bound) is TraitRef and bound.trait == e.trait and bound.args[0] is base:
                        return t.proj_ty(e.trait, bound.args, e.name)
                return t.proj_ty(e.trait, (base,), e.name)
        else:
            found = self.find_assoc(base, e.name)
            if found is not None:
                return found
        names: list[str] = []
        for bound in elaborate(self.bounds, self.col.defs):
            if type(bound) is TraitRef and bound.args[0] is base:
                trait = self.col.defs.traits.get(bound.trait)
                names.extend(trait.assoc_types if trait is not None else ())
        note = f"it has {E.listed(sorted(set(names)))}" if names else "no bound or impl of it has associated types"
        self.col.diag.error(E.NO_ASSOC_TYPE, e.span, f"`{show(base)}` has no associated type `{e.name}`", note)
        return t.ERROR

    def find_assoc(self, base: Ty, name: str) -> Ty | None:
        defs = self.col.defs
        for bound in elaborate(self.bounds, defs):
            if type(bound) is TraitRef and bound.args[0] is base:
                trait = defs.traits.get(bound.trait)
                if trait is not None and name in trait.assoc_types:
                    return t.proj_ty(bound.trait, bound.args, name)
        if type(base) in (t.ParamTy, t.InferTy):
            return None
        key = head(base)
        for trait in defs.traits_with(name):
            if name in trait.assoc_types:
                found = defs.impls_of(trait.path, key)
                if found or defs.impls_of(trait.path, "*"):
                    if len(trait.generics.names) == 1:
                        return t.proj_ty(trait.path, (base,), name)
                    for impl in found:
                        if impl.trait is not None and impl.self_ty is base:
                            return t.proj_ty(trait.path, impl.trait.args, name)
        return None

    def array(self, e: hir.TyArray) -> Ty:
        length = self.col.constants.array_length(e.length)
        return t.array_ty(self.sized(e.elem), length)

    def proc(self, e: hir.TyProc) -> Ty:
        modes: list[t.Mode] = []
        params: list[Ty] = []
        for mode, param in zip(e.modes, e.params, strict=True):
            ty = self.sized(param)
            modes.append("own" if mode == "lend" and type(param) is hir.TyRef else mode)
            params.append(ty)
        return t.proc_ty(tuple(modes), tuple(params), t.UNIT if e.result is None else self.sized(e.result))

    def infer(self, e: hir.TyInfer) -> Ty:
        if self.fresh is not None:
            return self.fresh()
        self.col.diag.error(E.UNTYPED_ITEM, e.span, "the type must be written here", "`_` is for types inside procedures")
        return t.ERROR

    def tuple(self, e: hir.TyTuple) -> Ty:
        return t.tuple_ty(tuple([self.sized(x) for x in e.elems]))


_RESOLVE: dict[type, Callable[..., Ty]] = {
    hir.TyName: lambda r, e: e.ty,
    hir.TyPath: TypeResolver.path,
    hir.TyAssoc: TypeResolver.assoc,
    hir.TyTuple: TypeResolver.tuple,
    hir.TyArray: TypeResolver.array,
    hir.TySlice: lambda r, e: t.slice_ty(r.sized(e.elem)),
    hir.TyRef: lambda r, e: t.ref_ty(r.resolve(e.target), e.mutable),
    hir.TyPtr: lambda r, e: t.ptr_ty(r.resolve(e.target), e.mutable),
    hir.TyProc: TypeResolver.proc,
    hir.TyConst: lambda r, e: r.col.constants.length(e.value),
    hir.TyInfer: TypeResolver.infer,
    hir.TyError: lambda r, e: t.ERROR,
}

LANG_ADTS = frozenset((lang.OPTION, lang.RESULT, lang.BOX, lang.LIST, lang.MAP, lang.SET))
