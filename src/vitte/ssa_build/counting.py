"""Counts of shared strings: what copying and dropping a value does beyond its bytes.

A string or bytes value counts through its owner, which is null for a literal. The null check stands inline, the counting is the
library's. Copies of values with strings inside count each; picks and arrays do so in a helper function per type.
"""

from __future__ import annotations

from vitte.ir import types as t
from vitte.ir.lang import STR_RELEASE, STR_RETAIN
from vitte.ir.layout import STR_OWNER
from vitte.ir.mono import Instance, symbol_of
from vitte.ir.ownership import needs_drop
from vitte.ir.ssa import Function, Jump, Term
from vitte.ir.types import Ty
from vitte.ssa_build.builder import Address, Builder
from vitte.ssa_build.unit import Unit

INLINE_LEAVES = 4
"""A form or tuple with more counted fields than this is counted by a helper."""


def _count(b: Builder, base: int, off: int, symbol: str) -> None:
    owner = b.load("ptr", base, off + STR_OWNER)
    some, done = b.new_block(), b.new_block()
    b.branch(b.op("ne", "i1", [owner, b.null()]), some, done)
    saved = b.keep_constants()
    b.enter(some)
    b.call_known(symbol, [owner])
    b.jump(done)
    b.restore_constants(saved)
    b.enter(done)


def retain(b: Builder, at: Address, ty: Ty) -> None:
    """The value at this address was copied byte by byte: count its strings."""
    if b.unit.is_plain(ty):
        return
    base, off = at
    if ty is t.STRING or ty is t.BYTES:
        _count(b, base, off, STR_RETAIN)
    elif 0 < _leaves(b.unit, ty) <= INLINE_LEAVES:
        _retain_fields(b, at, b.layouts.parts(ty)[0], b.layouts.fields(ty))
    else:
        b.call_known(b.unit.retain_symbol(ty), [b.pointer(at)])


def _leaves(unit: Unit, ty: Ty) -> int:
    """Number of counted fields of a tuple or form, 0 when it has parts that need more than straight code."""
    if ty is t.STRING or ty is t.BYTES:
        return 1
    if type(ty) is not t.TupleTy and unit.layouts.kind(ty) != "form":
        return 0
    total = 0
    for part in unit.layouts.parts(ty)[0]:
        if not unit.is_plain(part):
            count = _leaves(unit, part)
            if not count:
                return 0
            total += count
    return total


def _retain_fields(b: Builder, at: Address, tys: list[Ty], offsets: tuple[int, ...]) -> None:
    base, off = at
    for ty, offset in zip(tys, offsets):
        retain(b, (base, off + offset), ty)


def drop(b: Builder, at: Address, ty: Ty) -> None:
    """The value at this address is dropped: inline for strings, by glue for the rest."""
    if ty is t.STRING or ty is t.BYTES:
        _count(b, at[0], at[1], STR_RELEASE)
    elif needs_drop(ty, b.unit.defs):
        b.call_known(symbol_of(Instance("", (ty,), "drop")), [b.pointer(at)])


def retain_helper(unit: Unit, ty: Ty, symbol: str) -> Function:
    """The helper function of a type: `(p: &T)`, counts every string in the value."""
    fn = Function(symbol, [0], "", [], ["ptr"], linkage="linkonce", param_flags=["nonnull"], name=symbol)
    b = Builder(unit, fn)
    base = 0
    if type(ty) is t.ArrayTy:
        _array(b, base, ty)
    elif unit.layouts.kind(ty) == "pick":
        _pick(b, base, ty)
    else:
        _retain_fields(b, (base, 0), unit.layouts.parts(ty)[0], unit.layouts.fields(ty))
    b.end(Term("ret"))
    b.finish()
    return fn


def _array(b: Builder, base: int, ty: t.ArrayTy) -> None:
    assert isinstance(ty.length, t.ConstTy)
    retain_array(b, base, ty.elem, b.iconst("i64", 0), b.iconst("i64", ty.length.value))


def retain_array(b: Builder, base: int, elem: Ty, first: int, count: int) -> None:
    """Count the elements from `first` up to `count` (i64 values) of an array at `base`."""
    if b.unit.is_plain(elem):
        return
    size = b.layouts.size(elem)
    loop = b.loop(b.op("sub", "i64", [count, first]))
    index = b.op("add", "i64", [loop.index, first])
    at = b.op("ptr_add", "ptr", [base, b.op("mul", "i64", [index, b.iconst("i64", size)])])
    retain(b, (at, 0), elem)
    b.end_loop(loop)


def _pick(b: Builder, base: int, ty: Ty) -> None:
    """A niche case cannot hold strings, so there is a discriminant."""
    layout = b.layouts.pick(ty)
    tag = b.load(layout.tag, base)
    done = b.new_block()
    counted = [i for i, tys in enumerate(b.layouts.parts(ty)) if not all(b.unit.is_plain(p) for p in tys)]
    blocks = [b.new_block() for _ in counted]
    jumps = [Jump(block) for block in blocks]
    b.end(Term("switch", [tag], [*jumps, Jump(done)], [layout.discriminants[i] for i in counted]))
    for case, block in zip(counted, blocks):
        b.enter(block)
        b.forget_constants()
        _retain_fields(b, (base, 0), b.layouts.parts(ty)[case], layout.cases[case])
        b.jump(done)
    b.enter(done)
    b.forget_constants()
