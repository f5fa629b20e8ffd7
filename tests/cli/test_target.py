"""`vitte target`: what it says of targets, and what a build says that lacks something."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.sysroots import pretend
from vitte.cli.commands.target import Progress
from vitte.cli.parser import parse
from vitte.driver.host import host, name_of
from vitte.driver.target import TARGETS
from vitte.driver_impl.runtime import runners
from vitte.driver_impl.sysroot import RECIPES

MUSL = "x86_64-unknown-linux-musl"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / "roots"))
    return tmp_path / "roots"


def test_all_targets_are_listed() -> None:
    ran = vitte("target", "list")
    assert ran.status == 0 and ran.err == ""
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines] == list(TARGETS)
    assert "ready" in lines[0] and lines[0].endswith("run by this machine") and "tier 1" in lines[0]
    assert "needs `vitte target add`" in next(line for line in lines if line.startswith("riscv64-unknown-linux-musl"))


def test_json() -> None:
    ran = vitte("target", "list", "--message-format", "json")
    states = [json.loads(line) for line in ran.out.splitlines()]
    assert [state["name"] for state in states] == list(TARGETS) and {state["type"] for state in states} == {"target"}


def test_doctor_of_what_is_missing_fails_when_it_was_asked_for() -> None:
    ran = vitte("target", "doctor", "x86_64-linux-musl")
    assert ran.status == 1 and f"`vitte target add {MUSL}` prepares it, once" in ran.out
    assert vitte("target", "doctor").status == 0


def test_doctor_reads_every_file() -> None:
    folder = Path(pretend(MUSL, crt1_o=b"1", libc_a=b"!<arch>\n").folder)
    ran = vitte("target", "doctor", MUSL)
    assert ran.status == 0 and "C library: 2 files" in ran.out and "all whole" in ran.out and str(folder) in ran.out
    (folder / "crt1.o").write_bytes(b"2")
    assert "ready" in next(line for line in vitte("target", "list").out.splitlines() if line.startswith(MUSL))
    ran = vitte("target", "doctor")
    assert ran.status == 1 and "damaged: `crt1.o` is damaged" in ran.out
    (folder / "crt1.o").unlink()
    assert "damaged" in next(line for line in vitte("target", "list").out.splitlines() if line.startswith(MUSL))


def test_add_says_what_is_there_and_what_needs_nothing() -> None:
    pretend(MUSL, crt1_o=b"1")
    ran = vitte("target", "add", MUSL, "x86_64-unknown-none")
    assert ran.status == 0 and f"{MUSL}: is there: 1 files" in ran.out and "x86_64-unknown-none: there is nothing to prepare" in ran.out
    assert vitte("target", "add", MUSL, "-q").out == ""


def test_an_emulator_needs_the_c_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qemu-aarch64").write_text("#!/bin/sh\n")
    (tmp_path / "qemu-aarch64").chmod(0o755)
    monkeypatch.setattr(runners, "CROSS", f"{tmp_path}/{{}}")
    env = {"PATH": str(tmp_path), "QEMU_LD_PREFIX": ""}
    assert "lacks their C library; Debian's package `libc6-arm64-cross`" in vitte("target", "doctor", "aarch64-linux-gnu", env=env).out
    assert f"run by {tmp_path}/qemu-aarch64\n" in vitte("target", "doctor", "aarch64-linux-musl", env=env).out
    loader = tmp_path / "aarch64" / "lib" / "ld-linux-aarch64.so.1"
    loader.parent.mkdir(parents=True)
    loader.touch()
    assert f"run by {tmp_path}/qemu-aarch64\n" in vitte("target", "doctor", "aarch64-linux-gnu", env=env).out


def test_remove(root: Path) -> None:
    pretend(MUSL, crt1_o=b"1")
    ran = vitte("target", "remove", MUSL)
    assert (ran.status, ran.out) == (0, f"{MUSL}: nothing is prepared for it\n") and list(root.iterdir()) == []
    assert vitte("target", "remove", MUSL).status == 0


def test_progress_is_for_terminals_and_goes_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr("sys.stderr", Terminal())
    progress = Progress(parse(["target", "add", MUSL]))
    assert progress.on and not Progress(parse(["target", "add", MUSL, "-q"])).on
    progress("a", 3, 1059, 2.4)
    progress("b", 2000, 1059, 2.4)
    progress.end()
    assert sys.stderr.getvalue() == (
        "\r\x1b[Ka: 3 of about 1059 files, 2 s\r\x1b[Ka: 3 of about 1059 files, 2 s; b: 1059 of about 1059 files, 2 s\r\x1b[K"
    )
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert not Progress(parse(["target", "add", MUSL])).on


@pytest.mark.parametrize(("words", "part"), [
    ([], "needs `list`, `doctor`, `add` or `remove`"), (["lits"], "did you mean `list`?"), (["add"], "`vitte target add` needs names"),
    (["add", "aarch64-linux-mussl"], "did you mean `aarch64-linux-musl`?"), (["list", "x"], "takes no argument"),
    (["doctor", "vax"], "target `vax` is not supported"),
])  # fmt: skip
def test_wrong_command_lines(words: list[str], part: str) -> None:
    ran = vitte("target", *words)
    assert (ran.status, ran.out) == (2, "") and part in ran.err


@pytest.mark.parametrize("name", sorted(RECIPES.keys() - {"x86_64-unknown-linux-gnu", "wasm32-wasi", "x86_64-pc-windows-gnu"}))
def test_a_build_that_lacks_the_c_library_says_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / "hello.vit").write_text('proc main() {\n  println("hello")\n}\n')
    ran = vitte("build", "hello.vit", "--target", name, cwd=tmp_path)
    assert ran.status == 3 and ran.err.count("error") == 1 and f"`vitte target add {name}` prepares it, once" in ran.err
    assert not (tmp_path / "hello").exists()


def test_this_machine_is_the_target_when_none_is_named() -> None:
    assert host().name == name_of("linux", "x86_64", "glibc 2.36") == "x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(("platform", "machine", "libc", "name"), [
    ("linux", "aarch64", "glibc 2.31", "aarch64-unknown-linux-gnu"), ("linux", "riscv64", "", "riscv64-unknown-linux-musl"),
    ("darwin", "arm64", "", "aarch64-apple-macos"), ("darwin", "x86_64", "", "x86_64-apple-macos"),
    ("win32", "", "", "x86_64-pc-windows"), ("linux", "ppc64le", "glibc 2.31", ""), ("freebsd14", "amd64", "", ""), ("linux", "", "", ""),
])  # fmt: skip
def test_machines(platform: str, machine: str, libc: str, name: str) -> None:
    assert name_of(platform, machine, libc) == name


def test_an_unknown_machine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from vitte.driver import host as module

    monkeypatch.setattr(module, "_machine", lambda: "vax")
    (tmp_path / "hello.vit").write_text('proc main() {\n  println("hello")\n}\n')
    ran = vitte("build", "hello.vit", cwd=tmp_path)
    assert ran.status == 2 and "this machine (linux on vax) is no target of Vitte's" in ran.err and "`--target` names one" in ran.err
    assert vitte("check", "hello.vit", "--target", "x86_64-linux-gnu", cwd=tmp_path).status == 0
    assert vitte("target", "list").status == 0
