"""What programs of Linux targets are linked with, as golden command lines, and where that comes from."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.sysroots import KEPT, prepare, pretend
from tests.link.test_plan import GOLDEN, shown
from vitte import codegen
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions, Library, LldFlavor
from vitte.driver.session import DriverContext
from vitte.driver.target import TARGETS
from vitte.driver_impl.link import libraries, supplies
from vitte.driver_impl.link.libraries import library
from vitte.driver_impl.link.programs import Linker, which
from vitte.driver_impl.pipeline import link
from vitte.driver_impl.pipeline.link_inputs import Inputs

GLIBC: dict[str, bytes] = {
    "Scrt1_o": b"1", "libm_so_6": b"2", "libc_so_6": b"3", "libld_so_2": b"4", "libpthread_so_0": b"5", "librt_so_1": b"6",
    "libc_nonshared_a": b"7", "libcompiler_rt_a": b"8",
}  # fmt: skip
MUSL: dict[str, bytes] = {"crt1_o": b"1", "libc_a": b"2", "libzigc_a": b"3", "libcompiler_rt_a": b"4"}
ELF = [name for name, target in TARGETS.items() if target.system in ("linux", "none") and target.arch != "wasm32"]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / "roots"))
    return tmp_path / "roots"


@pytest.mark.parametrize("name", ELF)
def test_plan(name: str, root: Path, monkeypatch: pytest.MonkeyPatch, bless: bool) -> None:
    made = pretend(name, **{"musl": MUSL, "glibc": GLIBC, "none": {}}[TARGETS[name].libc])
    options = DriverOptions(target=TARGETS[name], libraries=(Library("m"), Library("surelynotthere")))
    monkeypatch.setattr(link, "linker_of", lambda options: Linker(("ld.lld",), "lld", LldFlavor.ELF))
    _, plan = link._plan(options, DriverContext(options), Inputs(supplies.find(options.target), "start.o", ["a.o"]), "out/app")
    text = shown(plan).replace(made.folder, "SYSROOT").replace(f".{os.getpid()}.tmp", ".tmp")
    path = GOLDEN / f"supplies.{name}.txt"
    if bless:
        path.write_text(text)
    assert text == path.read_text()
    # Everything that is read counts for what is remembered.
    assert set(supplies.find(options.target).files()) <= {os.path.join(made.folder, file.name) for file in made.files}


def test_this_machine_needs_no_sysroot_and_takes_one_that_is_there() -> None:
    target = TARGETS["x86_64-unknown-linux-gnu"]
    found = supplies.find(target)
    assert found.start == "" and os.path.basename(found.runtime[0]) == "libc.so.6" and found.system
    made = pretend(target.name, **GLIBC)
    assert supplies.find(target).start == os.path.join(made.folder, "Scrt1.o")
    Path(made.folder, "libc.so.6").write_bytes(b"longer")  # a damaged one is not passed over in silence
    with pytest.raises(DriverError, match="cannot be used"):
        supplies.find(target)


def test_without_a_glibc_that_runs_a_sysroot_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "runtime", lambda arch: None)
    monkeypatch.setattr("vitte.driver_impl.link.linux.runtime", lambda arch: None)
    with pytest.raises(DriverError, match="needs its C library"):
        supplies.find(TARGETS["x86_64-unknown-linux-gnu"])


def test_libraries_of_this_machine_are_not_for_other_machines(tmp_path: Path) -> None:
    (tmp_path / "libz.a").touch()
    assert library(Library("z"), system=(str(tmp_path),)) == str(tmp_path / "libz.a")
    assert library(Library("z")) == "-lz"
    assert supplies.Supplies().system


HELLO = 'proc main() {\n  println("hello")\n}\n'


def build(folder: Path, target: str, *options: str) -> Path:
    (folder / "hello.vit").write_text(HELLO)
    ran = vitte("build", "hello.vit", "--target", target, "-o", "hello", *options, cwd=folder)
    assert ran.status == 0, ran.err
    return folder / "hello"


def dynamic(image: Path) -> str:
    return subprocess.run(["readelf", "-hldV", str(image)], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sysroots of the suite."""
    monkeypatch.setenv("VITTE_SYSROOTS", str(KEPT))


@pytest.mark.foreign
@pytest.mark.parametrize(("target", "versions", "loader"), [
    ("x86_64-unknown-linux-gnu", ("2.2.5", "2.14"), "/lib64/ld-linux-x86-64.so.2"),
    ("aarch64-unknown-linux-gnu", ("2.17",), "/lib/ld-linux-aarch64.so.1"),
    ("riscv64-unknown-linux-gnu", ("2.27",), "/lib/ld-linux-riscv64-lp64d.so.1"),
])  # fmt: skip
def test_programs_for_old_systems(target: str, versions: tuple[str, ...], loader: str, kept: None, tmp_path: Path) -> None:
    prepare(target)
    image = build(tmp_path, target)
    if which("readelf") is None:
        pytest.skip("readelf is not on this machine")
    said = dynamic(image)
    assert f"interpreter: {loader}]" in said and "Type:                              DYN" in said and "BIND_NOW" in said
    found = {word.split("_")[1] for word in said.split() if word.startswith("GLIBC_")}
    assert found and found <= set(versions)
    assert "Shared library: [libc.so.6]" in said and "libm.so.6" not in said
    if target.startswith("x86_64"):
        assert subprocess.run([str(image)], capture_output=True, text=True, check=True).stdout == "hello\n"


@pytest.mark.foreign
def test_a_sysroot_that_comes_later_gives_another_program(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = "x86_64-unknown-linux-gnu"
    prepare(target)
    ready = KEPT / target
    monkeypatch.setenv("VITTE_SYSROOTS", str(root))
    first = build(tmp_path, target).read_bytes()
    shutil.copytree(ready, root / target)
    assert (b"GLIBC_2.34" in first, b"GLIBC_2.34" in build(tmp_path, target).read_bytes()) == (True, False)
    shutil.rmtree(root / target)
    assert build(tmp_path, target).read_bytes() == first


@pytest.mark.foreign
@pytest.mark.parametrize("target", ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"])
def test_static_programs(target: str, kept: None, tmp_path: Path) -> None:
    prepare(target)
    image = build(tmp_path, target, "--release", "--strip")
    assert image.stat().st_size <= 40_000
    if which("readelf") is None:
        pytest.skip("readelf is not on this machine")
    said = dynamic(image)
    assert "There is no dynamic section" in said and "INTERP" not in said and "GNU_RELRO" in said


@pytest.mark.foreign
@pytest.mark.parametrize("linker", ["ld.bfd", "ld.gold", "mold", "system"])
def test_the_systems_linkers_link_static_programs(linker: str, kept: None, tmp_path: Path) -> None:
    if which("ld" if linker == "system" else linker) is None:
        pytest.skip(f"{linker} is not on this machine")
    prepare("x86_64-unknown-linux-musl")
    image = build(tmp_path, "x86_64-unknown-linux-musl", "--linker", linker)
    assert subprocess.run([str(image)], capture_output=True, text=True, check=True).stdout == "hello\n"


ODD = """
use std/env
use std/math

proc main() {
  let xs = [math.sin(1.0), 2.0]
  println("{} {}", env.args().len(), xs[0])
  println("{}", xs[env.args().len()])
}
"""


def run_with_glibc(arch: str, folder: Path) -> None:
    if not Path(f"/usr/{arch}-linux-gnu/lib/libc.so.6").exists():
        pytest.skip(f"the C library of Debian's `libc6-{arch.replace('aarch64', 'arm64')}-cross` is not on this machine")
    (folder / "odd.vit").write_text(ODD)
    ran = vitte("run", "odd.vit", "--target", f"{arch}-linux-gnu", "--", "a", cwd=folder)
    assert (ran.status, ran.out) == (101, "2 0.8414709848078965\n") and "index 2 is out of range" in ran.err


@pytest.mark.foreign
@pytest.mark.parametrize("arch", ["aarch64", "riscv64"])
def test_dynamic_programs_of_other_machines(arch: str, kept: None, tmp_path: Path) -> None:
    prepare(f"{arch}-unknown-linux-gnu")
    run_with_glibc(arch, tmp_path)


@pytest.mark.foreign
@pytest.mark.parametrize("arch", ["aarch64", "riscv64"])
def test_the_own_start_object_on_other_machines(arch: str, tmp_path: Path) -> None:
    """As a machine of that kind links without a sysroot: with Vitte's start object and the glibc that runs there."""
    target = TARGETS[f"{arch}-unknown-linux-gnu"]
    there = Path(f"/usr/{arch}-linux-gnu/lib")
    if there.exists():
        pretend(target.name, Scrt1_o=codegen.start_object(target), libc_so_6=(there / "libc.so.6").read_bytes(),
                libm_so_6=(there / "libm.so.6").read_bytes(), libc_nonshared_a=b"!<arch>\n", libcompiler_rt_a=b"!<arch>\n")  # fmt: skip
    run_with_glibc(arch, tmp_path)
