"""What differs between systems that compile: temporary folders, names of programs, statuses, reading. Tried here for Windows too."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path

import pytest

from vitte.cli.leave import as_signed
from vitte.driver_impl import files
from vitte.driver_impl.link import execute
from vitte.driver_impl.link.programs import file_names
from vitte.driver_impl.pipeline.keeps import scratch_base


@pytest.mark.parametrize(("environment", "system", "base"), [
    ({}, "posix", "/tmp"), ({"TMPDIR": "/x", "TEMP": "/y"}, "posix", "/x"), ({"TMPDIR": ""}, "posix", "/tmp"),
    ({"TEMP": "C:\\t", "TMPDIR": "/x"}, "nt", "C:\\t"), ({"TMP": "D:\\t", "TEMP": ""}, "nt", "D:\\t"), ({}, "nt", "C:\\Windows\\Temp"),
])  # fmt: skip
def test_temporary_folders(environment: dict[str, str], system: str, base: str) -> None:
    assert scratch_base(environment, system) == base
    assert system != "nt" or ntpath.isabs(base)


@pytest.mark.parametrize(("name", "endings", "names"), [
    ("lld-link", "", ["lld-link"]), ("lld-link", ".COM;.EXE;.BAT", ["lld-link.com", "lld-link.exe", "lld-link.bat"]),
    ("lld-link.EXE", ".COM;.EXE", ["lld-link.EXE"]), ("ld.lld", ".EXE;", ["ld.lld.exe"]),
])  # fmt: skip
def test_names_of_programs(name: str, endings: str, names: list[str]) -> None:
    assert file_names(name, endings) == names


@pytest.mark.parametrize(("status", "crash", "text"), [
    (1, False, "status 1"), (255, False, "status 255"), (0xC0000005, True, "exception 0xC0000005"),
    (0xC00000FD, True, "exception 0xC00000FD"), (-11, True, "signal 11 (SIGSEGV)"),
])  # fmt: skip
def test_a_crash_of_windows_is_an_exception(status: int, crash: bool, text: str) -> None:
    assert execute.crashed(status, "") == crash and execute.how(status) == text


@pytest.mark.parametrize(("status", "signed"), [(0, 0), (7, 7), (300, 300), (0xC0000005, -1073741819), (0x7FFFFFFF, 0x7FFFFFFF)])
def test_statuses_have_32_bits_on_windows(status: int, signed: int) -> None:
    assert as_signed(status) == signed and signed & 0xFFFFFFFF == status


def test_sources_are_read_as_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a flag for that: without it Windows changes line ends, and stops at a byte 26."""
    flags = []
    plain = os.open

    def watched(path: str, flag: int, *rest: int) -> int:
        flags.append(flag)
        return plain(path, flag & ~(1 << 30), *rest)

    monkeypatch.setattr(os, "O_BINARY", 1 << 30, raising=False)
    monkeypatch.setattr(os, "open", watched)
    (tmp_path / "a.vit").write_bytes(b"proc main() {}\r\n")
    files._read(str(tmp_path / "a.vit"))
    assert flags and flags[0] & 1 << 30
