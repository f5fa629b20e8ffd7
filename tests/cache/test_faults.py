"""A disk that fails at each call in turn, and processes killed at each: the build goes on, and what is found is right."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cache.kit import ended, entry, faults, fill, in_fork, known, start
from vitte.driver_impl.cache.incremental import IncrementalCache
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.cache.trim import trim
from vitte.driver_impl.cache.upkeep import upkeep


def cycle(folder: Path) -> IncrementalCache:
    """All that a build does to a cache: one artifact is there already, one is new, then everything is merged."""
    cache = IncrementalCache(str(folder))
    for number in (0, 7):
        found = cache.entries(entry(number).key, entry(number).fingerprint)
        data = f"artifact {number}".encode()
        if found:
            assert found == [entry(number, artifact=data)]
            read = cache.read(found[0].artifact)
            assert read in (None, data)
            path = cache.locate(found[0].artifact)
            assert path == "" or Path(path).read_bytes() == data
        artifact = cache.write(data)
        if artifact:
            cache.put(entry(number, artifact=data))
    memo = StatMemo(f"{folder}/stat.vitte")
    source = str(folder.parent / "source.vit")
    memo.digest(source)
    memo.learn(source, os.stat(source), "ab" * 32, since=os.stat(source).st_ctime_ns + 10**10)
    memo.folder(str(folder.parent))
    memo.settle()
    memo.save()
    cache.close()
    return cache


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[[int], Path]:
    """Makes copies of one cache, by number: entries in the index, others in the journal of a killed process."""
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "source.vit").write_text("")
    fill(tmp_path / "first" / "c", range(3))
    assert in_fork(lambda: fill(tmp_path / "first" / "c", range(3, 5), close=False)) == 0

    def copy(number: int) -> Path:
        shutil.copytree(tmp_path / "first", tmp_path / str(number))
        return tmp_path / str(number) / "c"

    return copy


def fails_with(number: int) -> Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]:
    def how(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        raise OSError(number, os.strerror(number))

    return how


def short_write(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Half is written and the rest does not fit; other calls fail at once."""
    if name == "write":
        real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def partial_write(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A write may take less than it was given, and the rest the next time."""
    return real(arguments[0], bytes(arguments[1])[:1]) if name == "write" else real(*arguments)


def wrong_bytes(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A disk that reads something else than was written."""
    found = real(*arguments)
    return bytes(byte ^ 4 for byte in found) if name == "read" else found


WAYS = {
    "full": fails_with(errno.ENOSPC),
    "forbidden": fails_with(errno.EACCES),
    "gone": fails_with(errno.ENOENT),
    "there": fails_with(errno.EEXIST),
    "too many files": fails_with(errno.EMFILE),
    "short write": short_write,
    "partial write": partial_write,
    "wrong bytes": wrong_bytes,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_at_every_call(prepared: Callable[[int], Path], way: str) -> None:
    spoil = 0
    while True:
        folder = prepared(spoil)
        with faults(spoil, WAYS[way]) as state:
            cache = cycle(folder)
        assert len(cache.notices) <= 2
        found = known(folder)
        # A whole index that reads as garbage, or is said not to be there, is written anew without what it held.
        assert found >= {1, 2} or way in ("gone", "wrong bytes"), f"call {spoil}: an artifact that nobody touched was lost"
        cycle(folder)
        assert known(folder) >= {0, 7}, f"call {spoil}: the next build did not mend it"
        assert upkeep("fsck", str(folder), [], -1).problems == [] or way == "wrong bytes"
        shutil.rmtree(folder.parent)
        if not state.fired:
            break
        spoil += 1
    assert spoil > 50


def test_killed_at_every_call(prepared: Callable[[int], Path]) -> None:
    def die(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name == "write":
            real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
        os._exit(77)

    spoil = 0
    code = 77
    while code == 77:
        folder = prepared(spoil)

        def child(folder: Path = folder, spoil: int = spoil) -> None:
            with faults(spoil, die):
                cycle(folder)

        code = in_fork(child)
        assert known(folder) >= {0, 1, 2, 3, 4}
        cycle(folder)
        assert known(folder) == {0, 1, 2, 3, 4, 7} and os.listdir(folder / "journal") == []
        shutil.rmtree(folder.parent)
        spoil += 1
    assert code == 0 and spoil > 50


@pytest.mark.parametrize("way", ["full", "gone"])
@pytest.mark.parametrize("action", ["fsck", "gc", "clear", "stats", "merge"])
def test_looking_after_a_failing_disk(tmp_path: Path, prepared: Callable[[int], Path], action: str, way: str) -> None:
    """Each action ends with a report or one `DriverError`."""
    from vitte.driver.error import DriverError

    other = tmp_path / "other"
    fill(other, range(5, 6))
    spoil = 0
    while True:
        folder = prepared(spoil)
        with faults(spoil, WAYS[way]) as state:
            try:
                upkeep(action, str(folder), [str(other)] if action == "merge" else [], 10)
            except DriverError as error:
                assert str(folder) in error.message
        assert known(folder) <= {0, 1, 2, 3, 4, 5} and known(other) == {5}
        shutil.rmtree(folder.parent)
        if not state.fired:
            break
        spoil += 1


def test_evicting_while_others_build(tmp_path: Path) -> None:
    """A trimmer without mercy (everything is old) beside builders: each of them reads what is right, or nothing."""
    fill(tmp_path, range(30))

    def trimmer() -> None:
        for _ in range(15):
            for path in (tmp_path / "objects").rglob("*"):
                try:
                    if len(path.name) == 62:
                        os.utime(path, (1000, 1000))
                except OSError:
                    continue
            trim(str(tmp_path), 100)

    def builder() -> None:
        for round in range(8):
            cache = IncrementalCache(str(tmp_path))
            for number in range(30):
                data = f"artifact {number}".encode()
                item = entry(number, artifact=data)
                assert cache.entries(item.key, item.fingerprint) in ([], [item])
                if (number + round) % 3:
                    assert cache.read(item.artifact) in (None, data)
                else:
                    assert cache.write(data) == item.artifact
                    cache.put(item)
            cache.close()

    assert [ended(pid) for pid in [start(trimmer), start(builder), start(builder)]] == [0, 0, 0]
    known(tmp_path)
    fill(tmp_path, range(30))
    assert known(tmp_path) == set(range(30))
