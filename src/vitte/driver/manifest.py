"""Reading `vitte.toml`: text to data, with diagnostics that point into it. Does not touch the file system."""

from __future__ import annotations

from typing import Any

from vitte.base.diagnostics import Code, Diagnostics, Suggestion
from vitte.base.source import SourceFile, Span, make_span
from vitte.base.suggest import closest
from vitte.driver.options import DebugInfo, OptLevel
from vitte.driver.session import LinkTable, Manifest, Product, Profile
from vitte.driver.target import TARGETS, find

BAD_MANIFEST = Code("V0606", "the manifest is not right")

_TOP = ("package", "name", "version", "edition", "dependencies", "profile", "target", "bin", "lib", "link", "description", "authors",
        "license")  # fmt: skip
_PACKAGE = ("name", "version", "edition", "description", "authors", "license")
_TARGET = ("runner",)
_PROFILE = ("opt-level", "debug", "overflow-checks", "strip", "lto", "gc-sections", "icf", "compress-debug", "split-debug")
_TYPES = {str: "a string", bool: "`true` or `false`", dict: "a table", int: "a number"}
_STRIP = ("none", "debug", "all")
_COMPRESS = ("none", "zlib", "zstd")


def parse(source: SourceFile) -> tuple[Manifest | None, Diagnostics]:
    """The manifest, or None when it cannot be used, and what is wrong with it."""
    diagnostics = Diagnostics(source.path)
    return Reader(source, diagnostics).manifest(), diagnostics


class Reader:
    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics

    def error(self, span: Span, message: str, label: str = "", help: str = "") -> None:
        self.diagnostics.error(BAD_MANIFEST, span, message, label, helps=(Suggestion(help),) if help else ())

    def key_span(self, key: str, table: str = "") -> Span:
        """Where a key (or else its table's header) is written; the start of the file when it is not found. `table#N` is the Nth of tables
        of one name."""
        table, _, number = table.partition("#")
        left = int(number or 1)
        at, inside = 0, table == ""
        header = Span(0)
        for line in self.source.text.split("\n"):
            stripped = line.strip()
            if stripped.startswith("["):
                inside = stripped.strip("[] \t") == table
                if inside and left > 1:
                    inside, left = False, left - 1
                elif inside or stripped.strip("[] \t") == key:
                    start = at + line.index("[")
                    header = make_span(start, start + len(stripped))
            elif inside and "=" in stripped:
                name = stripped.split("=", 1)[0].strip().strip("\"'")
                if name == key or name.split(".")[0] == key:
                    start = at + len(line) - len(line.lstrip())
                    return make_span(start, start + len(stripped.split("=", 1)[0].rstrip()))
            at += len(line) + 1
        return header

    def manifest(self) -> Manifest | None:
        import tomllib

        try:
            data = tomllib.loads(self.source.text)
        except tomllib.TOMLDecodeError as error:
            self.syntax(str(error))
            return None
        self.known(data, _TOP, "")
        package: dict[str, Any] = data
        table = ""
        if "package" in data:
            if not isinstance(data["package"], dict):
                self.error(self.key_span("package"), "`package` must be a table", help="write `[package]` on a line of its own")
                return None
            package, table = data["package"], "package"
            self.known(package, _PACKAGE, table)
        name = self.string(package, "name", table, "")
        if not name:
            if "name" not in package:
                self.error(self.key_span("package"), "the package has no name", help='add `name = "..."`')
        elif not all(part.isidentifier() for part in name.replace("-", "_").split("/")):
            self.error(self.key_span("name", table), f"`{name}` cannot be a package name", "not a name",
                       "use letters, digits, `_` and `-`, beginning with a letter")  # fmt: skip
        version = self.string(package, "version", table, "0.0.0")
        if not all(part.isdigit() for part in version.split("-")[0].split("+")[0].split(".")) or version.count(".") < 2:
            self.error(self.key_span("version", table), f"`{version}` is not a version", "expected `MAJOR.MINOR.PATCH`", 'like `"1.0.0"`')
        edition = self.string(package, "edition", table, "2026")
        if edition != "2026":
            self.error(self.key_span("edition", table), f"there is no edition `{edition}`", "unknown edition", 'the edition is `"2026"`')
        dependencies = self.dependencies(data.get("dependencies", {}))
        profiles = self.profiles(data.get("profile", {}))
        runners = self.targets(data.get("target", {}))
        products: tuple[Product, ...] = ()
        link = LinkTable()
        if "bin" in data or "lib" in data or "link" in data:
            from vitte.driver import manifest_outputs

            products = manifest_outputs.products(self, data, name)
            link = manifest_outputs.link(self, data.get("link", {}))
        if self.diagnostics.error_count:
            return None
        return Manifest(self.source.path, name, version, edition, dependencies, profiles, runners, products, link)

    def syntax(self, message: str) -> None:
        """`tomllib` says `Expected ... (at line 3, column 7)` or `(at end of document)`."""
        text, _, where = message.rpartition(" (at ")
        words = where.rstrip(")").replace(",", "").split()
        offset = len(self.source.text)
        if len(words) == 4 and words[0] == "line":
            starts = self.source.line_starts
            offset = min(starts[min(int(words[1]), len(starts)) - 1] + int(words[3]) - 1, len(self.source.text))
        message = text[:1].lower() + text[1:] if text else message
        self.error(make_span(offset, offset), f"this is not TOML: {message}", "here")

    def known(self, table: dict[str, Any], names: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in names:
                near = closest(key, names)
                inside = f" in `[{where.partition('#')[0]}]`" if where else ""
                self.error(self.key_span(key, where), f"unknown key `{key}`{inside}", "unknown",
                           f"did you mean `{near}`?" if near else f"there are: {', '.join(names)}")  # fmt: skip

    def string(self, table: dict[str, Any], key: str, where: str, default: str) -> str:
        value = self.value(table, key, where, str)
        return default if value is None else str(value)

    def value(self, table: dict[str, Any], key: str, where: str, kind: type) -> object:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, kind):
            self.error(self.key_span(key, where), f"`{key}` must be {_TYPES[kind]}", "of another type")
            return None
        return value

    def dependencies(self, table: object) -> tuple[tuple[str, str], ...]:
        if not isinstance(table, dict):
            self.error(self.key_span("dependencies"), "`dependencies` must be a table")
            return ()
        result: list[tuple[str, str]] = []
        for name, value in table.items():
            path = value.get("path") if isinstance(value, dict) else None
            if not isinstance(path, str):
                self.error(self.key_span(name, "dependencies"), f"dependency `{name}` has no path", "where is it?",
                           f'write `{name} = {{ path = "../{name}" }}`')  # fmt: skip
            else:
                result.append((name, path))
        return tuple(result)

    def targets(self, table: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The runners of targets, by name."""
        if not isinstance(table, dict):
            self.error(self.key_span("target"), "`target` must be a table of targets", help="write `[target.wasm32-wasi]`")
            return ()
        result: list[tuple[str, tuple[str, ...]]] = []
        for name, settings in table.items():
            where = f"target.{name}"
            target = find(name)
            if target is None:
                near = closest(name, TARGETS)
                self.error(self.key_span(where), f"there is no target `{name}`", "unknown",
                           f"did you mean `{near}`?" if near else f"there are: {', '.join(TARGETS)}")  # fmt: skip
                continue
            if not isinstance(settings, dict):
                self.error(self.key_span(name, "target"), f"`{where}` must be a table", help=f"write `[{where}]`")
                continue
            self.known(settings, _TARGET, where)
            runner = settings.get("runner")
            if isinstance(runner, str):
                runner = runner.split()
            if runner is None:
                continue
            if not isinstance(runner, list) or not runner or not all(isinstance(word, str) for word in runner) or not runner[0]:
                self.error(self.key_span("runner", where), "`runner` must be a command: a program and its arguments", "not a command",
                           'like `runner = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]`')  # fmt: skip
                continue
            result.append((target.name, tuple(runner)))
        return tuple(result)

    def profiles(self, table: object) -> tuple[tuple[str, Profile], ...]:
        if not isinstance(table, dict):
            self.error(self.key_span("profile"), "`profile` must be a table of profiles", help="write `[profile.release]`")
            return ()
        result: list[tuple[str, Profile]] = []
        for name, settings in table.items():
            where = f"profile.{name}"
            if not isinstance(settings, dict):
                self.error(self.key_span(name, "profile"), f"`{where}` must be a table", help=f"write `[{where}]`")
                continue
            self.known(settings, _PROFILE, where)
            opt_level = settings.get("opt-level")
            if opt_level is not None:
                opt_level = str(opt_level)
                levels = [level.value for level in OptLevel]
                if opt_level not in levels:
                    self.error(self.key_span("opt-level", where), f"there is no optimisation level `{opt_level}`", "unknown",
                               f"there are: {', '.join(levels)}")  # fmt: skip
            debug = settings.get("debug")
            if isinstance(debug, bool):
                debug = "full" if debug else "none"
            if debug is not None and debug not in [kind.value for kind in DebugInfo]:
                self.error(self.key_span("debug", where), '`debug` must be `true`, `false` or one of "none", "line", "full"', "unknown")
            strip = settings.get("strip")
            if isinstance(strip, bool):
                strip = "all" if strip else "none"
            if strip is not None and strip not in _STRIP:
                self.error(self.key_span("strip", where), '`strip` must be `true`, `false` or one of "none", "debug", "all"', "unknown")
            compress = settings.get("compress-debug")
            if compress is not None and compress not in _COMPRESS:
                self.error(self.key_span("compress-debug", where), '`compress-debug` must be one of "none", "zlib", "zstd"', "unknown")
            result.append((name, Profile(
                opt_level, debug, self.switch(settings, "overflow-checks", where), strip, self.switch(settings, "lto", where),
                self.switch(settings, "gc-sections", where), self.switch(settings, "icf", where), compress,
                self.switch(settings, "split-debug", where),
            )))  # fmt: skip
        return tuple(result)

    def switch(self, table: dict[str, Any], key: str, where: str) -> bool | None:
        value = self.value(table, key, where, bool)
        return value if isinstance(value, bool) else None
