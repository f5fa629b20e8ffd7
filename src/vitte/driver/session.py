"""What one run of the driver knows and collects, as data shared by the driver and its implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from vitte.base.diagnostics import Diagnostic
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.options import DriverOptions, EmitKind, Library, OutputKind

if TYPE_CHECKING:
    from vitte.ir import ssa

LogSink = Callable[[int, str, str], None]
"""Takes a level (see `LogLevel`), the part that speaks, and the text."""

Launch = Callable[[list[str], str, "dict[str, str] | None", float], int]
"""Runs a program: command, folder ("" for this one), environment (None for this one), seconds (0 for no limit). Gives its status, negative
for the signal that ended it. Raises `OSError` when it cannot be started, `subprocess.TimeoutExpired` when its time was up."""


class LogLevel:
    """Levels of the internal log, more severe is less."""

    ERROR, WARN, INFO, DEBUG, TRACE = range(1, 6)
    NAMES = ("off", "error", "warn", "info", "debug", "trace")


class Profile(Struct, frozen=True):
    """`[profile.NAME]` of a manifest; None leaves a setting to the built-in profile. Fields are named like those of `DriverOptions`."""

    opt_level: str | None = None
    debug_info: str | None = None
    overflow_checks: bool | None = None
    strip: str | None = None
    lto: bool | None = None
    gc_sections: bool | None = None
    icf: bool | None = None
    compress_debug: str | None = None
    split_debug: bool | None = None


class LinkTable(Struct, frozen=True):
    """`[link]` of a manifest. Fields are named like those of `DriverOptions`; lists are added to the caller's, and the rest is for what the
    caller did not say. Paths are relative to the manifest's folder."""

    libraries: tuple[Library, ...] = ()
    library_folders: tuple[str, ...] = ()
    rpaths: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    link_args: tuple[str, ...] = ()
    version_script: str = ""
    entry_symbol: str = ""
    stack_size: int = 0
    subsystem: str = ""
    static: bool = False
    pie: bool | None = None


class Product(Struct, frozen=True):
    """`[[bin]]` or `[lib]` of a manifest, or what a package makes without them.

    - `path`: the root module's file, from the manifest's folder; "" for the usual one, of a library all modules.
    - `entry`: for a program, the named entry it starts with. `exports`: for a library, the symbols that it shows; empty: all it can.
    - `header`: where the C header goes, from the manifest's folder; "" for beside the library.
    """

    kind: OutputKind
    name: str
    path: str = ""
    entry: str = ""
    exports: tuple[str, ...] = ()
    header: str = ""


class Manifest(Struct, frozen=True):
    """A `vitte.toml`. `dependencies`: name and path, relative to the manifest's folder. `runners`: of `[target.NAME]`, by the target's
    whole name; a program with a `/` in its name is meant from that folder too."""

    path: str
    name: str
    version: str = "0.0.0"
    edition: str = "2026"
    dependencies: tuple[tuple[str, str], ...] = ()
    profiles: tuple[tuple[str, Profile], ...] = ()
    runners: tuple[tuple[str, tuple[str, ...]], ...] = ()
    products: tuple[Product, ...] = ()
    link: LinkTable = LinkTable()


class Package(Struct):
    """Where modules are looked up: `source_root` holds them, `entry` is the file of the root module ("" in a package
    of libraries only, then `roots` are all its modules). `display` prefixes shown paths of files under `root`. `product`: which of its
    products is being made; None for what was named by a file."""

    name: str
    root: str
    source_root: str
    entry: str
    display: str = ""
    roots: list[str] = []
    manifest: Manifest | None = None
    dependencies: list[Package] = []
    product: Product | None = None
    is_file: bool = False
    """One file of the package was named: it is the root, whatever the manifest makes."""


class Timing(Struct):
    """Seconds spent in one stage for one unit, and by what it was measured: how many of something came out."""

    stage: str
    unit: str
    seconds: float


REASONS: dict[str, str] = {
    "not-cached": "the cache is off, or the result could not be kept",
    "first-build": "nothing is remembered of it",
    "compiler-changed": "another compiler made what is remembered",
    "option-changed": "an option has another value",
    "file-moved": "its file has another name",
    "source-changed": "its source changed",
    "import-changed": "an import leads elsewhere",
    "dependency-broken": "something it uses has errors now",
    "dependency-mended": "something it uses has no errors any more",
    "declaration-changed": "something it uses changed",
    "result-lost": "what is remembered of it is lost or damaged",
}
"""Why a unit is made again: of all that hold, the first in this order is the one that is told."""


class Rebuilt(Struct):
    """A unit that was not taken from the cache. `did`: the work, of `parse`, `check`, `object` (LLVM ran), `ssa`. `reason`: one of
    `REASONS`; `detail`: the option, file or import that it speaks of, as `was -> is` where there are both.

    For `declaration-changed`: `edge` is what was asked (see `cache/edges.py`), `declaration` about what, `of` in which module,
    `file` where that is."""

    unit: str
    display: str
    reason: str
    did: list[str] = []
    detail: str = ""
    edge: str = ""
    declaration: str = ""
    of: str = ""
    file: str = ""


class Built(Struct):
    """What an implementation made. `failed` when there were errors; then `image` is empty.

    - `image`: path of the linked program; for the interpreter, `program` is what it runs.
    - `artifacts`: (kind, path) of what was written. `texts`: what `--emit ...=-` and dumps want on standard output.
    - `command`: the linker's command line, for `--dry-run` and `-v`; empty when the image was remembered. `commands`: those of all images.
    - `units`, `reused`: how many, and how many of these needed no work. `parsed`, `checked`, `objects`: how many needed just that
      (`objects`: runs of LLVM). `linked`: a linker ran. `rebuilt`: with `explain`, the units that needed work.
    - `stdout`, `stderr`: what the program wrote, when that was captured.
    - `watched`: files and folders that a change of could give another result.
    """

    failed: bool = False
    image: str = ""
    program: list[ssa.Module] = []
    artifacts: list[tuple[EmitKind, str]] = []
    texts: list[str] = []
    command: list[str] = []
    commands: list[list[str]] = []
    units: int = 0
    reused: int = 0
    parsed: int = 0
    checked: int = 0
    objects: int = 0
    linked: bool = False
    lines: int = 0
    rebuilt: list[Rebuilt] = []
    stdout: bytes = b""
    stderr: bytes = b""
    watched: list[str] = []


class DriverContext:
    """One run: the options it was given, and what comes up on the way. Nothing here is shared between runs."""

    __slots__ = ("diagnostics", "launch", "log", "notices", "options", "package", "progress", "sources", "stdin", "temporary", "timings")

    def __init__(self, options: DriverOptions, log: LogSink | None = None) -> None:
        self.options = options
        self.sources = Sources()
        self.diagnostics: list[Diagnostic] = []
        self.timings: list[Timing] = []
        self.log = log
        self.notices: list[str] = []
        """Troubles that cost time, not the result: what is kept was damaged, or nothing can be kept."""
        self.package: Package | None = None
        self.temporary: list[str] = []
        """Files and folders to be deleted when the run ends."""
        self.progress: Callable[[int, int, str], None] | None = None
        """Told (units finished, units in all, module) while compiling."""
        self.launch: Launch | None = None
        """How a program is started, when not as a child of this process."""
        self.stdin: bytes | None = None
        """The source text when the input is `-`."""
