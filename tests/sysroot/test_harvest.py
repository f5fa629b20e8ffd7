"""Sysroots are made by zig: what is kept of its work, what may go wrong, and that nothing is left of what was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitte.driver.error import DriverError
from vitte.driver.target import TARGETS
from vitte.driver_impl import sysroot
from vitte.driver_impl.sysroot import harvest
from vitte.driver_impl.sysroot.recipes import RECIPES

NAME = "x86_64-unknown-linux-musl"
OTHER = "aarch64-unknown-linux-musl"
TARGET = TARGETS[NAME]

ZIG = """#!{python}
import os, sys, time
if sys.argv[1:] == ["version"]:
    print("9.9")
    sys.exit()
open("environment", "w").write("\\n".join(sorted(os.environ)))
target = sys.argv[sys.argv.index("-target") + 1]
for folder, name in (("a1", "crt1.o"), ("b2", "libc.a"), ("c3", "libcompiler_rt.a"), ("d4", "probe.o")):
    os.makedirs(f"z/o/{{folder}}")
    open(f"z/o/{{folder}}/{{name}}", "w").write(target + name)
print("ar rcs z/o/b2/libc.a z/o/e5/one.o", file=sys.stderr)
print("ld.lld -r -o z/o/a1/crt1.o /f6/crt1.o", file=sys.stderr)
{work}
print("ld.lld -static -o probe z/o/a1/crt1.o z/o/d4/probe.o --as-needed -L/ z/o/b2/libc.a z/o/c3/libcompiler_rt.a", file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / "the roots"))
    return tmp_path / "the roots"


def zig(folder: Path, monkeypatch: pytest.MonkeyPatch, work: str = "") -> str:
    path = folder / "zig"
    path.write_text(ZIG.format(python=sys.executable, work=work))
    path.chmod(0o755)
    monkeypatch.setattr(harvest, "ziglang", lambda: str(path))
    return str(path)


def test_what_zig_links_with_is_kept_in_order(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zig(tmp_path, monkeypatch)
    told: list[tuple[str, int, int]] = []
    made = sysroot.add([NAME, OTHER], lambda name, done, expected, seconds: told.append((name, done, expected)))
    assert [m.target for m in made] == [NAME, OTHER]
    found = sysroot.find(TARGET)
    assert found == made[0] and found is not None and found.made == "ziglang 9.9, x86_64-linux-musl"
    assert [file.name for file in found.files] == ["crt1.o", "libc.a", "libcompiler_rt.a"]
    assert Path(found.path("libc.a")).read_text() == "x86_64-linux-musllibc.a"
    assert sorted(path.name for path in root.iterdir()) == [OTHER, NAME]
    assert (NAME, 4, RECIPES[NAME].objects) in told


def test_the_last_linker_tells(tmp_path: Path) -> None:
    log = "lld-link -OUT:probe.exe -IMPLIB:./probe.lib z/o/1/probe.obj z/o/2/crt2.obj z/o/3/kernel32.lib\nwarning: something\n"
    assert harvest.linked("ld.lld -o z/o/9/libm.so.6 z/o/8/m.o\n" + log) == ["z/o/2/crt2.obj", "z/o/3/kernel32.lib"]
    assert harvest.linked(log.replace("/", "\\")) == ["z\\o\\2\\crt2.obj", "z\\o\\3\\kernel32.lib"]
    assert harvest.linked("") == []


def test_nothing_of_the_environment_reaches_the_compiler(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CPATH", "C_INCLUDE_PATH", "ZIG_LIB_DIR", "NIX_CFLAGS_COMPILE", "SOURCE_DATE_EPOCH"):
        monkeypatch.setenv(name, "/x")
    copy = tmp_path / "seen"
    zig(tmp_path, monkeypatch, f"import shutil; shutil.copy('environment', {str(copy)!r})")
    sysroot.add([NAME])
    seen = set(copy.read_text().split())
    assert {"ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR", "LC_ALL"} <= seen
    assert not seen & {"CPATH", "C_INCLUDE_PATH", "ZIG_LIB_DIR", "NIX_CFLAGS_COMPILE", "SOURCE_DATE_EPOCH", "HOME"}


@pytest.mark.parametrize(("work", "message", "detail"), [
    ("print('error: no such target', file=sys.stderr); sys.exit(1)", f"zig cannot make the C library of `{NAME}`", "no such target"),
    ("print('error: NoSpaceLeft', file=sys.stderr); sys.exit(1)", f"zig cannot make the C library of `{NAME}` (the disk is full)", ""),
    ("os.kill(os.getpid(), 9)", f"zig cannot make the C library of `{NAME}`", ""),
    ("sys.exit()", f"what zig 9.9 makes for `{NAME}` is not as expected: there is no `libc.a`", "ar rcs"),
    ("os.unlink('z/o/b2/libc.a')", f"cannot keep the sysroot of `{NAME}` in ", ""),
])  # fmt: skip
def test_failures(work: str, message: str, detail: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zig(tmp_path, monkeypatch, work)
    with pytest.raises(DriverError) as caught:
        sysroot.add([NAME])
    assert caught.value.message.startswith(message) and detail in caught.value.details and caught.value.status == 3
    assert list(root.iterdir()) == []


def test_one_that_fails_does_not_take_the_finished_ones_along(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zig(tmp_path, monkeypatch, "if 'aarch64' in target: time.sleep(0.5); sys.exit(1)")
    with pytest.raises(DriverError, match=OTHER):
        sysroot.add([NAME, OTHER])
    assert [path.name for path in root.iterdir()] == [NAME]


def test_without_the_package_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harvest, "ziglang", lambda: "")
    with pytest.raises(DriverError, match="the Python package `ziglang`"):
        sysroot.add([NAME])
    assert sysroot.add([]) == []


def test_a_root_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zig(tmp_path, monkeypatch)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / "file"))
    with pytest.raises(DriverError, match="cannot prepare"):
        sysroot.add([NAME])


RUN = """
import sys
from vitte.driver_impl import sysroot
from vitte.driver_impl.sysroot import harvest
harvest.ziglang = lambda: sys.argv[1]
try:
    sysroot.add(sys.argv[2:])
except KeyboardInterrupt:
    sys.exit(130)
"""


def started(program: str, *names: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, program, *names], stderr=subprocess.PIPE)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)])
def test_ended_in_the_middle(number: int, status: int, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "pid"
    program = zig(tmp_path, monkeypatch, f"open({str(told)!r}, 'w').write(str(os.getpid()) + ' '); time.sleep(100)")
    process = started(program, NAME)
    until = time.monotonic() + 60
    while not (told.exists() and told.read_text().endswith(" ")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    assert process.wait(60) == status
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
    assert list(root.iterdir()) == []


def test_two_processes_at_once(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = zig(tmp_path, monkeypatch, "time.sleep(0.3)")
    both = [started(program, NAME), started(program, NAME)]
    assert [process.wait(60) for process in both] == [0, 0]
    found = sysroot.find(TARGET)
    assert found is not None and sysroot.verify(found) == [] and [path.name for path in root.iterdir()] == [NAME]


@pytest.mark.foreign
def test_real_ones_are_equal_wherever_they_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for place in ("here", "a longer/place with spaces"):
        monkeypatch.setenv("VITTE_SYSROOTS", str(tmp_path / place))
        made.append(sysroot.add(["riscv64-unknown-linux-gnu"])[0])
    assert made[0].files == made[1].files and made[0].folder != made[1].folder
    assert {"Scrt1.o", "libc.so.6", "libm.so.6", "libc_nonshared.a"} <= {file.name for file in made[0].files}
