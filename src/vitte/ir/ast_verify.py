"""Verifier of the syntax tree.

1. The module's span is the whole text.
2. The token table covers the text: lists of one length, starts in order, no token overlaps the next, the last is the end of the file.
3. Between two tokens there are only blanks, newlines and comments (in a tree without errors).
4. A node's span lies in its parent's.
5. Siblings do not overlap.
6. A node begins where a token begins and ends where a token ends (error nodes and empty nodes aside).
7. A `name_span` holds the name, up to normalisation, and lies in its node.
8. Error nodes stand only in a tree with errors.
9. What may not be empty is not: arguments of `Index`, alternatives of `OrPat` (at least two), segments of a path.
"""

from __future__ import annotations

from vitte.base.source import SPAN_BITS, SPAN_MASK
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.ir.ast_walk import children

_ERRORS = frozenset((a.ErrorExpr, a.ErrorPat, a.ErrorType, a.ErrorItem))
_PARTS = frozenset((a.Index, a.Member, a.Propagate, a.FloatLit, a.Attr, a.Range, a.Borrow, a.OptionType, a.RefType))
"""Nodes that may begin or end inside a token (`x.0.1`, `e??`, `&&T`, `??T`), or where nothing stands."""


def verify(module: a.Module) -> list[str]:
    """All violations, each with the number of its invariant and the place."""
    out: list[str] = []
    text = module.source.text
    line_col = module.source.line_col

    def bad(number: int, node: a.Node, what: str) -> None:
        line, col = line_col(min(node.span >> SPAN_BITS, len(text)))
        out.append(f"[{number}] {type(node).__name__} at {line}:{col}: {what}")

    if module.span != len(text):
        bad(1, module, "does not cover the text")
    _tokens(module, out)
    clean = module.errors == 0
    if clean:
        _gaps(module, out)
    starts = frozenset(module.tokens.starts)
    ends = frozenset(module.tokens.ends)
    stack: list[a.Node] = [module]
    while stack:
        node = stack.pop()
        start = node.span >> SPAN_BITS
        end = start + (node.span & SPAN_MASK)
        before = start
        below = children(node)
        for child in below:
            first = child.span >> SPAN_BITS
            last = first + (child.span & SPAN_MASK)
            if first < start or last > end:
                bad(4, child, f"outside its {type(node).__name__}")
            elif first < before:
                bad(5, child, f"overlaps the one before it in {type(node).__name__}")
            before = max(before, last)
        kind = type(node)
        if start != end and kind not in _PARTS and kind not in _ERRORS and kind is not a.Module and not (start in starts and end in ends):
            bad(6, node, "does not begin and end with tokens")
        if kind in _ERRORS and clean:
            bad(8, node, "in a tree without errors")
        _names(node, text, start, end, bad)
        if kind is a.Index and not node.args:  # type: ignore[attr-defined]
            bad(9, node, "without arguments")
        elif kind is a.OrPat and len(node.alts) < 2:  # type: ignore[attr-defined]
            bad(9, node, "with fewer than two alternatives")
        elif kind in (a.Path, a.PathType) and not node.segments:  # type: ignore[attr-defined]
            bad(9, node, "without segments")
        stack.extend(below)
    return out


def _names(node: a.Node, text: str, start: int, end: int, bad: object) -> None:
    span = getattr(node, "name_span", 0)
    name = getattr(node, "name", None)
    if not span or not isinstance(name, str) or isinstance(node, (a.Test, a.Bench, a.Attr, a.RestPat)):
        return
    first = span >> SPAN_BITS
    last = first + (span & SPAN_MASK)
    found = text[first:last]
    if not found.isascii():
        import unicodedata

        found = unicodedata.normalize("NFC", found)
    assert callable(bad)
    if first < start or last > end:
        bad(7, node, f"the place of `{name}` lies outside")
    elif found != name and not isinstance(node, a.Param):
        bad(7, node, f"`{found}` stands where `{name}` is said to be")


def _tokens(module: a.Module, out: list[str]) -> None:
    tokens = module.tokens
    count = len(tokens.kinds)
    if not (count == len(tokens.starts) == len(tokens.ends)) or not count:
        out.append("[2] the lists of the token table differ in length")
        return
    if tokens.kinds[-1] != t.EOF or tokens.starts[-1] != len(module.source.text):
        out.append("[2] the token table does not end with the end of the file")
    at = 0
    for i in range(count):
        if tokens.starts[i] < at or tokens.ends[i] < tokens.starts[i]:
            out.append(f"[2] token {i} begins before the end of the one before it")
        at = tokens.ends[i]


def _gaps(module: a.Module, out: list[str]) -> None:
    text, tokens = module.source.text, module.tokens
    at = 0
    for i, start in enumerate(tokens.starts):
        gap = text[at:start]
        if gap and not gap.isspace() and not gap.strip().startswith(("#", "//", "/*", "<<<")):
            out.append(f"[3] `{gap.strip()[:20]}` before token {i} is neither layout nor a comment")
        at = tokens.ends[i]
