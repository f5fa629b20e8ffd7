"""Names to meanings: module members, visibility, cases of picks, heads of paths."""

from __future__ import annotations

from typing import cast

from vitte.base.source import NO_SPAN, Location, Span
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.ir import types as t
from vitte.ir.defs import Export, Interface, ModuleView
from vitte.lower import errors
from vitte.lower.state import TYPE_KINDS, Lowerer, Sym


def lookup_type_name(lo: Lowerer, name: str, span: Span, what: str = "type") -> Sym:
    """The meaning of a name where no local can be meant. Reports when there is none."""
    entry = lo.names.get(name)
    sym = lo.beneath_locals(name) if type(entry) is int else cast("Sym | None", entry)
    if sym is None:
        if type(entry) is int:
            return Sym("error", token=errors.not_a_type(lo, span, name, "local"))
        return Sym("error", token=errors.not_found(lo, span, name, what))
    if sym.imp >= 0:
        lo.use_used[sym.imp] = 1
    if sym.kind == "ambiguous" and sym.is_glob:
        return Sym("error", token=errors.ambiguous(lo, span, name, sym.note))
    return sym


def module_member(lo: Lowerer, module: Sym, name: str, span: Span) -> Sym:
    """`module.name`, with the visibility rules. Errors are reported once per name."""
    key = (module.path, name)
    sym = lo.module_members.get(key)
    if sym is None:
        interface = module.interface
        if interface is None:
            sym = Sym("error", token=module.token)
        else:
            sym = exported(lo, interface, name, span)
        lo.module_members[key] = sym
    return sym


def exported(lo: Lowerer, interface: Interface | ModuleView, name: str, span: Span) -> Sym:
    export = interface.names.get(name)
    if export is None:
        shown = [n for n, e in interface.names.items() if visible(lo, interface, e)]
        return Sym("error", token=errors.not_in_module(lo, span, name, interface.module, shown))
    if not visible(lo, interface, export):
        where = declared_at(lo, export)
        return Sym("error", token=errors.private(lo, span, name, interface.module, where, export.visibility == "package"))
    return sym_of_export(lo, export)


def sym_of_export(lo: Lowerer, export: Export) -> Sym:
    if export.kind == "module":
        interface = lo.ctx.defs.interfaces.get(export.path)
        return Sym("module", export.path, interface=interface)
    return Sym(export.kind, export.path)


def visible(lo: Lowerer, interface: Interface | ModuleView, export: Export) -> bool:
    visibility = export.visibility
    if visibility == "public":
        return True
    if visibility == "private":
        return False
    return interface.module.startswith("std/") == lo.is_std and interface.module not in lo.foreign


def declared_at(lo: Lowerer, export: Export) -> Location | None:
    defs = lo.ctx.defs
    path = export.path
    found = defs.procs.get(path) or defs.adts.get(path) or defs.traits.get(path) or defs.consts.get(path)
    if found is None or not found.name_span or not found.file:
        return None
    return Location(found.file, found.name_span)


def path_sym(lo: Lowerer, segments: list[str], spans: list[Span], what: str = "type") -> tuple[Sym, int]:
    """Follow a path through modules: the first thing that is not a module, and how many segments led to it."""
    if len(segments) == 1:
        entry = lo.names.get(segments[0])
        if type(entry) is Sym and entry.hidden is not None:
            return entry.hidden, 1
    sym = lookup_type_name(lo, segments[0], spans[0], what)
    at = 1
    while sym.kind == "module" and at < len(segments):
        sym = module_member(lo, sym, segments[at], spans[at])
        at += 1
    return sym, at


def chain_sym(lo: Lowerer, e: a.Expr) -> Sym | None:
    """What `e` means when it is a path to a module, a type or an item, through modules only; None for values of any kind.

    Errors inside a path are reported here; the result is then of kind `error`.
    """
    cls = type(e)
    if cls is a.Name:
        entry = lo.names.get(e.name)  # type: ignore[attr-defined]
        if entry is None or type(entry) is int:
            return None
        sym = cast(Sym, entry)
        if sym.imp >= 0:
            lo.use_used[sym.imp] = 1
        if sym.kind == "ambiguous" and sym.is_glob:
            return Sym("error", token=errors.ambiguous(lo, e.span, e.name, sym.note))  # type: ignore[attr-defined]
        return sym
    if cls is a.Member:
        member = cast(a.Member, e)
        base = chain_sym(lo, member.base)
        if base is None:
            return None
        if base.kind == "module":
            return module_member(lo, base, member.name, member.name_span)
        return base if base.kind == "error" else None
    return None


# --- cases --------------------------------------------------------------------------------------------------------


def cases_of(lo: Lowerer, sym: Sym) -> list[str] | None:
    """Names of the cases of the pick (or flags) that a type's symbol means, aliases followed; None for other types."""
    target = follow_alias(lo, sym)
    if target is None or target.kind != "adt":
        return None
    node = target.node
    if node is not None:
        return [c.name for c in node.cases] if isinstance(node, a.Pick | a.Flags) else None
    return lo.ctx.defs.cases_of(target.path)


def follow_alias(lo: Lowerer, sym: Sym) -> Sym | None:
    """The nominal type behind an alias; `sym` itself when it is none. `Self` likewise."""
    for _ in range(64):
        if sym.kind == "self":
            self_ty = lo.self_ty
            if type(self_ty) is not hir.TyPath:
                return None
            return sym_of_path(lo, self_ty.path)
        if sym.kind != "alias":
            return sym
        node = sym.node
        if isinstance(node, a.TypeAlias):
            target = node.ty
            if not isinstance(target, a.PathType):
                return None
            entry = lo.beneath_locals(target.segments[0])
            if entry is None:
                return None
            at = 1
            while entry.kind == "module" and at < len(target.segments):
                interface = entry.interface
                export = interface.names.get(target.segments[at]) if interface is not None else None
                if export is None:
                    return None
                entry = sym_of_export(lo, export)
                at += 1
            sym = entry
        else:
            alias = lo.ctx.defs.aliases.get(sym.path)
            if alias is None or type(alias.ty) is not t.AdtTy:
                return None
            return Sym("adt", alias.ty.path)
    return None


def sym_of_path(lo: Lowerer, path: str) -> Sym:
    """The type with this path, with its node when it is of this module."""
    return lo.own_types.get(path) or Sym("adt", path)


def may_be_case(lo: Lowerer, name: str) -> bool:
    """Does any pick or flags in reach have a case of this name? If none has, a name not found is certainly wrong."""
    known = lo.case_names
    if known is None:
        found: dict[str, None] = {}
        for sym in lo.own_types.values():
            node = sym.node
            if isinstance(node, a.Pick | a.Flags):
                for case in node.cases:
                    found[case.name] = None
        known = lo.case_names = frozenset(found)
    return name in known or lo.ctx.defs.is_case(name)


def is_type(sym: Sym) -> bool:
    return sym.kind in TYPE_KINDS and not sym.is_const


def name_span_of(sym: Sym) -> Span:
    return sym.span or NO_SPAN


def as_type(sym: Sym) -> Sym:
    """The type that a name means where only a type can stand: of a module and a built-in type, the type."""
    return sym.hidden if sym.hidden is not None else sym
