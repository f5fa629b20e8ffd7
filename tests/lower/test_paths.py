"""Paths come from what is written, so that the order of declarations does not matter."""

from __future__ import annotations

from itertools import permutations

from tests.lower.support import lower_text

PARTS = [
    "form Point { x: int }\n",
    "form Box[T] { v: T\n  proc get(self) -> int { give 1 } }\n",
    "trait Area[T] { proc area(self, x: T) -> int; }\n",
    "impl Area[int] for Point { proc area(self, x: int) -> int { form Local { x: int }\n"
    " impl Area[bool] for Local { proc area(self, x: bool) -> int { give 1 } }\n give x } }\n",
    "impl  Area[ /* which */ string ]  for Point { proc area(self, x: string) -> int { give 2 } }\n",
    "impl Box[int] { proc twice(self) -> int { give 2 } }\n",
    "impl Box[string] { proc twice(self) -> int { give 4 } proc alone(self) {} }\n",
    "impl Point { proc norm(self) -> int { give 1 } }\nimpl Point { proc other(self) -> int { give 1 } }\n",
]  # fmt: skip


def test_order_of_declarations() -> None:
    found = set()
    for order in list(permutations(range(len(PARTS))))[:: 40320 // 24]:
        lowered = lower_text("".join(PARTS[i] for i in order), "m")
        assert lowered.found == []
        found.add(frozenset(item.path for item in lowered.module.items))
    assert len(found) == 1
    (paths,) = found
    assert {
        "m::impl(Area<int> for Point).area",
        "m::impl(Area<int> for Point).area.{0}::impl(Area<bool> for Local).area",
        "m::impl(Area<string> for Point).area",
        "m::Box.get",
        "m::impl(Box<int> with twice).twice",
        "m::impl(Box<string> with twice).twice",
        "m::Box.alone",
        "m::Point.norm",
    } <= paths


def test_equal_heads_are_told_apart() -> None:
    lowered = lower_text("trait A {}\nimpl[T: Copy] A for T {}\nimpl[T: Clone] A for T {}\n", "m")
    assert [item.path for item in lowered.module.items] == ["m::A", "m::impl(A for T)", "m::impl(A for T)#1"]
