"""Errors of ownership: V0400 to V0499."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostics, Suggestion
from vitte.base.source import Span

PART_OF_NOTHING = Code("V0411", "assignment to a part of a value that was moved")
MOVED = Code("V0412", "use of a value after it was moved")
PARTLY_MOVED = Code("V0413", "use of a value after a part of it was moved")
MOVED_IN_LOOP = Code("V0414", "value moved in an earlier turn of a loop")
OUT_OF_LENT = Code("V0415", "move out of a lent parameter")
OUT_OF_REFERENCE = Code("V0416", "move out of a reference")
OUT_OF_ELEMENT = Code("V0417", "move of an element out of its container")
OUT_OF_STATIC = Code("V0418", "move out of a static")
OUT_OF_DROP = Code("V0419", "move of a part out of a type with `Drop`")
CONFLICT = Code("V0420", "arguments of one call that conflict")

ALL = (
    PART_OF_NOTHING, MOVED, PARTLY_MOVED, MOVED_IN_LOOP,
    OUT_OF_LENT, OUT_OF_REFERENCE, OUT_OF_ELEMENT, OUT_OF_STATIC, OUT_OF_DROP, CONFLICT,
)  # fmt: skip


def _clone(d: Diagnostics, name: str, span: Span, where: str) -> Suggestion:
    text = f"({name}).clone()" if name.startswith("*") else f"{name}.clone()"
    return d.suggest(f"duplicate it {where}: `{text}`", span, text)


def part_of_nothing(d: Diagnostics, name: str, whole: str, span: Span, moved: Span) -> None:
    labels = ((moved, f"`{whole}` moved here"),) if moved else ()
    message = f"`{name}` is set, but `{whole}` " + ("was moved" if moved else "has no value")
    helps = (Suggestion(f"set the whole of `{whole}` first"),)
    d.error(PART_OF_NOTHING, span, message, "there is nothing to set a part of", labels=labels, helps=helps)


def moved(d: Diagnostics, name: str, use: Span, move: Span, into: str, why: str, help: Suggestion) -> None:
    message = f"`{name}` was moved and is used again"
    d.error(MOVED, use, message, "used here after the move", labels=((move, f"moved here{into}"),), notes=(why,), helps=(help,))


def partly_moved(d: Diagnostics, name: str, part: str, use: Span, move: Span, into: str, why: str, help: Suggestion) -> None:
    """`part`: the part in words or as a place with its quotes."""
    message = f"`{name}` is used, but a part of it was moved"
    d.error(PARTLY_MOVED, use, message, "used here as a whole", labels=((move, f"{part} moved here{into}"),), notes=(why,), helps=(help,))


def moved_in_loop(d: Diagnostics, name: str, use: Span, move: Span, into: str, why: str, help: Suggestion) -> None:
    message = f"`{name}` is moved in a loop and gone in the next turn"
    if use == move:
        labels: tuple[tuple[Span, str], ...] = ()
        label = f"moved here{into}, in every turn"
    else:
        labels = ((move, f"moved here{into}, in the turn before"),)
        label = "used here after the move"
    d.error(MOVED_IN_LOOP, use, message, label, labels=labels, notes=(why,), helps=(help,))


def clone_help(d: Diagnostics, name: str, span: Span, exact: bool, where: str) -> Suggestion:
    """Duplicate what was moved. `exact`: the source at `span` is the moved place, so that the text can be offered."""
    return _clone(d, name, span, where) if exact else Suggestion(f"duplicate it {where}: `.clone()`")


BORROW_AGAIN = Suggestion("an exclusive reference cannot be duplicated: take a new `&mut` when this one is done with")


def ref_help(d: Diagnostics, name: str, span: Span) -> Suggestion:
    """Bind by reference in a pattern."""
    return d.suggest(f"bind it by reference: `ref {name}`", span, f"ref {name}")


def out_of_lent(d: Diagnostics, name: str, param: str, span: Span, declared: Span, why: str, is_pattern: bool) -> None:
    labels = ((declared, f"`{param}` is lent to this procedure"),) if declared else ()
    helps = [_clone(d, name, span, "here")] if name and not is_pattern else []
    helps.append(Suggestion(f"take it over: declare the parameter as `owned {param}`"))
    if is_pattern:
        helps.insert(0, Suggestion("bind it by reference: `ref` before the name"))
    what = f"`{name}`" if name else "a value"
    message = f"{what} cannot be moved: `{param}` is lent"
    d.error(OUT_OF_LENT, span, message, "moved out of a lent value here", labels=labels, notes=(why,), helps=tuple(helps))


def out_of_reference(d: Diagnostics, name: str, span: Span, why: str, is_pattern: bool) -> None:
    what = f"`{name}`" if name else "a value"
    help = Suggestion("bind it by reference: `ref` before the name") if is_pattern else Suggestion("duplicate it: `.clone()`")
    message = f"{what} cannot be moved out of a reference"
    d.error(OUT_OF_REFERENCE, span, message, "behind a reference, owned elsewhere", notes=(why,), helps=(help,))


def out_of_element(d: Diagnostics, name: str, span: Span, why: str, is_pattern: bool) -> None:
    helps: tuple[Suggestion, ...]
    if is_pattern:
        helps = (Suggestion("bind it by reference: `ref` before the name"),)
    else:
        helps = (Suggestion("duplicate it: `.clone()`"), Suggestion("or take it out: `remove(i)`, `pop()`, or `mem.replace`"))
    what = f"an element of `{name}`" if name else "an element"
    d.error(OUT_OF_ELEMENT, span, f"{what} cannot be moved out by its index", "this would leave a hole", notes=(why,), helps=helps)


def out_of_static(d: Diagnostics, name: str, span: Span, why: str) -> None:
    message = f"`{name}` is a static: its value cannot be moved out"
    d.error(OUT_OF_STATIC, span, message, "moved out of a static here", notes=(why,), helps=(Suggestion("duplicate it: `.clone()`"),))


def out_of_drop(d: Diagnostics, name: str, type_name: str, span: Span, why: str) -> None:
    what = f"`{name}`" if name else "a part"
    message = f"{what} cannot be moved out: `{type_name}` implements `Drop`"
    notes = (f"`drop` of `{type_name}` needs the whole value", why)
    helps = (Suggestion("duplicate it: `.clone()`, or leave something in its place with `mem.replace`"),)
    d.error(OUT_OF_DROP, span, message, "moved out here", notes=notes, helps=helps)


_CONFLICT = {"mut": "lent exclusively here", "lend": "lent here", "own": "moved here"}


def conflicting_arguments(d: Diagnostics, name: str, mode: str, span: Span, other_mode: str, other: Span) -> None:
    what = f"`{name}`" if name else "this place"
    how = "lent exclusively" if "mut" in (mode, other_mode) else "moved"
    message = f"{what} is {how} and used again in one call"
    helps = (Suggestion("put one of the two into a variable before the call"),)
    d.error(CONFLICT, span, message, _CONFLICT[mode], labels=((other, _CONFLICT[other_mode]),), helps=helps)
