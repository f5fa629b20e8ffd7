"""Packages that make several images: programs, libraries, and what `vitte.toml` says of their links."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from vitte.base.source import SourceFile, span_start
from vitte.driver.manifest import parse
from vitte.driver.options import Library, OutputKind
from vitte.driver.outputs import file_name
from vitte.driver.session import LinkTable, Product
from vitte.driver.target import TARGETS

MANIFEST = """
[package]
name = "shapes"
version = "1.0.0"

[[bin]]
name = "area"

[[bin]]
name = "corners"
path = "src/corners.vit"

[[bin]]
name = "both"
entry = "everything"

[lib]
kind = ["static", "shared"]
exports = ["area_of"]
"""
FILES = {
    "src/main.vit": "use shared\nproc main() { println(shared.area_of(6, 7)) }\nentry everything at app { println(\"everything\") }\n",
    "src/corners.vit": "use shared\nproc main(args: [string]) { println(\"{} {}\", shared.corners(), args.len()) }\n",
    "src/shared.vit": (
        "pub extern \"C\" proc area_of(a: i32, b: i32) -> i32 { give a * b }\n"
        "pub extern \"C\" proc other() {}\n"
        "pub proc corners() -> int { let unused = 1; give 4 }\n"
        "test \"area\" { assert area_of(2, 3) == 6 }\n"
    ),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "shapes"
    for name, text in {**FILES, "vitte.toml": MANIFEST}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "target" / "dev").iterdir())


def test_a_build_makes_everything(package: Path) -> None:
    ran = vitte("build", cwd=package)
    assert ran.status == 0, ran.err
    assert ran.err.count("warning") == 2  # one, said once, and the count
    assert files(package) == ["area", "both", "corners", "libshapes.a", "libshapes.so", "shapes.h"]
    said = {name: subprocess.run([package / "target" / "dev" / name], capture_output=True, text=True, check=True).stdout
            for name in ("area", "both", "corners")}  # fmt: skip
    assert said == {"area": "42\n", "both": "everything\n", "corners": "4 1\n"}
    header = (package / "target/dev/shapes.h").read_text()
    assert "area_of" in header and "other" not in header


def test_a_second_build_has_nothing_to_do_and_puts_back_what_is_lost(package: Path) -> None:
    vitte("build", cwd=package)
    before = {path.name: path.read_bytes() for path in (package / "target" / "dev").iterdir()}
    for name in before:
        (package / "target" / "dev" / name).unlink()
    ran = vitte("build", "-v", cwd=package)
    assert ran.status == 0 and ran.err.count("nothing to do") == 5 and "link:" not in ran.err, ran.err
    assert {path.name: path.read_bytes() for path in (package / "target" / "dev").iterdir()} == before
    for name in ("area", "libshapes.so"):
        assert (package / "target" / "dev" / name).stat().st_mode & 0o111
    assert not (package / "target/dev/libshapes.a").stat().st_mode & 0o111


@pytest.mark.parametrize(("options", "made"), [
    (("--bin", "corners"), ["corners"]), (("--lib",), ["libshapes.a", "libshapes.so", "shapes.h"]),
    (("--kind", "shared"), ["libshapes.so", "shapes.h"]), (("--kind", "bin"), ["area", "both", "corners"]),
])  # fmt: skip
def test_a_build_makes_what_is_chosen(package: Path, options: tuple[str, ...], made: list[str]) -> None:
    assert vitte("build", *options, cwd=package).status == 0
    assert files(package) == made


def test_a_program_goes_without_saying_beside_a_library(package: Path) -> None:
    (package / "vitte.toml").write_text('[package]\nname = "shapes"\n\n[lib]\nkind = "shared"\npath = "src/shared.vit"\n')
    assert vitte("build", cwd=package).status == 0
    assert files(package) == ["libshapes.so", "shapes", "shapes.h"]
    assert vitte("run", cwd=package).out == "42\n"
    assert vitte("build", "--lib", "--kind", "static", cwd=package).status == 0
    assert files(package) == ["libshapes.a", "libshapes.so", "shapes", "shapes.h"]


def test_run_wants_to_know_which(package: Path) -> None:
    ran = vitte("run", cwd=package)
    assert ran.status == 2 and "package `shapes` has 3 programs" in ran.err and "`--bin corners`" in ran.err
    ran = vitte("run", "--bin", "corners", "--", "a", "b", cwd=package)
    assert (ran.status, ran.out) == (0, "4 3\n"), ran.err
    ran = vitte("run", "--bin", "cornets", cwd=package)
    assert ran.status == 2 and "has no program `cornets`" in ran.err
    (package / "vitte.toml").write_text(MANIFEST.replace('name = "area"', 'name = "shapes"', 1))
    assert vitte("run", cwd=package).out == "42\n"  # the one of the package's own name


def test_one_file_for_several_images(package: Path) -> None:
    ran = vitte("build", "-o", "out", cwd=package)
    assert ran.status == 2 and "one file is named for 5 images" in ran.err
    assert vitte("build", "--bin", "area", "-o", "out", cwd=package).status == 0
    assert (package / "out").exists()


def test_check_and_test_see_all_modules(package: Path) -> None:
    ran = vitte("test", cwd=package)
    assert ran.status == 0 and "1 passed" in ran.err, ran.err
    (package / "src" / "corners.vit").write_text("proc main() { give 1 }\n")
    ran = vitte("check", cwd=package)
    assert ran.status == 1 and ran.err.count("error[") == 1 and "corners.vit" in ran.err


def test_a_file_of_the_package_is_a_program_of_its_own(package: Path) -> None:
    assert vitte("run", "src/corners.vit", cwd=package).out == "4 1\n"
    ran = vitte("run", "src/corners.vit", "--bin", "area", cwd=package)
    assert ran.status == 2 and "one file is named" in ran.err


def test_a_package_of_modules_becomes_a_library(tmp_path: Path) -> None:
    (tmp_path / "vitte.toml").write_text('name = "my-lib"\n')
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.vit").write_text("extern \"C\" proc one() -> i32 { give 1 }\n")
    (tmp_path / "src" / "b.vit").write_text("extern \"C\" proc two() -> i32 { give 2 }\n")
    assert vitte("build", cwd=tmp_path).status == 0 and not (tmp_path / "target/dev").exists()
    assert vitte("build", "--kind", "static", cwd=tmp_path).status == 0
    assert files(tmp_path) == ["libmy_lib.a", "my_lib.h"]
    header = (tmp_path / "target/dev/my_lib.h").read_text()
    assert header.index("one") < header.index("two")


def test_an_export_that_is_not_there(package: Path) -> None:
    (package / "vitte.toml").write_text(MANIFEST.replace('"area_of"', '"area_off"'))
    ran = vitte("build", "--lib", cwd=package)
    assert ran.status == 1 and ran.err.count("error[V0632]: the library has no procedure `area_off` for C") == 1
    assert "did you mean `area_of`?" in ran.err


def test_link_table(package: Path) -> None:
    (package / "vitte.toml").write_text(MANIFEST + '[link]\nlibraries = ["z", "static=foo"]\nfolders = ["lib"]\nrpaths = ["$ORIGIN"]\n'
                                        'args = ["--user"]\nstack-size = 65536\nentry-symbol = "go"\npie = false\n')  # fmt: skip
    ran = vitte("build", "--bin", "area", "--dry-run", "-l", "y", cwd=package)
    assert ran.status == 0, ran.err
    words = ran.out.split()
    at = words.index("-L")
    assert words[at + 1].endswith("/lib") and words.index("-ly") < len(words)
    for expected in ("-no-pie", "-rpath", "$ORIGIN", "stack-size=65536", "-l:libfoo.a", "--user"):
        assert any(expected in word for word in words), (expected, words)
    assert words[words.index("-e") + 1] == "go"
    assert vitte("build", "--bin", "area", "--dry-run", "--entry-symbol", "come", cwd=package).out.split().count("come") == 1


def test_manifest() -> None:
    manifest, problems = parse(SourceFile("vitte.toml", MANIFEST + '[link]\nframeworks = ["Cocoa"]\nsubsystem = "windows"\n'))
    assert problems.items == [] and manifest is not None
    assert manifest.products == (
        Product(OutputKind.BIN, "area"), Product(OutputKind.BIN, "corners", "src/corners.vit"),
        Product(OutputKind.BIN, "both", "", "everything"), Product(OutputKind.STATIC, "shapes", exports=("area_of",)),
        Product(OutputKind.SHARED, "shapes", exports=("area_of",)),
    )  # fmt: skip
    assert manifest.link == LinkTable((Library("Cocoa", "framework"),), subsystem="windows")


@pytest.mark.parametrize(("text", "line", "part"), [
    ('bin = 1\n', 2, "`bin` must be a list of tables"),
    ('[[bin]]\nname = "a"\n[[bin]]\nname = "a"\n', 5, "two programs are named `a`"),
    ('[[bin]]\nname = "b"\n[[bin]]\nnam = "a"\n', 5, "unknown key `nam` in `[bin]`"),
    ('[[bin]]\nname = "a/b"\n', 3, "`a/b` cannot be the name of a file"),
    ('[lib]\nkind = "dynamic"\n', 3, "there is no kind `dynamic` of library"),
    ('[lib]\nexports = "f"\n', 3, "`exports` must be a list of strings"),
    ('[link]\nlibraries = ["statik=z"]\n', 3, "there is no kind `statik` of library"),
    ('[link]\nstack-size = "big"\n', 3, "`stack-size` must be a number"),
    ('[link]\nstack-size = -1\n', 3, "`stack-size` must be a number of bytes"),
    ('[profile.release]\nstrip = "some"\n', 3, "`strip` must be"),
    ('[profile.release]\ncompress-debug = "lzma"\n', 3, "`compress-debug` must be one of"),
    ('[profile.release]\nlto = "yes"\n', 3, "`lto` must be `true` or `false`"),
])  # fmt: skip
def test_bad_manifest(text: str, line: int, part: str) -> None:
    source = SourceFile("vitte.toml", 'name = "p"\n' + text)
    manifest, problems = parse(source)
    assert manifest is None and len(problems.items) == 1
    found = problems.items[0]
    assert part in found.message
    assert source.line_col(span_start(found.labels[0].where.span))[0] == line


@pytest.mark.parametrize(("target", "names"), [
    ("x86_64-unknown-linux-gnu", "x libx.a libx.so x.o"), ("aarch64-apple-macos", "x libx.a libx.dylib x.o"),
    ("x86_64-pc-windows", "x.exe x.lib x.dll x.obj"), ("x86_64-pc-windows-gnu", "x.exe libx.a x.dll x.o"),
    ("wasm32-wasi", "x.wasm libx.a x.wasm x.o"), ("x86_64-unknown-none", "x libx.a libx.so x.o"),
])  # fmt: skip
def test_names_of_files(target: str, names: str) -> None:
    kinds = (OutputKind.BIN, OutputKind.STATIC, OutputKind.SHARED, OutputKind.OBJECT)
    assert " ".join(file_name(kind, "x", TARGETS[target]) for kind in kinds) == names
