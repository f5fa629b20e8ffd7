"""What `vitte cache` does to a folder, by name."""

from __future__ import annotations

from vitte.driver.error import DriverError, reason
from vitte.driver.upkeep import CacheReport
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.index import decode
from vitte.driver_impl.cache.journal import journals
from vitte.driver_impl.cache.layout import index_path, is_cache, is_own, is_temporary, journal_folder, last_folder, last_notes, listed
from vitte.driver_impl.cache.objects import scan_objects


def upkeep(action: str, folder: str, sources: list[str], limit: int) -> CacheReport:
    """`action`: `stats`, `fsck`, `gc` (to at most `limit` bytes, negative for the usual budget), `merge` (from `sources`),
    `clear`. Raises `DriverError` when the disk does not allow it."""
    try:
        if action == "stats":
            return stats(folder)
        if action == "clear":
            return clear(folder)
        if action == "gc":
            return gc(folder, limit)
        if action == "merge":
            from vitte.driver_impl.cache.share import merge_from

            return merge_from(folder, sources)
        from vitte.driver_impl.cache.fsck import fsck

        return fsck(folder)
    except OSError as error:
        raise DriverError(f"`vitte cache {action}` of `{folder}`: {reason(error)}", status=1) from None


def stats(folder: str) -> CacheReport:
    """What is in a cache, by its own account. Raises OSError."""
    from vitte.driver_impl.cache.share import all_lines

    report = CacheReport("stats", folder)
    if not is_cache(folder):
        return report
    lines, report.problems = all_lines(folder)
    entries = [entry for entry in map(decode, lines) if entry is not None]
    for kind in sorted(entry.key.kind for entry in entries):
        report.kinds[kind] = report.kinds.get(kind, 0) + 1
    kept, _ = scan_objects(folder)
    report.values = {
        "entries": len(entries),
        "artifacts": len(kept),
        "bytes": sum(found.size for found in kept),
        "journals": len(journals(journal_folder(folder))),
        "index_bytes": _size(index_path(folder)),
    }
    return report


def gc(folder: str, limit: int) -> CacheReport:
    """Evict the least recently used. Raises OSError."""
    from vitte.driver_impl.cache.trim import budget, trim

    report = CacheReport("gc", folder)
    if is_cache(folder):
        done = trim(folder, budget() if limit < 0 else limit)
        report.values = {"artifacts": done.objects, "bytes": done.bytes, "entries": done.lines,
                         "artifacts_left": done.left_objects, "bytes_left": done.left_bytes}  # fmt: skip
    return report


def clear(folder: str) -> CacheReport:
    """Delete a cache: its own files, and then the folders that are empty."""
    report = CacheReport("clear", folder)
    kept, strange = scan_objects(folder)
    doomed = [found.path for found in kept] + journals(journal_folder(folder)) + [path for path in strange if is_temporary(path)]
    doomed += [path for path, _ in last_notes(folder)]
    doomed += [entry.path for entry in listed(last_folder(folder)) if is_temporary(entry.name)]
    doomed += [entry.path for entry in listed(folder) if is_own(entry.name)]
    files = size = 0
    for path in doomed:
        length = _size(path)
        if io.remove(path):
            files += 1
            size += length
    parts = [entry.path for entry in listed(f"{folder}/objects")]
    for path in (*parts, f"{folder}/objects", journal_folder(folder), last_folder(folder), folder):
        try:
            io.rmdir(path)
        except OSError:
            pass
    report.values = {"files": files, "bytes": size}
    return report


def _size(path: str) -> int:
    try:
        return io.stat_of(path).st_size
    except OSError:
        return 0
