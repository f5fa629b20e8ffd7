"""The cache as its users see it: found again by other processes, never wrong, never in the way."""

from __future__ import annotations

import os
import signal
import stat
import unicodedata
from pathlib import Path

import pytest

from tests.cache.kit import KEY, PRINT, digest, ended, entry, fill, in_fork, known, start
from vitte.driver_impl.cache import incremental, journal
from vitte.driver_impl.cache.incremental import NONE, CacheEntry, CacheKey, IncrementalCache, with_incremental_cache
from vitte.driver_impl.cache.objects import object_path


def index_of(folder: Path) -> bytes:
    return (folder / "index.vitte").read_bytes()


def test_put_is_found_here_and_by_others(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path / "c"))
    assert cache.entries(KEY, PRINT) == [] and cache.counters.misses == 1
    data = b"an object"
    kept = CacheEntry(KEY, PRINT, cache.write(data), ("names:a=1", "sig:a::f=2"))
    cache.put(kept)
    other = CacheEntry(KEY, PRINT, NONE, ("sig:a::f=3",))
    cache.put(other)
    both = sorted([kept, other])
    for seen in (cache, IncrementalCache(str(tmp_path / "c"), "read")):
        assert sorted(seen.entries(KEY, PRINT)) == both and seen.entries(KEY, "cd" * 32) == []
        assert seen.entries(CacheKey("front", KEY.id), PRINT) == []
        assert seen.read(kept.artifact) == data and Path(seen.locate(kept.artifact)).read_bytes() == data
        assert seen.read(NONE) is None and seen.locate(NONE) == "" and seen.read(digest("nothing")) is None
    cache.close()
    assert os.listdir(tmp_path / "c" / "journal") == []
    assert sorted(IncrementalCache(str(tmp_path / "c")).entries(KEY, PRINT)) == both
    assert cache.notices == []


def test_all_selects(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path))
    items = [CacheEntry(CacheKey(kind, id), PRINT, NONE) for kind in ("a", "b") for id in ("x", "y")]
    for item in items[:2]:
        cache.put(item)
    cache.close()
    for item in items[2:]:
        cache.put(item)
    assert cache.all() == items and cache.all("a") == items[:2] and cache.all("b", "y") == items[3:]
    assert cache.all(id="x") == [items[0], items[2]] and cache.all("c") == []


def test_the_folder_is_private_and_artifacts_are_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "target" / "incremental"
    cache = IncrementalCache(str(folder))
    path = Path(cache.locate(cache.write(b"x")))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert stat.S_IMODE(folder.parent.stat().st_mode) & 0o055, "the package's own folder is for everybody"
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_modes(tmp_path: Path) -> None:
    for mode in ("read", "off"):
        cache = IncrementalCache(str(tmp_path / "c"), mode)
        assert cache.write(b"x") == ""
        cache.put(entry(1))
        cache.close()
        assert not (tmp_path / "c").exists()
    fill(tmp_path / "c", range(2))
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    reader = IncrementalCache(str(tmp_path / "c"), "read")
    assert len(reader.all()) == 2 and reader.read(digest("artifact 1")) == b"artifact 1"
    reader.close()
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before
    off = IncrementalCache(str(tmp_path / "c"), "off")
    assert off.all() == [] and off.read(digest("artifact 1")) is None
    assert IncrementalCache("").mode == "off"


def test_the_order_of_work_leaves_no_trace(tmp_path: Path) -> None:
    fill(tmp_path / "a", range(6))
    fill(tmp_path / "b", range(5, -1, -1))
    fill(tmp_path / "c", range(3, 6))
    fill(tmp_path / "c", range(4))
    assert index_of(tmp_path / "a") == index_of(tmp_path / "b") == index_of(tmp_path / "c")


def test_writing_again_is_cheap(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path))
    path = Path(cache.locate(cache.write(b"x")))
    inode = path.stat().st_ino
    cache.write(b"x")
    assert path.stat().st_ino == inode and cache.counters.written == 1
    cache.put(entry(1))
    size = sum(found.stat().st_size for found in (tmp_path / "journal").iterdir())
    cache.put(entry(1))
    assert sum(found.stat().st_size for found in (tmp_path / "journal").iterdir()) == size and cache.counters.entries == 1


def test_a_damaged_artifact_is_a_miss_and_goes(tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    artifact = digest("artifact 0")
    for damage in (b"", b"artifact", b"artifact 1", b"artifact 0\n"):
        cache = IncrementalCache(str(tmp_path))
        path = Path(cache.locate(artifact) or object_path(str(tmp_path), artifact))
        for ask in (cache.read, cache.locate):
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(damage)
            assert not ask(artifact) and not path.exists()
        assert cache.counters.damaged == 2 and len(cache.notices) == 1
        assert cache.write(b"artifact 0") == artifact and cache.read(artifact) == b"artifact 0"


def test_reading_only_removes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    path = Path(IncrementalCache(str(tmp_path)).locate(digest("artifact 0")))
    path.chmod(0o600)
    path.write_bytes(b"artifact 9")
    reader = IncrementalCache(str(tmp_path), "read")
    assert reader.read(digest("artifact 0")) is None and path.exists() and len(reader.notices) == 1


def test_strange_things_in_the_place_of_files(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    artifact = digest("artifact 0")
    path = Path(object_path(str(tmp_path), artifact))
    path.unlink()
    os.mkfifo(path)
    assert IncrementalCache(str(tmp_path)).read(artifact) is None
    assert IncrementalCache(str(tmp_path)).locate(artifact) == ""
    path.unlink()
    path.mkdir()
    assert IncrementalCache(str(tmp_path)).read(artifact) is None
    (tmp_path / "journal" / "12-ab").mkdir()
    os.mkfifo(tmp_path / "journal" / "13-ab")
    assert known(tmp_path) == {1}
    other = digest("another")
    Path(object_path(str(tmp_path), other)).parent.write_text("a file in the place of a folder")
    cache = IncrementalCache(str(tmp_path))
    assert cache.write(b"artifact 0") == "" == cache.write(b"another") and len(cache.notices) == 1
    assert cache.write(b"artifact 5") and cache.mode == "on"
    (tmp_path / "index.vitte").unlink()
    os.mkfifo(tmp_path / "index.vitte")
    cache = IncrementalCache(str(tmp_path))
    assert cache.all() == [] and len(cache.notices) == 1
    fill(tmp_path, range(5, 7))
    assert known(tmp_path) == {5, 6}
    (tmp_path / "index.vitte").unlink()
    (tmp_path / "index.vitte").mkdir()
    cache = IncrementalCache(str(tmp_path))
    cache.put(entry(8))
    cache.close()
    assert len(cache.notices) == 2 and not cache.entries(entry(9).key, PRINT)


def test_no_record_leads_outside(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path / "c"))
    (tmp_path / "secret").write_text("s")
    for artifact in ("../secret", "/etc/passwd", "", "AB" * 32, "ab" * 31 + "/x", ".." * 32):
        assert cache.read(artifact) is None and cache.locate(artifact) == ""


def test_a_damaged_index_keeps_its_good_lines_and_is_mended(tmp_path: Path) -> None:
    fill(tmp_path, range(4))
    whole = index_of(tmp_path)
    (tmp_path / "index.vitte").write_bytes(whole.replace(b"m2|", b"m7|"))
    cache = IncrementalCache(str(tmp_path))
    assert len(cache.all()) == 3 and cache.counters.damaged and len(cache.notices) == 1
    cache.close()
    assert IncrementalCache(str(tmp_path)).notices == [] and known(tmp_path) == {0, 1, 3}
    fill(tmp_path, range(2, 3))
    assert index_of(tmp_path) == whole


def test_a_foreign_index_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    (tmp_path / "index.vitte").write_bytes(b"vitte-index 2\nwho knows\n")
    cache = IncrementalCache(str(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    assert cache.write(b"new") == "" and cache.all() == [] and cache.read(digest("artifact 1")) is None
    cache.put(entry(9))
    cache.close()
    assert index_of(tmp_path) == b"vitte-index 2\nwho knows\n" and sorted(tmp_path.rglob("*")) == before
    assert len(cache.notices) == 1 and "another version" in cache.notices[0]


def test_a_foreign_journal_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    other = tmp_path / "journal" / "77-ab"
    other.write_bytes(b"vitte-index 2\nwho knows\n")
    fill(tmp_path, range(2, 4))
    assert other.read_bytes() == b"vitte-index 2\nwho knows\n" and known(tmp_path) == {0, 1, 2, 3}


def test_killed_processes_lose_nothing(tmp_path: Path) -> None:
    def die() -> None:
        fill(tmp_path, range(3), close=False)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_fork(die) == -signal.SIGKILL
    torn = next((tmp_path / "journal").iterdir())
    with open(torn, "ab") as file:
        file.write(b"object|demo/m3|half a li")
    assert known(tmp_path) == {0, 1, 2}
    fill(tmp_path, range(5, 6))
    assert os.listdir(tmp_path / "journal") == [] and known(tmp_path) == {0, 1, 2, 5}


def test_the_journal_of_a_living_process_is_read_and_left(tmp_path: Path) -> None:
    living = IncrementalCache(str(tmp_path))
    living.put(entry(1))

    def other() -> None:
        assert IncrementalCache(str(tmp_path)).all() == [entry(1)]
        fill(tmp_path, range(2, 3))

    assert in_fork(other) == 0
    assert len(os.listdir(tmp_path / "journal")) == 1
    living.put(entry(3))
    living.close()
    assert os.listdir(tmp_path / "journal") == [] and len(IncrementalCache(str(tmp_path)).all()) == 3


def test_the_journal_of_a_living_process_is_left_without_locks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(fd: int) -> bool:
        raise OSError(95, "not supported")

    monkeypatch.setattr(journal.io, "lock", no_locks)
    living = IncrementalCache(str(tmp_path))
    living.put(entry(1))
    assert in_fork(lambda: fill(tmp_path, range(2, 3))) == 0
    assert len(os.listdir(tmp_path / "journal")) == 2  # the other died in its turn when it had merged
    living.close()
    fill(tmp_path, range(3, 4))
    assert len(IncrementalCache(str(tmp_path)).all()) == 3


def test_a_fork_has_its_own_journal(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path))
    cache.put(entry(0))

    def child() -> None:
        for number in range(1, 50):
            cache.put(entry(number))
        cache.close()

    assert in_fork(child) == 0
    for number in range(50, 100):
        cache.put(entry(number))
    cache.close()
    assert {item.key.id for item in IncrementalCache(str(tmp_path)).all()} == {f"demo/m{number}" for number in range(100)}


def test_writers_at_once(tmp_path: Path) -> None:
    """Several processes each close many times; everything that was put is found in the end."""

    def writer(first: int) -> None:
        for number in range(first, first + 20):
            fill(tmp_path, range(number, number + 1))

    assert [ended(pid) for pid in [start(lambda first=first: writer(first)) for first in (0, 20, 40)]] == [0, 0, 0]
    fill(tmp_path, range(60, 61))
    assert known(tmp_path) == set(range(61))
    assert os.listdir(tmp_path / "journal") == []


def test_a_large_index_is_not_written_for_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, range(40))
    before = index_of(tmp_path)
    monkeypatch.setattr(incremental, "SMALL_INDEX", 100)
    fill(tmp_path, range(40, 42))
    assert index_of(tmp_path) == before and len(os.listdir(tmp_path / "journal")) == 1 and known(tmp_path) == set(range(42))
    fill(tmp_path, range(42, 60))  # more than a quarter
    assert os.listdir(tmp_path / "journal") == [] and index_of(tmp_path) != before and known(tmp_path) == set(range(60))
    before = index_of(tmp_path)
    monkeypatch.setattr(incremental, "MANY_JOURNALS", 3)
    for number in range(60, 64):
        assert index_of(tmp_path) == before
        fill(tmp_path, range(number, number + 1))
    assert os.listdir(tmp_path / "journal") == [] and known(tmp_path) == set(range(64))


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    fill(tmp_path, range(2))
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_invalidate_goes_along_dependencies(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path))

    def put(kind: str, id: str, *dependencies: str) -> None:
        cache.put(CacheEntry(CacheKey(kind, id), digest(kind + id), NONE, dependencies))

    put("front", "a")
    put("front", "b", "sig:a::f=1")
    put("object", "b", "front b")
    put("object", "c", "names:b=1", "sig:c::x=1")
    put("object", "d", "sig:e::a=1", "case:A=1")
    put("image", "all", "object c", "object d")
    cache.close()
    put("object", "late", "lay:c::T=1")
    assert cache.invalidate(CacheKey("object", "nobody")) == []
    removed = cache.invalidate(CacheKey("front", "b"))
    assert removed == [CacheKey(*words.split()) for words in ("front b", "image all", "object b", "object c", "object late")]
    assert [item.key.id for item in cache.all()] == ["a", "d"]
    assert cache.entries(CacheKey("front", "b"), digest("frontb")) == []
    put("front", "b", "sig:a::f=1")
    cache.close()
    assert [item.key.id for item in IncrementalCache(str(tmp_path)).all()] == ["a", "b", "d"]


def test_the_folder_may_go_or_move_at_any_moment(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    fill(folder, range(2))
    cache = IncrementalCache(str(folder))
    assert len(cache.all()) == 2
    cache.put(entry(2))
    folder.rename(tmp_path / "moved")
    assert cache.read(digest("artifact 1")) is None and cache.locate(digest("artifact 0")) == ""
    assert cache.write(b"again") == digest("again") and cache.read(digest("again")) == b"again"
    cache.put(entry(3))
    cache.close()
    assert cache.notices == []
    assert len(IncrementalCache(str(tmp_path / "moved")).all()) == 4, "its journal went with it"
    assert IncrementalCache(str(tmp_path / "moved")).read(digest("artifact 1")) == b"artifact 1"


def test_a_deleted_folder_is_not_made_again_for_nothing(tmp_path: Path) -> None:
    import shutil

    fill(tmp_path / "c", range(2))
    cache = IncrementalCache(str(tmp_path / "c"))
    cache.put(entry(2))
    shutil.rmtree(tmp_path / "c")
    cache.close()
    assert not (tmp_path / "c").exists() and cache.notices == []
    fill(tmp_path / "c", range(3))
    assert known(tmp_path / "c") == {0, 1, 2}


def test_a_folder_behind_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    fill(tmp_path / "link", range(2))
    assert known(tmp_path / "real") == {0, 1}
    (tmp_path / "dangling").symlink_to("nowhere")
    cache = IncrementalCache(str(tmp_path / "dangling"))
    assert cache.write(b"x") == "" and len(cache.notices) == 1


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        cache = IncrementalCache(str(folder))
        assert cache.entries(KEY, PRINT) == [] and cache.write(b"x") == ""
        cache.put(entry(1))
        cache.close()
        assert len(cache.notices) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_to_write(tmp_path: Path) -> None:
    fill(tmp_path / "c", range(2))
    for path in (tmp_path / "c", tmp_path / "c" / "journal", tmp_path / "c" / "objects"):
        path.chmod(0o500)
    try:
        cache = IncrementalCache(str(tmp_path / "c"))
        cache.put(entry(5))
        assert cache.read(digest("artifact 1")) == b"artifact 1"
        cache.close()
        assert len(cache.notices) == 1
    finally:
        for path in (tmp_path / "c", tmp_path / "c" / "journal", tmp_path / "c" / "objects"):
            path.chmod(0o700)


ODD = ["a b", "a\nb", "a|b", "100%", "a%7Cb", "~", "end 1 ab", "vitte-index 1", "\t", "é", "\U0001f600", "\udc80\udcff", "\ud800"]
ODD += ["\0", "", " "]
ODD += [unicodedata.normalize(form, "Å") for form in ("NFC", "NFD")]


def test_odd_names_are_kept_apart(tmp_path: Path) -> None:
    items = [CacheEntry(CacheKey("front", name), PRINT, NONE, (f"file:{name}=1",)) for name in ODD]
    items += [CacheEntry(CacheKey(name, "id"), PRINT, NONE) for name in ODD if name]
    cache = IncrementalCache(str(tmp_path))
    for item in items:
        cache.put(item)
    for _ in range(2):
        assert len(cache.all()) == len(items)
        for item in items:
            assert cache.entries(item.key, PRINT) == [item]
        cache.close()


@pytest.mark.parametrize("name", ["a b", "a\nb", "a|b%", "é", "\udc80", "x" * 200])
def test_folders_with_odd_names(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name, range(2))
    assert known(tmp_path / name) == {0, 1}


def test_two_step_lookup(tmp_path: Path) -> None:
    cache = IncrementalCache(str(tmp_path))
    world = {"sig:a::f": "1"}
    asked: list[str] = []

    def current(dependencies: tuple[str, ...]) -> bool:
        return all(world.get(name) == value for name, _, value in (text.partition("=") for text in dependencies))

    def compute() -> tuple[bytes, tuple[str, ...]]:
        asked.append(world["sig:a::f"])
        return b"made of " + world["sig:a::f"].encode(), (f"sig:a::f={world['sig:a::f']}",)

    for value, times in (("1", 1), ("1", 1), ("2", 2), ("1", 2), ("2", 2)):
        world["sig:a::f"] = value
        assert with_incremental_cache(cache, KEY, PRINT, current, compute)[0] == f"made of {value}".encode()
        assert len(asked) == times
    Path(cache.locate(digest("made of 2"))).unlink()
    assert with_incremental_cache(cache, KEY, PRINT, current, compute)[0] == b"made of 2" and len(asked) == 3
    off = IncrementalCache(str(tmp_path), "off")
    assert with_incremental_cache(off, KEY, PRINT, current, compute)[0] == b"made of 2" and len(asked) == 4
