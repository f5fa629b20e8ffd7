"""Starting a server in the background: a fresh interpreter in a session of its own, that no terminal and no client holds on to."""

from __future__ import annotations

import os
import sys

from vitte.server import protocol

_MAIN = "import sys; sys.path.insert(0, sys.argv.pop(1)); import vitte; del sys.path[0]; from vitte.cli import main; main()"
"""Runs this very package, wherever it is installed, without looking for modules in the working folder."""


def command(words: list[str]) -> list[str]:
    """A command line that runs `vitte` with these words in a fresh interpreter."""
    return [sys.executable, "-P", "-c", _MAIN, os.path.dirname(protocol.PACKAGE), *words]


def start(path: str, ready: int = -1) -> bool:
    """Start a server for the address. `ready`: a descriptor that the server closes when it can be reached. False when none is to be
    started: another one is there or is starting, or there is no safe place for its socket."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        if not protocol.is_private(folder) or not _is_free(path + ".lock"):
            return False
        pid = os.fork()
        if pid == 0:
            _detach(["server", "run", "--address", os.path.basename(path)], ready)
        os.waitpid(pid, 0)
        return True
    except OSError:
        return False


def _is_free(lock: str) -> bool:
    """Whether no server holds the lock: commands that run side by side should not each start one."""
    import fcntl

    number = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(number)


def _detach(words: list[str], ready: int) -> None:
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        if ready >= 0:
            os.dup2(ready, 3)
            os.set_inheritable(3, True)
            words += ["--ready", "3"]
        os.closerange(3 if ready < 0 else 4, os.sysconf("SC_OPEN_MAX"))
        os.execv(sys.executable, command(words))
    finally:
        os._exit(1)
