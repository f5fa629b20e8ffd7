"""From what policy selected to a linker that is there, and from a request to its plan."""

from __future__ import annotations

from vitte.driver.backend import Selection
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link import limits, lld
from vitte.driver_impl.link.data import Plan, Request
from vitte.driver_impl.link.programs import Linker


def find(selection: Selection) -> Linker:
    """Raises `DriverError` when the selected linker is not there or is not what it should be."""
    if selection.family == "lld":
        return lld.find(selection.name, selection.flavour)
    if selection.family == "system":
        from vitte.driver_impl.link import system

        return system.find(selection.name)
    from vitte.driver_impl.link import custom

    return custom.by_path(selection.name, selection.flavour, selection.told) if selection.family == "custom" else custom.by_name(
        selection.name, selection.flavour
    )  # fmt: skip


def plan(linker: Linker, request: Request) -> Plan:
    """The command line of a link. Raises `DriverError` for what the linker cannot do; a plug-in says so itself."""
    if linker.plugin:
        from vitte.driver_impl.link import custom

        return custom.plan(linker, request)
    limits.check(request, linker.dialect)
    if linker.dialect == "cc":
        from vitte.driver_impl.link import system

        return system.driver_plan(linker.words, request)
    if linker.flavour is LldFlavor.ELF:
        from vitte.driver_impl.link import elf

        return elf.plan(linker.words, request, linker.dialect)
    if linker.flavour is LldFlavor.COFF:
        from vitte.driver_impl.link import coff

        return coff.plan(linker.words, request)
    if linker.dialect == "zig":
        from vitte.driver_impl.link import zig

        return zig.plan(linker.words, request)
    if linker.flavour is LldFlavor.MACHO:
        from vitte.driver_impl.link import macho

        return macho.plan(linker.words, request)
    from vitte.driver_impl.link import wasm

    return wasm.plan(linker.words, request)
