"""Taking Mach-O images apart: what a Mac would look at before it runs one. Nothing of it uses the code that is tested."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import lief

CPUS = {"arm64": lief.MachO.Header.CPU_TYPE.ARM64, "x86_64": lief.MachO.Header.CPU_TYPE.X86_64}
PAGES = {"arm64": 0x4000, "x86_64": 0x1000}
DIRECTORY = struct.Struct(">9I4B4I4Q")


_parsed: list[Any] = []


def parse(path: Path) -> Any:
    lief.logging.disable()
    fat = lief.MachO.parse(path.read_bytes(), lief.MachO.ParserConfig.deep)
    assert fat is not None and len(fat) == 1, f"{path} is no Mach-O image"
    _parsed[:] = [*_parsed[-3:], fat]  # what is taken out of it does not keep it alive
    return fat.at(0)


def check_image(path: Path, arch: str, identifier: str, library: bool = False) -> set[str]:
    """Fails unless all is well; the symbols that it imports."""
    data = path.read_bytes()
    image = parse(path)
    assert image.header.cpu_type == CPUS[arch]
    kinds = lief.MachO.Header.FILE_TYPE
    assert image.header.file_type == (kinds.DYLIB if library else kinds.EXECUTE)
    flags = {flag.name for flag in image.header.flags_list}
    assert {"DYLDLINK", "TWOLEVEL", "NOUNDEFS"} <= flags
    assert library or "PIE" in flags
    good, message = lief.MachO.check_layout(image)
    assert good, message
    check_segments(image, data, PAGES[arch])
    minimum = [command for command in image.commands if command.command == lief.MachO.LoadCommand.TYPE.BUILD_VERSION]
    assert [command.minos for command in minimum] == [[11, 0, 0]]
    assert [name for name in (lib.name for lib in image.libraries) if name != f"@rpath/{path.name}"] == ["/usr/lib/libSystem.B.dylib"]
    if library:
        return {symbol.name for symbol in image.imported_symbols}
    assert image.has_main_command and not image.main_command.stack_size % PAGES[arch]
    text = image.get_segment("__TEXT")
    code = next(section for section in text.sections if section.name == "__text")
    entry = image.main_command.entrypoint
    assert code.offset <= entry < code.offset + code.size, "the program starts in its code"
    check_signature(data, identifier, library)
    return {symbol.name for symbol in image.imported_symbols}


def check_segments(image: Any, data: bytes, page: int) -> None:
    """Segments lie in the file and in memory one after another, begin at pages, and none can be both written and executed."""
    end = 0
    for segment in image.segments:
        assert not segment.virtual_address % page and not segment.file_offset % page, segment.name
        assert segment.virtual_address >= end, f"{segment.name} overlaps"
        assert segment.file_offset + segment.file_size <= len(data)
        assert segment.virtual_size >= segment.file_size
        assert segment.init_protection & 6 != 6, f"{segment.name} can be written and executed"
        end = segment.virtual_address + segment.virtual_size
    last = image.get_segment("__LINKEDIT")
    assert last.file_offset + last.file_size == len(data), "the link information ends the file"


def check_signature(data: bytes, identifier: str, library: bool = False) -> None:
    """Every digest of the ad-hoc signature is that of its page."""
    at, commands = 32, struct.unpack_from("<I", data, 16)[0]
    found, text = [], (0, 0)
    for _ in range(commands):
        kind, size = struct.unpack_from("<2I", data, at)
        if kind == 0x1D:
            found.append(struct.unpack_from("<2I", data, at + 8))
        if kind == 0x19 and data[at + 8 : at + 24].rstrip(b"\0") == b"__TEXT":
            text = struct.unpack_from("<2Q", data, at + 40)
        at += size
    ((start, length),) = found
    assert start + length == len(data) and not start % 16
    magic, total, count, slot, offset = struct.unpack_from(">5I", data, start)
    assert (magic, total, count, slot) == (0xFADE0CC0, length, 1, 0)
    (magic, size, version, flags, hashes, name, special, pages, limit, width, digest, platform, shift, *spare, base, extent, kind) = (
        DIRECTORY.unpack_from(data, start + offset)
    )
    assert (magic, version, flags, digest, width, shift, platform, special) == (0xFADE0C02, 0x20400, 0x20002, 2, 32, 12, 0, 0)
    assert not any(spare) and offset + size == length
    assert limit == start, "all but the signature is signed"
    assert (base, extent, kind) == (*text, 0 if library else 1)
    blob = data[start + offset : start + offset + size]
    assert blob[name : blob.index(b"\0", name)].decode() == identifier
    assert pages == -(-limit // 4096)
    for page in range(pages):
        wanted = blob[hashes + 32 * page : hashes + 32 * (page + 1)]
        assert hashlib.sha256(data[4096 * page : min(4096 * (page + 1), limit)]).digest() == wanted, f"page {page} is not what was signed"
    assert hashes + 32 * pages == size
