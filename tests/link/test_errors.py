"""LLD's complaints as diagnostics."""

from __future__ import annotations

from vitte.driver_impl.link.errors import diagnose
from vitte.driver_impl.link.lld import Plan

PLAN = Plan(["ld.lld"], "app.1.tmp", "app")


def test_undefined_symbol_with_source_place() -> None:
    (found,) = diagnose(
        "ld.lld: error: undefined symbol: missing\n"
        ">>> referenced by fact.vit:7 (/src/fact.vit:7)\n>>>               /cache/ab/1.o:(demo/fact::main)\n\n", PLAN)  # fmt: skip
    assert found.code.id == "V0620"
    assert found.message == "`missing` is used but defined nowhere"
    assert found.notes == ("referred to by fact.vit:7", "referred to by `demo/fact::main`")


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


def test_anything_else_is_said_as_it_is_with_the_final_name() -> None:
    (found,) = diagnose("ld.lld: error: cannot open output file app.1.tmp: Is a directory\n", PLAN)
    assert found.code.id == "V0623"
    assert found.message == "cannot open output file app: Is a directory"


def test_repetitions_are_said_once() -> None:
    assert len(diagnose("ld.lld: error: undefined symbol: x\n\nld.lld: error: undefined symbol: x\n", PLAN)) == 1
