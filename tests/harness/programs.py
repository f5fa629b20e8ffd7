"""Programs as tests: which files are programs, and the directives at their top.

A program is a `.vit` file, or a folder with a `main.vit` (the other files in it are its modules). Directives are lines
`//@ key: value` before the first line that is neither a comment nor blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_DIRECTIVE = re.compile(r"^//@\s*([a-z-]+)\s*:\s?(.*)$")
_MARK = re.compile(r"//~(\^*)\s*((?:[VW]\d{4}[\s,]*)+)")


@dataclass
class Directives:
    values: dict[str, list[str]] = field(default_factory=dict)

    def get(self, key: str, default: str = "") -> str:
        return self.values.get(key, [default])[-1]

    def all(self, key: str) -> list[str]:
        return self.values.get(key, [])


def programs(root: Path) -> list[Path]:
    """All programs below `root`: files, and the `main.vit` of folders that have one; sorted."""
    found: list[Path] = []

    def walk(folder: Path) -> None:
        main = folder / "main.vit"
        if main.exists() and folder != root:
            found.append(main)
            return
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                walk(path)
            elif path.suffix in (".vit", ".vitl"):
                found.append(path)

    walk(root)
    return found


def title(path: Path, root: Path) -> str:
    """What a program is called in test names: its path without the suffix, folders without their `main`."""
    relative = path.relative_to(root).with_suffix("")
    return str(relative.parent if relative.name == "main" else relative)


def directives(path: Path, allowed: tuple[str, ...]) -> Directives:
    result = Directives()
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if text and not text.startswith(("//", "#")):
            break
        match = _DIRECTIVE.match(text)
        if match:
            assert match.group(1) in allowed, f"{path}:{number}: unknown directive `{match.group(1)}`; there are {', '.join(allowed)}"
            result.values.setdefault(match.group(1), []).append(match.group(2).strip())
        else:
            assert not text.startswith("//@"), f"{path}:{number}: not a directive: {text}"
    return result


def marks(path: Path) -> list[tuple[int, str]]:
    """(line, code) of every `//~ V0123`; each `^` moves one line up."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), 1):
        for match in _MARK.finditer(line):
            found.extend((number - len(match.group(1)), code) for code in re.findall(r"[VW]\d{4}", match.group(2)))
    return sorted(found)


def orphans(root: Path, suffix: str) -> list[str]:
    """Expected files without a program."""
    known = {path.with_suffix(suffix) for path in programs(root)}
    return [str(path.relative_to(root)) for path in sorted(root.rglob(f"*{suffix}")) if path not in known]
