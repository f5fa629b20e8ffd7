"""A whole run of the compiler: discovery, all units, the link, and what was asked to be written."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.base.source import SourceFile
from vitte.base.suggest import closest
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode, DriverOptions, EmitKind
from vitte.driver.session import Built, DriverContext, LogLevel, Package
from vitte.driver_impl.cache.key import FORMAT, options_text
from vitte.driver_impl.files import load_for_display, write_atomic
from vitte.driver_impl.package import STD_ROOT
from vitte.driver_impl.pipeline.graph import Changed, Discovery, Graph
from vitte.driver_impl.pipeline.keeps import Keeps, open_keeps, scratch
from vitte.driver_impl.pipeline.link import link_program, linker_digest, put_image
from vitte.driver_impl.pipeline.plan import Plan, Planner, inside
from vitte.driver_impl.pipeline.schedule import run_all
from vitte.driver_impl.pipeline.stages import STAGES, find
from vitte.driver_impl.pipeline.units import Workshop, decoded, encoded

_TEXTS = {
    EmitKind.AST: "ast",
    EmitKind.HIR: "hir",
    EmitKind.THIR: "thir",
    EmitKind.MONO: "mono",
    EmitKind.MIR: "mir",
    EmitKind.SSA: "ssa",
    EmitKind.LLVM_IR: "llvm-ir",
    EmitKind.ASM: "asm",
}
_EXTENSIONS = {EmitKind.LLVM_IR: "ll", EmitKind.ASM: "s", EmitKind.OBJ: "o", EmitKind.DEP_INFO: "d"}
_TEXT_DUMPS = ("llvm-ir", "asm")


def build(options: DriverOptions, context: DriverContext) -> Built:
    """Everything the options ask for, up to the linked image."""
    package = context.package
    assert package is not None
    texts = tuple(_TEXTS[kind] for kind, _ in options.emit if kind in _TEXTS)
    if texts:
        options = replace(options, dump=(*options.dump, *texts))
    _known_dumps(options)
    keeps = open_keeps(options, package)
    try:
        if options.cache == "verify":
            from vitte.driver_impl.pipeline.verify import verify

            verify(options, context, package, keeps, _goal(options))
        return _build(options, context, package, keeps)
    finally:
        keeps.close(context)


def _build(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps) -> Built:
    goal = _goal(options)
    output = _image_path(options, context, package) if goal == "object" else ""
    planner = _planner(options, context, package, keeps, goal)
    if planner is not None:
        plan = planner.find()
        if plan is not None and (not plan.image or put_image(keeps.own, plan.image, output)):
            return _planned(plan, planner, options, context, output)
    shop, built = compile_all(options, context, package, keeps, goal)
    dumps = shop.done[shop.graph.root].texts if shop.graph.root >= 0 else []
    _write_texts(options, package, dumps, built)
    if goal == "ssa" and not built.failed:
        from vitte.driver_impl.cache import codec

        built.program = [codec.ssa.decode(shop.done[i].ssa) for i in shop.graph.order]
    image = ""
    if goal == "object" and not built.failed:
        locate_objects(shop, options, context)
        _write_objects(options, package, shop, built)
        kinds = [kind for kind, _ in options.emit]
        if shop.graph.root >= 0 and (not kinds or EmitKind.BIN in kinds or options.mode is not DriverMode.BUILD):
            image = link_program(options, context, package, shop, built, keeps, output)
    tally(shop, built)
    if planner is not None and not shop.discovery.unsure:
        diagnostics = encoded(context.diagnostics)
        absent = planner.listings(shop.discovery.absent())
        if absent is not None and (built.failed or not built.image or image):
            planner.keep(_plan_of(shop, planner, built, diagnostics, image, absent))
    return built


def _planned(plan: Plan, planner: Planner, options: DriverOptions, context: DriverContext, output: str) -> Built:
    """The build that a plan remembers."""
    built = Built(failed=plan.failed, units=plan.units, reused=plan.units, lines=plan.lines)
    if plan.diagnostics:
        places = {display: os.path.join(planner.base, relative) for relative, display, _ in plan.sources}
        context.sources.fall_back(lambda name: load_for_display(name, places[name]) if name in places else _library_source(name))
        context.diagnostics.extend(decoded(plan.diagnostics))
    if plan.image:
        built.image = output
        built.artifacts.append((EmitKind.BIN, output))
    built.watched = [os.path.join(planner.base, path) for path, _, _ in plan.sources]
    built.watched += [os.path.join(planner.base, folder, name) for folder, _, names in plan.absent for name in names]
    if context.log is not None:
        context.log(LogLevel.INFO, "pipeline", f"{built.units} units, nothing to do")
    return built


def _planner(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps, goal: str) -> Planner | None:
    """None when the build is not one whose result a plan can hold."""
    kinds = [kind for kind, _ in options.emit]
    if options.cache == "off" or goal == "ssa" or options.dump or options.emit_proc or options.time_passes or package.entry == "-":
        return None
    if goal == "object" and (options.link_args or options.run.dry_run or any(kind is not EmitKind.BIN for kind in kinds)):
        return None
    if package.manifest is not None:
        base = os.path.abspath(package.root)
    else:
        base = os.path.dirname(os.path.abspath(package.entry))
    lines = [f"plan {FORMAT}", f"compiler {keeps.identity}", f"goal {goal} {options.mode.value}", options_text(options).rstrip("\n")]
    if goal == "object":
        linker = linker_digest(options, keeps.library.memo)
        if not linker:
            return None
        lines += [f"linker {linker}", f"strip {options.strip}", *(f"library {name}" for name in options.libraries)]
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
    shop: Workshop, planner: Planner, built: Built, diagnostics: bytes, image: str, absent: list[tuple[str, str, list[str]]]
) -> Plan:
    base = planner.base
    sources = [(inside(unit.path, base), unit.display, unit.digest) for unit in shop.graph.units if unit.role != "std" and unit.path != "-"]
    return Plan(planner.text, sources, absent, built.failed, diagnostics, image, built.units, built.lines)


def emit(options: DriverOptions, context: DriverContext, stage: str, proc: str) -> Built:
    """The root unit after `stage` as text; `proc` picks procedures by name."""
    package = context.package
    assert package is not None
    dump = f"{stage}:{proc}" if proc else stage
    options = replace(options, dump=(dump,), mode=DriverMode.BUILD)
    _known_dumps(options)
    info = find(stage)
    if info is not None and info.number == 1:
        return _emit_tree(options, context, package, proc)
    goal = "object" if stage in _TEXT_DUMPS else "check" if info is not None and info.number <= 5 else "ssa"
    keeps = open_keeps(options, package)
    try:
        shop, built = compile_all(options, context, package, keeps, goal)
    finally:
        keeps.close(context)
    if shop.graph.root >= 0:
        built.texts = [text for _, text in shop.done[shop.graph.root].texts]
    if proc and not built.failed and not any(built.texts):
        raise DriverError(f"no procedure `{proc}` after stage `{stage}`", helps=("the whole output, without `--proc`, shows the names",))
    return built


def _emit_tree(options: DriverOptions, context: DriverContext, package: Package, proc: str) -> Built:
    """The root's syntax tree: needs no other unit."""
    from vitte.driver_impl.pipeline.compile import print_ir

    keeps = open_keeps(replace(options, cache="off"), package)
    discovery = Discovery(options, context, package, keeps.own, keeps.library, keeps.identity)
    if not package.entry:
        raise DriverError("a library package has no root module", helps=("name a file",))
    unit = discovery.root(package.entry)
    context.diagnostics.extend(unit.diagnostics.sorted())
    built = Built(failed=unit.diagnostics.error_count > 0)
    if unit.source is not None:
        built.texts.append(print_ir(STAGES[0], discovery.parsed(unit), proc))
    return built


def _goal(options: DriverOptions) -> str:
    if options.mode is DriverMode.CHECK:
        return "check"
    if options.engine == "interp":
        return "ssa"
    kinds = [kind for kind, _ in options.emit]
    if kinds and options.mode is DriverMode.BUILD and all(kind in _TEXTS or kind is EmitKind.DEP_INFO for kind in kinds):
        if not any(_TEXTS.get(kind) in _TEXT_DUMPS for kind in kinds):
            late = any(kind is EmitKind.SSA for kind in kinds)
            return "ssa" if late else "check"
    return "object"


def _known_dumps(options: DriverOptions) -> None:
    for dump in options.dump:
        name = dump.partition(":")[0]
        if find(name) is None and name not in _TEXT_DUMPS:
            names = [stage.dump for stage in STAGES if stage.dump] + list(_TEXT_DUMPS)
            near = closest(name, names)
            raise DriverError(f"there is nothing to show for stage `{name}`",
                              helps=(f"did you mean `{near}`?" if near else f"there are: {', '.join(names)}",))  # fmt: skip


def compile_all(options: DriverOptions, context: DriverContext, package: Package, keeps: Keeps, goal: str) -> tuple[Workshop, Built]:
    """Find all units and finish each, from the cache or by compiling it. A source that changes meanwhile makes it begin anew."""
    # Snippets may show a library file that was not read in this run.
    context.sources.fall_back(_library_source)
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
    lost = []
    for index in shop.graph.order:
        done = shop.done[index]
        if not done.path:
            done.path = shop.discovery.keep(shop.graph.units[index]).cache.locate(done.artifact)
            if not done.path:
                lost.append(index)
    for index in lost:
        shop.forget(index)
    run_all(shop, lost, options.jobs, isolate=True, progress=context.progress)
    for index in lost:
        done = shop.done[index]
        if not done.path:
            done.path = shop.discovery.keep(shop.graph.units[index]).cache.locate(done.artifact)
            if not done.path:
                raise DriverError("an object file vanished between being written and being linked")


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
    built.rebuilt = shop.rebuilt
    own = [unit for unit in units if unit.role != "std" and unit.path != "-"]
    built.watched = [os.path.abspath(unit.path) for unit in own]
    built.watched += shop.discovery.absent()
    if shop.context.log is not None:
        shop.context.log(LogLevel.INFO, "pipeline", f"{built.units} units, {built.reused} reused")


def _source_of(graph: Graph, name: str) -> SourceFile | None:
    """A file of the build, to be shown."""
    unit = next((unit for unit in graph.units if unit.display == name and unit.path != "-"), None)
    return load_for_display(name, unit.path) if unit is not None else _library_source(name)


def _library_source(path: str) -> SourceFile | None:
    if path.startswith("std/"):
        return load_for_display(path, os.path.join(os.path.dirname(STD_ROOT), path))
    return None


def _stem(options: DriverOptions, package: Package) -> str:
    """Where results without a path of their own go, without extension."""
    if options.output:
        return options.output
    if package.manifest is not None:
        return os.path.join(options.target_dir or os.path.join(package.root, "target"), options.profile, package.name.rsplit("/", 1)[-1])
    return package.name


def _image_path(options: DriverOptions, context: DriverContext, package: Package) -> str:
    """Where the program goes."""
    path = next((path for kind, path in options.emit if kind is EmitKind.BIN), "")
    if not path:
        keep = options.mode is DriverMode.BUILD or options.output or package.manifest is not None
        path = _stem(options, package) if keep else os.path.join(scratch(context), os.path.basename(package.name) or "program")
        if options.tests and not options.output:
            path += "-test"
    return path


def _write(path: str, data: bytes) -> None:
    try:
        write_atomic(path, data)
    except OSError as error:
        raise DriverError(f"cannot write `{path}`: {error.strerror or error}") from None


def _write_texts(options: DriverOptions, package: Package, dumps: list[tuple[str, str]], built: Built) -> None:
    """What `--emit` wants as text goes to its place, dumps to standard output."""
    emitted = {_TEXTS[kind]: (kind, path) for kind, path in options.emit if kind in _TEXTS}
    for name, text in dumps:
        if name not in emitted or name in [d.partition(":")[0] for d in options.dump if ":" in d]:
            built.texts.append(text)
            continue
        kind, path = emitted[name]
        if path == "-":
            built.texts.append(text)
            continue
        path = path or f"{_stem(options, package)}.{_EXTENSIONS.get(kind, kind.value)}"
        _write(path, text.encode())
        built.artifacts.append((kind, path))


def _write_objects(options: DriverOptions, package: Package, shop: Workshop, built: Built) -> None:
    graph = shop.graph
    for kind, path in options.emit:
        if kind is EmitKind.OBJ:
            if graph.root < 0:
                raise DriverError("a library package has no single object", helps=("name one file",))
            with open(shop.done[graph.root].path, "rb") as file:
                data = file.read()
            path = path or f"{_stem(options, package)}.o"
            _write(path, data)
            built.artifacts.append((kind, path))
        elif kind is EmitKind.DEP_INFO:
            path = path or f"{_stem(options, package)}.d"
            text = _dep_info(_stem(options, package), graph)
            if path == "-":
                built.texts.append(text)
            else:
                _write(path, text.encode())
                built.artifacts.append((kind, path))


def _dep_info(output: str, graph: Graph) -> str:
    """A Makefile rule: the output and every file of the build outside the library."""
    files = [unit.path for unit in graph.units if unit.role != "std"]
    escaped = [path.replace("\\", "\\\\").replace(" ", "\\ ").replace("$", "$$").replace("#", "\\#") for path in [output, *files]]
    return f"{escaped[0]}: {' '.join(escaped[1:])}\n" + "".join(f"\n{path}:\n" for path in escaped[1:])


