"""What constants may call although it has no body here: memory, panics, and the library's strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.const_eval.machine import Panic
from vitte.ir import lang

if TYPE_CHECKING:
    from vitte.const_eval.machine import Machine, Native

RESIZE = "std/rt::resize"
HEADER = 16
"""Bytes before the text of a shared block: the count of owners, the room for text."""


class ConstNatives:
    """Memory lives as long as the evaluation. Strings are (pointer, length, owner), see `layout`."""

    def __init__(self, machine: Machine) -> None:
        self.memory = machine.memory
        self.word = f"i{8 * machine.memory.pointer_bytes}"
        natives: dict[str, Native] = {
            "malloc": self.memory.allocate, "free": self.memory.free, "realloc": self.resize, RESIZE: self.resize,
            lang.ALLOC: self.memory.allocate, lang.DEALLOC: self.memory.free,
            "memcmp": self.memcmp, lang.STR_RETAIN: self.retain, lang.STR_RELEASE: self.release, lang.STR_EQ: self.equal,
            lang.STR_CONCAT: self.concat, lang.PANIC: self.panic, lang.PANIC_INDEX: self.panic_index, lang.PANIC_OVERFLOW: self.panic,
            lang.ASSERT_FAILED: self.assert_failed, lang.ASSERT_FAILED_SIDES: self.assert_sides,
        }
        for symbol, native in natives.items():
            if symbol not in machine.functions or symbol.startswith("std/rt::"):
                machine.natives[symbol] = native

    def text(self, at: int) -> bytes:
        return self.memory.read(int(self.memory.load("ptr", at)), int(self.memory.load("i64", at + 8)))

    def resize(self, pointer: int, size: int) -> int:
        new = self.memory.allocate(size)
        if pointer:
            self.memory.copy(new, pointer, min(len(self.memory.span(pointer, 0)[0]), size))
            self.memory.free(pointer)
        return new

    def memcmp(self, a: int, b: int, size: int) -> int:
        left, right = self.memory.read(a, size), self.memory.read(b, size)
        return (left > right) - (left < right)

    def retain(self, owner: int) -> None:
        if owner:
            self.memory.store(self.word, int(self.memory.load(self.word, owner)) + 1, owner)

    def release(self, owner: int) -> None:
        if owner:
            left = int(self.memory.load(self.word, owner)) - 1
            self.memory.store(self.word, left, owner)
            if not left:
                self.memory.free(owner)

    def equal(self, a: int, b: int) -> int:
        return int(self.text(a) == self.text(b))

    def concat(self, to: int, a: int, b: int) -> None:
        data = self.text(a) + self.text(b)
        owner = self.memory.allocate(HEADER + len(data)) if data else 0
        if owner:
            self.memory.store(self.word, 1, owner)
            self.memory.store(self.word, len(data), owner + self.memory.pointer_bytes)
            self.memory.write(owner + HEADER, data)
        self.memory.store("ptr", owner + HEADER if owner else 0, to)
        self.memory.store("i64", len(data), to + 8)
        self.memory.store("ptr", owner, to + 16)

    def panic(self, message: int, place: int) -> None:
        raise Panic(self._message(message))

    def panic_index(self, index: int, length: int, place: int) -> None:
        raise Panic("index", index, length)

    def assert_failed(self, what: int, place: int) -> None:
        raise Panic(f"assertion failed: {self._message(what)}")

    def assert_sides(self, what: int, left: int, right: int, place: int) -> None:
        raise Panic(f"assertion failed: {self._message(what)} ({self._message(left)} and {self._message(right)})")

    def _message(self, at: int) -> str:
        return self.text(at).decode("utf-8", "replace")
