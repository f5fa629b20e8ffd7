"""Calls: what the callee is decides whether it is a method, a built-in, a prelude method written as a procedure, or a plain call."""

from __future__ import annotations

from vitte.ir import ast as a
from vitte.ir import hir
from vitte.ir.ast_types import expr_to_type
from vitte.lower import errors
from vitte.lower.exprs import applied, index_value, path_value, spells_types
from vitte.lower.format import format_call
from vitte.lower.names import chain_sym
from vitte.lower.state import EXPR, Lowerer, Sym, expr, ty
from vitte.lower.types import expr_args

LEAVES = (a.Name, a.Member, a.Index)


def arguments(lo: Lowerer, args: list[a.Expr]) -> list[hir.Arg]:
    found: list[hir.Arg] = []
    for arg in args:
        if type(arg) is a.NamedArg:
            found.append(hir.Arg(arg.span, expr(lo, arg.value), arg.name))
        else:
            found.append(hir.Arg(arg.span, EXPR[type(arg)](lo, arg)))
    return found


def call(lo: Lowerer, e: a.Call) -> hir.Expr:
    callee = e.callee
    cls = type(callee)
    if cls is a.Name:
        entry = lo.names.get(callee.name)  # type: ignore[attr-defined]
        if type(entry) is Sym:
            kind = entry.kind
            if kind == "proc" or kind == "case":
                if entry.imp >= 0:
                    lo.use_used[entry.imp] = 1
                return hir.Call(e.span, hir.DefRef(callee.span, entry.path, kind), arguments(lo, e.args))  # type: ignore[arg-type]
            if kind == "format":
                return format_call(lo, e.span, callee.name, e.args)  # type: ignore[attr-defined]
            if kind == "method":
                return prelude_method(lo, e, callee)  # type: ignore[arg-type]
            if kind == "size":
                return size_of(lo, e, callee.name)  # type: ignore[attr-defined]
    elif cls is a.Member:
        return member_call(lo, e, callee, None)  # type: ignore[arg-type]
    elif cls is a.Index:
        return applied_call(lo, e, callee)  # type: ignore[arg-type]
    return hir.Call(e.span, expr(lo, callee), arguments(lo, e.args))


def member_call(lo: Lowerer, e: a.Call, callee: a.Member, type_args: list[hir.TyExpr] | None) -> hir.Expr:
    base = callee.base
    cls = type(base)
    if cls is a.Name:
        entry = lo.names.get(base.name)  # type: ignore[attr-defined]
        if type(entry) is int and not lo.in_const:
            lo.local_used[entry] = 1
            receiver: hir.Expr = hir.LocalRef(base.span, entry)
            return hir.MethodCall(e.span, receiver, callee.name, callee.name_span, arguments(lo, e.args), type_args)
    if cls in LEAVES or cls is a.TypeExpr:
        found = path_value(lo, callee, type_args)
        if found is not None:
            return hir.Call(e.span, found, arguments(lo, e.args))
    receiver = expr(lo, base)
    return hir.MethodCall(e.span, receiver, callee.name, callee.name_span, arguments(lo, e.args), type_args)


def applied_call(lo: Lowerer, e: a.Call, callee: a.Index) -> hir.Expr:
    """`f[int](x)`, `x.parse[int](y)`, or the call of an element `fs[i](x)`."""
    base = callee.base
    if type(base) is a.Name or type(base) is a.Member:
        found = applied(lo, callee)
        if found is not None:
            return hir.Call(e.span, found, arguments(lo, e.args))
        if type(base) is a.Member and chain_sym(lo, base) is None and spells_types(lo, callee.args):
            return member_call(lo, e, base, expr_args(lo, callee.args))
        if type(base) is a.Name and type(entry := lo.names.get(base.name)) is Sym:
            if entry.kind == "size":
                return size_of(lo, a.Call(e.span, base, callee.args + e.args), base.name)
            if entry.kind == "method" and spells_types(lo, callee.args):
                return prelude_method(lo, e, base, expr_args(lo, callee.args))
    return hir.Call(e.span, index_value(lo, callee, expr(lo, base)), arguments(lo, e.args))


def prelude_method(lo: Lowerer, e: a.Call, callee: a.Name, type_args: list[hir.TyExpr] | None = None) -> hir.Expr:
    """`len(xs)` is `xs.len()`."""
    args = arguments(lo, e.args)
    if not args:
        message = f"`{callee.name}` needs the value it works on"
        hint = f"write `{callee.name}(value)` or `value.{callee.name}()`"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_BUILTIN, e.span, message, "no argument", hint))
    receiver = args[0].value
    return hir.MethodCall(e.span, receiver, callee.name, callee.span, args[1:], type_args, True)


def size_of(lo: Lowerer, e: a.Call, what: str) -> hir.Expr:
    """`sizeof(T)`, `alignof(T)`, `offsetof(T, field)`."""
    wanted = 2 if what == "offsetof" else 1
    args = e.args
    form = "a type and a field" if wanted == 2 else "a type"
    if len(args) != wanted:
        message = f"`{what}` takes {form}"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_BUILTIN, e.span, message, f"{len(args)} arguments here"))
    spelled = expr_to_type(args[0])
    if spelled is None:
        message = f"`{what}` takes {form}"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_BUILTIN, args[0].span, message, "not a type"))
    target = ty(lo, spelled)
    field = ""
    if wanted == 2:
        second = args[1]
        if type(second) is not a.Name:
            message = f"`{what}` takes {form}"
            return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_BUILTIN, second.span, message, "not the name of a field"))
        field = second.name
    if type(target) is hir.TyError:
        return hir.ErrorExpr(e.span, target.token)
    return hir.SizeOf(e.span, what, target, field)  # type: ignore[arg-type]


def stray_named(lo: Lowerer, e: a.NamedArg) -> hir.Expr:
    """Only reached where an argument list is read as something else; its value is what counts."""
    return expr(lo, e.value)


EXPR.update({a.Call: call, a.NamedArg: stray_named})

