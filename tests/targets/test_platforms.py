"""Every platform has the platform layer's modules, with the same public names: the library above it is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vitte
from vitte.driver.target import TARGETS, Target

SYS = Path(vitte.__file__).parent / "std" / "sys"
_PUBLIC = re.compile(r"^pub (?:inline |noinline )*(?:proc|const) (\w+)", re.MULTILINE)


def module(name: str, target: Target) -> Path:
    found = [path for folder in target.platforms if (path := SYS / folder / f"{name}.vit").exists()]
    assert found, f"{target.name} has no std/sys/{name}"
    return found[0]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("part", ["os", "numeric"])
def test_the_layer_is_the_same_everywhere(part: str, name: str) -> None:
    usual = {"os": SYS / "posix" / "os.vit", "numeric": SYS / "libc" / "numeric.vit"}[part]
    path = module(part, TARGETS[name])
    assert set(_PUBLIC.findall(path.read_text())) == set(_PUBLIC.findall(usual.read_text())), path
    assert f"space std/sys/{part}\n" in path.read_text()


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_layer_uses_is_there(name: str) -> None:
    target = TARGETS[name]
    seen: set[str] = set()
    wanted = ["os", "numeric"]
    while wanted:
        part = wanted.pop()
        if part not in seen:
            seen.add(part)
            wanted += re.findall(r"^use std/sys/(\w+)", module(part, target).read_text(), re.MULTILINE)
    assert "os" in seen
