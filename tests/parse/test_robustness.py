"""Whatever the text: no crash, the tree prints back, its verifier is content, and few messages."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parse.helpers import PROGRAMS, SAMPLES, checked, good, mistakes, parse, read, without_token
from vitte.ir import tokens as t
from vitte.ir.ast_text import print_module, print_source
from vitte.parse.lexer import lex


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_programs_print_back(path) -> None:
    text = read(path)
    module, out = checked(text)
    assert [d for d in out.items if d.level == "error"] == []
    assert print_module(module).count("\n") > len(module.items)
    windows = text.replace("\n", "\r\n")
    assert print_source(parse(windows)[0]) == windows


def test_truncation_anywhere_in_a_small_program() -> None:
    text = read(SAMPLES / "shapes.vit")
    for end in range(len(text)):
        checked(text[:end])


def test_truncation_somewhere_in_a_large_one() -> None:
    text = read(SAMPLES / "everything.vit")
    for end in range(0, len(text), 97):
        checked(text[:end])


def _damage(cases: list[tuple[str, str]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for _, text in cases:
        found[checked(text)[1].error_count] += 1
    return found


def test_one_missing_token_gives_few_errors() -> None:
    found = _damage(without_token(read(SAMPLES / "shapes.vit")))
    total = sum(found.values())
    assert found[0] + found[1] >= 0.95 * total, found
    assert max(found) <= 3, found


def test_one_missing_token_in_a_program_of_loops() -> None:
    found = _damage(without_token(read(SAMPLES / "loops.vit")))
    total = sum(found.values())
    assert found[0] + found[1] >= 0.93 * total, found
    assert max(found) <= 5, found


@pytest.mark.parametrize("bracket", ["(", ")", "[", "]", "{", "}"])
def test_a_missing_bracket_spoils_only_its_declaration(bracket: str) -> None:
    text = read(SAMPLES / "loops.vit")
    last = "\nproc after(x: int) -> int { give x }\nform After { x: int }\n"
    for val, damaged in without_token(text):
        if val == bracket:
            module, out = parse(damaged + last)
            assert out.error_count >= 1
            assert [getattr(item, "name", "") for item in module.items][-2:] == ["after", "After"]


@pytest.mark.parametrize("seed", range(40))
def test_token_soup(seed: int) -> None:
    table = lex(read(SAMPLES / "everything.vit"))
    random_ = random.Random(seed)
    pieces = [*table.vals, "\n", "\n  ", '"', "'", "/*", "<<<", "é", "\u00a0", "$", "\\", "\x00", "#[", "'a", '"""']
    text = "".join(random_.choice(pieces) + random_.choice(["", " ", " ", "\n"]) for _ in range(random_.randrange(1, 250)))
    checked(text)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text(text: str) -> None:
    checked(text)
    checked("proc f() {\n" + text + "\n}\n")


@given(st.lists(st.sampled_from([*t.KEYWORDS, *t.PUNCTUATION, "x", "1", "2.5", '"s"', "'c'", "'l", "\n", "\n  "]), max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_words(words: list[str]) -> None:
    checked(" ".join(words))
    checked("proc f() {\n" + " ".join(words) + "\n}\nproc g() {}\n")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("-", ""), ("not ", ""), ("&", ""), ("|x| ", ""), ("if a {", "}"), ("a[", "]"),
     ("P { x: ", "}"), ("x ? ", " : y"), ("match a { _ => ", "}"), ("loop {", "}"), ("unsafe {", "}"), ("a ?? (", ")"), ("1 + (", ")"),
     ("give ", ""),
     ("if a {} else ", ""), ("move ", ""), ("{ let x = ", "}")],
)  # fmt: skip
def test_deep_nesting_is_one_error(opening: str, closing: str) -> None:
    deep = 20_000
    begin = time.perf_counter()
    found = mistakes("proc f() {\n  let x = " + opening * deep + "a" + closing * deep + "\n}\nproc g() { x y }\n")
    assert found == [("V0018", 2), ("V0017", 4)]
    assert time.perf_counter() - begin < 60


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ("?", ""), ("&", ""), ("(", ",)"), ("list[", "]"), ("proc(", ")"), ("proc() -> ", ""), ("*mut ", "")],
)
def test_deep_types_are_one_error(opening: str, closing: str) -> None:
    assert mistakes("type T =\n  " + opening * 20_000 + "int" + closing * 20_000 + "\nproc g() { x y }\n") == [("V0018", 2), ("V0017", 3)]


@pytest.mark.parametrize(("opening", "closing"), [("(", ",)"), ("[", "]"), ("Some(", ")"), ("P { x: ", "}"), ("x @ ", "")])
def test_deep_patterns_are_one_error(opening: str, closing: str) -> None:
    text = "proc f() {\n  let " + opening * 20_000 + "a" + closing * 20_000 + " = b\n}\nproc g() { x y }\n"
    assert mistakes(text) == [("V0018", 2), ("V0017", 4)]


def test_nesting_within_the_limit() -> None:
    good("proc f() { " + "(" * 200 + "a" + ")" * 200 + " }")
    good("proc f() { " + "{" * 200 + "a" + "}" * 200 + " }")
    good("type T = " + "[" * 200 + "a" + "]" * 200)


@pytest.mark.parametrize("link", [" + a", ".b", "(c)", "[d]", "?", " as int", " and e", " ?? f"])
def test_long_chains_are_bounded(link: str) -> None:
    """A chain makes a high tree without nesting: later stages recurse over trees."""
    good("proc f() { a" + link * 1000 + " }")
    assert mistakes("proc f() {\n a" + link * 50_000 + " }\nproc g() { x y }\n") == [("V0018", 2), ("V0017", 3)]


def test_chains_that_nest_on_their_left_end_are_bounded() -> None:
    nested = "(" * 200 + "a" + (" + b" * 1000 + ")") * 200
    assert mistakes(f"proc f() {{\n  {nested}\n}}\nproc g() {{ x y }}\n") == [("V0018", 2), ("V0017", 4)]


def test_unclosed_brackets_without_end() -> None:
    assert mistakes("proc f() {\n" + "(" * 50_000 + "\n") == [("V0018", 2)]
    assert mistakes("}" * 20_000) == [("V0011", 1)]


def test_one_long_line() -> None:
    begin = time.perf_counter()
    checked("proc f() { " + "let x = g(1, y) + 2; " * 5_000 + "}")
    checked('proc f() { "' + "x" * 10_000_000 + '" }')
    checked("#" + "x" * 10_000_000)
    checked("proc " + "x" * 1_000_000 + "() {}")
    assert time.perf_counter() - begin < 60
