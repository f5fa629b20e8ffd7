"""Dead code: operations, block parameters and stack slots whose values nobody wants.

    v1 = load v0                    (gone)
    v2 = mul v1, v1          ==>    (gone)
    jump bb1(v2)                    jump bb1
    bb1(v3): ret                    bb1: ret

What has an effect is wanted, and whatever that uses. A store to a slot that is only ever stored to has no effect.
"""

from __future__ import annotations

from vitte.ir.ssa import OPS, Function, Inst, Jump, Module
from vitte.ir.ssa_walk import drop_jump_args

_REMOVABLE = frozenset(op for op, info in OPS.items() if info.pure or op == "load" or op == "dbg")
_WRITES_FIRST = frozenset(("memcpy", "memcpy.n", "memmove.n", "memset.n"))


def run(fn: Function, module: Module) -> bool:
    ignored = _unread_slots(fn)
    wanted = [False] * len(fn.types)
    by_value: dict[int, Inst] = {}
    params: dict[int, tuple[int, int]] = {}
    incoming: list[list[Jump]] = [[] for _ in fn.blocks]
    work: list[int] = []
    for number, bb in enumerate(fn.blocks):
        for i, param in enumerate(bb.params):
            params[param] = (number, i)
        for inst in bb.insts:
            if inst.result >= 0:
                by_value[inst.result] = inst
            if inst.op not in _REMOVABLE and not _is_ignored(inst, ignored):
                work.extend(inst.args)
        work.extend(bb.term.args)
        for jump in bb.term.targets:
            incoming[jump.block].append(jump)
    while work:
        value = work.pop()
        if wanted[value]:
            continue
        wanted[value] = True
        made_by = by_value.get(value)
        if made_by is not None:
            work.extend(made_by.args)
        elif value in params:
            number, i = params[value]
            work.extend([jump.args[i] for jump in incoming[number]])
    return _sweep(fn, wanted, ignored)


def _sweep(fn: Function, wanted: list[bool], ignored: dict[int, int]) -> bool:
    changed = False
    for number, bb in enumerate(fn.blocks):
        kept: list[Inst] = []
        for inst in bb.insts:
            if inst.op == "dbg":
                keep = wanted[inst.args[0]]
            elif inst.op in _REMOVABLE:
                keep = wanted[inst.result]
            else:
                keep = not _is_ignored(inst, ignored)
            if keep:
                kept.append(inst)
        if len(kept) < len(bb.insts):
            bb.insts = kept
            changed = True
        if bb.params and not all(wanted[p] for p in bb.params):
            drop_jump_args(fn, number, [wanted[p] for p in bb.params])
            changed = True
    return changed


def _is_ignored(inst: Inst, ignored: dict[int, int]) -> bool:
    if not ignored:
        return False
    if inst.op == "store":
        return inst.args[1] in ignored
    return inst.op in _WRITES_FIRST and inst.args[0] in ignored


def _unread_slots(fn: Function) -> dict[int, int]:
    """Addresses in slots (value -> slot) that are only written to."""
    if not fn.slots:
        return {}
    owner: dict[int, int] = {}
    read = [False] * len(fn.slots)
    for bb in fn.blocks:
        for inst in bb.insts:
            if inst.op == "slot":
                owner[inst.result] = inst.imm
            elif inst.op == "ptr_add" and inst.args[0] in owner:
                owner[inst.result] = owner[inst.args[0]]
    for bb in fn.blocks:
        for inst in bb.insts:
            op = inst.op
            if op == "ptr_add" and inst.result in owner:
                continue
            for i, value in enumerate(inst.args):
                if value in owner and not ((op == "store" and i == 1) or (op in _WRITES_FIRST and i == 0)):
                    read[owner[value]] = True
        for value in bb.term.args:
            if value in owner:
                read[owner[value]] = True
        for jump in bb.term.targets:
            for value in jump.args:
                if value in owner:
                    read[owner[value]] = True
    return {value: slot for value, slot in owner.items() if not read[slot]}
