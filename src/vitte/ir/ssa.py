"""SSA: values, block parameters, explicit memory. What the optimiser works on, the interpreter runs and codegen prints.

Values are scalars of the types in `TYPES`; everything larger lives in memory (stack slots, globals, the heap) and is handled by
address. An aggregate parameter is a `ptr` to the caller's copy; an aggregate result is written through a first parameter `ptr`
(flag `sret`); unit is no value at all (result type "").

A value is an int id; `fn.types[id]` is its type. A block's parameters take the place of phi nodes: each jump passes arguments.
Block 0 is the entry and has no parameters. Block ids are positions in `fn.blocks`.

What may fail is visible: `check` panics unless its first operand is true, the `.trap` operations panic on overflow; both at the
source place `fn.locs[inst.loc]`. Nothing else panics: divisions and shifts are preceded by checks.

Invariants (checked by `ssa_verify`): S1 every value is defined once; S2 definitions dominate uses; S3 operands have the types the
operation wants; S4 jump arguments match the target's parameters in number and type; S5 targets exist, block 0 is no target;
S6 calls match the signature of functions known in the module; S7 symbols are defined or declared in the module; S8 slots exist;
S9 after stage 7 no `const` operations are left; S10 switch values are distinct and fit; S11 what may panic in the text of a crossing body
has a row of its own in the body's table.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vitte.ir.defs import ConstImage

TYPES = ("i1", "i8", "i16", "i32", "i64", "i128", "f32", "f64", "ptr")
BITS: dict[str, int] = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128, "f32": 32, "f64": 64}


class OpInfo(Struct, frozen=True):
    """`args`: operand types: `T` the instruction's type, `I` any integer, `V` anything, or a type name; "*" any number of anything.
    `result`: `T`, a type name, or "" for none. `pure`: no effect and no dependence on memory: may be removed, merged or moved.
    `reads`, `writes`: memory. `commutes`: the first two operands may be exchanged. `what`: the meaning."""

    args: tuple[str, ...]
    result: str
    what: str
    pure: bool = True
    reads: bool = False
    writes: bool = False
    commutes: bool = False


def _table() -> dict[str, OpInfo]:
    ops: dict[str, OpInfo] = {}

    def add(names: str, args: tuple[str, ...], result: str, what: str, **flags: bool) -> None:
        for name in names.split():
            ops[name] = OpInfo(args, result, what, **flags)

    two = ("T", "T")
    add("iconst", (), "T", "integer `imm`, 0 <= imm < 2**bits (two's complement)")
    add("fconst", (), "T", "float `fimm`")
    add("null", (), "ptr", "the null pointer")
    add("slot", (), "ptr", "address of stack slot `imm`")
    add("global_addr", (), "ptr", "address of global `sym` plus `imm` bytes")
    add("fn_addr", (), "ptr", "address of function `sym`")
    add("here", (), "ptr", "address of the row of a table of places for `loc`; `sym`: the place as `file:line:col`; "
        "`imm`: the row in the table of a crossing body, where equal positions do not make equal rows")
    add("const", (), "T", "scalar value of the unevaluated constant `sym`")
    add("const_addr", (), "ptr", "address of the image of the unevaluated constant `sym`")
    add("add mul and or xor", two, "T", "wrapping", commutes=True)
    add("sub shl lshr ashr", two, "T", "wrapping; a shift count is below the width")
    add("sdiv udiv srem urem", two, "T", "the divisor is not 0 and there is no overflow")
    add("sadd.trap uadd.trap smul.trap umul.trap", two, "T", "panics on overflow", pure=False, commutes=True)
    add("ssub.trap usub.trap", two, "T", "panics on overflow", pure=False)
    add("sadd.over uadd.over smul.over umul.over", two, "i1", "whether it overflows", commutes=True)
    add("ssub.over usub.over", two, "i1", "whether it overflows")
    add("fadd fmul", two, "T", "IEEE 754", commutes=True)
    add("fsub fdiv frem", two, "T", "IEEE 754; frem is fmod")
    add("fneg fsqrt ffloor fceil ftrunc fround fabs", ("T",), "T", "fround: half away from zero")
    add("fma", ("T", "T", "T"), "T", "a * b + c, rounded once")
    add("eq ne", ("V", "V"), "i1", "integers or pointers of one type", commutes=True)
    add("slt sle sgt sge ult ule ugt uge", ("V", "V"), "i1", "integers (pointers: the u ones)")
    add("feq fne", ("V", "V"), "i1", "feq: ordered and equal; fne: its negation", commutes=True)
    add("flt fle fgt fge", ("V", "V"), "i1", "ordered comparison")
    add("select", ("i1", "T", "T"), "T", "the second where the first is true, else the third")
    add("trunc zext sext", ("I",), "T", "integer to a narrower / wider integer")
    add("sitofp uitofp", ("I",), "T", "to the nearest float")
    add("fptosi.sat fptoui.sat", ("V",), "T", "toward zero, saturating, NaN is 0")
    add("fpext fptrunc", ("V",), "T", "between f32 and f64")
    add("ptrtoint", ("ptr",), "T", "")
    add("inttoptr", ("I",), "ptr", "")
    add("bitcast", ("V",), "T", "same bits: i32/f32, i64/f64")
    add("popcnt clz ctz bswap", ("T",), "T", "clz and ctz of 0 are the width")
    add("rotl", two, "T", "the count is taken modulo the width")
    add("ptr_add", ("ptr", "i64"), "ptr", "plus bytes, within one object")
    add("load", ("ptr",), "T", "from the pointer plus `imm` bytes", pure=False, reads=True)
    add("store", ("V", "ptr"), "", "the first operand to the second plus `imm` bytes", pure=False, writes=True)
    add("memcpy", ("ptr", "ptr"), "", "`imm` bytes from the second to the first, not overlapping", pure=False, reads=True, writes=True)
    add("memcpy.n memmove.n", ("ptr", "ptr", "i64"), "", "a computed number of bytes", pure=False, reads=True, writes=True)
    add("memset.n", ("ptr", "i8", "i64"), "", "fill with a byte", pure=False, writes=True)
    add("call", ("*",), "T", "function `sym`; result type \"\" for none; `imm`: -1, or the number of fixed operands of a variadic "
        "C function", pure=False, reads=True, writes=True)
    add("call_ptr", ("ptr", "*"), "T", "the function at the first operand; `sym`: signs of the others as in `Signature`", pure=False,
        reads=True, writes=True)
    add("check", ("i1", "*"), "", "panic unless true. `sym`: the message; or \"index\" with operands (index i64, length i64); or "
        "\"overflow OP\" (say: attempt to OP with overflow)", pure=False)
    add("dbg", ("V",), "", "variable `imm` has this value (or, when `sym` is \"slot\", lives at this address) from here on", pure=False)
    return ops


OPS: dict[str, OpInfo] = _table()
"""Every operation: read by the printer, parser, verifier, folder, interpreter and code generator."""


class Inst(Struct, array_like=True):
    """One operation. `ty`: the type `T` of `OPS` (the result's type for most; "" when there is none). `result`: value id, -1 for none.
    `loc`: index into `fn.locs`, 0 for none."""

    op: str
    ty: str
    args: list[int]
    result: int = -1
    imm: int = 0
    fimm: float = 0.0
    sym: str = ""
    loc: int = 0


class Jump(Struct, array_like=True):
    """Continue at `block` with `args` for its parameters."""

    block: int
    args: list[int] = []


class Term(Struct, array_like=True):
    """`op`: `jump` (one target), `br` (arg i1: true target, false target), `switch` (arg integer; `cases[i]` goes to `targets[i]`, the last
    target is the default), `ret` (arg when the function has a result), `unreachable`. `loc` as in `Inst`."""

    op: Literal["jump", "br", "switch", "ret", "unreachable"]
    args: list[int] = []
    targets: list[Jump] = []
    cases: list[int] = []
    loc: int = 0


class Block(Struct, array_like=True):
    """`params`: value ids. `cold`: on the way to a panic."""

    params: list[int]
    insts: list[Inst]
    term: Term
    cold: bool = False


class Loc(Struct, frozen=True, array_like=True):
    """A source place: line and column from 1, `length` in code points (0: not known). `inlined`: index of the place of the call that was
    inlined here, 0 for none;
    `fn`: symbol of the function the text belongs to, "" for this one.
    `owner`: path of the crossing body the text belongs to, whose table has the place in row `ordinal` (see `ir.places`); "" when its
    table is the unit's own."""

    file: str
    line: int
    col: int
    inlined: int = 0
    fn: str = ""
    length: int = 0
    owner: str = ""
    ordinal: int = 0


class Slot(Struct, array_like=True):
    """Stack memory, alive for the whole call."""

    size: int
    align: int
    name: str = ""


class Variable(Struct, array_like=True):
    """A source variable for the debugger. `ty`: canonical type text. `arg`: position among the parameters from 1, 0 for a local."""

    name: str
    ty: str
    loc: int
    arg: int = 0


class Signature(Struct, frozen=True, array_like=True):
    """`variadic`: a C function that takes more. `borrows`: it keeps none of the pointers it is given beyond the call.

    `signs`: of C functions a letter for each operand and one for the result, which say how it is made as wide as a register by who
    passes it, where the platform wants that: `s` an integer with a sign, `u` one without, `-` anything else. "" for Vitte's own."""

    params: tuple[str, ...]
    result: str = ""
    variadic: bool = False
    borrows: bool = False
    signs: str = ""


class Function(Struct, array_like=True):
    """`params`: value ids of the parameters. `flags`: of `sret` `noreturn` `cold` `noinline` `inline` `c` (C calling convention, visible),
    `signed` (so is the result, to C). `param_flags[i]`: of `sret` `nonnull` `noalias` `readonly`, space separated. `name`: for people;
    `file`, `line`: where it stands. `types[id]` and `locs[i]` (0 is a dummy) grow as needed. `owner`: as in `Loc`, for what has no place of
    its own."""

    symbol: str
    params: list[int]
    result: str
    blocks: list[Block]
    types: list[str]
    slots: list[Slot] = []
    locs: list[Loc] = []
    variables: list[Variable] = []
    linkage: Literal["external", "linkonce", "internal"] = "external"
    flags: list[str] = []
    param_flags: list[str] = []
    name: str = ""
    file: str = ""
    line: int = 0
    owner: str = ""


class Global(Struct, array_like=True):
    """Data with a symbol. `relocations`: (offset, symbol, addend) addresses to be stored in it. `linkage` "private": only here, may be
    merged with equal data."""

    symbol: str
    data: bytes
    align: int = 1
    relocations: list[tuple[int, str, int]] = []
    mutable: bool = False
    linkage: Literal["external", "linkonce", "internal", "private"] = "private"


class PendingConst(Struct, array_like=True):
    """A constant of this unit to be evaluated: run `initializer` (a function of this module). `ty`: its scalar type, or "" for an image of
    `size` bytes. A static keeps its memory under `symbol` as a global. `int_signed`: how a scalar reads as an integer, None if it is
    none."""

    path: str
    symbol: str
    initializer: str
    ty: str
    size: int
    align: int
    is_static: bool = False
    is_mutable: bool = False
    int_signed: bool | None = None
    loc: Loc | None = None


class PendingAssert(Struct, array_like=True):
    """A `static_assert`: `initializer` gives an i1."""

    initializer: str
    message: str
    text: str
    loc: Loc


class PlaceTable(Struct, array_like=True):
    """The places of a crossing body of this unit: (line, column) from 1 by row. It is defined here, whoever uses it."""

    path: str
    file: str
    rows: list[tuple[int, int]]


class Module(Struct, array_like=True):
    """One unit in SSA. `externals`: signatures of functions defined elsewhere; `external_globals`: data defined elsewhere.
    `evaluated`: results of stage 7 by constant path, which go into the interface."""

    name: str
    file: str
    functions: list[Function]
    globals: list[Global]
    externals: dict[str, Signature]
    external_globals: list[str] = []
    pending: list[PendingConst] = []
    asserts: list[PendingAssert] = []
    evaluated: dict[str, ConstImage] = {}
    tables: list[PlaceTable] = []
