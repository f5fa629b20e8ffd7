"""Sysroots for tests: real ones, made once and kept under `build`, and small ones that are made of nothing."""

from __future__ import annotations

import fcntl
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from vitte.driver.target import TARGETS
from vitte.driver_impl import sysroot
from vitte.driver_impl.sysroot import store
from vitte.driver_impl.sysroot.store import Sysroot, SysrootFile

KEPT = Path(__file__).parents[2] / "build" / "sysroots"
SUITE = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "riscv64-unknown-linux-musl", "x86_64-unknown-linux-gnu",
         "aarch64-unknown-linux-gnu", "riscv64-unknown-linux-gnu")  # fmt: skip
"""What the tests need, the largest first: all are made when one is wanted, side by side."""


@cache
def prepare(*names: str) -> None:
    """Have the sysroots of targets in `KEPT`, for those that need one. Other processes of the suite wait meanwhile."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with open(KEPT / "tests.lock", "w") as lock, patch.dict(os.environ, VITTE_SYSROOTS=str(KEPT)):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(_missing(name) for name in names):
            sysroot.add([name for name in dict.fromkeys((*SUITE, *names)) if _missing(name)])


def _missing(name: str) -> bool:
    return name in sysroot.RECIPES and sysroot.find(TARGETS[name]) is None


def pretend(target: str, **files: bytes) -> Sysroot:
    """A sysroot with these files (`crt1_o` is `crt1.o`), where VITTE_SYSROOTS says."""
    named = {name.replace("_", ".").replace("compiler.", "compiler_").replace("libc.non", "libc_non"): data for name, data in files.items()}
    folder = store.folder_of(target)
    os.makedirs(folder)
    made = Sysroot(target, folder, "nothing", tuple(SysrootFile(n, len(d), sha256(d).hexdigest()) for n, d in named.items()))
    for name, data in (*named.items(), (store.MANIFEST, store.encode(made))):
        Path(folder, name).write_bytes(data)
    return made
