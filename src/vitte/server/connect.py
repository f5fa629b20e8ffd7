"""A connection to the server of an address, when there is one that is ours."""

from __future__ import annotations

import _socket
import os
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket
from sys import byteorder

from vitte.server import protocol

_PEERCRED: int = getattr(_socket, "SO_PEERCRED", 0)
"""Linux; elsewhere the ownership of the folder has to do."""


def connect(path: str) -> socket | None:
    """Within `HANDSHAKE` seconds, which remain the time limit of the socket."""
    if not protocol.is_private(os.path.dirname(path)):
        return None
    try:
        connection = socket(AF_UNIX, SOCK_STREAM)
    except OSError:
        return None
    try:
        connection.settimeout(protocol.HANDSHAKE)
        connection.connect(path)
        if peer(connection) == os.geteuid():
            return connection
    except OSError:
        pass
    connection.close()
    return None


def peer(connection: socket) -> int:
    """The user at the other end. Raises `OSError`."""
    if not _PEERCRED:
        return os.geteuid()
    return int.from_bytes(connection.getsockopt(SOL_SOCKET, _PEERCRED, 12)[4:8], byteorder)


def ancillary(descriptors: list[int]) -> list[tuple[int, int, bytes]]:
    """What `sendmsg` needs to pass descriptors on."""
    return [(SOL_SOCKET, SCM_RIGHTS, b"".join([number.to_bytes(4, byteorder) for number in descriptors]))]


def exactly(connection: socket, size: int) -> bytes:
    """So many bytes. Raises `ConnectionError` when the other end closes before, `OSError` for what else can happen."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionError("closed")
        data += chunk
    return data


def ask(path: str, what: bytes, seconds: float = 10.0) -> bytes | None:
    """A question that is answered by a text (`status`, `stop`): the answer, or None without a server that answers."""
    connection = connect(path)
    if connection is None:
        return None
    try:
        body = protocol.pack([what])
        connection.settimeout(seconds)
        connection.sendall(protocol.MAGIC + len(body).to_bytes(4, "big") + body)
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
        return answer or None
    except OSError:
        return None
    finally:
        connection.close()
