"""Compilation targets as data. No behaviour beyond lookups; which target is meant is the driver's policy."""

from __future__ import annotations

from msgspec import Struct


class Target(Struct, frozen=True):
    """What the stages may know about the machine that will run the program.

    `triple` is LLVM's. `pointer_bits` is 32 or 64. All supported targets are little-endian.
    """

    triple: str
    pointer_bits: int = 64
    cpu: str = ""
    features: str = ""

    @property
    def pointer_bytes(self) -> int:
        return self.pointer_bits // 8


X86_64_LINUX_GNU = Target("x86_64-unknown-linux-gnu")

TARGETS: dict[str, Target] = {
    "x86_64-unknown-linux-gnu": X86_64_LINUX_GNU,
}
