"""What linkers say, taken apart: LLD's four drivers and mold, GNU ld, gold, zig. Pure functions from text to complaints."""

from __future__ import annotations

import os
import re

from msgspec import Struct

Rules = tuple[tuple[str, re.Pattern[str]], ...]


class Place(Struct, frozen=True):
    """What a linker says of where something is: `file` is the object, `symbol` the procedure in it, `source` the file or `file:line` that
    the object says it was made of. "" for what it does not say."""

    file: str = ""
    symbol: str = ""
    source: str = ""


class Complaint(Struct):
    """`kind`: `undefined`, `duplicate`, `library`, `framework`, `missing`, `machine`, `damaged`, `entry`, `output`, `other`. `subject` is
    the symbol, library or file that it is about, `why` what else was said of it; `places` are where it is referred to, or defined."""

    kind: str
    subject: str
    why: str = ""
    places: list[Place] = []


def _rules(*pairs: tuple[str, str]) -> Rules:
    return tuple((kind, re.compile(pattern)) for kind, pattern in pairs)


_DAMAGE = "section|invalid|truncated|could not|unsupported|corrupt|malformed|unexpected|file too short|file truncated"
_LLD = _rules(
    ("entry", r"^<root>: undefined symbol: (?P<s>.*)$"),
    ("undefined", r"^(?:(?P<p>.*?): )?undefined symbol: (?P<s>.*)$"),
    ("duplicate", r"^duplicate symbol: (?P<p>\S+\.o): (?P<q>\S+\.o): (?P<s>.*)$"),
    ("duplicate", r"^duplicate symbol: (?P<s>.*)$"),
    ("library", r"^(?:unable to find library -l|library not found for -l|library not found: )(?P<s>.*)$"),
    ("framework", r"^framework not found for -framework (?P<s>.*)$"),
    ("library", r"^could not open '(?P<s>[^']*)\.lib': (?P<w>.*)$"),
    ("output", r"^(?:cannot open output file|failed to open) (?P<s>.*): (?P<w>.*?)$"),
    ("missing", r"^could not open '(?P<s>.*)': (?P<w>.*)$"),
    ("missing", r"^cannot open (?P<s>.*): (?P<w>No such file or directory|Permission denied|Is a directory)$"),
    ("machine", r"^(?P<s>.*) (?P<w>has architecture \S+ which is incompatible with target architecture \S+)$"),
    ("machine", r"^(?P<s>.*) is incompatible with (?P<w>.*)$"),
    ("machine", r"^(?P<s>.*): (?P<w>machine type \S+ conflicts with \S+)$"),
    ("entry", r"^(?:cannot find entry symbol|entry symbol not defined.*:) (?P<s>[^;]*).*$"),
    ("damaged", r"^(?P<s>.*?)(?::\d+)?: (?P<w>unknown file type|unhandled file type|unknown directive.*)$"),
    ("damaged", r"^unknown file type: (?P<s>.*)$"),
    ("damaged", r"^Could not parse (?P<s>.*)$"),
    ("damaged", rf"^(?P<s>\S.*\.(?:o|obj|a|so|lib)): (?P<w>(?:{_DAMAGE}).*)$"),
)
_LLD_LINE = re.compile(r"^(?:[^\s:]*/)?(?:ld\.lld|lld-link|ld64\.lld|wasm-ld|lld|zig|mold|ld)(?:-\d+)?: (?:error|fatal|(warning)): (.*)$")

_BFD = _rules(
    ("undefined", r"^(?P<p>.*): undefined reference to [`'](?P<s>.*)'$"),
    ("duplicate", r"^(?P<p>.*): multiple definition of [`'](?P<s>.*)'; (?P<q>.*): first defined here$"),
    ("library", r"^cannot find -l(?P<s>:?[^:]*)(?:: .*)?$"),
    ("missing", r"^cannot find (?P<s>.*): (?P<w>No such file or directory)$"),
    ("output", r"^cannot open output file (?P<s>.*): (?P<w>.*)$"),
    ("machine", r"^\S+ architecture of input file [`'](?P<s>.*)' (?P<w>is incompatible.*)$"),
    ("machine", r"^(?P<s>.*): (?P<w>Relocations in generic ELF \(EM: \d+\))$"),
    ("machine", r"^(?P<s>.*): (?P<w>error adding symbols: file in wrong format)$"),
    ("damaged", r"^(?P<s>.*?): (?:file not recognized: )?(?P<w>file format not recognized)(?:; .*)?$"),
    ("damaged", r"^(?:error: )?(?P<s>.*): (?P<w>error adding symbols: .*|syntax error|file too short|file truncated)$"),
    ("entry", r"^warning: cannot find entry symbol (?P<s>[^;]*);.*$"),
)
_BFD_PREFIX = re.compile(r"^(?:[^\s:]*/)?(?:[\w-]+-)?ld(?:\.bfd)?: ?")
_BFD_IN = re.compile(r"^(?P<p>.*): in function [`'](?P<f>.*)':$")

_CC = _rules(("missing", r"^(?P<s>.*): (?P<w>No such file or directory)$"))
_CC_LINE = re.compile(r"^(?:\S*gcc|\S*cc|\S*clang)(?:-\d+)?: (?:fatal )?error: (.*)$")

_GOLD = _rules(
    ("undefined", r"^(?P<p>.*): error: undefined reference to '(?P<s>.*)'$"),
    ("duplicate", r"^error: (?P<p>.*): multiple definition of '(?P<s>.*)'$"),
    ("library", r"^error: cannot find (?:-l(?P<t>.*)|(?P<s>lib[^/]*))$"),
    ("missing", r"^error: cannot open (?P<s>.*): (?P<w>.*)$"),
    ("output", r"^fatal error: (?P<s>.*): open: (?P<w>.*)$"),
    ("machine", r"^(?:fatal )?error: (?P<s>.*): (?P<w>unsupported ELF machine number \d+|incompatible target.*)$"),
    ("damaged", r"^(?:fatal )?error: (?P<s>.*?): (?P<w>not an object or archive|file is empty|unsupported ELF .*)$"),
    ("damaged", r"^error: (?P<s>.*?):\d+:\d+: (?P<w>invalid character|syntax error).*$"),
    ("entry", r"^warning: cannot find entry symbol '?(?P<s>[^']*)'?$"),
    ("other", r"^(?:fatal )?error: (?P<s>.*)$"),
    ("other", r"^(?P<s>.*: unknown option)$"),
)
_GOLD_PREFIX = re.compile(r"^(?:[^\s:]*/)?(?:[\w-]+-)?ld(?:\.gold)?: ")

_NO_FILE = "no such file or directory"
_ZIG = _rules(
    ("undefined", r"^undefined symbol: (?P<s>.*)$"),
    ("duplicate", r"^duplicate symbol definition: (?P<s>.*)$"),
    ("library", r"^unable to find (?:dynamic |static )?(?:system )?library ['\"](?P<s>[^'\"]*)['\"].*$"),
    ("framework", r"^unable to find (?:system )?framework ['\"](?P<s>[^'\"]*)['\"].*$"),
    ("output", r"^failed to open (?P<s>output binary): (?P<w>\w+)$"),
    ("missing", r"^(?:failed to open \w+ |unable to open ['\"]?)(?P<s>.*?)['\"]?: (?P<w>\w+)$"),
    ("missing", r"^(?P<s>.*): (?P<w>file not found)$"),
    ("machine", r"^(?P<w>invalid cpu architecture: .*)$"),
    ("damaged", r"^(?P<w>failed to parse TBD file: .*|unexpected error: parsing input file failed.*|unknown file type.*)$"),
    ("damaged", r"^(?:unrecognized file extension of parameter|unable to parse) ['\"](?P<s>.*)['\"].*$"),
)
_ZIG_WHERE = re.compile(r"^referenced by (?P<o>.*?\.(?:o|obj|a\([^()]*\)|dylib)):(?P<s>.*)$")
_ZIG_REASONS = {"FileNotFound": _NO_FILE, "file not found": _NO_FILE, "AccessDenied": "permission denied", "IsDir": "is a directory"}


def complaints(text: str, dialect: str) -> list[Complaint]:
    """In order, one for each thing that is wrong. A C compiler says what the linker that it ran said; its words show which that was."""
    lines = text.splitlines()
    if dialect == "bfd":
        return _of_bfd(lines)
    if dialect == "gold":
        return _of_gold(lines)
    if dialect == "zig":
        return _of_zig(lines)
    if dialect == "cc":
        if any(_LLD_LINE.match(line) for line in lines):
            return _of_lld(lines)
        found = _of_bfd(lines)
        found += [_first(_CC, match.group(1)) for match in map(_CC_LINE.match, lines) if match]
        return found or _of_gold(lines)
    return _of_lld(lines)


def _of_lld(lines: list[str]) -> list[Complaint]:
    """`TOOL: error: MESSAGE`, then lines `>>> ...` that say where; a blank line ends the group."""
    found: list[Complaint] = []
    for line in lines:
        match = _LLD_LINE.match(line)
        if match:
            made = _first(_LLD, match.group(2))
            # A warning counts when it is one of those that spoil the image; all others are shown with the command only.
            if not match.group(1) or made.kind == "entry":
                found.append(made)
        elif line.startswith(">>>") and found:
            _add_place(found[-1], line[3:].strip())
    return found


def _add_place(complaint: Complaint, detail: str) -> None:
    if detail == "referenced by the entry point":
        complaint.kind = "entry"
        return
    begins = next((start for start in ("referenced by ", "defined at ", "defined in ") if detail.startswith(start)), "")
    place = Place(detail[11:]) if begins == "defined in " else _lld_place(detail[len(begins) :])
    if place is None or (not begins and not place.file):
        return
    last = complaint.places[-1] if complaint.places else None
    if not begins and last is not None and last.source and not last.file:
        # The source's line comes first, the object's below it.
        complaint.places[-1] = Place(place.file, place.symbol, last.source)
    else:
        complaint.places.append(place)


def _lld_place(text: str) -> Place | None:
    """`OBJECT:(.text.symbol+0x4)`, `OBJECT`, `NAME:7 (/a/NAME:7)` or `NAME`. None for what is no place."""
    file, mark, inside = text.partition(":(")
    if mark and inside.endswith(")"):
        return Place(file, _inside(inside[:-1]))
    if text.startswith(("<", "-")):
        return None
    if re.search(r"\.(?:o|obj|so|dylib|tbd|lib|a(?:\([^()]*\))?)$", text):
        return Place(text)
    full = re.match(r"^\S.* \((.*:\d+)\)$", text)
    return Place(source=full.group(1) if full else text)


def _inside(text: str) -> str:
    """The symbol out of `.text.symbol+0x4`, `function symbol`, `symbol symbol+0x4`."""
    text = text.removeprefix("function ").removeprefix("symbol ")
    text = re.sub(r"\+0x[0-9a-f]+$", "", text)
    return "" if text == ".text" else text.removeprefix(".text.")


def _of_bfd(lines: list[str]) -> list[Complaint]:
    """`ld: MESSAGE`; before a reference stands a line with the function it is in. The program's name is left out now and then."""
    found: list[Complaint] = []
    file = function = ""
    for line in lines:
        line = _BFD_PREFIX.sub("", line)
        inside = _BFD_IN.match(line)
        if inside:
            file, function = inside.group("p"), inside.group("f")
            continue
        made = _first(_BFD, line)
        if made.kind == "other":
            if line.startswith(("collect2:", "warning:", "NOTE:", "cc:", "gcc:", "clang:", "use the --help")) or ": warning: " in line:
                continue
            made.subject = line
        elif made.kind == "undefined":
            made.places = [_bfd_place(place.file, file, function) for place in made.places]
        elif made.kind == "duplicate":
            here = [file if number == 0 else "" for number in range(len(made.places))]
            made.places = [_bfd_place(place.file, known, "") for place, known in zip(made.places, here)]
        found.append(made)
    damaged = {made.subject for made in found if made.kind in ("machine", "damaged")}
    seen: list[Complaint] = []
    for made in found:
        if made.kind == "damaged" and re.sub(r":\d+$", "", made.subject) in damaged and made.why == "syntax error":
            continue
        seen.append(made)
    return seen


_SECTION = re.compile(r":?\(\..*\+0x[0-9a-f]+\)$")
"""A place in an object, as GNU's linkers write it: the name of a section may hold any character."""


def _bfd_place(text: str, file: str, function: str) -> Place:
    """`x.vit:7`, `/a/x.vit:(.text+0x2)` or `b.o:x.vit:(.text+0x0)`; `file` and `function` as an earlier line said them."""
    plain = _SECTION.sub("", text)
    first, mark, rest = plain.partition(":")
    if mark and not rest.isdigit():
        return Place(first, function, rest)
    return Place(plain, function) if re.search(r"\.(?:o|obj|a)$", plain) else Place(file, function, plain)


def _of_gold(lines: list[str]) -> list[Complaint]:
    """`ld.gold: error: MESSAGE`, or `OBJECT:SOURCE:function F: error: MESSAGE`."""
    found: list[Complaint] = []
    for line in lines:
        plain = _GOLD_PREFIX.sub("", line)
        before = re.match(r"^(?P<p>.*): previous definition here$", plain)
        if before and found:
            found[-1].places.append(Place(before.group("p")))
            continue
        if "error: " not in plain and not plain.endswith(": unknown option") and "cannot find entry symbol" not in plain:
            continue
        if plain.endswith("treating warnings as errors"):
            continue
        made = _first(_GOLD, plain)
        if made.kind == "undefined" and made.places:
            file, _, rest = made.places[0].file.partition(":")
            if rest.isdigit():
                made.places = [Place(source=made.places[0].file)]
                found.append(made)
                continue
            source, mark, function = rest.partition(":function ")
            made.places = [Place(file, function if mark else "", _SECTION.sub("", source))]
        found.append(made)
    return found


def _of_zig(lines: list[str]) -> list[Complaint]:
    """`error: MESSAGE`, then indented lines `note: ...` that say where."""
    found: list[Complaint] = []
    for line in lines:
        if line.startswith("error: "):
            found.append(_first(_ZIG, line[7:]))
            found[-1].why = _ZIG_REASONS.get(found[-1].why, found[-1].why)
            continue
        detail = line.strip().removeprefix("note: ")
        if not found or detail == line:
            continue
        last = found[-1]
        where = _ZIG_WHERE.match(detail)
        if detail == "referenced with linker flag -e":
            last.kind = "entry"
        elif where:
            last.places.append(Place(where.group("o"), where.group("s")))
        elif detail.startswith("defined by "):
            last.places.append(Place(detail[11:]))
        elif detail.startswith("while parsing "):
            last.subject = detail[14:] if last.kind != "other" else f"{last.subject}: {detail[14:]}"
    return found


def _first(rules: Rules, message: str) -> Complaint:
    for kind, pattern in rules:
        match = pattern.match(message)
        if match:
            groups = match.groupdict()
            places = [Place(place) for place in (groups.get("p"), groups.get("q")) if place]
            return Complaint(kind, (groups.get("s") or groups.get("t") or "").strip(), groups.get("w") or "", places)
    return Complaint("other", message)


def base_name(place: str) -> str:
    """Folders of caches mean nothing to people: the last part of an object's path only."""
    return os.path.basename(place) if "/" in place and re.search(r"\.(o|obj|tmp)\b", place) else place
