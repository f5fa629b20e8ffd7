"""Composite values: tuples, lists and arrays, form literals, ranges; and explicit conversions with `as`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.base.suggest import closest
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef
from vitte.ir.types import HAS_ERROR, Ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.cases import adt_args, expected_case, field_default
from vitte.typecheck.coerce import coerce, deref_refs, try_coerce
from vitte.typecheck.constants import ConstError
from vitte.typecheck.control import Join, range_ends
from vitte.typecheck.obligations import require
from vitte.typecheck.places import bits_with

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


def tuple_(cx: Cx, e: hir.Tuple, want: Ty | None) -> thir.Expr:
    wanted = cx.shallow(want) if want is not None else None
    hints = wanted.elems if type(wanted) is t.TupleTy and len(wanted.elems) == len(e.elems) else None
    elems: list[thir.Expr] = []
    for i, elem in enumerate(e.elems):
        if hints is not None:
            elems.append(_toward(cx, cx.expr(elem, hints[i]), hints[i]))
        else:
            elems.append(cx.expr(elem))
    return thir.Tuple(t.tuple_ty(tuple([x.ty for x in elems])), e.span, elems)


def _toward(cx: Cx, node: thir.Expr, hint: Ty) -> thir.Expr:
    """Convert towards a hint where that is possible; what is not is somebody else's to report."""
    if node.ty is hint or node.ty is t.NEVER:
        return node if node.ty is hint else coerce(cx, node, hint)
    got, wanted = cx.resolve(node.ty), cx.resolve(hint)
    if got is wanted or (got.flags | wanted.flags) & HAS_ERROR:
        return node
    mark = cx.mark()
    done = try_coerce(cx, node, got, wanted)
    if done is None:
        cx.rollback(mark)
        return node
    return done


def _elem_want(cx: Cx, want: Ty | None) -> tuple[str, Ty | None]:
    """What kind of sequence is expected ("array", "list", "slice" or ""), and of what."""
    ty = cx.shallow(want) if want is not None else None
    if type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
    if type(ty) is t.ArrayTy:
        return "array", ty.elem
    if type(ty) is t.SliceTy:
        return "slice", ty.elem
    if type(ty) is t.AdtTy and ty.path == lang.LIST:
        return "list", ty.args[0]
    return "", None


def list_lit(cx: Cx, e: hir.ListLit, want: Ty | None) -> thir.Expr:
    kind, elem = _elem_want(cx, want)
    open_elem = elem is not None and type(cx.shallow(elem)) is t.InferTy
    join = Join(cx, None if open_elem else elem, "element")
    elems = [join.add(cx.expr(item, join.hint() or elem)) for item in e.elems]
    ty = join.ty
    if ty is None:
        ty = elem if elem is not None else cx.fresh()
    elif open_elem and elem is not None:
        cx.unify(elem, ty)
    if kind == "array" or kind == "slice":
        return thir.ListLit(t.array_ty(ty, t.const_ty(len(elems))), e.span, elems)
    return thir.ListLit(t.adt_ty(lang.LIST, (ty,)), e.span, elems)


def repeat(cx: Cx, e: hir.Repeat, want: Ty | None) -> thir.Expr:
    kind, elem_ty = _elem_want(cx, want)
    elem = cx.expr(e.elem, elem_ty)
    if elem_ty is not None and type(cx.shallow(elem_ty)) is not t.InferTy:
        elem = coerce(cx, elem, elem_ty)
    length: Ty | None = None
    if kind != "list":
        length = _length(cx, e.count, kind != "")
    if length is None:
        count = deref_refs(cx, cx.expr(e.count, t.INT))
        got = cx.resolve(count.ty)
        if type(got) is t.IntTy and got is not t.INT:
            count = thir.Cast(t.INT, count.span, "int", count)
        else:
            count = coerce(cx, count, t.INT)
        require(cx, lang.TRAIT_CLONE, (elem.ty,), e.elem.span, "`[e; n]`")
        return cx.lang_call(lang.LIST_REPEAT, (elem.ty,), [elem, count], e.span, t.adt_ty(lang.LIST, (elem.ty,)))
    ty = cx.resolve(elem.ty)
    is_short = type(length) is t.ConstTy and length.value <= 1
    if (
        not cx.is_copy(ty)
        and not is_short
        and type(elem) is not thir.ConstRef
        and not ty.flags & HAS_ERROR
        and type(ty) is not t.InferTy
        and ty is not t.NEVER
    ):
        cx.error(
            E.REPEAT_MOVE,
            e.elem.span,
            f"{E.an(show(ty))} cannot be repeated in an array: it moves",
            "not a copy type",
            notes=("a list of clones: `let xs: [T] = [e; n]`",),
        )
    return thir.Repeat(t.array_ty(elem.ty, length), e.span, elem)


def _length(cx: Cx, e: hir.Expr, needed: bool) -> Ty | None:
    """The length of an array, or None when it is no constant and a list will do."""
    if type(e) is hir.ParamRef:
        return e.ty
    if needed:
        return cx.col.constants.length(e)
    try:
        value, _ = cx.col.constants.eval(e, t.INT)
    except ConstError as error:
        return t.ERROR if error.token is not None else None
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            return cx.col.constants.length(e)
        return t.const_ty(value)
    return None


# --- forms --------------------------------------------------------------------------------------------------------


def form_lit(cx: Cx, e: hir.FormLit, want: Ty | None) -> thir.Expr:
    adt: AdtDef | None = None
    index = 0
    args: tuple[Ty, ...] = ()
    name_span = e.span
    if e.ty is None:
        found = expected_case(cx, e.case, want)
        if found is None:
            _check_fields(cx, e)
            cx.error(E.BAD_LITERAL_TYPE, e.span, f"`{e.case}` is not a form or case known here", "not found")
            return cx.error_node(e.span)
        adt, index = found
        args = adt_args(cx, adt, want)
    else:
        name_span = e.ty.span
        ty = cx.resolve(cx.col.types.resolve(e.ty))
        if type(ty) is t.AdtTy:
            adt = cx.defs.adts.get(ty.path)
            args = ty.args
            if args and type(e.ty) is hir.TyPath and e.ty.args is None:
                args = adt_args(cx, adt, want) if adt is not None else args
        if not e.case and adt is not None and adt.kind == "pick":
            found = expected_case(cx, adt.name, want)
            if found is not None:
                adt, index = found
                args = adt_args(cx, adt, want)
        elif e.case and adt is not None:
            at = next((i for i, v in enumerate(adt.variants) if v.name == e.case), None)
            if at is None:
                _check_fields(cx, e)
                names = [v.name for v in adt.variants]
                near = closest(e.case, names)
                cx.error(E.NO_MEMBER, name_span, f"`{adt.name}` has no case `{e.case}`", f"did you mean `{near}`?" if near else "not found")
                return cx.error_node(e.span)
            index = at
        if adt is None or (
            adt.kind == "pick"
            and not e.case
            and index == 0
            and adt.variants
            and adt.variants[0].name != adt.name
            and e.ty is not None
            and not _is_case_lit(adt, index, e)
        ):
            _check_fields(cx, e)
            if ty is not t.ERROR:
                what = "a pick: name one of its cases" if adt is not None else "no form"
                cx.error(E.BAD_LITERAL_TYPE, name_span, f"`{show(ty)}` cannot be made with braces", f"it is {what}")
            return cx.error_node(e.span)
        if adt.kind == "flags":
            _check_fields(cx, e)
            cx.error(E.BAD_LITERAL_TYPE, name_span, f"flags `{adt.name}` are not made with braces", "combine its members with `|`")
            return cx.error_node(e.span)
    return _build(cx, e, adt, index, args, name_span)


def _is_case_lit(adt: AdtDef, index: int, e: hir.FormLit) -> bool:
    return bool(e.case) and adt.variants[index].name == e.case


def _check_fields(cx: Cx, e: hir.FormLit) -> None:
    for init in e.fields:
        cx.expr(init.value)
    if e.base is not None:
        cx.expr(e.base)


def _build(cx: Cx, e: hir.FormLit, adt: AdtDef, index: int, args: tuple[Ty, ...], name_span: Span) -> thir.Expr:
    variant = adt.variants[index]
    fields = variant.fields
    is_pick = adt.kind == "pick"
    shown = f"case `{variant.name}`" if is_pick else f"`{adt.name}`"
    ty = t.adt_ty(adt.path, args)
    by_name = {f.name: i for i, f in enumerate(fields)}
    values: list[tuple[int, thir.Expr]] = []
    given: dict[int, Span] = {}
    declared = (f"{shown} is declared here", variant.name_span if is_pick else adt.name_span, adt.file)
    failed = False
    for init in e.fields:
        at = by_name.get(init.name)
        if at is None:
            cx.expr(init.value)
            near = closest(init.name, by_name)
            helps = (cx.diag.suggest(f"did you mean `{near}`?", init.name_span, near),) if near else ()
            notes = (f"its fields are {E.listed(list(by_name))}",) if by_name and not near and len(by_name) <= 12 else ()
            cx.error(E.NO_FIELD, init.name_span, f"{shown} has no field `{init.name}`", "not a field", declared, notes, helps)
            failed = True
            continue
        field = fields[at]
        if at in given:
            cx.error(E.FIELD_TWICE, init.name_span, f"field `{init.name}` is given twice", "the second", ("the first", given[at], ""))
        given[at] = init.name_span
        if field.visibility != "public" and not cx.visible(field.visibility, adt.path):
            cx.error(
                E.PRIVATE,
                init.name_span,
                f"field `{field.name}` of {shown} is private",
                "cannot be set from here",
                (f"`{field.name}` is declared here", field.name_span, adt.file),
            )
        field_ty = field.ty
        if args or field_ty.flags & t.HAS_PROJECTION:
            field_ty = cx.norm(subst(field_ty, args), e.span)
        node = cx.expr(init.value, field_ty)
        if node.ty is not field_ty:
            node = coerce(cx, node, field_ty, (f"field `{field.name}` is {E.an(cx.show(field_ty))}", field.name_span, adt.file))
        values.append((at, node))
    base: thir.Expr | None = None
    if e.base is not None:
        base = deref_refs(cx, cx.check(e.base, ty))
    if adt.kind == "union":
        if len(values) != 1 or base is not None:
            if not failed:
                cx.error(E.MISSING_FIELD, name_span, f"a literal of union `{adt.name}` sets one field", f"{len(values)} are set", declared)
            return cx.error_node(e.span, ty)
        return thir.Aggregate(ty, e.span, index, values)
    if adt.kind == "bits":
        return _bits(cx, e, adt, values, base, ty)
    if base is None:
        missing: list[str] = []
        for i, field in enumerate(fields):
            if i in given:
                continue
            if field.default is not None:
                values.append((i, field_default(cx, field.default, cx.norm(subst(field.ty, args), e.span), args, e.span)))
            else:
                missing.append(field.name)
        if missing and not failed:
            hidden = [f.name for f in fields if f.visibility != "public" and f.name in missing and not cx.visible(f.visibility, adt.path)]
            if hidden:
                cx.error(
                    E.PRIVATE,
                    name_span,
                    f"{shown} cannot be made here: its {E.listed(hidden)} {'is' if len(hidden) == 1 else 'are'} private",
                    "",
                    declared,
                )
            else:
                cx.error(
                    E.MISSING_FIELD,
                    name_span,
                    f"{shown} is made without {E.listed(missing)}",
                    "missing",
                    declared,
                    ("`..base` would take the rest from another value",) if len(missing) > 1 else (),
                )
            return cx.error_node(e.span, ty)
    return thir.Aggregate(ty, e.span, index, values, base)


def _bits(cx: Cx, e: hir.FormLit, adt: AdtDef, values: list[tuple[int, thir.Expr]], base: thir.Expr | None, ty: Ty) -> thir.Expr:
    repr_ty = adt.repr or t.U64
    node: thir.Expr = thir.Lit(repr_ty, e.span, 0) if base is None else thir.Cast(repr_ty, e.span, "same", base)
    for at, value in values:
        if value.ty is t.ERROR:
            return cx.error_node(e.span, ty)
        node = bits_with(cx, node, adt, at, value, value.span)
    return thir.Cast(ty, e.span, "same", node)


# --- ranges -------------------------------------------------------------------------------------------------------


def range_(cx: Cx, e: hir.Range, want: Ty | None) -> thir.Expr:
    hint: Ty | None = None
    wanted = cx.shallow(want) if want is not None else None
    if type(wanted) is t.AdtTy and wanted.path in (lang.RANGE, lang.RANGE_INCLUSIVE):
        hint = wanted.args[0]
    low, high, ty = range_ends(cx, e, hint)
    if ty.flags & HAS_ERROR:
        return cx.error_node(e.span)
    path = lang.RANGE_INCLUSIVE if e.inclusive else lang.RANGE
    if path not in cx.defs.adts:
        cx.col.missing_lang_item(path, e.span)
        return cx.error_node(e.span)
    fields: list[tuple[int, thir.Expr]] = [(0, low), (1, high)]
    if e.inclusive:
        fields.append((2, thir.Lit(t.BOOL, e.span, 0)))
    return thir.Aggregate(t.adt_ty(path, (ty,)), e.span, 0, fields)


# --- conversions --------------------------------------------------------------------------------------------------


def cast(cx: Cx, e: hir.Cast, want: Ty | None) -> thir.Expr:
    ty = cx.col.types.sized(e.ty)
    hint: Ty | None = None
    if type(e.value) is hir.Literal_ or (type(e.value) is hir.Unary and type(e.value.operand) is hir.Literal_):
        hint = _literal_hint(e, ty)
    elif type(ty) in (t.PtrTy, t.RefTy, t.ProcTy):
        hint = ty
    node = cx.expr(e.value, hint)
    got = cx.resolve(node.ty)
    if (got.flags | ty.flags) & HAS_ERROR:
        return cx.error_node(e.span, ty)
    if got is ty:
        return node
    if got is t.NEVER:
        return coerce(cx, node, ty)
    while type(got) is t.RefTy and type(ty) not in (t.PtrTy, t.RefTy):
        node = cx.made(thir.Deref(got.target, node.span, node))
        got = cx.resolve(got.target)
    kind = _cast_kind(cx, got, ty)
    if kind is not None:
        return thir.Cast(ty, e.span, kind, node)
    done = try_coerce(cx, node, got, ty)
    if done is not None:
        return done
    notes: list[str] = []
    if ty is t.BOOL and type(got) in (t.IntTy, t.InferTy):
        notes.append("say what counts as true: `x != 0`")
    elif ty is t.STRING:
        notes.append("`.to_string()` makes text of a value")
    elif got is t.STRING and type(ty) in (t.IntTy, t.FloatTy):
        notes.append("text is read with `.parse()`, which may fail")
    elif type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind == "pick" and type(got) is t.IntTy:
            notes.append("an integer may be no case of the pick: use a `match`")
    cx.error(
        E.BAD_CAST, e.span, f"{E.an(show(got))} cannot be converted to `{show(ty)}` with `as`", "no such conversion", notes=tuple(notes)
    )
    return cx.error_node(e.span, ty)


def _literal_hint(e: hir.Cast, ty: Ty) -> Ty | None:
    """`3 as f64` is the float 3; `300 as u8` is an integer cut off."""
    lit = e.value if type(e.value) is hir.Literal_ else e.value.operand  # type: ignore[union-attr]
    if type(lit) is not hir.Literal_ or lit.suffix:
        return None
    if type(ty) is t.FloatTy and lit.kind in ("int", "float"):
        return ty
    if type(ty) is t.IntTy and lit.kind == "int" and type(e.value) is hir.Literal_:
        from vitte.typecheck.constants import fits

        if fits(lit.value, ty):  # type: ignore[arg-type]
            return ty
        return t.I128 if fits(lit.value, t.I128) else t.U128  # type: ignore[arg-type]
    return None


def _cast_kind(cx: Cx, a: Ty, b: Ty) -> thir.CastKind | None:
    ca, cb = type(a), type(b)
    if ca is t.InferTy:
        if a.kind == "int" or a.kind == "float":  # type: ignore[attr-defined]
            a_int = a.kind == "int"  # type: ignore[attr-defined]
            if cb is t.IntTy:
                return "int" if a_int else "float_to_int"
            if cb is t.FloatTy:
                return "int_to_float" if a_int else "float"
            if a_int and b is t.RUNE:
                return "int_to_rune"
            if cb is t.PtrTy and a_int:
                cx.unify(a, t.USIZE)
                return "pointer"
        return None
    if cb is t.IntTy:
        if ca is t.IntTy or a is t.RUNE or a is t.BOOL:
            return "int"
        if ca is t.FloatTy:
            return "float_to_int"
        if ca is t.AdtTy:
            adt = cx.defs.adts.get(a.path)  # type: ignore[attr-defined]
            if adt is not None and adt.kind == "pick" and not any(v.fields for v in adt.variants):
                return "int"
            if adt is not None and adt.kind in ("flags", "bits"):
                return "same" if adt.repr is b else "int"
        if ca is t.PtrTy and b in (t.USIZE, t.ISIZE, t.U64, t.I64):
            return "pointer"
        if ca is t.ProcTy and b is t.USIZE:
            return "pointer"
        return None
    if cb is t.FloatTy:
        return "int_to_float" if ca is t.IntTy else "float" if ca is t.FloatTy else None
    if b is t.RUNE:
        return "int_to_rune" if ca is t.IntTy else None
    if cb is t.PtrTy:
        if ca is t.PtrTy:
            return "pointer"
        if ca is t.RefTy:
            if type(a.target) is t.SliceTy and type(b.target) is not t.SliceTy:  # type: ignore[attr-defined]
                return None
            return "pointer" if a.mutable or not b.mutable else None  # type: ignore[attr-defined]
        if a in (t.USIZE, t.ISIZE, t.U64, t.I64):
            return "pointer"
        if ca is t.ProcTy:
            return "pointer"
        return None
    if cb is t.ProcTy and ca is t.PtrTy:
        return "pointer"
    if cb is t.AdtTy:
        adt = cx.defs.adts.get(b.path)  # type: ignore[attr-defined]
        if adt is not None and adt.kind in ("flags", "bits") and ca is t.IntTy and adt.repr is a:
            return "same"
    return None
