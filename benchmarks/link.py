"""Linking: what it costs beside the linker's own process, how large images become, and how long a target takes to prepare.

    time     the link of a hello program and of one of 500 modules, `-O0`: the linker's process alone, and Vitte's step around it
    size     bytes of a hello program: as built by default, and with `--release`
    targets  `vitte target add`, from nothing, one target after the other (only when named: it takes minutes)

Vitte's step is the stage `link` of `--time-passes`: start objects, the plan, the linker, the image in its place. Targets that lack their
sysroot or their linker are left out, and named.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import generate_small
from measure import VITTE, Run, run_once, warn_when_busy

PARTS = ("time", "size", "targets")
USUAL = ("time", "size")
TARGETS = (
    "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-pc-windows", "aarch64-apple-macos",
    "wasm32-wasi",
)  # fmt: skip
MODULES = 500
HELLO = 'proc main() {\n  println("hello")\n}\n'


def _vitte(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VITTE, *words], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def _line(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """The linker's command line out of a dry run."""
    return next((shlex.split(line.removeprefix("link: ")) for line in ran.stdout.splitlines() if line.startswith("link: ")), [])


def _ready(folder: Path, environment: dict[str, str]) -> list[str]:
    """The targets that can be linked here; says which cannot, and why. No image is kept, so that later builds do link."""
    found = []
    for target in TARGETS:
        ran = _vitte(folder, environment, "build", "--target", target, "--dry-run", "hello.vit")
        if ran.returncode == 0:
            found.append(target)
        else:
            print(f"left out: {target}: {ran.stderr.strip().splitlines()[0]}")
    return found


def _step(words: list[str], cwd: Path, environment: dict[str, str]) -> float:
    """Seconds of stage 10 in a build whose units are all kept."""
    ran = _vitte(cwd, environment, *words, "--cache=read", "--time-passes")
    row = next((line.split() for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("link ")), None)
    if ran.returncode or row is None:
        sys.exit(f"nothing was linked: vitte {' '.join(words)}\n{ran.stdout}{ran.stderr}")
    return float(row[1]) / 1e3


def link_times(folder: Path, targets: list[str], environment: dict[str, str], rounds: int) -> None:
    print(f"\n{'link, ms':34} {'program':>10} {'linker':>8} {'vitte':>8} {'ratio':>6} {'bytes':>10}")
    for target in targets:
        for name, cwd, inputs in (("hello", folder, ["hello.vit"]), (f"{MODULES} units", folder / "many", [])):
            out = folder / "linked"
            out.mkdir()
            words = ["build", "-O0", "--target", target, "-o", str(out / "image"), *inputs]
            command = _line(_vitte(cwd, environment, *words, "--dry-run"))
            if "-o" in command:
                # ld64.lld takes the image's name from its path, so it is given a folder of its own, which a dry run does not make.
                (cwd / command[command.index("-o") + 1]).parent.mkdir(exist_ok=True)
            line = Run(command, cwd)
            plain, step = [], []
            for _ in range(rounds + 1):
                plain.append(run_once(line)[0])
                step.append(_step(words, cwd, environment))
            size = max(path.stat().st_size for path in out.iterdir())
            a, b = statistics.median(plain[1:]), statistics.median(step[1:])
            print(f"{target:34} {name:>10} {a * 1e3:8.1f} {b * 1e3:8.1f} {b / a:6.2f} {size:10}", flush=True)
            shutil.rmtree(out)


def sizes(folder: Path, targets: list[str], environment: dict[str, str]) -> None:
    print(f"\n{'hello, bytes':34} {'dev':>10} {'release':>10}")
    for target in targets:
        found = []
        for flags in ([], ["--release"]):
            out = folder / "sized"
            out.mkdir()
            _vitte(folder, environment, "build", "--target", target, *flags, "-o", str(out / "hello"), "hello.vit")
            found.append(max(path.stat().st_size for path in out.iterdir()))
            shutil.rmtree(out)
        print(f"{target:34} {found[0]:10} {found[1]:10}", flush=True)


def additions(folder: Path, environment: dict[str, str]) -> None:
    print(f"\n{'target add, from nothing':34} {'s':>8} {'MiB':>7}")
    listed = _vitte(folder, environment, "target", "list").stdout
    for target in [line.split()[0] for line in listed.splitlines() if "target add" in line]:
        root = folder / "sysroots"
        shutil.rmtree(root, ignore_errors=True)
        start = time.perf_counter()
        ran = _vitte(folder, {**environment, "VITTE_SYSROOTS": str(root)}, "target", "add", target)
        if ran.returncode:
            print(f"left out: {target}: {ran.stderr.strip().splitlines()[0]}")
            continue
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / (1 << 20)
        print(f"{target:34} {time.perf_counter() - start:8.1f} {size:7.1f}", flush=True)


def run(folder: Path, rounds: int, only: tuple[str, ...]) -> None:
    warn_when_busy()
    folder.mkdir(exist_ok=True)
    (folder / "hello.vit").write_text(HELLO)
    environment = {"VITTE_CACHE": str(folder / "cache"), "VITTE_NO_SERVER": "1"}
    if "time" in only or "size" in only:
        targets = _ready(folder, environment)
        if "time" in only:
            generate_small.vitte(folder / "many", MODULES)
            link_times(folder, targets, environment, rounds)
        if "size" in only:
            sizes(folder, targets, environment)
    if "targets" in only:
        additions(folder, environment)
