"""`vitte watch`: what changed is built again, once; errors, files that vanish and programs that run do not stop it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.kit import PATIENCE, drained, is_alive, place, read_until, wait_for

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

HELLO = 'proc main() {\n  println("hello")\n}\n'
WRONG = "proc main() {\n  let _x: int = nothing_here\n}\n"
COMMAND = [sys.executable, "-P", "-m", "vitte", "watch"]


class Watching:
    """A watcher and all it has said, on both streams."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.said = ""
        self.at = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while chunk := os.read(self.process.stdout.fileno(), 4096):
            self.said += chunk.decode()

    def until(self, text: str) -> str:
        """Wait until it says so: what it said since the last time."""
        wait_for(lambda: re.search(text, self.said[self.at :]) is not None or self.process.poll() is not None, text)
        found = re.search(text, self.said[self.at :])
        assert found is not None, self.said[self.at :]
        said = self.said[self.at : self.at + found.end()]
        self.at += found.end()
        return said


@contextmanager
def watching(folder: Path, *words: str, env: dict[str, str] | None = None) -> Iterator[Watching]:
    command = [*COMMAND, *words]
    environment = {**os.environ, **(env or {})}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=folder, env=environment, **streams)
    watch = Watching(process)
    try:
        yield watch
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
            watch.reader.join(PATIENCE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package of two modules."""
    (tmp_path / "vitte.toml").write_text('[package]\nname = "demo"\n')
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.vit").write_text("use .part\nproc main() {\n  println(part.text())\n}\n")
    (tmp_path / "src/part.vit").write_text('pub proc text() -> string { give "one" }\n')
    return tmp_path


def test_an_error_and_its_cure(folder: Path) -> None:
    with watching(folder) as watch:
        watch.until(r"\[watch\] started: checked in \d+\.\d\d s\n")
        (folder / "src/part.vit").write_text("pub proc text() -> string { give 1 }\n")
        said = watch.until(r"\[watch\] src/part.vit changed: failed in .* s\n")
        assert "error[V" in said and "--> src/part.vit:1:" in said and "\x1b" not in said
        (folder / "src/part.vit").write_text('pub proc text() -> string { give "two" }\n')
        assert "error" not in watch.until(r"\[watch\] src/part.vit changed: checked in .* s\n")
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(PATIENCE) == 130


def test_files_that_vanish_and_come(folder: Path) -> None:
    part = folder / "src/part.vit"
    text = part.read_text()
    with watching(folder, "build", "-o", "made") as watch:
        watch.until("started: built")
        part.unlink()
        assert "there is no module `part`" in watch.until(r"changed: failed|is gone: failed")
        part.write_text(text)
        watch.until("changed: built")
        (folder / "vitte.toml").write_text('[package]\nnaem = "demo"\n')
        assert "did you mean `name`" in watch.until("vitte.toml changed: failed")
        (folder / "vitte.toml").write_text('[package]\nname = "demo"\n')
        watch.until("vitte.toml changed: built")
        (folder / "src/main.vit").unlink()
        watch.until("failed|built")
        (folder / "src/main.vit").write_text(HELLO)
        watch.until("built")
        assert subprocess.run([folder / "made"], capture_output=True, check=True).stdout == b"hello\n"


def test_a_module_that_was_looked_for_in_vain(tmp_path: Path) -> None:
    """Without a manifest: the file does not exist yet, and what it imports neither."""
    with watching(tmp_path, "check", "main.vit") as watch:
        watch.until("started: failed")
        (tmp_path / "main.vit").write_text("use deep/er\nproc main() { println(er.text()) }\n")
        assert "there is no module `deep/er`" in watch.until("main.vit changed: failed")
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep/er.vit").write_text('pub proc text() -> string { give "x" }\n')
        watch.until("deep/er.vit changed: checked")
        (tmp_path / "deep/er.vit").write_text("")
        watch.until("deep/er.vit changed: failed")


def test_a_burst_is_one_build(folder: Path) -> None:
    for number in range(20):
        (folder / f"src/m{number}.vit").write_text("pub proc f() { }\n")
    uses = "".join(f"use .m{number}\n" for number in range(20))
    (folder / "src/main.vit").write_text(uses + "proc main() { }\n")
    with watching(folder) as watch:
        watch.until("started: checked")
        for number in range(20):
            (folder / f"src/m{number}.vit").write_text("pub proc f() { }\npub proc g() { }\n")
        (folder / "src/m0.vit").write_text(WRONG)
        watch.until(r"src/m\d+.vit and \d+ more changed: failed")
        (folder / "src/m0.vit").write_text("pub proc f() { }\n")
        watch.until("src/m0.vit changed: checked")
        assert watch.said.count("[watch]") <= 4  # a slow machine may see the burst in two parts


def test_nothing_is_built_for_nothing(folder: Path) -> None:
    """Files that do not matter, and the results of the build itself."""
    with watching(folder, "build", "-o", "src/made") as watch:
        watch.until("started: built")
        (folder / "src/notes.txt").write_text("notes")
        (folder / "src/.part.vit.swp").write_text("an editor's")
        os.utime(folder / "src")
        (folder / "src/part.vit").write_text('pub proc text() -> string { give "three" }\n')
        watch.until("part.vit changed: built")
        assert watch.said.count("[watch]") == 2


RUNS = """use std/io
extern "C" {
  proc getpid() -> i32
  proc pause() -> i32
}
proc main() {
  println("process {} says 1", unsafe { getpid() })
  io.flush()
  unsafe { pause() }
}
"""


def test_a_program_is_ended_and_started_again(tmp_path: Path) -> None:
    source = tmp_path / "runs.vit"
    source.write_text(RUNS)
    with watching(tmp_path, "run", "runs.vit", "--", "argument") as watch:
        found = re.search(r"process (\d+) says 1", watch.until("says 1"))
        assert found is not None
        first = int(found[1])
        assert is_alive(first)
        source.write_text(RUNS.replace("says 1", "says 2"))
        found = re.search(r"process (\d+) says 2", watch.until("says 2"))
        assert found is not None
        assert not is_alive(first) and "[watch] runs.vit changed: built in " in watch.said
        source.write_text(WRONG)
        watch.until("runs.vit changed: failed")
        assert not is_alive(int(found[1]))
        source.write_text("proc main() -> int { give 7 }\n")
        said = watch.until("the program ended with status 7")
        assert said.count("the program ended") == 1, "no program has ended where none was built"
        source.write_text(RUNS.replace("says 1", "says 3"))
        found = re.search(r"process (\d+) says 3", watch.until("says 3"))
        assert found is not None
        watch.process.send_signal(signal.SIGTERM)
        assert watch.process.wait(PATIENCE) == -signal.SIGTERM
        assert not is_alive(int(found[1]))


STUBBORN = RUNS.replace("proc getpid", "proc signal(number: i32, handler: usize) -> usize\n  proc getpid").replace(
    '  println("process', '  unsafe { signal(15, 1) }\n  println("process'
)


def test_a_program_that_does_not_want_to_end(tmp_path: Path) -> None:
    source = tmp_path / "runs.vit"
    source.write_text(STUBBORN)
    with watching(tmp_path, "run", "runs.vit") as watch:
        found = re.search(r"process (\d+)", watch.until("says 1"))
        assert found is not None
        source.write_text(HELLO)
        watch.until("hello")
        wait_for(lambda: not is_alive(int(found[1])), "the program has ended")


def test_tests_run_again(tmp_path: Path) -> None:
    source = tmp_path / "t.vit"
    source.write_text('test "sum" { assert 1 + 1 == 3 }\n')
    with watching(tmp_path, "test", "t.vit") as watch:
        watch.until("0 passed, 1 failed")
        source.write_text('test "sum" { assert 1 + 1 == 2 }\n')
        watch.until("1 passed, 0 failed")


def test_through_a_server(tmp_path: Path) -> None:
    (tmp_path / "hello.vit").write_text(HELLO)
    with place() as vitte:
        vitte.start()
        environment = {**vitte.environment, "VITTE_NO_SERVER": ""}
        with watching(tmp_path, "run", "hello.vit", env=environment) as watch:
            watch.until(r"started: built in(.|\n)*hello\n(.|\n)*ended with status 0")
            (tmp_path / "hello.vit").write_text(HELLO.replace("hello", "again"))
            watch.until("hello.vit changed: built")
            watch.until("again\n")
        assert vitte.served() == 2


def test_on_a_terminal(tmp_path: Path) -> None:
    """The screen is cleared, the program can be spoken with, and its Ctrl-C ends it all."""
    source = tmp_path / "echo.vit"
    source.write_text('use std/io\nproc main() {\n  println("got {}", io.read_line() ?? "nothing")\n  io.flush()\n  loop { }\n}\n')
    for words, clears in ((("run", "echo.vit"), True), (("--no-clear", "run", "echo.vit"), False)):
        pid, end = pty.fork()
        if pid == 0:
            os.chdir(tmp_path)
            os.execve(COMMAND[0], [*COMMAND, *words], {**os.environ, "TERM": "xterm"})
        said = read_until(end, b"started: built")
        os.write(end, b"word\n")
        said = read_until(end, b"got word", said)
        assert (b"\x1b[2J" in said) == clears
        os.write(end, b"\x03")
        drained(end)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["check", "-"], "standard input cannot be watched"),
        (["run", "--relase", "x.vit"], "did you mean `--release`?"),
        (["check", "-o", "x", "x.vit"], "there is no option `-o` of `vitte check`"),
    ],
)
def test_wrong_command_lines(words: list[str], part: str, tmp_path: Path) -> None:
    ran = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ran.returncode, ran.stdout) == (2, "") and part in ran.stderr
