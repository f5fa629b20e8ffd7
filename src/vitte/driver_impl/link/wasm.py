"""WebAssembly by `wasm-ld`: a program with `_start`, or a library of exports."""

from __future__ import annotations

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan, Request, named, words

STACK = 1 << 20
"""Bytes of stack: the linker's own default are 64 KiB, which a few frames of Vitte fill."""


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure. `--stack-first`: an overflow of the stack is a trap and not a change of data. The image holds no time and no folder."""
    if request.relocatable:
        arguments = ["-r"]
    else:
        arguments = ["--gc-sections" if request.gc_sections else "--no-gc-sections", "--stack-first",
                     "-z", f"stack-size={request.stack_size or STACK}"]  # fmt: skip
    arguments += ["--fatal-warnings", "--error-limit=0"]
    if request.shared:
        arguments.append("--no-entry")
    elif request.entry:
        arguments += ["--entry", request.entry]
    arguments += {"none": (), "debug": ("--strip-debug",), "all": ("--strip-all",)}[request.strip]
    arguments += [f"--export={symbol}" for symbol in request.exports]
    arguments += ["-o", named(request.temporary), *words(request)]
    arguments += [word for folder in request.folders for word in ("-L", folder)]
    arguments += [name if "/" in name else f"-l{name}" for name in (item.name for item in request.libraries if item.kind != "wasm")]
    arguments += [*request.runtime, *request.if_needed, *request.args]
    return Plan(
        program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.WASM,
        before_response=("--rsp-quoting=posix",),
    )  # fmt: skip
