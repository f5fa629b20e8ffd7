"""Every program here and in `examples/`, at -O0, at -O3 and in the interpreter: the same standard output and status, as written beside it.

Beside `NAME.vit` (or `main.vit` of a folder) stands `NAME.stdout`; without one the program prints nothing. Directives:

    //@ args: WORDS            arguments, split as a shell would
    //@ stdin: TEXT            standard input, with \\n and \\t as in Vitte
    //@ stdin-file: NAME       standard input from a file beside the program
    //@ status: N              exit status, 0 when not said
    //@ stderr: TEXT           must be part of standard error (may be said several times); else it must be empty
    //@ env: K=V               an environment variable
    //@ flags: OPTIONS         more options for `vitte run`
    //@ engines: O0 O3 interp  only these, for what an engine cannot do: say why in a comment
    //@ leaks: WHY             it leaves memory on purpose (see test_memory.py)
    //@ test: yes              run with `vitte test` instead
    //@ needs: THINGS          what a target may be without, see tests/targets: libc
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.programs import orphans, programs, title
from tests.harness.running import check, said_of

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
ENGINES = {"O0": ["-O0", "-Z", "verify"], "O3": ["-O3"], "interp": ["--engine", "interp"]}
CASES = [
    (path, root, engine)
    for root in (HERE, EXAMPLES)
    for path in programs(root)
    for engine in (said_of(path).get("engines") or "O0 O3 interp").split()
]
IDS = [f"{'examples/' * (root is EXAMPLES)}{title(path, root)}-{engine}" for path, root, engine in CASES]


@pytest.mark.parametrize(("path", "root", "engine"), CASES, ids=IDS)
def test_program(path: Path, root: Path, engine: str, bless: bool) -> None:
    check(path, root, ENGINES[engine], bless and engine == "O0")


def test_every_expected_output_has_a_program() -> None:
    assert orphans(HERE, ".stdout") + orphans(EXAMPLES, ".stdout") == []
