"""A small world for MIR tests that needs no front end: definitions, and typed trees made by short functions."""

from __future__ import annotations

from vitte.base.source import NO_SPAN, Span
from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.ir import lang, thir
from vitte.ir import types as t
from vitte.ir.defs import (
    AdtDef,
    Definitions,
    FieldDef,
    Generics,
    ImplDef,
    Interface,
    ParamDef,
    ProcDef,
    TraitDef,
    TraitRef,
    VariantDef,
)
from vitte.ir.types import Ty

T0 = t.param_ty(0, "T")
E1 = t.param_ty(1, "E")


def list_of(ty: Ty) -> Ty:
    return t.adt_ty(lang.LIST, (ty,))


def option_of(ty: Ty) -> Ty:
    return t.adt_ty(lang.OPTION, (ty,))


def box_of(ty: Ty) -> Ty:
    return t.adt_ty(lang.BOX, (ty,))


INTS = list_of(t.INT)
POINT = t.adt_ty("demo::Point")
PAIR = t.adt_ty("demo::Pair")
SHAPE = t.adt_ty("demo::Shape")
GUARD = t.adt_ty("demo::Guard")
COLOR = t.adt_ty("demo::Color")


def adt(path: str, kind: str, variants: list[tuple[str, list[tuple[str, Ty]]]], names: list[str] | None = None, **more: object) -> AdtDef:
    made = [VariantDef(n, [FieldDef(f, ty) for f, ty in fields], i) for i, (n, fields) in enumerate(variants)]
    return AdtDef(path, path.rpartition("::")[2], kind, Generics(names or []), made, **more)  # type: ignore[arg-type]


def proc(path: str, params: list[tuple[str, Ty]], result: Ty, names: list[str] | None = None, **more: object) -> ProcDef:
    made = [ParamDef(f"p{i}", mode, ty) for i, (mode, ty) in enumerate(params)]  # type: ignore[arg-type]
    return ProcDef(path, path.rpartition("::")[2].rpartition(".")[2], Generics(names or []), made, result, **more)  # type: ignore[arg-type]


def definitions() -> Definitions:
    """The library items MIR leans on, and `demo` with a form of numbers (`Point`), one of two lists (`Pair`), a pick (`Shape`), a
    form with `Drop` (`Guard`) and a fieldless pick (`Color`)."""
    defs = Definitions()
    face = Interface("demo", "demo.vit")
    adts = [
        adt(lang.OPTION, "pick", [("None", []), ("Some", [("0", T0)])], ["T"]),
        adt(lang.RESULT, "pick", [("Ok", [("0", T0)]), ("Err", [("0", E1)])], ["T", "E"]),
        adt(lang.ORDERING, "pick", [("Less", []), ("Equal", []), ("Greater", [])]),
        adt(lang.BOX, "form", [("box", [("ptr", t.ptr_ty(T0, True))])], ["T"]),
        adt(lang.LIST, "form", [("list", [("ptr", t.ptr_ty(T0, True)), ("len", t.INT), ("cap", t.INT)])], ["T"]),
        adt(lang.BUFFER, "form", [("Buffer", [("bytes", INTS)])]),
        adt("demo::Point", "form", [("Point", [("x", t.INT), ("y", t.INT)])]),
        adt("demo::Pair", "form", [("Pair", [("left", INTS), ("right", INTS)])]),
        adt("demo::Shape", "pick", [("Dot", [("0", t.INT)]), ("Poly", [("0", INTS), ("1", INTS)]), ("Empty", [])]),
        adt("demo::Guard", "form", [("Guard", [("items", INTS)])]),
        adt("demo::Color", "pick", [("Red", []), ("Green", [])]),
    ]
    procs = [
        proc(lang.ALLOC, [("lend", t.INT)], t.ptr_ty(t.U8, True)),
        proc(lang.DEALLOC, [("lend", t.ptr_ty(t.U8, True))], t.UNIT),
        proc(lang.STR_RETAIN, [("lend", t.ptr_ty(t.USIZE, True))], t.UNIT),
        proc(lang.STR_RELEASE, [("lend", t.ptr_ty(t.USIZE, True))], t.UNIT),
        proc(lang.STR_EQ, [("lend", t.STRING), ("lend", t.STRING)], t.BOOL),
        proc(lang.LIST_FROM_ARRAY, [("lend", t.ptr_ty(T0)), ("lend", t.INT)], list_of(T0), ["T"]),
        proc("demo::f", [("lend", t.INT)], t.INT),
        proc("demo::show", [("lend", INTS)], t.UNIT),
        proc("demo::take", [("own", INTS)], t.UNIT),
        proc("demo::grow", [("mut", INTS)], t.UNIT),
        proc("demo::make", [], INTS),
        proc("demo::two", [("own", INTS), ("own", INTS)], t.UNIT),
        proc("demo::grow_by", [("mut", INTS), ("lend", INTS)], t.UNIT),
        proc("demo::maybe", [], option_of(INTS)),
        proc("std/core::Drop.drop", [("mut", T0)], t.UNIT, ["Self"], parent=lang.TRAIT_DROP, has_body=False),
        proc("demo::impl(Drop for Guard).drop", [("mut", GUARD)], t.UNIT, parent="demo::impl(Drop for Guard)"),
    ]
    face.adts.update({a.path: a for a in adts})
    face.procs.update({p.path: p for p in procs})
    face.traits[lang.TRAIT_DROP] = TraitDef(lang.TRAIT_DROP, "Drop", Generics(["Self"]), {"drop": "std/core::Drop.drop"})
    path = "demo::impl(Drop for Guard)"
    face.impls.append(ImplDef(path, Generics(), GUARD, TraitRef(lang.TRAIT_DROP, (GUARD,)), {"drop": f"{path}.drop"}))
    defs.add(face)
    return defs


def context(defs: Definitions | None = None) -> UnitContext:
    return UnitContext("demo", "demo.vit", X86_64_LINUX_GNU, defs or definitions())


# --- typed trees --------------------------------------------------------------------------------------------------


def at(n: int) -> Span:
    """A span to tell places apart: one code point at offset n."""
    return Span(n << 26 | 1)


class Make:
    """One body under construction; `local` declares, the other methods make nodes."""

    def __init__(self, path: str = "demo::main") -> None:
        self.path = path
        self.locals: list[thir.LocalDecl] = []
        self.params: list[thir.Param] = []
        self.count = 0

    def span(self) -> Span:
        self.count += 1
        return at(self.count)

    def local(self, name: str, ty: Ty) -> int:
        self.locals.append(thir.LocalDecl(name, ty, self.span(), True))
        return len(self.locals) - 1

    def param(self, name: str, ty: Ty, mode: str = "lend") -> int:
        local = self.local(name, ty)
        self.params.append(thir.Param(local, mode))  # type: ignore[arg-type]
        return local

    def body(self, stmts: list[thir.Stmt], result: Ty = t.UNIT, generic_count: int = 0) -> thir.Body:
        value = thir.Block(t.UNIT, NO_SPAN, stmts, None)
        return thir.Body(self.path, "demo.vit", self.params, self.locals, result, value, NO_SPAN, generic_count)

    def use(self, local: int) -> thir.Local:
        return thir.Local(self.locals[local].ty, self.span(), local)

    def int(self, value: int) -> thir.Lit:
        return thir.Lit(t.INT, self.span(), value)

    def text(self, value: str) -> thir.Lit:
        return thir.Lit(t.STRING, self.span(), value)

    def bool(self, value: bool) -> thir.Lit:
        return thir.Lit(t.BOOL, self.span(), int(value))

    def binary(self, op: str, left: thir.Expr, right: thir.Expr) -> thir.Binary:
        ty = t.BOOL if op in ("==", "!=", "<", "<=", ">", ">=") else left.ty
        return thir.Binary(ty, self.span(), op, left, right)

    def call(self, path: str, ty: Ty, *arguments: tuple[str, thir.Expr], args: tuple[Ty, ...] = ()) -> thir.Call:
        return thir.Call(ty, self.span(), path, args, [thir.Arg(m, e) for m, e in arguments])  # type: ignore[arg-type]

    def make(self) -> thir.Call:
        return self.call("demo::make", INTS)

    def take(self, e: thir.Expr) -> thir.Call:
        return self.call("demo::take", t.UNIT, ("own", e))

    def show(self, e: thir.Expr) -> thir.Call:
        return self.call("demo::show", t.UNIT, ("lend", e))

    def field(self, base: thir.Expr, index: int, ty: Ty) -> thir.Field:
        return thir.Field(ty, self.span(), base, index)

    def let(self, local: int, init: thir.Expr | None) -> thir.Let:
        return thir.Let(thir.PBind(self.locals[local].ty, self.locals[local].span, local, "value"), init, None, self.span())

    def stmt(self, e: thir.Expr) -> thir.ExprStmt:
        return thir.ExprStmt(e, self.span())

    def give(self, e: thir.Expr | None = None) -> thir.ExprStmt:
        return self.stmt(thir.Give(t.NEVER, self.span(), e))

    def set(self, place: thir.Expr, value: thir.Expr) -> thir.ExprStmt:
        return self.stmt(thir.Assign(t.UNIT, self.span(), place, value))

    def block(self, *stmts: thir.Stmt, tail: thir.Expr | None = None) -> thir.Block:
        return thir.Block(tail.ty if tail is not None else t.UNIT, self.span(), list(stmts), tail)

    def if_(self, cond: thir.Expr, then: thir.Expr, otherwise: thir.Expr | None = None) -> thir.If:
        return thir.If(then.ty, self.span(), cond, then, otherwise)

    def match(self, value: thir.Expr, *arms: tuple[thir.Pat, thir.Expr], ty: Ty = t.UNIT) -> thir.Match:
        return thir.Match(ty, self.span(), value, [thir.Arm(p, None, e, self.span()) for p, e in arms])

    def bind(self, local: int, by: str = "value", ty: Ty | None = None) -> thir.PBind:
        return thir.PBind(ty or self.locals[local].ty, self.locals[local].span, local, by)  # type: ignore[arg-type]

    def case(self, ty: Ty, variant: int, *fields: thir.Pat) -> thir.PVariant:
        return thir.PVariant(ty, self.span(), variant, list(enumerate(fields)))

    def wild(self, ty: Ty) -> thir.PWild:
        return thir.PWild(ty, self.span())

    def const(self, ty: Ty, value: int | float | str) -> thir.PConst:
        return thir.PConst(ty, self.span(), value)


def built(body: thir.Body, elaborated: bool = True, args: tuple[Ty, ...] = (), defs: Definitions | None = None) -> tuple[str, list[str]]:
    """The MIR of a body (locals and blocks only) and the codes of what the move check says; the verifier must be content."""
    from vitte.ir.mir_text import print_body
    from vitte.ir.mir_verify import verify_body
    from vitte.ir.mono import Instance
    from vitte.mir_build import elaborate, tracked_locals
    from vitte.mir_build.build import build_body
    from vitte.mir_build.facts import Unit
    from vitte.mir_build.moves import MoveCheck
    from vitte.mir_build.paths import Paths

    ctx = context(defs)
    unit = Unit(ctx)
    builder = build_body(unit, body, Instance(body.path, args), not args)
    made = builder.finish(body.path, "external", len(body.params))
    assert verify_body(made, ctx.defs) == []
    tracked = tracked_locals(builder)
    paths = Paths(made, tracked) if tracked else None
    if paths is not None and not args:
        MoveCheck(paths, builder.spans, ctx.diagnostics, ctx.defs, builder.describe, builder.written).run()
    codes = [d.code.id for d in ctx.diagnostics.sorted()]
    if elaborated and not codes:
        elaborate(made, paths, unit)
        assert verify_body(made, ctx.defs) == []
    return no_spans(print_body(made)), codes


def no_spans(text: str) -> str:
    """MIR text from the first local on, without spans."""
    lines = [line.split(" @")[0] for line in text.splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith(("  _0:", "  mut _0:")))
    return "\n".join(line[2:] for line in lines[start:-1]) + "\n"
