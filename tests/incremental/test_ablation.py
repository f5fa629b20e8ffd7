"""Each part of a key and each kind of edge is needed: there is a scenario that is wrong without it, and right with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incremental.ablation import EDGE_SCENARIOS, KEY_SCENARIOS, ablated, outcomes
from vitte.driver_impl.cache.edges import EDGE_KINDS
from vitte.driver_impl.cache.key import KEY_PARTS


def test_there_is_a_scenario_for_everything() -> None:
    assert set(KEY_SCENARIOS) == set(KEY_PARTS)
    assert set(EDGE_SCENARIOS) == set(EDGE_KINDS)


@pytest.mark.parametrize("part", KEY_PARTS)
def test_part_of_the_key(tmp_path: Path, std: Path, part: str) -> None:
    got, wanted = outcomes(tmp_path / "whole", KEY_SCENARIOS[part], std)
    assert got == wanted
    with ablated(part=part):
        got, _ = outcomes(tmp_path / "without", KEY_SCENARIOS[part], std)
    assert got != wanted, f"nothing is wrong without `{part}`"


@pytest.mark.parametrize("kind", EDGE_KINDS)
def test_kind_of_edge(tmp_path: Path, std: Path, kind: str) -> None:
    got, wanted = outcomes(tmp_path / "whole", EDGE_SCENARIOS[kind], std)
    assert got == wanted
    with ablated(edge=kind):
        got, _ = outcomes(tmp_path / "without", EDGE_SCENARIOS[kind], std)
    assert got != wanted, f"nothing is wrong without `{kind}`"
