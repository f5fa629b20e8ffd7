"""Edit replay: a project lives through random edits, and after each step the build with the cache equals a clean one.

Everything comes from the seed, so a failure is found again by `replay(seed, steps)`; the folder that failed stays.
"""

from __future__ import annotations

import os
import shutil
from copy import deepcopy
from pathlib import Path
from random import Random

from tests.incremental import edits
from tests.incremental.kit import OUT, Bench, Wrong
from tests.incremental.project import Project, make

JUNK = ("}", "(", '"', "proc", "let", "§", "\\", "use", "@", "/*", "#[", "\t", "\x00", "pub pub")

FLAGS: tuple[tuple[list[str], int], ...] = (
    ([], 30),
    (["-O1"], 3),
    (["-O3"], 1),
    (["-g=line"], 4),
    (["-g"], 2),
    (["--overflow-checks", "off"], 2),
    (["--strip"], 1),
    (["-A", "unused-import"], 1),
    (["--deny-warnings"], 1),
    (["--lang", "fr"], 1),
    (["--error-limit", "1"], 1),
)
COMMANDS: tuple[tuple[str, int], ...] = (("build", 10), ("check", 5), ("run", 3), ("test", 2), ("interp", 2))
FORMATS: tuple[tuple[list[str], int], ...] = (([], 5), (["--message-format", "json"], 4), (["--message-format", "short"], 1))


def _pick(random: Random, table: tuple[tuple[list[str], int], ...]) -> list[str]:
    return random.choices([item for item, _ in table], [weight for _, weight in table])[0]


class Replay:
    """One project and its history. `log`: what was done, a line for each step."""

    def __init__(self, root: Path, seed: int, size: int = 8, std: Path | None = None) -> None:
        self.random = Random(seed)
        self.seed = seed
        self.project: Project = make(seed, size, packaged=self.random.random() < 0.6)
        self.good = deepcopy(self.project)
        self.overlay: dict[str, str | None] = {}
        self.history: list[dict[str, str]] = []
        self.log: list[str] = []
        self.flags: list[str] = []
        self.step_number = 0
        self.failed_builds = 0
        self.harmed = False
        self.bench = Bench(root, self.project.files(), std)

    # --- what may happen in a step --------------------------------------------------------------------------------

    def edit(self) -> None:
        random = self.random
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            table = edits.HARM if random.random() < 0.08 else edits.MEANING
            note = edits.choose(random, table)(self.project, random)
            if note:
                self.note(note)

    def scribble(self) -> None:
        """An edit of one text, right or wrong."""
        random, files = self.random, self.state()
        name = random.choice(sorted(n for n in files if n.endswith(".vit")))
        text = files[name]
        what = random.choice(("comment", "space", "newline", "junk", "cut", "digit", "swap", "gone", "crlf", "empty"))
        at = random.randrange(len(text) + 1)
        line = text.rfind("\n", 0, at) + 1
        if what == "comment":
            text = f"{text[:line]}// {random.randrange(1000)}\n{text[line:]}"
        elif what == "space":
            text = f"{text[:line]}  {text[line:]}"
        elif what == "newline":
            text = f"{text[:line]}\n\n{text[line:]}"
        elif what == "junk":
            text = text[:at] + random.choice(JUNK) + text[at:]
        elif what == "cut":
            text = text[:at] + text[at + random.randint(1, 9) :]
        elif what == "digit":
            digits = [n for n, c in enumerate(text) if c.isdigit()]
            if digits:
                n = random.choice(digits)
                text = text[:n] + str(random.randrange(10)) + text[n + 1 :]
        elif what == "swap":
            other = random.choice(sorted(n for n in files if n.endswith(".vit")))
            self.overlay[other] = text
            text = files[other]
        elif what == "crlf":
            text = text.replace("\n", "\r\n")
        elif what == "empty":
            text = ""
        self.overlay[name] = None if what == "gone" else text
        self.note(f"{what} in {name}")

    def state(self) -> dict[str, str]:
        files = self.project.files()
        for name, text in self.overlay.items():
            if text is None:
                files.pop(name, None)
            else:
                files[name] = text
        return files

    def put(self, files: dict[str, str]) -> None:
        """Write what changed, with times that tell nothing."""
        random, bench = self.random, self.bench
        before = {}
        for name in bench.files:
            try:
                info = os.stat(bench.tree / name)
                before[name] = (info.st_size, info.st_mtime_ns)
            except OSError:
                pass
        changed = bench.put(files)
        for name in changed:
            path = bench.tree / name
            if name not in files:
                continue
            how = random.choice(("now", "now", "same", "past", "future"))
            size, stamp = before.get(name, (-1, 0))
            if how == "same" and size == len(files[name].encode()):
                os.utime(path, ns=(stamp, stamp))
                self.note(f"times of {name} as before")
            elif how == "past":
                os.utime(path, (1_000_000_000, 1_000_000_000 + random.randrange(100)))
            elif how == "future":
                os.utime(path, (4_000_000_000, 4_000_000_000))

    def harm_cache(self) -> None:
        random, bench = self.random, self.bench
        what = random.choice(("output", "outputs", "some", "flip", "cut", "all", "touch"))
        self.note(f"cache: {what}")
        self.harmed = True
        if what == "output":
            (bench.tree / OUT).unlink(missing_ok=True)
        elif what == "outputs":
            shutil.rmtree(bench.tree / "out")
            (bench.tree / "out").mkdir()
            for profile in ("dev", "release"):
                shutil.rmtree(bench.tree / "target" / profile, ignore_errors=True)
        elif what == "all":
            shutil.rmtree(bench.cache, ignore_errors=True)
            if random.random() < 0.5:
                shutil.rmtree(bench.tree / "target", ignore_errors=True)
        elif what == "touch":
            for name in bench.files:
                os.utime(bench.tree / name)
        else:
            files = bench.cache_files()
            for path in random.sample(files, min(len(files), random.choice((1, 1, 5, 30)))):
                data = path.read_bytes()
                if what == "some" or not data:
                    path.unlink()
                    continue
                at = random.randrange(len(data))
                os.chmod(path, 0o600)
                path.write_bytes(data[:at] if what == "cut" else data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :])

    def note(self, text: str) -> None:
        self.log.append(f"{self.step_number}: {text}")

    # --- a step ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        random = self.random
        self.step_number += 1
        dice = random.random()
        if dice < 0.62:
            self.edit()
        elif dice < 0.74:
            self.scribble()
        elif dice < 0.82 and self.history:
            old = random.choice(self.history)
            now = self.project.files()
            self.overlay = {name: old.get(name) for name in {**now, **old} if now.get(name) != old.get(name)}
            self.note("an older state")
        elif dice < 0.88:
            self.note("nothing")
        if self.overlay and random.random() < 0.4:
            self.overlay = {}
            self.note("mended")
        files = self.state()
        if random.random() < 0.1 and self.overlay == {}:  # only some of what belongs together is saved yet
            changed = [n for n in files if files.get(n) != self.bench.files.get(n)]
            for name in changed[: len(changed) // 2]:
                self.overlay[name] = self.bench.files.get(name)
            files = self.state()
        self.put(files)
        self.history = [*self.history[-5:], files]
        if random.random() < 0.1:
            self.harm_cache()
        if random.random() < 0.15:
            self.flags = _pick(random, FLAGS)
        command = random.choices([c for c, _ in COMMANDS], [w for _, w in COMMANDS])[0]
        flags = [*self.flags, *_pick(random, FORMATS)]
        self.compare(command, flags, random.choice(("1", "1", "2")), thorough=random.random() < 0.1)

    def compare(self, command: str, flags: list[str], jobs: str, thorough: bool) -> None:
        if command == "interp":
            command, flags = "run", ["--engine", "interp", *flags]
        if command == "check":
            flags = [flag for flag in flags if flag != "--strip"]
        self.note(f"vitte {command} {' '.join(flags)} -j{jobs}")
        got = self.bench.build(command, [*flags, "-j", jobs])
        wanted = self.bench.clean(command, [*flags, "-j", "1"], thorough)
        if wanted.status == 1:
            self.failed_builds += 1
            if self.random.random() < 0.4:
                self.project = deepcopy(self.good)
                self.note("the project is right again from here on")
        elif not self.overlay:
            self.good = deepcopy(self.project)
        try:
            if wanted.status not in (0, 1, 4, 101):
                raise Wrong(f"the clean build ended with {wanted.text()}")
            self.bench.same(got, wanted, f"replay of seed {self.seed}, step {self.step_number}", self.harmed)
        except Wrong as error:
            raise Wrong("\n".join([str(error), "--- the last steps", *self.log[-12:]])) from None


def replay(root: Path, seed: int, steps: int, size: int = 8, std: Path | None = None) -> Replay:
    """Raises `Wrong` at the first step whose build differs from a clean one."""
    run = Replay(root, seed, size, std)
    for _ in range(steps):
        run.step()
    return run
