"""Types, bounds, generic parameters."""

from __future__ import annotations

from vitte.base.diagnostics import Suggestion
from vitte.base.source import Span
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.parser_base import MAX_DEPTH, Fail, ParserBase

_CONST_STARTS = frozenset((t.INT, t.FLOAT, t.RUNE, t.STR, t.TRUE, t.FALSE, t.MINUS))
_ANGLE_TOKENS = frozenset((t.COMMA, t.DOT, t.COLONS, t.AMP, t.STAR, t.QUESTION, t.INT, t.ARROW, t.LT, t.COLON, t.EQ, t.PLUS))
_AFTER_ANGLE = frozenset((t.LPAREN, t.RPAREN, t.RBRACKET, t.COMMA, t.DOT, t.COLONS, t.EOF, t.SEMI))
MODES: dict[int, str] = {t.BORROW: "borrow", t.MUT: "mut", t.OWNED: "owned", t.MOVE: "owned"}


class TypeParser(ParserBase):
    __slots__ = ()

    def ty(self) -> a.Type:
        i = self.i
        kind = self.kinds[i]
        if kind == t.IDENT and self.kinds[i + 1] in _TYPE_ENDS:
            # The common case: one name, no arguments.
            self.i = i + 1
            span = self.spans[i]
            if self.vals[i] == "_":
                return a.InferType(span)
            return a.PathType(span, [self.vals[i]], [span], [])
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        result = self._ty(i, kind)
        self.depth = depth
        return result

    def _ty(self, i: int, kind: int) -> a.Type:  # noqa: RET503
        start = self.starts[i]
        if kind == t.QUESTION or kind == t.QUESTIONS:
            self.i = i + 1
            inner = self.ty()
            if kind == t.QUESTIONS:
                inner = a.OptionType(self.span(start + 1), inner)
            return a.OptionType(self.span(start), inner)
        if kind == t.LBRACKET:
            return self._bracket_type(i, start)
        if kind == t.LPAREN:
            return self._paren_type(i, start)
        if kind == t.AMP or kind == t.ANDAND:
            self.i = i + 1
            mut = self._mut()
            inner = self.ty()
            if kind == t.ANDAND:
                inner = a.RefType(self.span(start + 1), mut, inner)
                return a.RefType(self.span(start), False, inner)
            return a.RefType(self.span(start), mut, inner)
        if kind == t.STAR:
            self.i = i + 1
            mut = self._mut()
            return a.PtrType(self.span_after(start, inner := self.ty()), mut, inner)
        if kind == t.PROC and self.kinds[i + 1] == t.LPAREN:
            self.i = i + 1
            return self._proc_type(start, "")
        if kind == t.EXTERN:
            self.i = i + 1
            abi = self.abi()
            self.expect(t.PROC)
            return self._proc_type(start, abi)
        if 0 < kind <= t.LAST_WORD:
            if 0 < self.kinds[i + 1] <= t.LAST_WORD and not self.nl[i + 1]:
                if kind == t.REF:
                    self.i = i + 1
                    mut = self._mut()
                    return a.RefType(self.span_after(start, inner := self.ty()), mut, inner)
                if kind == t.RAW and self.kinds[i + 1] == t.REF:
                    self.i = i + 2
                    mut = self._mut()
                    return a.PtrType(self.span_after(start, inner := self.ty()), mut, inner)
                if kind == t.DYN:
                    self.i = i + 1
                    bounds = self.bounds()
                    return a.DynType(self.span(start), bounds)
            elif kind == t.REF and self.kinds[i + 1] in TYPE_STARTS:
                self.i = i + 1
                return a.RefType(self.span_after(start, inner := self.ty()), False, inner)
            return self._path_type(i, start)
        helps = (Suggestion("a type is a name, `?T`, `[T]`, `(A, B)`, `&T`, `*T` or `proc(A) -> B`"),)
        self.fail(errors.EXPECTED_TYPE, i, f"expected a type, found {self.found(i)}", "expected a type", helps)

    def span_after(self, start: int, _read: a.Node) -> Span:
        return self.span(start)

    def _mut(self) -> bool:
        if self.kinds[self.i] == t.MUT:
            self.i += 1
            return True
        return False

    def abi(self) -> str:
        """The ABI after `extern`; "C" when none is written."""
        i = self.i
        if self.kinds[i] == t.STR:
            self.i = i + 1
            return self.vals[i][1:-1]
        return "C"

    def _path_type(self, i: int, start: int) -> a.Type:
        kinds, vals, spans, nl = self.kinds, self.vals, self.spans, self.nl
        segments = [vals[i]]
        places = [spans[i]]
        i += 1
        while (kinds[i] == t.DOT or kinds[i] == t.COLONS) and 0 < kinds[i + 1] <= t.LAST_WORD:
            segments.append(vals[i + 1])
            places.append(spans[i + 1])
            i += 2
        self.i = i
        args: list[a.Type] = []
        if kinds[i] == t.LBRACKET and not nl[i]:
            args = self.type_args()
        elif kinds[i] == t.LT and self.angle_end(i, True):
            args = self.angle_args()
        if len(segments) == 1 and segments[0] == "_" and not args:
            return a.InferType(places[0])
        return a.PathType(self.span(start), segments, places, args)

    def type_args(self) -> list[a.Type]:
        """`[A, B]` after a name."""
        close = self.open(t.LBRACKET, "`[`")
        args: list[a.Type] = []
        kinds = self.kinds
        if self.i == close:
            self.fail(errors.EXPECTED_TYPE, close, "expected a type argument, found `]`", "expected a type")
        while self.i != close:
            begin = self.i
            depth = self.depth
            try:
                args.append(self._type_arg())
                if kinds[self.i] != t.COMMA and self.i != close:
                    begin = self.i
                    self.fail_expected("`,` or `]`")
            except Fail:
                self.depth = depth
                self.skip_to(begin, close)
                args.append(a.ErrorType(self.span(self.starts[begin]) if self.i > begin else self.spans[begin], self.token))
            if kinds[self.i] == t.COMMA:
                self.i += 1
        self.i = close + 1
        return args

    def angle_args(self) -> list[a.Type]:
        """`<A, B>` after a name; `angle_end` has said that it closes."""
        self.i += 1
        args: list[a.Type] = []
        kinds = self.kinds
        while True:
            args.append(self._type_arg())
            i = self.i
            if kinds[i] == t.COMMA:
                self.i = i + 1
                if kinds[i + 1] != t.GT:
                    continue
                i += 1
            if kinds[i] != t.GT:
                self.fail_expected("`,` or `>`")
            self.i = i + 1
            return args

    def angle_end(self, i: int, in_type: bool) -> int:
        """The token after the `>` that closes the `<` at `i` as a list of types, or 0 when it does not do so.

        Outside types (`in_type` false) what follows must also be able to follow type arguments. Looks at a bounded
        number of tokens.
        """
        kinds, mate = self.kinds, self.mate
        level = 0
        limit = i + 200
        while i < limit:
            kind = kinds[i]
            if kind == t.LT:
                level += 1
            elif kind == t.GT:
                level -= 1
                if level == 0:
                    after = kinds[i + 1]
                    if in_type or after in _AFTER_ANGLE or (after == t.LBRACE and not self.no_form):
                        return i + 1
                    return 0
            elif kind == t.LPAREN or kind == t.LBRACKET:
                i = mate[i]
            elif not (0 < kind <= t.LAST_WORD or kind in _ANGLE_TOKENS):
                return 0
            i += 1
        return 0

    def _type_arg(self) -> a.Type:
        i = self.i
        kind = self.kinds[i]
        start = self.starts[i]
        if kind in _CONST_STARTS:
            value = self.unary()
            return a.ConstArg(value.span, value)
        if kind == t.LBRACE:
            body = self.block()
            return a.ConstArg(body.span, body)
        if 0 < kind <= t.LAST_WORD and self.kinds[i + 1] == t.EQ:
            self.i = i + 2
            ty = self.ty()
            return a.AssocArg(self.span(start), self.vals[i], self.spans[i], ty)
        return self.ty()

    def _bracket_type(self, i: int, start: int) -> a.Type:
        close = self.mate[i]
        self.i = i + 1
        elem = self.ty()
        if self.kinds[self.i] == t.SEMI:
            self.i += 1
            no_form, self.no_form = self.no_form, False
            length = self.expr()
            self.no_form = no_form
            if self.i != close:
                self.fail_expected("`]`")
            self.i = close + 1
            return a.ArrayType(self.span(start), elem, length)
        if self.i != close:
            self.fail_expected("`]` or `;`", (Suggestion("a list type is `[T]`, an array type `[T; length]`"),))
        self.i = close + 1
        return a.ListType(self.span(start), elem)

    def _paren_type(self, i: int, start: int) -> a.Type:
        close = self.mate[i]
        self.i = i + 1
        items: list[a.Type] = []
        comma = False
        while self.i != close:
            items.append(self.ty())
            if self.i != close:
                if self.kinds[self.i] != t.COMMA:
                    self.fail_expected("`,` or `)`")
                self.i += 1
                comma = True
        self.i = close + 1
        if len(items) == 1 and not comma:
            return items[0]
        return a.TupleType(self.span(start), items)

    def _proc_type(self, start: int, abi: str) -> a.Type:
        close = self.open(t.LPAREN, "`(`")
        kinds = self.kinds
        params: list[a.Type] = []
        modes: list[str] = []
        while self.i != close:
            i = self.i
            mode = MODES.get(kinds[i], "") if 0 < kinds[i + 1] <= t.LAST_WORD or kinds[i + 1] in TYPE_STARTS else ""
            if mode:
                i += 1
            if 0 < kinds[i] <= t.LAST_WORD and kinds[i + 1] == t.COLON:
                i += 2
            self.i = i
            params.append(self.ty())
            modes.append(mode)
            if self.i != close:
                if kinds[self.i] != t.COMMA:
                    self.fail_expected("`,` or `)`")
                self.i += 1
        self.i = close + 1
        ret: a.Type | None = None
        if kinds[self.i] == t.ARROW:
            self.i += 1
            ret = self.ty()
        return a.ProcType(self.span(start), params, modes, ret, abi)

    def bounds(self) -> list[a.Type]:
        """`A + B`."""
        bounds = [self.ty()]
        while self.kinds[self.i] == t.PLUS:
            self.i += 1
            bounds.append(self.ty())
        return bounds

    # Generic parameters

    def generics(self) -> a.Generics | None:
        """`[T: A + B, const N: int]` or `<...>`, or nothing."""
        i = self.i
        kind = self.kinds[i]
        if kind != t.LBRACKET and kind != t.LT:
            return None
        start = self.starts[i]
        self.i = i + 1
        last = t.RBRACKET if kind == t.LBRACKET else t.GT
        params: list[a.GenericParam] = []
        while self.kinds[self.i] != last:
            params.append(self._generic_param())
            if self.kinds[self.i] != last:
                if self.kinds[self.i] != t.COMMA:
                    self.fail_expected(f"`,` or `{t.NAMES[last]}`")
                self.i += 1
        self.i += 1
        return a.Generics(self.span(start), params, [])

    def _generic_param(self) -> a.GenericParam:
        start = self.starts[self.i]
        kinds = self.kinds
        const_ty: a.Type | None = None
        bounds: list[a.Type] = []
        default: a.Type | None = None
        if kinds[self.i] == t.CONST and 0 < kinds[self.i + 1] <= t.LAST_WORD:
            self.i += 1
            at = self.name("the name of a constant parameter")
            self.expect(t.COLON)
            const_ty = self.ty()
        else:
            at = self.name("a type parameter")
            if kinds[self.i] == t.COLON:
                self.i += 1
                bounds = self.bounds()
        if kinds[self.i] == t.EQ:
            self.i += 1
            default = self._type_arg()
        return a.GenericParam(self.span(start), self.vals[at], self.spans[at], bounds, const_ty, default)

    def where(self, generics: a.Generics | None) -> a.Generics | None:
        """`where T: A, U: B`, added to `generics`."""
        kinds = self.kinds
        if kinds[self.i] != t.WHERE:
            return generics
        if generics is None:
            start = self.starts[self.i]
            generics = a.Generics(Span(start << 26), [], [])
        self.i += 1
        while True:
            start = self.starts[self.i]
            ty = self.ty()
            self.expect(t.COLON)
            bounds = self.bounds()
            generics.where.append(a.WherePred(self.span(start), ty, bounds))
            if kinds[self.i] != t.COMMA:
                return generics
            self.i += 1
            if kinds[self.i] == t.LBRACE:
                return generics


_TYPE_ENDS = frozenset((t.COMMA, t.RPAREN, t.RBRACKET, t.RBRACE, t.LBRACE, t.EQ, t.SEMI, t.GT, t.PLUS, t.EOF, t.BAR, t.IDENT))
TYPE_STARTS = frozenset((t.QUESTION, t.QUESTIONS, t.LPAREN, t.LBRACKET, t.AMP, t.ANDAND, t.STAR))
