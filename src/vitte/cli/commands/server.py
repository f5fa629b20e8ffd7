"""`vitte server start|stop|status|run`: the resident server."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage
from vitte.driver.error import EXIT_INTERNAL, DriverError

_ACTIONS = ("start", "stop", "status", "run")
_START = 60.0
"""Seconds for a server to start: it loads the whole compiler."""
_NOT_RUNNING = 1


def run(args: Args) -> int:
    what = args.positionals
    if len(what) != 1 or what[0] not in _ACTIONS:
        from vitte.base.suggest import closest

        near = closest(what[0], _ACTIONS) if what else None
        raise Usage("`vitte server` needs `start`, `stop`, `status` or `run`", (f"did you mean `{near}`?",) if near else ())
    if not hasattr(os, "fork"):
        raise DriverError("there is no server on this system", helps=("every command does its work itself",))
    if what[0] in ("start", "run") and os.environ.get("VITTE_NO_SERVER"):
        raise DriverError("VITTE_NO_SERVER is set: no server is used or started")
    from vitte.server import protocol

    path = protocol.socket_path(protocol.identity())
    if not path:
        raise DriverError(f"the path of `{protocol.folder()}` is too long for a socket's address", helps=("set XDG_RUNTIME_DIR",))
    quiet = args.has("quiet")
    if what[0] == "start":
        return _start(path, quiet)
    if what[0] == "run":
        return _run(args, path, quiet)
    from vitte.server.connect import ask

    answer = ask(path, what[0].encode())
    if answer is None:
        if not quiet:
            sys.stderr.write("No server is running\n")
        return _NOT_RUNNING if what[0] == "status" else 0
    if what[0] == "status":
        sys.stdout.write(answer.decode())
    elif not quiet:
        sys.stderr.write(f"Stopped server {answer.decode().strip()}\n")
    return 0


def _start(path: str, quiet: bool) -> int:
    import select

    from vitte.server.connect import ask
    from vitte.server.start import start

    if ask(path, b"status") is None:
        ours, theirs = os.pipe()
        begun = start(path, theirs)
        os.close(theirs)
        if begun:
            select.select([ours], [], [], _START)
        os.close(ours)
    elif not quiet:
        sys.stderr.write("The server is running already\n")
        return 0
    answer = ask(path, b"status")
    if answer is None:
        raise DriverError(f"no server could be started with its socket in `{os.path.dirname(path)}`",
                          helps=("the folder must be yours, and closed to others", "`vitte server run` shows what is wrong"))  # fmt: skip
    if not quiet:
        sys.stderr.write("Started server\n" + answer.decode())
    return 0


def _run(args: Args, path: str, quiet: bool) -> int:
    """In the foreground, until Ctrl-C, `vitte server stop`, idleness or a change of the compiler."""
    from importlib import import_module

    name = args.get("address")
    if name and name != os.path.basename(path):
        raise DriverError("the address is not that of this compiler and environment")
    idle = os.environ.get("VITTE_SERVER_IDLE", "")
    try:
        seconds = float(idle) if idle else 0.0
    except ValueError:
        seconds = -1.0
    if idle and not 0 < seconds < 1e9:
        raise DriverError(f"VITTE_SERVER_IDLE is `{idle}`, not a number of seconds")
    ready = args.get("ready", "-1")
    try:
        status: int = import_module("vitte.server.serve").serve(path, seconds, int(ready) if ready.isdecimal() else -1, quiet)
    except Exception:
        if name:  # in the background: nobody looks, and the commands themselves will say what is wrong
            return EXIT_INTERNAL
        raise
    return status
