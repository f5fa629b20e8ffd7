"""The project that exact counts are taken on: N modules, `hub` in the middle, and a `main` that uses all of them.

    main --> m0000 ... m0399 --> hub       imports `hub`: 60 call `hub.f`, 25 instantiate `hub.g`, the rest use other things of it
         --> m0400 ... m0999               imports nothing

What changes in `hub` must reach exactly those that used what was changed. `shares` scales the numbers for smaller projects.
"""

from __future__ import annotations

from typing import NamedTuple


class Shares(NamedTuple):
    """How many modules there are (`main` and `hub` included), import `hub`, call `f`, instantiate `g`."""

    modules: int
    importers: int
    callers: int
    instances: int


FULL = Shares(1000, 400, 60, 25)
"""As few modules as give the same counts."""

HUB = """\
//! What everybody imports.
space hub

/// Others hold it only behind references and boxes.
pub form Item {
  id: int
  weight: int = 2
}

pub const LIMIT: int = 10

pub proc f(x: int) -> int {
  let y = x * 2 + scale(x)
  give y % 101
}

pub proc g[T](items: [T], k: int) -> int {
  let n = items.len() * 3 + k
  give n % 103
}

pub proc weigh(item: &Item) -> int {
  give item.id * 5 + item.weight
}

pub proc make(id: int) -> box[Item] {
  give box(Item { id })
}

proc scale(x: int) -> int {
  give x % 7
}
"""

EDITS: dict[str, tuple[str, str]] = {
    "comment": ("/// Others hold it", "// A comment, no more.\n\n\n/// Others hold it"),
    "reformat": ("  let y = x * 2 + scale(x)\n", "  let y =\n      x*2 + scale( x )\n"),
    "comment at the end": ("proc scale", "// A comment below all that others see.\nproc scale"),
    "private body": ("give x % 7", "give x % 5"),
    "exported body": ("give y % 101", "give y % 97 + 1"),
    "new export": ("pub const LIMIT", "pub proc spare() -> int {\n  give 77\n}\n\npub const LIMIT"),
    "signature of f": ("pub proc f(x: int) -> int {", "pub proc f(x: int, more: int = 0) -> int {"),
    "body of g": ("give n % 103", "give n % 101 + 1"),
    "layout": ("  weight: int = 2", "  weight: int = 2\n  extra: int = 4"),
}
"""Name, then what is replaced in `hub` by what."""

_F = "  give hub.f(x + {n}) % 1000\n"
_G = '  give hub.g([x, {n}], 1) + hub.g(["a"], x) % 1000\n'
_REF = "  give twice(hub.make(x + {n}))\n}}\n\nproc twice(item: &hub.Item) -> int {{\n  give hub.weigh(item) * 2 % 1000\n"
_BOX = "  let item = hub.make(x + {n})\n  give hub.weigh(item) % 1000\n"
_CONST = "  give (x + {n} + hub.LIMIT) % 1000\n"
_ALONE = "  let y = x * {n} + 3\n  give y % 1000\n"


def module(number: int, shares: Shares) -> str:
    if number >= shares.importers:
        body, head = _ALONE, ""
    else:
        head = "use hub\n\n"
        if number < shares.callers:
            body = _F
        elif number < shares.callers + shares.instances:
            body = _G
        else:
            body = (_REF, _BOX, _CONST)[number % 3]
    return f"{head}pub proc run(x: int) -> int {{\n{body.format(n=number)}}}\n"


def reordered() -> str:
    """`HUB` with its declarations in another order, each at the place that its text had moved to."""
    head, *parts = HUB.split("\n\n")
    return "\n\n".join([head, *(part.rstrip("\n") for part in reversed(parts))]) + "\n"


def edited(name: str) -> str:
    old, new = EDITS[name]
    assert HUB.count(old) == 1, name
    return HUB.replace(old, new)


def files(shares: Shares = FULL) -> dict[str, str]:
    """Path below the project's folder to text."""
    names = [f"m{number:04}" for number in range(shares.modules - 2)]
    uses = "".join(f"use {name}\n" for name in names)
    calls = "".join(f"  sum = (sum + {name}.run({at})) % 100003\n" for at, name in enumerate(names))
    result = {f"src/{name}.vit": module(number, shares) for number, name in enumerate(names)}
    result["src/hub.vit"] = HUB
    result["src/main.vit"] = f"{uses}\nproc main() {{\n  let mut sum = 0\n{calls}  println(sum)\n}}\n"
    result["vitte.toml"] = '[package]\nname = "hubs"\nversion = "0.1.0"\n'
    return result
