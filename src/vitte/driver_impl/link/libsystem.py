"""The stub of libSystem: which symbols macOS's C library has, so that programs are linked for it where there is none.

Apple describes its libraries as texts (`.tbd`). The `ziglang` package has that of libSystem; it speaks of all the libraries behind it, and
of machines that older linkers do not know. What a link needs of it is one list of symbols for one machine, which is also read faster.
"""

from __future__ import annotations

import os
import re

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError

_SDKS = ("/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk",
         "/Applications/Xcode.app/Contents/Developer/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk")  # fmt: skip
"""Where Apple's own development files are, on its systems."""
_INSTALLED = "/usr/lib/libSystem.B.dylib"
_EXPORTS = re.compile(r"- targets:\s*\[([^\]]*)\]\n((?:\s+[\w-]+:\s*\[[^\]]*\]\n?)+)")
_LIST = re.compile(r"([\w-]+):\s*\[([^\]]*)\]")
_NAME = re.compile(r"[^\s,']+|'[^']*'")
_VERSION = re.compile(r"^current-version:\s*(\S+)", re.MULTILINE)
_PER_LINE = 8


def find() -> str:
    """The path of a description of libSystem. Raises `DriverError` when there is none."""
    from vitte.driver_impl.link.lld import ziglang

    zig = ziglang()
    places = [os.path.join(os.path.dirname(zig), "lib", "libc", "darwin")] if zig else []
    places += [os.path.join(sdk, "usr", "lib") for sdk in _SDKS]
    for place in places:
        path = os.path.join(place, "libSystem.tbd")
        if os.path.isfile(path):
            return path
    raise DriverError("there is no description of macOS's C library (`libSystem.tbd`)", status=EXIT_TOOLCHAIN,
                      helps=("install the Python package `ziglang` beside vitte, which has one",))  # fmt: skip


def stub(text: str, arch: str) -> str:
    """What a description says of one machine (`arm64` or `x86_64`), as a description of one library, sorted.

    Left out are names in `$ld$`, which speak of systems older than any that is linked for. Raises `ValueError` when no symbol is found:
    it is written in a way that is not known."""
    names: set[str] = set()
    # arm64e is arm64 with signed pointers: libraries of the system are there for it alone, and serve both.
    machines = {f"{name}-macos" for name in ((arch, "arm64e") if arch == "arm64" else (arch,))}
    for targets, lists in _EXPORTS.findall(text):
        if not machines.isdisjoint(re.split(r"[\s,]+", targets)):
            for kind, listed in _LIST.findall(lists):
                if kind in ("symbols", "weak-symbols", "thread-local-symbols"):
                    names.update(name.strip("'") for name in _NAME.findall(listed))
    symbols = sorted(name for name in names if not name.startswith("$ld$"))
    if not symbols:
        raise ValueError(f"no symbols for {arch}")
    version = _VERSION.search(text)
    lines = [", ".join(f"'{name}'" for name in symbols[at : at + _PER_LINE]) for at in range(0, len(symbols), _PER_LINE)]
    return "\n".join([
        "--- !tapi-tbd", "tbd-version: 4", f"targets: [ {arch}-macos ]", f"install-name: '{_INSTALLED}'",
        f"current-version: {version.group(1) if version else 1}", "exports:", f"  - targets: [ {arch}-macos ]",
        "    symbols: [ " + ",\n               ".join(lines) + " ]", "...", "",
    ])  # fmt: skip
