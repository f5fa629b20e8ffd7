"""A linker's complaints as diagnostics, in the same words whichever linker it was. Symbols are shown as the source names them."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostic, Suggestion
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver_impl.link.complaints import Complaint, base_name, complaints
from vitte.driver_impl.link.data import Plan
from vitte.ir.mono import demangle

UNDEFINED = Code("V0620", "undefined symbol")
DUPLICATE = Code("V0621", "duplicate symbol")
NO_LIBRARY = Code("V0622", "library not found")
LINK_FAILED = Code("V0623", "linking failed")
OTHER_MACHINE = Code("V0624", "object for another machine")
DAMAGED = Code("V0625", "file that cannot be linked")
NO_ENTRY = Code("V0626", "no entry point")

MOST_PLACES = 4
"""Places that are shown of one complaint."""


def diagnose(text: str, plan: Plan) -> list[Diagnostic]:
    """One diagnostic per complaint, in order, without repetitions. Raises `DriverError` when the output cannot be written."""
    merged: dict[tuple[str, str], Complaint] = {}
    for complaint in complaints(text, plan.dialect):
        if complaint.kind == "output":
            raise DriverError(f"cannot write `{plan.final}`: {complaint.why.lower()}", status=EXIT_TOOLCHAIN, details=text)
        known = merged.setdefault((complaint.kind, complaint.subject), complaint)
        if known is not complaint:
            known.places += [place for place in complaint.places if place not in known.places]
    return [_diagnostic(complaint, plan) for complaint in merged.values()]


def _diagnostic(complaint: Complaint, plan: Plan) -> Diagnostic:
    subject = complaint.subject.replace(plan.output, plan.final)
    places = [_shown(place) for place in dict.fromkeys(complaint.places)][:MOST_PLACES]
    file = base_name(subject)
    kind = complaint.kind
    if kind == "entry" or (kind == "undefined" and subject == "main"):
        text = f"define `{subject}`, or name another entry point"
        if subject in ("main", "_start"):
            text = "the program needs a procedure `main`"
        message = f"the program has no entry point `{subject}`"
        if kind == "undefined":
            message = f"`{subject}` is used but defined nowhere"
        return _error(UNDEFINED if kind == "undefined" else NO_ENTRY, message, [f"referred to by {place}" for place in places], text)
    if kind == "undefined":
        return _error(UNDEFINED, f"`{demangle(subject)}` is used but defined nowhere", [f"referred to by {place}" for place in places],
                      'define it, or name the library that has it: `#[link(name = "...")]`')  # fmt: skip
    if kind == "duplicate":
        return _error(DUPLICATE, f"`{demangle(subject)}` is defined more than once", [f"defined in {place}" for place in places],
                      "give one of them another name, or another `#[export_name]`")  # fmt: skip
    if kind == "library":
        return _error(NO_LIBRARY, f"library `{subject}` was not found", ["it was asked for by `#[link]` or a `-l` option"],
                      f"install it (with its `lib{subject}.so`), or name its folder with `-L`")  # fmt: skip
    if kind == "missing":
        return _error(NO_LIBRARY, f"cannot open `{subject}`: {complaint.why.lower()}", [], "was it deleted, or is its name misspelt?")
    if kind == "machine":
        notes = [complaint.why if complaint.why.startswith(("machine", "has", "is")) else ""]
        return _error(OTHER_MACHINE, f"`{file}` was compiled for another machine than the program", [note for note in notes if note],
                      "compile it for the program's target, or leave it out")  # fmt: skip
    if kind == "damaged":
        return _error(DAMAGED, f"`{file}` is not an object file, or a damaged one", [complaint.why] if complaint.why else [],
                      "make it again; of Vitte's own objects, by `vitte clean`")  # fmt: skip
    return Diagnostic(LINK_FAILED, "error", subject, (), tuple(places))


def _error(code: Code, message: str, notes: list[str], help: str) -> Diagnostic:
    return Diagnostic(code, "error", message, (), tuple(notes), (Suggestion(help),))


def _shown(place: str) -> str:
    return f"`{demangle(place[1:-1])}`" if place.startswith("`") else base_name(place)
