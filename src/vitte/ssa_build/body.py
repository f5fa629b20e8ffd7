"""One MIR body to one SSA function."""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir import mir
from vitte.ir import types as t
from vitte.ir.ownership import is_distant, needs_drop
from vitte.ir.paths import readable
from vitte.ir.ssa import BITS, OPS, Function, Inst, Jump, Term, Variable
from vitte.ir.ssa_walk import replace_values, use_counts
from vitte.ssa_build.builder import Builder
from vitte.ssa_build.calls import Calls
from vitte.ssa_build.counting import drop
from vitte.ssa_build.intrinsics import Intrinsics
from vitte.ssa_build.locals import Locals
from vitte.ssa_build.operands import Operands
from vitte.ssa_build.rvalues import Rvalues
from vitte.ssa_build.unit import Unit
from vitte.ssa_build.variables import Phi, Variables


def build(unit: Unit, body: mir.Body) -> Function:
    """The function of a body in phase ELABORATED."""
    return _Body(unit, body).build()


class _Body:
    """MIR blocks are visited in reverse postorder; each begins in a block of its own (`starts`). When something jumps to the first MIR
    block, or the function needs a prologue, block 0 is a prologue that jumps to it."""

    def __init__(self, unit: Unit, body: mir.Body) -> None:
        self.unit = unit
        self.body = body
        result = body.locals[0].ty
        scalar = unit.layouts.scalar(result)
        fn = Function(body.symbol, [], scalar, [], [], linkage=body.linkage, file=body.file)
        self.fn = fn
        self.b = b = Builder(unit, fn, "" if body.instance.glue else body.instance.path)
        fn.name = readable(body.instance.text)
        if body.span:
            fn.line = b.place(body.span).line
        self.order, self.preds = _flow(body)
        self.variables = Variables(self.preds, self._fresh, self._undefined)
        ctx = unit.ctx
        self.full_debug = ctx.debug_info == "full"
        self.locals = Locals(b, body, self.variables, self.full_debug and ctx.opt_level == "0")
        self.operands = Operands(b, self.locals)
        self.rvalues = Rvalues(b, self.locals, self.operands)
        self.calls = Calls(b, self.locals, self.operands)
        self.intrinsics = Intrinsics(b, self.locals, self.operands, self.calls)
        self.starts = [-1] * len(body.blocks)
        self.jumps: dict[int, list[tuple[int, Jump]]] = {}
        self.lent: list[tuple[int, t.Ty]] = []
        """Parameters that are references: position and what they point at."""
        self._table: dict[type, Callable[..., None]] = {
            mir.Assign: self._assign,
            mir.Call: self._call,
            mir.Intrinsic: self._intrinsic,
            mir.CheckIndex: self._check_index,
            mir.Panic: self._panic,
            mir.Drop: self._drop,
            mir.StorageLive: self._nothing,
            mir.StorageDead: self._nothing,
        }

    # --- variables

    def _fresh(self, var: int) -> int:
        self.b.types.append(self.locals.scalars[var])
        return len(self.b.types) - 1

    def _undefined(self, var: int) -> int:
        return self.b.entry_zero(self.locals.scalars[var])

    # --- the whole

    def build(self) -> Function:
        b, fn, body = self.b, self.fn, self.body
        order = self.order
        has_prologue = bool(self.preds[order[0]])
        # The prologue is a block of its own for `Variables` too: one after the last.
        if has_prologue:
            self.variables.start(len(body.blocks))
        else:
            self.variables.start(order[0])
        self._signature()
        for number in order:
            self.starts[number] = 0 if number == order[0] and not has_prologue else b.new_block()
        if has_prologue:
            self._jump_to(order[0], len(body.blocks))
        for number in order:
            if number != order[0] or has_prologue:
                self.variables.start(number)
                b.forget_constants()
            self._block(number)
        self._finish()
        return fn

    def _signature(self) -> None:
        """Parameters, where their locals live, and what the debugger is told."""
        fn, body = self.fn, self.body
        flags: list[str] = []
        layouts = self.unit.layouts
        result = body.locals[0].ty
        if not fn.result and layouts.size(result):
            flags.append("sret noalias nonnull")
            self.locals.homes[0] = self._param("ptr")
            fn.flags.append("sret")
        if result is t.NEVER:
            fn.flags.append("noreturn")
        params: list[tuple[int, int]] = []
        for local in range(1, body.param_count + 1):
            ty = self.locals.tys[local]
            scalar = self.locals.scalars[local]
            if scalar:
                params.append((local, self._param(scalar)))
                if type(ty) is t.RefTy:
                    self.lent.append((len(flags), ty.target))
                flags.append("")
            elif layouts.size(ty):
                self.locals.homes[local] = self._param("ptr")
                flags.append(self._memory_flags(ty))
        for local, value in params:
            self.locals.write(local, value)
        fn.param_flags = flags
        self._attributes()
        if self.full_debug:
            self._debug()

    def _memory_flags(self, ty: t.Ty) -> str:
        """Flags of a pointer to a value of `ty` that nobody else changes meanwhile.

        A type of another unit is not looked into for their sake alone: then this unit does not depend on its layout."""
        if is_distant(ty, self.unit.ctx.module) and not self.unit.layouts.is_known(ty):
            return "nonnull noalias"
        size, align = self.unit.layouts.size_align(ty)
        return f"nonnull noalias deref={size} align={align}" if size else "nonnull"

    def _param(self, ty: str) -> int:
        self.fn.params.append(len(self.b.types))
        self.b.types.append(ty)
        return self.fn.params[-1]

    def _attributes(self) -> None:
        fn, instance = self.fn, self.body.instance
        proc = self.unit.defs.procs.get(instance.path)
        if instance.glue in ("main", "test_main"):
            fn.flags += ["c", "signed"]
        elif not instance.glue and proc is not None:
            if proc.inline != "auto":
                fn.flags.append(proc.inline)
            if proc.abi == "C":
                fn.flags += ["c", "signed"] if fn.result and self.unit.layouts.is_signed(proc.result) else ["c"]

    def _debug(self) -> None:
        b, fn = self.b, self.fn
        for local, decl in enumerate(self.body.locals):
            if not decl.name or not self.locals.in_memory[local] or not b.layouts.size(decl.ty):
                continue
            b.at(decl.span)
            arg = local if 1 <= local <= self.body.param_count else 0
            fn.variables.append(Variable(decl.name, decl.ty.text, b.loc, arg))
            b.effect("dbg", [self.locals.home(local)], len(fn.variables) - 1, "slot")

    def _finish(self) -> None:
        fn, b = self.fn, self.b
        new, phis = self.variables.finish()
        by_block: dict[int, list[Phi]] = {}
        for phi in phis:
            by_block.setdefault(phi.block, []).append(phi)
        for number, own in by_block.items():
            fn.blocks[self.starts[number]].params += [phi.value for phi in own]
            preds = self.preds[number]
            for pred, jump in self.jumps.get(number, ()):
                at = preds.index(pred)
                jump.args += [phi.operands[at] for phi in own]
        b.finish()
        replace_values(fn, new)
        _remove_unused(fn)
        for at, ty in self.lent:
            # What is lent is not written by others while it is, so two names of it do no harm.
            fn.param_flags[at] = self._memory_flags(ty)
        if not any(fn.param_flags):
            fn.param_flags = []

    # --- blocks

    def _block(self, number: int) -> None:
        b = self.b
        if self.starts[number] != b.current:
            b.enter(self.starts[number])
        bb = self.body.blocks[number]
        table = self._table
        for stmt in bb.stmts:
            table[type(stmt)](stmt)
        self._terminator(number, bb)

    def _terminator(self, number: int, bb: mir.Block) -> None:
        b = self.b
        term = bb.term
        cls = type(term)
        if cls is mir.Goto:
            self._jump_to(term.target, number)  # type: ignore[union-attr]
        elif cls is mir.Switch:
            b.at(term.span)  # type: ignore[union-attr]
            self._switch(term, number)  # type: ignore[arg-type]
        elif cls is mir.Return:
            b.end(Term("ret", [self.locals.read(0)] if self.fn.result else []))
        else:
            if bb.stmts and type(bb.stmts[-1]) is mir.Call and self.starts[number]:
                self.fn.blocks[self.starts[number]].cold = True
            b.end(Term("unreachable"))

    def _target(self, target: int, source: int) -> Jump:
        jump = Jump(self.starts[target], [])
        self.jumps.setdefault(target, []).append((source, jump))
        return jump

    def _jump_to(self, target: int, source: int) -> None:
        self.b.end(Term("jump", [], [self._target(target, source)]))

    def _switch(self, term: mir.Switch, number: int) -> None:
        b = self.b
        value = self.operands.scalar(term.operand)
        values, targets = term.values, term.targets
        if term.default >= 0:
            targets = [*targets, term.default]
        else:
            values = values[:-1]  # the last one is what is left
        if len(set(targets)) == 1:
            self._jump_to(targets[0], number)
            return
        if b.types[value] == "i1":
            yes = targets[values.index(1)] if 1 in values else targets[-1]
            no = targets[values.index(0)] if 0 in values else targets[-1]
            b.end(Term("br", [value], [self._target(yes, number), self._target(no, number)]))
            return
        tag = self.rvalues.tags.get(value)
        if tag is not None:
            value, discriminants = tag
            values = [discriminants[v] for v in values]
        mask = (1 << BITS[b.types[value]]) - 1
        jumps = [self._target(target, number) for target in targets]
        b.end(Term("switch", [value], jumps, [v & mask for v in values]))

    # --- statements

    def _nothing(self, stmt: mir.Stmt) -> None:
        pass

    def _assign(self, stmt: mir.Assign) -> None:
        self.b.at(stmt.span)
        self.rvalues.assign(stmt)

    def _call(self, stmt: mir.Call) -> None:
        self.b.at(stmt.span)
        self.calls.call(stmt)

    def _intrinsic(self, stmt: mir.Intrinsic) -> None:
        self.b.at(stmt.span)
        self.intrinsics.run(stmt)

    def _check_index(self, stmt: mir.CheckIndex) -> None:
        """As unsigned numbers a negative index is larger than any length."""
        b = self.b
        b.at(stmt.span)
        index, length = self.operands.scalar(stmt.index), self.operands.scalar(stmt.length)
        index = b.resize(index, "i64", self.b.layouts.is_signed(self.operands.type_of(stmt.index)))
        b.check(b.compare("ule" if stmt.loose else "ult", index, length), "index", index, length)

    def _panic(self, stmt: mir.Panic) -> None:
        b = self.b
        b.at(stmt.span)
        cond = self.operands.scalar(stmt.cond)
        b.check(cond if stmt.expected else b.negate(cond), stmt.message)

    def _drop(self, stmt: mir.Drop) -> None:
        b = self.b
        b.at(stmt.span)
        ty = self.locals.type_of(stmt.place)
        if needs_drop(ty, self.unit.defs):
            base, off, _ = self.locals.place(stmt.place)
            drop(b, (base, off), ty)


def _flow(body: mir.Body) -> tuple[list[int], list[list[int]]]:
    """Reachable MIR blocks in reverse postorder, and predecessors without repetitions. The entry has the prologue (one past the last
    block) as a predecessor when it has others."""
    count = len(body.blocks)
    targets: list[list[int]] = []
    for bb in body.blocks:
        term = bb.term
        if type(term) is mir.Goto:
            targets.append([term.target])
        elif type(term) is mir.Switch:
            found = [*term.targets, term.default] if term.default >= 0 else term.targets
            targets.append(list(dict.fromkeys(found)))
        else:
            targets.append([])
    seen = [False] * count
    seen[0] = True
    order: list[int] = []
    stack = [(0, iter(reversed(targets[0])))]
    while stack:
        number, rest = stack[-1]
        for target in rest:
            if not seen[target]:
                seen[target] = True
                stack.append((target, iter(reversed(targets[target]))))
                break
        else:
            order.append(number)
            stack.pop()
    order.reverse()
    preds: list[list[int]] = [[] for _ in range(count + 1)]
    for number in order:
        for target in targets[number]:
            preds[target].append(number)
    if preds[0]:
        preds[0].insert(0, count)
    return order, preds


def _remove_unused(fn: Function) -> None:
    """Take out pure instructions that nothing uses: positions of cases where the discriminant served, constants folded away."""
    counts = use_counts(fn)
    for bb in reversed(fn.blocks):
        insts = bb.insts
        kept: list[Inst] = []
        for inst in reversed(insts):
            if inst.result >= 0 and not counts[inst.result] and (OPS[inst.op].pure or inst.op == "load"):
                for value in inst.args:
                    counts[value] -= 1
            else:
                kept.append(inst)
        if len(kept) != len(insts):
            kept.reverse()
            bb.insts = kept


