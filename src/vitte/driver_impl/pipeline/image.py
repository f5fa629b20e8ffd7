"""Linked programs that are remembered: which linker made them, and putting one where it belongs. Loads nothing that links."""

from __future__ import annotations

import os

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.link import lld
from vitte.driver_impl.pipeline.keeps import Keep


def linker_of(options: DriverOptions) -> list[str]:
    if options.linker.kind not in ("lld", "custom"):
        raise DriverError(f"linker `{options.linker.kind}` is not supported yet", helps=("use `--linker lld` or a path to one",))
    return lld.find(options.linker_path or (options.linker.name if options.linker.kind == "custom" else ""))


def linker_digest(options: DriverOptions, memo: StatMemo) -> str:
    """What is linked with, besides objects: digests of the linker's program and of the C library. "" when something is missing."""
    try:
        run_time = lld.runtime()
        files = [linker_of(options)[0], run_time.libc, *([run_time.libm] if run_time.libm else [])]
    except DriverError:
        return ""
    digests = [file_digest(path, memo) for path in files]
    return " ".join([*digests, run_time.loader]) if all(digests) else ""


def file_digest(path: str, memo: StatMemo) -> str:
    known = memo.digest(path)
    if known is not None:
        return known
    try:
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            found = digest(file.read())
            after = os.fstat(file.fileno())
    except OSError:
        return ""
    if (before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (after.st_size, after.st_mtime_ns, after.st_ctime_ns):
        memo.learn(path, after, found)
    return found


def put_image(keep: Keep, artifact: str, output: str) -> bool:
    """Make `output` the remembered image, unless it is that already; False when the artifact is lost."""
    if os.path.isfile(output) and keep.memo.digest(os.path.abspath(output)) == artifact and os.access(output, os.X_OK):
        return True
    data = keep.cache.read(artifact)
    if data is None:
        return False
    try:
        if os.path.isdir(output):
            raise IsADirectoryError(21, "is a directory")
        write_atomic(output, data, 0o777)
        keep.memo.learn(os.path.abspath(output), os.stat(output), artifact)
    except OSError as error:
        raise DriverError(f"cannot write `{output}`: {(error.strerror or str(error)).lower()}", status=EXIT_TOOLCHAIN) from None
    return True
