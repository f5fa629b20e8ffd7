"""Bodies that move nothing: no ownership error is possible in them, so a unit that is only checked need not build them.

A value moves when a place whose type moves is read as a value, or when a pattern binds such a place by value. Lending,
borrowing and matching places, and what calls give, move nothing. The walk over the typed tree stops at the first move, and at
everything it does not know; saying "may move" of a body that moves nothing only costs time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import thir
from vitte.mir_build.exprs import PLACES
from vitte.mir_build.facts import MOVE, Unit


def is_harmless(unit: Unit, body: thir.Body) -> bool:
    """Whether checking `body`, which has no type parameters, cannot find anything."""
    walk = _Walk(unit, body.locals)
    for param in body.params:
        if param.pat is not None and _pat(walk, param.pat):
            return False
    return not _value(walk, body.value)


class _Walk:
    """What the rules share. `kind`: how a value of a type leaves a place. `locals`: the variables of the body."""

    __slots__ = ("kind", "locals")

    def __init__(self, unit: Unit, locals: list[thir.LocalDecl]) -> None:
        self.kind = unit.kind
        self.locals = locals


def _value(walk: _Walk, e: thir.Expr) -> bool:
    """Whether evaluating `e` and taking its value may move something."""
    cls = type(e)
    if cls in PLACES and (e.ty.flags or walk.kind(e.ty) == MOVE):
        # The compiler's own variables are used as they may be.
        return cls is not thir.Local or not walk.locals[e.local].is_synthetic  # type: ignore[union-attr]
    return _RULES[cls](walk, e)


def _place(walk: _Walk, e: thir.Expr) -> bool:
    """The same where `e` is used as a place, or for its effect."""
    return _RULES[type(e)](walk, e)


def _values(walk: _Walk, exprs: list[thir.Expr]) -> bool:
    for e in exprs:
        if _value(walk, e):
            return True
    return False


def _maybe(walk: _Walk, e: thir.Expr | None) -> bool:
    return e is not None and _value(walk, e)


def _never(walk: _Walk, e: thir.Expr) -> bool:
    return False


def _always(walk: _Walk, e: thir.Expr) -> bool:
    return True


def _arguments(walk: _Walk, e: thir.Call) -> bool:
    arguments = e.arguments
    for arg in arguments:
        value = arg.value
        if arg.mode == "own":
            if _value(walk, value):
                return True
        elif _RULES[type(value)](walk, value) or (arg.mode == "mut" and len(arguments) > 1 and _conflicts(walk, arg, arguments)):
            return True
    return False


def _conflicts(walk: _Walk, arg: thir.Arg, arguments: list[thir.Arg]) -> bool:
    """Whether another argument may be a part of what `arg` lends exclusively, and is not copied before the call in that case."""
    root = _root(arg.value)
    for other in arguments:
        if other is not arg and other.mode != "own" and (other.mode == "mut" or walk.kind(other.value.ty) == MOVE):
            other_root = _root(other.value)
            if root is None or other_root is None or root == other_root:
                return type(arg.value) in PLACES and type(other.value) in PLACES
    return False


def _root(e: thir.Expr) -> int | None:
    """The variable that a place is a part of, without following references."""
    while type(e) is thir.Field or type(e) is thir.Index:
        e = e.base
    return e.local if type(e) is thir.Local else None


def _block(walk: _Walk, e: thir.Block) -> bool:
    for stmt in e.stmts:
        cls = type(stmt)
        if cls is thir.ExprStmt:
            if _place(walk, stmt.expr):  # type: ignore[union-attr]
                return True
        elif cls is not thir.Let or _let(walk, stmt):  # type: ignore[arg-type]
            return True
    return e.tail is not None and _value(walk, e.tail)


def _let(walk: _Walk, s: thir.Let) -> bool:
    """A variable without a value is set later, which takes the flow analysis to follow."""
    if s.init is None:
        return True
    if type(s.pat) is thir.PBind and s.pat.by == "value" and s.pat.sub is None and s.otherwise is None:
        return _value(walk, s.init)
    return _pat(walk, s.pat) or _place(walk, s.init) or (s.otherwise is not None and _place(walk, s.otherwise))


def _match(walk: _Walk, e: thir.Match) -> bool:
    if _place(walk, e.value):
        return True
    for arm in e.arms:
        # While a guard runs, the names of its pattern stand for parts of the matched place.
        if arm.guard is not None or _pat(walk, arm.pat) or _value(walk, arm.body):
            return True
    return False


def _pat(walk: _Walk, pat: thir.Pat) -> bool:
    cls = type(pat)
    if cls is thir.PBind:
        if pat.by == "value" and (pat.ty.flags or walk.kind(pat.ty) == MOVE):  # type: ignore[union-attr]
            return True
        return pat.sub is not None and _pat(walk, pat.sub)  # type: ignore[union-attr]
    if cls is thir.PVariant or cls is thir.PFields:
        return any(_pat(walk, sub) for _, sub in pat.fields)  # type: ignore[union-attr]
    return cls is not thir.PWild and cls is not thir.PConst and cls is not thir.PRange


_RULES: dict[type, Callable[[_Walk, Any], bool]] = {
    thir.Local: _never,
    thir.Static: _never,
    thir.Field: lambda walk, e: _place(walk, e.base),
    thir.Index: lambda walk, e: _place(walk, e.base) or _value(walk, e.index),
    thir.Deref: lambda walk, e: _place(walk, e.base),
    thir.Lit: _never,
    thir.ConstRef: _never,
    thir.ConstParam: _never,
    thir.Here: _never,
    thir.ProcRef: _never,
    thir.SizeOf: _never,
    thir.Continue: _never,
    thir.Unary: lambda walk, e: _value(walk, e.operand),
    thir.Binary: lambda walk, e: _value(walk, e.left) or _value(walk, e.right),
    thir.Logical: lambda walk, e: _value(walk, e.left) or _value(walk, e.right),
    thir.Cast: lambda walk, e: _value(walk, e.value),
    thir.Borrow: lambda walk, e: _place(walk, e.place),
    thir.Move: _always,
    thir.Call: _arguments,
    thir.CallValue: lambda walk, e: _value(walk, e.callee) or _arguments(walk, e),
    thir.Tuple: lambda walk, e: _values(walk, e.elems),
    thir.ListLit: lambda walk, e: _values(walk, e.elems),
    thir.Repeat: lambda walk, e: _value(walk, e.elem),
    thir.Aggregate: lambda walk, e: e.base is not None or _values(walk, [value for _, value in e.fields]),
    thir.BoxNew: lambda walk, e: _value(walk, e.value),
    thir.Block: _block,
    thir.If: lambda walk, e: _value(walk, e.cond) or _value(walk, e.then) or _maybe(walk, e.otherwise),
    thir.Is: lambda walk, e: _place(walk, e.value) or _pat(walk, e.pat),
    thir.Match: _match,
    thir.Loop: lambda walk, e: _place(walk, e.body),
    thir.ForRange: lambda walk, e: _value(walk, e.low) or _value(walk, e.high) or _pat(walk, e.pat) or _place(walk, e.body),
    thir.ForEach: lambda walk, e: _place(walk, e.seq) or _pat(walk, e.pat) or _place(walk, e.body),
    thir.ForIter: lambda walk, e: _value(walk, e.iterator) or _pat(walk, e.pat) or _place(walk, e.body),
    thir.Break: lambda walk, e: _maybe(walk, e.value),
    thir.Give: lambda walk, e: _maybe(walk, e.value),
    thir.Assign: lambda walk, e: _place(walk, e.place) or _value(walk, e.value),
    thir.AssignOp: lambda walk, e: _place(walk, e.place) or _value(walk, e.value),
    thir.ErrorExpr: _always,
}
