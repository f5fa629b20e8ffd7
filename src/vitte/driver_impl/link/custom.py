"""Linkers of the user's own: a program by its path, or a plug-in by its name.

A plug-in is a Python package with an entry point in the group `vitte.linkers`, whose value has what `LinkerPlugin` says (a module will
do):

    [project.entry-points."vitte.linkers"]
    mine = "my_package.linker"

It is imported only when `--linker mine` names it, and there is no program of that name on the PATH.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, cast

from vitte.driver.backend import unfit
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan, Request
from vitte.driver_impl.link.programs import Linker, recognise, which

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "vitte.linkers"


class LinkerPlugin(Protocol):
    """What a plug-in provides. `plan` starts nothing: the plan that it gives is run, checked and cleaned up after like any other.

    `flavours` are values of `LldFlavor` that it can make. `plan` may raise `DriverError`, whose message is shown as it is.
    """

    flavours: tuple[str, ...]

    def plan(self, request: Request) -> Plan: ...


def by_path(path: str, flavour: LldFlavor, told: bool = False) -> Linker:
    """The linker that a program at a path is. `told`: it takes the flavour's command line, of GNU ld for ELF and of LLD else, and is not
    asked. Raises `DriverError`."""
    found = which(path)
    if found is None:
        why = "is a folder" if os.path.isdir(path) else "is not a program that can be run" if os.path.exists(path) else "does not exist"
        raise DriverError(f"the linker `{path}` {why}", status=EXIT_TOOLCHAIN, helps=("give `--linker` a path to a linker",))
    if told:
        return Linker((found,), "bfd" if flavour is LldFlavor.ELF else "lld", flavour)
    linker = recognise(found)
    if linker.flavour is not flavour:
        # LLD's generic binary, and zig's, have a driver for each.
        if len(linker.words) > 1:
            from vitte.driver_impl.link import lld

            return lld.find(found, flavour)
        raise unfit(path, linker.flavour, flavour)
    return linker


def by_name(name: str, flavour: LldFlavor) -> Linker:
    """A program on the PATH, else a plug-in. Raises `DriverError` when there is neither."""
    found = which(name)
    if found is not None:
        return by_path(found, flavour)
    loaded = load(name)
    if flavour.value not in loaded.flavours:
        raise DriverError(f"linker plug-in `{name}` does not make {flavour.value} programs", helps=("`--linker lld` does",))
    return Linker((), "", flavour, name)


def load(name: str) -> LinkerPlugin:
    """The plug-in of a name. Raises `DriverError` when there is none, or when it cannot be loaded or has not the functions of one."""
    entry = _entry(name)
    if entry is None:
        from vitte.base.suggest import closest

        near = closest(name, ("lld", "system", "gcc", "clang", "mold", "ld.bfd", "ld.gold", "ld.lld"))
        raise DriverError(f"there is no linker `{name}`: neither a program on the PATH nor a plug-in", status=EXIT_TOOLCHAIN,
                          helps=(f"did you mean `{near}`?" if near else "`--linker lld` needs nothing installed",))  # fmt: skip
    try:
        loaded = entry.load()
    except Exception as error:  # code of somebody else's: whatever it raises is said, and is no crash of the compiler
        raise DriverError(f"linker plug-in `{name}` cannot be loaded: {type(error).__name__}: {error}", status=EXIT_TOOLCHAIN) from error
    if not callable(getattr(loaded, "plan", None)) or not isinstance(getattr(loaded, "flavours", None), tuple):
        raise DriverError(f"linker plug-in `{name}` is none: `{entry.value}` has not `flavours` and `plan`", status=EXIT_TOOLCHAIN)
    return cast(LinkerPlugin, loaded)


def plan(linker: Linker, request: Request) -> Plan:
    """The plug-in's plan. Raises `DriverError` when it fails, or when what it gives is none for this request."""
    loaded = load(linker.plugin)
    try:
        made = loaded.plan(request)
    except DriverError:
        raise
    except Exception as error:  # as in `load`
        message = f"linker plug-in `{linker.plugin}` failed: {type(error).__name__}: {error}"
        raise DriverError(message, status=EXIT_TOOLCHAIN) from error
    if not isinstance(made, Plan) or not made.program or (made.output, made.final) != (request.temporary, request.output):
        raise DriverError(f"linker plug-in `{linker.plugin}` gave no plan for `{request.output}`", status=EXIT_TOOLCHAIN)
    return made


def _entry(name: str) -> EntryPoint | None:
    from importlib.metadata import entry_points

    return next(iter(entry_points(group=GROUP, name=name)), None)
