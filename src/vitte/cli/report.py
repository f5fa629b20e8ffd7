"""An outcome on the streams: diagnostics, counts, timings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from vitte.base.diagnostics import Diagnostic
from vitte.driver.api import Outcome
from vitte.driver.diagnostics import policy
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.options import DriverOptions
from vitte.driver.session import REASONS, Built, Rebuilt, Timing


def renderer(options: DriverOptions) -> Callable[[Diagnostic, Sources], str]:
    name = options.message_format
    if name == "json":
        from vitte.driver.diagnostics import json_lines

        return json_lines.render
    if name == "short":
        from vitte.driver.diagnostics import short

        return short.render
    if name == "github":
        from vitte.driver.diagnostics import github

        return github.render
    from vitte.driver.diagnostics import terminal

    return lambda diagnostic, sources: terminal.render(diagnostic, sources, color=options.color) + "\n"


def rendered(diagnostics: list[Diagnostic], sources: Sources, options: DriverOptions, name: str) -> str:
    """All diagnostics and the counts, as text."""
    if options.quiet:
        diagnostics = [d for d in diagnostics if d.level == "error"]
    shown, left = policy.limited(diagnostics, options.error_limit)
    render = renderer(options)
    out = [render(diagnostic, sources) for diagnostic in shown]
    errors, warnings = policy.counts(diagnostics)
    counts = policy.summary(errors, warnings)
    if options.message_format == "json":
        from vitte.driver.diagnostics import json_lines

        out.append(json_lines.summary(errors, warnings, counts))
    elif options.message_format == "human" and counts:
        more = f" ({left} more not shown: `--error-limit 0`)" if left else ""
        linking = all(d.code.id.startswith("V062") for d in diagnostics if d.level == "error")
        head = f"error: `{name}` was not {'linked' if linking else 'compiled'}: " if errors else f"`{name}`: "
        out.append(f"{head}{counts}{more}\n")
    return "".join(out)


def show(outcome: Outcome, options: DriverOptions) -> None:
    """Diagnostics to standard error (JSON and workflow commands are results: standard output), texts to standard output."""
    name = outcome.context.package.name if outcome.context.package else "?"
    text = rendered(outcome.diagnostics, outcome.sources, options, name)
    stream = sys.stdout if options.message_format in ("json", "github") else sys.stderr
    if options.message_format == "human" and not options.quiet:
        text += "".join(f"note: {notice}\n" for notice in outcome.context.notices)
    if text:
        stream.write(text)
        stream.flush()
    if options.explain:
        explain(outcome.built, options)
    for part in outcome.built.texts:
        sys.stdout.write(part)
    if options.time_passes:
        sys.stderr.write(timing_table(outcome.context.timings, outcome.built.lines))


def explain(built: Built, options: DriverOptions) -> None:
    """Which units were compiled again and why."""
    if options.message_format == "json":
        from vitte.driver.diagnostics import json_lines

        sys.stdout.write(json_lines.build(built))
        sys.stdout.flush()
        return
    lines = [f"{rebuilt.unit}: {', '.join(rebuilt.did)}: {because(rebuilt)}" for rebuilt in built.rebuilt]
    counts = f"{built.parsed} parsed, {built.checked} checked, {built.objects} compiled to objects"
    lines.append(f"{built.units} units, {built.reused} reused; {counts}; {'linked' if built.linked else 'not linked'}")
    sys.stderr.write("\n".join(lines) + "\n")


def because(rebuilt: Rebuilt) -> str:
    """A reason in words."""
    text = REASONS[rebuilt.reason]
    if rebuilt.edge:
        where = f" in {rebuilt.file}" if rebuilt.file else ""
        return f"{text}: `{rebuilt.edge}` of `{rebuilt.declaration}`{where}"
    return f"{text} ({rebuilt.detail})" if rebuilt.detail else text


def timing_table(timings: list[Timing], lines: int) -> str:
    """Seconds per stage, summed over units, with the share of the whole."""
    totals: dict[str, tuple[float, int]] = {}
    for timing in timings:
        seconds, count = totals.get(timing.stage, (0.0, 0))
        totals[timing.stage] = (seconds + timing.seconds, count + 1)
    whole = sum(seconds for seconds, _ in totals.values()) or 1.0
    out = [f"{'stage':<16} {'ms':>10} {'%':>6} {'runs':>6}"]
    for stage, (seconds, count) in totals.items():
        out.append(f"{stage:<16} {seconds * 1e3:>10.2f} {seconds / whole * 100:>6.1f} {count:>6}")
    out.append(f"{'sum':<16} {whole * 1e3 if totals else 0:>10.2f}        {lines} lines")
    return "\n".join(out) + "\n"


class Progress:
    """On a terminal only, after half a second, at most ten times a second, erased at the end."""

    def __init__(self, options: DriverOptions) -> None:
        self.started = self.last = time.monotonic()
        self.shown = False
        self.watch = os.environ.pop("VITTE_WATCH", "")
        """What `vitte watch` wants to be told (see `cli.watching`); no business of a program that is run."""
        self.on = not options.quiet and options.message_format == "human" and not options.log and sys.stderr.isatty()

    def __call__(self, done: int, total: int, module: str) -> None:
        now = time.monotonic()
        if self.on and now - self.started > 0.5 and now - self.last > 0.1:
            self.last = now
            self.shown = True
            sys.stderr.write(f"\r\x1b[K{done}/{total} {module[:60]}")
            sys.stderr.flush()

    def end(self, ok: bool, what: str) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            if ok:
                sys.stderr.write(f"Finished {what} in {time.monotonic() - self.started:.2f} s\n")
            sys.stderr.flush()
