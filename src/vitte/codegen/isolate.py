"""Run work in a process of its own, so that an abort inside LLVM is an exception here and not the end of the compiler.

`fork` makes that cheap (a millisecond or two: memory is shared until written), and the result comes back through a pipe. What the child
writes to standard error is kept for the report and never reaches the terminal.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

P = TypeVar("P")


class BackendCrash(Exception):
    """The worker died. `signal`: the number that ended it, or 0 when it left by itself with `status`. `text`: its standard error."""

    def __init__(self, number: int, status: int, text: str) -> None:
        name = _signal_name(number) if number else f"exit status {status}"
        super().__init__(f"the code generator ended by {name}")
        self.signal = number
        self.status = status
        self.text = text


class WorkerError(Exception):
    """The function raised in the worker. `kind`: the exception's class name; `text`: the traceback there."""

    def __init__(self, kind: str, message: str, text: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.text = text


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run_isolated(fn: Callable[..., bytes], args: tuple[object, ...] = ()) -> bytes:
    """`fn(*args)` in a forked child. Changes it makes to objects are lost; only the bytes come back.
    Raises `BackendCrash` when the child is killed or exits, `WorkerError` when `fn` raises. Where there is no fork, `fn` runs here."""
    if not hasattr(os, "fork"):
        return fn(*args)
    result_read, result_write = os.pipe()
    error_read, error_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _child(fn, args, result_write, error_write)
    os.close(result_write)
    os.close(error_write)
    try:
        result, errors = _collect(result_read, error_read)
    finally:
        _, status = os.waitpid(child, 0)
    text = errors.decode("utf-8", "replace")
    if os.WIFSIGNALED(status):
        raise BackendCrash(os.WTERMSIG(status), 0, text)
    if result[:1] == b"R":
        return result[1:]
    if result[:1] == b"E":
        kind, message, trace = result[1:].decode("utf-8", "replace").split("\0", 2)
        raise WorkerError(kind, message, trace)
    raise BackendCrash(0, os.WEXITSTATUS(status), text)


def _child(fn: Callable[..., bytes], args: tuple[object, ...], out: int, err: int) -> None:
    """Never returns: nothing of the parent's clean-up may run twice."""
    status = 1
    try:
        os.dup2(err, 2)
        handler = sys.modules.get("faulthandler")
        if handler is not None:
            handler.disable()  # it may know another way to the terminal
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            answer = b"R" + fn(*args)
        except Exception as e:
            import traceback

            answer = "\0".join(["E" + type(e).__name__, str(e).replace("\0", " "), traceback.format_exc()]).encode("utf-8", "replace")
        view = memoryview(answer)
        while view:
            view = view[os.write(out, view) :]
        status = 0
    finally:
        os._exit(status)


def _collect(result: int, errors: int) -> tuple[bytes, bytes]:
    """All bytes of both pipes; closes them."""
    chunks: dict[int, list[bytes]] = {result: [], errors: []}
    open_pipes = [result, errors]
    try:
        while open_pipes:
            for pipe in select.select(open_pipes, [], [])[0]:
                data = os.read(pipe, 1 << 20)
                if data:
                    chunks[pipe].append(data)
                else:
                    open_pipes.remove(pipe)
    finally:
        os.close(result)
        os.close(errors)
    return b"".join(chunks[result]), b"".join(chunks[errors])
