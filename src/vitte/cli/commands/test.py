"""`vitte test [FILE] [FILTER]`: exit status 4 when tests failed."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.cli.commands.common import build_and_run, inputs, prepare
from vitte.cli.parser import Args
from vitte.driver.error import EXIT_TESTS
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
    outcome = build_and_run(options, context, progress, "test")
    if outcome.status and not outcome.built.failed:
        return outcome.status if outcome.status < 0 else EXIT_TESTS
    return outcome.status
