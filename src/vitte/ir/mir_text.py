"""The text form of MIR: `parse_program(print_program(p)) == p`, likewise for bodies.

    mir "demo" "demo.vit"

    fn demo::first[i64] external "demo::first[i64]" elaborated {
      file "demo.vit" @4+60
      params 1
      _0: i64
      _1: &std/list::list[i64] "xs" @12+2
      _2: i64
      bb0:
        _2 = len (*_1)
        check_index const 0: i64 < copy _2 @40+5
        _0 = copy (*_1)[0] @40+5
        return
    }

Places: `(*P)` `(P.1: T)` `(P as #2)` `P[_3]` `P[0]` `P[-1]` (from the end). Operands: `copy P`, `raw P` (a copy without
counting), `move P`, `const 5: T`, `const null: T`, `text "..": T`, `named path[args]: T`, `addr INSTANCE: T`. Rvalues: an operand;
`&P` `&mut P` `&raw P` `&raw mut P`; `a + b` (`a wrap+ b` unchecked); `not(a)` `~(a)` `-(a)` `wrap-(a)`; `cast KIND a as T`;
`new T#variant {..}`; `repeat T {a}`; `discriminant P`; `len P`; `sizeof T field`. `@start+length` is the span. An instance is
its canonical text. A line that begins with `#` is a comment.
"""

from __future__ import annotations

import json
from typing import cast

from vitte.base.source import NO_SPAN, SPAN_BITS, SPAN_MASK, Span
from vitte.ir import mir
from vitte.ir.mono import GlueKind, Instance, Linkage
from vitte.ir.types import Ty, _TyReader

# --- printing -----------------------------------------------------------------------------------------------------


def print_program(program: mir.Program) -> str:
    """The whole program: bodies, then constants, static asserts and tests."""
    out = [f"mir {quote(program.module)} {quote(program.file)}"]
    for body in program.bodies:
        out += ["", print_body(body)]
    for const in program.consts:
        flags = (" static" if const.is_static else "") + (" mut" if const.is_mutable else "")
        out += ["", f"const {const.path}{flags}", print_body(const.body)]
    for check in program.static_asserts:
        out += ["", f"assert {quote(check.message)} {quote(check.text)}{span_text(check.span)}", print_body(check.body)]
    if program.tests:
        out.append("")
    out += [f"test {quote(title)} {path}" for title, path in program.tests]
    return "\n".join(out) + "\n"


def print_body(body: mir.Body) -> str:
    init = " init" if body.is_const_init else ""
    out = [f"fn {body.instance.text} {body.linkage} {quote(body.symbol)} {body.phase}{init} {{"]
    out.append(f"  file {quote(body.file)}{span_text(body.span)}")
    out.append(f"  params {body.param_count}")
    if body.by_value_lends:
        out.append(f"  by_value {' '.join([f'_{n}' for n in body.by_value_lends])}")
    for n, local in enumerate(body.locals):
        name = f" {quote(local.name)}" if local.name else ""
        out.append(f"  {'mut ' if local.mutable else ''}_{n}: {local.ty.text}{name}{span_text(local.span)}")
    for n, block in enumerate(body.blocks):
        out.append(f"  bb{n}:")
        out += [f"    {stmt_text(stmt)}" for stmt in block.stmts]
        out.append(f"    {term_text(block.term)}")
    out.append("}")
    return "\n".join(out)


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def span_text(span: Span) -> str:
    return f" @{span >> SPAN_BITS}+{span & SPAN_MASK}" if span else ""


def place_text(place: mir.Place) -> str:
    text = f"_{place.local}"
    for step in place.proj:
        kind = type(step)
        if kind is mir.Deref:
            text = f"(*{text})"
        elif kind is mir.Field:
            text = f"({text}.{step.index}: {step.ty.text})"  # type: ignore[union-attr]
        elif kind is mir.Downcast:
            text = f"({text} as #{step.variant})"  # type: ignore[union-attr]
        elif kind is mir.Index:
            text = f"{text}[_{step.local}]"  # type: ignore[union-attr]
        else:
            text = f"{text}[{'-' if step.from_end else ''}{step.index}]"  # type: ignore[union-attr]
    return text


def _args(args: tuple[Ty, ...]) -> str:
    return f"[{', '.join([a.text for a in args])}]" if args else ""


def operand_text(op: mir.Operand) -> str:
    if isinstance(op, mir.Copy):
        return f"{'raw' if op.raw else 'copy'} {place_text(op.place)}"
    if isinstance(op, mir.Move):
        return f"move {place_text(op.place)}"
    if isinstance(op, mir.Const):
        return f"const {'null' if op.value is None else repr(op.value)}: {op.ty.text}"
    if isinstance(op, mir.ConstText):
        return f"text {quote(op.value)}: {op.ty.text}"
    if isinstance(op, mir.ConstNamed):
        return f"named {op.path}{_args(op.args)}: {op.ty.text}"
    if isinstance(op, mir.Here):
        return f"here{span_text(op.span)}: {op.ty.text}"
    return f"addr {op.instance.text}: {op.ty.text}"


def _operands(ops: list[mir.Operand]) -> str:
    return ", ".join([operand_text(op) for op in ops])


def rvalue_text(rv: mir.Rvalue) -> str:
    if isinstance(rv, mir.Use):
        return operand_text(rv.operand)
    if isinstance(rv, mir.Ref):
        return f"&{'raw ' if rv.raw else ''}{'mut ' if rv.mutable else ''}{place_text(rv.place)}"
    if isinstance(rv, mir.Binary):
        return f"{operand_text(rv.left)} {'' if rv.checked else 'wrap'}{rv.op} {operand_text(rv.right)}"
    if isinstance(rv, mir.Unary):
        return f"{'' if rv.checked else 'wrap'}{rv.op}({operand_text(rv.operand)})"
    if isinstance(rv, mir.Cast):
        return f"cast {rv.kind} {operand_text(rv.operand)} as {rv.ty.text}"
    if isinstance(rv, mir.Aggregate):
        return f"new {rv.ty.text}#{rv.variant} {{{_operands(rv.operands)}}}"
    if isinstance(rv, mir.Repeat):
        return f"repeat {rv.ty.text} {{{operand_text(rv.operand)}}}"
    if isinstance(rv, mir.Discriminant):
        return f"discriminant {place_text(rv.place)}"
    if isinstance(rv, mir.Len):
        return f"len {place_text(rv.place)}"
    return f"{rv.what} {rv.of.text} {rv.field}"


def stmt_text(stmt: mir.Stmt) -> str:
    if isinstance(stmt, mir.Assign):
        return f"{place_text(stmt.place)} = {rvalue_text(stmt.rvalue)}{span_text(stmt.span)}"
    if isinstance(stmt, mir.Call):
        callee = stmt.callee
        name = callee.text if isinstance(callee, Instance) else f"({operand_text(callee)})"
        return f"{place_text(stmt.dest)} = call {name}({_operands(stmt.args)}){span_text(stmt.span)}"
    if isinstance(stmt, mir.Intrinsic):
        args = _args(stmt.args)
        return f"{place_text(stmt.dest)} = intrinsic {stmt.name}{args}({_operands(stmt.operands)}){span_text(stmt.span)}"
    if isinstance(stmt, mir.CheckIndex):
        sign = "<=" if stmt.loose else "<"
        return f"check_index {operand_text(stmt.index)} {sign} {operand_text(stmt.length)}{span_text(stmt.span)}"
    if isinstance(stmt, mir.Panic):
        word = "unless" if stmt.expected else "if"
        return f"panic {word} {operand_text(stmt.cond)}, {quote(stmt.message)}{span_text(stmt.span)}"
    if isinstance(stmt, mir.Drop):
        return f"drop {place_text(stmt.place)}{span_text(stmt.span)}"
    return f"{'live' if isinstance(stmt, mir.StorageLive) else 'dead'} _{stmt.local}"


def term_text(term: mir.Terminator) -> str:
    if isinstance(term, mir.Goto):
        return f"goto bb{term.target}"
    if isinstance(term, mir.Switch):
        cases = [f"{v}: bb{t}" for v, t in zip(term.values, term.targets)]
        if term.default >= 0:
            cases.append(f"else: bb{term.default}")
        return f"switch {operand_text(term.operand)} [{', '.join(cases)}]{span_text(term.span)}"
    return "return" if isinstance(term, mir.Return) else "unreachable"


# --- parsing ------------------------------------------------------------------------------------------------------


def parse_program(text: str) -> mir.Program:
    """The program that `print_program` wrote so. Raises ValueError, saying which line."""
    lines = _Lines(text)
    head = lines.next()
    head.need("mir ")
    module = head.string()
    head.need(" ")
    program = mir.Program(module, head.string(), [], [], [], [])
    while not lines.at_end():
        line = lines.peek()
        if line.eat("fn "):
            program.bodies.append(_body(lines))
        elif line.eat("const "):
            lines.next()
            path = line.word()
            is_static = line.eat(" static")
            is_mutable = line.eat(" mut")
            lines.peek().need("fn ")
            program.consts.append(mir.ConstInit(path, _body(lines), is_static, is_mutable))
        elif line.eat("assert "):
            lines.next()
            message = line.string()
            line.need(" ")
            source = line.string()
            span = line.span()
            lines.peek().need("fn ")
            program.static_asserts.append(mir.StaticAssert(_body(lines), message, source, span))
        else:
            line.need("test ")
            lines.next()
            title = line.string()
            line.need(" ")
            program.tests.append((title, line.word()))
    return program


def parse_body(text: str) -> mir.Body:
    """The body that `print_body` wrote so. Raises ValueError, saying which line."""
    lines = _Lines(text)
    lines.peek().need("fn ")
    body = _body(lines)
    if not lines.at_end():
        lines.peek().fail("nothing more")
    return body


class _Lines:
    """The lines that say something, one cursor each."""

    def __init__(self, text: str) -> None:
        self.lines = [_Line(s.strip(), n) for n, s in enumerate(text.split("\n"), 1) if s.strip() and not s.lstrip().startswith("#")]
        self.index = 0

    def at_end(self) -> bool:
        return self.index == len(self.lines)

    def peek(self) -> _Line:
        if self.at_end():
            raise ValueError("the text of MIR ends too early")
        return self.lines[self.index]

    def next(self) -> _Line:
        line = self.peek()
        self.index += 1
        return line


class _Line(_TyReader):
    """A cursor over one line: recursive descent, types included."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number

    def fail(self, wanted: str) -> ValueError:
        raise ValueError(f"MIR line {self.number}: expected {wanted} at `{self.text[self.at :]}` in `{self.text}`")

    def need(self, word: str) -> None:
        if not self.eat(word):
            self.fail(f"`{word}`")

    def string(self) -> str:
        value, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
        return cast(str, value)

    def until(self, stops: str) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self.at += 1
        return self.text[start : self.at]

    def integer(self) -> int:
        start = self.at
        if self.at < len(self.text) and self.text[self.at] == "-":
            self.at += 1
        while self.at < len(self.text) and self.text[self.at].isdigit():
            self.at += 1
        if self.text[start : self.at] in ("", "-"):
            self.fail("a number")
        return int(self.text[start : self.at])

    def span(self) -> Span:
        if not self.eat(" @"):
            return NO_SPAN
        start = self.integer()
        self.need("+")
        return Span(start << SPAN_BITS | self.integer())

    def local(self) -> int:
        self.need("_")
        return self.integer()

    def end(self) -> None:
        if self.at != len(self.text):
            self.fail("the end of the line")

    def instance(self) -> Instance:
        if self.eat("glue "):
            kind = cast(GlueKind, self.until(" [(:"))
            path = ""
            if self.text.startswith(" ", self.at):
                self.at += 1
                if self.peek_is_path():
                    path = self.word()
                else:
                    self.at -= 1
        else:
            kind, path = "", self.word()
        return Instance(path, self.items("]") if self.eat("[") else (), kind)

    def peek_is_path(self) -> bool:
        """Whether a definition's path stands here (and not the next word of a header)."""
        start = self.at
        word = self.until("[(), ")
        self.at = start
        return "::" in word

    def place(self) -> mir.Place:
        local, proj = self.place_parts()
        return mir.Place(local, tuple(proj))

    def place_parts(self) -> tuple[int, list[mir.Projection]]:
        if self.eat("(*"):
            local, proj = self.place_parts()
            proj.append(mir.Deref())
            self.need(")")
        elif self.eat("("):
            local, proj = self.place_parts()
            if self.eat(" as #"):
                proj.append(mir.Downcast(self.integer()))
            else:
                self.need(".")
                index = self.integer()
                self.need(": ")
                proj.append(mir.Field(index, self.ty()))
            self.need(")")
        else:
            local, proj = self.local(), []
        while self.eat("["):
            if self.text.startswith("_", self.at):
                proj.append(mir.Index(self.local()))
            else:
                from_end = self.eat("-")
                proj.append(mir.ConstIndex(self.integer(), from_end))
            self.need("]")
        return local, proj

    def operand(self) -> mir.Operand:
        op = self.maybe_operand()
        if op is None:
            self.fail("an operand")
            raise AssertionError
        return op

    def maybe_operand(self) -> mir.Operand | None:
        if self.eat("copy "):
            return mir.Copy(self.place())
        if self.eat("raw "):
            return mir.Copy(self.place(), True)
        if self.eat("move "):
            return mir.Move(self.place())
        if self.eat("const "):
            word = self.until(":")
            self.need(": ")
            value = None if word == "null" else int(word) if word.lstrip("-").isdigit() else float(word)
            return mir.Const(self.ty(), value)
        if self.eat("text "):
            text = self.string()
            self.need(": ")
            return mir.ConstText(self.ty(), text)
        if self.eat("named "):
            path = self.word()
            args = self.items("]") if self.eat("[") else ()
            self.need(": ")
            return mir.ConstNamed(self.ty(), path, args)
        if self.eat("addr "):
            instance = self.instance()
            self.need(": ")
            return mir.ProcAddr(self.ty(), instance)
        if self.eat("here"):
            span = self.span()
            self.need(": ")
            return mir.Here(self.ty(), span)
        return None

    def operands(self, end: str) -> list[mir.Operand]:
        ops: list[mir.Operand] = []
        while not self.eat(end):
            ops.append(self.operand())
            if not self.eat(", "):
                self.need(end)
                break
        return ops

    def rvalue(self) -> mir.Rvalue:
        op = self.maybe_operand()
        if op is not None:
            if self.at == len(self.text) or self.text.startswith(" @", self.at):
                return mir.Use(op)
            self.need(" ")
            checked = not self.eat("wrap")
            sign = self.until(" ")
            self.need(" ")
            return mir.Binary(sign, op, self.operand(), checked)
        if self.eat("&"):
            raw = self.eat("raw ")
            mutable = self.eat("mut ")
            return mir.Ref(self.place(), mutable, raw)
        for sign in ("not", "~", "-"):
            for wrap in ("", "wrap"):
                if self.eat(f"{wrap}{sign}("):
                    rv = mir.Unary(sign, self.operand(), not wrap)  # type: ignore[arg-type]
                    self.need(")")
                    return rv
        if self.eat("cast "):
            kind = self.until(" ")
            self.need(" ")
            op = self.operand()
            self.need(" as ")
            return mir.Cast(kind, op, self.ty())
        if self.eat("new "):
            ty = self.ty_then_hash()
            variant = self.integer()
            self.need(" {")
            return mir.Aggregate(ty, variant, self.operands("}"))
        if self.eat("repeat "):
            ty = self.ty()
            self.need(" {")
            op = self.operand()
            self.need("}")
            return mir.Repeat(ty, op)
        if self.eat("discriminant "):
            return mir.Discriminant(self.place())
        if self.eat("len "):
            return mir.Len(self.place())
        what = self.until(" ")
        if what not in ("sizeof", "alignof", "offsetof"):
            self.fail("an rvalue")
        self.need(" ")
        ty = self.ty()
        self.need(" ")
        return mir.SizeOf(what, ty, self.integer())  # type: ignore[arg-type]

    def ty_then_hash(self) -> Ty:
        """A type followed by `#`, which may also stand inside the paths of types: the last one before ` {` separates."""
        stop = self.text.index(" {", self.at)
        mark = self.text.rindex("#", self.at, stop)
        reader = _TyReader(self.text[self.at : mark])
        ty = reader.ty()
        self.at = mark + 1
        return ty

    def stmt(self) -> mir.Stmt | None:
        """A statement, or None when this line is a terminator."""
        stmt: mir.Stmt
        if self.eat("drop "):
            stmt = mir.Drop(self.place(), self.span())
        elif self.eat("live "):
            stmt = mir.StorageLive(self.local())
        elif self.eat("dead "):
            stmt = mir.StorageDead(self.local())
        elif self.eat("check_index "):
            index = self.operand()
            loose = self.eat(" <= ")
            if not loose:
                self.need(" < ")
            stmt = mir.CheckIndex(index, self.operand(), loose, self.span())
        elif self.eat("panic "):
            expected = self.eat("unless ")
            if not expected:
                self.need("if ")
            cond = self.operand()
            self.need(", ")
            stmt = mir.Panic(cond, expected, self.string(), self.span())
        elif self.text.startswith(("_", "("), self.at):
            place = self.place()
            self.need(" = ")
            if self.eat("call "):
                callee: Instance | mir.Operand
                if self.eat("("):
                    callee = self.operand()
                    self.need(")")
                else:
                    callee = self.instance()
                self.need("(")
                args = self.operands(")")
                stmt = mir.Call(place, callee, args, self.span())
            elif self.eat("intrinsic "):
                name = self.until("[(")
                tys = self.items("]") if self.eat("[") else ()
                self.need("(")
                args = self.operands(")")
                stmt = mir.Intrinsic(place, name, tys, args, self.span())
            else:
                rvalue = self.rvalue()
                stmt = mir.Assign(place, rvalue, self.span())
        else:
            return None
        self.end()
        return stmt

    def block_ref(self) -> int:
        self.need("bb")
        return self.integer()

    def term(self) -> mir.Terminator:
        term: mir.Terminator
        if self.eat("goto "):
            term = mir.Goto(self.block_ref())
        elif self.eat("switch "):
            op = self.operand()
            self.need(" [")
            values: list[int] = []
            targets: list[int] = []
            default = -1
            while not self.eat("]"):
                if self.eat("else: "):
                    default = self.block_ref()
                else:
                    values.append(self.integer())
                    self.need(": ")
                    targets.append(self.block_ref())
                self.eat(", ")
            term = mir.Switch(op, values, targets, default, self.span())
        elif self.eat("return"):
            term = mir.Return()
        else:
            self.need("unreachable")
            term = mir.Unreachable()
        self.end()
        return term


def _body(lines: _Lines) -> mir.Body:
    """A body whose `fn ` was eaten already."""
    head = lines.next()
    instance = head.instance()
    head.need(" ")
    linkage = cast(Linkage, head.until(" "))
    head.need(" ")
    symbol = head.string()
    head.need(" ")
    phase = cast(mir.Phase, head.until(" "))
    is_init = head.eat(" init")
    head.need(" {")
    head.end()
    line = lines.next()
    line.need("file ")
    file = line.string()
    body = mir.Body(instance, symbol, linkage, file, [], 0, [], phase, [], line.span(), is_init)
    line = lines.next()
    line.need("params ")
    body.param_count = line.integer()
    while not lines.peek().eat("bb"):
        line = lines.next()
        if line.eat("by_value"):
            while line.eat(" "):
                body.by_value_lends.append(line.local())
            continue
        mutable = line.eat("mut ")
        if line.local() != len(body.locals):
            line.fail(f"local _{len(body.locals)} next;")
        line.need(": ")
        ty = line.ty()
        name = ""
        if line.text.startswith(' "', line.at):
            line.at += 1
            name = line.string()
        body.locals.append(mir.LocalDecl(ty, name, line.span(), mutable))
        line.end()
    while True:
        line = lines.next()
        if line.text == "}":
            return body
        line.at = 0
        if line.block_ref() != len(body.blocks):
            line.fail(f"bb{len(body.blocks)} next;")
        line.need(":")
        stmts: list[mir.Stmt] = []
        while (stmt := lines.peek().stmt()) is not None:
            stmts.append(stmt)
            lines.next()
        body.blocks.append(mir.Block(stmts, lines.next().term()))
