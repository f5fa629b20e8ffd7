"""Random control flow: the nested form, the dispatching form and a plain walk over the blocks agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vitte.const_eval.machine import Machine
from vitte.const_eval.translate import _Translator
from vitte.ir.ssa import Block, Function, Inst, Jump, Module, Term

FUEL = 60
"""Blocks that are entered before the program stops."""


def program(edges: list[list[int]]) -> Function:
    """Blocks compute `x = x * 3 + number`, count down the fuel, and go where the low bits of x say. Block 0 is a prologue; block `b + 1`
    stands for `edges[b]`; the last one returns x."""
    types: list[str] = ["i64"]

    def value(ty: str) -> int:
        types.append(ty)
        return len(types) - 1

    count = len(edges)
    out = 2 * count + 1
    zero_fuel = value("i64")
    blocks = [Block([], [Inst("iconst", "i64", [], zero_fuel, FUEL)], Term("jump", [], [Jump(1, [0, zero_fuel])]))]
    tails = []
    for number, targets in enumerate(edges):
        x, fuel = value("i64"), value("i64")
        three, own, one, mask = value("i64"), value("i64"), value("i64"), value("i64")
        times, new, left, low, go = value("i64"), value("i64"), value("i64"), value("i64"), value("i1")
        insts = [
            Inst("iconst", "i64", [], three, 3), Inst("iconst", "i64", [], own, number + 1), Inst("iconst", "i64", [], one, 1),
            Inst("iconst", "i64", [], mask, 3), Inst("mul", "i64", [x, three], times), Inst("add", "i64", [times, own], new),
            Inst("sub", "i64", [fuel, one], left), Inst("and", "i64", [new, mask], low), Inst("sgt", "i1", [left, one], go),
        ]
        blocks.append(Block([x, fuel], insts, Term("br", [go], [Jump(count + 1 + number), Jump(out, [new])])))
        jumps = [Jump(t + 1, [new, left]) for t in targets]
        tails.append(Block([], [], Term("switch", [low], jumps, list(range(len(jumps) - 1)))))
    blocks += tails
    result = value("i64")
    blocks.append(Block([result], [], Term("ret", [result])))
    return Function("f", [0], "i64", blocks, types)


def walk(edges: list[list[int]], x: int) -> int:
    at, fuel = 0, FUEL
    while True:
        x = (x * 3 + at + 1 + (1 << 63)) % (1 << 64) - (1 << 63)
        fuel -= 1
        if fuel <= 1:
            return x
        at = edges[at][min(x & 3, len(edges[at]) - 1)]


graphs = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), min_size=1, max_size=3), min_size=n, max_size=n)
)


@settings(max_examples=150, deadline=None)
@given(graphs, st.integers(-100, 100))
def test_every_shape_has_the_same_meaning(edges: list[list[int]], x: int) -> None:
    fn = program(edges)
    machine = Machine([Module("m", "m", [fn], [], {})])
    assert machine.call("f", x) == walk(edges, x)
    code = _Translator(fn, machine).run(nested=False)
    exec("\n".join(code.lines), machine.namespace)
    assert machine.namespace["F"](x) == walk(edges, x)  # type: ignore[operator]
