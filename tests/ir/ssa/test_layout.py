"""How types lie in memory."""

import pytest

from vitte.driver.target import TARGETS, X86_64_LINUX_GNU
from vitte.ir import lang
from vitte.ir.defs import AdtDef, AdtKind, Definitions, FieldDef, Generics, Interface, VariantDef
from vitte.ir.layout import Layouts, PickLayout, is_fat
from vitte.ir.types import BOOL, I64, STRING, U8, UNIT, Ty, adt_ty, parse_ty


def adt(path: str, kind: AdtKind, cases: list[list[str]], names: int = 0, values: list[int] | None = None, **rest: object) -> AdtDef:
    variants = [
        VariantDef(f"c{i}", [FieldDef(str(j), parse_ty(ty)) for j, ty in enumerate(tys)], values[i] if values else i)
        for i, tys in enumerate(cases)
    ]
    return AdtDef(path, path, kind, Generics([f"T{i}" for i in range(names)], [False] * names), variants, **rest)  # type: ignore[arg-type]


@pytest.fixture
def layouts() -> Layouts:
    defs = Definitions()
    unit = Interface("m")
    for d in (
        adt(lang.OPTION, "pick", [[], ["$0:T"]], 1),
        adt(lang.BOX, "form", [["*mut $0:T"]], 1),
        adt(lang.LIST, "form", [["*mut $0:T", "i64", "i64"]], 1),
        adt("m::Mixed", "form", [["u8", "i64", "u8", "i32"]]),
        adt("m::C", "form", [["u8", "i64", "u8"]], repr_c=True),
        adt("m::Color", "pick", [[], [], []], values=[1, 2, 300]),
        adt("m::Sign", "pick", [[], []], values=[-1, 1]),
        adt("m::Wide", "pick", [[], []], repr=I64),
        adt("m::Shape", "pick", [["f64", "u8"], ["u8", "u8"], []]),
        adt("m::U", "union", [["u8", "i64", "[u8; 9]"]]),
        adt("m::Flags", "flags", [[], []], repr=U8),
        adt("m::Node", "form", [["i64", f"{lang.OPTION}[{lang.BOX}[m::Node]]"]]),
    ):
        unit.adts[d.path] = d
    defs.add(unit)
    return Layouts(defs, X86_64_LINUX_GNU)


@pytest.mark.parametrize(("text", "size", "align"), [
    ("u8", 1, 1), ("bool", 1, 1), ("rune", 4, 4), ("i128", 16, 16), ("usize", 8, 8), ("f32", 4, 4), ("()", 0, 1), ("never", 0, 1),
    ("string", 24, 8), ("bytes", 24, 8), ("&i64", 8, 8), ("&[i64]", 16, 8), ("*mut [u8]", 16, 8), ("proc(i64) -> ()", 8, 8),
    ("(u8, i64, u8)", 16, 8), ("[(u8, u16); 3]", 12, 2), ("[i64; 0]", 0, 8),
    ("m::Mixed", 16, 8), ("m::C", 24, 8), ("m::Color", 2, 2), ("m::Sign", 1, 1), ("m::Wide", 8, 8), ("m::Shape", 16, 8), ("m::U", 16, 8),
    ("m::Flags", 1, 1), ("m::Node", 16, 8),
    (f"{lang.OPTION}[u8]", 2, 1), (f"{lang.OPTION}[&u8]", 8, 8), (f"{lang.OPTION}[&[u8]]", 16, 8), (f"{lang.OPTION}[string]", 32, 8),
    (f"{lang.OPTION}[{lang.BOX}[i64]]", 8, 8), (f"{lang.OPTION}[*u8]", 16, 8), (f"{lang.OPTION}[{lang.OPTION}[&u8]]", 16, 8),
    (f"{lang.LIST}[string]", 24, 8),
])
def test_sizes(layouts: Layouts, text: str, size: int, align: int) -> None:
    assert layouts.size_align(parse_ty(text)) == (size, align)


def test_offsets(layouts: Layouts) -> None:
    assert layouts.fields(parse_ty("m::Mixed")) == (12, 0, 13, 8)
    assert layouts.fields(parse_ty("m::C")) == (0, 8, 16)
    assert layouts.fields(parse_ty("(u8, i64, u8)")) == (8, 0, 9)
    assert layouts.fields(parse_ty("m::U")) == (0, 0, 0)
    assert layouts.fields(parse_ty(f"{lang.LIST}[u8]")) == (0, 8, 16)


def test_picks(layouts: Layouts) -> None:
    assert layouts.pick(parse_ty("m::Shape")) == PickLayout(16, 8, "i8", False, -1, (0, 1, 2), ((8, 1), (1, 2), ()), False)
    assert layouts.pick(parse_ty("m::Sign")) == PickLayout(1, 1, "i8", True, -1, (255, 1), ((), ()), True)
    assert layouts.pick(parse_ty("m::Color")).tag == "i16"
    option = layouts.pick(adt_ty(lang.OPTION, (parse_ty("&i64"),)))
    assert (option.tag, option.niche, option.cases) == ("", 0, ((), (0,)))


@pytest.mark.parametrize(("ty", "scalar"), [
    (BOOL, "i1"), (I64, "i64"), (UNIT, ""), (STRING, ""), (parse_ty("rune"), "i32"), (parse_ty("&i64"), "ptr"), (parse_ty("&[i64]"), ""),
    (parse_ty("m::Color"), "i16"), (parse_ty("m::Flags"), "i8"), (parse_ty("m::Shape"), ""), (parse_ty("m::Node"), ""),
])
def test_scalars(layouts: Layouts, ty: Ty, scalar: str) -> None:
    assert layouts.scalar(ty) == scalar
    assert is_fat(ty) == (ty is parse_ty("&[i64]"))


def test_pointers_follow_the_target(layouts: Layouts) -> None:
    narrow = Layouts(layouts.defs, TARGETS["wasm32-unknown"])
    assert narrow.size_align(parse_ty("&i64")) == (4, 4) and narrow.scalar(parse_ty("usize")) == "i32"
