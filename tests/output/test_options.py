"""What options of linking do to a program, seen in the image and when it runs."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from zlib import crc32

import lief
import pytest

from tests.harness.forked import vitte
from vitte.driver_impl.link.formats import sections, symbols, totals

HELLO = """
proc main() { println("hello {}", shout("you")) }
proc shout(text: string) -> string { give text + "!" }
"""


def build(folder: Path, *options: str, text: str = HELLO, status: int = 0) -> Path:
    (folder / "hello.vit").write_text(text)
    ran = vitte("build", "hello.vit", "-o", "hello", *options, cwd=folder)
    assert ran.status == status, ran.err
    return folder / "hello"


def image_of(program: Path) -> lief.ELF.Binary:
    """Whose parts live as long as it does."""
    return lief.parse(str(program))


def exported(program: Path) -> set[str]:
    image = image_of(program)
    return {str(symbol.name) for symbol in image.exported_symbols}


def said(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def test_rpath(tmp_path: Path) -> None:
    image = image_of(build(tmp_path, "--rpath", "$ORIGIN/lib", "--rpath", "/opt/x"))
    assert [entry.runpath for entry in image.dynamic_entries if entry.tag == lief.ELF.DynamicEntry.TAG.RUNPATH] == ["$ORIGIN/lib:/opt/x"]


def test_a_program_that_exports(tmp_path: Path) -> None:
    text = HELLO + 'pub extern "C" proc plugin_call(x: i32) -> i32 { give x + 1 }\n'
    program = build(tmp_path, "--export-symbol", "plugin_call", text=text)
    assert "plugin_call" in exported(program)
    assert said(program) == "hello you!\n"
    program = build(tmp_path, text=text)
    assert "plugin_call" not in exported(program)


def test_version_script(tmp_path: Path) -> None:
    (tmp_path / "names.map").write_text("V1.0 { global: twice; local: *; };\n")
    (tmp_path / "a.vit").write_text('extern "C" proc twice(x: i32) -> i32 { give 2 * x }\nextern "C" proc other() {}\n')
    for times in range(2):
        ran = vitte("build", "a.vit", "--kind", "shared", "--version-script", "names.map", cwd=tmp_path)
        assert ran.status == 0, ran.err
        assert exported(tmp_path / "liba.so") - {"V1.0", "V2.0"} == ({"twice"} if times == 0 else {"other"})
        assert ctypes.CDLL(str(tmp_path / "liba.so")) is not None
        # Another script is another library, although no option changed.
        (tmp_path / "names.map").write_text("V2.0 { global: other; local: *; };\n")
    ran = vitte("build", "a.vit", "--kind", "shared", "--version-script", "no.map", cwd=tmp_path)
    assert ran.status == 2 and "the version script `no.map` is not a file" in ran.err


def test_stack_size_and_position(tmp_path: Path) -> None:
    image = image_of(build(tmp_path, "--stack-size", "256K", "--no-pie"))
    stack = next(segment for segment in image.segments if segment.type == lief.ELF.Segment.TYPE.GNU_STACK)
    assert stack.virtual_size == 256 << 10
    assert image.header.file_type == lief.ELF.Header.FILE_TYPE.EXEC
    assert said(tmp_path / "hello") == "hello you!\n"
    image = image_of(build(tmp_path, "--pie"))
    assert image.header.file_type == lief.ELF.Header.FILE_TYPE.DYN


def test_entry_symbol(tmp_path: Path) -> None:
    text = 'extern "C" { proc _exit(status: i32) -> never }\nextern "C" proc go() { unsafe { _exit(7) } }\nproc main() { go() }\n'
    program = build(tmp_path, "--entry-symbol", "go", text=text)
    assert subprocess.run([program], check=False).returncode == 7


def test_static_programs(tmp_path: Path) -> None:
    ran = vitte("build", "hello.vit", "--static", "-o", "hello", cwd=prepared(tmp_path))
    assert ran.status == 2 and "there are no static programs for `x86_64-unknown-linux-gnu`" in ran.err and "-musl" in ran.err
    gcc = shutil.which("gcc")
    if gcc is None or not list(Path("/usr/lib").glob("*/libc.a")):
        pytest.skip("no C compiler, or no static C library, on this machine")
    program = build(tmp_path, "--static", "--linker", "gcc")
    image = image_of(program)
    assert image.interpreter == "" and said(program) == "hello you!\n"


def prepared(folder: Path) -> Path:
    (folder / "hello.vit").write_text(HELLO)
    return folder


def test_strip(tmp_path: Path) -> None:
    full = totals(sections(build(tmp_path, "-g").read_bytes()))
    debug = build(tmp_path, "-g", "-C", "strip=debug")
    assert full["debug"] > 5 * totals(sections(debug.read_bytes()))["debug"] > 0
    assert "main" in symbols_of(debug)
    bare = build(tmp_path, "-g", "--strip")
    assert totals(sections(bare.read_bytes()))["debug"] == 0 and not symbols_of(bare)
    assert said(bare) == "hello you!\n"


def symbols_of(program: Path) -> list[str]:
    return symbols(program.read_bytes())


@pytest.mark.parametrize("how", ["zlib", "zstd"])
def test_compressed_debug_information(tmp_path: Path, how: str) -> None:
    plain = build(tmp_path, "-g").stat().st_size
    program = build(tmp_path, "-g", "--compress-debug", how)
    assert program.stat().st_size < plain * 0.7 and said(program) == "hello you!\n"
    image = image_of(program)
    section = next(section for section in image.sections if section.name == ".debug_info")
    assert section.has(lief.ELF.Section.FLAGS.COMPRESSED)


SAME = """
noinline proc one(x: int) -> int { give (x ^ 5) & 7 }
noinline proc two(x: int) -> int { give (x ^ 5) & 7 }
noinline proc three(x: int) -> int { give (x ^ 5) & 7 }
proc main() { println("{}", one(1) + two(2) + three(3)) }
"""


def test_equal_procedures_become_one_when_code_is_optimised(tmp_path: Path) -> None:
    def folded(*options: str) -> bool:
        program = build(tmp_path, *options, text=SAME)
        assert said(program) == "17\n"
        image = image_of(program)
        places = {symbol.name: symbol.value for symbol in image.symtab_symbols if symbol.name.startswith("hello::")}
        wanted = [places[f"hello::{name}"] for name in ("one", "two", "three")]
        return len(set(wanted)) == 1

    assert not folded()
    assert folded("--icf", "on")
    assert folded("-O1")
    assert not folded("-O1", "--icf", "off")


def test_what_nothing_refers_to_is_left_out(tmp_path: Path) -> None:
    small = build(tmp_path)
    assert not any(name.startswith("std/decimal::") for name in symbols_of(small))
    size = small.stat().st_size
    large = build(tmp_path, "--gc-sections", "off")
    assert any(name.startswith("std/decimal::") for name in symbols_of(large)) and large.stat().st_size > 3 * size
    assert said(large) == "hello you!\n"


@pytest.mark.parametrize("linker", ["gcc", "ld.bfd", "ld.gold", "mold"])
def test_options_through_other_linkers(tmp_path: Path, linker: str) -> None:
    if shutil.which(linker) is None:
        pytest.skip(f"{linker} is not on this machine")
    text = HELLO + 'pub extern "C" proc plugin_call(x: i32) -> i32 { give x + 1 }\n'
    options = ("--rpath", "/opt/x", "--export-symbol", "plugin_call", "--no-pie", "--stack-size", "1M", "-g", "--compress-debug", "zlib")
    program = build(tmp_path, "--linker", linker, *options, text=text)
    image = image_of(program)
    assert said(program) == "hello you!\n" and image.header.file_type == lief.ELF.Header.FILE_TYPE.EXEC
    assert "plugin_call" in exported(program)
    assert any(entry.tag == lief.ELF.DynamicEntry.TAG.RUNPATH for entry in image.dynamic_entries)
    (tmp_path / "a.vit").write_text('extern "C" proc twice(x: i32) -> i32 { give 2 * x }\nextern "C" proc more() {}\n')
    ran = vitte("build", "a.vit", "--kind", "shared", "--linker", linker, cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert exported(tmp_path / "liba.so") == {"twice", "more"}
    assert ctypes.CDLL(str(tmp_path / "liba.so")).twice(21) == 42


WRONG = {
    ("-l", "statik=z"): "there is no kind `statik` of library",
    ("-l", "static="): "`-l` needs a library's name",
    ("--pie", "--no-pie"): "`--pie` and `--no-pie` exclude each other",
    ("--stack-size", "much"): "`--stack-size` needs a size, not `much`",
    ("--stack-size", "0"): "`--stack-size` needs a size",
    ("--subsystem", "dos"): "`dos`",
    ("--subsystem", "windows"): "`--subsystem` is not supported for ELF images",
    ("--framework", "Cocoa"): "library `Cocoa` is of kind `framework`, which is not supported for ELF images",
    ("-C", "strip=some"): "`some` is no value for `strip`",
    ("-C", "compress-debug=lzma"): "`lzma` is no way of compressing",
    ("-C", "lto=maybe"): "`maybe` is no value for `lto`",
    ("--kind", "shared", "--emit=static"): "one build makes one kind of output",
    ("--bin", "x"): "`--bin` chooses what a package makes",
    ("--target", "wasm32-wasi", "-g", "--split-debug"): "`--split-debug` is not supported for WebAssembly",
    ("--target", "wasm32-wasi", "--rpath", "x"): "`--rpath` is not supported for WebAssembly images",
}


@pytest.mark.parametrize("options", WRONG, ids=lambda options: " ".join(options))
def test_what_is_wrong_is_said(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = vitte("build", "hello.vit", *options, cwd=prepared(tmp_path))
    assert ran.status == 2 and WRONG[options] in ran.err.replace("\n  ", " "), ran.err
    assert ran.err.count("error") == 1


def contents(program: Path, name: str) -> bytes:
    image = image_of(program)
    return next(bytes(section.content) for section in image.sections if section.name == name)


@pytest.mark.parametrize("more", [(), ("--lto", "-O1"), ("--strip",), ("--linker", "ld.bfd")], ids=" ".join)
def test_debug_information_in_a_file_of_its_own(tmp_path: Path, more: tuple[str, ...]) -> None:
    if "ld.bfd" in more and shutil.which("ld.bfd") is None:
        pytest.skip("ld.bfd is not on this machine")
    program = build(tmp_path, "-g", "--split-debug", *more)
    debug = tmp_path / "hello.debug"
    assert said(program) == "hello you!\n"
    assert totals(sections(program.read_bytes()))["debug"] * 5 < totals(sections(debug.read_bytes()))["debug"]
    link = contents(program, ".gnu_debuglink")
    assert link == b"hello.debug\0" + crc32(debug.read_bytes()).to_bytes(4, "little")
    assert contents(program, ".text") == contents(debug, ".text") and contents(program, ".rodata") == contents(debug, ".rodata")
    gdb = shutil.which("gdb")
    if gdb is not None:
        words = [gdb, "-nx", "-batch", "-ex", "info line hello::shout", str(program)]
        shown = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path).stdout
        assert 'Line 3 of "hello.vit"' in shown or "--lto" in more
    # Both are remembered together.
    for path in (program, debug):
        path.unlink()
    again = vitte("build", "hello.vit", "-o", "hello", "-g", "--split-debug", *more, "-v", cwd=tmp_path)
    assert program.exists() and debug.exists() and ("link: status" not in again.err or "ld.bfd" in more)


def test_nothing_to_split(tmp_path: Path) -> None:
    build(tmp_path, "--split-debug")
    assert not (tmp_path / "hello.debug").exists()


def test_sizes_are_told(tmp_path: Path) -> None:
    program = build(tmp_path, "--release")
    for _ in range(2):  # also when there is nothing to do
        ran = vitte("build", "hello.vit", "-o", "hello", "--release", "-v", cwd=tmp_path)
        sums = totals(sections(program.read_bytes()))
        parts = ", ".join(f"{kind} {sums[kind]}" for kind in ("text", "data", "bss", "debug", "other"))
        assert f"size: hello: {program.stat().st_size} bytes: {parts}\n" in ran.err
    assert program.stat().st_size <= 16 << 10  # a small program has little of the library
