"""The import libraries of a link for Windows: one for each DLL that the program's units import procedures from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vitte.driver.error import DriverError
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.link.imports import dll_name, import_library
from vitte.driver_impl.pipeline.keeps import scratch

if TYPE_CHECKING:
    from vitte.driver.session import DriverContext
    from vitte.driver.target import Target
    from vitte.driver_impl.cache.incremental import IncrementalCache


def import_libraries(declared: list[tuple[str, str]], target: Target, cache: IncrementalCache, context: DriverContext) -> dict[str, str]:
    """Paths and digests of the libraries for `declared`: pairs of a DLL, as `#[link]` names it, and a symbol. Raises `DriverError` when a
    symbol is said to be in two DLLs."""
    dlls: dict[str, set[str]] = {}
    homes: dict[str, str] = {}
    for name, symbol in declared:
        dll = dll_name(name)
        home = homes.setdefault(symbol, dll)
        if home.lower() != dll.lower():
            raise DriverError(f"`{symbol}` is to be imported from `{home}` and from `{dll}`",
                              helps=("one name in a program means one procedure: correct one of the two `#[link]`",))  # fmt: skip
        dlls.setdefault(home, set()).add(symbol)
    found: dict[str, str] = {}
    for dll in sorted(dlls):
        data = import_library(dll, dlls[dll], target.arch)
        artifact = cache.write(data)
        path = cache.locate(artifact) if artifact else ""
        if not path:
            path = os.path.join(scratch(context), f"{dll}.lib")
            with open(path, "wb") as file:
                file.write(data)
        found[path] = artifact or digest(data)
    return found
