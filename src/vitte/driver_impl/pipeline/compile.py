"""One unit through stages 1 to 9: `compile_unit` is the pipeline, readable on one screen.

After each stage the runner (`Steps`) notes the time, verifies the output when asked, dumps it when asked, and stops
when there are errors. An exception in a stage is an internal error, reported with the stage and the unit.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct

from vitte.base.diagnostics import Code, Suggestion
from vitte.base.source import NO_SPAN
from vitte.driver.context import UnitContext
from vitte.driver.error import StageCrash
from vitte.driver.options import DriverOptions, OutputKind
from vitte.driver.outputs import LIBRARIES
from vitte.driver.session import DriverContext, LogLevel, Timing
from vitte.driver_impl.pipeline.graph import remapped_display
from vitte.driver_impl.pipeline.stages import BY_NAME, Stage, find

if TYPE_CHECKING:
    from vitte.driver_impl.pipeline.graph import Unit
    from vitte.ir import ast, ssa, thir
    from vitte.ir.defs import ConstDef, Definitions, Interface

In = TypeVar("In")
Out = TypeVar("Out")

NO_MAIN = Code("V0194", "the program has no `main`")


class Stop(Exception):
    """Ends a unit's compilation after errors."""


class Product(Struct):
    """What one unit gave. `texts`: dumps, in order. `typed`: the unit after stage 3. `checked`: the stages that need other
    units' bodies (from 4 on) were reached, so that more than checking may have been said."""

    interface: Interface | None = None
    typed: thir.Module | None = None
    object: bytes | None = None
    ssa: ssa.Module | None = None
    texts: list[tuple[str, str]] = []
    stopped: bool = False
    checked: bool = False


class Steps:
    """Runs stages for one unit. `dumps`: (dump name, procedure) asked for."""

    __slots__ = ("context", "ctx", "dumps", "now", "on_stage", "product", "unit", "verify")

    def __init__(
        self,
        unit: str,
        ctx: UnitContext,
        context: DriverContext,
        dumps: list[tuple[str, str]],
        verify: bool,
        product: Product,
        on_stage: Callable[[str], None] | None = None,
    ) -> None:
        self.unit = unit
        self.ctx = ctx
        self.context = context
        self.dumps = dumps
        self.verify = verify
        self.product = product
        self.on_stage = on_stage

    def run(self, name: str, stage: Callable[[In, UnitContext], Out], value: In) -> Out:
        """One stage, timed, verified and dumped. Raises `StageCrash` when the stage fails on its own account."""
        info = BY_NAME[name]
        if self.on_stage is not None:
            self.on_stage(name)
        start = perf_counter()
        try:
            out = stage(value, self.ctx)
        except (KeyboardInterrupt, StageCrash):
            raise
        except BaseException as error:
            raise self.crash(name, error) from error
        self.context.timings.append(Timing(name, self.unit, perf_counter() - start))
        if self.context.log is not None:
            self.context.log(LogLevel.DEBUG, "pipeline", f"{name} {self.unit}: {(perf_counter() - start) * 1e3:.2f} ms")
        if self.verify and info.verifier and not self.ctx.diagnostics.error_count:
            self._verify(info, out)
        for dump, proc in self.dumps:
            if dump == info.dump or dump == info.name:
                self.product.texts.append((dump, print_ir(info, out, proc)))
        return out

    def stop_on_errors(self) -> None:
        if self.ctx.diagnostics.error_count:
            raise Stop

    def crash(self, name: str, error: BaseException) -> StageCrash:
        import traceback

        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-40))
        return StageCrash(name, self.unit, trace, proc=str(getattr(error, "vitte_proc", "")))

    def _verify(self, info: Stage, out: object) -> None:
        verify = optional(f"vitte.ir.{info.verifier}", "verify")
        if verify is None:
            return
        try:
            extra = {"ctx": self.ctx, "evaluated": info.number >= 7}
            names = verify.__code__.co_varnames[1 : verify.__code__.co_argcount]
            problems = verify(out, **{name: extra[name] for name in names if name in extra})
        except Exception as error:
            raise self.crash(f"{info.name} (verifier)", error) from error
        if problems:
            text = "\n".join(str(problem) for problem in problems)
            raise StageCrash(f"{info.name} (verifier)", self.unit, f"the {info.output} is not well formed:\n{text}\n")


def optional(module: str, name: str) -> Callable[..., Any] | None:
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            return None
        raise
    function: Callable[..., Any] | None = getattr(found, name, None)
    return function


def print_ir(info: Stage, out: object, proc: str) -> str:
    """A stage's output as text; only what names `proc` when one is given."""
    text = _printed(info, out)
    if not text.endswith("\n"):
        text += "\n"
    return only(text, proc) if proc else text


def _printed(info: Stage, out: object) -> str:
    for name in ("print_module", "print_program", "print_plan", "print_source", "to_text"):
        printer = optional(f"vitte.ir.{info.printer}", name)
        if printer is not None:
            return str(printer(out))
    return repr(out)


def only(text: str, proc: str) -> str:
    """The blocks of an IR text (a header at column 0 up to the next one) whose header names `proc`."""
    blocks: list[list[str]] = []
    for line in text.splitlines(keepends=True):
        if (line.strip() and not line[0].isspace() and line[0] not in "})]") or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    wanted = [b for b in blocks if any(_names(h, proc) for h in b[:1])]
    return "".join("".join(b) for b in wanted)


def _names(header: str, proc: str) -> bool:
    at = header.find(proc)
    while at >= 0:
        before = header[at - 1] if at else " "
        after = header[at + len(proc)] if at + len(proc) < len(header) else " "
        if not (before.isalnum() or before == "_") and not (after.isalnum() or after == "_"):
            return True
        at = header.find(proc, at + 1)
    return False


def unit_context(unit: Unit, options: DriverOptions, defs: Definitions | None) -> UnitContext:
    """A stage's context for a unit, with what was reported of it already."""
    from vitte.ir.defs import Definitions

    ctx = UnitContext(
        unit.module,
        remapped_display(unit, options),
        options.target,
        defs if defs is not None else Definitions(),
        overflow_checks=options.overflow_checks,
        const_step_limit=options.const_step_limit,
        opt_level=options.opt_level.value,
        debug_info=options.debug_info.value,
        lto=options.lto,
        source=unit.source,
    )
    ctx.diagnostics = unit.diagnostics
    return ctx


def parse_unit(unit: Unit, options: DriverOptions, context: DriverContext) -> ast.Module:
    """Stage 1 alone, for discovery."""
    from vitte import parse

    assert unit.source is not None
    steps = Steps(unit.module, unit_context(unit, options, None), context, [], False, Product())
    return steps.run("parse", parse.run, unit.source)


def compile_unit(
    unit: Unit,
    tree: ast.Module | None,
    typed: thir.Module | None,
    ctx: UnitContext,
    context: DriverContext,
    options: DriverOptions,
    goal: str,
    broken: bool,
    torn: bool,
    generate: Callable[[ssa.Module, UnitContext], bytes],
    on_stage: Callable[[str], None] | None = None,
) -> Product:
    """All stages for one unit, as far as `goal` wants: `check` (diagnostics and interface), `ssa` (for the interpreter),
    `object`. With `broken` (a dependency has errors) nothing after type checking is done; with `torn` (one has lost declarations to
    mistakes in its form) nothing is said of what lacks. `tree` is where to start, or
    `typed`, what an earlier build kept of stage 3. `generate` is stage 9."""
    product = Product()
    steps = Steps(unit.module, ctx, context, wanted_dumps(unit, options), options.verify, product, on_stage)
    run = steps.run
    try:
        if typed is None:
            assert tree is not None
            run("parse", lambda source, _: tree, unit.source)  # parsed by discovery; here to be dumped
            from vitte import lower, typecheck

            said, errors = len(ctx.diagnostics.items), ctx.diagnostics.error_count
            hir = run("lower", lower.run, tree)
            typed = run("typecheck", typecheck.run, hir)
            only_parse_errors(tree, ctx, said, errors)
            if torn:
                take_back_absences(ctx)
        product.interface, product.typed = typed.interface, typed
        if broken:
            raise Stop
        steps.stop_on_errors()
        entry, tests = roots_of(unit, ctx, options, goal)
        product.checked = True
        steps.stop_on_errors()
        from vitte import mir_build, monomorphize

        which: Literal["all", "none"] = "none" if goal == "check" and not steps.dumps else "all"
        plan = run("monomorphize", lambda module, c: monomorphize.run(module, c, which, entry, tests), typed)
        steps.stop_on_errors()
        if which == "none":
            plan.consts = [path for path in plan.consts if not is_known(ctx.defs.consts[path])]
        mir = run("mir_build", mir_build.run, plan)
        steps.stop_on_errors()
        if goal == "check" and not (mir.consts or mir.static_asserts):
            return product
        from vitte import const_eval, ssa_build

        module = run("ssa_build", ssa_build.run, mir)
        module = run("const_eval", const_eval.run, module)
        keep_constants(typed.interface, module)
        steps.stop_on_errors()
        if goal == "check":
            return product
        if options.opt_level.value != "0":
            from vitte import optimize

            module = run("optimize", optimize.run, module)
        if goal == "ssa":
            product.ssa = module
            return product
        from vitte import codegen

        text_of(codegen, module, steps)
        product.object = run("codegen", generate, module)
        steps.stop_on_errors()
    except Stop:
        product.stopped = True
    return product


def only_parse_errors(tree: ast.Module, ctx: UnitContext, said: int, errors: int) -> None:
    """What stages 2 and 3 say of a broken tree mostly echoes the mistakes in its form: take it back."""
    if tree.errors:
        del ctx.diagnostics.items[said:]
        ctx.diagnostics.error_count = errors


ABSENCES = frozenset((
    "V0101", "V0103", "V0106", "V0202", "V0203", "V0204", "V0213", "V0216", "V0217", "V0228", "V0231", "V0239", "V0254",
))  # fmt: skip
"""Codes of what is said when something is not declared, or not implemented."""


def take_back_absences(ctx: UnitContext) -> None:
    """What is not found may be what was lost."""
    items = ctx.diagnostics.items
    kept = [item for item in items if item.code.id not in ABSENCES]
    ctx.diagnostics.error_count -= len(items) - len(kept)
    items[:] = kept


def text_of(codegen: Any, module: ssa.Module, steps: Steps) -> None:
    """What the code generator can show beside the object: `llvm-ir` and `asm`."""
    for dump, proc in steps.dumps:
        maker = {"llvm-ir": "llvm_ir", "asm": "assembly"}.get(dump)
        if maker is not None:
            text = steps.run("codegen", getattr(codegen, maker), module)
            steps.product.texts.append((dump, only(text, proc) if proc else text))


def wanted_dumps(unit: Unit, options: DriverOptions) -> list[tuple[str, str]]:
    """`--dump STAGE[:PROC]` as pairs; dumps show units of the user's, not the library's, unless `PROC` names one of it."""
    result = []
    for dump in options.dump:
        stage, _, proc = dump.partition(":")
        info = find(stage)
        if unit.role != "std" or unit.index == 0 or proc.startswith("std/"):
            result.append((info.dump if info else stage, proc))
    return result


def roots_of(unit: Unit, ctx: UnitContext, options: DriverOptions, goal: str) -> tuple[str | None, list[tuple[str, str]] | None]:
    """What the root unit adds: the entry procedure, or "test_main", and the tests (title, path) its binary runs. A unit built for
    tests has its test blocks compiled."""
    tests: list[tuple[str, str]] | None = [] if options.tests else None
    if unit.role != "root" or goal == "check":
        return None, tests
    if options.tests:
        return "test_main", ctx.defs.tests()
    if options.kind in LIBRARIES:
        return None, tests
    entry = f"{unit.module}::entry.{options.entry}" if options.entry else f"{unit.module}::main"
    if entry not in ctx.defs.procs and goal == "ssa" and options.dump:
        return None, tests  # a library may be looked at
    if entry not in ctx.defs.procs and options.entry:
        ctx.diagnostics.error(NO_MAIN, NO_SPAN, f"`{unit.display}` has no entry `{options.entry}`", notes=entries_of(unit, ctx))
        return None, tests
    if entry not in ctx.defs.procs and options.kind is OutputKind.OBJECT:
        return None, tests
    if entry not in ctx.defs.procs:
        ctx.diagnostics.error(
            NO_MAIN, NO_SPAN, f"`{unit.display}` has no procedure `main`", helps=(
                Suggestion("add `proc main() { ... }`, or `--kind static` for a library"),))  # fmt: skip
        return None, tests
    return entry, tests


def entries_of(unit: Unit, ctx: UnitContext) -> tuple[str, ...]:
    """A note with the named entries of the root module, if it has any."""
    start = f"{unit.module}::entry."
    names = [f"`{path[len(start) :]}`" for path in ctx.defs.procs if path.startswith(start)]
    return (f"its entries are {', '.join(names)}",) if names else ()


def is_known(const: ConstDef) -> bool:
    """Whether type checking found the value of a constant, which is then used as it is and need not be evaluated to be checked."""
    from vitte.ir import types as t

    return const.int_value is not None and not const.is_static and (type(const.ty) is t.IntTy or const.ty is t.BOOL or const.ty is t.RUNE)


def keep_constants(interface: Interface, module: ssa.Module) -> None:
    """Values found by stage 7 become part of the interface."""
    for path, image in module.evaluated.items():
        const = interface.consts.get(path)
        if const is not None:
            const.value = image
