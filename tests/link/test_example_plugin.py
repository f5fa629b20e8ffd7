"""The example of a linker plug-in, found as an installed package is."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "linker-plugin"


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds the example: what an installer leaves of a package, without its files."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "site" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in names.items())
              for group, names in project["entry-points"].items()]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(groups))
    path = os.pathsep.join([str(ROOT / "src"), str(tmp_path / "site"), str(EXAMPLE / "src")])
    return {**os.environ, "PYTHONPATH": path}


def vitte(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vitte", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


HELLO = 'proc main() { println(shout("hello")) }\nnoinline proc shout(text: string) -> string { give text + "!" }\n'


def test_it_links_and_reports(tmp_path: Path, installed: dict[str, str]) -> None:
    (tmp_path / "hello.vit").write_text(HELLO)
    for _ in range(2):
        ran = vitte(tmp_path, installed, "build", "hello.vit", "--linker", "size-report", "-O2", "--strip", "-o", "out/hello")
        assert ran.returncode == 0, ran.stderr
        program = tmp_path / "out" / "hello"
        assert subprocess.run([program], capture_output=True, check=True).stdout == b"hello!\n"
        report = (tmp_path / "out" / "hello.sizes.txt").read_text()
        lines = report.splitlines()
        assert lines[0] == f"hello: {program.stat().st_size} bytes"
        rows = {line.split(None, 1)[1]: int(line.split()[0]) for line in lines if line[:1] == " "}
        assert rows[".text"] > 500 and rows["hello"] > 0 and rows["std/rt"] > rows["std/rt::panic_begin"] > 0
        assert sorted(os.listdir(tmp_path / "out")) == ["hello", "hello.sizes.txt"]
        (tmp_path / "out" / "hello.sizes.txt").unlink()  # it is made anew


def test_nothing_is_left_of_a_failed_link(tmp_path: Path, installed: dict[str, str]) -> None:
    (tmp_path / "hello.vit").write_text('extern "C" { proc nowhere() }\nproc main() { unsafe { nowhere() } }\n')
    (tmp_path / "hello.sizes.txt").write_text("old")
    ran = vitte(tmp_path, installed, "build", "hello.vit", "--linker", "size-report")
    assert ran.returncode == 1 and "error[V0620]: `nowhere` is used but defined nowhere" in ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["hello.vit"]


def test_what_lld_cannot_do_is_said(tmp_path: Path, installed: dict[str, str]) -> None:
    (tmp_path / "hello.vit").write_text(HELLO)
    ran = vitte(tmp_path, installed, "build", "hello.vit", "--linker", "size-report", "--subsystem", "windows")
    assert ran.returncode == 2 and "`--subsystem` is not supported for ELF images" in ran.stderr
    ran = vitte(tmp_path, installed, "build", "hello.vit", "--linker", "size-report", "--target", "wasm32-wasi")
    assert ran.returncode == 2 and "linker plug-in `size-report` does not make wasm programs" in ran.stderr


def test_a_plan_is_shown_and_not_run(tmp_path: Path, installed: dict[str, str]) -> None:
    (tmp_path / "hello.vit").write_text(HELLO)
    ran = vitte(tmp_path, installed, "build", "hello.vit", "--linker", "size-report", "--dry-run")
    assert ran.returncode == 0 and "link.py" in ran.stdout and not (tmp_path / "hello.sizes.txt").exists()
