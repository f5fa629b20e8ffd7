"""Golden tests: `golden/PASS.ssa` holds cases `;; title`, a function and what it calls, `;; ==>`, and the function after the pass.

`--bless` rewrites the expected part.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module, print_function
from vitte.ir.ssa_verify import verify
from vitte.optimize.passes import PASSES

FOLDER = Path(__file__).parent / "golden"
HEAD = 'module "m" file "m.vit"\n'


def read(path: Path) -> list[tuple[str, str, str]]:
    """(title, input, expected)."""
    cases: list[tuple[str, str, str]] = []
    title, before, after, target = "", [], [], []  # type: ignore[var-annotated]
    for line in path.read_text().splitlines():
        if line == ";; ==>":
            target = after
        elif line.startswith(";; "):
            if title:
                cases.append((title, "\n".join(before), "\n".join(after)))
            title, before, after = line[3:], [], []
            target = before
        else:
            target.append(line)
    return [*cases, (title, "\n".join(before), "\n".join(after))]


def result(name: str, text: str) -> str:
    module: Module = parse_module(HEAD + text)
    assert verify(module) == []
    PASSES[name].run(module.functions[0], module)
    assert verify(module) == []
    assert PASSES[name].run(module.functions[0], module) is False or name == "inline", "a second run still finds something to do"
    return print_function(module.functions[0]).strip()


@pytest.mark.parametrize("name", sorted(PASSES))
def test_golden(name: str, bless: bool) -> None:
    path = FOLDER / f"{name}.ssa"
    cases = read(path)
    got = [(title, before, result(name, before)) for title, before, _ in cases]
    if bless:
        path.write_text("".join([f";; {title}\n{before.strip()}\n;; ==>\n{after}\n\n" for title, before, after in got]).rstrip() + "\n")
        return
    for (title, _, after), (_, _, want) in zip(got, cases, strict=True):
        assert after == want.strip(), title
