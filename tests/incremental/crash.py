"""Builds that are ended at a random moment: the next build is right, and does not do again what was finished. And builds whose cache is
deleted at random moments, which are right themselves."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Thread

from tests.incremental import edits
from tests.incremental.kit import Bench, Wrong, counts, ended, rebuilt, start
from tests.incremental.project import make

Going = Callable[[], bool]


def kills(root: Path, seed: int, count: int, going: Going = lambda: True, std: Path | None = None) -> int:
    """Kill `count` builds with signal 9, each at a random moment, and build again. How many were really cut short."""
    random = Random(seed)
    project = make(seed, 8, packaged=seed % 2 == 0)
    bench = Bench(root, project.files(), std)
    usual = 0.2
    cut = 0
    for number in range(count):
        if not going():
            break
        for _ in range(random.choice((1, 1, 3))):
            edits.choose(random, edits.MEANING)(project, random)
        if random.random() < 0.15:
            _forget(bench)
        bench.put(project.files())
        jobs = random.choice(("1", "2", "3"))
        what = f"kill {number} of seed {seed}"
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            pid = start([*bench.arguments("build", []), "-j", jobs], bench.tree, bench.env)
            time.sleep(random.random() * usual * 1.1)
            if random.random() < 0.7:
                _kill(pid, group=True)
            else:  # only the one that leads: the others must not go on for ever, nor spoil anything
                _kill(pid, group=False)
            cut += ended(pid) == -signal.SIGKILL
        began = time.perf_counter()
        got = bench.build("build", ["-j", random.choice(("1", "2"))])
        usual = min(max(0.9 * usual + 0.1 * (time.perf_counter() - began), 0.02), 1.0)
        bench.same(got, bench.clean("build", ["-j", "1"]), what)
    return cut


def deletions(root: Path, seed: int, count: int, going: Going = lambda: True, std: Path | None = None) -> int:
    """`count` builds while somebody deletes the caches again and again. How many builds that happened to."""
    random = Random(seed)
    project = make(seed, 8, packaged=seed % 2 == 0)
    bench = Bench(root, project.files(), std)
    pauses = Random(seed + 1)
    met = 0
    for number in range(count):
        if not going():
            break
        edits.choose(random, edits.MEANING)(project, random)
        bench.put(project.files())
        over, deleted = Event(), [0]

        def delete(over: Event = over, deleted: list[int] = deleted) -> None:
            while not over.wait(pauses.random() * 0.15):
                shutil.rmtree(pauses.choice((bench.cache, bench.tree / "target" / "incremental")), ignore_errors=True)
                deleted[0] += 1

        thread = Thread(target=delete)
        thread.start()
        try:
            got = bench.build("build", ["-j", random.choice(("1", "2"))])
        finally:
            over.set()
            thread.join()
        met += deleted[0] > 0
        wanted = bench.clean("build", ["-j", "1"])
        bench.same(got, wanted, f"deletion {number} of seed {seed}", harmed=True)
        if random.random() < 0.3:
            bench.same(bench.build(), wanted, f"after deletion {number} of seed {seed}")
    return met


def _kill(pid: int, group: bool) -> None:
    try:
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _forget(bench: Bench) -> None:
    """Most of the cache goes, so that the next build is a long one."""
    for path in bench.cache_files()[::2]:
        os.chmod(path, 0o600)
        path.unlink()


def interrupts(root: Path, files: dict[str, str], rounds: int, jobs: str = "2") -> list[int]:
    """A cold build interrupted (SIGINT) again and again until it comes through: how many units each part compiled, the last one by
    its report. Raises `Wrong` when the last one compiled again what was finished before."""
    bench = Bench(root, files)
    whole = bench.clean("build", ["-j", "1"])
    arguments = [*bench.arguments("build", []), "-j", jobs]
    done = []
    for number in range(rounds):
        before = _artifacts(bench)
        pid = start(arguments, bench.tree, bench.env)
        limit = time.monotonic() + 60
        while _artifacts(bench) < before + 12 and time.monotonic() < limit:
            time.sleep(0.002)
        os.killpg(pid, signal.SIGINT)
        status = ended(pid)
        if status not in (130, -signal.SIGINT):
            raise Wrong(f"interruption {number}: status {status}")
        done.append(_artifacts(bench) - before)
    report = bench.build("build", ["-j", jobs, "--message-format", "json", "--explain"])
    got = bench.build("build", ["-j", jobs])
    bench.same(got, whole, "the build after interruptions")
    left = counts(report).objects
    again = [unit for unit, why in rebuilt(report).items() if why.get("reason") not in ("first-build",)]
    if again:
        raise Wrong(f"compiled again: {again}")
    return [*done, left]


def _artifacts(bench: Bench) -> int:
    """How many artifacts the project's cache holds."""
    folder = bench.tree / "target" / "incremental" / "objects"
    return sum(len(list(part.iterdir())) for part in folder.iterdir()) if folder.is_dir() else 0
