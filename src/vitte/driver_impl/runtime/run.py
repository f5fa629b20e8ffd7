"""Stage 11: run what was built, and end as it ended."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys

from vitte.driver.error import EXIT_INTERNAL, DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.session import Built, DriverContext, LogLevel

TIMED_OUT = 124
"""The status of a program that was ended because its time was up, as `timeout(1)` has it."""


def run(options: DriverOptions, context: DriverContext, built: Built) -> int:
    """The program's exit status; negative is the signal that ended it."""
    if options.run.dry_run:
        built.texts.append(describe(options, built))
        return 0
    sys.stdout.flush()
    sys.stderr.flush()
    if options.engine == "interp":
        return _interpret(options, context, built)
    config = options.run
    command = [os.path.abspath(built.image), *_arguments(options)]
    environment = {**os.environ, **dict(config.env)} if config.env else None
    if context.log is not None:
        context.log(LogLevel.INFO, "run", shlex.join(command))
    try:
        return (context.launch or _launch)(command, config.cwd, environment, config.timeout)
    except OSError as error:
        where = f" in `{config.cwd}`" if config.cwd else ""
        raise DriverError(f"cannot run `{built.image}`{where}: {(error.strerror or str(error)).lower()}") from None
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"vitte: the program was ended after {config.timeout:g} s\n")
        return TIMED_OUT


def _launch(command: list[str], folder: str, environment: dict[str, str] | None, timeout: float) -> int:
    """As `Launch` says."""
    # The terminal sends Ctrl-C to both: the program decides, and we report how it ended. A handler, unlike SIG_IGN, is not inherited.
    catch = _in_main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    before = signal.signal(signal.SIGINT, lambda number, frame: None) if catch else None
    process: subprocess.Popen[bytes] | None = None
    try:
        process = subprocess.Popen(command, cwd=folder or None, env=environment, stdin=None)
        return process.wait(timeout or None)
    except subprocess.TimeoutExpired:
        assert process is not None
        process.kill()
        process.wait()
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _arguments(options: DriverOptions) -> tuple[str, ...]:
    if options.tests and options.test_filter:
        return (options.test_filter, *options.run.args)
    return options.run.args


def _in_main_thread() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()


def _interpret(options: DriverOptions, context: DriverContext, built: Built) -> int:
    from vitte.const_eval.interpreter import run_program

    config = options.run
    if config.cwd:
        os.chdir(config.cwd)
    os.environ.update(config.env)
    name = context.package.name if context.package is not None else "program"
    try:
        status = run_program(built.program, [name, *_arguments(options)], config.step_limit)
    except MemoryError:
        sys.stderr.write("vitte: out of memory\n")
        return EXIT_INTERNAL
    return status


def describe(options: DriverOptions, built: Built) -> str:
    """What `--dry-run` shows: linker line, program, arguments, environment, folder."""
    lines = []
    if built.command:
        lines.append(f"link: {shlex.join(built.command)}")
    program = built.image or "the interpreter"
    lines.append(f"run: {shlex.join([program, *_arguments(options)])}")
    lines += [f"env: {key}={value}" for key, value in options.run.env]
    lines.append(f"cwd: {options.run.cwd or os.getcwd()}")
    return "\n".join(lines) + "\n"
