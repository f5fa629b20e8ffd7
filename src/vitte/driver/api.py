"""The public API: policy applied, work delegated.

An implementation is any module (or object) with the functions of `Implementation`; `DriverOptions.implementation`
names it. The default is `vitte.driver_impl`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from msgspec import Struct
from msgspec.structs import replace

from vitte.base.diagnostics import Diagnostic
from vitte.driver.diagnostics import policy
from vitte.driver.diagnostics.sources import Sources
from vitte.driver.error import EXIT_DIAGNOSTICS, EXIT_OK, DriverError
from vitte.driver.options import DebugInfo, DriverMode, DriverOptions, EmitKind, OptLevel, OutputKind
from vitte.driver.session import Built, DriverContext, Manifest, Package, Product, Profile
from vitte.driver.upkeep import CacheReport, TargetState, UnitState

__all__ = ["Built", "DriverContext", "Implementation", "Outcome", "check", "compile", "compile_and_run", "emit", "inspect", "load", "test"]


TargetProgress = Callable[[str, int, int, float], None]
"""Is told of a target that is being prepared: its name, files done, about how many there will be, seconds since the start."""


class Implementation(Protocol):
    """What executes the driver's decisions. Each function may raise `DriverError` or `StageCrash`."""

    def find_package(self, options: DriverOptions, context: DriverContext) -> Package:
        """Where the inputs are: reads the manifest when there is one."""

    def find_product(self, package: Package, product: Product) -> Package:
        """The package with the root module of what it is to make."""

    def compile_impl(self, options: DriverOptions, context: DriverContext) -> Built:
        """Stages 1 to 9 for every unit, and linking when an image is wanted. Diagnostics go to the context."""

    def run_impl(self, options: DriverOptions, context: DriverContext, built: Built) -> int:
        """Run what was built; the exit status of the program (negative: the signal that ended it)."""

    def emit_impl(self, options: DriverOptions, context: DriverContext, stage: str, proc: str) -> Built:
        """The root unit's IR after a stage as text."""

    def inspect_impl(self, options: DriverOptions, context: DriverContext, unit: str) -> list[UnitState]:
        """What the cache knows of one unit: checked, then built."""

    def clean_up(self, context: DriverContext) -> None:
        """Delete what was temporary."""

    def cache_impl(self, action: str, folder: str, sources: list[str], limit: int) -> CacheReport:
        """Look after a cache folder: `stats`, `fsck`, `gc` (to `limit` bytes; negative: the usual), `merge` (`sources`), `clear`."""

    def target_impl(self, action: str, names: list[str], progress: TargetProgress | None) -> list[TargetState]:
        """Look after targets, by their full names: `list`, `doctor` (every file is read), `add` and `remove` (of a C library that was
        prepared). Their states afterwards."""

    def default_cache(self) -> str:
        """The cache of what belongs to no package, "" when there is no place for one."""


class Outcome(Struct):
    """The result of a run. `diagnostics` are those that count, in order, at the levels they count at.

    `status` is the exit status: 0, 1 after errors, or the program's own (negative: the signal that ended it).
    """

    status: int
    diagnostics: list[Diagnostic]
    sources: Sources
    built: Built
    context: DriverContext

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def image(self) -> str:
        """Path of the linked program, or "" when none was made."""
        return self.built.image

    @property
    def stdout(self) -> bytes:
        """What the program wrote to standard output, when that was captured (`RunConfig.capture`)."""
        return self.built.stdout

    @property
    def stderr(self) -> bytes:
        """What the program wrote to standard error, when that was captured."""
        return self.built.stderr

    @property
    def artifacts(self) -> list[tuple[EmitKind, str]]:
        return self.built.artifacts


def load(name: str) -> Implementation:
    """The implementation of that name. Raises `DriverError` when there is none."""
    try:
        return cast(Implementation, import_module(name))
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise DriverError(f"there is no implementation `{name}`", helps=("name an importable Python module",)) from None
        raise


def compile(options: DriverOptions, context: DriverContext | None = None) -> Outcome:
    """Compile the inputs as the options say: check, or build what `emit` asks for (an executable by default)."""
    context = context or DriverContext(options)
    implementation, options = prepare(options, context)
    try:
        built, options = _compile(implementation, options, context)
        return _outcome(built, options, context)
    finally:
        implementation.clean_up(context)


def check(options: DriverOptions, context: DriverContext | None = None) -> Outcome:
    """All diagnostics of the inputs, and nothing else."""
    return compile(replace(options, mode=DriverMode.CHECK), context)


def compile_and_run(
    options: DriverOptions, context: DriverContext | None = None, before: Callable[[Outcome], None] | None = None
) -> Outcome:
    """Build, and when that went well run the program with `options.run`. `before` is told how the build went before the
    program starts, so that warnings come before its output."""
    options = replace(options, mode=DriverMode.TEST if options.tests else DriverMode.RUN)
    context = context or DriverContext(options)
    implementation, options = prepare(options, context)
    try:
        built, options = _compile(implementation, options, context)
        outcome = _outcome(built, options, context)
        if before is not None:
            before(outcome)
        if outcome.ok:
            outcome.status = implementation.run_impl(options, context, outcome.built)
        return outcome
    finally:
        implementation.clean_up(context)


def test(options: DriverOptions, context: DriverContext | None = None) -> Outcome:
    """Build the `test` blocks of the inputs and run those whose name contains `options.test_filter`."""
    return compile_and_run(replace(options, tests=True), context)


def emit(options: DriverOptions, stage: str, proc: str = "", context: DriverContext | None = None) -> Outcome:
    """The IR of the root unit after a stage, in `built.texts`."""
    context = context or DriverContext(options)
    implementation, options = prepare(options, context)
    try:
        options, context.package = _products(implementation, options, context)[0]
        return _outcome(implementation.emit_impl(options, context, stage, proc), options, context)
    finally:
        implementation.clean_up(context)


def inspect(options: DriverOptions, unit: str, context: DriverContext | None = None) -> list[UnitState]:
    """What the cache knows of the unit with this module path or file. Raises `DriverError` when there is none."""
    context = context or DriverContext(options)
    implementation, options = prepare(options, context)
    try:
        options, context.package = _products(implementation, options, context)[0]
        return implementation.inspect_impl(options, context, unit)
    finally:
        implementation.clean_up(context)


def prepare(options: DriverOptions, context: DriverContext) -> tuple[Implementation, DriverOptions]:
    """Load the implementation, find the package, and settle what its manifest says of the options."""
    implementation = load(options.implementation)
    context.package = implementation.find_package(options, context)
    options = with_runner(with_profile(options, context.package.manifest), context.package)
    options = with_kind(options, context.package)
    if options.engine == "interp" and options.target.system not in ("linux", "macos"):
        message = f"the interpreter does not run programs for `{options.target.name}`"
        raise DriverError(message, helps=("leave `--engine` or `--target` out",))
    if options.mode in (DriverMode.RUN, DriverMode.TEST) and options.kind is not OutputKind.BIN:
        raise DriverError(f"what is of kind `{options.kind.value}` cannot be run", helps=("leave `--kind` out",))
    context.options = options
    return implementation, options


def with_kind(options: DriverOptions, package: Package) -> DriverOptions:
    """The options with the kind of output that is usual for the target, when nobody has named one. Raises `DriverError` when a program is
    asked for, and the target has none."""
    if options.target.has_programs or options.entry_symbol:
        return options
    wants = options.mode in (DriverMode.RUN, DriverMode.TEST) or ("kind" in options.given and options.kind is OutputKind.BIN)
    if wants:
        helps = ("`--target wasm32-wasi` is for programs", "a library is what is made when no `--kind` is named")
        raise DriverError(f"`{options.target.name}` has no programs: nothing starts one there", helps=helps)
    if "kind" in options.given or (package.manifest and package.manifest.products):
        return options
    return replace(options, kind=OutputKind.SHARED, given=(*options.given, "kind"))


def with_runner(options: DriverOptions, package: Package) -> DriverOptions:
    """The options with the runner that the package's manifest has for the target, unless the caller named one."""
    runners = dict(package.manifest.runners) if package.manifest else {}
    words = runners.get(options.target.name)
    if options.run.runner or not words:
        return options
    program, *rest = words
    if "/" in program or "\\" in program:
        program = os.path.join(package.root, program)
    return replace(options, run=replace(options.run, runner=(program, *rest)))


def _products(implementation: Implementation, options: DriverOptions, context: DriverContext) -> list[tuple[DriverOptions, Package]]:
    """What is to be made, one after the other."""
    package = context.package
    assert package is not None
    if package.manifest is None and not (options.bin or options.lib):
        return [(options, package)]
    from vitte.driver.products import chosen

    found = chosen(options, package)
    return [(own, package if product is None else implementation.find_product(package, product)) for own, product in found]


def _compile(implementation: Implementation, options: DriverOptions, context: DriverContext) -> tuple[Built, DriverOptions]:
    """All that is to be made, as one result; and the options of the last, which is what is run."""
    whole: Built | None = None
    last = options
    for own, package in _products(implementation, options, context):
        context.options, context.package = last, _ = own, package
        built = implementation.compile_impl(own, context)
        if whole is None:
            whole = built
            continue
        # Units that several have are said of once.
        context.diagnostics = list({repr(diagnostic): diagnostic for diagnostic in context.diagnostics}.values())
        whole = _joined(whole, built)
    assert whole is not None
    return whole, last


def _joined(whole: Built, built: Built) -> Built:
    for name in ("units", "reused", "parsed", "checked", "objects", "lines"):
        setattr(whole, name, getattr(whole, name) + getattr(built, name))
    for name in ("artifacts", "texts", "commands", "rebuilt", "watched"):
        getattr(whole, name).extend(getattr(built, name))
    return replace(
        whole, failed=whole.failed or built.failed, image=built.image, program=built.program, linked=whole.linked or built.linked,
        command=built.command,
    )  # fmt: skip


def _outcome(built: Built, options: DriverOptions, context: DriverContext) -> Outcome:
    diagnostics = policy.apply(context.diagnostics, options)
    errors, _ = policy.counts(diagnostics)
    status = EXIT_DIAGNOSTICS if errors or built.failed else EXIT_OK
    return Outcome(status, diagnostics, context.sources, built, context)


PROFILES: dict[str, Profile] = {
    "dev": Profile(opt_level="0", debug_info="none", overflow_checks=True, strip="none"),
    "release": Profile(opt_level="3", debug_info="none", overflow_checks=True, strip="none"),
}
"""The built-in profiles; a manifest's profile of the same name overrides them setting by setting, others start from `dev`."""


def with_profile(options: DriverOptions, manifest: Manifest | None) -> DriverOptions:
    """The options with what their profile says, except where the caller spoke (`options.given`).
    Raises `DriverError` for a profile that does not exist."""
    own = dict(manifest.profiles) if manifest else {}
    name = options.profile
    if name not in PROFILES and name not in own:
        raise DriverError(f"there is no profile `{name}`", helps=(f"there are: {', '.join(sorted({*PROFILES, *own}))}",))
    base = PROFILES.get(name, PROFILES["dev"])
    over = own.get(name, Profile())
    given = options.given
    changes: dict[str, object] = {}
    opt_level = over.opt_level if over.opt_level is not None else base.opt_level
    debug_info = over.debug_info if over.debug_info is not None else base.debug_info
    if "opt_level" not in given and opt_level is not None and (manifest or options.profile != "dev"):
        changes["opt_level"] = OptLevel(opt_level)
    if "debug_info" not in given and debug_info is not None and (manifest or options.profile != "dev"):
        changes["debug_info"] = DebugInfo(debug_info)
    if "overflow_checks" not in given and over.overflow_checks is not None:
        changes["overflow_checks"] = over.overflow_checks
    for name in ("strip", "lto", "gc_sections", "icf", "compress_debug", "split_debug"):
        setting = getattr(over, name)
        if name not in given and setting is not None:
            changes[name] = setting
    return replace(options, **changes) if changes else options
