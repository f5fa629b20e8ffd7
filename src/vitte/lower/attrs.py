"""Attributes: which there are, where they may stand, and with what arguments."""

from __future__ import annotations

from typing import cast

from vitte.base.suggest import closest
from vitte.driver.options import LINK_KINDS
from vitte.ir import ast as a
from vitte.ir import hir
from vitte.lower import errors
from vitte.lower.state import Lowerer

TYPES = ("form", "pick", "union", "flags", "bits")
PROCS = ("proc",)
FOREIGN = ("proc", "static", "extern block")

KNOWN: dict[str, tuple[tuple[str, ...], str]] = {
    # name: where it may stand, its arguments: "" none, "words" some names, "text" one string, "library" a name and a kind
    "derive": (("form", "pick"), "words"),
    "unique": (("form", "pick"), ""),
    "view": (("form",), ""),
    "repr": (TYPES, "words"),
    "link": (("proc", "extern block"), "library"),
    "export_name": (FOREIGN, "text"),
    "link_name": (FOREIGN, "text"),
    "intrinsic": (PROCS, ""),
}
MODULE_LEVEL = ("surface",)
DERIVES = ("clone", "ord", "default", "copy", "eq", "hash", "debug", "show")

WORD: dict[type, str] = {
    a.Proc: "proc", a.Const: "const", a.Static: "static", a.TypeAlias: "type", a.Form: "form", a.Pick: "pick", a.Union: "union",
    a.Flags: "flags", a.Bits: "bits", a.Trait: "trait", a.Impl: "impl", a.ExternBlock: "extern block", a.Test: "test", a.Bench: "bench",
    a.Entry: "entry", a.StaticAssert: "static_assert", a.Use: "use", a.Export: "export",
}  # fmt: skip


def attributes(lo: Lowerer, item: a.Item) -> list[hir.Attr]:
    """The attributes of a declaration, checked. Unknown ones are warned about and left out."""
    written = item.meta.attrs
    if not written:
        return []
    word = WORD.get(type(item), "")
    found: list[hir.Attr] = []
    for attr in written:
        known = KNOWN.get(attr.name)
        if known is None:
            if attr.name:
                errors.unknown_attribute(lo, attr.name_span, attr.name, list(KNOWN))
            continue
        where, wanted = known
        if word not in where:
            places = ", ".join([f"`{w}`" for w in where])
            message = f"`#[{attr.name}]` does not go with `{word}`"
            errors.simple(lo, errors.BAD_ATTRIBUTE, attr.span, message, "no meaning here", f"it goes with {places}")
            continue
        args = arguments(lo, attr)
        if check(lo, attr, wanted, args):
            found.append(hir.Attr(attr.name, args, attr.span))
        if attr.name == "intrinsic" and not lo.is_std:
            message = "`#[intrinsic]` is for the standard library"
            errors.simple(lo, errors.USER_INTRINSIC, attr.span, message, "not here", "declare foreign procedures with `extern \"C\"`")
            found.pop()
    return found


def arguments(lo: Lowerer, attr: a.Attr) -> list[str]:
    """Arguments as text: bare words, literals, `name=value`."""
    found = [argument(lo, arg) for arg in attr.args]
    if attr.value is not None:
        found.append(literal(lo, attr.value))
    return found


def argument(lo: Lowerer, arg: a.Attr) -> str:
    if arg.value is None:
        if not arg.args:
            return arg.name
        return f"{arg.name}({', '.join([argument(lo, inner) for inner in arg.args])})"
    value = literal(lo, arg.value)
    return f"{arg.name}={value}" if arg.name else value


def literal(lo: Lowerer, value: a.Expr) -> str:
    if isinstance(value, a.StrLit):
        return value.value
    if isinstance(value, a.IntLit):
        return str(value.value)
    if isinstance(value, a.BoolLit):
        return "true" if value.value else "false"
    return lo.source(value.span)


def check(lo: Lowerer, attr: a.Attr, wanted: str, args: list[str]) -> bool:
    """Are the arguments those the attribute takes? Says what it takes when not."""
    name = attr.name
    good = True
    form = f"#[{name}]"
    if wanted == "":
        good = not args
    elif wanted == "words":
        good = bool(args) and attr.value is None and all(arg.name and arg.value is None for arg in attr.args)
        form = "#[derive(clone, ord)]" if name == "derive" else "#[repr(C)]"
        if good and name == "derive":
            for arg in attr.args:
                if arg.name not in DERIVES:
                    close = closest(arg.name, DERIVES)
                    hint = f"did you mean `{close}`?" if close else "there are " + ", ".join([f"`{d}`" for d in DERIVES[:3]])
                    errors.simple(lo, errors.BAD_ATTRIBUTE, arg.span, f"`{arg.name}` cannot be derived", "unknown", hint)
                    good = False
            if not good:
                return False
    elif wanted == "text":
        values = [attr.value] if attr.value is not None else [arg.value for arg in attr.args]
        good = len(values) == 1 and isinstance(values[0], a.StrLit)
        form = f'#[{name} = "name"]'
    elif wanted == "library":
        names = [arg.name for arg in attr.args]
        good = attr.value is None and sorted(names) in (["name"], ["kind", "name"]) and all(named(arg) for arg in attr.args)
        form = f'#[{name}(name = "m")]` or `#[{name}(name = "m", kind = "static")]'
        for arg in attr.args if good else ():
            kind = literal(lo, arg.value) if arg.name == "kind" and arg.value is not None else ""
            if arg.name == "kind" and kind not in LINK_KINDS:
                close = closest(kind, LINK_KINDS)
                hint = f"did you mean `{close}`?" if close else "there are " + ", ".join([f"`{k}`" for k in LINK_KINDS])
                errors.simple(lo, errors.BAD_ATTRIBUTE, arg.span, f"there is no kind `{kind}` of library", "unknown", hint)
                return False
    if not good:
        message = f"`{name}` does not take these arguments" if args else f"`{name}` needs an argument"
        errors.simple(lo, errors.BAD_ATTRIBUTE, attr.span, message, "malformed", f"write `{form}`")
    return good


def named(arg: a.Attr) -> bool:
    """`name = "some text"`."""
    return isinstance(arg.value, a.StrLit) and bool(arg.value.value)


def module_attributes(lo: Lowerer, attrs: list[a.Attr]) -> None:
    for attr in attrs:
        if attr.name not in MODULE_LEVEL:
            errors.unknown_attribute(lo, attr.name_span, attr.name, list(MODULE_LEVEL))


def extern_links(lo: Lowerer, block: a.ExternBlock) -> list[hir.Attr]:
    """Attributes of an extern block hold for each member."""
    return attributes(lo, cast(a.Item, block))
