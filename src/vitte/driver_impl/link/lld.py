"""LLD: where it is on this machine. Its four command lines are in `elf`, `coff`, `macho` and `wasm`.

The `ziglang` package has LLD but for its driver for Mach-O; for that, zig's own linker stands in (`zig`).
"""

from __future__ import annotations

import os

from vitte.driver.backend import LLD_PROGRAMS
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.programs import Linker, which

_VERSIONS = range(30, 13, -1)
_PROGRAMS = {flavour: name for name, flavour in LLD_PROGRAMS.items()}
_FLAVOUR_WORDS = {LldFlavor.ELF: "gnu", LldFlavor.COFF: "link", LldFlavor.MACHO: "darwin", LldFlavor.WASM: "wasm"}


def find(named: str, flavour: LldFlavor = LldFlavor.ELF) -> Linker:
    """LLD's driver for a flavour: `named` (a path or a program), else `VITTE_LINKER`, the `ziglang` package, whose version was tested, the
    PATH, versioned names on the PATH; zig's own linker comes last. Raises `DriverError` when there is none."""
    program = _PROGRAMS[flavour]
    named = named or os.environ.get("VITTE_LINKER", "")
    if named:
        path = which(named)
        if path is None and named in LLD_PROGRAMS:
            return _packaged(program, flavour) or _missing(named)
        if path is None:
            raise DriverError(f"the linker `{named}` is not a program that can be run", status=EXIT_TOOLCHAIN,
                              helps=(f"give `--linker` or `VITTE_LINKER` a path to `{program}`",))  # fmt: skip
        if os.path.basename(path).startswith("zig") and flavour is LldFlavor.MACHO:
            return _own(path)
        return Linker(_driver(path, program, flavour), "lld", flavour)
    packaged = _packaged(program, flavour)
    if packaged is not None:
        return packaged
    for name in (program, *(f"{program}-{version}" for version in _VERSIONS)):
        path = which(name)
        if path is not None:
            return Linker((path,), "lld", flavour)
    zig = ziglang() if flavour is LldFlavor.MACHO else ""
    return _own(zig) if zig else _missing(program)


def _own(zig: str) -> Linker:
    """zig's own linker for Mach-O."""
    from vitte.driver_impl.link.zig import reads

    return Linker((zig, "build-exe"), "zig", LldFlavor.MACHO, reads=reads(zig))


def _driver(path: str, program: str, flavour: LldFlavor) -> tuple[str, ...]:
    """LLD's generic binary and zig's need to be told which of their drivers is meant."""
    name = os.path.basename(path)
    if name.startswith("zig"):
        return (path, program)
    return (path, "-flavor", _FLAVOUR_WORDS[flavour]) if name == "lld" else (path,)


def _packaged(program: str, flavour: LldFlavor) -> Linker | None:
    """The `ziglang` package has every driver but the one for Mach-O."""
    zig = "" if flavour is LldFlavor.MACHO else ziglang()
    return Linker((zig, program), "lld", flavour) if zig else None


def _missing(program: str) -> Linker:
    install = f"install LLD (`{program}`), or the Python package `ziglang` beside vitte"
    raise DriverError("no linker was found", status=EXIT_TOOLCHAIN, helps=(install, "name one with `--linker` or `VITTE_LINKER`"))


def ziglang() -> str:
    """The binary in the `ziglang` package, without importing it; "" when it is not installed."""
    from importlib.util import find_spec

    spec = find_spec("ziglang")
    if spec is None or not spec.origin:
        return ""
    path = os.path.join(os.path.dirname(spec.origin), "zig.exe" if os.name == "nt" else "zig")
    return path if os.access(path, os.X_OK) else ""
