"""Values of literals. Mistakes are reported at their place inside the literal."""

from __future__ import annotations

from vitte.base.diagnostics import Diagnostics, Suggestion
from vitte.base.source import make_span
from vitte.ir import tokens as t
from vitte.parse import errors

INT_SUFFIXES = ("i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "isize", "usize", "int", "uint", "byte")
FLOAT_SUFFIXES = ("f32", "f64", "float")
MAX_DIGITS = 200
"""No integer type needs more digits, and a limit keeps conversion linear."""

_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", '"': '"', "'": "'", "\\": "\\"}
_DIGITS = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdefABCDEF"}
_RADIX_NAME = {2: "a binary", 8: "an octal", 10: "a decimal", 16: "a hexadecimal"}


INFINITY = float("inf")


def integer(out: Diagnostics, raw: str, start: int) -> tuple[int, str, int]:
    """(value, suffix, radix) of an integer literal; reports what is wrong and answers a best guess."""
    radix, at = 10, 0
    if raw[0] == "0" and len(raw) > 1:
        radix = {"x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8}.get(raw[1], 10)
        at = 0 if radix == 10 else 2
    allowed = _DIGITS[radix]
    end = at
    while end < len(raw) and (raw[end] in allowed or raw[end] == "_"):
        end += 1
    digits = raw[at:end].replace("_", "")
    suffix = raw[end:]
    if suffix and suffix not in INT_SUFFIXES and not (radix == 10 and suffix in FLOAT_SUFFIXES):
        place = make_span(start + end, start + len(raw))
        if suffix[0].isdigit() or (radix != 10 and not digits):
            message = f"`{suffix[0]}` is not {_RADIX_NAME[radix]} digit"
            out.error(errors.BAD_NUMBER, make_span(start + end, start + end + 1), message)
        else:
            helps = (Suggestion("a suffix is a number type: `1u8`, `255i64`, `1.5f32`"),)
            out.error(errors.BAD_NUMBER, place, f"unknown suffix `{suffix}` of a number", helps=helps)
        suffix = ""
    elif not digits:
        out.error(errors.BAD_NUMBER, make_span(start, start + len(raw)), f"no digits after `{raw[:2]}`")
        return 0, "", radix
    if len(digits) > MAX_DIGITS:
        helps = (Suggestion("the largest integer type has 128 bits"),)
        out.error(
            errors.HUGE_NUMBER, make_span(start, start + len(raw)), f"integer literal of {len(digits)} digits is too large", helps=helps
        )
        return 0, "", radix
    return (int(digits, radix) if digits else 0), suffix, radix


def floating(out: Diagnostics, raw: str, start: int) -> tuple[str, str]:
    """(text without underscores and suffix, suffix) of a float literal."""
    end = len(raw)
    plain = raw.replace("_", "")
    if plain.replace(".", "").isdigit():
        return plain, ""
    at = 0
    while at < end and (
        raw[at] in "0123456789._" or (raw[at] in "eE" and _is_exponent(raw, at)) or (raw[at] in "+-" and raw[at - 1] in "eE")
    ):
        at += 1
    text, suffix = raw[:at].replace("_", ""), raw[at:]
    if suffix and suffix not in FLOAT_SUFFIXES:
        helps = (Suggestion("a float's suffix is `f32` or `f64`"),)
        out.error(errors.BAD_NUMBER, make_span(start + at, start + end), f"unknown suffix `{suffix}` of a float", helps=helps)
        suffix = ""
    if text[-1:].isdigit() and float(text) == INFINITY:
        helps = (Suggestion("the largest `f64` is about 1.8e308; infinity is `math.INFINITY`"),)
        out.error(errors.HUGE_NUMBER, make_span(start, start + end), "float literal is too large", helps=helps)
        return "0.0", suffix
    return text, suffix


def _is_exponent(raw: str, at: int) -> bool:
    rest = raw[at + 1 : at + 3]
    return rest[:1].isdigit() or (rest[:1] in ("+", "-") and rest[1:].isdigit())


def string(out: Diagnostics, raw: str, start: int, kind: int) -> tuple[str, int, bool]:
    """(value, offset of the body in the source, whether each character of the value is one of the source)."""
    if kind == t.STR:
        body = raw[1:-1] if len(raw) > 1 and raw[-1] == '"' else raw[1:]
        if "\\" not in body:
            return body, start + 1, True
        return unescape(out, body, start + 1), start + 1, False
    if kind == t.RAW_STR:
        return raw[2:-1], start + 2, True
    body = raw[3:-3] if len(raw) >= 6 and raw.endswith('"""') else raw[3:]
    if "\r\n" in body:
        return body.replace("\r\n", "\n"), start + 3, False
    return body, start + 3, True


def byte_string(out: Diagnostics, raw: str, start: int) -> bytes:
    """The value of `b"..."` or `br"..."`: ASCII and escapes up to `\\xFF`."""
    at = raw.index('"') + 1
    body = raw[at:-1] if len(raw) > at and raw[-1] == '"' else raw[at:]
    if raw[1] != "r" and "\\" in body:
        body = unescape(out, body, start + at, bytes_only=True)
    elif not body.isascii():
        _not_ascii(out, body, start + at)
    return bytes(ord(c) & 0xFF for c in body)


def _not_ascii(out: Diagnostics, body: str, start: int) -> None:
    at = next(i for i, c in enumerate(body) if c > "\x7f")
    helps = (Suggestion("write its bytes with `\\xHH`"),)
    message = f"{errors.character_name(body[at])} is not ASCII and cannot stand in bytes"
    out.error(errors.BAD_BYTES, make_span(start + at, start + at + 1), message, helps=helps)


def rune(out: Diagnostics, raw: str, start: int) -> str:
    body = raw[1:-1]
    if body[:1] == "\\":
        body = unescape(out, body, start + 1)
    return body if len(body) == 1 else "\ufffd"


def unescape(out: Diagnostics, body: str, start: int, bytes_only: bool = False) -> str:
    """Replace escapes; `start` is where `body` stands in the source. A bad escape is reported and left out."""
    parts: list[str] = []
    at, end = 0, len(body)
    while at < end:
        back = body.find("\\", at)
        if back < 0:
            back = end
        if bytes_only and not body[at:back].isascii():
            _not_ascii(out, body[at:back], start + at)
        parts.append(body[at:back])
        if back == end:
            break
        kind = body[back + 1 : back + 2]
        simple = _SIMPLE.get(kind)
        if simple is not None:
            parts.append(simple)
            at = back + 2
        elif kind == "x":
            at = _hex(out, body, start, back, 2, parts, 0xFF if bytes_only else 0x7F)
        elif kind == "u" and not bytes_only:
            at = (
                _braced(out, body, start, back, parts)
                if body[back + 2 : back + 3] == "{"
                else _hex(out, body, start, back, 4, parts, 0xFFFF)
            )
        else:
            known = "`\\n \\r \\t \\0 \\\" \\' \\\\ \\xHH`" + ("" if bytes_only else " `\\uHHHH \\u{H..}`")
            helps = (f"the escapes are {known}", 'write `\\\\` for a backslash, or use a raw string `r"..."`')
            errors.bad_escape(out, start + back, start + back + 1 + len(kind), f"unknown escape `\\{kind}`", helps)
            at = back + 1 + len(kind)
    return "".join(parts)


def _hex(out: Diagnostics, body: str, start: int, back: int, count: int, parts: list[str], limit: int) -> int:
    digits = body[back + 2 : back + 2 + count]
    good = 0
    while good < len(digits) and digits[good] in _DIGITS[16]:
        good += 1
    end = back + 2 + good
    if good < count:
        what = f"`\\{body[back + 1]}` needs {count} hexadecimal digits, found {good}"
        errors.bad_escape(out, start + back, start + end, what, ())
        return end
    value = int(digits, 16)
    if value > limit:
        helps = ("write `\\u{" + digits + '}` for the character, or bytes: `b"..."`',)
        errors.bad_escape(out, start + back, start + end, f"`\\x{digits}` is above `\\x7F`", helps)
    elif 0xD800 <= value <= 0xDFFF:
        errors.bad_escape(out, start + back, start + end, f"U+{value:04X} is a surrogate, not a character", ())
    else:
        parts.append(chr(value))
    return end


def _braced(out: Diagnostics, body: str, start: int, back: int, parts: list[str]) -> int:
    at = back + 3
    while at < len(body) and body[at] in _DIGITS[16]:
        at += 1
    digits = body[back + 3 : at]
    if body[at : at + 1] != "}":
        errors.bad_escape(out, start + back, start + at, "`\\u{` without its closing `}`", ())
        return at
    at += 1
    value = int(digits, 16) if 1 <= len(digits) <= 8 else -1
    if value < 0:
        errors.bad_escape(out, start + back, start + at, "`\\u{...}` takes one to six hexadecimal digits", ())
    elif value > 0x10FFFF:
        errors.bad_escape(out, start + back, start + at, f"U+{value:X} is beyond U+10FFFF, the last character", ())
    elif 0xD800 <= value <= 0xDFFF:
        errors.bad_escape(out, start + back, start + at, f"U+{value:04X} is a surrogate, not a character", ())
    else:
        parts.append(chr(value))
    return at
