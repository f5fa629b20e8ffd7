"""Where a module of the standard library stands, for tests that compile it without the driver."""

from __future__ import annotations

from pathlib import Path

from vitte import parse
from vitte.driver.target import X86_64_LINUX_GNU

STD = Path(parse.__file__).parent.parent / "std"


def library_file(module: str) -> Path | None:
    """The file of `std/...` for the usual target; None when there is none."""
    if not module.startswith("std/"):
        return None
    inside = module.removeprefix("std/")
    places = [STD / f"{inside}.vit"]
    if inside.startswith("sys/"):
        places = [STD / "sys" / folder / f"{inside.removeprefix('sys/')}.vit" for folder in X86_64_LINUX_GNU.platforms]
    return next((place for place in places if place.exists()), None)
