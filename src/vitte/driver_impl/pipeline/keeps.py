"""Where a build keeps things: the caches of its own units and of the library's, and its temporary folder."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext, Package
from vitte.driver_impl.cache.incremental import IncrementalCache
from vitte.driver_impl.cache.key import compiler_identity
from vitte.driver_impl.cache.layout import default_folder, stat_path
from vitte.driver_impl.cache.stat import StatMemo


class Keep(Struct):
    """What is kept of a group of units: results, and the digests of their sources as far as files did not change."""

    cache: IncrementalCache
    memo: StatMemo


class Keeps(Struct):
    """`own` for the user's units, `library` for those of `std`; the same object for single files. `identity`: of the compiler, ""
    when nothing is kept."""

    own: Keep
    library: Keep
    identity: str

    def close(self, context: DriverContext) -> None:
        """Make what was learned last, and pass on what is to be told."""
        for keep in (self.own, self.library) if self.own is not self.library else (self.own,):
            keep.memo.settle()
            keep.memo.save()
            keep.cache.close()
            context.notices.extend(notice for notice in keep.cache.notices if notice not in context.notices)


def own_folder(options: DriverOptions, package: Package) -> str:
    """The cache folder of a package's own units; "" for the user's cache."""
    if package.manifest is None:
        return ""
    return os.path.join(options.target_dir or os.path.join(package.root, "target"), "incremental")


def open_keeps(options: DriverOptions, package: Package) -> Keeps:
    """Caches are read when first asked."""
    mode = "on" if options.cache == "verify" else options.cache
    user = options.cache_dir or default_folder()
    library = _keep(user, mode)
    folder = own_folder(options, package)
    identity = "" if mode == "off" else compiler_identity(user if mode == "on" else "")
    return Keeps(_keep(folder, mode) if folder else library, library, identity)


def _keep(folder: str, mode: str) -> Keep:
    cache = IncrementalCache(folder, mode if folder else "off")
    return Keep(cache, StatMemo(stat_path(folder) if cache.mode != "off" else "", cache.mode == "on"))


def is_scratch(path: str) -> bool:
    """Whether this is a folder that `scratch` made, here or in a worker."""
    return path.endswith("-vitte")


def scratch_base(environment: Mapping[str, str], system: str) -> str:
    """The folder for temporary ones. `system`: as `os.name` has it."""
    if system != "nt":
        return environment.get("TMPDIR") or "/tmp"
    named = next((environment[name] for name in ("TEMP", "TMP") if environment.get(name)), "")
    return named or environment.get("SYSTEMROOT", "C:\\Windows") + "\\Temp"


def scratch_file(context: DriverContext, name: str, data: bytes) -> str:
    """A file in the run's temporary folder; its path."""
    path = os.path.join(scratch(context), name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def scratch(context: DriverContext) -> str:
    """The run's temporary folder, made when first needed."""
    for path in context.temporary:
        if is_scratch(path):
            return path
    base = scratch_base(os.environ, os.name)
    for number in range(1000):
        path = os.path.join(base, f"{os.getpid()}-{number}-vitte")
        try:
            os.mkdir(path, 0o700)  # as `tempfile` does it, which takes 7 ms to import
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise DriverError(f"cannot make a temporary folder in `{base}`: {error.strerror}") from None
    context.temporary.append(path)
    return path
