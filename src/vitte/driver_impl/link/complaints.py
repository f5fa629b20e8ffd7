"""What linkers say, taken apart: LLD's four drivers and mold, GNU ld, gold. Pure functions from text to complaints."""

from __future__ import annotations

import os
import re

from msgspec import Struct

Rules = tuple[tuple[str, re.Pattern[str]], ...]


class Complaint(Struct):
    """`kind`: `undefined`, `duplicate`, `library`, `missing`, `machine`, `damaged`, `entry`, `output`, `other`. `subject` is the symbol,
    library or file that it is about, `why` what else was said of it; `places` are files, source lines and symbols that are concerned."""

    kind: str
    subject: str
    why: str = ""
    places: list[str] = []


def _rules(*pairs: tuple[str, str]) -> Rules:
    return tuple((kind, re.compile(pattern)) for kind, pattern in pairs)


_LLD = _rules(
    ("entry", r"^<root>: undefined symbol: (?P<s>.*)$"),
    ("undefined", r"^(?:(?P<p>.*?): )?undefined symbol: (?P<s>.*)$"),
    ("duplicate", r"^duplicate symbol: (?P<p>\S+\.o): (?P<q>\S+\.o): (?P<s>.*)$"),
    ("duplicate", r"^duplicate symbol: (?P<s>.*)$"),
    ("library", r"^(?:unable to find library -l|library not found for -l|library not found: )(?P<s>.*)$"),
    ("library", r"^could not open '(?P<s>[^']*)\.lib': (?P<w>.*)$"),
    ("output", r"^(?:cannot open output file|failed to open) (?P<s>.*): (?P<w>.*?)$"),
    ("missing", r"^could not open '(?P<s>.*)': (?P<w>.*)$"),
    ("missing", r"^cannot open (?P<s>.*): (?P<w>No such file or directory|Permission denied|Is a directory)$"),
    ("machine", r"^(?P<s>.*) is incompatible with (?P<w>.*)$"),
    ("machine", r"^(?P<s>.*): (?P<w>machine type \S+ conflicts with \S+)$"),
    ("machine", r"^(?P<s>.*) (?P<w>has architecture \S+ which is incompatible with target architecture \S+)$"),
    ("entry", r"^(?:cannot find entry symbol|entry symbol not defined.*:) (?P<s>[^;]*).*$"),
    ("damaged", r"^(?P<s>.*?)(?::\d+)?: (?P<w>unknown file type|unhandled file type|unknown directive.*)$"),
    ("damaged", r"^unknown file type: (?P<s>.*)$"),
    ("damaged", r"^Could not parse (?P<s>.*)$"),
    ("damaged", r"^(?P<s>\S.*\.(?:o|obj|a|so|lib)): (?P<w>(?:section header|invalid|truncated|could not|unsupported|corrupt).*)$"),
)
_LLD_LINE = re.compile(r"^(?:[^\s:]*/)?(?:ld\.lld|lld-link|ld64\.lld|wasm-ld|lld|zig|mold|ld)(?:-\d+)?: (?:error|fatal|(warning)): (.*)$")

_BFD = _rules(
    ("undefined", r"^(?P<p>.*): undefined reference to [`'](?P<s>.*)'$"),
    ("duplicate", r"^(?P<p>.*): multiple definition of [`'](?P<s>.*)'; (?P<q>.*): first defined here$"),
    ("library", r"^cannot find -l(?P<s>[^:]*)(?:: .*)?$"),
    ("missing", r"^cannot find (?P<s>.*): (?P<w>No such file or directory)$"),
    ("output", r"^cannot open output file (?P<s>.*): (?P<w>.*)$"),
    ("machine", r"^\S+ architecture of input file [`'](?P<s>.*)' (?P<w>is incompatible.*)$"),
    ("machine", r"^(?P<s>.*): (?P<w>Relocations in generic ELF \(EM: \d+\))$"),
    ("machine", r"^(?P<s>.*): (?P<w>error adding symbols: file in wrong format)$"),
    ("damaged", r"^(?P<s>.*?): (?:file not recognized: )?(?P<w>file format not recognized)(?:; .*)?$"),
    ("damaged", r"^(?P<s>.*): (?P<w>error adding symbols: .*|syntax error|file too short|file truncated)$"),
    ("entry", r"^warning: cannot find entry symbol (?P<s>[^;]*);.*$"),
)
_BFD_PREFIX = re.compile(r"^(?:[^\s:]*/)?(?:[\w-]+-)?ld(?:\.bfd)?: ?")
_BFD_IN = re.compile(r"^(?P<p>.*): in function [`'](?P<f>.*)':$")

_CC = _rules(("missing", r"^(?P<s>.*): (?P<w>No such file or directory)$"))
_CC_LINE = re.compile(r"^(?:\S*gcc|\S*cc|\S*clang)(?:-\d+)?: (?:fatal )?error: (.*)$")

_GOLD = _rules(
    ("undefined", r"^(?P<p>.*): error: undefined reference to '(?P<s>.*)'$"),
    ("duplicate", r"^error: (?P<p>.*): multiple definition of '(?P<s>.*)'$"),
    ("library", r"^error: cannot find -l(?P<s>.*)$"),
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


def complaints(text: str, dialect: str) -> list[Complaint]:
    """In order, one for each thing that is wrong. A C compiler says what the linker that it ran said; its words show which that was."""
    lines = text.splitlines()
    if dialect == "bfd":
        return _of_bfd(lines)
    if dialect == "gold":
        return _of_gold(lines)
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
            found[-1].places += _lld_place(line[3:].strip(), found[-1].kind)
    return found


def _lld_place(detail: str, kind: str) -> list[str]:
    for start in ("referenced by ", "defined at ", "defined in "):
        if detail.startswith(start):
            place = detail[len(start) :].partition(" (")[0].strip()
            if place.endswith(")") and ":(" in place:
                return _symbol_of(place) if kind == "undefined" else [place.partition(":(")[0]]
            return [] if place.startswith("<") else [place]
    if detail.endswith(")") and ":(" in detail:
        return _symbol_of(detail) if kind == "undefined" else []
    return []


def _symbol_of(place: str) -> list[str]:
    """The symbol out of `OBJECT:(.text.symbol+0x4)`."""
    inside = place[place.rindex(":(") + 2 : -1].removeprefix("function ").removeprefix("symbol ")
    inside = re.sub(r"\+0x[0-9a-f]+$", "", inside)
    return [f"`{inside.removeprefix('.text.')}`"] if inside != ".text" else []


def _of_bfd(lines: list[str]) -> list[Complaint]:
    """`ld: MESSAGE`; before a reference stands a line with the function it is in. The program's name is left out now and then."""
    found: list[Complaint] = []
    function = ""
    for line in lines:
        line = _BFD_PREFIX.sub("", line)
        inside = _BFD_IN.match(line)
        if inside:
            function = inside.group("f")
            continue
        made = _first(_BFD, line)
        if made.kind == "other":
            if line.startswith(("collect2:", "warning:", "NOTE:", "cc:", "gcc:", "clang:", "use the --help")) or ": warning: " in line:
                continue
            made.subject = line
        elif made.kind == "undefined":
            made.places = ([f"`{function}`"] if function else []) + _source(made.places)
        elif made.kind == "duplicate":
            made.places = _source(made.places)
        found.append(made)
    damaged = {made.subject for made in found if made.kind in ("machine", "damaged")}
    seen: list[Complaint] = []
    for made in found:
        if made.kind == "damaged" and re.sub(r":\d+$", "", made.subject) in damaged and made.why == "syntax error":
            continue
        seen.append(made)
    return seen


def _of_gold(lines: list[str]) -> list[Complaint]:
    """`ld.gold: error: MESSAGE`, or `OBJECT:SOURCE:function F: error: MESSAGE`."""
    found: list[Complaint] = []
    for line in lines:
        plain = _GOLD_PREFIX.sub("", line)
        before = re.match(r"^(?P<p>.*): previous definition here$", plain)
        if before and found:
            found[-1].places.append(before.group("p"))
            continue
        if "error: " not in plain and not plain.endswith(": unknown option") and "cannot find entry symbol" not in plain:
            continue
        if plain.endswith("treating warnings as errors"):
            continue
        made = _first(_GOLD, plain)
        if made.kind == "undefined" and made.places:
            parts = made.places[0].split(":")
            inside = next((f"`{part.removeprefix('function ')}`" for part in [":".join(parts[2:])] if part.startswith("function ")), "")
            made.places = ([inside] if inside else []) + _source(parts[1:2])
        found.append(made)
    return found


def _source(places: list[str]) -> list[str]:
    """`x.vit:7` out of `x.vit:7`, `/a/x.vit:(.text+0x2)` or `b.o:x.vit:(.text+0x0)`: without offsets in sections."""
    plain = [re.sub(r":?\([^()]*\+0x[0-9a-f]+\)$", "", place).rpartition(".o:")[2] for place in places]
    return [place for place in plain if place]


def _first(rules: Rules, message: str) -> Complaint:
    for kind, pattern in rules:
        match = pattern.match(message)
        if match:
            groups = match.groupdict()
            places = [place for place in (groups.get("p"), groups.get("q")) if place]
            return Complaint(kind, groups["s"].strip(), groups.get("w") or "", places)
    return Complaint("other", message)


def base_name(place: str) -> str:
    """Folders of caches mean nothing to people: the last part of an object's path only."""
    return os.path.basename(place) if "/" in place and re.search(r"\.(o|obj|tmp)\b", place) else place
