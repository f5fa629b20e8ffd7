"""A command in the process that was forked for it: in the client's surroundings it runs the same code as the client would."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import NoReturn

from vitte.server import protocol
from vitte.server.connect import exactly
from vitte.server.service import Order


def carry_out(order: Order) -> NoReturn:
    """Run the command and end. Nothing is said or done before the client's word to go."""
    try:
        arguments = [os.fsdecode(word) for word in protocol.unpack(order.fields[2])]
        control = socket.socket(fileno=order.descriptors[4])
        _take_place(order, arguments)
        control.sendall(b"R" + os.getpid().to_bytes(4, "big"))
        if control.recv(1) != b"G":
            os._exit(0)
        status = _run(arguments, control)
        control.sendall(b"D" + status.to_bytes(4, "big", signed=True))
    except (OSError, ValueError):  # a refusal; or the client is gone
        pass
    finally:
        os._exit(0)


def _take_place(order: Order, arguments: list[str]) -> None:
    """As `take_over`, and close what it has taken over."""
    from vitte.server.surroundings import take_over

    take_over(order.fields[3:], arguments, order.descriptors)
    for number in order.descriptors[:4]:
        os.close(number)


def _run(arguments: list[str], control: socket.socket) -> int:
    from vitte.cli.commands import common
    from vitte.cli.entry import run
    from vitte.cli.leave import flushed

    def launch(command: list[str], folder: str, environment: dict[str, str] | None, timeout: float) -> int:
        """A program is started by the client. Raises as `subprocess` does; ends this process when the client is gone."""
        pairs = b"" if environment is None else b"=" + protocol.pack(
            [os.fsencode(key) + b"=" + os.fsencode(value) for key, value in environment.items()])  # fmt: skip
        words = protocol.pack([os.fsencode(word) for word in command])
        message = protocol.pack([os.fsencode(folder), repr(timeout).encode() if timeout else b"", words, pairs])
        try:
            control.sendall(b"L" + len(message).to_bytes(4, "big") + message)
            kind = exactly(control, 1)
            number = int.from_bytes(exactly(control, 4), "big", signed=True)
        except OSError:
            os._exit(0)
        if kind == protocol.FAILED:
            raise OSError(number, os.strerror(number))
        if kind == protocol.TIMED_OUT:
            raise subprocess.TimeoutExpired(command, timeout)
        return number

    common.launch = launch
    return flushed(run(arguments))
