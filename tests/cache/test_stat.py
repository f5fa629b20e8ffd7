"""The memo of files read: it may forget, it must not be wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.cache.kit import digest
from vitte.driver_impl.cache import io, stat
from vitte.driver_impl.cache.stat import StatMemo

OLD = 10_000_000_000
"""Nanoseconds: long enough for any clock."""


def later(info: os.stat_result, by: int = OLD) -> int:
    return max(info.st_ctime_ns, info.st_mtime_ns) + by


def learnt(memo: StatMemo, path: Path) -> str:
    """Read a file as a compiler would, long after it was written."""
    info = path.stat()
    found = digest(path.read_bytes())
    memo.learn(str(path), info, found, since=later(info))
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    path = tmp_path / "src" / "a.vit"
    path.write_text("one")
    return path


@pytest.fixture
def memo(tmp_path: Path) -> StatMemo:
    return StatMemo(str(tmp_path / "c" / "stat.vitte"))


def test_what_was_read_need_not_be_read(memo: StatMemo, source: Path) -> None:
    assert memo.digest(str(source)) is None
    found = learnt(memo, source)
    assert memo.digest(str(source)) == found == memo.known(str(source), source.stat())
    memo.save()
    assert StatMemo(memo.path).digest(str(source)) == found
    assert memo.digest(str(source) + "x") is None
    source.unlink()
    assert memo.digest(str(source)) is None


def test_one_that_is_only_read_is_not_written(memo: StatMemo, source: Path) -> None:
    found = learnt(memo, source)
    memo.save()
    before = Path(memo.path).stat()
    other = source.with_name("b.vit")
    other.write_text("two")
    reader = StatMemo(memo.path, kept=False)
    assert reader.digest(str(source)) == found
    assert learnt(reader, other) == reader.digest(str(other))
    reader.settle()
    reader.save()
    assert Path(memo.path).stat() == before
    assert StatMemo(memo.path).digest(str(other)) is None


def test_one_look_at_the_file(memo: StatMemo, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt(memo, source)
    looks: list[str] = []
    monkeypatch.setattr(io, "stat_of", lambda path: looks.append(path) or os.stat(path))
    monkeypatch.setattr(io, "open", None)
    assert memo.digest(str(source)) and looks == [str(source)]


def test_every_edit_is_seen(memo: StatMemo, source: Path) -> None:
    info = source.stat()
    learnt(memo, source)
    source.write_text("two")  # same size, and then the old time is put back
    os.utime(source, ns=(info.st_atime_ns, info.st_mtime_ns))
    after = source.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (info.st_size, info.st_mtime_ns, info.st_ino)
    if after.st_ctime_ns == info.st_ctime_ns:
        pytest.skip("the clock of file times stood still for the whole test")
    assert memo.digest(str(source)) is None
    learnt(memo, source)
    other = source.with_name("b.vit")
    other.write_text("six")
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    other.rename(source)
    assert memo.digest(str(source)) is None
    learnt(memo, source)
    source.write_text("three")
    assert memo.digest(str(source)) is None


def test_a_file_just_written_is_not_believed(tmp_path: Path, source: Path) -> None:
    """It may be written again within one tick of the clock, and look the same."""
    info = source.stat()
    for since in (later(info, 0), later(info, stat.WINDOW), info.st_ctime_ns - 5):
        memo = StatMemo(str(tmp_path / "stat.vitte"))
        memo.learn(str(source), info, digest("one"), since=since)
        assert memo.digest(str(source)) is None
    memo.learn(str(source), info, digest("one"), since=later(info, stat.WINDOW + 1))
    assert memo.digest(str(source)) == digest("one")
    memo.learn(str(source), info, digest("one"), since=later(info, 0))
    assert memo.digest(str(source)) is None, "the later doubt counts"


def test_the_time_that_counts_is_before_the_reading(tmp_path: Path) -> None:
    memo = StatMemo(str(tmp_path / "stat.vitte"))
    path = tmp_path / "new.vit"
    path.write_text("x")
    time.sleep(0.05)  # time enough now, but not when the memo was made
    memo.learn(str(path), path.stat(), digest("x"))
    assert memo.digest(str(path)) is None


def test_whole_seconds_need_more(memo: StatMemo, source: Path) -> None:
    second = 1_000_000_000
    base = list(source.stat())
    info = os.stat_result(base, {"st_mtime_ns": 100 * second, "st_ctime_ns": 100 * second, "st_atime_ns": 0})
    if info.st_ctime_ns != 100 * second:
        pytest.skip("this Python does not let a test make a stat result")
    assert not stat._aged(info, 101 * second) and not stat._aged(info, 102 * second) and stat._aged(info, 102 * second + 1)


def test_a_time_in_the_future_is_not_believed(memo: StatMemo, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt(memo, source)
    memo.save()
    now = source.stat().st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: now - OLD)  # the clock was set back
    assert memo.digest(str(source)) is None
    assert StatMemo(memo.path).digest(str(source)) is None
    monkeypatch.setattr(time, "time_ns", lambda: now + 10 * OLD)
    assert StatMemo(memo.path).digest(str(source)) == digest("one")


def test_a_modification_time_in_the_future_is_never_old(memo: StatMemo, source: Path) -> None:
    os.utime(source, (time.time() + 1e6, time.time() + 1e6))
    memo.learn(str(source), source.stat(), digest("one"))
    assert memo.digest(str(source)) is None


def test_settling_looks_again(tmp_path: Path, source: Path) -> None:
    memo = StatMemo(str(tmp_path / "stat.vitte"))
    young = source.with_name("young.vit")
    young.write_text("young")
    gone = source.with_name("gone.vit")
    gone.write_text("gone")
    for path in (young, gone):
        memo.learn(str(path), path.stat(), digest(path.read_bytes()), since=later(path.stat(), 0))
    gone.unlink()
    young.write_text("mixed")  # edited after the build had read it
    time.sleep(0.05)
    memo.settle()
    assert memo.digest(str(young)) == digest("mixed") and memo.digest(str(gone)) is None
    memo.save()
    assert StatMemo(memo.path).digest(str(young)) == digest("mixed")
    memo.settle()


def test_settling_leaves_what_is_still_young(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = StatMemo(str(tmp_path / "stat.vitte"))
    memo.learn(str(source), source.stat(), digest("one"), since=later(source.stat(), 0))
    now = source.stat().st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: now + 1)
    memo.settle()
    assert memo.digest(str(source)) is None


def test_damage_makes_it_empty(memo: StatMemo, source: Path) -> None:
    learnt(memo, source)
    memo.save()
    whole = Path(memo.path).read_bytes()
    for at in range(len(whole)):
        Path(memo.path).write_bytes(whole[:at])
        assert StatMemo(memo.path).digest(str(source)) is None
        Path(memo.path).write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        assert StatMemo(memo.path).digest(str(source)) is None
    Path(memo.path).write_bytes(whole)
    assert StatMemo(memo.path).digest(str(source)) == digest("one")


@pytest.mark.parametrize("name", ["a b.vit", "a\nb", "a|b", "100%", "é", "e\u0301", "\udc80", "\\", '"'])
def test_odd_names(tmp_path: Path, memo: StatMemo, name: str) -> None:
    path = tmp_path / name
    path.write_text(name.encode("utf-8", "replace").decode())
    found = learnt(memo, path)
    memo.save()
    assert StatMemo(memo.path).digest(str(path)) == found


def test_saving_keeps_what_others_learnt(tmp_path: Path, source: Path) -> None:
    other = source.with_name("b.vit")
    other.write_text("two")
    first, second = StatMemo(str(tmp_path / "stat.vitte")), StatMemo(str(tmp_path / "stat.vitte"))
    learnt(first, source)
    learnt(second, other)
    first.save()
    second.save()
    both = StatMemo(first.path)
    assert both.digest(str(source)) == digest("one") and both.digest(str(other)) == digest("two")


def test_nothing_new_is_not_saved(memo: StatMemo, source: Path) -> None:
    learnt(memo, source)
    memo.save()
    before = os.stat(memo.path).st_mtime_ns, os.stat(memo.path).st_ino
    again = StatMemo(memo.path)
    learnt(again, source)
    again.digest(str(source))
    again.save()
    assert (os.stat(memo.path).st_mtime_ns, os.stat(memo.path).st_ino) == before


def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stat, "MAX_ENTRIES", 3)
    paths = [tmp_path / f"{number}.vit" for number in range(5)]
    memo = StatMemo(str(tmp_path / "stat.vitte"))
    for path in paths[:3]:
        path.write_text(path.name)
        learnt(memo, path)
    memo.save()
    memo = StatMemo(memo.path)
    for path in paths[3:]:
        path.write_text(path.name)
        learnt(memo, path)
    memo.digest(str(paths[0]))
    memo.save()
    memo = StatMemo(memo.path)
    assert [memo.digest(str(path)) is not None for path in paths] == [True, False, False, True, True]


def test_a_place_that_cannot_be_written(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in ("", str(tmp_path / "file" / "stat.vitte")):
        memo = StatMemo(path)
        learnt(memo, source)
        memo.save()
        assert memo.digest(str(source)) == digest("one")


def age(path: Path) -> None:
    """Wait until a folder's last change is old enough to be believed."""
    while time.time_ns() <= later(path.stat(), stat.WINDOW + 10_000_000):
        time.sleep(0.01)


def test_a_folder_is_known_by_its_names(memo: StatMemo, source: Path) -> None:
    folder = source.parent
    age(folder)
    first = memo.folder(str(folder))
    assert first and memo.folder(str(folder)) == first
    source.write_text("another text")
    assert memo.folder(str(folder)) == first
    (folder / "b.vit").write_text("")
    second = memo.folder(str(folder))
    assert second and second != first
    (folder / "b.vit").unlink()
    assert memo.folder(str(folder)) == first
    (folder / "b.vit").mkdir()
    third = memo.folder(str(folder))
    assert third and third not in (first, second), "a folder of that name is no file"
    assert memo.folder(str(folder / "nowhere")) is None and memo.folder(str(source)) is None


def test_an_unchanged_folder_is_not_listed(memo: StatMemo, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    age(source.parent)
    first = memo.folder(str(source.parent))
    memo.save()
    again = StatMemo(memo.path)
    monkeypatch.setattr(io, "scandir", None)
    assert again.folder(str(source.parent)) == first


def test_a_folder_with_symbolic_links_is_not_known(memo: StatMemo, source: Path) -> None:
    (source.parent / "link.vit").symlink_to(source.parent.parent / "later.vit")
    age(source.parent)
    assert memo.folder(str(source.parent)) is None


def test_an_unchanged_folder(memo: StatMemo, source: Path) -> None:
    folder = source.parent
    assert not memo.folder_unchanged(str(folder))
    info = folder.stat()
    memo.learn_folder(str(folder), info, since=later(info, 0))
    assert not memo.folder_unchanged(str(folder)), "too young"
    memo.learn_folder(str(folder), info, since=later(info))
    assert memo.folder_unchanged(str(folder))
    memo.save()
    assert StatMemo(memo.path).folder_unchanged(str(folder))
    time.sleep(0.02)
    (folder / "b.vit").write_text("")
    assert not memo.folder_unchanged(str(folder))
    memo.learn_folder(str(source), source.stat(), since=later(source.stat()))
    assert not memo.folder_unchanged(str(source))


def test_loading_ten_thousand_is_quick(tmp_path: Path) -> None:
    """The least of several runs, with room for a slow machine; on a quiet one it takes 4 ms."""
    facts = {f"/home/somebody/project/src/module{n}/file{n}.vit": f"{n} {n * 7} {n * 9} {n} {digest(str(n))}" for n in range(10_000)}
    path = tmp_path / "stat.vitte"
    path.write_bytes(stat._dump(facts))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        loaded, _ = stat._load(str(path), time.time_ns() + OLD)
        times.append(time.perf_counter() - start)
    assert loaded == facts and min(times) < 0.05
