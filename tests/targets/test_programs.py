"""Every program of `tests/run` and `examples/` on every target that programs can be run for: as in `tests/run/test_run.py`.

A program that says `//@ needs: libc` is left out where the target has no C library.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.programs import programs, title
from tests.harness.running import check, said_of
from tests.harness.sysroots import prepare
from vitte.driver.target import TARGETS

ROOT = Path(__file__).parent.parent.parent
RUN: tuple[str, ...] = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl")
"""The targets of tier 1 but the usual one, whose programs are in `tests/run`."""


def cases() -> list[object]:
    found: list[object] = []
    for target in RUN:
        for root in (ROOT / "tests" / "run", ROOT / "examples"):
            for path in programs(root):
                said = said_of(path)
                native = "O0" in (said.get("engines") or "O0").split()
                if native and not (TARGETS[target].libc == "none" and "libc" in said.get("needs").split()):
                    name = f"{target}-{'examples/' * (root.name == 'examples')}{title(path, root)}"
                    found.append(pytest.param(path, root, target, id=name))
    return found


@pytest.mark.foreign
@pytest.mark.parametrize(("path", "root", "target"), cases())
def test_program(path: Path, root: Path, target: str) -> None:
    prepare(*RUN)
    check(path, root, ["--target", target, "-O2" if root.name == "examples" else "-O0"])
