"""Expressions: operators by precedence climbing, calls, indexes, members, literals of all kinds, lambdas."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.diagnostics import Suggestion
from vitte.base.source import SPAN_BITS, Span, make_span
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.ir.ast_walk import height
from vitte.parse import errors, literals
from vitte.parse.operators import (
    ASSIGN,
    BIT_AND,
    BIT_OR,
    CAST,
    COALESCE,
    COMPARISONS,
    EQUALITY,
    OP,
    ORDER,
    POSTFIX,
    PREC,
    RANGE,
    SHIFT,
    STARTS_EXPR,
    STARTS_NAME_OR_LITERAL,
    TERNARY,
)
from vitte.parse.parser_base import MAX_CHAIN, MAX_DEPTH, MAX_HEIGHT, SUSPICIOUS, Fail
from vitte.parse.parser_patterns import PatternParser
from vitte.parse.parser_types import MODES

_LONG = 8
"""Chains up to this many links need no counting: they cannot make a tree high."""


class ExprParser(PatternParser):
    __slots__ = ()

    def expr(self, level: int = 2) -> a.Expr:
        """An expression whose operators bind at least as tightly as `level`."""
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        start = self.starts[self.i]
        left = self.unary()
        if PREC[self.kinds[self.i]] >= level:
            left = self.binary(left, level, start)
        self.depth = depth
        return left

    def binary(self, left: a.Expr, level: int, start: int) -> a.Expr:
        """Go on after the operand `left`, which began at offset `start`."""
        kinds, stop, starts, ends = self.kinds, self.stop, self.starts, self.ends
        links = 0
        while True:
            i = self.i
            kind = kinds[i]
            prec = PREC[kind]
            if prec < level or stop[i]:
                break
            op = OP[kind]
            if op:
                width = 1
                if kind == t.GT:
                    if kinds[i + 1] == t.GT and starts[i + 1] == ends[i]:
                        op, width = ">>", 2
                    else:
                        prec = ORDER
                        if prec < level:
                            break
                self.i = i + width
                op_span: Span = self.spans[i] if width == 1 else make_span(starts[i], ends[i + 1])
            elif kind == t.NOT:
                if kinds[i + 1] != t.IN:
                    break
                op = "not in"
                self.i = i + 2
                op_span = make_span(starts[i], ends[i + 1])
            else:
                left = self._special(left, kind, start)
                links += 1
                if links > MAX_CHAIN:
                    self.too_long()
                continue
            right_start = starts[self.i]
            right = self.unary()
            if PREC[kinds[self.i]] > prec:
                depth = self.depth
                if depth >= MAX_DEPTH:
                    self.too_deep()
                self.depth = depth + 1
                right = self.binary(right, prec + 1, right_start)
                self.depth = depth
            if BIT_OR <= prec <= ORDER:
                self._check_mix(op, prec, left, right, op_span)
            left = a.Binary(start << SPAN_BITS | ends[self.i - 1] - start, op, op_span, left, right)  # type: ignore[arg-type]
            links += 1
            if links > MAX_CHAIN:
                self.too_long()
        if links > _LONG:
            self.long_chain(left, links)
        return left

    def long_chain(self, expr: a.Expr, links: int) -> None:
        """Measure now and then how high the trees of long chains are: they can nest on their left end."""
        self.links += links
        if self.links > self.measure_at:
            self.measure_at = self.links + SUSPICIOUS
            if height(expr) > MAX_HEIGHT:
                self.too_long()

    def _check_mix(self, op: str, prec: int, left: a.Expr, right: a.Expr, op_span: Span) -> None:
        """Comparisons that chain are an error, bit operators over bare comparisons a warning."""
        if prec >= EQUALITY:
            if type(left) is a.Binary and COMPARISONS.get(left.op) == prec:
                helps = (Suggestion("compare twice and join with `and`: `a < b and b < c`"),)
                self.token = self.out.error(
                    errors.CHAINED_COMPARISON,
                    op_span,
                    "comparisons do not chain",
                    "second comparison",
                    labels=((left.op_span, "first comparison"),),
                    helps=helps,
                )
        elif prec <= BIT_AND:
            for side in (left, right):
                if type(side) is a.Binary and side.op in COMPARISONS:
                    self.out.warning(
                        errors.BIT_PRECEDENCE, op_span, f"`{op}` binds looser than `{side.op}`", "bit operator",
                        labels=((side.span, "compared first"),), helps=(Suggestion("put parentheses around the part that is meant"),),
                    )  # fmt: skip

    def _special(self, left: a.Expr, kind: int, start: int) -> a.Expr:
        """`c ? a : b`, ranges, `as`, `is` after `left`."""
        i = self.i
        self.i = i + 1
        if kind == t.AS:
            ty = self.ty()
            return a.Cast(self.span(start), left, ty)
        if kind == t.IS:
            negated = self.kinds[i + 1] == t.NOT
            if negated:
                self.i = i + 2
            pattern = self.pat()
            return a.Is(self.span(start), left, pattern, negated)
        if kind == t.QUESTION:
            no_form, self.no_form = self.no_form, False
            then = self.expr(TERNARY)
            self.no_form = no_form
            self.expect(t.COLON)
            other = self.expr(TERNARY)
            return a.Ternary(self.span(start), left, then, other)
        end = self._range_end_expr(i)
        return a.Range(self.span(start), left, end, kind == t.DOTS_EQ, self.spans[i])

    def _range_end_expr(self, i: int) -> a.Expr | None:
        """The upper end after `..` or `..=` at token `i`."""
        j = self.i
        kind = self.kinds[j]
        if self.kinds[i] == t.DOTS and (not STARTS_EXPR[kind] or (kind == t.LBRACE and self.no_form)):
            return None
        return self.expr(RANGE + 1)

    # Operands

    def unary(self) -> a.Expr:
        i = self.i
        kind = self.kinds[i]
        start = self.starts[i]
        if kind == t.IDENT:
            self.i = i + 1
            left: a.Expr = a.Name(self.spans[i], self.vals[i])
        else:
            left = _PREFIX[kind](self)
        if POSTFIX[self.kinds[self.i]]:
            return self.postfix(left, start)
        return left

    def postfix(self, left: a.Expr, start: int) -> a.Expr:
        kinds, stop, ends = self.kinds, self.stop, self.ends
        links = 0
        while True:
            i = self.i
            kind = kinds[i]
            if kind == t.DOT or kind == t.COLONS:
                after = kinds[i + 1]
                if 0 < after <= t.LAST_WORD:
                    self.i = i + 2
                    span: Span = start << SPAN_BITS | ends[i + 1] - start  # type: ignore[assignment]
                    if after == t.AWAIT and kinds[i + 2] != t.LPAREN:
                        left = a.UnsupportedExpr(span, "await", self.spans[i + 1], self.unsupported(i + 1))
                    else:
                        left = a.Member(span, left, self.vals[i + 1], self.spans[i + 1], kind == t.COLONS)
                else:
                    left = self._number_member(left, start)
            elif kind == t.LPAREN:
                if stop[i]:
                    break
                args = self.call_args()
                left = a.Call(start << SPAN_BITS | ends[self.i - 1] - start, left, args)  # type: ignore[arg-type]
            elif kind == t.LBRACKET:
                if stop[i]:
                    break
                left = self._index(left, start)
            elif kind == t.QUESTION:
                if self.starts[i] != ends[i - 1] and STARTS_EXPR[kinds[i + 1]] and not stop[i + 1]:
                    break
                self.i = i + 1
                left = a.Propagate(self.span(start), left, self.spans[i])
            elif kind == t.QUESTIONS:
                if self.starts[i] != ends[i - 1] or (STARTS_EXPR[kinds[i + 1]] and not stop[i + 1]):
                    break
                self.i = i + 1
                at = self.starts[i]
                left = a.Propagate(make_span(start, at + 1), left, make_span(at, at + 1))
                left = a.Propagate(make_span(start, at + 2), left, make_span(at + 1, at + 2))
            elif kind == t.LBRACE:
                literal = self._form_literal(left, start, i)
                if literal is None:
                    break
                left = literal
            elif kind == t.LT and (type(left) is a.Name or type(left) is a.Member) and not stop[i] and self.angle_end(i, False):
                types = self.angle_args()
                left = a.Index(self.span(start), left, [a.TypeExpr(ty.span, ty) for ty in types])
            else:
                break
            links += 1
            if links > MAX_CHAIN:
                self.too_long()
        if links > _LONG:
            self.long_chain(left, links)
        return left

    def _number_member(self, left: a.Expr, start: int) -> a.Expr:  # noqa: RET503
        """`.0`, and `.0.1`, which the lexer sees as a float."""
        i = self.i
        kind = self.kinds[i + 1]
        text = self.vals[i + 1]
        parts = text.split(".")
        if (kind == t.INT or kind == t.FLOAT) and all(part.isascii() and part.isdigit() for part in parts):
            at = self.starts[i + 1]
            for part in parts:
                place = make_span(at, at + len(part))
                left = a.Member(make_span(start, at + len(part)), left, part, place, False)
                at += len(part) + 1
            self.i = i + 2
            return left
        self.i = i + 1
        self.fail_expected("a name after `.`" if self.kinds[i] == t.DOT else "a name after `::`")

    def call_args(self) -> list[a.Expr]:
        """`(a, b, name: c)`."""
        i = self.i
        close = self.mate[i]
        self.i = i + 1
        args: list[a.Expr] = []
        kinds = self.kinds
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            i = self.i
            depth = self.depth
            try:
                if kinds[i + 1] == t.COLON and 0 < kinds[i] <= t.LAST_WORD:
                    self.i = i + 2
                    value = self.expr()
                    args.append(a.NamedArg(self.span(self.starts[i]), self.vals[i], self.spans[i], value))
                else:
                    args.append(self.expr())
                if kinds[self.i] == t.COMMA:
                    self.i += 1
                elif self.i != close:
                    i = self.i
                    self._missing_comma("`,` or `)`")
            except Fail:
                args.append(self._recover(i, close, depth))
        self.i = close + 1
        self.no_form = no_form
        return args

    def _missing_comma(self, what: str) -> None:
        if ASSIGN[self.kinds[self.i]] is not None:
            self._assignment_value()
        self.fail_expected(what)

    def _assignment_value(self) -> None:
        i = self.i
        helps = (Suggestion("compare with `==`, or assign in a statement of its own; a named argument is `name: value`"),)
        self.fail(errors.ASSIGNMENT_VALUE, i, "assignment is a statement, not an expression", "no assignment can stand here", helps)

    def _recover(self, start: int, close: int, depth: int) -> a.Expr:
        """After a mistake in the list element that began at token `start`: skip it, with the comma after it."""
        self.depth = depth
        self.no_form = False
        self.skip_to(start, close)
        span = self.span(self.starts[start]) if self.i > start else Span(self.starts[start] << SPAN_BITS)
        if self.kinds[self.i] == t.COMMA and self.i < close:
            self.i += 1
        return a.ErrorExpr(span, self.token)

    def elements(self, close: int, last: str) -> list[a.Expr]:
        """Expressions separated by commas up to the bracket at token `close`."""
        items: list[a.Expr] = []
        kinds = self.kinds
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            i = self.i
            depth = self.depth
            try:
                items.append(self.expr())
                if kinds[self.i] == t.COMMA:
                    self.i += 1
                elif self.i != close:
                    i = self.i
                    self._missing_comma(f"`,` or `{last}`")
            except Fail:
                items.append(self._recover(i, close, depth))
        self.no_form = no_form
        self.i = close + 1
        return items

    def _index(self, left: a.Expr, start: int) -> a.Expr:
        i = self.i
        close = self.mate[i]
        self.i = i + 1
        no_form, self.no_form = self.no_form, False
        first: a.Expr | None = None
        begin = self.starts[i + 1]
        if self.i == close:
            self.i = close + 1
            self.error(errors.EXPECTED_EXPRESSION, close, "nothing between the brackets", "expected an index or a type argument")
            self.no_form = no_form
            return a.Index(self.span(start), left, [a.ErrorExpr(Span(begin << SPAN_BITS), self.token)])
        depth = self.depth
        try:
            if self.kinds[self.i] != t.COLON:
                first = self.expr()
            if self.kinds[self.i] == t.COLON:
                op = self.i
                self.i += 1
                end = self.expr() if self.i != close else None
                first = a.Range(self.span(begin), first, end, False, self.spans[op])
            if self.i != close and self.kinds[self.i] != t.COMMA:
                self._missing_comma("`]`")
            if self.kinds[self.i] == t.COMMA:
                self.i += 1
        except Fail:
            first = self._recover(i + 1, close, depth)
        assert first is not None
        args = [first]
        if self.i != close:
            args += self.elements(close, "]")
        self.i = close + 1
        self.no_form = no_form
        return a.Index(self.span(start), left, args)

    def _form_literal(self, path: a.Expr, start: int, i: int) -> a.Expr | None:
        """The literal whose `{` is at token `i`, or `None` when that brace is not one's."""
        if self.nl[i] or type(path) not in _FORM_PATHS:
            return None
        kinds = self.kinds
        if self.nl[i + 1] and not (
            kinds[i + 1] == t.RBRACE
            or kinds[i + 1] == t.DOTS
            or (0 < kinds[i + 1] <= t.LAST_WORD and (kinds[i + 2] in (t.COLON, t.COMMA, t.RBRACE) or self.nl[i + 2]))
            or (type(path) is a.Name and path.name in ("map", "set"))
        ):
            return None
        if self.no_form:
            if not (0 < kinds[i + 1] <= t.LAST_WORD and kinds[i + 2] == t.COLON):
                return None
            helps = (Suggestion("put parentheses around it"),)
            self.token = self.out.error(
                errors.BARE_FORM_LITERAL,
                make_span(start, self.ends[self.mate[i]]),
                "a form literal in a condition needs parentheses",
                helps=helps,
            )
        if type(path) is a.Name:
            if path.name == "map":
                return self._map_literal(start, i)
            if path.name == "set":
                self.i = i + 1
                items = self.elements(self.mate[i], "}")
                return a.SetLit(self.span(start), items)
        close = self.mate[i]
        self.i = i + 1
        fields: list[a.FieldInit] = []
        base: a.Expr | None = None
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            at = self.i
            depth = self.depth
            try:
                if kinds[at] == t.DOTS:
                    self.i = at + 1
                    base = self.expr()
                    if kinds[self.i] == t.COMMA:
                        self.i += 1
                    if self.i != close:
                        self.fail_expected("`}` after the base")
                    break
                self.name("a field name or `..base`")
                value: a.Expr | None = None
                if kinds[self.i] == t.COLON:
                    self.i += 1
                    value = self.expr()
                elif kinds[self.i] == t.EQ:
                    self.fail_expected("`:` between a field and its value")
                fields.append(a.FieldInit(self.span(self.starts[at]), self.vals[at], self.spans[at], value))
                if kinds[self.i] == t.COMMA:
                    self.i += 1
                elif self.i != close and not self.nl[self.i]:
                    self.fail_expected("`,` or `}`")
            except Fail:
                self.depth = depth
                self.no_form = False
                if not fields:
                    # Nothing in it reads like a field: this is not the literal it seemed to be.
                    self.i = close
                    break
                self.next_line(at, close)
                if kinds[self.i] in (t.COMMA, t.SEMI):
                    self.i += 1
        self.no_form = no_form
        self.i = close + 1
        return a.FormLit(self.span(start), path, fields, base)

    def _map_literal(self, start: int, i: int) -> a.Expr:
        close = self.mate[i]
        self.i = i + 1
        entries: list[a.MapEntry] = []
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            at = self.i
            depth = self.depth
            try:
                key = self.expr()
                self.expect(t.COLON)
                value = self.expr()
                entries.append(a.MapEntry(self.span(self.starts[at]), key, value))
                if self.kinds[self.i] == t.COMMA:
                    self.i += 1
                elif self.i != close and not self.nl[self.i]:
                    self.fail_expected("`,` or `}`")
            except Fail:
                self._recover(at, close, depth)
        self.no_form = no_form
        self.i = close + 1
        return a.MapLit(self.span(start), entries)

    # What begins an expression

    def no_expression(self) -> a.Expr:
        i = self.i
        kind = self.kinds[i]
        helps: tuple[Suggestion, ...] = ()
        if kind in (t.WHILE, t.FOR, t.LET):
            helps = (Suggestion(f"`{t.NAMES[kind]}` is a statement and has no value"),)
        elif kind == t.PLUS:
            helps = (Suggestion("there is no unary `+`"),)
        self.fail(errors.EXPECTED_EXPRESSION, i, f"expected an expression, found {self.found(i)}", "expected an expression", helps)

    def word(self) -> a.Expr:
        """A keyword where it is only a name."""
        i = self.i
        self.i = i + 1
        return a.Name(self.spans[i], self.vals[i])

    def operand_follows(self, i: int) -> bool:
        """Whether token `i + 1` begins an operand on the same line: then the contextual keyword at `i` is meant as one."""
        return STARTS_NAME_OR_LITERAL[self.kinds[i + 1]] and not self.nl[i + 1]

    def literal(self) -> a.Expr:
        i = self.i
        kind = self.kinds[i]
        self.i = i + 1
        span = self.spans[i]
        raw = self.vals[i]
        if kind == t.INT:
            if raw.isdigit() and len(raw) < 40:
                return a.IntLit(span, int(raw), "", 10)
            value, suffix, radix = literals.integer(self.out, raw, self.starts[i])
            if suffix in literals.FLOAT_SUFFIXES:
                return a.FloatLit(span, str(value), "f64" if suffix == "float" else suffix)
            return a.IntLit(span, value, suffix, radix)
        if kind == t.STR or kind == t.RAW_STR or kind == t.MULTI_STR:
            text, body, plain = literals.string(self.out, raw, self.starts[i], kind)
            return a.StrLit(span, text, body, plain)
        if kind == t.FLOAT:
            text, suffix = literals.floating(self.out, raw, self.starts[i])
            return a.FloatLit(span, text, "f64" if suffix == "float" else suffix)
        if kind == t.RUNE:
            return a.RuneLit(span, literals.rune(self.out, raw, self.starts[i]))
        if kind == t.BYTES:
            return a.BytesLit(span, literals.byte_string(self.out, raw, self.starts[i]))
        if kind == t.NULL:
            return a.NullLit(span)
        return a.BoolLit(span, kind == t.TRUE)

    def paren(self) -> a.Expr:
        i = self.i
        close = self.mate[i]
        start = self.starts[i]
        self.i = i + 1
        if i + 1 == close:
            self.i = close + 1
            return a.Tuple(self.span(start), [])
        no_form, self.no_form = self.no_form, False
        depth = self.depth
        try:
            first = self.expr()
            if self.i == close:
                self.i = close + 1
                self.no_form = no_form
                return a.Paren(self.span(start), first)
            if self.kinds[self.i] != t.COMMA:
                self._missing_comma("`,` or `)`")
            self.i += 1
        except Fail:
            first = self._recover(i + 1, close, depth)
        items = [first]
        if self.i != close:
            items += self.elements(close, ")")
        self.i = close + 1
        self.no_form = no_form
        return a.Tuple(self.span(start), items)

    def bracket(self) -> a.Expr:
        i = self.i
        close = self.mate[i]
        start = self.starts[i]
        self.i = i + 1
        if i + 1 == close:
            self.i = close + 1
            return a.ListLit(self.span(start), [])
        no_form, self.no_form = self.no_form, False
        depth = self.depth
        try:
            first = self.expr()
            kind = self.kinds[self.i]
            if kind == t.SEMI:
                self.i += 1
                count = self.expr()
                if self.i != close:
                    self.fail_expected("`]`")
                self.i = close + 1
                self.no_form = no_form
                return a.Repeat(self.span(start), first, count)
            if kind == t.FOR:
                return self._comprehension(start, first, close, no_form)
            if kind == t.COMMA:
                self.i += 1
            elif self.i != close:
                self._missing_comma("`,` or `]`")
        except Fail:
            first = self._recover(i + 1, close, depth)
        items = [first]
        if self.i != close:
            items += self.elements(close, "]")
        self.i = close + 1
        self.no_form = no_form
        return a.ListLit(self.span(start), items)

    def _comprehension(self, start: int, value: a.Expr, close: int, no_form: bool) -> a.Expr:
        self.i += 1
        pattern = self.pat()
        self.expect(t.IN)
        source = self.expr()
        cond: a.Expr | None = None
        if self.kinds[self.i] == t.IF:
            self.i += 1
            cond = self.expr()
        if self.i != close:
            self.fail_expected("`if` or `]`")
        self.i = close + 1
        self.no_form = no_form
        return a.Comprehension(self.span(start), value, pattern, source, cond)

    def prefix_operator(self) -> a.Expr:
        i = self.i
        kind = self.kinds[i]
        if kind == t.STAR and self.kinds[i + 1] == t.MUT:
            return self.type_expr()
        if kind == t.NOT and not STARTS_EXPR[self.kinds[i + 1]]:
            self.i = i + 1
            self.no_expression()
        self.i = i + 1
        operand = self._operand()
        op = "not" if kind == t.BANG or kind == t.NOT else t.NAMES[kind]
        return a.Unary(self.span(self.starts[i]), op, self.spans[i], operand)

    def _operand(self) -> a.Expr:
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        operand = self.unary()
        self.depth = depth
        return operand

    def borrow(self) -> a.Expr:
        """`&e`, `&mut e`, `&&e`, `ref e`, `ref mut e`."""
        i = self.i
        kind = self.kinds[i]
        start = self.starts[i]
        if kind == t.REF and not (STARTS_EXPR[self.kinds[i + 1]] and not self.nl[i + 1] and self.kinds[i + 1] not in _INFIX_TOO):
            return self.word()
        mut = self.kinds[i + 1] == t.MUT and (STARTS_EXPR[self.kinds[i + 2]] or self.kinds[i + 2] == t.QUESTION)
        self.i = i + 2 if mut else i + 1
        operand = self._operand()
        if kind == t.ANDAND:
            at = start + 1
            inner = a.Borrow(self.span(at), mut, make_span(at, at + 1), operand)
            return a.Borrow(self.span(start), False, make_span(start, at), inner)
        return a.Borrow(self.span(start), mut, self.spans[i], operand)

    def move(self) -> a.Expr:
        i = self.i
        after = self.kinds[i + 1]
        if after == t.BAR or after == t.OROR:
            self.i = i + 1
            return self._lambda(self.starts[i], True)
        if not STARTS_EXPR[after] or self.stop[i + 1]:
            return self.word()
        self.i = i + 1
        operand = self._operand()
        return a.Move(self.span(self.starts[i]), operand)

    def prefix_range(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        end = self._range_end_expr(i)
        return a.Range(self.span(self.starts[i]), None, end, self.kinds[i] == t.DOTS_EQ, self.spans[i])

    def type_expr(self) -> a.Expr:
        ty = self.ty()
        return a.TypeExpr(ty.span, ty)

    def dyn(self) -> a.Expr:
        i = self.i
        if (self.kinds[i] == t.DYN and not self.operand_follows(i)) or (self.kinds[i] == t.RAW and self.kinds[i + 1] != t.REF):
            return self.word()
        return self.type_expr()

    # Lambdas

    def bar(self) -> a.Expr:
        return self._lambda(self.starts[self.i], False)

    def _lambda(self, start: int, moves: bool) -> a.Expr:
        """From the first `|`, or `||`."""
        params: list[a.LambdaParam] = []
        if self.kinds[self.i] == t.OROR:
            self.i += 1
        else:
            self.i += 1
            while self.kinds[self.i] != t.BAR:
                params.append(self._lambda_param())
                if self.kinds[self.i] != t.BAR:
                    if self.kinds[self.i] != t.COMMA:
                        self.fail_expected("`,` or `|`")
                    self.i += 1
            self.i += 1
        ret: a.Type | None = None
        if self.kinds[self.i] == t.ARROW:
            self.i += 1
            ret = self.ty()
            if self.kinds[self.i] != t.LBRACE:
                self.fail_expected("`{`", (Suggestion("a lambda with a result type has a block as its body"),))
        body = self.body_expr()
        return a.Lambda(self.span(start), params, ret, body, moves, False)

    def _lambda_param(self) -> a.LambdaParam:
        i = self.i
        start = self.starts[i]
        mode = ""
        if self.kinds[i] in MODES and 0 < self.kinds[i + 1] <= t.LAST_WORD:
            mode = MODES[self.kinds[i]]
            self.i = i + 1
        pattern = self.pat_one()
        ty: a.Type | None = None
        if self.kinds[self.i] == t.COLON:
            self.i += 1
            ty = self.ty()
        return a.LambdaParam(self.span(start), mode, pattern, ty)

    def proc_expr(self) -> a.Expr:
        """`proc(x: int) -> int { ... }`, or the type `proc(int) -> int`."""
        i = self.i
        if self.kinds[i + 1] != t.LPAREN:
            self.no_expression()
        close = self.mate[i + 1]
        after = self.kinds[close + 1]
        if after == t.ARROW:
            self.i = close + 2
            self.ty()
            after = self.kinds[self.i]
        self.i = i
        if after != t.LBRACE:
            return self.type_expr()
        self.i = i + 2
        params: list[a.LambdaParam] = []
        while self.i != close:
            params.append(self._lambda_param())
            if self.i != close:
                if self.kinds[self.i] != t.COMMA:
                    self.fail_expected("`,` or `)`")
                self.i += 1
        self.i = close + 1
        ret: a.Type | None = None
        if self.kinds[self.i] == t.ARROW:
            self.i += 1
            ret = self.ty()
        body = self.block()
        return a.Lambda(self.span(self.starts[i]), params, ret, body, False, True)

    def body_expr(self) -> a.Expr:
        """An expression, or a statement that stands for one: the body of a lambda or an arm."""
        raise NotImplementedError


_FORM_PATHS = frozenset((a.Name, a.Member, a.Index))
_INFIX_TOO = frozenset((t.LPAREN, t.LBRACKET, t.LBRACE, t.MINUS, t.AMP, t.ANDAND, t.BAR, t.OROR, t.DOTS, t.DOTS_EQ, t.NOT))

Prefix = Callable[[ExprParser], a.Expr]
_PREFIX: list[Prefix] = [ExprParser.no_expression] * t.COUNT
for _kind in range(1, t.LAST_WORD + 1):
    _PREFIX[_kind] = ExprParser.word
for _kind in (t.AND, t.OR, t.IN, t.IS, t.AS, t.ELSE, t.ELIF, t.WHILE, t.FOR, t.LET):
    _PREFIX[_kind] = ExprParser.no_expression
for _kind in (t.INT, t.FLOAT, t.STR, t.RAW_STR, t.MULTI_STR, t.BYTES, t.RUNE, t.TRUE, t.FALSE, t.NULL):
    _PREFIX[_kind] = ExprParser.literal
for _kind in (t.MINUS, t.BANG, t.TILDE, t.STAR, t.NOT):
    _PREFIX[_kind] = ExprParser.prefix_operator
for _kind in (t.AMP, t.ANDAND, t.REF):
    _PREFIX[_kind] = ExprParser.borrow
_PREFIX[t.LPAREN] = ExprParser.paren
_PREFIX[t.LBRACKET] = ExprParser.bracket
_PREFIX[t.MOVE] = ExprParser.move
_PREFIX[t.DOTS] = _PREFIX[t.DOTS_EQ] = ExprParser.prefix_range
_PREFIX[t.QUESTION] = _PREFIX[t.QUESTIONS] = ExprParser.type_expr
_PREFIX[t.DYN] = _PREFIX[t.RAW] = ExprParser.dyn
_PREFIX[t.BAR] = _PREFIX[t.OROR] = ExprParser.bar
_PREFIX[t.PROC] = ExprParser.proc_expr


def set_prefix(kind: int, parse: Callable[..., a.Expr]) -> None:
    """Add what another part of the parser reads at the start of an expression."""
    _PREFIX[kind] = parse


assert COALESCE < RANGE < SHIFT < CAST
