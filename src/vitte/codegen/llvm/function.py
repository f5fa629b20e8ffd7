"""One function: its blocks as LLVM blocks, block parameters as phi nodes, failed checks as cold blocks at the end.

A `check` or `.trap` ends an LLVM block in the middle of an SSA block; phi nodes name the last piece, which is where the jump is.
Panic blocks are shared per function by what they say and where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm.ops import EMIT
from vitte.codegen.llvm.text import TYPE, float_constant
from vitte.ir import lang

if TYPE_CHECKING:
    from vitte.codegen.llvm.debug import FunctionDebug
    from vitte.codegen.llvm.module import ModuleEmitter
    from vitte.ir.ssa import Block, Function, Jump, Term


class FunctionEmitter:
    """State of one function's emission.

    - `names[v]`: the text of value `v` as an operand. `types[v]`: its SSA type.
    - `out`: the lines of the block being emitted. `at[loc]`: what to append to an instruction for its source place (or "").
    - `label`: the LLVM block `out` is in now.
    """

    __slots__ = ("module", "fn", "names", "types", "out", "at", "debug", "label", "counter", "cold", "panics", "edges", "extra")

    def __init__(self, module: ModuleEmitter, fn: Function) -> None:
        self.module = module
        self.fn = fn
        self.types = fn.types
        self.names = [f"%v{i}" for i in range(len(fn.types))]
        self.out: list[str] = []
        self.debug: FunctionDebug | None = module.debug.function(fn) if module.debug is not None else None
        self.at: list[str] = self.debug.at if self.debug is not None else [""] * max(1, len(fn.locs))
        self.label = ""
        self.counter = 0
        self.cold: list[str] = []
        self.panics: dict[tuple[str, int], str] = {}
        self.edges: list[list[tuple[str, list[int]]]] = [[] for _ in fn.blocks]
        self.extra: list[str] = []
        """Blocks that only split an edge: two edges from one block to another carry different arguments."""

    def temp(self) -> str:
        self.counter += 1
        return f"%t{self.counter}"

    def at_call(self, loc: int) -> str:
        """As `at`, for calls: with debug info they must have a place, even an unknown one."""
        text = self.at[loc]
        return text if text or self.debug is None else self.debug.nowhere

    # --- blocks ------------------------------------------------------------------------------------------------------

    def emit(self) -> list[str]:
        """The function's lines, from `define` to `}`."""
        fn = self.fn
        self._constants()
        bodies: list[list[str]] = []
        emit = EMIT
        for index, block in enumerate(fn.blocks):
            self.out = []
            self.label = f"b{index}"
            bodies.append(self.out)
            if not index:
                self._entry()
            for inst in block.insts:
                emit[inst.op](self, inst)
            self._terminator(block)
        lines = [self.module.header(fn, self.debug)]
        for index, block in enumerate(fn.blocks):
            lines.append(f"b{index}:")
            if block.params:
                self._phis(lines, index, block)
            lines.extend(bodies[index])
        lines.extend(self.extra)
        lines.extend(self.cold)
        lines.append("}")
        return lines

    def _constants(self) -> None:
        names = self.names
        module = self.module
        for block in self.fn.blocks:
            for inst in block.insts:
                op = inst.op
                if op == "iconst":
                    names[inst.result] = str(inst.imm) if inst.ty != "i1" else "true" if inst.imm else "false"
                elif op == "fconst":
                    names[inst.result] = float_constant(inst.fimm, inst.ty)
                elif op == "slot":
                    names[inst.result] = f"%s{inst.imm}"
                elif op == "null":
                    names[inst.result] = "null"
                elif op == "global_addr":
                    name = module.global_name(inst.sym)
                    names[inst.result] = f"getelementptr inbounds (i8, ptr {name}, {module.size_type} {inst.imm})" if inst.imm else name
                elif op == "here":
                    names[inst.result] = module.places.row(self.fn, inst.loc)
                elif op == "fn_addr":
                    names[inst.result] = module.callee(inst.sym)

    def _entry(self) -> None:
        out = self.out
        for i, slot in enumerate(self.fn.slots):
            out.append(f"  %s{i} = alloca [{slot.size} x i8], align {slot.align}")

    def _phis(self, lines: list[str], index: int, block: Block) -> None:
        names = self.names
        edges = self.edges[index]
        for i, param in enumerate(block.params):
            sources = ", ".join([f"[ {names[args[i]]}, %{label} ]" for label, args in edges])
            if sources:
                lines.append(f"  {names[param]} = phi {TYPE[self.types[param]]} {sources}")
            else:  # nobody jumps here
                lines.append(f"  {names[param]} = freeze {TYPE[self.types[param]]} poison")

    def _target(self, jump: Jump, taken: dict[int, list[int]] | None = None) -> str:
        """The label to jump to; records the edge. `taken`: where this terminator goes already, with what arguments."""
        block = jump.block
        if taken is not None:
            if taken.setdefault(block, jump.args) != jump.args:
                self.counter += 1
                middle = f"e{self.counter}"
                self.extra.append(f"{middle}:\n  br label %b{block}{self.at[0]}")
                self.edges[block].append((middle, jump.args))
                return f"%{middle}"
        self.edges[block].append((self.label, jump.args))
        return f"%b{block}"

    def _terminator(self, block: Block) -> None:
        term = block.term
        op = term.op
        out = self.out
        at = self.at[term.loc]
        if op == "jump":
            out.append(f"  br label {self._target(term.targets[0])}{at}")
        elif op == "br":
            yes, no = term.targets
            yes_cold, no_cold = self.fn.blocks[yes.block].cold, self.fn.blocks[no.block].cold
            weights = "" if yes_cold == no_cold else self.module.weights(no_cold)
            taken: dict[int, list[int]] = {}
            first = self._target(yes, taken)
            out.append(f"  br i1 {self.names[term.args[0]]}, label {first}, label {self._target(no, taken)}{weights}{at}")
        elif op == "ret":
            if term.args:
                value = term.args[0]
                out.append(f"  ret {TYPE[self.types[value]]} {self.names[value]}{at}")
            else:
                out.append(f"  ret void{at}")
        elif op == "switch" and self.module.ctx.opt_level == "0" and len(term.cases) <= 4:
            self._compares(term)
        elif op == "switch":
            ty = TYPE[self.types[term.args[0]]]
            taken = {}
            targets = [self._target(jump, taken) for jump in term.targets]
            cases = " ".join([f"{ty} {case}, label {target}" for case, target in zip(term.cases, targets)])
            out.append(f"  switch {ty} {self.names[term.args[0]]}, label {targets[-1]} [ {cases} ]{at}")
        else:
            out.append(f"  unreachable{at}")

    def _compares(self, term: Term) -> None:
        """A small switch as comparisons: LLVM's fast instruction selection, which level 0 uses, has no switch."""
        at = self.at[term.loc]
        ty = TYPE[self.types[term.args[0]]]
        value = self.names[term.args[0]]
        out = self.out
        for case, jump in zip(term.cases, term.targets):
            test = self.temp()
            target = self._target(jump)
            self.counter += 1
            label = f"k{self.counter}"
            out.append(f"  {test} = icmp eq {ty} {value}, {case}{at}\n  br i1 {test}, label {target}, label %{label}{at}\n{label}:")
            self.label = label
        out.append(f"  br label {self._target(term.targets[-1])}{at}")

    # --- checks ------------------------------------------------------------------------------------------------------

    def panic_unless(self, condition: str, panic: str, loc: int) -> None:
        self.counter += 1
        label = f"k{self.counter}"
        weights = self.module.weights(True)
        self.out.append(f"  br i1 {condition}, label %{label}, label %{panic}{weights}{self.at[loc]}\n{label}:")
        self.label = label

    def panic_if(self, condition: str, panic: str, loc: int) -> None:
        self.counter += 1
        label = f"k{self.counter}"
        weights = self.module.weights(False)
        self.out.append(f"  br i1 {condition}, label %{panic}, label %{label}{weights}{self.at[loc]}\n{label}:")
        self.label = label

    def _panic(self, key: tuple[str, int] | None, callee: str, args: str, loc: int) -> str:
        self.counter += 1
        label = f"p{self.counter}"
        place = self.module.places.row(self.fn, loc)
        attributes = self.module.attributes(("cold", "noreturn"))
        call = f"call void {self.module.callee(callee)}({args}, ptr {place}) {attributes}{self.at_call(loc)}"
        self.cold.append(f"{label}:\n  {call}\n  unreachable")
        if key is not None:
            self.panics[key] = label
        return label

    def message_block(self, message: str, loc: int) -> str:
        key = (message, loc)
        return self.panics.get(key) or self._panic(key, lang.PANIC, f"ptr {self.module.string(message)}", loc)

    def overflow_block(self, operation: str, loc: int) -> str:
        key = ("overflow " + operation, loc)
        return self.panics.get(key) or self._panic(key, lang.PANIC_OVERFLOW, f"ptr {self.module.string(operation)}", loc)

    def index_block(self, index: int, length: int, loc: int) -> str:
        return self._panic(None, lang.PANIC_INDEX, f"i64 {self.names[index]}, i64 {self.names[length]}", loc)
