"""The MIR verifier. All violations are reported, each with the statement in MIR's text and the number of what it breaks.

- M1 every target is a block of the body.
- M2 locals exist, and each step of a place fits the type it is applied to: fields and cases exist, what is dereferenced is a pointer or a
  box, what is indexed is a sequence; an index local is an `i64`.
- M3 both sides of an assignment have one type; operands fit the operation.
- M4 the arguments of a call fit the callee in number and type (as passed), its result the destination.
- M5 a call whose result is `never` is the last statement of its block, and the block ends in `unreachable`.
- M6 the values of a switch are distinct, as many as its targets, and without a default cover the type: both of a bool, all cases of a pick.
- M7 phases: elaborated bodies drop no local after it was moved out whole in the same block; drops are of types that need one.
- M8 `copy` is of copy types only (`raw` of any).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.impls import bounds_of, normalize
from vitte.ir.mir import Place
from vitte.ir.mir_text import place_text, rvalue_text, stmt_text, term_text
from vitte.ir.mono import Instance
from vitte.ir.ownership import is_copy, needs_drop
from vitte.ir.types import HAS_PARAM, HAS_PROJECTION, Ty, subst

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext

_COMPARE = frozenset(("==", "!=", "<", "<=", ">", ">="))
_SHIFTS = frozenset(("<<", ">>"))
_OPEN = HAS_PARAM | HAS_PROJECTION


def verify(program: mir.Program, ctx: UnitContext) -> list[str]:
    """As `verify_program`, for the pipeline."""
    return verify_program(program, ctx.defs)


def verify_program(program: mir.Program, defs: Definitions) -> list[str]:
    """Violations in all bodies, in order; empty when there are none."""
    out: list[str] = []
    for body in program.bodies:
        out += verify_body(body, defs)
    for const in program.consts:
        out += verify_body(const.body, defs)
    for check in program.static_asserts:
        out += verify_body(check.body, defs)
    return out


def verify_body(body: mir.Body, defs: Definitions) -> list[str]:
    """Violations of M1 to M8 in one body: texts that begin with the number."""
    return _Verifier(body, defs).run()


class _Bad(Exception):
    """A place or operand that has no type: reported already."""


class _Verifier:
    def __init__(self, body: mir.Body, defs: Definitions) -> None:
        self.body = body
        self.defs = defs
        self.out: list[str] = []
        self.where = ""
        proc = defs.procs.get(body.instance.path)
        self.bounds = bounds_of(proc.generics, defs) if proc is not None and any(a.flags & HAS_PARAM for a in body.instance.args) else ()
        self.elaborated = body.phase == "elaborated"

    def run(self) -> list[str]:
        body = self.body
        for n, block in enumerate(body.blocks):
            last = len(block.stmts) - 1
            moved: set[int] = set()
            for i, stmt in enumerate(block.stmts):
                self.where = f"bb{n}[{i}] {stmt_text(stmt)}"
                try:
                    _STMTS[type(stmt)](self, stmt)
                except _Bad:
                    pass
                if type(stmt) is mir.Call or type(stmt) is mir.Intrinsic:
                    self.check_never(stmt, i == last, block.term)
                if self.elaborated:
                    self.check_moved(stmt, moved)
            self.where = f"bb{n} {term_text(block.term)}"
            try:
                self.check_term(block.term)
            except _Bad:
                pass
        return self.out

    def report(self, number: int, text: str) -> None:
        self.out.append(f"M{number} {self.body.instance.text} {self.where}: {text}")

    # --- types --------------------------------------------------------------------------------------------------

    def local_ty(self, local: int) -> Ty:
        if not 0 <= local < len(self.body.locals):
            self.report(2, f"there is no local _{local}")
            raise _Bad
        return self.body.locals[local].ty

    def field_ty(self, ty: Ty, variant: int, index: int) -> Ty | None:
        if type(ty) is t.TupleTy:
            return ty.elems[index] if index < len(ty.elems) else None
        if type(ty) is t.AdtTy:
            adt = self.defs.adts.get(ty.path)
            if adt is not None and variant < len(adt.variants) and index < len(adt.variants[variant].fields):
                return normalize(subst(adt.variants[variant].fields[index].ty, ty.args), self.defs, self.bounds)
        return None

    def place(self, place: Place) -> Ty:
        ty = self.local_ty(place.local)
        variant = -1
        for step in place.proj:
            kind = type(step)
            if variant >= 0 and kind is not mir.Field:
                self.report(2, f"a case of {ty.text} is not followed by a field in {place_text(place)}")
                raise _Bad
            if isinstance(step, mir.Deref):
                if type(ty) is t.RefTy or type(ty) is t.PtrTy:
                    ty = ty.target
                elif type(ty) is t.AdtTy and ty.path == lang.BOX:
                    ty = ty.args[0]
                else:
                    self.report(2, f"{ty.text} is no pointer in {place_text(place)}")
                    raise _Bad
            elif isinstance(step, mir.Field):
                found = self.field_ty(ty, max(variant, 0), step.index)
                if found is None:
                    self.report(2, f"{ty.text} has no field {step.index} in {place_text(place)}")
                    raise _Bad
                if found is not step.ty and not found.flags & HAS_PROJECTION:
                    self.report(2, f"field {step.index} of {ty.text} is {found.text}, not {step.ty.text}")
                ty = step.ty
                variant = -1
            elif isinstance(step, mir.Downcast):
                adt = self.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
                if adt is None or adt.kind != "pick" or step.variant >= len(adt.variants):
                    self.report(2, f"{ty.text} has no case {step.variant} in {place_text(place)}")
                    raise _Bad
                variant = step.variant
            else:
                if isinstance(step, mir.Index) and self.local_ty(step.local) is not t.INT:
                    self.report(2, f"the index _{step.local} is no i64")
                ty = self.elem(ty, place)
        if variant >= 0:
            self.report(2, f"{place_text(place)} ends in a case")
            raise _Bad
        return ty

    def elem(self, ty: Ty, place: Place) -> Ty:
        if type(ty) is t.ArrayTy or type(ty) is t.SliceTy:
            return ty.elem
        if type(ty) is t.AdtTy and ty.path == lang.LIST:
            return ty.args[0]
        if ty is t.STRING or ty is t.BYTES:
            return t.U8
        self.report(2, f"{ty.text} has no elements in {place_text(place)}")
        raise _Bad

    def operand(self, op: mir.Operand) -> Ty:
        if isinstance(op, mir.Copy):
            ty = self.place(op.place)
            if not op.raw and not is_copy(ty, self.defs, self.bounds):
                self.report(8, f"{ty.text} is not copied but moved")
            return ty
        if isinstance(op, mir.Move):
            return self.place(op.place)
        return op.ty

    def same(self, number: int, wanted: Ty, found: Ty, what: str) -> None:
        if wanted is not found and not (wanted.flags | found.flags) & HAS_PROJECTION:
            self.report(number, f"{what} is {found.text}, not {wanted.text}")

    # --- statements -----------------------------------------------------------------------------------------------

    def assign(self, stmt: mir.Assign) -> None:
        ty = self.place(stmt.place)
        self.same(3, ty, self.rvalue(stmt.rvalue, ty), "the value")

    def rvalue(self, rv: mir.Rvalue, wanted: Ty) -> Ty:
        if isinstance(rv, mir.Use):
            return self.operand(rv.operand)
        if isinstance(rv, mir.Ref):
            ty = self.place(rv.place)
            return t.ptr_ty(ty, wanted.mutable if type(wanted) is t.PtrTy else rv.mutable) if rv.raw else t.ref_ty(ty, rv.mutable)
        if isinstance(rv, mir.Binary):
            left, right = self.operand(rv.left), self.operand(rv.right)
            if rv.op in _SHIFTS:
                if type(left) is not t.IntTy or type(right) is not t.IntTy:
                    self.report(3, f"{rvalue_text(rv)} shifts {left.text} by {right.text}")
            else:
                self.same(3, left, right, "the right side")
            return t.BOOL if rv.op in _COMPARE else left
        if isinstance(rv, mir.Unary):
            return self.operand(rv.operand)
        if isinstance(rv, mir.Cast):
            self.operand(rv.operand)
            return rv.ty
        if isinstance(rv, mir.Aggregate):
            return self.aggregate(rv)
        if isinstance(rv, mir.Repeat):
            found = self.operand(rv.operand)
            if type(rv.ty) is t.ArrayTy:
                self.same(3, rv.ty.elem, found, "the element")
            else:
                self.report(3, f"{rv.ty.text} is no array")
            return rv.ty
        if isinstance(rv, mir.Discriminant):
            ty = self.place(rv.place)
            adt = self.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
            if adt is None or adt.kind != "pick":
                self.report(3, f"{ty.text} has no cases")
            return t.INT
        if isinstance(rv, mir.Len):
            self.elem(self.place(rv.place), rv.place)
            return t.INT
        return t.INT

    def aggregate(self, rv: mir.Aggregate) -> Ty:
        ty = rv.ty
        found = [self.operand(op) for op in rv.operands]
        if type(ty) is t.ArrayTy:
            if type(ty.length) is t.ConstTy and ty.length.value != len(found):
                self.report(3, f"{len(found)} elements for {ty.text}")
            wanted: list[Ty | None] = [ty.elem] * len(found)
        else:
            if type(ty) is t.TupleTy:
                count = len(ty.elems)
            else:
                adt = self.defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
                if adt is None or rv.variant >= len(adt.variants):
                    self.report(2, f"{ty.text} has no case {rv.variant}")
                    return ty
                count = len(adt.variants[rv.variant].fields)
            if count != len(found):
                self.report(3, f"{len(found)} values for {count} fields of {ty.text}")
            wanted = [self.field_ty(ty, rv.variant, i) for i in range(len(found))]
        for i, (a, b) in enumerate(zip(wanted, found)):
            if a is not None:
                self.same(3, a, b, f"part {i}")
        return ty

    def call(self, stmt: mir.Call) -> None:
        dest = self.place(stmt.dest)
        found = [self.operand(a) for a in stmt.args]
        callee = stmt.callee
        if not isinstance(callee, Instance):
            ty = self.operand(callee)
            if type(ty) is not t.ProcTy:
                self.report(4, f"{ty.text} cannot be called")
                return
            self.arguments([self.passed(p, m) for p, m in zip(ty.params, ty.modes)], found, False)
            self.same(4, ty.result, dest, "the destination")
            return
        proc = self.defs.procs.get(callee.path)
        if proc is None or callee.glue:
            return
        args = callee.args
        ctx_open = any(a.flags & _OPEN for a in args)
        result = self.resolve(proc.result, args)
        wanted = [
            self.resolve(p.ty, args) if proc.abi == "C" else self.passed(self.resolve(p.ty, args), p.mode) for p in proc.params
        ]
        if not ctx_open:
            self.arguments(wanted, found, proc.variadic)
            self.same(4, result, dest, "the destination")
        elif len(wanted) != len(found):
            self.report(4, f"{len(found)} arguments for {len(wanted)}")

    def resolve(self, ty: Ty, args: tuple[Ty, ...]) -> Ty:
        return normalize(subst(ty, args), self.defs, self.bounds)

    def passed(self, ty: Ty, mode: str) -> Ty:
        if mode == "own" or (mode == "lend" and _light(ty, self.defs)):
            return ty
        return t.ref_ty(ty, mode == "mut")

    def arguments(self, wanted: list[Ty], found: list[Ty], variadic: bool) -> None:
        if len(wanted) != len(found) and not (variadic and len(found) > len(wanted)):
            self.report(4, f"{len(found)} arguments for {len(wanted)}")
        for i, (a, b) in enumerate(zip(wanted, found)):
            self.same(4, a, b, f"argument {i}")

    def intrinsic(self, stmt: mir.Intrinsic) -> None:
        self.place(stmt.dest)
        for op in stmt.operands:
            self.operand(op)
        if stmt.name not in lang.INTRINSICS:
            self.report(4, f"there is no intrinsic {stmt.name}")

    def check_index(self, stmt: mir.CheckIndex) -> None:
        self.same(3, t.INT, self.operand(stmt.index), "the index")
        self.same(3, t.INT, self.operand(stmt.length), "the length")

    def panic(self, stmt: mir.Panic) -> None:
        self.same(3, t.BOOL, self.operand(stmt.cond), "the condition")

    def drop(self, stmt: mir.Drop) -> None:
        ty = self.place(stmt.place)
        if not ty.flags & HAS_PARAM and not needs_drop(ty, self.defs):
            self.report(7, f"{ty.text} has nothing to drop")

    def storage(self, stmt: mir.StorageLive | mir.StorageDead) -> None:
        self.local_ty(stmt.local)

    def check_never(self, stmt: mir.Call | mir.Intrinsic, is_last: bool, term: mir.Terminator) -> None:
        if stmt.dest.local < len(self.body.locals) and not stmt.dest.proj and self.body.locals[stmt.dest.local].ty is t.NEVER:
            if not is_last or type(term) is not mir.Unreachable:
                self.report(5, "a call that never returns is not followed by `unreachable`")

    def check_moved(self, stmt: mir.Stmt, moved: set[int]) -> None:
        if type(stmt) is mir.Drop:
            if stmt.place.local in moved:
                self.report(7, f"_{stmt.place.local} was moved out before")
            return
        for op in _operands(stmt):
            if type(op) is mir.Move and not op.place.proj:
                moved.add(op.place.local)
        dest = stmt.place if type(stmt) is mir.Assign else getattr(stmt, "dest", None)
        if type(dest) is Place and not dest.proj:
            moved.discard(dest.local)

    # --- terminators ----------------------------------------------------------------------------------------------

    def check_term(self, term: mir.Terminator) -> None:
        targets: list[int] = []
        if isinstance(term, mir.Goto):
            targets = [term.target]
        elif isinstance(term, mir.Switch):
            targets = [*term.targets, *([term.default] if term.default != -1 else [])]
        for target in targets:
            if not 0 <= target < len(self.body.blocks):
                self.report(1, f"there is no bb{target}")
        if isinstance(term, mir.Switch):
            self.check_switch(term)

    def check_switch(self, term: mir.Switch) -> None:
        ty = self.operand(term.operand)
        if len(set(term.values)) != len(term.values) or len(term.values) != len(term.targets):
            self.report(6, "values are not distinct, or not as many as targets")
        if ty is t.BOOL:
            if any(v not in (0, 1) for v in term.values):
                self.report(6, "a bool is 0 or 1")
            if term.default == -1 and len(term.values) < 2:
                self.report(6, "not every bool has a target")
        elif type(ty) is not t.IntTy and ty is not t.RUNE:
            self.report(6, f"{ty.text} cannot be switched on")
        elif term.default == -1 and not term.values:
            self.report(6, "there is no target")


def _operands(stmt: mir.Stmt) -> list[mir.Operand]:
    if isinstance(stmt, mir.Call):
        return stmt.args
    if isinstance(stmt, mir.Intrinsic):
        return stmt.operands
    if isinstance(stmt, mir.Assign):
        rv = stmt.rvalue
        if isinstance(rv, (mir.Use, mir.Cast, mir.Unary, mir.Repeat)):
            return [rv.operand]
        if isinstance(rv, mir.Binary):
            return [rv.left, rv.right]
        if isinstance(rv, mir.Aggregate):
            return rv.operands
    return []


def _light(ty: Ty, defs: Definitions) -> bool:
    """The rule of how arguments travel, as the module `mir` states it."""
    cls = type(ty)
    if cls in (t.IntTy, t.FloatTy, t.RefTy, t.PtrTy, t.ProcTy) or ty in (t.BOOL, t.RUNE, t.NEVER, t.UNIT):
        return True
    adt = defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is None or not is_copy(ty, defs):
        return False
    return adt.kind in ("flags", "bits") or (adt.kind == "pick" and bool(adt.variants) and not any(v.fields for v in adt.variants))


_STMTS: dict[type, Callable[[_Verifier, Any], None]] = {
    mir.Assign: _Verifier.assign,
    mir.Call: _Verifier.call,
    mir.Intrinsic: _Verifier.intrinsic,
    mir.CheckIndex: _Verifier.check_index,
    mir.Panic: _Verifier.panic,
    mir.Drop: _Verifier.drop,
    mir.StorageLive: _Verifier.storage,
    mir.StorageDead: _Verifier.storage,
}
