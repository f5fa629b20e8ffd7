"""Control flow: blocks, statements, conditions, `if`, `match`, loops, exits.

A condition is built as jumps, not as a value, so that patterns in it can bind. Temporaries of a condition are dropped on both ways out,
before the branches; when it holds an `is`, whose bindings may refer to them, at the ends of the branches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import lang, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.ownership import is_view
from vitte.ir.types import Ty
from vitte.mir_build.core import LoopInfo
from vitte.mir_build.exprs import INTO, PLACES
from vitte.mir_build.match import Patterns, Row

_EXTENDING = frozenset((thir.Block, thir.Borrow, thir.Cast, thir.Tuple, thir.Aggregate, thir.Call, thir.ListLit))
_TRUE = mir.Const(t.BOOL, 1)
_FALSE = mir.Const(t.BOOL, 0)


class Builder(Patterns):
    """The complete builder of bodies."""

    # --- blocks and statements --------------------------------------------------------------------------------------

    def into_block(self, dest: Place, e: thir.Block) -> None:
        mark = len(self.drops)
        for stmt in e.stmts:
            _STMT[type(stmt)](self, stmt)
        if e.tail is not None and e.stmts and type(e.ty) is t.RefTy and self.is_synthetic(e):
            self.into(dest, e.tail)
            if id(e) in self.extended:
                entries = self.drops[mark:]
                del self.drops[mark:]
                self.drops[self.let_mark : self.let_mark] = entries
                self.let_mark += len(entries)
            return
        if e.tail is not None:
            self.scoped(dest, e.tail)
        if len(self.drops) > mark:
            self.pop(mark)

    def is_synthetic(self, e: thir.Block) -> bool:
        """Whether all variables of a block are the compiler's own. Such a block with a reference as its value is no scope: what it refers
        to lives as long as a temporary of the expression it stands for (`f()[1..]`)."""
        locals = self.body.locals
        for stmt in e.stmts:
            if type(stmt) is not thir.Let or type(stmt.pat) is not thir.PBind or not locals[stmt.pat.local].is_synthetic:
                return False
        return True

    def scoped(self, dest: Place, e: thir.Expr) -> None:
        """Evaluate into `dest`; temporaries end here."""
        mark = len(self.drops)
        self.into(dest, e)
        if len(self.drops) > mark:
            self.pop(mark)

    def stmt_expr(self, s: thir.ExprStmt) -> None:
        mark = len(self.drops)
        self.discard(s.expr)
        if len(self.drops) > mark:
            self.pop(mark)

    def stmt_defer(self, s: thir.Defer) -> None:
        self.drops.append(s)

    def run_defer(self, entry: thir.Defer) -> None:
        mark = len(self.drops)
        self.discard(entry.body)
        self.pop(mark)

    def stmt_let(self, s: thir.Let) -> None:
        pat = s.pat
        init = s.init
        if init is None:
            self.declare_unset(pat)
            return
        outer_mark, outer_extended = self.let_mark, self.extended
        mark = self.let_mark = len(self.drops)
        if type(init) in _EXTENDING:
            found: set[int] = set()
            self.find_extended(init, found)
            self.extended = found or outer_extended
        if type(pat) is thir.PBind and pat.by == "value" and pat.sub is None and s.otherwise is None:
            local = self.declare(pat.local)
            self.into(Place(local), init)
            if len(self.drops) > mark:
                self.pop(self.let_mark)
            self.schedule(local)
        else:
            self.let_pattern(s, init, mark)
        self.let_mark, self.extended = outer_mark, outer_extended

    def let_pattern(self, s: thir.Let, init: thir.Expr, mark: int) -> None:
        pat = s.pat
        if type(init) not in PLACES and binds_reference(pat):
            self.extended = {*self.extended, id(init)}
        place = self.as_place(init)
        if s.otherwise is None:
            owned = self.bind_pattern(pat, place)
        else:
            matched = self.new_block()
            failed = self.new_block()
            owned = self.test_pattern(pat, place, matched, failed)
            entries = self.drops[mark:]
            del self.drops[mark:]
            self.start(failed)
            self.emit_drops(entries)
            self.discard(s.otherwise)
            if self.terms[self.bb] is None:
                self.terms[self.bb] = mir.Unreachable()
            self.start(matched)
            self.drops += entries
        if len(self.drops) > mark:
            self.pop(self.let_mark)
        for local in owned:
            self.schedule(local)

    def find_extended(self, e: thir.Expr, found: set[int]) -> None:
        """Ids of the values whose temporaries live as long as the variable that is initialised with `e`."""
        cls = type(e)
        if cls is thir.Borrow:
            root = e.place  # type: ignore[union-attr]
            while type(root) in (thir.Field, thir.Index, thir.Deref):
                root = root.base  # type: ignore[union-attr]
            if type(root) not in PLACES:
                found.add(id(root))
                self.find_extended(root, found)
        elif cls is thir.Cast:
            self.find_extended(e.value, found)  # type: ignore[union-attr,arg-type]
        elif cls is thir.Tuple or cls is thir.ListLit:
            for item in e.elems:  # type: ignore[union-attr]
                self.find_extended(item, found)
        elif cls is thir.Aggregate:
            for _, item in e.fields:  # type: ignore[union-attr]
                self.find_extended(item, found)
        elif cls is thir.Block:
            found.add(id(e))
            if e.tail is not None:  # type: ignore[union-attr]
                self.find_extended(e.tail, found)  # type: ignore[union-attr]
        elif cls is thir.Call and is_view(e.ty, self.unit.defs):
            for arg in e.arguments:  # type: ignore[union-attr]
                if arg.mode != "own" and type(arg.value) not in PLACES:
                    found.add(id(arg.value))
                self.find_extended(arg.value, found)

    def declare_unset(self, pat: thir.Pat) -> None:
        """A variable without a value yet: it may be unset wherever it is used or dropped."""
        if type(pat) is thir.PBind:
            local = self.declare(pat.local)
            self.unset.add(local)
            self.maybe.add(local)
            self.schedule(local)
        elif type(pat) is thir.PFields:
            for _, sub in pat.fields:
                self.declare_unset(sub)

    # --- conditions -------------------------------------------------------------------------------------------------

    def as_cond(self, e: thir.Expr, then: int, otherwise: int) -> None:
        rule = _COND.get(type(e))
        if rule is not None:
            rule(self, e, then, otherwise)
            return
        op = self.as_operand(e)
        if type(op) is mir.Const:
            self.goto(then if op.value else otherwise)
        else:
            self.switch(op, [0], [otherwise], then)

    def cond_call(self, e: thir.Call, then: int, otherwise: int) -> None:
        """Questions about types that are answered here leave only one branch."""
        proc = self.unit.defs.procs.get(e.path)
        if proc is not None and proc.intrinsic in ("needs_drop", "is_plain") and not self.is_generic:
            ty = self.ty(e.args[0])
            yes = self.unit.needs_drop(ty) if proc.intrinsic == "needs_drop" else self.unit.kind(ty) == 0
            self.goto(then if yes else otherwise)
            return
        self.switch(self.as_operand(e), [0], [otherwise], then)

    def cond_logical(self, e: thir.Logical, then: int, otherwise: int) -> None:
        right = self.new_block()
        if e.op == "and":
            self.as_cond(e.left, right, otherwise)
        else:
            self.as_cond(e.left, then, right)
        self.start(right)
        self.conditional += 1
        self.as_cond(e.right, then, otherwise)
        self.conditional -= 1

    def cond_unary(self, e: thir.Unary, then: int, otherwise: int) -> None:
        if e.op == "not":
            self.as_cond(e.operand, otherwise, then)
        else:
            self.switch(self.as_operand(e), [0], [otherwise], then)

    def cond_is(self, e: thir.Is, then: int, otherwise: int) -> None:
        place = self.as_place(e.value)
        owned = self.test_pattern(e.pat, place, then, otherwise)
        self.maybe.update(owned)
        for local in owned:
            self.schedule(local)

    def into_cond(self, dest: Place, e: thir.Expr) -> None:
        """A condition as a value."""
        then, otherwise, join = self.new_block(), self.new_block(), self.new_block()
        mark = len(self.drops)
        self.as_cond(e, then, otherwise)
        if len(self.drops) > mark:
            self.maybe.update([x for x in self.drops[mark:] if type(x) is int])
        for bb, value in ((then, _TRUE), (otherwise, _FALSE)):
            self.start(bb)
            self.stmts.append(mir.Assign(dest, mir.Use(value), e.span))
            self.goto(join)
        self.start(join)

    # --- if, match ----------------------------------------------------------------------------------------------------

    def into_if(self, dest: Place, e: thir.If) -> None:
        drops = self.drops
        mark = len(drops)
        then = self.new_block()
        otherwise = self.new_block()
        self.as_cond(e.cond, then, otherwise)
        entries = drops[mark:]
        late = bool(entries) and has_is(e.cond)
        if not late:
            del drops[mark:]
        self.start(then)
        if entries and not late:
            self.emit_drops(entries)
        self.scoped(dest, e.then)
        if late:
            self.pop(mark)
        if e.otherwise is None and not entries:
            self.goto(otherwise)
            self.start(otherwise)
            return
        join = self.new_block()
        self.goto(join)
        self.start(otherwise)
        self.emit_drops(entries)
        if e.otherwise is not None:
            self.scoped(dest, e.otherwise)
        self.goto(join)
        self.start(join)

    def into_match(self, dest: Place, e: thir.Match) -> None:
        mark = len(self.drops)
        place = self.as_place(e.value)
        entries = self.drops[mark:]
        rows: list[Row] = []
        for i, arm in enumerate(e.arms):
            rows += self.rows_of(arm.pat, place, i)
        blocks: list[int] = [-1] * len(e.arms)
        owned: list[dict[int, None]] = [{} for _ in e.arms]

        def leaf(row: Row, rest: list[Row]) -> None:
            arm = row.arm
            if blocks[arm] < 0:
                blocks[arm] = self.new_block()
            guard = e.arms[arm].guard
            if guard is None:
                locals: list[int] = []
                self.emit_binds(row, locals)
                self.goto(blocks[arm])
            else:
                failed = self.new_block()
                locals = self.with_guard(row, guard, blocks[arm], failed)
                self.start(failed)
                self.decide(rest, leaf, -1)
            owned[arm].update(dict.fromkeys(locals))

        self.decide(rows, leaf, -1)
        join = self.new_block()
        for arm, bb, locals in zip(e.arms, blocks, owned):
            if bb < 0:
                continue
            self.start(bb)
            inner = len(self.drops)
            for local in locals:
                self.schedule(local)
            self.scoped(dest, arm.body)
            self.pop(inner)
            if entries and entries[-1] == place.local and not place.proj and self.leaves_nothing(e, arm):
                self.emit_drops(entries[:-1])
            else:
                self.emit_drops(entries)
            self.goto(join)
        del self.drops[mark:]
        self.start(join)

    def leaves_nothing(self, e: thir.Match, arm: thir.Arm) -> bool:
        """Whether an arm of a match on a temporary is only reached with a case that has nothing to drop."""
        ty = self.ty(e.value.ty)
        if type(ty) is not t.AdtTy or self.unit.has_drop_impl(ty) or self.unit.adt(ty).kind != "pick":
            return False
        variants = variants_of(arm.pat)
        if variants is None:
            variants = [v for v in range(len(self.unit.adt(ty).variants)) if v not in taken_before(e.arms, arm)]
        unit = self.unit
        return not any(unit.needs_drop(unit.field_ty(ty, v, i)) for v in variants for i in range(unit.field_count(ty, v)))

    # --- loops ----------------------------------------------------------------------------------------------------------

    def loop_body(self, id: int, info: LoopInfo, body: thir.Expr) -> None:
        self.loops[id] = info
        self.scoped(self.nowhere(), body)
        del self.loops[id]

    def into_loop(self, dest: Place, e: thir.Loop) -> None:
        head = self.new_block()
        done = self.new_block()
        self.goto(head)
        self.start(head)
        self.loop_body(e.id, LoopInfo(head, done, len(self.drops), dest), e.body)
        self.goto(head)
        self.start(done)

    def into_for_range(self, dest: Place, e: thir.ForRange) -> None:
        """The counter is a hidden local; the last value of an inclusive range is not stepped over, so nothing overflows."""
        ty = self.ty(e.pat.ty)
        is_rune = ty is t.RUNE
        count_ty: Ty = t.U32 if is_rune else ty
        ops = self.as_operands([e.low, e.high])
        mark = len(self.drops)
        starts = [mir.Cast("int", op, t.U32) if is_rune else mir.Use(op) for op in ops]
        counter = self.assign_temp(count_ty, starts[0], e.low.span)
        end = self.assign_temp(count_ty, starts[1], e.high.span)
        head, body, step, done = self.new_block(), self.new_block(), self.new_block(), self.new_block()
        self.goto(head)
        self.start(head)
        count = mir.Copy(Place(counter))
        test = mir.Binary("<=" if e.inclusive else "<", count, mir.Copy(Place(end)))
        self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, test, e.span))), [0], [done], body)
        self.start(body)
        value: mir.Rvalue = mir.Cast("int_to_rune", count, t.RUNE) if is_rune else mir.Use(count)
        if type(e.pat) is thir.PBind and e.pat.sub is None:
            self.assign(Place(self.declare(e.pat.local)), value, e.pat.span)
        elif type(e.pat) is not thir.PWild:
            self.bind_pattern(e.pat, Place(self.assign_temp(ty, value, e.pat.span)))
        self.loop_body(e.id, LoopInfo(step, done, mark, None), e.body)
        self.goto(step)
        self.start(step)
        if e.inclusive:
            more = self.new_block()
            last = mir.Binary("==", mir.Copy(Place(counter)), mir.Copy(Place(end)))
            self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, last, e.span))), [0], [more], done)
            self.start(more)
        self.assign(Place(counter), mir.Binary("+", mir.Copy(Place(counter)), mir.Const(count_ty, 1), False), e.span)
        if is_rune:
            gap, on = self.new_block(), self.new_block()
            self.switch(mir.Copy(Place(counter)), [0xD800], [gap], on)
            self.start(gap)
            self.assign(Place(counter), mir.Use(mir.Const(t.U32, 0xE000)), e.span)
            self.goto(on)
            self.start(on)
        self.goto(body if e.inclusive else head)
        self.start(done)

    def into_for_each(self, dest: Place, e: thir.ForEach) -> None:
        place = self.as_place(e.seq)
        span = e.seq.span
        if place.proj and (len(place.proj) > 1 or place.local not in self.lent):
            # Fix the sequence: what its place is made of may be set again in the body.
            mutable = e.by == "ref mut"
            ref = t.ref_ty(self.ty(e.seq.ty), mutable)
            place = Place(self.assign_temp(ref, mir.Ref(place, mutable), span), (mir.Deref(),))
        length = self.assign_temp(t.INT, mir.Len(place), span)
        counter = self.assign_temp(t.INT, mir.Use(mir.Const(t.INT, 0)), span)
        mark = len(self.drops)
        head, body, step, done = self.new_block(), self.new_block(), self.new_block(), self.new_block()
        self.goto(head)
        self.start(head)
        test = mir.Binary("<", mir.Copy(Place(counter)), mir.Copy(Place(length)))
        self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, test, e.span))), [0], [done], body)
        self.start(body)
        at = self.assign_temp(t.INT, mir.Use(mir.Copy(Place(counter))), e.span)
        elem = Place(place.local, (*place.proj, mir.Index(at)))
        pat = e.pat
        if e.by == "copy":
            owned = self.bind_pattern(pat, elem)
        else:
            mutable = e.by == "ref mut"
            if type(pat) is thir.PBind and pat.sub is None and pat.by == "value":
                local = self.declare(pat.local)
            else:
                local = self.temp(self.ty(pat.ty))
            self.assign(Place(local), mir.Ref(elem, mutable), pat.span)
            owned = [] if local == self.local_of(pat) else self.bind_pattern(pat, Place(local))
        for local in owned:
            self.schedule(local)
        self.loop_body(e.id, LoopInfo(step, done, mark, None), e.body)
        self.pop(mark)
        self.goto(step)
        self.start(step)
        self.assign(Place(counter), mir.Binary("+", mir.Copy(Place(counter)), mir.Const(t.INT, 1), False), e.span)
        self.goto(head)
        self.start(done)

    def local_of(self, pat: thir.Pat) -> int:
        """The MIR local of a plain binding, -1 for other patterns."""
        place = self.places[pat.local] if type(pat) is thir.PBind and pat.sub is None and pat.by == "value" else None
        return place.local if place is not None else -1

    def into_for_iter(self, dest: Place, e: thir.ForIter) -> None:
        outer = len(self.drops)
        iter_ty = self.ty(e.iterator.ty)
        iterator = self.temp(iter_ty)
        self.into(Place(iterator), e.iterator)
        self.schedule(iterator, iter_ty)
        item = self.ty(e.item)
        option = t.adt_ty(lang.OPTION, (item,))
        mark = len(self.drops)
        head, body, done = self.new_block(), self.new_block(), self.new_block()
        self.goto(head)
        self.start(head)
        ref = self.assign_temp(t.ref_ty(iter_ty, True), mir.Ref(Place(iterator), True), e.span)
        found = self.temp(option)
        args = tuple([self.ty(a) for a in e.args])
        callee = Instance(e.path, args) if self.is_generic else self.unit.instance(e.path, args)
        self.stmts.append(mir.Call(Place(found), callee, [mir.Move(Place(ref))], e.iterator.span))
        some = self.unit.variant_index(lang.OPTION, "Some")
        which = self.assign_temp(t.INT, mir.Discriminant(Place(found)), e.span)
        self.switch(mir.Copy(Place(which)), [some], [body], done)
        self.start(body)
        self.schedule(found, option)
        payload = Place(found, (mir.Downcast(some), mir.Field(0, item)))
        for local in self.bind_pattern(e.pat, payload):
            self.schedule(local)
        self.loop_body(e.id, LoopInfo(head, done, mark, None), e.body)
        self.pop(mark)
        self.goto(head)
        self.start(done)
        self.pop(outer)

    def into_break(self, dest: Place, e: thir.Break) -> None:
        info = self.loops[e.loop]
        if e.value is not None:
            if info.dest is None or e.value.ty is t.UNIT:
                self.discard(e.value)
            else:
                mark = len(self.drops)
                self.into(info.dest, e.value)
                self.pop(mark)
        self.leave(info.mark)
        self.end(mir.Goto(info.exit))

    def into_continue(self, dest: Place, e: thir.Continue) -> None:
        info = self.loops[e.loop]
        self.leave(info.mark)
        self.end(mir.Goto(info.next))

    def into_give(self, dest: Place, e: thir.Give) -> None:
        if e.value is not None:
            if e.value.ty is t.UNIT or e.value.ty is t.NEVER:
                self.discard(e.value)
            else:
                self.into(Place(0), e.value)
        self.leave(0)
        self.end(mir.Return())

    def leave(self, mark: int) -> None:
        """An early exit: emit what stands above the mark, and keep it for the other ways out."""
        drops = self.drops
        if len(drops) > mark:
            kept = list(drops)
            for at in range(len(kept) - 1, mark - 1, -1):
                entry = kept[at]
                if type(entry) is int:
                    self.dropped.add(entry)
                    self.stmts.append(mir.Drop(Place(entry)))
                else:
                    del drops[at:]
                    self.run_defer(entry)  # type: ignore[arg-type]
            drops[:] = kept

    def into_is(self, dest: Place, e: thir.Is) -> None:
        self.into_cond(dest, e)


def variants_of(pat: thir.Pat) -> list[int] | None:
    """The cases a pattern matches at most; None when it may be any."""
    if type(pat) is thir.PVariant:
        return [pat.variant]
    if type(pat) is thir.POr:
        parts = [variants_of(alt) for alt in pat.alts]
        return None if None in parts else [v for part in parts if part is not None for v in part]
    return None


def taken_before(arms: list[thir.Arm], arm: thir.Arm) -> list[int]:
    """Cases that arms before `arm` take whatever they hold."""
    taken: list[int] = []
    for other in arms:
        if other is arm:
            break
        if other.guard is None:
            alts = other.pat.alts if type(other.pat) is thir.POr else [other.pat]
            taken += [a.variant for a in alts if type(a) is thir.PVariant and all(is_open(p) for _, p in a.fields)]
    return taken


def is_open(pat: thir.Pat) -> bool:
    return type(pat) is thir.PWild or (type(pat) is thir.PBind and pat.sub is None)


def has_is(e: thir.Expr) -> bool:
    """Whether a condition binds by `is`."""
    cls = type(e)
    if cls is thir.Is:
        return True
    return cls is thir.Logical and e.op == "and" and (has_is(e.left) or has_is(e.right))  # type: ignore[union-attr]


def binds_reference(pat: thir.Pat) -> bool:
    """Whether a pattern binds the address of something it matches."""
    cls = type(pat)
    if cls is thir.PBind:
        return pat.by != "value" or (pat.sub is not None and binds_reference(pat.sub))  # type: ignore[union-attr]
    if cls is thir.PVariant or cls is thir.PFields:
        return any(binds_reference(p) for _, p in pat.fields)  # type: ignore[union-attr]
    if cls is thir.PDeref:
        return binds_reference(pat.inner)  # type: ignore[union-attr]
    if cls is thir.POr:
        return any(binds_reference(p) for p in pat.alts)  # type: ignore[union-attr]
    if cls is thir.PList:
        return any(binds_reference(p) for p in (*pat.before, *pat.after)) or pat.rest is not None  # type: ignore[union-attr]
    return False


_Rule = Callable[..., Any]
_STMT: dict[type, _Rule] = {thir.Let: Builder.stmt_let, thir.ExprStmt: Builder.stmt_expr, thir.Defer: Builder.stmt_defer}
_COND: dict[type, _Rule] = {thir.Logical: Builder.cond_logical, thir.Is: Builder.cond_is, thir.Call: Builder.cond_call,
                          thir.Unary: Builder.cond_unary}

INTO.update({
    thir.Block: Builder.into_block,
    thir.If: Builder.into_if,
    thir.Match: Builder.into_match,
    thir.Loop: Builder.into_loop,
    thir.ForRange: Builder.into_for_range,
    thir.ForEach: Builder.into_for_each,
    thir.ForIter: Builder.into_for_iter,
    thir.Break: Builder.into_break,
    thir.Continue: Builder.into_continue,
    thir.Give: Builder.into_give,
    thir.Logical: Builder.into_cond,
    thir.Is: Builder.into_is,
})
