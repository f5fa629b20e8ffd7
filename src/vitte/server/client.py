"""The client: gives a command to a running server and ends as it ended, or says that the work is to be done here.

It must cost almost nothing and never be in the way: any trouble before the command began is silence, and the command runs in this process.
`_socket` and `_signal` are what `socket` and `signal` wrap, at a tenth of the time to import.
"""

from __future__ import annotations

import os
import sys

from vitte.server import protocol

_HERE_ONLY = ("-", "--engine=interp", "interp", "-h", "--help", "-V", "--version")
"""Words that keep a command here: reading the source from standard input and interpreting a program need this process's terminal,
the others need no compiler."""


def attempt(arguments: list[str]) -> int | None:
    """Run `arguments` through the server: the exit status (negative: the signal), or None when it is to be done here, after starting a
    server for next time if one is wanted."""
    if not wanted(arguments):
        return None
    try:
        from vitte.server.connect import connect
    except ImportError:  # no Unix sockets
        return None
    who = protocol.identity()
    path = protocol.socket_path(who)
    if not path:
        return None
    connection = connect(path)
    if connection is None:
        if _may_start():
            from vitte.server.start import start

            start(path)
        return None
    from vitte.server.remote import execute

    return execute(connection, who, arguments)


def wanted(arguments: list[str]) -> bool:
    """Whether the server may run this command, one that compiles, so that nobody could tell."""
    if os.environ.get("VITTE_NO_SERVER") or not hasattr(os, "fork"):
        return False
    for word in arguments:
        if word == "--":
            break
        if word in _HERE_ONLY or word.startswith(("@", "-Z")):
            return False
    # Options of the interpreter would be missing in the server.
    own = sys.orig_argv[1:2]
    return own == ["-m"] or own == ["-P"] or not own or not own[0].startswith("-")


def _may_start() -> bool:
    """A server is started on demand by people, not by scripts; VITTE_SERVER asks for it."""
    if os.environ.get("VITTE_SERVER"):
        return True
    try:
        return not os.environ.get("CI") and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False
