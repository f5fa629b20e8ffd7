"""`vitte cache ACTION`: look after what is kept between builds.

Without folders an action is about the cache of single files and the library, and that of the package one stands in.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from vitte.cli.parser import Args, Usage
from vitte.cli.settings import cache_of
from vitte.driver.api import Implementation, load
from vitte.driver.options import IMPLEMENTATION
from vitte.driver.upkeep import CacheReport

OF_UNITS = ("key", "explain", "diff", "verify")
"""What needs a build, in `cache_units`."""
ACTIONS = ("dir", "stats", *OF_UNITS, "fsck", "gc", "merge", "clear")


def run(args: Args) -> int:
    action, *named = args.positionals or [""]
    if action not in ACTIONS:
        from vitte.base.suggest import closest

        near = closest(action, ACTIONS) if action else None
        choice = f"{', '.join(f'`{name}`' for name in ACTIONS[:-1])} or `{ACTIONS[-1]}`"
        raise Usage(f"`vitte cache` needs {choice}", (f"did you mean `{near}`?",) if near else ())
    if action in OF_UNITS:
        from vitte.cli.commands import cache_units

        return cache_units.run(args)
    implementation = load(IMPLEMENTATION)
    if action == "dir":
        if named:
            raise Usage(f"`{named[0]}`: `vitte cache dir` takes no argument")
        sys.stdout.write(_shown(_user_folder(args, implementation)) + "\n")
        return 0
    if action == "merge":
        if not named:
            raise Usage("`vitte cache merge` needs the folders to merge from", ("`--into DIR` says where to",))
        into = args.get("into") or _standard_folders(args, implementation)[-1]
        return _report(args, [implementation.cache_impl(action, into, named, -1)])
    folders = named or _standard_folders(args, implementation)
    return _report(args, [implementation.cache_impl(action, folder, [], _size(args)) for folder in folders])


def _user_folder(args: Args, implementation: Implementation) -> str:
    folder = cache_of(args)[1] or implementation.default_cache()
    if not folder:
        raise Usage("there is no folder for a cache here", ("VITTE_CACHE names one", "XDG_CACHE_HOME or HOME would give one"))
    return folder


def _standard_folders(args: Args, implementation: Implementation) -> list[str]:
    """The user's cache, then the package's where there is a package."""
    target = args.get("target_dir") or os.environ.get("VITTE_TARGET_DIR", "")
    if not target:
        at = os.getcwd()
        while not os.path.isfile(os.path.join(at, "vitte.toml")) and os.path.dirname(at) != at:
            at = os.path.dirname(at)
        if os.path.isfile(os.path.join(at, "vitte.toml")):
            target = os.path.join(at, "target")
    return [_user_folder(args, implementation), *([os.path.join(target, "incremental")] if target else [])]


def _size(args: Args) -> int:
    """`--size` in bytes, -1 for the usual budget."""
    text = args.get("size") or os.environ.get("VITTE_CACHE_SIZE", "")
    if not text:
        return -1
    digits, shift = text, 0
    for letter, bits in (("K", 10), ("M", 20), ("G", 30)):
        if text[-1:].upper() == letter:
            digits, shift = text[:-1], bits
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise Usage(f"`{text}` is no size", ("a number of bytes, or of K, M or G: `500M`",))
    return int(digits) << shift


def _report(args: Args, reports: list[CacheReport]) -> int:
    """1 when something was wrong, 0 otherwise."""
    if args.get("format", "human") == "json":
        from msgspec.json import encode
        from msgspec.structs import asdict

        text = "".join(encode({"type": "cache", **_printable(asdict(report))}).decode() + "\n" for report in reports)
    else:
        text = "".join(_human(report, args.has("quiet")) for report in reports)
    sys.stdout.write(text)
    return 1 if any(report.problems for report in reports) else 0


def _human(report: CacheReport, quiet: bool) -> str:
    folder = _shown(report.folder)
    out = [f"{folder}: {_shown(problem)}\n" for problem in report.problems]
    if not quiet:
        out += [f"{folder}: note: {_shown(note)}\n" for note in report.notes]
        out.append(f"{folder}: {_summary(report)}\n")
    return "".join(out)


def _summary(report: CacheReport) -> str:
    get = report.values.get
    if report.action == "clear":
        return f"{_count(get('files', 0), 'file')} removed, {_bytes(get('bytes', 0))}"
    if not report.values:
        return "there is no cache" if not report.problems else "nothing was done"
    if report.action == "stats":
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in report.kinds.items())
        return (
            f"{_count(get('entries', 0), 'entry', 'entries')}{f' ({kinds})' if kinds else ''}, {_count(get('artifacts', 0), 'artifact')} "
            f"of {_bytes(get('bytes', 0))}, index of {_bytes(get('index_bytes', 0))}, {_count(get('journals', 0), 'journal')}"
        )
    if report.action == "fsck":
        found = "no problems" if not report.problems else _count(len(report.problems), "problem")
        return f"{_count(get('entries', 0), 'entry', 'entries')} and {_count(get('artifacts', 0), 'artifact')} are whole, {found}"
    if report.action == "gc":
        gone = f"{_count(get('artifacts', 0), 'artifact')} of {_bytes(get('bytes', 0))} and {_count(get('entries', 0), 'entry', 'entries')}"
        return f"{gone} removed; left: {_count(get('artifacts_left', 0), 'artifact')} of {_bytes(get('bytes_left', 0))}"
    new = f"{_count(get('entries', 0), 'new entry', 'new entries')}, {_count(get('artifacts', 0), 'new artifact')}"
    return f"{new} of {_bytes(get('bytes', 0))}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _bytes(number: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} B"


def _printable(value: Any) -> Any:
    """A copy of plain data in which every text can be written as UTF-8."""
    if isinstance(value, str):
        return _shown(value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _shown(text: str) -> str:
    """A name of a file may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
