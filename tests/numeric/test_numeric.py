"""`std/sys/bare`: how far results are from the exact ones, special values against the C library, and numbers out of text against Python.

What was measured over millions of arguments stands in `docs/internals/builtins.md`; `pytest tests/numeric --slow` measures again.
"""

from __future__ import annotations

import math
import random
import re
import struct
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.numeric import derive, kit, precise

Source = Callable[[random.Random], tuple[float, float]]


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit.build(tmp_path_factory.mktemp("numeric"))


# --- tables -----------------------------------------------------------------------------------------------------------


def test_tables_and_constants_are_as_derived() -> None:
    texts = {source.stem: source.read_text() for source in kit.BARE.glob("*.vit")}
    every = "".join(texts.values())
    for name, value in derive.everything().items():
        found = re.search(rf"(?:const|static) {name}: [^=]+= ([^\[]*?|\[[^\]]*\])\n", every)
        assert found is not None, name
        words = [word for word in re.split(r"[\s,()\[\]]+", found.group(1)) if word]
        wanted = value if isinstance(value, (list, tuple)) else [value]
        got = [int(word, 16) if word.startswith("0x") else float(word) for word in words]
        assert got == list(wanted), name


def test_the_module_has_what_that_of_the_c_library_has() -> None:
    def public(path: Path) -> list[str]:
        return sorted(re.findall(r"^pub (?:inline )?proc (.*?) \{", path.read_text(), re.MULTILINE))

    assert public(kit.BARE / "numeric.vit") == public(kit.BARE.parent / "libc" / "numeric.vit")


# --- accuracy ---------------------------------------------------------------------------------------------------------


def finite(rng: random.Random) -> float:
    while True:
        value: float = struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0]
        if math.isfinite(value):
            return value


def between(a: float, b: float) -> Source:
    return lambda rng: (rng.uniform(a, b), 0.0)


def sized(a: float, b: float) -> Source:
    """Either sign, 2^a to 2^b."""
    return lambda rng: (rng.choice([-1, 1]) * 2.0 ** rng.uniform(a, b), 0.0)


def any_finite(rng: random.Random) -> tuple[float, float]:
    return finite(rng), 0.0


def any_positive(rng: random.Random) -> tuple[float, float]:
    return abs(finite(rng)), 0.0


def near_quarter(rng: random.Random) -> tuple[float, float]:
    """The float nearest to a multiple of pi / 2: most of the reduced argument cancels."""
    n = rng.getrandbits(rng.choice([1, 5, 10, 15, 19, 20, 21, 30, 40, 53, 100, 500, 1000])) + 1
    return float(Fraction(n) * Fraction(precise.pi(400)) / 2), 0.0


def near_one(rng: random.Random) -> tuple[float, float]:
    return 1.0 + rng.choice([-1, 1]) * 2.0 ** rng.uniform(-53, -1), 0.0


def two(first: Source, second: Source) -> Source:
    return lambda rng: (first(rng)[0], second(rng)[0])


def proportional(a: float, b: float) -> Source:
    """Two arguments of which one is 2^a to 2^b times the other."""

    def make(rng: random.Random) -> tuple[float, float]:
        x = 2.0 ** rng.uniform(-950, 900)
        return x, x * 2.0 ** rng.uniform(a, b)

    return make


def exact_powers(rng: random.Random) -> tuple[float, float]:
    n = rng.randint(2, 12)
    return rng.choice([-1, 1]) * rng.getrandbits(60 // n) * 2.0 ** rng.randint(-20, 20) or 3.0, float(n)


CIRCLE: list[Source] = [between(-10, 10), between(-1e6, 1e6), any_finite, sized(-30, 20), near_quarter]
ARC: list[Source] = [between(-1, 1), sized(-30, 0), lambda rng: (1 - 2.0 ** rng.uniform(-53, -1), 0.0)]
LOGARITHM: list[Source] = [any_positive, near_one, between(0, 10), lambda rng: (2.0**-1074 * (rng.getrandbits(40) + 1), 0.0)]
HYPERBOLIC: list[Source] = [between(-5, 5), between(-711, 711), sized(-30, 9)]
SOURCES: dict[str, list[Source]] = {
    "sin": CIRCLE, "cos": CIRCLE, "tan": CIRCLE, "asin": ARC, "acos": ARC, "atan": [between(-10, 10), sized(-30, 60), any_finite],
    "atan2": [two(any_finite, any_finite), two(between(-5, 5), between(-5, 5)), proportional(-60, 60),
              two(sized(-1074, -1000), sized(-1074, -950))],
    "sinh": HYPERBOLIC, "cosh": HYPERBOLIC, "tanh": [between(-5, 5), sized(-30, 5)],
    "exp": [between(-5, 5), between(-746, 710), sized(-50, 9), between(-745.2, -707)],
    "log": LOGARITHM, "log2": LOGARITHM, "log10": LOGARITHM,
    "pow": [two(between(0, 10), between(-100, 100)), two(any_positive, between(-3, 3)), two(near_one, sized(10, 49)), exact_powers,
            two(between(0.5, 2), between(-1074, 1023)), lambda rng: (-float(rng.randint(1, 100)), float(rng.randint(-150, 150)))],
    "cbrt": [any_finite, between(-10, 10)],
    "hypot": [two(any_finite, any_finite), two(between(-5, 5), between(-5, 5)), proportional(-30, 30),
              two(sized(-1074, -1000), sized(-1074, -1000))],
}  # fmt: skip
TWO_ARGUMENTS = ("atan2", "pow", "hypot")


def is_in_range(name: str, x: float, y: float) -> bool:
    """Whether the result is a number that needs no more than ten thousand digits to be computed."""
    return name != "pow" or (x != 0.0 and abs(math.log(abs(x)) * y) < 800)


@pytest.mark.parametrize("name", kit.NAMES)
def test_results_are_rounded_correctly_but_for_one_in_a_thousand(name: str, probe: Path, request: pytest.FixtureRequest) -> None:
    count = 20_000 if request.config.getoption("--slow") else 100
    rng = random.Random(name)
    arguments = [source(rng) for source in SOURCES[name] for _ in range(count)]
    arguments = [pair for pair in arguments if is_in_range(name, *pair)]
    results = kit.values(probe, [(name, x, y) for x, y in arguments])
    assert len(results) > count
    worst, misses = 0.0, 0
    for (x, y), got in zip(arguments, results):
        exact = precise.value(name, *((x, y) if name in TWO_ARGUMENTS else (x,)))
        nearest = float(exact)
        if got != nearest:
            misses += 1
        if math.isinf(nearest) or math.isinf(got):
            assert got == nearest or abs(Decimal(2) ** 1024 - Decimal(2) ** 970 - abs(exact)) < Decimal(2) ** 960, (name, x, y, got)
            continue
        error = precise.ulps(got, exact)
        assert error < 0.505, (name, x.hex(), y.hex(), got, nearest)
        worst = max(worst, error)
    assert misses <= len(arguments) / 1000
    print(f"{name}: {len(arguments)} arguments, at most {worst:.4f} units in the last place, {misses} not correctly rounded")


def test_levels_agree(probe: Path, tmp_path: Path) -> None:
    """Nothing is fused or reordered: an unoptimised program computes the same bits."""
    rng = random.Random(3)
    calls = [(name, *source(rng)) for name in kit.NAMES for source in SOURCES[name] for _ in range(40)]
    plain = kit.build(tmp_path, "-O0")
    lines = [repr(finite(rng)) for _ in range(300)]
    assert list(map(str, kit.values(plain, calls))) == list(map(str, kit.values(probe, calls)))
    assert kit.texts(plain, lines) == kit.texts(probe, lines)


# --- special values ---------------------------------------------------------------------------------------------------

SPECIAL = [
    0.0, 5e-324, 2.2250738585072014e-308, 1e-300, 1e-9, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 709.0, 710.0, 745.5, 1e5, 2.0**52 - 1, 2.0**53,
    1e300, 1.7976931348623157e308, math.inf, math.nan,
]  # fmt: skip


def distance(a: float, b: float) -> float:
    """In units of the last place; 0 for two NaNs, and for equal numbers with equal signs."""
    if math.isnan(a) and math.isnan(b):
        return 0
    if a == b and math.copysign(1, a) == math.copysign(1, b):
        return 0
    if not (math.isfinite(a) and math.isfinite(b)) or a == b:
        return math.inf
    return abs(a - b) / math.ulp(b)


def test_special_values_are_those_of_the_c_library(probe: Path) -> None:
    signed = [sign * value for value in SPECIAL for sign in (1.0, -1.0)]
    calls = [(name, x, y) for name in kit.NAMES for x in signed for y in (signed if name in TWO_ARGUMENTS else [0.0])]
    wrong = [
        (name, x, y, got, wanted)
        for (name, x, y), got, wanted in zip(calls, kit.values(probe, calls), kit.values(probe, calls, "libc"))
        if distance(got, wanted) > (2 if name in ("sinh", "cosh", "tanh", "cbrt", "hypot") else 1)
    ]
    assert not wrong


def test_exact_results_are_exact(probe: Path) -> None:
    calls: list[tuple[str, float, float]] = []
    wanted: list[float] = []
    for n in range(-1074, 1024):
        calls.append(("log2", 2.0**n, 0.0))
        wanted.append(float(n))
        calls.append(("pow", 2.0, float(n)))
        wanted.append(2.0**n)
    for n in range(23):
        calls += [("log10", 10.0**n, 0.0), ("pow", 10.0, float(n)), ("cbrt", float(n**3), 0.0), ("hypot", 3.0 * n, -4.0 * n)]
        wanted += [float(n), 10.0**n, float(n), 5.0 * n]
    for n in range(2, 41):  # in the middle of two floats: to the even one
        base = int(2 ** (54 / n))
        calls.append(("pow", float(base), float(n)))
        wanted.append(float(base**n))
    assert kit.values(probe, calls) == wanted


# --- numbers out of text ----------------------------------------------------------------------------------------------


def decimal_text(exact: Fraction) -> str:
    """All digits of a fraction whose denominator is a power of two."""
    places = exact.denominator.bit_length() - 1
    digits = str(exact.numerator * 5**places)
    return f"{digits}e-{places}"


def middle(bits: int) -> Fraction:
    """Half way from the float of that encoding to the next one."""
    low = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    above = bits + 1
    high = Fraction(2) ** 1024 if above == 0x7FF0000000000000 else Fraction(struct.unpack("<d", above.to_bytes(8, "little"))[0])
    return (Fraction(low) + high) / 2


def hard_text(rng: random.Random) -> str:
    kind = rng.randrange(12)
    if kind == 0:
        return repr(finite(rng))
    if kind == 1:
        return f"{finite(rng):.{rng.randint(0, 40)}e}"
    if kind == 2:
        return f"{rng.getrandbits(rng.randint(1, 80))}e{rng.randint(-345, 310)}"
    if kind == 3:
        return f"{rng.getrandbits(rng.randint(40, 400))}.{rng.getrandbits(rng.randint(1, 400))}e{rng.randint(-400, 200)}"
    if kind == 4:
        return f"0.{'0' * rng.randint(0, 340)}{rng.getrandbits(rng.randint(1, 200))}"
    if kind == 5:
        before, after = "0" * rng.randint(1, 30), "0" * rng.randint(0, 300)
        exponent = f"{rng.choice(['+', '-', ''])}{rng.randint(0, 320)}"
        return f"{rng.choice(['', '-', '+'])}{before}{rng.getrandbits(64)}{after}.{before}E{exponent}"
    bits = rng.choice([
        rng.getrandbits(63) % 0x7FF0000000000000, rng.getrandbits(rng.randint(1, 53)), 0x7FEFFFFFFFFFFFFF - rng.getrandbits(3),
        rng.getrandbits(4), rng.getrandbits(52) | rng.randint(1023, 1090) << 52,
    ])  # fmt: skip
    exact = middle(bits)
    text = decimal_text(exact)
    digits, _, places = text.partition("e-")
    if kind == 6:
        return text
    if kind == 7:  # a little above or below, far behind
        more = rng.randint(1, 60)
        return f"{int(digits) * 10**more + rng.choice([-1, 1])}e-{int(places) + more}"
    if kind == 8:
        return f"{digits}{'0' * 800}{rng.choice(['1', '0'])}e-{int(places) + 801}"
    if kind == 9:  # cut short
        kept = rng.randint(15, 25)
        if len(digits) <= kept:
            return text
        return f"{int(digits[:kept]) + rng.randint(0, 1)}e{len(digits) - kept - int(places)}"
    if kind == 10:
        return f"{digits[:1]}.{digits[1:]}e{len(digits) - 1 - int(places)}"
    whole = len(digits) - int(places)
    return f"{digits[:whole]}.{digits[whole:]}" if whole > 0 else f".{'0' * -whole}{digits}"


def test_numbers_out_of_text_are_those_of_python(probe: Path, request: pytest.FixtureRequest) -> None:
    count = 1_000_000 if request.config.getoption("--slow") else 100_000
    rng = random.Random(8)
    fixed = [
        "0", "-0", "0e999999999", "1e-99999999999999999999", "1e99999999999999999999", "-1e400", "4.9e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "1.7976931348623158e308", "1.7976931348623159e308", "9007199254740993", "2.2250738585072011e-308",
        "9007199254740993.0000000000000000000000000000001", "2.2250738585072012e-308", "0." + "0" * 400 + "1", "1" + "0" * 308,
        "1" + "0" * 309, "." + "9" * 900, "1." + "0" * 900 + "1", "123456789012345678901234567890",
    ]  # fmt: skip
    lines = fixed + [hard_text(rng) for _ in range(count)]
    wrong = [(line, got) for line, got in zip(lines, kit.texts(probe, lines)) if struct.pack("<d", got) != struct.pack("<d", float(line))]
    assert not wrong, f"{len(wrong)} of {len(lines)}: {wrong[:3]}"
