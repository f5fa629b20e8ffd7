"""The text form of SSA: `parse_module(print_module(m)) == m`.

    module "demo/m" file "demo/m.vit"
    extern "puts"(ptr) -> i32 variadic c "-s"
    global "demo/m::text#0" private align 1 = "hi\\0a"
    fn "demo/m::sum"(%0: ptr, %1: i64) -> i64 external inline {
      about "sum" file "demo/m.vit" line 3
      slot 0: size 16 align 8 "total"
      loc 1: "demo/m.vit" 4:9
      var 0: "n" "i64" @1 arg 2
    bb0:
      %2 = iconst i64 1
      %3 = sadd.trap i64 %1, %2 @1
      %4 = slt i1 %3, %1
      br %4, bb1(%3), bb2
    bb1(%5: i64) cold:
      ...
    }

An operation is written `[%r =] op [ty] [%args] ["sym"] [imm] [fimm] [@loc]`, a `call` with its symbol before the operands; what has its
default value is left out. Text and data are quoted UTF-8 bytes where everything but printable ASCII is `\\hh`.
A float always has a point, an exponent, `inf` or `nan`.
`;` begins a comment. Values without a definition (left behind by passes) are listed as `dead`.
"""

from __future__ import annotations

from typing import Literal, cast

from vitte.ir.defs import ConstImage
from vitte.ir.ssa import (
    OPS,
    Block,
    Function,
    Global,
    Inst,
    Jump,
    Loc,
    Module,
    PendingAssert,
    PendingConst,
    PlaceTable,
    Signature,
    Slot,
    Term,
    Variable,
)

_PLAIN = frozenset(range(0x20, 0x7F)) - {0x22, 0x5C}
_ALWAYS_IMM = frozenset(("iconst", "slot", "memcpy"))
_LINKAGES = ("external", "linkonce", "internal", "private")


class SsaSyntaxError(ValueError):
    """SSA text that cannot be read; the message has the line."""


def quote(data: bytes | str) -> str:
    """Data or text between double quotes."""
    raw = data.encode() if isinstance(data, str) else data
    return '"' + "".join([chr(b) if b in _PLAIN else f"\\{b:02x}" for b in raw]) + '"'


def unquote(text: str) -> bytes:
    """The inverse of `quote`."""
    body = text[1:-1]
    if "\\" not in body:
        return body.encode()
    parts = body.split("\\")
    out = bytearray(parts[0].encode())
    for part in parts[1:]:
        out.append(int(part[:2], 16))
        out += part[2:].encode()
    return bytes(out)


# --- printing -----------------------------------------------------------------------------------------------------


def print_module(module: Module) -> str:
    """The whole module, in its own order."""
    out = [f"module {quote(module.name)} file {quote(module.file)}"]
    for symbol, sig in module.externals.items():
        out.append(f"extern {quote(symbol)}{_signature(sig)}")
    out += [f"extern_global {quote(symbol)}" for symbol in module.external_globals]
    for table in module.tables:
        rows = ", ".join([f"{line}:{col}" for line, col in table.rows])
        out.append(f"places {quote(table.path)} file {quote(table.file)} {rows}")
    for g in module.globals:
        mutable = " mutable" if g.mutable else ""
        out.append(f"global {quote(g.symbol)} {g.linkage}{mutable} align {g.align} = {quote(g.data)}{_relocations(g.relocations)}")
    for c in module.pending:
        words = [w for w, on in (("static", c.is_static), ("mut", c.is_mutable)) if on]
        words += [] if c.int_signed is None else ["signed" if c.int_signed else "unsigned"]
        loc = f" at {_loc(c.loc)}" if c.loc else ""
        head = f"const {quote(c.path)} {quote(c.symbol)} init {quote(c.initializer)} ty {c.ty or 'mem'} size {c.size} align {c.align}"
        out.append(" ".join([head, *words]) + loc)
    for a in module.asserts:
        out.append(f"assert {quote(a.initializer)} {quote(a.message)} {quote(a.text)} at {_loc(a.loc)}")
    for path, image in module.evaluated.items():
        texts = "".join([f" with {quote(s)} = {quote(d)}" for s, d in image.globals])
        out.append(f"evaluated {quote(path)} = {quote(image.data)}{_relocations(list(image.relocations))}{texts}")
    for fn in module.functions:
        out.append("")
        _function(fn, out)
    return "\n".join(out) + "\n"


def print_function(fn: Function) -> str:
    out: list[str] = []
    _function(fn, out)
    return "\n".join(out) + "\n"


def print_inst(inst: Inst) -> str:
    """One operation, without indentation."""
    words = [inst.op]
    if inst.ty:
        words.append(inst.ty)
    if inst.sym and inst.op == "call":
        words.append(quote(inst.sym))
    if inst.args:
        words.append(", ".join([f"%{a}" for a in inst.args]))
    if inst.sym and inst.op != "call":
        words.append(quote(inst.sym))
    if inst.imm != _default_imm(inst.op) or inst.op in _ALWAYS_IMM:
        words.append(str(inst.imm))
    if inst.op == "fconst" or repr(inst.fimm) != "0.0":
        words.append(_float(inst.fimm))
    if inst.loc:
        words.append(f"@{inst.loc}")
    return f"%{inst.result} = {' '.join(words)}" if inst.result >= 0 else " ".join(words)


def print_term(term: Term) -> str:
    """A terminator, without indentation."""
    parts = [f"%{a}" for a in term.args]
    if term.op == "switch":
        for value, jump in zip(term.cases, term.targets):
            parts.append(f"{value} {_jump(jump)}")
        parts.append(f"else {_jump(term.targets[-1])}")
    else:
        parts += [_jump(j) for j in term.targets]
    text = f"{term.op} {', '.join(parts)}".rstrip()
    return f"{text} @{term.loc}" if term.loc else text


def _default_imm(op: str) -> int:
    return -1 if op == "call" else 0


def _float(value: float) -> str:
    return repr(value)


def _jump(jump: Jump) -> str:
    return f"bb{jump.block}({', '.join([f'%{a}' for a in jump.args])})" if jump.args else f"bb{jump.block}"


def _signature(sig: Signature) -> str:
    words = [word for word, said in ((" variadic", sig.variadic), (" borrows", sig.borrows), (f" c {quote(sig.signs)}", sig.signs)) if said]
    return f"({', '.join(sig.params)}) -> {sig.result or '()'}{''.join(words)}"


def _relocations(relocations: list[tuple[int, str, int]]) -> str:
    if not relocations:
        return ""
    return " { " + ", ".join([f"{at}: {quote(symbol)} {addend}" for at, symbol, addend in relocations]) + " }"


def _loc(loc: Loc) -> str:
    text = f"{quote(loc.file)} {loc.line}:{loc.col}"
    if loc.length:
        text += f" +{loc.length}"
    if loc.inlined:
        text += f" inlined @{loc.inlined}"
    if loc.fn:
        text += f" in {quote(loc.fn)}"
    if loc.owner:
        text += f" row {loc.ordinal} of {quote(loc.owner)}"
    return text


def _typed(values: list[int], types: list[str]) -> str:
    return ", ".join([f"%{v}: {types[v]}" for v in values])


def _function(fn: Function, out: list[str]) -> None:
    types = fn.types
    flags = "".join([f" {flag}" for flag in fn.flags])
    out.append(f"fn {quote(fn.symbol)}({_typed(fn.params, types)}) -> {fn.result or '()'} {fn.linkage}{flags} {{")
    if fn.name or fn.file or fn.line or fn.owner:
        owner = f" of {quote(fn.owner)}" if fn.owner else ""
        out.append(f"  about {quote(fn.name)} file {quote(fn.file)} line {fn.line}{owner}")
    if fn.param_flags:
        out.append(f"  params {', '.join([quote(f) for f in fn.param_flags])}")
    for i, slot in enumerate(fn.slots):
        out.append(f"  slot {i}: size {slot.size} align {slot.align} {quote(slot.name)}")
    for i, loc in enumerate(fn.locs):
        if i:
            out.append(f"  loc {i}: {_loc(loc)}")
        elif loc != NO_LOC:
            raise ValueError("the first place of a function is a dummy")
    for i, var in enumerate(fn.variables):
        arg = f" arg {var.arg}" if var.arg else ""
        out.append(f"  var {i}: {quote(var.name)} {quote(var.ty)} @{var.loc}{arg}")
    defined = set(fn.params)
    for bb in fn.blocks:
        defined.update(bb.params)
        defined.update([inst.result for inst in bb.insts])
    dead = [v for v in range(len(types)) if v not in defined]
    if dead:
        out.append(f"  dead {_typed(dead, types)}")
    for i, bb in enumerate(fn.blocks):
        params = f"({_typed(bb.params, types)})" if bb.params else ""
        out.append(f"bb{i}{params}{' cold' if bb.cold else ''}:")
        out += [f"  {print_inst(inst)}" for inst in bb.insts]
        out.append(f"  {print_term(bb.term)}")
    out.append("}")


NO_LOC = Loc("", 0, 0)
"""What stands at index 0 of `fn.locs`."""

# --- parsing ------------------------------------------------------------------------------------------------------


def parse_module(text: str) -> Module:
    """Raises SsaSyntaxError."""
    return _Reader(text).module()


def parse_function(text: str) -> Function:
    """One function alone. Raises SsaSyntaxError."""
    reader = _Reader(text)
    reader.need("fn")
    fn = reader.function()
    if reader.peek():
        raise reader.wrong("the end")
    return fn


def _tokens(text: str) -> tuple[list[str], list[int]]:
    import re

    pattern = re.compile(
        r'"(?:[^"\\\n]|\\[0-9a-f]{2})*"|%\d+|@\d+|->|\(\)|[(){},:=+]|'
        r'-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?(?:inf|nan)\b|[A-Za-z_][\w.]*|;[^\n]*|[ \t\r]+|\n|.'
    )
    tokens: list[str] = []
    lines: list[int] = []
    line = 1
    for match in pattern.finditer(text):
        token = match.group()
        first = token[0]
        if first == "\n":
            line += 1
        elif first not in " \t\r;":
            tokens.append(token)
            lines.append(line)
    return tokens, lines


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.tokens, self.lines = _tokens(text)
        self.at = 0

    def wrong(self, what: str) -> SsaSyntaxError:
        line = self.lines[min(self.at, len(self.lines) - 1)] if self.lines else 1
        return SsaSyntaxError(f"line {line}: expected {what}, found {self.peek() or 'the end'}")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def eat(self, token: str) -> bool:
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def need(self, token: str) -> None:
        if not self.eat(token):
            raise self.wrong(repr(token))

    def number(self) -> int:
        try:
            value = int(self.peek())
        except ValueError:
            raise self.wrong("a number") from None
        self.at += 1
        return value

    def field(self, name: str) -> int:
        self.need(name)
        return self.number()

    def data(self) -> bytes:
        if not self.peek().startswith('"') or len(self.peek()) < 2:
            raise self.wrong("quoted text")
        return unquote(self.next())

    def text(self) -> str:
        return self.data().decode()

    def value(self) -> int:
        if not self.peek().startswith("%") or len(self.peek()) < 2:
            raise self.wrong("a value")
        return int(self.next()[1:])

    def values(self) -> list[int]:
        found = [self.value()]
        while self.eat(","):
            found.append(self.value())
        return found

    def place(self) -> int:
        if not self.peek().startswith("@") or len(self.peek()) < 2:
            raise self.wrong("a place")
        return int(self.next()[1:])

    def result(self) -> str:
        self.need("->")
        return "" if self.eat("()") else self.next()

    def target(self) -> int:
        token = self.peek()
        if not token.startswith("bb") or not token[2:].isdigit():
            raise self.wrong("a block")
        self.at += 1
        return int(token[2:])

    def module(self) -> Module:
        self.need("module")
        name = self.text()
        self.need("file")
        module = Module(name, self.text(), [], [], {})
        while self.at < len(self.tokens):
            word = self.next()
            if word == "fn":
                module.functions.append(self.function())
            elif word == "extern":
                symbol = self.text()
                params: list[str] = []
                if not self.eat("()"):
                    self.need("(")
                    while not self.eat(")"):
                        params.append(self.next())
                        self.eat(",")
                result, variadic, borrows = self.result(), self.eat("variadic"), self.eat("borrows")
                module.externals[symbol] = Signature(tuple(params), result, variadic, borrows, self.text() if self.eat("c") else "")
            elif word == "extern_global":
                module.external_globals.append(self.text())
            elif word == "places":
                path = self.text()
                self.need("file")
                module.tables.append(PlaceTable(path, self.text(), self.rows()))
            elif word == "global":
                module.globals.append(self.global_())
            elif word == "const":
                module.pending.append(self.pending())
            elif word == "assert":
                module.asserts.append(PendingAssert(self.text(), self.text(), self.text(), self.at_loc()))
            elif word == "evaluated":
                path = self.text()
                self.need("=")
                data = self.data()
                relocations = tuple(self.relocations())
                texts: list[tuple[str, bytes]] = []
                while self.eat("with"):
                    symbol = self.text()
                    self.need("=")
                    texts.append((symbol, self.data()))
                module.evaluated[path] = ConstImage(data, relocations, tuple(texts))
            else:
                self.at -= 1
                raise self.wrong("a definition")
        return module

    def rows(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        while not found or self.eat(","):
            line = self.number()
            self.need(":")
            found.append((line, self.number()))
        return found

    def global_(self) -> Global:
        symbol = self.text()
        linkage = self.next()
        if linkage not in _LINKAGES:
            self.at -= 1
            raise self.wrong("a linkage")
        mutable = self.eat("mutable")
        align = self.field("align")
        self.need("=")
        data = self.data()
        kind = cast(Literal["external", "linkonce", "internal", "private"], linkage)
        return Global(symbol, data, align, self.relocations(), mutable, kind)

    def relocations(self) -> list[tuple[int, str, int]]:
        found: list[tuple[int, str, int]] = []
        if self.eat("{"):
            while not self.eat("}"):
                at = self.number()
                self.need(":")
                found.append((at, self.text(), self.number()))
                self.eat(",")
        return found

    def pending(self) -> PendingConst:
        path, symbol = self.text(), self.text()
        self.need("init")
        init = self.text()
        self.need("ty")
        ty = self.next()
        size, align = self.field("size"), self.field("align")
        is_static, is_mutable = self.eat("static"), self.eat("mut")
        signed = True if self.eat("signed") else False if self.eat("unsigned") else None
        loc = self.at_loc() if self.peek() == "at" else None
        return PendingConst(path, symbol, init, "" if ty == "mem" else ty, size, align, is_static, is_mutable, signed, loc)

    def at_loc(self) -> Loc:
        self.need("at")
        return self.loc()

    def loc(self) -> Loc:
        file = self.text()
        line = self.number()
        self.need(":")
        col = self.number()
        length = self.number() if self.eat("+") else 0
        inlined = self.place() if self.eat("inlined") else 0
        fn = self.text() if self.eat("in") else ""
        ordinal, owner = 0, ""
        if self.eat("row"):
            ordinal = self.number()
            self.need("of")
            owner = self.text()
        return Loc(file, line, col, inlined, fn, length, owner, ordinal)

    # --- functions

    def function(self) -> Function:
        symbol = self.text()
        types: dict[int, str] = {}
        params = [] if self.eat("()") else self.typed(types)
        result = self.result()
        linkage = self.next()
        if linkage not in _LINKAGES[:3]:
            self.at -= 1
            raise self.wrong("a linkage")
        fn = Function(symbol, params, result, [], [], linkage=cast(Literal["external", "linkonce", "internal"], linkage), locs=[NO_LOC])
        while not self.eat("{"):
            fn.flags.append(self.next())
        self.header(fn, types)
        while not self.eat("}"):
            fn.blocks.append(self.block(len(fn.blocks), types))
        fn.types = [types.get(v, "") for v in range(max(types, default=-1) + 1)]
        if "" in fn.types:
            raise SsaSyntaxError(f'"{symbol}": value %{fn.types.index("")} has no type')
        return fn

    def header(self, fn: Function, types: dict[int, str]) -> None:
        while True:
            if self.eat("about"):
                fn.name = self.text()
                self.need("file")
                fn.file = self.text()
                fn.line = self.field("line")
                fn.owner = self.text() if self.eat("of") else ""
            elif self.eat("params"):
                fn.param_flags.append(self.text())
                while self.eat(","):
                    fn.param_flags.append(self.text())
            elif self.eat("slot"):
                self.numbered(len(fn.slots))
                fn.slots.append(Slot(self.field("size"), self.field("align"), self.text()))
            elif self.eat("loc"):
                self.numbered(len(fn.locs))
                fn.locs.append(self.loc())
            elif self.eat("var"):
                self.numbered(len(fn.variables))
                fn.variables.append(Variable(self.text(), self.text(), self.place(), self.number() if self.eat("arg") else 0))
            elif self.eat("dead"):
                self.typed_list(types)
            else:
                return

    def numbered(self, number: int) -> None:
        if self.number() != number:
            self.at -= 1
            raise self.wrong(f"number {number}")
        self.need(":")

    def typed(self, types: dict[int, str]) -> list[int]:
        self.need("(")
        values = self.typed_list(types)
        self.need(")")
        return values

    def typed_list(self, types: dict[int, str]) -> list[int]:
        values: list[int] = []
        while True:
            value = self.value()
            self.need(":")
            types[value] = self.next()
            values.append(value)
            if not self.eat(","):
                return values

    def block(self, number: int, types: dict[int, str]) -> Block:
        if self.target() != number:
            self.at -= 1
            raise self.wrong(f"bb{number}")
        params = self.typed(types) if self.peek() == "(" else []
        cold = self.eat("cold")
        self.need(":")
        insts: list[Inst] = []
        while True:
            if self.peek() in ("jump", "br", "switch", "ret", "unreachable"):
                return Block(params, insts, self.term(), cold)
            insts.append(self.inst(types))

    def inst(self, types: dict[int, str]) -> Inst:
        result = -1
        if self.peek().startswith("%"):
            result = self.value()
            self.need("=")
        op = self.next()
        info = OPS.get(op)
        if info is None:
            self.at -= 1
            raise self.wrong("an operation")
        ty = self.next() if self.peek() in _TYPE_NAMES else ""
        inst = Inst(op, ty, [], result, _default_imm(op))
        if op == "call" and self.peek().startswith('"'):
            inst.sym = self.text()
        if self.peek().startswith("%") and self.tokens[self.at + 1 : self.at + 2] != ["="]:
            inst.args = self.values()
        if self.peek().startswith('"'):
            inst.sym = self.text()
        token = self.peek()
        if token.lstrip("-").isdigit():
            inst.imm = self.number()
            token = self.peek()
        if (token and token[0] in "-0123456789") or token in ("inf", "nan"):
            inst.fimm = float(self.next())
        if self.peek().startswith("@"):
            inst.loc = self.place()
        if result >= 0:
            types[result] = ty if info.result == "T" else info.result
        return inst

    def jump(self) -> Jump:
        block = self.target()
        if not self.eat("("):
            return Jump(block)
        args = self.values()
        self.need(")")
        return Jump(block, args)

    def term(self) -> Term:
        term = Term(cast(Literal["jump", "br", "switch", "ret", "unreachable"], self.next()))
        if self.peek().startswith("%"):
            term.args = [self.value()]
            self.eat(",")
        if term.op == "switch":
            while not self.eat("else"):
                term.cases.append(self.number())
                term.targets.append(self.jump())
                self.need(",")
            term.targets.append(self.jump())
        elif term.op in ("jump", "br"):
            term.targets.append(self.jump())
            while self.eat(","):
                term.targets.append(self.jump())
        if self.peek().startswith("@"):
            term.loc = self.place()
        return term


_TYPE_NAMES = frozenset(("i1", "i8", "i16", "i32", "i64", "i128", "f32", "f64", "ptr"))
