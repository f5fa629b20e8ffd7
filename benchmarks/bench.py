"""The figures of the compiler, each as a ratio to a reference measured in the same run.

    python benchmarks/bench.py [startup] [throughput] [code] [--rounds N] [--sizes 1000,10000,...]

Commands are whole processes, run in turn (A B C A B C ...) so that a drift of the machine touches all alike; the figures
are medians. Times are wall seconds, memory is the peak resident set of the process in MiB.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from generate import project

HERE = Path(__file__).resolve().parent
VITTE = [sys.executable, "-I", "-c", "import sys; from vitte.cli import main; sys.exit(main())"]
BARE = [sys.executable, "-I", "-c", "pass"]
HELLO = 'proc main() {\n  println("hello")\n}\n'


class Sample:
    """Wall seconds and peak memory (MiB) of the counted runs of one command."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.memory: list[float] = []

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float:
        return statistics.median(self.memory)


def run_once(command: list[str], cwd: Path) -> tuple[float, float]:
    """Run to the end without output. Exits the benchmark when the command fails."""
    start = time.perf_counter()
    pid = os.posix_spawnp(
        "env", ["env", "-C", str(cwd), *command], os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"failed with status {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def measure(commands: dict[str, list[str]], cwd: Path, rounds: int, before: Callable[[], None] | None = None) -> dict[str, Sample]:
    """`rounds` interleaved runs of each command after one that is not counted; `before` precedes each run."""
    samples = {name: Sample() for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            if before:
                before()
            seconds, memory = run_once(command, cwd)
            if turn:
                samples[name].seconds.append(seconds)
                samples[name].memory.append(memory)
    return samples


def startup(cwd: Path, rounds: int) -> None:
    """What a command costs above an interpreter that does nothing."""
    (cwd / "hello.vit").write_text(HELLO)
    cache = f"VITTE_CACHE={cwd / 'cache'}"
    commands = {
        "python -I -c pass": BARE,
        "vitte --version": [*VITTE, "--version"],
        "vitte check hello.vit": ["env", cache, *VITTE, "check", "hello.vit"],
        "vitte run hello.vit": ["env", cache, *VITTE, "run", "hello.vit"],
        "vitte run --cache=off hello.vit": ["env", cache, *VITTE, "run", "--cache=off", "hello.vit"],
    }
    samples = measure(commands, cwd, rounds)
    bare = samples["python -I -c pass"].time
    print(f"\n{'start-up':34} {'ms':>8} {'above bare':>11} {'ratio':>7} {'MiB':>6}")
    for name, sample in samples.items():
        print(f"{name:34} {sample.time * 1e3:8.1f} {(sample.time - bare) * 1e3:11.1f} {sample.time / bare:7.2f} {sample.peak:6.0f}")


def throughput(cwd: Path, sizes: list[int], rounds: int) -> None:
    """Lines per second of one process, nothing cached of the project; the standard library's units are."""
    print(f"\n{'throughput, one core':34} {'lines':>8} {'s':>8} {'lines/s':>9} {'us/line':>8} {'MiB':>6}")
    for size in sizes:
        folder = cwd / f"p{size}"
        lines = project(folder, size)
        environment = ["env", f"VITTE_CACHE={cwd / 'cache'}"]
        commands = {
            "check": [*environment, *VITTE, "check", "-j1"],
            "build -O0": [*environment, *VITTE, "build", "-j1", "-O0"],
        }
        samples = measure(commands, folder, rounds, before=partial(shutil.rmtree, folder / "target", ignore_errors=True))
        for name, sample in samples.items():
            rate = lines / sample.time
            print(f"{name:34} {lines:8} {sample.time:8.2f} {rate:9.0f} {1e6 / rate:8.1f} {sample.peak:6.0f}", flush=True)
        shutil.rmtree(folder)


def code(cwd: Path, rounds: int) -> None:
    """Run time of compiled programs against `gcc -O3` on the same algorithm."""
    gcc = shutil.which("gcc")
    if gcc is None:
        print("\ngenerated code: skipped, there is no gcc on this machine")
        return
    print(f"\n{'generated code, -O3':18} {'gcc s':>8} {'checked s':>10} {'ratio':>7} {'unchecked s':>12} {'ratio':>7}")
    for source in sorted((HERE / "programs").glob("*.vit")):
        name = source.stem
        run_once([gcc, "-O3", "-o", f"{name}-c", str(source.with_suffix(".c")), "-lm"], cwd)
        run_once([*VITTE, "build", "-O3", "-o", f"{name}-on", str(source)], cwd)
        run_once([*VITTE, "build", "-O3", "-C", "overflow-checks=off", "-o", f"{name}-off", str(source)], cwd)
        samples = measure({kind: [f"./{name}-{kind}"] for kind in ("c", "on", "off")}, cwd, rounds)
        c, on, off = samples["c"].time, samples["on"].time, samples["off"].time
        print(f"{name:18} {c:8.3f} {on:10.3f} {on / c:7.2f} {off:12.3f} {off / c:7.2f}", flush=True)


def main(arguments: list[str]) -> None:
    rounds, sizes, parts = 5, [1000, 10000, 50000, 100000], []
    words = iter(arguments)
    for word in words:
        if word == "--rounds":
            rounds = int(next(words, "5"))
        elif word == "--sizes":
            sizes = [int(n) for n in next(words, "").split(",")]
        elif word in ("startup", "throughput", "code"):
            parts.append(word)
        else:
            sys.exit(__doc__)
    parts = parts or ["startup", "throughput", "code"]
    with tempfile.TemporaryDirectory(prefix="vitte-bench-") as folder:
        if "startup" in parts:
            startup(Path(folder), max(rounds, 9))
        if "throughput" in parts:
            throughput(Path(folder), sizes, max(1, rounds // 2))
        if "code" in parts:
            code(Path(folder), rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
