"""What a typed body needs, before substitution: computed once, substituted for each instance."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from vitte.ir import lang, thir
from vitte.ir import types as t
from vitte.ir.thir_walk import CHILDREN, PATTERNED, children, walk_pattern
from vitte.ir.types import Ty

Need = tuple[str, tuple[Ty, ...]]


class Summary(Struct):
    """`calls`: procedures with their arguments. `consts`: constants likewise. `types`: of all values that the body holds, by itself
    or on the way: not of what it only sees through a reference or was lent."""

    calls: list[Need]
    consts: list[Need]
    types: list[Ty]


def summarize(body: thir.Body, intrinsics: dict[str, str]) -> Summary:
    """Everything `body` refers to. `intrinsics`: name by path, for those whose use says something about types."""
    calls: dict[Need, None] = {}
    consts: dict[Need, None] = {}
    types: dict[Ty, None] = {body.result: None}
    lent = {param.local for param in body.params if param.mode != "own"}
    for number, local in enumerate(body.locals):
        if number not in lent:
            types[local.ty] = None
    stack: list[Any] = [body.value]
    while stack:
        node = stack.pop()
        cls = type(node)
        if cls not in _NO_VALUE:
            types[node.ty] = None
        if cls in _RULES:
            _RULES[cls](node, calls, consts)
            if cls is thir.Call and intrinsics.get(node.path) == "drop_in_place":
                types[node.args[0]] = None
        if cls in PATTERNED:
            for part in walk_pattern(node.pat):
                types[part.ty] = None
                _pattern(part, calls)
        if CHILDREN[cls]:
            below = children(node)
            below.reverse()
            stack += below
    for param in body.params:
        if param.pat is not None:
            for part in walk_pattern(param.pat):
                _pattern(part, calls)
    return Summary(list(calls), list(consts), list(types))


def _call(node: Any, calls: dict[Need, None], consts: dict[Need, None]) -> None:
    calls[node.path, node.args] = None


def _const(node: thir.ConstRef, calls: dict[Need, None], consts: dict[Need, None]) -> None:
    consts[node.path, node.args] = None


def _box(node: thir.BoxNew, calls: dict[Need, None], consts: dict[Need, None]) -> None:
    calls[lang.ALLOC, ()] = None
    calls[lang.DEALLOC, ()] = None


def _list(node: thir.ListLit, calls: dict[Need, None], consts: dict[Need, None]) -> None:
    if type(node.ty) is t.AdtTy:
        calls[lang.LIST_FROM_ARRAY, node.ty.args] = None


def _pattern(pat: thir.Pat, calls: dict[Need, None]) -> None:
    if type(pat) is thir.PConst and type(pat.value) is str:
        if pat.ty is t.BYTES:
            calls[f"{lang.TRAIT_EQ}.eq", (pat.ty,)] = None
        else:
            calls[lang.STR_EQ, ()] = None
    elif type(pat) is thir.PList and pat.rest is not None and type(pat.rest) is thir.PBind:
        elem: Ty = pat.ty.args[0] if type(pat.ty) is t.AdtTy else pat.ty.elem  # type: ignore[attr-defined]
        calls[lang.SLICE_PART_MUT if pat.rest.by == "ref mut" else lang.SLICE_PART, (elem,)] = None


_NO_VALUE = frozenset(
    (thir.Arg, thir.Arm, thir.Let, thir.ExprStmt, thir.Defer, thir.Local, thir.Field, thir.Index, thir.Deref, thir.Static)
)
"""Parts of nodes, which have no type, and places: what is read out of one goes into a local or an argument."""
_RULES: dict[type, Any] = {
    thir.Call: _call,
    thir.ProcRef: _call,
    thir.ForIter: _call,
    thir.ConstRef: _const,
    thir.BoxNew: _box,
    thir.ListLit: _list,
}
