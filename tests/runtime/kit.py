"""The program `probe.vit` on each target that can be run here."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.harness.forked import Ran, vitte
from tests.harness.sysroots import prepare
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.target import find
from vitte.driver_impl.runtime import runners

HERE = Path(__file__).parent
PROBE = str(HERE / "probe.vit")
NATIVE, WASM, QEMU, WINE = "x86_64-unknown-linux-gnu", "wasm32-wasi", "aarch64-unknown-linux-musl", "x86_64-pc-windows"
TARGETS = (NATIVE, WASM, pytest.param(QEMU, marks=pytest.mark.foreign), pytest.param(WINE, marks=pytest.mark.foreign))


def need(name: str) -> None:
    """Skip the test, and say why, when programs of the target cannot be run here."""
    target = find(name)
    assert target is not None
    try:
        runners.find(DriverOptions(target=target))
    except DriverError as error:
        pytest.skip(error.message)
    if target.libc == "musl":
        prepare(name)


def run(
    target: str, options: str, *words: str, cwd: Path | str | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
) -> Ran:
    """`vitte run probe.vit OPTIONS -- WORDS`."""
    need(target)
    return vitte("run", PROBE, "--target", target, *shlex.split(options), "--", *words, cwd=cwd, stdin=stdin, env=env)
