"""How many terminal cells characters take. ASCII is decided without loading the Unicode tables."""

from __future__ import annotations

TAB = 4
"""A tab is shown as this many blanks, wherever it stands."""


def char_width(char: str) -> int:
    """0 for combining and format characters, 2 for wide ones, `TAB` for a tab, else 1 (Unicode annex 11)."""
    if char == "\t":
        return TAB
    if char.isascii():
        return 1
    from unicodedata import category, combining, east_asian_width

    if combining(char) or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1


def text_width(text: str) -> int:
    if text.isascii() and "\t" not in text:
        return len(text)
    return sum(map(char_width, text))


def visible(text: str) -> str:
    """The text as it may be sent to a terminal: tabs as blanks, control and direction-changing characters as a mark."""
    if text.isprintable():
        return text
    out = []
    for char in text:
        if char == "\t":
            out.append(" " * TAB)
        elif char < " " or char == "\x7f":
            out.append("\N{REPLACEMENT CHARACTER}")
        elif "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069":
            continue  # of width 0, and they would reorder what is shown
        else:
            out.append("\N{REPLACEMENT CHARACTER}" if "\x80" <= char < "\xa0" else char)
    return "".join(out)
