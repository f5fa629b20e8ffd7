"""Stage 10: objects to an image, by the linker that the options name; or the image that the same link gave before."""

from __future__ import annotations

import os
from time import perf_counter

from msgspec.structs import replace

from vitte.base.diagnostics import Diagnostic
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions, EmitKind, Library, LldFlavor
from vitte.driver.session import Built, DriverContext, LogLevel, Package, Timing
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey
from vitte.driver_impl.link import errors, execute
from vitte.driver_impl.link.data import Plan, Request, temporary_of
from vitte.driver_impl.link.linkers import plan as plan_link
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.pipeline.image import linker_of, put_image
from vitte.driver_impl.pipeline.image_key import image_key
from vitte.driver_impl.pipeline.keeps import Keep, Keeps, scratch
from vitte.driver_impl.pipeline.link_inputs import Inputs, of_objects, of_units
from vitte.driver_impl.pipeline.origins import UnitOrigins
from vitte.driver_impl.pipeline.units import Workshop
from vitte.driver_impl.pipeline.whole import own_objects


def link_program(
    options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built, keeps: Keeps, output: str
) -> str:
    """Link the units' objects to `output`; the artifact that holds the image, "" when it could not be kept."""
    shop.cross_check()
    order = shop.graph.order
    libraries = [*options.libraries, *(Library(*pair) for index in order for pair in shop.done[index].links)]
    options = replace(options, libraries=tuple(dict.fromkeys(libraries)))
    start = perf_counter()
    inputs = of_units(options, context, shop, keeps)
    linker, plan = _plan(options, context, inputs, output, package.name)
    cache = keeps.own.cache
    key = image_key(linker, plan, inputs.digests, options, keeps.library.memo) if cache.mode != "off" else ""
    entry = CacheKey("image", package.name)
    image = ""
    if key and not options.run.dry_run:
        known = next((found.artifact for found in cache.entries(entry, key) if put_image(keeps.own, found.artifact, output)), "")
        if known:
            built.image = output
            built.artifacts.append((EmitKind.BIN, output))
            return known
    built.command = plan.command
    try:
        complaints = _execute(plan, options, context, UnitOrigins(shop, inputs.modules))
        again = bool(complaints) and inputs.are_lost()
    except DriverError:
        again = inputs.are_lost()
        if not again:
            raise
    if again:
        # Who deletes a cache that is in use costs the build time, and does not fail it.
        own_objects(shop, options, context)
        inputs = of_units(options, context, shop, keeps, own=True)
        _, plan = _plan(options, context, inputs, output, package.name)
        built.command = plan.command
        complaints = _execute(plan, options, context, UnitOrigins(shop, inputs.modules))
    context.diagnostics.extend(complaints)
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
    _, plan = _plan(options, context, of_objects(options, context, objects), output)
    context.diagnostics.extend(_execute(plan, options, context))
    return plan.command


def _plan(options: DriverOptions, context: DriverContext, inputs: Inputs, output: str, name: str = "") -> tuple[Linker, Plan]:
    """`name`: of the program, where its image holds one: the same whatever the output is called."""
    linker = linker_of(options)
    supplied = inputs.supplied
    # LLD takes the name of its output for a pattern in which `%` stands for something else; into WebAssembly it writes the name.
    fixed = "%" in os.path.abspath(output) or linker.flavour is LldFlavor.WASM
    temporary = os.path.join(scratch(context), "image") if fixed else temporary_of(output)
    request = Request(
        flavour=linker.flavour, arch=options.target.arch, start=supplied.start or inputs.start, objects=tuple(inputs.objects),
        output=output, temporary=temporary, static=supplied.static, pie=supplied.pie, libraries=options.libraries,
        folders=options.library_folders, runtime=supplied.runtime, if_needed=supplied.if_needed, system=supplied.system,
        loader=supplied.loader, entry=supplied.entry, minimum=supplied.minimum, imports=tuple(inputs.imports), identifier=name,
        strip=options.strip, args=options.link_args,
    )  # fmt: skip
    return linker, plan_link(linker, request)


def _execute(plan: Plan, options: DriverOptions, context: DriverContext, origins: errors.Origins | None = None) -> list[Diagnostic]:
    """What the linker complained about; `-v` shows its own words. Raises `DriverError` when it crashed or said nothing that is
    understood."""
    log = context.log
    tell = (lambda text: log(LogLevel.INFO, "link", text)) if log is not None else None
    result = execute.execute(plan, options.run.dry_run, tell)
    if result.status == 0:
        return []
    said = result.stderr
    for source, name in plan.links:
        said = said.replace(name, source)
    found = errors.diagnose(said, plan, origins)
    if not found:
        raise DriverError(f"the linker failed: {execute.how(result.status)}", status=EXIT_TOOLCHAIN, details=result.stderr)
    if tell is not None:
        tell("it says:\n" + result.stderr.rstrip())
    return found


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
