"""One line per diagnostic: `src/main.vit:14:10: error[V0412]: message`."""

from __future__ import annotations

from vitte.base.diagnostics import Diagnostic
from vitte.base.source import span_start
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.diagnostics.width import visible


def render(diagnostic: Diagnostic, sources: Sources) -> str:
    head = f"{diagnostic.level}[{diagnostic.code.id}]" if diagnostic.code.id else diagnostic.level
    return f"{place(diagnostic, sources)}{head}: {visible(diagnostic.message)}\n"


def place(diagnostic: Diagnostic, sources: Sources) -> str:
    """`file:line:col: ` of the primary label, `file: ` when the file cannot be read, or nothing."""
    for label in diagnostic.labels:
        if label.primary:
            source = sources.get(label.where.file)
            if source is None:
                return f"{label.where.file}: " if label.where.file else ""
            line, col = source.line_col(span_start(label.where.span))
            return f"{label.where.file}:{line}:{col}: "
    return ""
