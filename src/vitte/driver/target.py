"""Compilation targets as data. No behaviour beyond lookups; which target is meant is the driver's policy."""

from __future__ import annotations

from msgspec import Struct


class Target(Struct, frozen=True):
    """What the stages may know about the machine that will run the program. All supported targets are little-endian.

    - `name`: as users say it, ARCH-VENDOR-SYSTEM[-ENVIRONMENT]. `triple`: LLVM's name, which is coarser.
    - `system`: `linux`, `windows`, `macos`, `wasi`, or `none` where there is no operating system.
    - `libc`: `glibc`, `musl`, `mingw`, `system` (macOS has one only), or `none`: what the library and foreign code are linked with.
    - `pointer_bits`: 32 or 64.
    - `tier`: 1: every program of the test suite runs there; 2: images are taken apart by the tests, and not run; 3: some programs run.
    """

    name: str
    triple: str
    system: str
    libc: str
    pointer_bits: int = 64
    tier: int = 1
    cpu: str = ""
    features: str = ""

    @property
    def arch(self) -> str:
        """`x86_64`, `aarch64`, `riscv64` or `wasm32`."""
        return self.name.partition("-")[0]

    @property
    def pointer_bytes(self) -> int:
        return self.pointer_bits // 8

    @property
    def has_programs(self) -> bool:
        """Whether there is something that starts a program. WebAssembly without a system is libraries, whose exports a host calls."""
        return self.arch != "wasm32" or self.system != "none"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Folders of `std/sys` in which a module of the platform layer is looked for, the most special one first."""
        numbers = "bare" if self.libc == "none" else "libc"
        if self.arch == "wasm32":
            return ("wasm", self.system, numbers)
        return (self.system, "posix", numbers) if self.system in ("linux", "macos") else (self.system, numbers)


def _linux(arch: str, environment: str, libc: str, tier: int) -> Target:
    name = f"{arch}-unknown-linux-{environment}"
    return Target(name, name, "linux", libc, tier=tier)


X86_64_LINUX_GNU = _linux("x86_64", "gnu", "glibc", 1)

_ALL = (
    X86_64_LINUX_GNU,
    _linux("x86_64", "musl", "musl", 1),
    _linux("aarch64", "gnu", "glibc", 3),
    _linux("aarch64", "musl", "musl", 1),
    _linux("riscv64", "gnu", "glibc", 3),
    _linux("riscv64", "musl", "musl", 3),
    Target("x86_64-pc-windows", "x86_64-pc-windows-msvc", "windows", "none"),
    Target("x86_64-pc-windows-gnu", "x86_64-pc-windows-gnu", "windows", "mingw", tier=3),
    Target("aarch64-apple-macos", "arm64-apple-macosx11.0.0", "macos", "system", tier=2),
    Target("x86_64-apple-macos", "x86_64-apple-macosx11.0.0", "macos", "system", tier=2),
    Target("wasm32-wasi", "wasm32-unknown-wasi", "wasi", "none", 32),
    Target("wasm32-unknown", "wasm32-unknown-unknown", "none", "none", 32, tier=3),
    Target("x86_64-unknown-none", "x86_64-unknown-none-elf", "none", "none", tier=3),
    Target("aarch64-unknown-none", "aarch64-unknown-none-elf", "none", "none", tier=3),
)

TARGETS: dict[str, Target] = {target.name: target for target in _ALL}
"""Targets by name, in the order in which they are listed."""

SHORT: dict[str, str] = {name.replace("-unknown-", "-", 1).replace("-pc-", "-").replace("-apple-", "-"): name for name in TARGETS}
"""Whole names by what is left of them without the vendor."""


def find(name: str) -> Target | None:
    """The target of a name, whose vendor may be left out: `aarch64-linux-musl`."""
    return TARGETS.get(SHORT.get(name, name))
