"""What lowering knows while it walks: the names in scope, the body under construction, and the tables of the walk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from vitte.base.diagnostics import Diagnostics, ErrorToken
from vitte.base.source import NO_SPAN, SPAN_BITS, SPAN_MASK, Span
from vitte.driver.context import UnitContext
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.ir.defs import Interface, ModuleView
from vitte.ir.types import Ty
from vitte.lower import errors

Kind = str
"""What a `Sym` is: a `DefKind`, or one of
`prim` (a primitive type), `param` (a generic parameter; `is_const` for `const N: int`), `self` (the word `Self`), `ptr` (the type's name),
`format` (`print` ... `format`), `size` (`sizeof` ...), `method` (a prelude procedure that is a method), `ambiguous`
(a case of several picks, or a name that several `*` imports bring), `error` (reported already)."""

TYPE_KINDS = frozenset(("adt", "alias", "prim", "param", "self", "trait"))
"""Kinds whose names may stand before `.member`."""


class Sym(Struct, gc=False):
    """What a name that is not a local means. `imp`: index of the import that brought it, or -1. `node`: the item here."""

    kind: Kind
    path: str = ""
    span: Span = NO_SPAN
    ty: Ty | None = None
    imp: int = -1
    node: a.Item | None = None
    interface: Interface | ModuleView | None = None
    is_const: bool = False
    is_glob: bool = False
    note: str = ""
    token: ErrorToken = ErrorToken(0)
    hidden: Sym | None = None
    """The built-in type of the same name as an imported module: `use std/string` does not take `string` away."""


class Deferred(Struct, gc=False):
    """An item found in a block: lowered later, with the names of the items around it."""

    item: a.Item
    prefix: str
    layers: list[tuple[str, Sym]]


class LoopFrame(Struct, gc=False):
    id: int
    label: str
    takes_value: bool


class Lowerer:
    """The state of lowering one module. Fields below `locals` belong to the body under construction."""

    __slots__ = (
        "ctx", "diag", "text", "tokens", "path", "is_std", "foreign", "own_types", "own_consts", "const_types", "skipped", "names",
        "undo", "items", "out_names", "is_open", "exported", "use_items", "use_used", "use_names", "deferred", "layers", "counts",
        "overloads", "module_members", "case_names", "similar", "quiet_lints", "entry_points", "seen_methods", "self_ty", "self_trait",
        "generic_names", "assoc_names", "locals", "local_scope", "local_used", "scope", "next_scope", "loops", "next_loop", "give_ok",
        "barrier", "in_const", "shared", "shared_seen", "refutable", "prefix", "block_count", "synthetic",
    )  # fmt: skip

    def __init__(self, module: a.Module, ctx: UnitContext) -> None:
        self.ctx = ctx
        self.diag: Diagnostics = ctx.diagnostics
        self.text = module.source.text
        self.tokens = module.tokens
        self.path = ctx.module
        self.is_std = ctx.module.startswith("std/")
        self.foreign = frozenset(i.module for i in ctx.imports if i.is_foreign)
        self.own_types: dict[str, Sym] = {}
        """Nominal types of this module by path, nested ones included as they are met."""
        self.own_consts: set[str] = set()
        self.const_types: dict[str, hir.TyExpr] = {}
        """What is known of the constants lowered so far."""
        self.skipped: set[int] = set()
        """Starts of declarations whose name was taken: they are not lowered."""
        self.names: dict[str, int | Sym] = {}
        self.undo: list[Any] = []
        """Pairs name, what it meant before (None: nothing), flat."""
        self.items: list[hir.Item] = []
        self.out_names: dict[str, hir.ExportedName] = {}
        self.is_open = True
        self.exported: dict[str, str] = {}
        """Own names that an `export` lists, with the name they are exported under."""
        self.use_items: list[a.Use] = []
        self.use_used: list[int] = []
        self.use_names: list[tuple[Span, str, bool]] = []
        """One entry per import binding: where, what it binds, whether it may be unused silently."""
        self.deferred: list[Deferred] = []
        self.layers: list[tuple[str, Sym]] = []
        self.counts: dict[str, int] = {}
        self.overloads: frozenset[tuple[str, str]] = frozenset()
        """(type as `overload_key` has it, member): what more than one inherent impl of the module gives the type."""
        self.module_members: dict[tuple[str, str], Sym] = {}
        self.case_names: frozenset[str] | None = None
        self.similar: dict[str, str] = {}
        """Did-you-mean answers for names that may be cases."""
        self.quiet_lints = module.errors > 0
        self.entry_points: list[tuple[str, str]] = []
        self.seen_methods: dict[str, tuple[Span, str]] = {}
        """Members by path: where each is, and its impl."""
        self.self_ty: hir.TyExpr | None = None
        self.self_trait = ""
        self.generic_names: list[str] = []
        self.assoc_names: frozenset[str] = frozenset()
        self.prefix = ""
        self.start_body()

    def start_body(self) -> None:
        """Begin a new body: no locals, no loops. Scopes of the item around it stay."""
        self.locals: list[hir.Local] = []
        self.local_scope: list[int] = []
        self.local_used: list[int] = []
        self.scope = 0
        self.next_scope = 1
        self.loops: list[LoopFrame] = []
        self.next_loop = 0
        self.give_ok = False
        self.barrier = ""
        """"defer" inside a `defer` block: control may not leave it."""
        self.in_const = 0
        self.shared: dict[str, int] | None = None
        """Bindings of the first alternative of an or-pattern, for the others."""
        self.shared_seen: dict[str, Span] = {}
        self.refutable = False
        self.block_count = 0
        self.synthetic = 0

    # --- scopes ---

    def push(self) -> tuple[int, int]:
        """Enter a scope; the result is for `pop`."""
        mark = (len(self.undo), self.scope)
        self.scope = self.next_scope
        self.next_scope += 1
        return mark

    def pop(self, mark: tuple[int, int]) -> None:
        length, self.scope = mark
        undo = self.undo
        names = self.names
        while len(undo) > length:
            old = undo.pop()
            name = undo.pop()
            if old is None:
                del names[name]
            else:
                names[name] = old

    def bind_sym(self, name: str, sym: Sym) -> None:
        self.undo.append(name)
        self.undo.append(self.names.get(name))
        self.names[name] = sym

    def declare(self, name: str, span: Span, mutable: bool = False) -> int:
        """A new local in the current scope."""
        names = self.names
        old = names.get(name)
        if type(old) is int and self.local_scope[old] == self.scope:
            errors.duplicate(self, span, name, self.locals[old].span, "local")
            self.local_used[old] = 1
        id = len(self.locals)
        undo = self.undo
        undo.append(name)
        undo.append(old)
        names[name] = id
        self.locals.append(hir.Local(name, span, mutable))
        self.local_scope.append(self.scope)
        self.local_used.append(1 if type(old) is int and self.local_scope[old] == self.scope else 0)
        return id

    def temp(self, what: str, span: Span, mutable: bool) -> int:
        """A local that no name reaches."""
        id = len(self.locals)
        self.locals.append(hir.Local(f"{what}#{self.synthetic}", span, mutable, True))
        self.synthetic += 1
        self.local_scope.append(-1)
        self.local_used.append(1)
        return id

    def beneath_locals(self, name: str) -> Sym | None:
        """What `name` means when locals are left out: in a type, a local is never meant."""
        entry = self.names.get(name)
        if type(entry) is not int:
            return entry  # type: ignore[return-value]
        undo = self.undo
        for at in range(len(undo) - 2, -1, -2):
            if undo[at] == name and type(undo[at + 1]) is not int:
                sym: Sym | None = undo[at + 1]
                return sym
        return None

    def count(self, what: str) -> int:
        n = self.counts.get(what, 0)
        self.counts[what] = n + 1
        return n

    def use(self, sym: Sym) -> None:
        """Note that an imported name was used."""
        if sym.imp >= 0:
            self.use_used[sym.imp] = 1

    def source(self, span: Span) -> str:
        start = span >> SPAN_BITS
        return self.text[start : start + (span & SPAN_MASK)]

    def words(self, span: Span) -> list[str]:
        """The tokens of a piece of source, without layout and comments."""
        start = span >> SPAN_BITS
        stop = start + (span & SPAN_MASK)
        starts, ends = self.tokens.starts, self.tokens.ends
        at = bisect_left(starts, start)
        found: list[str] = []
        while at < len(starts) and starts[at] < stop:
            if ends[at] > starts[at]:
                found.append(self.text[starts[at] : min(ends[at], stop)])
            at += 1
        return found


# Tables by node class; each file of the stage fills in its part.

EXPR: dict[type, Callable[[Lowerer, Any], hir.Expr]] = {}
STMT: dict[type, Callable[[Lowerer, Any], hir.Stmt]] = {}
PAT: dict[type, Callable[[Lowerer, Any], hir.Pat]] = {}
TYPE: dict[type, Callable[[Lowerer, Any], hir.TyExpr]] = {}


def expr(lo: Lowerer, e: a.Expr) -> hir.Expr:
    return EXPR[type(e)](lo, e)


def pat(lo: Lowerer, p: a.Pat) -> hir.Pat:
    return PAT[type(p)](lo, p)


def ty(lo: Lowerer, t: a.Type) -> hir.TyExpr:
    return TYPE[type(t)](lo, t)
