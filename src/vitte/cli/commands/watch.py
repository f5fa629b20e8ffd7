"""`vitte watch [check|build|run|test]`: build, wait for a change, build again; a program that runs is ended and started again.

Each build is a new process (of the server, where one runs), so that the compiler itself may change. It is a group of its own; `run` and
`test` are given the terminal, so that their programs can be spoken with and get Ctrl-C.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time

from vitte.cli.parser import Args, Usage, parse
from vitte.cli.table import SHORT
from vitte.cli.watching import Watched, described, first_files, order, show_line, told
from vitte.server.start import command

_GOALS = ("check", "build", "run", "test")
_INTERVAL = 0.2
"""Seconds between looks at the files; more when looking takes a twentieth of it."""
_SETTLED, _LONGEST = 0.05, 2.0
"""A burst of changes is over after so many seconds without one; it is not waited for any longer than this."""
_GRACE = 2.0
"""Seconds between asking a program to end and ending it."""
_INTERRUPTED = 130


class _Ended(BaseException):
    """This process was told to end by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(args: Args) -> int:
    if not hasattr(os, "fork"):
        raise Usage("`vitte watch` is not supported on this system yet")
    words = list(args.words)
    options = words[: words.index("--")] if "--" in words else words
    clear = "--no-clear" not in options
    words = [word for word in options if word != "--no-clear"] + words[len(options) :]
    goal = SHORT.get(words[0], words[0]) if words else ""
    words = [goal, *words[1:]] if goal in _GOALS else ["check", *words]
    inner = parse(words)
    if "-" in inner.positionals:
        raise Usage("standard input cannot be watched", ("name a file",))
    return _Watch(words, inner, clear).run()


class _Watch:
    def __init__(self, words: list[str], inner: Args, clear: bool) -> None:
        self.words = words
        self.inputs = inner.positionals
        self.clear = clear and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.quiet = inner.has("quiet")
        self.runs = words[0] in ("run", "test") or inner.has("run_after")
        self.terminal = self.runs and os.isatty(0)
        self.watched = Watched()
        self.folder = ""
        self.child = 0
        self.is_told = False
        self.is_built = False
        self.started = self.clock = 0
        self.note = ""
        self.wake, self.wake_end = os.pipe()

    def run(self) -> int:
        import tempfile

        self.folder = tempfile.mkdtemp(prefix="vitte-watch-")
        for end in (self.wake, self.wake_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # taking the terminal back
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _end)
        try:
            self._loop()
        except KeyboardInterrupt:
            pass
        except _Ended as ended:
            return -ended.number
        finally:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            self._stop()
            shutil.rmtree(self.folder, ignore_errors=True)
        return _INTERRUPTED

    @property
    def report(self) -> str:
        return os.path.join(self.folder, "files")

    def _loop(self) -> None:
        self.watched.watch(first_files(self.inputs), time.time_ns() << 1)
        self._build("started")
        changed: list[str] = []
        while True:
            before = time.monotonic()
            changed += [path for path in self.watched.changes() if path not in changed]
            cost = time.monotonic() - before
            if changed and (self.runs or not self.child):
                self._settle(changed)
                self._stop()
                self._build(described(changed))
                changed = []
            self._wait(_INTERVAL if cost < _INTERVAL / 20 else cost * 20)

    def _settle(self, changed: list[str]) -> None:
        """Wait for the end of a burst: an editor that saves several files, a checkout."""
        end = time.monotonic() + _LONGEST
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _SETTLED and time.monotonic() < end:
            self._wait(_SETTLED / 2)
            more = self.watched.changes()
            if more:
                quiet_since = time.monotonic()
                changed += [path for path in more if path not in changed]

    def _wait(self, seconds: float) -> None:
        """So long, and see to the child: it may have reported, stopped or ended."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            pause = min(left, 0.02) if self.child and not self.is_told else left
            if select.select([self.wake], [], [], max(pause, 0))[0]:
                os.read(self.wake, 512)
            self._see()
            if left <= 0:
                return

    # --- the child --------------------------------------------------------------------------------------------------

    def _build(self, note: str) -> None:
        if self.clear:
            sys.stderr.write("\x1b[2J\x1b[H")
            sys.stderr.flush()
        self.note = note
        self.started, self.clock = time.monotonic_ns(), time.time_ns()
        self.is_told = False
        try:
            os.unlink(self.report)
        except FileNotFoundError:
            pass
        environment = {**os.environ, "VITTE_WATCH": order(self.report, note)}
        line = command(self.words)
        front = self.terminal and _group_in_front() == os.getpgrp()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                if front:
                    os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                os.execve(line[0], line, environment)
            finally:
                os._exit(127)
        self.child = pid
        try:
            os.setpgid(pid, pid)  # in both processes: whoever is first
            if front:
                os.tcsetpgrp(0, pid)
        except OSError:
            pass

    def _see(self) -> None:
        if not self.child:
            return
        self._take_report()
        try:
            pid, status = os.waitpid(self.child, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            pid, status = self.child, 0
        if not pid:
            return
        if os.WIFSTOPPED(status):
            self._stop_together()
            return
        self._take_report()
        child, self.child = self.child, 0
        _end_group(child)  # what a program has left behind
        self._to_front()
        number = os.waitstatus_to_exitcode(status)
        if self.terminal and number in (-signal.SIGINT, _INTERRUPTED):
            raise KeyboardInterrupt
        if not self.is_told:  # nothing was built: no such file, a manifest that is wrong, a command line that is
            show_line(self.note, "failed", self.started, self.quiet)
            self._watch([*self.watched.stamps])
        elif self.words[0] == "run" and self.is_built and not self.quiet:
            how = f"was ended by signal {-number}" if number < 0 else f"ended with status {number}"
            sys.stderr.write(f"[watch] the program {how}\n")
            sys.stderr.flush()

    def _take_report(self) -> None:
        if not self.is_told and os.path.exists(self.report):
            self.is_told = True
            self.is_built, files = told(self.report)
            self._watch(files)

    def _watch(self, files: list[str]) -> None:
        self.watched.watch(list(dict.fromkeys([*first_files(self.inputs), *files])), self.clock)

    def _stop_together(self) -> None:
        """Ctrl-Z stopped the program: this process stops too, and both go on together."""
        self._to_front()
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            if self.terminal and _group_in_front() == os.getpgrp():
                os.tcsetpgrp(0, self.child)
            os.killpg(self.child, signal.SIGCONT)
        except OSError:
            pass

    def _to_front(self) -> None:
        """Take the terminal back from a child that had it."""
        if self.terminal:
            try:
                os.tcsetpgrp(0, os.getpgrp())
            except OSError:
                pass

    def _stop(self) -> None:
        """End the child and all it started: asked first, then not."""
        if not self.child:
            return
        child, self.child = self.child, 0
        _signal(child, signal.SIGTERM)
        _signal(child, signal.SIGCONT)
        end = time.monotonic() + _GRACE
        is_waited = False
        while time.monotonic() < end:
            is_waited = is_waited or os.waitpid(child, os.WNOHANG)[0] == child
            if is_waited and not _signal(child, 0):
                break
            time.sleep(0.005)
        _end_group(child)
        if not is_waited:
            os.waitpid(child, 0)
        self._to_front()


def _end(number: int, frame: object) -> None:
    raise _Ended(number)


def _group_in_front() -> int:
    try:
        return os.tcgetpgrp(0)
    except OSError:
        return -1


def _end_group(group: int) -> None:
    _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Whether the group is still there."""
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True
