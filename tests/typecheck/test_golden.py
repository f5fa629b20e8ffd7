"""What type checking makes of a program, as THIR text: coercions, call targets, patterns and sugar made plain.

Beside `golden/NAME.vit` stands `golden/NAME.thir`; `--bless` writes it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typecheck.support import check_text
from vitte.ir import thir_text, thir_verify

HERE = Path(__file__).parent / "golden"
PROGRAMS = sorted(HERE.glob("*.vit"))


@pytest.mark.parametrize("path", PROGRAMS, ids=[p.stem for p in PROGRAMS])
def test_thir(path: Path, bless: bool) -> None:
    checked = check_text(path.read_text(), path.stem)
    assert checked.text == ""
    assert list(thir_verify.verify(checked.module, checked.ctx)) == []
    text = thir_text.print_module(checked.module)
    expected = path.with_suffix(".thir")
    if bless:
        expected.write_text(text)
    assert text == expected.read_text()


def test_every_expected_text_has_a_program() -> None:
    assert sorted(p.stem for p in HERE.glob("*.thir")) == [p.stem for p in PROGRAMS]
