"""Going over a syntax tree without knowing its classes."""

from __future__ import annotations

from collections.abc import Iterator

from vitte.ir import ast as a

_NODES = (a.Node, a.Meta)
_PLAIN = frozenset(
    ("span", "name", "name_span", "alias", "alias_span", "label", "label_span", "token", "op", "op_span", "head_span", "source", "tokens")
)


def children(node: a.Node) -> list[a.Node]:
    """The nodes directly below, in the order of their place in the source.

    Attributes count as children of the declaration. The predicates of a `where` clause are children of the declaration,
    not of its `Generics`, since they stand outside its brackets.
    """
    out: list[a.Node] = []
    for field in node.__struct_fields__:
        if field in _PLAIN or (field == "where" and type(node) is a.Generics):
            continue
        value = getattr(node, field)
        if isinstance(value, a.Node):
            if type(value) is not a.Generics:
                out.append(value)
            else:
                if value.params:
                    out.append(value)
                out.extend(value.where)
        elif isinstance(value, list):
            if value and isinstance(value[0], a.Node):
                out.extend(value)
        elif isinstance(value, a.Meta):
            out.extend(value.attrs)
    if len(out) > 1:
        out.sort(key=lambda child: child.span)
    return out


def walk(node: a.Node) -> Iterator[a.Node]:
    """`node` and everything below it, parents first, in source order."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def height(node: a.Node) -> int:
    """How many nodes the longest way down has."""
    best = 0
    level = [node]
    while level:
        best += 1
        level = [child for parent in level for child in children(parent)]
    return best
