"""What can be wrong with the form of a source: codes and messages of the lexer and the parser."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostics, ErrorToken, Suggestion
from vitte.base.source import Span, make_span
from vitte.base.suggest import closest
from vitte.ir import tokens as t

UNEXPECTED_CHARACTER = Code("V0001", "unexpected character")
UNTERMINATED_STRING = Code("V0002", "unterminated string")
UNTERMINATED_COMMENT = Code("V0003", "unterminated comment")
BAD_RUNE = Code("V0004", "malformed rune literal")
BAD_ESCAPE = Code("V0005", "unknown or malformed escape")
BAD_NUMBER = Code("V0006", "malformed number")
HUGE_NUMBER = Code("V0007", "number literal too large")
INVALID_UTF8 = Code("V0008", "source is not UTF-8")
SOURCE_TOO_LARGE = Code("V0009", "source too large")
UNCLOSED = Code("V0010", "unclosed bracket")
UNMATCHED = Code("V0011", "unmatched closing bracket")
EXPECTED = Code("V0012", "something else expected here")
EXPECTED_EXPRESSION = Code("V0013", "expression expected")
EXPECTED_PATTERN = Code("V0014", "pattern expected")
EXPECTED_TYPE = Code("V0015", "type expected")
EXPECTED_ITEM = Code("V0016", "declaration expected")
NOT_SEPARATED = Code("V0017", "statements not separated")
TOO_DEEP = Code("V0018", "nested too deeply")
CHAINED_COMPARISON = Code("V0019", "comparisons do not chain")
BARE_FORM_LITERAL = Code("V0020", "form literal in a condition")
BAD_PLACE = Code("V0021", "not a place that can be set")
BODY = Code("V0022", "procedure body missing or not allowed")
ASSIGNMENT_VALUE = Code("V0023", "assignment is not an expression")
BAD_MODIFIER = Code("V0024", "misplaced or repeated modifier")
MISPLACED_ATTRIBUTE = Code("V0025", "attribute without a declaration")
LET_WITHOUT_VALUE = Code("V0026", "`let` without a value")
BAD_LABEL = Code("V0027", "label without a loop")
FOREIGN_WORD = Code("V0028", "word of another language")
BAD_REST = Code("V0029", "misplaced `..` in a pattern")
BAD_BYTES = Code("V0030", "character outside ASCII in bytes")
MISPLACED_SPACE = Code("V0031", "misplaced `space`")
BAD_PARAMETER = Code("V0032", "malformed parameter")

FOUNDING_SURFACE = Code("V0901", "founding surface not supported yet")
RESERVED: dict[str, Code] = {
    "async": Code("V0902", "`async` and `await` not supported yet"),
    "macro": Code("V0903", "`macro` not supported yet"),
    "region": Code("V0904", "`region` not supported yet"),
    "effects": Code("V0905", "`effects` not supported yet"),
    "requires": Code("V0906", "`requires` not supported yet"),
    "query": Code("V0907", "`query` not supported yet"),
    "pass": Code("V0908", "`pass` not supported yet"),
    "backend": Code("V0909", "`backend` not supported yet"),
    "compiler": Code("V0910", "`compiler` not supported yet"),
    "diagnostic": Code("V0911", "`diagnostic` not supported yet"),
    "class": Code("V0912", "`class` not supported yet"),
    "intrinsic": Code("V0913", "`intrinsic` not supported outside the standard library"),
    "interrupt": Code("V0914", "`interrupt` and `naked` not supported yet"),
    "critical": Code("V0915", "`critical` not supported yet"),
}
RESERVED["await"] = RESERVED["async"]
RESERVED["naked"] = RESERVED["interrupt"]

BIT_PRECEDENCE = Code("W0001", "bit operator mixed with a comparison", "bit-precedence")

_FOREIGN: dict[str, str] = {
    "fn": "proc", "func": "proc", "def": "proc", "function": "proc", "fun": "proc", "struct": "form", "record": "form", "enum": "pick",
    "interface": "trait", "protocol": "trait", "var": "let mut", "val": "let", "return": "give", "ret": "give", "import": "use",
    "include": "use", "module": "space", "namespace": "space", "switch": "match", "elseif": "elif", "elsif": "elif", "extends": "impl",
    "implements": "impl", "throw": "panic", "typedef": "type", "otherwise": "else", "make": "let", "say": "println",
}  # fmt: skip

FOREIGN_MODES = {"own": "owned", "take": "owned", "consuming": "owned", "inout": "mut", "lend": "borrow", "lent": "borrow", "ref": "borrow"}
"""What other languages, or habit, put before a parameter's name."""


def describe(kind: int, text: str) -> str:
    """A token as messages name it."""
    if kind == t.EOF:
        return "the end of the file"
    if kind <= t.LAST_WORD or kind in (t.INT, t.FLOAT, t.LABEL, t.RUNE):
        return f"`{text}`" if len(text) <= 40 else f"a {t.NAMES[kind]}"
    if kind < t.LPAREN:
        return f"a {t.NAMES[kind]}"
    return f"`{t.NAMES[kind]}`"


def character_name(char: str) -> str:
    import unicodedata

    name = unicodedata.name(char, "")
    shown = f"`{char}` " if char.isprintable() and not char.isspace() else ""
    return f"{shown}U+{ord(char):04X}" + (f" ({name})" if name else "")


_LOOKALIKE: dict[str, str] = {
    "\u00a0": " ", "\u2003": " ", "\u3000": " ", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00d7": "*", "\u00f7": "/",
    "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2192": "->", "\u21d2": "=>",
    "\uff08": "(",
    "\uff09": ")", "\uff0c": ",", "\uff1a": ":", "\uff1b": ";", "\u037e": ";",
}  # fmt: skip


def unexpected_character(out: Diagnostics, start: int, end: int, char: str) -> ErrorToken:
    span = make_span(start, end)
    helps: tuple[Suggestion, ...] = ()
    other = _LOOKALIKE.get(char)
    if other is not None and end == start + 1:
        helps = (out.suggest(f"write `{other}`" if other != " " else "write an ordinary space", span, other, "machine"),)
    return out.error(UNEXPECTED_CHARACTER, span, f"unexpected character {character_name(char)}", "not part of the language", helps=helps)


def unterminated_string(out: Diagnostics, start: int, end: int, quote: str) -> ErrorToken:
    what = "string" if quote == '"' else "multi-line string"
    helps = (Suggestion(f"close it with `{quote}`" + (', or use `"""` for text of several lines' if quote == '"' else "")),)
    return out.error(UNTERMINATED_STRING, make_span(start, end), f"unterminated {what}", f"no closing `{quote}`", helps=helps)


def unterminated_comment(out: Diagnostics, start: int, opener: str, closer: str) -> ErrorToken:
    span = make_span(start, start + len(opener))
    return out.error(
        UNTERMINATED_COMMENT, span, "unterminated comment", f"no closing `{closer}`", helps=(Suggestion(f"close it with `{closer}`"),)
    )


def bad_rune(out: Diagnostics, start: int, end: int, body: str) -> ErrorToken:
    span = make_span(start, end)
    if not body:
        return out.error(BAD_RUNE, span, "empty rune literal", "one character is expected between the quotes")
    if '"' in body or "\\" in body:
        return out.error(BAD_RUNE, span, "a rune literal holds exactly one character")
    helps = (out.suggest("use double quotes for a string", span, f'"{body}"', "maybe"),)
    return out.error(BAD_RUNE, span, f"a rune literal holds exactly one character, this one has {len(body)}", helps=helps)


def unterminated_rune(out: Diagnostics, start: int, end: int) -> ErrorToken:
    helps = (Suggestion("write a rune as `'a'`, a label as `'name: loop { ... }`"),)
    return out.error(BAD_RUNE, make_span(start, end), "unterminated rune literal", "no closing `'`", helps=helps)


def bad_escape(out: Diagnostics, start: int, end: int, message: str, helps: tuple[str, ...]) -> ErrorToken:
    return out.error(BAD_ESCAPE, make_span(start, end), message, helps=tuple(Suggestion(h) for h in helps))


def unclosed(out: Diagnostics, opener: Span, kind: int, closer: str, place: Span, more: int) -> ErrorToken:
    notes = (f"{more} more {'is' if more == 1 else 'are'} unclosed around it",) if more else ()
    name = t.NAMES[kind]
    return out.error(
        UNCLOSED, opener, f"unclosed `{name}`", f"no `{closer}` for this", labels=((place, f"`{closer}` expected by here"),), notes=notes
    )


def unmatched(out: Diagnostics, span: Span, kind: int) -> ErrorToken:
    return out.error(
        UNMATCHED,
        span,
        f"unmatched `{t.NAMES[kind]}`",
        "closes nothing",
        helps=(Suggestion("remove it, or add the bracket that opens it"),),
    )


def is_foreign(word: str) -> bool:
    return word in _FOREIGN


def foreign_word(out: Diagnostics, span: Span, word: str) -> ErrorToken:
    """A word that other languages have (`is_foreign`)."""
    ours = _FOREIGN[word]
    helps = (out.suggest(f"write `{ours}`", span, ours, "maybe"),)
    return out.error(FOREIGN_WORD, span, f"`{word}` is written `{ours}` in Vitte", helps=helps)


def nearest_declaration(word: str) -> str | None:
    """The word that a misspelled declaration was meant to begin with."""
    return closest(
        word, ("proc", "form", "pick", "trait", "impl", "const", "static", "type", "use", "export", "test", "extern", "union", "pub")
    )


def expected_item(out: Diagnostics, span: Span, kind: int, text: str, statement: bool) -> ErrorToken:
    if statement:
        where = (Suggestion("statements belong in a procedure: `proc main() { ... }`"),)
        return out.error(
            EXPECTED_ITEM, span, f"expected a declaration, found {describe(kind, text)}", "a statement cannot stand here", helps=where
        )
    helps: tuple[Suggestion, ...] = ()
    if kind == t.IDENT:
        near = nearest_declaration(text)
        if near is not None:
            helps = (out.suggest(f"did you mean `{near}`?", span, near, "maybe"),)
    return out.error(EXPECTED_ITEM, span, f"expected a declaration, found {describe(kind, text)}", helps=helps)


def not_supported(out: Diagnostics, span: Span, keyword: str) -> ErrorToken:
    code = RESERVED[keyword]
    return out.error(code, span, f"`{keyword}` is not supported yet", "reserved for a later edition")


def founding_surface(out: Diagnostics, span: Span) -> ErrorToken:
    helps = (Suggestion("open the block with `{` and close it with `}`"),)
    return out.error(
        FOUNDING_SURFACE,
        span,
        "the founding surface (blocks by indentation) is not supported yet",
        "this block is not opened by `{`",
        helps=helps,
    )
