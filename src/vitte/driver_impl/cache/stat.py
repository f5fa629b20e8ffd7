"""`stat.vitte`: a memo of files that were read before, so that unchanged ones need not be read again. Never truth.

    vitte-stat 1 <when it was written>
    <path>|<size> <mtime> <ctime> <inode> <sha256 of the content>
    <path>|- <mtime> <ctime> <inode> <sha256 of the listing, or ->        a folder
    end <count> <sha256>

Times are nanoseconds, paths are escaped as in the index. The memo belongs to one machine; any damage makes it empty.

An entry is believed when size, times and inode are what they were. That misses an edit only when it left all four alone: of
the same size, and so soon after the reading that the clock of file times had not moved on ("racily clean", as in Git's index,
see its `racy-git.txt`). So an entry counts only when the file had been left alone for a moment before it was read. Where the
third time is not that of the last change (Windows), nothing is believed.
"""

from __future__ import annotations

import os
import stat
import time
from hashlib import sha256

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.entry import NONE
from vitte.driver_impl.cache.index import escape, is_digest
from vitte.driver_impl.cache.layout import create

WINDOW = 20_000_000
"""Nanoseconds in which file times may stand still: twice the longest tick of a kernel clock."""
COARSE_WINDOW = 2_000_000_000
"""The same where times are whole seconds, or two as on FAT."""
MAX_MEMO = 1 << 28
MAX_ENTRIES = 100_000
"""Entries above which those not seen by this process are forgotten."""
_HEADER = "vitte-stat 1"


class StatMemo:
    """Paths are as the caller spells them: absolute, unless all users of the memo stand in one folder."""

    __slots__ = ("_before", "_changed", "_facts", "_kept", "_seen", "_since", "_young", "path")

    def __init__(self, path: str, kept: bool = True) -> None:
        """`path` "" is a memo of this process alone; `kept`: whether what is new in it is written."""
        self.path = path
        self._kept = kept
        self._since = time.time_ns()
        """A moment before every reading that this process will tell about."""
        self._facts: dict[str, str] = {}
        """By escaped path, what follows `|` in the file."""
        self._young: dict[str, str] = {}
        """Paths of what was learnt, and cannot be believed yet, by escaped path."""
        self._seen: set[str] = set()
        self._changed = False
        self._before = ""
        """State of the memo's file when it was loaded."""
        if path and os.name != "nt":
            self._facts, self._before = _load(path, self._since)

    # Files

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file's content without reading it, at the price of one `stat`; None: it must be read."""
        name = escape(path)
        known = self._facts.get(name)
        if known is None:
            return None
        try:
            info = io.stat_of(path)
        except OSError:
            return None
        return self._held(name, known, _file_facts(info), info)

    def known(self, path: str, info: os.stat_result) -> str | None:
        """As `digest`, for a caller who has looked at the file already."""
        name = escape(path)
        known = self._facts.get(name)
        return None if known is None else self._held(name, known, _file_facts(info), info)

    def learn(self, path: str, info: os.stat_result, digest: str, since: int | None = None) -> None:
        """Remember a file that was read. `info`: of the open file before reading it, and the same afterwards. `since`: a
        moment (ns of the wall clock) before the reading began, when the memo is older than that reading by much."""
        if stat.S_ISREG(info.st_mode) and is_digest(digest):
            self._learn(path, _file_facts(info) + digest, info, since)

    # Folders

    def folder(self, path: str) -> str | None:
        """A digest of what is in a folder, names and kinds, by one `stat` when it did not change. None when there is no
        such folder, or when it has symbolic links: what these lead to may change without the folder."""
        try:
            info = io.stat_of(path)
        except OSError:
            return None
        name = escape(path)
        known = self._facts.get(name)
        held = None if known is None else self._held(name, known, _folder_facts(info), info)
        if held is not None and held != NONE:
            return held
        since = time.time_ns()
        try:
            found = io.scandir(path)
            after = io.stat_of(path)
            listing = []
            for entry in found:
                if entry.is_symlink():
                    return None
                kind = "d" if entry.is_dir(follow_symlinks=False) else "f" if entry.is_file(follow_symlinks=False) else "?"
                listing.append(f"{kind} {escape(entry.name)}\n")
        except OSError:
            return None
        digest = sha256("".join(listing).encode()).hexdigest()
        if _folder_facts(after) == _folder_facts(info):
            self._learn(path, _folder_facts(info) + digest, info, since)
        return digest

    def learn_folder(self, path: str, info: os.stat_result, since: int | None = None) -> None:
        """Remember the state of a folder, as of `info` from before it was looked into."""
        if stat.S_ISDIR(info.st_mode) and self._facts.get(escape(path), "")[:-64] != _folder_facts(info):
            self._learn(path, _folder_facts(info) + NONE, info, since)

    def folder_unchanged(self, path: str) -> bool:
        """Whether a folder's names are what they were when any process learnt about it last. What was found out at another
        time is not proven by that: for facts that outlive the process compare `folder`."""
        name = escape(path)
        known = self._facts.get(name)
        if known is None:
            return False
        try:
            info = io.stat_of(path)
        except OSError:
            return False
        return self._held(name, known, _folder_facts(info), info) is not None

    # Keeping

    def settle(self) -> None:
        """Look again at what was too young to be believed, and is no longer: for the next process."""
        if not self._kept:
            return
        young, self._young = self._young, {}
        for name, path in young.items():
            since = time.time_ns()
            try:
                fd = io.open(path, io.READ)
            except OSError:
                continue
            try:
                info = io.fstat(fd)
                if stat.S_ISREG(info.st_mode) and _aged(info, since):
                    digest = sha256(io.read_all(fd, MAX_MEMO)).hexdigest()
                    if _file_facts(io.fstat(fd)) == _file_facts(info):
                        self._facts[name] = _file_facts(info) + digest
                        self._seen.add(name)
                        self._changed = True
                elif stat.S_ISDIR(info.st_mode):
                    self.folder(path)
            except OSError:
                pass
            finally:
                io.shut(fd)

    def save(self) -> None:
        """Write the memo when there is something new; that it cannot be written does not matter."""
        if not self._changed or not self._kept or not self.path or os.name == "nt":
            return
        self._changed = False
        facts = self._facts
        try:
            if _state(self.path) != self._before:  # another process wrote it meanwhile: keep what it learnt
                facts = {**_load(self.path, time.time_ns())[0], **facts}
            if len(facts) > MAX_ENTRIES:
                facts = {name: fact for name, fact in facts.items() if name in self._seen}
            create(os.path.dirname(self.path))
            io.write_file(self.path, _dump(facts))
            self._before = _state(self.path)
        except OSError:
            pass

    # Inside

    def _held(self, name: str, known: str, facts: str, info: os.stat_result) -> str | None:
        if known.startswith(facts) and info.st_ctime_ns <= time.time_ns():
            self._seen.add(name)
            return known[len(facts) :]
        return None

    def _learn(self, path: str, facts: str, info: os.stat_result, since: int | None) -> None:
        name = escape(path)
        if _aged(info, self._since if since is None else since):
            self._seen.add(name)
            if self._facts.get(name) != facts:
                self._facts[name] = facts
                self._changed = True
        else:
            self._young[name] = path
            if self._facts.pop(name, None) is not None:
                self._changed = True


def _file_facts(info: os.stat_result) -> str:
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino} "


def _folder_facts(info: os.stat_result) -> str:
    return f"- {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino} " if stat.S_ISDIR(info.st_mode) else "?"


def _aged(info: os.stat_result, since: int) -> bool:
    """Whether a file had been left alone for so long before `since` that a later change shows in its times."""
    coarse = info.st_mtime_ns % 1_000_000_000 == 0 and info.st_ctime_ns % 1_000_000_000 == 0
    return max(info.st_ctime_ns, info.st_mtime_ns) + (COARSE_WINDOW if coarse else WINDOW) < since


def _state(path: str) -> str:
    try:
        return _file_facts(io.stat_of(path))
    except OSError:
        return ""


def _dump(facts: dict[str, str]) -> bytes:
    lines = [f"{name}|{facts[name]}\n" for name in sorted(facts)]
    body = f"{_HEADER} {time.time_ns()}\n{''.join(lines)}".encode("ascii")
    return b"%bend %d %b\n" % (body, len(lines), sha256(body).hexdigest().encode())


def _load(path: str, now: int) -> tuple[dict[str, str], str]:
    """A memo's entries, and the state of its file. Empty when it is not whole, or from the future: then the clock was set
    back, and times do not tell what came first."""
    state = _state(path)
    try:
        written, facts = _parse(io.read_file(path, MAX_MEMO))
    except (OSError, ValueError):
        return {}, state
    return facts if written <= now else {}, state


def _parse(data: bytes) -> tuple[int, dict[str, str]]:
    """When a memo was written, and its entries. Raises ValueError for what is none."""
    end = data.rfind(b"\nend ") + 1
    first, _, _ = data.partition(b"\n")
    name, _, written = first.rpartition(b" ")
    if end <= 0 or name != _HEADER.encode() or not written.isdigit() or len(written) > 20:
        raise ValueError("not a memo")
    # Each line has one `|`: names and facts take turns.
    parts = data[len(first) + 1 : end].decode("ascii", "replace").replace("|", "\n").split("\n")
    count = len(parts) // 2
    if data[end:] != b"end %d %b\n" % (count, sha256(memoryview(data)[:end]).hexdigest().encode()):
        raise ValueError("damaged")
    return int(written), dict(zip(parts[::2], parts[1::2]))


def memo_is_whole(path: str) -> bool:
    """Whether a memo is as it was written. Raises OSError when it cannot be read."""
    try:
        _parse(io.read_file(path, MAX_MEMO))
        return True
    except ValueError:
        return False
