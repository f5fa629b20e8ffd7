"""The mistakes that lowering finds: names, modules, attributes, format strings, and control flow out of place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitte.base.diagnostics import Code, ErrorToken, Label, Suggestion
from vitte.base.source import Location, Span, make_span, span_start
from vitte.base.suggest import closest

if TYPE_CHECKING:
    from vitte.lower.state import Lowerer

NOT_FOUND = Code("V0101", "name not found")
DUPLICATE = Code("V0102", "name defined twice")
NOT_IN_MODULE = Code("V0103", "the module has no such name")
PRIVATE = Code("V0104", "private name")
AMBIGUOUS = Code("V0105", "ambiguous name")
NO_CASE = Code("V0106", "no such case")
NO_VALUE = Code("V0107", "value missing")
MISPLACED_ITEM = Code("V0108", "declaration out of place")
UNTYPED_CONST = Code("V0109", "constant without a type")
NOT_A_TRAIT = Code("V0110", "not a trait")
NOT_A_TYPE = Code("V0111", "not a type")
NOT_A_VALUE = Code("V0112", "not a value")
UNEVEN_ALTERNATIVES = Code("V0113", "alternatives bind different names")
OUTSIDE_LOOP = Code("V0114", "`break` or `continue` outside a loop")
UNKNOWN_LABEL = Code("V0115", "unknown label")
BREAK_VALUE = Code("V0116", "`break` with a value out of place")
GIVE_OUTSIDE = Code("V0117", "`give` outside a procedure")
SELF_OUTSIDE = Code("V0118", "`self` outside a method")
SELF_TYPE_OUTSIDE = Code("V0119", "`Self` outside a type")
CYCLE = Code("V0120", "definition in terms of itself")
NEGATED_BINDING = Code("V0121", "binding that can never be used")
OPEN_RANGE = Code("V0122", "range without an end")
LOCAL_IN_CONST = Code("V0123", "local variable in a constant")
BAD_INDEX = Code("V0124", "not an index")
BAD_FORMAT = Code("V0125", "malformed format string")
FORMAT_COUNT = Code("V0126", "wrong number of format arguments")
FORMAT_LITERAL = Code("V0127", "format string that is not a literal")
BAD_BUILTIN = Code("V0128", "wrong arguments for a built-in")
BAD_ATTRIBUTE = Code("V0129", "attribute misused")
BAD_REST = Code("V0130", "`..` out of place")
NOT_A_PATTERN = Code("V0131", "not a pattern")
LEAVES_DEFER = Code("V0132", "control leaves a `defer` block")
NO_TYPE_ARGS = Code("V0133", "type arguments where there can be none")
BAD_EXPORT = Code("V0134", "name cannot be exported")
VARIADIC = Code("V0135", "`...` out of place")
DYN = Code("V0930", "`dyn` is not supported yet")
TYPE_DEFAULT = Code("V0931", "defaults of type parameters are not supported yet")
USER_INTRINSIC = Code("V0932", "`#[intrinsic]` outside the standard library")

UNUSED_IMPORT = Code("W0101", "unused import", "unused-import")
UNUSED_VARIABLE = Code("W0102", "unused variable", "unused-variable")
UNREACHABLE = Code("W0103", "unreachable code", "unreachable-code")
UNKNOWN_ATTRIBUTE = Code("W0104", "unknown attribute", "unknown-attribute")

CODES: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))

SUGGESTIONS = 100
"""After so many errors nobody looks for similar names any more: that would take long in a file full of mistakes."""

STD_MODULES = (
    "core", "string", "list", "map", "set", "fmt", "math", "io", "fs", "path", "env", "process", "time", "random", "hash", "sort",
    "json", "thread", "net", "test", "mem",
)  # fmt: skip
STD_HOMES = {
    "sqrt": "math", "pow": "math", "sin": "math", "cos": "math", "tan": "math", "PI": "math", "floor": "math", "ceil": "math",
    "exp": "math", "log": "math", "read_line": "io", "read_all": "io", "read_lines": "io", "flush": "io", "read_text": "fs",
    "write_text": "fs", "append_text": "fs", "exists": "fs", "arguments": "io", "exit": "process",
}  # fmt: skip
"""Well-known names of library modules that are perhaps not loaded, for hints only."""


def not_found(lo: Lowerer, span: Span, name: str, what: str = "name", hint: str = "") -> ErrorToken:
    """`what` says what was looked for: "name", "type", "module" ...; `hint` what else may have been meant."""
    helps: list[Suggestion] = []
    close = similar(lo, name, what)
    if close:
        helps.append(lo.diag.suggest(f"a similar name is in scope: `{close}`", span, close))
    home = ""
    if not close or close.lower() == name.lower():
        home = exporting_module(lo, name)
    if home:
        helps.append(Suggestion(f"`{home}` has it: `use {home}.{{{name}}}`"))
    elif name in STD_MODULES and not close:
        helps.append(Suggestion(f"to use the module of the library, add `use std/{name}`"))
    if hint:
        helps.append(Suggestion(hint))
    labels: tuple[tuple[Span, str], ...] = ()
    for at, local in enumerate(lo.locals if lo.diag.error_count <= SUGGESTIONS else ()):
        if local.name == name:
            # It was meant to be used: nothing more about it.
            lo.local_used[at] = 1
            labels = ((local.span, "declared here, for another scope"),)
    if name == "self":
        return lo.diag.error(SELF_OUTSIDE, span, "`self` is only there in methods", "not in a method")
    return lo.diag.error(NOT_FOUND, span, f"cannot find {what} `{name}`", "not found in this scope", labels=labels, helps=tuple(helps))


def similar(lo: Lowerer, name: str, what: str = "name") -> str:
    """The closest name in scope, or ""; types only when a type was looked for."""
    if len(name) < 2 or lo.diag.error_count > SUGGESTIONS:
        return ""
    limit = max(1, len(name) // 3)
    low = len(name) - limit
    high = len(name) + limit
    types = ("adt", "alias", "prim", "param", "module")
    near: list[str] = []
    for word, entry in lo.names.items():
        if low <= len(word) <= high and word != name:
            if what == "type" and (type(entry) is int or entry.kind not in types):  # type: ignore[union-attr]
                continue
            near.append(word)
    return closest(name, near) or ""


def exporting_module(lo: Lowerer, name: str) -> str:
    """A loaded module that shows `name` (the library first), or what the table of well-known names says, or ""."""
    found = ""
    if lo.diag.error_count > SUGGESTIONS:
        return ""
    for path in lo.ctx.defs.exporting(name):
        if path != lo.path and path not in ("std/rt", "std/prelude"):
            if path.startswith("std/"):
                return path
            found = found or path
    if not found and name in STD_HOMES:
        found = "std/" + STD_HOMES[name]
    return found


def duplicate(lo: Lowerer, span: Span, name: str, first: Span, what: str) -> ErrorToken:
    labels = ((first, "first defined here"),) if first else ()
    hints = {
        "local": "a name may be used again in an inner block; here, choose another or assign with `set`",
        "import": "rename it: `use module.{name as other}`",
    }
    helps = (Suggestion(hints[what]),) if what in hints else ()
    return lo.diag.error(DUPLICATE, span, f"`{name}` is defined twice", "defined again here", labels=labels, helps=helps)


def not_in_module(lo: Lowerer, span: Span, name: str, module: str, names: list[str]) -> ErrorToken:
    close = closest(name, names) if lo.diag.error_count < SUGGESTIONS else None
    helps = (lo.diag.suggest(f"it has `{close}`", span, close),) if close else ()
    return lo.diag.error(NOT_IN_MODULE, span, f"module `{module}` has no `{name}`", "not in that module", helps=helps)


def private(lo: Lowerer, span: Span, name: str, module: str, where: Location | None, package: bool) -> ErrorToken:
    elsewhere = (Label(where, "declared here"),) if where is not None else ()
    what = "is only visible in its package" if package else "is private to its module"
    helps = (Suggestion(f"to make it visible, write `pub` before its declaration in `{module}`"),)
    return lo.diag.error(PRIVATE, span, f"`{name}` {what}", f"private in `{module}`", elsewhere=elsewhere, helps=helps)


def ambiguous(lo: Lowerer, span: Span, name: str, note: str) -> ErrorToken:
    helps = (Suggestion("say which is meant by its full path"),)
    return lo.diag.error(AMBIGUOUS, span, f"`{name}` may mean several things", "which one?", notes=(note,) if note else (), helps=helps)


def no_case(lo: Lowerer, span: Span, name: str, owner: str, cases: list[str]) -> ErrorToken:
    close = closest(name, cases)
    helps = (lo.diag.suggest(f"there is `{close}`", span, close),) if close else ()
    listed = ", ".join([f"`{c}`" for c in cases[:8]]) + (" ..." if len(cases) > 8 else "")
    notes = (f"its cases are {listed}",) if cases and not close else ()
    return lo.diag.error(NO_CASE, span, f"`{owner}` has no case `{name}`", "no such case", notes=notes, helps=helps)


ARTICLES = {
    "proc": "a procedure", "adt": "a type", "case": "a case", "trait": "a trait", "const": "a constant", "static": "a static",
    "alias": "a type", "module": "a module", "prim": "a type", "param": "a type parameter", "self": "a type", "ptr": "a type",
    "format": "a built-in",
    "size": "a built-in", "method": "a method", "local": "a local variable", "ambiguous": "a case of several picks",
}  # fmt: skip


def not_a_type(lo: Lowerer, span: Span, name: str, kind: str) -> ErrorToken:
    return lo.diag.error(NOT_A_TYPE, span, f"`{name}` is {ARTICLES[kind]}, not a type", "a type is needed here")


def not_a_trait(lo: Lowerer, span: Span, name: str, kind: str) -> ErrorToken:
    return lo.diag.error(NOT_A_TRAIT, span, f"`{name}` is {ARTICLES[kind]}, not a trait", "a trait is needed here")


def not_a_value(lo: Lowerer, span: Span, name: str, kind: str) -> ErrorToken:
    hints = {
        "module": f"name something in it: `{name}.something`",
        "method": f"call it: `{name}(value)`",
        "format": f"call it: `{name}(...)`",
        "size": f"call it with a type: `{name}(int)`",
    }
    helps = (Suggestion(hints[kind]),) if kind in hints else ()
    return lo.diag.error(NOT_A_VALUE, span, f"`{name}` is {ARTICLES[kind]}, not a value", "a value is needed here", helps=helps)


def format_error(lo: Lowerer, start: int, end: int, message: str, label: str, hint: str = "") -> ErrorToken:
    """A mistake in a format string, at offsets of the source."""
    helps = (Suggestion(hint),) if hint else ()
    return lo.diag.error(BAD_FORMAT, make_span(start, end), message, label, helps=helps)


def simple(
    lo: Lowerer, code: Code, span: Span, message: str, label: str = "", hint: str = "", labels: tuple[tuple[Span, str], ...] = ()
) -> ErrorToken:
    """An error with at most one help."""
    return lo.diag.error(code, span, message, label, labels=labels, helps=(Suggestion(hint),) if hint else ())


def unused_import(lo: Lowerer, span: Span, name: str) -> None:
    lo.diag.warning(UNUSED_IMPORT, span, f"unused import `{name}`", "never used", helps=(Suggestion("remove it"),))


def unused_variable(lo: Lowerer, span: Span, name: str) -> None:
    written = lo.text.startswith(name, span_start(span))
    helps = (lo.diag.suggest(f"if that is intended, name it `_{name}`", span, f"_{name}"),) if written else ()
    lo.diag.warning(UNUSED_VARIABLE, span, f"unused variable `{name}`", "never read", helps=helps)


def unreachable(lo: Lowerer, span: Span, cause: Span) -> None:
    lo.diag.warning(UNREACHABLE, span, "this code is never reached", "unreachable", labels=((cause, "control always leaves here"),))


def unknown_attribute(lo: Lowerer, span: Span, name: str, known: list[str]) -> None:
    close = closest(name, known)
    helps = (Suggestion(f"did you mean `{close}`?"),) if close else ()
    lo.diag.warning(UNKNOWN_ATTRIBUTE, span, f"unknown attribute `{name}`", "has no effect", helps=helps)
