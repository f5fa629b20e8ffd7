"""Images are equal byte for byte, whoever makes them, where, and how: each is made twice, with everything different that should not matter.

Different are: the folder of the sources, the user (HOME, USER, TMPDIR), the time, the seed of Python's hashes, the number of processes,
whether there was a cache, the time zone, and the image's folder and name. A target is one line of `TARGETS`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.link.kit import the_linker
from tests.link.macho_check import check_signature
from vitte.driver_impl.link import lld

ROOT = Path(__file__).parent.parent.parent
PROGRAM = ROOT / "tests" / "run" / "modules_tree"
TARGETS: dict[str, tuple[str, str]] = {
    "elf": ("x86_64-unknown-linux-gnu", ""),
    "coff": ("x86_64-pc-windows", ""),
    "macho-ld64": ("aarch64-apple-macos", "ld64.lld"),
    "macho-zig": ("x86_64-apple-macos", "zig"),
    "wasm": ("wasm32-wasi", ""),
}
"""By what they are called here: the target, and the linker when it is not the usual one."""
WAYS = {"plain": (), "debug": ("-g",), "release": ("--release",), "release-debug": ("--release", "-g"), "lto": ("--release", "--lto")}
ALWAYS = ("debug", "release")


def made(folder: Path, name: str, target: str, linker: str, options: tuple[str, ...], *, seed: int, jobs: int) -> tuple[Path, list[Path]]:
    """The image, and what is beside it. A process of its own: seeds of hashes are chosen when Python starts."""
    shutil.copytree(PROGRAM, folder / "sources")
    home = folder / "home"
    (home / "tmp").mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "USER": f"user{seed}", "TMPDIR": str(home / "tmp"), "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": str(ROOT / "src"), "VITTE_CACHE": str(home / "cache"), "VITTE_NO_SERVER": "1", "VITTE_SYSROOTS": os.environ.get(
            "VITTE_SYSROOTS", str(home / "cache" / "sysroots")), "TZ": ("UTC", "Pacific/Chatham")[seed % 2],
        "LC_ALL": ("C", "C.UTF-8")[seed % 2],
    }  # fmt: skip
    if linker:
        environment["VITTE_LINKER"] = the_linker(linker).words[0]
    output = folder / "out" / name
    command = [sys.executable, "-m", "vitte", "build", "main.vit", "--target", target, "-j", str(jobs), "-o", str(output), *options]
    ran = subprocess.run(command, cwd=folder / "sources", env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return output, sorted(path for path in output.parent.iterdir() if path != output)


def difference(first: bytes, second: bytes) -> str:
    if len(first) != len(second):
        return f"{len(first)} and {len(second)} bytes"
    at = next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), -1)
    return f"at {at}: {first[max(0, at - 40) : at + 40]!r} and {second[max(0, at - 40) : at + 40]!r}" if at >= 0 else ""


def cases() -> list[object]:
    return [
        pytest.param(target, way, id=f"{target}-{way}", marks=() if way in ALWAYS else (pytest.mark.foreign,))
        for target in TARGETS
        for way in WAYS
    ]


@pytest.mark.parametrize(("name", "way"), cases())
def test_images_are_equal_whoever_makes_them(name: str, way: str, tmp_path: Path) -> None:
    target, linker = TARGETS[name]
    here, there = tmp_path / "a", tmp_path / "another folder" / "deeper"
    first, beside = made(here, "program", target, linker, WAYS[way], seed=1, jobs=1)
    # With debug information an image of Mach-O names the folder with its objects, and one of Windows its PDB: they stand beside it under
    # its own name.
    other = "program" if name in ("macho-ld64", "coff") and "debug" in way else "other name"
    second, beside_other = made(there, other, target, linker, WAYS[way], seed=2, jobs=2)
    data = first.read_bytes()
    assert difference(data, second.read_bytes()) == ""
    if name == "coff" and "debug" in way:
        assert [path.name for path in beside] == ["program.pdb"]
        assert difference(beside[0].read_bytes(), beside_other[0].read_bytes()) == ""
    for trace in (str(tmp_path), "cache/objects", "user1", ".tmp"):
        assert trace.encode() not in data, f"`{trace}` stands in the image"
    if name.startswith("macho"):
        check_signature(data, "main")


def test_every_format_is_tried() -> None:
    assert {name.partition("-")[0] for name in TARGETS} == {"elf", "coff", "macho", "wasm"}
    assert os.path.basename(lld.ziglang()).startswith("zig")
