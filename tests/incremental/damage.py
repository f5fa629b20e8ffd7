"""Damage to the files of a cache: whatever is in them, the build is right and ends as it would without a cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.incremental import edits
from tests.incremental.kit import OUT, Bench, Result
from tests.incremental.project import make

Going = Callable[[], bool]


class Scene:
    """A small project in three states that the cache knows all of; each may be asked for with a known answer."""

    def __init__(self, root: Path, seed: int, std: Path | None = None, modules: int = 4) -> None:
        self.random = random = Random(seed)
        self.seed = seed
        project = make(seed, modules, packaged=True)
        self.bench = bench = Bench(root, project.files(), std)
        self.states: list[dict[str, str]] = []
        self.answers: dict[tuple[int, str], Result] = {}
        for number in range(3):
            self.states.append(project.files())
            bench.put(self.states[-1])
            for command in ("build", "check"):
                self.answers[number, command] = bench.clean(command)
                bench.same(bench.build(command), self.answers[number, command], f"state {number}, {command}")
            edits.body(project, random)
            edits.choose(random, edits.MEANING)(project, random)
        self.state = 2

    def ask(self, what: str) -> None:
        """Build or check one of the states, with or without the outputs and memos of before, and compare."""
        random, bench = self.random, self.bench
        if random.random() < 0.5:
            self.state = random.randrange(3)
            bench.put(self.states[self.state])
        dice = random.random()
        if dice < 0.3:
            (bench.tree / OUT).unlink(missing_ok=True)
        elif dice < 0.6:
            (bench.tree / OUT).unlink(missing_ok=True)
            for name in bench.files:
                os.utime(bench.tree / name)
        command = random.choice(("build", "build", "check"))
        wanted = self.answers[self.state, command]
        bench.same(bench.build(command), wanted, f"{what} of seed {self.seed}: {command} of state {self.state}", harmed=True)


def flips(root: Path, seed: int, count: int, going: Going = lambda: True, std: Path | None = None) -> int:
    """Flip one bit somewhere in the cache, build, put the bit back; how many times."""
    scene = Scene(root, seed, std)
    random = scene.random
    files: list[Path] = []
    for number in range(count):
        if not going():
            return number
        if number % 20 == 0:
            files = scene.bench.cache_files()
        path = random.choice(files)
        try:
            if random.random() < 0.4:  # half of all are small: large objects would hide them
                path = random.choices(files, [f.stat().st_size for f in files])[0]
            data = path.read_bytes()
        except OSError:
            files = scene.bench.cache_files()
            continue
        if not data:
            continue
        at = random.randrange(len(data))
        bad = data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
        overwrite(path, bad)
        scene.ask(f"flip {number} in {path.relative_to(root)} at byte {at}")
        try:
            if path.read_bytes() == bad:
                overwrite(path, data)
        except OSError:
            pass
    return count


def overwrite(path: Path, data: bytes) -> None:
    """Change a file in place, its times too."""
    mode = path.stat().st_mode
    os.chmod(path, 0o600)
    path.write_bytes(data)
    os.chmod(path, mode)


def truncations(root: Path, seed: int, step: int, start: int, going: Going = lambda: True, std: Path | None = None) -> int:
    """Cut each index of the cache after byte `start` and every `step`-th from there, with no journals beside it; how many cuts."""
    scene = Scene(root, seed, std, modules=2)
    bench = scene.bench
    cuts = 0
    for index in [path for path in bench.cache_files() if path.name == "index.vitte"]:
        whole = index.read_bytes()
        size = len(whole)
        for at in range(start, size, step):
            if not going():
                return cuts
            index.unlink()
            index.write_bytes(whole[:at])
            for journal in (index.parent / "journal").glob("*"):
                journal.unlink()
            scene.ask(f"{index.relative_to(root)} cut at {at} of {size}")
            cuts += 1
    return cuts


def garbage(root: Path, seed: int, std: Path | None = None) -> int:
    """Things that no cache writes, in the places of its files and folders; how many were tried."""
    scene = Scene(root, seed, std)
    bench = scene.bench
    tried = 0
    for _ in range(2):
        for path in bench.cache_files():
            if scene.random.random() > 0.3 and path.name != "index.vitte":
                continue
            try:
                _replace(path, tried % 6)
            except OSError:
                continue
            scene.ask(f"garbage {tried % 6} for {path.relative_to(root)}")
            tried += 1
            if path.is_dir():
                shutil.rmtree(path)
            elif path.is_symlink() or path.is_fifo():
                path.unlink()
    return tried


def _replace(path: Path, how: int) -> None:
    os.chmod(path, 0o600)
    if how == 0:
        path.write_bytes(b"")
    elif how == 1:
        path.write_bytes(b"\xff" * 5000)
    elif how == 2:
        path.unlink()
        path.mkdir()
        (path / "inside").write_text("x")
    elif how == 3:
        path.unlink()
        path.symlink_to("nowhere")
    elif how == 4:
        path.unlink()
        path.symlink_to("/dev/full")
    else:
        path.unlink()
        os.mkfifo(path)


def others(root: Path, seed: int, std: Path | None = None) -> int:
    """Whole caches of others: another version's index, a file for a folder, folders nobody may enter; how many were tried."""
    scene = Scene(root, seed, std)
    bench = scene.bench
    folder = bench.tree / "target" / "incremental"
    tries: list[Callable[[], object]] = [
        lambda: overwrite(folder / "index.vitte", b"vitte-index 999\nwhatever\n"),
        lambda: (shutil.rmtree(folder), folder.write_text("a file")),
        lambda: (folder.unlink(), folder.symlink_to("/proc/self/nothing")),
        lambda: (folder.unlink(), shutil.rmtree(bench.cache), bench.cache.write_text("")),
    ]
    for number, harm in enumerate(tries):
        harm()
        for _ in range(3):
            scene.ask(f"cache of others {number}")
    return len(tries)


