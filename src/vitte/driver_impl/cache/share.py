"""`vitte cache merge`: taking over what other caches hold, for builds that were spread over machines."""

from __future__ import annotations

from hashlib import sha256

from vitte.driver.upkeep import CacheReport
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.entry import NONE
from vitte.driver_impl.cache.fsck import BUSY, OTHER_VERSION, leads_somewhere
from vitte.driver_impl.cache.index import decode
from vitte.driver_impl.cache.journal import journals, read_journal
from vitte.driver_impl.cache.layout import create, is_cache, journal_folder
from vitte.driver_impl.cache.merge import merge, read_index
from vitte.driver_impl.cache.objects import MAX_OBJECT, object_path, write_object


def all_lines(folder: str) -> tuple[set[bytes], list[str]]:
    """Every line of a cache's index and journals, and what is wrong with them. Raises OSError."""
    index, _ = read_index(folder)
    if index.foreign:
        return set(), [OTHER_VERSION]
    lines = set(index.lines)
    bad = index.bad
    for path in journals(journal_folder(folder)):
        try:
            journal = read_journal(path)
        except OSError:
            continue
        lines.update(journal.lines)
        bad += journal.bad
    return lines, ["the index is damaged"] if bad else []


def merge_from(folder: str, sources: list[str]) -> CacheReport:
    """Make `folder` the union of itself and others, which stay as they are: all entries whose artifacts are whole in any of
    them, with these artifacts. The order of merging does not matter, and merging again changes nothing. Raises OSError."""
    report = CacheReport("merge", folder)
    lines: set[bytes] = set()
    for source in sources:
        if not is_cache(source):
            report.problems.append(f"`{source}` is no cache")
            continue
        found, problems = all_lines(source)
        report.problems += [f"`{source}`: {problem}" for problem in problems]
        lines |= found
    create(folder)
    index, _ = read_index(folder)
    if index.foreign:
        report.problems.append(OTHER_VERSION)
        return report
    wanted = {entry.artifact for entry in map(decode, lines | all_lines(folder)[0]) if entry is not None}
    whole: set[str] = set()
    size = copied = 0
    for artifact in sorted(wanted - {NONE}):
        if _fetched([folder], artifact) is None:
            io.remove(object_path(folder, artifact))  # what is there, if anything, is damaged
            data = _fetched(sources, artifact)
            if data is None:
                continue
            write_object(folder, data)
            copied += 1
            size += len(data)
        whole.add(artifact)
    added = 0

    def change(own: set[bytes]) -> set[bytes]:
        nonlocal added
        good = {line for line in own | lines if leads_somewhere(folder, line, whole)}
        added = len(good - own)
        return good

    if not merge(folder, change):
        report.problems.append(BUSY)
    report.values = {"entries": added, "artifacts": copied, "bytes": size}
    return report


def _fetched(folders: list[str], artifact: str) -> bytes | None:
    """An artifact from the first folder that has it whole."""
    for folder in folders:
        try:
            data = io.read_file(object_path(folder, artifact), MAX_OBJECT)
        except OSError:
            continue
        if sha256(data).hexdigest() == artifact:
            return data
    return None
