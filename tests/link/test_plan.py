"""Command lines of all linkers as data: golden texts, and the rules that they follow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from vitte.driver.backend import flavour_of, select
from vitte.driver.error import DriverError
from vitte.driver.options import SYSTEM, WASM, DriverOptions, Library, LinkerKind, LldFlavor
from vitte.driver.target import TARGETS
from vitte.driver_impl.link import coff, elf, linkers, lld, macho, system, wasm, zig
from vitte.driver_impl.link.data import Plan, Request
from vitte.driver_impl.link.execute import crashed, how, quoted
from vitte.driver_impl.link.libraries import library
from vitte.driver_impl.link.programs import Linker, files_of, recognise, which

GOLDEN = Path(__file__).parent / "golden"


def request(flavour: LldFlavor = LldFlavor.ELF, arch: str = "x86_64", **more: object) -> Request:
    values: dict[str, object] = {"flavour": flavour, "arch": arch, "objects": ("a.o", "-b.o", "@c.o"), "output": "out/app",
                                 "temporary": "out/app.tmp"}
    return Request(**(values | more))  # type: ignore[arg-type]


def elf_request(**more: object) -> Request:
    values: dict[str, object] = {
        "start": "start.o", "runtime": ("/lib/libc.so.6",), "if_needed": ("/lib/libm.so.6",), "loader": "/lib64/ld-linux-x86-64.so.2",
    }  # fmt: skip
    return request(**(values | more))


FULL: dict[str, object] = {"strip": "all", "libraries": (Library("./libx.a"), Library("surelynotthere"), Library("m")),
                           "folders": ("lib",), "args": ("--user",), "entry": "go",
                           "stack_size": 1 << 20}  # fmt: skip

MORE: dict[str, object] = {"exports": ("twice", "area"), "gc_sections": False, "stack_size": 1 << 16, "pie": False}
"""What every format has words for."""
ELF_ONLY: dict[str, object] = {"rpaths": ("$ORIGIN", "/opt/lib"), "compress_debug": "zlib", "strip": "debug"}

PLANS: dict[str, Plan] = {
    **{f"elf-{dialect}": elf.plan((program,), elf_request(), dialect)
       for dialect, program in (("lld", "ld.lld"), ("bfd", "ld.bfd"), ("gold", "ld.gold"), ("mold", "mold"))},
    "elf-lld-full": elf.plan(("ld.lld",), elf_request(**FULL)),
    "elf-lld-static": elf.plan(("ld.lld",), request(arch="riscv64", static=True)),
    "elf-bfd-static": elf.plan(("ld.bfd",), request(static=True, start="crt1.o", runtime=("/s/libc.a", "/s/libzigc.a")), "bfd"),
    "elf-lld-shared": elf.plan(("ld.lld",), request(arch="aarch64", shared=True, exports=("twice",))),
    "elf-lld-nopie": elf.plan(("ld.lld",), elf_request(pie=False)),
    **{f"elf-{dialect}-more": elf.plan((dialect,), elf_request(icf=dialect != "bfd", **MORE, **ELF_ONLY), dialect)
       for dialect in ("lld", "bfd", "gold", "mold")},
    "elf-lld-script": elf.plan(("ld.lld",), request(shared=True, version_script="names.map", exports=("twice",))),
    "elf-lld-object": elf.plan(("ld.lld",), request(relocatable=True, start="", strip="debug")),
    "elf-lld-kinds": elf.plan(("ld.lld",), elf_request(libraries=(Library("zz", "static"), Library("yy", "dylib")))),
    "cc-more": system.driver_plan(("cc",), elf_request(**MORE, **ELF_ONLY)),
    "cc-object": system.driver_plan(("cc",), request(relocatable=True)),
    "cc-static": system.driver_plan(("cc",), elf_request(static=True)),
    "coff-more": coff.plan(("lld-link",), request(LldFlavor.COFF, icf=True, subsystem="windows", **MORE)),
    "macho-more": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, "aarch64", icf=True, rpaths=("@loader_path",), strip="debug",
                                                    libraries=(Library("Cocoa", "framework"),), folders=("frameworks",), **MORE)),
    "macho-shared-empty": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, "aarch64", shared=True)),
    "wasm-more": wasm.plan(("wasm-ld",), request(LldFlavor.WASM, "wasm32", strip="debug",
                                                 libraries=(Library("x", "static"), Library("env", "wasm")), **MORE)),
    "wasm-object": wasm.plan(("wasm-ld",), request(LldFlavor.WASM, "wasm32", relocatable=True)),
    "cc": system.driver_plan(("cc",), elf_request()),
    "cc-full": system.driver_plan(("gcc",), elf_request(**FULL)),
    "cc-shared": system.driver_plan(("cc",), request(shared=True, exports=("twice",))),
    "coff": coff.plan(("lld-link",), request(LldFlavor.COFF)),
    "coff-full": coff.plan(("lld-link",), request(LldFlavor.COFF, "aarch64", **FULL)),
    "coff-debug": coff.plan(("lld-link",), request(LldFlavor.COFF, output="out/app.exe", start="s.o", imports=("/c/k",), debug=True,
                                                  names=("m.o", "n.o", "o.o"), folders=("/lib",), libraries=(Library("/x/a.lib"),))),
    "coff-mingw": coff.plan(("lld-link",), request(LldFlavor.COFF, start="/s/crt2.obj", runtime=("/s/libmingw32.lib", "/s/user32.lib"),
                                                  entry="mainCRTStartup", libraries=(Library("m"), Library("user32"), Library("z")))),
    "coff-shared": coff.plan(("lld-link",), request(LldFlavor.COFF, shared=True, exports=("twice",), output="out/x.dll")),
    "macho": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, "aarch64")),
    "macho-full": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, minimum="13.0", **FULL)),
    "macho-debug": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, objects=("ab/cd", "ab/ef"), names=("demo.shapes.o", "std.rt.o"))),
    "macho-shared": macho.plan(("ld64.lld",), request(LldFlavor.MACHO, shared=True, exports=("twice",), output="out/libx.dylib")),
    "zig": zig.plan(("zig", "build-exe"), request(LldFlavor.MACHO, "aarch64", objects=("cache/ab/cd", "b.o"), identifier="demo")),
    "zig-full": zig.plan(("zig", "build-exe"), request(LldFlavor.MACHO, minimum="13.0", **FULL)),
    "zig-shared": zig.plan(("zig", "build-exe"), request(LldFlavor.MACHO, shared=True, output="out/libx.dylib")),
    "wasm": wasm.plan(("wasm-ld",), request(LldFlavor.WASM, "wasm32")),
    "wasm-full": wasm.plan(("wasm-ld",), request(LldFlavor.WASM, "wasm32", **FULL)),
    "wasm-library": wasm.plan(("wasm-ld",), request(LldFlavor.WASM, "wasm32", shared=True, exports=("twice",))),
}  # fmt: skip


def shown(plan: Plan) -> str:
    lines = ["program " + " ".join(plan.program), f"dialect {plan.dialect}", f"quoting {plan.quoting}", *plan.arguments]
    lines += [f"before-response {word}" for word in plan.before_response]
    lines += [f"failure {text}" for text in plan.failures]
    lines += [f"copy {name} of {path}" for path, name in plan.copies]
    lines += [f"folder {plan.folder}"] if plan.folder else []
    lines += [f"link {name} -> {path}" for path, name in plan.links] + [f"scratch {path}" for path in plan.scratch]
    lines += ["thin"] * plan.thin + ([f"identifier {plan.identifier}"] if plan.identifier else [])
    lines += [f"text {path}: {text!r}" for path, text in plan.texts]
    return "\n".join([*lines, *(f"beside {path}" for path in plan.beside), f"{plan.output} -> {plan.final}"]) + "\n"


@pytest.mark.parametrize("name", PLANS)
def test_plan(name: str, bless: bool) -> None:
    path = GOLDEN / f"plan.{name}.txt"
    if bless:
        path.write_text(shown(PLANS[name]))
    assert shown(PLANS[name]) == path.read_text()


REFUSED: list[tuple[LldFlavor, str, dict[str, object], str]] = [
    (LldFlavor.ELF, "lld", {"subsystem": "windows"}, "`--subsystem` is not supported for ELF images"),
    (LldFlavor.ELF, "lld", {"libraries": (Library("Cocoa", "framework"),)}, "library `Cocoa` is of kind `framework`"),
    (LldFlavor.ELF, "lld", {"libraries": (Library("env", "wasm"),)}, "library `env` is of kind `wasm`"),
    (LldFlavor.ELF, "bfd", {"icf": True}, "`--icf` is not supported for linker `bfd`"),
    (LldFlavor.ELF, "cc", {"icf": True}, "`--icf` is not supported for linker `cc`"),
    (LldFlavor.ELF, "gold", {"compress_debug": "zstd"}, "linker `gold` cannot compress with zstd"),
    (LldFlavor.COFF, "lld", {"rpaths": ("x",)}, "`--rpath` is not supported for PE/COFF images"),
    (LldFlavor.COFF, "lld", {"version_script": "x"}, "`--version-script` is not supported for PE/COFF images"),
    (LldFlavor.COFF, "lld", {"relocatable": True}, "`--kind object` is not supported for PE/COFF images"),
    (LldFlavor.MACHO, "lld", {"relocatable": True}, "`--kind object` is not supported for Mach-O images"),
    (LldFlavor.COFF, "lld", {"compress_debug": "zlib"}, "`--compress-debug` is not supported for PE/COFF images"),
    (LldFlavor.MACHO, "lld", {"version_script": "x"}, "`--version-script` is not supported for Mach-O images"),
    (LldFlavor.MACHO, "lld", {"subsystem": "console"}, "`--subsystem` is not supported for Mach-O images"),
    (LldFlavor.MACHO, "zig", {"icf": True}, "`--icf` is not supported for linker `zig`"),
    (LldFlavor.WASM, "lld", {"rpaths": ("x",)}, "`--rpath` is not supported for WebAssembly images"),
    (LldFlavor.WASM, "lld", {"icf": True}, "`--icf` is not supported for WebAssembly images"),
    (LldFlavor.WASM, "lld", {"libraries": (Library("x", "dylib"),)}, "library `x` is of kind `dylib`"),
]


@pytest.mark.parametrize(("flavour", "dialect", "more", "message"), REFUSED)
def test_what_a_linker_cannot_do_is_said(flavour: LldFlavor, dialect: str, more: dict[str, object], message: str) -> None:
    with pytest.raises(DriverError) as caught:
        linkers.plan(Linker(("ld",), dialect, flavour), request(flavour, **more))
    assert caught.value.message.startswith(message) and caught.value.helps


def test_names_that_look_like_options_are_paths() -> None:
    words = PLANS["elf-lld"].arguments
    assert "./-b.o" in words and "./@c.o" in words


def test_libraries_of_libc_need_no_name(tmp_path: Path) -> None:
    assert library(Library("m")) == ""
    assert library(Library("surelynotthere")) == "-lsurelynotthere"
    assert library(Library("./libx.a")) == "./libx.a"
    (tmp_path / "libm.a").touch()
    assert library(Library("m"), (str(tmp_path),)) == str(tmp_path / "libm.a")


@pytest.mark.parametrize(("target", "flavour"), [
    ("x86_64-unknown-linux-gnu", "elf"), ("riscv64-unknown-linux-musl", "elf"), ("x86_64-unknown-none", "elf"),
    ("x86_64-pc-windows", "coff"), ("x86_64-pc-windows-gnu", "coff"), ("aarch64-apple-macos", "macho"), ("wasm32-wasi", "wasm"),
])  # fmt: skip
def test_flavour(target: str, flavour: str) -> None:
    assert flavour_of(TARGETS[target]).value == flavour


@pytest.mark.parametrize(("kind", "family", "name"), [
    (LinkerKind("lld"), "lld", ""), (SYSTEM, "system", ""), (LinkerKind.custom("gcc"), "system", "gcc"),
    (LinkerKind.custom("ld.lld"), "lld", "ld.lld"),
    (LinkerKind.custom("./my-ld"), "custom", "./my-ld"), (LinkerKind.custom("mine"), "named", "mine"),
])  # fmt: skip
def test_selection(kind: LinkerKind, family: str, name: str) -> None:
    found = select(DriverOptions(linker=kind))
    assert (found.family, found.name, found.flavour) == (family, name, LldFlavor.ELF)


@pytest.mark.parametrize(("options", "message"), [
    (DriverOptions(linker=WASM), "linker `wasm` makes WebAssembly programs, and `x86_64-unknown-linux-gnu` needs ELF"),
    (DriverOptions(linker=LinkerKind.custom("lld-link")), "`lld-link` makes PE/COFF programs, and `x86_64-unknown-linux-gnu` needs ELF"),
    (DriverOptions(linker=LinkerKind.custom("gcc"), target=TARGETS["x86_64-unknown-linux-musl"]),
     "`gcc` links programs of this machine, and `x86_64-unknown-linux-musl` is another target"),
    (DriverOptions(linker=LinkerKind.custom("")), "`--linker` needs a name"),
    (DriverOptions(linker=LinkerKind("odd")), "there is no linker `odd`"),
])  # fmt: skip
def test_what_cannot_be(options: DriverOptions, message: str) -> None:
    with pytest.raises(DriverError) as caught:
        select(options)
    assert caught.value.message == message


def test_the_system_links_other_targets_without_a_compiler() -> None:
    assert select(DriverOptions(linker=SYSTEM, target=TARGETS["x86_64-unknown-linux-musl"])).name == "ld"


def test_linker_by_name_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DriverError) as caught:
        lld.find("no-such-linker-anywhere")
    assert caught.value.status == 3
    monkeypatch.setenv("VITTE_LINKER", "also-not-there")
    with pytest.raises(DriverError):
        lld.find("")


def test_linker_of_the_wheel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    words = lld.find("").words
    assert words[0].endswith("zig") and words[1] == "ld.lld"
    assert lld.find("wasm-ld", LldFlavor.WASM).words[1] == "wasm-ld"
    own = lld.find("", LldFlavor.MACHO)
    assert own.words == (words[0], "build-exe") and own.dialect == "zig"
    assert all(os.path.isfile(path) for path in own.reads)
    monkeypatch.setenv("VITTE_LINKER", words[0])
    assert lld.find("", LldFlavor.MACHO) == own
    with pytest.raises(DriverError):
        lld.find("ld64.lld", LldFlavor.MACHO)


@pytest.mark.parametrize(("said", "dialect"), [
    ("GNU ld (GNU Binutils for Debian) 2.40", "bfd"), ("GNU gold (GNU Binutils 2.40) 1.16", "gold"),
    ("mold 1.10.1 (compatible with GNU ld)", "mold"), ("LLD 22.1.8 (compatible with GNU linkers)", "lld"),
    ("Debian clang version 14.0.6", "cc"), ("cc (Debian 12.2.0) 12.2.0\nCopyright (C) 2022 Free Software Foundation, Inc.", "cc"),
])  # fmt: skip
def test_a_linker_is_what_it_says(tmp_path: Path, said: str, dialect: str) -> None:
    path = tmp_path / "some-ld"
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
    path.chmod(0o755)
    assert recognise(str(path)).dialect == dialect
    assert files_of(str(path)) is None  # a script runs other programs: nothing of its is remembered


def test_a_program_that_is_no_linker(tmp_path: Path) -> None:
    with pytest.raises(DriverError) as caught:
        recognise(which("true") or "")
    assert "is not a linker that is known" in caught.value.message


def test_files_of_a_program_are_all_that_it_loads() -> None:
    words = lld.find("").words
    if os.path.basename(words[0]) == "zig":
        assert files_of(words[0]) == [os.path.realpath(words[0])]  # it is static
    found = files_of("/bin/ls")
    assert found is not None and any("libc.so" in path for path in found)


def test_response_file_quoting() -> None:
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
    assert [quoted(word, "windows") for word in ("a\\b", 'a"b', 'a\\"', "a\\")] == ['"a\\b"', '"a\\"b"', '"a\\\\\\""', '"a\\\\"']


def test_windows_quoting_is_that_of_the_standard_library() -> None:
    for word in ("a b", 'a "b" c', "a b\\", 'a b\\"', "a\\\\ b\\\\", " "):
        assert quoted(word, "windows") == subprocess.list2cmdline([word]), word


def test_crash_is_told_from_failure() -> None:
    assert crashed(-11, "") and crashed(1, "LLVM ERROR: x") and not crashed(1, "ld.lld: error: x")
    assert crashed(1, "ld.gold: internal error in find_view, at x.cc:1")
    assert how(-11) == "signal 11 (SIGSEGV)" and how(1) == "status 1"
