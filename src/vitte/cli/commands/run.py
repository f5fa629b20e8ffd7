"""`vitte run`: ends as the program did."""

from __future__ import annotations

from vitte.cli.commands.common import inputs, prepare, problems
from vitte.cli.parser import Args
from vitte.cli.report import show
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    options, context, progress = prepare(args, DriverMode.RUN, inputs(args))

    def before(outcome: api.Outcome) -> None:
        progress.end(outcome.ok, context.options.profile)
        show(outcome, context.options)
        outcome.built.texts.clear()

    try:
        outcome = api.compile_and_run(options, context, before)
    except DriverError:
        problems(context)
        raise
    for text in outcome.built.texts:
        print(text, end="")
    return outcome.status
