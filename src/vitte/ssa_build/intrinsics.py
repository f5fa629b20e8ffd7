"""Intrinsics: procedures of the library whose bodies are given here, as instructions. Signatures stand in `lang.INTRINSICS`."""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir import mir
from vitte.ir import types as t
from vitte.ir.layout import STR_LEN, STR_OWNER, is_fat
from vitte.ir.ownership import is_plain, needs_drop
from vitte.ir.ssa import BITS
from vitte.ir.types import show
from vitte.ssa_build.builder import Address, Builder
from vitte.ssa_build.calls import Calls
from vitte.ssa_build.counting import drop, retain
from vitte.ssa_build.locals import Locals
from vitte.ssa_build.operands import Operands
from vitte.ssa_build.unit import TEST_COUNT, TEST_NAME, TEST_RUN

Method = Callable[["Intrinsics", mir.Intrinsic], None]


class Intrinsics:
    __slots__ = ("b", "calls", "locals", "operands", "unit")

    def __init__(self, b: Builder, locals_: Locals, operands: Operands, calls: Calls) -> None:
        self.b = b
        self.unit = b.unit
        self.locals = locals_
        self.operands = operands
        self.calls = calls

    def run(self, stmt: mir.Intrinsic) -> None:
        _TABLE[stmt.name](self, stmt)

    # --- helpers

    def arg(self, stmt: mir.Intrinsic, i: int) -> int:
        return self.operands.scalar(stmt.operands[i])

    def give(self, stmt: mir.Intrinsic, value: int) -> None:
        self.calls.set_scalar(stmt.dest, value)

    def give_int(self, stmt: mir.Intrinsic, value: int) -> None:
        self.give(stmt, self.b.iconst(self.b.layouts.scalar(self.locals.type_of(stmt.dest)), value))

    def dest(self, stmt: mir.Intrinsic) -> Address:
        base, off, _ = self.locals.place(stmt.dest)
        return base, off

    def give_pair(self, stmt: mir.Intrinsic, pointer: int, length: int) -> None:
        base, off = self.dest(stmt)
        self.b.store(pointer, base, off)
        self.b.store(length, base, off + 8)

    def _is_signed(self, stmt: mir.Intrinsic) -> bool:
        return self.b.layouts.is_signed(stmt.args[0])

    def text_at(self, stmt: mir.Intrinsic, i: int) -> Address:
        """Where the string or bytes value of an operand lies, be it given or lent."""
        operand = stmt.operands[i]
        if type(self.operands.type_of(operand)) is t.RefTy:
            return self.operands.scalar(operand), 0
        return self.operands.address(operand)

    def pair_at(self, stmt: mir.Intrinsic, i: int) -> Address:
        """Where the fat reference of an operand lies, be it given or lent."""
        operand = stmt.operands[i]
        ty = self.operands.type_of(operand)
        if type(ty) is t.RefTy and is_fat(ty.target):
            return self.operands.scalar(operand), 0
        return self.operands.address(operand)

    # --- types

    def sizeof(self, stmt: mir.Intrinsic) -> None:
        self.give_int(stmt, self.b.layouts.size_align(stmt.args[0])[0])

    def alignof(self, stmt: mir.Intrinsic) -> None:
        self.give_int(stmt, self.b.layouts.size_align(stmt.args[0])[1])

    def needs_drop(self, stmt: mir.Intrinsic) -> None:
        self.give_int(stmt, int(needs_drop(stmt.args[0], self.unit.defs)))

    def is_plain(self, stmt: mir.Intrinsic) -> None:
        self.give_int(stmt, int(is_plain(stmt.args[0], self.unit.defs)))

    def type_name(self, stmt: mir.Intrinsic) -> None:
        self.operands.text(show(stmt.args[0]), False, self.dest(stmt))

    def min_value(self, stmt: mir.Intrinsic) -> None:
        bits = BITS[self.b.layouts.scalar(stmt.args[0])]
        self.give_int(stmt, 1 << (bits - 1) if self._is_signed(stmt) else 0)

    def max_value(self, stmt: mir.Intrinsic) -> None:
        bits = BITS[self.b.layouts.scalar(stmt.args[0])]
        self.give_int(stmt, (1 << (bits - 1)) - 1 if self._is_signed(stmt) else (1 << bits) - 1)

    def target_os(self, stmt: mir.Intrinsic) -> None:
        self.operands.text(self.unit.ctx.target.system, False, self.dest(stmt))

    def pointer_bits(self, stmt: mir.Intrinsic) -> None:
        self.give_int(stmt, self.b.layouts.pointer * 8)

    # --- memory

    def drop_in_place(self, stmt: mir.Intrinsic) -> None:
        if needs_drop(stmt.args[0], self.unit.defs):
            drop(self.b, (self.arg(stmt, 0), 0), stmt.args[0])

    def read(self, stmt: mir.Intrinsic) -> None:
        b, ty = self.b, stmt.args[0]
        scalar = b.layouts.scalar(ty)
        if scalar:
            self.give(stmt, b.load(scalar, self.arg(stmt, 0)))
        elif b.layouts.size(ty):
            b.copy_bytes(self.dest(stmt), (self.arg(stmt, 0), 0), ty)

    def write(self, stmt: mir.Intrinsic) -> None:
        if self.b.layouts.size(stmt.args[0]):
            self.operands.into(stmt.operands[1], (self.arg(stmt, 0), 0))

    def forget(self, stmt: mir.Intrinsic) -> None:
        pass

    def offset(self, stmt: mir.Intrinsic) -> None:
        b = self.b
        self.give(stmt, b.op("ptr_add", "ptr", [self.arg(stmt, 0), self._bytes(stmt, 1)]))

    def _bytes(self, stmt: mir.Intrinsic, i: int) -> int:
        """A number of values of the type argument, in bytes."""
        b = self.b
        count = b.resize(self.arg(stmt, i), "i64", True)
        size = b.layouts.size(stmt.args[0]) if stmt.args else 1
        if count in b.known:
            return b.iconst("i64", b.known[count] * size)
        return count if size == 1 else b.op("mul", "i64", [count, b.iconst("i64", size)])

    def copy(self, stmt: mir.Intrinsic) -> None:
        self.b.effect("memmove.n", [self.arg(stmt, 1), self.arg(stmt, 0), self._bytes(stmt, 2)])

    def copy_nonoverlapping(self, stmt: mir.Intrinsic) -> None:
        self.b.effect("memcpy.n", [self.arg(stmt, 1), self.arg(stmt, 0), self._bytes(stmt, 2)])

    def set_bytes(self, stmt: mir.Intrinsic) -> None:
        self.b.effect("memset.n", [self.arg(stmt, 0), self.arg(stmt, 1), self.b.resize(self.arg(stmt, 2), "i64", True)])

    def same(self, stmt: mir.Intrinsic) -> None:
        """Pointers and references of one value are the same thing."""
        ty = self.operands.type_of(stmt.operands[0])
        if self.b.layouts.scalar(ty):
            self.give(stmt, self.arg(stmt, 0))
        else:
            self.b.copy_bytes(self.dest(stmt), self.operands.address(stmt.operands[0]), ty)

    def slice_from(self, stmt: mir.Intrinsic) -> None:
        self.give_pair(stmt, self.arg(stmt, 0), self.b.resize(self.arg(stmt, 1), "i64", True))

    def slice_ptr(self, stmt: mir.Intrinsic) -> None:
        self.give(stmt, self.b.load("ptr", *self.pair_at(stmt, 0)))

    def slice_len(self, stmt: mir.Intrinsic) -> None:
        base, off = self.pair_at(stmt, 0)
        self.give(stmt, self.b.load("i64", base, off + 8))

    # --- text

    def str_ptr(self, stmt: mir.Intrinsic) -> None:
        self.give(stmt, self.b.load("ptr", *self.text_at(stmt, 0)))

    def str_len(self, stmt: mir.Intrinsic) -> None:
        base, off = self.text_at(stmt, 0)
        self.give(stmt, self.b.load("i64", base, off + STR_LEN))

    def str_owner(self, stmt: mir.Intrinsic) -> None:
        base, off = self.text_at(stmt, 0)
        self.give(stmt, self.b.load("ptr", base, off + STR_OWNER))

    def str_from(self, stmt: mir.Intrinsic) -> None:
        length = self.b.resize(self.arg(stmt, 1), "i64", True)
        self.operands.triple(self.arg(stmt, 0), length, self.arg(stmt, 2), self.dest(stmt))

    def retype(self, stmt: mir.Intrinsic) -> None:
        """The same text as another type: one more count, unless the operand gives up its own."""
        to = self.dest(stmt)
        self.b.copy_bytes(to, self.text_at(stmt, 0), t.STRING)
        if type(stmt.operands[0]) is not mir.Move or type(self.operands.type_of(stmt.operands[0])) is t.RefTy:
            retain(self.b, to, t.STRING)

    # --- numbers

    def fma(self, stmt: mir.Intrinsic) -> None:
        self.give(stmt, self.b.op("fma", "f64", [self.arg(stmt, 0), self.arg(stmt, 1), self.arg(stmt, 2)]))

    def shift(self, stmt: mir.Intrinsic, op: str) -> None:
        b = self.b
        value = self.arg(stmt, 0)
        ty = b.types[value]
        count = b.op("and", ty, [b.resize(self.arg(stmt, 1), ty, False), b.iconst(ty, BITS[ty] - 1)])
        self.give(stmt, b.op(op, ty, [value, count]))

    def wrapping_shl(self, stmt: mir.Intrinsic) -> None:
        self.shift(stmt, "shl")

    def wrapping_shr(self, stmt: mir.Intrinsic) -> None:
        self.shift(stmt, "ashr" if self._is_signed(stmt) else "lshr")

    def rotate_left(self, stmt: mir.Intrinsic) -> None:
        b = self.b
        value = self.arg(stmt, 0)
        ty = b.types[value]
        count = b.op("and", "i32", [self.arg(stmt, 1), b.iconst("i32", BITS[ty] - 1)])
        self.give(stmt, b.op("rotl", ty, [value, b.resize(count, ty, False)]))

    def swap_bytes(self, stmt: mir.Intrinsic) -> None:
        value = self.arg(stmt, 0)
        ty = self.b.types[value]
        self.give(stmt, value if ty == "i8" else self.b.op("bswap", ty, [value]))

    # --- the program

    def abort(self, stmt: mir.Intrinsic) -> None:
        self.b.call_known("abort", [])

    def test_count(self, stmt: mir.Intrinsic) -> None:
        self.give(stmt, self.b.call_known(TEST_COUNT, [], "i64"))

    def test_name(self, stmt: mir.Intrinsic) -> None:
        base, off = self.dest(stmt)
        self.b.call_known(TEST_NAME, [self.b.pointer((base, off)), self.arg(stmt, 0)])

    def test_run(self, stmt: mir.Intrinsic) -> None:
        self.b.call_known(TEST_RUN, [self.arg(stmt, 0)])


def _same_type(op: str, operands: int) -> Method:
    """An operation on values of one type, which it gives."""

    def run(self: Intrinsics, stmt: mir.Intrinsic) -> None:
        values = [self.arg(stmt, i) for i in range(operands)]
        self.give(stmt, self.b.op(op, self.b.types[values[0]], values))

    return run


def _count(op: str) -> Method:
    """A number of bits, as an int."""

    def run(self: Intrinsics, stmt: mir.Intrinsic) -> None:
        value = self.arg(stmt, 0)
        self.give(stmt, self.b.resize(self.b.op(op, self.b.types[value], [value]), "i64", False))

    return run


def _overflows(name: str) -> Method:
    def run(self: Intrinsics, stmt: mir.Intrinsic) -> None:
        a, b = self.arg(stmt, 0), self.arg(stmt, 1)
        self.give(stmt, self.b.over(f"{'s' if self._is_signed(stmt) else 'u'}{name}.over", self.b.types[a], [a, b]))

    return run


def _bits(ty: str) -> Method:
    def run(self: Intrinsics, stmt: mir.Intrinsic) -> None:
        self.give(stmt, self.b.op("bitcast", ty, [self.arg(stmt, 0)]))

    return run


_I = Intrinsics
_TABLE: dict[str, Method] = {
    "sizeof": _I.sizeof, "alignof": _I.alignof, "needs_drop": _I.needs_drop, "is_plain": _I.is_plain, "type_name": _I.type_name,
    "drop_in_place": _I.drop_in_place, "read": _I.read, "write": _I.write, "forget": _I.forget,
    "offset": _I.offset, "offset_mut": _I.offset,
    "copy": _I.copy, "copy_nonoverlapping": _I.copy_nonoverlapping, "set_bytes": _I.set_bytes,
    "address_of": _I.same, "address_of_mut": _I.same, "as_ref": _I.same, "as_mut": _I.same,
    "slice_from": _I.slice_from, "slice_from_mut": _I.slice_from, "slice_ptr": _I.slice_ptr, "slice_ptr_mut": _I.slice_ptr,
    "slice_len": _I.slice_len,
    "str_ptr": _I.str_ptr, "str_len": _I.str_len, "str_owner": _I.str_owner, "str_from": _I.str_from, "bytes_of": _I.retype,
    "str_of": _I.retype,
    "sqrt": _same_type("fsqrt", 1), "floor": _same_type("ffloor", 1), "ceil": _same_type("fceil", 1), "trunc": _same_type("ftrunc", 1),
    "round": _same_type("fround", 1), "fabs": _same_type("fabs", 1), "fma": _I.fma,
    "float_bits": _bits("i64"), "float_from_bits": _bits("f64"), "float32_bits": _bits("i32"), "float32_from_bits": _bits("f32"),
    "wrapping_add": _same_type("add", 2), "wrapping_sub": _same_type("sub", 2), "wrapping_mul": _same_type("mul", 2),
    "wrapping_shl": _I.wrapping_shl, "wrapping_shr": _I.wrapping_shr,
    "add_overflows": _overflows("add"), "sub_overflows": _overflows("sub"), "mul_overflows": _overflows("mul"),
    "count_ones": _count("popcnt"), "leading_zeros": _count("clz"), "trailing_zeros": _count("ctz"),
    "rotate_left": _I.rotate_left, "swap_bytes": _I.swap_bytes, "min_value": _I.min_value, "max_value": _I.max_value,
    "abort": _I.abort, "test_count": _I.test_count, "test_name": _I.test_name, "test_run": _I.test_run,
    "target_os": _I.target_os, "pointer_bits": _I.pointer_bits,
}
"""By name; a test holds this together with `lang.INTRINSICS`."""


