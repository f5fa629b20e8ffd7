"""What a stage is given beside its input: data, and the sink for diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Diagnostics
from vitte.driver.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitte.base.source import SourceFile
    from vitte.ir.defs import Definitions, ResolvedImport


class UnitContext:
    """The context of one unit's compilation.

    - `module`: the logical module path, `demo/shapes`.
    - `file`: display path of the source, used in diagnostics and panic messages.
    - `diagnostics`: the only thing a stage may change.
    - `target`: the machine to compile for.
    - `imports`: one entry per `use` of the module, in source order, resolved to a loaded interface (or to an error
      that has been reported already), then the implicit prelude. Filled before stage 2.
    - `defs`: definitions of every interface in reach; stage 3 adds the unit's own.
    - `overflow_checks`: whether integer overflow panics (else it wraps).
    - `const_step_limit`: how many operations one constant may take.
    - `lto`: whether the unit is merged with others before it is compiled to an object.
    - `lines_of`: offsets of line starts by display path, for the files of imported units (see `line_table`).
    - `source`: the source text, for the lines that panic messages name; None in tests that have none.
    """

    __slots__ = (
        "module",
        "file",
        "diagnostics",
        "target",
        "imports",
        "defs",
        "overflow_checks",
        "const_step_limit",
        "opt_level",
        "debug_info",
        "lto",
        "source",
        "lines_of",
        "_line_tables",
    )

    def __init__(
        self,
        module: str,
        file: str,
        target: Target,
        defs: Definitions,
        imports: list[ResolvedImport] | None = None,
        *,
        overflow_checks: bool = True,
        const_step_limit: int = 10_000_000,
        opt_level: str = "0",
        debug_info: str = "none",
        lto: bool = False,
        source: SourceFile | None = None,
    ) -> None:
        self.module = module
        self.file = file
        self.diagnostics = Diagnostics(file)
        self.target = target
        self.imports: list[ResolvedImport] = imports or []
        self.defs = defs
        self.overflow_checks = overflow_checks
        self.const_step_limit = const_step_limit
        self.opt_level = opt_level
        self.debug_info = debug_info
        self.lto = lto
        self.source = source
        self.lines_of: Callable[[str], list[int]] | None = None
        self._line_tables: dict[str, list[int]] = {}

    def line_table(self, file: str) -> list[int]:
        """Offsets of the first code point of each line of a file; empty when it is not known."""
        table = self._line_tables.get(file)
        if table is None:
            if self.source is not None and file == self.file:
                table = self.source.line_starts
            else:
                table = self.lines_of(file) if self.lines_of is not None else []
            self._line_tables[file] = table
        return table
