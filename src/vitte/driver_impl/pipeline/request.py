"""From options and what a target supplies to a link's request: what is wanted, as far as the target can have it."""

from __future__ import annotations

import os

from vitte.driver.error import DriverError
from vitte.driver.options import DebugInfo, DriverOptions, LldFlavor, OptLevel, OutputKind
from vitte.driver_impl.link.data import Request
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.pipeline.library import member_names
from vitte.driver_impl.pipeline.link_inputs import Inputs

FOLDS = ("lld", "gold", "mold")
"""Dialects that can make equal procedures one."""


def request(
    options: DriverOptions, linker: Linker, inputs: Inputs, output: str, temporary: str, name: str, exports: tuple[str, ...]
) -> Request:
    """`name`: the program's. `exports`: symbols besides those of the options. Raises `DriverError` for what the target cannot have."""
    supplied = inputs.supplied
    kind = options.kind
    shared, relocatable = kind is OutputKind.SHARED, kind is OutputKind.OBJECT
    static = supplied.static or (options.static and kind is OutputKind.BIN and _can_be_static(options, linker))
    if shared and static and linker.flavour is LldFlavor.ELF:
        raise DriverError(f"there are no shared libraries for `{options.target.name}`: its programs load nothing at run time",
                          helps=("`--kind static` makes a library that becomes part of programs",))  # fmt: skip
    pie = (supplied.pie and not static) if options.pie is None else options.pie
    if pie and static and kind is OutputKind.BIN and linker.flavour is LldFlavor.ELF and options.pie:
        raise DriverError(f"a static program for `{options.target.name}` cannot be loaded anywhere", helps=("leave `--pie` out",))
    entry = options.entry_symbol or ("" if shared else supplied.entry)
    icf = options.icf if options.icf is not None else options.opt_level is not OptLevel.O0 and _folds(linker)
    bare = relocatable or shared
    debug = options.debug_info is not DebugInfo.NONE and options.strip == "none" and _has_debug_beside(linker)
    return Request(
        flavour=linker.flavour, arch=options.target.arch, start=inputs.start if bare else supplied.start or inputs.start,
        objects=tuple(inputs.objects), output=output, temporary=temporary, shared=shared, relocatable=relocatable, pie=pie, static=static,
        libraries=() if relocatable else options.libraries, folders=() if relocatable else options.library_folders,
        runtime=() if relocatable else supplied.runtime, if_needed=() if relocatable else supplied.if_needed,
        imports=() if relocatable else tuple(inputs.imports), system=supplied.system, identifier=name,
        loader=supplied.loader, entry="" if relocatable else entry,
        exports=() if relocatable else tuple(dict.fromkeys((*exports, *options.exports))),
        version_script=_script(options), rpaths=options.rpaths, stack_size=options.stack_size, subsystem=options.subsystem,
        minimum=supplied.minimum, gc_sections=options.gc_sections is not False, icf=icf and not relocatable, strip=options.strip,
        compress_debug=options.compress_debug, args=options.link_args,
        debug=debug, names=tuple(member_names(inputs.names)) if debug else (),
    )  # fmt: skip


def _has_debug_beside(linker: Linker) -> bool:
    """Whether debug information goes into files of its own: a PDB, or the objects, which a Mach-O image names."""
    return linker.flavour is LldFlavor.COFF or (linker.flavour is LldFlavor.MACHO and linker.dialect == "lld")


def _folds(linker: Linker) -> bool:
    return linker.dialect in FOLDS and linker.flavour is not LldFlavor.WASM


def _can_be_static(options: DriverOptions, linker: Linker) -> bool:
    """Whether a program can be static that usually is not. Raises `DriverError` when it cannot."""
    if linker.flavour is LldFlavor.WASM:
        return False  # it always is, and has no word for it
    if linker.dialect == "cc":
        return True  # it brings the C library's archive
    if linker.flavour is LldFlavor.ELF:
        musl = f"{options.target.name.rpartition('-')[0]}-musl"
        help = f"`--target {musl}` makes static programs; so does `--linker cc`, with the system's libc.a"
    else:
        help = "its system libraries are always loaded at run time"
    raise DriverError(f"there are no static programs for `{options.target.name}`", helps=(help,))


def _script(options: DriverOptions) -> str:
    path = options.version_script
    if path and not os.path.isfile(path):
        raise DriverError(f"the version script `{path}` is not a file", helps=("`--version-script` takes a path",))
    return path
