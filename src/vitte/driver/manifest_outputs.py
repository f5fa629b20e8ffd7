"""The part of `vitte.toml` that says what is made: `[[bin]]`, `[lib]` and `[link]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitte.base.suggest import closest
from vitte.driver.options import LINK_KINDS, Library, OutputKind
from vitte.driver.session import LinkTable, Product

if TYPE_CHECKING:
    from vitte.driver.manifest import Reader

_BIN = ("name", "path", "entry")
_LIB = ("name", "kind", "path", "exports", "header")
_LINK = ("libraries", "frameworks", "folders", "rpaths", "exports", "args", "version-script", "entry-symbol", "stack-size", "subsystem",
         "static", "pie")  # fmt: skip
_LIBRARY_KINDS = ("static", "shared")


def products(reader: Reader, data: dict[str, Any], package: str) -> tuple[Product, ...]:
    """What the package makes: its programs, then its libraries. Mistakes are reported."""
    usual = package.rpartition("/")[2]
    found: list[Product] = []
    written = data.get("bin", [])
    if not isinstance(written, list) or not all(isinstance(table, dict) for table in written):
        reader.error(reader.key_span("bin"), "`bin` must be a list of tables", help="write `[[bin]]`")
        written = []
    places: list[str] = []
    for number, table in enumerate(written, 1):
        where = f"bin#{number}"
        places.append(where)
        reader.known(table, _BIN, where)
        name = reader.string(table, "name", where, usual)
        path, entry = reader.string(table, "path", where, ""), reader.string(table, "entry", where, "")
        found.append(Product(OutputKind.BIN, name, path, entry))
    if "lib" in data:
        found += _library(reader, data["lib"], usual)
    programs: list[str] = []
    for at, product in enumerate(found):
        where = places[at] if at < len(places) else "lib"
        if not _is_name(product.name):
            reader.error(reader.key_span("name", where), f"`{product.name}` cannot be the name of a file", "not a name",
                         "use letters, digits, `.`, `_` and `-`")  # fmt: skip
            break
        if product.kind is OutputKind.BIN and product.name in programs:
            reader.error(reader.key_span("name", where), f"two programs are named `{product.name}`", "the second one")
        programs.append(product.name)
    return tuple(found)


def _library(reader: Reader, table: object, usual: str) -> list[Product]:
    if not isinstance(table, dict):
        reader.error(reader.key_span("lib"), "`lib` must be a table", help="write `[lib]`")
        return []
    reader.known(table, _LIB, "lib")
    kinds = table.get("kind", "static")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    for kind in kinds:
        if kind not in _LIBRARY_KINDS:
            reader.error(reader.key_span("kind", "lib"), f"there is no kind `{kind}` of library", "unknown", 'there are "static", "shared"')
            return []
    name = reader.string(table, "name", "lib", usual.replace("-", "_"))
    path, header = reader.string(table, "path", "lib", ""), reader.string(table, "header", "lib", "")
    exports = _texts(reader, table, "exports", "lib")
    return [Product(OutputKind(kind), name, path, "", exports, header) for kind in dict.fromkeys(kinds)]


def link(reader: Reader, table: object) -> LinkTable:
    """The settings of `[link]`. Mistakes are reported."""
    if not isinstance(table, dict):
        reader.error(reader.key_span("link"), "`link` must be a table", help="write `[link]`")
        return LinkTable()
    reader.known(table, _LINK, "link")
    libraries = [_named(reader, text) for text in _texts(reader, table, "libraries", "link")]
    libraries += [Library(name, "framework") for name in _texts(reader, table, "frameworks", "link")]
    stack = reader.value(table, "stack-size", "link", int)
    if isinstance(stack, bool) or (isinstance(stack, int) and not 0 <= stack < 1 << 40):
        reader.error(reader.key_span("stack-size", "link"), "`stack-size` must be a number of bytes", "not one")
        stack = 0
    return LinkTable(
        tuple(libraries), _texts(reader, table, "folders", "link"), _texts(reader, table, "rpaths", "link"),
        _texts(reader, table, "exports", "link"), _texts(reader, table, "args", "link"), reader.string(table, "version-script", "link", ""),
        reader.string(table, "entry-symbol", "link", ""), stack if isinstance(stack, int) else 0,
        reader.string(table, "subsystem", "link", ""), bool(reader.switch(table, "static", "link")), reader.switch(table, "pie", "link"),
    )  # fmt: skip


def _named(reader: Reader, text: str) -> Library:
    """`[KIND=]NAME`."""
    kind, equals, name = text.partition("=")
    if not equals:
        return Library(text)
    if kind not in LINK_KINDS:
        near = closest(kind, LINK_KINDS)
        reader.error(reader.key_span("libraries", "link"), f"there is no kind `{kind}` of library", "here",
                     f"did you mean `{near}`?" if near else f"there are: {', '.join(LINK_KINDS)}")  # fmt: skip
        return Library(name)
    return Library(name, kind)


def _texts(reader: Reader, table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        reader.error(reader.key_span(key, where), f"`{key}` must be a list of strings", "of another type", f'like `{key} = ["..."]`')
        return ()
    return tuple(value)


def _is_name(name: str) -> bool:
    return bool(name) and name[0] not in ".-" and all(letter.isalnum() or letter in "._-" for letter in name)
