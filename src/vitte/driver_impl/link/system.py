"""The linkers that a Unix machine brings: C compilers as drivers (`cc`, `gcc`, `clang`), and `ld.bfd`, `ld.gold`, `mold` themselves.

A driver adds the C library's own start files and its folders, so Vitte's start object stays out and `main` is the C library's to call.
The others get what LLD gets, in the words that each of them has (`elf`).
"""

from __future__ import annotations

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link import elf
from vitte.driver_impl.link.data import Plan, Request, named
from vitte.driver_impl.link.libraries import IN_LIBC
from vitte.driver_impl.link.programs import Linker, recognise, which

ORDER = ("cc", "gcc", "clang", "ld", "ld.bfd", "ld.gold", "mold")
"""Which is taken when none is named: a driver knows where the system's libraries are."""


def find(name: str) -> Linker:
    """The program of that name, or the first of `ORDER`; it is asked what it is, since `ld` and `cc` are names for several. Raises
    `DriverError`."""
    for candidate in (name,) if name else ORDER:
        path = which(candidate)
        if path is not None:
            return recognise(path)
    raise DriverError(
        f"the linker `{name}` is not on the PATH" if name else "the system has no linker that is known",
        status=EXIT_TOOLCHAIN,
        helps=("`--linker lld` needs none of the system's", "install a C compiler (`gcc` or `clang`), or binutils"),
    )


def driver_plan(program: tuple[str, ...], request: Request) -> Plan:
    """A link through a C compiler. Pure.

    What is meant for the linker behind it stands after `-Xlinker`: `-Wl,` splits at commas, which file names may hold. Warnings are not
    made fatal: the driver's own libraries may give some. `-nostdlib` for an object that is to be linked later: it gets no start files.
    """
    if request.relocatable:
        arguments, inner = ["-r", "-nostdlib"], []
    elif request.shared:
        arguments, inner = ["-shared"], [*elf.COMMON, *elf.kind_words(request)[1:]]
    else:
        arguments, inner = ["-static"] if request.static else ["-pie" if request.pie else "-no-pie"], list(elf.COMMON)
    if not request.relocatable:
        inner += elf.sections_words(request)
    if request.entry:
        inner += ["-e", request.entry]
    inner += elf.STRIP[request.strip]
    if request.compress_debug != "none":
        inner.append(f"--compress-debug-sections={request.compress_debug}")
    inner += elf.shared_words(request)
    arguments += [word for inside in inner for word in ("-Xlinker", inside)]
    arguments += ["-o", named(request.temporary), *(named(path) for path in request.objects)]
    arguments += [word for folder in request.folders for word in ("-L", folder)]
    for item in request.libraries:
        if item.name not in IN_LIBC or request.folders or item.kind:
            arguments.append(item.name if "/" in item.name else f"-l:lib{item.name}.a" if item.kind == "static" else f"-l{item.name}")
    if request.if_needed and not (request.static or request.relocatable):
        arguments += ["-Xlinker", "--as-needed", "-lm", "-Xlinker", "--no-as-needed"]
    elif not request.relocatable:
        arguments.append("-lm")
    arguments += request.args
    return Plan(program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.ELF,
                dialect="cc", failures=("cannot find entry symbol",), texts=elf.script(request))  # fmt: skip
