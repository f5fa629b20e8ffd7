"""Each SSA operation as Python text.

Integers are signed numbers (i1: 0 or 1, or a bool), pointers are not negative, f32 values are rounded. `expression` gives the text of a
pure operation, `statements` the lines of one that can panic or needs a second look at its result. Both follow `ir.fold`, which a test
holds them to.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir.fold import TRAP_WORDS, signed
from vitte.ir.ssa import BITS, Inst

Texts = list[str]


def mask(bits: int) -> int:
    return (1 << bits) - 1


def literal(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


def int_literal(value: int, ty: str) -> str:
    """The text of a constant given as in `iconst`."""
    bits = BITS[ty]
    return literal(value if bits == 1 else signed(value, bits))


def to_signed(text: str, bits: int) -> str:
    """The low bits of any integer as a signed number."""
    half = 1 << (bits - 1)
    return f"((({text}) + {half} & {mask(bits)}) - {half})"


def unsigned(text: str, bits: int) -> str:
    """A signed number as the unsigned one with the same bits; literals are computed."""
    if bits == 1:
        return text
    if text.isdigit():
        return text
    if text[0] == "(" and text[1:2] == "-" and text[2:-1].isdigit():
        return str(int(text[1:-1]) & mask(bits))
    return f"({text} & {mask(bits)})"


_BINARY = {"and": "&", "or": "|", "xor": "^"}
_FLOAT = {"fadd": "+", "fsub": "-", "fmul": "*"}
_SIGNED_TESTS = {"eq": "==", "ne": "!=", "slt": "<", "sle": "<=", "sgt": ">", "sge": ">="}
_UNSIGNED_TESTS = {"ult": "<", "ule": "<=", "ugt": ">", "uge": ">="}
_FLOAT_TESTS = {"feq": "==", "fne": "!=", "flt": "<", "fle": "<=", "fgt": ">", "fge": ">="}
_WRAPPING = {"add": "+", "sub": "-", "mul": "*"}


def _test(op: str, a: str, b: str, ty: str) -> str:
    if ty == "ptr" or ty == "i1":
        sign = _SIGNED_TESTS.get(op) or _UNSIGNED_TESTS[op]
        return f"({a} {sign} {b})"
    sign = _SIGNED_TESTS.get(op, "")
    if sign:
        return f"({a} {sign} {b})"
    bits = BITS[ty]
    if b.isdigit() and op in ("ult", "ule"):  # below a literal that is not negative: one comparison chain
        return f"(0 <= {a} {_UNSIGNED_TESTS[op]} {b})"
    return f"({unsigned(a, bits)} {_UNSIGNED_TESTS[op]} {unsigned(b, bits)})"


def _float(text: str, ty: str) -> str:
    return f"F32({text})" if ty == "f32" else f"({text})"


def expression(inst: Inst, args: Texts, arg_ty: str) -> str | None:
    """The text of a pure operation; None for the others. `arg_ty`: type of the first operand."""
    make = _EXPRESSIONS.get(inst.op)
    return None if make is None else make(inst.op, inst.ty, args, arg_ty)


Maker = Callable[[str, str, Texts, str], str]


def _table() -> dict[str, Maker]:
    table: dict[str, Maker] = {}
    for op, sign in _BINARY.items():
        table[op] = lambda op, ty, a, at, sign=sign: f"({a[0]} {sign} {a[1]})"  # type: ignore[misc]
    for op, sign in _FLOAT.items():
        table[op] = lambda op, ty, a, at, sign=sign: _float(f"{a[0]} {sign} {a[1]}", ty)  # type: ignore[misc]
    for op in (*_SIGNED_TESTS, *_UNSIGNED_TESTS):
        table[op] = lambda op, ty, a, at: _test(op, a[0], a[1], at)
    for op, sign in _FLOAT_TESTS.items():
        table[op] = lambda op, ty, a, at, sign=sign: f"({a[0]} {sign} {a[1]})"  # type: ignore[misc]
    table["fdiv"] = lambda op, ty, a, at: _float(f"FDIV({a[0]}, {a[1]})", ty)
    table["frem"] = lambda op, ty, a, at: _float(f"FREM({a[0]}, {a[1]})", ty)
    table["fneg"] = lambda op, ty, a, at: f"(-{a[0]})"
    table["fabs"] = lambda op, ty, a, at: f"abs({a[0]})"
    for op in ("fsqrt", "ffloor", "fceil", "ftrunc", "fround"):
        table[op] = lambda op, ty, a, at: _float(f"{op.upper()}({a[0]})", ty)
    table["fma"] = lambda op, ty, a, at: f"FMA({a[0]}, {a[1]}, {a[2]}, {BITS[ty]})"
    table["select"] = lambda op, ty, a, at: f"({a[1]} if {a[0]} else {a[2]})"
    table["trunc"] = lambda op, ty, a, at: f"({a[0]} & 1)" if ty == "i1" else to_signed(a[0], BITS[ty])
    table["zext"] = lambda op, ty, a, at: unsigned(a[0], BITS[at])
    table["sext"] = lambda op, ty, a, at: f"(-{a[0]})" if at == "i1" else a[0]
    table["sitofp"] = lambda op, ty, a, at: f"float({a[0]})" if ty == "f64" else f"ITOF({a[0]}, 32)"
    table["uitofp"] = lambda op, ty, a, at: (
        f"float({unsigned(a[0], BITS[at])})" if ty == "f64" else f"ITOF({unsigned(a[0], BITS[at])}, 32)"
    )
    table["fptosi.sat"] = lambda op, ty, a, at: f"FTOI({a[0]}, {BITS[ty]}, True)"
    table["fptoui.sat"] = lambda op, ty, a, at: to_signed(f"FTOI({a[0]}, {BITS[ty]}, False)", BITS[ty])
    table["fpext"] = lambda op, ty, a, at: a[0]
    table["fptrunc"] = lambda op, ty, a, at: f"F32({a[0]})"
    table["ptrtoint"] = lambda op, ty, a, at: f"PTOI({a[0]})" if BITS[ty] == 64 else to_signed(f"PTOI({a[0]})", BITS[ty])
    table["inttoptr"] = lambda op, ty, a, at: unsigned(a[0], BITS[at])
    table["bitcast"] = lambda op, ty, a, at: _bitcast(ty, at, a[0])
    table["ptr_add"] = lambda op, ty, a, at: f"({a[0]} + {a[1]})"
    table["popcnt"] = lambda op, ty, a, at: to_signed(f"({unsigned(a[0], BITS[ty])}).bit_count()", BITS[ty])
    for op in ("clz", "ctz", "bswap"):
        table[op] = lambda op, ty, a, at: to_signed(f"{op.upper()}({unsigned(a[0], BITS[ty])}, {BITS[ty]})", BITS[ty])
    table["rotl"] = lambda op, ty, a, at: to_signed(
        f"ROTL({unsigned(a[0], BITS[ty])}, {unsigned(a[1], BITS[ty])}, {BITS[ty]})", BITS[ty]
    )
    table["ashr"] = lambda op, ty, a, at: f"({a[0]} >> {a[1]})"
    table["shl"] = lambda op, ty, a, at: to_signed(f"{a[0]} << {a[1]}", BITS[ty])
    table["lshr"] = lambda op, ty, a, at: to_signed(f"{unsigned(a[0], BITS[ty])} >> {a[1]}", BITS[ty])
    table["sdiv"] = _signed_division
    table["srem"] = _signed_division
    table["udiv"] = lambda op, ty, a, at: to_signed(f"{unsigned(a[0], BITS[ty])} // {unsigned(a[1], BITS[ty])}", BITS[ty])
    table["urem"] = lambda op, ty, a, at: to_signed(f"{unsigned(a[0], BITS[ty])} % {unsigned(a[1], BITS[ty])}", BITS[ty])
    for sign in "su":
        for name in ("add", "sub", "mul"):
            table[f"{sign}{name}.over"] = _over
    return table


def _bitcast(ty: str, at: str, a: str) -> str:
    if ty == at:
        return a
    if ty[0] == "f":
        return f"FROMBITS({unsigned(a, BITS[at])}, {BITS[ty]})"
    return to_signed(f"TOBITS({a}, {BITS[ty]})", BITS[ty])


def _signed_division(op: str, ty: str, a: Texts, at: str) -> str:
    """Toward zero, where Python's goes toward minus infinity; by a positive literal without a call."""
    if a[1].isdigit() and a[0].isidentifier():
        sign = "//" if op == "sdiv" else "%"
        return f"({a[0]} {sign} {a[1]} if {a[0]} >= 0 else -(-{a[0]} {sign} {a[1]}))"
    return f"{op.upper()}({a[0]}, {a[1]})"


def _over(op: str, ty: str, a: Texts, at: str) -> str:
    bits = BITS[ty]
    sign = _WRAPPING[op[1:4]]
    if op[0] == "s":
        return f"(not {-(1 << (bits - 1))} <= {a[0]} {sign} {a[1]} <= {(1 << (bits - 1)) - 1})"
    return f"(not 0 <= {unsigned(a[0], bits)} {sign} {unsigned(a[1], bits)} <= {mask(bits)})"


_EXPRESSIONS: dict[str, Maker] = _table()


def statements(inst: Inst, name: str, args: Texts) -> Texts | None:
    """Lines that set `name` to the result of wrapping or trapping arithmetic; None for other operations."""
    op = inst.op
    if op in _WRAPPING:
        bits = BITS[inst.ty]
        half = 1 << (bits - 1)
        return [
            f"{name} = {args[0]} {_WRAPPING[op]} {args[1]}",
            f"if not {-half} <= {name} < {half}: {name} = ({name} + {half} & {mask(bits)}) - {half}",
        ]
    word = TRAP_WORDS.get(op)
    if word is None:
        return None
    bits = BITS[inst.ty]
    half = 1 << (bits - 1)
    sign = _WRAPPING[op[1:4]]
    fail = f'raise Panic("overflow {word}")'
    if op[0] == "s":
        return [f"{name} = {args[0]} {sign} {args[1]}", f"if not {-half} <= {name} < {half}: {fail}"]
    return [
        f"{name} = {unsigned(args[0], bits)} {sign} {unsigned(args[1], bits)}",
        f"if not 0 <= {name} <= {mask(bits)}: {fail}",
        f"if {name} >= {half}: {name} -= {1 << bits}",
    ]
