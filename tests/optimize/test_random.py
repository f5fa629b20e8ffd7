"""Random programs do the same before and after optimisation: in the interpreter, and natively at several levels of LLVM."""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.codegen.native import context, execute, program
from tests.optimize.generate import INPUTS, programs, with_main
from vitte import optimize
from vitte.const_eval.machine import Machine, Panic
from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module, print_module
from vitte.ir.ssa_verify import verify

COUNT = 30


def interpret(module: Module, count: int) -> list[object]:
    """Per function and input its result, or the message it panicked with."""
    results: list[object] = []
    for number in range(count):
        for a, b in INPUTS:
            try:
                results.append(Machine([module], step_limit=200_000).call(f"t{number}", a, b))
            except Panic as panic:
                results.append(panic.message)
    return results


@settings(max_examples=12, deadline=None, phases=[Phase.generate])  # a smaller seed is no simpler program
@given(st.integers(1000, 1 << 30))
def test_same_results_in_the_interpreter(seed: int) -> None:
    plain = programs(seed, 2, 25)
    for fn in plain.functions:
        fn.linkage = "external" if fn.symbol[0] == "t" else fn.linkage  # what is called from outside must stay
    assert verify(plain) == []
    text = print_module(plain)
    optimised = optimize.run(parse_module(text), context("3"), verify=True)
    assert interpret(optimised, 2) == interpret(plain, 2), text


@pytest.mark.parametrize("seed", [0, 1, *[pytest.param(n, marks=pytest.mark.slow) for n in range(2, 12)]])
def test_same_behaviour_natively(seed: int, tmp_path: Path) -> None:
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


def test_the_interpreter_agrees_with_machine_code(tmp_path: Path) -> None:
    plain = with_main(programs(77, COUNT), COUNT)
    path = program([plain], "0", tmp_path)
    meant = interpret(plain, COUNT)
    for number in range(COUNT):
        want: list[str] = []
        for result in meant[number * len(INPUTS) : (number + 1) * len(INPUTS)]:
            if isinstance(result, str):
                break
            assert isinstance(result, int)
            want.append(f"{result}\n")
        assert execute(path, str(number))[1] == "".join(want), f"t{number}"


def test_deterministic() -> None:
    texts = [print_module(optimize.run(programs(9, 10), context("3"))) for _ in range(2)]
    assert texts[0] == texts[1]


def test_level_0_does_nothing() -> None:
    module = programs(3, 3)
    before = print_module(module)
    assert print_module(optimize.run(module, context("0"))) == before
