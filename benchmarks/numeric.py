"""The mathematics that the library has itself, for platforms without a C library, beside that of this machine's C library."""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_RANGES: dict[str, tuple[float, float]] = {
    "asin": (-1, 1), "acos": (-1, 1), "exp": (-10, 10), "log": (0.01, 100), "log2": (0.01, 100), "log10": (0.01, 100), "pow": (0.01, 10),
    "cbrt": (-100, 100),
}  # fmt: skip
_COUNT = 20_000


def run(folder: Path) -> None:
    """Nanoseconds of a call, the best of seven rounds over arguments that are drawn evenly. The same program times both, in turn."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tests.numeric import kit

    folder.mkdir(exist_ok=True)
    program = kit.build(folder)
    rng = random.Random(1)
    records: list[bytes] = []
    for number, name in enumerate(kit.NAMES):
        low, high = _RANGES.get(name, (-5, 5))
        records += [struct.pack("<Qdd", number, rng.uniform(low, high), rng.uniform(-5, 5)) for _ in range(_COUNT)]
    print(f"\n{'mathematics':12} {'vitte ns':>9} {'C ns':>9} {'ratio':>7}")
    for line in kit.run(program, "times", b"".join(records)).decode().splitlines():
        which, own, other = line.split()[:3]
        print(f"{kit.NAMES[int(which)]:12} {float(own):9.1f} {float(other):9.1f} {float(own) / float(other):7.2f}")
