"""Patterns."""

from __future__ import annotations

from vitte.base.diagnostics import Suggestion
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.parser_base import MAX_DEPTH, Fail
from vitte.parse.parser_types import TypeParser

_LITERALS = frozenset((t.INT, t.FLOAT, t.STR, t.RAW_STR, t.MULTI_STR, t.BYTES, t.RUNE, t.TRUE, t.FALSE, t.NULL, t.MINUS))
_RANGE = frozenset((t.DOTS, t.DOTS_EQ))
_RANGE_ENDS = frozenset((t.INT, t.FLOAT, t.RUNE, t.MINUS))
_AFTER_FORM_PATTERN = frozenset((t.FAT_ARROW, t.LBRACE, t.IF, t.BAR, t.COMMA, t.AND, t.ANDAND, t.OR, t.OROR, t.EQ, t.QUESTION))


class PatternParser(TypeParser):
    __slots__ = ()

    def literal(self) -> a.Expr:
        raise NotImplementedError

    def pat(self) -> a.Pat:
        """A pattern with its alternatives."""
        kinds = self.kinds
        start = self.starts[self.i]
        if kinds[self.i] == t.BAR:
            self.i += 1
        first = self.pat_one()
        if kinds[self.i] != t.BAR:
            return first
        alts = [first]
        while kinds[self.i] == t.BAR:
            self.i += 1
            alts.append(self.pat_one())
        return a.OrPat(self.span(start), alts)

    def pat_one(self) -> a.Pat:
        """A pattern without alternatives at its top."""
        i = self.i
        kind = self.kinds[i]
        if 0 < kind <= t.LAST_WORD and kind not in _LITERALS:
            after = self.kinds[i + 1]
            if kind == t.IDENT and (after == t.COMMA or after == t.RPAREN or after == t.FAT_ARROW or after == t.IN or after == t.EQ):
                # The common case: a bare name.
                self.i = i + 1
                span = self.spans[i]
                val = self.vals[i]
                return a.WildPat(span) if val == "_" else a.BindPat(span, val, span, False, "", None)
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        result = self._pat(i, kind)
        self.depth = depth
        return result

    def _pat(self, i: int, kind: int) -> a.Pat:  # noqa: RET503
        start = self.starts[i]
        if kind in _LITERALS:
            return self._literal_pat(start)
        if 0 < kind <= t.LAST_WORD:
            return self._name_pat(i, kind, start)
        if kind == t.LPAREN:
            items, comma = self._items(t.LPAREN)
            if len(items) == 1 and not comma and type(items[0]) is not a.RestPat:
                return items[0]
            return a.TuplePat(self.span(start), items)
        if kind == t.LBRACKET:
            items, comma = self._items(t.LBRACKET)
            return a.ListPat(self.span(start), items)
        if kind == t.DOTS_EQ or (kind == t.DOTS and self.kinds[i + 1] in _RANGE_ENDS):
            self.i = i + 1
            end = self._range_end()
            return a.RangePat(self.span(start), None, end, kind == t.DOTS_EQ)
        if kind == t.DOTS:
            helps = (Suggestion("`..` stands for the rest inside a case, form, tuple or list pattern"),)
            self.fail(errors.BAD_REST, i, "misplaced `..` in a pattern", "not a pattern of its own", helps)
        if kind == t.AMP:
            helps = (Suggestion("references are followed automatically: leave out the `&`, or bind with `ref x`"),)
            self.fail(errors.EXPECTED_PATTERN, i, "expected a pattern, found `&`", "expected a pattern", helps)
        self.fail(errors.EXPECTED_PATTERN, i, f"expected a pattern, found {self.found(i)}", "expected a pattern")

    def _literal_pat(self, start: int) -> a.Pat:
        value = self._range_end()
        if self.kinds[self.i] in _RANGE:
            return self._range_pat(start, value)
        return a.LitPat(value.span, value)

    def _range_pat(self, start: int, first: a.Expr) -> a.Pat:
        inclusive = self.kinds[self.i] == t.DOTS_EQ
        self.i += 1
        end: a.Expr | None = None
        if inclusive or self.kinds[self.i] in _RANGE_ENDS or (0 < self.kinds[self.i] <= t.IDENT and not self.nl[self.i]):
            end = self._range_end()
        return a.RangePat(self.span(start), first, end, inclusive)

    def _range_end(self) -> a.Expr:  # noqa: RET503
        """A literal, a negated number, or the path of a constant."""
        i = self.i
        kind = self.kinds[i]
        if kind == t.MINUS:
            self.i = i + 1
            if self.kinds[self.i] not in (t.INT, t.FLOAT):
                self.fail(errors.EXPECTED_PATTERN, self.i, f"expected a number after `-`, found {self.found(self.i)}", "expected a number")
            operand = self.literal()
            return a.Unary(self.span(self.starts[i]), "-", self.spans[i], operand)
        if kind in _LITERALS:
            return self.literal()
        if 0 < kind <= t.LAST_WORD:
            return self._path(i)
        self.fail(errors.EXPECTED_PATTERN, i, f"expected the end of a range, found {self.found(i)}", "expected a literal or a constant")

    def _path(self, i: int) -> a.Expr:
        kinds, vals, spans = self.kinds, self.vals, self.spans
        start = self.starts[i]
        path: a.Expr = a.Name(spans[i], vals[i])
        self.i = i + 1
        while True:
            i = self.i
            kind = kinds[i]
            if (kind == t.DOT or kind == t.COLONS) and 0 < kinds[i + 1] <= t.LAST_WORD:
                self.i = i + 2
                path = a.Member(self.span(start), path, vals[i + 1], spans[i + 1], kind == t.COLONS)
            elif (kind == t.LBRACKET and not self.nl[i] and kinds[self.mate[i] + 1] in (t.DOT, t.COLONS)) or (
                kind == t.LT and kinds[self.angle_end(i, False)] in (t.DOT, t.COLONS)
            ):
                types = self.type_args() if kind == t.LBRACKET else self.angle_args()
                path = a.Index(self.span(start), path, [a.TypeExpr(ty.span, ty) for ty in types])
            else:
                return path

    def _name_pat(self, i: int, kind: int, start: int) -> a.Pat:
        kinds = self.kinds
        after = kinds[i + 1]
        if (kind == t.MUT or kind == t.REF) and 0 < after <= t.LAST_WORD and after not in (t.IN, t.IF, t.IS, t.AS):
            by = ""
            mut = False
            at = i + 1
            if kind == t.MUT:
                mut = True
            else:
                by = "ref"
                if after == t.MUT and 0 < kinds[at + 1] <= t.LAST_WORD and kinds[at + 1] != t.IN:
                    by = "ref mut"
                    at += 1
            self.i = at + 1
            sub = self._sub()
            return a.BindPat(self.span(start), self.vals[at], self.spans[at], mut, by, sub)
        path = self._path(i)
        kind = kinds[self.i]
        if kind == t.LPAREN and not self.nl[self.i]:
            args, _ = self._items(t.LPAREN, named=True)
            return a.CasePat(self.span(start), path, args)
        if kind == t.LBRACE and not self.nl[self.i] and (not self.no_form or self._pattern_brace()):
            return self._form_pat(path, start)
        if kind in _RANGE:
            return self._range_pat(start, path)
        if type(path) is a.Name:
            name = path.name
            if name == "_":
                return a.WildPat(path.span)
            sub = self._sub() if kind == t.AT_SIGN else None
            return a.BindPat(self.span(start), name, path.span, False, "", sub)
        return a.PathPat(path.span, path)

    def _pattern_brace(self) -> bool:
        """Whether the brace here belongs to a pattern, where a block may follow one: by what comes after it."""
        after = self.mate[self.i] + 1
        return self.kinds[after] in _AFTER_FORM_PATTERN and not self.nl[after]

    def _sub(self) -> a.Pat | None:
        if self.kinds[self.i] != t.AT_SIGN:
            return None
        self.i += 1
        return self.pat_one()

    def _items(self, opener: int, named: bool = False) -> tuple[list[a.Pat], bool]:
        """The patterns between brackets, and whether there was a comma."""
        close = self.mate[self.i]
        self.i += 1
        kinds = self.kinds
        items: list[a.Pat] = []
        rest = False
        comma = False
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            i = self.i
            depth = self.depth
            try:
                if kinds[i] == t.DOTS and kinds[i + 1] not in _RANGE_ENDS:
                    if rest:
                        self.fail(errors.BAD_REST, i, "more than one `..` in a pattern", "the second `..`")
                    rest = True
                    items.append(self._rest(i))
                elif named and 0 < kinds[i] <= t.LAST_WORD and kinds[i + 1] == t.COLON:
                    self.i = i + 2
                    sub = self.pat()
                    items.append(a.FieldPat(self.span(self.starts[i]), self.vals[i], self.spans[i], sub))
                else:
                    items.append(self.pat())
                if self.i != close and kinds[self.i] != t.COMMA:
                    i = self.i
                    self.fail_expected(f"`,` or `{t.NAMES[kinds[close]]}`")
            except Fail:
                self.depth = depth
                self.skip_to(i, close)
                items.append(a.ErrorPat(self.span(self.starts[i]) if self.i > i else self.spans[i], self.token))
            if kinds[self.i] == t.COMMA:
                comma = True
                self.i += 1
        self.no_form = no_form
        self.i = close + 1
        return items, comma

    def _rest(self, i: int) -> a.Pat:
        at = i + 1
        kind = self.kinds[at]
        if kind == t.REF or kind == t.MUT:
            at += 1
        if 0 < self.kinds[at] <= t.LAST_WORD:
            self.i = at + 1
            return a.RestPat(self.span(self.starts[i]), self.vals[at], self.spans[at])
        self.i = i + 1
        return a.RestPat(self.spans[i], "", self.spans[i])

    def _form_pat(self, path: a.Expr, start: int) -> a.Pat:
        close = self.open(t.LBRACE, "`{`")
        kinds = self.kinds
        fields: list[a.FieldPat] = []
        rest = False
        no_form, self.no_form = self.no_form, False
        while self.i != close:
            i = self.i
            kind = kinds[i]
            if kind == t.DOTS:
                self.i = i + 1
                rest = True
                if self.i != close and kinds[self.i] == t.COMMA:
                    self.i += 1
                if self.i != close:
                    self.fail(errors.BAD_REST, i, "`..` stands last in a form pattern", "more fields follow")
                break
            if (kind == t.MUT or kind == t.REF) and 0 < kinds[i + 1] <= t.LAST_WORD:
                sub = self.pat_one()
                assert isinstance(sub, a.BindPat)
                fields.append(a.FieldPat(sub.span, sub.name, sub.name_span, sub))
            else:
                at = self.name("a field")
                pattern: a.Pat | None = None
                if kinds[self.i] == t.COLON:
                    self.i += 1
                    pattern = self.pat()
                fields.append(a.FieldPat(self.span(self.starts[at]), self.vals[at], self.spans[at], pattern))
            if self.i != close:
                if kinds[self.i] == t.COMMA:
                    self.i += 1
                elif not self.nl[self.i]:
                    self.fail_expected("`,` or `}`")
        self.no_form = no_form
        self.i = close + 1
        return a.FormPat(self.span(start), path, fields, rest)
