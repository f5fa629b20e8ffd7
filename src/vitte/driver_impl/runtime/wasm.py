"""Running a WebAssembly program in this process, by wasmtime.

It runs in a thread of its own, so that the one that waits can end it: when its time is up, or when the user interrupts. Its folders,
arguments and environment are those that it is given; what it does not use of this machine it cannot reach.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vitte.driver_impl.runtime.traps import describe

if TYPE_CHECKING:
    import wasmtime

TRAPPED = 134
"""The status of a program that trapped: what a shell says of one that aborted, and wasmtime's own command too."""
TIMED_OUT = 124
STACK = 64 << 20
"""Bytes of stack for calls, which lies outside the program's memory; the thread has a little more."""
_GRACE = 1.0
"""Seconds for an interrupted program to end; one that waits for input does not."""


class Job(Struct, kw_only=True):
    """One run. `arguments`: the program's name first. `folders`: on this machine, and as the program calls them. `fuel`: operations,
    0 for no limit; `timeout`: seconds, likewise. Streams are this process's, or files."""

    image: str
    arguments: list[str]
    environment: list[tuple[str, str]]
    folders: list[tuple[str, str]]
    fuel: int = 0
    timeout: float = 0.0
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""


def run(job: Job) -> int:
    """The program's exit status. What ended it, if it was not the program, is said on standard error.
    Raises `OSError` when the image cannot be read, and `wasmtime.WasmtimeError` when it is not right or a folder is not there."""
    import wasmtime

    config = wasmtime.Config()
    config.epoch_interruption = True
    # What coroutines would have for a stack bounds that of calls; the package has no name for it.
    wasmtime._ffi.wasmtime_config_async_stack_size_set(config.ptr(), STACK + (1 << 20))
    config.max_wasm_stack = STACK
    if job.fuel:
        config.consume_fuel = True
    engine = wasmtime.Engine(config)
    with open(job.image, "rb") as file:
        module = wasmtime.Module(engine, file.read())
    store = wasmtime.Store(engine)
    store.set_epoch_deadline(1)
    if job.fuel:
        store.set_fuel(job.fuel)
    store.set_wasi(_surroundings(job))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    run = _Run(store, linker.instantiate(store, module))
    try:
        ended = _wait(run, job.timeout)
    except KeyboardInterrupt:
        engine.increment_epoch()
        run.thread.join(_GRACE)
        raise
    if not ended:
        engine.increment_epoch()
        run.thread.join(_GRACE)
        sys.stderr.write(f"vitte: the program was ended after {job.timeout:g} s\n")
        return TIMED_OUT
    return _status(run.error, job)


class _Run:
    """The program in its thread. `error`: what it ended by, None when `_start` came back."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        self.store = store
        self.start: Any = instance.exports(store)["_start"]
        self.error: BaseException | None = None
        before = threading.stack_size(STACK + (16 << 20))
        try:
            self.thread = threading.Thread(target=self._work, daemon=True)
            self.thread.start()
        finally:
            threading.stack_size(before)

    def _work(self) -> None:
        try:
            self.start(self.store)
        except BaseException as error:
            self.error = error


def _wait(run: _Run, timeout: float) -> bool:
    """Whether the program ended within its time."""
    run.thread.join(timeout or None)
    return not run.thread.is_alive()


def _surroundings(job: Job) -> wasmtime.WasiConfig:
    import wasmtime

    wasi = wasmtime.WasiConfig()
    wasi.argv = job.arguments
    wasi.env = job.environment
    for host, name in job.folders:
        wasi.preopen_dir(os.path.abspath(host), name)
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


def _status(error: BaseException | None, job: Job) -> int:
    import wasmtime

    if error is None:
        return 0
    if isinstance(error, wasmtime.ExitTrap):
        return int(error.code)
    if not isinstance(error, wasmtime.Trap):
        raise error
    if error.trap_code is wasmtime.TrapCode.OUT_OF_FUEL:
        sys.stderr.write(f"vitte: the program was ended after {job.fuel} operations\n")
        return TIMED_OUT
    sys.stderr.write(describe(error))
    return TRAPPED
