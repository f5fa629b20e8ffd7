"""The library functions of `std/sys/bare` as they run here: a copy under another name, called by `probe.vit`."""

from __future__ import annotations

import os
import re
import struct
import subprocess
from pathlib import Path

from tests.harness.forked import vitte

HERE = Path(__file__).parent
BARE = HERE.parent.parent / "src" / "vitte" / "std" / "sys" / "bare"
NAMES = ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "exp", "log", "log2", "log10", "pow", "cbrt",
         "hypot")  # fmt: skip
"""In the order of the numbers that `probe.vit` knows them by."""


def build(folder: Path, level: str = "-O2") -> Path:
    """The probe as a program. The modules of the platform layer become modules of the program, so that the compiler does not take the C
    library's for them."""
    sources = sorted(BARE.glob("*.vit"))
    names = "|".join(source.stem for source in sources)
    (folder / "bare").mkdir(exist_ok=True)
    for source in sources:
        text = re.sub(rf"\bstd/sys/({names})\b", r"bare/\1", source.read_text())
        (folder / "bare" / source.name).write_text(text)
    (folder / "probe.vit").write_text((HERE / "probe.vit").read_text())
    ran = vitte("build", "probe.vit", level, "-o", "probe", cwd=folder)
    assert ran.status == 0, ran.err
    return folder / "probe"


def run(program: Path, mode: str, data: bytes) -> bytes:
    return subprocess.run([os.fspath(program), mode], input=data, capture_output=True, check=True, timeout=600).stdout


def values(program: Path, calls: list[tuple[str, float, float]], mode: str = "values") -> list[float]:
    """The results; those of the C library in mode `libc`."""
    data = b"".join([struct.pack("<Qdd", NAMES.index(name), x, y) for name, x, y in calls])
    return list(struct.unpack(f"<{len(calls)}d", run(program, mode, data)))


def texts(program: Path, lines: list[str]) -> list[float]:
    found: list[float] = []
    for start in range(0, len(lines), 100_000):  # as much as the probe has room for
        part = lines[start : start + 100_000]
        found += struct.unpack(f"<{len(part)}d", run(program, "texts", "".join([line + "\n" for line in part]).encode()))
    return found
