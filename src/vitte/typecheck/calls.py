"""Calls: of procedures, methods, associated procedures, cases and procedure values; arguments by mode, name and default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import ParamDef, ProcDef
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PROJECTION, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import argument, need_unsafe
from vitte.typecheck.cases import adt_args, bare_not_found, construct, expected_case
from vitte.typecheck.coerce import auto_deref, coerce, is_place
from vitte.typecheck.cx import DISCARD
from vitte.typecheck.methods import Found, find_inherent, find_trait_method, no_method
from vitte.typecheck.obligations import require

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx, Why


def call(cx: Cx, e: hir.Call, want: Ty | None) -> thir.Expr:
    callee = e.callee
    cls = type(callee)
    if cls is hir.DefRef:
        return _call_def(cx, e, callee, want)  # type: ignore[arg-type]
    if cls is hir.TypeMember:
        return _call_member(cx, e, callee, want)  # type: ignore[arg-type]
    if cls is hir.BareCase:
        found = expected_case(cx, callee.name, want)  # type: ignore[union-attr]
        if found is None:
            check_all(cx, e.args)
            return bare_not_found(cx, callee, want)  # type: ignore[arg-type]
        return construct(cx, found[0], found[1], e.args, e.span, callee.span, want)
    return _call_value(cx, e)


def _call_def(cx: Cx, e: hir.Call, callee: hir.DefRef, want: Ty | None) -> thir.Expr:
    kind = callee.kind
    path = callee.path
    if kind == "proc":
        proc = cx.defs.procs.get(path)
        if proc is None:
            check_all(cx, e.args)
            cx.col.missing_lang_item(path, callee.span)
            return cx.error_node(e.span)
        return call_proc(cx, proc, (), callee.args, e.args, e.span, callee.span, want)
    if kind == "case":
        owner, _, name = path.rpartition(".")
        found = expected_case(cx, name, want)
        if found is not None and (found[0].path == owner or owner not in cx.defs.adts):
            return construct(cx, found[0], found[1], e.args, e.span, callee.span, want)
        adt = cx.defs.adts.get(owner)
        if adt is None:
            cx.col.missing_lang_item(owner, callee.span)
            return cx.error_node(e.span)
        for i, variant in enumerate(adt.variants):
            if variant.name == name:
                return construct(cx, adt, i, e.args, e.span, callee.span, want)
        return cx.error_node(e.span)
    if kind == "adt":
        if path == lang.BOX:
            return _box(cx, e, want)
        found = expected_case(cx, path.rpartition("::")[2], want)
        if found is not None:
            return construct(cx, found[0], found[1], e.args, e.span, callee.span, want)
        adt = cx.defs.adts.get(path)
        check_all(cx, e.args)
        if adt is not None:
            form = adt.kind == "form"
            fields = ", ".join([f"{f.name}: ..." for f in adt.variants[0].fields]) if form and adt.variants else ""
            helps = (
                (
                    cx.diag.suggest(
                        f"a form is made with braces: `{adt.name} {{ {fields} }}`", e.span, f"{adt.name} {{ {fields} }}", "placeholder"
                    ),
                )
                if form
                else ()
            )
            cx.error(E.NOT_CALLABLE, callee.span, f"`{adt.name}` is a type, not a procedure", "cannot be called", helps=helps)
        return cx.error_node(e.span)
    return _call_value(cx, e)


def check_all(cx: Cx, args: Sequence[hir.Arg]) -> None:
    for arg in args:
        cx.expr(arg.value)


def _box(cx: Cx, e: hir.Call, want: Ty | None) -> thir.Expr:
    if len(e.args) != 1:
        cx.error(E.ARG_COUNT, e.span, f"`box` takes 1 argument, {len(e.args)} are given", "a box holds one value")
        check_all(cx, e.args)
        return cx.error_node(e.span)
    inner: Ty | None = None
    wanted = cx.shallow(want) if want is not None else None
    if type(wanted) is t.AdtTy and wanted.path == lang.BOX:
        inner = wanted.args[0]
    node = cx.expr(e.args[0].value, inner)
    if inner is not None:
        node = coerce(cx, node, inner)
    return thir.BoxNew(t.adt_ty(lang.BOX, (inner if inner is not None else node.ty,)), e.span, node)


# --- procedures ---------------------------------------------------------------------------------------------------


def call_proc(
    cx: Cx,
    proc: ProcDef,
    prefix: tuple[Ty, ...],
    type_args: list[hir.TyExpr] | None,
    hargs: list[hir.Arg],
    span: Span,
    name_span: Span,
    want: Ty | None,
    receiver: thir.Arg | None = None,
) -> thir.Expr:
    """A call of a known procedure. `prefix`: its first generic arguments; `receiver`: the first argument, typed already."""
    generics = proc.generics
    count = len(generics.names)
    params = proc.params
    first = 0 if receiver is None else 1
    targs = prefix
    if count > len(prefix):
        rest = cx.col.types.args_for(generics, type_args, name_span, f"`{proc.name}`", len(prefix))
        targs = (*prefix, *(rest or ()))
    elif type_args:
        cx.error(E.TYPE_ARG_COUNT, name_span, f"`{proc.name}` has no type parameters", f"{E.plural(len(type_args), 'type argument')} given")
    if proc.is_unsafe or (proc.abi == "C" and not proc.has_body):
        need_unsafe(cx, span, f"calling {'foreign ' if proc.abi == 'C' and not proc.has_body else ''}`{proc.name}`")
    bound = _bind(cx, proc, hargs, first, span, name_span)
    arguments: list[thir.Arg] = [] if receiver is None else [receiver]
    if bound is None:
        check_all(cx, hargs)
        result = cx.norm(subst(proc.result, targs), span) if targs else proc.result
        return thir.ErrorExpr(t.ERROR if result.flags & HAS_INFER else result, span)
    if not count:
        for i, harg in enumerate(bound):
            param = params[first + i]
            arguments.append(
                thir.Arg(
                    param.mode,
                    _default(cx, proc, param, param.ty, (), span)
                    if harg is None
                    else argument(cx, harg.value, param.mode, param.ty, param.ty, proc, first + i),
                )
            )
        result = proc.result
        if result.flags & HAS_PROJECTION:
            result = cx.norm(result, span)
    else:
        hints = _hints(cx, proc, targs, want) if want is not None and len(params) > first and want is not DISCARD else None
        for i, harg in enumerate(bound):
            param = params[first + i]
            ty = subst(param.ty, targs)
            if ty.flags & HAS_PROJECTION:
                ty = cx.norm(ty, span)
            if harg is None:
                const = cx.defs.consts.get(param.default or "")
                node = cx.made(_default(cx, proc, param, ty, targs if const is not None and const.generics.names else (), span))
                if type(node) is thir.ConstRef and node.args:
                    cx.pending_args.append(node)
            else:
                node = argument(cx, harg.value, param.mode, ty, hints[first + i] if hints is not None else ty, proc, first + i)
            arguments.append(thir.Arg(param.mode, node))
        check_bounds(cx, proc, targs, name_span)
        result = cx.norm(subst(proc.result, targs), span)
    if proc.variadic and len(hargs) > len(bound):
        arguments.extend([thir.Arg("own", _variadic(cx, harg.value)) for harg in hargs[len(bound) :]])
    stmts = _in_written_order(cx, bound, hargs, arguments, first) if bound is not hargs else None
    call = thir.Call(result, span, proc.path, targs, arguments)
    for arg in targs:
        if arg.flags & HAS_INFER:
            cx.pending_args.append(call)
            break
    node = cx.made(call) if result.flags & HAS_INFER else call
    return cx.made(thir.Block(result, span, stmts, node)) if stmts else node


def _in_written_order(cx: Cx, bound: list[hir.Arg | None], hargs: list[hir.Arg], arguments: list[thir.Arg], first: int) -> list[thir.Stmt]:
    """Named arguments out of the order of parameters are computed as they are written: statements that do, before the call."""
    at = {id(harg): first + i for i, harg in enumerate(bound) if harg is not None}
    order = [at[id(harg)] for harg in hargs if id(harg) in at]
    stmts: list[thir.Stmt] = []
    if order == sorted(order):
        return stmts
    for i in order:
        arg = arguments[i]
        if arg.mode != "mut" and not is_place(arg.value) and type(arg.value) not in _CONSTANT:
            arg.value = cx.bind_temp(bound[i - first].name or "argument", arg.value, stmts)  # type: ignore[union-attr]
    return stmts


_CONSTANT = frozenset((thir.Lit, thir.ConstRef, thir.ProcRef, thir.ErrorExpr))


def check_bounds(cx: Cx, proc: ProcDef, targs: tuple[Ty, ...], span: Span) -> None:
    generics = proc.generics
    if generics.bounds:
        why = f"a bound of `{proc.name}`"
        for bound in generics.bounds:
            require(cx, bound.trait, tuple([subst(a, targs) for a in bound.args]), span, why)
    for equality in generics.equalities:
        ref = equality.trait
        found = cx.norm(t.proj_ty(ref.trait, tuple([cx.resolve(subst(a, targs)) for a in ref.args]), equality.name), span)
        wanted = cx.norm(subst(equality.ty, targs), span)
        if not cx.unify(found, wanted):
            cx.error(
                E.MISMATCH,
                span,
                f"mismatched types: `{equality.name}` must be `{cx.show(wanted)}`, here it is `{cx.show(found)}`",
                f"a bound of `{proc.name}`",
            )


def _hints(cx: Cx, proc: ProcDef, targs: tuple[Ty, ...], want: Ty) -> list[Ty] | None:
    """Parameter types if the result were to be `want`: what arguments may take as expected types."""
    result = subst(proc.result, targs)
    if not result.flags & HAS_INFER or result.flags & HAS_PROJECTION:
        return None
    mark = cx.mark()
    hints = None
    if cx.unify(result, want):
        hints = [cx.resolve(subst(p.ty, targs)) for p in proc.params]
    cx.rollback(mark)
    return hints


def _default(cx: Cx, proc: ProcDef, param: ParamDef, ty: Ty, args: tuple[Ty, ...], span: Span) -> thir.Expr:
    if param.name == lang.PLACE_PARAM and proc.path.startswith("std/"):
        return cx.here(span)
    assert param.default is not None
    return thir.ConstRef(ty, span, param.default, args)


def _bind(cx: Cx, proc: ProcDef, hargs: list[hir.Arg], first: int, span: Span, name_span: Span) -> list[hir.Arg | None] | None:
    """Arguments in the order of parameters (None: take the default), or None when they do not fit (reported)."""
    params = proc.params
    wanted = len(params) - first
    if len(hargs) == wanted or (proc.variadic and len(hargs) > wanted):
        for arg in hargs:
            if arg.name:
                break
        else:
            return hargs[:wanted] if len(hargs) > wanted else hargs  # type: ignore[return-value]
    slots: list[hir.Arg | None] = [None] * wanted
    position = 0
    named = False
    names = [p.name for p in params[first:]]
    failed = False
    for arg in hargs:
        if not arg.name:
            if named:
                cx.error(E.ARG_NAME, arg.span, "an argument without a name stands after one with a name", "write its name, too")
                return None
            if position >= wanted:
                _count_error(cx, proc, hargs, first, span, name_span)
                return None
            slots[position] = arg
            position += 1
            continue
        named = True
        if arg.name not in names and _is_broken(proc):
            return None
        if arg.name not in names:
            near = closest(arg.name, names)
            helps = (cx.diag.suggest(f"did you mean `{near}`?", arg.span, near),) if near else ()
            cx.error(
                E.ARG_NAME,
                arg.span,
                f"`{proc.name}` has no parameter `{arg.name}`",
                f"it has {E.listed(names)}" if names else "it has none",
                _declared(proc),
                helps=helps,
            )
            failed = True
            continue
        at = names.index(arg.name)
        if slots[at] is not None:
            cx.error(E.ARG_NAME, arg.span, f"parameter `{arg.name}` is given twice", "the second")
            failed = True
            continue
        slots[at] = arg
    if failed:
        return None
    missing = [params[first + i].name for i, s in enumerate(slots) if s is None and params[first + i].default is None]
    if missing:
        if named and not _is_broken(proc):
            cx.error(E.ARG_COUNT, name_span, f"`{proc.name}` is called without {E.listed(missing)}", "missing", _declared(proc))
        else:
            _count_error(cx, proc, hargs, first, span, name_span)
        return None
    return slots


def _declared(proc: ProcDef) -> Why:
    return f"`{proc.name}` is declared here", proc.name_span, proc.file


def _is_broken(proc: ProcDef) -> bool:
    """Whether its declaration has a mistake, which has been reported: who knows what it wants?"""
    return any(param.ty.flags & HAS_ERROR for param in proc.params)


def _count_error(cx: Cx, proc: ProcDef, hargs: list[hir.Arg], first: int, span: Span, name_span: Span) -> None:
    if _is_broken(proc):
        return
    params = proc.params[first:]
    needed = len([p for p in params if p.default is None])
    takes = E.plural(len(params), "argument") if needed == len(params) else f"{needed} to {len(params)} arguments"
    is_are = "is" if len(hargs) == 1 else "are"
    if len(hargs) < needed:
        missing = [p for p in params[len(hargs) :] if p.default is None]
        label = f"missing {E.listed([f'{p.name}: {show(p.ty)}' for p in missing])}"
        where = name_span
    else:
        label = "not expected"
        where = hargs[len(params)].span if len(hargs) > len(params) else name_span
    cx.error(E.ARG_COUNT, where, f"`{proc.name}` takes {takes}, {len(hargs)} {is_are} given", label, _declared(proc))


def _variadic(cx: Cx, e: hir.Expr) -> thir.Expr:
    node = cx.expr(e)
    ty = cx.known(node.ty, node.span)
    if type(ty) is t.FloatTy and ty.bits < 64:
        return thir.Cast(t.F64, node.span, "float", node)
    if type(ty) is t.IntTy and ty.bits < 32:
        return thir.Cast(t.I32, node.span, "int", node)
    if type(ty) not in (t.IntTy, t.FloatTy, t.PtrTy, t.ErrorTy):
        cx.error(
            E.MISMATCH, node.span, f"{E.an(show(ty))} cannot be passed to a variadic foreign procedure", "numbers and raw pointers can"
        )
    return node


# --- values -------------------------------------------------------------------------------------------------------


def _call_value(cx: Cx, e: hir.Call) -> thir.Expr:
    node = cx.expr(e.callee)
    node = auto_deref(cx, node)
    ty = cx.known(node.ty, node.span)
    if type(ty) is t.ProcTy:
        return value_call(cx, node, ty, e.args, e.span)
    check_all(cx, e.args)
    if type(ty) is not t.ErrorTy:
        cx.error(E.NOT_CALLABLE, e.callee.span, f"{E.an(show(ty))} cannot be called", "not a procedure")
    return cx.error_node(e.span)


def value_call(cx: Cx, callee: thir.Expr, ty: t.ProcTy, hargs: list[hir.Arg], span: Span) -> thir.Expr:
    if len(hargs) != len(ty.params):
        is_are = "is" if len(hargs) == 1 else "are"
        cx.error(
            E.ARG_COUNT,
            callee.span,
            f"this procedure takes {E.plural(len(ty.params), 'argument')}, {len(hargs)} {is_are} given",
            f"{E.an(cx.show(ty))}",
        )
        check_all(cx, hargs)
        return cx.error_node(span)
    arguments: list[thir.Arg] = []
    for mode, param, harg in zip(ty.modes, ty.params, hargs, strict=True):
        if harg.name:
            cx.error(E.ARG_NAME, harg.span, "a procedure value has no parameter names", "write the argument alone")
        arguments.append(thir.Arg(mode, argument(cx, harg.value, mode, param, param, None, 0)))
    return thir.CallValue(ty.result, span, callee, arguments)


# --- members of types ---------------------------------------------------------------------------------------------


def _call_member(cx: Cx, e: hir.Call, callee: hir.TypeMember, want: Ty | None) -> thir.Expr:
    base = callee.base
    if type(base) is hir.TyPath and base.kind == "trait":
        found = trait_member(cx, base, callee.name, callee.name_span)
        if found is None:
            check_all(cx, e.args)
            return cx.error_node(e.span)
        return call_proc(cx, found.proc, found.prefix, callee.args, e.args, e.span, callee.name_span, want)
    ty = cx.resolve(cx.col.types.resolve(base))
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind == "pick":
            for i, variant in enumerate(adt.variants):
                if variant.name == callee.name:
                    args = ty.args
                    if type(base) is hir.TyPath and base.args is None and want is not None and args:
                        args = adt_args(cx, adt, want)
                    return construct(cx, adt, i, e.args, e.span, callee.name_span, want, args)
    if ty is t.ERROR:
        check_all(cx, e.args)
        return cx.error_node(e.span)
    found = find_member(cx, ty, callee.name, callee.name_span)
    if found is None:
        value = type_member_value(cx, callee, want, quiet=True)
        if value is not None:
            value_ty = cx.resolve(value.ty)
            if type(value_ty) is t.ProcTy:
                return value_call(cx, value, value_ty, e.args, e.span)
        check_all(cx, e.args)
        member_missing(cx, ty, callee.name, callee.name_span)
        return cx.error_node(e.span)
    if not cx.visible(found.proc.visibility, found.proc.path) and not cx.defs.is_of_trait(found.proc):
        cx.error(E.PRIVATE, callee.name_span, f"`{callee.name}` is private", "cannot be called from here", _declared(found.proc))
    if (
        type(base) is hir.TyPath
        and base.args is None
        and want is not None
        and want is not DISCARD
        and type(ty) is t.AdtTy
        and ty.flags & HAS_INFER
    ):
        # `list.new()` where a `[int]` is expected.
        mark = cx.mark()
        if not cx.unify(subst(found.proc.result, found.prefix), want):
            cx.rollback(mark)
    return call_proc(cx, found.proc, found.prefix, callee.args, e.args, e.span, callee.name_span, want)


def find_member(cx: Cx, ty: Ty, name: str, span: Span) -> Found | None:
    """An associated procedure or method of a type, by name."""
    if type(ty) is t.RefTy and type(ty.target) is t.SliceTy:
        ty = ty.target
    found = find_inherent(cx, ty, name)
    if found is None:
        found = find_trait_method(cx, ty, name, span)
    if found is None and type(ty) is t.AdtTy and ty.path == lang.LIST:
        found = find_inherent(cx, t.slice_ty(ty.args[0]), name)
    return found


def trait_member(cx: Cx, base: hir.TyPath, name: str, span: Span) -> Found | None:
    """`Trait.name`: Self is found from the arguments or the expected type."""
    trait = cx.defs.traits.get(base.path)
    if trait is None:
        cx.col.missing_lang_item(base.path, base.span)
        return None
    path = trait.methods.get(name)
    if path is None:
        near = closest(name, trait.methods)
        helps = (cx.diag.suggest(f"did you mean `{near}`?", span, near),) if near else ()
        cx.error(E.NO_MEMBER, span, f"trait `{trait.name}` has no method `{name}`", "not found", helps=helps)
        return None
    rest = cx.col.types.args_for(trait.generics, base.args, base.span, f"trait `{trait.name}`", 1)
    return Found(cx.defs.procs[path], (cx.fresh(), *(rest or ())))


def assoc_owner(cx: Cx, e: hir.TypeMember) -> hir.TyAssoc | None:
    """`T.Item` on the left of another member, when `Item` is an associated type of the parameter `T`."""
    base = e.base
    if type(base) is not hir.TyName or type(base.ty) is not t.ParamTy or e.args is not None:
        return None
    return hir.TyAssoc(e.span, base, e.name) if cx.col.types.find_assoc(base.ty, e.name) is not None else None


def member_missing(cx: Cx, ty: Ty, name: str, span: Span) -> None:
    adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is not None and adt.kind in ("pick", "flags"):
        names = [v.name for v in adt.variants]
        near = closest(name, [*names, *cx.defs.inherent_names(adt.path)])
        helps = (cx.diag.suggest(f"did you mean `{near}`?", span, near),) if near else ()
        what = "case" if adt.kind == "pick" else "member"
        notes = (f"its {what}s are {E.listed(names)}",) if len(names) <= 12 and not near else ()
        cx.error(
            E.NO_MEMBER,
            span,
            f"`{adt.name}` has no {what} or procedure `{name}`",
            "not found",
            (f"`{adt.name}` is declared here", adt.name_span, adt.file),
            notes,
            helps,
        )
        return
    no_method(cx, ty, name, span, "associated procedure or constant")


def type_member_value(cx: Cx, e: hir.TypeMember, want: Ty | None, quiet: bool = False) -> thir.Expr | None:
    from vitte.typecheck.names import member_value

    return member_value(cx, e, want, quiet)
