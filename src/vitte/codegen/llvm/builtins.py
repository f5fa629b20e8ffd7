"""Functions that LLVM calls of its own accord, for targets that have no C library: what a C compiler's runtime library is for.

LLVM makes calls for operations that a machine has no instruction for (`fma` on x86-64, a product of 128 bits on WebAssembly), for
blocks of memory, and where it finds a loop that one of these functions would do. One object holds them all; the linker keeps what is
called: each stands in a section of its own. They are weak: one of the program's own by the same name comes first. Nothing of the object is
exported.

The functions may not be compiled into calls of themselves: `"no-builtins"` keeps LLVM from finding a `memcpy` in `memcpy`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vitte.codegen.llvm import machine
from vitte.codegen.llvm.builtins_memory import MEMORY
from vitte.codegen.llvm.builtins_numbers import NUMBERS
from vitte.codegen.llvm.builtins_windows import WINDOWS

if TYPE_CHECKING:
    from vitte.driver.target import Target

_EVERYWHERE = (*MEMORY, "fmod", "fmodf", "__ashlti3", "__lshrti3", "__ashrti3", "abort")
_ROUNDING = ("trunc", "floor", "ceil", "rint")
_MORE: dict[str, tuple[str, ...]] = {
    "x86_64": (*_ROUNDING, *[name + "f" for name in _ROUNDING], "round", "roundf", "fma", "fmaf"),
    "aarch64": (),
    "wasm32": ("round", "roundf", "fma", "fmaf", "__multi3"),
}
"""What an architecture has no instruction for: x86-64 rounds and adds to products from SSE4.1 and FMA on, which not every machine has."""

_INTRINSICS = """declare i64 @llvm.abs.i64(i64, i1)
declare i128 @llvm.abs.i128(i128, i1)
declare i32 @llvm.umin.i32(i32, i32)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.smax.i64(i64, i64)
declare i64 @llvm.bswap.i64(i64)
declare i64 @llvm.ctlz.i64(i64, i1)
declare i128 @llvm.ctlz.i128(i128, i1)
declare i64 @llvm.cttz.i64(i64, i1)
declare void @llvm.trap()"""


def names(target: Target) -> tuple[str, ...]:
    """The symbols that are defined for a target, in order; none where a C library has them."""
    system = tuple(WINDOWS) if target.system == "windows" else ()
    return (*_EVERYWHERE, *_MORE[target.arch], *system) if target.libc == "none" else ()


def text(target: Target) -> str:
    """The module with all of `names(target)`."""
    wanted = names(target)
    is_elf = target.arch != "wasm32" and target.system != "windows"
    head = [
        'source_filename = "builtins"', f'target datalayout = "{machine.data_layout(target)}"', f'target triple = "{target.triple}"',
        *[f'${_OWN if target.system == "windows" and name not in WINDOWS else ""}{name} = comdat any' for name in wanted if not is_elf],
        _INTRINSICS,
    ]
    bodies: list[str] = []
    for name in wanted:
        body = MEMORY.get(name) or NUMBERS.get(name) or WINDOWS[name]
        place = f'section ".text.{name}"' if is_elf else "comdat"
        if target.system == "windows":
            body = _renamed(body, name)
        body = body.replace("HEAD", "define weak hidden").replace("ATTRIBUTES", f"#0 {place}")
        bodies.append(body.replace("SIZE", f"i{target.pointer_bits}"))
    return "\n".join([*head, *bodies, f'attributes #0 = {{ {" ".join(["nounwind", *machine.no_red_zone(target)])} "no-builtins" }}', ""])


_OWN = "vitte.rt."


def _renamed(body: str, name: str) -> str:
    """A function that the linker may leave out is never weak in COFF: it gets a name of its own, and the usual one is a weak symbol for
    it."""
    found = re.match(rf"HEAD (\S+) @{name}\((.*)\) ATTRIBUTES {{", body)
    if found is None:
        return body
    result, params = found.groups()
    types = ", ".join([param.split()[0] for param in params.split(", ") if param])
    own = body.replace(f"@{name}(", f"@{_OWN}{name}(", 1)
    return f"{own}\n@{name} = weak alias {result} ({types}), ptr @{_OWN}{name}"


def support_object(target: Target) -> bytes:
    """The object that defines `names(target)`, b"" when there are none. Raises `machine.BackendError` when LLVM refuses it: an internal
    error.

    It does not depend on the CPU and features of the target, so that it is one for all. Loops are as they are written: nothing is unrolled
    or made wider (level `s`)."""
    if not names(target):
        return b""
    plain = replace(target, cpu="", features="")
    return machine.to_object(text(plain), plain, "s")
