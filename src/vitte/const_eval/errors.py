"""The mistakes of constant evaluation. Each is shown at its place, with the chain of calls that led there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Code, Diagnostic, Label, Suggestion
from vitte.base.source import Location, Span, make_span
from vitte.ir.ssa import Loc

if TYPE_CHECKING:
    from vitte.const_eval.machine import Frame
    from vitte.driver.context import UnitContext

ARITHMETIC = Code("V0510", "arithmetic error in a constant")
INDEX = Code("V0511", "index out of range in a constant")
PANICKED = Code("V0512", "panic in a constant")
TOO_LONG = Code("V0513", "constant takes too many steps")
CYCLE = Code("V0514", "constant in terms of itself")
ASSERT = Code("V0515", "static assertion failed")
NOT_CONST = Code("V0516", "call that cannot be made at compile time")
MEMORY = Code("V0517", "constant that owns memory")
FAULT = Code("V0518", "wrong use of memory in a constant")


class Reporter:
    """Reports what went wrong while `what` (a name, or a static assert) that stands at `home` was evaluated."""

    def __init__(self, ctx: UnitContext) -> None:
        self.ctx = ctx

    def location(self, loc: Loc) -> Location:
        """A place as the range of code points that diagnostics speak of."""
        table = self.ctx.line_table(loc.file)
        if loc.line > len(table):
            return Location(loc.file or self.ctx.file, Span(0))
        start = table[loc.line - 1] + loc.col - 1
        return Location(loc.file, make_span(start, start + max(loc.length, 1)))

    def report(
        self,
        code: Code,
        message: str,
        home: Loc | None,
        frames: list[Frame],
        *,
        label: str = "",
        notes: tuple[str, ...] = (),
        helps: tuple[Suggestion, ...] = (),
    ) -> None:
        """The primary place is the innermost call in this unit's own file, else where the constant stands."""
        own = [f.loc for f in frames if f.loc.file == self.ctx.file]
        at = own[0] if own else home
        labels: list[Label] = []
        if at is not None:
            labels.append(Label(self.location(at), label, True))
        chain = [f"called at {f.loc.file}:{f.loc.line}:{f.loc.col} in `{f.fn.name or f.fn.symbol}`" for f in frames[1:8]]
        if frames and own and frames[0].loc is not at:
            first = frames[0]
            chain.insert(0, f"happened at {first.loc.file}:{first.loc.line}:{first.loc.col} in `{first.fn.name or first.fn.symbol}`")
        self.ctx.diagnostics.emit(Diagnostic(code, "error", message, tuple(labels), (*notes, *chain), helps))
