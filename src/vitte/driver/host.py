"""Policy: what this machine is in the words of targets, and which target is meant when none is named."""

from __future__ import annotations

import os
import sys

from vitte.driver.error import DriverError
from vitte.driver.target import TARGETS, Target

_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "x64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64", "riscv64": "riscv64"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}


def name_of(platform: str, machine: str, libc: str) -> str:
    """The target's name, "" when this kind of machine is none of Vitte's. `platform`: as `sys.platform` has it. `machine`: as `uname -m`.
    `libc`: what Python says of the C library, which is empty for musl."""
    arch = _ARCHITECTURES.get(machine.lower(), "")
    if platform == "linux":
        name = f"{arch}-unknown-linux-{'gnu' if libc.startswith('glibc') else 'musl'}"
    elif platform == "darwin":
        name = f"{arch}-apple-macos"
    elif platform == "win32":
        name = "x86_64-pc-windows"  # Windows on other processors runs these too
    else:
        return ""
    return name if name in TARGETS else ""


def host() -> Target:
    """This machine's own target. Raises `DriverError` when it is none of Vitte's."""
    name = _name()
    if name:
        return TARGETS[name]
    what = f"{sys.platform} on {_machine() or 'an unknown processor'}"
    raise DriverError(f"this machine ({what}) is no target of Vitte's", helps=("`--target` names one; `vitte target list` lists them",))


def is_host(target: Target) -> bool:
    """Whether a target is this machine's own."""
    return target.name == _name()


def architecture() -> str:
    """This machine's, in the words of `Target.arch`; "" for one that has no target."""
    return _ARCHITECTURES.get(_machine().lower(), "")


def system() -> str:
    """This machine's, in the words of `Target.system`; "" for one that has no target."""
    return _SYSTEMS.get(sys.platform, "")


def _name() -> str:
    return name_of(sys.platform, _machine(), _libc())


def _machine() -> str:
    if hasattr(os, "uname"):
        return os.uname().machine
    return os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", "")


def _libc() -> str:
    """`glibc 2.36`; "" where it is another."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""
