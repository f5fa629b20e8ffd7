"""The programs here again, with a counting allocator: nothing freed twice, nothing left when `main` returns.

A program that panics or exits by itself runs no destructors: then only wrong frees count. `//@ leaks: WHY` says that a
program leaves memory on purpose.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.harness.allocator import LEAK, WRONG_FREE, counting_object
from tests.harness.forked import vitte
from tests.harness.programs import programs, title
from tests.harness.running import said_of
from tests.run.test_run import HERE

CASES = [
    path for path in programs(HERE) if "O0" in (said_of(path).get("engines") or "O0") and not said_of(path).get("test")
]


@pytest.mark.parametrize("path", CASES, ids=[title(path, HERE) for path in CASES])
def test_no_leak_and_no_double_free(path: Path) -> None:
    said = said_of(path)
    stdin = said.get("stdin").encode().decode("unicode_escape").encode("latin-1")
    if said.get("stdin-file"):
        stdin = (path.parent / said.get("stdin-file")).read_bytes()
    words = ["run", str(path.relative_to(HERE)), "-O0", "--link-arg", counting_object(), *shlex.split(said.get("flags"))]
    ran = vitte(*words, "--", *shlex.split(said.get("args")), cwd=HERE, stdin=stdin, env=dict(p.split("=", 1) for p in said.all("env")))
    status = int(said.get("status", "0"))
    assert ran.status != WRONG_FREE, "a block was freed twice, or was never allocated"
    if status == 0 and not said.get("leaks"):
        assert ran.status != LEAK, "blocks were not freed"
        assert ran.status == 0, ran.err
    wanted = path.with_suffix(".stdout")
    assert ran.out == (wanted.read_text() if wanted.exists() else "")


def test_the_allocator_counts(tmp_path: Path) -> None:
    """It finds what it is there to find."""
    from tests.link.test_link import linked, make
    from vitte.driver.options import DriverOptions

    program = """
declare ptr @malloc(i64)
declare void @free(ptr)
define i32 @main(i32 %argc, ptr %argv) {{
  %p = call ptr @malloc(i64 8)
  {}
  ret i32 0
}}
"""
    for body, status in (("call void @free(ptr %p)", 0), ("", LEAK), ("call void @free(ptr %p) call void @free(ptr %p)", WRONG_FREE)):
        objects = [make(tmp_path, "main.o", program.format(body))]
        assert linked(tmp_path, objects, DriverOptions(link_args=(counting_object(),))).diagnostics == []
        assert subprocess.run([tmp_path / "app"], capture_output=True, check=False).returncode == status
