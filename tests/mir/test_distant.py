"""A unit that has a type of another unit only behind `&` or `box` does not look at its fields; the home unit drops it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.typecheck.support import Checked, check_text
from vitte import const_eval, mir_build, monomorphize, ssa_build
from vitte.ir import ssa
from vitte.ir.defs import AdtDef

GEO = """
pub form Shape { name: string, sides: [int] }
pub form Plain { x: int, y: int }
pub pick Tree { Leaf, Node(box[Tree], box[Tree]) }
form Hidden { name: string }
pub form Pair[T] { left: T, right: T }
pub form Handle { inner: box[Hidden] }
pub proc make(n: int) -> box[Shape] { give box(Shape { name: "s", sides: [n] }) }
pub proc leaf() -> box[Tree] { give box(Tree.Leaf) }
pub proc plain() -> box[Plain] { give box(Plain { x: 1, y: 2 }) }
pub proc show(s: &Shape) -> int { give s.sides.len() }
pub proc width(s: Shape) -> int { give s.sides.len() }
pub proc clear(s: &mut Shape) { set s.sides = [] }
pub proc take(owned s: box[Shape]) -> int { give s.sides.len() }
impl Shape { pub proc area(self) -> int { give 1 } pub proc grow(mut self) { self.sides.push(1) } }
"""


def build(checked: Checked) -> ssa.Module:
    assert checked.found == [], checked.text
    ctx = checked.ctx
    plan = monomorphize.run(checked.module, ctx)
    module = const_eval.run(ssa_build.run(mir_build.run(plan, ctx), ctx), ctx)
    assert ctx.diagnostics.items == []
    return module


class Reads:
    """Notes of which types the fields or cases are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slot: Any = AdtDef.__dict__["variants"]
        self.found: set[str] = set()

        def read(adt: AdtDef) -> object:
            self.found.add(adt.path)
            return slot.__get__(adt)

        monkeypatch.setattr(AdtDef, "variants", property(read, lambda adt, value: slot.__set__(adt, value)))

    def of(self, text: str, module: str = "m") -> set[str]:
        """Types of module `geo` that building `text` looks into."""
        checked = check_text(f"use geo\n{text}", module, {"geo": GEO})  # the home unit is checked in here, too
        self.found.clear()
        again = check_again(checked)
        build(again)
        return {path.partition("::")[2] for path in self.found if path.startswith("geo::")}


def check_again(checked: Checked) -> Checked:
    """The same module once more, with the interfaces that were made for it."""
    from vitte import lower, parse, typecheck
    from vitte.driver.context import UnitContext
    from vitte.ir.defs import Definitions

    old = checked.ctx
    defs = Definitions()
    for interface in old.defs.interfaces.values():
        if interface.module != old.module:
            defs.add(interface)  # type: ignore[arg-type]
    ctx = UnitContext(old.module, old.file, old.target, defs, source=checked.source)
    ctx.imports = old.imports
    return Checked(checked.source, typecheck.run(lower.run(parse.run(checked.source, ctx), ctx), ctx), ctx)


@pytest.mark.parametrize(
    "text",
    [
        "proc f(s: &geo.Shape) -> int { give geo.show(s) }",
        "proc f(s: &mut geo.Shape) { geo.clear(s) }",
        "proc f(s: &geo.Shape) -> &geo.Shape { let t = s\n give t }",
        "proc f(s: geo.Shape) -> int { give geo.width(s) }",
        "proc f(s: &geo.Shape) -> int { give geo.width(s) + s.area() }",
        "proc f(mut s: geo.Shape) { s.grow() }",
        "proc f() -> int { let b = geo.make(3)\n give geo.show(b) + b.area() }",
        "proc f() -> int { give geo.take(geo.make(3)) }",
        "proc f(owned b: box[geo.Shape]) -> box[geo.Shape] { give b }",
        "proc f(owned b: box[geo.Shape]) -> int { let c = b\n if c.area() > 1 { give geo.take(c) }\n give 0 }",
        "form Own { shape: box[geo.Shape], tree: box[geo.Tree] }\nproc f() -> Own { give Own { shape: geo.make(1), tree: geo.leaf() } }\n"
        "proc g() -> int { let o = f()\n give geo.show(o.shape) }",
        "form Own { shape: box[geo.Shape] }\nproc f(mut o: Own) { set o.shape = geo.make(2) }",
        "pick Maybe { No, Yes(box[geo.Plain]) }\nproc f() -> Maybe { give Maybe.Yes(geo.plain()) }\nproc g() { let _m = f() }",
        "proc f() -> ?box[geo.Tree] { give Some(geo.leaf()) }\nproc g() { let _m = f() }",
        "proc f() -> [box[geo.Tree]] { let mut l: [box[geo.Tree]] = []\n l.push(geo.leaf())\n give l }",
    ],
)
def test_passing_on_reads_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert Reads(monkeypatch).of(text) == set()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("proc f(s: &geo.Shape) -> int { give s.sides.len() }", {"Shape"}),
        ("proc f(s: &geo.Plain) -> geo.Plain { give *s }", {"Plain"}),
        ("proc f() -> box[geo.Plain] { give box(geo.Plain { x: 1, y: 2 }) }", {"Plain"}),
        ("proc f(owned _p: geo.Shape) {}", {"Shape"}),
        ("form Own { shape: geo.Shape }\nproc f(owned _o: Own) {}", {"Shape"}),
        ("proc f(owned _h: geo.Handle) {}", {"Handle", "Hidden"}),
        ("proc f(owned _h: box[geo.Pair[string]]) {}", {"Pair"}),
    ],
)
def test_using_the_value_reads_its_type(monkeypatch: pytest.MonkeyPatch, text: str, read: set[str]) -> None:
    assert Reads(monkeypatch).of(text) == read


def test_the_home_unit_has_the_glue() -> None:
    home = build(check_text(GEO, "geo"))
    linkage = {fn.symbol: fn.linkage for fn in home.functions if fn.symbol.startswith("glue drop[geo::")}
    assert linkage == {
        "glue drop[geo::Shape]": "external",
        "glue drop[geo::Plain]": "external",
        "glue drop[geo::Tree]": "external",
        "glue drop[geo::Handle]": "external",
        "glue drop[geo::Hidden]": "linkonce",
    }
    user = build(check_text("use geo\nproc f(owned _b: box[geo.Shape], owned _p: box[geo.Plain]) {}", "m", {"geo": GEO}))
    assert not {fn.symbol for fn in user.functions} & set(linkage)
    assert {"glue drop[geo::Shape]", "glue drop[geo::Plain]"} <= user.externals.keys()
