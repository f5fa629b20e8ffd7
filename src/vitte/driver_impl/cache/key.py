"""Keys: a digest over a canonical text that can be printed and compared.

A unit's text: format, compiler identity, target, every tracked option, the unit's name and shown path, its source's
digest, where its imports were found, the modules looked for in vain, and one line per interface in reach.
Never in it: times, absolute paths, the working folder, job count, verbosity, colour, user.
"""

from __future__ import annotations

import os
from hashlib import sha256

from vitte.driver.options import TRACKED_FIELDS, DriverOptions

FORMAT = 1
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _value(value: object) -> str:
    """One spelling per value: fields of structs by name, enumerations by value."""
    fields = getattr(value, "__struct_fields__", None)
    if fields is not None:
        return "{" + ",".join(f"{name}={_value(getattr(value, name))}" for name in fields) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(_value(item) for item in value) + ")"
    return repr(getattr(value, "value", value))


def options_text(options: DriverOptions) -> str:
    """The tracked options, one a line."""
    return "".join(f"option {name} {_value(getattr(options, name))}\n" for name in TRACKED_FIELDS)


def unit_text(
    identity: str,
    options: str,
    module: str,
    display: str,
    source: str,
    imports: list[tuple[str, str]],
    misses: list[str],
    interfaces: list[tuple[str, str]],
    role: str,
) -> str:
    """`imports`: (path as written, module found). `interfaces`: (module, interface digest) of all in reach, sorted.
    `role`: what the unit is compiled as (`root` has the program's entry)."""
    lines = [
        f"vitte-unit {FORMAT}",
        f"compiler {identity}",
        options.rstrip("\n"),
        f"unit {module}",
        f"file {display}",
        f"role {role}",
        f"source {source}",
    ]
    lines += [f"import {written} {found}" for written, found in imports]
    lines += [f"miss {miss}" for miss in misses]
    lines += [f"interface {name} {value}" for name, value in interfaces]
    return "\n".join(lines) + "\n"


def compiler_files() -> list[str]:
    """The compiler's own sources and its library, sorted."""
    found: list[str] = []
    stack = [_HERE]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith((".py", ".vit")):
                    found.append(entry.path)
                elif name != "__pycache__" and entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
    found.sort()
    return found


_identity: list[str] = []
"""Of this process: what runs is what was loaded, whatever happens to the files meanwhile. (The library's sources are read
again each time, and each unit's key holds the digest of its source.)"""


def compiler_identity(memo_folder: str) -> str:
    """Digest of the compiler's files and the version of LLVM's binding, found once per process."""
    if not _identity:
        _identity.append(_find_identity(memo_folder))
    return _identity[0]


def _find_identity(memo_folder: str) -> str:
    """As `compiler_identity`.

    Reading everything takes longer than a small compilation, so the digest is remembered under a digest of names,
    sizes and modification times. The memo only saves work: it is never shared between machines.
    """
    files = compiler_files()
    stamp = sha256()
    for path in files:
        info = os.stat(path)
        stamp.update(f"{path}|{info.st_size}|{info.st_mtime_ns}|{info.st_ino}\n".encode())
    memo = os.path.join(memo_folder, f"compiler-{stamp.hexdigest()[:32]}") if memo_folder else ""
    if memo:
        try:
            with open(memo) as file:
                known = file.read()
            if len(known) == 64:
                return known
        except OSError:
            pass
    whole = sha256(_llvm_version().encode())
    for path in files:
        with open(path, "rb") as file:
            content = file.read()
        whole.update(f"{os.path.relpath(path, _HERE)} {len(content)}\n".encode())
        whole.update(content)
    result = whole.hexdigest()
    if memo:
        from vitte.driver_impl.cache.store import write_atomic

        write_atomic(memo, result.encode())
    return result


def _llvm_version() -> str:
    """Of the installed binding, from its folder: importing it would take 50 ms."""
    from importlib.util import find_spec

    spec = find_spec("llvmlite")
    if spec is None or not spec.origin:
        return "none"
    site = os.path.dirname(os.path.dirname(spec.origin))
    names = sorted(name for name in os.listdir(site) if name.startswith("llvmlite-"))
    return names[0] if names else "unknown"
