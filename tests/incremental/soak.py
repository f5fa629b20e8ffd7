"""The proofs of the cache as a long run: `python3 x.py soak [--seconds N | --full] [--seed S] [--jobs J]`.

Work is cut into units, each a kind and a seed, run in processes of their own. A unit that fails is repeated alone by
`--only KIND --unit SEED`; its folder is kept. A run that is interrupted (Ctrl-C, SIGTERM) says what it has tried.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.incremental import ablation, hub, places
from tests.incremental.crash import deletions, interrupts, kills
from tests.incremental.crowd import crowd, racing_edits
from tests.incremental.damage import flips, garbage, others, truncations
from tests.incremental.faults import faults
from tests.incremental.kit import Wrong, preload, warm
from tests.incremental.replay import replay

Work = Callable[[Path, int, Path], int]
"""Takes a folder, a seed and the compiled library; how many things it tried."""


def _ablation(root: Path, seed: int, std: Path) -> int:
    scenarios = [("part", name, s) for name, s in ablation.KEY_SCENARIOS.items()]
    scenarios += [("edge", name, s) for name, s in ablation.EDGE_SCENARIOS.items()]
    for kind, name, scenario in scenarios:
        got, wanted = ablation.outcomes(root / f"{kind} {name}" / "whole", scenario, std)
        if got != wanted:
            raise Wrong(f"{kind} {name}: wrong as it is")
        with ablation.ablated(**{kind: name}):
            got, _ = ablation.outcomes(root / f"{kind} {name}" / "without", scenario, std)
        if got == wanted:
            raise Wrong(f"nothing is wrong without {kind} {name}")
    return len(scenarios)


def _determinism(root: Path, seed: int, std: Path) -> int:
    return places.determinism(root, seed, [(hashes, jobs) for hashes in ("0", "1", "random") for jobs in ("1", "2", "8")])


def _paths(root: Path, seed: int, std: Path) -> int:
    return places.odd_folders(root / "a", seed, std) + places.odd_roots(root / "b", seed, std=std) + places.links(root / "c", seed, std)


_STEP, _PARTS = 400, 100

KINDS: dict[str, tuple[Work, int]] = {
    "replay": (lambda root, seed, std: replay(root, seed, 50, 5 + seed % 5, std).step_number, 100),
    "kill": (lambda root, seed, std: kills(root, seed, 25, std=std), 50),
    "delete": (lambda root, seed, std: deletions(root, seed, 25, std=std), 16),
    "flip": (lambda root, seed, std: flips(root, seed, 200, std=std), 100),
    "truncate": (lambda root, seed, std: truncations(root, 1, _STEP, seed % _STEP, std=std), _STEP),
    "fault": (lambda root, seed, std: faults(root, 1, 1.0, (seed % _PARTS, _PARTS), std=std)[0], _PARTS),
    "crowd": (lambda root, seed, std: crowd(root, seed, 8, 12, std=std), 8),
    "race": (lambda root, seed, std: racing_edits(root, seed, 50, std=std), 8),
    "garbage": (lambda root, seed, std: garbage(root, seed, std) + others(root / "others", seed, std), 6),
    "interrupt": (lambda root, seed, std: len(interrupts(root, hub.files(hub.Shares(150, 100, 40, 20)), 5)), 4),
    "paths": (_paths, 2),
    "determinism": (_determinism, 3),
    "ablation": (_ablation, 1),
}
"""What a unit of each kind does, and how many units a full run has."""


def units(seed: int, full: bool) -> Iterator[tuple[str, int]]:
    """Kinds in turn, so that a run that is cut short has tried all of them."""
    left = {kind: count for kind, (_, count) in KINDS.items()}
    number = 0
    while full is False or any(left.values()):
        for kind in KINDS:
            if full and number >= KINDS[kind][1]:
                continue
            left[kind] = max(left[kind] - 1, 0)
            yield kind, seed * 10_000 + number
        number += 1


def run_unit(kind: str, seed: int, root: Path, std: Path) -> dict[str, object]:
    folder = root / f"{kind}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    try:
        done = KINDS[kind][0](folder, seed, std)
        result: dict[str, object] = {"kind": kind, "seed": seed, "done": done, "wrong": ""}
        shutil.rmtree(folder, ignore_errors=True)
    except Exception as error:
        text = str(error) if isinstance(error, AssertionError) and str(error) else traceback.format_exc()
        result = {"kind": kind, "seed": seed, "done": 0, "wrong": text[:20_000]}
    result["seconds"] = time.monotonic() - began
    return result


def wait(ended: Callable[[], bool]) -> tuple[int, int]:
    """As `os.wait`, which goes on after a signal. Raises InterruptedError when `ended`."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            return pid, status
        if ended():
            raise InterruptedError
        time.sleep(0.05)


def _forked(kind: str, seed: int, root: Path, std: Path) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setpgid(0, 0)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            result = run_unit(kind, seed, root, std)
            (root / f"{kind}-{seed}.json").write_text(json.dumps(result))
            status = 0
        finally:
            os._exit(status)
    return pid


def soak(root: Path, seed: int, seconds: float, full: bool, jobs: int, kinds: list[str]) -> int:
    """The exit status: 0 when nothing was wrong."""
    std = root / "library-cache"
    preload()
    warm(std, every=True)
    began = time.monotonic()
    work = (unit for unit in units(seed, full) if not kinds or unit[0] in kinds)
    running: dict[int, tuple[str, int]] = {}
    totals: dict[str, list[float]] = {}
    failures: list[dict[str, object]] = []
    ended = False

    def end(number: int, frame: object) -> None:
        nonlocal ended
        ended = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    while not ended:
        while len(running) < jobs and (full or time.monotonic() - began < seconds) and len(failures) < 20:
            unit = next(work, None)
            if unit is None:
                break
            running[_forked(*unit, root, std)] = unit
        if not running:
            break
        try:
            pid, status = wait(lambda: ended)
        except InterruptedError:
            break
        kind, number = running.pop(pid)
        report = root / f"{kind}-{number}.json"
        if status or not report.exists():
            result: dict[str, object] = {"kind": kind, "seed": number, "done": 0, "wrong": f"ended with {status}", "seconds": 0.0}
        else:
            result = json.loads(report.read_text())
            report.unlink()
        total = totals.setdefault(kind, [0, 0, 0.0])
        total[0] += 1
        total[1] += float(str(result["done"]))
        total[2] += float(str(result["seconds"]))
        if result["wrong"]:
            failures.append(result)
            print(f"WRONG: {kind} {number}, folder {root / f'{kind}-{number}'}\n{result['wrong']}", flush=True)
            print(f"again: python3 x.py soak --only {kind} --unit {number}", flush=True)
    for pid in running:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print(f"seed {seed}, {time.monotonic() - began:.0f} s, {jobs} processes" + (", interrupted" if ended else ""))
    for kind, (count, done, spent) in totals.items():
        print(f"{kind:12} {done:8,.0f} in {count:4.0f} units, {spent:8.0f} s")
    print(f"{len(failures)} wrong" + (f"; kept in {root}" if failures else ""))
    if not failures:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="x.py soak", description="long runs of the proofs of the cache")
    parser.add_argument("--seconds", type=float, default=120.0, help="begin no new unit after so long (120)")
    parser.add_argument("--full", action="store_true", help="everything, however long it takes")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of all that is random; printed at the end")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", default=[], choices=sorted(KINDS), help="only this kind; may be given again")
    parser.add_argument("--unit", type=int, help="repeat one unit of the kind that `--only` names")
    parser.add_argument("--folder", type=Path, help="where to work; a new temporary folder otherwise")
    chosen = parser.parse_args(arguments)
    for name in [name for name in os.environ if name.startswith("VITTE_")]:
        del os.environ[name]
    os.environ["NO_COLOR"] = "1"
    root = chosen.folder or Path(tempfile.mkdtemp(prefix="vitte-soak-"))
    root.mkdir(parents=True, exist_ok=True)
    if chosen.unit is not None:
        if len(chosen.only) != 1:
            parser.error("--unit needs one --only")
        preload()
        if not (root / "library-cache").exists():
            warm(root / "library-cache", every=True)
        result = run_unit(chosen.only[0], chosen.unit, root, root / "library-cache")
        print(result["wrong"] or f"{result['done']} done, nothing wrong")
        return 1 if result["wrong"] else 0
    return soak(root, chosen.seed, chosen.seconds, chosen.full, max(chosen.jobs, 1), chosen.only)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
