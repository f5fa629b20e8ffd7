"""A whole run of the compiler: discovery, all units, the link, and what was asked to be written."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.base.source import SourceFile
from vitte.base.suggest import closest
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode, DriverOptions, EmitKind
from vitte.driver.session import Built, DriverContext, LogLevel, Package, Timing
from vitte.driver_impl.cache.key import compiler_identity, options_text
from vitte.driver_impl.cache.store import Store, default_folder, trim_sometimes, write_atomic
from vitte.driver_impl.files import load_for_display
from vitte.driver_impl.pipeline.graph import Discovery, Graph
from vitte.driver_impl.pipeline.schedule import run_all
from vitte.driver_impl.pipeline.stages import STAGES, find
from vitte.driver_impl.pipeline.units import Workshop, reported

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


def scratch(context: DriverContext) -> str:
    """The run's temporary folder, made when first needed."""
    for path in context.temporary:
        if path.endswith("-vitte"):
            return path
    base = os.environ.get("TMPDIR") or "/tmp"
    for number in range(1000):
        path = os.path.join(base, f"{os.getpid()}-{number}-vitte")
        try:
            os.mkdir(path, 0o700)  # as `tempfile` does it, which takes 7 ms to import
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise DriverError(f"cannot make a temporary folder in `{base}`: {error.strerror}") from None
    context.temporary.append(path)
    return path


def build(options: DriverOptions, context: DriverContext) -> Built:
    """Everything the options ask for, up to the linked image."""
    package = context.package
    assert package is not None
    texts = tuple(_TEXTS[kind] for kind, _ in options.emit if kind in _TEXTS)
    if texts:
        options = replace(options, dump=(*options.dump, *texts))
    _known_dumps(options)
    shop, built = _compile_all(options, context, package, _goal(options))
    dumps = shop.done[shop.graph.root].texts if shop.graph.root >= 0 else []
    _write_texts(options, package, dumps, built)
    if built.failed or options.mode is DriverMode.CHECK:
        return built
    if options.engine == "interp":
        from vitte.driver_impl.cache import codec

        built.program = [codec.ssa.decode(shop.done[i].ssa) for i in shop.graph.order]
        return built
    _write_objects(options, context, package, shop, built)
    kinds = [kind for kind, _ in options.emit]
    if not kinds or EmitKind.BIN in kinds or options.mode is not DriverMode.BUILD:
        _link(options, context, package, shop, built)
    return built


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
    shop, built = _compile_all(options, context, package, goal)
    if shop.graph.root >= 0:
        built.texts = [text for _, text in shop.done[shop.graph.root].texts]
    if proc and not built.failed and not any(built.texts):
        raise DriverError(f"no procedure `{proc}` after stage `{stage}`", helps=("the whole output, without `--proc`, shows the names",))
    return built


def _emit_tree(options: DriverOptions, context: DriverContext, package: Package, proc: str) -> Built:
    """The root's syntax tree: needs no other unit."""
    from vitte.driver_impl.pipeline.compile import print_ir

    discovery = Discovery(options, context, package, Store("", "off"), Store("", "off"), "")
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


def _stores(options: DriverOptions, package: Package) -> tuple[Store, Store, str]:
    """The library's store, the package's own, and the folder for memos."""
    folder = options.cache_dir or default_folder()
    std = Store(os.path.join(folder, "v1") if folder else "", options.cache)
    own = std
    if package.manifest is not None:
        target = options.target_dir or os.path.join(package.root, "target")
        own = Store(os.path.join(target, "incremental"), options.cache)
    return std, own, folder if options.cache == "on" else ""


def _compile_all(options: DriverOptions, context: DriverContext, package: Package, goal: str) -> tuple[Workshop, Built]:
    std_store, own_store, memo = _stores(options, package)
    identity = "" if options.cache == "off" else compiler_identity(memo)
    # Snippets may show a library file that was not read in this run.
    context.sources.fall_back(_library_source)
    discovery = Discovery(options, context, package, own_store, std_store, identity)
    graph = discovery.run()
    shop = Workshop(options, context, graph, discovery, options_text(options) + f"goal {goal}\n", goal, lambda: scratch(context))
    run_all(shop, options.jobs, isolate=goal == "object", progress=context.progress)
    built = Built(units=len(graph.units), lines=sum(unit.lines for unit in graph.units if unit.role != "std"))
    own_package = context.package
    for index in graph.order:
        done = shop.done[index]
        unit = graph.units[index]
        built.failed |= done.broken
        built.reused += done.reused
        known = unit.package is own_package
        context.diagnostics.extend(d for d in reported(done) if d.level == "error" or known)
    if built.reused < built.units:
        for store in dict.fromkeys((std_store, own_store)):
            if store.mode == "on":
                trim_sometimes(store.folder)
    if context.log is not None:
        context.log(LogLevel.INFO, "pipeline", f"{built.units} units, {built.reused} reused")
    return shop, built


def _library_source(path: str) -> SourceFile | None:
    from vitte.driver_impl.package import STD_ROOT

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


def _write(path: str, data: bytes) -> None:
    folder = os.path.dirname(path)
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
        if not write_atomic(path, data):
            raise OSError("not writable")
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


def _write_objects(options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built) -> None:
    graph = shop.graph
    for kind, path in options.emit:
        if kind is EmitKind.OBJ:
            if graph.root < 0:
                raise DriverError("a library package has no single object", helps=("name one file",))
            with open(shop.done[graph.root].object, "rb") as file:
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


def _link(options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built) -> None:
    from time import perf_counter

    from vitte.driver_impl.pipeline.link import link

    graph = shop.graph
    if graph.root < 0:
        return  # a library: its objects are in the cache for whoever depends on it
    path = next((path for kind, path in options.emit if kind is EmitKind.BIN), "")
    if not path:
        keep = options.mode is DriverMode.BUILD or options.output or package.manifest is not None
        path = _stem(options, package) if keep else os.path.join(scratch(context), os.path.basename(package.name) or "program")
        if options.tests and not options.output:
            path += "-test"
    objects = [shop.done[i].object for i in graph.order]
    libraries: list[str] = []
    for index in graph.order:
        libraries.extend(name for name in shop.done[index].links if name not in libraries)
    start = perf_counter()
    result = link(
        replace(options, libraries=(*options.libraries, *libraries)),
        context,
        objects,
        path,
        shop.discovery.std_store,
        shop.discovery.identity,
    )
    context.timings.append(Timing("link", package.name, perf_counter() - start))
    built.command = result
    if any(d.level == "error" for d in context.diagnostics):
        built.failed = True
        return
    built.image = path
    built.artifacts.append((EmitKind.BIN, path))
