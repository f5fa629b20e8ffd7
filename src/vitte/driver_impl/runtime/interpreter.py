"""Running a program in the interpreter of SSA: the reference meaning of programs, on this machine."""

from __future__ import annotations

import os
import sys

from vitte.driver.error import EXIT_INTERNAL
from vitte.driver.options import DriverOptions
from vitte.driver.session import Built, DriverContext


def run(options: DriverOptions, context: DriverContext, built: Built, arguments: tuple[str, ...]) -> int:
    """The program's exit status. It runs in this process, whose folder and environment become the program's."""
    from vitte.const_eval.interpreter import run_program

    config = options.run
    if config.cwd:
        os.chdir(config.cwd)
    if config.env_clear:
        os.environ.clear()
    os.environ.update(config.env)
    name = context.package.name if context.package is not None else "program"
    try:
        return run_program(built.program, [name, *arguments], config.step_limit)
    except MemoryError:
        sys.stderr.write("vitte: out of memory\n")
        return EXIT_INTERNAL
