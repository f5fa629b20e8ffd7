"""MIR text in, SSA text out: `cases/*.mir` beside `*.ssa`. `--bless` rewrites the latter."""

from pathlib import Path

import pytest

from tests.ssa.kit import context
from vitte.ir import lang
from vitte.ir.mir_text import parse_program
from vitte.ir.ssa_text import parse_module, print_module
from vitte.ir.ssa_verify import verify
from vitte.ssa_build import run
from vitte.ssa_build.intrinsics import _TABLE

CASES = sorted(Path(__file__).parent.glob("cases/*.mir"))
OPTIONS: dict[str, dict[str, object]] = {"wrapping": {"overflow_checks": False}, "debug": {"debug_info": "full"}}
"""By file name: what the context is made with."""


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_build(path: Path, request: pytest.FixtureRequest) -> None:
    module = run(parse_program(path.read_text()), context(**OPTIONS.get(path.stem, {})))
    assert verify(module) == []
    text = print_module(module)
    assert parse_module(text) == module
    expected = path.with_suffix(".ssa")
    if request.config.getoption("--bless"):
        expected.write_text(text)
    assert text == expected.read_text()


def test_no_orphans() -> None:
    assert sorted(p.stem for p in Path(__file__).parent.glob("cases/*.ssa")) == [p.stem for p in CASES]


def test_every_intrinsic_has_a_body() -> None:
    assert sorted(_TABLE) == sorted(lang.INTRINSICS)
