"""A linker's complaints as diagnostics, in the same words whichever linker it was. Symbols are shown as the source names them.

    text --complaints--> [Complaint] --Origins--> places in the source --> [Diagnostic]

A linker knows objects and symbols; what these were made of, the build knows (`Origins`). Without one the linker's own words are shown.
"""

from __future__ import annotations

import os
import re
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

    def is_own(self, place: Place) -> bool:
        """Whether a place is in what the build compiled."""
        ...

    def uses(self, symbol: str, places: list[Place]) -> tuple[tuple[Label, ...], int]:
        """Where a symbol that is defined elsewhere is referred to, and where it is declared; and how many more places there are. `places`:
        what the linker says of that."""
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

    def is_own(self, place: Place) -> bool:
        return False

    def uses(self, symbol: str, places: list[Place]) -> tuple[tuple[Label, ...], int]:
        return (), 0

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
        # Objects in a cache have no ending by which a linker's words show that they are meant.
        complaint.places = [Place(p.source, p.symbol) if not p.file and known.module(p.source) else p for p in complaint.places]
        before = merged.setdefault((complaint.kind, complaint.subject), complaint)
        if before is not complaint:
            before.places += [place for place in complaint.places if place not in before.places]
    # Who goes on without a file misses what was to come from it.
    lost = any(kind in ("library", "missing") for kind, _ in merged)
    told = [complaint for complaint in merged.values() if not (lost and complaint.kind == "undefined")]
    return [_DIAGNOSTICS.get(complaint.kind, _other)(complaint, plan, known) for complaint in told]


def precheck(plan: Plan, origins: Origins | None = None) -> list[Diagnostic]:
    """What is wrong with files that the linker would take without a word: objects of Mach-O that are cut off."""
    if plan.flavour is not LldFlavor.MACHO or plan.dialect != "lld":
        return []
    from vitte.driver_impl.link.macho import MAGIC, damage

    known = origins or NoOrigins()
    found = []
    for word in plan.arguments:
        if word.startswith("-") or known.module(word) or not os.path.isfile(word):
            continue
        try:
            with open(word, "rb") as file:
                head = file.read(4)
                why = damage(head + file.read()) if head == MAGIC else ""
        except OSError:
            continue  # the linker will say so
        if why:
            found.append(_damaged(Complaint("damaged", word, why), plan, known))
    return found


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
    symbol, places = complaint.subject, complaint.places
    if symbol == "main" and not any(origins.is_own(place) for place in places):
        notes = _notes("referred to by", places, origins)
        return _error(UNDEFINED, "`main` is used but defined nowhere", notes, "the program needs a procedure `main`")
    labels, more = origins.uses(symbol, places)
    if labels:
        places = [place for place in places if not origins.is_own(place)]
    else:
        labels = _first_line(places, "referred to here", origins)
    notes = _notes("referred to by", places, origins)
    if more:
        notes.append("referred to in one more place" if more == 1 else f"referred to in {more} more places")
    return _error(UNDEFINED, f"`{demangle(symbol)}` is used but defined nowhere", notes, 'define it, or name the library that has it: '
                  '`#[link(name = "...")]`', labels)  # fmt: skip


def _duplicate(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    labels = origins.definitions(complaint.subject)
    places = [place for place in complaint.places if not (labels and origins.is_own(place))]
    said = [Place(place.file, "", place.source) for place in places]
    help = "give one of them another name, or another `#[export_name]`"
    return _error(
        DUPLICATE, f"`{demangle(complaint.subject)}` is defined more than once", _notes("defined in", said, origins), help, labels
    )


def _library(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    archive = re.fullmatch(r":?(lib(.+)\.a)", complaint.subject)
    name = archive.group(2) if archive else complaint.subject
    labels = origins.requests(name)
    file = f"as `{archive.group(1)}`" if archive else _FILES[plan.flavour].format(name)
    help = f"install it ({file}), or name its folder with `-L`"
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
    if re.fullmatch(r"lib[^/]+\.a", complaint.subject):
        return _library(complaint, plan, origins)  # where static libraries are named by their files
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
    labels = origins.requests(complaint.subject)
    other = "" if module else _format_of(complaint.subject)
    wanted = _FORMATS[plan.flavour]
    if other and other != wanted:
        message = f"`{file}` was compiled for another system than the program"
        note = f"its format is {other}, and {wanted} is wanted"
        return _error(OTHER_MACHINE, message, [note], "compile it for the program's target, or leave it out", labels)
    help = "make it again; `vitte cache fsck` finds damage in the cache" if module else "make it again, or leave it out"
    notes = [complaint.why] if complaint.why else []
    return _error(DAMAGED, f"`{file}` is not an object file or library, or a damaged one", notes, help, labels)


_FORMATS = {LldFlavor.ELF: "ELF", LldFlavor.COFF: "COFF", LldFlavor.MACHO: "Mach-O", LldFlavor.WASM: "WebAssembly"}
_BEGINNINGS = (
    (b"\x7fELF", "ELF"), (b"\xcf\xfa\xed\xfe", "Mach-O"), (b"\0asm", "WebAssembly"), (b"\x64\x86", "COFF"), (b"\x64\xaa", "COFF"),
)  # fmt: skip


def _format_of(path: str) -> str:
    """The format of an object, "" for what is none."""
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError:
        return ""
    return next((name for beginning, name in _BEGINNINGS if head.startswith(beginning)), "")


def _entry(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    symbol = complaint.subject
    help = "the program needs a procedure `main`" if symbol in ("main", "_start") else f"define `{symbol}`, or name another entry point"
    return _error(NO_ENTRY, f"the program has no entry point `{symbol}`", [], help)


def _other(complaint: Complaint, plan: Plan, origins: Origins) -> Diagnostic:
    message = complaint.subject.replace(plan.output, plan.final)
    return _error(LINK_FAILED, message, _notes("about", complaint.places, origins), "`-v` shows the linker's command and all that it says")


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
