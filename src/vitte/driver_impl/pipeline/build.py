"""A whole run of the compiler: discovery, all units, the link, and what was asked to be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions, EmitKind, OutputKind
from vitte.driver.outputs import IMAGES, LIBRARIES
from vitte.driver.session import Built, DriverContext, LogLevel, Package
from vitte.driver_impl.cache.diagnostics import decoded, encoded
from vitte.driver_impl.cache.key import heading, options_text
from vitte.driver_impl.files import library_source, load_for_display
from vitte.driver_impl.pipeline.goals import TEXTS, goal_of, header_path, image_path, image_wanted, library_name
from vitte.driver_impl.pipeline.image import Kept, put_files
from vitte.driver_impl.pipeline.image_key import link_text
from vitte.driver_impl.pipeline.keeps import Keeps, open_keeps
from vitte.driver_impl.pipeline.plan import Plan, Planner, fits, inside

if TYPE_CHECKING:
    from vitte.driver_impl.pipeline.units import Workshop


def build(options: DriverOptions, context: DriverContext) -> Built:
    """Everything the options ask for, up to the linked image."""
    package = context.package
    assert package is not None
    texts = tuple(TEXTS[kind] for kind, _ in options.emit if kind in TEXTS)
    if texts:
        options = replace(options, dump=(*options.dump, *texts))
    if options.dump:
        from vitte.driver_impl.pipeline.emit import known_dumps

        known_dumps(options)
    keeps = open_keeps(options, package)
    try:
        if options.cache == "verify":
            from vitte.driver_impl.pipeline.verify import verify

            verify(options, context, package, keeps, goal_of(options))
        built = _build(options, context, package, keeps)
        if context.log is not None and built.artifacts and not built.failed:
            from vitte.driver_impl.pipeline.sizes import report

            report(context, built.artifacts)
        return built
    finally:
        keeps.close(context)


def _build(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps) -> Built:
    goal = goal_of(options)
    output = image_path(options, context, package) if goal == "object" else ""
    if output and os.path.exists(output) and not os.path.isfile(output) and not os.path.isdir(output):
        # It would be replaced: as root, for everybody.
        raise DriverError(f"cannot write `{output}`: it is not a regular file", status=EXIT_TOOLCHAIN)
    planner = _planner(options, package, keeps, goal, output)
    if planner is not None:
        plan = planner.find()
        try:
            if plan is not None and (not plan.image or _put(plan, options, keeps, output)):
                return _planned(plan, planner, options, context, output)
        except DriverError:
            if plan is not None:
                _planned(plan, planner, options, context, output)  # what it says is said before it fails
            raise
    # Only from here on is there something to do, and the compiler to be loaded, each part when it is needed.
    from vitte.driver_impl.pipeline.whole import compile_all, locate_objects, tally

    shop, built = compile_all(options, context, package, keeps, goal)
    dumps = shop.done[shop.graph.root].texts if shop.graph.root >= 0 else []
    if dumps:
        from vitte.driver_impl.pipeline.emit import write_texts

        write_texts(options, package, dumps, built)
    if goal == "ssa" and not built.failed:
        from vitte.driver_impl.cache import codec

        built.program = [codec.ssa.decode(shop.done[i].ssa) for i in shop.graph.order]
    kept = Kept()
    if goal == "object" and not built.failed:
        locate_objects(shop, options, context)
        if options.emit:
            from vitte.driver_impl.pipeline.emit import write_objects

            write_objects(options, context, package, shop, built)
        if image_wanted(options, shop.graph.root >= 0):
            from vitte.driver_impl.pipeline.link import link_program

            kept = link_program(options, context, package, shop, built, keeps, output)
    if not built.failed and any(kind is EmitKind.HEADER for kind, _ in options.emit):
        from vitte.driver_impl.pipeline.emit import write_header

        write_header(options, context, package, shop, built, output)
    tally(shop, built)
    if planner is not None and _is_plain(shop, built, kept):
        absent = planner.listings(shop.discovery.absent())
        if absent is not None:
            planner.keep(_plan_of(shop, planner, built, encoded(context.diagnostics), kept, absent))
    return built


def _is_plain(shop: Workshop, built: Built, kept: Kept) -> bool:
    """Whether the result depends on nothing but what a plan says: not on hints about files that are near, or on libraries that the linker
    looks for."""
    if shop.discovery.unsure:
        return False
    done = shop.done.values()
    if not built.image:
        return not built.failed or any(unit.broken for unit in done)
    # What the standard library is linked with is what the target supplies, and part of the planner's text; what is imported from DLLs is
    # said by the sources alone.
    own = [unit for unit in done if shop.graph.units[unit.index].role != "std"]
    return kept.whole and not any(kind != "dll" for unit in own for _, kind in unit.links)


def _beside(plan: Plan, output: str) -> list[tuple[str, str]]:
    return [(os.path.normpath(os.path.join(os.path.dirname(output), path)), artifact) for path, artifact in plan.beside]


def _put(plan: Plan, options: DriverOptions, keeps: Keeps, output: str) -> bool:
    is_program = options.kind in (OutputKind.BIN, OutputKind.SHARED)
    return put_files(keeps.own, plan.image, output, _beside(plan, output), is_program)


def _planned(plan: Plan, planner: Planner, options: DriverOptions, context: DriverContext, output: str) -> Built:
    """The build that a plan remembers."""
    built = Built(failed=plan.failed, units=plan.units, reused=plan.units, lines=plan.lines)
    if plan.diagnostics:
        places = {display: os.path.join(planner.base, relative) for relative, display, _ in plan.sources}
        context.sources.fall_back(lambda name: load_for_display(name, places[name]) if name in places else library_source(name))
        context.diagnostics.extend(decoded(plan.diagnostics))
    if plan.image:
        kind = EmitKind(options.kind.value)
        built.image = output
        built.artifacts.append((kind, output))
        built.artifacts += [(EmitKind.HEADER if path.endswith(".h") else kind, path) for path, _ in _beside(plan, output)]
    built.watched = [os.path.join(planner.base, path) for path, _, _ in plan.sources]
    built.watched += [os.path.join(planner.base, folder, name) for folder, _, names in plan.absent for name in names]
    if context.log is not None:
        context.log(LogLevel.INFO, "pipeline", f"{built.units} units, nothing to do")
    return built


def _planner(options: DriverOptions, package: Package, keeps: Keeps, goal: str, output: str) -> Planner | None:
    """None when the build is not one whose result a plan can hold."""
    kinds = [kind for kind, _ in options.emit]
    if options.cache == "off" or goal == "ssa" or options.dump or options.emit_proc or options.time_passes or package.entry == "-":
        return None
    if EmitKind.HEADER in kinds or (goal == "object" and any(kind not in IMAGES for kind in kinds)):
        return None
    if package.manifest is not None:
        base = os.path.abspath(package.root)
    else:
        base = os.path.dirname(os.path.abspath(package.entry))
    lines = [heading("plan"), f"compiler {keeps.identity}", f"goal {goal} {options.mode.value}", options_text(options).rstrip("\n")]
    if goal == "object":
        linked = link_text(options, output, keeps.library.memo)
        if not linked:
            return None
        lines.append(linked)
        if options.kind in LIBRARIES:
            name = library_name(options, package, output)
            lines.append(f"library {name!r} {inside(header_path(options, package, output), os.path.dirname(os.path.abspath(output)))!r}")
            lines.append(f"product {package.product!r}")
    lines += _package_lines(package, base)
    return Planner(keeps.own.cache, keeps.own.memo, f"{package.name} {goal}", base, "\n".join(lines) + "\n")


def _package_lines(package: Package, base: str) -> list[str]:
    """Where modules come from. A single file is shown as it was named, so that is part of it."""
    shown = package.entry if package.manifest is None else ""
    lines = [f"package {package.name!r} {inside(package.root or '.', base)!r} {inside(package.source_root or '.', base)!r} {shown!r}"]
    lines += [f"entry {inside(package.entry, base)!r}"] if package.entry else []
    lines += [f"root {inside(path, base)!r}" for path in package.roots]
    for dependency in package.dependencies:
        lines += ["{", *_package_lines(dependency, base), "}"]
    return lines


def _plan_of(
    shop: Workshop, planner: Planner, built: Built, diagnostics: bytes, kept: Kept, absent: list[tuple[str, str, list[str]]]
) -> Plan:
    base = planner.base
    sources = [(inside(unit.path, base), unit.display, unit.digest) for unit in shop.graph.units if unit.role != "std" and unit.path != "-"]
    root = shop.graph.units[0]
    single = shop.discovery.package.manifest is None and root.role == "root"
    space = root.module if single and "/" in root.module else ""
    stands = bool(space) and fits(os.path.abspath(root.path), space)
    return Plan(planner.text, sources, absent, built.failed, diagnostics, kept.image, built.units, built.lines, space, stands, kept.beside)
