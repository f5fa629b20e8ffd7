"""Syntax tree, second half: types, generics, declarations, the module. Used through `ir.ast`."""

from __future__ import annotations

from msgspec import Struct

from vitte.base.diagnostics import ErrorToken
from vitte.base.source import SourceFile, Span
from vitte.ir.ast_exprs import Attr, Block, Expr, Meta, Node, Path, Type, UseName

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
    in a trait or an extern block. `head_span` is from the first modifier or `proc` to the end of the signature. `variadic`: the parameters
    end in `...`."""

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
    variadic: bool = False


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
