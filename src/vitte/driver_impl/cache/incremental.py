"""The incremental cache: entries found by key, artifacts by content. A miss is always allowed, a wrong hit never.

Pure storage, which knows nothing about units. One `IncrementalCache` serves one process (and its forks) for one build:

    lookup   index and journals are loaded when first asked; artifacts are hashed again when read
    put      one line at the end of this process's journal, at once, so a killed build keeps its work
    close    journals are merged into the index when that is worth it; the least recently used is evicted when it is time

Nothing here fails: damage is a miss, a disk that cannot be written means that nothing is kept, and `notices` says so once.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from vitte.driver.error import reason
from vitte.driver.session import LogLevel, LogSink
from vitte.driver_impl.cache.entry import NONE, CacheEntry, CacheKey, Fingerprint, depends_on, named_by
from vitte.driver_impl.cache.index import Index, decode, encode, is_digest, prefix, prefix_of, starting
from vitte.driver_impl.cache.journal import Journal, journals, read_journal
from vitte.driver_impl.cache.layout import create, is_folder, journal_folder
from vitte.driver_impl.cache.merge import merge, read_index
from vitte.driver_impl.cache.objects import Damaged, locate_object, read_object, write_object

__all__ = ["NONE", "CacheEntry", "CacheKey", "Counters", "Fingerprint", "IncrementalCache", "current_entry", "depends_on",
           "with_incremental_cache"]  # fmt: skip

T = TypeVar("T")

SMALL_INDEX = 64 << 10
"""Bytes up to which the index is written anew after every build that found something; a larger one would cost it more than
reading some journals costs the next."""
MANY_JOURNALS = 64
"""Journals that are merged however large the index is: each is opened by every build."""


_OF_ONE_FILE = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EFBIG)
"""What a strange thing in the place of one artifact leads to: others may still be kept."""


class Counters(Struct):
    """`hits`: artifacts handed out whole. `misses`: artifacts that were not there or not whole, and keys without entries.
    `damaged`: artifacts and lines that were not what was written. `written`: artifacts that were new. `entries`: put."""

    hits: int = 0
    misses: int = 0
    damaged: int = 0
    written: int = 0
    entries: int = 0


class IncrementalCache:
    """`mode`: `off` finds and keeps nothing, `read` changes nothing on disk, `on` does both. `folder` "" is `off`."""

    __slots__ = (
        "_created", "_index", "_journal", "_journal_bytes", "_journals", "_loose", "_removed", "_size", "_told",
        "counters", "folder", "log", "mode", "notices",
    )  # fmt: skip

    def __init__(self, folder: str, mode: str = "on", log: LogSink | None = None) -> None:
        self.folder = folder
        self.mode = mode if folder else "off"
        self.log = log
        self.notices: list[str] = []
        self.counters = Counters()
        self._created = False
        self._index: Index | None = None
        self._size = 0
        """Bytes of the index as loaded."""
        self._loose: dict[bytes, set[bytes]] = {}
        """Lines of journals and of this process, by kind, id and fingerprint."""
        self._journal = Journal(journal_folder(folder))
        self._journals = 0
        self._journal_bytes = 0
        self._removed: set[bytes] = set()
        self._told: set[str] = set()

    # Entries

    def entries(self, key: CacheKey, fingerprint: Fingerprint) -> list[CacheEntry]:
        """What is known under a key and fingerprint, in a fixed order; which of them holds now is for the caller to say."""
        found = self._decoded(self._lines(prefix(key.kind, key.id, fingerprint)))
        if not found:
            self.counters.misses += 1
        return found

    def all(self, kind: str = "", id: str = "") -> list[CacheEntry]:
        """All entries, or those of a kind, of an id, of both."""
        start = b"" if not kind else prefix(kind, id) if id else prefix(kind)
        return [entry for entry in self._decoded(self._lines(start)) if not id or entry.key.id == id]

    def put(self, entry: CacheEntry) -> None:
        """Remember an entry, at once. Raises ValueError for what is no entry."""
        line = encode(entry)
        if not self._writable():
            return
        start = prefix_of(line)
        if line in self._lines(start):
            return
        try:
            self._journal.append(line)
        except OSError as error:
            self._give_up(error)
            return
        self._removed.discard(line)
        self._loose.setdefault(start, set()).add(line)
        self._journal_bytes += len(line) + 1
        self.counters.entries += 1

    def invalidate(self, key: CacheKey) -> list[CacheKey]:
        """Remove the entries of `key` and, along dependencies, of whoever depends on it; the keys that went, sorted.
        Removing saves nobody from a wrong hit (keys do): what another process has in its journal may come back."""
        lines = self._lines(b"")
        owners: dict[CacheKey, list[bytes]] = {}
        dependents: dict[str, set[CacheKey]] = {}
        for line in lines:
            entry = decode(line)
            if entry is None:
                continue
            owners.setdefault(entry.key, []).append(line)
            for dependency in entry.dependencies:
                dependents.setdefault(depends_on(dependency), set()).add(entry.key)
        gone: set[CacheKey] = set()
        waiting = [key]
        while waiting:
            at = waiting.pop()
            if at not in gone:
                gone.add(at)
                for name in named_by(at):
                    waiting.extend(dependents.get(name, ()))
        removed = sorted(at for at in gone if at in owners)
        for at in removed:
            self._removed.update(owners[at])
        return removed

    # Artifacts

    def read(self, artifact: Fingerprint) -> bytes | None:
        """An artifact's bytes, hashed again; None when it is missing or damaged (then it was removed)."""
        return self._served(artifact, read_object)

    def locate(self, artifact: Fingerprint) -> str:
        """The path of a whole artifact, hashed again, "" otherwise. The file is read-only, and is kept for an hour at least."""
        return self._served(artifact, locate_object) or ""

    def write(self, data: bytes) -> Fingerprint:
        """Keep some bytes; their digest, "" when they could not be kept."""
        if not self._writable():
            return ""
        try:
            digest, new = write_object(self.folder, data)
        except OSError as error:
            if error.errno in _OF_ONE_FILE:
                self._tell("place", f"an artifact cannot be put into the cache `{self.folder}` ({reason(error)})")
            else:
                self._give_up(error)
            return ""
        self.counters.written += new
        return digest

    def close(self) -> None:
        """Merge journals when that is worth it, evict when it is time. The cache may be used again afterwards."""
        self._journal.close()
        index, self._index = self._index, None
        if index is None or self.mode != "on" or not is_folder(self.folder):
            return
        worth = self._size < SMALL_INDEX or self._journal_bytes > self._size / 4 or self._journals >= MANY_JOURNALS
        if (self._journal_bytes and worth) or self._removed or index.bad:
            removed = self._removed
            try:
                merge(self.folder, (lambda lines: lines - removed) if removed else None)
            except OSError as error:
                if self.counters.entries:
                    self._give_up(error)
                return
        if self.counters.entries:
            from vitte.driver_impl.cache.trim import trim_when_due

            trim_when_due(self.folder)

    # Inside

    def _writable(self) -> bool:
        """Whether something may be kept; the folder is there then."""
        if self.mode != "on":
            return False
        if not self._created:
            self._load()  # which finds out whether another version owns the folder
            if self.mode != "on":
                return False
            try:
                create(self.folder)
            except OSError as error:
                self._give_up(error)
                return False
            self._created = True
        return True

    def _load(self) -> Index:
        """The index, with what journals say in `_loose`."""
        if self._index is not None:
            return self._index
        self._index = index = Index()
        self._loose.clear()
        self._removed = set()
        self._journals = self._journal_bytes = self._size = 0
        if self.mode == "off":
            return index
        # Journals first: what is merged meanwhile is in the index then.
        bad = self._load_journals()
        try:
            index, self._size = read_index(self.folder)
        except OSError as error:
            self._stay_out("unreadable", f"the cache `{self.folder}` cannot be read ({reason(error)}) and is not used")
            return self._index
        if index.foreign:
            self._stay_out("version", f"the cache `{self.folder}` was written by another version of Vitte and is not used")
            return self._index
        bad += index.bad
        if bad:
            self.counters.damaged += bad
            self._tell("index", f"the index of the cache `{self.folder}` was damaged; what could be read is used")
        self._index = index
        return index

    def _load_journals(self) -> int:
        """Put the lines of all journals into `_loose`; how many cannot be read."""
        bad = 0
        for path in journals(journal_folder(self.folder)):
            try:
                journal = read_journal(path)
            except OSError:
                continue
            self._journals += 1
            bad += journal.bad
            for line in journal.lines:
                self._loose.setdefault(prefix_of(line), set()).add(line)
                self._journal_bytes += len(line) + 1
        return bad

    def _stay_out(self, what: str, text: str) -> None:
        """Use nothing of the folder and change nothing in it."""
        self.mode = "off"
        self._loose.clear()
        self._journal_bytes = 0
        self._tell(what, text)

    def _lines(self, start: bytes) -> list[bytes]:
        """All lines that begin with `start` (b"" or whole fields), sorted."""
        index = self._load()
        lines = starting(index.lines, start) if start else index.lines
        if self._loose:
            if start.count(b"|") >= 3:
                more = self._loose.get(start)
            else:
                more = {line for group in self._loose.values() for line in group if line.startswith(start)}
            if more:
                lines = sorted(more.union(lines))
        return [line for line in lines if line not in self._removed] if self._removed else lines

    def _decoded(self, lines: list[bytes]) -> list[CacheEntry]:
        found = []
        for line in lines:
            entry = decode(line)
            if entry is None:
                self.counters.damaged += 1
            else:
                found.append(entry)
        return found

    def _served(self, artifact: Fingerprint, how: Callable[[str, str, bool], T]) -> T | None:
        """What `how` makes of a whole artifact."""
        if self.mode == "off" or not is_digest(artifact):
            return None
        try:
            found = how(self.folder, artifact, self.mode == "on")
        except Damaged:
            self.counters.damaged += 1
            self._tell("artifact", f"an artifact in the cache `{self.folder}` was damaged; it is made again")
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._tell("unreadable", f"an artifact in the cache `{self.folder}` cannot be read ({reason(error)}); it is made again")
        else:
            self.counters.hits += 1
            return found
        self.counters.misses += 1
        return None

    def _give_up(self, error: OSError) -> None:
        """The disk is full, read-only or gone: what is there may still be read."""
        self.mode = "read"
        self._tell("unwritable", f"the cache `{self.folder}` cannot be written ({reason(error)}): this build is not kept")

    def _tell(self, what: str, text: str) -> None:
        """A notice, once for each kind."""
        if what not in self._told:
            self._told.add(what)
            self.notices.append(text)
        if self.log is not None:
            self.log(LogLevel.WARN, "cache", text)


def current_entry(
    cache: IncrementalCache, key: CacheKey, fingerprint: Fingerprint, current: Callable[[tuple[str, ...]], bool]
) -> tuple[CacheEntry, bytes] | None:
    """The two-step lookup: the first entry under `fingerprint` whose dependencies are all `current` and whose artifact is whole,
    with the artifact's bytes."""
    for entry in cache.entries(key, fingerprint):
        if current(entry.dependencies):
            data = b"" if entry.artifact == NONE else cache.read(entry.artifact)
            if data is not None:
                return entry, data
    return None


def with_incremental_cache(
    cache: IncrementalCache,
    key: CacheKey,
    fingerprint: Fingerprint,
    current: Callable[[tuple[str, ...]], bool],
    compute: Callable[[], tuple[bytes, tuple[str, ...]]],
    keep: Callable[[CacheEntry], None] | None = None,
) -> tuple[bytes, tuple[str, ...]]:
    """`current_entry` around a computation, which gives bytes and what they turned out to depend on. What it gave is written, and
    its entry put, or handed to `keep`. The bytes and dependencies, remembered or new; the latter sorted in both cases."""
    found = current_entry(cache, key, fingerprint, current)
    if found is not None:
        return found[1], found[0].dependencies
    data, found_out = compute()
    dependencies = tuple(sorted(set(found_out)))
    artifact = cache.write(data)
    if artifact:
        (keep or cache.put)(CacheEntry(key, fingerprint, artifact, dependencies))
    return data, dependencies
