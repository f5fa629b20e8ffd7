"""Calls: of procedures, methods, associated procedures, cases and procedure values; arguments by mode, name and default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, ParamDef, ProcDef
from vitte.ir.types import HAS_INFER, HAS_PROJECTION, Ty, ref_ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.coerce import borrowed, coerce, insert_before, is_place, mismatch, try_coerce
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
            _check_all(cx, e.args)
            return bare_not_found(cx, callee, want)  # type: ignore[arg-type]
        return construct(cx, found[0], found[1], e.args, e.span, callee.span, want)
    return _call_value(cx, e)


def _call_def(cx: Cx, e: hir.Call, callee: hir.DefRef, want: Ty | None) -> thir.Expr:
    kind = callee.kind
    path = callee.path
    if kind == "proc":
        proc = cx.defs.procs.get(path)
        if proc is None:
            _check_all(cx, e.args)
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
        _check_all(cx, e.args)
        if adt is not None:
            form = adt.kind == "form"
            fields = ", ".join([f"{f.name}: ..." for f in adt.variants[0].fields]) if form and adt.variants else ""
            helps = (cx.diag.suggest(f"a form is made with braces: `{adt.name} {{ {fields} }}`", e.span, f"{adt.name} {{ {fields} }}", "placeholder"),) if form else ()
            cx.error(E.NOT_CALLABLE, callee.span, f"`{adt.name}` is a type, not a procedure", "cannot be called", helps=helps)
        return cx.error_node(e.span)
    return _call_value(cx, e)


def _check_all(cx: Cx, args: Sequence[hir.Arg]) -> None:
    for arg in args:
        cx.expr(arg.value)


def _box(cx: Cx, e: hir.Call, want: Ty | None) -> thir.Expr:
    if len(e.args) != 1:
        cx.error(E.ARG_COUNT, e.span, f"`box` takes 1 argument, {len(e.args)} are given", "a box holds one value")
        _check_all(cx, e.args)
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
        _check_all(cx, hargs)
        result = cx.norm(subst(proc.result, targs), span) if targs else proc.result
        return thir.ErrorExpr(t.ERROR if result.flags & HAS_INFER else result, span)
    if not count:
        for i, harg in enumerate(bound):
            param = params[first + i]
            arguments.append(thir.Arg(param.mode, _default(cx, proc, param, param.ty, (), span) if harg is None else argument(cx, harg.value, param.mode, param.ty, param.ty, proc, first + i)))
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
        for harg in hargs[len(bound) :]:
            arguments.append(thir.Arg("own", _variadic(cx, harg.value)))
    call = thir.Call(result, span, proc.path, targs, arguments)
    for arg in targs:
        if arg.flags & HAS_INFER:
            cx.pending_args.append(call)
            break
    return cx.made(call) if result.flags & HAS_INFER else call


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
            cx.error(E.MISMATCH, span, f"mismatched types: `{equality.name}` must be `{cx.show(wanted)}`, here it is `{cx.show(found)}`", f"a bound of `{proc.name}`")


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
        return cx.place_text(span)
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
        if arg.name not in names:
            near = closest(arg.name, names)
            helps = (cx.diag.suggest(f"did you mean `{near}`?", arg.span, near),) if near else ()
            cx.error(E.ARG_NAME, arg.span, f"`{proc.name}` has no parameter `{arg.name}`", f"it has {E.listed(names)}" if names else "it has none", _declared(proc), helps=helps)
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
        if named:
            cx.error(E.ARG_COUNT, name_span, f"`{proc.name}` is called without {E.listed(missing)}", "missing", _declared(proc))
        else:
            _count_error(cx, proc, hargs, first, span, name_span)
        return None
    return slots


def _declared(proc: ProcDef) -> Why:
    return f"`{proc.name}` is declared here", proc.name_span, proc.file


def _count_error(cx: Cx, proc: ProcDef, hargs: list[hir.Arg], first: int, span: Span, name_span: Span) -> None:
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
        where = hargs[len(params)].span
    cx.error(E.ARG_COUNT, where, f"`{proc.name}` takes {takes}, {len(hargs)} {is_are} given", label, _declared(proc))


def argument(cx: Cx, e: hir.Expr, mode: t.Mode, ty: Ty, hint: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    """An argument for a parameter of type `ty` taken by `mode`; `hint` is a better guess of the type when `ty` is open."""
    if mode == "lend":
        return _lend(cx, e, ty, hint, proc, index)
    if mode == "mut":
        return _lend_mut(cx, e, ty, proc, index)
    node = cx.expr(e, hint)
    got = node.ty
    if got is ty:
        if type(ty) is t.RefTy and ty.mutable and is_place(node):
            return reborrow(cx, node)
        return node
    got = cx.resolve(got)
    if hint is not ty and hint is not got and not got.flags & t.HAS_ERROR:
        mark = cx.mark()
        done = try_coerce(cx, node, got, cx.resolve(hint)) if got is not t.NEVER else None
        if done is not None and cx.unify(ty, hint):
            return done
        cx.rollback(mark)
    wanted = cx.shallow(ty)
    if type(wanted) is t.RefTy:
        if type(got) is not t.RefTy and got is not t.NEVER and got is not t.ERROR and type(got) is not t.ErrorTy:
            if wanted.mutable:
                mark = cx.mark()
                fits = try_coerce(cx, thir.Borrow(ref_ty(got, True), node.span, node, True), ref_ty(got, True), cx.resolve(wanted)) is not None
                cx.rollback(mark)
                if fits or cx.unify(got, wanted.target):
                    need_mut_mark(cx, node.span, proc, index)
                    return cx.error_node(node.span)
            else:
                done = borrowed(cx, node, cx.resolve(wanted))  # type: ignore[arg-type]
                if done is not None:
                    return done
        elif type(got) is t.RefTy and wanted.mutable and is_place(node) and got.mutable:
            node = reborrow(cx, node)
    return coerce(cx, node, ty, _why(proc, index))


def _why(proc: ProcDef | None, index: int) -> Why | None:
    if proc is None:
        return None
    if index >= len(proc.params):
        return None
    param = proc.params[index]
    return f"`{proc.name}` takes `{param.name}: {show(param.ty)}`", proc.name_span, proc.file


def reborrow(cx: Cx, node: thir.Expr) -> thir.Expr:
    """`&mut *r`: lends what `r` lends, and leaves `r` usable."""
    ty = cx.shallow(node.ty)
    assert type(ty) is t.RefTy
    place = cx.made(thir.Deref(ty.target, node.span, node))
    return cx.made(thir.Borrow(ty, node.span, place, True))


def need_mut_mark(cx: Cx, span: Span, proc: ProcDef | None, index: int) -> None:
    name = f"`{proc.name}`" if proc is not None else "the procedure"
    param = f" `{proc.params[index].name}`" if proc is not None and index < len(proc.params) else ""
    why = _why(proc, index)
    cx.error(
        E.NEEDS_MUT_ARG,
        span,
        f"{name} may change its parameter{param}, and the call does not say so",
        "write `&mut` before it",
        (why[0].replace(f"{proc.params[index].name}:", f"mut {proc.params[index].name}:"), why[1], why[2]) if why is not None and proc is not None else None,
        helps=(insert_before(cx, "lend it exclusively", span, "&mut ", "machine"),),
    )


def _lend(cx: Cx, e: hir.Expr, ty: Ty, hint: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    if type(e) is hir.Borrow and not e.raw and type(cx.shallow(ty)) is not t.RefTy:
        node = cx.expr(e.operand, hint)  # `f(&v)` is `f(v)`
    else:
        node = cx.expr(e, hint)
    got = node.ty
    if got is ty:
        return node
    got = cx.resolve(got)
    wanted = cx.resolve(ty)
    if got is wanted or got is t.NEVER:
        return coerce(cx, node, ty)
    while type(got) is t.RefTy and type(wanted) is not t.RefTy:
        node = cx.made(thir.Deref(got.target, node.span, node))
        got = cx.shallow(got.target)
    if type(got) is t.AdtTy and got.path == lang.BOX and type(wanted) not in (t.InferTy, t.RefTy) and not (type(wanted) is t.AdtTy and wanted.path == lang.BOX):
        inner = got.args[0]
        mark = cx.mark()
        if cx.unify(inner, wanted):
            return cx.made(thir.Deref(inner, node.span, node))
        cx.rollback(mark)
    if hint is not ty and not got.flags & t.HAS_ERROR:
        mark = cx.mark()
        hinted = cx.resolve(hint)
        done = node if got is hinted else try_coerce(cx, node, cx.resolve(got), hinted)
        if done is not None and cx.unify(ty, hint):
            return done
        cx.rollback(mark)
    if type(wanted) is t.RefTy and type(got) is not t.RefTy:
        done = borrowed(cx, node, wanted)
        if done is not None:
            return done
    return coerce(cx, node, ty, _why(proc, index))


def _lend_mut(cx: Cx, e: hir.Expr, ty: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    from vitte.typecheck.places import require_mut

    if type(e) is hir.Borrow and e.mutable and not e.raw:
        node = cx.expr(e.operand, ty)
        node = _to_place(cx, node, ty)
        require_mut(cx, node, e.span, "lent exclusively")
        return _same(cx, node, ty, proc, index)
    node = cx.expr(e, ty)
    got = cx.resolve(node.ty)
    if got is t.ERROR:
        return node
    if type(got) is t.RefTy and got.mutable and type(cx.shallow(ty)) is not t.RefTy:
        return _same(cx, _to_place(cx, node, ty), ty, proc, index)
    if type(node) is thir.Local and cx.param_modes.get(node.local) == "mut":
        return _same(cx, node, ty, proc, index)
    if not is_place(node):
        return _same(cx, node, ty, proc, index)  # a temporary of its own
    mark = cx.mark()
    if cx.unify(got, ty) or type(got) is t.RefTy:
        need_mut_mark(cx, e.span, proc, index)
    else:
        cx.rollback(mark)
        mismatch(cx, node, got, cx.resolve(ty), _why(proc, index))
    return cx.error_node(e.span)


def _to_place(cx: Cx, node: thir.Expr, ty: Ty) -> thir.Expr:
    """Follow references and boxes as far as `ty` wants."""
    wanted = cx.shallow(ty)
    got = cx.shallow(node.ty)
    while type(wanted) is not t.RefTy:
        if type(got) is t.RefTy:
            target = got.target
        elif type(got) is t.AdtTy and got.path == lang.BOX and not (type(wanted) is t.AdtTy and wanted.path == lang.BOX) and type(wanted) is not t.InferTy:
            target = got.args[0]
        else:
            break
        node = cx.made(thir.Deref(target, node.span, node))
        got = cx.shallow(target)
    return node


def _same(cx: Cx, node: thir.Expr, ty: Ty, proc: ProcDef | None, index: int) -> thir.Expr:
    """What is lent exclusively has exactly the parameter's type."""
    if node.ty is ty or cx.unify(node.ty, ty):
        return node
    mismatch(cx, node, cx.resolve(node.ty), cx.resolve(ty), _why(proc, index))
    return cx.error_node(node.span)


def _variadic(cx: Cx, e: hir.Expr) -> thir.Expr:
    node = cx.expr(e)
    ty = cx.known(node.ty, node.span)
    if type(ty) is t.FloatTy and ty.bits < 64:
        return thir.Cast(t.F64, node.span, "float", node)
    if type(ty) is t.IntTy and ty.bits < 32:
        return thir.Cast(t.I32, node.span, "int", node)
    if type(ty) not in (t.IntTy, t.FloatTy, t.PtrTy, t.ErrorTy):
        cx.error(E.MISMATCH, node.span, f"a `{show(ty)}` cannot be passed to a variadic foreign procedure", "numbers and raw pointers can")
    return node


def need_unsafe(cx: Cx, span: Span, what: str) -> None:
    if not cx.unsafe:
        cx.error(E.NEEDS_UNSAFE, span, f"{what} needs `unsafe`", "put it in `unsafe { ... }`", notes=("the compiler cannot check that it is right; `unsafe` says that you did",))


# --- cases --------------------------------------------------------------------------------------------------------


def expected_case(cx: Cx, name: str, want: Ty | None) -> tuple[AdtDef, int] | None:
    """The case `name` of the expected pick, behind references and boxes, too."""
    if want is None:
        return None
    ty = cx.shallow(want)
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and (adt.kind == "pick" or adt.kind == "flags"):
            for i, variant in enumerate(adt.variants):
                if variant.name == name:
                    return adt, i
    return None


def bare_not_found(cx: Cx, e: hir.BareCase, want: Ty | None) -> thir.Expr:
    near = e.similar
    notes: tuple[str, ...] = ()
    ty = cx.shallow(want) if want is not None else None
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind == "pick":
            close = closest(e.name, [v.name for v in adt.variants])
            if close:
                near = close
    helps = (cx.diag.suggest(f"did you mean `{near}`?", e.span, near),) if near else ()
    cx.error(E.NOT_FOUND, e.span, f"`{e.name}` is not found in this scope", "not found", notes=notes, helps=helps)
    return cx.error_node(e.span)


def adt_args(cx: Cx, adt: AdtDef, want: Ty | None) -> tuple[Ty, ...]:
    """Arguments for a literal of `adt`: those of the expected type, else open."""
    if not adt.generics.names:
        return ()
    ty = cx.shallow(want) if want is not None else None
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
    if type(ty) is t.AdtTy and ty.path == adt.path:
        return ty.args
    return tuple([cx.fresh() for _ in adt.generics.names])


def construct(cx: Cx, adt: AdtDef, index: int, hargs: list[hir.Arg], span: Span, name_span: Span, want: Ty | None, args: tuple[Ty, ...] | None = None) -> thir.Expr:
    """`Case(values)`."""
    variant = adt.variants[index]
    fields = variant.fields
    if args is None:
        args = adt_args(cx, adt, want)
    ty = t.adt_ty(adt.path, args)
    why: Why = (f"case `{variant.name}` of `{adt.name}` is declared here", variant.name_span, adt.file)
    values: list[tuple[int, thir.Expr]] = []
    names = [f.name for f in fields]
    given: set[int] = set()
    failed = False
    for i, harg in enumerate(hargs):
        at = i
        if harg.name:
            if harg.name not in names:
                near = closest(harg.name, names)
                helps = (cx.diag.suggest(f"did you mean `{near}`?", harg.span, near),) if near else ()
                cx.error(E.NO_FIELD, harg.span, f"case `{variant.name}` has no field `{harg.name}`", "not a field", why, helps=helps)
                cx.expr(harg.value)
                failed = True
                continue
            at = names.index(harg.name)
            if at in given:
                cx.error(E.FIELD_TWICE, harg.span, f"field `{harg.name}` is given twice", "the second")
        if at >= len(fields):
            takes = E.plural(len(fields), "value")
            cx.error(E.ARG_COUNT, harg.span, f"case `{variant.name}` holds {takes}, {len(hargs)} are given", "not expected", why)
            for rest in hargs[i:]:
                cx.expr(rest.value)
            failed = True
            break
        given.add(at)
        field_ty = cx.norm(subst(fields[at].ty, args), span) if args else fields[at].ty
        values.append((at, argument(cx, harg.value, "own", field_ty, field_ty, None, at)))
    for at, field in enumerate(fields):
        if at not in given and not failed:
            if field.default is not None:
                values.append((at, field_default(cx, field.default, cx.norm(subst(field.ty, args), span), args, span)))
            else:
                missing = [f"{f.name}: {show(f.ty)}" if variant.has_names else show(f.ty) for j, f in enumerate(fields) if j not in given and f.default is None]
                cx.error(
                    E.ARG_COUNT, name_span, f"case `{variant.name}` holds {E.plural(len(fields), 'value')}, {len(hargs)} {'is' if len(hargs) == 1 else 'are'} given",
                    f"missing {E.listed(missing)}", why,
                )
                break
    return thir.Aggregate(ty, span, index, values)


def field_default(cx: Cx, path: str, ty: Ty, args: tuple[Ty, ...], span: Span) -> thir.Expr:
    const = cx.defs.consts.get(path)
    node = cx.made(thir.ConstRef(ty, span, path, args if const is not None and const.generics.names else ()))
    if type(node) is thir.ConstRef and any(a.flags & HAS_INFER for a in node.args):
        cx.pending_args.append(node)
    return node


_SIMPLE = frozenset((hir.LocalRef, hir.Field, hir.DefRef))

# --- methods ------------------------------------------------------------------------------------------------------


def method_call(cx: Cx, e: hir.MethodCall, want: Ty | None) -> thir.Expr:
    base = e.base
    if type(base) is hir.Literal_ and e.args and not base.suffix and base.kind in ("int", "float") and type(e.args[0].value) in _SIMPLE:
        # `max(0, x)`: the literal takes the type of what it meets.
        other = cx.resolve(cx.expr(e.args[0].value).ty)
        while type(other) is t.RefTy:
            other = other.target
        node = cx.expr(base, other)
        return method_on(cx, node, e.name, e.name_span, e.args, e.type_args, e.span, want)
    node = cx.expr(base)
    return method_on(cx, node, e.name, e.name_span, e.args, e.type_args, e.span, want)


def method_on(
    cx: Cx, node: thir.Expr, name: str, name_span: Span, hargs: list[hir.Arg], type_args: list[hir.TyExpr] | None, span: Span, want: Ty | None
) -> thir.Expr:
    """`node.name(...)`: looked for behind references, in boxes, then in what they hold, then on the slice of a list or array."""
    if node.ty.flags & HAS_INFER:
        cx.known(node.ty, node.span)
    start = node
    ty = cx.resolve(node.ty)
    if ty.flags & t.HAS_ERROR and type(ty) is t.ErrorTy:
        _check_all(cx, hargs)
        return cx.error_node(span)
    while True:
        while type(ty) is t.RefTy:
            ty = cx.known(ty.target, node.span) if type(ty.target) is t.InferTy else ty.target
            node = thir.Deref(ty, node.span, node)
            if ty.flags & HAS_INFER:
                cx.pending.append(node)
        found = find_inherent(cx, ty, name)
        if found is None:
            elem = ty.args[0] if type(ty) is t.AdtTy and ty.path == lang.LIST else ty.elem if type(ty) is t.ArrayTy else None
            if elem is not None:
                found = find_inherent(cx, t.slice_ty(elem), name)
            if found is None:
                found = find_trait_method(cx, ty, name, name_span)
        if found is None and type(ty) is t.AdtTy:
            done = _adt_call(cx, node, ty, name, name_span, hargs, span)
            if done is not None:
                return done
        if found is not None:
            return _call_found(cx, node, found, name, name_span, hargs, type_args, span, want)
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            inner = ty.args[0]
            node = cx.made(thir.Deref(inner, node.span, node))
            ty = cx.known(inner, node.span)
            continue
        break
    elem = ty.args[0] if type(ty) is t.AdtTy and ty.path == lang.LIST else ty.elem if type(ty) is t.ArrayTy else None
    if elem is not None:
        found = find_trait_method(cx, t.slice_ty(elem), name, name_span)
        if found is not None:
            return _call_found(cx, node, found, name, name_span, hargs, type_args, span, want)
    outer = cx.resolve(start.ty)
    if type(outer) is t.RefTy:
        found = find_trait_method(cx, outer, name, name_span)
        if found is not None:
            return _call_found(cx, start, found, name, name_span, hargs, type_args, span, want)
    _check_all(cx, hargs)
    if type(ty) is not t.ErrorTy:
        no_method(cx, ty, name, name_span)
    return cx.error_node(span)


def _adt_call(cx: Cx, node: thir.Expr, ty: t.AdtTy, name: str, name_span: Span, hargs: list[hir.Arg], span: Span) -> thir.Expr | None:
    """`x.f(...)` where `f` is a field that holds a procedure, and `flags.has(f)`."""
    adt = cx.defs.adts.get(ty.path)
    if adt is not None and adt.kind == "flags" and name in ("has", "contains") and len(hargs) == 1:
        from vitte.typecheck.operators import has_flags

        return has_flags(cx, node, argument(cx, hargs[0].value, "lend", ty, ty, None, 0), ty, span)
    if adt is None or adt.kind != "form":
        return None
    for i, field in enumerate(adt.variants[0].fields):
        if field.name == name:
            field_ty = cx.norm(subst(field.ty, ty.args), span)
            if type(field_ty) is not t.ProcTy:
                return None
            place = cx.made(thir.Field(field_ty, name_span, node, i))
            return _value_call(cx, place, field_ty, hargs, span)
    return None


def _call_found(
    cx: Cx, node: thir.Expr, found: Found, name: str, name_span: Span, hargs: list[hir.Arg], type_args: list[hir.TyExpr] | None, span: Span, want: Ty | None
) -> thir.Expr:
    proc = found.proc
    if not cx.visible(proc.visibility, proc.path) and proc.parent not in cx.defs.traits:
        cx.error(E.PRIVATE, name_span, f"method `{name}` is private", "cannot be called from here", (f"`{name}` is declared here", proc.name_span, proc.file))
        _check_all(cx, hargs)
        return cx.error_node(span)
    if not proc.has_self:
        _check_all(cx, hargs)
        owner = cx.show(node.ty)
        cx.error(
            E.NO_METHOD, name_span, f"`{name}` is not a method: it has no `self`", f"call it as `{owner}.{name}(...)`", (f"`{name}` is declared here", proc.name_span, proc.file)
        )
        return cx.error_node(span)
    param = proc.params[0]
    receiver = _receiver(cx, node, param.mode, subst(param.ty, found.prefix), name_span, name)
    return call_proc(cx, proc, found.prefix, type_args, hargs, span, name_span, want, thir.Arg(param.mode, receiver))


def _receiver(cx: Cx, node: thir.Expr, mode: t.Mode, ty: Ty, span: Span, name: str) -> thir.Expr:
    from vitte.typecheck.places import require_mut

    if type(ty) is t.RefTy and type(ty.target) is t.SliceTy and type(cx.shallow(node.ty)) is not t.RefTy:
        got = cx.shallow(node.ty)
        if type(got) is t.SliceTy:
            if type(node) is thir.Deref:
                inner = cx.shallow(node.base.ty)
                if type(inner) is t.RefTy and inner.mutable == ty.mutable and not ty.mutable:
                    return node.base
            if ty.mutable:
                require_mut(cx, node, span, f"changed by `{name}`")
            return cx.made(thir.Borrow(ref_ty(got, ty.mutable), node.span, node, ty.mutable))
        if ty.mutable:
            require_mut(cx, node, span, f"changed by `{name}`")
        kind: thir.CastKind = "array_to_slice" if type(got) is t.ArrayTy else "list_to_slice"
        borrow = cx.made(thir.Borrow(ref_ty(got, ty.mutable), node.span, node, ty.mutable))
        return cx.made(thir.Cast(ty, node.span, kind, borrow))
    if mode == "mut":
        require_mut(cx, node, span, f"changed by `{name}`")
    elif type(ty) is t.RefTy and type(cx.shallow(node.ty)) is not t.RefTy:
        if ty.mutable:
            require_mut(cx, node, span, f"changed by `{name}`")
        return cx.made(thir.Borrow(ref_ty(node.ty, ty.mutable), node.span, node, ty.mutable))
    return node


# --- members of types ---------------------------------------------------------------------------------------------


def _call_member(cx: Cx, e: hir.Call, callee: hir.TypeMember, want: Ty | None) -> thir.Expr:
    base = callee.base
    if type(base) is hir.TyPath and base.kind == "trait":
        found = trait_member(cx, base, callee.name, callee.name_span)
        if found is None:
            _check_all(cx, e.args)
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
        _check_all(cx, e.args)
        return cx.error_node(e.span)
    found = find_member(cx, ty, callee.name, callee.name_span)
    if found is None:
        value = type_member_value(cx, callee, want, quiet=True)
        if value is not None:
            value_ty = cx.resolve(value.ty)
            if type(value_ty) is t.ProcTy:
                return _value_call(cx, value, value_ty, e.args, e.span)
        _check_all(cx, e.args)
        member_missing(cx, ty, callee.name, callee.name_span)
        return cx.error_node(e.span)
    if not cx.visible(found.proc.visibility, found.proc.path) and found.proc.parent not in cx.defs.traits:
        cx.error(E.PRIVATE, callee.name_span, f"`{callee.name}` is private", "cannot be called from here", _declared(found.proc))
    if type(base) is hir.TyPath and base.args is None and want is not None and want is not DISCARD and type(ty) is t.AdtTy and ty.flags & HAS_INFER:
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


def member_missing(cx: Cx, ty: Ty, name: str, span: Span) -> None:
    adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is not None and adt.kind in ("pick", "flags"):
        names = [v.name for v in adt.variants]
        near = closest(name, [*names, *cx.index.inherent(adt.path)])
        helps = (cx.diag.suggest(f"did you mean `{near}`?", span, near),) if near else ()
        what = "case" if adt.kind == "pick" else "member"
        notes = (f"its {what}s are {E.listed(names)}",) if len(names) <= 12 and not near else ()
        cx.error(E.NO_MEMBER, span, f"`{adt.name}` has no {what} or procedure `{name}`", "not found", (f"`{adt.name}` is declared here", adt.name_span, adt.file), notes, helps)
        return
    no_method(cx, ty, name, span, "associated procedure or constant")


def type_member_value(cx: Cx, e: hir.TypeMember, want: Ty | None, quiet: bool = False) -> thir.Expr | None:
    from vitte.typecheck.names import member_value

    return member_value(cx, e, want, quiet)


# --- values -------------------------------------------------------------------------------------------------------


def _call_value(cx: Cx, e: hir.Call) -> thir.Expr:
    node = cx.expr(e.callee)
    from vitte.typecheck.coerce import auto_deref

    node = auto_deref(cx, node)
    ty = cx.known(node.ty, node.span)
    if type(ty) is t.ProcTy:
        return _value_call(cx, node, ty, e.args, e.span)
    _check_all(cx, e.args)
    if type(ty) is not t.ErrorTy:
        cx.error(E.NOT_CALLABLE, e.callee.span, f"a `{show(ty)}` cannot be called", "not a procedure")
    return cx.error_node(e.span)


def _value_call(cx: Cx, callee: thir.Expr, ty: t.ProcTy, hargs: list[hir.Arg], span: Span) -> thir.Expr:
    if len(hargs) != len(ty.params):
        is_are = "is" if len(hargs) == 1 else "are"
        cx.error(E.ARG_COUNT, callee.span, f"this procedure takes {E.plural(len(ty.params), 'argument')}, {len(hargs)} {is_are} given", f"a `{cx.show(ty)}`")
        _check_all(cx, hargs)
        return cx.error_node(span)
    arguments: list[thir.Arg] = []
    for mode, param, harg in zip(ty.modes, ty.params, hargs, strict=True):
        if harg.name:
            cx.error(E.ARG_NAME, harg.span, "a procedure value has no parameter names", "write the argument alone")
        arguments.append(thir.Arg(mode, argument(cx, harg.value, mode, param, param, None, 0)))
    return thir.CallValue(ty.result, span, callee, arguments)
