"""The commands and options: one table that the parser, `--help`, did-you-mean and completions read."""

from __future__ import annotations


class Option:
    """`names`: spellings, short ones first. `value`: the placeholder of its value, "" for a flag. `choices`: what the
    value may be. `joined`: the value may stick to the short name (`-O2`, `-j4`). `many`: may be given again, all count."""

    __slots__ = ("choices", "group", "help", "joined", "key", "many", "names", "value")

    def __init__(
        self,
        key: str,
        names: str,
        help: str,
        value: str = "",
        *,
        group: str = "",
        choices: str = "",
        joined: bool = False,
        many: bool = False,
    ) -> None:
        self.key = key
        self.names = names.split()
        self.help = help
        self.value = value
        self.group = group
        self.choices = choices.split()
        self.joined = joined
        self.many = many


class Command:
    """`groups`: groups of options it takes. `usage`: after `vitte NAME`. `kind`: heading in the list of commands."""

    __slots__ = ("examples", "groups", "help", "kind", "module", "name", "own", "usage")

    def __init__(
        self,
        name: str,
        module: str,
        usage: str,
        help: str,
        kind: str,
        groups: str = "",
        own: tuple[Option, ...] = (),
        examples: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.module = module
        self.usage = usage
        self.help = help
        self.kind = kind
        self.groups = groups.split()
        self.own = own
        self.examples = examples


OPTIONS: tuple[Option, ...] = (
    Option("help", "-h --help", "show this help", group="general"),
    Option("version", "-V --version", "show the version", group="general"),
    Option("verbose", "-v --verbose", "say more; -vv still more", group="general", many=True),
    Option("quiet", "-q --quiet", "say only what is wrong", group="general"),
    Option("color", "--color", "colours on the terminal", "WHEN", group="general", choices="auto always never"),
    Option("lang", "--lang", "language of messages", "LANG", group="general", choices="en fr"),
    Option(
        "format", "--message-format", "how diagnostics are shown", "FORMAT", group="diagnostics", choices="human short json sarif github"
    ),
    Option("error_limit", "--error-limit", "stop showing errors after N; 0 shows all", "N", group="diagnostics"),
    Option("warn", "-W --warn", "warn about what the lint finds", "LINT", group="diagnostics", many=True, joined=True),
    Option("allow", "-A --allow", "say nothing about it", "LINT", group="diagnostics", many=True, joined=True),
    Option("deny", "-D --deny", "make it an error", "LINT", group="diagnostics", many=True, joined=True),
    Option("deny_warnings", "--deny-warnings", "make every warning an error", group="diagnostics"),
    Option("opt", "-O --opt-level", "optimisation: 0 1 2 3, s or z for size", "LEVEL", group="codegen", choices="0 1 2 3 s z", joined=True),
    Option("release", "--release", "use the release profile", group="codegen"),
    Option("profile", "--profile", "use a profile of the manifest", "NAME", group="codegen"),
    Option("debug", "-g --debug", "debug information: full, or -g=line, -g=none", group="codegen"),
    Option("target", "--target", "compile for another machine", "TRIPLE", group="codegen"),
    Option("backend", "--backend", "code generator", "NAME", group="codegen"),
    Option("overflow", "--overflow-checks", "whether integer overflow panics", "on|off", group="codegen", choices="on off"),
    Option("remap", "--remap-path-prefix", "show paths that begin with A as B", "A=B", group="codegen", many=True),
    Option("codegen", "-C", "a code generation setting; -C help lists them", "KEY=VALUE", group="codegen", many=True, joined=True),
    Option("linker", "--linker", "lld, system, or a linker's name or path", "NAME", group="link"),
    Option("linker_flavour", "--linker-flavour", "the command line that a linker named by its path speaks", "NAME", group="link",
           choices="gnu link darwin wasm elf coff macho"),
    Option("library", "-l", "link a library; KIND is dylib, static, framework, dll or wasm", "[KIND=]NAME", group="link", many=True,
           joined=True),
    Option("library_folder", "-L", "look for libraries there first", "DIR", group="link", many=True, joined=True),
    Option("framework", "--framework", "macOS: link a framework", "NAME", group="link", many=True),
    Option("rpath", "--rpath", "where the program looks for libraries when it is loaded", "DIR", group="link", many=True),
    Option("export_symbol", "--export-symbol", "let others use a symbol of the image", "NAME", group="link", many=True),
    Option("version_script", "--version-script", "ELF: which symbols others may use, and their versions", "FILE", group="link"),
    Option("entry_symbol", "--entry-symbol", "the symbol that the system starts", "NAME", group="link"),
    Option("stack_size", "--stack-size", "bytes of stack for the first thread; like 8M", "SIZE", group="link"),
    Option("subsystem", "--subsystem", "Windows: what runs the program", "NAME", group="link",
           choices="console windows native posix boot_application efi_application efi_boot_service_driver efi_rom efi_runtime_driver"),
    Option("static", "--static", "load nothing at run time, where the target leaves a choice", group="link"),
    Option("pie", "--pie", "a program that can be loaded anywhere", group="link"),
    Option("no_pie", "--no-pie", "a program that has its place", group="link"),
    Option("lto", "--lto", "optimise all units together", group="link"),
    Option("gc_sections", "--gc-sections", "leave out what nothing refers to", "on|off", group="link", choices="on off"),
    Option("icf", "--icf", "make equal procedures one", "on|off", group="link", choices="on off"),
    Option("strip", "--strip", "leave symbols and debug information out; -C strip=debug, debug information alone", group="link"),
    Option("compress_debug", "--compress-debug", "compress debug information", "HOW", group="link", choices="none zlib zstd"),
    Option("split_debug", "--split-debug", "put debug information into a file beside the image", group="link"),
    Option("link_arg", "--link-arg", "pass an argument to the linker", "ARG", group="link", many=True),
    Option("kind", "--kind", "what to make: a program, a static or shared library, one object", "KIND", group="output",
           choices="bin static shared object"),
    Option("bin", "--bin", "make this program of the package", "NAME", group="output"),
    Option("lib", "--lib", "make the package's library", group="output"),
    Option("output", "-o --output", "where the result goes", "FILE", group="output", joined=True),
    Option(
        "emit",
        "--emit",
        "what to write: ast hir thir mono mir ssa llvm-ir asm obj bin static shared object header dep-info",
        "KIND[=PATH],...",
        group="output",
        many=True,
    ),
    Option("entry", "--entry", "start with the block `entry NAME at ...` instead of `main`", "NAME", group="output"),
    Option("run_after", "--run", "run the program after the build", group="output"),
    Option("jobs", "-j --jobs", "processes to compile with; 0 is one per core", "N", group="build", joined=True),
    Option("cache", "--cache", "use of compiled units kept from before", "MODE", group="build", choices="off read on verify"),
    Option("explain", "--explain", "say why each unit was compiled again", group="build"),
    Option("target_dir", "--target-dir", "where a package's results go", "DIR", group="build"),
    Option("dry_run", "--dry-run", "show what would be run, and do not run it", group="build"),
    Option("engine", "--engine", "native, or interp to run in the interpreter", "NAME", group="run", choices="native interp"),
    Option("env", "--env", "set a variable for the program", "K=V", group="run", many=True),
    Option("env_clear", "--env-clear", "give the program no other variables than those of --env", group="run"),
    Option("cwd", "--cwd", "the program's folder", "DIR", group="run"),
    Option("timeout", "--timeout", "end the program after so many seconds", "S", group="run"),
    Option("runner", "--runner", "a command that runs the program", "COMMAND", group="run"),
    Option("folder", "--dir", "WebAssembly: let the program use a folder", "HOST[=NAME]", group="run", many=True),
    Option("fuel", "--fuel", "WebAssembly: end the program after so many operations", "N", group="run"),
    Option("dump", "--dump", "show the IR after a stage, of one procedure or of all", "STAGE[:PROC]", group="inside", many=True),
    Option("time_passes", "--time-passes", "a table of where time went", group="inside"),
    Option("unstable", "-Z", "an unstable setting; -Z help lists them", "KEY[=VALUE]", group="inside", many=True, joined=True),
)

GROUPS: dict[str, str] = {
    "codegen": "Code",
    "link": "Linking",
    "output": "Output",
    "run": "Running",
    "build": "Building",
    "diagnostics": "Diagnostics",
    "inside": "Looking inside",
    "general": "General",
}

_BUILD = "codegen link output build diagnostics inside general"
_FILE = "[FILE] [OPTIONS]"

COMMANDS: dict[str, Command] = {
    c.name: c
    for c in (
        Command("build", "build", _FILE, "compile to an executable", "Compile and run", _BUILD, examples=(
            "vitte build hello.vit -O3 -o hello", "vitte build --release", "vitte build hello.vit --emit=llvm-ir=-")),
        Command("run", "run", "[FILE] [OPTIONS] [-- ARGUMENTS]", "compile and run", "Compile and run", "run " + _BUILD, examples=(
            "vitte run hello.vit -- a b", "vitte run hello.vit --engine interp")),
        Command("check", "check", _FILE, "report what is wrong, and build nothing", "Compile and run",
                "build diagnostics inside codegen general"),
        Command("test", "test", "[FILE] [FILTER] [OPTIONS]", "run the `test` blocks, those whose name contains FILTER", "Compile and run",
                "run " + _BUILD, examples=("vitte test shapes.vit area",)),
        Command("emit", "emit", "--stage STAGE [--proc NAME] FILE", "show a program between two stages", "Understand",
                "codegen build diagnostics general", (
                    Option("stage", "--stage", "ast hir thir mono mir ssa const opt llvm-ir asm", "STAGE"),
                    Option("proc", "--proc", "only procedures of that name", "NAME"),
                ), ("vitte emit --stage mir --proc area shapes.vit",)),
        Command("explain", "explain", "CODE", "explain a diagnostic", "Understand", "general", (
            Option("list", "--list", "list all codes"),), ("vitte explain V0412",)),
        Command("env", "env", "", "show folders and environment variables in use", "Understand", "general"),
        Command("new", "new", "NAME", "make a package in a new folder", "Packages", "general"),
        Command("init", "new", "", "make a package in this folder", "Packages", "general"),
        Command("clean", "clean", "", "delete a package's results", "Packages", "build general"),
        Command("cache", "cache", "dir|stats|fsck|gc|clear|verify|merge FOLDER...|key UNIT|explain UNIT|diff UNIT",
                "look after what is kept between builds", "Packages", "codegen build diagnostics general", (
                    Option("size", "--size", "`gc`: bytes to keep, like 500M", "SIZE"),
                    Option("into", "--into", "`merge`: the folder that takes in the others", "DIR"),
                ), ("vitte cache stats", "vitte cache explain app/shapes", "vitte cache merge --into cache shard1 shard2")),
        Command("target", "target", "list|doctor [NAME...]|add NAME...|remove NAME...",
                "what there is for each target, and preparing what it needs", "More", "diagnostics general", examples=(
                    "vitte target list", "vitte target add aarch64-linux-musl", "vitte target doctor wasm32-wasi")),
        Command("watch", "watch", "[check|build|run|test] [OPTIONS] [FILE] [-- ARGUMENTS]", "build again at every change",
                "Compile and run", "run " + _BUILD, (
                    Option("no_clear", "--no-clear", "leave the screen as it is between builds"),
                ), ("vitte watch", "vitte watch run hello.vit -- a b", "vitte watch test -O2")),
        Command("server", "server", "start|stop|status|run", "a process that has the compiler loaded: commands begin sooner", "More",
                "general", (
                    Option("address", "--address", "serve only at the address of that name", "NAME"),
                    Option("ready", "--ready", "close this descriptor when commands can come", "NUMBER"),
                ), ("vitte server status",)),
        Command("completions", "completions", "bash|zsh|fish", "print a completion script for a shell", "More", "general"),
        Command("help", "help", "[COMMAND]", "show help", "More", "general"),
    )
}  # fmt: skip

SHORT: dict[str, str] = {"b": "build", "r": "run", "c": "check", "t": "test"}
LATER: tuple[str, ...] = ("fmt", "fix", "doc", "lsp", "bench", "bootstrap", "inspect")
"""Commands that are planned and answer so."""


def options_of(command: str) -> list[Option]:
    """The options a command takes: its own, then by group."""
    if command not in COMMANDS:
        return [option for option in OPTIONS if option.group == "general"]
    entry = COMMANDS[command]
    return [*entry.own, *(option for group in entry.groups for option in OPTIONS if option.group == group)]
