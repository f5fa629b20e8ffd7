"""One unit as a pure function of its source, what it uses of other units, and the tracked options; remembered between builds.

Looking up has two steps. A *key* (`cache/key.py`) speaks of all that is known before compiling; the entries under it each
list *edges*, questions about other units with the answers of then (`cache/edges.py`). `Workshop.fresh` takes an entry
all of whose answers are the same today. `Workshop.compile` does the work instead, and says what is to be remembered.

Four kinds of entries keep a unit's results:

- `front`: what checking gave: `Front`, with the interface. Any goal leaves one.
- `object`, `ssa`: what the stages after it gave: `Outcome`, for one set of options.
- `code`: the object that LLVM made of a text, found again by the text's digest: whatever changed in the source, LLVM
  need not run when the text it would be given is the same. The dependencies are where the tables of places stand in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from vitte.driver.error import StageCrash
from vitte.driver.options import DriverOptions, OutputKind
from vitte.driver.outputs import LIBRARIES
from vitte.driver.session import DriverContext, LogLevel, Rebuilt
from vitte.driver_impl.cache.diagnostics import decoded, encoded
from vitte.driver_impl.cache.edges import Edge, Known
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey, current_entry, with_incremental_cache
from vitte.driver_impl.cache.key import Facts, digest, key_text, tracked_options
from vitte.driver_impl.pipeline.graph import Discovery, Graph, Import, Unit, members, remapped_display
from vitte.driver_impl.pipeline.keeps import is_scratch

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.driver_impl.cache.edges import Recorder
    from vitte.driver_impl.pipeline.compile import Product
    from vitte.ir import hir, ssa, thir
    from vitte.ir.defs import Interface, ResolvedImport


class Front(Struct, array_like=True):
    """What checking a unit gave. `interface`: encoded, empty when there is none. `links`, `imports`: as in `Done`. `typed`: the unit
    after stage 3, encoded; empty when it has errors. `torn`: as in `Done`. `text`: the key's text, for explanations."""

    failed: bool
    torn: bool
    interface: bytes
    diagnostics: bytes
    links: list[tuple[str, str]]
    imports: list[tuple[str, str]]
    typed: bytes
    text: str


class Outcome(Struct, array_like=True):
    """What building a unit gave. `front`: artifact with the `Front` that belongs to it. `artifact`: the object, or the
    unit in SSA; "" when it failed."""

    failed: bool
    diagnostics: bytes
    front: str
    artifact: str
    text: str


class Kept(Struct):
    """Where building goes on from: what checking gave, and the edges it left."""

    front: Front
    edges: tuple[str, ...]


T = TypeVar("T")
_encoder = Encoder()
_fronts: Decoder[Front] = Decoder(Front)
_outcomes: Decoder[Outcome] = Decoder(Outcome)


class Done(Struct):
    """A finished unit as it travels between processes.

    - `broken`: it, or something in its reach, has errors; `torn`: has lost declarations to mistakes in its form.
    - `interface`, `diagnostics`: encoded.
    - `artifact`: digest of the object, kept in the cache or, when it could not be, at `path`.
    - `did`: the work that was needed, of `parse`, `check`, `object`, `ssa`; empty when all was remembered.
    - `links`: libraries it names, and their kinds. `imports`: DLLs and their symbols that it declares.
    - `entries`: what is to be remembered of it. `note`: the edges that its object was built against. `notices`: troubles of the cache.
    """

    index: int
    broken: bool
    torn: bool = False
    interface: bytes = b""
    diagnostics: bytes = b""
    artifact: str = ""
    path: str = ""
    ssa: bytes = b""
    links: list[tuple[str, str]] = []
    imports: list[tuple[str, str]] = []
    did: list[str] = []
    entries: list[CacheEntry] = []
    note: list[str] = []
    notices: list[str] = []
    texts: list[tuple[str, str]] = []
    timings: list[tuple[str, str, float]] = []


class Workshop:
    """Compiles units of one graph in one process. `goal`: `check`, `object` or `ssa`."""

    def __init__(
        self,
        options: DriverOptions,
        context: DriverContext,
        graph: Graph,
        discovery: Discovery,
        goal: str,
        scratch: Callable[[], str],
    ) -> None:
        self.options = options
        self.context = context
        self.graph = graph
        self.discovery = discovery
        self.goal = goal
        self.kind = "front" if goal == "check" else goal
        self.scratch = scratch
        self.done: dict[int, Done] = {}
        self.lost: set[int] = set()
        """Units that are compiled although a result of theirs is remembered: part of it is gone."""
        self.rebuilt: list[Rebuilt] = []
        self.known = Known()
        self._introduced = 0
        self._by_display: dict[str, Unit] = {}
        self._options = tracked_options(options)
        for unit in graph.units:
            if unit.role != "std":
                self.known.file(remapped_display(unit, options), unit.digest)

    # --- what is known of finished units --------------------------------------------------------------------------------

    def take(self, done: Done) -> None:
        """Know a unit that was finished, here or elsewhere."""
        self.done[done.index] = done
        folder = os.path.dirname(done.path)
        if is_scratch(folder) and folder not in self.context.temporary:  # a worker's, which ends without looking back
            self.context.temporary.append(folder)

    def remember(self, done: Done) -> None:
        """Keep what a unit that was compiled gives to later builds."""
        cache = self.discovery.keep(self.graph.units[done.index]).cache
        for entry in done.entries:
            cache.put(entry)
        done.entries = []
        cache.notices.extend(notice for notice in done.notices if notice not in cache.notices)

    def forget(self, index: int) -> None:
        """Compile a unit after all. What is known of it stays: units between it and other lost ones rely on it."""
        self.lost.add(index)
        unit = self.graph.units[index]
        unit.tree = None  # parsing it says again what it says
        unit.diagnostics.items.clear()
        unit.diagnostics.error_count = 0

    def _introduce(self, reach: int) -> None:
        """Make the interfaces in a reach known."""
        from vitte.driver_impl.cache.interface import open_interface

        missing = reach & ~self._introduced
        if not missing:
            return
        for index in members(missing):
            unit, done = self.graph.units[index], self.done[index]
            parts = open_interface(done.interface) if done.interface else None
            self.known.add(index, unit.module, parts, unit.reach | 1 << index, unit.role == "std", done.broken)
        self._introduced |= missing

    def broken(self, unit: Unit) -> bool:
        """Whether something in a unit's reach has errors."""
        return any(self.done[i].broken for i in unit.dependencies)

    def torn(self, unit: Unit) -> bool:
        """Whether something in a unit's reach has lost declarations."""
        return any(self.done[i].torn for i in unit.dependencies)

    def cross_check(self) -> None:
        """Before linking: what every object compiled now was built against is what the other units are. Raises `StageCrash`: a
        difference can only be a mistake of the compiler's own."""
        for index in self.graph.order:
            unit = self.graph.units[index]
            for edge in map(Edge.parse, self.done[index].note):
                if self.answer(unit, edge) != edge.value:
                    raise StageCrash("link", unit.module, f"its object was built against another `{edge.kind}` of `{edge.subject}`\n")

    # --- looking up -----------------------------------------------------------------------------------------------------

    def key(self, unit: Unit, kind: str) -> str:
        """The text of a unit's key; its dependencies are finished."""
        imports = []
        for use in unit.imports:
            found = self._imported(use)
            foreign = found is not None and found.package is not unit.package and found.role != "std"
            imports.append((use.written, "-" if found is None else f"{found.module} (foreign)" if foreign else found.module))
        role = unit.role if kind != "front" or unit.role == "std" else "lib"
        if role == "root" and self.options.kind is not OutputKind.BIN and not self.options.tests:
            # A library's root is a module like the others; that of an object may have a `main`.
            role = "lib" if self.options.kind in LIBRARIES else "object"
        findings = digest(encoded(unit.findings.items)) if unit.findings.items else "-"
        broken = "torn" if self.torn(unit) else "yes" if self.broken(unit) else "no"
        facts = Facts(self.discovery.identity, unit.module, unit.display, role, unit.digest, imports, findings, broken)
        return key_text(kind, self._options[kind], facts)

    def fresh(self, index: int) -> Done | None:
        """A unit as an earlier build left it, when that is what compiling it now would give."""
        unit = self.graph.units[index]
        cache = self.discovery.keep(unit).cache
        if cache.mode == "off" or not unit.usable or index in self.lost or self.shown(unit):
            return None
        found = self._remembered(unit, self.kind)
        return self._restored(unit, found[1]) if found is not None else None

    def _remembered(self, unit: Unit, kind: str) -> tuple[CacheEntry, bytes] | None:
        """The entry of a unit that holds today, and its artifact."""
        key = digest(self.key(unit, kind).encode())
        return current_entry(self.discovery.keep(unit).cache, CacheKey(kind, unit.module), key, lambda edges: self._current(unit, edges))

    def shown(self, unit: Unit) -> bool:
        """Whether a unit must be compiled because its insides are to be shown."""
        return bool(self.options.dump or self.options.emit_proc) and (unit.role != "std" or unit.index == 0)

    def _current(self, unit: Unit, edges: tuple[str, ...]) -> bool:
        """Whether everything that was asked about other units has the same answer today."""
        if not edges:
            return True
        self._introduce(unit.reach)
        return all(self.known.holds(edge, unit.reach) for edge in edges)

    def answer(self, unit: Unit, edge: Edge) -> str:
        """What an edge of a unit asks, answered today."""
        self._introduce(unit.reach)
        return self.known.answer(edge.kind, edge.subject, unit.reach)

    def _restored(self, unit: Unit, data: bytes) -> Done | None:
        """The result in an artifact, None when any of it is lost."""
        cache = self.discovery.keep(unit).cache
        outcome = None
        if self.kind != "front":
            outcome = _decoded(_outcomes, data)
            if outcome is None:
                return None
            data = cache.read(outcome.front) or b""
        front = _decoded(_fronts, data)
        if front is None:
            return None
        done = Done(unit.index, front.failed, front.torn, front.interface, front.diagnostics, links=front.links, imports=front.imports)
        if outcome is not None:
            done.broken, done.diagnostics, done.artifact = outcome.failed, outcome.diagnostics, outcome.artifact
            if self.goal == "ssa" and not outcome.failed:
                module = cache.read(outcome.artifact)
                if module is None:
                    return None
                done.ssa = module
        self._log(f"{unit.module}: reused")
        return done

    def text_of(self, unit: Unit, artifact: str) -> str | None:
        """The text of the key under which an artifact was made."""
        data = self.discovery.keep(unit).cache.read(artifact) or b""
        found = _decoded(_fronts, data) if self.kind == "front" else _decoded(_outcomes, data)
        return found.text if found is not None else None

    def explain(self, index: int) -> None:
        """Note why a unit is about to be compiled, if that is wanted."""
        if self.options.explain:
            from vitte.driver_impl.pipeline.explain import why

            self.rebuilt.append(why(self, self.graph.units[index]))

    # --- compiling ------------------------------------------------------------------------------------------------------

    def compile(self, index: int, on_stage: Callable[[str], None] | None = None) -> Done:
        """A unit whose dependencies are finished, through the stages. Raises `Changed` when its source is not what was
        discovered."""
        from vitte.driver_impl.pipeline.compile import compile_unit, unit_context

        unit = self.graph.units[index]
        if not unit.usable:
            return Done(index, True, torn=True, diagnostics=encoded(unit.diagnostics.items))
        self._log(f"{unit.module}: compiled")
        self._introduce(unit.reach)
        timed = len(self.context.timings)
        source = self.discovery.source(unit)
        defs = self.known.definitions(unit.module, unit.reach, lines=self.goal == "ssa" or self.options.debug_info.value != "none")
        front = self._resumable(unit)
        ctx = unit_context(unit, self.options, defs)
        ctx.lines_of = self._line_starts
        tree, typed = None, None
        if front is not None:
            typed = self._resume(unit, front, defs)
        else:
            tree = self.discovery.parsed(unit)
            unit.tree = None
            for finding in unit.findings.items:
                unit.diagnostics.emit(finding)
        ctx.imports = self._imports(unit, defs)
        maker = Maker(self, unit)
        product = compile_unit(
            unit, tree, typed, ctx, self.context, self.options, self.goal, self.broken(unit), self.torn(unit), maker.generate, on_stage
        )
        did = maker.did
        if front is None:
            did = (["parse"] if unit.parsed else []) + ["check"] + did
        if product.ssa is not None:
            did.append("ssa")
        done = Done(index, self.broken(unit) or product.stopped or ctx.diagnostics.error_count > 0, did=did, texts=product.texts)
        done.torn = self.torn(unit) or (tree is not None and tree.errors > 0)
        self._keep(unit, product, done, defs, ctx, front, source.line_starts)
        done.entries += maker.entries
        done.notices = list(maker.cache.notices)
        done.timings = [(t.stage, t.unit, t.seconds) for t in self.context.timings[timed:]]
        return done

    def _resumable(self, unit: Unit) -> Kept | None:
        """What checking gave in an earlier build, if it still holds and building can go on from there."""
        cache = self.discovery.keep(unit).cache
        if self.goal == "check" or cache.mode == "off" or self.shown(unit) or self.broken(unit):
            return None
        found = self._remembered(unit, "front")
        front = _decoded(_fronts, found[1]) if found is not None else None
        if found is None or front is None or front.failed or not front.typed:
            return None
        return Kept(front, found[0].dependencies)

    def _resume(self, unit: Unit, kept: Kept, defs: Recorder) -> thir.Module:
        """The unit after stage 3, with what checking reported and asked for."""
        from vitte.driver_impl.cache import codec
        from vitte.driver_impl.cache.interface import open_interface

        front = kept.front
        interface = open_interface(front.interface).decode()
        defs.add(interface)
        defs.replay(map(Edge.parse, kept.edges))
        unit.diagnostics.items.clear()  # what discovery heard when it parsed the unit is among them
        for diagnostic in decoded(front.diagnostics):
            unit.diagnostics.emit(diagnostic)
        return codec.decode_typed(front.typed, interface)

    def lowered(self, index: int) -> hir.Module:
        """A unit after stage 2, once more: for complaints that come after all stages. What it reports has been said."""
        from vitte import lower
        from vitte.base.diagnostics import Diagnostics
        from vitte.driver_impl.pipeline.compile import unit_context

        unit = self.graph.units[index]
        self._introduce(unit.reach)
        defs = self.known.definitions(unit.module, unit.reach, lines=False)
        ctx = unit_context(unit, self.options, defs)
        ctx.diagnostics = Diagnostics(unit.display)
        ctx.imports = self._imports(unit, defs)
        return lower.run(self.discovery.parsed(unit), ctx)

    def _imported(self, use: Import) -> Unit | None:
        """The unit that a `use` brings; None when there is none, or another one has its name, which has been reported."""
        unit = self.graph.units[use.unit] if use.unit >= 0 else None
        return unit if unit is not None and self.discovery.by_module[unit.module] == use.unit else None

    def _imports(self, unit: Unit, defs: Recorder) -> list[ResolvedImport]:
        """One entry per `use`, in source order, then the prelude."""
        from vitte.ir.defs import ResolvedImport

        units = self.graph.units
        imports = []
        for use in unit.imports:
            found = self._imported(use)
            if found is None:
                imports.append(ResolvedImport(use.written.lstrip("."), None, use.span))
            else:
                foreign = found.package is not unit.package
                imports.append(ResolvedImport(found.module, defs.module_view(found.module), use.span, is_foreign=foreign))
        imports += [
            ResolvedImport("std/prelude", defs.module_view("std/prelude"), is_prelude=True)
            for index in unit.prelude
            if units[index].module == "std/prelude"
        ]
        return imports

    def _line_starts(self, file: str) -> list[int]:
        """Where the lines of a file of the build begin, for places of generic and inlined code of other units."""
        if not self._by_display:
            self._by_display = {remapped_display(unit, self.options): unit for unit in self.graph.units if unit.usable}
        unit = self._by_display.get(file)
        return self.discovery.source(unit).line_starts if unit is not None else []

    def _keep(
        self,
        unit: Unit,
        product: Product,
        done: Done,
        defs: Recorder,
        ctx: UnitContext,
        resumed: Kept | None,
        line_starts: list[int],
    ) -> None:
        """Encode what came out, write it to the cache, and list the entries that lead to it."""
        from vitte.driver_impl.cache import codec
        from vitte.driver_impl.cache.interface import encode_interface

        cache = self.discovery.keep(unit).cache
        done.diagnostics = encoded(unit.diagnostics.sorted())
        if product.interface is not None:
            done.interface = encode_interface(product.interface, line_starts)
            done.links = product.interface.links
            done.imports = imported(product.interface)
        if product.object is not None:
            done.artifact = cache.write(product.object)
            if not done.artifact or unit.index in self.lost:  # what was lost once may be taken away again
                done.artifact = digest(product.object)
                done.path = self.write_own(unit, product.object)
        if product.ssa is not None:
            done.ssa = codec.ssa.encode(product.ssa)
        if cache.mode != "on":
            return
        defs.saw(unit.diagnostics.items, remapped_display(unit, self.options))
        edges = tuple(edge.text for edge in defs.edges())
        done.note = list(edges)
        broken = self.broken(unit)
        text = self.key(unit, "front")
        # Later stages say more than checking does, but only when something is wrong.
        is_front = self.goal == "check" or not done.broken or broken or not product.checked
        typed = b""
        if product.typed is not None and not done.broken:
            typed = resumed.front.typed if resumed is not None else codec.encode_typed(product.typed)
        front = Front(done.broken and is_front, done.torn, done.interface, done.diagnostics, done.links, done.imports, typed, text)
        kept = cache.write(_encoder.encode(front))
        if not kept:
            return
        if is_front and resumed is None:
            done.entries.append(CacheEntry(CacheKey("front", unit.module), digest(text.encode()), kept, edges))
        if self.goal == "check":
            return
        artifact = cache.write(done.ssa) if product.ssa is not None else done.artifact
        if done.path or (product.ssa is not None and not artifact):
            return
        text = self.key(unit, self.kind)
        outcome = cache.write(_encoder.encode(Outcome(done.broken, done.diagnostics, kept, artifact, text)))
        if outcome:
            done.entries.append(CacheEntry(CacheKey(self.kind, unit.module), digest(text.encode()), outcome, edges))

    def write_own(self, unit: Unit, data: bytes) -> str:
        """Put a unit's object where nobody else deletes anything; its path."""
        path = os.path.join(self.scratch(), f"{unit.index}.o")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def _log(self, text: str) -> None:
        if self.context.log is not None:
            self.context.log(LogLevel.DEBUG, "cache", text)


def imported(interface: Interface) -> list[tuple[str, str]]:
    """The DLLs that foreign procedures of a unit are imported from, with the procedures' symbols, in the order of the source."""
    procs = interface.procs.values()
    return [(name, proc.symbol) for proc in procs if proc.links for name, kind in proc.links if kind == "dll"]


def _decoded(decoder: Decoder[T], data: bytes) -> T | None:
    """None for what is not such a thing."""
    try:
        return decoder.decode(data)
    except ValueError:
        return None


class Maker:
    """Stage 9 for one unit: LLVM, unless an object was made of the same text before. `did` and `entries` as in `Done`."""

    def __init__(self, shop: Workshop, unit: Unit) -> None:
        self.cache = shop.discovery.keep(unit).cache
        self.identity = shop.discovery.identity
        self.unit = unit
        self.did: list[str] = []
        self.entries: list[CacheEntry] = []

    def generate(self, module: ssa.Module, ctx: UnitContext) -> bytes:
        """The unit's object; empty when an error was reported."""
        from vitte import codegen

        prepared = codegen.prepare(module, ctx)
        if prepared is None:
            return b""
        text, tables = prepared.text, prepared.tables
        if ctx.lto:
            from vitte.driver_impl.pipeline.merge import Part, encoder

            code, _ = self._remembered("bitcode", text, lambda: (codegen.bitcode(text, ctx), ()))
            return encoder.encode(Part(code, tables))

        def compiled() -> tuple[bytes, tuple[str, ...]]:
            self.did.append("object")
            data = codegen.compile_text(text, ctx)
            found = codegen.locate(data, tables)
            if found is None:
                raise AssertionError("a table of places is not in the object exactly once")
            return codegen.fill(data, found, tables), noted(found)

        data, places = self._remembered("code", text, compiled)
        return codegen.fill(data, offsets_of(places), tables)

    def _remembered(self, kind: str, text: str, make: Callable[[], tuple[bytes, tuple[str, ...]]]) -> tuple[bytes, tuple[str, ...]]:
        """What was made of a text before, or is now."""
        fingerprint = digest(f"{kind} {self.identity}\n{text}".encode("utf-8", "surrogatepass"))
        return with_incremental_cache(
            self.cache, CacheKey(kind, self.unit.module), fingerprint, lambda _: True, make, self.entries.append
        )


def noted(offsets: list[int]) -> tuple[str, ...]:
    """Where tables of places stand, as dependencies of an entry: these have no order of their own, so each holds the table's number."""
    return tuple(f"places {number} {at}" for number, at in enumerate(offsets))


def offsets_of(dependencies: tuple[str, ...]) -> list[int]:
    """What `noted` was given."""
    places = [dependency.split(" ") for dependency in dependencies]
    return [at for _, at in sorted((int(number), int(at)) for _, number, at in places)]
