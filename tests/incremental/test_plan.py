"""A build with nothing to do: what it looks at, and what it must notice all the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.forked import Ran, vitte

MODULES = {
    "main": "use a\nuse deep/b\n\nproc main() {\n  println(\"{} {}\", a.one(), b.two())\n}\n",
    "a": "pub proc one() -> int {\n  give 1\n}\n",
    "deep/b": "use a\n\npub proc two() -> int {\n  give a.one() + 1\n}\n",
}

WATCHED = """
import json, os, sys

opened, looked = [], []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
stat = os.stat
def counted(path, *rest, **named):
    looked.append(os.fspath(path) if not isinstance(path, int) else "")
    return stat(path, *rest, **named)
os.stat = counted
from vitte.cli.entry import run
status = run(sys.argv[1:])
sources = [path for path in opened if path.endswith(".vit")]
looks = [path for path in looked if isinstance(path, str) and path.endswith(".vit") and os.sep + "std" + os.sep not in path]
print(status, sources, json.dumps(looks), sorted(name for name in sys.modules if "llvmlite" in name or name in LATER), sep="\\n")
"""
LATER = ("vitte.parse", "vitte.typecheck", "vitte.codegen", "vitte.driver_impl.pipeline.graph", "subprocess")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "p"
    for name, text in MODULES.items():
        path = root / "src" / f"{name}.vit"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "vitte.toml").write_text('[package]\nname = "demo"\n')
    return root


def build(folder: Path, *arguments: str, command: str = "build") -> tuple[Ran, dict[str, object]]:
    ran = vitte(command, "--explain", "--message-format", "json", *arguments, cwd=folder)
    lines = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
    return ran, next((line for line in lines if line["$message_type"] == "build"), {})


def idle(counts: dict[str, object]) -> bool:
    return counts["reused"] == counts["units"] and counts["linked"] is False


@pytest.mark.parametrize("command", ["build", "check"])
def test_nothing_to_do_opens_no_source_and_looks_once_at_each(folder: Path, command: str) -> None:
    assert vitte(command, cwd=folder).status == 0
    script = WATCHED.replace("LATER", repr(LATER))
    for _ in range(2):  # what was too young to be trusted is, the second time
        ran = subprocess.run([sys.executable, "-c", script, command], cwd=folder, capture_output=True, text=True, check=True)
    status, opened, looks, loaded = ran.stdout.splitlines()
    assert status == "0" and opened == "[]" and loaded == "[]"
    assert len(json.loads(looks)) == len(set(json.loads(looks))) == len(MODULES)


def test_a_module_that_appears_is_noticed(folder: Path) -> None:
    """`use a` looked for nothing but `src/a.vit`, so a folder `a` means nothing; `use deep/b` found its file at once."""
    main = folder / "src" / "main.vit"
    main.write_text("use std/math\n\nproc main() {\n  println(math.sqrt(4.0))\n}\n")
    assert build(folder)[0].status == 0
    assert idle(build(folder)[1])
    own = folder / "src" / "std" / "math.vit"
    own.parent.mkdir()
    own.write_text("pub proc sqrt(x: f64) -> f64 {\n  give x + 100.0\n}\n")
    assert vitte("run", cwd=folder).out == vitte("run", "--cache", "off", cwd=folder).out == "104.0\n"
    shutil.rmtree(own.parent)
    assert vitte("run", cwd=folder).out == "2.0\n"


def test_there_and_back(folder: Path) -> None:
    a = folder / "src" / "a.vit"
    first = a.read_text()
    assert vitte("run", cwd=folder).out == "1 2\n"
    a.write_text(first.replace("give 1", "give 5"))
    assert vitte("run", cwd=folder).out == "5 6\n"
    for text, out in ((first, "1 2\n"), (first.replace("give 1", "give 5"), "5 6\n")) * 2:
        a.write_text(text)
        assert idle(build(folder)[1])
        assert vitte("run", cwd=folder).out == out


def test_the_program_is_put_back(folder: Path) -> None:
    program = folder / "target" / "dev" / "demo"
    build(folder)
    good = program.read_bytes()
    damages = (
        program.unlink,
        lambda: program.write_bytes(good[:-1]),
        lambda: program.write_bytes(b"x" * len(good)),
        lambda: program.chmod(0o644),
    )
    for damage in damages:
        damage()
        assert idle(build(folder)[1])
        assert program.read_bytes() == good and os.access(program, os.X_OK)
    program.unlink()
    program.mkdir()
    ran, _ = build(folder)
    assert ran.status != 0 and "is a directory" in ran.err and "Traceback" not in ran.err


def test_a_failed_build_fails_again_without_work(folder: Path) -> None:
    (folder / "src" / "a.vit").write_text("pub proc one() -> int {\n  let unused = 3\n  give true\n}\n")
    first, _ = build(folder)
    again, counts = build(folder)
    assert first.status == again.status == 1
    assert idle(counts)
    human = vitte("check", cwd=folder), vitte("check", cwd=folder), vitte("check", "--cache", "off", cwd=folder)
    assert human[0].err == human[1].err == human[2].err != ""


def test_hints_about_other_files_are_never_old(folder: Path) -> None:
    main = folder / "src" / "main.vit"
    main.write_text("use shapse\n\nproc main() {}\n")
    assert "did you mean" not in vitte("check", cwd=folder).err
    (folder / "src" / "shapes.vit").write_text("pub proc f() {}\n")
    assert "did you mean `shapes`" in vitte("check", cwd=folder).err
    (folder / "src" / "shapes.vit").unlink()
    assert "did you mean" not in vitte("check", cwd=folder).err


def test_folders_and_times_do_not_matter(folder: Path, tmp_path: Path) -> None:
    build(folder)
    moved = tmp_path / "elsewhere" / "deep"
    shutil.copytree(folder, moved, symlinks=True)
    shutil.rmtree(folder)
    for path in (moved / "src").rglob("*.vit"):
        os.utime(path, (1, 1))
    assert idle(build(moved)[1])
    assert idle(build(moved / "src")[1])  # the package is found from below, too


def test_a_source_that_changes_while_it_is_compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hashed is what is compiled: a change in between makes the build begin anew."""
    from vitte.driver_impl.pipeline.graph import Discovery

    assert vitte("check", cwd=folder).status == 0
    (folder / "src" / "main.vit").write_text(MODULES["main"] + "\nconst LATER: int = 1\n")
    a = folder / "src" / "a.vit"
    run = Discovery.run
    times = []

    def run_and_edit(self: Discovery) -> object:
        graph = run(self)
        times.append(1)
        if len(times) == 1:
            a.write_text(MODULES["a"].replace("give 1", "give 7"))
        return graph

    monkeypatch.setattr(Discovery, "run", run_and_edit)
    assert vitte("build", "-O1", cwd=folder).status == 0
    monkeypatch.undo()
    assert vitte("run", "-O1", cwd=folder).out == vitte("run", "-O1", "--cache", "off", cwd=folder).out == "7 8\n"


def test_other_libraries_are_looked_for_each_time(folder: Path) -> None:
    main = folder / "src" / "main.vit"
    foreign = '#[link(name = "no_such_library_here")]\nextern "C" {\n  proc nothing_at_all()\n}\n'
    main.write_text(foreign + "\nproc main() {\n  unsafe { nothing_at_all() }\n}\n")
    first, _ = build(folder)
    again, counts = build(folder)
    assert first.status == again.status == 1 and "no_such_library_here" in again.out
    assert counts["reused"] == counts["units"]
