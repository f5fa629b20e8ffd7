"""A program in a process group of its own, so that all of it can be ended: waiting for it with a limit, and the terminal while it runs.

Used by the runner and by the server's client, which starts programs without what the runner may import.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False  # `typing` takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Callable

ENDS = tuple(getattr(_signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name))
"""Signals by which a user or a system ends a command, Ctrl-C first."""
_PAUSE = 0.05
"""Seconds between two looks at most."""


class Terminal:
    """The terminal, when this process has it and a group of its own is to have it: only that group may read from it and gets its Ctrl-C."""

    def __init__(self) -> None:
        self.descriptor = -1
        for descriptor in (0, 1, 2):
            try:
                if os.tcgetpgrp(descriptor) == os.getpgrp():
                    self.descriptor = descriptor
                    break
            except (OSError, AttributeError):
                continue

    def give(self, group: int) -> None:
        if self.descriptor < 0:
            return
        # The group is asked to wait for it that touches the terminal too early; so it is told to go on.
        if _set_group(self.descriptor, group):
            _kill(group, _signal.SIGCONT)

    def is_had_by(self, group: int) -> bool:
        try:
            return self.descriptor >= 0 and os.tcgetpgrp(self.descriptor) == group
        except OSError:
            return False

    def take(self) -> None:
        if self.descriptor >= 0:
            _set_group(self.descriptor, os.getpgrp())


def _set_group(descriptor: int, group: int) -> bool:
    """From the background this would stop the process, unless it does not take the signal."""
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGTTOU,))
    try:
        os.tcsetpgrp(descriptor, group)
        return True
    except OSError:
        return False
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


def watch(pid: int, seconds: float, caught: list[int]) -> int | None:
    """Wait for a child that leads its own group, which has the terminal meanwhile: its wait status, or None when it was still running after
    `seconds`, and then all of its group has been ended. When it stops, so does this process, and both go on together. `caught`: signals
    that came since before there was such a child; they are passed on."""
    from time import monotonic, sleep

    terminal = Terminal()
    # What would end this process goes to the group: the program decides, and how it ended is passed on.
    forwarded = Handlers(ENDS, lambda number, frame: _kill(pid, number))
    terminal.give(pid)
    for number in caught:
        _kill(pid, number)
    end = monotonic() + seconds
    pause = 0.0005
    try:
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if ended and not os.WIFSTOPPED(status):
                return status
            if ended and os.WSTOPSIG(status) in (_signal.SIGTTIN, _signal.SIGTTOU) and terminal.is_had_by(pid):
                _kill(pid, _signal.SIGCONT)  # it asked for the terminal before it had it
                continue
            if ended:
                stopped = monotonic()
                terminal.take()
                os.kill(os.getpid(), _signal.SIGTSTP)
                end += monotonic() - stopped
                terminal.give(pid)
                _kill(pid, _signal.SIGCONT)
                continue
            left = end - monotonic()
            if left <= 0:
                _kill(pid, _signal.SIGKILL)
                os.waitpid(pid, 0)
                return None
            pause = min(pause * 2, left, _PAUSE)
            sleep(pause)
    except BaseException:
        _kill(pid, _signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    finally:
        forwarded.back()
        terminal.take()


def _kill(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except OSError:
        pass


class Handlers:
    """A handler for some signals until `back`. What this process ignores it goes on ignoring. Only the main thread handles any."""

    def __init__(self, numbers: tuple[int, ...], handler: Callable[[int, object], object]) -> None:
        self.before: dict[int, object] = {}
        for number in numbers:
            try:
                before = _signal.getsignal(number)
                if before is not None and before != _signal.SIG_IGN:
                    _signal.signal(number, handler)
                    self.before[number] = before
            except ValueError:  # not the main thread
                break

    def back(self) -> None:
        for number, handler in self.before.items():
            _signal.signal(number, handler)
