"""Policy of linking: from target and options to which linker is meant and which command line it speaks. Looks at no file.

    options --select--> Selection --driver_impl.link.linkers.find--> a program --plan--> a command line --execute--> an image
"""

from __future__ import annotations

from msgspec import Struct

from vitte.driver.error import DriverError
from vitte.driver.host import is_host
from vitte.driver.options import DriverOptions, LldFlavor
from vitte.driver.target import Target

SYSTEM_PROGRAMS = ("cc", "gcc", "clang", "ld", "ld.bfd", "ld.gold", "mold", "ld.mold")
"""Programs that `--linker` may name without a path, and that are not LLD."""

COMPILERS = ("cc", "gcc", "clang")
"""Those of them that drive a linker."""

LLD_PROGRAMS: dict[str, LldFlavor] = {
    "ld.lld": LldFlavor.ELF,
    "lld-link": LldFlavor.COFF,
    "ld64.lld": LldFlavor.MACHO,
    "wasm-ld": LldFlavor.WASM,
}
"""LLD's drivers: each speaks one command line."""

_WORDS = {
    LldFlavor.ELF: "ELF",
    LldFlavor.COFF: "PE/COFF",
    LldFlavor.MACHO: "Mach-O",
    LldFlavor.WASM: "WebAssembly",
}


class Selection(Struct, frozen=True):
    """Which linker is meant.

    `family`: `lld`; `system` (a program that the machine brings); `custom` (a program by its path); `named` (a program on the PATH or a
    plug-in, whichever there is). `name`: the program's name or path; "" for the usual one of the family. `told`: a custom program speaks
    the flavour's command line, and is not asked.
    """

    family: str
    flavour: LldFlavor
    name: str = ""
    told: bool = False


def flavour_of(target: Target) -> LldFlavor:
    """The format of a target's objects and programs."""
    if target.arch == "wasm32":
        return LldFlavor.WASM
    return {"windows": LldFlavor.COFF, "macos": LldFlavor.MACHO}.get(target.system, LldFlavor.ELF)


def select(options: DriverOptions) -> Selection:
    """The linker for the options' target. Raises `DriverError` when it cannot link that target."""
    flavour = flavour_of(options.target)
    kind = options.linker.kind
    if options.linker_flavour:
        return _told(options, flavour)
    if kind == "lld":
        return Selection("lld", flavour, options.linker_path)
    if kind == "system":
        if flavour is not LldFlavor.ELF:
            raise _unfit("the system's linker", LldFlavor.ELF, options.target)
        # A C compiler brings this machine's own C library; linkers take what they are given.
        return Selection("system", flavour, options.linker_path or ("" if is_host(options.target) else "ld"))
    if kind == "wasm":
        if flavour is not LldFlavor.WASM:
            raise _unfit("linker `wasm`", LldFlavor.WASM, options.target)
        return Selection("lld", flavour, options.linker_path)
    if kind != "custom":
        raise DriverError(f"there is no linker `{kind}`", helps=("`lld`, `system`, a program's name or path, or a plug-in's name",))
    return _by_name(options.linker_path or options.linker.name, flavour, options.target)


def _told(options: DriverOptions, flavour: LldFlavor) -> Selection:
    """A program whose command line the user knows."""
    name = options.linker_path or options.linker.name
    if options.linker.kind != "custom" or not ("/" in name or "\\" in name):
        raise DriverError("`--linker-flavour` is for linkers that are named by a path", helps=("like `--linker ./my-ld`",))
    speaks = LldFlavor(options.linker_flavour)
    if speaks is not flavour:
        raise _unfit(f"`{name}`", speaks, options.target)
    return Selection("custom", flavour, name, True)


def _by_name(name: str, flavour: LldFlavor, target: Target) -> Selection:
    if not name:
        raise DriverError("`--linker` needs a name", helps=("`lld`, `system`, a program's name or path, or a plug-in's name",))
    if "/" in name or "\\" in name:
        return Selection("custom", flavour, name)
    own = LLD_PROGRAMS.get(name)
    if own is not None:
        if own is not flavour:
            raise _unfit(f"`{name}`", own, target)
        return Selection("lld", flavour, name)
    if name in SYSTEM_PROGRAMS:
        if flavour is not LldFlavor.ELF:
            raise _unfit(f"`{name}`", LldFlavor.ELF, target)
        if name in COMPILERS and not is_host(target):
            raise DriverError(f"`{name}` links programs of this machine, and `{target.name}` is another target", helps=(
                "`--linker lld` links every target", "give the path of a C compiler that was made for it"))  # fmt: skip
        return Selection("system", flavour, name)
    return Selection("named", flavour, name)


def _unfit(who: str, speaks: LldFlavor, target: Target) -> DriverError:
    wanted = flavour_of(target)
    return DriverError(
        f"{who} makes {_WORDS[speaks]} programs, and `{target.name}` needs {_WORDS[wanted]}", helps=("`--linker lld` links every target",)
    )


def unfit(who: str, speaks: LldFlavor, wanted: LldFlavor) -> DriverError:
    """For a linker that says of itself that it makes something else than what is wanted."""
    return DriverError(
        f"`{who}` makes {_WORDS[speaks]} programs, and {_WORDS[wanted]} is wanted", helps=("`--linker lld` links every target",)
    )
