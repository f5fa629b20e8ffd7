"""What an object file defines and what it wants of others, by name: ELF, COFF, WebAssembly."""

from __future__ import annotations

import struct


def undefined(data: bytes) -> set[str]:
    """Functions and data that others must define. What a WebAssembly object imports for its module (memory, tables, the stack pointer)
    is the linker's to make and no symbol."""
    return {name for name, is_defined in _symbols(data) if not is_defined}


def defined(data: bytes) -> set[str]:
    """What others may refer to."""
    return {name for name, is_defined in _symbols(data) if is_defined}


def _symbols(data: bytes) -> list[tuple[str, bool]]:
    if data.startswith(b"\0asm"):
        return _wasm(data)
    return _elf(data) if data.startswith(b"\x7fELF") else _coff(data)


def _elf(data: bytes) -> list[tuple[str, bool]]:
    import lief

    image = lief.parse(list(data))
    assert isinstance(image, lief.ELF.Binary)
    is_local = lief.ELF.Symbol.BINDING.LOCAL
    return [(str(s.name), s.shndx != 0) for s in image.symbols if s.name and s.binding != is_local]


def _coff(data: bytes) -> list[tuple[str, bool]]:
    """Records of 18 bytes: name (or its place in the table of strings), value, section, type, storage class, number of records that belong
    to it."""
    at, count = struct.unpack_from("<II", data, 8)
    strings = at + 18 * count
    found: list[tuple[str, bool]] = []
    i = 0
    while i < count:
        name, value, section, _, storage, more = struct.unpack_from("<8sIhHBB", data, at + 18 * i)
        if name.startswith(bytes(4)):
            start = strings + int.from_bytes(name[4:], "little")
            name = data[start : data.index(0, start)]
        if storage in (2, 105):  # external, and weak external: another name for one that is defined
            found.append((name.rstrip(b"\0").decode(), storage == 105 or section != 0 or value != 0))
        i += 1 + more
    return found


class _Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def number(self) -> int:
        """Unsigned LEB128."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def name(self) -> str:
        count = self.number()
        self.at += count
        return self.data[self.at - count : self.at].decode()


def sections(data: bytes) -> list[tuple[int, int, int]]:
    """Number, start and end of each section of a WebAssembly module."""
    reader = _Reader(data, 8)
    found: list[tuple[int, int, int]] = []
    while reader.at < len(data):
        number = data[reader.at]
        reader.at += 1
        size = reader.number()
        found.append((number, reader.at, reader.at + size))
        reader.at += size
    return found


def _wasm(data: bytes) -> list[tuple[str, bool]]:
    """The symbol table: subsection 8 of the custom section `linking`."""
    imports: list[str] = []
    found: list[tuple[str, bool]] = []
    for number, start, end in sections(data):
        reader = _Reader(data, start)
        if number == 2:
            imports = _imported_functions(reader)
        elif number == 0 and reader.name() == "linking":
            reader.number()
            while reader.at < end:
                kind = data[reader.at]
                reader.at += 1
                size = reader.number()
                if kind == 8:
                    found = _symbol_table(_Reader(data, reader.at), imports)
                reader.at += size
    return found


def _imported_functions(reader: _Reader) -> list[str]:
    found: list[str] = []
    for _ in range(reader.number()):
        reader.name()
        name = reader.name()
        kind = reader.data[reader.at]
        reader.at += 1
        if kind == 0:
            reader.number()
            found.append(name)
        elif kind == 3:
            reader.at += 2
        else:  # a table or a memory, and its limits
            reader.at += kind == 1
            flags = reader.number()
            reader.number()
            if flags & 1:
                reader.number()
    return found


def _symbol_table(reader: _Reader, imports: list[str]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for _ in range(reader.number()):
        kind = reader.data[reader.at]
        reader.at += 1
        flags = reader.number()
        is_local, is_defined, is_named = bool(flags & 2), not flags & 0x10, bool(flags & 0x40)
        name = ""
        if kind == 1:
            name = reader.name()
            if is_defined:
                for _ in range(3):
                    reader.number()
        elif kind == 3:
            reader.number()
            continue
        else:
            index = reader.number()
            if is_defined or is_named:
                name = reader.name()
            elif kind == 0:
                name = imports[index]
        if name and not is_local and (kind in (0, 1)):
            found.append((name, is_defined))
    return found
