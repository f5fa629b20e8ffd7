"""What keeps the code in shape: layers, sizes, tables that agree with the code."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = sorted((ROOT / "src" / "vitte").rglob("*.py"))


def test_imports_go_down_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", SOURCES, ids=[str(path.relative_to(ROOT / "src")) for path in SOURCES])
def test_file_is_of_one_idea(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 800
    module = ast.parse(text)
    assert not text.strip() or ast.get_docstring(module), "a file begins by saying what it is for"


def test_stage_table_agrees_with_the_runner() -> None:
    """`compile_unit` runs stages 1 to 9 by the names and in the order of the table."""
    from vitte.driver_impl.pipeline import compile as runner
    from vitte.driver_impl.pipeline.stages import STAGES

    assert [stage.number for stage in STAGES] == list(range(1, 12))
    tree = ast.parse(inspect.getsource(runner.compile_unit))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    names = [
        node.args[0].value
        for node in calls
        if isinstance(node.func, (ast.Name, ast.Attribute))
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "run"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert names == [stage.name for stage in STAGES if stage.number <= 9]


def test_stage_outputs_fit_the_next_input() -> None:
    from vitte.driver_impl.pipeline.stages import STAGES

    for before, after in zip(STAGES, STAGES[1:], strict=False):
        assert before.output == after.input


def test_every_stage_has_run() -> None:
    from importlib import import_module

    from vitte.driver_impl.pipeline.stages import STAGES

    for stage in STAGES[:9]:
        assert callable(import_module(stage.package).run), stage.package


def test_every_option_says_what_it_can_change() -> None:
    from vitte.driver.options import TRACKED_FIELDS, DriverOptions

    for name, annotation in DriverOptions.__annotations__.items():
        assert str(annotation).startswith(("Tracked[", "TrackedObject[", "Linked[", "Untracked[")), name
    assert "opt_level" in TRACKED_FIELDS and "jobs" not in TRACKED_FIELDS


def test_no_set_is_iterated_in_the_front_end() -> None:
    """Output order must not depend on hashing: no `for` over a set display or `set(...)` call that is not sorted."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.For, ast.comprehension)):
                over = node.iter
                bad = isinstance(over, (ast.Set, ast.SetComp)) or (
                    isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id in ("set", "frozenset")
                )
                assert not bad, f"{path}:{over.lineno} iterates over a set"
