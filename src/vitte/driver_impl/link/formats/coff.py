"""PE/COFF: objects (also those with more than 65,279 sections) and images, by Microsoft's "PE Format"."""

from __future__ import annotations

import struct

from vitte.driver_impl.link.formats import Section, text_at

_SECTION = struct.Struct("<8sIIIIIIHHI")
"""name, size in memory, address, size in the file, offset, relocations, line numbers, their counts, flags."""
_CODE, _ZERO, _DISCARDABLE, _INFO = 0x20, 0x80, 0x02000000, 0x200 | 0x800
_EXTERNAL, _WEAK = 2, 105


class _Header:
    """`sections`: offset of their headers, and how many. `symbols`: offset of their table, how many, and the size of each."""

    def __init__(self, data: bytes) -> None:
        at = 0
        self.is_image = data[:2] == b"MZ"
        if self.is_image:
            at = struct.unpack_from("<I", data, 60)[0]
            if data[at : at + 4] != b"PE\0\0":
                raise ValueError("no PE signature")
            at += 4
        if not self.is_image and data[:4] == b"\0\0\xff\xff":
            self.section_count, self.symbol_table, self.symbol_count = struct.unpack_from("<III", data, 44)
            self.section_table, self.symbol = 56, struct.Struct("<8sIiHBB")
        else:
            self.section_count, _, self.symbol_table, self.symbol_count, optional, _ = struct.unpack_from("<HIIIHH", data, at + 2)
            self.section_table, self.symbol = at + 20 + optional, struct.Struct("<8sIhHBB")
        self.strings = self.symbol_table + self.symbol_count * self.symbol.size
        if self.symbol_table and self.strings > len(data):
            raise ValueError("symbols beyond the end")


def _name(data: bytes, header: _Header, raw: bytes) -> str:
    if raw[:4] == b"\0\0\0\0":
        return text_at(data, header.strings + int.from_bytes(raw[4:], "little"))
    plain = raw.rstrip(b"\0").decode("utf-8", "surrogateescape")
    if plain.startswith("/") and plain[1:].isdecimal() and header.symbol_table:
        return text_at(data, header.strings + int(plain[1:]))
    return plain


def symbols(data: bytes) -> list[str]:
    header = _Header(data)
    if not header.symbol_table:
        return []
    found: list[str] = []
    skip = 0
    table = data[header.symbol_table : header.strings]
    for raw, value, section, _, storage, extra in header.symbol.iter_unpack(table):
        if skip:
            skip -= 1
            continue
        skip = extra
        # Without a section a symbol with a value is a common block, and one without is wanted from elsewhere.
        if (storage == _EXTERNAL and (section != 0 or value)) or storage == _WEAK:
            found.append(_name(data, header, raw))
    return found


def sections(data: bytes) -> list[Section]:
    header = _Header(data)
    end = header.section_table + header.section_count * _SECTION.size
    if end > len(data):
        raise ValueError("section headers beyond the end")
    found: list[Section] = []
    for raw, memory, _, size, _, _, _, _, _, flags in _SECTION.iter_unpack(data[header.section_table : end]):
        name = _name(data, header, raw)
        # In an image the size in the file is rounded up; a section may be larger in memory, filled up with zeros.
        filled = min(size, memory) if header.is_image else size
        if name.startswith(".debug"):
            found.append(Section(name, filled, "debug"))
        elif flags & _CODE:
            found.append(Section(name, filled, "text"))
        elif flags & _ZERO:
            found.append(Section(name, memory or size, "bss"))
        elif flags & (_DISCARDABLE if header.is_image else _INFO):
            found.append(Section(name, filled, "other"))
        else:
            found.append(Section(name, filled, "data"))
            if header.is_image and memory > size:
                found.append(Section(name, memory - size, "bss"))
    if header.symbol_table:
        found.append(Section("symbols", header.strings - header.symbol_table, "debug"))
    return found
