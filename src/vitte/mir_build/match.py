"""Patterns, compiled to a decision tree.

A match is a list of *rows*: the tests an arm still has to pass, each a (place, pattern), and what it binds so far. One place is
chosen among the tests of the first row (the one most rows test), all rows are sorted by the outcomes of testing it, and each
outcome goes on with the rows left. A row without tests is a leaf: it binds, tries its guard, and goes to the arm. No place is tested
twice on one path, rows may be copied (Maranget, "Compiling pattern matching to good decision trees", 2008).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from vitte.ir import lang, mir, thir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.types import Ty
from vitte.mir_build.calls import Calls
from vitte.mir_build.core import DEREF
from vitte.mir_build.facts import MOVE, PLAIN, elem_ty

Test = tuple[Place, thir.Pat]


class Bind(Struct):
    """`rest`: for the middle of a list pattern, how many elements stand before and after it."""

    pat: thir.PBind
    place: Place
    rest: tuple[int, int] | None = None


class Row(Struct):
    tests: list[Test]
    binds: list[Bind]
    arm: int


Leaf = Callable[[Row, list[Row]], None]


class Patterns(Calls):
    """Matching of places against patterns."""

    # --- entry points ---------------------------------------------------------------------------------------------

    def bind_pattern(self, pat: thir.Pat, place: Place) -> list[int]:
        owned: list[int] = []
        rows = self.rows_of(pat, place, 0)
        if rows[0].tests:
            # The pattern always matches, but looks at something (alternatives that cover everything).
            done = self.new_block()
            owned = self.test_rows(rows, done, -1)
            self.start(done)
            return owned
        self.emit_binds(rows[0], owned)
        return owned

    def test_pattern(self, pat: thir.Pat, place: Place, success: int, fail: int) -> list[int]:
        return self.test_rows(self.rows_of(pat, place, 0), success, fail)

    def test_rows(self, rows: list[Row], success: int, fail: int) -> list[int]:
        owned: list[int] = []

        def leaf(row: Row, rest: list[Row]) -> None:
            self.emit_binds(row, owned)
            self.goto(success)

        self.decide(rows, leaf, fail)
        return list(dict.fromkeys(owned))

    # --- rows -----------------------------------------------------------------------------------------------------

    def rows_of(self, pat: thir.Pat, place: Place, arm: int) -> list[Row]:
        row = Row([], [], arm)
        self.expand(row, place, pat)
        return self.split(row)

    def expand(self, row: Row, place: Place, pat: thir.Pat) -> None:
        """Put a pattern into a row: what always matches is taken apart, what needs a look becomes a test."""
        cls = type(pat)
        if cls is thir.PWild:
            return
        if cls is thir.PBind:
            row.binds.append(Bind(pat, place))  # type: ignore[arg-type]
            if pat.sub is not None:  # type: ignore[union-attr]
                self.expand(row, place, pat.sub)  # type: ignore[union-attr]
        elif cls is thir.PFields:
            ty = self.ty(pat.ty)
            for index, sub in pat.fields:  # type: ignore[union-attr]
                self.expand(row, Place(place.local, (*place.proj, mir.Field(index, self.unit.field_ty(ty, 0, index)))), sub)
        elif cls is thir.PDeref:
            self.expand(row, Place(place.local, (*place.proj, DEREF)), pat.inner)  # type: ignore[union-attr]
        elif cls is thir.PVariant and len(self.unit.adt(self.ty(pat.ty)).variants) == 1:
            self.expand_variant(row, place, pat)  # type: ignore[arg-type]
        elif cls is thir.PList and type(self.ty(pat.ty)) is t.ArrayTy:
            self.expand_list(row, place, pat)  # type: ignore[arg-type]
        else:
            row.tests.append((place, pat))

    def expand_variant(self, row: Row, place: Place, pat: thir.PVariant) -> None:
        ty = self.ty(pat.ty)
        step = mir.Downcast(pat.variant)
        for index, sub in pat.fields:
            if type(sub) is not thir.PWild:
                field = mir.Field(index, self.unit.field_ty(ty, pat.variant, index))
                self.expand(row, Place(place.local, (*place.proj, step, field)), sub)

    def expand_list(self, row: Row, place: Place, pat: thir.PList) -> None:
        ty = self.ty(pat.ty)
        proj = place.proj
        for i, sub in enumerate(pat.before):
            self.expand(row, Place(place.local, (*proj, mir.ConstIndex(i))), sub)
        after = len(pat.after)
        length = ty.length.value if type(ty) is t.ArrayTy and type(ty.length) is t.ConstTy else -1
        for i, sub in enumerate(pat.after):
            step = mir.ConstIndex(length - after + i) if length >= 0 else mir.ConstIndex(after - i, True)
            self.expand(row, Place(place.local, (*proj, step)), sub)
        if type(pat.rest) is thir.PBind:
            row.binds.append(Bind(pat.rest, place, (len(pat.before), after)))

    def split(self, row: Row) -> list[Row]:
        """One row for each combination of alternatives."""
        for i, (place, pat) in enumerate(row.tests):
            if type(pat) is thir.POr:
                out: list[Row] = []
                for alt in pat.alts:
                    new = Row(row.tests[:i], list(row.binds), row.arm)
                    self.expand(new, place, alt)
                    new.tests += row.tests[i + 1 :]
                    out += self.split(new)
                return out
        return [row]

    # --- the tree -------------------------------------------------------------------------------------------------

    def decide(self, rows: list[Row], leaf: Leaf, fail: int) -> None:
        """Emit the tests for `rows` from the current block on. `fail`: where to go when none matches, -1 when that cannot be."""
        if not rows:
            if fail >= 0:
                self.goto(fail)
            else:
                self.terms[self.bb] = mir.Unreachable()
            return
        first = rows[0]
        if not first.tests:
            leaf(first, rows[1:])
            return
        place, pat = first.tests[0]
        if len(first.tests) > 1 and len(rows) > 1:
            best = -1
            for candidate in first.tests:
                score = sum([any(p == candidate[0] for p, _ in row.tests) for row in rows])
                if score > best:
                    best = score
                    place, pat = candidate
        cls = type(pat)
        if cls is thir.PVariant:
            self.decide_variant(rows, place, self.ty(pat.ty), leaf, fail)
        elif type(pat) is thir.PConst and isinstance(pat.value, int) and type(self.ty(pat.ty)) is not t.FloatTy:
            self.decide_value(rows, place, self.ty(pat.ty), leaf, fail)
        elif cls is thir.PList:
            self.decide_length(rows, place, pat, leaf, fail)  # type: ignore[arg-type]
        else:
            self.decide_equal(rows, place, pat, leaf, fail)

    def decide_variant(self, rows: list[Row], place: Place, ty: Ty, leaf: Leaf, fail: int) -> None:
        groups: dict[int, list[Row]] = {}
        for row in rows:
            pat = test_of(row, place)
            if pat is not None:
                groups.setdefault(pat.variant, [])  # type: ignore[union-attr]
        others: list[Row] = []
        for row in rows:
            pat = test_of(row, place)
            if pat is None:
                for group in groups.values():
                    group.append(copy_row(row))
                others.append(row)
            else:
                assert type(pat) is thir.PVariant
                drop_test(row, place)
                self.expand_variant(row, place, pat)
                groups[pat.variant] += self.split(row)
        which = self.assign_temp(t.INT, mir.Discriminant(place), rows[0].tests[0][1].span if rows[0].tests else self.body.span)
        blocks = [self.new_block() for _ in groups]
        default = -1
        if len(groups) < len(self.unit.adt(ty).variants):
            default = self.new_block() if others or fail < 0 else fail
        self.switch(mir.Copy(Place(which)), list(groups), blocks, default)
        for bb, group in zip(blocks, groups.values()):
            self.start(bb)
            self.decide(group, leaf, fail)
        if default >= 0 and default != fail:
            self.start(default)
            self.decide(others, leaf, fail)

    def decide_value(self, rows: list[Row], place: Place, ty: Ty, leaf: Leaf, fail: int) -> None:
        groups: dict[int, list[Row]] = {}
        for row in rows:
            pat = test_of(row, place)
            if type(pat) is thir.PConst:
                groups.setdefault(int(pat.value), [])
        others: list[Row] = []
        for row in rows:
            pat = test_of(row, place)
            if type(pat) is thir.PConst:
                drop_test(row, place)
                groups[int(pat.value)].append(row)
                continue
            for value, group in groups.items():
                if pat is None or (type(pat) is thir.PRange and pat.low <= value <= pat.high):
                    new = copy_row(row)
                    drop_test(new, place)
                    group.append(new)
            others.append(row)
        blocks = [self.new_block() for _ in groups]
        covers = ty is t.BOOL and len(groups) == 2
        default = -1
        if not covers:
            default = self.new_block() if others or fail < 0 else fail
        self.switch(mir.Copy(place), list(groups), blocks, default)
        for bb, group in zip(blocks, groups.values()):
            self.start(bb)
            self.decide(group, leaf, fail)
        if default >= 0 and default != fail:
            self.start(default)
            self.decide(others, leaf, fail)

    def decide_equal(self, rows: list[Row], place: Place, pat: thir.Pat, leaf: Leaf, fail: int) -> None:
        """Two outcomes: the value at `place` is in `pat` (a range, a float, a text) or not."""
        yes: list[Row] = []
        no: list[Row] = []
        for row in rows:
            other = test_of(row, place)
            if other is None:
                yes.append(copy_row(row))
                no.append(row)
            elif same_test(pat, other):
                drop_test(row, place)
                yes.append(row)
            else:
                if type(pat) is thir.PRange and may_meet(pat, other):
                    yes.append(copy_row(row))
                no.append(row)
        then = self.new_block()
        otherwise = self.new_block() if no or fail < 0 else fail
        self.test_value(place, pat, then, otherwise)
        self.start(then)
        self.decide(yes, leaf, fail)
        if otherwise != fail:
            self.start(otherwise)
            self.decide(no, leaf, fail)

    def test_value(self, place: Place, pat: thir.Pat, then: int, otherwise: int) -> None:
        ty = self.ty(pat.ty)
        span = pat.span
        if type(pat) is thir.PRange:
            lowest, highest = limits(ty)
            if pat.low != lowest:
                above = self.assign_temp(t.BOOL, mir.Binary(">=", mir.Copy(place), mir.Const(ty, pat.low)), span)
                if pat.high == highest:
                    self.switch(mir.Copy(Place(above)), [0], [otherwise], then)
                    return
                inside = self.new_block()
                self.switch(mir.Copy(Place(above)), [0], [otherwise], inside)
                self.start(inside)
            op: mir.Operand = mir.Copy(Place(self.assign_temp(t.BOOL, mir.Binary("<=", mir.Copy(place), mir.Const(ty, pat.high)), span)))
        else:
            assert type(pat) is thir.PConst, pat
            if type(pat.value) is str:
                text = self.assign_temp(ty, mir.Use(mir.ConstText(ty, pat.value)), span)
                ref = t.ref_ty(ty)
                left = self.assign_temp(ref, mir.Ref(place, False), span)
                right = self.assign_temp(ref, mir.Ref(Place(text), False), span)
                equal = self.temp(t.BOOL)
                operands: list[mir.Operand] = [mir.Copy(Place(left)), mir.Copy(Place(right))]
                if ty is t.STRING:
                    self.call_lang(Place(equal), lang.STR_EQ, (), operands, span)
                else:
                    callee = self.unit.instance(f"{lang.TRAIT_EQ}.eq", (ty,))
                    self.stmts.append(mir.Call(Place(equal), callee, operands, span))
            else:
                value: int | float = pat.value  # type: ignore[assignment]
                equal = self.assign_temp(t.BOOL, mir.Binary("==", mir.Copy(place), mir.Const(ty, value)), span)
            op = mir.Copy(Place(equal))
        self.switch(op, [0], [otherwise], then)

    def decide_length(self, rows: list[Row], place: Place, pat: thir.PList, leaf: Leaf, fail: int) -> None:
        """Two outcomes: the length fits the pattern or not. What that says about the lengths other rows want is used."""
        count, open_end = needed(pat)
        yes: list[Row] = []
        no: list[Row] = []
        for row in rows:
            other = test_of(row, place)
            if other is None:
                yes.append(copy_row(row))
                no.append(row)
                continue
            assert type(other) is thir.PList
            n, is_open = needed(other)
            if (n, is_open) == (count, open_end) or (not open_end and is_open and n <= count) or (open_end and is_open and n <= count):
                new = copy_row(row)
                drop_test(new, place)
                self.expand_list(new, place, other)
                yes += self.split(new)
                if (n, is_open) != (count, open_end):
                    no.append(row)
            elif open_end:
                if is_open or n >= count:
                    yes.append(copy_row(row))
                if n < count:
                    no.append(row)
            else:
                no.append(row)
        then = self.new_block()
        otherwise = self.new_block() if no or fail < 0 else fail
        length = self.assign_temp(t.INT, mir.Len(place), pat.span)
        test = mir.Binary(">=" if open_end else "==", mir.Copy(Place(length)), mir.Const(t.INT, count))
        self.switch(mir.Copy(Place(self.assign_temp(t.BOOL, test, pat.span))), [0], [otherwise], then)
        self.start(then)
        self.decide(yes, leaf, fail)
        if otherwise != fail:
            self.start(otherwise)
            self.decide(no, leaf, fail)

    # --- bindings -------------------------------------------------------------------------------------------------

    def emit_binds(self, row: Row, owned: list[int]) -> None:
        for bind in row.binds:
            self.emit_bind(bind, owned)

    def emit_bind(self, bind: Bind, owned: list[int]) -> None:
        pat, place = bind.pat, bind.place
        local = self.declare(pat.local)
        span = pat.span
        if bind.rest is not None:
            self.bind_rest(local, place, bind.rest, pat)
            return
        if pat.by == "value":
            ty = pat.ty
            if ty is t.UNIT:
                return
            self.stmts.append(mir.Assign(Place(local), mir.Use(self.consume(place, ty, span)), span))
            if self.unit.needs_drop(self.locals[local].ty):
                owned.append(local)
        else:
            self.stmts.append(mir.Assign(Place(local), mir.Ref(place, pat.by == "ref mut"), span))

    def bind_rest(self, local: int, place: Place, rest: tuple[int, int], pat: thir.PBind) -> None:
        """The slice between the elements of a list pattern."""
        span = pat.span
        mutable = pat.by == "ref mut"
        ty = self.place_ty(place)
        elem = elem_ty(ty)
        slice_ref = t.ref_ty(t.slice_ty(elem), mutable)
        whole = self.assign_temp(t.ref_ty(ty, mutable), mir.Ref(place, mutable), span)
        if type(ty) is not t.SliceTy:
            kind = "array_to_slice" if type(ty) is t.ArrayTy else "list_to_slice"
            all_of_it: mir.Operand = mir.Move(Place(whole)) if mutable else mir.Copy(Place(whole))
            whole = self.assign_temp(slice_ref, mir.Cast(kind, all_of_it, slice_ref), span)
        length = self.assign_temp(t.INT, mir.Len(place), span)
        end = self.assign_temp(t.INT, mir.Binary("-", mir.Copy(Place(length)), mir.Const(t.INT, rest[1]), False), span)
        path = lang.SLICE_PART_MUT if mutable else lang.SLICE_PART
        first: mir.Operand = mir.Move(Place(whole)) if mutable else mir.Copy(Place(whole))
        self.call_lang(Place(local), path, (elem,), [first, mir.Const(t.INT, rest[0]), mir.Copy(Place(end))], span)

    def with_guard(self, row: Row, guard: thir.Expr, then: int, otherwise: int) -> list[int]:
        """Try a guard: plain bindings are made before it; what it owns it sees in place, and moves only when the guard holds."""
        owned: list[int] = []
        late: list[Bind] = []
        for bind in row.binds:
            pat = bind.pat
            kind = self.kind(pat.ty) if pat.by == "value" and bind.rest is None else PLAIN
            if kind == PLAIN or (kind == MOVE and not self.unit.needs_drop(self.ty(pat.ty))):
                self.emit_bind(bind, owned)
            else:
                late.append(bind)
                self.declare(pat.local)
        own = [self.places[bind.pat.local] for bind in late]
        for bind in late:
            self.places[bind.pat.local] = bind.place
        taken = self.new_block()
        mark = len(self.drops)
        failed = self.new_block()
        self.as_cond(guard, taken, failed)
        entries = self.drops[mark:]
        del self.drops[mark:]
        for bind, place in zip(late, own):
            self.places[bind.pat.local] = place
        self.start(failed)
        self.emit_drops(entries)
        self.goto(otherwise)
        self.start(taken)
        self.emit_drops(entries)
        for bind in late:
            self.emit_bind(bind, owned)
        self.goto(then)
        return owned


def test_of(row: Row, place: Place) -> thir.Pat | None:
    for at, pat in row.tests:
        if at == place:
            return pat
    return None


def drop_test(row: Row, place: Place) -> None:
    row.tests = [test for test in row.tests if test[0] != place]


def copy_row(row: Row) -> Row:
    return Row(list(row.tests), list(row.binds), row.arm)


def needed(pat: thir.PList) -> tuple[int, bool]:
    """How many elements a list pattern wants, and whether there may be more."""
    return len(pat.before) + len(pat.after), pat.has_rest or pat.rest is not None


def same_test(a: thir.Pat, b: thir.Pat) -> bool:
    if type(a) is thir.PConst and type(b) is thir.PConst:
        return a.value == b.value
    return type(a) is thir.PRange and type(b) is thir.PRange and a.low == b.low and a.high == b.high


def may_meet(a: thir.PRange, b: thir.Pat) -> bool:
    if type(b) is thir.PConst:
        return a.low <= b.value <= a.high  # type: ignore[operator]
    return type(b) is thir.PRange and a.low <= b.high and b.low <= a.high


def limits(ty: Ty) -> tuple[int | None, int | None]:
    """Least and greatest value of an integer type."""
    if type(ty) is t.IntTy:
        if ty.signed:
            return -(1 << ty.bits - 1), (1 << ty.bits - 1) - 1
        return 0, (1 << ty.bits) - 1
    return None, None
