"""Precedence, and how operands are read."""

from __future__ import annotations

import pytest

from tests.parse.helpers import expression, mistakes, parse, show


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a << b + c", "(a << (b + c))"),
        ("a >> b >> c", "((a >> b) >> c)"),
        ("a > b", "(a > b)"),
        ("a < b >> c", "(a < (b >> c))"),
        ("a > b >> c", "(a > (b >> c))"),
        ("a >= b", "(a >= b)"),
        ("a < b == c", "((a < b) == c)"),
        ("a == b & c", "((a == b) & c)"),
        ("a & b ^ c | d", "(((a & b) ^ c) | d)"),
        ("a | b ^ c & d", "(a | (b ^ (c & d)))"),
        ("a and b or c and d", "((a and b) or (c and d))"),
        ("a && b || c", "((a and b) or c)"),
        ("a or b .. c or d", "((a or b)..(c or d))"),
        ("a..b ?? c", "((a..b) ?? c)"),
        ("a ?? b ?? c", "((a ?? b) ?? c)"),
        ("a ?? b ? c : d", "((a ?? b) ? c : d)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
        ("not a == b", "((not a) == b)"),
        ("!a and b", "((not a) and b)"),
        ("-a as u8", "((- a) as u8)"),
        ("-a.b", "(- a.b)"),
        ("*p.x", "(* p.x)"),
        ("*p + 1", "((* p) + 1)"),
        ("&mut a.b", "(&mut a.b)"),
        ("&&a", "(&(&a))"),
        ("&a && &b", "((&a) and (&b))"),
        ("ref mut a", "(&mut a)"),
        ("move *b", "(move (* b))"),
        ("a as u8 as int * b", "(((a as u8) as int) * b)"),
        ("a as int < b", "((a as int) < b)"),
        ("a is Some(_) and b", "((a is Some(_)) and b)"),
        ("a is not None", "(a is not None)"),
        ("a is A | B and c", "((a is (A | B)) and c)"),
        ("a in b and c not in d", "((a in b) and (c not in d))"),
        ("a + b in c", "((a + b) in c)"),
        ("a[i..j]", "a[(i..j)]"),
        ("a[i:j]", "a[(i..j)]"),
        ("a[:j]", "a[(..j)]"),
        ("a[i:]", "a[(i..)]"),
        ("a[..]", "a[(..)]"),
        ("a[c ? i : j]", "a[(c ? i : j)]"),
        ("a?.b?", "a?.b?"),
        ("a??", "a??"),
        ("f()? + 1", "(f()? + 1)"),
        ("f(a)(b)[c].d::e", "f(a)(b)[c].d.e"),
        ("t.0.1", "t.0.1"),
        ("f(x: 1, 2)", "f(x: 1, 2)"),
        ("f[int](x)", "f[int](x)"),
        ("f<int>(x)", "f[int](x)"),
        ("f<list<int>>(x)", "f[list[int]](x)"),
        ("Box<int>.new()", "Box[int].new()"),
        ("(a < b, c > d)", "tuple((a < b), (c > d))"),
        ("a < b", "(a < b)"),
        ("g[?int, *mut T, proc(A) -> B, dyn X + Y]", "g[?int, *mut T, proc(A) -> B, dyn X + Y]"),
        ("Box[int] { value: 1 }", "Box[int] {value}"),
        ("Point { x, y }", "Point {x, y}"),
        ("map { a: 1 }", "map{a: 1}"),
        ("set { a, b }", "set{a, b}"),
        ("[a; b + 1]", "[a; (b + 1)]"),
        ("|x| x + 1", "|x| (x + 1)"),
        ("|x| |y| x", "|x| |y| x"),
        ("|| 1", "|| 1"),
        ("a || b", "(a or b)"),
        ("f(|x| set t += x)", "f(|x| {t += x})"),
        ("|x| -> int { x }", "|x| {x}"),
        ("proc(x: int) -> int { give x }", "|x| {give x}"),
        ("if a { b } else { c } + d", "(if a {b} else {c} + d)"),
        ("match a { b => c, d if e => f, else => g }", "match a {b => c; d if e => f; _ => g}"),
        ("match a { b => if c { d } else { e }, else { f } }", "match a {b => if c {d} else {e}; _ => {f}}"),
        ("match (P { x: 1 }) { _ => 0 }", "match P {x} {_ => 0}"),
        ("give a ?? b", "give (a ?? b)"),
        ("a ?? panic \"m\"", "(a ?? panic('m'))"),
        ("a ?? give b", "(a ?? give b)"),
        ("break 'l a + b", "break 'l (a + b)"),
        ("x.match.if(form.type)", "x.match.if(form.type)"),
        ("1.abs()", "1.abs()"),
        ("1..2", "(1..2)"),
        ("1.5e3f32", "1.5e3f32"),
        ("0xFFu8", "255u8"),
        ("1f64", "1f64"),
    ],
)  # fmt: skip
def test_reads_as(text: str, shown: str) -> None:
    assert expression(text) == shown


LEVELS = [["??"], [".."], ["or", "||"], ["and", "&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">=", "in", "not in"], ["<<",
">>"], ["+", "-"], ["*", "/", "%"]]  # fmt: skip
SAME = {"||": "or", "&&": "and"}
PAIRS = [(low, high) for i, lows in enumerate(LEVELS) for low in lows for highs in LEVELS[i + 1 :] for high in highs]


@pytest.mark.parametrize(("low", "high"), PAIRS)
def test_tighter_operators_group_first(low: str, high: str) -> None:
    for text, tight_right in ((f"a {low} b {high} c", True), (f"a {high} b {low} c", False)):
        module, out = parse(f"proc f() {{ {text} }}")
        assert out.error_count == 0
        value = module.items[0].body.value
        lo, hi = SAME.get(low, low), SAME.get(high, high)

        def join(x: str, op: str, y: str) -> str:
            return f"({x}..{y})" if op == ".." else f"({x} {op} {y})"

        assert show(value) == (join("a", lo, join("b", hi, "c")) if tight_right else join(join("a", hi, "b"), lo, "c"))


@pytest.mark.parametrize("text", ["a < b < c", "a == b == c", "a in b in c", "a <= b > c"])
def test_comparisons_do_not_chain(text: str) -> None:
    assert mistakes(f"proc f() {{\n  {text}\n}}\n") == [("V0019", 2)]


@pytest.mark.parametrize("text", ["a & b == c", "a == b | c", "a ^ b < c"])
def test_bit_operators_over_comparisons_warn(text: str) -> None:
    assert mistakes(f"proc f() {{\n  {text}\n}}\n") == [("W0001", 2)]


def test_parentheses_silence_it() -> None:
    assert mistakes("proc f() {\n  let a = (a & b) == c\n  let b = a & (b == c)\n}\n") == []
