"""Syntax tree, first half: what every node has, expressions, statements, patterns. Used through `ir.ast`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import Span

if TYPE_CHECKING:
    from vitte.ir.ast_items import Item


class Node(Struct, gc=False, tag=True):
    """Everything with a place. `span` covers the whole construct, without the comments around it."""

    span: Span


class Expr(Node):
    """An expression. Expressions of type `never` (`give`, `break`, ...) are expressions too."""


class Type(Node):
    """A type as written."""


class Pat(Node):
    """A pattern."""


class Stmt(Node):
    """A statement in a block."""


# Attributes, paths, names


class Attr(Node):
    """`name`, `name(args)`, `name = value` in `#[...]` or nested in another attribute's arguments.

    A literal argument (`#[align(16)]`) is an `Attr` with an empty name and a value. `span` is that of the
    attribute alone for nested ones, and includes `#[` and `]` for outermost ones.
    """

    name: str
    name_span: Span
    args: list[Attr]
    value: Expr | None


class Meta(Struct, gc=False, tag=True):
    """What stands before a declaration. `vis` is "" (nothing said), "pub", "package" or "priv"; `export` before a
    declaration is "pub" too. `doc` is the text of the `///` lines, each without its `///` and one space. An item
    with nothing before it has `NO_META`."""

    attrs: list[Attr]
    doc: str
    vis: str
    vis_span: Span


NO_META = Meta([], "", "", Span(0))
"""Shared: do not change."""


class Path(Node):
    """A module path: `a/b/c`, `.sibling`, `..cousin`. `dots` counts the leading dots. Separators are normalised."""

    dots: int
    segments: list[str]
    segment_spans: list[Span]


class UseName(Node):
    """`name` or `name as alias` in a `use` or `export` list. `alias` is "" when there is none."""

    name: str
    name_span: Span
    alias: str
    alias_span: Span


# Literals


class IntLit(Expr):
    """An integer without a fraction, exponent or float suffix. `suffix` is "" or an integer type's name; `radix` 2, 8, 10, 16."""

    value: int
    suffix: str
    radix: int


class FloatLit(Expr):
    """`text` is the literal without underscores and suffix, as `float()` reads it; `suffix` is "", "f32" or "f64"."""

    text: str
    suffix: str


class StrLit(Expr):
    """A string, all forms. `plain` when decoded index `i` stands at source offset `body + i`: there were no escapes,
    and no newline was normalised; else `ast_literals.offset_map(source text of the span)` maps them."""

    value: str
    body: int
    plain: bool


class BytesLit(Expr):
    """`b"..."`."""

    value: bytes


class RuneLit(Expr):
    """`'a'`; `value` is one Unicode scalar, a string of length one."""

    value: str


class BoolLit(Expr):
    value: bool


class NullLit(Expr):
    """`null`."""


# Names and access


class Name(Expr):
    """A bare name, `self` and `Self` included. NFC."""

    name: str


class Member(Expr):
    """`base.name`, `base::name` (`colons`), tuple fields `base.0` (`name` is "0")."""

    base: Expr
    name: str
    name_span: Span
    colons: bool


class Index(Expr):
    """`base[args]`: an index, a slice (one `Range` argument; `a[i:j]` is `a[i..j]`), or explicit type arguments
    (`f[int]`, `Box[int]`, also written `f<int>`). Name resolution decides. Arguments that are only types are
    `TypeExpr`; `ast_types.expr_to_type` reads any argument as a type. Never empty."""

    base: Expr
    args: list[Expr]


class TypeExpr(Expr):
    """A type where an expression may stand, of a shape no expression has: `?T`, `*mut T`, `proc(A) -> B`, `dyn T`."""

    ty: Type


class Call(Expr):
    """`callee(args)`. Named arguments are `NamedArg`, in written order."""

    callee: Expr
    args: list[Expr]


class NamedArg(Expr):
    """`name: value`, only directly in `Call.args`."""

    name: str
    name_span: Span
    value: Expr


class Propagate(Expr):
    """`operand?`, and `try operand` as a statement."""

    operand: Expr
    op_span: Span


# Operators


class Paren(Expr):
    """`(inner)`."""

    inner: Expr


class Unary(Expr):
    """`op` is one of `not - ~ *` (`!` is `not`)."""

    op: str
    op_span: Span
    operand: Expr


class Borrow(Expr):
    """`&operand`, `&mut operand`, `ref operand`, `ref mut operand`. In type position of an `Index` it means `&T`."""

    mut: bool
    op_span: Span
    operand: Expr


class Move(Expr):
    """`move operand`."""

    operand: Expr


class Binary(Expr):
    """`op` is one of `?? or and | ^ & == != < <= > >= in`, `not in`, `<< >> + - * / %` (`||` is `or`, `&&` is `and`)."""

    op: str
    op_span: Span
    left: Expr
    right: Expr


class Ternary(Expr):
    """`cond ? then : other`."""

    cond: Expr
    then: Expr
    other: Expr


class Range(Expr):
    """`start..end`, `start..=end` (`inclusive`); either end may be missing, an inclusive range has its end."""

    start: Expr | None
    end: Expr | None
    inclusive: bool
    op_span: Span


class Cast(Expr):
    """`operand as ty`."""

    operand: Expr
    ty: Type


class Is(Expr):
    """`operand is pattern`, `operand is not pattern` (`negated`); also `if let pattern = operand`."""

    operand: Expr
    pattern: Pat
    negated: bool


# Composite values


class Tuple(Expr):
    """`()`, `(a,)`, `(a, b)`."""

    items: list[Expr]


class ListLit(Expr):
    """`[a, b]`: a list or an array."""

    items: list[Expr]


class Repeat(Expr):
    """`[value; count]`."""

    value: Expr
    count: Expr


class Comprehension(Expr):
    """`[value for pattern in iter if cond]`."""

    value: Expr
    pattern: Pat
    iter: Expr
    cond: Expr | None


class FieldInit(Node):
    """`name: value` in a form literal; `value` is `None` in the shorthand `name`."""

    name: str
    name_span: Span
    value: Expr | None


class FormLit(Expr):
    """`path { fields, ..base }`; `path` is a `Name`, a `Member` chain, or an `Index` of one with type arguments."""

    path: Expr
    fields: list[FieldInit]
    base: Expr | None


class MapEntry(Node):
    """`key: value`."""

    key: Expr
    value: Expr


class MapLit(Expr):
    """`map { k: v, ... }`."""

    entries: list[MapEntry]


class SetLit(Expr):
    """`set { a, b, ... }`."""

    items: list[Expr]


class LambdaParam(Node):
    """`mode` as in `Param`. `pattern` is irrefutable by the checker's word, not the parser's."""

    mode: str
    pattern: Pat
    ty: Type | None


class Lambda(Expr):
    """`|x, y| body`, `|x: int| -> int { ... }`, `move |x| body` (`moves`), `proc(x: int) -> int { ... }` (`is_proc`:
    its result is given by `give`, as a procedure's)."""

    params: list[LambdaParam]
    ret: Type | None
    body: Expr
    moves: bool
    is_proc: bool


# Control flow


class Block(Expr):
    """`{ stmts; value }`. `value` is the last expression when no `;` follows it. A statement where an expression is
    expected (`case A => set x = 1`) is a block of that one statement with its span."""

    stmts: list[Stmt]
    value: Expr | None


class Unsafe(Expr):
    """`unsafe { ... }`."""

    body: Block


class If(Expr):
    """`if cond { } else ...`; `other` is a `Block`, an `If` (`elif`, `else if`) or missing. `when e is p { }` is an
    `If` whose condition is an `Is`."""

    cond: Expr
    then: Block
    other: Expr | None


class Arm(Node):
    """One arm. `else` is a `WildPat` with the span of the word and `is_else`."""

    pattern: Pat
    guard: Expr | None
    body: Expr
    is_else: bool


class Match(Expr):
    """`match e { }`, `pick e { }`, `select e { }`. `keyword_span` is the word."""

    keyword_span: Span
    subject: Expr
    arms: list[Arm]


class Loop(Expr):
    """`loop { }`. `label` is without its quote, "" when missing."""

    label: str
    label_span: Span
    body: Block


class Give(Expr):
    """`give value`, `give`."""

    value: Expr | None


class Break(Expr):
    """`break`, `break 'label`, `break value`, `break 'label value`."""

    label: str
    label_span: Span
    value: Expr | None


class Continue(Expr):
    """`continue`, `continue 'label`."""

    label: str
    label_span: Span


class Panic(Expr):
    """`panic e` and `panic(format, args...)`: the arguments. Empty for `panic()`."""

    args: list[Expr]


class Unreachable(Expr):
    """`unreachable`, `unreachable(format, args...)`."""

    args: list[Expr]


class Assert(Expr):
    """`assert cond`, `assert cond, format, args...`, the same in parentheses. Of unit type."""

    cond: Expr
    args: list[Expr]


class ErrorExpr(Expr):
    token: ErrorToken


class UnsupportedExpr(Expr):
    """A reserved construct used as an expression or statement. Already reported."""

    keyword: str
    keyword_span: Span
    token: ErrorToken


# Statements


class Let(Stmt):
    """`let pattern: ty = value`, with `other` in `let pattern = value else { diverge }`. `let mut x` is a `BindPat` with `mut`."""

    pattern: Pat
    ty: Type | None
    value: Expr
    other: Block | None


class Assign(Stmt):
    """`set place = value`, `set place += value`, also without `set`. `op` is "" or the binary operator."""

    place: Expr
    op: str
    op_span: Span
    value: Expr
    has_set: bool


class ExprStmt(Stmt):
    """An expression for its effect. `semi`: a `;` follows (and is in the span)."""

    expr: Expr
    semi: bool


class While(Stmt):
    label: str
    label_span: Span
    cond: Expr
    body: Block


class For(Stmt):
    label: str
    label_span: Span
    pattern: Pat
    iter: Expr
    body: Block


class Defer(Stmt):
    """`defer { ... }`; a statement after `defer` is a block of that one statement."""

    body: Block


class With(Stmt):
    """`with value as pattern { ... }`."""

    value: Expr
    pattern: Pat
    body: Block


class ItemStmt(Stmt):
    """A declaration inside a block: `const X = e`, and any other item."""

    item: Item


# Patterns


class WildPat(Pat):
    """`_`."""


class RestPat(Pat):
    """`..` or `..name`, only in the items of `ListPat`, `TuplePat` and in `CasePat.args`."""

    name: str
    name_span: Span


class LitPat(Pat):
    """A literal; negative numbers are `Unary("-", ...)`."""

    value: Expr


class RangePat(Pat):
    """`1..=9`, `1..`, `..=9`. Ends are literals, negated literals or constant paths."""

    start: Expr | None
    end: Expr | None
    inclusive: bool


class BindPat(Pat):
    """`x`, `mut x`, `ref x`, `ref mut x`, `x @ sub`. A bare name may turn out to be a case or a constant.
    `by` is "", "ref" or "ref mut"."""

    name: str
    name_span: Span
    mut: bool
    by: str
    sub: Pat | None


class PathPat(Pat):
    """`Shape.Empty`, `m::LIMIT`: a path of at least two names, or one with type arguments."""

    path: Expr


class FieldPat(Pat):
    """`name: pattern`, or `name` (`pattern` is `None`; `mut x`/`ref x` are a `BindPat`). In `FormPat.fields` and `CasePat.args`."""

    name: str
    name_span: Span
    pattern: Pat | None


class CasePat(Pat):
    """`Circle(c, r)`, `Shape.Circle(radius: r, ..)`; `args` hold patterns, `FieldPat` and at most one `RestPat`."""

    path: Expr
    args: list[Pat]


class FormPat(Pat):
    """`Point { x, y: 0.0, .. }` (`rest`: there is a `..`)."""

    path: Expr
    fields: list[FieldPat]
    rest: bool


class TuplePat(Pat):
    items: list[Pat]


class ListPat(Pat):
    items: list[Pat]


class OrPat(Pat):
    """`a | b`, at least two."""

    alts: list[Pat]


class ErrorPat(Pat):
    token: ErrorToken
