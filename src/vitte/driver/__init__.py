"""The compiler driver: the public API, and every policy.

In this project *driver* means the part that decides: which options hold, which target, which backend and linker,
which warnings count, how diagnostics look, where things go. It does no work. The work (pipeline, cache, linkers,
running programs) is an *implementation*, by default `vitte.driver_impl`, which the driver loads by name.

    from vitte.driver import DriverOptions, compile, compile_and_run

    outcome = compile(DriverOptions(inputs=("hello.vit",), output="hello"))
    for diagnostic in outcome.diagnostics:
        print(diagnostic.message)
    status = compile_and_run(DriverOptions(inputs=("hello.vit",)))

Everything here is loaded when first touched, so that data types stay cheap for the stages that use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitte.driver.api import DriverContext, Implementation, Outcome, check, compile, compile_and_run, emit, test
    from vitte.driver.error import DriverError, StageCrash
    from vitte.driver.options import (
        CodegenBackend,
        DebugInfo,
        DriverMode,
        DriverOptions,
        EmitKind,
        LinkerKind,
        LldFlavor,
        OptLevel,
        RunConfig,
    )
    from vitte.driver.target import Target

_HOME = {
    "api": ("DriverContext", "Implementation", "Outcome", "check", "compile", "compile_and_run", "emit", "test"),
    "error": ("DriverError", "StageCrash"),
    "options": (
        "CodegenBackend",
        "DebugInfo",
        "DriverMode",
        "DriverOptions",
        "EmitKind",
        "LinkerKind",
        "LldFlavor",
        "OptLevel",
        "RunConfig",
    ),
    "target": ("Target",),
}

__all__ = [  # noqa: RUF022 - grouped by home
    "DriverContext", "Implementation", "Outcome", "check", "compile", "compile_and_run", "emit", "test",
    "DriverError", "StageCrash",
    "CodegenBackend", "DebugInfo", "DriverMode", "DriverOptions", "EmitKind", "LinkerKind", "LldFlavor", "OptLevel", "RunConfig",
    "Target",
]  # fmt: skip


def __getattr__(name: str) -> object:
    for module, names in _HOME.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"vitte.driver.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
