"""Edits that a cache overlooks easily: after each, the build with the cache is what a clean one is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.harness.forked import Ran, vitte
from vitte.driver.options import DriverOptions
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.driver_impl.cache import key


class Case(NamedTuple):
    """`edits`: the texts of files that change together; None removes one, `-> NAME` makes a symbolic link. `command` is run before and
    after each."""

    files: dict[str, str]
    edits: list[dict[str, str | None]]
    command: list[str]


F = "pub proc f() -> int {\n  give %d\n}\n"
MAIN = 'proc main() {\n  println("{}", a.f())\n}\n'
TYPE = "pub form T { pub n: int }\n\npub proc mk() -> T {\n  give T { n: 1 }\n}\n"
UNUSED = "proc main() {\n  let u = 1\n}\n"
DIVIDE = "pub inline proc f(n: int) -> int {\n  give 10 / n\n}\n"

CASES = {
    "two modules of one name": Case(
        {"main.vit": "use b\nuse x\n" + MAIN, "a.vit": F % 1, "b.vit": "space a\n" + F % 2,
         "z.vit": 'pub proc q() -> int {\n  give "s"\n}\n',
         "x.vit": "use b\nuse z\n\npub proc h() -> int {\n  give a.nope()\n}\n"},
        [{"main.vit": "use a\nuse b\nuse x\n" + MAIN}, {"main.vit": "use b\nuse x\n" + MAIN}, {"main.vit": "use b\nuse a\nuse x\n" + MAIN}],
        ["check", "main.vit"],
    ),
    "a link becomes a file": Case(
        {"main.vit": 'use a\nuse b\n\nproc main() {\n  let x: a.T = b.mk()\n  println("{}", x.n)\n}\n', "a.vit": TYPE, "b.vit": "-> a.vit"},
        [{"b.vit": TYPE}, {"b.vit": "-> a.vit"}],
        ["build", "main.vit", "-o", "program"],
    ),
    "lines told in notes": Case(
        {"main.vit": 'use hub\n\nconst X: int = hub.f(0)\n\nproc main() {\n  println("{}", X)\n}\n', "hub.vit": DIVIDE},
        [{"hub.vit": "// moved\n\n" + DIVIDE},
         {"hub.vit": DIVIDE.replace("10 /", "10  /")}, {"hub.vit": DIVIDE.replace("/ n", "/ (n + 1)")}],
        ["check", "main.vit"],
    ),
    "one symbol twice": Case(
        {"main.vit": "use a\nuse b\n" + MAIN, "a.vit": '#[export_name = "uno"]\n' + F % 1, "b.vit": F % 2},
        [{"b.vit": '#[export_name = "uno"]\n' + F % 2}],
        ["build", "main.vit", "-o", "program"],
    ),
    "no place for the output": Case({"main.vit": UNUSED, "file": ""}, [{}], ["build", "main.vit", "-o", "file/program"]),
}  # fmt: skip


def put(folder: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None and text.startswith("-> "):
            path.symlink_to(text[3:])
        elif text is not None:
            path.write_text(text)


def told(ran: Ran) -> tuple[int, str, str]:
    return ran.status, ran.out, ran.err


@pytest.mark.parametrize("name", CASES)
def test_an_edit_is_noticed(name: str, tmp_path: Path) -> None:
    files, edits, command = CASES[name]
    put(tmp_path, dict(files))
    if "-o" in command and name == "no place for the output":  # a good build first, so that there is something to put in place
        assert vitte("build", "main.vit", "-o", "program", cwd=tmp_path).status == 0
    seen = set()
    for edit in [{}, *edits]:
        put(tmp_path, edit)
        got = vitte(*command, cwd=tmp_path)
        image = (tmp_path / "program").read_bytes() if got.status == 0 and "-o" in command else b""
        wanted = vitte(*command, "--cache", "off", cwd=tmp_path)
        clean = (tmp_path / "program").read_bytes() if wanted.status == 0 and "-o" in command else b""
        assert told(got) == told(wanted), edit
        assert image == clean, edit
        seen.add(told(wanted))
    assert len(seen) > 1 or name == "no place for the output", "the edits change nothing"


def test_files_that_are_shown_alike_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path, {"a/m.vit": UNUSED, "b/m.vit": UNUSED})
    remap = ["--remap-path-prefix", "a=X", "--remap-path-prefix", "b=X"]
    assert "a/m.vit:2:7" in vitte("check", "a/m.vit", *remap, cwd=tmp_path).err
    assert "b/m.vit:2:7" in vitte("check", "b/m.vit", *remap, cwd=tmp_path).err


def test_a_folder_that_a_space_names_is_renamed(tmp_path: Path) -> None:
    put(tmp_path, {"p/a/m.vit": "space a/m\nuse x\n\nproc main() {\n  x.f()\n}\n", "p/x.vit": 'pub proc f() {\n  println("x")\n}\n'})
    for _ in range(2):
        assert vitte("build", "m.vit", "-o", "program", cwd=tmp_path / "p/a").status == 0
        os.rename(tmp_path / "p/a", tmp_path / "p/z")
        assert "there is no module `x`" in vitte("build", "m.vit", "-o", "program", cwd=tmp_path / "p/z").err
        os.rename(tmp_path / "p/z", tmp_path / "p/a")


def test_an_archive_named_by_a_relative_path_is_part_of_the_link(tmp_path: Path) -> None:
    if shutil.which("cc") is None or shutil.which("ar") is None:
        pytest.skip("no C compiler or no ar")
    text = '#[link(name = "./libs.a")]\nextern "C" {\n  proc seven() -> i32\n}\n\nproc main() {\n  unsafe { println("{}", seven()) }\n}\n'
    put(tmp_path, {"main.vit": text})
    for number in ("7", "8"):
        (tmp_path / "s.c").write_text(f"int seven(void) {{ return {number}; }}\n")
        subprocess.run(["cc", "-fPIC", "-c", "s.c", "-o", "s.o"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "rcs", "libs.a", "s.o"], cwd=tmp_path, check=True)
        assert vitte("build", "main.vit", "-o", "program", cwd=tmp_path).status == 0
        assert subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout == f"{number}\n"


def test_an_output_that_is_no_file_stays(tmp_path: Path) -> None:
    put(tmp_path, {"main.vit": UNUSED})
    os.mkfifo(tmp_path / "pipe")
    ran = vitte("build", "main.vit", "-o", "pipe", cwd=tmp_path)
    assert ran.status == 3 and "it is not a regular file" in ran.err
    assert (tmp_path / "pipe").is_fifo()


def test_native_is_the_processor_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from vitte.codegen.llvm import machine

    options = DriverOptions(target=replace(X86_64_LINUX_GNU, cpu="native"))
    texts = set()
    for cpu in ("znver4", "skylake"):
        monkeypatch.setattr(machine, "processor", lambda target, cpu=cpu: (cpu, "", ""))
        texts.add(key.options_text(options))
    assert len(texts) == 2
