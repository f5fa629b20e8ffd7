"""A cache that is deleted or damaged while a build uses it costs that build time, and does not fail it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.forked import preload, vitte
from tests.incremental.test_plan import MODULES

SOURCES = {**{f"src/{name}.vit": text for name, text in MODULES.items()}, "vitte.toml": '[package]\nname = "demo"\n'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "p"
    for name, text in SOURCES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def delete(folder: Path) -> None:
    for cache in (folder / "target" / "incremental", folder / "cache"):
        shutil.rmtree(cache, ignore_errors=True)


def damage(folder: Path) -> None:
    for path in (folder / "target" / "incremental" / "objects").rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"\x7fELF"):
            path.chmod(0o644)
            path.write_bytes(b"\x7fELX" + path.read_bytes()[4:])


def before(monkeypatch: pytest.MonkeyPatch, place: str, deed: Callable[[], None]) -> None:
    """Do something before each call of a function."""
    from importlib import import_module

    preload()
    module, name = place.rsplit(".", 1)
    real = getattr(import_module(module), name)

    def wrapped(*args: object, **named: object) -> object:
        deed()
        return real(*args, **named)

    monkeypatch.setattr(place, wrapped)


@pytest.mark.parametrize("state", ["new", "edited", "output deleted"])
@pytest.mark.parametrize(
    "place",
    [
        "vitte.driver_impl.link.execute.execute",
        "vitte.driver_impl.pipeline.link.image_key",
        "vitte.driver_impl.pipeline.whole.run_all",
        "vitte.driver_impl.pipeline.whole.locate_objects",
        "vitte.driver_impl.pipeline.emit.write_objects",
        "vitte.driver_impl.pipeline.link.put_files",
    ],
)
@pytest.mark.parametrize("deed", [delete, damage])
def test_the_build_is_right(
    folder: Path, monkeypatch: pytest.MonkeyPatch, state: str, place: str, deed: Callable[[Path], None]
) -> None:
    env = {"VITTE_CACHE": str(folder / "cache"), "VITTE_JOBS": "1"}
    words = ["build", "-o", "program", "--emit", "obj=main.o,bin"]
    if state != "new":
        assert vitte(*words, cwd=folder, env=env).status == 0
    if state == "edited":
        (folder / "src" / "a.vit").write_text(MODULES["a"].replace("1", "5"))
    (folder / "program").unlink(missing_ok=True)
    (folder / "main.o").unlink(missing_ok=True)
    before(monkeypatch, place, lambda: deed(folder))
    ran = vitte(*words, cwd=folder, env=env)
    monkeypatch.undo()
    assert ran.status == 0, ran.err
    got = (folder / "program").read_bytes(), (folder / "main.o").read_bytes()
    assert vitte(*words, "--cache", "off", cwd=folder, env=env).status == 0
    assert got == ((folder / "program").read_bytes(), (folder / "main.o").read_bytes())
