"""`vitte cache dir|stats|fsck|gc|merge|clear`, as a user meets them."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.cache.kit import digest, fill, in_fork, known
from tests.harness.forked import Ran, vitte
from vitte.driver_impl.cache.objects import object_path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a user's cache `user` and a package `app`, whose cache is not there yet."""
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "app" / "vitte.toml").write_text('[package]\nname = "app"\n')
    fill(tmp_path / "user", range(3))
    return tmp_path


def cache(place: Path, *arguments: str, cwd: str = "") -> Ran:
    return vitte("cache", *arguments, cwd=place / cwd, env={"VITTE_CACHE": str(place / "user")})


def reports(ran: Ran) -> list[dict[str, object]]:
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert all(report["type"] == "cache" for report in found)
    return found


def test_the_folders_that_count(place: Path) -> None:
    assert cache(place, "dir").out == f"{place}/user\n"
    own = place / "app" / "target" / "incremental"
    assert [report["folder"] for report in reports(cache(place, "stats", "--message-format", "json"))] == [f"{place}/user"]
    for cwd in ("app", "app/src"):
        ran = cache(place, "stats", "--message-format", "json", cwd=cwd)
        assert [report["folder"] for report in reports(ran)] == [f"{place}/user", str(own)]
        assert f"{own}: there is no cache" in cache(place, "stats", cwd=cwd).out
    ran = cache(place, "stats", "--target-dir", str(place / "t"), "--message-format", "json", cwd="app")
    assert [report["folder"] for report in reports(ran)] == [f"{place}/user", f"{place}/t/incremental"]
    assert [report["folder"] for report in reports(cache(place, "stats", str(own), "--message-format", "json"))] == [str(own)]
    assert not own.exists()


def test_stats(place: Path) -> None:
    assert in_fork(lambda: fill(place / "user", range(3, 4), close=False)) == 0
    size = (place / "user" / "index.vitte").stat().st_size
    (report,) = reports(cache(place, "stats", "--message-format", "json"))
    assert report["values"] == {"entries": 4, "artifacts": 4, "bytes": 40, "journals": 1, "index_bytes": size}
    assert report["kinds"] == {"object": 4} and report["problems"] == []
    ran = cache(place, "stats")
    assert ran.status == 0
    assert ran.out == f"{place}/user: 4 entries (object 4), 4 artifacts of 40 B, index of {size} B, 1 journal\n"


def test_fsck_of_a_whole_cache(place: Path) -> None:
    ran = cache(place, "fsck")
    assert (ran.status, ran.out) == (0, f"{place}/user: 3 entries and 3 artifacts are whole, no problems\n")
    (place / "user" / "mine.txt").write_text("")
    ran = cache(place, "fsck")
    assert ran.status == 0 and "note: " in ran.out and "mine.txt" in ran.out and (place / "user" / "mine.txt").exists()
    assert cache(place, "fsck", "-q").out == ""


def test_fsck_finds_and_removes(place: Path) -> None:
    user = place / "user"
    paths = [Path(object_path(str(user), digest(f"artifact {n}"))) for n in range(3)]
    paths[0].chmod(0o600)
    paths[0].write_bytes(b"artifact !")
    paths[1].unlink()
    (user / "stat.vitte").write_text("vitte-stat 1 7\n")
    (user / "last").mkdir()
    (user / "last" / ("ab" * 16)).write_text("nonsense")
    (user / "last" / ("cd" * 16)).write_text(digest("artifact 1"))
    assert in_fork(lambda: fill(user, range(3, 4), close=False)) == 0
    (journal,) = (user / "journal").iterdir()
    with open(journal, "ab") as file:
        file.write(b"nonsense\n")
    ran = cache(place, "fsck", "--message-format", "json")
    (report,) = reports(ran)
    problems = report["problems"]
    assert ran.status == 1 and isinstance(problems, list)
    assert f"artifact {digest('artifact 0')} is damaged: removed" in problems and "2 entries lead to no artifact: removed" in problems
    for part in ("stat", "note", "journal"):
        assert any(part in problem or "memo" in problem for problem in problems), part
    assert len(problems) == 5 and report["values"] == {"artifacts": 2, "entries": 2}
    assert known(user) == {2, 3} and os.listdir(user / "last") == []
    ran = cache(place, "fsck")
    assert (ran.status, ran.out) == (0, f"{user}: 2 entries and 2 artifacts are whole, no problems\n")


def test_fsck_mends_the_index(place: Path) -> None:
    path = place / "user" / "index.vitte"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    ran = cache(place, "fsck")
    assert ran.status == 1 and "the index is damaged: written anew" in ran.out
    assert cache(place, "fsck").status == 0
    path.write_bytes(b"vitte-index 2\n")
    ran = cache(place, "fsck")
    assert ran.status == 1 and "another version" in ran.out and path.read_bytes() == b"vitte-index 2\n"


def test_gc(place: Path) -> None:
    for path in (place / "user" / "objects").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 7200,) * 2)
    assert "0 artifacts of 0 B and 0 entries removed; left: 3 artifacts of 30 B" in cache(place, "gc").out
    assert "2 artifacts of 20 B and 2 entries removed; left: 1 artifact of 10 B" in cache(place, "gc", "--size", "10").out
    env = {"VITTE_CACHE": str(place / "user"), "VITTE_CACHE_SIZE": "0"}
    assert "left: 0 artifacts of 0 B" in vitte("cache", "gc", env=env).out
    for size in ("1.5G", "-1", "much"):
        ran = cache(place, "gc", "--size", size)
        assert ran.status == 2 and f"`{size}` is no size" in ran.err


def test_merge(place: Path) -> None:
    fill(place / "shard1", range(2, 5))
    fill(place / "shard2", range(6))
    ran = cache(place, "merge", "--into", "all", "shard1", "shard2")
    assert (ran.status, ran.out) == (0, "all: 6 new entries, 6 new artifacts of 60 B\n")
    assert known(place / "all") == set(range(6))
    assert cache(place, "merge", "../shard1", cwd="app").status == 0
    assert known(place / "app" / "target" / "incremental") == {2, 3, 4}
    assert cache(place, "merge", "shard1").status == 0 and known(place / "user") == set(range(5))
    ran = cache(place, "merge", "nowhere")
    assert ran.status == 1 and "`nowhere` is no cache" in ran.out
    assert cache(place, "merge").status == 2


def test_clear_takes_only_its_own(place: Path) -> None:
    user = place / "user"
    (user / "last").mkdir()
    for path in ("mine.txt", "objects/mine.txt", "last/mine.txt", "journal/mine.txt"):
        (user / path).write_text("")
    (user / "last" / ("cd" * 16)).write_text(digest("artifact 1"))
    (user / f"compiler-{'ab' * 16}").write_text("ab" * 32)
    assert in_fork(lambda: fill(user, range(3, 4), close=False)) == 0
    ran = cache(place, "clear")
    assert ran.status == 0 and " files removed, " in ran.out
    left = sorted(str(path.relative_to(user)) for path in user.rglob("*") if path.is_file())
    assert left == ["journal/mine.txt", "last/mine.txt", "mine.txt", "objects/mine.txt"]
    shutil.rmtree(user)
    fill(user, range(1))
    cache(place, "clear")
    assert not user.exists()
    assert cache(place, "clear").out == f"{user}: 0 files removed, 0 B\n"


def test_problems_of_the_disk_are_errors_not_crashes(place: Path) -> None:
    index = place / "user" / "index.vitte"
    index.unlink()
    index.mkdir()
    for action in ("fsck", "gc"):
        ran = cache(place, action)
        assert ran.status == 1 and ran.err.startswith(f"error: `vitte cache {action}` of `{place}/user`: "), ran.err
    assert "the index is damaged" in cache(place, "stats").out
    ran = cache(place, "merge", "--into", "app/vitte.toml/x", "user")
    assert ran.status == 1 and "error: " in ran.err and "Traceback" not in ran.err


def test_wrong_use(place: Path) -> None:
    assert "did you mean `fsck`?" in cache(place, "fsk").err
    assert cache(place).status == 2 and cache(place, "dir", "x").status == 2
    ran = vitte("cache", "dir", env={"VITTE_CACHE": "on", "XDG_CACHE_HOME": "relative", "HOME": "relative"})
    assert ran.status == 2 and "there is no folder for a cache here" in ran.err


def test_a_folder_whose_name_is_not_utf8(place: Path) -> None:
    name = os.fsdecode(os.fsencode(place) + b"/\xff")
    fill(name, range(1))
    for form in ("human", "json"):
        ran = cache(place, "stats", name, "--message-format", form)
        assert ran.status == 0 and "1" in ran.out


def test_a_build_leaves_whole_private_caches(place: Path) -> None:
    """Both caches of a package, made by the compiler: for this user only, nothing in them but the cache's own, all whole."""
    (place / "app" / "src" / "main.vit").write_text("use a\nproc main() {\n  println(a.text())\n}\n")
    (place / "app" / "src" / "a.vit").write_text('pub proc text() -> string { give "one" }\n')
    env = {"VITTE_CACHE": str(place / "new")}
    for text in ("one", "two", "one"):
        (place / "app" / "src" / "a.vit").write_text(f'pub proc text() -> string {{ give "{text}" }}\n')
        assert vitte("run", cwd=place / "app", env=env).out == f"{text}\n"
    for folder in (place / "new", place / "app" / "target" / "incremental"):
        assert folder.stat().st_mode & 0o777 == 0o700 and (folder / "CACHEDIR.TAG").exists()
        ran = vitte("cache", "fsck", str(folder), env=env)
        assert ran.status == 0 and "note" not in ran.out and "no problems" in ran.out
