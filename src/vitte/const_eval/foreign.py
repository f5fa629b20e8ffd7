"""C functions that interpreted programs call, on the machine's memory and the host's files. Constants have none of this."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, BinaryIO

from vitte.const_eval.machine import Exit

if TYPE_CHECKING:
    from vitte.const_eval.machine import Machine, Native

STDIO_BUFFER = 4096
"""Bytes that `puts` and `printf` keep back, as C's library does when its output is no terminal."""
SITE_DEPTH = 12
"""How many callers of an allocation are remembered to name its place."""

MATH = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "exp2", "expm1", "log", "log2",
    "log10", "log1p", "cbrt", "sqrt", "floor", "ceil", "trunc", "round", "fabs", "rint", "lgamma", "tgamma", "erf",
)
MATH2 = ("atan2", "pow", "hypot", "fmod", "copysign", "fmin", "fmax", "remainder", "fdim")


def _done(call: Callable[..., None]) -> Callable[..., int]:
    """A call of the host that gives nothing, as one that gives 0."""

    def run(*args: object) -> int:
        call(*args)
        return 0

    return run


class Foreign:
    """The C library of one machine. Standard streams may be given as file objects, else they are the process's descriptors.
    `track`: remember where each allocation was made."""

    def __init__(
        self,
        machine: Machine,
        env: Mapping[str, str],
        streams: Mapping[int, BinaryIO],
        track: bool = False,
    ) -> None:
        self.machine = machine
        self.memory = machine.memory
        self.env = env
        self.streams = streams
        self.track = track
        self.stdio = bytearray()
        self._errno = 0
        self._env_texts: dict[str, int] = {}
        self._libm: dict[str, Native] = {}
        natives: dict[str, Native] = {
            "malloc": self.malloc, "calloc": self.calloc, "realloc": self.realloc, "free": self.memory.free,
            "memcmp": self.memcmp, "memcpy": self.memcpy, "memmove": self.memcpy, "memset": self.memset, "strlen": self.strlen,
            "strcmp": self.strcmp, "write": self.write, "read": self.read, "open": self.open, "close": self.close, "access": self.access,
            "unlink": self.unlink, "__errno_location": self.errno_location, "getenv": self.getenv, "_exit": self.quick_exit,
            "exit": self.exit, "abort": self.abort, "fork": self.fork, "waitpid": self.waitpid, "clock_gettime": self.clock_gettime,
            "getpid": os.getpid, "strtod": self.strtod, "atoi": self.atoi, "abs": abs, "labs": abs, "puts": self.puts,
            "putchar": self.putchar, "printf": self.printf, "toupper": self.toupper, "tolower": self.tolower,
        }
        for name in MATH:
            natives[name] = self._math(name, 1)
        for name in MATH2:
            natives[name] = self._math(name, 2)
        machine.natives.update(natives)

    # --- memory

    def malloc(self, size: int) -> int:
        site = self._site(sys._getframe(1)) if self.track else None
        return self.memory.allocate(size, site)

    def _site(self, frame: FrameType | None) -> object:
        return self.machine.callers(frame, SITE_DEPTH)

    def calloc(self, count: int, size: int) -> int:
        pointer = self.malloc(count * size)
        self.memory.fill(pointer, 0, count * size)
        return pointer

    def realloc(self, pointer: int, size: int) -> int:
        new = self.memory.allocate(size, self._site(sys._getframe(1)) if self.track else None)
        if pointer:
            old = len(self.memory.span(pointer, 0)[0])
            self.memory.copy(new, pointer, min(old, size))
            self.memory.free(pointer)
        return new

    def memcmp(self, a: int, b: int, size: int) -> int:
        left, right = self.memory.read(a, size), self.memory.read(b, size)
        return (left > right) - (left < right)

    def memcpy(self, to: int, source: int, size: int) -> int:
        self.memory.copy(to, source, size)
        return to

    def memset(self, to: int, byte: int, size: int) -> int:
        self.memory.fill(to, byte, size)
        return to

    def strlen(self, pointer: int) -> int:
        return len(self.memory.text(pointer))

    def strcmp(self, a: int, b: int) -> int:
        left, right = self.memory.text(a), self.memory.text(b)
        return (left > right) - (left < right)

    # --- files and streams

    def _host(self, call: Callable[..., int], *args: object) -> int:
        """A call of the host that may fail: -1, and `errno` is set."""
        try:
            return call(*args)
        except OSError as error:
            self._set_errno(error.errno or errno.EIO)
            return -1

    def write(self, fd: int, data: int, count: int) -> int:
        text = self.memory.read(data, count)
        stream = self.streams.get(fd)
        if stream is None:
            return self._host(os.write, fd, text)
        stream.write(text)
        return len(text)

    def read(self, fd: int, to: int, count: int) -> int:
        stream = self.streams.get(fd)
        try:
            text = os.read(fd, count) if stream is None else stream.read(count)
        except OSError as error:
            self._set_errno(error.errno or errno.EIO)
            return -1
        self.memory.write(to, text)
        return len(text)

    def open(self, path: int, flags: int, mode: int = 0o666) -> int:
        return self._host(os.open, self.memory.text(path), flags | getattr(os, "O_CLOEXEC", 0), mode)

    def close(self, fd: int) -> int:
        return self._host(_done(os.close), fd)

    def access(self, path: int, mode: int) -> int:
        name = self.memory.text(path)
        if os.access(name, mode):
            return 0
        self._set_errno(errno.EACCES if os.path.exists(name) else errno.ENOENT)
        return -1

    def unlink(self, path: int) -> int:
        return self._host(_done(os.unlink), self.memory.text(path))

    def errno_location(self) -> int:
        if not self._errno:
            self._errno = self.memory.add_data(bytes(4))
        return self._errno

    def _set_errno(self, number: int) -> None:
        self.memory.store("i32", number, self.errno_location())

    def flush_stdio(self) -> None:
        """What `puts` and `printf` kept back goes out, as at a normal end."""
        if self.stdio:
            text, self.stdio = bytes(self.stdio), bytearray()
            stream = self.streams.get(1)
            if stream is None:
                os.write(1, text)
            else:
                stream.write(text)

    def _print(self, text: bytes) -> int:
        self.stdio += text
        if len(self.stdio) >= STDIO_BUFFER:
            self.flush_stdio()
        return len(text)

    def puts(self, text: int) -> int:
        return self._print(self.memory.text(text) + b"\n")

    def putchar(self, char: int) -> int:
        self._print(bytes((char & 255,)))
        return char & 255

    def printf(self, form: int, *args: int | float) -> int:
        """The conversions of integers, floats, characters, strings and pointers."""
        import re

        rest = list(args)

        def convert(match: re.Match[str]) -> str:
            spec, kind = match.group(1), match.group(3)
            if kind == "%":
                return "%"
            width = spec.count("*")
            for _ in range(width):
                spec = spec.replace("*", str(rest.pop(0)), 1)
            value = rest.pop(0)
            if kind == "s":
                return f"%{spec}s" % self.memory.text(int(value)).decode("latin-1")
            if kind == "c":
                return chr(int(value) & 255)
            if kind == "p":
                return hex(int(value))
            if kind in "uxXo":
                value = int(value) & (0xFFFFFFFFFFFFFFFF if match.group(2) in ("l", "ll", "z") else 0xFFFFFFFF)
                kind = "d" if kind == "u" else kind
            return f"%{spec}{kind}" % value

        text = re.sub(r"%([-+ 0#]*[\d*]*(?:\.[\d*]+)?)(hh|h|ll|l|z|)([diuxXocspfgeEG%])", convert, self.memory.text(form).decode("latin-1"))
        return self._print(text.encode("latin-1"))

    # --- the process

    def getenv(self, name: int) -> int:
        key = self.memory.text(name).decode("utf-8", "surrogateescape")
        value = self.env.get(key)
        if value is None:
            return 0
        if key not in self._env_texts:
            self._env_texts[key] = self.memory.add_data(value.encode("utf-8", "surrogateescape") + b"\0")
        return self._env_texts[key]

    def quick_exit(self, status: int) -> None:
        raise Exit(status & 255)

    def exit(self, status: int) -> None:
        self.flush_stdio()
        raise Exit(status & 255)

    def abort(self) -> None:
        raise Exit(134)

    def fork(self) -> int:
        return self._host(os.fork)

    def waitpid(self, pid: int, status: int, options: int) -> int:
        try:
            child, code = os.waitpid(pid, options)
        except OSError as error:
            self._set_errno(error.errno or errno.ECHILD)
            return -1
        if status:
            self.memory.store("i32", code, status)
        return child

    def clock_gettime(self, clock: int, to: int) -> int:
        now = time.clock_gettime_ns(clock)
        self.memory.store("i64", now // 1_000_000_000, to)
        self.memory.store("i64", now % 1_000_000_000, to + 8)
        return 0

    # --- numbers

    def _math(self, name: str, arity: int) -> Native:
        """A function of the host's libm, which is found at the first call."""

        def call(*args: float) -> float:
            found = self._libm.get(name)
            if found is None:
                import ctypes
                import ctypes.util

                function = getattr(ctypes.CDLL(ctypes.util.find_library("m") or None), name)
                function.restype = ctypes.c_double
                function.argtypes = [ctypes.c_double] * arity
                found = self._libm[name] = function
            return found(*args)  # type: ignore[return-value]

        return call

    def strtod(self, text: int, end: int) -> float:
        import re

        source = self.memory.text(text).decode("latin-1")
        match = re.match(r"\s*[-+]?(inf(inity)?|nan|(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?)", source, re.IGNORECASE)
        if end:
            self.memory.store("ptr", text + (match.end() if match else 0), end)
        return float(match.group()) if match else 0.0

    def atoi(self, text: int) -> int:
        import re

        match = re.match(r"\s*[-+]?\d+", self.memory.text(text).decode("latin-1"))
        return int(match.group()) if match else 0

    def toupper(self, char: int) -> int:
        return char - 32 if 97 <= char <= 122 else char

    def tolower(self, char: int) -> int:
        return char + 32 if 65 <= char <= 90 else char


