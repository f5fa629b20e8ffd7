"""Every platform's `std/sys/os` has the procedures and constants of the Unix one, whose comments say what each promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SYS = Path(__file__).parent.parent.parent / "src" / "vitte" / "std" / "sys"
ITEM = re.compile(r"^pub (?:inline )?(proc|const) (\w+)(.*?)(?: \{| = )", re.MULTILINE)
LAYERS = sorted(path.parent.name for path in SYS.glob("*/os.vit"))


def contract(layer: str) -> dict[str, str]:
    """Public items by name, with their kind and signature; names of parameters that are not used begin with `_`."""
    text = (SYS / layer / "os.vit").read_text()
    return {name: f"{kind} {signature}".replace("(_", "(").replace(" _", " ") for kind, name, signature in ITEM.findall(text)}


def test_there_are_several() -> None:
    assert {"posix", "wasi", "windows"} <= set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_platform_keeps_the_contract(layer: str) -> None:
    assert contract(layer) == contract("posix")
