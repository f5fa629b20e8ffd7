"""What programs for Linux are linked with: the C library's files in a sysroot, or the C library that runs on this machine.

- musl: statically, with the sysroot's start file and archives.
- glibc, with a sysroot: dynamically, with shared libraries that hold nothing but the names and versions of symbols, of the oldest
  glibc that is known for the architecture, and the start file of that time: the program starts on systems that are as old.
- glibc, on its own kind of machine and without a sysroot: dynamically, with the running `libc.so.6` and Vitte's own start object. Nothing
  needs to be prepared; the program may want a glibc as new as this one.
"""

from __future__ import annotations

import sys

from vitte.driver.host import architecture
from vitte.driver.target import Target
from vitte.driver_impl import sysroot
from vitte.driver_impl.link.libraries import LOADERS, runtime
from vitte.driver_impl.link.supplies import Supplies


def supplies(target: Target) -> Supplies:
    """Raises `DriverError` when something of it is not on this machine."""
    if target.libc == "musl":
        here = sysroot.require(target)
        return Supplies(start=here.path("crt1.o"), static=True, pie=False, runtime=here.paths(".a"), system=False)
    own = sys.platform == "linux" and target.arch == architecture()
    running = runtime(target.arch) if own and not sysroot.there(target) else None
    if running is not None:
        return Supplies(runtime=(running.libc,), if_needed=(running.libm,) if running.libm else (), loader=running.loader)
    here = sysroot.require(target)
    libc = here.path("libc.so.6")
    return Supplies(
        start=here.path("Scrt1.o"), runtime=(libc, here.path("libc_nonshared.a"), here.path("libcompiler_rt.a")),
        if_needed=tuple(path for path in here.paths(".so.0", ".so.1", ".so.2", ".so.6") if path != libc), loader=LOADERS[target.arch],
        system=own,
    )  # fmt: skip
