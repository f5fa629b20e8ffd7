"""Exhaustiveness on patterns written in a small notation, compared with trying every value."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitte.base.source import NO_SPAN
from vitte.ir import thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, Definitions, FieldDef, Generics, Interface, VariantDef
from vitte.typecheck.exhaustive import check_match

COLOR = t.adt_ty("m::Color")
SHAPE = t.adt_ty("m::Shape")
PAIR = t.tuple_ty((t.BOOL, COLOR))
LIST = t.adt_ty("std/list::list", (t.BOOL,))


def definitions() -> Definitions:
    defs = Definitions()
    color = AdtDef("m::Color", "Color", "pick", Generics(), [VariantDef("Red"), VariantDef("Green"), VariantDef("Blue")])
    shape = AdtDef(
        "m::Shape", "Shape", "pick", Generics(),
        [VariantDef("Dot"), VariantDef("Line", [FieldDef("0", t.BOOL), FieldDef("1", COLOR)]), VariantDef("Size", [FieldDef("0", t.U8)])],
    )  # fmt: skip
    listed = AdtDef("std/list::list", "list", "form", Generics(["T"], [False]), [VariantDef("list")])
    defs.add(Interface("m", adts={a.path: a for a in (color, shape, listed)}))
    return defs


DEFS = definitions()


def wild(ty: t.Ty) -> thir.Pat:
    return thir.PWild(ty, NO_SPAN)


def lit(ty: t.Ty, value: int) -> thir.Pat:
    return thir.PConst(ty, NO_SPAN, value)


def between(ty: t.Ty, low: int, high: int) -> thir.Pat:
    return thir.PRange(ty, NO_SPAN, low, high)


def case(ty: t.Ty, variant: int, *fields: thir.Pat) -> thir.Pat:
    return thir.PVariant(ty, NO_SPAN, variant, list(enumerate(fields)))


def pair(*fields: thir.Pat) -> thir.Pat:
    return thir.PFields(PAIR, NO_SPAN, list(enumerate(fields)))


def either(ty: t.Ty, *alts: thir.Pat) -> thir.Pat:
    return thir.POr(ty, NO_SPAN, list(alts))


RED, GREEN, BLUE = (case(COLOR, i) for i in range(3))
TRUE, FALSE = lit(t.BOOL, 1), lit(t.BOOL, 0)


@pytest.mark.parametrize(
    ("ty", "pats", "missing", "unreachable"),
    [
        (COLOR, [RED, GREEN], ["Blue"], []),
        (COLOR, [RED, GREEN, BLUE], [], []),
        (COLOR, [RED, wild(COLOR), BLUE], [], [2]),
        (COLOR, [RED, RED, either(COLOR, GREEN, BLUE)], [], [1]),
        (COLOR, [], ["Red", "Green", "Blue"], []),
        (t.BOOL, [TRUE], ["false"], []),
        (t.U8, [between(t.U8, 0, 9), between(t.U8, 20, 255)], ["10..=19"], []),
        (t.U8, [between(t.U8, 0, 9), between(t.U8, 5, 7)], ["10.."], [1]),
        (t.I64, [lit(t.I64, 0)], ["..=-1", "1.."], []),
        (t.RUNE, [between(t.RUNE, 0, 0x10FFFF)], [], []),
        (t.STRING, [thir.PConst(t.STRING, NO_SPAN, "a"), thir.PConst(t.STRING, NO_SPAN, "a")], ["_"], [1]),
        (PAIR, [pair(TRUE, RED), pair(FALSE, wild(COLOR))], ["(true, Green)", "(true, Blue)"], []),
        (SHAPE, [case(SHAPE, 0), case(SHAPE, 1, TRUE, wild(COLOR))], ["Line(false, _)", "Size(_)"], []),
        (SHAPE, [case(SHAPE, 2, between(t.U8, 0, 254)), case(SHAPE, 1, wild(t.BOOL), RED)], ["Dot", "Line(_, Green)", "Line(_, Blue)",
        "Size(255)"], []),
    ],
)  # fmt: skip
def test_what_is_missing_and_what_is_unreachable(ty: t.Ty, pats: list[thir.Pat], missing: list[str], unreachable: list[int]) -> None:
    assert check_match([(p, False) for p in pats], ty, DEFS) == (missing, unreachable)


def test_a_guarded_arm_takes_nothing_for_certain() -> None:
    assert check_match([(RED, True), (RED, False), (GREEN, False), (BLUE, True)], COLOR, DEFS) == (["Blue"], [])


def listing(before: int, after: int, rest: bool) -> thir.Pat:
    return thir.PList(LIST, NO_SPAN, [wild(t.BOOL)] * before, None, [wild(t.BOOL)] * after, rest)


def test_lists_by_length() -> None:
    assert check_match([(listing(0, 0, False), False), (listing(2, 0, True), False)], LIST, DEFS) == (["[_]"], [])
    assert check_match([(listing(0, 0, False), False), (listing(1, 0, True), False)], LIST, DEFS) == ([], [])
    head_true = thir.PList(LIST, NO_SPAN, [TRUE], None, [], True)
    assert check_match([(head_true, False), (listing(0, 0, False), False)], LIST, DEFS)[0] == ["[false, ..]"]


def test_through_references() -> None:
    ref = t.ref_ty(COLOR)
    pats = [thir.PDeref(ref, NO_SPAN, RED), thir.PDeref(ref, NO_SPAN, GREEN)]
    assert check_match([(p, False) for p in pats], ref, DEFS) == (["Blue"], [])


# Every value of (bool, Color) against every set of patterns: the check must agree with trying them all.

booleans = st.sampled_from([TRUE, FALSE, wild(t.BOOL)])
plain_color = st.sampled_from([RED, GREEN, BLUE, wild(COLOR)])
colors = st.one_of(plain_color, st.builds(lambda a, b: either(COLOR, a, b), plain_color, plain_color))
patterns = st.one_of(st.just(wild(PAIR)), st.builds(pair, booleans, colors))


def matches(pat: thir.Pat, value: object) -> bool:
    if isinstance(pat, thir.PWild):
        return True
    if isinstance(pat, thir.POr):
        return any(matches(a, value) for a in pat.alts)
    if isinstance(pat, thir.PVariant):
        return pat.variant == value
    if isinstance(pat, thir.PConst):
        return pat.value == value
    assert isinstance(pat, thir.PFields) and isinstance(value, tuple)
    return all(matches(p, value[i]) for i, p in pat.fields)


@given(st.lists(patterns, max_size=6))
def test_agrees_with_trying_every_value(pats: list[thir.Pat]) -> None:
    missing, unreachable = check_match([(p, False) for p in pats], PAIR, DEFS)
    taken = [next((i for i, p in enumerate(pats) if matches(p, v)), None) for v in product((0, 1), (0, 1, 2))]
    assert bool(missing) == (None in taken)
    assert unreachable == [i for i in range(len(pats)) if i not in taken]
