"""Whole programs from SSA text: status, streams, arguments, environment, leaks."""

import io

from tests.const_eval.kit import machine
from vitte.const_eval.interpreter import ExitStatus, execute
from vitte.ir.ssa import Module
from vitte.ir.ssa_text import parse_module

HEAD = '''module "m" file "m.vit"
extern "malloc"(i64) -> ptr
extern "free"(ptr) -> ()
extern "write"(i32, ptr, i64) -> i64
extern "read"(i32, ptr, i64) -> i64
extern "getenv"(ptr) -> ptr
extern "strlen"(ptr) -> i64
extern "puts"(ptr) -> i32
extern "printf"(ptr) -> i32 variadic
extern "_exit"(i32) -> ()
extern "sin"(f64) -> f64
extern "nothing"() -> ()
'''


def run(text: str, *args: str, stdin: bytes = b"", **options: object) -> tuple[ExitStatus, bytes, bytes]:
    out, err = io.BytesIO(), io.BytesIO()
    streams = {0: io.BytesIO(stdin), 1: out, 2: err}
    module: Module = parse_module(HEAD + text)
    status = execute([module], ["prog", *args], {"COLOUR": "red"}, streams=streams, **options)  # type: ignore[arg-type]
    return status, out.getvalue(), err.getvalue()


MAIN = 'fn "main"(%0: i32, %1: ptr) -> i32 external c {\n'


def test_arguments_environment_and_output() -> None:
    texts = 'global "name" private align 1 = "COLOUR\\00"\nglobal "form" private align 1 = "%s %d %.2f%c\\00"\n'
    status, out, err = run(texts + MAIN + '''bb0:
  %2 = load ptr %1 8
  %3 = call i64 "strlen" %2
  %4 = iconst i32 1
  %5 = call i64 "write" %4, %2, %3
  %6 = global_addr ptr "name"
  %7 = call ptr "getenv" %6
  %8 = call i32 "puts" %7
  %9 = global_addr ptr "form"
  %10 = fconst f64 2.5
  %11 = iconst i32 33
  %12 = call i32 "printf" %9, %7, %0, %10, %11 1
  ret %0
}
''', "one", "two")
    assert (status.status, out, err) == (3, b"onered\nred 3 2.50!", b"")


def test_reading_and_leaks_with_their_places() -> None:
    program = MAIN + '''  loc 1: "std/list.vit" 9:1
  loc 2: "m.vit" 4:7 +3
bb0:
  %2 = iconst i64 8
  %3 = call ptr "malloc" %2 @2
  %4 = call ptr "malloc" %2 @2
  %5 = iconst i32 0
  %6 = call i64 "read" %5, %3, %2
  %7 = iconst i32 1
  %8 = call i64 "write" %7, %3, %6
  call "free" %3
  ret %5
}
'''
    status, out, _ = run(program, stdin=b"abc", check_leaks=True)
    assert (status.status, out, status.leaks) == (0, b"abc", ["m.vit:4:7: 8 bytes were not freed"])


def test_what_a_static_holds_is_no_leak() -> None:
    program = 'global "keep" external mutable align 8 = "\\00\\00\\00\\00\\00\\00\\00\\00"\n' + MAIN + '''bb0:
  %2 = iconst i64 8
  %3 = call ptr "malloc" %2
  %4 = call ptr "malloc" %2
  store %4, %3
  %5 = null ptr
  store %5, %4
  %6 = global_addr ptr "keep"
  store %3, %6
  %7 = iconst i32 0
  ret %7
}
'''
    assert run(program, check_leaks=True)[0] == ExitStatus(0, [])


def test_ends() -> None:
    exit_ = MAIN + 'bb0:\n  %2 = iconst i32 300\n  call "_exit" %2\n  unreachable\n}\n'
    assert run(exit_)[0].status == 300 & 255
    panic = MAIN + '  loc 1: "m.vit" 2:5\nbb0:\n  %2 = iconst i1 0\n  check %2 "no way" @1\n  ret %0\n}\n'
    assert run(panic)[0].status == 101 and run(panic)[2] == b"panic at m.vit:2:5: no way\n"
    loop = MAIN + "bb0:\n  jump bb1\nbb1:\n  jump bb1\n}\n"
    status, _, err = run(loop, step_limit=100)
    assert status.status == 124 and b"step limit" in err
    missing = MAIN + '  loc 1: "m.vit" 8:2\nbb0:\n  call "nothing" @1\n  ret %0\n}\n'
    status, _, err = run(missing)
    assert status.status == 134 and b"`nothing`" in err and b"at m.vit:8:2 in main" in err
    deep = 'fn "f"(%0: i32) -> i32 external {\nbb0:\n  %1 = call i32 "f" %0\n  ret %1\n}\n' + MAIN
    assert run(deep + 'bb0:\n  %2 = call i32 "f" %0\n  ret %2\n}\n')[0].status == 134


def test_first_definition_counts() -> None:
    one = parse_module('module "a" file "a"\nfn "f"() -> i64 linkonce {\nbb0:\n  %0 = iconst i64 1\n  ret %0\n}\n')
    m = machine('extern "f"() -> i64\nfn "g"() -> i64 external {\nbb0:\n  %0 = call i64 "f"\n  ret %0\n}\n')
    m.add(one)
    m.add(parse_module('module "b" file "b"\nfn "f"() -> i64 linkonce {\nbb0:\n  %0 = iconst i64 2\n  ret %0\n}\n'))
    assert m.call("g") == 1
