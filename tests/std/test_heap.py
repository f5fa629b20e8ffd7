"""The heap of platforms that have none, used at random. It is compiled as a module of a program on this machine, where its pages are made
to lie in one row, to lie apart, and to run out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.forked import vitte

HERE = Path(__file__).parent / "heap"
HEAP = Path(__file__).parent.parent.parent / "src" / "vitte" / "std" / "sys" / "bare" / "heap.vit"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("heap")
    (root / "src").mkdir()
    (root / "vitte.toml").write_text('[package]\nname = "heaps"\n')
    for name in ("main.vit", "pages.vit"):
        (root / "src" / name).write_text((HERE / name).read_text())
    text = HEAP.read_text()
    for old, new in (("space std/sys/heap", "space heap"), ("use std/sys/pages", "use pages")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    # The auditor reads memory of chunks that are not in a block: it must not be told apart by visibility.
    (root / "src" / "heap.vit").write_text(text + (HERE / "audit.vit").read_text())
    return root


def run(package: Path, level: str, *words: object) -> str:
    ran = vitte("run", level, "-q", "--", *map(str, words), cwd=package)
    assert (ran.status, ran.err) == (0, "")
    return ran.out


@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("seed", range(3))
def test_in_one_row(package: Path, level: str, seed: int) -> None:
    assert run(package, level, 40_000, 0, seed, 6_000) == "false\n"


@pytest.mark.parametrize("gap", [16, 48, 4096])
def test_in_many_places(package: Path, gap: int) -> None:
    assert run(package, "-O3", 40_000, gap, 7, 6_000) == "false\n"


@pytest.mark.parametrize(("pages", "gap"), [(60, 0), (60, 32), (3, 0)])
def test_what_is_not_there_is_not_given(package: Path, pages: int, gap: int) -> None:
    assert run(package, "-O3", pages, gap, 11, 6_000) == "true\n"
