"""A linker's complaints as diagnostics.

LLD says `TOOL: error: MESSAGE`, with lines `>>> ...` that say where; a blank line ends the group. Symbols are shown as
the source names them. With debug information LLD knows the source line that refers to a symbol.
"""

from __future__ import annotations

import os
import re

from msgspec import Struct

from vitte.base.diagnostics import Code, Diagnostic, Suggestion
from vitte.driver_impl.link.lld import Plan
from vitte.ir.mono import demangle

UNDEFINED = Code("V0620", "undefined symbol")
DUPLICATE = Code("V0621", "duplicate symbol")
NO_LIBRARY = Code("V0622", "library not found")
LINK_FAILED = Code("V0623", "linking failed")

_GROUP = re.compile(r"^(?:[^\s:]*/)?(?:ld\.lld|zig|ld)(?:-\d+)?: (error|warning): (.*)$")
_CLOSED = re.compile(r" \(?too many errors|cannot continue")


class _Group(Struct):
    message: str
    details: list[str]


def diagnose(stderr: str, plan: Plan) -> list[Diagnostic]:
    """One diagnostic per complaint, in order, without repetitions."""
    found: dict[str, Diagnostic] = {}
    for group in _groups(stderr):
        diagnostic = _diagnostic(group, plan)
        found.setdefault(diagnostic.message, diagnostic)
    return list(found.values())


def _groups(stderr: str) -> list[_Group]:
    groups: list[_Group] = []
    for line in stderr.splitlines():
        match = _GROUP.match(line)
        if match:
            groups.append(_Group(match.group(2), []))
        elif line.startswith(">>>") and groups:
            groups[-1].details.append(line[3:].strip())
    return groups


def _diagnostic(group: _Group, plan: Plan) -> Diagnostic:
    message = group.message
    if message.startswith("undefined symbol: "):
        symbol = message[len("undefined symbol: ") :]
        notes = tuple(f"referred to by {_place(d)}" for d in group.details if _place(d))[:4]
        help = 'define it, or name the library that has it: `#[link(name = "...")]`'
        if symbol == "main":
            help = "the program needs a procedure `main`"
        return Diagnostic(UNDEFINED, "error", f"`{demangle(symbol)}` is used but defined nowhere", (), notes, (Suggestion(help),))
    if message.startswith("duplicate symbol: "):
        symbol = message[len("duplicate symbol: ") :]
        notes = tuple(f"defined in {_object(d[len('defined at ') :].strip() if d.startswith('defined at ') else d)}" for d in group.details)
        return Diagnostic(DUPLICATE, "error", f"`{demangle(symbol)}` is defined more than once", (), tuple(dict.fromkeys(notes))[:4],
                          (Suggestion("give one of them another name, or another `#[export_name]`"),))  # fmt: skip
    if message.startswith("unable to find library -l"):
        name = message[len("unable to find library -l") :]
        return Diagnostic(NO_LIBRARY, "error", f"library `{name}` was not found", (), ("it was asked for by `#[link]` or a `-l` option",),
                          (Suggestion(f"install it (with its `lib{name}.so`)"),))  # fmt: skip
    return Diagnostic(LINK_FAILED, "error", message.replace(plan.output, plan.final), (), tuple(group.details))


def _place(detail: str) -> str:
    """`fact.vit:7` out of `referenced by fact.vit:7 (/src/fact.vit:7)`, the procedure out of `OBJECT:(proc)`."""
    if detail.startswith("referenced by "):
        place = detail[len("referenced by ") :].split(" (", 1)[0]
        return "" if place.startswith("<") or place.endswith(".o") else _object(place)
    if detail.endswith(")") and ":(" in detail:
        inside = detail[detail.rindex(":(") + 2 : -1]
        inside = inside.removeprefix(".text.").removeprefix("function ")
        return f"`{demangle(inside.split('+0x')[0])}`"
    return ""


def _object(place: str) -> str:
    """Cache paths mean nothing to people: the last part only."""
    return os.path.basename(place) if "/" in place and ".o" in place else place
