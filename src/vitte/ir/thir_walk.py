"""Walking THIR: the children of each node class as a table, read off the fields that hold expressions and statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vitte.ir import thir

CHILDREN: dict[type, tuple[str, ...]] = {
    thir.Local: (),
    thir.Static: (),
    thir.Field: ("base",),
    thir.Index: ("base", "index"),
    thir.Deref: ("base",),
    thir.Lit: (),
    thir.ConstRef: (),
    thir.ConstParam: (),
    thir.Here: (),
    thir.ProcRef: (),
    thir.Unary: ("operand",),
    thir.Binary: ("left", "right"),
    thir.Logical: ("left", "right"),
    thir.Cast: ("value",),
    thir.Borrow: ("place",),
    thir.Move: ("place",),
    thir.Arg: ("value",),
    thir.Call: ("arguments",),
    thir.CallValue: ("callee", "arguments"),
    thir.Tuple: ("elems",),
    thir.ListLit: ("elems",),
    thir.Repeat: ("elem",),
    thir.Aggregate: ("fields", "base"),
    thir.BoxNew: ("value",),
    thir.Block: ("stmts", "tail"),
    thir.If: ("cond", "then", "otherwise"),
    thir.Is: ("value",),
    thir.Arm: ("guard", "body"),
    thir.Match: ("value", "arms"),
    thir.Loop: ("body",),
    thir.ForRange: ("low", "high", "body"),
    thir.ForEach: ("seq", "body"),
    thir.ForIter: ("iterator", "body"),
    thir.Break: ("value",),
    thir.Continue: (),
    thir.Give: ("value",),
    thir.Assign: ("place", "value"),
    thir.AssignOp: ("place", "value"),
    thir.SizeOf: (),
    thir.ErrorExpr: (),
    thir.Let: ("init", "otherwise"),
    thir.ExprStmt: ("expr",),
    thir.Defer: ("body",),
}
"""Fields with children, in order of evaluation. A field holds a node, None, a list of nodes, or (`Aggregate.fields`) of pairs."""


PATTERNED = frozenset((thir.Arm, thir.Let, thir.Is, thir.ForRange, thir.ForEach, thir.ForIter))
"""Classes of nodes with a pattern, their field `pat`."""


def children(node: Any) -> list[Any]:
    """The expressions, statements, arguments and arms directly in `node`, in order of evaluation."""
    found: list[Any] = []
    for name in CHILDREN[type(node)]:
        value = getattr(node, name)
        if type(value) is not list:
            if value is not None:
                found.append(value)
        elif value and type(value[0]) is tuple:
            found += [item for _, item in value]
        else:
            found += value
    return found


def walk(node: Any) -> Iterator[Any]:
    """`node` and everything below it, parents first. Does not recurse, so depth is no limit."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        below = children(node)
        below.reverse()
        stack += below


def patterns(node: Any) -> Iterator[thir.Pat]:
    """The patterns directly in a node (of an arm, `let`, `is` or `for`)."""
    if type(node) in PATTERNED:
        yield node.pat


def walk_pattern(pat: thir.Pat) -> Iterator[thir.Pat]:
    """A pattern and all its parts, parents first."""
    yield pat
    cls = type(pat)
    p: Any = pat
    if cls is thir.PBind:
        below = [p.sub] if p.sub is not None else []
    elif cls is thir.PVariant or cls is thir.PFields:
        below = [sub for _, sub in p.fields]
    elif cls is thir.PDeref:
        below = [p.inner]
    elif cls is thir.PList:
        below = [*p.before, *([p.rest] if p.rest is not None else []), *p.after]
    elif cls is thir.POr:
        below = p.alts
    else:
        return
    for sub in below:
        yield from walk_pattern(sub)
