"""Every program of `tests/run` and `examples/` on every target that programs can be run for: as in `tests/run/test_run.py`.

A program that says `//@ needs: libc` is left out where the target has no C library, one that says `64-bit` where addresses are shorter.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.programs import programs, title
from tests.harness.running import check, said_of
from tests.harness.sysroots import prepare
from vitte.driver.target import TARGETS

ROOT = Path(__file__).parent.parent.parent
RUN: tuple[str, ...] = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "wasm32-wasi", "x86_64-pc-windows")
"""The targets of tier 1 but the usual one, whose programs are in `tests/run`."""
OPTIONS: dict[str, list[str]] = {"wasm32-wasi": ["--dir", ".", "--dir", "/tmp"]}
"""What running on a target needs besides: the folders that programs use."""


def lacks(target: str) -> set[str]:
    """What programs may need, and do not have there."""
    found = {"libc"} if TARGETS[target].libc == "none" else set()
    return found | ({"64-bit"} if TARGETS[target].pointer_bits < 64 else set())


def cases() -> list[object]:
    found: list[object] = []
    for target in RUN:
        for root in (ROOT / "tests" / "run", ROOT / "examples"):
            for path in programs(root):
                said = said_of(path)
                native = "O0" in (said.get("engines") or "O0").split()
                if native and not lacks(target) & set(said.get("needs").split()):
                    name = f"{target}-{'examples/' * (root.name == 'examples')}{title(path, root)}"
                    found.append(pytest.param(path, root, target, id=name))
    return found


@pytest.mark.foreign
@pytest.mark.parametrize(("path", "root", "target"), cases())
def test_program(path: Path, root: Path, target: str) -> None:
    prepare(*RUN)
    check(path, root, ["--target", target, *OPTIONS.get(target, []), "-O2" if root.name == "examples" else "-O0"])
