"""Eviction: the least recently used artifacts go when a cache is over its budget, and lines that lead nowhere with them.

Nothing that was used within `SPARE` seconds is touched, so a running build keeps what it has found. Uses are marked to within
`objects.MARK` seconds, which is less. A build that loses something nevertheless has a miss, as always.
"""

from __future__ import annotations

import os
import time

from msgspec import Struct

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.entry import NONE
from vitte.driver_impl.cache.index import decode, prefix_of
from vitte.driver_impl.cache.layout import is_compiler_memo, is_temporary, last_folder, last_notes, listed, trimmed_path
from vitte.driver_impl.cache.merge import merge
from vitte.driver_impl.cache.objects import Kept, object_path, scan_objects

BUDGET = 2 << 30
"""Bytes of artifacts that a cache may hold, unless VITTE_CACHE_SIZE says otherwise."""
INDEX_BUDGET = 64 << 20
"""Bytes of lines: an index is read as a whole by every build."""
TIMELESS = 4 << 20
"""Bytes of lines without an artifact that are kept however few others there are."""
CANDIDATES = 16
"""Entries kept under one key and fingerprint: each is compared when the key is looked up."""
SPARE = 90 * 60
INTERVAL = 86_400
"""Seconds between two evictions that nobody asked for."""
OLD = 30 * INTERVAL
"""Seconds after which what the memo of the compiler's identity saves is found out again."""
_UNITS = {"K": 10, "M": 20, "G": 30}


class Trimmed(Struct):
    """What went: artifacts and their bytes, lines; what is left."""

    objects: int = 0
    bytes: int = 0
    lines: int = 0
    left_objects: int = 0
    left_bytes: int = 0


def parse_size(text: str) -> int | None:
    """Bytes as a number with K, M or G, None for what is no size."""
    shift = _UNITS.get(text[-1:].upper(), 0)
    digits = text[:-1] if shift else text
    return int(digits) << shift if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def budget() -> int:
    size = parse_size(os.environ.get("VITTE_CACHE_SIZE", ""))
    return BUDGET if size is None else size


def trim_when_due(folder: str) -> None:
    """`trim`, at most once a day and not on a cache's first. One `stat` says whether it is time."""
    stamp = trimmed_path(folder)
    try:
        last = io.stat_of(stamp).st_mtime
    except OSError:
        last = None
    if last is not None and 0 <= time.time() - last < INTERVAL:
        return
    try:
        io.write_file(stamp, b"")
        if last is not None:
            trim(folder, budget())
    except OSError:
        pass


def trim(folder: str, limit: int) -> Trimmed:
    """Evict until the artifacts take at most `limit` bytes, if that can be done sparing what was used lately.
    Raises OSError when the index cannot be written."""
    now = time.time()
    kept, strange = scan_objects(folder)
    for path in strange:
        _remove_leftover(path, now)
    for entry in (*listed(folder), *listed(last_folder(folder))):
        _remove_leftover(entry.path, now)
    result = Trimmed(left_objects=len(kept), left_bytes=sum(found.size for found in kept))
    # A time far in the future is of a clock that was wrong, and says nothing.
    kept.sort(key=lambda found: (found.used if found.used < now + INTERVAL else 0.0, found.digest))
    left = {found.digest: found.used for found in kept}
    for found in kept:
        if result.left_bytes <= limit or 0 <= now - found.used < SPARE:
            break
        if _evict(found, now):
            del left[found.digest]
            result.objects += 1
            result.bytes += found.size
            result.left_objects -= 1
            result.left_bytes -= found.size

    for path, artifact in last_notes(folder):
        if artifact not in left:
            io.remove(path)

    def change(lines: set[bytes]) -> set[bytes]:
        good = worth_keeping(folder, lines, left, now)
        result.lines = len(lines) - len(good)
        return good

    merge(folder, change)
    return result


def worth_keeping(folder: str, lines: set[bytes], used: dict[str, float], now: float) -> set[bytes]:
    """The lines that may lead to something. `used`: artifacts that are there, by digest.

    Dropped are: lines whose artifact is gone; the least recently used of too many under one key, and of what is beyond
    `INDEX_BUDGET`. Lines without an artifact say nothing of their use: when they outgrow the others, all go.
    """
    groups: dict[bytes, list[tuple[float, bytes]]] = {}
    timeless: list[bytes] = []
    for line in lines:
        entry = decode(line)
        if entry is None:
            continue
        if entry.artifact == NONE:
            timeless.append(line)
            continue
        when = used.get(entry.artifact)
        if when is None:
            try:  # it may have been written since
                when = io.stat_of(object_path(folder, entry.artifact)).st_mtime
            except OSError:
                continue
        groups.setdefault(prefix_of(line), []).append((when, line))
    ranked: list[tuple[float, bytes]] = []
    for group in groups.values():
        group.sort(reverse=True)
        ranked += group[:CANDIDATES]
    ranked.sort(reverse=True)
    good: set[bytes] = set()
    size = 0
    for _, line in ranked:
        size += len(line) + 1
        if size > INDEX_BUDGET:
            break
        good.add(line)
    if sum(map(len, timeless)) <= max(size, TIMELESS):
        good.update(timeless)
    return good


def _evict(found: Kept, now: float) -> bool:
    """Delete an object unless it has been used since it was looked at."""
    try:
        if io.stat_of(found.path).st_mtime != found.used:
            return False
    except OSError:
        return False
    return io.remove(found.path)


def _remove_leftover(path: str, now: float) -> None:
    """Delete a temporary file of a process that was killed, or an old memo."""
    name = os.path.basename(path)
    limit = SPARE if is_temporary(name) else OLD if is_compiler_memo(name) else None
    try:
        if limit is not None and now - io.stat_of(path).st_mtime > limit:
            io.remove(path)
    except OSError:
        pass
