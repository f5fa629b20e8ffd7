"""What `vitte target` does: what this machine has for a target, and preparing what it lacks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vitte.driver.backend import select
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, reason
from vitte.driver.options import DriverOptions
from vitte.driver.target import TARGETS, Target
from vitte.driver.upkeep import TargetState
from vitte.driver_impl import sysroot
from vitte.driver_impl.link import linkers, supplies
from vitte.driver_impl.link.libraries import LOADERS
from vitte.driver_impl.runtime import runners

if TYPE_CHECKING:
    from vitte.driver.api import TargetProgress


def look_after(action: str, names: list[str], progress: TargetProgress | None = None) -> list[TargetState]:
    """`action`: `list`, `doctor` (every file is read), `add`, `remove`. Raises `DriverError` when something of that is not possible."""
    targets = [TARGETS[name] for name in names]
    if action == "add":
        return _add(targets, progress)
    if action == "remove":
        for target in targets:
            try:
                sysroot.remove(target.name)
            except OSError as error:
                raise DriverError(f"cannot remove what is there for `{target.name}`: {reason(error)}",
                                  status=EXIT_TOOLCHAIN) from None  # fmt: skip
    return [state(target, verify=action == "doctor") for target in targets]


def _add(targets: list[Target], progress: TargetProgress | None) -> list[TargetState]:
    """Prepare what is not there whole already."""
    wanted = [target.name for target in targets if target.name in sysroot.RECIPES and not _is_whole(target)]
    seconds: dict[str, float] = {}

    def tell(name: str, done: int, expected: int, since: float) -> None:
        seconds[name] = since
        if progress is not None:
            progress(name, done, expected, since)

    started = time.monotonic()
    sysroot.add(list(dict.fromkeys(wanted)), tell)
    states = [state(target) for target in targets]
    for found in states:
        found.seconds = seconds.get(found.name, time.monotonic() - started) if found.name in wanted else 0.0
    return states


def _is_whole(target: Target) -> bool:
    there = sysroot.find(target)
    return there is not None and not sysroot.verify(there)


def state(target: Target, verify: bool = False) -> TargetState:
    """What is there for a target; with `verify`, whether all files of its C library are as they were made."""
    options = DriverOptions(target=target)
    found = TargetState(target.name, target.tier)
    try:
        found.linker = " ".join(linkers.find(select(options)).words)
    except DriverError as error:
        found.missing.append(_text(error))
    there = sysroot.find(target)
    trouble = sysroot.trouble(target)
    if trouble:
        found.problems.append(f"{trouble}: `vitte target add {target.name}` makes it again")
    elif there is not None:
        found.sysroot, found.made = there.folder, there.made
        found.files, found.bytes = len(there.files), sum(file.size for file in there.files)
        if verify:
            found.problems += sysroot.verify(there)
    try:
        supplies.find(target)
    except DriverError as error:
        if not trouble:
            found.missing.append(_text(error))
            found.wants_sysroot = target.name in sysroot.RECIPES and there is None
    try:
        runner = runners.find(options)
        found.runner = runner.name
        if runner.kind == "qemu" and target.libc == "glibc" and not runners.finds_loader(runner, LOADERS[target.arch]):
            found.runner = ""
            found.no_runner = f"programs are run by `{runner.name}`, which lacks their C library; {runners.package_of(target)}"
    except DriverError as error:
        found.no_runner = _text(error)
    return found


def _text(error: DriverError) -> str:
    return "; ".join((error.message, *error.helps))
