"""Stage 4, monomorphisation: the set of instances a unit builds.

Input: `thir.Module`. Output: `mono.Plan`: own procedures in program order, then, breadth first, the instances of generics, the
`inline` procedures and the glue they need. Procedures of other units that are neither are symbols, and not in the plan.

    proc main() { println([1, 2]) }      demo::main, std/list::from_array[i64], std/list::impl(Show for list<T>).show[i64], ...

The set is closed under calls, and no type parameter is left. Glue is planned for every type of which a value occurs; what turns out not
to be needed is left out by stage 5. Instantiation without end is an error (V0490) that shows the growing chain.
"""

from __future__ import annotations

from typing import Literal

from vitte.base.source import NO_SPAN
from vitte.driver.context import UnitContext
from vitte.ir import impls, lang, mono, thir
from vitte.ir import types as t
from vitte.ir.mono import Instance, Linkage, MonoItem, symbol_of
from vitte.ir.ownership import dropped_at_home, is_homed, needs_drop
from vitte.ir.paths import last_name
from vitte.ir.types import HAS_PARAM, HAS_PROJECTION, Ty, show, subst
from vitte.monomorphize import errors
from vitte.monomorphize.expansion import expanding, parts
from vitte.monomorphize.glue_needs import glue_needs
from vitte.monomorphize.summary import Need, Summary, summarize

MAX_DEPTH = 40
"""How deeply the type arguments of an instance may nest."""
MAX_INSTANCES = 200_000

Roots = Literal["all", "none"]


def run(
    module: thir.Module,
    ctx: UnitContext,
    roots: Roots | list[str] = "all",
    entry: str | None = None,
    tests: list[tuple[str, str]] | None = None,
) -> mono.Plan:
    """Plan a unit.

    - `roots`: own procedures to build: all that are not generic, none (a check: only what constants need), or these paths.
    - `entry`: path of the procedure a `main` is made for, or "test_main" for the test runner's.
    - `tests`: None leaves test blocks out; a list builds the unit's own tests, and is what the runner of this unit runs.
    """
    return _Planner(module, ctx, tests).run(roots, entry)


class _Planner:
    def __init__(self, module: thir.Module, ctx: UnitContext, tests: list[tuple[str, str]] | None) -> None:
        self.module = module
        self.ctx = ctx
        self.defs = ctx.defs
        self.tests = tests
        self.items: dict[Instance, MonoItem] = {}
        self.parents: dict[Instance, Instance | None] = {}
        self.todo: list[Instance] = []
        self.bodies: dict[str, thir.Body] = {}
        self.summaries: dict[str, Summary] = {}
        self.seen_types: dict[Ty, None] = {}
        self.runaways: dict[str, None] = {}
        self.home: dict[Instance, None] = {}
        """Drop glue that other units refer to by its symbol, without knowing the type's fields."""
        self.intrinsics = {"std/mem::drop_in_place": "drop_in_place"}

    def run(self, roots: Roots | list[str], entry: str | None) -> mono.Plan:
        module, defs = self.module, self.defs
        checks: list[str] = []
        consts: list[str] = []
        own: list[str] = []
        for path, body in module.bodies.items():
            proc = defs.procs.get(path)
            is_test = proc is not None and proc.test is not None
            checks.append(path)
            self.bodies[path] = body
            if path in defs.consts:
                if not body.generic_count:
                    consts.append(path)
            elif proc is not None and not body.generic_count and not (is_test and self.tests is None):
                own.append(path)
        self.check_expansion()
        if self.runaways:
            return mono.Plan(module.path, module.file, [], [], checks, self.bodies)
        if roots == "all":
            for path in own:
                self.add(Instance(path), None)
        elif roots != "none":
            for path in roots:
                self.add(Instance(path), None)
        if entry is not None:
            self.add(Instance("", (), "test_main") if entry == "test_main" else Instance(entry, (), "main"), None)
        if roots == "all" and entry is None:  # nobody uses the unit with the program's entry
            for adt in module.interface.adts.values():
                if is_homed(adt):
                    self.home[Instance("", (t.adt_ty(adt.path),), "drop")] = None
            for glue in self.home:
                self.add(glue, None)
        for path in consts:
            self.needs_of(module.bodies[path], (), None)
        for check in module.static_asserts:
            self.needs_of(check.body, (), None)
        self.close()
        held = [ty for ty in self.seen_types if dropped_at_home(ty, defs, self.ctx.module)]
        items = list(self.items.values())
        return mono.Plan(module.path, module.file, items, consts, checks, self.bodies, module.static_asserts, self.tests or [], held)

    def close(self) -> None:
        at = 0
        todo = self.todo
        while at < len(todo):
            instance = todo[at]
            at += 1
            if instance.glue:
                for path, args in glue_needs(instance, self.defs):
                    self.need(path, args, instance)
                for ty in instance.args:
                    self.parts(ty, instance)
            else:
                body = self.body(instance.path)
                if body is not None:
                    self.needs_of(body, instance.args, instance)
            if len(self.items) > MAX_INSTANCES:
                self.runaway(instance)
                break

    def body(self, path: str) -> thir.Body | None:
        return self.module.bodies.get(path) or self.defs.bodies.get(path)

    # --- what is needed ---------------------------------------------------------------------------------------------

    def needs_of(self, body: thir.Body, args: tuple[Ty, ...], by: Instance | None) -> None:
        summary = self.summaries.get(body.path)
        if summary is None:
            summary = self.summaries[body.path] = summarize(body, self.intrinsics)
        for path, const_args in summary.consts:
            if const_args:
                path, resolved = impls.resolve_const(self.defs, path, tuple([self.concrete(a, args) for a in const_args]))
                if resolved:
                    self.add(Instance(path, resolved), by)
        if args:
            for path, call_args in summary.calls:
                self.need(path, tuple([self.concrete(a, args) for a in call_args]), by)
            for ty in summary.types:
                self.value_of(self.concrete(ty, args), by)
        else:
            for path, call_args in summary.calls:
                self.need(path, call_args if not call_args else tuple([self.concrete(a, ()) for a in call_args]), by)
            for ty in summary.types:
                self.value_of(ty, by)

    def concrete(self, ty: Ty, args: tuple[Ty, ...]) -> Ty:
        if ty.flags & HAS_PARAM:
            ty = subst(ty, args)
        return impls.normalize(ty, self.defs) if ty.flags & HAS_PROJECTION else ty

    def need(self, path: str, args: tuple[Ty, ...], by: Instance | None) -> None:
        """A call of `path`, which may be a trait's method."""
        proc = self.defs.procs.get(path)
        if proc is None or proc.intrinsic:
            return
        if self.defs.is_of_trait(proc):
            try:
                found = impls.resolve_method(self.defs, path, args)
            except LookupError:
                return
            if type(found) is impls.Glue:
                self.add(Instance("", (found.ty,), found.kind), by)
                return
            path, args = found  # type: ignore[misc]
        self.add(Instance(path, args), by)

    def value_of(self, ty: Ty, by: Instance | None) -> None:
        """A value of this type occurs: it may be dropped, and copied where it holds strings."""
        if ty in self.seen_types or ty.flags & (HAS_PARAM | HAS_PROJECTION):
            return
        self.seen_types[ty] = None
        if not needs_drop(ty, self.defs):
            return
        self.add(Instance("", (ty,), "drop"), by)
        self.parts(ty, by)
        if ty is t.STRING or ty is t.BYTES:
            self.need(lang.STR_RETAIN, (), by)
            self.need(lang.STR_RELEASE, (), by)

    def parts(self, ty: Ty, by: Instance | None) -> None:
        """Types of the parts of a value."""
        cls = type(ty)
        if cls is t.TupleTy:
            for elem in ty.elems:  # type: ignore[attr-defined]
                self.value_of(elem, by)
        elif cls is t.ArrayTy:
            self.value_of(ty.elem, by)  # type: ignore[attr-defined]
        elif cls is t.AdtTy:
            adt = self.defs.adts.get(ty.path)  # type: ignore[attr-defined]
            if adt is not None:
                for variant in adt.variants:
                    for field in variant.fields:
                        self.value_of(self.concrete(field.ty, ty.args), by)  # type: ignore[attr-defined]
            if ty.path == lang.BOX and not dropped_at_home(ty.args[0], self.defs, self.ctx.module):  # type: ignore[attr-defined]
                self.value_of(ty.args[0], by)  # type: ignore[attr-defined]

    def add(self, instance: Instance, by: Instance | None) -> None:
        if instance in self.items or instance in self.parents:
            return
        self.parents[instance] = by
        if instance.args and max([depth(a) for a in instance.args]) > MAX_DEPTH:
            self.runaway(instance)
            return
        linkage: Linkage
        if instance.glue:
            linkage = "external" if instance.glue in ("main", "test_main") or instance in self.home else "linkonce"
            self.items[instance] = MonoItem(instance, symbol_of(instance), linkage)
        else:
            path = instance.path
            proc = self.defs.procs.get(path)
            is_inline = proc is not None and proc.inline == "inline"
            if not instance.args and (proc is None or not (is_inline or path in self.module.bodies)):
                return
            body = self.body(path)
            if body is None:
                return
            self.bodies.setdefault(path, body)
            fixed = proc.symbol if proc is not None else ""
            linkage = "linkonce" if instance.args or (is_inline and not fixed) else "external"
            self.items[instance] = MonoItem(instance, symbol_of(instance, fixed), linkage, path)
        self.todo.append(instance)

    def check_expansion(self) -> None:
        """Report own generic procedures that would be instantiated without end."""
        generic: dict[str, list[Need]] = {}
        for path, body in self.module.bodies.items():
            if body.generic_count and path in self.defs.procs:
                summary = self.summaries[path] = summarize(body, self.intrinsics)
                generic[path] = [call for call in summary.calls if call[1]]
        for path, callee, args in expanding(generic) if generic else ():
            if path not in self.runaways:
                self.runaways[path] = None
                proc = self.defs.procs[path]
                own = tuple([t.param_ty(i, n) for i, n in enumerate(proc.generics.names)])
                chain = [readable(Instance(path, own)), readable(Instance(callee, args))]
                grown = args
                for _ in range(2 if callee == path else 0):
                    grown = tuple([subst(a, grown) for a in args])
                    chain.append(readable(Instance(callee, grown)))
                errors.runaway(self.ctx.diagnostics, proc.name, proc.name_span, [*chain, "..."])

    # --- runaway ------------------------------------------------------------------------------------------------------

    def runaway(self, instance: Instance) -> None:
        chain: list[Instance] = []
        at: Instance | None = instance
        while at is not None:
            chain.append(at)
            at = self.parents.get(at)
        chain.reverse()
        own = [i for i in chain if i.path in self.module.bodies]
        start = own[0] if own else chain[0]
        for link in chain:
            same = [i for i in chain if i.path == link.path and i.glue == link.glue]
            if len(same) > MAX_DEPTH // 4:
                start = link
                break
        if start.path in self.runaways:
            return
        self.runaways[start.path] = None
        proc = self.defs.procs.get(start.path)
        span = proc.name_span if proc is not None and start.path in self.module.bodies else NO_SPAN
        if span == NO_SPAN and own:
            first = self.defs.procs.get(own[0].path)
            span = first.name_span if first is not None else NO_SPAN
        name = proc.name if proc is not None else start.text
        errors.runaway(self.ctx.diagnostics, name, span, [readable(i) for i in chain[chain.index(start) :]])


def readable(instance: Instance) -> str:
    name = last_name(instance.path) or instance.glue
    return f"{name}[{', '.join([show(a) for a in instance.args])}]" if instance.args else name


_depths: dict[Ty, int] = {}


def depth(ty: Ty) -> int:
    """How deeply type arguments nest: 1 for a type without parts."""
    known = _depths.get(ty)
    if known is None:
        known = _depths[ty] = 1 + max([depth(p) for p in parts(ty)], default=0)
    return known


