"""`lto`: units are kept as LLVM's modules and become one object before they are linked, optimised as a whole.

The step runs in LLVM and not in the linker: any linker takes the object, on every target, and the tables of places, which LLVM does not
see, are written into it as they are into units' own. A merged object is remembered under the modules that it was made of: a change of
places alone costs no optimisation.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from vitte.codegen.patching import Table
from vitte.driver.error import StageCrash
from vitte.driver.session import LogLevel, Timing
from vitte.driver_impl.cache.incremental import CacheEntry, CacheKey, with_incremental_cache
from vitte.driver_impl.cache.key import digest, options_text
from vitte.driver_impl.pipeline.keeps import scratch_file
from vitte.driver_impl.pipeline.units import noted, offsets_of
from vitte.driver_impl.pipeline.whole import read_object

if TYPE_CHECKING:
    from vitte.driver.options import DriverOptions
    from vitte.driver.session import DriverContext
    from vitte.driver_impl.pipeline.keeps import Keeps
    from vitte.driver_impl.pipeline.units import Workshop


class Part(Struct, array_like=True):
    """What a unit's object is with `lto`. `code`: its module as bitcode; `tables`: what belongs into the object that is made of it."""

    code: bytes
    tables: list[Table]


encoder = Encoder()
_parts: Decoder[Part] = Decoder(Part)


def merged(options: DriverOptions, context: DriverContext, name: str, shop: Workshop, keeps: Keeps) -> tuple[str, str]:
    """Path and digest of the one object of all units; `name` is the program's. Raises `StageCrash` when LLVM refuses them: an internal
    error."""
    start = perf_counter()
    parts = [_parts.decode(read_object(shop, index, options, context)) for index in shop.graph.order]
    tables = [table for part in parts for table in part.tables]
    lines = [f"merged {keeps.identity}", options_text(options), *(digest(part.code) for part in parts)]
    fingerprint = digest("\n".join(lines).encode("utf-8", "surrogatepass"))

    def compiled() -> tuple[bytes, tuple[str, ...]]:
        data = _compile([part.code for part in parts], options, name)
        if context.log is not None:
            context.log(LogLevel.DEBUG, "merge", f"{name}: optimised together")
        return data, noted(_places(data, tables))

    cache = keeps.own.cache
    entries: list[CacheEntry] = []
    data, found = with_incremental_cache(cache, CacheKey("merged", name), fingerprint, lambda _: True, compiled, entries.append)
    for entry in entries:
        cache.put(entry)
    data = _filled(data, offsets_of(found), tables)
    context.timings.append(Timing("merge", name, perf_counter() - start))
    artifact = cache.write(data)
    path = cache.locate(artifact) if artifact else ""
    return path or scratch_file(context, "merged.o", data), digest(data)


def _compile(modules: list[bytes], options: DriverOptions, name: str) -> bytes:
    from vitte import codegen
    from vitte.codegen.isolate import BackendCrash, WorkerError, run_isolated

    try:
        return run_isolated(codegen.merge, (modules, options.target, options.opt_level.value))
    except (BackendCrash, WorkerError) as error:
        raise StageCrash("codegen", name, error.text or str(error)) from None


def _places(data: bytes, tables: list[Table]) -> list[int]:
    """Where the tables stand in an object; -1 for those that nothing refers to any more."""
    from vitte.codegen import locate

    found = []
    for table in tables:
        if table.marker not in data:
            found.append(-1)
            continue
        at = locate(data, [table])
        if at is None:
            raise AssertionError("a table of places is in the object more than once")
        found += at
    return found


def _filled(data: bytes, places: list[int], tables: list[Table]) -> bytes:
    from vitte.codegen import fill

    kept = [(at, table) for at, table in zip(places, tables, strict=True) if at >= 0]
    return fill(data, [at for at, _ in kept], [table for _, table in kept])
