"""ELF of 64 bits, little-endian: the System V ABI, chapters 4 and 5."""

from __future__ import annotations

import struct

from vitte.driver_impl.link.formats import Section, text_at

_SECTION = struct.Struct("<IIQQQQIIQQ")
"""name, type, flags, address, offset, size, link, info, alignment, size of entries."""
_SYMBOL = struct.Struct("<IBBHQQ")
"""name, info, other, section, value, size."""
_SYMTAB, _STRTAB, _NOBITS = 2, 3, 8
_ALLOC, _EXECINSTR = 2, 4
_GLOBAL, _WEAK, _UNIQUE = 1, 2, 10
_DEBUG = (".debug", ".zdebug", ".symtab", ".strtab", ".gdb_index", ".gnu_debug")


def _headers(data: bytes) -> tuple[list[tuple[int, ...]], int]:
    """Section headers, and which section has their names."""
    if data[4:6] != b"\x02\x01":
        raise ValueError("not 64 bits, little-endian")
    start = struct.unpack_from("<Q", data, 40)[0]
    size, count, names = struct.unpack_from("<HHH", data, 58)
    if not start:
        return [], 0
    if size != _SECTION.size:
        raise ValueError("section headers of another size")
    first = _SECTION.unpack_from(data, start)
    count, names = count or first[5], first[6] if names == 0xFFFF else names  # more than the header has room for
    if start + count * size > len(data):
        raise ValueError("section headers beyond the end")
    return list(_SECTION.iter_unpack(data[start : start + count * size])), names


def symbols(data: bytes) -> list[str]:
    headers, _ = _headers(data)
    found: list[str] = []
    for _, kind, _, _, offset, size, link, _, _, entry in headers:
        if kind == _SYMTAB and entry == _SYMBOL.size:
            if offset + size > len(data):
                raise ValueError("symbols beyond the end")
            names = headers[link][4]
            for name, info, _, section, _, _ in _SYMBOL.iter_unpack(data[offset : offset + size]):
                if section and info >> 4 in (_GLOBAL, _WEAK, _UNIQUE):
                    found.append(text_at(data, names + name))
    return found


def sections(data: bytes) -> list[Section]:
    headers, names = _headers(data)
    found: list[Section] = []
    for name, kind, flags, _, _, size, _, _, _, _ in headers[1:]:
        text = text_at(data, headers[names][4] + name)
        if flags & _ALLOC:
            what = "bss" if kind == _NOBITS else "text" if flags & _EXECINSTR else "data"
            if text == ".relro_padding":
                continue  # room between two pages, which nothing has
        else:
            what = "debug" if text.startswith(_DEBUG) or kind in (_SYMTAB,) else "other"
        found.append(Section(text, size, what))
    return found
