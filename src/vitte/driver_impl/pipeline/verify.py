"""`--cache=verify`: everything that the cache would answer is made anew in processes that never saw it, and compared byte by byte."""

from __future__ import annotations

from msgspec.structs import replace

from vitte.driver.error import StageCrash
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext, Package
from vitte.driver_impl.pipeline.graph import Discovery
from vitte.driver_impl.pipeline.keeps import Keeps, open_keeps, scratch
from vitte.driver_impl.pipeline.schedule import run_all
from vitte.driver_impl.pipeline.units import Done, Workshop


def verify(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps, goal: str) -> None:
    """Compare what is remembered of every unit with what compiling it gives. Raises `StageCrash` for a unit that differs: that is a
    mistake of the compiler's own."""
    aside = DriverContext(options, context.log)
    aside.package, aside.stdin, aside.temporary = package, context.stdin, context.temporary
    remembered = _finished(replace(options, cache="on"), aside, package, keeps, goal)
    nothing = open_keeps(replace(options, cache="off"), package)
    fresh = _finished(replace(options, cache="off"), aside, package, nothing, goal)
    for index, unit in enumerate(remembered.graph.units):
        what = _difference(remembered.done[index], fresh.done[index])
        if what and not remembered.done[index].did:
            raise StageCrash("cache", unit.module, f"what is remembered of its {what} is not what compiling it gives\n")


def _finished(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps, goal: str) -> Workshop:
    discovery = Discovery(options, context, package, keeps.own, keeps.library, keeps.identity)
    graph = discovery.run()
    shop = Workshop(options, context, graph, discovery, goal, lambda: scratch(context))
    run_all(shop, graph.order, max(options.jobs, 1), isolate=True)
    return shop


def _difference(one: Done, other: Done) -> str:
    if one.broken != other.broken or one.diagnostics != other.diagnostics:
        return "diagnostics"
    if one.interface != other.interface:
        return "interface"
    if one.artifact != other.artifact:
        return "object"
    return "" if one.ssa == other.ssa else "SSA"
