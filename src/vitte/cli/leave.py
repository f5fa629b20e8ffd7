"""Ending the process: streams flushed, a broken pipe silent, signals passed on."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End with `status`; negative is a signal, which ends this process too, so that a shell sees what it expects.

    Ends without tearing the interpreter down: freeing a compiler's data one by one takes longer than small builds.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        os._exit(141)
    except OSError:
        os._exit(status or 1)
    if status < 0:
        import signal

        try:
            signal.signal(-status, signal.SIG_DFL)
        except (OSError, ValueError):
            pass
        os.kill(os.getpid(), -status)
        os._exit(128 - status)
    os._exit(status & 0xFF)
