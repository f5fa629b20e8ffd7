"""`vitte cache fsck`: every line and every object is looked at, and the bad are removed."""

from __future__ import annotations

from vitte.driver.error import reason
from vitte.driver.upkeep import CacheReport
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.entry import NONE
from vitte.driver_impl.cache.index import decode, is_digest
from vitte.driver_impl.cache.journal import journals, read_journal
from vitte.driver_impl.cache.layout import is_cache, is_own, is_temporary, journal_folder, last_notes, listed, stat_path
from vitte.driver_impl.cache.merge import merge, read_index
from vitte.driver_impl.cache.objects import object_path, scan_objects
from vitte.driver_impl.cache.stat import memo_is_whole

OTHER_VERSION = "the index was written by another version of Vitte and is left alone"
BUSY = "another process is writing the index: it was not touched"


def fsck(folder: str) -> CacheReport:
    """Each problem is one line of the report. Raises OSError when the index cannot be read or written."""
    report = CacheReport("fsck", folder)
    if not is_cache(folder):
        return report
    whole = _check_objects(folder, report.problems)
    _check_memos(folder, whole, report.problems)
    checked = _check_entries(folder, whole, report.problems)
    for entry in listed(folder):
        if entry.name not in ("journal", "objects", "last", "sysroots") and not is_own(entry.name):
            report.notes.append(f"`{entry.path}` is none of the cache's files")
    report.values = {"artifacts": len(whole), "entries": checked}
    return report


def leads_somewhere(folder: str, line: bytes, whole: set[str]) -> bool:
    """Whether a line is one, and its artifact is among `whole` or was written since that was found out."""
    entry = decode(line)
    if entry is None:
        return False
    if entry.artifact == NONE or entry.artifact in whole:
        return True
    try:
        io.stat_of(object_path(folder, entry.artifact))
        return True
    except OSError:
        return False


def _check_objects(folder: str, problems: list[str]) -> set[str]:
    """The digests of the whole ones; the others are removed."""
    whole: set[str] = set()
    kept, strange = scan_objects(folder)
    for found in kept:
        try:
            if io.hash_file(found.path) == found.digest:
                whole.add(found.digest)
                continue
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"artifact {found.digest} cannot be read: {reason(error)}")
            continue
        problems.append(f"artifact {found.digest} is damaged: {_fate(io.remove(found.path))}")
    problems += [f"`{path}` is none of the cache's files: left alone" for path in strange if not is_temporary(path)]
    return whole


def _check_memos(folder: str, whole: set[str], problems: list[str]) -> None:
    for path, artifact in last_notes(folder):
        if not is_digest(artifact):
            problems.append(f"the note `{path}` is damaged: {_fate(io.remove(path))}")
        elif artifact not in whole:
            io.remove(path)
    path = stat_path(folder)
    try:
        if not memo_is_whole(path):
            problems.append(f"the memo of files read is damaged: {_fate(io.remove(path))}")
    except FileNotFoundError:
        pass
    except OSError as error:
        problems.append(f"the memo of files read cannot be read: {reason(error)}")


def _check_entries(folder: str, whole: set[str], problems: list[str]) -> int:
    """Merge what is good; how many entries that are."""
    index, _ = read_index(folder)
    if index.foreign:
        problems.append(OTHER_VERSION)
        return 0
    if index.bad:
        problems.append("the index is damaged: written anew from the lines that can be read")
    for path in journals(journal_folder(folder)):
        try:
            bad = read_journal(path).bad
        except OSError as error:
            problems.append(f"the journal `{path}` cannot be read: {reason(error)}")
            continue
        if bad:
            problems.append(f"the journal `{path}` is damaged: {bad} lines cannot be read")
    lost = left = 0

    def change(lines: set[bytes]) -> set[bytes]:
        nonlocal lost, left
        good = {line for line in lines if leads_somewhere(folder, line, whole)}
        lost, left = len(lines) - len(good), len(good)
        return good

    if not merge(folder, change):
        problems.append(BUSY)
    if lost:
        problems.append(f"{lost} entries lead to no artifact: removed")
    return left


def _fate(removed: bool) -> str:
    return "removed" if removed else "it cannot be removed"
