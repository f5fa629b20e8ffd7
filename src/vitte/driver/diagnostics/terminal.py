"""Diagnostics as labelled source snippets.

    error[V0412]: `queue` was moved and is used again
      --> src/main.vit:14:10
       |
    12 |     let first = queue
       |                 ----- moved here, into `first`
    13 |     show(first)
    14 |     give queue
       |          ^^^^^ used here after the move
       |
       = note: `Queue` holds a list: binding moves it

The layout of several labels on one line follows what rustc made customary: underlines share one row, the rightmost
text stands beside it, the others hang below on connectors. A span over several lines is a bracket at the left.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from vitte.base.diagnostics import Diagnostic, Label, Suggestion
from vitte.base.source import SourceFile, span_end, span_start
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.diagnostics.width import text_width, visible

_Painter = Callable[[str, str], str]
_Columns = Callable[[int], int]

_RESET = "\x1b[0m"
_LEVEL = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;32m", "help": "\x1b[1;36m"}
_GUTTER = "\x1b[1;34m"
_BOLD = "\x1b[1m"
_MARGIN = 24
"""How many cells are kept around the labels of a line that has to be cut."""


class _Mark(Struct):
    """One label's part on one line: columns are code point offsets into the line, the end excluded."""

    start: int
    end: int
    primary: bool
    text: str


class _Bracket(Struct):
    """A label over several lines: from a column of its first line to before a column of its last line."""

    first: int
    last: int
    start: int
    end: int
    primary: bool
    text: str


def render(diagnostic: Diagnostic, sources: Sources, *, color: bool = False, width: int = 140) -> str:
    """The diagnostic as lines of text, ended by a newline. `width` is how many cells a source line may take."""
    paint = _paint if color else _plain
    level = diagnostic.level
    head = level if not diagnostic.code.id else f"{level}[{diagnostic.code.id}]"
    out = [paint(head, _LEVEL[level]) + paint(": " + _clean(diagnostic.message), _BOLD)]
    groups = _by_file(diagnostic.labels)
    files = [(sources.get(path), path, labels) for path, labels in groups]
    gutter = max((len(str(_last_line(source, labels))) for source, _, labels in files if source), default=1)
    pad = " " * gutter
    bar = paint("|", _GUTTER)
    for source, path, labels in files:
        arrow = paint("-->" if path == files[0][1] else ":::", _GUTTER)
        if source is None:
            if path:
                out.append(f"{pad}{arrow} {path}")
                out.extend(f"{pad} {paint('=', _GUTTER)} {_clean(label.text)}" for label in labels if label.text)
            continue
        line, col = source.line_col(span_start(labels[0].where.span))
        out.append(f"{pad}{arrow} {path}:{line}:{col}")
        out.append(f"{pad} {bar}")
        out.extend(_snippet(source, labels, gutter, level, paint, width))
    tail = [*(("note", note) for note in diagnostic.notes), *(("help", _help(h)) for h in diagnostic.helps)]
    if tail and any(source for source, _, _ in files):
        out.append(f"{pad} {bar}")
    for kind, text in tail:
        first, *more = _clean(text).split("\n")
        out.append(f"{pad} {paint('=', _GUTTER)} {paint(kind, _BOLD)}: {first}")
        out.extend(f"{pad} {' ' * (len(kind) + 3)} {line}".rstrip() for line in more)
    return "\n".join(out) + "\n"


def _plain(text: str, style: str) -> str:
    return text


def _paint(text: str, style: str) -> str:
    return f"{style}{text}{_RESET}"


MAX_MESSAGE = 2000
"""Code points of one message or label that are shown: names in a hostile source can have millions."""


def _clean(text: str) -> str:
    if len(text) > MAX_MESSAGE:
        text = f"{text[: MAX_MESSAGE // 2]}…{text[-100:]}"
    return text if text.isprintable() else "\n".join(visible(line) for line in text.split("\n"))


def _help(suggestion: Suggestion) -> str:
    """The message; the text of a single small edit too, when the message does not show it already."""
    edits = suggestion.edits
    if len(edits) == 1 and edits[0].text.strip() and "\n" not in edits[0].text:
        text = edits[0].text.strip()
        if text not in suggestion.message:
            return f"{suggestion.message}: `{text}`"
    return suggestion.message


def _by_file(labels: tuple[Label, ...]) -> list[tuple[str, list[Label]]]:
    """Labels grouped by file, the primary label's file first and its primary label first of all."""
    ordered = sorted(labels, key=lambda label: not label.primary)
    groups: dict[str, list[Label]] = {}
    for label in ordered:
        groups.setdefault(label.where.file, []).append(label)
    return list(groups.items())


def _last_line(source: SourceFile, labels: list[Label]) -> int:
    return max(source.line_col(_last_offset(label))[0] for label in labels)


def _last_offset(label: Label) -> int:
    """Of the last character inside the span (its start when empty)."""
    start, end = span_start(label.where.span), span_end(label.where.span)
    return max(start, end - 1)


def _snippet(source: SourceFile, labels: list[Label], gutter: int, level: str, paint: _Painter, width: int) -> list[str]:
    """The annotated lines of one file, in order, with `...` where lines are left out."""
    marks: dict[int, list[_Mark]] = {}
    brackets: list[_Bracket] = []
    for label in labels:
        start, end = span_start(label.where.span), span_end(label.where.span)
        first, col = source.line_col(start)
        last, last_col = source.line_col(_last_offset(label))
        if first == last:
            marks.setdefault(first, []).append(_Mark(col - 1, col - 1 + max(1, end - start), label.primary, _clean(label.text)))
        else:
            brackets.append(_Bracket(first, last, col - 1, last_col, label.primary, _clean(label.text)))
    brackets.sort(key=lambda b: (b.first, -b.last))
    lanes = _lanes(brackets)
    depth = max(lanes, default=-1) + 1
    shown = sorted({*marks, *(b.first for b in brackets), *(b.last for b in brackets)})
    pad = " " * gutter
    bar = paint("|", _GUTTER)
    out: list[str] = []
    before = 0
    open_lanes: list[_Bracket | None] = [None] * depth

    def lane_text() -> str:
        return "".join(paint("|", _LEVEL[level] if b.primary else _GUTTER) if b else " " for b in open_lanes) + (" " if depth else "")

    def show(line: int, lo: int, hi: int) -> None:
        text = source.line_text(line)
        body, _ = _cut(text, lo, hi, width)
        out.append(f"{paint(str(line).rjust(gutter), _GUTTER)} {bar} {lane_text()}{body}".rstrip())

    for line in shown:
        if before and line == before + 2:
            show(before + 1, 0, 0)
        elif before and line > before + 2:
            out.append(paint("...", _GUTTER) + (" " * (gutter - 1) + lane_text() if depth and any(open_lanes) else ""))
        own = marks.get(line, [])
        starts = [b for b in brackets if b.first == line]
        ends = [b for b in brackets if b.last == line]
        lo = min([m.start for m in own] + [b.start for b in starts] + [b.end - 1 for b in ends])
        hi = max([m.end for m in own] + [b.start + 1 for b in starts] + [b.end for b in ends])
        show(line, lo, hi)
        text = source.line_text(line)
        _, column = _cut(text, lo, hi, width)
        if own:
            lanes_here = lane_text()
            out.extend(f"{pad} {bar} {lanes_here}{row}".rstrip() for row in _underlines(own, column, level, paint))
        for b in starts:
            lane = lanes[brackets.index(b)]
            style = _LEVEL[level] if b.primary else _GUTTER
            reach = "_" * (depth - lane - 1 + 1 + column(b.start))
            left = "".join(paint("|", _LEVEL[level] if o.primary else _GUTTER) if o else " " for o in open_lanes[:lane])
            out.append(f"{pad} {bar} {left} {paint(reach + ('^' if b.primary else '-'), style)}")
            open_lanes[lane] = b
        for b in ends:
            lane = lanes[brackets.index(b)]
            style = _LEVEL[level] if b.primary else _GUTTER
            reach = "_" * (depth - lane - 1 + 1 + column(b.end - 1))
            left = "".join(paint("|", _LEVEL[level] if o.primary else _GUTTER) if o else " " for o in open_lanes[:lane])
            tail = ("^" if b.primary else "-") + (f" {b.text}" if b.text else "")
            out.append(f"{pad} {bar} {left}{paint('|' + reach + tail, style)}".rstrip())
            open_lanes[lane] = None
        before = line
    return out


def _lanes(brackets: list[_Bracket]) -> list[int]:
    """A column at the left for each bracket, so that brackets that overlap have different ones."""
    result: list[int] = []
    busy: list[int] = []
    for b in brackets:
        for lane, until in enumerate(busy):
            if until < b.first:
                busy[lane] = b.last
                result.append(lane)
                break
        else:
            busy.append(b.last)
            result.append(len(busy) - 1)
    return result


def _cut(text: str, lo: int, hi: int, width: int) -> tuple[str, _Columns]:
    """The line as shown, and the function from code point offsets to cells in it.

    A line wider than `width` is cut to a window around the offsets `lo` up to `hi`, with `...` at the cuts. Only the
    window is looked at, so the length of the line does not matter.
    """
    begin, end = 0, len(text)
    if len(text) > width or text_width(text) > width:
        begin = max(0, min(lo, len(text)) - _MARGIN)
        if begin < 8:
            begin = 0
        end = min(len(text), max(begin + width // 2, min(hi + _MARGIN, begin + width)))
        while end > begin + 1 and text_width(text[begin:end]) > width:
            end = begin + max(1, (end - begin) * 3 // 4)
        if len(text) - end < 4 and text_width(text[begin:]) <= width + 4:
            end = len(text)
    prefix = "..." if begin else ""
    window = text[begin:end]
    body = prefix + visible(window) + ("..." if end < len(text) else "")

    def column(offset: int) -> int:
        inside = offset - begin
        if inside <= 0:
            return len(prefix)
        extra = inside - len(window)
        return len(prefix) + text_width(window[:inside]) + (min(extra, 3 if end < len(text) else extra) if extra > 0 else 0)

    return body, column


def _underlines(marks: list[_Mark], column: _Columns, level: str, paint: _Painter) -> list[str]:
    """The rows below a source line: underlines, the rightmost text beside them, the other texts hanging below."""
    marks = sorted(marks, key=lambda m: (m.start, m.end))
    places = [(column(m.start), max(column(m.end), column(m.start) + 1), m) for m in marks]
    total = max(end for _, end, _ in places)
    cells: list[tuple[str, bool]] = [(" ", False)] * total
    for start, end, mark in sorted(places, key=lambda p: p[2].primary):  # a primary underline wins where two overlap
        for at in range(start, end):
            cells[at] = ("^" if mark.primary else "-", mark.primary)
    row = _styled(cells, level, paint)
    with_text = [p for p in places if p[2].text]
    if not with_text:
        return [row]
    last = max(with_text, key=lambda p: (p[0], p[2].primary))
    # Beside the row only when nothing is underlined to the right of it and no other text starts at the same column.
    alone = last[1] == total and all(p is last or p[0] != last[0] for p in with_text)
    rows = [row]
    hanging = with_text
    if alone:
        rows = [f"{row} {paint(last[2].text, _LEVEL[level] if last[2].primary else _GUTTER)}"]
        hanging = [p for p in with_text if p is not last]
    hanging = sorted(hanging, key=lambda p: (-p[0], not p[2].primary))
    if hanging:
        rows.append(_connectors(hanging, level, paint))
    for n, (start, _, mark) in enumerate(hanging):
        left = [p for p in hanging[n + 1 :] if p[0] < start]
        text = paint(mark.text, _LEVEL[level] if mark.primary else _GUTTER)
        rows.append(_connectors(left, level, paint, start) + text)
    return rows


def _connectors(places: list[tuple[int, int, _Mark]], level: str, paint: _Painter, upto: int | None = None) -> str:
    size = max([p[0] + 1 for p in places], default=0) if upto is None else upto
    cells: list[tuple[str, bool]] = [(" ", False)] * size
    for start, _, mark in places:
        if start < size:
            cells[start] = ("|", mark.primary)
    return _styled(cells, level, paint)


def _styled(cells: list[tuple[str, bool]], level: str, paint: _Painter) -> str:
    """Runs of equal style painted once."""
    out: list[str] = []
    at = 0
    while at < len(cells):
        end = at
        blank, primary = cells[at][0] == " ", cells[at][1]
        while end < len(cells) and (cells[end][0] == " ") == blank and (blank or cells[end][1] == primary):
            end += 1
        text = "".join(char for char, _ in cells[at:end])
        out.append(text if blank else paint(text, _LEVEL[level] if primary else _GUTTER))
        at = end
    return "".join(out)
