"""Plans: which instances a program needs, and what the plan verifier finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.forked import vitte
from tests.mir.kit import INTS, T0, Make
from vitte.ir.mono import Instance, MonoItem, Plan, symbol_of
from vitte.ir.mono_text import print_plan
from vitte.ir.mono_verify import verify
from vitte.ir.types import INT, STRING
from vitte.monomorphize.expansion import expanding

HERE = Path(__file__).parent / "golden"


def planned(name: str) -> list[str]:
    ran = vitte("emit", "--stage", "mono", f"{name}.vit", cwd=HERE)
    assert ran.status == 0, ran.err
    return ran.out.splitlines()


def test_own_procedures_come_first_and_generics_per_arguments() -> None:
    lines = planned("generics")
    assert lines[:2] == ['mono generics "generics.vit"', "external generics::main"]
    instances = [line for line in lines if "generics::first" in line and line.startswith("linkonce")]
    assert instances == ["linkonce generics::first[i64]", "linkonce generics::first[string]"]
    assert "check generics::first" in lines


def test_glue_is_planned_with_what_it_calls() -> None:
    lines = planned("glue")
    for wanted in (
        "external glue drop[glue::Item]",
        "linkonce glue drop[std/core::box[glue::Item]]",
        "linkonce glue eq[glue::Version]",
        "linkonce glue clone[glue::Version]",
        "linkonce glue cmp[glue::Version]",
        "linkonce glue default[glue::Version]",
        "linkonce glue debug[glue::Item]",
    ):
        assert wanted in lines


def test_nothing_is_planned_twice() -> None:
    lines = planned("glue")
    assert len(set(lines)) == len(lines)


def test_long_symbols_end_in_a_digest() -> None:
    instance = Instance("demo::f", (STRING,) * 60)
    symbol = symbol_of(instance)
    assert len(symbol) <= 240
    assert symbol.startswith("demo::f[string, ")
    assert symbol != symbol_of(Instance("demo::f", (STRING,) * 61))


def plan(*items: MonoItem, checks: tuple[str, ...] = ()) -> Plan:
    body = Make("demo::f").body([])
    return Plan("demo", "demo.vit", list(items), [], list(checks), {"demo::f": body})


GOOD = MonoItem(Instance("demo::f", (INT,)), "demo::f[i64]", "linkonce", "demo::f")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (plan(MonoItem(Instance("demo::f", (T0,)), "x", "linkonce", "demo::f")), "N1 demo::f[$0:T] is not concrete"),
        (plan(MonoItem(Instance("demo::g"), "x", "external", "demo::g")), "N2 demo::g has no body"),
        (plan(GOOD, checks=("demo::h",)), "N2 demo::h has no body"),
        (plan(GOOD, MonoItem(Instance("", (INTS,), "drop"), "demo::f[i64]", "linkonce")), "has the symbol of demo::f[i64]"),
    ],
)
def test_verifier(broken: Plan, message: str) -> None:
    assert any(message in found for found in verify(broken))


def test_a_good_plan_verifies_and_prints() -> None:
    good = plan(GOOD, checks=("demo::f",))
    assert verify(good) == []
    assert print_plan(good) == 'mono demo "demo.vit"\nlinkonce demo::f[i64]\ncheck demo::f\n'


def test_expansion_needs_a_cycle_that_grows() -> None:
    grows = {"f": [("f", (INTS,)), ("f", (T0,))], "g": [("h", (T0,))], "h": [("g", (T0,))]}
    assert expanding(grows) == []  # type: ignore[arg-type]
    from vitte.ir.types import tuple_ty

    pair = tuple_ty((T0, INT))
    assert expanding({"f": [("f", (pair,))]}) == [("f", "f", (pair,))]
    assert expanding({"f": [("g", (pair,))], "g": [("f", (T0,))]}) == [("f", "g", (pair,))]
    assert expanding({"f": [("g", (pair,))], "g": []}) == []
