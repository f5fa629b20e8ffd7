"""C and Vitte call each other on every architecture: numbers of each size, signs, the ones that no register is left for, 128 bits."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.sysroots import prepare
from vitte.driver_impl.link.lld import ziglang
from vitte.driver_impl.sysroot.recipes import RECIPES

ROOT = Path(__file__).parents[2]
TARGETS = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "riscv64-unknown-linux-musl")

C = """
#include <stdbool.h>
#include <stdint.h>
int64_t small(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f) {
  return (int64_t)a * 1 + (int64_t)b * 1000 + (int64_t)c * 1000000 + (int64_t)d * 1000000000 + (int64_t)e + (int64_t)f * 16;
}
int8_t narrow(int64_t x) { return (int8_t)x; }
uint8_t narrow_u(int64_t x) { return (uint8_t)x; }
uint32_t half(uint64_t x) { return (uint32_t)x; }
bool odd(int64_t x) { return x & 1; }
double many(int8_t a, double b, int16_t c, float d, int64_t e, uint8_t f, int32_t g, bool h, int16_t i, uint32_t j, int8_t k, float l) {
  return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10.0 + k * 11 + l * 12;
}
__int128 wide(int8_t a, __int128 b, int8_t c, unsigned __int128 d) { return a + b * c + (__int128)(d >> 64); }
extern int64_t from_c(int8_t a, uint8_t b, int16_t c, bool d, uint32_t e, float f, int64_t g, int64_t h, int8_t i, uint16_t j);
extern int8_t narrow_v(int64_t x);
extern uint32_t half_v(uint64_t x);
int64_t back(void) { return from_c(-1, 255, -2, true, 4294967295u, 0.5f, -3, 1ll << 40, -4, 65535) + narrow_v(0x1ff) * 2 + half_v(-1); }
"""

VITTE = """
extern "C" {
  proc small(a: i8, b: u8, c: i16, d: u16, e: i32, f: u32) -> i64
  proc narrow(x: i64) -> i8
  proc narrow_u(x: i64) -> u8
  proc half(x: u64) -> u32
  proc odd(x: i64) -> bool
  proc many(a: i8, b: f64, c: i16, d: f32, e: i64, f: u8, g: i32, h: bool, i: i16, j: u32, k: i8, l: f32) -> f64
  proc wide(a: i8, b: i128, c: i8, d: u128) -> i128
  proc back() -> i64
}

pub extern "C" proc from_c(a: i8, b: u8, c: i16, d: bool, e: u32, f: f32, g: i64, h: i64, i: i8, j: u16) -> i64 {
  println("{} {} {} {} {} {} {} {} {} {}", a, b, c, d, e, f, g, h, i, j)
  give a as i64 + b as i64 + c as i64 + e as i64
}

pub extern "C" proc narrow_v(x: i64) -> i8 { give x as i8 }

pub extern "C" proc half_v(x: u64) -> u32 { give x as u32 }

proc main() {
  unsafe {
    println("{}", small(-5, 250, -300, 65000, -70000, 4000000000))
    println("{} {} {}", narrow(0x1ff), narrow_u(0x1ff), half(0xffffffff80000001))
    println("{} {}", odd(3), odd(4))
    println("{}", many(-1, 0.5, -300, 0.25, 1 << 33, 255, -70000, true, -2, 4000000000, -128, 1.5))
    println("{}", wide(-3, (1 as i128) << 100, -7, 5 << 64))
    println("{}", back())
  }
}
"""

SAID = f"""{-5 + 250 * 1000 - 300 * 1000000 + 65000 * 1000000000 - 70000 + 4000000000 * 16}
-1 255 2147483649
true false
{-1 + 1.0 - 900 + 1.0 + 5 * (1 << 33) + 6 * 255 - 490000 + 8 - 18 + 40000000000.0 - 11 * 128 + 18:.1f}
{-3 + (1 << 100) * -7 + 5}
-1 255 -2 true 4294967295 0.5 -3 1099511627776 -4 65535
{-1 + 255 - 2 + 4294967295 - 2 + 4294967295}
"""


@cache
def c_object(target: str) -> bytes:
    """The C part, compiled by the `ziglang` package."""
    folder = ROOT / "build" / "c-objects"
    folder.mkdir(parents=True, exist_ok=True)
    source, output = folder / f"{target}.{os.getpid()}.c", folder / f"{target}.{os.getpid()}.o"
    source.write_text(C)
    environment = {"PATH": os.environ["PATH"], "ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
    command = [ziglang(), "cc", "-target", RECIPES[target].zig, "-O2", "-c", str(source), "-o", str(output)]
    subprocess.run(command, env=environment, check=True)
    data = output.read_bytes()
    source.unlink()
    output.unlink()
    return data


@pytest.mark.foreign
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("target", TARGETS)
def test_c_and_vitte_call_each_other(target: str, level: str, tmp_path: Path) -> None:
    prepare(*TARGETS)
    (tmp_path / "c.o").write_bytes(c_object(target))
    (tmp_path / "app.vit").write_text(VITTE)
    ran = vitte("run", "app.vit", "--target", target, level, "-l", "./c.o", cwd=tmp_path)
    assert (ran.err, ran.status) == ("", 0)
    assert ran.out == SAID
