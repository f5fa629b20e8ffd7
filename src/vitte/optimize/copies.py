"""Copy propagation: block parameters that always get one value, and operations that change nothing.

    bb1(v3): ...                          bb1: ...
      jump bb1(v3)   ; and jump bb1(v0) ==>     jump bb1
    v4 = select v2, v0, v0                (v4 is v0)

A block parameter all of whose arguments are itself or one other value is that value (Aycock and Horspool, "Simple Generation of Static
Single-Assignment Form", 2000).
"""

from __future__ import annotations

from vitte.ir.ssa import Function, Jump, Module
from vitte.ir.ssa_walk import drop_jump_args, remove_unreachable, replace_values


def run(fn: Function, module: Module) -> bool:
    changed = remove_unreachable(fn)
    while True:
        new = _trivial(fn)
        new.update(_casts(fn))
        if not new:
            return changed
        replace_values(fn, new)
        changed = True


def _trivial(fn: Function) -> dict[int, int]:
    """Parameters that are another value; they are removed, uses are the caller's to replace."""
    incoming: list[list[Jump]] = [[] for _ in fn.blocks]
    for bb in fn.blocks:
        for jump in bb.term.targets:
            incoming[jump.block].append(jump)
    new: dict[int, int] = {}
    for number, bb in enumerate(fn.blocks):
        if not bb.params:
            continue
        keep = [True] * len(bb.params)
        for i, param in enumerate(bb.params):
            only = -1
            for jump in incoming[number]:
                value = jump.args[i]
                while value in new:
                    value = new[value]
                if value != param and value != only:
                    if only >= 0:
                        only = -2
                        break
                    only = value
            if only >= 0:
                new[param] = only
                keep[i] = False
        if not all(keep):
            drop_jump_args(fn, number, keep)
    return new


def _casts(fn: Function) -> dict[int, int]:
    new: dict[int, int] = {}
    types = fn.types
    for bb in fn.blocks:
        kept = []
        for inst in bb.insts:
            op = inst.op
            if op == "select" and inst.args[1] == inst.args[2]:
                new[inst.result] = inst.args[1]
            elif op in ("bitcast", "zext", "sext", "trunc") and types[inst.args[0]] == inst.ty:
                new[inst.result] = inst.args[0]
            else:
                kept.append(inst)
        if len(kept) < len(bb.insts):
            bb.insts = kept
    return new
