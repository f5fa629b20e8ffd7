"""Vitte types as DWARF types, laid out as `ir.layout` says.

A pick with payloads is a structure of its tag (an enumeration) and a structure per case, all at their real offsets; the debugger shows
every case, the tag says which is meant. A pick without a tag shows its one pointer.
`string` points at characters, so that debuggers print text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.codegen.llvm.text import quote
from vitte.ir import types as t
from vitte.ir.layout import Layouts, is_fat

if TYPE_CHECKING:
    from vitte.codegen.llvm.debug import ModuleDebug
    from vitte.ir.types import Ty


class DebugTypes:
    """Metadata nodes of types, remembered by type."""

    def __init__(self, owner: ModuleDebug) -> None:
        self.owner = owner
        self.module = owner.module
        self.layouts = Layouts(owner.module.ctx.defs, owner.module.ctx.target)
        self.known: dict[Ty, str] = {}

    def of_text(self, text: str) -> str:
        """The type whose canonical text this is; what cannot be laid out (broken or unknown) is an unspecified type."""
        try:
            return self.of(t.parse_ty(text))
        except (KeyError, ValueError, TypeError):
            return self._unspecified(text)

    def of(self, ty: Ty) -> str:
        known = self.known.get(ty)
        if known is None:
            known = self._make(ty)
            self.known.setdefault(ty, known)
        return known

    def _unspecified(self, name: str) -> str:
        return self.module.node(f"!DIBasicType(tag: DW_TAG_unspecified_type, name: {quote(name)})")

    def _basic(self, name: str, bits: int, encoding: str) -> str:
        return self.module.node(f"!DIBasicType(name: {quote(name)}, size: {bits}, encoding: DW_ATE_{encoding})")

    def _pointer(self, target: str, name: str = "") -> str:
        named = f", name: {quote(name)}" if name else ""
        return self.module.node(f"!DIDerivedType(tag: DW_TAG_pointer_type{named}, baseType: {target}, size: {self.layouts.pointer * 8})")

    def _make(self, ty: Ty) -> str:
        cls = type(ty)
        name = t.show(ty)
        if cls is t.IntTy:
            bits = self.layouts.size(ty) * 8
            return self._basic(name, bits, "signed" if ty.signed else "unsigned")  # type: ignore[attr-defined]
        if cls is t.FloatTy:
            return self._basic(name, ty.bits, "float")  # type: ignore[attr-defined]
        if ty is t.BOOL:
            return self._basic(name, 8, "boolean")
        if ty is t.RUNE:
            return self._basic(name, 32, "UTF")
        if ty is t.STRING or ty is t.BYTES:
            chars = self._pointer(self._basic("char", 8, "unsigned_char")) if ty is t.STRING else self._pointer(self.of(t.U8))
            return self._struct(ty, [("ptr", chars, 0), ("len", self.of(t.INT), 8), ("owner", self._pointer(self.of(t.USIZE)), 16)])
        if is_fat(ty):
            return self._struct(ty, [("ptr", self._pointer(self.of(ty.target.elem)), 0), ("len", self.of(t.INT), 8)])  # type: ignore[attr-defined]
        if cls is t.RefTy or cls is t.PtrTy:
            return self._pointer(self.of(ty.target))  # type: ignore[attr-defined]
        if cls is t.ProcTy:
            return self._pointer("null", name)
        if cls is t.ArrayTy:
            return self._array(ty)
        if cls is t.TupleTy:
            if not ty.elems:  # type: ignore[attr-defined]
                return self._unspecified("()")
            return self._members(ty, [f"_{i}" for i in range(len(ty.elems))])  # type: ignore[attr-defined]
        if cls is t.AdtTy:
            adt = self.layouts.defs.adts[ty.path]  # type: ignore[attr-defined]
            if adt.kind == "pick":
                return self._pick(ty)
            if adt.kind == "form" or adt.kind == "union":
                return self._members(ty, [f.name for f in adt.variants[0].fields])
            return self._basic(name, self.layouts.size(ty) * 8, "unsigned")
        return self._unspecified(name)

    def _array(self, ty: Ty) -> str:
        assert type(ty) is t.ArrayTy and type(ty.length) is t.ConstTy
        size, align = self.layouts.size_align(ty)
        count = self.module.node(f"!DISubrange(count: {ty.length.value})")
        return self.module.node(
            f"!DICompositeType(tag: DW_TAG_array_type, baseType: {self.of(ty.elem)}, size: {size * 8}, align: {align * 8}, "
            f"elements: {self.module.node(f'!{{{count}}}')})"
        )

    def _members(self, ty: Ty, names: list[str]) -> str:
        """A form, union or tuple. Known before its fields are made, since it may hold pointers to itself."""
        offsets = self.layouts.fields(ty)
        node = self.known[ty] = self.module.distinct()
        fields = list(zip(names, self.layouts.parts(ty)[0], offsets, strict=True))
        tag = "union_type" if self.layouts.kind(ty) == "union" else "structure_type"
        self._fill(node, t.show(ty), self.layouts.size(ty), [(n, self.of(f), at) for n, f, at in fields], tag)
        return node

    def _struct(self, ty: Ty, members: list[tuple[str, str, int]]) -> str:
        node = self.module.distinct()
        self._fill(node, t.show(ty), self.layouts.size(ty), members)
        return node

    def _fill(self, node: str, name: str, size: int, members: list[tuple[str, str, int]], tag: str = "structure_type") -> None:
        module = self.module
        elements = [
            module.node(
                f"!DIDerivedType(tag: DW_TAG_member, name: {quote(n)}, scope: {node}, baseType: {ty}, "
                f"size: {self._bits(ty)}, offset: {at * 8})"
            )
            for n, ty, at in members
        ]
        inside = module.node("!{" + ", ".join(elements) + "}")
        module.set_node(node, f"!DICompositeType(tag: DW_TAG_{tag}, name: {quote(name)}, size: {size * 8}, elements: {inside})")

    def _bits(self, node: str) -> int:
        """The size a type node says it has (debuggers take the type's, so an unfinished one may say 0)."""
        line = self.module.node_lines[int(node[1:])]
        at = line.find("size: ")
        return int(line[at + 6 :].partition(",")[0].partition(")")[0]) if at >= 0 else 0

    def _pick(self, ty: Ty) -> str:
        assert type(ty) is t.AdtTy
        adt = self.layouts.defs.adts[ty.path]
        pick = self.layouts.pick(ty)
        parts = self.layouts.parts(ty)
        module = self.module
        node = self.known[ty] = module.distinct()
        members: list[tuple[str, str, int]] = []
        if pick.tag:
            bits = int(pick.tag[1:])
            base = self._basic(f"{'i' if pick.is_signed else 'u'}{bits}", bits, "signed" if pick.is_signed else "unsigned")
            sign = "" if pick.is_signed else ", isUnsigned: true"
            values = [
                module.node(f"!DIEnumerator(name: {quote(v.name)}, value: {_signed(value, bits) if pick.is_signed else value}{sign})")
                for v, value in zip(adt.variants, pick.discriminants)
            ]
            described = (
                f"!DICompositeType(tag: DW_TAG_enumeration_type, name: {quote(t.show(ty))}, baseType: {base}, size: {bits}, "
                f"elements: {module.node('!{' + ', '.join(values) + '}')})"
            )
            if pick.is_fieldless:
                module.set_node(node, described)
                return node
            members.append(("tag", module.node(described), 0))
        for variant, types, offsets in zip(adt.variants, parts, pick.cases):
            if not types:
                continue
            inner = module.distinct()
            names = [f.name if variant.has_names else f"_{i}" for i, f in enumerate(variant.fields)]
            fields = [(name, self.of(field), at) for name, field, at in zip(names, types, offsets)]
            self._fill(inner, variant.name, pick.size, fields)
            members.append((variant.name, inner, 0))
        self._fill(node, t.show(ty), pick.size, members)
        return node


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
