"""A trap of a WebAssembly program, in Vitte's words."""

from __future__ import annotations

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
    "UNREACHABLE": "it aborted, or reached what cannot be reached",
}
"""By wasmtime's name of the trap."""
_MOST = 20
"""Frames that are shown; an overflow of the stack has many thousands."""


def describe(trap: wasmtime.Trap) -> str:
    """Lines for standard error: what happened, and the calls that led there, the innermost first."""
    code = trap.trap_code
    reason = WORDS.get(code.name, trap.message) if code is not None else trap.message
    lines = [f"error: the program was ended by a trap: {reason}"]
    frames = trap.frames
    shown = frames if len(frames) <= _MOST else frames[: _MOST // 2]
    lines += [f"  in {frame.func_name or f'procedure {frame.func_index}'}" for frame in shown]
    if len(shown) < len(frames):
        lines.append(f"  ... {len(frames) - _MOST} more")
        lines += [f"  in {frame.func_name or f'procedure {frame.func_index}'}" for frame in frames[-_MOST // 2 :]]
    return "\n".join(lines) + "\n"
