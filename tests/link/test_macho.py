"""Mach-O images by both linkers: structure, libraries, and signatures made here beside the linkers' own."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.link.kit import emit, plan_of, the_linker
from tests.link.macho_check import check_image, check_signature, parse
from vitte.driver.error import DriverError
from vitte.driver.options import Library
from vitte.driver_impl.link import libsystem, macho, symbols
from vitte.driver_impl.link.execute import execute
from vitte.driver_impl.link.signature import NotSignable, sign

LINKERS = ("ld64.lld", "zig")
ARCHS = ("aarch64", "x86_64")
MAIN = """
declare i32 @puts(ptr)
@text = private constant [4 x i8] c"hey\\00"
define i32 @main() {
 %r = call i32 @puts(ptr @text)
 ret i32 %r
}
define void @unused() {
 ret void
}
"""


def kind_of(arch: str) -> str:
    return "macho" if arch == "aarch64" else "macho-x86"


def made(folder: Path, arch: str) -> str:
    """The stub of libSystem."""
    with open(libsystem.find(), encoding="utf-8") as file:
        (folder / "libSystem.tbd").write_text(libsystem.stub(file.read(), macho.ARCHS[arch]))
    return str(folder / "libSystem.tbd")


def image_of(folder: Path, arch: str, linker: str, text: str = MAIN, **more: object) -> Path:
    path = folder / "main.o"
    path.write_bytes(emit("main.vit", kind_of(arch), text))
    values: dict[str, object] = {"arch": arch, "entry": "", "runtime": (made(folder, arch),), **more}
    plan = plan_of(the_linker(linker), folder, [str(path)], **values)
    result = execute(plan)
    assert (result.status, result.stderr) == (0, "")
    return Path(plan.final)


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("arch", ARCHS)
def test_program(arch: str, linker: str, tmp_path: Path) -> None:
    image = image_of(tmp_path, arch, linker, identifier="a name")
    assert "_puts" in check_image(image, macho.ARCHS[arch], "a name")
    assert all(symbol.name != "_unused" for symbol in parse(image).symbols), "what nothing refers to goes"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app", "libSystem.tbd", "main.o"]


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("arch", ARCHS)
def test_library(arch: str, linker: str, tmp_path: Path) -> None:
    output = str(tmp_path / "libx.dylib")
    more = {"shared": True, "output": output, "temporary": output + ".tmp", "exports": ("twice",)}
    image = image_of(tmp_path, arch, linker, "define i32 @twice(i32 %a) {\n %r = add i32 %a, %a\n ret i32 %r\n}\n", **more)
    check_image(image, macho.ARCHS[arch], "libx.dylib", library=True)
    name = next(command for command in parse(image).commands if command.command.name == "ID_DYLIB")
    assert name.name == "@rpath/libx.dylib"
    own = {"__mh_dylib_header", "___dso_handle"}  # zig's, of every library
    assert {symbol.name for symbol in parse(image).exported_symbols} - own == {"_twice"}


@pytest.mark.parametrize("linker", LINKERS)
def test_a_program_that_loads_a_library(linker: str, tmp_path: Path) -> None:
    """Libraries of libSystem need no name; others are found in the folders that are named."""
    output = str(tmp_path / "libx.dylib")
    more = {"shared": True, "exports": ("twice",), "output": output, "temporary": output + ".tmp"}
    image_of(tmp_path, "aarch64", linker, "define i32 @twice() {\n ret i32 1\n}\n", **more)
    text = "declare i32 @twice()\ndefine i32 @main() {\n %r = call i32 @twice()\n ret i32 %r\n}\n"
    libraries = (Library("x"), Library("m"), Library("pthread"))
    image = image_of(tmp_path, "aarch64", linker, text, libraries=libraries, folders=(str(tmp_path),))
    assert [library.name for library in parse(image).libraries] == ["/usr/lib/libSystem.B.dylib", "@rpath/libx.dylib"] or [
        library.name for library in parse(image).libraries
    ] == ["@rpath/libx.dylib", "/usr/lib/libSystem.B.dylib"]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("arch", ARCHS)
def test_zig_s_images_are_stripped_here(arch: str, shared: bool, tmp_path: Path) -> None:
    images = []
    for name, how in (("whole", "none"), ("bare", "all")):
        output = str(tmp_path / name / "libx.dylib")
        (tmp_path / name).mkdir()
        images.append(image_of(tmp_path / name, arch, "zig", shared=shared, output=output, temporary=output + ".tmp", strip=how))
    imports = [check_image(image, macho.ARCHS[arch], "libx.dylib", library=shared) for image in images]
    assert imports[0] == imports[1] and "_puts" in imports[1]
    own = [{symbol.name for symbol in parse(image).symbols if symbol.value} for image in images]
    assert "_main" in own[0] and "_main" not in own[1]
    assert images[1].stat().st_size < images[0].stat().st_size
    exports = [sorted(export.symbol.name for export in parse(image).dyld_info.exports) for image in images]
    assert exports[0] == exports[1] and "_main" in exports[1]
    indirect = [[symbol.name for symbol in parse(image).dynamic_symbol_command.indirect_symbols if symbol] for image in images]
    assert "_puts" in indirect[1] and set(indirect[1]) <= set(indirect[0])


def test_an_image_that_is_laid_out_otherwise_is_not_stripped() -> None:
    data = emit("main.vit", "macho", MAIN)
    assert symbols.strip(data) == data


@pytest.mark.parametrize("arch", ARCHS)
def test_our_signature_is_the_linker_s(arch: str, tmp_path: Path) -> None:
    """An image that `ld64.lld` signed, signed again under the same name, is the same image."""
    path = tmp_path / "main.o"
    path.write_bytes(emit("main.vit", kind_of(arch), MAIN))
    plan = plan_of(the_linker("ld64.lld"), tmp_path, [str(path)], arch=arch, entry="", runtime=(made(tmp_path, arch),))
    words = tuple("-adhoc_codesign" if word == "-no_adhoc_codesign" else word for word in plan.arguments)
    assert execute(replace(plan, arguments=words, identifier="")).status == 0
    image = Path(plan.final).read_bytes()
    check_signature(image, os.path.basename(plan.output))
    assert sign(image, os.path.basename(plan.output)) == image


@pytest.mark.parametrize("linker", LINKERS)
def test_signing_again_is_signing_once(linker: str, tmp_path: Path) -> None:
    image = image_of(tmp_path, "x86_64", linker).read_bytes()
    assert sign(image, "app") == image
    longer = sign(image, "a very much longer name" * 10)
    check_signature(longer, "a very much longer name" * 10)
    assert sign(longer, "app") == image


def test_a_page_that_was_changed_is_noticed(tmp_path: Path) -> None:
    """Of the checks above, not of the compiler."""
    image = bytearray(image_of(tmp_path, "aarch64", "zig").read_bytes())
    image[5000] ^= 1
    with pytest.raises(AssertionError, match="page 1 is not what was signed"):
        check_signature(bytes(image), "app")


@pytest.mark.parametrize(("make", "message"), [
    (lambda image: b"", "cut off"),
    (lambda image: b"\x7fELF" + bytes(60), "it is no 64-bit Mach-O image"),
    (lambda image: image[:200], "cut off"),
    (lambda image: emit("main.vit", "macho", MAIN), "it has no segment `__LINKEDIT`"),
])  # fmt: skip
def test_what_cannot_be_signed(make: object, message: str, tmp_path: Path) -> None:
    image = image_of(tmp_path, "aarch64", "zig").read_bytes()
    with pytest.raises(NotSignable, match=message):
        sign(make(image), "app")  # type: ignore[operator]


def test_no_room_for_a_signature(tmp_path: Path) -> None:
    """Load commands reach up to the first section, and none of them is a signature."""
    image = bytearray(image_of(tmp_path, "aarch64", "zig").read_bytes())
    at, count = 32, struct.unpack_from("<I", image, 16)[0]
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", image, at)
        if kind == 0x1D:
            struct.pack_into("<I", image, at, 0x7FFF)
        at += size
    image[at : at + 16] = b"x" * 16
    with pytest.raises(NotSignable, match="no room"):
        sign(bytes(image), "app")


def test_an_image_that_cannot_be_signed_is_a_complaint(tmp_path: Path) -> None:
    program = tmp_path / "ld"
    program.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho no image > "$2"\n')
    program.chmod(0o755)
    plan = plan_of(the_linker("zig"), tmp_path, [])
    broken = replace(plan, program=(str(program),), arguments=("-o", plan.output))
    with pytest.raises(DriverError) as caught:
        execute(broken)
    assert caught.value.message == "the linker wrote an image that cannot be signed: the file is cut off"
    assert not Path(plan.output).exists() and not Path(plan.final).exists()


@pytest.mark.parametrize("arch", ARCHS)
def test_an_object_that_is_cut_off_anywhere_is_noticed(arch: str) -> None:
    whole = emit("main.vit", kind_of(arch), MAIN)
    assert macho.damage(whole) == "" and macho.damage(b"") == "" and macho.damage(b"\x7fELF" + bytes(40)) == ""
    for size in range(4, len(whole)):
        assert macho.damage(whole[:size]) in (
            "it is cut off", "its load commands are cut off", "its sections are cut off", "its symbols are cut off"
        ), size  # fmt: skip


def test_stub() -> None:
    with open(libsystem.find(), encoding="utf-8") as file:
        text = file.read()
    for arch in ("arm64", "x86_64"):
        stub = libsystem.stub(text, arch)
        assert f"targets: [ {arch}-macos ]" in stub and "install-name: '/usr/lib/libSystem.B.dylib'" in stub
        assert "$ld$" not in stub
        for name in ("_open", "_malloc", "_sin", "___error", "dyld_stub_binder", "_bzero" if arch == "arm64" else "___bzero"):
            assert f"'{name}'" in stub, name
        assert ("'_stat$INODE64'" in stub) == (arch == "x86_64"), "of its own machine only"
    with pytest.raises(ValueError, match="no symbols"):
        libsystem.stub("--- !tapi-tbd\n", "arm64")


def test_stub_of_one_s_own() -> None:
    text = (
        "--- !tapi-tbd\ntbd-version: 4\ntargets: [ x86_64-macos, arm64-macos ]\ninstall-name: '/usr/lib/x.dylib'\ncurrent-version: 7.1\n"
        "exports:\n  - targets: [ x86_64-macos ]\n    symbols: [ _old, '$ld$hide$os10.4$_old' ]\n"
        "  - targets: [ x86_64-macos, arm64-macos ]\n    symbols: [ _both, \n               '_a$b' ]\n    weak-symbols: [ _weak ]\n"
        "    objc-classes: [ Thing ]\n...\n"
    )
    assert "symbols: [ '_a$b', '_both', '_weak' ]" in libsystem.stub(text, "arm64")
    assert "symbols: [ '_a$b', '_both', '_old', '_weak' ]" in libsystem.stub(text, "x86_64")
    assert "current-version: 7.1" in libsystem.stub(text, "x86_64")
