"""The functions of the support object against Python, on every machine; and that nothing an object wants is left undefined."""

# ruff: noqa: E501 - vectors are as long as they are

from __future__ import annotations

import math
import os
import random
import re
import struct
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

import vitte
from tests.codegen import builtins_kit as kit
from tests.codegen.builtins_kit import PATTERN, SPACE, ZIG, Vector
from tests.codegen.native import ssa
from tests.codegen.test_ops import cases, function
from tests.harness.forked import apart
from tests.harness.forked import vitte as run_vitte
from tests.harness.symbols import defined, sections, undefined
from vitte import codegen
from vitte.codegen.llvm import builtins, machine
from vitte.driver.context import UnitContext
from vitte.driver.target import TARGETS, Target
from vitte.ir.defs import Definitions
from vitte.ir.fold import evaluate, f32
from vitte.ir.ssa_text import parse_module

BARE = [target for target in TARGETS.values() if target.libc == "none"]
RUN: dict[str, Callable[[list[str], list[Vector], Path], list[bytes]]] = {
    "x86_64-unknown-none": kit.run_native, "wasm32-unknown": apart(kit.run_wasm), "aarch64-unknown-none": kit.run_arm,
}  # fmt: skip
OPERATIONS = {"fmod": "frem", "fma": "fma", "trunc": "ftrunc", "floor": "ffloor", "ceil": "fceil", "round": "fround"}


def cell(value: int | float, ty: str) -> bytes:
    if ty in ("f32", "f64"):
        return struct.pack("<f" if ty == "f32" else "<d", value).ljust(16, b"\0")
    return (value & (1 << 128) - 1).to_bytes(16, "little")  # type: ignore[operator]


def floats(rng: random.Random, ty: str) -> float:
    """Any encoding, or numbers that meet: near each other, near whole numbers and halves, subnormal, special."""
    bits, pack, whole = (32, "<If", 23) if ty == "f32" else (64, "<Qd", 52)
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, math.inf, -math.inf, math.nan, 2.0**whole, -(2.0**whole), 2.0 ** (whole - 1) + 0.5])
    if kind == 1:
        return rng.randint(-50, 50) + rng.choice([0.0, 0.5, 0.25])
    if kind == 2:
        value = rng.uniform(-1, 1) * 2.0 ** rng.randint(0, whole + 3)
    elif kind == 3:  # subnormal
        encoded = rng.getrandbits(rng.randint(1, whole)) | rng.getrandbits(1) << (bits - 1)
        return float(struct.unpack("<" + pack[2], encoded.to_bytes(bits // 8, "little"))[0])
    elif kind == 4:
        value = rng.choice([1, -1]) * (1 + rng.randint(-3, 3) * 2.0**-whole) * 2.0 ** rng.randint(-3, 3)
    elif kind == 5:
        value = rng.choice([1, -1]) * rng.getrandbits(rng.randint(1, 12)) * 2.0 ** rng.randint(-126, 100)
    else:
        return float(struct.unpack("<" + pack[2], rng.getrandbits(bits).to_bytes(bits // 8, "little"))[0])
    return f32(value) if ty == "f32" else value


def wanted_float(name: str, values: list[float], ty: str) -> float:
    if name == "rint":
        x = values[0]
        return x if not math.isfinite(x) else math.copysign(float(round(x)), x)
    found = evaluate(OPERATIONS[name], ty, list(values), ty)
    assert isinstance(found, float)
    return found


def number_vectors(name: str, count: int, rng: random.Random) -> list[Vector]:
    made: list[Vector] = []
    for _ in range(count):
        if name.startswith("__"):
            a, b = rng.getrandbits(rng.randint(1, 128)), rng.getrandbits(rng.randint(1, 128))
            n = rng.randrange(128)
            signed = a - (1 << 128) if a >> 127 else a
            result = {"__multi3": a * b, "__ashlti3": a << n, "__lshrti3": a >> n, "__ashrti3": signed >> n}[name]
            second = b if name == "__multi3" else n
            made.append(Vector(name, cell(a, "i128") + cell(second, "i128"), cell(result, "i128"), f"{a:#x}, {second:#x}"))
            continue
        is_single = name.endswith("f")
        ty = "f32" if is_single else "f64"
        base = name[:-1] if is_single else name
        values = [floats(rng, ty) for _ in range({"fmod": 2, "fma": 3}.get(base, 1))]
        if base == "fma" and rng.random() < 0.5 and all(map(math.isfinite, values)):
            near = -values[0] * values[1]  # cancels all but what was rounded away
            values[2] = f32(near) if is_single else near
        want = wanted_float(base, values, ty)
        made.append(Vector(name, b"".join(cell(v, ty) for v in values), cell(want, ty), ", ".join(v.hex() for v in values)))
    return made


def memory_vectors(name: str, count: int, rng: random.Random) -> list[Vector]:
    made: list[Vector] = []
    for i in range(count):
        n = i if i < 40 else rng.randrange(rng.choice([20, 80, 260]))
        x, y = rng.randrange(40), rng.randrange(40)
        buffer = bytearray(PATTERN)
        kept = 0
        if name in ("memcpy", "memmove"):
            if name == "memcpy":
                y += 300
            elif rng.random() < 0.2:
                y = x + rng.choice([-1, 0, 1, 8, 15, 16, 17]) if x else 0
            buffer[x : x + n] = buffer[y : y + n]
        elif name == "memset":
            y = rng.getrandbits(32)
            buffer[x : x + n] = bytes([y & 255]) * n
        elif name in ("memcmp", "bcmp"):
            y = x + 251 if rng.random() < 0.7 else y
            n = min(n, SPACE - y)
            a, b = PATTERN[x : x + n], PATTERN[y : y + n]
            kept = (a > b) - (a < b) if name == "memcmp" else int(a != b)
        else:
            buffer[x + n] = 0
            kept = buffer.index(0, x) - x
        wanted = kit.digest(bytes(buffer)).to_bytes(8, "little") + (kept & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")
        made.append(Vector(name, cell(x, "i64") + cell(y, "i64") + cell(n, "i64"), wanted, f"{x}, {y}, {n}"))
    return made


def is_same(name: str, got: bytes, want: bytes) -> bool:
    """Bit for bit; one NaN is as good as another."""
    if got == want or name.startswith(("mem", "bcmp", "strlen", "__")):
        return got == want
    form = "<f" if name.endswith("f") else "<d"
    size = struct.calcsize(form)
    return math.isnan(struct.unpack(form, got[:size])[0]) and math.isnan(struct.unpack(form, want[:size])[0])


@pytest.mark.parametrize("target", list(RUN))
def test_results_are_those_of_python(target: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if target.startswith("aarch64") and not os.path.exists(kit.QEMU):
        pytest.skip("needs qemu-aarch64 (Debian: qemu-user)")
    if target.startswith("wasm"):
        if find_spec("wasmtime") is None:
            pytest.skip("needs wasmtime")
    count = {"x86_64-unknown-none": 500, "wasm32-unknown": 150, "aarch64-unknown-none": 150}[target]
    count *= 10 if request.config.getoption("--slow") else 1
    rng = random.Random(target)
    names = [name for name in builtins.names(TARGETS[target]) if name != "abort"]
    vectors: list[Vector] = []
    for name in names:
        is_memory = name in builtins.MEMORY
        vectors += memory_vectors(name, min(count, 400), rng) if is_memory else number_vectors(name, count, rng)
    results = RUN[target](names, vectors, tmp_path)
    assert len(results) == len(vectors)
    wrong = [f"{v.name}({v.text}): {got.hex()}, wanted {v.wanted.hex()}" for v, got in zip(vectors, results) if not is_same(v.name, got, v.wanted)]
    assert not wrong, f"{len(wrong)} of {len(vectors)}:\n" + "\n".join(wrong[:20])


MEMORY_OPERATIONS = """
fn "blocks"(%0: ptr, %1: ptr, %2: i64) -> () external {
bb0:
  %3 = iconst i8 7
  memcpy.n %0, %1, %2
  memmove.n %0, %1, %2
  memset.n %0, %3, %2
  memcpy %0, %1 4000
  ret
}
"""
BYTE_LOOPS = """
fn "length"(%0: ptr) -> i64 external {
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  %3 = iconst i8 0
  jump bb1(%1)
bb1(%4: i64):
  %5 = ptr_add ptr %0, %4
  %6 = load i8 %5
  %7 = ne i1 %6, %3
  %8 = add i64 %4, %2
  br %7, bb1(%8), bb2
bb2:
  ret %4
}
"""


@pytest.mark.parametrize("target", BARE, ids=lambda t: t.name)
def test_nothing_that_operations_call_is_undefined(target: Target, request: pytest.FixtureRequest) -> None:
    text = "".join([function(i, *case) for i, case in enumerate(cases())]) + MEMORY_OPERATIONS + BYTE_LOOPS
    support = codegen.support_object(target)
    has = set(builtins.names(target))
    assert has <= defined(support)
    assert undefined(support) == set()
    wanted: set[str] = set()
    for level in "0123sz" if request.config.getoption("--slow") else "02z":
        ctx = UnitContext("m", "m.vit", target, Definitions(), opt_level=level)
        wanted |= undefined(codegen.run(ssa(text), ctx))
    panics = {name for name in wanted if name.startswith("std/")}
    assert wanted - panics - has == set()
    assert {"fmod", "fmodf"} <= wanted and panics


def _declared() -> set[str]:
    """What the library's platform layer declares of others, and what linkers define."""
    found = {"__init_array_start", "__init_array_end"}
    for source in (Path(vitte.__file__).parent / "std" / "sys").rglob("*.vit"):
        for block in re.findall(r'extern "C" \{(.*?)^\}', source.read_text(), re.MULTILINE | re.DOTALL):
            found |= set(re.findall(r"^  proc (\w+)", block, re.MULTILINE)) | set(re.findall(r'export_name = "([^"]+)"', block))
    return found


def builds() -> list[object]:
    found: list[object] = []
    for target in BARE:
        for level in ("-O0", "-O2", "-Oz"):
            usual = (target.name, level) in (("wasm32-wasi", "-O2"), ("x86_64-pc-windows", "-O2"))
            if target.name != "wasm32-unknown":  # libraries only
                found.append(pytest.param(target, level, id=f"{target.name}{level}", marks=() if usual else pytest.mark.slow))
    return found


@pytest.mark.parametrize(("target", "level"), builds())
def test_nothing_that_the_library_calls_is_undefined(target: Target, level: str, tmp_path: Path) -> None:
    source = Path(__file__).with_name("whole_library.vit")
    cache = tmp_path / "cache"
    words = ("build", source.name, "--target", target.name, level, "-o", str(tmp_path / "program"))
    ran = run_vitte(*words, cwd=source.parent, env={"VITTE_CACHE": str(cache)})
    assert ran.status == 0, ran.err
    kept = [path.read_bytes() for path in cache.rglob("objects/*/*")]
    program = (tmp_path / "program").read_bytes()
    objects = [data for data in kept if data.startswith((b"\0asm\1", b"\x7fELF", b"\x64\x86")) and data != program]
    assert len(objects) > 20
    wanted = set().union(*map(undefined, objects))
    has = set().union(*map(defined, objects)) | _declared()
    assert set(builtins.names(target)) <= has and "fmod" in wanted
    assert {name.removeprefix("__imp_") for name in wanted if not name.startswith("import ")} - has == set()


def test_a_target_with_a_c_library_needs_none() -> None:
    assert codegen.support_object(TARGETS["x86_64-unknown-linux-gnu"]) == b""
    assert codegen.support_object(TARGETS["riscv64-unknown-linux-musl"]) == b""


def test_the_object_is_one_for_all_processors() -> None:
    from msgspec.structs import replace

    plain = TARGETS["x86_64-unknown-none"]
    assert codegen.support_object(replace(plain, cpu="x86-64-v3", features="+avx2")) == codegen.support_object(plain)


def _linked(target: Target, folder: Path, objects: list[bytes], *flags: str) -> bytes:
    program, start = {"wasm32": ("wasm-ld", ("--no-entry", "--export=f"))}.get(
        target.arch, ("lld-link", ("/entry:f", "/subsystem:console", "/nodefaultlib", "/opt:ref")) if target.system == "windows" else
        ("ld.lld", ("-e", "f", "-static", "--gc-sections")),
    )  # fmt: skip
    output = folder / "image"
    paths: list[str] = []
    for i, data in enumerate(objects):
        path = folder / f"{i}.o"
        path.write_bytes(data)
        paths.append(str(path))
    out = [f"/out:{output}"] if program == "lld-link" else ["-o", str(output)]
    done = subprocess.run([ZIG, program, *start, *flags, *out, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output.read_bytes()


def _code_size(image: bytes) -> int:
    if image.startswith(b"\0asm"):
        return sum(end - start for number, start, end in sections(image) if number == 10)
    import lief

    binary = lief.parse(list(image))
    return sum(s.virtual_size if isinstance(binary, lief.PE.Binary) else s.size for s in binary.sections if s.name == ".text")


@pytest.mark.parametrize("target", BARE, ids=lambda t: t.name)
def test_what_nobody_calls_is_not_in_the_image(target: Target, tmp_path: Path) -> None:
    size = f"i{target.pointer_bits}"
    caller = machine.to_object(
        f'target datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\n'
        f"define void @f(ptr %p) {{\n  %r = call ptr @memset(ptr %p, i32 1, {size} 5)\n  ret void\n}}\ndeclare ptr @memset(ptr, i32, {size})\n",
        target, "0",
    )  # fmt: skip
    image = _linked(target, tmp_path, [caller, codegen.support_object(target)])
    assert 60 < _code_size(image) < 700, "memset alone"


@pytest.mark.parametrize("name", ["x86_64-unknown-none", "wasm32-unknown", "x86_64-pc-windows"])
def test_a_function_of_the_program_comes_first(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    own = 'module "m" file "m.vit"\nfn "memset"(%0: ptr, %1: i32, %2: SIZE) -> ptr external c {\nbb0:\n  ret %0\n}\nfn "f"(%0: ptr, %1: i32, %2: SIZE) -> ptr external c {\nbb0:\n  %3 = call ptr "memset" %0, %1, %2\n  ret %3\n}\n'
    ctx = UnitContext("m", "m.vit", target, Definitions(), opt_level="0")
    caller = codegen.run(parse_module(own.replace("SIZE", f"i{target.pointer_bits}")), ctx)
    for objects in ([caller, codegen.support_object(target)], [codegen.support_object(target), caller]):
        assert _code_size(_linked(target, tmp_path, objects)) < 60
