"""`vitte test [FILE] [FILTER]`: exit status 4 when tests failed."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.cli.commands.common import inputs, prepare, problems
from vitte.cli.parser import Args
from vitte.cli.report import show
from vitte.driver import api
from vitte.driver.error import EXIT_TESTS, DriverError
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    names = inputs(args, 2)
    pattern = ""
    if names and not (names[0] == "-" or names[0].endswith((".vit", ".vitl", ".toml")) or os.path.isdir(names[0])):
        names = ("", *names)
    if len(names) == 2:
        pattern = names[1]
    options, context, progress = prepare(args, DriverMode.TEST, names[:1] if names and names[0] else ())
    options = replace(options, tests=True, test_filter=pattern)

    def before(outcome: api.Outcome) -> None:
        progress.end(outcome.ok, "test")
        show(outcome, context.options)
        outcome.built.texts.clear()

    try:
        outcome = api.compile_and_run(options, context, before)
    except DriverError:
        problems(context)
        raise
    for text in outcome.built.texts:
        print(text, end="")
    if outcome.status and not outcome.built.failed:
        return outcome.status if outcome.status < 0 else EXIT_TESTS
    return outcome.status
