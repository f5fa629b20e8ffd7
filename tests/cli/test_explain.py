"""Every diagnostic has a page, and the examples on it do what it says: the bad one gives exactly that code, the good one none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.harness.forked import vitte
from tests.harness.pages import Example, examples

PAGES = sorted((ROOT / "docs" / "errors").glob("*.md"))
_CODE = re.compile(r"\bCode\(\s*\"([VW]\d{4})\",\s*\"([^\"]*)\"", re.MULTILINE)


def compiled(example: Example, folder: Path) -> list[str]:
    for name, text in {**example.files, "main.vit": example.text}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    command = ["build", f"--emit={example.build}=out"] if example.build else ["check"]
    ran = vitte(*command, "main.vit", "--message-format", "json", cwd=folder)
    assert ran.status in (0, 1), ran.err + ran.out
    return [m["code"]["code"] for m in map(json.loads, ran.out.splitlines()) if m["$message_type"] == "diagnostic"]


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_examples(page: Path, tmp_path: Path) -> None:
    lines = page.read_text().splitlines()
    assert re.fullmatch(rf"# {page.stem}: \S.*", lines[0]), f"the first line is `# {page.stem}: title`"
    for number, example in enumerate(examples(page)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = compiled(example, folder)
        assert set(found) == ({page.stem} if example.kind == "bad" else set()), f"{example.kind} example {number}: {found}"


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    codes: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "vitte").rglob("*.py")):
        for code, title in _CODE.findall(path.read_text()):
            assert codes.setdefault(code, title) == title, f"{code} has two titles"
    assert sorted(codes) == [page.stem for page in PAGES]


def test_explain_shows_the_page() -> None:
    assert vitte("explain", "v0190").out == (ROOT / "docs" / "errors" / "V0190.md").read_text()
    assert vitte("explain", "V0190").status == 0


def test_explain_guesses() -> None:
    ran = vitte("explain", "V01900")
    assert ran.status == 2
    assert "did you mean `V0190`?" in ran.err


def test_explain_list() -> None:
    assert "V0190: module not found\n" in vitte("explain", "--list").out
