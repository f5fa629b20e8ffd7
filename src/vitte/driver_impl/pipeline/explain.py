"""Why a unit is compiled again: its key and edges of the last time beside those of now, and the first difference that counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vitte.driver.session import Rebuilt
from vitte.driver_impl.cache.edges import Edge
from vitte.driver_impl.cache.incremental import CacheEntry
from vitte.driver_impl.cache.key import digest

if TYPE_CHECKING:
    from vitte.driver_impl.pipeline.graph import Unit
    from vitte.driver_impl.pipeline.units import Workshop

_ORDER = {
    "format": "compiler-changed",
    "compiler": "compiler-changed",
    "option": "option-changed",
    "file": "file-moved",
    "role": "file-moved",
    "source": "source-changed",
    "import": "import-changed",
    "found": "import-changed",
    "broken": "dependency-broken",
}
"""Reason by the word that a line of a key begins with, the more telling first."""
_MOST = 16
"""Earlier results that are looked at, the last first."""


def why(shop: Workshop, unit: Unit) -> Rebuilt:
    """The reason for compiling a unit that the cache had no answer for; its dependencies are finished."""
    rebuilt = Rebuilt(unit.module, unit.display, "first-build")
    if shop.discovery.keep(unit).cache.mode == "off" or not unit.usable or shop.shown(unit):
        rebuilt.reason = "not-cached"
        return rebuilt
    text = shop.key(unit, shop.kind)
    last = last_made(shop, unit)
    if last is None:
        return rebuilt
    before, entry = last
    if before == text:
        _changed_edge(shop, unit, entry, rebuilt)
        return rebuilt
    old, new = _by_word(before), _by_word(text)
    for word, reason in _ORDER.items():
        if old.get(word) != new.get(word):
            rebuilt.reason = reason
            if word == "broken" and new.get(word) == ["no"]:
                rebuilt.reason = "dependency-mended"
            if word == "source":
                rebuilt.detail = unit.display
            elif word in ("option", "file", "import"):
                rebuilt.detail = _difference(old.get(word, []), new.get(word, []))
            break
    return rebuilt


def last_made(shop: Workshop, unit: Unit) -> tuple[str, CacheEntry] | None:
    """Key text and entry of what was made of the unit most recently, with today's options if ever: who builds and tests in turn wants to
    know what changed since the last build of the same kind. File times tell which was last, and serve for nothing else; one with
    today's key comes first."""
    cache = shop.discovery.keep(unit).cache
    today = shop.key(unit, shop.kind)
    now, options = digest(today.encode()), _by_word(today).get("option")
    found: list[tuple[bool, float, str, CacheEntry]] = []
    for entry in cache.all(shop.kind, unit.module):
        path = cache.locate(entry.artifact)
        if path:
            try:
                changed = os.stat(path).st_mtime
            except OSError:
                continue
            found.append((entry.fingerprint == now, changed, path, entry))
    latest: tuple[str, CacheEntry] | None = None
    for _, _, _, entry in sorted(found, key=lambda item: item[:3], reverse=True)[:_MOST]:
        text = shop.text_of(unit, entry.artifact)
        if text is not None:
            if _by_word(text).get("option") == options:
                return text, entry
            latest = latest or (text, entry)
    return latest


def _by_word(text: str) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        lines.setdefault(word, []).append(rest)
    return lines


def _difference(old: list[str], new: list[str]) -> str:
    """`was -> is` of the lines that differ."""
    gone = [line for line in old if line not in new]
    come = [line for line in new if line not in old]
    return " -> ".join("; ".join(lines) for lines in (gone, come) if lines)


def _changed_edge(shop: Workshop, unit: Unit, entry: CacheEntry, rebuilt: Rebuilt) -> None:
    """The key is the same: something that was used is not, or the result is gone."""
    rebuilt.reason = "result-lost"
    for edge in map(Edge.parse, entry.dependencies):
        if shop.answer(unit, edge) != edge.value:
            rebuilt.reason = "declaration-changed"
            rebuilt.edge, rebuilt.declaration = edge.kind, edge.subject
            rebuilt.of = edge.subject.partition("::")[0]
            of = next((u for u in shop.graph.units if u.module == rebuilt.of), None)
            rebuilt.file = of.display if of is not None else ""
            return
