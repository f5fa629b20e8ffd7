"""Every target has the modules of the platform layer, with the same public items: the library above it is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vitte
from vitte.driver.target import TARGETS, Target

SYS = Path(vitte.__file__).parent / "std" / "sys"
USUAL = {"os": SYS / "posix" / "os.vit", "numeric": SYS / "libc" / "numeric.vit"}
"""Their comments say what each item promises."""
_ITEM = re.compile(r"^pub (?:inline |noinline )*(proc|const) (\w+)(.*?)(?: \{| = )", re.MULTILINE)


def module(name: str, target: Target) -> Path:
    found = [path for folder in target.platforms if (path := SYS / folder / f"{name}.vit").exists()]
    assert found, f"{target.name} has no std/sys/{name}"
    return found[0]


def contract(path: Path) -> dict[str, str]:
    """Public items by name, with their kind and signature; names of parameters that are not used begin with `_`."""
    return {name: f"{kind} {signature}".replace("(_", "(").replace(" _", " ") for kind, name, signature in _ITEM.findall(path.read_text())}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("part", USUAL)
def test_the_layer_is_the_same_everywhere(part: str, name: str) -> None:
    path = module(part, TARGETS[name])
    assert contract(path) == contract(USUAL[part]) != {}, path
    assert f"space std/sys/{part}\n" in path.read_text()


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_layer_uses_is_there(name: str) -> None:
    target = TARGETS[name]
    seen: set[str] = set()
    wanted = list(USUAL)
    while wanted:
        part = wanted.pop()
        if part not in seen:
            seen.add(part)
            wanted += re.findall(r"^use std/sys/(\w+)", module(part, target).read_text(), re.MULTILINE)
    assert "os" in seen
