"""Stage 8: makes SSA smaller and faster without changing what a program does.

Purpose: remove what can be shown not to matter (constant conditions, copies, repeated and dead work, calls of small functions, checks that
cannot fail) so that LLVM has less to do and can see through what remains. Input and output: `ssa.Module`, changed in place.
Invariants: the verifier accepts the module after every pass; a program's output, status and panics stay, also which panic comes first.

    v2 = slt v1, v0                     v2 = slt v1, v0
    br v2, body, done                   br v2, body, done
    body:                       ==>     body:
      v3 = ult v1, v0                     v4 = load v5
      check v3 "index" v1 v0
      v4 = load v5

`passes.PASSES` says what there is and why, `passes.SCHEDULE` in which order; `passes.ORDER` what the order must respect.
Functions are done callees first, so that what is inlined is optimised already. At level 0 nothing runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.ir.ssa import Function, Module

AfterPass = Callable[[str, "Function"], None]
"""Called as `after(pass name, function)` when a pass has changed a function."""


class PassBroke(Exception):
    """The verifier rejects what a pass made: an internal error. `errors`: the verifier's."""

    def __init__(self, name: str, symbol: str, errors: list[str]) -> None:
        super().__init__(f"pass {name} broke {symbol}: {errors[0]}")
        self.pass_name = name
        self.symbol = symbol
        self.errors = errors


def run(module: Module, ctx: UnitContext, *, verify: bool = False, after_pass: AfterPass | None = None) -> Module:
    """Optimise for `ctx.opt_level`. `verify`: check after every pass and raise `PassBroke`. Time is close to linear in the unit."""
    from vitte.optimize.callgraph import bottom_up
    from vitte.optimize.passes import schedule
    from vitte.optimize.unused import remove_unused

    names = schedule(ctx.opt_level)
    if not names:
        return module
    for fn in bottom_up(module):
        run_on(fn, module, names, verify=verify, after_pass=after_pass)
    remove_unused(module)
    return module


def run_on(fn: Function, module: Module, names: tuple[str, ...], *, verify: bool = False, after_pass: AfterPass | None = None) -> None:
    """Run passes by name over one function."""
    from vitte.optimize.passes import PASSES

    for name in names:
        changed = PASSES[name].run(fn, module)
        if changed and verify:
            from vitte.ir.ssa_verify import verify_function

            errors = verify_function(fn, module)
            if errors:
                raise PassBroke(name, fn.symbol, errors)
        if changed and after_pass is not None:
            after_pass(name, fn)
