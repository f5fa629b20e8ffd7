"""Small runs of all proofs; `python3 x.py soak` makes them long ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incremental import hub, places
from tests.incremental.crash import deletions, interrupts, kills
from tests.incremental.crowd import crowd, racing_edits
from tests.incremental.damage import flips, garbage, others, truncations
from tests.incremental.faults import faults
from tests.incremental.kit import preload
from tests.incremental.replay import replay


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_edits_replayed(tmp_path: Path, std: Path, seed: int) -> None:
    replay(tmp_path, seed, 15, 7, std)


@pytest.mark.parametrize("seed", [2, 3])
def test_kills(tmp_path: Path, std: Path, seed: int) -> None:
    kills(tmp_path, seed, 5, std=std)


def test_deletions(tmp_path: Path, std: Path) -> None:
    assert deletions(tmp_path, 2, 6, std=std) > 0


def test_interrupts(tmp_path: Path) -> None:
    preload()
    parts = interrupts(tmp_path, hub.files(hub.Shares(60, 40, 20, 10)), 2)
    assert sum(parts[:-1]) > 0 and parts[-1] < 60


def test_bits_flipped(tmp_path: Path, std: Path) -> None:
    assert flips(tmp_path, 1, 30, std=std) == 30


def test_index_cut_short(tmp_path: Path, std: Path) -> None:
    assert truncations(tmp_path, 1, 1500, 700, std=std) > 3


def test_garbage(tmp_path: Path, std: Path) -> None:
    assert garbage(tmp_path, 1, std) > 5


def test_caches_of_others(tmp_path: Path, std: Path) -> None:
    assert others(tmp_path, 1, std) == 4


def test_faults(tmp_path: Path, std: Path) -> None:
    tried, calls = faults(tmp_path, 1, 0.012, std=std)
    assert calls > 100 and tried > 10


def test_crowd(tmp_path: Path, std: Path) -> None:
    assert crowd(tmp_path, 1, 8, 2, std=std) == 16


def test_edits_while_building(tmp_path: Path, std: Path) -> None:
    assert racing_edits(tmp_path, 1, 8, std=std) == 8


def test_odd_folders(tmp_path: Path, std: Path) -> None:
    places.odd_folders(tmp_path, 1, std)


def test_odd_files(tmp_path: Path, std: Path) -> None:
    places.odd_roots(tmp_path, 1, places.ODD[::3], std)


def test_links(tmp_path: Path, std: Path) -> None:
    places.links(tmp_path, 1, std)


def test_determinism(tmp_path: Path) -> None:
    places.determinism(tmp_path, 1, [("0", "1"), ("1", "2"), ("4711", "8")])
