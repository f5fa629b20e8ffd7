"""Artifacts: immutable, read-only files named by the SHA-256 of their content, `objects/a/<the other 63 digits>`.

Sixteen folders, since a new folder costs more than a file, and file systems of today look up a name among thousands as fast as among tens.

Reading hashes again, so a missing, torn or altered file is found and never believed. A file's modification time says when
it was last used, to within `MARK` seconds: content needs no time, and eviction does.
"""

from __future__ import annotations

import errno
import os
import time
from hashlib import sha256

from msgspec import Struct

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.index import is_digest
from vitte.driver_impl.cache.layout import listed

MARK = 30 * 60
"""Seconds after which another use is marked."""
MAX_OBJECT = 1 << 31
"""Bytes; larger artifacts are not kept."""
_READ_ONLY = 0o444


class Damaged(Exception):
    """The object is there and is not what its name says; it was removed if that was allowed."""


def object_path(folder: str, digest: str) -> str:
    """Raises ValueError for what is no digest: no record can name a place outside."""
    if not is_digest(digest):
        raise ValueError("not a digest")
    return f"{folder}/objects/{digest[0]}/{digest[1:]}"


def read_object(folder: str, digest: str, writable: bool) -> bytes:
    """Raises OSError when it is not there, `Damaged`."""
    path = object_path(folder, digest)
    data = io.read_file(path, MAX_OBJECT)
    if sha256(data).hexdigest() != digest:
        _reject(path, writable)
    if writable:
        mark(path)
    return data


def locate_object(folder: str, digest: str, writable: bool) -> str:
    """The path of a whole object. Raises OSError when it is not there, `Damaged`."""
    path = object_path(folder, digest)
    if io.hash_file(path) != digest:
        _reject(path, writable)
    if writable:
        mark(path)
    return path


def write_object(folder: str, data: bytes) -> tuple[str, bool]:
    """Keep some bytes: their digest, and whether they are new. Raises OSError when they cannot be kept."""
    digest = sha256(data).hexdigest()
    path = object_path(folder, digest)
    try:
        if io.stat_of(path).st_size == len(data):
            mark(path)
            return digest, False
    except OSError:
        pass
    if len(data) > MAX_OBJECT:
        raise io.NotFit(errno.EFBIG, "the artifact is too large")
    io.write_file(path, data, _READ_ONLY)
    return digest, True


def mark(path: str) -> None:
    """Note that an object is used, unless that was noted lately."""
    try:
        if not 0 <= time.time() - io.stat_of(path).st_mtime < MARK:
            io.utime(path)
    except OSError:
        pass


def _reject(path: str, writable: bool) -> None:
    if writable:
        io.remove(path)
    raise Damaged(os.path.basename(path))


class Kept(Struct):
    """An object on disk: its size in bytes, and when it was last used, in seconds since 1970."""

    digest: str
    path: str
    size: int
    used: float


def scan_objects(folder: str) -> tuple[list[Kept], list[str]]:
    """All objects, by digest, and the paths of whatever else is among them. What cannot be looked at is left out."""
    kept: list[Kept] = []
    strange: list[str] = []
    for part in listed(f"{folder}/objects"):
        if not part.is_dir(follow_symlinks=False):
            strange.append(part.path)
            continue
        for entry in listed(part.path):
            digest = part.name + entry.name
            if len(part.name) != 1 or not is_digest(digest):
                strange.append(entry.path)
                continue
            try:
                info = io.stat_of(entry.path)
            except OSError:
                continue
            kept.append(Kept(digest, entry.path, info.st_size, info.st_mtime))
    return kept, strange
