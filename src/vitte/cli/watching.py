"""What `vitte watch` goes by: which files matter, whether they have changed, and how the last build told it.

Files are polled with `os.stat`: it works on every system and file system (networks, containers, bind mounts), sees exactly the files that
the last build read or looked for in vain, needs no descriptors, and costs a few milliseconds for thousands of files.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitte.driver.api import Outcome

SOURCES = (".vit", ".vitl")
MANIFEST = "vitte.toml"
_SLACK = 50_000_000
"""Nanoseconds by which a file system's clock may lag behind."""

Stamp = tuple[object, ...]


def stamp(path: str) -> Stamp:
    """Differs when a file was written, replaced, or has come or gone; of a folder, when sources or folders in it have come or gone."""
    try:
        info = os.stat(path)
        if info.st_mode & 0o170000 == 0o040000:
            with os.scandir(path) as entries:
                found = [e.name for e in entries if e.name.endswith(SOURCES) or (e.name[:1] != "." and e.is_dir())]
            return tuple(sorted(found))
    except OSError:
        return ()
    return info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino


class Watched:
    """Files and folders with their stamps when they were last looked at."""

    def __init__(self) -> None:
        self.stamps: dict[str, Stamp] = {}

    def watch(self, paths: list[str], since: int) -> None:
        """Watch these and nothing else. What was not watched before counts as changed if it was written after `since` (nanoseconds of the
        clock), when the build began that has named it."""
        old = self.stamps
        self.stamps = {}
        for path in paths:
            known = old.get(path)
            if known is None:
                known = stamp(path)
                if len(known) == 4 and isinstance(known[1], int) and known[1] > since - _SLACK:
                    known = (None,)
            self.stamps[path] = known

    def changes(self) -> list[str]:
        """What is different from the last look."""
        changed = []
        for path, known in self.stamps.items():
            now = stamp(path)
            if now != known:
                self.stamps[path] = now
                changed.append(path)
        return changed


def first_files(inputs: list[str]) -> list[str]:
    """What matters before a build has said what it read: the input, manifests, and sources of its package with their folders."""
    found: list[str] = []
    name = inputs[0] if inputs else ""
    if name and not (name.endswith((*SOURCES, ".toml")) or os.path.isdir(name)):
        name = ""  # a filter of tests
    at = os.path.abspath(name or ".")
    if name and not os.path.isdir(at):
        found.append(at)
        at = os.path.dirname(at)
    while True:
        manifest = os.path.join(at, MANIFEST)
        found.append(manifest)
        if os.path.isfile(manifest):
            for folder, folders, files in os.walk(os.path.join(at, "src")):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                found.append(folder)
                found += [os.path.join(folder, name) for name in sorted(files) if name.endswith(SOURCES)]
            return found
        parent = os.path.dirname(at)
        if parent == at:
            return found
        at = parent


def order(path: str, note: str) -> str:
    """The value of VITTE_WATCH that makes a command `tell`: write to `path`, and begin its line with `note`."""
    return f"{time.monotonic_ns()}\n{path}\n{note}"


def tell(watch: str, outcome: Outcome) -> None:
    """Called by the command when it has built: shows the one line, and writes down how it went and which files matter, all at once."""
    from vitte.driver.options import DriverMode

    start, path, note = watch.split("\n", 2)
    options = outcome.context.options
    what = "failed" if not outcome.ok else "checked" if options.mode is DriverMode.CHECK else "built"
    show_line(note, what, int(start), options.quiet)
    files = [os.path.abspath(name) for name in outcome.built.watched]
    packages = [outcome.context.package] if outcome.context.package is not None else []
    for package in packages:
        packages += [other for other in package.dependencies if other not in packages]
        if package.manifest is not None:
            files.append(os.path.abspath(os.path.join(package.root, MANIFEST)))
    try:
        with open(path + ".new", "wb") as file:
            file.write(b"\0".join([what.encode(), *(os.fsencode(name) for name in dict.fromkeys(files))]))
        os.replace(path + ".new", path)
    except OSError:
        return  # the watcher is gone


def show_line(note: str, what: str, start: int, quiet: bool) -> None:
    """`start`: nanoseconds of the monotonic clock."""
    if not quiet:
        sys.stderr.write(f"[watch] {note}: {what} in {(time.monotonic_ns() - start) / 1e9:.2f} s\n")
        sys.stderr.flush()


def told(path: str) -> tuple[bool, list[str]]:
    """What a build has written down: whether it went well, and its files; nothing when it has not."""
    try:
        with open(path, "rb") as file:
            what, *files = file.read().split(b"\0")
    except OSError:
        return False, []
    return what != b"failed", [os.fsdecode(name) for name in files]


def described(changed: list[str]) -> str:
    """`src/a.vit changed`, with how many more."""
    first = os.path.relpath(changed[0])
    gone = "" if os.path.lexists(changed[0]) else " is gone"
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{first}{more} changed" if more or not gone else f"{first}{gone}"
