"""How far a build goes, and where its results are put."""

from __future__ import annotations

import os

from vitte.driver.options import DriverMode, DriverOptions, EmitKind
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
TEXT_DUMPS = ("llvm-ir", "asm")
"""Dumps that code generation gives beside its object."""


def goal_of(options: DriverOptions) -> str:
    if options.mode is DriverMode.CHECK:
        return "check"
    if options.engine == "interp":
        return "ssa"
    kinds = [kind for kind, _ in options.emit]
    if kinds and options.mode is DriverMode.BUILD and all(kind in TEXTS or kind is EmitKind.DEP_INFO for kind in kinds):
        if not any(TEXTS.get(kind) in TEXT_DUMPS for kind in kinds):
            late = any(kind is EmitKind.SSA for kind in kinds)
            return "ssa" if late else "check"
    return "object"




def stem(options: DriverOptions, package: Package) -> str:
    """Where results without a path of their own go, without extension."""
    if options.output:
        return options.output
    if package.manifest is not None:
        return os.path.join(options.target_dir or os.path.join(package.root, "target"), options.profile, package.name.rsplit("/", 1)[-1])
    return package.name


def image_path(options: DriverOptions, context: DriverContext, package: Package) -> str:
    """Where the program goes."""
    path = next((path for kind, path in options.emit if kind is EmitKind.BIN), "")
    if not path:
        keep = options.mode is DriverMode.BUILD or options.output or package.manifest is not None
        path = stem(options, package) if keep else os.path.join(scratch(context), os.path.basename(package.name) or "program")
        if options.tests and not options.output:
            path += "-test"
    return path
