"""Lowering of snippets: modules are parsed and lowered only; what they show is read off their HIR."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tests.harness.library import library_file
from vitte import lower, parse
from vitte.base.diagnostics import Diagnostic
from vitte.base.source import SourceFile
from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.ir import ast, hir
from vitte.ir import types as t
from vitte.ir.defs import (
    AdtDef,
    AliasDef,
    ConstDef,
    Definitions,
    Export,
    Generics,
    Interface,
    ProcDef,
    ResolvedImport,
    TraitDef,
    VariantDef,
)

STD = Path(parse.__file__).parent.parent / "std"


class Lowered:
    """One module lowered: the tree, its diagnostics, its context."""

    def __init__(self, tree: ast.Module, module: hir.Module, ctx: UnitContext) -> None:
        self.tree = tree
        self.module = module
        self.ctx = ctx

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self.ctx.diagnostics.sorted()

    @property
    def found(self) -> list[tuple[int, str]]:
        """(line, code) of each diagnostic of this file."""
        source = self.tree.source
        return [(source.line_col(d.labels[0].where.span >> 26)[0], d.code.id) for d in self.diagnostics]

    def item(self, path: str) -> hir.Item:
        return next(item for item in self.module.items if item.path == path)


def lower_text(text: str, module: str = "m", files: dict[str, str] | None = None, *, prelude: bool = True) -> Lowered:
    """Lower `text` as module `module`. `files`: other modules by path, whose interfaces come from their own HIR."""
    return _lower(text, module, files or {}, prelude, {})


def _lower(text: str, module: str, files: dict[str, str], prelude: bool, done: dict[str, Interface | None]) -> Lowered:
    defs = Definitions()
    ctx = UnitContext(module, f"{module}.vit", X86_64_LINUX_GNU, defs)
    tree = parse.run(SourceFile(f"{module}.vit", text), ctx)
    imports: list[ResolvedImport] = []
    for item in tree.items:
        if isinstance(item, ast.Use):
            path = "/".join(item.path.segments)
            if path not in done:
                done[path] = _interface(path, files, done)
            imports.append(ResolvedImport(path, done[path], item.span))
    if prelude:
        imports.append(ResolvedImport("std/prelude", std_interface("std/prelude"), is_prelude=True))
        for interface in _std().values():
            defs.add(interface)
    for interface in [*done.values(), *(i.interface for i in imports)]:
        if interface is not None:
            defs.add(interface)
    ctx.imports = imports
    return Lowered(tree, lower.run(tree, ctx), ctx)


def _interface(path: str, files: dict[str, str], done: dict[str, Interface | None]) -> Interface | None:
    if path in files:
        return interface_of(_lower(files[path], path, files, True, done).module)
    return std_interface(path)


_STD: dict[str, Interface] = {}


@lru_cache(maxsize=1)
def _std() -> dict[str, Interface]:
    std_interface("std/prelude")
    return _STD


def std_interface(path: str) -> Interface | None:
    """The interface of a module of the library, lowered from its source."""
    if path in _STD:
        return _STD[path]
    file = library_file(path)
    if file is None:
        return None
    _STD[path] = interface_of(lower_std(file, path).module)
    return _STD[path]


def lower_std(file: Path, path: str = "") -> Lowered:
    """A module of the library, with the interfaces it imports. `path`: its own, when not that of a file directly in `std`."""
    path = path or f"std/{file.stem}"
    text = file.read_text()
    tree = parse.run(SourceFile(str(file), text), UnitContext(path, path, X86_64_LINUX_GNU, Definitions()))
    used = ["/".join(item.path.segments) for item in tree.items if isinstance(item, ast.Use)]
    return _lower(text, path, {}, False, {name: std_interface(name) for name in used})


def interface_of(module: hir.Module) -> Interface:
    """Names and definitions, without any types: all that lowering looks at."""
    made = Interface(module.path, module.file)
    made.names = {name: Export(e.kind, e.path, e.visibility) for name, e in module.names.items()}
    none = Generics()
    for item in module.items:
        path, name = item.path, item.name
        if isinstance(item, hir.Proc):
            made.procs[path] = ProcDef(path, name, none, [], t.UNIT, file=module.file, name_span=item.name_span)
        elif isinstance(item, hir.Adt):
            variants = [VariantDef(c.name) for c in item.cases]
            made.adts[path] = AdtDef(path, name, item.kind, none, variants, file=module.file, name_span=item.name_span)
        elif isinstance(item, hir.Trait):
            made.traits[path] = TraitDef(path, name, none, {}, file=module.file, name_span=item.name_span)
        elif isinstance(item, hir.Const):
            made.consts[path] = ConstDef(path, name, t.UNIT, none, is_static=item.is_static, file=module.file, name_span=item.name_span)
        elif isinstance(item, hir.Alias):
            target = t.adt_ty(item.ty.path) if isinstance(item.ty, hir.TyPath) else t.UNIT
            made.aliases[path] = AliasDef(path, name, none, target)
    return made
