"""How much evaluating an expression may disturb operands that were prepared before it."""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir import thir

QUIET, WRITES, LEAVES = 0, 1, 2
"""Reads at most; may change places of the body; may also leave the expression (`give`, `break`, `?`) or branch."""


def effect(e: thir.Expr) -> int:
    """The effect of `e`. Anything with branches counts as LEAVES."""
    rule = _RULES.get(type(e))
    return LEAVES if rule is None else rule(e)


def _none(e: thir.Expr) -> int:
    return QUIET


def _call(e: thir.Call | thir.CallValue) -> int:
    worst = QUIET if type(e) is thir.Call else effect(e.callee)  # type: ignore[union-attr]
    for arg in e.arguments:
        if arg.mode == "mut":
            worst = max(worst, WRITES)
        worst = max(worst, effect(arg.value))
    return worst


def _all(exprs: list[thir.Expr]) -> int:
    worst = QUIET
    for e in exprs:
        worst = max(worst, effect(e))
    return worst


_RULES: dict[type, Callable[..., int]] = {
    thir.Local: _none,
    thir.Static: _none,
    thir.Lit: _none,
    thir.ConstRef: _none,
    thir.ConstParam: _none,
    thir.Here: _none,
    thir.ProcRef: _none,
    thir.SizeOf: _none,
    thir.Field: lambda e: effect(e.base),
    thir.Index: lambda e: max(effect(e.base), effect(e.index)),
    thir.Deref: lambda e: effect(e.base),
    thir.Unary: lambda e: effect(e.operand),
    thir.Binary: lambda e: max(effect(e.left), effect(e.right)),
    thir.Cast: lambda e: LEAVES if e.kind == "never" else effect(e.value),
    thir.Borrow: lambda e: max(WRITES if e.mutable else QUIET, effect(e.place)),
    thir.Move: lambda e: effect(e.place),
    thir.Call: _call,
    thir.CallValue: _call,
    thir.Tuple: lambda e: _all(e.elems),
    thir.ListLit: lambda e: _all(e.elems),
    thir.Repeat: lambda e: effect(e.elem),
    thir.Aggregate: lambda e: max(_all([v for _, v in e.fields]), effect(e.base) if e.base is not None else QUIET),
    thir.BoxNew: lambda e: effect(e.value),
}
