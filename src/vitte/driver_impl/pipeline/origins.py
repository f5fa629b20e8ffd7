"""Where in the source of a build is what its linker complains about. Looked at only when a link has failed.

    symbol `sqlite3_open`, object .../ab/12f, procedure `demo/db::open`
        --> its declaration (interfaces), and where `demo/db::open` names it (the unit after stage 2, once more)

A name is looked for by what it is called in the source, wherever its code ended up: what was inlined is found as well. Only units
whose text has the name are looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import Label
from vitte.base.source import Location, Span, make_span, span_end, span_start
from vitte.ir import hir

if TYPE_CHECKING:
    from vitte.driver_impl.link.complaints import Place
    from vitte.driver_impl.pipeline.graph import Unit
    from vitte.driver_impl.pipeline.units import Workshop
    from vitte.ir.defs import Interface

MOST = 3
"""Places that are shown of one symbol."""


class Declared(Struct, frozen=True):
    """A procedure or static that is defined elsewhere, where it is declared."""

    unit: int
    path: str
    name: str
    span: Span


class Use(Struct, frozen=True):
    """A place that names one. `owner`: path of the item it stands in."""

    unit: int
    owner: str
    path: str
    span: Span


class UnitOrigins:
    """As `link.errors.Origins`, for a build whose units are finished. `modules`: by the paths of their objects."""

    def __init__(self, shop: Workshop, modules: dict[str, str]) -> None:
        self.shop = shop
        self.modules = modules
        self._known: list[tuple[Unit, Interface]] = []
        self._lowered: dict[int, hir.Module] = {}

    def module(self, file: str) -> str:
        return self.modules.get(file, "")

    def is_own(self, place: Place) -> bool:
        return bool(self.module(place.file) or (not place.file and self.line(place.source)))

    def uses(self, symbol: str, places: list[Place]) -> tuple[tuple[Label, ...], int]:
        wanted = {declared.path: declared for declared in self._foreign(symbol)}
        uses = self._nearest(list(self._uses(wanted)), places)
        labels = [
            self._label(use.unit, use.span, "and here" if number else "referred to here", not number)
            for number, use in enumerate(uses[:MOST])
        ]
        for path in dict.fromkeys(use.path for use in uses) if uses else wanted:
            declared = wanted[path]
            text = "declared here" if declared.name == symbol else f"declared here, as `{symbol}`"
            labels.append(self._label(declared.unit, declared.span, text, not labels))
        return tuple(labels), max(0, len(uses) - MOST)

    def definitions(self, symbol: str) -> tuple[Label, ...]:
        found: list[tuple[int, Span]] = []
        for owner, interface in self._interfaces():
            procs = [proc.name_span for proc in interface.procs.values() if proc.has_body and (proc.symbol or proc.path) == symbol]
            static = interface.consts.get(symbol)
            own = [static.name_span] if static is not None and static.is_static and not static.symbol else []
            found += [(owner.index, span) for span in (*procs, *own)]
        return tuple(
            self._label(unit, span, "and here" if number else "defined here", not number)
            for number, (unit, span) in enumerate(found[:MOST])
        )

    def requests(self, library: str) -> tuple[Label, ...]:
        names = {library, *_names_of(library)}
        labels: list[Label] = []
        for index in self.shop.graph.order:
            if names.isdisjoint(name for name, _ in self.shop.done[index].links):
                continue
            attrs = [attr for item in self._items(index) for attr in getattr(item, "attrs", ()) if attr.name == "link"]
            for span in dict.fromkeys(attr.span for attr in attrs if _asks(attr, names)):
                labels.append(self._label(index, span, "and here" if labels else "asked for here", not labels))
        return tuple(labels[:MOST])

    def line(self, source: str) -> tuple[Label, ...]:
        name, _, number = source.rpartition(":")
        for unit in self.shop.graph.units:
            if number.isdigit() and unit.usable and (name == unit.display or name.endswith("/" + unit.display)):
                file = self.shop.discovery.source(unit)
                if 0 < int(number) <= len(file.line_starts):
                    text = file.line_text(int(number))
                    start = file.line_starts[int(number) - 1] + len(text) - len(text.lstrip())
                    return (Label(Location(unit.display, make_span(start, start + len(text.strip()))), "", True),)
        return ()

    # --- looking ------------------------------------------------------------------------------------------------------

    def _interfaces(self) -> list[tuple[Unit, Interface]]:
        from vitte.driver_impl.cache.interface import open_interface

        if not self._known:
            for index in self.shop.graph.order:
                done = self.shop.done[index]
                if done.interface:
                    self._known.append((self.shop.graph.units[index], open_interface(done.interface).decode()))
        return self._known

    def _foreign(self, symbol: str) -> Iterator[Declared]:
        for unit, interface in self._interfaces():
            for proc in interface.procs.values():
                if proc.abi and not proc.has_body and (proc.symbol or proc.name) == symbol:
                    yield Declared(unit.index, proc.path, proc.name, proc.name_span)
            for const in interface.consts.values():
                if const.symbol == symbol:
                    yield Declared(unit.index, const.path, const.name, const.name_span)

    def _uses(self, paths: dict[str, Declared]) -> Iterator[Use]:
        """In the order of the units and of their text."""
        if not paths:
            return
        pattern = re.compile("|".join(sorted({re.escape(declared.name) for declared in paths.values()})))
        for index in self.shop.graph.order:
            unit = self.shop.graph.units[index]
            if not unit.usable or not pattern.search(self.shop.discovery.source(unit).text):
                continue
            found = [Use(index, item.path, ref.path, ref.span) for item in self._items(index) for ref in _references(item, paths)]
            yield from sorted(found, key=lambda use: span_start(use.span))

    def _nearest(self, uses: list[Use], places: list[Place]) -> list[Use]:
        """Those on the lines and in the procedures that the linker names first, then the others in their objects: what was inlined is
        elsewhere in the text. All when it names none of them."""
        symbols = {place.symbol.partition("[")[0] for place in places if place.symbol}
        objects = {self.module(place.file) for place in places}
        lines = {label.where for place in places for label in self.line(place.source)}
        units = self.shop.graph.units
        on_line = [use for use in uses if any(_holds(where, units[use.unit].display, use.span) for where in lines)]
        named = [use for use in uses if use not in on_line and use.owner in symbols]
        near = [use for use in uses if use not in on_line and use not in named and units[use.unit].module in objects]
        return on_line + named + near or uses

    def _items(self, index: int) -> list[hir.Item]:
        known = self._lowered.get(index)
        if known is None:
            known = self._lowered[index] = self.shop.lowered(index)
        return known.items

    def _label(self, unit: int, span: Span, text: str, primary: bool) -> Label:
        return Label(Location(self.shop.graph.units[unit].display, span), text, primary)


def _references(item: hir.Item, paths: dict[str, Declared]) -> Iterator[hir.DefRef]:
    """All nodes of an item that name one of some definitions."""
    stack: list[object] = [item]
    while stack:
        node = stack.pop()
        if type(node) is hir.DefRef and node.path in paths:
            yield node
        if isinstance(node, (list, tuple)):
            stack.extend(node)
        elif isinstance(node, Struct):
            stack.extend([getattr(node, name) for name in node.__struct_fields__])


def _holds(where: Location, file: str, span: Span) -> bool:
    """Whether a line of a file holds a span."""
    return where.file == file and span_start(where.span) <= span_start(span) < span_end(where.span)


def _asks(attr: hir.Attr, names: set[str]) -> bool:
    return any(key == "name" and value in names for key, _, value in (arg.partition("=") for arg in attr.args))


def _names_of(library: str) -> tuple[str, ...]:
    """The name by which a file is asked for: `x` for `/usr/lib/libx.so.1`."""
    match = re.fullmatch(r"(?:lib)?(.+?)(?:\.so[.\d]*|\.a|\.dylib|\.tbd|\.lib)", os.path.basename(library))
    return (match.group(1),) if match else ()
