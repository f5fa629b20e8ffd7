"""Internal errors: a short apology with the place, and a file with what is needed to reproduce it."""

from __future__ import annotations

import os
import sys
import traceback

from vitte import __version__
from vitte.driver.error import StageCrash


def report(error: BaseException, arguments: list[str]) -> str:
    """Write the report file; the text to show."""
    if isinstance(error, StageCrash):
        place = f"in stage {error.stage}, module `{error.unit}`" + (f", procedure `{error.proc}`" if error.proc else "")
        trace = error.trace
    else:
        place = "in the driver"
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-40))
    path = _write(place, trace, arguments)
    out = [f"error: internal error {place}", "  = note: this is a bug in Vitte, not in your program; sorry"]
    if path:
        out.append(f"  = note: a report that helps to reproduce it is in {path}")
    text = "\n".join(out) + "\n"
    return text + trace if os.environ.get("VITTE_BACKTRACE", "0") not in ("", "0") or not path else text


def _write(place: str, trace: str, arguments: list[str]) -> str:
    import tempfile

    try:
        fd, path = tempfile.mkstemp(prefix="vitte-report-", suffix=".txt")
        with open(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"vitte {__version__}\npython {sys.version}\nplatform {sys.platform}\n")
            file.write(f"folder {os.getcwd()}\narguments {arguments!r}\nplace {place}\n\n{trace}\n")
            for word in arguments:
                if word.endswith((".vit", ".vitl")) and os.path.isfile(word) and os.path.getsize(word) < 1 << 20:
                    with open(word, encoding="utf-8", errors="replace") as source:
                        file.write(f"\n--- {word}\n{source.read()}")
        return path
    except OSError:
        return ""
