"""Stage 10: objects to an image, by the linker that the options name."""

from __future__ import annotations

import os

from vitte.driver.error import EXIT_TOOLCHAIN, DriverError
from vitte.driver.options import DriverOptions
from vitte.driver.session import DriverContext, LogLevel
from vitte.driver_impl.cache.key import digest
from vitte.driver_impl.cache.store import Store
from vitte.driver_impl.link import errors, execute, lld


def link(options: DriverOptions, context: DriverContext, objects: list[str], output: str, store: Store, identity: str) -> list[str]:
    """Link to `output`; complaints of the linker become diagnostics. The command line that was run, with its temporary
    output's name. Raises `DriverError` when there is no linker or it crashed."""
    if options.linker.kind not in ("lld", "custom"):
        raise DriverError(f"linker `{options.linker.kind}` is not supported yet", helps=("use `--linker lld` or a path to one",))
    if options.target.triple != "x86_64-unknown-linux-gnu":
        raise DriverError(f"linking for `{options.target.triple}` is not supported yet")
    linker = lld.find(options.linker_path or (options.linker.name if options.linker.kind == "custom" else ""))
    start = _start_object(options, context, store, identity)
    plan = lld.plan(linker, [start, *objects], output, options, lld.runtime())
    if context.log is not None:
        context.log(LogLevel.INFO, "link", " ".join(plan.command))
    if options.run.dry_run:
        return plan.command
    result = execute.execute(plan)
    if result.status != 0:
        found = errors.diagnose(result.stderr, plan)
        if not found:
            raise DriverError(f"the linker failed: {execute.how(result.status)}", status=EXIT_TOOLCHAIN, details=result.stderr)
        context.diagnostics.extend(found)
    return plan.command


def _start_object(options: DriverOptions, context: DriverContext, store: Store, identity: str) -> str:
    """The object with `_start`, made once per compiler and target."""
    key = digest(f"start {identity} {options.target.triple}".encode())
    path = store.checked_object(key)
    if path:
        return path
    from vitte import codegen
    from vitte.driver_impl.pipeline.build import scratch

    data = codegen.start_object(options.target)
    kept = store.put_checked_object(key, data)
    if kept:
        return kept
    path = os.path.join(scratch(context), "start.o")
    with open(path, "wb") as file:
        file.write(data)
    return path
