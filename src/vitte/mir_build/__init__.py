"""Stage 5, MIR: control-flow graphs over places, ownership checked, drops explicit.

Input: `mono.Plan`. Output: `mir.Program` in phase ELABORATED. Each own body is built once with its own type parameters and checked
(V04xx); a body without type parameters is then its own only instance. Other instances are built with their arguments put in.

    proc last(owned xs: [int]) -> int {         _2 = len _1
      give xs[len(xs) - 1]                      _3 = copy _2 - const 1: i64
    }                                           _4 = len _1
                                                check_index copy _3 < copy _4
                                                _0 = copy _1[_3]
                                                drop _1
                                                return

Invariants M1 to M8 (`ir.mir`) hold; `ir.mir_verify` checks them. What no kept body refers to is left out; glue that the plan could not
foresee is added.
"""

from __future__ import annotations

from vitte.driver.context import UnitContext
from vitte.ir import lang, mir, mono, thir
from vitte.ir import types as t
from vitte.ir.mono import Instance, Linkage, MonoItem, symbol_of
from vitte.ir.types import HAS_PARAM
from vitte.mir_build import glue, glue_main, glue_text
from vitte.mir_build.build import BodyBuilder, build_body
from vitte.mir_build.elaborate import elaborate
from vitte.mir_build.facts import Unit, elem_ty, target_ty
from vitte.mir_build.harmless import is_harmless
from vitte.mir_build.last_use import last_uses
from vitte.mir_build.moves import MoveCheck
from vitte.mir_build.paths import Paths

glue.register("debug", glue_text.DebugGlue)
glue.register("main", glue_main.MainGlue)
glue.register("test_main", glue_main.TestMainGlue)


def run(plan: mono.Plan, ctx: UnitContext) -> mir.Program:
    """Check all own bodies of the plan, then build its instances. With errors the program is empty."""
    return _Stage(plan, ctx).run()


STR_RETAIN = Instance(lang.STR_RETAIN)
STR_RELEASE = Instance(lang.STR_RELEASE)


class _Stage:
    def __init__(self, plan: mono.Plan, ctx: UnitContext) -> None:
        self.plan = plan
        self.ctx = ctx
        self.unit = Unit(ctx, plan.held)
        self.items = {item.instance: item for item in plan.items}
        self.ready: dict[str, tuple[BodyBuilder, mir.Body, Paths | None, dict[Instance, None]]] = {}
        self.made: dict[Instance, mir.Body] = {}
        self.todo: list[Instance] = []
        self.wanted = {*self.items, *[Instance(p) for p in plan.consts], *[Instance(c.body.path) for c in plan.static_asserts]}

    def run(self) -> mir.Program:
        plan = self.plan
        program = mir.Program(plan.module, plan.file, [], [], [], plan.tests)
        errors = self.ctx.diagnostics.error_count
        for path in plan.checks:
            self.check(path, plan.bodies[path])
        for check in plan.static_asserts:
            self.check(check.body.path, check.body)
        if self.ctx.diagnostics.error_count > errors:
            return program
        for path in plan.consts:
            program.consts.append(self.const_init(path))
        for check in plan.static_asserts:
            body = self.finished(Instance(check.body.path), check.body, check.body.path, "internal")
            program.static_asserts.append(mir.StaticAssert(body, check.message, check.text, check.span))
        for item in plan.items:
            if item.linkage != "linkonce" or item.symbol in (lang.STR_RETAIN, lang.STR_RELEASE):  # stage 6 adds calls of these
                self.todo.append(item.instance)
        self.close()
        made = self.made
        if STR_RETAIN in made or STR_RELEASE in made:
            self.todo = [STR_RETAIN, STR_RELEASE]  # copies that later stages make count, too
            self.close()
        program.bodies = [made.pop(item.instance) for item in plan.items if item.instance in made]
        program.bodies += made.values()
        return program

    # --- checking -------------------------------------------------------------------------------------------------

    def check(self, path: str, body: thir.Body) -> None:
        unit = self.unit
        if not body.generic_count and Instance(path) not in self.wanted and is_harmless(unit, body):
            return
        unit.used = {}
        if body.generic_count:
            item = unit.defs.procs.get(path) or unit.defs.consts.get(path)
            names = [*item.generics.names] if item is not None else []
            names += [f"T{i}" for i in range(len(names), body.generic_count)]
            args = tuple([t.param_ty(i, name) for i, name in enumerate(names)])
            instance, symbol = Instance(path, args), ""
            linkage: Linkage = "internal"
        else:
            instance, symbol, linkage = self.names(path)
        builder = build_body(unit, body, instance, True)
        tracked = tracked_locals(builder)
        is_generic = body.generic_count > 0
        if is_generic or instance not in self.wanted:
            if not tracked:
                return
        built = builder.finish(symbol, linkage, len(body.params))
        paths = Paths(built, tracked) if tracked else None
        if paths is not None:
            d = self.ctx.diagnostics
            MoveCheck(paths, builder.spans, d, unit.defs, builder.describe, builder.written).run()
        built.phase = "checked"
        if not is_generic:
            self.ready[path] = (builder, built, paths, unit.used)

    def names(self, path: str) -> tuple[Instance, str, Linkage]:
        instance = Instance(path)
        item = self.items.get(instance)
        if item is not None:
            return instance, item.symbol, item.linkage
        return instance, f"{path}.init" if path in self.unit.defs.consts else path, "internal"

    # --- building -------------------------------------------------------------------------------------------------

    def finished(self, instance: Instance, body: thir.Body, symbol: str, linkage: Linkage) -> mir.Body:
        """The elaborated body of an instance; what it refers to is put on the list."""
        unit = self.unit
        ready = self.ready.pop(body.path, None) if not instance.args else None
        if ready is not None:
            builder, built, paths, unit.used = ready
        else:
            unit.used = {}
            builder = build_body(unit, body, instance, False)
            built = builder.finish(symbol, linkage, len(body.params))
            tracked = tracked_locals(builder)
            paths = Paths(built, tracked) if tracked else None
        elaborate(built, paths, unit)
        if STR_RETAIN in unit.used:
            last_uses(built)
        self.note_used(builder, built)
        return built

    def note_used(self, builder: BodyBuilder | None, built: mir.Body) -> None:
        unit = self.unit
        if builder is None or builder.dropped:
            for block in built.blocks:
                for stmt in block.stmts:
                    if type(stmt) is mir.Drop:
                        ty = place_ty(built, stmt.place)
                        unit.used[STR_RELEASE if ty is t.STRING or ty is t.BYTES else Instance("", (ty,), "drop")] = None
        self.todo += unit.used

    def const_init(self, path: str) -> mir.ConstInit:
        const = self.unit.defs.consts[path]
        body = self.finished(Instance(path), self.plan.bodies[path], f"{path}.init", "internal")
        body.is_const_init = True
        return mir.ConstInit(path, body, const.is_static, const.is_mutable)

    def close(self) -> None:
        """Build what is on the list and all it leads to, in order."""
        made = self.made
        at = 0
        while at < len(self.todo):
            instance = self.todo[at]
            at += 1
            if instance in made:
                continue
            item = self.items.get(instance) or self.unforeseen(instance)
            if item is None:
                continue
            if instance.glue:
                unit = self.unit
                unit.used = {}
                built = glue.build_glue(unit, instance, item.symbol, item.linkage, self.plan.file)
                self.note_used(None, built)
            else:
                body = self.plan.bodies.get(item.body) or self.unit.defs.bodies[item.body]
                built = self.finished(instance, body, item.symbol, item.linkage)
            made[instance] = built

    def unforeseen(self, instance: Instance) -> MonoItem | None:
        """An instance that is not in the plan: None when it is a symbol of another unit."""
        if any(a.flags & HAS_PARAM for a in instance.args):
            raise AssertionError(f"not concrete: {instance.text}")
        if instance.glue:
            return MonoItem(instance, symbol_of(instance), "linkonce")
        proc = self.unit.defs.procs.get(instance.path)
        if not instance.args and (proc is None or proc.inline != "inline"):
            return None
        if instance.path not in self.plan.bodies and instance.path not in self.unit.defs.bodies:
            return None
        return MonoItem(instance, symbol_of(instance), "linkonce", instance.path)


def tracked_locals(builder: BodyBuilder) -> list[int]:
    """The locals that may be unset where they are used or dropped: mostly none."""
    candidates = builder.moved | builder.maybe | builder.unset
    if not candidates:
        return []
    dropped, locals, checking = builder.dropped, builder.locals, builder.checking
    return [n for n in sorted(candidates) if n in dropped or (checking and locals[n].name)]


def place_ty(body: mir.Body, place: mir.Place) -> t.Ty:
    """Type of a place in a finished body."""
    ty = body.locals[place.local].ty
    for step in place.proj:
        if type(step) is mir.Field:
            ty = step.ty
        elif type(step) is mir.Deref:
            ty = target_ty(ty)
        elif type(step) is not mir.Downcast:
            ty = elem_ty(ty)
    return ty
