"""Where sysroots are, and how it is known that one is whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.harness.sysroots import pretend
from vitte.driver.error import DriverError
from vitte.driver.target import TARGETS
from vitte.driver_impl import sysroot
from vitte.driver_impl.sysroot import store

NAME = "aarch64-unknown-linux-musl"
TARGET = TARGETS[NAME]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / "roots"))
    return tmp_path / "roots"


def made() -> Path:
    return Path(pretend(NAME, crt1_o=b"start", libc_a=b"!<arch>\nlibrary").folder)


def test_one_is_found_with_its_files_in_order() -> None:
    folder = made()
    found = sysroot.find(TARGET)
    assert found is not None and [file.name for file in found.files] == ["crt1.o", "libc.a"]
    assert found.path("crt1.o") == str(folder / "crt1.o")
    assert found.paths(".a") == (str(folder / "libc.a"),) and len(found.paths()) == 2
    assert sysroot.require(TARGET) == found and sysroot.trouble(TARGET) == "" and sysroot.verify(found) == []
    with pytest.raises(DriverError, match=r"has no `libm\.a`"):
        found.path("libm.a")


def test_without_one_it_is_said_how_it_is_made() -> None:
    assert sysroot.find(TARGET) is None and sysroot.trouble(TARGET) == "" and not sysroot.there(TARGET)
    with pytest.raises(DriverError) as caught:
        sysroot.require(TARGET)
    assert caught.value.status == 3 and caught.value.helps == (f"`vitte target add {NAME}` prepares it, once",)


def shorter(folder: Path) -> None:
    (folder / "libc.a").write_bytes(b"!<arch>\nlib")


def gone(folder: Path) -> None:
    (folder / "crt1.o").unlink()


def no_manifest(folder: Path) -> None:
    (folder / "manifest").unlink()


def edited_manifest(folder: Path) -> None:
    path = folder / "manifest"
    path.write_bytes(path.read_bytes().replace(b"libc.a", b"libd.a"))


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest"
    path.write_bytes(path.read_bytes()[:-10])


def other_version(folder: Path) -> None:
    path = folder / "manifest"
    path.write_bytes(path.read_bytes().replace(b"vitte sysroot 1", b"vitte sysroot 0"))


def other_target(folder: Path) -> None:
    for name in ("crt1.o", "libc.a"):
        (folder / name).unlink()
    (folder / "manifest").unlink()
    folder.rmdir()
    os.rename(pretend("riscv64-unknown-linux-musl", crt1_o=b"x").folder, folder)


@pytest.mark.parametrize(("damage", "words"), [
    (shorter, "`libc.a` has 11 bytes instead of 15"), (gone, "`crt1.o` is missing"), (no_manifest, "it has no manifest"),
    (edited_manifest, "its manifest is damaged"), (cut_manifest, "its manifest is damaged"),
    (other_version, "another version of Vitte made it"), (other_target, "it is one for riscv64-unknown-linux-musl"),
])  # fmt: skip
def test_damage_is_noticed_when_it_is_used(damage: object, words: str) -> None:
    damage(made())  # type: ignore[operator]
    assert sysroot.find(TARGET) is None and sysroot.there(TARGET)
    assert sysroot.trouble(TARGET) == words
    with pytest.raises(DriverError) as caught:
        sysroot.require(TARGET)
    assert words in caught.value.message and caught.value.status == 3 and "makes it again" in caught.value.helps[0]


def test_damage_of_the_same_size_is_found_by_reading() -> None:
    folder = made()
    (folder / "libc.a").write_bytes(b"!<arch>\nlibrarx")
    (folder / "strange").write_bytes(b"")
    found = sysroot.find(TARGET)
    assert found is not None
    assert sysroot.verify(found) == ["`libc.a` is damaged", "`strange` is none of its files"]
    (folder / "libc.a").unlink()
    assert sysroot.verify(found)[0] == "`libc.a` cannot be read: no such file or directory"


def test_it_may_be_moved(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made()
    root.rename(root.with_name("elsewhere"))
    monkeypatch.setenv("VITTE_SYSROOTS", str(root.with_name("elsewhere")))
    found = sysroot.find(TARGET)
    assert found is not None and sysroot.verify(found) == [] and "elsewhere" in found.path("libc.a")


@pytest.mark.parametrize(("environment", "expected"), [
    ({"VITTE_SYSROOTS": "/a/b"}, "/a/b"), ({"VITTE_CACHE": "/c"}, "/c/sysroots"),
    ({"VITTE_CACHE": "off", "XDG_CACHE_HOME": "/x"}, "/x/vitte/sysroots"),
    ({"XDG_CACHE_HOME": "/x"}, "/x/vitte/sysroots"), ({"HOME": "/h"}, "/h/.cache/vitte/sysroots"),
])  # fmt: skip
def test_where_they_are(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VITTE_SYSROOTS", "VITTE_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert store.root() == expected


def test_removing(root: Path) -> None:
    made()
    assert sysroot.remove(NAME) and sysroot.find(TARGET) is None and list(root.iterdir()) == []
    assert not sysroot.remove(NAME)


def test_what_killed_processes_left_is_swept_away_when_it_is_old(root: Path) -> None:
    old, new, other = (root / name for name in (f"{NAME}.1-2.tmp", f"{NAME}.3-4.tmp", "mine.1-2.tmp"))
    for folder in (old, new, other):
        (folder / "z").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (time.time() - 4000,) * 2)
    store.sweep()
    assert sorted(root.iterdir()) == sorted([new, other])


def finished(root: Path, content: bytes) -> str:
    """A folder as `harvest` makes it, not in its place yet."""
    folder = root / f"{NAME}.{len(list(root.iterdir()) if root.exists() else [])}.tmp"
    os.rename(pretend(NAME, crt1_o=content).folder, folder)
    return str(folder)


def test_an_equal_one_stays_and_another_is_replaced(root: Path) -> None:
    root.mkdir()
    first, same, other = finished(root, b"one"), finished(root, b"one"), finished(root, b"two")
    store.install(first, NAME)
    before = os.stat(store.folder_of(NAME)).st_ino
    store.install(same, NAME)
    assert os.stat(store.folder_of(NAME)).st_ino == before
    store.install(other, NAME)
    found = sysroot.find(TARGET)
    assert found is not None and Path(found.path("crt1.o")).read_bytes() == b"two"


def test_a_damaged_one_is_replaced_by_its_equal(root: Path) -> None:
    root.mkdir()
    first, same = finished(root, b"one"), finished(root, b"one")
    store.install(first, NAME)
    Path(store.folder_of(NAME), "crt1.o").write_bytes(b"onx")
    store.install(same, NAME)
    found = sysroot.find(TARGET)
    assert found is not None and sysroot.verify(found) == []
