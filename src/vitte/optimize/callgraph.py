"""The order in which functions are optimised: callees before callers, where calls are not circular."""

from __future__ import annotations

from vitte.ir.ssa import Function, Module


def callees(fn: Function) -> list[str]:
    """Symbols called directly, in program order, once each."""
    found: dict[str, None] = {}
    for bb in fn.blocks:
        for inst in bb.insts:
            if inst.op == "call":
                found[inst.sym] = None
    return list(found)


def bottom_up(module: Module) -> list[Function]:
    """All functions, each after those it calls; in a cycle, after those reached first. Depth-first postorder in program order."""
    by_symbol = {fn.symbol: fn for fn in module.functions}
    order: list[Function] = []
    seen: dict[str, None] = {}
    for root in module.functions:
        if root.symbol in seen:
            continue
        seen[root.symbol] = None
        stack = [(root, iter(callees(root)))]
        while stack:
            fn, rest = stack[-1]
            for symbol in rest:
                callee = by_symbol.get(symbol)
                if callee is not None and symbol not in seen:
                    seen[symbol] = None
                    stack.append((callee, iter(callees(callee))))
                    break
            else:
                order.append(fn)
                stack.pop()
    return order
