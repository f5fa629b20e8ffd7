"""Which sysroot each target has, as data."""

from __future__ import annotations

from msgspec import Struct

VERSION = 1
"""Of the recipes: sysroots made by another version are made again."""


class Recipe(Struct, frozen=True):
    """`zig`: the target in zig's words; a number behind a glibc target is the version whose symbols are there, the oldest that
    zig knows for the architecture. `needs`: names of files without which the sysroot would be of no use. `objects`: about how many
    files are compiled, for the progress that is shown. `options`: for `zig build-exe`."""

    zig: str
    needs: tuple[str, ...]
    objects: int
    options: tuple[str, ...] = ()


_MUSL = ("crt1.o", "libc.a", "libcompiler_rt.a")
_GLIBC = ("Scrt1.o", "libc.so.6", "libm.so.6", "libc_nonshared.a", "libcompiler_rt.a")

RECIPES: dict[str, Recipe] = {
    "x86_64-unknown-linux-gnu": Recipe("x86_64-linux-gnu.2.17", _GLIBC, 33, ("-fPIE",)),
    "x86_64-unknown-linux-musl": Recipe("x86_64-linux-musl", _MUSL, 1059),
    "aarch64-unknown-linux-gnu": Recipe("aarch64-linux-gnu.2.17", _GLIBC, 33, ("-fPIE",)),
    "aarch64-unknown-linux-musl": Recipe("aarch64-linux-musl", _MUSL, 1060),
    "riscv64-unknown-linux-gnu": Recipe("riscv64-linux-gnu.2.27", _GLIBC, 33, ("-fPIE",)),
    "riscv64-unknown-linux-musl": Recipe("riscv64-linux-musl", _MUSL, 1060),
    "x86_64-pc-windows-gnu": Recipe("x86_64-windows-gnu", ("crt2.obj", "libmingw32.lib", "kernel32.lib"), 464),
    "wasm32-wasi": Recipe("wasm32-wasi", ("crt1-command.o", "libc.a", "libcompiler_rt.a"), 600),
}
"""By the name of the target. The others need none."""
