"""The syntax tree: what stage 1 (parse) makes and stage 2 (lowering) reads.

One class per construct, `span` always first. A tree says what was written, not what it means: names are not
resolved, `a[i]` and `f[int]` are the same node, `a.b` and `a::b` differ only in a flag. Synonyms are one node
(`use`/`pull`, `!`/`not`, `&&`/`and`, `select`/`match`); their spelling is in the tokens.

The tree is lossless together with `Module.tokens`: whatever lies between two tokens is layout and comments, and
`ast_text.print_source(module)` gives back the source exactly. Spans of children lie in their parent's span, in
source order where their text is.

Where a mistake was reported an error node stands (`ErrorExpr`, `ErrorType`, `ErrorPat`, `ErrorItem`); reserved
constructs are `UnsupportedItem` and `UnsupportedExpr`. Both carry the token of the report: later stages stay silent.
"""

from __future__ import annotations

from vitte.ir.ast_exprs import *  # noqa: F403
from vitte.ir.ast_items import *  # noqa: F403
