"""Pieces of LLVM IR syntax: quoted names, byte strings, constants."""

from __future__ import annotations

import struct
from math import isinf, isnan

_PLAIN = bytes(range(0x20, 0x22)) + bytes(range(0x23, 0x5C)) + bytes(range(0x5D, 0x7F))
_BYTES: list[str] = [chr(b) if b in _PLAIN else f"\\{b:02X}" for b in range(256)]


def escape(data: bytes) -> str:
    """The inside of an LLVM string literal. Time and space are linear."""
    return "".join([_BYTES[b] for b in data])


def quote(name: str) -> str:
    """A string in metadata or attributes, with its quotes."""
    if name.isascii() and name.isprintable() and '"' not in name and "\\" not in name:
        return f'"{name}"'
    return f'"{escape(name.encode("utf-8", "surrogatepass"))}"'


def symbol(name: str) -> str:
    """A global name. Any text may be a name; quoting is always right."""
    return "@" + quote(name)


def float_constant(value: float, ty: str) -> str:
    """The bits of a double, which is how LLVM writes both widths (an f32 as the double of equal value)."""
    if ty == "f32" and not (isnan(value) or isinf(value)):
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = float("inf") if value > 0 else float("-inf")
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    if ty == "f32" and isnan(value):
        bits = (bits & 0x8000_0000_0000_0000) | 0x7FF8_0000_0000_0000
    return f"0x{bits:016X}"


TYPE: dict[str, str] = {
    "i1": "i1", "i8": "i8", "i16": "i16", "i32": "i32", "i64": "i64", "i128": "i128", "f32": "float", "f64": "double", "ptr": "ptr",
    "": "void",
}
"""LLVM's names of the SSA types."""
PASSED: dict[str, str] = {**TYPE, "i1": "i1 zeroext"}
"""The same as parameters and results: a bool is a whole register of 0 or 1, as C passes it."""
RETURNED: dict[str, str] = {**TYPE, "i1": "zeroext i1"}


def widened(ty: str, sign: str, arch: str) -> str:
    """The attribute by which a value is made as wide as a register for C, "" when it is left as it is. `sign`: as in `ssa.Signature`.

    Who passes a value widens it, and who gets one relies on nothing: platforms differ in whose duty it is, and this suits all of them.
    Apple's arm64 and, by custom, x86-64 want small integers as 32 bits; RISC-V wants 32 bits as 64, by their sign even when they have none.
    """
    if ty == "i1":
        return "zeroext"
    if ty in ("i8", "i16"):
        return "signext" if sign == "s" else "zeroext"
    return "signext" if ty == "i32" and arch == "riscv64" else ""


ALIGN: dict[str, int] = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "f32": 4, "f64": 8, "ptr": 8}
"""Alignment of a scalar in memory, in bytes; of a pointer where it has 64 bits."""
