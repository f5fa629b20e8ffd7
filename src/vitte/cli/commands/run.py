"""`vitte run`: ends as the program did."""

from __future__ import annotations

from vitte.cli.commands.common import build_and_run, inputs, prepare
from vitte.cli.parser import Args
from vitte.driver.options import DriverMode


def run(args: Args) -> int:
    options, context, progress = prepare(args, DriverMode.RUN, inputs(args))
    return build_and_run(options, context, progress, context.options.profile).status
