"""One broken HIR per invariant of `hir_verify`: each is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lower.support import Lowered, lower_text
from vitte.base.diagnostics import ErrorToken
from vitte.base.source import make_span
from vitte.ir import hir, hir_verify
from vitte.ir import types as t

SOURCE = """\
use std/math
pick Way { Left, Right }
trait Go { proc go(self); }
proc f(a: int) -> int {
  let b = a
  'l: loop {
    break
  }
  match b {
    case 1 => give 2
    else => give 3
  }
}
proc g() -> f64 { give math.sqrt(2.0) }
"""


def fresh() -> Lowered:
    return lower_text(SOURCE)


def body(lowered: Lowered) -> hir.Block:
    proc = lowered.item("m::f")
    assert isinstance(proc, hir.Proc)
    assert proc.body is not None
    assert isinstance(proc.body.value, hir.Block)
    return proc.body.value


def statement(e: hir.Expr) -> hir.Stmt:
    return hir.ExprStmt(e.span, e, True)


SPAN = make_span(0, 1)


def unknown_def(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.DefRef(SPAN, "m::nothing", "proc")))


def unknown_foreign_def(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.DefRef(SPAN, "std/math::nothing", "proc")))


def wrong_kind(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.DefRef(SPAN, "m::g", "const")))


def unknown_type(x: Lowered) -> None:
    body(x).stmts.append(hir.Let(SPAN, hir.PatWild(SPAN), hir.TyPath(SPAN, "m::None", "adt"), None))


def unknown_case(x: Lowered) -> None:
    body(x).stmts.append(hir.Let(SPAN, hir.PatPath(SPAN, "m::Way.Up", "case"), None, None))


def unknown_pattern_type(x: Lowered) -> None:
    body(x).stmts.append(hir.Let(SPAN, hir.PatCase(SPAN, "m::Form", "adt", "Form", [], False, SPAN), None, None))


def unknown_bound(x: Lowered) -> None:
    proc = x.item("m::g")
    assert isinstance(proc, hir.Proc)
    proc.generics.bounds.append(hir.WhereBound(hir.TyName(SPAN, t.INT), "m::Way", [], SPAN))


def unknown_method(x: Lowered) -> None:
    trait = x.item("m::Go")
    assert isinstance(trait, hir.Trait)
    trait.methods.append("m::Go.stop")


def unknown_export(x: Lowered) -> None:
    x.module.names["lost"] = hir.ExportedName("proc", "m::lost", "public")


def undeclared(x: Lowered) -> None:
    body(x).stmts.insert(0, statement(hir.LocalRef(SPAN, 1)))


def out_of_scope(x: Lowered) -> None:
    block = body(x)
    let = block.stmts.pop(0)
    block.stmts.insert(0, statement(hir.Block(SPAN, [let], None)))


def no_such_local(x: Lowered) -> None:
    body(x).stmts.append(hir.Let(SPAN, hir.PatBind(SPAN, 9, name="z"), None, None))


def declared_twice(x: Lowered) -> None:
    body(x).stmts.append(hir.Let(SPAN, hir.PatBind(SPAN, 1, name="b"), None, None))


def never_declared(x: Lowered) -> None:
    proc = x.item("m::f")
    assert isinstance(proc, hir.Proc)
    assert proc.body is not None
    proc.body.locals.append(hir.Local("ghost", SPAN))


def break_elsewhere(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.Break(SPAN, 0)))


def continue_elsewhere(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.Continue(SPAN, 7)))


def same_loop_id(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.Loop(SPAN, 0, hir.Block(SPAN, [], None))))


def span_outside(x: Lowered) -> None:
    far = make_span(len(SOURCE), len(SOURCE) + 5)
    body(x).stmts.append(statement(hir.Literal_(far, "int", 1)))
    body(x).stmts[-1].span = SPAN


def error_without_token(x: Lowered) -> None:
    body(x).stmts.append(statement(hir.ErrorExpr(SPAN, ErrorToken(0))))


def path_twice(x: Lowered) -> None:
    x.module.items.append(x.item("m::g"))


def foreign_item(x: Lowered) -> None:
    scope = hir.GenericsExpr([], [], [])
    x.module.items.append(hir.Alias("other::A", "A", SPAN, SPAN, "private", scope, hir.TyName(SPAN, t.INT)))


BROKEN: list[tuple[Callable[[Lowered], None], str]] = [
    (unknown_def, "H1"), (unknown_foreign_def, "H1"), (wrong_kind, "H1"), (unknown_type, "H1"), (unknown_case, "H1"),
    (unknown_pattern_type, "H1"), (unknown_bound, "H1"), (unknown_method, "H1"), (unknown_export, "H1"), (undeclared, "H2"),
    (out_of_scope, "H2"), (no_such_local, "H2"), (declared_twice, "H2"), (never_declared, "H2"), (break_elsewhere, "H3"),
    (continue_elsewhere, "H3"), (same_loop_id, "H3"), (span_outside, "H4"), (error_without_token, "H5"), (path_twice, "H6"),
    (foreign_item, "H6"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "invariant"), BROKEN, ids=[spoil.__name__ for spoil, _ in BROKEN])
def test_broken(spoil: Callable[[Lowered], None], invariant: str) -> None:
    lowered = fresh()
    spoil(lowered)
    found = hir_verify.verify(lowered.module, lowered.ctx)
    assert found
    assert {violation[:2] for violation in found} == {invariant}, found


def test_whole() -> None:
    lowered = fresh()
    assert hir_verify.verify(lowered.module, lowered.ctx) == []
    assert hir_verify.verify(lowered.module) == []
