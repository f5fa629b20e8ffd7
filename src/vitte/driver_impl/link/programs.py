"""Programs that link: finding them, asking what they are, and what their identity is made of."""

from __future__ import annotations

import os
import re

from msgspec import Struct

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import LldFlavor

SECONDS = 10.0
"""A program that has not said by then what it is will not."""


class Linker(Struct, frozen=True):
    """A linker that is there. `words` start it. `dialect`: as in `Plan`; `flavour` is what it makes.

    `plugin` is the name of the plug-in that plans for it, "" for those that are known here. `reads`: files besides the program that decide
    what it makes and that no plan names.
    """

    words: tuple[str, ...]
    dialect: str
    flavour: LldFlavor
    plugin: str = ""
    reads: tuple[str, ...] = ()


def which(name: str) -> str | None:
    """The program that a shell would start, as `shutil.which` finds it; that module takes longer to load than a small build."""
    names = file_names(name, os.environ.get("PATHEXT", "") if os.name == "nt" else "")
    if os.path.dirname(name):
        return next(filter(_is_program, names), None)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for path in [os.path.join(folder, found) for found in names] if folder else ():
            if _is_program(path):
                return path
    return None


def file_names(name: str, endings: str) -> list[str]:
    """What a program's file may be called. `endings`: as Windows has them in PATHEXT, "" elsewhere; one of them makes a file a program, and
    it may be left out."""
    known = [end.lower() for end in endings.split(";") if end]
    return [name] if not known or name.lower().endswith(tuple(known)) else [name + end for end in known]


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def ask(words: tuple[str, ...], question: str = "--version") -> str:
    """What a program prints when it is asked what it is, on either stream; "" when it cannot be started or says nothing in time."""
    import subprocess

    try:
        done = subprocess.run(
            [*words, question], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS, env=environment()
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout or done.stderr).decode("utf-8", "replace")


_SETTINGS = (
    "LD_RUN_PATH", "LDEMULATION", "GNUTARGET",  # GNU ld, gold
    "LINK", "_LINK_", "LIB", "LIBPATH",  # lld-link
    "MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "ZERO_AR_DATE", "SOURCE_DATE_EPOCH",
    "PWD",  # by which LLD calls the folder: it may be a link to it
)  # fmt: skip
_PREFIXES = ("LLD_", "MOLD_", "ZIG_")


def environment() -> dict[str, str]:
    """That of this process, without what linkers take for options: an image is made by what Vitte was told, and remembered under it. With
    messages in English: they are read by `errors`."""
    kept = {name: value for name, value in os.environ.items() if name not in _SETTINGS and not name.startswith(_PREFIXES)}
    return {**kept, "LC_ALL": "C"}


def recognise(path: str) -> Linker:
    """The linker that a program is, by what it says of itself. LLD's drivers and zig need to be told which of them is meant.

    LLD and mold both say that they are compatible with GNU linkers, and all of LLD's drivers say the same: these are told apart by name.
    Raises `DriverError` when it says nothing that is known.
    """
    name = os.path.basename(path)
    if name == "zig" or name.startswith("zig-"):
        return Linker((path, "ld.lld"), "lld", LldFlavor.ELF)
    said = ask((path,))
    first = said.partition("\n")[0]
    if first.startswith("lld is a generic driver"):
        return Linker((path, "-flavor", "gnu"), "lld", LldFlavor.ELF)
    if re.search(r"\bLLD \d", first):
        flavour = next((f for word, f in _BY_NAME if word in name), LldFlavor.ELF)
        return Linker((path,), "lld", flavour)
    for beginning, dialect in (("mold ", "mold"), ("GNU gold", "gold"), ("GNU ld", "bfd")):
        if first.startswith(beginning):
            return Linker((path,), dialect, LldFlavor.ELF)
    if "clang version" in first or ("Free Software Foundation" in said and re.match(r"\S*(cc|[+][+])(-[\d.]+)? \(", first)):
        return Linker((path,), "cc", LldFlavor.ELF)
    raise DriverError(
        f"`{path}` is not a linker that is known: to `--version` it says " + (f"`{first[:80]}`" if first else "nothing"),
        status=EXIT_TOOLCHAIN,
        helps=("known are LLD, GNU ld, gold, mold, and C compilers (gcc, clang) that run one of them",
               "`--linker-flavour` says which of their command lines it speaks; else it needs a plug-in"),
    )


_BY_NAME = (("lld-link", LldFlavor.COFF), ("ld64", LldFlavor.MACHO), ("wasm-ld", LldFlavor.WASM))


def files_of(path: str) -> list[str] | None:
    """The files whose contents decide what a program does: itself, and the shared libraries that it loads. None when that is not known, as
    for scripts, which run other programs."""
    real = os.path.realpath(path)
    try:
        with open(real, "rb") as file:
            head = file.read(4096)
    except OSError:
        return None
    if not head.startswith(b"\x7fELF\x02\x01"):
        return None
    if not _is_dynamic(head):
        return [real]
    import subprocess

    from vitte.driver.host import architecture
    from vitte.driver_impl.link.libraries import runtime

    running = runtime(architecture()) if architecture() else None
    if running is None:
        return None
    try:
        done = subprocess.run(
            [running.loader, "--list", real], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    text = done.stdout.decode("utf-8", "surrogateescape")
    if done.returncode != 0 or "not found" in text:
        return None
    found = re.findall(r"^\s+(?:\S+ => )?(/.*) \(0x[0-9a-f]+\)$", text, re.MULTILINE)
    return [real, *found]


def _is_dynamic(head: bytes) -> bool:
    """Whether a 64-bit little-endian ELF file's program headers name a loader or dynamic section (types 3 and 2), or cannot be seen."""
    start, size, count = int.from_bytes(head[32:40], "little"), int.from_bytes(head[54:56], "little"), int.from_bytes(head[56:58], "little")
    if not size or start + size * count > len(head):
        return True
    return any(int.from_bytes(head[at : at + 4], "little") in (2, 3) for at in range(start, start + size * count, size))
