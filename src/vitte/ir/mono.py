"""MONO: the set of instances a unit builds.

An *instance* is a definition with concrete type arguments, or *glue*: a body the compiler makes for a type. The set is closed:
whatever an instance calls is in the plan, or is a non-generic procedure of another unit (an external symbol).

Symbols are the readable text of the instance (`demo/shapes::area`, `std/list::list.push[string]`): a Vitte path always holds `::`,
which no C name does, and every object format takes any bytes. What is longer than `MAX_SYMBOL` ends in a digest instead.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

from vitte.ir import thir
from vitte.ir.paths import readable
from vitte.ir.types import Ty

MAX_SYMBOL = 240

GlueKind = Literal["", "drop", "clone", "eq", "hash", "debug", "cmp", "default", "main", "test_main"]
"""Bodies made by the compiler; `args[0]` is the type they serve.

- `drop`: `(p: &mut T)`, runs `Drop.drop`, then drops the parts in order of declaration.
- `clone` `eq` `hash` `debug` `cmp` `default`: structural implementations, with the signatures of the trait methods in `lang`.
- `main`: `main(argc: i32, argv: **u8) -> i32` in C's convention, symbol `main`; `path` is the user's entry procedure: START, the call
  (with ARGUMENTS when it takes them), REPORT_ERROR and status 1 for an `Err`, FINISH.
- `test_main`: symbol `main` of a test binary: TEST_BEGIN; the unit also answers the intrinsics `test_*` from `Plan.tests`.
"""


class Instance(Struct, frozen=True):
    path: str
    args: tuple[Ty, ...] = ()
    glue: GlueKind = ""

    @property
    def text(self) -> str:
        """Canonical: `path[args]`, glue as `glue drop[T]`."""
        name = f"glue {self.glue} {self.path}".rstrip() if self.glue else self.path
        return f"{name}[{', '.join([a.text for a in self.args])}]" if self.args else name


Linkage = Literal["external", "linkonce", "internal"]
"""`linkonce`: emitted by every unit that uses it (instances of generics, glue, inline procs), one is kept by the linker."""


class MonoItem(Struct):
    """`body`: path of the typed body, "" for glue."""

    instance: Instance
    symbol: str
    linkage: Linkage
    body: str = ""


class Plan(Struct):
    """What a unit builds.

    - `items`: instances in a deterministic order: the unit's own procedures in program order, then what they need, breadth first.
    - `consts`: paths of the unit's own constants and statics, whose initialisers are to be evaluated, in program order.
    - `checks`: paths of all own bodies, to be built once with their own parameters and checked for ownership.
    - `bodies`: every typed body that `items`, `consts` and `checks` name.
    - `tests`: (title, path) of the tests of all units, for a `test_main`.
    - `held`: types of which this unit has values, as far as another unit would drop them (`ownership.dropped_at_home`): it knows their
      fields anyway, and drops what boxes hold of them itself.
    """

    module: str
    file: str
    items: list[MonoItem]
    consts: list[str]
    checks: list[str]
    bodies: dict[str, thir.Body]
    static_asserts: list[thir.StaticAssert] = []
    tests: list[tuple[str, str]] = []
    held: list[Ty] = []


def symbol_of(instance: Instance, fixed: str = "") -> str:
    """The linker symbol. `fixed` is the definition's own (`extern "C"`, `#[export_name]`)."""
    if fixed:
        return fixed
    if instance.glue in ("main", "test_main"):
        return "main"
    text = instance.text
    if len(text) > MAX_SYMBOL:
        text = f"{text[: MAX_SYMBOL - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return text


def demangle(symbol: str) -> str:
    """A symbol as people read it: Vitte's are readable already, but for the heads of impls."""
    return readable(symbol)
