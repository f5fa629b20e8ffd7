"""The procedures of a build that programs of other languages may call: public ones with a body and C's convention."""

from __future__ import annotations

from msgspec import Struct

from vitte.driver_impl.cache.interface import Parts, open_interface
from vitte.driver_impl.foreign import errors
from vitte.driver_impl.pipeline.units import Workshop
from vitte.ir.defs import ProcDef


class Export(Struct, frozen=True):
    """`unit`: index of the unit that defines it."""

    unit: int
    proc: ProcDef

    @property
    def symbol(self) -> str:
        """As C spells it."""
        return self.proc.symbol


def find(shop: Workshop, named: tuple[str, ...]) -> list[Export]:
    """The exports of all units outside the standard library, by module, then in the order of the source; those in `named` alone when it
    has any. A name that is not there is reported."""
    found: list[Export] = []
    for unit in sorted(shop.graph.units, key=lambda unit: unit.module):
        done = shop.done[unit.index]
        if unit.role == "std" or not done.interface:
            continue
        found += [Export(unit.index, proc) for proc in _of(open_interface(done.interface))]
    if named:
        known = [export.symbol for export in found]
        shop.context.diagnostics.extend(errors.unknown_export(name, known) for name in named if name not in known)
        found = [export for export in found if export.symbol in named]
    return found


def _of(parts: Parts) -> list[ProcDef]:
    procs = [parts.proc(path) for path in parts.data().procs]
    return [
        proc for proc in procs
        if proc is not None and proc.abi == "C" and proc.has_body and proc.visibility == "public" and not proc.is_generic
    ]  # fmt: skip
