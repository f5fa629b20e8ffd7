"""Exactly what is rebuilt: no more, no less, and for which reason. Numbers are those of the build's own report."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.incremental import hub
from tests.incremental.kit import Counts, Result, counts, preload, rebuilt, run, write

SHARES = hub.FULL
REASONS = {
    "first-build", "compiler-changed", "option-changed", "file-moved", "source-changed", "import-changed", "dependency-broken",
    "dependency-mended", "declaration-changed", "result-lost", "not-cached",
}  # fmt: skip
CALLERS = {f"m{n:04}" for n in range(SHARES.callers)}
INSTANCES = {f"m{n:04}" for n in range(SHARES.callers, SHARES.callers + SHARES.instances)}


class Checkout:
    """A copy of the project, with all that was built of it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.env = {"VITTE_CACHE": str(cache), "VITTE_JOBS": "2", "VITTE_NO_SERVER": "1"}

    def vitte(self, command: str, *flags: str) -> Result:
        result = run([command, *flags, "--message-format", "json", "--explain"], self.folder, self.env)
        assert result.status == 0, result.text()
        return result

    def counts(self, command: str = "build", *flags: str) -> Counts:
        return counts(self.vitte(command, *flags))

    def hub(self, text: str) -> None:
        (self.folder / "src" / "hub.vit").write_text(text)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A cold build. Not to be changed."""
    root = tmp_path_factory.mktemp("counts")
    preload()
    write(root / "hubs", hub.files(SHARES))
    checkout = Checkout(root / "hubs", root / "cache")
    cold = checkout.counts()
    assert cold.objects >= SHARES.modules and cold.parsed >= SHARES.modules and cold.checked >= SHARES.modules and cold.linked
    return checkout


@pytest.fixture(scope="session")
def built_with_lines(built: Checkout) -> Checkout:
    folder = built.folder.parent / "lines" / "hubs"
    shutil.copytree(built.folder, folder)
    checkout = Checkout(folder, Path(built.env["VITTE_CACHE"]))
    assert checkout.counts("build", "-g=line").objects >= SHARES.modules
    return checkout


@pytest.fixture
def checkout(built: Checkout, tmp_path: Path) -> Checkout:
    return copied(built, tmp_path)


def copied(built: Checkout, tmp_path: Path) -> Checkout:
    """With the cache of the library: what happens to it in a test stays there."""
    shutil.copytree(built.folder, tmp_path / "hubs")
    shutil.copytree(built.env["VITTE_CACHE"], tmp_path / "cache")
    return Checkout(tmp_path / "hubs", tmp_path / "cache")


def nothing(found: Counts) -> None:
    assert (found.parsed, found.checked, found.objects) == (0, 0, 0)


def test_nothing_to_do(checkout: Checkout) -> None:
    nothing(checkout.counts())
    again = checkout.counts()
    nothing(again)
    assert not again.linked


def test_touched(checkout: Checkout) -> None:
    for stamp in (1_000_000_000, 4_000_000_000):
        for path in checkout.folder.rglob("*.vit"):
            os.utime(path, (stamp, stamp))
        nothing(checkout.counts())


def test_the_whole_checkout_moved(checkout: Checkout, tmp_path: Path) -> None:
    checkout.counts()
    (tmp_path / "somewhere else").mkdir()
    os.rename(checkout.folder, tmp_path / "somewhere else" / "h")
    found = Checkout(tmp_path / "somewhere else" / "h", tmp_path / "cache").counts()
    nothing(found)
    assert not found.linked


@pytest.mark.parametrize("edit", ["signature of f", "body of g"])
def test_there_and_back(checkout: Checkout, edit: str) -> None:
    checkout.hub(hub.edited(edit))
    assert checkout.counts().objects > 1
    checkout.hub(hub.HUB)
    nothing(checkout.counts())
    checkout.hub(hub.edited(edit))
    nothing(checkout.counts())


def test_a_flag_and_back(checkout: Checkout) -> None:
    assert checkout.counts("build", "-O1").objects >= SHARES.modules
    nothing(checkout.counts())
    nothing(checkout.counts("build", "-O1"))
    nothing(checkout.counts("build", "-O0"))


def test_line_tables_and_back(built_with_lines: Checkout, tmp_path: Path) -> None:
    checkout = copied(built_with_lines, tmp_path)
    nothing(checkout.counts("build", "-g=none"))
    nothing(checkout.counts("build", "-g=line"))


@pytest.mark.parametrize("edit", ["comment", "reformat"])
def test_layout_of_text(checkout: Checkout, edit: str) -> None:
    checkout.hub(hub.edited(edit))
    found = checkout.counts()
    assert found.parsed == 1 and found.checked <= 1 and found.objects == 0


@pytest.mark.parametrize(("edit", "objects"), [("comment at the end", 1), ("comment", 1 + SHARES.instances)])
def test_layout_of_text_with_line_tables(built_with_lines: Checkout, tmp_path: Path, edit: str, objects: int) -> None:
    """The lines of a generic body are in the line tables of its instances."""
    checkout = copied(built_with_lines, tmp_path)
    checkout.hub(hub.edited(edit))
    found = checkout.counts("build", "-g=line")
    assert (found.parsed, found.objects) == (1, objects)


@pytest.mark.parametrize("edit", ["private body", "exported body", "new export", "layout"])
def test_only_the_module_itself(checkout: Checkout, edit: str) -> None:
    checkout.hub(hub.edited(edit))
    result = checkout.vitte("build")
    assert counts(result) == Counts(1, 1, 1, True)
    assert rebuilt(result).keys() == {"hub"} and rebuilt(result)["hub"]["reason"] == "source-changed"


def test_declarations_in_another_order(checkout: Checkout) -> None:
    checkout.hub(hub.reordered())
    found = checkout.counts()
    assert (found.parsed, found.checked) == (1, 1) and found.objects <= 1


def test_signature(checkout: Checkout) -> None:
    checkout.hub(hub.edited("signature of f"))
    result = checkout.vitte("build")
    found, units = counts(result), rebuilt(result)
    assert (found.checked, found.objects) == (61, 61)
    assert units.keys() == {"hub", *CALLERS}
    for unit in CALLERS:
        why = units[unit]
        assert (why["reason"], why["edge"], why["declaration"], why["of"]) == ("declaration-changed", "sig", "hub::f", "hub")


def test_generic_body(checkout: Checkout) -> None:
    checkout.hub(hub.edited("body of g"))
    result = checkout.vitte("build")
    found, units = counts(result), rebuilt(result)
    assert found.objects == 26 and found.checked <= 26
    assert units.keys() == {"hub", *INSTANCES}
    assert {units[unit]["edge"] for unit in INSTANCES} == {"body"}


def test_check_pays_for_build(tmp_path: Path, built: Checkout) -> None:
    write(tmp_path / "hubs", hub.files(SHARES))
    checkout = Checkout(tmp_path / "hubs", Path(built.env["VITTE_CACHE"]))
    assert checkout.counts("check").checked >= SHARES.modules
    found = checkout.counts("build")
    assert (found.parsed, found.checked) == (0, 0) and found.objects >= SHARES.modules
    nothing(checkout.counts("check"))
    checkout.hub(hub.edited("private body"))
    assert checkout.counts("check").checked == 1
    found = checkout.counts("build")
    assert (found.parsed, found.checked, found.objects) == (0, 0, 1)


def test_every_reason_is_a_known_one(checkout: Checkout) -> None:
    checkout.hub(hub.edited("signature of f") + "\nproc more() -> int { give 1 }\n")
    (checkout.folder / "src" / "m0100.vit").write_text("pub proc run(x: int) -> int { give x % 2 }\n")
    units = rebuilt(checkout.vitte("build", "-O1"))
    assert units and {str(why["reason"]) for why in units.values()} <= REASONS
    assert units["m0110"]["reason"] == "option-changed"
