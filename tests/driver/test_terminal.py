"""How diagnostics look, exactly."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from vitte.base.diagnostics import Code, Diagnostic, Diagnostics, Label
from vitte.base.source import Location, SourceFile, Span, make_span
from vitte.driver.diagnostics import github, json_lines, short, terminal
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.diagnostics.width import char_width, text_width, visible

CODE = Code("V0412", "title")
TEXT = """use std/io
proc f() {
    let first = queue
    show(first)
    give queue
\tlet x = "日本語" + ab + cd
    if x {
       y
    }
}
"""


def setup(text: str = TEXT) -> tuple[Sources, Diagnostics]:
    sources = Sources()
    sources.add(SourceFile("src/main.vit", text))
    return sources, Diagnostics("src/main.vit")


def at(part: str, nth: int = 0, text: str = TEXT) -> Span:
    place = -1
    for _ in range(nth + 1):
        place = text.index(part, place + 1)
    return make_span(place, place + len(part))


def shown(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_two_labels_notes_and_helps() -> None:
    sources, d = setup()
    d.error(
        CODE,
        at("queue", 1),
        "`queue` was moved and is used again",
        "used here after the move",
        labels=((at("queue"), "moved here, into `first`"),),
        notes=("`Queue` holds a list: binding moves it",),
        helps=(d.suggest("duplicate it where it was moved", at("queue"), "queue.clone()"),),
    )
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: `queue` was moved and is used again
         --> src/main.vit:5:10
          |
        3 |     let first = queue
          |                 ----- moved here, into `first`
        4 |     show(first)
        5 |     give queue
          |          ^^^^^ used here after the move
          |
          = note: `Queue` holds a list: binding moves it
          = help: duplicate it where it was moved: `queue.clone()`
        """)


def test_labels_on_one_line_with_tabs_and_wide_characters() -> None:
    sources, d = setup()
    d.error(CODE, at("+"), "mismatch", "no `+` for these", labels=((at('"日本語"'), "a string"), (at("ab"), "an int")))
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: mismatch
         --> src/main.vit:6:16
          |
        6 |     let x = "日本語" + ab + cd
          |             -------- ^ -- an int
          |             |        |
          |             |        no `+` for these
          |             a string
        """)


def test_span_over_lines() -> None:
    sources, d = setup()
    d.error(CODE, at("if x {\n       y\n    }"), "multi", "the if", labels=((at("x {"), "condition"),))
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: multi
         --> src/main.vit:7:5
          |
        7 |       if x {
          |          --- condition
          |  _____^
        8 | |        y
        9 | |     }
          | |_____^ the if
        """)


def test_spans_over_lines_that_overlap() -> None:
    sources, d = setup()
    first = "proc f() {\n    let first = queue\n    show(first)\n    give queue"
    d.error(CODE, at(first), "two", "one", labels=((at("show(first)\n    give queue\n\tlet"), "other"),))
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: two
         --> src/main.vit:2:1
          |
        2 |    proc f() {
          |  __^
        3 | |      let first = queue
        4 | |      show(first)
          | | _____-
        5 | ||     give queue
          | |_______________^ one
        6 |  |     let x = "日本語" + ab + cd
          |  |_______- other
        """)


def test_long_line_is_cut_around_the_place() -> None:
    text = "a" * 300 + " bad " + "b" * 5_000_000
    sources, d = setup(text)
    d.error(CODE, at("bad", text=text), "long", "here")
    lines = terminal.render(d.items[0], sources).splitlines()
    assert lines[3].startswith("1 | ...aaa") and lines[3].endswith("bbb...") and len(lines[3]) < 150
    assert lines[3].index("bad") == lines[4].index("^^^ here")


def test_end_of_file_and_empty_spans() -> None:
    sources, d = setup("let x")
    d.error(CODE, make_span(5, 5), "unfinished", "expected `=`")
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: unfinished
         --> src/main.vit:1:6
          |
        1 | let x
          |      ^ expected `=`
        """)


def test_label_in_another_file() -> None:
    sources, d = setup()
    sources.add(SourceFile("std/io.vit", "pub proc read() {}\n"))
    d.error(CODE, at("show"), "wrong", "here", elsewhere=(Label(Location("std/io.vit", make_span(9, 13)), "declared here"),))
    assert terminal.render(d.items[0], sources) == shown("""
        error[V0412]: wrong
         --> src/main.vit:4:5
          |
        4 |     show(first)
          |     ^^^^ here
         ::: std/io.vit:1:10
          |
        1 | pub proc read() {}
          |          ---- declared here
        """)


def test_without_a_place() -> None:
    sources, _ = setup()
    assert terminal.render(Diagnostic(CODE, "error", "no place", (), ("a note",)), sources) == "error[V0412]: no place\n  = note: a note\n"


def test_escape_sequences_in_sources_do_not_reach_the_terminal() -> None:
    sources, d = setup("let a = \x1b[31mred\u202e")
    d.error(CODE, make_span(8, 9), "odd \x1b[0m", "here\x07")
    text = terminal.render(d.items[0], sources)
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text


def test_colours_change_no_letters() -> None:
    import re

    sources, d = setup()
    d.error(CODE, at("queue", 1), "moved", "used", labels=((at("queue"), "moved"),), notes=("note",))
    plain, colored = terminal.render(d.items[0], sources), terminal.render(d.items[0], sources, color=True)
    assert colored != plain
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize(("char", "cells"), [("a", 1), ("\t", 4), ("日", 2), ("\u0301", 0), ("é", 1), ("\u200b", 0)])
def test_width(char: str, cells: int) -> None:
    assert char_width(char) == cells == text_width(char)


def test_visible_keeps_the_width() -> None:
    for text in ("a\tb", "x\x00y", "日本\x1b", "a\u202eb"):
        assert text_width(visible(text)) == text_width(text)


def test_short() -> None:
    sources, d = setup()
    d.error(CODE, at("show"), "wrong")
    assert short.render(d.items[0], sources) == "src/main.vit:4:5: error[V0412]: wrong\n"


def test_github() -> None:
    sources, d = setup()
    d.error(CODE, at("show"), "100% wrong\nreally", notes=("why",))
    assert github.render(d.items[0], sources) == (
        "::error file=src/main.vit,line=4,endLine=4,col=5,endColumn=9,title=V0412::100%25 wrong%0Areally%0Anote: why\n"
    )


def test_json() -> None:
    sources, d = setup()
    d.error(CODE, at("ab"), "wrong", "here", helps=(d.suggest("do", at("ab"), "cd", "machine"),))
    message = json.loads(json_lines.render(d.items[0], sources))
    assert message["$message_type"] == "diagnostic" and message["schema"] == 1
    (span,) = message["spans"]
    start = len(TEXT[: TEXT.index("ab")].encode())
    assert (span["byte_start"], span["byte_end"]) == (start, start + 2)
    assert (span["line_start"], span["column_start"], span["column_end"]) == (6, 18, 20)
    assert message["children"][0]["spans"][0]["suggested_replacement"] == "cd"
    assert message["children"][0]["spans"][0]["suggestion_applicability"] == "MachineApplicable"
    assert message["rendered"] == terminal.render(d.items[0], sources)
