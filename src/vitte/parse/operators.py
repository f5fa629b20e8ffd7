"""Tables by token kind: operators with their precedence, what may begin an expression."""

from __future__ import annotations

from vitte.ir import tokens as t

TERNARY, COALESCE, RANGE, OR, AND, BIT_OR, BIT_XOR, BIT_AND, EQUALITY, ORDER, SHIFT, SUM, PRODUCT, CAST, UNARY = range(2, 17)
"""Precedence, loosest first. 1 is assignment, a statement; 17 is postfix."""

PREC: list[int] = [0] * t.COUNT
OP: list[str] = [""] * t.COUNT
for _level, _texts in (
    (COALESCE, "??"), (OR, "or ||"), (AND, "and &&"), (BIT_OR, "|"), (BIT_XOR, "^"), (BIT_AND, "&"), (EQUALITY, "== !="),
    (ORDER, "< <= >= in"), (SHIFT, "<< >"), (SUM, "+ -"), (PRODUCT, "* / %"),
):  # fmt: skip
    for _text in _texts.split():
        _kind = t.KEYWORD_KIND.get(_text) or t.PUNCTUATION_KIND[_text]
        PREC[_kind] = _level
        OP[_kind] = {"||": "or", "&&": "and"}.get(_text, _text)
# `>` is `ORDER`, or with a second one right after it `SHIFT`: listed with the tighter, decided where it is read.
for _kind, _level in ((t.QUESTION, TERNARY), (t.DOTS, RANGE), (t.DOTS_EQ, RANGE), (t.NOT, ORDER), (t.AS, CAST), (t.IS, CAST)):
    PREC[_kind] = _level

COMPARISONS: dict[str, int] = {
    "==": EQUALITY, "!=": EQUALITY, "<": ORDER, "<=": ORDER, ">": ORDER, ">=": ORDER, "in": ORDER, "not in": ORDER,
}  # fmt: skip

ASSIGN: list[str | None] = [None] * t.COUNT
"""The operator of an assignment: "" for `=`, "+" for `+=`."""
ASSIGN[t.EQ] = ""
for _text in "+= -= *= /= %= &= |= ^= <<= >>=".split():  # noqa: SIM905
    ASSIGN[t.PUNCTUATION_KIND[_text]] = _text[:-1]

POSTFIX: list[bool] = [kind in (t.DOT, t.COLONS, t.LPAREN, t.LBRACKET, t.QUESTION, t.QUESTIONS, t.LBRACE, t.LT) for kind in range(t.COUNT)]

_NOT_OPERANDS = (t.AND, t.OR, t.IN, t.IS, t.AS, t.ELSE, t.ELIF, t.WHERE, t.CASE, t.FOR, t.WHILE, t.LET)
STARTS_EXPR: list[bool] = [
    (0 < kind <= t.RUNE and kind not in _NOT_OPERANDS)
    or kind in (t.LABEL, t.LPAREN, t.LBRACKET, t.LBRACE, t.MINUS, t.BANG, t.TILDE, t.STAR, t.AMP, t.ANDAND, t.BAR, t.OROR, t.DOTS,
    t.DOTS_EQ)
    for kind in range(t.COUNT)
]  # fmt: skip
STARTS_NAME_OR_LITERAL: list[bool] = [0 < kind <= t.RUNE and kind not in _NOT_OPERANDS for kind in range(t.COUNT)]
"""What can only begin an operand: after a contextual keyword it shows that the keyword is meant."""
