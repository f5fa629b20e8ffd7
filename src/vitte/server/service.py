"""The server's loop: one process, no threads, that listens, forks a child for each command and passes signals on.

It ends when it was idle for long enough, when it is told to, and when the compiler on disk is no longer the one it has loaded; commands
under way are seen through first. While it serves it holds a lock beside its socket, so that there is one server for an address.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

from vitte.server import protocol
from vitte.server.connect import peer

IDLE = 900.0
"""Seconds without a command after which a server ends, unless VITTE_SERVER_IDLE says otherwise."""
_CHECK = 30.0
"""Seconds between looks at whether the compiler has changed, when nothing else happens."""
_PATIENCE = 5.0
"""Seconds for a client to finish its request."""
_GRACE = 2.0
"""Seconds between the hang-up and the end of a command whose client is gone."""
_ALLOWED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGSTOP, signal.SIGCONT)


class Order:
    """A command to be run, in the process that was forked for it: the request's fields and the descriptors that came with it."""

    __slots__ = ("descriptors", "fields")

    def __init__(self, fields: list[bytes], descriptors: list[int]) -> None:
        self.fields = fields
        self.descriptors = descriptors


class _Client:
    """A connection. `child`: the process that runs its command, 0 before. `until`: when waiting for it ends."""

    __slots__ = ("buffer", "child", "connection", "descriptors", "until")

    def __init__(self, connection: socket.socket, until: float) -> None:
        self.connection: socket.socket | None = connection
        self.buffer = b""
        self.descriptors: list[int] = []
        self.child = 0
        self.until = until


class Service:
    def __init__(self, path: str, who: str, idle: float, is_current: Callable[[], bool]) -> None:
        self.path = path
        self.who = os.fsencode(who)
        self.idle = idle
        self.is_current = is_current
        self.started = self.last = time.monotonic()
        self.served = 0
        self.clients: dict[int, _Client] = {}
        self.orphans: list[_Client] = []
        self.lock = -1
        self.listener: socket.socket | None = None
        self.inode = (0, 0)
        self.poll = select.poll()
        self.wake, self._wake_end = os.pipe()
        self.stopping = False

    # --- beginning and end ------------------------------------------------------------------------------------------

    def hold(self) -> bool:
        """Be the only server of this address; False when there is another. Raises `OSError`."""
        import fcntl

        self.lock = os.open(self.path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.lock)
            self.lock = -1
            return False
        return True

    def listen(self) -> None:
        """Be reachable. Raises `OSError`."""
        try:
            os.unlink(self.path)  # of a server that was killed: whoever holds the lock is alone
        except FileNotFoundError:
            pass
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self.listener.bind(self.path)
        finally:
            os.umask(before)
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.last = time.monotonic()
        info = os.stat(self.path)
        self.inode = (info.st_dev, info.st_ino)
        self.poll.register(self.listener, select.POLLIN)
        os.set_blocking(self.wake, False)
        os.set_blocking(self._wake_end, False)
        self.poll.register(self.wake, select.POLLIN)
        signal.set_wakeup_fd(self._wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _retire(self) -> None:
        """Take no more commands, and let another server have the address."""
        if self.listener is None:
            return
        self.poll.unregister(self.listener)
        if self._is_ours():
            os.unlink(self.path)
        self.listener.close()
        self.listener = None
        os.close(self.lock)
        self.lock = -1

    def _is_ours(self) -> bool:
        """Whether the address still leads here (the folder may have been cleaned)."""
        try:
            info = os.stat(self.path)
        except OSError:
            return False
        return (info.st_dev, info.st_ino) == self.inode

    # --- the loop ---------------------------------------------------------------------------------------------------

    def serve(self) -> Order | None:
        """Returns None when the server has ended; an order in each process that was forked for one, where it is to be carried out."""
        checked = time.monotonic()
        while self.listener is not None or self.clients or self.orphans:
            now = time.monotonic()
            if self.listener is not None and now - checked >= min(_CHECK, self.idle):
                checked = now
                if not self._is_ours() or not self.is_current():
                    self._retire()
                    continue
            if self.clients or self.orphans:
                self.last = now
            if self.stopping or now - self.last >= self.idle:
                self._retire()
                if not self.clients and not self.orphans:
                    return None
            for number, _ in self.poll.poll(self._pause(now, checked)):
                if number == self.wake:
                    self._drain()
                elif self.listener is not None and number == self.listener.fileno():
                    self._accept()
                else:
                    client = self.clients.get(number)
                    order = self._read(client) if client is not None else None
                    if order is not None:
                        return order
            self._reap()
            self._overdue()
        return None

    def _pause(self, now: float, checked: float) -> int:
        """Milliseconds until something has to be done."""
        times = [client.until for client in (*self.clients.values(), *self.orphans) if client.until]
        if self.listener is not None:
            times += [self.last + self.idle, checked + min(_CHECK, self.idle)]
        return max(0, int((min(times) - now) * 1000) + 1) if times else -1

    def _drain(self) -> None:
        try:
            while os.read(self.wake, 512):
                pass
        except BlockingIOError:
            pass

    def _accept(self) -> None:
        assert self.listener is not None
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        try:
            if peer(connection) != os.geteuid():
                raise OSError("another user")
            connection.setblocking(False)
        except OSError:
            connection.close()
            return
        self.clients[connection.fileno()] = _Client(connection, time.monotonic() + _PATIENCE)
        self.poll.register(connection, select.POLLIN)

    def _read(self, client: _Client) -> Order | None:
        """What came from a client: part of its request, signals, or its end."""
        connection = client.connection
        assert connection is not None
        try:
            data, descriptors, _, _ = socket.recv_fds(connection, 1 << 18, protocol.DESCRIPTORS)
        except BlockingIOError:
            return None
        except OSError:
            data, descriptors = b"", []
        client.descriptors += descriptors
        if not data:
            self._gone(client)
        elif client.child:
            for number in data:
                if number in _ALLOWED:
                    _signal_group(client.child, number)
        else:
            client.buffer += data
            try:
                return self._request(client)
            except (ValueError, OSError):
                self._close(client)
        return None

    def _request(self, client: _Client) -> Order | None:
        """Raises `ValueError` for what is no request, and `OSError`."""
        head = len(protocol.MAGIC) + 4
        buffer = client.buffer
        if not protocol.MAGIC.startswith(buffer[: len(protocol.MAGIC)]):
            raise ValueError("another protocol")
        if len(buffer) < head:
            return None
        size = int.from_bytes(buffer[head - 4 : head], "big")
        if size > protocol.MAX_REQUEST or len(buffer) > head + size:
            raise ValueError("too large")
        if len(buffer) < head + size:
            return None
        fields = protocol.unpack(buffer[head:])
        client.buffer = b""
        if fields == [b"status"]:
            self._answer(client, self._status())
        elif fields == [b"stop"]:
            self._retire()
            self._answer(client, b"%d\n" % os.getpid())
        elif fields[0] == b"run" and len(fields) == 9 and len(client.descriptors) == protocol.DESCRIPTORS:
            return self._run(client, fields)
        else:
            raise ValueError("no request")
        return None

    def _run(self, client: _Client, fields: list[bytes]) -> Order | None:
        self.last = time.monotonic()
        if fields[1] != self.who or self.listener is None:
            self._close(client)
            return None
        if not self.is_current():
            self._retire()
            self._close(client)
            return None
        pid = os.fork()
        if pid == 0:
            return self._leave(client, fields)
        try:
            os.setpgid(pid, pid)  # in both processes: whoever is first
        except OSError:
            pass
        client.child = pid
        client.until = 0.0
        self.served += 1
        self._forget_descriptors(client)
        return None

    def _leave(self, client: _Client, fields: list[bytes]) -> Order:
        """In the child: nothing of the server is left but what it has loaded."""
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        descriptors = client.descriptors
        client.descriptors = []
        for other in self.clients.values():
            if other.connection is not None:
                other.connection.close()
            self._forget_descriptors(other)
        if self.listener is not None:
            self.listener.close()
        for descriptor in (self.lock, self.wake, self._wake_end):
            if descriptor >= 0:
                os.close(descriptor)
        return Order(fields, descriptors)

    # --- ends -------------------------------------------------------------------------------------------------------

    def _reap(self) -> None:
        for client in [*self.clients.values(), *self.orphans]:
            if not client.child:
                continue
            try:
                pid, status = os.waitpid(client.child, os.WNOHANG)
            except ChildProcessError:
                pid, status = client.child, 0
            if pid:
                client.child = 0
                if client.connection is not None:
                    self._answer(client, status.to_bytes(4, "big"))
                else:
                    self.orphans.remove(client)

    def _overdue(self) -> None:
        now = time.monotonic()
        for client in [*self.clients.values(), *self.orphans]:
            if client.until and now >= client.until:
                if client.child:
                    _signal_group(client.child, signal.SIGKILL)
                    client.until = 0.0
                elif client.connection is not None:
                    self._close(client)

    def _gone(self, client: _Client) -> None:
        """The client has hung up: so does its command."""
        child = client.child
        self._close(client)
        if child:
            _signal_group(child, signal.SIGHUP)
            _signal_group(child, signal.SIGCONT)
            client.until = time.monotonic() + _GRACE
            self.orphans.append(client)

    def _answer(self, client: _Client, data: bytes) -> None:
        assert client.connection is not None
        try:
            client.connection.send(data)
        except OSError:
            pass
        self._close(client)

    def _close(self, client: _Client) -> None:
        connection = client.connection
        assert connection is not None
        del self.clients[connection.fileno()]
        self.poll.unregister(connection)
        connection.close()
        client.connection = None
        self._forget_descriptors(client)

    def _forget_descriptors(self, client: _Client) -> None:
        for descriptor in client.descriptors:
            os.close(descriptor)
        client.descriptors = []

    def _status(self) -> bytes:
        import resource

        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / (
            1 << 20 if sys.platform == "darwin" else 1)  # fmt: skip
        running = sum(1 for client in (*self.clients.values(), *self.orphans) if client.child)
        lines = [
            f"process: {os.getpid()}",
            f"socket: {self.path}",
            f"up: {time.monotonic() - self.started:.0f} s",
            f"ends after: {self.idle:g} s without a command",
            f"commands: {self.served}, of them running: {running}",
            f"memory: {memory:.0f} MB at most",
        ]
        return ("\n".join(lines) + "\n").encode()


def _nothing(number: int, frame: object) -> None:
    """A handler, so that the signal wakes the loop."""


def _signal_group(pid: int, number: int) -> None:
    """To a child that has not been waited for, and what it started."""
    try:
        os.killpg(pid, number)
    except OSError:
        pass
