"""What programs for Windows are linked with.

- no C library: the start object that code generation makes, and import libraries of the DLLs that the program's units name
  (`pipeline.imports`). Nothing needs to be prepared.
- mingw: the start file and libraries of MinGW in a sysroot, for C code that becomes part of the program. Its C library is the system's own
  (`ucrtbase.dll`), of which the sysroot has import libraries.
"""

from __future__ import annotations

from vitte.driver.target import Target
from vitte.driver_impl import sysroot
from vitte.driver_impl.link.supplies import Supplies


def supplies(target: Target) -> Supplies:
    """Raises `DriverError` when something of it is not on this machine."""
    if target.libc == "none":
        return Supplies(entry="vt_start", system=False)
    here = sysroot.require(target)
    return Supplies(start=here.path("crt2.obj"), entry="mainCRTStartup", runtime=here.paths(".lib"), system=False)
