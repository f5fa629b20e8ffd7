"""Text to token table.

One regular expression cuts the whole text into lexemes, each with the blanks and newlines after it; the tables (kind,
spelling, whether a newline follows) are then filled by mapping dictionaries over the lexemes, which stay in C for all
spellings seen before. A spelling is classified once, on first sight.

Comments are dropped from the table (they are what lies between tokens); doc comments are kept aside by the token they
precede. Lexical mistakes are lexemes with a kind of their own: reported in a second pass that only runs when there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate, compress, repeat
from operator import add, lshift, or_

from vitte.base.diagnostics import Diagnostics
from vitte.base.source import SPAN_BITS, Span
from vitte.ir import tokens as t
from vitte.parse import errors

# Kinds of lexemes that are no tokens, above those of `ir.tokens`.
_SPACE, _COMMENT, _DOC, _INNER_DOC = 150, 151, 152, 153
_BLOCK_OPEN = 154  # `/*` of a comment with others inside, or without an end: cut again, by hand
_MISTAKES = 160
_OPEN_STRING, _OPEN_MULTI, _OPEN_BYTES, _OPEN_ZONE, _OPEN_BLOCK, _OPEN_RUNE, _LONG_RUNE, _BAD_CHAR, _BAD_NAME = range(160, 169)

# Code points above ASCII that may be in a name, roughly; `str.isidentifier` has the last word.
_LETTERS = (
    "\u00aa\u00b5\u00b7\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u203f\u2040\u2054\u2071\u207f\u2090-\u209c\u20d0-\u20f0\u2102-\u218f"
    "\u2c00-\u2dff\u3005-\u3007\u3021-\u303c\u3041-\ud7ff\uf900-\ufefe\uff10-\uffdc\U00010000-\U000e01ef"
)
_MORE_LINES = r"(?:\n[^\"\n]*+){1,40}\"(?=[ \t\r]*+(?:[),;.\]+?\n]|\Z))"
"""The rest of a string that was meant to have several lines: what is in them is no code, so one mistake is enough."""
_MASTER = re.compile(
    rf"""
    (?:
      b?r"[^"\n]*+(?:"|(?=\n)|\Z)                              # raw, also of bytes
    | b"(?:[^"\\\n]++|\\[^\n])*+(?:"|\\?(?=\n)|\\?\Z)
    | [A-Za-z_{_LETTERS}][A-Za-z0-9_{_LETTERS}]*+
    | [ \t\r\n]++
    | \#(?!!?\[)[^\n]*+
    | //[^\n]*+
    | [()\[\]{{}},;@~]
    | "(?:""(?:(?:[^"]++|"(?!""))*+(?:\"\"\"|\Z))|(?:[^"\\\n]++|\\[^\n])*+(?:"|{_MORE_LINES}|\\?(?=\n)|\\?\Z))
    | 0[xX][0-9A-Za-z_]*+ | 0[bBoO][0-9A-Za-z_]*+
    | [0-9][0-9_]*+(?:\.[0-9][0-9_]*+)?(?:[eE][+-]?[0-9][0-9_]*+)?[A-Za-z0-9_]*+
    | \.\.=? | \. | ::? | ->| =[=>]? | !=?
    | <(?:<(?:<(?:(?:[^>]++|>(?!>>))*+(?:>>>|\Z))|=)?|=)?
    | >(?:=|>=)?
    | \|[|=]? | &[&=]? | \+=? | -=? | \*=? | %=? | \^=? | \?\??
    | /\*(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/ | /\*
    | /=?
    | \#!?\[
    | '(?:[^'\\\n]|\\(?:u\{{[^}}'\n]*\}}|u[^'\n{{]{{4}}|x[^'\n]{{2}}|[^\n]))'
    | '[A-Za-z_{_LETTERS}][A-Za-z0-9_{_LETTERS}]*+(?!')
    | '[^'\n]{{0,16}}'
    | '(?:\\[^\n])?
    | .
    )[ \t\r]*+(?:\n[ \t\r\n]*+)?
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_TOKEN = re.compile(b"[\x96-\xff]")
_SELECT = bytes(1 if kind < t.COUNT else 0 for kind in range(256))
_DROP = bytes(range(t.COUNT, 256))


class Lexed:
    """The token table. `nl[i]` is 1 when a newline lies before token `i`. The last token is `EOF`.

    `spans[i]` is the span of token `i`, `vals[i]` its spelling (names in NFC). `docs` maps a token index to the text of
    the doc comments before it. `mistakes` reports each lexical mistake when called. `swallowed`: from where to where text is taken for
    part of a string or comment that has no end; what was meant to close a bracket may be in it.
    """

    __slots__ = (
        "docs", "ends", "inner_doc", "kinds", "mistake_starts", "mistakes", "nl", "spans", "starts", "swallowed", "text", "vals",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        self.text = text
        self.kinds: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.vals: list[str] = []
        self.spans: list[Span] = []
        self.nl: bytearray = bytearray()
        self.docs: dict[int, str] = {}
        self.inner_doc = ""
        self.mistake_starts: list[int] = []
        self.mistakes: list[Callable[[Diagnostics], object]] = []
        self.swallowed: list[tuple[int, int]] = []


class _Spelling(dict[str, int]):
    """Lexeme to kind, filled on first sight together with `bare` (without what follows) and `newline`."""

    __slots__ = ("bare", "newline", "renamed")

    def __init__(self) -> None:
        super().__init__()
        self.bare: dict[str, str] = {}
        self.newline: dict[str, int] = {}
        self.renamed: dict[str, str] = {}

    def shrink(self) -> None:
        """Forget everything when there is very much of it."""
        if len(self) > _MOST_SPELLINGS:
            self.clear()
            self.bare.clear()
            self.newline.clear()
            self.renamed.clear()

    def __missing__(self, lexeme: str) -> int:
        bare = lexeme.rstrip(" \t\r\n")
        kind = _FIXED.get(bare)
        newline = 0
        if len(bare) != len(lexeme):
            newline = 1 if "\n" in lexeme[len(bare) :] else 0
        if kind is None:
            kind = self._classify(bare)
            if kind == _COMMENT and "\n" in bare:
                newline = 1
        self[lexeme] = kind
        self.bare[lexeme] = bare
        self.newline[lexeme] = newline
        return kind

    def _classify(self, bare: str) -> int:
        if not bare:
            return _SPACE
        first = bare[0]
        if first == "_" or first.isalpha() or first > "\x7f":
            if bare[-1] == '"' or '"' in bare:
                return _classify_string(bare)
            if bare.isascii():
                return t.IDENT
            if not bare.isidentifier():
                return _BAD_NAME if bare[0].isidentifier() else _BAD_CHAR
            return self._normalise(bare)
        if first.isdigit():
            if bare[:2] in ("0x", "0X"):
                return t.INT
            return t.FLOAT if "." in bare or _exponent(bare) else t.INT
        if first == '"':
            return _classify_string(bare)
        if first == "'":
            return _classify_rune(bare)
        if first == "#":
            return _COMMENT
        if first == "/":
            if bare == "/*":
                return _BLOCK_OPEN
            if bare.startswith("///") and not bare.startswith("////"):
                return _DOC
            if bare.startswith("/*"):
                return _COMMENT if _balanced(bare) else _OPEN_BLOCK
            return _INNER_DOC if bare.startswith("//!") else _COMMENT
        if bare.startswith("<<<"):
            return _COMMENT if bare.endswith(">>>") and len(bare) >= 6 else _OPEN_ZONE
        return _BAD_CHAR

    def _normalise(self, name: str) -> int:
        import unicodedata

        normal = unicodedata.normalize("NFC", name)
        if normal != name:
            self.renamed[name] = normal
        return t.KEYWORD_KIND.get(normal, t.IDENT)


_SPELLING = _Spelling()
"""Shared by all files, which have most of their spellings in common. Only saves work: what it holds depends on nothing else."""
_MOST_SPELLINGS = 1 << 15

_FIXED: dict[str, int] = {**t.KEYWORD_KIND, **t.PUNCTUATION_KIND}


def _exponent(number: str) -> bool:
    """Whether a decimal literal without a point has an exponent: `1e9`, not a suffix `1else`."""
    at = number.find("e") if "e" in number else number.find("E")
    if at < 0 or not number[:at].replace("_", "").isdigit():
        return False
    rest = number[at + 1 : at + 3].lstrip("+-")
    return rest[:1].isdigit()


def _classify_string(bare: str) -> int:
    at = bare.index('"')
    prefix = bare[:at]
    if bare.startswith('"""', at):
        return t.MULTI_STR if len(bare) >= at + 6 and bare.endswith('"""') else _OPEN_MULTI
    closed = len(bare) > at + 1 and bare[-1] == '"'
    if closed and "r" not in prefix:
        # The last quote may be an escaped one: count the backslashes before it.
        back = len(bare) - 2
        while bare[back] == "\\":
            back -= 1
        closed = (len(bare) - 2 - back) % 2 == 0
    if prefix in ("b", "br"):
        return t.BYTES if closed else _OPEN_BYTES
    if not closed or "\n" in bare:
        return _OPEN_STRING
    return t.RAW_STR if prefix else t.STR


def _classify_rune(bare: str) -> int:
    if len(bare) == 1 or bare[-1] != "'":
        return t.LABEL if len(bare) > 1 and bare[1] != "\\" and bare[1:].isidentifier() else _OPEN_RUNE
    body = bare[1:-1]
    if len(body) == 1 or (body[:1] == "\\" and len(body) > 1 and "\\" not in body[2:] and _one_escape(body)):
        return t.RUNE
    return _LONG_RUNE


def _one_escape(body: str) -> bool:
    kind = body[1]
    if kind == "u":
        return body.endswith("}") if body[2:3] == "{" else len(body) == 6
    return len(body) == (4 if kind == "x" else 2)


def lex(text: str) -> Lexed:
    """Cut `text` into tokens. Never fails: mistakes are listed in the result."""
    out = Lexed(text)
    spelling = _SPELLING
    spelling.shrink()
    lexemes: list[str] = _MASTER.findall(text)
    kinds = bytes(map(spelling.__getitem__, lexemes))
    if _BLOCK_OPEN in kinds:
        lexemes = _cut_nested(text)
        kinds = bytes(_OPEN_BLOCK if kind == _BLOCK_OPEN else kind for kind in map(spelling.__getitem__, lexemes))
    vals = list(map(spelling.bare.__getitem__, lexemes))
    nl = bytearray(map(spelling.newline.__getitem__, lexemes))
    starts = list(accumulate(map(len, lexemes), initial=0))
    starts.pop()
    if kinds and max(kinds) >= t.COUNT:
        kinds = _drop_trivia(out, kinds, nl, starts, vals)
        keep = kinds.translate(_SELECT)
        vals = list(compress(vals, keep))
        starts = list(compress(starts, keep))
        # A newline after the last comment before a token has been carried back to the lexeme before the comments.
        first = 1 if out.nl else 0
        out.nl = bytearray(compress(nl, keep))
        kinds = kinds.translate(None, _DROP)
    else:
        first = 0
        out.nl = nl
    # From "newline after" to "newline before".
    out.nl.insert(0, first)
    out.nl[-1] = 1
    lengths = list(map(len, vals))
    out.ends = list(map(add, starts, lengths))
    out.spans = list(map(or_, map(lshift, starts, repeat(SPAN_BITS)), lengths))
    out.kinds = list(kinds)
    out.starts, out.vals = starts, vals
    if spelling.renamed:
        renamed = spelling.renamed
        out.vals = [renamed.get(val, val) for val in vals]
    end = len(text)
    out.kinds.append(t.EOF)
    out.starts.append(end)
    out.ends.append(end)
    out.vals.append("")
    out.spans.append(Span(end << SPAN_BITS))
    return out


def _drop_trivia(out: Lexed, kinds: bytes, nl: bytearray, starts: list[int], vals: list[str]) -> bytes:
    """Carry the newlines of comments to the lexeme before them, keep doc comments, list mistakes. Returns the kinds with
    mistakes replaced by the token they pass for, or by a kind that is dropped. Sets `out.nl` when a newline is first."""
    places = [match.start() for match in _NOT_TOKEN.finditer(kinds)]
    mutable = bytearray(kinds)
    docs = False
    for at in places:
        kind = kinds[at]
        if kind == _BAD_CHAR and at and kinds[at - 1] == _BAD_CHAR:
            mutable[at] = _COMMENT  # one message for a run of them
        elif kind >= _MISTAKES:
            out.mistake_starts.append(starts[at])
            mutable[at] = _mistake(out, kind, starts[at], vals[at])
        elif kind == _DOC or kind == _INNER_DOC:  # noqa: SIM109
            docs = True
    for at in reversed(places):
        if nl[at] and mutable[at] >= t.COUNT:
            if at:
                nl[at - 1] = 1
            else:
                out.nl = bytearray(1)
    if docs:
        _keep_docs(out, mutable, places, vals)
    return bytes(mutable)


def _keep_docs(out: Lexed, kinds: bytearray, places: list[int], vals: list[str]) -> None:
    inner: list[str] = []
    lines: dict[int, list[str]] = {}
    dropped = 0
    for at in places:
        kind = kinds[at]
        if kind < t.COUNT:
            continue
        if kind == _DOC or kind == _INNER_DOC:  # noqa: SIM109
            line = vals[at][3:]
            line = line[1:] if line[:1] == " " else line
            if kind == _DOC:
                lines.setdefault(at - dropped, []).append(line)
            else:
                inner.append(line)
        dropped += 1
    out.docs = {at: "\n".join(text) for at, text in lines.items()}
    out.inner_doc = "\n".join(inner)


def _mistake(out: Lexed, kind: int, start: int, text: str) -> int:
    """List one lexical mistake; the kind of the token it passes for."""
    end = start + len(text)
    report = out.mistakes.append
    if kind < _OPEN_RUNE:
        out.swallowed.append((start, end))
    if kind in (_OPEN_STRING, _OPEN_BYTES):
        end = start + len(text.partition("\n")[0])
        report(lambda d: errors.unterminated_string(d, start, end, '"'))
        return t.STR if kind == _OPEN_STRING else t.BYTES
    if kind == _OPEN_MULTI:
        report(lambda d: errors.unterminated_string(d, start, start + 3, '"""'))
        return t.MULTI_STR
    if kind == _OPEN_ZONE:
        report(lambda d: errors.unterminated_comment(d, start, "<<<", ">>>"))
        return _COMMENT
    if kind == _OPEN_BLOCK:
        report(lambda d: errors.unterminated_comment(d, start, "/*", "*/"))
        return _COMMENT
    if kind == _OPEN_RUNE:
        report(lambda d: errors.unterminated_rune(d, start, end))
        return t.RUNE
    if kind == _LONG_RUNE:
        report(lambda d: errors.bad_rune(d, start, end, text[1:-1]))
        return t.RUNE
    if kind == _BAD_NAME:
        at = next(i for i in range(1, len(text) + 1) if not text[:i].isidentifier()) - 1
        report(lambda d: errors.unexpected_character(d, start + at, start + at + 1, text[at]))
        return t.IDENT
    report(lambda d: errors.unexpected_character(d, start, end, text[0]))
    return _COMMENT


_NEST = re.compile(r"/\*|\*/")
_BLANKS = re.compile(r"[ \t\r]*(?:\n[ \t\r\n]*)?")


def _comment_end(text: str, at: int) -> int:
    """Where the block comment that begins at `at` ends, or -1."""
    depth = 0
    for mark in _NEST.finditer(text, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return -1


def _balanced(comment: str) -> bool:
    return _comment_end(comment, 0) == len(comment)


def _cut_nested(text: str) -> list[str]:
    """As `findall`, for a text with comments inside comments; an unterminated comment is one lexeme with all the rest."""
    lexemes: list[str] = []
    match = _MASTER.match
    at, end = 0, len(text)
    while at < end:
        found = match(text, at)
        assert found is not None
        lexeme = found.group()
        if lexeme.startswith("/*") and lexeme.rstrip(" \t\r\n") == "/*":
            stop = _comment_end(text, at)
            if stop < 0:
                lexeme = text[at:]
            else:
                blanks = _BLANKS.match(text, stop)
                assert blanks is not None
                lexeme = text[at : blanks.end()]
        lexemes.append(lexeme)
        at += len(lexeme)
    return lexemes
