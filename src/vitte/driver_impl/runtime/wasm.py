"""Running a WebAssembly program in this process, by wasmtime.

It runs in a thread of its own, so that the one that waits can end it: when its time is up, or when the user interrupts. Its folders,
arguments and environment are those that it is given; what it is not given of this machine it cannot reach.

`python -m vitte.driver_impl.runtime.wasm JOB` runs a job that lies in a file, and ends as the program did.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from math import inf
from signal import SIGINT
from typing import TYPE_CHECKING, Any

import msgspec

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver_impl.runtime.traps import describe

if TYPE_CHECKING:
    import wasmtime

    from vitte.driver.options import DriverOptions
    from vitte.driver.session import DriverContext

TRAPPED = 134
"""The status of a program that trapped: what a shell says of one that aborted."""
ENDED = 124
"""The status of a program whose time or fuel was used up."""
STACK = 64 << 20
"""Bytes of stack for calls, which lies outside the program's memory; the thread has a little more."""
_GRACE = 1.0
"""Seconds for an interrupted program to end; one that waits for input does not."""
_PAUSE = 0.2
"""Seconds after which an interrupt is noticed at the latest."""
_WASI = "wasi_snapshot_preview1"
_UNKNOWN = re.compile(r"unknown import: `([^`]*)`")
_importer: list[int] = []
"""The process in which wasmtime was imported for this module, 0 when it was there before."""


class Job(msgspec.Struct, kw_only=True):
    """One run. `arguments`: the program's name first. `folders`: on this machine, and as the program calls them. `fuel`: operations,
    0 for no limit; `timeout`: seconds, likewise. Streams are paths of files, or "" for this process's own."""

    image: str
    arguments: list[str]
    environment: list[tuple[str, str]]
    folders: list[tuple[str, str]]
    fuel: int = 0
    timeout: float = 0.0
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""


class _Exit(Exception):
    """The program ends itself. WASI knows statuses to 125 only; here all 8 bits of one count, as everywhere."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status & 0xFF


def folders_of(options: DriverOptions) -> list[tuple[str, str]]:
    """The folders that the program may use: those that were named, or the one that it would be in."""
    config = options.run
    return list(config.folders) if config.folders is not None else [(config.cwd or ".", ".")]


def job_of(
    options: DriverOptions, image: str, arguments: tuple[str, ...], environment: dict[str, str] | None, streams: tuple[str, str, str]
) -> Job:
    """Raises `DriverError` for an argument or a folder that a WebAssembly program cannot be given."""
    config = options.run
    variables = environment if environment is not None else dict(os.environ)
    for text in arguments:
        if not _is_text(text):
            raise DriverError(f"the argument `{ascii(text)[1:-1]}` is not UTF-8: a WebAssembly program cannot be given it")
    for host, _ in folders_of(options):
        if not os.path.isdir(host):
            raise DriverError(f"`{host}`, which the program is to use, {'is not a folder' if os.path.exists(host) else 'is not there'}",
                              helps=("`--dir` and `--cwd` name folders of this machine",))  # fmt: skip
    stdin, stdout, stderr = streams
    return Job(
        image=image, arguments=[image if _is_text(image) else "program", *arguments], fuel=config.fuel, timeout=config.timeout,
        environment=[(name, value) for name, value in variables.items() if _is_text(name) and _is_text(value)],
        folders=[(os.path.abspath(host), name) for host, name in folders_of(options)], stdin=stdin, stdout=stdout, stderr=stderr,
    )  # fmt: skip


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def elsewhere(job: Job, context: DriverContext) -> tuple[list[str], dict[str, str]]:
    """The command, and its environment, that runs a job in a process of its own."""
    from vitte.driver_impl.pipeline.keeps import scratch_file

    path = scratch_file(context, "job", msgspec.json.encode(job))
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return [sys.executable, "-m", "vitte.driver_impl.runtime.wasm", path], {**os.environ, "PYTHONPATH": paths}


def run(job: Job, shown: str = "") -> int:
    """The program's exit status; negative for an interrupt. What ended it, if it was not the program, is said on standard error.
    Raises `DriverError` when the program cannot be started; `shown` is what it is called then."""
    import wasmtime

    shown = shown or job.image
    engine = _engine(wasmtime, job)
    store = wasmtime.Store(engine)
    store.set_epoch_deadline(1)
    if job.fuel:
        store.set_fuel(job.fuel)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    linker.allow_shadowing = True
    exit_type = wasmtime.FuncType([wasmtime.ValType.i32()], [])
    linker.define_func(_WASI, "proc_exit", exit_type, _exit)
    try:
        store.set_wasi(_surroundings(wasmtime, job))
        with open(job.image, "rb") as file:
            module = wasmtime.Module(engine, file.read())
        instance = linker.instantiate(store, module)
        start: Any = instance.exports(store)["_start"]
    except (OSError, wasmtime.WasmtimeError) as error:
        raise _cannot_start(shown, str(error)) from None
    except KeyError:
        raise _cannot_start(shown, "it exports no `_start`: it is a library", "a host calls its exports") from None
    except wasmtime.Trap as error:
        sys.stderr.write(describe(error))
        return TRAPPED
    runs = _Run(store, start)
    try:
        runs.begin()
        _wait(runs.thread, job.timeout or inf)
    except KeyboardInterrupt:
        engine.increment_epoch()
        runs.thread.join(_GRACE)
        return -SIGINT
    if runs.thread.is_alive():
        engine.increment_epoch()
        runs.thread.join(_GRACE)
        sys.stderr.write(f"vitte: the program was ended after {job.timeout:g} s\n")
        return ENDED
    return _status(wasmtime, runs.error, job)


def _exit(status: int) -> None:
    raise _Exit(status)


def _engine(wasmtime: Any, job: Job) -> Any:
    # Source places in traps, where the program has debug information: this is asked for in the environment and nowhere else.
    name = "WASMTIME_BACKTRACE_DETAILS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        config = wasmtime.Config()
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    config.epoch_interruption = True
    # What coroutines would have for a stack bounds that of calls; the package has no name for it.
    wasmtime._ffi.wasmtime_config_async_stack_size_set(config.ptr(), STACK + (1 << 20))
    config.max_wasm_stack = STACK
    if job.fuel:
        config.consume_fuel = True
    return wasmtime.Engine(config)


def runs_here() -> bool:
    """Whether wasmtime works in this process. It starts threads, to compile and for its input and output, and remembers that it did: a
    fork of a process that has them has not got them, and would wait for them without end. So only the process that imported it here first
    may use it, and only when nobody else had."""
    if not _importer:
        _importer.append(0 if "wasmtime" in sys.modules else os.getpid())
    return _importer[0] == os.getpid()


def _wait(thread: threading.Thread, seconds: float) -> None:
    """Until the thread has ended, or for so long. A signal that comes just before a wait begins does not end it: so each is a short one."""
    until = time.monotonic() + seconds
    while thread.is_alive() and (left := until - time.monotonic()) > 0:
        thread.join(min(left, _PAUSE))


class _Run:
    """The program in its thread. `error`: what it ended by, None when `_start` came back."""

    def __init__(self, store: wasmtime.Store, start: Any) -> None:
        self.store = store
        self.start = start
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        before = threading.stack_size(STACK + (16 << 20))
        try:
            self.thread.start()
        finally:
            threading.stack_size(before)

    def _work(self) -> None:
        try:
            self.start(self.store)
        except BaseException as error:
            self.error = error


def _surroundings(wasmtime: Any, job: Job) -> Any:
    wasi = wasmtime.WasiConfig()
    wasi.argv = job.arguments
    wasi.env = job.environment
    for host, name in job.folders:
        wasi.preopen_dir(host, name)
    if job.stdin:
        wasi.stdin_file = job.stdin
    else:
        wasi.inherit_stdin()
    if job.stdout:
        wasi.stdout_file = job.stdout
        wasi.stderr_file = job.stderr
    else:
        wasi.inherit_stdout()
        wasi.inherit_stderr()
    return wasi


def _status(wasmtime: Any, error: BaseException | None, job: Job) -> int:
    if error is None:
        return 0
    if isinstance(error, _Exit):
        return error.status
    if isinstance(error, wasmtime.ExitTrap):
        return int(error.code)
    if not isinstance(error, wasmtime.Trap):
        raise error
    if error.trap_code is wasmtime.TrapCode.OUT_OF_FUEL:
        sys.stderr.write(f"vitte: the program was ended after {job.fuel} operations\n")
        return ENDED
    sys.stderr.write(describe(error))
    return TRAPPED


def _cannot_start(image: str, why: str, *helps: str) -> DriverError:
    """What is said of the cause is its first line."""
    first = why.strip().partition("\n")[0]
    wanted = _UNKNOWN.search(why)
    if wanted is not None:
        first = f"it imports `{wanted.group(1)}`, which only its own host has"
        helps = ("`--runner` names a command that runs it in its host",)
    return DriverError(f"cannot run `{image}`: {first}", helps=helps, status=EXIT_TOOLCHAIN, details=why)


def main(path: str) -> int:
    with open(path, "rb") as file:
        job = msgspec.json.decode(file.read(), type=Job)
    try:
        return run(job)
    except DriverError as error:
        sys.stderr.write(f"error: {error.message}\n" + "".join(f"  = help: {help}\n" for help in error.helps))
        return error.status


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    if status < 0:
        import signal

        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)
