"""What the tests of the parser share."""

from __future__ import annotations

from pathlib import Path

from vitte.base.diagnostics import Diagnostics
from vitte.base.source import SourceFile, span_start
from vitte.ir import ast as a
from vitte.ir.ast_text import print_source
from vitte.ir.ast_verify import verify
from vitte.parse import parse_source
from vitte.parse.lexer import lex

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parent / "samples"
PROGRAMS = sorted(
    [*SAMPLES.glob("*.vit"), *ROOT.glob("src/vitte/std/**/*.vit"), *ROOT.glob("benchmarks/**/*.vit"), *ROOT.glob("examples/**/*.vit")]
)


def read(path: Path) -> str:
    """Newlines as they are."""
    return path.read_bytes().decode()


def parse(text: str) -> tuple[a.Module, Diagnostics]:
    out = Diagnostics("test.vit")
    return parse_source(SourceFile("test.vit", text), out), out


def checked(text: str) -> tuple[a.Module, Diagnostics]:
    """Parse; the tree must print back to the text and satisfy its verifier."""
    module, out = parse(text)
    assert print_source(module) == text
    assert verify(module) == []
    assert (module.errors > 0) == (out.error_count > 0)
    return module, out


def good(text: str) -> a.Module:
    module, out = checked(text)
    assert [(d.code.id, d.message) for d in out.items if d.level == "error"] == []
    return module


def mistakes(text: str) -> list[tuple[str, int]]:
    """(code, line) of each message, by place."""
    module, out = checked(text)
    return [(d.code.id, module.source.line_col(span_start(d.labels[0].where.span))[0]) for d in out.sorted()]


def without_token(text: str) -> list[tuple[str, str]]:
    """(spelling, text without it) for each token."""
    table = lex(text)
    cuts = zip(table.vals, table.starts, table.ends, strict=True)
    return [(val, text[:start] + text[end:]) for val, start, end in cuts if val]


def show(node: object) -> str:
    """An expression, type or pattern in a form with all its parentheses."""
    return _SHOW[type(node)](node)


def _many(items: list[object], between: str = ", ") -> str:
    return between.join(show(item) for item in items)


def _opt(node: object) -> str:
    return "" if node is None else show(node)


_SHOW = {
    a.Name: lambda n: n.name,
    a.IntLit: lambda n: f"{n.value}{n.suffix}",
    a.FloatLit: lambda n: f"{n.text}{n.suffix}",
    a.StrLit: lambda n: repr(n.value),
    a.RuneLit: lambda n: repr(n.value),
    a.BoolLit: lambda n: str(n.value).lower(),
    a.NullLit: lambda n: "null",
    a.Member: lambda n: f"{show(n.base)}.{n.name}",
    a.Index: lambda n: f"{show(n.base)}[{_many(n.args)}]",
    a.TypeExpr: lambda n: show(n.ty),
    a.Call: lambda n: f"{show(n.callee)}({_many(n.args)})",
    a.NamedArg: lambda n: f"{n.name}: {show(n.value)}",
    a.Propagate: lambda n: f"{show(n.operand)}?",
    a.Paren: lambda n: show(n.inner),
    a.Unary: lambda n: f"({n.op} {show(n.operand)})",
    a.Borrow: lambda n: f"(&{'mut ' if n.mut else ''}{show(n.operand)})",
    a.Move: lambda n: f"(move {show(n.operand)})",
    a.Binary: lambda n: f"({show(n.left)} {n.op} {show(n.right)})",
    a.Ternary: lambda n: f"({show(n.cond)} ? {show(n.then)} : {show(n.other)})",
    a.Range: lambda n: f"({_opt(n.start)}{'..=' if n.inclusive else '..'}{_opt(n.end)})",
    a.Cast: lambda n: f"({show(n.operand)} as {show(n.ty)})",
    a.Is: lambda n: f"({show(n.operand)} is {'not ' if n.negated else ''}{show(n.pattern)})",
    a.Tuple: lambda n: f"tuple({_many(n.items)})",
    a.ListLit: lambda n: f"[{_many(n.items)}]",
    a.Repeat: lambda n: f"[{show(n.value)}; {show(n.count)}]",
    a.Lambda: lambda n: f"|{', '.join(show(p.pattern) for p in n.params)}| {show(n.body)}",
    a.FormLit: lambda n: f"{show(n.path)} {{{', '.join(f.name for f in n.fields)}}}",
    a.SetLit: lambda n: f"set{{{_many(n.items)}}}",
    a.MapLit: lambda n: f"map{{{', '.join(f'{show(e.key)}: {show(e.value)}' for e in n.entries)}}}",
    a.Block: lambda n: "{" + "; ".join([*(show(s) for s in n.stmts), *([show(n.value)] if n.value else [])]) + "}",
    a.Unsafe: lambda n: f"unsafe {show(n.body)}",
    a.If: lambda n: f"if {show(n.cond)} {show(n.then)}" + (f" else {show(n.other)}" if n.other else ""),
    a.Match: lambda n: f"match {show(n.subject)} {{{'; '.join(show(arm) for arm in n.arms)}}}",
    a.Arm: lambda n: f"{show(n.pattern)}{' if ' + show(n.guard) if n.guard else ''} => {show(n.body)}",
    a.Loop: lambda n: f"loop {show(n.body)}",
    a.Give: lambda n: f"give {_opt(n.value)}".strip(),
    a.Break: lambda n: " ".join(part for part in ("break", n.label and "'" + n.label, _opt(n.value)) if part),
    a.Continue: lambda n: f"continue {n.label}".strip(),
    a.Panic: lambda n: f"panic({_many(n.args)})",
    a.Unreachable: lambda n: f"unreachable({_many(n.args)})",
    a.Assert: lambda n: f"assert({_many([n.cond, *n.args])})",
    a.ErrorExpr: lambda n: "<error>",
    a.Let: lambda n: f"let {show(n.pattern)} = {show(n.value)}",
    a.Assign: lambda n: f"{show(n.place)} {n.op}= {show(n.value)}",
    a.ExprStmt: lambda n: show(n.expr) + (";" if n.semi else ""),
    a.While: lambda n: f"while {show(n.cond)} {show(n.body)}",
    a.For: lambda n: f"for {show(n.pattern)} in {show(n.iter)} {show(n.body)}",
    a.Defer: lambda n: f"defer {show(n.body)}",
    a.With: lambda n: f"with {show(n.value)} as {show(n.pattern)} {show(n.body)}",
    a.ItemStmt: lambda n: f"item {type(n.item).__name__}",
    a.WildPat: lambda n: "_",
    a.RestPat: lambda n: f"..{n.name}",
    a.LitPat: lambda n: show(n.value),
    a.RangePat: lambda n: f"{_opt(n.start)}{'..=' if n.inclusive else '..'}{_opt(n.end)}",
    a.BindPat: lambda n: f"{n.by + ' ' if n.by else ''}{'mut ' if n.mut else ''}{n.name}{'@' + show(n.sub) if n.sub else ''}",
    a.PathPat: lambda n: show(n.path),
    a.FieldPat: lambda n: f"{n.name}: {show(n.pattern)}" if n.pattern else n.name,
    a.CasePat: lambda n: f"{show(n.path)}({_many(n.args)})",
    a.FormPat: lambda n: f"{show(n.path)}{{{_many(n.fields)}{', ..' if n.rest else ''}}}",
    a.TuplePat: lambda n: f"tuple({_many(n.items)})",
    a.ListPat: lambda n: f"[{_many(n.items)}]",
    a.OrPat: lambda n: f"({_many(n.alts, ' | ')})",
    a.PathType: lambda n: ".".join(n.segments) + (f"[{_many(n.args)}]" if n.args else ""),
    a.ConstArg: lambda n: show(n.value),
    a.AssocArg: lambda n: f"{n.name} = {show(n.ty)}",
    a.TupleType: lambda n: f"({_many(n.items)})",
    a.ArrayType: lambda n: f"[{show(n.elem)}; {show(n.length)}]",
    a.ListType: lambda n: f"[{show(n.elem)}]",
    a.OptionType: lambda n: f"?{show(n.inner)}",
    a.RefType: lambda n: f"&{'mut ' if n.mut else ''}{show(n.inner)}",
    a.PtrType: lambda n: f"*{'mut ' if n.mut else ''}{show(n.inner)}",
    a.ProcType: lambda n: f"proc({_many(n.params)})" + (f" -> {show(n.ret)}" if n.ret else ""),
    a.DynType: lambda n: f"dyn {_many(n.bounds, ' + ')}",
    a.InferType: lambda n: "_",
}


def statements(text: str) -> list[str]:
    """The statements of a body, the value last."""
    module = good(f"proc f() {{\n{text}\n}}\n")
    proc = module.items[0]
    assert isinstance(proc, a.Proc)
    assert proc.body is not None
    shown = [show(stmt) for stmt in proc.body.stmts]
    return [*shown, show(proc.body.value)] if proc.body.value is not None else shown


def expression(text: str) -> str:
    """One expression, as the value of a block."""
    found = statements(text)
    assert len(found) == 1, found
    return found[0]
