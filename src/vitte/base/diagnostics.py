"""Diagnostics as data: made where a mistake is found, rendered elsewhere.

A stage reports through `Diagnostics.emit`, which returns an `ErrorToken`. Error nodes and error types can only
be made with a token, so that what follows from a reported mistake stays silent: one mistake, one message.
"""

from __future__ import annotations

from typing import Literal, NewType

from msgspec import Struct

from vitte.base.source import Location, Span

ErrorToken = NewType("ErrorToken", int)
"""Proof that an error was reported. Only `Diagnostics` makes them."""

Level = Literal["error", "warning", "note", "help"]
Applicability = Literal["machine", "maybe", "placeholder"]
"""`machine`: `vitte fix` may apply it unasked. `maybe`: a person should look. `placeholder`: text to fill in."""


class Code(Struct, frozen=True):
    """A diagnostic's identity: `V0412` for errors, `W0101` for lints; `name` is the lint's name for `-W/-A/-D`."""

    id: str
    title: str
    name: str = ""


class Label(Struct, frozen=True):
    """A place and what to say there. The primary label is where the mistake is; the others explain it."""

    where: Location
    text: str = ""
    primary: bool = False


class Edit(Struct, frozen=True):
    """Replace the text at `where` by `text` (an empty span inserts)."""

    where: Location
    text: str


class Suggestion(Struct, frozen=True):
    message: str
    edits: tuple[Edit, ...] = ()
    applicability: Applicability = "maybe"


class Diagnostic(Struct, frozen=True):
    code: Code
    level: Level
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[Suggestion, ...] = ()


class Diagnostics:
    """The sink of one unit's compilation. Keeps program order of emission; `sorted()` orders by place.

    `file` is the display path that bare spans refer to.
    """

    __slots__ = ("file", "items", "error_count")

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.items: list[Diagnostic] = []
        self.error_count = 0

    def emit(self, diagnostic: Diagnostic) -> ErrorToken:
        self.items.append(diagnostic)
        if diagnostic.level == "error":
            self.error_count += 1
        return ErrorToken(len(self.items))

    def error(
        self,
        code: Code,
        span: Span,
        message: str,
        label: str = "",
        *,
        labels: tuple[tuple[Span, str], ...] = (),
        elsewhere: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[Suggestion, ...] = (),
    ) -> ErrorToken:
        """Report an error at `span` of this file; `labels` are secondary places in the same file, `elsewhere` in others."""
        return self.emit(self._make(code, "error", span, message, label, labels, elsewhere, notes, helps))

    def warning(
        self,
        code: Code,
        span: Span,
        message: str,
        label: str = "",
        *,
        labels: tuple[tuple[Span, str], ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[Suggestion, ...] = (),
    ) -> None:
        """Report a lint. Whether it is shown, silenced or an error is policy, decided in `driver.diagnostics`."""
        self.emit(self._make(code, "warning", span, message, label, labels, (), notes, helps))

    def suggest(self, message: str, span: Span, text: str, applicability: Applicability = "maybe") -> Suggestion:
        """A suggestion that replaces one span of this file."""
        return Suggestion(message, (Edit(Location(self.file, span), text),), applicability)

    def _make(
        self,
        code: Code,
        level: Level,
        span: Span,
        message: str,
        label: str,
        labels: tuple[tuple[Span, str], ...],
        elsewhere: tuple[Label, ...],
        notes: tuple[str, ...],
        helps: tuple[Suggestion, ...],
    ) -> Diagnostic:
        file = self.file
        places = (Label(Location(file, span), label, True), *(Label(Location(file, s), t) for s, t in labels), *elsewhere)
        return Diagnostic(code, level, message, places, notes, helps)

    def sorted(self) -> list[Diagnostic]:
        """By file and place, ties in order of emission: the order in which they are shown."""
        return sorted(self.items, key=lambda d: (d.labels[0].where.file, d.labels[0].where.span) if d.labels else ("", 0))
