"""What the cache knows of one unit: its keys, the edges of what is remembered, and whether that holds."""

from __future__ import annotations

from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext
from vitte.driver.upkeep import UnitState
from vitte.driver_impl.cache.incremental import CacheKey
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.pipeline.explain import last_made, why
from vitte.driver_impl.pipeline.graph import Discovery, Unit, members
from vitte.driver_impl.pipeline.keeps import Keeps, open_keeps, scratch
from vitte.driver_impl.pipeline.schedule import run_all
from vitte.driver_impl.pipeline.units import Workshop


def inspect_unit(options: DriverOptions, context: DriverContext, name: str) -> list[UnitState]:
    """The state of the unit `name` (its module's path, or its file's), checked and built. What it uses is checked first, as far as
    that is not remembered. Raises `DriverError` when there is no such unit."""
    package = context.package
    assert package is not None
    keeps = open_keeps(options, package)
    try:
        return _inspect(options, context, keeps, name)
    finally:
        keeps.close(context)


def _inspect(options: DriverOptions, context: DriverContext, keeps: Keeps, name: str) -> list[UnitState]:
    assert context.package is not None
    discovery = Discovery(options, context, context.package, keeps.own, keeps.library, keeps.identity)
    graph = discovery.run()
    unit = next((unit for unit in graph.units if name in (unit.module, unit.display, unit.path)), None)
    if unit is None:
        from vitte.base.suggest import closest

        near = closest(name, [unit.module for unit in graph.units])
        raise DriverError(f"there is no unit `{name}` in this build", helps=(f"did you mean `{near}`?",) if near else ())
    checked = Workshop(options, context, graph, discovery, "check", lambda: scratch(context))
    within = set(members(unit.reach))
    run_all(checked, [index for index in graph.order if index in within], options.jobs, isolate=False)
    built = Workshop(options, context, graph, discovery, "object", lambda: scratch(context))
    built.done.update(checked.done)
    return [_state(shop, unit) for shop in (checked, built)]


def _state(shop: Workshop, unit: Unit) -> UnitState:
    last = last_made(shop, unit)
    before, edges = (last[0], list(last[1].dependencies)) if last is not None else ("", [])
    fresh = shop.fresh(unit.index)
    rebuilt = why(shop, unit) if fresh is None else None
    text = shop.key(unit, shop.kind)
    entries = shop.discovery.keep(unit).cache.entries(CacheKey(shop.kind, unit.module), digest(text.encode()))
    if fresh is not None and entries:
        before, edges = text, list(entries[0].dependencies)
    return UnitState(shop.kind, unit.module, text, before, edges, rebuilt)
