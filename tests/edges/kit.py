"""Small programs of several modules, compiled up to LLVM's input with plain definitions or with a recorder in their place."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from tests.harness.library import library_file
from vitte import codegen, const_eval, lower, mir_build, monomorphize, parse, ssa_build, typecheck
from vitte.base.source import SourceFile
from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.driver_impl.cache.edges import Edge, Known, Recorder
from vitte.driver_impl.cache.interface import Parts, encode_interface, open_interface
from vitte.ir import ast, mir_text, thir, thir_text
from vitte.ir.defs import Definitions, Interface, ResolvedImport
from vitte.ir.lang import PRELUDE_MODULES


class Compiled:
    """One module: what was made and said, its interface encoded, the modules in its reach, and the edges when it was recorded."""

    def __init__(self, module: thir.Module, ctx: UnitContext, source: SourceFile, reach: frozenset[str]) -> None:
        self.module = module
        self.ctx = ctx
        self.source = source
        self.reach = reach
        self.edges: list[Edge] = []
        self.mir = ""
        self.llvm = ""

    def encode(self) -> None:
        self.encoded = encode_interface(self.module.interface, self.source.line_starts)
        self.parts = open_interface(self.encoded)

    @property
    def interface(self) -> Interface:
        return self.module.interface

    @property
    def said(self) -> list[str]:
        return [repr(diagnostic) for diagnostic in self.ctx.diagnostics.sorted()]

    @property
    def result(self) -> tuple[str, str, str, list[str]]:
        """All that a dependent's compilation gave."""
        return thir_text.print_module(self.module), self.mir, self.llvm, self.said

    @property
    def result_without_lines(self) -> tuple[str, str, str, list[str]]:
        """The same as far as it does not depend on where bodies of other units stand."""
        return thir_text.print_module(self.module), re.sub(r" @\d+\+\d+", "", self.mir), self.llvm, self.said


_alone: dict[tuple[str, str], Compiled] = {}
"""Modules that use no other but the library, by name and text: many programs begin with the same."""


def uses(tree: ast.Module) -> list[tuple[str, ast.Use]]:
    return [("/".join(item.path.segments), item) for item in tree.items if isinstance(item, ast.Use)]


@lru_cache(None)
def library(name: str) -> Compiled:
    """A module of the standard library, compiled once per process."""
    file = library_file(name)
    assert file is not None, name
    return _compile(SourceFile(f"std/{file.name}", file.read_text()), name, {}, None)


class Program:
    """Modules by name, compiled in the order of the dict: dependencies first. With `recorded`, each sees the others through a recorder."""

    def __init__(self, files: dict[str, str], *, recorded: bool = True, lines: bool = False) -> None:
        self.done: dict[str, Compiled] = {}
        self.known = Known()
        self.indices: dict[str, int] = {}
        self.lines = lines
        for name, text in files.items():
            known = _alone.get((name, text)) if not self.done and recorded else None
            if known is None:
                known = _compile(SourceFile(f"{name}.vit", text), name, self.done, self if recorded else None)
                if not self.done and recorded and not lines:
                    _alone[name, text] = known
            self.done[name] = known

    def __getitem__(self, name: str) -> Compiled:
        return self.done[name]

    def bits(self, names: frozenset[str]) -> int:
        """The reach of modules that are known, which are made known in sorted order."""
        bits = 0
        for name in sorted(names, key=lambda n: (not n.startswith("std/"), len(self._of(n).reach), n)):
            if name not in self.indices:
                index = self.indices[name] = len(self.indices)
                compiled = self._of(name)
                self.known.file(compiled.source.path, sha256(compiled.source.text.encode()).hexdigest())
                broken = compiled.ctx.diagnostics.error_count > 0
                self.known.add(index, name, compiled.parts, self.bits(compiled.reach), name.startswith("std/"), broken)
            bits |= 1 << self.indices[name]
        return bits

    def placed(self, name: str) -> tuple[str, str, str, list[str]]:
        """What a module's compilation gave, with lines and columns for places in bodies."""
        sources = {compiled.source.path: compiled.source for compiled in self.done.values()}
        out: list[str] = []
        for function in self.done[name].mir.split("\nfn "):
            source = sources.get(function.partition('file "')[2].partition('"')[0])

            def place(match: re.Match[str], source: SourceFile | None = source) -> str:
                start, length = int(match[1]), int(match[2])
                return f" @{source.line_col(start)} to {source.line_col(start + length)}" if source is not None else match[0]

            out.append(re.sub(r" @(\d+)\+(\d+)", place, function))
        thir, _, llvm, said = self.done[name].result
        return thir, "\nfn ".join(out), llvm, said

    def _of(self, name: str) -> Compiled:
        return library(name) if name.startswith("std/") else self.done[name]

    def current(self, edges: list[Edge], names: frozenset[str]) -> bool:
        """Whether edges recorded elsewhere have the same answers here, for a module that sees these."""
        bits = self.bits(names)
        return all(self.known.answer(edge.kind, edge.subject, bits) == edge.value for edge in edges)


def _compile(source: SourceFile, name: str, done: dict[str, Compiled], program: Program | None) -> Compiled:
    plain = Definitions()
    ctx = UnitContext(name, source.path, X86_64_LINUX_GNU, plain, source=source)
    tree = parse.run(source, ctx)
    found: list[tuple[str, ast.Use, Compiled | None]] = []
    for path, use in uses(tree):
        found.append((path, use, library(path) if library_file(path) else done.get(path)))
    direct = [path for path, _, compiled in found if compiled is not None]
    if not name.startswith("std/"):
        direct += PRELUDE_MODULES
    reached = {path: done[path] if path in done else library(path) for path in direct}
    reach = frozenset(reached).union(*[compiled.reach for compiled in reached.values()])
    recorder: Recorder | None = None
    if program is not None:
        recorder = program.known.definitions(name, program.bits(reach), lines=program.lines)
        ctx.defs = recorder
        for path, use, compiled in found:
            ctx.imports.append(ResolvedImport(path, recorder.module_view(path) if compiled is not None else None, use.span))
        ctx.imports.append(ResolvedImport("std/prelude", recorder.module_view("std/prelude"), is_prelude=True))
    else:
        for path in sorted(reach):
            plain.add((done[path] if path in done else library(path)).interface)
        for path, use, compiled in found:
            ctx.imports.append(ResolvedImport(path, compiled.interface if compiled is not None else None, use.span))
        if not name.startswith("std/"):
            ctx.imports.append(ResolvedImport("std/prelude", library("std/prelude").interface, is_prelude=True))
    module = typecheck.run(lower.run(tree, ctx), ctx)
    compiled = Compiled(module, ctx, source, reach)
    if not name.startswith("std/"):
        sources = {found.source.path: found.source for found in (compiled, *[done.get(n) or library(n) for n in reach])}
        ctx.lines_of = lambda file: sources[file].line_starts if file in sources else []
        if not any(found.ctx.diagnostics.error_count for found in reached.values()):
            _build(compiled)
    compiled.encode()
    if recorder is not None:
        recorder.saw(ctx.diagnostics.items, ctx.file)
        compiled.edges = recorder.edges()
    return compiled


def _build(compiled: Compiled) -> None:
    """Stages 4 to 9, as far as there are no errors."""
    module, ctx = compiled.module, compiled.ctx
    if ctx.diagnostics.error_count:
        return
    entry = f"{module.path}::main"
    plan = monomorphize.run(module, ctx, "all", entry if entry in module.interface.procs else None)
    if ctx.diagnostics.error_count:
        return
    program = mir_build.run(plan, ctx)
    if ctx.diagnostics.error_count:
        return
    text = mir_text.print_program(program)
    evaluated = const_eval.run(ssa_build.run(program, ctx), ctx)
    for path, image in evaluated.evaluated.items():
        if path in module.interface.consts:
            module.interface.consts[path].value = image
    if not ctx.diagnostics.error_count:
        prepared = codegen.prepare(evaluated, ctx)
        assert prepared is not None
        compiled.mir, compiled.llvm = text, prepared.text


def parts_of(text: str, name: str = "hub", **others: str) -> Parts:
    """The encoded interface of a module, opened anew; `others` are compiled before it."""
    program = Program({**others, name: text})
    assert not program[name].ctx.diagnostics.error_count, program[name].said
    return open_interface(program[name].encoded)


def fingerprints(parts: Parts) -> dict[tuple[str, str], str]:
    """Every fingerprint of an interface, by kind and subject."""
    table = parts.table
    subjects = {
        "sig": table.sig, "lay": table.lay, "cases": table.case_names, "val": table.val, "body": table.body, "lines": table.lines,
        "name": table.names, "names": {"": ""}, "member": table.member,
    }  # fmt: skip
    return {(kind, subject): parts.fingerprint(kind, subject) or "" for kind, names in subjects.items() for subject in names}


def changed(before: str, after: str) -> set[str]:
    """What differs between the interfaces of two texts of `hub`, as `kind:subject` without the module."""
    one, two = fingerprints(parts_of(before)), fingerprints(parts_of(after))
    differing = [key for key in one.keys() | two.keys() if one.get(key) != two.get(key)]
    return {f"{kind}:{subject.removeprefix('hub::')}" for kind, subject in differing}
