"""Linked programs that are remembered: which linker made them, and putting one where it belongs. Loads nothing that links."""

from __future__ import annotations

import os
from binascii import a2b_base64

from msgspec import Struct

from vitte.driver.backend import select
from vitte.driver.error import unwritable
from vitte.driver.options import DriverOptions
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.link.linkers import find
from vitte.driver_impl.link.programs import Linker, files_of
from vitte.driver_impl.pipeline.keeps import Keep

_MAX_RECORD = 1 << 26
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def linker_of(options: DriverOptions) -> Linker:
    """Raises `DriverError` when the linker that is meant is not there, or cannot link the target."""
    return find(select(options))


def linker_identity(linker: Linker, memo: StatMemo) -> str:
    """Digests of the program and of the libraries it loads; "" for C compilers, plug-ins and scripts, which run other programs."""
    files = files_of(linker.words[0]) if linker.words and not linker.plugin and linker.dialect != "cc" else None
    digests = [file_digest(path, memo) for path in (*files, *linker.reads)] if files else []
    return " ".join([linker.dialect, *linker.words[1:], *digests]) if digests and all(digests) else ""


def file_digest(path: str, memo: StatMemo) -> str:
    """SHA-256 of a file's content, "" when it cannot be read."""
    known = memo.digest(path)
    if known is not None:
        return known
    try:
        before = os.stat(path)
        found = _recorded(path, before.st_size) or io.hash_file(path)
        after = os.stat(path)
    except OSError:
        return ""
    if (before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (after.st_size, after.st_mtime_ns, after.st_ctime_ns):
        memo.learn(path, after, found)
    return found


def _recorded(path: str, size: int) -> str:
    """The SHA-256 that was written down when the `ziglang` package was installed (its `RECORD`, PEP 376), "" when there is none for a file
    of this size. The linker in it has 180 MB: reading that takes longer than a small build."""
    folder, name = os.path.split(path)
    site, package = os.path.split(folder)
    if package != "ziglang":
        return ""
    try:
        infos = [name for name in os.listdir(site) if name.startswith("ziglang-") and name.endswith(".dist-info")]
        record = io.read_file(os.path.join(site, infos[0], "RECORD"), _MAX_RECORD) if len(infos) == 1 else b""
    except OSError:
        return ""
    start = b"\nziglang/%b,sha256=" % os.fsencode(name)
    rest = (b"\n" + record).partition(start)[2]
    text, _, length = rest.partition(b"\n")[0].strip().partition(b",")
    return a2b_base64(text.translate(_URL_SAFE) + b"=").hex() if length == b"%d" % size and len(text) == 43 else ""


class Kept(Struct):
    """What was kept of a link. `image`: artifact, "" when it could not be kept. `beside`: path from the image's folder, and artifact, of
    everything else that was made."""

    image: str = ""
    beside: list[tuple[str, str]] = []

    @property
    def whole(self) -> bool:
        return bool(self.image) and all(artifact for _, artifact in self.beside)


def put_files(keep: Keep, image: str, output: str, beside: list[tuple[str, str]], is_program: bool) -> bool:
    """Put a remembered image in its place, and what belongs beside it; False when any of it is lost."""
    if any(keep.cache.read(artifact) is None for _, artifact in beside):
        return False
    return put_file(keep, image, output, is_program) and all(put_file(keep, artifact, path, False) for path, artifact in beside)


def put_file(keep: Keep, artifact: str, output: str, is_program: bool) -> bool:
    """Make `output` the remembered file, unless it is that already; False when the artifact is lost."""
    if os.path.isfile(output) and keep.memo.digest(os.path.abspath(output)) == artifact:
        if not is_program or os.access(output, os.X_OK):
            return True
    data = keep.cache.read(artifact)
    if data is None:
        return False
    try:
        if os.path.isdir(output):
            raise IsADirectoryError(21, "is a directory")
        write_atomic(output, data, 0o777 if is_program else 0o666)
        keep.memo.learn(os.path.abspath(output), os.stat(output), artifact)
    except OSError as error:
        raise unwritable(output, error) from None
    return True
