"""Random programs do the same before and after optimisation, natively at several levels, with the verifier after every pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.native import context, execute, program
from tests.optimize.generate import programs, with_main
from vitte import optimize
from vitte.ir.ssa_text import parse_module, print_module
from vitte.ir.ssa_verify import verify

COUNT = 40


@pytest.mark.parametrize("seed", range(4))
def test_same_behaviour(seed: int, tmp_path: Path) -> None:
    plain = with_main(programs(seed, COUNT), COUNT)
    assert verify(plain) == []
    text = print_module(plain)
    assert print_module(parse_module(text)) == text
    optimised = optimize.run(parse_module(text), context("2"), verify=True)
    assert verify(optimised) == []
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    reference = program([plain], "0", tmp_path / "a")
    others = [program([optimised], "0", tmp_path / "b"), program([optimised], "3", tmp_path / "b")]
    panics = 0
    for number in range(COUNT):
        want = execute(reference, str(number))
        panics += want[0] == 101
        for other in others:
            got = execute(other, str(number))
            assert got == want, f"t{number} of seed {seed} ({other})"
    assert 0 < panics < COUNT
    assert sum(len(bb.insts) for fn in optimised.functions for bb in fn.blocks) < sum(len(bb.insts) for fn in plain.functions for bb in fn.blocks)


def test_deterministic() -> None:
    texts = [print_module(optimize.run(programs(9, 10), context("3"))) for _ in range(2)]
    assert texts[0] == texts[1]


def test_level_0_does_nothing() -> None:
    module = programs(3, 3)
    before = print_module(module)
    assert print_module(optimize.run(module, context("0"))) == before
