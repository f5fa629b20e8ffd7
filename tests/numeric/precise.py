"""The functions of `std/math` to any precision, by `decimal` alone: series after a reduction of the argument.

`value(name, *args)` is exact to about `DIGITS` significant digits for every finite result, however large or small the argument. Each
series is the Taylor series, summed until a term no longer counts; reductions only use identities.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import cache
from math import frexp

DIGITS = 50
_GUARD = 15
_WIDE = Context(prec=DIGITS + _GUARD, rounding=ROUND_HALF_EVEN, Emax=999999, Emin=-999999)


@cache
def pi(digits: int) -> Decimal:
    """Machin: pi = 16 atan(1/5) - 4 atan(1/239), in whole numbers."""
    unit = 10 ** (digits + 10)

    def atan_inverse(n: int) -> int:
        term = unit // n
        total, k = term, 1
        while term:
            term //= n * n
            k += 2
            total += -term // k if k % 4 == 3 else term // k
        return total

    with localcontext(Context(prec=digits + 5)):
        return Decimal(16 * atan_inverse(5) - 4 * atan_inverse(239)) / Decimal(unit)


def _series(first: Decimal, ratio: Callable[[int], Decimal]) -> Decimal:
    """first * (1 + ratio(1) + ratio(1) ratio(2) + ...)"""
    total = term = first
    k = 1
    while True:
        term = term * ratio(k)
        new = total + term
        if new == total:
            return total
        total = new
        k += 1


def _reduced(x: Decimal) -> tuple[int, Decimal]:
    """n mod 4 and r with x = n pi/2 + r, |r| <= pi/4; the wider the argument, the more digits of pi."""
    digits = DIGITS + _GUARD + 25 + max(0, x.adjusted() + 1)
    with localcontext(Context(prec=digits + 10, Emax=999999, Emin=-999999)):
        quarter = pi(digits) / 2
        n = int((x / quarter).to_integral_value())
        return n % 4, x - n * quarter


def _sin_cos(x: Decimal) -> tuple[Decimal, Decimal]:
    n, r = _reduced(x)
    r = +r
    square = -r * r
    s = _series(r, lambda k: square / (2 * k * (2 * k + 1))) if r else r
    c = _series(Decimal(1), lambda k: square / ((2 * k - 1) * (2 * k)))
    return ((s, c), (c, -s), (-s, -c), (-c, s))[n]


def _atan(x: Decimal) -> Decimal:
    if abs(x) > 1:
        half = pi(DIGITS + _GUARD) / 2
        return (half if x > 0 else -half) - _atan(1 / x)
    doublings = 0
    while abs(x) > Decimal("0.01"):
        x = x / (1 + (1 + x * x).sqrt())
        doublings += 1
    if not x:
        return x
    square = -x * x
    total, power, k = x, x, 1
    while True:
        power *= square
        k += 2
        new = total + power / k
        if new == total:
            return total * 2**doublings
        total = new


def _sinh(x: Decimal) -> Decimal:
    if abs(x) < 1:
        return _series(x, lambda k: x * x / (2 * k * (2 * k + 1))) if x else x
    e = x.exp()
    return (e - 1 / e) / 2


def _cosh(x: Decimal) -> Decimal:
    e = x.exp()
    return (e + 1 / e) / 2


def _log(x: Decimal) -> Decimal:
    """`Decimal.ln` loses nothing near 1: it rounds correctly."""
    return x.ln()


def _atan2(y: Decimal, x: Decimal) -> Decimal:
    if x > 0:
        return _atan(y / x)
    whole = pi(DIGITS + _GUARD)
    if x == 0:
        return whole / 2 if y > 0 else -whole / 2
    return _atan(y / x) + (whole if y >= 0 else -whole)


def _asin(x: Decimal) -> Decimal:
    if abs(x) == 1:
        return x * pi(DIGITS + _GUARD) / 2
    return _atan(x / ((1 - x) * (1 + x)).sqrt())


def _acos(x: Decimal) -> Decimal:
    if x == -1:
        return +pi(DIGITS + _GUARD)
    return 2 * _atan(((1 - x) / (1 + x)).sqrt())


def _tan(x: Decimal) -> Decimal:
    s, c = _sin_cos(x)
    return s / c


def _cbrt(x: Decimal) -> Decimal:
    if not x:
        return x
    root = (abs(x).ln() / 3).exp()
    root = root - (root**3 - abs(x)) / (3 * root * root)
    return root if x > 0 else -root


_FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "sin": lambda x: _sin_cos(x)[0], "cos": lambda x: _sin_cos(x)[1], "tan": _tan, "asin": _asin, "acos": _acos, "atan": _atan,
    "atan2": _atan2, "sinh": _sinh, "cosh": _cosh, "tanh": lambda x: _sinh(x) / _cosh(x), "exp": lambda x: x.exp(), "log": _log,
    "log2": lambda x: _log(x) / Decimal(2).ln(), "log10": lambda x: x.log10(), "pow": lambda x, y: _power(x, y), "cbrt": _cbrt,
    "hypot": lambda x, y: (x * x + y * y).sqrt(),
}  # fmt: skip


def _power(x: Decimal, y: Decimal) -> Decimal:
    """The logarithm needs as many digits more as the exponent has before the point. Small whole powers may lie in the middle of two
    floats, and are exact when they have no more than 800 digits."""
    if y == int(y) and 2 <= y <= 40:
        with localcontext(Context(prec=800, Emax=999999, Emin=-999999)):
            return x ** int(y)
    with localcontext(Context(prec=DIGITS + _GUARD + 10, Emax=999999, Emin=-999999)):
        size = (abs(x).ln() * y).exp()
        return -size if x < 0 and y % 2 != 0 else size


def value(name: str, *args: float) -> Decimal:
    """The function at exactly these arguments, which are finite and where it is finite."""
    with localcontext(_WIDE):
        return _FUNCTIONS[name](*[Decimal(a) for a in args])


def ulps(got: float, exact: Decimal) -> float:
    """How far `got` is from the exact value, in units of the last place that a double of that size has."""
    with localcontext(_WIDE):
        return float(abs(Decimal(got) - exact) / _ulp(exact))


def _ulp(exact: Decimal) -> Decimal:
    near = float(exact)
    if near in (float("inf"), float("-inf")):
        return Decimal(2) ** 971
    exponent = frexp(near)[1] if near else -1074
    # A value just below a power of two is rounded to it; its own last place is half as large.
    if near and abs(exact) < abs(Decimal(near)) and abs(frexp(near)[0]) == 0.5:
        exponent -= 1
    return Decimal(2) ** max(exponent - 53, -1074)
