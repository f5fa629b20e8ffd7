"""Objects made runnable: linked into a shared library and loaded here, or into a program. No C compiler, no C development files."""

# ruff: noqa: E501 - lines of IR and tables are as long as they are

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path

import ziglang

from vitte import codegen
from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.ir.defs import Definitions
from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module
from vitte.ir.ssa_verify import verify

ZIG = os.path.join(os.path.dirname(ziglang.__file__), "zig")
LIBC = next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if re.search(r"/libc\.so\.6$|/libc-2", line))
LIBM = os.path.join(os.path.dirname(LIBC), "libm.so.6")

RUNTIME = r"""
module "std/rt" file "std/rt.vit"
extern "write"(i32, ptr, i64) -> i64
extern "_exit"(i32) -> ()
extern "malloc"(i64) -> ptr
extern "free"(ptr) -> ()
extern "dprintf"(i32, ptr) -> i32 variadic
global "index" private align 1 = "index %ld of %ld\0a\00"
global "text" private align 1 = "%.*s:%d:%d: %.*s\0a\00"
fn "std/rt::panic"(%0: ptr, %1: ptr) -> () external noreturn cold {
bb0:
  %2 = iconst i32 2
  %3 = global_addr ptr "text"
  %4 = iconst i64 8
  %5 = iconst i32 0
  jump bb1(%1)
bb1(%6: ptr):
  %7 = load i32 %6 4
  %8 = eq i1 %7, %5
  %10 = ptr_add ptr %6, %4
  br %8, bb2, bb1(%10)
bb2:
  %11 = load i32 %6
  %12 = load i32 %1
  %13 = load i32 %1 4
  %14 = load ptr %0
  %15 = load i32 %0 8
  %16 = call i32 "dprintf" %2, %3, %11, %10, %12, %13, %15, %14 2
  %9 = iconst i32 101
  call "_exit" %9
  unreachable
}
fn "std/rt::panic_overflow"(%0: ptr, %1: ptr) -> () external noreturn cold {
bb0:
  call "std/rt::panic" %0, %1
  unreachable
}
fn "std/rt::panic_index"(%0: i64, %1: i64, %2: ptr) -> () external noreturn cold {
bb0:
  %3 = iconst i32 2
  %4 = global_addr ptr "index"
  %5 = call i32 "dprintf" %3, %4, %0, %1 2
  %6 = iconst i32 101
  call "_exit" %6
  unreachable
}
fn "std/rt::alloc"(%0: i64) -> ptr external {
bb0:
  %1 = call ptr "malloc" %0
  ret %1
}
fn "std/rt::dealloc"(%0: ptr) -> () external {
bb0:
  call "free" %0
  ret
}
"""
"""Panics that say what they were given and leave with 101: `place: message`."""


def context(opt_level: str = "0", debug_info: str = "none", defs: Definitions | None = None, **more: object) -> UnitContext:
    target = more.pop("target", X86_64_LINUX_GNU)
    return UnitContext("m", "m.vit", target, defs or Definitions(), opt_level=opt_level, debug_info=debug_info, **more)  # type: ignore[arg-type]


def ssa(text: str) -> Module:
    """A verified module."""
    module = parse_module(text if text.lstrip().startswith("module") else 'module "m" file "m.vit"\n' + text)
    assert verify(module) == []
    return module


def _link(objects: list[bytes], output: Path, *flags: str) -> None:
    paths: list[str] = []
    for i, data in enumerate(objects):
        path = output.with_suffix(f".{i}.o")
        path.write_bytes(data)
        paths.append(str(path))
    command = [ZIG, "ld.lld", "-m", "elf_x86_64", "--fatal-warnings", "--gc-sections", *flags, "-o", str(output), *paths, LIBC, "--as-needed", LIBM]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def library(module: Module, opt_level: str, folder: Path, **more: str) -> ctypes.CDLL:
    """The module and the runtime above as a loaded library, with lazy binding to nothing but libc and libm."""
    output = folder / f"lib{opt_level}.so"
    runtime = codegen.run(parse_module(RUNTIME), context(opt_level))
    _link([codegen.run(module, context(opt_level, **more)), runtime], output, "-shared", "-z", "now", "-z", "defs")
    return ctypes.CDLL(str(output))


def program(modules: list[Module], opt_level: str, folder: Path, debug_info: str = "none", defs: Definitions | None = None) -> Path:
    output = folder / f"program{opt_level}"
    ctx = context(opt_level, debug_info, defs)
    objects = [codegen.start_object(X86_64_LINUX_GNU), *[codegen.run(m, ctx) for m in modules], codegen.run(parse_module(RUNTIME), context(opt_level))]
    _link(objects, output, "-pie", "-z", "relro", "-z", "now", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2")
    return output


def execute(path: Path, *args: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    done = subprocess.run([str(path), *args], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout, done.stderr
