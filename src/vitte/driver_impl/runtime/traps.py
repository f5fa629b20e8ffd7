"""A trap of a WebAssembly program, in Vitte's words and places."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import wasmtime

WORDS = {
    "STACK_OVERFLOW": "its calls went too deep: the stack overflowed",
    "MEMORY_OUT_OF_BOUNDS": "it used an address outside its memory",
    "TABLE_OUT_OF_BOUNDS": "it called through a pointer that is no procedure",
    "INDIRECT_CALL_TO_NULL": "it called through a null pointer",
    "BAD_SIGNATURE": "it called a procedure of another type through a pointer",
    "INTEGER_OVERFLOW": "an integer overflowed",
    "INTEGER_DIVISION_BY_ZERO": "it divided by zero",
    "BAD_CONVERSION_TO_INTEGER": "a float that is no integer was converted",
    "UNREACHABLE": "it aborted",
    "INTERRUPT": "it was interrupted",
}
"""By wasmtime's name of the trap."""
_ROW = 3
"""So many calls of the same kind in a row are one line. Wasmtime gives the innermost calls only, some twenty of them."""
_FRAME = re.compile(r"^\s*(\d+):\s+0x[0-9a-f]+ - (.*)$")
_PLACE = re.compile(r"^\s+at (.*)$")
_FAULT = re.compile(r"memory fault at wasm address (0x[0-9a-f]+)")
_BELOW = 0xF000_0000
"""Addresses from here on are those below 0: the stack of what has an address is at the beginning of memory, and grows downwards."""
_STRIPPED = re.compile(r"<wasm function (\d+)>$")
_INLINED = re.compile(r"^\s+- (.*)$")


def describe(trap: wasmtime.Trap) -> str:
    """Lines for standard error: what happened, and the calls that led there, the innermost first. Where a program has debug information,
    wasmtime says the places in the text of the trap, and procedures that were inlined."""
    code = trap.trap_code
    message = trap.message
    name = code.name if code is not None else ""
    fault = _FAULT.search(message)
    if fault is not None and int(fault.group(1), 16) >= _BELOW:
        name = "STACK_OVERFLOW"
    lines = [f"error: the program was ended by a trap: {WORDS.get(name) or _cause(message)}"]
    calls = frames(message) or [(frame.func_name or f"procedure {frame.func_index}", "") for frame in trap.frames]
    for call, group in groupby(calls):
        times = len(list(group))
        lines += [_line(*call)] * times if times < _ROW else [f"{_line(*call)}, {times} times in a row"]
    if not any(place for _, place in calls):
        lines.append("  = help: with `-g` the places are shown")
    return "\n".join(lines) + "\n"


def frames(message: str) -> list[tuple[str, str]]:
    """(procedure, place) of each call in wasmtime's text; a place is `file:line:column`, or "" where it is not known."""
    found: list[tuple[str, str]] = []
    for line in message.partition("Caused by:")[0].splitlines():
        frame = _FRAME.match(line)
        inlined = _INLINED.match(line)
        place = _PLACE.match(line)
        if frame is not None:
            found.append((_name(frame.group(2)), ""))
        elif place is not None and found:
            found[-1] = (found[-1][0], place.group(1).removesuffix(":0"))
        elif inlined is not None:
            found.append((_name(inlined.group(1)), ""))
    return found


def _name(text: str) -> str:
    """Without the module's name, which ends at the first `!`."""
    stripped = _STRIPPED.search(text)
    if stripped is not None:
        return f"procedure {stripped.group(1)}"
    module, mark, name = text.partition("!")
    return name if mark and "::" not in module else text


def _cause(message: str) -> str:
    """The last line: the innermost cause."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return re.sub(r"^\d+: ", "", lines[-1]).removeprefix("wasm trap: ") if lines else "unknown"


def _line(name: str, place: str) -> str:
    return f"  in {name} at {place}" if place else f"  in {name}"
