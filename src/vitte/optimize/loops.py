"""Natural loops: the blocks that a back edge encloses, and a block before each loop to put things in."""

from __future__ import annotations

from msgspec import Struct

from vitte.ir.ssa import Block, Function, Jump, Term
from vitte.ir.ssa_walk import Dominators, predecessors


class Loop(Struct):
    """`blocks`: the header first, then the others in no special but a fixed order. `latches`: blocks that jump back to the header."""

    header: int
    blocks: list[int]
    latches: list[int]


def find_loops(fn: Function, dominators: Dominators) -> list[Loop]:
    """All natural loops, one per header, inner ones before those around them."""
    preds = predecessors(fn)
    latches: dict[int, list[int]] = {}
    for number in dominators.order:
        for jump in fn.blocks[number].term.targets:
            if dominators.dominates(jump.block, number):
                known = latches.setdefault(jump.block, [])
                if number not in known:
                    known.append(number)
    loops: list[Loop] = []
    for header, back in latches.items():
        inside = {header: None}
        work = list(back)
        while work:
            number = work.pop()
            if number in inside or not dominators.is_reachable(number):
                continue
            inside[number] = None
            work.extend(preds[number])
        loops.append(Loop(header, list(inside), back))
    loops.sort(key=lambda loop: (len(loop.blocks), loop.header))
    return loops


def innermost(loops: list[Loop]) -> list[Loop]:
    """Loops with no other loop inside."""
    headers = {loop.header for loop in loops}
    return [loop for loop in loops if not any(number in headers for number in loop.blocks[1:])]


def preheader(fn: Function, loop: Loop) -> int:
    """The block from which alone the loop is entered, and which goes nowhere else; made when there is none. New blocks are at the end."""
    inside = dict.fromkeys(loop.blocks)
    entries = [(n, jump) for n, bb in enumerate(fn.blocks) if n not in inside for jump in bb.term.targets if jump.block == loop.header]
    if len(entries) == 1 and fn.blocks[entries[0][0]].term.op == "jump":
        return entries[0][0]
    params = []
    for param in fn.blocks[loop.header].params:
        fn.types.append(fn.types[param])
        params.append(len(fn.types) - 1)
    fn.blocks.append(Block(params, [], Term("jump", [], [Jump(loop.header, list(params))])))
    new = len(fn.blocks) - 1
    for _, jump in entries:
        jump.block = new
    return new


def defined_in(fn: Function, blocks: list[int]) -> dict[int, None]:
    """Values defined in some blocks."""
    found: dict[int, None] = {}
    for number in blocks:
        bb = fn.blocks[number]
        for value in bb.params:
            found[value] = None
        for inst in bb.insts:
            if inst.result >= 0:
                found[inst.result] = None
    return found
