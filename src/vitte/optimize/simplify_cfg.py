"""Simplify the control-flow graph.

    bb0: br true, bb1, bb2          bb0: v1 = ...
    bb1: jump bb3(v0)        ==>         ret v0
    bb3(v9): v1 = ...; ret v9

Constant branches become jumps, blocks that only jump are skipped, a block with one predecessor that only goes there is appended to it,
what cannot be reached goes.
"""

from __future__ import annotations

from vitte.ir.ssa import Block, Function, Inst, Jump, Module, Term
from vitte.ir.ssa_walk import definitions, remove_unreachable, replace_values, use_counts


def run(fn: Function, module: Module) -> bool:
    changed = False
    while _branches(fn) | _skip(fn) | remove_unreachable(fn) | _merge(fn):
        changed = True
    return changed


def _branches(fn: Function) -> bool:
    """Terminators with only one way to go; what follows a check that always fails."""
    constants: dict[int, int] | None = None
    changed = False
    for bb in fn.blocks:
        term = bb.term
        op = term.op
        if op != "br" and op != "switch":
            continue
        if constants is None:
            constants = {v: inst.imm for v, inst in definitions(fn).items() if inst.op == "iconst"}
        value = constants.get(term.args[0])
        first = term.targets[0]
        target: Jump | None = None
        if value is not None:
            if op == "br":
                target = first if value else term.targets[1]
            else:
                target = next((jump for case, jump in zip(term.cases, term.targets) if case == value), term.targets[-1])
        elif all(jump.block == first.block and jump.args == first.args for jump in term.targets):
            target = first
        if target is not None:
            bb.term = Term("jump", [], [target], [], term.loc)
            changed = True
        elif op == "switch":
            changed |= _narrow(bb, term)
    return changed


def _narrow(bb: Block, term: Term) -> bool:
    """Cases that go where the default goes need not be told."""
    default = term.targets[-1]
    keep = [i for i in range(len(term.cases)) if term.targets[i].block != default.block or term.targets[i].args != default.args]
    if len(keep) == len(term.cases):
        return False
    bb.term = Term("switch", term.args, [*[term.targets[i] for i in keep], default], [term.cases[i] for i in keep], term.loc)
    return True


def _skip(fn: Function) -> bool:
    """Jump past blocks that only jump. Their parameters may only be passed on."""
    uses: list[int] | None = None
    forward: dict[int, tuple[list[int], Jump]] = {}
    for number, bb in enumerate(fn.blocks):
        if number and not bb.insts and bb.term.op == "jump" and bb.term.targets[0].block != number:
            if bb.params:
                if uses is None:
                    uses = use_counts(fn)
                passed = bb.term.targets[0].args
                if any(uses[p] != passed.count(p) for p in bb.params):
                    continue
            forward[number] = (bb.params, bb.term.targets[0])
    if not forward:
        return False
    changed = False
    for bb in fn.blocks:
        for jump in bb.term.targets:
            block, args = jump.block, jump.args
            hops = 0
            while block in forward and hops <= len(forward):
                params, onward = forward[block]
                given = dict(zip(params, args))
                block, args = onward.block, [given.get(v, v) for v in onward.args]
                hops += 1
            if 0 < hops <= len(forward):  # more: they go round in a circle
                jump.block, jump.args = block, args
                changed = True
    return changed


def _merge(fn: Function) -> bool:
    """Append a block to its only predecessor, when that goes nowhere else."""
    entries = [0] * len(fn.blocks)
    for bb in fn.blocks:
        for jump in bb.term.targets:
            entries[jump.block] += 1
    renamed: dict[int, int] = {}
    gone = [False] * len(fn.blocks)
    for number, bb in enumerate(fn.blocks):
        if gone[number]:
            continue
        while bb.term.op == "jump":
            jump = bb.term.targets[0]
            target = jump.block
            if entries[target] != 1 or target == number or gone[target]:
                break
            other = fn.blocks[target]
            renamed.update(zip(other.params, jump.args))
            insts: list[Inst] = bb.insts
            insts.extend(other.insts)
            bb.term = other.term
            bb.cold = bb.cold and other.cold
            fn.blocks[target] = Block([], [], Term("unreachable"))
            gone[target] = True
    if not any(gone):
        return False
    replace_values(fn, renamed)
    remove_unreachable(fn)
    return True
