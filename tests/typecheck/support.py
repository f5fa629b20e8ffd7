"""Type checking of snippets against the real library, parsed, lowered and checked once per process."""

from __future__ import annotations

from tests.harness.library import library_file
from vitte import lower, parse, typecheck
from vitte.base.diagnostics import Diagnostic
from vitte.base.source import SourceFile
from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.ir import ast, thir
from vitte.ir.defs import Definitions, Interface, ResolvedImport
from vitte.ir.lang import PRELUDE_MODULES


class Checked:
    """One module checked: its THIR and what was reported."""

    def __init__(self, source: SourceFile, module: thir.Module, ctx: UnitContext) -> None:
        self.source = source
        self.module = module
        self.ctx = ctx

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self.ctx.diagnostics.sorted()

    @property
    def found(self) -> list[tuple[int, str]]:
        """(line, code) of each diagnostic of this file."""
        return [(self.source.line_col(d.labels[0].where.span >> 26)[0], d.code.id) for d in self.diagnostics]

    @property
    def text(self) -> str:
        """Diagnostics for people, one per line."""
        lines = []
        for d in self.diagnostics:
            line, col = self.source.line_col(d.labels[0].where.span >> 26)
            rest = "; ".join([*[x.text for x in d.labels if x.text], *d.notes, *[h.message for h in d.helps]])
            lines.append(f"{self.source.path}:{line}:{col}: {d.code.id} {d.message} -- {rest}")
        return "\n".join(lines)


_DONE: dict[str, Interface | None] = {}
_DEFS = Definitions()


def std_interface(path: str) -> Interface | None:
    """The interface of a module of the library; modules it uses come first."""
    if path not in _DONE:
        file = library_file(path)
        if file is None:
            return None
        checked = check_source(SourceFile(f"std/{file.name}", file.read_text()), path, {}, prelude=False)
        _DONE[path] = checked.module.interface
        STD_CHECKED[path] = checked
    return _DONE[path]


STD_CHECKED: dict[str, Checked] = {}


def used_modules(tree: ast.Module) -> list[tuple[str, ast.Use]]:
    return [("/".join(item.path.segments), item) for item in tree.items if isinstance(item, ast.Use)]


def check_text(text: str, module: str = "m", files: dict[str, str] | None = None) -> Checked:
    """Check `text` as module `module`; `files`: other modules by path."""
    for name in PRELUDE_MODULES:
        std_interface(name)
    return check_source(SourceFile(f"{module}.vit", text), module, files or {}, prelude=True)


def check_source(source: SourceFile, module: str, files: dict[str, str], *, prelude: bool) -> Checked:
    defs = Definitions()
    ctx = UnitContext(module, source.path, X86_64_LINUX_GNU, defs, source=source)
    tree = parse.run(source, ctx)
    reach: dict[str, Interface] = {}
    imports: list[ResolvedImport] = []
    for path, use in used_modules(tree):
        if path in files:
            interface: Interface | None = check_source(SourceFile(f"{path}.vit", files[path]), path, files, prelude=True).module.interface
        else:
            interface = std_interface(path)
        imports.append(ResolvedImport(path, interface, use.span))
        if interface is not None:
            _reach(interface, reach)
    if prelude:
        interface = std_interface("std/prelude")
        imports.append(ResolvedImport("std/prelude", interface, is_prelude=True))
        for name, found in _DONE.items():
            if found is not None:
                reach.setdefault(name, found)
    for found in reach.values():
        defs.add(found)
    ctx.imports = imports
    _USES[module] = [name for name, _ in used_modules(tree)]
    hir = lower.run(tree, ctx)
    return Checked(source, typecheck.run(hir, ctx), ctx)


_USES: dict[str, list[str]] = {}


def _reach(interface: Interface, reach: dict[str, Interface]) -> None:
    if interface.module in reach:
        return
    reach[interface.module] = interface
    for name in _USES.get(interface.module, []):
        inner = _DONE.get(name)
        if inner is not None:
            _reach(inner, reach)
