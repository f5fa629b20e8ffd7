"""Links that leave more than one file: what is remembered is put back each in its own place, or made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from vitte.driver_impl.cache.incremental import CacheKey
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.pipeline import link
from vitte.driver_impl.pipeline.keeps import Keep

LIBRARY = 'export extern "C" proc twice(a: i32) -> i32 {\n  give a + a\n}\n\nexport extern "C" proc one() -> i32 {\n  give 1\n}\n'
PROGRAM = 'use part\n\nproc main() {\n  println("{}", part.one())\n}\n'
PART = "pub proc one() -> int {\n  give 1\n}\n"

CASES = {
    "Windows library": ({"x.vit": LIBRARY}, ("x.vit", "--target", "x86_64-pc-windows", "--kind", "shared", "-g", "--split-debug")),
    "Windows program": ({"x.vit": PROGRAM, "part.vit": PART}, ("x.vit", "--target", "x86_64-pc-windows", "-g", "--split-debug")),
    "macOS program": ({"x.vit": PROGRAM, "part.vit": PART}, ("x.vit", "--target", "aarch64-apple-macos", "-g")),
    "Linux library with header": ({"x.vit": LIBRARY}, ("x.vit", "--kind", "shared", "--emit", "shared,header")),
    "Linux archive": ({"x.vit": LIBRARY}, ("x.vit", "--kind", "static")),
    "macOS archive": ({"x.vit": LIBRARY}, ("x.vit", "--target", "aarch64-apple-macos", "--kind", "static")),
    "Linux object": ({"x.vit": LIBRARY}, ("x.vit", "--kind", "object")),
    "WebAssembly library": ({"x.vit": LIBRARY}, ("x.vit", "--target", "wasm32-wasi", "--kind", "shared")),
    "all units together": ({"x.vit": PROGRAM, "part.vit": PART}, ("x.vit", "--lto", "-O2")),
    "split": ({"x.vit": PROGRAM, "part.vit": PART}, ("x.vit", "-g", "--split-debug")),
    "stripped": ({"x.vit": PROGRAM, "part.vit": PART}, ("x.vit", "-g", "--strip", "--gc-sections", "off", "--icf", "on", "--rpath", "/a")),
}  # fmt: skip


def built(folder: Path, words: tuple[str, ...], *more: str, output: str = "out/made") -> dict[str, bytes]:
    """All files below `out` after a build."""
    ran = vitte("build", *words, "-o", output, *more, cwd=folder, env={"VITTE_CACHE": str(folder / "cache")})
    assert ran.status == 0, ran.err
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / "out").rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_put_back(name: str, tmp_path: Path) -> None:
    sources, words = CASES[name]
    for file, text in sources.items():
        (tmp_path / file).write_text(text)
    (tmp_path / "out").mkdir()
    clean = built(tmp_path, words, "--cache", "off")
    shutil.rmtree(tmp_path / "out")
    first = built(tmp_path, words)
    assert first == clean
    for path in first:
        (tmp_path / path).unlink()
        assert built(tmp_path, words) == clean, f"without {path}"
        (tmp_path / path).write_bytes(b"something else")
        assert built(tmp_path, words) == clean, f"with another {path}"
    shutil.rmtree(tmp_path / "out")
    other = built(tmp_path, words, output="out/other")
    shutil.rmtree(tmp_path / "out")
    assert other == built(tmp_path, words, "--cache", "off", output="out/other")
    # The link alone is remembered: the plan of the whole build is another one.
    (tmp_path / "x.vit").write_text(sources["x.vit"] + "\n// a comment\n")
    assert built(tmp_path, words) == built(tmp_path, words, "--cache", "off")


def test_files_are_told_apart_by_their_places(tmp_path: Path) -> None:
    from vitte.driver_impl.cache.incremental import IncrementalCache

    keep = Keep(IncrementalCache(str(tmp_path / "cache")), StatMemo(""))
    entry, key = CacheKey("image", "x"), "1" * 64
    names = ("made", "a", "b", "c", "d", "e")
    paths = [str(tmp_path / name) for name in names]
    for number, path in enumerate(paths):
        if number != 3:  # a file that this link did not leave
            Path(path).write_text("same" if number in (4, 5) else names[number])
    link._keep_files(keep, entry, key, paths[0], tuple(paths[1:]))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for name in before:
        (tmp_path / name).unlink()
    assert link._known(entry, key, keep, paths[0], tuple(paths[1:])) is not None
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_link_of_which_a_file_could_not_be_kept_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitte.driver_impl.cache.incremental import IncrementalCache

    keep = Keep(IncrementalCache(str(tmp_path / "cache")), StatMemo(""))
    entry, key = CacheKey("image", "x"), "1" * 64
    for name in ("made", "a"):
        (tmp_path / name).write_text(name)
    real = IncrementalCache.write
    monkeypatch.setattr(IncrementalCache, "write", lambda self, data: "" if data == b"a" else real(self, data))
    link._keep_files(keep, entry, key, str(tmp_path / "made"), (str(tmp_path / "a"),))
    (tmp_path / "a").unlink()
    assert link._known(entry, key, keep, str(tmp_path / "made"), (str(tmp_path / "a"),)) is None
