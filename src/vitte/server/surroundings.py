"""What a process is in besides its descriptors, as the client says it and as the command's process takes it over."""

from __future__ import annotations

import os
import resource
import sys
from io import TextIOWrapper

_LIMITS = tuple(sorted(name for name in vars(resource) if name.startswith("RLIMIT_")))


def described() -> list[bytes]:
    """Environment, file mode mask, priority, processors, limits, and the encodings of the standard streams of this process."""
    from vitte.server.protocol import pack

    mask = os.umask(0o077)
    os.umask(mask)
    streams = [f"{stream.encoding} {stream.errors}".encode() for stream in (sys.stdin, sys.stdout, sys.stderr)]
    return [
        pack([key + b"=" + value for key, value in os.environb.items()]),
        b"%d %d" % (mask, os.getpriority(os.PRIO_PROCESS, 0)),
        _processors(),
        b" ".join([b"%d %d" % resource.getrlimit(getattr(resource, name)) for name in _LIMITS]),
        pack(streams),
        os.fsencode(sys.argv[0]),
    ]


def _processors() -> bytes:
    if not hasattr(os, "sched_getaffinity"):
        return b""
    return b" ".join([b"%d" % number for number in sorted(os.sched_getaffinity(0))])


def take_over(fields: list[bytes], arguments: list[str], descriptors: list[int]) -> None:
    """Put this process where the client is. `fields` are `described` there; `descriptors` are the standard streams and the folder.
    Raises `OSError` or `ValueError` when something cannot be had here: a limit or a priority that is better than the server's."""
    from vitte.server.protocol import unpack

    environment, numbers, processors, limits, streams, name = fields
    for target, number in enumerate(descriptors[:3]):
        os.dup2(number, target)
    os.fchdir(descriptors[3])
    os.environb.clear()
    for entry in unpack(environment):
        key, _, value = entry.partition(b"=")
        os.environb[key] = value
    mask, priority = map(int, numbers.split())
    os.umask(mask)
    if priority != os.getpriority(os.PRIO_PROCESS, 0):
        os.setpriority(os.PRIO_PROCESS, 0, priority)
    if processors != _processors():
        os.sched_setaffinity(0, map(int, processors.split()))
    wanted = list(map(int, limits.split()))
    for at, limit in enumerate(_LIMITS):
        pair = (wanted[2 * at], wanted[2 * at + 1])
        if resource.getrlimit(getattr(resource, limit)) != pair:
            resource.setrlimit(getattr(resource, limit), pair)
    sys.argv = [os.fsdecode(name), *arguments]
    opened = []
    for number, (stream, mode) in enumerate(zip(unpack(streams), "rww", strict=True)):
        encoding, errors = stream.decode().split(" ")
        # As the interpreter opens them at its start: line by line on a terminal, and always for errors.
        raw = open(number, mode + "b", closefd=False)  # noqa: SIM115 - as long as the process lives
        line_buffering = number == 2 or os.isatty(number)
        opened.append(TextIOWrapper(raw, encoding, errors, newline=None if mode == "r" else "\n", line_buffering=line_buffering))
    sys.stdin, sys.stdout, sys.stderr = opened
