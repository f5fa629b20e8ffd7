"""Facts to keep, and faults to put in the way of keeping them."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.incremental import NONE, CacheEntry, CacheKey, IncrementalCache

KEY = CacheKey("object", "demo/shapes")
PRINT = "ab" * 32


def digest(data: bytes | str) -> str:
    return sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def entry(number: int, kind: str = "object", artifact: bytes | None = None, dependencies: tuple[str, ...] = ("sig:a::f=1",)) -> CacheEntry:
    """One of a row of different entries."""
    return CacheEntry(
        CacheKey(kind, f"demo/m{number}"), digest(str(number)), NONE if artifact is None else digest(artifact), tuple(sorted(dependencies))
    )


def fill(folder: Path | str, numbers: Iterator[int] | range, close: bool = True) -> None:
    """A cache in which each number has an entry and an artifact, `b"artifact N"`."""
    cache = IncrementalCache(str(folder))
    for number in numbers:
        data = f"artifact {number}".encode()
        cache.write(data)
        cache.put(entry(number, artifact=data))
    if close:
        cache.close()


def known(folder: Path | str) -> set[int]:
    """The numbers of `fill` that a new process finds whole. Whatever else is found fails."""
    cache = IncrementalCache(str(folder), "read")
    found = set()
    for item in cache.all():
        number = int(item.key.id.removeprefix("demo/m"))
        data = f"artifact {number}".encode()
        assert item == entry(number, artifact=data)
        read = cache.read(item.artifact)
        if read is not None:
            assert read == data
            found.add(number)
    return found


fingerprints = st.sampled_from([NONE, *(digest(str(number)) for number in range(4))])
words = st.text(st.characters(), max_size=12)
entries = st.builds(
    CacheEntry,
    st.builds(CacheKey, st.text(st.characters(), min_size=1, max_size=6), words),
    fingerprints,
    fingerprints,
    st.lists(words, max_size=4).map(lambda found: tuple(sorted(set(found)))),
)


class Faults:
    """Counts the calls of the disk, and spoils one."""

    def __init__(self, spoil: int, how: Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]) -> None:
        self.calls = 0
        self.spoil = spoil
        self.how = how

    @property
    def fired(self) -> bool:
        return self.calls > self.spoil


@contextmanager
def faults(spoil: int, how: Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]) -> Iterator[Faults]:
    """Within the block the call of number `spoil` (from 0) goes through `how`, with the name of the call, what it really does
    and its arguments."""
    state = Faults(spoil, how)
    real = {name: getattr(io, name) for name in io.CALLS}

    def replaced(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            at = state.calls
            state.calls += 1
            return how(name, real[name], arguments) if at == spoil else real[name](*arguments)

        return call

    for name in real:
        setattr(io, name, replaced(name))
    try:
        yield state
    finally:
        for name, function in real.items():
            setattr(io, name, function)


def in_fork(body: Callable[[], None]) -> int:
    """Run `body` in a forked process that ends without tidying up; its exit code, 0 when `body` came to its end."""
    return ended(start(body))


def ended(pid: int) -> int:
    """The exit code of a process, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start(body: Callable[[], None]) -> int:
    """The id of a forked process that runs `body`."""
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            body()
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    return pid
