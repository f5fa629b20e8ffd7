"""What files of a build are called: policy by kind and target, in one place."""

from __future__ import annotations

from vitte.driver.options import EmitKind, OutputKind
from vitte.driver.target import Target

LIBRARIES = (OutputKind.STATIC, OutputKind.SHARED)
"""Kinds that come with a C header."""

IMAGES = (EmitKind.BIN, EmitKind.STATIC, EmitKind.SHARED, EmitKind.OBJECT)
"""What `--emit` may ask for that is made of all objects; named like the kinds of output."""


def file_name(kind: OutputKind, name: str, target: Target) -> str:
    """`name` without folder or extension; C compilers of the system find the library by `-lNAME`, or by the file's name."""
    if kind is OutputKind.OBJECT:
        return f"{name}.obj" if target.system == "windows" and target.libc == "none" else f"{name}.o"
    if target.system == "windows":
        if kind is OutputKind.STATIC:
            return f"{name}.lib" if target.libc == "none" else f"lib{name}.a"
        return f"{name}.dll" if kind is OutputKind.SHARED else f"{name}.exe"
    if kind is OutputKind.STATIC:
        return f"lib{name}.a"
    if target.arch == "wasm32":
        return f"{name}.wasm"
    if kind is OutputKind.SHARED:
        return f"lib{name}.dylib" if target.system == "macos" else f"lib{name}.so"
    return name


def header_name(name: str) -> str:
    return f"{name}.h"
