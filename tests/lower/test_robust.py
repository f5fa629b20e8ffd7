"""Damaged programs: lowering reports, never fails, and what it makes is well-formed even then."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.lower.support import lower_text
from vitte.ir import hir_text, hir_verify
from vitte.lower import errors

HERE = Path(__file__).parent
WORDS = [
    "x", "self", "Self", "int", "Point", "Red", "give", "break", "loop", "{", "}", "(", ")", "[", "]", "..", "|", "_", "=", ":", ".", ",",
    "is", "not", "and", "match", "case", "else", "let", "mut", "&", "*", "1", '"{}"', "print", "len", "proc", "form", "const", "use", "?",
]  # fmt: skip

SEED = """\
use std/math
use std/io.{read_line as line}
pick Shape[T] { Circle(center: T, radius: f64), Rect(T, T), Empty }
form Point { x: int, y: int = 0
  const ZERO: int = 0
  proc new(x: int) -> Self { give Self { x } }
  proc sum(self, other: Point = Point { x: 1 }) -> int { give self.x + other.y } }
trait Area { type Unit
  proc area(self) -> Self.Unit; proc twice(self) -> int { give 2 } }
impl[T: Area] Area for Shape[T] { type Unit = int
  proc area(self) -> int { give match self { case Circle(c, _) | Rect(c, _) => c, else => 2 } } }
proc f[T, const N: int](xs: [T; N], mut m: map[string, int], owned o: ?Point) -> result[int, string] where T: Area {
  let mut total = 0
  const K = 3
  'outer: for (i, x) in xs.enumerate() { if i > K { break 'outer } else { continue } }
  while total < 3 and o is Some(p) and p.x > 1 { set total += p.sum(other: p) }
  let q = [i * i for i in 0..10 if i % 2 == 0]
  let Some(v) = o else { give Err("none {total:>8}") }
  when v is Point { x, y: 0 } { println("{} {:?}", x, q) } else { print(format("{{}}")) }
  with line() as text { assert len(text) > 1, "short {}", text }
  let a = loop { break f[int](q[1..], map { "k": 1 }, None)? }
  match q { [first, ..rest] => print(first), 1..=3 => panic("no"), m @ Shape.Empty => defer { a }, _ => () }
  give Ok(total > 1 ? math.sqrt(2.0) as int : unsafe { sizeof(Point) })
}
static_assert(Point.ZERO == 0, "zero")
test "t" { assert f([], map {}, None) is Ok(_) }
"""


def damaged(rng: random.Random, text: str) -> str:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        kind = rng.randrange(4)
        end = min(len(text), at + rng.randint(1, 12))
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + f" {rng.choice(WORDS)} " + text[at:]
        elif kind == 2:
            text = text[:at] + f" {rng.choice(WORDS)} " + text[end:]
        else:
            lines = text.split("\n")
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            text = "\n".join(lines)
    return text


@pytest.mark.parametrize("seed", range(8))
def test_damaged_programs(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        text = damaged(rng, SEED)
        lowered = lower_text(text)
        assert hir_verify.verify(lowered.module, lowered.ctx) == [], text
        hir_text.print_module(lowered.module)


def test_the_seed_is_whole() -> None:
    lowered = lower_text(SEED)
    assert [d.message for d in lowered.diagnostics if d.level == "error"] == []


def test_every_mistake_has_a_program() -> None:
    """Each code of this stage is marked in some program of `tests/ui/names`."""
    marked = "".join(path.read_text() for path in sorted((HERE.parent / "ui" / "names").rglob("*.vit")))
    assert [code.id for code in errors.CODES if f"~ {code.id}" not in marked] == []
