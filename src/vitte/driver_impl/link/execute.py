"""Running a plan: response file when the line is long, temporary output renamed only after success, no output left of a failed link."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
from collections.abc import Callable
from time import perf_counter

from msgspec import Struct

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, reason, unwritable
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.link.data import Plan
from vitte.driver_impl.link.programs import environment

RESPONSE_LIMIT = 30_000
"""Characters of a command line above which arguments go into a file; Windows allows 32,767."""

MOST_TEXT = 4 << 20
"""Bytes of complaints after which a linker is ended: gold repeats one without end when the disk is full."""

_CRASH = re.compile(
    r"^(LLVM ERROR|PLEASE submit a bug report|\S*: internal error in |collect2: fatal error: .* terminated with signal )", re.MULTILINE
)
_FULL = "No space left on device"
_OUT_OF_ROOM = -getattr(signal, "SIGBUS", 1 << 32)
"""The status of a program that wrote through memory to a disk that is full; Windows has no such signal."""
_EXCEPTION = 0xC0000000
"""From here on statuses of Windows are exceptions that nobody caught."""


class LinkResult(Struct):
    """`status` 0, or the linker's own; 1 when it said 0 and something that is a failure. `seconds` of wall time."""

    status: int
    stderr: str
    seconds: float = 0.0


def execute(plan: Plan, dry_run: bool = False, log: Callable[[str], None] | None = None) -> LinkResult:
    """Link. On failure neither the temporary output nor an older one is left. `log` is told the command line and how long it took.
    Raises `DriverError` when the linker cannot be started or crashed, or the output cannot be written."""
    if log is not None:
        log(" ".join(plan.command))
    if dry_run:
        return LinkResult(0, "")
    _make_room(plan)
    _write_texts(plan)
    succeeded = False
    response = ""
    try:
        command, response = _command(plan)
        _link_names(plan)
        started = perf_counter()
        status, text = _run(command, plan.folder)
        seconds = perf_counter() - started
        if log is not None:
            log(f"{how(status)}, {seconds * 1000:.1f} ms")
        if status != 0 and (_FULL in text or (status == _OUT_OF_ROOM and _is_short(plan))):
            raise DriverError(f"cannot write `{plan.final}`: {_FULL.lower()}", status=EXIT_TOOLCHAIN, details=text[:4000])
        if crashed(status, text):
            raise DriverError(f"the linker crashed: {how(status)}", status=EXIT_TOOLCHAIN, details=text, helps=(
                "one of the files that it was given may be damaged", "`-v` shows its command; `--linker` names another"))  # fmt: skip
        if status == 0 and any(failure in line for line in text.splitlines() for failure in plan.failures):
            status = 1
        if status == 0:
            if not os.path.isfile(plan.output):
                raise DriverError("the linker says that it succeeded, and wrote nothing", status=EXIT_TOOLCHAIN, details=text)
            if plan.identifier:
                _sign(plan)
            if plan.debug_file:
                _name_debug_file(plan)
            _move(plan.output, plan.final)
            succeeded = True
        return LinkResult(status, text, seconds)
    finally:
        # An older program stays until there is a new one: another command may be running it.
        for path in (plan.output, response, *(path for path, _ in plan.texts), *(() if succeeded else (plan.final, *plan.beside))):
            if path:
                _unlink(path)
        if not succeeded:
            for folder in dict.fromkeys(os.path.dirname(name) for _, name in plan.copies):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # others made of the same sources may be there
        for path in plan.scratch:
            from shutil import rmtree

            rmtree(path, ignore_errors=True)


def _link_names(plan: Plan) -> None:
    """Give files the other names that the linker wants (links where there are any, else copies), and copy those that are to stay."""
    try:
        for source, name in plan.copies:
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(source, "rb") as file:
                write_atomic(name, file.read())
        for source, name in plan.links:
            name = os.path.join(plan.folder, name)
            os.makedirs(os.path.dirname(name), exist_ok=True)
            try:
                os.symlink(os.path.abspath(source), name)
            except (OSError, NotImplementedError):
                from shutil import copyfile

                copyfile(source, name)
    except OSError as error:
        raise unwritable(plan.final, error) from None


def _make_room(plan: Plan) -> None:
    try:
        for path in (os.path.dirname(plan.final), plan.folder):
            if path:
                os.makedirs(path, exist_ok=True)
        if os.path.isdir(plan.final):
            raise IsADirectoryError(21, "is a directory")
    except OSError as error:
        raise unwritable(plan.final, error) from None


def _write_texts(plan: Plan) -> None:
    for path, text in plan.texts:
        try:
            with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise unwritable(path, error) from None


def _command(plan: Plan) -> tuple[list[str], str]:
    """The words to be run, and the response file that they name, "" when they need none."""
    command = plan.command
    if sum(map(len, command)) + len(command) <= RESPONSE_LIMIT:
        return command, ""
    path = os.path.abspath(plan.output + ".rsp")
    name = os.path.basename(path) if plan.folder else path  # it may stand in what the linker writes
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write("\n".join(quoted(word, plan.quoting) for word in plan.arguments) + "\n")
    return [*plan.program, *plan.before_response, "@" + name], path


def _run(command: list[str], folder: str = "") -> tuple[int, str]:
    """The status, negative for a signal, and all that was said."""
    try:
        process = subprocess.Popen(
            command, cwd=folder or None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
        )
    except OSError as error:
        raise DriverError(
            f"cannot start the linker `{command[0]}`: {reason(error)}", status=EXIT_TOOLCHAIN
        ) from None
    assert process.stdout is not None
    try:
        said = process.stdout.read(MOST_TEXT)
        if len(said) == MOST_TEXT:
            process.kill()
        process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        process.stdout.close()
    return process.returncode, said.decode("utf-8", "replace")


def _sign(plan: Plan) -> None:
    """Sign an image where it is, without symbols that are not wanted."""
    from vitte.driver_impl.link.signature import sign

    def signed(image: bytes) -> bytes:
        if plan.thin:
            from vitte.driver_impl.link.symbols import strip

            image = strip(image)
        return sign(image, plan.identifier)

    _change(plan, signed, "an image that cannot be signed")


def _name_debug_file(plan: Plan) -> None:
    from vitte.driver_impl.link.debuglink import attach

    def naming(image: bytes) -> bytes:
        with open(plan.debug_file, "rb") as debug:
            return attach(image, os.path.basename(plan.debug_file), debug.read())

    _change(plan, naming, "what cannot name its debug file")


def _change(plan: Plan, change: Callable[[bytes], bytes], unfit: str) -> None:
    """Make something else of what the linker wrote. `change` raises ValueError for what is `unfit`."""
    try:
        with open(plan.output, "rb") as file:
            image = change(file.read())
        with open(plan.output, "wb") as file:
            file.write(image)
    except ValueError as error:
        raise DriverError(f"the linker wrote {unfit}: {error}", status=EXIT_TOOLCHAIN) from None
    except OSError as error:
        raise unwritable(plan.final, error) from None


def _move(source: str, target: str) -> None:
    """Rename, also to another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise unwritable(target, error) from None
        with open(source, "rb") as file:
            write_atomic(target, file.read(), 0o777)


def quoted(word: str, style: str = "gnu") -> str:
    """A word in a response file, always in quotes. GNU: a backslash before backslashes and quotes. Windows (the rules of
    `CommandLineToArgvW`): backslashes are themselves, but for those that stand before a quote, which are doubled."""
    if style == "windows":
        return '"' + re.sub(r'(\\*)("|$)', lambda m: m.group(1) * 2 + ('\\"' if m.group(2) else ""), word, flags=0) + '"'
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_short(plan: Plan) -> bool:
    """Whether there is less room than the linker's files take: what is written through memory ends the writer by a signal when the disk is
    full, without a word."""
    try:
        room = os.statvfs(os.path.dirname(plan.output) or ".")
        return room.f_bavail * room.f_frsize < sum(os.path.getsize(word) for word in plan.arguments if os.path.isfile(word))
    except OSError:
        return False


def crashed(status: int, text: str) -> bool:
    return status < 0 or status >= _EXCEPTION or (status != 0 and _CRASH.search(text) is not None)


def how(status: int) -> str:
    """`status 1`, the name of a signal, or the number of an exception of Windows."""
    if status >= _EXCEPTION:
        return f"exception 0x{status:08X}"
    if status < 0:
        try:
            return f"signal {-status} ({signal.Signals(-status).name})"
        except ValueError:
            return f"signal {-status}"
    return f"status {status}"


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
