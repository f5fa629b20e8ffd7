"""Objects and images taken apart, and archives of objects: read by the linkers and tools of each system."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.link.kit import ENTRIES, LINKERS, emit, plan_of, the_linker
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link import lld
from vitte.driver_impl.link.archive import Member, write
from vitte.driver_impl.link.execute import execute
from vitte.driver_impl.link.formats import Damaged, sections, symbols, totals

TEXT = """
@table = constant [4 x i32] [i32 1, i32 2, i32 3, i32 4]
@room = global [300 x i8] zeroinitializer
@hidden_one = internal global i32 7
declare i32 @elsewhere()
define i32 @"demo::area[i64]"() { %r = call i32 @elsewhere() ret i32 %r }
define internal i32 @mine() { ret i32 1 }
define i32 @other() { %r = call i32 @mine() ret i32 %r }
"""
KINDS = ("elf", "elf-arm", "coff", "coff-arm", "macho", "macho-x86", "wasm")


def number(at: int, kind: str = "elf") -> bytes:
    return emit(f"{at}.vit", kind, f"define i32 @number{at}() {{\n ret i32 {at}\n}}\n")


@pytest.mark.parametrize("kind", KINDS)
def test_symbols_that_an_object_defines(kind: str) -> None:
    prefix = "_" if kind.startswith("macho") else ""
    found = symbols(emit("a.vit", kind, TEXT))
    assert sorted(found) == sorted(prefix + name for name in ("table", "room", "demo::area[i64]", "other"))


@pytest.mark.parametrize("kind", KINDS)
def test_sections_of_an_object(kind: str) -> None:
    found = totals(sections(emit("a.vit", kind, TEXT)))
    assert 10 <= found["text"] < 200 and 16 <= found["data"] < 400
    assert found["bss"] >= 300 or kind == "wasm"  # there it takes room in the object


def test_many_sections() -> None:
    """More than the header of an ELF file has room for, and an object of COFF with a wider header."""
    count = 66_000
    text = "\n".join([f'@a{n} = global i32 {n}, section ".data.a{n}"' for n in range(count)])
    found = symbols(emit("many.vit", "elf", text))
    assert len(found) == count and found[-1] == f"a{count - 1}"
    text = "\n".join([f"$a{n} = comdat any\n@a{n} = global i32 {n}, comdat" for n in range(count)])
    found = symbols(emit("many.vit", "coff", text))
    assert len(found) == count and found[-1] == f"a{count - 1}"


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_objects(kind: str) -> None:
    data = emit("a.vit", kind, TEXT)
    for cut in range(0, len(data), 7):
        for read in (symbols, sections):
            try:
                read(data[:cut])  # type: ignore[operator]
            except Damaged:
                pass
    with pytest.raises(Damaged):
        symbols(b"not an object")


@pytest.mark.parametrize("linker", [name for name in LINKERS if name != "zig"])
def test_linkers_read_archives(linker: str, tmp_path: Path) -> None:
    """The first member is not wanted, and refers to what is not there: an index that led to it would show."""
    found = the_linker(linker)
    kind = LINKERS[linker]
    members = [
        Member("a.o", emit("a.vit", kind, "declare i32 @nowhere()\ndefine i32 @bad() { %r = call i32 @nowhere() ret i32 %r }\n")),
        *(Member(f"a member with a long name {n}.o", number(n, kind)) for n in range(3)),
        Member("odd.o", number(33, kind)),
    ]
    archive = tmp_path / "libnumbers.a"
    archive.write_bytes(write(members, found.flavour))
    calls = "\n".join([f" %r{n} = call i32 @number{n}()" for n in (0, 2, 33)])
    declared = "\n".join([f"declare i32 @number{n}()" for n in (0, 2, 33)])
    main = emit("main.vit", kind, f"{declared}\ndefine i32 @{ENTRIES[kind]}() {{\n{calls}\n %s = add i32 %r2, %r33\n ret i32 %s\n}}\n")
    (tmp_path / "main.o").write_bytes(main)
    more = {"runtime": (tiny_libsystem(tmp_path),)} if kind == "macho" else {}
    result = execute(plan_of(found, tmp_path, [str(tmp_path / "main.o"), str(archive)], **more))
    assert (result.status, result.stderr) == (0, "")


def tiny_libsystem(folder: Path) -> str:
    path = folder / "libSystem.tbd"
    path.write_text("--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos ]\ninstall-name: '/usr/lib/libSystem.B.dylib'\nexports:\n"
                    "  - targets: [ arm64-macos ]\n    symbols: [ dyld_stub_binder ]\n...\n")  # fmt: skip
    return str(path)


def test_tools_read_archives(tmp_path: Path) -> None:
    members = [Member(f"{'x' * n}.o", number(n)) for n in (1, 13, 14, 41)]
    data = write(members, LldFlavor.ELF)
    (tmp_path / "a.a").write_bytes(data)
    tools = [[shutil.which("ar") or ""], [lld.ziglang(), "ar"]]
    for tool in [tool for tool in tools if tool[0]]:
        said = subprocess.run([*tool, "t", "a.a"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert said.split() == [member.name for member in members]
        subprocess.run([*tool, "x", "a.a"], cwd=tmp_path, check=True)
        assert all((tmp_path / member.name).read_bytes() == member.data for member in members)
    ar = shutil.which("ar")
    if ar:  # GNU's own, in its deterministic way, is the same archive
        subprocess.run([ar, "rcsD", "b.a", *(member.name for member in members)], cwd=tmp_path, check=True)
        assert (tmp_path / "b.a").read_bytes() == data


def test_an_empty_archive(tmp_path: Path) -> None:
    for flavour in LldFlavor:
        assert write([], flavour).startswith(b"!<arch>\n")


@pytest.mark.parametrize("flavour", list(LldFlavor))
def test_archives_are_the_same_each_time(flavour: LldFlavor) -> None:
    kind = {"elf": "elf", "coff": "coff", "macho": "macho", "wasm": "wasm"}[flavour.value]
    members = [Member(f"{n}.o", number(n, kind)) for n in range(5)]
    assert write(members, flavour) == write(list(members), flavour)
    assert b"root" not in write(members, flavour)
