"""Places: fields, elements, dereferences, borrows, and setting them; whether a place may be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span, make_span, span_start
from vitte.base.suggest import closest
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, TraitRef
from vitte.ir.impls import select_impl
from vitte.ir.types import HAS_INFER, Ty, ref_ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.arguments import argument, need_unsafe
from vitte.typecheck.calls import assoc_owner
from vitte.typecheck.coerce import auto_deref, coerce, insert_before, is_place
from vitte.typecheck.method_calls import method_on
from vitte.typecheck.obligations import candidates

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


# --- may it be changed --------------------------------------------------------------------------------------------


def require_mut(cx: Cx, node: thir.Expr, span: Span, action: str) -> bool:
    """Check that a place may be changed, and make the way to it exclusive (`at_mut` for `at`, `index_mut` for `index`)."""
    while True:
        if isinstance(node, (thir.Field, thir.Index)):
            node = node.base
        elif isinstance(node, thir.Deref):
            base = node.base
            ty = cx.shallow(base.ty)
            if type(ty) is t.RefTy:
                if ty.mutable:
                    return True
                if type(base) is thir.Call:
                    if base.path == lang.SLICE_RANGE:
                        return _exclusive_slice(cx, base, span, action)
                    if _exclusive(cx, base):
                        node = base.arguments[0].value
                        continue
                if type(base) is thir.Local and base.local in cx.upgradable:
                    return _upgrade(cx, base, span, action)
                _not_mutable_ref(cx, base, span, action)
                return False
            if type(ty) is t.PtrTy:
                if not ty.mutable:
                    cx.error(E.NOT_MUTABLE, span, f"what {E.an(cx.show(ty))} points at cannot be {action}", "a `*mut` pointer is needed")
                return ty.mutable
            node = base
        elif isinstance(node, thir.Local):
            return _local_mutable(cx, node, span, action)
        elif isinstance(node, thir.Static):
            const = cx.defs.consts.get(node.path)
            if const is not None and not const.is_mutable:
                why = (f"`{const.name}` is declared here", const.name_span, const.file)
                cx.error(E.NOT_MUTABLE, span, f"static `{const.name}` cannot be {action}", "it is not `static mut`", why)
                return False
            return True
        elif isinstance(node, thir.ConstRef):
            cx.error(E.NOT_MUTABLE, span, f"a constant cannot be {action}", "every use of a constant is a value of its own")
            return False
        else:
            return True


def _local_mutable(cx: Cx, node: thir.Local, span: Span, action: str) -> bool:
    local = node.local
    if local >= len(cx.hir_locals):
        return True
    decl = cx.hir_locals[local]
    mode = cx.param_modes.get(local)
    if mode == "mut" or decl.mutable or decl.is_synthetic:
        return True
    name = decl.name
    if mode == "lend":
        text = "mut self" if name == "self" else f"mut {name}"
        cx.error(
            E.NOT_MUTABLE,
            span,
            f"`{name}` is lent for reading and cannot be {action}",
            "not `mut`",
            (f"`{name}` is lent here", decl.span, ""),
            helps=(insert_before(cx, f"take it as `{text}`", decl.span, "mut "),),
        )
        return False
    if mode == "own" and type(cx.shallow(node.ty)) is t.RefTy:
        return True
    helps = (insert_before(cx, f"declare it with `mut`: `mut {name}`", decl.span, "mut ", "machine"),)
    cx.error(
        E.NOT_MUTABLE,
        span,
        f"`{name}` is not `mut` and cannot be {action}",
        "not `mut`",
        (f"`{name}` is bound here", decl.span, ""),
        helps=helps,
    )
    decl.mutable = True  # said once
    return False


def _not_mutable_ref(cx: Cx, base: thir.Expr, span: Span, action: str) -> None:
    name = ""
    why = None
    if type(base) is thir.Local and base.local < len(cx.hir_locals):
        decl = cx.hir_locals[base.local]
        name = decl.name
        why = (f"`{name}` is bound here", decl.span, "")
    what = f"what `{name}` refers to" if name else "what this refers to"
    cx.error(
        E.NOT_MUTABLE,
        span,
        f"{what} is lent for reading and cannot be {action}",
        f"{E.an(cx.show(base.ty))}",
        why,
        notes=("`&mut` lends for changing",),
    )


def _upgrade(cx: Cx, base: thir.Local, span: Span, action: str) -> bool:
    """A pattern bound by `ref` in a place that may be changed: bind it by `ref mut`, now that it is needed."""
    pat, uses, place = cx.upgradable.pop(base.local)
    if not require_mut(cx, place, span, action):
        return False
    new = ref_ty(pat.ty, True)
    pat.by = "ref mut"
    cx.local_tys[base.local] = new
    for use in uses:
        use.ty = new
        if new.flags & HAS_INFER:
            cx.pending.append(use)
    base.ty = new
    return True


def _exclusive(cx: Cx, call: thir.Call) -> bool:
    """Make a call of `at` or `index` one of its `mut` twin. The caller goes on with the place it is called on."""
    path = call.path
    if path == lang.MAP_AT:
        call.path = lang.MAP_AT_MUT
    elif path == f"{lang.TRAIT_INDEX}.index":
        trait = cx.defs.traits.get(lang.TRAIT_INDEX_MUT)
        if trait is None or "index_mut" not in trait.methods:
            return False
        args = tuple([cx.resolve(a) for a in call.args])
        if select_impl(cx.defs, lang.TRAIT_INDEX_MUT, args, cx.bounds) is None:
            return False
        call.path = trait.methods["index_mut"]
    else:
        return False
    call.arguments[0].mode = "mut"
    assert type(call.ty) is t.RefTy
    call.ty = ref_ty(call.ty.target, True)
    return True


def _exclusive_slice(cx: Cx, call: thir.Call, span: Span, action: str) -> bool:
    """`xs[a..b]` turns out to be changed: slice it exclusively."""
    items = call.arguments[0].value
    parts: list[thir.Expr] = [call, items]
    if type(items) is thir.Cast:
        items = items.value
        parts.append(items)
    if type(items) is not thir.Borrow:
        _not_mutable_ref(cx, items, span, action)
        return False
    if not require_mut(cx, items.place, span, action):
        return False
    items.mutable = True
    for part in parts:
        assert type(part.ty) is t.RefTy
        part.ty = ref_ty(part.ty.target, True)
    call.path = lang.SLICE_RANGE_MUT
    return True


# --- fields -------------------------------------------------------------------------------------------------------


def field(cx: Cx, e: hir.Field, want: Ty | None) -> thir.Expr:
    inner = e.base
    if type(inner) is hir.TypeMember:
        owner = assoc_owner(cx, inner)
        if owner is not None:
            return cx.expr(hir.TypeMember(e.span, owner, e.name, e.name_span), want)
    base = cx.expr(inner)
    return field_of(cx, base, e.name, e.name_span, e.span)


def field_of(cx: Cx, base: thir.Expr, name: str, name_span: Span, span: Span) -> thir.Expr:
    ty = base.ty
    if type(ty) is not t.AdtTy or (ty.path == lang.BOX and cx.module != "std/core"):  # only there a box is seen from outside
        if ty.flags & HAS_INFER:
            cx.known(ty, base.span)
        base = auto_deref(cx, base)
        ty = cx.shallow(base.ty)
        if type(ty) is t.InferTy:
            ty = cx.known(ty, base.span)
    if type(ty) is t.AdtTy:
        adt = cx.defs.adts.get(ty.path)
        if adt is not None and adt.kind != "pick" and adt.kind != "flags":
            for i, f in enumerate(adt.variants[0].fields):
                if f.name == name:
                    if f.visibility != "public" and not cx.visible(f.visibility, adt.path):
                        cx.error(
                            E.PRIVATE,
                            name_span,
                            f"field `{name}` of `{adt.name}` is private",
                            "cannot be used from here",
                            (f"`{name}` is declared here", f.name_span, adt.file),
                        )
                    if adt.kind == "bits":
                        return _bits_get(cx, base, adt, i, span)
                    if adt.kind == "union":
                        need_unsafe(cx, span, f"reading `{name}` of union `{adt.name}`")
                    field_ty = f.ty
                    if ty.args or field_ty.flags & t.HAS_PROJECTION:
                        field_ty = cx.norm(subst(field_ty, ty.args), span)
                    return thir.Field(field_ty, span, base, i)
        no_field(cx, ty, adt, name, name_span)
        return cx.error_node(span)
    if type(ty) is t.TupleTy and name.isdigit():
        index = int(name)
        if index < len(ty.elems):
            return thir.Field(ty.elems[index], span, base, index)
        cx.error(E.NO_FIELD, name_span, f"`{show(ty)}` has {E.plural(len(ty.elems), 'part')}, there is no `.{name}`", "parts count from 0")
        return cx.error_node(span)
    if type(ty) is not t.ErrorTy:
        no_field(cx, ty, None, name, name_span)
    return cx.error_node(span)


def no_field(cx: Cx, ty: Ty, adt: AdtDef | None, name: str, span: Span) -> None:
    shown = cx.show(ty)
    names = [f.name for f in adt.variants[0].fields] if adt is not None and adt.kind not in ("pick", "flags") else []
    near = closest(name, names)
    helps = (cx.diag.suggest(f"did you mean `{near}`?", span, near),) if near else ()
    notes: tuple[str, ...] = ()
    from vitte.typecheck.methods import find_inherent

    if find_inherent(cx, cx.resolve(ty), name) is not None:
        end = span_start(span) + len(name)
        helps = (cx.diag.suggest(f"`{name}` is a method: call it", make_span(end, end), "()", "machine"),)
    elif names and not near and len(names) <= 12:
        notes = (f"its fields are {E.listed(names)}",)
    elif type(ty) is t.AdtTy and ty.path in (lang.OPTION, lang.RESULT):
        notes = ("get the value inside first: with `?`, `??` or a `match`",)
    elif type(ty) is t.ParamTy:
        notes = (f"`{shown}` may be any type here; only what its bounds promise can be used",)
    why = (
        (f"`{adt.name}` is declared here", adt.name_span, adt.file)
        if adt is not None and near is None and adt.path in cx.col.interface.adts
        else None
    )
    cx.error(E.NO_FIELD, span, f"`{shown}` has no field `{name}`", "not found", why, notes, helps)


def _bits_get(cx: Cx, base: thir.Expr, adt: AdtDef, index: int, span: Span) -> thir.Expr:
    """`(repr >> low) & mask`"""
    repr_ty = adt.repr or t.U64
    low, high = adt.bit_ranges[index]
    value: thir.Expr = thir.Cast(repr_ty, span, "same", base)
    if low:
        value = thir.Binary(repr_ty, span, ">>", value, thir.Lit(repr_ty, span, low))
    value = thir.Binary(repr_ty, span, "&", value, thir.Lit(repr_ty, span, (1 << (high - low)) - 1))
    return _to_field_type(value, repr_ty, adt.variants[0].fields[index].ty, span)


def _to_field_type(value: thir.Expr, repr_ty: Ty, ty: Ty, span: Span) -> thir.Expr:
    if ty is repr_ty:
        return value
    if ty is t.BOOL:
        return thir.Binary(t.BOOL, span, "!=", value, thir.Lit(repr_ty, span, 0))
    return thir.Cast(ty, span, "int", value)


def bits_with(cx: Cx, old: thir.Expr, adt: AdtDef, index: int, value: thir.Expr, span: Span) -> thir.Expr:
    """The bits of `old` (of the repr type) with field `index` replaced by `value` (its low bits)."""
    repr_ty = adt.repr
    assert type(repr_ty) is t.IntTy
    low, high = adt.bit_ranges[index]
    mask = (1 << (high - low)) - 1
    if value.ty is not repr_ty:
        value = thir.Cast(repr_ty, span, "int", value)
    new: thir.Expr = thir.Binary(repr_ty, span, "&", value, thir.Lit(repr_ty, span, mask))
    if low:
        new = thir.Binary(repr_ty, span, "<<", new, thir.Lit(repr_ty, span, low))
    keep = ((1 << repr_ty.bits) - 1) & ~(mask << low)
    kept = thir.Binary(repr_ty, span, "&", old, thir.Lit(repr_ty, span, keep))
    return thir.Binary(repr_ty, span, "|", kept, new)


# --- elements -----------------------------------------------------------------------------------------------------


def index(cx: Cx, e: hir.Index, want: Ty | None) -> thir.Expr:
    base = auto_deref(cx, cx.expr(e.base))
    return index_of(cx, base, e)


def position(cx: Cx, e: hir.Expr) -> thir.Expr:
    """An index: any integer, as an `int`."""
    node = cx.expr(e, t.INT)
    if node.ty is t.INT:
        return node
    ty = cx.resolve(node.ty)
    while type(ty) is t.RefTy:
        ty = cx.shallow(ty.target)
        node = cx.made(thir.Deref(ty, node.span, node))
    if type(ty) is t.IntTy and ty is not t.INT:
        return thir.Cast(t.INT, node.span, "int", node)
    if type(ty) is t.AdtTy and ty.path in (lang.RANGE, lang.RANGE_INCLUSIVE):
        cx.error(E.NOT_INDEXABLE, node.span, "a range value cannot index", "write the range itself between the brackets")
        return cx.error_node(node.span)
    return coerce(cx, node, t.INT, None)


def index_of(cx: Cx, base: thir.Expr, e: hir.Index) -> thir.Expr:
    ty = cx.known(base.ty, base.span) if base.ty.flags & HAS_INFER else base.ty
    cls = type(ty)
    if cls is t.AdtTy:
        if ty.path == lang.LIST:  # type: ignore[attr-defined]
            return thir.Index(ty.args[0], e.span, base, position(cx, e.index))  # type: ignore[attr-defined]
        if ty.path == lang.MAP:  # type: ignore[attr-defined]
            return _map_at(cx, base, ty, e)  # type: ignore[arg-type]
    elif cls is t.ArrayTy or cls is t.SliceTy:
        return thir.Index(ty.elem, e.span, base, position(cx, e.index))  # type: ignore[attr-defined]
    elif ty is t.STRING or ty is t.BYTES:
        return thir.Index(t.U8, e.span, base, position(cx, e.index))
    elif cls is t.ErrorTy:
        cx.expr(e.index)
        return cx.error_node(e.span)
    return _index_trait(cx, base, ty, e)


def _map_at(cx: Cx, base: thir.Expr, ty: t.AdtTy, e: hir.Index) -> thir.Expr:
    key_ty, value_ty = ty.args
    key = argument(cx, e.index, "lend", key_ty, key_ty, None, 0)
    found = cx.lang_call(lang.MAP_AT, ty.args, [base, key], e.span, ref_ty(value_ty))
    if type(found) is thir.ErrorExpr:
        return found
    return cx.made(thir.Deref(value_ty, e.span, found))


def _index_trait(cx: Cx, base: thir.Expr, ty: Ty, e: hir.Index) -> thir.Expr:
    trait = cx.defs.traits.get(lang.TRAIT_INDEX)
    options: list[Ty] = []
    if trait is not None:
        options.extend([b.args[1] for b in cx.bounds if isinstance(b, TraitRef) and b.trait == lang.TRAIT_INDEX and b.args[0] is ty])
        if not options:
            probe = cx.fresh()
            for impl in candidates(cx, lang.TRAIT_INDEX, (ty, probe)):
                from vitte.ir.impls import match_ty

                binds: list[Ty | None] = [None] * len(impl.generics.names)
                match_ty(impl.self_ty, ty, binds)
                assert impl.trait is not None
                if all(b is not None for b in binds):
                    options.append(subst(impl.trait.args[1], tuple(binds)))  # type: ignore[arg-type]
    if not options or trait is None:
        cx.expr(e.index)
        cx.error(
            E.NOT_INDEXABLE,
            e.base.span,
            f"{E.an(cx.show(ty))} cannot be indexed",
            "has no elements",
            notes=("arrays, lists, slices, strings and maps can, and what implements `Index`",),
        )
        return cx.error_node(e.span)
    if len(options) == 1:
        at = argument(cx, e.index, "lend", options[0], options[0], None, 0)
        index_ty = options[0]
    else:
        at = cx.expr(e.index)
        index_ty = cx.known(at.ty, at.span)
        if index_ty not in options:
            cx.error(
                E.NOT_INDEXABLE,
                e.index.span,
                f"{E.an(cx.show(ty))} cannot be indexed by {E.an(cx.show(index_ty))}",
                f"possible are {E.listed([show(o) for o in options])}",
            )
            return cx.error_node(e.span)
    output = cx.norm(t.proj_ty(lang.TRAIT_INDEX, (ty, index_ty), "Output"), e.span)
    call = cx.lang_call(trait.methods["index"], (ty, index_ty), [base, at], e.span, ref_ty(output))
    if type(call) is thir.ErrorExpr:
        return call
    return cx.made(thir.Deref(output, e.span, call))


def slice_expr(cx: Cx, e: hir.Slice, want: Ty | None, mutable: bool = False) -> thir.Expr:
    """`base[low..high]`: a string, bytes, or a `&[T]` (`&mut [T]` under `&mut`)."""
    base = auto_deref(cx, cx.expr(e.base))
    ty = cx.known(base.ty, base.span) if base.ty.flags & HAS_INFER else base.ty
    cls = type(ty)
    span = e.span
    stmts: list[thir.Stmt] = []
    elem: Ty | None = None
    if cls is t.AdtTy and ty.path == lang.LIST:  # type: ignore[attr-defined]
        elem = ty.args[0]  # type: ignore[attr-defined]
    elif cls is t.ArrayTy or cls is t.SliceTy:
        elem = ty.elem  # type: ignore[attr-defined]
    elif ty is not t.STRING and ty is not t.BYTES:
        for part in (e.low, e.high):
            if part is not None:
                cx.expr(part)
        if cls is not t.ErrorTy:
            cx.error(E.NOT_INDEXABLE, e.base.span, f"{E.an(cx.show(ty))} cannot be sliced", "has no elements in a row")
        return cx.error_node(span)
    if elem is not None:
        if mutable:
            require_mut(cx, base, e.base.span, "lent exclusively")
        value = _as_slice(cx, base, ty, elem, mutable)
        if e.high is None and not _is_cheap(value):
            value = cx.bind_temp("items", value, stmts)
    else:
        value = base
        if e.high is None and not _is_cheap(value):
            value = cx.bind_temp("text", value, stmts)
    low = position(cx, e.low) if e.low is not None else thir.Lit(t.INT, span, 0)
    if e.high is not None:
        high = position(cx, e.high)
        if e.inclusive:
            high = thir.Binary(t.INT, span, "+", high, thir.Lit(t.INT, span, 1))
    else:
        again = value
        if elem is not None and type(cx.shallow(value.ty)) is t.RefTy:
            again = cx.made(thir.Deref(t.slice_ty(elem), span, value))
        high = method_on(cx, again, "len", span, [], None, span, t.INT)
    if elem is not None:
        path = lang.SLICE_RANGE_MUT if mutable else lang.SLICE_RANGE
        result: Ty = ref_ty(t.slice_ty(elem), mutable)
        out = cx.lang_call(path, (elem,), [value, low, high], span, result)
    else:
        out = cx.lang_call(lang.STR_SLICE if ty is t.STRING else lang.BYTES_SLICE, (), [value, low, high], span, ty)
    if stmts:
        return cx.made(thir.Block(out.ty, span, stmts, out))
    return out


def _is_cheap(node: thir.Expr) -> bool:
    """Whether evaluating it twice does nothing twice: a path of locals and fields."""
    while True:
        if isinstance(node, (thir.Field, thir.Deref)):
            node = node.base
        elif isinstance(node, thir.Borrow):
            if node.mutable:
                return False
            node = node.place
        elif isinstance(node, thir.Cast):
            node = node.value
        else:
            return isinstance(node, (thir.Local, thir.Static, thir.Lit, thir.ConstRef))


def _as_slice(cx: Cx, base: thir.Expr, ty: Ty, elem: Ty, mutable: bool) -> thir.Expr:
    """A list, array or slice place as a `&[T]`."""
    if type(ty) is t.SliceTy and type(base) is thir.Deref and not mutable:
        inner = cx.shallow(base.base.ty)
        if type(inner) is t.RefTy and not inner.mutable:
            return base.base
    borrow = cx.made(thir.Borrow(ref_ty(ty, mutable), base.span, base, mutable))
    if type(ty) is t.SliceTy:
        return borrow
    kind: thir.CastKind = "array_to_slice" if type(ty) is t.ArrayTy else "list_to_slice"
    return cx.made(thir.Cast(ref_ty(t.slice_ty(elem), mutable), base.span, kind, borrow))


# --- borrows and dereferences -------------------------------------------------------------------------------------


def borrow(cx: Cx, e: hir.Borrow, want: Ty | None) -> thir.Expr:
    operand = e.operand
    inner: Ty | None = None
    wanted = cx.shallow(want) if want is not None else None
    if type(wanted) is t.RefTy or type(wanted) is t.PtrTy:
        inner = wanted.target
    if type(operand) is hir.Slice and not e.raw:
        node = slice_expr(cx, operand, inner, e.mutable)
        if type(cx.shallow(node.ty)) is t.RefTy:
            return node
    else:
        node = cx.expr(operand, inner)
    if node.ty is t.ERROR:
        return node
    if e.mutable:
        require_mut(cx, node, e.span, "lent exclusively")
    if e.raw:
        return thir.Borrow(t.ptr_ty(node.ty, e.mutable), e.span, node, e.mutable, True)
    return thir.Borrow(ref_ty(node.ty, e.mutable), e.span, node, e.mutable)


def move(cx: Cx, e: hir.Move, want: Ty | None) -> thir.Expr:
    node = cx.expr(e.operand, want)
    if not is_place(node) or node.ty is t.ERROR:
        return node
    return thir.Move(node.ty, e.span, node)


def deref(cx: Cx, e: hir.Unary, want: Ty | None) -> thir.Expr:
    node = cx.expr(e.operand)
    ty = cx.known(node.ty, node.span) if node.ty.flags & HAS_INFER else node.ty
    cls = type(ty)
    if cls is t.RefTy:
        return thir.Deref(ty.target, e.span, node)  # type: ignore[attr-defined]
    if cls is t.PtrTy:
        need_unsafe(cx, e.span, "following a raw pointer")
        return thir.Deref(ty.target, e.span, node)  # type: ignore[attr-defined]
    if cls is t.AdtTy and ty.path == lang.BOX:  # type: ignore[attr-defined]
        return thir.Deref(ty.args[0], e.span, node)  # type: ignore[attr-defined]
    if type(node) is thir.Local and cx.param_modes.get(node.local) in ("lend", "mut"):
        return node  # what is lent may be written as a reference
    if cls is not t.ErrorTy:
        cx.error(E.NOT_DEREF, e.span, f"{E.an(cx.show(ty))} cannot be followed with `*`", "not a reference, box or raw pointer")
    return cx.error_node(e.span)


# --- setting ------------------------------------------------------------------------------------------------------


def assign(cx: Cx, e: hir.Assign, want: Ty | None) -> thir.Expr:
    place_e = e.place
    if type(place_e) is hir.Index:
        base = auto_deref(cx, cx.expr(place_e.base))
        ty = cx.known(base.ty, base.span) if base.ty.flags & HAS_INFER else base.ty
        if type(ty) is t.AdtTy and ty.path == lang.MAP:
            require_mut(cx, base, place_e.span, "changed")
            key = cx.check(place_e.index, ty.args[0])
            value = cx.check(e.value, ty.args[1])
            return cx.lang_call(lang.MAP_INSERT, ty.args, [base, key, value], e.span, t.UNIT)
        place = cx.made(index_of(cx, base, place_e))
    elif type(place_e) is hir.Field:
        base = cx.expr(place_e.base)
        inner = auto_deref(cx, base)
        adt = cx.defs.adts.get(inner.ty.path) if type(inner.ty) is t.AdtTy else None
        if adt is not None and adt.kind == "bits":
            return _set_bits(cx, inner, adt, place_e, e)
        place = _field_place(cx, base, place_e, adt)
    else:
        place = cx.expr(place_e)
    if place.ty is not t.ERROR and not is_place(place):
        check_settable(cx, place, place_e.span, "set")
        cx.expr(e.value)
        return cx.error_node(e.span, t.UNIT)
    value = cx.check(e.value, place.ty, _place_why(cx, place))
    check_settable(cx, place, place_e.span, "set")
    return thir.Assign(t.UNIT, e.span, place, value)


def _field_place(cx: Cx, base: thir.Expr, e: hir.Field, adt: AdtDef | None) -> thir.Expr:
    if adt is not None and adt.kind == "union":
        cx.unsafe += 1  # writing a field of a union is safe
        place = cx.made(field_of(cx, base, e.name, e.name_span, e.span))
        cx.unsafe -= 1
        return place
    return cx.made(field_of(cx, base, e.name, e.name_span, e.span))


def _place_why(cx: Cx, place: thir.Expr) -> tuple[str, Span, str] | None:
    if type(place) is thir.Local and place.local < len(cx.hir_locals):
        decl = cx.hir_locals[place.local]
        return f"`{decl.name}` is {E.an(cx.show(place.ty))}", decl.span, ""
    if type(place) is thir.Field and type(cx.shallow(place.base.ty)) is t.AdtTy:
        adt = cx.defs.adts.get(cx.shallow(place.base.ty).path)  # type: ignore[attr-defined]
        if adt is not None:
            f = adt.variants[0].fields[place.index]
            return f"field `{f.name}` is declared here", f.name_span, adt.file
    return None


def check_settable(cx: Cx, place: thir.Expr, span: Span, action: str) -> None:
    """A place on the left of `set`."""
    if place.ty is t.ERROR:
        return
    if type(place) is thir.Local:
        local = place.local
        if local >= len(cx.hir_locals):
            return
        decl = cx.hir_locals[local]
        mode = cx.param_modes.get(local)
        if mode == "lend":
            cx.error(
                E.NOT_MUTABLE,
                span,
                f"`{decl.name}` is lent for reading and cannot be {action}",
                "not `mut`",
                (f"`{decl.name}` is lent here", decl.span, ""),
            )
        elif not decl.mutable and mode != "mut" and not decl.is_synthetic and local not in cx.uninit:
            cx.diag.warning(
                E.REBOUND_LET,
                span,
                f"`{decl.name}` is set again, but was bound without `mut`",
                "",
                labels=((decl.span, "bound here"),),
                helps=(insert_before(cx, "say that it changes: `let mut`", decl.span, "mut ", "machine"),),
            )
            cx.uninit.add(local)
        return
    if not is_place(place):
        what = "a constant" if type(place) is thir.ConstRef else "a value that has no place"
        cx.error(E.NOT_A_PLACE, span, f"{what} cannot be {action}", "not a place")
        return
    inner = place
    while type(inner) is thir.Field or type(inner) is thir.Index:
        if type(inner) is thir.Index and cx.shallow(inner.base.ty) in (t.STRING, t.BYTES):
            cx.error(
                E.NOT_A_PLACE,
                span,
                "the bytes of a text cannot be changed",
                "text is immutable",
                notes=("build a new one, or use a `[u8]`",),
            )
            return
        inner = inner.base
    require_mut(cx, place, span, action)


def _set_bits(cx: Cx, base: thir.Expr, adt: AdtDef, place: hir.Field, e: hir.Assign) -> thir.Expr:
    names = [f.name for f in adt.variants[0].fields]
    if place.name not in names:
        no_field(cx, base.ty, adt, place.name, place.name_span)
        cx.expr(e.value)
        return cx.error_node(e.span)
    at = names.index(place.name)
    value = cx.check(e.value, adt.variants[0].fields[at].ty)
    check_settable(cx, base, place.span, "set")
    repr_ty = adt.repr or t.U64
    old = thir.Cast(repr_ty, e.span, "same", base)
    new = bits_with(cx, old, adt, at, value, e.span)
    return thir.Assign(t.UNIT, e.span, base, thir.Cast(base.ty, e.span, "same", new))


def assign_op(cx: Cx, e: hir.AssignOp, want: Ty | None) -> thir.Expr:
    from vitte.typecheck.operators import overloaded, primitive_op

    place_e = e.place
    place = cx.expr(place_e)
    ty = place.ty
    if type(ty) not in (t.IntTy, t.FloatTy):
        ty = cx.resolve(ty)
        if type(ty) is t.RefTy:
            place = auto_deref(cx, place)
            ty = cx.resolve(place.ty)
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            place = auto_deref(cx, place)
            ty = cx.resolve(place.ty)
    if ty is t.ERROR:
        cx.expr(e.value)
        return cx.error_node(e.span, t.UNIT)
    op = e.op
    span = e.span
    if ty is t.STRING and op == "+":
        value = argument(cx, e.value, "lend", t.STRING, t.STRING, None, 0)
        if type(place) is thir.Local:
            check_settable(cx, place, place_e.span, "set")
        else:
            require_mut(cx, place, place_e.span, "changed")
        return cx.lang_call(lang.STR_APPEND, (), [place, value], span, t.UNIT)
    if type(ty) in (t.IntTy, t.FloatTy, t.InferTy) or ty is t.BOOL:
        shift = op in ("<<", ">>")
        node = cx.expr(e.value, None if shift else ty)
        if node.ty is not ty:
            node = auto_deref(cx, node)
            if shift:
                if type(cx.known(node.ty)) is not t.IntTy:
                    node = coerce(cx, node, t.INT)
            else:
                node = coerce(cx, node, ty, _place_why(cx, place))
        check_settable(cx, place, place_e.span, "set")
        if not primitive_op(op, cx.resolve(ty)):
            cx.error(E.BAD_OPERATOR, e.op_span, f"`{op}=` is not defined for `{cx.show(ty)}`", f"{E.an(cx.show(ty))}")
            return cx.error_node(span, t.UNIT)
        return thir.AssignOp(t.UNIT, span, op, place, node)
    adt = cx.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is not None and adt.kind == "flags" and op in ("&", "|", "^"):
        value = cx.check(e.value, ty)
        check_settable(cx, place, place_e.span, "set")
        repr_ty = adt.repr or t.U32
        left = thir.Cast(repr_ty, span, "same", place)
        new = thir.Binary(repr_ty, span, op, left, thir.Cast(repr_ty, span, "same", value))
        return thir.Assign(t.UNIT, span, place, thir.Cast(ty, span, "same", new))
    if type(ty) is t.AdtTy and ty.path == lang.LIST and op == "+":
        require_mut(cx, place, place_e.span, "changed")
        for name in ("append", "extend"):
            from vitte.typecheck.methods import find_inherent

            if find_inherent(cx, ty, name) is not None:
                return method_on(cx, place, name, e.op_span, [hir.Arg(e.value.span, e.value)], None, span, None)
    value = overloaded(cx, op, place, ty, e.value, e.op_span, span)
    check_settable(cx, place, place_e.span, "set")
    if value.ty is t.ERROR:
        return cx.error_node(span, t.UNIT)
    return thir.Assign(t.UNIT, span, place, coerce(cx, value, place.ty, _place_why(cx, place)))
