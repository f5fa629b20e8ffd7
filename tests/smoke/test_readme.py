"""The programs in the read-me files compile without a word and run as their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.forked import vitte

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "out", "err"), [
    ("README.md", "left: 70\n", "error: Ada has only 70\n"),
    ("README.fr.md", "reste : 70\n", "error: Ada n'a que 70\n"),
])  # fmt: skip
def test_program(name: str, out: str, err: str, tmp_path: Path) -> None:
    found = re.search(r"^```vitte\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.S | re.M)
    assert found
    (tmp_path / "readme.vit").write_text(found.group(1), encoding="utf-8")
    ran = vitte("run", "readme.vit", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (1, out, err)
