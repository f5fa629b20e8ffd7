"""The whole wiring in a few seconds, through the public API."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from vitte.driver import DriverContext, DriverError, DriverOptions, EmitKind, check, compile, compile_and_run

HELLO = 'proc main() -> int {\n  println("smoke")\n  give 3\n}\n'


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "smoke.vit"
    path.write_text(HELLO)
    return str(path)


def options(program: str, tmp_path: Path, **more: object) -> DriverOptions:
    return DriverOptions(inputs=(program,), cache_dir=str(tmp_path / "cache"), **more)  # type: ignore[arg-type]


def test_to_an_object_only(program: str, tmp_path: Path) -> None:
    path = str(tmp_path / "smoke.o")
    outcome = compile(options(program, tmp_path, emit=((EmitKind.OBJ, path),)))
    assert outcome.ok and outcome.diagnostics == []
    assert outcome.artifacts == [(EmitKind.OBJ, path)] and outcome.image == ""
    assert Path(path).read_bytes().startswith(b"\x7fELF")


def test_to_a_program_that_runs(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image = str(tmp_path / "smoke")
    outcome = compile(options(program, tmp_path, output=image))
    assert outcome.ok and outcome.image == image
    ran = subprocess.run([image], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (3, b"smoke\n")
    assert compile_and_run(options(program, tmp_path)).status == 3
    assert capfd.readouterr().out == "smoke\n"


def test_check_finds_mistakes_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.vit").write_text('proc main() { let _x: int = "text" }\n')
    outcome = check(options(str(tmp_path / "bad.vit"), tmp_path))
    assert outcome.status == 1 and [d.level for d in outcome.diagnostics] == ["error"]


def test_cache_and_log_are_wired(program: str, tmp_path: Path) -> None:
    lines: list[tuple[int, str, str]] = []
    for _ in range(2):
        lines.clear()
        asked = options(program, tmp_path)
        outcome = check(asked, DriverContext(asked, lambda level, part, text: lines.append((level, part, text))))
        assert outcome.ok
    assert any(part == "pipeline" and text.endswith("nothing to do") for _, part, text in lines)
    assert outcome.built.reused == outcome.built.units


def test_missing_file_is_a_diagnostic_and_missing_package_an_error(tmp_path: Path) -> None:
    outcome = check(options(str(tmp_path / "none.vit"), tmp_path))
    assert [d.code.id for d in outcome.diagnostics] == ["V0600"]
    with pytest.raises(DriverError):
        check(options(str(tmp_path), tmp_path))
