"""Bringing journals into the index: a set union, under a lock that only saves work.

Whoever merges reads the index again, adds the journals whose writers are gone, and replaces the file as a whole.
A process that is killed meanwhile leaves the old index and all journals.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.index import Index, dump, load, united
from vitte.driver_impl.cache.journal import Orphan, adopt, journals
from vitte.driver_impl.cache.layout import index_path, journal_folder, lock_path

MAX_INDEX = 1 << 29
"""Bytes; a larger index is damaged."""


def read_index(folder: str) -> tuple[Index, int]:
    """The index and its size in bytes; an empty one when there is none, and when something else is in its place, which counts
    as damage. Raises OSError when it is there and cannot be read."""
    try:
        data = io.read_file(index_path(folder), MAX_INDEX)
    except (FileNotFoundError, NotADirectoryError):
        return Index(), 0
    except io.NotFit:
        return Index(bad=1), 0
    return load(data), len(data)


def merge(folder: str, change: Callable[[set[bytes]], set[bytes]] | None = None) -> bool:
    """Write an index of what is there and in orphaned journals, after `change`; False when another process was at it or
    another version wrote it. Raises OSError when it cannot be written; then nothing is lost."""
    with io.locked(lock_path(folder)) as alone:
        if not alone:
            return False
        index, _ = read_index(folder)
        if index.foreign:
            return False
        orphans: list[Orphan] = []
        written = False
        try:
            for path in journals(journal_folder(folder)):
                orphan = adopt(path)
                if orphan is not None:
                    orphans.append(orphan)
            lines = united(index.lines, [line for orphan in orphans for line in orphan.index.lines])
            if change is not None:
                lines = sorted(change(set(lines)))
            if index.bad or lines != index.lines:
                io.write_file(index_path(folder), dump(lines), durable=True)
            written = True
        finally:
            for orphan in orphans:
                orphan.release(delete=written)
    return True
