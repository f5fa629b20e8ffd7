"""Where statements end."""

from __future__ import annotations

import pytest

from tests.parse.helpers import good, mistakes, statements


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", ["a", "b"]),
        ("a; b", ["a;", "b"]),
        ("a;\nb;", ["a;", "b;"]),
        ("a +\nb", ["(a + b)"]),
        ("a\n+ b", ["(a + b)"]),
        ("a\n- b", ["(a - b)"]),
        ("a\n-b", ["a", "(- b)"]),
        ("a\n* b", ["(a * b)"]),
        ("a\n*b", ["a", "(* b)"]),
        ("a\n& b", ["(a & b)"]),
        ("a\n&b", ["a", "(&b)"]),
        ("a\n.b()\n.c", ["a.b().c"]),
        ("a\n?\n.b", ["a?.b"]),
        ("a\n? b\n: c", ["(a ? b : c)"]),
        ("a\n?? b", ["(a ?? b)"]),
        ("a\nand b\nor c", ["((a and b) or c)"]),
        ("a\nas int", ["(a as int)"]),
        ("a\nis Some(_)", ["(a is Some(_))"]),
        ("a\nin b", ["(a in b)"]),
        ("a\nnot in b", ["(a not in b)"]),
        ("a\nnot b", ["a", "(not b)"]),
        ("a\n(b)", ["a", "b"]),
        ("a\n[b]", ["a", "[b]"]),
        ("f(\na\n,\nb\n)", ["f(a, b)"]),
        ("f(a\n(b))", ["f(a(b))"]),
        ("[a\n-b]", ["[(a - b)]"]),
        ("f(|x| {\na\nb\n})", ["f(|x| {a; b})"]),
        ("if a { b }\nelse { c }", ["if a {b} else {c}"]),
        ("if a { b }\nelif c { d }\nelse { e }", ["if a {b} else if c {d} else {e}"]),
        ("if a { b } c", ["if a {b}", "c"]),
        ("if a { b }\n-c", ["if a {b}", "(- c)"]),
        ("if a { b }\n(c)", ["if a {b}", "c"]),
        ("match a { _ => b }.c()", ["match a {_ => b}.c()"]),
        ("let x =\n1\nlet y\n= 2", ["let x = 1", "let y = 2"]),
        ("set x\n+= 1", ["x += 1"]),
        ("x = 1\ny += 2", ["x = 1", "y += 2"]),
        ("give\na", ["give", "a"]),
        ("break\na", ["break", "a"]),
        ("a # comment\n# another\n+ b // third\n", ["(a + b)"]),
        ("a /* one\ntwo */ b", ["a", "b"]),
        ("a /* one */ + b", ["(a + b)"]),
        ("let x = |a| a\nlet y = 2", ["let x = |a| a", "let y = 2"]),
        ("match a {\nb => c\n-1 => d\n(e) => g\n..=9 => h\nelse => i\n}", ["match a {b => c; (- 1) => d; e => g; ..=9 => h; _ => i}"]),
        ("{ let a = 1 }\n{ a }", ["{let a = 1}", "{a}"]),
    ],
)  # fmt: skip
def test_statements(text: str, shown: list[str]) -> None:
    assert statements(text) == shown
    assert statements(text.replace("\n", "\r\n")) == shown
    assert statements(text.replace("\n", "\n\n    ")) == shown


def test_value_of_a_block_is_its_last_expression_without_semicolon() -> None:
    (first,) = good("proc f() { { a } }").items
    assert first.body.value.value.name == "a"
    (second,) = good("proc f() { { a; } }").items
    assert second.body.value.value is None
    assert second.body.value.stmts[0].semi


def test_fields_and_cases_are_separated_by_commas_or_newlines() -> None:
    form = good("form P {\n  x: int\n  y: int, z: int,\n  w: list<int>\n  v: int\n}").items[0]
    assert [field.name for field in form.fields] == ["x", "y", "z", "w", "v"]
    pick = good("pick P {\n A, B(int)\n case C = 3\n D,\n}").items[0]
    assert [case.name for case in pick.cases] == ["A", "B", "C", "D"]
    assert mistakes("form P { x: int y: int }") == [("V0012", 1)]


def test_two_statements_on_a_line_need_a_separator() -> None:
    assert mistakes("proc f() {\n  a b\n  c\n}") == [("V0017", 2)]
