"""Units merged before they are linked: programs do what they did, places of panics stay, and the result is the same each time."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from vitte.driver_impl.link.formats import symbols

SHAPES = """
/// Two units, with code and text that both of them make.
export trait Shape { proc area(self) -> int; }
export form Square { side: int }
impl Shape for Square { proc area(self) -> int { give self.side * self.side } }
export proc sum[A: Shape, B: Shape](a: &A, b: &B) -> int {
  let mut total = 0
  for area in [a.area(), b.area()] { set total = total + area }
  give total
}
export proc pick(values: [int], at: int) -> int {
  give values[at]
}
export proc never_called(x: int) -> int { give pick([x, 2], x) }
"""
MAIN = """
use shapes.{Shape, Square, sum, pick}

form Flat { a: int, b: int }
impl Shape for Flat { proc area(self) -> int { give self.a * self.b } }
impl Drop for Flat { proc drop(mut self) { println("dropped {}", self.a) } }

proc main(args: [string]) {
  let flat = Flat { a: 2, b: 5 }
  println("{} {:?}", sum(&Square { side: 3 }, &flat), ["a".repeat(2), "b"])
  println("{}", pick([1, 2, 3], args.len() + 1))
}
"""
EXPECTED = "19 [\"aa\", \"b\"]\n3\ndropped 2\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "vitte.toml").write_text('name = "app"\n[profile.release]\nlto = true\n')
    (tmp_path / "src" / "main.vit").write_text(MAIN)
    (tmp_path / "src" / "shapes.vit").write_text(SHAPES)
    return tmp_path


def said(program: Path, *arguments: str) -> tuple[int, str, str]:
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("options", ["-O0", "-O2", "-Oz", "--release", "-O0 -g", "-O3 -g=line"])
def test_programs_do_what_they_did(package: Path, options: str) -> None:
    ran = vitte("build", "--lto", *options.split(), "-o", "app", cwd=package)
    assert ran.status == 0, ran.err
    assert said(package / "app") == (0, EXPECTED, "")
    status, _, err = said(package / "app", "one more", "and another")
    # The place is in the other unit, in a procedure that is inlined.
    assert status == 101 and "panic at src/shapes.vit:12:" in err and "index 4 is out of range for length 3" in err


def test_what_nothing_calls_is_gone(package: Path) -> None:
    assert vitte("build", "--lto", "-o", "app", cwd=package).status == 0
    merged = symbols((package / "app").read_bytes())
    assert vitte("build", "-o", "app", "--gc-sections", "off", cwd=package).status == 0
    whole = symbols((package / "app").read_bytes())
    assert "shapes::never_called" in whole and "shapes::never_called" not in merged
    assert "main" in merged and len(merged) < 40 < len(whole)


def test_it_is_smaller(package: Path) -> None:
    vitte("build", "--release", "-o", "merged", cwd=package)
    vitte("build", "--release", "-C", "lto=off", "-o", "apart", cwd=package)
    assert (package / "merged").stat().st_size < (package / "apart").stat().st_size
    assert said(package / "merged") == said(package / "apart") == (0, EXPECTED, "")


def test_the_same_each_time(package: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    images = []
    for number, options in enumerate((("-j1",), ("-j2", "-g"), ("-j2",), ("-j1", "-g"))):
        folder = tmp_path_factory.mktemp("copy") / "app"
        shutil.copytree(package, folder)
        ran = vitte("build", "--release", "--remap-path-prefix", f"{folder}=.", *options, "-o", "app", cwd=folder,
                    env={"VITTE_CACHE": str(folder / "cache"), "PYTHONHASHSEED": str(number)})  # fmt: skip
        assert ran.status == 0, ran.err
        images.append((folder / "app").read_bytes())
    assert images[0] == images[2] and images[1] == images[3] != images[0]


def test_moved_places_cost_no_optimisation(package: Path) -> None:
    build = ("build", "--release", "-vv", "-o", "app")
    assert "app: optimised together" in vitte(*build, cwd=package).err
    (package / "src" / "shapes.vit").write_text("\n\n// moved\n" + SHAPES)
    ran = vitte(*build, cwd=package)
    assert ran.status == 0 and "app: optimised together" not in ran.err
    (package / "src" / "shapes.vit").write_text(SHAPES.replace("self.side * self.side", "self.side * self.side + 1"))
    assert "app: optimised together" in vitte(*build, cwd=package).err
    assert said(package / "app")[1].startswith("20 ")


def test_places_that_moved_are_in_the_image(package: Path) -> None:
    vitte("build", "--release", "-o", "app", cwd=package)
    (package / "src" / "shapes.vit").write_text("\n\n// moved\n" + SHAPES)
    vitte("build", "--release", "-o", "app", cwd=package)
    assert "panic at src/shapes.vit:15:" in said(package / "app", "one more", "and another")[2]


@pytest.mark.parametrize("linker", ["gcc", "ld.bfd", "ld.gold", "mold"])
def test_any_linker_takes_the_object(package: Path, linker: str) -> None:
    if shutil.which(linker) is None:
        pytest.skip(f"{linker} is not on this machine")
    ran = vitte("build", "-O2", "--lto", "--linker", linker, "-o", "app", cwd=package)
    assert ran.status == 0, ran.err
    assert said(package / "app") == (0, EXPECTED, "")


def test_tests_can_be_merged(package: Path) -> None:
    with open(package / "src" / "shapes.vit", "a") as file:
        file.write('test "one" { assert pick([1], 0) == 1 }\ntest "two" { assert pick([1], 0) == 2 }\n')
    ran = vitte("test", "--release", cwd=package)
    assert ran.status == 4 and "1 passed, 1 failed" in ran.err, ran.err


@pytest.mark.parametrize("kind", ["static", "shared", "object"])
def test_libraries_keep_their_exports(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.vit").write_text('extern "C" proc twice(x: i32) -> i32 { give 2 * x }\nproc lost() -> string { give "x".repeat(3) }\n')
    ran = vitte("build", "a.vit", "--kind", kind, "--lto", "-O2", cwd=tmp_path)
    assert ran.status == 0, ran.err
    if kind == "shared":
        import ctypes

        assert ctypes.CDLL(str(tmp_path / "liba.so")).twice(21) == 42
    if kind == "object":
        assert [name for name in symbols((tmp_path / "a.o").read_bytes()) if "::" in name] == []
    if kind == "static":
        assert (tmp_path / "liba.a").stat().st_size < 8000


def test_units_have_no_objects(tmp_path: Path) -> None:
    (tmp_path / "a.vit").write_text("proc main() {}\n")
    ran = vitte("build", "a.vit", "--lto", "--emit=obj", cwd=tmp_path)
    assert ran.status == 2 and "with `lto` units have no objects of their own" in ran.err


TARGETS = ("wasm32-wasi", "x86_64-pc-windows", "aarch64-apple-macos", "x86_64-unknown-none", "aarch64-unknown-none")


@pytest.mark.parametrize("target", TARGETS)
def test_every_format(package: Path, target: str) -> None:
    """Merged and linked; the tests of targets run what can be run."""
    ran = vitte("build", "-O2", "--lto", "--target", target, "-o", "app", cwd=package)
    assert ran.status == 0, ran.err
    assert (package / "app").stat().st_size > 500
