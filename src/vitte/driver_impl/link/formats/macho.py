"""Mach-O of 64 bits: Apple's `<mach-o/loader.h>` and `<mach-o/nlist.h>`."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from vitte.driver_impl.link.formats import Section, text_at

_SEGMENT, _SYMTAB = 0x19, 2
_SECTION = struct.Struct("<16s16sQQIIIIIIII")
"""name, segment, address, size, offset, alignment, relocations, their count, flags, three words more."""
_SYMBOL = struct.Struct("<IBBHQ")
"""name, type, section, description, value."""
_ZERO = (1, 12, 18)
"""Types of sections that have no room in the file."""
_CODE = 0x80000000 | 0x400
_STAB, _TYPE, _EXTERNAL = 0xE0, 0x0E, 0x01


def _commands(data: bytes) -> Iterator[tuple[int, int]]:
    """Kind and offset of each load command."""
    count, size = struct.unpack_from("<II", data, 16)
    at, end = 32, 32 + size
    for _ in range(count):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 8 or at + length > end:
            raise ValueError("load commands beyond their end")
        yield kind, at
        at += length


def symbols(data: bytes) -> list[str]:
    found: list[str] = []
    for kind, at in _commands(data):
        if kind == _SYMTAB:
            offset, count, strings, _ = struct.unpack_from("<IIII", data, at + 8)
            if offset + count * _SYMBOL.size > len(data):
                raise ValueError("symbols beyond the end")
            for name, what, _, _, value in _SYMBOL.iter_unpack(data[offset : offset + count * _SYMBOL.size]):
                if what & _EXTERNAL and not what & _STAB and (what & _TYPE or value):
                    found.append(text_at(data, strings + name))
    return found


def sections(data: bytes) -> list[Section]:
    found: list[Section] = []
    for kind, at in _commands(data):
        if kind == _SEGMENT:
            count = struct.unpack_from("<I", data, at + 64)[0]
            for number in range(count):
                name, segment, _, size, _, _, _, _, flags, _, _, _ = _SECTION.unpack_from(data, at + 72 + number * _SECTION.size)
                text = ",".join([part.rstrip(b"\0").decode("utf-8", "surrogateescape") for part in (segment, name)])
                what = "debug" if text.startswith("__DWARF") else "bss" if flags & 0xFF in _ZERO else "text" if flags & _CODE else "data"
                found.append(Section(text, size, what))
        elif kind == _SYMTAB:
            _, count, _, size = struct.unpack_from("<IIII", data, at + 8)
            found.append(Section("symbols", count * _SYMBOL.size + size, "debug"))
    return found
