"""What processes have found and not yet merged: `journal/<pid>-<random>`, one append-only file each.

A record is one write at the end of the file, so a killed process leaves whole lines and at most one torn one. The writer
holds a lock on its file while it lives: a journal that can be locked is complete, and may be merged and deleted.
"""

from __future__ import annotations

import errno
import os

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.index import HEADER, Index, load_journal
from vitte.driver_impl.cache.layout import listed

MAX_JOURNAL = 1 << 28
"""Bytes; a longer journal is damaged."""
_NAME = frozenset("0123456789abcdef-")


class Journal:
    """This process's journal, made when first written to. A fork has its own."""

    __slots__ = ("_fd", "_pid", "folder")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._fd = -1
        self._pid = 0

    def append(self, line: bytes) -> None:
        """Raises OSError; the journal is of no use after that."""
        if self._fd < 0 or self._pid != os.getpid():
            self._fd = self._create()
            self._pid = os.getpid()
            line = b"%b\n%b" % (HEADER, line)
        io.write_all(self._fd, line + b"\n")

    def _create(self) -> int:
        """A new file under lock. Between making and locking it another process may have taken it for an orphan: then again."""
        problem: OSError | None = None
        for _ in range(3):
            path = f"{self.folder}/{os.getpid()}-{os.urandom(6).hex()}"
            try:
                fd = io.open(path, io.APPEND)
            except FileNotFoundError as error:
                problem = error
                io.make_folder(self.folder)
                continue
            try:
                if not io.lock(fd) or not io.fstat(fd).st_nlink:
                    io.shut(fd)
                    continue
            except OSError:
                pass  # without locks, the process id in the name tells whether the writer lives
            return fd
        raise problem or OSError(errno.EAGAIN, "no journal could be made")

    def close(self) -> None:
        """After this the file is an orphan, to be merged by whoever comes."""
        if self._fd >= 0 and self._pid == os.getpid():
            io.unlock(self._fd)
            io.shut(self._fd)
            self._fd = -1


def journals(folder: str) -> list[str]:
    """Paths of all journals, by name."""
    return [entry.path for entry in listed(folder) if _NAME.issuperset(entry.name)]


def read_journal(path: str) -> Index:
    """Raises OSError."""
    return load_journal(io.read_file(path, MAX_JOURNAL))


class Orphan:
    """A journal whose writer is gone, held so that nobody else merges it at the same time."""

    __slots__ = ("_fd", "index", "path")

    def __init__(self, path: str, fd: int, index: Index) -> None:
        self.path = path
        self._fd = fd
        self.index = index

    def release(self, delete: bool) -> None:
        if delete and os.name == "nt":  # an open file cannot be deleted there
            io.shut(self._fd)
            io.remove(self.path)
            return
        if delete:
            io.remove(self.path)
        io.shut(self._fd)


def adopt(path: str) -> Orphan | None:
    """A journal as an orphan, or None: its writer lives, it cannot be read, or another version wrote it."""
    try:
        fd = io.open(path, io.LOCKFILE & ~os.O_CREAT | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        try:
            free = io.lock(fd)
        except OSError:
            free = not _lives(path)
        if free:
            index = load_journal(io.read_all(fd, MAX_JOURNAL))
            if not index.foreign:
                return Orphan(path, fd, index)
    except OSError:
        pass
    io.shut(fd)
    return None


def _lives(path: str) -> bool:
    """Whether the process lives that is named by a journal, where files cannot be locked."""
    pid = os.path.basename(path).partition("-")[0]
    if os.name == "nt" or not pid.isdecimal() or len(pid) > 9:
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
