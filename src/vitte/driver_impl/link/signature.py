"""Ad-hoc code signatures of Mach-O images: digests of all pages, by which the kernel of arm64 Macs knows that a program is whole. They
name no signer, so they need no key.

    header, load commands ... __LINKEDIT: symbols, strings | SuperBlob: CodeDirectory (identifier, digests of the pages before it)

The layout is that of Apple's `cs_blobs.h`, whose numbers are big-endian. Linkers can sign, but by the name of the file that they write,
which is a temporary one, and not all of them for x86-64; so images are signed here, and a linker's own signature is replaced.

Invariant: equal images with equal identifiers give equal bytes; signing twice is signing once.
"""

from __future__ import annotations

from hashlib import sha256
from struct import pack, pack_into, unpack_from

_MAGIC_64 = 0xFEEDFACF
_ARM64 = 0x0100000C
_SEGMENT_64, _CODE_SIGNATURE = 0x19, 0x1D
_EXECUTE = 2
"""The type of a file that is a program."""

PAGE = 4096
"""Bytes that one digest is of, whatever the machine's pages are."""
_SUPER_BLOB, _CODE_DIRECTORY = 0xFADE0CC0, 0xFADE0C02
_VERSION = 0x20400
"""Of the code directory: the first with the extent of the executable segment."""
_FLAGS = 0x20002
"""Ad hoc, and made while linking: `codesign` may replace it unasked."""
_SHA_256 = 2
_MAIN_BINARY = 1
_BLOBS, _DIRECTORY = 24, 88
"""Sizes in bytes: the super blob with its index, padded; the fixed part of a code directory."""


class NotSignable(ValueError):
    """It is no 64-bit Mach-O image, or has no room for a signature; says which."""


def sign(image: bytes, identifier: str) -> bytes:
    """The image with an ad-hoc signature. `identifier` is the name by which the system knows the program. Time is linear in the size.
    Raises `NotSignable`."""
    data = bytearray(image)
    try:
        return _signed(data, identifier.encode("utf-8", "surrogateescape"))
    except (IndexError, ValueError, OverflowError) as error:
        raise NotSignable(str(error)) from None
    except Exception as error:  # struct.error is no ValueError
        if type(error).__name__ != "error":
            raise
        raise NotSignable("the file is cut off") from None


def _signed(data: bytearray, name: bytes) -> bytes:
    magic, machine, _, kind, count, size = unpack_from("<6I", data)
    if magic != _MAGIC_64:
        raise NotSignable("it is no 64-bit Mach-O image")
    at, text, linkedit, signature, first = 32, (0, 0), 0, 0, len(data)
    for _ in range(count):
        command, length = unpack_from("<2I", data, at)
        if command == _SEGMENT_64:
            segment = bytes(data[at + 8 : at + 24]).rstrip(b"\0")
            offset, extent = unpack_from("<2Q", data, at + 40)
            if segment == b"__TEXT":
                text = (offset, extent)
            elif segment == b"__LINKEDIT":
                linkedit = at
            for section in range(unpack_from("<I", data, at + 64)[0]):
                starts = unpack_from("<I", data, at + 72 + 80 * section + 48)[0]
                first = min(first, starts or first)
        elif command == _CODE_SIGNATURE:
            signature = at
        at += length
    if not linkedit:
        raise NotSignable("it has no segment `__LINKEDIT`")
    if signature:
        limit = unpack_from("<I", data, signature + 8)[0]
    else:
        signature = at
        if at + 16 > first or any(data[at : at + 16]):
            raise NotSignable("there is no room for one more load command")
        pack_into("<2I", data, 16, count + 1, size + 16)
        limit = len(data)
    limit += -limit % 16
    del data[limit:]
    data += bytes(limit - len(data))
    pages = -(-limit // PAGE)
    digests = _BLOBS + _DIRECTORY + len(name) + 1
    digests += -digests % 16
    total = digests + pages * 32
    pack_into("<4I", data, signature, _CODE_SIGNATURE, 16, limit, total)
    start = unpack_from("<Q", data, linkedit + 40)[0]
    extent = limit + total - start
    pack_into("<Q", data, linkedit + 48, extent)
    if unpack_from("<Q", data, linkedit + 32)[0] < extent:
        pack_into("<Q", data, linkedit + 32, extent + -extent % (0x4000 if machine == _ARM64 else 0x1000))
    blob = pack(">5I", _SUPER_BLOB, total, 1, 0, _BLOBS).ljust(_BLOBS, b"\0")
    blob += pack(
        ">9I4B4I4Q", _CODE_DIRECTORY, total - _BLOBS, _VERSION, _FLAGS, digests - _BLOBS, _DIRECTORY, 0, pages, limit, 32, _SHA_256, 0, 12,
        0, 0, 0, 0, 0, text[0], text[1], _MAIN_BINARY if kind == _EXECUTE else 0,
    )  # fmt: skip
    blob = (blob + name).ljust(digests, b"\0")
    whole = memoryview(data)
    blob += b"".join([sha256(whole[page : page + PAGE]).digest() for page in range(0, limit, PAGE)])
    whole.release()
    return bytes(data) + blob
