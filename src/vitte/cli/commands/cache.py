"""`vitte cache dir|clear`."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage
from vitte.cli.settings import cache_of


def run(args: Args) -> int:
    what = args.positionals
    if what not in (["dir"], ["clear"]):
        from vitte.base.suggest import closest

        near = closest(what[0], ("dir", "clear")) if what else None
        raise Usage("`vitte cache` needs `dir` or `clear`", (f"did you mean `{near}`?",) if near else ())
    _, folder = cache_of(args)
    folder = folder or _default()
    if what == ["dir"]:
        sys.stdout.write(folder + "\n")
        return 0
    files, size = _clear(folder)
    if not args.has("quiet"):
        sys.stderr.write(f"Removed {files} files, {size / 1e6:.1f} MB\n")
    return 0


def _default() -> str:
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "vitte")


def _clear(folder: str) -> tuple[int, int]:
    """Delete the store's files (and only what looks like one of them)."""
    files = size = 0
    for base, _, names in os.walk(os.path.join(folder, "v1"), topdown=False):
        for name in names:
            path = os.path.join(base, name)
            try:
                size += os.path.getsize(path)
                os.unlink(path)
                files += 1
            except OSError:
                continue
        try:
            os.rmdir(base)
        except OSError:
            continue
    return files, size
