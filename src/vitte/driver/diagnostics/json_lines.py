"""One JSON object a line, modelled on rustc's: a program that reads rustc's diagnostics needs little change.

`byte_start` and `byte_end` count bytes of the UTF-8 text (without a byte order mark); lines and columns count from 1,
columns in code points, `column_end` is after the last character. `schema` grows when a field changes its meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.json import encode
from msgspec.structs import asdict

from vitte.base.diagnostics import Diagnostic, Label, Suggestion
from vitte.base.source import SourceFile, Span, span_end, span_start
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.diagnostics.terminal import render as render_text

if TYPE_CHECKING:
    from vitte.driver.session import Built

SCHEMA = 1
_APPLICABILITY = {"machine": "MachineApplicable", "maybe": "MaybeIncorrect", "placeholder": "HasPlaceholders"}
_MAX_TEXT = 1000
"""Code points of a source line that are repeated in `text`."""

Json = dict[str, object]


def render(diagnostic: Diagnostic, sources: Sources) -> str:
    code = diagnostic.code
    children = [_child("note", note, []) for note in diagnostic.notes]
    children += [_help(suggestion, sources) for suggestion in diagnostic.helps]
    message: Json = {
        "$message_type": "diagnostic",
        "schema": SCHEMA,
        "message": diagnostic.message,
        "code": {"code": code.id, "explanation": None, "name": code.name or None} if code.id else None,
        "level": diagnostic.level,
        "spans": [span(label, sources) for label in diagnostic.labels],
        "children": children,
        "rendered": render_text(diagnostic, sources),
    }
    return encode(message).decode() + "\n"


def summary(errors: int, warnings: int, text: str) -> str:
    """The last line: what was counted."""
    return encode({"$message_type": "summary", "schema": SCHEMA, "errors": errors, "warnings": warnings, "message": text}).decode() + "\n"


def build(built: Built) -> str:
    """What was compiled again and why, one line each, and a line of counts."""
    lines: list[Json] = [
        {"$message_type": "rebuilt", "schema": SCHEMA, **{("file" if name == "display" else name if name != "file" else "of_file"): value
         for name, value in asdict(rebuilt).items()}}
        for rebuilt in built.rebuilt
    ]  # fmt: skip
    counts = ("units", "reused", "parsed", "checked", "objects", "linked")
    lines.append({"$message_type": "build", "schema": SCHEMA, **{name: getattr(built, name) for name in counts}})
    return "".join(encode(line).decode() + "\n" for line in lines)


def span(label: Label, sources: Sources) -> Json:
    source = sources.get(label.where.file)
    return _span(source, label.where.file, label.where.span, label.primary, label.text or None)


def _span(source: SourceFile | None, file: str, where: Span, primary: bool, text: str | None) -> Json:
    start, end = span_start(where), span_end(where)
    result: Json = {
        "file_name": file,
        "is_primary": primary,
        "label": text,
        "suggested_replacement": None,
        "suggestion_applicability": None,
    }
    if source is None:
        result.update(byte_start=start, byte_end=end, line_start=1, line_end=1, column_start=1, column_end=1, text=[])
        return result
    line, col = source.line_col(start)
    last, last_col = source.line_col(end)
    shown: list[Json] = []
    for n in range(line, min(last, line + 5) + 1):
        content = source.line_text(n)
        shown.append(
            {
                "text": content[:_MAX_TEXT],
                "highlight_start": col if n == line else 1,
                "highlight_end": last_col if n == last else len(content) + 1,
            }
        )
    result.update(
        byte_start=_bytes(source, start),
        byte_end=_bytes(source, end),
        line_start=line,
        line_end=last,
        column_start=col,
        column_end=last_col,
        text=shown,
    )
    return result


def _bytes(source: SourceFile, offset: int) -> int:
    return offset if source.text.isascii() else len(source.text[:offset].encode("utf-8", "surrogatepass"))


def _child(level: str, message: str, spans: list[Json]) -> Json:
    return {"message": message, "code": None, "level": level, "spans": spans, "children": [], "rendered": None}


def _help(suggestion: Suggestion, sources: Sources) -> Json:
    spans: list[Json] = []
    for edit in suggestion.edits:
        one = _span(sources.get(edit.where.file), edit.where.file, edit.where.span, True, None)
        one["suggested_replacement"] = edit.text
        one["suggestion_applicability"] = _APPLICABILITY[suggestion.applicability]
        spans.append(one)
    return _child("help", suggestion.message, spans)
