"""Tables of places: what a comment may change, what it may not, and how positions get into objects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.codegen.native import context, execute, program, ssa
from tests.typecheck.support import check_text
from vitte import codegen, const_eval, mir_build, monomorphize, optimize, ssa_build
from vitte.base.source import SourceFile
from vitte.codegen import Prepared, Table, fill, locate, patching
from vitte.codegen.llvm import complete, machine
from vitte.driver.target import TARGETS, X86_64_LINUX_GNU
from vitte.ir import places
from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module
from vitte.ir.ssa_verify import verify

HOME = """\
pub proc pick[T](xs: [T], i: int) -> int {
  let n = xs.len() / i + 100 % i
  give n * 2 - i
}

pub inline proc half(n: int) -> int { give -n / (n - 2) }

pub trait Sized8 {
  proc size(self) -> u8
  proc twice(self) -> u8 { give self.size() + self.size() }
}

pub proc own(xs: [int], n: int) -> int {
  assert n > 0, "positive"
  give xs[n] + xs[n + 1]
}
"""
RELAID = """\
// A comment.

pub proc pick[T](
    xs: [T],
    i: int) -> int {
  /* more */ let n = xs.len()/i +
      100  %  i   // why
  give n*2 - i
}


pub inline proc half(n: int) -> int {
  give -n /
    (n - 2)
}

pub trait Sized8 {
  // The size.
  proc size(self) -> u8

  proc twice(self) -> u8 {
    give self.size()
       + self.size()
  }
}

/// Has a comment, too.
pub proc own(
  xs: [int],
  n: int
) -> int {

  assert n > 0, "positive"
  give xs[n]
     + xs[ n + 1 ]
}
"""
USER = """\
use home.{Sized8, half, pick}

impl Sized8 for bool {
  proc size(self) -> u8 { give 5 }
}

proc use_all(n: int) -> int { give pick(["a"], n) + half(n) + true.twice() as int + [1, 2][n] }
"""
LEVELS = ["0", "1", "2", "3", "s", "z"]


def built(text: str, module: str, home: str = HOME, opt_level: str = "0", debug_info: str = "none") -> tuple[Module, Prepared]:
    """A module in SSA, and ready for LLVM; `home` is the text of the module `home`."""
    checked = check_text(text, module, {} if module == "home" else {"home": home})
    assert checked.found == []
    ctx = checked.ctx
    ctx.opt_level, ctx.debug_info = opt_level, debug_info
    ctx.lines_of = lambda file: SourceFile(file, home).line_starts if file == "home.vit" else []
    plan = monomorphize.run(checked.module, ctx, "all", None, None)
    unit = const_eval.run(ssa_build.run(mir_build.run(plan, ctx), ctx), ctx)
    assert verify(unit, True) == []
    if opt_level != "0":
        unit = optimize.run(unit, ctx)
        assert verify(unit, True) == []
    prepared = codegen.prepare(unit, ctx)
    assert prepared is not None
    return unit, prepared


def rows(prepared: Prepared, symbol: str) -> list[tuple[int, int]]:
    """The rows of a table of `home.vit`, without the end."""
    found = [table.rows for table in prepared.tables if table.marker == patching.marker_of(f"places {symbol}")]
    assert len(found) == 1
    assert found[0][-1] == (len("home.vit"), 0)
    return found[0][:-1]


# --- what depends on positions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("opt_level", LEVELS)
def test_layout_changes_rows_and_no_text(opt_level: str) -> None:
    before, after = (built(text, "home", opt_level=opt_level)[1] for text in (HOME, RELAID))
    assert before.text == after.text
    assert before.tables != after.tables
    assert [(t.marker, len(t.rows)) for t in before.tables] == [(t.marker, len(t.rows)) for t in after.tables]


@pytest.mark.parametrize("opt_level", LEVELS)
def test_layout_of_a_body_changes_nothing_for_users(opt_level: str) -> None:
    before, after = (built(USER, "user", home, opt_level)[1] for home in (HOME, RELAID))
    assert before == after


@pytest.mark.parametrize("text", [HOME, RELAID])
def test_tables_are_those_of_the_source(text: str) -> None:
    prepared = built(text, "home")[1]
    lines = text.split("\n")

    def stands(symbol: str) -> list[str]:
        """What stands at each row, without blanks."""
        return [lines[line - 1][col - 1 :].replace(" ", "")[:4] for line, col in rows(prepared, symbol)]

    assert stands("home::pick") == ["pubp", "xs.l", "xs.l", "100%", "n*2-", "n*2-"]
    quotient = "-n/(" if text is HOME else "-n/"
    assert stands("home::half") == ["pubi", quotient, quotient, "n-2)"]
    assert stands("home::Sized8.twice")[1:] == ["self"]
    assert sorted(stands("home")) == ["asse", "n+1]", "xs[n", "xs[n"]


def test_line_tables_do_depend_on_layout() -> None:
    before, after = (built(text, "home", debug_info="line")[1] for text in (HOME, RELAID))
    assert before.text != after.text
    before, after = (built(USER, "user", home, debug_info="line")[1] for home in (HOME, RELAID))
    assert before.text != after.text


def test_another_program_is_another_text() -> None:
    homes = [HOME, HOME.replace("n * 2", "n * 3"), HOME.replace("100 % i", "100 % 7"), HOME.replace("(n - 2)", "(n - 3)")]
    assert len({built(USER, "user", home)[1].text for home in homes}) == 4
    assert len({built(home, "home")[1].text for home in [HOME, HOME.replace("100 % i", "100 % 7"), HOME.replace("n + 1", "n + 2")]}) == 3


def test_a_renamed_file_is_no_affair_of_users() -> None:
    unit, prepared = built(USER, "user")
    assert b"home.vit" in repr(unit).encode()
    assert "home.vit" not in prepared.text


def test_everything_the_object_depends_on_is_in_the_text() -> None:
    module = ssa('fn "m::f"() -> () external {\nbb0:\n  ret\n}')
    texts = set()
    for level in LEVELS:
        for cpu, features in (("", ""), ("znver3", ""), ("", "+avx2")):
            ctx = context(level)
            ctx.target = replace(X86_64_LINUX_GNU, cpu=cpu, features=features)
            texts.add(codegen.llvm_ir(module, ctx))
    assert len(texts) == len(LEVELS) * 3
    ctx.target = replace(X86_64_LINUX_GNU, cpu="native")
    assert f"cpu {machine.processor(ctx.target)[0]}, " in codegen.llvm_ir(module, ctx)


def test_rows_of_a_body_are_its_sites_in_order() -> None:
    bodies = check_text(HOME, "home").module.interface.bodies
    for path, count in (("home::pick", 5), ("home::half", 3), ("home::Sized8.twice", 1)):
        spans = places.sites(bodies[path])
        assert spans == sorted(spans)
        assert list(places.ordinals(bodies[path]).values()) == list(range(1, count + 1))


# --- how positions get in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("opt_level", LEVELS)
@pytest.mark.parametrize("debug_info", ["none", "full"])
def test_a_filled_object_is_what_llvm_would_have_made(opt_level: str, debug_info: str) -> None:
    """LLVM given the rows themselves, and its object for another layout of the text filled with the rows of this one."""
    ctx = context(opt_level)
    relaid = built(RELAID, "home", opt_level=opt_level, debug_info=debug_info)[1]
    wanted = codegen.compile_text(complete(relaid), ctx)
    other = relaid if debug_info == "full" else built(HOME, "home", opt_level=opt_level)[1]
    empty = codegen.compile_text(other.text, ctx)
    offsets = locate(empty, other.tables)
    assert offsets is not None
    assert len(set(offsets)) == len(relaid.tables)
    assert fill(empty, offsets, relaid.tables) == wanted
    assert all(table.marker not in wanted for table in relaid.tables)


def test_equal_modules_give_equal_results() -> None:
    first, second = built(HOME, "home", opt_level="3")[0], built(HOME, "home", opt_level="3")[0]
    assert codegen.prepare(first, context("3")) == codegen.prepare(second, context("3"))
    assert codegen.run(first, context("3")) == codegen.run(second, context("3"))


PANICS = '''module "m" file "m.vit"
places "m::f" file "a folder/of m.vit" 4:1, 11:22, 4000000000:7
fn "m::f[int]"(%0: i64) -> i64 linkonce noinline {
  about "f" file "a folder/of m.vit" line 4 of "m::f"
  loc 1: "elsewhere" 1:1 row 1 of "m::f"
  loc 2: "elsewhere" 1:1 row 2 of "m::f"
bb0:
  %1 = iconst i64 2
  %2 = ne i1 %0, %1
  check %2 "two" @1
  %3 = iconst i64 3
  %4 = ne i1 %0, %3
  check %4 "three" @2
  %5 = iconst i64 4
  %6 = ne i1 %0, %5
  check %6 "four"
  ret %0
}
fn "main"(%0: i32, %1: ptr) -> i32 external c {
  about "main" file "m.vit" line 5
  loc 1: "m.vit" 6:9
bb0:
  %2 = sext i64 %0
  %3 = call i64 "m::f[int]" %2
  %4 = iconst i64 5
  %5 = ne i1 %3, %4
  check %5 "five" @1
  %6 = iconst i64 6
  %7 = ne i1 %3, %6
  check %7 "six"
  %8 = iconst i32 0
  ret %8
}
'''


@pytest.mark.parametrize("opt_level", LEVELS)
def test_panics_name_rows(opt_level: str, tmp_path: Path) -> None:
    path = program([parse_module(PANICS)], opt_level, tmp_path)
    said = [execute(path, *["x"] * (n - 1))[::2] for n in range(1, 7)]
    assert said == [
        (0, ""), (101, "a folder/of m.vit:11:22: two\n"), (101, "a folder/of m.vit:-294967296:7: three\n"),
        (101, "a folder/of m.vit:4:1: four\n"), (101, "m.vit:6:9: five\n"), (101, "m.vit:5:1: six\n"),
    ]  # the runtime of these tests prints lines as signed numbers


def test_tables_nobody_uses_are_in_the_object_and_not_in_the_program(tmp_path: Path) -> None:
    text = PANICS + '\nplaces "m::unused" file "the unused.vit" 1:1, 2:2\n'
    module = parse_module(text)
    prepared = codegen.prepare(module, context("3"))
    assert prepared is not None
    assert len(prepared.tables) == 3
    assert locate(codegen.compile_text(prepared.text, context("3")), prepared.tables) is not None
    assert b"the unused.vit" in codegen.run(module, context("3"))
    image = program([module], "3", tmp_path).read_bytes()
    assert b"of m.vit" in image
    assert b"the unused.vit" not in image


@pytest.mark.parametrize("target", TARGETS)
def test_markers_are_found_in_every_object_format(target: str) -> None:
    ctx = context("2")
    ctx.target = TARGETS[target]
    prepared = codegen.prepare(parse_module(PANICS), ctx)
    assert prepared is not None
    data = codegen.run(parse_module(PANICS), ctx)
    for table in prepared.tables:
        assert data.count(patching.data_of(table)) == 1


def test_assembly_has_the_rows() -> None:
    prepared = codegen.prepare(parse_module(PANICS), context())
    assert prepared is not None
    marker = "".join([f"\\{b:03o}" if not 32 <= b < 127 else chr(b) for b in prepared.tables[0].marker])
    asm = codegen.assembly(parse_module(PANICS), context())
    assert marker not in asm
    assert r"\006\000\000\000\t\000\000\000\005\000\000\000\001\000\000\000" in asm


MARKERS = [bytes([n]) * 16 for n in (1, 2)]
TABLES = [Table(MARKERS[0], [(1, 2), (3, 0)]), Table(MARKERS[1], [(4, 5), (6, 7), (3, 0)])]
DATA = b"head" + MARKERS[1] + bytes(8) + b"abc" + MARKERS[0] + b"abc tail"


def test_locate_and_fill() -> None:
    offsets = locate(DATA, TABLES)
    assert offsets == [31, 4]
    filled = fill(DATA, offsets, TABLES)
    numbers = [int.from_bytes(filled[at : at + 4], "little") for at in (4, 8, 12, 16, 20, 24, 31, 35, 39, 43)]
    assert numbers == [4, 5, 6, 7, 3, 0, 1, 2, 3, 0]
    assert (len(filled), filled[:4], filled[28:31], filled[47:]) == (len(DATA), b"head", b"abc", b"abc tail")
    assert locate(b"anything", []) == []
    assert fill(b"anything", [], []) == b"anything"


@pytest.mark.parametrize("data", [
    DATA.replace(MARKERS[0], bytes(16)), DATA + MARKERS[0], DATA[:26], DATA.replace(bytes(8), b"\0" * 7 + b"x"), b"",
])  # fmt: skip
def test_locate_wants_each_marker_once_with_room(data: bytes) -> None:
    assert locate(data, TABLES) is None


@pytest.mark.parametrize("offsets", [[31], [31, len(DATA) - 23], [-1, 4], [31, 4, 5]])
def test_fill_writes_nowhere_else(offsets: list[int]) -> None:
    with pytest.raises(ValueError):
        fill(DATA, offsets, TABLES)


def test_preparing_does_not_load_llvm() -> None:
    script = """
import sys
from tests.codegen.native import context
from vitte.ir.ssa_text import parse_module
from tests.codegen.test_places import PANICS
for name in [n for n in sys.modules if n.startswith("llvmlite")]:
    del sys.modules[name]
sys.modules["llvmlite"] = None
from vitte import codegen
assert codegen.prepare(parse_module(PANICS), context("3", "full")).tables
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
