"""`vitte emit --stage STAGE [--proc NAME] FILE`."""

from __future__ import annotations

from vitte.cli.commands.common import finish, inputs, prepare, problems
from vitte.cli.parser import Args, Usage
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    stage = args.get("stage")
    if not stage:
        raise Usage("`vitte emit` needs a stage", ("for example `vitte emit --stage mir hello.vit`",))
    options, context, progress = prepare(args, DriverMode.BUILD, inputs(args))
    try:
        outcome = api.emit(options, stage, args.get("proc"), context)
    except DriverError:
        problems(context)
        raise
    finish(outcome, progress, "emit")
    return outcome.status
