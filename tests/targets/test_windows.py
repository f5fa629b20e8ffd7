"""What programs for Windows get from the system and give to it, under Wine: arguments, environment, streams, files, status, tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.forked import Ran, vitte
from tests.harness.sysroots import prepare
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.target import TARGETS
from vitte.driver_impl.runtime import runners

pytestmark = pytest.mark.foreign
TARGET = "x86_64-pc-windows"


@pytest.fixture(scope="module", autouse=True)
def wine() -> None:
    try:
        runners.find(DriverOptions(target=TARGETS[TARGET]))
    except DriverError as error:
        pytest.skip(error.message)


def run(folder: Path, text: str, *words: str, stdin: bytes = b"", env: dict[str, str] | None = None, command: str = "run") -> Ran:
    (folder / "main.vit").write_text(text)
    at = words.index("--") if "--" in words else len(words)
    return vitte(command, "main.vit", "--target", TARGET, *words[:at], "--", *words[at + 1 :], cwd=folder, stdin=stdin, env=env)


# --- arguments and environment ------------------------------------------------------------------------------------

ARGUMENTS = """\
use std/env
use std/mem

#[link(name = "kernel32", kind = "dll")]
extern "C" {
  proc GetCommandLineW() -> *u16
}
#[link(name = "shell32", kind = "dll")]
extern "C" {
  proc CommandLineToArgvW(line: *u16, count: *mut i32) -> **u16
}

proc same(ours: string, theirs: *u16) -> bool {
  let mut at = 0
  for c in ours {
    let value = c as u32
    let low = if value < 0x10000 { value } else { 0xD7C0 + (value >> 10) }
    unsafe {
      if *mem.offset(theirs, at) as u32 != low { give false }
      set at += 1
      if value >= 0x10000 {
        if *mem.offset(theirs, at) as u32 != 0xDC00 + (value & 0x3FF) { give false }
        set at += 1
      }
    }
  }
  unsafe { give *mem.offset(theirs, at) == 0 }
}

proc main(args: [string]) {
  let mut count = 0i32
  let theirs = unsafe { CommandLineToArgvW(GetCommandLineW(), &mut count as *mut i32) }
  assert count as int == args.len()
  for i in 0..args.len() {
    unsafe { assert same(args[i], *mem.offset(theirs, i)) }
    if i > 0 { println("<{}>", args[i]) }
  }
  println("{:?}", env.args().len())
}
"""
ODD = ["", " ", "a b", 'say "hi"', "\\", "\\\\", "C:\\dir\\", 'a\\"', "a\\\\ b\\\\", "tab\there", "'single'", "%PATH%", "^&|<>", "żółć",
       "東京", "🦀 crab", "--flag=x y", "*.vit", "a" * 5000, '"', '""', '\\"\\', "/?"]  # fmt: skip


def test_arguments_arrive_and_are_what_the_system_itself_makes_of_them(tmp_path: Path) -> None:
    ran = run(tmp_path, ARGUMENTS, "--", *ODD)
    assert ran.err == "" and ran.out == "".join(f"<{word}>\n" for word in ODD) + f"{len(ODD) + 1}\n"


ENVIRONMENT = """\
use std/env

proc show(name: string) {
  match env.var(name) {
    case Some(text) { println("{}: {} <{}>", name, text.len(), text) }
    case None { println("{}: none", name) }
  }
}

proc main() {
  show("VT_PLAIN")
  show("VT_ŻÓŁĆ")
  show("vt_plain")
  show("VT_LONG")
  show("VT_NOT_SET")
  show("")
}
"""


def test_variables_of_the_environment(tmp_path: Path) -> None:
    # Under Windows names of variables are not told apart by the size of their letters.
    ran = run(tmp_path, ENVIRONMENT, env={"VT_PLAIN": "plain text", "VT_ŻÓŁĆ": "東京 🦀", "VT_LONG": "x" * 9000})
    assert ran.err == "" and ran.out == (
        "VT_PLAIN: 10 <plain text>\nVT_ŻÓŁĆ: 11 <東京 🦀>\nvt_plain: 10 <plain text>\n"
        f"VT_LONG: 9000 <{'x' * 9000}>\nVT_NOT_SET: none\n: none\n"
    )


# --- streams ------------------------------------------------------------------------------------------------------

ECHO = """\
use std/io

proc main() {
  let mut count = 0
  let mut bytes = 0
  loop {
    match io.read_line() {
      case Some(line) {
        set count += 1
        set bytes += line.len()
        if count <= 3 { println("<{}>", line) }
      }
      case None { break }
    }
  }
  println("{} {}", count, bytes)
  eprintln("done")
}
"""


def test_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    lines = ["first\r", "zweite Zeile äöü", "", *(f"line {n} " + "x" * (n % 300) for n in range(3000)), "no end"]
    ran = run(tmp_path, ECHO, stdin="\n".join(lines).encode())
    bytes_ = sum(len(line.rstrip("\r").encode()) for line in lines)
    assert ran.out == f"<first>\n<zweite Zeile äöü>\n<>\n{len(lines)} {bytes_}\n" and ran.err == "done\n"
    assert run(tmp_path, ECHO).out == "0 0\n"


def test_a_pipe_ends_where_its_writer_does(tmp_path: Path) -> None:
    (tmp_path / "main.vit").write_text(ECHO)
    image = tmp_path / "main.exe"
    assert vitte("build", "main.vit", "--target", TARGET, "-o", "main.exe", cwd=tmp_path).status == 0
    command = [sys.executable, "-m", "vitte", "run", "main.vit", "--target", TARGET]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(b"a\nb")
    assert image.exists() and (process.returncode, out, err) == (0, b"<a>\n<b>\n2 2\n", b"done\n")


LARGE = """\
proc main() {
  for i in 0..20000 { println("{} ......... äöü ......... {}", i, i * i) }
}
"""


def test_large_output(tmp_path: Path) -> None:
    assert run(tmp_path, LARGE).out == "".join(f"{i} ......... äöü ......... {i * i}\n" for i in range(20000))


# --- files --------------------------------------------------------------------------------------------------------

FILES = """\
use std/fs
use std/fs.{IoErrorKind}

proc kind(error: fs.IoError) -> string {
  give match error.kind {
    case IoErrorKind.NotFound => "not found"
    case IoErrorKind.PermissionDenied => "denied"
    case IoErrorKind.AlreadyExists => "exists"
    case IoErrorKind.IsDirectory => "folder"
    case IoErrorKind.NotText => "no text"
    case IoErrorKind.Other => "other"
  }
}

proc read(path: string) {
  match fs.read_text(path) {
    case Ok(text) { println("{} bytes", text.len()) }
    case Err(error) { println("{}", kind(error)) }
  }
}

proc main(args: [string]) -> result[(), fs.IoError] {
  let folder = args[1]
  let name = folder + "\\\\żółć 🦀.txt"
  fs.write_text(name, "one\\n")?
  fs.append_text(name, "two\\n")?
  fs.append_text(name.replace("\\\\", "/"), "three\\n")?
  print("{}", fs.read_text(name)?)
  fs.write_text(name, "short")?
  read(name)
  assert fs.exists(name) and fs.exists(folder) and not fs.exists(name + "x")
  read(folder)
  read(folder + "\\\\none\\\\none")
  read(folder + "\\\\none")
  match fs.remove(folder) {
    case Ok(_) { println("removed a folder") }
    case Err(error) { println("{}", kind(error)) }
  }
  fs.remove(name)?
  assert not fs.exists(name)
  fs.write_text("relative.txt", "x")?
  fs.write_text(args[2] + "\\\\deep.txt", "far down")?
  read(args[2].replace("\\\\", "/") + "/deep.txt")
  assert fs.exists(args[2] + "\\\\deep.txt") and not fs.exists(args[2] + "\\\\deep")
  fs.remove(args[2] + "\\\\deep.txt")?
  give Err(fs.IoError { kind: IoErrorKind.NotFound, code: 2, path: "x" })
}
"""


def test_files(tmp_path: Path) -> None:
    deep = tmp_path
    for number in range(8):
        deep /= f"{number}" * 40
        deep.mkdir()
    windows = "Z:" + str(tmp_path).replace("/", "\\")
    deepest = "Z:" + str(deep).replace("/", "\\")
    assert len(deepest) > 300
    ran = run(tmp_path, FILES, "--", windows, deepest)
    assert ran.out == "one\ntwo\nthree\n5 bytes\nfolder\nnot found\nnot found\nfolder\n8 bytes\n", ran.err
    assert ran.err == "error: x: no such file or folder\n" and ran.status == 1
    assert (tmp_path / "relative.txt").read_text() == "x" and not list(deep.iterdir())


# --- the end, and the stack ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "status", "err"), [
    ("proc main() -> int { give 300 }\n", 44, ""),
    ('use std/process\nproc main() { print("x"); process.exit(7) }\n', 7, ""),
    ('proc main() { let xs = [1, 2]; println("{}", xs[len(xs)]) }\n', 101,
     "panic at main.vit:1:46: index 2 is out of range for length 2\n"),
])  # fmt: skip
def test_status(tmp_path: Path, text: str, status: int, err: str) -> None:
    ran = run(tmp_path, text)
    assert (ran.status, ran.err) == (status, err)


FRAMES = """\
proc deep(n: int) -> int {
  let mut room: [u8; 20000] = [1; 20000]
  set room[n % 20000] = 2
  if n == 0 { give room[0] as int + room[19999] as int }
  give deep(n - 1) + room[n % 20000] as int
}

proc thin(n: int) -> int { give if n == 0 { 0 } else { 1 + thin(n - 1) } }

proc main() {
  println("{}", deep(300))
  println("{}", thin(40000))
}
"""


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_frames_larger_than_a_page_and_a_deep_stack(tmp_path: Path, level: str) -> None:
    assert run(tmp_path, FRAMES, level).out == "603\n40000\n"


# --- test blocks --------------------------------------------------------------------------------------------------

TESTS = """\
use std/env
use std/process

test "good" { assert 1 + 1 == 2 }
test "panics" { assert 1 + 1 == 3 }
test "exits" { process.exit(5) }
test "sees nothing of how it is run" {
  assert env.var("VITTE_TEST_TASK").is_none()
  println("said by a test")
}
test "not chosen" { }
"""


def test_each_test_has_a_process_of_its_own(tmp_path: Path) -> None:
    ran = run(tmp_path, TESTS, command="test")
    assert ran.status == 4 and ran.out == "said by a test\n"
    lines = [line.strip() for line in ran.err.splitlines() if line]
    assert lines == [
        "ok      good", "panic at main.vit:5:17: assertion failed: 1 + 1 == 3", "left:  2", "right: 3", "FAILED  panics", "FAILED  exits",
        "ok      sees nothing of how it is run", "ok      not chosen", "3 passed, 2 failed",
    ]  # fmt: skip


def test_tests_are_chosen_by_their_titles(tmp_path: Path) -> None:
    ran = run(tmp_path, TESTS, "--", "good", "nothing", command="test")
    assert ran.status == 0 and "2 passed, 0 failed, 3 not chosen" in ran.err


# --- libraries ----------------------------------------------------------------------------------------------------

DLL = """\
#[export_name = "twice"]
pub extern "C" proc twice(x: i32) -> i32 { give x * 2 }
"""
USER = """\
#[link(name = "vt", kind = "dll")]
extern "C" { proc twice(x: i32) -> i32 }

proc main() { unsafe { println("{}", twice(21)) } }
"""


def test_a_program_imports_from_a_dll_of_ours(tmp_path: Path) -> None:
    (tmp_path / "vt.vit").write_text(DLL)
    assert vitte("build", "vt.vit", "--kind", "shared", "--target", TARGET, "-o", "vt.dll", cwd=tmp_path).status == 0
    (tmp_path / "user.vit").write_text(USER)
    # Windows looks for DLLs where the program is, and where it was started from.
    assert vitte("run", "user.vit", "--target", TARGET, "-o", "user.exe", cwd=tmp_path).out == "42\n"


# --- with MinGW's C library ---------------------------------------------------------------------------------------

WITH_C = """\
extern "C" {
  proc abs(x: i32) -> i32
  proc strlen(text: *u8) -> usize
  proc pow(x: f64, y: f64) -> f64
}

proc main(args: [string]) {
  unsafe { println("{} {} {}", abs(-3), strlen(&TEXT[0] as *u8), pow(2.0, 10.0)) }
  for i in 1..args.len() { println("<{}>", args[i]) }
}

static TEXT: [u8; 5] = [102, 111, 117, 114, 0]
"""


@pytest.mark.slow
def test_c_functions_of_mingw(tmp_path: Path) -> None:
    prepare("x86_64-pc-windows-gnu")
    (tmp_path / "main.vit").write_text(WITH_C)
    ran = vitte("run", "main.vit", "--target", "x86_64-pc-windows-gnu", "--", "żółć 🦀", cwd=tmp_path)
    assert ran.out == "3 4 1024.0\n<żółć 🦀>\n", ran.err
