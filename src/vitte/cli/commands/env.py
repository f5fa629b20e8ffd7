"""`vitte env`: what Vitte uses of the environment, as `NAME=value` lines."""

from __future__ import annotations

import os
import sys

from vitte import __version__
from vitte.cli.parser import Args
from vitte.cli.settings import VARIABLES, cache_of


def run(args: Args) -> int:
    mode, folder = cache_of(args)
    if not folder:
        base = os.environ.get("XDG_CACHE_HOME", "") or os.path.join(os.path.expanduser("~"), ".cache")
        folder = os.path.join(base, "vitte")
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    known = {"VITTE_CACHE": folder if mode == "on" else mode, "VITTE_LANG": "en", "VITTE_JOBS": str(min(os.cpu_count() or 1, 8))}
    known["VITTE_SYSROOTS"] = os.path.join(folder, "sysroots")
    out = [f"VITTE_VERSION={__version__}", f"VITTE_STD={os.path.join(package, 'std')}"]
    out += [f"{name}={os.environ.get(name, '') or known.get(name, '')}" for name in VARIABLES]
    sys.stdout.write("\n".join(out) + "\n")
    return 0
