"""Impl selection, associated types and ownership queries on definitions made from source."""

from __future__ import annotations

import pytest

from tests.typecheck.support import check_text
from vitte.ir import impls, lang, ownership
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.types import parse_ty

SOURCE = """
#[derive(clone, ord)]
form Point { x: int, y: int }
form Owner { items: [int] }
form Text { name: string, point: Point }
form Loud { n: int }
impl Drop for Loud { proc drop(mut self) {} }
#[unique] form Ticket { n: int }
pick Tree { Leaf, Branch(box[Tree], Point) }
form Pair[A, B] { a: A, b: B }
form Action { run: proc() }
trait Area { type Unit
  proc area(self) -> int;
  proc twice(self) -> int { give self.area() * 2 } }
impl Area for Point { type Unit = string
  proc area(self) -> int { give self.x } }
impl[T: Area] Area for [T] { type Unit = T.Unit
  proc area(self) -> int { give 0 } }
"""


@pytest.fixture(scope="module")
def defs() -> Definitions:
    checked = check_text(SOURCE)
    assert checked.text == ""
    return checked.ctx.defs


@pytest.mark.parametrize(
    ("ty", "copies", "drops", "plain"),
    [
        ("i64", True, False, True),
        ("string", True, True, False),
        ("m::Point", True, False, True),
        ("m::Owner", False, True, False),
        ("m::Text", True, True, False),
        ("m::Loud", False, True, False),
        ("m::Ticket", False, False, False),
        ("m::Tree", False, True, False),
        ("(i64, m::Loud)", False, True, False),
        ("[string; 2]", True, True, False),
        ("&m::Loud", True, False, True),
        ("&mut i64", False, False, False),
        ("*mut m::Loud", True, False, True),
        ("m::Pair[i64, string]", True, True, False),
        ("m::Pair[i64, m::Loud]", False, True, False),
        ("std/core::option[m::Point]", True, False, True),
        ("$0:T", False, True, False),
    ],
)
def test_ownership(defs: Definitions, ty: str, copies: bool, drops: bool, plain: bool) -> None:
    found = parse_ty(ty)
    assert (ownership.is_copy(found, defs), ownership.needs_drop(found, defs), ownership.is_plain(found, defs)) == (copies, drops, plain)


@pytest.mark.parametrize(
    ("trait", "ty", "how"),
    [
        (lang.TRAIT_EQ, "m::Point", "Builtin"),
        (lang.TRAIT_EQ, "m::Tree", "Builtin"),
        (lang.TRAIT_HASH, "f64", None),
        (lang.TRAIT_ORD, "m::Point", "Builtin"),
        (lang.TRAIT_ORD, "m::Text", None),
        (lang.TRAIT_CLONE, "m::Owner", None),
        (lang.TRAIT_CLONE, "m::Text", "Builtin"),
        (lang.TRAIT_SHOW, "i64", "ImplMatch"),
        (lang.TRAIT_SHOW, "m::Point", None),
        (lang.TRAIT_SHOW, "std/list::list[i64]", "ImplMatch"),
        (lang.TRAIT_SHOW, "std/list::list[m::Point]", None),
        (lang.TRAIT_COPY, "m::Loud", None),
        ("m::Area", "std/list::list[std/list::list[m::Point]]", "ImplMatch"),
        ("m::Area", "std/list::list[i64]", None),
    ],
)
def test_selection(defs: Definitions, trait: str, ty: str, how: str | None) -> None:
    found = impls.select_impl(defs, trait, (parse_ty(ty),))
    assert (type(found).__name__ if found is not None else None) == how


def test_methods(defs: Definitions) -> None:
    point = parse_ty("m::Point")
    points = t.adt_ty(lang.LIST, (point,))
    assert impls.resolve_method(defs, "m::Area.area", (point,)) == ("m::impl(Area for Point).area", ())
    assert impls.resolve_method(defs, "m::Area.area", (points,)) == ("m::impl(Area for <T>).area", (point,))
    assert impls.resolve_method(defs, "m::Area.twice", (points,)) == ("m::Area.twice", (points,))
    assert impls.resolve_method(defs, f"{lang.TRAIT_EQ}.eq", (point,)) == impls.Glue("eq", point)
    with pytest.raises(LookupError):
        impls.resolve_method(defs, "m::Area.area", (t.INT,))


def test_projections(defs: Definitions) -> None:
    points = t.adt_ty(lang.LIST, (parse_ty("m::Point"),))
    assert impls.normalize(t.proj_ty("m::Area", (points,), "Unit"), defs) is t.STRING
    open_one = t.proj_ty("m::Area", (t.param_ty(0, "T"),), "Unit")
    assert impls.normalize(open_one, defs) is open_one
