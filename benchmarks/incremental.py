"""The incremental cache: what a build costs when little or nothing has changed, beside cargo on an equal Rust crate.

    nothing    a build with nothing to do, by number of modules
    calls      what such a build asks the system: one `stat` per source, no source opened, no LLVM, no linker
    edit       the body of one procedure changed in a project of 50,000 lines, then `check`, or `build -O0` with the link
    checkout   a copy of the sources and of the cache in a new folder, all times new
    overhead   an empty cache against none
    deleted    the outputs deleted, against a clean build

"server" is the same command given to the resident server. An edit is another one each time, so no result is remembered from before.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median

import calls
import generate
import generate_rust
import generate_small
from measure import VITTE, Run, Sample, measure, run_once, warn_when_busy

PARTS = ("nothing", "calls", "edit", "checkout", "overhead", "deleted")
MODULES = {10: 0.080, 1000: 0.130, 10000: 0.300}
"""Modules of a project with nothing to do, and the seconds that a build may take."""
LINES = 50000
CHECK, BUILD, CHECKOUT, OVERHEAD, FASTER = 0.250, 0.500, 1.500, 1.05, 20.0
"""Targets: seconds of a check, of a build, of a checkout; ratio on to off; ratio clean to deleted."""
HERE = Path(__file__).resolve().parent


class Ground:
    """Where the projects stand, and how each compiler is started there. `cargo` is empty on a machine without it."""

    def __init__(self, root: Path, rounds: int, quick: bool) -> None:
        self.root = root
        self.rounds = rounds
        self.quick = quick
        self.cargo_path = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo" / "bin")) or ""
        installed = Path(VITTE[0]).parent / "vitte"
        # As it is installed: a server does not serve an interpreter that was started with options.
        self.vitte_words = [str(installed)] if installed.exists() else VITTE
        (root / "run").mkdir(mode=0o700, parents=True, exist_ok=True)

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """A generated project, kept from an earlier benchmark when the generators are the same."""
        folder = self.root / name
        mark = sha256(b"".join(path.read_bytes() for path in sorted(HERE.glob("generate*.py")))).hexdigest()
        if not (folder / "made").exists() or (folder / "made").read_text() != mark:
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "made").write_text(mark)
        return folder

    def vitte(
        self, cwd: Path, *words: str, before: Callable[[], None] | None = None, server: bool = False, cache: str = "cache"
    ) -> Run:  # fmt: skip
        environment = {"VITTE_CACHE": str(self.root / cache), "XDG_RUNTIME_DIR": str(self.root / "run")}
        environment["VITTE_SERVER" if server else "VITTE_NO_SERVER"] = "1"
        return Run([*self.vitte_words, *words], cwd, before, environment)

    def cargo(self, cwd: Path, *words: str, before: Callable[[], None] | None = None) -> Run:
        # Rust's tools are found beside cargo also when they are not on the PATH.
        path = f"{Path(self.cargo_path).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return Run([self.cargo_path, *words, "--offline", "--quiet"], cwd, before, {"PATH": path})

    def stop_server(self) -> None:
        """Whether or not there is one."""
        run = self.vitte(self.root, "server", "stop", server=True)
        pid = os.posix_spawnp(
            run.command[0], run.command, {**os.environ, **run.environment},
            file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)],
        )  # fmt: skip
        os.waitpid(pid, 0)


def run(root: Path, rounds: int, quick: bool, only: tuple[str, ...]) -> None:
    """All parts named in `only`. Everything is written below `root`."""
    root.mkdir(parents=True, exist_ok=True)
    ground = Ground(root, rounds, quick)
    warn_when_busy()
    if not ground.cargo_path:
        print("\ncargo: skipped, there is none on this machine")
    parts = {"nothing": nothing, "calls": system_calls, "edit": edit, "checkout": checkout, "overhead": overhead, "deleted": deleted}
    try:
        for name in PARTS:
            if name in only:
                parts[name](ground)
    finally:
        ground.stop_server()


# --- the table ----------------------------------------------------------------------------------------------------------


def heading(title: str) -> None:
    columns = ("target ms", "vitte ms", "processor", "server ms", "cargo ms", "processor")
    print(f"\n{title:34} {' '.join(f'{column:>9}' for column in columns)} {'vitte/cargo':>11}")


def row(label: str, target: float | None, samples: dict[str, Sample]) -> None:
    """One line: medians of `vitte`, `server` and `cargo`, as far as they were measured; processor times of the first and the last: what a
    server's child takes is not the client's."""
    vitte = samples["vitte"].time
    none = Sample()
    ours, server, cargo = (samples.get(name, none) for name in ("vitte", "server", "cargo"))
    times = [ours.seconds, ours.busy, server.seconds, cargo.seconds, cargo.busy]
    cells = [f"{median(found) * 1e3:9.1f}" if found else f"{'-':>9}" for found in times]
    ratio = f"{vitte / samples['cargo'].time:11.2f}" if "cargo" in samples else f"{'-':>11}"
    wanted = f"{target * 1e3:9.0f}" if target is not None else f"{'-':>9}"
    missed = "  missed" if target is not None and vitte > target else ""
    print(f"{label:34} {wanted} {' '.join(cells)} {ratio}{missed}", flush=True)


# --- the parts ----------------------------------------------------------------------------------------------------------


def small(ground: Ground, count: int) -> Path:
    return ground.made(f"vitte-{count}", lambda folder: generate_small.vitte(folder, count))


def large(ground: Ground) -> tuple[Path, Path]:
    """The project of 50,000 lines, in Vitte and in Rust."""
    vitte = ground.made("vitte-lines", lambda folder: generate.project(folder, LINES))
    return vitte, ground.made("rust-lines", lambda folder: generate_rust.project(folder, LINES))


def nothing(ground: Ground) -> None:
    heading("nothing to do: build")
    for count, target in MODULES.items():
        folder = small(ground, count)
        runs = {"vitte": ground.vitte(folder, "build"), "server": ground.vitte(folder, "build", server=True)}
        if ground.cargo_path and not (ground.quick and count >= 10000):
            rust = ground.made(f"rust-{count}", lambda folder, count=count: generate_small.rust(folder, count))  # type: ignore[misc]
            runs["cargo"] = ground.cargo(rust, "build")
        for name in runs:  # what was just written may have changed again within the same tick of the clock: this run believes no time
            run_once(runs[name])
        row(f"{count} modules", target, measure(runs, max(ground.rounds, 9)))


def system_calls(ground: Ground) -> None:
    """What a build with nothing to do asks the system, counted by `strace`."""
    folder = small(ground, 1000)
    for _ in range(2):
        run_once(ground.vitte(folder, "build"))
    print(f"\n{'nothing to do: system calls':34} {'target':>9} {'vitte':>9}")
    found = calls.count(ground.vitte(folder, "build"), folder)
    if found is None:
        print("skipped, there is no strace on this machine")
        return
    for label, target, value in (
        ("most stats of one source", 1, found.most_stats),
        ("stats of sources, each", 1, found.stats / max(1, found.sources)),
        ("sources opened", 0, found.opened),
        ("files of LLVM opened", 0, found.llvm),
        ("other programs started", 0, found.started),
        ("system calls on files", None, found.calls),
    ):
        missed = "  missed" if target is not None and value > target else ""
        print(f"{label:34} {'-' if target is None else target:>9} {value:9.4g}{missed}")


def edit(ground: Ground) -> None:
    heading(f"one body edited in {LINES // 1000},000 lines")
    vitte, rust = large(ground)
    change = partial(change_body, vitte / "src" / "bench", r"(proc step\d+_0\((?:.*\n)*?.*low > high \? )\d+")
    change_rust = partial(change_body, rust / "src" / "bench", r"(fn step\d+_0\((?:.*\n)*?.*if low > high \{ )\d+")
    for command, target in (("check", CHECK), ("build", BUILD)):
        words = [command] if command == "check" else [command, "-O0"]
        runs = {
            "vitte": ground.vitte(vitte, *words, before=change),
            "server": ground.vitte(vitte, *words, before=change, server=True),
        }
        if ground.cargo_path:
            runs["cargo"] = ground.cargo(rust, command, before=change_rust)
        row(" ".join(words), target, measure(runs, max(ground.rounds, 5)))


def change_body(folder: Path, pattern: str) -> None:
    """Put a number that was never there into the body of a procedure, in the module in the middle of the project. Its length changes, so
    everything behind it moves."""
    modules = [path for path in folder.iterdir() if path.stem != "mod"]
    path = sorted(modules, key=lambda path: int(path.stem[1:]))[len(modules) // 2]
    now = time.time_ns() // 1000
    text, count = re.subn(pattern, lambda found: f"{found[1]}{now % 10 ** (5 + now % 10 % 5)}", path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def checkout(ground: Ground) -> None:
    """As a build server does it: sources from the repository, the cache from where it is kept."""
    count = max(MODULES)
    origin = small(ground, count)
    run_once(ground.vitte(origin, "build"))
    copy = ground.root / "checkout"

    def fresh() -> None:
        for old in (copy, ground.root / "cache-copy"):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(origin / "src", copy / "src", copy_function=shutil.copyfile)
        shutil.copyfile(origin / "vitte.toml", copy / "vitte.toml")
        shutil.copytree(origin / "target" / "incremental", copy / "target" / "incremental", copy_function=shutil.copyfile)
        shutil.copytree(ground.root / "cache", ground.root / "cache-copy", copy_function=shutil.copyfile)
        os.sync()

    heading("fresh checkout, restored cache")
    samples = measure({"vitte": ground.vitte(copy, "build", before=fresh, cache="cache-copy")}, min(ground.rounds, 3))
    image = Path("target") / "dev" / "app"
    assert (origin / image).read_bytes() == (copy / image).read_bytes()
    if ground.cargo_path and not ground.quick:
        rust = ground.made(f"rust-{count}", lambda folder: generate_small.rust(folder, count))
        run_once(ground.cargo(rust, "build"))
        copy_rust = ground.root / "checkout-rust"

        def fresh_rust() -> None:
            shutil.rmtree(copy_rust, ignore_errors=True)
            shutil.copytree(rust, copy_rust, copy_function=shutil.copy)
            for path in (copy_rust / "src").rglob("*.rs"):
                os.utime(path)

        samples |= measure({"cargo": ground.cargo(copy_rust, "build", before=fresh_rust)}, 1, warm=False)
        shutil.rmtree(copy_rust)
    row(f"{count} modules", CHECKOUT, samples)
    shutil.rmtree(copy)
    shutil.rmtree(ground.root / "cache-copy")


def overhead(ground: Ground) -> None:
    """What keeping results costs a build that finds none."""
    folder = ground.made("vitte-overhead", lambda folder: generate.project(folder, 10000))

    def clear() -> None:
        for old in (folder / "target", ground.root / "cache-empty"):
            shutil.rmtree(old, ignore_errors=True)

    print(f"\n{'empty cache, 10,000 lines':34} {'target':>9} {'off ms':>9} {'on ms':>9} {'on/off':>9} {'processor':>9}")
    for command in ("check", "build"):
        runs = {mode: ground.vitte(folder, command, f"--cache={mode}", before=clear, cache="cache-empty") for mode in ("off", "on")}
        samples = measure(runs, max(ground.rounds, 9))
        off, on = samples["off"].time, samples["on"].time
        missed = "  missed" if on / off > OVERHEAD else ""
        work = samples["on"].work / samples["off"].work
        print(f"{command:34} {OVERHEAD:9.2f} {off * 1e3:9.1f} {on * 1e3:9.1f} {on / off:9.3f} {work:9.3f}{missed}", flush=True)
    clear()


def deleted(ground: Ground) -> None:
    """A build whose outputs were deleted. Clean: also the project's cache was; the library's results are still there."""
    vitte, rust = large(ground)
    print(f"\n{'outputs deleted, ' + format(LINES, ',') + ' lines':34} {'target':>9} {'clean ms':>9} {'deleted':>9} {'clean/del':>9}")
    runs = {
        "vitte clean": ground.vitte(vitte, "build", before=partial(shutil.rmtree, vitte / "target", ignore_errors=True)),
        "vitte deleted": ground.vitte(vitte, "build", before=partial(shutil.rmtree, vitte / "target" / "dev")),
    }
    if ground.cargo_path:

        def delete() -> None:
            for path in (rust / "target" / "debug" / "bench", *(rust / "target" / "debug" / "deps").glob("bench-*")):
                if not path.suffix:
                    path.unlink()

        runs["cargo clean"] = ground.cargo(rust, "build", before=partial(shutil.rmtree, rust / "target", ignore_errors=True))
        runs["cargo deleted"] = ground.cargo(rust, "build", before=delete)
    samples = measure(runs, min(ground.rounds, 3))
    for name, target in (("vitte", FASTER), ("cargo", None)):
        if f"{name} clean" in samples:
            clean, again = samples[f"{name} clean"].time, samples[f"{name} deleted"].time
            missed = "  missed" if target is not None and clean / again < target else ""
            wanted = "-" if target is None else f"{target:.0f}"
            print(f"{name:34} {wanted:>9} {clean * 1e3:9.1f} {again * 1e3:9.1f} {clean / again:9.1f}{missed}", flush=True)
