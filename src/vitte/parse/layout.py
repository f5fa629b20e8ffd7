"""Newlines and brackets: where statements may end, and which brackets belong together.

`arrange` finds for each token whether a statement ends before it (`stop`), after the rules of the language: a newline
ends one unless it lies inside `(` `)` or `[` `]`, or the line it begins starts with something that can only continue.
What the *previous* line ends in needs no rule here: the parser looks at `stop` only where an expression is complete.

When the brackets do not balance, closers are inserted and removed by the indentation of the lines until they do, and
each repair is listed: the parser only ever sees balanced brackets.
"""

from __future__ import annotations

from itertools import compress
from operator import or_

from msgspec import Struct

from vitte.base.source import SPAN_BITS, Span, make_span
from vitte.ir import tokens as t
from vitte.parse.lexer import Lexed

_OPEN_TO_CLOSE: dict[int, int] = {
    t.LPAREN: t.RPAREN,
    t.LBRACKET: t.RBRACKET,
    t.LBRACE: t.RBRACE,
    t.HASH: t.RBRACKET,
    t.HASH_BANG: t.RBRACKET,
}
_CLOSERS = (t.RPAREN, t.RBRACKET, t.RBRACE)

_BRACKET = bytes(1 if kind in _OPEN_TO_CLOSE or kind in _CLOSERS else 0 for kind in range(256))

_CONTINUES = [False] * t.COUNT
for _kind in (
    t.ELSE, t.ELIF, t.AS, t.IS, t.AND, t.OR, t.IN, t.QUESTION, t.QUESTIONS, t.OROR, t.ANDAND, t.BAR, t.CARET, t.EQEQ, t.NE, t.LT, t.LE,
    t.GT, t.GE,
    t.SHL, t.PLUS, t.SLASH, t.PERCENT, t.EQ, t.ADD_EQ, t.SUB_EQ, t.MUL_EQ, t.DIV_EQ, t.REM_EQ, t.AND_EQ, t.OR_EQ, t.XOR_EQ, t.SHL_EQ,
    t.SHR_EQ,
    t.COLONS, t.ARROW, t.FAT_ARROW,
):  # fmt: skip
    _CONTINUES[_kind] = True
_SPACED = (t.MINUS, t.STAR, t.AMP, t.DOTS, t.DOTS_EQ)


class Repair(Struct):
    """A bracket put in (`inserted`: before which token of the repaired table) or taken out, with what to say about it."""

    inserted: bool
    opener: Span
    kind: int
    place: Span
    more: int


class Layout:
    """`stop[i]`: a statement ends before token `i`. `mate`: index of the closer of each opener. `repairs` is empty for
    balanced brackets; `virtual` are the indices of inserted closers."""

    __slots__ = ("mate", "repairs", "stop", "virtual")

    def __init__(self) -> None:
        self.stop: bytearray = bytearray()
        self.mate: dict[int, int] = {}
        self.repairs: list[Repair] = []
        self.virtual: set[int] = set()


def continues(lexed: Lexed, i: int) -> bool:
    """Whether a line that begins with token `i` continues the one before."""
    kind = lexed.kinds[i]
    if _CONTINUES[kind]:
        return True
    if kind in _SPACED:
        return lexed.starts[i + 1] > lexed.ends[i]
    if kind == t.DOT:
        return 0 < lexed.kinds[i + 1] <= t.INT
    return kind == t.NOT and lexed.kinds[i + 1] == t.IN


def arrange(lexed: Lexed) -> Layout:
    """The layout of a token table; repairs the table in place when its brackets do not balance."""
    out = Layout()
    if not _scan(lexed, out):
        out.repairs, out.virtual = _repair(lexed)
        out.mate = {}
        balanced = _scan(lexed, out)
        assert balanced
    return out


def _scan(lexed: Lexed, out: Layout) -> bool:
    """Fill `out.stop` and `out.mate`; false when the brackets do not balance."""
    kinds, nl = lexed.kinds, lexed.nl
    count = len(kinds)
    stop = bytearray(count)
    mate = out.mate
    codes = bytes(kinds)
    places = compress(range(count), map(or_, nl, codes.translate(_BRACKET)))
    stack: list[int] = []
    inside = False  # whether the innermost bracket is `(` or `[`
    table = _CONTINUES
    for i in places:
        kind = kinds[i]
        if nl[i] and not inside and not table[kind]:
            stop[i] = 0 if (kind == t.DOT or kind == t.NOT or kind in _SPACED) and continues(lexed, i) else 1
        if kind == t.LBRACE:
            stack.append(i)
            inside = False
        elif kind in _OPEN_TO_CLOSE:
            stack.append(i)
            inside = True
        elif kind in _CLOSERS:
            if not stack or _OPEN_TO_CLOSE[kinds[stack[-1]]] != kind:
                return False
            mate[stack.pop()] = i
            inside = bool(stack) and kinds[stack[-1]] != t.LBRACE
            if kind == t.RBRACE:
                stop[i] = 1
    stop[count - 1] = 1
    out.stop = stop
    return not stack


# Repair: only for files whose brackets do not balance.

_ITEM_WORDS = frozenset(
    (
        t.PROC, t.FORM, t.PICK, t.TRAIT, t.IMPL, t.USE, t.PULL, t.EXPORT, t.SHARE, t.SPACE, t.TYPE, t.FLAGS, t.BITS, t.TEST, t.BENCH,
        t.UNION, t.EXTERN, t.ENTRY, t.STATIC, t.PUB, t.PUBLIC,
    )
)  # fmt: skip
_STATEMENT_WORDS = frozenset(t.KEYWORD_KIND[word] for word in "let give defer break continue while".split())  # noqa: SIM905
_CONTROL_WORDS = frozenset(t.KEYWORD_KIND[word] for word in "if elif for while match when select with".split())  # noqa: SIM905


def _column(lexed: Lexed, i: int) -> int:
    start = lexed.starts[i]
    return start - lexed.text.rfind("\n", 0, start) - 1


def _repair(lexed: Lexed) -> tuple[list[Repair], set[int]]:
    kinds, ends, nl, spans = lexed.kinds, lexed.ends, lexed.nl, lexed.spans
    count = len(kinds)
    repairs: list[Repair] = []
    before: dict[int, list[int]] = {}  # closers to insert before a token of the old table
    removed: set[int] = set()
    stack: list[tuple[int, int]] = []  # (opener, indentation of its line)
    indent = 0
    header = -1  # the opening parenthesis of the last procedure header
    named = False  # the name of a procedure has been read, its parameters have not begun
    control = -1  # the last `if`, `for`, ... of the line
    type_end = -1  # the token after the parameters of the last `proc(...)` type

    def close(i: int, down_to: int) -> None:
        """Close what is open above `down_to` entries of the stack, before token `i`. One message per place."""
        more = len(stack) - down_to - 1
        opener = stack[-1][0]
        place = make_span(ends[i - 1], ends[i - 1]) if i else Span(0)
        repairs.append(Repair(True, spans[opener], kinds[opener], place, more))
        closers = before.setdefault(i, [])
        while len(stack) > down_to:
            closers.append(_OPEN_TO_CLOSE[kinds[stack.pop()[0]]])

    for i in range(count):
        kind = kinds[i]
        fresh = nl[i] or i == 0
        if kind in _CONTROL_WORDS:
            control = i
        if fresh:
            if kind not in _CONTROL_WORDS:
                control = -1
            indent = _column(lexed, i)
            keep = len(stack)
            if (kind in _ITEM_WORDS and 0 < kinds[i + 1] <= t.LAST_WORD) or kind == t.HASH:
                # A declaration does not stand left of, or level with, the line that opened the block around it.
                while keep and stack[keep - 1][1] >= indent:
                    keep -= 1
            elif kind not in _CLOSERS:
                # Inside parentheses no line begins a statement, and none stands left of the line that opened them.
                # Nor left of a brace with something after it on its line.
                while keep:
                    opener, column = stack[keep - 1]
                    if kinds[opener] == t.LBRACE:
                        if nl[opener + 1] or indent > column:
                            break
                    elif kind not in _STATEMENT_WORDS and indent > column:
                        break
                    keep -= 1
            if keep < len(stack) and kind != t.EOF:
                close(i, keep)
        if kind == t.PROC:
            named = 0 < kinds[i + 1] <= t.LAST_WORD
        elif (kind == t.ARROW and i != type_end) or kind == t.LBRACE:
            # Parameters end before the result type and the body.
            if stack and stack[-1][0] == header:
                close(i, len(stack) - 1)
            named = False
            if kind == t.LBRACE and nl[i + 1] and control >= 0 and kinds[i - 1] != t.BAR and kinds[i - 1] != t.OROR:
                # So does a condition before the block of the line's `if`, `for`, ...
                keep = len(stack)
                while keep and kinds[stack[keep - 1][0]] != t.LBRACE and stack[keep - 1][0] > control:
                    keep -= 1
                if keep < len(stack):
                    close(i, keep)
        if kind in _OPEN_TO_CLOSE:
            if kind == t.LPAREN and named:
                header, named = i, False
            stack.append((i, indent))
        elif kind in _CLOSERS:
            at = len(stack) - 1
            if kind == t.RBRACE:
                while at >= 0 and kinds[stack[at][0]] != t.LBRACE:
                    at -= 1
                if not fresh and 0 <= at < len(stack) - 1 and any(nl[stack[at][0] + 1 : i]):
                    at = -1
                if fresh and at >= 0:
                    # A closing brace at the start of a line belongs to the block whose header stands in its column.
                    if stack[at][1] < indent and at == len(stack) - 1:
                        at = -1
                    elif stack[at][1] > indent:
                        level = at
                        while level >= 0 and (kinds[stack[level][0]] != t.LBRACE or stack[level][1] != indent):
                            level -= 1
                        at = level if level >= 0 else at
            else:
                while at >= max(0, len(stack) - 4) and _OPEN_TO_CLOSE[kinds[stack[at][0]]] != kind:
                    at = -1 if kinds[stack[at][0]] == t.LBRACE and nl[i] else at - 1
                if at < max(0, len(stack) - 4):
                    at = -1
            if at < 0:
                removed.add(i)
                repairs.append(Repair(False, spans[i], kind, spans[i], 0))
                continue
            if at < len(stack) - 1:
                close(i, at + 1)
            opener = stack.pop()[0]
            if opener and kinds[opener - 1] == t.PROC:
                type_end = i + 1
    if stack:
        close(count - 1, 0)
    return repairs, _rebuild(lexed, before, removed)


def _rebuild(lexed: Lexed, before: dict[int, list[int]], removed: set[int]) -> set[int]:
    """Insert and remove closers in all tables. The indices of the inserted ones."""
    old = (lexed.kinds, lexed.starts, lexed.ends, lexed.vals, lexed.nl, lexed.docs)
    kinds, starts, ends, vals, nl, docs = old
    lexed.kinds, lexed.starts, lexed.ends, lexed.vals, lexed.nl, lexed.docs = [], [], [], [], bytearray(), {}
    lexed.spans = []
    virtual: set[int] = set()
    carried = 0
    for i, kind in enumerate(kinds):
        for closer in before.get(i, ()):
            virtual.add(len(lexed.kinds))
            place = ends[i - 1] if i else 0
            _push(lexed, closer, place, place, t.NAMES[closer], 0)
        if i in removed:
            carried |= nl[i]
            continue
        if i in docs:
            lexed.docs[len(lexed.kinds)] = docs[i]
        _push(lexed, kind, starts[i], ends[i], vals[i], nl[i] | carried)
        carried = 0
    return virtual


def _push(lexed: Lexed, kind: int, start: int, end: int, val: str, nl: int) -> None:
    lexed.kinds.append(kind)
    lexed.starts.append(start)
    lexed.ends.append(end)
    lexed.vals.append(val)
    lexed.spans.append(Span(start << SPAN_BITS | (end - start)))
    lexed.nl.append(nl)
