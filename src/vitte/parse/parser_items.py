"""Declarations: what stands before them, procedures, imports and exports. `parser_types_items` has forms, picks and traits."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.diagnostics import Suggestion
from vitte.base.source import NO_SPAN, SPAN_BITS, Span, make_span
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.parser_base import Fail, Founding
from vitte.parse.parser_stmts import StmtParser, set_statement
from vitte.parse.parser_types import MODES, TYPE_STARTS

VISIBILITY: dict[int, str] = {
    t.PUB: "pub", t.PUBLIC: "pub", t.PRIV: "priv", t.PRIVATE: "priv", t.INTERNAL: "package", t.PACKAGE: "package", t.EXPORT: "pub",
    t.SHARE: "pub",
}  # fmt: skip
_MODIFIERS = frozenset((t.INLINE, t.NOINLINE, t.CONST, t.UNSAFE, t.EXTERN, t.ASYNC, t.INTERRUPT, t.NAKED, t.INTRINSIC))


class Before:
    """What stands before a declaration, while it is read."""

    __slots__ = ("attrs", "doc", "first", "start", "vis", "vis_span")

    def __init__(self, first: int, start: int) -> None:
        self.first = first
        self.start = start
        self.attrs: list[a.Attr] = []
        self.doc = ""
        self.vis = ""
        self.vis_span = NO_SPAN

    def meta(self) -> a.Meta:
        if self.attrs or self.doc or self.vis:
            return a.Meta(self.attrs, self.doc, self.vis, self.vis_span)
        return a.NO_META


class ItemParser(StmtParser):
    __slots__ = ()

    # What stands before

    def before(self) -> Before:
        """Doc comment, attributes, visibility."""
        i = self.i
        out = Before(i, self.starts[i])
        kinds = self.kinds
        if self.docs:
            out.doc = self.docs.get(i, "")
        while kinds[self.i] == t.HASH:
            out.attrs.append(self.attribute())
            if self.docs and self.i in self.docs:
                out.doc = f"{out.doc}\n{self.docs[self.i]}" if out.doc else self.docs[self.i]
        while kinds[self.i] in VISIBILITY and self._is_visibility(self.i):
            i = self.i
            if out.vis:
                helps = (Suggestion("keep one of them"),)
                self.error(
                    errors.BAD_MODIFIER,
                    i,
                    f"`{self.vals[i]}` after another word of visibility",
                    "second word",
                    helps,
                    ((out.vis_span, "first word"),),
                )
            out.vis = VISIBILITY[kinds[i]]
            self.i = i + 1
            if kinds[i] in (t.PUB, t.PUBLIC) and kinds[self.i] == t.LPAREN:
                close = self.mate[self.i]
                if close == self.i + 2 and kinds[self.i + 1] in (t.PACKAGE, t.INTERNAL):
                    out.vis = "package"
                else:
                    self.error(errors.BAD_MODIFIER, self.i + 1, "only `pub(package)` is known", "not a visibility")
                self.i = close + 1
            out.vis_span = self.span(self.starts[i])
        return out

    def _is_visibility(self, i: int) -> bool:
        kinds = self.kinds
        after = kinds[i + 1]
        if kinds[i] in (t.EXPORT, t.SHARE):
            # `export proc f` declares, `export form, pick` and `export x` list names.
            return (after in _DECLARES and 0 < kinds[i + 2] <= t.STR and not self.nl[i + 2]) or (
                after == t.IMPL and kinds[i + 2] == t.LBRACKET
            )
        if after == t.LPAREN:
            return kinds[i] in (t.PUB, t.PUBLIC)
        return 0 < after <= t.LAST_WORD

    def attribute(self) -> a.Attr:
        """`#[...]` or `#![...]` from its opening."""
        i = self.i
        close = self.mate[i]
        self.i = i + 1
        try:
            attr = self._attr()
            if self.i != close:
                self.fail_expected("`]`")
        except Fail:
            attr = a.Attr(NO_SPAN, "", Span((self.starts[i] + 1) << SPAN_BITS), [], None)
        self.i = close + 1
        attr.span = self.span(self.starts[i])
        return attr

    def _attr(self) -> a.Attr:
        i = self.i
        kinds = self.kinds
        start = self.starts[i]
        if not 0 < kinds[i] <= t.LAST_WORD or kinds[i] in (t.TRUE, t.FALSE):
            value = self.unary()
            return a.Attr(self.span(start), "", Span(start << SPAN_BITS), [], value)
        self.i = i + 1
        name, name_span = self.vals[i], self.spans[i]
        while kinds[self.i] in (t.COLONS, t.DOT) and 0 < kinds[self.i + 1] <= t.LAST_WORD:
            name = f"{name}::{self.vals[self.i + 1]}"
            self.i += 2
            name_span = self.span(start)
        args: list[a.Attr] = []
        found: a.Expr | None = None
        if kinds[self.i] == t.LPAREN:
            close = self.mate[self.i]
            self.i += 1
            while self.i != close:
                args.append(self._attr())
                if self.i != close:
                    self.expect(t.COMMA)
            self.i = close + 1
        elif kinds[self.i] in (t.EQ, t.COLON):
            self.i += 1
            found = self.unary()
        return a.Attr(self.span(start), name, name_span, args, found)

    # Items

    def item(self) -> a.Item:
        """One declaration with what stands before it."""
        before = self.before()
        i = self.i
        kind = self.kinds[i]
        self.first = before.first
        parse = ITEMS[kind]
        if parse is None:
            self._no_item(before)
        assert parse is not None
        return parse(self, before)

    def _no_item(self, before: Before) -> None:
        i = self.i
        kind = self.kinds[i]
        if kind == t.IDENT:
            self.check_foreign(i)
        if before.first != i:
            what = "an attribute" if before.attrs else f"`{self.vals[before.first]}`"
            code = errors.MISPLACED_ATTRIBUTE if before.attrs else errors.EXPECTED_ITEM
            self.fail(code, i, f"expected a declaration after {what}, found {self.found(i)}", "expected a declaration")
        if not self.quiet(i):
            statement = kind in _STATEMENTS or (kind == t.IDENT and self.kinds[i + 1] in (t.LPAREN, t.EQ, t.DOT))
            self.token = errors.expected_item(self.out, self.spans[i], kind, self.vals[i], statement)
        raise Fail

    def end_item(self, close: int) -> None:
        """After a declaration: `;`, a newline, or the closing brace at token `close`."""
        j = self.i
        kinds = self.kinds
        if kinds[j] == t.SEMI:
            self.i = j + 1
        elif not self.nl[j] and j != close and kinds[j] != t.EOF and kinds[j - 1] != t.RBRACE:
            self.fail(
                errors.NOT_SEPARATED,
                j,
                f"expected a newline or `;` after the declaration, found {self.found(j)}",
                "something else begins here",
            )

    def next_item(self, start: int, close: int) -> None:
        """After a mistake in the declaration that began at token `start`: go to the next one at its level."""
        mate, nl = self.mate, self.nl
        failed = self.i
        column = self.line_indent(start)
        i = start
        while i < close:
            if i > start and i >= failed and nl[i] and self._begins_item(i) and self.column(i) <= column:
                break
            i = mate.get(i, i) + 1
        self.i = min(i, close)

    def _begins_item(self, i: int) -> bool:
        """Whether a declaration seems to begin at token `i`, misspelled and foreign ones included."""
        kind = self.kinds[i]
        if kind == t.IDENT:
            word = self.vals[i]
            begins = 0 < self.kinds[i + 1] <= t.LAST_WORD and not self.nl[i + 1]
            return begins and (errors.is_foreign(word) or errors.nearest_declaration(word) is not None)
        return ITEMS[kind] is not None or kind in _ITEM_STARTS

    def error_item(self, start: int) -> a.Item:
        span = self.span(self.starts[start]) if self.i > start else Span(self.starts[start] << SPAN_BITS)
        return a.ErrorItem(span, a.NO_META, self.token)

    def item_stmt(self) -> a.Stmt | None:
        """A declaration inside a block, when the words say so."""
        i = self.i
        kinds = self.kinds
        kind = kinds[i]
        after = kinds[i + 1]
        if kind == t.HASH:
            j = i
            while kinds[j] == t.HASH:
                j = self.mate[j] + 1
            if ITEMS[kinds[j]] is None and kinds[j] not in VISIBILITY:
                helps = (Suggestion("attributes belong to declarations"),)
                self.fail(errors.MISPLACED_ATTRIBUTE, i, "an attribute stands before a declaration", "nothing is declared after it", helps)
        elif kind in (t.TEST, t.BENCH):
            if after != t.STR:
                return None
        elif kind == t.EXTERN:
            if after != t.STR and after != t.PROC and after != t.LBRACE:
                return None
        elif kind == t.IMPL:
            if not 0 < after <= t.LAST_WORD and after != t.LBRACKET:
                return None
        elif kind == t.STATIC_ASSERT:
            if after != t.LPAREN:
                return None
        elif kind == t.UNSAFE:
            if after != t.PROC and after != t.EXTERN:
                return None
        elif not 0 < after <= t.LAST_WORD or self.nl[i + 1] or after in (t.AS, t.IS, t.IN, t.AND, t.OR, t.NOT):
            return None
        item = self.item()
        return a.ItemStmt(item.span, item)

    # Procedures

    def modified(self, before: Before) -> a.Item:  # noqa: RET503
        """Modifiers, then `proc`; or a constant, an extern block."""
        kinds = self.kinds
        head = self.i
        inline = abi = ""
        is_const = is_unsafe = False
        reserved = -1
        seen: set[int] = set()
        while kinds[self.i] in _MODIFIERS:
            i = self.i
            kind = kinds[i]
            if kind == t.CONST and kinds[i + 1] not in _MODIFIERS and kinds[i + 1] != t.PROC:
                break
            if kind in seen:
                self.error(errors.BAD_MODIFIER, i, f"`{self.vals[i]}` is said twice", "second time")
            seen.add(kind)
            self.i = i + 1
            if kind == t.CONST:
                is_const = True
            elif kind == t.UNSAFE:
                is_unsafe = True
            elif kind == t.EXTERN:
                abi = self.abi()
                if kinds[self.i] == t.LBRACE and len(seen) <= 1 + is_unsafe:
                    return self.extern_block(before, head, abi)
            elif kind == t.INLINE or kind == t.NOINLINE:
                if inline:
                    self.error(errors.BAD_MODIFIER, i, "`inline` and `noinline` exclude each other", "second word")
                inline = self.vals[i]
            elif reserved < 0:
                reserved = i
        if kinds[self.i] == t.PROC and 0 < kinds[self.i + 1] <= t.LAST_WORD:
            item = self.proc(before, head, inline, is_const, is_unsafe, abi)
            if reserved >= 0:
                return a.UnsupportedItem(item.span, item.meta, self.vals[reserved], self.spans[reserved], self.unsupported(reserved))
            return item
        if kinds[self.i] == t.CONST and head == self.i:
            return self.const(before)
        if kinds[self.i] == t.PROC:
            self.i += 1
            self.name("the name of the procedure")
        if reserved >= 0:
            return self.skip_reserved(before, reserved)
        self.fail_expected("`proc`")

    def proc(self, before: Before, head: int, inline: str, is_const: bool, is_unsafe: bool, abi: str) -> a.Item:
        """From `proc` on."""
        kinds, vals, starts = self.kinds, self.vals, self.starts
        self.i += 1
        at = self.name("the name of the procedure")
        generics = self.generics()
        if kinds[self.i] != t.LPAREN:
            if kinds[self.i] in (t.COLONS, t.DOT) and not self.blocks and self.balanced:
                raise self.founding(head)
            self.fail_expected("`(` and the parameters")
        params, variadic = self.params()
        ret: a.Type | None = None
        if kinds[self.i] == t.ARROW:
            self.i += 1
            ret = self.ty()
        elif kinds[self.i] == t.COLON:
            self.fail_expected("`->` before the result type", (self.out.suggest("write `->`", self.spans[self.i], " ->", "machine"),))
        generics = self.where(generics)
        token = -1
        while kinds[self.i] in (t.EFFECTS, t.REQUIRES) and kinds[self.i + 1] == t.LPAREN:
            token = self.i
            self.unsupported(token)
            self.i = self.mate[token + 1] + 1
        head_span = self.span(starts[head])
        body: a.Block | None = None
        if kinds[self.i] == t.LBRACE:
            body = self.block()
        elif self.deeper(head, self.i) or self.vals[self.i] == "gives":
            if not self.blocks and self.balanced:
                raise self.founding(head)
            self.fail_expected("`{`", (Suggestion("a procedure's body is a block: `{ ... }`"),))
        elif kinds[self.i] == t.FAT_ARROW or (kinds[self.i] == t.EQ):
            self.fail_expected("`{`", (Suggestion("a procedure's body is a block: `{ give e }`"),))
        elif not (kinds[self.i] == t.SEMI or self.nl[self.i] or kinds[self.i] == t.RBRACE):
            self.fail_expected("`{`")
        return a.Proc(
            self.span(before.start),
            before.meta(),
            vals[at],
            self.spans[at],
            generics,
            params,
            ret,
            body,
            inline,
            is_const,
            is_unsafe,
            abi,
            head_span,
            variadic,
        )

    def founding(self, head: int) -> Founding:
        """To raise: the file opens its first block, whose header begins at token `head`, by a line end."""
        self.i = head
        return Founding()

    def _is_founding(self, head: int) -> bool:
        return self.vals[self.i] == "gives" or self.deeper(head, self.i)

    def params(self) -> tuple[list[a.Param], bool]:
        """The parameters, and whether `...` stands after them."""
        close = self.open(t.LPAREN, "`(`")
        kinds = self.kinds
        params: list[a.Param] = []
        variadic = False
        while self.i != close:
            i = self.i
            if self._is_ellipsis(i) and i + 2 == close:
                variadic = True
                break
            depth = self.depth
            try:
                if self._is_ellipsis(i):
                    self.fail(errors.BAD_PARAMETER, i, "`...` stands after all parameters", "not the last", ())
                params.append(self._param(not params))
                if kinds[self.i] == t.COMMA:
                    self.i += 1
                elif self.i != close:
                    i = self.i
                    self.fail_expected("`,` or `)`")
            except Fail:
                self.depth = depth
                self.skip_to(i, close)
                span = self.span(self.starts[i]) if self.i > i else self.spans[i]
                params.append(a.Param(span, "", "_", span, a.ErrorType(span, self.token), None))
                if kinds[self.i] == t.COMMA:
                    self.i += 1
        self.i = close + 1
        return params, variadic

    def _is_ellipsis(self, i: int) -> bool:
        """Whether `...` stands at token `i`: to the lexer it is `..` and `.`."""
        return self.kinds[i] == t.DOTS and self.kinds[i + 1] == t.DOT and self.starts[i] + 2 == self.starts[i + 1]

    def _param(self, first: bool) -> a.Param:
        kinds, vals, spans = self.kinds, self.vals, self.spans
        i = self.i
        start = self.starts[i]
        kind = kinds[i]
        mode = ""
        if kind == t.AMP or kind == t.REF:
            # `&self`, `&mut self`, `ref self`
            j = i + 2 if kinds[i + 1] == t.MUT else i + 1
            if vals[j] == "self" and kinds[j] == t.IDENT:
                mode = "borrow" if j == i + 1 else "mut"
                i = j
            elif kind == t.AMP:
                helps = (Suggestion("the `&` belongs to the type: `x: &T`"),)
                self.fail(errors.BAD_PARAMETER, i, "only `self` is written with `&` before its name", "not before the name", helps)
        elif kind in MODES and 0 < kinds[i + 1] <= t.LAST_WORD:
            mode = MODES[kind]
            i += 1
        self.i = i
        at = self.name("a parameter")
        ty: a.Type | None = None
        default: a.Expr | None = None
        is_self = vals[at] == "self"
        if kinds[self.i] == t.COLON:
            self.i += 1
            i = self.i
            after = kinds[i + 1]
            if kinds[i] in MODES and (0 < after <= t.LAST_WORD or after in TYPE_STARTS) and not self.nl[i + 1]:
                helps = (Suggestion(f"write `{vals[i]} {vals[at]}: T`"),)
                self.error(errors.BAD_PARAMETER, i, f"`{vals[i]}` stands before the name of a parameter", "not before its type", helps)
                mode = mode or MODES[kinds[i]]
                self.i = i + 1
            ty = self.ty()
        elif not is_self:
            helps = (Suggestion(f"write its type: `{vals[at]}: T`"),)
            if vals[at] in errors.FOREIGN_MODES and kinds[self.i] == t.IDENT:
                ours = errors.FOREIGN_MODES[vals[at]]
                self.fail(errors.BAD_PARAMETER, at, f"`{vals[at]}` is written `{ours}` in Vitte", helps=(
                    self.out.suggest(f"write `{ours}`", self.spans[at], ours),))  # fmt: skip
            if kinds[self.i] in (t.COMMA, t.RPAREN, t.EQ):
                self.fail(errors.BAD_PARAMETER, at, f"the parameter `{vals[at]}` has no type", "no type", helps)
            self.fail_expected("`:` and a type", helps)
        if kinds[self.i] == t.EQ:
            self.i += 1
            default = self.expr()
        if is_self and not first:
            self.error(errors.BAD_PARAMETER, at, "`self` is the first parameter of a method", "not the first")
        return a.Param(self.span(start), mode, vals[at], spans[at], ty, default)

    def check_body(self, item: a.Item, wants: bool | None) -> a.Item:
        """Report a missing or superfluous body of a procedure; `wants` is `None` where both are right."""
        if type(item) is not a.Proc or wants is None or (item.body is not None) == wants:
            return item
        if self.reported and self.reported[-1] >= item.span >> SPAN_BITS:
            return item
        if wants:
            if any(attr.name == "intrinsic" for attr in item.meta.attrs) or (item.abi and item.body is None):
                return item
            helps = (Suggestion("add a body in `{` `}`"),)
            self.out.error(errors.BODY, item.name_span, f"procedure `{item.name}` has no body", "no body", helps=helps)
        elif item.body is not None:
            message = f"foreign procedure `{item.name}` cannot have a body"
            helps = (Suggestion('to define one with C linkage, write `extern "C" proc` outside the block'),)
            place = make_span(item.body.span >> SPAN_BITS, (item.body.span >> SPAN_BITS) + 1)
            self.out.error(errors.BODY, place, message, "the body", labels=((item.name_span, "declared in an extern block"),), helps=helps)
        return item

    # Imports, exports, constants

    def path(self, stop_before_group: bool) -> a.Path:
        """`a/b/c`, `.a`, `..a::b`. Stops before `.{`, `.*` and on a new line."""
        kinds, nl = self.kinds, self.nl
        i = self.i
        start = self.starts[i]
        dots = 0
        while kinds[self.i] in (t.DOT, t.DOTS):
            dots += 1 if kinds[self.i] == t.DOT else 2
            self.i += 1
        at = self.name("a module path")
        segments = [self.vals[at]]
        places = [self.spans[at]]
        while kinds[self.i] in (t.SLASH, t.DOT, t.COLONS) and not nl[self.i]:
            after = kinds[self.i + 1]
            if stop_before_group and (after == t.LBRACE or after == t.STAR):
                break
            self.i += 1
            at = self.name("a name after the separator")
            segments.append(self.vals[at])
            places.append(self.spans[at])
        return a.Path(self.span(start), dots, segments, places)

    def use(self, before: Before) -> a.Item:
        kinds = self.kinds
        self.i += 1
        path = self.path(True)
        alias = ""
        alias_span = NO_SPAN
        names: list[a.UseName] | None = None
        star = False
        i = self.i
        if kinds[i] in (t.DOT, t.COLONS, t.SLASH) and not self.nl[i]:
            i += 1
            self.i = i
        if kinds[i] == t.STAR and not self.nl[i]:
            star = True
            self.i = i + 1
        elif kinds[i] == t.LBRACE:
            close = self.mate[i]
            if kinds[i + 1] == t.STAR and close == i + 2:
                star = True
                self.i = close + 1
            else:
                self.i = i + 1
                names = self._names(close)
                self.i = close + 1
        elif kinds[i] == t.AS:
            self.i = i + 1
            at = self.name("a name after `as`")
            alias, alias_span = self.vals[at], self.spans[at]
        return a.Use(self.span(before.start), before.meta(), path, alias, alias_span, names, star)

    def _names(self, close: int) -> list[a.UseName]:
        """`x, y as z` up to the brace at token `close`, or to the end of the line when `close` is 0."""
        kinds, vals, spans = self.kinds, self.vals, self.spans
        names: list[a.UseName] = []
        while self.i != close:
            at = self.name("a name")
            alias = ""
            alias_span = NO_SPAN
            if kinds[self.i] == t.AS:
                self.i += 1
                other = self.name("a name after `as`")
                alias, alias_span = vals[other], spans[other]
            names.append(a.UseName(self.span(self.starts[at]), vals[at], spans[at], alias, alias_span))
            if kinds[self.i] == t.COMMA:
                self.i += 1
            elif not close:
                break
            elif self.i != close and not self.nl[self.i]:
                self.fail_expected("`,` or `}`")
        return names

    def export(self, before: Before) -> a.Item:
        kinds = self.kinds
        self.i += 1
        i = self.i
        if kinds[i] == t.STAR or (self.vals[i] == "all" and kinds[i + 1] != t.COMMA and kinds[i - 1] == t.SHARE):
            self.i = i + 1
            return a.Export(self.span(before.start), before.meta(), [], True)
        if kinds[i] == t.LBRACE:
            close = self.mate[i]
            if kinds[i + 1] == t.STAR and close == i + 2:
                self.i = close + 1
                return a.Export(self.span(before.start), before.meta(), [], True)
            self.i = i + 1
            names = self._names(close)
            self.i = close + 1
        else:
            names = self._names(0)
        return a.Export(self.span(before.start), before.meta(), names, False)

    def const(self, before: Before) -> a.Item:
        self.i += 1
        at = self.name("the name of the constant")
        ty, value = self._typed_value()
        return a.Const(self.span(before.start), before.meta(), self.vals[at], self.spans[at], ty, value)

    def static(self, before: Before) -> a.Item:
        self.i += 1
        mut = self.kinds[self.i] == t.MUT and 0 < self.kinds[self.i + 1] <= t.LAST_WORD
        if mut:
            self.i += 1
        at = self.name("the name of the static")
        ty, value = self._typed_value()
        return a.Static(self.span(before.start), before.meta(), self.vals[at], self.spans[at], mut, ty, value)

    def _typed_value(self) -> tuple[a.Type | None, a.Expr | None]:
        ty: a.Type | None = None
        value: a.Expr | None = None
        if self.kinds[self.i] == t.COLON:
            self.i += 1
            ty = self.ty()
        if self.kinds[self.i] == t.EQ:
            self.i += 1
            value = self.expr()
        elif ty is None:
            self.fail_expected("`:` or `=`")
        return ty, value

    def static_assert(self, before: Before) -> a.Item:
        self.i += 1
        close = self.open(t.LPAREN, "`(`")
        cond = self.expr()
        message: a.Expr | None = None
        if self.kinds[self.i] == t.COMMA:
            self.i += 1
            if self.i != close:
                message = self.expr()
                if self.kinds[self.i] == t.COMMA:
                    self.i += 1
        if self.i != close:
            self.fail_expected("`,` or `)`")
        self.i = close + 1
        return a.StaticAssert(self.span(before.start), before.meta(), cond, message)

    def named_block(self, before: Before) -> a.Item:
        """`test "name" { }`, `bench "name" { }`."""
        head = self.i
        is_test = self.kinds[head] == t.TEST
        self.i += 1
        at = self.i
        if self.kinds[at] != t.STR:
            self.fail_expected("a name in quotes", (Suggestion(f'write `{self.vals[head]} "what it shows" {{ ... }}`'),))
        value = self.literal()
        assert isinstance(value, a.StrLit)
        self.require_block(head)
        body = self.block()
        make = a.Test if is_test else a.Bench
        return make(self.span(before.start), before.meta(), value.value, self.spans[at], body)

    def require_block(self, head: int) -> None:
        if self.kinds[self.i] != t.LBRACE:
            if not self.blocks and self.balanced and self._is_founding(head):
                raise self.founding(head)
            self.fail_expected("`{`")

    def entry(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the entry point")
        path: a.Path | None = None
        if self.kinds[self.i] == t.AT:
            self.i += 1
            path = self.path(False)
        self.require_block(head)
        body = self.block()
        return a.Entry(self.span(before.start), before.meta(), self.vals[at], self.spans[at], path, body)

    def extern_block(self, before: Before, head: int, abi: str) -> a.Item:
        raise NotImplementedError

    def skip_reserved(self, before: Before, i: int) -> a.Item:
        """Report the reserved word at token `i` and skip the construct: to the end of its block, or of its line."""
        kinds = self.kinds
        token = self.unsupported(i)
        self.i = max(self.i, i + 1)
        while kinds[self.i] not in (t.LBRACE, t.SEMI, t.EOF, t.RBRACE) and not (self.nl[self.i] and ITEMS[kinds[self.i]] is not None):
            self.i = self.mate.get(self.i, self.i) + 1
        if kinds[self.i] == t.LBRACE:
            self.i = self.mate[self.i] + 1
        return a.UnsupportedItem(self.span(before.start), before.meta(), self.vals[i], self.spans[i], token)

    def reserved(self, before: Before) -> a.Item:
        i = self.i
        if not (0 < self.kinds[i + 1] <= t.LAST_WORD or self.kinds[i + 1] in (t.LBRACE, t.LPAREN, t.STR)):
            self._no_item(before)
        return self.skip_reserved(before, i)


ItemHandler = Callable[[ItemParser, Before], a.Item]
ITEMS: list[ItemHandler | None] = [None] * t.COUNT
ITEMS[t.USE] = ITEMS[t.PULL] = ItemParser.use
ITEMS[t.EXPORT] = ITEMS[t.SHARE] = ItemParser.export
ITEMS[t.STATIC] = ItemParser.static
ITEMS[t.STATIC_ASSERT] = ItemParser.static_assert
ITEMS[t.TEST] = ITEMS[t.BENCH] = ItemParser.named_block
ITEMS[t.ENTRY] = ItemParser.entry
for _kind in (t.PROC, *_MODIFIERS):
    ITEMS[_kind] = ItemParser.modified
for _kind in (t.MACRO, t.REGION, t.EFFECTS, t.REQUIRES, t.QUERY, t.PASS, t.BACKEND, t.COMPILER, t.DIAGNOSTIC, t.CLASS, t.CRITICAL):
    ITEMS[_kind] = ItemParser.reserved

_ITEM_STARTS = frozenset((t.HASH, t.HASH_BANG, t.SPACE, *VISIBILITY))
_STATEMENTS = frozenset(
    (
        t.LET,
        t.SET,
        t.GIVE,
        t.IF,
        t.WHILE,
        t.FOR,
        t.LOOP,
        t.MATCH,
        t.BREAK,
        t.CONTINUE,
        t.DEFER,
        t.ASSERT,
        t.PANIC,
        t.WITH,
        t.WHEN,
        t.SELECT,
        t.UNREACHABLE,
    )
)
_DECLARES = frozenset(
    (
        t.PROC,
        t.FORM,
        t.PICK,
        t.FLAGS,
        t.BITS,
        t.UNION,
        t.TRAIT,
        t.CONST,
        t.STATIC,
        t.TYPE,
        t.EXTERN,
        t.INLINE,
        t.NOINLINE,
        t.UNSAFE,
        t.USE,
        t.PULL,
    )
)

for _kind in (
    t.CONST, t.STATIC, t.PROC, t.FORM, t.FLAGS, t.BITS, t.UNION, t.TRAIT, t.TYPE, t.USE, t.PULL, t.EXPORT, t.SHARE, t.TEST, t.BENCH,
    t.EXTERN, t.IMPL,
    t.INLINE, t.NOINLINE, t.STATIC_ASSERT, t.UNSAFE, t.PUB, t.PUBLIC, t.PRIV, t.PRIVATE, t.INTERNAL, t.HASH, t.CLASS, t.QUERY,
):  # fmt: skip
    set_statement(_kind, ItemParser.item_stmt)
