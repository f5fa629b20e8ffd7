"""What code for each machine must have, whatever the program: frames that are probed, the ABI that its C library was made for."""

from __future__ import annotations

import pytest

from tests.codegen.native import context, ssa
from vitte import codegen
from vitte.codegen.llvm import machine
from vitte.driver.target import TARGETS

ONE = 'fn "m::f"(%0: f64) -> f64 external {\nbb0:\n  ret %0\n}\n'
ELF = [name for name, target in TARGETS.items() if target.system in ("linux", "none") and target.arch != "wasm32"]


def frame(name: str) -> str:
    target = TARGETS[name]
    text = (
        f'target datalayout = "{machine.data_layout(target)}"\ntarget triple = "{target.triple}"\ndeclare void @use(ptr)\n'
        'define void @f() nounwind "probe-stack"="inline-asm" {\n  %a = alloca [65536 x i8]\n  call void @use(ptr %a)\n  ret void\n}\n'
    )
    return machine.to_assembly(text, target, "0")


@pytest.mark.parametrize("name", [*ELF, "aarch64-apple-macos", "x86_64-apple-macos"])
def test_large_frames_touch_every_page(name: str) -> None:
    words = {"x86_64": "movq\t$0, (%rsp)", "aarch64": "str\txzr, [sp]", "riscv64": "sd\tzero, 0(sp)"}
    assert words[TARGETS[name].arch] in frame(name)


@pytest.mark.parametrize("name", ELF)
def test_headers_of_objects(name: str) -> None:
    data = codegen.run(ssa(ONE), context(target=TARGETS[name]))
    assert int.from_bytes(data[18:20], "little") == {"x86_64": 62, "aarch64": 183, "riscv64": 243}[TARGETS[name].arch]
    if name.startswith("riscv64"):
        assert int.from_bytes(data[48:52], "little") == 5  # compressed instructions; doubles go in registers of floating point


def llvm(name: str) -> str:
    return codegen.llvm_ir(ssa(ONE), context(target=TARGETS[name]))


def test_riscv_says_its_features_and_abi_to_whoever_compiles_it_later() -> None:
    text = llvm("riscv64-unknown-linux-musl")
    assert '"target-features"="+m,+a,+f,+d,+c"' in text and '!{i32 1, !"target-abi", !"lp64d"}' in text
    assert "target-features" not in llvm("x86_64-unknown-linux-gnu") + llvm("aarch64-unknown-linux-musl")


def test_interrupts_may_use_the_stack_where_there_is_no_system() -> None:
    assert "noredzone" in llvm("x86_64-unknown-none") and "noredzone" not in llvm("x86_64-unknown-linux-musl")
