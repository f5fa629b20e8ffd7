"""Definitions in terms of themselves that names alone show: aliases and supertraits."""

from __future__ import annotations

from collections.abc import Mapping

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import Span
from vitte.ir import hir
from vitte.lower import errors
from vitte.lower.state import Lowerer


def check(lo: Lowerer) -> None:
    aliases: dict[str, hir.Alias] = {}
    traits: dict[str, hir.Trait] = {}
    for item in lo.items:
        if type(item) is hir.Alias:
            aliases[item.path] = item
        elif type(item) is hir.Trait and item.supers:
            traits[item.path] = item
    if aliases:
        edges = {path: alias_targets(item.ty) for path, item in aliases.items()}
        for path in report(lo, aliases, edges, "the type"):
            alias = aliases[path]
            alias.ty = hir.TyError(alias.name_span, ErrorToken(len(lo.diag.items)))
    if traits:
        supers = {path: [s.trait for s in item.supers] for path, item in traits.items()}
        for path in report(lo, traits, supers, "the trait"):
            traits[path].supers = []


def alias_targets(ty: hir.TyExpr) -> list[str]:
    """Aliases that must be known to know the type: all those in it."""
    cls = type(ty)
    if cls is hir.TyPath:
        found = [ty.path] if ty.kind == "alias" else []  # type: ignore[union-attr]
        for arg in ty.args or ():  # type: ignore[union-attr]
            found += alias_targets(arg)
        return found
    if cls is hir.TyTuple:
        return [path for elem in ty.elems for path in alias_targets(elem)]  # type: ignore[union-attr]
    if cls is hir.TyArray or cls is hir.TySlice:
        return alias_targets(ty.elem)  # type: ignore[union-attr]
    if cls is hir.TyRef or cls is hir.TyPtr:
        return alias_targets(ty.target)  # type: ignore[union-attr]
    if cls is hir.TyAssoc:
        return alias_targets(ty.base)  # type: ignore[union-attr]
    if cls is hir.TyProc:
        parts = [*ty.params, ty.result] if ty.result is not None else ty.params  # type: ignore[union-attr]
        return [path for part in parts for path in alias_targets(part)]
    return []


def report(lo: Lowerer, items: Mapping[str, hir.Alias | hir.Trait], edges: dict[str, list[str]], what: str) -> list[str]:
    """Report each cycle once, at its first member in program order. Returns all members of cycles."""
    state: dict[str, int] = {}
    on_cycle: list[str] = []
    for root in items:
        if root in state:
            continue
        # Depth first without recursion: chains of aliases may be long.
        path: list[str] = [root]
        stack = [iter(edges[root])]
        state[root] = 1
        while stack:
            after = next(stack[-1], None)
            if after is None:
                stack.pop()
                state[path.pop()] = 2
            elif after in items:
                seen = state.get(after)
                if seen is None:
                    state[after] = 1
                    path.append(after)
                    stack.append(iter(edges[after]))
                elif seen == 1:
                    cycle = path[path.index(after) :]
                    if not any(member in on_cycle for member in cycle):
                        say(lo, items, cycle, what)
                    on_cycle += cycle
    return on_cycle


def say(lo: Lowerer, items: Mapping[str, hir.Alias | hir.Trait], cycle: list[str], what: str) -> None:
    names = [items[path].name for path in cycle]
    shown = " -> ".join([f"`{name}`" for name in [*names, names[0]]])
    labels: list[tuple[Span, str]] = [(items[path].name_span, "by way of this") for path in cycle[1:]]
    message = f"{what} `{names[0]}` is defined in terms of itself"
    lo.diag.error(errors.CYCLE, items[cycle[0]].name_span, message, "needs itself", labels=tuple(labels), notes=(shown,))
