"""The import libraries of a link for Windows: one for each DLL that the program's units import procedures from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.link import errors
from vitte.driver_impl.link.imports import dll_name, import_library
from vitte.driver_impl.pipeline.keeps import scratch_file

if TYPE_CHECKING:
    from vitte.driver.session import DriverContext
    from vitte.driver.target import Target
    from vitte.driver_impl.cache.incremental import IncrementalCache

START = ("kernel32", "ExitProcess")
"""What the start object imports."""


def import_libraries(
    declared: list[tuple[str, str]], target: Target, cache: IncrementalCache | None, context: DriverContext
) -> dict[str, str]:
    """Paths and digests of the libraries for `declared`: pairs of a DLL, as `#[link]` names it, and a symbol. They are kept in `cache`, or
    lie in the run's temporary folder. A symbol that is said to be in two DLLs is reported."""
    homes: dict[str, str] = {}
    dlls: dict[str, dict[str, None]] = {}
    for name, symbol in (START, *declared):
        dll = dll_name(name)
        home = homes.setdefault(symbol, dll)
        if home.lower() != dll.lower():
            context.diagnostics.append(errors.of_two_dlls(symbol, home, dll))
        # Windows does not tell names of files apart by the size of their letters.
        dlls.setdefault(dll.lower(), {})[symbol] = None
    written = {dll_name(name).lower(): dll_name(name) for name, _ in (*reversed(declared), START)}
    found: dict[str, str] = {}
    for dll, symbols in sorted(dlls.items()):
        data = import_library(written[dll], symbols, target.arch)
        artifact = cache.write(data) if cache is not None else ""
        path = cache.locate(artifact) if cache is not None and artifact else ""
        found[path or scratch_file(context, f"{dll}.lib", data)] = digest(data)
    return found
