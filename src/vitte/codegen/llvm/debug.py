"""DWARF or CodeView as LLVM metadata: compile unit, subprograms, places with what was inlined where, variables.

With debug information `line` only places and subprograms are described; `full` adds variables and their types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm.text import TYPE, quote
from vitte.ir.paths import last_name

if TYPE_CHECKING:
    from vitte.codegen.llvm.function import FunctionEmitter
    from vitte.codegen.llvm.module import ModuleEmitter
    from vitte.ir.ssa import Function, Inst

PRODUCER = "vitte"
LANGUAGE = "DW_LANG_C11"
"""The language debuggers evaluate expressions in; none knows Vitte."""


class ModuleDebug:
    """Metadata of one unit: the compile unit, files, a subprogram per function, types."""

    def __init__(self, module: ModuleEmitter) -> None:
        self.module = module
        ctx = module.ctx
        self.full = ctx.debug_info == "full"
        self.optimised = ctx.opt_level != "0"
        self.functions = {fn.symbol: fn for fn in module.unit.functions}
        self.subprograms: dict[str, str] = {}
        self.unit = module.distinct()
        kind = "FullDebug" if self.full else "LineTablesOnly"
        module.set_node(
            self.unit,
            f"!DICompileUnit(language: {LANGUAGE}, file: {self.file(module.unit.file)}, producer: {quote(PRODUCER)}, "
            f"isOptimized: {'true' if self.optimised else 'false'}, runtimeVersion: 0, emissionKind: {kind}, nameTableKind: None)",
        )
        self.procedure = module.node(f"!DISubroutineType(types: {module.node('!{null}')})")
        self.expression = module.node("!DIExpression()")
        if self.full:
            from vitte.codegen.llvm.debug_types import DebugTypes

            self.types = DebugTypes(self)

    def file(self, path: str) -> str:
        folder, slash, name = path.rpartition("/") if path.startswith("/") else ("", "", path)
        return self.module.node(f"!DIFile(filename: {quote(name)}, directory: {quote(folder + slash if len(folder) == 0 else folder)})")

    def function(self, fn: Function) -> FunctionDebug:
        return FunctionDebug(self, fn)

    def subprogram(self, symbol: str) -> str:
        """The subprogram of a function of this unit, or of one elsewhere whose text was inlined here."""
        known = self.subprograms.get(symbol)
        if known is not None:
            return known
        fn = self.functions.get(symbol)
        name = (fn.name if fn is not None else "") or short_name(symbol)
        file = self.file((fn.file if fn is not None else "") or self.module.unit.file)
        line = fn.line if fn is not None else 0
        flags = "DISPFlagDefinition"
        if fn is not None and fn.linkage == "internal":
            flags += " | DISPFlagLocalToUnit"
        if self.optimised:
            flags += " | DISPFlagOptimized"
        linkage = f"linkageName: {quote(symbol)}, " if symbol != name else ""
        node = self.subprograms[symbol] = self.module.distinct(
            f"!DISubprogram(name: {quote(name)}, {linkage}scope: {file}, file: {file}, line: {line}, type: {self.procedure}, "
            f"scopeLine: {line}, spFlags: {flags}, unit: {self.unit})"
        )
        return node

    def finish(self, tail: list[str]) -> None:
        node = self.module.node
        # Debuggers of Windows read CodeView, which the linker puts into a file of its own.
        version = node('!{i32 2, !"CodeView", i32 1}' if self.module.is_coff else '!{i32 7, !"Dwarf Version", i32 5}')
        schema = node('!{i32 2, !"Debug Info Version", i32 3}')
        tail.append(f"!llvm.dbg.cu = !{{{self.unit}}}")
        tail.append(f"!llvm.module.flags = !{{{version}, {schema}}}")


def short_name(symbol: str) -> str:
    """`demo/shapes::Point.norm` -> `Point.norm`; what has no module stays."""
    head, _, args = symbol.partition("[")
    name = last_name(head)
    return f"{name}[{args}" if args else name


class FunctionDebug:
    """One function's places. `at[loc]` is the suffix of an instruction; `nowhere` the suffix where there is no place."""

    __slots__ = ("at", "fn", "locations", "nowhere", "owner", "subprogram", "variables")

    def __init__(self, owner: ModuleDebug, fn: Function) -> None:
        self.owner = owner
        self.fn = fn
        self.subprogram = owner.subprogram(fn.symbol)
        self.variables: dict[int, str] = {}
        node = owner.module.node
        self.nowhere = f", !dbg {node(f'!DILocation(line: 0, column: 0, scope: {self.subprogram})')}"
        self.locations: list[str] = [""]
        """Metadata nodes of places, by index; of a call that was inlined, its distinct node (made when asked for)."""
        self.at = [""]
        calls: dict[int, str] = {}
        for loc in fn.locs[1:]:
            scope = owner.subprogram(loc.fn) if loc.fn else self.subprogram
            inlined = ""
            if loc.inlined:
                inlined = f", inlinedAt: {self._call_site(loc.inlined, calls)}"
            self.at.append(f", !dbg {node(f'!DILocation(line: {loc.line}, column: {loc.col}, scope: {scope}{inlined})')}")

    def _call_site(self, index: int, calls: dict[int, str]) -> str:
        known = calls.get(index)
        if known is None:
            loc = self.fn.locs[index]
            scope = self.owner.subprogram(loc.fn) if loc.fn else self.subprogram
            outer = f", inlinedAt: {self._call_site(loc.inlined, calls)}" if loc.inlined else ""
            known = calls[index] = self.owner.module.distinct(f"!DILocation(line: {loc.line}, column: {loc.col}, scope: {scope}{outer})")
        return known

    def variable(self, f: FunctionEmitter, inst: Inst) -> None:
        """A debug record for a `dbg` operation."""
        owner = self.owner
        if not owner.full or inst.imm >= len(self.fn.variables):
            return
        source = self.fn.variables[inst.imm]
        where = self.fn.locs[source.loc] if source.loc else None
        if where is not None and where.fn:
            return  # a variable of something inlined here
        line = where.line if where is not None else self.fn.line
        node = owner.module.node
        known = self.variables.get(inst.imm)
        if known is None:
            arg = f"arg: {source.arg}, " if source.arg else ""
            known = self.variables[inst.imm] = node(
                f"!DILocalVariable(name: {quote(source.name)}, {arg}scope: {self.subprogram}, "
                f"file: {owner.file((where.file if where is not None else '') or self.fn.file or owner.module.unit.file)}, "
                f"line: {line}, type: {owner.types.of_text(source.ty)})"
            )
        place = node(f"!DILocation(line: {line}, column: {where.col if where is not None else 0}, scope: {self.subprogram})")
        value = inst.args[0]
        text = f"{TYPE[self.fn.types[value]]} {f.names[value]}"
        word = "declare" if inst.sym == "slot" else "value"
        f.out.append(f"    #dbg_{word}({text}, {known}, {owner.expression}, {place})")
