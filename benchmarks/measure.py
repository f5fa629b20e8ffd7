"""Running commands in turn and taking medians: shared by all benchmarks.

Commands are whole processes, run in turn (A B C A B C ...) so that a drift of the machine touches all alike. Times are wall
seconds, processor times those of the process and of all that it waited for, memory is the peak resident set in MiB.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

VITTE = [sys.executable, "-I", "-c", "import sys; from vitte.cli import main; sys.exit(main())"]
BARE = [sys.executable, "-I", "-c", "pass"]


class Run:
    """A command to be measured: its words, its folder, what is done before each run, environment variables added to ours."""

    def __init__(
        self, command: list[str], cwd: Path, before: Callable[[], None] | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self.command = command
        self.cwd = cwd
        self.before = before
        self.environment = environment or {}


class Sample:
    """Wall seconds, seconds of processors and peak memory (MiB) of the counted runs of one command."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.busy: list[float] = []
        self.memory: list[float] = []

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def work(self) -> float:
        return statistics.median(self.busy)

    @property
    def peak(self) -> float:
        return statistics.median(self.memory)


def run_once(run: Run) -> tuple[float, float, float]:
    """Run to the end without output: seconds, seconds of processors, MiB. Ends the benchmark, with what the command said, when it fails."""
    with tempfile.TemporaryFile() as said:
        actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        start = time.perf_counter()
        pid = os.posix_spawnp(
            "env", ["env", "-C", str(run.cwd), *run.command], {**os.environ, **run.environment}, file_actions=actions
        )  # fmt: skip
        _, status, usage = os.wait4(pid, 0)
        seconds = time.perf_counter() - start
        if status:
            said.seek(0)
            sys.stderr.buffer.write(said.read())
            sys.exit(f"failed with status {os.waitstatus_to_exitcode(status)}, in {run.cwd}: {' '.join(run.command)}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(runs: dict[str, Run], rounds: int, warm: bool = True) -> dict[str, Sample]:
    """`rounds` interleaved runs of each command, after one that is not counted unless `warm` is off."""
    samples = {name: Sample() for name in runs}
    for turn in range(rounds + warm):
        for name, run in runs.items():
            if run.before:
                run.before()
            seconds, busy, memory = run_once(run)
            if turn or not warm:
                samples[name].seconds.append(seconds)
                samples[name].busy.append(busy)
                samples[name].memory.append(memory)
    return samples


def warn_when_busy() -> None:
    """Say so when others use the machine: ratios suffer less from that than times do, but they do."""
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5:
        print(f"\nnote: {os.getloadavg()[0]:.1f} other processes are running on {os.cpu_count()} cores; times will be too long", flush=True)
