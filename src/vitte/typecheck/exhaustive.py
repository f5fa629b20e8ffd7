"""Which values no arm takes, and which arms no value reaches.

Patterns are rows of a matrix; a constructor of the first column's type splits it into the rows that agree with it, with its
fields as new columns (L. Maranget, "Warnings for pattern matching", 2007). Integers split into the intervals between the
bounds that occur, lists into lengths up to the longest that occurs.

    match p { case (Some(1..=9), _) ...  case (None, true) ... }     missing: (Some(..=0), _), (Some(10..), _), (None, false)
"""

from __future__ import annotations

from vitte.ir import thir
from vitte.ir import types as t
from vitte.ir.defs import AdtDef, Definitions
from vitte.ir.ownership import field_types
from vitte.ir.types import Ty

MAX_MISSING = 40
"""How many missing cases are looked for."""

Ctor = tuple[str, int, int]
"""("variant", index, 0), ("fields", arity, 0), ("deref", 0, 0), ("int", low, high), ("const", number, 0),
("list", length, 0), ("longer", length, 0): that many elements or more."""

Row = list[thir.Pat | None]
"""One pattern per column; None matches anything."""

RUNE_RANGES = ((0, 0xD7FF), (0xE000, 0x10FFFF))


def check_match(arms: list[tuple[thir.Pat, bool]], ty: Ty, defs: Definitions) -> tuple[list[str], list[int]]:
    """Missing cases as pattern texts (at most `MAX_MISSING`), and the positions of arms that nothing reaches.

    `arms`: (pattern, whether a guard may refuse) in order; `ty`: the type of the matched value."""
    quick = _flat(arms, ty, defs)
    if quick is not None:
        return quick
    check = _Check(defs)
    rows: list[Row] = []
    unreachable: list[int] = []
    for position, (pat, guarded) in enumerate(arms):
        row: Row = [pat]
        if not check.useful(rows, row, [ty]):
            unreachable.append(position)
        if not guarded:
            rows.append(row)
    return [w[0] for w in check.missing(rows, [ty], MAX_MISSING)], unreachable


def is_irrefutable(pat: thir.Pat | None, defs: Definitions) -> bool:
    """Whether the pattern matches every value, told from the pattern alone."""
    cls = type(pat)
    if pat is None or cls is thir.PWild:
        return True
    if cls is thir.PBind:
        return is_irrefutable(pat.sub, defs)  # type: ignore[union-attr]
    if cls is thir.PDeref:
        return is_irrefutable(pat.inner, defs)  # type: ignore[union-attr]
    if cls is thir.PFields:
        return all(is_irrefutable(sub, defs) for _, sub in pat.fields)  # type: ignore[union-attr]
    if cls is thir.PVariant and type(pat.ty) is t.AdtTy:
        adt = defs.adts.get(pat.ty.path)
        return adt is not None and len(adt.variants) == 1 and all(is_irrefutable(sub, defs) for _, sub in pat.fields)  # type: ignore[union-attr]
    return False


def _flat(arms: list[tuple[thir.Pat, bool]], ty: Ty, defs: Definitions) -> tuple[list[str], list[int]] | None:
    """The common match in one pass: cases of a pick whose parts are all taken as they come, no guards. None: look closer."""
    while type(ty) is t.RefTy:
        ty = ty.target
    adt = defs.adts.get(ty.path) if type(ty) is t.AdtTy else None
    if adt is None or adt.kind != "pick":
        return None
    seen: set[int] = set()
    full = False
    unreachable: list[int] = []
    for position, (pat, guarded) in enumerate(arms):
        while type(pat) is thir.PDeref:
            pat = pat.inner
        if guarded:
            return None
        if type(pat) is thir.PVariant and pat.ty is ty:
            if not all(is_irrefutable(sub, defs) for _, sub in pat.fields):
                return None
            if full or pat.variant in seen:
                unreachable.append(position)
            seen.add(pat.variant)
        elif is_irrefutable(pat, defs):
            if full or len(seen) == len(adt.variants):
                unreachable.append(position)
            full = True
        else:
            return None
    if full:
        return [], unreachable
    missing = [_case_text(adt, i) for i in range(len(adt.variants)) if i not in seen]
    return missing[:MAX_MISSING], unreachable


def _case_text(adt: AdtDef, index: int) -> str:
    variant = adt.variants[index]
    return f"{variant.name}({', '.join(['_'] * len(variant.fields))})" if variant.fields else variant.name


class _Check:
    __slots__ = ("defs",)

    def __init__(self, defs: Definitions) -> None:
        self.defs = defs

    # Both questions split the first column by its constructors and go on with the rest.

    def useful(self, rows: list[Row], row: Row, tys: list[Ty]) -> bool:
        """Whether `row` matches a value that no row of `rows` matches."""
        if not tys:
            return not rows
        if not rows:
            return True
        head = _strip(row[0])
        if type(head) is thir.POr:
            return any(self.useful(rows, [alt, *row[1:]], tys) for alt in head.alts)
        heads = _heads(rows)
        complete, ctors = self.split(tys[0], [*heads, head] if head is not None else heads)
        if head is None and not (complete and heads):
            return self.useful([r[1:] for r in rows if _is_wild(r[0])], row[1:], tys[1:]) or (
                bool(heads) and any(self._useful_under(c, rows, row, tys) for c in ctors)
            )
        return any(self._useful_under(c, rows, row, tys) for c in ctors)

    def _useful_under(self, ctor: Ctor, rows: list[Row], row: Row, tys: list[Ty]) -> bool:
        fields = self.field_tys(ctor, tys[0])
        return any(
            self.useful(self.specialize(ctor, rows, len(fields), tys[0]), mine, [*fields, *tys[1:]])
            for mine in self.specialize(ctor, [row], len(fields), tys[0])
        )

    def missing(self, rows: list[Row], tys: list[Ty], limit: int) -> list[list[str]]:
        """Up to `limit` rows of pattern texts, one text a column, that no row matches."""
        if not tys:
            return [] if rows else [[]]
        heads = _heads(rows)
        complete, ctors = self.split(tys[0], heads)
        if not heads:
            only_shape = len(ctors) == 1 and complete and ctors[0][0] in ("fields", "deref")
            if not only_shape or not rows:
                rest = self.missing([r[1:] for r in rows], tys[1:], limit)
                return [["_", *w] for w in rest]
        found: list[list[str]] = []
        for ctor in ctors:
            fields = self.field_tys(ctor, tys[0])
            n = len(fields)
            inner = self.missing(self.specialize(ctor, rows, n, tys[0]), [*fields, *tys[1:]], limit - len(found))
            found += [[self.text(ctor, w[:n], tys[0]), *w[n:]] for w in inner]
            if len(found) >= limit:
                return found[:limit]
        if not complete:
            rest = self.missing([r[1:] for r in rows if _is_wild(r[0])], tys[1:], limit - len(found))
            found += [["_", *w] for w in rest]
        return found[:limit]

    def split(self, ty: Ty, heads: list[thir.Pat]) -> tuple[bool, list[Ctor]]:
        """The constructors of `ty` as far as `heads` tell them apart, and whether they are all there are."""
        cls = type(ty)
        if cls is t.RefTy:
            if any(type(h) is thir.PList for h in heads):
                return self._split_list(ty, heads)
            return True, [("deref", 0, 0)]
        if cls is t.TupleTy:
            return True, [("fields", len(ty.elems), 0)]  # type: ignore[attr-defined]
        if cls is t.AdtTy:
            if any(type(h) is thir.PDeref for h in heads):
                return True, [("deref", 0, 0)]
            if any(type(h) is thir.PList for h in heads):
                return self._split_list(ty, heads)
            adt = self.defs.adts.get(ty.path)  # type: ignore[attr-defined]
            if adt is None:
                return False, []
            if adt.kind == "pick":
                return True, [("variant", i, 0) for i in range(len(adt.variants))]
            if adt.kind == "form":
                return True, [("fields", len(adt.variants[0].fields), 0)]
            return False, _const_ctors(heads)
        if cls is t.ArrayTy or cls is t.SliceTy:
            return self._split_list(ty, heads)
        if ty is t.BOOL:
            return True, [("int", 0, 0), ("int", 1, 1)]
        if cls is t.IntTy:
            bits, signed = ty.bits, ty.signed  # type: ignore[attr-defined]
            low = -(1 << (bits - 1)) if signed else 0
            return True, _intervals(((low, low + (1 << bits) - 1),), heads)
        if ty is t.RUNE:
            return True, _intervals(RUNE_RANGES, heads)
        return False, _const_ctors(heads)

    def _split_list(self, ty: Ty, heads: list[thir.Pat]) -> tuple[bool, list[Ctor]]:
        if type(ty) is t.ArrayTy:
            return True, [("list", ty.length.value if type(ty.length) is t.ConstTy else 0, 0)]
        longest = 0
        for head in heads:
            if type(head) is thir.PList:
                longest = max(longest, len(head.before) + len(head.after) + (not head.has_rest))
        return True, [*(("list", n, 0) for n in range(longest)), ("longer", longest, 0)]

    def field_tys(self, ctor: Ctor, ty: Ty) -> list[Ty]:
        """Types of the columns that a constructor opens."""
        kind = ctor[0]
        if kind == "deref":
            return [ty.target if type(ty) is t.RefTy else ty.args[0]]  # type: ignore[attr-defined]
        if kind == "fields" and type(ty) is t.TupleTy:
            return list(ty.elems)
        if kind in ("variant", "fields"):
            adt = self.defs.adts[ty.path]  # type: ignore[attr-defined]
            return field_types(adt, ctor[1] if kind == "variant" else 0, ty.args)  # type: ignore[attr-defined]
        if kind in ("list", "longer"):
            return [_elem(ty)] * ctor[1]
        return []

    def specialize(self, ctor: Ctor, rows: list[Row], arity: int, ty: Ty) -> list[Row]:
        """The rows that agree with `ctor`, their first column replaced by the constructor's fields."""
        out: list[Row] = []
        for row in rows:
            head = _strip(row[0])
            if type(head) is thir.POr:
                out += self.specialize(ctor, [[alt, *row[1:]] for alt in head.alts], arity, ty)
                continue
            fields = _agrees(ctor, head, arity)
            if fields is not None:
                out.append(fields + row[1:])
        return out

    def text(self, ctor: Ctor, fields: list[str], ty: Ty) -> str:
        """The constructor applied to pattern texts, as source."""
        kind, a, b = ctor
        if kind == "deref":
            return fields[0]
        if kind == "variant":
            variant = self.defs.adts[ty.path].variants[a]  # type: ignore[attr-defined]
            return f"{variant.name}({', '.join(fields)})" if fields else variant.name
        if kind == "fields":
            if type(ty) is t.TupleTy:
                return f"({', '.join(fields)}{',' * (len(fields) == 1)})"
            adt = self.defs.adts[ty.path]  # type: ignore[attr-defined]
            if all(f == "_" for f in fields):
                return f"{adt.name} {{ .. }}" if fields else f"{adt.name} {{}}"
            named = [f"{d.name}: {f}" for d, f in zip(adt.variants[0].fields, fields, strict=True) if f != "_"]
            return f"{adt.name} {{ {', '.join(named)}{', ..' * (len(named) < len(fields))} }}"
        if kind == "list":
            return f"[{', '.join(fields)}]"
        if kind == "longer":
            return f"[{', '.join([*fields, '..'])}]"
        if kind == "int":
            return _interval_text(a, b, ty)
        return "_"


def _strip(pat: thir.Pat | None) -> thir.Pat | None:
    """Without bindings: None for what matches anything."""
    while type(pat) is thir.PBind:
        pat = pat.sub
    return None if type(pat) is thir.PWild else pat


def _is_wild(pat: thir.Pat | None) -> bool:
    pat = _strip(pat)
    return pat is None or (type(pat) is thir.POr and any(_is_wild(alt) for alt in pat.alts))


def _heads(rows: list[Row]) -> list[thir.Pat]:
    """The patterns in the first column that tell values apart, alternatives opened."""
    heads: list[thir.Pat] = []

    def add(pat: thir.Pat | None) -> None:
        pat = _strip(pat)
        if type(pat) is thir.POr:
            for alt in pat.alts:
                add(alt)
        elif pat is not None:
            heads.append(pat)

    for row in rows:
        add(row[0])
    return heads


def _const_ctors(heads: list[thir.Pat]) -> list[Ctor]:
    """One constructor for each distinct constant, told apart by a number made from its value (text, floats)."""
    ctors: list[Ctor] = []
    for head in heads:
        if type(head) is thir.PConst:
            ctor = ("const", _number(head.value), 0)
            if ctor not in ctors:
                ctors.append(ctor)
    return ctors


def _number(value: int | float | str) -> int:
    if isinstance(value, str):
        return int.from_bytes(b"s" + value.encode("utf-8", "surrogatepass"), "big")
    return int.from_bytes(b"f" + float(value).hex().encode(), "big")


def _bounds(head: thir.Pat) -> tuple[int, int] | None:
    if type(head) is thir.PConst and isinstance(head.value, int):
        return int(head.value), int(head.value)
    if type(head) is thir.PRange and isinstance(head.low, int) and isinstance(head.high, int):
        return head.low, head.high
    return None


def _intervals(whole: tuple[tuple[int, int], ...], heads: list[thir.Pat]) -> list[Ctor]:
    """`whole` cut wherever a head begins or ends, so that each head covers intervals entirely or not at all."""
    cuts: set[int] = set()
    for head in heads:
        bounds = _bounds(head)
        if bounds is not None:
            cuts.add(bounds[0])
            cuts.add(bounds[1] + 1)
    out: list[Ctor] = []
    for low, high in whole:
        starts = [low, *sorted(c for c in cuts if low < c <= high)]
        out += [("int", a, b - 1) for a, b in zip(starts, [*starts[1:], high + 1], strict=True)]
    return out


def _agrees(ctor: Ctor, head: thir.Pat | None, arity: int) -> Row | None:
    """The patterns for the constructor's fields when `head` takes such values, else None."""
    if head is None:
        return [None] * arity
    kind, a, b = ctor
    cls = type(head)
    if cls is thir.PVariant and kind == "variant":
        return _spread(head.fields, arity) if head.variant == a else None  # type: ignore[union-attr]
    if cls in (thir.PFields, thir.PVariant) and kind == "fields":
        return _spread(head.fields, arity)  # type: ignore[union-attr]
    if cls is thir.PDeref and kind == "deref":
        return [head.inner]  # type: ignore[union-attr]
    if kind == "int":
        bounds = _bounds(head)
        return [] if bounds is not None and bounds[0] <= a and b <= bounds[1] else None
    if cls is thir.PConst and kind == "const":
        return [] if _number(head.value) == a else None  # type: ignore[union-attr]
    if cls is thir.PList and kind in ("list", "longer"):
        before, after = head.before, head.after  # type: ignore[union-attr]
        have = len(before) + len(after)
        if not head.has_rest:  # type: ignore[union-attr]
            return [*before, *after] if kind == "list" and have == a else None
        return [*before, *[None] * (a - have), *after] if have <= a else None
    return None


def _spread(fields: list[tuple[int, thir.Pat]], arity: int) -> Row:
    row: Row = [None] * arity
    for index, pat in fields:
        row[index] = pat
    return row


def _elem(ty: Ty) -> Ty:
    if type(ty) is t.RefTy:
        return _elem(ty.target)
    return ty.args[0] if type(ty) is t.AdtTy else ty.elem  # type: ignore[attr-defined]


def _interval_text(low: int, high: int, ty: Ty) -> str:
    if ty is t.BOOL:
        return "true" if low else "false"
    if ty is t.RUNE:
        return _rune_text(low) if low == high else f"{_rune_text(low)}..={_rune_text(high)}"
    bits, signed = ty.bits, ty.signed  # type: ignore[attr-defined]
    least = -(1 << (bits - 1)) if signed else 0
    greatest = least + (1 << bits) - 1
    if (low, high) == (least, greatest):
        return "_"
    if low == high:
        return str(low)
    return f"{'' if low == least else low}..={high}" if high != greatest else f"{low}.."


def _rune_text(value: int) -> str:
    return f"'{chr(value)}'" if chr(value).isprintable() and value not in (39, 92) else f"'\\u{{{value:X}}}'"
