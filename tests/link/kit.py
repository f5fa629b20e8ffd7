"""Small objects for every format, and the linkers of this machine and of the `ziglang` package."""

from __future__ import annotations

from pathlib import Path

import llvmlite.binding as llvm
import pytest

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link import linkers, lld
from vitte.driver_impl.link.data import Plan, Request
from vitte.driver_impl.link.programs import Linker, recognise, which

TRIPLES = {
    "elf": "x86_64-unknown-linux-gnu", "elf-arm": "aarch64-unknown-linux-gnu", "coff": "x86_64-pc-windows-msvc",
    "coff-arm": "aarch64-pc-windows-msvc", "macho": "arm64-apple-macosx11.0", "macho-x86": "x86_64-apple-macosx11.0",
    "wasm": "wasm32-unknown-unknown",
}  # fmt: skip
OTHER = {"elf": "elf-arm", "coff": "coff-arm", "macho": "macho-x86"}
ENTRIES = {"elf": "main", "coff": "vt_start", "macho": "main", "wasm": "_start"}
LINKERS = {"ld.lld": "elf", "ld.bfd": "elf", "ld.gold": "elf", "mold": "elf", "gcc": "elf", "clang": "elf",
           "lld-link": "coff", "wasm-ld": "wasm",
           "ld64.lld": "macho", "zig": "macho"}  # fmt: skip
_made: dict[tuple[str, str, str], bytes] = {}


def emit(name: str, kind: str, text: str) -> bytes:
    """An object made of LLVM's text; `name` is its source's."""
    key = (name, kind, text)
    if key not in _made:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        module = llvm.parse_assembly(f'source_filename = "{name}"\ntarget triple = "{TRIPLES[kind]}"\n{text}')
        module.verify()
        reloc = "static" if kind == "wasm" else "pic"
        machine = llvm.Target.from_triple(TRIPLES[kind]).create_target_machine(reloc=reloc, codemodel="default")
        _made[key] = machine.emit_object(module)
    return _made[key]


def the_linker(name: str) -> Linker:
    """That linker; skips the test where there is none."""
    if LINKERS[name] != "elf" or name == "ld.lld":
        flavour = LldFlavor(LINKERS[name])
        if name == "zig":
            return lld.find(lld.ziglang(), flavour)
        found = lld.find("" if flavour is LldFlavor.MACHO else name, flavour)
        if found.dialect == "zig":
            pytest.skip(f"{name} is not on this machine, and not in the ziglang package")
        return found
    path = which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return recognise(path)


def plan_of(linker: Linker, folder: Path, objects: list[str], **more: object) -> Plan:
    kind = linker.flavour.value
    values: dict[str, object] = {
        "flavour": linker.flavour, "arch": {"macho": "aarch64", "wasm": "wasm32"}.get(kind, "x86_64"), "objects": tuple(objects),
        "output": str(folder / "app"), "temporary": str(folder / "app.tmp"), "entry": "" if linker.dialect == "cc" else ENTRIES[kind],
        "loader": "/lib64/ld-linux-x86-64.so.2",
    }  # fmt: skip
    return linkers.plan(linker, Request(**(values | more)))  # type: ignore[arg-type]
