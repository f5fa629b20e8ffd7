"""What programs of a target are run by on this machine.

    options --find--> Runner(words) --started--> words + image + arguments, and the environment they want

In this order: the command that the user named, the machine itself when the program is its own, the usual emulator. Finding looks at the
PATH and at where distributions put these programs, and starts nothing.
"""

from __future__ import annotations

import os
import sys

from msgspec import Struct

from vitte.driver import host
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.target import Target

WINE_FOLDERS = ("/usr/lib/wine", "/opt/wine-stable/bin", "/opt/wine-devel/bin")
CROSS = "/usr/{}-linux-gnu"
"""Where Debian has the C library of another architecture."""


class Runner(Struct, frozen=True, kw_only=True):
    """`kind`: `named` (by the user), `native`, `qemu`, `wine`, or `wasmtime`, which runs in this process. `words`: the command, to be
    followed by the program's path and arguments; none for the program itself."""

    kind: str
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        return {"native": "this machine", "wasmtime": "wasmtime"}.get(self.kind) or self.words[0]


def find(options: DriverOptions) -> Runner:
    """Raises `DriverError`, which says what to install, when nothing here runs programs of the options' target."""
    target = options.target
    if options.run.runner:
        return Runner(kind="named", words=(which(options.run.runner[0]), *options.run.runner[1:]))
    if is_native(target):
        return Runner(kind="native")
    if target.arch == "wasm32":
        return _wasmtime(target)
    if target.system == "linux":
        return _qemu(target)
    if target.system == "windows":
        return _wine(target)
    if target.system == "none":
        raise missing(target, "has no operating system, and nothing here stands for one",
                      "`--runner` names what runs it, such as an emulator of a whole machine")  # fmt: skip
    raise missing(target, "is run by macOS only")


def is_native(target: Target) -> bool:
    """Whether this machine runs the target's programs by itself. macOS has a translator for those of its older processors."""
    system = host.system()
    return target.system == system and (target.arch == host.architecture() or (system == "macos" and target.arch == "x86_64"))


def finds_loader(runner: Runner, loader: str, prefix: str = "") -> bool:
    """Whether an emulator finds the loader of a dynamically linked program. `prefix`: a folder that stands for `/`, from the program's
    environment."""
    roots = [*runner.words[2:3], os.environ.get("QEMU_LD_PREFIX", ""), prefix]
    return any(os.path.exists(root + loader) for root in roots)


def package_of(target: Target) -> str:
    """What to do for the C library of another architecture's programs."""
    name = f"libc6-{'arm64' if target.arch == 'aarch64' else target.arch}-cross"
    return f"Debian's package `{name}` has it, in `{CROSS.format(target.arch)}`"


def missing(target: Target, why: str, *helps: str) -> DriverError:
    return DriverError(f"a program for `{target.name}` {why}", helps=helps or ("`--runner` names a command that runs it",),
                       status=EXIT_TOOLCHAIN)  # fmt: skip


def which(program: str) -> str:
    """The path of a program of the user's. Raises `DriverError`."""
    from shutil import which as find_program

    found = find_program(program)
    if found is None:
        raise DriverError(f"the runner `{program}` is not a program that can be run", status=EXIT_TOOLCHAIN, helps=(
            "give `--runner`, VITTE_RUNNER or `runner` in the manifest a program's path, or a name on the PATH",))  # fmt: skip
    return os.path.abspath(found)


def _wasmtime(target: Target) -> Runner:
    from importlib.util import find_spec

    if find_spec("wasmtime") is None:
        raise missing(target, "is run by wasmtime, which is not installed", "`pip install 'vitte[wasm]'` installs it",
                      "`--runner` names another engine: `--runner 'node run.mjs'`")  # fmt: skip
    return Runner(kind="wasmtime")


def _qemu(target: Target) -> Runner:
    from shutil import which as find_program

    if sys.platform != "linux":
        raise missing(target, "is run by Linux only")
    program = f"qemu-{target.arch}"
    path = find_program(program) or find_program(f"{program}-static")
    if path is None:
        raise missing(target, f"is run by `{program}`, which is not on the PATH", "Debian's package `qemu-user` has it",
                      "`--runner` names another command that runs it")  # fmt: skip
    words = [path]
    cross = CROSS.format(target.arch)
    if target.libc == "glibc" and os.path.isdir(os.path.join(cross, "lib")) and not os.environ.get("QEMU_LD_PREFIX"):
        words += ["-L", cross]
    return Runner(kind="qemu", words=tuple(words))


def _wine(target: Target) -> Runner:
    from shutil import which as find_program

    folders = os.pathsep.join(WINE_FOLDERS)
    for name in ("wine64", "wine"):
        path = find_program(name) or find_program(name, path=folders)
        if path is not None:
            return Runner(kind="wine", words=(path,))
    raise missing(target, "is run by Windows or by Wine, which is not on the PATH", "Debian's package `wine64` has it",
                  "`--runner` names another command that runs it")  # fmt: skip
