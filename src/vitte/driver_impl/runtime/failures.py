"""Why a program did not start, found out afterwards: the system's one number means many things."""

from __future__ import annotations

import errno
import os
import re
import subprocess

from vitte.driver import host
from vitte.driver.error import EXIT_TOOLCHAIN, EXIT_USAGE, DriverError, reason
from vitte.driver.target import Target
from vitte.driver_impl.runtime import images
from vitte.driver_impl.runtime.runners import Runner, is_native, package_of

_MISSING = re.compile(
    r"^\s*(\S+) => not found|^\S*: error while loading shared libraries: ([^:]+):|^Error loading shared library ([^:]+):", re.MULTILINE
)
"""How loaders say that they do not find a library: glibc's list, glibc, musl."""


def cannot_start(error: OSError, image: str, folder: str, runner: Runner, target: Target) -> DriverError:
    """The error for a program whose start failed with `error`."""
    if folder and not os.path.isdir(folder):
        why = "is not a folder" if os.path.exists(folder) else "is not there"
        return DriverError(f"the folder `{folder}`, which the program is to run in, {why}", status=EXIT_USAGE)
    said = reason(error)
    if error.errno == errno.E2BIG:
        return _failed(image, "its arguments and environment are too long", "a file or standard input can hold more")
    if runner.words:
        program = runner.words[0]
        if error.errno == errno.ENOEXEC:
            return DriverError(f"the runner `{program}` is not a program", status=EXIT_TOOLCHAIN, helps=("a script begins with `#!`",))
        return DriverError(f"cannot start the runner `{program}`: {said}", status=EXIT_TOOLCHAIN)
    if error.errno == errno.ENOENT and os.path.exists(image):
        return no_loader(image, images.read(image).loader, target)
    if error.errno == errno.ENOEXEC:
        return _wrong_machine(image)
    if error.errno in (errno.EACCES, errno.EPERM):
        return _not_allowed(image, said)
    return _failed(image, said)


def no_loader(image: str, loader: str, target: Target) -> DriverError:
    """The program names a loader that is not there."""
    libc = "musl" if "musl" in loader else "glibc" if "ld-linux" in loader else ""
    helps = []
    if target.system == "linux" and libc == "glibc" and not is_native(target):
        helps.append(package_of(target))
    elif libc:
        helps.append(f"it belongs to the C library {libc}, which is to be installed")
    if libc != "musl" and target.system == "linux":
        helps.append(f"`--target {target.arch}-unknown-linux-musl` makes programs that need no loader")
    name = f"`{loader}`" if loader else "of that name"
    return _failed(image, f"its loader {name} is not on this machine", *helps)


def _wrong_machine(image: str) -> DriverError:
    found = images.read(image)
    arch, system = host.architecture(), host.system()
    here = images.Image(system, arch)
    if not found.system:
        return _failed(image, "it is no program that this system knows", "`--linker` or `--link-arg` made something else of it")
    by = {"wasi": "wasmtime", "windows": "Wine", "linux": f"`qemu-{found.arch}`"}.get(found.system)
    helps = (f"{by} runs it: `--target` of that machine, or `--runner`",) if by else ("`--runner` names a command that runs it",)
    return _failed(image, f"it is {found.words}, and this machine runs {here.words.removeprefix('a program for ')} programs", *helps)


def _not_allowed(image: str, said: str) -> DriverError:
    folder = os.path.dirname(image) or "."
    if os.path.isdir(image):
        return _failed(image, "it is a folder")
    try:
        flags = os.statvfs(image).f_flag
    except (OSError, AttributeError):
        flags = 0
    if flags & getattr(os, "ST_NOEXEC", 0):
        return _failed(image, f"the file system of `{folder}` is mounted so that no program in it can be run (`noexec`)",
                       "`-o`, `--target-dir` or TMPDIR names another place")  # fmt: skip
    if os.path.isfile(image) and not os.access(image, os.X_OK):
        return _failed(image, "it may not be run by this user", f"`chmod +x {image}`")
    return _failed(image, said)


def missing_library(image: str, environment: dict[str, str] | None) -> str:
    """What is to be said of a program that ended with status 127: the libraries that its loader does not find, as lines; "" when it finds
    all, and the program itself ended so. The loader is asked; it does not start the program."""
    try:
        loader = images.read(image).loader
        if not loader:
            return ""
        ran = subprocess.run([loader, "--list", image], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=10, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    names = ["".join(groups) for groups in _MISSING.findall(ran.stdout.decode("utf-8", "replace"))]
    if not names:
        return ""
    found = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    verb = "was" if len(set(names)) == 1 else "were"
    help = "LD_LIBRARY_PATH names folders to look in; `--link-arg=-rpath=FOLDER` puts one into the program"
    return f"error: `{image}` did not start: {found} {verb} not found\n  = help: {help}\n"


def _failed(image: str, why: str, *helps: str) -> DriverError:
    return DriverError(f"cannot run `{image}`: {why}", helps=helps, status=EXIT_TOOLCHAIN)
