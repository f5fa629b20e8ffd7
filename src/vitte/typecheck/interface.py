"""What of a module others may know: its definitions, and the bodies that cross units."""

from __future__ import annotations

from vitte.ir import thir
from vitte.ir.defs import Interface
from vitte.typecheck.collect import Collector
from vitte.typecheck.constants import ConstError, has_int_value


def complete(col: Collector, bodies: dict[str, thir.Body]) -> Interface:
    """Adds integer values of constants and the bodies of generic, `inline`, default and `const` procs to the interface."""
    interface = col.interface
    for path, const in interface.consts.items():
        if (
            const.int_value is None
            and not const.is_static
            and has_int_value(const.ty)
            and not const.generics.names
            and path not in col.bad_consts
        ):
            item = col.const_items.get(path)
            if item is None or item.body is None:
                continue
            try:
                col.constants.of_const(path)
            except ConstError:
                pass
    for path, body in bodies.items():
        proc = interface.procs.get(path)
        if proc is None:
            owner = interface.consts.get(path)
            if owner is not None and owner.generics.names:
                interface.bodies[path] = body
        elif proc.generics.names or proc.inline == "inline" or proc.is_const or proc.parent in interface.traits:
            interface.bodies[path] = body
    col.defs.bodies.update(interface.bodies)
    col.defs.interfaces[interface.module] = interface
    return interface
