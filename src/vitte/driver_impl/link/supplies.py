"""What a program of a target is linked with besides its own objects: start files, the C library, the loader's name."""

from __future__ import annotations

from msgspec import Struct

from vitte.driver.error import DriverError
from vitte.driver.target import Target


class Supplies(Struct, frozen=True, kw_only=True):
    """Fields as in `data.Request`; paths are absolute. `start` is a start file of the C library; where it is "" the start object that code
    generation makes is linked, if the target has one. `system`: libraries that a program names may be those of this machine.
    `described`: the C library as a text, of which a stub is made to link with."""

    start: str = ""
    static: bool = False
    pie: bool = True
    runtime: tuple[str, ...] = ()
    if_needed: tuple[str, ...] = ()
    loader: str = ""
    entry: str = ""
    minimum: str = ""
    system: bool = True
    described: str = ""

    def files(self) -> tuple[str, ...]:
        """All files that are read: their contents decide about the image."""
        return tuple(path for path in (self.start, *self.runtime, *self.if_needed, self.described) if path)


def find(target: Target) -> Supplies:
    """Raises `DriverError` when something of it is not on this machine."""
    if target.system == "linux":
        from vitte.driver_impl.link import linux

        return linux.supplies(target)
    if target.arch == "wasm32":
        return Supplies(static=True, pie=False)
    if target.system == "macos":
        from vitte.driver_impl.link import libsystem, macho

        return Supplies(described=libsystem.find(), minimum=macho.OLDEST, system=False)
    if target.system == "windows":
        from vitte.driver_impl.link import windows

        return windows.supplies(target)
    if target.system == "none":
        # Nobody relocates it when it starts: it is linked for the place where it will be.
        return Supplies(static=True, pie=False, system=False)
    raise DriverError(f"linking for `{target.name}` is not supported yet", helps=("`--emit obj` writes the objects",))
