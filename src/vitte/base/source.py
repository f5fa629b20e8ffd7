"""Source text and places in it.

A *span* is one int: `start << 26 | length`, both in code points of the decoded text. It names no file;
the owner of a tree (a module, a procedure body) knows the file. `Location` adds it, for what crosses files.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NewType

from msgspec import Struct

Span = NewType("Span", int)

SPAN_BITS = 26
"""Bits for the length of a span: no source is longer than 2**26 code points (`MAX_SOURCE`)."""
SPAN_MASK = (1 << SPAN_BITS) - 1
MAX_SOURCE = SPAN_MASK
NO_SPAN = Span(0)


def make_span(start: int, end: int) -> Span:
    """The span of code points `start` up to, not including, `end`."""
    return Span(start << SPAN_BITS | (end - start))


def span_start(span: Span) -> int:
    return span >> SPAN_BITS


def span_end(span: Span) -> int:
    return (span >> SPAN_BITS) + (span & SPAN_MASK)


def join_spans(first: Span, last: Span) -> Span:
    """From the start of `first` to the end of `last`."""
    start = first >> SPAN_BITS
    return Span(start << SPAN_BITS | ((last >> SPAN_BITS) + (last & SPAN_MASK) - start))


class Location(Struct, frozen=True):
    """A span in a named file. `file` is the display path (relative where it can be, `/` separated)."""

    file: str
    span: Span


class SourceFile:
    """One decoded source. `path` is the display path; `text` has its BOM removed and newlines as they were."""

    __slots__ = ("path", "text", "_line_starts")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._line_starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """Offsets of the first code point of each line; computed once, when first asked."""
        if self._line_starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        return self._line_starts

    def line_col(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, the column in code points."""
        line = bisect_right(self.line_starts, offset) - 1
        return line + 1, offset - self.line_starts[line] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its newline."""
        starts = self.line_starts
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")
