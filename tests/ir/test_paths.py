from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitte.ir import types as t
from vitte.ir.mono import demangle
from vitte.ir.paths import head_end, head_text, impl_path, import_symbol, imported, last_name, readable

WORDS = [
    "Show", "for", "T", "mut", "4", "[", "]", "(", ")", ".", "::", ",", "&", "*", "->", "=", "/", "#", "'('", '"]"', "é", "{", "}", "@",
]  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "path"),
    [
        (["Point"], "m::impl(Point)"),
        (["Add", "[", "geo", ".", "P", "]"], "m::impl(Add<geo:P>)"),
        (["Add", "<", "geo", "::", "P", ">"], "m::impl(Add<geo:P>)"),
        (["&", "mut", "[", "T", "]"], "m::impl(&mut<T>)"),
        (["(", "A", ",", "[", "B", ";", "4", "/", "2", "]", ")"], "m::impl((A,<B;4~2f2>))"),
        (["')'"], "m::impl(~27~29~27)"),
    ],
)
def test_heads(tokens: list[str], path: str) -> None:
    assert impl_path("m", head_text(tokens)) == path


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_a_head_can_be_taken_for_nothing_else(tokens: list[str]) -> None:
    head = head_text(tokens)
    assert not any(mark in head for mark in ("::", ".", "/", "[", "]", "#", "{", "}", '"', "@"))
    path = impl_path("a/b", head)
    assert path.partition("::")[0] == "a/b"
    method = f"{path}.show"
    assert (method.rpartition(".")[0], method.rpartition("::")[2]) == (path, f"impl({head}).show")
    opening = path.index("(")
    assert head_end(method, opening) == len(path)
    local = t.adt_ty(f"{method}.{{0}}::Local", (t.INT, t.adt_ty(path)))
    t._parsed.pop(local.text, None)
    assert t.parse_ty(local.text) is local


def test_for_people() -> None:
    symbol = "demo/v::impl(Add<geo:P> for proc(int)->V).add[demo/v::P, std/list::list[i64]]"
    assert demangle(symbol) == "demo/v::impl(Add[geo.P] for proc(int)->V).add[demo/v::P, std/list::list[i64]]"
    assert readable("glue drop[m::P]") == "glue drop[m::P]"
    assert readable("m::impl(&<int> with sum).sum") == "m::impl(&[int]).sum"
    assert last_name("m::f.{1}::impl(Show for a:P)#1.show") == "impl(Show for a.P)#1.show"
    assert readable("m::impl(unfinished") == "m::impl(unfinished"


@given(st.text(), st.text())
def test_what_is_imported_is_in_the_symbol(module: str, name: str) -> None:
    assert imported(import_symbol(module, name)) == (module, name)


@pytest.mark.parametrize("symbol", ["main", "import", "m::import 3 env log", "import x y"])
def test_other_symbols_import_nothing(symbol: str) -> None:
    assert imported(symbol) is None
