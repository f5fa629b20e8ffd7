"""Where the numbers in `std/sys/bare` come from: every table and constant there is computed here, and a test compares.

Polynomials are Taylor polynomials: arguments are so small after the reduction by tables that one more term costs less than the search for
better coefficients, and the error is the first term left out. What is wanted is an error below 2^-66 of the result, before the one rounding
to 53 bits.

A constant in two parts has a first part of so few bits that its products with small numbers are exact; the second part is the rest, rounded
to 53 bits: `parts` cuts after a power of two.

    python tests/numeric/derive.py          prints all as they stand in the library
"""

from __future__ import annotations

import sys
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.numeric import precise

_DEEP = Context(prec=120)


def cut(exact: Decimal, places: int) -> float:
    """The multiple of 2^-places that is nearest to a number."""
    with localcontext(_DEEP):
        return float(Fraction(round(Fraction(exact) * 2**places), 2**places))


def parts(exact: Decimal, places: int) -> tuple[float, float]:
    """A number as a multiple of 2^-places and the rest."""
    with localcontext(_DEEP):
        first = cut(exact, places)
        return first, float(exact - Decimal(first))


def twofold(exact: Decimal) -> tuple[float, float]:
    """A number as the nearest double and the rest."""
    with localcontext(_DEEP):
        return float(exact), float(exact - Decimal(float(exact)))


def _ln2() -> Decimal:
    return Decimal(2).ln(_DEEP)


def _pi() -> Decimal:
    return precise.pi(110)


def exponential() -> dict[str, object]:
    """2^(i/32) in parts: the first has 26 bits. ln 2 / 32 in parts: 37 bits times 16 bits of a multiple are exact."""
    with localcontext(_DEEP):
        powers = [(_ln2() * i / 32).exp() for i in range(32)]
        first, rest = parts(_ln2() / 32, 42)
        return {
            "EXP_STEPS": float(32 / _ln2()), "EXP_STEP": first, "EXP_STEP_REST": rest,
            "EXP_TABLE": [part for power in powers for part in parts(power, 25)],
        }  # fmt: skip


LOG_START = 0x3FF0000000000000 - ((37 * 3 + 2) * 2**46) // 3
"""The encoding of 1 less 37 2/3 intervals of 2^46: 1 is where its interval reaches equally far to both sides."""


def logarithm() -> dict[str, object]:
    """For each of the 64 intervals of the mantissa: c near 1/z with 9 bits behind the point, and -ln c in parts, the first a multiple of
    2^-42 as that of ln 2 is."""
    import struct

    def double(bits: int) -> Fraction:
        return Fraction(struct.unpack("<d", bits.to_bytes(8, "little"))[0])

    table: list[float] = []
    with localcontext(_DEEP):
        for i in range(64):
            low, high = double(LOG_START + i * 2**46), double(LOG_START + (i + 1) * 2**46)
            # Least where |z c - 1| is as large at both ends; 1 itself must have c = 1, or its logarithm would not be 0.
            c = Fraction(round(512 * 2 / (low + high)), 512) if not low <= 1 <= high else Fraction(1)
            logarithm_of_c = -(Decimal(c.numerator) / Decimal(c.denominator)).ln()
            table += [float(c), *parts(logarithm_of_c, 42)]
        first, rest = parts(_ln2(), 42)
        return {
            "LOG_START": LOG_START, "LOG_TABLE": table, "LN2": first, "LN2_REST": rest,
            "LOG2E": twofold(1 / _ln2()), "LOG10E": twofold(1 / Decimal(10).ln()),
        }  # fmt: skip


def circle() -> dict[str, object]:
    """sin and cos of i/32 in parts, the first of at most 26 bits. pi/2 in three parts: 33 bits each for the first two, whose products with
    whole numbers below 2^20 are exact. 2/pi in words of 64 bits after the point, with a word of zeros before them."""
    table: list[float] = []
    for i in range(27):
        s, c = precise._sin_cos(Decimal(i) / 32)
        table += [*parts(s, 26), *parts(c, 26)]
    with localcontext(_DEEP):
        half = _pi() / 2
        first = cut(half, 32)
        second = cut(half - Decimal(first), 66)
        third = float(half - Decimal(first) - Decimal(second))
        two_over_pi = 2 / _pi()
    bits = 64 * 21
    with localcontext(Context(prec=450, rounding=ROUND_FLOOR)):
        number = int(2 / precise.pi(440) * Decimal(2) ** bits)
    words = [0, *[(number >> (bits - 64 * (i + 1))) & 0xFFFFFFFFFFFFFFFF for i in range(20)]]
    return {
        "CIRCLE_TABLE": table, "QUARTERS": float(two_over_pi), "QUARTER": first, "QUARTER_NEXT": second, "QUARTER_REST": third,
        "HALF_PI": twofold(half), "PI": twofold(half * 2), "TWO_OVER_PI": words,
    }  # fmt: skip


def angle() -> dict[str, object]:
    """atan(i/32) as two doubles."""
    with localcontext(precise._WIDE):
        return {"ANGLE_TABLE": [part for i in range(33) for part in twofold(precise._atan(Decimal(i) / 32))]}


def everything() -> dict[str, object]:
    return {**exponential(), **logarithm(), **circle(), **angle()}


def shown(value: object) -> str:
    if isinstance(value, int):
        return f"0x{value:016X}"
    if isinstance(value, tuple):
        return ", ".join(shown(part) for part in value)
    assert isinstance(value, float)
    return repr(value)


def main() -> None:
    for name, value in everything().items():
        if isinstance(value, list):
            texts = [shown(item) for item in value]
            print(f"static {name}: [{'u64' if isinstance(value[0], int) else 'f64'}; {len(value)}] = [")
            line = " "
            for text in texts:
                if len(line) + len(text) + 2 > 136:
                    print(line)
                    line = " "
                line += f" {text},"
            print(line + "\n]")
        else:
            print(f"const {name} = {shown(value)}")


if __name__ == "__main__":
    main()
