"""Object files and images, taken apart: which symbols an object defines, and how large the sections of a file are.

Input: the bytes of a whole file. Output: names, and `Section`s. Only what is asked for is read, and nothing in a file is trusted: damaged
ones raise `Damaged`.

    symbols(data) -> ["main", "demo::area"]            sections(data) -> [Section(".text", 512, "text"), ...]
"""

from __future__ import annotations

import struct
from importlib import import_module
from types import ModuleType
from typing import Any

from msgspec import Struct

KINDS = ("text", "data", "bss", "debug", "other")
"""What sections hold: code; what is loaded beside it; what is zero at first and takes no room in the file; what only debuggers read, with
symbols; and what linkers and loaders want."""


class Section(Struct, frozen=True):
    """`size` in bytes, in memory for `bss`, in the file for the rest. `kind`: one of `KINDS`."""

    name: str
    size: int
    kind: str


class Damaged(Exception):
    """Not a file of a known format, or one that contradicts itself."""


def format_of(data: bytes) -> str:
    """`elf`, `coff` (an object), `pe` (an image), `macho`, `wasm`; "" for everything else."""
    head = data[:4]
    if head == b"\x7fELF":
        return "elf"
    if head == b"\0asm":
        return "wasm"
    if head == b"\xcf\xfa\xed\xfe":
        return "macho"
    if head[:2] == b"MZ":
        return "pe"
    if head[:2] in (b"\x64\x86", b"\x64\xaa") or head == b"\0\0\xff\xff":
        return "coff"
    return ""


def symbols(data: bytes) -> list[str]:
    """The symbols that an object defines for others, in the order of its table. Raises `Damaged`."""
    found: list[str] = _ask(data, "symbols")
    return found


def sections(data: bytes) -> list[Section]:
    """The sections of an object or image, in the order of the file. Raises `Damaged`."""
    found: list[Section] = _ask(data, "sections")
    return found


def totals(found: list[Section]) -> dict[str, int]:
    """Bytes by kind, for each of `KINDS`."""
    sums = dict.fromkeys(KINDS, 0)
    for section in found:
        sums[section.kind] += section.size
    return sums


def _ask(data: bytes, what: str) -> Any:
    name = format_of(data)
    if not name:
        raise Damaged("the format is not known")
    module: ModuleType = import_module(f"{__name__}.{'coff' if name == 'pe' else name}")
    try:
        return getattr(module, what)(data)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Damaged(f"the {name} file contradicts itself: {error}") from None


def text_at(data: bytes, at: int) -> str:
    """The text that a zero byte ends. Raises `ValueError` when none does."""
    return data[at : data.index(b"\0", at)].decode("utf-8", "surrogateescape")
