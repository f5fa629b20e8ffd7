"""The store of compiled units: damage is a miss, failure to write is no cache, results never differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from vitte.driver_impl.cache.store import Entry, Head, Store, clear, trim, write_atomic

KEY = "ab" * 32
ENTRY = Entry("m", False, b"interface", "digest", b"diagnostics")
HELLO = "use a\nproc main() {\n  println(a.text())\n}\n"
PART = 'pub proc text() -> string { give "hello" }\n'


def test_round_trip(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert store.entry(KEY, "check") is None
    assert store.put(KEY, "check", ENTRY)
    assert store.entry(KEY, "check") == ENTRY
    store.put_head(KEY, Head("s", [(0, ["a"], 1, 2)], 3))
    assert store.head(KEY) == Head("s", [(0, ["a"], 1, 2)], 3)


def test_every_damage_is_a_miss(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(KEY, "check", ENTRY)
    path = Path(store.path(KEY, "check"))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        assert store.entry(KEY, "check") is None
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert store.entry(KEY, "check") is None
    path.write_bytes(whole)
    assert store.entry(KEY, "check") == ENTRY


def test_an_entry_without_its_object_is_a_miss(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    path = store.put_object(KEY, b"object")
    from hashlib import sha256

    store.put(KEY, "build", Entry("m", False, b"", "", b"", sha256(b"object").hexdigest()))
    assert store.entry(KEY, "build") is not None
    Path(path).write_bytes(b"Object")
    assert store.entry(KEY, "build") is None
    os.unlink(path)
    assert store.entry(KEY, "build") is None


def test_modes(tmp_path: Path) -> None:
    Store(str(tmp_path), "read").put(KEY, "check", ENTRY)
    assert Store(str(tmp_path)).entry(KEY, "check") is None
    Store(str(tmp_path)).put(KEY, "check", ENTRY)
    assert Store(str(tmp_path), "read").entry(KEY, "check") == ENTRY
    assert Store(str(tmp_path), "off").entry(KEY, "check") is None


def test_unwritable_folder_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(str(tmp_path / "file" / "inside"))
    assert not store.put(KEY, "check", ENTRY) and store.put_object(KEY, b"x") == "" and store.entry(KEY, "check") is None


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    assert not write_atomic(str(tmp_path / "target"), b"x")
    assert os.listdir(tmp_path) == ["target"]


@pytest.mark.parametrize("part", range(3))
def test_any_damaged_file_is_a_miss(tmp_path: Path, part: int) -> None:
    """Every third file cut short, from each of the first three on: each file of the cache is damaged once."""
    (tmp_path / "main.vit").write_text(HELLO)
    (tmp_path / "a.vit").write_text(PART)
    env = {"VITTE_CACHE": str(tmp_path / "cache")}
    cold = vitte("run", "main.vit", cwd=tmp_path, env=env)
    for path in sorted((tmp_path / "cache" / "v1").rglob("*.*"))[part::3]:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    assert vitte("run", "main.vit", cwd=tmp_path, env=env) == cold
    assert cold.out == "hello\n"


def test_trim_takes_the_oldest_first(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / str(number)
        path.write_bytes(b"x" * 100)
        os.utime(path, (1000 + number, 1000 + number))
    assert trim(str(tmp_path), 250) == 2
    assert sorted(os.listdir(tmp_path)) == ["2", "3"]
    assert clear(str(tmp_path)) == (2, 200)


def test_fresh_files_are_not_trimmed(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"x" * 100)
    assert trim(str(tmp_path), 0) == 0


@pytest.mark.parametrize("engine", [["-O0"], ["--engine", "interp"]])
def test_cold_warm_damaged_and_uncached_runs_agree(tmp_path: Path, engine: list[str]) -> None:
    (tmp_path / "main.vit").write_text(HELLO)
    (tmp_path / "a.vit").write_text(PART)
    env = {"VITTE_CACHE": str(tmp_path / "cache")}
    cold = vitte("run", "main.vit", *engine, cwd=tmp_path, env=env)
    warm = vitte("run", "main.vit", *engine, cwd=tmp_path, env=env)
    for path in sorted((tmp_path / "cache" / "v1").rglob("*.*"))[::3]:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    damaged = vitte("run", "main.vit", *engine, cwd=tmp_path, env=env)
    off = vitte("run", "main.vit", *engine, "--cache", "off", cwd=tmp_path)
    assert cold == warm == damaged == off
    assert cold.out == "hello\n"


def test_warnings_are_replayed(tmp_path: Path) -> None:
    (tmp_path / "main.vit").write_text("use std/math\nproc main() {}\n")
    env = {"VITTE_CACHE": str(tmp_path / "cache")}
    cold = vitte("check", "main.vit", cwd=tmp_path, env=env)
    assert "warning[W" in cold.err
    assert vitte("check", "main.vit", cwd=tmp_path, env=env) == cold


def test_jobs_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "main.vit").write_text(HELLO)
    (tmp_path / "a.vit").write_text(PART)
    images = []
    for jobs in ("1", "3"):
        ran = vitte("build", "main.vit", "-j", jobs, "-o", f"out{jobs}", "--cache", "off", cwd=tmp_path)
        assert ran.status == 0, ran.err
        images.append((tmp_path / f"out{jobs}").read_bytes())
    assert images[0] == images[1]


def test_trimming_happens_once_a_day(tmp_path: Path) -> None:
    from vitte.driver_impl.cache.store import trim_sometimes

    trim_sometimes(str(tmp_path))
    stamp = tmp_path / "trimmed"
    first = stamp.stat().st_mtime_ns
    trim_sometimes(str(tmp_path))
    assert stamp.stat().st_mtime_ns == first
    os.utime(stamp, (1000, 1000))
    trim_sometimes(str(tmp_path))
    assert stamp.stat().st_mtime > 2000
