"""Format strings, and the built-ins that take them: `print` ... `format`, `panic`, `unreachable`, `assert`.

A placeholder is `{}`, `{name}` (a name in scope), `{:spec}` or `{name:spec}`; `{{` and `}}` are braces. A spec is
`[[fill]align][+][#][0][width][.precision][kind]` with align one of `<^>` and kind one of `? x X b o e`.
"""

from __future__ import annotations

from typing import Literal

from vitte.base.source import Span, make_span, span_end, span_start
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.ir.ast_literals import offset_map
from vitte.lower import errors
from vitte.lower.state import EXPR, Lowerer, expr

Target = Literal["print", "println", "eprint", "eprintln", "format", "panic"]
Piece = hir.FormatText | hir.FormatArg

ALIGNS = "<^>"
KINDS = "?xXboe"
MAX_WIDTH = 4096
"""Wider or more precise than this is a mistake."""


class Reader:
    """The text of one literal, and where its characters stand."""

    __slots__ = ("lo", "lit", "text", "body", "offsets")

    def __init__(self, lo: Lowerer, lit: a.StrLit) -> None:
        self.lo = lo
        self.lit = lit
        self.text = lit.value
        self.body = lit.body
        self.offsets: list[int] | None = None
        if not lit.plain:
            self.offsets = offset_map(lo.source(lit.span))
            self.body = span_start(lit.span)

    def at(self, index: int) -> int:
        """The source offset of a character of the decoded text."""
        offsets = self.offsets
        return self.body + (index if offsets is None else offsets[min(index, len(offsets) - 1)])

    def span(self, start: int, end: int) -> Span:
        return make_span(self.at(start), self.at(end))

    def error(self, start: int, end: int, message: str, label: str, hint: str = "") -> None:
        errors.format_error(self.lo, self.at(start), self.at(end), message, label, hint)


def pieces(lo: Lowerer, lit: a.StrLit, args: list[a.Expr]) -> list[Piece]:
    """The literal taken apart, with the arguments in their places. Reports what is wrong with either."""
    text = lit.value
    found: list[Piece] = []
    if "{" not in text and "}" not in text:
        if text:
            found.append(hir.FormatText(lit.span, text))
        if args:
            count_error(lo, lit, 0, args)
        return found
    reader = Reader(lo, lit)
    values = [argument(lo, arg) for arg in args]
    taken = 0
    at = 0
    start = 0
    buffer = ""
    size = len(text)
    ok = True
    while at < size:
        char = text[at]
        if char != "{" and char != "}":
            at += 1
            continue
        buffer += text[start:at]
        if text.startswith(char, at + 1):
            buffer += char
            at += 2
            start = at
            continue
        if char == "}":
            reader.error(at, at + 1, "a `}` without its `{`", "not opened", "write `}}` for a brace in the text")
            ok = False
            at += 1
            start = at
            continue
        end = text.find("}", at)
        if end < 0:
            reader.error(at, at + 1, "a `{` without its `}`", "not closed", "write `{{` for a brace in the text")
            ok = False
            start = size
            break
        if buffer:
            found.append(hir.FormatText(lit.span, buffer))
            buffer = ""
        span = reader.span(at, end + 1)
        name, spec, good = placeholder(reader, at + 1, end)
        ok = ok and good
        if name:
            value: hir.Expr | None = EXPR[a.Name](lo, a.Name(reader.span(at + 1, at + 1 + len(name)), name))
        elif not good:
            value = None
            taken += 1
        elif taken < len(values):
            value = values[taken]
            taken += 1
        else:
            value = None
            taken += 1
        if value is not None:
            found.append(hir.FormatArg(span, value, spec))
        at = end + 1
        start = at
    buffer += text[start:size]
    if buffer:
        found.append(hir.FormatText(lit.span, buffer))
    if ok and taken != len(values):
        count_error(lo, lit, taken, args)
    return found


def argument(lo: Lowerer, arg: a.Expr) -> hir.Expr:
    if type(arg) is a.NamedArg:
        message = "arguments of a format string have no names"
        token = errors.simple(lo, errors.BAD_FORMAT, arg.span, message, "named here", f"write `{{{arg.name}}}` for a variable")
        expr(lo, arg.value)
        return hir.ErrorExpr(arg.span, token)
    return expr(lo, arg)


def count_error(lo: Lowerer, lit: a.StrLit, wanted: int, args: list[a.Expr]) -> None:
    def many(n: int, what: str) -> str:
        return f"{n} {what}" if n == 1 else f"{n} {what}s"

    message = f"the format string has {many(wanted, 'placeholder')} but {many(len(args), 'argument')}"
    if len(args) > wanted:
        where = args[wanted].span
        hint = "write `{}` where it is to be shown"
        errors.simple(lo, errors.FORMAT_COUNT, where, message, "not shown", hint, ((lit.span, "the format string"),))
        if not wanted:
            for arg in args:
                argument(lo, arg)
    else:
        hint = "give a value for each `{}`; `{{` is a brace"
        errors.simple(lo, errors.FORMAT_COUNT, lit.span, message, "more placeholders than arguments", hint)


def placeholder(reader: Reader, start: int, end: int) -> tuple[str, hir.FormatSpec | None, bool]:
    """What stands between the braces at `start - 1` and `end`: a name or "", the spec, whether it was well-formed."""
    inside = reader.text[start:end]
    if not inside:
        return "", None, True
    name, colon, spec_text = inside.partition(":")
    if name and not name.isidentifier():
        if name.isdigit():
            reader.error(start, start + len(name), "arguments are taken in order", "a number here", "write `{}`")
        else:
            message = f"`{name}` is not a variable"
            reader.error(start, start + len(name), message, "only a name can stand here", "write `{}` and give the value as an argument")
        return "", None, False
    if not colon:
        return name, None, True
    spec = parse_spec(spec_text)
    if type(spec) is int:
        at = start + len(name) + 1 + spec
        hint = "a spec is `[[fill]<^>][+][#][0][width][.precision][?xXboe]`"
        reader.error(at, min(at + 1, end) if at < end else end, "malformed format spec", "not understood", hint)
        return name, None, False
    return name, spec, True  # type: ignore[return-value]


def parse_spec(text: str) -> hir.FormatSpec | int:
    """The spec, or the offset of what is wrong in it."""
    at = 0
    fill, align = " ", ""
    if len(text) > 1 and text[1] in ALIGNS:
        fill, align = text[0], text[1]
        at = 2
    elif text and text[0] in ALIGNS:
        align = text[0]
        at = 1
    sign = text.startswith("+", at)
    at += sign
    alternate = text.startswith("#", at)
    at += alternate
    zero = text.startswith("0", at)
    at += zero
    width, at = number(text, at)
    precision = -1
    if text.startswith(".", at):
        before = at
        precision, at = number(text, at + 1)
        if precision < 0:
            return before
    if width > MAX_WIDTH or precision > MAX_WIDTH:
        return 0
    kind = ""
    if at < len(text) and text[at] in KINDS:
        kind = text[at]
        at += 1
    if at != len(text):
        return at
    return hir.FormatSpec(fill, align, sign, alternate, zero, width, precision, kind)


def number(text: str, at: int) -> tuple[int, int]:
    """The digits at `at`: their value (-1 for none, large when too many) and what follows them."""
    start = at
    while at < len(text) and "0" <= text[at] <= "9":
        at += 1
    if at == start:
        return -1, at
    return int(text[start:at]) if at - start < 7 else MAX_WIDTH + 1, at


# --- built-ins ----------------------------------------------------------------------------------------------------


def message_pieces(lo: Lowerer, span: Span, args: list[a.Expr]) -> list[Piece]:
    """The arguments of `print` and its like: nothing, one value, or a literal format string with its arguments."""
    if not args:
        return []
    first = args[0]
    if type(first) is a.StrLit:
        return pieces(lo, first, args[1:])
    if len(args) > 1:
        hint = 'begin with a literal: `"{} {}"`'
        message = "the format string must be a literal"
        errors.simple(lo, errors.FORMAT_LITERAL, first.span, message, "not a string literal", hint)
    values = [argument(lo, arg) for arg in args]
    return [hir.FormatArg(first.span, values[0], None)]


def format_call(lo: Lowerer, span: Span, target: Target, args: list[a.Expr]) -> hir.Expr:
    return hir.Format(span, target, message_pieces(lo, span, args))


def panic(lo: Lowerer, e: a.Panic) -> hir.Expr:
    return hir.Format(e.span, "panic", message_pieces(lo, e.span, e.args) or [hir.FormatText(e.span, "explicit panic")])


def unreachable(lo: Lowerer, e: a.Unreachable) -> hir.Expr:
    said = message_pieces(lo, e.span, e.args)
    text = "entered unreachable code"
    head: list[Piece] = [hir.FormatText(e.span, f"{text}: " if said else text)]
    return hir.Format(e.span, "panic", head + said)


def assertion(lo: Lowerer, e: a.Assert) -> hir.Expr:
    mark = lo.push()
    cond = expr(lo, e.cond)
    lo.pop(mark)
    message: hir.Expr | None = None
    if e.args:
        span = make_span(span_start(e.args[0].span), span_end(e.args[-1].span))
        said = message_pieces(lo, span, e.args)
        if len(said) == 1 and type(said[0]) is hir.FormatText:
            message = hir.Literal_(span, "string", said[0].text)
        elif not said:
            message = hir.Literal_(span, "string", "")
        else:
            message = hir.Format(span, "format", said)
    shown = e.cond.inner if type(e.cond) is a.Paren else e.cond
    return hir.Assert(e.span, cond, message, lo.source(shown.span))


EXPR.update({a.Panic: panic, a.Unreachable: unreachable, a.Assert: assertion})
