"""Stage 2: lowering, `ast.Module` to `hir.Module`.

Input: the syntax tree of one module, and `ctx.imports` (the interfaces its `use`s name, then the prelude).
Output: HIR, in which every name points at a definition, a local, a generic parameter or an error node, and sugar is gone.
Errors are codes V0101 to V0189 and V0930 to V0939, lints W0101 to W0104.

    use std/io                              proc m::f
    proc f(xs: [int]) {                       loop#0 while {
      while len(xs) > 2 { io.flush() }   =>     if xs.len() > 2 { std/io::flush() } else { break #0 }
    }                                         }

A module is done in two passes: `collect` learns every top-level name (a procedure may call one below it), then `items`
and, for bodies, `exprs`, `stmts`, `patterns` and `types` walk the tree once. They are functions over one `Lowerer`
(`state`), found through tables by node class.

One dict holds all the names in scope: locals as ints, everything else as `Sym`. Entering a scope notes the length of the
undo log, leaving it restores what the log says, so a lookup is one dict access however deep the nesting.

Items in blocks see what their block sees but no locals; they wait in a queue until the top-level item around them is done.
"""

from __future__ import annotations

from vitte.lower.module import run

__all__ = ["run"]
