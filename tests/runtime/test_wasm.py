"""WebAssembly programs in wasmtime: the folders that they may use, fuel, traps at their places, what cannot be run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.harness.forked import Ran, apart, vitte
from tests.runtime.kit import PROBE, WASM, run
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions, RunConfig
from vitte.driver.session import Built, DriverContext
from vitte.driver.target import find
from vitte.driver_impl.runtime.run import run as run_image
from vitte.driver_impl.runtime.traps import frames


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here.txt").write_text("here\n")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "deep" / "down.txt").write_text("down\n")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "path", "said"),
    [
        ("", "here.txt", "here\n"),
        ("", "./here.txt", "here\n"),
        ("", ".//./here.txt", "here\n"),
        ("", "sub/deep/down.txt", "down\n"),
        ("", "sub/../here.txt", "here\n"),
        ("", "{folder}/here.txt", "{folder}/here.txt: permission denied\n"),
        ("", "../here.txt", "../here.txt: permission denied\n"),
        ("", "none.txt", "none.txt: no such file or folder\n"),
        ("--cwd sub", "deep/down.txt", "down\n"),
        ("--dir sub=.", "deep/down.txt", "down\n"),
        ("--dir sub", "sub/deep/down.txt", "down\n"),
        ("--dir sub", "./sub//deep/down.txt", "down\n"),
        ("--dir sub", "here.txt", "here.txt: permission denied\n"),
        ("--dir sub", "subdeep/down.txt", "subdeep/down.txt: permission denied\n"),
        ("--dir sub --dir sub/deep=sub/deep/x", "sub/deep/x/down.txt", "down\n"),
        ("--dir sub=/in/it", "/in/it/deep/down.txt", "down\n"),
        ("--dir sub=/in/it/", "/in/it/deep/down.txt", "down\n"),
        ("--dir sub=/", "/deep/down.txt", "down\n"),
        ("--dir sub=/ --dir .", "here.txt", "here\n"),
        ("--dir '{folder}'", "{folder}/here.txt", "here\n"),
        ("--dir ''", "here.txt", "here.txt: permission denied\n"),
    ],
)  # fmt: skip
def test_folders(options: str, path: str, said: str, folder: Path) -> None:
    ran = run(WASM, options.format(folder=folder), "read", path.format(folder=folder), cwd=folder)
    assert (ran.status, ran.out, ran.err) == (0, said.format(folder=folder), "")


def test_a_folder_is_no_file(folder: Path) -> None:
    assert run(WASM, "", "write", "sub", cwd=folder).out == "sub: is a folder\n"
    assert "sub: " in run(WASM, "", "read", "sub", cwd=folder).out


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ("--dir nowhere", ("`nowhere`, which the program is to use, is not there",)),
        ("--dir here.txt", ("`here.txt`, which the program is to use, is not a folder",)),
        ("--cwd nowhere", ("`nowhere`, which the program is to use, is not there", "`--cwd`")),
    ],
)
def test_folders_that_are_none(options: str, parts: tuple[str, ...], folder: Path) -> None:
    ran = run(WASM, options, "args", cwd=folder)
    assert (ran.status, ran.out) == (2, "")
    for part in parts:
        assert part in ran.err


def test_fuel() -> None:
    ran = run(WASM, "--fuel 1000000", "loop")
    assert (ran.status, ran.out, ran.err) == (124, "looping\n", "vitte: the program was ended after 1000000 operations\n")
    assert run(WASM, "--fuel 1000000", "status", "3").status == 3
    assert run(WASM, "--fuel 10", "args").status == 124


def test_an_argument_that_is_no_text() -> None:
    ran = vitte("run", "x.vit", "--target", WASM, "--", "a\udcff", cwd=Path(__file__).parent)
    assert ran.status != 70
    ran = run(WASM, "", "args", "a\udcff")
    assert ran.status == 2 and "the argument `a\\udcff` is not UTF-8" in ran.err
    assert run(WASM, "--env ONE=1", "env", "ONE", "ODD", env={"ODD": "\udcff"}).out == "ONE=1\nODD=?\n"


# --- traps --------------------------------------------------------------------------------------------------------------------

TRAPS = """use std/mem
proc endless(n: int) -> int { give endless(n + 1) + n }
noinline proc inner(what: string) {
  match what {
    case "abort" { mem.abort() }
    case "bounds" { unsafe { set *(0x7ffffff0 as *mut u8) = 1 } }
    case "null" { unsafe { println("{}", (*(0 as *proc() -> int))()) } }
    case "stack" { println("{}", endless(0)) }
    else { }
  }
}
proc main(args: [string]) { inner(args[1]) }
"""


def trap(folder: Path, what: str, *options: str) -> Ran:
    (folder / "traps.vit").write_text(TRAPS)
    ran = vitte("run", "traps.vit", "--target", WASM, *options, "--", what, cwd=folder)
    assert (ran.status, ran.out) == (134, "")
    return ran


@pytest.mark.parametrize(
    ("what", "why", "line"),
    [
        ("abort", "it aborted", 5),
        ("bounds", "it used an address outside its memory", 6),
        ("stack", "its calls went too deep: the stack overflowed", 2),
    ],
)
def test_traps_have_places(what: str, why: str, line: int, folder: Path) -> None:
    lines = trap(folder, what, "-g").err.splitlines()
    assert lines[0] == f"error: the program was ended by a trap: {why}"
    assert re.match(rf"  in traps::\w+ at traps\.vit:{line}(:\d+)?", lines[1]), lines
    assert "help" not in lines[-1]
    if what == "stack":
        assert lines[-1].endswith("times in a row")
    else:
        assert any(re.fullmatch(r"  in traps::main at traps\.vit:12(:\d+)?", text) for text in lines)


def test_traps_without_debug_information_have_names(folder: Path) -> None:
    lines = trap(folder, "abort").err.splitlines()
    assert lines[1:3] == ["  in traps::inner", "  in traps::main"]
    assert lines[-1] == "  = help: with `-g` the places are shown"
    lines = trap(folder, "abort", "--strip").err.splitlines()
    assert re.fullmatch(r"  in procedure \d+", lines[1])


def test_a_null_procedure(folder: Path) -> None:
    assert trap(folder, "null").err.startswith("error: the program was ended by a trap: it ")


def test_texts_of_wasmtime() -> None:
    text = """error while executing at wasm backtrace:
    0:   0x33b7 - image!std/list::list.push[i64]
                    at std/list.vit:51:0
              - demo::inlined
                    at demo.vit:7:3
    1:   0x3405 - <unknown>!<wasm function 12>

Caused by:
    wasm trap: wasm `unreachable` instruction executed
"""
    assert frames(text) == [("std/list::list.push[i64]", "std/list.vit:51"), ("demo::inlined", "demo.vit:7:3"), ("procedure 12", "")]


# --- the process that wasmtime is in --------------------------------------------------------------------------------------------


def test_programs_run_in_the_process_of_the_command() -> None:
    """Those of this suite do: nothing in it has used wasmtime in the process that commands are forked from."""
    assert "wasmtime" not in sys.modules


@apart
def test_a_fork_of_a_process_that_has_used_it(folder: Path) -> None:
    assert vitte("build", PROBE, "--target", WASM, "-o", str(folder / "first.wasm")).status == 0
    target = find(WASM)
    assert target is not None
    options = DriverOptions(target=target, run=RunConfig(args=("read", "here.txt"), cwd=str(folder), capture=True))
    built = Built(image=str(folder / "first.wasm"))
    assert run_image(options, DriverContext(options), built) == 0
    assert built.stdout == b"here\n"
    ran = run(WASM, "", "read", "here.txt", cwd=folder)
    assert (ran.status, ran.out, ran.err) == (0, "here\n", "")


# --- what cannot be run -------------------------------------------------------------------------------------------------------


def test_a_program_that_wants_another_host(folder: Path) -> None:
    (folder / "host.vit").write_text(
        '#[link(name = "env", kind = "wasm")]\nextern "C" { proc ask(x: i32) -> i32 }\nproc main() { unsafe { println("{}", ask(1)) } }\n'
    )
    ran = vitte("run", "host.vit", "--target", WASM, cwd=folder)
    assert (ran.status, ran.out) == (3, "")
    assert "it imports `env::ask`, which only its own host has" in ran.err and "--runner" in ran.err


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"\0asm\1\0\0\0", "it exports no `_start`: it is a library"),
        (b"\0asm\x0d\0\1\0", "cannot run"),
        (b"no module at all", "cannot run"),
        (b"", "cannot run"),
    ],
)
@apart
def test_what_is_no_program(data: bytes, part: str, folder: Path) -> None:
    (folder / "image.wasm").write_bytes(data)
    target = find(WASM)
    assert target is not None
    options = DriverOptions(target=target, run=RunConfig(cwd=str(folder)))
    with pytest.raises(DriverError) as caught:
        run_image(options, DriverContext(options), Built(image=str(folder / "image.wasm")))
    assert caught.value.status == 3 and part in caught.value.message and "\n" not in caught.value.message


def test_the_interpreter_is_not_for_webassembly() -> None:
    ran = run(WASM, "--engine interp", "args")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: the interpreter does not run programs for `wasm32-wasi`\n")
