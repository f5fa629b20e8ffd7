"""Links that fail, through every linker: what is said of each, golden per linker. And links that must not: odd names in response files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.link.kit import ENTRIES, LINKERS, OTHER, emit, plan_of, the_linker
from vitte.driver.error import DriverError
from vitte.driver.options import Library
from vitte.driver_impl.link import execute as executor
from vitte.driver_impl.link.errors import diagnose
from vitte.driver_impl.link.execute import execute
from vitte.driver_impl.link.programs import Linker

GOLDEN = Path(__file__).parent / "golden"
SYMBOL = "demo::impl(Add<geo:P> for V).add[i64]"


def main(kind: str, body: str = "") -> bytes:
    call = f'%r = call i32 @"{body}"()' if body else "%r = add i32 0, 0"
    declare = f'declare i32 @"{body}"()\n' if body else ""
    return emit("main.vit", kind, f"{declare}define i32 @{ENTRIES[kind.partition('-')[0]]}() {{\n {call}\n ret i32 %r\n}}\n")


def twice(kind: str, name: str) -> bytes:
    return emit(name, kind, 'define i32 @"m::twice"() {\n ret i32 1\n}\n')


Files = dict[str, bytes]
CASES: dict[str, Callable[[str], tuple[Files, dict[str, object]]]] = {
    "undefined": lambda k: ({"main.o": main(k, "nowhere")}, {}),
    "undefined, of an impl": lambda k: ({"main.o": main(k, SYMBOL)}, {}),
    "undefined, twice referred to": lambda k: (
        {"main.o": main(k, "nowhere"), "b.o": emit(
            "b.vit", k, "declare i32 @nowhere()\ndefine i32 @b() {\n %r = call i32 @nowhere()\n ret i32 %r\n}\n")},
        {}),
    "duplicate": lambda k: ({"main.o": main(k), "a.o": twice(k, "a.vit"), "b.o": twice(k, "b.vit")}, {}),
    "no entry": lambda k: ({"a.o": twice(k, "a.vit")}, {}),
    "library": lambda k: ({"main.o": main(k)}, {"libraries": (Library("surelynotthere"),)}),
    "missing object": lambda k: ({"main.o": main(k), "gone.o": b""}, {}),
    "text": lambda k: ({"main.o": main(k), "text.o": b"this is no object\n"}, {}),
    "cut off": lambda k: ({"main.o": main(k), "cut.o": main(k)[: {"wasm": 60, "coff": 100}.get(k, 150)]}, {}),
    "bytes": lambda k: ({"main.o": main(k), "bad.o": b"\x7fELF" + b"\xff" * 60}, {}),
    "other machine": lambda k: ({"main.o": main(k), "foreign.o": twice(OTHER[k], "f.vit") if k in OTHER else twice("elf", "f.vit")}, {}),
    "other format": lambda k: ({"main.o": main(k), "foreign.o": twice("wasm" if k != "wasm" else "coff", "f.vit")}, {}),
    "unknown option": lambda k: ({"main.o": main(k)}, {"args": ("--surely-no-option",)}),
    "output in no folder": lambda k: ({"main.o": main(k)}, {"temporary": "DIR/nowhere/app.tmp"}),
    "output is a folder": lambda k: ({"main.o": main(k)}, {"output": "DIR/folder"}),
}  # fmt: skip


def said(linker: Linker, folder: Path, case: str) -> str:
    folder.mkdir()
    (folder / "folder").mkdir()
    files, more = CASES[case](linker.flavour.value)
    for name, data in files.items():
        if data:
            (folder / name).write_bytes(data)
    more = {key: value.replace("DIR", str(folder)) if isinstance(value, str) else value for key, value in more.items()}
    (folder / "app").write_text("old")
    plan = plan_of(linker, folder, [str(folder / name) for name in files], **more)
    try:
        result = execute(plan)
        found = diagnose(result.stderr, plan) if result.status else []
        lines = [f"{d.code.id} {d.message}\n" + "".join(f"  note: {n}\n" for n in d.notes) + "".join(f"  help: {h.message}\n"
                 for h in d.helps)
                 for d in found]  # fmt: skip
        text = "".join(lines) or f"status {result.status}, nothing said\n"
        assert result.status == 0 or not Path(plan.final).exists(), "nothing is left of a failed link"
        assert not Path(plan.output).exists()
    except DriverError as error:
        text = f"status {error.status}: {error.message}\n"
    return text.replace(str(folder), "DIR").replace(linker.words[0], linker.words[0].rpartition("/")[2])


@pytest.mark.parametrize("name", LINKERS)
def test_failing_links(name: str, tmp_path: Path, bless: bool) -> None:
    linker = the_linker(name)
    golden = GOLDEN / f"errors.{name}.txt"
    # ld64.lld reads on where an object ends: what it does then depends on what is there. The driver looks first, see `errors.precheck`.
    cases = [case for case in CASES if (name, case) != ("ld64.lld", "cut off")]
    text = "".join(f"== {case}\n{said(linker, tmp_path / f'case{number}', case)}" for number, case in enumerate(cases))
    if bless:
        golden.write_text(text)
    if not golden.exists():
        pytest.skip(f"what {name} says was never recorded")
    assert text == golden.read_text()


def test_corpus_is_large() -> None:
    texts = [path.read_text() for path in GOLDEN.glob("errors.*.txt")]
    assert sum(text.count("== ") - text.count("nothing said") for text in texts) >= 40


NAMES = ["a b", "tab\there", "new\nline", "back\\slash", 'quo"te', "apo'strophe", "dollar$x", "#hash",
         "per%cent", "\u00e9\u4e2d", "trailing\\", "two\\\\",
         'mixed\\"', "-dash", "@at", "a,b;c"]  # fmt: skip


@pytest.mark.parametrize("name", LINKERS)
def test_odd_names_in_a_response_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linker = the_linker(name)
    kind = linker.flavour.value
    monkeypatch.setattr(executor, "RESPONSE_LIMIT", 0)
    objects = [str(tmp_path / "main.o")]
    (tmp_path / "main.o").write_bytes(main(kind))
    for number, odd in enumerate(NAMES):
        (tmp_path / odd).write_bytes(emit("x.vit", kind, f"define i32 @f{number}() {{\n ret i32 1\n}}\n"))
        objects.append(str(tmp_path / odd))
    plan = plan_of(linker, tmp_path, objects)
    result = execute(plan)
    assert (result.status, result.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["app", "main.o", *NAMES])


SETTINGS = {
    "LD_RUN_PATH": "/somewhere/else", "LINK": "/subsystem:windows", "_LINK_": "/subsystem:windows", "LIB": "/somewhere/else",
    "GNUTARGET": "elf32-i386", "LDEMULATION": "elf_i386", "ZIG_LIB_DIR": "/somewhere/else", "MOLD_REPRO": "1",
    "MACOSX_DEPLOYMENT_TARGET": "14.0", "SDKROOT": "/somewhere/else", "SOURCE_DATE_EPOCH": "1", "LLD_VERSION": "1",
}  # fmt: skip
"""Variables that one linker or another goes by."""


@pytest.mark.parametrize("name", LINKERS)
def test_what_is_in_the_environment_changes_no_image(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linker = the_linker(name)
    (tmp_path / "main.o").write_bytes(main(linker.flavour.value))
    images = []
    for settings in ({}, SETTINGS):
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        result = execute(plan_of(linker, tmp_path, [str(tmp_path / "main.o")]))
        assert (result.status, result.stderr) == (0, "")
        images.append((tmp_path / "app").read_bytes())
    assert images[0] == images[1]


def script(tmp_path: Path, text: str) -> Linker:
    from vitte.driver.options import LldFlavor

    path = tmp_path / "my-ld"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return Linker((str(path),), "lld", LldFlavor.ELF)


@pytest.mark.parametrize(("text", "message"), [
    ("kill -SEGV $$", "the linker crashed: signal 11 (SIGSEGV)"),
    ("echo 'LLVM ERROR: out of luck' >&2; exit 1", "the linker crashed: status 1"),
    ("exit 0", "the linker says that it succeeded, and wrote nothing"),
    ("echo 'LLVM ERROR: IO failure on output stream: No space left on device' >&2; exit 1", "no space left on device"),
    ("while :; do echo 'error: and again and again and again and again and again'; done", "the linker crashed: signal 9 (SIGKILL)"),
])  # fmt: skip
def test_linkers_that_break(tmp_path: Path, text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "MOST_TEXT", 1 << 16)
    with pytest.raises(DriverError) as caught:
        execute(plan_of(script(tmp_path, text), tmp_path, []))
    assert message in caught.value.message and caught.value.status == 3


def test_a_full_disk_that_ends_the_linker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_is_short", lambda plan: plan.output == str(tmp_path / "app.tmp"))
    with pytest.raises(DriverError, match="no space left on device"):
        execute(plan_of(script(tmp_path, "kill -BUS $$"), tmp_path, []))


def test_the_old_program_can_be_run_until_there_is_a_new_one(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.write_text("old")
    assert execute(plan_of(script(tmp_path, f"cp {app} {app}.seen && echo new > {app}.tmp"), tmp_path, [])).status == 0
    assert ((tmp_path / "app.seen").read_text(), app.read_text()) == ("old", "new\n")
    assert execute(plan_of(script(tmp_path, f"echo half > {app}.tmp; exit 1"), tmp_path, [])).status == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.seen", "my-ld"]


def test_a_linker_that_cannot_be_started(tmp_path: Path) -> None:
    linker = script(tmp_path, "")
    Path(linker.words[0]).write_text("#!/no/such/interpreter\n")
    with pytest.raises(DriverError) as caught:
        execute(plan_of(linker, tmp_path, []))
    assert "cannot start the linker" in caught.value.message


def test_dry_run_starts_nothing_and_says_the_command(tmp_path: Path) -> None:
    told: list[str] = []
    plan = plan_of(script(tmp_path, "exit 1"), tmp_path, [])
    (tmp_path / "app").write_text("old")
    assert execute(plan, dry_run=True, log=told.append).status == 0
    assert told == [" ".join(plan.command)] and (tmp_path / "app").read_text() == "old"
