"""What the functions of one unit share while they are built: layouts, texts, declared symbols, helpers to be made."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vitte.base.source import Span
from vitte.ir import types as t
from vitte.ir.layout import Layouts, is_fat
from vitte.ir.ownership import is_plain
from vitte.ir.places import ordinals
from vitte.ir.ssa import Global, Module, Signature
from vitte.ir.types import Ty

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext

TEST_COUNT, TEST_NAME, TEST_RUN = "vitte::test_count", "vitte::test_name", "vitte::test_run"
"""What the intrinsics `test_*` call; defined by the unit that has the program's entry."""


class Unit:
    """`retains`: types whose copies are counted by a helper function, in order of first need."""

    __slots__ = ("_ordinals", "_plain", "ctx", "defs", "layouts", "module", "retains", "texts")

    def __init__(self, module: Module, ctx: UnitContext) -> None:
        self.ctx = ctx
        self.defs = ctx.defs
        self.layouts = Layouts(ctx.defs, ctx.target)
        self.module = module
        self.texts: dict[bytes, str] = {}
        self.retains: dict[Ty, str] = {}
        self._plain: dict[Ty, bool] = {}
        self._ordinals: dict[str, dict[Span, int]] = {}

    def ordinals(self, path: str) -> dict[Span, int]:
        """Rows of the table of a crossing body by span; empty when it has none: then its places are the unit's own."""
        known = self._ordinals.get(path)
        if known is None:
            body = self.defs.bodies.get(path)
            known = self._ordinals[path] = ordinals(body) if body is not None else {}
        return known

    def text(self, data: bytes) -> str:
        """Symbol of a private constant with these bytes: its name is its content, so equal texts are one."""
        symbol = self.texts.get(data)
        if symbol is None:
            symbol = self.texts[data] = f"text.{hashlib.sha256(data).hexdigest()[:24]}"
            self.module.globals.append(Global(symbol, data))
        return symbol

    def declare(
        self, symbol: str, params: tuple[str, ...], result: str, variadic: bool = False, borrows: bool = False, signs: str = ""
    ) -> str:
        """A function that is called; what turns out to be defined here is taken off the list at the end. A call says more of it than
        taking its address."""
        known = self.module.externals.get(symbol)
        if known is None or (signs and not known.signs):
            self.module.externals[symbol] = Signature(params, result, variadic, borrows, signs)
        return symbol

    def is_plain(self, ty: Ty) -> bool:
        """Copying it is copying bytes."""
        known = self._plain.get(ty)
        if known is None:
            known = self._plain[ty] = is_fat(ty) or type(ty) is t.RefTy or is_plain(ty, self.defs)
        return known

    def retain_symbol(self, ty: Ty) -> str:
        """The helper that counts the strings in a value of `ty`, at an address."""
        symbol = self.retains.get(ty)
        if symbol is None:
            symbol = self.retains[ty] = f"glue retain[{ty.text}]"
        return symbol
