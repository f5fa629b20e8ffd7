"""One emitter per SSA operation: `EMIT[op](f, inst)` appends the operation's LLVM instructions to `f.out`.

Constants and addresses emit nothing: `f.names` holds their text, to be used wherever the value is an operand.
A test holds the keys of `EMIT` and of `ssa.OPS` together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitte.codegen.llvm.text import PASSED, RETURNED, TYPE
from vitte.ir.fold import TRAP_WORDS

if TYPE_CHECKING:
    from vitte.codegen.llvm.function import FunctionEmitter
    from vitte.ir.ssa import Inst

Emitter = Callable[["FunctionEmitter", "Inst"], None]
EMIT: dict[str, Emitter] = {}

WIDE_BINARY = {"sdiv": "vitte.rt.sdiv128", "udiv": "vitte.rt.udiv128", "srem": "vitte.rt.srem128", "urem": "vitte.rt.urem128"}


def _nothing(f: FunctionEmitter, inst: Inst) -> None:
    """The value's text is in `f.names` already."""


def _binary(word: str) -> Emitter:
    def emit(f: FunctionEmitter, inst: Inst) -> None:
        names = f.names
        a, b = inst.args
        f.out.append(f"  {names[inst.result]} = {word} {TYPE[inst.ty]} {names[a]}, {names[b]}{f.at[inst.loc]}")

    return emit


def _exact(word: str) -> Emitter:
    """Addition, subtraction, multiplication: `sym` says which wrap-around was proved not to happen (`nsw`, `nuw`)."""
    plain = _binary(word)

    def emit(f: FunctionEmitter, inst: Inst) -> None:
        if not inst.sym:
            plain(f, inst)
            return
        names = f.names
        a, b = inst.args
        f.out.append(f"  {names[inst.result]} = {word} {inst.sym} {TYPE[inst.ty]} {names[a]}, {names[b]}{f.at[inst.loc]}")

    return emit


def _division(op: str) -> Emitter:
    plain = _binary(op)

    def emit(f: FunctionEmitter, inst: Inst) -> None:
        if inst.ty != "i128":
            plain(f, inst)
            return
        names = f.names
        a, b = inst.args
        callee = f.module.wide(WIDE_BINARY[op])
        f.out.append(f"  {names[inst.result]} = call i128 {callee}(i128 {names[a]}, i128 {names[b]}){f.at_call(inst.loc)}")

    return emit


def _overflow(f: FunctionEmitter, op: str, inst: Inst, pair: str) -> None:
    """`pair` = { result, overflowed } of a checked operation such as `smul`."""
    names = f.names
    a, b = inst.args
    ty = TYPE[f.types[a]]
    if ty == "i128" and op == "smul":
        callee = f.module.wide("vitte.rt.smulo128")
    else:
        callee = f.module.intrinsic(f"llvm.{op}.with.overflow.{ty}", f"{{ {ty}, i1 }}", f"{ty}, {ty}")
    f.out.append(f"  {pair} = call {{ {ty}, i1 }} {callee}({ty} {names[a]}, {ty} {names[b]}){f.at_call(inst.loc)}")


def _trap(op: str) -> Emitter:
    words = TRAP_WORDS[f"{op}.trap"]

    def emit(f: FunctionEmitter, inst: Inst) -> None:
        pair = f.temp()
        _overflow(f, op, inst, pair)
        at = f.at[inst.loc]
        ty = TYPE[inst.ty]
        flag = f.temp()
        f.out.append(f"  {f.names[inst.result]} = extractvalue {{ {ty}, i1 }} {pair}, 0{at}")
        f.out.append(f"  {flag} = extractvalue {{ {ty}, i1 }} {pair}, 1{at}")
        f.panic_if(flag, f.overflow_block(words, inst.loc), inst.loc)

    return emit


def _over(op: str) -> Emitter:
    def emit(f: FunctionEmitter, inst: Inst) -> None:
        pair = f.temp()
        _overflow(f, op, inst, pair)
        ty = TYPE[f.types[inst.args[0]]]
        f.out.append(f"  {f.names[inst.result]} = extractvalue {{ {ty}, i1 }} {pair}, 1{f.at[inst.loc]}")

    return emit


def _compare(word: str) -> Emitter:
    def emit(f: FunctionEmitter, inst: Inst) -> None:
        names = f.names
        a, b = inst.args
        f.out.append(f"  {names[inst.result]} = {word} {TYPE[f.types[a]]} {names[a]}, {names[b]}{f.at[inst.loc]}")

    return emit


def _cast(word: str, wide: str = "") -> Emitter:
    """`wide`: the helper for an i128 operand, without the float's width."""

    def emit(f: FunctionEmitter, inst: Inst) -> None:
        names = f.names
        a = inst.args[0]
        source = TYPE[f.types[a]]
        target = TYPE[inst.ty]
        if wide and source == "i128":
            callee = f.module.wide(f"{wide}.{inst.ty}")
            f.out.append(f"  {names[inst.result]} = call {target} {callee}(i128 {names[a]}){f.at_call(inst.loc)}")
        else:
            kind = word if source != target else "bitcast"
            f.out.append(f"  {names[inst.result]} = {kind} {source} {names[a]} to {target}{f.at[inst.loc]}")

    return emit


def _saturate(word: str, wide: str) -> Emitter:
    def emit(f: FunctionEmitter, inst: Inst) -> None:
        a = inst.args[0]
        source, target = TYPE[f.types[a]], TYPE[inst.ty]
        value = f.names[a]
        if target == "i128":
            if source == "float":
                value = f.temp()
                f.out.append(f"  {value} = fpext float {f.names[a]} to double{f.at[inst.loc]}")
                source = "double"
            callee = f.module.wide(wide)
        else:
            callee = f.module.intrinsic(f"llvm.{word}.sat.{target}.{'f32' if source == 'float' else 'f64'}", target, source)
        f.out.append(f"  {f.names[inst.result]} = call {target} {callee}({source} {value}){f.at_call(inst.loc)}")

    return emit


def _intrinsic(name: str, extra: str = "", extra_type: str = "") -> Emitter:
    """`llvm.NAME.TYPE` over all operands; `extra` is a last constant operand."""

    def emit(f: FunctionEmitter, inst: Inst) -> None:
        names = f.names
        ty = TYPE[inst.ty]
        if name == "bswap" and ty == "i8":
            f.out.append(f"  {names[inst.result]} = bitcast i8 {names[inst.args[0]]} to i8{f.at[inst.loc]}")
            return
        types = ", ".join([ty] * len(inst.args)) + (f", {extra_type}" if extra_type else "")
        callee = f.module.intrinsic(f"llvm.{name}.{inst.ty}", ty, types)
        args = ", ".join([f"{ty} {names[a]}" for a in inst.args])
        f.out.append(f"  {names[inst.result]} = call {ty} {callee}({args}{extra}){f.at_call(inst.loc)}")

    return emit


def _rotl(f: FunctionEmitter, inst: Inst) -> None:
    names = f.names
    ty = TYPE[inst.ty]
    a, b = inst.args
    callee = f.module.intrinsic(f"llvm.fshl.{ty}", ty, f"{ty}, {ty}, {ty}")
    f.out.append(f"  {names[inst.result]} = call {ty} {callee}({ty} {names[a]}, {ty} {names[a]}, {ty} {names[b]}){f.at_call(inst.loc)}")


def _fneg(f: FunctionEmitter, inst: Inst) -> None:
    f.out.append(f"  {f.names[inst.result]} = fneg {TYPE[inst.ty]} {f.names[inst.args[0]]}{f.at[inst.loc]}")


def _select(f: FunctionEmitter, inst: Inst) -> None:
    names = f.names
    c, a, b = inst.args
    ty = TYPE[inst.ty]
    f.out.append(f"  {names[inst.result]} = select i1 {names[c]}, {ty} {names[a]}, {ty} {names[b]}{f.at[inst.loc]}")


def _ptr_add(f: FunctionEmitter, inst: Inst) -> None:
    names = f.names
    a, b = inst.args
    by = _count(f, names[b], inst.loc)
    f.out.append(f"  {names[inst.result]} = getelementptr inbounds i8, ptr {names[a]}, {f.module.size_type} {by}{f.at[inst.loc]}")


def _address(f: FunctionEmitter, base: int, offset: int, loc: int) -> str:
    if not offset:
        return f.names[base]
    name = f.temp()
    nuw = " nuw" if offset > 0 else ""
    f.out.append(f"  {name} = getelementptr inbounds{nuw} i8, ptr {f.names[base]}, {f.module.size_type} {offset}{f.at[loc]}")
    return name


def _load(f: FunctionEmitter, inst: Inst) -> None:
    address = _address(f, inst.args[0], inst.imm, inst.loc)
    ty = inst.ty
    if ty == "i1":
        byte = f.temp()
        f.out.append(f"  {byte} = load i8, ptr {address}, align 1, !range {f.module.bool_range()}{f.at[inst.loc]}")
        f.out.append(f"  {f.names[inst.result]} = trunc nuw i8 {byte} to i1{f.at[inst.loc]}")
        return
    f.out.append(f"  {f.names[inst.result]} = load {TYPE[ty]}, ptr {address}, align {f.module.align[ty]}{f.at[inst.loc]}")


def _store(f: FunctionEmitter, inst: Inst) -> None:
    value, base = inst.args
    address = _address(f, base, inst.imm, inst.loc)
    ty = f.types[value]
    if ty == "i1":
        byte = f.temp()
        f.out.append(f"  {byte} = zext i1 {f.names[value]} to i8{f.at[inst.loc]}")
        f.out.append(f"  store i8 {byte}, ptr {address}, align 1{f.at[inst.loc]}")
        return
    f.out.append(f"  store {TYPE[ty]} {f.names[value]}, ptr {address}, align {f.module.align[ty]}{f.at[inst.loc]}")


def _memcpy(f: FunctionEmitter, inst: Inst) -> None:
    if inst.imm:
        to, source = inst.args
        _bytes(f, "memcpy", f"ptr {f.names[to]}, ptr {f.names[source]}", str(inst.imm), inst.loc)


def _copy(name: str) -> Emitter:
    def emit(f: FunctionEmitter, inst: Inst) -> None:
        to, source, count = (f.names[a] for a in inst.args)
        _bytes(f, name, f"ptr {to}, ptr {source}", _count(f, count, inst.loc), inst.loc)

    return emit


def _memset(f: FunctionEmitter, inst: Inst) -> None:
    to, byte, count = (f.names[a] for a in inst.args)
    _bytes(f, "memset", f"ptr {to}, i8 {byte}", _count(f, count, inst.loc), inst.loc)


def _count(f: FunctionEmitter, count: str, loc: int) -> str:
    """A number of bytes, an i64, in the width of addresses: LLVM wants it for its own procedures, and takes any width for offsets but
    gets them wrong at level 0."""
    size = f.module.size_type
    if size == "i64":
        return count
    if count[0] != "%":
        return str(int(count) & 0xFFFF_FFFF)
    narrow = f.temp()
    f.out.append(f"  {narrow} = trunc i64 {count} to {size}{f.at[loc]}")
    return narrow


def _bytes(f: FunctionEmitter, name: str, operands: str, count: str, loc: int) -> None:
    size = f.module.size_type
    types, suffix = ("ptr, i8", "p0") if name == "memset" else ("ptr, ptr", "p0.p0")
    callee = f.module.intrinsic(f"llvm.{name}.{suffix}.{size}", "void", f"{types}, {size}, i1")
    f.out.append(f"  call void {callee}({operands}, {size} {count}, i1 false){f.at_call(loc)}")


def _call(f: FunctionEmitter, inst: Inst) -> None:
    names, types = f.names, f.types
    signature = f.module.signatures.get(inst.sym)
    kind = RETURNED[inst.ty]
    if signature is not None and signature.signs:
        passed = f.module.passed(signature, [types[a] for a in inst.args])
        args = ", ".join([f"{text} {names[a]}" for text, a in zip(passed, inst.args)])
        kind = TYPE[inst.ty]
    else:
        args = ", ".join([f"{PASSED[types[a]]} {names[a]}" for a in inst.args])
    if signature is not None and signature.variadic:
        fixed = ", ".join([TYPE[t] for t in signature.params])
        kind = f"{kind} ({fixed}, ...)" if fixed else f"{kind} (...)"
    head = f"  {names[inst.result]} = call" if inst.result >= 0 else "  call"
    f.out.append(f"{head} {kind} {f.module.callee(inst.sym)}({args}){f.at_call(inst.loc)}")


def _call_ptr(f: FunctionEmitter, inst: Inst) -> None:
    names, types = f.names, f.types
    passed = f.module.widened([types[a] for a in inst.args[1:]], inst.sym)
    args = ", ".join([f"{text} {names[a]}" for text, a in zip(passed, inst.args[1:])])
    head = f"  {names[inst.result]} = call" if inst.result >= 0 else "  call"
    f.out.append(f"{head} {TYPE[inst.ty]} {names[inst.args[0]]}({args}){f.at_call(inst.loc)}")


def _check(f: FunctionEmitter, inst: Inst) -> None:
    sym = inst.sym
    if sym == "index":
        block = f.index_block(inst.args[1], inst.args[2], inst.loc)
    elif sym.startswith("overflow "):
        block = f.overflow_block(sym[9:], inst.loc)
    else:
        block = f.message_block(sym, inst.loc)
    f.panic_unless(f.names[inst.args[0]], block, inst.loc)


def _dbg(f: FunctionEmitter, inst: Inst) -> None:
    if f.debug is not None:
        f.debug.variable(f, inst)


def _fill() -> None:
    for op in ("iconst", "fconst", "null", "slot", "global_addr", "fn_addr", "here"):
        EMIT[op] = _nothing
    for op in ("add", "sub", "mul"):
        EMIT[op] = _exact(op)
    for op in ("and", "or", "xor", "shl", "lshr", "ashr", "fadd", "fsub", "fmul", "fdiv", "frem"):
        EMIT[op] = _binary(op)
    for op in WIDE_BINARY:
        EMIT[op] = _division(op)
    for op in ("sadd", "uadd", "ssub", "usub", "smul", "umul"):
        EMIT[f"{op}.trap"] = _trap(op)
        EMIT[f"{op}.over"] = _over(op)
    for op in ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"):
        EMIT[op] = _compare(f"icmp {op}")
    for op, word in (("feq", "oeq"), ("fne", "une"), ("flt", "olt"), ("fle", "ole"), ("fgt", "ogt"), ("fge", "oge")):
        EMIT[op] = _compare(f"fcmp {word}")
    for op, name in (
        ("fsqrt", "sqrt"), ("ffloor", "floor"), ("fceil", "ceil"), ("ftrunc", "trunc"), ("fround", "round"), ("fabs", "fabs"),
        ("fma", "fma"), ("popcnt", "ctpop"), ("bswap", "bswap"),
    ):
        EMIT[op] = _intrinsic(name)
    for op, name in (("clz", "ctlz"), ("ctz", "cttz")):
        EMIT[op] = _intrinsic(name, ", i1 false", "i1")
    for op in ("trunc", "zext", "sext", "fpext", "fptrunc", "ptrtoint", "inttoptr", "bitcast"):
        EMIT[op] = _cast(op)
    EMIT["sitofp"], EMIT["uitofp"] = _cast("sitofp", "vitte.rt.sitofp128"), _cast("uitofp", "vitte.rt.uitofp128")
    EMIT["fptosi.sat"], EMIT["fptoui.sat"] = _saturate("fptosi", "vitte.rt.fptosi128"), _saturate("fptoui", "vitte.rt.fptoui128")
    EMIT.update({
        "fneg": _fneg, "select": _select, "rotl": _rotl, "ptr_add": _ptr_add, "load": _load, "store": _store, "memcpy": _memcpy,
        "memcpy.n": _copy("memcpy"), "memmove.n": _copy("memmove"), "memset.n": _memset, "call": _call, "call_ptr": _call_ptr,
        "check": _check, "dbg": _dbg,
    })


_fill()
