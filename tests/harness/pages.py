"""Explanations of diagnostics: their examples, by kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```vitte,([a-z]+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """`kind`: `bad` or `good`. `build`: the kind of output that only building finds the
    mistake for, "" when checking does. `files`: other modules it needs."""

    kind: str
    build: str
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
            word = next((word for word in rest.split(",") if word.partition("=")[0] == "build"), "")
            found.append(Example(kind, (word.partition("=")[2] or "bin") if word else "", text, {}))
    return found
