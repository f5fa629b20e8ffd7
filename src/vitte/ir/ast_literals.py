"""Where the characters of a decoded string literal stand in its source text.

Format strings are read from the decoded value; their errors are shown in the source.
"""

from __future__ import annotations


def _prefix(raw: str) -> tuple[int, int, bool]:
    """(start of the body, end of the body, whether escapes are decoded) of a string literal's source text."""
    at = 0
    escapes = True
    while raw[at] in "rb":
        escapes = escapes and raw[at] != "r"
        at += 1
    hashes = 0
    while raw[at] == "#":
        at += 1
        hashes += 1
    quote = 3 if raw.startswith('"""', at) and len(raw) >= at + 6 else 1
    return at + quote, len(raw) - quote - hashes, escapes and quote == 1


def offset_map(raw: str) -> list[int]:
    """For each character of the decoded value its offset in `raw` (the literal's source text), then that of the end of the body."""
    start, end, escapes = _prefix(raw)
    offsets: list[int] = []
    at = start
    while at < end:
        offsets.append(at)
        char = raw[at]
        if char == "\r" and raw.startswith("\r\n", at):
            at += 2
        elif char != "\\" or not escapes:
            at += 1
        else:
            kind = raw[at + 1 : at + 2]
            if kind == "x":
                at += 4
            elif kind == "u" and raw[at + 2 : at + 3] == "{":
                at = raw.index("}", at) + 1
            elif kind == "u":
                at += 6
            else:
                at += 2
    offsets.append(end)
    return offsets
