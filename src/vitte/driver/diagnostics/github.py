"""Workflow commands that GitHub Actions shows beside the lines of a change."""

from __future__ import annotations

from vitte.base.diagnostics import Diagnostic
from vitte.base.source import span_end, span_start
from vitte.driver.diagnostics.sources import Sources

_KIND = {"error": "error", "warning": "warning", "note": "notice", "help": "notice"}


def render(diagnostic: Diagnostic, sources: Sources) -> str:
    properties: list[str] = []
    for label in diagnostic.labels:
        if label.primary:
            properties.append(f"file={_property(label.where.file)}")
            source = sources.get(label.where.file)
            if source is not None:
                line, col = source.line_col(span_start(label.where.span))
                end_line, end_col = source.line_col(span_end(label.where.span))
                properties += [f"line={line}", f"endLine={end_line}", f"col={col}", f"endColumn={end_col}"]
            break
    if diagnostic.code.id:
        properties.append(f"title={_property(diagnostic.code.id)}")
    text = "\n".join([diagnostic.message, *(f"note: {n}" for n in diagnostic.notes), *(f"help: {h.message}" for h in diagnostic.helps)])
    return f"::{_KIND[diagnostic.level]} {','.join(properties)}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
