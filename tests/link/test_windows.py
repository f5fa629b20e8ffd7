"""Programs for Windows: import libraries beside those of LLVM's own tool, and images taken apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lief
import pytest

from tests.harness.forked import vitte
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link import lld
from vitte.driver_impl.link.imports import dll_name, import_library

ROOT = Path(__file__).parent.parent.parent
MACHINES = {"x86_64": "x64", "aarch64": "arm64"}
HELLO = 'proc main() {\n  println("Hello, world!")\n}\n'
LIMIT = 8192
"""Bytes of the least program that prints something, optimised."""


# --- import libraries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arch", MACHINES)
@pytest.mark.parametrize(("dll", "symbols"), [
    ("kernel32.dll", ("WriteFile", "ExitProcess", "ReadFile")), ("a.dll", ("x",)),
    ("api-ms-win-core-synch-l1-2-0.dll", ("WaitOnAddress", "B")),
    ("exactly15cha.dll", ("odd", "even4")), ("sixteen16char.dll", ("f",)), ("printer.drv", ("B", "a", "A", "b")),
    ("many.dll", tuple(f"symbol{n}" for n in range(300))),
])  # fmt: skip
def test_import_libraries_are_those_of_the_linker(tmp_path: Path, arch: str, dll: str, symbols: tuple[str, ...]) -> None:
    (tmp_path / "a.def").write_text(f'LIBRARY "{dll}"\nEXPORTS\n' + "".join(f"  {symbol}\n" for symbol in sorted(symbols)))
    words = lld.find("", LldFlavor.COFF).words
    subprocess.run([*words, "/lib", "/def:a.def", f"/machine:{MACHINES[arch]}", "/out:a.lib"], cwd=tmp_path, check=True)
    assert import_library(dll, symbols, arch) == (tmp_path / "a.lib").read_bytes()


def test_the_order_of_symbols_and_their_number_do_not_count() -> None:
    assert import_library("a.dll", ["b", "a", "b"]) == import_library("a.dll", ["a", "b"])


@pytest.mark.parametrize(("name", "dll"), [("user32", "user32.dll"), ("winspool.drv", "winspool.drv"), ("User32.DLL", "User32.DLL")])
def test_names_of_dlls(name: str, dll: str) -> None:
    assert dll_name(name) == dll


# --- images -------------------------------------------------------------------------------------------------------


def build(folder: Path, text: str, *options: str, status: int = 0, name: str = "main", env: dict[str, str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.vit").write_text(text)
    image = folder / f"{name}.exe"
    ran = vitte("build", f"{name}.vit", "--target", "x86_64-pc-windows", "-o", image.name, *options, cwd=folder, env=env)
    assert ran.status == status, ran.err
    return image


def parse(image: Path) -> lief.PE.Binary:
    binary = lief.PE.parse(str(image))
    assert isinstance(binary, lief.PE.Binary)
    return binary


def imports(binary: lief.PE.Binary) -> dict[str, list[str]]:
    return {str(dll.name): sorted(str(entry.name) for entry in dll.entries) for dll in binary.imports}


def unwind_size(binary: lief.PE.Binary) -> int:
    return int(binary.data_directory(lief.PE.DataDirectory.TYPES.EXCEPTION_TABLE).size)


def test_hello(tmp_path: Path) -> None:
    image = build(tmp_path, HELLO, "--release")
    assert image.stat().st_size <= LIMIT
    binary = parse(image)
    assert binary.header.machine == lief.PE.Header.MACHINE_TYPES.AMD64
    optional = binary.optional_header
    assert optional.magic == lief.PE.PE_TYPE.PE32_PLUS
    assert optional.subsystem == lief.PE.OptionalHeader.SUBSYSTEM.WINDOWS_CUI
    assert optional.imagebase == 0x140000000
    flags = lief.PE.OptionalHeader.DLL_CHARACTERISTICS
    for flag in (flags.DYNAMIC_BASE, flags.NX_COMPAT, flags.HIGH_ENTROPY_VA, flags.TERMINAL_SERVER_AWARE):
        assert optional.has(flag)
    assert optional.sizeof_stack_reserve == 8 << 20 and optional.sizeof_stack_commit == 4096
    text = next(section for section in binary.sections if section.name == ".text")
    assert text.virtual_address <= optional.addressof_entrypoint < text.virtual_address + text.virtual_size
    assert not any(section.has_characteristic(lief.PE.Section.CHARACTERISTICS.MEM_WRITE) for section in binary.sections
                   if section.has_characteristic(lief.PE.Section.CHARACTERISTICS.MEM_EXECUTE))  # fmt: skip


def test_a_program_imports_what_it_uses_of_the_system_and_no_c_runtime(tmp_path: Path) -> None:
    found = imports(parse(build(tmp_path, HELLO, "-O2")))
    assert found == {"kernel32.dll": [
        "ExitProcess", "GetConsoleMode", "GetEnvironmentVariableW", "GetLastError", "GetProcessHeap", "GetStdHandle", "HeapAlloc",
        "HeapFree", "SetLastError", "WriteConsoleW", "WriteFile",
    ]}  # fmt: skip


FOREIGN = """\
#[link(name = "user32", kind = "dll")]
extern "C" {
  proc MessageBeep(kind: u32) -> i32
  proc MessageBoxA(owner: int, text: *u8, title: *u8, kind: u32) -> i32
}

#[link(name = "winspool.drv", kind = "dll")]
extern "C" {
  #[link_name = "ClosePrinter"]
  proc close(printer: int) -> i32
}

proc main() {
  unsafe {
    println("{}", MessageBeep(0))
    println("{}", close(0))
  }
}
"""


def test_dlls_are_imported_from_by_saying_so(tmp_path: Path) -> None:
    found = imports(parse(build(tmp_path, FOREIGN)))
    assert found["user32.dll"] == ["MessageBeep"] and found["winspool.drv"] == ["ClosePrinter"]


def test_one_symbol_of_two_dlls_is_a_mistake(tmp_path: Path) -> None:
    text = HELLO + "".join(
        f'#[link(name = "{dll}", kind = "dll")]\nextern "C" {{ #[link_name = "same"] proc {dll}_same() }}\n' for dll in ("one", "two")
    )
    (tmp_path / "main.vit").write_text(text)
    ran = vitte("build", "main.vit", "--target", "x86_64-pc-windows", cwd=tmp_path)
    assert ran.status == 1 and "`same` is declared as of `one.dll` and as of `two.dll`" in ran.err


def test_windows_own_mistakes_are_said_as_everywhere(tmp_path: Path) -> None:
    (tmp_path / "main.vit").write_text('extern "C" { proc nobody_has_this() }\nproc main() { unsafe { nobody_has_this() } }\n')
    ran = vitte("build", "main.vit", "--target", "x86_64-pc-windows", cwd=tmp_path)
    assert ran.status == 1 and "V0620" in ran.err and "`nobody_has_this`" in ran.err


# --- debug information --------------------------------------------------------------------------------------------


def test_debug_information_is_a_pdb_beside_the_image(tmp_path: Path) -> None:
    image = build(tmp_path, HELLO, "-g")
    binary = parse(image)
    views = [entry for entry in binary.debug if isinstance(entry, lief.PE.CodeViewPDB)]
    assert [str(view.filename) for view in views] == ["main.pdb"]
    pdb = image.with_suffix(".pdb").read_bytes()
    assert pdb.startswith(b"Microsoft C/C++ MSF 7.00\r\n")
    # Procedures, sources and objects by names that are the same on every machine.
    assert b"main::main\0" in pdb and b"main.vit\0" in pdb and b"own\\main.o\0" in pdb and str(tmp_path).encode() not in pdb
    # Debuggers of Windows walk the stack by tables.
    assert unwind_size(binary) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.exe", "main.pdb", "main.vit"]


def test_without_debug_information_there_is_no_pdb(tmp_path: Path) -> None:
    image = build(tmp_path, HELLO)
    assert not image.with_suffix(".pdb").exists() and unwind_size(parse(image)) == 0
    image = build(tmp_path / "stripped", HELLO, "-g", "--strip")
    assert not image.with_suffix(".pdb").exists()


def test_pdb_and_image_are_remembered_together(tmp_path: Path) -> None:
    image = build(tmp_path, HELLO, "-g")
    pdb = image.with_suffix(".pdb")
    before = image.read_bytes(), pdb.read_bytes()
    image.unlink()
    pdb.unlink()
    assert build(tmp_path, HELLO, "-g", "-v") == image and (image.read_bytes(), pdb.read_bytes()) == before


# --- libraries ----------------------------------------------------------------------------------------------------

LIBRARY = """\
#[export_name = "twice"]
pub extern "C" proc twice(x: i32) -> i32 { give x * 2 }
"""


def test_a_dll_has_its_name_and_what_is_exported(tmp_path: Path) -> None:
    (tmp_path / "vt.vit").write_text(LIBRARY)
    images = []
    for folder in ("a", "b"):
        words = ("build", "vt.vit", "--kind", "shared", "--target", "x86_64-pc-windows", "-o", f"{folder}/vt.dll")
        assert vitte(*words, cwd=tmp_path, env={"VITTE_CACHE": str(tmp_path / f"cache {folder}")}).status == 0
        images.append([(tmp_path / folder / name).read_bytes() for name in ("vt.dll", "vt.dll.lib")])
    assert images[0] == images[1]
    export = parse(tmp_path / "a" / "vt.dll").get_export()
    assert export is not None and export.name == "vt.dll" and [str(entry.name) for entry in export.entries] == ["twice"]
    assert images[0][1] == import_library("vt.dll", ["twice"])


# --- the same bytes everywhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [("-O0",), ("--release",), ("-g",), ("-g", "-O2")])
def test_images_depend_on_their_sources_alone(tmp_path: Path, options: tuple[str, ...]) -> None:
    first = build(tmp_path / "a", FOREIGN, *options, env={"VITTE_CACHE": str(tmp_path / "cache")})
    others = {"VITTE_CACHE": str(tmp_path / "other cache"), "HOME": str(tmp_path), "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    second = build(tmp_path / "another folder", FOREIGN, *options, "-j", "2", env=others)
    assert first.read_bytes() == second.read_bytes()
    if "-g" in options:
        assert first.with_suffix(".pdb").read_bytes() == second.with_suffix(".pdb").read_bytes()


def test_images_do_not_depend_on_hashes(tmp_path: Path) -> None:
    images = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        (folder / "main.vit").write_text(FOREIGN)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "VITTE_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT / "src")}
        command = ["vitte", "build", "main.vit", "--target", "x86_64-pc-windows", "-o", "main.exe"]
        subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, check=True)
        images.append((folder / "main.exe").read_bytes())
    assert images[0] == images[1]
