"""Debug information in a file of its own (ELF): how an image says where that is.

A section `.gnu_debuglink` holds the name of the file and the CRC-32 of its contents; debuggers look for it beside the image. Linkers write
none, and some drop those of their inputs, so it is added to the finished image: behind everything that is loaded, with a new table of
sections. Source: "Separate Debug Files" in the manual of GDB; System V ABI, chapter 4.
"""

from __future__ import annotations

import struct
from zlib import crc32

_SECTION = ".gnu_debuglink"
_HEADER = 64
"""Bytes of the file's header, and of a section's."""


def attach(image: bytes, name: str, debug: bytes) -> bytes:
    """An image of 64 bits, little-endian, that names the debug file `name`, which holds `debug`. Raises `ValueError` when its sections
    are not where they should be."""
    table = struct.unpack_from("<Q", image, 40)[0]
    size, count, names = struct.unpack_from("<HHH", image, 58)
    if size != _HEADER or not 0 < names < count or table + count * _HEADER > len(image):
        raise ValueError("an image without a table of sections")
    headers = [image[table + n * _HEADER : table + (n + 1) * _HEADER] for n in range(count)]
    offset, length = struct.unpack_from("<QQ", headers[names], 24)
    texts = image[offset : offset + length] + _SECTION.encode() + b"\0"
    text = name.encode("utf-8", "surrogateescape") + b"\0"
    content = text + bytes(-len(text) % 4) + crc32(debug).to_bytes(4, "little")
    result = bytearray(image)
    if table + count * _HEADER == len(image):
        del result[table:]  # the old table is the end of most images
    result += bytes(-len(result) % 4)
    headers.append(struct.pack("<IIQQQQIIQQ", length, 1, 0, 0, len(result), len(content), 0, 0, 4, 0))
    result += content
    headers[names] = headers[names][:24] + struct.pack("<QQ", len(result), len(texts)) + headers[names][40:]
    result += texts
    result += bytes(-len(result) % 8)
    struct.pack_into("<Q", result, 40, len(result))
    struct.pack_into("<H", result, 60, count + 1)
    return bytes(result + b"".join(headers))
