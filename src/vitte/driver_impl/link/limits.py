"""What a format or a linker has no word for, said before it is asked: nothing that was wanted is left out in silence."""

from __future__ import annotations

from vitte.driver.error import DriverError
from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Request

OPTIONS: dict[str, str] = {
    "relocatable": "--kind object",
    "version_script": "--version-script",
    "rpaths": "--rpath",
    "exports": "--export-symbol",
    "stack_size": "--stack-size",
    "subsystem": "--subsystem",
    "icf": "--icf",
    "strip": "--strip",
    "compress_debug": "--compress-debug",
}
"""Fields of a request by the option that sets them."""

_EXPORTS = "`--export-symbol NAME` says what the image exports"
_WINDOWS_ONLY = "it is a word of Windows"

_FORMATS: dict[LldFlavor, dict[str, str]] = {
    LldFlavor.ELF: {"subsystem": _WINDOWS_ONLY},
    LldFlavor.COFF: {
        "relocatable": "`--lto` makes one object of all units, which `--kind object` then writes",
        "version_script": _EXPORTS,
        "rpaths": "libraries are found beside the program and on the PATH",
        "compress_debug": "debug information is in a file of its own",
    },
    LldFlavor.MACHO: {
        "relocatable": "`--lto` makes one object of all units, which `--kind object` then writes",
        "version_script": _EXPORTS,
        "subsystem": _WINDOWS_ONLY,
        "compress_debug": "debug information stays in the objects",
    },
    LldFlavor.WASM: {
        "version_script": _EXPORTS,
        "rpaths": "a module loads no libraries",
        "subsystem": _WINDOWS_ONLY,
        "icf": "modules are not linked that way",
        "compress_debug": "modules keep debug information as it is",
    },
}
"""Of each format, the fields that must be as they are by default, and what to say of them."""

_DIALECTS: dict[str, dict[str, str]] = {
    "bfd": {"icf": "GNU ld cannot; LLD, gold and mold can"},
    "zig": {"icf": "`ld64.lld` can"},
    "cc": {"icf": "which linker the C compiler runs is not known; `--link-arg` speaks to it"},
}

_COMPRESSIONS: dict[str, tuple[str, ...]] = {"gold": ("zlib",)}
"""Of linkers that do not have all; the others complain themselves when they were built without one."""

_KINDS: dict[LldFlavor, tuple[str, ...]] = {
    LldFlavor.ELF: ("", "dylib", "static"),
    LldFlavor.COFF: ("", "dylib", "static", "dll"),
    LldFlavor.MACHO: ("", "dylib", "static", "framework"),
    LldFlavor.WASM: ("", "static", "wasm"),
}

_NAMES = {LldFlavor.ELF: "ELF", LldFlavor.COFF: "PE/COFF", LldFlavor.MACHO: "Mach-O", LldFlavor.WASM: "WebAssembly"}


def check(request: Request, dialect: str) -> None:
    """Raises `DriverError` when a request asks for what the linker of that dialect cannot do for that format."""
    usual = Request(flavour=request.flavour, arch=request.arch, objects=(), output="", temporary="")
    name = _NAMES[request.flavour]
    for field, why in (_FORMATS[request.flavour] | _DIALECTS.get(dialect, {})).items():
        if getattr(request, field) != getattr(usual, field):
            whose = f"linker `{dialect}`" if field in _DIALECTS.get(dialect, {}) else f"{name} images"
            raise DriverError(f"`{OPTIONS[field]}` is not supported for {whose}", helps=(why,))
    if request.compress_debug not in ("none", *_COMPRESSIONS.get(dialect, (request.compress_debug,))):
        raise DriverError(f"linker `{dialect}` cannot compress with {request.compress_debug}",
                          helps=(f"it knows {', '.join(_COMPRESSIONS[dialect])}",))  # fmt: skip
    for item in request.libraries:
        if item.kind not in _KINDS[request.flavour]:
            raise DriverError(f"library `{item.name}` is of kind `{item.kind}`, which is not supported for {name} images",
                              helps=(f"there are {', '.join([f'`{kind}`' for kind in _KINDS[request.flavour] if kind])}",))  # fmt: skip
