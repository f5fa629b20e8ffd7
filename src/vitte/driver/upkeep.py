"""What looking after a cache folder found and did, as data shared by the driver and its implementation."""

from __future__ import annotations

from msgspec import Struct


class CacheReport(Struct):
    """`action`: what was asked for. `values`: how many of what, `bytes` and `index_bytes` among them. `kinds`: entries by kind.
    `problems`: what was wrong, and what became of it. `notes`: what is worth knowing. Without a cache all are empty."""

    action: str
    folder: str
    values: dict[str, int] = {}
    kinds: dict[str, int] = {}
    problems: list[str] = []
    notes: list[str] = []
