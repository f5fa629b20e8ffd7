"""Optimised links: the units of a program as one module, optimised together, one object.

    texts of units --bitcode--> modules, kept with the units --merge--> one object

What only this program calls is made internal first, and what nothing calls then goes before anything is optimised: a small program does not
pay for a large library. Names of C stay as they are: foreign objects and the linker may ask for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitte.codegen.llvm import machine

if TYPE_CHECKING:
    from vitte.driver.target import Target

_OF_C = re.compile(r"(?!vitte\.)[A-Za-z_$.][A-Za-z0-9_$.]*")
"""Symbols that others may know: those of C. Vitte's own hold a path, and helpers begin with `vitte.`."""


def bitcode(text: str, target: Target, opt_level: str) -> bytes:
    """A unit's module, verified, before any optimisation. Raises `machine.BackendError`."""
    module, _ = machine.parse(text, target, machine.speed(opt_level))
    data: bytes = module.as_bitcode()
    module.close()
    return data


def merge(modules: list[bytes], target: Target, opt_level: str) -> bytes:
    """One object of modules that `bitcode` gave, in their order. Raises `machine.BackendError`."""
    llvm = machine.llvm()
    tm = machine.machine(target, machine.speed(opt_level))
    try:
        whole = llvm.parse_bitcode(modules[0])
        for data in modules[1:]:
            whole.link_in(llvm.parse_bitcode(data))
        for value in (*whole.functions, *whole.global_variables):
            if not value.is_declaration and not _OF_C.fullmatch(value.name):
                value.visibility = "default"
                value.linkage = "internal"
        whole.verify()
    except RuntimeError as error:
        raise machine.BackendError(f"units that do not fit together: {error}") from None
    first = llvm.create_new_module_pass_manager()
    first.add_global_dead_code_eliminate_pass()
    first.run(whole, llvm.create_pass_builder(tm, llvm.create_pipeline_tuning_options()))
    machine.optimise(whole, tm, opt_level)
    data = tm.emit_object(whole)
    whole.close()
    return bytes(data)
