#!/usr/bin/env python3
"""Chores of this repository, on a fresh clone too: `python3 x.py demo|test|bless|bench|soak|check [arguments]`.

Needs only Python 3.11 or newer. The first use makes `.venv` beside this file and installs Vitte and its tools into
it (editable); later uses find it there. Everything else runs inside that environment.

    demo    compile and run a real example, and show what it prints
    test    the whole test suite, in as many processes as there are cores; arguments go to pytest (in one process);
            with --all also on every target whose programs can be run here: installs what runs them (Debian, as root)
    bless   rewrite the expected outputs of tests/run and tests/ui from what the compiler says now; arguments to pytest
    bench   the benchmarks, with a report on standard output
    soak    long runs of the proofs of the incremental cache: --seconds N (120) or --full, --seed S; --help says more
    check   ruff, mypy in strict mode, and the layer contract
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "vitte-stamp"
PACKAGES = {
    "qemu-user": "/usr/bin/qemu-aarch64", "wine64": "/usr/lib/wine/wine64", "lld-19": "/usr/bin/ld64.lld-19",
    "libc6-arm64-cross": "/usr/aarch64-linux-gnu/lib/libc.so.6", "libc6-riscv64-cross": "/usr/riscv64-linux-gnu/lib/libc.so.6",
}
"""Debian's packages that run or link programs of other targets, and a file that each has."""
NEEDED = "import vitte, msgspec, llvmlite, ziglang, wasmtime, lief, pytest, hypothesis, mypy, ruff, importlinter"
DEMO = ("examples/calculator/main.vit", "examples/calculator.vit", "examples/hello.vit")


def python() -> str:
    """The environment's interpreter."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def tool(name: str) -> str:
    return str(Path(python()).parent / (name + (".exe" if os.name == "nt" else "")))


def set_up() -> None:
    """Make `.venv` with Vitte and its tools in it, unless it is there and was made for the same requirements."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes().split(b"[tool.pytest")[0]).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if Path(python()).exists() and subprocess.run([python(), "-c", NEEDED], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        STAMP.write_text(wanted)
        return
    print("x.py: setting up .venv (once)", file=sys.stderr, flush=True)
    if not Path(python()).exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    install = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f"{ROOT}[dev]"]
    for attempt in (1, 2, 3):
        if subprocess.run(install, check=False).returncode == 0:
            STAMP.write_text(wanted)
            return
        print(f"x.py: installation failed (attempt {attempt} of 3)", file=sys.stderr, flush=True)
        time.sleep(2 * attempt)
    sys.exit(1)


def run(*command: str) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def demo() -> int:
    program = next((p for p in DEMO if (ROOT / p).exists()), DEMO[-1])
    print(f"$ vitte run {program}", flush=True)
    return run(python(), "-m", "vitte", "run", program)


def install_runners() -> None:
    """What tests of other targets need and `pip` does not have; they are skipped, and say so, where it cannot be installed."""
    missing = [package for package, program in PACKAGES.items() if not Path(program).exists()]
    if not missing or not Path("/usr/bin/apt-get").exists():
        return
    print(f"x.py: installing {' '.join(missing)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False)


def test(arguments: list[str]) -> int:
    """All tests, sharded over the cores; with arguments for pytest, one ordinary run."""
    everything = ["--all"] if "--all" in arguments else []
    if everything:
        install_runners()
        arguments = [word for word in arguments if word != "--all"]
    shards = 1 if arguments else min(os.cpu_count() or 1, 8)
    arguments += everything
    if shards == 1:
        return run(python(), "-m", "pytest", *arguments)
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for n in range(1, shards + 1):
            log = open(Path(folder) / f"{n}.log", "wb")  # noqa: SIM115
            command = [python(), "-m", "pytest", "--shard", f"{n}/{shards}", *arguments]
            running.append((n, log, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)))
        for n, log, process in running:
            status = process.wait()
            log.close()
            print(f"--- shard {n} of {shards}")
            print((Path(folder) / f"{n}.log").read_text(errors="replace"), flush=True)
            worst = max(worst, abs(status))
    return worst


def check() -> int:
    worst = 0
    for command in ([tool("ruff"), "check", "."], [python(), "-m", "mypy"], [tool("lint-imports")]):
        print("$", " ".join([Path(command[0]).name, *command[1:]]), flush=True)
        worst = max(worst, run(*command))
    return worst


def main(argv: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - said to people, not to installers
        print("x.py: Vitte needs Python 3.11 or newer", file=sys.stderr)
        return 2
    command, rest = (argv[0], argv[1:]) if argv else ("", [])
    if command not in ("demo", "test", "bless", "bench", "soak", "check"):
        print((__doc__ or "").strip(), file=sys.stderr if command else sys.stdout)
        return 2 if command not in ("", "help", "--help", "-h") else 0
    # Start-up without compiled modules takes three times as long; what is measured and shown should be what users have.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    set_up()
    subprocess.run([python(), "-m", "compileall", "-q", str(ROOT / "src" / "vitte")], check=False)
    if command == "demo":
        return demo()
    if command == "test":
        return test(rest)
    if command == "bless":
        return run(python(), "-m", "pytest", "--bless", *(rest or ["tests/run", "tests/ui"]))
    if command == "bench":
        return run(python(), "benchmarks/bench.py", *rest)
    if command == "soak":
        return run(python(), "-m", "tests.incremental.soak", *rest)
    return check()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
