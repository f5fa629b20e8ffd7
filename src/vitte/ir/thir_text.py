"""THIR as text: one block per body, readable as the language it came from, with what type checking added said aloud.

    proc demo/shapes::twice(%0 values: lend std/list::list[i64]) -> i64 {
      let %1 = 0: i64;
      ...

Locals are `%n`; a literal shows its type; casts, borrows, dereferences and call targets with their type arguments are written
out. The text is for reading and for tests; it does not parse back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import thir
from vitte.ir import types as t
from vitte.ir.types import Ty


def print_module(module: thir.Module) -> str:
    """All bodies of a unit, in program order."""
    parts = [f"module {module.path}\n"]
    parts += [print_body(body) for body in module.bodies.values()]
    parts += [f"static_assert {a.text!r} {print_body(a.body)}" for a in module.static_asserts]
    return "\n".join(parts)


def print_body(body: thir.Body) -> str:
    """One body with its parameters and the types of its locals."""
    printer = _Printer()
    params = []
    for param in body.params:
        decl = body.locals[param.local]
        text = f"%{param.local} {decl.name}: {param.mode} {decl.ty.text}"
        params.append(f"{text} as {pattern(param.pat)}" if param.pat is not None else text)
    inner = {p.local for p in body.params}
    lines = [f"proc {body.path}({', '.join(params)}) -> {body.result.text} {{"]
    for i, decl in enumerate(body.locals):
        if i not in inner:
            lines.append(f"  local %{i}{' mut' * decl.mutable} {decl.name}: {decl.ty.text}")
    lines.append(f"  {printer.expr(body.value, 1)}")
    return "\n".join(lines) + "\n}\n"


def _args(args: tuple[Ty, ...]) -> str:
    return f"[{', '.join([a.text for a in args])}]" if args else ""


def _literal(node: thir.Lit) -> str:
    value = node.value
    if value is None:
        return "()" if node.ty is t.UNIT else f"null: {node.ty.text}"
    if node.ty is t.BOOL:
        return "true" if value else "false"
    if isinstance(value, str):
        return f"{'b' if node.ty is t.BYTES else ''}{_quoted(value)}"
    return f"{value}: {node.ty.text}"


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):X}}}") for c in text) + '"'


def pattern(pat: thir.Pat) -> str:
    """A pattern as text."""
    cls = type(pat)
    p: Any = pat
    if cls is thir.PWild:
        return "_"
    if cls is thir.PBind:
        by = "" if p.by == "value" else f"{p.by} "
        return f"{by}%{p.local}" + (f" @ {pattern(p.sub)}" if p.sub is not None else "")
    if cls is thir.PConst:
        return _quoted(p.value) if isinstance(p.value, str) else str(p.value)
    if cls is thir.PRange:
        return f"{p.low}..={p.high}"
    if cls is thir.PVariant:
        return f"case {p.variant}" + (f"({_fields(p.fields)})" if p.fields else "")
    if cls is thir.PFields:
        return f"({_fields(p.fields)})"
    if cls is thir.PDeref:
        return f"*{pattern(p.inner)}"
    if cls is thir.PList:
        rest = [] if not p.has_rest else [".." if p.rest is None else f"..{pattern(p.rest)}"]
        return f"[{', '.join([*map(pattern, p.before), *rest, *map(pattern, p.after)])}]"
    return " | ".join(map(pattern, p.alts))


def _fields(fields: list[tuple[int, thir.Pat]]) -> str:
    return ", ".join(f"{i}: {pattern(sub)}" for i, sub in fields)


class _Printer:
    """`expr(node, depth)` gives the node's text; blocks indent their lines by `depth`."""

    def expr(self, node: Any, depth: int) -> str:
        return _EXPRS[type(node)](self, node, depth)

    def several(self, nodes: list[Any], depth: int) -> str:
        return ", ".join([self.expr(n, depth) for n in nodes])

    def arguments(self, arguments: list[thir.Arg], depth: int) -> str:
        return ", ".join([f"{a.mode} {self.expr(a.value, depth)}" for a in arguments])

    def nested(self, node: Any, depth: int) -> str:
        text = self.expr(node, depth)
        return f"({text})" if type(node) in _LOOSE else text

    def block(self, node: Any, depth: int) -> str:
        pad = "  " * (depth + 1)
        lines = [f"{pad}{self.stmt(s, depth + 1)}\n" for s in node.stmts]
        if node.tail is not None:
            lines.append(f"{pad}{self.expr(node.tail, depth + 1)}\n")
        return "{\n" + "".join(lines) + "  " * depth + "}" if lines else "{}"

    def stmt(self, stmt: Any, depth: int) -> str:
        cls = type(stmt)
        if cls is thir.ExprStmt:
            return f"{self.expr(stmt.expr, depth)};"
        if cls is thir.Defer:
            return f"defer {self.expr(stmt.body, depth)};"
        init = f" = {self.expr(stmt.init, depth)}" if stmt.init is not None else ""
        otherwise = f" else {self.expr(stmt.otherwise, depth)}" if stmt.otherwise is not None else ""
        return f"let {pattern(stmt.pat)}{init}{otherwise};"

    def match(self, node: Any, depth: int) -> str:
        pad = "  " * (depth + 1)
        arms = []
        for arm in node.arms:
            guard = f" if {self.expr(arm.guard, depth + 1)}" if arm.guard is not None else ""
            arms.append(f"{pad}case {pattern(arm.pat)}{guard} => {self.expr(arm.body, depth + 1)}\n")
        return f"match {self.expr(node.value, depth)} {{\n{''.join(arms)}{'  ' * depth}}}"

    def cond(self, node: Any, depth: int) -> str:
        text = f"if {self.expr(node.cond, depth)} {self.expr(node.then, depth)}"
        return text if node.otherwise is None else f"{text} else {self.expr(node.otherwise, depth)}"

    def aggregate(self, node: Any, depth: int) -> str:
        fields = [f"{i}: {self.expr(v, depth)}" for i, v in node.fields]
        if node.base is not None:
            fields.append(f"..{self.expr(node.base, depth)}")
        return f"{node.ty.text}#{node.variant} {{ {', '.join(fields)} }}"

    def for_range(self, node: Any, depth: int) -> str:
        dots = "..=" if node.inclusive else ".."
        ends = f"{self.expr(node.low, depth)}{dots}{self.expr(node.high, depth)}"
        return f"'{node.id}: for {pattern(node.pat)} in {ends} {self.expr(node.body, depth)}"

    def for_each(self, node: Any, depth: int) -> str:
        return f"'{node.id}: for {pattern(node.pat)} by {node.by} in {self.expr(node.seq, depth)} {self.expr(node.body, depth)}"

    def for_iter(self, node: Any, depth: int) -> str:
        target = f"{node.path}{_args(node.args)}"
        return f"'{node.id}: for {pattern(node.pat)} in {self.expr(node.iterator, depth)} by {target} {self.expr(node.body, depth)}"


def _value(word: str, node: Any, p: _Printer, depth: int) -> str:
    return word if node.value is None else f"{word} {p.expr(node.value, depth)}"


_EXPRS: dict[type, Callable[[_Printer, Any, int], str]] = {
    thir.Local: lambda p, n, d: f"%{n.local}",
    thir.Static: lambda p, n, d: f"static {n.path}",
    thir.Field: lambda p, n, d: f"{p.nested(n.base, d)}.{n.index}",
    thir.Index: lambda p, n, d: f"{p.nested(n.base, d)}[{p.expr(n.index, d)}]",
    thir.Deref: lambda p, n, d: f"*{p.nested(n.base, d)}",
    thir.Lit: lambda p, n, d: _literal(n),
    thir.ConstRef: lambda p, n, d: f"const {n.path}{_args(n.args)}",
    thir.ConstParam: lambda p, n, d: f"const {n.param.text}",
    thir.Here: lambda p, n, d: "here",
    thir.ProcRef: lambda p, n, d: f"proc {n.path}{_args(n.args)}",
    thir.Unary: lambda p, n, d: f"{n.op} {p.nested(n.operand, d)}",
    thir.Binary: lambda p, n, d: f"{p.nested(n.left, d)} {n.op} {p.nested(n.right, d)}",
    thir.Logical: lambda p, n, d: f"{p.nested(n.left, d)} {n.op} {p.nested(n.right, d)}",
    thir.Cast: lambda p, n, d: f"{p.nested(n.value, d)} as({n.kind}) {n.ty.text}",
    thir.Borrow: lambda p, n, d: f"{'raw ' * n.raw}&{'mut ' * n.mutable}{p.nested(n.place, d)}",
    thir.Move: lambda p, n, d: f"move {p.nested(n.place, d)}",
    thir.Call: lambda p, n, d: f"{n.path}{_args(n.args)}({p.arguments(n.arguments, d)})",
    thir.CallValue: lambda p, n, d: f"({p.expr(n.callee, d)})({p.arguments(n.arguments, d)})",
    thir.Tuple: lambda p, n, d: f"({p.several(n.elems, d)}{',' * (len(n.elems) == 1)})",
    thir.ListLit: lambda p, n, d: f"[{p.several(n.elems, d)}]: {n.ty.text}",
    thir.Repeat: lambda p, n, d: f"[{p.expr(n.elem, d)}; ..]: {n.ty.text}",
    thir.Aggregate: _Printer.aggregate,
    thir.BoxNew: lambda p, n, d: f"box({p.expr(n.value, d)})",
    thir.Block: _Printer.block,
    thir.If: _Printer.cond,
    thir.Is: lambda p, n, d: f"{p.nested(n.value, d)} is {pattern(n.pat)}",
    thir.Match: _Printer.match,
    thir.Loop: lambda p, n, d: f"'{n.id}: loop {p.expr(n.body, d)}",
    thir.ForRange: _Printer.for_range,
    thir.ForEach: _Printer.for_each,
    thir.ForIter: _Printer.for_iter,
    thir.Break: lambda p, n, d: _value(f"break '{n.loop}", n, p, d),
    thir.Continue: lambda p, n, d: f"continue '{n.loop}",
    thir.Give: lambda p, n, d: _value("give", n, p, d),
    thir.Assign: lambda p, n, d: f"{p.expr(n.place, d)} = {p.expr(n.value, d)}",
    thir.AssignOp: lambda p, n, d: f"{p.expr(n.place, d)} {n.op}= {p.expr(n.value, d)}",
    thir.SizeOf: lambda p, n, d: f"{n.what}({n.of.text}{f', {n.field}' * (n.what == 'offsetof')})",
    thir.ErrorExpr: lambda p, n, d: "{error}",
}

_LOOSE = {
    thir.Unary, thir.Binary, thir.Logical, thir.Cast, thir.Borrow, thir.Move, thir.If, thir.Is, thir.Match, thir.Block, thir.Deref,
    thir.ConstRef, thir.ConstParam, thir.ProcRef, thir.Static, thir.Give, thir.Break, thir.Continue, thir.Loop,
}  # fmt: skip
"""Nodes that need parentheses inside another."""
