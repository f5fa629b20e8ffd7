"""LLD's complaints as diagnostics."""

from __future__ import annotations

import pytest

from vitte.driver.error import DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan
from vitte.driver_impl.link.errors import diagnose

PLAN = Plan(program=("ld.lld",), arguments=(), output="app.1.tmp", final="app", flavour=LldFlavor.ELF)


def test_undefined_symbol_with_source_place() -> None:
    (found,) = diagnose(
        "ld.lld: error: undefined symbol: missing\n"
        ">>> referenced by fact.vit:7 (/src/fact.vit:7)\n>>>               /cache/ab/1.o:(demo/fact::main)\n\n", PLAN)  # fmt: skip
    assert found.code.id == "V0620"
    assert found.message == "`missing` is used but defined nowhere"
    assert found.notes == ("referred to by `demo/fact::main` (/src/fact.vit:7)",)


def test_undefined_main() -> None:
    (found,) = diagnose("/x/zig: error: undefined symbol: main\n>>> referenced by start.o:(_start)\n", PLAN) or diagnose(
        "ld.lld: error: undefined symbol: main\n>>> referenced by <inline asm>\n", PLAN)  # fmt: skip
    assert found.helps[0].message == "the program needs a procedure `main`"


def test_duplicate_symbol() -> None:
    text = "ld.lld: error: duplicate symbol: twice\n>>> defined at a.vit\n>>>            a.o:(twice)\n>>> defined at b.vit\n"
    (found,) = diagnose(text, PLAN)
    assert found.code.id == "V0621"
    assert "`twice` is defined more than once" in found.message


def test_missing_library() -> None:
    (found,) = diagnose("ld.lld: error: unable to find library -lthing\n", PLAN)
    assert found.code.id == "V0622"


def test_unwritable_output_is_said_with_the_final_name() -> None:
    with pytest.raises(DriverError) as caught:
        diagnose("ld.lld: error: cannot open output file app.1.tmp: Is a directory\n", PLAN)
    assert (caught.value.message, caught.value.status) == ("cannot write `app`: is a directory", 3)


def test_anything_else_is_said_as_it_is() -> None:
    (found,) = diagnose("ld.lld: error: something about app.1.tmp\n", PLAN)
    assert (found.code.id, found.message) == ("V0623", "something about app")


def test_mold_is_understood() -> None:
    text = "mold: error: undefined symbol: nowhere\n>>> referenced by a.o:(main)\n\nmold: error: duplicate symbol: a.o: b.o: twice\n"
    assert [d.code.id for d in diagnose(text, PLAN)] == ["V0620", "V0621"]


def test_what_a_missing_library_may_define_is_not_reported_too() -> None:
    text = "mold: error: undefined symbol: nowhere\n>>> referenced by a.o:(main)\n\nmold: fatal: library not found: thing\n"
    assert [d.code.id for d in diagnose(text, PLAN)] == ["V0622"]


def test_repetitions_are_said_once() -> None:
    assert len(diagnose("ld.lld: error: undefined symbol: x\n\nld.lld: error: undefined symbol: x\n", PLAN)) == 1
