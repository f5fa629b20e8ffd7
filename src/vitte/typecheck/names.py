"""Names and literals as values: locals, constants, procedures, cases, members of types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, ProcDef, TraitRef, head
from vitte.ir.impls import match_impl, select_impl
from vitte.ir.types import HAS_INFER, HAS_PROJECTION, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import need_unsafe
from vitte.typecheck.calls import find_member, member_missing, trait_member
from vitte.typecheck.cases import adt_args, bare_not_found, construct, expected_case
from vitte.typecheck.constants import SUFFIXES, fits, int_range, primitive_size

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


def literal(cx: Cx, e: hir.Literal_, want: Ty | None) -> thir.Expr:
    kind = e.kind
    if kind == "string":
        return thir.Lit(t.STRING, e.span, e.value)
    if kind == "int":
        value = e.value
        if e.suffix:
            ty: Ty = SUFFIXES[e.suffix]
        else:
            if want is not None:
                wanted = cx.shallow(want) if type(want) is t.InferTy else want
                cls = type(wanted)
                if cls is t.IntTy or cls is t.FloatTy or (isinstance(wanted, t.InferTy) and wanted.kind != "any"):
                    ty = wanted
                elif cls is t.RefTy and type(wanted.target) is t.IntTy:  # type: ignore[attr-defined]
                    ty = wanted.target  # type: ignore[attr-defined]
                else:
                    ty = cx.fresh_lit("int")
            else:
                ty = cx.fresh_lit("int")
        if type(ty) is t.IntTy:
            if not fits(value, ty):  # type: ignore[arg-type]
                out_of_range(cx, value, ty, e.span)  # type: ignore[arg-type]
                return cx.error_node(e.span)
            return thir.Lit(ty, e.span, value)
        if type(ty) is t.FloatTy:
            return thir.Lit(ty, e.span, float(value))  # type: ignore[arg-type]
        node = thir.Lit(ty, e.span, value)
        cx.int_lits.append(node)
        return node
    if kind == "bool":
        return thir.Lit(t.BOOL, e.span, 1 if e.value else 0)
    if kind == "rune":
        return thir.Lit(t.RUNE, e.span, e.value)
    if kind == "unit":
        return thir.Lit(t.UNIT, e.span, None)
    if kind == "float":
        if e.suffix:
            ty = SUFFIXES[e.suffix]
        else:
            hint = cx.shallow(want) if want is not None else t.UNIT
            if isinstance(hint, t.FloatTy) or (isinstance(hint, t.InferTy) and hint.kind == "float"):
                ty = hint
            elif isinstance(hint, t.RefTy) and isinstance(hint.target, t.FloatTy):
                ty = hint.target
            else:
                ty = cx.fresh_lit("float")
        return thir.Lit(ty, e.span, e.value)
    if kind == "bytes":
        return thir.Lit(t.BYTES, e.span, e.value)
    target = cx.shallow(want) if want is not None else None
    if type(target) is t.PtrTy:
        return thir.Lit(target, e.span, None)
    return thir.Lit(t.ptr_ty(cx.fresh(), True), e.span, None)


def out_of_range(cx: Cx, value: int, ty: Ty, span: Span) -> None:
    low, high = int_range(ty)
    fitting = [name for name in ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "i128", "u128") if fits(value, t.INTS[name])]
    notes = (f"the smallest type that holds it is `{fitting[0]}`",) if fitting else ()
    cx.error(
        E.LITERAL_RANGE, span, f"the literal `{value}` does not fit in `{show(ty)}`", f"`{show(ty)}` holds {low} to {high}", notes=notes
    )


def local_ref(cx: Cx, e: hir.LocalRef, want: Ty | None) -> thir.Expr:
    local = e.local
    ty = cx.local_tys[local]
    if ty is None:
        ty = t.ERROR
    node = thir.Local(ty, e.span, local)
    if cx.upgradable:
        found = cx.upgradable.get(local)
        if found is not None:
            found[1].append(node)
    return node


def error_expr(cx: Cx, e: hir.ErrorExpr, want: Ty | None) -> thir.Expr:
    return thir.ErrorExpr(t.ERROR, e.span)


def param_ref(cx: Cx, e: hir.ParamRef, want: Ty | None) -> thir.Expr:
    """A const generic parameter; its value has the type it was declared with."""
    ty: Ty = t.INT
    param = e.ty
    if type(param) is t.ParamTy:
        declared = cx.const_param_tys
        if declared is not None and param.index < len(declared):
            ty = declared[param.index] or t.INT
    return thir.ConstParam(ty, e.span, param)


def def_ref(cx: Cx, e: hir.DefRef, want: Ty | None) -> thir.Expr:
    kind = e.kind
    if kind == "const" or kind == "static":
        return const_ref(cx, e.path, e.span)
    if kind == "proc":
        proc = cx.defs.procs.get(e.path)
        if proc is None:
            cx.col.missing_lang_item(e.path, e.span)
            return cx.error_node(e.span)
        rest = cx.col.types.args_for(proc.generics, e.args, e.span, f"`{proc.name}`") or ()
        return proc_value(cx, proc, rest, e.span)
    if kind == "case":
        owner, _, name = e.path.rpartition(".")
        found = expected_case(cx, name, want)
        if found is None or found[0].path != owner:
            adt = cx.defs.adts.get(owner)
            if adt is None:
                cx.col.missing_lang_item(owner, e.span)
                return cx.error_node(e.span)
            index = next((i for i, v in enumerate(adt.variants) if v.name == name), None)
            if index is None:
                return cx.error_node(e.span)
            found = adt, index
        return case_value(cx, found[0], found[1], e.span, want)
    if kind == "adt":
        found = expected_case(cx, e.path.rpartition("::")[2], want)
        if found is not None:
            return case_value(cx, found[0], found[1], e.span, want)
    name = e.path.rpartition("::")[2]
    what = {"adt": "a type", "trait": "a trait", "alias": "a type", "module": "a module"}.get(kind, "no value")
    cx.error(E.NOT_A_VALUE, e.span, f"`{name}` is {what}, not a value", "a value is needed here")
    return cx.error_node(e.span)


def const_ref(cx: Cx, path: str, span: Span, args: tuple[Ty, ...] = (), self_args: tuple[Ty, ...] | None = None) -> thir.Expr:
    const = cx.defs.consts.get(path)
    if const is None:
        cx.col.missing_lang_item(path, span)
        return cx.error_node(span)
    ty = const.ty
    if args:
        ty = cx.norm(subst(ty, args), span)
    if const.is_static:
        if const.is_mutable or const.symbol:
            need_unsafe(cx, span, f"using `{const.name}`, a {'`static mut`' if const.is_mutable else 'foreign static'},")
        return thir.Static(ty, span, path)
    node = thir.ConstRef(ty, span, path, args)
    for arg in args:
        if arg.flags & HAS_INFER:
            cx.pending_args.append(node)
            break
    return node


def proc_value(cx: Cx, proc: ProcDef, args: tuple[Ty, ...], span: Span) -> thir.Expr:
    """A procedure as a value."""
    if proc.intrinsic:
        cx.error(E.NOT_A_VALUE, span, f"`{proc.name}` is built in and has no address", "call it")
        return cx.error_node(span)
    ty: Ty = t.proc_ty(tuple([p.mode for p in proc.params]), tuple([p.ty for p in proc.params]), proc.result)
    if args:
        ty = cx.norm(subst(ty, args), span)
    elif ty.flags & HAS_PROJECTION:
        ty = cx.norm(ty, span)
    node = thir.ProcRef(ty, span, proc.path, args)
    for arg in args:
        if arg.flags & HAS_INFER:
            cx.pending_args.append(node)
            break
    return node


def case_value(cx: Cx, adt: AdtDef, index: int, span: Span, want: Ty | None, args: tuple[Ty, ...] | None = None) -> thir.Expr:
    variant = adt.variants[index]
    if adt.kind == "flags":
        assert adt.repr is not None
        return thir.Cast(t.adt_ty(adt.path), span, "same", thir.Lit(adt.repr, span, variant.discriminant))
    if variant.fields and not all(f.default is not None for f in variant.fields):
        if want is not None and type(cx.shallow(want)) is t.ProcTy:
            cx.error(E.CASE_AS_PROC, span, f"case `{variant.name}` cannot be used as a procedure value yet", "call it inside a procedure")
            return cx.error_node(span)
        return construct(cx, adt, index, [], span, span, want, args)
    return thir.Aggregate(t.adt_ty(adt.path, args if args is not None else adt_args(cx, adt, want)), span, index, [])


def bare_case(cx: Cx, e: hir.BareCase, want: Ty | None) -> thir.Expr:
    found = expected_case(cx, e.name, want)
    if found is None:
        return bare_not_found(cx, e, want)
    return case_value(cx, found[0], found[1], e.span, want)


def type_member(cx: Cx, e: hir.TypeMember, want: Ty | None) -> thir.Expr:
    node = member_value(cx, e, want, False)
    return node if node is not None else cx.error_node(e.span)


def member_value(cx: Cx, e: hir.TypeMember, want: Ty | None, quiet: bool) -> thir.Expr | None:
    """`Type.name` as a value: a case, an associated constant, or a procedure."""
    base = e.base
    name = e.name
    if type(base) is hir.TyPath and base.kind == "trait":
        found = trait_member(cx, base, name, e.name_span)
        if found is None:
            return None
        rest = cx.col.types.args_for(found.proc.generics, e.args, e.name_span, f"`{name}`", len(found.prefix)) or ()
        return proc_value(cx, found.proc, (*found.prefix, *rest), e.span)
    ty = cx.resolve(cx.col.types.resolve(base))
    if ty is t.ERROR:
        return None
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind in ("pick", "flags"):
            for i, variant in enumerate(adt.variants):
                if variant.name == name:
                    args = ty.args
                    if type(base) is hir.TyPath and base.args is None and want is not None and args:
                        args = adt_args(cx, adt, want)
                    return case_value(cx, adt, i, e.span, want, args)
    const = assoc_const(cx, ty, name, e.span)
    if const is not None:
        return const
    member = find_member(cx, ty, name, e.name_span)
    if member is None:
        if not quiet:
            member_missing(cx, ty, name, e.name_span)
        return None
    rest = cx.col.types.args_for(member.proc.generics, e.args, e.name_span, f"`{name}`", len(member.prefix)) or ()
    return proc_value(cx, member.proc, (*member.prefix, *rest), e.span)


def assoc_const(cx: Cx, ty: Ty, name: str, span: Span) -> thir.Expr | None:
    defs = cx.defs
    for bound in cx.bounds:
        if isinstance(bound, TraitRef) and bound.args[0] is ty:
            trait = defs.traits.get(bound.trait)
            if trait is not None and name in trait.assoc_consts:
                return const_ref(cx, trait.assoc_consts[name], span, bound.args)
    for impl, path in defs.inherent_consts(head(ty), name):
        args = match_impl(impl, (ty,))
        if args is not None:
            return const_ref(cx, path, span, args)
    for trait in cx.index.const_traits(name):
        if len(trait.generics.names) == 1 and not ty.flags & HAS_INFER and select_impl(defs, trait.path, (ty,), cx.bounds) is not None:
            return const_ref(cx, trait.assoc_consts[name], span, (ty,))
    return None


def size_of(cx: Cx, e: hir.SizeOf, want: Ty | None) -> thir.Expr:
    ty = cx.col.types.resolve(e.ty)
    index = 0
    if e.what == "offsetof":
        adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
        if adt is None or adt.kind not in ("form", "union"):
            if ty is not t.ERROR:
                cx.error(E.NO_FIELD, e.span, f"`{show(ty)}` has no fields", "a form is needed")
            return cx.error_node(e.span)
        names = [f.name for f in adt.variants[0].fields]
        if e.field not in names:
            cx.error(E.NO_FIELD, e.span, f"`{show(ty)}` has no field `{e.field}`", f"its fields are {E.listed(names)}")
            return cx.error_node(e.span)
        index = names.index(e.field)
    elif not ty.flags & t.HAS_PARAM:
        size = primitive_size(ty, cx.col.ctx.target.pointer_bits)
        if size is not None:
            return thir.Lit(t.INT, e.span, size)
    return thir.SizeOf(t.INT, e.span, e.what, ty, index)


BUILTIN_OPTION = lang.OPTION
