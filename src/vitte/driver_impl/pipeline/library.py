"""What a library is besides its code: what it exports, its header, and how objects become an archive."""

from __future__ import annotations

import os

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError, unwritable
from vitte.driver.options import DriverOptions, LldFlavor, OutputKind
from vitte.driver.session import DriverContext, Package
from vitte.driver_impl.cache.key import digest, heading
from vitte.driver_impl.files import write_atomic
from vitte.driver_impl.foreign import errors, exports, header
from vitte.driver_impl.pipeline.goals import header_path, library_name
from vitte.driver_impl.pipeline.units import Workshop


def interface(
    options: DriverOptions, context: DriverContext, package: Package, shop: Workshop, output: str
) -> tuple[tuple[str, ...], list[tuple[str, bytes]]]:
    """The symbols that a library exports, and its header with the path where it goes: none for a module of WebAssembly, whose users are
    not C. What is wrong goes to the context."""
    named = package.product.exports if package.product is not None else ()
    found = exports.find(shop, named)
    name = library_name(options, package, output)
    if not found and not named and not (options.exports or options.version_script):
        context.diagnostics.append(errors.no_export(name))
    text = header.write(shop, found, name, _needed(options))
    is_module = options.target.arch == "wasm32" and options.kind is OutputKind.SHARED
    symbols = tuple(export.symbol for export in found)
    return symbols, [(header_path(options, package, output), text.encode())] if text and not is_module else []


def _needed(options: DriverOptions) -> list[str]:
    """Libraries that those who link the static library must name: an archive does not say so itself."""
    names = [item.name for item in options.libraries if "/" not in item.name and item.kind in ("", "dylib", "static")]
    return list(dict.fromkeys([*names, *(["m"] if options.target.system == "linux" and options.target.libc != "none" else [])]))


def member_names(names: list[str]) -> list[str]:
    """What objects are called in an archive: as their modules are, all different."""
    found: list[str] = []
    for name in (name.replace("/", ".") for name in names):
        while f"{name}.o" in found:
            name += "_"
        found.append(f"{name}.o")
    return found


def archive_key(options: DriverOptions, names: list[str], digests: list[str]) -> str:
    """What an archive is remembered under; "" when the contents of a member are not known."""
    if not all(digests):
        return ""
    lines = [heading("archive"), options.target.name, *(f"{text} {name}" for name, text in zip(names, digests))]
    return digest("\n".join(lines).encode("utf-8", "surrogatepass"))


def archive(names: list[str], objects: list[str], flavour: LldFlavor, output: str) -> None:
    """Write a static library. Raises `DriverError` when it cannot be written."""
    from vitte.driver_impl.link.archive import Member, TooLarge, write

    members = []
    for name, path in zip(names, objects):
        with open(path, "rb") as file:
            members.append(Member(name, file.read()))
    try:
        if os.path.isdir(output):
            raise IsADirectoryError(21, "is a directory")
        write_atomic(output, write(members, flavour))
    except TooLarge:
        raise DriverError(f"`{output}` would be larger than 4 GiB, which archives cannot be", status=EXIT_TOOLCHAIN) from None
    except OSError as error:
        raise unwritable(output, error) from None
