"""The client's side of a command that runs in the server's child: passes on what the child needs and what it should hear, runs the program
that `vitte run` built (a program belongs to this terminal, this process group and this session), and says how the command ended."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os
from _socket import socket, socketpair

from vitte.server import protocol
from vitte.server.connect import ancillary, exactly

TYPE_CHECKING = False  # `typing` takes longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Callable

_FORWARDED = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
_LAST_WORD = 10.0
"""Seconds that the server has to say how a process ended that did not say so itself."""


def execute(connection: socket, who: str, arguments: list[str]) -> int | None:
    """The exit status of the command (negative: the signal that ended it); None when it did not begin, or when nobody is left who knows
    how it went, so that it has to be done here."""
    control, theirs = socketpair()
    try:
        child = _begin(connection, control, theirs, who, arguments)
        if child is None:
            return None
        conversation = _Conversation(connection, control, child)
        try:
            return conversation.follow()
        finally:
            conversation.signals.back()
    finally:
        for end in (connection, control, theirs):
            end.close()


def _begin(connection: socket, control: socket, theirs: socket, who: str, arguments: list[str]) -> int | None:
    """Hand the command over: the process that has it, waiting for the word to go, or None."""
    from vitte.server.surroundings import described

    place = -1
    try:
        place = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)
        body = protocol.pack([b"run", os.fsencode(who), protocol.pack([os.fsencode(word) for word in arguments]), *described()])
        data = protocol.MAGIC + len(body).to_bytes(4, "big") + body
        sent = connection.sendmsg([data], ancillary([0, 1, 2, place, theirs.fileno()]))
        if sent < len(data):
            connection.sendall(memoryview(data)[sent:])
        theirs.close()
        control.settimeout(protocol.HANDSHAKE)
        if exactly(control, 1) != b"R":
            return None
        return int.from_bytes(exactly(control, 4), "big")
    except (OSError, ValueError, AttributeError):  # a stream that is closed is None
        return None
    finally:
        if place >= 0:
            os.close(place)


class _Conversation:
    def __init__(self, connection: socket, control: socket, child: int) -> None:
        self.connection = connection
        self.control = control
        self.signals = _Signals(self._pass_on)
        self.child = child
        self.program: int | None = None
        """How the program that was run has ended."""
        connection.settimeout(_LAST_WORD)
        control.settimeout(None)

    def follow(self) -> int | None:
        control = self.control
        self.signals.forward()
        try:
            control.sendall(b"G")
            while True:
                kind = exactly(control, 1)
                if kind == b"D":
                    return int.from_bytes(exactly(control, 4), "big", signed=True)
                if kind != b"L":
                    return None
                size = int.from_bytes(exactly(control, 4), "big")
                control.sendall(self._program(protocol.unpack(exactly(control, size))))
        except (OSError, ValueError):
            pass
        # The process has ended without a word. The server knows how, unless it has ended too.
        try:
            status = os.waitstatus_to_exitcode(int.from_bytes(exactly(self.connection, 4), "big"))
            if status:
                return status
        except (OSError, ValueError):
            pass
        return self.program

    def _pass_on(self, number: int) -> None:
        try:
            self.connection.send(bytes([number]))
        except OSError:  # without a server its child is still ours to tell
            try:
                os.killpg(self.child, number)
            except OSError:
                pass

    def _program(self, fields: list[bytes]) -> bytes:
        """Run a program in this terminal, as `driver_impl.runtime` does it."""
        os.environ.pop("VITTE_WATCH", None)  # was for the compiler
        folder, seconds, arguments, environment = fields
        self.signals.back()
        kind, number = _run(os.fsdecode(folder), float(seconds or 0), protocol.unpack(arguments), environment)
        self.signals.forward()
        if kind == protocol.WAITED:
            self.program = number
        return kind + number.to_bytes(4, "big", signed=True)


def _run(folder: str, seconds: float, arguments: list[bytes], environment: bytes) -> tuple[bytes, int]:
    from vitte.server.group import ENDS, Handlers, watch

    # The terminal sends Ctrl-C to both: the program decides, and how it ended is passed on. A handler is not inherited.
    # To a group of its own signals are passed on, also those that come before it is watched.
    caught: list[int] = []
    handlers = Handlers(ENDS if seconds else ENDS[:1], lambda number, frame: caught.append(number))
    failure, report = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _become(folder, arguments, environment, report, bool(seconds))
        os.close(report)
        why = os.read(failure, 4)
        if why:
            os.waitpid(pid, 0)
            return protocol.FAILED, int.from_bytes(why, "big")
        if seconds:
            status = watch(pid, seconds, caught)
            if status is None:
                return protocol.TIMED_OUT, 0
        else:
            status = os.waitpid(pid, 0)[1]
        return protocol.WAITED, os.waitstatus_to_exitcode(status)
    finally:
        handlers.back()
        os.close(failure)


def _become(folder: str, arguments: list[bytes], environment: bytes, report: int, apart: bool) -> None:
    """Turn a forked process into the program, with descriptors and signals as `subprocess` leaves them, in a process group of its own if
    it is to be `apart`."""
    try:
        if apart:
            os.setpgid(0, 0)
        if folder:
            os.chdir(folder)
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        if hasattr(_signal, "SIGXFSZ"):
            _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
        os.closerange(3, report)
        os.closerange(report + 1, os.sysconf("SC_OPEN_MAX"))
        if environment:
            pairs = [entry.partition(b"=") for entry in protocol.unpack(environment[1:])]
            os.execve(arguments[0], arguments, {key: value for key, _, value in pairs})
        os.execv(arguments[0], arguments)
    except OSError as error:
        os.write(report, (error.errno or 1).to_bytes(4, "big"))
    finally:
        os._exit(255)


class _Signals:
    """Signals to this process become signals to the command, for as long as it runs. What this process ignores, it goes on ignoring."""

    def __init__(self, send: Callable[[int], None]) -> None:
        self.send = send
        self.before: dict[int, object] = {}

    def forward(self) -> None:
        for number in (*_FORWARDED, _signal.SIGTSTP):
            handler = _signal.getsignal(number)
            if handler is not None and handler != _signal.SIG_IGN:
                self.before[number] = handler
                _signal.signal(number, self._stop if number == _signal.SIGTSTP else self._forward)

    def back(self) -> None:
        for number, handler in self.before.items():
            _signal.signal(number, handler)
        self.before.clear()

    def _forward(self, number: int, frame: object) -> None:
        self.send(number)

    def _stop(self, number: int, frame: object) -> None:
        """Stop together, go on together."""
        self.send(_signal.SIGSTOP)
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
        _signal.signal(number, self._stop)
        self.send(_signal.SIGCONT)
