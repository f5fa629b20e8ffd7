"""Explanations of diagnostics: their examples, by kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```vitte,([a-z]+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """`kind`: `bad` or `good`. `build`: only building finds the mistake. `files`: other modules it needs."""

    kind: str
    build: bool
    text: str
    files: dict[str, str]


def examples(page: Path) -> list[Example]:
    """In order; a block `vitte,file=NAME` belongs to the example before it."""
    found: list[Example] = []
    for match in _BLOCK.finditer(page.read_text()):
        kind, rest, text = match.groups()
        if kind == "file":
            found[-1].files[rest.lstrip("=").strip()] = text
        else:
            assert kind in ("bad", "good"), f"{page.name}: examples are `bad` or `good`, not `{kind}`"
            found.append(Example(kind, "build" in rest.split(","), text, {}))
    return found
