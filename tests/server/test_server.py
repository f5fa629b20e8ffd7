"""The resident server: the same bytes, files and statuses with it and without, and no trouble when anything happens to it."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.server.kit import PATIENCE, Place, Ran, contents, drained, is_alive, place, read_until, wait_for
from vitte.server.protocol import MAGIC

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the processes")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or not hasattr(socket, "AF_UNIX"), reason="needs fork and Unix sockets")

PACKAGE = ROOT / "src" / "vitte"
HELLO = 'proc main() {\n  println("hello")\n}\n'
FILES = {
    "hello.vit": HELLO,
    "wrong.vit": "proc main() {\n  let _x: int = nothing_here\n  let _y: string = 1\n}\n",
    "warns.vit": "proc main() {\n  let x = 1\n  give\n}\n",
    "syntax.vit": "proc main( {\n",
    "panics.vit": 'proc at(a: [int], i: int) -> int { give a[i] }\nproc main() {\n  println("{}", at([1, 2], 7))\n}\n',
    "aborts.vit": 'extern "C" {\n  proc abort()\n}\nproc main() {\n  unsafe { abort() }\n}\n',
    "seven.vit": "proc main() -> int { give 7 }\n",
    "asks.vit": "use std/env\nuse std/io\nproc main(args: [string]) {\n  for a in args { println(a) }\n"
                '  println(env.var("COLOUR") ?? "none")\n  println(io.read_all())\n}\n',
    "loop.vit": 'proc main() {\n  eprintln("begun")\n  loop { }\n}\n',
    "tests.vit": 'test "adds" { assert 1 + 2 == 3 }\ntest "fails" { assert 1 + 2 == 4 }\n',
    "mine/vitte.toml": '[package]\nname = "mine"\n',
    "mine/src/main.vit": "use .part\nproc main() { println(part.text()) }\n",
    "mine/src/part.vit": 'pub proc text() -> string { give "of a package" }\n',
    "bad/vitte.toml": '[package]\nnaem = "bad"\n',
}  # fmt: skip


@pytest.fixture(scope="module")
def vitte() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def served(vitte: Place) -> Place:
    """With a server that runs."""
    if not vitte.status():
        vitte.start()
    return vitte


SAMPLES: list[tuple[str, ...]] = [
    ("check", "hello.vit"),
    ("build", "hello.vit"),
    ("build", "hello.vit", "-O2", "-o", "deep/er/program", "--emit=bin,dep-info=d.d,obj=h.o"),
    ("build", "hello.vit", "--emit=llvm-ir=-"),
    ("build", "hello.vit", "--dry-run"),
    ("run", "hello.vit"),
    ("r", "asks.vit", "--env", "COLOUR=red", "--", "a", "-b", "--", "@c", "-"),
    ("run", "seven.vit"),
    ("run", "panics.vit"),
    ("run", "aborts.vit"),
    ("run", "loop.vit", "--timeout", "0.3"),
    ("run", "hello.vit", "--cwd", "nowhere"),
    ("run", "asks.vit", "--env-clear", "--env", "COLOUR=blue"),
    ("run", "asks.vit", "--target", "wasm32-wasi", "--env", "COLOUR=red", "--", "a b"),
    ("run", "seven.vit", "--target", "wasm32-wasi"),
    ("run", "panics.vit", "--target", "wasm32-wasi"),
    ("run", "loop.vit", "--target", "wasm32-wasi", "--timeout", "0.5"),
    ("run", "hello.vit", "--target", "wasm32-wasi", "--dir", "nowhere"),
    ("run", "mine"),
    ("check", "wrong.vit"),
    ("check", "wrong.vit", "--color", "always"),
    ("check", "wrong.vit", "--message-format", "json"),
    ("check", "wrong.vit", "--message-format=short", "--error-limit", "1"),
    ("check", "warns.vit"),
    ("check", "warns.vit", "--deny-warnings"),
    ("check", "syntax.vit"),
    ("check", "bad"),
    ("check", "nowhere.vit"),
    ("check", "--relase", "hello.vit"),
    ("test", "tests.vit"),
    ("t", "tests.vit", "adds"),
    ("emit", "--stage", "mir", "hello.vit"),
    ("emit", "--stage", "ast", "syntax.vit"),
]


@pytest.mark.parametrize("words", SAMPLES, ids=" ".join)
def test_same_bytes(words: tuple[str, ...], served: Place, folder: Path) -> None:
    before = contents(folder)
    count = served.served()
    through = served.run(*words, cwd=folder, stdin=b"some\ninput", env={"LANG": "C.UTF-8", "ODD": "a=b\nc"})
    assert served.served() == count + 1
    for name in through.files.keys() - before.keys():
        (folder / name).unlink()
    alone = served.run(*words, cwd=folder, stdin=b"some\ninput", env={"VITTE_NO_SERVER": "1", "LANG": "C.UTF-8", "ODD": "a=b\nc"})
    assert served.served() == count + 1
    assert timeless(through) == timeless(alone)
    assert b"Traceback" not in through.stderr


def timeless(ran: Ran) -> tuple[int, bytes, bytes, dict[str, str]]:
    """Without the number of the process, which is in the names of temporary files."""
    out, err = [re.sub(rb"\.\d+\.tmp|/\d+-\d+-vitte", b"/TEMPORARY", data) for data in (ran.stdout, ran.stderr)]
    return ran.status, out, err, ran.files


@pytest.mark.parametrize(
    "words",
    [
        ("check", "-"),
        ("run", "hello.vit", "--engine", "interp"),
        ("check", "@words"),
        ("check", "--help"),
        ("explain", "V0101"),
        ("build", "-Z", "help"),
    ],
    ids=" ".join,
)
def test_what_stays_here(words: tuple[str, ...], served: Place, folder: Path) -> None:
    """What reads its source from this terminal, interprets, or needs no compiler."""
    (folder / "words").write_text("hello.vit\n")
    count = served.served()
    through = served.run(*words, cwd=folder, stdin=HELLO.encode())
    assert served.served() == count
    assert through == served.run(*words, cwd=folder, stdin=HELLO.encode(), env={"VITTE_NO_SERVER": "1"})


def test_streams_folder_mask_and_limits_are_the_clients(served: Place, folder: Path) -> None:
    count = served.served()
    script = "umask 027; ulimit -f 4000; cd mine/src; " + " ".join(served.command("build", "-o", "../../made")) + " 2>&1 >/dev/null | cat"
    subprocess.run(["bash", "-c", script], cwd=folder, env=served.environment, check=True, timeout=PATIENCE)
    assert served.served() == count + 1
    assert (folder / "made").stat().st_mode & 0o777 == 0o750
    closed = served.command("run", "hello.vit")
    script = f"{' '.join(closed)} <&- >out 2>err; echo $? >>out; {' '.join(closed)} >&-; echo $? >>out"
    for name in ("first", "second"):
        env = {**served.environment, **({"VITTE_NO_SERVER": "1"} if name == "second" else {})}
        subprocess.run(["bash", "-c", script], cwd=folder, env=env, timeout=PATIENCE, check=False, capture_output=True)
        os.rename(folder / "out", folder / name)
    assert (folder / "first").read_bytes() == (folder / "second").read_bytes()


TAKEN = """
import os, sys
from vitte.server.protocol import pack, unpack
from vitte.server.surroundings import described, take_over
there = unpack(sys.stdin.buffer.read())
take_over(there, ["x"], [os.dup(0), os.dup(1), os.dup(2), os.open("/", os.O_RDONLY)])
here = described()
assert sorted(unpack(here[0])) == sorted(unpack(there[0])), "environment"
assert here[1:] == there[1:], (here[1:], there[1:])
assert os.getcwd() == "/" and sys.argv[1:] == ["x"]
print("taken over")
"""


def test_limits_and_priority_are_taken_over(vitte: Place) -> None:
    say = "import sys; from vitte.server.surroundings import described; from vitte.server.protocol import pack; "
    say += "sys.stdout.buffer.write(pack(described()))"
    script = 'umask 027; ulimit -n 200 -c 0 -t 5000 -s 4096; export NEW=1 "ODD=a=b"; unset HOME; exec nice -n 3 "$0" -P "$@"'
    said = subprocess.run(["bash", "-c", script, sys.executable, "-c", say], env=vitte.environment, capture_output=True, check=True)
    taken = subprocess.run([sys.executable, "-P", "-c", TAKEN], input=said.stdout, env=vitte.environment, capture_output=True, check=False)
    assert taken.stdout == b"taken over\n", taken.stderr.decode()


PROBE = """use std/fmt
extern "C" {
  proc isatty(fd: i32) -> i32
  proc getpgrp() -> i32
  proc tcgetpgrp(fd: i32) -> i32
}
proc main() {
  let tty = unsafe { isatty(0) + isatty(1) + isatty(2) }
  let front = unsafe { getpgrp() == tcgetpgrp(0) }
  println(format("{} {}", tty, front))
}
"""


def terminal(vitte: Place, cwd: Path, *words: str, env: dict[str, str]) -> tuple[int, int]:
    """A command on a terminal of its own: its process and our end of the terminal."""
    pid, end = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(sys.executable, vitte.command(*words), {**vitte.environment, **env})
    return pid, end


@pytest.mark.parametrize("env", [{}, {"VITTE_NO_SERVER": "1"}], ids=["with", "without"])
def test_a_program_has_the_terminal(env: dict[str, str], served: Place, folder: Path) -> None:
    (folder / "probe.vit").write_text(PROBE)
    pid, end = terminal(served, folder, "run", "probe.vit", env=env)
    text = drained(end)
    assert os.waitpid(pid, 0)[1] == 0, text
    assert b"3 true\r\n" in text


@pytest.mark.parametrize("words", [(), ("--target", "wasm32-wasi"), ("--timeout", "60")], ids=" ".join)
@pytest.mark.parametrize("env", [{}, {"VITTE_NO_SERVER": "1"}], ids=["with", "without"])
def test_ctrl_c_ends_the_program(env: dict[str, str], words: tuple[str, ...], served: Place, folder: Path) -> None:
    pid, end = terminal(served, folder, "run", "loop.vit", *words, env=env)
    read_until(end, b"begun")
    os.write(end, b"\x03")
    drained(end)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGINT


@pytest.mark.parametrize("words", [("check", "-q", "wrong.vit"), ("test", "-q", "tests.vit")], ids=" ".join)
def test_same_bytes_on_a_terminal(words: tuple[str, ...], served: Place, folder: Path) -> None:
    """Colours come by themselves. (Without `-q` a slow machine would show progress.)"""
    said = []
    for env in ({"NO_COLOR": ""}, {"NO_COLOR": "", "VITTE_NO_SERVER": "1"}):
        pid, end = terminal(served, folder, *words, env=env)
        said.append((drained(end), os.waitpid(pid, 0)[1]))
    assert said[0] == said[1] and (b"\x1b[" in said[0][0] or words[0] == "test")


@needs_proc
def test_ctrl_z_stops_the_command_too(served: Place, folder: Path) -> None:
    slow(folder)
    command = shlex.join(served.command("check", "slow.vit", "--cache", "off"))
    pid, end = pty.fork()
    if pid == 0:
        os.chdir(folder)
        script = f"set -m; {command}; echo stopped $?; read; fg; echo ended $?"
        os.execve("/bin/bash", ["bash", "--norc", "-c", script], served.environment)
    child = served.underway()
    os.write(end, b"\x1a")
    said = read_until(end, b"stopped 148")
    wait_for(lambda: Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "T", "the command is stopped")
    os.write(end, b"\n")
    read_until(end, b"ended 0", said)
    drained(end)
    os.waitpid(pid, 0)


def slow(folder: Path) -> Path:
    """A module that takes seconds to compile."""
    one = "proc p{0}(x: int) -> int {{\n  let mut y = x\n  for i in 0..{0} {{ set y = y * i + {0} }}\n  give y\n}}\n"
    body = "".join([one.format(n) for n in range(3000)])
    (folder / "slow.vit").write_text(body + "proc main() { }\n")
    return folder / "slow.vit"


@needs_proc
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)])
def test_signals_reach_the_command(number: signal.Signals, status: int, served: Place, folder: Path) -> None:
    slow(folder)
    process = served.popen("check", "slow.vit", "--cache", "off", cwd=folder)
    served.underway()
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (status, b"")
    assert err == (b"interrupted\n" if number == signal.SIGINT else b"")
    wait_for(lambda: served.running() == 0, "the command has ended")


@needs_proc
def test_a_command_ends_when_its_client_is_killed(served: Place, folder: Path) -> None:
    slow(folder)
    process = served.popen("check", "slow.vit", "--cache", "off", cwd=folder)
    served.underway()
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: served.running() == 0, "the command has ended")


@needs_proc
def test_a_killed_command_is_a_killed_command(served: Place, folder: Path) -> None:
    slow(folder)
    process = served.popen("check", "slow.vit", "--cache", "off", cwd=folder)
    os.kill(served.underway(), signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL


@needs_proc
def test_a_command_outlives_its_server(served: Place, folder: Path) -> None:
    """A server killed in the middle: its child goes on, the client hears the end from it; a new server takes the address."""
    slow(folder)
    server = served.server()
    process = served.popen("check", "slow.vit", "--cache", "off", cwd=folder)
    served.underway()
    os.kill(server, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert served.run("run", "hello.vit", cwd=folder).stdout == b"hello\n"  # nobody listens at the socket that was left
    assert served.start() != server


@needs_proc
def test_without_server_and_child_the_client_does_the_work(served: Place, folder: Path) -> None:
    slow(folder)
    server = served.server()
    process = served.popen("build", "slow.vit", "--cache", "off", cwd=folder)
    child = served.underway()
    os.kill(server, signal.SIGSTOP)  # so that it cannot say how its child ended
    os.kill(child, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, b"", b"") and (folder / "slow").exists()


def test_many_at_once(served: Place, folder: Path) -> None:
    count = served.served()
    processes = [served.popen("run", name, cwd=folder) for name in ("hello.vit", "seven.vit", "panics.vit", "mine") * 3]
    expected = {"hello.vit": (0, b"hello\n"), "seven.vit": (7, b""), "mine": (0, b"of a package\n")}
    for process in processes:
        out, _ = process.communicate(timeout=PATIENCE)
        name = process.args[-1]  # type: ignore[index]
        assert expected.get(str(name), (101, b"")) == (process.returncode, out) or name == "panics.vit"
    assert served.served() >= count + 1  # a busy server may leave work to its clients


def test_a_server_of_another_compiler_is_not_used(folder: Path) -> None:
    with place() as vitte:
        server = vitte.start()
        assert vitte.run("run", "hello.vit", cwd=folder).stdout == b"hello\n" and vitte.served() == 1
        path = vitte.package / "cli" / "help.py"
        path.write_text(path.read_text() + "\n# changed\n")
        assert vitte.run("run", "hello.vit", cwd=folder).stdout == b"hello\n"
        wait_for(lambda: not is_alive(server), "the server sees that it is out of date, and ends")
        assert vitte.start() != server
        assert vitte.run("run", "hello.vit", cwd=folder).stdout == b"hello\n" and vitte.served() == 1


def test_a_server_ends_when_idle(folder: Path) -> None:
    with place() as vitte:
        server = vitte.start(VITTE_SERVER_IDLE="1")
        wait_for(lambda: not is_alive(server), "the server ends")
        assert not list((vitte.runtime / "vitte").glob("*[!k]"))  # no socket is left, only the lock


def test_started_on_demand_only_when_wanted(folder: Path) -> None:
    with place() as vitte:
        for env in ({}, {"VITTE_SERVER": "1", "VITTE_NO_SERVER": "1"}, {"CI": "1"}):
            assert vitte.run("check", "hello.vit", cwd=folder, env=env).status == 0
        assert not (vitte.runtime / "vitte").exists()
        for env in ({"CI": "true"}, {"VITTE_NO_SERVER": "1"}):
            pid, end = terminal(vitte, folder, "check", "hello.vit", env=env)
            drained(end)
            assert os.waitpid(pid, 0)[1] == 0 and not (vitte.runtime / "vitte").exists()
        pid, end = terminal(vitte, folder, "check", "hello.vit", env={})
        drained(end)
        assert os.waitpid(pid, 0)[1] == 0
        wait_for(lambda: bool(vitte.status()), "a server comes up")
        first = vitte.server()
        vitte.stop()
        assert vitte.run("check", "hello.vit", cwd=folder, env={"VITTE_SERVER": "1"}).status == 0
        wait_for(lambda: bool(vitte.status()), "a server comes up")
        assert vitte.server() != first


def test_a_server_that_says_nothing_is_not_waited_for(folder: Path) -> None:
    """Whatever listens at the address: silence, nonsense, an end; and a folder that others can write is not trusted."""
    with place() as vitte:
        vitte.start()
        address = Path(vitte.status()["socket"])
        vitte.stop()
        for answer in (b"", b"nonsense" * 100, None):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(address))
            listener.listen()
            seen = threading.Event()

            def talk(listener: socket.socket = listener, answer: bytes | None = answer, seen: threading.Event = seen) -> None:
                connection, _ = listener.accept()
                seen.set()
                if answer is None:
                    connection.recv(1)
                    connection.close()
                    return
                connection.sendall(answer)
                try:
                    while connection.recv(1 << 16):
                        pass
                except ConnectionResetError:
                    return

            thread = threading.Thread(target=talk)
            thread.start()
            assert vitte.run("run", "hello.vit", cwd=folder).stdout == b"hello\n"
            assert seen.wait(PATIENCE)
            thread.join(PATIENCE)
            listener.close()
            address.unlink()
        (vitte.runtime / "vitte").chmod(0o777)
        ran = vitte.run("server", "start", cwd=folder)
        assert ran.status == 2 and b"error: no server could be started" in ran.stderr
        assert vitte.run("run", "hello.vit", cwd=folder, env={"VITTE_SERVER": "1"}).stdout == b"hello\n"
        assert not address.exists()


def test_requests_that_are_none_do_no_harm(served: Place) -> None:
    address = served.status()["socket"]
    for data in (b"GET / HTTP/1.1\r\n\r\n", MAGIC + b"\xff\xff\xff\xff", MAGIC + b"\0\0\0\5\0\0\0\1x", MAGIC + b"\0\0\0\4\0\0\0\7"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(address)
            connection.sendall(data)
            assert connection.recv(1) == b""
    assert served.status()


def test_the_server_command(folder: Path) -> None:
    with place() as vitte:
        assert vitte.run("server", "status", cwd=folder).status == 1
        assert vitte.run("server", "start", cwd=folder).status == 0
        again = vitte.run("server", "start", cwd=folder)
        assert (again.status, again.stderr) == (0, b"The server is running already\n")
        ran = vitte.run("server", "status", cwd=folder)
        assert ran.status == 0 and b"commands: 0, of them running: 0\n" in ran.stdout
        assert vitte.run("server", "stop", cwd=folder).stderr.startswith(b"Stopped server ")
        assert vitte.run("server", "stop", cwd=folder).status == 0
        ran = vitte.run("server", "strat", cwd=folder)
        assert ran.status == 2 and b"did you mean `start`?" in ran.stderr
        assert vitte.run("server", "start", cwd=folder, env={"VITTE_NO_SERVER": "1"}).status == 2
        ran = vitte.run("server", "run", cwd=folder, env={"VITTE_SERVER_IDLE": "soon"})
        assert ran.status == 2 and b"not a number of seconds" in ran.stderr
        deep = str(folder / ("x" * 100))
        assert b"too long" in vitte.run("server", "start", cwd=folder, env={"XDG_RUNTIME_DIR": deep}).stderr
        assert vitte.run("run", "hello.vit", cwd=folder, env={"XDG_RUNTIME_DIR": deep, "VITTE_SERVER": "1"}).stdout == b"hello\n"
        process = vitte.popen("server", "run", cwd=folder)
        assert process.stderr is not None
        read_until(process.stderr.fileno(), b"Serving at ")
        assert b"running already" in vitte.run("server", "run", cwd=folder).stderr
        assert vitte.run("run", "hello.vit", cwd=folder).stdout == b"hello\n" and vitte.served() == 1
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0 and not vitte.status()


def test_a_client_imports_next_to_nothing() -> None:
    """Every command pays for it."""
    code = "import sys; before = set(sys.modules); from vitte.server import client, connect, remote, surroundings; "
    code += "print(*sorted(set(sys.modules) - before))"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True)
    names = [name for name in ran.stdout.split() if not name.startswith("vitte")]
    assert set(names) <= {"__future__", "_socket", "binascii", "resource"}
