"""The syntax tree: what stage 1 (parse) makes and stage 2 (lowering) reads.

One class per construct, `span` always first. A tree says what was written, not what it means: names are not
resolved, `a[i]` and `f[int]` are the same node, `a.b` and `a::b` differ only in a flag. Synonyms are one node
(`use`/`pull`, `!`/`not`, `&&`/`and`, `select`/`match`); their spelling is in the tokens.

The tree is lossless together with `Module.tokens`: whatever lies between two tokens is layout and comments, and
`ast_text.print_source(module)` gives back the source exactly. Spans of children lie in their parent's span, in
source order where their text is.

Where a mistake was reported an error node stands (`ErrorExpr`, `ErrorType`, `ErrorPat`, `ErrorItem`); reserved
constructs are `UnsupportedItem` and `UnsupportedExpr`. Both carry the token of the report: later stages stay silent.
"""

from __future__ import annotations

from msgspec import Struct

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import SourceFile, Span


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


# Types


class PathType(Type):
    """`int`, `m.Point`, `map[string, int]`, `T.Item`. `args` are those of the last segment: types, `ConstArg`, `AssocArg`."""

    segments: list[str]
    segment_spans: list[Span]
    args: list[Type]


class ConstArg(Type):
    """A constant as type argument: a literal or an expression in braces. A bare name is a `PathType`."""

    value: Expr


class AssocArg(Type):
    """`Item = int` in the arguments of a trait."""

    name: str
    name_span: Span
    ty: Type


class TupleType(Type):
    """`()`, `(A,)`, `(A, B)`."""

    items: list[Type]


class ArrayType(Type):
    """`[elem; length]`."""

    elem: Type
    length: Expr


class ListType(Type):
    """`[elem]`: a list, or a slice directly inside a `RefType`."""

    elem: Type


class OptionType(Type):
    """`?inner`."""

    inner: Type


class RefType(Type):
    """`&inner`, `&mut inner`, `ref inner`, `ref mut inner`."""

    mut: bool
    inner: Type


class PtrType(Type):
    """`*inner`, `*mut inner`, `raw ref inner`, `raw ref mut inner`."""

    mut: bool
    inner: Type


class ProcType(Type):
    """`proc(A, B) -> R`. `modes` has one `Param.mode` per parameter; `abi` is "" or that of `extern "C" proc(...)`."""

    params: list[Type]
    modes: list[str]
    ret: Type | None
    abi: str


class DynType(Type):
    """`dyn A + B`."""

    bounds: list[Type]


class InferType(Type):
    """`_`: to be found out."""


class ErrorType(Type):
    token: ErrorToken


# Generics and parameters


class GenericParam(Node):
    """`T`, `T: A + B`, `T = Default`, `const N: int` (`const_ty`)."""

    name: str
    name_span: Span
    bounds: list[Type]
    const_ty: Type | None
    default: Type | None


class WherePred(Node):
    """`ty: A + B` after `where`."""

    ty: Type
    bounds: list[Type]


class Generics(Node):
    """Parameters in brackets and the `where` clause. `span` is that of the brackets (or of the place where they would be).
    Nodes of `where` lie outside this span, but inside the item's. A declaration with neither has `None`."""

    params: list[GenericParam]
    where: list[WherePred]


class Param(Node):
    """A parameter. `mode` is "" (lent), "borrow", "mut" or "owned" (`move` is "owned", `&self` "borrow", `&mut self` "mut").
    `self` has the name "self" and, as a rule, no type; every other parameter has one. `x: &T` is "" with a `RefType`."""

    mode: str
    name: str
    name_span: Span
    ty: Type | None
    default: Expr | None


# Items


class Item(Node):
    """A declaration. `span` includes attributes and visibility, not the doc comment."""

    meta: Meta


class Use(Item):
    """`use path`, `use path as alias`, `use path.{names}`, `use path.*` (`star`). `names` is `None` without braces.
    An empty `alias` means none. `path_span` is in `path`."""

    path: Path
    alias: str
    alias_span: Span
    names: list[UseName] | None
    star: bool


class Export(Item):
    """`export a, b as c`, `export { a }`, `export *`, `share all`."""

    names: list[UseName]
    star: bool


class Const(Item):
    """`const NAME: ty = value`; in a trait the value may be missing. The type may be missing inside a block."""

    name: str
    name_span: Span
    ty: Type | None
    value: Expr | None


class Static(Item):
    name: str
    name_span: Span
    mut: bool
    ty: Type | None
    value: Expr | None


class TypeAlias(Item):
    """`type Name[T] = ty`; in a trait `type Item`, `type Item: Bound`; in an impl `type Item = ty`."""

    name: str
    name_span: Span
    generics: Generics | None
    bounds: list[Type]
    ty: Type | None


class Field(Node):
    """A field of a form or union."""

    meta: Meta
    name: str
    name_span: Span
    ty: Type
    default: Expr | None


class Form(Item):
    """`members` are the procs, consts and types in the body."""

    name: str
    name_span: Span
    generics: Generics | None
    fields: list[Field]
    members: list[Item]


class Union(Item):
    """`union`: untagged."""

    name: str
    name_span: Span
    generics: Generics | None
    fields: list[Field]
    members: list[Item]


class CaseField(Node):
    """One payload of a case; `name` is "" when it has none."""

    name: str
    name_span: Span
    ty: Type


class Case(Node):
    """A case of a pick, or a name of a flags declaration. `fields` is `None` without parentheses."""

    meta: Meta
    name: str
    name_span: Span
    fields: list[CaseField] | None
    value: Expr | None


class Pick(Item):
    """`pick Name[T]: repr { cases }`."""

    name: str
    name_span: Span
    generics: Generics | None
    repr: Type | None
    cases: list[Case]
    members: list[Item]


class Flags(Item):
    """`flags Name: repr { A, B = 8 }`."""

    name: str
    name_span: Span
    repr: Type | None
    cases: list[Case]
    members: list[Item]


class BitField(Node):
    """`name: start..end` (`end` not included, unless `inclusive`), or a single bit `name: start` with no `end`."""

    meta: Meta
    name: str
    name_span: Span
    start: Expr
    end: Expr | None
    inclusive: bool


class Bits(Item):
    """`bits Name: repr { a: 0..4 }`."""

    name: str
    name_span: Span
    repr: Type | None
    fields: list[BitField]
    members: list[Item]


class Proc(Item):
    """A procedure. `abi` is "" or the ABI of `extern "C"`. `ret` is `None` for unit. `body` is `None` for a declaration
    in a trait or an extern block. `head_span` is from the first modifier or `proc` to the end of the signature."""

    name: str
    name_span: Span
    generics: Generics | None
    params: list[Param]
    ret: Type | None
    body: Block | None
    inline: str
    """"", "inline" or "noinline"."""
    is_const: bool
    is_unsafe: bool
    abi: str
    head_span: Span


class Trait(Item):
    """`trait Name[T]: Supers { members }`; members are `Proc`, `TypeAlias`, `Const`."""

    name: str
    name_span: Span
    generics: Generics | None
    supers: list[Type]
    members: list[Item]


class Impl(Item):
    """`impl[T] trait for ty { }`; `trait` is `None` in `impl ty { }`. `head_span`: `impl` to the brace."""

    generics: Generics | None
    trait: Type | None
    ty: Type
    members: list[Item]
    head_span: Span


class ExternBlock(Item):
    """`extern "C" { procs and statics }`."""

    abi: str
    members: list[Item]


class Test(Item):
    """`test "name" { }`."""

    name: str
    name_span: Span
    body: Block


class Bench(Item):
    """`bench "name" { }`."""

    name: str
    name_span: Span
    body: Block


class StaticAssert(Item):
    """`static_assert(cond, message)`."""

    cond: Expr
    message: Expr | None


class Entry(Item):
    """`entry name at space/path { }`: a binary of its own. `path` is `None` without `at`."""

    name: str
    name_span: Span
    path: Path | None
    body: Block


class ErrorItem(Item):
    token: ErrorToken


class UnsupportedItem(Item):
    """A reserved construct. Already reported; skipped to its end."""

    keyword: str
    keyword_span: Span
    token: ErrorToken


# The module


class Space(Node):
    """`space a/b/c`."""

    path: Path


class Tokens(Struct, gc=False):
    """The token table: parallel lists, one entry per token, the last is the end of the file. Text between
    the end of a token and the start of the next is layout and comments. Kinds are those of `ir.tokens`."""

    kinds: list[int]
    starts: list[int]
    ends: list[int]


class Module(Node):
    """One source file. `attrs` are the inner attributes `#![...]`, `doc` the `//!` text. `items` are all declarations,
    imports and exports included, in source order. `errors` tells how many errors parsing reported."""

    source: SourceFile
    tokens: Tokens
    attrs: list[Attr]
    doc: str
    space: Space | None
    items: list[Item]
    errors: int
