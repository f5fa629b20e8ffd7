"""The programs of `tests/ui/names` with parsing and lowering alone: the marks of this stage hold without any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.programs import marks, programs, title
from tests.lower.support import lower_text
from vitte.ir import hir_verify

NAMES = Path(__file__).parent.parent / "ui" / "names"
CASES = programs(NAMES)


@pytest.mark.parametrize("path", CASES, ids=[title(path, NAMES) for path in CASES])
def test_marks(path: Path) -> None:
    files: dict[str, str] = {}
    if path.name == "main.vit":
        for other in sorted(path.parent.rglob("*.vit")):
            files[str(other.relative_to(path.parent).with_suffix(""))] = other.read_text()
    lowered = lower_text(path.read_text(), "main", files)
    expected = [mark for mark in marks(path) if mark[1][:3] in ("V00", "V01", "V09", "W01")]
    assert sorted(lowered.found) == expected
    assert hir_verify.verify(lowered.module, lowered.ctx) == []
