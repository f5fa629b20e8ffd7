"""Dominators against the definition (removing a block cuts all paths), and rewriting."""

from hypothesis import given
from hypothesis import strategies as st

from vitte.ir.ssa import Block, Function, Jump, Term
from vitte.ir.ssa_text import parse_function, print_function
from vitte.ir.ssa_walk import Dominators, remove_unreachable, replace_values, reverse_postorder, use_counts


def graph(edges: list[list[int]]) -> Function:
    blocks = [Block([], [], Term("switch", [0], [Jump(t) for t in targets], list(range(len(targets) - 1)))) for targets in edges]
    return Function("f", [0], "", blocks, ["i64"])


graphs = st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(st.integers(0, n - 1), min_size=1, max_size=3), min_size=n, max_size=n))


def reachable(edges: list[list[int]], without: int) -> set[int]:
    seen: set[int] = set()
    todo = [0] if without else []
    while todo:
        at = todo.pop()
        if at not in seen and at != without:
            seen.add(at)
            todo += edges[at]
    return seen


@given(graphs)
def test_dominance_is_the_definition(edges: list[list[int]]) -> None:
    tree = Dominators(graph(edges))
    every = reachable(edges, -1)
    for a in sorted(every):
        cut = reachable(edges, a)
        for b in sorted(every):
            assert tree.dominates(a, b) == (b not in cut), (a, b)
    assert tree.order[0] == 0 and sorted(tree.order) == sorted(every)
    assert [b for b in range(len(edges)) if tree.is_reachable(b)] == sorted(every)


def test_order_and_removal() -> None:
    fn = graph([[1, 2], [3], [3], [3], [3]])
    order = reverse_postorder(fn)
    assert order.index(1) < order.index(3) and order[0] == 0 and 4 not in order
    assert remove_unreachable(fn) and len(fn.blocks) == 4 and not remove_unreachable(fn)


def test_replace_follows_chains() -> None:
    fn = parse_function('fn "f"(%0: i64) -> i64 external {\nbb0:\n  %1 = add i64 %0, %0\n  %2 = add i64 %1, %1\n'
                        '  jump bb1(%2)\nbb1(%3: i64):\n  ret %2\n}\n')
    replace_values(fn, {2: 1, 1: 0})
    assert "jump bb1(%0)" in print_function(fn) and "ret %0" in print_function(fn)
    assert use_counts(fn) == [6, 0, 0, 0]
