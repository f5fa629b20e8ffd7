"""WebAssembly: the core specification's binary format, and for objects the tool conventions' `linking` section."""

from __future__ import annotations

from collections.abc import Iterator

from vitte.driver_impl.link.formats import Section

_NAMES = ("custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count",
          "tag")  # fmt: skip
_CODE, _DATA = 10, 11
_SYMBOL_TABLE = 8
_FUNCTION, _DATA_SYMBOL, _GLOBAL, _SECTION, _EVENT, _TABLE = range(6)
_LOCAL, _UNDEFINED = 2, 16


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number without end")


def _text(data: bytes, at: int) -> tuple[str, int]:
    size, at = _number(data, at)
    if at + size > len(data):
        raise ValueError("a name beyond the end")
    return data[at : at + size].decode("utf-8", "surrogateescape"), at + size


def _parts(data: bytes) -> Iterator[tuple[int, str, int, int]]:
    """Number, name, start of the contents and end of each section."""
    at = 8
    while at < len(data):
        number = data[at]
        size, start = _number(data, at + 1)
        end = start + size
        if end > len(data):
            raise ValueError("a section beyond the end")
        name = _NAMES[number] if number < len(_NAMES) else str(number)
        if number == 0:
            name, start = _text(data, start)
        yield number, name, start, end
        at = end


def symbols(data: bytes) -> list[str]:
    found: list[str] = []
    for number, name, at, end in _parts(data):
        if number != 0 or name != "linking":
            continue
        _, at = _number(data, at)  # its version
        while at < end:
            kind = data[at]
            size, at = _number(data, at + 1)
            if kind == _SYMBOL_TABLE:
                found += _symbol_table(data, at)
            at += size
    return found


def _symbol_table(data: bytes, at: int) -> list[str]:
    found: list[str] = []
    count, at = _number(data, at)
    for _ in range(count):
        kind = data[at]
        flags, at = _number(data, at + 1)
        name = ""
        if kind == _SECTION:
            _, at = _number(data, at)
        elif kind == _DATA_SYMBOL:
            name, at = _text(data, at)
            for _ in range(0 if flags & _UNDEFINED else 3):
                _, at = _number(data, at)
        elif kind in (_FUNCTION, _GLOBAL, _EVENT, _TABLE):
            _, at = _number(data, at)
            if not flags & _UNDEFINED or flags & 0x40:
                name, at = _text(data, at)
        else:
            raise ValueError(f"symbol of kind {kind}")
        if name and not flags & (_LOCAL | _UNDEFINED):
            found.append(name)
    return found


def sections(data: bytes) -> list[Section]:
    found: list[Section] = []
    for number, name, start, end in _parts(data):
        if number == 0:
            what = "debug" if name.startswith(".debug") or name == "name" else "other"
        else:
            what = "text" if number == _CODE else "data" if number == _DATA else "other"
        found.append(Section(name, end - start, what))
    return found
