"""Declarations: what the parser keeps of them."""

from __future__ import annotations

import pytest

from tests.parse.helpers import SAMPLES, good, parse, read, show
from vitte.ir import ast as a


@pytest.mark.parametrize(
    ("text", "vis"),
    [("", ""), ("pub", "pub"), ("public", "pub"), ("export", "pub"), ("share", "pub"), ("pub(package)", "package"), ("internal", "package"),
     ("package", "package"), ("priv", "priv"), ("private", "priv")],
)  # fmt: skip
@pytest.mark.parametrize(
    "rest", ["proc f() {}", "form F {}", "const C: int = 1", "type T = int", "inline proc g() {}", "static S: int = 1", "pick P { A }"]
)
def test_visibility(text: str, vis: str, rest: str) -> None:
    (item,) = good(f"{text} {rest}").items
    assert item.meta.vis == vis
    assert (item.meta is a.NO_META) == (vis == "")


@pytest.mark.parametrize(
    ("text", "names", "star"),
    [("export a, b as c", [("a", ""), ("b", "c")], False), ("export { a, b as c, }", [("a", ""), ("b", "c")], False), ("export *", [],
    True),
     ("share all", [], True), ("share all, b", [("all", ""), ("b", "")], False), ("export form, pick", [("form", ""), ("pick", "")], False),
     ("export proc", [("proc", "")], False), ("export { * }", [], True)],
)  # fmt: skip
def test_exports(text: str, names: list[tuple[str, str]], star: bool) -> None:
    (item,) = good(f"{text}\n").items
    assert isinstance(item, a.Export)
    assert [(name.name, name.alias) for name in item.names] == names
    assert item.star == star


@pytest.mark.parametrize(
    ("text", "dots", "segments", "alias", "names", "star"),
    [
        ("use a/b", 0, "a b", "", None, False),
        ("use a.b::c", 0, "a b c", "", None, False),
        ("use .a", 1, "a", "", None, False),
        ("use ..a/b", 2, "a b", "", None, False),
        ("use ...a", 3, "a", "", None, False),
        ("use a/b as m", 0, "a b", "m", None, False),
        ("use a/b.{x, y as z}", 0, "a b", "", [("x", ""), ("y", "z")], False),
        ("use a/b.{\n  x\n  y,\n}", 0, "a b", "", [("x", ""), ("y", "")], False),
        ("use a/b.{*}", 0, "a b", "", None, True),
        ("use a/b.*", 0, "a b", "", None, True),
        ("use a/b { * }", 0, "a b", "", None, True),
        ("use a::b::{x}", 0, "a b", "", [("x", "")], False),
    ],
)
def test_uses(text: str, dots: int, segments: str, alias: str, names: list[tuple[str, str]] | None, star: bool) -> None:
    item, after = good(f"{text}\nuse z\n").items
    assert isinstance(item, a.Use)
    assert isinstance(after, a.Use)
    assert (item.path.dots, " ".join(item.path.segments), item.alias, item.star) == (dots, segments, alias, star)
    assert (None if item.names is None else [(name.name, name.alias) for name in item.names]) == names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("self", [("", "self")]), ("mut self", [("mut", "self")]), ("owned self", [("owned", "self")]), ("move self", [("owned", "self")]),
        ("&self", [("borrow", "self")]), ("&mut self", [("mut", "self")]), ("borrow self", [("borrow", "self")]), ("ref mut self",
        [("mut", "self")]),
        ("x: int, mut y: T, owned z: T, move w: T, borrow v: T", [("", "x"), ("mut", "y"), ("owned", "z"), ("owned", "w"), ("borrow",
        "v")]),
        ("mut: int, move: int", [("", "mut"), ("", "move")]),
    ],
)  # fmt: skip
def test_parameters(text: str, shown: list[tuple[str, str]]) -> None:
    proc = good(f"proc f({text}) {{}}").items[0]
    assert isinstance(proc, a.Proc)
    assert [(param.mode, param.name) for param in proc.params] == shown


def test_modifiers() -> None:
    (proc,) = good(
        'pub inline const unsafe extern "C" proc f[T: A + B, const N: int = 3](x: int = 1) -> T where T: C, N: D { give x }'
    ).items
    assert isinstance(proc, a.Proc)
    assert (proc.inline, proc.is_const, proc.is_unsafe, proc.abi) == ("inline", True, True, "C")
    assert [(p.name, [show(b) for b in p.bounds], p.const_ty and show(p.const_ty)) for p in proc.generics.params] == [
        ("T", ["A", "B"], None),
        ("N", [], "int"),
    ]
    assert [show(pred.ty) for pred in proc.generics.where] == ["T", "N"]
    assert show(proc.params[0].default) == "1"


@pytest.mark.parametrize(
    ("text", "generics", "trait", "ty"),
    [
        ("impl Point {}", 0, "", "Point"),
        ("impl Show for Point {}", 0, "Show", "Point"),
        ("impl[T: Show] Show for [T] {}", 1, "Show", "[T]"),
        ("impl<T> Show for box<T> {}", 1, "Show", "box[T]"),
        ("impl [int] {}", 0, "", "[int]"),
        ("impl[T] [T] {}", 1, "", "[T]"),
        ("impl[T] &[T] {}", 1, "", "&[T]"),
        ("impl From[int] for (A, B) {}", 0, "From[int]", "(A, B)"),
    ],
)
def test_impls(text: str, generics: int, trait: str, ty: str) -> None:
    (item,) = good(text).items
    assert isinstance(item, a.Impl)
    assert len(item.generics.params if item.generics else []) == generics
    assert (show(item.trait) if item.trait else "", show(item.ty)) == (trait, ty)


@pytest.mark.parametrize(
    "text",
    ["int", "a.b.C", "map[string, int]", "?int", "?[?int]", "[int]", "[int; 4]", "[[f64; N]; (N * 2)]", "()", "(A, B)", "&T",
    "&mut [T]", "*T", "*mut T",
     "proc()", "proc(A, B) -> R", "proc(proc(A) -> B) -> C", "&dyn A + B", "box[dyn T]", "Matrix[3, 4]", "Iterator[Item = int]", "_",
     "list[_]", "**u8"],
)  # fmt: skip
def test_types(text: str) -> None:
    (item,) = good(f"type T = {text}").items
    assert isinstance(item, a.TypeAlias)
    assert show(item.ty) == text.replace("**", "**")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("ref T", "&T"), ("ref mut T", "&mut T"), ("raw ref T", "*T"), ("raw ref mut T", "*mut T"), ("&&T", "&&T"), ("??T", "??T"),
    ("list<list<int>>", "list[list[int]]"),
     ("map<K, list<V>>", "map[K, list[V]]"), ("(A)", "A"), ("(A,)", "(A)"), ("proc(mut T, owned U, x: V)", "proc(T, U, V)"),
     ('extern "C" proc(i32)', "proc(i32)"),
     ("M[-1, {N + 1}]", "M[(- 1), {(N + 1)}]")],
)  # fmt: skip
def test_other_ways_to_write_types(text: str, shown: str) -> None:
    (item,) = good(f"type T = {text}\n").items
    assert isinstance(item, a.TypeAlias)
    assert show(item.ty) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("_", "_"), ("x", "x"), ("mut x", "mut x"), ("ref x", "ref x"), ("ref mut x", "ref mut x"), ("x @ 1..=9", "x@1..=9"),
        ("-1", "(- 1)"), ("..=9", "..=9"),
        ("1..", "1.."), ("A..=m.B", "A..=m.B"), ("Some(x)", "Some(x)"),
        ("Shape.Circle(c, radius: r, ..)", "Shape.Circle(c, radius: r, ..)"),
        ("Shape::Empty", "Shape.Empty"), ("Point { x, y: 0.0, .. }", "Point{x, y: 0.0, ..}"), ("Point { mut x }", "Point{x: mut x}"),
        ("(a, _)", "tuple(a, _)"),
        ("(a)", "a"), ("[a, .., b]", "[a, .., b]"), ("[a, ..rest]", "[a, ..rest]"), ("a | b | c", "(a | b | c)"), ("| a | b", "(a | b)"),
        ("Some(1 | 2)", "Some((1 | 2))"), ("'a'..='z'", "'a'..='z'"), ('"s"', "'s'"), ("true", "true"), ("option[int].None",
        "option[TypeExpr].None"),
    ],
)  # fmt: skip
def test_patterns(text: str, shown: str) -> None:
    module = good(f"proc f() {{ match v {{ case {text} => 1 }} }}")
    found = show(module.items[0].body.value.arms[0].pattern)
    assert found == shown.replace("TypeExpr", "int")


def test_error_nodes_stand_where_the_mistakes_are() -> None:
    module, _ = parse("proc f(x: int) {\n  g(1, +, 3)\n  let (a, *) = b\n  let y: [+] = 1\n}\nform F { x: int }\n!\nproc h() {}\n")
    proc, form, error, last = module.items
    call, pattern, _ = proc.body.stmts
    assert [type(arg) for arg in call.expr.args] == [a.IntLit, a.ErrorExpr, a.IntLit]
    assert [type(item) for item in pattern.pattern.items] == [a.BindPat, a.ErrorPat]
    assert isinstance(form, a.Form)
    assert isinstance(error, a.ErrorItem)
    assert last.name == "h"


def test_the_sample_has_every_class_of_node() -> None:
    """What no sample uses, no property test sees."""
    from vitte.ir.ast_walk import walk

    module, _ = parse(read(SAMPLES / "everything.vit"))
    seen = {type(node) for node in walk(module)}
    classes = {value for value in vars(a).values() if isinstance(value, type) and issubclass(value, a.Node)}
    abstract = {a.Node, a.Expr, a.Type, a.Pat, a.Stmt, a.Item}
    errors = {a.ErrorExpr, a.ErrorPat, a.ErrorType, a.ErrorItem, a.UnsupportedExpr, a.UnsupportedItem}
    assert classes - seen - abstract - errors - {a.Space} == set()
