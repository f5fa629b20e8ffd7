"""Wine's surroundings: a prefix (what is a Windows machine to the program) of Vitte's own, and a server that stays for a while.

The prefix lies in the cache folder and is made once. A program's start takes Wine most of a second when it must start its server and
services, and some hundredths when they are there: so the server is told to stay for `KEEP` seconds after the last program has ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver_impl.cache import io

KEEP = 30
"""Seconds for which Wine's server stays after the last program."""
_READY = "vitte-ready"
"""A file in a prefix that is complete."""
_QUIET = {"WINEDEBUG": "-all"}
_PASSED = ("HOME", "USER", "LOGNAME", "DISPLAY", "XDG_RUNTIME_DIR", "TMPDIR", "WINEPREFIX", "WINEDEBUG", "WINEDLLOVERRIDES", "WINEARCH")
"""What Wine itself wants of the environment, also when the program is to see nothing of it."""


def environment(given: dict[str, str], cache_folder: str) -> dict[str, str]:
    """The program's environment with what Wine needs. Raises `DriverError` when there is no place for a prefix."""
    result = {**{name: os.environ[name] for name in _PASSED if name in os.environ}, **given}
    for name, value in _QUIET.items():
        result.setdefault(name, value)
    if not result.get("WINEPREFIX"):
        if not cache_folder:
            raise DriverError("there is no place for Wine's files", helps=("set VITTE_CACHE or WINEPREFIX to a folder",))
        result["WINEPREFIX"] = os.path.join(os.path.abspath(cache_folder), "wine")
    return result


def prepare(wine: str, surroundings: dict[str, str], tell: Callable[[str], None]) -> None:
    """See to it that the prefix is there, when it is ours, and that the server stays. `tell` is told what takes long.
    Raises `DriverError`."""
    prefix = surroundings["WINEPREFIX"]
    if os.environ.get("WINEPREFIX") != prefix:
        _make(wine, prefix, surroundings, tell)
    _keep_server(wine, surroundings)


def _make(wine: str, prefix: str, surroundings: dict[str, str], tell: Callable[[str], None]) -> None:
    ready = os.path.join(prefix, _READY)
    if os.path.exists(ready):
        return
    try:
        os.makedirs(os.path.dirname(prefix), exist_ok=True)
        lock = io.open(prefix + ".lock", io.LOCKFILE)
    except OSError as error:
        raise _failed(error.strerror or str(error)) from None
    try:
        _wait(lock)
        if os.path.exists(ready):
            return
        tell("preparing Wine, once")
        from shutil import rmtree

        rmtree(prefix, ignore_errors=True)
        # Programs without windows need neither a browser engine nor .NET, which Wine would ask to download.
        quiet = {**surroundings, "WINEDLLOVERRIDES": "mscoree,mshtml="}
        ran = subprocess.run([wine, "wineboot", "-i"], env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, check=False)  # fmt: skip
        if ran.returncode != 0 or not os.path.isfile(os.path.join(prefix, "system.reg")):
            raise _failed(f"`wineboot` ended with status {ran.returncode}", ran.stderr.decode("utf-8", "replace"))
        io.write_file(ready, b"")
    except OSError as error:
        raise _failed(error.strerror or str(error)) from None
    finally:
        io.unlock(lock)
        io.shut(lock)


def _wait(lock: int) -> None:
    """Another process makes the prefix at this moment."""
    from time import sleep

    while not io.lock(lock):
        sleep(0.1)


def _keep_server(wine: str, surroundings: dict[str, str]) -> None:
    """Start the server with its time to stay; one that runs already goes on."""
    from shutil import which

    folders = os.path.dirname(os.path.realpath(wine))
    server = which("wineserver64", path=folders) or which("wineserver", path=folders) or which("wineserver")
    if server is not None and sys.platform != "win32":
        try:
            subprocess.run([server, f"-p{KEEP}"], env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)  # fmt: skip
        except OSError:
            pass


def _failed(why: str, details: str = "") -> DriverError:
    return DriverError(f"Wine cannot be prepared: {why.lower()}", status=EXIT_TOOLCHAIN, details=details,
                       helps=("WINEPREFIX names a prefix that is ready",))  # fmt: skip
