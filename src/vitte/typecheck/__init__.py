"""Stage 3, type checking: HIR to THIR.

Every expression gets its type; coercions, dereferences, call targets and formatting become explicit; matches are checked to be
exhaustive. Definitions are collected first (`collect`, `item_checks`), then each body is checked on its own (`bodies`),
bidirectionally, with inference local to the body.

    let n: u32 = byte          let n = Cast(int, byte)
    xs.push(1)                 Call list.push[int](mut xs, own 1)
    println(point)             Show.show_to into a buffer, then println_text

Output invariants T1 to T7: `ir/thir.py`. A tree comes back even when there are errors; error nodes follow reported errors only.
"""

from __future__ import annotations

from vitte.driver.context import UnitContext
from vitte.ir import hir, thir


def run(module: hir.Module, ctx: UnitContext) -> thir.Module:
    """Type-check one module. Adds its definitions to `ctx.defs` and reports to `ctx.diagnostics`."""
    from vitte.typecheck.bodies import run_bodies
    from vitte.typecheck.collect import Collector
    from vitte.typecheck.interface import complete
    from vitte.typecheck.item_checks import check_items

    col = Collector(module, ctx)
    col.run()
    check_items(col)
    bodies, asserts = run_bodies(col)
    interface = complete(col, bodies)
    return thir.Module(module.path, ctx.file, interface, bodies, asserts)
