"""Programs for macOS, which cannot be run here: every program of `tests/run` is compiled and linked for it, and its image taken apart.

A few of them always, all of them with `--all`. Both linkers that make such images are used: `ld64.lld` where there is one, and zig's own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.programs import programs, title
from tests.harness.running import said_of
from tests.link.macho_check import check_image, parse
from vitte.driver.options import LldFlavor
from vitte.driver.target import TARGETS
from vitte.driver_impl.link import lld

ROOT = Path(__file__).parent.parent.parent
HERE = ROOT / "tests" / "run"
ALWAYS = ("extern_c", "float_methods", "env_var", "panic_index", "fs_files")
ARCHS = {"aarch64-apple-macos": "arm64", "x86_64-apple-macos": "x86_64"}


def ld64() -> str:
    """The path of an `ld64.lld`; skips the test where there is none."""
    found = lld.find("", LldFlavor.MACHO)
    if found.dialect == "zig":
        pytest.skip("there is no ld64.lld on this machine")
    return found.words[0]


def linker(name: str) -> dict[str, str]:
    return {"VITTE_LINKER": ld64() if name == "ld64.lld" else lld.ziglang()}


def cases() -> list[object]:
    found = []
    for path in programs(HERE):
        if said_of(path).get("test") or "O0" not in (said_of(path).get("engines") or "O0"):
            continue
        marks = () if title(path, HERE) in ALWAYS else (pytest.mark.foreign,)
        found.append(pytest.param(path, id=title(path, HERE), marks=marks))
    return found


def build(path: Path, folder: Path, target: str, *options: str, env: dict[str, str]) -> Path:
    image = folder / "program"
    ran = vitte("build", path.name, "--target", target, "-o", str(image), *options, cwd=path.parent, env=env)
    assert ran.status == 0, ran.err
    return image


@pytest.mark.parametrize("path", cases())
def test_every_program(path: Path, tmp_path: Path) -> None:
    env = {"VITTE_LINKER": lld.find("", LldFlavor.MACHO).words[0]}
    image = build(path, tmp_path, "aarch64-apple-macos", "-O0", env=env)
    imports = check_image(image, "arm64", path.stem)
    assert imports <= KNOWN_IMPORTS | {"_abs", "_environ", "_strlen", "_toupper", "_snprintf"}, f"{imports - KNOWN_IMPORTS}"


KNOWN_IMPORTS = {
    "___error", "__exit", "_access", "_bzero", "_clock_gettime", "_close", "_fork", "_free", "_getenv", "_malloc", "_memcmp", "_memcpy",
    "_memmove", "_memset", "_open", "_read", "_realloc", "_strlen", "_strtod", "_unlink", "_waitpid", "_write", "dyld_stub_binder",
    "_acos", "_asin", "_atan", "_atan2", "_cbrt", "_cos", "_cosh", "_exp", "_fmod", "_hypot", "_log", "_log10", "_log2", "_pow", "_sin",
    "_sinh", "_tan", "_tanh", "_memset_pattern16", "_fmodf", "_powf", "_ceil", "_floor", "_trunc", "_round", "_fma", "_fmaf",
}  # fmt: skip
"""What the library and LLVM ask of libSystem. All of it is there since macOS 11."""


@pytest.mark.parametrize("name", ["ld64.lld", "zig"])
@pytest.mark.parametrize("target", ARCHS)
@pytest.mark.parametrize("options", [("-O0", "-g"), ("-O2",), ("-O2", "--strip")], ids="-".join)
def test_hello(target: str, name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    image = build(ROOT / "examples" / "hello.vit", tmp_path, target, *options, env=linker(name))
    imports = check_image(image, ARCHS[target], "hello")
    assert {"_write", "_malloc", "__exit"} - imports == set()
    if "-g" not in options:
        # Segments begin at pages of 16 KiB on arm64: three of them, and what is linked by.
        assert image.stat().st_size <= (60_000 if target.startswith("aarch64") else 28_000)
    objects = ["program.objects"] if name == "ld64.lld" and "-g" in options else []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program", *objects]


def test_objects_with_debug_information_stay_beside_the_program(tmp_path: Path) -> None:
    """An image names them, from its own folder on; they come back with it when it is remembered."""
    source = tmp_path / "hello.vit"
    shutil.copy(ROOT / "examples" / "hello.vit", source)
    image = build(source, tmp_path, "aarch64-apple-macos", "-g", env=linker("ld64.lld"))
    data = image.read_bytes()
    names = [symbol.name for symbol in parse(image).symbols if symbol.raw_type == 0x66]
    assert "program.objects/hello.o" in names and "program.objects/std.rt.o" in names
    assert all((tmp_path / name).read_bytes()[:4] == b"\xcf\xfa\xed\xfe" for name in names)
    assert b"__debug_info" in (tmp_path / "program.objects" / "hello.o").read_bytes()
    assert str(tmp_path).encode() not in data
    image.unlink()
    shutil.rmtree(tmp_path / "program.objects")
    build(source, tmp_path, "aarch64-apple-macos", "-g", env=linker("ld64.lld"))
    assert image.read_bytes() == data and all((tmp_path / name).exists() for name in names)


@pytest.mark.parametrize("name", ["ld64.lld", "zig"])
def test_equal_builds_give_equal_bytes(name: str, tmp_path: Path) -> None:
    """Whatever process makes them, and whatever the file is called."""
    (tmp_path / "other").mkdir()
    images = []
    for output in ("program", "program", "other/name"):
        ran = vitte("build", str(ROOT / "examples" / "hello.vit"), "--target", "aarch64-apple-macos", "-o", output, "--cache", "off",
                    cwd=tmp_path, env=linker(name))  # fmt: skip
        assert ran.status == 0, ran.err
        images.append((tmp_path / output).read_bytes())
    assert images[0] == images[1] == images[2]


def test_targets_are_what_the_tests_know() -> None:
    assert [name for name, target in TARGETS.items() if target.system == "macos"] == list(ARCHS)
