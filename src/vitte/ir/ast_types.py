"""Reading an expression as a type: what stands in the brackets of an `Index` may be one."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.source import Span
from vitte.ir import ast as a


def expr_to_type(expr: a.Expr) -> a.Type | None:
    """The type that `expr` spells, or `None` when it spells none (`1 + 2`, a call). Literals are not types here."""
    read = _READ.get(type(expr))
    return read(expr) if read is not None else None


def expr_to_type_arg(expr: a.Expr) -> a.Type:
    """A type argument: a type, or a constant (`ConstArg`) when it spells none."""
    ty = expr_to_type(expr)
    return a.ConstArg(expr.span, expr) if ty is None else ty


def path_of(expr: a.Expr) -> tuple[list[str], list[Span]] | None:
    """Names and places of a `Name` or a chain of `Member`s on one, else `None`."""
    names: list[str] = []
    spans: list[Span] = []
    while isinstance(expr, a.Member):
        names.append(expr.name)
        spans.append(expr.name_span)
        expr = expr.base
    if not isinstance(expr, a.Name):
        return None
    names.append(expr.name)
    spans.append(expr.span)
    names.reverse()
    spans.reverse()
    return names, spans


def _path(expr: a.Expr) -> a.Type | None:
    if isinstance(expr, a.Name) and expr.name == "_":
        return a.InferType(expr.span)
    path = path_of(expr)
    return a.PathType(expr.span, path[0], path[1], []) if path is not None else None


def _index(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Index)
    path = path_of(expr.base)
    if path is None:
        return None
    return a.PathType(expr.span, path[0], path[1], [expr_to_type_arg(arg) for arg in expr.args])


def _borrow(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Borrow)
    inner = expr_to_type(expr.operand)
    return a.RefType(expr.span, expr.mut, inner) if inner is not None else None


def _unary(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Unary)
    inner = expr_to_type(expr.operand) if expr.op == "*" else None
    return a.PtrType(expr.span, False, inner) if inner is not None else None


def _list(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.ListLit)
    inner = expr_to_type(expr.items[0]) if len(expr.items) == 1 else None
    return a.ListType(expr.span, inner) if inner is not None else None


def _repeat(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Repeat)
    inner = expr_to_type(expr.value)
    return a.ArrayType(expr.span, inner, expr.count) if inner is not None else None


def _tuple(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Tuple)
    items: list[a.Type] = []
    for item in expr.items:
        ty = expr_to_type(item)
        if ty is None:
            return None
        items.append(ty)
    return a.TupleType(expr.span, items)


def _paren(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.Paren)
    return expr_to_type(expr.inner)


def _type(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.TypeExpr)
    return expr.ty


def _error(expr: a.Expr) -> a.Type | None:
    assert isinstance(expr, a.ErrorExpr)
    return a.ErrorType(expr.span, expr.token)


_READ: dict[type[a.Expr], Callable[[a.Expr], a.Type | None]] = {
    a.Name: _path,
    a.Member: _path,
    a.Index: _index,
    a.Borrow: _borrow,
    a.Unary: _unary,
    a.ListLit: _list,
    a.Repeat: _repeat,
    a.Tuple: _tuple,
    a.Paren: _paren,
    a.TypeExpr: _type,
    a.ErrorExpr: _error,
}
