"""What looking after a cache folder, or at a target, found and did, as data shared by the driver and its implementation."""

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


class TargetState(Struct):
    """What this machine has for a target.

    - `tier`: as in `Target`. `runner`: what runs its programs here, "" when nothing does; `no_runner` says why.
    - `linker`: what links them, "" when there is none. `sysroot`: the folder of the C library that was prepared, "" when there is none;
      `made`: of what, `files` and `bytes`: how much. `wants_sysroot`: programs cannot be linked without one.
    - `missing`: what keeps programs from being linked, and what to do about it. `problems`: what is there and damaged.
    - `seconds`: how long it took to prepare it, when that was asked for.
    """

    name: str
    tier: int
    runner: str = ""
    no_runner: str = ""
    linker: str = ""
    sysroot: str = ""
    made: str = ""
    files: int = 0
    bytes: int = 0
    wants_sysroot: bool = False
    missing: list[str] = []
    problems: list[str] = []
    seconds: float = 0.0
