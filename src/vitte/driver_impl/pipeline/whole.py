"""All units of a build: found, then each taken from the cache or compiled; what was done, counted."""

from __future__ import annotations

import os

from vitte.base.source import SourceFile
from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.session import Built, DriverContext, LogLevel, Package
from vitte.driver_impl.cache.diagnostics import decoded
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.files import library_source, load_for_display
from vitte.driver_impl.pipeline.graph import Changed, Discovery, Graph
from vitte.driver_impl.pipeline.keeps import Keeps, is_scratch, scratch
from vitte.driver_impl.pipeline.schedule import run_all
from vitte.driver_impl.pipeline.units import Workshop


def compile_all(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps, goal: str) -> tuple[Workshop, Built]:
    """Find all units and finish each, from the cache or by compiling it. A source that changes meanwhile makes it begin anew."""
    # Snippets may show a library file that was not read in this run.
    context.sources.fall_back(library_source)
    for attempt in range(5):
        discovery = Discovery(options, context, package, keeps.own, keeps.library, keeps.identity)
        try:
            graph = discovery.run()
            shop = Workshop(options, context, graph, discovery, goal, lambda: scratch(context))
            run_all(shop, graph.order, options.jobs, isolate=goal == "object", progress=context.progress)
            break
        except Changed as changed:
            if attempt == 4:
                raise DriverError(f"`{changed}` keeps changing while it is compiled") from None
    context.sources.fall_back(lambda name: _source_of(graph, name))
    built = Built(units=len(graph.units), lines=sum(unit.lines for unit in graph.units if unit.role != "std"))
    own_package = context.package
    for index in graph.order:
        done = shop.done[index]
        unit = graph.units[index]
        built.failed |= done.broken
        known = unit.package is own_package
        context.diagnostics.extend(d for d in decoded(done.diagnostics) if d.level == "error" or known)
    return shop, built


def locate_objects(shop: Workshop, options: DriverOptions, context: DriverContext) -> None:
    """Find every unit's object; compile units again whose objects are lost or damaged."""
    for index in shop.graph.order:
        done = shop.done[index]
        if not done.path:
            done.path = shop.discovery.keep(shop.graph.units[index]).cache.locate(done.artifact)
    _compile_lost(shop, options, context)


def own_objects(shop: Workshop, options: DriverOptions, context: DriverContext) -> None:
    """Copy every unit's object to the run's temporary folder: somebody deletes or damages the cache at this moment."""
    for index in shop.graph.order:
        done, unit = shop.done[index], shop.graph.units[index]
        if not is_scratch(os.path.dirname(done.path)):
            data = shop.discovery.keep(unit).cache.read(done.artifact)
            done.path = shop.write_own(unit, data) if data is not None else ""
    _compile_lost(shop, options, context)


def read_object(shop: Workshop, index: int, options: DriverOptions, context: DriverContext) -> bytes:
    """A unit's object, which was located."""
    try:
        with open(shop.done[index].path, "rb") as file:
            data = file.read()
    except OSError:
        data = b""
    if digest(data) == shop.done[index].artifact:
        return data
    own_objects(shop, options, context)
    with open(shop.done[index].path, "rb") as file:
        return file.read()


def _compile_lost(shop: Workshop, options: DriverOptions, context: DriverContext) -> None:
    """Compile units again that have no object; those of now are not in the cache, so they stay."""
    lost = [index for index in shop.graph.order if not shop.done[index].path]
    for index in lost:
        shop.forget(index)
    run_all(shop, lost, options.jobs, isolate=True, progress=context.progress)


def tally(shop: Workshop, built: Built) -> None:
    """What was done, counted, and what to watch."""
    units = shop.graph.units
    for index in shop.graph.order:
        did = shop.done[index].did
        built.reused += not did
        built.checked += "check" in did
        built.objects += "object" in did
        built.parsed += units[index].parsed or "parse" in did
    for rebuilt in shop.rebuilt:
        index = shop.discovery.by_module[rebuilt.unit]
        rebuilt.did = shop.done[index].did
    # A unit may go through the stages before code generation and end in an object that is remembered: that is not worth telling.
    built.rebuilt = [rebuilt for rebuilt in shop.rebuilt if rebuilt.did]
    own = [unit for unit in units if unit.role != "std" and unit.path != "-"]
    built.watched = [os.path.abspath(unit.path) for unit in own]
    built.watched += shop.discovery.absent()
    if shop.context.log is not None:
        shop.context.log(LogLevel.INFO, "pipeline", f"{built.units} units, {built.reused} reused")


def _source_of(graph: Graph, name: str) -> SourceFile | None:
    """A file of the build, to be shown."""
    unit = next((unit for unit in graph.units if unit.display == name and unit.path != "-"), None)
    return load_for_display(name, unit.path) if unit is not None else library_source(name)
