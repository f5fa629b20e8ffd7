"""HIR as text: close to Vitte, with definitions by path, locals as `name.id`, loops as `#id`. Stable; for reading, not for parsing.

    proc m::f(lend n.0: int) -> int
      give n.0 + 1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitte.ir import hir as h
from vitte.ir import types as t

NO_GENERICS = h.GenericsExpr()


def print_module(module: h.Module) -> str:
    """The whole module, items in order, then the names it shows."""
    out: list[str] = [f"module {module.path}"]
    for item in module.items:
        out.append("")
        out += print_item(item)
    shown = [f"  {name} = {e.visibility} {e.kind} {e.path}" for name, e in module.names.items()]
    if shown:
        out += ["", "names", *shown]
    if module.entry_points:
        out += ["", "entry points", *[f"  {name} = {path}" for name, path in module.entry_points]]
    return "\n".join(out) + "\n"


def print_item(item: h.Item) -> list[str]:
    return _ITEM[type(item)](item)


# --- types --------------------------------------------------------------------------------------------------------


def show_type(ty: h.TyExpr | None) -> str:
    if ty is None:
        return "()"
    cls = type(ty)
    if cls is h.TyName:
        return t.show(ty.ty)  # type: ignore[union-attr]
    if cls is h.TyPath:
        return ty.path + _args(ty.args)  # type: ignore[union-attr,operator]
    if cls is h.TyAssoc:
        base = show_type(ty.base)  # type: ignore[union-attr]
        return f"<{base} as {ty.trait}>.{ty.name}" if ty.trait else f"{base}.{ty.name}"  # type: ignore[union-attr]
    if cls is h.TyTuple:
        elems = [show_type(e) for e in ty.elems]  # type: ignore[union-attr]
        return f"({elems[0]},)" if len(elems) == 1 else f"({', '.join(elems)})"
    if cls is h.TyArray:
        return f"[{show_type(ty.elem)}; {show_expr(ty.length)}]"  # type: ignore[union-attr]
    if cls is h.TySlice:
        return f"slice[{show_type(ty.elem)}]"  # type: ignore[union-attr]
    if cls is h.TyRef or cls is h.TyPtr:
        sign = "&" if cls is h.TyRef else "*"
        return f"{sign}{'mut ' if ty.mutable else ''}{show_type(ty.target)}"  # type: ignore[union-attr]
    if cls is h.TyProc:
        params = [f"{m} " + show_type(p) for m, p in zip(ty.modes, ty.params, strict=True)]  # type: ignore[union-attr]
        return f"proc({', '.join(params)}) -> {show_type(ty.result)}"  # type: ignore[union-attr]
    if cls is h.TyConst:
        return f"const {show_expr(ty.value)}"  # type: ignore[union-attr]
    return "_" if cls is h.TyInfer else "{error}"


def _args(args: list[h.TyExpr] | None) -> str:
    return "" if args is None else f"[{', '.join([show_type(a) for a in args])}]"


def _bound(b: h.WhereBound) -> str:
    parts = [show_type(a) for a in b.args] + [f"{name} = {show_type(ty)}" for name, ty in b.equalities]
    return f"{show_type(b.ty)}: {b.trait}" + (f"[{', '.join(parts)}]" if parts else "")


def _generics(g: h.GenericsExpr) -> str:
    params = [f"const {p.name}: {show_type(p.const_ty)}" if p.const_ty is not None else p.name for p in g.params]
    head = f"[{', '.join(params)}]" if params else ""
    tail = f" where {', '.join([_bound(b) for b in g.bounds])}" if g.bounds else ""
    return head + tail


# --- patterns -----------------------------------------------------------------------------------------------------


def show_pat(pat: h.Pat) -> str:
    return _PAT[type(pat)](pat)


def _pat_bind(p: h.PatBind) -> str:
    words = ("" if p.mode == "bind" else p.mode + " ") + ("mut " if p.mutable else "")
    sub = f" @ {show_pat(p.sub)}" if p.sub is not None else ""
    return f"{words}{p.name}.{p.local}{sub}"


def _pat_range(p: h.PatRange) -> str:
    low = show_expr(p.low) if p.low is not None else ""
    high = show_expr(p.high) if p.high is not None else ""
    return f"{low}{'..=' if p.inclusive else '..'}{high}"


def _with_rest(items: list[str], rest_at: int) -> list[str]:
    return items if rest_at < 0 else [*items[:rest_at], "..", *items[rest_at:]]


def _pat_case(p: h.PatCase) -> str:
    fields = [f"{name}: {show_pat(sub)}" if name else show_pat(sub) for name, sub in p.fields]
    if p.rest:
        fields = _with_rest(fields, p.rest_at if p.rest_at >= 0 else len(fields))
    head = f"{p.kind} {p.path}" if p.path else f"?{p.name}"
    inside = ", ".join(fields)
    return f"{head} {{ {inside} }}" if p.braces else f"{head}({inside})"


def _pat_list(p: h.PatList) -> str:
    items = [show_pat(i) for i in p.before]
    if p.rest is not None:
        items.append(".." if type(p.rest) is h.PatWild else ".." + show_pat(p.rest))
    return f"[{', '.join(items + [show_pat(i) for i in p.after])}]"


_PAT: dict[type, Callable[[Any], str]] = {
    h.PatWild: lambda p: "_",
    h.PatBind: _pat_bind,
    h.PatLit: lambda p: show_expr(p.value),
    h.PatRange: _pat_range,
    h.PatPath: lambda p: f"{p.kind} {p.path}",
    h.PatCase: _pat_case,
    h.PatTuple: lambda p: f"({', '.join(_with_rest([show_pat(e) for e in p.elems], p.rest_at))})",
    h.PatList: _pat_list,
    h.PatOr: lambda p: " | ".join([show_pat(a) for a in p.alts]),
    h.PatError: lambda p: "{error}",
}

# --- expressions --------------------------------------------------------------------------------------------------
# An expression is printed on one line when it can be; blocks print as `{ ... }` over several. `_depth` is the
# indentation of the line that an expression stands on.

_depth = 0


def show_expr(e: h.Expr) -> str:
    """The expression; blocks in it are indented from the current line."""
    return _EXPR[type(e)](e)


def _operand(e: h.Expr) -> str:
    text = show_expr(e)
    return f"({text})" if type(e) in _LOOSE else text


def _literal(e: h.Literal_) -> str:
    value = e.value
    kind = e.kind
    if kind == "string" or kind == "bytes":
        return ("b" if kind == "bytes" else "") + quote(str(value))
    if kind == "rune":
        return f"'{chr(int(value or 0))}'"
    if kind == "unit":
        return "()"
    return f"{'null' if value is None else str(value).lower()}{e.suffix}"


def quote(text: str) -> str:
    """A string literal."""
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join([special.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):x}}}") for c in text]) + '"'


def _arg(a: h.Arg) -> str:
    return f"{a.name}: {show_expr(a.value)}" if a.name else show_expr(a.value)


def _list(items: list[h.Expr]) -> str:
    return ", ".join([show_expr(i) for i in items])


def _call_args(args: list[h.Arg]) -> str:
    return f"({', '.join([_arg(a) for a in args])})"


def _method(e: h.MethodCall) -> str:
    prelude = "prelude " if e.from_prelude else ""
    return f"{prelude}{_operand(e.base)}.{e.name}{_args(e.type_args)}{_call_args(e.args)}"


def _slice(e: h.Slice) -> str:
    low = _operand(e.low) if e.low is not None else ""
    high = _operand(e.high) if e.high is not None else ""
    return f"{_operand(e.base)}[{low}{'..=' if e.inclusive else '..'}{high}]"


def _form(e: h.FormLit) -> str:
    head = show_type(e.ty) if e.ty is not None else "?"
    fields = [f"{f.name}: {show_expr(f.value)}" for f in e.fields]
    if e.base is not None:
        fields.append(f"..{show_expr(e.base)}")
    return f"{head}{'.' + e.case if e.case else ''} {{ {', '.join(fields)} }}"


def _lines(depth: int, lines: list[str]) -> str:
    pad = "\n" + "  " * depth
    return "".join([pad + line for line in lines])


def _block(e: h.Block) -> str:
    global _depth
    lines: list[str] = []
    _depth += 1
    lines += [_stmt(s) for s in e.stmts]
    if e.tail is not None:
        lines.append(f"=> {show_expr(e.tail)}")
    _depth -= 1
    word = "unsafe " if e.is_unsafe else ""
    if not lines:
        return f"{word}{{ }}"
    return f"{word}{{{_lines(_depth + 1, lines)}{_lines(_depth, ['}'])}"


def _if(e: h.If) -> str:
    other = f" else {show_expr(e.otherwise)}" if e.otherwise is not None else ""
    return f"if {show_expr(e.cond)} then {show_expr(e.then)}{other}"


def _match(e: h.Match) -> str:
    global _depth
    value = show_expr(e.value)
    _depth += 1
    arms = []
    for arm in e.arms:
        guard = f" if {show_expr(arm.guard)}" if arm.guard is not None else ""
        arms.append(f"case {show_pat(arm.pat)}{guard} => {show_expr(arm.body)}")
    _depth -= 1
    return f"match {value} {{{_lines(_depth + 1, arms)}{_lines(_depth, ['}'])}"


def _format(e: h.Format) -> str:
    parts: list[str] = []
    for piece in e.pieces:
        if type(piece) is h.FormatText:
            parts.append(quote(piece.text))
        elif type(piece) is h.FormatArg:
            spec = show_spec(piece.spec) if piece.spec is not None else ""
            parts.append(show_expr(piece.value) + (f" as {{:{spec}}}" if piece.spec is not None else ""))
    return f"{e.target}!({', '.join(parts)})"


def show_spec(spec: h.FormatSpec) -> str:
    """As it was written after the colon, in its shortest form."""
    fill = spec.fill if spec.align and spec.fill != " " else ""
    words = fill + spec.align + "+" * spec.sign + "#" * spec.alternate + "0" * spec.zero
    words += str(spec.width) if spec.width >= 0 else ""
    return words + (f".{spec.precision}" if spec.precision >= 0 else "") + spec.kind


def _lambda(e: h.Lambda) -> str:
    params = [show_pat(p) + (f": {show_type(ty)}" if ty is not None else "") for p, ty in e.params]
    result = f" -> {show_type(e.result)}" if e.result is not None else ""
    return f"{'move ' if e.by_move else ''}|{', '.join(params)}|{result} {show_expr(e.body)}"


def _assert(e: h.Assert) -> str:
    message = f", {show_expr(e.message)}" if e.message is not None else ""
    return f"assert {show_expr(e.cond)} {quote(e.text)}{message}"


_EXPR: dict[type, Callable[[Any], str]] = {
    h.Literal_: _literal,
    h.LocalRef: lambda e: f"%{e.local}",
    h.DefRef: lambda e: f"{e.path}{_args(e.args)}",
    h.ParamRef: lambda e: t.show(e.ty),
    h.TypeMember: lambda e: f"<{show_type(e.base)}>::{e.name}{_args(e.args)}",
    h.BareCase: lambda e: f"?{e.name}" + (f" (or {e.similar})" if e.similar else ""),
    h.Field: lambda e: f"{_operand(e.base)}.{e.name}",
    h.MethodCall: _method,
    h.Call: lambda e: f"{_operand(e.callee)}{_call_args(e.args)}",
    h.Index: lambda e: f"{_operand(e.base)}[{show_expr(e.index)}]",
    h.Slice: _slice,
    h.Range: lambda e: f"{_operand(e.low)}{'..=' if e.inclusive else '..'}{_operand(e.high)}",
    h.Unary: lambda e: f"{e.op}{' ' if e.op == 'not' else ''}{_operand(e.operand)}",
    h.Borrow: lambda e: f"&{'raw ' if e.raw else ''}{'mut ' if e.mutable else ''}{_operand(e.operand)}",
    h.Move: lambda e: f"move {_operand(e.operand)}",
    h.Binary: lambda e: f"{_operand(e.left)} {e.op} {_operand(e.right)}",
    h.Logical: lambda e: f"{_operand(e.left)} {e.op} {_operand(e.right)}",
    h.In: lambda e: f"{_operand(e.left)} {'not in' if e.negated else 'in'} {_operand(e.right)}",
    h.Is: lambda e: f"{_operand(e.value)} {'is not' if e.negated else 'is'} {show_pat(e.pat)}",
    h.Cast: lambda e: f"{_operand(e.value)} as {show_type(e.ty)}",
    h.Coalesce: lambda e: f"{_operand(e.left)} ?? {_operand(e.right)}",
    h.Try: lambda e: f"{_operand(e.value)}?",
    h.Tuple: lambda e: f"({_list(e.elems)}{',' if len(e.elems) == 1 else ''})",
    h.ListLit: lambda e: f"[{_list(e.elems)}]",
    h.Repeat: lambda e: f"[{show_expr(e.elem)}; {show_expr(e.count)}]",
    h.FormLit: _form,
    h.Block: _block,
    h.If: _if,
    h.Match: _match,
    h.Loop: lambda e: f"{e.source} #{e.id} {_block(e.body)}",
    h.For: lambda e: f"for #{e.id} {e.mode + ' ' if e.mode else ''}{show_pat(e.pat)} in {show_expr(e.iterable)} {_block(e.body)}",
    h.Break: lambda e: f"break #{e.loop}" + (f" {show_expr(e.value)}" if e.value is not None else ""),
    h.Continue: lambda e: f"continue #{e.loop}",
    h.Give: lambda e: "give" + (f" {show_expr(e.value)}" if e.value is not None else ""),
    h.Assign: lambda e: f"set {show_expr(e.place)} = {show_expr(e.value)}",
    h.AssignOp: lambda e: f"set {show_expr(e.place)} {e.op}= {show_expr(e.value)}",
    h.Assert: _assert,
    h.Format: _format,
    h.SizeOf: lambda e: f"{e.what}({show_type(e.ty)}{', ' + e.field if e.field else ''})",
    h.Lambda: _lambda,
    h.ErrorExpr: lambda e: "{error}",
}
_LOOSE = (h.Binary, h.Logical, h.In, h.Is, h.Cast, h.Coalesce, h.Range, h.If, h.Lambda, h.Unary, h.Borrow, h.Move)


def _stmt(s: h.Stmt) -> str:
    cls = type(s)
    if cls is h.ExprStmt:
        return show_expr(s.expr) + (";" if s.has_semi else "")  # type: ignore[union-attr]
    if cls is h.Let:
        written = f": {show_type(s.ty)}" if s.ty is not None else ""  # type: ignore[union-attr]
        init = f" = {show_expr(s.init)}" if s.init is not None else ""  # type: ignore[union-attr]
        other = f" else {_block(s.otherwise)}" if s.otherwise is not None else ""  # type: ignore[union-attr]
        return f"let {show_pat(s.pat)}{written}{init}{other}"  # type: ignore[union-attr]
    return f"defer {show_expr(s.body)}"  # type: ignore[union-attr]


# --- items --------------------------------------------------------------------------------------------------------


def _attrs(attrs: list[h.Attr]) -> list[str]:
    return [f"#[{a.name}{'(' + ', '.join(a.args) + ')' if a.args else ''}]" for a in attrs]


def _vis(item: h.ItemBase) -> str:
    return "" if item.visibility == "private" else item.visibility + " "


def _proc(p: h.Proc) -> list[str]:
    words = "".join(
        [
            "const " if p.is_const else "",
            "unsafe " if p.is_unsafe else "",
            "" if p.inline == "auto" else p.inline + " ",
            f'extern "{p.abi}" ' if p.abi else "",
        ]
    )
    params = []
    for d in p.params:
        text = f"{d.mode} {show_pat(d.pat)}"
        if d.ty is not None:
            text += f": {show_type(d.ty)}"
        params.append(text + (f" = {d.default}" if d.default else ""))
    head = f"{_vis(p)}{words}proc {p.path}{_generics(p.generics)}({', '.join(params)})"
    if p.result is not None:
        head += f" -> {show_type(p.result)}"
    lines = _attrs(p.attrs)
    if p.test is not None:
        lines.append(f"test {quote(p.test)}")
    if p.parent:
        head += f"  in {p.parent}"
    if p.body is None:
        return [*lines, head]
    return [*lines, f"{head} {show_expr(p.body.value)}"]


def _adt(a: h.Adt) -> list[str]:
    head = f"{_vis(a)}{a.kind} {a.path}{_generics(a.generics)}"
    if a.repr is not None:
        head += f": {show_type(a.repr)}"
    lines = [*_attrs(a.attrs), head]
    for case in a.cases:
        fields = []
        for at, f in enumerate(case.fields):
            text = f"{'' if f.visibility == a.visibility else f.visibility + ' '}{f.name}: {show_type(f.ty)}"
            if a.bit_ranges:
                low, high = a.bit_ranges[at]
                text += f" {show_expr(low)}..{show_expr(high)}"
            fields.append(text + (f" = {f.default}" if f.default else ""))
        value = f" = {show_expr(case.discriminant)}" if case.discriminant is not None else ""
        lines.append(f"  {case.name}({', '.join(fields)}){value}")
    return lines


def _trait(tr: h.Trait) -> list[str]:
    supers = f": {' + '.join([_bound(b) for b in tr.supers])}" if tr.supers else ""
    lines = [f"{_vis(tr)}trait {tr.path}{_generics(tr.generics)}{supers}"]
    lines += [f"  type {name}" for name in tr.assoc_types]
    lines += [f"  const {path}" for path in tr.assoc_consts]
    return lines + [f"  proc {path}" for path in tr.methods]


def _impl(i: h.Impl) -> list[str]:
    head = f"impl {i.path}{_generics(i.generics)} : "
    if i.trait:
        head += f"{i.trait}{_args(i.trait_args or None)} for "
    lines = [head + show_type(i.self_ty)]
    lines += [f"  type {name} = {show_type(ty)}" for name, ty in i.assoc_types]
    lines += [f"  const {path}" for path in i.assoc_consts]
    return lines + [f"  proc {path}" for path in i.methods]


def _const(c: h.Const) -> list[str]:
    word = ("static mut" if c.is_mutable else "static") if c.is_static else "const"
    written = f": {show_type(c.ty)}" if c.ty is not None else ""
    value = f" = {show_expr(c.body.value)}" if c.body is not None else ""
    value = f" = elsewhere {quote(c.symbol)}" if c.symbol else value
    owner = f"  default of {c.name} in {c.default_of}" if c.default_of else ""
    return [f"{_vis(c)}{word} {c.path}{written}{value}{owner}"]


def _alias(a: h.Alias) -> list[str]:
    return [f"{_vis(a)}type {a.path}{_generics(a.generics)} = {show_type(a.ty)}"]


def _static_assert(s: h.StaticAssert) -> list[str]:
    message = f", {quote(s.message)}" if s.message else ""
    return [f"static_assert {s.path} {show_expr(s.body.value)}{message}"]


_ITEM: dict[type, Callable[[Any], list[str]]] = {
    h.Proc: _proc, h.Adt: _adt, h.Trait: _trait, h.Impl: _impl, h.Const: _const, h.Alias: _alias, h.StaticAssert: _static_assert,
}  # fmt: skip
