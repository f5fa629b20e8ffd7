"""Which diagnostics are shown, and at which level: `-W`, `-A`, `-D`, `--deny-warnings`."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from vitte.base.diagnostics import Diagnostic, Level
from vitte.driver.options import DriverOptions

ALL_LINTS = "warnings"
"""The group name that stands for every lint."""


def lint_level(name: str, options: DriverOptions) -> str:
    """`allow`, `warn` or `deny` for a lint. The last word on the command line counts; a name beats the group."""
    own = group = ""
    for level, lint in options.lints:
        if lint == name:
            own = level
        elif lint == ALL_LINTS:
            group = level
    level = own or group or "warn"
    return "deny" if level == "warn" and options.deny_warnings else level


def apply(diagnostics: Iterable[Diagnostic], options: DriverOptions) -> list[Diagnostic]:
    """The diagnostics that count, in the same order, with the levels they count at."""
    result: list[Diagnostic] = []
    for diagnostic in diagnostics:
        if diagnostic.level != "warning":
            result.append(diagnostic)
            continue
        level = lint_level(diagnostic.code.name, options)
        if level == "allow":
            continue
        if level == "deny":
            denied: Level = "error"
            name = diagnostic.code.name
            why = f"`-D {name}`" if ("deny", name) in options.lints else "warnings are denied"
            diagnostic = replace(diagnostic, level=denied, notes=(*diagnostic.notes, f"an error because {why}"))
        result.append(diagnostic)
    return result


def counts(diagnostics: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many errors and warnings."""
    errors = warnings = 0
    for diagnostic in diagnostics:
        if diagnostic.level == "error":
            errors += 1
        elif diagnostic.level == "warning":
            warnings += 1
    return errors, warnings


def limited(diagnostics: list[Diagnostic], limit: int) -> tuple[list[Diagnostic], int]:
    """At most `limit` errors (0: no limit) with everything that stands before the first one too many, and how many
    errors were left out."""
    if limit <= 0:
        return diagnostics, 0
    seen = 0
    for at, diagnostic in enumerate(diagnostics):
        if diagnostic.level == "error":
            seen += 1
            if seen > limit:
                left = sum(1 for d in diagnostics[at:] if d.level == "error")
                return diagnostics[:at], left
    return diagnostics, 0


def summary(errors: int, warnings: int) -> str:
    """`2 errors, 1 warning`, or nothing when there were none."""
    parts = []
    if errors:
        parts.append("1 error" if errors == 1 else f"{errors} errors")
    if warnings:
        parts.append("1 warning" if warnings == 1 else f"{warnings} warnings")
    return ", ".join(parts)
