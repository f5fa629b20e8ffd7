"""Stage 11: run what was built, and end as it ended.

    options, image --runners.find--> Runner --> a command in a child process (spawn), wasmtime in this one (wasm), or the interpreter
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import IO

from vitte.driver.options import DriverOptions
from vitte.driver.session import Built, DriverContext, LogLevel
from vitte.driver_impl.runtime import runners
from vitte.driver_impl.runtime.runners import Runner

TIMED_OUT = 124
"""The status of a program that was ended because its time was up, as `timeout(1)` has it."""
NOT_LOADED = 127
"""The status that a loader ends with when it does not find a library."""


def run(options: DriverOptions, context: DriverContext, built: Built) -> int:
    """The program's exit status; negative is the signal that ended it. What the program wrote is in `built` when it was to be captured.
    Raises `DriverError` when nothing here runs it, or it cannot be started."""
    runner = runners.find(options) if options.engine != "interp" else None
    if options.run.dry_run:
        built.texts.append(describe(options, built, runner))
        return 0
    sys.stdout.flush()
    sys.stderr.flush()
    streams = _Streams(options)
    try:
        if runner is None:
            from vitte.driver_impl.runtime import interpreter

            with streams.redirected():
                return interpreter.run(options, context, built, arguments(options))
        if runner.kind == "wasmtime":
            return _wasm(options, context, built, streams)
        return _command(options, context, built, runner, streams)
    finally:
        built.stdout, built.stderr = streams.taken()


def arguments(options: DriverOptions) -> tuple[str, ...]:
    if options.tests and options.test_filter:
        return (options.test_filter, *options.run.args)
    return options.run.args


def environment(options: DriverOptions) -> dict[str, str] | None:
    """The program's environment; None for this process's own."""
    config = options.run
    if not config.env and not config.env_clear:
        return None
    return {**({} if config.env_clear else os.environ), **dict(config.env)}


def tell(context: DriverContext, text: str) -> None:
    if context.log is not None:
        context.log(LogLevel.INFO, "run", text)


# --- a command in a child process ---------------------------------------------------------------------------------------------


def _command(options: DriverOptions, context: DriverContext, built: Built, runner: Runner, streams: _Streams) -> int:
    config = options.run
    image = os.path.abspath(built.image)
    command = [*runner.words, image, *arguments(options)]
    surroundings = environment(options)
    if runner.kind == "wine":
        surroundings = _with_wine(options, context, runner, dict(os.environ) if surroundings is None else surroundings)
    elif runner.kind == "qemu":
        _check_loader(options, runner, image)
    tell(context, f"by {runner.name}: {shlex.join(command)}")
    try:
        if context.launch is not None and not streams.any:
            status = context.launch(command, config.cwd, surroundings, config.timeout)
        else:
            from vitte.driver_impl.runtime.spawn import launch

            status = launch(command, config.cwd, surroundings, config.timeout, streams.files)
    except OSError as error:
        from vitte.driver_impl.runtime.failures import cannot_start

        raise cannot_start(error, built.image, config.cwd, runner, options.target) from None
    except subprocess.TimeoutExpired:
        return timed_out(config.timeout)
    if status == NOT_LOADED and runner.kind == "native":
        from vitte.driver_impl.runtime.failures import missing_library

        sys.stderr.write(missing_library(image, surroundings))
    return status


def timed_out(seconds: float) -> int:
    sys.stderr.write(f"vitte: the program was ended after {seconds:g} s\n")
    return TIMED_OUT


def _check_loader(options: DriverOptions, runner: Runner, image: str) -> None:
    """What an emulator says of a loader that is not there names neither the program nor a remedy."""
    from vitte.driver_impl.runtime import images
    from vitte.driver_impl.runtime.failures import no_loader

    try:
        loader = images.read(image).loader
    except OSError:
        return
    if loader and not runners.finds_loader(runner, loader, dict(options.run.env).get("QEMU_LD_PREFIX", "")):
        raise no_loader(image, loader, options.target)


def _with_wine(options: DriverOptions, context: DriverContext, runner: Runner, surroundings: dict[str, str]) -> dict[str, str]:
    from vitte.driver_impl.cache.layout import default_folder
    from vitte.driver_impl.runtime import wine

    def say(text: str) -> None:
        tell(context, text)
        if sys.stderr.isatty():
            sys.stderr.write(f"vitte: {text}\n")

    surroundings = wine.environment(surroundings, options.cache_dir or default_folder())
    wine.prepare(runner.words[0], surroundings, say)
    return surroundings


# --- WebAssembly --------------------------------------------------------------------------------------------------------------


def _wasm(options: DriverOptions, context: DriverContext, built: Built, streams: _Streams) -> int:
    from vitte.driver_impl.runtime import wasm

    job = wasm.job_of(options, os.path.abspath(built.image), arguments(options), environment(options), streams.paths)
    tell(context, f"by wasmtime: {shlex.join(job.arguments)}")
    if context.launch is None and wasm.runs_here():
        return wasm.run(job, built.image)
    command, surroundings = wasm.elsewhere(job, context)
    if context.launch is not None:  # the terminal is another process's: so the program runs in one that the other starts
        return context.launch(command, "", surroundings, 0.0)
    from vitte.driver_impl.runtime.spawn import launch

    return launch(command, "", surroundings, 0.0)


# --- streams ------------------------------------------------------------------------------------------------------------------


class _Streams:
    """Files in the place of the streams that are given or captured. Files, not pipes: nothing waits for a process that the program left
    behind, and any amount fits."""

    def __init__(self, options: DriverOptions) -> None:
        self.source: IO[bytes] | None = None
        self.out: IO[bytes] | None = None
        self.err: IO[bytes] | None = None
        config = options.run
        if config.stdin is None and not config.capture:
            return
        from tempfile import NamedTemporaryFile

        if config.stdin is not None:
            self.source = NamedTemporaryFile(prefix="vitte-")  # noqa: SIM115
            self.source.write(config.stdin)
            self.source.seek(0)
        if config.capture:
            self.out, self.err = NamedTemporaryFile(prefix="vitte-"), NamedTemporaryFile(prefix="vitte-")  # noqa: SIM115

    @property
    def files(self) -> tuple[IO[bytes] | None, IO[bytes] | None, IO[bytes] | None]:
        return self.source, self.out, self.err

    @property
    def any(self) -> bool:
        return any(file is not None for file in self.files)

    @property
    def paths(self) -> tuple[str, str, str]:
        """Their names, "" for streams of this process."""
        source, out, err = (file.name if file is not None else "" for file in self.files)
        return source, out, err

    def redirected(self) -> _Redirected:
        """While it lasts, the streams of this process are the files."""
        return _Redirected(self.files)

    def taken(self) -> tuple[bytes, bytes]:
        """What was captured; deletes the files."""
        texts = []
        for file in self.files:
            if file is not None:
                file.seek(0)
                texts.append(file.read())
                file.close()
            else:
                texts.append(b"")
        return texts[1], texts[2]


class _Redirected:
    def __init__(self, files: tuple[IO[bytes] | None, ...]) -> None:
        self.files = files
        self.before: list[tuple[int, int]] = []

    def __enter__(self) -> None:
        for descriptor, file in enumerate(self.files):
            if file is not None:
                self.before.append((descriptor, os.dup(descriptor)))
                os.dup2(file.fileno(), descriptor)

    def __exit__(self, *error: object) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, kept in self.before:
            os.dup2(kept, descriptor)
            os.close(kept)


# --- what would be done -------------------------------------------------------------------------------------------------------


def describe(options: DriverOptions, built: Built, runner: Runner | None) -> str:
    """What `--dry-run` shows: linker line, runner, program, arguments, environment, folder."""
    config = options.run
    lines = []
    if built.command:
        lines.append(f"link: {shlex.join(built.command)}")
    if runner is not None:
        lines.append(f"runner: {runner.name}")
    program = built.image or "the interpreter"
    words = runner.words if runner is not None else ()
    lines.append(f"run: {shlex.join([*words, program, *arguments(options)])}")
    if config.env_clear:
        lines.append("env: only")
    lines += [f"env: {key}={value}" for key, value in config.env]
    lines.append(f"cwd: {config.cwd or os.getcwd()}")
    if runner is not None and runner.kind == "wasmtime":
        from vitte.driver_impl.runtime.wasm import folders_of

        lines += [f"dir: {host} as {name}" for host, name in folders_of(options)]
        lines += [f"fuel: {config.fuel}"] if config.fuel else []
    lines += [f"timeout: {config.timeout:g} s"] if config.timeout else []
    return "\n".join(lines) + "\n"

