"""Algebraic identities on integers: operations whose result is an operand or a constant.

    x + 0, x - 0, x * 1, x | 0, x & -1, x ^ 0, x << 0, x / 1   is x
    x - x, x ^ x, x * 0, x & 0, x % 1                         is 0
    x == x, x <= x is true; x != x, x < x is false
    (b == true) is b;  select c, true, false is c

Floats are left alone: signed zeros and NaN break these.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir.ssa import BITS, Inst

_ZERO_RIGHT = frozenset(("add", "sub", "or", "xor", "shl", "lshr", "ashr", "sadd.trap", "uadd.trap", "ssub.trap", "usub.trap", "rotl"))
_ONE_RIGHT = frozenset(("mul", "smul.trap", "umul.trap", "sdiv", "udiv"))
_ZERO_EITHER = frozenset(("mul", "and", "smul.trap", "umul.trap"))
_COMMUTES = frozenset(("add", "mul", "and", "or", "xor", "sadd.trap", "uadd.trap", "smul.trap", "umul.trap"))
_SAME_ZERO = frozenset(("sub", "xor", "ssub.trap", "usub.trap"))
_SAME_SELF = frozenset(("and", "or"))
_SAME_COMPARE: dict[str, int] = {
    "eq": 1, "sle": 1, "sge": 1, "ule": 1, "uge": 1, "ne": 0, "slt": 0, "sgt": 0, "ult": 0, "ugt": 0,
}


def simplify(inst: Inst, types: list[str], defs: dict[int, Inst], constant: Callable[[str, int], int]) -> int:
    """The value that `inst` equals, or -1. `constant(type, value)` makes one."""
    args = inst.args
    op = inst.op
    if op == "select":
        return _select(inst, defs)
    if len(args) != 2:
        return -1
    a, b = args
    if a == b:
        return _same(op, inst.ty, a, constant)
    right = defs.get(b)
    if right is not None and right.op == "iconst":
        return _right(op, inst, a, b, right.imm, types, constant)
    if op in _COMMUTES:
        left = defs.get(a)
        if left is not None and left.op == "iconst":
            return _right(op, inst, b, a, left.imm, types, constant)
    return -1


def _same(op: str, ty: str, a: int, constant: Callable[[str, int], int]) -> int:
    if op in _SAME_SELF:
        return a
    if op in _SAME_ZERO:
        return constant(ty, 0)
    holds = _SAME_COMPARE.get(op)
    return -1 if holds is None else constant("i1", holds)


def _right(op: str, inst: Inst, a: int, b: int, value: int, types: list[str], constant: Callable[[str, int], int]) -> int:
    """`a op b` where b is `value`."""
    ty = inst.ty
    if value == 0:
        if op in _ZERO_RIGHT:
            return a
        if op in _ZERO_EITHER:
            return b
        if op == "ptr_add":
            return a
        if op == "uge":
            return constant("i1", 1)
        if op == "ult":
            return constant("i1", 0)
    if value == 1 and op in _ONE_RIGHT:
        return a
    if value == 1 and op in ("srem", "urem"):
        return constant(ty, 0)
    if op == "and" and value == (1 << BITS[ty]) - 1:
        return a
    if op == "or" and value == (1 << BITS[ty]) - 1:
        return b
    if types[a] == "i1" and ((op == "eq" and value == 1) or (op == "ne" and value == 0)):
        return a
    return -1


def _select(inst: Inst, defs: dict[int, Inst]) -> int:
    c, a, b = inst.args
    if a == b:
        return a
    condition = defs.get(c)
    if condition is not None and condition.op == "iconst":
        return a if condition.imm else b
    if inst.ty == "i1":
        yes, no = defs.get(a), defs.get(b)
        if yes is not None and no is not None and yes.op == no.op == "iconst" and yes.imm == 1 and no.imm == 0:
            return c
    return -1
