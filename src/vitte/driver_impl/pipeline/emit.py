"""What a program looks like between stages, shown or written to files: `--dump`, `--emit` and `vitte emit`."""

from __future__ import annotations

from msgspec.structs import replace

from vitte.base.suggest import closest
from vitte.driver.error import DriverError, unwritable
from vitte.driver.options import DriverMode, DriverOptions, EmitKind
from vitte.driver.session import Built, DriverContext, Package
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.pipeline.goals import TEXT_DUMPS, TEXTS, stem
from vitte.driver_impl.pipeline.graph import Discovery, Graph
from vitte.driver_impl.pipeline.keeps import open_keeps
from vitte.driver_impl.pipeline.stages import STAGES, find
from vitte.driver_impl.pipeline.units import Workshop
from vitte.driver_impl.pipeline.whole import compile_all, read_object

_EXTENSIONS = {EmitKind.LLVM_IR: "ll", EmitKind.ASM: "s", EmitKind.OBJ: "o", EmitKind.DEP_INFO: "d"}


def emit(options: DriverOptions, context: DriverContext, stage: str, proc: str) -> Built:
    """The root unit after `stage` as text; `proc` picks procedures by name."""
    package = context.package
    assert package is not None
    dump = f"{stage}:{proc}" if proc else stage
    options = replace(options, dump=(dump,), mode=DriverMode.BUILD)
    known_dumps(options)
    info = find(stage)
    if info is not None and info.number == 1:
        return _emit_tree(options, context, package, proc)
    goal = "object" if stage in TEXT_DUMPS else "check" if info is not None and info.number <= 5 else "ssa"
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


def known_dumps(options: DriverOptions) -> None:
    for dump in options.dump:
        name = dump.partition(":")[0]
        if find(name) is None and name not in TEXT_DUMPS:
            names = [stage.dump for stage in STAGES if stage.dump] + list(TEXT_DUMPS)
            near = closest(name, names)
            raise DriverError(f"there is nothing to show for stage `{name}`",
                              helps=(f"did you mean `{near}`?" if near else f"there are: {', '.join(names)}",))  # fmt: skip


def _write(path: str, data: bytes) -> None:
    try:
        write_atomic(path, data)
    except OSError as error:
        raise unwritable(path, error) from None


def write_texts(options: DriverOptions, package: Package, dumps: list[tuple[str, str]], built: Built) -> None:
    """What `--emit` wants as text goes to its place, dumps to standard output."""
    emitted = {TEXTS[kind]: (kind, path) for kind, path in options.emit if kind in TEXTS}
    for name, text in dumps:
        if name not in emitted or name in [d.partition(":")[0] for d in options.dump if ":" in d]:
            built.texts.append(text)
            continue
        kind, path = emitted[name]
        if path == "-":
            built.texts.append(text)
            continue
        path = path or f"{stem(options, package)}.{_EXTENSIONS.get(kind, kind.value)}"
        _write(path, text.encode())
        built.artifacts.append((kind, path))


def write_objects(options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built) -> None:
    graph = shop.graph
    for kind, path in options.emit:
        if kind is EmitKind.OBJ:
            if graph.root < 0:
                raise DriverError("a library package has no single object", helps=("name one file",))
            if options.lto:
                raise DriverError("with `lto` units have no objects of their own", helps=("`--kind object` makes one of all units",))
            data = read_object(shop, graph.root, options, context)
            path = path or f"{stem(options, package)}.o"
            _write(path, data)
            built.artifacts.append((kind, path))
        elif kind is EmitKind.DEP_INFO:
            path = path or f"{stem(options, package)}.d"
            text = _dep_info(stem(options, package), graph)
            if path == "-":
                built.texts.append(text)
            else:
                _write(path, text.encode())
                built.artifacts.append((kind, path))


def write_header(options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built, output: str) -> None:
    """The C header that `--emit header` wants; a library's own is written with the library."""
    from vitte.driver_impl.pipeline.library import interface

    path = next(path for kind, path in options.emit if kind is EmitKind.HEADER)
    if any(kind is EmitKind.HEADER for kind, _ in built.artifacts):
        return
    _, header = interface(options, context, package, shop, output or stem(options, package))
    for place, data in header:
        if path == "-":
            built.texts.append(data.decode())
        else:
            _write(place, data)
            built.artifacts.append((EmitKind.HEADER, place))
    built.failed |= not header


def _dep_info(output: str, graph: Graph) -> str:
    """A Makefile rule: the output and every file of the build outside the library."""
    files = [unit.path for unit in graph.units if unit.role != "std"]
    escaped = [path.replace("\\", "\\\\").replace(" ", "\\ ").replace("$", "$$").replace("#", "\\#") for path in [output, *files]]
    return f"{escaped[0]}: {' '.join(escaped[1:])}\n" + "".join(f"\n{path}:\n" for path in escaped[1:])
