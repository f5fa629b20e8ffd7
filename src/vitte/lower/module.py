"""The whole module: names, exports, items in order, then what was found in blocks, then the lints."""

from __future__ import annotations

from vitte.driver.context import UnitContext
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.lower import calls as _calls  # noqa: F401
from vitte.lower import control as _control  # noqa: F401  (fills the tables)
from vitte.lower import cycles, format  # noqa: F401
from vitte.lower.attrs import module_attributes
from vitte.lower.collect import collect, exports, report_unused
from vitte.lower.items import item as lower_item
from vitte.lower.state import Lowerer


def run(module: a.Module, ctx: UnitContext) -> hir.Module:
    """Lower `module`. Mistakes go to `ctx.diagnostics`; a tree is returned in any case."""
    lo = Lowerer(module, ctx)
    module_attributes(lo, module.attrs)
    collect(lo, module)
    exports(lo, module)
    visibilities = {name: shown.visibility for name, shown in lo.out_names.items()}
    for name in lo.exported:
        visibilities[name] = "public"
    for it in module.items:
        if isinstance(it, a.Use | a.Export):
            continue
        lower_item(lo, it, lo.path, visibilities)
        while lo.deferred:
            found = lo.deferred.pop(0)
            mark = lo.push()
            for name, sym in found.layers:
                lo.bind_sym(name, sym)
            lo.layers = list(found.layers)
            lower_item(lo, found.item, found.prefix, None)
            lo.pop(mark)
        lo.layers = []
    cycles.check(lo)
    report_unused(lo)
    return hir.Module(ctx.module, ctx.file, lo.items, lo.out_names, lo.entry_points, len(lo.text))
