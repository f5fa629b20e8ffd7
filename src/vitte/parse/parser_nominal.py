"""Declarations with members: forms, unions, picks, flags, bits, traits, impls, extern blocks; and the module itself."""

from __future__ import annotations

from collections.abc import Callable

from vitte.base.diagnostics import Suggestion
from vitte.base.source import NO_SPAN
from vitte.ir import ast as a
from vitte.ir import tokens as t
from vitte.parse import errors
from vitte.parse.operators import RANGE
from vitte.parse.parser_base import SUSPICIOUS, Fail, Founding
from vitte.parse.parser_items import ITEMS, Before, ItemParser

_MEMBERS = frozenset(
    (t.PROC, t.CONST, t.TYPE, t.STATIC, t.INLINE, t.NOINLINE, t.UNSAFE, t.EXTERN, t.ASYNC, t.INTRINSIC, t.USE, t.FORM, t.TEST)
)


class Parser(ItemParser):
    """The whole parser."""

    __slots__ = ()

    # Bodies

    def _is_member(self) -> bool:
        """Whether a declaration, not a field or case, stands at the current token."""
        i = self.i
        kind = self.kinds[i]
        after = self.kinds[i + 1]
        if kind == t.TEST:
            return after == t.STR
        if kind == t.PROC:
            return after not in (t.COLON, t.COMMA, t.EQ)
        return kind in _MEMBERS and (0 < after <= t.LAST_WORD or (after == t.STR and kind == t.EXTERN))

    def _body(self, head: int, parts: list[a.Node], part: Callable[[Before], a.Node], members: list[a.Item]) -> None:
        """`{ ... }` of fields or cases (`part`, separated by commas or newlines) and declarations."""
        kinds = self.kinds
        self.require_block(head)
        self.blocks += 1
        close = self.mate[self.i]
        self.i += 1
        depth = self.depth
        while self.i < close:
            i = self.i
            if kinds[i] == t.COMMA or kinds[i] == t.SEMI:
                if i > 0 and kinds[i - 1] in (t.COMMA, t.LBRACE):
                    self.error(errors.EXPECTED, i, f"expected a name, found {self.found(i)}", "nothing before it")
                self.i = i + 1
                continue
            try:
                before = self.before()
                self.first = i
                if self._is_member():
                    handler = ITEMS[kinds[self.i]]
                    assert handler is not None
                    members.append(self.check_body(handler(self, before), True))
                    i = self.i
                    self.end_item(close)
                    continue
                parts.append(part(before))
                j = self.i
                if kinds[j] != t.COMMA and kinds[j] != t.SEMI and j != close and not self.nl[j]:
                    self.fail_expected("`,` or a newline")
            except Fail:
                self.depth = depth
                self.no_form = False
                self._next_part(i, close)
        self.i = close + 1

    def _next_part(self, start: int, close: int) -> None:
        """After a mistake in a part of a body: a broken declaration is skipped with its block."""
        failed = self.i
        self.next_line(start, close)
        kinds = self.kinds
        if self.i < close and kinds[self.i] == t.LBRACE:
            self.i = self.mate[self.i] + 1
        if self.i <= failed and self.i < close and self.i == start:
            self.i += 1

    def _field(self, before: Before) -> a.Node:
        at = self.name("a field")
        if self.kinds[self.i] != t.COLON:
            self.check_foreign(at)
            self.fail_expected("`:` and the type of the field")
        self.i += 1
        ty = self.ty()
        default: a.Expr | None = None
        if self.kinds[self.i] == t.EQ:
            self.i += 1
            default = self.expr()
        return a.Field(self.span(before.start), before.meta(), self.vals[at], self.spans[at], ty, default)

    def _case(self, before: Before) -> a.Node:
        kinds = self.kinds
        if kinds[self.i] == t.CASE and 0 < kinds[self.i + 1] <= t.LAST_WORD:
            self.i += 1
        at = self.name("a case")
        fields: list[a.CaseField] | None = None
        value: a.Expr | None = None
        if kinds[self.i] == t.LPAREN:
            close = self.mate[self.i]
            self.i += 1
            fields = []
            while self.i != close:
                i = self.i
                start = self.starts[i]
                if 0 < kinds[i] <= t.LAST_WORD and kinds[i + 1] == t.COLON:
                    self.i = i + 2
                    ty = self.ty()
                    fields.append(a.CaseField(self.span(start), self.vals[i], self.spans[i], ty))
                else:
                    ty = self.ty()
                    fields.append(a.CaseField(self.span(start), "", NO_SPAN, ty))
                if self.i != close:
                    if kinds[self.i] != t.COMMA:
                        self.fail_expected("`,` or `)`")
                    self.i += 1
            self.i = close + 1
        elif kinds[self.i] == t.LBRACE:
            self.fail_expected("`(`", (Suggestion("the contents of a case stand in parentheses: `Circle(center: Point, radius: f64)`"),))
        if kinds[self.i] == t.EQ:
            self.i += 1
            value = self.expr()
        return a.Case(self.span(before.start), before.meta(), self.vals[at], self.spans[at], fields, value)

    def _bit_field(self, before: Before) -> a.Node:
        at = self.name("a bit field")
        self.expect(t.COLON)
        first = self.expr(RANGE + 1)
        end: a.Expr | None = None
        inclusive = False
        if self.kinds[self.i] in (t.DOTS, t.DOTS_EQ):
            inclusive = self.kinds[self.i] == t.DOTS_EQ
            self.i += 1
            end = self.expr(RANGE + 1)
        return a.BitField(self.span(before.start), before.meta(), self.vals[at], self.spans[at], first, end, inclusive)

    # Nominal types

    def form(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the form")
        generics = self.where(self.generics())
        fields: list[a.Node] = []
        members: list[a.Item] = []
        self._body(head, fields, self._field, members)
        make = a.Form if self.kinds[head] == t.FORM else a.Union
        return make(self.span(before.start), before.meta(), self.vals[at], self.spans[at], generics, fields, members)  # type: ignore[arg-type]

    def pick(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the pick")
        generics = self.generics()
        repr_ty = self._repr()
        generics = self.where(generics)
        cases: list[a.Node] = []
        members: list[a.Item] = []
        self._body(head, cases, self._case, members)
        return a.Pick(self.span(before.start), before.meta(), self.vals[at], self.spans[at], generics, repr_ty, cases, members)  # type: ignore[arg-type]

    def _repr(self) -> a.Type | None:
        if self.kinds[self.i] != t.COLON:
            return None
        self.i += 1
        return self.ty()

    def flags(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the flags")
        repr_ty = self._repr()
        cases: list[a.Node] = []
        members: list[a.Item] = []
        self._body(head, cases, self._case, members)
        return a.Flags(self.span(before.start), before.meta(), self.vals[at], self.spans[at], repr_ty, cases, members)  # type: ignore[arg-type]

    def bits(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the bits")
        repr_ty = self._repr()
        fields: list[a.Node] = []
        members: list[a.Item] = []
        self._body(head, fields, self._bit_field, members)
        return a.Bits(self.span(before.start), before.meta(), self.vals[at], self.spans[at], repr_ty, fields, members)  # type: ignore[arg-type]

    def type_alias(self, before: Before) -> a.Item:
        self.i += 1
        at = self.name("the name of the type")
        generics = self.generics()
        bounds: list[a.Type] = []
        if self.kinds[self.i] == t.COLON:
            self.i += 1
            bounds = self.bounds()
        generics = self.where(generics)
        ty: a.Type | None = None
        if self.kinds[self.i] == t.EQ:
            self.i += 1
            ty = self.ty()
        return a.TypeAlias(self.span(before.start), before.meta(), self.vals[at], self.spans[at], generics, bounds, ty)

    # Traits, impls, foreign declarations

    def _members(self, head: int, wants_body: bool | None) -> list[a.Item]:
        """`{ declarations }`."""
        kinds = self.kinds
        self.require_block(head)
        self.blocks += 1
        close = self.mate[self.i]
        self.i += 1
        depth = self.depth
        members: list[a.Item] = []
        while self.i < close:
            i = self.i
            if kinds[i] == t.SEMI:
                self.i = i + 1
                continue
            try:
                before = self.before()
                self.first = i
                handler = ITEMS[kinds[self.i]] if self._is_member() or self.vals[self.i] == "macro" else None
                if handler is None:
                    self.check_foreign(self.i)
                    self.fail(
                        errors.EXPECTED_ITEM, self.i, f"expected `proc`, `const` or `type`, found {self.found(self.i)}", "not a member"
                    )
                members.append(self.check_body(handler(self, before), wants_body))
                i = self.i
                self.end_item(close)
            except Fail:
                self.depth = depth
                self.no_form = False
                self.next_item(i, close)
                members.append(self.error_item(i))
        self.i = close + 1
        return members

    def trait(self, before: Before) -> a.Item:
        head = self.i
        self.i += 1
        at = self.name("the name of the trait")
        generics = self.generics()
        supers: list[a.Type] = []
        if self.kinds[self.i] == t.COLON:
            self.i += 1
            supers = self.bounds()
        generics = self.where(generics)
        members = self._members(head, None)
        return a.Trait(self.span(before.start), before.meta(), self.vals[at], self.spans[at], generics, supers, members)

    def impl(self, before: Before) -> a.Item:
        head = self.i
        kinds = self.kinds
        self.i += 1
        generics: a.Generics | None = None
        i = self.i
        if kinds[i] == t.LT or (kinds[i] == t.LBRACKET and kinds[self.mate[i] + 1] not in (t.LBRACE, t.FOR, t.WHERE)):
            generics = self.generics()
        ty = self.ty()
        of: a.Type | None = None
        if kinds[self.i] == t.FOR:
            self.i += 1
            of, ty = ty, self.ty()
        generics = self.where(generics)
        head_span = self.span(self.starts[head])
        members = self._members(head, True)
        return a.Impl(self.span(before.start), before.meta(), generics, of, ty, members, head_span)

    def extern_block(self, before: Before, head: int, abi: str) -> a.Item:
        members = self._members(head, False)
        return a.ExternBlock(self.span(before.start), before.meta(), abi, members)

    # The module

    def items(self, items: list[a.Item], attrs: list[a.Attr]) -> a.Space | None:
        """All declarations of a file into `items`, its inner attributes into `attrs`."""
        kinds = self.kinds
        end = len(kinds) - 1
        space: a.Space | None = None
        while self.i < end:
            i = self.i
            kind = kinds[i]
            if kind == t.SEMI:
                self.i = i + 1
                continue
            self.links = 0
            self.deep_told = False
            self.measure_at = SUSPICIOUS
            try:
                if kind == t.HASH_BANG:
                    attr = self.attribute()
                    attrs.append(attr)
                    if attr.name == "surface" and attr.args and attr.args[0].name == "phrase":
                        self.i = i
                        raise Founding
                    continue
                if kind == t.SPACE and 0 < kinds[i + 1] <= t.LAST_WORD:
                    found = self._space()
                    if items or space is not None:
                        helps = (Suggestion("`space` stands first in a file, once"),)
                        self.error(errors.MISPLACED_SPACE, i, "misplaced `space`", "not the first declaration", helps)
                    space = space or found
                    i = self.i
                    self.end_item(end)
                    continue
                item = self.check_body(self.item(), True)
                items.append(item)
                i = self.i
                self.end_item(end)
            except Fail:
                self.depth = 0
                self.no_form = False
                self.next_item(i, end)
                items.append(self.error_item(i))
        return space

    def _space(self) -> a.Space:
        start = self.starts[self.i]
        self.i += 1
        path = self.path(False)
        return a.Space(self.span(start), path)


ITEMS[t.FORM] = ITEMS[t.UNION] = Parser.form  # type: ignore[assignment]
ITEMS[t.PICK] = Parser.pick  # type: ignore[assignment]
ITEMS[t.FLAGS] = Parser.flags  # type: ignore[assignment]
ITEMS[t.BITS] = Parser.bits  # type: ignore[assignment]
ITEMS[t.TYPE] = Parser.type_alias  # type: ignore[assignment]
ITEMS[t.TRAIT] = Parser.trait  # type: ignore[assignment]
ITEMS[t.IMPL] = Parser.impl  # type: ignore[assignment]
