"""Stage 1: source text to syntax tree.

`run(source, ctx)` reads one file in the brace surface. It never fails: mistakes go to `ctx.diagnostics` and stand in the
tree as error nodes, everything around them is parsed. The tree is lossless: `ast_text.print_source` gives the text back.

    proc f(x: int) -> int { give x + 1 }

becomes (spans left out)

    Module(items=[Proc(name="f", params=[Param(name="x", ty=PathType(["int"]))], ret=PathType(["int"]),
        body=Block([], value=Give(Binary("+", Name("x"), IntLit(1)))))])

Parts: `lexer` (text to tokens, one regular expression), `layout` (newlines, brackets and their repair), `literals`,
`operators` (tables), `parser_*` (recursive descent, precedence climbing), `errors`. `decode` turns bytes into text.
"""

from __future__ import annotations

import sys

from msgspec import Struct

from vitte.base.diagnostics import Diagnostics
from vitte.base.source import MAX_SOURCE, NO_SPAN, SourceFile, Span, make_span
from vitte.driver.context import UnitContext
from vitte.ir import ast as a
from vitte.parse import errors
from vitte.parse.layout import Layout, arrange
from vitte.parse.lexer import Lexed, lex
from vitte.parse.parser_base import MAX_DEPTH, Founding
from vitte.parse.parser_nominal import Parser

_RECURSION = 20_000
"""Python frames: nesting is bounded (`MAX_DEPTH`), but one level takes several frames, here and in later stages."""


class DecodeError(Struct, frozen=True):
    """Why bytes are no source: `offset` is the first bad byte, or -1 when the source is too large."""

    offset: int
    message: str


class Import(Struct, frozen=True):
    """One `use` of a module, for the graph of units: leading dots, path segments, place."""

    dots: int
    segments: tuple[str, ...]
    span: Span


def decode(data: bytes) -> str | DecodeError:
    """The text of a source: UTF-8 without its byte order mark, newlines as they are. Not more than `MAX_SOURCE` code points."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return DecodeError(error.start, f"invalid UTF-8 at byte {error.start}: {error.reason}")
    if text.startswith("\ufeff"):
        text = text[1:]
    if len(text) > MAX_SOURCE:
        return DecodeError(-1, f"the source has {len(text)} characters, more than the {MAX_SOURCE} that are possible")
    return text


def report_decode_error(out: Diagnostics, error: DecodeError) -> None:
    """Report at the start of the file: without a text there are no other places."""
    code = errors.SOURCE_TOO_LARGE if error.offset < 0 else errors.INVALID_UTF8
    out.error(code, NO_SPAN, error.message)


def run(source: SourceFile, ctx: UnitContext) -> a.Module:
    """Parse one file. Mistakes go to `ctx.diagnostics`."""
    return parse_source(source, ctx.diagnostics)


def parse_source(source: SourceFile, out: Diagnostics) -> a.Module:
    """As `run`, for callers without a unit: the formatter, the editor, the module graph."""
    if sys.getrecursionlimit() < _RECURSION:
        sys.setrecursionlimit(_RECURSION)
    before = out.error_count
    text = source.text
    if len(text) > MAX_SOURCE:
        report_decode_error(out, DecodeError(-1, f"the source has {len(text)} characters, more than the {MAX_SOURCE} that are possible"))
        text = ""
        source = SourceFile(source.path, text)
    lexed = lex(text)
    layout = arrange(lexed)
    parser = Parser(lexed, layout, out)
    items: list[a.Item] = []
    attrs: list[a.Attr] = []
    space: a.Space | None = None
    try:
        space = parser.items(items, attrs)
    except Founding:
        errors.founding_surface(out, parser.spans[parser.i])
    else:
        for mistake in lexed.mistakes:
            mistake(out)
        if layout.repairs:
            _report_repairs(layout, parser, lexed, out)
    tokens = a.Tokens(lexed.kinds, lexed.starts, lexed.ends)
    return a.Module(make_span(0, len(text)), source, tokens, attrs, lexed.inner_doc, space, items, out.error_count - before)


def _report_repairs(layout: Layout, parser: Parser, lexed: Lexed, out: Diagnostics) -> None:
    """A closer that closes nothing is often the rest of a mistake already reported before it: then it is not said. Nor is one that lacks
    because a string or comment without an end has swallowed it."""
    from vitte.base.source import span_start
    from vitte.ir import tokens as t

    last = -1
    for repair in layout.repairs:
        at = span_start(repair.place)
        if repair.more > MAX_DEPTH:
            # Nested too deeply, which the parser has said.
            last = at
        elif repair.inserted and any(
            span_start(repair.opener) < start and (at == end or end == len(lexed.text)) for start, end in lexed.swallowed
        ):
            last = at
        elif repair.inserted:
            closer = {t.LPAREN: ")", t.LBRACE: "}"}.get(repair.kind, "]")
            errors.unclosed(out, repair.opener, repair.kind, closer, repair.place, repair.more)
            last = at
        else:
            reported = [offset for offset in parser.reported if offset <= at]
            if not reported and last < 0:
                errors.unmatched(out, repair.opener, repair.kind)
                last = at


def imports(module: a.Module) -> list[Import]:
    """The modules that `module` uses, in source order."""
    out: list[Import] = []
    for item in module.items:
        if type(item) is a.Use:
            path = item.path
            out.append(Import(path.dots, tuple(path.segments), path.span))
    return out


__all__ = ["DecodeError", "Import", "Lexed", "decode", "imports", "parse_source", "report_decode_error", "run"]
