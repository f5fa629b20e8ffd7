"""The encoded interface of a unit: taken apart by declaration, each part with a fingerprint, nothing decoded until asked for.

The parts of a declaration, each named by the kind of edge (`edges`) that stands for it:

    sig     what it is, without what the others hold
    lay     the fields and cases of a type, its representation         cases   only the names of its cases
    val     the value of a constant
    body    the typed body of a procedure that crosses units
    lines   where the expressions of that body stand, as lines and columns
    member  of a trait impl or inherent impl: its head alone

No fingerprint depends on spans, display paths, comments or the order of declarations; only `lines` does on the first two.
To that end a body is fingerprinted with each span replaced by its ordinal among the body's distinct spans, and what has no order
of its own (the methods of a trait, say) is written sorted: equal fingerprints are equal answers.

What is stored is a table (fingerprints, names, and what questions about the whole module need) and the data beside it, guarded by a
checksum. Spans of declarations lie with the data and have no fingerprint: they are only shown.
"""

from __future__ import annotations

import re
from binascii import crc32
from bisect import bisect_right
from hashlib import sha256
from operator import attrgetter
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from vitte.base.source import Span, span_end, span_start
from vitte.driver_impl.cache.codec import Codec
from vitte.ir import defs, thir
from vitte.ir import types as t
from vitte.ir.defs import (
    CASED,
    AdtDef,
    AliasDef,
    ConstDef,
    ConstImage,
    Export,
    FieldDef,
    ImplDef,
    Interface,
    ProcDef,
    TraitDef,
    VariantDef,
    head,
    members_of_trait,
)
from vitte.ir.types import Ty

FORMAT = 1

_SHORT = 16
"""Bytes of a fingerprint: 128 bits of SHA-256."""


def fingerprint(data: bytes) -> bytes:
    return sha256(data).digest()[:_SHORT]


# --- what is stored -----------------------------------------------------------------------------------------------


class _Table(Struct, array_like=True):
    """All that is read to open an interface. Fingerprints are by path.

    `names`: (kind, path, visibility) of each export. `impls`: (trait, head, path) of trait impls. `inherent`: (head, path of
    the impl, methods, associated constants). `members`: of each trait, the names of its members. `cases`: of all picks and flags.
    """

    format: int
    module: str
    file: str
    whole: bytes
    shown: bytes
    names: dict[str, tuple[str, str, str]]
    links: list[tuple[str, str]]
    sig: dict[str, bytes]
    member: dict[str, bytes]
    lay: dict[str, bytes]
    case_names: dict[str, bytes]
    val: dict[str, bytes]
    body: dict[str, bytes]
    lines: dict[str, bytes]
    impls: list[tuple[str, str, str]]
    inherent: list[tuple[str, str, dict[str, str], dict[str, str]]]
    members: dict[str, list[str]]
    cases: list[str]
    tests: list[tuple[str, str]]


class _Data(Struct, array_like=True):
    """Declarations by path in the order of the source, encoded one by one: sig, further parts, spans."""

    procs: dict[str, tuple[bytes, int]]
    adts: dict[str, tuple[bytes, bytes, list[int]]]
    traits: dict[str, tuple[bytes, int]]
    impls: dict[str, tuple[bytes, int]]
    consts: dict[str, tuple[bytes, bytes, int]]
    aliases: dict[str, tuple[bytes, int]]
    bodies: dict[str, bytes]


class _Container(Struct, array_like=True):
    table: bytes
    data: bytes
    checksum: int


_encoder = msgspec.msgpack.Encoder()
_containers = msgspec.msgpack.Decoder(_Container)
_tables = msgspec.msgpack.Decoder(_Table)
_datas = msgspec.msgpack.Decoder(_Data)

# A part of a declaration is the tuple of these fields.
_PROC = ProcDef.__struct_fields__[:-2]
_TRAIT = TraitDef.__struct_fields__[:-2]
_IMPL = ImplDef.__struct_fields__[:-2]
_ALIAS = AliasDef.__struct_fields__[:-1]
_ADT = ("path", "name", "kind", "generics", "visibility", "is_unique", "is_view", "repr_c", "derives")
_CONST = ("path", "name", "ty", "generics", "visibility", "is_static", "is_mutable", "symbol")
_proc_fields, _trait_fields, _alias_fields, _const_fields = (
    attrgetter(*_PROC),
    attrgetter(*_TRAIT),
    attrgetter(*_ALIAS),
    attrgetter(*_CONST),
)
_adt_fields = attrgetter(*_ADT[:-1])
_Fields = list[tuple[str, Ty, defs.Visibility, str | None]]
_Layout = tuple[list[tuple[str, _Fields, int, bool]], Ty | None, list[tuple[int, int]]]
_Value = tuple[ConstImage | None, int | None]


class _Part(Codec):
    """Encodes and decodes some fields of a definition as a tuple."""

    owner: Any = None
    fields: tuple[str, ...] = ()

    def decode(self, data: bytes) -> Any:
        if self.kind is None:
            hints = get_type_hints(self.owner, vars(defs))
            self.kind = tuple.__class_getitem__(tuple([hints[name] for name in self.fields]))
        return Codec.decode(self, data)


_proc = _Part(None, owner=ProcDef, fields=_PROC)
_adt = _Part(None, owner=AdtDef, fields=_ADT)
_trait = _Part(None, owner=TraitDef, fields=_TRAIT)
_impl = _Part(None, owner=ImplDef, fields=_IMPL)
_const = _Part(None, owner=ConstDef, fields=_CONST)
_alias = _Part(None, owner=AliasDef, fields=_ALIAS)
_layout = Codec(_Layout)
_value = Codec(_Value)
_body = Codec(thir.Body)


# --- encoding -----------------------------------------------------------------------------------------------------


def encode_interface(interface: Interface, line_starts: list[int] | None = None) -> bytes:
    """`line_starts`: offsets of the lines of the unit's source, which `lines` fingerprints are made with (without it, of offsets)."""
    table = _Table(
        FORMAT, interface.module, interface.file, b"", b"", {}, list(interface.links), {}, {}, {}, {}, {}, {}, {}, [], [], {}, [], []
    )  # fmt: skip
    data = _Data({}, {}, {}, {}, {}, {}, {})
    sig = table.sig
    traits = interface.traits

    def note(path: str, mark: bytes, encoded: bytes) -> bytes:
        # Two declarations have one path only in a module with errors.
        before = sig.get(path)
        sig[path] = fingerprint(mark + encoded if before is None else before + mark + encoded)
        return encoded

    for path, proc in interface.procs.items():
        encoded = _proc.encode(_proc_fields(proc))
        # That its parent is a trait is part of what a procedure is (`Definitions.is_of_trait`).
        data.procs[path] = note(path, b"method" if proc.parent in traits else b"proc", encoded), proc.name_span
        if proc.test is not None:
            table.tests.append((proc.test, path))
    for path, adt in interface.adts.items():
        encoded = _adt.encode((*_adt_fields(adt), sorted(adt.derives)))
        layout = _layout.encode(([_variant(variant) for variant in adt.variants], adt.repr, adt.bit_ranges))
        table.lay[path] = fingerprint(layout)
        if adt.kind in CASED:
            names = [v.name for v in adt.variants]
            table.cases += names
            table.case_names[path] = fingerprint("\n".join(names).encode())
        spans: list[int] = [adt.name_span, *[span for v in adt.variants for span in (v.name_span, *[f.name_span for f in v.fields])]]
        data.adts[path] = note(path, b"adt", encoded), layout, spans
    for path, trait in traits.items():
        plain = TraitDef(
            path, trait.name, trait.generics, _sorted(trait.methods), sorted(trait.assoc_types), _sorted(trait.assoc_consts), trait.supers,
            trait.visibility,
        )  # fmt: skip
        data.traits[path] = note(path, b"trait", _trait.encode(_trait_fields(plain))), trait.name_span
        table.members[path] = members_of_trait(plain)
    for impl in interface.impls:
        path, key = impl.path, head(impl.self_ty)
        table.member[path] = fingerprint(_impl.encode([path, impl.generics, impl.self_ty, impl.trait]))
        members = [_sorted(impl.methods), _sorted(impl.assoc_types), _sorted(impl.assoc_consts)]
        data.impls[path] = note(path, b"impl", _impl.encode([path, impl.generics, impl.self_ty, impl.trait, *members])), impl.span
        if impl.trait is None:
            table.inherent.append((key, path, _sorted(impl.methods), _sorted(impl.assoc_consts)))
        else:
            table.impls.append((impl.trait.trait, key, path))
    for path, const in interface.consts.items():
        encoded = note(path, b"const", _const.encode(_const_fields(const)))
        # A value that types may depend on says all; whether its image was made, too, depends on how far the unit was compiled.
        value = _value.encode((None if is_plain(const) else const.value, const.int_value))
        table.val[path] = fingerprint(value)
        data.consts[path] = encoded, value, const.name_span
    for path, alias in interface.aliases.items():
        data.aliases[path] = note(path, b"alias", _alias.encode(_alias_fields(alias))), alias.name_span
    for path, body in interface.bodies.items():
        owner: ProcDef | ConstDef | None = interface.procs.get(path) or interface.consts.get(path)
        data.bodies[path] = _body.encode(body)
        _fingerprint_body(table, path, body, owner.name_span if owner is not None else Span(0), line_starts)
    table.cases = sorted(set(table.cases))
    for name, export in interface.names.items():
        table.names[name] = export.kind, export.path, export.visibility
    table.shown = fingerprint(_encoder.encode(sorted(table.names.items())))
    parts = (sig, table.lay, table.val, table.body)
    table.whole = fingerprint(_encoder.encode([table.module, table.shown, table.tests, *[sorted(part.items()) for part in parts]]))
    encoded_table, encoded_data = _encoder.encode(table), _encoder.encode(data)
    return _encoder.encode(_Container(encoded_table, encoded_data, crc32(encoded_data, crc32(encoded_table))))


def _variant(variant: VariantDef) -> tuple[str, _Fields, int, bool]:
    fields = [(field.name, field.ty, field.visibility, field.default) for field in variant.fields]
    return variant.name, fields, variant.discriminant, variant.has_names


def is_plain(const: ConstDef) -> bool:
    """Whether the value of a constant is an integer, bool or rune that is known by itself: no image of it is needed anywhere."""
    return const.int_value is not None and not const.is_static and (type(const.ty) is t.IntTy or const.ty is t.BOOL or const.ty is t.RUNE)


def _sorted(names: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(names.items())) if len(names) > 1 else names


def _fingerprint_body(table: _Table, path: str, body: thir.Body, name_span: Span, line_starts: list[int] | None) -> None:
    """Encodes the body with ordinals in place of spans (put back afterwards), and without the name of its file."""
    nodes = _spanned(body)
    spans = [node.span for node in nodes]
    distinct = sorted(set(spans))
    ordinals = {span: i for i, span in enumerate(distinct)}
    file = body.file
    try:
        body.file = ""
        for node, span in zip(nodes, spans, strict=True):
            node.span = ordinals[span]
        table.body[path] = fingerprint(_body.encode(body))
    finally:
        body.file = file
        for node, span in zip(nodes, spans, strict=True):
            node.span = span
    places: list[object] = [file]
    for span in (name_span, *distinct):
        for offset in (span_start(span), span_end(span)):
            if line_starts:
                line = bisect_right(line_starts, offset)
                places.append((line, offset - line_starts[line - 1]))
            else:
                places.append(offset)
    table.lines[path] = fingerprint(_encoder.encode(places))


_NODES: dict[str, Any] = {name: c for name, c in vars(thir).items() if isinstance(c, type) and issubclass(c, Struct)}


def _inner_fields(kind: Any) -> tuple[str, ...]:
    """The fields of a node that hold nodes, by the words of their annotations."""
    inner = {"Expr", "Stmt", "Pat", *_NODES}
    hints: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        hints.update(vars(base).get("__annotations__", {}))
    return tuple([name for name in kind.__struct_fields__ if inner.intersection(re.findall(r"\w+", hints[name]))])


_INNER: dict[type, tuple[str, ...]] = {kind: _inner_fields(kind) for kind in _NODES.values()}
_SPANNED: frozenset[type] = frozenset([kind for kind in _NODES.values() if "span" in kind.__struct_fields__])


def _spanned(body: thir.Body) -> list[Any]:
    """Every node of a body that has a span."""
    found: list[Any] = []
    todo: list[Any] = [body]
    while todo:
        node = todo.pop()
        cls = type(node)
        inner = _INNER.get(cls)
        if inner is not None:
            if cls in _SPANNED:
                found.append(node)
            for name in inner:
                value = getattr(node, name)
                if value:
                    todo.append(value)
        elif cls is list or cls is tuple:
            todo += node
    return found


# --- decoding -----------------------------------------------------------------------------------------------------


kept: dict[tuple[int, int], tuple[bytes, Parts]] | None = None
"""Opened interfaces, by checksum and size, that a server has ready for the processes it forks; None in other processes."""


def open_interface(data: bytes) -> Parts:
    """Reads the table alone. Raises ValueError on anything that `encode_interface` did not write."""
    try:
        container = _containers.decode(data)
        if kept is not None:
            known = kept.get((container.checksum, len(data)))
            if known is not None and known[0] == data:
                return known[1]
        if crc32(container.data, crc32(container.table)) != container.checksum:
            raise ValueError("the checksum of an interface does not fit")
        table = _tables.decode(container.table)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    if table.format != FORMAT:
        raise ValueError("an interface of another format")
    parts = Parts(table, container.data)
    if kept is not None:
        kept[container.checksum, len(data)] = data, parts
    return parts


def _made(kind: Any, *fields: Any) -> Any:
    return kind(*fields)


class Parts:
    """An encoded interface. What is decoded is kept, so all units of a process share one object per declaration; those which change
    while they are compiled (`adt`, `const`) hand out new ones."""

    __slots__ = ("_data", "_encoded", "_kept", "module", "table")

    def __init__(self, table: _Table, encoded: bytes) -> None:
        self.table = table
        self.module = table.module
        self._encoded = encoded
        self._data: _Data | None = None
        self._kept: dict[tuple[str, str], Any] = {}

    @property
    def file(self) -> str:
        """Display path of the source."""
        return self.table.file

    @property
    def links(self) -> list[tuple[str, str]]:
        return self.table.links

    @property
    def whole(self) -> str:
        """Fingerprint of everything that has one, `lines` left out."""
        return self.table.whole.hex()

    def fingerprint(self, kind: str, subject: str) -> str | None:
        """Of a part of a declaration (`sig`, `lay`, `cases`, `val`, `body`, `lines`, by path), of an export (`name`, by name) or of all
        exports (`names`, any subject). 32 hexadecimal digits; None when there is no such thing."""
        table = self.table
        if kind == "name":
            export = table.names.get(subject)
            return fingerprint("\n".join(export).encode()).hex() if export is not None else None
        if kind == "names":
            return table.shown.hex()
        found: bytes | None = getattr(table, _TABLES[kind]).get(subject)
        return found.hex() if found is not None else None

    def data(self) -> _Data:
        if self._data is None:
            self._data = _datas.decode(self._encoded)
            self._encoded = b""
        return self._data

    def export(self, name: str) -> Export | None:
        found = self.table.names.get(name)
        return Export(*found) if found is not None else None  # type: ignore[arg-type]

    def names(self) -> dict[str, Export]:
        """All exports, sorted by name."""
        return {name: Export(*found) for name, found in sorted(self.table.names.items())}  # type: ignore[arg-type]

    def proc(self, path: str) -> ProcDef | None:
        found = self._kept.get(("proc", path))
        if found is None:
            stored = self.data().procs.get(path)
            if stored is not None:
                found = self._kept["proc", path] = _made(ProcDef, *_proc.decode(stored[0]), self.file, Span(stored[1]))
        return found

    def adt(self, path: str) -> tuple[Any, ...] | None:
        """The fields of an `AdtDef` that are its `sig`."""
        found = self._kept.get(("adt", path))
        if found is None:
            stored = self.data().adts.get(path)
            if stored is not None:
                found = self._kept["adt", path] = _adt.decode(stored[0])
        return found

    def adt_span(self, path: str) -> Span:
        return Span(self.data().adts[path][2][0])

    def layout(self, path: str) -> tuple[list[VariantDef], Ty | None, list[tuple[int, int]]]:
        """Variants, representation and bit ranges of a type that there is."""
        found = self._kept.get(("lay", path))
        if found is None:
            stored = self.data().adts[path]
            variants, representation, ranges = _layout.decode(stored[1])
            spans = iter(stored[2][1:])
            made = []
            for name, fields, discriminant, has_names in variants:
                span = next(spans)
                made.append(VariantDef(name, [_made(FieldDef, *f, Span(next(spans))) for f in fields], discriminant, has_names, Span(span)))
            found = self._kept["lay", path] = made, representation, ranges
        return found

    def trait(self, path: str) -> TraitDef | None:
        found = self._kept.get(("trait", path))
        if found is None:
            stored = self.data().traits.get(path)
            if stored is not None:
                found = self._kept["trait", path] = _made(TraitDef, *_trait.decode(stored[0]), self.file, Span(stored[1]))
        return found

    def impl(self, path: str) -> ImplDef | None:
        found = self._kept.get(("impl", path))
        if found is None:
            stored = self.data().impls.get(path)
            if stored is not None:
                found = self._kept["impl", path] = _made(ImplDef, *_impl.decode(stored[0]), self.file, Span(stored[1]))
        return found

    def const(self, path: str) -> tuple[tuple[Any, ...], Span] | None:
        """The fields of a `ConstDef` that are its `sig`, and where its name stands."""
        found = self._kept.get(("const", path))
        if found is None:
            stored = self.data().consts.get(path)
            if stored is not None:
                found = self._kept["const", path] = _const.decode(stored[0]), Span(stored[2])
        return found

    def value(self, path: str) -> tuple[ConstImage | None, int | None]:
        """Image and integer value of a constant that there is."""
        found = self._kept.get(("val", path))
        if found is None:
            found = self._kept["val", path] = _value.decode(self.data().consts[path][1])
        return found  # type: ignore[no-any-return]

    def inherent_members(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        """Methods and associated constants of an inherent impl that there is: name -> path."""
        found = self._kept.get(("inherent", ""))
        if found is None:
            found = self._kept["inherent", ""] = {impl: (methods, consts) for _, impl, methods, consts in self.table.inherent}
        return found[path]  # type: ignore[no-any-return]

    def alias(self, path: str) -> AliasDef | None:
        found = self._kept.get(("alias", path))
        if found is None:
            stored = self.data().aliases.get(path)
            if stored is not None:
                found = self._kept["alias", path] = _made(AliasDef, *_alias.decode(stored[0]), Span(stored[1]))
        return found

    def body(self, path: str) -> thir.Body | None:
        found = self._kept.get(("body", path))
        if found is None:
            stored = self.data().bodies.get(path)
            if stored is not None:
                found = self._kept["body", path] = _body.decode(stored)
        return found

    def whole_adt(self, path: str) -> AdtDef:
        """A type that there is, with its fields."""
        sig = self.adt(path)
        assert sig is not None
        variants, representation, ranges = self.layout(path)
        known = dict(zip(_ADT, sig, strict=True))
        return AdtDef(**known, variants=variants, repr=representation, bit_ranges=ranges, file=self.file, name_span=self.adt_span(path))

    def whole_const(self, path: str) -> ConstDef:
        """A constant that there is, with its value."""
        found = self.const(path)
        assert found is not None
        return _made(ConstDef, *found[0], *self.value(path), self.file, found[1])  # type: ignore[no-any-return]

    def decode(self) -> Interface:
        """Everything, in the order of the source."""
        data = self.data()
        return Interface(
            self.module,
            self.file,
            {name: Export(*found) for name, found in self.table.names.items()},  # type: ignore[arg-type]
            {path: self.proc(path) for path in data.procs},  # type: ignore[misc]
            {path: self.whole_adt(path) for path in data.adts},
            {path: self.trait(path) for path in data.traits},  # type: ignore[misc]
            [self.impl(path) for path in data.impls],  # type: ignore[misc]
            {path: self.whole_const(path) for path in data.consts},
            {path: self.alias(path) for path in data.aliases},  # type: ignore[misc]
            {path: self.body(path) for path in data.bodies},  # type: ignore[misc]
            list(self.links),
        )


_TABLES = {"sig": "sig", "lay": "lay", "cases": "case_names", "val": "val", "body": "body", "lines": "lines", "member": "member"}
