"""Blocks, statements, and the expressions that have blocks or change the flow."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.diagnostics import Suggestion
from vitte.base.source import NO_SPAN, SPAN_BITS, Span
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.operators import ASSIGN, POSTFIX, PREC, STARTS_EXPR
from vitte.parse.parser_base import MAX_DEPTH, Fail
from vitte.parse.parser_exprs import _PREFIX, ExprParser, set_prefix

_STRINGS = (t.STR, t.RAW_STR, t.MULTI_STR)


class StmtParser(ExprParser):
    __slots__ = ()

    # Blocks

    def block(self) -> a.Block:
        """`{ ... }`."""
        i = self.i
        if self.kinds[i] != t.LBRACE:
            self.fail_expected("`{`")
        close = self.mate[i]
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        self.blocks += 1
        self.i = i + 1
        no_form, self.no_form = self.no_form, False
        stmts: list[a.Stmt] = []
        value = self._stmts(stmts, close)
        self.i = close + 1
        self.no_form = no_form
        self.depth = depth
        return a.Block(self.span(self.starts[i]), stmts, value)

    def _stmts(self, stmts: list[a.Stmt], close: int) -> a.Expr | None:
        """Statements up to the brace at token `close`, into `stmts`; the last expression when no `;` follows it."""
        kinds, stop, starts, ends = self.kinds, self.stop, self.starts, self.ends
        depth = self.depth
        while self.i < close:
            i = self.i
            kind = kinds[i]
            if kind == t.SEMI:
                self.i = i + 1
                continue
            self.first = i
            try:
                handler = _STMT[kind]
                if handler is not None:
                    stmt = handler(self)
                    if stmt is not None:
                        stmts.append(stmt)
                        i = self.i
                        self._separate(close)
                        continue
                expr = _PREFIX[kind](self) if kind in _BLOCK_LIKE else self.expr()
                if kind in _BLOCK_LIKE:
                    expr = self._after_block(expr, starts[i])
                j = self.i
                after = kinds[j]
                if j == close:
                    return expr
                if after == t.SEMI:
                    self.i = j + 1
                    stmts.append(a.ExprStmt(starts[i] << SPAN_BITS | ends[j] - starts[i], expr, True))  # type: ignore[arg-type]
                elif ASSIGN[after] is not None:
                    stmts.append(self._assign(expr, starts[i], False))
                    i = self.i
                    self._separate(close)
                elif stop[j] or kinds[j - 1] == t.RBRACE:
                    stmts.append(a.ExprStmt(expr.span, expr, False))
                else:
                    stmts.append(a.ExprStmt(expr.span, expr, False))
                    begin, i = i, j
                    self._not_separated(begin)
            except Fail:
                self.depth = depth
                self.no_form = False
                self._next_statement(i, close)
                span = self.span(starts[i]) if self.i > i else Span(starts[i] << SPAN_BITS)
                error = a.ErrorExpr(span, self.token)
                stmts.append(a.ExprStmt(span, error, False))
        return None

    def _separate(self, close: int) -> None:
        """After a statement: a `;`, a newline, the end of the block, or the end of a block of its own."""
        j = self.i
        if self.kinds[j] == t.SEMI:
            self.i = j + 1
        elif not self.stop[j] and j != close and self.kinds[j - 1] != t.RBRACE:
            self._not_separated(j)

    def _not_separated(self, begin: int) -> None:
        j = self.i
        kinds = self.kinds
        if kinds[begin] == t.IDENT and errors.is_foreign(self.vals[begin]):
            self.i = begin
            self.check_foreign(begin)
            self.i = j
        if kinds[j] == t.COLON and kinds[j - 1] == t.LABEL:
            helps = (Suggestion("a label names a `loop`, `while` or `for`"),)
            self.fail(errors.BAD_LABEL, j - 1, "a label must stand before a loop", "labels nothing", helps)
        helps = (Suggestion("end the statement before it with a newline or `;`"),)
        self.fail(errors.NOT_SEPARATED, j, f"expected a newline or `;`, found {self.found(j)}", "a new statement begins here", helps)

    def _next_statement(self, start: int, close: int) -> None:
        """After a mistake in the statement that began at token `start`: go to the next one of the same block."""
        kinds, mate, stop = self.kinds, self.mate, self.stop
        failed = self.i
        i = start
        while i < close:
            if kinds[i] == t.SEMI and i >= failed:
                i += 1
                break
            if stop[i] and i > start and i >= failed and kinds[i] != t.CASE:
                break
            i = mate.get(i, i) + 1
        self.i = min(i, close)

    def _after_block(self, expr: a.Expr, start: int) -> a.Expr:
        """Whether an expression that ends in a block, at the start of a statement, goes on after it."""
        j = self.i
        kind = self.kinds[j]
        if self.stop[j] or (kind != t.DOT and (self.nl[j] or kind in _STATEMENT_STARTS)):
            return expr
        if POSTFIX[kind]:
            expr = self.postfix(expr, start)
        if PREC[self.kinds[self.i]] >= 2:
            expr = self.binary(expr, 2, start)
        return expr

    def body_expr(self) -> a.Expr:
        i = self.i
        kind = self.kinds[i]
        start = self.starts[i]
        handler = _STMT[kind] if kind not in _NOT_A_BODY else None
        if handler is not None and (kind != t.LBRACE):
            stmt = handler(self)
            if stmt is not None:
                return a.Block(stmt.span, [stmt], None)
        expr = self.expr()
        if ASSIGN[self.kinds[self.i]] is not None:
            stmt = self._assign(expr, start, False)
            return a.Block(stmt.span, [stmt], None)
        return expr

    # Statements. A handler answers `None`, having read nothing, when its word is only a name here.

    def _assign(self, place: a.Expr, start: int, has_set: bool) -> a.Stmt:
        i = self.i
        op = ASSIGN[self.kinds[i]]
        assert op is not None
        if type(place) not in _PLACES and not (type(place) is a.Unary and place.op == "*"):
            label = "this has no place of its own"
            helps = (Suggestion("a variable, a field, an element `xs[i]` or `*r` can be set"),)
            self.token = self.out.error(errors.BAD_PLACE, place.span, "this cannot be assigned to", label, helps=helps)
        self.i = i + 1
        no_form, self.no_form = self.no_form, False
        value = self.expr()
        self.no_form = no_form
        if ASSIGN[self.kinds[self.i]] is not None:
            helps = (Suggestion("write one assignment per statement"),)
            self.fail(errors.ASSIGNMENT_VALUE, self.i, "assignments do not chain", "second assignment", helps)
        return a.Assign(self.span(start), place, op, self.spans[i], value, has_set)

    def _set(self) -> a.Stmt | None:
        i = self.i
        kind = self.kinds[i + 1]
        if self.nl[i + 1] or not ((0 < kind <= t.LAST_WORD and kind not in _WORD_OPERATORS) or kind == t.STAR or self._spaced_paren(i)):
            return None
        self.i = i + 1
        place = self.unary()
        if ASSIGN[self.kinds[self.i]] is None:
            self.fail_expected("`=` or an operator such as `+=`")
        return self._assign(place, self.starts[i], True)

    def _spaced_paren(self, i: int) -> bool:
        return self.kinds[i + 1] == t.LPAREN and self.starts[i + 1] > self.ends[i]

    def _let(self) -> a.Stmt | None:
        i = self.i
        kinds = self.kinds
        start = self.starts[i]
        j = i + 1
        if kinds[j] == t.MUT and 0 < kinds[j + 1] <= t.LAST_WORD:
            j += 1
        after = kinds[j + 1]
        pattern: a.Pat
        if 0 < kinds[j] <= t.LAST_WORD and (after == t.EQ or after == t.COLON):
            # `let x`, `let mut x`: any word is a name here.
            self.i = j + 1
            span = self.spans[j]
            if self.vals[j] == "_":
                pattern = a.WildPat(span)
            elif j == i + 1:
                pattern = a.BindPat(span, self.vals[j], span, False, "", None)
            else:
                pattern = a.BindPat(self.span(self.starts[i + 1]), self.vals[j], span, True, "", None)
        else:
            self.i = i + 1
            pattern = self.pat()
        ty: a.Type | None = None
        if kinds[self.i] == t.COLON:
            self.i += 1
            ty = self.ty()
        if kinds[self.i] != t.EQ:
            if self.stop[self.i] or kinds[self.i] == t.SEMI:
                helps = (Suggestion("give it a value: `let x = e`"),)
                label = "no value"
                if not self.quiet(i):
                    self.token = self.out.error(errors.LET_WITHOUT_VALUE, self.span(start), "`let` needs a value", label, helps=helps)
                raise Fail
            self.fail_expected("`=`")
        self.i += 1
        value = self.expr()
        other: a.Block | None = None
        if kinds[self.i] == t.ELSE:
            self.i += 1
            other = self.block()
        return a.Let(self.span(start), pattern, ty, value, other)

    def _while(self) -> a.Stmt | None:
        return self._loop_stmt(self.starts[self.i], "", NO_SPAN)

    def _loop_stmt(self, start: int, label: str, label_span: Span) -> a.Stmt:
        i = self.i
        self.i = i + 1
        no_form = self.no_form
        if self.kinds[i] == t.WHILE:
            cond = self.condition()
            body = self.block()
            return a.While(self.span(start), label, label_span, cond, body)
        self.no_form = False
        pattern = self.pat()
        if self.kinds[self.i] != t.IN:
            self.fail_expected("`in`", (Suggestion("a loop over the elements of something is `for x in xs { ... }`"),))
        self.i += 1
        self.no_form = True
        source = self.subject("something to go through")
        self.no_form = no_form
        body = self.block()
        return a.For(self.span(start), label, label_span, pattern, source, body)

    def _labelled(self) -> a.Stmt | None:
        """`'label: while`, `'label: for`; a labelled `loop` is an expression."""
        i = self.i
        if self.kinds[i + 1] == t.COLON and self.kinds[i + 2] in (t.WHILE, t.FOR):
            self.i = i + 2
            return self._loop_stmt(self.starts[i], self.vals[i][1:], self.spans[i])
        return None

    def _defer(self) -> a.Stmt | None:
        i = self.i
        if not self.operand_follows(i) and (self.kinds[i + 1] != t.LBRACE or self.nl[i + 1]):
            return None
        self.i = i + 1
        body = self.body_expr()
        if type(body) is not a.Block:
            body = a.Block(body.span, [a.ExprStmt(body.span, body, True)], None)
        return a.Defer(self.span(self.starts[i]), body)

    def _with(self) -> a.Stmt | None:
        i = self.i
        if not self.operand_follows(i):
            return None
        self.i = i + 1
        no_form, self.no_form = self.no_form, True
        value = self.unary()
        if self.kinds[self.i] != t.AS:
            self.fail_expected(
                "`as`", (Suggestion("the form is `with value as name { ... }`; put parentheses around operators in the value"),)
            )
        self.i += 1
        pattern = self.pat_one()
        self.no_form = no_form
        body = self.block()
        return a.With(self.span(self.starts[i]), value, pattern, body)

    def _try(self) -> a.Stmt | None:
        i = self.i
        if not self.operand_follows(i) and not self._spaced_paren(i):
            return None
        expr = self.try_expr()
        return a.ExprStmt(expr.span, expr, self.kinds[self.i] == t.SEMI)

    def _assert(self) -> a.Stmt | None:
        if not STARTS_EXPR[self.kinds[self.i + 1]] or self.stop[self.i + 1]:
            return None
        expr = self._assert_expr(True)
        return a.ExprStmt(expr.span, expr, self.kinds[self.i] == t.SEMI)

    def item_stmt(self) -> a.Stmt | None:
        raise NotImplementedError

    # Conditions and branches

    def condition(self) -> a.Expr:
        """A condition: an expression, or `let pattern = e`, which is `e is pattern`."""
        i = self.i
        no_form, self.no_form = self.no_form, True
        if self.kinds[i] == t.LET:
            self.i = i + 1
            pattern = self.pat()
            self.expect(t.EQ)
            value = self.expr()
            cond: a.Expr = a.Is(self.span(self.starts[i]), value, pattern, False)
        else:
            cond = self.subject("a condition")
        if self.kinds[self.i] == t.EQ:
            helps = (Suggestion("compare with `==`"),)
            self.fail(
                errors.ASSIGNMENT_VALUE,
                self.i,
                "assignment is a statement, not an expression",
                "an assignment cannot be a condition",
                helps,
            )
        self.no_form = no_form
        return cond

    def subject(self, what: str) -> a.Expr:
        """The expression before a block; a brace right away is that block, with the expression missing."""
        i = self.i
        if self.kinds[i] == t.LBRACE and self.kinds[self.mate[i] + 1] != t.LBRACE:
            self.error(errors.EXPECTED_EXPRESSION, i, f"expected {what}, found `{{`", f"expected {what} before this")
            return a.ErrorExpr(Span(self.starts[i] << SPAN_BITS), self.token)
        return self.expr()

    def if_expr(self) -> a.Expr:
        i = self.i
        depth = self.depth
        if depth >= MAX_DEPTH:
            self.too_deep()
        self.depth = depth + 1
        self.i = i + 1
        cond = self.condition()
        then = self.block()
        other: a.Expr | None = None
        kind = self.kinds[self.i]
        if kind == t.ELIF:
            other = self.if_expr()
        elif kind == t.ELSE and self.kinds[self.i + 1] != t.FAT_ARROW:
            # `else =>` is the last arm of the match around this.
            self.i += 1
            other = self.if_expr() if self.kinds[self.i] == t.IF else self.block()
        self.depth = depth
        return a.If(self.span(self.starts[i]), cond, then, other)

    def when_expr(self) -> a.Expr:
        if not self.operand_follows(self.i):
            return self.word()
        return self.if_expr()

    def match_expr(self) -> a.Expr:
        i = self.i
        if self.kinds[i] != t.MATCH and not self.operand_follows(i):
            return self.word()
        self.i = i + 1
        no_form, self.no_form = self.no_form, True
        subject = self.subject("a value to match")
        self.no_form = False
        close = self.open(t.LBRACE, "`{`")
        self.blocks += 1
        arms: list[a.Arm] = []
        kinds = self.kinds
        while self.i < close:
            at = self.i
            depth = self.depth
            self.first = at
            try:
                arms.append(self._arm())
                j = self.i
                if kinds[j] == t.COMMA or kinds[j] == t.SEMI:
                    self.i = j + 1
                elif j != close and not self.nl[j] and kinds[j - 1] != t.RBRACE:
                    self.fail_expected("`,` or a newline after the arm")
            except Fail:
                self.depth = depth
                self.no_form = False
                self.next_line(at, close)
                if kinds[self.i] == t.COMMA and self.i < close:
                    self.i += 1
        self.i = close + 1
        self.no_form = no_form
        return a.Match(self.span(self.starts[i]), self.spans[i], subject, arms)

    def _arm(self) -> a.Arm:
        kinds = self.kinds
        i = self.i
        start = self.starts[i]
        kind = kinds[i]
        if (kind == t.CASE or kind == t.WHEN) and kinds[i + 1] not in (t.FAT_ARROW, t.COMMA, t.DOT, t.COLONS):
            i += 1
            self.i = i
            kind = kinds[i]
        guard: a.Expr | None = None
        is_else = kind == t.ELSE
        pattern: a.Pat
        if is_else:
            pattern = a.WildPat(self.spans[i])
            self.i = i + 1
        else:
            self.no_form = True
            pattern = self.pat()
            if kinds[self.i] == t.IF:
                self.i += 1
                guard = self.expr()
            self.no_form = False
        if kinds[self.i] == t.FAT_ARROW:
            self.i += 1
            body = self.body_expr()
        elif kinds[self.i] == t.LBRACE:
            body = self.block()
        else:
            self.fail_expected("`=>` or `{`", (Suggestion("an arm is `case pattern => e` or `case pattern { ... }`"),))
        return a.Arm(self.span(start), pattern, guard, body, is_else)

    def loop_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        body = self.block()
        return a.Loop(self.span(self.starts[i]), "", NO_SPAN, body)

    def label_expr(self) -> a.Expr:
        i = self.i
        kinds = self.kinds
        if kinds[i + 1] != t.COLON or kinds[i + 2] != t.LOOP:
            helps = (Suggestion("a label names a `loop`, `while` or `for`: `'outer: for x in xs { ... }`"),)
            self.fail(errors.BAD_LABEL, i, "a label must stand before a loop", "labels nothing", helps)
        self.i = i + 3
        body = self.block()
        return a.Loop(self.span(self.starts[i]), self.vals[i][1:], self.spans[i], body)

    def unsafe_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        body = self.block()
        return a.Unsafe(self.span(self.starts[i]), body)

    # Leaving, failing

    def _value_follows(self) -> bool:
        i = self.i
        kind = self.kinds[i]
        return STARTS_EXPR[kind] and not self.stop[i] and not (kind == t.LBRACE and self.no_form)

    def give_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        value = self.expr() if self._value_follows() else None
        return a.Give(self.span(self.starts[i]), value)

    def break_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        label, label_span = self._label()
        value = self.expr() if self._value_follows() else None
        return a.Break(self.span(self.starts[i]), label, label_span, value)

    def continue_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        label, label_span = self._label()
        return a.Continue(self.span(self.starts[i]), label, label_span)

    def _label(self) -> tuple[str, Span]:
        i = self.i
        if self.kinds[i] != t.LABEL or self.stop[i] or self.kinds[i + 1] == t.COLON:
            return "", NO_SPAN
        self.i = i + 1
        return self.vals[i][1:], self.spans[i]

    def _message_args(self) -> list[a.Expr]:
        """What follows `panic`: one expression, or arguments in parentheses."""
        if self.kinds[self.i] == t.LPAREN and self.kinds[self.mate[self.i] + 1] not in _CHAINS_ON:
            return self.call_args()
        return [self.expr()]

    def panic_expr(self) -> a.Expr:
        i = self.i
        if not STARTS_EXPR[self.kinds[i + 1]] or self.stop[i + 1]:
            return self.word()
        self.i = i + 1
        args = self._message_args()
        return a.Panic(self.span(self.starts[i]), args)

    def unreachable_expr(self) -> a.Expr:
        i = self.i
        self.i = i + 1
        kind = self.kinds[i + 1]
        args: list[a.Expr] = []
        if (kind == t.LPAREN or kind in _STRINGS) and not self.stop[i + 1]:
            args = self._message_args()
        return a.Unreachable(self.span(self.starts[i]), args)

    def assert_expr(self) -> a.Expr:
        i = self.i
        if not STARTS_EXPR[self.kinds[i + 1]] or self.stop[i + 1]:
            return self.word()
        return self._assert_expr(False)

    def _assert_expr(self, as_statement: bool) -> a.Expr:
        """After `assert`. As part of an expression only a string literal after a comma is the message."""
        i = self.i
        self.i = i + 1
        cond = self.expr()
        args: list[a.Expr] = []
        if isinstance(cond, a.Tuple) and cond.items:
            args = cond.items[1:]
            cond = cond.items[0]
        while self.kinds[self.i] == t.COMMA and (as_statement or self.kinds[self.i + 1] in _STRINGS):
            self.i += 1
            args.append(self.expr())
        return a.Assert(self.span(self.starts[i]), cond, args)

    def try_expr(self) -> a.Expr:
        i = self.i
        if not self.operand_follows(i) and not self._spaced_paren(i):
            return self.word()
        self.i = i + 1
        operand = self.expr()
        return a.Propagate(self.span(self.starts[i]), operand, self.spans[i])

    # Reserved

    def reserved_expr(self) -> a.Expr:
        """`async { }`, `await e`, `region r { }`, `critical { }`: reported and skipped; else the word is a name."""
        i = self.i
        kinds = self.kinds
        if not (self.operand_follows(i) or (kinds[i + 1] == t.LBRACE and not self.no_form and not self.nl[i + 1])):
            return self.word()
        keyword = self.vals[i]
        token = self.unsupported(i)
        self.i = i + 1
        while (
            kinds[self.i] != t.LBRACE and not self.stop[self.i] and kinds[self.i] not in (t.SEMI, t.COMMA, t.RPAREN, t.RBRACKET, t.RBRACE)
        ):
            self.i = self.mate.get(self.i, self.i) + 1
        if kinds[self.i] == t.LBRACE:
            self.i = self.mate[self.i] + 1
        return a.UnsupportedExpr(self.span(self.starts[i]), keyword, self.spans[i], token)


_PLACES = frozenset((a.Name, a.Member, a.Index, a.Paren, a.ErrorExpr, a.UnsupportedExpr))
_WORD_OPERATORS = frozenset((t.AND, t.OR, t.IN, t.IS, t.AS, t.NOT))
_BLOCK_LIKE = frozenset((t.IF, t.MATCH, t.LOOP, t.UNSAFE, t.LBRACE, t.LABEL, t.WHEN, t.SELECT, t.PICK))
_STATEMENT_STARTS = frozenset((t.MINUS, t.STAR, t.AMP, t.ANDAND, t.BAR, t.OROR, t.LPAREN, t.LBRACKET, t.LBRACE, t.LT, t.NOT))
_NOT_A_BODY = frozenset((t.ASSERT, t.TRY))
_CHAINS_ON = frozenset(kind for kind in range(t.COUNT) if PREC[kind] or kind in (t.DOT, t.LBRACKET))

Handler = Callable[[StmtParser], "a.Stmt | None"]
_STMT: list[Handler | None] = [None] * t.COUNT
_STMT[t.LET] = StmtParser._let
_STMT[t.SET] = StmtParser._set
_STMT[t.WHILE] = _STMT[t.FOR] = StmtParser._while
_STMT[t.LABEL] = StmtParser._labelled
_STMT[t.DEFER] = StmtParser._defer
_STMT[t.WITH] = StmtParser._with
_STMT[t.TRY] = StmtParser._try
_STMT[t.ASSERT] = StmtParser._assert


def set_statement(kind: int, parse: Callable[..., a.Stmt | None]) -> None:
    """Add what another part of the parser reads at the start of a statement."""
    _STMT[kind] = parse


for _kind, _parse in (
    (t.LBRACE, StmtParser.block), (t.IF, StmtParser.if_expr), (t.WHEN, StmtParser.when_expr), (t.MATCH, StmtParser.match_expr),
    (t.SELECT, StmtParser.match_expr), (t.PICK, StmtParser.match_expr), (t.LOOP, StmtParser.loop_expr), (t.LABEL, StmtParser.label_expr),
    (t.UNSAFE, StmtParser.unsafe_expr), (t.GIVE, StmtParser.give_expr), (t.BREAK, StmtParser.break_expr), (t.CONTINUE,
    StmtParser.continue_expr),
    (t.PANIC, StmtParser.panic_expr), (t.UNREACHABLE, StmtParser.unreachable_expr), (t.ASSERT, StmtParser.assert_expr),
    (t.TRY, StmtParser.try_expr), (t.ASYNC, StmtParser.reserved_expr), (t.AWAIT, StmtParser.reserved_expr), (t.REGION,
    StmtParser.reserved_expr),
    (t.CRITICAL, StmtParser.reserved_expr), (t.MACRO, StmtParser.reserved_expr),
):  # fmt: skip
    set_prefix(_kind, _parse)
