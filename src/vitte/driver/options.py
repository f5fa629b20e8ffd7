"""What a compilation was asked to do, as data.

Every field of `DriverOptions` says what it can change: `Tracked` fields are part of every cache key of a unit, `TrackedObject`
ones only of what comes after checking, `Linked` ones change no object but the linked image, and are part of what that is
remembered under. `Untracked` ones must not change one byte of an object, of an image or of a diagnostic's data.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

from msgspec import Struct, field

from vitte.driver.host import host
from vitte.driver.target import Target

T = TypeVar("T")
IMPLEMENTATION = "vitte.driver_impl"
"""What does the work, unless another is named."""
Tracked = Annotated[T, "tracked"]
TrackedObject = Annotated[T, "tracked after checking"]
Linked = Annotated[T, "linked"]
"""A value (or a part of one) that names a file counts with that file's content. What the linker writes besides the image must be in
`link.data.Plan.beside`."""
Untracked = Annotated[T, "untracked"]


class DriverMode(StrEnum):
    """How far to go."""

    CHECK = "check"  # diagnostics only
    BUILD = "build"  # artifacts
    RUN = "run"  # build, then run the program
    TEST = "test"  # build the tests, then run them


class OutputKind(StrEnum):
    """What a build makes of its objects."""

    BIN = "bin"  # a program
    STATIC = "static"  # an archive that programs of other languages are linked with
    SHARED = "shared"  # a library that is loaded at run time; for WebAssembly, a module without a start
    OBJECT = "object"  # one relocatable object


class EmitKind(StrEnum):
    """What may be asked for with `--emit`."""

    TOKENS = "tokens"
    AST = "ast"
    HIR = "hir"
    THIR = "thir"
    MONO = "mono"
    MIR = "mir"
    SSA = "ssa"
    LLVM_IR = "llvm-ir"
    ASM = "asm"
    OBJ = "obj"
    BIN = "bin"
    STATIC = "static"
    SHARED = "shared"
    OBJECT = "object"
    HEADER = "header"
    DEP_INFO = "dep-info"


class OptLevel(StrEnum):
    O0 = "0"
    O1 = "1"
    O2 = "2"
    O3 = "3"
    SIZE = "s"
    MIN_SIZE = "z"


class DebugInfo(StrEnum):
    NONE = "none"
    LINE = "line"
    FULL = "full"


class LldFlavor(StrEnum):
    """Which of LLD's command lines is spoken."""

    ELF = "elf"
    COFF = "coff"
    MACHO = "macho"
    WASM = "wasm"


class CodegenBackend(Struct, frozen=True):
    """`llvm`, `c`, or `custom` with the name of a loadable backend."""

    kind: str
    name: str = ""

    @staticmethod
    def custom(name: str) -> CodegenBackend:
        return CodegenBackend("custom", name)


class LinkerKind(Struct, frozen=True):
    """`lld`, `system`, `wasm`, or `custom` with a path or the name of a loadable linker."""

    kind: str
    name: str = ""

    @staticmethod
    def custom(name: str) -> LinkerKind:
        return LinkerKind("custom", name)


LINK_KINDS = ("dylib", "static", "framework", "dll", "wasm")
"""Kinds of libraries. `dylib`: loaded at run time; `static`: becomes part of the image; `framework`: of macOS; `dll`: its procedures are
imported by name on Windows, and it need not be there at the link; `wasm`: the module that WebAssembly imports its procedures from."""


class Library(Struct, frozen=True):
    """A library to link with. `name`: a name, or a path when it has a separator. `kind`: one of `LINK_KINDS`, or "" for whatever is
    found."""

    name: str
    kind: str = ""


LLVM = CodegenBackend("llvm")
GCC = CodegenBackend("c")
LLD = LinkerKind("lld")
SYSTEM = LinkerKind("system")
WASM = LinkerKind("wasm")


class RunConfig(Struct, frozen=True):
    """How the built program is run. `timeout` is in seconds, 0 for none; `env` adds to the environment, which is empty with `env_clear`."""

    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    timeout: float = 0.0
    dry_run: bool = False
    step_limit: int = 0
    """For the interpreter: how many operations before it gives up; 0 for no limit."""
    env_clear: bool = False
    runner: tuple[str, ...] = ()
    """A command that is given the program's path and arguments; empty for the usual one of the target."""
    capture: bool = False
    """Keep what the program writes to standard output and error (`Outcome.stdout`, `Outcome.stderr`) instead of showing it."""
    stdin: bytes | None = None
    """What the program reads from standard input; None: what this process would."""
    folders: tuple[tuple[str, str], ...] | None = None
    """For WebAssembly: folders that the program may use, and their names there; None: the program's folder, as `.`."""
    fuel: int = 0
    """For WebAssembly: how many operations before the program is ended; 0 for no limit."""


class DriverOptions(Struct, frozen=True, kw_only=True):
    """One compilation. Paths may be relative to the process's folder; an input `-` is standard input."""

    # What
    inputs: Untracked[tuple[str, ...]] = ()
    mode: Untracked[DriverMode] = DriverMode.BUILD
    tests: TrackedObject[bool] = False
    """Compile `test` blocks, with a runner as the program's entry."""
    entry: TrackedObject[str] = ""
    """Which `entry NAME at ...` of the root module the program starts with; empty: its `main`."""
    bin: Untracked[str] = ""
    """Which program of the package is meant, when it makes several."""
    lib: Untracked[bool] = False
    """Of a package that makes programs and a library, the library is meant."""
    test_filter: Untracked[str] = ""
    emit: Untracked[tuple[tuple[EmitKind, str], ...]] = ()
    """What to write, and where (empty: the usual place; `-`: standard output)."""
    emit_proc: Untracked[str] = ""
    output: Untracked[str] = ""
    engine: Untracked[str] = "native"
    """`native`, or `interp` to run in the SSA interpreter."""

    # How
    target: Tracked[Target] = field(default_factory=host)
    backend: TrackedObject[CodegenBackend] = LLVM
    opt_level: TrackedObject[OptLevel] = OptLevel.O0
    debug_info: TrackedObject[DebugInfo] = DebugInfo.NONE
    overflow_checks: Tracked[bool] = True
    const_step_limit: Tracked[int] = 10_000_000
    remap_path_prefix: Tracked[tuple[tuple[str, str], ...]] = ()
    profile: Untracked[str] = "dev"
    """Name of the profile that gives the settings above where `given` does not say that the caller did."""
    given: Untracked[tuple[str, ...]] = ()
    """Names of fields that were set on purpose: a manifest's profile does not change them."""
    linker: Linked[LinkerKind] = LLD
    linker_path: Linked[str] = ""
    linker_flavour: Linked[str] = ""
    """A value of `LldFlavor`: which command line a linker that is named by its path speaks; empty: it is asked."""
    lto: TrackedObject[bool] = False
    """Units are merged and optimised together before they are linked."""

    # What comes out
    kind: Linked[OutputKind] = OutputKind.BIN
    link_args: Linked[tuple[str, ...]] = ()
    libraries: Linked[tuple[Library, ...]] = ()
    library_folders: Linked[tuple[str, ...]] = ()
    """Where named libraries and frameworks are looked for first."""
    rpaths: Linked[tuple[str, ...]] = ()
    """Folders in which the program looks for libraries when it is loaded."""
    exports: Linked[tuple[str, ...]] = ()
    """Symbols that other images may use, as C names them, besides those of the public `extern "C"` procedures of a library."""
    version_script: Linked[str] = ""
    entry_symbol: Linked[str] = ""
    """The symbol that the system starts, instead of Vitte's own."""
    stack_size: Linked[int] = 0
    """In bytes, of the first thread; 0 for the system's usual one."""
    subsystem: Linked[str] = ""
    static: Linked[bool] = False
    """Nothing is loaded at run time, where the target leaves a choice."""
    pie: Linked[bool | None] = None
    """Whether the program can be loaded anywhere; None: as is usual for the target."""
    gc_sections: Linked[bool | None] = None
    """Whether what nothing refers to is left out; None: yes."""
    icf: Linked[bool | None] = None
    """Whether equal procedures become one; None: when code is optimised, and the linker can."""
    strip: Linked[str] = "none"
    """`none`, `debug` (no debug information) or `all` (no symbols either)."""
    compress_debug: Linked[str] = "none"
    """`none`, `zlib` or `zstd`: how sections of debug information are kept."""
    split_debug: Linked[bool] = False
    """Debug information goes to a file beside the image."""
    run: Untracked[RunConfig] = field(default_factory=RunConfig)

    # Which diagnostics, and how they look
    lints: Untracked[tuple[tuple[str, str], ...]] = ()
    """Pairs of level (`warn`, `allow`, `deny`) and lint name, in command-line order: the last word on a name counts."""
    deny_warnings: Untracked[bool] = False
    error_limit: Untracked[int] = 50
    message_format: Untracked[str] = "human"
    color: Untracked[bool] = False
    lang: Untracked[str] = "en"
    width: Untracked[int] = 140

    # Where and by whom
    jobs: Untracked[int] = 1
    cache: Untracked[str] = "on"
    cache_dir: Untracked[str] = ""
    target_dir: Untracked[str] = ""
    implementation: Untracked[str] = IMPLEMENTATION

    explain: Untracked[bool] = False
    """Find out why each unit that was not taken from the cache had to be made again."""

    # Looking inside
    dump: Untracked[tuple[str, ...]] = ()
    verify: Untracked[bool] = False
    time_passes: Untracked[bool] = False
    log: Untracked[str] = ""
    """`level[,part=level]...` as in `VITTE_LOG`; empty is off."""
    verbose: Untracked[int] = 0
    quiet: Untracked[bool] = False


def _marked(mark: str) -> tuple[str, ...]:
    return tuple(name for name, annotation in DriverOptions.__annotations__.items() if str(annotation).startswith(mark + "["))


CHECK_FIELDS: tuple[str, ...] = _marked("Tracked")
"""Options that can change what checking a unit says or shows to other units."""
TRACKED_FIELDS: tuple[str, ...] = CHECK_FIELDS + _marked("TrackedObject")
"""Options that can change anything made of a unit."""
LINK_FIELDS: tuple[str, ...] = _marked("Linked")
"""Options that can change an image made of the same objects."""
