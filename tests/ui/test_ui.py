"""Every wrong program here gives exactly its diagnostics; known-good programs stay silent.

Beside `NAME.vit` stands `NAME.stderr` with the rendered diagnostics; without one there must be none. In the program
each is marked by its code: `//~ V0123` on the line of the primary label, `//~^ V0123` one line below it. Directives:

    //@ flags: OPTIONS   more options for `vitte check`
    //@ mode: build      build instead of check, for what only later stages find
    //@ no-marks: WHY    the diagnostics have no place in this file
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.programs import directives, marks, orphans, programs, title

HERE = Path(__file__).parent
KEYS = ("flags", "mode", "no-marks")
CASES = programs(HERE)


@pytest.mark.parametrize("path", CASES, ids=[title(path, HERE) for path in CASES])
def test_diagnostics(path: Path, bless: bool) -> None:
    said = directives(path, KEYS)
    shown = path.relative_to(HERE)
    command = ["build", "--emit=obj=/dev/null"] if said.get("mode") == "build" else ["check"]
    ran = vitte(*command, str(shown), "--message-format", "json", *shlex.split(said.get("flags")), cwd=HERE)
    assert ran.status in (0, 1), f"status {ran.status}\n{ran.err}\n{ran.out}"
    assert ran.err == ""
    found = [message for message in map(json.loads, ran.out.splitlines()) if message["$message_type"] == "diagnostic"]
    text = "".join(message["rendered"] + "\n" for message in found)
    expected = path.with_suffix(".stderr")
    if bless:
        if text:
            expected.write_text(text)
        else:
            expected.unlink(missing_ok=True)
    assert text == (expected.read_text() if expected.exists() else "")
    assert (ran.status == 1) == any(message["level"] == "error" for message in found)
    if not said.get("no-marks"):
        places = []
        for message in found:
            for span in message["spans"]:
                if span["is_primary"]:
                    here = Path(span["file_name"]) == shown
                    places.append((span["line_start"] if here else 0, message["code"]["code"]))
        inside = [place for place in places if place[0]]
        assert sorted(inside) == marks(path), "the marks `//~` do not agree with the diagnostics"


def test_every_expected_output_has_a_program() -> None:
    assert orphans(HERE, ".stderr") == []
