"""Where a project lies, which processes build it, and in which order: none of it is in what comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.incremental.kit import OUT, Bench, Result, Wrong, run
from tests.incremental.project import make

ODD: tuple[str, ...] = (
    "with space", "two\nlines", "per%cent", "%41", "pipe|pipe", "caf\u00e9", "cafe\u0301", "t\tab", "~", "-o", "quote'\"", "back\\slash",
    "\U0001f600", os.fsdecode(b"not utf-8 \xff\xfe"), "a" * 200, " ", "$HOME", "#hash", "end 3 abc", "vitte-index 1",
)  # fmt: skip
"""Names of folders."""


def odd_folders(root: Path, seed: int, std: Path | None = None) -> int:
    """A project in folders of odd names, with its cache in there too; how many folders."""
    bench = Bench(root, make(seed, 4, packaged=True).files(), std)
    wanted = bench.clean(), bench.clean("check", ["--message-format", "json"]), bench.clean("run")
    for number, name in enumerate(ODD):
        folder = root / "odd" / name
        shutil.copytree(bench.ref, folder / "p")
        env = {**bench.env, "VITTE_CACHE": str(folder / "cache")}
        for turn in range(3):
            (folder / "p" / OUT).unlink(missing_ok=True)
            got = (
                run(["build", "-o", OUT], folder / "p", env),
                run(["check", "--message-format", "json"], folder / "p", env),
                run(["run"], folder / "p", env),
            )
            for one, other in zip(got, wanted):
                bench.same(one, other, f"folder {number} ({name!r}), turn {turn}")
    return len(ODD)


def odd_roots(root: Path, seed: int, names: tuple[str, ...] = ODD, std: Path | None = None) -> int:
    """A single file of an odd name, by relative and absolute paths; how many were built. A name that is no text is refused."""
    bench = Bench(root, make(seed, 4, packaged=False).files(), std)
    wanted = bench.clean("run")
    tried = 0
    for name in names:
        for where in (f"{name}.vit", f"./{name}.vit", os.path.join(str(bench.tree), f"{name}.vit")):
            path = bench.tree / f"{name}.vit"
            shutil.copyfile(bench.tree / "main.vit", path)
            if where.startswith("-"):
                continue
            for _ in range(2):
                if not _is_text(name):
                    got = run(["check", where], bench.tree, bench.env)
                    if got.status != 1 or b"is not UTF-8" not in got.err:
                        raise Wrong(f"check {where!r}\n{got.text()}")
                    continue
                got = run(["run", where, "-A", "unused-import"], bench.tree, bench.env)
                if (got.status, got.out) != (wanted.status, wanted.out):
                    raise Wrong(f"run {where!r}\n=== got\n{got.text()}\n=== clean\n{wanted.text()}")
            tried += 1
    return tried


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def links(root: Path, seed: int, std: Path | None = None) -> int:
    """Sources and folders that are symbolic links, turned to other targets between builds; how many builds."""
    bench = Bench(root, make(seed, 4, packaged=True).files(), std)
    names = [name for name in bench.files if name.endswith(".vit") and "main" not in name]
    for name in names:
        path = bench.tree / name
        store = root / "elsewhere" / sha256(name.encode()).hexdigest()[:8]
        store.parent.mkdir(exist_ok=True)
        shutil.move(path, store)
        path.symlink_to(store)
    builds = 0
    for turn in range(2):
        bench.same(bench.build(), bench.clean(), f"links, turn {turn}")
        for name in names[:3]:
            text = bench.files[name] + f"// turn {turn}\n"
            other = root / "elsewhere" / f"{turn} {sha256(name.encode()).hexdigest()[:8]}"
            other.write_text(text)
            (bench.tree / name).unlink()
            (bench.tree / name).symlink_to(other)
            (bench.ref / name).write_text(text)
            bench.files[name] = text
            bench.same(bench.build(), bench.clean(), f"link {name}, turn {turn}")
            builds += 1
    shutil.move(bench.tree / "src", root / "sources")
    (bench.tree / "src").symlink_to(root / "sources")
    bench.same(bench.build(), bench.clean(), "a folder of sources that is a link")
    return builds + 3


class Made:
    """What a whole cold build leaves: its result, and every index and artifact by name and digest."""

    def __init__(self, result: Result, folders: list[Path]) -> None:
        self.result = result
        self.indexes: dict[str, bytes] = {}
        self.artifacts: set[str] = set()
        for folder in folders:
            for path in folder.rglob("*"):
                if path.name == "index.vitte":
                    self.indexes[str(path.relative_to(folder.parent))] = path.read_bytes()
                elif path.is_file() and "objects" in path.parts:
                    self.artifacts.add(f"{path.parent.name}{path.name} {sha256(path.read_bytes()).hexdigest()}")


def made(folder: Path, files: dict[str, str], commands: list[list[str]], env: dict[str, str]) -> Made:
    """Cold builds, in processes of their own, in a folder that is made for it."""
    for name, text in files.items():
        (folder / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "p" / name).write_text(text)
    whole = {**os.environ, "VITTE_CACHE": str(folder / "p" / "target" / "library"), "VITTE_NO_SERVER": "1", **env}
    out = err = b""
    status = 0
    for command in commands:
        ran = subprocess.run(
            [sys.executable, "-m", "vitte", *command], cwd=folder / "p", env=whole, capture_output=True, timeout=300, check=False
        )
        status, out, err = ran.returncode, out + ran.stdout, err + ran.stderr
    path = folder / "p" / OUT
    return Made(Result(status, out, err, path.read_bytes() if path.exists() else b""), [folder / "p" / "target"])


def same_made(one: Made, other: Made, what: str) -> None:
    """Raises `Wrong` when two builds left different bytes."""
    if one.result != other.result:
        raise Wrong(f"{what}: different results\n{one.result.text()}\n===\n{other.result.text()}")
    if one.artifacts != other.artifacts:
        raise Wrong(f"{what}: different artifacts: {sorted(one.artifacts ^ other.artifacts)[:10]} of {len(one.artifacts)}")
    if one.indexes != other.indexes:
        lines = [set(data.splitlines()) for made in (one, other) for data in made.indexes.values()]
        first = set().union(*lines[: len(one.indexes)])
        second = set().union(*lines[len(one.indexes) :])
        different = b"\n".join(sorted(first ^ second)[:12]).decode(errors="replace")
        raise Wrong(f"{what}: different indexes {sorted(one.indexes)} {sorted(other.indexes)}\n{different}")


def determinism(root: Path, seed: int, variants: list[tuple[str, str]]) -> int:
    """Cold builds with (hash seed, jobs), each in a folder of its own, leave the same bytes; how many builds."""
    files = make(seed, 6, packaged=True).files()
    first: Made | None = None
    for number, (hash_seed, jobs) in enumerate(variants):
        folder = root / ("a", "another folder", "b/c/d")[number % 3] / str(number)
        commands = [["check", "-j", jobs], ["build", "-o", OUT, "-j", jobs], ["build", "-o", OUT, "-j", jobs, "-O1"]]
        found = made(folder, files, commands, {"PYTHONHASHSEED": hash_seed})
        if first is None:
            first = found
        same_made(first, found, f"hash seed {hash_seed}, -j{jobs} in {folder}")
    return len(variants)
