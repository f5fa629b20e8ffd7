"""Import libraries: what an `lld-link` line says a DLL has, made without the DLL. Format: Microsoft's "PE Format", "Import Library Format".

    kernel32.dll, [ReadFile, ExitProcess] --import_library--> the bytes of kernel32.lib

A library is an archive. One short member for each symbol says that `ReadFile` (a jump) and `__imp_ReadFile` (an address) come from
`kernel32.dll`; three small objects carry the pieces of the import table that belong to the DLL as a whole. A symbol that nobody refers to
stays out of the image, so a library may hold more than is used.

Invariant: equal symbols give equal bytes, which are those of LLVM's own tool for the same symbols in alphabetical order (a test compares).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from struct import pack

MACHINES = {"x86_64": 0x8664, "aarch64": 0xAA64}
_RELATIVE = {"x86_64": 3, "aarch64": 2}
"""The relocation `IMAGE_REL_*_ADDR32NB`: an address within the image."""

_EXTERNAL, _STATIC, _SECTION = 2, 3, 0x68
_NULL_DESCRIPTOR = "__NULL_IMPORT_DESCRIPTOR"

# Initialised data to be read and written, aligned to 4, 2 and 8 bytes.
_TABLE, _TEXT, _ADDRESSES = 0xC0300040, 0xC0200040, 0xC0400040

_Section = tuple[bytes, bytes, tuple[tuple[int, int], ...], int]
"""Name, contents, relocations (place, symbol), characteristics."""
_Symbol = tuple[str, int, int]
"""Name, number of the section from 1 (0 elsewhere), storage class."""


def dll_name(name: str) -> str:
    """The file that `#[link(name = "...", kind = "dll")]` means: `.dll` goes without saying."""
    return name if "." in name else f"{name}.dll"


def import_library(dll: str, symbols: Iterable[str], arch: str = "x86_64") -> bytes:
    """The library for `symbols` of `dll`, a file's name without a folder. Raises KeyError for an architecture that has no PE images."""
    stem = os.path.splitext(dll)[0]
    descriptor, thunk = f"__IMPORT_DESCRIPTOR_{stem}", f"\x7f{stem}_NULL_THUNK_DATA"
    members = [
        ([descriptor], _descriptor(dll, descriptor, thunk, arch)),
        ([_NULL_DESCRIPTOR], _object(arch, [(b".idata$3", bytes(20), (), _TABLE)], [(_NULL_DESCRIPTOR, 1, _EXTERNAL)])),
        ([thunk], _object(arch, [(b".idata$5", bytes(8), (), _ADDRESSES), (b".idata$4", bytes(8), (), _ADDRESSES)],
                          [(thunk, 1, _EXTERNAL)])),
    ]  # fmt: skip
    members += [([f"__imp_{symbol}", symbol], _short(symbol, dll, arch)) for symbol in sorted(set(symbols))]
    return _archive(dll, members)


def _descriptor(dll: str, name: str, thunk: str, arch: str) -> bytes:
    """The DLL's row of the table of imports: places of its lists of names and addresses, which the linker makes, and its name."""
    row = (b".idata$2", bytes(20), ((12, 2), (0, 3), (16, 4)), _TABLE)
    text = (b".idata$6", dll.encode() + b"\0", (), _TEXT)
    return _object(arch, [row, text], [
        (name, 1, _EXTERNAL), (".idata$2", 1, _SECTION), (".idata$6", 2, _STATIC), (".idata$4", 0, _SECTION), (".idata$5", 0, _SECTION),
        (_NULL_DESCRIPTOR, 0, _EXTERNAL), (thunk, 0, _EXTERNAL),
    ])  # fmt: skip


def _object(arch: str, sections: list[_Section], symbols: list[_Symbol]) -> bytes:
    headers, data = b"", b""
    start = 20 + 40 * len(sections)
    for name, contents, relocations, characteristics in sections:
        at = start + len(data)
        data += contents
        where = start + len(data) if relocations else 0
        data += b"".join([pack("<IIH", place, symbol, _RELATIVE[arch]) for place, symbol in relocations])
        headers += pack("<8sIIIIIIHHI", name, 0, 0, len(contents), at, where, 0, len(relocations), 0, characteristics)
    table, strings = b"", b""
    for symbol, section, storage in symbols:
        text = symbol.encode()
        if len(text) > 8:
            text, strings = pack("<II", 0, 4 + len(strings)), strings + text + b"\0"
        table += pack("<8sIHHBB", text, 0, section, 0, storage, 0)
    head = pack("<HHIIIHH", MACHINES[arch], len(sections), 0, start + len(data), len(symbols), 0, 0)
    return head + headers + data + table + pack("<I", 4 + len(strings)) + strings


def _short(symbol: str, dll: str, arch: str) -> bytes:
    """A procedure that is imported by its own name."""
    names = symbol.encode() + b"\0" + dll.encode() + b"\0"
    return pack("<HHHHIIHH", 0, 0xFFFF, 0, MACHINES[arch], 0, len(names), 0, 1 << 2) + names


def _archive(name: str, members: list[tuple[list[str], bytes]]) -> bytes:
    """An archive whose members all have one name, with both of the indexes that Microsoft's linkers know."""
    symbols = [(symbol.encode(), number) for number, (defined, _) in enumerate(members) for symbol in defined]
    by_name = sorted(symbols)
    names = b"".join([symbol + b"\0" for symbol, _ in symbols])
    is_long = len(name) > 15
    text = name.encode() + b"\0"
    long_names = _member("//", text + b"\n" * (len(text) % 2), " ", " ") if is_long else b""
    sizes = [4 + 4 * len(symbols) + len(names), 8 + 4 * len(members) + 2 * len(symbols) + len(names)]
    at = 8 + sum([60 + size + size % 2 for size in sizes]) + len(long_names)
    offsets, bodies = [], []
    for _, data in members:
        offsets.append(at)
        bodies.append(_member("/0" if is_long else f"{name}/", data, "0", "644"))
        at += len(bodies[-1])
    first = pack(f">I{len(symbols)}I", len(symbols), *[offsets[number] for _, number in symbols]) + names
    second = pack(f"<I{len(offsets)}I", len(offsets), *offsets)
    second += pack(f"<I{len(symbols)}H", len(symbols), *[number + 1 for _, number in by_name])
    second += b"".join([symbol + b"\0" for symbol, _ in by_name])
    indexes = [_member("/", data + bytes(len(data) % 2), "0", "0") for data in (first, second)]
    return b"".join([b"!<arch>\n", *indexes, long_names, *bodies])


def _member(name: str, data: bytes, zero: str, mode: str) -> bytes:
    header = f"{name:16}{zero:12}{zero:6}{zero:6}{mode:8}{len(data):<10}`\n".encode()
    return header + data + b"\n" * (len(data) % 2)
