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
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.harness.programs import directives, orphans, programs, title

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
ENGINES = {"O0": ["-O0", "-Z", "verify"], "O3": ["-O3"], "interp": ["--engine", "interp"]}
KEYS = ("args", "stdin", "stdin-file", "status", "stderr", "env", "flags", "engines", "test", "leaks")
CASES = [
    (path, root, engine)
    for root in (HERE, EXAMPLES)
    for path in programs(root)
    for engine in (directives(path, KEYS).get("engines") or "O0 O3 interp").split()
]
IDS = [f"{'examples/' * (root is EXAMPLES)}{title(path, root)}-{engine}" for path, root, engine in CASES]


@pytest.mark.parametrize(("path", "root", "engine"), CASES, ids=IDS)
def test_program(path: Path, root: Path, engine: str, bless: bool) -> None:
    said = directives(path, KEYS)
    stdin = said.get("stdin").encode().decode("unicode_escape").encode("latin-1")
    if said.get("stdin-file"):
        stdin = (path.parent / said.get("stdin-file")).read_bytes()
    command = "test" if said.get("test") else "run"
    words = [command, str(path.relative_to(root)), *ENGINES[engine], *shlex.split(said.get("flags")), "--", *shlex.split(said.get("args"))]
    ran = vitte(*words, cwd=root, stdin=stdin, env=dict(pair.split("=", 1) for pair in said.all("env")))
    expected = path.with_suffix(".stdout")
    status = int(said.get("status", "0"))
    assert ran.status == status, f"status {ran.status}, expected {status}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    if bless and engine == "O0":
        if ran.stdout:
            expected.write_bytes(ran.stdout)
        else:
            expected.unlink(missing_ok=True)
    wanted = expected.read_bytes().decode() if expected.exists() else ""
    assert ran.out == wanted, f"--- stderr\n{ran.err}"
    for part in said.all("stderr"):
        assert part in ran.err
    if not said.all("stderr"):
        assert ran.err == ""


def test_every_expected_output_has_a_program() -> None:
    assert orphans(HERE, ".stdout") + orphans(EXAMPLES, ".stdout") == []
