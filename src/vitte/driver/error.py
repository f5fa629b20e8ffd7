"""Failures that are not diagnostics about source text."""

from __future__ import annotations

import os

EXIT_OK = 0
EXIT_DIAGNOSTICS = 1
EXIT_USAGE = 2
EXIT_TOOLCHAIN = 3
EXIT_TESTS = 4
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141


class DriverError(Exception):
    """A usage, configuration or toolchain problem: what is wrong, and what to do about it.

    `status` is the exit status of the command line: 2 for usage and configuration, 3 for linker and toolchain.
    `details` is raw output of a tool, shown with `-v`.
    """

    def __init__(self, message: str, *, helps: tuple[str, ...] = (), status: int = EXIT_USAGE, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.helps = helps
        self.status = status
        self.details = details


def reason(error: OSError) -> str:
    """What the operating system says of a failed operation, as the end of a message."""
    return (error.strerror or str(error)).lower()


def unwritable(path: str, error: OSError) -> DriverError:
    """The failure to write an output at `path`; a file in the way of its folder is named."""
    why = reason(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        folder = os.path.dirname(path)
        while folder and not os.path.exists(folder):
            folder = os.path.dirname(folder)
        if folder and not os.path.isdir(folder):
            why = f"`{folder}` is not a folder"
    return DriverError(f"cannot write `{path}`: {why}", status=EXIT_TOOLCHAIN)


class StageCrash(Exception):
    """An internal error with its place: a bug in Vitte, never in the program being compiled.

    `trace` is the Python traceback as text (it may come from another process), or what a dead process left behind.
    """

    def __init__(self, stage: str, unit: str, trace: str, proc: str = "") -> None:
        super().__init__(f"{stage} failed on {unit}" + (f" in `{proc}`" if proc else ""))
        self.stage = stage
        self.unit = unit
        self.proc = proc
        self.trace = trace

    def __reduce__(self) -> tuple[type[StageCrash], tuple[str, str, str, str]]:
        return StageCrash, (self.stage, self.unit, self.trace, self.proc)
