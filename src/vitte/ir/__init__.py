"""The languages between the stages: their nodes, text forms, verifiers and walks. No passes.

    bytes -> ast -> hir -> thir -> mono -> mir -> ssa -> object

`types` and `defs` are shared by everything from `hir` on; `lang` lists what the compiler knows of the standard
library by name; `layout` and `fold` say what types look like in memory and what operations compute.
"""
