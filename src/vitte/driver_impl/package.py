"""Finding what the inputs belong to: a single file, or a package with a manifest."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.base.source import SourceFile
from vitte.driver.error import DriverError
from vitte.driver.manifest import parse
from vitte.driver.options import DriverOptions
from vitte.driver.outputs import LIBRARIES
from vitte.driver.products import WHOLE
from vitte.driver.session import DriverContext, Manifest, Package, Product
from vitte.driver_impl.files import read_source, read_stdin

MANIFEST = "vitte.toml"
SUFFIXES = (".vit", ".vitl")
STD_ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "std")


def find_package(options: DriverOptions, context: DriverContext) -> Package:
    """Raises `DriverError` when there is nothing to compile or the manifest cannot be used."""
    inputs = options.inputs
    if len(inputs) > 1:
        raise DriverError("more than one input", helps=("name one file or one package; modules are found by their `use`",))
    if not inputs:
        root = enclosing(os.getcwd())
        if root is None:
            raise DriverError(f"no file was named, and there is no `{MANIFEST}` here or above",
                              helps=("name a file: `vitte run hello.vit`", "make a package: `vitte new NAME`"))  # fmt: skip
        return load_package(root, context, {})
    name = inputs[0]
    if name == "-":
        context.stdin = read_stdin()
        return Package(name="stdin", root=".", source_root=".", entry="-")
    if os.path.isdir(name):
        if os.path.isfile(os.path.join(name, MANIFEST)):
            return load_package(name, context, {})
        raise DriverError(f"`{name}` is a directory without a `{MANIFEST}`", helps=("name a `.vit` file",), status=1)
    if os.path.basename(name) == MANIFEST:
        return load_package(os.path.dirname(name) or ".", context, {})
    package_root = enclosing(os.path.dirname(os.path.abspath(name)))
    if package_root is not None:
        source_root = os.path.join(package_root, "src")
        if os.path.abspath(name).startswith(source_root + os.sep):
            package = load_package(os.path.relpath(package_root), context, {})
            package.entry = os.path.join(package.source_root, os.path.relpath(os.path.abspath(name), source_root))
            package.is_file = True
            return package
    folder = os.path.dirname(name)
    return Package(name=os.path.splitext(os.path.basename(name))[0], root=folder, source_root=folder, entry=name)


def enclosing(folder: str) -> str | None:
    """The nearest folder with a manifest, from `folder` upwards."""
    while True:
        if os.path.isfile(os.path.join(folder, MANIFEST)):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def load_package(root: str, context: DriverContext, seen: dict[str, Package], display: str = "") -> Package:
    """A package with its dependencies, each loaded once. Shown paths are relative to the package, below `display`."""
    key = os.path.realpath(root)
    if key in seen:
        return seen[key]
    manifest = _manifest(os.path.join(root, MANIFEST), os.path.join(display, MANIFEST), context)
    source_root = os.path.join(root, "src")
    # Whether it is there at all: what it is turns out when its digest is asked for.
    entry = next((p for p in (os.path.join(source_root, "main" + s) for s in SUFFIXES) if os.access(p, os.F_OK)), "")
    package = Package(name=manifest.name, root=root, source_root=source_root, entry=entry, display=display, manifest=manifest)
    seen[key] = package
    if not entry and not display and not manifest.products:
        package.roots = _all_modules(source_root)
        if not package.roots:
            raise DriverError(f"package `{manifest.name}` has no modules", helps=("write `src/main.vit`",))
    for name, path in manifest.dependencies:
        folder = os.path.join(root, path)
        if not os.path.isfile(os.path.join(folder, MANIFEST)):
            raise DriverError(f"dependency `{name}` of `{manifest.name}` is not a package: there is no `{os.path.join(path, MANIFEST)}`",
                              helps=(f"look at `[dependencies]` in `{manifest.path}`",))  # fmt: skip
        dependency = load_package(folder, context, seen, os.path.join(display, path))
        if dependency.name != name:
            raise DriverError(f"the package at `{path}` is named `{dependency.name}`, not `{name}`",
                              helps=(f"look at `[dependencies]` in `{manifest.path}`",))  # fmt: skip
        package.dependencies.append(dependency)
    return package


def find_product(package: Package, product: Product) -> Package:
    """The package with the root of one of its products, or with all its modules as roots. Raises `DriverError` when there are none."""
    manifest = package.manifest
    assert manifest is not None
    if product is WHOLE:
        return replace(package, entry="", roots=_all_modules(package.source_root))
    entry, roots = package.entry, package.roots
    if product.path:
        entry, roots = os.path.join(package.root, os.path.normpath(product.path)), []
        if not os.path.isfile(entry):
            raise DriverError(f"`{product.path}`, the root module of `{product.name}`, is not there",
                              helps=("look at `path` in the manifest",))  # fmt: skip
    elif product.kind in LIBRARIES and manifest.products:
        entry, roots = "", _library_modules(package)
    elif not entry and manifest.products:
        raise DriverError(f"program `{product.name}` has no root module", helps=("write `src/main.vit`, or `path` in its `[[bin]]`",))
    return replace(package, entry=entry, roots=roots, product=product)


def _library_modules(package: Package) -> list[str]:
    """The modules of a library without a root: all but the roots of programs."""
    assert package.manifest is not None
    own = {os.path.normpath(os.path.join(package.root, product.path)) for product in package.manifest.products if product.path}
    own.add(os.path.normpath(package.entry))
    found = [path for path in _all_modules(package.source_root) if os.path.normpath(path) not in own]
    if not found:
        raise DriverError(f"package `{package.name}` has no modules for its library", helps=("write `src/lib.vit`",))
    return found


def _manifest(path: str, display: str, context: DriverContext) -> Manifest:
    from vitte.base.diagnostics import Diagnostics

    problems = Diagnostics(display)
    loaded = read_source(path, display, problems)
    manifest: Manifest | None = None
    if loaded.source is not None:
        context.sources.add(SourceFile(display, loaded.source.text))
        manifest, problems = parse(loaded.source)
    if manifest is None:
        context.diagnostics.extend(problems.items)
        raise DriverError(f"the manifest `{display}` cannot be used")
    return manifest


def _all_modules(root: str) -> list[str]:
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        found.extend(os.path.join(folder, name) for name in sorted(files) if name.endswith(SUFFIXES))
    return found
