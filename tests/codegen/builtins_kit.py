"""Calls of the functions in the support object, on each machine: natively, in wasmtime, and aarch64 in qemu.

A *relay* per function takes its operands out of cells of 16 bytes and puts the result into one; those of functions on memory work on a
buffer that holds the same bytes before each call, and give a digest of what is in it afterwards. So every call is a `Vector` of
bytes in and bytes out, whichever the machine.
"""

# ruff: noqa: E501 - lines of IR are as long as they are

from __future__ import annotations

import ctypes
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import ziglang

from vitte import codegen
from vitte.codegen.llvm import machine
from vitte.driver.target import TARGETS, Target

ZIG = os.path.join(os.path.dirname(ziglang.__file__), "zig")
QEMU = "/usr/bin/qemu-aarch64"
NATIVE, WASM, ARM = (TARGETS[name] for name in ("x86_64-unknown-none", "wasm32-unknown", "aarch64-unknown-none"))

SPACE = 640
"""Bytes of the buffer."""
PATTERN = bytes((i * 167 + 13) % 251 + (i in (330, 351, 425)) - (i in (300, 372)) for i in range(SPACE))
"""It repeats after 251 bytes, but for some bytes that are one more or less."""
PRIME = 1099511628211


@dataclass(frozen=True)
class Vector:
    name: str
    given: bytes
    wanted: bytes
    text: str


def _scalar(name: str, result: str, *params: str) -> str:
    loads = "".join(
        f"  %p{i} = getelementptr i8, ptr %in, i64 {16 * i}\n  %a{i} = load {ty}, ptr %p{i}, align 1\n" for i, ty in enumerate(params)
    )
    args = ", ".join(f"{ty} %a{i}" for i, ty in enumerate(params))
    return f"""declare {result} @{name}({', '.join(params)})
define void @"t.{name}"(ptr %in, ptr %out) #0 {{
{loads}  %r = call {result} @{name}({args})
  store {result} %r, ptr %out, align 1
  ret void
}}
"""


def _memory(name: str, call: str, declaration: str, keep: str) -> str:
    """Cells: three numbers, `%a0` to `%a2`. `call` makes `%r` of `%x` and `%y`, the places in the buffer that the first two are, and `%a2`;
    `keep` makes of `%r` what is stored beside the digest."""
    loads = "".join(f"  %p{i} = getelementptr i8, ptr %in, i64 {16 * i}\n  %a{i} = load SIZE, ptr %p{i}, align 1\n" for i in range(3))
    return f"""{declaration}
define void @"t.{name}"(ptr %in, ptr %out) #0 {{
entry:
{loads}  %x = getelementptr i8, ptr @buffer, SIZE %a0
  %y = getelementptr i8, ptr @buffer, SIZE %a1
  br label %fill
fill:
  %i = phi i64 [ 0, %entry ], [ %i.next, %fill ]
  %from = getelementptr i8, ptr @pattern, i64 %i
  %to = getelementptr i8, ptr @buffer, i64 %i
  %b = load i8, ptr %from
  store volatile i8 %b, ptr %to
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, {SPACE}
  br i1 %more, label %fill, label %act
act:
{call}
  br label %sum
sum:
  %j = phi i64 [ 0, %act ], [ %j.next, %sum ]
  %h = phi i64 [ 0, %act ], [ %h.next, %sum ]
  %at = getelementptr i8, ptr @buffer, i64 %j
  %c = load volatile i8, ptr %at
  %c.w = zext i8 %c to i64
  %h.x = xor i64 %h, %c.w
  %h.next = mul i64 %h.x, {PRIME}
  %j.next = add i64 %j, 1
  %again = icmp ult i64 %j.next, {SPACE}
  br i1 %again, label %sum, label %end
end:
  store i64 %h.next, ptr %out, align 1
  %second = getelementptr i8, ptr %out, i64 8
  {keep}, ptr %second, align 1
  ret void
}}
"""


_OFFSET = """%r.n = ptrtoint ptr %r to SIZE
  %x.n = ptrtoint ptr %x to SIZE
  %off = sub SIZE %r.n, %x.n
  store SIZE %off"""
_SIGN = """%up = icmp sgt i32 %r, 0
  %down = icmp slt i32 %r, 0
  %up.n = zext i1 %up to i64
  %down.n = zext i1 %down to i64
  %kept = sub i64 %up.n, %down.n
  store i64 %kept"""

_RELAYS: dict[str, str] = {
    **{
        name: _memory(name, f"  %r = call ptr @{name}(ptr %x, ptr %y, SIZE %a2)", f"declare ptr @{name}(ptr, ptr, SIZE)", _OFFSET)
        for name in ("memcpy", "memmove")
    },
    "memset": _memory("memset", "  %v = load i32, ptr %p1, align 1\n  %r = call ptr @memset(ptr %x, i32 %v, SIZE %a2)", "declare ptr @memset(ptr, i32, SIZE)", _OFFSET),
    "memcmp": _memory("memcmp", "  %r = call i32 @memcmp(ptr %x, ptr %y, SIZE %a2)", "declare i32 @memcmp(ptr, ptr, SIZE)", _SIGN),
    "bcmp": _memory("bcmp", "  %r = call i32 @bcmp(ptr %x, ptr %y, SIZE %a2)", "declare i32 @bcmp(ptr, ptr, SIZE)",
                    "%differ = icmp ne i32 %r, 0\n  %kept = zext i1 %differ to i64\n  store i64 %kept"),
    "strlen": _memory("strlen", "  %z = getelementptr i8, ptr %x, SIZE %a2\n  store i8 0, ptr %z\n  %r = call SIZE @strlen(ptr %x)", "declare SIZE @strlen(ptr)",
                      "store SIZE %r"),
    **{name: _scalar(name, "double", *["double"] * count) for name, count in
       (("fmod", 2), ("fma", 3), ("trunc", 1), ("floor", 1), ("ceil", 1), ("round", 1), ("rint", 1))},
    **{name: _scalar(name, "float", *["float"] * count) for name, count in
       (("fmodf", 2), ("fmaf", 3), ("truncf", 1), ("floorf", 1), ("ceilf", 1), ("roundf", 1), ("rintf", 1))},
    "__multi3": _scalar("__multi3", "i128", "i128", "i128"),
    **{name: _scalar(name, "i128", "i128", "i32") for name in ("__ashlti3", "__lshrti3", "__ashrti3")},
}  # fmt: skip


def relays(target: Target, names: list[str], more: str = "") -> bytes:
    """An object with the relays `t.NAME`."""
    size = f"i{target.pointer_bits}"
    text = "".join(_RELAYS[name] for name in names).replace("SIZE", size)
    data = "".join(f"\\{b:02X}" for b in PATTERN)
    head = f"""target datalayout = "{machine.data_layout(target)}"
target triple = "{target.triple}"
@buffer = internal global [{SPACE} x i8] zeroinitializer, align 16
@pattern = internal constant [{SPACE} x i8] c"{data}", align 16
@cells = dso_local global [256 x i8] zeroinitializer, align 16
"""
    return machine.to_object(f'{head}{text}{more}attributes #0 = {{ nounwind "no-builtins" }}\n', target, "0")


def digest(buffer: bytes) -> int:
    value = 0
    for byte in buffer:
        value = (value ^ byte) * PRIME & 0xFFFFFFFFFFFFFFFF
    return value


def _link(target: Target, program: str, objects: list[bytes], output: Path, *flags: str) -> None:
    paths: list[str] = []
    for i, data in enumerate(objects):
        path = output.with_suffix(f".{i}.o")
        path.write_bytes(data)
        paths.append(str(path))
    done = subprocess.run([ZIG, program, "--fatal-warnings", "--gc-sections", *flags, "-o", str(output), *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run_native(names: list[str], vectors: list[Vector], folder: Path) -> list[bytes]:
    output = folder / "builtins.so"
    _link(NATIVE, "ld.lld", [relays(NATIVE, names), codegen.support_object(NATIVE)], output, "-shared", "-z", "defs")
    library = ctypes.CDLL(str(output))
    out = ctypes.create_string_buffer(16)
    results: list[bytes] = []
    for vector in vectors:
        ctypes.memset(out, 0, 16)
        call = library[f"t.{vector.name}"]
        call.restype = None
        call(vector.given, out)
        results.append(out.raw)
    return results


def run_wasm(names: list[str], vectors: list[Vector], folder: Path) -> list[bytes]:
    import wasmtime

    output = folder / "builtins.wasm"
    exports = [f"--export=t.{name}" for name in names]
    _link(WASM, "wasm-ld", [relays(WASM, names), codegen.support_object(WASM)], output, "--no-entry", "--export=cells", *exports)
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module.from_file(store.engine, str(output)), [])
    found = instance.exports(store)
    memory, cells = found["memory"], found["cells"].value(store)
    results: list[bytes] = []
    for vector in vectors:
        memory.write(store, vector.given + bytes(16), cells)
        found[f"t.{vector.name}"](store, cells, cells + len(vector.given))
        results.append(bytes(memory.read(store, cells + len(vector.given), cells + len(vector.given) + 16)))
    return results


_ARM_PROGRAM = """
define internal void @leave(i32 %status) noinline nounwind naked prologue <{ i32, i32 }> <{ i32 u0xD2800BA8, i32 u0xD4000001 }> {
  unreachable
}
define internal void @print(i32 %to, ptr %data, i64 %count) noinline nounwind naked prologue <{ i32, i32, i32 }> <{ i32 u0xD2800808, i32 u0xD4000001, i32 u0xD65F03C0 }> {
  unreachable
}
define void @_start() nounwind {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %v = getelementptr { ptr, [48 x i8] }, ptr @vectors, i64 %i
  %relay = load ptr, ptr %v
  %in = getelementptr i8, ptr %v, i64 8
  call void @llvm.memset.p0.i64(ptr @cells, i8 0, i64 16, i1 false)
  call void %relay(ptr %in, ptr @cells)
  call void @print(i32 1, ptr @cells, i64 16)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, COUNT
  br i1 %more, label %loop, label %end
end:
  call void @leave(i32 0)
  unreachable
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""
"""A program that runs all vectors and writes the results; the two system calls are given as bytes, since LLVM has the assembler of the
machine at hand only: `mov x8, #93; svc #0` and `mov x8, #64; svc #0; ret`."""


def run_arm(names: list[str], vectors: list[Vector], folder: Path) -> list[bytes]:
    rows = ", ".join(
        '{ ptr, [48 x i8] } { ptr @"t.' + v.name + '", [48 x i8] c"' + "".join(f"\\{b:02X}" for b in v.given.ljust(48, b"\0")) + '" }' for v in vectors
    )
    table = f"@vectors = internal constant [{len(vectors)} x {{ ptr, [48 x i8] }}] [ {rows} ]\n"
    data = relays(ARM, names, table + _ARM_PROGRAM.replace("COUNT", str(len(vectors))))
    output = folder / "builtins"
    _link(ARM, "ld.lld", [data, codegen.support_object(ARM)], output, "-m", "aarch64linux", "-static")
    output.chmod(0o755)
    done = subprocess.run([QEMU, str(output)], capture_output=True, timeout=60)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return [done.stdout[i : i + 16] for i in range(0, len(done.stdout), 16)]
