"""The parser's state, and what every part of it uses: tokens in parallel lists, an index, errors and recovery.

The parser is one class, in layers by idea: base, types, patterns, expressions, statements, items. Methods read the
token at `self.i` and leave `self.i` after what they parsed. A mistake is reported where it is found and raises `Fail`,
which the nearest list (of statements, items, arguments, ...) catches: it makes an error node and goes on after the
broken element. Brackets always balance here (see `layout`), so a list knows where it ends.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NoReturn

from vitte.base.diagnostics import Code, Diagnostics, ErrorToken, Suggestion
from vitte.base.source import SPAN_BITS, Span, make_span, span_start
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.layout import Layout
from vitte.parse.lexer import Lexed

MAX_DEPTH = 256
"""How deep expressions, blocks, types and patterns may nest."""
MAX_CHAIN = 1100
"""How many operators or calls may follow each other in one chain."""
MAX_HEIGHT = 1200
"""How high the tree of an expression may be: chains make it high without nesting. Only long chains are measured."""
SUSPICIOUS = 300
"""How many links long chains of one declaration may have in all between two measurements."""


_CONTINUATIONS = (errors.EXPECTED, errors.EXPECTED_EXPRESSION, errors.EXPECTED_PATTERN, errors.EXPECTED_TYPE)


class Fail(Exception):
    """A mistake was reported; `Parser.token` is its token."""


class Founding(Exception):
    """The file is written in the founding surface."""


class ParserBase:
    __slots__ = (
        "balanced",
        "blocks",
        "depth",
        "docs",
        "ends",
        "i",
        "kinds",
        "deep_told",
        "links",
        "measure_at",
        "mate",
        "nl",
        "first",
        "lexical",
        "no_form",
        "torn",
        "out",
        "reported",
        "spans",
        "starts",
        "stop",
        "text",
        "token",
        "vals",
        "virtual",
    )  # fmt: skip

    def __init__(self, lexed: Lexed, layout: Layout, out: Diagnostics) -> None:
        self.text = lexed.text
        self.kinds = lexed.kinds
        self.starts = lexed.starts
        self.ends = lexed.ends
        self.vals = lexed.vals
        self.spans = lexed.spans
        self.nl = lexed.nl
        self.docs = lexed.docs
        self.stop = layout.stop
        self.mate = layout.mate
        self.virtual = layout.virtual
        self.balanced = not layout.repairs
        self.out = out
        self.i = 0
        self.depth = 0
        self.links = 0
        self.deep_told = False
        """Whether this declaration has been said to be too deep."""
        self.measure_at = SUSPICIOUS
        self.no_form = False
        """Whether a form literal may not stand here: the condition of `if` and its like."""
        self.token = ErrorToken(1)  # until then: the repair that keeps the parser silent has its own report
        self.first = 0
        """The first token of the statement, declaration, field or arm that is being read."""
        self.lexical = lexed.mistake_starts
        self.torn = [(span_start(r.opener), span_start(r.place)) for r in layout.repairs if r.inserted and r.kind != t.LBRACE]
        """Where parentheses were left open, by place."""
        self.torn.sort()
        self.reported: list[int] = []
        """Offsets of the mistakes reported by the parser, in order."""
        self.blocks = 0
        """How many blocks have been opened."""

    # Parts of the class that others call

    def expr(self, level: int = 2) -> a.Expr:
        raise NotImplementedError

    def unary(self) -> a.Expr:
        raise NotImplementedError

    def pat(self) -> a.Pat:
        raise NotImplementedError

    def ty(self) -> a.Type:
        raise NotImplementedError

    def block(self) -> a.Block:
        raise NotImplementedError

    # Spans

    def span(self, start: int) -> Span:
        """From offset `start` to the end of the last token read."""
        return start << SPAN_BITS | self.ends[self.i - 1] - start  # type: ignore[return-value]

    def column(self, i: int) -> int:
        start = self.starts[i]
        return start - self.text.rfind("\n", 0, start) - 1

    def line_indent(self, i: int) -> int:
        """The indentation of the line in which token `i` stands."""
        begin = self.text.rfind("\n", 0, self.starts[i]) + 1
        line = self.text[begin : self.starts[i]]
        return len(line) - len(line.lstrip())

    # Errors

    def error(
        self,
        code: Code,
        i: int,
        message: str,
        label: str = "",
        helps: tuple[Suggestion, ...] = (),
        labels: tuple[tuple[Span, str], ...] = (),
    ) -> ErrorToken:
        """Report at token `i`, unless `quiet`. What is missing at the end of a line is shown there, not at the next line."""
        missing = self.nl[i] and i != self.first and i > 0 and code in _CONTINUATIONS
        if not self.quiet(i, self.ends[i - 1] if missing else -1):
            span = make_span(self.ends[i - 1], self.ends[i - 1]) if missing else self.spans[i]
            self.token = self.out.error(code, span, message, label, helps=helps, labels=labels)
        return self.token

    def quiet(self, i: int, at: int = -1) -> bool:
        """Whether to say nothing at token `i`, because it is most often the consequence of a mistake reported elsewhere:
        a repaired bracket here or around it, a lexical mistake or another mistake earlier on the line. Notes the place,
        which is `at` when that is not the token's."""
        start = self.starts[i] if at < 0 else at
        last = self.reported[-1] if self.reported else -1
        self.reported.append(start)
        virtual = self.virtual
        if virtual:
            if i in virtual or i - 1 in virtual:
                return True
            near = bisect_right(self.torn, (start, start)) - 1
            if near >= 0 and self.torn[near][0] < start <= self.torn[near][1]:
                return True
        if self.lexical:
            near = bisect_right(self.lexical, start) - 1
            if near >= 0 and self.same_line(self.lexical[near], start):
                return True
        return last >= 0 and self.same_line(min(last, start), max(last, start))

    def same_line(self, first: int, second: int) -> bool:
        return second - first < 2000 and self.text.find("\n", first, second) < 0

    def fail(self, code: Code, i: int, message: str, label: str = "", helps: tuple[Suggestion, ...] = ()) -> NoReturn:
        self.error(code, i, message, label, helps)
        raise Fail

    def found(self, i: int) -> str:
        return errors.describe(self.kinds[i], self.vals[i])

    def fail_expected(self, what: str, helps: tuple[Suggestion, ...] = ()) -> NoReturn:
        """Fail because `what` (with its backquotes) should stand here."""
        i = self.i
        if self.kinds[i] == t.IDENT:
            self.check_foreign(i)
        self.fail(errors.EXPECTED, i, f"expected {what}, found {self.found(i)}", f"expected {what}", helps)

    def check_foreign(self, i: int) -> None:
        """Fail at a word of another language, in a place where no name can stand or none is likely."""
        if 0 < self.kinds[i + 1] <= t.LABEL and not self.nl[i + 1] and errors.is_foreign(self.vals[i]):
            if not self.quiet(i):
                self.token = errors.foreign_word(self.out, self.spans[i], self.vals[i])
            raise Fail

    def expect(self, kind: int) -> None:
        if self.kinds[self.i] != kind:
            self.fail_expected(f"`{t.NAMES[kind]}`")
        self.i += 1

    def unsupported(self, i: int) -> ErrorToken:
        """Report the reserved word at token `i`."""
        if not self.quiet(i):
            self.token = errors.not_supported(self.out, self.spans[i], self.vals[i])
        return self.token

    def too_deep(self) -> NoReturn:
        if self.deep_told:
            raise Fail
        self.deep_told = True
        helps = (Suggestion("give parts of it names with `let`, or move them to procedures of their own"),)
        self.fail(errors.TOO_DEEP, self.i, f"nested more than {MAX_DEPTH} levels deep", "the limit is reached here", helps)

    def too_long(self) -> NoReturn:
        if self.deep_told:
            raise Fail
        self.deep_told = True
        helps = (Suggestion("split it: give its parts names with `let`, or use a loop"),)
        self.fail(errors.TOO_DEEP, self.i, f"a chain of more than {MAX_CHAIN} operators or calls", "the limit is reached here", helps)

    # Names and separators

    def name(self, what: str) -> int:
        """Read a name (any word); its token index."""
        i = self.i
        if not 0 < self.kinds[i] <= t.LAST_WORD:
            self.fail_expected(what)
        self.i = i + 1
        return i

    def open(self, kind: int, what: str) -> int:
        """Read an opening bracket; the index of its closer."""
        i = self.i
        if self.kinds[i] != kind:
            self.fail_expected(what)
        self.i = i + 1
        return self.mate[i]

    def open_block(self, header: int, what: str) -> int:  # noqa: RET503
        """Read the `{` of the block whose header began at token `header`; the index of its closer."""
        i = self.i
        if self.kinds[i] == t.LBRACE:
            self.blocks += 1
            self.i = i + 1
            return self.mate[i]
        if not self.blocks and self.balanced and header != i and (self.vals[i] == "gives" or self.deeper(header, i)):
            self.i = header
            raise Founding
        self.fail_expected("`{`", (Suggestion(f"{what} stands in `{{` `}}`"),))

    def deeper(self, header: int, i: int) -> bool:
        return self.nl[i] == 1 and self.kinds[i] != t.EOF and self.column(i) > self.line_indent(header)

    def skip_to(self, start: int, close: int, separator: int = t.COMMA) -> None:
        """After a mistake in an element that began at token `start` of a list closed at `close`: go to the next separator
        at its level, or to `close`."""
        kinds, mate = self.kinds, self.mate
        failed = self.i
        i = start
        while i < close:
            if i >= failed and kinds[i] == separator:
                break
            i = mate.get(i, i) + 1
        self.i = min(i, close)

    def next_line(self, start: int, close: int) -> None:
        """After a mistake in a field, case or arm that began at token `start`: go to the next comma at its level, the next
        line, or `close`."""
        kinds, mate, nl = self.kinds, self.mate, self.nl
        failed = self.i
        i = start
        while i < close:
            if i >= failed and (kinds[i] == t.COMMA or kinds[i] == t.SEMI or (nl[i] and i > start)):
                break
            i = mate.get(i, i) + 1
        self.i = min(i, close)
