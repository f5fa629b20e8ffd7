"""The reason that is given for a rebuilt unit, where several could be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness.forked import vitte

TEXT = 'use part\n\nproc main() {\n  println("{}", part.one())\n}\n'
PART = 'pub proc one() -> int {\n  give 1\n}\n\ntest "one" {\n  assert one() == 1\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.vit").write_text(TEXT)
    (tmp_path / "src" / "part.vit").write_text(PART)
    (tmp_path / "vitte.toml").write_text('[package]\nname = "demo"\n')
    return tmp_path


def reasons(folder: Path, command: str, *options: str) -> dict[str, str]:
    """Reason by module, of the package's own."""
    ran = vitte(command, "--explain", "--message-format", "json", *options, cwd=folder)
    lines = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
    found = [line for line in lines if line["$message_type"] == "rebuilt" and not line["unit"].startswith("std/")]
    return {line["unit"]: line["reason"] for line in found}


def test_the_last_build_with_the_same_options_is_compared(folder: Path) -> None:
    assert set(reasons(folder, "build").values()) == {"first-build"}
    assert reasons(folder, "test")["part"] == "option-changed"
    (folder / "src" / "part.vit").write_text(PART.replace("give 1", "give two() - 1\n}\n\nproc two() -> int {\n  give 2"))
    assert reasons(folder, "build") == {"part": "source-changed"}
    assert reasons(folder, "test")["part"] == "source-changed"


@pytest.mark.parametrize("before", ["check", "build"])
def test_tests_take_over_what_was_checked(folder: Path, before: str) -> None:
    vitte(before, cwd=folder)
    ran = vitte("test", "--explain", "--message-format", "json", cwd=folder)
    lines = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
    build = next(line for line in lines if line["$message_type"] == "build")
    assert (build["parsed"], build["checked"]) == (0, 0) and build["objects"] > 0
    assert all(line["did"] == ["object"] for line in lines if line["$message_type"] == "rebuilt")


def test_an_option_that_was_never_given_is_the_reason(folder: Path) -> None:
    reasons(folder, "build")
    assert set(reasons(folder, "build", "-O1").values()) == {"option-changed"}
    assert reasons(folder, "build") == {}
