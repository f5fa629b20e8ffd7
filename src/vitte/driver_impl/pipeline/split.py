"""`split-debug`: an image without debug information, and a file beside it that has all.

The image is linked twice, the second time without what only debuggers read: that stands in no part that is loaded, so both have the same
code at the same places. The larger file is what debuggers read; the smaller names it, and says what it held.
"""

from __future__ import annotations

from vitte.driver.backend import flavour_of
from vitte.driver.error import DriverError
from vitte.driver.options import DebugInfo, DriverOptions, LldFlavor, OutputKind

_NAMES = {LldFlavor.MACHO: "Mach-O: debuggers find debug information in the objects", LldFlavor.WASM: "WebAssembly"}


def is_split(options: DriverOptions) -> bool:
    """Raises `DriverError` where debug information cannot be split off. On Windows it is in a file of its own anyway."""
    if not options.split_debug or options.debug_info is DebugInfo.NONE or options.kind not in (OutputKind.BIN, OutputKind.SHARED):
        return False
    flavour = flavour_of(options.target)
    if flavour in _NAMES:
        raise DriverError(f"`--split-debug` is not supported for {_NAMES[flavour]}", helps=("`-C strip=debug` leaves it out",))
    return flavour is LldFlavor.ELF


def debug_file(output: str) -> str:
    return f"{output}.debug"
