"""Taking symbols out of a Mach-O image that nothing needs at run time: `--strip`, for a linker that has no word for it.

    ... | symbols | indirect symbols | strings | signature          the end of __LINKEDIT

Kept are symbols that come from libraries, and those that a flag says are looked up at run time. What a library exports is in another
table, which stays. Invariant: an image that is laid out otherwise comes back as it is.
"""

from __future__ import annotations

from struct import iter_unpack, pack, pack_into, unpack_from

_SEGMENT_64, _SYMTAB, _DYSYMTAB, _CODE_SIGNATURE = 0x19, 2, 0xB, 0x1D
_UNDEFINED, _EXTERNAL, _STAB, _TYPE = 0, 1, 0xE0, 0x0E
_LOOKED_UP = 0x10
"""A bit of a symbol's description."""
_LOCAL, _ABSOLUTE = 0x80000000, 0x40000000
"""Indirect symbols that are none."""


def strip(image: bytes) -> bytes:
    """The image without its own symbols; unsigned, if it was signed. Time is linear in its size."""
    data = bytearray(image)
    found = dict(_commands(data))
    linkedit = next((at for kind, at in _commands(data) if kind == _SEGMENT_64 and data[at + 8 : at + 18] == b"__LINKEDIT"), 0)
    if not linkedit or _SYMTAB not in found or _DYSYMTAB not in found:
        return image
    table, dynamic, signature = found[_SYMTAB], found[_DYSYMTAB], found.get(_CODE_SIGNATURE, 0)
    first, count, strings, size = unpack_from("<4I", data, table + 8)
    indirect, entries = unpack_from("<2I", data, dynamic + 56)
    end = unpack_from("<I", data, signature + 8)[0] if signature else len(data)
    if not first + 16 * count <= indirect <= indirect + 4 * entries <= strings <= strings + size <= end <= len(data):
        return image
    kept: dict[int, int] = {}
    symbols, text = bytearray(), bytearray(b" \0")
    numbers = [0, 0, 0]  # local, defined here, defined elsewhere
    for number, (name, kind, section, description, value) in enumerate(iter_unpack("<IBBHQ", data[first : first + 16 * count])):
        undefined = kind & _TYPE == _UNDEFINED and kind & _EXTERNAL and not kind & _STAB
        if not undefined and not description & _LOOKED_UP:
            continue
        kept[number] = len(kept)
        numbers[2 if undefined else 1 if kind & _EXTERNAL else 0] += 1
        symbols += pack("<IBBHQ", len(text), kind, section, description, value)
        text += data[strings + name : data.index(0, strings + name) + 1]
    again = b"".join([
        pack("<I", entry if entry & (_LOCAL | _ABSOLUTE) else kept.get(entry, _LOCAL))
        for (entry,) in iter_unpack("<I", data[indirect : indirect + 4 * entries])
    ])  # fmt: skip
    text += bytes(-len(text) % 8)
    place = first + len(symbols)
    del data[first:]
    data += symbols + again + text
    data += bytes(-len(data) % 16)
    pack_into("<4I", data, table + 8, first, len(kept), place + len(again), len(text))
    pack_into("<6I", data, dynamic + 8, 0, numbers[0], numbers[0], numbers[1], numbers[0] + numbers[1], numbers[2])
    pack_into("<I", data, dynamic + 56, place)
    if signature:
        pack_into("<2I", data, signature + 8, len(data), 0)
    start = unpack_from("<Q", data, linkedit + 40)[0]
    pack_into("<Q", data, linkedit + 48, len(data) - start)
    return bytes(data)


def _commands(data: bytearray) -> list[tuple[int, int]]:
    """Kinds and places of the load commands."""
    found, at = [], 32
    for _ in range(unpack_from("<I", data, 16)[0]):
        kind, size = unpack_from("<2I", data, at)
        found.append((kind, at))
        at += size
    return found
