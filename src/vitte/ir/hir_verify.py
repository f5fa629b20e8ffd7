"""The verifier of HIR. Each message begins with the invariant it is about.

H1 every path in a `DefRef`, `TyPath`, `PatPath` or `PatCase`, every trait of a bound or impl, every listed method, constant, default and
   parent is that of a definition of this module, of an interface in reach, or of a language item, and of the right kind.
H2 every local is declared by one pattern before it is used, in a scope around the use; `Local`s are all there, and declared
   unless errors were reported.
H3 `Break` and `Continue` name a loop around them; loop ids are unique in a body.
H4 spans lie in the source.
H5 error nodes carry a token.
H6 paths of items are unique, and each begins with the module's path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vitte.base.source import SPAN_BITS, SPAN_MASK
from vitte.ir import hir as h
from vitte.ir import lang

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext


def verify(module: h.Module, ctx: UnitContext | None = None) -> list[str]:
    """All violations, in program order. Without `ctx`, paths of other modules are taken on trust."""
    checker = _Checker(module, ctx)
    checker.module_items()
    return checker.found


def _lang_paths() -> frozenset[str]:
    texts = [value for value in vars(lang).values() if isinstance(value, str)]
    return frozenset([*texts, *lang.BUILTIN_TYPE_NAMES.values(), *[trait for trait, _ in lang.OPERATOR_TRAITS.values()]])


_LANG = _lang_paths()
_KINDS: dict[type, str] = {
    h.Proc: "proc", h.Adt: "adt", h.Trait: "trait", h.Impl: "impl", h.Alias: "alias", h.StaticAssert: "static_assert",
}  # fmt: skip
_ERRORS = (h.ErrorExpr, h.PatError, h.TyError)


class _Checker:
    def __init__(self, module: h.Module, ctx: UnitContext | None) -> None:
        self.module = module
        self.defs = ctx.defs if ctx is not None else None
        self.failed = ctx is not None and ctx.diagnostics.error_count > 0
        self.found: list[str] = []
        self.kinds: dict[str, str] = {}
        self.where = ""
        self.locals: list[h.Local] = []
        self.live: list[set[int]] = []
        self.declared: dict[int, int] = {}
        self.loops: list[int] = []
        self.loop_ids: set[int] = set()
        self.alternative = 0

    def say(self, invariant: str, what: str) -> None:
        self.found.append(f"{invariant}: {self.where}: {what}")

    # --- items ---

    def module_items(self) -> None:
        own = self.module.path + "::"
        for item in self.module.items:
            self.where = item.path
            if item.path in self.kinds:
                self.say("H6", "the path is used twice")
            if not item.path.startswith(own):
                self.say("H6", f"the path is not of module {self.module.path}")
            kind = _KINDS.get(type(item), "const")
            if isinstance(item, h.Const) and item.is_static:
                kind = "static"
            self.kinds[item.path] = kind
            if isinstance(item, h.Adt):
                for case in item.cases:
                    self.kinds[f"{item.path}.{case.name}"] = "case"
        for item in self.module.items:
            self.where = item.path
            self.span(item.span)
            self.span(item.name_span)
            self.item(item)
        self.where = "names"
        for name, shown in self.module.names.items():
            if shown.kind != "module":
                self.path(shown.path, shown.kind, f"exported `{name}`")

    def item(self, item: h.Item) -> None:
        if isinstance(item, h.Proc):
            if item.parent:
                self.path(item.parent, "", "parent")
            for param in item.params:
                self.walk(param.ty)
                if param.default:
                    self.path(param.default, "const", "default")
            self.generics(item.generics)
            self.walk(item.result)
            if item.body is not None:
                self.body(item.body, [param.pat for param in item.params])
        elif isinstance(item, h.Const):
            self.walk(item.ty)
            if item.default_of:
                self.path(item.default_of, "", "owner of the default")
            if item.body is not None:
                self.body(item.body, [])
        elif isinstance(item, h.Adt):
            self.generics(item.generics)
            self.walk(item.repr)
            for case in item.cases:
                for field in case.fields:
                    self.walk(field.ty)
                    if field.default:
                        self.path(field.default, "const", "default")
                self.walk(case.discriminant)
            for low, high in item.bit_ranges:
                self.walk(low)
                self.walk(high)
        elif isinstance(item, h.Trait):
            self.generics(item.generics)
            self.bounds(item.supers)
            self.members(item.methods, item.assoc_consts)
        elif isinstance(item, h.Impl):
            self.generics(item.generics)
            self.walk(item.self_ty)
            if item.trait:
                self.path(item.trait, "trait", "trait")
            for arg in item.trait_args:
                self.walk(arg)
            for _, ty in item.assoc_types:
                self.walk(ty)
            self.members(item.methods, item.assoc_consts)
        elif isinstance(item, h.Alias):
            self.generics(item.generics)
            self.walk(item.ty)
        else:
            self.body(item.body, [])

    def members(self, methods: list[str], consts: list[str]) -> None:
        for path in methods:
            self.path(path, "proc", "method")
        for path in consts:
            self.path(path, "const", "constant")

    def generics(self, generics: h.GenericsExpr) -> None:
        for param in generics.params:
            self.walk(param.const_ty)
        self.bounds(generics.bounds)

    def bounds(self, bounds: list[h.WhereBound]) -> None:
        for bound in bounds:
            self.path(bound.trait, "trait", "bound")
            self.walk(bound.ty)
            for arg in bound.args:
                self.walk(arg)
            for _, ty in bound.equalities:
                self.walk(ty)

    def body(self, body: h.Body, params: list[h.Pat]) -> None:
        self.locals = body.locals
        self.live = [set()]
        self.declared = {}
        self.loops = []
        self.loop_ids = set()
        for pat in params:
            self.walk(pat)
        self.walk(body.value)
        for at, local in enumerate(body.locals):
            self.span(local.span)
            if at not in self.declared and not local.is_synthetic and not self.failed:
                self.say("H2", f"local {at} `{local.name}` is never declared")
        self.locals, self.live = [], []

    # --- nodes ---

    def span(self, span: int) -> None:
        end = (span >> SPAN_BITS) + (span & SPAN_MASK)
        if span < 0 or end > self.module.source_length:
            self.say("H4", f"a span ends at {end}, the source at {self.module.source_length}")

    def path(self, path: str, kind: str, what: str) -> None:
        found = self.kinds.get(path)
        if found is None:
            found = self.foreign(path)
        if found is None:
            self.say("H1", f"{what} {path} is not defined")
        elif kind and found not in (kind, "?"):
            self.say("H1", f"{what} {path} is of kind {found}, not {kind}")

    def foreign(self, path: str) -> str | None:
        """The kind of a definition elsewhere, "?" when it cannot be told, None when there is none."""
        if path.startswith(self.module.path + "::"):
            return None
        defs = self.defs
        if path in _LANG or defs is None:
            return "?"
        if path in defs.procs:
            return "proc"
        if path in defs.adts:
            return "adt"
        if path in defs.traits:
            return "trait"
        if path in defs.aliases:
            return "alias"
        const = defs.consts.get(path)
        if const is not None:
            return "static" if const.is_static else "const"
        owner, _, case = path.rpartition(".")
        adt = defs.adts.get(owner)
        if adt is not None:
            return "case" if any(v.name == case for v in adt.variants) else None
        return "?" if owner in _LANG else None

    def scoped(self, *nodes: Any) -> None:
        self.live.append(set())
        for node in nodes:
            self.walk(node)
        self.live.pop()

    def declare(self, local: int, span: int) -> None:
        if not 0 <= local < len(self.locals):
            self.say("H2", f"local {local} is not among the body's {len(self.locals)}")
            return
        if local in self.declared and not self.alternative:
            self.say("H2", f"local {local} `{self.locals[local].name}` is declared twice")
        self.declared[local] = span
        if self.live:
            self.live[-1].add(local)

    def use(self, local: int) -> None:
        for scope in self.live:
            if local in scope:
                return
        name = self.locals[local].name if 0 <= local < len(self.locals) else "?"
        self.say("H2", f"local {local} `{name}` is used where it is not in scope")

    def loop(self, id: int, body: h.Block) -> None:
        if id in self.loop_ids:
            self.say("H3", f"two loops have the id {id}")
        self.loop_ids.add(id)
        self.loops.append(id)
        self.walk(body)
        self.loops.pop()

    def walk(self, node: Any) -> None:
        """Check a node and all in it, in order of evaluation."""
        if node is None:
            return
        if isinstance(node, h.Node):
            self.span(node.span)
        cls = type(node)
        if cls is h.LocalRef:
            self.use(node.local)
        elif cls is h.DefRef:
            self.path(node.path, node.kind, "the name")
            self.children(node)
        elif cls is h.TyPath:
            self.path(node.path, node.kind, "the type")
            self.children(node)
        elif cls is h.PatPath:
            if node.kind == "const" and self.kinds.get(node.path) == "static":
                self.path(node.path, "static", "the pattern")
            else:
                self.path(node.path, node.kind, "the pattern")
        elif cls is h.PatCase:
            if node.path:
                self.path(node.path, node.kind, "the pattern")
            for _, sub in node.fields:
                self.walk(sub)
        elif cls is h.PatBind:
            self.declare(node.local, node.span)
            self.walk(node.sub)
        elif cls is h.PatOr:
            self.walk(node.alts[0])
            self.alternative += 1
            for alt in node.alts[1:]:
                self.walk(alt)
            self.alternative -= 1
        elif cls is h.Block:
            self.scoped(*node.stmts, node.tail)
        elif cls is h.Let:
            self.scoped(node.init)
            self.walk(node.ty)
            self.walk(node.otherwise)
            self.walk(node.pat)
        elif cls is h.ExprStmt:
            self.scoped(node.expr)
        elif cls is h.If:
            self.scoped(node.cond, node.then)
            self.walk(node.otherwise)
        elif cls is h.Is:
            self.walk(node.value)
            self.walk(node.pat)
        elif cls is h.MatchArm:
            self.scoped(node.pat, node.guard, node.body)
        elif cls is h.Loop:
            self.loop(node.id, node.body)
        elif cls is h.For:
            self.walk(node.iterable)
            self.live.append(set())
            self.walk(node.pat)
            self.loop(node.id, node.body)
            self.live.pop()
        elif cls is h.Break or cls is h.Continue:
            if node.loop not in self.loops:
                self.say("H3", f"{cls.__name__.lower()} names loop {node.loop}, which is not around it")
            if cls is h.Break:
                self.walk(node.value)
        elif cls is h.Lambda:
            loops, self.loops = self.loops, []
            self.live.append(set())
            for pat, ty in node.params:
                self.walk(pat)
                self.walk(ty)
            self.walk(node.result)
            self.walk(node.body)
            self.live.pop()
            self.loops = loops
        elif cls in _ERRORS:
            if node.token < 1:
                self.say("H5", "an error node without a token")
        else:
            self.children(node)

    def children(self, node: Any) -> None:
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if isinstance(value, Struct):
                self.walk(value)
            elif type(value) is list:
                for part in value:
                    if isinstance(part, Struct):
                        self.walk(part)
