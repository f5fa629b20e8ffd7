"""The options of linking, from arguments to fields of `DriverOptions`."""

from __future__ import annotations

from vitte.cli.parser import Args, Usage
from vitte.driver.options import LINK_KINDS, EmitKind, Library, LinkerKind, LldFlavor, OutputKind
from vitte.driver.outputs import IMAGES

FLAVOURS: dict[str, LldFlavor] = {
    "gnu": LldFlavor.ELF, "elf": LldFlavor.ELF, "link": LldFlavor.COFF, "coff": LldFlavor.COFF, "darwin": LldFlavor.MACHO,
    "macho": LldFlavor.MACHO, "wasm": LldFlavor.WASM,
}  # fmt: skip
"""Command lines by LLD's names for them, and by ours for the formats."""
SUBSYSTEMS = ("console", "windows", "native", "posix", "boot_application", "efi_application", "efi_boot_service_driver", "efi_rom",
              "efi_runtime_driver")  # fmt: skip
STRIPS = ("none", "debug", "all")
COMPRESSIONS = ("none", "zlib", "zstd")
_SWITCHES = {"lto": "lto", "gc_sections": "gc-sections", "icf": "icf", "split_debug": "split-debug"}


def link_values(args: Args, codegen: dict[str, str], emit: tuple[tuple[EmitKind, str], ...]) -> tuple[dict[str, object], list[str]]:
    """Values of fields, and the names of those that the user spoke of. `codegen`: the settings of `-C`. Raises `Usage`."""
    values: dict[str, object] = {}
    given: list[str] = []
    linker = args.get("linker") or "lld"
    values["linker"] = LinkerKind(linker) if linker in ("lld", "system", "wasm") else LinkerKind.custom(linker)
    flavour = args.get("linker_flavour")
    if flavour:
        values["linker_flavour"] = FLAVOURS[flavour].value
    values["link_args"] = tuple(args.all("link_arg"))
    values["library_folders"] = tuple(args.all("library_folder"))
    frameworks = [Library(name, "framework") for name in args.all("framework")]
    values["libraries"] = (*(_library(text) for text in args.all("library")), *frameworks)
    values["rpaths"] = tuple(args.all("rpath"))
    values["exports"] = tuple(args.all("export_symbol"))
    values["version_script"] = args.get("version_script")
    values["entry_symbol"] = args.get("entry_symbol")
    values["stack_size"] = _size(args.get("stack_size"), "--stack-size")
    values["subsystem"] = args.get("subsystem")
    values["static"] = args.has("static")
    if args.has("pie") and args.has("no_pie"):
        raise Usage("`--pie` and `--no-pie` exclude each other")
    if args.has("pie") or args.has("no_pie"):
        values["pie"] = args.has("pie")
    if args.has("strip") or "strip" in codegen:
        values["strip"] = _strip(args.get("strip") if args.has("strip") else codegen["strip"])
        given.append("strip")
    for field, name in _SWITCHES.items():
        text = args.get(field) if args.has(field) else codegen.get(name)
        if text is not None:
            values[field] = _switch(name, text)
            given.append(field)
    compress = args.get("compress_debug") or codegen.get("compress-debug", "")
    if compress:
        if compress not in COMPRESSIONS:
            raise Usage(f"`{compress}` is no way of compressing", (f"one of {', '.join(COMPRESSIONS)}",))
        values["compress_debug"] = compress
        given.append("compress_debug")
    kind = _kind(args, emit)
    if kind is not None:
        values["kind"] = kind
        given.append("kind")
    values["bin"], values["lib"] = args.get("bin"), args.has("lib")
    if values["bin"] and values["lib"]:
        raise Usage("`--bin` and `--lib` exclude each other")
    return values, given


def _kind(args: Args, emit: tuple[tuple[EmitKind, str], ...]) -> OutputKind | None:
    """`--kind`, or what `--emit` wants, which is one."""
    kinds = list(dict.fromkeys([OutputKind(kind.value) for kind, _ in emit if kind in IMAGES]))
    if args.get("kind"):
        kinds.insert(0, OutputKind(args.get("kind")))
    if len(dict.fromkeys(kinds)) > 1:
        words = " and ".join([f"`{kind.value}`" for kind in dict.fromkeys(kinds)])
        raise Usage(f"one build makes one kind of output, not {words}", ("build twice: what is compiled is used again",))
    return kinds[0] if kinds else None


def _library(text: str) -> Library:
    """`[KIND=]NAME`."""
    kind, equals, name = text.partition("=")
    if not equals:
        kind, name = "", text
    elif kind not in LINK_KINDS:
        from vitte.base.suggest import closest

        near = closest(kind, LINK_KINDS)
        raise Usage(f"there is no kind `{kind}` of library", (f"did you mean `{near}`?" if near else f"one of {', '.join(LINK_KINDS)}",))
    if not name:
        raise Usage("`-l` needs a library's name", ("`-l NAME` or `-l KIND=NAME`",))
    return Library(name, kind)


def _strip(text: str) -> str:
    text = {"": "all", "on": "all", "yes": "all", "true": "all", "off": "none", "no": "none", "false": "none"}.get(text, text)
    if text not in STRIPS:
        raise Usage(f"`{text}` is no value for `strip`", (f"one of {', '.join(STRIPS)}, on, off",))
    return text


def _switch(name: str, text: str) -> bool:
    if text not in ("on", "off", "yes", "no", "true", "false", ""):
        raise Usage(f"`{text}` is no value for `{name}`", ("on or off",))
    return text in ("on", "yes", "true", "")


def _size(text: str, option: str) -> int:
    """Bytes, with `K`, `M` or `G` for 1024 of them, 1024 of these, and of these."""
    if not text:
        return 0
    number, factor = text, 1
    if text[-1:].upper() in ("K", "M", "G"):
        number, factor = text[:-1], 1 << 10 * ("KMG".index(text[-1].upper()) + 1)
    if not number.isdecimal() or len(number) > 12 or not 0 < int(number) * factor < 1 << 40:
        raise Usage(f"`{option}` needs a size, not `{text}`", ("bytes, or like `512K`, `8M`",))
    return int(number) * factor
