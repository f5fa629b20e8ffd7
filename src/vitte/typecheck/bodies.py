"""Bodies: from a HIR body to a THIR body, with everything settled at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitte.base.diagnostics import Suggestion
from vitte.base.source import NO_SPAN, Span, make_span, span_start
from vitte.ir import hir, thir
from vitte.ir import types as t
from vitte.ir.defs import Generics, ProcDef
from vitte.ir.types import HAS_ERROR, HAS_INFER, Ty, show
from vitte.typecheck import calls, control, format, literals, method_calls, names, operators, places
from vitte.typecheck import errors as E
from vitte.typecheck.constants import fits
from vitte.typecheck.cx import DISCARD, Cx, MatchCheck
from vitte.typecheck.obligations import solve, unmet
from vitte.typecheck.patterns import pattern

if TYPE_CHECKING:
    from vitte.typecheck.collect import Collector


def _lambda(cx: Cx, e: hir.Lambda, want: Ty | None) -> thir.Expr:
    cx.error(E.LAMBDA, e.span, "lambdas are not supported yet", "not supported yet", notes=("a named procedure can be passed instead",))
    return cx.error_node(e.span)


def make_table() -> dict[type, Any]:
    return {
        hir.Literal_: names.literal,
        hir.LocalRef: names.local_ref,
        hir.DefRef: names.def_ref,
        hir.ParamRef: names.param_ref,
        hir.TypeMember: names.type_member,
        hir.BareCase: names.bare_case,
        hir.SizeOf: names.size_of,
        hir.ErrorExpr: names.error_expr,
        hir.Field: places.field,
        hir.Index: places.index,
        hir.Slice: places.slice_expr,
        hir.Borrow: places.borrow,
        hir.Move: places.move,
        hir.Assign: places.assign,
        hir.AssignOp: places.assign_op,
        hir.MethodCall: method_calls.method_call,
        hir.Call: calls.call,
        hir.Unary: operators.unary,
        hir.Binary: operators.binary,
        hir.Logical: operators.logical,
        hir.In: operators.contains,
        hir.Is: control.is_,
        hir.Block: control.block,
        hir.If: control.if_,
        hir.Match: control.match,
        hir.Loop: control.loop,
        hir.For: control.for_,
        hir.Break: control.break_,
        hir.Continue: control.continue_,
        hir.Give: control.give,
        hir.Try: control.try_,
        hir.Coalesce: control.coalesce,
        hir.Tuple: literals.tuple_,
        hir.ListLit: literals.list_lit,
        hir.Repeat: literals.repeat,
        hir.FormLit: literals.form_lit,
        hir.Range: literals.range_,
        hir.Cast: literals.cast,
        hir.Format: format.format_,
        hir.Assert: format.assert_,
        hir.Lambda: _lambda,
    }


Cx.table = make_table()


def check_proc(cx: Cx, item: hir.Proc, proc: ProcDef) -> thir.Body:
    """The body of a procedure or test."""
    body = item.body
    assert body is not None
    cx.begin(item.path, proc.generics, body.locals, proc.result)
    cx.const_param_tys = cx.col.const_params.get(item.path)
    result_span = item.result.span if item.result is not None else item.name_span
    cx.result_why = (
        f"`{proc.name}` gives `{show(proc.result)}`" if item.result is not None else f"`{proc.name}` gives nothing",
        result_span,
        "",
    )
    if proc.is_unsafe:
        cx.unsafe = 1
    params = _params(cx, item, proc)
    result = proc.result
    value = cx.table[hir.Block](cx, body.value, DISCARD) if type(body.value) is hir.Block else cx.discard(body.value)
    if body.implicit_result:
        value = cx.coerce(value, result)
    elif value.ty is not t.NEVER and result is not t.UNIT and result is not t.ERROR:
        _missing_give(cx, item, proc, body.value, value)
    return finish(cx, item.path, params, result, value, item.name_span, len(proc.generics.names))


def _params(cx: Cx, item: hir.Proc, proc: ProcDef) -> list[thir.Param]:
    params: list[thir.Param] = []
    for decl, param in zip(item.params, proc.params, strict=True):
        pat = decl.pat
        if type(pat) is hir.PatBind and pat.sub is None and pat.mode == "bind":
            cx.local_tys[pat.local] = param.ty
            cx.param_modes[pat.local] = param.mode
            params.append(thir.Param(pat.local, param.mode))
            continue
        local = cx.new_local(decl.name or "_", param.ty, decl.span)
        mode = "own" if param.mode == "own" else "ref" if param.mode == "lend" else "ref mut!"
        cx.param_modes[local] = param.mode
        node = pattern(cx, pat, param.ty, mode)
        if type(node) is not thir.PWild:
            cx.matches.append(MatchCheck("param", param.ty, [(node, False, decl.span)], decl.span))
            params.append(thir.Param(local, param.mode, node))
        else:
            params.append(thir.Param(local, param.mode))
    return params


def _missing_give(cx: Cx, item: hir.Proc, proc: ProcDef, body: hir.Expr, value: thir.Expr) -> None:
    """Some path reaches the end of a procedure that gives something."""
    tail = body.tail if type(body) is hir.Block else None
    helps: tuple[Suggestion, ...] = ()
    label = "some path reaches its end"
    span = item.name_span
    why = cx.result_why
    if tail is not None:
        last = value.stmts[-1] if type(value) is thir.Block and value.stmts else None
        if type(last) is thir.ExprStmt:
            ty = cx.resolve(last.expr.ty)
            if ty.flags & HAS_ERROR:
                return
            if ty is not t.UNIT and type(tail) not in (hir.If, hir.Match, hir.Loop):
                mark = cx.mark()
                fits_result = cx.unify(ty, proc.result)
                cx.rollback(mark)
                start = span_start(tail.span)
                span = tail.span
                label = f"this `{show(ty)}` is thrown away"
                if fits_result or type(ty) in (t.IntTy, t.InferTy, t.FloatTy):
                    helps = (
                        cx.diag.suggest(
                            "write `give` before it: a procedure's result is always given", make_span(start, start), "give ", "machine"
                        ),
                    )
    if cx.diag.error_count > cx.errors_before and _has_error(value):
        return
    cx.error(E.MISSING_GIVE, span, f"`{proc.name}` does not give {E.an(show(proc.result))} on every path", label, why, helps=helps)


def _has_error(value: thir.Expr) -> bool:
    """Whether the last statement failed, so that whether it leaves is not known."""
    if type(value) is thir.ErrorExpr:
        return True
    if type(value) is thir.Block:
        last = value.tail
        if last is None and value.stmts and type(value.stmts[-1]) is thir.ExprStmt:
            last = value.stmts[-1].expr
        return last is not None and _has_error(last)
    if type(value) is thir.If:
        return _has_error(value.then) or (value.otherwise is not None and _has_error(value.otherwise))
    if type(value) is thir.Match:
        return value.value.ty is t.ERROR or any(_has_error(a.body) for a in value.arms)
    return False


def check_value(cx: Cx, path: str, body: hir.Body, ty: Ty, generics: Generics, span: Span) -> thir.Body:
    """The initialiser of a constant or static, the condition of a `static_assert`."""
    cx.begin(path, generics, body.locals, None)
    cx.const_param_tys = cx.col.const_params.get(path)
    cx.result_why = None
    value = cx.check(body.value, ty)
    return finish(cx, path, [], ty, value, span, len(generics.names))


def finish(cx: Cx, path: str, params: list[thir.Param], result: Ty, value: thir.Expr, span: Span, generic_count: int) -> thir.Body:
    if cx.obligations or cx.projections:
        solve(cx, False)
    if cx.vars:
        _default_literals(cx)
        if cx.obligations or cx.projections:
            solve(cx, True)
            _leftovers(cx)
    ok = cx.diag.error_count == cx.errors_before
    decls: list[thir.LocalDecl] = []
    silent = not ok
    for decl, ty in zip(cx.hir_locals, cx.local_tys, strict=True):
        if ty is None:
            ty = t.ERROR if not ok else t.UNIT
        elif ty.flags & HAS_INFER:
            ty = cx.resolve(ty)
            if ty.flags & HAS_INFER:
                if not silent:
                    cx.error(
                        E.CANNOT_INFER,
                        decl.span,
                        f"the type of `{decl.name}` cannot be told from its uses",
                        f"{E.an(show(ty))}",
                        notes=(f"say it: `let {decl.name}: T = ...`",),
                    )
                ty = t.ERROR
        decls.append(thir.LocalDecl(decl.name, ty, decl.span, decl.mutable, decl.is_synthetic))
    decls.extend(cx.extra_locals)
    if cx.pending or cx.pending_args:
        _settle(cx)
    if cx.int_lits:
        for lit in cx.int_lits:
            if type(lit.ty) is t.IntTy and not fits(lit.value, lit.ty):  # type: ignore[arg-type]
                names.out_of_range(cx, lit.value, lit.ty, lit.span)  # type: ignore[arg-type]
            elif type(lit.ty) is t.FloatTy:
                lit.value = float(lit.value)  # type: ignore[arg-type]
    if cx.matches and cx.diag.error_count == cx.errors_before:
        _check_matches(cx)
    return thir.Body(path, cx.col.ctx.file, params, decls, result, value, span, generic_count)


def _default_literals(cx: Cx) -> None:
    for node in cx.pending:
        ty = node.ty
        if type(ty) is t.InferTy and ty.kind != "any":
            ty = cx.shallow(ty)
            if type(ty) is t.InferTy and ty.kind != "any":
                cx.bind(ty, t.INT if ty.kind == "int" else t.F64)
    # Variables of literals that no node kept: inside other types.
    for node in cx.int_lits:
        ty = cx.shallow(node.ty)
        if type(ty) is t.InferTy and ty.kind == "int":
            cx.bind(ty, t.INT)


def _leftovers(cx: Cx) -> None:
    """Obligations that are still open: their variables are reported where they stand, unless something was already."""
    for ob in cx.obligations:
        if cx.diag.error_count > cx.errors_before:
            return
        args = tuple([cx.resolve(a) for a in ob.args])
        if type(args[0]) is t.InferTy or any(type(a) is t.InferTy for a in args):
            cx.error(
                E.CANNOT_INFER,
                ob.span,
                "a type here cannot be told from how it is used",
                f"which `{ob.trait.rpartition('::')[2]}` is meant?",
                notes=("give the type arguments, or the type of what it is bound to",),
            )
        elif not any(a.flags & HAS_INFER for a in args):
            unmet(cx, ob.trait, args, ob.span, ob.why)


def _settle(cx: Cx) -> None:
    """Final types for everything made while types were open."""
    resolve = cx.resolve
    reported = cx.diag.error_count > cx.errors_before
    for node in cx.pending:
        ty = node.ty
        if ty.flags & HAS_INFER:
            ty = resolve(ty)
            if ty.flags & HAS_INFER:
                ty = _unresolved(cx, ty, node.span, reported)
                reported = True
            node.ty = ty
    for node in cx.pending_args:
        args = tuple([resolve(a) for a in node.args])
        if any(a.flags & HAS_INFER for a in args):
            if not reported:
                names_ = cx.defs.procs.get(getattr(node, "path", ""))
                what = f" of `{names_.name}`" if names_ is not None else ""
                cx.error(
                    E.CANNOT_INFER,
                    node.span,
                    f"a type argument{what} cannot be told from how it is used",
                    "not known",
                    notes=("give it in brackets, `f[T](...)`, or give the type of what it is bound to",),
                )
                reported = True
            args = tuple([t.ERROR if a.flags & HAS_INFER else a for a in args])
        node.args = args
        if type(node) is thir.ForIter and node.item.flags & HAS_INFER:
            node.item = resolve(node.item)


def _unresolved(cx: Cx, ty: Ty, span: Span, reported: bool) -> Ty:
    if not reported and span != NO_SPAN:
        cx.error(
            E.CANNOT_INFER,
            span,
            "the type of this cannot be told from how it is used",
            f"{E.an(show(ty))}",
            notes=("say its type where it is bound",),
        )
    return t.ERROR


def _check_matches(cx: Cx) -> None:
    from vitte.typecheck.exhaustive import check_match

    for check in cx.matches:
        ty = cx.resolve(check.ty)
        if ty.flags & HAS_ERROR or any(p.ty is t.ERROR for p, _, _ in check.arms):
            continue
        missing, unreachable = check_match([(p, g) for p, g, _ in check.arms], ty, cx.defs)
        if check.kind == "match":
            if missing:
                _non_exhaustive(cx, check, ty, missing)
            for at in unreachable:
                earlier = next((s for p, g, s in check.arms[:at] if not g and type(p) in (thir.PWild, thir.PBind)), None)
                labels = ((earlier, "this takes everything"),) if earlier is not None else ()
                cx.diag.warning(
                    E.UNREACHABLE_ARM,
                    check.arms[at][2],
                    "this arm is never reached",
                    "what it matches is taken by an earlier arm",
                    labels=labels,
                )
        elif missing:
            what = {"let": "`let`", "for": "`for`", "param": "parameter"}[check.kind]
            notes = ("`let ... else { ... }` or `match` says what happens then",) if check.kind == "let" else ()
            cx.error(
                E.REFUTABLE, check.span, f"the pattern of this {what} does not match {E.listed(missing[:4])}", "may not match", notes=notes
            )


def _non_exhaustive(cx: Cx, check: MatchCheck, ty: Ty, missing: list[str]) -> None:
    count = len(missing)
    listed = E.listed(missing[:12])
    more = f" and {count - 12} more" if count > 12 else ""
    is_are = "is" if count == 1 else "are"
    cx.error(
        E.NON_EXHAUSTIVE,
        check.span,
        f"this match does not cover every `{show(ty)}`: {listed}{more} {is_are} missing",
        "not covered: " + ", ".join(missing[:12]) + more,
        notes=("add the missing cases, or `else` for the rest",),
    )


def run_bodies(col: Collector) -> tuple[dict[str, thir.Body], list[thir.StaticAssert]]:
    """All bodies of the module in program order."""
    cx = Cx(col)
    bodies: dict[str, thir.Body] = {}
    asserts: list[thir.StaticAssert] = []
    procs = {item.path: proc for item, proc in col.procs}
    for item in col.module.items:
        if isinstance(item, hir.Proc):
            if item.body is not None:
                bodies[item.path] = check_proc(cx, item, procs[item.path])
        elif isinstance(item, hir.Const):
            if item.body is not None and item.path not in col.bad_consts:
                const = col.interface.consts[item.path]
                bodies[item.path] = check_value(cx, item.path, item.body, const.ty, const.generics, item.name_span)
        elif isinstance(item, hir.StaticAssert):
            body = check_value(cx, item.path, item.body, t.BOOL, Generics(), item.span)
            asserts.append(thir.StaticAssert(body, item.message, item.text, item.span))
    return bodies, asserts
