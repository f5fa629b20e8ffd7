"""What the compiling commands share."""

from __future__ import annotations

import gc

from vitte.cli.parser import Args, Usage
from vitte.cli.report import Progress, show
from vitte.cli.settings import driver_options
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode, DriverOptions
from vitte.driver.session import DriverContext, Launch

launch: Launch | None = None
"""Starts programs instead of the implementation, when a server runs the command and the client has the terminal."""


def inputs(args: Args, most: int = 1) -> tuple[str, ...]:
    if len(args.positionals) > most:
        raise Usage(f"`{args.positionals[most]}` is one argument too many", ("arguments of the program come after `--`",))
    return tuple(args.positionals)


def prepare(args: Args, mode: DriverMode, names: tuple[str, ...]) -> tuple[DriverOptions, DriverContext, Progress]:
    # Trees hold no cycles worth collecting, and a collection walks all of them: reference counting frees the rest.
    gc.disable()
    options = driver_options(args, mode, names)
    context = DriverContext(options)
    progress = Progress(options)
    context.progress = progress
    context.launch = launch
    return options, context, progress


def finish(outcome: api.Outcome, progress: Progress, what: str) -> None:
    progress.end(outcome.status == 0, what)
    show(outcome, outcome.context.options)
    if progress.watch:
        from vitte.cli.watching import tell

        tell(progress.watch, outcome)


def problems(context: DriverContext) -> None:
    """Diagnostics found before a `DriverError` are shown before it."""
    import sys

    from vitte.driver.diagnostics import terminal

    for diagnostic in context.diagnostics:
        sys.stderr.write(terminal.render(diagnostic, context.sources, color=context.options.color) + "\n")


def build_and_run(options: DriverOptions, context: DriverContext, progress: Progress, goal: str) -> api.Outcome:
    """Build the program, show what was found, run it, then print its dumps. `goal` is what the `Finished` line names."""

    def before(outcome: api.Outcome) -> None:
        finish(outcome, progress, goal)
        outcome.built.texts.clear()

    try:
        outcome = api.compile_and_run(options, context, before)
    except DriverError:
        problems(context)
        raise
    for text in outcome.built.texts:
        print(text, end="")
    return outcome
