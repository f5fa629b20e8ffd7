"""Mach-O by `ld64.lld`: programs that load `libSystem`, signed ad hoc, without which arm64 does not start them.

C's `main` is the symbol `_main` here. Signing is the executor's: a linker's own signature would hold the name of a temporary file.
"""

from __future__ import annotations

import os
import struct

from msgspec.structs import replace

from vitte.driver.options import Library, LldFlavor
from vitte.driver_impl.link.data import Plan, Request, words

ARCHS = {"x86_64": "x86_64", "aarch64": "arm64"}
OLDEST = "11.0"
"""The first system with arm64."""
OBJECTS = ".objects"
"""What the name of the folder with an image's objects ends in."""
IN_SYSTEM = ("System", "c", "m", "pthread", "dl", "util", "info", "proc", "poll", "dbm")
"""Libraries that are other names of libSystem, which is always linked with."""


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure, but for looking where static libraries are.

    Debug information stays in the objects, and the image names these: so they are copied into a folder beside it, and named from there on
    (`-oso_prefix`), without a time stamp (`-reproducible`). `-fatal_warnings`: an object for another architecture is a
    warning otherwise, and its symbols are missing. `-exported_symbol`: a program's other symbols would all be found by what it loads.
    """
    minimum = request.minimum or OLDEST
    arguments = ["-arch", ARCHS[request.arch], "-platform_version", "macos", minimum, minimum]
    if request.gc_sections:
        arguments.append("-dead_strip")
    folder, name = os.path.split(request.output)
    if os.path.isabs(folder):
        folder = os.path.realpath(folder)  # as the linker resolves it
    copies = tuple((path, os.path.join(folder, f"{name}{OBJECTS}", called))
                   for path, called in zip(request.objects, request.names))  # fmt: skip
    arguments += ["-no_adhoc_codesign", "-reproducible", "-oso_prefix", os.path.join(folder, "") or "."]
    arguments += ["-fatal_warnings", "--error-limit=0"]
    if request.icf:
        arguments.append("--icf=all")
    if request.shared:
        arguments += ["-dylib", "-install_name", f"@rpath/{os.path.basename(request.output)}"]
    elif request.entry:
        arguments += ["-e", f"_{request.entry}"]
    if not (request.pie or request.shared):
        arguments.append("-no_pie")
    arguments += {"none": (), "debug": ("-S",), "all": ("-S", "-x")}[request.strip]
    if request.stack_size:
        arguments += ["-stack_size", hex(request.stack_size)]
    exports = request.exports if request.shared else (request.entry or "main", *request.exports)
    for symbol in exports:
        arguments += ["-exported_symbol", f"_{symbol}"]
    if request.shared and not exports:
        arguments.append("-no_exported_symbols")
    for folder in request.rpaths:
        arguments += ["-rpath", folder]
    # One by one: units without code may be one file, and are several copies.
    called = replace(request, objects=tuple(name for _, name in copies) or request.objects)
    arguments += ["-o", request.temporary, *words(called)]
    arguments += [f"-L{folder}" for folder in request.folders]
    arguments += libraries(request)
    arguments += [*request.runtime, *request.if_needed, *request.args]
    return Plan(program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.MACHO,
                identifier=identifier_of(request), copies=copies, beside=tuple(path for _, path in copies))  # fmt: skip


def identifier_of(request: Request) -> str:
    """By what name the system knows the program: it stands in its signature."""
    return request.identifier or os.path.basename(request.output)


def libraries(request: Request) -> list[str]:
    """The words for named libraries. Frameworks are looked for where libraries are."""
    words: list[str] = []
    for item in request.libraries:
        if item.kind == "framework":
            words += ["-framework", item.name]
        elif item.name not in IN_SYSTEM or item.kind or _in_folders(item.name, request.folders):
            words.append(archive(item, request.folders))
    return [*(f"-F{folder}" for folder in request.folders), *words] if "-framework" in words else words


def _in_folders(name: str, folders: tuple[str, ...]) -> bool:
    return any(os.path.exists(os.path.join(folder, f"lib{name}{end}")) for folder in folders for end in (".dylib", ".tbd", ".a"))


def archive(item: Library, folders: tuple[str, ...]) -> str:
    """The linker prefers what is loaded at run time and cannot be told otherwise, so a static library is named by its path."""
    if "/" in item.name:
        return item.name
    if item.kind == "static":
        for folder in folders:
            path = os.path.join(folder, f"lib{item.name}.a")
            if os.path.exists(path):
                return path
        return f"lib{item.name}.a"
    return f"-l{item.name}"


MAGIC = b"\xcf\xfa\xed\xfe"
"""How a 64-bit Mach-O file begins."""
_SEGMENT_64, _SYMTAB = 0x19, 2
_SECTION = struct.Struct("<32sQQIIIII")
"""Names, address, size, offset, alignment, offset and count of relocations, flags; 12 bytes follow that nothing is wanted of."""
_EMPTY = (1, 12, 18)
"""Types of sections that take no room in the file."""


def damage(data: bytes) -> str:
    """What of an object lies beyond the end of its file; "" when it is whole, or no object. `ld64.lld` reads on, into whatever is there."""
    if not data.startswith(MAGIC):
        return ""
    try:
        at = 32
        for _ in range(struct.unpack_from("<I", data, 16)[0]):
            kind, size = struct.unpack_from("<2I", data, at)
            if size < 8 or at + size > len(data):
                return "its load commands are cut off"
            if kind == _SEGMENT_64:
                for number in range(struct.unpack_from("<I", data, at + 64)[0]):
                    _, _, length, offset, _, relocations, count, flags = _SECTION.unpack_from(data, at + 72 + 80 * number)
                    if (flags & 0xFF not in _EMPTY and offset + length > len(data)) or relocations + 8 * count > len(data):
                        return "its sections are cut off"
            elif kind == _SYMTAB:
                symbols, count, strings, length = struct.unpack_from("<4I", data, at + 8)
                if symbols + 16 * count > len(data) or strings + length > len(data):
                    return "its symbols are cut off"
            at += size
    except struct.error:
        return "it is cut off"
    return ""
