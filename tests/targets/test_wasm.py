"""WebAssembly modules: what they import and export, libraries and their hooks, memory, sizes, determinism."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.forked import apart, vitte

if TYPE_CHECKING:
    import wasmtime

HELLO = 'proc main() { println("Hello, world!") }\n'


def build(folder: Path, text: str, *options: str, target: str = "wasm32-wasi", name: str = "it") -> Path:
    (folder / f"{name}.vit").write_text(text)
    ran = vitte("build", f"{name}.vit", "--target", target, *options, cwd=folder)
    assert ran.status == 0, ran.err
    return folder / f"{name}.wasm"


def run(folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    (folder / "it.vit").write_text(text)
    ran = vitte("run", "it.vit", "--target", "wasm32-wasi", *options, cwd=folder)
    return ran.status, ran.out, ran.err


def load(path: Path, imports: dict[str, Any] | None = None) -> tuple[wasmtime.Store, Any]:
    """The exports of a module whose imports from `env` are these."""
    import wasmtime

    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    linker = wasmtime.Linker(engine)
    module = wasmtime.Module.from_file(engine, str(path))
    for item in module.imports:
        assert item.module == "env" and isinstance(item.type, wasmtime.FuncType)
        linker.define_func("env", item.name, item.type, (imports or {})[item.name])
    return store, linker.instantiate(store, module).exports(store)


# --- programs -----------------------------------------------------------------------------------------------------------------


@apart
def test_a_program_imports_what_it_uses_and_exports_its_start(tmp_path: Path) -> None:
    import wasmtime

    module = wasmtime.Module.from_file(wasmtime.Engine(), str(build(tmp_path, HELLO)))
    assert {item.module for item in module.imports} == {"wasi_snapshot_preview1"}
    assert sorted(item.name or "" for item in module.imports) == ["environ_get", "environ_sizes_get", "fd_write", "proc_exit"]
    assert [item.name for item in module.exports] == ["memory", "_start"]


def test_hello_is_small(tmp_path: Path) -> None:
    """The figures are for other tests to notice what grows: at most 4 KB is what is promised."""
    assert build(tmp_path, HELLO, "--release").stat().st_size <= 4096
    assert build(tmp_path, HELLO, "--release", "--strip").stat().st_size <= 3072
    assert build(tmp_path, HELLO, "-Oz", "--strip").stat().st_size <= 3072


def test_addresses_have_four_bytes(tmp_path: Path) -> None:
    text = """
form Node { next: *Node, value: u8, other: *Node }
pick Tree { Leaf, Branch(box[Tree], box[Tree]) }
const TEXTS: [string; 2] = ["one", "two"]
const PLACES: (*u8, u8, *u8) = (null, 7, null)
static NAMES: [(string, usize); 2] = [("a", 1), ("bc", 2)]
static PROCS: [proc(int) -> int; 2] = [twice, thrice]
proc twice(x: int) -> int { give x * 2 }
proc thrice(x: int) -> int { give x * 3 }
const proc joined() -> string { give TEXTS[1] + TEXTS[0] }
const JOINED: string = joined()
proc main() {
  println("{} {} {} {}", sizeof(*int), sizeof(&int), sizeof(proc() -> int), sizeof(box[int]))
  println("{} {} {}", sizeof(&[int]), sizeof(string), sizeof([int]))
  println("{} {} {}", sizeof(Node), sizeof(?box[int]), sizeof(Tree))
  println("{} {} {}", isize.min_value(), usize.max_value(), sizeof(usize))
  for t in TEXTS { print("{} ", t) }
  for n in NAMES { print("{} {} ", n.0, n.1) }
  for p in PROCS { print("{} ", p(5)) }
  println("{} {} {}", JOINED, PLACES.1, PLACES.2 == null)
}
"""
    assert run(tmp_path, text) == (
        0, "4 4 4 4\n16 24 24\n12 4 12\n-2147483648 4294967295 4\none two a 1 bc 2 10 15 twoone 7 true\n", "")  # fmt: skip


def test_memory_grows_and_ends(tmp_path: Path) -> None:
    text = """
proc main() {
  let mut xs: [int] = []
  for i in 0..10000000 { xs.push(i) }
  println("{} {}", xs.len(), xs[9999999])
  let mut kept: [[int]] = []
  loop {
    let mut more: [int] = []
    more.reserve(100000000)
    kept.push(move more)
  }
}
"""
    status, out, err = run(tmp_path, text, "-O2")
    assert (status, out, err) == (101, "10000000 9999999\n", "out of memory\n")


@pytest.mark.parametrize("count", ["1 << 28", "1 << 29", "1 << 40", "(1 << 61) + 1", "(1 << 32) / 8 + 1"])
def test_a_block_that_no_address_reaches_is_out_of_memory(count: str, tmp_path: Path) -> None:
    """In 32 bits these sizes, 8 bytes for each, would be small."""
    status, out, err = run(tmp_path, f"proc main() {{\n  let mut xs: [i64] = []\n  xs.reserve({count})\n  xs.push(1)\n}}\n")
    assert (status, out) == (101, "") and ("out of memory" in err or "overflow" in err)


def test_tests_go_on_after_one_that_panicked(tmp_path: Path) -> None:
    text = """
use std/process
test "good" { println("from good"); assert 1 + 1 == 2 }
test "bad" { println("from bad"); assert 1 + 1 == 3 }
test "ends well" { process.exit(0) }
test "ends badly" { process.exit(3) }
test "last" { let xs = [1, 2]; assert xs.len() == 2 }
"""
    (tmp_path / "it.vit").write_text(text)
    ran = vitte("test", "it.vit", "--target", "wasm32-wasi", cwd=tmp_path)
    assert ran.status == 4
    assert ran.out == "from good\nfrom bad\n"
    verdicts = [line.split()[0] for line in ran.err.splitlines() if line.startswith(("ok", "FAILED"))]
    assert verdicts == ["ok", "FAILED", "ok", "FAILED", "ok"]
    assert ran.err.endswith("\n3 passed, 2 failed\n")
    leaky = "use std/mem\ntest \"leaks\" { mem.forget([1, 2, 3]) }\ntest \"clean\" { let _xs = [1] }\n"
    (tmp_path / "it.vit").write_text(leaky)
    ran = vitte("test", "it.vit", "--target", "wasm32-wasi", "--env", "VITTE_COUNT_ALLOC=1", cwd=tmp_path)
    assert (ran.status, ran.err) == (4, "leak: 1 blocks of memory were not freed\nFAILED  leaks\nok      clean\n\n1 passed, 1 failed\n")


# --- what hosts give ----------------------------------------------------------------------------------------------------------

HOSTED = """
#[link(name = "env", kind = "wasm")]
extern "C" {
  proc ask(x: i32, wide: i64, f: f64) -> i64
  #[export_name = "another name"]
  proc log(data: *u8, count: usize)
}
use std/mem
use std/io
extern "C" proc vitte_write(stream: i32, data: *u8, count: usize) -> isize {
  unsafe { log(data, count) }
  give count as isize
}
pub extern "C" proc add(a: i32, b: i32) -> i32 { give a + b }
pub extern "C" proc asks(x: i32) -> i64 {
  println("asking {}", x)
  io.flush()
  give unsafe { ask(x, 1 << 40, 0.5) }
}
pub extern "C" proc fill(to: *mut u8, count: usize) -> usize {
  for i in 0..(count as int) { unsafe { set *mem.offset_mut(to, i) = (i % 256) as u8 } }
  give count
}
proc hidden() -> int { give 1 }
"""


@apart
def test_a_library_exports_and_imports(tmp_path: Path) -> None:
    import wasmtime

    path = build(tmp_path, HOSTED, target="wasm32-unknown")
    said: list[bytes] = []
    where: dict[str, Any] = {}

    def log(data: int, count: int) -> None:
        said.append(bytes(where["memory"].read(where["store"], data, data + count)))

    store, exports = load(path, {"ask": lambda x, wide, f: x + wide + int(f * 2), "another name": log})
    where.update(store=store, memory=exports["memory"])
    assert sorted(exports.keys()) == ["add", "asks", "fill", "memory"]
    assert exports["add"](store, 3, 4) == 7
    assert exports["asks"](store, 5) == 6 + (1 << 40)
    assert b"".join(said) == b"asking 5\n"
    at = 1 << 16
    assert exports["fill"](store, at, 300) == 300
    assert exports["memory"].read(store, at, at + 300) == bytes(i % 256 for i in range(300))
    said.clear()
    with pytest.raises(wasmtime.Trap):
        exports["add"](store, 2**31 - 1, 1)
    assert b"".join(said) == b"panic at it.vit:14:55: attempt to add with overflow\n"


@apart
def test_a_library_without_a_host_imports_nothing(tmp_path: Path) -> None:
    text = 'pub extern "C" proc length(n: i32) -> i32 {\n  let xs = [1; 3]\n  println("{}", n)\n  give xs.len() as i32 + n\n}\n'
    store, exports = load(build(tmp_path, text, "--release", target="wasm32-unknown"))
    assert exports["length"](store, 2) == 5


@apart
def test_a_program_may_have_a_host_of_its_own(tmp_path: Path) -> None:
    import wasmtime

    text = '#[link(name = "env", kind = "wasm")]\nextern "C" { proc twice(x: i32) -> i32 }\n'
    text += "proc main() -> int { give unsafe { twice(21) } as int }\n"
    path = build(tmp_path, text)
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    module = wasmtime.Module.from_file(engine, str(path))
    linker.define_func("env", "twice", wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()]), lambda x: 2 * x)
    with pytest.raises(wasmtime.ExitTrap) as caught:
        linker.instantiate(store, module).exports(store)["_start"](store)
    assert caught.value.code == 42


def test_there_are_no_programs_without_a_system(tmp_path: Path) -> None:
    (tmp_path / "it.vit").write_text(HELLO)
    for words in (("run", "it.vit"), ("build", "it.vit", "--kind", "bin"), ("test", "it.vit")):
        ran = vitte(*words, "--target", "wasm32-unknown", cwd=tmp_path)
        assert ran.status == 2 and "`wasm32-unknown` has no programs" in ran.err


# --- determinism --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-g",), ("--release", "-g"), ("--release", "--strip")], ids=" ".join)
def test_the_image_depends_on_nothing_else(options: tuple[str, ...], tmp_path: Path) -> None:
    """Not on the folder, the name of the output, the hash seed, or the number of processes."""
    text = 'use std/map\nproc main(args: [string]) {\n  let m = map { "a": 1, "b": args.len() }\n  println("{:?} {}", m, 1.5)\n}\n'
    images = set()
    for number, (seed, jobs) in enumerate([("0", "1"), ("1", "2"), ("77", "1")]):
        folder = tmp_path / f"folder{number}" / ("deeper" * number)
        folder.mkdir(parents=True)
        (folder / "it.vit").write_text(text)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "VITTE_CACHE": str(tmp_path / f"cache{number}")}
        words = ["build", "it.vit", "--target", "wasm32-wasi", "-j", jobs, "-o", f"out{number}.wasm", *options]
        subprocess.run([sys.executable, "-m", "vitte", *words], cwd=folder, env=environment, check=True)
        images.add((folder / f"out{number}.wasm").read_bytes())
    assert len(images) == 1
