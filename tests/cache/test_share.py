"""Merging caches is a set union: any order, any number of times, the same bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cache.kit import digest, entry, fill, in_fork, known
from vitte.driver_impl.cache.incremental import NONE, CacheEntry, CacheKey, IncrementalCache
from vitte.driver_impl.cache.objects import object_path
from vitte.driver_impl.cache.share import merge_from

numbers = st.lists(st.integers(0, 9), max_size=6)


def index_of(folder: str) -> bytes:
    return Path(folder, "index.vitte").read_bytes()


def made(base: str, name: str, chosen: list[int], lost: list[int]) -> str:
    """A cache of some numbers, of which some artifacts are missing."""
    folder = os.path.join(base, name)
    fill(folder, iter([*chosen, 100]))
    for number in lost:
        artifact = digest(f"artifact {number}")
        Path(object_path(folder, artifact)).unlink(missing_ok=True)
    return folder


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=3), st.randoms())
def test_the_laws_of_a_union(caches: list[tuple[list[int], list[int]]], order: object) -> None:
    with tempfile.TemporaryDirectory() as base:
        folders = [made(base, str(at), chosen, lost) for at, (chosen, lost) in enumerate(caches)]
        whole = set().union(*(known(folder) for folder in folders))
        # Into an empty one, in either order.
        merge_from(os.path.join(base, "x"), folders)
        merge_from(os.path.join(base, "y"), folders[::-1])
        assert index_of(f"{base}/x") == index_of(f"{base}/y")
        assert known(f"{base}/x") == whole == {int(item.key.id.removeprefix("demo/m")) for item in IncrementalCache(f"{base}/x").all()}
        # One after the other, and again.
        for folder in folders * 2:
            merge_from(f"{base}/z", [folder])
        assert known(f"{base}/z") == whole
        before = index_of(f"{base}/x")
        again = merge_from(f"{base}/x", [f"{base}/y", f"{base}/x"])
        assert again.values == {"entries": 0, "artifacts": 0, "bytes": 0} and index_of(f"{base}/x") == before
        # Into one of themselves.
        merge_from(folders[0], folders[1:])
        assert index_of(folders[0]) == before and known(folders[0]) == whole


def test_sources_stay_as_they_are(tmp_path: Path) -> None:
    fill(tmp_path / "a", range(2))
    assert in_fork(lambda: fill(tmp_path / "a", range(2, 4), close=False)) == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "a").rglob("*"))
    report = merge_from(str(tmp_path / "b"), [str(tmp_path / "a")])
    assert report.values == {"entries": 4, "artifacts": 4, "bytes": 4 * len("artifact 0")} and report.problems == []
    assert known(tmp_path / "b") == {0, 1, 2, 3}
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "a").rglob("*")) == before


def test_a_damaged_artifact_is_not_taken_over_and_a_whole_one_mends(tmp_path: Path) -> None:
    for name in "abc":
        fill(tmp_path / name, range(2))
    artifact = digest("artifact 1")
    for name in "ac":
        path = Path(object_path(str(tmp_path / name), artifact))
        path.chmod(0o600)
        path.write_bytes(b"artifact !")
    merge_from(str(tmp_path / "new"), [str(tmp_path / "a")])
    assert known(tmp_path / "new") == {0} and len(IncrementalCache(str(tmp_path / "new")).all()) == 1
    merge_from(str(tmp_path / "c"), [str(tmp_path / "a"), str(tmp_path / "b")])
    assert known(tmp_path / "c") == {0, 1}


def test_entries_without_artifact_are_taken_over(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path / "a"))
    cache.put(CacheEntry(CacheKey("front", "x"), digest("x"), NONE, ("a b|c\n=1",)))
    cache.close()
    merge_from(str(tmp_path / "b"), [str(tmp_path / "a")])
    assert IncrementalCache(str(tmp_path / "b")).all() == cache.all()


def test_what_is_no_cache_or_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "other", range(1))
    (tmp_path / "other" / "index.vitte").write_bytes(b"vitte-index 9\n")
    fill(tmp_path / "good", range(1, 2))
    report = merge_from(str(tmp_path / "new"), [str(tmp_path / name) for name in ("empty", "nowhere", "other", "good")])
    assert len(report.problems) == 3 and known(tmp_path / "new") == {1}
    report = merge_from(str(tmp_path / "other"), [str(tmp_path / "good")])
    assert len(report.problems) == 1 and (tmp_path / "other" / "index.vitte").read_bytes() == b"vitte-index 9\n"


def test_a_damaged_index_gives_what_is_good(tmp_path: Path) -> None:
    fill(tmp_path / "a", range(3))
    path = tmp_path / "a" / "index.vitte"
    path.write_bytes(path.read_bytes().replace(b"m1|", b"m5|"))
    report = merge_from(str(tmp_path / "b"), [str(tmp_path / "a")])
    assert len(report.problems) == 1 and known(tmp_path / "b") == {0, 2}


@pytest.mark.parametrize("at", range(0, 10, 3))
def test_every_file_with_a_flipped_bit(tmp_path: Path, at: int) -> None:
    """Whatever file is damaged: what is found is right, and the next build has everything again."""
    fill(tmp_path / "whole", range(3))
    assert in_fork(lambda: fill(tmp_path / "whole", range(3, 4), close=False)) == 0
    for path in sorted(path for path in (tmp_path / "whole").rglob("*") if path.is_file() and path.stat().st_size):
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "whole", copy)
        victim = copy / path.relative_to(tmp_path / "whole")
        data = bytearray(victim.read_bytes())
        data[(len(data) - 1) * at // 9] ^= 1 << at % 8
        victim.chmod(0o600)
        victim.write_bytes(data)
        assert known(copy) <= {0, 1, 2, 3} and len(known(copy)) >= 2
        fill(copy, range(4))
        cache = IncrementalCache(str(copy))
        for item in [entry(number, artifact=f"artifact {number}".encode()) for number in range(4)]:
            if cache.entries(item.key, item.fingerprint) != [item] or cache.read(item.artifact) is None:
                number = int(item.key.id.removeprefix("demo/m"))
                fill(copy, range(number, number + 1))
        assert known(copy) == {0, 1, 2, 3}
        shutil.rmtree(copy)
