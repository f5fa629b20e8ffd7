"""MIR of small programs as it is written beside them: own procedures, instances and glue, without spans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.forked import vitte

HERE = Path(__file__).parent / "golden"
CASES = sorted(HERE.glob("*.vit"))
_SPAN = re.compile(r" @\d+\+\d+")


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_mir(path: Path, bless: bool) -> None:
    ran = vitte("emit", "--stage", "mir", path.name, cwd=HERE)
    assert ran.status == 0, ran.err
    text = _SPAN.sub("", ran.out)
    blocks = [b for b in text.split("\n\n") if not b.startswith(("mir ", "fn std/"))]
    shown = "\n\n".join("\n".join(line for line in b.splitlines() if not line.startswith("  file ")) for b in blocks).rstrip() + "\n"
    expected = path.with_suffix(".mir")
    if bless:
        expected.write_text(shown)
    assert shown == expected.read_text()


def test_every_golden_has_a_program() -> None:
    assert [p.name for p in sorted(HERE.glob("*.mir")) if not p.with_suffix(".vit").exists()] == []
