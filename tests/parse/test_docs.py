"""The reference says what the lexer and parser do."""

from __future__ import annotations

import re

from tests.parse.helpers import ROOT
from vitte.ir import tokens as t
from vitte.parse.literals import FLOAT_SUFFIXES, INT_SUFFIXES
from vitte.parse.parser_base import MAX_CHAIN, MAX_DEPTH

GRAMMAR = (ROOT / "docs" / "reference" / "grammar.md").read_text()
LEXICAL = (ROOT / "docs" / "reference" / "lexical.md").read_text()


def test_every_keyword_is_in_the_reference() -> None:
    words = set(re.findall(r"[a-z_]+", GRAMMAR + LEXICAL))
    assert [word for word in t.KEYWORDS if word not in words] == []


def test_every_sign_is_in_the_reference() -> None:
    block = LEXICAL[LEXICAL.index("## Operators and punctuation") :]
    listed = " ".join(block.split("\n\n")[1].split()).split()
    assert set(listed) == {*t.PUNCTUATION, ">>"}


def test_suffixes_and_limits() -> None:
    listed = next(line for line in LEXICAL.splitlines() if line.strip().startswith("suffix")).split("=")[1]
    assert set(listed.replace("|", " ").split()) == {*INT_SUFFIXES, *FLOAT_SUFFIXES}
    assert f"{MAX_DEPTH} levels" in GRAMMAR
    assert f"{MAX_CHAIN} links" in GRAMMAR


def test_every_rule_of_the_grammar_is_defined() -> None:
    rules = {match.group(1) for match in re.finditer(r"^    ([a-z][a-z-]*) +=", GRAMMAR, re.MULTILINE)}
    code = "\n".join(line for line in GRAMMAR.splitlines() if line.startswith("    "))
    code = re.sub(r'"[^"]*"', " ", code)
    code = re.sub(r"  after a path.*", "", code)
    used = set(re.findall(r"[a-z][a-z-]*", code))
    known = {"name", "string", "literal", "number", "int", "label", "place"}
    assert used - rules - known == set()
    assert rules - used - {"module"} == set()
