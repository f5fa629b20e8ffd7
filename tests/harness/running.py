"""Running a program that is a test, and comparing what it did with what is written beside it. See `tests/run/test_run.py`."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.harness.forked import vitte
from tests.harness.programs import Directives, directives

KEYS = ("args", "stdin", "stdin-file", "status", "stderr", "env", "flags", "engines", "test", "leaks", "needs")


def said_of(path: Path) -> Directives:
    return directives(path, KEYS)


def check(path: Path, root: Path, options: list[str], bless: bool = False, timeout: float = 120.0) -> None:
    said = said_of(path)
    stdin = said.get("stdin").encode().decode("unicode_escape").encode("latin-1")
    if said.get("stdin-file"):
        stdin = (path.parent / said.get("stdin-file")).read_bytes()
    command = "test" if said.get("test") else "run"
    words = [command, str(path.relative_to(root)), *options, *shlex.split(said.get("flags")), "--", *shlex.split(said.get("args"))]
    ran = vitte(*words, cwd=root, stdin=stdin, env=dict(pair.split("=", 1) for pair in said.all("env")), timeout=timeout)
    expected = path.with_suffix(".stdout")
    status = int(said.get("status", "0"))
    assert ran.status == status, f"status {ran.status}, expected {status}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    if bless:
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
