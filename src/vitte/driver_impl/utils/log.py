"""The internal log: off unless `VITTE_LOG`, `-v`, `-vv` or `-Z trace` ask for it. Lines go to standard error.

A specification is `level[,part=level]...`, for example `info,cache=trace`; a part's level covers what is below it
(`link` covers `link.lld`).
"""

from __future__ import annotations

import sys

from vitte.driver.error import DriverError
from vitte.driver.session import LogLevel, LogSink

_COLORS = ("", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[34m", "\x1b[35m")


def parse_spec(spec: str) -> tuple[int, dict[str, int]]:
    """The general level and those of parts. Raises `DriverError` for what is no level."""
    general = 0
    parts: dict[str, int] = {}
    for piece in spec.split(","):
        part, _, level = piece.strip().rpartition("=")
        if not level:
            continue
        if level not in LogLevel.NAMES:
            raise DriverError(f"there is no log level `{level}`", helps=(f"there are: {', '.join(LogLevel.NAMES)}",))
        if part:
            parts[part] = LogLevel.NAMES.index(level)
        else:
            general = LogLevel.NAMES.index(level)
    return general, parts


def make_logger(spec: str, color: bool) -> LogSink:
    general, parts = parse_spec(spec)
    limits: dict[str, int] = {}

    def limit(part: str) -> int:
        at = part
        while at:
            if at in parts:
                return parts[at]
            at = at.rpartition(".")[0]
        return general

    def log(level: int, part: str, text: str) -> None:
        if part not in limits:
            limits[part] = limit(part)
        if level <= limits[part]:
            name = LogLevel.NAMES[level]
            head = f"{_COLORS[level]}{name:>5}\x1b[0m \x1b[2m{part}\x1b[0m" if color else f"{name:>5} {part}"
            sys.stderr.write(f"{head}: {text}\n")

    return log
