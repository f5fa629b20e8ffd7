"""Where things are in a cache folder, which names in it are the cache's own, and where the folders themselves are.

    index.vitte      entries, as text (`index.py`)
    journal/         entries not yet in the index, one file per process (`journal.py`)
    objects/a/...    artifacts by digest (`objects.py`)
    stat.vitte       memo of files that were read (`stat.py`)
    last/            memo of whole builds: by key, the artifact of the last one's plan
    sysroots/        in the cache of what belongs to no package; `driver_impl/sysroot` looks after it
    compiler-...     memo of the compiler's identity, by the state of its files (`key.py`)
    lock             held while the index is replaced
    trimmed          its time says when eviction ran last (`trim.py`)
    CACHEDIR.TAG     tells back-up programs to leave the folder out (bford.info/cachedir)
"""

from __future__ import annotations

import errno
import os
import stat

from vitte.driver_impl.cache import io

TOP_FILES = ("index.vitte", "stat.vitte", "lock", "trimmed", "CACHEDIR.TAG")
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# What Vitte keeps between builds; it may be deleted at any time.\n"


def index_path(folder: str) -> str:
    return f"{folder}/index.vitte"


def journal_folder(folder: str) -> str:
    return f"{folder}/journal"


def stat_path(folder: str) -> str:
    return f"{folder}/stat.vitte"


def lock_path(folder: str) -> str:
    return f"{folder}/lock"


def last_folder(folder: str) -> str:
    return f"{folder}/last"


def trimmed_path(folder: str) -> str:
    return f"{folder}/trimmed"


def is_temporary(name: str) -> bool:
    """Whether a file is one that `io.write_file` had not finished."""
    return name.endswith(".tmp")


def is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(io.stat_of(path).st_mode)
    except OSError:
        return False


def is_cache(folder: str) -> bool:
    """Whether something of a cache is in a folder."""
    return any(entry.name in ("index.vitte", "journal", "objects") for entry in listed(folder))


def is_own(name: str) -> bool:
    """Whether a file at the top of a cache is the cache's."""
    return name in TOP_FILES or is_temporary(name) or is_compiler_memo(name)


def is_compiler_memo(name: str) -> bool:
    return name.startswith("compiler-") and len(name) == 41


def last_notes(folder: str) -> list[tuple[str, str]]:
    """The notes in `last/`: path and content, which is a digest unless it is damaged."""
    found = []
    for entry in listed(last_folder(folder)):
        if len(entry.name) == 32 and not is_temporary(entry.name):
            try:
                found.append((entry.path, io.read_file(entry.path, 1 << 10).decode("ascii", "replace").strip()))
            except OSError:
                continue
    return found


def listed(path: str) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing when it cannot be looked into."""
    try:
        return io.scandir(path)
    except OSError:
        return []


def create(folder: str) -> None:
    """Make a cache folder, for this user only, unless it is there. Raises OSError."""
    try:
        if not stat.S_ISDIR(io.stat_of(folder).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return
    except FileNotFoundError:
        pass
    io.make_folder(folder, 0o777)
    io.write_file(f"{folder}/CACHEDIR.TAG", _TAG)


def default_folder() -> str:
    """The cache of what belongs to no package: `$XDG_CACHE_HOME/vitte`, else `~/.cache/vitte`; "" when there is no such place."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            return ""
        base = os.path.join(home, ".cache")
    return os.path.join(base, "vitte")
