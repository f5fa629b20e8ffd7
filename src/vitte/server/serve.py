"""The life of a server process: load the compiler, serve, and in each child carry out the command."""

from __future__ import annotations

import os
import sys


def serve(path: str, idle: float, ready: int, quiet: bool) -> int:
    """The exit status. `idle`: seconds, 0 for the usual ones. `ready`: a descriptor to close when commands can come, or -1.
    Raises `DriverError` when the socket cannot be made."""
    from vitte.driver.error import DriverError, reason
    from vitte.server import preload, protocol, service

    folder = os.path.dirname(path)
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not protocol.is_private(folder):
            raise DriverError(f"`{folder}` must be a folder that is yours and closed to others")
        stamp = preload.Stamp()
        server = service.Service(path, protocol.identity(), idle or service.IDLE, stamp.is_current)
        if not server.hold():
            if not quiet:
                sys.stderr.write("The server is running already\n")
            return 0
        preload.load()
        if not stamp.is_current():
            raise DriverError("the compiler was changed while it was loaded")
        server.listen()
    except OSError as error:
        raise DriverError(f"cannot listen at `{path}`: {reason(error)}") from None
    if ready >= 0:
        os.close(ready)
    if not quiet:
        sys.stderr.write(f"Serving at {path}\n")
        sys.stderr.flush()
    order = server.serve()
    if order is not None:
        from vitte.server.child import carry_out

        carry_out(order)
    return 0
