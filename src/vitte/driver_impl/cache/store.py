"""The store: one folder of immutable entries named by key. Any damage is a miss; any failure to write is no cache.

    <folder>/ab/<key>.check    interface and diagnostics after checking
    <folder>/ab/<key>.build    the same after building, with the digest of
    <folder>/ab/<key>.o        the object, which the linker reads in place
    <folder>/ab/<key>.ssa      the unit in SSA, for the interpreter
    <folder>/ab/<digest>.head  the imports of a source

An entry begins with the digest of the rest, so a torn or altered file is not believed.
"""

from __future__ import annotations

import os
from hashlib import sha256

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

DEFAULT_LIMIT = 2 << 30
"""Bytes that a store may take before the least recently used entries are deleted."""
_DIGEST = 32


class Head(Struct, array_like=True):
    """What a source says about other modules: (leading dots, segments, span of the `use`, span of its path) each; its `space`."""

    space: str
    uses: list[tuple[int, list[str], int, int]]
    lines: int


class Entry(Struct, array_like=True):
    """A unit's result. `interface` and `diagnostics` are encoded, no diagnostics are no bytes; `object` is the digest of
    the object, "" for none; `links` names the libraries that it wants."""

    module: str
    failed: bool
    interface: bytes
    fingerprint: str
    diagnostics: bytes
    object: str = ""
    links: list[str] = []


_encoder = Encoder()
_entries: Decoder[Entry] = Decoder(Entry)
_heads: Decoder[Head] = Decoder(Head)


def default_folder() -> str:
    """`$XDG_CACHE_HOME/vitte`, else `~/.cache/vitte`; "" when there is no such place."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            return ""
        base = os.path.join(home, ".cache")
    return os.path.join(base, "vitte")


def write_atomic(path: str, data: bytes) -> bool:
    """Write beside the target and rename: readers see all or nothing. False when that was not possible."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        return False
    return True


class Store:
    """`mode`: `off` finds and keeps nothing, `read` keeps nothing, `on` does both. `hits` and `misses` count lookups."""

    __slots__ = ("folder", "hits", "misses", "mode")

    def __init__(self, folder: str, mode: str = "on") -> None:
        self.folder = folder
        self.mode = mode if folder else "off"
        self.hits = 0
        self.misses = 0

    def path(self, key: str, kind: str) -> str:
        return f"{self.folder}/{key[:2]}/{key}.{kind}"

    def _get(self, key: str, kind: str) -> bytes | None:
        if self.mode == "off":
            return None
        try:
            with open(self.path(key, kind), "rb") as file:
                data = file.read()
        except OSError:
            return None
        if sha256(memoryview(data)[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        return data[_DIGEST:]

    def _put(self, key: str, kind: str, data: bytes) -> bool:
        if self.mode != "on":
            return False
        return write_atomic(self.path(key, kind), sha256(data).digest() + data)

    def head(self, key: str) -> Head | None:
        data = self._get(key, "head")
        try:
            return None if data is None else _heads.decode(data)
        except ValueError:
            return None

    def put_head(self, key: str, head: Head) -> None:
        self._put(key, "head", _encoder.encode(head))

    def entry(self, key: str, kind: str) -> Entry | None:
        """A unit's result, or None. Of kind `build` only when its object is there and whole."""
        data = self._get(key, kind)
        try:
            entry = None if data is None else _entries.decode(data)
        except ValueError:
            entry = None
        if entry is not None and entry.object and not self._whole(self.path(key, "o"), entry.object):
            entry = None
        if entry is None:
            self.misses += 1
        else:
            self.hits += 1
        return entry

    def _whole(self, path: str, expected: str) -> bool:
        try:
            with open(path, "rb") as file:
                return sha256(file.read()).hexdigest() == expected
        except OSError:
            return False

    def put(self, key: str, kind: str, entry: Entry) -> bool:
        return self._put(key, kind, _encoder.encode(entry))

    def put_object(self, key: str, data: bytes) -> str:
        """Keep an object; its path, or "" when it could not be kept."""
        if self.mode != "on":
            return ""
        path = self.path(key, "o")
        return path if write_atomic(path, data) else ""

    def put_checked_object(self, key: str, data: bytes) -> str:
        """As `put_object`, for an object that no entry speaks of: its digest is kept beside it."""
        path = self.put_object(key, data)
        return path if path and self._put(key, "sum", sha256(data).hexdigest().encode()) else ""

    def checked_object(self, key: str) -> str:
        """The path of what `put_checked_object` kept, or "" when it is not there or not whole."""
        expected = self._get(key, "sum")
        path = self.path(key, "o")
        return path if expected is not None and self._whole(path, expected.decode()) else ""

    def blob(self, key: str, kind: str) -> bytes | None:
        return self._get(key, kind)

    def put_blob(self, key: str, kind: str, data: bytes) -> None:
        self._put(key, kind, data)


def trim(folder: str, limit: int = DEFAULT_LIMIT) -> int:
    """Delete the least recently used entries of a store above `limit` bytes; how many were deleted.
    Only entries older than an hour are touched: a running build may be about to use the others."""
    import time

    now = time.time()
    found: list[tuple[float, int, str]] = []
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            try:
                info = os.stat(path)
            except OSError:
                continue
            total += info.st_size
            found.append((max(info.st_atime, info.st_mtime), info.st_size, path))
    found.sort()
    deleted = 0
    for used, size, path in found:
        if total <= limit:
            break
        if now - used < 3600:
            continue
        try:
            os.unlink(path)
            total -= size
            deleted += 1
        except OSError:
            pass
    return deleted


def trim_sometimes(folder: str) -> None:
    """`trim`, at most once a day: looking at every entry takes longer than a small build."""
    import time

    stamp = os.path.join(folder, "trimmed")
    try:
        if time.time() - os.stat(stamp).st_mtime < 86400:
            return
    except OSError:
        pass
    if write_atomic(stamp, b""):
        trim(folder)


def clear(folder: str) -> tuple[int, int]:
    """Delete everything in a store that this program put there; (files, bytes) that went."""
    files = size = 0
    for base, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = os.path.join(base, name)
            try:
                size += os.stat(path).st_size
                os.unlink(path)
                files += 1
            except OSError:
                pass
        if base != folder:
            try:
                os.rmdir(base)
            except OSError:
                pass
    return files, size
