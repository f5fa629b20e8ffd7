"""Reading sources: every way a file can be unfit is a diagnostic, in bounded memory."""

from __future__ import annotations

import os
import stat
import sys

from msgspec import Struct

from vitte.base.diagnostics import Code, Diagnostics, Suggestion
from vitte.base.source import MAX_SOURCE, NO_SPAN, SourceFile, make_span
from vitte.driver.error import reason

UNREADABLE = Code("V0600", "the file cannot be read")
NOT_UTF8 = Code("V0601", "the file is not UTF-8")
TOO_LARGE = Code("V0602", "the file is too large")
BINARY = Code("V0603", "the file is not text")

_MAX_BYTES = MAX_SOURCE
"""A source is at most 64 MiB: what a span can express."""


class Loaded(Struct):
    """`source` is None when the file cannot be used, which has been reported. `info` describes the file as it was before
    and after reading; None when it changed meanwhile, or there is no file."""

    source: SourceFile | None
    raw: bytes
    info: os.stat_result | None = None


def read_source(path: str, display: str, diagnostics: Diagnostics, data: bytes | None = None) -> Loaded:
    """The text of a file, or of `data` when given (standard input). What is wrong goes to `diagnostics`."""
    info = None
    if data is None:
        try:
            data, info = _read(path)
        except OSError as error:
            if isinstance(error, IsADirectoryError):
                diagnostics.error(UNREADABLE, NO_SPAN, f"`{display}` is a directory, not a file", helps=(
                    Suggestion("name a `.vit` file, or a directory with a `vitte.toml`"),))  # fmt: skip
            else:
                why = reason(error)
                diagnostics.error(UNREADABLE, NO_SPAN, f"cannot read `{display}`: {why}")
            return Loaded(None, b"")
    if len(data) > _MAX_BYTES:
        diagnostics.error(TOO_LARGE, NO_SPAN, f"`{display}` is larger than {_MAX_BYTES >> 20} MiB", helps=(
            Suggestion("split it into modules"),))  # fmt: skip
        return Loaded(None, data)
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    try:
        text = data[start:].decode("utf-8") if start else data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = start + error.start
        if b"\0" in data[:8192]:
            diagnostics.error(BINARY, NO_SPAN, f"`{display}` is a binary file, not source text")
        else:
            _not_utf8(data, start, at, display, diagnostics)
        return Loaded(None, data)
    if "\0" in text[:8192]:
        diagnostics.error(BINARY, NO_SPAN, f"`{display}` is a binary file, not source text")
        return Loaded(None, data)
    return Loaded(SourceFile(display, text), data, info)


def _read(path: str) -> tuple[bytes, os.stat_result | None]:
    """All bytes of a regular file; at most one more than allowed of anything else, which may be endless."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        before = os.fstat(fd)
        if stat.S_ISDIR(before.st_mode):
            raise IsADirectoryError(21, "is a directory", path)
        chunks = []
        left = _MAX_BYTES + 1
        while left > 0:
            chunk = os.read(fd, min(left, 1 << 20))
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
        data = b"".join(chunks)
        after = os.fstat(fd)
        same = (before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (len(data), after.st_mtime_ns, after.st_ctime_ns)
        return data, after if same else None
    finally:
        os.close(fd)


def read_stdin() -> bytes:
    return sys.stdin.buffer.read(_MAX_BYTES + 1)


def _not_utf8(data: bytes, start: int, at: int, display: str, diagnostics: Diagnostics) -> None:
    """Point at the first bad byte; what comes before it is text, and bad bytes are shown as marks."""
    offset = len(data[start:at].decode("utf-8"))
    diagnostics.error(
        NOT_UTF8, make_span(offset, offset + 1), f"`{display}` is not UTF-8: byte 0x{data[at]:02x} at offset {at}", "not text",
        helps=(Suggestion("save the file as UTF-8"),),
    )  # fmt: skip


def load_for_display(shown: str, path: str) -> SourceFile | None:
    """A file for snippets: anything readable, bad bytes as marks."""
    try:
        return SourceFile(shown, _read(path)[0][:_MAX_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    except OSError:
        return None


def library_source(shown: str) -> SourceFile | None:
    """A file of the library by its shown path."""
    if not shown.startswith("std/"):
        return None
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return load_for_display(shown, os.path.join(package, shown))


def write_atomic(path: str, data: bytes, mode: int = 0o666) -> None:
    """Write beside the target and rename, so that readers see all or nothing; missing folders are made. Raises OSError."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(fd, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
