"""A sample of the programs under valgrind: no wrong access, no use of uninitialised memory, nothing lost.

The counting allocator of `test_memory.py` sees every program; valgrind sees every access, and is slow.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte

HERE = Path(__file__).parent
SAMPLE = [
    "box_list", "drop_flags", "generic_picks", "list_methods", "map_owning", "program_adventure", "program_huffman", "program_tree_map",
    "string_build", "trait_assoc_types",
]  # fmt: skip


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("name", SAMPLE)
def test_program(name: str, level: str, tmp_path: Path) -> None:
    built = vitte("build", level, "-o", str(tmp_path / name), f"{name}.vit", cwd=HERE)
    assert built.status == 0, built.err
    command = ["valgrind", "-q", "--error-exitcode=77", "--leak-check=full", "--errors-for-leak-kinds=definite", str(tmp_path / name)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode != 77 and "Invalid" not in ran.stderr, ran.stderr
    assert ran.stdout == (HERE / f"{name}.stdout").read_text()


def test_the_sample_exists() -> None:
    assert [name for name in SAMPLE if not (HERE / f"{name}.vit").exists()] == []
