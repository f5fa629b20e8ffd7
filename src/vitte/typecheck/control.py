"""Blocks and control flow: statements, `if`, `match`, loops, `give`, `?`, `??`, `is`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import NO_SPAN, Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef
from vitte.ir.impls import select_impl
from vitte.ir.types import HAS_ERROR, HAS_INFER, Ty, ref_ty, show
from vitte.typecheck import errors as E
from vitte.typecheck.coerce import auto_deref, blame, coerce, deref_refs, is_place, place_mode, widens
from vitte.typecheck.cx import DISCARD, LoopInfo, MatchCheck, Why
from vitte.typecheck.method_calls import method_on
from vitte.typecheck.operators import condition
from vitte.typecheck.patterns import pattern, simple

if TYPE_CHECKING:
    from vitte.typecheck.cx import Cx


# --- blocks -------------------------------------------------------------------------------------------------------


def block(cx: Cx, e: hir.Block, want: Ty | None) -> thir.Expr:
    if e.is_unsafe:
        cx.unsafe += 1
    stmts: list[thir.Stmt] = []
    diverges = False
    never = t.NEVER
    for s in e.stmts:
        cls = type(s)
        if cls is hir.ExprStmt:
            node = cx.discard(s.expr)  # type: ignore[union-attr]
            stmts.append(thir.ExprStmt(node, s.span))
            if node.ty is never:
                diverges = True
        elif cls is hir.Let:
            if let(cx, s, stmts) is never:  # type: ignore[arg-type]
                diverges = True
        else:
            stmts.append(thir.Defer(cx.discard(s.body), s.span))  # type: ignore[union-attr]
    tail: thir.Expr | None = None
    ty: Ty = never if diverges else t.UNIT
    if e.tail is not None:
        if want is DISCARD:
            node = cx.discard(e.tail)
            stmts.append(thir.ExprStmt(node, e.tail.span))
            if node.ty is never:
                ty = never
        else:
            tail = cx.expr(e.tail, want)
            if not diverges:
                ty = tail.ty
            elif tail.ty is not never:
                stmts.append(thir.ExprStmt(tail, tail.span))
                tail = None
    if e.is_unsafe:
        cx.unsafe -= 1
    return thir.Block(ty, e.span, stmts, tail)


def let(cx: Cx, s: hir.Let, stmts: list[thir.Stmt]) -> Ty | None:
    """A `let`; gives `never` when its initialiser never ends."""
    pat = s.pat
    init: thir.Expr | None = None
    diverges: Ty | None = None
    if s.ty is not None:
        ty = cx.col.types.sized(s.ty)
        if s.init is not None:
            init = cx.check(s.init, ty, ("expected because of this type", s.ty.span, ""))
            if ty.flags & HAS_INFER:
                ty = cx.resolve(ty)
    elif s.init is not None:
        init = cx.expr(s.init)
        ty = init.ty
        if ty is t.NEVER:
            diverges = t.NEVER
        elif type(ty) is t.SliceTy:
            cx.error(E.UNSIZED, s.init.span, f"{E.an(cx.show(ty))} has no size of its own", "borrow it with `&`")
            ty = t.ERROR
    else:
        ty = cx.fresh()
    if type(pat) is hir.PatBind and pat.mode == "bind" and pat.sub is None and not _is_case(cx, pat, ty):
        cx.local_tys[pat.local] = ty
        if init is None:
            cx.uninit.add(pat.local)
        node: thir.Pat = thir.PBind(ty, pat.span, pat.local, "value")
        if ty.flags & HAS_INFER:
            cx.pending.append(node)
    else:
        mode = place_mode(cx, init) if init is not None and is_place(init) else "own"
        node = pattern(cx, pat, ty, mode, init if mode == "ref mut" else None)
    otherwise: thir.Expr | None = None
    if s.otherwise is not None:
        otherwise = cx.table[hir.Block](cx, s.otherwise, DISCARD)
        if otherwise.ty is not t.NEVER:
            cx.error(
                E.LET_ELSE,
                s.otherwise.span,
                "the `else` of a `let` must leave",
                "this goes on",
                notes=("`give`, `break`, `continue` or a panic leave",),
            )
    elif not simple(node):
        cx.matches.append(MatchCheck("let", ty, [(node, False, pat.span)], pat.span))
    stmts.append(thir.Let(node, init, otherwise, s.span))
    return diverges


def _is_case(cx: Cx, p: hir.PatBind, ty: Ty) -> bool:
    if type(ty) is not t.AdtTy or p.mutable:
        return False
    adt = cx.defs.adts.get(ty.path)
    return adt is not None and adt.kind == "pick" and any(v.name == p.name for v in adt.variants)


# --- branches -----------------------------------------------------------------------------------------------------


class Join:
    """The common type of branches: the expected one, else that of the first that ends."""

    __slots__ = ("cx", "want", "ty", "first", "part")

    def __init__(self, cx: Cx, want: Ty | None, part: str = "branch") -> None:
        self.cx = cx
        self.want = want
        self.part = part
        self.ty: Ty | None = None
        self.first: Span = NO_SPAN

    def hint(self) -> Ty | None:
        return self.want if self.want is not None else self.ty

    def add(self, node: thir.Expr) -> thir.Expr:
        ty = node.ty
        if ty is t.NEVER:
            return node
        want = self.want
        if want is not None:
            self.ty = want
            return node if ty is want else coerce(self.cx, node, want)
        known = self.ty
        if known is None:
            if ty.flags & HAS_ERROR:
                return node
            self.ty = ty
            self.first = blame(node)
            return node
        if ty is known:
            return node
        return coerce(self.cx, node, known, (f"the first {self.part} is `{self.cx.show(known)}`", self.first, ""))

    def result(self, default: Ty) -> Ty:
        return self.ty if self.ty is not None else default


def _useful_want(cx: Cx, want: Ty | None) -> Ty | None:
    """The expected type, when branches should be converted to it one by one."""
    if want is None:
        return None
    if type(want) is t.InferTy:
        want = cx.shallow(want)
        if type(want) is t.InferTy:
            return None
    return want


def if_(cx: Cx, e: hir.If, want: Ty | None) -> thir.Expr:
    cond = condition(cx, e.cond)
    if e.otherwise is None or want is DISCARD:
        then = cx.discard(e.then)
        otherwise: thir.Expr | None = None
        ty: Ty = t.UNIT
        if e.otherwise is None and want is not DISCARD:
            _needs_else(cx, e, then)
        if e.otherwise is not None:
            otherwise = cx.discard(e.otherwise)
            if then.ty is t.NEVER and otherwise.ty is t.NEVER:
                ty = t.NEVER
            otherwise = _unit_branch(otherwise)
        return thir.If(ty, e.span, cond, _unit_branch(then), otherwise)
    join = Join(cx, _useful_want(cx, want))
    then = join.add(cx.expr(e.then, join.hint() if join.want is not None else want))
    other = join.add(cx.expr(e.otherwise, join.hint() or want))
    return thir.If(join.result(_fallback(then, other)), e.span, cond, then, other)


def _needs_else(cx: Cx, e: hir.If, then: thir.Expr) -> None:
    """An `if` whose value is used has one on both ways."""
    if type(e.then) is not hir.Block or e.then.tail is None or type(then) is not thir.Block or not then.stmts:
        return
    last = then.stmts[-1]
    if type(last) is thir.ExprStmt:
        ty = cx.resolve(last.expr.ty)
        if ty is not t.UNIT and ty is not t.NEVER and not ty.flags & HAS_ERROR:
            cx.error(
                E.MISMATCH,
                last.span,
                "an `if` without `else` has no value",
                f"this `{show(ty)}` is thrown away",
                notes=("add an `else` that gives the other value",),
            )


def _fallback(then: thir.Expr, other: thir.Expr) -> Ty:
    return t.NEVER if then.ty is t.NEVER and other.ty is t.NEVER else t.ERROR


def _unit_branch(node: thir.Expr) -> thir.Expr:
    """A branch whose value is thrown away."""
    if node.ty is t.UNIT or node.ty is t.NEVER:
        return node
    return thir.Block(t.UNIT, node.span, [thir.ExprStmt(node, node.span)], None)


def match(cx: Cx, e: hir.Match, want: Ty | None) -> thir.Expr:
    value = cx.expr(e.value)
    ty = cx.resolve(value.ty)
    if type(ty) is t.InferTy and ty.kind == "any":
        ty = cx.known(ty, value.span)
    mode = place_mode(cx, value) if is_place(value) else "own"
    place = value if mode != "own" else None
    arms: list[thir.Arm] = []
    checks: list[tuple[thir.Pat, bool, Span]] = []
    discard = want is DISCARD
    join = Join(cx, None if discard else _useful_want(cx, want))
    all_never = True
    for arm in e.arms:
        pat = pattern(cx, arm.pat, ty, mode, place)
        guard = condition(cx, arm.guard) if arm.guard is not None else None
        if discard:
            body = cx.discard(arm.body)
            if body.ty is not t.NEVER:
                all_never = False
            body = _unit_branch(body)
        else:
            body = cx.expr(arm.body, join.hint() or want)
            if body.ty is not t.NEVER:
                all_never = False
            body = join.add(body)
        arms.append(thir.Arm(pat, guard, body, arm.span))
        checks.append((pat, guard is not None, arm.pat.span))
    cx.matches.append(MatchCheck("match", ty, checks, e.value.span))
    if all_never:
        result: Ty = t.NEVER
    else:
        result = t.UNIT if discard else join.result(t.ERROR)
    return thir.Match(result, e.span, value, arms)


def is_(cx: Cx, e: hir.Is, want: Ty | None) -> thir.Expr:
    value = cx.expr(e.value)
    ty = cx.resolve(value.ty)
    if type(ty) is t.InferTy and ty.kind == "any":
        ty = cx.known(ty, value.span)
    mode = place_mode(cx, value) if is_place(value) else "own"
    pat = pattern(cx, e.pat, ty, mode, value if mode != "own" else None)
    node = thir.Is(t.BOOL, e.span, value, pat)
    return thir.Unary(t.BOOL, e.span, "not", node) if e.negated else node


# --- loops --------------------------------------------------------------------------------------------------------


def loop(cx: Cx, e: hir.Loop, want: Ty | None) -> thir.Expr:
    info = cx.loops[e.id] = LoopInfo(_useful_want(cx, want) if want is not DISCARD else None)
    body = cx.table[hir.Block](cx, e.body, DISCARD)
    ty: Ty = t.NEVER
    if info.has_break:
        ty = info.ty if info.ty is not None else t.UNIT
    return thir.Loop(ty, e.span, e.id, body)


def break_(cx: Cx, e: hir.Break, want: Ty | None) -> thir.Expr:
    info = cx.loops.get(e.loop)
    if info is None:
        if e.value is not None:
            cx.expr(e.value)
        return cx.error_node(e.span, t.NEVER)
    value: thir.Expr | None = None
    if e.value is not None:
        value = cx.expr(e.value, info.want if info.want is not None else info.ty)
        if info.want is not None:
            value = coerce(cx, value, info.want)
            info.ty = info.want
        elif info.ty is None and not info.has_break:
            if value.ty is not t.NEVER:
                info.ty = value.ty
                info.first = value.span
        elif info.ty is None:
            cx.error(
                E.BREAK_TYPE,
                value.span,
                "one `break` of this loop has a value, another has none",
                "this has one",
                ("this has none", info.first, ""),
            )
        else:
            value = coerce(cx, value, info.ty, ("the first `break` decides", info.first, ""))
    elif info.ty is not None and info.ty is not t.UNIT:
        cx.error(
            E.BREAK_TYPE,
            e.span,
            "one `break` of this loop has a value, another has none",
            "this has none",
            ("this has one", info.first, ""),
        )
    else:
        info.first = e.span
    info.has_break = True
    return thir.Break(t.NEVER, e.span, e.loop, value)


def continue_(cx: Cx, e: hir.Continue, want: Ty | None) -> thir.Expr:
    return thir.Continue(t.NEVER, e.span, e.loop)


def for_(cx: Cx, e: hir.For, want: Ty | None) -> thir.Expr:
    cx.loops[e.id] = LoopInfo(None)
    it = e.iterable
    if type(it) is hir.Range:
        return _for_range(cx, e, it)
    node = cx.expr(it)
    if type(node) is thir.Move and e.mode == "":
        return _for_move(cx, e, node)
    if e.mode == "move":
        return _for_move(cx, e, node)
    explicit_mut = e.mode == "ref mut"
    outer = cx.known(node.ty, node.span)
    if type(outer) is t.RefTy and outer.mutable:
        explicit_mut = True
    place = auto_deref(cx, node)
    ty = cx.known(place.ty, node.span)
    elem: Ty | None = None
    if type(ty) is t.AdtTy and ty.path == lang.LIST:
        elem = ty.args[0]
    elif type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
        elem = ty.elem
    if elem is not None:
        if type(place) is thir.Deref and type(place.base) is thir.Borrow:
            place = place.base.place
        return _for_each(cx, e, place, cx.known(elem), explicit_mut)
    if ty is t.ERROR:
        return _for_error(cx, e)
    if ty is t.STRING:
        iterator = method_on(cx, place, "runes", it.span, [], None, it.span, None)
        return _for_iter(cx, e, iterator)
    if type(ty) is t.AdtTy and ty.path in (lang.RANGE, lang.RANGE_INCLUSIVE) and not is_place(place):
        return _for_iter(cx, e, place)
    if _implements(cx, lang.TRAIT_ITERATOR, outer):
        return _for_iter(cx, e, node)
    if _implements(cx, lang.TRAIT_ITERATOR, ty):
        return _for_iter(cx, e, place)
    if explicit_mut:
        from vitte.typecheck.methods import find_inherent

        if find_inherent(cx, ty, "iter_mut") is not None:
            if type(place) is thir.Deref and type(place.base) is thir.Borrow:
                place = place.base.place
            return _for_iter(cx, e, method_on(cx, place, "iter_mut", it.span, [], None, it.span, None))
    if _implements(cx, lang.TRAIT_ITERABLE, ty):
        trait = cx.defs.traits[lang.TRAIT_ITERABLE]
        result = cx.norm(t.proj_ty(lang.TRAIT_ITERABLE, (ty,), "Iter"), it.span)
        return _for_iter(cx, e, cx.lang_call(trait.methods["iter"], (ty,), [place], it.span, result))
    notes: tuple[str, ...] = ()
    if type(ty) is t.IntTy:
        notes = ("to count, write a range: `for i in 0..n`",)
    elif type(ty) is t.ParamTy:
        notes = (f"`{show(ty)}` may be any type here: bound it, `[{show(ty)}: Iterable]`",)
    elif type(ty) is t.AdtTy and ty.path in (lang.OPTION, lang.RESULT):
        notes = ("get the value inside first: with `?`, `??` or a `match`",)
    else:
        notes = ("ranges, lists, arrays, strings, maps, sets and what implements `Iterator` or `Iterable` can be",)
    cx.error(E.NOT_ITERABLE, it.span, f"{E.an(show(ty))} cannot be iterated over", "not a sequence", notes=notes)
    return _for_error(cx, e)


def _implements(cx: Cx, trait: str, ty: Ty) -> bool:
    if trait not in cx.defs.traits or ty.flags & HAS_ERROR:
        return False
    if ty.flags & HAS_INFER:
        from vitte.typecheck.obligations import candidates

        return bool(candidates(cx, trait, (ty,)))
    return select_impl(cx.defs, trait, (ty,), cx.bounds) is not None


def _for_error(cx: Cx, e: hir.For) -> thir.Expr:
    pattern(cx, e.pat, t.ERROR, "own")
    body = cx.table[hir.Block](cx, e.body, DISCARD)
    return thir.ErrorExpr(t.UNIT, body.span)


def _loop_pattern(cx: Cx, e: hir.For, ty: Ty) -> thir.Pat:
    pat = pattern(cx, e.pat, ty, "own")
    if not simple(pat):
        cx.matches.append(MatchCheck("for", ty, [(pat, False, e.pat.span)], e.pat.span))
    return pat


def _for_range(cx: Cx, e: hir.For, it: hir.Range) -> thir.Expr:
    low, high, ty = range_ends(cx, it, None)
    if type(cx.resolve(ty)) is not t.IntTy and cx.resolve(ty) is not t.RUNE:
        resolved = cx.resolve(ty)
        if type(resolved) is t.InferTy and resolved.kind == "int":
            pass
        elif resolved.flags & HAS_ERROR:
            return _for_error(cx, e)
        else:
            cx.error(E.NOT_ITERABLE, it.span, f"a range of `{show(resolved)}` cannot be counted through", "integers and runes can")
            return _for_error(cx, e)
    pat = _loop_pattern(cx, e, ty)
    body = cx.table[hir.Block](cx, e.body, DISCARD)
    return thir.ForRange(t.UNIT, e.span, e.id, pat, low, high, it.inclusive, body)


def range_ends(cx: Cx, it: hir.Range, want: Ty | None) -> tuple[thir.Expr, thir.Expr, Ty]:
    """Both ends in one type."""
    if type(it.low) is hir.Literal_ and type(it.high) is not hir.Literal_ and not it.low.suffix:
        high = deref_refs(cx, cx.expr(it.high, want))
        low = deref_refs(cx, cx.expr(it.low, high.ty))
    else:
        low = deref_refs(cx, cx.expr(it.low, want))
        high = deref_refs(cx, cx.expr(it.high, low.ty))
    a, b = cx.resolve(low.ty), cx.resolve(high.ty)
    if a is not b:
        if widens(a, b):
            low = coerce(cx, low, b)
            a = b
        else:
            high = coerce(cx, high, a, ("the range begins with this", low.span, ""))
            a = cx.resolve(a)
    return low, high, a


def elem_ref(elem: Ty, mutable: bool) -> Ty:
    return ref_ty(elem, mutable)


def _for_each(cx: Cx, e: hir.For, place: thir.Expr, elem: Ty, mutable: bool) -> thir.Expr:
    if mutable:
        from vitte.typecheck.places import require_mut

        require_mut(cx, place, e.iterable.span, "lent exclusively")
        by, ty = "ref mut", elem_ref(elem, True)
    elif cx.is_copy(elem):
        by, ty = "copy", elem
    else:
        by, ty = "ref", elem_ref(elem, False)
    pat = _loop_pattern(cx, e, ty)
    body = cx.table[hir.Block](cx, e.body, DISCARD)
    return thir.ForEach(t.UNIT, e.span, e.id, pat, place, by, body)  # type: ignore[arg-type]


def _for_move(cx: Cx, e: hir.For, node: thir.Expr) -> thir.Expr:
    ty = cx.known(node.ty, node.span)
    if ty is t.ERROR:
        return _for_error(cx, e)
    if _implements(cx, lang.TRAIT_ITERATOR, ty):
        return _for_iter(cx, e, node)
    return _for_iter(cx, e, method_on(cx, node, "into_iter", e.iterable.span, [], None, e.iterable.span, None))


def _for_iter(cx: Cx, e: hir.For, iterator: thir.Expr) -> thir.Expr:
    ty = cx.known(iterator.ty, iterator.span)
    if ty.flags & HAS_ERROR:
        return _for_error(cx, e)
    trait = cx.defs.traits.get(lang.TRAIT_ITERATOR)
    if trait is None:
        cx.col.missing_lang_item(lang.TRAIT_ITERATOR, e.iterable.span)
        return _for_error(cx, e)
    if not _implements(cx, lang.TRAIT_ITERATOR, ty):
        target = ty.target if type(ty) is t.RefTy else None
        if target is not None and _implements(cx, lang.TRAIT_ITERATOR, target):
            iterator = cx.made(thir.Deref(target, iterator.span, iterator))
            ty = target
        else:
            cx.error(E.NOT_ITERABLE, e.iterable.span, f"{E.an(show(ty))} cannot be iterated over", "not an `Iterator`")
            return _for_error(cx, e)
    item = cx.norm(t.proj_ty(lang.TRAIT_ITERATOR, (ty,), "Item"), e.span)
    pat = _loop_pattern(cx, e, item)
    body = cx.table[hir.Block](cx, e.body, DISCARD)
    node = thir.ForIter(t.UNIT, e.span, e.id, pat, iterator, trait.methods["next"], (ty,), item, body)
    if (ty.flags | item.flags) & HAS_INFER:
        cx.pending_args.append(node)
    return node


# --- leaving ------------------------------------------------------------------------------------------------------


def give(cx: Cx, e: hir.Give, want: Ty | None) -> thir.Expr:
    result = cx.result
    if result is None:
        if e.value is not None:
            cx.expr(e.value)
        return cx.error_node(e.span, t.NEVER)
    if e.value is None:
        if result is not t.UNIT and result is not t.ERROR:
            cx.error(
                E.MISMATCH, e.span, f"mismatched types: expected `{show(result)}`, `give` has no value", "nothing is given", cx.result_why
            )
        return thir.Give(t.NEVER, e.span, None)
    value = cx.check(e.value, result, cx.result_why)
    return thir.Give(t.NEVER, e.span, value)


def _variant(adt: AdtDef, name: str) -> int:
    return next(i for i, v in enumerate(adt.variants) if v.name == name)


def try_(cx: Cx, e: hir.Try, want: Ty | None) -> thir.Expr:
    value = cx.expr(e.value)
    ty = cx.known(value.ty, value.span)
    while type(ty) is t.RefTy:
        ty = cx.known(ty.target, value.span)
        value = cx.made(thir.Deref(ty, value.span, value))
    span = e.span
    if ty is t.ERROR:
        return cx.error_node(span)
    if type(ty) is not t.AdtTy or ty.path not in (lang.OPTION, lang.RESULT):
        cx.error(E.BAD_TRY, span, f"`?` works on an option or result, this is {E.an(show(ty))}", "always has its value", notes=())
        return cx.error_node(span)
    result = cx.result
    is_option = ty.path == lang.OPTION
    kind = "an option" if is_option else "a result"
    if result is t.ERROR:
        return cx.error_node(span, ty.args[0])
    if type(result) is not t.AdtTy or result.path != ty.path:
        gives = "gives nothing" if result is None or result is t.UNIT else f"gives `{show(result)}`"
        notes: list[str] = []
        if is_option and type(result) is t.AdtTy and result.path == lang.RESULT:
            notes.append("say with `.ok_or(error)` which error a missing value is")
        elif not is_option and type(result) is t.AdtTy and result.path == lang.OPTION:
            notes.append("`.ok()` makes an option of the result")
        elif result is None or result is t.UNIT:
            notes.append("let the procedure give an option or result, or handle the case here with `match` or `??`")
        cx.error(
            E.BAD_TRY, span, f"`?` would leave with {kind}, but this procedure {gives}", f"`?` on `{show(ty)}`", cx.result_why, tuple(notes)
        )
        return cx.error_node(span, ty.args[0])
    adt = cx.defs.adts[ty.path]
    item = ty.args[0]
    good = _variant(adt, "Some" if is_option else "Ok")
    bad = 1 - good
    local = cx.new_local("value", item, span)
    hit = cx.made(thir.Local(item, span, local))
    good_pat = cx_pat(cx, thir.PVariant(ty, span, good, [(0, cx_pat(cx, thir.PBind(item, span, local, "value")))]))
    if is_option:
        bad_pat = cx_pat(cx, thir.PVariant(ty, span, bad, []))
        out: thir.Expr = thir.Aggregate(result, span, bad, [])
    else:
        have, wanted = ty.args[1], result.args[1]
        error_local = cx.new_local("error", have, span)
        bad_pat = cx_pat(cx, thir.PVariant(ty, span, bad, [(0, cx_pat(cx, thir.PBind(have, span, error_local, "value")))]))
        error = cx.made(thir.Local(have, span, error_local))
        out = thir.Aggregate(result, span, bad, [(0, _convert_error(cx, error, have, wanted, span))])
    arms = [thir.Arm(good_pat, None, hit, span), thir.Arm(bad_pat, None, thir.Give(t.NEVER, span, out), span)]
    return thir.Match(item, span, value, arms)


def cx_pat(cx: Cx, p: thir.Pat) -> thir.Pat:
    if p.ty.flags & HAS_INFER:
        cx.pending.append(p)
    return p


def _convert_error(cx: Cx, error: thir.Expr, have: Ty, want: Ty, span: Span) -> thir.Expr:
    have, want = cx.resolve(have), cx.resolve(want)
    if have is want or (have.flags | want.flags) & HAS_ERROR:
        return error
    if have.flags & HAS_INFER:
        cx.unify(have, want)
        return error
    trait = cx.defs.traits.get(lang.TRAIT_FROM)
    if trait is not None and select_impl(cx.defs, lang.TRAIT_FROM, (want, have), cx.bounds) is not None:
        return cx.lang_call(trait.methods["from"], (want, have), [error], span, want)
    from vitte.typecheck.coerce import try_coerce

    done = try_coerce(cx, error, have, want)
    if done is not None:
        return done
    cx.error(
        E.BAD_TRY,
        span,
        f"`?` cannot make the error `{show(want)}` of {E.an(show(have))}",
        f"the error here is `{show(have)}`",
        cx.result_why,
        notes=(f"`impl From[{show(have)}] for {show(want)}` would convert it",),
    )
    return cx.error_node(span)


def coalesce(cx: Cx, e: hir.Coalesce, want: Ty | None) -> thir.Expr:
    hint: Ty | None = None
    wanted = _useful_want(cx, want)
    if wanted is not None and wanted is not DISCARD:
        hint = t.adt_ty(lang.OPTION, (wanted,)) if type(e.left) in (hir.BareCase, hir.DefRef) else None
    left = cx.expr(e.left, hint)
    ty = cx.known(left.ty, left.span)
    while type(ty) is t.RefTy:
        ty = cx.known(ty.target, left.span)
        left = cx.made(thir.Deref(ty, left.span, left))
    span = e.span
    if ty is t.ERROR:
        cx.expr(e.right)
        return cx.error_node(span)
    if type(ty) is not t.AdtTy or ty.path not in (lang.OPTION, lang.RESULT):
        cx.expr(e.right)
        cx.error(E.BAD_COALESCE, span, f"`??` works on an option or result, the left side is {E.an(show(ty))}", "always has its value")
        return cx.error_node(span)
    adt = cx.defs.adts[ty.path]
    is_option = ty.path == lang.OPTION
    item = cx.resolve(ty.args[0])
    good = _variant(adt, "Some" if is_option else "Ok")
    mode = place_mode(cx, left) if is_place(left) else "own"
    local_ty = item
    by = "value"
    if mode != "own" and not cx.is_copy(item):
        by, local_ty = "ref", ref_ty(item)
    local = cx.new_local("value", local_ty, span)
    hit: thir.Expr = cx.made(thir.Local(local_ty, span, local))
    result = local_ty
    if type(local_ty) is t.RefTy and cx.is_copy(local_ty.target) and type(wanted) is not t.RefTy:
        # `m.get(k) ?? 0`: a copy of what is there.
        result = cx.resolve(local_ty.target)
        hit = cx.made(thir.Deref(result, span, hit))
    right = cx.expr(e.right, result)
    if right.ty is not t.NEVER:
        right_ty = cx.resolve(right.ty)
        if type(right_ty) is t.AdtTy and right_ty.path == lang.OPTION and not (type(result) is t.AdtTy and result.path == lang.OPTION):
            # `a ?? b ?? 0`: of two that may be missing, the result may be, too.
            hit = coerce(cx, hit, right_ty.args[0])
            some = _variant(cx.defs.adts[lang.OPTION], "Some")
            hit = cx.made(thir.Aggregate(right_ty, span, some, [(0, hit)]))
            result = right_ty
        elif widens(result, right_ty):
            hit = coerce(cx, hit, right_ty)
            result = right_ty
        elif type(result) is t.RefTy and type(right_ty) is not t.RefTy and type(right_ty) is not t.InferTy and not result.mutable:
            from vitte.typecheck.coerce import borrowed

            done = borrowed(cx, right, result)
            right = done if done is not None else coerce(cx, right, result, ("the left side holds this", e.left.span, ""))
        else:
            right = coerce(cx, right, result, (f"the left side holds `{cx.show(result)}`", e.left.span, ""))
    pat = cx_pat(cx, thir.PBind(item, span, local, by))  # type: ignore[arg-type]
    arms = [
        thir.Arm(cx_pat(cx, thir.PVariant(ty, span, good, [(0, pat)])), None, hit, span),
        thir.Arm(cx_pat(cx, thir.PWild(ty, span)), None, right, span),
    ]
    return thir.Match(result, span, left, arms)


WhyAlias = Why
