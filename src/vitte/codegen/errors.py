"""What code generation may report about the user's settings. Everything else that goes wrong here is an internal error."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostics, ErrorToken
from vitte.base.source import NO_SPAN
from vitte.base.suggest import closest

UNKNOWN_CPU = Code("V0640", "unknown CPU")
UNSUPPORTED_TARGET = Code("V0641", "the backend has no such target")


def unknown_cpu(out: Diagnostics, cpu: str, triple: str, known: tuple[str, ...]) -> ErrorToken:
    near = closest(cpu, known)
    helps = (out.suggest(f"did you mean `{near}`?", NO_SPAN, ""),) if near else ()
    return out.error(UNKNOWN_CPU, NO_SPAN, f"`{cpu}` is not a CPU of `{triple}`", helps=helps)


def unsupported_target(out: Diagnostics, triple: str) -> ErrorToken:
    return out.error(UNSUPPORTED_TARGET, NO_SPAN, f"the code generator has no target `{triple}`")
