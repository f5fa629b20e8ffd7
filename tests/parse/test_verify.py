"""Each invariant of the syntax tree's verifier, broken once."""

from __future__ import annotations

import pytest

from tests.parse.helpers import good
from vitte.base.diagnostics import ErrorToken
from vitte.base.source import make_span
from vitte.ir import ast as a
from vitte.ir.ast_verify import verify

TEXT = "proc f(x: int) {\n  let y = g(x, 1)\n  h[1]\n}\n"


def broken(module: a.Module) -> set[str]:
    return {line[: line.index("]") + 1] for line in verify(module)}


@pytest.fixture
def module() -> a.Module:
    found = good(TEXT)
    assert verify(found) == []
    return found


def test_1_module_covers_the_text(module: a.Module) -> None:
    module.span = make_span(0, 3)
    assert "[1]" in broken(module)


def test_2_token_table(module: a.Module) -> None:
    module.tokens.starts[3] = 0
    assert "[2]" in broken(module)


def test_2_token_table_ends_with_the_file(module: a.Module) -> None:
    for part in (module.tokens.kinds, module.tokens.starts, module.tokens.ends):
        part.pop()
    assert "[2]" in broken(module)


def test_3_only_layout_between_tokens(module: a.Module) -> None:
    for part in (module.tokens.kinds, module.tokens.starts, module.tokens.ends):
        del part[1]
    assert "[3]" in broken(module)


def test_4_children_lie_in_their_parent(module: a.Module) -> None:
    module.items[0].body.stmts[0].value.span = make_span(0, 4)
    assert "[4]" in broken(module)


def test_5_siblings_do_not_overlap(module: a.Module) -> None:
    call = module.items[0].body.stmts[0].value
    call.args[1].span = call.args[0].span
    call.args[0].span = call.span
    assert "[5]" in broken(module)


def test_6_nodes_begin_and_end_with_tokens(module: a.Module) -> None:
    item = module.items[0]
    item.span = make_span(1, len(TEXT) - 1)
    assert "[6]" in broken(module)


def test_7_names_stand_where_they_are_said_to(module: a.Module) -> None:
    module.items[0].name = "other"
    assert "[7]" in broken(module)


def test_8_error_nodes_need_an_error(module: a.Module) -> None:
    body = module.items[0].body
    body.value = a.ErrorExpr(body.value.span, ErrorToken(1))
    assert broken(module) == {"[8]"}


def test_9_what_may_not_be_empty(module: a.Module) -> None:
    body = module.items[0].body
    body.value.args = []
    assert broken(module) == {"[9]"}
