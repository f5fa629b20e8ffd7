"""Programs that need no operating system. Here there is one, so their hooks are its system calls, by an object made for the test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.link.kit import emit
from vitte.driver_impl.link.programs import which

CALL = {
    "x86_64": "4889f8" "4889f7" "4889d6" "4889ca" "0f05" "c3",  # mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
    "aarch64": "e80300aa" "e00301aa" "e10302aa" "e20303aa" "010000d4" "c0035fd6",  # mov x8, x0; mov x0, x1; ... svc #0; ret
}
"""The machine code of `sys_call(number, a, b, c)`."""
NUMBERS = {"x86_64": (0, 1, 231), "aarch64": (63, 64, 94)}
"""Of `read`, `write` and `exit_group`."""

HOOKS = """
extern "C" {
  proc sys_call(number: isize, a: isize, b: isize, c: isize) -> isize
}

extern "C" proc vitte_read(stream: i32, data: *mut u8, count: usize) -> isize {
  unsafe { give sys_call(READ, stream as isize, data as usize as isize, count as isize) }
}

extern "C" proc vitte_write(stream: i32, data: *u8, count: usize) -> isize {
  unsafe { give sys_call(WRITE, stream as isize, data as usize as isize, count as isize) }
}

extern "C" proc vitte_exit(status: i32) {
  unsafe { sys_call(EXIT, status as isize, 0, 0) }
}
"""

PROGRAM = """
use std/env
use std/fs
use std/io
use std/time

static NAMES: [string; 2] = ["a pointer", "in data"]

proc main() -> int {
  let mut squares: [int] = []
  for i in 0..1000 { squares.push(i * i) }
  let mut names = map { "some": 0 }
  for word in io.read_all().words() { names.insert(word, word.len()) }
  println("{} {} {} {}", squares[31], names.len(), 1.5, NAMES[1])
  println("{} {} {}", env.var("HOME").is_none(), fs.read_text("/etc/passwd").is_err(), time.now())
  println("{}", env.args().len())
  eprintln("to the errors")
  give 7
}
"""

HUNGRY = """
proc main() {
  let mut all: [[int]] = []
  loop { all.push([1; 4096]) }
}
"""

PANIC = """
proc main() {
  let xs = [1, 2, 3]
  let mut i = 0
  while i < 4 {
    println("{}", xs[i])
    set i += 1
  }
}
"""

ARCHES = ["x86_64", pytest.param("aarch64", marks=pytest.mark.foreign)]


def build(folder: Path, arch: str, text: str, hooks: str = HOOKS, *options: str) -> Path:
    read, write, leave = NUMBERS[arch]
    hooks = hooks.replace("READ", str(read)).replace("WRITE", str(write)).replace("EXIT", str(leave))
    (folder / "app.vit").write_text(text + hooks)
    code = bytes.fromhex(CALL[arch])
    stub = "".join(f"\\{byte:02X}" for byte in code)
    text = f'define i64 @sys_call(i64, i64, i64, i64) noinline prologue [{len(code)} x i8] c"{stub}" {{\n  ret i64 0\n}}\n'
    (folder / "sys.o").write_bytes(emit("sys", "elf" if arch == "x86_64" else "elf-arm", text))
    ran = vitte("build", "app.vit", "--target", f"{arch}-none", "-o", "app", "-l", "./sys.o", *options, cwd=folder)
    assert ran.status == 0, ran.err
    return folder / "app"


def run(image: Path, arch: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    words = [str(image)]
    if arch != "x86_64":
        runner = which(f"qemu-{arch}")
        if runner is None:
            pytest.skip(f"qemu-{arch} is not on this machine")
        words = [runner, *words]
    return subprocess.run(words, input=stdin, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_program_with_hooks(arch: str, level: str, tmp_path: Path) -> None:
    ran = run(build(tmp_path, arch, PROGRAM, HOOKS, level), arch, b"some words come in, some come twice")
    assert ran.stdout.decode() == "961 5 1.5 in data\ntrue true 0.0\n0\n"
    assert (ran.stderr, ran.returncode) == (b"to the errors\n", 7)


@pytest.mark.parametrize("arch", ARCHES)
def test_memory_ends(arch: str, tmp_path: Path) -> None:
    ran = run(build(tmp_path, arch, HUNGRY), arch)
    assert (ran.returncode, ran.stderr) == (101, b"out of memory\n")


@pytest.mark.parametrize("arch", ARCHES)
def test_a_panic(arch: str, tmp_path: Path) -> None:
    ran = run(build(tmp_path, arch, PANIC), arch)
    assert (ran.returncode, ran.stdout) == (101, b"1\n2\n3\n")
    assert ran.stderr == b"panic at app.vit:6:19: index 3 is out of range for length 3\n"


def test_without_hooks_it_is_silent_and_stops(tmp_path: Path) -> None:
    ran = run(build(tmp_path, "x86_64", PANIC, ""), "x86_64")
    assert ran.returncode == -4 and (ran.stdout, ran.stderr) == (b"", b"")  # the trap is an invalid instruction


def test_the_image_is_static_and_small(tmp_path: Path) -> None:
    image = build(tmp_path, "x86_64", 'proc main() {\n  println("hello")\n}\n', HOOKS, "--release", "--strip")
    assert image.stat().st_size <= 16_000
    data = image.read_bytes()
    assert data[16] == 2  # an executable that lies where it was linked for
    count = int.from_bytes(data[56:58], "little")
    kinds = [int.from_bytes(data[64 + 56 * i : 68 + 56 * i], "little") for i in range(count)]
    assert 2 not in kinds and 3 not in kinds  # neither dynamic section nor loader


def test_no_program_for_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "app.vit").write_text("proc main() {\n}\n")
    ran = vitte("run", "app.vit", "--target", "x86_64-none", cwd=tmp_path)
    assert ran.status == 3 and "has no operating system" in ran.err
