"""A MIR program to an SSA module: bodies, pending constants, static asserts, helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import mir
from vitte.ir.defs import Interface
from vitte.ir.ssa import Function, Jump, Loc, Module, PendingAssert, PendingConst, PlaceTable, Term
from vitte.ir.ssa_text import NO_LOC
from vitte.ssa_build.body import build
from vitte.ssa_build.builder import Builder
from vitte.ssa_build.counting import retain_helper
from vitte.ssa_build.unit import TEST_COUNT, TEST_NAME, TEST_RUN, Unit

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext


def build_program(program: mir.Program, ctx: UnitContext) -> Module:
    """See `ssa_build.run`."""
    module = Module(program.module, program.file, [], [], {})
    unit = Unit(module, ctx)
    has_entry = False
    for body in program.bodies:
        module.functions.append(build(unit, body))
        has_entry |= body.instance.glue in ("main", "test_main")
    for init in program.consts:
        module.functions.append(build(unit, init.body))
        module.pending.append(_pending(unit, init))
    for check in program.static_asserts:
        module.functions.append(build(unit, check.body))
        module.asserts.append(PendingAssert(check.body.symbol, check.message, check.text, _loc(unit, check.body.file, check.span)))
    if has_entry:
        _tests(unit, program.tests)
    done = 0
    while done < len(unit.retains):  # a helper may need others
        for ty, symbol in list(unit.retains.items())[done:]:
            module.functions.append(retain_helper(unit, ty, symbol))
            done += 1
    for fn in module.functions:
        module.externals.pop(fn.symbol, None)
    _tables(unit)
    return module


def _tables(unit: Unit) -> None:
    """The tables of places of the bodies that others may take from here."""
    interface = unit.defs.interfaces.get(unit.module.name)
    for path, body in interface.bodies.items() if isinstance(interface, Interface) else ():
        spans = unit.ordinals(path)
        if spans:
            b = Builder(unit, Function("", [], "", [], [], file=body.file))
            rows = [(b.place(body.span).line, 1)]
            rows += [(loc.line, loc.col) for loc in [b.place(span) for span in spans]]
            unit.module.tables.append(PlaceTable(path, body.file, rows))


def _loc(unit: Unit, file: str, span: Span) -> Loc:
    return Builder(unit, Function("", [], "", [], [], file=file)).place(span)


def _pending(unit: Unit, init: mir.ConstInit) -> PendingConst:
    body = init.body
    ty = body.locals[0].ty
    layouts = unit.layouts
    scalar = layouts.scalar(ty)
    size, align = layouts.size_align(ty)
    signed = layouts.is_signed(ty) if scalar and scalar[0] == "i" else None
    loc = _loc(unit, body.file, body.span)
    return PendingConst(init.path, init.path, body.symbol, scalar, size, align, init.is_static, init.is_mutable, signed, loc)


def _tests(unit: Unit, tests: list[tuple[str, str]]) -> None:
    """What the library's test runner asks for: how many tests there are, their titles, to run one."""
    module = unit.module
    count = Function(TEST_COUNT, [], "i64", [], [], locs=[NO_LOC])
    b = Builder(unit, count)
    b.end(Term("ret", [b.iconst("i64", len(tests))]))

    name = Function(TEST_NAME, [0, 1], "", [], ["ptr", "i64"], flags=["sret"], param_flags=["sret noalias nonnull", ""])
    run = Function(TEST_RUN, [0], "", [], ["i64"])
    for fn, index in ((name, 1), (run, 0)):
        b = Builder(unit, fn)
        blocks = [b.new_block() for _ in tests]
        none = b.new_block()
        b.end(Term("switch", [index], [Jump(block) for block in [*blocks, none]], list(range(len(tests)))))
        for (title, path), block in zip(tests, blocks):
            b.enter(block)
            b.forget_constants()
            if fn is name:
                _text(b, title, 0)
            else:
                unit.declare(path, (), "")
                b.call(path, [])
            b.end(Term("ret"))
        b.enter(none)
        b.forget_constants()
        if fn is name:
            _text(b, "", 0)
        b.end(Term("ret"))
    module.functions += [count, name, run]


def _text(b: Builder, text: str, to: int) -> None:
    data = text.encode()
    values = [b.global_addr(b.unit.text(data)) if data else b.null(), b.iconst("i64", len(data)), b.null()]
    for i, value in enumerate(values):
        b.store(value, to, i * 8)
