"""One unit as LLVM IR text: functions, then what they turned out to need (declarations, strings, helpers, attributes, metadata)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine
from vitte.codegen.llvm.function import FunctionEmitter
from vitte.codegen.llvm.places import PlaceTables
from vitte.codegen.llvm.text import ALIGN, PASSED, RETURNED, TYPE, escape, quote, symbol, widened
from vitte.codegen.llvm.wide import INTRINSICS, WIDE
from vitte.codegen.patching import Prepared
from vitte.ir import lang
from vitte.ir.paths import imported
from vitte.ir.ssa import Signature

if TYPE_CHECKING:
    from vitte.codegen.llvm.debug import FunctionDebug, ModuleDebug
    from vitte.driver.context import UnitContext
    from vitte.ir.ssa import Function, Global, Module

RUNTIME: dict[str, tuple[Signature, str, tuple[str, ...]]] = {
    lang.PANIC: (Signature(("ptr", "ptr")), "", ("cold", "noreturn")),
    lang.PANIC_INDEX: (Signature(("i64", "i64", "ptr")), "", ("cold", "noreturn")),
    lang.PANIC_OVERFLOW: (Signature(("ptr", "ptr")), "", ("cold", "noreturn")),
    lang.ASSERT_FAILED: (Signature(("ptr", "ptr")), "", ("cold", "noreturn")),
    lang.ASSERT_FAILED_SIDES: (Signature(("ptr", "ptr", "ptr", "ptr")), "", ("cold", "noreturn")),
    lang.ALLOC: (
        Signature(("i64",), "ptr"), "noalias nonnull align 16 ",
        (
            "willreturn", "mustprogress", "allocsize(0)", 'allockind("alloc,uninitialized")', '"alloc-family"="vitte"',
            "memory(inaccessiblemem: readwrite)",
        ),
    ),
    lang.DEALLOC: (
        Signature(("ptr",)), "",
        (
            "willreturn", "mustprogress", 'allockind("free")', '"alloc-family"="vitte"',
            "memory(argmem: readwrite, inaccessiblemem: readwrite)",
        ),
    ),
}
"""What is known about procedures of the runtime when they are only declared: signature, attributes of the result, of the function.
`alloc` and `dealloc` behave like malloc and free: a pair that nobody uses may go."""
_DATA_LINKAGE = {"external": "dso_local", "internal": "internal", "private": "private unnamed_addr"}
LEAN = frozenset((
    "std/rt", "std/io", "std/env", "std/fs", "std/process", "std/sys/os", "std/sys/abi", "std/sys/utf16", "std/sys/command_line",
))
"""Units that wait for the system or say how the program ended: their size counts, not their speed."""
DEALLOC_PARAM = "ptr allocptr captures(none)"

PARAM_FLAGS: dict[str, str] = {
    "nonnull": "nonnull", "noalias": "noalias", "readonly": "readonly", "nocapture": "captures(none)", "sret": "noalias nonnull writable",
}
"""Parameter flags of SSA -> attributes. Results through memory are ordinary pointers here (on x86-64 the C convention passes them so)."""


def emit_module(module: Module, ctx: UnitContext) -> Prepared:
    """The unit's LLVM IR with its tables. Time is linear in the size of the unit."""
    emitter = ModuleEmitter(module, ctx)
    return Prepared(emitter.emit(), emitter.places.tables)


class ModuleEmitter:
    """State of one unit's emission. `signatures`: of everything that may be called. The other maps hold what was asked for, in order."""

    def __init__(self, module: Module, ctx: UnitContext) -> None:
        self.unit = module
        self.ctx = ctx
        self.layout = machine.data_layout(ctx.target)
        self.settings = machine.settings(ctx)
        self.signatures: dict[str, Signature] = dict(module.externals)
        self.defined: dict[str, str] = {}
        for fn in module.functions:
            signs = "-" * (len(fn.params) + 1) if "c" in fn.flags else ""
            self.signatures[fn.symbol] = Signature(tuple([fn.types[p] for p in fn.params]), fn.result, signs=signs)
            self.defined[fn.symbol] = symbol(fn.symbol)
        # Units that are merged are one module before there is a linker that could keep one of several definitions, or drop any.
        self.has_comdat = ctx.target.system != "macos" and not ctx.lto
        self.is_coff = ctx.target.system == "windows"
        self.is_elf = ctx.target.system not in ("macos", "windows") and ctx.target.arch != "wasm32"
        self.alone: list[str] = []
        """COFF: symbols that have a section of their own, which the linker may drop. It never drops others."""
        self.linkonce = "linkonce_odr" if self.is_coff else "linkonce_odr hidden"
        """COFF hides everything that is not exported, and LLVM would list hidden symbols for the linker, in words that spaces end."""
        self.callees: dict[str, str] = {}
        self.intrinsics: dict[str, str] = {}
        self.helpers: dict[str, str] = {}
        self.groups: dict[tuple[str, ...], str] = {}
        self.nodes: dict[str, str] = {}
        """Uniqued metadata: text -> `!n`. `node_lines` holds all, distinct ones included."""
        self.node_lines: list[str] = []
        self.strings: dict[str, str] = {}
        self.constants: list[str] = []
        self.places = PlaceTables(self)
        self.global_names: dict[str, str] = {g.symbol: symbol(g.symbol) for g in module.globals}
        self.external_globals: dict[str, str] = {}
        self.size_type = f"i{ctx.target.pointer_bits}"
        """The type of offsets, and of numbers of bytes that LLVM's own procedures take."""
        self.align = {**ALIGN, "ptr": ctx.target.pointer_bytes}
        self.likely = self.unlikely = self.range = ""
        self.common = self._common_attributes()
        self.debug: ModuleDebug | None = None
        if ctx.debug_info != "none":
            from vitte.codegen.llvm.debug import ModuleDebug

            self.debug = ModuleDebug(self)

    def _common_attributes(self) -> tuple[str, ...]:
        words = ["nounwind"]
        if self.ctx.opt_level == "s" or (self.ctx.opt_level in "23" and self.unit.name in LEAN):
            words.append("optsize")
        elif self.ctx.opt_level == "z":
            words += ["minsize", "optsize"]
        if self.ctx.debug_info != "none":
            words.append('"frame-pointer"="all"')
            if self.is_coff:
                words.append("uwtable")  # debuggers of Windows walk the stack by the unwind tables alone
        if self.is_elf and self.unit.name.startswith("std/"):
            # LLVM puts a unit's tables of jumps into one section: whoever uses one would bring all procedures that have any.
            words.append('"no-jump-tables"="true"')
        target = self.ctx.target
        words += machine.no_red_zone(target)
        if target.cpu or target.features or target.arch == "riscv64":
            # LLVM knows it without. A linker that is given LLVM's code does not, and RISC-V's plainest processor has no floating point.
            words += [f'"target-{what}"={quote(text)}' for what, text in zip(("cpu", "features"), machine.processor(target)) if text]
        return tuple(words)

    # --- what functions ask for ----------------------------------------------------------------------------------------

    def callee(self, name: str) -> str:
        known = self.defined.get(name) or self.callees.get(name)
        if known is None:
            if name == "abort" and self.ctx.target.libc == "none":
                return self.intrinsic("llvm.trap", "void", "")  # there is no signal to end by
            known = self.callees[name] = symbol(name)
        return known

    def passed(self, signature: Signature, types: list[str]) -> list[str]:
        """Operands of these SSA types as LLVM writes their types in a call of a function, those beyond its declared ones too."""
        return self.widened(types, signature.signs) if signature.signs else [PASSED[ty] for ty in types]

    def widened(self, types: list[str], signs: str) -> list[str]:
        """As `passed`, for C."""
        arch = self.ctx.target.arch
        rest = signs.ljust(len(types), "-")
        return [f"{TYPE[ty]} {widened(ty, sign, arch)}".rstrip() for ty, sign in zip(types, rest)]

    def intrinsic(self, name: str, result: str, params: str) -> str:
        if name not in self.intrinsics:
            self.intrinsics[name] = f"declare {result} @{name}({params})"
        return f"@{name}"

    def wide(self, name: str) -> str:
        """A 128-bit helper, with those it needs itself."""
        if name not in self.helpers:
            needs, text = WIDE[name]
            self.helpers[name] = text
            for other in needs:
                self.wide(other)
        return f'@"{name}"'

    def attributes(self, words: tuple[str, ...]) -> str:
        group = self.groups.get(words)
        if group is None:
            group = self.groups[words] = f"#{len(self.groups)}"
        return group

    def node(self, text: str) -> str:
        """A uniqued metadata node."""
        name = self.nodes.get(text)
        if name is None:
            name = self.nodes[text] = f"!{len(self.node_lines)}"
            self.node_lines.append(f"{name} = {text}")
        return name

    def distinct(self, text: str = "") -> str:
        """A metadata node of its own identity; `text` may be set later with `set_node`."""
        name = f"!{len(self.node_lines)}"
        self.node_lines.append(f"{name} = distinct {text}")
        return name

    def set_node(self, name: str, text: str) -> None:
        self.node_lines[int(name[1:])] = f"{name} = distinct {text}"

    def weights(self, first_likely: bool) -> str:
        """Suffix of a branch with weights: the way to a panic is never taken, as far as layout goes. Level 0 makes no use of them."""
        if self.ctx.opt_level == "0":
            return ""
        if not self.likely:
            self.likely = ", !prof " + self.node('!{!"branch_weights", i32 1048575, i32 1}')
            self.unlikely = ", !prof " + self.node('!{!"branch_weights", i32 1, i32 1048575}')
        return self.likely if first_likely else self.unlikely

    def bool_range(self) -> str:
        if not self.range:
            self.range = self.node("!{i8 0, i8 2}")
        return self.range

    def string(self, text: str) -> str:
        """Address of a Vitte string, { bytes, length, owner null }, with its bytes behind it: one symbol less for LLVM to look after."""
        name = self.strings.get(text)
        if name is None:
            number = len(self.strings)
            name = self.strings[text] = f"@vitte.s.{number}"
            data = text.encode("utf-8", "surrogatepass")
            count = len(data)
            # Where pointers have 32 bits, the gap before the length is there by its alignment, and the one after the owner is not.
            gap = 8 - self.ctx.target.pointer_bytes
            kind, value = (f", [{gap} x i8]", f", [{gap} x i8] zeroinitializer") if gap else ("", "")
            linkage, comdat = ("internal", self.own_section(name[1:])) if self.is_coff else ("private", "")
            self.constants.append(
                f"{name} = {linkage} unnamed_addr constant {{ ptr, i64, ptr{kind}, [{count} x i8] }} "
                f"{{ ptr getelementptr inbounds (i8, ptr {name}, {self.size_type} 24), i64 {count}, ptr null{value}, "
                f'[{count} x i8] c"{escape(data)}" }}{comdat}, align 8'
            )
        return name

    def is_shared(self, fn: Function) -> bool:
        """Whether other units may define the function too. What drops a type has a definition that stays in the type's own unit, and others
        may have `linkonce` ones: to a linker for COFF they are the same only when they say so alike."""
        return fn.linkage == "linkonce" or (self.is_coff and fn.linkage == "external" and fn.symbol.startswith("glue "))

    def own_section(self, name: str) -> str:
        """COFF: suffix of a variable that gets a section of its own."""
        if not self.has_comdat:
            return ""
        self.alone.append(name)
        return ", comdat"

    def global_name(self, name: str) -> str:
        known = self.global_names.get(name) or self.external_globals.get(name)
        if known is None:
            if name in self.defined or name in self.signatures:
                return self.callee(name)
            known = self.external_globals[name] = symbol(name)
        return known

    # --- the text --------------------------------------------------------------------------------------------------------

    def header(self, fn: Function, debug: FunctionDebug | None) -> str:
        flags = fn.flags
        linkage, comdat = "dso_local", ""
        if fn.linkage == "linkonce":
            linkage = self.linkonce
            comdat = " comdat" if self.has_comdat else ""
        elif fn.linkage == "internal":
            linkage = "internal"
        if self.is_coff and self.has_comdat and not comdat:
            if not self.is_shared(fn):
                self.alone.append(fn.symbol)
            comdat = " comdat"
        words = list(self.common)
        for flag, word in (("noreturn", "noreturn"), ("cold", "cold"), ("noinline", "noinline"), ("inline", "inlinehint")):
            if flag in flags:
                words.append(word)
        if not self.is_coff and self.ctx.target.arch != "wasm32" and sum([slot.size for slot in fn.slots]) >= 4096:
            # Windows has its own way, which LLVM knows: `start.py` defines what it calls.
            words.append('"probe-stack"="inline-asm"')  # a frame larger than the guard page must not step over it
        params: list[str] = []
        is_c = "c" in flags
        passed = TYPE if is_c else PASSED
        for i, value in enumerate(fn.params):
            text = passed[fn.types[value]]
            if i < len(fn.param_flags) and fn.param_flags[i]:
                text = f"{text} {param_attributes(fn.param_flags[i])}"
            params.append(f"{text} %v{value}")
        result = RETURNED[fn.result]
        if is_c:
            result = f"{widened(fn.result, 's' if 'signed' in flags else 'u', self.ctx.target.arch)} {TYPE[fn.result]}".lstrip()
        if fn.symbol == lang.ALLOC:
            result = "noalias nonnull ptr"
        section = f" section {quote('.text.' + fn.symbol)}" if self.is_elf and not comdat else ""
        attached = f" !dbg {debug.subprogram}" if debug is not None else ""
        after = f"{self.attributes(tuple(words))}{section}{comdat}{attached}"
        return f"define {linkage} {result} {symbol(fn.symbol)}({', '.join(params)}) {after} {{"

    def emit(self) -> str:
        unit = self.unit
        body: list[str] = []
        for fn in unit.functions:
            body.extend(FunctionEmitter(self, fn).emit())
        data = [self._global(g) for g in unit.globals]
        helpers = list(self.helpers.values())
        for text in helpers:
            for name, declaration in INTRINSICS.items():
                if name in text:
                    self.intrinsics.setdefault(name, declaration)
        for name in unit.external_globals:
            if name not in self.global_names and name not in self.signatures:
                self.external_globals.setdefault(name, symbol(name))
        head = [
            self.settings,
            f"source_filename = {quote(unit.file or unit.name)}",
            f'target datalayout = "{self.layout}"', f'target triple = "{self.ctx.target.triple}"',
        ]
        if self.has_comdat:
            head += [f"${quote(fn.symbol)} = comdat any" for fn in unit.functions if self.is_shared(fn)]
            head += [f"${quote(g.symbol)} = comdat any" for g in unit.globals if g.linkage == "linkonce"]
            head += [f'$"{name}" = comdat any' for name in self.helpers]
        helper_attributes = self.attributes((*self.common, "noinline")) if helpers else ""
        comdat = " comdat" if self.has_comdat else ""
        tail = [text.replace("ATTRIBUTES", helper_attributes + comdat).replace("LINKAGE", self.linkonce) for text in helpers]
        tables, declared = self.places.finish()
        tail += declared
        tail += [self._declaration(name) for name in self.callees]
        tail += list(self.intrinsics.values())
        for name, text in self.external_globals.items():
            tail.append(f"{text} = external {'dso_local ' if '::' in name else ''}global i8")
        if self.debug is not None:
            self.debug.finish(tail)
        abi = machine.processor(self.ctx.target)[2]
        if abi:
            tail.append("!llvm.module.flags = !{" + self.node(f'!{{i32 1, !"target-abi", !"{abi}"}}') + "}")
        head += [f"${quote(name)} = comdat nodeduplicate" for name in self.alone]
        groups = [f"attributes {name} = {{ {' '.join(words)} }}" for words, name in self.groups.items()]
        return "\n".join([*head, *tables, *self.constants, *data, *body, *tail, *groups, *self.node_lines, ""])

    def _declaration(self, name: str) -> str:
        runtime = RUNTIME.get(name)
        local = "dso_local " if "::" in name else ""
        if runtime is not None:
            signature, result, words = runtime
            params = DEALLOC_PARAM if name == lang.DEALLOC else ", ".join([PASSED[t] for t in signature.params])
            group = self.attributes(("nounwind", *words))
            return f"declare {local}{result}{TYPE[signature.result]} {symbol(name)}({params}) {group}"
        signature = self.signatures.get(name) or Signature(())
        passed = self.passed(signature, list(signature.params))
        params = ", ".join(["ptr captures(none)" if t == "ptr" and signature.borrows else t for t in passed])
        if signature.variadic:
            params = f"{params}, ..." if params else "..."
        result = TYPE[signature.result] if signature.signs else RETURNED[signature.result]
        words = ("nounwind", *_origin(name))
        return f"declare {local}{result} {symbol(name)}({params}) {self.attributes(words)}"

    def _global(self, g: Global) -> str:
        linkage = self.linkonce if g.linkage == "linkonce" else _DATA_LINKAGE[g.linkage]
        kind = "global" if g.mutable else "constant"
        ty, value = self._data(g)
        comdat = ", comdat" if g.linkage == "linkonce" and self.has_comdat else ""
        if self.is_coff and not comdat:
            linkage = linkage.replace("private", "internal")  # what the object's table of symbols does not have cannot name a section
            comdat = self.own_section(g.symbol)
        return f"{symbol(g.symbol)} = {linkage} {kind} {ty} {value}{comdat}, align {max(1, g.align)}"

    def _data(self, g: Global) -> tuple[str, str]:
        """Type and initialiser: plain bytes, or a packed structure of bytes and addresses."""
        data = g.data
        if not g.relocations:
            if not any(data):
                return f"[{len(data)} x i8]", "zeroinitializer"
            return f"[{len(data)} x i8]", f'c"{escape(data)}"'
        types: list[str] = []
        values: list[str] = []
        at = 0
        step = self.ctx.target.pointer_bytes
        for offset, target, addend in sorted(g.relocations):
            if offset > at:
                types.append(f"[{offset - at} x i8]")
                values.append(f'[{offset - at} x i8] c"{escape(data[at:offset])}"')
            name = self.global_name(target)
            types.append("ptr")
            values.append(f"ptr getelementptr (i8, ptr {name}, {self.size_type} {addend})" if addend else f"ptr {name}")
            at = offset + step
        if at < len(data):
            types.append(f"[{len(data) - at} x i8]")
            values.append(f'[{len(data) - at} x i8] c"{escape(data[at:])}"')
        return f"<{{ {', '.join(types)} }}>", f"<{{ {', '.join(values)} }}>"


def _origin(name: str) -> tuple[str, ...]:
    """Attributes that say which module of a WebAssembly host has a procedure, and by what name."""
    found = imported(name)
    if found is None:
        return ()
    module, own = found
    return (f'"wasm-import-module"={quote(module)}', f'"wasm-import-name"={quote(own)}')


def param_attributes(flags: str) -> str:
    """`noalias readonly deref=24` as LLVM writes it. `deref=N`: N bytes may be read; `align=N`: a multiple of N."""
    words: list[str] = []
    for flag in flags.split():
        if flag.startswith("deref="):
            words.append(f"dereferenceable({flag[6:]})")
        elif flag.startswith("align="):
            words.append(f"align {flag[6:]}")
        else:
            words.append(PARAM_FLAGS[flag])
    return " ".join(words)
