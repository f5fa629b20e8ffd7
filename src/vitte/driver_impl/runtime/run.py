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
from vitte.driver_impl.runtime import runners

TIMED_OUT = 124
"""The status of a program that was ended because its time was up, as `timeout(1)` has it."""


def run(options: DriverOptions, context: DriverContext, built: Built) -> int:
    """The program's exit status; negative is the signal that ended it. What the program wrote is in `built` when it was to be captured.
    Raises `DriverError` when nothing here runs it, or it cannot be started."""
    runner = runners.find(options) if options.engine != "interp" else None
    if options.run.dry_run:
        built.texts.append(describe(options, built, runner))
        return 0
    sys.stdout.flush()
    sys.stderr.flush()
    if runner is None:
        return _interpret(options, context, built)
    if runner.kind == "wasmtime":
        return _wasm(options, context, built)
    config = options.run
    command = [*runner.words, os.path.abspath(built.image), *_arguments(options)]
    environment: dict[str, str] | None = None
    if config.env or config.env_clear:
        environment = {**({} if config.env_clear else os.environ), **dict(config.env)}
    if runner.kind == "wine":
        environment = _with_wine(options, context, runner, dict(os.environ) if environment is None else environment)
    _tell(context, f"by {runner.name}: {shlex.join(command)}")
    try:
        return (context.launch or _launch)(command, config.cwd, environment, config.timeout)
    except OSError as error:
        where = f" in `{config.cwd}`" if config.cwd else ""
        raise DriverError(f"cannot run `{built.image}`{where}: {(error.strerror or str(error)).lower()}") from None
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"vitte: the program was ended after {config.timeout:g} s\n")
        return TIMED_OUT


def _tell(context: DriverContext, text: str) -> None:
    if context.log is not None:
        context.log(LogLevel.INFO, "run", text)


def _with_wine(options: DriverOptions, context: DriverContext, runner: runners.Runner, environment: dict[str, str]) -> dict[str, str]:
    from vitte.driver_impl.cache.layout import default_folder
    from vitte.driver_impl.runtime import wine

    def tell(text: str) -> None:
        _tell(context, text)
        if sys.stderr.isatty():
            sys.stderr.write(f"vitte: {text}\n")

    environment = wine.environment(environment, options.cache_dir or default_folder())
    wine.prepare(runner.words[0], environment, tell)
    return environment


def _wasm(options: DriverOptions, context: DriverContext, built: Built) -> int:
    import wasmtime

    from vitte.driver_impl.runtime import wasm

    config = options.run
    image = os.path.abspath(built.image)
    job = wasm.Job(
        image=image, arguments=[image, *_arguments(options)], fuel=config.fuel, timeout=config.timeout,
        environment=list({**({} if config.env_clear else os.environ), **dict(config.env)}.items()),
        folders=list(config.folders) if config.folders is not None else [(config.cwd or ".", ".")],
    )  # fmt: skip
    _tell(context, f"by wasmtime: {shlex.join(job.arguments)}")
    try:
        return wasm.run(job)
    except (OSError, wasmtime.WasmtimeError) as error:
        raise DriverError(f"cannot run `{built.image}`: {str(error).lower()}") from None


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


def describe(options: DriverOptions, built: Built, runner: runners.Runner | None) -> str:
    """What `--dry-run` shows: linker line, runner, program, arguments, environment, folder."""
    lines = []
    if built.command:
        lines.append(f"link: {shlex.join(built.command)}")
    if runner is not None:
        lines.append(f"runner: {runner.name}")
    program = built.image or "the interpreter"
    words = runner.words if runner is not None else ()
    lines.append(f"run: {shlex.join([*words, program, *_arguments(options)])}")
    if options.run.env_clear:
        lines.append("env: nothing but")
    lines += [f"env: {key}={value}" for key, value in options.run.env]
    lines.append(f"cwd: {options.run.cwd or os.getcwd()}")
    return "\n".join(lines) + "\n"
