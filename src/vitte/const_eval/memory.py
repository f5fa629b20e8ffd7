"""The interpreter's memory: objects of bytes.

A pointer is `object << 32 | offset`. Objects are numbered from 2, so 0 is null; numbers are never used again, so a pointer to freed memory
leads nowhere; and an offset beyond an object's end reaches no other object. What is *checked* has a shadow besides: one byte per byte,
0 uninitialised, 1 data, 2 part of a pointer. Where the target's pointers have 32 bits, constants are evaluated in checked memory that holds
the number of a pointer in place of it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from struct import Struct

OFFSET_BITS = 32
OFFSET_MASK = (1 << OFFSET_BITS) - 1
FRESH = b"\xa5"
"""What new memory holds: anything but what a program expects."""

FORMATS: dict[str, str] = {"i1": "<?", "i8": "<b", "i16": "<h", "i32": "<i", "i64": "<q", "f32": "<f", "f64": "<d", "ptr": "<Q"}
"""How scalars lie in memory; integers are signed numbers here. `i128` is two words."""
STRUCTS: dict[str, Struct] = {ty: Struct(form) for ty, form in FORMATS.items()}
NUMBER = Struct("<I")
"""How the number of a pointer lies in memory."""
MAX_SIZE = 1 << 31

_UNINIT, _DATA, _POINTER = 0, 1, 2


class MemoryFault(Exception):
    """A program did with memory what it must not; the message says what."""


class Memory:
    """`data` by object; immutable ones are `bytes`. `heap`: where each allocation came from. `names`: of globals and functions.
    `pointer_bytes`: 8, or 4, which only checked memory can be."""

    __slots__ = ("_numbers", "_stored", "data", "heap", "names", "new", "pointer_bytes", "shadow")

    def __init__(self, checked: bool = False, pointer_bytes: int = 8) -> None:
        self.pointer_bytes = pointer_bytes
        self._stored: list[int] = [0]
        self._numbers: dict[int, int] = {0: 0}
        self.data: dict[int, bytearray | bytes] = {}
        self.heap: dict[int, object] = {}
        self.names: dict[int, str] = {}
        self.new: Callable[[], int] = count(2).__next__
        self.shadow: dict[int, bytearray] | None = {} if checked else None

    # --- objects

    def add(self, size: int, fill: bytes = FRESH) -> int:
        """A new object; its pointer."""
        if size > MAX_SIZE:
            raise MemoryFault(f"{size} bytes are too much memory")
        number = self.new()
        self.data[number] = bytearray(fill) * size
        if self.shadow is not None:
            self.shadow[number] = bytearray(size)
        return number << OFFSET_BITS

    def add_data(self, data: bytes, mutable: bool = True) -> int:
        """A new object that holds `data`; its pointer."""
        number = self.new()
        self.data[number] = bytearray(data) if mutable else bytes(data)
        if self.shadow is not None:
            self.shadow[number] = bytearray(b"\x01") * len(data)
        return number << OFFSET_BITS

    def allocate(self, size: int, site: object = None) -> int:
        pointer = self.add(size)
        self.heap[pointer >> OFFSET_BITS] = site
        return pointer

    def free(self, pointer: int) -> None:
        """Null is fine. Raises MemoryFault for what was not allocated, or was freed already."""
        if not pointer:
            return
        number = pointer >> OFFSET_BITS
        if number not in self.heap or pointer & OFFSET_MASK:
            raise MemoryFault(f"free of {self.describe(pointer)}")
        del self.heap[number]
        self.drop(number)

    def drop(self, number: int) -> None:
        """The object is gone (a stack slot at the end of its call)."""
        del self.data[number]
        if self.shadow is not None:
            del self.shadow[number]

    def describe(self, pointer: int, size: int = 0) -> str:
        """What a pointer points at, for messages."""
        number, offset = pointer >> OFFSET_BITS, pointer & OFFSET_MASK
        if number == 0:
            return "the null pointer" if not offset else f"address {pointer}"
        data = self.data.get(number)
        if data is None:
            beyond = self.data.get(number + 1)
            if beyond is not None and offset > OFFSET_MASK >> 1:
                return f"memory {OFFSET_MASK + 1 - offset} bytes before an object"
            return "memory that was freed, or is no memory"
        if offset + size > len(data):
            return f"bytes {offset} to {offset + size} of an object of {len(data)} bytes"
        name = self.names.get(number, "")
        return f'"{name}"' if name else f"byte {offset} of an object of {len(data)} bytes"

    # --- bytes, checked

    def span(self, pointer: int, size: int) -> tuple[bytearray | bytes, int]:
        """The object and offset of `size` bytes at `pointer`. Raises MemoryFault."""
        data = self.data.get(pointer >> OFFSET_BITS)
        offset = pointer & OFFSET_MASK
        if data is None or size < 0 or offset + size > len(data):
            raise MemoryFault(f"access to {self.describe(pointer, size)}")
        return data, offset

    def writable(self, pointer: int, size: int) -> tuple[bytearray, int]:
        data, offset = self.span(pointer, size)
        if not isinstance(data, bytearray):
            raise MemoryFault(f"write to constant {self.describe(pointer, size)}")
        return data, offset

    def read(self, pointer: int, size: int) -> bytes:
        if not size:
            return b""
        data, offset = self.span(pointer, size)
        return bytes(data[offset : offset + size])

    def write(self, pointer: int, new: bytes) -> None:
        if not new:
            return
        data, offset = self.writable(pointer, len(new))
        data[offset : offset + len(new)] = new
        if self.shadow is not None:
            self._mark(pointer, len(new), _DATA)

    def copy(self, to: int, source: int, size: int) -> None:
        """memmove. Uninitialised bytes may be copied (padding is)."""
        if not size:
            return
        data, offset = self.span(source, size)
        into, at = self.writable(to, size)
        into[at : at + size] = data[offset : offset + size]
        if self.shadow is not None:
            marks = self.shadow[source >> OFFSET_BITS][offset : offset + size]
            self.shadow[to >> OFFSET_BITS][at : at + size] = marks

    def fill(self, to: int, byte: int, size: int) -> None:
        if not size:
            return
        data, offset = self.writable(to, size)
        data[offset : offset + size] = bytes((byte & 255,)) * size
        if self.shadow is not None:
            self._mark(to, size, _DATA)

    def text(self, pointer: int) -> bytes:
        """The bytes of a C string."""
        data, offset = self.span(pointer, 0)
        end = data.find(b"\0", offset)
        if end < 0:
            raise MemoryFault("a C string without its final zero byte")
        return bytes(data[offset:end])

    def _mark(self, pointer: int, size: int, kind: int) -> None:
        assert self.shadow is not None
        offset = pointer & OFFSET_MASK
        self.shadow[pointer >> OFFSET_BITS][offset : offset + size] = bytes((kind,)) * size

    # --- scalars, checked

    def load(self, ty: str, pointer: int) -> int | float:
        """A scalar; raises MemoryFault where memory holds none yet."""
        form = STRUCTS.get(ty) if ty != "ptr" or self.pointer_bytes == 8 else NUMBER
        size = 16 if form is None else form.size
        data, offset = self.span(pointer, size)
        if self.shadow is not None:
            marks = self.shadow[pointer >> OFFSET_BITS][offset : offset + size]
            if _UNINIT in marks:
                raise MemoryFault("read of uninitialised memory")
            if ty != "ptr" and _POINTER in marks:
                raise MemoryFault("read of a part of a pointer")
        if form is None:
            return int.from_bytes(data[offset : offset + 16], "little", signed=True)
        value: int | float = form.unpack_from(data, offset)[0]
        return value if form is not NUMBER else self._pointer(int(value))

    def _pointer(self, number: int) -> int:
        """The pointer of that number; what was never stored as a pointer is itself."""
        return self._stored[number] if number < len(self._stored) else number

    def _number(self, pointer: int) -> int:
        known = self._numbers.get(pointer)
        if known is None:
            known = self._numbers[pointer] = len(self._stored)
            self._stored.append(pointer)
        return known

    def store(self, ty: str, value: int | float, pointer: int) -> None:
        form = STRUCTS.get(ty) if ty != "ptr" or self.pointer_bytes == 8 else NUMBER
        size = 16 if form is None else form.size
        data, offset = self.writable(pointer, size)
        if form is NUMBER:
            form.pack_into(data, offset, self._number(int(value)))
        elif form is None:
            data[offset : offset + 16] = int(value).to_bytes(16, "little", signed=True)
        elif ty == "f32" and value == value and abs(value) > 3.4028235677973366e38:
            form.pack_into(data, offset, float("inf") if value > 0 else float("-inf"))
        else:
            form.pack_into(data, offset, value)
        if self.shadow is not None:
            self._mark(pointer, size, _POINTER if ty == "ptr" and value else _DATA)

    def pointers(self, number: int) -> list[tuple[int, int]]:
        """(offset, value) of the pointers in an object: exactly in checked memory, else every aligned word that could be one."""
        data = self.data[number]
        found: list[tuple[int, int]] = []
        shadow = self.shadow[number] if self.shadow is not None else None
        step = self.pointer_bytes
        word = STRUCTS["ptr"] if step == 8 else NUMBER
        for offset in range(0, len(data) - step + 1, step):
            if shadow is None:
                value = word.unpack_from(data, offset)[0]
                if value >> OFFSET_BITS in self.data:
                    found.append((offset, value))
            elif shadow[offset] == _POINTER:
                value = word.unpack_from(data, offset)[0]
                found.append((offset, value if word is not NUMBER else self._pointer(value)))
        return found
