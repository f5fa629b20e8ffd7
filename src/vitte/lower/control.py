"""Blocks, statements and control flow. Loops, conditions and items in blocks get their scopes here."""

from __future__ import annotations

from typing import cast

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import Span
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.lower import errors
from vitte.lower.collect import item_symbols
from vitte.lower.exprs import condition, is_expr, iteration, local_in_const
from vitte.lower.patterns import irrefutable, refutable
from vitte.lower.state import EXPR, STMT, Deferred, LoopFrame, Lowerer, Sym, expr, ty

LEAVING = (a.Give, a.Break, a.Continue, a.Panic, a.Unreachable)


def block(lo: Lowerer, e: a.Block) -> hir.Block:
    """A scope of its own."""
    undo_at = len(lo.undo)
    outer = lo.scope
    lo.scope = lo.next_scope
    lo.next_scope += 1
    made = block_body(lo, e)
    if len(lo.undo) > undo_at:
        lo.pop((undo_at, outer))
    else:
        lo.scope = outer
    return made


def block_body(lo: Lowerer, e: a.Block) -> hir.Block:
    """The statements and the value, in the scope of the caller."""
    stmts = e.stmts
    layer_count = -1
    out: list[hir.Stmt] = []
    for s in stmts:
        if type(s) is a.ItemStmt:
            layer_count = len(lo.layers)
            block_items(lo, stmts)
            break
    left: Span | None = None
    table = STMT
    for s in stmts:
        cls = type(s)
        if cls is a.ExprStmt:
            inner = s.expr  # type: ignore[attr-defined]
            inner_cls = type(inner)
            if left is not None:
                warn_unreachable(lo, s.span, left)
                left = None
            out.append(hir.ExprStmt(s.span, EXPR[inner_cls](lo, inner), s.semi))  # type: ignore[attr-defined]
            if inner_cls in LEAVING:
                left = inner.span
            continue
        if cls is a.ItemStmt:
            continue
        if left is not None:
            warn_unreachable(lo, s.span, left)
            left = None
        out.append(table[cls](lo, s))
    value = e.value
    tail: hir.Expr | None = None
    if value is not None:
        if left is not None:
            warn_unreachable(lo, value.span, left)
        tail = EXPR[type(value)](lo, value)
    if layer_count >= 0:
        del lo.layers[layer_count:]
    return hir.Block(e.span, out, tail)


def warn_unreachable(lo: Lowerer, span: Span, cause: Span) -> None:
    if not lo.quiet_lints:
        errors.unreachable(lo, span, cause)


def block_items(lo: Lowerer, stmts: list[a.Stmt]) -> None:
    """Bring the declarations of a block into scope, and put them in the queue."""
    prefix = f"{lo.prefix}.{{{lo.block_count}}}"
    lo.block_count += 1
    first: dict[str, Span] = {}
    items: list[a.Item] = []
    for s in stmts:
        if type(s) is a.ItemStmt:
            item = s.item
            if isinstance(item, a.Use | a.Export | a.Test | a.Bench | a.Entry):
                word = type(item).__name__.lower()
                message = f"`{word}` stands at the top level of a module, not in a block"
                errors.simple(lo, errors.MISPLACED_ITEM, item.span, message, "not in a block")
                if isinstance(item, a.Use):
                    for name, span in used_names(item):
                        lo.bind_sym(name, Sym("error", span=span, token=ErrorToken(len(lo.diag.items))))
                continue
            items.append(item)
            for name, sym in item_symbols(lo, item, prefix):
                if name in first and sym.kind != "case":
                    errors.duplicate(lo, sym.span, name, first[name], "item")
                    lo.skipped.add(sym.span)
                    continue
                if sym.kind == "case" and (name in first or (type(lo.names.get(name)) is Sym and lo.names[name].kind != "case")):  # type: ignore[union-attr]
                    continue
                first[name] = sym.span
                lo.bind_sym(name, sym)
                lo.layers.append((name, sym))
    layers = list(lo.layers)
    for item in items:
        lo.deferred.append(Deferred(item, prefix, layers))


def used_names(item: a.Use) -> list[tuple[str, Span]]:
    if item.names is not None:
        return [(n.alias or n.name, n.span) for n in item.names]
    return [(item.alias or item.path.segments[-1], item.span)] if item.path.segments else []


def unsafe(lo: Lowerer, e: a.Unsafe) -> hir.Expr:
    made = block(lo, e.body)
    made.is_unsafe = True
    made.span = e.span
    return made


# --- statements ---------------------------------------------------------------------------------------------------


def let(lo: Lowerer, s: a.Let) -> hir.Stmt:
    value = s.value
    init = EXPR[type(value)](lo, value)
    written = ty(lo, s.ty) if s.ty is not None else None
    pattern = s.pattern
    if s.other is not None:
        otherwise = block(lo, s.other)
        return hir.Let(s.span, refutable(lo, pattern), written, init, otherwise)
    if type(pattern) is a.BindPat and pattern.sub is None and not pattern.by:
        name = pattern.name
        mutable = pattern.mut
        local = lo.declare(name, pattern.name_span, mutable)
        return hir.Let(s.span, hir.PatBind(pattern.span, local, "bind", mutable, None, name), written, init)
    return hir.Let(s.span, irrefutable(lo, pattern), written, init)


def assign(lo: Lowerer, s: a.Assign) -> hir.Stmt:
    place = s.place
    op = s.op
    if op:
        target = expr(lo, place)
        return hir.ExprStmt(s.span, hir.AssignOp(s.span, op, target, expr(lo, s.value), s.op_span), True)
    if type(place) is a.Name:
        if place.name == "_":
            return hir.Let(s.span, hir.PatWild(place.span), None, expr(lo, s.value))
        entry = lo.names.get(place.name)
        if type(entry) is int:
            # Being set is not being used.
            to: hir.Expr = hir.LocalRef(place.span, entry) if not lo.in_const else local_in_const(lo, place, entry)
            return hir.ExprStmt(s.span, hir.Assign(s.span, to, expr(lo, s.value)), True)
    target = expr(lo, place)
    return hir.ExprStmt(s.span, hir.Assign(s.span, target, expr(lo, s.value)), True)


def expr_stmt(lo: Lowerer, s: a.ExprStmt) -> hir.Stmt:
    return hir.ExprStmt(s.span, expr(lo, s.expr), s.semi)


def while_(lo: Lowerer, s: a.While) -> hir.Stmt:
    """`loop { if cond { body } else { break } }`"""
    id = lo.next_loop
    lo.next_loop += 1
    mark = lo.push()
    # The label covers the body only; a `break` in the condition would be one of the loop around.
    cond = condition(lo, s.cond)
    lo.loops.append(LoopFrame(id, s.label, False))
    body = block(lo, s.body)
    lo.loops.pop()
    lo.pop(mark)
    span = s.span
    done = hir.Block(s.cond.span, [hir.ExprStmt(s.cond.span, hir.Break(s.cond.span, id), True)], None)
    test = hir.If(span, cond, body, done)
    return hir.ExprStmt(span, hir.Loop(span, id, hir.Block(span, [], test), "while"), True)


def for_(lo: Lowerer, s: a.For) -> hir.Stmt:
    iterable, mode = iteration(lo, s.iter)
    id = lo.next_loop
    lo.next_loop += 1
    mark = lo.push()
    pattern = irrefutable(lo, s.pattern)
    lo.loops.append(LoopFrame(id, s.label, False))
    body = block(lo, s.body)
    lo.loops.pop()
    lo.pop(mark)
    return hir.ExprStmt(s.span, hir.For(s.span, id, pattern, iterable, body, mode), True)


def defer(lo: Lowerer, s: a.Defer) -> hir.Stmt:
    loops, barrier = lo.loops, lo.barrier
    lo.loops, lo.barrier = [], "defer"
    body = block(lo, s.body)
    lo.loops, lo.barrier = loops, barrier
    return hir.Defer(s.span, body)


def with_(lo: Lowerer, s: a.With) -> hir.Stmt:
    value = expr(lo, s.value)
    mark = lo.push()
    pattern = irrefutable(lo, s.pattern)
    bound: hir.Stmt = hir.Let(s.span, pattern, None, value)
    body = block(lo, s.body)
    lo.pop(mark)
    stmts = [bound, hir.ExprStmt(body.span, body, True)]
    return hir.ExprStmt(s.span, hir.Block(s.span, stmts, None), True)


STMT.update({a.Let: let, a.Assign: assign, a.ExprStmt: expr_stmt, a.While: while_, a.For: for_, a.Defer: defer, a.With: with_})


# --- control flow -------------------------------------------------------------------------------------------------


def if_(lo: Lowerer, e: a.If) -> hir.Expr:
    mark = lo.push()
    cond = condition(lo, e.cond)
    then = block(lo, e.then)
    lo.pop(mark)
    other = e.other
    return hir.If(e.span, cond, then, EXPR[type(other)](lo, other) if other is not None else None)


def match(lo: Lowerer, e: a.Match) -> hir.Expr:
    value = expr(lo, e.subject)
    arms: list[hir.MatchArm] = []
    for arm in e.arms:
        mark = lo.push()
        pattern = refutable(lo, arm.pattern)
        guard = condition(lo, arm.guard) if arm.guard is not None else None
        body = arm.body
        arms.append(hir.MatchArm(arm.span, pattern, guard, EXPR[type(body)](lo, body)))
        lo.pop(mark)
    return hir.Match(e.span, value, arms)


def loop(lo: Lowerer, e: a.Loop) -> hir.Expr:
    id = lo.next_loop
    lo.next_loop += 1
    lo.loops.append(LoopFrame(id, e.label, True))
    body = block(lo, e.body)
    lo.loops.pop()
    return hir.Loop(e.span, id, body)


def target_loop(lo: Lowerer, e: a.Break | a.Continue, word: str) -> LoopFrame | hir.ErrorExpr:
    if e.label:
        for frame in reversed(lo.loops):
            if frame.label == e.label:
                return frame
        known = [f"`'{f.label}`" for f in lo.loops if f.label]
        hint = f"labels around here: {', '.join(known)}" if known else "put the label before the loop: `'name: for ...`"
        message = f"no loop around here has the label `'{e.label}`"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.UNKNOWN_LABEL, e.label_span, message, "unknown label", hint))
    if lo.loops:
        return lo.loops[-1]
    if lo.barrier:
        message = f"`{word}` cannot leave a `defer` block"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.LEAVES_DEFER, e.span, message, "leaves the `defer`"))
    message = f"`{word}` outside a loop"
    return hir.ErrorExpr(e.span, errors.simple(lo, errors.OUTSIDE_LOOP, e.span, message, "not in a loop"))


def break_(lo: Lowerer, e: a.Break) -> hir.Expr:
    frame = target_loop(lo, e, "break")
    value = expr(lo, e.value) if e.value is not None else None
    if type(frame) is hir.ErrorExpr:
        return frame
    target = cast(LoopFrame, frame)
    if value is not None and not target.takes_value:
        message = "`break` with a value leaves a `loop` only: `while` and `for` may also end by themselves"
        hint = "set a variable before the `break`, or use `loop`"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BREAK_VALUE, e.span, message, "no value here", hint))
    return hir.Break(e.span, target.id, value)


def continue_(lo: Lowerer, e: a.Continue) -> hir.Expr:
    frame = target_loop(lo, e, "continue")
    return frame if type(frame) is hir.ErrorExpr else hir.Continue(e.span, cast(LoopFrame, frame).id)


def give(lo: Lowerer, e: a.Give) -> hir.Expr:
    value = expr(lo, e.value) if e.value is not None else None
    if lo.barrier:
        message = "`give` cannot leave a `defer` block"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.LEAVES_DEFER, e.span, message, "leaves the `defer`"))
    if not lo.give_ok:
        message = "`give` outside a procedure"
        hint = "the value of a constant is its expression"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.GIVE_OUTSIDE, e.span, message, "no procedure around it", hint))
    return hir.Give(e.span, value)


def lambda_(lo: Lowerer, e: a.Lambda) -> hir.Expr:
    mark = lo.push()
    loops, give_ok, barrier = lo.loops, lo.give_ok, lo.barrier
    lo.loops, lo.give_ok, lo.barrier = [], True, ""
    params = [(irrefutable(lo, p.pattern), ty(lo, p.ty) if p.ty is not None else None) for p in e.params]
    result = ty(lo, e.ret) if e.ret is not None else None
    body = expr(lo, e.body)
    lo.loops, lo.give_ok, lo.barrier = loops, give_ok, barrier
    lo.pop(mark)
    return hir.Lambda(e.span, params, result, body, e.moves)


EXPR.update(
    {
        a.Block: block, a.Unsafe: unsafe, a.If: if_, a.Match: match, a.Loop: loop, a.Break: break_, a.Continue: continue_, a.Give: give,
        a.Lambda: lambda_, a.Is: is_expr,
    }
)  # fmt: skip
