"""How large what was made is, and what takes the room: for `-v`; section by section for `-vv`."""

from __future__ import annotations

import os

from vitte.driver.options import EmitKind
from vitte.driver.outputs import IMAGES
from vitte.driver.session import DriverContext, LogLevel
from vitte.driver_impl.link.formats import KINDS, Damaged, sections, totals


def report(context: DriverContext, artifacts: list[tuple[EmitKind, str]]) -> None:
    """Tell the log of each image. A file that cannot be taken apart (an archive, an import library) has its size told."""
    log = context.log
    if log is None:
        return
    for kind, path in artifacts:
        if kind not in IMAGES or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            data = file.read()
        try:
            found = sections(data)
        except Damaged:
            log(LogLevel.INFO, "size", f"{path}: {len(data)} bytes")
            continue
        sums = totals(found)
        parts = ", ".join([f"{kind} {sums[kind]}" for kind in KINDS])
        log(LogLevel.INFO, "size", f"{path}: {len(data)} bytes: {parts}")
        for section in found:
            log(LogLevel.DEBUG, "size", f"{section.name}: {section.size} ({section.kind})")
