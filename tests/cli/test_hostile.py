"""Input that nobody should write: a diagnostic in bounded time and memory, never a crash."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 120
MEMORY = 3 << 30
"""Bounds far above what is needed, so that only an endless loop or a blow-up meets them."""

N = 100_000
MAIN = b"proc main() {\n"

SOURCES: dict[str, bytes] = {
    "binary": bytes(random.Random(1).randrange(256) for _ in range(50_000)),
    "zeros": bytes(10_000),
    "invalid_utf8": MAIN + b'  println("\xff\xfe")\n}\n',
    "truncated_utf8": MAIN + b"  // caf\xc3",
    "one_line_of_10_MB": MAIN + b"  let x = " + b"1 + " * 2_500_000 + b"1\n}\n",
    "one_string_of_10_MB": MAIN + b'  let x = "' + b"y" * 10_000_000 + b"\n}\n",
    "nested_parentheses": MAIN + b"  let x = " + b"(" * N + b")" * N + b"\n}\n",
    "unclosed_parentheses": MAIN + b"  let x = " + b"(" * N,
    "nested_blocks": MAIN + b"{" * N + b"}" * N + b"}\n",
    "nested_types": b"proc f(x: " + b"[" * N + b"int" + b"]" * N + b") {}\n",
    "nested_patterns": MAIN + b"  let " + b"(" * N + b"x" + b")" * N + b" = 1\n}\n",
    "nested_comments": b"/*" * N + b"\n" + MAIN + b"}\n",
    "unary_chain": MAIN + b"  let x = " + b"-" * N + b"1\n}\n",
    "member_chain": MAIN + b"  let x = a" + b".b" * N + b"\n}\n",
    "else_if_chain": MAIN + b"  if a {}" + b" else if a {}" * 20_000 + b"\n}\n",
    "many_errors": MAIN + b"  let = = ;\n" * 20_000 + b"}\n",
    "many_names": MAIN + b"  missing_name\n" * 20_000 + b"}\n",
    "closing_braces": b"}" * N,
    "quotes": b'"' * 99_999,
    "huge_number": MAIN + b"  let x = " + b"9" * 1_000_000 + b"\n}\n",
    "huge_exponent": MAIN + b"  let x = 1e" + b"9" * 1000 + b"\n}\n",
    "huge_array": MAIN + b"  let x: [u8; 999999999999999999] = [0; 999999999999999999]\n}\n",
    "huge_format_width": MAIN + b'  println("{:>99999999999999999999}", 1)\n}\n',
    "bidirectional_controls": MAIN + "  let x = \u202e1\n}\n".encode(),
    "import_of_itself": b"use hostile\n" + MAIN + b"}\n",
    "missing_import": b"use no/such/module\n" + MAIN + b"}\n",
}


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vitte", "check", path.name]
    return subprocess.run(
        command, cwd=path.parent, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limited, check=False, errors="replace"
    )


def assert_refused(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 1, ran.stderr[-2000:]
    assert "error" in ran.stderr
    assert_calm(ran)


def assert_calm(ran: subprocess.CompletedProcess[str]) -> None:
    assert "internal error" not in ran.stderr and "Traceback" not in ran.stderr
    assert len(ran.stderr) < 200_000


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_source(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.vit"
    path.write_bytes(SOURCES[name])
    assert_refused(check(path))


def test_a_name_of_10_MB_is_a_name_that_is_not_shown_whole(tmp_path: Path) -> None:
    path = tmp_path / "hostile.vit"
    path.write_bytes(MAIN + b"  let " + b"x" * 10_000_000 + b" = 1\n}\n")
    ran = check(path)
    assert ran.returncode == 0 and "warning[W0102]" in ran.stderr
    assert_calm(ran)


def unreadable(path: Path) -> None:
    path.write_bytes(MAIN + b"}\n")
    path.chmod(0)


def cycle(path: Path) -> None:
    path.write_bytes(b"use other\n" + MAIN + b"}\n")
    (path.parent / "other.vit").write_bytes(b"use third\n")
    (path.parent / "third.vit").write_bytes(b"use other\n")


PLACES: dict[str, Callable[[Path], None]] = {
    "directory": Path.mkdir,
    "dangling_link": lambda path: path.symlink_to("nowhere"),
    "link_to_itself": lambda path: path.symlink_to(path.name),
    "unreadable": unreadable,
    "import_cycle": cycle,
    "missing": lambda path: None,
}


@pytest.mark.parametrize("name", sorted(PLACES))
def test_place(name: str, tmp_path: Path) -> None:
    if name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root reads everything")
    path = tmp_path / "hostile.vit"
    PLACES[name](path)
    assert_refused(check(path))


def test_one_missing_brace_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "hostile.vit"
    path.write_text("proc a() {\n  if true {\n    println(1)\n\n}\n\nproc b() -> int { give 1 }\n\nproc main() { println(b()) }\n")
    ran = check(path)
    assert_refused(ran)
    assert ran.stderr.count("error[V") == 1, ran.stderr
