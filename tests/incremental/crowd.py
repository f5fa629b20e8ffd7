"""Many processes on one cache: builders of different states of a project, and one who trims it without mercy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from tests.incremental import edits
from tests.incremental.kit import OUT, Bench, Result, Wrong, run
from tests.incremental.project import make

Going = Callable[[], bool]


def crowd(
    root: Path, seed: int, builders: int, rounds: int, trimmer: bool = True, going: Going = lambda: True, std: Path | None = None
) -> int:
    """`builders` processes build `rounds` states each, all with one cache; how many builds were compared."""
    random = Random(seed)
    project = make(seed, 6, packaged=True)
    bench = Bench(root, project.files(), std)
    states: list[tuple[dict[str, str], Result]] = []
    for _ in range(5):
        bench.put(project.files())
        states.append((project.files(), bench.clean()))
        for _ in range(3):
            edits.choose(random, edits.MEANING)(project, random)
    shared = root / "shared"
    _builder(root / "before", shared, bench, states, random, 2, going)
    age(shared, 0)
    pids = [_fork(partial(_builder, root / f"b{n}", shared, bench, states, Random(f"{seed} {n}"), rounds, going)) for n in range(builders)]
    stop = root / "stop"
    trims = _fork(lambda: _trimmer(shared, bench, stop, Random(seed))) if trimmer else 0
    failed = [n for n, pid in enumerate(pids) if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0]
    stop.write_text("")
    if trims and os.waitstatus_to_exitcode(os.waitpid(trims, 0)[1]) != 0:
        raise Wrong(f"the trimmer of seed {seed} failed:\n{(root / 'trimmer.txt').read_text()}")
    if failed:
        raise Wrong(f"crowd of seed {seed}:\n" + "\n".join((root / f"b{n}" / "wrong.txt").read_text() for n in failed))
    return sum(int((root / f"b{n}" / "done.txt").read_text()) for n in range(builders))


UNUSED = 60.0
"""Seconds without use after which an artifact is made to look old. No build here takes that long."""


def age(folder: Path, unused: float) -> None:
    """Let what was not used for some seconds look as if that were years."""
    for path in list(folder.rglob("*")):
        try:
            if path.is_file() and time.time() - path.stat().st_mtime >= unused:
                os.utime(path, (1_000_000_000, 1_000_000_000))
        except OSError:
            pass


def _fork(body: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            body()
            status = 0
        finally:
            os._exit(status)
    return pid


def _builder(
    folder: Path, shared: Path, bench: Bench, states: list[tuple[dict[str, str], Result]], random: Random, rounds: int, going: Going
) -> None:
    """Each has a folder of its own and the common cache."""
    tree = folder / "tree"
    (tree / "out").mkdir(parents=True)
    (folder / "tmp").mkdir()
    env = {**bench.env, "VITTE_CACHE": str(shared / "library"), "VITTE_TARGET_DIR": str(shared / "target"), "TMPDIR": str(folder / "tmp")}
    old: dict[str, str] = {}
    number = 0
    try:
        for _ in range(rounds):
            if not going():
                break
            files, wanted = random.choice(states)
            for name in {**old, **files}:
                path = tree / name
                if name not in files:
                    path.unlink()
                elif files[name] != old.get(name):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(files[name].encode())
            old = files
            if random.random() < 0.5:
                (tree / OUT).unlink(missing_ok=True)
            got = run(["build", "-o", OUT, "-j", random.choice("12")], tree, env)
            bench.same(got, wanted, f"builder in {folder}, build {number}", harmed=True)
            number += 1
    except BaseException as error:
        (folder / "wrong.txt").write_text(f"{type(error).__name__}: {error}")
        raise
    (folder / "done.txt").write_text(str(number))


def _trimmer(shared: Path, bench: Bench, stop: Path, random: Random) -> None:
    """Trim all that is not in use now, and look for damage."""
    until = time.monotonic() + 3600
    while not stop.exists() and time.monotonic() < until:
        age(shared, UNUSED)
        folders = [str(path.parent) for path in shared.rglob("objects")]
        for arguments in (["cache", "gc", "--size", "0", *folders], ["cache", "fsck", *folders]):
            result = run(arguments, bench.root, bench.env) if folders else None
            if result is not None and result.status not in (0, 1):
                (bench.root / "trimmer.txt").write_text(f"{arguments}: {result.text()}")
                raise Wrong(result.text())
        time.sleep(random.random() * 0.05)


def racing_edits(root: Path, seed: int, count: int, going: Going = lambda: True, std: Path | None = None) -> int:
    """A source changes while a build runs, to another text of the same size; the build after it must see it."""
    random = Random(seed)
    bench = Bench(root, {"main.vit": _TWO.format(1, 1), "part.vit": _PART.format(3)}, std)
    wanted = {}
    for digit in range(3, 7):
        bench.put({**bench.files, "part.vit": _PART.format(digit)})
        wanted[digit] = bench.clean()
    for number in range(count):
        if not going():
            return number
        first, second = random.sample(range(3, 7), 2)
        path = bench.tree / "part.vit"
        path.write_text(_PART.format(first))
        stamp = path.stat().st_mtime_ns
        pid = _fork(lambda: bench.build())
        time.sleep(random.random() * 0.06)
        path.write_text(_PART.format(second))
        if random.random() < 0.5:
            os.utime(path, ns=(stamp, stamp))
        if random.random() < 0.5:
            os.waitpid(pid, 0)
            pid = 0
        got = bench.build()
        if pid:
            os.waitpid(pid, 0)
        if not bench.image_is(wanted[second]):
            got = bench.build()  # the other build may have ended last
        bench.same(got, wanted[second], f"racing edit {number} of seed {seed}")
    return count


_TWO = "use part\n\nproc main() {{\n  println(part.f({}) + {})\n}}\n"
_PART = "pub proc f(x: int) -> int {{\n  give x + {}\n}}\n"
