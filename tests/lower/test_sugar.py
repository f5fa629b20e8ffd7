"""What each construct lowers to: source above, HIR text below. The bodies are those of `m::f`, without its head."""

# ruff: noqa: E501

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.lower.support import lower_text
from vitte.ir import hir, hir_text, hir_verify

PRELUDE = """\
pick Color { Red, Green, Blue }
form Point { x: int, y: int = 0 }
proc g[T](x: T) -> int { give 0 }
"""

BODIES: list[tuple[str, str, str]] = [
    ("elif", "if a { g(1) } elif b { g(2) } else { g(3) }", """\
        if %0 then {
          => m::g(1)
        } else if %1 then {
          => m::g(2)
        } else {
          => m::g(3)
        }"""),
    ("while", "while a { g(1) }", """\
        while #0 {
          => if %0 then {
            => m::g(1)
          } else {
            break #0;
          }
        };"""),
    ("while_is", "while o is Some(v) and v > 1 { break }", """\
        while #0 {
          => if (%3 is case std/core::option.Some(v.5)) and (%5 > 1) then {
            => break #0
          } else {
            break #0;
          }
        };"""),
    ("ternary", "let x = a ? 1 : 2\ng(x)", """\
        let x.5 = if %0 then 1 else 2
        => m::g(%5)"""),
    ("when", "when o is Some(v) { g(v) } else { g(0) }", """\
        if %3 is case std/core::option.Some(v.5) then {
          => m::g(%5)
        } else {
          => m::g(0)
        }"""),
    ("select", "select n { when 1 { g(1) } else { g(2) } }", """\
        match %2 {
          case 1 => {
            => m::g(1)
          }
          case _ => {
            => m::g(2)
          }
        }"""),
    ("if_let", "if let Some(v) = o { g(v) }", """\
        if %3 is case std/core::option.Some(v.5) then {
          => m::g(%5)
        }"""),
    ("let_else", "let Some(v) = o else { give }\ng(v)", """\
        let case std/core::option.Some(v.5) = %3 else {
          => give
        }
        => m::g(%5)"""),
    ("comprehension", "let q = [x * x for x in 0..n if x > 1]\ng(q)", """\
        let q.7 = {
          let mut comprehension#0.5 = []
          for #0 x.6 in 0..%2 {
            if %6 > 1 then {
              %5.push(%6 * %6);
            };
          };
          => %5
        }
        => m::g(%7)"""),
    ("map_literal", 'let m = map { "a": 1, "b": n }\ng(m)', """\
        let m.6 = {
          let mut map#0.5 = std/map::new()
          std/map::insert(&mut %5, "a", 1);
          std/map::insert(&mut %5, "b", %2);
          => %5
        }
        => m::g(%6)"""),
    ("empty_map", "g(map {})", "=> m::g(std/map::new())"),
    ("set_literal", "g(set { n })", """\
        => m::g({
          let mut set#0.5 = std/set::new()
          std/set::add(&mut %5, %2);
          => %5
        })"""),
    ("panic", 'panic("bad {}", n)', '=> panic!("bad ", %2)'),
    ("panic_plain", "panic s", "=> panic!(%4)"),
    ("panic_alone", "panic()", '=> panic!("explicit panic")'),
    ("unreachable", "unreachable", '=> panic!("entered unreachable code")'),
    ("unreachable_said", 'unreachable("case {}", n)', '=> panic!("entered unreachable code: ", "case ", %2)'),
    ("try", "try o", "%3?"),
    ("with", "with g(1) as x { g(x) }", """\
        {
          let x.5 = m::g(1)
          {
            => m::g(%5)
          };
        };"""),
    ("shorthand", "let x = 1\ng(Point { x })", """\
        let x.5 = 1
        => m::g(m::Point { x: %5 })"""),
    ("base", "g(Point { x: 1, ..Point { x: 2 } })", "=> m::g(m::Point { x: 1, ..m::Point { x: 2 } })"),
    ("prelude_call", "len(s) + s.len()", "=> prelude %4.len() + %4.len()"),
    ("operators", "a && !b || s not in s", "=> (%0 and (not %1)) or (%4 not in %4)"),
    ("coalesce", "o ?? 1", "=> %3 ?? 1"),
    ("type_args", "g[int](1)", "=> m::g[int](1)"),
    ("angle_args", "g<int>(1)", "=> m::g[int](1)"),
    ("value_index", "s[n]", "=> %4[%2]"),
    ("slices", "g(s[1..n])\ng(s[..=2])\ng(s[1:2])", """\
        m::g(%4[1..%2])
        m::g(%4[..=2])
        => m::g(%4[1..2])"""),
    ("method_args", "s.parse[int](n)", "=> %4.parse[int](%2)"),
    ("call_of_element", "s[n](1)", "=> %4[%2](1)"),
    ("bare_case", "g(Red)", "=> m::g(m::Color.Red)"),
    ("full_case", "g(Color.Red)\ng(Color::Green)", """\
        m::g(<m::Color>::Red)
        => m::g(<m::Color>::Green)"""),
    ("option", "g(Some(1))\ng(None)", """\
        m::g(std/core::option.Some(1))
        => m::g(std/core::option.None)"""),
    ("negative", "g(-5)\ng(-n)\ng(-1.5)", """\
        m::g(-5)
        m::g(-%2)
        => m::g(-1.5)"""),
    ("assign", "let mut x = n\nset x = 2\nx += 1\n_ = g(x)", """\
        let mut x.5 = %2
        set %5 = 2;
        set %5 += 1;
        let _ = m::g(%5)"""),
    ("for_modes", "for x in &s { g(x) }\nfor x in &mut s { g(x) }\nfor x in move s { g(x) }", """\
        for #0 x.5 in %4 {
          => m::g(%5)
        };
        for #1 ref mut x.6 in %4 {
          => m::g(%6)
        };
        for #2 move x.7 in %4 {
          => m::g(%7)
        };"""),
    ("labels", "'a: loop { loop { break 'a 1 } }", """\
        => loop #0 {
          => loop #1 {
            => break #0 1
          }
        }"""),
    ("or_pattern", "match o {\ncase Some(1 | 2) => 1\ncase Some(v) | Some(v) => v\nelse => 0\n}", """\
        match %3 {
          case case std/core::option.Some(1 | 2) => 1
          case case std/core::option.Some(v.5) | case std/core::option.Some(v.5) => %5
          case _ => 0
        }"""),
    ("patterns", "match n {\ncase 1..=9 => 1\ncase -1 => 2\ncase x @ 10 if x > 1 => x\n_ => 0\n}", """\
        match %2 {
          case 1..=9 => 1
          case -1 => 2
          case x.5 @ 10 if %5 > 1 => %5
          case _ => 0
        }"""),
    ("list_pattern", "match s {\ncase [a1, ..rest, z] => g(a1) + g(rest) + g(z)\ncase [] | [_, ..] => 1\nelse => 2\n}", """\
        match %4 {
          case [a1.5, ..rest.6, z.7] => (m::g(%5) + m::g(%6)) + m::g(%7)
          case [] | [_, ..] => 1
          case _ => 2
        }"""),
    ("form_pattern", "match n {\ncase Point { x, y: 0, .. } => x\ncase Red => 2\nelse => 1\n}", """\
        match %2 {
          case adt m::Point { x: x.5, y: 0, .. } => %5
          case case m::Color.Red => 2
          case _ => 1
        }"""),
    ("print_text", 'print("a{{b}} {} {:>8.2}|", n, n)', '=> print!("a{b} ", %2, " ", %2 as {:>8.2}, "|")'),
    ("print_name", 'println("{n:?} {s}")', '=> println!(%2 as {:?}, " ", %4)'),
    ("print_value", "print(n)", "=> print!(%2)"),
    ("print_nothing", "println()", "=> println!()"),
    ("format", 'g(format("{:08x}", n))', "=> m::g(format!(%2 as {:08x}))"),
    ("assert", 'assert n > 1, "is {}", n', 'assert %2 > 1 "n > 1", format!("is ", %2)'),
    ("assert_plain", "assert(n > 1)", 'assert %2 > 1 "n > 1"'),
    ("nested_items", "const K: int = 2\nproc h() -> int { give K }\ng(h())", "=> m::g(m::f.{0}::h())"),
    ("unsafe", "unsafe { g(1) }", """\
        unsafe {
          => m::g(1)
        }"""),
    ("sizes", "sizeof([int]) + alignof(u8)", "=> sizeof(std/list::list[int]) + alignof(u8)"),
    ("defer", "defer g(1)", """\
        defer {
          m::g(1);
        }"""),
    ("cast", "n as u8 as f64", "=> (%2 as u8) as f64"),
    ("lambda", "g(|x, y: int| x + y)", "=> m::g(|x.5, y.6: int| %5 + %6)"),
    ("box", "g(box(n))", "=> m::g(std/core::box(%2))"),
]  # fmt: skip


def first_difference(found: str, expected: str) -> str:
    return f"\n--- found\n{found}\n--- expected\n{expected}"


@pytest.mark.parametrize(("body", "expected"), [(b, e) for _, b, e in BODIES], ids=[n for n, _, _ in BODIES])
def test_body(body: str, expected: str) -> None:
    source = f"{PRELUDE}proc f(a: bool, b: bool, n: int, o: ?int, s: string) {{\n{body}\n}}\n"
    lowered = lower_text(source)
    errors = [d.message for d in lowered.diagnostics if d.level == "error"]
    assert errors == []
    assert hir_verify.verify(lowered.module, lowered.ctx) == []
    proc = lowered.item("m::f")
    assert isinstance(proc, hir.Proc)
    assert proc.body is not None
    lines = hir_text.show_expr(proc.body.value).splitlines()[1:-1]
    found = dedent("\n".join(lines))
    wanted = dedent(expected)
    # A block as the whole value is shown behind its arrow.
    assert found in (wanted, f"=> {wanted}"), first_difference(found, wanted)


ITEMS: list[tuple[str, str, str]] = [
    ("form", "#[derive(clone, ord)]\npub form P[T] { x: T, priv y: int = 3\n  const ZERO: int = 0\n  proc get(self) -> T { give self.x } }", """\
        #[derive(clone, ord)]
        public form m::P[T]
          P(x: T, private y: int = m::P.y.default)

        const m::P.y.default = 3  default of y in m::P

        impl m::impl(P with ZERO)[T] : m::P[T]
          const m::P.ZERO
          proc m::P.get

        public const m::P.ZERO: int = 0

        public proc m::P.get(lend self.0) -> T  in m::impl(P with ZERO) {
          => give %0.x
        }"""),
    ("pick", "pick S: u8 { A = 1, B(int, int), C(x: ?S) }", """\
        public pick m::S: u8
          A() = 1
          B(0: int, 1: int)
          C(x: std/core::option[m::S])"""),
    ("flags_bits", "flags F: u32 { R, W = 8 }\nbits H: u16 { v: 0..4, on: 5, n: 8..=15 }", """\
        public flags m::F: u32
          R()
          W() = 8

        public bits m::H: u16
          H(v: u16 0..4, on: bool 5..6, n: u16 8..16)"""),
    ("union", "union U { a: int, b: f64 }", """\
        public union m::U
          U(a: int, b: f64)"""),
    ("modes", "proc f(a: int, mut b: [int], owned c: string, borrow d: &[int], e: &mut int = 1) {}", """\
        const m::f.default#4 = 1  default of e in m::f

        public proc m::f(lend a.0: int, mut mut b.1: std/list::list[int], own mut c.2: string, lend d.3: &slice[int], lend e.4: &mut int"""
        """ = m::f.default#4) { }"""),
    ("self_modes", "form P { proc a(self) {}\n proc b(mut self) {}\n proc c(owned self) {}\n proc d(&mut self) {} }", """\
        public form m::P
          P()

        impl m::impl(P with a) : m::P
          proc m::P.a
          proc m::P.b
          proc m::P.c
          proc m::P.d

        public proc m::P.a(lend self.0)  in m::impl(P with a) { }

        public proc m::P.b(mut mut self.0)  in m::impl(P with a) { }

        public proc m::P.c(own mut self.0)  in m::impl(P with a) { }

        public proc m::P.d(mut mut self.0)  in m::impl(P with a) { }"""),
    ("generics", "trait T1 {}\nproc f[A: T1, const N: int](x: [A; N]) -> int where A: T1 { give N + g[N]() }\nproc g[const M: int]() -> int { give M }", """\
        public trait m::T1

        public proc m::f[A, const N: int] where A: m::T1, A: m::T1(lend x.0: [A; N]) -> int {
          => give N + m::g[N]()
        }

        public proc m::g[const M: int]() -> int {
          => give M
        }"""),
    ("trait", "trait It: Eq2 { type Item: Eq2\n const MAX: int\n proc next(mut self) -> ?Self.Item;\n proc go(self) {} }\ntrait Eq2 {}", """\
        public trait m::It where <Self as m::It>.Item: m::Eq2: Self: m::Eq2
          type Item
          const m::It.MAX
          proc m::It.next
          proc m::It.go

        public const m::It.MAX: int

        public proc m::It.next(mut mut self.0) -> std/core::option[<Self as m::It>.Item]  in m::It

        public proc m::It.go(lend self.0)  in m::It { }

        public trait m::Eq2"""),
    ("impls", "form P {}\ntrait C[T] { type O; proc c(self, x: T) -> Self.O; }\nimpl C[int] for P { type O = bool; proc c(self, x: int) -> Self.O { give true } }\n"
     "impl[T: C[int, O = bool]] C[T] for [T] { type O = T; proc c(self, x: T) -> T { give x } }\nimpl P { proc new() -> Self { give P {} } }", """\
        public form m::P
          P()

        public trait m::C[T]
          type O
          proc m::C.c

        public proc m::C.c(lend self.0, lend x.1: T) -> <Self as m::C>.O  in m::C

        impl m::impl(C<int> for P) : m::C[int] for m::P
          type O = bool
          proc m::impl(C<int> for P).c

        public proc m::impl(C<int> for P).c(lend self.0, lend x.1: int) -> <m::P as m::C>.O  in m::impl(C<int> for P) {
          => give true
        }

        impl m::impl(C<T> for <T>)[T] where T: m::C[int, O = bool] : m::C[T] for std/list::list[T]
          type O = T
          proc m::impl(C<T> for <T>).c

        public proc m::impl(C<T> for <T>).c(lend self.0, lend x.1: T) -> T  in m::impl(C<T> for <T>) {
          => give %1
        }

        impl m::impl(P with new) : m::P
          proc m::P.new

        public proc m::P.new() -> m::P  in m::impl(P with new) {
          => give m::P {  }
        }"""),
    ("types", "type A[T] = (T, &mut [T], *u8, ptr[int], ?T, [T; 4], map[string, T], proc(mut T, int) -> bool)\ntype B = A[int]", """\
        public type m::A[T] = (T, &mut slice[T], *u8, *int, std/core::option[T], [T; 4], std/map::map[string, T], proc(mut T, lend int) -> bool)

        public type m::B = m::A[int]"""),
    ("foreign", '#[link(name = "m")]\nextern "C" {\n  proc cos(x: f64) -> f64\n  static errno: i32\n}\n#[export_name = "cb"]\n'
     'extern "C" proc cb(x: i32) -> i32 { give x }', """\
        #[link(name=m)]
        public extern "C" proc m::cos(lend x.0: f64) -> f64

        public static m::errno: i32 = elsewhere "errno"

        #[export_name(cb)]
        public extern "C" proc m::cb(lend x.0: i32) -> i32 {
          => give %0
        }"""),
    ("blocks", 'test "t" { assert true }\nbench "b" {}\nentry tool at m { println("x") }\nstatic_assert(1 < 2, "ok")', """\
        test "t"
        proc m::test#0() {
          assert true "true"
        }

        proc m::bench#0() { }

        proc m::entry.tool() {
          => println!("x")
        }

        static_assert m::static_assert#0 1 < 2, "ok\""""),
    ("statics", "const A: int = 1\nstatic mut B: int = A\npub(package) proc p() {}", """\
        const m::A: int = 1

        static mut m::B: int = m::A

        package proc m::p() { }"""),
    ("nested", "proc f() {\n  form In { x: int }\n  let w = 1\n  if true {\n    proc deep() -> In { give In { x: 1 } }\n    deep()\n  }\n  g(w)\n}\nproc g(w: int) {}", """\
        public proc m::f() {
          let w.0 = 1
          if true then {
            => m::f.{1}::deep()
          }
          => m::g(%0)
        }

        form m::f.{0}::In
          In(x: int)

        proc m::f.{1}::deep() -> m::f.{0}::In {
          => give m::f.{0}::In { x: 1 }
        }

        public proc m::g(lend w.0: int) { }"""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), [(s, e) for _, s, e in ITEMS], ids=[n for n, _, _ in ITEMS])
def test_items(source: str, expected: str) -> None:
    lowered = lower_text(source)
    assert [d.message for d in lowered.diagnostics if d.level == "error"] == []
    assert hir_verify.verify(lowered.module, lowered.ctx) == []
    found = "\n\n".join("\n".join(hir_text.print_item(item)) for item in lowered.module.items)
    wanted = dedent(expected)
    assert found == wanted, first_difference(found, wanted)


def test_names_of_other_modules() -> None:
    """Every form of `use`, and what a module shows."""
    files = {
        "a/b": "form Point { x: int }\npick Way { Left, Right }\nproc make() -> int { give 1 }\nconst MAX: int = 3",
        "a/c": "use a/b\nuse a/b.{make as create}\nexport b, create as build",
    }
    source = """\
use a/b
use a/b as m1
use a/b.{Point, make as make2}
use a/c.*
proc f(p: Point, q: b.Point, r: m1::Point) -> int {
  if b.make() > m1::MAX { give make2() }
  match p {
    case b.Way.Left => 1
    case m1.MAX => 2
    case Left => 3
    else => 4
  }
  give build()
}
"""
    lowered = lower_text(source, files=files)
    assert lowered.found == [(5, "W0102"), (5, "W0102")]
    text = "\n".join(hir_text.print_item(lowered.module.items[0]))
    assert text == dedent("""\
        public proc m::f(lend p.0: a/b::Point, lend q.1: a/b::Point, lend r.2: a/b::Point) -> int {
          if a/b::make() > a/b::MAX then {
            => give a/b::make()
          }
          match %0 {
            case case a/b::Way.Left => 1
            case const a/b::MAX => 2
            case Left.3 => 3
            case _ => 4
          }
          => give a/b::make()
        }""")


def test_exported_names() -> None:
    source = "use std/math\nexport a as first, math\nproc a() {}\npub proc b() {}\npub(package) const C: int = 1\npriv form D {}"
    lowered = lower_text(source)
    shown = {name: (e.visibility, e.kind, e.path) for name, e in lowered.module.names.items()}
    assert shown == {
        "a": ("private", "proc", "m::a"),
        "first": ("public", "proc", "m::a"),
        "math": ("public", "module", "std/math"),
        "b": ("public", "proc", "m::b"),
        "C": ("package", "const", "m::C"),
        "D": ("private", "adt", "m::D"),
    }
    proc = lowered.item("m::a")
    assert proc.visibility == "public"


def test_the_library_lowers_without_mistakes() -> None:
    from tests.lower.support import STD, lower_std

    for file in sorted(STD.glob("*.vit")):
        lowered = lower_std(file)
        assert [d.message for d in lowered.diagnostics if d.level == "error"] == [], file.name
        assert hir_verify.verify(lowered.module, lowered.ctx) == [], file.name
