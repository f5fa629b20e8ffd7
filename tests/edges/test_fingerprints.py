"""Fingerprints of an interface: what leaves all of them alone, and which one each real change moves."""

from __future__ import annotations

import pytest

from tests.edges.kit import changed, library, parts_of
from vitte.driver_impl.cache.interface import encode_interface, open_interface
from vitte.ir.lang import PRELUDE_MODULES

HUB = """\
pub const LIMIT: int = 5
pub const NAME: string = "hub"
pub type Index = int

#[derive(clone)]
pub form Point { x: int, y: int }

impl Point {
    pub proc norm(self) -> int { give self.x * self.x + self.y * self.y }
    pub proc sum(self) -> int { give self.x + self.y }
}

pub pick Shape { Circle(int), Square(side: int), Empty }

pub flags Mode: u8 { Read, Write }

pub trait Speak {
    proc word(self) -> string
    proc twice(self) -> string { give self.word() + self.word() }
}

impl Speak for Point {
    proc word(self) -> string { give "point" }
}

pub proc area(s: Shape) -> int {
    give helper(1)
}

proc helper(n: int) -> int { give n + 1 }

pub proc first[T: Clone](xs: [T]) -> T {
    let n = 0
    give xs[n].clone()
}

pub inline proc twice(n: int) -> int { give n * 2 }
"""

LINES = {"lines:Speak.twice", "lines:first", "lines:twice"}


def edited(old: str, new: str, text: str = HUB) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_every_part_has_a_fingerprint() -> None:
    parts = parts_of(HUB)
    assert parts.module == "hub"
    assert parts.fingerprint("sig", "hub::area") is not None
    assert parts.fingerprint("lay", "hub::Point") is not None
    assert parts.fingerprint("cases", "hub::Shape") is not None
    assert parts.fingerprint("cases", "hub::Point") is None
    assert parts.fingerprint("val", "hub::LIMIT") is not None
    assert parts.fingerprint("body", "hub::first") is not None
    assert parts.fingerprint("body", "hub::Speak.twice") is not None
    assert parts.fingerprint("body", "hub::area") is None
    assert parts.fingerprint("sig", "hub::nothing") is None
    assert parts.fingerprint("name", "area") is not None
    assert parts.fingerprint("name", "nothing") is None
    for kind, subject in (("sig", "hub::area"), ("names", ""), ("lines", "hub::first")):
        found = parts.fingerprint(kind, subject)
        assert found is not None and len(found) == 32 and not found.strip("0123456789abcdef")


def test_a_comment_changes_only_where_bodies_stand() -> None:
    assert changed(HUB, "// a comment\n" + HUB) == LINES
    assert changed(HUB, edited("proc area(s: Shape) -> int {\n", "proc area(s: Shape) -> int { // about\n")) <= LINES


def test_a_comment_behind_everything_changes_nothing() -> None:
    assert changed(HUB, HUB + "// the end\n") == set()


def test_a_line_more_before_a_body_is_seen_without_an_offset_more() -> None:
    text = edited("pub const LIMIT: int = 5\n", "pub  const LIMIT: int = 5\n")
    assert changed(text, edited("pub  const", "pub\nconst", text)) == LINES


def test_reformatting_a_body_keeps_its_fingerprint() -> None:
    text = edited("    let n = 0\n    give xs[n].clone()\n", "    let n   =   0  // none\n\n        give xs[n]\n            .clone()\n")
    assert changed(HUB, text) == {"lines:first", "lines:twice"}


def test_private_bodies_are_nobodys_business() -> None:
    assert changed(HUB, edited("give n + 1", "give n - 1")) == set()
    assert changed(HUB, edited("give helper(1)", "give helper(2)")) == set()
    assert changed(HUB, edited("give self.x + self.y", "give self.y - self.x")) == set()
    assert changed(HUB, edited('give "point"', 'give "poinT"')) == set()


def test_the_order_of_declarations_does_not_matter() -> None:
    blocks = HUB.split("\n\n")
    assert changed(HUB, "\n\n".join(reversed(blocks))) <= LINES
    assert parts_of(HUB).whole == parts_of("\n\n".join(reversed(blocks))).whole


def test_whole_is_deaf_to_spans_only() -> None:
    assert parts_of(HUB).whole == parts_of("// a comment\n" + HUB).whole
    assert parts_of(HUB).whole != parts_of(edited("give n * 2", "give n * 3")).whole


CHANGES: dict[str, tuple[str, str, set[str]]] = {
    "a parameter's type": ("area(s: Shape)", "area(s: Point)", {"sig:area"}),
    "a parameter's name": ("area(s: Shape)", "area(shape: Shape)", {"sig:area"}),
    "a parameter's mode": ("area(s: Shape)", "area(owned s: Shape)", {"sig:area"}),
    "a default value": ("area(s: Shape)", "area(s: Shape, n: int = 1)", {"sig:area", "sig:area.default#1", "val:area.default#1"}),
    "a result": ("pub proc area(s: Shape) -> int {\n    give helper(1)", "pub proc area(s: Shape) {\n    helper(1)", {"sig:area"}),
    "a bound": ("first[T: Clone]", "first[T: Clone + Show]", {"sig:first", "lines:first", "lines:twice"}),
    "a field's type": ("{ x: int, y: int }", "{ x: int, y: u8 }", {"lay:Point"}),
    "a field more": ("{ x: int, y: int }", "{ x: int, y: int, z: int }", {"lay:Point"}),
    "the order of fields": ("{ x: int, y: int }", "{ y: int, x: int }", {"lay:Point"}),
    "a derive": ("#[derive(clone)]", "#[derive(clone, ord)]", {"sig:Point"}),
    "what a case holds": ("Circle(int)", "Circle(u8)", {"lay:Shape"}),
    "a case's name": ("Circle(int)", "Round(int)", {"lay:Shape", "cases:Shape"}),
    "a case more": ("Empty }", "Empty, Full }", {"lay:Shape", "cases:Shape"}),
    "the representation": ("Mode: u8", "Mode: u16", {"lay:Mode"}),
    "a value": ("LIMIT: int = 5", "LIMIT: int = 6", {"val:LIMIT"}),
    "a constant's type": ("LIMIT: int = 5", "LIMIT: u8 = 5", {"sig:LIMIT"}),
    "an alias": ("type Index = int", "type Index = u32", {"sig:Index"}),
    "a generic body": ("let n = 0", "let n = 1", {"body:first"}),
    "an inline body": ("give n * 2", "give n * 3", {"body:twice"}),
    "a default method": ("give self.word() + self.word()", "give self.word()", {"body:Speak.twice"}),
    "a method's signature": ("proc norm(self) -> int", "proc norm(mut self) -> int", {"sig:Point.norm"}),
    "a method more": (
        "    pub proc sum",
        "    pub proc zero(self) -> int { give 0 }\n    pub proc sum",
        {"sig:Point.zero", "sig:impl(Point with norm)"},
    ),
    "a trait's method more": (
        "    proc word(self) -> string\n",
        "    proc word(self) -> string\n    proc loud(self) -> int { give 1 }\n",
        {"sig:Speak", "sig:Speak.loud", "body:Speak.loud", "lines:Speak.loud"},
    ),
    "visibility": ("pub proc area", "proc area", {"sig:area", "name:area", "names:"}),
    "a new export": ("pub const NAME", "pub const MORE: int = 1\npub const NAME", {"sig:MORE", "val:MORE", "name:MORE", "names:"}),
    "a private procedure more": ("proc helper", "proc other() {}\nproc helper", {"sig:other", "name:other", "names:"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_moves_its_own_fingerprints(name: str) -> None:
    old, new, expected = CHANGES[name]
    found = changed(HUB, edited(old, new))
    assert found - LINES == expected - LINES


def test_the_value_of_a_constant_that_is_no_integer_is_part_of_it_once_it_was_evaluated() -> None:
    from vitte.ir.defs import ConstImage

    interface = parts_of(HUB).decode()
    before = open_interface(encode_interface(interface)).fingerprint("val", "hub::NAME")
    interface.consts["hub::NAME"].value = ConstImage(b"12345678")
    parts = open_interface(encode_interface(interface))
    assert parts.fingerprint("val", "hub::NAME") != before
    assert parts.value("hub::NAME") == (ConstImage(b"12345678"), None)


def test_an_integer_is_the_same_with_and_without_its_image() -> None:
    """Whether there is one depends on how far the unit was compiled."""
    from vitte.ir.defs import ConstImage

    interface = parts_of(HUB).decode()
    before = encode_interface(interface)
    interface.consts["hub::LIMIT"].value = ConstImage((5).to_bytes(8, "little"))
    assert encode_interface(interface) == before


# --- what is stored -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PRELUDE_MODULES, "std/num", "std/fs"])
def test_what_was_encoded_is_decoded(name: str) -> None:
    compiled = library(name)
    interface, again = compiled.interface, compiled.parts.decode()
    for adt in interface.adts.values():
        adt.derives.sort()
    for trait in interface.traits.values():
        trait.assoc_types.sort()
    for const in interface.consts.values():
        assert const.value is None
    assert again == interface
    assert list(again.procs) == list(interface.procs)
    assert encode_interface(again, None) == encode_interface(interface, None)


def test_integers_of_any_size_are_kept() -> None:
    text = "pub const BIG: u128 = 0xFFFF_FFFF_FFFF_FFFF_FFFF\npub const LOW: i128 = -0x8000_0000_0000_0000_0000\n"
    parts = parts_of(text)
    assert parts.whole_const("hub::BIG").int_value == 0xFFFF_FFFF_FFFF_FFFF_FFFF
    assert parts.whole_const("hub::LOW").int_value == -0x8000_0000_0000_0000_0000


def test_encoding_leaves_the_bodies_as_they_were() -> None:
    compiled = library("std/list")
    before = {path: repr(body) for path, body in compiled.interface.bodies.items()}
    encode_interface(compiled.interface)
    assert {path: repr(body) for path, body in compiled.interface.bodies.items()} == before


def test_damage_is_a_value_error() -> None:
    data = encode_interface(parts_of(HUB).decode())
    for at in range(0, len(data), 97):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]):
            with pytest.raises(ValueError):
                open_interface(bad)
    with pytest.raises(ValueError):
        open_interface(data + b"x")


def test_the_file_is_no_part_of_a_fingerprint_but_of_lines() -> None:
    interface = parts_of(HUB).decode()
    one = open_interface(encode_interface(interface))
    interface.file = "elsewhere.vit"
    for body in interface.bodies.values():
        body.file = "elsewhere.vit"
    two = open_interface(encode_interface(interface))
    assert one.whole == two.whole
    assert one.fingerprint("body", "hub::first") == two.fingerprint("body", "hub::first")
    assert one.fingerprint("lines", "hub::first") != two.fingerprint("lines", "hub::first")
