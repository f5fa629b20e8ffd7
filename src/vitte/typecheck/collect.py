"""HIR items become definitions: signatures resolved, added to `ctx.defs`, and collected for the interface.

The order lets everything speak of everything: first names and parameter counts of all types and traits, then what traits
demand, then impl heads, then fields and procedure signatures. Aliases and constants are resolved when first needed.
"""

from __future__ import annotations

from vitte.base.diagnostics import Label
from vitte.base.source import NO_SPAN, Location, Span
from vitte.driver.context import UnitContext
from vitte.ir import hir, lang
from vitte.ir import types as t
from vitte.ir.defs import (
    AdtDef,
    AliasDef,
    AssocBound,
    ConstDef,
    Export,
    FieldDef,
    Generics,
    ImplDef,
    Interface,
    ParamDef,
    ProcDef,
    TraitDef,
    TraitRef,
    VariantDef,
    head,
)
from vitte.ir.impls import bounds_of, match_impl, normalize
from vitte.ir.paths import import_symbol
from vitte.ir.types import HAS_PROJECTION, Ty, show
from vitte.typecheck import errors as E
from vitte.typecheck.constants import Evaluator, fits
from vitte.typecheck.types_of import TypeResolver

_OPERATORS = frozenset([trait for trait, _ in lang.OPERATOR_TRAITS.values()])


class Collector:
    """Definitions of one module in the making. `interface` holds them all; `items` is the HIR by path."""

    def __init__(self, module: hir.Module, ctx: UnitContext) -> None:
        self.module = module
        self.ctx = ctx
        self.diag = ctx.diagnostics
        self.defs = ctx.defs
        self.types = TypeResolver(self)
        self.constants = Evaluator(self)
        self.interface = Interface(module.path, ctx.file)
        self.const_items: dict[str, hir.Const] = {}
        self.alias_items: dict[str, hir.Alias] = {}
        self.alias_active: list[str] = []
        self.bad_consts: set[str] = set()
        self.const_params: dict[str, list[Ty | None]] = {}
        """Owner path -> for each generic parameter, its type when it is a constant."""
        self.adts: list[tuple[hir.Adt, AdtDef]] = []
        self.traits: list[tuple[hir.Trait, TraitDef]] = []
        self.impls: list[tuple[hir.Impl, ImplDef]] = []
        self.procs: list[tuple[hir.Proc, ProcDef]] = []
        self.missing: set[str] = set()

    # --- the phases ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        items = self.module.items
        for item in items:
            cls = type(item)
            if cls is hir.Adt:
                self.adt_shell(item)  # type: ignore[arg-type]
            elif cls is hir.Trait:
                self.trait_shell(item)  # type: ignore[arg-type]
            elif cls is hir.Alias:
                self.alias_items[item.path] = item  # type: ignore[assignment]
            elif cls is hir.Const:
                self.const_items[item.path] = item  # type: ignore[assignment]
        self.defs.memo.clear()
        for trait_item, trait in self.traits:
            self.trait_bounds(trait_item, trait)
        for alias in self.alias_items.values():
            self.alias(alias.path, alias.name_span)
        for adt_item, adt in self.adts:
            self.resolve_bounds(adt_item.generics, adt.generics, [])
        for item in items:
            if type(item) is hir.Impl:
                self.impl_head(item)
        for adt_item, adt in self.adts:
            self.fields(adt_item, adt)
        for item in items:
            if type(item) is hir.Proc:
                self.proc(item)
        for item in self.const_items.values():
            self.const(item)
        self.defs.memo.clear()
        self.normalize_all()
        names = self.interface.names
        for name, exported in self.module.names.items():
            names[name] = Export(exported.kind, exported.path, exported.visibility)

    def generics(self, written: hir.GenericsExpr, owner: str) -> Generics:
        params = written.params
        parents = written.parent_names
        if not params and not parents:
            return Generics()
        names = [*parents, *[p.name for p in params]]
        consts = [False] * len(parents)
        const_tys: list[Ty | None] = [None] * len(parents)
        for param in params:
            consts.append(param.const_ty is not None)
            const_tys.append(self.types.resolve(param.const_ty) if param.const_ty is not None else None)
        self.const_params[owner] = const_tys
        return Generics(names, consts, len(parents))

    def resolve_bounds(
        self, written: hir.GenericsExpr, generics: Generics, inherited: list[TraitRef], equalities: list[AssocBound] | None = None
    ) -> None:
        """Fill `generics.bounds`: what encloses first, then what is written."""
        if not inherited and not written.bounds:
            return
        bounds = list(inherited)
        equals = list(equalities or ())
        self.types.bounds = bounds
        pending: list[tuple[TraitRef, hir.WhereBound]] = []
        for bound in written.bounds:
            ref = self.trait_ref(bound.ty, bound.trait, bound.args, bound.span)
            if ref is not None:
                bounds.append(ref)
                pending.append((ref, bound))
        for ref, bound in pending:
            for name, ty_expr in bound.equalities:
                trait = self.defs.traits[ref.trait]
                if name not in trait.assoc_types:
                    self.diag.error(
                        E.NO_ASSOC_TYPE, bound.span, f"trait `{trait.name}` has no associated type `{name}`", "not found in the trait"
                    )
                    continue
                equals.append(AssocBound(ref, name, self.types.resolve(ty_expr)))
        generics.bounds = bounds
        generics.equalities = equals

    def trait_ref(self, ty_expr: hir.TyExpr, path: str, args: list[hir.TyExpr], span: Span) -> TraitRef | None:
        trait = self.defs.traits.get(path)
        ty = self.types.resolve(ty_expr)
        if trait is None:
            self.missing_lang_item(path, span)
            return None
        rest = self.trait_args(trait, ty, args, span)
        if ty is t.ERROR:
            return None
        return TraitRef(path, (ty, *rest))

    def trait_args(self, trait: TraitDef, self_ty: Ty, args: list[hir.TyExpr], span: Span) -> tuple[Ty, ...]:
        """Arguments of a trait without its self type. An operator trait without arguments works on its own type."""
        if not args and trait.path in _OPERATORS and len(trait.generics.names) == 2:
            return (self_ty,)
        fresh, self.types.fresh = self.types.fresh, None
        out = self.types.args_for(trait.generics, args or None, span, f"trait `{trait.name}`", 1)
        self.types.fresh = fresh
        return out or ()

    # --- types -----------------------------------------------------------------------------------------------------

    def adt_shell(self, item: hir.Adt) -> None:
        adt = AdtDef(item.path, item.name, item.kind, Generics(), [], item.visibility, file=self.ctx.file, name_span=item.name_span)
        for attr in item.attrs:
            if attr.name == "unique":
                adt.is_unique = True
            elif attr.name == "view":
                adt.is_view = True
            elif attr.name == "repr":
                if "C" in attr.args:
                    adt.repr_c = True
            elif attr.name == "derive":
                adt.derives.extend([name.lower() for name in attr.args])
        adt.derives = list(dict.fromkeys(adt.derives))
        self.defs.adts[item.path] = adt
        self.interface.adts[item.path] = adt
        adt.generics = self.generics(item.generics, item.path)
        self.adts.append((item, adt))

    def trait_shell(self, item: hir.Trait) -> None:
        trait = TraitDef(
            item.path,
            item.name,
            Generics(),
            {},
            list(item.assoc_types),
            visibility=item.visibility,
            file=self.ctx.file,
            name_span=item.name_span,
        )
        trait.generics = self.generics(item.generics, item.path)
        for path in item.methods:
            trait.methods[path.rpartition(".")[2]] = path
        for path in item.assoc_consts:
            trait.assoc_consts[path.rpartition(".")[2]] = path
        self.defs.traits[item.path] = trait
        self.interface.traits[item.path] = trait
        self.traits.append((item, trait))

    def trait_bounds(self, item: hir.Trait, trait: TraitDef) -> None:
        me = TraitRef(trait.path, tuple([t.param_ty(i, n) for i, n in enumerate(trait.generics.names)]))
        self.types.bounds = [me]
        for bound in item.supers:
            ref = self.trait_ref(bound.ty, bound.trait, bound.args, bound.span)
            if ref is not None:
                trait.supers.append(ref)
        self.resolve_bounds(item.generics, trait.generics, [me])

    def alias(self, path: str, span: Span) -> AliasDef | None:
        known = self.defs.aliases.get(path)
        if known is not None:
            return known
        item = self.alias_items.get(path)
        if item is None:
            return None
        if path in self.alias_active:
            # Lowering reported the cycle.
            broken = AliasDef(path, item.name, self.generics(item.generics, path), t.ERROR, item.visibility, item.name_span)
            self.defs.aliases[path] = broken
            return broken
        self.alias_active.append(path)
        fresh, bounds = self.types.fresh, self.types.bounds
        self.types.fresh, self.types.bounds = None, ()
        generics = self.generics(item.generics, path)
        ty = self.types.resolve(item.ty)
        self.types.fresh, self.types.bounds = fresh, bounds
        self.alias_active.pop()
        alias = self.defs.aliases.get(path)
        if alias is None:
            alias = AliasDef(path, item.name, generics, ty, item.visibility, item.name_span)
            self.defs.aliases[path] = alias
        self.interface.aliases[path] = alias
        return alias

    def fields(self, item: hir.Adt, adt: AdtDef) -> None:
        self.types.bounds = bounds_of(adt.generics, self.defs)
        if item.repr is not None:
            repr_ty = self.types.resolve(item.repr)
            if type(repr_ty) is t.IntTy:
                adt.repr = repr_ty
            elif repr_ty is not t.ERROR:
                self.diag.error(
                    E.BAD_REPR, item.repr.span, f"`{adt.name}` cannot be represented as `{show(repr_ty)}`", "an integer type is needed"
                )
        if adt.kind in ("flags", "bits") and adt.repr is None:
            adt.repr = t.U32 if adt.kind == "flags" else t.U64
        for case in item.cases:
            adt.variants.append(self.variant(adt, case))
        if item.kind == "pick" or item.kind == "flags":
            self.discriminants(item, adt)
        elif item.kind == "bits":
            self.bit_ranges(item, adt)
        if not adt.is_view and item.kind != "flags":
            self.check_views(item, adt)

    def variant(self, adt: AdtDef, case: hir.CaseDecl) -> VariantDef:
        variant = VariantDef(case.name, [], 0, case.has_names, case.name_span)
        for i, field in enumerate(case.fields):
            name = field.name or str(i)
            ty = self.types.sized(field.ty)
            variant.fields.append(FieldDef(name, ty, field.visibility, field.default or None, field.name_span or case.name_span))
        return variant

    def check_views(self, item: hir.Adt, adt: AdtDef) -> None:
        for case in item.cases:
            for field, found in zip(case.fields, adt.variants[item.cases.index(case)].fields, strict=True):
                if found.ty.flags & t.HAS_ERROR:
                    continue
                if is_view_text(found.ty, self):
                    self.diag.error(
                        E.VIEW_FIELD,
                        field.ty.span,
                        f"field `{found.name}` of `{adt.name}` holds a reference",
                        f"`{show(found.ty)}` is a view of something owned elsewhere",
                        notes=("references live in parameters, locals and results; only a form marked `#[view]` may hold them",),
                    )

    def discriminants(self, item: hir.Adt, adt: AdtDef) -> None:
        is_flags = item.kind == "flags"
        ty = adt.repr or t.ISIZE
        following = 1 if is_flags else 0
        seen: dict[int, str] = {}
        for case, variant in zip(item.cases, adt.variants, strict=True):
            if case.discriminant is not None:
                value = self.constants.integer(case.discriminant, ty, "a discriminant" if not is_flags else "a flag")
                if value is None:
                    value = following
            else:
                value = following
                if not fits(value, ty):
                    self.diag.error(
                        E.DISCRIMINANT,
                        case.name_span,
                        f"`{case.name}` would be {value}, which does not fit in `{show(ty)}`",
                        f"`{adt.name}` is {E.an(show(ty))}",
                    )
            if not is_flags and value in seen:
                self.diag.error(
                    E.DISCRIMINANT,
                    case.name_span,
                    f"`{case.name}` and `{seen[value]}` are both {value}",
                    "every case needs a value of its own",
                )
            seen.setdefault(value, case.name)
            variant.discriminant = value
            following = value + 1 if not is_flags else (1 << value.bit_length() if value > 0 else 1)

    def bit_ranges(self, item: hir.Adt, adt: AdtDef) -> None:
        ty = adt.repr
        assert type(ty) is t.IntTy
        used = 0
        for (low_expr, high_expr), field in zip(item.bit_ranges, item.cases[0].fields, strict=False):
            low = self.constants.integer(low_expr, t.INT, "a bit position")
            high = self.constants.integer(high_expr, t.INT, "a bit position")
            if low is None or high is None:
                adt.bit_ranges.append((0, 1))
                continue
            mask = ((1 << max(high - low, 0)) - 1) << max(low, 0)
            if not 0 <= low < high <= ty.bits:
                self.diag.error(
                    E.BAD_BITS,
                    field.name_span,
                    f"bits {low}..{high} of `{field.name}` do not lie in `{show(ty)}`",
                    f"it has bits 0 to {ty.bits - 1}",
                )
            elif used & mask:
                self.diag.error(E.BAD_BITS, field.name_span, f"bits of `{field.name}` belong to another field already", "overlaps")
            used |= mask
            adt.bit_ranges.append((low, high))

    # --- impls -----------------------------------------------------------------------------------------------------

    def impl_head(self, item: hir.Impl) -> None:
        generics = self.generics(item.generics, item.path)
        self.types.bounds = ()
        self_ty = self.types.resolve(item.self_ty)
        if not item.trait and type(self_ty) is t.RefTy and type(self_ty.target) is t.SliceTy:
            self_ty = self_ty.target
        self.resolve_bounds(item.generics, generics, [])
        self.types.bounds = generics.bounds
        trait_ref: TraitRef | None = None
        if item.trait:
            trait = self.defs.traits.get(item.trait)
            if trait is None:
                self.missing_lang_item(item.trait, item.span)
                return
            trait_ref = TraitRef(item.trait, (self_ty, *self.trait_args(trait, self_ty, item.trait_args, item.name_span or item.span)))
            self.types.bounds = [*generics.bounds, trait_ref]
        impl = ImplDef(item.path, generics, self_ty, trait_ref, file=self.ctx.file, span=item.name_span or item.span)
        for path in item.methods:
            impl.methods[path.rpartition(".")[2]] = path
        for path in item.assoc_consts:
            impl.assoc_consts[path.rpartition(".")[2]] = path
        if self_ty is t.ERROR:
            return
        self.impls.append((item, impl))
        self.interface.impls.append(impl)
        self.defs.add_impl(impl)
        for name, ty_expr in item.assoc_types:
            impl.assoc_types[name] = self.types.resolve(ty_expr)

    def self_type(self, parent: str) -> Ty | None:
        impl = self.defs.impls.get(parent)
        if impl is not None:
            return impl.self_ty
        if parent in self.defs.traits:
            return t.param_ty(0, "Self")
        adt = self.defs.adts.get(parent)
        if adt is not None:
            return t.adt_ty(parent, tuple([t.param_ty(i, n) for i, n in enumerate(adt.generics.names)]))
        return None

    # --- procedures and constants ----------------------------------------------------------------------------------

    def proc(self, item: hir.Proc) -> None:
        generics = self.generics(item.generics, item.path)
        inherited: list[TraitRef] = []
        equalities: list[AssocBound] = []
        parent = item.parent
        if parent:
            owner = self.defs.impls.get(parent) or self.defs.traits.get(parent) or self.defs.adts.get(parent)
            if owner is not None:
                inherited, equalities = owner.generics.bounds, owner.generics.equalities
                outer = self.const_params.get(parent)
                if outer and item.path in self.const_params:
                    self.const_params[item.path][: len(outer)] = outer
        self.resolve_bounds(item.generics, generics, inherited, equalities)
        self.types.bounds = generics.bounds
        impl = self.defs.impls.get(parent) if parent else None
        if impl is not None and impl.trait is not None:
            self.types.bounds = [*generics.bounds, impl.trait]
        params: list[ParamDef] = []
        for decl in item.params:
            mode: t.Mode = decl.mode
            if decl.ty is None:
                ty = self.self_type(parent) or t.ERROR
                if type(ty) is t.SliceTy:
                    ty, mode = t.ref_ty(ty, mode == "mut"), "own"
            else:
                ty = self.types.sized(decl.ty)
                if mode == "lend" and type(decl.ty) is hir.TyRef:
                    mode = "own"
            params.append(ParamDef(decl.name, mode, ty, decl.default or None))
        result = t.UNIT if item.result is None else self.types.sized(item.result)
        proc = ProcDef(
            item.path,
            item.name,
            generics,
            params,
            result,
            item.visibility,
            parent,
            item.has_self,
            item.is_const,
            item.is_unsafe,
            item.inline,
            item.abi,
            variadic=item.variadic,
            has_body=item.body is not None,
            test=item.test,
            file=self.ctx.file,
            name_span=item.name_span,
        )
        if item.attrs:
            self.proc_attrs(item, proc)
        if (proc.abi == "C" and not proc.has_body and not proc.symbol) or (proc.abi == "C" and not proc.symbol):
            proc.symbol = proc.name
        host = next((name for name, kind in proc.links if kind == "wasm"), "")
        if host and not proc.has_body:
            proc.symbol = import_symbol(host, proc.symbol)
        self.procs.append((item, proc))
        self.interface.procs[item.path] = proc
        self.defs.procs[item.path] = proc

    def proc_attrs(self, item: hir.Proc, proc: ProcDef) -> None:
        for attr in item.attrs:
            name = attr.name
            if name == "intrinsic":
                proc.intrinsic = attr.args[0] if attr.args else proc.name
                proc.has_body = False
                if proc.intrinsic not in lang.INTRINSICS:
                    self.diag.error(E.NO_LANG_ITEM, attr.span, f"there is no intrinsic `{proc.intrinsic}`", "not known to the compiler")
                elif "(safe)" not in lang.INTRINSICS[proc.intrinsic]:
                    proc.is_unsafe = True
            elif name == "link":
                proc.links.append(self.library(attr))
            elif name == "export_name" or name == "link_name":
                if attr.args:
                    proc.symbol = attr.said

    def library(self, attr: hir.Attr) -> tuple[str, str]:
        """Name and kind of the library that a `#[link]` asks for; the program is linked with it."""
        said = {key: value for key, _, value in [arg.partition("=") for arg in attr.args]}
        library = (said.get("name", ""), said.get("kind", ""))
        if library not in self.interface.links:
            self.interface.links.append(library)
        return library

    def const_type(self, item: hir.Const) -> Ty:
        known = self.defs.consts.get(item.path)
        if known is not None:
            return known.ty
        if item.ty is not None:
            fresh, self.types.fresh = self.types.fresh, None
            ty = self.types.sized(item.ty)
            self.types.fresh = fresh
            return ty
        owner = self.interface.procs.get(item.default_of)
        if owner is not None:
            for param in owner.params:
                if param.name == item.name or param.default == item.path:
                    return param.ty
        adt = self.interface.adts.get(item.default_of)
        if adt is not None:
            for variant in adt.variants:
                for field in variant.fields:
                    if field.default == item.path:
                        return field.ty
        if not item.default_of:
            self.diag.error(E.UNTYPED_ITEM, item.name_span, f"constant `{item.name}` does not say its type", f"write `{item.name}: T`")
        return t.ERROR

    def const(self, item: hir.Const) -> None:
        generics = self.generics(item.generics, item.path)
        owner_path = item.default_of or item.path.rpartition(".")[0]
        owner = (
            self.interface.procs.get(owner_path)
            or self.interface.adts.get(owner_path)
            or self.interface.traits.get(owner_path)
            or self.defs.impls.get(owner_path)
        )
        if owner is not None:
            generics.bounds = owner.generics.bounds
            generics.equalities = owner.generics.equalities
            if not generics.names and item.default_of:
                generics = owner.generics
        self.types.bounds = generics.bounds
        const = ConstDef(
            item.path,
            item.name,
            self.const_type(item),
            generics,
            item.visibility,
            item.is_static,
            item.is_mutable,
            item.symbol,
            file=self.ctx.file,
            name_span=item.name_span,
        )
        for attr in item.attrs:
            if attr.name == "link":
                self.library(attr)
        if is_view_text(const.ty, self) and not item.default_of:
            self.diag.error(
                E.VIEW_FIELD,
                item.name_span,
                f"`{item.name}` holds a reference",
                f"`{show(const.ty)}` is a view of something owned elsewhere",
            )
        self.defs.consts[item.path] = const
        self.interface.consts[item.path] = const

    def find_assoc_const(self, ty: Ty, name: str) -> str | None:
        """Path of the associated constant `ty.name` of an inherent or trait impl."""
        key = head(ty)
        for impl, path in self.defs.inherent_consts(key, name):
            if match_impl(impl, (ty,)) is not None:
                return path
        for trait in self.defs.traits_with(name):
            for impl in self.defs.impls_of(trait.path, key):
                if name in impl.assoc_consts and impl.self_ty is ty:
                    return impl.assoc_consts[name]
        return None

    # --- the end ---------------------------------------------------------------------------------------------------

    def normalize_all(self) -> None:
        """Replace associated types in signatures by what impls say, now that all are known."""
        defs = self.defs
        for _item, adt in self.adts:
            for variant in adt.variants:
                for field in variant.fields:
                    if field.ty.flags & HAS_PROJECTION:
                        field.ty = normalize(field.ty, defs, bounds_of(adt.generics, defs))
        for _, impl in self.impls:
            for name, ty in impl.assoc_types.items():
                if ty.flags & HAS_PROJECTION:
                    impl.assoc_types[name] = normalize(ty, defs, bounds_of(impl.generics, defs))
        defs.memo.clear()
        for _proc_item, proc in self.procs:
            flags = proc.result.flags
            for param in proc.params:
                flags |= param.ty.flags
            if flags & HAS_PROJECTION:
                bounds = bounds_of(proc.generics, defs)
                for param in proc.params:
                    param.ty = normalize(param.ty, defs, bounds)
                proc.result = normalize(proc.result, defs, bounds)
        for const in self.interface.consts.values():
            if const.ty.flags & HAS_PROJECTION:
                const.ty = normalize(const.ty, defs, bounds_of(const.generics, defs))
        defs.memo.clear()

    def missing_lang_item(self, path: str, span: Span) -> Ty:
        """A library type that this module cannot see (modules of `std` import what they use): said once."""
        if path not in self.missing:
            self.missing.add(path)
            module, _, name = path.partition("::")
            self.diag.error(
                E.NO_LANG_ITEM,
                span,
                f"`{name}` of `{module}` is needed here, but that module is not imported",
                "",
                notes=(f"write `use {module}`",),
            )
        return t.ERROR

    def where(self, file: str, span: Span, text: str) -> tuple[tuple[tuple[Span, str], ...], tuple[Label, ...]]:
        """A secondary label that may lie in another file, as the two arguments of `Diagnostics.error`."""
        if span == NO_SPAN:
            return (), ()
        if file == self.ctx.file or not file:
            return ((span, text),), ()
        return (), (Label(Location(file, span), text),)


def is_view_text(ty: Ty, col: Collector) -> bool:
    """Whether a type holds references where none may be stored."""
    from vitte.ir.ownership import is_view

    return is_view(ty, col.defs)
