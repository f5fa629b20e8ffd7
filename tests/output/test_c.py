"""Libraries for C: the header, golden; and a C program that is compiled against it and linked with each kind of library."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.forked import vitte

HERE = Path(__file__).parent
OUTPUT = """norm 5
shift 3.5
mix 200 2
level -9223372036854775807 4294967296
add 65403
can 1 0
apply 42
weigh 9
low 1
sum 2147483653
open 0
sizes 16 64 4 11
hello 0 1 2
no newline"""


def made(folder: Path, *options: str, source: str = "geometry.vit") -> None:
    ran = vitte("build", str(HERE / source), *options, cwd=folder)
    assert ran.status == 0, ran.err


def the_compiler(name: str = "gcc") -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


def compiled(folder: Path, *words: str) -> Path:
    program = folder / "program"
    flags = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{folder}")
    subprocess.run([the_compiler(), *flags, str(HERE / "geometry.c"), *words, "-o", str(program)], check=True)
    return program


def test_header(tmp_path: Path, bless: bool) -> None:
    made(tmp_path, "--emit=header=geometry.h")
    found = (tmp_path / "geometry.h").read_text()
    if bless:
        (HERE / "geometry.h").write_text(found)
    assert found == (HERE / "geometry.h").read_text()


@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("kind", ["static", "shared", "object"])
def test_a_c_program_uses_a_library(kind: str, level: str, tmp_path: Path) -> None:
    the_compiler()
    made(tmp_path, "--kind", kind, level, *(("--emit=object,header",) if kind == "object" else ()))
    words = {
        "static": (str(tmp_path / "libgeometry.a"), "-lm"),
        "shared": ("-L", str(tmp_path), "-lgeometry", f"-Wl,-rpath,{tmp_path}"),
        "object": (str(tmp_path / "geometry.o"), "-lm"),
    }
    ran = subprocess.run([compiled(tmp_path, *words[kind])], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, OUTPUT), ran.stderr


def test_a_panic_ends_the_program(tmp_path: Path) -> None:
    the_compiler()
    made(tmp_path, "--kind", "static")
    ran = subprocess.run([compiled(tmp_path, str(tmp_path / "libgeometry.a"), "-lm"), "x"], capture_output=True, text=True, check=False)
    assert ran.returncode == 101 and re.search(r"panic at .*geometry\.vit:\d+:\d+: stopped", ran.stderr)


def test_the_header_is_one_of_cplusplus(tmp_path: Path) -> None:
    made(tmp_path, "--emit=header=geometry.h")
    (tmp_path / "a.cpp").write_text('#include "geometry.h"\nint main() { Point p = {3, 4}; return norm(&p) == 5 ? Color_Red : 0; }\n')
    flags = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "-o", str(tmp_path / "a.o"))
    subprocess.run([the_compiler("g++"), *flags, str(tmp_path / "a.cpp")], check=True)


def test_a_shared_library_shows_its_exports_and_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, "--kind", "shared")
    nm = shutil.which("nm") or pytest.skip("nm is not on this machine")
    said = subprocess.run([nm, "-D", "--defined-only", "libgeometry.so"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    shown = {line.split()[-1] for line in said.splitlines()}
    declared = set(re.findall(r"(\w+)\([^()]*(?:\([^()]*\)[^()]*)*\);", (HERE / "geometry.h").read_text())) - {"weight"}
    assert shown == declared


@pytest.mark.parametrize(("options", "code"), [
    (("--kind", "static"), "V0631"), (("--kind", "shared"), "V0631"), (("--emit", "header"), "V0631"),
])  # fmt: skip
def test_a_library_exports_something(options: tuple[str, ...], code: str, tmp_path: Path) -> None:
    (tmp_path / "a.vit").write_text("pub proc f() {}\nextern \"C\" proc g() {}\n")
    ran = vitte("build", "a.vit", *options, cwd=tmp_path)
    assert ran.status == 1 and f"error[{code}]" in ran.err


NOT_C = {
    "x: string": "takes `string`, whose memory Vitte counts the owners of",
    "x: [i32]": "takes `[i32]`, whose layout is Vitte's own",
    "x: (i32, i32)": "takes the tuple `(i32, i32)`",
    "x: ?i32": "takes `?i32`, whose layout is Vitte's own",
    "x: i128": "takes `i128`: C has no integers of 128 bits",
    "x: [i32; 4]": "takes an array by value",
    "x: ()": "takes `()`, of which there is no value in C",
    "x: Plain": "takes `Plain`, whose layout is Vitte's own",
    "x: Loose": "takes `Loose`, whose size is Vitte's own choice",
    "x: Holding": "takes `Holding`, whose cases hold values",
    "x: *Deep": "",
    "x: *Plain": "",
    "x: proc(string) -> i32": "takes `string`",
}


@pytest.mark.parametrize("param", NOT_C)
def test_what_c_does_not_have(param: str, tmp_path: Path) -> None:
    types = (
        "pub form Plain { x: i32 }\npub pick Loose { A, B }\npub pick Holding: u8 { A(i32), B }\n"
        "#[repr(C)]\npub form Deep { text: string }\n"
    )
    (tmp_path / "a.vit").write_text(f"{types}pub extern \"C\" proc f({param}) {{}}\n")
    ran = vitte("build", "a.vit", "--emit=header=-", cwd=tmp_path)
    if not NOT_C[param]:
        name = param.partition("*")[2]
        assert ran.status == 0 and f"typedef struct {name} {name};" in ran.out and "struct {" not in ran.out
        return
    assert ran.status == 1 and f"error[V0630]: `f` is exported to C, and {NOT_C[param]}" in ran.err
    assert ran.err.count("error[") == 1


def test_what_a_result_cannot_be_is_said_at_its_type(tmp_path: Path) -> None:
    (tmp_path / "a.vit").write_text("pub extern \"C\" proc f() -> i128 { give 1 }\n")
    ran = vitte("build", "a.vit", "--kind", "static", cwd=tmp_path)
    assert "`f` is exported to C, and gives `i128`" in ran.err and "a.vit:1:28" in ran.err
    assert not list(tmp_path.glob("*.a"))


def test_names_that_mean_something_in_c(tmp_path: Path) -> None:
    (tmp_path / "a.vit").write_text(
        '#[repr(C)]\npub form A { int: i32, class: i32 }\npub extern "C" proc f(register: &A, union: *A) -> i32 { give register.int }\n'
    )
    out = vitte("build", "a.vit", "--emit=header=-", cwd=tmp_path).out
    assert "int32_t f(const A *register_, const A *union_);" in out and "  int32_t int_;\n  int32_t class_;" in out


def test_a_dll_and_its_import_library_know_its_name(tmp_path: Path) -> None:
    """Both hold the name that programs look for, not that of a temporary file; so they are the same each time."""
    (tmp_path / "calc.vit").write_text("pub extern \"C\" proc calc_add(a: i32, b: i32) -> i32 { give a + b }\n")
    made_files = []
    for _ in range(2):
        ran = vitte("build", "calc.vit", "--kind", "shared", "--target", "x86_64-pc-windows", "--cache", "off", cwd=tmp_path)
        assert ran.status == 0, ran.err
        made_files.append([(tmp_path / name).read_bytes() for name in ("calc.dll", "calc.dll.lib")])
        for data in made_files[-1]:
            assert b"calc.dll\0" in data and b".tmp" not in data
    assert made_files[0] == made_files[1]
