"""The reference of the standard library, `docs/reference/std.md`, made from its sources: signatures and their `///`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STD = ROOT / "src" / "vitte" / "std"
PAGE = ROOT / "docs" / "reference" / "std.md"

ORDER = ("core", "num", "list", "string", "map", "set", "fmt", "io", "fs", "env", "process", "math", "random", "time", "hash", "mem")
"""Modules for programs, those used most first. `rt`, `decimal` and `prelude` are the library's own affair."""

INTRO = """# The standard library

What is in the prelude is there without a `use`: the types `option` (`?T`), `result`, `box`, `list` (`[T]`), `map`, `set`, the traits of
`std/core`, `Show`, `Debug` and `Integer`, the procedures `range` and `drop`, printing (`print`, `println`, `eprint`, `eprintln`, `format`),
and, written as procedures, the methods `len push pop insert remove find contains starts_with ends_with slice trim split join replace
to_string abs min max clamp`: `len(xs)` is `xs.len()`. Everything else is imported, as in `use std/math`.

Panics of the library have status 101, like all panics. Positions and lengths are `int`.

This page is made from the sources of the library by `tests/std`; `python3 x.py bless` brings it up to date.
"""

_ITEM = re.compile(r"^(?:pub )?(?:inline |noinline |unsafe |const )*(proc|form|pick|trait|const) ")
_IMPL = re.compile(r"^impl(\[.*?\])? (.*?) \{")


def _signature(line: str) -> str:
    text = line.strip()
    at = text.find(" {")
    if at >= 0:
        text = text[:at]
    return re.sub(r"^(pub |inline |noinline )+", "", text)


def module(name: str) -> str:
    """One module as Markdown."""
    lines = (STD / f"{name}.vit").read_text(encoding="utf-8").splitlines()
    about = " ".join(line[3:].strip() or "\n\n" for line in lines if line.startswith("//!"))
    head = [f"## std/{name}\n", re.sub(r" *\n\n *", "\n\n", about) + "\n"]
    out: list[str] = []
    free: list[str] = []
    doc: list[str] = []
    owner = ""
    hidden = False
    shown_owner = ""
    depth = 0
    for line in lines:
        text = line.strip()
        if text.startswith("///"):
            doc.append(text[3:].strip())
            continue
        if depth == 0:
            impl = _IMPL.match(text)
            item = _ITEM.match(text)
            if impl:
                bounds, subject = impl.group(1) or "", impl.group(2)
                owner, hidden = subject + (f" where {bounds[1:-1]}" if ":" in bounds else ""), " for " in subject
            elif item and text.startswith("pub "):
                if item.group(1) in ("form", "pick", "trait"):
                    owner, hidden = _signature(text).split(" ", 1)[1], False
                if item.group(1) in ("form", "pick", "trait"):
                    out.append(f"\n### `{_signature(text)}`\n\n{' '.join(doc)}\n")
                    shown_owner = owner
                else:
                    free.append(_line(text, doc))
                    owner = ""
            else:
                owner, hidden = "", True
        elif depth == 1 and owner and not hidden and not text.startswith("priv ") and _ITEM.match(text) and " proc " in f" {text}":
            if owner != shown_owner:
                out.append(f"\n### methods of `{owner}`\n")
                shown_owner = owner
            out.append(_line(text, doc))
        if not text.startswith("#["):
            doc = []
        depth += line.count("{") - line.count("}") if not text.startswith("//") else 0
    return "\n".join(head + free + out) + "\n"


def _line(text: str, doc: list[str]) -> str:
    said = " ".join(doc)
    return f"- `{_signature(text)}`" + (f"  \n  {said}" if said else "")


def page() -> str:
    """The whole page."""
    return INTRO + "\n" + "\n".join(module(name) for name in ORDER)
