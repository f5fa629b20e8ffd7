"""Builds over several processes: order, workers that die, what is kept of a build that was cut off."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.harness.forked import Ran, vitte
from vitte.driver_impl.pipeline.units import Workshop


def package(folder: Path, modules: dict[str, str]) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "vitte.toml").write_text('[package]\nname = "demo"\n')
    for name, text in modules.items():
        (folder / "src" / f"{name}.vit").write_text(text)
    return folder


MODULES = {
    "base": "pub proc one() -> int {\n  give 1\n}\n",
    "left": "use base\n\npub proc two() -> int {\n  give base.one() + 1\n}\n",
    "right": "use base\n\npub proc three() -> int {\n  give base.one() + 2\n}\n",
    "main": "use left\nuse right\n\nproc main() {\n  println(left.two() * right.three())\n}\n",
}


def build(folder: Path, *arguments: str) -> tuple[Ran, dict[str, object]]:
    ran = vitte("build", "--explain", "--message-format", "json", *arguments, cwd=folder)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return ran, next((line for line in lines if line["$message_type"] == "build"), {})


def dies_once(monkeypatch: pytest.MonkeyPatch, flag: Path, module: str, how: int) -> None:
    """The first process that is to compile `module` ends by a signal."""
    compile = Workshop.compile

    def dying(self: Workshop, index: int, *rest: object) -> object:
        if self.graph.units[index].module == module:
            try:
                flag.touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), how)
        return compile(self, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Workshop, "compile", dying)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_killed_worker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str) -> None:
    folder = package(tmp_path / "p", MODULES)
    dies_once(monkeypatch, tmp_path / "flag", "left", signal.SIGKILL)
    ran, _ = build(folder, "-j", jobs)
    assert (tmp_path / "flag").exists()
    assert ran.status == 0, ran.err
    monkeypatch.undo()
    assert vitte("run", cwd=folder).out == "6\n"


def test_a_worker_that_dies_by_itself_loses_no_finished_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = package(tmp_path / "p", MODULES)
    dies_once(monkeypatch, tmp_path / "flag", "left", signal.SIGABRT)
    ran, _ = build(folder, "-j", "2")
    assert ran.status == 70
    assert "module `left`" in ran.err and "Traceback" not in ran.err
    report = Path(ran.err.split()[-1])
    assert "signal 6 (SIGABRT)" in report.read_text()
    report.unlink()
    monkeypatch.undo()
    ran, counts = build(folder)
    assert ran.status == 0
    assert counts["objects"] in (2, 3)  # `left` and `main`, and `right` unless it was under way
    assert vitte("run", cwd=folder).out == "6\n"


def test_an_interrupted_build_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = package(tmp_path / "p", MODULES)
    remember = Workshop.remember

    def interrupted(self: Workshop, done: object) -> None:
        remember(self, done)  # type: ignore[arg-type]
        if self.graph.units[done.index].module == "base":  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    monkeypatch.setattr(Workshop, "remember", interrupted)
    ran, _ = build(folder)
    assert ran.status in (130, -signal.SIGINT)
    monkeypatch.undo()
    ran, counts = build(folder)
    assert ran.status == 0
    assert counts["objects"] == 3 and counts["reused"] == counts["units"] - 3  # type: ignore[operator]


@pytest.mark.parametrize("arguments", [("--cache", "off"), ("--cache", "verify"), ("--cache", "off", "-j", "2")])
def test_no_temporary_folder_is_left(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = package(tmp_path / "p", MODULES)
    (tmp_path / "temporary").mkdir()
    ran = vitte("build", *arguments, cwd=folder, env={"TMPDIR": str(tmp_path / "temporary")})
    assert ran.status == 0, ran.err
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_longest_chain_comes_first(tmp_path: Path) -> None:
    from vitte.base.diagnostics import Diagnostics
    from vitte.driver_impl.pipeline.graph import Graph, Import, Unit
    from vitte.driver_impl.pipeline.schedule import Queue

    def unit(index: int, lines: int, *needs: int) -> Unit:
        imports = [Import(need, "", 0, 0) for need in needs]  # type: ignore[arg-type]
        return Unit(index, f"m{index}", "", "", "lib", None, Diagnostics(), Diagnostics(), imports=imports, lines=lines)

    # 0 <- 3, 1 <- 2 <- 4: the chain of 1 is longer in lines although its own text is the shortest.
    units = [unit(0, 50), unit(1, 10), unit(2, 100, 1), unit(3, 20, 0), unit(4, 30, 2)]

    class Shop:
        graph = Graph(units, [0, 1, 2, 3, 4], 4)

    queue = Queue(Shop(), [0, 1, 2, 3, 4])  # type: ignore[arg-type]
    order = []
    while (index := queue.pop()) is not None:
        order.append(index)
        queue.finished(index)
    assert order == [1, 2, 0, 4, 3]
