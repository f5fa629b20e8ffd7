"""Every touch of the disk by the cache, in one place: system calls by name, and the few ways in which they are combined.

Callers say `io.read_file(...)` and the combinations here look their parts up at call time, so a test can put a fault in
the place of any of `CALLS`. Paths are `str`; bytes of a name that are not UTF-8 are surrogates, as everywhere in Python.
Every function may raise OSError. What that means (a miss, uncached) is for the caller to say.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CALLS = (
    "open", "close", "read", "write", "fsync", "rename", "unlink", "mkdir", "rmdir",
    "scandir", "stat_of", "fstat", "chmod", "utime", "lock",
)  # fmt: skip
"""The functions here that stand for one system call each."""

READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""O_NONBLOCK: what should be a file may be a pipe, and opening one would wait for its writer."""
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
APPEND = CREATE | os.O_APPEND
LOCKFILE = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

LOCK_WAIT = 2.0
"""Seconds after which a lock is given up: it only saves work."""
_CHUNK = 1 << 20
_FAR = 1 << 30
"""Windows locks byte ranges and keeps others from reading them; this one is beyond every file's end."""


class NotFit(OSError):
    """What is there is no regular file, or is larger than anything of ours."""


def open(path: str, flags: int, mode: int = 0o600) -> int:
    return os.open(path, flags, mode)


def close(fd: int) -> None:
    os.close(fd)


def read(fd: int, count: int) -> bytes:
    return os.read(fd, count)


def write(fd: int, data: bytes | memoryview) -> int:
    """How many bytes were written, which may be fewer."""
    return os.write(fd, data)


def fsync(fd: int) -> None:
    os.fsync(fd)


def rename(source: str, target: str) -> None:
    os.replace(source, target)


def unlink(path: str) -> None:
    os.unlink(path)


def mkdir(path: str, mode: int) -> None:
    os.mkdir(path, mode)


def rmdir(path: str) -> None:
    os.rmdir(path)


def scandir(path: str) -> list[os.DirEntry[str]]:
    """What is in a folder, by name."""
    with os.scandir(path) as found:
        return sorted(found, key=lambda entry: entry.name)


def stat_of(path: str) -> os.stat_result:
    """Of what the path names; of a symbolic link, of what it leads to."""
    return os.stat(path)


def fstat(fd: int) -> os.stat_result:
    return os.fstat(fd)


def chmod(path: str, mode: int) -> None:
    os.chmod(path, mode)


def utime(path: str) -> None:
    """Mark as used now."""
    os.utime(path)


def lock(fd: int) -> bool:
    """Lock an open file for this process without waiting. False: another process has it.
    Raises OSError where files cannot be locked. The lock ends with the process."""
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _windows_lock(fd, True)
    except (BlockingIOError, PermissionError):
        return False
    return True


def unlock(fd: int) -> None:
    """Also for copies of the descriptor that forked processes hold."""
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_UN)
        else:
            _windows_lock(fd, False)
    except OSError:
        pass


def _windows_lock(fd: int, on: bool) -> None:
    import msvcrt

    os.lseek(fd, _FAR, os.SEEK_SET)
    msvcrt.locking(fd, msvcrt.LK_NBLCK if on else msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]


def shut(fd: int) -> None:
    """Close what nothing depends on any more."""
    try:
        close(fd)
    except OSError:
        pass


def remove(path: str) -> bool:
    """Delete a file if that is possible; whether it was."""
    try:
        unlink(path)
        return True
    except PermissionError:
        if os.name != "nt":
            return False
    except OSError:
        return False
    try:  # Windows does not delete read-only files
        chmod(path, 0o600)
        unlink(path)
        return True
    except OSError:
        return False


def read_all(fd: int, limit: int) -> bytes:
    """The rest of a regular file of at most `limit` bytes. Raises `NotFit` for anything else."""
    info = fstat(fd)
    if not stat.S_ISREG(info.st_mode) or info.st_size > limit:
        raise NotFit(errno.EFBIG, "not a file of a fit size")
    first = read(fd, info.st_size + 1)
    if not first:
        return first
    chunks = [first]
    total = len(first)
    while chunk := read(fd, _CHUNK):
        chunks.append(chunk)
        total += len(chunk)
        if total > limit:
            raise NotFit(errno.EFBIG, "the file grows")
    return first if len(chunks) == 1 else b"".join(chunks)


def read_file(path: str, limit: int) -> bytes:
    """All of a regular file of at most `limit` bytes."""
    fd = open(path, READ)
    try:
        return read_all(fd, limit)
    finally:
        shut(fd)


def hash_file(path: str) -> str:
    """SHA-256 of a regular file's content, in bounded memory."""
    fd = open(path, READ)
    try:
        if not stat.S_ISREG(fstat(fd).st_mode):
            raise NotFit(errno.EINVAL, "not a file")
        state = sha256()
        while chunk := read(fd, _CHUNK):
            state.update(chunk)
        return state.hexdigest()
    finally:
        shut(fd)


def write_all(fd: int, data: bytes) -> None:
    """All of `data`, in one call unless the system takes it in parts."""
    done = write(fd, data)
    while done < len(data):
        step = write(fd, memoryview(data)[done:])
        if step <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done += step


def unique(path: str) -> str:
    """A name beside `path` that no other process uses."""
    return f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"


def write_file(path: str, data: bytes, mode: int = 0o600, durable: bool = False) -> None:
    """Write beside the target and rename: readers see all or nothing. Missing folders are made, again when they are deleted
    meanwhile. `durable`: also a power cut leaves all or nothing."""
    for left in (2, 1, 0):
        try:
            _replace(path, data, mode, durable)
            break
        except FileNotFoundError:
            if not left:
                raise
            make_folder(os.path.dirname(path))
    if durable:
        sync_folder(os.path.dirname(path))


def _replace(path: str, data: bytes, mode: int, durable: bool) -> None:
    temporary = unique(path)
    fd = open(temporary, CREATE, mode)
    try:
        try:
            write_all(fd, data)
            if durable:
                fsync(fd)
        finally:
            close(fd)
        rename(temporary, path)
    except BaseException:
        remove(temporary)
        raise


def sync_folder(path: str) -> None:
    """Make renames in a folder last, where the system can say so; what is lost otherwise is only work."""
    if os.name == "nt":
        return
    try:
        fd = open(path, READ)
    except OSError:
        return
    try:
        fsync(fd)
    except OSError:
        pass
    finally:
        shut(fd)


def make_folder(path: str, parents: int = 0o700) -> None:
    """A folder for this user only, and those above it with the mode `parents`."""
    _make_folder(path, 0o700, parents)


def _make_folder(path: str, mode: int, parents: int) -> None:
    try:
        mkdir(path, mode)
    except FileExistsError:
        return
    except FileNotFoundError:
        parent = os.path.dirname(path)
        if parent == path or not parent:
            raise
        _make_folder(parent, parents, parents)
        _make_folder(path, mode, parents)


@contextmanager
def locked(path: str, wait: float = LOCK_WAIT) -> Iterator[bool]:
    """Hold the lock file `path` for a block. The value is False when another process held it for `wait` seconds; True
    also where files cannot be locked. Raises OSError when the lock file cannot be made."""
    fd = open(path, LOCKFILE)
    try:
        yield _acquired(fd, time.monotonic() + wait)
    finally:
        unlock(fd)
        shut(fd)


def _acquired(fd: int, until: float) -> bool:
    pause = 0.001
    while True:
        try:
            if lock(fd):
                return True
        except OSError:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
