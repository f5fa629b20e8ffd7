"""Static libraries: archives of objects with an index of their symbols, as `ar` writes them, in the same bytes for the same objects.

There are three ways of writing one, by the format of the objects: GNU's (ELF and WebAssembly), BSD's (Mach-O), and Microsoft's, which is
GNU's with a second, sorted index. All times, owners and groups are 0.

Sources: `ar(5)` of FreeBSD, "PE Format" of Microsoft, and what GNU `ar`, `llvm-ar` and the linkers take.
"""

from __future__ import annotations

from msgspec import Struct

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.formats import symbols

MAGIC = b"!<arch>\n"
_LARGEST = (1 << 32) - 1
"""Indexes hold offsets of 32 bits."""


class TooLarge(Exception):
    """An archive of more than 4 GiB."""


class Member(Struct, frozen=True):
    name: str
    data: bytes


def write(members: list[Member], flavour: LldFlavor) -> bytes:
    """An archive. Names should differ. Raises `TooLarge`, and `formats.Damaged` for what is not an object."""
    defined = [symbols(member.data) for member in members]
    if flavour is LldFlavor.MACHO:
        return _bsd(members, defined)
    return _gnu(members, defined, is_coff=flavour is LldFlavor.COFF)


def _header(name: bytes, size: int, mode: bytes = b"644") -> bytes:
    return b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, mode, size)


def _padded(data: bytes, align: int = 2, fill: bytes = b"\n") -> bytes:
    return data + fill * (-len(data) % align)


def _gnu(members: list[Member], defined: list[list[str]], is_coff: bool) -> bytes:
    names, long_names = [], bytearray()
    for member in members:
        name = member.name.encode("utf-8", "surrogateescape")
        if len(name) < 16:
            names.append(name + b"/")
        else:
            names.append(b"/%d" % len(long_names))
            long_names += name + (b"\0" if is_coff else b"/\n")
    pairs = [(symbol.encode("utf-8", "surrogateescape"), at) for at, found in enumerate(defined) for symbol in found]
    texts = b"".join([symbol + b"\0" for symbol, _ in pairs])
    first = 4 + 4 * len(pairs) + len(texts)
    second = 8 + 4 * len(members) + 2 * len(pairs) + len(texts) if is_coff else 0
    at = len(MAGIC) + 60 + _even(first)
    at += 60 + _even(second) if is_coff else 0
    at += 60 + _even(len(long_names)) if long_names else 0
    offsets = []
    for member in members:
        offsets.append(at)
        at += 60 + _even(len(member.data))
    if at > _LARGEST:
        raise TooLarge
    index = len(pairs).to_bytes(4, "big") + b"".join([offsets[member].to_bytes(4, "big") for _, member in pairs]) + texts
    index = _padded(index, fill=b"\0")
    parts = [MAGIC, _header(b"/", len(index), b"0"), index]
    if is_coff:
        ordered = sorted(pairs)
        index = b"".join([
            len(members).to_bytes(4, "little"), *(offset.to_bytes(4, "little") for offset in offsets),
            len(pairs).to_bytes(4, "little"), *((member + 1).to_bytes(2, "little") for _, member in ordered),
            *(symbol + b"\0" for symbol, _ in ordered),
        ])  # fmt: skip
        index = _padded(index, fill=b"\0")
        parts += [_header(b"/", len(index), b"0"), index]
    if long_names:
        long_names += b"\n" * (len(long_names) & 1)
        parts += [b"%-48s%-10d`\n" % (b"//", len(long_names)), bytes(long_names)]
    for name, member in zip(names, members):
        parts += [_header(name, len(member.data)), _padded(member.data)]
    return b"".join(parts)


def _even(size: int) -> int:
    return size + (size & 1)


def _bsd(members: list[Member], defined: list[list[str]]) -> bytes:
    """Names stand before the contents, and contents begin at multiples of 8, which Apple's linker wants."""
    pairs = sorted([(symbol.encode("utf-8", "surrogateescape"), at) for at, found in enumerate(defined) for symbol in found])
    texts, starts = bytearray(), []
    for symbol, _ in pairs:
        starts.append(len(texts))
        texts += symbol + b"\0"
    texts += bytes(-len(texts) % 8)
    size = 8 + 8 * len(pairs) + len(texts)
    at = len(MAGIC) + 60 + 20 + size  # 8 + 80 + a multiple of 8: the first member begins at one
    offsets, names = [], []
    for member in members:
        name = member.name.encode("utf-8", "surrogateescape")
        name += bytes(1 + (-(at + 60 + len(name) + 1) % 8))
        names.append(name)
        offsets.append(at)
        at += 60 + len(name) + len(member.data) + (-len(member.data) % 8)
    if at > _LARGEST:
        raise TooLarge
    parts = [MAGIC, _header(b"#1/20", 20 + size), b"__.SYMDEF SORTED\0\0\0\0", (8 * len(pairs)).to_bytes(4, "little")]
    for start, (_, member_at) in zip(starts, pairs):
        parts += [start.to_bytes(4, "little"), offsets[member_at].to_bytes(4, "little")]
    parts += [len(texts).to_bytes(4, "little"), bytes(texts)]
    for name, member in zip(names, members):
        data = _padded(member.data, 8)
        parts += [_header(b"#1/%d" % len(name), len(name) + len(data)), name, data]
    return b"".join(parts)
