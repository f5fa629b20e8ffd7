"""What each command may import: a compiler is started all day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROBE = """
import sys
before = set(sys.modules)
from vitte.cli import main
status = main({arguments!r})
sys.stdout.flush()
print("\\n".join(sorted(set(sys.modules) - before)), file=sys.stderr)
print("STATUS", status, file=sys.stderr)
"""


def imported(*arguments: str, cwd: Path | None = None) -> set[str]:
    code = PROBE.format(arguments=list(arguments))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd, env=dict(os.environ))
    assert "STATUS 0" in ran.stderr, ran.stderr
    return set(ran.stderr.split("STATUS")[0].split())


def test_version_imports_nothing_else() -> None:
    assert imported("--version") == {"vitte", "vitte.cli"}


def test_help_needs_no_compiler() -> None:
    names = imported("build", "--help")
    assert not {name for name in names if name.startswith(("msgspec", "vitte.driver", "vitte.ir", "llvmlite"))}


HEAVY = (
    "llvmlite",
    "argparse",
    "dataclasses",
    "inspect",
    "importlib.metadata",
    "asyncio",
    "subprocess",
    "ctypes",
    "json",
    "logging",
    "unittest",
    "tomllib",
)
LATE_STAGES = ("vitte.codegen", "vitte.optimize")


def test_check_imports_no_back_end(tmp_path: Path) -> None:
    (tmp_path / "hello.vit").write_text('proc main() {\n  println("hello")\n}\n')
    imported("check", "hello.vit", cwd=tmp_path)  # fills the cache
    names = imported("check", "hello.vit", cwd=tmp_path)
    assert not {name for name in names if name.split(".")[0] in HEAVY or name in HEAVY}
    assert not {name for name in names if name.startswith(LATE_STAGES)}


def test_a_build_with_nothing_to_do_does_not_import_llvm(tmp_path: Path) -> None:
    (tmp_path / "hello.vit").write_text('proc main() {\n  println("hello")\n}\n')
    imported("build", "hello.vit", cwd=tmp_path)
    names = imported("build", "hello.vit", cwd=tmp_path)
    assert not {name for name in names if name.split(".")[0] == "llvmlite"}
