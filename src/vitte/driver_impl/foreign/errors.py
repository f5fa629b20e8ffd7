"""What is wrong with a library's interface to C."""

from __future__ import annotations

from vitte.base.diagnostics import Code, Diagnostic, Diagnostics, Suggestion
from vitte.base.source import Span
from vitte.base.suggest import closest

NOT_C = Code("V0630", "type that C does not have")
NO_EXPORT = Code("V0631", "library without exports")
UNKNOWN_EXPORT = Code("V0632", "export that is not there")


def not_c(diagnostics: Diagnostics, span: Span, proc: str, what: str, label: str, helps: tuple[str, ...]) -> None:
    diagnostics.error(NOT_C, span, f"`{proc}` is exported to C, and {what}", label, helps=tuple([Suggestion(help) for help in helps]))


def no_export(name: str) -> Diagnostic:
    helps = ('write `extern "C"` before the procedures that it is for, and let them be public', "`--export-symbol` names others")
    return Diagnostic(NO_EXPORT, "error", f"library `{name}` exports nothing", (), (), tuple([Suggestion(help) for help in helps]))


def unknown_export(symbol: str, known: list[str]) -> Diagnostic:
    near = closest(symbol, known)
    help = f"did you mean `{near}`?" if near else "it exports public `extern \"C\"` procedures"
    return Diagnostic(UNKNOWN_EXPORT, "error", f"the library has no procedure `{symbol}` for C", (), (), (Suggestion(help),))
