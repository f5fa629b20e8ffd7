"""Running on this machine: runners, what a program that does not start is said to lack, groups of processes, the terminal."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.harness.forked import Ran, apart, vitte
from tests.server.kit import drained, read_until
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions, RunConfig
from vitte.driver.session import Built, DriverContext
from vitte.driver.target import TARGETS
from vitte.driver_impl.runtime import images, runners
from vitte.driver_impl.runtime.run import run as run_image
from vitte.driver_impl.runtime.spawn import launch
from vitte.server import group, protocol, remote

HELLO = 'proc main(args: [string]) {\n  for i in 1..args.len() { println("{}", args[i]) }\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.vit").write_text(HELLO)
    return tmp_path


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def failed(ran: Ran, status: int, *parts: str) -> None:
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith("error: ") and ran.err.count("error: ") == 1
    for part in parts:
        assert part in ran.err, ran.err


# --- runners ------------------------------------------------------------------------------------------------------------------


def test_a_runner_is_given_the_program_and_its_arguments(folder: Path) -> None:
    mine = script(folder / "my runner", '#!/bin/sh\necho "$1 $(basename "$2") $3"\nshift\nexec "$@"\n')
    ran = vitte("run", "hello.vit", "--runner", f"'{mine}' --flag", "--", "a b", cwd=folder)
    assert (ran.status, ran.out) == (0, "--flag hello a b\na b\n")


def test_a_runner_by_the_environment_and_by_the_manifest(folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "main.vit").write_text(HELLO)
    script(folder / "of-manifest", "#!/bin/sh\necho manifest $1\n")
    script(folder / "of-environment", "#!/bin/sh\necho environment\n")
    script(folder / "of-option", "#!/bin/sh\necho option\n")
    target = "x86_64-unknown-linux-gnu"
    (folder / "vitte.toml").write_text(f'[package]\nname = "p"\n[target.{target}]\nrunner = ["./of-manifest", "--x"]\n')
    assert vitte("run", cwd=folder).out == "manifest --x\n"
    (folder / "sub").mkdir()
    assert vitte("run", cwd=folder / "sub").out == "manifest --x\n"
    environment = {"VITTE_RUNNER": "./of-environment"}
    assert vitte("run", cwd=folder, env=environment).out == "environment\n"
    assert vitte("run", "--runner", "./of-option", cwd=folder, env=environment).out == "option\n"
    (folder / "vitte.toml").write_text('[package]\nname = "p"\n[target.x86_64-linux-gnu]\nrunner = "env A=b ./of-manifest"\n')
    assert vitte("run", cwd=folder).out.startswith("manifest /")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[target.x86_64-linux]\nrunner = "x"\n', "no target `x86_64-linux`"),
        ('[target.wasm32-wasi]\nrunner = 3\n', "`runner` must be a command"),
        ("[target.wasm32-wasi]\nrunner = []\n", "`runner` must be a command"),
        ('[target.wasm32-wasi]\nruner = "x"\n', "unknown key `runer` in `[target.wasm32-wasi]`"),
        ('target = "x"\n', "unknown key"),
    ],
)  # fmt: skip
def test_a_wrong_runner_in_the_manifest(folder: Path, text: str, part: str) -> None:
    (folder / "vitte.toml").write_text(f'[package]\nname = "p"\n{text}')
    ran = vitte("run", cwd=folder)
    assert ran.status == 2 and part in ran.err


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        (("--runner", "no-such-runner"), 3, ("the runner `no-such-runner` is not a program",)),
        (("--runner", "'open"), 2, ("`--runner` is no command",)),
        (("--runner", "./text"), 3, ("is not a program", "a script begins with `#!`")),
        (("--timeout", "0"), 2, ("`--timeout` needs seconds",)),
        (("--env", "x"), 2, ("of the form K=V",)),
        (("--cwd", "nowhere"), 2, ("`nowhere`", "is not there")),
        (("--cwd", "hello.vit"), 2, ("is not a folder",)),
        (("--fuel", "many"), 2, ("`--fuel` needs a number",)),
        (("--dir", "=x"), 2, ("of the form HOST or HOST=NAME",)),
    ],
)  # fmt: skip
def test_wrong_ways_to_run(folder: Path, words: tuple[str, ...], status: int, parts: tuple[str, ...]) -> None:
    script(folder / "text", "\x01\x02 nothing that runs\n")
    failed(vitte("run", "hello.vit", *words, cwd=folder), status, *parts)


def test_what_runs_what(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> runners.Runner:
        return runners.find(DriverOptions(target=TARGETS[name]))

    assert find("x86_64-unknown-linux-gnu").kind == find("x86_64-unknown-linux-musl").kind == "native"
    assert find("wasm32-wasi") == runners.Runner(kind="wasmtime")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(runners, "WINE_FOLDERS", ())
    for name, part in (
        ("aarch64-unknown-linux-musl", "`qemu-user`"), ("riscv64-unknown-linux-gnu", "qemu-riscv64"), ("x86_64-pc-windows", "`wine64`"),
        ("aarch64-apple-macos", "macOS"), ("x86_64-unknown-none", "no operating system")):  # fmt: skip
        with pytest.raises(DriverError) as caught:
            find(name)
        assert caught.value.status == 3
        assert part in f"{caught.value.message} {caught.value.helps}"
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    with pytest.raises(DriverError, match="wasmtime") as caught:
        find("wasm32-wasi")
    assert "pip install 'vitte[wasm]'" in caught.value.helps[0]


# --- what does not start ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    (folder / "hello.vit").write_text(HELLO)
    assert vitte("build", "hello.vit", cwd=folder).status == 0
    return folder / "hello"


def start(image: Path | str, **config: object) -> DriverError:
    """The error that starting a program of this machine's gives."""
    options = DriverOptions(target=TARGETS["x86_64-unknown-linux-gnu"], run=replace(RunConfig(capture=True), **config))
    with pytest.raises(DriverError) as caught:
        run_image(options, DriverContext(options), Built(image=str(image)))
    return caught.value


def test_no_loader(folder: Path) -> None:
    ran = vitte("run", "hello.vit", "--link-arg", "-dynamic-linker", "--link-arg", "/nowhere/ld-linux.so.9", cwd=folder)
    failed(ran, 3, "its loader `/nowhere/ld-linux.so.9` is not on this machine", "`--target x86_64-unknown-linux-musl`")


def test_another_machine(image: Path, tmp_path: Path) -> None:
    data = bytearray(image.read_bytes())
    data[18:20] = struct.pack("<H", 183)
    (tmp_path / "arm").write_bytes(data)
    (tmp_path / "arm").chmod(0o755)
    error = start(tmp_path / "arm")
    assert "a program for aarch64 Linux, and this machine runs x86_64 Linux programs" in error.message
    assert error.helps == ("`qemu-aarch64` runs it: `--target` of that machine, or `--runner`",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0\x64\x86" + bytes(100), "a program for x86_64 Windows"),
        (b"\xcf\xfa\xed\xfe\x0c\0\0\1" + bytes(100), "a program for aarch64 macOS"),
        (b"\0asm\1\0\0\0", "a WebAssembly program"),
        (b"nothing", "no program"),
        (b"", "no program"),
        (b"\x7fELF\2\1\1", "no program"),
        (b"MZ", "no program"),
    ],
)
def test_formats_of_images(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    path.chmod(0o755)
    assert images.read(str(path)).words == words
    if data.startswith((b"MZ" + bytes(1), b"\xcf", b"\0asm")):
        assert words in start(path).message


def test_not_executable(image: Path, tmp_path: Path) -> None:
    shutil.copy(image, tmp_path / "plain")
    (tmp_path / "plain").chmod(0o644)
    error = start(tmp_path / "plain")
    assert "may not be run by this user" in error.message and error.helps == (f"`chmod +x {tmp_path / 'plain'}`",)
    assert "it is a folder" in start(tmp_path).message
    assert "no such file" in start(tmp_path / "missing").message


def test_a_file_system_without_programs(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is taken that is mounted so, or else the system's answers are made up."""
    mounted = [p for p in ("/dev/shm", "/run") if os.access(p, os.W_OK) and os.statvfs(p).f_flag & os.ST_NOEXEC]
    place = Path(mounted[0]) if mounted else tmp_path
    copy = place / f"vitte-test-{os.getpid()}"
    shutil.copy(image, copy)
    if not mounted:
        copy.chmod(0o644)
        monkeypatch.setattr(os, "statvfs", lambda path: type("Info", (), {"f_flag": os.ST_NOEXEC}))
    try:
        error = start(copy)
    finally:
        copy.unlink()
    assert f"`{place}` is mounted so that no program in it can be run (`noexec`)" in error.message


def test_too_many_arguments(image: Path) -> None:
    assert "arguments and environment are too long" in start(image, args=("x" * 200_000,)).message


def test_a_library_that_is_not_there(folder: Path) -> None:
    (folder / "lib.vit").write_text('pub extern "C" proc seven() -> i32 { give 7 }\nproc main() { }\n')
    (folder / "user.vit").write_text(
        '#[link(name = "seven")]\nextern "C" { proc seven() -> i32 }\nproc main() { unsafe { println("{}", seven()) } }\n'
    )
    ran = vitte("build", "lib.vit", "--emit", "obj=lib.o", cwd=folder)
    assert ran.status == 0, ran.err
    zig = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages" / "ziglang" / "zig"
    subprocess.run([zig, "ld.lld", "-shared", "-soname", "libseven.so", "-o", folder / "libseven.so", folder / "lib.o"], check=True)
    words = ("run", "user.vit", "-L", ".", "-o", "user")
    found = vitte(*words, cwd=folder, env={"LD_LIBRARY_PATH": str(folder)})
    assert (found.status, found.out) == (0, "7\n"), found.err
    ran = vitte(*words, cwd=folder)
    assert (ran.status, ran.out) == (127, "")
    assert "did not start: `libseven.so` was not found" in ran.err and "LD_LIBRARY_PATH" in ran.err


def test_a_program_may_end_with_status_127(folder: Path) -> None:
    (folder / "ends.vit").write_text("proc main() -> int { give 127 }\n")
    ran = vitte("run", "ends.vit", cwd=folder)
    assert (ran.status, ran.err) == (127, "")


# --- groups of processes and the terminal -------------------------------------------------------------------------------------

FAMILY = """
use std/fs
use std/time
extern "C" { proc fork() -> i32 }
proc main(args: [string]) {
  let child = unsafe { fork() }
  let end = time.now() + (if child == 0 { 2.5 } else { 60.0 })
  while time.now() < end { }
  fs.write_text(args[1], "still there")
}
"""


def test_the_whole_group_is_ended(folder: Path) -> None:
    (folder / "family.vit").write_text(FAMILY)
    ran = vitte("run", "family.vit", "--timeout", "1", "--", str(folder / "mark"), cwd=folder)
    assert (ran.status, ran.err) == (124, "vitte: the program was ended after 1 s\n")
    time.sleep(3)
    assert not (folder / "mark").exists()


def test_a_signal_to_vitte_reaches_a_program_with_a_time_limit(folder: Path) -> None:
    (folder / "loop.vit").write_text(LOOP)
    vitte("build", "loop.vit", cwd=folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "vitte", "run", "loop.vit", "--timeout", "60"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM


@apart
def test_a_signal_before_the_program_is_watched_reaches_it_too() -> None:
    watch = group.watch

    def late(pid: int, seconds: float, caught: list[int]) -> int | None:
        os.kill(os.getpid(), signal.SIGTERM)
        return watch(pid, seconds, caught)

    group.watch = late
    assert launch(["/bin/sleep", "60"], "", None, 60.0) == -signal.SIGTERM
    # So does one that the server's client starts.
    assert remote._run("", 60.0, [b"/bin/sleep", b"60"], b"") == (protocol.WAITED, -signal.SIGTERM)


def in_terminal(folder: Path, *words: str) -> tuple[int, int]:
    """A command in a terminal of its own: its process, and our end of the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execv(words[0], words)
    return pid, terminal


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


LOOP = 'use std/io\nproc main() {\n  println("up")\n  io.flush()\n  loop { }\n}\n'
VITTE = (sys.executable, "-m", "vitte")
ASK = 'use std/io\nproc main() {\n  println("name?")\n  println("<{}>", io.read_line() ?? "")\n}\n'


def test_a_program_with_a_time_limit_reads_from_the_terminal(folder: Path) -> None:
    (folder / "ask.vit").write_text(ASK)
    pid, terminal = in_terminal(folder, *VITTE, "run", "ask.vit", "--timeout", "60")
    read_until(terminal, b"name?")
    os.write(terminal, b"Ada\n")
    assert b"<Ada>" in drained(terminal)
    assert ended(pid) == 0


def test_ctrl_c_ends_a_program_with_a_time_limit(folder: Path) -> None:
    (folder / "loop.vit").write_text(LOOP)
    pid, terminal = in_terminal(folder, *VITTE, "run", "loop.vit", "--timeout", "60")
    read_until(terminal, b"up")
    os.write(terminal, b"\x03")
    drained(terminal)
    assert ended(pid) == -signal.SIGINT


def test_ctrl_z_stops_a_program_with_a_time_limit_and_vitte(folder: Path) -> None:
    (folder / "ask.vit").write_text(ASK)
    vitte("build", "ask.vit", cwd=folder)
    command = f"{shlex.join(VITTE)} run ask.vit --timeout 60"
    pid, terminal = in_terminal(folder, "/bin/bash", "--norc", "-c", f"set -m; {command}; echo stopped $?; read; fg; echo ended $?")
    read_until(terminal, b"name?")
    os.write(terminal, b"\x1a")
    read_until(terminal, b"stopped 148")
    os.write(terminal, b"\n")
    read_until(terminal, b"run ask.vit")
    os.write(terminal, b"Ada\n")
    assert b"<Ada>" in read_until(terminal, b"ended 0")
    drained(terminal)
    ended(pid)


# --- dry runs -----------------------------------------------------------------------------------------------------------------


def test_dry_run(folder: Path) -> None:
    ran = vitte("run", "hello.vit", "--dry-run", "--target", "wasm32-wasi", "--env-clear", "--env", "A=b", "--timeout", "2", "--fuel", "9",
                "--dir", "/tmp=t", "-o", "out", "--", "x y", cwd=folder)  # fmt: skip
    lines = ran.out.splitlines()
    assert lines[0].startswith("link: ") and " wasm-ld " in lines[0]
    assert lines[1:] == [
        "runner: wasmtime", "run: out 'x y'", "env: only", "env: A=b", f"cwd: {folder}", "dir: /tmp as t", "fuel: 9", "timeout: 2 s",
    ]  # fmt: skip
    assert not (folder / "out").exists()
    ran = vitte("run", "hello.vit", "--dry-run", "--runner", "env A=b", "-o", "out", "--cwd", "/", cwd=folder)
    assert ran.out.splitlines()[1:] == [f"runner: {shutil.which('env')}", f"run: {shutil.which('env')} A=b out", "cwd: /"]
