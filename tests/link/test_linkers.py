"""Vitte programs through each linker of this machine, and linkers of the user's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from vitte.driver_impl.link import lld
from vitte.driver_impl.link.programs import which

ELF = ("lld", "system", "gcc", "clang", "ld.bfd", "ld.gold", "mold")


def vitte(folder: Path, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    import os

    environment = {**os.environ, "VITTE_CACHE": str(folder / "cache"), "VITTE_SERVER": "off", "PYTHONPATH": f"{ROOT / 'src'}:{path}"}
    command = [sys.executable, "-c", "from vitte.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    (folder / "shapes.vit").write_text("space shapes\n\nexport proc area(a: i32, b: i32) -> i32 {\n  give a * b\n}\n")
    (folder / "app.vit").write_text("use shapes.{area}\n\nproc main() {\n  println(area(6, 7))\n}\n")
    (folder / "hello.vit").write_text('proc main() {\n  println("hello")\n}\n')
    return folder


@pytest.mark.parametrize("linker", ELF)
def test_programs_link_and_run(package: Path, linker: str) -> None:
    if linker not in ("lld", "system") and which(linker) is None:
        pytest.skip(f"{linker} is not on this machine")
    for name, output in (("hello", "hello\n"), ("app", "42\n")):
        for more in ((), ("--strip",)):
            ran = vitte(package, "run", f"{name}.vit", "--linker", linker, *more)
            assert (ran.returncode, ran.stdout) == (0, output), ran.stderr


def test_a_script_is_a_linker_and_is_run_each_time(package: Path, tmp_path: Path) -> None:
    words = " ".join(lld.find("").words)
    script = tmp_path / "my-ld"
    script.write_text(f'#!/bin/sh\necho x >> {tmp_path}/log\nexec {words} "$@"\n')
    script.chmod(0o755)
    for _ in range(2):
        (tmp_path / "log").write_text("")
        assert vitte(package, "build", "hello.vit", "--linker", str(script), "-o", str(tmp_path / "hello")).returncode == 0
        assert (tmp_path / "log").read_text().count("x") == 2  # asked what it is, then the link
    assert subprocess.run([tmp_path / "hello"], capture_output=True, check=False).stdout == b"hello\n"


def test_link_arguments_reach_the_linker(package: Path, tmp_path: Path) -> None:
    told = tmp_path / "map"
    assert vitte(package, "build", "hello.vit", "--link-arg", f"-Map={told}", "-o", str(tmp_path / "hello")).returncode == 0
    assert "_start" in told.read_text()


def test_libraries_are_found_in_folders(package: Path, tmp_path: Path) -> None:
    from tests.link.kit import emit

    (tmp_path / "a.o").write_bytes(emit("a.c", "elf", "define i32 @seven() {\n ret i32 7\n}\n"))
    archiver = which("ar")
    if archiver is None:
        pytest.skip("ar is not on this machine")
    subprocess.run([archiver, "rcs", str(tmp_path / "libseven.a"), str(tmp_path / "a.o")], check=True)
    source = 'extern "C" {\n  proc seven() -> i32\n}\n\nproc main() {\n  println(unsafe { seven() })\n}\n'
    (tmp_path / "seven.vit").write_text(source)
    for linker in ("lld", "system"):
        ran = vitte(tmp_path, "run", "seven.vit", "-lseven", "-L", ".", "--linker", linker)
        assert (ran.returncode, ran.stdout) == (0, "7\n"), ran.stderr
    ran = vitte(tmp_path, "run", "seven.vit", "-lseven")
    assert ran.returncode == 1 and "library `seven` was not found" in ran.stderr


def plugin(folder: Path, text: str) -> str:
    info = folder / "mine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[vitte.linkers]\nmine = mine_linker\n")
    (folder / "mine_linker.py").write_text(text)
    return str(folder)


GOOD = """
from vitte.driver_impl.link import elf, lld

flavours = ("elf",)

def plan(request):
    return elf.plan(lld.find("").words, request)
"""


@pytest.mark.parametrize(("text", "status", "said"), [
    (GOOD, 0, "hello"),
    ("import nowhere_at_all", 3, "linker plug-in `mine` cannot be loaded: ModuleNotFoundError"),
    ("flavours = 'elf'", 3, "linker plug-in `mine` is none"),
    ("flavours = ('wasm',)\ndef plan(request): ...", 2, "linker plug-in `mine` does not make elf programs"),
    ("flavours = ('elf',)\ndef plan(request): return 1 // 0", 3, "linker plug-in `mine` failed: ZeroDivisionError"),
    ("flavours = ('elf',)\ndef plan(request): return None", 3, "linker plug-in `mine` gave no plan"),
])  # fmt: skip
def test_plug_in(package: Path, tmp_path: Path, text: str, status: int, said: str) -> None:
    ran = vitte(package, "run", "hello.vit", "--linker", "mine", path=plugin(tmp_path, text))
    assert ran.returncode == status and said in ran.stdout + ran.stderr, ran.stderr


def test_a_linker_that_is_nowhere(package: Path) -> None:
    ran = vitte(package, "build", "hello.vit", "--linker", "nosuch")
    assert ran.returncode == 3 and "neither a program on the PATH nor a plug-in" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.parametrize(("options", "status", "said"), [
    (("--linker-flavour", "gnu"), 0, "hello"),
    ((), 3, "is not a linker that is known"),
    (("--linker-flavour", "wasm"), 2, "makes WebAssembly programs, and `x86_64-unknown-linux-gnu` needs ELF"),
])  # fmt: skip
def test_a_linker_that_says_nothing_of_itself(package: Path, tmp_path: Path, options: tuple[str, ...], status: int, said: str) -> None:
    script = tmp_path / "my-ld"
    script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit\nexec {" ".join(lld.find("").words)} "$@"\n')
    script.chmod(0o755)
    ran = vitte(package, "run", "hello.vit", "--linker", str(script), *options)
    assert ran.returncode == status and said in ran.stdout + ran.stderr, ran.stderr


def test_a_flavour_is_for_paths(package: Path) -> None:
    for linker in (("--linker", "gcc"), ()):
        ran = vitte(package, "build", "hello.vit", "--linker-flavour", "gnu", *linker)
        assert ran.returncode == 2 and "`--linker-flavour` is for linkers that are named by a path" in ran.stderr
