"""What all proofs of the cache share: folders of sources, builds from outside, clean builds to compare with, counts.

    tree (texts on disk) --Bench.build(arguments)--> Result     with the cache that is tried
                         --Bench.clean(arguments)--> Result     in another folder, of the same texts, with nothing to reuse

Equal results mean: same exit status, same bytes on both streams, same image.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.harness import forked

OUT = "out/program"


class Result(NamedTuple):
    """`image`: the bytes of the program built, b"" when there is none."""

    status: int
    out: bytes
    err: bytes
    image: bytes = b""

    def text(self) -> str:
        image = f"{len(self.image)} bytes, {hash(self.image) & 0xFFFFFFFF:08x}"
        out, err = self.out.decode(errors="replace"), self.err.decode(errors="replace")
        return f"status {self.status}\nimage {image}\n--- stdout\n{out}\n--- stderr\n{err}"


class Wrong(AssertionError):
    """A build with the cache that differs from a clean one."""


class Counts(NamedTuple):
    """What a build did: sources parsed, units type-checked, runs of LLVM; whether it linked."""

    parsed: int
    checked: int
    objects: int
    linked: bool


def counts(result: Result) -> Counts:
    """Of a build with `--message-format json --explain`."""
    for line in result.out.splitlines():
        if line.startswith(b"{"):
            message = json.loads(line)
            if message.get("$message_type") == "build":
                return Counts(message["parsed"], message["checked"], message["objects"], message["linked"])
    raise AssertionError(f"no report in\n{result.text()}")


def rebuilt(result: Result) -> dict[str, dict[str, object]]:
    """Unit to why and how it was rebuilt."""
    messages = [json.loads(line) for line in result.out.splitlines() if line.startswith(b"{")]
    return {str(m["unit"]): m for m in messages if m.get("$message_type") == "rebuilt"}


def run(arguments: list[str], folder: Path | str, env: dict[str, str], timeout: float = 120.0) -> Result:
    """`vitte ARGUMENTS` in a fork of this process, with the image that `build` left at `OUT`."""
    ran = forked.vitte(*arguments, cwd=folder, env=env, timeout=timeout)
    return Result(ran.status, ran.stdout, ran.stderr, image(folder) if arguments[0] == "build" else b"")


def image(folder: Path | str) -> bytes:
    try:
        with open(os.path.join(folder, OUT), "rb") as file:
            return file.read()
    except OSError:
        return b""


def preload() -> None:
    """Import all that a build needs, LLVM too, so that a fork does not."""
    forked.preload()
    import llvmlite.binding  # noqa: F401

    import vitte.codegen.llvm  # noqa: F401


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


class Bench:
    """A project in `root/tree`, a cache to try in `root/cache`, and what clean builds need: `root/ref` with the same texts,
    and `std`, a cache that holds compiled library modules and nothing else and is only read (made when it is not there).

    The texts in both folders are changed by `put`; `root/tree` alone by whoever tries something.
    """

    def __init__(self, root: Path, files: dict[str, str], std: Path | None = None) -> None:
        self.root = root
        self.tree, self.ref, self.cache = (root / name for name in ("tree", "ref", "cache"))
        self.std = std or root / "std"
        self.files: dict[str, str] = {}
        self.packaged = "vitte.toml" in files
        self.env = {
            "VITTE_CACHE": str(self.cache), "VITTE_SYSROOTS": str(root / "sysroots"), "VITTE_JOBS": "1", "NO_COLOR": "1",
            "TMPDIR": str(root / "tmp"), "VITTE_NO_SERVER": "1",
        }  # fmt: skip
        for folder in (self.tree / "out", self.ref / "out", root / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        preload()
        self.put(files)
        if not self.std.exists():
            warm(self.std)

    def put(self, files: dict[str, str]) -> list[str]:
        """Make both folders hold exactly these texts; the paths that changed."""
        changed = [name for name in {**self.files, **files} if self.files.get(name) != files.get(name)]
        for name in changed:
            for folder in (self.tree, self.ref):
                path = folder / name
                if name in files:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(files[name].encode("utf-8", "surrogateescape"))
                elif path.exists():
                    path.unlink()
        self.files = dict(files)
        return changed

    def arguments(self, command: str, flags: list[str]) -> list[str]:
        out = ["-o", OUT] if command == "build" else []
        return [command, *([] if self.packaged else ["main.vit"]), *out, *flags]

    def build(self, command: str = "build", flags: list[str] = [], env: dict[str, str] = {}) -> Result:  # noqa: B006
        """With the cache that is tried. The image is taken away before, unless it should be found."""
        return run(self.arguments(command, flags), self.tree, {**self.env, **env})

    def clean(self, command: str = "build", flags: list[str] = [], thorough: bool = False) -> Result:  # noqa: B006
        """What is right. `thorough`: without any cache at all, else with a library that is compiled already."""
        try:
            os.unlink(self.ref / OUT)
        except OSError:
            pass
        if thorough:
            return run([*self.arguments(command, flags), "--cache", "off"], self.ref, self.env)
        target = self.ref / "target"
        result = run([*self.arguments(command, flags), "--cache", "read"], self.ref, {**self.env, "VITTE_CACHE": str(self.std)})
        shutil.rmtree(target, ignore_errors=True)
        return result

    def same(self, got: Result, wanted: Result, what: str, harmed: bool = False) -> None:
        """Raises `Wrong` when they differ. An image counts when the build went well: a failed one leaves what was there.
        `harmed`: the cache was damaged or cannot be written, so a notice that names its folder is no difference."""
        if harmed:
            got = got._replace(err=without_notices(got.err))
        if got.status != 0 or wanted.status != 0:
            got, wanted = got._replace(image=b""), wanted._replace(image=b"")
        if got != wanted:
            raise Wrong(f"{what}\nin {self.root}\n=== got\n{got.text()}\n=== clean\n{wanted.text()}")

    def image_is(self, wanted: Result) -> bool:
        return image(self.tree) == wanted.image

    def cache_files(self) -> list[Path]:
        """All files of the cache that is tried, sorted."""
        found = [p for folder in (self.cache, self.tree / "target" / "incremental") for p in folder.rglob("*") if p.is_file()]
        return sorted(found)


def warm(std: Path, every: bool = False) -> None:
    """Make a cache that holds the library as it is used by projects here, for each goal; with all usual flags for a long run."""
    preload()
    folder = std.parent / "library"
    write(folder, {"main.vit": LIBRARY})
    env = {"VITTE_CACHE": str(std), "VITTE_JOBS": "1", "VITTE_NO_SERVER": "1"}
    for flags in ([], ["-O1"], ["-O3"], ["-g=line"], ["-g"], ["--overflow-checks", "off"]) if every else ([],):
        run(["build", "main.vit", "-o", "x", *flags], folder, env)
        run(["test", "main.vit", *flags], folder, env)
    run(["check", "main.vit"], folder, env)
    run(["run", "--engine", "interp", "main.vit"], folder, env)


def without_notices(text: bytes) -> bytes:
    """What was said besides notices of the cache."""
    return b"".join(line for line in text.splitlines(keepends=True) if b"the cache `" not in line)


def start(arguments: list[str], folder: Path | str, env: dict[str, str]) -> int:
    """`vitte ARGUMENTS` in a process group of its own, not waited for; its process id."""
    forked.preload()
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            forked._child(arguments, folder, null, null, null, env)
        finally:
            os._exit(71)
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass  # it has done so itself
    return pid


def ended(pid: int) -> int:
    """Wait for it; its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


LIBRARY = """\
use std/math

form F { a: int, b: i32 = 2 }
pick P { A, B(int) }

proc main() {
  let b = box(F { a: 1 })
  let xs = [1, 2, b.a]
  println("{} {:?} {}", xs.len(), F { a: 1 }, F { a: 1 } == F { a: 2 })
  println(format("{:?}", P.B(2)).len())
}

test "t" { assert 1 > 0, "t" }
"""
