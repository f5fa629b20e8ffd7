"""Operators: primitive ones stay, the others become calls; comparisons, `in`, `and`/`or`, `not`, `-`, `~`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, TraitRef
from vitte.ir.impls import ImplMatch, match_ty, normalize, select_impl
from vitte.ir.ownership import is_copy
from vitte.ir.types import HAS_ERROR, HAS_INFER, IntTy, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import argument
from vitte.typecheck.coerce import coerce, try_coerce, widens
from vitte.typecheck.method_calls import method_on
from vitte.typecheck.obligations import candidates
from vitte.typecheck.places import deref

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx

_ARITHMETIC = frozenset(("+", "-", "*", "/", "%"))
_BITS = frozenset(("&", "|", "^"))
_SHIFTS = frozenset(("<<", ">>"))
_EQUALITY = frozenset(("==", "!="))
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_LITERALS = frozenset((hir.Literal_, hir.Unary))


def primitive_op(op: str, ty: Ty) -> bool:
    """Whether `op` (arithmetic or bits) works on two values of `ty` in hardware terms."""
    cls = type(ty)
    if cls is IntTy:
        return True
    if cls is t.FloatTy:
        return op in _ARITHMETIC
    if cls is t.InferTy:
        return ty.kind == "int" or (ty.kind == "float" and op in _ARITHMETIC)  # type: ignore[attr-defined]
    return ty is t.BOOL and op in _BITS


def _value(cx: Cx, node: thir.Expr) -> thir.Expr:
    """Operands are followed through references and boxes."""
    ty = node.ty
    if type(ty) is IntTy:
        return node
    ty = cx.resolve(ty)
    while True:
        if type(ty) is t.RefTy:
            ty = cx.resolve(ty.target)
        elif type(ty) is t.AdtTy and ty.path == lang.BOX:
            ty = cx.resolve(ty.args[0])
        else:
            return node
        node = cx.made(thir.Deref(ty, node.span, node))


def _is_literal(e: hir.Expr) -> bool:
    if type(e) is hir.Unary:
        return e.op != "*" and e.op != "not" and _is_literal(e.operand)
    if type(e) is hir.Literal_:
        return (e.kind == "int" or e.kind == "float" or e.kind == "null") and not e.suffix
    if type(e) is hir.Binary:
        return e.op not in _COMPARISONS and _is_literal(e.left) and _is_literal(e.right)
    return type(e) is hir.BareCase or (type(e) is hir.Call and type(e.callee) is hir.BareCase)


def binary(cx: Cx, e: hir.Binary, want: Ty | None) -> thir.Expr:
    op = e.op
    if op in _COMPARISONS:
        return _compare(cx, e)
    if op in _SHIFTS:
        return _shift(cx, e, want)
    hint = want
    if want is not None and type(want) not in (IntTy, t.FloatTy):
        wanted = cx.shallow(want)
        if type(wanted) not in (IntTy, t.FloatTy, t.InferTy) and not (type(wanted) is t.AdtTy and wanted.path == lang.LIST):
            hint = None
    left_e, right_e = e.left, e.right
    cls = type(left_e)
    if cls in _LITERALS or cls is hir.Binary:
        if _is_literal(left_e) and not _is_literal(right_e):
            # The literal takes the type of what it meets.
            right = _value(cx, cx.expr(right_e, hint))
            right_ty = cx.resolve(right.ty)
            if type(right_ty) in (IntTy, t.FloatTy, t.InferTy):
                left = cx.expr(left_e, right_ty)
                return _arith(cx, e, left, right)
            left = _value(cx, cx.expr(left_e, hint))
            return _arith(cx, e, left, right)
    left = _value(cx, cx.expr(left_e, hint))
    ty = left.ty
    if type(ty) is not IntTy:
        ty = cx.resolve(ty)
        if type(ty) not in (IntTy, t.FloatTy, t.InferTy) and ty is not t.BOOL:
            return _not_number(cx, e, left, ty)
        if type(ty) is t.InferTy and ty.kind == "any":
            ty = cx.known(ty, left.span)
    right = _value(cx, cx.expr(right_e, ty))
    if right.ty is ty and type(ty) is IntTy:
        return thir.Binary(ty, e.span, op, left, right)
    return _arith(cx, e, left, right)


def _arith(cx: Cx, e: hir.Binary, left: thir.Expr, right: thir.Expr) -> thir.Expr:
    """Both operands typed; numbers or bool on the left."""
    op = e.op
    a, b = cx.resolve(left.ty), cx.resolve(right.ty)
    if (a.flags | b.flags) & HAS_ERROR:
        return cx.error_node(e.span)
    if a is not b:
        if b is t.NEVER:
            right = coerce(cx, right, a)
            b = a
        elif a is t.NEVER:
            left = coerce(cx, left, b)
            a = b
        elif type(a) is t.InferTy or type(b) is t.InferTy:
            if not cx.unify(a, b):
                if type(b) is t.FloatTy and type(left) is thir.Lit and type(a) is t.InferTy and a.kind == "int":
                    left = thir.Lit(b, left.span, float(left.value))  # type: ignore[arg-type]
                elif type(a) is t.FloatTy and type(right) is thir.Lit and type(b) is t.InferTy and b.kind == "int":
                    right = thir.Lit(a, right.span, float(right.value))  # type: ignore[arg-type]
                else:
                    return _no_operator(cx, e, left, right)
            a = cx.resolve(a)
        elif widens(a, b):
            left = coerce(cx, left, b)
            a = b
        elif widens(b, a):
            right = coerce(cx, right, a)
        else:
            found = _overload_typed(cx, op, left, a, right, e.op_span, e.span)
            return found if found is not None else _no_operator(cx, e, left, right)
    if not primitive_op(op, a):
        if type(a) is t.InferTy or type(a) in (IntTy, t.FloatTy) or a is t.BOOL or a is t.RUNE:
            return _no_operator(cx, e, left, right)
        found = _overload_typed(cx, op, left, a, right, e.op_span, e.span)
        return found if found is not None else _no_operator(cx, e, left, right)
    return thir.Binary(cx.resolve(a), e.span, op, left, right)


def _no_operator(cx: Cx, e: hir.Binary, left: thir.Expr, right: thir.Expr) -> thir.Expr:
    a, b = cx.resolve(left.ty), cx.resolve(right.ty)
    notes: list[str] = []
    helps = []
    from vitte.typecheck.coerce import insert_after

    if type(a) in (IntTy, t.FloatTy) and type(b) in (IntTy, t.FloatTy):
        notes.append("numbers of different types are not mixed when a value could be lost")
        wider = a if type(a) is t.FloatTy and type(b) is not t.FloatTy else b if type(b) is t.FloatTy and type(a) is not t.FloatTy else a
        which = right if wider is a else left
        helps.append(insert_after(cx, f"convert with `as {show(wider)}`", which.span, f" as {show(wider)}"))
    elif a is t.STRING and e.op == "+":
        helps.append(insert_after(cx, "make text of it with `.to_string()`", right.span, ".to_string()"))
    elif type(a) is t.ParamTy:
        trait = lang.OPERATOR_TRAITS[e.op][0].rpartition("::")[2]
        notes.append(f"`{show(a)}` may be any type here: bound it, `[{show(a)}: {trait}[Output = {show(a)}]]`")
    elif type(a) is t.AdtTy and a.path in cx.col.interface.adts:
        trait = lang.OPERATOR_TRAITS[e.op][0].rpartition("::")[2]
        notes.append(f"`impl {trait}[{show(b)}] for {show(a)}` would define it")
    elif type(a) is t.AdtTy and a.path == lang.OPTION:
        notes.append("the value may be missing: get it with `?`, `??` or a `match` first")
    cx.diag.error(
        E.BAD_OPERATOR,
        e.op_span,
        f"`{e.op}` is not defined for `{show(a)}` and `{show(b)}`",
        "",
        labels=((left.span, f"`{show(a)}`"), (right.span, f"`{show(b)}`")) if left.span != right.span else (),
        notes=tuple(notes),
        helps=tuple(helps),
    )
    return cx.error_node(e.span)


def _shift(cx: Cx, e: hir.Binary, want: Ty | None) -> thir.Expr:
    hint = want if want is not None and type(cx.shallow(want)) in (IntTy, t.InferTy) else None
    left = _value(cx, cx.expr(e.left, hint))
    ty = cx.resolve(left.ty)
    if type(ty) is IntTy or (type(ty) is t.InferTy and ty.kind == "int"):
        right = _value(cx, cx.expr(e.right))
        count = cx.resolve(right.ty)
        if type(count) is IntTy or (type(count) is t.InferTy and count.kind == "int"):
            return thir.Binary(ty, e.span, e.op, left, right)
        if count.flags & HAS_ERROR:
            return cx.error_node(e.span)
        return _no_operator(cx, e, left, right)
    return _not_number(cx, e, left, ty)


def _not_number(cx: Cx, e: hir.Binary, left: thir.Expr, ty: Ty) -> thir.Expr:
    """The left operand is no number."""
    op = e.op
    span = e.span
    if ty is t.ERROR:
        cx.expr(e.right)
        return cx.error_node(span)
    if ty is t.NEVER:
        right = cx.expr(e.right)
        return coerce(cx, left, right.ty) if right.ty is not t.NEVER else left
    if ty is t.STRING and op == "+":
        right = _value(cx, cx.expr(e.right, t.STRING))
        got = cx.resolve(right.ty)
        if got is t.STRING:
            return cx.lang_call(lang.STR_CONCAT, (), [left, right], span, t.STRING)
        if got.flags & HAS_ERROR:
            return cx.error_node(span)
        if got is t.NEVER:
            return coerce(cx, right, t.STRING)
        return _no_operator(cx, e, left, right)
    if type(ty) is t.AdtTy:
        if ty.path == lang.LIST and op == "+":
            right = argument(cx, e.right, "lend", ty, ty, None, 0)
            if right.ty is t.ERROR:
                return cx.error_node(span)
            from vitte.typecheck.obligations import require

            require(cx, lang.TRAIT_CLONE, (ty.args[0],), span, "`+` on lists")
            return cx.lang_call(lang.LIST_CONCAT, ty.args, [left, right], span, ty)
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind == "flags" and op in _BITS:
            right = _value(cx, cx.check(e.right, ty))
            repr_ty = adt.repr or t.U32
            bits = thir.Binary(
                repr_ty, span, op, thir.Cast(repr_ty, left.span, "same", left), thir.Cast(repr_ty, right.span, "same", right)
            )
            return thir.Cast(ty, span, "same", bits)
    return overloaded(cx, op, left, ty, e.right, e.op_span, span, e)


def overloaded(
    cx: Cx, op: str, left: thir.Expr, ty: Ty, right_e: hir.Expr, op_span: Span, span: Span, e: hir.Binary | None = None
) -> thir.Expr:
    """`left op right` by an operator trait."""
    options = _right_types(cx, op, ty)
    if len(options) == 1:
        right = argument(cx, right_e, "lend", options[0], options[0], None, 0)
        if right.ty is t.ERROR:
            return cx.error_node(span)
        return _operator_call(cx, op, left, ty, right, options[0], span)
    right = _value(cx, cx.expr(right_e))
    if right.ty.flags & HAS_ERROR:
        return cx.error_node(span)
    found = _overload_typed(cx, op, left, ty, right, op_span, span)
    if found is not None:
        return found
    return _no_operator(cx, e if e is not None else hir.Binary(span, op, right_e, right_e, op_span), left, right)


def _right_types(cx: Cx, op: str, ty: Ty) -> list[Ty]:
    """Types that `ty op _` takes on the right, as far as impls and bounds say."""
    trait = lang.OPERATOR_TRAITS[op][0]
    out = [b.args[1] for b in cx.bounds if isinstance(b, TraitRef) and b.trait == trait and b.args[0] is ty]
    if out or trait not in cx.defs.traits:
        return out
    for impl in candidates(cx, trait, (ty, cx.fresh())):
        binds: list[Ty | None] = [None] * len(impl.generics.names)
        if match_ty(impl.self_ty, ty, binds) and impl.trait is not None and all(b is not None for b in binds):
            out.append(subst(impl.trait.args[1], tuple(binds)))  # type: ignore[arg-type]
    return out


def _overload_typed(cx: Cx, op: str, left: thir.Expr, ty: Ty, right: thir.Expr, op_span: Span, span: Span) -> thir.Expr | None:
    trait = lang.OPERATOR_TRAITS[op][0]
    if trait not in cx.defs.traits:
        return None
    right_ty = cx.resolve(right.ty)
    if not (ty.flags | right_ty.flags) & HAS_INFER and select_impl(cx.defs, trait, (ty, right_ty), cx.bounds) is not None:
        return _operator_call(cx, op, left, ty, right, right_ty, span)
    for option in _right_types(cx, op, ty):
        mark = cx.mark()
        converted = right if cx.unify(right_ty, option) else None
        if converted is None:
            cx.rollback(mark)
            converted = try_coerce(cx, right, right_ty, option)
        if converted is not None:
            return _operator_call(cx, op, left, ty, converted, option, span)
        cx.rollback(mark)
    return None


def _operator_call(cx: Cx, op: str, left: thir.Expr, ty: Ty, right: thir.Expr, right_ty: Ty, span: Span) -> thir.Expr:
    trait_path, method = lang.OPERATOR_TRAITS[op]
    trait = cx.defs.traits[trait_path]
    result = cx.norm(t.proj_ty(trait_path, (ty, right_ty), "Output"), span)
    return cx.lang_call(trait.methods[method], (ty, right_ty), [left, right], span, result)


# --- comparison ---------------------------------------------------------------------------------------------------


def _compare(cx: Cx, e: hir.Binary) -> thir.Expr:
    left_e, right_e = e.left, e.right
    if _is_literal(left_e) and not _is_literal(right_e):
        right = _value(cx, cx.expr(right_e))
        left = _value(cx, cx.expr(left_e, right.ty))
    else:
        left = _value(cx, cx.expr(left_e))
        right = _value(cx, cx.expr(right_e, left.ty))
    return compare_nodes(cx, e, left, right)


def compare_nodes(cx: Cx, e: hir.Binary, left: thir.Expr, right: thir.Expr) -> thir.Expr:
    op = e.op
    span = e.span
    a, b = left.ty, right.ty
    if a is b and type(a) is IntTy:
        return thir.Binary(t.BOOL, span, op, left, right)
    a, b = cx.resolve(a), cx.resolve(b)
    if (a.flags | b.flags) & HAS_ERROR:
        return cx.error_node(span, t.BOOL)
    if a is not b:
        if b is t.NEVER or a is t.NEVER:
            return coerce(cx, right if b is t.NEVER else left, t.BOOL)
        if type(a) is IntTy and type(b) is IntTy:
            both = _common_int(a, b)
            if both is None:
                return _no_compare(cx, e, left, right)
            left, right = _widen(left, a, both), _widen(right, b, both)
            return thir.Binary(t.BOOL, span, op, left, right)
        mark = cx.mark()
        if not cx.unify(a, b):
            cx.rollback(mark)
            if type(b) in (t.IntTy, t.FloatTy, t.InferTy) and type(a) in (t.FloatTy, t.InferTy):
                done = try_coerce(cx, left, a, b)
                if done is not None:
                    left, a = done, b
            if left.ty is not right.ty:
                converted = try_coerce(cx, right, cx.resolve(right.ty), cx.resolve(left.ty))
                if converted is None:
                    return _no_compare(cx, e, left, right)
                right = converted
        a = cx.resolve(left.ty)
    return _compare_same(cx, e, left, right, a)


def _widen(node: thir.Expr, ty: Ty, to: Ty) -> thir.Expr:
    return node if ty is to else thir.Cast(to, node.span, "int", node)


def _common_int(a: IntTy, b: IntTy) -> Ty | None:
    """The smallest type that holds both, at least one of the two when it does."""
    if widens(a, b):
        return b
    if widens(b, a):
        return a
    for ty in (t.I16, t.I32, t.I64, t.I128):
        if widens(a, ty) and widens(b, ty):
            return ty
    return None


def _no_compare(cx: Cx, e: hir.Binary, left: thir.Expr, right: thir.Expr) -> thir.Expr:
    a, b = cx.resolve(left.ty), cx.resolve(right.ty)
    notes: tuple[str, ...] = ()
    if type(a) is t.AdtTy and a.path == lang.OPTION and cx.unify(a.args[0], b):
        notes = ("the left side may be missing: compare with `Some(...)`",)
    elif type(b) is t.AdtTy and b.path == lang.OPTION and cx.unify(b.args[0], a):
        notes = ("the right side may be missing: compare with `Some(...)`",)
    cx.diag.error(
        E.MISMATCH,
        e.op_span,
        f"`{show(a)}` and `{show(b)}` cannot be compared",
        "both sides must have one type",
        labels=((left.span, f"`{show(a)}`"), (right.span, f"`{show(b)}`")),
        notes=notes,
    )
    return cx.error_node(e.span, t.BOOL)


def _compare_same(cx: Cx, e: hir.Binary, left: thir.Expr, right: thir.Expr, ty: Ty) -> thir.Expr:
    op, span = e.op, e.span
    cls = type(ty)
    if cls is IntTy or cls is t.FloatTy or cls is t.PtrTy or ty is t.BOOL or ty is t.RUNE:
        return thir.Binary(t.BOOL, span, op, left, right)
    if cls is t.InferTy:
        if ty.kind == "any":  # type: ignore[attr-defined]
            ty = cx.known(ty, left.span)
            if ty is t.ERROR:
                return cx.error_node(span, t.BOOL)
            return _compare_same(cx, e, left, right, ty)
        return thir.Binary(t.BOOL, span, op, left, right)
    if op in _EQUALITY:
        if ty is t.STRING:
            call = cx.lang_call(lang.STR_EQ, (), [left, right], span, t.BOOL)
            return call if op == "==" else thir.Unary(t.BOOL, span, "not", call)
        if cls is t.AdtTy:
            adt = cx.defs.adts.get(ty.path)  # type: ignore[attr-defined]
            if adt is not None and lang.TRAIT_EQ in cx.defs.traits and not ty.flags & HAS_INFER:
                if _is_number(cx, adt, ty) and type(select_impl(cx.defs, lang.TRAIT_EQ, (ty,), cx.bounds)) is not ImplMatch:
                    return thir.Binary(t.BOOL, span, op, left, right)
            elif adt is not None and _is_number(cx, adt, ty):
                return thir.Binary(t.BOOL, span, op, left, right)
        call = _trait_compare(cx, e, lang.TRAIT_EQ, "eq", left, right, ty, t.BOOL)
        if type(call) is thir.ErrorExpr:
            return call
        return call if op == "==" else thir.Unary(t.BOOL, span, "not", call)
    call = _trait_compare(cx, e, lang.TRAIT_ORD, "cmp", left, right, ty, t.adt_ty(lang.ORDERING))
    if type(call) is thir.ErrorExpr:
        return call
    ordering = cx.defs.adts[lang.ORDERING]
    wanted, same = {"<": ("Less", "=="), ">=": ("Less", "!="), ">": ("Greater", "=="), "<=": ("Greater", "!=")}[op]
    variant = next(i for i, v in enumerate(ordering.variants) if v.name == wanted)
    return thir.Binary(t.BOOL, span, same, call, thir.Aggregate(t.adt_ty(lang.ORDERING), span, variant, []))


def _is_number(cx: Cx, adt: AdtDef, ty: Ty) -> bool:
    """Whether values of a nominal type are compared as the numbers they are; one that moves is lent to be compared."""
    return (adt.kind == "flags" or (adt.kind == "pick" and not any(v.fields for v in adt.variants))) and is_copy(ty, cx.defs)


def _trait_compare(cx: Cx, e: hir.Binary, trait_path: str, method: str, left: thir.Expr, right: thir.Expr, ty: Ty, result: Ty) -> thir.Expr:
    trait = cx.defs.traits.get(trait_path)
    if trait is None:
        cx.col.missing_lang_item(trait_path, e.op_span)
        return cx.error_node(e.span, t.BOOL)
    if ty.flags & HAS_INFER:
        from vitte.typecheck.cx import Obligation

        cx.obligations.append(Obligation(trait_path, (ty,), e.op_span, f"`{e.op}`"))
    elif select_impl(cx.defs, trait_path, (ty,), cx.bounds) is None:
        _cannot_compare(cx, e, trait_path, ty, left, right)
        return cx.error_node(e.span, t.BOOL)
    return cx.lang_call(trait.methods[method], (ty,), [left, right], e.span, result)


def _cannot_compare(cx: Cx, e: hir.Binary, trait_path: str, ty: Ty, left: thir.Expr, right: thir.Expr) -> None:
    shown = show(ty)
    name = trait_path.rpartition("::")[2]
    notes: list[str] = []
    if type(ty) is t.ParamTy:
        notes.append(f"`{shown}` may be any type here: bound it, `[{shown}: {name}]`")
    elif type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if trait_path == lang.TRAIT_ORD and adt is not None and ty.path in cx.col.interface.adts:
            notes.append(f"`#[derive(ord)]` on `{adt.name}` gives it an order")
        elif adt is not None:
            for variant in adt.variants:
                for field in variant.fields:
                    part = normalize(subst(field.ty, ty.args), cx.defs, cx.bounds)
                    if select_impl(cx.defs, trait_path, (part,), cx.bounds) is None:
                        notes.append(f"its part `{field.name}` is {E.an(show(part))}, which cannot be compared")
                        break
    what = "compared" if trait_path == lang.TRAIT_EQ else "ordered"
    cx.diag.error(
        E.BAD_OPERATOR,
        e.op_span,
        f"values of `{shown}` cannot be {what} with `{e.op}`",
        f"`{shown}` does not implement `{name}`",
        notes=tuple(notes),
    )


# --- the others ---------------------------------------------------------------------------------------------------


def unary(cx: Cx, e: hir.Unary, want: Ty | None) -> thir.Expr:
    op = e.op
    if op == "*":
        return deref(cx, e, want)
    span = e.span
    if op == "not":
        node = _value(cx, cx.expr(e.operand, t.BOOL if type(e.operand) is hir.BareCase else None))
        ty = cx.resolve(node.ty)
        if ty is t.BOOL:
            return thir.Unary(t.BOOL, span, "not", node)
        if ty.flags & HAS_ERROR or ty is t.NEVER:
            return node
        return _unary_trait(cx, e, node, ty, lang.TRAIT_NOT, "not_")
    node = _value(cx, cx.expr(e.operand, want))
    ty = cx.resolve(node.ty)
    if ty.flags & HAS_ERROR or ty is t.NEVER:
        return node
    cls = type(ty)
    if op == "-":
        if (cls is IntTy and ty.signed) or cls is t.FloatTy or (cls is t.InferTy and ty.kind != "any"):  # type: ignore[attr-defined]
            return thir.Unary(ty, span, "-", node)
        if cls is IntTy:
            cx.error(E.BAD_OPERATOR, span, f"`-` is not defined for `{show(ty)}`", "an unsigned number has no negative")
            return cx.error_node(span)
        return _unary_trait(cx, e, node, ty, lang.TRAIT_NEG, "neg")
    if cls is IntTy or (cls is t.InferTy and ty.kind == "int"):  # type: ignore[attr-defined]
        return thir.Unary(ty, span, "~", node)
    adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is not None and adt.kind == "flags":
        repr_ty = adt.repr or t.U32
        every = 0
        for variant in adt.variants:
            every |= variant.discriminant
        flipped = thir.Unary(repr_ty, span, "~", thir.Cast(repr_ty, span, "same", node))
        return thir.Cast(ty, span, "same", thir.Binary(repr_ty, span, "&", flipped, thir.Lit(repr_ty, span, every)))
    cx.error(
        E.BAD_OPERATOR,
        span,
        f"`~` is not defined for `{show(ty)}`",
        "an integer or flags are needed",
        notes=("`not` negates a `bool`",) if ty is t.BOOL else (),
    )
    return cx.error_node(span)


def _unary_trait(cx: Cx, e: hir.Unary, node: thir.Expr, ty: Ty, trait_path: str, method: str) -> thir.Expr:
    trait = cx.defs.traits.get(trait_path)
    if trait is None or ty.flags & HAS_INFER or select_impl(cx.defs, trait_path, (ty,), cx.bounds) is None:
        notes: tuple[str, ...] = ()
        if e.op == "not" and type(ty) is IntTy:
            notes = ("`~` flips the bits of an integer; compare with zero to ask whether it is one",)
        cx.error(E.BAD_OPERATOR, e.span, f"`{e.op}` is not defined for `{show(ty)}`", f"{E.an(show(ty))}", notes=notes)
        return cx.error_node(e.span)
    result = cx.norm(t.proj_ty(trait_path, (ty,), "Output"), e.span) if "Output" in trait.assoc_types else ty
    return cx.lang_call(trait.methods[method], (ty,), [node], e.span, result)


def logical(cx: Cx, e: hir.Logical, want: Ty | None) -> thir.Expr:
    left = condition(cx, e.left)
    right = condition(cx, e.right)
    return thir.Logical(t.BOOL, e.span, e.op, left, right)


def condition(cx: Cx, e: hir.Expr) -> thir.Expr:
    """A `bool`, behind references, too."""
    node = cx.expr(e, t.BOOL)
    if node.ty is t.BOOL:
        return node
    return coerce(cx, node, t.BOOL)


def contains(cx: Cx, e: hir.In, want: Ty | None) -> thir.Expr:
    """`x in c`: of a range by comparing, of flags by bits, else the method `contains`."""
    span = e.span
    right_e = e.right
    stmts: list[thir.Stmt] = []
    if type(right_e) is hir.Range:
        left = _value(cx, cx.expr(e.left))
        low = _value(cx, cx.expr(right_e.low, left.ty))
        high = _value(cx, cx.expr(right_e.high, left.ty))
        if type(left) is not thir.Local:
            left = cx.bind_temp("item", left, stmts)
        first = compare_nodes(cx, hir.Binary(span, ">=", e.left, right_e.low, e.left.span), left, low)
        again = cx.made(thir.Local(left.ty, span, left.local)) if type(left) is thir.Local else left
        second = compare_nodes(cx, hir.Binary(span, "<=" if right_e.inclusive else "<", e.left, right_e.high, e.left.span), again, high)
        node: thir.Expr = thir.Logical(t.BOOL, span, "and", first, second)
        if stmts:
            node = thir.Block(t.BOOL, span, stmts, node)
    else:
        right = _value(cx, cx.expr(right_e))
        ty = cx.known(right.ty, right.span)
        adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
        if ty is t.ERROR:
            cx.expr(e.left)
            return cx.error_node(span, t.BOOL)
        if adt is not None and adt.kind == "flags":
            left = cx.check(e.left, ty)
            node = has_flags(cx, right, left, ty, span)
        else:
            node = method_on(cx, right, lang.CONTAINS, span, [hir.Arg(e.left.span, e.left)], None, span, t.BOOL)
            node = coerce(cx, node, t.BOOL)
    return thir.Unary(t.BOOL, span, "not", node) if e.negated else node


def has_flags(cx: Cx, flags: thir.Expr, wanted: thir.Expr, ty: Ty, span: Span) -> thir.Expr:
    """`(flags & wanted) == wanted`"""
    assert type(ty) is t.AdtTy
    repr_ty = cx.defs.adts[ty.path].repr or t.U32
    stmts: list[thir.Stmt] = []
    part = cx.bind_temp("wanted", thir.Cast(repr_ty, span, "same", wanted), stmts)
    masked = thir.Binary(repr_ty, span, "&", thir.Cast(repr_ty, span, "same", flags), part)
    return thir.Block(t.BOOL, span, stmts, thir.Binary(t.BOOL, span, "==", masked, part))
