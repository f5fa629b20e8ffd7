"""Eviction: the oldest first, nothing of a running build, and the index with the artifacts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.cache.kit import digest, fill, known
from vitte.driver_impl.cache import objects, trim
from vitte.driver_impl.cache.incremental import NONE, CacheEntry, CacheKey, IncrementalCache

HOUR = 3600


def age(folder: Path, number: int, seconds: float) -> Path:
    """Set when the artifact of a number was last used."""
    name = digest(f"artifact {number}")
    path = Path(objects.object_path(str(folder), name))
    os.utime(path, (time.time() - seconds, time.time() - seconds))
    return path


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    fill(tmp_path, range(5))
    for number in range(5):
        age(tmp_path, number, (number + 3) * HOUR)
    size = len("artifact 0")
    done = trim.trim(str(tmp_path), 3 * size + 1)
    assert (done.objects, done.bytes, done.lines, done.left_objects, done.left_bytes) == (2, 2 * size, 2, 3, 3 * size)
    assert known(tmp_path) == {0, 1, 2} and len(IncrementalCache(str(tmp_path)).all()) == 3
    assert trim.trim(str(tmp_path), 3 * size).objects == 0


def test_what_was_used_lately_stays(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    age(tmp_path, 0, HOUR)
    age(tmp_path, 1, 2 * HOUR)
    assert trim.trim(str(tmp_path), 0).objects == 1 and known(tmp_path) == {0, 2}


@pytest.mark.parametrize("use", ["read", "locate", "write"])
def test_every_use_is_marked(tmp_path: Path, use: str) -> None:
    fill(tmp_path, range(1))
    cache = IncrementalCache(str(tmp_path))
    for seconds in (2 * HOUR, 100 * 24 * HOUR, -2 * HOUR):
        path = age(tmp_path, 0, seconds)
        assert getattr(cache, use)(b"artifact 0" if use == "write" else digest("artifact 0"))
        assert abs(path.stat().st_mtime - time.time()) < 60
        assert trim.trim(str(tmp_path), 0).objects == 0
    path = age(tmp_path, 0, objects.MARK - 60)
    before = path.stat().st_mtime
    cache.read(digest("artifact 0"))
    assert path.stat().st_mtime == before and objects.MARK < trim.SPARE - HOUR / 2


def test_a_time_in_the_future_does_not_keep(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    age(tmp_path, 0, -30 * 24 * HOUR)
    age(tmp_path, 1, 3 * HOUR)
    assert trim.trim(str(tmp_path), len("artifact 1")).objects == 1
    assert known(tmp_path) == {1}


def test_lines_without_an_artifact_go(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    age(tmp_path, 1, 0).unlink()
    assert trim.trim(str(tmp_path), 1 << 30).lines == 1
    assert [item.key.id for item in IncrementalCache(str(tmp_path)).all()] == ["demo/m0", "demo/m2"]


def test_what_is_written_meanwhile_stays(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    lines = set((tmp_path / "index.vitte").read_bytes().splitlines()[1:-1])
    assert trim.worth_keeping(str(tmp_path), lines, {}, time.time()) == lines


def test_lines_without_artifacts_go_when_they_outgrow_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = IncrementalCache(str(tmp_path))
    heads = [CacheEntry(CacheKey("head", f"src/{number}.vit"), digest(str(number)), NONE, ("a", "b")) for number in range(5)]
    for item in heads:
        cache.put(item)
    cache.close()
    fill(tmp_path, range(2))
    assert trim.trim(str(tmp_path), 1 << 30).lines == 0
    monkeypatch.setattr(trim, "TIMELESS", 100)
    assert trim.trim(str(tmp_path), 1 << 30).lines == 5 and known(tmp_path) == {0, 1}
    cache = IncrementalCache(str(tmp_path))
    cache.put(heads[0])
    cache.close()
    assert trim.trim(str(tmp_path), 1 << 30).lines == 0


def test_few_candidates_per_key_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = IncrementalCache(str(tmp_path))
    for number in range(6):
        artifact = cache.write(f"artifact {number}".encode())
        cache.put(CacheEntry(CacheKey("object", "a"), digest("k"), artifact, (f"sig:b::f={number}",)))
        age(tmp_path, number, number * 60)
    cache.close()
    monkeypatch.setattr(trim, "CANDIDATES", 4)
    trim.trim(str(tmp_path), 1 << 30)
    left = IncrementalCache(str(tmp_path)).entries(CacheKey("object", "a"), digest("k"))
    assert [item.dependencies for item in sorted(left, key=lambda item: item.dependencies)] == [(f"sig:b::f={n}",) for n in range(4)]


def test_the_index_has_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, range(6))
    for number in range(6):
        age(tmp_path, number, number * 60)
    monkeypatch.setattr(trim, "INDEX_BUDGET", (tmp_path / "index.vitte").stat().st_size // 2)
    trim.trim(str(tmp_path), 1 << 30)
    assert 0 < len(known(tmp_path)) <= 3 and known(tmp_path) == set(range(len(known(tmp_path))))


def test_leftovers_of_killed_processes_go(tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    (tmp_path / "last").mkdir()
    part = next((tmp_path / "objects").iterdir())
    old = [tmp_path / "index.vitte.1-ab.tmp", part / "ab.1-ab.tmp", tmp_path / "last" / "x.tmp"]
    new = tmp_path / "index.vitte.2-ab.tmp"
    other = tmp_path / "mine.txt"
    for path in (*old, new, other):
        path.write_text("")
        if path != new:
            os.utime(path, (1000, 1000))
    trim.trim(str(tmp_path), 1 << 30)
    assert not any(path.exists() for path in old) and new.exists() and other.exists()


def test_notes_of_builds_go_with_their_plans(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    (tmp_path / "last").mkdir()
    for number in range(2):
        (tmp_path / "last" / digest(str(number))[:32]).write_text(digest(f"artifact {number}"))
    age(tmp_path, 0, 3 * HOUR)
    trim.trim(str(tmp_path), 15)
    assert os.listdir(tmp_path / "last") == [digest("1")[:32]]


def test_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(trim, "trim", lambda folder, limit: asked.append(limit))
    monkeypatch.setenv("VITTE_CACHE_SIZE", "3M")
    fill(tmp_path, range(1))
    stamp = tmp_path / "trimmed"
    assert stamp.exists() and asked == [], "a cache's first day"
    fill(tmp_path, range(1, 2))
    assert asked == []
    os.utime(stamp, (time.time() - 25 * HOUR,) * 2)
    fill(tmp_path, range(2))
    assert asked == [], "nothing was written"
    fill(tmp_path, range(2, 3))
    fill(tmp_path, range(3, 4))
    assert asked == [3 << 20] and time.time() - stamp.stat().st_mtime < HOUR
    os.utime(stamp, (time.time() + 25 * HOUR,) * 2)
    fill(tmp_path, range(4, 5))
    assert len(asked) == 2, "a time in the future is no time"


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12", 12), ("2k", 2048), ("3M", 3 << 20), ("1G", 1 << 30), ("", None), ("G", None), ("-1", None), ("1.5G", None)],
)
def test_sizes(text: str, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trim.parse_size(text) == size
    monkeypatch.setenv("VITTE_CACHE_SIZE", text)
    assert trim.budget() == (trim.BUDGET if size is None else size)
