"""Keys: a digest over a canonical text that can be printed and compared.

A unit's text is one line per part, in the order of `KEY_PARTS`. What the unit used of other units is not in it: that is
in the edges of the entries that the key finds. Never in a key: times, absolute paths, the working folder, job count,
verbosity, colour, language, user.
"""

from __future__ import annotations

import os
from hashlib import sha256
from time import time_ns

from msgspec import Struct

from vitte.driver.options import CHECK_FIELDS, TRACKED_FIELDS, DriverOptions

FORMAT = 2
"""Raised whenever the meaning of anything kept changes; part of every key."""
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_RACY = 2_000_000_000
"""Nanoseconds for which a file that changed is not believed to be recognised by its times: it may change again unnoticed."""

KEY_PARTS = ("format", "kind", "compiler", "option", "unit", "file", "role", "source", "import", "found", "broken")
"""What a unit's key speaks of, in order:

- `format`, `kind`: of the cache, and what is kept under the key (`front`, `object`, `ssa`).
- `compiler`: `compiler_identity`.
- `option`: a tracked option and its value, one line each.
- `unit`, `file`, `role`: the module, its shown path, what it is compiled as (`root` has the program's entry).
- `source`: digest of the source's bytes.
- `import`: a path as written in a `use`, and the module that it leads to; `-` when nothing was found.
- `found`: digest of what finding the imports reported, `-` for nothing.
- `broken`: `yes` when something in reach has errors, so that nothing is made of this unit; `torn` when it has lost declarations to mistakes
  in its form, so that nothing is said of what lacks.
"""

ablated: set[str] = set()
"""Parts that `key_text` leaves out: for the tests that show what each part is there for."""


class Facts(Struct):
    """What a unit's key is made of besides kind and options; the fields are the parts of `KEY_PARTS`."""

    compiler: str
    unit: str
    file: str
    role: str
    source: str
    imports: list[tuple[str, str]]
    found: str
    broken: str


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def heading(kind: str) -> str:
    """The first line of a key's text that is not a unit's."""
    return f"{kind} {FORMAT}"


def _value(value: object) -> str:
    """One spelling per value: fields of structs by name, enumerations by value."""
    fields = getattr(value, "__struct_fields__", None)
    if fields is not None:
        return "{" + ",".join(f"{name}={_value(getattr(value, name))}" for name in fields) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(_value(item) for item in value) + ")"
    return repr(getattr(value, "value", value))


def options_text(options: DriverOptions, names: tuple[str, ...] = TRACKED_FIELDS) -> str:
    """Options by name, one a line. What `native` stands for is another processor on another machine."""
    text = "".join(f"option {name} {_value(getattr(options, name))}\n" for name in names)
    if options.target.cpu == "native" and "target" in names:
        from vitte.codegen.llvm.machine import processor

        text += f"option native {' '.join(processor(options.target))!r}\n"
    return text


def tracked_options(options: DriverOptions) -> dict[str, str]:
    """The option lines of a key for each kind of result."""
    every = options_text(options)
    return {"front": options_text(options, CHECK_FIELDS), "object": every, "ssa": every}


def key_text(kind: str, options: str, facts: Facts) -> str:
    """The canonical text of a unit's key. `options`: lines of `options_text`."""
    parts: dict[str, str] = {
        "format": f"format {FORMAT}\n",
        "kind": f"kind {kind}\n",
        "compiler": f"compiler {facts.compiler}\n",
        "option": options,
        "unit": f"unit {facts.unit}\n",
        "file": f"file {facts.file!r}\n",
        "role": f"role {facts.role}\n",
        "source": f"source {facts.source}\n",
        "import": "".join(f"import {written} {found}\n" for written, found in facts.imports),
        "found": f"found {facts.found}\n",
        "broken": f"broken {facts.broken}\n",
    }
    return "".join(parts[name] for name in KEY_PARTS if name not in ablated)


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
    latest = 0
    begun = time_ns()
    for path in files:
        info = os.stat(path)
        stamp.update(f"{path}|{info.st_size}|{info.st_mtime_ns}|{info.st_ctime_ns}|{info.st_ino}\n".encode("utf-8", "surrogateescape"))
        latest = max(latest, info.st_ctime_ns)
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
        with open(path, "rb", buffering=0) as file:
            content = file.readall()
        whole.update(f"{path[len(_HERE) + 1 :]} {len(content)}\n".encode())
        whole.update(content)
    result = whole.hexdigest()
    if memo and latest + _RACY < begun:
        from vitte.driver_impl.cache import io, layout

        try:
            layout.create(memo_folder)
            io.write_file(memo, result.encode())
        except OSError:
            pass  # it only saves work
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
