"""`vitte cache key|explain|diff UNIT` and `vitte cache verify`: what the cache knows of the units of a build."""

from __future__ import annotations

import sys

from vitte.cli.commands.common import prepare, problems
from vitte.cli.parser import Args, Usage
from vitte.cli.report import because, show
from vitte.driver import api
from vitte.driver.error import DriverError
from vitte.driver.options import DriverMode
from vitte.driver.upkeep import UnitState


def run(args: Args) -> int:
    what, *rest = args.positionals
    if what == "verify":
        return _verify(args, tuple(rest))
    if not rest:
        raise Usage(f"`vitte cache {what}` needs a unit", ("a unit is named by its module, such as `app/shapes`, or by its file",))
    if len(rest) > 2:
        raise Usage(f"`{rest[2]}` is one argument too many")
    states = _states(args, rest[0], tuple(rest[1:]))
    show_state = {"key": _key, "explain": _explain, "diff": _diff}[what]
    if args.get("format") == "json":
        from msgspec.json import encode

        sys.stdout.write("".join(encode(state).decode() + "\n" for state in states))
    else:
        sys.stdout.write("\n".join(show_state(state) for state in states))
    return 0


def _states(args: Args, name: str, inputs: tuple[str, ...]) -> list[UnitState]:
    options, context, _ = prepare(args, DriverMode.BUILD, inputs)
    try:
        return api.inspect(options, name, context)
    except DriverError:
        problems(context)
        raise


def _key(state: UnitState) -> str:
    """The text whose digest is the key, and the edges of what is remembered under it."""
    edges = "".join(f"edge {edge}\n" for edge in state.edges) if state.before == state.text else ""
    return state.text + edges


def _explain(state: UnitState) -> str:
    what = {"front": "checked", "object": "compiled"}[state.kind]
    if state.rebuilt is None:
        return f"{state.module}: remembered, would not be {what} again\n"
    return f"{state.module}: would be {what}: {because(state.rebuilt)}\n"


def _diff(state: UnitState) -> str:
    """The key of what was made last beside that of now."""
    from difflib import unified_diff

    if not state.before:
        return f"{state.kind} of {state.module}: nothing is remembered\n"
    text = "".join(unified_diff(state.before.splitlines(True), state.text.splitlines(True), "remembered", "now", n=0))
    if state.rebuilt is not None and state.rebuilt.edge:
        start = f"{state.rebuilt.edge}:{state.rebuilt.declaration}="
        text += "".join(f"-edge {edge}\n" for edge in state.edges if edge.startswith(start))
    return text or f"{state.kind} of {state.module}: the same\n"


def _verify(args: Args, inputs: tuple[str, ...]) -> int:
    """A build that compiles everything anew as well, and compares."""
    from msgspec.structs import replace

    options, context, progress = prepare(args, DriverMode.BUILD, inputs)
    try:
        outcome = api.compile(replace(options, cache="verify"), context)
    except DriverError:
        problems(context)
        raise
    progress.end(outcome.ok, "verify")
    show(outcome, context.options)
    if outcome.ok and not args.has("quiet"):
        sys.stderr.write(f"{outcome.built.units} units: what is remembered is what compiling gives\n")
    return outcome.status
