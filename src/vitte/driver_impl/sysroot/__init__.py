"""Sysroots: what programs of a target are linked with, and what this machine does not have: start files and the C library.

The `ziglang` package holds the sources of several C libraries and a compiler for them. A sysroot is made of them once (`add`), kept in a
folder, and from then on linked with directly.

    add(targets) --harvest: zig builds a small program, its linker's command line names the files--> folder with a manifest
    find(target) --store: the manifest, and the sizes of its files--> Sysroot, or None
    verify(sysroot) --every file is read--> what is wrong with it

Invariants: a folder with a target's name is whole, since it appears by renaming; files keep the order in which they are linked; nothing in
a sysroot depends on where it lies or was made, so that images made with it are the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.driver_impl.sysroot.recipes import RECIPES
from vitte.driver_impl.sysroot.store import Sysroot, SysrootFile, find, remove, require, there, trouble, verify

__all__ = ["RECIPES", "Sysroot", "SysrootFile", "add", "find", "remove", "require", "there", "trouble", "verify"]

if TYPE_CHECKING:
    from vitte.driver.api import TargetProgress


def add(targets: list[str], progress: TargetProgress | None = None) -> list[Sysroot]:
    """Make the sysroots of targets by their full names. See `harvest.add`."""
    from vitte.driver_impl.sysroot import harvest

    return harvest.add(targets, progress)
