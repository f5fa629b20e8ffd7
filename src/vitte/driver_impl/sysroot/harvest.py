"""Making sysroots: zig builds a program of nothing for the target, and the files that it links that program with are kept.

zig compiles the C library from its sources for that, into a cache. That is a new one each time and named by a relative path, since archives
hold the names of their members: equal versions of `ziglang` give equal bytes, wherever they run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from types import FrameType
from typing import TYPE_CHECKING

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, reason
from vitte.driver_impl.cache import io
from vitte.driver_impl.link.lld import ziglang
from vitte.driver_impl.link.programs import ask
from vitte.driver_impl.sysroot import store
from vitte.driver_impl.sysroot.recipes import RECIPES, Recipe
from vitte.driver_impl.sysroot.store import Sysroot, SysrootFile

if TYPE_CHECKING:
    from vitte.driver.api import TargetProgress

_LINKERS = ("ld.lld ", "lld-link ", "wasm-ld ")
_CACHE = "z"
_PROBE = b"int main(void) { return 0; }\n"
_KEPT = ("PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "LOCALAPPDATA")
"""Of the environment: others, like CPATH, would change what is compiled."""
_STEP = 0.2


class _Work:
    """One zig at work. `folder` is temporary: zig's cache in `z`, what is kept in `sysroot`."""

    def __init__(self, target: str, recipe: Recipe, zig: str) -> None:
        self.target = target
        self.recipe = recipe
        self.folder = io.unique(store.folder_of(target))
        io.make_folder(self.folder, 0o777)
        self.started = time.monotonic()
        with open(os.path.join(self.folder, "probe.c"), "wb") as file:
            file.write(_PROBE)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {"LC_ALL": "C", "ZIG_GLOBAL_CACHE_DIR": _CACHE, "ZIG_LOCAL_CACHE_DIR": _CACHE}
        command = [zig, "build-exe", "probe.c", "-target", recipe.zig, "-lc", "-fno-ubsan-rt", "-OReleaseSmall", "-fstrip",
                   *recipe.options, "--verbose-link", "--name", "probe"]  # fmt: skip
        with open(os.path.join(self.folder, "log"), "wb") as log:
            # A session of its own, so that all that zig starts can be ended with it.
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def compiled(self) -> int:
        try:
            return len(os.listdir(os.path.join(self.folder, _CACHE, "o")))
        except OSError:
            return 0

    def end(self) -> None:
        if self.process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
            self.process.wait()


def add(targets: list[str], progress: TargetProgress | None = None) -> list[Sysroot]:
    """Make the sysroots of targets (full names, each in `RECIPES`), and put them in the place of what is there. As many are made at once as
    there are cores; `progress` is told five times a second. When it is interrupted, or ended by SIGTERM or SIGHUP, zig is ended and nothing
    unfinished is left behind. Raises `DriverError` when one cannot be made; those that are finished stay then."""
    if not targets:
        return []
    zig = ziglang()
    if not zig:
        raise DriverError("sysroots are made from the Python package `ziglang`, which is not installed", status=EXIT_TOOLCHAIN,
                          helps=("install it beside vitte",))  # fmt: skip
    if not store.root():
        raise DriverError("there is no folder for sysroots", helps=("VITTE_SYSROOTS names one", "XDG_CACHE_HOME or HOME would give one"))
    store.sweep()
    version = ask((zig,), "version").strip()
    waiting = list(targets)
    working: list[_Work] = []
    made: dict[str, Sysroot] = {}
    with _ended_softly():
        try:
            while waiting or working:
                while waiting and len(working) < (os.cpu_count() or 1):
                    name = waiting.pop(0)
                    working.append(_start(name, zig))
                time.sleep(_STEP)
                for work in list(working):
                    if progress is not None:
                        progress(work.target, work.compiled(), work.recipe.objects, time.monotonic() - work.started)
                    if work.process.poll() is not None:
                        made[work.target] = _finish(work, version)
                        working.remove(work)
                        store.discard(work.folder)
        finally:
            for work in working:
                work.end()
                store.discard(work.folder)
    return [made[name] for name in targets]


def _start(target: str, zig: str) -> _Work:
    try:
        return _Work(target, RECIPES[target], zig)
    except OSError as error:
        raise DriverError(f"cannot prepare `{target}` in `{store.root()}`: {reason(error)}",
                          status=EXIT_TOOLCHAIN) from None  # fmt: skip


def _finish(work: _Work, version: str) -> Sysroot:
    """Keep what zig linked the probe with. Raises `DriverError`."""
    try:
        with open(os.path.join(work.folder, "log"), encoding="utf-8", errors="replace") as file:
            log = file.read()
        if work.process.returncode != 0:
            said = "\n".join(line for line in log.splitlines() if not line.startswith((*_LINKERS, "ar ")))
            full = " (the disk is full)" if "NoSpaceLeft" in said or "No space left" in said else ""
            raise DriverError(f"zig cannot make the C library of `{work.target}`{full}", status=EXIT_TOOLCHAIN, details=said[-4000:] + "\n",
                              helps=("`-v` shows what it says",))  # fmt: skip
        folder = os.path.join(work.folder, "sysroot")
        os.mkdir(folder)
        files = tuple(_keep(os.path.join(work.folder, path), folder) for path in linked(log))
        missing = [name for name in work.recipe.needs if all(file.name != name for file in files)]
        if missing:
            raise DriverError(f"what zig {version} makes for `{work.target}` is not as expected: there is no `{missing[0]}`",
                              status=EXIT_TOOLCHAIN, details=log[-4000:], helps=("Vitte is tested with ziglang 0.17.1",))  # fmt: skip
        sysroot = Sysroot(work.target, store.folder_of(work.target), f"ziglang {version}, {work.recipe.zig}", files)
        _write(os.path.join(folder, store.MANIFEST), store.encode(sysroot))
        store.install(folder, work.target)
    except OSError as error:
        raise DriverError(f"cannot keep the sysroot of `{work.target}` in `{store.root()}`: {reason(error)}",
                          status=EXIT_TOOLCHAIN) from None  # fmt: skip
    return sysroot


def linked(log: str) -> list[str]:
    """The files of zig's cache in its last linker's command line, in order, without the probe's own. zig puts no quotes around words; the
    paths of its cache are relative and hold no spaces."""
    lines = [line for line in log.splitlines() if line.startswith(_LINKERS)]
    words = lines[-1].split(" ") if lines else []
    paths = [word for word in words if word.startswith((_CACHE + "/", _CACHE + "\\"))]
    return [path for path in paths if not os.path.basename(path.replace("\\", "/")).startswith("probe.")]


def _keep(path: str, folder: str) -> SysrootFile:
    """A copy of a file in `folder`. Raises OSError, `FileExistsError` when there are two of one name."""
    name = os.path.basename(path.replace("\\", "/"))
    with open(path, "rb") as file:
        data = file.read()
    _write(os.path.join(folder, name), data)
    return SysrootFile(name, len(data), sha256(data).hexdigest())


def _write(path: str, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)


class _Ended(BaseException):
    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def _ended_softly() -> Iterator[None]:
    """Signals that would end this process at once unwind it instead, and end it afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        raise _Ended(number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, unwind)
    try:
        yield
    except _Ended as end:
        signal.signal(end.number, signal.SIG_DFL)
        os.kill(os.getpid(), end.number)
        raise SystemExit(128 + end.number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
