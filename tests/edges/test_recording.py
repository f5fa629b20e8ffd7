"""What a compilation leaves as edges: each kind, also of what is not there; and that edges that hold mean the same result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edges.kit import Program, parts_of, uses
from tests.edges.test_fingerprints import CHANGES, HUB, edited
from vitte.driver_impl.cache import edges as module_edges
from vitte.driver_impl.cache.edges import EDGE_KINDS, NOTHING, Edge, Known

ROOT = Path(__file__).parent.parent.parent


def asked(user: str, hub: str = HUB, **others: str) -> dict[str, str]:
    """The edges of `main`, which sees `hub`: question -> answer."""
    program = Program({**others, "hub": hub, "main": user})
    return {f"{edge.kind}:{edge.subject}": edge.value for edge in program["main"].edges}


def hub_only(found: dict[str, str]) -> set[str]:
    """Questions about declarations of `hub`, the module left out."""
    return {f"{kind}:{subject[5:]}" for kind, _, subject in (key.partition(":") for key in found) if subject.startswith("hub::")}


# --- edges as text ------------------------------------------------------------------------------------------------


def test_an_edge_has_one_text() -> None:
    for edge in (
        Edge("sig", "demo/shapes::impl(Show for Point).show", "0" * 32),
        Edge("impls", "std/core::Show demo::P", NOTHING),
        Edge("inherent", "&mut a=b", "f" * 32),
    ):
        assert Edge.parse(edge.text) == edge
    assert Edge("sig", "m::f", NOTHING).text == "sig:m::f=-"


@pytest.mark.parametrize(
    "text", ["", "sig", "sig:m::f", "sig:=-", "what:m::f=-", "sig:m::f=", "sig:m::f=0", f"sig:m::f={'0' * 31}g", f"sig:m::f={'A' * 32}"]
)
def test_what_is_no_edge_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Edge.parse(text)


# --- what is asked ------------------------------------------------------------------------------------------------


def test_a_call_asks_for_the_name_and_the_signature_only() -> None:
    found = asked("use hub\nproc main() { println(hub.area(hub.Shape.Empty)) }")
    assert {"name:area", "sig:area", "name:Shape", "sig:Shape"} <= hub_only(found)
    assert not {key for key in found if key.startswith(("names:", "reach:", "body:", "lines:"))}
    assert "sig:helper" not in hub_only(found)


def test_an_unused_import_asks_for_the_name() -> None:
    found = asked("use hub.{LIMIT}\nproc main() {}")
    assert hub_only(found) == {"name:LIMIT"}


def test_a_module_that_is_not_used_is_not_asked() -> None:
    assert hub_only(asked("use hub\nproc main() {}")) == set()


def test_a_star_asks_for_all_names() -> None:
    found = asked("use hub.*\nproc main() {}")
    assert found["names:hub"] != NOTHING
    assert not {key for key in found if key.startswith("name:")}


def test_what_is_not_there_is_asked_for_too() -> None:
    found = asked("use hub\nproc main() { hub.nothing() }")
    assert found["name:hub::nothing"] == NOTHING
    assert found["names:hub"] != NOTHING  # for the hint


def test_a_name_not_found_asks_for_everything_for_the_hint() -> None:
    assert asked("use hub\nproc main() { area() }")["reach:*"] != NOTHING


def test_a_type_passed_on_has_no_layout() -> None:
    user = """
        use hub.{Point}
        form Holder { at: box[Point] }
        proc pass(p: Point) -> int { give other(p) }
        proc other(p: Point) -> int { give p.norm() }
        proc change(mut p: Point) { println(p.sum()) }
        proc through(p: &Point) -> int { give p.norm() }
        proc held(h: Holder) -> int { give h.at.norm() }
        """
    found = hub_only(asked(user))
    assert {"sig:Point", "sig:Point.norm", "sig:Point.sum", "name:Point"} <= found
    assert "lay:Point" not in found


def test_fields_ask_for_the_layout() -> None:
    assert "lay:Point" in hub_only(asked("use hub.{Point}\nproc f(p: Point) -> int { give p.x }"))
    assert "lay:Point" in hub_only(asked("use hub.{Point}\nproc f() -> Point { give Point { x: 1, y: 2 } }"))
    assert "lay:Point" in hub_only(asked("use hub.{Point}\nproc f(owned p: Point) { let q = p\n println(q.norm()) }"))


def test_naming_a_pick_asks_for_the_names_of_its_cases() -> None:
    found = hub_only(asked("use hub.{Shape}\nproc f(s: &Shape) {}"))
    assert "cases:Shape" in found and "lay:Shape" not in found
    assert "lay:Shape" in hub_only(asked("use hub.{Shape}\nproc f() -> Shape { give Empty }"))


def test_a_constant_is_asked_for_its_value_when_that_is_used() -> None:
    assert "val:LIMIT" in hub_only(asked("use hub\nproc f(xs: [int; hub.LIMIT]) {}"))
    found = hub_only(asked("use hub\nproc f() -> int { give hub.LIMIT }"))
    assert {"sig:LIMIT", "val:LIMIT"} <= found


def test_generic_and_inline_bodies() -> None:
    found = hub_only(asked("use hub\nproc f() -> int { give hub.first([1]) + hub.twice(2) }"))
    assert {"body:first", "body:twice"} <= found
    assert not {key for key in found if key.startswith("lines:")}
    program = Program({"hub": HUB, "main": "use hub\nproc f() -> int { give hub.first([1]) }"}, lines=True)
    assert any(edge.kind == "lines" and edge.subject == "hub::first" for edge in program["main"].edges)


def test_methods_ask_by_name() -> None:
    found = asked("use hub\nproc f(p: &hub.Point) -> int { give p.norm() }")
    assert found["inherent:hub::Point norm"] != NOTHING
    assert "inherent:hub::Point *" not in found
    found = asked("use hub\nproc f(p: &hub.Point) -> string { give p.twice() }")
    assert found["inherent:hub::Point twice"] == NOTHING
    assert found["method:hub::Point twice"] != NOTHING
    assert found["impls:hub::Speak hub::Point"] != NOTHING


def test_traits_that_are_not_implemented() -> None:
    found = asked("use hub\nproc show[T: Show](x: T) {}\nproc f(p: &hub.Point) { show(*p) }")
    assert found["impls:std/fmt::Show hub::Point"] == NOTHING


def test_a_word_that_may_be_a_case() -> None:
    found = asked("use hub\nproc f(n: int) { match n { Nowhere => println(1), _ => println(2) } }")
    assert "case:Nowhere" not in found  # in a pattern a new name binds
    found = asked("use hub\nproc f() { println(Circle(1)) }")
    assert found["case:Circle"] != NOTHING
    found = asked("use hub\nproc f() { println(Nowhere(1)) }")
    assert found["case:Nowhere"] == NOTHING


def test_a_place_in_another_file_is_a_use_of_that_file() -> None:
    program = Program({"hub": "pub form P { x: int }\nproc hidden() {}", "main": "use hub\nproc f() { hub.hidden() }"})
    assert "hub.vit" in [edge.subject for edge in program["main"].edges if edge.kind == "file" and edge.value != NOTHING]
    known = Known()
    known.file("hub.vit", "ab" * 32)
    assert known.answer("file", "hub.vit", 0) == "ab" * 16


def test_reexports_are_followed() -> None:
    found = asked("use hub\nproc f() { println(hub.inner.g(1)) }", "use inner\nexport inner", inner="pub proc g(n: int) -> int { give n }")
    assert {"name:hub::inner", "name:inner::g", "sig:inner::g"} <= set(found)


def test_tests_are_asked_for_as_a_whole() -> None:
    hub = 'test "one" { assert true }\nproc f() {}'
    program = Program({"hub": hub, "main": 'use hub\ntest "two" { assert true }'})
    recorder = program["main"].ctx.defs
    assert recorder.tests() == [("one", "hub::test#0"), ("two", "main::test#0")]
    assert program.known.answer("tests", "*", program.bits(program["main"].reach)) != NOTHING


def test_the_library_and_the_unit_itself_are_not_asked() -> None:
    program = Program({"main": "use std/math\nproc main() { println(math.sqrt(2.0)) }"})
    assert program["main"].edges == []
    found = asked("use hub\nproc own() {}\nproc main() { own() }")
    assert not {key for key in found if "main::" in key}


def test_a_library_module_that_another_unit_brings_is_asked() -> None:
    """Whether it is in reach depends on that unit."""
    hub = "use std/num\npub proc f() {}"
    found = asked("use hub\nproc main() { hub.f()\n println(1.to_hex()) }", hub)
    assert "member:to_hex" in found or "inherent:i64 to_hex" in found


def test_two_modules_of_one_name_do_no_harm() -> None:
    """That is an error, reported elsewhere; the answers only must not contradict each other."""
    known = Known()
    texts = (
        "pub trait Loud { proc bark(self) -> int { give 1 } }",
        "pub trait Calm { proc bark(self) }\npub form P {}\nimpl Calm for P { proc bark(self) {} }",
    )
    for index, text in enumerate(texts):
        known.add(index, "hub", parts_of(text), 1 << index, False, True)
    for reach in (0b01, 0b10, 0b11):
        recorder = known.definitions("main", reach, lines=False)
        for traits in (recorder.traits_with("bark"), recorder.traits_for("hub::P", "bark"), recorder.traits_of("hub::P")):
            assert len(traits) <= 1
            assert all(recorder.traits[trait.path] is trait for trait in traits)
        recorder.impls_of("hub::Calm", "hub::P")
        recorder.inherent_names("hub::P")
        assert all(known.holds(edge.text, reach) for edge in recorder.edges())


def test_edges_are_sorted_and_each_once() -> None:
    program = Program({"hub": HUB, "main": USERS["much"]})
    texts = [(edge.kind, edge.subject) for edge in program["main"].edges]
    assert texts == sorted(set(texts))
    assert all(kind in EDGE_KINDS for kind, _ in texts)


def test_what_an_earlier_part_asked_is_taken_over() -> None:
    program = Program({"hub": HUB, "main": USERS["much"]})
    bits = program.bits(program["main"].reach)
    recorder = program.known.definitions("main", bits, lines=False)
    recorder.replay(program["main"].edges)
    assert recorder.edges() == program["main"].edges


def test_a_kind_can_be_left_out_to_show_that_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_edges, "ablate", {"sig"})
    assert not {key for key in asked(USERS["much"]) if key.startswith("sig:")}


def test_whether_a_module_is_in_reach_is_asked_for_each_unit() -> None:
    """An answer that one unit got is not another's, which sees less or more."""
    files = {"hub": HUB, "near": "use hub\nproc f() {}", "far": "proc f() {}"}
    for near_first in (True, False):
        program = Program(files)
        known = program.known
        near, far = program.bits(program["near"].reach), program.bits(program["far"].reach)
        answer = known.answer("sig", "hub::area", near)
        for reach in (near, far) if near_first else (far, near):
            assert known.holds("sig:hub::area=-", reach) is (reach == far)
            assert known.holds(f"sig:hub::area={answer}", reach) is (reach == near)
    assert not known.holds("sig:hub::area", near)
    assert not known.holds("what:hub::area=-", near)


UNRELATED = ("a value", "a case more", "a new export", "a private procedure more", "a generic body", "an alias", "the representation")


@pytest.mark.parametrize("name", ["method", "default method", "missing method"])
def test_a_method_call_does_not_mind_what_it_has_nothing_to_do_with(name: str) -> None:
    base = Program({"hub": HUB, "main": USERS[name]})["main"]
    for variant in UNRELATED:
        other = Program({"hub": VARIANTS[variant], "main": USERS[name]})
        hints = {edge.kind for edge in base.edges} & {"reach"}
        assert other.current(base.edges, other["main"].reach) is not bool(hints), variant


def test_a_trait_that_gets_a_member_is_seen_by_who_implements_it() -> None:
    user = """
        use hub.{Loud}
        form Dog { n: int }
        impl Loud for Dog {}
        proc f(d: Dog) -> int { give d.bark() }
        """
    before = Program({"hub": "pub trait Loud { proc shout(self) -> int { give 1 } }", "main": user})
    after = Program({"hub": "pub trait Loud { proc bark(self) -> int { give 1 } }", "main": user})
    assert not after.current(before["main"].edges, after["main"].reach)
    assert before["main"].said and not after["main"].said


# --- edges that hold mean the same result -------------------------------------------------------------------------

USERS = {
    "much": """
        use hub
        use hub.{Point, Shape, Speak}
        proc show(p: &Point) -> int { give hub.area(Shape.Empty) + p.norm() }
        proc look(s: Shape) -> int { match s { Circle(n) => { give n }, Square(side) => { give side }, Empty => { give 0 } } }
        proc main() {
            let p = Point { x: 1, y: hub.LIMIT }
            println("{} {} {} {} {} {}", show(&p), hub.NAME, p.twice(), hub.first([1, 2]), hub.twice(3), look(Shape.Circle(2)))
        }
        """,
    "call": "use hub\nproc f(s: hub.Shape) -> int { give hub.area(s) }",
    "method": "use hub.{Point}\nproc f(p: &Point) -> int { give p.norm() }",
    "missing method": "use hub.{Point}\nproc f(p: &Point) -> int { give p.zero() }",
    "field": "use hub.{Point}\nproc f(p: &Point) -> int { give p.x }",
    "missing field": "use hub.{Point}\nproc f(p: &Point) -> int { give p.z }",
    "missing name": "use hub\nproc f() -> int { give hub.MORE }",
    "star": "use hub.*\nproc f() -> int { give LIMIT + MORE }",
    "case": "use hub.{Shape}\nproc f() -> Shape { give Full }",
    "length": "use hub\nproc f(xs: [u8; hub.LIMIT]) -> int { give xs.len() }",
    "generic": "use hub\nproc f() -> int { give hub.first([1]) }",
    "inline": "use hub\nproc f() -> int { give hub.twice(1) }",
    "default method": "use hub.{Point, Speak}\nproc f(p: &Point) -> string { give p.twice() }",
    "impl": """
        use hub.{Speak}
        form Dog { n: int }
        impl Speak for Dog { proc word(self) -> string { give "wau" } }
        proc f(d: Dog) { println(d.twice()) }
        """,
    "alias": "use hub.{Index}\nproc f(i: Index) -> int { give i }",
    "flags": "use hub.{Mode}\nproc f() -> u8 { give (Mode.Read | Mode.Write) as u8 }",
    "derived": "use hub.{Point}\nproc f(p: &Point, q: &Point) -> bool { give *p < *q }",
    "copies": "use hub.{Point}\nproc f(p: Point) -> Point { let q = p\n give q }",
    "private": "use hub\nproc f() -> int { give hub.helper(1) }",
    "hint": "use hub\nproc f() -> int { give are(1) + area(2) }",
    "boxed": "use hub.{Point}\nform Box { p: box[Point] }\nproc f(owned b: Box) { println(b.p.norm()) }",
    "printed": 'use hub.{Shape}\nproc f(s: &Shape) { println("{:?}", *s) }',
    "clash": 'use hub\nuse hub.{Speak}\nimpl Speak for hub.Point { proc word(self) -> string { give "mine" } }',
    "own trait": """
        use hub.{Point}
        trait Norm { proc norm(self) -> int }
        impl Norm for Point { proc norm(self) -> int { give 0 } }
        proc f(p: &Point) -> int { give p.norm() + p.loud() }
        """,
}

VARIANTS: dict[str, str] = {
    "same": HUB,
    "comment": "// a comment\n" + HUB,
    "reversed": "\n\n".join(reversed(HUB.split("\n\n"))),
    "private body": edited("give n + 1", "give n - 1"),
    "impl gone": edited('impl Speak for Point {\n    proc word(self) -> string { give "point" }\n}\n', ""),
    "impl more": HUB + '\nimpl Speak for Shape { proc word(self) -> string { give "shape" } }\n',
    "drop": HUB + "\nimpl Drop for Point { proc drop(mut self) {} }\n",
    "generic impl": HUB + '\nimpl[T] Speak for [T] { proc word(self) -> string { give "list" } }\n',
    "method via trait": HUB + "\npub trait Zero { proc zero(self) -> int { give 1 } }\nimpl Zero for Point {}\n",
    **{name: edited(old, new) for name, (old, new, _) in CHANGES.items()},
}


@pytest.mark.parametrize("name", USERS)
def test_edges_that_hold_mean_the_same_result(name: str) -> None:
    """A unit compiled against each variant of `hub`; wherever the edges of one compilation hold for another variant, compiling there
    gives the same. That is the promise of the cache."""
    made = {variant: Program({"hub": hub, "main": USERS[name]}) for variant, hub in VARIANTS.items()}
    base = made["same"]["main"]
    for variant, program in made.items():
        other = program["main"]
        if program.current(base.edges, other.reach):
            assert other.result_without_lines == base.result_without_lines, f"a wrong hit: {variant}"
        if made["same"].current(other.edges, base.reach):
            assert other.result_without_lines == base.result_without_lines, f"a wrong hit back from: {variant}"
    for variant in ("same", "comment", "reversed", "private body"):
        if not any(edge.kind == "file" for edge in base.edges):
            assert made[variant].current(base.edges, base.reach), f"a needless miss: {variant}"


@pytest.mark.parametrize("name", ["generic", "inline", "default method", "call"])
def test_with_lines_places_of_other_bodies_are_the_same_too(name: str) -> None:
    made = {variant: Program({"hub": hub, "main": USERS[name]}, lines=True) for variant, hub in VARIANTS.items()}
    base = made["same"]["main"]
    for variant, program in made.items():
        if program.current(base.edges, program["main"].reach):
            assert program.placed("main") == made["same"].placed("main"), f"a wrong hit: {variant}"
    assert made["comment"].current(base.edges, base.reach) is (name == "call")


def test_each_change_is_seen_by_some_user() -> None:
    """The variants are worth trying: no change but those to private things leaves all users alone."""
    unseen = dict.fromkeys(VARIANTS)
    hubs = {variant: Program({"hub": hub, "none": "use hub\nproc f() {}"}) for variant, hub in VARIANTS.items()}
    for text in USERS.values():
        edges = Program({"hub": HUB, "main": text})["main"].edges
        for variant in list(unseen):
            if not hubs[variant].current(edges, hubs[variant]["none"].reach):
                del unseen[variant]
    assert set(unseen) <= {"same", "comment", "reversed", "private body", "impl more", "generic impl", "a parameter's name"}


# --- recorded and plain -------------------------------------------------------------------------------------------


def programs() -> dict[str, dict[str, str]]:
    """Programs of several modules: those of the examples and of the tests of messages."""
    found: dict[str, dict[str, str]] = {}
    folders = [path.parent for path in sorted((ROOT / "examples").glob("*/main.vit"))]
    for folder in folders:
        files = {str(path.relative_to(folder).with_suffix("")): path.read_text() for path in sorted(folder.rglob("*.vit"))}
        found[folder.name] = ordered(files)
    for user, text in USERS.items():
        found[f"user {user}"] = {"hub": HUB, "main": text}
    return found


def ordered(files: dict[str, str]) -> dict[str, str]:
    """Dependencies first."""
    from vitte import parse
    from vitte.base.source import SourceFile
    from vitte.driver.context import UnitContext
    from vitte.driver.target import X86_64_LINUX_GNU
    from vitte.ir.defs import Definitions

    out: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in out or name not in files:
            return
        ctx = UnitContext(name, name, X86_64_LINUX_GNU, Definitions())
        for used, _ in uses(parse.run(SourceFile(name, files[name]), ctx)):
            visit(used)
        out[name] = files[name]

    for name in files:
        visit(name)
    return out


PROGRAMS = programs()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recorder_gives_what_plain_definitions_give(name: str) -> None:
    recorded, plain = Program(PROGRAMS[name]), Program(PROGRAMS[name], recorded=False)
    for module in PROGRAMS[name]:
        assert recorded[module].result == plain[module].result
        assert recorded[module].encoded == plain[module].encoded
