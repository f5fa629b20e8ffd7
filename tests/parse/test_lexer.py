"""Tokens, literals, decoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parse.helpers import expression, good, mistakes, parse, show
from vitte.base.diagnostics import Diagnostics
from vitte.base.source import MAX_SOURCE
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.ir.ast_literals import offset_map
from vitte.parse import DecodeError, decode, imports, report_decode_error
from vitte.parse.lexer import lex


def kinds(text: str) -> list[str]:
    return [t.NAMES[kind] for kind in lex(text).kinds[:-1]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a1 _b été 名前", ["name", "name", "name", "name"]),
        ("if iff", ["if", "name"]),
        ("r rb b br", ["name", "name", "name", "name"]),
        ('r"x" b"x" br"x" "x" """x"""', ["raw string", "bytes", "bytes", "string", "multi-line string"]),
        ('"" """"""', ["string", "multi-line string"]),
        ("'a' 'a 'ab '\\'' '\\u{41}' '\"'", ["rune", "label", "label", "rune", "rune", "rune"]),
        (
            "1..2 1.5 1.a 1e5 1.5e-3f32 0xE+1",
            ["integer", "..", "integer", "float", "integer", ".", "name", "float", "float", "integer", "+", "integer"],
        ),
        ("a.0.1", ["name", ".", "float"]),
        ("<<= << <= < >>= > > >= >", ["<<=", "<<", "<=", "<", ">>=", ">", ">", ">=", ">"]),
        (">>", [">", ">"]),
        ("..= .. . :: : -> => == = != !", ["..=", "..", ".", "::", ":", "->", "=>", "==", "=", "!=", "!"]),
        ("?? ? || |= | && &= & ^= ^", ["??", "?", "||", "|=", "|", "&&", "&=", "&", "^=", "^"]),
        ("#[a] #![b]", ["#[", "name", "]", "#![", "name", "]"]),
        ("#a\nb", ["name"]),
        ("#!a\nb", ["name"]),
        ("a//b\nc", ["name", "name"]),
        ("a/*b*/c", ["name", "name"]),
        ("a/*/*b*/*/c", ["name", "name"]),
        ("a/**/c/***/d/*/**/*/e", ["name", "name", "name", "name"]),
        ("a<<<b>>>c", ["name", "name"]),
        ("\ufeffa"[1:], ["name"]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_kinds(text: str, found: list[str]) -> None:
    assert kinds(text) == found


@given(st.text(max_size=80))
def test_tokens_and_what_lies_between_them_are_the_text(text: str) -> None:
    table = lex(text)
    at = 0
    for start, end in zip(table.starts, table.ends, strict=True):
        assert at <= start <= end
        at = end
    assert table.starts[-1] == table.ends[-1] == len(text)
    assert len(table.kinds) == len(table.vals) == len(table.spans) == len(table.nl)


def test_every_keyword_and_sign_is_its_own_token() -> None:
    for text, kind in {**t.KEYWORD_KIND, **t.PUNCTUATION_KIND}.items():
        if text not in ("(", "[", "{", "#[", "#![") and len(text) > 0:
            assert lex(text).kinds == [kind, t.EOF], text


def test_newlines_before_tokens() -> None:
    table = lex("a # x\nb /* \n */ c /* */ d\n\n// y\n\ne")
    assert [table.vals[i] for i in range(5) if table.nl[i]] == ["b", "c", "e"]


def test_names_are_compared_after_normalisation() -> None:
    module = good("proc e\u0301() { \u00e9() }")
    assert module.items[0].name == "\u00e9"
    assert module.items[0].body.value.callee.name == "\u00e9"


def test_doc_comments() -> None:
    module = good(
        "//! The module.\n//!\n//! More.\n\n"
        "/// One.\n///  Two.\n//// not this\nproc f() {}\n\n#[a]\n/// Three.\npub form F {\n  /// A field.\n  x: int\n}\n/// lost\n"
    )
    assert module.doc == "The module.\n\nMore."
    proc, form = module.items
    assert proc.meta.doc == "One.\n Two."
    assert form.meta.doc == "Three."
    assert form.fields[0].meta.doc == "A field."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\r\t\0\"\'\\b"', "a\n\r\t\0\"'\\b"),
        (r'"\x41\u00e9\u{1F600}\u{41}"', "A\u00e9\U0001f600A"),
        (r'r"\n"', "\\n"),
        ('"""a\n"b"\\n"""', 'a\n"b"\\n'),
        ('"""a\r\nb"""', "a\nb"),
        ('""', ""),
        (r"b'x'"[1:], "x"),
    ],
)
def test_values_of_strings(text: str, value: str) -> None:
    literal = good("proc f() { " + text + " }").items[0].body.value
    assert literal.value == value


def test_values_of_bytes_and_numbers() -> None:
    assert good(r'proc f() { b"a\xFF\n" }').items[0].body.value.value == b"a\xff\n"
    assert good(r'proc f() { br"\xFF" }').items[0].body.value.value == b"\\xFF"
    for text, value, suffix, radix in [
        ("1_000", 1000, "", 10),
        ("0xFF_u8", 255, "u8", 16),
        ("0b1010i64", 10, "i64", 2),
        ("0o17", 15, "", 8),
        ("007", 7, "", 10),
    ]:
        literal = good(f"proc f() {{ {text} }}").items[0].body.value
        assert (literal.value, literal.suffix, literal.radix) == (value, suffix, radix)
    for text, digits, suffix in [
        ("1_0.5_0e-1_0f32", "10.50e-10", "f32"),
        ("1e9", "1e9", ""),
        ("2f64", "2", "f64"),
        ("1.5float", "1.5", "f64"),
    ]:
        literal = good(f"proc f() {{ {text} }}").items[0].body.value
        assert (literal.text, literal.suffix) == (digits, suffix)


@pytest.mark.parametrize("raw", [r'"a\nb\x41c\u00e9d\u{1F600}e\\"', '"plain"', 'r"a\\nb"', '"""a\r\nb"""', '""', '"""x"y"""'])
def test_offsets_lead_from_values_to_sources(raw: str) -> None:
    literal = good("proc f() { " + raw + " }").items[0].body.value
    offsets = offset_map(raw)
    assert len(offsets) == len(literal.value) + 1
    assert offsets == sorted(set(offsets))
    for char, at in zip(literal.value, offsets, strict=False):
        assert raw[at] == char or raw[at] in "\\\r"
    if literal.plain:
        assert [literal.body + i for i in range(len(literal.value))] == [11 + at for at in offsets[:-1]]


def test_mistakes_inside_literals_have_their_own_place() -> None:
    module, out = parse('proc f() { "ab\\qcd\\u{D800}" }')
    places = [d.labels[0].where.span for d in out.sorted()]
    assert [module.source.text[span >> 26 :][: span & (1 << 26) - 1] for span in places] == ["\\q", "\\u{D800}"]


def test_a_run_of_strange_characters_is_one_mistake() -> None:
    assert mistakes("proc f() { " + "\x00" * 100 + " }") == [("V0001", 1)]
    assert mistakes("proc f() {\n a \u00a0 b\u00d7c\n}") == [("V0001", 2), ("V0001", 2)]


def test_lookalikes_are_fixed_by_machine() -> None:
    _, out = parse("proc f() { let a\u00a0= 1 \u2212 2 }")
    assert [d.helps[0].edits[0].text for d in out.sorted()] == [" ", "-"]


def test_decode() -> None:
    assert decode(b"\xef\xbb\xbfproc") == "proc"
    assert decode("é".encode()) == "é"
    bad = decode(b"abc\xff\xfe")
    assert isinstance(bad, DecodeError)
    assert bad.offset == 3
    out = Diagnostics("x")
    report_decode_error(out, bad)
    assert out.items[0].code.id == "V0008"
    assert "byte 3" in out.items[0].message


def test_a_source_above_the_limit_is_refused() -> None:
    large = decode(b"#" * (MAX_SOURCE + 1))
    assert isinstance(large, DecodeError)
    out = Diagnostics("x")
    report_decode_error(out, large)
    assert out.items[0].code.id == "V0009"


def test_imports() -> None:
    module = good("use a/b\nuse a.b::c as d\nuse ..x.{y}\nuse .z.*\nproc f() {}\npull w\n")
    assert [(use.dots, use.segments) for use in imports(module)] == [
        (0, ("a", "b")),
        (0, ("a", "b", "c")),
        (2, ("x",)),
        (1, ("z",)),
        (0, ("w",)),
    ]


def test_type_arguments_in_brackets_read_as_types() -> None:
    from vitte.ir.ast_types import expr_to_type, expr_to_type_arg

    module = good("proc f() { g[int, a.B, ?T, [T], [T; 4], &T, &mut [T], *T, (A, B), map[K, V], _, proc(A) -> B, 3, 1 + 2] }")
    index = module.items[0].body.value
    assert isinstance(index, a.Index)
    found = [expr_to_type(arg) for arg in index.args]
    assert [show(ty) if ty else None for ty in found] == [
        "int", "a.B", "?T", "[T]", "[T; 4]", "&T", "&mut [T]", "*T", "(A, B)", "map[K, V]", "_", "proc(A) -> B", None, None,
    ]  # fmt: skip
    assert show(expr_to_type_arg(index.args[-1])) == "(1 + 2)"


def test_keywords_are_names_where_only_a_name_can_stand() -> None:
    for word in t.KEYWORDS:
        if word in ("true", "false", "null", "await"):
            continue
        good(
            f"form F {{\n  {word}: int\n}}\n"
            f"proc f({word}: int) {{\n  let {word} = a.{word}.b\n  f({word}: 1)\n  let x = F {{ {word}: 2 }}\n}}\n"
        )
        good(f"proc f() {{ let mut {word}: int = 1 }}\nuse std/{word}\n")


def test_expression_forms_of_names() -> None:
    assert expression("set.push(map)") == "set.push(map)"
    assert expression("test + form + type") == "((test + form) + type)"
