"""LLD for ELF: where it is, and the command line for a dynamic executable without development files.

The program starts in Vitte's own `_start` and is linked with the runtime `libc.so.6` and `libm.so.6` by path, so that
neither a C compiler nor libc's headers and start files are needed.
"""

from __future__ import annotations

import os

from msgspec import Struct

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions

_NAMES = ("ld.lld", *(f"ld.lld-{n}" for n in range(30, 13, -1)))
_FOLDERS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
_LOADER = "/lib64/ld-linux-x86-64.so.2"


class Plan(Struct):
    """A link as data. `command` is complete; `output` in it is a temporary name that becomes `final`."""

    command: list[str]
    output: str
    final: str


class Runtime(Struct, frozen=True):
    """The C runtime's shared objects and the dynamic loader of this machine."""

    libc: str
    libm: str
    loader: str


def find(named: str) -> list[str]:
    """The words that start LLD's ELF driver: `named` (a path or a program), else `VITTE_LINKER`, the PATH, versioned
    names on the PATH, the `ziglang` package. Raises `DriverError` when there is none."""
    named = named or os.environ.get("VITTE_LINKER", "")
    if named:
        path = which(named)
        if path is None:
            raise DriverError(f"the linker `{named}` is not a program that can be run", status=EXIT_TOOLCHAIN,
                              helps=("give `--linker` or `VITTE_LINKER` a path to `ld.lld`",))  # fmt: skip
        return _driver(path)
    for name in _NAMES:
        path = which(name)
        if path is not None:
            return [path]
    zig = _ziglang()
    if zig:
        return [zig, "ld.lld"]
    raise DriverError("no linker was found", status=EXIT_TOOLCHAIN, helps=(
        "install LLD (`ld.lld`), or the Python package `ziglang` beside vitte", "name one with `--linker` or `VITTE_LINKER`"))  # fmt: skip


def which(name: str) -> str | None:
    """The program that a shell would start, as `shutil.which` finds it; that module takes longer to load than a small build."""
    if os.path.dirname(name):
        return name if _is_program(name) else None
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if folder and _is_program(path):
            return path
    return None


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _driver(path: str) -> list[str]:
    """LLD's generic binary and zig's need to be told which of their drivers is meant."""
    name = os.path.basename(path)
    if name.startswith("zig"):
        return [path, "ld.lld"]
    return [path, "-flavor", "gnu"] if name == "lld" else [path]


def _ziglang() -> str:
    """The binary in the `ziglang` package, without importing it."""
    from importlib.util import find_spec

    spec = find_spec("ziglang")
    if spec is None or not spec.origin:
        return ""
    path = os.path.join(os.path.dirname(spec.origin), "zig")
    return path if os.access(path, os.X_OK) else ""


def runtime() -> Runtime:
    """From this process's own mappings, which are exact; from the usual folders when Python is static or musl's."""
    mapped: dict[str, str] = {}
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line[73:].strip() if len(line) > 73 else ""
                name = os.path.basename(path)
                if name in ("libc.so.6", "libm.so.6") or name.startswith("ld-linux"):
                    mapped.setdefault(name, path)
    except OSError:
        pass
    libc = mapped.get("libc.so.6") or _search("libc.so.6")
    if not libc:
        raise DriverError(
            "the C library `libc.so.6` was not found", status=EXIT_TOOLCHAIN, helps=("Vitte programs need glibc at run time",)
        )
    near = os.path.join(os.path.dirname(libc), "libm.so.6")
    libm = mapped.get("libm.so.6") or (near if os.path.exists(near) else _search("libm.so.6"))
    loader = _LOADER if os.path.exists(_LOADER) else mapped.get("ld-linux-x86-64.so.2", _LOADER)
    return Runtime(libc, libm, loader)


def _search(name: str) -> str:
    return next((path for path in (os.path.join(folder, name) for folder in _FOLDERS) if os.path.exists(path)), "")


def library(name: str, libc: str) -> str:
    """What `#[link(name = "...")]` stands for: a path when the library is where libraries are (a development name or a
    versioned one), else `-lNAME`, about which the linker will complain. "" for what libc has already."""
    if name in ("c", "m", "pthread", "dl", "rt", "util"):
        return ""
    if "/" in name:
        return name
    for folder in dict.fromkeys((os.path.dirname(libc), *_FOLDERS)):
        for suffix in (".so", ".a"):
            path = os.path.join(folder, f"lib{name}{suffix}")
            if os.path.exists(path):
                return path
        try:
            versions = sorted(entry for entry in os.listdir(folder) if entry.startswith(f"lib{name}.so."))
        except OSError:
            continue
        if versions:
            return os.path.join(folder, min(versions, key=len))
    return f"-l{name}"


def plan(linker: list[str], inputs: list[str], output: str, options: DriverOptions, run_time: Runtime, temporary: str = "") -> Plan:
    """The command line of a position-independent executable. Pure, but for looking where named libraries are.
    `temporary`: what the linker writes, by default beside the output."""
    temporary = temporary or f"{output}.{os.getpid()}.tmp"
    command = [
        *linker, "-m", "elf_x86_64", "-pie", "--hash-style=gnu", "--eh-frame-hdr", "-z", "relro", "-z", "now", "--gc-sections",
        "--build-id=none", "--fatal-warnings", "--error-limit=0", "-dynamic-linker", run_time.loader,
    ]  # fmt: skip
    if options.strip:
        command.append("--strip-all")
    command += ["-o", _named(temporary)]
    command += [_named(path) for path in inputs]
    command += [path for path in (library(name, run_time.libc) for name in options.libraries) if path]
    command += [run_time.libc]
    if run_time.libm:
        command += ["--as-needed", run_time.libm, "--no-as-needed"]
    command += options.link_args
    return Plan(command, temporary, output)


def _named(path: str) -> str:
    """A path that is not taken for an option or a response file."""
    return os.path.join(".", path) if path.startswith(("-", "@")) else path
