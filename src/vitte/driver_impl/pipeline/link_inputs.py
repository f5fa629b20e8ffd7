"""What a link is made of: the units' objects, and what belongs to them on the program's target.

    units, target --of_units--> Inputs: start object, objects, support object, stub of the C library, import libraries

Files that are the same for every program of a target are made once per compiler, and kept.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import OutputKind
from vitte.driver_impl.cache import io
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey
from vitte.driver_impl.cache.key import digest, options_text
from vitte.driver_impl.link import supplies
from vitte.driver_impl.link.supplies import Supplies
from vitte.driver_impl.pipeline.image import file_digest
from vitte.driver_impl.pipeline.keeps import scratch_file

if TYPE_CHECKING:
    from vitte.driver.options import DriverOptions
    from vitte.driver.session import DriverContext
    from vitte.driver.target import Target
    from vitte.driver_impl.pipeline.keeps import Keeps
    from vitte.driver_impl.pipeline.units import Workshop


class Inputs(Struct):
    """`start`: the start object, "" where the target has none. `names`: what each of `objects` is called. `imports`: import libraries of
    DLLs. `modules`: modules by the paths of their objects; those of one content have one path. `digests`: of every file that was made
    here, by path."""

    supplied: Supplies
    start: str
    objects: list[str]
    names: list[str] = []
    imports: list[str] = []
    modules: dict[str, str] = {}
    digests: dict[str, str] = {}

    def add(self, path: str, known: str, name: str) -> None:
        """Another object, with its digest."""
        self.objects.append(path)
        self.names.append(name)
        self.digests[path] = known
        self.modules[path] = name

    def are_lost(self) -> bool:
        """Whether a file is gone, or is not what it was."""
        return any(path and not _is(path, known) for path, known in self.digests.items())


def of_units(
    options: DriverOptions, context: DriverContext, shop: Workshop, keeps: Keeps, own: bool = False, merged: tuple[str, str] = ("", "")
) -> Inputs:
    """`own`: with copies in the run's temporary folder, for a cache that is being deleted. `merged`: path and digest of the one object of
    all units, where they were merged. Raises `DriverError` when something that the
    target needs is not on this machine."""
    supplied = supplies.find(options.target)
    inputs = Inputs(supplied, "", [])
    if _has_start(options):
        inputs.start, inputs.digests[inputs.start] = _generated("start", options, context, keeps, own)
    if merged[0]:
        inputs.add(*merged, "merged")
    for index in () if merged[0] else shop.graph.order:
        done = shop.done[index]
        inputs.add(done.path, done.artifact, shop.graph.units[index].module)
    # `lld-link` and zig's linker complain about what only code refers to that they leave out.
    if options.kind is not OutputKind.BIN and not merged[0]:
        inputs.add(*_generated("library", options, context, keeps, own), "vitte.library")
    if supplied.described:
        facts = file_digest(supplied.described, keeps.library.memo)
        stub, inputs.digests[stub] = _generated("stub", options, context, keeps, own, facts)
        inputs.supplied = replace(supplied, runtime=(*supplied.runtime, stub))
    if options.target.libc == "none":
        inputs.add(*_generated("support", options, context, keeps, own), "vitte.support")
    if options.target.system == "windows":
        from vitte.driver_impl.pipeline.imports import import_libraries

        declared = [pair for index in shop.graph.order for pair in shop.done[index].imports]
        made = import_libraries(declared, options.target, None if own else keeps.own.cache, context)
        inputs.digests.update(made)
        inputs.imports += made
    return inputs


def _has_start(options: DriverOptions) -> bool:
    """A program has one. So has a library where there are no programs: what stands for a system is in it."""
    return options.kind is OutputKind.BIN or (options.kind is OutputKind.SHARED and not options.target.has_programs)


def of_objects(options: DriverOptions, context: DriverContext, objects: list[str]) -> Inputs:
    """For objects that the caller has; nothing is kept. Raises `DriverError` like `of_units`."""
    supplied = supplies.find(options.target)
    start = _write("start", _start_object(options.target), context) if _has_start(options) else ""
    inputs = Inputs(supplied, start, list(objects), [os.path.basename(path) for path in objects])
    if supplied.described:
        inputs.supplied = replace(supplied, runtime=(*supplied.runtime, _write("stub", _stub(options.target), context)))
    if options.target.libc == "none":
        inputs.objects.append(_write("support", _support_object(options.target), context))
        inputs.names.append("vitte.support")
    if options.target.system == "windows":
        from vitte.driver_impl.pipeline.imports import import_libraries

        inputs.imports += import_libraries([], options.target, None, context)
    return inputs


def _is(path: str, known: str) -> bool:
    try:
        return io.hash_file(path) == known
    except OSError:
        return False


def _start_object(target: Target) -> bytes:
    from vitte import codegen

    return codegen.start_object(target)


def _support_object(target: Target) -> bytes:
    from vitte import codegen

    return codegen.support_object(target)


def _library_object(target: Target) -> bytes:
    from vitte import codegen

    return codegen.library_object(target)


def _stub(target: Target) -> bytes:
    """What is linked with in the place of a C library that is only described."""
    from vitte.driver_impl.link import libsystem, macho

    described = supplies.find(target).described
    try:
        with open(described, encoding="utf-8") as file:
            return libsystem.stub(file.read(), macho.ARCHS[target.arch]).encode()
    except (OSError, ValueError) as error:
        raise DriverError(f"`{described}` cannot be used: {error}", status=EXIT_TOOLCHAIN) from None


_GENERATED = {"start": _start_object, "support": _support_object, "library": _library_object, "stub": _stub}
"""Files that are made for links for a target, whatever the program."""


def _generated(name: str, options: DriverOptions, context: DriverContext, keeps: Keeps, own: bool, facts: str = "") -> tuple[str, str]:
    """Path and digest of a file of `_GENERATED`, made once per compiler, target and `facts`; both "" where the target needs none. `own`: in
    the run's temporary folder."""
    cache = keeps.library.cache
    key = CacheKey(name, options.target.name)
    fingerprint = digest(f"{name} {keeps.identity}\n{facts}\n{options_text(options, ('target',))}".encode())
    if not own:
        for entry in cache.entries(key, fingerprint):
            path = cache.locate(entry.artifact)
            if path:
                return path, entry.artifact
    data = _GENERATED[name](options.target)
    if not data:
        return "", ""
    artifact = "" if own else cache.write(data)
    if artifact:
        cache.put(CacheEntry(key, fingerprint, artifact))
        path = cache.locate(artifact)
        if path:
            return path, artifact
    return _write(name, data, context), digest(data)


def _write(name: str, data: bytes, context: DriverContext) -> str:
    return scratch_file(context, f"{name}.tbd" if name == "stub" else f"{name}.o", data) if data else ""
