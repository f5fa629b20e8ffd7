"""The command line in a forked process: everything is imported already, a crash harms nobody, descriptors are real."""

from __future__ import annotations

import functools
import os
import pickle
import select
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_PRELOAD = (
    "vitte.cli.entry", "vitte.cli.commands.run", "vitte.cli.commands.check", "vitte.driver.api", "vitte.driver_impl.pipeline.build",
    "vitte.driver_impl.pipeline.link", "vitte.driver_impl.runtime.run", "vitte.parse", "vitte.lower", "vitte.typecheck",
    "vitte.monomorphize", "vitte.mir_build", "vitte.ssa_build", "vitte.const_eval", "vitte.optimize", "vitte.driver.diagnostics.json_lines",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """`status` is negative for the signal that ended the process."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        return self.stderr.decode("utf-8", "replace")


class TimedOut(AssertionError):
    pass


def preload() -> None:
    for name in _PRELOAD:
        import_module(name)
    from vitte.driver_impl.cache.key import compiler_identity

    compiler_identity("")  # of what is loaded now: files may be edited while tests run


def vitte(
    *arguments: str, cwd: Path | str | None = None, stdin: bytes = b"", env: dict[str, str] | None = None, timeout: float = 120.0
) -> Ran:
    """Run `vitte ARGUMENTS` in a fork of this process. Raises `TimedOut` after `timeout` seconds, with all its children ended."""
    preload()
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(stdin)
        source.seek(0)
        pid = os.fork()
        if pid == 0:
            _child(list(arguments), cwd, source.fileno(), out.fileno(), err.fileno(), env or {})
        watch = os.pidfd_open(pid)
        try:
            ready, _, _ = select.select([watch], [], [], timeout)
            if not ready:
                os.killpg(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        finally:
            os.close(watch)
        if not ready:
            raise TimedOut(f"vitte {' '.join(arguments)} took more than {timeout} s")
        out.seek(0)
        err.seek(0)
        return Ran(os.waitstatus_to_exitcode(status), out.read(), err.read())


def _child(arguments: list[str], cwd: Path | str | None, source: int, out: int, err: int, env: dict[str, str]) -> None:
    try:
        os.setpgid(0, 0)
        import sys

        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)  # as Python's own
        sys.stdin = os.fdopen(0, "r", closefd=False)
        os.dup2(source, 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        if cwd is not None:
            os.chdir(cwd)
        os.environ.update(env)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from vitte.cli import main
        from vitte.cli.leave import leave

        leave(main(arguments))
    except BaseException:
        import traceback

        os.write(err, traceback.format_exc().encode())
    finally:
        os._exit(70)


def apart(work: Callable[P, T]) -> Callable[P, T]:
    """`work`, done in a fork of this process: for libraries that start threads, which later forks of this process would wait for."""

    @functools.wraps(work)
    def forked(*given: P.args, **named: P.kwargs) -> T:
        with tempfile.TemporaryFile() as answer:
            pid = os.fork()
            if pid == 0:
                try:
                    answer.write(pickle.dumps(work(*given, **named)))
                except BaseException:
                    import traceback

                    answer.write(pickle.dumps(_Failed(traceback.format_exc())))
                finally:
                    answer.flush()
                    os._exit(0)
            _, status = os.waitpid(pid, 0)
            answer.seek(0)
            result = pickle.loads(answer.read() or pickle.dumps(_Failed(f"ended with {status}")))
        if isinstance(result, _Failed):
            raise AssertionError(result.trace)
        return result  # type: ignore[no-any-return]

    return forked


@dataclass(frozen=True)
class _Failed:
    trace: str
