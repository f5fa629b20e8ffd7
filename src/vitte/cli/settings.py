"""Parsed arguments and the environment to `DriverOptions`."""

from __future__ import annotations

import os
import sys

from msgspec.structs import replace

from vitte.cli.linking import link_values
from vitte.cli.parser import Args, Usage
from vitte.driver.host import host
from vitte.driver.options import (
    CodegenBackend,
    DebugInfo,
    DriverMode,
    DriverOptions,
    EmitKind,
    OptLevel,
    RunConfig,
)
from vitte.driver.target import SHORT, TARGETS, Target, find

VARIABLES = (
    "VITTE_CACHE", "VITTE_CACHE_SIZE", "VITTE_TARGET_DIR", "VITTE_JOBS", "VITTE_LINKER", "VITTE_RUNNER", "VITTE_SYSROOTS", "VITTE_LANG",
    "VITTE_BACKTRACE", "VITTE_LOG", "VITTE_NO_SERVER", "VITTE_SERVER", "VITTE_SERVER_IDLE",
)  # fmt: skip
"""Everything in the environment that Vitte reads, besides NO_COLOR, CLICOLOR_FORCE, CI, XDG_CACHE_HOME and XDG_RUNTIME_DIR."""

_C_KEYS = {
    "opt-level": "as -O",
    "overflow-checks": "on or off",
    "target-cpu": "a processor's name",
    "target-features": "LLVM features, like +avx2",
    "strip": "none, debug, all; on or off",
    "lto": "on or off",
    "gc-sections": "on or off",
    "icf": "on or off",
    "compress-debug": "none, zlib or zstd",
    "split-debug": "on or off",
    "const-step-limit": "operations that one constant may take",
}
_Z_KEYS = {
    "verify": "check the output of every stage",
    "trace": "the internal log at its most talkative",
    "step-limit": "operations before the interpreter gives up",
    "implementation": "the Python module that does the work",
}


def driver_options(args: Args, mode: DriverMode, inputs: tuple[str, ...]) -> DriverOptions:
    """Raises `Usage`."""
    environment = os.environ
    values: dict[str, object] = {"mode": mode, "inputs": inputs, "color": color(args)}
    given: list[str] = []
    unstable = _pairs(args, "unstable", "-Z", _Z_KEYS)
    codegen = _pairs(args, "codegen", "-C", _C_KEYS)

    opt = args.get("opt") or codegen.get("opt-level", "")
    if args.has("opt") or opt:
        if opt not in [level.value for level in OptLevel]:
            raise Usage(f"`{opt}` is no optimisation level", ("one of 0, 1, 2, 3, s, z",))
        values["opt_level"] = OptLevel(opt)
        given.append("opt_level")
    if args.has("debug"):
        debug = args.get("debug")
        if debug not in [kind.value for kind in DebugInfo]:
            raise Usage(f"`{debug}` is no kind of debug information", ("one of full, line, none",))
        values["debug_info"] = DebugInfo(debug)
        given.append("debug_info")
    overflow = args.get("overflow") or codegen.get("overflow-checks", "")
    if overflow:
        values["overflow_checks"] = _switch("overflow-checks", overflow)
        given.append("overflow_checks")
    if args.has("release") or args.get("profile"):
        values["profile"] = args.get("profile") or "release"
    values["emit"] = emit = _emit(args)
    links, spoken = link_values(args, codegen, emit)
    values |= links
    values["given"] = (*given, *spoken)
    values["target"] = _target(args.get("target"), codegen)
    backend = args.get("backend") or "llvm"
    values["backend"] = CodegenBackend(backend) if backend in ("llvm", "c") else CodegenBackend.custom(backend)
    if backend != "llvm":
        raise Usage(f"backend `{backend}` is not supported yet", ("the backend is `llvm`",))
    values["remap_path_prefix"] = tuple(_pair(p, "--remap-path-prefix", "A=B") for p in args.all("remap"))
    if "const-step-limit" in codegen:
        values["const_step_limit"] = _number(codegen["const-step-limit"], "-C const-step-limit")
    values["output"] = args.get("output")
    values["engine"] = args.get("engine", "native")
    values["entry"] = args.get("entry", "")

    values["run"] = RunConfig(
        args=tuple(args.rest),
        env=tuple(_pair(pair, "--env", "K=V") for pair in args.all("env")),
        cwd=args.get("cwd"),
        timeout=_seconds(args.get("timeout")),
        dry_run=args.has("dry_run"),
        step_limit=_number(unstable.get("step-limit", "0") or "0", "-Z step-limit"),
        env_clear=args.has("env_clear"),
        runner=_runner(args),
        folders=_folders(args.all("folder")) if args.has("folder") else None,
        fuel=_number(args.get("fuel") or "0", "--fuel"),
    )

    levels = {"warn": "warn", "allow": "allow", "deny": "deny"}
    values["lints"] = tuple((levels[key], value) for key, value in args.values if key in levels)
    values["deny_warnings"] = args.has("deny_warnings")
    if args.has("error_limit"):
        values["error_limit"] = _number(args.get("error_limit"), "--error-limit")
    message_format = args.get("format", "human")
    if message_format == "sarif":
        raise Usage("`--message-format sarif` is not supported yet", ("one of human, short, json, github",))
    values["message_format"] = message_format
    lang = args.get("lang") or environment.get("VITTE_LANG", "") or "en"
    values["lang"] = lang

    values["jobs"] = _jobs(args)
    values["cache"], values["cache_dir"] = cache_of(args)
    values["explain"] = args.has("explain")
    values["target_dir"] = args.get("target_dir") or environment.get("VITTE_TARGET_DIR", "")
    values["dump"] = tuple(args.all("dump"))
    values["verify"] = "verify" in unstable
    values["time_passes"] = args.has("time_passes")
    values["verbose"] = len(args.all("verbose"))
    values["quiet"] = args.has("quiet")
    values["log"] = log_spec(args, "trace" in unstable)
    if unstable.get("implementation"):
        values["implementation"] = unstable["implementation"]
    return DriverOptions(**values)  # type: ignore[arg-type]


def color(args: Args) -> bool:
    """`--color`, then NO_COLOR, CLICOLOR_FORCE, then whether standard error is a terminal."""
    when = args.get("color", "auto")
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    try:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


CACHE_MODES = ("off", "read", "on", "verify")


def cache_of(args: Args) -> tuple[str, str]:
    """How the cache is used, and its folder ("" for the usual one). VITTE_CACHE is a mode or a folder."""
    variable = os.environ.get("VITTE_CACHE", "")
    mode = args.get("cache") or (variable if variable in CACHE_MODES else "on")
    return mode, "" if variable in CACHE_MODES else variable


def log_spec(args: Args, trace: bool) -> str:
    if trace:
        return "trace"
    verbose = len(args.all("verbose"))
    spec = os.environ.get("VITTE_LOG", "")
    return spec or ("" if not verbose else "info" if verbose == 1 else "debug")


def _jobs(args: Args) -> int:
    text = args.get("jobs") or os.environ.get("VITTE_JOBS", "")
    if not text:
        return min(os.cpu_count() or 1, 8)
    jobs = _number(text, "-j")
    return jobs or os.cpu_count() or 1


def _emit(args: Args) -> tuple[tuple[EmitKind, str], ...]:
    result: list[tuple[EmitKind, str]] = []
    names = [kind.value for kind in EmitKind]
    for item in [item for value in args.all("emit") for item in value.split(",") if item]:
        name, _, path = item.partition("=")
        if name == EmitKind.TOKENS.value:
            raise Usage("`--emit tokens` is not supported yet", ("`--emit ast` shows the source as parsed",))
        if name not in names:
            from vitte.base.suggest import closest

            near = closest(name, names)
            raise Usage(f"there is nothing to emit called `{name}`", (f"did you mean `{near}`?" if near else f"one of {', '.join(names)}",))
        result.append((EmitKind(name), path))
    return tuple(result)


def _target(name: str, codegen: dict[str, str]) -> Target:
    known = find(name) if name else host()
    if known is None:
        raise no_target(name)
    cpu, features = codegen.get("target-cpu", ""), codegen.get("target-features", "")
    return replace(known, cpu=cpu, features=features) if cpu or features else known


def no_target(name: str) -> Usage:
    from vitte.base.suggest import closest

    near = closest(name, (*TARGETS, *SHORT))
    return Usage(f"target `{name}` is not supported", (f"did you mean `{near}`?" if near else "`vitte target list` lists them",))


def _pairs(args: Args, key: str, option: str, known: dict[str, str]) -> dict[str, str]:
    result: dict[str, str] = {}
    for text in args.all(key):
        name, _, value = text.partition("=")
        if name == "help":
            raise Usage(f"settings of `{option}`:", tuple(f"{option} {k}: {v}" for k, v in known.items()))
        if name not in known:
            from vitte.base.suggest import closest

            near = closest(name, known)
            raise Usage(f"`{option}` has no setting `{name}`", (f"did you mean `{near}`?" if near else f"`{option} help` lists them",))
        result[name] = value
    return result


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Usage(f"`{option} {text}` is not of the form {form}")
    return name, value


def _runner(args: Args) -> tuple[str, ...]:
    """A command as a shell would read it; `--runner`, then VITTE_RUNNER."""
    option = "--runner" if args.has("runner") else "VITTE_RUNNER"
    text = args.get("runner") if args.has("runner") else os.environ.get("VITTE_RUNNER", "")
    if not text:
        return ()
    import shlex

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Usage(f"`{option}` is no command: {str(error).lower()}", ("quotes are those of a shell",)) from None
    if not words:
        raise Usage(f"`{option}` needs a command")
    return tuple(words)


def _folders(texts: list[str]) -> tuple[tuple[str, str], ...]:
    """Folders and what the program calls them; an empty text is none."""
    pairs = []
    for text in texts:
        host, equals, name = text.partition("=")
        if text and (not host or (equals and not name)):
            raise Usage(f"`--dir {text}` is not of the form HOST or HOST=NAME")
        if text:
            pairs.append((host, name or host))
    return tuple(pairs)


def _switch(name: str, text: str) -> bool:
    if text not in ("on", "off", "yes", "no", "true", "false", ""):
        raise Usage(f"`{text}` is no value for `{name}`", ("on or off",))
    return text in ("on", "yes", "true", "")


def _number(text: str, option: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Usage(f"`{option}` needs a number, not `{text}`")
    return int(text)


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise Usage(f"`--timeout` needs seconds, not `{text}`")
    return value
