"""Stage 10: objects to an image, by the linker that the options name; or the image that the same link gave before."""

from __future__ import annotations

import os
from time import perf_counter

from msgspec.structs import replace

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions, EmitKind, Library
from vitte.driver.session import Built, DriverContext, LogLevel, Package, Timing
from vitte.driver.target import Target
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.link import errors, execute, supplies
from vitte.driver_impl.link.data import Plan, Request, temporary_of
from vitte.driver_impl.link.linkers import plan as plan_link
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.pipeline.image import linker_of, put_image
from vitte.driver_impl.pipeline.image_key import image_key
from vitte.driver_impl.pipeline.keeps import Keep, Keeps, scratch
from vitte.driver_impl.pipeline.units import Workshop


def link_program(
    options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built, keeps: Keeps, output: str
) -> str:
    """Link the units' objects to `output`; the artifact that holds the image, "" when it could not be kept."""
    shop.cross_check()
    order = shop.graph.order
    libraries = [*options.libraries, *(Library(*pair) for index in order for pair in shop.done[index].links)]
    options = replace(options, libraries=tuple(dict.fromkeys(libraries)))
    start = perf_counter()
    start_object, start_digest = _generated("start", options, context, keeps)
    objects = [shop.done[index].path for index in order]
    digests = {start_object: start_digest, **{shop.done[index].path: shop.done[index].artifact for index in order}}
    if options.target.libc == "none":
        support_object, digests[support_object] = _generated("support", options, context, keeps)
        objects.append(support_object)
    imports: list[str] = []
    if options.target.system == "windows":
        from vitte.driver_impl.pipeline.imports import import_libraries

        declared = [pair for index in order for pair in shop.done[index].imports]
        made = import_libraries(declared, options.target, keeps.own.cache, context)
        digests.update(made)
        imports = list(made)
    linker, plan = _plan(options, context, start_object, objects, output, imports)
    cache = keeps.own.cache
    key = image_key(linker, plan, digests, options, keeps.library.memo) if cache.mode != "off" else ""
    entry = CacheKey("image", package.name)
    image = ""
    if key and not options.run.dry_run:
        known = next((found.artifact for found in cache.entries(entry, key) if put_image(keeps.own, found.artifact, output)), "")
        if known:
            built.image = output
            built.artifacts.append((EmitKind.BIN, output))
            return known
    built.command = plan.command
    _execute(plan, options, context, {shop.done[index].path: shop.graph.units[index].module for index in order})
    context.timings.append(Timing("link", package.name, perf_counter() - start))
    if any(d.level == "error" for d in context.diagnostics):
        built.failed = True
        return ""
    built.linked = not options.run.dry_run
    built.image = output
    built.artifacts.append((EmitKind.BIN, output))
    if key and built.linked and cache.mode == "on":
        image = _keep_image(keeps.own, entry, key, output)
    return image


def link(options: DriverOptions, context: DriverContext, objects: list[str], output: str) -> list[str]:
    """Link objects that the caller has, with the start object, to `output`. The command line that was run, with its temporary
    output's name. Raises `DriverError` when there is no linker or it crashed; complaints of the linker become diagnostics."""
    path = _write("start", _GENERATED["start"](options.target), context)
    if options.target.libc == "none":
        objects = [*objects, _write("support", _GENERATED["support"](options.target), context)]
    _, plan = _plan(options, context, path, objects, output)
    _execute(plan, options, context)
    return plan.command


def _plan(
    options: DriverOptions, context: DriverContext, start: str, objects: list[str], output: str, imports: list[str] = []  # noqa: B006
) -> tuple[Linker, Plan]:
    linker = linker_of(options)
    supplied = supplies.find(options.target)
    # LLD takes the name of its output for a pattern in which `%` stands for something else.
    temporary = os.path.join(scratch(context), "image") if "%" in os.path.abspath(output) else temporary_of(output)
    request = Request(
        flavour=linker.flavour, arch=options.target.arch, start=supplied.start or start, objects=tuple(objects), output=output,
        temporary=temporary, static=supplied.static, pie=supplied.pie, libraries=options.libraries, folders=options.library_folders,
        runtime=supplied.runtime, if_needed=supplied.if_needed, system=supplied.system, loader=supplied.loader, entry=supplied.entry,
        minimum=supplied.minimum, imports=tuple(imports), strip=options.strip, args=options.link_args,
    )  # fmt: skip
    return linker, plan_link(linker, request)


def _execute(plan: Plan, options: DriverOptions, context: DriverContext, modules: dict[str, str] = {}) -> None:  # noqa: B006
    """`modules`: by the path of its object, for complaints: where an object is kept means nothing to anybody."""
    log = context.log
    tell = (lambda text: log(LogLevel.INFO, "link", text)) if log is not None else None
    result = execute.execute(plan, options.run.dry_run, tell)
    if result.status != 0:
        complaints = result.stderr
        for path, module in modules.items():
            complaints = complaints.replace(path, f"{module}.o")
        found = errors.diagnose(complaints, plan)
        if not found:
            raise DriverError(f"the linker failed: {execute.how(result.status)}", status=EXIT_TOOLCHAIN, details=result.stderr)
        context.diagnostics.extend(found)


def _keep_image(keep: Keep, key: CacheKey, fingerprint: str, output: str) -> str:
    try:
        with open(output, "rb") as file:
            data = file.read()
            info = os.fstat(file.fileno())
    except OSError:
        return ""
    artifact = keep.cache.write(data)
    if artifact:
        keep.cache.put(CacheEntry(key, fingerprint, artifact))
        keep.memo.learn(os.path.abspath(output), info, artifact)
    return artifact


def _start_object(target: Target) -> bytes:
    from vitte import codegen

    return codegen.start_object(target)


def _support_object(target: Target) -> bytes:
    from vitte import codegen

    return codegen.support_object(target)


_GENERATED = {"start": _start_object, "support": _support_object}
"""Objects that code generation makes for a target, whatever the program."""


def _generated(name: str, options: DriverOptions, context: DriverContext, keeps: Keeps) -> tuple[str, str]:
    """Path and digest of an object of `_GENERATED`, made once per compiler and target."""
    cache = keeps.library.cache
    key = CacheKey(name, options.target.name)
    fingerprint = digest(f"{name} {keeps.identity} {options.target.name}".encode())
    for entry in cache.entries(key, fingerprint):
        path = cache.locate(entry.artifact)
        if path:
            return path, entry.artifact
    data = _GENERATED[name](options.target)
    artifact = cache.write(data)
    if artifact:
        cache.put(CacheEntry(key, fingerprint, artifact))
        path = cache.locate(artifact)
        if path:
            return path, artifact
    return _write(name, data, context), digest(data)


def _write(name: str, data: bytes, context: DriverContext) -> str:
    path = os.path.join(scratch(context), f"{name}.o")
    with open(path, "wb") as file:
        file.write(data)
    return path
