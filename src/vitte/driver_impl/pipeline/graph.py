"""The graph of units: which modules a build consists of, found from the roots by their `use`, in dependency order.

A unit is a module. Discovery finds each source's digest (reading it once, or not at all when it is known not to have changed),
resolves each `use` and remembers what was looked for in vain. Every unit outside `std` depends on the prelude's modules too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import Code, Diagnostic, Diagnostics, Label, Suggestion
from vitte.base.source import NO_SPAN, Location, SourceFile, Span
from vitte.base.suggest import closest
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext, Package
from vitte.driver_impl.cache.incremental import NONE, CacheEntry, CacheKey
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.files import UNREADABLE, read_source
from vitte.driver_impl.package import STD_ROOT, SUFFIXES
from vitte.driver_impl.pipeline.keeps import Keep
from vitte.ir.lang import PRELUDE_MODULES

if TYPE_CHECKING:
    from vitte.ir import ast

NO_MODULE = Code("V0190", "module not found")
CYCLE = Code("V0191", "import cycle")
SAME_NAME = Code("V0192", "two modules have one name")
SELF_IMPORT = Code("V0193", "a module imports itself")
TOO_MANY_DOTS = Code("V0195", "a relative import leaves the package")


class Import(Struct):
    """One `use`: the unit it leads to (-1: none, reported), the path as written, where it stands."""

    unit: int
    written: str
    span: Span
    path_span: Span


class Changed(Exception):
    """A source was changed while it was being compiled: what was found out about it holds no more."""


class Head(Struct):
    """What a source says about other modules: its `space`; (dots and segments, span of the `use`, span of its path) for
    each import; how many lines it has."""

    space: str
    uses: list[tuple[str, int, int]]
    lines: int


class Unit(Struct):
    """One module of the build. `reach`: bit `i` is set when it depends on unit `i`; its own bit is not.
    `source` is there once it was needed, `tree` once parsed and until compiled, `parsed` tells that it was ever.
    `role`: `root`, `lib` or `std`. `usable`: the source could be read.
    `findings`: what discovery itself reports; `diagnostics`: all the rest."""

    index: int
    module: str
    path: str
    display: str
    role: str
    package: Package | None
    diagnostics: Diagnostics
    findings: Diagnostics
    source: SourceFile | None = None
    digest: str = ""
    tree: ast.Module | None = None
    imports: list[Import] = []
    misses: list[str] = []
    prelude: list[int] = []
    reach: int = 0
    lines: int = 0
    usable: bool = True
    parsed: bool = False

    @property
    def dependencies(self) -> list[int]:
        return [i.unit for i in self.imports if i.unit >= 0] + self.prelude


class Graph(Struct):
    """`units` by index; `order`: dependencies before dependents; `root`: the entry's index, or -1."""

    units: list[Unit]
    order: list[int]
    root: int


class Discovery:
    """Builds the graph. Sources are parsed only when their imports are not remembered. `own` keeps what belongs to the
    user's packages, `library` what belongs to `std`."""

    def __init__(self, options: DriverOptions, context: DriverContext, package: Package, own: Keep, library: Keep, identity: str) -> None:
        self.options = options
        self.context = context
        self.package = package
        self.own = own
        self.library = library
        self.identity = identity
        self.units: list[Unit] = []
        self.by_path: dict[str, int] = {}
        self.by_module: dict[str, int] = {}
        self.aliased = False
        """Whether a file was found under two names: a link may lead elsewhere without any source being another."""
        self.exists: dict[str, bool] = {}
        """What is known of files that imports were looked for in."""
        self._library: dict[str, int | None] = {}
        self._folders: dict[str, str] = {}

    @property
    def unsure(self) -> bool:
        """Whether the result depends on more of the file system than the sources: hints speak of what is near."""
        return self.aliased or any(unit.findings.items or not unit.usable for unit in self.units)

    def absent(self) -> list[str]:
        """Absolute paths, outside `std`, of files that imports were looked for in and that are not there."""
        return [os.path.abspath(path) for path, there in self.exists.items() if not there and not path.startswith(STD_ROOT)]

    def keep(self, unit: Unit) -> Keep:
        return self.library if unit.role == "std" else self.own

    def run(self) -> Graph:
        package = self.package
        roots = [package.entry] if package.entry else package.roots
        if self.options.tests and not package.entry:
            self._test_root(roots)
        for path in roots:
            self.root(path)
        at = 0
        while at < len(self.units):
            self._resolve(self.units[at])
            at += 1
        order = self._order()
        self._reach(order)
        return Graph(self.units, order, 0 if package.entry or self.options.tests else -1)

    # --- units ----------------------------------------------------------------------------------------------------

    def root(self, path: str) -> Unit:
        """The unit of a root file, read and parsed, its imports not yet looked up."""
        if path == "-":
            return self.units[self._unit(path, "stdin", "<stdin>", "root", self.package, self.context.stdin)]
        inside = os.path.relpath(os.path.realpath(path), os.path.realpath(STD_ROOT))
        if not inside.startswith(".."):  # a module of the library, looked at by itself
            inside = inside.replace(os.sep, "/")
            return self.units[self._unit(path, "std/" + _module_of(os.path.splitext(inside)[0]), "std/" + inside, "std", None, None)]
        if self.package.manifest is not None:
            display = self._display(path, self.package)
            module = os.path.splitext(os.path.relpath(path, self.package.source_root))[0].replace(os.sep, "/")
        else:
            display = os.path.normpath(path).replace(os.sep, "/")
            module = os.path.splitext(os.path.basename(path))[0]
        role = "root" if path == self.package.entry else "lib"
        return self.units[self._unit(path, _module_of(module), display, role, self.package, None)]

    def _test_root(self, roots: list[str]) -> None:
        """A package of libraries only has no module that sees all others: an empty one is made for the test runner."""
        unit = self.units[self._unit("-", "tests", "<tests>", "root", self.package, b"")]
        unit.prelude = [self.root(path).index for path in roots]

    def _display(self, path: str, package: Package) -> str:
        start = package.root + os.sep
        inside = path[len(start) :] if path.startswith(start) else os.path.relpath(path, package.root or ".")
        return os.path.normpath(os.path.join(package.display, inside)).replace(os.sep, "/")

    def _real(self, path: str) -> str:
        """As `os.path.realpath`, with folders looked at once."""
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        path = os.path.join(real, name)
        return os.path.realpath(path) if os.path.islink(path) else path

    def _unit(self, path: str, module: str, display: str, role: str, package: Package | None, data: bytes | None) -> int:
        known = self.by_path.get(path)
        if known is not None:
            return known
        key = path if path == "-" else self._real(path)
        known = self.by_path.get(key)
        if known is not None:
            self.by_path[path] = known
            self.aliased = True
            return known
        odd = not _is_text(path)
        if odd:  # shown with marks for the odd bytes, and not compiled: names in results are text
            display, module = _shown_bytes(display), _shown_bytes(module)
        diagnostics = Diagnostics(display)
        unit = Unit(len(self.units), module, path, display, role, package, diagnostics, Diagnostics(display))
        self.by_path[key] = self.by_path[path] = unit.index
        self.units.append(unit)
        if odd:
            unit.usable = False
            rename = Suggestion("give the file another name")
            diagnostics.error(UNREADABLE, NO_SPAN, f"the name of `{display}` is not UTF-8", helps=(rename,))
            return unit.index
        unchanged = self.keep(unit).memo.digest(os.path.abspath(path)) if data is None else None
        head = None
        if unchanged is not None:
            unit.digest = unchanged
            head = self._remembered_head(unit)
        if head is None and self._read(unit, data):
            head = self._remembered_head(unit)
            if head is None:
                head = self._parsed_head(unit)
        if head is not None:
            self._imports(unit, head)
            if role == "root" and self.package.manifest is None and path != "-":
                self._strip_root(unit)
        other = self.by_module.setdefault(unit.module, unit.index)
        if other != unit.index:
            unit.findings.error(
                SAME_NAME, NO_SPAN, f"`{display}` and `{self.units[other].display}` are both module `{unit.module}`",
                helps=(Suggestion("give one of them another `space`"),),
            )  # fmt: skip
        return unit.index

    def _read(self, unit: Unit, data: bytes | None = None) -> bool:
        """Read a unit's source; whether it can be used. What is wrong with it has been reported then."""
        loaded = read_source(unit.path, unit.display, unit.diagnostics, data)
        if loaded.source is None:
            unit.usable = False
            if loaded.raw:
                self.context.sources.add(SourceFile(unit.display, loaded.raw[: 1 << 20].decode("utf-8", "replace")))
            return False
        unit.source = loaded.source
        unit.digest = digest(loaded.raw)
        self.context.sources.add(loaded.source)
        if loaded.info is not None:
            self.keep(unit).memo.learn(os.path.abspath(unit.path), loaded.info, unit.digest)
        return True

    def source(self, unit: Unit) -> SourceFile:
        """The source of a usable unit. Raises `Changed` when it is no longer what was discovered."""
        if unit.source is None:
            expected = unit.digest
            if not self._read(unit) or unit.digest != expected:
                raise Changed(unit.path)
        assert unit.source is not None
        return unit.source

    def parsed(self, unit: Unit) -> ast.Module:
        """The syntax tree of a unit, parsed now if it was not yet. Raises `Changed` as `source` does."""
        if unit.tree is None:
            from vitte.driver_impl.pipeline.compile import parse_unit

            self.source(unit)
            unit.tree = parse_unit(unit, self.options, self.context)
            unit.parsed = True
        return unit.tree

    def _remembered_head(self, unit: Unit) -> Head | None:
        key = digest(f"head {self.identity} {unit.digest}".encode())
        for entry in self.keep(unit).cache.entries(CacheKey("head", unit.display), key):
            head = _head_from(entry.dependencies)
            if head is not None:
                return head
        return None

    def _parsed_head(self, unit: Unit) -> Head:
        head = head_of(self.parsed(unit))
        key = digest(f"head {self.identity} {unit.digest}".encode())
        self.keep(unit).cache.put(CacheEntry(CacheKey("head", unit.display), key, NONE, _head_lines(head)))
        return head

    def _imports(self, unit: Unit, head: Head) -> None:
        unit.lines = head.lines
        if head.space:
            unit.module = head.space
        unit.imports = [Import(-1, written, Span(span), Span(path_span)) for written, span, path_span in head.uses]

    def _strip_root(self, unit: Unit) -> None:
        """Without a manifest the source root is the file's path with its `space` taken off the end."""
        stem = os.path.splitext(unit.path)[0].replace(os.sep, "/")
        absolute = os.path.abspath(stem).replace(os.sep, "/")
        if stem == unit.module:
            self.package.source_root = self.package.root = ""
        elif stem.endswith("/" + unit.module):
            self.package.source_root = self.package.root = stem[: -len(unit.module) - 1] or "/"
        elif absolute.endswith("/" + unit.module):
            self.package.source_root = self.package.root = os.path.relpath(absolute[: -len(unit.module) - 1] or "/")

    # --- imports --------------------------------------------------------------------------------------------------

    def _resolve(self, unit: Unit) -> None:
        for use in unit.imports:
            segments = self._segments(unit, use)
            if segments is None:
                continue
            found = self._find(unit, segments)
            if found is None:
                self._missing(unit, use, segments)
            elif found == unit.index:
                unit.findings.error(SELF_IMPORT, use.path_span, f"module `{unit.module}` imports itself", "this is the same module",
                                       helps=(Suggestion("its own names need no import"),))  # fmt: skip
            else:
                use.unit = found
        if unit.role != "std":
            unit.prelude = [*self._prelude(), *unit.prelude]

    def _prelude(self) -> list[int]:
        result = []
        for name in PRELUDE_MODULES:
            found = self._std(name.split("/"), [])
            if found is not None:
                result.append(found)
        return result

    def _segments(self, unit: Unit, use: Import) -> list[str] | None:
        """The path from the source root, relative ones resolved against the unit's own; None when it leaves the root."""
        written = use.written
        dots = len(written) - len(written.lstrip("."))
        segments = [s for s in written[dots:].split("/") if s]
        if not dots:
            return segments or None
        own = unit.module.split("/")
        if os.path.splitext(os.path.basename(unit.path))[0] in ("mod", "index") and own[-1] not in ("mod", "index"):
            own.append("")  # such a file stands inside the folder that it is named after
        if dots > len(own):
            unit.findings.error(
                TOO_MANY_DOTS, use.path_span, f"`{written}` leads above the source root", f"`{unit.module}` stands {len(own) - 1} deep"
            )
            return None
        return own[:-dots] + segments

    def _find(self, unit: Unit, segments: list[str]) -> int | None:
        """First hit wins; every file looked for in vain is a miss of the unit."""
        if "/".join(segments) == unit.module:
            return unit.index
        if unit.role == "std":
            return self._std(segments, unit.misses)
        package = unit.package or self.package
        path = self._probe(package.source_root, segments, unit.misses)
        if path is None and package is not self.package and segments[0] == package.name and len(segments) > 1:
            segments = segments[1:]  # modules of a dependency carry its name
            path = self._probe(package.source_root, segments, unit.misses)
        if path is not None:
            own = "/".join(segments)
            module = own if package is self.package else _prefixed(package, own)
            return self._unit(path, module, self._shown(path, package), "lib", package, None)
        for dependency in package.dependencies:
            if dependency.name == segments[0]:
                for rest in (segments, segments[1:] or ["lib"]):
                    path = self._probe(dependency.source_root, rest, unit.misses)
                    if path is not None:
                        name = _prefixed(dependency, "/".join(segments))
                        return self._unit(path, name, self._shown(path, dependency), "lib", dependency, None)
        return self._std(segments, unit.misses)

    def _shown(self, path: str, package: Package) -> str:
        if package.manifest is not None:
            return self._display(path, package)
        return os.path.normpath(path).replace(os.sep, "/")

    def _std(self, segments: list[str], misses: list[str]) -> int | None:
        if not segments or segments[0] != "std":
            return None
        module = "/".join(segments)
        if module not in self._library:
            path = self._platform(segments[2:]) if segments[1:2] == ["sys"] else self._probe(os.path.dirname(STD_ROOT), segments, [])
            shown = path and "std/" + os.path.relpath(path, STD_ROOT).replace(os.sep, "/")
            self._library[module] = self._unit(path, module, shown, "std", None, None) if path and shown else None
        found = self._library[module]
        if found is None:
            misses.append(f"<std>/{module}")
        return found

    def _platform(self, segments: list[str]) -> str | None:
        """The file of `std/sys/...` for the target: the platform layer has one for each sort of system."""
        folders = self.options.target.platforms
        return next(filter(None, (self._probe(os.path.join(STD_ROOT, "sys", folder), segments, []) for folder in folders)), None)

    def _probe(self, root: str, segments: list[str], misses: list[str]) -> str | None:
        base = os.path.join(root, *segments)
        for tail in (SUFFIXES[0], SUFFIXES[1], os.sep + "mod.vit", os.sep + "index.vit"):
            path = base + tail
            there = self.exists.get(path)
            if there is None:
                there = self.exists[path] = os.path.isfile(path)
            if there:
                return path
            if tail != SUFFIXES[1]:
                misses.append("/".join(segments) + tail.replace(os.sep, "/"))
        return None

    def _missing(self, unit: Unit, use: Import, segments: list[str]) -> None:
        wanted = "/".join(segments)
        near = closest(wanted, self._modules(unit))
        looked = [m for m in unit.misses if m.startswith((wanted, "<std>/" + wanted))]
        helps = [unit.findings.suggest(f"did you mean `{near}`?", use.path_span, near)] if near else []
        root = (unit.package or self.package).source_root or "."
        place = os.path.splitext(os.path.relpath(unit.path, root))[0].replace(os.sep, "/")
        if use.written.startswith(".") and unit.module.endswith(f"/{place}"):
            why = f"its file makes this module `{place}`, and `space {unit.module}` says otherwise"
            helps.append(Suggestion(f"{why}: leave out the `space`"))
        unit.findings.error(
            NO_MODULE, use.path_span, f"there is no module `{wanted}`", "not found",
            notes=("looked for " + ", ".join(f"`{m}`" for m in dict.fromkeys(looked)),) if looked else (), helps=tuple(helps),
        )  # fmt: skip

    def _modules(self, unit: Unit) -> list[str]:
        """Names of modules that could be meant: near the unit, and in the standard library."""
        found: list[str] = []
        roots = [(STD_ROOT, "std/")]
        if unit.role != "std":
            package = unit.package or self.package
            roots.append((package.source_root or ".", ""))
            roots.extend((d.source_root, d.name + "/") for d in package.dependencies)
        for root, prefix in roots:
            seen = 0
            for folder, folders, files in os.walk(root):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                inside = os.path.relpath(folder, root).replace(os.sep, "/")
                for name in sorted(files):
                    if name.endswith(SUFFIXES):
                        stem = os.path.splitext(name)[0]
                        found.append(prefix + _module_of(stem if inside == "." else f"{inside}/{stem}"))
                seen += len(files)
                if seen > 2000:  # a home folder, say: the hint is not worth reading all of it
                    break
        return found

    # --- order ----------------------------------------------------------------------------------------------------

    def _order(self) -> list[int]:
        """Depth first, dependencies in source order. An import that closes a cycle is reported and taken out."""
        units = self.units
        order: list[int] = []
        state = [0] * len(units)  # 0 new, 1 on the path, 2 done
        for start in range(len(units)):
            if state[start]:
                continue
            path: list[int] = [start]
            rests = [iter(self._edges(units[start]))]
            state[start] = 1
            while path:
                step = next(rests[-1], None)
                if step is None:
                    rests.pop()
                    done = path.pop()
                    state[done] = 2
                    order.append(done)
                    continue
                target, use = step
                if state[target] == 1:
                    self._cycle(path, target, use)
                elif state[target] == 0:
                    state[target] = 1
                    path.append(target)
                    rests.append(iter(self._edges(units[target])))
        return order

    def _edges(self, unit: Unit) -> list[tuple[int, Import | None]]:
        edges: list[tuple[int, Import | None]] = [(p, None) for p in unit.prelude]
        edges += [(i.unit, i) for i in unit.imports if i.unit >= 0]
        return edges

    def _cycle(self, path: list[int], target: int, use: Import | None) -> None:
        cycle = path[path.index(target) :]
        units = self.units
        names = [units[i].module for i in cycle]
        last = units[cycle[-1]]
        if use is None:  # the library's own fault
            return
        labels = [
            Label(Location(last.display, use.path_span), f"`{last.module}` imports `{units[target].module}`, which closes the cycle", True)
        ]
        for at, index in enumerate(cycle[:-1]):
            following = cycle[at + 1]
            edge = next((i for i in units[index].imports if i.unit == following), None)
            if edge is not None:
                labels.append(
                    Label(Location(units[index].display, edge.path_span), f"`{units[index].module}` imports `{units[following].module}`")
                )
        use.unit = -1
        last.findings.emit(Diagnostic(
            CYCLE, "error", "import cycle: " + " -> ".join(f"`{n}`" for n in [*names, names[0]]), tuple(labels),
            helps=(Suggestion("move what they share into a module of its own, which they all import"),),
        ))  # fmt: skip

    def _reach(self, order: list[int]) -> None:
        """Everything in reach of each unit."""
        units = self.units
        for index in order:
            reach = 0
            for dependency in units[index].dependencies:
                if not reach >> dependency & 1:
                    reach |= units[dependency].reach | 1 << dependency
            units[index].reach = reach


def remapped_display(unit: Unit, options: DriverOptions) -> str:
    """A unit's shown path after `--remap-path-prefix`, the last matching pair counts."""
    path = unit.display
    for old, new in reversed(options.remap_path_prefix):
        if path.startswith(old):
            return new + path[len(old) :]
    return path


def members(reach: int) -> list[int]:
    """The indexes of the bits that are set, ascending."""
    found = []
    while reach:
        low = reach & -reach
        found.append(low.bit_length() - 1)
        reach ^= low
    return found


def head_of(tree: ast.Module) -> Head:
    """What other units matter to a source, taken from its tree."""
    from vitte.ir import ast as nodes

    uses = [
        ("." * item.path.dots + "/".join(item.path.segments), int(item.span), int(item.path.span))
        for item in tree.items
        if type(item) is nodes.Use
    ]
    space = "/".join(tree.space.path.segments) if tree.space is not None else ""
    return Head(space, uses, len(tree.source.line_starts))


def _head_lines(head: Head) -> tuple[str, ...]:
    return (f"lines {head.lines}", f"space {head.space}", *(f"use {span} {path_span} {written}" for written, span, path_span in head.uses))


def _head_from(lines: tuple[str, ...]) -> Head | None:
    """A head from its lines in any order; None when this is not what `_head_lines` writes."""
    head = Head("", [], 0)
    try:
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "use":
                span, path_span, written = rest.split(" ", 2)
                head.uses.append((written, int(span), int(path_span)))
            elif word == "space":
                head.space = rest
            else:
                head.lines = int(rest)
    except ValueError:
        return None
    head.uses.sort(key=lambda use: use[1])
    return head


def _is_text(path: str) -> bool:
    """Whether a file's own name is UTF-8; those of the folders above it go into nothing."""
    name = os.path.basename(path)
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _shown_bytes(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _module_of(stem: str) -> str:
    """`a/b/mod` and `a/b/index` are module `a/b`."""
    for tail in ("/mod", "/index"):
        if stem.endswith(tail):
            return stem[: -len(tail)]
    return stem


def _prefixed(package: Package, module: str) -> str:
    """Modules of a dependency carry its name, so that two packages may use one name inside."""
    name = package.name
    return module if module == name or module.startswith(name + "/") else f"{name}/{module}"
