"""Definitions that MIR texts in these tests speak of."""

from vitte.driver.context import UnitContext
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.ir import lang
from vitte.ir.defs import AdtDef, AdtKind, ConstDef, Definitions, FieldDef, Generics, Interface, ParamDef, ProcDef, VariantDef
from vitte.ir.types import I32, I64, U8, parse_ty, ptr_ty


def adt(path: str, kind: AdtKind, cases: list[list[str]], names: int = 0, values: list[int] | None = None) -> AdtDef:
    variants = [
        VariantDef(f"c{i}", [FieldDef(str(j), parse_ty(ty)) for j, ty in enumerate(tys)], values[i] if values else i)
        for i, tys in enumerate(cases)
    ]
    return AdtDef(path, path, kind, Generics([f"T{i}" for i in range(names)], [False] * names), variants)


def context(**options: object) -> UnitContext:
    """The context of unit `m`: option, list, box; forms `m::P`, `m::S` (with a string), picks `m::Shape`, `m::Color`; static `m::STATE`."""
    defs = Definitions()
    unit = Interface("m", "m.vit")
    for d in (
        adt(lang.OPTION, "pick", [[], ["$0:T"]], 1),
        adt(lang.BOX, "form", [["*mut $0:T"]], 1),
        adt(lang.LIST, "form", [["*mut $0:T", "i64", "i64"]], 1),
        adt("m::P", "form", [["i64", "i64"]]),
        adt("m::S", "form", [["i64", "string"]]),
        adt("m::Shape", "pick", [["i64", "i64"], ["string"], []]),
        adt("m::Color", "pick", [[], [], []], values=[1, 5, 200]),
    ):
        unit.adts[d.path] = d
    unit.consts["m::STATE"] = ConstDef("m::STATE", "STATE", I64, Generics(), is_static=True)
    form = ParamDef("f", "own", ptr_ty(U8))
    unit.procs["printf"] = ProcDef("printf", "printf", Generics(), [form], I32, abi="C", symbol="printf", variadic=True)
    defs.add(unit)
    return UnitContext("m", "m.vit", X86_64_LINUX_GNU, defs, **options)  # type: ignore[arg-type]
