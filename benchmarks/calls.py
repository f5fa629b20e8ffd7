"""What a command asks the system about files, from `strace`."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from measure import Run, run_once

_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>")


class Calls:
    """`sources`: distinct sources that were asked about or opened; `stats`: questions about them, `most_stats` about one; `opened`: sources
    opened; `llvm`: files of LLVM opened; `started`: programs started after the first; `calls`: all that name a file."""

    def __init__(self) -> None:
        self.sources = self.stats = self.most_stats = self.opened = self.llvm = self.started = self.calls = 0


def count(run: Run, project: Path) -> Calls | None:
    """One run of a command under `strace`, with all processes it starts; None where that is not possible."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.TemporaryDirectory(prefix="vitte-strace-") as folder:
        log = Path(folder) / "log"
        run_once(Run([strace, "-f", "-y", "-s", "4096", "-o", str(log), "-e", "trace=%file", *run.command], run.cwd, None, run.environment))
        return read(log.read_text(errors="replace"), project)


def read(text: str, project: Path) -> Calls:
    """What a log says of the sources of `project`."""
    result = Calls()
    stats: Counter[str] = Counter()
    opened: Counter[str] = Counter()
    sources = os.path.realpath(project) + os.sep
    for line in text.splitlines():
        call = _CALL.match(line)
        name = _NAME.search(line)
        if call is None or name is None:
            continue
        result.calls += 1
        what = call[1]
        base = _FOLDER.match(call[2])
        path = os.path.normpath(os.path.join(base[1] if base else str(project), name[1]))
        succeeded = " = -1 " not in line
        if what == "execve":
            result.started += succeeded
        elif what in ("open", "openat") and succeeded:
            result.llvm += "/llvmlite/" in path
            if path.endswith(".vit") and path.startswith(sources):
                opened[path] += 1
        elif "stat" in what and path.endswith(".vit") and path.startswith(sources):
            stats[path] += 1
    result.started -= 1
    result.sources = len(stats.keys() | opened.keys())
    result.stats = sum(stats.values())
    result.most_stats = max(stats.values(), default=0)
    result.opened = sum(opened.values())
    return result
