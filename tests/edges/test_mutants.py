"""Programs cut in two: what `main` does not define moves to a module of its own, which is then changed here and there.

Whatever the change: where the edges of one compilation of the other half hold, compiling it again gives the same, up to the input of LLVM.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.edges.kit import Compiled, Program

RUN = Path(__file__).parent.parent / "run"
NAMES = (
    "consts", "derive_clone_ord", "drop_order", "generic_forms", "iterator_own", "operator_ratio", "pick_basic",
    "program_bank", "result_from", "statics_mutable", "trait_assoc_members", "trait_assoc_types", "trait_consts", "trait_generic_impl",
    "trait_supertraits", "type_alias", "union_basic", "with_statement",
)  # fmt: skip
CHANGES = 12
"""Changes tried for each program, chosen by a fixed seed."""

_TYPES = ("int", "u8", "i64", "f64", "string", "bool", "u32")
_DECLARES = re.compile(
    r"^(?:(?:inline|const|static|unsafe) )*(?:form|pick|union|flags|bits|proc|trait|const|static mut|static|type) (\w+)", re.M
)


def blocks(text: str) -> list[str]:
    """A text as its top-level declarations, each with the comments and attributes before it."""
    found: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        before = found[-1][-1] if found[-1] else ""
        starts = line.strip() and not line[0].isspace() and line[0] not in "})"
        if starts and found[-1] and not before.startswith(("#[", "//")):
            found.append([])
        found[-1].append(line)
    return ["".join(lines) for lines in found]


def halves(text: str) -> tuple[str, str]:
    """The module `hub`, and the module that has the procedure `main` and uses what of `hub` it names."""
    parts = blocks(text)
    uses = [part for part in parts if part.lstrip().startswith("use ")]
    mains = [part for part in parts if re.search(r"^proc main\b", part, re.M)]
    rest = [part for part in parts if part not in uses and part not in mains]
    body = "".join(mains)
    names = dict.fromkeys(name for part in rest for name in _DECLARES.findall(part) if re.search(rf"\b{name}\b", body))
    imports = f"use hub.{{{', '.join(names)}}}\n" if names else "use hub\n"
    return "".join([*uses, *rest]), "".join(uses) + imports + body


def mutants(hub: str, choice: random.Random) -> dict[str, str]:
    """Small changes of a text, by what was done. Many of them do not compile."""
    lines = hub.splitlines(keepends=True)
    found: dict[str, str] = {}

    def put(what: str, at: int, line: str) -> None:
        found[f"{what} in line {at + 1}"] = "".join([*lines[:at], line, *lines[at + 1 :]])

    for at, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        put("nothing", at, "")
        for match in re.finditer(r"\b\d+\b", line):
            put(f"another number at {match.start()}", at, f"{line[: match.start()]}{int(match[0]) + 1}{line[match.end() :]}")
        for match in re.finditer(rf"\b({'|'.join(_TYPES)})\b", line):
            other = choice.choice([word for word in _TYPES if word != match[0]])
            put(f"another type at {match.start()}", at, line[: match.start()] + other + line[match.end() :])
        for match in re.finditer(r" [+*<] ", line):
            put(f"another operator at {match.start()}", at, line[: match.start()] + " - " + line[match.end() :])
        if re.match(r"\s*proc ", line):
            put("inline", at, line.replace("proc", "inline proc", 1))
    for name in re.findall(r"^(?:form|pick|union) (\w+)", hub, re.M):
        found[f"Drop for {name}"] = f"{hub}\nimpl Drop for {name} {{ proc drop(mut self) {{}} }}\n"
        found[f"Show for {name}"] = f'{hub}\nimpl Show for {name} {{ proc show(self) -> string {{ give "x" }} }}\n'
        found[f"Eq for {name}"] = f"{hub}\nimpl Eq for {name} {{ proc eq(self, other: {name}) -> bool {{ give true }} }}\n"
        found[f"a method of {name}"] = f"{hub}\nimpl {name} {{ proc len(self) -> int {{ give 1 }} }}\n"
    return found


def failed(compiled: Compiled) -> bool:
    return compiled.ctx.diagnostics.error_count > 0


@pytest.mark.parametrize("name", NAMES)
def test_edges_that_hold_mean_the_same_result(name: str) -> None:
    hub, user = halves((RUN / f"{name}.vit").read_text())
    base = Program({"hub": hub, "main": user})
    assert not failed(base["hub"]), base["hub"].said
    assert not failed(base["main"]), base["main"].said
    choice = random.Random(name)
    tried = 0
    for what, text in sorted(mutants(hub, choice).items(), key=lambda item: choice.random()):
        if tried == CHANGES:
            break
        if failed(Program({"hub": text})["hub"]):
            continue  # a unit that sees errors is another question: its key says so
        tried += 1
        other = Program({"hub": text, "main": user})
        here = other.current(base["main"].edges, other["main"].reach)
        back = base.current(other["main"].edges, base["main"].reach)
        if here or back:
            assert other["main"].result_without_lines == base["main"].result_without_lines, f"a wrong hit after {what}"
    assert tried
