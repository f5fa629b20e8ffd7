"""`vitte build`."""

from __future__ import annotations

import sys

from vitte.cli.commands.common import finish, inputs, prepare, problems
from vitte.cli.parser import Args
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    if args.has("run_after"):
        from vitte.cli.commands.run import run as build_and_run

        return build_and_run(args)
    options, context, progress = prepare(args, DriverMode.BUILD, inputs(args))
    try:
        outcome = api.compile(options, context)
    except DriverError:
        problems(context)
        raise
    finish(outcome, progress, context.options.profile)
    if options.run.dry_run and outcome.built.commands:
        import shlex

        for command in outcome.built.commands:
            sys.stdout.write(f"link: {shlex.join(command)}\n")
    return outcome.status
