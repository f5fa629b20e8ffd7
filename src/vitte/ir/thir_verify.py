"""The THIR verifier: the invariants T1 to T7 of `thir`, each checked by number, all violations reported.

T1 no inference variable in any type. T2 operands of `Binary` have one type, except shifts. T3 the arguments of a `Call` agree
with the callee in number, mode and type. T4 `Field`, `Index`, `Deref` fit the type of their base. T5 every local is declared.
T6 `Break` and `Continue` name an enclosing loop. T7 patterns fit the matched type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import lang, thir
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.impls import normalize
from vitte.ir.ownership import field_types
from vitte.ir.thir_text import print_body
from vitte.ir.thir_walk import children, patterns, walk_pattern
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PARAM, HAS_PROJECTION, Ty, subst

LOOPS = (thir.Loop, thir.ForRange, thir.ForEach, thir.ForIter)
OPEN = HAS_PARAM | HAS_PROJECTION | HAS_ERROR
"""Types with these parts are compared only in structure that is known."""


def verify(module: thir.Module, ctx: Any) -> list[str]:
    """What is wrong with the bodies of a unit, each as `T<n> path: what`; empty when they are well formed."""
    problems: list[str] = []
    for body in [*module.bodies.values(), *(a.body for a in module.static_asserts)]:
        problems += verify_body(body, ctx.defs)
    return problems


def verify_body(body: thir.Body, defs: Definitions) -> list[str]:
    """The violations of one body, followed by its text when there are any."""
    checker = _Checker(body, defs)
    for decl in body.locals:
        checker.closed(decl.ty, f"local {decl.name}")
    checker.closed(body.result, "the result")
    for param in body.params:
        checker.local(param.local)
    checker.node(body.value, ())
    return [*checker.problems, print_body(body)] if checker.problems else []


def agree(a: Ty, b: Ty) -> bool:
    """Whether two types are one, as far as parameters and projections let one tell."""
    if a is b or (a.flags | b.flags) & OPEN:
        return True
    return a is t.NEVER


class _Checker:
    def __init__(self, body: thir.Body, defs: Definitions) -> None:
        self.body = body
        self.defs = defs
        self.problems: list[str] = []

    def report(self, number: int, what: str) -> None:
        self.problems.append(f"T{number} {self.body.path}: {what}")

    def closed(self, ty: Ty, what: str) -> None:
        if ty.flags & HAS_INFER:
            self.report(1, f"{what} has the open type {ty.text}")

    def local(self, local: int) -> None:
        if not 0 <= local < len(self.body.locals):
            self.report(5, f"local %{local} is not declared")

    def node(self, node: Any, loops: tuple[int, ...]) -> None:
        cls = type(node)
        ty = getattr(node, "ty", None)
        if ty is not None:
            self.closed(ty, cls.__name__)
        check = _CHECKS.get(cls)
        if check is not None:
            check(self, node)
        if cls in (thir.Break, thir.Continue) and node.loop not in loops:
            self.report(6, f"{cls.__name__} of loop '{node.loop}, which does not enclose it")
        for pat in patterns(node):
            for part in walk_pattern(pat):
                self.pattern(part)
        if cls in LOOPS:
            loops = (*loops, node.id)
        for child in children(node):
            self.node(child, loops)

    def binary(self, node: thir.Binary) -> None:
        if node.op not in ("<<", ">>") and not (agree(node.left.ty, node.right.ty) or agree(node.right.ty, node.left.ty)):
            self.report(2, f"{node.left.ty.text} {node.op} {node.right.ty.text}")

    def call(self, node: thir.Call) -> None:
        fn = self.defs.procs.get(node.path)
        if fn is None:
            self.report(3, f"there is no procedure {node.path}")
            return
        few = len(node.arguments) < len(fn.params)
        if few or (len(node.arguments) > len(fn.params) and not fn.variadic):
            self.report(3, f"{node.path} takes {len(fn.params)} arguments, not {len(node.arguments)}")
            return
        if len(node.args) != len(fn.generics.names):
            self.report(3, f"{node.path} has {len(fn.generics.names)} type parameters, not {len(node.args)}")
            return
        for param, argument in zip(fn.params, node.arguments, strict=False):
            want = normalize(subst(param.ty, node.args), self.defs)
            if param.mode != argument.mode:
                self.report(3, f"{node.path}: `{param.name}` is {param.mode}, the argument {argument.mode}")
            elif not agree(argument.value.ty, want):
                self.report(3, f"{node.path}: `{param.name}` is {want.text}, the argument {argument.value.ty.text}")

    def field(self, node: thir.Field) -> None:
        fields = self.fields_of(node.base.ty)
        if fields is None or not 0 <= node.index < len(fields):
            self.report(4, f"no field {node.index} in {node.base.ty.text}")

    def index(self, node: thir.Index) -> None:
        base = node.base.ty
        if self.elem(base) is None:
            self.report(4, f"{base.text} has no elements")

    def deref(self, node: thir.Deref) -> None:
        base = node.base.ty
        if type(base) not in (t.RefTy, t.PtrTy) and not (type(base) is t.AdtTy and base.path == lang.BOX) and not base.flags & OPEN:
            self.report(4, f"{base.text} points at nothing")

    def used(self, node: thir.Local) -> None:
        self.local(node.local)

    def fields_of(self, ty: Ty) -> list[Ty] | None:
        if type(ty) is t.TupleTy:
            return list(ty.elems)
        adt = self.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
        if adt is None or adt.kind == "pick":
            return None
        return field_types(adt, 0, ty.args)  # type: ignore[attr-defined]

    def elem(self, ty: Ty) -> Ty | None:
        if type(ty) in (t.ArrayTy, t.SliceTy):
            return ty.elem  # type: ignore[attr-defined,no-any-return]
        if type(ty) is t.AdtTy and ty.path == lang.LIST:
            return ty.args[0]
        return t.U8 if ty in (t.STRING, t.BYTES) else None

    def pattern(self, pat: Any) -> None:
        self.closed(pat.ty, "a pattern")
        cls = type(pat)
        ty = pat.ty
        if cls is thir.PBind:
            self.local(pat.local)
        elif cls is thir.PVariant:
            adt = self.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
            if adt is None or not 0 <= pat.variant < len(adt.variants):
                self.report(7, f"case {pat.variant} of {ty.text}")
            elif any(not 0 <= i < len(adt.variants[pat.variant].fields) for i, _ in pat.fields):
                self.report(7, f"too many fields for case {pat.variant} of {ty.text}")
        elif cls is thir.PFields:
            fields = self.fields_of(ty)
            if fields is None or any(not 0 <= i < len(fields) for i, _ in pat.fields):
                self.report(7, f"fields of {ty.text}")
        elif cls is thir.PDeref:
            if type(ty) is not t.RefTy and not (type(ty) is t.AdtTy and ty.path == lang.BOX):
                self.report(7, f"{ty.text} points at nothing")
        elif cls is thir.PList and self.elem(ty) is None:
            self.report(7, f"elements of {ty.text}")


_CHECKS: dict[type, Callable[[_Checker, Any], None]] = {
    thir.Binary: _Checker.binary,
    thir.Call: _Checker.call,
    thir.Field: _Checker.field,
    thir.Index: _Checker.index,
    thir.Deref: _Checker.deref,
    thir.Local: _Checker.used,
}
