"""ELF: the command line that `ld.lld`, `ld.bfd`, `ld.gold` and `mold` share, and where they differ.

The program starts in Vitte's own `_start` and is linked with the runtime `libc.so.6` and `libm.so.6` by path, so that neither a C compiler
nor libc's headers and start files are needed.
"""

from __future__ import annotations

import os

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan, Request, named, words
from vitte.driver_impl.link.libraries import library, usual

EMULATIONS = {"x86_64": "elf_x86_64", "aarch64": "aarch64linux", "riscv64": "elf64lriscv"}
"""`-m` by architecture. GNU ld and LLD agree on these names."""

_NO_ENTRY = "cannot find entry symbol"

_ONLY: dict[str, tuple[str, ...]] = {
    # All complaints, not the first twenty. LLD writes a program although it has no entry point: that is a warning only.
    "lld": ("--error-limit=0", "--fatal-warnings"),
    "mold": ("--fatal-warnings",),
    "gold": ("--fatal-warnings",),
    # ld.bfd warns about what other people's objects are like; of its warnings only those in `failures` count.
    "bfd": (),
}

COMMON = ("--hash-style=gnu", "--eh-frame-hdr", "-z", "relro", "-z", "now")
STRIP: dict[str, tuple[str, ...]] = {"none": (), "debug": ("--strip-debug",), "all": ("--strip-all",)}


def plan(program: tuple[str, ...], request: Request, dialect: str = "lld") -> Plan:
    """Pure, but for looking where named libraries are.

    `--gc-sections`: each procedure has a section of its own, and instances that nothing calls go. `-z now` with `-z relro`: tables of
    addresses are filled before the program starts and are read-only then. `--build-id=none`: equal inputs give equal images, wherever.
    """
    arguments = ["-m", EMULATIONS[request.arch], *kind_words(request)]
    if request.relocatable:
        arguments += _ONLY[dialect]
    else:
        arguments += [*COMMON, *sections_words(request), *_ONLY[dialect]]
    if request.icf:
        arguments.append("--icf=all")
    if request.loader and not (request.shared or request.static or request.relocatable):
        arguments += ["-dynamic-linker", request.loader]
    if request.entry:
        arguments += ["-e", request.entry]
    arguments += STRIP[request.strip]
    if request.compress_debug != "none":
        arguments.append(f"--compress-debug-sections={request.compress_debug}")
    arguments += shared_words(request)
    arguments += ["-o", named(request.temporary), *words(request)]
    arguments += [word for folder in request.folders for word in ("-L", folder)]
    near = os.path.dirname(request.runtime[0]) if request.runtime else ""
    system = usual(request.arch) if request.system else ()
    arguments += [word for word in (library(item, request.folders, near, request.static, system) for item in request.libraries) if word]
    # LLD looks into an archive again as long as something of it is wanted, the others only when they are told to.
    group = request.static and dialect != "lld" and request.runtime
    arguments += ["--start-group", *request.runtime, "--end-group"] if group else request.runtime
    if request.if_needed:
        arguments += ["--as-needed", *request.if_needed, "--no-as-needed"]
    arguments += request.args
    return Plan(
        program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.ELF, dialect=dialect,
        # On Windows LLD would read response files by the rules there.
        before_response=("--rsp-quoting=posix",) if dialect == "lld" else (), failures=(_NO_ENTRY,), texts=script(request),
    )  # fmt: skip


def kind_words(request: Request) -> tuple[str, ...]:
    """What is to be made."""
    if request.relocatable:
        return ("-r",)
    if request.shared:
        # What it needs must be there when it is linked, not first when it is loaded; and it calls its own procedures, whoever else has
        # one of that name.
        return ("-shared", "-soname", os.path.basename(request.output), "-z", "defs", "-Bsymbolic")
    if request.static:
        # LLD's `-static -pie` without a loader would leave pointers in data unrelocated, in silence.
        return ("-static",)
    return ("-pie",) if request.pie else ("-no-pie",)


def sections_words(request: Request) -> tuple[str, ...]:
    """What stays of the objects, and how the image is named: not by its contents."""
    return ("--gc-sections" if request.gc_sections else "--no-gc-sections", "--build-id=none")


def shared_words(request: Request) -> list[str]:
    """What others see of the image, and what it looks for when it is loaded; the same words for all linkers, and for C compilers'."""
    arguments: list[str] = []
    if request.stack_size:
        arguments += ["-z", f"stack-size={request.stack_size}"]
    if request.version_script:
        arguments += ["--version-script", request.version_script]
    elif request.shared:
        arguments += ["--version-script", script(request)[0][0]]
    else:
        arguments += [word for symbol in request.exports for word in ("--export-dynamic-symbol", symbol)]
    if request.rpaths:
        arguments += ["--enable-new-dtags", *(word for folder in request.rpaths for word in ("-rpath", folder))]
    return arguments


def script(request: Request) -> tuple[tuple[str, str], ...]:
    """The version script of a shared library that has none of its own: what it exports, and nothing else of it or of the archives in it."""
    if not request.shared or request.version_script:
        return ()
    names = "".join([f'  "{symbol}";\n' for symbol in request.exports])
    return ((f"{request.temporary}.exports", f"{{\nglobal:\n{names}local:\n  *;\n}};\n" if names else "{\nlocal:\n  *;\n};\n"),)
