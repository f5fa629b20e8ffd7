"""Whole builds remembered: when every source is what it was and nothing that was looked for has appeared, the result is that of then.

A plan lists the sources of a build with their digests, the files that imports were looked for in and that were not there, and
what came out. It makes "nothing to do" one `stat` per source, without opening any, and serves a fresh checkout with a
restored cache as well, where each source is read once. Plans name files relative to the package's folder, so both may move.

The plan of the last build with the same key is tried first: a note says which that was. The note saves reading the index,
and nothing else: a plan says itself what it is the plan of.
"""

from __future__ import annotations

import os

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey, IncrementalCache
from vitte.driver_impl.cache.index import is_fingerprint
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.files import read_source

_MOST = 4
"""How many plans with one key are tried: going back and forth between branches leaves several."""


class Plan(Struct, array_like=True):
    """`text`: of the key. `sources`: (path, shown path, digest) outside `std`. `absent`: (folder, digest of its listing or "" when there
    was no such folder, names of no file in it). Paths are relative to the build's base folder. `image`: artifact with the linked
    program, "" when none was wanted or there were errors. `space`: of a single file that says one of several parts, and `fits`: whether its
    path ended in it, which says where its imports are. `beside`: what else was made, by path from the image's folder, with its artifact."""

    text: str
    sources: list[tuple[str, str, str]]
    absent: list[tuple[str, str, list[str]]]
    failed: bool
    diagnostics: bytes
    image: str
    units: int
    lines: int
    space: str = ""
    fits: bool = False
    beside: list[tuple[str, str]] = []


_encoder = Encoder()
_decoder: Decoder[Plan] = Decoder(Plan)


class Planner:
    """Finds and keeps the plan of one build. `base`: absolute path of the folder that paths are relative to; `text`: all that
    the result depends on besides the sources."""

    def __init__(self, cache: IncrementalCache, memo: StatMemo, name: str, base: str, text: str) -> None:
        self.cache = cache
        self.memo = memo
        self.base = base
        self.text = text
        self.key = CacheKey("plan", name)
        self.fingerprint = digest(text.encode("utf-8", "surrogatepass"))
        self.note = os.path.join(cache.folder, "last", self.fingerprint[:32])
        self._digests: dict[str, str] = {}

    def find(self) -> Plan | None:
        """The plan that holds today, if there is one."""
        last = self._last()
        if last:
            plan = self._open(last)
            if plan is not None and self._holds(plan):
                return plan
        for entry in self.cache.entries(self.key, self.fingerprint)[:_MOST]:
            if entry.artifact != last:
                plan = self._open(entry.artifact)
                if plan is not None and self._holds(plan):
                    self._write_last(entry.artifact)
                    return plan
        return None

    def keep(self, plan: Plan) -> None:
        artifact = self.cache.write(_encoder.encode(plan))
        if artifact:
            self.cache.put(CacheEntry(self.key, self.fingerprint, artifact))
            self._write_last(artifact)

    def _open(self, artifact: str) -> Plan | None:
        data = self.cache.read(artifact)
        try:
            plan = _decoder.decode(data) if data is not None else None
        except ValueError:
            return None
        return plan if plan is not None and plan.text == self.text else None

    def _holds(self, plan: Plan) -> bool:
        base = self.base + os.sep
        if plan.space and fits(base + plan.sources[0][0], plan.space) != plan.fits:
            return False
        known, digest_of = self._digests, self.memo.digest
        for relative, display, expected in plan.sources:
            found = known.get(relative)
            if found is None:
                path = base + relative
                found = known[relative] = digest_of(path) or self._read(path, display)
            if found != expected:
                return False
        return self._all_apart(plan) and self._still_absent(plan.absent)

    def _all_apart(self, plan: Plan) -> bool:
        """Whether sources of one content are still files of their own, as they were: a link to another module is that module."""
        by_digest: dict[str, list[str]] = {}
        if len({found for _, _, found in plan.sources}) < len(plan.sources):
            for relative, _, found in plan.sources:
                by_digest.setdefault(found, []).append(relative)
        return all(
            len(same) == 1 or len({os.path.realpath(os.path.join(self.base, relative)) for relative in same}) == len(same)
            for same in by_digest.values()
        )

    def _read(self, path: str, display: str) -> str:
        """The digest of a file that is not known, or "" when it cannot be a source."""
        from vitte.base.diagnostics import Diagnostics

        loaded = read_source(path, display, Diagnostics(display))
        if loaded.source is None:
            return ""
        found = digest(loaded.raw)
        if loaded.info is not None:
            self.memo.learn(path, loaded.info, found)
        return found

    def _still_absent(self, absent: list[tuple[str, str, list[str]]]) -> bool:
        """A folder whose listing is what it was needs no look at each name, nor does one that is not there."""
        for relative, listing, names in absent:
            folder = os.path.join(self.base, relative)
            if self.memo.folder(folder) == (listing or None) and (listing or not os.path.isdir(folder)):
                continue
            if any(os.path.isfile(os.path.join(folder, name)) for name in names):
                return False
        return True

    def listings(self, absent: list[str]) -> list[tuple[str, str, list[str]]] | None:
        """What `Plan.absent` holds for these absolute paths; None when one of them is there by now."""
        folders: dict[str, list[str]] = {}
        for path in sorted(absent):
            folders.setdefault(os.path.dirname(path), []).append(os.path.basename(path))
        found = []
        for folder, names in folders.items():
            listing = self.memo.folder(folder) or ""
            if any(os.path.isfile(os.path.join(folder, name)) for name in names):
                return None
            found.append((inside(folder, self.base), listing, names))
        return found

    def _last(self) -> str:
        try:
            found = io.read_file(self.note, 64).decode("ascii")
        except (OSError, ValueError):
            return ""
        return found if is_fingerprint(found) else ""

    def _write_last(self, artifact: str) -> None:
        if self.cache.mode == "on":
            try:
                io.write_file(self.note, artifact.encode())
            except OSError:
                pass


def fits(path: str, space: str) -> bool:
    """Whether a file stands where its `space` says."""
    return os.path.splitext(path)[0].replace(os.sep, "/").endswith("/" + space)


def inside(path: str, base: str) -> str:
    """A path relative to `base`."""
    path = os.path.abspath(path)
    return path[len(base) + 1 :] if path.startswith(base + os.sep) else os.path.relpath(path, base)
