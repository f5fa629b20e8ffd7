"""MIR: control-flow graphs over places; where ownership is checked and drops become explicit.

A body is built per instance (and once per definition with its own type parameters, to be checked). Local 0 is the result;
then the parameters, in order; then the rest. Panics do not unwind, so a call is a statement.

How arguments travel, given the parameter's mode and its concrete type T (`passes_by_value` in `mir_build.abi`):
- `own`: a value T. - `mut`: a `&mut T`. - `lend`: a value T when T is *light*: a plain scalar (number, bool, rune, reference, raw pointer,
  proc; fieldless pick, flags or bits that is copied), or unit; else a `&T`. A by-value lent parameter is never dropped by the callee.
For a type parameter T (only in bodies built for checking) `lend` is a `&T`.

Phases, each with what is no longer allowed (checked by `mir_verify`):
- BUILT: as lowered. `Drop` stands at every scope end for every local that may own something; `Operand.Copy` only on copy types.
- CHECKED: no use of a moved or uninitialised place.
- ELABORATED: no `Drop` of a place that may be moved out: each was removed, made unconditional, or guarded by a drop flag (a bool local);
  each `Drop` left stands for the call of drop glue. No `StorageLive` / `StorageDead` without a slot to mark.

Invariants: M1 every target is a block; M2 locals, fields and variants exist and fit the type; M3 both sides of an `Assign` have one type;
M4 arguments fit the callee; M5 the last thing before a never-returning call's block end is `Unreachable`; M6 a switch has distinct values
and covers its type or has a default; M7 phase rules above; M8 `Copy` operands are of copy types (or are raw, see `Copy`).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vitte.base.source import NO_SPAN, Span
from vitte.ir.mono import Instance, Linkage
from vitte.ir.types import Ty

Phase = Literal["built", "checked", "elaborated"]

# --- places and operands ------------------------------------------------------------------------------------------


class Deref(Struct, gc=False, tag=True, frozen=True):
    """Through a reference, raw pointer or box."""


class Field(Struct, gc=False, tag=True, frozen=True):
    """Field of a tuple, form or union, or, after a `Downcast`, of a case. `ty`: the field's type."""

    index: int
    ty: Ty


class Downcast(Struct, gc=False, tag=True, frozen=True):
    """See the pick as its case `variant`; only directly before a `Field`."""

    variant: int


class Index(Struct, gc=False, tag=True, frozen=True):
    """Element `local` (an `i64`, checked already) of an array, slice (behind a Deref), list, string or bytes."""

    local: int


class ConstIndex(Struct, gc=False, tag=True, frozen=True):
    """Element at a constant position of an array, slice or list, from the end when `from_end` (1 is the last). The length is checked
    already."""

    index: int
    from_end: bool = False


Projection = Deref | Field | Downcast | Index | ConstIndex


class Place(Struct, gc=False, frozen=True):
    local: int
    proj: tuple[Projection, ...] = ()


class Copy(Struct, gc=False, tag=True):
    """The value of a place, which stays usable. Where the type holds strings their counts go up. `raw`: bytes only, no counting (the
    source is lent and the result will not be dropped)."""

    place: Place
    raw: bool = False


class Move(Struct, gc=False, tag=True):
    """The value of a place, which is dead afterwards."""

    place: Place


class Const(Struct, gc=False, tag=True):
    """A scalar: int for integers, rune, bool, fieldless picks, flags; float; None for unit and null pointers."""

    ty: Ty
    value: int | float | None


class ConstText(Struct, gc=False, tag=True):
    """A string or bytes literal (`ty` says which; bytes as code points 0 to 255)."""

    ty: Ty
    value: str


class ConstNamed(Struct, gc=False, tag=True):
    """A `const` by path, evaluated by stage 7."""

    ty: Ty
    path: str
    args: tuple[Ty, ...] = ()


class ProcAddr(Struct, gc=False, tag=True):
    """The address of an instance, as a proc value."""

    ty: Ty
    instance: Instance


class Here(Struct, gc=False, tag=True):
    """The row for a place of the source, as `thir.Here`."""

    ty: Ty
    span: Span


Operand = Copy | Move | Const | ConstText | ConstNamed | ProcAddr | Here

# --- rvalues ------------------------------------------------------------------------------------------------------


class Use(Struct, gc=False, tag=True):
    operand: Operand


class Ref(Struct, gc=False, tag=True):
    """The address of a place: a reference, or a raw pointer when `raw`. Of a slice or `str` place behind a Deref: the pair again."""

    place: Place
    mutable: bool
    raw: bool = False


class Binary(Struct, gc=False, tag=True):
    """+ - * / % & | ^ << >> == != < <= > >= on two operands of one primitive type (the count of a shift: any integer type).
    `checked`: overflow, a zero divisor or a bad count panics at the statement's span; else + - * wrap. For / and % and shifts the check
    is always on."""

    op: str
    left: Operand
    right: Operand
    checked: bool = True


class Unary(Struct, gc=False, tag=True):
    op: Literal["not", "-", "~"]
    operand: Operand
    checked: bool = True


class Cast(Struct, gc=False, tag=True):
    """`kind` as in THIR, without "never" and "reborrow" (those leave no trace)."""

    kind: str
    operand: Operand
    ty: Ty


class Aggregate(Struct, gc=False, tag=True):
    """A tuple, array, form or case: all fields in order. `ty` is its type."""

    ty: Ty
    variant: int
    operands: list[Operand]


class Repeat(Struct, gc=False, tag=True):
    """An array of copies of one value."""

    ty: Ty
    operand: Operand


class Discriminant(Struct, gc=False, tag=True):
    """Which case a pick is, as the *index* of the variant: an `i64`."""

    place: Place


class Len(Struct, gc=False, tag=True):
    """Length of an array, slice (behind a Deref), list, string or bytes: an `i64`."""

    place: Place


class SizeOf(Struct, gc=False, tag=True):
    what: Literal["sizeof", "alignof", "offsetof"]
    of: Ty
    field: int = 0


Rvalue = Use | Ref | Binary | Unary | Cast | Aggregate | Repeat | Discriminant | Len | SizeOf

# --- statements and terminators -----------------------------------------------------------------------------------


class Assign(Struct, gc=False, tag=True):
    """`place = rvalue`, without dropping the old value (a `Drop` before it says so)."""

    place: Place
    rvalue: Rvalue
    span: Span = NO_SPAN


class Call(Struct, gc=False, tag=True):
    """`dest = callee(args)`. A `never` result is followed by `Unreachable`."""

    dest: Place
    callee: Instance | Operand
    args: list[Operand]
    span: Span = NO_SPAN


class Intrinsic(Struct, gc=False, tag=True):
    """`dest = name[args](operands)`, see `lang.INTRINSICS`. A lent or `&T` operand is a reference."""

    dest: Place
    name: str
    args: tuple[Ty, ...]
    operands: list[Operand]
    span: Span = NO_SPAN


class CheckIndex(Struct, gc=False, tag=True):
    """Panic unless 0 <= index < length. `loose`: index may equal length (a slice's end)."""

    index: Operand
    length: Operand
    loose: bool = False
    span: Span = NO_SPAN


class Panic(Struct, gc=False, tag=True):
    """Panic with a fixed message when `cond` is not `expected`."""

    cond: Operand
    expected: bool
    message: str
    span: Span = NO_SPAN


class Drop(Struct, gc=False, tag=True):
    """Drop what the place holds. In phase BUILT it may be moved out, in part or whole: elaboration decides."""

    place: Place
    span: Span = NO_SPAN


class StorageLive(Struct, gc=False, tag=True):
    local: int


class StorageDead(Struct, gc=False, tag=True):
    local: int


Stmt = Assign | Call | Intrinsic | CheckIndex | Panic | Drop | StorageLive | StorageDead


class Goto(Struct, gc=False, tag=True):
    target: int


class Switch(Struct, gc=False, tag=True):
    """On an integer, rune, bool (0/1) operand. `default` is -1 when the values cover everything."""

    operand: Operand
    values: list[int]
    targets: list[int]
    default: int
    span: Span = NO_SPAN


class Return(Struct, gc=False, tag=True):
    pass


class Unreachable(Struct, gc=False, tag=True):
    pass


Terminator = Goto | Switch | Return | Unreachable


class Block(Struct):
    stmts: list[Stmt]
    term: Terminator


class LocalDecl(Struct, gc=False):
    """`name` "" for temporaries."""

    ty: Ty
    name: str = ""
    span: Span = NO_SPAN
    mutable: bool = False


class Body(Struct):
    """`param_count` locals after local 0 are the parameters, with the types in which they are passed. `by_value_lends`: parameters (by
    local) that are lent by value: not dropped here. `file`: what spans point into. `linkage` as planned."""

    instance: Instance
    symbol: str
    linkage: Linkage
    file: str
    locals: list[LocalDecl]
    param_count: int
    blocks: list[Block]
    phase: Phase = "built"
    by_value_lends: list[int] = []
    span: Span = NO_SPAN
    is_const_init: bool = False


class ConstInit(Struct):
    """A constant or static of this unit and the body that computes it (no parameters, result of its type)."""

    path: str
    body: Body
    is_static: bool = False
    is_mutable: bool = False


class StaticAssert(Struct):
    body: Body
    message: str
    text: str
    span: Span


class Program(Struct):
    """What SSA construction takes: elaborated bodies in the order of the plan, and the constants to evaluate."""

    module: str
    file: str
    bodies: list[Body]
    consts: list[ConstInit]
    static_asserts: list[StaticAssert] = []
    tests: list[tuple[str, str]] = []
