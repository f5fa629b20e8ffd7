"""Definitions: what names mean once signatures are resolved, and the interface of a unit.

A definition is named by its *path*, a str: `demo/shapes::Point`, `demo/shapes::Point.norm` (a procedure of a form, pick,
trait or inherent impl), `demo/shapes::impl(Show for Point).show` (a method of a trait impl, see `ir.paths`),
`demo/shapes::area.default#1` (the default of parameter 1, an anonymous constant), `demo/shapes::test#0`.
Paths are the same in every process, so interfaces need no renumbering. Types inside are serialised by their text.

An interface is what other units may know of one: it never depends on the bodies of plain procedures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from vitte.base.source import NO_SPAN, Span
from vitte.ir.types import AdtTy, ArrayTy, InferTy, Mode, ParamTy, ProcTy, ProjTy, PtrTy, RefTy, SliceTy, TupleTy, Ty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitte.ir import thir

DefKind = Literal["proc", "adt", "case", "trait", "const", "static", "alias", "module"]
Visibility = Literal["public", "package", "private"]
AdtKind = Literal["form", "pick", "flags", "bits", "union"]


class TraitRef(Struct, frozen=True):
    """`args[0]` is the self type."""

    trait: str
    args: tuple[Ty, ...]


class AssocBound(Struct, frozen=True):
    """`T: Iterator` with `Item == ty` known (`T: Iterator[Item = int]`)."""

    trait: TraitRef
    name: str
    ty: Ty


class Generics(Struct):
    """`names[i]` is the name of `ParamTy(i)`; the first `parent_count` belong to the enclosing impl, form, pick or trait.

    `consts[i]` is true for `const N: int`. `bounds` hold inside the body and are checked at every use.
    """

    names: list[str] = []
    consts: list[bool] = []
    parent_count: int = 0
    bounds: list[TraitRef] = []
    equalities: list[AssocBound] = []


class ParamDef(Struct):
    """`default`: path of the anonymous constant that holds the default value, or None."""

    name: str
    mode: Mode
    ty: Ty
    default: str | None = None


class ProcDef(Struct):
    """A procedure. `params` include `self` (named `self`, first) for methods.

    - `parent`: path of the impl, trait, form or pick it stands in, or "".
    - `intrinsic`: the name in `lang.INTRINSICS` when the compiler provides the body.
    - `abi`: "" (Vitte's own) or "C"; `symbol`: the linker name when fixed (`extern`, `#[export_name]`).
    - `links`: the libraries that have it, as name and kind (one of `driver.options.LINK_KINDS`; "" where none is said).
    - `has_body`: false for foreign declarations, intrinsics and required trait methods.
    - `test`: for a `test` block, its title; such procs take nothing and give unit.
    """

    path: str
    name: str
    generics: Generics
    params: list[ParamDef]
    result: Ty
    visibility: Visibility = "private"
    parent: str = ""
    has_self: bool = False
    is_const: bool = False
    is_unsafe: bool = False
    inline: Literal["auto", "inline", "noinline"] = "auto"
    abi: str = ""
    symbol: str = ""
    variadic: bool = False
    links: list[tuple[str, str]] = []
    intrinsic: str = ""
    has_body: bool = True
    test: str | None = None
    file: str = ""
    name_span: Span = NO_SPAN

    @property
    def is_generic(self) -> bool:
        return bool(self.generics.names)


class FieldDef(Struct):
    """A field of a form, union or case. Fields of a case without names are named "0", "1" ..."""

    name: str
    ty: Ty
    visibility: Visibility = "public"
    default: str | None = None
    name_span: Span = NO_SPAN


class VariantDef(Struct):
    """A case of a pick, a member of flags (`discriminant` is its bit value, no fields), or the one body of a form or union."""

    name: str
    fields: list[FieldDef] = []
    discriminant: int = 0
    has_names: bool = False
    name_span: Span = NO_SPAN


class AdtDef(Struct):
    """A nominal type. A form has exactly one variant, named like the form.

    - `repr`: integer type of discriminants, flags or bits when written; None leaves it to the layout.
    - `bit_ranges` of `bits`: (first bit, end bit) per field of the one variant.
    - `is_unique`, `is_view`, `repr_c`: from the attributes. `derives`: names asked for by `#[derive]`.
    """

    path: str
    name: str
    kind: AdtKind
    generics: Generics
    variants: list[VariantDef]
    visibility: Visibility = "private"
    repr: Ty | None = None
    bit_ranges: list[tuple[int, int]] = []
    is_unique: bool = False
    is_view: bool = False
    repr_c: bool = False
    derives: list[str] = []
    file: str = ""
    name_span: Span = NO_SPAN


class TraitDef(Struct):
    """`methods`: name -> path of the `ProcDef` (with a body when it has a default). `supers` speak of Self = ParamTy(0)."""

    path: str
    name: str
    generics: Generics
    methods: dict[str, str]
    assoc_types: list[str] = []
    assoc_consts: dict[str, str] = {}
    supers: list[TraitRef] = []
    visibility: Visibility = "private"
    file: str = ""
    name_span: Span = NO_SPAN


class ImplDef(Struct):
    """A trait impl (`trait` set) or an inherent impl. `methods`: name -> path; a default method not overridden is absent.

    Forms and picks with procs in their bodies yield one inherent ImplDef, too.
    """

    path: str
    generics: Generics
    self_ty: Ty
    trait: TraitRef | None = None
    methods: dict[str, str] = {}
    assoc_types: dict[str, Ty] = {}
    assoc_consts: dict[str, str] = {}
    file: str = ""
    span: Span = NO_SPAN


class ConstImage(Struct, frozen=True):
    """An evaluated constant as it lies in memory: little-endian bytes, and the pointers in them.

    Each relocation is (offset, symbol, addend): the address of that symbol is to be stored there. Text inside
    constants refers to `data` symbols, which are content-addressed.
    """

    data: bytes
    relocations: tuple[tuple[int, str, int], ...] = ()
    globals: tuple[tuple[str, bytes], ...] = ()


class ConstDef(Struct):
    """A `const`, `static` (`is_static`), associated constant or default value. `value` is set once evaluated.

    `symbol`: of a static that is defined elsewhere, its name to the linker. `int_value`: the value again when it is an integer, bool, rune
    or fieldless case: what types may depend on.
    """

    path: str
    name: str
    ty: Ty
    generics: Generics
    visibility: Visibility = "private"
    is_static: bool = False
    is_mutable: bool = False
    symbol: str = ""
    value: ConstImage | None = None
    int_value: int | None = None
    file: str = ""
    name_span: Span = NO_SPAN


class AliasDef(Struct):
    path: str
    name: str
    generics: Generics
    ty: Ty
    visibility: Visibility = "private"
    name_span: Span = NO_SPAN


class Export(Struct, frozen=True):
    """A name that a module shows: what kind of definition, and its path (elsewhere when re-exported)."""

    kind: DefKind
    path: str
    visibility: Visibility = "public"


class Interface(Struct):
    """All that users of a unit may know. Maps are by path, in declaration order.

    - `names`: every top-level name with its visibility; cases of picks are found through their pick.
    - `bodies`: the typed bodies that cross units: generic, `inline` and default trait procs.
    - `links`: all libraries that its procedures name, as in `ProcDef`, in the order of the source.
    """

    module: str
    file: str = ""
    names: dict[str, Export] = {}
    procs: dict[str, ProcDef] = {}
    adts: dict[str, AdtDef] = {}
    traits: dict[str, TraitDef] = {}
    impls: list[ImplDef] = []
    consts: dict[str, ConstDef] = {}
    aliases: dict[str, AliasDef] = {}
    bodies: dict[str, thir.Body] = field(default_factory=dict)
    links: list[tuple[str, str]] = []


class ModuleView:
    """What a module shows, for a unit whose questions are recorded: `names` as in `Interface`, asked name by name or as a whole."""

    __slots__ = ("module", "names")

    def __init__(self, module: str, names: dict[str, Export]) -> None:
        self.module = module
        self.names = names


class ResolvedImport(Struct):
    """One `use` after lookup. `interface` is None when the module is missing or broken, which has been reported.

    `span` is that of the `use` item in the source; the implicit prelude has NO_SPAN and `is_prelude`.
    `is_foreign`: the module is of another package, so that `pub(package)` names are out of reach.
    """

    module: str
    interface: Interface | ModuleView | None
    span: Span = NO_SPAN
    is_prelude: bool = False
    is_foreign: bool = False


CASED = ("pick", "flags")
"""Kinds of types whose variants have names of their own."""

ANY_HEAD = "?"
"""As the head of a question about impls: those for every type."""


class Definitions:
    """Every definition in reach of a unit, by path, and questions about them.

    `add` takes in an interface. A question is asked by name (`impls_of`, `traits_with`, ...), never by going through a map: then
    what a unit asked says what it depends on, and a subclass can find the answers as they are needed. Answers come sorted by
    path, so that they depend neither on the order of declarations nor on units that have nothing to do with them.
    """

    __slots__ = ("interfaces", "procs", "adts", "traits", "consts", "aliases", "bodies", "_trait_impls", "_inherent_impls", "impls", "memo")

    def __init__(self) -> None:
        self.interfaces: dict[str, Interface | ModuleView] = {}
        self.procs: dict[str, ProcDef] = {}
        self.adts: dict[str, AdtDef] = {}
        self.traits: dict[str, TraitDef] = {}
        self.consts: dict[str, ConstDef] = {}
        self.aliases: dict[str, AliasDef] = {}
        self.bodies: dict[str, thir.Body] = {}
        self.impls: dict[str, ImplDef] = {}
        self._trait_impls: dict[str, dict[str, list[ImplDef]]] = {}
        """Trait path -> head of self type -> impls; blanket impls (self type a parameter) are under head `*`."""
        self._inherent_impls: dict[str, list[ImplDef]] = {}
        self.memo: dict[object, object] = {}
        """Answers of pure questions about definitions (`ownership`, `impls`, `layout`), keyed by (question, ...). Cleared by `add`."""

    def add(self, interface: Interface) -> None:
        """Take in all definitions of an interface; a second time is harmless."""
        if self.interfaces.get(interface.module) is interface:
            return
        self.interfaces[interface.module] = interface
        self.memo.clear()
        self.procs.update(interface.procs)
        self.adts.update(interface.adts)
        self.traits.update(interface.traits)
        self.consts.update(interface.consts)
        self.aliases.update(interface.aliases)
        self.bodies.update(interface.bodies)
        for impl in interface.impls:
            self.add_impl(impl)

    def add_impl(self, impl: ImplDef) -> None:
        """Take in an impl; a second time is harmless."""
        if impl.path in self.impls:
            return
        self.impls[impl.path] = impl
        key = head(impl.self_ty)
        if impl.trait is None:
            self._inherent_impls[key] = by_path([*self._inherent_impls.get(key, ()), impl])
        else:
            by_head = self._trait_impls.setdefault(impl.trait.trait, {})
            by_head[key] = by_path([*by_head.get(key, ()), impl])

    # --- questions about impls --------------------------------------------------------------------------------------

    def impls_of(self, trait: str, key: str) -> Sequence[ImplDef]:
        """Impls of a trait for types with this `head` (`*`: the blanket ones, ANY_HEAD: all)."""
        heads = self._trait_impls.get(trait)
        if heads is None:
            return ()
        if key == ANY_HEAD:
            return by_path([impl for found in heads.values() for impl in found])
        return heads.get(key, ())

    def inherent_methods(self, key: str, name: str) -> Sequence[tuple[ImplDef, str]]:
        """Methods `name` that inherent impls give types with this `head`: the impl, of which only the head is to be looked at, and the
        path of the method."""
        return [(impl, impl.methods[name]) for impl in self._inherent_impls.get(key, ()) if name in impl.methods]

    def inherent_consts(self, key: str, name: str) -> Sequence[tuple[ImplDef, str]]:
        """As `inherent_methods`, for associated constants."""
        return [(impl, impl.assoc_consts[name]) for impl in self._inherent_impls.get(key, ()) if name in impl.assoc_consts]

    def inherent_names(self, key: str) -> list[str]:
        """Names of all methods that inherent impls give types with this `head`, for hints."""
        return sorted({name for impl in self._inherent_impls.get(key, ()) for name in impl.methods})

    def traits_of(self, key: str) -> list[TraitDef]:
        """Traits with an impl for this `head` (blanket ones not), for hints."""
        return [trait for path, trait in sorted(self.traits.items()) if self.impls_of(path, key)]

    # --- questions about traits and types ---------------------------------------------------------------------------

    def traits_with(self, name: str) -> Sequence[TraitDef]:
        """Traits in reach with a method, an associated type or an associated constant of this name."""
        known: dict[str, list[TraitDef]] | None = self.memo.get(("traits_with",))  # type: ignore[assignment]
        if known is None:
            known = {}
            for _, trait in sorted(self.traits.items()):
                for member in members_of_trait(trait):
                    known.setdefault(member, []).append(trait)
            self.memo["traits_with",] = known
        return known.get(name, ())

    def traits_for(self, key: str, name: str) -> Sequence[TraitDef]:
        """Of `traits_with(name)`, at least those that types with this `head` may implement. (Collected definitions tell no apart; who
        notes each question asks for less.)"""
        return self.traits_with(name)

    def is_of_trait(self, proc: ProcDef) -> bool:
        """Whether a procedure is declared in a trait."""
        return proc.parent in self.traits

    def cases_of(self, path: str, kinds: tuple[str, ...] = CASED) -> list[str] | None:
        """Names of the cases of a pick or the members of flags, in order; None for types of another kind."""
        adt = self.adts.get(path)
        return [variant.name for variant in adt.variants] if adt is not None and adt.kind in kinds else None

    def is_case(self, name: str) -> bool:
        """Whether a pick or flags in reach has a case of this name."""
        known: frozenset[str] | None = self.memo.get(("is_case",))  # type: ignore[assignment]
        if known is None:
            known = frozenset([v.name for adt in self.adts.values() if adt.kind in CASED for v in adt.variants])
            self.memo["is_case",] = known
        return name in known

    def exporting(self, name: str) -> list[str]:
        """Modules in reach that show `name` to everybody, for hints."""
        return sorted([path for path, shown in self.interfaces.items() if name in shown.names and shown.names[name].visibility == "public"])

    def tests(self) -> list[tuple[str, str]]:
        """Every test block in reach: its title and path."""
        return [(proc.test, proc.path) for proc in self.procs.values() if proc.test is not None]


def by_path(impls: list[ImplDef]) -> list[ImplDef]:
    impls.sort(key=lambda impl: impl.path)
    return impls


def members_of_trait(trait: TraitDef) -> list[str]:
    """Names of methods, associated types and associated constants, each once."""
    return list(dict.fromkeys((*trait.methods, *trait.assoc_types, *trait.assoc_consts)))


def head(ty: Ty) -> str:
    """The outermost constructor of a type, as a key: its path for nominal types, `*` for a parameter."""
    cls = type(ty)
    if cls is AdtTy:
        return ty.path  # type: ignore[attr-defined,no-any-return]
    if cls is RefTy:
        return "&mut" if ty.mutable else "&"  # type: ignore[attr-defined]
    if cls is PtrTy:
        return "*mut" if ty.mutable else "*const"  # type: ignore[attr-defined]
    return _HEADS.get(cls) or ty.text


_HEADS: dict[type, str] = {ParamTy: "*", ProjTy: "*", InferTy: "*", TupleTy: "()", ArrayTy: "[;]", SliceTy: "[]", ProcTy: "proc"}
