"""Types, interned: identity is equality, so `is` compares and `hash` is free.

Every type has one canonical text (`ty.text`), which parses back (`parse_ty`) and is how types are serialised.
`show(ty)` is the form for people. Nominal types (forms, picks, flags, unions, and the library's own list, map, option,
result, box ...) are all `AdtTy`, named by the path of their definition; what they are is in `defs.Definitions`.

A generic parameter is `ParamTy(index, name)`: the index counts through the enclosing impl or trait first (in a trait,
`Self` is 0), then the procedure's own. `subst` replaces them by position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from vitte.ir.paths import head_end

HAS_PARAM = 1
HAS_INFER = 2
HAS_ERROR = 4
HAS_PROJECTION = 8

Mode = Literal["lend", "mut", "own"]
"""How a parameter takes its argument: lent for reading, lent exclusively, or owned."""


class Ty:
    """Base of all types. `text`: canonical. `flags`: the HAS_* of it and all its parts."""

    __slots__ = ("text", "flags")
    text: str
    flags: int

    def __repr__(self) -> str:
        return self.text


_interned: dict[object, Ty] = {}


class IntTy(Ty):
    """`bits` is 8..128; for isize and usize it is 64 or 32 by target: `bits` holds 64 and `pointer_sized` is true."""

    __slots__ = ("bits", "signed", "pointer_sized")

    def __init__(self, text: str, bits: int, signed: bool, pointer_sized: bool = False) -> None:
        self.text, self.flags, self.bits, self.signed, self.pointer_sized = text, 0, bits, signed, pointer_sized


class FloatTy(Ty):
    __slots__ = ("bits",)

    def __init__(self, text: str, bits: int) -> None:
        self.text, self.flags, self.bits = text, 0, bits


class SimpleTy(Ty):
    """`bool`, `rune`, `never`, `string`, `bytes`: one object each, compared with `is`."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        self.text, self.flags = text, 0


class TupleTy(Ty):
    __slots__ = ("elems",)
    elems: tuple[Ty, ...]


class ArrayTy(Ty):
    """`length` is a `ConstTy`, or a `ParamTy` / `InferTy` standing for one."""

    __slots__ = ("elem", "length")
    elem: Ty
    length: Ty


class SliceTy(Ty):
    """Unsized; only behind `RefTy` or `PtrTy`, which are then (pointer, length) pairs."""

    __slots__ = ("elem",)
    elem: Ty


class AdtTy(Ty):
    __slots__ = ("path", "args")
    path: str
    args: tuple[Ty, ...]


class RefTy(Ty):
    __slots__ = ("target", "mutable")
    target: Ty
    mutable: bool


class PtrTy(Ty):
    __slots__ = ("target", "mutable")
    target: Ty
    mutable: bool


class ProcTy(Ty):
    """A plain procedure value (one code pointer)."""

    __slots__ = ("modes", "params", "result")
    modes: tuple[Mode, ...]
    params: tuple[Ty, ...]
    result: Ty


class ParamTy(Ty):
    __slots__ = ("index", "name")
    index: int
    name: str


class ProjTy(Ty):
    """An associated type `<Self as Trait[args]>.name` not resolved yet; `args[0]` is the self type."""

    __slots__ = ("trait", "args", "name")
    trait: str
    args: tuple[Ty, ...]
    name: str


class ConstTy(Ty):
    """A constant integer used as a type argument or an array length."""

    __slots__ = ("value",)
    value: int


class InferTy(Ty):
    """An inference variable; only inside type checking. `kind`: any type, or one an integer or float literal may take."""

    __slots__ = ("id", "kind")
    id: int
    kind: Literal["any", "int", "float"]


class ErrorTy(Ty):
    """The type of what is wrong already; agrees with everything, so that nothing more is said."""

    __slots__ = ()


def _make(cls: type[Ty], key: object, text: str, flags: int) -> Ty:
    ty = cls.__new__(cls)
    ty.text = text
    ty.flags = flags
    _interned[key] = ty
    return ty


def _flags(tys: tuple[Ty, ...]) -> int:
    flags = 0
    for ty in tys:
        flags |= ty.flags
    return flags


def _list(tys: tuple[Ty, ...]) -> str:
    return ", ".join([ty.text for ty in tys])


INTS: dict[str, IntTy] = {
    name: IntTy(name, bits, name[0] == "i")
    for bits in (8, 16, 32, 64, 128)
    for name in (f"i{bits}", f"u{bits}")
}
INTS["isize"] = IntTy("isize", 64, True, True)
INTS["usize"] = IntTy("usize", 64, False, True)
I8, I16, I32, I64, I128 = (INTS[f"i{n}"] for n in (8, 16, 32, 64, 128))
U8, U16, U32, U64, U128 = (INTS[f"u{n}"] for n in (8, 16, 32, 64, 128))
ISIZE, USIZE = INTS["isize"], INTS["usize"]
INT, UINT, BYTE = I64, U64, U8
F32, F64 = FloatTy("f32", 32), FloatTy("f64", 64)
BOOL, RUNE, NEVER = SimpleTy("bool"), SimpleTy("rune"), SimpleTy("never")
STRING, BYTES = SimpleTy("string"), SimpleTy("bytes")
ERROR = ErrorTy()
ERROR.text, ERROR.flags = "{error}", HAS_ERROR

PRIMITIVES: dict[str, Ty] = {**INTS, "f32": F32, "f64": F64, "bool": BOOL, "rune": RUNE, "never": NEVER, "string": STRING, "bytes": BYTES}
"""By canonical name."""
ALIASES: dict[str, Ty] = {}
"""Other names of primitive types in source: `int`, `float`, `char`, `unit` ... (filled below, once `UNIT` exists)."""


def tuple_ty(elems: tuple[Ty, ...]) -> TupleTy:
    key = (TupleTy, elems)
    ty = _interned.get(key)
    if ty is None:
        text = f"({elems[0].text},)" if len(elems) == 1 else f"({_list(elems)})"
        ty = _make(TupleTy, key, text, _flags(elems))
        ty.elems = elems  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


UNIT = tuple_ty(())
ALIASES.update(int=INT, uint=UINT, byte=BYTE, float=F64, char=RUNE, unit=UNIT, void=UNIT)


def const_ty(value: int) -> ConstTy:
    key = (ConstTy, value)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(ConstTy, key, str(value), 0)
        ty.value = value  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def array_ty(elem: Ty, length: Ty) -> ArrayTy:
    key = (ArrayTy, elem, length)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(ArrayTy, key, f"[{elem.text}; {length.text}]", elem.flags | length.flags)
        ty.elem, ty.length = elem, length  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def slice_ty(elem: Ty) -> SliceTy:
    key = (SliceTy, elem)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(SliceTy, key, f"[{elem.text}]", elem.flags)
        ty.elem = elem  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def adt_ty(path: str, args: tuple[Ty, ...] = ()) -> AdtTy:
    key = (AdtTy, path, args)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(AdtTy, key, f"{path}[{_list(args)}]" if args else path, _flags(args))
        ty.path, ty.args = path, args  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def ref_ty(target: Ty, mutable: bool = False) -> RefTy:
    key = (RefTy, target, mutable)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(RefTy, key, f"&mut {target.text}" if mutable else f"&{target.text}", target.flags)
        ty.target, ty.mutable = target, mutable  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def ptr_ty(target: Ty, mutable: bool = False) -> PtrTy:
    key = (PtrTy, target, mutable)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(PtrTy, key, f"*mut {target.text}" if mutable else f"*{target.text}", target.flags)
        ty.target, ty.mutable = target, mutable  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def proc_ty(modes: tuple[Mode, ...], params: tuple[Ty, ...], result: Ty) -> ProcTy:
    key = (ProcTy, modes, params, result)
    ty = _interned.get(key)
    if ty is None:
        inside = ", ".join([p.text if m == "lend" else f"{m} {p.text}" for m, p in zip(modes, params, strict=True)])
        ty = _make(ProcTy, key, f"proc({inside}) -> {result.text}", _flags(params) | result.flags)
        ty.modes, ty.params, ty.result = modes, params, result  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def param_ty(index: int, name: str) -> ParamTy:
    key = (ParamTy, index, name)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(ParamTy, key, f"${index}:{name}", HAS_PARAM)
        ty.index, ty.name = index, name  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def proj_ty(trait: str, args: tuple[Ty, ...], name: str) -> ProjTy:
    key = (ProjTy, trait, args, name)
    ty = _interned.get(key)
    if ty is None:
        ty = _make(ProjTy, key, f"<{trait}[{_list(args)}]>.{name}", _flags(args) | HAS_PROJECTION)
        ty.trait, ty.args, ty.name = trait, args, name  # type: ignore[attr-defined]
    return ty  # type: ignore[return-value]


def infer_ty(id: int, kind: Literal["any", "int", "float"] = "any") -> InferTy:
    """A new variable; the caller numbers them. Not interned: one object per variable."""
    ty = InferTy.__new__(InferTy)
    ty.text, ty.flags, ty.id, ty.kind = f"?{id}", HAS_INFER, id, kind
    return ty


def map_ty(ty: Ty, flags: int, replace: Callable[[Ty], Ty | None]) -> Ty:
    """Rebuild `ty`, replacing parts: `replace` is asked about every part that has one of `flags`; None means look inside."""
    if not ty.flags & flags:
        return ty
    new = replace(ty)
    if new is not None:
        return new
    cls = type(ty)
    if cls is AdtTy:
        return adt_ty(ty.path, tuple([map_ty(a, flags, replace) for a in ty.args]))  # type: ignore[attr-defined]
    if cls is RefTy:
        return ref_ty(map_ty(ty.target, flags, replace), ty.mutable)  # type: ignore[attr-defined]
    if cls is TupleTy:
        return tuple_ty(tuple([map_ty(e, flags, replace) for e in ty.elems]))  # type: ignore[attr-defined]
    if cls is ArrayTy:
        return array_ty(map_ty(ty.elem, flags, replace), map_ty(ty.length, flags, replace))  # type: ignore[attr-defined]
    if cls is SliceTy:
        return slice_ty(map_ty(ty.elem, flags, replace))  # type: ignore[attr-defined]
    if cls is PtrTy:
        return ptr_ty(map_ty(ty.target, flags, replace), ty.mutable)  # type: ignore[attr-defined]
    if cls is ProcTy:
        params = tuple([map_ty(p, flags, replace) for p in ty.params])  # type: ignore[attr-defined]
        return proc_ty(ty.modes, params, map_ty(ty.result, flags, replace))  # type: ignore[attr-defined]
    if cls is ProjTy:
        return proj_ty(ty.trait, tuple([map_ty(a, flags, replace) for a in ty.args]), ty.name)  # type: ignore[attr-defined]
    return ty


_subst_memo: dict[tuple[Ty, tuple[Ty, ...]], Ty] = {}


def subst(ty: Ty, args: tuple[Ty, ...]) -> Ty:
    """`ty` with each `ParamTy(i)` replaced by `args[i]`; parameters beyond `args` stay. Projections stay projections."""
    if not args or not ty.flags & HAS_PARAM:
        return ty
    key = (ty, args)
    done = _subst_memo.get(key)
    if done is None:
        n = len(args)

        def replace(t: Ty) -> Ty | None:
            return args[t.index] if type(t) is ParamTy and t.index < n else None

        done = _subst_memo[key] = map_ty(ty, HAS_PARAM, replace)
    return done


# --- text ---------------------------------------------------------------------------------------------------------

_parsed: dict[str, Ty] = dict(PRIMITIVES)


def parse_ty(text: str) -> Ty:
    """The type whose canonical text this is. Raises ValueError on anything else."""
    ty = _parsed.get(text)
    if ty is None:
        reader = _TyReader(text)
        ty = reader.ty()
        if reader.at != len(text):
            raise ValueError(f"not a type: {text!r}")
        _parsed[text] = ty
    return ty


class _TyReader:
    """Recursive descent over canonical type text."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def eat(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def need(self, word: str) -> None:
        if not self.eat(word):
            raise ValueError(f"expected {word!r} at {self.at} in type {self.text!r}")

    def ty(self) -> Ty:
        if self.eat("&mut "):
            return ref_ty(self.ty(), True)
        if self.eat("&"):
            return ref_ty(self.ty())
        if self.eat("*mut "):
            return ptr_ty(self.ty(), True)
        if self.eat("*"):
            return ptr_ty(self.ty())
        if self.eat("("):
            return tuple_ty(self.items(")"))
        if self.eat("["):
            elem = self.ty()
            if self.eat("; "):
                length = self.ty()
                self.need("]")
                return array_ty(elem, length)
            self.need("]")
            return slice_ty(elem)
        if self.eat("proc("):
            return self.proc()
        if self.eat("$"):
            index = self.word()
            self.need(":")
            return param_ty(int(index), self.word())
        if self.eat("<"):
            trait = self.word()
            self.need("[")
            args = self.items("]")
            self.need(">.")
            return proj_ty(trait, args, self.word())
        if self.eat("{error}"):
            return ERROR
        name = self.word()
        if name.lstrip("-").isdigit():
            return const_ty(int(name))
        primitive = PRIMITIVES.get(name)
        if primitive is not None:
            return primitive
        return adt_ty(name, self.items("]") if self.eat("[") else ())

    def word(self) -> str:
        """A name or path; one may hold the head of an impl (`ir.paths`) and the number of a block in braces."""
        start = at = self.at
        text = self.text
        while at < len(text):
            c = text[at]
            if c not in "[](),;<> :{}":
                at += 1
            elif text.startswith("::", at):
                at += 2
            elif c == "{" and (end := text.find("}", at)) >= 0 and text[at + 1 : end].isdigit():
                at = end + 1
            elif c == "(" and (end := head_end(text, at)) > at:
                at = end
            else:
                break
        self.at = at
        if start == at:
            raise ValueError(f"expected a name at {start} in type {text!r}")
        return text[start:at]

    def items(self, end: str) -> tuple[Ty, ...]:
        items: list[Ty] = []
        while not self.eat(end):
            items.append(self.ty())
            if not self.eat(", "):
                self.eat(",")
        return tuple(items)

    def proc(self) -> Ty:
        modes: list[Mode] = []
        params: list[Ty] = []
        while not self.eat(")"):
            modes.append("mut" if self.eat("mut ") else "own" if self.eat("own ") else "lend")
            params.append(self.ty())
            self.eat(", ")
        self.need(" -> ")
        return proc_ty(tuple(modes), tuple(params), self.ty())


def show(ty: Ty) -> str:
    """The type as a person writes it: `int`, `[string]`, `?Node`, `&mut Point`, `T.Item`."""
    cls = type(ty)
    if ty is I64:
        return "int"
    if cls is ParamTy:
        return ty.name  # type: ignore[attr-defined,no-any-return]
    if cls is AdtTy:
        name = ty.path.rpartition("::")[2]  # type: ignore[attr-defined]
        args = [show(a) for a in ty.args]  # type: ignore[attr-defined]
        if ty.path == "std/list::list":  # type: ignore[attr-defined]
            return f"[{args[0]}]"
        if ty.path == "std/core::option":  # type: ignore[attr-defined]
            return f"?{args[0]}"
        return f"{name}[{', '.join(args)}]" if args else name
    if cls is TupleTy:
        elems = [show(e) for e in ty.elems]  # type: ignore[attr-defined]
        return f"({elems[0]},)" if len(elems) == 1 else f"({', '.join(elems)})"
    if cls is ArrayTy:
        return f"[{show(ty.elem)}; {show(ty.length)}]"  # type: ignore[attr-defined]
    if cls is SliceTy:
        return f"[{show(ty.elem)}]"  # type: ignore[attr-defined]
    if cls is RefTy or cls is PtrTy:
        sign = "&" if cls is RefTy else "*"
        return f"{sign}{'mut ' if ty.mutable else ''}{show(ty.target)}"  # type: ignore[attr-defined]
    if cls is ProcTy:
        words = {"lend": "", "mut": "mut ", "own": "owned "}
        inside = ", ".join(f"{words[m]}{show(p)}" for m, p in zip(ty.modes, ty.params, strict=True))  # type: ignore[attr-defined]
        result = ty.result  # type: ignore[attr-defined]
        return f"proc({inside})" + ("" if result is UNIT else f" -> {show(result)}")
    if cls is ProjTy:
        return f"{show(ty.args[0])}.{ty.name}"  # type: ignore[attr-defined]
    if cls is InferTy:
        return {"any": "_", "int": "int", "float": "f64"}[ty.kind]  # type: ignore[attr-defined]
    return ty.text
