"""Where sysroots are kept, and how it is known that one is whole.

    <root>/x86_64-unknown-linux-musl/manifest      what there is, in the order in which it is linked
    <root>/x86_64-unknown-linux-musl/libc.a        and so on
    <root>/NAME.1234-5678.tmp/                     one that is being made, or being deleted

The root is `VITTE_SYSROOTS`, else `sysroots` in the cache of what belongs to no package. A manifest:

    vitte sysroot 1
    target x86_64-unknown-linux-musl
    made ziglang 0.17.1, x86_64-linux-musl
    file 1768 <SHA-256> crt1.o
    end <SHA-256 of the lines above>
"""

from __future__ import annotations

import os
import time
from hashlib import sha256

from msgspec import Struct

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, reason
from vitte.driver.target import Target
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.layout import default_folder
from vitte.driver_impl.sysroot.recipes import RECIPES, VERSION

MANIFEST = "manifest"
_HEADER = f"vitte sysroot {VERSION}"
_LARGEST = 1 << 20
_STALE = 3600.0
"""Seconds after which a temporary folder is nobody's: making a sysroot takes a minute or two."""
_CACHE_MODES = ("off", "read", "on", "verify")


class SysrootFile(Struct, frozen=True):
    """`digest` is the SHA-256 of the content, in hexadecimal; `size` is in bytes."""

    name: str
    size: int
    digest: str


class Sysroot(Struct, frozen=True):
    """A sysroot that is there. `files` are in the order in which they are linked; `made` says of what."""

    target: str
    folder: str
    made: str
    files: tuple[SysrootFile, ...]

    def path(self, name: str) -> str:
        """The file of that name. Raises `DriverError` when the sysroot has none."""
        if all(file.name != name for file in self.files):
            raise DriverError(f"the sysroot of `{self.target}` has no `{name}`", status=EXIT_TOOLCHAIN, helps=(_again(self.target),))
        return os.path.join(self.folder, name)

    def paths(self, *ends: str) -> tuple[str, ...]:
        """The files whose names end so, in order; all files when nothing is said."""
        return tuple(os.path.join(self.folder, file.name) for file in self.files if file.name.endswith(ends or ("",)))


class Damaged(Exception):
    """A sysroot that is there and cannot be used; says why."""


def root() -> str:
    """The folder of all sysroots, "" when there is no place for one."""
    named = os.environ.get("VITTE_SYSROOTS", "")
    if named:
        return named
    cache = os.environ.get("VITTE_CACHE", "")
    base = default_folder() if not cache or cache in _CACHE_MODES else cache
    return os.path.join(base, "sysroots") if base else ""


def folder_of(target: str) -> str:
    base = root()
    return os.path.abspath(os.path.join(base, target)) if base else ""


def find(target: Target) -> Sysroot | None:
    """The target's sysroot, if it is there and, by the sizes of its files, whole."""
    try:
        return look(target.name)
    except Damaged:
        return None


def there(target: Target) -> bool:
    """Whether something stands in the place of the target's sysroot, fit for use or not."""
    folder = folder_of(target.name)
    return bool(folder) and os.path.isdir(folder)


def trouble(target: Target) -> str:
    """Why a sysroot that is there is not found; "" when there is none, or nothing is wrong."""
    try:
        look(target.name)
    except Damaged as damage:
        return str(damage)
    return ""


def require(target: Target) -> Sysroot:
    """The target's sysroot. Raises `DriverError` that says how it is made."""
    try:
        found = look(target.name)
    except Damaged as damage:
        raise DriverError(
            f"the sysroot of `{target.name}` cannot be used: {damage}", status=EXIT_TOOLCHAIN, helps=(_again(target.name),)
        ) from None
    if found is None:
        raise DriverError(
            f"linking for `{target.name}` needs its C library, which is not here yet", status=EXIT_TOOLCHAIN,
            helps=(f"`vitte target add {target.name}` prepares it, once",),
        )  # fmt: skip
    return found


def _again(target: str) -> str:
    return f"`vitte target add {target}` makes it again"


def look(target: str) -> Sysroot | None:
    """The sysroot of that name; None when there is none. Raises `Damaged`."""
    folder = folder_of(target)
    if not folder:
        return None
    try:
        data = io.read_file(os.path.join(folder, MANIFEST), _LARGEST)
    except FileNotFoundError:
        if os.path.isdir(folder):
            raise Damaged("it has no manifest") from None
        return None
    except OSError as error:
        raise Damaged(f"its manifest cannot be read: {reason(error)}") from None
    found = decode(data, target, folder)
    for file in found.files:
        try:
            size = os.stat(os.path.join(folder, file.name)).st_size
        except OSError:
            raise Damaged(f"`{file.name}` is missing") from None
        if size != file.size:
            raise Damaged(f"`{file.name}` has {size} bytes instead of {file.size}")
    return found


def verify(sysroot: Sysroot) -> list[str]:
    """Read all files; what is wrong, one line each."""
    problems = []
    for file in sysroot.files:
        try:
            if io.hash_file(os.path.join(sysroot.folder, file.name)) != file.digest:
                problems.append(f"`{file.name}` is damaged")
        except OSError as error:
            problems.append(f"`{file.name}` cannot be read: {reason(error)}")
    known = {MANIFEST, *(file.name for file in sysroot.files)}
    try:
        problems += [f"`{name}` is none of its files" for name in sorted(os.listdir(sysroot.folder)) if name not in known]
    except OSError as error:
        problems.append(f"the folder cannot be read: {reason(error)}")
    return problems


def encode(sysroot: Sysroot) -> bytes:
    lines = [_HEADER, f"target {sysroot.target}", f"made {sysroot.made}"]
    lines += [f"file {file.size} {file.digest} {file.name}" for file in sysroot.files]
    text = "".join(line + "\n" for line in lines).encode()
    return text + b"end %s\n" % sha256(text).hexdigest().encode()


def decode(data: bytes, target: str, folder: str) -> Sysroot:
    """A manifest's content. Raises `Damaged`."""
    if not data.startswith(_HEADER.encode() + b"\n"):
        raise Damaged("another version of Vitte made it" if data.startswith(b"vitte sysroot ") else "its manifest is damaged")
    text, _, end = data.rpartition(b"end ")
    if sha256(text).hexdigest().encode() + b"\n" != end:
        raise Damaged("its manifest is damaged")
    lines = text.decode("utf-8", "replace").splitlines()
    if lines[1] != f"target {target}":
        raise Damaged(f"it is one for {lines[1].removeprefix('target ')}")
    files = []
    for line in lines[3:]:
        _, size, digest, name = line.split(" ", 3)
        files.append(SysrootFile(name, int(size), digest))
    return Sysroot(target, folder, lines[2].removeprefix("made "), tuple(files))


def install(made: str, target: str) -> None:
    """Put a finished folder in its place. One that is there, is whole and is equal stays: others may be linking with it. Raises OSError."""
    folder = folder_of(target)
    if _same(made, target):
        return
    for _ in range(8):
        try:
            os.rename(made, folder)
            return
        except OSError:
            if not os.path.isdir(folder):
                raise
        aside = io.unique(folder)
        try:
            os.rename(folder, aside)
        except FileNotFoundError:
            continue
        discard(aside)
    os.rename(made, folder)


def _same(made: str, target: str) -> bool:
    try:
        there = look(target)
        with open(os.path.join(made, MANIFEST), "rb") as file:
            return there is not None and encode(there) == file.read() and not verify(there)
    except (Damaged, OSError):
        return False


def remove(target: str) -> bool:
    """Delete a target's sysroot; False when there was none. Raises OSError."""
    folder = folder_of(target)
    if not folder or not os.path.isdir(folder):
        return False
    aside = io.unique(folder)
    os.rename(folder, aside)
    discard(aside)
    sweep()
    return True


def discard(folder: str) -> None:
    """Delete a folder with all that is in it, as far as that is possible."""
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Delete what processes that were killed left behind."""
    base = root()
    try:
        left = [entry for entry in os.scandir(base) if entry.name.endswith(".tmp") and entry.name.partition(".")[0] in RECIPES]
        old = [entry.path for entry in left if time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE]
    except OSError:
        return
    for path in old:
        discard(path)
