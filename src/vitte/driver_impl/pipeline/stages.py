"""The eleven stages in their order: the one table that documents, times, dumps and checks the pipeline."""

from __future__ import annotations

from msgspec import Struct


class Stage(Struct, frozen=True):
    """`package` holds `run(input, ctx) -> output`. `dump` is the name for `--dump` and `emit` ("" when there is no text
    to show), `printer` the module of `vitte.ir` that prints the output, `verifier` the one that checks it."""

    number: int
    name: str
    purpose: str
    package: str
    input: str
    output: str
    dump: str = ""
    printer: str = ""
    verifier: str = ""


STAGES: tuple[Stage, ...] = (
    Stage(1, "parse", "text to syntax tree", "vitte.parse", "source", "ast", "ast", "ast_text", "ast_verify"),
    Stage(2, "lower", "resolve names, remove sugar", "vitte.lower", "ast", "hir", "hir", "hir_text", "hir_verify"),
    Stage(3, "typecheck", "type every expression", "vitte.typecheck", "hir", "thir", "thir", "thir_text", "thir_verify"),
    Stage(4, "monomorphize", "collect the instances to build", "vitte.monomorphize", "thir", "mono", "mono", "mono_text", "mono_verify"),
    Stage(5, "mir_build", "control flow, ownership, drops", "vitte.mir_build", "mono", "mir", "mir", "mir_text", "mir_verify"),
    Stage(6, "ssa_build", "values and explicit memory", "vitte.ssa_build", "mir", "ssa", "ssa", "ssa_text", "ssa_verify"),
    Stage(7, "const_eval", "evaluate constants", "vitte.const_eval", "ssa", "ssa", "const", "ssa_text", "ssa_verify"),
    Stage(8, "optimize", "make the program smaller and faster", "vitte.optimize", "ssa", "ssa", "opt", "ssa_text", "ssa_verify"),
    Stage(9, "codegen", "native code", "vitte.codegen", "ssa", "object"),
    Stage(10, "link", "one image from all objects", "vitte.driver_impl.link", "object", "image"),
    Stage(11, "run", "run the image", "vitte.driver_impl.runtime", "image", "status"),
)

BY_NAME: dict[str, Stage] = {stage.name: stage for stage in STAGES}
BY_DUMP: dict[str, Stage] = {stage.dump: stage for stage in STAGES if stage.dump}


def find(name: str) -> Stage | None:
    """A stage by its name or the name of its dump."""
    return BY_NAME.get(name) or BY_DUMP.get(name)
