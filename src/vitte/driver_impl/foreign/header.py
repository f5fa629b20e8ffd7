"""The C header of a library: its exports, the types that they speak of, and the comments of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Diagnostics
from vitte.base.source import NO_SPAN, Span
from vitte.driver_impl.cache.interface import Parts, open_interface
from vitte.driver_impl.foreign import errors
from vitte.driver_impl.foreign.ctypes import Declared, NotC, prototype
from vitte.driver_impl.foreign.exports import Export
from vitte.ir.defs import AdtDef

if TYPE_CHECKING:
    from vitte.driver_impl.pipeline.units import Workshop
    from vitte.ir import ast

_TOP = """\
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
"""
_NORETURN = """
#ifndef VITTE_NORETURN
#if defined(__cplusplus)
#define VITTE_NORETURN [[noreturn]]
#else
#define VITTE_NORETURN _Noreturn
#endif
#endif
"""


def write(shop: Workshop, exports: list[Export], name: str, libraries: list[str]) -> str:
    """The header's text; "" when something cannot be said in C, which is reported. `libraries`: what those who link a static library must
    name as well."""
    trees = _Trees(shop)
    declared = Declared(trees.adt, trees.comment)
    protos: list[str] = []
    failed = False
    for export in exports:
        unit = shop.graph.units[export.unit]
        try:
            line = prototype(declared, export.proc)
        except NotC as problem:
            diagnostics = Diagnostics(unit.display)
            verb = "gives" if problem.at < 0 else "takes"
            span = trees.place(export, problem.at)
            errors.not_c(diagnostics, span, export.proc.name, f"{verb} {problem.why}", "not for C", problem.helps)
            shop.context.diagnostics.extend(diagnostics.items)
            failed = True
            continue
        protos.append(f"{_comment(trees.doc(export.unit, export.proc.name_span))}{line};\n")
    if failed:
        return ""
    guard = "".join([letter if letter.isascii() and letter.isalnum() else "_" for letter in name.upper()]) + "_H"
    guard = f"_{guard}" if guard[0].isdigit() else guard
    linked = f"As a static library it needs {' '.join(f'-l{library}' for library in libraries)}. " if libraries else ""
    parts = [
        f"/* Library `{name}`: its procedures for C and C++. {linked}Made by Vitte; changes are lost. */\n",
        f"#ifndef {guard}\n#define {guard}\n\n", _TOP, _NORETURN if declared.noreturn else "",
        '\n#ifdef __cplusplus\nextern "C" {\n#endif\n',
    ]  # fmt: skip
    if declared.forward:
        parts.append("\n" + "".join([f"{line}\n" for line in declared.forward]))
    parts += ["\n" + block for block in [*declared.blocks, *protos]]
    parts.append(f"\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n")
    return "".join(parts)


class _Trees:
    """What is written about declarations: comments, and the places of types. Syntax trees are made when they are asked for."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self._parts: dict[int, Parts] = {}
        self._nodes: dict[int, dict[Span, ast.Node]] = {}

    def adt(self, path: str) -> AdtDef:
        unit = self.shop.discovery.by_module[path.partition("::")[0]]
        parts = self._parts.get(unit)
        if parts is None:
            parts = self._parts[unit] = open_interface(self.shop.done[unit].interface)
        return parts.whole_adt(path)

    def comment(self, adt: AdtDef, part: object) -> str:
        unit = self.shop.discovery.by_module[adt.path.partition("::")[0]]
        return _comment(self.doc(unit, getattr(part, "name_span", NO_SPAN)))

    def doc(self, unit: int, name: Span) -> str:
        """The comment of the declaration whose name stands there."""
        node = self._of(unit).get(name)
        meta = getattr(node, "meta", None)
        return meta.doc if meta is not None else ""

    def place(self, export: Export, at: int) -> Span:
        """Where the type of a parameter is written; of the result for -1."""
        node = self._of(export.unit).get(export.proc.name_span)
        ty = getattr(node, "ret", None) if at < 0 else None
        params = getattr(node, "params", [])
        if 0 <= at < len(params):
            ty = params[at].ty
        return ty.span if ty is not None else export.proc.name_span

    def _of(self, unit: int) -> dict[Span, ast.Node]:
        known = self._nodes.get(unit)
        if known is None:
            known = self._nodes[unit] = {}
            tree = self.shop.discovery.parsed(self.shop.graph.units[unit])
            todo: list[ast.Node] = list(tree.items)
            while todo:
                node = todo.pop()
                span = getattr(node, "name_span", None)
                if span is not None:
                    known[span] = node
                for name in ("members", "fields", "cases"):
                    todo += getattr(node, name, None) or []
        return known


def _comment(doc: str) -> str:
    """A comment of C, with the line's end; "" for no text."""
    lines = doc.replace("*/", "* /").rstrip().split("\n")
    if lines == [""]:
        return ""
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join([f" * {line}".rstrip() + "\n" for line in lines]) + " */\n"
