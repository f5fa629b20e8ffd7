"""Positions in an object file: found by markers and written over what LLVM gave.

LLVM never sees a line or a column (unless debug information asks for them): where a table of places belongs, its input has a
marker of 16 bytes that stands nowhere else, followed by zeros. So equal code is equal text whatever the layout of the source,
and one object of LLVM's serves all of them; only the tables' bytes differ.
"""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

MARKER = 16
"""Bytes of a marker: the least a table takes, so that its marker fits into it."""
ROW = 8
"""Bytes of a row: line and column, 32 bits each, little-endian like every target."""


class Table(Struct):
    """What belongs at a marker's place: `rows` as pairs of 32-bit numbers, at least two of them.

    The last pair ends the table: (length in bytes of the file's name, 0). The name follows and is not part of what is written."""

    marker: bytes
    rows: list[tuple[int, int]]


class Prepared(Struct):
    """A unit ready for LLVM. `text`: all that its object depends on beside the compiler itself, markers in the tables' places.
    `tables`: in order of the text; each stands in the object exactly once."""

    text: str
    tables: list[Table]


def marker_of(symbol: str) -> bytes:
    """The marker of the table of that symbol."""
    return sha256(b"vitte places " + symbol.encode("utf-8", "surrogatepass")).digest()[:MARKER]


def data_of(table: Table) -> bytes:
    """The bytes of a table's rows."""
    return b"".join([first.to_bytes(4, "little") + second.to_bytes(4, "little") for first, second in table.rows])


def locate(data: bytes, tables: list[Table]) -> list[int] | None:
    """Offsets in bytes of the tables' rows in an object of `compile_text`; None unless each marker is there exactly once, with room
    for its rows behind it. Time is linear in the size of the object, for each table."""
    offsets: list[int] = []
    for table in tables:
        at = data.find(table.marker)
        if at < 0 or data.find(table.marker, at + 1) >= 0:
            return None
        rest = data[at + MARKER : at + ROW * len(table.rows)]
        if len(rest) != ROW * len(table.rows) - MARKER or any(rest):
            return None
        offsets.append(at)
    return offsets


def fill(data: bytes, offsets: list[int], tables: list[Table]) -> bytes:
    """The unit's object: `data` with each table's rows at its offset, as `locate` gave them. Raises ValueError when an offset does
    not lie in the object or the numbers of offsets and tables differ."""
    if not tables and not offsets:
        return data
    result = bytearray(data)
    for at, table in zip(offsets, tables, strict=True):
        rows = data_of(table)
        if at < 0 or at + len(rows) > len(result):
            raise ValueError("a table lies outside the object")
        result[at : at + len(rows)] = rows
    return bytes(result)
