"""Drop functions and private data that nothing in the unit refers to any more.

    linkonce f, all of whose calls were inlined   ==>   (gone: any other unit that wants it has its own copy)
"""

from __future__ import annotations

from vitte.ir.ssa import Function, Global, Module

_SYMBOLIC = frozenset(("call", "fn_addr", "global_addr", "const", "const_addr"))


def remove_unused(module: Module) -> bool:
    """Keep what is external, and what that reaches. The module's own `inline` procedures count as external: other units may call them
    without having a copy."""
    functions = {fn.symbol: fn for fn in module.functions}
    data = {g.symbol: g for g in module.globals}
    wanted: dict[str, None] = {}
    work: list[str] = [
        fn.symbol for fn in module.functions if fn.linkage == "external" or (fn.linkage == "linkonce" and is_own(fn, module))
    ]
    work += [g.symbol for g in module.globals if g.linkage == "external"]
    work += [p.initializer for p in module.pending] + [a.initializer for a in module.asserts]
    work += [p.symbol for p in module.pending]
    for image in module.evaluated.values():
        work += [symbol for _, symbol, _ in image.relocations]
        work += [symbol for symbol, _ in image.globals]
    while work:
        symbol = work.pop()
        if symbol in wanted:
            continue
        wanted[symbol] = None
        fn = functions.get(symbol)
        if fn is not None:
            work.extend(references(fn))
        g = data.get(symbol)
        if g is not None:
            work.extend([target for _, target, _ in g.relocations])
    kept: list[Function] = [fn for fn in module.functions if fn.symbol in wanted]
    kept_data: list[Global] = [g for g in module.globals if g.symbol in wanted or g.linkage == "external"]
    changed = len(kept) < len(module.functions) or len(kept_data) < len(module.globals)
    module.functions, module.globals = kept, kept_data
    return changed


def is_own(fn: Function, module: Module) -> bool:
    """Whether it is a plain procedure of this module, not an instance of something generic nor glue."""
    return fn.symbol.startswith(f"{module.name}::") and "[" not in fn.symbol


def references(fn: Function) -> list[str]:
    return [inst.sym for bb in fn.blocks for inst in bb.insts if inst.op in _SYMBOLIC]
