"""The verifier of plans.

- N1 no type parameter, and no unresolved associated type, is left in an instance.
- N2 every item that is not glue has its typed body in the plan, as have all checks and constants.
- N3 an instance is planned once, under a symbol of its own.
"""

from __future__ import annotations

from vitte.ir.mono import Plan
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PARAM, HAS_PROJECTION


def verify(plan: Plan) -> list[str]:
    """Violations of N1 to N3: texts that begin with the number."""
    out: list[str] = []
    symbols: dict[str, str] = {}
    for item in plan.items:
        text = item.instance.text
        if any(a.flags & (HAS_PARAM | HAS_PROJECTION | HAS_INFER | HAS_ERROR) for a in item.instance.args):
            out.append(f"N1 {text} is not concrete")
        if not item.instance.glue and item.body not in plan.bodies:
            out.append(f"N2 {text} has no body")
        if item.symbol in symbols:
            out.append(f"N3 {text} has the symbol of {symbols[item.symbol]}")
        symbols[item.symbol] = text
    return out + [f"N2 {path} has no body" for path in [*plan.checks, *plan.consts] if path not in plan.bodies]
