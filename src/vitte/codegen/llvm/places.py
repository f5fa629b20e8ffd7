"""Tables of places as data: what panics point at instead of saying where they are.

    @"places m" = dso_local hidden externally_initialized constant [25 x i8] c"<16 bytes of marker><file>", section ".rodata.places m"
    ...
    call void @"std/rt::panic"(ptr @vitte.s.0, ptr getelementptr (i8, ptr @"places m", i64 8))

A table is rows of (line, column), then (length of the file's name, 0), then the name; the library goes from a row to the end to find
it. A pointer to a row is thus all that a panic is given, and no user of a table depends on the file's name. LLVM sees a marker and
zeros in the place of the rows (see `codegen.patching`) and must not look at them, hence `externally_initialized`; being hidden symbols,
tables stay even when nothing refers to them, and the linker drops them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm.text import escape, quote, symbol
from vitte.codegen.patching import MARKER, ROW, Table, marker_of
from vitte.ir.places import table_symbol

if TYPE_CHECKING:
    from vitte.codegen.llvm.module import ModuleEmitter
    from vitte.ir.ssa import Function



class PlaceTables:
    """The tables of one unit. `own`: for its own code, by file (there is one, but for places of others that have no table), rows in
    order of first use. `foreign`: symbols of tables of crossing bodies that are used here."""

    def __init__(self, module: ModuleEmitter) -> None:
        self.module = module
        self.own: dict[str, dict[tuple[int, int], int]] = {}
        self.foreign: dict[str, str] = {}
        self.tables: list[Table] = []

    def row(self, fn: Function, loc: int) -> str:
        """The address of the row for a place of a function; of the function itself for place 0."""
        unit = self.module.unit
        where = fn.locs[loc] if loc else None
        owner, ordinal = (where.owner, where.ordinal) if where is not None else (fn.owner, 0)
        if owner:
            name = self.foreign.get(owner)
            if name is None:
                name = self.foreign[owner] = symbol(table_symbol(owner))
            return _address(name, ordinal, self.module.size_type)
        if where is not None:
            file, key = where.file or fn.file or unit.file, (where.line, where.col)
        else:
            file, key = fn.file or unit.file, (fn.line, 1)
        rows = self.own.get(file)
        if rows is None:
            rows = self.own[file] = {}
        ordinal = rows.setdefault(key, len(rows))
        return _address(symbol(self._name(file)), ordinal, self.module.size_type)

    def _name(self, file: str) -> str:
        unit = self.module.unit
        return table_symbol(unit.name if file == unit.file else f"{unit.name} {file}")

    def finish(self) -> tuple[list[str], list[str]]:
        """Definitions, to stand before the functions, and declarations. Fills `tables`."""
        unit = self.module.unit
        defined = [self._define(self._name(file), file, list(rows)) for file, rows in self.own.items()]
        here = set()
        for table in unit.tables:
            here.add(table.path)
            defined.append(self._define(table_symbol(table.path), table.file, table.rows))
        hidden = "" if self.module.is_coff else " hidden"
        declaration = f"external dso_local{hidden} externally_initialized constant i8"
        return defined, [f"{name} = {declaration}" for path, name in self.foreign.items() if path not in here]

    def _define(self, name: str, file: str, rows: list[tuple[int, int]]) -> str:
        text = file.encode("utf-8", "surrogatepass")
        table = Table(marker_of(name), [*rows, (len(text), 0)])
        self.tables.append(table)
        data = table.marker + bytes(ROW * len(table.rows) - MARKER) + text
        section = f", section {quote('.rodata.' + name)}" if self.module.is_elf else ""
        hidden = " hidden"
        if self.module.is_coff:
            section, hidden = self.module.own_section(name), ""
        kind = f"[{len(data)} x i8]"
        return f'{symbol(name)} = dso_local{hidden} externally_initialized constant {kind} c"{escape(data)}"{section}, align 4'


def _address(name: str, ordinal: int, size: str) -> str:
    return f"getelementptr (i8, ptr {name}, {size} {ROW * ordinal})" if ordinal else name
