"""One unit as a pure function of its source, the interfaces in reach and the tracked options, remembered by key."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import Diagnostic
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext, LogLevel
from vitte.driver_impl.cache.key import digest, unit_text
from vitte.driver_impl.cache.store import Entry, Store
from vitte.driver_impl.pipeline.graph import Discovery, Graph, Unit

if TYPE_CHECKING:
    from vitte.ir.defs import Definitions, Interface, ResolvedImport


class Done(Struct):
    """A finished unit as it travels between processes. `object`: path of the object file. `ssa`: the encoded module.
    `broken`: it, or something in its reach, has errors. `fingerprint`: digest of the interface."""

    index: int
    broken: bool
    interface: bytes
    fingerprint: str
    diagnostics: bytes
    object: str = ""
    ssa: bytes = b""
    reused: bool = False
    texts: list[tuple[str, str]] = []
    timings: list[tuple[str, str, float]] = []
    links: list[str] = []


class Workshop:
    """Compiles units of one graph in one process: holds decoded interfaces, and where results are kept."""

    def __init__(
        self,
        options: DriverOptions,
        context: DriverContext,
        graph: Graph,
        discovery: Discovery,
        options_text: str,
        goal: str,
        scratch: Callable[[], str],
    ) -> None:
        self.options = options
        self.context = context
        self.graph = graph
        self.discovery = discovery
        self.options_text = options_text
        self.goal = goal
        self.kind = {"check": "check", "ssa": "interp", "object": "build"}[goal]
        self.scratch = scratch
        self.done: dict[int, Done] = {}
        self.interfaces: dict[int, Interface | None] = {}
        self._known: list[tuple[list[int], Definitions]] = []

    def take(self, done: Done) -> None:
        """Know a unit that was finished here or elsewhere."""
        self.done[done.index] = done

    def interface(self, index: int) -> Interface | None:
        if index not in self.interfaces:
            from vitte.driver_impl.cache import codec

            blob = self.done[index].interface
            self.interfaces[index] = codec.decode_interface(blob) if blob else None
        return self.interfaces[index]

    def compile(self, index: int, on_stage: Callable[[str], None] | None = None) -> Done:
        """A unit whose dependencies are known."""
        unit = self.graph.units[index]
        key = self.key(unit)
        store = self.discovery.std_store if unit.role == "std" else self.discovery.store
        found = self._remembered(unit, key, store)
        done = found if found is not None else self._compile(unit, key, store, on_stage)
        self.take(done)
        return done

    def key(self, unit: Unit) -> str:
        units = self.graph.units
        interfaces = [(units[i].module, self.done[i].fingerprint) for i in unit.reach]
        interfaces.sort()
        imports = [(i.written, units[i.unit].module if i.unit >= 0 else "-") for i in unit.imports]
        broken = any(self.done[i].broken for i in unit.reach)
        role = unit.role + (" broken" if broken else "")
        return digest(unit_text(
            self.discovery.identity, self.options_text, unit.module, unit.display, unit.digest, imports, unit.misses, interfaces, role,
        ).encode())  # fmt: skip

    def _remembered(self, unit: Unit, key: str, store: Store) -> Done | None:
        if store.mode == "off" or unit.source is None:
            return None
        if (unit.role != "std" or unit.index == 0) and (self.options.dump or self.options.emit_proc):
            return None
        entry = store.entry(key, self.kind)
        if entry is None:
            return None
        ssa = b""
        if self.goal == "ssa" and not entry.failed:
            blob = store.blob(key, "ssa")
            if blob is None:
                return None
            ssa = blob
        self._log(f"{unit.module}: reused")
        path = store.path(key, "o") if entry.object else ""
        return Done(
            unit.index, entry.failed, entry.interface, entry.fingerprint, entry.diagnostics, path, ssa, reused=True, links=entry.links
        )

    def _compile(self, unit: Unit, key: str, store: Store, on_stage: Callable[[str], None] | None) -> Done:
        from vitte.driver_impl.cache import codec
        from vitte.driver_impl.pipeline.compile import compile_unit, remapped, unit_context

        self._log(f"{unit.module}: compiled")
        broken = any(self.done[i].broken for i in unit.reach)
        if unit.source is None:
            return Done(unit.index, True, b"", "", encoded(unit.diagnostics.items))
        timed = len(self.context.timings)
        tree = self.discovery.parsed(unit)
        unit.tree = None
        ctx = unit_context(unit, self.options, self._definitions(unit))
        ctx.imports = self._imports(unit)
        if self.goal != "check":  # places of inlined and generic code of other units
            reached = [self.graph.units[i] for i in unit.reach]
            ctx.line_tables = {remapped(u.display, self.options): u.source.line_starts for u in reached if u.source is not None}
        product = compile_unit(unit, tree, ctx, self.context, self.options, self.goal, broken, on_stage)
        failed = broken or product.stopped or ctx.diagnostics.error_count > 0
        self.interfaces[unit.index] = product.interface
        blob = codec.encode_interface(product.interface) if product.interface is not None else b""
        fingerprint = sha256(blob).hexdigest()
        links = product.interface.link_names if product.interface is not None else []
        diagnostics = encoded(unit.diagnostics.sorted())
        ssa = codec.ssa.encode(product.ssa) if product.ssa is not None else b""
        path, object_digest = "", ""
        if product.object is not None:
            object_digest = sha256(product.object).hexdigest()
            path = store.put_object(key, product.object) or self._write(unit, product.object)
        if store.mode == "on":
            if ssa:
                store.put_blob(key, "ssa", ssa)
            store.put(key, self.kind, Entry(unit.module, failed, blob, fingerprint, diagnostics, object_digest, links))
        timings = [(t.stage, t.unit, t.seconds) for t in self.context.timings[timed:]]
        return Done(unit.index, failed, blob, fingerprint, diagnostics, path, ssa, False, product.texts, timings, links)

    def _write(self, unit: Unit, data: bytes) -> str:
        path = os.path.join(self.scratch(), f"{unit.index}.o")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def _definitions(self, unit: Unit) -> Definitions:
        """All definitions in a unit's reach. Reaches begin alike, with the library and often with all that the unit before saw, and
        copying is much cheaper than adding; so two collections are kept: of the library at the start of a reach, and the last one, which
        grows."""
        from vitte.driver_impl.cache import codec
        from vitte.ir.defs import Definitions

        reach, known = unit.reach, self._known
        if not known:
            known.append(([], Definitions()))
            known[0][1].bodies = codec.LazyBodies()
        while known[-1][0] != reach[: len(known[-1][0])]:
            known.pop()
        seen, defs = known[-1]
        library = sum(self.graph.units[index].role == "std" for index in reach)
        for end in (library, len(reach)) if unit.role != "std" else (len(reach),):
            if len(seen) < end:
                if len(known) < 3:
                    defs = defs.copy()
                    known.append((seen, defs))
                for index in reach[len(seen) : end]:
                    interface = self.interface(index)
                    if interface is not None:
                        defs.add(interface)
                seen = reach[:end]
                known[-1] = seen, defs
        return defs.copy()

    def _imports(self, unit: Unit) -> list[ResolvedImport]:
        """One entry per `use`, in source order, then the prelude."""
        from vitte.ir.defs import ResolvedImport

        units = self.graph.units
        imports = []
        for use in unit.imports:
            if use.unit < 0:
                imports.append(ResolvedImport(use.written.lstrip("."), None, use.span))
            else:
                found = units[use.unit]
                foreign = found.package is not unit.package
                imports.append(ResolvedImport(found.module, self.interface(use.unit), use.span, is_foreign=foreign))
        imports += [
            ResolvedImport("std/prelude", self.interface(index), is_prelude=True)
            for index in unit.prelude
            if units[index].module == "std/prelude"
        ]
        return imports

    def _log(self, text: str) -> None:
        if self.context.log is not None:
            self.context.log(LogLevel.DEBUG, "cache", text)


def encoded(diagnostics: list[Diagnostic]) -> bytes:
    """No diagnostics are no bytes, so that the usual case needs no decoder."""
    if not diagnostics:
        return b""
    from vitte.driver_impl.cache import codec

    return codec.diagnostics.encode(diagnostics)


def reported(done: Done) -> list[Diagnostic]:
    """The diagnostics of a finished unit."""
    if not done.diagnostics:
        return []
    from vitte.driver_impl.cache import codec

    found: list[Diagnostic] = codec.diagnostics.decode(done.diagnostics)
    return found
