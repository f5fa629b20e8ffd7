"""Mach-O by `ld64.lld`: programs that load `libSystem`, signed ad hoc, without which arm64 does not start them."""

from __future__ import annotations

import os

from vitte.driver.options import Library, LldFlavor
from vitte.driver_impl.link.data import Plan, Request, words

ARCHS = {"x86_64": "x86_64", "aarch64": "arm64"}
OLDEST = "11.0"
"""The first system with arm64."""


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure.

    `-oso_prefix .` and `-reproducible`: no folder and no time stamp of an object stands in the image; only the output's name does, as the
    signature's identifier. `-fatal_warnings`: an object for another architecture is a warning otherwise, and its symbols are missing.
    """
    minimum = request.minimum or OLDEST
    arguments = ["-arch", ARCHS[request.arch], "-platform_version", "macos", minimum, minimum, "-dead_strip", "-adhoc_codesign",
                 "-reproducible", "-oso_prefix", ".", "-fatal_warnings", "--error-limit=0"]  # fmt: skip
    if request.shared:
        arguments.append("-dylib")
    elif request.entry:
        arguments += ["-e", request.entry]
    if request.strip:
        arguments += ["-S", "-x"]
    if request.stack_size:
        arguments += ["-stack_size", hex(request.stack_size)]
    for symbol in request.exports:
        arguments += ["-exported_symbol", symbol]
    arguments += ["-o", request.temporary, *words(request)]
    arguments += [f"-L{folder}" for folder in request.folders]
    for item in request.libraries:
        arguments += ["-framework", item.name] if item.kind == "framework" else [archive(item, request.folders)]
    arguments += [*request.runtime, *request.if_needed, *request.args]
    return Plan(program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.MACHO)


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
