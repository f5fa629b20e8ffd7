"""A linker's complaints as diagnostics, in the same words whichever linker it was. Symbols are shown as the source names them.

    text --complaints--> [Complaint] --Origins--> places in the source --> [Diagnostic]

A linker knows objects and symbols; what these were made of, the build knows (`Origins`). Without one the linker's own words are shown.
"""

from __future__ import annotations

from typing import Protocol

from vitte.base.diagnostics import Code, Diagnostic, Label, Suggestion
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.complaints import Complaint, Place, base_name, complaints
from vitte.driver_impl.link.data import Plan
from vitte.ir.mono import demangle

UNDEFINED = Code("V0620", "undefined symbol")
DUPLICATE = Code("V0621", "duplicate symbol")
NO_LIBRARY = Code("V0622", "library not found")
LINK_FAILED = Code("V0623", "linking failed")
OTHER_MACHINE = Code("V0624", "object for another machine")
DAMAGED = Code("V0625", "file that cannot be linked")
NO_ENTRY = Code("V0626", "no entry point")
TWO_DLLS = Code("V0627", "symbol of two DLLs")

MOST_PLACES = 4
"""Places that are shown of one complaint."""


class Origins(Protocol):
    """What a build knows of its objects. Symbols are as in Vitte's objects of every format: without what Mach-O puts before them."""

    def module(self, file: str) -> str:
        """The module that an object was made of, "" for a file that is not the build's own."""
        ...

    def uses(self, symbol: str, places: list[Place]) -> tuple[Label, ...]:
        """Where a symbol that is defined elsewhere is referred to, and where it is declared. `places`: what the linker says of that."""
        ...

    def definitions(self, symbol: str) -> tuple[Label, ...]:
        """Where a symbol is defined."""
        ...

    def requests(self, library: str) -> tuple[Label, ...]:
        """Where a library is asked for, by its name or the path of its file."""
        ...

    def line(self, source: str) -> tuple[Label, ...]:
        """A line that debug information names, `FILE:LINE`."""
        ...


class NoOrigins:
    """Of objects about which nothing is known."""

    def module(self, file: str) -> str:
        return ""

    def uses(self, symbol: str, places: list[Place]) -> tuple[Label, ...]:
        return ()

    def definitions(self, symbol: str) -> tuple[Label, ...]:
        return ()

    def requests(self, library: str) -> tuple[Label, ...]:
        return ()

    def line(self, source: str) -> tuple[Label, ...]:
        return ()


def diagnose(text: str, plan: Plan, origins: Origins | None = None) -> list[Diagnostic]:
    """One diagnostic per complaint, in order, without repetitions. Raises `DriverError` when the output cannot be written."""
    known = origins or NoOrigins()
    merged: dict[tuple[str, str], Complaint] = {}
    for complaint in complaints(text, plan.dialect):
        if complaint.kind == "output":
            raise DriverError(f"cannot write `{plan.final}`: {complaint.why.lower()}", status=EXIT_TOOLCHAIN, details=text)
        if plan.flavour is LldFlavor.MACHO:
            _plain(complaint)
        before = merged.setdefault((complaint.kind, complaint.subject), complaint)
        if before is not complaint:
            before.places += [place for place in complaint.places if place not in before.places]
    return [_DIAGNOSTICS.get(complaint.kind, _other)(complaint, plan, known) for complaint in merged.values()]


def _plain(complaint: Complaint) -> None:
    """Mach-O's symbols are C's with an underscore before them."""
    if complaint.kind in ("undefined", "duplicate", "entry"):
        complaint.subject = complaint.subject.removeprefix("_")
    complaint.places = [Place(place.file, place.symbol.removeprefix("_"), place.source) for place in complaint.places]


def of_two_dlls(symbol: str, first: str, second: str) -> Diagnostic:
    return _error(TWO_DLLS, f"`{demangle(symbol)}` is declared as of `{first}` and as of `{second}`",
                  ["a name stands for one procedure in the whole program"],
                  "correct the `name` in one of the two `#[link]`, or declare it once and use that")  # fmt: skip


def _undefined(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    symbol = complaint.subject
    if symbol == "main" and not any(origins.module(place.file) for place in complaint.places):
        notes = _notes("referred to by", complaint.places, origins)
        return _error(UNDEFINED, "`main` is used but defined nowhere", notes, "the program needs a procedure `main`")
    labels = origins.uses(symbol, complaint.places)
    places = complaint.places
    if labels:
        places = [place for place in places if not origins.module(place.file)]
    else:
        labels = _first_line(places, "referred to here", origins)
    help = 'define it, or name the library that has it: `#[link(name = "...")]`'
    return _error(UNDEFINED, f"`{demangle(symbol)}` is used but defined nowhere", _notes("referred to by", places, origins), help, labels)


def _duplicate(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    labels = origins.definitions(complaint.subject)
    places = [place for place in complaint.places if not (labels and origins.module(place.file))]
    said = [Place(place.file, "", place.source) for place in places]
    help = "give one of them another name, or another `#[export_name]`"
    return _error(
        DUPLICATE, f"`{demangle(complaint.subject)}` is defined more than once", _notes("defined in", said, origins), help, labels
    )


def _library(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    name = complaint.subject
    labels = origins.requests(name)
    help = f"install it ({_FILES[plan.flavour].format(name)}), or name its folder with `-L`"
    return _error(NO_LIBRARY, f"library `{name}` was not found", [] if labels else [_UNASKED], help, labels)


_UNASKED = "it was asked for by an option (`-l`), or by the manifest"


_FILES = {
    LldFlavor.ELF: "with its `lib{0}.so` or `lib{0}.a`",
    LldFlavor.COFF: "as `{0}.lib`",
    LldFlavor.MACHO: "as `lib{0}.dylib`, `lib{0}.tbd` or `lib{0}.a`",
    LldFlavor.WASM: "as `lib{0}.a`",
}
"""Of what name a library's file is."""


def _framework(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    name = complaint.subject
    labels = origins.requests(name)
    help = f"name the folder of `{name}.framework` with `-L`; those of Apple are in the SDK of macOS"
    return _error(NO_LIBRARY, f"framework `{name}` was not found", [] if labels else [_UNASKED], help, labels)


def _missing(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    labels = origins.requests(complaint.subject)
    return _error(NO_LIBRARY, f"cannot open `{_name(complaint.subject, origins)}`: {complaint.why.lower()}", [],
                  "was it deleted, or is its name misspelt?", labels)  # fmt: skip


def _machine(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    why = complaint.why if complaint.why.startswith(("machine", "has", "is", "invalid")) else ""
    file = base_name(_name(complaint.subject, origins))
    return _error(OTHER_MACHINE, f"`{file}` was compiled for another machine than the program", [why] if why else [],
                  "compile it for the program's target, or leave it out", origins.requests(complaint.subject))  # fmt: skip


def _damaged(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    module = origins.module(complaint.subject)
    file = base_name(_name(complaint.subject, origins))
    help = "make it again; `vitte cache fsck` finds damage in the cache" if module else "make it again, or leave it out"
    return _error(DAMAGED, f"`{file}` is not an object file, or a damaged one", [complaint.why] if complaint.why else [], help,
                  origins.requests(complaint.subject))  # fmt: skip


def _entry(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    symbol = complaint.subject
    help = "the program needs a procedure `main`" if symbol in ("main", "_start") else f"define `{symbol}`, or name another entry point"
    return _error(NO_ENTRY, f"the program has no entry point `{symbol}`", [], help)


def _other(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    message = complaint.subject.replace(plan.output, plan.final)
    return Diagnostic(LINK_FAILED, "error", message, (), tuple(_notes("about", complaint.places, origins)))


_DIAGNOSTICS = {
    "undefined": _undefined, "duplicate": _duplicate, "library": _library, "framework": _framework, "missing": _missing,
    "machine": _machine, "damaged": _damaged, "entry": _entry,
}  # fmt: skip


def _error(code: Code, message: str, notes: list[str], help: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
    return Diagnostic(code, "error", message, labels, tuple(notes), (Suggestion(help),))


def _first_line(places: list[Place], text: str, origins: Origins) -> tuple[Label, ...]:
    """The first source line that debug information names."""
    for place in places:
        for label in origins.line(place.source) if ":" in place.source else ():
            return (Label(label.where, text, True),)
    return ()


def _notes(verb: str, places: list[Place], origins: Origins) -> list[str]:
    """A note for each place, without repetitions, and how many more there are."""
    shown = list(dict.fromkeys(_shown(place, origins) for place in places))
    more = len(shown) - MOST_PLACES
    return [f"{verb} {text}" for text in shown[:MOST_PLACES]] + ([f"and {more} more"] if more > 0 else [])


def _shown(place: Place, origins: Origins) -> str:
    file = place.source or base_name(_name(place.file, origins))
    if place.symbol:
        return f"`{demangle(place.symbol)}`" + (f" ({file})" if file else "")
    return file


def _name(file: str, origins: Origins) -> str:
    """A file as people know it: an object of the build's own by its module."""
    module = origins.module(file)
    return f"{module}.o" if module else file
