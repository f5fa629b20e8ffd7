"""Running a link plan: response file when the line is long, temporary output renamed only after success."""

from __future__ import annotations

import errno
import os
import signal
import subprocess

from msgspec import Struct

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.link.lld import Plan

RESPONSE_LIMIT = 30_000
"""Characters of a command line above which arguments go into a file."""


class LinkResult(Struct):
    """`status` 0, the linker's own, or negative: the signal that ended it."""

    status: int
    stderr: str


def execute(plan: Plan) -> LinkResult:
    """Link. On failure neither the temporary output nor an older one is left. Raises `DriverError` when the linker
    cannot be started, crashed, or the output's place cannot be written."""
    folder = os.path.dirname(plan.final)
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
        if os.path.isdir(plan.final):
            raise IsADirectoryError(21, "is a directory")
    except OSError as error:
        raise DriverError(f"cannot write `{plan.final}`: {(error.strerror or str(error)).lower()}", status=EXIT_TOOLCHAIN) from None
    command = plan.command
    response = ""
    if sum(map(len, command)) + len(command) > RESPONSE_LIMIT:
        response = plan.output + ".rsp"
        first = 2 if command[1:2] == ["ld.lld"] else 1
        with open(response, "w", encoding="utf-8") as file:
            file.write("\n".join(quoted(word) for word in command[first:]) + "\n")
        command = [*command[:first], "@" + os.path.join(".", response) if not os.path.isabs(response) else "@" + response]
    try:
        _unlink(plan.final)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except OSError as error:
            raise DriverError(
                f"cannot start the linker `{command[0]}`: {(error.strerror or str(error)).lower()}", status=EXIT_TOOLCHAIN
            ) from None
        text = done.stderr.decode("utf-8", "replace")
        if crashed(done.returncode, text):
            raise DriverError(f"the linker crashed: {how(done.returncode)}", status=EXIT_TOOLCHAIN, details=text)
        if done.returncode == 0:
            _move(plan.output, plan.final)
        return LinkResult(done.returncode, text)
    finally:
        _unlink(plan.output)
        if response:
            _unlink(response)


def _move(source: str, target: str) -> None:
    """Rename, also to another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(source, "rb") as file:
            write_atomic(target, file.read(), 0o777)


def quoted(word: str) -> str:
    """GNU quoting for response files: always in quotes, backslash before backslash and quote."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def crashed(status: int, stderr: str) -> bool:
    return status < 0 or stderr.startswith(("LLVM ERROR", "PLEASE submit a bug report"))


def how(status: int) -> str:
    """`status 1`, or the name of a signal."""
    if status < 0:
        try:
            return f"signal {-status} ({signal.Signals(-status).name})"
        except ValueError:
            return f"signal {-status}"
    return f"status {status}"


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
