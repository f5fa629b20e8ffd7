"""What running promises, on every target that can be run here: natively and in wasmtime, with --all by qemu and Wine too."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.harness.forked import apart
from tests.runtime.kit import NATIVE, PROBE, QEMU, TARGETS, WASM, WINE, need, run
from vitte.driver import api
from vitte.driver.options import DriverOptions, RunConfig
from vitte.driver.target import find

pytestmark = pytest.mark.parametrize("target", TARGETS)


@pytest.mark.parametrize("status", [0, 1, 101, 125, 126, 127, 200, 255])
def test_status(target: str, status: int) -> None:
    ran = run(target, "", "status", str(status))
    assert (ran.status, ran.out, ran.err) == (status, "", "")


def test_arguments(target: str) -> None:
    words = ["", "a b", "--x", "ü€𝄞", 'quo"te', "back\\", 'a\\"b', "*", "$HOME", "%PATH%"]
    ran = run(target, "", "args", *words)
    assert ran.out == "".join(f"[{word}]\n" for word in words)


def test_environment(target: str) -> None:
    ran = run(target, "--env ONE=1 --env TWO=a=b", "env", "ONE", "TWO", "THREE", "FOUR", env={"THREE": "3"})
    assert ran.out == "ONE=1\nTWO=a=b\nTHREE=3\nFOUR=?\n"


def test_environment_cleared(target: str) -> None:
    ran = run(target, "--env-clear --env ONE=1", "env", "ONE", "THREE", env={"THREE": "3"})
    assert ran.out == "ONE=1\nTHREE=?\n"


def test_folder(target: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ran = run(target, "--cwd sub", "write", "file.txt", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, "ok\n", "")
    assert (tmp_path / "sub" / "file.txt").read_text() == "written\n"
    assert run(target, "", "read", "sub/file.txt", cwd=tmp_path).out == "written\n"


def test_standard_input(target: str) -> None:
    text = "one\nzwei ü\n" + "x" * 100_000
    assert run(target, "", "cat", stdin=text.encode()).out == text
    assert run(target, "", "cat").out == ""


def test_much_output(target: str) -> None:
    assert run(target, "", "much").out == "".join(f"line {i} of what is much\n" for i in range(100_000))


def test_time_limit(target: str) -> None:
    run(target, "", "args")  # what is slow once is done
    started = time.monotonic()
    ran = run(target, "--timeout 1.5", "loop")
    assert (ran.status, ran.out) == (124, "looping\n")
    assert ran.err == "vitte: the program was ended after 1.5 s\n"
    assert time.monotonic() - started < 20
    assert run(target, "--timeout 60", "status", "7").status == 7


def test_deep_calls(target: str) -> None:
    ran = run(target, "-O1", "deep")
    assert (ran.status, ran.out) == (0, "20000\n")


def test_panic(target: str) -> None:
    ran = run(target, "", "panic")
    assert (ran.status, ran.out) == (101, "")
    assert ran.err.startswith("panic at ") and ran.err.endswith(": told to\n")


def test_abort(target: str) -> None:
    ran = run(target, "", "abort")
    status = {NATIVE: -6, QEMU: -6, WASM: 134}.get(target)
    assert ran.status == status if status is not None else ran.status not in (0, 101)


def test_stack_overflow(target: str) -> None:
    ran = run(target, "", "endless")
    status = {NATIVE: -11, QEMU: -11, WASM: 134}.get(target)
    assert ran.status == status if status is not None else ran.status not in (0, 101)


@apart
def test_captured(target: str) -> None:
    need(target)
    chosen = find(target)
    assert chosen is not None
    for word, given, out, err, status in (
        ("cat", b"from\0here", b"from\0here", b"", 0), ("both", None, b"out\n", b"err\n", 0), ("status", b"", b"", b"", 99)):  # fmt: skip
        config = RunConfig(args=(word,), capture=True, stdin=given)
        outcome = api.compile_and_run(DriverOptions(inputs=(PROBE,), target=chosen, run=config))
        end = b"\r\n" if target == WINE else b"\n"
        assert (outcome.status, outcome.stdout.replace(end, b"\n"), outcome.stderr.replace(end, b"\n")) == (status, out, err)


@apart
def test_captured_until_its_time_was_up(target: str) -> None:
    need(target)
    chosen = find(target)
    assert chosen is not None
    config = RunConfig(args=("loop",), capture=True, timeout=1.5)
    outcome = api.compile_and_run(DriverOptions(inputs=(PROBE,), target=chosen, run=config))
    assert (outcome.status, outcome.stdout.strip()) == (124, b"looping")


def test_shown_when_asked(target: str) -> None:
    ran = run(target, "-v", "args", "x")
    name = {NATIVE: "this machine", WASM: "wasmtime", QEMU: "qemu-aarch64", WINE: "wine"}[target]
    line = next(line for line in ran.err.splitlines() if "run: by " in line)
    assert name in line and line.endswith(" args x")
