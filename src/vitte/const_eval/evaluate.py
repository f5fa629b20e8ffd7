"""Evaluation of a unit's constants, statics and static asserts, and the rewriting of what uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Suggestion
from vitte.const_eval import errors
from vitte.const_eval.errors import Reporter
from vitte.const_eval.images import Escapes, Imager, image_symbol
from vitte.const_eval.machine import Frame, Machine, Panic, StepLimit, Unreachable, Unsupported
from vitte.const_eval.memory import OFFSET_BITS, STRUCTS, MemoryFault
from vitte.const_eval.natives import ConstNatives
from vitte.ir import fold
from vitte.ir.defs import ConstImage
from vitte.ir.layout import Layouts
from vitte.ir.ssa import BITS, Function, Global, Inst, Loc, Module, PendingConst, Signature

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext


def evaluate_module(module: Module, ctx: UnitContext) -> Module:
    """See `const_eval.run`."""
    uses = [inst for fn in module.functions for bb in fn.blocks for inst in bb.insts if inst.op == "const" or inst.op == "const_addr"]
    if not module.pending and not module.asserts and not uses:
        return module
    return _Evaluator(module, ctx).run(uses)


class _Failed(Exception):
    """A constant that was reported already: what needs it stays silent."""


class _ConstMachine(Machine):
    """The machine of a unit's constants: they find each other through the evaluator."""

    def __init__(self, evaluator: _Evaluator) -> None:
        self.evaluator = evaluator
        ctx = evaluator.ctx
        super().__init__([evaluator.module], checked=True, step_limit=ctx.const_step_limit, pointer_bytes=ctx.target.pointer_bytes)
        ConstNatives(self)
        self._images: dict[str, int] = {}

    def const_value(self, symbol: str, ty: str) -> int | float:
        image = self.evaluator.value(symbol)
        if ty == "ptr":
            if image.relocations:
                _, target, addend = image.relocations[0]
                return self.symbol_pointer(target) + addend
            return int.from_bytes(image.data, "little")
        return _scalar(image.data, ty)

    def const_address(self, symbol: str) -> int:
        known = self._images.get(symbol)
        if known is None:
            known = self._images[symbol] = self._place(self.evaluator.value(symbol), False)
        return known

    def _missing_data(self, symbol: str) -> int:
        """A static: its first value, which cannot be changed here."""
        image = self.evaluator.value(symbol)
        pointer = self._place(image, False)
        self._addresses[symbol] = pointer
        self.memory.names[pointer >> OFFSET_BITS] = symbol
        return pointer

    def _place(self, image: ConstImage, mutable: bool) -> int:
        for symbol, data in image.globals:
            self.globals.setdefault(symbol, Global(symbol, data))
        pointer = self.memory.add_data(image.data)
        for at, target, addend in image.relocations:
            self.memory.store("ptr", self.symbol_pointer(target) + addend, pointer + at)
        number = pointer >> OFFSET_BITS
        if not mutable:
            self.memory.data[number] = bytes(self.memory.data[number])
        return pointer

    def _pointer_to_int(self, pointer: int) -> int:
        if pointer:
            raise Unsupported("the address of something as a number")
        return 0


class _Evaluator:
    def __init__(self, module: Module, ctx: UnitContext) -> None:
        self.module = module
        self.ctx = ctx
        self.reporter = Reporter(ctx)
        self.layouts = Layouts(ctx.defs, ctx.target)
        self.pending = {c.symbol: c for c in module.pending}
        self.values: dict[str, ConstImage | None] = {}
        self.busy: list[str] = []
        self.functions = {fn.symbol: fn for fn in module.functions}
        self.defined = {g.symbol for g in module.globals}
        self._machine: _ConstMachine | None = None

    @property
    def machine(self) -> _ConstMachine:
        if self._machine is None:
            self._machine = _ConstMachine(self)
        return self._machine

    def run(self, uses: list[Inst]) -> Module:
        module = self.module
        for const in module.pending:
            try:
                image = self.value(const.symbol)
            except _Failed:
                continue
            if not const.is_static:
                module.evaluated[const.path] = image
        for check in module.asserts:
            self._assert(check.initializer, check.message, check.text, check.loc)
        initializers = {c.initializer for c in module.pending} | {a.initializer for a in module.asserts}
        module.functions = [fn for fn in module.functions if fn.symbol not in initializers]
        for const in module.pending:
            if const.is_static:
                self._static(const)
        module.pending, module.asserts = [], []
        self._rewrite(uses)
        return module

    # --- values

    def value(self, symbol: str) -> ConstImage:
        """The value of a constant or static. Raises _Failed when there is none, which has been reported."""
        if symbol in self.values:
            known = self.values[symbol]
            if known is None:
                raise _Failed
            return known
        const = self.pending.get(symbol)
        if const is None:
            found = self.ctx.defs.consts.get(symbol)
            if found is None or found.value is None:
                raise Unsupported(symbol)
            self.values[symbol] = found.value
            return found.value
        if symbol in self.busy:
            self._cycle(symbol)
            raise _Failed
        self.busy.append(symbol)
        self.values[symbol] = None
        try:
            del self.values[symbol]
            image = self._evaluate(const)
            self.values[symbol] = image
            return image
        except _Failed:
            self.values[symbol] = None
            raise
        finally:
            self.busy.pop()

    def _evaluate(self, const: PendingConst) -> ConstImage:
        fn = self.functions[const.initializer]
        name = const.path.rpartition("::")[2]
        what = f"{'static' if const.is_static else 'constant'} `{name}`"
        if const.ty:
            quick = self._straight(fn)
            if quick is not None:
                return ConstImage(_bytes(quick, const.ty))
            value = self._call(const.initializer, (), what, const.loc)
            return self._scalar_image(value, const, what)
        machine = self.machine
        at = machine.memory.add(const.size)
        if const.size:
            self._call(const.initializer, (at,), what, const.loc)
        ty = self.ctx.defs.consts[const.path].ty if const.path in self.ctx.defs.consts else None
        try:
            return Imager(machine, self.layouts).image(at, const.size, ty)
        except Escapes as escape:
            self._escapes(escape, what, const.loc)
            raise _Failed from None

    def _scalar_image(self, value: object, const: PendingConst, what: str) -> ConstImage:
        if const.ty != "ptr" or not value:
            assert isinstance(value, (int, float))
            return ConstImage(_bytes(value, const.ty))
        assert isinstance(value, int)
        texts: dict[str, bytes] = {}
        try:
            symbol, addend = Imager(self.machine, self.layouts).symbol(value, texts)
        except Escapes as escape:
            self._escapes(escape, what, const.loc)
            raise _Failed from None
        return ConstImage(bytes(8), ((0, symbol, addend),), tuple(texts.items()))

    def _straight(self, fn: Function) -> int | float | None:
        """The result of a body that only computes, without running it; None for any other."""
        if len(fn.blocks) != 1 or fn.blocks[0].term.op != "ret":
            return None
        known: dict[int, int | float] = {}
        for inst in fn.blocks[0].insts:
            op = inst.op
            if op == "iconst":
                known[inst.result] = inst.imm
            elif op == "fconst":
                known[inst.result] = inst.fimm
            elif op == "const" and inst.ty != "ptr":
                value = _scalar(self.value(inst.sym).data, inst.ty)
                known[inst.result] = fold.wrap(value, BITS[inst.ty]) if isinstance(value, int) else value
            else:
                args = [known.get(a) for a in inst.args]
                if None in args or not args:
                    return None
                result = fold.evaluate(op, inst.ty, args, fn.types[inst.args[0]])  # type: ignore[arg-type]
                if result is None:
                    return None
                known[inst.result] = result
        return known.get(fn.blocks[0].term.args[0])

    # --- running, and what goes wrong

    def _call(self, symbol: str, args: tuple[int, ...], what: str, home: Loc | None) -> object:
        machine = self.machine
        nested = machine.steps[0]
        if len(self.busy) <= 1:
            machine.steps[0] = self.ctx.const_step_limit
        try:
            return machine.call(symbol, *args)
        except _Failed:
            raise
        except Panic as panic:
            frames = machine.trace(panic.__traceback__)
            code = errors.INDEX if panic.what == "index" else errors.PANICKED
            if panic.what.startswith("overflow ") or panic.what in (fold.DIVISION_BY_ZERO, fold.REMAINDER_BY_ZERO):
                code = errors.ARITHMETIC
            text = f"{panic.message} while evaluating {what}" if code is not errors.PANICKED else f"panic while evaluating {what}"
            self.reporter.report(code, text, home, frames, label=panic.message)
        except StepLimit as limit:
            self.reporter.report(
                errors.TOO_LONG, f"{what} takes more than {self.ctx.const_step_limit} steps", home, machine.trace(limit.__traceback__),
                label="still running here", helps=(Suggestion("raise the limit with `-C const-step-limit=N`, if it ends at all"),),
            )
        except RecursionError as error:
            frames = machine.trace(error.__traceback__)
            self.reporter.report(errors.TOO_LONG, f"calls nest too deeply while evaluating {what}", home, frames)
        except Unsupported as error:
            self._unsupported(str(error), what, home, machine.trace(error.__traceback__))
        except (MemoryFault, Unreachable) as fault:
            frames = machine.trace((fault.__cause__ or fault).__traceback__)
            text = str(fault) or "control reached a place that it cannot reach"
            self.reporter.report(errors.FAULT, f"{text} while evaluating {what}", home, frames)
        finally:
            if len(self.busy) > 1:
                machine.steps[0] = min(machine.steps[0], nested)
        raise _Failed

    def _unsupported(self, symbol: str, what: str, home: Loc | None, frames: list[Frame]) -> None:
        self.reporter.report(
            errors.NOT_CONST, f"`{symbol}` cannot be called at compile time", home, frames, label=f"needed by {what}",
            notes=("constants may use what is defined in this module, and generic and `inline` procedures of others",),
        )

    def _escapes(self, escape: Escapes, what: str, home: Loc | None) -> None:
        label = "this must be made when the program runs"
        self.reporter.report(errors.MEMORY, f"the value of {what} holds {escape}", home, [], label=label)

    def _cycle(self, symbol: str) -> None:
        start = self.busy.index(symbol)
        chain = [self.pending[s].path.rpartition("::")[2] for s in [*self.busy[start:], symbol]]
        text = " -> ".join([f"`{c}`" for c in chain])
        self.reporter.report(errors.CYCLE, f"the value of `{chain[0]}` depends on itself", self.pending[symbol].loc, [], notes=(text,))

    def _assert(self, initializer: str, message: str, text: str, loc: Loc) -> None:
        fn = self.functions[initializer]
        try:
            holds = self._straight(fn)
            if holds is None:
                holds = bool(self._call(initializer, (), "a static assertion", loc))
        except (_Failed, Unsupported):
            return
        if not holds:
            said = f": {message}" if message else ""
            label = f"`{text}` is false" if text else "this is false"
            self.reporter.report(errors.ASSERT, f"static assertion failed{said}", loc, [], label=label)

    # --- what uses the values

    def _static(self, const: PendingConst) -> None:
        image = self.values.get(const.symbol) or ConstImage(bytes(const.size))
        self._texts(image)
        relocations = list(image.relocations)
        self.module.globals.append(Global(const.symbol, image.data, const.align, relocations, const.is_mutable, "external"))
        self.defined.add(const.symbol)

    def _texts(self, image: ConstImage) -> None:
        """Symbols that an image speaks of are defined or declared here."""
        for symbol, data in image.globals:
            if symbol not in self.defined:
                self.defined.add(symbol)
                self.module.globals.append(Global(symbol, data))
        for _, symbol, _ in image.relocations:
            if symbol in self.defined or symbol in self.functions or symbol in self.pending or symbol in self.module.externals:
                continue
            const = self.ctx.defs.consts.get(symbol)
            if const is not None and const.is_static:
                self.module.external_globals.append(symbol)
                self.defined.add(symbol)
            else:
                self.module.externals[symbol] = Signature(())

    def _rewrite(self, uses: list[Inst]) -> None:
        for inst in uses:
            try:
                image = self.value(inst.sym)
            except (_Failed, Unsupported) as error:
                if isinstance(error, Unsupported) and not self.ctx.diagnostics.error_count:
                    self._unsupported(inst.sym, "its use", None, [])
                image = ConstImage(bytes(16))
            if inst.op == "const_addr":
                self._address(inst, image)
            elif inst.ty == "ptr":
                self._pointer(inst, image)
            else:
                value = _scalar(image.data, inst.ty)
                inst.sym = ""
                if isinstance(value, float):
                    inst.op, inst.fimm = "fconst", value
                else:
                    inst.op, inst.imm = "iconst", fold.wrap(value, BITS[inst.ty])

    def _address(self, inst: Inst, image: ConstImage) -> None:
        symbol = image_symbol(image)
        if symbol not in self.defined:
            self.defined.add(symbol)
            self._texts(image)
            self.module.globals.append(Global(symbol, image.data, 16 if len(image.data) >= 16 else 8, list(image.relocations)))
        inst.op, inst.sym = "global_addr", symbol

    def _pointer(self, inst: Inst, image: ConstImage) -> None:
        if not image.relocations:
            inst.op, inst.sym = "null", ""
            return
        self._texts(image)
        _, symbol, addend = image.relocations[0]
        is_function = symbol in self.functions or symbol in self.module.externals
        inst.op, inst.sym, inst.imm = ("fn_addr", symbol, 0) if is_function else ("global_addr", symbol, addend)


def _bytes(value: int | float, ty: str) -> bytes:
    """A scalar as it lies in memory."""
    if ty in BITS and ty[0] == "i":
        return fold.wrap(int(value), BITS[ty]).to_bytes(max(BITS[ty] // 8, 1), "little")
    return STRUCTS[ty].pack(value)


def _scalar(data: bytes, ty: str) -> int | float:
    """A scalar from memory: integers as signed numbers (i1: 0 or 1)."""
    if ty == "i128":
        return int.from_bytes(data[:16], "little", signed=True)
    value = STRUCTS[ty].unpack_from(data)[0]
    return int(value) if ty == "i1" else value
