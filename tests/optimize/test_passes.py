"""The table of passes and what its order must respect; the optimiser as a whole on small programs."""

from __future__ import annotations

import pytest

from tests.codegen.native import context, ssa
from vitte import codegen, optimize
from vitte.ir.ssa_text import print_function, print_module
from vitte.optimize.passes import LAST, ORDER, PASSES, SCHEDULE, Pass, schedule


def test_the_schedule_runs_every_pass_and_no_other() -> None:
    assert sorted(set(SCHEDULE)) == sorted(PASSES)
    assert all(name == p.name and p.reason for name, p in PASSES.items())


@pytest.mark.parametrize("rule", ORDER, ids=lambda r: f"{r.first} before {r.then}")
def test_order(rule: object) -> None:
    assert rule.reason  # type: ignore[attr-defined]
    assert SCHEDULE.index(rule.first) < SCHEDULE.index(rule.then)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "reason"), LAST)
def test_last(name: str, reason: str) -> None:
    after = SCHEDULE[len(SCHEDULE) - SCHEDULE[::-1].index(name) :]
    assert set(after) <= {"sink", "versions", "simplify-cfg"}, reason


def test_nothing_is_optional_at_level_0() -> None:
    assert schedule("0") == ()
    assert schedule("2") == schedule("3") == SCHEDULE
    assert schedule("1") == schedule("s") == schedule("z") == tuple(n for n in SCHEDULE if n != "versions")


SUM = """
fn "m::get[i64]"(%0: ptr, %1: i64) -> i64 linkonce inline {
  params "readonly", ""
  about "get" file "list.vit" line 1
  loc 1: "list.vit" 2:3
bb0:
  %2 = load i64 %0 8
  %3 = ult i1 %1, %2
  check %3, %1, %2 "index" @1
  %4 = load ptr %0
  %5 = iconst i64 3
  %6 = shl i64 %1, %5
  %7 = ptr_add ptr %4, %6
  %8 = load i64 %7
  ret %8
}
fn "m::sum"(%0: ptr) -> i64 external {
  params "readonly noalias nonnull deref=24"
bb0:
  %1 = iconst i64 0
  %2 = iconst i64 1
  jump bb1(%1, %1)
bb1(%3: i64, %4: i64):
  %5 = load i64 %0 8
  %6 = slt i1 %3, %5
  br %6, bb2, bb3
bb2:
  %7 = call i64 "m::get[i64]" %0, %3
  %8 = add i64 %4, %7
  %9 = sadd.trap i64 %3, %2
  jump bb1(%9, %8)
bb3:
  ret %4
}
"""


def test_a_loop_over_a_list_has_no_checks_left() -> None:
    seen: list[str] = []
    module = optimize.run(ssa(SUM), context("2"), verify=True, after_pass=lambda name, fn: seen.append(f"{name} {fn.symbol}"))
    assert [fn.symbol for fn in module.functions] == ["m::sum"], "the inlined procedure is gone"
    text = print_function(module.functions[0])
    assert "check" not in text
    assert ".trap" not in text
    assert 'add i64 %3, %2 "nuw nsw"' in text
    assert "inline m::sum" in seen
    assert "checks m::sum" in seen
    assert "paddq" in codegen.assembly(module, context("2")), "and LLVM makes vector code of it"


def test_a_pass_that_breaks_something_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(fn: object, module: object) -> bool:
        fn.blocks[0].insts.pop(0)  # type: ignore[attr-defined]
        return True

    monkeypatch.setitem(PASSES, "copies", Pass("copies", "breaks things", spoil))  # type: ignore[arg-type]
    with pytest.raises(optimize.PassBroke, match=r"pass copies broke m::get\[i64\]: S1"):
        optimize.run(ssa(SUM), context("1"), verify=True)


def test_what_is_external_stays_and_data_that_is_referred_to() -> None:
    module = ssa(
        """global "a" private align 8 = "\\00\\00\\00\\00\\00\\00\\00\\00" { 0: "b" 0 }
           global "b" private align 1 = "b"
           global "c" private align 1 = "c"
           global "d" external align 1 = "d"
           fn "m::f"() -> ptr external {
           bb0:
             %0 = global_addr ptr "a"
             ret %0
           }
           fn "m::g"() -> () internal {
           bb0:
             call "m::g"
             ret
           }"""
    )
    optimize.run(module, context("1"))
    text = print_module(module)
    assert [g.symbol for g in module.globals] == ["a", "b", "d"]
    assert "m::g" not in text
