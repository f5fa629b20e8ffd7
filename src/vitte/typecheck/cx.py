"""The state of checking one body: locals, inference variables, obligations, and the doors into the rest of the checker.

`Cx.expr(e, want)` types an expression; `want` is a hint, never a promise. `Cx.check(e, want)` also coerces. Handlers live in
modules by idea and are found in `Cx.table` by the class of the node.

Inference variables are numbered per body; `vars[id]` is what one stands for. Nodes made while their type was open are
kept in `pending` and get their final type at the end of the body, so no pass over the tree is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from vitte.base.diagnostics import ErrorToken, Suggestion
from vitte.base.source import NO_SPAN, Span
from vitte.ir import hir, lang, thir
from vitte.ir import types as t
from vitte.ir.defs import AssocBound, Definitions, Generics, ProcDef, TraitRef
from vitte.ir.impls import bounds_of, normalize
from vitte.ir.ownership import is_copy
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PROJECTION, InferTy, Ty, infer_ty, map_ty, show
from vitte.typecheck import errors as E
from vitte.typecheck.coerce import coerce
from vitte.typecheck.collect import Collector

HERE = t.ptr_ty(t.adt_ty(lang.PLACE))
DISCARD = t.SimpleTy("{discard}")
"""As `want`: the value is thrown away, branches need not agree."""

Why = tuple[str, Span, str]
"""Why a type is expected: text, place and file ("" for this one)."""


class LoopInfo(Struct, gc=False):
    want: Ty | None
    ty: Ty | None = None
    has_break: bool = False
    first: Span = NO_SPAN


class Obligation(Struct, gc=False):
    """`args[0]: trait` must hold. `why`: the bound's owner, for the message."""

    trait: str
    args: tuple[Ty, ...]
    span: Span
    why: str = ""


class MatchCheck(Struct, gc=False):
    """A match (or an irrefutable pattern) to be checked for exhaustiveness once types are known."""

    kind: str  # "match", "let", "for", "param"
    ty: Ty
    arms: list[tuple[thir.Pat, bool, Span]]
    span: Span
    has_else: bool = False


class Cx:
    """One checker serves all bodies of a module, one after the other (`begin` ... `finish`)."""

    table: dict[type, Callable[[Cx, Any, Ty | None], thir.Expr]]

    def __init__(self, col: Collector) -> None:
        from vitte.typecheck.methods import MethodIndex

        self.col = col
        self.defs: Definitions = col.defs
        self.diag = col.diag
        self.module = col.module.path
        self.index = MethodIndex(col.defs)
        self.pools: dict[str, list[InferTy]] = {"any": [], "int": [], "float": []}  # variables are used again by the next body
        self.foreign = frozenset([i.module for i in col.ctx.imports if i.is_foreign])
        self.begin("", Generics(), [], t.UNIT)

    def begin(self, path: str, generics: Generics, locals: list[hir.Local], result: Ty | None) -> None:
        """Start a body. `result` None: `give` is not possible (constants)."""
        self.path = path
        self.bounds: tuple[TraitRef | AssocBound, ...] = bounds_of(generics, self.defs)
        self.hir_locals = locals
        self.local_tys: list[Ty | None] = [None] * len(locals)
        self.extra_locals: list[thir.LocalDecl] = []
        self.param_modes: dict[int, t.Mode] = {}
        self.result = result
        self.result_why: Why | None = None
        self.const_param_tys: list[Ty | None] | None = None
        self.vars: list[Ty | None] = []
        self.trail: list[int] = []
        self.pending: list[Any] = []
        self.pending_args: list[Any] = []
        self.int_lits: list[thir.Lit] = []
        self.obligations: list[Obligation] = []
        self.projections: list[tuple[Ty, InferTy, Span]] = []
        self.unsafe = 0
        self.loops: dict[int, LoopInfo] = {}
        self.matches: list[MatchCheck] = []
        self.upgradable: dict[int, tuple[thir.PBind, list[thir.Local], thir.Expr]] = {}
        self.uninit: set[int] = set()
        self.errors_before = self.diag.error_count
        types = self.col.types
        types.bounds = self.bounds
        types.fresh = self.fresh

    # --- expressions -----------------------------------------------------------------------------------------------

    def expr(self, e: hir.Expr, want: Ty | None = None) -> thir.Expr:
        node = self.table[type(e)](self, e, want)
        if node.ty.flags & HAS_INFER:
            self.pending.append(node)
        return node

    def check(self, e: hir.Expr, want: Ty, why: Why | None = None) -> thir.Expr:
        node = self.table[type(e)](self, e, want)
        if node.ty is want:
            if want.flags & HAS_INFER:
                self.pending.append(node)
            return node
        if node.ty.flags & HAS_INFER:
            self.pending.append(node)
        return self.coerce(node, want, why)

    def discard(self, e: hir.Expr) -> thir.Expr:
        """An expression whose value is not used."""
        cls = type(e)
        if cls is hir.If or cls is hir.Match or cls is hir.Block:
            return self.table[cls](self, e, DISCARD)
        return self.expr(e, None)

    def coerce(self, node: thir.Expr, want: Ty, why: Why | None = None) -> thir.Expr:
        return coerce(self, node, want, why)

    def made(self, node: thir.Expr) -> thir.Expr:
        """Register a node made outside `expr` whose type may be open."""
        if node.ty.flags & HAS_INFER:
            self.pending.append(node)
        return node

    def error_node(self, span: Span, ty: Ty = t.ERROR) -> thir.Expr:
        return thir.ErrorExpr(ty, span)

    # --- types -----------------------------------------------------------------------------------------------------

    def fresh(self) -> InferTy:
        return self.fresh_lit("any")

    def fresh_lit(self, kind: str) -> InferTy:
        pool = self.pools[kind]
        count = len(self.vars)
        while len(pool) <= count:
            pool.append(infer_ty(len(pool), kind))  # type: ignore[arg-type]
        self.vars.append(None)
        return pool[count]

    def shallow(self, ty: Ty) -> Ty:
        while type(ty) is InferTy:
            bound = self.vars[ty.id]
            if bound is None:
                return ty
            ty = bound
        return ty

    def _replace(self, ty: Ty) -> Ty | None:
        if type(ty) is InferTy:
            bound = self.vars[ty.id]
            if bound is None:
                return ty
            return self.resolve(bound)
        return None

    def resolve(self, ty: Ty) -> Ty:
        """`ty` with all known variables put in, projections normalised when that made them concrete."""
        if not ty.flags & HAS_INFER:
            return ty
        done = map_ty(ty, HAS_INFER, self._replace)
        if done.flags & HAS_PROJECTION and not done.flags & HAS_INFER:
            done = normalize(done, self.defs, self.bounds)
        return done

    def norm(self, ty: Ty, span: Span = NO_SPAN) -> Ty:
        """`ty` without projections that can be resolved; one over open variables becomes a variable to be solved later."""
        if not ty.flags & HAS_PROJECTION:
            return ty
        if ty.flags & HAS_INFER:
            ty = self.resolve(ty)
            if not ty.flags & HAS_PROJECTION:
                return ty
        if not ty.flags & HAS_INFER:
            return normalize(ty, self.defs, self.bounds)

        def replace(part: Ty) -> Ty | None:
            if type(part) is not t.ProjTy:
                return None
            if not part.flags & HAS_INFER:
                return normalize(part, self.defs, self.bounds)
            from vitte.typecheck.obligations import project

            found = project(self, part)
            if found is not None:
                return found
            var = self.fresh()
            self.projections.append((part, var, span))
            return var

        return map_ty(ty, HAS_PROJECTION, replace)

    def known(self, ty: Ty, span: Span | None = None) -> Ty:
        """The type with its outermost constructor known: solves what is pending, and lets a literal's type be `int` or `f64`.

        With `span`, a type still open is an error there."""
        ty = self.resolve(ty)
        if type(ty) is not InferTy:
            return ty
        if self.obligations or self.projections:
            from vitte.typecheck.obligations import solve

            solve(self, False)
            ty = self.resolve(ty)
            if type(ty) is not InferTy:
                return ty
        if ty.kind == "int":
            self.bind(ty, t.INT)
            return t.INT
        if ty.kind == "float":
            self.bind(ty, t.F64)
            return t.F64
        if span is not None:
            self.diag.error(E.CANNOT_INFER, span, "the type of this is not known here", "write its type where it is bound")
            self.bind(ty, t.ERROR)
            return t.ERROR
        return ty

    def bind(self, var: InferTy, ty: Ty) -> None:
        self.vars[var.id] = ty
        self.trail.append(var.id)

    def mark(self) -> tuple[int, int, int]:
        return len(self.trail), len(self.obligations), len(self.projections)

    def rollback(self, mark: tuple[int, int, int]) -> None:
        trail = self.trail
        while len(trail) > mark[0]:
            self.vars[trail.pop()] = None
        del self.obligations[mark[1] :]
        del self.projections[mark[2] :]

    def unify(self, a: Ty, b: Ty) -> bool:
        """Make two types equal, if they can be. Bindings made before a failure stay: take a `mark` to try."""
        if a is b:
            return True
        if type(a) is InferTy:
            a = self.shallow(a)
        if type(b) is InferTy:
            b = self.shallow(b)
        if a is b:
            return True
        ca, cb = type(a), type(b)
        if ca is InferTy:
            return self._unify_var(a, b)  # type: ignore[arg-type]
        if cb is InferTy:
            return self._unify_var(b, a)  # type: ignore[arg-type]
        if ca is t.ErrorTy or cb is t.ErrorTy:
            return True
        if ca is t.ProjTy or cb is t.ProjTy:
            x, y = self.norm(a), self.norm(b)
            return x is y or ((x is not a or y is not b) and self.unify(x, y))
        if ca is not cb or not (a.flags | b.flags) & (HAS_INFER | HAS_ERROR | HAS_PROJECTION):
            return False
        if ca is t.AdtTy:
            return a.path == b.path and self._unify_all(a.args, b.args)  # type: ignore[attr-defined]
        if ca is t.RefTy or ca is t.PtrTy:
            return a.mutable == b.mutable and self.unify(a.target, b.target)  # type: ignore[attr-defined]
        if ca is t.TupleTy:
            return self._unify_all(a.elems, b.elems)  # type: ignore[attr-defined]
        if ca is t.ArrayTy:
            return self.unify(a.elem, b.elem) and self.unify(a.length, b.length)  # type: ignore[attr-defined]
        if ca is t.SliceTy:
            return self.unify(a.elem, b.elem)  # type: ignore[attr-defined]
        if ca is t.ProcTy:
            return a.modes == b.modes and self._unify_all(a.params, b.params) and self.unify(a.result, b.result)  # type: ignore[attr-defined]
        return False

    def _unify_all(self, xs: tuple[Ty, ...], ys: tuple[Ty, ...]) -> bool:
        if len(xs) != len(ys):
            return False
        for x, y in zip(xs, ys, strict=True):
            if not self.unify(x, y):
                return False
        return True

    def _unify_var(self, var: InferTy, ty: Ty) -> bool:
        kind = var.kind
        if type(ty) is InferTy:
            if kind == "any" or kind == ty.kind:
                self.bind(var, ty)
                return True
            if ty.kind == "any":
                self.bind(ty, var)
                return True
            return False
        if ty.flags & HAS_INFER:
            ty = self.resolve(ty)
            if kind == "any" and self._occurs(var, ty):
                return False
        if kind == "any" or ty is t.ERROR or (kind == "int" and type(ty) is t.IntTy) or (kind == "float" and type(ty) is t.FloatTy):
            self.bind(var, ty)
            return True
        return False

    def _occurs(self, var: InferTy, ty: Ty) -> bool:
        found = False

        def look(part: Ty) -> Ty | None:
            nonlocal found
            if part is var:
                found = True
            return None

        map_ty(ty, HAS_INFER, look)
        return found

    def is_copy(self, ty: Ty) -> bool:
        return is_copy(ty, self.defs, self.bounds)

    # --- locals ----------------------------------------------------------------------------------------------------

    def new_local(self, name: str, ty: Ty, span: Span, mutable: bool = False) -> int:
        """A local of the compiler's own."""
        local = len(self.hir_locals) + len(self.extra_locals)
        decl = thir.LocalDecl(name, ty, span, mutable, True)
        self.extra_locals.append(decl)
        if ty.flags & HAS_INFER:
            self.pending.append(decl)
        return local

    def set_local(self, local: int, ty: Ty) -> None:
        """A binding's type. The same local bound again (in alternatives) must agree: the caller checks."""
        self.local_tys[local] = ty

    def local_ty(self, local: int) -> Ty:
        count = len(self.hir_locals)
        if local >= count:
            return self.extra_locals[local - count].ty
        return self.local_tys[local] or t.ERROR

    def bind_temp(self, name: str, value: thir.Expr, stmts: list[thir.Stmt], mutable: bool = False) -> thir.Expr:
        """`let name = value` appended to `stmts`; gives the local."""
        ty, span = value.ty, value.span
        local = self.new_local(name, ty, span, mutable)
        pat = thir.PBind(ty, span, local, "value")
        node = thir.Local(ty, span, local)
        if ty.flags & HAS_INFER:
            self.pending.append(pat)
            self.pending.append(node)
        stmts.append(thir.Let(pat, value, None, span))
        return node

    # --- the library -----------------------------------------------------------------------------------------------

    def lang_proc(self, path: str, span: Span) -> ProcDef | None:
        proc = self.defs.procs.get(path)
        if proc is None:
            self.col.missing_lang_item(path, span)
        return proc

    def lang_call(self, path: str, args: tuple[Ty, ...], values: list[thir.Expr], span: Span, result: Ty | None = None) -> thir.Expr:
        """A call of a library procedure with arguments that fit already."""
        proc = self.lang_proc(path, span)
        if proc is None:
            return self.error_node(span)
        arguments = [thir.Arg(p.mode, v) for p, v in zip(proc.params, values, strict=False)]
        if len(values) < len(proc.params) and proc.params[-1].name == lang.PLACE_PARAM:
            arguments.append(thir.Arg(proc.params[-1].mode, self.here(span)))
        if result is None:
            result = self.norm(t.subst(proc.result, args)) if args else proc.result
        node = thir.Call(result, span, path, args, arguments)
        if args:
            for arg in args:
                if arg.flags & HAS_INFER:
                    self.pending_args.append(node)
                    break
        if result.flags & HAS_INFER:
            self.pending.append(node)
        return node

    def text(self, value: str, span: Span) -> thir.Expr:
        return thir.Lit(t.STRING, span, value)

    def here(self, span: Span) -> thir.Expr:
        """The place a panic names."""
        return thir.Here(HERE, span)

    def unit(self, span: Span) -> thir.Expr:
        return thir.Lit(t.UNIT, span, None)

    # --- visibility and errors -------------------------------------------------------------------------------------

    def visible(self, visibility: str, owner_path: str) -> bool:
        """Whether a member of what is defined at `owner_path` may be used in this module."""
        if visibility == "public":
            return True
        module = owner_path.partition("::")[0]
        if module == self.module:
            return True
        if visibility == "package":
            if module.startswith("std/"):
                return self.module.startswith("std/")
            return module not in self.foreign
        return False

    def error(
        self,
        code: Any,
        span: Span,
        message: str,
        label: str = "",
        why: Why | None = None,
        notes: tuple[str, ...] = (),
        helps: tuple[Suggestion, ...] = (),
    ) -> ErrorToken:
        labels: tuple[tuple[Span, str], ...] = ()
        elsewhere: tuple[Any, ...] = ()
        if why is not None:
            labels, elsewhere = self.col.where(why[2], why[1], why[0])
        return self.diag.error(code, span, message, label, labels=labels, elsewhere=elsewhere, notes=notes, helps=helps)

    def show(self, ty: Ty) -> str:
        return show(self.resolve(ty))
