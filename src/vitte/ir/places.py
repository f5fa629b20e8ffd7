"""Where a typed body may panic: the rows of its table of places.

A panic names a line and a column, yet a comment must not change the code of those who use a body. So code refers to a *row* of a table
by its number, and only the table, which stands in the object of the body's own unit, knows positions. Rows are numbered by the order of
spans in the text, begin first, then length: another layout of the same text keeps the numbers.

    rows of `m::f`:  0  the procedure's line, for what has no better place
                     1  the first span where something may panic
                     2  the next one ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.base.source import NO_SPAN, Span
from vitte.ir import thir
from vitte.ir import types as t
from vitte.ir.thir_walk import walk

_MAY_PANIC = frozenset(("+", "-", "*", "/", "%", "<<", ">>"))
_DIVISIONS = frozenset("/%")
_SHIFTS = frozenset(("<<", ">>"))


def table_symbol(path: str) -> str:
    """Symbol of the table of a body, or of a module for the code that no other unit has."""
    return f"places {path}"


def sites(body: thir.Body) -> list[Span]:
    """The spans in `body` at which its code may panic or a place is given away, sorted, each once.

    They depend on the body alone: not on the arguments it is instantiated with, nor on any option. Time is linear in the body's size."""
    found: set[Span] = set()
    for node in walk(body.value):
        rule = _RULES.get(type(node))
        if rule is not None:
            span = rule(node)
            if span:
                found.add(span)
    return sorted(found)


def ordinals(body: thir.Body) -> dict[Span, int]:
    """Row by span, from 1; row 0 is the procedure itself. Empty when nothing in the body may panic."""
    return {span: i + 1 for i, span in enumerate(sites(body))}


def _always(node: thir.Expr) -> Span:
    return node.span


def _binary(node: thir.Binary) -> Span:
    if node.op not in _MAY_PANIC or type(node.ty) is t.FloatTy:
        return NO_SPAN
    right = node.right
    if type(right) is thir.Lit and type(right.value) is int:
        if node.op in _DIVISIONS and right.value > 0:
            return NO_SPAN
        if node.op in _SHIFTS and 0 <= right.value < 8:
            return NO_SPAN
    return node.span


def _unary(node: thir.Unary) -> Span:
    return node.span if node.op == "-" and type(node.ty) is not t.FloatTy and type(node.operand) is not thir.Lit else NO_SPAN


def _assign(node: thir.Assign) -> Span:
    """An operation whose result is assigned at once has the assignment's place."""
    value = node.value
    of_value = _binary(value) if type(value) is thir.Binary else _unary(value) if type(value) is thir.Unary else NO_SPAN
    return node.span if of_value else NO_SPAN


def _assign_op(node: thir.AssignOp) -> Span:
    return node.span if node.op in _MAY_PANIC and type(node.place.ty) is not t.FloatTy else NO_SPAN


def _cast(node: thir.Cast) -> Span:
    return node.span if node.kind == "int_to_rune" else NO_SPAN


def _for_range(node: thir.ForRange) -> Span:
    """Runes are counted as numbers and made runes again."""
    return node.pat.span if node.pat.ty is t.RUNE else NO_SPAN


_RULES: dict[type, Callable[[Any], Span]] = {
    thir.Here: _always, thir.Index: _always, thir.Binary: _binary, thir.Unary: _unary, thir.Assign: _assign,
    thir.AssignOp: _assign_op, thir.Cast: _cast, thir.ForRange: _for_range,
}
