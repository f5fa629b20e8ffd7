"""What looking after a cache folder found and did, as data shared by the driver and its implementation."""

from __future__ import annotations

from msgspec import Struct

from vitte.driver.session import Rebuilt


class CacheReport(Struct):
    """`action`: what was asked for. `values`: how many of what, `bytes` and `index_bytes` among them. `kinds`: entries by kind.
    `problems`: what was wrong, and what became of it. `notes`: what is worth knowing. Without a cache all are empty."""

    action: str
    folder: str
    values: dict[str, int] = {}
    kinds: dict[str, int] = {}
    problems: list[str] = []
    notes: list[str] = []


class UnitState(Struct):
    """`kind`: `front` or `object`. `text`: today's key; `before`: the key of what was made last, "" when nothing was.
    `edges`: what that asked of other units. `rebuilt`: why it would be compiled now, None when it would not."""

    kind: str
    module: str
    text: str
    before: str
    edges: list[str]
    rebuilt: Rebuilt | None
