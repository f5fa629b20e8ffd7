"""A copy of the compiler with servers of its own, and ways to run its command line with and without them."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from vitte.server.connect import ask

PATIENCE = 120.0
"""Seconds for anything that must happen: only what hangs takes them."""


@dataclass(frozen=True)
class Ran:
    status: int
    stdout: bytes
    stderr: bytes
    files: dict[str, str]
    """Digests of the files in the folder afterwards."""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def processor_time(pid: int) -> float:
    """Seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Place:
    """A copy of the compiler in a folder, and the environment that its commands run in."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.package = base / "lib" / "vitte"
        shutil.copytree(ROOT / "src" / "vitte", self.package)
        self.runtime = base / "run"
        self.runtime.mkdir(mode=0o700)
        self.environment = {key: value for key, value in os.environ.items() if key not in ("VITTE_NO_SERVER", "CI")}
        self.environment |= {"PYTHONPATH": str(base / "lib"), "XDG_RUNTIME_DIR": str(self.runtime), "TMPDIR": str(base)}
        self.started: list[int] = []

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "vitte", *arguments]

    def popen(self, *arguments: str, cwd: Path, env: dict[str, str] | None = None, **more: object) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        environment = {**self.environment, **(env or {})}
        return subprocess.Popen(self.command(*arguments), cwd=cwd, env=environment, **pipes)  # type: ignore[call-overload, no-any-return]

    def run(self, *arguments: str, cwd: Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ran:
        process = self.popen(*arguments, cwd=cwd, env=env, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=PATIENCE)
        return Ran(process.returncode, out, err, contents(cwd))

    def status(self) -> dict[str, str]:
        """What `vitte server status` says; nothing without a server."""
        answer = None
        for path in (self.runtime / "vitte").glob("*[!k]"):
            answer = ask(str(path), b"status", PATIENCE)
        return dict(line.split(": ", 1) for line in answer.decode().splitlines()) if answer else {}

    def start(self, **env: str) -> int:
        """Start a server; its process."""
        command = self.command("server", "start")
        ran = subprocess.run(command, env={**self.environment, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert ran.returncode == 0, ran.stderr
        return self.server()

    def server(self) -> int:
        pid = int(self.status()["process"])
        self.started.append(pid)
        return pid

    def served(self) -> int:
        """How many commands the server was given."""
        return int(self.status()["commands"].partition(",")[0])

    def running(self) -> int:
        return int(self.status().get("commands", "0").rpartition(" ")[2])

    def underway(self) -> int:
        """Wait until the server has one command, which has begun to compile: its process."""
        server = self.server()
        wait_for(lambda: self.running() == 1 and len(children(server)) == 1, "the command runs")
        (child,) = children(server)
        wait_for(lambda: not is_alive(child) or processor_time(child) >= 0.1, "the command compiles")
        assert is_alive(child)
        return child

    def stop(self) -> None:
        subprocess.run(self.command("server", "stop"), env=self.environment, capture_output=True, timeout=PATIENCE, check=False)
        for pid in self.started:
            try:
                wait_for(lambda pid=pid: not is_alive(pid), "the server ends")  # type: ignore[misc]
            finally:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
        self.started.clear()


def contents(folder: Path) -> dict[str, str]:
    """Digests of all files but those of a cache."""
    files = [path for path in folder.rglob("*") if path.is_file() and "incremental" not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@contextmanager
def place() -> Iterator[Place]:
    base = Path(tempfile.mkdtemp(prefix="vs", dir="/tmp"))  # the address of a socket is short
    made = Place(base)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(base, ignore_errors=True)


def drained(end: int) -> bytes:
    """All that comes from a terminal until nobody has its other end any more; ours is closed."""
    data = b""
    limit = time.monotonic() + PATIENCE
    try:
        while True:
            ready, _, _ = select.select([end], [], [], max(0.0, limit - time.monotonic()))
            assert ready, f"no end after {data!r}"
            chunk = os.read(end, 4096)
            if not chunk:
                break
            data += chunk
    except OSError:  # how Linux says so
        pass
    finally:
        os.close(end)  # hangs up on what is left
    return data


def read_until(fd: int, wanted: bytes, data: bytes = b"") -> bytes:
    """What comes from a descriptor up to and with what is wanted."""
    end = time.monotonic() + PATIENCE
    while wanted not in data:
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"in vain: {wanted!r} after {data!r}"
        try:
            chunk = os.read(fd, 4096)
        except OSError:  # the other end of a terminal is gone
            chunk = b""
        assert chunk, f"ended before {wanted!r}: {data!r}"
        data += chunk
    return data
