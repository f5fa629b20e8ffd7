"""The errors of type checking: V0200 to V0399, constants V0500 to V0509, what is not supported yet V0920 to V0929, lints W0200 on."""

from __future__ import annotations

from vitte.base.diagnostics import Code
from vitte.ir.types import Ty, show

NOT_FOUND = Code("V0101", "name not found")

MISMATCH = Code("V0200", "mismatched types")
CANNOT_INFER = Code("V0201", "type cannot be inferred")
NO_FIELD = Code("V0202", "no such field")
NO_METHOD = Code("V0203", "no such method")
NO_MEMBER = Code("V0204", "no such member of a type")
ARG_COUNT = Code("V0205", "wrong number of arguments")
ARG_NAME = Code("V0206", "named argument does not fit")
NOT_CALLABLE = Code("V0207", "not callable")
BAD_OPERATOR = Code("V0208", "operator not defined for these types")
NOT_INDEXABLE = Code("V0209", "cannot be indexed")
NOT_DEREF = Code("V0210", "cannot be dereferenced")
BAD_CAST = Code("V0211", "no such conversion")
LITERAL_RANGE = Code("V0212", "literal out of range")
NO_IMPL = Code("V0213", "trait not implemented")
TYPE_ARG_COUNT = Code("V0214", "wrong number of type arguments")
MISSING_GIVE = Code("V0215", "a path gives no result")
BAD_MAIN = Code("V0216", "signature of `main`")
NOT_ITERABLE = Code("V0217", "cannot be iterated over")
BAD_TRY = Code("V0218", "`?` out of place")
BAD_COALESCE = Code("V0219", "`??` on a value that is always there")
MISSING_FIELD = Code("V0220", "fields missing in a literal")
FIELD_TWICE = Code("V0221", "field given twice")
BAD_LITERAL_TYPE = Code("V0222", "no form of this name")
NEEDS_MUT_ARG = Code("V0223", "exclusive lending is not marked")
NOT_MUTABLE = Code("V0224", "changed without `mut`")
NOT_A_PLACE = Code("V0225", "not a place")
NEEDS_UNSAFE = Code("V0226", "needs `unsafe`")
PRIVATE = Code("V0227", "private member")
NOT_SHOWN = Code("V0228", "value cannot be printed")
FORMAT_KIND = Code("V0229", "format does not fit the value")
PATTERN_TYPE = Code("V0230", "pattern does not fit the value")
PATTERN_CASE = Code("V0231", "no such case in a pattern")
PATTERN_FIELDS = Code("V0232", "fields of a pattern")
REFUTABLE = Code("V0233", "pattern may not match")
NON_EXHAUSTIVE = Code("V0234", "match is not exhaustive")
UNEVEN_BINDING = Code("V0235", "alternatives bind with different types")
INFINITE_SIZE = Code("V0236", "type of infinite size")
OVERLAP = Code("V0237", "conflicting impls")
ORPHAN = Code("V0238", "impl of a foreign trait for a foreign type")
MISSING_METHODS = Code("V0239", "trait methods missing")
METHOD_SIGNATURE = Code("V0240", "method differs from its trait")
NOT_IN_TRAIT = Code("V0241", "not a member of the trait")
ASSOC_TYPES = Code("V0242", "associated types of an impl")
DISCRIMINANT = Code("V0244", "discriminants")
UNTYPED_ITEM = Code("V0245", "item without a type")
VIEW_FIELD = Code("V0246", "reference stored where none may be")
UNSIZED = Code("V0248", "type without a size")
AMBIGUOUS_METHOD = Code("V0249", "ambiguous method")
LET_ELSE = Code("V0251", "`else` of a `let` goes on")
REPEAT_MOVE = Code("V0253", "repeated value is not copy")
NO_ASSOC_TYPE = Code("V0254", "no such associated type")
NOT_A_VALUE = Code("V0256", "type used as a value")
BY_HAND = Code("V0257", "trait that is not implemented by hand")
BAD_DERIVE = Code("V0264", "cannot derive")
BAD_REPR = Code("V0265", "representation")
BAD_BITS = Code("V0267", "bit ranges")
FOREIGN_VALUE = Code("V0268", "values for C")
NO_LANG_ITEM = Code("V0269", "part of the standard library missing")
BREAK_TYPE = Code("V0270", "values of `break`")

CONST_OVERFLOW = Code("V0500", "overflow in a constant")
CONST_DIVISION = Code("V0501", "division by zero in a constant")
CONST_CYCLE = Code("V0502", "constant in terms of itself")
NOT_CONST = Code("V0503", "not a constant a type may depend on")

LAMBDA = Code("V0920", "lambdas are not supported yet")
CONST_PROC = Code("V0921", "const procs in types are not supported yet")
CASE_AS_PROC = Code("V0922", "cases as procedure values are not supported yet")

UNREACHABLE_ARM = Code("W0200", "unreachable arm", "unreachable_arm")
REBOUND_LET = Code("W0201", "variable set again without `mut`", "rebound_let")


def expected(want: Ty, got: Ty) -> str:
    """`expected A, found B`, with paths when both show the same."""
    a, b = show(want), show(got)
    if a == b:
        a, b = want.text, got.text
    return f"expected `{a}`, found `{b}`"


def plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def listed(names: list[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{n}`" for n in names]
    if len(quoted) <= 1:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def an(text: str) -> str:
    """The text in backquotes after its article: an `int`, a `u8`."""
    word = "an" if text[0] in "aeioAEIO" or text in ("f32", "f64") else "a"
    return f"{word} `{text}`"
