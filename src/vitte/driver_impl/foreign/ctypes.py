"""Types of Vitte as C writes them.

    i32 -> int32_t      *u8 -> const uint8_t *      &mut Point -> Point *      proc(i32) -> bool  ->  bool (*)(int32_t)

A type that is named is declared before it is used: forms and unions with `#[repr(C)]` as structures and unions of the same layout, picks
without payload, flags and bits as their integer with a constant for each name. Behind a pointer any form may stand: C sees its name alone.
"""

from __future__ import annotations

from collections.abc import Callable

from vitte.ir import types as t
from vitte.ir.defs import AdtDef, ProcDef
from vitte.ir.types import Ty, show

_WORDS = frozenset("""
alignas alignof asm auto bool break case catch char class const constexpr continue default delete do double else enum explicit export extern
false float for friend goto if inline int long namespace new nullptr operator private protected public register restrict return short signed
sizeof static static_assert struct switch template this thread_local throw true try typedef typeof typename union unsigned using virtual
void volatile wchar_t while int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t ptrdiff_t NULL
""".split())  # noqa: SIM905
"""Names that mean something in C or C++, or in the headers that are included."""


class NotC(Exception):
    """`why` goes on from "it takes ...", or "it gives ..."; `helps` say what to do. `at`: the parameter's number, -1 for the result."""

    at = -1

    def __init__(self, why: str, *helps: str) -> None:
        super().__init__(why)
        self.why = why
        self.helps = helps


def spelled(name: str) -> str:
    """A name that C takes for one."""
    plain = "".join([letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in name])
    return f"{plain}_" if plain in _WORDS else plain


class Declared:
    """The named types of one header, in the order in which they must stand. `names`: of types, by path; `forward`: those whose name is
    declared; `blocks`: their texts."""

    def __init__(self, find: Callable[[str], AdtDef], comment: Callable[[AdtDef, object], str]) -> None:
        """`find`: a type by its path. `comment`: what is written about it, or about one of its fields or cases, as a comment."""
        self.find = find
        self.comment = comment
        self.names: dict[str, str] = {}
        self.forward: list[str] = []
        self.blocks: list[str] = []
        self.noreturn = False
        self._done: set[str] = set()

    # --- types ---------------------------------------------------------------------------------------------------------

    def declare(self, ty: Ty, inner: str = "", const: bool = False) -> str:
        """The declaration of `inner` with a type. Raises `NotC`."""
        cls = type(ty)
        if cls is t.PtrTy or cls is t.RefTy:
            return self._pointer(ty, inner, const)  # type: ignore[arg-type]
        if cls is t.ProcTy:
            self._modes(ty)  # type: ignore[arg-type]
            params = ", ".join([self.passed(p) for p in ty.params]) or "void"  # type: ignore[attr-defined]
            return self.result(ty.result, f"(*{'const ' if const else ''}{inner})({params})")  # type: ignore[attr-defined]
        if cls is t.ArrayTy and type(ty.length) is t.ConstTy:  # type: ignore[attr-defined]
            inside = f"({inner})" if inner.startswith("*") else inner
            return self.declare(ty.elem, f"{inside}[{ty.length.value}]", const)  # type: ignore[attr-defined]
        word = f"{'const ' if const else ''}{self._plain(ty)}"
        return f"{word} {inner}" if inner else word

    def passed(self, ty: Ty, inner: str = "") -> str:
        """A parameter. Raises `NotC`."""
        if type(ty) is t.ArrayTy:
            raise NotC("an array by value", "C passes arrays by their address: take a pointer or a reference")
        self._by_value(ty)
        return self.declare(ty, inner)

    def result(self, ty: Ty, inner: str) -> str:
        """A procedure with this result; `inner` has its name and parameters. Raises `NotC`."""
        if ty is t.UNIT:
            return f"void {inner}"
        if ty is t.NEVER:
            self.noreturn = True
            return f"VITTE_NORETURN void {inner}"
        if type(ty) is t.ArrayTy:
            raise NotC("an array", "C gives no arrays: write it to where a pointer leads")
        self._by_value(ty)
        return self.declare(ty, inner)

    def _by_value(self, ty: Ty) -> None:
        if type(ty) is t.AdtTy and self.find(ty.path).kind in ("form", "union"):
            self._plain(ty)  # what is wrong with the type itself is said first
            raise NotC(f"`{show(ty)}` by value, which is not supported yet", f"pass its address: `&{show(ty)}` or `&mut {show(ty)}`")

    def _modes(self, ty: t.ProcTy) -> None:
        for mode, param in zip(ty.modes, ty.params):
            if mode == "mut":
                raise NotC(f"`{show(ty)}`, which is lent its arguments", f"write `&mut {show(param)}` in its type")

    def _pointer(self, ty: t.PtrTy | t.RefTy, inner: str, const: bool) -> str:
        target = ty.target
        if type(target) is t.SliceTy:
            raise NotC(f"`{show(ty)}`, a slice: an address and a length in one", "take a pointer to its first element, and a length")
        if show(target).startswith("dyn "):
            raise NotC(f"`{show(ty)}`: C has no traits", "take a pointer to a form")
        inside = f"*{'const ' if const else ''}{inner}"
        if target is t.UNIT:
            return f"{'' if ty.mutable else 'const '}void {inside}"
        if type(target) is t.AdtTy:
            adt = self.find(target.path)
            if adt.kind in ("form", "union") or (adt.kind == "pick" and not self._is_plain_pick(adt)):
                name = self._opaque(target, adt)
                return f"{'' if ty.mutable else 'const '}{name} {inside}"
        return self.declare(target, inside, not ty.mutable)

    def _plain(self, ty: Ty) -> str:
        """A type that is a name. Raises `NotC`."""
        if isinstance(ty, t.IntTy):
            if ty.pointer_sized:
                return "ptrdiff_t" if ty.signed else "size_t"
            if ty.bits > 64:
                raise NotC(f"`{show(ty)}`: C has no integers of {ty.bits} bits", "take two integers of 64 bits")
            return f"{'' if ty.signed else 'u'}int{ty.bits}_t"
        if type(ty) is t.FloatTy:
            return "float" if ty.text == "f32" else "double"
        if ty is t.BOOL:
            return "bool"
        if ty is t.RUNE:
            return "uint32_t"
        if ty is t.STRING or ty is t.BYTES:
            raise NotC(f"`{show(ty)}`, whose memory Vitte counts the owners of",
                       "take `*u8`, text that a zero byte ends, and copy it", "take `*u8` and a length")  # fmt: skip
        if type(ty) is t.AdtTy:
            return self._named(ty)
        if ty is t.UNIT or ty is t.NEVER:
            raise NotC(f"`{show(ty)}`, of which there is no value in C", "leave it out")
        if type(ty) is t.TupleTy:
            raise NotC(f"the tuple `{show(ty)}`, whose layout is Vitte's own", "make it a form with `#[repr(C)]`")
        raise NotC(f"`{show(ty)}`, which C does not have")

    # --- named types ---------------------------------------------------------------------------------------------------

    def _named(self, ty: t.AdtTy) -> str:
        adt = self.find(ty.path)
        if ty.path.startswith("std/"):
            raise NotC(f"`{show(ty)}`, whose layout is Vitte's own", "take a pointer and a length, or a form with `#[repr(C)]`")
        if ty.args:
            raise NotC(f"`{show(ty)}`: C has no generic types", "make it a form without parameters")
        if adt.kind in ("flags", "bits"):
            return self._integer(adt)
        if adt.kind == "pick":
            if self._is_plain_pick(adt):
                return self._integer(adt)
            if any(variant.fields for variant in adt.variants):
                raise NotC(f"`{show(ty)}`, whose cases hold values", "take a pick without payloads, and a union")
            raise NotC(f"`{show(ty)}`, whose size is Vitte's own choice", f"say which integer it is: `pick {adt.name}: u8 {{ ... }}`")
        if adt.kind == "form" and not adt.repr_c:
            raise NotC(f"`{show(ty)}`, whose layout is Vitte's own", f"write `#[repr(C)]` before `form {adt.name}`")
        if ty.path not in self._done:
            self._done.add(ty.path)
            self._name(adt)
            self.blocks.append(self._structure(adt))
        return self.names[ty.path]

    def _is_plain_pick(self, adt: AdtDef) -> bool:
        return adt.kind == "pick" and adt.repr is not None and not any(variant.fields for variant in adt.variants)

    def _opaque(self, ty: t.AdtTy, adt: AdtDef) -> str:
        """A type behind a pointer: declared with its fields when C can have them, else by its name."""
        if ty.args:
            raise NotC(f"a pointer to `{show(ty)}`: C has no generic types", "make it a form without parameters, or take `*()`")
        name = self._name(adt)
        if adt.repr_c and ty.path not in self._done:
            state = list(self.names.items()), list(self.forward), list(self.blocks), set(self._done)
            try:
                self._named(ty)
            except NotC:
                self.names, self.forward, self.blocks, self._done = dict(state[0]), state[1], state[2], state[3] | {ty.path}
        return name

    def _name(self, adt: AdtDef) -> str:
        known = self.names.get(adt.path)
        if known is None:
            known = self.names[adt.path] = self._free(adt)
            self.forward.append(f"typedef {'union' if adt.kind == 'union' else 'struct'} {known} {known};")
        return known

    def _free(self, adt: AdtDef) -> str:
        """Its own name, with its module's before it when another type has that."""
        name = spelled(adt.name)
        if name in self.names.values():
            name = spelled(adt.path.replace("::", "_").replace("/", "_").replace(".", "_"))
        return name

    def _structure(self, adt: AdtDef) -> str:
        kind = "union" if adt.kind == "union" else "struct"
        lines = []
        for field in adt.variants[0].fields:
            try:
                line = self.declare(field.ty, spelled(field.name))
            except NotC as problem:
                raise NotC(f"`{adt.name}`, whose field `{field.name}` is {problem.why}", *problem.helps) from None
            lines.append(f"{self.comment(adt, field)}{line};\n")
        if not lines:
            raise NotC(f"`{adt.name}`, which has no fields: C has no such structure", "leave it out")
        body = "".join(["  " + line.replace("\n", "\n  ").rstrip(" ") for line in lines])
        return f"{self.comment(adt, adt)}{kind} {self.names[adt.path]} {{\n{body}}};\n"

    def _integer(self, adt: AdtDef) -> str:
        if adt.path in self.names:
            return self.names[adt.path]
        name = self.names[adt.path] = self._free(adt)
        base = self._plain(adt.repr or t.U32)
        lines = [f"{self.comment(adt, adt)}typedef {base} {name};\n"]
        for variant in adt.variants if adt.kind != "bits" else ():
            value = f"(({name}){_literal(variant.discriminant)})"
            lines.append(f"{self.comment(adt, variant)}#define {name}_{spelled(variant.name)} {value}\n")
        self.blocks.append("".join(lines))
        return name


def _literal(value: int) -> str:
    """A constant of C: what is too large for an `int` says so itself, and the lowest number has no literal."""
    if value == -(1 << 63):
        return "(-INT64_C(9223372036854775807) - 1)"
    if -(1 << 31) < value < 1 << 31:
        return str(value)
    return f"INT64_C({value})" if value < 1 << 63 else f"UINT64_C({value})"


def prototype(declared: Declared, proc: ProcDef) -> str:
    """The declaration of a procedure, without a semicolon. Raises `NotC`, with its `at`."""
    params: list[str] = []
    at = -1
    try:
        for at, param in enumerate(proc.params):
            ty = t.ref_ty(param.ty, True) if param.mode == "mut" and type(param.ty) is not t.RefTy else param.ty
            params.append(declared.passed(ty, spelled(param.name) if param.name != "_" else f"arg{at}"))
        at = -1
        return declared.result(proc.result, f"{proc.symbol}({', '.join(params) or 'void'})")
    except NotC as problem:
        problem.at = at
        raise
