"""The table of passes, the order they run in, and what that order must respect."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from vitte.ir.ssa import Function, Module
from vitte.optimize import attributes, checks, constants, copies, dead, hoist, inline, loads, simplify_cfg, sink, values, versions


class Pass(Struct, frozen=True):
    """`run(fn, module)` changes the function and says whether it did. It may look at other functions, never change them.
    `levels`: the optimisation levels it runs at."""

    name: str
    reason: str
    run: Callable[[Function, Module], bool]
    levels: str = "123sz"


class Before(Struct, frozen=True):
    """Some run of `first` must come before every run of `then`."""

    first: str
    then: str
    reason: str


PASSES: dict[str, Pass] = {
    p.name: p
    for p in (
        Pass("attributes", "callers and LLVM may rely on pointers that are only read, or not kept", attributes.run),
        Pass("simplify-cfg", "straight lines instead of chains of blocks; nothing that cannot be reached", simplify_cfg.run),
        Pass("constants", "what is the same value on every path that can be taken is that value", constants.run),
        Pass("copies", "a block parameter that always gets one value is that value", copies.run),
        Pass("values", "what was computed, or checked, on every path to here need not be again", values.run),
        Pass("loads", "memory that nobody has written since holds what was last seen there", loads.run),
        Pass("inline", "small procedures cost more to call than to run, and hide what they do", inline.run),
        Pass("checks", "a check that the conditions around it imply cannot fail", checks.run),
        Pass("hoist", "a length that a loop does not change is read once, and seen not to change", hoist.run),
        Pass("versions", "a loop whose bounds are known on entry runs unchecked, so that LLVM can make vectors of it", versions.run, "23"),
        Pass("sink", "the place and the text of a panic are put together on the way to it", sink.run),
        Pass("dead", "nobody wants the result", dead.run),
    )
}

SCHEDULE: tuple[str, ...] = (
    "attributes",
    "simplify-cfg", "copies",
    "inline",
    "constants", "simplify-cfg", "copies", "loads", "values", "hoist", "loads", "values",
    "checks", "constants", "simplify-cfg", "copies", "values",
    "dead", "sink", "versions", "simplify-cfg",
)
"""Over every function, callees first."""

ORDER: tuple[Before, ...] = (
    Before("attributes", "inline", "what is inferred must hold for every copy of a shared function, so it is read off the unchanged body"),
    Before("simplify-cfg", "inline", "the size of a body decides, so it should not count blocks that only jump"),
    Before("simplify-cfg", "copies", "an edge from a block that cannot be reached would count as another value"),
    Before("inline", "constants", "arguments that are constants are known only in the inlined body"),
    Before("loads", "values", "two loads of one address become one value first, then what is computed from it"),
    Before("values", "checks", "facts are about values: equal lengths must be one value"),
    Before("constants", "checks", "bounds are compared with constants"),
    Before("loads", "hoist", "a load that is an earlier one need not be moved"),
    Before("hoist", "checks", "a length read anew in every round could be another one each time"),
    Before("checks", "versions", "what can be shown at once needs no test, and the step must be known not to wrap"),
    Before("sink", "versions", "a loop is copied, and with it what it stores"),
    Before("dead", "versions", "unused operations would count as part of the loop"),
    Before("checks", "dead", "the operands of a removed check may be unused"),
    Before("values", "dead", "merged operations leave their operands"),
)

LAST: tuple[tuple[str, str], ...] = (("dead", "everything before leaves unused operations behind"),)
"""Passes after whose last run only `versions` and `simplify-cfg` may follow, and `sink`, which leave none."""


def schedule(opt_level: str) -> tuple[str, ...]:
    """The passes of an optimisation level, in order. Level 0 has none: what is required is never done here."""
    return () if opt_level == "0" else tuple([name for name in SCHEDULE if opt_level in PASSES[name].levels])
