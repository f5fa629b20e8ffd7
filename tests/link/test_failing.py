"""Programs that compile and cannot be linked: what is said of each, golden for each linker. Directives:

    //@ flags: OPTIONS     more options for `vitte build`
    //@ link: NAMES        objects that are given to the linker, see `OBJECTS`
    //@ output: PATH       where the program goes, in a folder with a file `a-file` and a folder `a-folder`
    //@ linker: NAME       a linker that breaks, see `BROKEN`, or the value of `--linker`
    //@ targets: SYSTEM    only these
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.programs import directives, orphans, programs, title
from tests.link.kit import OTHER, emit, the_linker
from vitte.driver.target import TARGETS

HERE = Path(__file__).parent / "failing"
GOLDEN = Path(__file__).parent / "golden"
KEYS = ("flags", "link", "output", "linker", "targets")
LINKERS = {
    "ld.lld": "x86_64-unknown-linux-gnu", "ld.bfd": "x86_64-unknown-linux-gnu", "ld.gold": "x86_64-unknown-linux-gnu",
    "gcc": "x86_64-unknown-linux-gnu", "lld-link": "x86_64-pc-windows", "wasm-ld": "wasm32-wasi", "ld64.lld": "aarch64-apple-macos",
    "zig": "aarch64-apple-macos",
}  # fmt: skip
"""Each linker, and what it links for here."""
FORMATS = {"linux": "elf", "windows": "coff", "wasi": "wasm", "macos": "macho"}
CALLER = "declare i32 @nowhere()\ndefine i32 @caller() {\n %r = call i32 @nowhere()\n ret i32 %r\n}\n"
OBJECTS: dict[str, Callable[[str], bytes]] = {
    "caller": lambda kind: emit("caller.c", kind, CALLER),
    "nowhere": lambda kind: emit("nowhere.c", kind, "define i32 @caller() {\n ret i32 1\n}\ndefine i32 @nowhere() {\n ret i32 1\n}\n"),
    "other_machine": lambda kind: emit("other.c", OTHER.get(kind, "elf"), "define i32 @other() {\n ret i32 1\n}\n"),
    "object_text": lambda kind: b"This is a text and no object.\n",
    "object_cut": lambda kind: emit("caller.c", kind, CALLER)[: {"wasm": 60, "coff": 100}.get(kind, 150)],
    "object_gone": lambda kind: b"",
}
BROKEN = {"crashing": "kill -SEGV $$", "strange": "echo 'a strange thing happened' >&2; exit 3"}


@pytest.mark.parametrize("name", LINKERS)
def test_failing_programs(name: str, tmp_path: Path, bless: bool) -> None:
    environment = environment_of(name)
    text = "".join(said(path, name, tmp_path / str(number), environment) for number, path in enumerate(programs(HERE)))
    golden = GOLDEN / f"failing.{name}.txt"
    if bless:
        golden.write_text(text)
    assert text == golden.read_text()


def environment_of(name: str) -> dict[str, str]:
    """How that linker is asked for; skips the test where there is none."""
    linker = the_linker(name)
    return {"VITTE_LINKER": linker.words[0]} if TARGETS[LINKERS[name]].system == "macos" else {}


def said(path: Path, name: str, folder: Path, environment: dict[str, str]) -> str:
    says = directives(path, KEYS)
    target = TARGETS[LINKERS[name]]
    if says.get("targets") and target.system not in says.get("targets").split():
        return ""
    folder.mkdir()
    (folder / "a-file").write_text("a file")
    (folder / "a-folder").mkdir()
    words = ["build", str(path.relative_to(HERE)), "--target", target.name, "-o", str(folder / (says.get("output") or "program"))]
    words += shlex.split(says.get("flags"))
    for file in says.get("link").split():
        data = OBJECTS[file](FORMATS[target.system])
        if data:
            (folder / f"{file}.o").write_bytes(data)
        words += ["--link-arg", str(folder / f"{file}.o")]
    linker = says.get("linker")
    environment = dict(environment)
    if linker in BROKEN:
        program = folder / "linker"
        program.write_text(f"#!/bin/sh\n{BROKEN[linker]}\n")
        program.chmod(0o755)
        environment["VITTE_LINKER"] = str(program)
    elif linker or target.system == "linux":
        words += ["--linker", linker or ("lld" if name == "ld.lld" else name)]
    ran = vitte(*words, cwd=HERE, env=environment)
    assert "Traceback" not in ran.err and ran.status in (0, 1, 3), ran.err
    assert ran.out == ""
    left = sorted(str(found.relative_to(folder)) for found in folder.rglob("*") if found.suffix != ".o" and found.name != "linker")
    assert left == ["a-file", "a-folder", *(["program"] if ran.status == 0 else [])], "nothing is left of a failed link"
    text = re.sub(r"/\S*/(zig|ld64\.lld|ld\.\w+|gcc)(?:-\d+)?\b", r"\1", ran.err.replace(str(folder), "DIR"))
    return f"== {title(path, HERE)}: status {ran.status}\n{text}"


def test_the_corpus() -> None:
    assert orphans(HERE, ".stderr") == []
    texts = {name: (GOLDEN / f"failing.{name}.txt").read_text() for name in LINKERS}
    for name, text in texts.items():
        assert text.count(": status 1\n") + text.count(": status 3\n") >= 20, name
        codes = set(re.findall(r"^error\[(V\d+)\]", text, re.MULTILINE))
        assert codes >= {"V0620", "V0621", "V0622", "V0623", "V0625"}, name
        for block in text.split("== ")[1:]:
            if block.startswith(("undefined", "duplicate", "library")) and not block.startswith(("undefined_object", "library_option")):
                assert ": status 0" in block.partition("\n")[0] or " --> " in block, f"{name}: no place in the source\n{block}"


def test_raw_words_are_shown_when_asked_for(tmp_path: Path) -> None:
    ran = vitte("build", "undefined.vit", "-o", str(tmp_path / "x"), "-v", cwd=HERE)
    assert "info link: " in ran.err and ">>> referenced by " in ran.err
    assert os.path.basename(the_linker("ld.lld").words[0]) in ran.err
