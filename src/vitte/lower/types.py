"""Types as written: paths, sugar (`[T]`, `?T`, `Self`), bounds and generic parameters."""

from __future__ import annotations

from typing import cast

from vitte.base.source import Span
from vitte.ir import ast as a
from vitte.ir import hir, lang
from vitte.ir import types as t
from vitte.ir.ast_types import expr_to_type
from vitte.ir.defs import DefKind
from vitte.lower import errors
from vitte.lower.names import lookup_type_name, path_sym
from vitte.lower.state import TYPE, Lowerer, Sym, expr, ty

MODES: dict[str, t.Mode] = {"": "lend", "borrow": "lend", "mut": "mut", "owned": "own"}


def path_type(lo: Lowerer, p: a.PathType) -> hir.TyExpr:
    sym, at = path_sym(lo, p.segments, p.segment_spans)
    args = p.args
    if at == len(p.segments):
        return sym_type(lo, sym, p.span, p.segments[-1], type_args(lo, args) if args else None)
    base = sym_type(lo, sym, p.span, p.segments[at - 1], None, traits=True)
    if type(base) is hir.TyError:
        return base
    for name in p.segments[at:]:
        base = hir.TyAssoc(p.span, base, name, assoc_trait(lo, sym, name))
    if args:
        message = f"the associated type `{p.segments[-1]}` takes no arguments"
        errors.simple(lo, errors.NO_TYPE_ARGS, p.span, message, "remove the arguments")
    return base


def assoc_trait(lo: Lowerer, sym: Sym, name: str) -> str:
    """The trait whose associated type `Self.name` is, when that can be seen here."""
    if name in lo.assoc_names and (sym.kind == "self" or (sym.kind == "param" and sym.path == "Self")):
        return lo.self_trait
    return ""


def sym_type(lo: Lowerer, sym: Sym, span: Span, name: str, args: list[hir.TyExpr] | None, *, traits: bool = False) -> hir.TyExpr:
    """The type that a symbol means, or an error node. `traits`: a trait may stand here (before `.member`)."""
    kind = sym.kind
    if kind == "adt" or kind == "alias" or (kind == "trait" and traits):
        return hir.TyPath(span, sym.path, kind, args)  # type: ignore[arg-type]
    if kind == "prim" or kind == "param":
        if args is not None:
            message = f"`{name}` takes no type arguments"
            return hir.TyError(span, errors.simple(lo, errors.NO_TYPE_ARGS, span, message, "remove the arguments"))
        if sym.is_const:
            message = f"`{name}` is a constant, not a type"
            return hir.TyError(span, errors.simple(lo, errors.NOT_A_TYPE, span, message, "a type is needed here"))
        assert sym.ty is not None
        return hir.TyName(span, sym.ty)
    if kind == "self":
        return self_type(lo, span)
    if kind == "error":
        return hir.TyError(span, sym.token)
    if kind == "trait":
        hint = f"take any type that has it: `[T: {name}]`"
        message = f"`{name}` is a trait, not a type"
        return hir.TyError(span, errors.simple(lo, errors.NOT_A_TYPE, span, message, "a type is needed here", hint))
    if kind == "ptr":
        if args is not None and len(args) == 1:
            return hir.TyPtr(span, args[0], False)
        return hir.TyError(span, errors.simple(lo, errors.NOT_A_TYPE, span, "`ptr` takes one type", "write `ptr[T]`"))
    return hir.TyError(span, errors.not_a_type(lo, span, name, kind))


def self_type(lo: Lowerer, span: Span) -> hir.TyExpr:
    """What `Self` means, with the place of the word."""
    target = lo.self_ty
    if target is None:
        message = "`Self` means the type around it, and there is none"
        return hir.TyError(span, errors.simple(lo, errors.SELF_TYPE_OUTSIDE, span, message, "not in a type, trait or impl"))
    if type(target) is hir.TyPath:
        return hir.TyPath(span, target.path, target.kind, target.args)
    if type(target) is hir.TyName:
        return hir.TyName(span, target.ty)
    return target


def type_args(lo: Lowerer, args: list[a.Type]) -> list[hir.TyExpr]:
    return [type_arg(lo, arg) for arg in args]


def type_arg(lo: Lowerer, arg: a.Type) -> hir.TyExpr:
    """A type argument: a type, a constant parameter, or a constant."""
    if type(arg) is a.PathType and not arg.args:
        entry = lo.names.get(arg.segments[0])
        if type(entry) is Sym and (entry.kind != "prim" or len(arg.segments) > 1):
            sym, at = path_sym(lo, arg.segments, arg.segment_spans)
            if at == len(arg.segments):
                if sym.kind == "const" or sym.kind == "static":
                    return hir.TyConst(arg.span, hir.DefRef(arg.span, sym.path, cast(DefKind, sym.kind)))
                if sym.is_const:
                    assert sym.ty is not None
                    return hir.TyName(arg.span, sym.ty)
    if type(arg) is a.AssocArg:
        message = f"`{arg.name} = ...` says what an associated type is: it stands in a bound"
        return hir.TyError(arg.span, errors.simple(lo, errors.NOT_A_TYPE, arg.span, message, "not in a bound"))
    return ty(lo, arg)


def const_arg(lo: Lowerer, c: a.ConstArg) -> hir.TyExpr:
    return hir.TyConst(c.span, const_expr(lo, c.value))


def const_expr(lo: Lowerer, e: a.Expr) -> hir.Expr:
    """An expression evaluated at compile time where no body is around it: it can name no locals."""
    lo.in_const += 1
    value = expr(lo, e)
    lo.in_const -= 1
    return value


def tuple_type(lo: Lowerer, tup: a.TupleType) -> hir.TyExpr:
    return hir.TyTuple(tup.span, [ty(lo, i) for i in tup.items]) if tup.items else hir.TyName(tup.span, t.UNIT)


def array_type(lo: Lowerer, arr: a.ArrayType) -> hir.TyExpr:
    return hir.TyArray(arr.span, ty(lo, arr.elem), const_expr(lo, arr.length))


def list_type(lo: Lowerer, lst: a.ListType) -> hir.TyExpr:
    return hir.TyPath(lst.span, lang.LIST, "adt", [ty(lo, lst.elem)])


def option_type(lo: Lowerer, opt: a.OptionType) -> hir.TyExpr:
    return hir.TyPath(opt.span, lang.OPTION, "adt", [ty(lo, opt.inner)])


def behind(lo: Lowerer, inner: a.Type) -> hir.TyExpr:
    """The target of a reference or pointer: `[T]` is a slice there."""
    if type(inner) is a.ListType:
        return hir.TySlice(inner.span, ty(lo, inner.elem))
    return ty(lo, inner)


def ref_type(lo: Lowerer, ref: a.RefType) -> hir.TyExpr:
    return hir.TyRef(ref.span, behind(lo, ref.inner), ref.mut)


def ptr_type(lo: Lowerer, ptr: a.PtrType) -> hir.TyExpr:
    return hir.TyPtr(ptr.span, behind(lo, ptr.inner), ptr.mut)


def proc_type(lo: Lowerer, proc: a.ProcType) -> hir.TyExpr:
    params = [ty(lo, p) for p in proc.params]
    return hir.TyProc(proc.span, [MODES[m] for m in proc.modes], params, ty(lo, proc.ret) if proc.ret is not None else None)


def dyn_type(lo: Lowerer, dyn: a.DynType) -> hir.TyExpr:
    hint = "take a type parameter with the trait as its bound"
    token = errors.simple(lo, errors.DYN, dyn.span, "`dyn` types are not supported yet", "not supported yet", hint)
    return hir.TyError(dyn.span, token)


def infer_type(lo: Lowerer, i: a.InferType) -> hir.TyExpr:
    return hir.TyInfer(i.span)


def error_type(lo: Lowerer, e: a.ErrorType) -> hir.TyExpr:
    return hir.TyError(e.span, e.token)


TYPE.update(
    {
        a.PathType: path_type, a.ConstArg: const_arg, a.AssocArg: type_arg, a.TupleType: tuple_type, a.ArrayType: array_type,
        a.ListType: list_type, a.OptionType: option_type, a.RefType: ref_type, a.PtrType: ptr_type, a.ProcType: proc_type,
        a.DynType: dyn_type, a.InferType: infer_type, a.ErrorType: error_type,
    }
)  # fmt: skip


def expr_args(lo: Lowerer, args: list[a.Expr]) -> list[hir.TyExpr]:
    """The bracketed arguments of a generic definition, which the parser left as expressions."""
    found: list[hir.TyExpr] = []
    for arg in args:
        spelled = expr_to_type(arg)
        found.append(type_arg(lo, spelled) if spelled is not None else hir.TyConst(arg.span, const_expr(lo, arg)))
    return found


# --- generics -----------------------------------------------------------------------------------------------------


def bound(lo: Lowerer, subject: hir.TyExpr, b: a.Type) -> hir.WhereBound | None:
    """`subject: b`. None when `b` is no trait, which is reported."""
    if type(b) is not a.PathType:
        if type(b) is not a.ErrorType:
            errors.simple(lo, errors.NOT_A_TRAIT, b.span, "a bound is a trait", "not a trait")
        return None
    sym, at = path_sym(lo, b.segments, b.segment_spans, "trait")
    if sym.kind == "error":
        return None
    if sym.kind != "trait" or at != len(b.segments):
        errors.not_a_trait(lo, b.span, b.segments[-1], sym.kind)
        return None
    args: list[hir.TyExpr] = []
    equalities: list[tuple[str, hir.TyExpr]] = []
    for arg in b.args:
        if type(arg) is a.AssocArg:
            equalities.append((arg.name, ty(lo, arg.ty)))
        else:
            args.append(type_arg(lo, arg))
    return hir.WhereBound(subject, sym.path, args, b.span, equalities)


def bounds(lo: Lowerer, subject: hir.TyExpr, written: list[a.Type], out: list[hir.WhereBound]) -> None:
    for b in written:
        found = bound(lo, subject, b)
        if found is not None:
            out.append(found)


def generics(lo: Lowerer, g: a.Generics | None) -> hir.GenericsExpr:
    """Bring the parameters into scope (the caller has pushed one), numbered after those of the enclosing item."""
    parent_names = list(lo.generic_names)
    if g is None:
        return hir.GenericsExpr([], [], parent_names)
    names = lo.generic_names
    params: list[hir.GenericParam] = []
    first: dict[str, Span] = {}
    for p in g.params:
        if p.name in first:
            errors.duplicate(lo, p.name_span, p.name, first[p.name], "item")
        first[p.name] = p.name_span
        lo.bind_sym(p.name, Sym("param", p.name, p.name_span, t.param_ty(len(names), p.name), is_const=p.const_ty is not None))
        names.append(p.name)
    found: list[hir.WhereBound] = []
    for at, p in enumerate(g.params, len(parent_names)):
        params.append(hir.GenericParam(p.name, p.name_span, ty(lo, p.const_ty) if p.const_ty is not None else None))
        if p.bounds:
            bounds(lo, hir.TyName(p.name_span, t.param_ty(at, p.name)), p.bounds, found)
        if p.default is not None:
            hint = "leave it out and give the argument at each use"
            message = "defaults of type parameters are not supported yet"
            errors.simple(lo, errors.TYPE_DEFAULT, p.default.span, message, "not supported yet", hint)
    for pred in g.where:
        bounds(lo, ty(lo, pred.ty), pred.bounds, found)
    return hir.GenericsExpr(params, found, parent_names)


def type_head(lo: Lowerer, name: str, span: Span) -> Sym:
    return lookup_type_name(lo, name, span)
