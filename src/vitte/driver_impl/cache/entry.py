"""What the cache remembers, as data: under a key's fingerprint, a result and what it depended on."""

from __future__ import annotations

from msgspec import Struct

Fingerprint = str
"""SHA-256 as 64 lower-case hex digits, or `NONE`."""
NONE = "-"
"""Stands where there is no fingerprint or no artifact."""


class CacheKey(Struct, frozen=True, order=True):
    """What a result is of: `kind` says what was computed (`object`, `front` ...), `id` of what (a module, mostly)."""

    kind: str
    id: str


class CacheEntry(Struct, frozen=True, order=True):
    """One result. `fingerprint`: of everything that was known to matter beforehand. `artifact`: digest of the bytes that
    are the result. `dependencies`: what turned out to matter; a set, kept sorted. Several entries may share key and fingerprint."""

    key: CacheKey
    fingerprint: Fingerprint
    artifact: Fingerprint
    dependencies: tuple[str, ...] = ()


def depends_on(dependency: str) -> str:
    """The id that a dependency is about: of an edge `kind:MODULE::X=value` (or `kind:SUBJECT=value`) the module or
    subject; a dependency in plain words, `kind id`, names a `CacheKey` and is returned as it is."""
    kind, colon, rest = dependency.partition(":")
    if not colon or " " in kind:
        return dependency
    subject = rest.rpartition("=")[0] or rest
    return subject.partition("::")[0]


def named_by(key: CacheKey) -> tuple[str, str]:
    """What `depends_on` gives for dependencies on `key`."""
    return key.id, f"{key.kind} {key.id}"
