"""What a compilation asked about other units, and what the answers are now.

An *edge* is a question with the fingerprint of its answer: `sig:demo/shapes::area=<32 hex digits>`, or `-` when there is no such thing,
so what was looked for in vain is recorded, too. A unit's earlier result holds as long as all its edges have the answers
they had. `Known.answer` is the one place where answers are made, for recording and for checking alike.

    name:MODULE::NAME     kind, path and visibility of an export          names:MODULE        all exports
    sig:PATH              a declaration, without the parts below
    lay:PATH              fields, cases and representation of a type       cases:PATH          names of its cases
    val:PATH              value of a constant
    body:PATH             typed body that crosses units                    lines:PATH          where its parts stand
    impls:TRAIT HEAD      impls of a trait for types with this `head` (`*`: blanket ones, `?`: all)
    inherent:HEAD NAME    inherent impls that give such types a member of this name
    inherent:HEAD *       all inherent impls for such types
    member:NAME           traits in reach with a member of this name
    method:HEAD NAME      those of them with impls for such types, or blanket ones
    case:NAME             whether a pick or flags in reach has such a case
    tests:*               test blocks in reach                             reach:*             everything in reach (for hints of errors)
    file:DISPLAY          digest of a source, when a diagnostic shows a place in it

There are no edges to modules of the library that a unit reaches whatever other units do: their sources are part of the
compiler's identity. (One that is in reach only because another unit imports it is as any other module.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vitte.driver_impl.cache.interface import Parts, fingerprint
from vitte.ir.defs import (
    ANY_HEAD,
    CASED,
    AdtDef,
    ConstDef,
    ConstImage,
    Definitions,
    Export,
    ImplDef,
    ModuleView,
    ProcDef,
    TraitDef,
    VariantDef,
    members_of_trait,
)
from vitte.ir.lang import PRELUDE_MODULES

if TYPE_CHECKING:
    from vitte.base.diagnostics import Diagnostic
    from vitte.ir.types import Ty

EDGE_KINDS = (
    "name", "names", "sig", "lay", "cases", "val", "body", "lines",
    "impls", "inherent", "member", "method", "case", "tests", "reach", "file",
)  # fmt: skip

NOTHING = "-"

ablate: set[str] = set()
"""Kinds of edges that are not recorded: for tests, which show that each kind is needed."""


class Edge(Struct, frozen=True, order=True):
    """A question and the fingerprint of its answer: 32 hexadecimal digits, or `-` for "there is none"."""

    kind: str
    subject: str
    value: str

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.subject}={self.value}"

    @staticmethod
    def parse(text: str) -> Edge:
        """Raises ValueError on anything that is no edge."""
        kind, colon, rest = text.partition(":")
        subject, equals, value = rest.rpartition("=")
        if not colon or not equals or not subject or kind not in EDGE_KINDS:
            raise ValueError(f"not an edge: {text!r}")
        if value != NOTHING and (len(value) != 32 or value.strip("0123456789abcdef")):
            raise ValueError(f"not a fingerprint: {value!r}")
        return Edge(kind, subject, value)


class _Unit(Struct, gc=False):
    """A finished unit. `reach`: bits of the units it sees, itself included."""

    index: int
    module: str
    parts: Parts | None
    reach: int
    std: bool


class _Group(Struct):
    """What several units contribute to one answer: (unit, path). `mask`: the bits of these units."""

    mask: int = 0
    entries: list[tuple[_Unit, str]] = []

    def add(self, unit: _Unit, path: str) -> None:
        self.mask |= 1 << unit.index
        self.entries.append((unit, path))

    def within(self, reach: int) -> list[tuple[_Unit, str]]:
        """The entries in reach, sorted by path."""
        if not self.mask & reach:
            return []
        found = [entry for entry in self.entries if reach >> entry[0].index & 1]
        if len(found) > 1:
            found.sort(key=_path_of)
        return found


def _index_of(unit: _Unit) -> int:
    return unit.index


def _path_of(entry: tuple[_Unit, str]) -> str:
    return entry[1]


_EMPTY = _Group()


class Known:
    """The finished units of one build, and the answers they give. A *reach* is a set of units as an int: bit i is unit i."""

    def __init__(self) -> None:
        self.units: dict[int, _Unit] = {}
        self.broken = 0
        """Bits of the units that have errors, or see one that has."""
        self.prelude = 0
        """Bits of what every unit outside the library sees."""
        self._modules: dict[str, list[_Unit]] = {}
        self._files: dict[str, str] = {}
        self._impls: dict[str, _Group] = {}
        self._inherent: dict[str, _Group] = {}
        self._members: dict[str, _Group] = {}
        self._cases: dict[str, int] = {}
        self._answers: dict[tuple[str, str, int], str] = {}
        self._held: dict[tuple[int, str], bool] = {}
        self._whole: dict[tuple[str, str], Any] = {}

    def add(self, index: int, module: str, parts: Parts | None, reach: int, std: bool, broken: bool) -> None:
        """A unit was finished. `reach`: the bits of all it sees, itself included. `parts`: None when it has no interface."""
        unit = self.units[index] = _Unit(index, module, parts, reach | 1 << index, std)
        same = self._modules.setdefault(module, [])
        same.append(unit)
        same.sort(key=_index_of)  # several only where that has been reported as an error
        if broken:
            self.broken |= 1 << index
        if module in PRELUDE_MODULES:
            self.prelude |= unit.reach
        if parts is None:
            return
        table = parts.table
        for trait, key, path in table.impls:
            self._impls.setdefault(f"{trait} {key}", _Group(0, [])).add(unit, path)
            self._impls.setdefault(f"{trait} {ANY_HEAD}", _Group(0, [])).add(unit, path)
        for key, path, _methods, _consts in table.inherent:
            self._inherent.setdefault(key, _Group(0, [])).add(unit, path)
        for path, names in table.members.items():
            for name in names:
                self._members.setdefault(name, _Group(0, [])).add(unit, path)
        for name in table.cases:
            self._cases[name] = self._cases.get(name, 0) | 1 << index

    def file(self, display: str, digest: str) -> None:
        """A source of this build: its display path and the digest of its bytes."""
        self._files[display] = digest

    def files_in(self, text: str) -> list[str]:
        """The sources that a text names with a line."""
        return [file for file in self._files if f"{file}:" in text]

    def reach_of(self, indices: Iterable[int]) -> int:
        """Bits of finished units and of all that they see."""
        reach = 0
        for index in indices:
            reach |= self.units[index].reach
        return reach

    def module(self, name: str, reach: int) -> _Unit | None:
        """The unit in reach that is this module."""
        for unit in self._modules.get(name, ()):
            if reach >> unit.index & 1:
                return unit
        return None

    def definitions(self, module: str, reach: int, *, lines: bool) -> Recorder:
        """What the stages of a unit get. `reach`: bits of what it sees, itself not. `lines`: whether places in bodies of others matter to
        what is made."""
        return Recorder(self, module, reach, lines)

    # --- answers ----------------------------------------------------------------------------------------------------

    def holds(self, dependency: str, reach: int) -> bool:
        """Whether an edge, as text, has the answer that it had. False for what is no edge."""
        kind, _, rest = dependency.partition(":")
        subject, _, value = rest.rpartition("=")
        if kind not in EDGE_KINDS or not subject:
            return False
        if kind not in _OF_DECLARATION:
            return self.answer(kind, subject, reach) == value
        # One answer for all who see the module; whether it is in reach is asked each time.
        unit = self.module(subject.partition("::")[0], reach)
        if unit is None:
            return value == NOTHING
        known = self._held.get((unit.index, dependency))
        if known is None:
            known = self._held[unit.index, dependency] = self.answer(kind, subject, reach) == value
        return known

    def answer(self, kind: str, subject: str, reach: int) -> str:
        """The fingerprint of the answer to a question, for a unit that sees `reach` (itself not in it)."""
        if kind in _OF_DECLARATION:
            unit = self.module(subject.partition("::")[0], reach)
            parts = unit.parts if unit is not None else None
            if parts is None:
                return NOTHING
            return parts.fingerprint(kind, subject.partition("::")[2] if kind == "name" else subject) or NOTHING
        if kind == "file":
            return self._files.get(subject, NOTHING)[:32]
        mask = -1
        if kind == "impls":
            mask = self._impls.get(subject, _EMPTY).mask
        elif kind == "inherent":
            mask = self._inherent.get(subject.rpartition(" ")[0], _EMPTY).mask
        elif kind == "member":
            mask = self._members.get(subject, _EMPTY).mask
        elif kind == "method":
            mask = -1 if self._members.get(subject.rpartition(" ")[2], _EMPTY).mask & reach else 0
        elif kind == "case":
            return _digest("case") if self._cases.get(subject, 0) & reach else NOTHING
        reach &= mask
        if not reach:
            return NOTHING
        key = kind, subject, reach
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._combined(kind, subject, reach)
        return known

    def _combined(self, kind: str, subject: str, reach: int) -> str:
        """An answer that is made of what several units contribute."""
        if kind == "impls":
            return _digest(*[f"{path} {_of(unit, 'sig', path)}" for unit, path in self._impls[subject].within(reach)])
        if kind == "member":
            return _digest(*[path for _, path in self._members[subject].within(reach)])
        if kind == "method":
            key, _, name = subject.rpartition(" ")
            return _digest(*[path for _, path in self.traits_within(key, name, reach)])
        if kind == "inherent":
            key, _, name = subject.rpartition(" ")
            if name == "*":
                return _digest(*[f"{path} {_of(unit, 'sig', path)}" for unit, path in self._inherent[key].within(reach)])
            return _digest(*[
                f"{impl} {_of(unit, 'member', impl)} {method} {const}"
                for unit, impl, method, const in self.inherent_within(key, name, reach)
            ])  # fmt: skip
        units = [unit for index, unit in sorted(self.units.items()) if reach >> index & 1]
        if kind == "tests":
            return _digest(*[f"{path} {title}" for unit in units if unit.parts for title, path in unit.parts.table.tests])
        return _digest(*sorted([f"{unit.module} {unit.parts.whole if unit.parts else NOTHING}" for unit in units]))

    def impls_within(self, subject: str, reach: int) -> list[tuple[_Unit, str]]:
        return self._impls.get(subject, _EMPTY).within(reach)

    def inherent_within(self, key: str, name: str, reach: int) -> list[tuple[_Unit, str, str, str]]:
        """(unit, impl, method or "", constant or "") of inherent impls with a member of this name, sorted by path of the impl."""
        group = self._inherent.get(key)
        if group is None or not group.mask & reach:
            return []
        found = []
        for unit, path in group.within(reach):
            methods, consts = unit.parts.inherent_members(path)  # type: ignore[union-attr]
            if name in methods or name in consts:
                found.append((unit, path, methods.get(name, ""), consts.get(name, "")))
        return found

    def inherent_of(self, key: str, reach: int) -> list[tuple[_Unit, str]]:
        return self._inherent.get(key, _EMPTY).within(reach)

    def members_within(self, name: str, reach: int) -> list[tuple[_Unit, str]]:
        return self._members.get(name, _EMPTY).within(reach)

    def traits_within(self, key: str, name: str, reach: int) -> list[tuple[_Unit, str]]:
        """Traits in reach with a member of this name that types with this head may have: there is an impl for them or a blanket one, or the
        trait is of the library, since the compiler implements some of those unasked."""
        return [entry for entry in self.members_within(name, reach) if entry[0].std or self._implements(entry[1], key, reach)]

    def _implements(self, trait: str, key: str, reach: int) -> bool:
        return any(self._impls.get(f"{trait} {head}", _EMPTY).mask & reach for head in (key, "*"))

    def has_case(self, name: str, reach: int) -> bool:
        return bool(self._cases.get(name, 0) & reach)

    def library_adt(self, unit: _Unit, path: str) -> AdtDef | None:
        """A type of the library, made once per process."""
        found: AdtDef | None = self._whole.get(("adt", path))
        if found is None and unit.parts is not None and unit.parts.adt(path) is not None:
            found = self._whole["adt", path] = unit.parts.whole_adt(path)
        return found

    def library_const(self, unit: _Unit, path: str) -> ConstDef | None:
        """A constant of the library, made once per process."""
        found: ConstDef | None = self._whole.get(("const", path))
        if found is None and unit.parts is not None and unit.parts.const(path) is not None:
            found = self._whole["const", path] = unit.parts.whole_const(path)
        return found


_OF_DECLARATION = frozenset(("name", "names", "sig", "lay", "cases", "val", "body", "lines"))


def _of(unit: _Unit, kind: str, path: str) -> str:
    assert unit.parts is not None
    return unit.parts.fingerprint(kind, path) or NOTHING


def _digest(*lines: str) -> str:
    return fingerprint("\n".join(lines).encode()).hex() if lines else NOTHING


# --- recording ----------------------------------------------------------------------------------------------------


class _Map(dict[str, Any]):
    """Definitions by path, found when first asked for: a second look-up is that of a plain dict."""

    __slots__ = ("find",)

    def __init__(self, find: Callable[[str], Any]) -> None:
        self.find = find

    def __missing__(self, path: str) -> Any:
        found = self.find(path)
        if found is None:
            raise KeyError(path)
        self[path] = found
        return found

    def get(self, path: str, default: Any = None) -> Any:
        try:
            return self[path]
        except KeyError:
            return default

    def __contains__(self, path: object) -> bool:
        return dict.__contains__(self, path) or self.get(path) is not None  # type: ignore[arg-type]


class _Names(dict[str, Export]):
    """The exports of a module, recorded as they are asked for."""

    __slots__ = ("module", "note", "parts")

    def __init__(self, module: str, parts: Parts, note: Callable[[str, str], None]) -> None:
        self.module = module
        self.parts = parts
        self.note = note

    def _all(self) -> dict[str, Export]:
        self.note("names", self.module)
        return self.parts.names()

    def get(self, name: str, default: Any = None) -> Any:
        self.note("name", f"{self.module}::{name}")
        found = self.parts.export(name)
        return default if found is None else found

    def __getitem__(self, name: str) -> Export:
        found: Export | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return self.get(name) is not None  # type: ignore[arg-type]

    def __iter__(self) -> Any:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def keys(self) -> Any:
        return self._all().keys()

    def values(self) -> Any:
        return self._all().values()

    def items(self) -> Any:
        return self._all().items()


class _Adt(AdtDef):
    """A type of another unit: that its fields are read is recorded when they are."""

    recorder: Any = None
    parts: Any = None

    def _layout(self) -> tuple[list[VariantDef], Ty | None, list[tuple[int, int]]]:
        self.recorder.note("lay", self.path)
        return self.parts.layout(self.path)  # type: ignore[no-any-return]

    @property  # type: ignore[misc]
    def variants(self) -> list[VariantDef]:  # type: ignore[override]
        found: list[VariantDef] | None = _variants(self)
        if found is None:
            found = self._layout()[0]
            _keep_variants(self, found)
        return found

    @property  # type: ignore[misc]
    def repr(self) -> Ty | None:  # type: ignore[override]
        return self._layout()[1]

    @property  # type: ignore[misc]
    def bit_ranges(self) -> list[tuple[int, int]]:  # type: ignore[override]
        return self._layout()[2]


_variants: Callable[[AdtDef], Any] = AdtDef.variants.__get__  # type: ignore[attr-defined]
_keep_variants: Callable[[AdtDef, Any], None] = AdtDef.variants.__set__  # type: ignore[attr-defined]


class _Const(ConstDef):
    """A constant of another unit: that its value is read is recorded when it is."""

    recorder: Any = None
    parts: Any = None

    def _both(self) -> tuple[ConstImage | None, int | None]:
        self.recorder.note("val", self.path)
        return self.parts.value(self.path)  # type: ignore[no-any-return]

    @property  # type: ignore[misc]
    def value(self) -> ConstImage | None:  # type: ignore[override]
        return self._both()[0]

    @property  # type: ignore[misc]
    def int_value(self) -> int | None:  # type: ignore[override]
        return self._both()[1]


class Recorder(Definitions):
    """The definitions in reach of a unit while it is compiled. Every question about another unit leaves an edge."""

    __slots__ = ("_fixed", "_found_impls", "_lines", "_noted", "_own", "_own_prefix", "_reach", "known")

    def __init__(self, known: Known, module: str, reach: int, lines: bool) -> None:
        super().__init__()
        self.known = known
        self._own = module
        self._own_prefix = f"{module}::"
        self._reach = reach
        self._lines = lines
        self._fixed = reach if module.startswith("std/") else known.prelude
        """Bits of the units that this one reaches whatever other units do."""
        self._noted: dict[tuple[str, str], None] = {}
        self._found_impls: dict[tuple[str, str], list[ImplDef]] = {}
        self.interfaces = _Map(self._interface)
        self.procs = _Map(self._finder("sig", Parts.proc))
        self.adts = _Map(self._adt)
        self.traits = _Map(self._finder("sig", Parts.trait))
        self.consts = _Map(self._const)
        self.aliases = _Map(self._finder("sig", Parts.alias))
        self.bodies = _Map(self._body)
        self.impls = _Map(self._finder("sig", Parts.impl))

    # --- the record -------------------------------------------------------------------------------------------------

    def note(self, kind: str, subject: str) -> None:
        """A question was asked."""
        self._noted[kind, subject] = None

    def edges(self) -> list[Edge]:
        """The questions that were asked and the answers they had, sorted."""
        if self._own.startswith("std/"):
            return []
        answer, reach = self.known.answer, self._reach
        return [Edge(kind, subject, answer(kind, subject, reach)) for kind, subject in sorted(self._noted) if kind not in ablate]

    def replay(self, edges: Iterable[Edge]) -> None:
        """What an earlier part of this compilation asked, which is taken over, counts as asked here."""
        for edge in edges:
            self._noted[edge.kind, edge.subject] = None

    def saw(self, diagnostics: Iterable[Diagnostic], own_file: str) -> None:
        """Diagnostics were made: the places in other files that they show are looked up in these sources, and lines that they tell of
        others (`happened at hub.vit:3:5`) were counted in them."""
        for diagnostic in diagnostics:
            for note in diagnostic.notes:
                for file in self.known.files_in(note):
                    self.note("file", file)
            for label in diagnostic.labels:
                if label.where.file != own_file:
                    self.note("file", label.where.file)

    def module_view(self, module: str) -> ModuleView | None:
        """What a `use` of the unit itself finds; None when that module has no interface. What a module of the library reaches is the
        unit's own for good."""
        unit = self.known.module(module, self._reach)
        if unit is not None and unit.std:
            self._fixed |= unit.reach
        return self.interfaces.get(module)  # type: ignore[return-value]

    def _combined(self, kind: str, subject: str) -> None:
        """Note a question whose answer is made of what all units in reach contribute."""
        if self._reach & ~self._fixed:
            self._noted[kind, subject] = None

    def _unit(self, path: str, kind: str) -> _Unit | None:
        """The unit that a path of another module leads to, which is noted."""
        module = path.partition("::")[0]
        if module == self._own or not module:
            return None
        unit = self.known.module(module, self._reach)
        if unit is None or not self._fixed >> unit.index & 1:
            self._noted[kind, path] = None
        return unit if unit is not None and unit.parts is not None else None

    # --- definitions by path ----------------------------------------------------------------------------------------

    def _finder(self, kind: str, find: Callable[[Parts, str], Any]) -> Callable[[str], Any]:
        def load(path: str) -> Any:
            unit = self._unit(path, kind)
            return find(unit.parts, path) if unit is not None else None  # type: ignore[arg-type]

        return load

    def _interface(self, module: str) -> ModuleView | None:
        if module == self._own:
            return None
        unit = self.known.module(module, self._reach)
        if unit is None or unit.parts is None:
            self.note("names", module)
            return None
        if self._fixed >> unit.index & 1:
            return ModuleView(module, unit.parts.names())
        return ModuleView(module, _Names(module, unit.parts, self.note))

    def _adt(self, path: str) -> AdtDef | None:
        unit = self._unit(path, "sig")
        if unit is None or unit.parts is None:
            return None
        if self._fixed >> unit.index & 1:
            return self.known.library_adt(unit, path)
        sig = unit.parts.adt(path)
        if sig is None:
            return None
        path, name, kind, generics, visibility, unique, view, repr_c, derives = sig
        return _Adt(
            path, name, kind, generics, None, visibility, None, None, unique, view, repr_c, derives,  # type: ignore[arg-type]
            unit.parts.file, unit.parts.adt_span(path), self, unit.parts,
        )  # fmt: skip

    def _const(self, path: str) -> ConstDef | None:
        unit = self._unit(path, "sig")
        if unit is None or unit.parts is None:
            return None
        if self._fixed >> unit.index & 1:
            return self.known.library_const(unit, path)
        found = unit.parts.const(path)
        if found is None:
            return None
        sig, span = found
        fields = (*sig, None, None, unit.parts.file, span, self, unit.parts)
        return _Const(*fields)

    def _body(self, path: str) -> Any:
        unit = self._unit(path, "body")
        if unit is None or unit.parts is None:
            return None
        if self._lines and not self._fixed >> unit.index & 1:
            self.note("lines", path)
        return unit.parts.body(path)

    # --- questions about impls --------------------------------------------------------------------------------------

    def add_impl(self, impl: ImplDef) -> None:
        super().add_impl(impl)
        self._found_impls.clear()

    def impls_of(self, trait: str, key: str) -> Sequence[ImplDef]:
        found = self._found_impls.get((trait, key))
        if found is None:
            subject = f"{trait} {key}"
            # Units in reach cannot speak of this one's traits and types: imports have no cycles.
            if not trait.startswith(self._own_prefix) and not key.startswith(self._own_prefix):
                self._combined("impls", subject)
            found = [unit.parts.impl(path) for unit, path in self.known.impls_within(subject, self._reach)]  # type: ignore[union-attr, misc]
            own = super().impls_of(trait, key)
            if own:
                found = sorted([*found, *own], key=_path_of_impl)
            self._found_impls[trait, key] = found
        return found

    def inherent_methods(self, key: str, name: str) -> Sequence[tuple[ImplDef, str]]:
        return self._inherent_of(key, name, 2, super().inherent_methods(key, name))

    def inherent_consts(self, key: str, name: str) -> Sequence[tuple[ImplDef, str]]:
        return self._inherent_of(key, name, 3, super().inherent_consts(key, name))

    def _inherent_of(self, key: str, name: str, which: int, own: Sequence[tuple[ImplDef, str]]) -> Sequence[tuple[ImplDef, str]]:
        if not key.startswith(self._own_prefix):
            self._combined("inherent", f"{key} {name}")
        entries = self.known.inherent_within(key, name, self._reach)
        found = [(entry[0].parts.impl(entry[1]), entry[which]) for entry in entries if entry[which]]  # type: ignore[union-attr]
        if own:
            found = sorted([*found, *own], key=_path_of_member)  # type: ignore[arg-type]
        return found  # type: ignore[return-value]

    def inherent_names(self, key: str) -> list[str]:
        self._combined("inherent", f"{key} *")
        names = set(super().inherent_names(key))
        for unit, path in self.known.inherent_of(key, self._reach):
            names.update(unit.parts.inherent_members(path)[0])  # type: ignore[union-attr]
        return sorted(names)

    def traits_of(self, key: str) -> list[TraitDef]:
        self._combined("reach", "*")
        paths = [path for unit in self._units() for path in unit.parts.table.members]  # type: ignore[union-attr]
        paths += [path for path in self.traits if path.startswith(self._own_prefix)]
        own = super().impls_of
        found = [path for path in paths if own(path, key) or self.known.impls_within(f"{path} {key}", self._reach)]
        return self._traits_at(found)

    # --- questions about traits and types ---------------------------------------------------------------------------

    def traits_with(self, name: str) -> Sequence[TraitDef]:
        known: list[TraitDef] | None = self.memo.get(("traits_with", name))  # type: ignore[assignment]
        if known is None:
            self._combined("member", name)
            found = self._traits_at([path for _, path in self.known.members_within(name, self._reach)])
            found += [trait for path, trait in self.traits.items() if path.startswith(self._own_prefix) and name in members_of_trait(trait)]
            known = self.memo["traits_with", name] = sorted(found, key=_path_of_trait)
        return known

    def _traits_at(self, paths: Iterable[str]) -> list[TraitDef]:
        """These traits, sorted. Of two modules with one name, which is an error, only one has definitions."""
        return [trait for path in sorted(paths) if (trait := self.traits.get(path)) is not None]

    def traits_for(self, key: str, name: str) -> Sequence[TraitDef]:
        if key == "*":
            return self.traits_with(name)
        known: list[TraitDef] | None = self.memo.get(("traits_for", key, name))  # type: ignore[assignment]
        if known is None:
            self._combined("method", f"{key} {name}")
            own = super().impls_of
            # A trait that this unit implements was looked at for that: what members it has is asked there.
            paths = {path for _, path in self.known.traits_within(key, name, self._reach)}
            paths |= {path for _, path in self.known.members_within(name, self._reach) if own(path, key) or own(path, "*")}
            found = self._traits_at(paths)
            found += [trait for path, trait in self.traits.items() if path.startswith(self._own_prefix) and name in members_of_trait(trait)]
            known = self.memo["traits_for", key, name] = sorted(found, key=_path_of_trait)
        return known

    def is_of_trait(self, proc: ProcDef) -> bool:
        parent = proc.parent
        if not parent:
            return False
        module = parent.partition("::")[0]
        if module == self._own:
            return parent in self.traits
        # Part of the procedure's `sig`, which was asked for.
        unit = self.known.module(module, self._reach)
        return unit is not None and unit.parts is not None and parent in unit.parts.table.members

    def cases_of(self, path: str, kinds: tuple[str, ...] = CASED) -> list[str] | None:
        adt = self.adts.get(path)
        if type(adt) is not _Adt:
            return super().cases_of(path, kinds)
        if adt.kind not in kinds:
            return None
        self.note("cases", path)
        return [variant.name for variant in adt.parts.layout(path)[0]]

    def is_case(self, name: str) -> bool:
        self._combined("case", name)
        if self.known.has_case(name, self._reach):
            return True
        own = [adt for path, adt in self.adts.items() if path.startswith(self._own_prefix) and adt.kind in CASED]
        return any(variant.name == name for adt in own for variant in adt.variants)

    def exporting(self, name: str) -> list[str]:
        self._combined("reach", "*")
        found = []
        for unit in self._units():
            export = unit.parts.export(name)  # type: ignore[union-attr]
            if export is not None and export.visibility == "public":
                found.append(unit.module)
        return sorted(found)

    def tests(self) -> list[tuple[str, str]]:
        self._combined("tests", "*")
        own = [(p.test, path) for path, p in self.procs.items() if path.startswith(self._own_prefix) and p.test is not None]
        return [test for unit in self._units() for test in unit.parts.table.tests] + own  # type: ignore[union-attr]

    def _units(self) -> list[_Unit]:
        """The units in reach that have an interface."""
        return [unit for index, unit in sorted(self.known.units.items()) if self._reach >> index & 1 and unit.parts is not None]


def _path_of_impl(impl: ImplDef) -> str:
    return impl.path


def _path_of_member(member: tuple[ImplDef, str]) -> str:
    return member[0].path


def _path_of_trait(trait: TraitDef) -> str:
    return trait.path
