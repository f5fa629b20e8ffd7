"""`vitte check`."""

from __future__ import annotations

from vitte.cli.commands.common import finish, inputs, prepare, problems
from vitte.cli.parser import Args
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    options, context, progress = prepare(args, DriverMode.CHECK, inputs(args))
    try:
        outcome = api.check(options, context)
    except DriverError:
        problems(context)
        raise
    finish(outcome, progress, "check")
    return outcome.status
