"""Patterns: what binds, what is a constant or case, and the same names in every alternative."""

from __future__ import annotations

from typing import Literal, cast

from vitte.base.source import Span
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.lower import errors
from vitte.lower.names import cases_of, chain_sym, follow_alias
from vitte.lower.state import PAT, Lowerer, Sym, expr, pat
from vitte.lower.types import const_expr

CONSTANTS = ("const", "static")


def refutable(lo: Lowerer, p: a.Pat) -> hir.Pat:
    """A pattern that need not match: bare names may be constants and cases."""
    before = lo.refutable
    lo.refutable = True
    result = PAT[type(p)](lo, p)
    lo.refutable = before
    return result


def irrefutable(lo: Lowerer, p: a.Pat) -> hir.Pat:
    """The pattern of a `let`, a `for` or a parameter: bare names bind."""
    before = lo.refutable
    lo.refutable = False
    result = PAT[type(p)](lo, p)
    lo.refutable = before
    return result


def bind(lo: Lowerer, name: str, span: Span, mutable: bool = False) -> int:
    """The local that a binding declares, or that an earlier alternative declared."""
    shared = lo.shared
    if shared is not None:
        found = shared.get(name)
        if found is not None:
            lo.shared_seen[name] = span
            return found
        if not name[0].isupper():
            hint = "bind it in every alternative, or in none"
            message = f"`{name}` is not bound in all alternatives"
            errors.simple(lo, errors.UNEVEN_ALTERNATIVES, span, message, "not bound in the first alternative", hint)
    return lo.declare(name, span, mutable)


def wild_pat(lo: Lowerer, p: a.WildPat) -> hir.Pat:
    return hir.PatWild(p.span)


def bind_pat(lo: Lowerer, p: a.BindPat) -> hir.Pat:
    name = p.name
    sub = p.sub
    by = p.by
    if lo.refutable and sub is None and not p.mut and not by:
        entry = lo.names.get(name)
        if type(entry) is Sym and (entry.kind == "case" or entry.kind in CONSTANTS):
            lo.use(entry)
            return hir.PatPath(p.span, entry.path, "case" if entry.kind == "case" else "const")
    local = bind(lo, name, p.name_span, p.mut)
    return hir.PatBind(p.span, local, by or "bind", p.mut, pat(lo, sub) if sub is not None else None, name)  # type: ignore[arg-type]


def lit_pat(lo: Lowerer, p: a.LitPat) -> hir.Pat:
    value = expr(lo, p.value)
    if type(value) is hir.Literal_:
        return hir.PatLit(p.span, value)
    if type(value) is hir.ErrorExpr:
        return hir.PatError(p.span, value.token)
    message = "a pattern compares with literals and named constants only"
    hint = "use a guard: `case x if x == ...`"
    return hir.PatError(p.span, errors.simple(lo, errors.NOT_A_PATTERN, p.span, message, "not a literal", hint))


def range_pat(lo: Lowerer, p: a.RangePat) -> hir.Pat:
    low = const_expr(lo, p.start) if p.start is not None else None
    high = const_expr(lo, p.end) if p.end is not None else None
    return hir.PatRange(p.span, low, high, p.inclusive)


def error_pat(lo: Lowerer, p: a.ErrorPat) -> hir.Pat:
    return hir.PatError(p.span, p.token)


def rest_pat(lo: Lowerer, p: a.RestPat) -> hir.Pat:
    message = "`..` stands in a list, a tuple, a case or a form"
    return hir.PatError(p.span, errors.simple(lo, errors.BAD_REST, p.span, message, "not here"))


# --- paths --------------------------------------------------------------------------------------------------------

Target = tuple[str, Literal["case", "adt", "const", ""], str, Span]
"""Path, what it is, its last name, where that is. Path "" with kind "": a bare name of the expected pick."""


def target_of(lo: Lowerer, e: a.Expr) -> Target | hir.PatError:
    """What the path of a pattern means."""
    if isinstance(e, a.Index):
        e = e.base
    if isinstance(e, a.Name):
        entry = lo.beneath_locals(e.name)
        if entry is None or entry.kind == "ambiguous":
            return "", "", e.name, e.span
        lo.use(entry)
        return target_of_sym(lo, entry, e.name, e.span)
    if isinstance(e, a.Member):
        base_expr = e.base.base if isinstance(e.base, a.Index) else e.base
        base = chain_sym(lo, base_expr)
        if base is None:
            if isinstance(base_expr, a.Name):
                return hir.PatError(e.span, errors.not_found(lo, base_expr.span, base_expr.name, "type"))
            return hir.PatError(e.span, errors.simple(lo, errors.NOT_A_PATTERN, e.span, "not the path of a case or constant", "not a path"))
        if base.kind == "module":
            inner = chain_sym(lo, e)
            assert inner is not None
            return target_of_sym(lo, inner, e.name, e.name_span)
        return member_target(lo, base, e)
    return hir.PatError(e.span, errors.simple(lo, errors.NOT_A_PATTERN, e.span, "not the path of a case or constant", "not a path"))


def target_of_sym(lo: Lowerer, sym: Sym, name: str, span: Span) -> Target | hir.PatError:
    kind = sym.kind
    if kind == "case":
        return sym.path, "case", name, span
    if kind in CONSTANTS:
        return sym.path, "const", name, span
    if kind == "error":
        return hir.PatError(span, sym.token)
    if kind == "adt" or kind == "alias" or kind == "self":
        target = follow_alias(lo, sym)
        if target is not None and target.kind == "adt":
            return target.path, "adt", name, span
    message = f"`{name}` is {errors.ARTICLES[kind]}: no value matches that"
    return hir.PatError(span, errors.simple(lo, errors.NOT_A_PATTERN, span, message, "a case, form or constant is needed here"))


def member_target(lo: Lowerer, base: Sym, e: a.Member) -> Target | hir.PatError:
    """`Type.Name`: a case, else an associated constant."""
    if base.kind == "error":
        return hir.PatError(e.span, base.token)
    target = follow_alias(lo, base)
    if target is not None and target.kind == "adt":
        cases = cases_of(lo, target)
        path = f"{target.path}.{e.name}"
        if cases is not None and e.name in cases:
            return path, "case", e.name, e.name_span
        if path in lo.own_consts or path in lo.ctx.defs.consts:
            return path, "const", e.name, e.name_span
        if cases is not None:
            owner = target.path.rpartition("::")[2]
            return hir.PatError(e.span, errors.no_case(lo, e.name_span, e.name, owner, cases))
    message = f"`{e.name}` is not a case or constant"
    hint = "use a guard: `case x if x == ...`"
    return hir.PatError(e.span, errors.simple(lo, errors.NOT_A_PATTERN, e.span, message, "cannot be matched", hint))


def path_pat(lo: Lowerer, p: a.PathPat) -> hir.Pat:
    target = target_of(lo, p.path)
    if type(target) is hir.PatError:
        return target
    path, kind, name, span = cast(Target, target)
    if kind == "case" or kind == "const":
        return hir.PatPath(p.span, path, kind)
    return hir.PatCase(p.span, path, kind, name, [], False, span)


def case_pat(lo: Lowerer, p: a.CasePat) -> hir.Pat:
    start = len(lo.locals)
    target = target_of(lo, p.path)
    fields: list[tuple[str, hir.Pat]] = []
    rest_at = -1
    for arg in p.args:
        cls = type(arg)
        if cls is a.RestPat:
            if rest_at >= 0:
                second_rest(lo, arg)
            rest_at = len(fields)
            named_rest(lo, cast(a.RestPat, arg))
        elif cls is a.FieldPat:
            fields.append(field(lo, cast(a.FieldPat, arg)))
        else:
            fields.append(("", pat(lo, arg)))
    if type(target) is hir.PatError:
        return disown(lo, start, target)
    path, kind, name, span = cast(Target, target)
    if kind == "const":
        message = f"`{name}` is a constant: it has nothing inside"
        token = errors.simple(lo, errors.NOT_A_PATTERN, p.span, message, "a case is needed here")
        return disown(lo, start, hir.PatError(p.span, token))
    return hir.PatCase(p.span, path, kind, name, fields, rest_at >= 0, span, rest_at)


def field(lo: Lowerer, f: a.FieldPat) -> tuple[str, hir.Pat]:
    if f.pattern is not None:
        return f.name, pat(lo, f.pattern)
    return f.name, hir.PatBind(f.span, bind(lo, f.name, f.name_span), "bind", False, None, f.name)


def form_pat(lo: Lowerer, p: a.FormPat) -> hir.Pat:
    start = len(lo.locals)
    target = target_of(lo, p.path)
    fields = [field(lo, f) for f in p.fields]
    if type(target) is hir.PatError:
        return disown(lo, start, target)
    path, kind, name, span = cast(Target, target)
    if kind == "const":
        message = f"`{name}` is a constant: it has no fields"
        token = errors.simple(lo, errors.NOT_A_PATTERN, p.span, message, "a form or case is needed here")
        return disown(lo, start, hir.PatError(p.span, token))
    return hir.PatCase(p.span, path, kind, name, fields, p.rest, span, -1, True)


# --- composite ----------------------------------------------------------------------------------------------------


def disown(lo: Lowerer, start: int, error: hir.PatError) -> hir.PatError:
    """The bindings in a pattern that is wrong are names in error: nobody declares their locals."""
    for at in range(start, len(lo.locals)):
        local = lo.locals[at]
        if lo.names.get(local.name) == at:
            lo.bind_sym(local.name, Sym("error", token=error.token))
        local.is_synthetic = True
        lo.local_used[at] = 1
    return error


def second_rest(lo: Lowerer, p: a.Pat) -> None:
    errors.simple(lo, errors.BAD_REST, p.span, "`..` may stand only once", "a second `..`")


def named_rest(lo: Lowerer, p: a.RestPat) -> None:
    if p.name:
        errors.simple(lo, errors.BAD_REST, p.span, "the rest has a name only in a list pattern", "write `..`")
        lo.local_used[bind(lo, p.name, p.name_span)] = 1


def tuple_pat(lo: Lowerer, p: a.TuplePat) -> hir.Pat:
    elems: list[hir.Pat] = []
    rest_at = -1
    for item in p.items:
        if type(item) is a.RestPat:
            if rest_at >= 0:
                second_rest(lo, item)
            rest_at = len(elems)
            named_rest(lo, item)
        else:
            elems.append(pat(lo, item))
    return hir.PatTuple(p.span, elems, rest_at)


def list_pat(lo: Lowerer, p: a.ListPat) -> hir.Pat:
    before: list[hir.Pat] = []
    after: list[hir.Pat] = []
    rest: hir.Pat | None = None
    for item in p.items:
        if type(item) is a.RestPat:
            if rest is not None:
                second_rest(lo, item)
            if item.name:
                rest = hir.PatBind(item.span, bind(lo, item.name, item.name_span), "bind", False, None, item.name)
            else:
                rest = hir.PatWild(item.span)
        elif rest is None:
            before.append(pat(lo, item))
        else:
            after.append(pat(lo, item))
    return hir.PatList(p.span, before, rest, after)


def or_pat(lo: Lowerer, p: a.OrPat) -> hir.Pat:
    start = len(lo.locals)
    outer, outer_seen = lo.shared, lo.shared_seen
    lo.shared_seen = {}
    alts = [pat(lo, p.alts[0])]
    first: dict[str, int] = {local.name: at for at, local in enumerate(lo.locals[start:], start)}
    if outer is not None:
        # Inside an alternative of an outer or-pattern the names are the outer first alternative's.
        first.update({name: local for name, local in outer.items() if name in lo.shared_seen})
        outer_seen.update(lo.shared_seen)
    for alt in p.alts[1:]:
        lo.shared = first
        lo.shared_seen = {}
        alts.append(pat(lo, alt))
        for name in first:
            if name not in lo.shared_seen and not name[0].isupper():
                hint = "bind it in every alternative, or in none"
                message = f"`{name}` is not bound in all alternatives"
                errors.simple(lo, errors.UNEVEN_ALTERNATIVES, alt.span, message, f"does not bind `{name}`", hint)
    lo.shared, lo.shared_seen = outer, outer_seen
    return hir.PatOr(p.span, alts)


PAT.update(
    {
        a.WildPat: wild_pat, a.BindPat: bind_pat, a.LitPat: lit_pat, a.RangePat: range_pat, a.PathPat: path_pat, a.CasePat: case_pat,
        a.FormPat: form_pat, a.TuplePat: tuple_pat, a.ListPat: list_pat, a.OrPat: or_pat, a.ErrorPat: error_pat, a.RestPat: rest_pat,
    }
)  # fmt: skip
