"""Values of constants as they lie in memory: bytes, the addresses in them, and texts; out of the machine's memory and back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vitte.const_eval.memory import OFFSET_BITS, OFFSET_MASK, Memory
from vitte.ir import types as t
from vitte.ir.defs import ConstImage
from vitte.ir.layout import STR_LEN, STR_OWNER, Layouts
from vitte.ir.types import Ty

if TYPE_CHECKING:
    from vitte.const_eval.machine import Machine


class Escapes(Exception):
    """A constant's value leads to memory that is gone when the program runs; the message says which."""


def text_symbol(data: bytes) -> str:
    """As string literals are named: by content."""
    return f"text.{hashlib.sha256(data).hexdigest()[:24]}"


def image_symbol(image: ConstImage) -> str:
    """The symbol of a constant's private data: by content."""
    digest = hashlib.sha256(image.data)
    for at, symbol, addend in image.relocations:
        digest.update(f"{at} {symbol} {addend}\n".encode())
    return f"const.{digest.hexdigest()[:24]}"


class Imager:
    """Takes images of values. `texts`: contents of every text symbol met."""

    def __init__(self, machine: Machine, layouts: Layouts) -> None:
        self.machine = machine
        self.memory: Memory = machine.memory
        self.layouts = layouts

    def image(self, pointer: int, size: int, ty: Ty | None) -> ConstImage:
        """The image of the value at `pointer`. Raises Escapes."""
        texts: dict[str, bytes] = {}
        owned: dict[int, str] = {}
        owners: set[int] = set()
        if ty is not None:
            self._strings(pointer, 0, ty, texts, owned, owners)
        number, start = pointer >> OFFSET_BITS, pointer & OFFSET_MASK
        data = bytearray(self.memory.data[number][start : start + size])
        shadow = self.memory.shadow
        assert shadow is not None
        marks = shadow[number][start : start + size]
        for i, mark in enumerate(marks):
            if not mark:
                data[i] = 0  # padding: the same bytes every time
        relocations: list[tuple[int, str, int]] = []
        for at, value in self.memory.pointers(number):
            offset = at - start
            if not 0 <= offset < size:
                continue
            data[offset : offset + self.memory.pointer_bytes] = bytes(self.memory.pointer_bytes)
            if offset in owners:
                continue
            if offset in owned:
                relocations.append((offset, owned[offset], 0))
            else:
                symbol, addend = self.symbol(value, texts)
                relocations.append((offset, symbol, addend))
        return ConstImage(bytes(data), tuple(relocations), tuple(texts.items()))

    def symbol(self, pointer: int, texts: dict[str, bytes]) -> tuple[str, int]:
        """(symbol, addend) of what a pointer points at. Raises Escapes."""
        number = pointer >> OFFSET_BITS
        name = self.memory.names.get(number)
        if name is not None:
            if name.startswith("text.") and name in self.machine.globals:
                texts[name] = self.machine.globals[name].data
            return name, pointer & OFFSET_MASK
        if number in self.memory.heap:
            raise Escapes("memory that was allocated while it was computed")
        raise Escapes("memory that existed only while it was computed")

    def _strings(self, pointer: int, base: int, ty: Ty, texts: dict[str, bytes], owned: dict[int, str], owners: set[int]) -> None:
        """Strings that were made at compile time become literals: their bytes a text, their owner null."""
        if ty is t.STRING or ty is t.BYTES:
            self._string(pointer, base, texts, owned, owners)
        elif type(ty) is t.ArrayTy and isinstance(ty.length, t.ConstTy):
            if _may_hold_text(ty.elem, self.layouts):
                size = self.layouts.size(ty.elem)
                for i in range(ty.length.value):
                    self._strings(pointer, base + i * size, ty.elem, texts, owned, owners)
        elif self.layouts.kind(ty) == "pick":
            self._pick(pointer, base, ty, texts, owned, owners)
        elif type(ty) is t.TupleTy or self.layouts.kind(ty) == "form":
            for part, offset in zip(self.layouts.parts(ty)[0], self.layouts.fields(ty)):
                self._strings(pointer, base + offset, part, texts, owned, owners)

    def _pick(self, pointer: int, base: int, ty: Ty, texts: dict[str, bytes], owned: dict[int, str], owners: set[int]) -> None:
        layout = self.layouts.pick(ty)
        if not layout.tag:
            return
        bits = int(layout.tag[1:])
        tag = int(self.memory.load(layout.tag, pointer + base)) & ((1 << bits) - 1)
        if tag in layout.discriminants:
            case = layout.discriminants.index(tag)
            for part, offset in zip(self.layouts.parts(ty)[case], layout.cases[case]):
                self._strings(pointer, base + offset, part, texts, owned, owners)

    def _string(self, pointer: int, base: int, texts: dict[str, bytes], owned: dict[int, str], owners: set[int]) -> None:
        at = pointer + base
        start, length, owner = (
            int(self.memory.load("ptr", at)),
            int(self.memory.load("i64", at + STR_LEN)),
            int(self.memory.load("ptr", at + STR_OWNER)),
        )
        if not owner:
            return
        data = self.memory.read(start, length)
        symbol = text_symbol(data)
        texts[symbol] = data
        owned[base] = symbol
        owners.add(base + STR_OWNER)


def _may_hold_text(ty: Ty, layouts: Layouts) -> bool:
    """Whether looking into every element of an array is worth it."""
    return not layouts.scalar(ty)
