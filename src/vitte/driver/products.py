"""Policy of what a package makes: which of its products are meant, and what the options are for each of them. Looks at no file.

    options, package --chosen--> (options, product) for every image that is to be made

The implementation finds each product's root module; units that several products share are compiled once, by the cache.
"""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode, DriverOptions, OutputKind
from vitte.driver.outputs import IMAGES, LIBRARIES
from vitte.driver.session import LinkTable, Manifest, Package, Product

_SCALARS = ("version_script", "entry_symbol", "stack_size", "subsystem", "static", "pie")
_LISTS = ("libraries", "library_folders", "rpaths", "exports", "link_args")


WHOLE = Product(OutputKind.BIN, "")
"""Stands for all modules of a package: what is tested."""


def chosen(options: DriverOptions, package: Package) -> list[tuple[DriverOptions, Product | None]]:
    """What is to be made, in the order of the manifest; None is what the package is without products. Raises `DriverError` when the options
    name what the package has not, or one file for several images."""
    manifest = package.manifest
    if manifest is None or package.is_file:
        if options.bin or options.lib:
            raise DriverError(f"`{'--bin' if options.bin else '--lib'}` chooses what a package makes, and one file is named",
                              helps=("leave the file out",))  # fmt: skip
        return [(options, None)]
    options = with_link(options, manifest, package.root)
    if options.mode is DriverMode.TEST or options.tests:
        return [(options, WHOLE if manifest.products else None)]
    products = _wanted(options, manifest, package)
    made: list[tuple[DriverOptions, Product | None]] = [(_options_of(options, product), product) for product in products]
    images = sum(bool(options.output) or any(kind in IMAGES and path for kind, path in options.emit) for options, _ in made)
    if images > 1 and options.mode is DriverMode.BUILD:
        raise DriverError(f"one file is named for {images} images", helps=(_names(products),))
    return made


def _wanted(options: DriverOptions, manifest: Manifest, package: Package) -> list[Product]:
    products = list(manifest.products)
    name = manifest.name.rpartition("/")[2]
    if products and _has_program_beside(package, products):
        products.insert(0, Product(OutputKind.BIN, name))
    if not products:
        kind = options.kind if "kind" in options.given else OutputKind.BIN
        if kind in LIBRARIES:
            name = name.replace("-", "_")
        products = [Product(kind, name)] if package.entry or kind is not OutputKind.BIN else []
        if not products and not (options.bin or options.lib):
            return [Product(OutputKind.BIN, name)]  # a package of modules: nothing is linked
    programs = [product for product in products if product.kind is OutputKind.BIN]
    if options.bin:
        found = [product for product in programs if product.name == options.bin]
        if not found:
            raise DriverError(f"package `{manifest.name}` has no program `{options.bin}`", helps=(_names(programs),))
        return found
    if options.lib:
        found = [product for product in products if product.kind in LIBRARIES]
        if not found:
            raise DriverError(f"package `{manifest.name}` has no library", helps=("write `[lib]` in the manifest",))
        if "kind" not in options.given or options.kind not in LIBRARIES:
            return found
        return [product for product in found if product.kind is options.kind] or [replace(found[0], kind=options.kind)]
    if options.mode is DriverMode.RUN:
        if len(programs) > 1:
            usual = [product for product in programs if product.name == name]
            if not usual:
                raise DriverError(f"package `{manifest.name}` has {len(programs)} programs", helps=(_names(programs),))
            return usual
        if not programs and manifest.products:
            raise DriverError(f"package `{manifest.name}` has no program to be run", helps=("write `[[bin]]` in the manifest",))
        return programs or products
    if "kind" in options.given and manifest.products:
        found = [product for product in products if product.kind is options.kind]
        if not found:
            raise DriverError(f"package `{manifest.name}` makes nothing of kind `{options.kind.value}`", helps=(_names(products),))
        return found
    return products


def _has_program_beside(package: Package, products: list[Product]) -> bool:
    """Whether `src/main.vit` is a program that goes without saying beside libraries."""
    roots = [os.path.normpath(os.path.join(package.root, product.path)) for product in products if product.path]
    is_free = bool(package.entry) and os.path.normpath(package.entry) not in roots
    return is_free and all(product.kind is not OutputKind.BIN for product in products)


def _names(products: list[Product]) -> str:
    if not products:
        return "write `[[bin]]` in the manifest"
    words = [f"`--bin {p.name}`" if p.kind is OutputKind.BIN else "`--lib`" for p in products]
    return "there are: " + ", ".join(dict.fromkeys(words))


def _options_of(options: DriverOptions, product: Product) -> DriverOptions:
    entry = options.entry or product.entry
    return replace(options, kind=product.kind, entry=entry) if product.kind is not options.kind or entry != options.entry else options


def with_link(options: DriverOptions, manifest: Manifest, root: str) -> DriverOptions:
    """The options with what `[link]` says where the caller did not."""
    table = manifest.link
    if table == LinkTable():
        return options
    changes: dict[str, object] = {name: (*getattr(options, name), *getattr(table, name)) for name in _LISTS if getattr(table, name)}
    if table.library_folders:
        changes["library_folders"] = (*options.library_folders, *(os.path.join(root, folder) for folder in table.library_folders))
    if table.libraries:
        named = (replace(item, name=os.path.join(root, item.name)) if "/" in item.name else item for item in table.libraries)
        changes["libraries"] = (*options.libraries, *named)
    for name in _SCALARS:
        usual = getattr(LinkTable(), name)
        if getattr(table, name) != usual and getattr(options, name) == usual:
            changes[name] = os.path.join(root, table.version_script) if name == "version_script" else getattr(table, name)
    return replace(options, **changes)
