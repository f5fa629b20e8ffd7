"""What the server has ready before the first command: every module of the compiler, and what is the same for all programs."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from importlib.util import find_spec

from vitte.driver_impl.cache.key import compiler_files, compiler_identity
from vitte.server.protocol import PACKAGE

_PROGRAM = """
use std/env
use std/fs
use std/io
use std/math
use std/mem
use std/process
use std/random.{Random}
use std/time

#[derive(clone, ord)]
form Word { text: string, count: int }

proc counted(text: string) -> map[string, int] {
  let mut counts: map[string, int] = map {}
  for word in text.split(" ") { *counts.get_or_insert(word, 0) += 1 }
  give counts
}

proc main(args: [string]) {
  let mut words: [Word] = []
  for i in 0..args.len() { words.push(Word { text: args[i].trim(), count: i }) }
  words.sort()
  let found = env.var("A") ?? "none"
  println("{} {:?} {}", words.len(), words, counted(found).len())
  println(format("{:.3} {}", 2.5, io.read_line() ?? ""))
}
"""


class Stamp:
    """Sizes, times and places of the compiler's files and of the packages it uses, as they were before it was loaded."""

    def __init__(self) -> None:
        self.taken = _stamp()

    def is_current(self) -> bool:
        return _stamp() == self.taken


def _stamp() -> list[tuple[str, int, int, int]]:
    specs = [find_spec(name) for name in ("llvmlite", "msgspec", "ziglang")]
    files = compiler_files()
    sites = [os.path.dirname(spec.origin) for spec in specs if spec is not None and spec.origin]
    result = []
    for path in [*files, *sites, *dict.fromkeys(os.path.dirname(site) for site in sites)]:
        try:
            info = os.stat(path)
        except OSError:
            result.append((path, -1, 0, 0))
        else:
            result.append((path, info.st_size, info.st_mtime_ns, info.st_ino))
    return result


def load() -> None:
    """Import everything, warm what is decoded on first use, and let collections and children leave it where it is."""
    for name in _modules():
        import_module(name)
    compiler_identity("")  # of what is loaded now
    _rehearse()
    gc.collect()
    gc.freeze()
    gc.disable()


def _modules() -> list[str]:
    """Every module of the compiler, by its files, and what it imports late."""
    names = []
    for path in compiler_files():
        name = os.path.relpath(path, os.path.dirname(PACKAGE))
        if name.endswith(".py") and os.path.basename(name) != "__main__.py":
            names.append(name.removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__"))
    return [*names, "tomllib", "llvmlite.binding"]


def _rehearse() -> None:
    """Check a program that uses the library, and compile an empty module: tables, decoders and LLVM's machines are made on first use,
    and interfaces of the library are decoded as far as programs usually need them."""
    import shutil
    import tempfile

    from vitte.cli.parser import Args
    from vitte.cli.settings import cache_of
    from vitte.codegen.llvm.machine import to_object
    from vitte.driver import api
    from vitte.driver.options import DriverOptions
    from vitte.driver_impl.cache import interface

    folder = tempfile.mkdtemp(prefix="vitte-server-")
    try:
        path = os.path.join(folder, "vitte__rehearsal.vit")  # types are known by name: one that no program has
        with open(path, "w") as file:
            file.write(_PROGRAM)
        mode, cache = cache_of(Args())
        options = DriverOptions(inputs=(path,), cache=mode, cache_dir=cache)
        interface.kept = {}
        api.check(options)
        to_object("", options.target, options.opt_level)
    except Exception:
        return  # a command will say what is wrong
    finally:
        shutil.rmtree(folder, ignore_errors=True)
