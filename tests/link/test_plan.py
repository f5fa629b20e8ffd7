"""Command lines of LLD as data."""

from __future__ import annotations

import pytest

from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver_impl.link import lld
from vitte.driver_impl.link.execute import crashed, how, quoted
from vitte.driver_impl.link.lld import Runtime

RUNTIME = Runtime("/lib/libc.so.6", "/lib/libm.so.6", "/lib64/ld-linux-x86-64.so.2")


def line(options: DriverOptions, inputs: list[str] | None = None) -> list[str]:
    return lld.plan(["ld.lld"], inputs or ["a.o"], "out/app", options, RUNTIME).command


def test_executable_is_hardened_and_small() -> None:
    words = " ".join(line(DriverOptions()))
    for part in ("-pie", "-z relro", "-z now", "--gc-sections", "--fatal-warnings", "-dynamic-linker /lib64/ld-linux-x86-64.so.2"):
        assert part in words
    assert words.endswith("a.o /lib/libc.so.6 --as-needed /lib/libm.so.6 --no-as-needed")


def test_output_is_a_temporary_name_beside_the_final_one() -> None:
    plan = lld.plan(["ld.lld"], ["a.o"], "out/app", DriverOptions(), RUNTIME)
    assert plan.final == "out/app"
    assert plan.output.startswith("out/app.") and plan.output != plan.final
    assert plan.command[plan.command.index("-o") + 1] == plan.output


def test_strip() -> None:
    assert "--strip-all" in line(DriverOptions(strip=True))
    assert "--strip-all" not in line(DriverOptions())


def test_names_that_look_like_options_are_paths() -> None:
    words = line(DriverOptions(), ["-x.o", "@y.o"])
    assert "./-x.o" in words and "./@y.o" in words


def test_libraries_of_libc_need_no_name() -> None:
    assert lld.library("m", "/lib/libc.so.6") == ""
    assert lld.library("surelynotthere", "/lib/libc.so.6") == "-lsurelynotthere"
    assert lld.library("./libx.a", "/lib/libc.so.6") == "./libx.a"


def test_linker_by_name_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DriverError) as caught:
        lld.find("no-such-linker-anywhere")
    assert caught.value.status == 3
    monkeypatch.setenv("VITTE_LINKER", "also-not-there")
    with pytest.raises(DriverError):
        lld.find("")


def test_linker_of_the_wheel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    command = lld.find("")
    assert command[0].endswith("zig") and command[1] == "ld.lld"


def test_response_file_quoting() -> None:
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'


def test_crash_is_told_from_failure() -> None:
    assert crashed(-11, "") and crashed(1, "LLVM ERROR: x") and not crashed(1, "ld.lld: error: x")
    assert how(-11) == "signal 11 (SIGSEGV)" and how(1) == "status 1"
