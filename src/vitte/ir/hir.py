"""HIR: one module with its names resolved and its sugar gone.

Every name points at a definition path, a local, a generic parameter or an error node. What needs types to be resolved
(`.field`, `.method()`, `Type.member`, bare cases of an expected pick) is left to type checking.

Sugar that lowering removes: `elif`, `while` (a `Loop` with an `If` and a `Break`), `c ? a : b`, `when`, `select`, `if let`,
`unless`-like forms,
comprehensions, map and set literals (calls of lang items), `panic`, `unreachable`, `try e`, `with`, field shorthand, operators'
synonyms, relative imports, `Self`, literal text, `<T>` brackets, calls of prelude procs such as `len(xs)` (a `MethodCall`).

Invariants (checked by `hir_verify`): H1 every path in a `DefRef`, `TyPath` or `PatPath` is in the module or in an imported
interface; H2 every local is declared before use, in an enclosing scope; H3 `Break` and `Continue` name an enclosing loop;
H4 spans lie in the source; H5 an error node carries the token of a reported error.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import NO_SPAN, Span
from vitte.ir.defs import AdtKind, DefKind, Visibility
from vitte.ir.types import Mode, Ty


class Node(Struct, gc=False, tag=True):
    """Base of every HIR node."""

    span: Span


# --- types as written ---------------------------------------------------------------------------------------------


class TyName(Node):
    """A primitive, or a generic parameter in scope: already a type."""

    ty: Ty


class TyPath(Node):
    """A nominal type or alias with its arguments. `args` None: none were written."""

    path: str
    kind: DefKind  # "adt", "alias" or "trait"
    args: list[TyExpr] | None = None


class TyAssoc(Node):
    """`T.Item`, `Self.Item`, `<T as Trait>.Item` (trait "" when not said)."""

    base: TyExpr
    name: str
    trait: str = ""


class TyTuple(Node):
    elems: list[TyExpr]


class TyArray(Node):
    elem: TyExpr
    length: Expr


class TySlice(Node):
    """Only behind a reference or a raw pointer."""

    elem: TyExpr


class TyRef(Node):
    target: TyExpr
    mutable: bool


class TyPtr(Node):
    target: TyExpr
    mutable: bool


class TyProc(Node):
    modes: list[Mode]
    params: list[TyExpr]
    result: TyExpr | None


class TyConst(Node):
    """A constant expression as a type argument: `Matrix[3]`."""

    value: Expr


class TyInfer(Node):
    """`_`"""


class TyError(Node):
    token: ErrorToken


TyExpr = TyName | TyPath | TyAssoc | TyTuple | TyArray | TySlice | TyRef | TyPtr | TyProc | TyConst | TyInfer | TyError

# --- patterns -----------------------------------------------------------------------------------------------------


class PatWild(Node):
    pass


class PatBind(Node):
    """A name that binds. `mode`: `bind` moves or copies (or lends, when the matched place is lent); `ref`, `ref mut`.

    A bare name without subpattern may turn out to be a case of the matched pick: type checking decides, first by the
    matched type. (Lowering resolves it to `PatPath` itself when it names a constant or a case in scope.)
    """

    local: int
    mode: Literal["bind", "ref", "ref mut"] = "bind"
    mutable: bool = False
    sub: Pat | None = None
    name: str = ""


class PatLit(Node):
    """A literal, negated numbers included."""

    value: Literal_


class PatRange(Node):
    """`low..=high`, `low..high`; a missing end is None. Ends are literals or constant paths."""

    low: Expr | None
    high: Expr | None
    inclusive: bool


class PatPath(Node):
    """A constant, or a case without payload: `RED`, `Color.Red`."""

    path: str
    kind: DefKind  # "const" or "case" (path `pick path` + "." + case name)


class PatCase(Node):
    """`Circle(c, r)`, `Circle(radius: r, ..)`, `Point { x, .. }`. `path` "" : bare name `name` not found in scope, by expected type.

    `fields`: (name or "", pattern) in source order; `rest`: `..` stands at the end (or at `rest_at` among positional ones).
    """

    path: str
    kind: Literal["case", "adt", ""]
    name: str
    fields: list[tuple[str, Pat]]
    rest: bool
    name_span: Span
    rest_at: int = -1
    braces: bool = False


class PatTuple(Node):
    elems: list[Pat]
    rest_at: int = -1  # position of `..`, or -1


class PatList(Node):
    """`[a, b, ..rest, z]`. `rest`: None without `..`; a `PatWild` for a bare `..`."""

    before: list[Pat]
    rest: Pat | None
    after: list[Pat]


class PatOr(Node):
    """Alternatives. The same name in each binds the same local."""

    alts: list[Pat]


class PatError(Node):
    token: ErrorToken


Pat = PatWild | PatBind | PatLit | PatRange | PatPath | PatCase | PatTuple | PatList | PatOr | PatError

# --- expressions --------------------------------------------------------------------------------------------------


class Literal_(Node):
    """`kind` tells the type of `value`: int and rune -> int, float -> float, bool, string -> str, bytes -> str of code points 0 to 255,
    null and unit -> None.

    `suffix`: `u8`, `f32` ... or "".
    """

    kind: Literal["int", "float", "bool", "rune", "string", "bytes", "null", "unit"]
    value: int | float | bool | str | None
    suffix: str = ""


class LocalRef(Node):
    local: int


class DefRef(Node):
    """A procedure, constant, static, case or type used as an expression. `args`: explicit type arguments or None."""

    path: str
    kind: DefKind
    args: list[TyExpr] | None = None


class ParamRef(Node):
    """A const generic parameter (`const N: int`) as a value. `ty` is its `ParamTy`."""

    ty: Ty


class TypeMember(Node):
    """`Type.name` or `Type::name` with any type on the left: an associated proc, constant or case. `name_span` is the member's."""

    base: TyExpr
    name: str
    name_span: Span
    args: list[TyExpr] | None = None


class BareCase(Node):
    """A name not in scope that may be a case of the expected pick (`Circle(..)`, `Empty`, `.Red`). `similar`: did-you-mean or "".

    When no expected pick has it, type checking reports `name` as not found (V0101)."""

    name: str
    similar: str = ""


class Field(Node):
    base: Expr
    name: str
    name_span: Span


class MethodCall(Node):
    """`base.name[args](...)`. `from_prelude`: written `name(base, ...)`."""

    base: Expr
    name: str
    name_span: Span
    args: list[Arg]
    type_args: list[TyExpr] | None = None
    from_prelude: bool = False


class Arg(Node):
    """An argument; `name` when given by name ("" else). `mode`: what the call site says: "" nothing, "move", "ref", "ref mut"."""

    value: Expr
    name: str = ""


class Call(Node):
    callee: Expr
    args: list[Arg]


class Index(Node):
    base: Expr
    index: Expr


class Slice(Node):
    """`base[low..high]`; missing ends are None."""

    base: Expr
    low: Expr | None
    high: Expr | None
    inclusive: bool


class Range(Node):
    """`low..high` as a value; both ends present."""

    low: Expr
    high: Expr
    inclusive: bool


class Unary(Node):
    """`op`: `not`, `-`, `~`, `*` (dereference)."""

    op: Literal["not", "-", "~", "*"]
    operand: Expr


class Borrow(Node):
    """`&e`, `&mut e`, `ref e`, `ref mut e`; `raw`: `raw ref`."""

    operand: Expr
    mutable: bool
    raw: bool = False


class Move(Node):
    """`move e`"""

    operand: Expr


class Binary(Node):
    """`op`: + - * / % & | ^ << >> == != < <= > >= . `op_span` is the operator's."""

    op: str
    left: Expr
    right: Expr
    op_span: Span


class Logical(Node):
    op: Literal["and", "or"]
    left: Expr
    right: Expr


class In(Node):
    """`x in c`, `x not in c`; `right` may be a `Range`."""

    left: Expr
    right: Expr
    negated: bool


class Is(Node):
    """`e is pattern`. Its bindings are in scope where it is known true: the rest of an `and` chain, the guarded branch."""

    value: Expr
    pat: Pat
    negated: bool = False


class Cast(Node):
    value: Expr
    ty: TyExpr


class Coalesce(Node):
    """`left ?? right`"""

    left: Expr
    right: Expr


class Try(Node):
    """`e?`"""

    value: Expr


class Tuple(Node):
    elems: list[Expr]


class ListLit(Node):
    """`[a, b]`: a list, or an array where one is expected."""

    elems: list[Expr]


class Repeat(Node):
    """`[e; n]`"""

    elem: Expr
    count: Expr


class FieldInit(Node):
    name: str
    name_span: Span
    value: Expr


class FormLit(Node):
    """`Point { x: 1.0, ..base }`. `ty` None: `name` is a bare case name of the expected pick."""

    ty: TyExpr | None
    case: str
    fields: list[FieldInit]
    base: Expr | None


class Block(Node):
    """A scope. `tail` is its value. `label` when written before it or made by lowering (a `Break` may leave it)."""

    stmts: list[Stmt]
    tail: Expr | None
    is_unsafe: bool = False


class If(Node):
    cond: Expr
    then: Expr
    otherwise: Expr | None


class MatchArm(Node):
    pat: Pat
    guard: Expr | None
    body: Expr


class Match(Node):
    value: Expr
    arms: list[MatchArm]


class Loop(Node):
    """`id` is unique in the body; `Break` and `Continue` name it. `source`: how it was written, for diagnostics."""

    id: int
    body: Block
    source: Literal["loop", "while"] = "loop"


class For(Node):
    """`for pat in e`. `mode`: "" lends each element, "ref mut" for `in &mut xs`, "move" for `in move xs`."""

    id: int
    pat: Pat
    iterable: Expr
    body: Block
    mode: Literal["", "ref mut", "move"] = ""


class Break(Node):
    loop: int
    value: Expr | None = None


class Continue(Node):
    loop: int


class Give(Node):
    value: Expr | None


class Assign(Node):
    place: Expr
    value: Expr


class AssignOp(Node):
    op: str
    place: Expr
    value: Expr
    op_span: Span


class Assert(Node):
    """`text` is the condition as written."""

    cond: Expr
    message: Expr | None
    text: str


class FormatSpec(Struct, gc=False):
    """`kind`: "" plain, "?" debug, "x" "X" "b" "o" "e". `width`, `precision`: -1 when absent."""

    fill: str = " "
    align: str = ""
    sign: bool = False
    alternate: bool = False
    zero: bool = False
    width: int = -1
    precision: int = -1
    kind: str = ""


class FormatArg(Node):
    value: Expr
    spec: FormatSpec | None


class Format(Node):
    """`print` ... `format` with their text taken apart: `pieces` are texts and arguments in order."""

    target: Literal["print", "println", "eprint", "eprintln", "format", "panic"]
    pieces: list[FormatText | FormatArg]


class FormatText(Node):
    text: str


class SizeOf(Node):
    """`sizeof(T)`, `alignof(T)`, `offsetof(T, field)`"""

    what: Literal["sizeof", "alignof", "offsetof"]
    ty: TyExpr
    field: str = ""


class Lambda(Node):
    """Not supported yet: type checking says so, once."""

    params: list[tuple[Pat, TyExpr | None]]
    result: TyExpr | None
    body: Expr
    by_move: bool = False


class ErrorExpr(Node):
    token: ErrorToken


Expr = (
    Literal_ | LocalRef | DefRef | ParamRef | TypeMember | BareCase | Field | MethodCall | Call | Index | Slice | Range | Unary | Borrow
    | Move
    | Binary | Logical | In | Is | Cast | Coalesce | Try | Tuple | ListLit | Repeat | FormLit | Block | If | Match | Loop | For | Break
    | Continue | Give | Assign | AssignOp | Assert | Format | SizeOf | Lambda | ErrorExpr
)

# --- statements ---------------------------------------------------------------------------------------------------


class Let(Node):
    """`let pat: ty = init else { otherwise }`"""

    pat: Pat
    ty: TyExpr | None
    init: Expr | None
    otherwise: Block | None = None


class ExprStmt(Node):
    """`has_semi`: its value is thrown away on purpose. The last expression of a block without `;` is its `tail` instead."""

    expr: Expr
    has_semi: bool = False


class Defer(Node):
    body: Expr


Stmt = Let | ExprStmt | Defer
"""Items inside blocks (`const`, nested `proc`) are hoisted to the module with paths under the procedure: `m::f.{0}::X`."""

# --- items --------------------------------------------------------------------------------------------------------


class Local(Struct, gc=False):
    name: str
    span: Span
    mutable: bool = False
    is_synthetic: bool = False


class GenericParam(Struct, gc=False):
    name: str
    span: Span
    const_ty: TyExpr | None = None


class WhereBound(Struct, gc=False):
    """`ty: trait[args]`, with `Item = ty` equalities."""

    ty: TyExpr
    trait: str
    args: list[TyExpr]
    span: Span
    equalities: list[tuple[str, TyExpr]] = []


class GenericsExpr(Struct, gc=False):
    """The parameters written at this item; those of enclosing items come first in `ParamTy` numbering (`parent_names`)."""

    params: list[GenericParam] = []
    bounds: list[WhereBound] = []
    parent_names: list[str] = []


class ParamDecl(Struct, gc=False):
    """A parameter: the pattern is almost always a `PatBind`. `ty` None: `self`. `default`: path of a `Const` item, or ""."""

    pat: Pat
    name: str
    mode: Mode
    ty: TyExpr | None
    span: Span
    default: str = ""


class Body(Struct, gc=False):
    """A body: its locals (index = local id; parameters first) and its expression.

    `implicit_result`: the body gives nothing itself (a const initialiser): its value is the result.
    """

    locals: list[Local]
    value: Expr
    implicit_result: bool = False


class ItemBase(Struct, gc=False, tag=True):
    path: str
    name: str
    span: Span
    name_span: Span
    visibility: Visibility


class Attr(Struct, gc=False):
    """`#[name(args)]`; args are literals or bare words as text."""

    name: str
    args: list[str]
    span: Span

    @property
    def said(self) -> str:
        """The text of `#[name = "text"]` or `#[name("text")]`, "" when there is none."""
        before, equals, after = (self.args[0] if self.args else "").partition("=")
        return after if equals else before


class Proc(ItemBase):
    """`parent`: path of the impl, trait or type it stands in. `self_ty`: what `Self` means there."""

    generics: GenericsExpr
    params: list[ParamDecl]
    result: TyExpr | None
    body: Body | None
    parent: str = ""
    has_self: bool = False
    is_const: bool = False
    is_unsafe: bool = False
    inline: Literal["auto", "inline", "noinline"] = "auto"
    abi: str = ""
    variadic: bool = False
    attrs: list[Attr] = []
    test: str | None = None


class FieldDecl(Struct, gc=False):
    name: str
    ty: TyExpr
    visibility: Visibility
    name_span: Span
    default: str = ""


class CaseDecl(Struct, gc=False):
    name: str
    fields: list[FieldDecl]
    discriminant: Expr | None
    name_span: Span
    has_names: bool = False


class Adt(ItemBase):
    """A form or union has one case, named like itself. `bits`: (low, high) per field, as expressions."""

    kind: AdtKind
    generics: GenericsExpr
    cases: list[CaseDecl]
    repr: TyExpr | None = None
    bit_ranges: list[tuple[Expr, Expr]] = []
    attrs: list[Attr] = []


class Trait(ItemBase):
    """`generics.parent_names[0]` is `Self`. Methods are `Proc` items with `parent` = this path, listed in `methods`."""

    generics: GenericsExpr
    methods: list[str]
    assoc_types: list[str] = []
    assoc_consts: list[str] = []
    supers: list[WhereBound] = []


class Impl(ItemBase):
    """Trait impl, inherent impl, or the procs in the body of a type. Methods are `Proc` items, listed by path."""

    generics: GenericsExpr
    self_ty: TyExpr
    trait: str
    trait_args: list[TyExpr]
    methods: list[str]
    assoc_types: list[tuple[str, TyExpr]] = []
    assoc_consts: list[str] = []


class Const(ItemBase):
    """`const`, `static`, associated constants, defaults of parameters and fields (anonymous; `ty` None: of the parameter)."""

    ty: TyExpr | None
    body: Body | None
    generics: GenericsExpr
    is_static: bool = False
    is_mutable: bool = False
    default_of: str = ""
    """Path of the proc or type whose parameter or field this is the default of; `name` is that parameter's or field's."""
    symbol: str = ""
    """Of a static that is defined elsewhere: its name to the linker."""
    attrs: list[Attr] = []


class Alias(ItemBase):
    generics: GenericsExpr
    ty: TyExpr


class StaticAssert(ItemBase):
    body: Body
    message: str = ""
    text: str = ""


Item = Proc | Adt | Trait | Impl | Const | Alias | StaticAssert


class ExportedName(Struct, gc=False):
    kind: DefKind
    path: str
    visibility: Visibility


class Module(Struct):
    """`items` in program order, methods directly after their impl, trait or type. `names`: the top-level names for the interface,
    re-exports included. `entry_points`: named entries (`entry name at path`)."""

    path: str
    file: str
    items: list[Item]
    names: dict[str, ExportedName]
    entry_points: list[tuple[str, str]] = []
    source_length: int = 0


ERROR_SPAN = NO_SPAN
