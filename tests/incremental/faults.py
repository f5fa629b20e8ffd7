"""A fault at the n-th call that the cache makes to the system, for every n: the build is right, and ends well."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.incremental.kit import OUT, Bench
from tests.incremental.project import make
from vitte.driver_impl.cache import io

Going = Callable[[], bool]

FAULTS: tuple[tuple[str, int], ...] = (
    ("no space", errno.ENOSPC), ("no permission", errno.EACCES), ("too many files", errno.EMFILE), ("read-only", errno.EROFS),
    ("i/o error", errno.EIO), ("short", 0),
)  # fmt: skip
"""`short`: a write takes half of the bytes, a read gives half, other calls succeed."""


class Counter:
    """Of calls, shared with forked processes."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 8)

    def next(self) -> int:
        value = int.from_bytes(self.memory[:8], "little") + 1
        self.memory[:8] = value.to_bytes(8, "little")
        return value

    @property
    def value(self) -> int:
        return int.from_bytes(self.memory[:8], "little")


@contextmanager
def faulty(at: int, code: int, lasting: bool) -> Iterator[Counter]:
    """Call number `at` (from 1) fails, or all from there on; 0 only counts. Forks made inside inherit it."""
    counter = Counter()
    real = {name: getattr(io, name) for name in io.CALLS}

    def wrapped(name: str) -> Callable[..., object]:
        call: Callable[..., object] = real[name]

        def fails(*args: object, **named: object) -> object:
            number = counter.next()
            if at and (number >= at if lasting else number == at):
                if code:
                    raise OSError(code, os.strerror(code), *args[:1])
                if name == "write" and isinstance(args[1], (bytes, memoryview)):
                    return call(args[0], args[1][: (len(args[1]) + 1) // 2])
                if name == "read" and isinstance(args[1], int):
                    return call(args[0], max(args[1] // 2, 1))
            return call(*args, **named)

        return fails

    for name in io.CALLS:
        setattr(io, name, wrapped(name))
    try:
        yield counter
    finally:
        for name, call in real.items():
            setattr(io, name, call)


class Stage:
    """A small project, a cache that knows an older state of it, and the scenarios that faults are tried in."""

    SCENARIOS = ("cold", "warm", "edit", "again", "check")

    def __init__(self, root: Path, seed: int, std: Path | None = None) -> None:
        self.seed = seed
        project = make(seed, 3, packaged=True)
        files = project.files()
        self.bench = bench = Bench(root, files, std)
        self.old = files
        name = next(n for n in files if "main.vit" in n)
        self.new = {**files, name: files[name].replace("let mut s = 1", "let mut s = 7")}
        assert self.new != self.old
        _link_tree(bench.std, bench.cache)
        bench.build()
        self.kept = root / "kept"
        self.places = [bench.cache, bench.tree / "target", bench.tree / "out"]
        for number, place in enumerate(self.places):
            _link_tree(place, self.kept / str(number))
        self.wanted = {}
        for command in ("build", "check"):
            for texts in (self.old, self.new):
                bench.put(texts)
                self.wanted[command, texts is self.new] = bench.clean(command)

    def reset(self, scenario: str) -> None:
        bench = self.bench
        for number, place in enumerate(self.places):
            shutil.rmtree(place, ignore_errors=True)
            if scenario != "cold" or number == 0:
                _link_tree(self.kept / str(number), place)
        (bench.tree / "out").mkdir(exist_ok=True)
        bench.put(self.new if scenario in ("edit", "check") else self.old)
        if scenario == "again":
            (bench.tree / OUT).unlink()

    def run(self, scenario: str, at: int, code: int, lasting: bool) -> int:
        """One build with a fault, and one without after it; the number of calls that the first made."""
        self.reset(scenario)
        command = "check" if scenario == "check" else "build"
        wanted = self.wanted[command, scenario in ("edit", "check")]
        what = f"seed {self.seed}, {scenario}, call {at}{' and after' if lasting else ''}: {errno.errorcode.get(code, 'short')}"
        with faulty(at, code, lasting) as counter:
            got = self.bench.build(command)
        self.bench.same(got, wanted, what, harmed=True)
        if at:
            self.bench.same(self.bench.build(command), wanted, f"after {what}", harmed=True)
        return counter.value


def _link_tree(source: Path, target: Path) -> None:
    """A copy that shares files: no build writes into one that is there, and one that did would be noticed by the next."""
    shutil.copytree(source, target, copy_function=os.link)


def faults(
    root: Path, seed: int, share: float, part: tuple[int, int] = (0, 1), going: Going = lambda: True, std: Path | None = None
) -> tuple[int, int]:
    """Try a `share` of all (scenario, call, fault, lasting or not), of each n-th call the k-th with `part` = (k, n). A fault that lasts,
    and one that does not, are tried at every other call each. How many were tried, and how many calls there are."""
    random = Random(f"{seed} {part}")
    stage = Stage(root, seed, std)
    tried = calls = 0
    for scenario in Stage.SCENARIOS:
        total = stage.run(scenario, 0, 0, False)
        calls += total
        for at in range(1 + part[0], total + 1, part[1]):
            for number, (_, code) in enumerate(FAULTS):
                if random.random() < share and going():
                    stage.run(scenario, at, code, lasting=(at + number) % 2 == 0)
                    tried += 1
    return tried, calls
