"""What a function does with the pointers it is given: flags `readonly` and `nocapture` of its parameters.

    fn len(v0: ptr) -> i64                   fn len(v0: ptr readonly nocapture) -> i64
      v1 = load i64 v0 8; ret v1       ==>     v1 = load i64 v0 8; ret v1

A caller whose stack slot is only given to such functions can keep what it knows of it in registers. The flags are read off the body as
it came from stage 7 and not as optimised: LLVM and the linker may pick another unit's copy of a shared function, and this holds for all.
"""

from __future__ import annotations

from vitte.ir import lang
from vitte.ir.ssa import Function, Inst, Module

READONLY: dict[str, int] = {
    lang.PANIC: 0b11, lang.PANIC_INDEX: 0b100, lang.PANIC_OVERFLOW: 0b11, lang.ASSERT_FAILED: 0b11, lang.ASSERT_FAILED_SIDES: 0b1111,
    "memcmp": 0b11, "strlen": 0b1, "write": 0b10,
}
"""Declared functions that neither write to nor keep these parameters (bit i for parameter i)."""
_COPIES = frozenset(("memcpy", "memcpy.n", "memmove.n"))


def run(fn: Function, module: Module) -> bool:
    pointers = [i for i, p in enumerate(fn.params) if fn.types[p] == "ptr"]
    if not pointers or not fn.blocks:
        return False
    known = {f.symbol: f for f in module.functions}
    users, passed = _users(fn)
    flags = list(fn.param_flags) + [""] * (len(fn.params) - len(fn.param_flags))
    changed = False
    for i in pointers:
        written, kept = _follow(fn.params[i], fn, users, passed, known, module)
        words = flags[i].split()
        if not kept and "nocapture" not in words:
            words.append("nocapture")
            changed = True
        if not written and not kept and "readonly" not in words and "sret" not in words:
            words.append("readonly")
            changed = True
        flags[i] = " ".join(words)
    if changed:
        fn.param_flags = flags
    return changed


def _users(fn: Function) -> tuple[dict[int, list[tuple[Inst, int]]], dict[int, list[int]]]:
    """Per value: operations that use it and at which operand; per value: block parameters it is passed to (-1: returned)."""
    users: dict[int, list[tuple[Inst, int]]] = {}
    passed: dict[int, list[int]] = {}
    for bb in fn.blocks:
        for inst in bb.insts:
            for i, value in enumerate(inst.args):
                users.setdefault(value, []).append((inst, i))
        if bb.term.op == "ret":
            for value in bb.term.args:
                passed.setdefault(value, []).append(-1)
        for jump in bb.term.targets:
            for param, value in zip(fn.blocks[jump.block].params, jump.args):
                passed.setdefault(value, []).append(param)
    return users, passed


def _follow(
    root: int,
    fn: Function,
    users: dict[int, list[tuple[Inst, int]]],
    passed: dict[int, list[int]],
    known: dict[str, Function],
    module: Module,
) -> tuple[bool, bool]:
    """Whether memory reached by the pointer is written; whether the pointer is kept."""
    written = False
    seen = {root: None}
    work = [root]
    while work:
        value = work.pop()
        derived: list[int] = []
        for inst, i in users.get(value, ()):
            op = inst.op
            if op == "load" or op == "dbg" or op in ("eq", "ne", "ult", "ule", "ugt", "uge"):
                continue
            if op == "store":
                if i == 0:
                    return True, True
                written = True
            elif op in _COPIES or op == "memset.n":
                written = written or i == 0
            elif op == "ptr_add" or op == "select":
                derived.append(inst.result)
            elif op == "call":
                kept, writes = callee_effect(inst, i, known, module)
                if kept:
                    return True, True
                written = written or writes
            else:
                return True, True
        for param in passed.get(value, ()):
            if param < 0:
                return True, True
            derived.append(param)
        for new in derived:
            if new not in seen:
                seen[new] = None
                work.append(new)
    return written, False


def callee_effect(inst: Inst, i: int, known: dict[str, Function], module: Module) -> tuple[bool, bool]:
    """Of a direct call: whether the function keeps the pointer it is given as operand `i`, and whether it writes there."""
    readonly = READONLY.get(inst.sym)
    if readonly is not None and readonly >> i & 1:
        return False, False
    callee = known.get(inst.sym)
    if callee is None:
        signature = module.externals.get(inst.sym)
        return signature is None or not signature.borrows, True
    if i >= len(callee.param_flags):
        return True, True
    words = callee.param_flags[i].split()
    return "nocapture" not in words, "readonly" not in words
