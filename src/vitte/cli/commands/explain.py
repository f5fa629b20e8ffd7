"""`vitte explain CODE`."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage


def folder() -> str:
    """Where the pages are: inside the installed package, or in the repository beside it."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    installed = os.path.join(package, "docs", "errors")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(os.path.dirname(package)), "docs", "errors")


def codes() -> list[str]:
    try:
        return sorted(name[:-3] for name in os.listdir(folder()) if name.endswith(".md") and name[0] in "VW")
    except OSError:
        return []


def title(code: str) -> str:
    with open(os.path.join(folder(), f"{code}.md"), encoding="utf-8") as file:
        return file.readline().lstrip("# ").rstrip()


def run(args: Args) -> int:
    known = codes()
    if args.has("list"):
        sys.stdout.write("".join(f"{title(code)}\n" for code in known))
        return 0
    if len(args.positionals) != 1:
        raise Usage("`vitte explain` needs one code", ("for example `vitte explain V0412`; `--list` lists them",))
    code = args.positionals[0].upper()
    if code not in known:
        from vitte.base.suggest import closest

        near = closest(code, known)
        raise Usage(
            f"there is no explanation for `{args.positionals[0]}`",
            (f"did you mean `{near}`?" if near else "`vitte explain --list` lists them",),
        )
    with open(os.path.join(folder(), f"{code}.md"), encoding="utf-8") as file:
        sys.stdout.write(file.read())
    return 0
