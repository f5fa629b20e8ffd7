"""Mach-O by zig's own linker, which is in the `ziglang` package and speaks neither of the other linkers' languages.

It is there wherever Vitte is, and is taken when there is no `ld64.lld`. What it cannot do is said in docs/reference/macos.md.
"""

from __future__ import annotations

import os

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan, Request, words
from vitte.driver_impl.link.macho import OLDEST, identifier_of, libraries

_STACK = 8 << 20
"""Bytes of the main thread's stack, as every other linker leaves it: zig would ask for 16 MiB."""


def reads(zig: str) -> tuple[str, ...]:
    """Files beside the program that decide what it links with."""
    folder = os.path.join(os.path.dirname(os.path.realpath(zig)), "lib", "libc", "darwin")
    return tuple(os.path.join(folder, name) for name in ("libSystem.tbd", "SDKSettings.json"))


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure, but for looking where static libraries are.

    `-fno-compiler-rt` and `-fno-ubsan-rt`: zig would compile libraries of its own first; libSystem, which is always linked with, has what
    is needed of them. It writes nothing that matters into its cache, so that is a folder for this link alone. `-headerpad`: room for the
    load command of a signature. `--color off`: its complaints are read. What a file is, it knows by the end of its name, so objects get
    names that end in `.o`.
    """
    scratch = f"{request.temporary}.zig"
    arguments = ["-dynamic"] if request.shared else []
    arguments += ["-target", f"{request.arch}-macos.{request.minimum or OLDEST}", "-fno-compiler-rt", "-fno-ubsan-rt"]
    arguments += ["-dead_strip"] if request.gc_sections else []
    arguments += ["-headerpad", "40", "--color", "off", "--cache-dir", scratch, "--global-cache-dir", scratch]
    if request.shared:
        arguments += ["-install_name", f"@rpath/{os.path.basename(request.output)}"]
    else:
        arguments += [f"-fentry=_{request.entry or 'main'}", "--stack", str(request.stack_size or _STACK)]
    arguments += [word for folder in request.rpaths for word in ("-rpath", folder)]
    arguments.append(f"-femit-bin={request.temporary}")
    links = []
    for number, path in enumerate(words(request)):
        if not path.endswith((".o", ".a")):
            links.append((path, os.path.join(scratch, "objects", f"{number}.o")))
            path = links[-1][1]
        arguments.append(path)
    arguments += [f"-L{folder}" for folder in request.folders]
    arguments += [*libraries(request), *request.args]
    command = "build-lib" if request.shared else "build-exe"
    return Plan(
        program=(*program[:-1], command), arguments=tuple(arguments), output=request.temporary, final=request.output,
        flavour=LldFlavor.MACHO, dialect="zig", identifier=identifier_of(request), scratch=(scratch,), links=tuple(links),
        thin=request.strip == "all",
    )  # fmt: skip
