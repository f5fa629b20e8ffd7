"""THIR: bodies with every expression typed, coercions and call targets explicit, matches exhaustive.

A *place* expression (Local, Static, Field, Index, Deref) names memory; used as a value it is copied or moved by its type.
What type checking made plain: method calls are `Call`s; automatic references and dereferences are `Borrow` and `Deref`
nodes; overloaded operators are `Call`s; `?`, `??`, formatting, asserts and literals of maps are ordinary expressions.

Invariants (checked by `thir_verify`): T1 no inference variable in any type; T2 operands of `Binary` have one type, except shifts;
T3 the arguments of a `Call` agree with the callee in number, mode and type after substitution; T4 `Field`, `Index`, `Deref` fit the
type of their base; T5 every local is declared; T6 `Break` and `Continue` name an enclosing loop; T7 patterns fit the matched type.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vitte.base.source import NO_SPAN, Span
from vitte.ir.defs import Interface
from vitte.ir.types import Mode, Ty


class Node(Struct, gc=False, tag=True, array_like=True):
    """Base of every expression: its type and place."""

    ty: Ty
    span: Span


# --- places -------------------------------------------------------------------------------------------------------


class Local(Node):
    """A local or parameter. `ty` is the declared type, also for lent parameters (that they are passed by address is MIR's affair)."""

    local: int


class Static(Node):
    path: str


class Field(Node):
    """Field `index` of a tuple, form or union (places of case payloads come from patterns only)."""

    base: Expr
    index: int


class Index(Node):
    """Element of an array, slice, list, string or bytes *place* (dereferences are explicit). `index` is an `int`; checked in MIR.

    Indexing a string or bytes yields a `u8` value, not a place that can be assigned."""

    base: Expr
    index: Expr


class Deref(Node):
    """What a reference, raw pointer or box points at."""

    base: Expr


# --- values -------------------------------------------------------------------------------------------------------


class Lit(Node):
    """A literal of its `ty`: int for integers, rune, bool (0/1), fieldless discriminant; float; str; None for unit and null. Bytes are a
    str of code points 0 to 255."""

    value: int | float | str | None


class ConstRef(Node):
    """The value of a constant. `args`: type arguments, for associated constants in generic code."""

    path: str
    args: tuple[Ty, ...] = ()


class ConstParam(Node):
    """A const generic parameter as a value (`ty` is its integer type): `param` is a `ParamTy`, after substitution a `ConstTy`."""

    param: Ty


class Here(Node):
    """Where this node stands in the source, as a pointer to a row of a table of places: what a panic names. `ty` is `*Place`."""


class ProcRef(Node):
    """A procedure as a value; `ty` is its `ProcTy`."""

    path: str
    args: tuple[Ty, ...]


class Unary(Node):
    """`not` on bool, `~` on integers, `-` on numbers; `-` panics on overflow."""

    op: Literal["not", "-", "~"]
    operand: Expr


class Binary(Node):
    """A primitive operation. Arithmetic and bits on numbers (both sides of one type; a shift count is any integer);
    comparisons on numbers, bool, rune, raw pointers, and fieldless picks and flags for == and !=. Two integers of different types
    were widened to one that holds both, `i128` at most."""

    op: str
    left: Expr
    right: Expr


class Logical(Node):
    op: Literal["and", "or"]
    left: Expr
    right: Expr


CastKind = Literal[
    "int",  # integer, rune, bool or discriminant to integer: extend or truncate
    "int_to_float",
    "float_to_int",  # saturating, NaN is 0
    "float",
    "int_to_rune",  # from u8, or checked: panics when not a scalar value
    "pointer",  # between raw pointers, reference to raw pointer, pointer to or from usize
    "never",  # `never` to anything
    "reborrow",  # &mut T to &T
    "array_to_slice",  # &[T; N] to &[T]
    "list_to_slice",  # &list[T] to &[T]
    "same",  # between types of one representation: proc values, *mut T to *T
]


class Cast(Node):
    kind: CastKind
    value: Expr


class Borrow(Node):
    """`&place`, `&mut place`; of a value, the address of a temporary that lives to the end of the statement (or, as the
    initialiser of a `let`, of the block). `raw`: a raw pointer, `ty` is a `PtrTy`."""

    place: Expr
    mutable: bool
    raw: bool = False


class Move(Node):
    """`move place`: as using the place, but a move even where the type would copy."""

    place: Expr


class Arg(Struct, gc=False, array_like=True):
    """`mode` is the parameter's. "lend": `value` is a place or a value, lent without a `Borrow` node around it; its type is the
    parameter's.
    "mut": `value` is the place lent exclusively, likewise. "own": a value."""

    mode: Mode
    value: Expr


class Call(Node):
    """A call of a known procedure. `path` may be a trait's method: then `args` start with Self and the trait's arguments and the
    implementation is chosen by monomorphisation. `args` are the callee's generic arguments, enclosing ones first."""

    path: str
    args: tuple[Ty, ...]
    arguments: list[Arg]


class CallValue(Node):
    callee: Expr
    arguments: list[Arg]


class Tuple(Node):
    elems: list[Expr]


class ListLit(Node):
    """Values of an array or a list: `ty` says which."""

    elems: list[Expr]


class Repeat(Node):
    """`[elem; n]` of an array type (the length is in `ty`). `elem` is a copy value or a constant expression; of a list it is a Call."""

    elem: Expr


class Aggregate(Node):
    """A form, union or case of a pick. `fields`: (field index, value) in order of evaluation, all fields unless `base` gives the rest."""

    variant: int
    fields: list[tuple[int, Expr]]
    base: Expr | None = None


class BoxNew(Node):
    value: Expr


class Block(Node):
    stmts: list[Stmt]
    tail: Expr | None


class If(Node):
    """`cond` may contain `Is` under `and` (not under `or` or `not`, where it binds nothing)."""

    cond: Expr
    then: Expr
    otherwise: Expr | None


class Is(Node):
    """`value is pat`: bool. `value` is a place where it can be, matched without moving it; bindings as in `Match`."""

    value: Expr
    pat: Pat


class Arm(Struct, gc=False, array_like=True):
    pat: Pat
    guard: Expr | None
    body: Expr
    span: Span


class Match(Node):
    """`value` is matched as a place when it is one (bindings move out of it, copy, or refer to it), else it is a temporary."""

    value: Expr
    arms: list[Arm]


class Loop(Node):
    id: int
    body: Expr


class ForRange(Node):
    """`for pat in low..high` over integers (or runes). `pat` has the type of the ends."""

    id: int
    pat: Pat
    low: Expr
    high: Expr
    inclusive: bool
    body: Expr


class ForEach(Node):
    """Over the elements of an array, slice or list place, in order. `by`: how `pat` sees an element: "copy" its value, "ref" a `&T`,
    "ref mut"
    a `&mut T`. The length is read once, before the first turn. (`in move xs` is a `ForIter` over an owning iterator.)"""

    id: int
    pat: Pat
    seq: Expr
    by: Literal["copy", "ref", "ref mut"]
    body: Expr


class ForIter(Node):
    """Over an `Iterator`: `iterator` is a value held in a hidden local of type `iterator.ty`; each turn calls `Iterator.next` on it
    (`path`, `args` as in `Call`) and matches `Some(pat)`; None ends the loop. `item` is the type of the items."""

    id: int
    pat: Pat
    iterator: Expr
    path: str
    args: tuple[Ty, ...]
    item: Ty
    body: Expr


class Break(Node):
    loop: int
    value: Expr | None


class Continue(Node):
    loop: int


class Give(Node):
    value: Expr | None


class Assign(Node):
    """The old value is dropped after the new one is made. `place` may be uninitialised or moved out of: then nothing is dropped."""

    place: Expr
    value: Expr


class AssignOp(Node):
    """`place op= value` on primitives."""

    op: str
    place: Expr
    value: Expr


class SizeOf(Node):
    what: Literal["sizeof", "alignof", "offsetof"]
    of: Ty
    field: int = 0


class ErrorExpr(Node):
    """Follows a reported error; later stages do not run."""


Expr = (
    Local | Static | Field | Index | Deref | Lit | ConstRef | ConstParam | Here | ProcRef | Unary | Binary | Logical | Cast | Borrow |
    Move | Call | CallValue
    | Tuple | ListLit | Repeat | Aggregate | BoxNew | Block | If | Is | Match | Loop | ForRange | ForEach | ForIter | Break | Continue |
    Give
    | Assign | AssignOp | SizeOf | ErrorExpr
)

# --- statements ---------------------------------------------------------------------------------------------------


class Let(Struct, gc=False, tag=True, array_like=True):
    """Bind `pat` to `init`; without `init` the locals are declared and not yet initialised. `otherwise` diverges when `pat` does not
    match."""

    pat: Pat
    init: Expr | None
    otherwise: Expr | None
    span: Span


class ExprStmt(Struct, gc=False, tag=True, array_like=True):
    expr: Expr
    span: Span


class Defer(Struct, gc=False, tag=True, array_like=True):
    """`body` runs when the enclosing block is left, last first, interleaved with drops by order of declaration."""

    body: Expr
    span: Span


Stmt = Let | ExprStmt | Defer

# --- patterns -----------------------------------------------------------------------------------------------------


class PNode(Struct, gc=False, tag=True, array_like=True):
    """`ty` is the type of the matched place."""

    ty: Ty
    span: Span


class PWild(PNode):
    pass


class PBind(PNode):
    """`by`: "value" copies or moves (as `ty` is), "ref" and "ref mut" bind an address: the local's type is then `&ty` / `&mut ty`."""

    local: int
    by: Literal["value", "ref", "ref mut"]
    sub: Pat | None = None


class PConst(PNode):
    """Equal to a constant: numbers, bool, rune, string, bytes."""

    value: int | float | str


class PRange(PNode):
    """Both ends included; a missing end was made the least or greatest value of the type."""

    low: int | float
    high: int | float


class PVariant(PNode):
    """A case of a pick. `fields`: (field index, pattern), those that matter."""

    variant: int
    fields: list[tuple[int, Pat]]


class PFields(PNode):
    """Fields of a tuple or form: (field index, pattern)."""

    fields: list[tuple[int, Pat]]


class PDeref(PNode):
    """Follow a reference or box."""

    inner: Pat


class PList(PNode):
    """Elements of an array, slice or list. Without `rest` (and `has_rest` false) the length must be equal. `rest` is matched against the
    slice between (a `PBind` by "ref" of a local of type `&[T]`)."""

    before: list[Pat]
    rest: Pat | None
    after: list[Pat]
    has_rest: bool


class POr(PNode):
    alts: list[Pat]


Pat = PWild | PBind | PConst | PRange | PVariant | PFields | PDeref | PList | POr

# --- bodies -------------------------------------------------------------------------------------------------------


class LocalDecl(Struct, gc=False, array_like=True):
    name: str
    ty: Ty
    span: Span
    mutable: bool = False
    is_synthetic: bool = False


class Param(Struct, gc=False, array_like=True):
    """Local `local` receives argument number i, in mode `mode`; `pat` takes it apart when it is not a plain name."""

    local: int
    mode: Mode
    pat: Pat | None = None


class Body(Struct, gc=False, array_like=True):
    """The body of a procedure, constant initialiser or test. `value` has type `result`, or `never`.

    `generic_count`: number of type parameters in scope; `bounds` on them are in the ProcDef. `file`: where spans point.
    """

    path: str
    file: str
    params: list[Param]
    locals: list[LocalDecl]
    result: Ty
    value: Expr
    span: Span = NO_SPAN
    generic_count: int = 0


class StaticAssert(Struct, gc=False, array_like=True):
    body: Body
    message: str
    text: str
    span: Span


class Module(Struct):
    """Typed bodies of the unit, by path in program order: procs, const initialisers, tests. The definitions are in `interface` and,
    private ones included, in `ctx.defs`."""

    path: str
    file: str
    interface: Interface
    bodies: dict[str, Body]
    static_asserts: list[StaticAssert]
