"""The figures of the compiler, each as a ratio to a reference measured in the same run.

    python benchmarks/bench.py [startup] [throughput] [code] [incremental] [link] [numeric] [--rounds N] [--sizes 1000,10000,...]
                               [--quick] [--scratch FOLDER] [--only PART,...]

`incremental`, `link` and `numeric` have files of their own and run only when named; the last three options are theirs. See README.md.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from generate import project
from measure import BARE, VITTE, Run, measure, run_once

import incremental
import link
import numeric

HERE = Path(__file__).resolve().parent
HELLO = 'proc main() {\n  println("hello")\n}\n'


def startup(cwd: Path, rounds: int) -> None:
    """What a command costs above an interpreter that does nothing."""
    (cwd / "hello.vit").write_text(HELLO)
    environment = {"VITTE_CACHE": str(cwd / "cache"), "VITTE_NO_SERVER": "1"}
    commands = {
        "python -I -c pass": BARE,
        "vitte --version": [*VITTE, "--version"],
        "vitte check hello.vit": [*VITTE, "check", "hello.vit"],
        "vitte run hello.vit": [*VITTE, "run", "hello.vit"],
        "vitte run --cache=off hello.vit": [*VITTE, "run", "--cache=off", "hello.vit"],
    }
    samples = measure({name: Run(command, cwd, environment=environment) for name, command in commands.items()}, rounds)
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
        environment = {"VITTE_CACHE": str(cwd / "cache"), "VITTE_NO_SERVER": "1"}
        clear = partial(shutil.rmtree, folder / "target", ignore_errors=True)
        runs = {
            "check": Run([*VITTE, "check", "-j1"], folder, clear, environment),
            "build -O0": Run([*VITTE, "build", "-j1", "-O0"], folder, clear, environment),
        }
        samples = measure(runs, rounds)
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
        run_once(Run([gcc, "-O3", "-o", f"{name}-c", str(source.with_suffix(".c")), "-lm"], cwd))
        run_once(Run([*VITTE, "build", "-O3", "-o", f"{name}-on", str(source)], cwd))
        run_once(Run([*VITTE, "build", "-O3", "-C", "overflow-checks=off", "-o", f"{name}-off", str(source)], cwd))
        samples = measure({kind: Run([f"./{name}-{kind}"], cwd) for kind in ("c", "on", "off")}, rounds)
        c, on, off = samples["c"].time, samples["on"].time, samples["off"].time
        print(f"{name:18} {c:8.3f} {on:10.3f} {on / c:7.2f} {off:12.3f} {off / c:7.2f}", flush=True)


def main(arguments: list[str]) -> None:
    rounds, sizes, parts = 5, [1000, 10000, 50000, 100000], []
    quick, scratch = False, ""
    only: tuple[str, ...] = ()
    words = iter(arguments)
    for word in words:
        if word == "--rounds":
            rounds = int(next(words, "5"))
        elif word == "--sizes":
            sizes = [int(n) for n in next(words, "").split(",")]
        elif word == "--quick":
            quick = True
        elif word == "--scratch":
            scratch = next(words, "")
        elif word == "--only":
            only = tuple(next(words, "").split(","))
        elif word in ("startup", "throughput", "code", "incremental", "link", "numeric"):
            parts.append(word)
        else:
            sys.exit(__doc__)
    if set(only) - {*incremental.PARTS, *link.PARTS}:
        sys.exit(f"--only takes some of {','.join((*incremental.PARTS, *link.PARTS))}")
    parts = parts or ["startup", "throughput", "code"]
    with tempfile.TemporaryDirectory(prefix="vitte-bench-") as folder:
        if "startup" in parts:
            startup(Path(folder), max(rounds, 9))
        if "throughput" in parts:
            throughput(Path(folder), sizes, max(1, rounds // 2))
        if "code" in parts:
            code(Path(folder), rounds)
        if "incremental" in parts:
            incremental.run(Path(scratch or folder).absolute(), rounds, quick, only or incremental.PARTS)
        if "link" in parts:
            link.run(Path(folder) / "link", rounds, only or link.USUAL)
        if "numeric" in parts:
            numeric.run(Path(folder) / "numeric")


if __name__ == "__main__":
    main(sys.argv[1:])
