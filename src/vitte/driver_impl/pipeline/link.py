"""Stage 10: objects to an image, by the linker that the options name; or the image that the same link gave before."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vitte.base.diagnostics import Diagnostic
from vitte.driver.backend import flavour_of
from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, unwritable
from vitte.driver.options import DriverOptions, EmitKind, Library, LldFlavor, OutputKind
from vitte.driver.outputs import LIBRARIES
from vitte.driver.session import Built, DriverContext, LogLevel, Package, Timing
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.link import execute
from vitte.driver_impl.link.data import Plan, temporary_of
from vitte.driver_impl.link.linkers import plan as plan_link
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.pipeline.image import Kept, linker_of, put_file, put_files
from vitte.driver_impl.pipeline.image_key import image_key
from vitte.driver_impl.pipeline.keeps import Keep, Keeps, scratch
from vitte.driver_impl.pipeline.link_inputs import Inputs, of_objects, of_units
from vitte.driver_impl.pipeline.request import request
from vitte.driver_impl.pipeline.split import debug_file, is_split
from vitte.driver_impl.pipeline.units import Workshop
from vitte.driver_impl.pipeline.whole import own_objects

if TYPE_CHECKING:
    from vitte.driver_impl.pipeline.origins import UnitOrigins

NO_MODULES: dict[str, str] = {}


class Making:
    """One image: what it is made of, and where it goes. `exports`: symbols of the library's own."""

    __slots__ = ("built", "context", "exports", "keeps", "options", "output", "package", "shop")

    def __init__(
        self, options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built, keeps: Keeps, output: str
    ) -> None:
        self.options = options
        self.context = context
        self.package = package
        self.shop = shop
        self.built = built
        self.keeps = keeps
        self.output = output
        self.exports: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return any(diagnostic.level == "error" for diagnostic in self.context.diagnostics)

    def inputs(self, own: bool = False) -> Inputs:
        merged = ("", "")
        if self.options.lto:
            from vitte.driver_impl.pipeline.merge import merged as merge

            merged = merge(self.options, self.context, self.package.name, self.shop, self.keeps)
        return of_units(self.options, self.context, self.shop, self.keeps, own, merged)

    def plan(self, inputs: Inputs, strip: str = "") -> tuple[Linker, Plan]:
        options = replace(self.options, strip=strip) if strip else self.options
        return _plan(options, self.context, inputs, self.output, self.package.name, self.exports)


Made = tuple[str, list[tuple[str, str]]]
"""The artifact with the image, "" when it was not kept; paths and artifacts of what was made beside it."""


def link_program(
    options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, built: Built, keeps: Keeps, output: str
) -> Kept:
    """Make the image of the units' objects at `output`, and what belongs beside it; gives what was kept of both."""
    shop.cross_check()
    libraries = [*options.libraries, *(Library(*pair) for index in shop.graph.order for pair in shop.done[index].links)]
    making = Making(replace(options, libraries=tuple(dict.fromkeys(libraries))), context, package, shop, built, keeps, output)
    header: list[tuple[str, bytes]] = []
    if options.kind in LIBRARIES:
        from vitte.driver_impl.pipeline.library import interface

        making.exports, header = interface(making.options, context, package, shop, output)
        if making.failed:
            built.failed = True
            return Kept()
    start = perf_counter()
    maker = _archive if options.kind is OutputKind.STATIC else _merged if _is_merged(options) else _linked
    image, beside = maker(making)
    context.timings.append(Timing("link", package.name, perf_counter() - start))
    if making.failed:
        built.failed = True
        return Kept()
    kind = EmitKind(options.kind.value)
    built.image = output
    built.artifacts += [(kind, output), *((kind, path) for path, _ in beside)]
    for path, data in header:
        if path == "-":
            built.texts.append(data.decode())
        elif not options.run.dry_run:
            beside.append((path, _write_beside(keeps.own, path, data)))
            built.artifacts.append((EmitKind.HEADER, path))
    folder = os.path.dirname(output)
    return Kept(image, [(os.path.relpath(path, folder or "."), artifact) for path, artifact in beside])


def _linked(making: Making) -> Made:
    """By a linker."""
    options, keep, built = making.options, making.keeps.own, making.built
    inputs = making.inputs()
    linker, plan = making.plan(inputs)
    key = image_key(linker, plan, inputs.digests, options, making.keeps.library.memo) if keep.cache.mode != "off" else ""
    split = is_split(options)
    beside = (*plan.beside, debug_file(making.output)) if split else plan.beside
    # What is done to an image after it is linked is the compiler's own work; the file with its debug information stands in it by name.
    named = os.path.basename(beside[-1]) if split else ""
    key = digest(f"{making.keeps.identity} {named!r} {key}".encode("utf-8", "surrogatepass")) if key else ""
    entry = CacheKey("image", making.package.name)
    if key and not options.run.dry_run:
        known = _known(entry, key, keep, making.output, beside)
        if known is not None:
            return known
    try:
        complaints = _run(making, inputs, plan)
        again = bool(complaints) and inputs.are_lost()
    except DriverError:
        again = inputs.are_lost()
        if not again:
            raise
    if again:
        # Who deletes a cache that is in use costs the build time, and does not fail it.
        own_objects(making.shop, options, making.context)
        inputs = making.inputs(own=True)
        complaints = _run(making, inputs, making.plan(inputs)[1])
    built.commands.append(built.command)
    making.context.diagnostics.extend(complaints)
    if options.run.dry_run or making.failed:
        return "", []
    built.linked = True
    if not key or keep.cache.mode != "on":
        return "", [(path, "") for path in beside if os.path.exists(path)]
    return _keep_files(keep, entry, key, making.output, beside)


def _run(making: Making, inputs: Inputs, plan: Plan) -> list[Diagnostic]:
    """One link; two where debug information is split off, the first of which makes its file."""
    if is_split(making.options):
        full = replace(making.plan(inputs, "none")[1], final=debug_file(making.output))
        complaints = _execute(full, making.options, making.context, making.shop, inputs.modules)
        if complaints:
            return complaints
        strip = "all" if making.options.strip == "all" else "debug"
        plan = replace(making.plan(inputs, strip)[1], debug_file=full.final)
    making.built.command = plan.command
    return _execute(plan, making.options, making.context, making.shop, inputs.modules)


def _is_merged(options: DriverOptions) -> bool:
    """Whether one object of all units is made without a linker, where none can."""
    return options.kind is OutputKind.OBJECT and options.lto and flavour_of(options.target) in (LldFlavor.COFF, LldFlavor.MACHO)


def _merged(making: Making) -> Made:
    """One object that is there already. What stands in for a C library is left to those who link it."""
    keep = making.keeps.own
    inputs = making.inputs()
    if making.options.run.dry_run:
        making.built.commands.append(["copy", inputs.objects[0], making.output])
        return "", []
    artifact = inputs.digests[inputs.objects[0]]
    if not put_file(keep, artifact, making.output, is_program=False):
        with open(inputs.objects[0], "rb") as file:
            _write_beside(keep, making.output, file.read())
        return "", []
    return artifact, []


def _archive(making: Making) -> Made:
    """A static library: no linker is needed."""
    from vitte.driver_impl.pipeline.library import archive, archive_key, member_names

    options, keep = making.options, making.keeps.own
    inputs = making.inputs()
    names = member_names(inputs.names)
    if options.run.dry_run:
        making.built.commands.append(["archive", making.output, *names])
        return "", []
    key = archive_key(options, names, [inputs.digests.get(path, "") for path in inputs.objects]) if keep.cache.mode != "off" else ""
    entry = CacheKey("archive", making.package.name)
    known = _known(entry, key, keep, making.output, ()) if key else None
    if known is not None:
        return known
    archive(names, inputs.objects, flavour_of(options.target), making.output)
    making.built.linked = True
    return _keep_files(keep, entry, key, making.output, ()) if key and keep.cache.mode == "on" else ("", [])


def _known(entry: CacheKey, key: str, keep: Keep, output: str, beside: tuple[str, ...]) -> Made | None:
    """What the same link gave before, put in its place; None when any of it is lost."""
    for found in keep.cache.entries(entry, key):
        numbers = dict(dependency.split(" ")[:2] for dependency in found.dependencies if " " in dependency)
        files = [(path, numbers[str(number)]) for number, path in enumerate(beside) if str(number) in numbers]
        if put_files(keep, found.artifact, output, files, is_program=entry.kind == "image"):
            return found.artifact, files
    return None


def _keep_files(keep: Keep, entry: CacheKey, key: str, output: str, beside: tuple[str, ...]) -> Made:
    """Keep what a link made. Which of `beside` a file is stands in the entry with it: an entry's dependencies have no order. A link of
    which not all was kept is not remembered."""
    image = _keep_file(keep, output)
    made = [(number, path) for number, path in enumerate(beside) if os.path.exists(path)]
    files = [(number, path, _keep_file(keep, path)) for number, path in made]
    if image and all(artifact for _, _, artifact in files):
        keep.cache.put(CacheEntry(entry, key, image, tuple(f"{number} {artifact}" for number, _, artifact in files)))
    return image, [(path, artifact) for _, path, artifact in files]


def _keep_file(keep: Keep, path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read()
            info = os.fstat(file.fileno())
    except OSError:
        return ""
    artifact = keep.cache.write(data)
    if artifact:
        keep.memo.learn(os.path.abspath(path), info, artifact)
    return artifact


def _write_beside(keep: Keep, path: str, data: bytes) -> str:
    """Write a file that no linker makes; the artifact with it."""
    from vitte.driver_impl.files import write_atomic

    try:
        with open(path, "rb") as file:
            same = file.read(len(data) + 1) == data  # what depends on it is not made again
    except OSError:
        same = False
    try:
        if not same:
            write_atomic(path, data)
    except OSError as error:
        raise unwritable(path, error) from None
    return keep.cache.write(data) if keep.cache.mode == "on" else ""


def link(options: DriverOptions, context: DriverContext, objects: list[str], output: str) -> list[str]:
    """Link objects that the caller has, with the start object, to `output`. The command line that was run, with its temporary
    output's name. Raises `DriverError` when there is no linker or it crashed; complaints of the linker become diagnostics."""
    _, plan = _plan(options, context, of_objects(options, context, objects), output)
    context.diagnostics.extend(_execute(plan, options, context))
    return plan.command


def _plan(
    options: DriverOptions, context: DriverContext, inputs: Inputs, output: str, name: str = "", exports: tuple[str, ...] = ()
) -> tuple[Linker, Plan]:
    """`name`: of the program, where its image holds one: the same whatever the output is called."""
    linker = linker_of(options)
    # LLD takes the name of its output for a pattern in which `%` stands for something else; into WebAssembly it writes the name, and the
    # number by which systems tell Mach-O images apart is made of it, too.
    fixed = "%" in os.path.abspath(output) or linker.flavour in (LldFlavor.WASM, LldFlavor.MACHO)
    temporary = os.path.join(scratch(context), "image") if fixed else temporary_of(output)
    return linker, plan_link(linker, request(options, linker, inputs, output, temporary, name, exports))


def _execute(
    plan: Plan, options: DriverOptions, context: DriverContext, shop: Workshop | None = None, modules: dict[str, str] = NO_MODULES
) -> list[Diagnostic]:
    """What the linker complained about; `-v` shows its own words. `shop`: the build whose units these are, and `modules` by the paths of
    their objects, to show places in the source. Raises `DriverError` when it crashed or said nothing that is understood."""
    log = context.log
    tell = (lambda text: log(LogLevel.INFO, "link", text)) if log is not None else None
    if plan.flavour is LldFlavor.MACHO and not options.run.dry_run:
        from vitte.driver_impl.link.errors import precheck

        damaged = precheck(plan, _origins(shop, modules))
        if damaged:
            return damaged
    result = execute.execute(plan, options.run.dry_run, tell)
    if result.status == 0:
        return []
    said = result.stderr
    for source, name in (*plan.links, *plan.copies):
        said = said.replace(name, source)
    # Links seldom fail, and what there is to say then takes longer to load than a small link takes.
    from vitte.driver_impl.link.errors import diagnose

    found = diagnose(said, plan, _origins(shop, modules))
    if not found:
        raise DriverError(f"the linker failed: {execute.how(result.status)}", status=EXIT_TOOLCHAIN, details=result.stderr,
                          helps=("`-v` shows its command and what it says",))  # fmt: skip
    if tell is not None:
        tell("it says:\n" + result.stderr.rstrip())
    return found


def _origins(shop: Workshop | None, modules: dict[str, str]) -> UnitOrigins | None:
    from vitte.driver_impl.pipeline.origins import UnitOrigins

    return UnitOrigins(shop, modules) if shop is not None else None
