"""Whatever the program, the checker answers: wrong programs made from right ones give diagnostics, never exceptions."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.typecheck.support import check_text
from vitte.ir import thir_verify

RUN = Path(__file__).parents[1] / "run"
TOKEN = re.compile(r'[A-Za-z_]\w*|\d+(?:\.\d+)?|"[^"\n]*"|[^\s\w]')


@pytest.mark.parametrize("seed", range(4))
def test_changed_programs(seed: int) -> None:
    rnd = random.Random(seed)
    texts = [p.read_text() for p in sorted(RUN.glob("*.vit"))]
    words = TOKEN.findall("".join(texts[::7]))
    for _ in range(25):
        text = rnd.choice(texts)
        for _ in range(rnd.choice((1, 2, 3))):
            places = list(TOKEN.finditer(text))
            at = rnd.choice(places)
            text = text[: at.start()] + rnd.choice(("", rnd.choice(places)[0], rnd.choice(words))) + text[at.end() :]
        checked = check_text(text, "changed")
        if not checked.ctx.diagnostics.error_count:
            assert list(thir_verify.verify(checked.module, checked.ctx)) == []


def test_errors_do_not_multiply() -> None:
    """One wrong type used in many places is reported once."""
    uses = "\n".join(f"  let _v{i} = p.x + {i}" for i in range(50))
    checked = check_text(f"form P {{ x: int }}\nproc main() {{\n  let p = P {{ y: 1 }}\n{uses}\n}}\n")
    assert checked.found == [(3, "V0202")]


def test_deep_expressions() -> None:
    checked = check_text("proc main() { println(" + "(" * 100 + "1" + " + 1)" * 100 + ") }")
    assert checked.found == []
