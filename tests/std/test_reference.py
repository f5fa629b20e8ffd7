"""The reference page of the library says what the sources say."""

from __future__ import annotations

from tests.std.reference import ORDER, PAGE, STD, page


def test_page_is_up_to_date(bless: bool) -> None:
    made = page()
    if bless:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made, "run `python3 x.py bless`"


def test_every_module_is_there() -> None:
    modules = {path.stem for path in STD.glob("*.vit")}
    assert modules == {*ORDER, "arith", "decimal", "prelude", "rt"}


def test_files_are_short() -> None:
    long = [path.name for path in STD.glob("*.vit") if len(path.read_text(encoding="utf-8").splitlines()) > 800]
    assert long == []
