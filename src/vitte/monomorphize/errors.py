"""Errors of monomorphisation: V0490 to V0499."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostics, Suggestion
from vitte.base.source import Span

RUNAWAY = Code("V0490", "endless instantiation")

ALL = (RUNAWAY,)


def runaway(d: Diagnostics, name: str, span: Span, chain: list[str]) -> None:
    """`chain`: readable instances from the first to the one where it was stopped."""
    shown = chain if len(chain) <= 6 else [*chain[:4], "...", chain[-1]]
    notes = ("each of these needs the next: " + " -> ".join([_short(c) for c in shown]),)
    helps = (Suggestion("let the recursion keep its type arguments, or put the growing part behind a type that does not grow"),)
    d.error(RUNAWAY, span, f"`{name}` needs ever larger instances of itself", "this would never end", notes=notes, helps=helps)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:40]}...{text[-16:]}"
