"""The execution half of the compiler: what `vitte.driver` decides is done here.

    options, context --find_package--> package --compile_impl--> Built (objects, image) --run_impl--> exit status

The functions are those of `vitte.driver.api.Implementation`. Invariant: nothing here decides a policy; diagnostics
and results go back through the `DriverContext` and `Built`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitte.driver.api import TargetProgress
    from vitte.driver.options import DriverOptions
    from vitte.driver.session import Built, DriverContext, LogSink, Package, Product
    from vitte.driver.upkeep import CacheReport, TargetState, UnitState


def init_logger_from_options(options: DriverOptions) -> LogSink | None:
    """The internal log that the options ask for, or None when it is off."""
    if not options.log:
        return None
    from vitte.driver_impl.utils.log import make_logger

    return make_logger(options.log, options.color)


def find_package(options: DriverOptions, context: DriverContext) -> Package:
    import sys

    from vitte.driver_impl.package import find_package as find

    # Stages recurse over trees, which the parser keeps from being too deep: a few frames for each level of nesting.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))
    if context.log is None:
        context.log = init_logger_from_options(options)
    return find(options, context)


def find_product(package: Package, product: Product) -> Package:
    from vitte.driver_impl.package import find_product as find

    return find(package, product)


def compile_impl(options: DriverOptions, context: DriverContext) -> Built:
    from vitte.driver_impl.pipeline.build import build

    return build(options, context)


def link_impl(options: DriverOptions, context: DriverContext, objects: list[str], output: str) -> list[str]:
    """Link object files to `output`; the command line that was run."""
    from vitte.driver_impl.pipeline.link import link

    return link(options, context, objects, output)


def run_impl(options: DriverOptions, context: DriverContext, built: Built) -> int:
    from vitte.driver_impl.runtime.run import run

    return run(options, context, built)


def emit_impl(options: DriverOptions, context: DriverContext, stage: str, proc: str) -> Built:
    from vitte.driver_impl.pipeline.emit import emit

    return emit(options, context, stage, proc)


def inspect_impl(options: DriverOptions, context: DriverContext, unit: str) -> list[UnitState]:
    from vitte.driver_impl.pipeline.inspect import inspect_unit

    return inspect_unit(options, context, unit)


def clean_up(context: DriverContext) -> None:
    import os

    for path in context.temporary:
        try:
            if os.path.isdir(path):
                from shutil import rmtree

                rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        except OSError:
            pass
    context.temporary.clear()


def cache_impl(action: str, folder: str, sources: list[str], limit: int) -> CacheReport:
    from vitte.driver_impl.cache.upkeep import upkeep

    return upkeep(action, folder, sources, limit)


def default_cache() -> str:
    from vitte.driver_impl.cache.layout import default_folder

    return default_folder()


def target_impl(action: str, names: list[str], progress: TargetProgress | None) -> list[TargetState]:
    from vitte.driver_impl.targets import look_after

    return look_after(action, names, progress)
