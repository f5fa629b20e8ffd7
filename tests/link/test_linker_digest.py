"""Which linker made a program: its content's digest, as its package recorded it or from its bytes."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.pipeline.image import file_digest

RECORDED = sha256(b"what the installer wrote").digest()


def installed(site: Path, content: bytes, line: str) -> str:
    """A `zig` in a package whose RECORD has `line` in its middle; its path."""
    (site / "ziglang").mkdir()
    (site / "ziglang-0.1.dist-info").mkdir()
    (site / "ziglang-0.1.dist-info" / "RECORD").write_text(f"ziglang/lib/zig,sha256=no,3\n{line}\nziglang/zig.py,,\n")
    (site / "ziglang" / "zig").write_bytes(content)
    return str(site / "ziglang" / "zig")


def entry(size: int, name: str = "zig") -> str:
    return f"ziglang/{name},sha256={urlsafe_b64encode(RECORDED).decode().rstrip('=')},{size}"


def test_the_recorded_digest_is_used(tmp_path: Path) -> None:
    assert file_digest(installed(tmp_path, b"12345", entry(5)), StatMemo("")) == RECORDED.hex()


@pytest.mark.parametrize("line", [entry(6), entry(5, "zag"), "ziglang/zig,,5", "ziglang/zig,md5=abc,5", "ziglang/zig,sha256=abc,5", ""])
def test_what_is_not_recorded_is_read(tmp_path: Path, line: str) -> None:
    assert file_digest(installed(tmp_path, b"12345", line), StatMemo("")) == sha256(b"12345").hexdigest()


def test_only_that_package_is_believed(tmp_path: Path) -> None:
    path = installed(tmp_path, b"12345", entry(5))
    other = tmp_path / "zig"
    other.write_bytes(Path(path).read_bytes())
    assert file_digest(str(other), StatMemo("")) == sha256(b"12345").hexdigest()


def test_two_installations_are_read(tmp_path: Path) -> None:
    path = installed(tmp_path, b"12345", entry(5))
    (tmp_path / "ziglang-0.2.dist-info").mkdir()
    assert file_digest(path, StatMemo("")) == sha256(b"12345").hexdigest()


def test_the_real_one(tmp_path: Path) -> None:
    ziglang = pytest.importorskip("ziglang", reason="the package `ziglang` is not installed")
    path = Path(ziglang.__file__).parent / "zig"
    if not path.exists():
        pytest.skip("this package has no `zig`")
    with path.open("rb") as file:
        state = sha256()
        while chunk := file.read(1 << 20):
            state.update(chunk)
    assert file_digest(str(path), StatMemo("")) == state.hexdigest()


def test_a_file_that_is_not_there() -> None:
    assert file_digest("/nowhere/ziglang/zig", StatMemo("")) == ""
