"""Why each part of a key and each kind of edge is there: without it, a named scenario gives a wrong result.

A scenario is two states of a project and how each is built, one after the other, with one cache. `ablated` leaves a part out of all
keys, or a kind of edge out of all records; then the second build must differ from a clean one, and without that it must not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace as replaced

from tests.incremental.kit import OUT, Result, run, write
from vitte.base.diagnostics import Diagnostic
from vitte.driver_impl.cache import edges, key
from vitte.driver_impl.pipeline import units

Files = dict[str, str]


class Scenario(NamedTuple):
    """`first` and `second`: texts and command of the two builds. `other`: makes the first build that of another compiler."""

    first: Files
    second: Files
    command: tuple[str, ...] = ("build", "main.vit", "-o", OUT)
    then: tuple[str, ...] = ()
    other: Callable[[], object] | None = None


RUN = ("run", "main.vit")
CHECK = ("check", "main.vit")
BUILD = ("build", "main.vit", "-o", OUT)
INTERP = ("run", "main.vit", "--engine", "interp")
TEST = ("test", "main.vit")


def main(body: str, head: str = "use part\n", more: str = "") -> str:
    return f"{head}\n{more}proc main() {{\n{body}\n}}\n"


def two(part: str, changed: str, text: str, command: tuple[str, ...] = RUN) -> Scenario:
    """`main.vit` stays as it is, `part.vit` changes."""
    assert part != changed
    return Scenario({"part.vit": part, "main.vit": text}, {"part.vit": changed, "main.vit": text}, command)


def _otherwise_worded() -> None:
    """A compiler that words a warning differently."""
    encoded = units.encoded

    def other(found: list[Diagnostic]) -> bytes:
        return encoded([replaced(diagnostic, message=diagnostic.message + ", said another compiler") for diagnostic in found])

    units.encoded = other


def _another_compiler() -> None:
    key._identity[:] = ["another"]
    _otherwise_worded()


def _another_format() -> None:
    key.FORMAT = 1  # type: ignore[misc]
    _otherwise_worded()


_UNUSED = "proc main() {\n  let idle = 1\n}\n"
_PLAIN = "proc main() {\n  println(1)\n}\n"
_Q = "space {}\n\npub proc f() -> int {{ give {} }}\n"
_SWAPPED = "use x\nuse y\n\nproc main() {\n  println(\"{} {}\", x.f(), y.f())\n}\n"

_NESTED = {
    "in/part.vit": "pub proc f() -> int { give 1 }\n",
    "in/main.vit": main("  println(part.f())"),
    "main.vit": main("  println(part.f())", "use in/part\n"),
}

KEY_SCENARIOS: dict[str, Scenario] = {
    "format": Scenario({"main.vit": _UNUSED}, {"main.vit": _UNUSED}, CHECK, other=_another_format),
    "compiler": Scenario({"main.vit": _UNUSED}, {"main.vit": _UNUSED}, CHECK, other=_another_compiler),
    "kind": Scenario({"main.vit": _PLAIN}, {"main.vit": _PLAIN}, BUILD, INTERP),
    "option": Scenario({"main.vit": _PLAIN}, {"main.vit": _PLAIN}, BUILD, (*BUILD, "-O2", "--overflow-checks", "off")),
    "unit": Scenario(_NESTED, _NESTED, ("build", "in/main.vit", "-o", OUT), BUILD),
    "file": Scenario(
        {"part.vit": "pub proc f() {\n  let idle = 1\n}\n", "main.vit": main("  part.f()")},
        {"part/mod.vit": "pub proc f() {\n  let idle = 1\n}\n", "main.vit": main("  part.f()")}, CHECK,
    ),
    "role": Scenario(
        {"part.vit": _PLAIN, "main.vit": main("  part.main()")}, {"part.vit": _PLAIN, "main.vit": main("  part.main()")},
        BUILD, ("build", "part.vit", "-o", OUT),
    ),
    "source": two("pub proc f() -> int { give 1 }\n", "pub proc f() -> int { give 2 }\n", main("  println(part.f())")),
    "import": Scenario(
        {"x.vit": _Q.format("q", 1), "y.vit": _Q.format("r", 2), "main.vit": _SWAPPED},
        {"x.vit": _Q.format("r", 2), "y.vit": _Q.format("q", 1), "main.vit": _SWAPPED}, RUN,
    ),
    "found": Scenario(
        {"main.vit": "use parrt\n\nproc main() {}\n"}, {"main.vit": "use parrt\n\nproc main() {}\n", "part.vit": ""}, CHECK,
    ),
    "broken": two(
        "pub proc f() -> int { give wrong }\n", "pub proc f() -> int { give 2 }\n", main("  println(part.f())"),
    ),
}  # fmt: skip
"""By the name of the part in `KEY_PARTS`."""

_FORM = "pub form F {\n  a: int\n  pub proc new(x: int) -> F { give F { a: x } }\n}\n\n"
_WEIGH = "pub trait Weigh {\n  proc weigh(self) -> int\n  proc twice(self) -> int { give 2 }\n}\n\n"
_IMPL = "impl Weigh for F { proc weigh(self) -> int { give 1 } }\n"

_BLANKET = "pub trait {0} {{ proc weigh(self) -> int }}\nimpl[T] {0} for T {{ proc weigh(self) -> int {{ give 1 }} }}\n"

_PICKS = "pub pick P { Red }\npub proc take(p: P) {}\npub proc Blue() {}\n"

EDGE_SCENARIOS: dict[str, Scenario] = {
    "name": Scenario(
        {"one.vit": "pub proc f() -> int { give 1 }\npub proc g() -> int { give 2 }\n", "part.vit": "use one.{f, g}\nexport { f as h }\n",
         "main.vit": main("  println(part.h())")},
        {"one.vit": "pub proc f() -> int { give 1 }\npub proc g() -> int { give 2 }\n", "part.vit": "use one.{f, g}\nexport { g as h }\n",
         "main.vit": main("  println(part.h())")}, RUN,
    ),
    "names": two("pub proc aa() {}\n", "pub proc aa() {}\npub proc hello() {}\n", main("  part.helo()"), CHECK),
    "sig": two("pub proc f(x: int) {}\n", "pub proc f(x: string) {}\n", main("  part.f(1)"), CHECK),
    "lay": two(_FORM, _FORM.replace("  a: int\n", "  a: int\n  b: int = 7\n"), main('  println("{:?}", part.F { a: 1 })')),
    "cases": two(
        "pub pick P { Red, Green }\npub pick Q { Blue }\n", "pub pick P { Red, Green }\npub pick Q { Blue, Red }\n",
        main("  let x = Red", "use part.{P, Q}\n"), CHECK,
    ),
    "val": two("pub const C: int = 1\n", "pub const C: int = 2\n", main("  println(part.C)")),
    "body": two("pub proc f[T](x: T) -> int { give 1 }\n", "pub proc f[T](x: T) -> int { give 2 }\n", main("  println(part.f(true))")),
    "lines": two(
        "pub proc f[T](xs: [T], n: int) -> int {\n  assert n > xs.len()\n  give n\n}\n",
        "// A comment.\npub proc f[T](xs: [T], n: int) -> int {\n  assert n > xs.len()\n  give n\n}\n",
        main("  println(part.f([1, 2], 1))"), INTERP,
    ),
    "impls": two(
        _FORM + _WEIGH + _IMPL, _FORM + _WEIGH + _IMPL.replace("} }", "}\n  proc twice(self) -> int { give 5 } }"),
        main("  println(part.F.new(1).twice())"),
    ),
    "inherent": two(
        _FORM + _WEIGH + _IMPL, _FORM + _WEIGH + _IMPL + "impl F { pub proc twice(self) -> int { give 9 } }\n",
        main("  println(part.F.new(1).twice())"),
    ),
    "member": two(
        _BLANKET.format("A"), _BLANKET.format("A") + _BLANKET.format("B"),
        main("  ", more="proc g[T: Clone](x: T) -> int { give x.weigh() }\n\n"), CHECK,
    ),
    "method": two(
        _FORM + _WEIGH + _IMPL, _FORM + _WEIGH + _IMPL + "pub trait Other { proc weigh(self) -> int }\n"
        "impl Other for F { proc weigh(self) -> int { give 3 } }\n",
        main("  println(part.F.new(1).weigh())"),
    ),
    "case": two(
        _PICKS + "pub pick Q { Green, Blue }\n", _PICKS + "pub pick Q { Green }\n",
        main("  part.take(Blue)"), CHECK,
    ),
    "tests": two('test "a" { assert 1 > 0, "a" }\n', 'test "a" { assert 1 > 0, "a" }\ntest "b" { assert 0 > 1, "b" }\n', main("  "), TEST),
    "reach": two("pub proc aa() {}\n", "pub proc aa() {}\npub proc hello() {}\n", main("  hello()"), CHECK),
    "file": two(
        "pub proc shown() {}\n\nproc f() {}\n", "pub proc shown() {}\n\n// A comment.\nproc f() {}\n", main("  part.f()"), CHECK,
    ),
}  # fmt: skip
"""By kind of edge."""


@contextmanager
def ablated(part: str = "", edge: str = "") -> Iterator[None]:
    """Without a part of keys, or a kind of edge, in all forks made inside. Entries are found by kind and unit too, so an ablated `kind` or
    `unit` is taken out of there as well."""
    real = units.CacheKey
    if part:
        key.ablated.add(part)
    if edge:
        edges.ablate.add(edge)
    if part == "unit":
        units.CacheKey = lambda kind, _: real(kind, "")  # type: ignore[assignment, misc]
    if part == "kind":
        units.CacheKey = lambda _, id: real("any", id)  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        key.ablated.discard(part)
        edges.ablate.discard(edge)
        units.CacheKey = real  # type: ignore[misc]


def replace(folder: Path, old: Files, new: Files) -> None:
    for name in old.keys() - new.keys():
        (folder / name).unlink()
    write(folder, new)


def outcomes(root: Path, scenario: Scenario, std: Path) -> tuple[Result, Result]:
    """The second build with what the first left, and a clean one of the same texts."""
    import os
    import shutil

    env = {"VITTE_JOBS": "1", "VITTE_NO_SERVER": "1", "NO_COLOR": "1"}
    tree, clean = root / "tree", root / "clean"
    for folder in (tree, clean):
        (folder / "out").mkdir(parents=True)
    write(tree, scenario.first)
    if not key.ablated:
        shutil.copytree(std, root / "cache")
    cached = {**env, "VITTE_CACHE": str(root / "cache")}
    if scenario.other is not None:
        pid = os.fork()
        if pid == 0:
            try:
                scenario.other()
                run(list(scenario.command), tree, cached)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
    else:
        run(list(scenario.command), tree, cached)
    replace(tree, scenario.first, scenario.second)
    write(clean, scenario.second)
    command = list(scenario.then or scenario.command)
    shutil.rmtree(tree / "out")
    (tree / "out").mkdir()
    return run(command, tree, cached), run([*command, "--cache", "read"], clean, {**env, "VITTE_CACHE": str(std)})
