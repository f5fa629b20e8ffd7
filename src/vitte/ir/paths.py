"""Paths of impls: by what is written in the head, so that the order of declarations does not matter.

    impl Show for Point           demo/shapes::impl(Show for Point)             its method    demo/shapes::impl(Show for Point).show
    impl[T] Add[geo.P] for [T]    demo/shapes::impl(Add<geo:P> for <T>)
    impl Point { proc norm ... }  demo/shapes::impl(Point with norm)            its method    demo/shapes::Point.norm

Paths are taken apart everywhere at `::`, `.`, `/` and `[`, from either end. None of these occurs in a head: brackets are
written as `<>`, dots as `:`, and every other character that is not of a plain type as `~` and its number in hexadecimal.
Parentheses in a head are balanced, so a reader of text finds its end (`head_end`). Spaces stand between words only.
"""

from __future__ import annotations

from collections.abc import Iterable

_OPENING = "::impl("
_KEPT = frozenset("_ ()<>,;:&*?=+-")
_ADAPTED = {"[": "<", "]": ">", ".": ":"}


def head_text(tokens: Iterable[str]) -> str:
    """The tokens of a part of a head as it stands in a path."""
    out: list[str] = []
    before = ""
    for token in tokens:
        if before and _is_word(before[-1]) and _is_word(token[0]):
            out.append(" ")
        before = token
        if token in ("::", "."):
            out.append(":")
            continue
        out.append("".join([c if c.isalnum() or c in _KEPT else _ADAPTED.get(c) or f"~{ord(c):x}" for c in token]))
    text = "".join(out)
    while "::" in text:
        text = text.replace("::", ":")
    if not _balanced(text):
        text = text.replace("(", "~28").replace(")", "~29")
    return text


def _is_word(c: str) -> bool:
    return c.isalnum() or c == "_"


def _balanced(text: str) -> bool:
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if depth < 0:
            return False
    return not depth


def impl_path(scope: str, head: str) -> str:
    """`scope`: path of the module or block the impl stands in. `head` is made of `head_text`s."""
    return f"{scope}{_OPENING}{head})"


def head_end(text: str, at: int) -> int:
    """`text[at]` is an opening parenthesis: the place behind its partner when it opens the head of an impl, else `at`."""
    if not text.startswith(_OPENING, at + 1 - len(_OPENING)):
        return at
    depth = 0
    for i in range(at, len(text)):
        c = text[i]
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if not depth:
                return i + 1
    return at


def readable(text: str) -> str:
    """A path, symbol or text with such in it, for people: heads of impls as in the source, without what tells parts of one apart.

    `demo::impl(Add<geo:P> for V).add[i64]` gives `demo::impl(Add[geo.P] for V).add[i64]`."""
    start = text.find(_OPENING)
    if start < 0:
        return text
    out: list[str] = []
    done = 0
    while start >= 0:
        begin = start + len(_OPENING)
        end = head_end(text, begin - 1)
        if end == begin - 1:
            break
        head = text[begin : end - 1].partition(" with ")[0]
        out += (text[done:begin], head.replace("->", "\0").replace("<", "[").replace(">", "]").replace("\0", "->").replace(":", "."), ")")
        done = end
        start = text.find(_OPENING, done)
    out.append(text[done:])
    return "".join(out)


def last_name(path: str) -> str:
    """What follows the module and the scopes, for people: `Point.norm`, `impl(Show for Point).show`."""
    return readable(path).rpartition("::")[2]


_IMPORT = "import "


def import_symbol(module: str, name: str) -> str:
    """The symbol of a procedure that a WebAssembly program imports from a module of its host: `import 3 env log`, with the length of the
    module's name, since either name may be any text."""
    return f"{_IMPORT}{len(module)} {module} {name}"


def imported(symbol: str) -> tuple[str, str] | None:
    """The module and the name that `import_symbol` was given; None for other symbols."""
    if not symbol.startswith(_IMPORT):
        return None
    length, _, rest = symbol[len(_IMPORT) :].partition(" ")
    return (rest[: int(length)], rest[int(length) + 1 :]) if length.isdecimal() else None
