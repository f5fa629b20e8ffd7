"""How far a build goes, and where its results are put."""

from __future__ import annotations

import os

from vitte.driver.options import DriverMode, DriverOptions, EmitKind, OutputKind
from vitte.driver.outputs import IMAGES, file_name, header_name
from vitte.driver.session import DriverContext, Package
from vitte.driver_impl.pipeline.keeps import scratch

TEXTS = {
    EmitKind.AST: "ast",
    EmitKind.HIR: "hir",
    EmitKind.THIR: "thir",
    EmitKind.MONO: "mono",
    EmitKind.MIR: "mir",
    EmitKind.SSA: "ssa",
    EmitKind.LLVM_IR: "llvm-ir",
    EmitKind.ASM: "asm",
}
"""What `--emit` writes as text, by the name of the dump that gives it."""
LATE = (EmitKind.DEP_INFO, EmitKind.HEADER)
"""What needs no stage after checking, and is written at the end."""
TEXT_DUMPS = ("llvm-ir", "asm")
"""Dumps that code generation gives beside its object."""


def goal_of(options: DriverOptions) -> str:
    if options.mode is DriverMode.CHECK:
        return "check"
    if options.engine == "interp":
        return "ssa"
    kinds = [kind for kind, _ in options.emit]
    if kinds and options.mode is DriverMode.BUILD and all(kind in TEXTS or kind in LATE for kind in kinds):
        if not any(TEXTS.get(kind) in TEXT_DUMPS for kind in kinds):
            late = any(kind is EmitKind.SSA for kind in kinds)
            return "ssa" if late else "check"
    return "object"


def image_wanted(options: DriverOptions, has_root: bool) -> bool:
    """Whether objects are made into an image. A program needs a root module; libraries are made of all modules of a package."""
    kinds = [kind for kind, _ in options.emit]
    if options.mode is DriverMode.BUILD and kinds and not any(kind in IMAGES for kind in kinds):
        return False
    return has_root or options.kind is not OutputKind.BIN


def name_of(package: Package) -> str:
    """What the product is called, without folder or extension."""
    return package.product.name if package.product is not None and package.product.name else package.name.rpartition("/")[2]


def stem(options: DriverOptions, package: Package) -> str:
    """Where results without a path of their own go, without extension."""
    if options.output:
        return options.output
    if package.manifest is not None:
        return os.path.join(options.target_dir or os.path.join(package.root, "target"), options.profile, name_of(package))
    return package.name


def image_path(options: DriverOptions, context: DriverContext, package: Package) -> str:
    """Where the image goes."""
    path = next((path for kind, path in options.emit if kind in IMAGES), "")
    if path or options.output:
        return path or options.output
    keep = options.mode is DriverMode.BUILD or package.manifest is not None
    path = stem(options, package) if keep else os.path.join(scratch(context), os.path.basename(package.name) or "program")
    folder, name = os.path.split(path)
    if options.tests:
        name += "-test"
    return os.path.join(folder, file_name(options.kind, name, options.target))


def header_path(options: DriverOptions, package: Package, output: str) -> str:
    """Where a library's C header goes: beside the library, unless something else was said."""
    path = next((path for kind, path in options.emit if kind is EmitKind.HEADER), "")
    if path:
        return path
    if package.product is not None and package.product.header:
        return os.path.join(package.root, package.product.header)
    return os.path.join(os.path.dirname(output), header_name(library_name(options, package, output)))


def library_name(options: DriverOptions, package: Package, output: str) -> str:
    """What a library is called by those who use it: what its header is named after."""
    if not (options.output or any(kind in IMAGES and path for kind, path in options.emit)):
        return name_of(package)
    name = os.path.basename(output).partition(".")[0]
    return name[3:] if name.startswith("lib") and len(name) > 3 else name
