"""One broken body for each invariant of THIR, the table of children against the node classes, and the text."""

from __future__ import annotations

import msgspec
import pytest

from vitte.base.source import NO_SPAN
from vitte.ir import thir, thir_text
from vitte.ir import types as t
from vitte.ir.defs import Definitions, Generics, Interface, ParamDef, ProcDef
from vitte.ir.thir_verify import verify_body
from vitte.ir.thir_walk import CHILDREN, walk

N = NO_SPAN
ONE = thir.Lit(t.INT, N, 1)
X = thir.Local(t.INT, N, 0)


def definitions() -> Definitions:
    defs = Definitions()
    half = ProcDef("m::half", "half", Generics(), [ParamDef("n", "lend", t.INT)], t.INT)
    defs.add(Interface("m", procs={"m::half": half}))
    return defs


def body(*exprs: thir.Expr) -> thir.Body:
    stmts: list[thir.Stmt] = [thir.ExprStmt(e, N) for e in exprs]
    return thir.Body("m::f", "m.vit", [thir.Param(0, "lend")], [thir.LocalDecl("x", t.INT, N)], t.UNIT, thir.Block(t.UNIT, N, stmts, None))


def call(*arguments: thir.Arg) -> thir.Expr:
    return thir.Call(t.INT, N, "m::half", (), list(arguments))


GOOD = body(
    thir.Binary(t.INT, N, "+", X, ONE),
    call(thir.Arg("lend", X)),
    thir.Loop(t.UNIT, N, 1, thir.Break(t.NEVER, N, 1, None)),
    thir.Field(t.INT, N, thir.Tuple(t.tuple_ty((t.INT,)), N, [ONE]), 0),
)

BROKEN = [
    ("T1", thir.Lit(t.infer_ty(3), N, 1)),
    ("T2", thir.Binary(t.INT, N, "+", ONE, thir.Lit(t.U8, N, 1))),
    ("T3", call()),
    ("T3", call(thir.Arg("own", ONE))),
    ("T3", call(thir.Arg("lend", thir.Lit(t.STRING, N, "a")))),
    ("T4", thir.Field(t.INT, N, X, 0)),
    ("T4", thir.Deref(t.INT, N, X)),
    ("T4", thir.Index(t.INT, N, X, ONE)),
    ("T5", thir.Local(t.INT, N, 7)),
    ("T6", thir.Break(t.NEVER, N, 9, None)),
    ("T7", thir.Is(t.BOOL, N, X, thir.PVariant(t.INT, N, 0, []))),
    ("T7", thir.Is(t.BOOL, N, X, thir.PDeref(t.INT, N, thir.PWild(t.INT, N)))),
]


def test_a_good_body_has_no_violation() -> None:
    assert verify_body(GOOD, definitions()) == []


@pytest.mark.parametrize(("number", "broken"), BROKEN)
def test_each_invariant_is_checked(number: str, broken: thir.Expr) -> None:
    problems = verify_body(body(broken), definitions())
    assert [p.split(" ")[0] for p in problems[:-1]] == [number]
    assert "proc m::f" in problems[-1]


def test_the_table_of_children_names_every_field_that_holds_nodes() -> None:
    for cls, names in CHILDREN.items():
        words = ("Expr", "Stmt", "Arg", "Arm", "thir.Local")
        holding = [f.name for f in msgspec.structs.fields(cls) if any(w in str(f.type) for w in words)]
        found = [f for f in holding if f != "pat"]
        assert sorted(names) == sorted(found), cls.__name__


def test_walking_visits_parents_first_and_in_order() -> None:
    kinds = [type(n).__name__ for n in walk(GOOD.value)]
    assert kinds[:6] == ["Block", "ExprStmt", "Binary", "Local", "Lit", "ExprStmt"]


def test_text() -> None:
    assert thir_text.print_body(GOOD) == (
        "proc m::f(%0 x: lend i64) -> () {\n"
        "  {\n"
        "    %0 + 1: i64;\n"
        "    m::half(lend %0);\n"
        "    '1: loop break '1;\n"
        "    (1: i64,).0;\n"
        "  }\n"
        "}\n"
    )
