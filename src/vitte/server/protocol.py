"""Where the server is, who it serves, and how messages are written. Used at every start of `vitte`: imports almost nothing.

Messages on a connection, client to server: one request, `MAGIC`, its length in 4 bytes (big endian) and fields; a request to run a
command carries descriptors (`DESCRIPTORS`). Then single bytes, each the number of a signal for the command. Server to client: for
`status` and `stop` a text; for a command, when its process has ended, the wait status in 4 bytes. A connection closed without an
answer is a refusal.

The last descriptor is one end of a pair of sockets, the *control channel*, on which the command's own process speaks with the client:

    R process    it has taken the client's place and is ready; it begins only when the client answers `G`
    L fields     run this program (fields: folder, seconds or "", arguments, `=` and the environment or nothing);
                 answered by `W`, `T` or `E` and a number
    D status     the last word: the exit status of the command, 4 bytes, signed
"""

from __future__ import annotations

import os
import sys
from binascii import crc32

MAGIC = b"vitte-server 1\n"
DESCRIPTORS = 5
"""Standard input, output, error, the working folder, the control channel."""
MAX_REQUEST = 16 << 20
"""Bytes of a request: more than an argument list and an environment can have."""
HANDSHAKE = 0.2
"""Seconds that a client gives the server to take its command."""
WAITED, TIMED_OUT, FAILED = b"W", b"T", b"E"
"""How a program ended: `W` and its status (negative: the signal); `T` its time was up; `E` and why it could not be started (errno)."""

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def pack(fields: list[bytes]) -> bytes:
    return b"".join([len(field).to_bytes(4, "big") + field for field in fields])


def unpack(data: bytes) -> list[bytes]:
    """Raises `ValueError` for what `pack` did not write."""
    fields = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            raise ValueError("a field is cut off")
        fields.append(data[at + 4 : end])
        at = end
    return fields


def identity() -> str:
    """What a server and its client have in common, as text: the compiler's place, the Python that runs it and what changes how it runs, the
    user, and the view of the file system. (Whether the compiler's files have changed is checked by the server at each request.)"""
    root = os.stat("/")
    parts = [
        sys.executable, sys.version, PACKAGE, sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(),
        f"{os.geteuid()} {os.getuid()} {os.getegid()} {sorted(os.getgroups())} {root.st_dev} {root.st_ino}",
    ]  # fmt: skip
    for name in ("mnt", "pid", "user"):  # one home folder may be seen from several containers
        try:
            parts.append(os.readlink(f"/proc/self/ns/{name}"))
        except OSError:
            pass
    parts += sorted(f"{key}={value}" for key, value in os.environ.items() if key.startswith(("PYTHON", "LD_", "DYLD_")))
    return "\0".join(parts)


def folder() -> str:
    """Where sockets are: below XDG_RUNTIME_DIR, else in the user's cache folder."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        return os.path.join(runtime, "vitte")
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "vitte", "server")


def is_private(path: str) -> bool:
    """Whether a folder is there, is ours, and is closed to others."""
    try:
        info = os.lstat(path)
    except OSError:
        return False
    return info.st_mode & 0o170077 == 0o040000 and info.st_uid == os.geteuid()


def socket_path(who: str) -> str:
    """The server's address for an `identity`. The digest only makes names: the server compares the whole text. "" when it would be too long
    for an address (its field has 104 to 108 bytes)."""
    data = os.fsencode(who)
    path = os.path.join(folder(), f"{crc32(data):08x}{crc32(data[::-1]):08x}")
    return path if len(os.fsencode(path)) < 100 else ""
