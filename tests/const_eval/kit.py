"""Run SSA text."""

from vitte.const_eval.machine import Machine
from vitte.ir.ssa_text import parse_module
from vitte.ir.ssa_verify import verify


def machine(text: str, **options: object) -> Machine:
    module = parse_module(f'module "m" file "m.vit"\n{text}')
    assert verify(module) == []
    return Machine([module], **options)  # type: ignore[arg-type]
