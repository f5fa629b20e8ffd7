"""Ending the process: streams flushed, a broken pipe silent, signals passed on."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # every command ends here, and `typing` takes 3 ms to import
if TYPE_CHECKING:
    from typing import NoReturn


def flushed(status: int) -> int:
    """The status to end with, after what is left to be written has been."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        return 141
    except OSError:
        return status or 1
    return status


def leave(status: int) -> NoReturn:
    """End with `status`; negative is a signal, which ends this process too, so that a shell sees what it expects.

    Ends without tearing the interpreter down: freeing a compiler's data one by one takes longer than small builds.
    """
    status = flushed(status)
    if status < 0:
        import signal

        try:
            signal.signal(-status, signal.SIG_DFL)
        except (OSError, ValueError):
            pass
        os.kill(os.getpid(), -status)
        os._exit(128 - status)
    os._exit(status & 0xFF if os.name != "nt" else as_signed(status))


def as_signed(status: int) -> int:
    """A status of Windows, which has 32 bits (an exception has the highest), as the number that C takes."""
    return (status & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
