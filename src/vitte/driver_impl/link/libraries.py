"""Where libraries are on this machine: the C library that is running, and those that a program names."""

from __future__ import annotations

import os

from msgspec import Struct

from vitte.driver.options import Library

LOADERS = {
    "x86_64": "/lib64/ld-linux-x86-64.so.2",
    "aarch64": "/lib/ld-linux-aarch64.so.1",
    "riscv64": "/lib/ld-linux-riscv64-lp64d.so.1",
}
"""glibc's dynamic loader, where programs of the architecture look for it."""
_FOLDERS = ("/lib/{}-linux-gnu", "/usr/lib/{}-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
IN_LIBC = ("c", "m", "pthread", "dl", "rt", "util")
"""Libraries that need no name: glibc has them in `libc.so.6`, and `libm.so.6` is always offered."""


class Runtime(Struct, frozen=True):
    """The C runtime's shared objects and the dynamic loader of this machine."""

    libc: str
    libm: str
    loader: str


def runtime(arch: str) -> Runtime | None:
    """From this process's own mappings, which are exact; from the usual folders when Python is static or musl's. None when this machine,
    whose architecture is `arch`, has no glibc."""
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
    libc = mapped.get("libc.so.6") or _search("libc.so.6", arch)
    if not libc:
        return None
    near = os.path.join(os.path.dirname(libc), "libm.so.6")
    libm = mapped.get("libm.so.6") or (near if os.path.exists(near) else _search("libm.so.6", arch))
    loader = LOADERS[arch]
    return Runtime(libc, libm, loader if os.path.exists(loader) else mapped.get(os.path.basename(loader), loader))


def usual(arch: str) -> tuple[str, ...]:
    """The folders in which Linux systems have their libraries."""
    return tuple(folder.format(arch) for folder in _FOLDERS)


def _search(name: str, arch: str) -> str:
    return next((path for path in (os.path.join(folder, name) for folder in usual(arch)) if os.path.exists(path)), "")


def library(item: Library, folders: tuple[str, ...] = (), near: str = "", static: bool = False, system: tuple[str, ...] = ()) -> str:
    """What `-l NAME` or `#[link(name = "...")]` stands for: a path when the library is where libraries are (a development name or a
    versioned one; `folders` first, then `near` and those of the `system`), else `-lNAME`, about which the linker will complain. "" for what
    libc has already. `static`: the program loads nothing at run time."""
    name = item.name
    if "/" in name:
        return name
    static = static or item.kind == "static"
    suffixes = (".a",) if static else (".so",) if item.kind == "dylib" else (".so", ".a")
    found = _in_folders(name, folders, suffixes)
    if found:
        return found
    if name in IN_LIBC and not item.kind:
        return ""
    return _in_folders(name, (near, *system) if near else system, suffixes) or (f"-l:lib{name}.a" if static else f"-l{name}")


def _in_folders(name: str, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> str:
    for folder in folders:
        for suffix in suffixes:
            path = os.path.join(folder, f"lib{name}{suffix}")
            if os.path.exists(path):
                return path if folder not in ("", ".") else os.path.join(".", f"lib{name}{suffix}")
        if ".so" not in suffixes:
            continue
        try:
            versions = sorted(entry for entry in os.listdir(folder or ".") if entry.startswith(f"lib{name}.so."))
        except OSError:
            continue
        if versions:
            return os.path.join(folder, min(versions, key=len))
    return ""
