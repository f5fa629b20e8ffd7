"""Text of a syntax tree: the source itself (`print_source`), and an outline of the tree (`print_module`)."""

from __future__ import annotations

from vitte.base.source import SPAN_BITS, SPAN_MASK
from vitte.ir import ast as a
from vitte.ir.ast_walk import children


def print_source(module: a.Module) -> str:
    """The source text of a tree, from the tree: each node gives its own tokens, its children theirs, and what lies
    between two tokens (layout, comments) comes before the second. Equal to the parsed text, character for character."""
    text, tokens = module.source.text, module.tokens
    starts, ends = tokens.starts, tokens.ends
    out: list[str] = []
    at = 0  # the next token
    count = len(starts)

    def own(limit: int) -> None:
        """The tokens that begin before offset `limit`."""
        nonlocal at
        while at < count and (starts[at] < limit or (starts[at] == limit and ends[at] == limit and at < count - 1)):
            out.append(text[ends[at - 1] if at else 0 : starts[at]])
            out.append(text[starts[at] : ends[at]])
            at += 1

    # An explicit stack: trees may be high. An entry is a node to open, or the offset where an opened one ends.
    stack: list[a.Node | int] = [module]
    while stack:
        top = stack.pop()
        if isinstance(top, int):
            own(top)
            continue
        start = top.span >> SPAN_BITS
        own(start)
        stack.append(start + (top.span & SPAN_MASK))
        stack.extend(reversed(children(top)))
    own(len(text))
    while at < count:
        out.append(text[ends[at - 1] if at else 0 : starts[at]])
        at += 1
    return "".join(out)


_HIDDEN = frozenset(
    (
        "span", "name_span", "alias_span", "label_span", "op_span", "head_span", "keyword_span", "segment_spans", "vis_span",
        "body", "token",
    )
)  # fmt: skip


def print_module(module: a.Module) -> str:
    """An outline: one node a line, indented by depth, with its plain fields and its place as `line:column`."""
    lines = [f"module {module.source.path}"]
    if module.space is not None:
        lines.append(f"  space {'/'.join(module.space.path.segments)}")
    stack: list[tuple[a.Node, int]] = [(item, 1) for item in reversed(module.items)]
    line_col = module.source.line_col
    while stack:
        node, depth = stack.pop()
        line, col = line_col(node.span >> SPAN_BITS)
        lines.append(f"{'  ' * depth}{type(node).__name__}{_plain(node)} @{line}:{col}")
        stack.extend((child, depth + 1) for child in reversed(children(node)))
    return "\n".join(lines) + "\n"


def _plain(node: a.Node) -> str:
    parts: list[str] = []
    for field in node.__struct_fields__:
        if field in _HIDDEN:
            continue
        value = getattr(node, field)
        if isinstance(value, bool):
            if value:
                parts.append(field)
        elif isinstance(value, (str, bytes, int)):
            if value != "" or field == "value":
                parts.append(f"{field}={value!r}")
        elif isinstance(value, list) and value and isinstance(value[0], str):
            parts.append(f"{field}={'/'.join(value)}")
        elif isinstance(value, a.Meta):
            parts.extend(f"{name}={text!r}" for name, text in (("vis", value.vis), ("doc", value.doc)) if text)
    return " " + " ".join(parts) if parts else ""
