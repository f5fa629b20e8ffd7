"""What a program's file is: its format, the machine it is for, the loader that it names. Reads headers only."""

from __future__ import annotations

import struct

from msgspec import Struct

_ELF_MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_PE_MACHINES = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACHO_MACHINES = {0x01000007: "x86_64", 0x0100000C: "aarch64"}
_INTERP = 3


class Image(Struct, frozen=True):
    """`system`: `linux`, `windows`, `macos`, `wasi`, or "" when the file is no program. `loader`: the path of the program that the kernel
    is to start in its place, "" for none."""

    system: str = ""
    arch: str = ""
    loader: str = ""

    @property
    def words(self) -> str:
        """For people: `a program for aarch64 Linux`."""
        names = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}
        if self.system == "wasi":
            return "a WebAssembly program"
        return f"a program for {self.arch or 'another processor of'} {names[self.system]}" if self.system else "no program"


def read(path: str) -> Image:
    """Never raises for what is in the file. Raises `OSError` when it cannot be read."""
    with open(path, "rb") as file:
        head = file.read(4096)
    try:
        if head.startswith(b"\x7fELF\x02\x01"):
            return Image("linux", _ELF_MACHINES.get(_u16(head, 18), ""), _loader(path, head))
        if head.startswith(b"MZ"):
            at = _u32(head, 60)
            return Image("windows", _PE_MACHINES.get(_u16(head, at + 4), "")) if head[at : at + 4] == b"PE\0\0" else Image()
        if head.startswith(b"\xcf\xfa\xed\xfe"):
            return Image("macos", _MACHO_MACHINES.get(_u32(head, 4), ""))
        return Image("wasi", "wasm32") if head.startswith(b"\0asm") else Image()
    except struct.error:
        return Image()


def _loader(path: str, head: bytes) -> str:
    """The path in the segment that ELF calls the program's interpreter."""
    (table,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    with open(path, "rb") as file:
        for i in range(count):
            file.seek(table + i * size)
            entry = file.read(size)
            if _u32(entry, 0) == _INTERP:
                offset, length = struct.unpack_from("<Q", entry, 8)[0], struct.unpack_from("<Q", entry, 32)[0]
                file.seek(offset)
                return file.read(min(length, 4096)).rstrip(b"\0").decode("utf-8", "surrogateescape")
    return ""


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
