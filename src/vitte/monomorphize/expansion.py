"""Instantiation without end, found in generic code itself, before anything is instantiated.

The graph has a node for each type parameter of the unit's generic procedures. A call passes types on: from parameter T of the caller to
parameter U of the callee, whose argument mentions T. The edge is *expansive* when the argument is larger than T alone. When an
expansive edge lies on a cycle, instances of ever larger types are needed (the criterion of ECMA-335, II.9.2).

    proc grow[T: Clone](x: T) { grow((x.clone(), 1)) }        T -> T through (T, int): expansive, a cycle
"""

from __future__ import annotations

from vitte.ir import types as t
from vitte.ir.types import HAS_PARAM, Ty
from vitte.monomorphize.summary import Need

Node = tuple[str, int]


def params_in(ty: Ty, found: dict[int, None]) -> None:
    """Indexes of the type parameters that occur in a type."""
    if not ty.flags & HAS_PARAM:
        return
    if type(ty) is t.ParamTy:
        found[ty.index] = None
    for part in parts(ty):
        params_in(part, found)


def parts(ty: Ty) -> tuple[Ty, ...]:
    """The types directly inside a type; a length is none."""
    cls = type(ty)
    if cls is t.AdtTy:
        return ty.args  # type: ignore[attr-defined,no-any-return]
    if cls is t.TupleTy:
        return ty.elems  # type: ignore[attr-defined,no-any-return]
    if cls is t.ArrayTy or cls is t.SliceTy:
        return (ty.elem,)  # type: ignore[attr-defined]
    if cls is t.RefTy or cls is t.PtrTy:
        return (ty.target,)  # type: ignore[attr-defined]
    if cls is t.ProcTy:
        return (*ty.params, ty.result)  # type: ignore[attr-defined]
    return ()


def expanding(calls: dict[str, list[Need]]) -> list[tuple[str, str, tuple[Ty, ...]]]:
    """The calls that make types grow without end: (caller, callee, arguments). `calls`: of each generic procedure of the unit."""
    edges: dict[Node, list[tuple[Node, bool, tuple[Ty, ...]]]] = {}
    for path, needs in calls.items():
        for callee, args in needs:
            if callee not in calls:
                continue
            for i, arg in enumerate(args):
                found: dict[int, None] = {}
                params_in(arg, found)
                for j in found:
                    edges.setdefault((path, j), []).append(((callee, i), type(arg) is not t.ParamTy, args))
    out: dict[tuple[str, str, tuple[Ty, ...]], None] = {}
    for node, outs in edges.items():
        for target, grows, args in outs:
            if grows and _reaches(edges, target, node):
                out[node[0], target[0], args] = None
    return list(out)


def _reaches(edges: dict[Node, list[tuple[Node, bool, tuple[Ty, ...]]]], start: Node, goal: Node) -> bool:
    seen = {start: None}
    todo = [start]
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        for target, _, _ in edges.get(node, ()):
            if target not in seen:
                seen[target] = None
                todo.append(target)
    return False
