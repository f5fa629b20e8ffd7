"""`vitte target list|doctor|add|remove`: the targets, what this machine has for each, and preparing what it lacks."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage
from vitte.cli.settings import no_target
from vitte.driver.api import load
from vitte.driver.options import IMPLEMENTATION
from vitte.driver.target import TARGETS, find
from vitte.driver.upkeep import TargetState

ACTIONS = ("list", "doctor", "add", "remove")


def run(args: Args) -> int:
    action, *names = args.positionals or [""]
    if action not in ACTIONS:
        from vitte.base.suggest import closest

        near = closest(action, ACTIONS) if action else None
        raise Usage("`vitte target` needs `list`, `doctor`, `add` or `remove`", (f"did you mean `{near}`?",) if near else ())
    if action == "list" and names:
        raise Usage(f"`{names[0]}`: `vitte target list` takes no argument", (f"`vitte target doctor {names[0]}` looks at one",))
    if action in ("add", "remove") and not names:
        raise Usage(f"`vitte target {action}` needs names of targets", ("`vitte target list` lists them",))
    targets = list(dict.fromkeys(map(full_name, names))) or list(TARGETS)
    implementation = load(IMPLEMENTATION)
    progress = Progress(args)
    try:
        states = implementation.target_impl(action, targets, progress if action == "add" and progress.on else None)
    finally:
        progress.end()
    if args.get("format", "human") == "json":
        from msgspec.json import encode
        from msgspec.structs import asdict

        sys.stdout.write("".join(encode({"type": "target", **asdict(state)}).decode("utf-8", "replace") + "\n" for state in states))
    elif action == "list":
        sys.stdout.write(listing(states))
    elif not args.has("quiet"):
        show = {"doctor": examined, "add": added, "remove": removed}[action]
        sys.stdout.write("".join(map(show, states)))
    # One that was asked about by name is wanted: something is wrong when it cannot be used.
    wanted = action == "doctor" and bool(names)
    return 1 if any(state.problems or (wanted and state.missing) for state in states) else 0


def full_name(name: str) -> str:
    """Raises `Usage` for what is no target."""
    target = find(name)
    if target is None:
        raise no_target(name)
    return target.name


def listing(states: list[TargetState]) -> str:
    wide = max(len(state.name) for state in states)
    return "".join(f"{state.name:<{wide}}  tier {state.tier}  {_summary(state):<24}  {_runs(state)}\n" for state in states)


def _summary(state: TargetState) -> str:
    if state.problems:
        return "damaged"
    if state.wants_sysroot:
        return "needs `vitte target add`"
    return "needs more" if state.missing else "ready"


def _runs(state: TargetState) -> str:
    return f"run by {_shown(os.path.basename(state.runner))}" if state.runner else "not run here"


def examined(state: TargetState) -> str:
    lines = [f"{state.name}: tier {state.tier}, {_summary(state)}"]
    if state.linker:
        lines.append(f"linked by {state.linker}")
    if state.sysroot:
        whole = f"{len(state.problems)} problems" if state.problems else "all whole"
        lines.append(f"C library: {state.files} files, {_bytes(state.bytes)}, {whole}, of {state.made}, in {state.sysroot}")
    lines += [f"damaged: {problem}" for problem in state.problems]
    lines += [f"missing: {text}" for text in state.missing]
    lines.append(f"run by {state.runner}" if state.runner else f"not run here: {state.no_runner}")
    return _shown("\n  ".join(lines)) + "\n"


def added(state: TargetState) -> str:
    if not state.sysroot:
        return f"{state.name}: there is nothing to prepare\n"
    size = f"{state.files} files, {_bytes(state.bytes)}"
    if not state.seconds:
        return _shown(f"{state.name}: is there: {size} in {state.sysroot}\n")
    return _shown(f"{state.name}: prepared in {state.seconds:.1f} s: {size} in {state.sysroot}\n")


def removed(state: TargetState) -> str:
    return f"{state.name}: nothing is prepared for it\n"


class Progress:
    """One line, on a terminal only, erased at the end."""

    def __init__(self, args: Args) -> None:
        self.on = not args.has("quiet") and args.get("format", "human") == "human" and sys.stderr.isatty()
        self.shown: dict[str, str] = {}

    def __call__(self, name: str, done: int, expected: int, seconds: float) -> None:
        self.shown[name] = f"{name}: {min(done, expected)} of about {expected} files, {seconds:.0f} s"
        try:
            room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        except OSError:
            room = 79
        sys.stderr.write("\r\x1b[K" + "; ".join(self.shown.values())[:room])
        sys.stderr.flush()

    def end(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{number / 1e3:.1f} kB"


def _shown(text: str) -> str:
    """A name of a file may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
