"""Starting a program as a child of this process, and waiting for it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import IO

GROUPS = hasattr(os, "killpg")
"""Whether processes have groups, all of which can be ended."""


def launch(command: list[str], folder: str, environment: dict[str, str] | None, timeout: float,
           streams: tuple[IO[bytes] | None, IO[bytes] | None, IO[bytes] | None] = (None, None, None)) -> int:  # fmt: skip
    """As `session.Launch` says. `streams`: files that the program has for standard input, output and error, None for this process's own.
    A program with a time limit is in a process group of its own, which is ended with it."""
    from vitte.server.group import ENDS, Handlers

    grouped = bool(timeout) and GROUPS
    # The terminal sends Ctrl-C to both: the program decides, and we report how it ended. A handler, unlike SIG_IGN, is not inherited.
    # To a group of its own signals are passed on, also those that come before it is watched.
    caught: list[int] = []
    handlers = Handlers(ENDS if grouped else ENDS[:1], lambda number, frame: caught.append(number))
    source, out, err = streams
    try:
        process = subprocess.Popen(
            command, cwd=folder or None, env=environment, stdin=source, stdout=out, stderr=err, process_group=0 if grouped else None
        )
        if grouped:
            return _watched(process, timeout, caught)
        try:
            return process.wait(timeout or None)
        except BaseException:
            process.kill()
            process.wait()
            raise
    finally:
        handlers.back()


def _watched(process: subprocess.Popen[bytes], timeout: float, caught: list[int]) -> int:
    from vitte.server.group import watch

    status = watch(process.pid, timeout, caught)
    if status is None:
        process.returncode = -signal.SIGKILL
        raise subprocess.TimeoutExpired(process.args, timeout)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode
