"""Expressions: names, members, operators, composite values. Calls are in `calls`, control flow in `control`."""

from __future__ import annotations

from typing import Literal, cast

from vitte.base.source import Span
from vitte.ir import ast as a
from vitte.ir import hir, lang
from vitte.lower import errors
from vitte.lower.names import as_type, cases_of, chain_sym, may_be_case, module_member
from vitte.lower.patterns import irrefutable, refutable
from vitte.lower.state import EXPR, TYPE_KINDS, Lowerer, Sym, expr, ty
from vitte.lower.types import expr_args, sym_type

VALUES = ("proc", "const", "static", "case", "adt")

# --- literals -----------------------------------------------------------------------------------------------------


def int_lit(lo: Lowerer, e: a.IntLit) -> hir.Expr:
    return hir.Literal_(e.span, "int", e.value, e.suffix)


def float_lit(lo: Lowerer, e: a.FloatLit) -> hir.Expr:
    return hir.Literal_(e.span, "float", float_value(lo, e), e.suffix)


def float_value(lo: Lowerer, e: a.FloatLit) -> float:
    return float(e.text)


def str_lit(lo: Lowerer, e: a.StrLit) -> hir.Expr:
    return hir.Literal_(e.span, "string", e.value)


def bytes_lit(lo: Lowerer, e: a.BytesLit) -> hir.Expr:
    return hir.Literal_(e.span, "bytes", e.value.decode("latin-1"))


def rune_lit(lo: Lowerer, e: a.RuneLit) -> hir.Expr:
    return hir.Literal_(e.span, "rune", ord(e.value))


def bool_lit(lo: Lowerer, e: a.BoolLit) -> hir.Expr:
    return hir.Literal_(e.span, "bool", e.value)


def null_lit(lo: Lowerer, e: a.NullLit) -> hir.Expr:
    return hir.Literal_(e.span, "null", None)


# --- names --------------------------------------------------------------------------------------------------------


def name(lo: Lowerer, e: a.Name) -> hir.Expr:
    entry = lo.names.get(e.name)
    if type(entry) is int:
        if lo.in_const:
            return local_in_const(lo, e, entry)
        lo.local_used[entry] = 1
        return hir.LocalRef(e.span, entry)
    if entry is None:
        return unknown(lo, e)
    return sym_value(lo, cast(Sym, entry), e.span, e.name)


def local_in_const(lo: Lowerer, e: a.Name, local: int) -> hir.Expr:
    lo.local_used[local] = 1
    message = f"`{e.name}` is a variable: a constant is needed here"
    labels = ((lo.locals[local].span, "declared here"),)
    return hir.ErrorExpr(e.span, errors.simple(lo, errors.LOCAL_IN_CONST, e.span, message, "not known at compile time", "", labels))


def unknown(lo: Lowerer, e: a.Name) -> hir.Expr:
    """A name not in scope: perhaps a case of the pick that is expected here, which only types can tell."""
    if may_be_case(lo, e.name):
        close = lo.similar.get(e.name)
        if close is None and len(lo.similar) > errors.SUGGESTIONS:
            close = ""
        if close is None:
            close = lo.similar[e.name] = errors.similar(lo, e.name)
        return hir.BareCase(e.span, e.name, close)
    return hir.ErrorExpr(e.span, errors.not_found(lo, e.span, e.name))


def sym_value(lo: Lowerer, sym: Sym, span: Span, name: str, args: list[hir.TyExpr] | None = None) -> hir.Expr:
    """A symbol used as a value. `args`: explicit type arguments."""
    kind = sym.kind
    if sym.imp >= 0:
        lo.use_used[sym.imp] = 1
    if kind in VALUES:
        return hir.DefRef(span, sym.path, kind, args)  # type: ignore[arg-type]
    if kind == "param" and sym.is_const:
        assert sym.ty is not None
        return hir.ParamRef(span, sym.ty)
    if kind == "error":
        return hir.ErrorExpr(span, sym.token)
    if kind == "ambiguous":
        if sym.is_glob:
            return hir.ErrorExpr(span, errors.ambiguous(lo, span, name, sym.note))
        return hir.BareCase(span, name)
    return hir.ErrorExpr(span, errors.not_a_value(lo, span, name, kind))


def member(lo: Lowerer, e: a.Member) -> hir.Expr:
    base = e.base
    cls = type(base)
    if cls is a.Name:
        entry = lo.names.get(base.name)  # type: ignore[attr-defined]
        if type(entry) is int and not lo.in_const:
            lo.local_used[entry] = 1
            return hir.Field(e.span, hir.LocalRef(base.span, entry), e.name, e.name_span)
    if cls is a.Name or cls is a.Member or cls is a.Index:
        found = path_value(lo, e, None)
        if found is not None:
            return found
    return hir.Field(e.span, expr(lo, base), e.name, e.name_span)


def path_value(lo: Lowerer, e: a.Member, args: list[hir.TyExpr] | None) -> hir.Expr | None:
    """`m.x` and `Type.x`; None when the base is a value."""
    base = e.base
    base_args: list[hir.TyExpr] | None = None
    if type(base) is a.Index:
        sym = chain_sym(lo, base.base)
        if sym is not None:
            sym = as_type(sym)
        if sym is None or sym.kind not in ("adt", "alias"):
            return None
        base_args = expr_args(lo, base.args)
    elif type(base) is a.TypeExpr:
        return hir.TypeMember(e.span, ty(lo, base.ty), e.name, e.name_span, args)
    else:
        sym = chain_sym(lo, base)
        if sym is None:
            if type(base) is a.Name and base.name not in lo.names and not may_be_case(lo, base.name):
                what = "module or type" if e.colons else "name"
                return hir.ErrorExpr(e.span, errors.not_found(lo, base.span, base.name, what))
            return None
    kind = sym.kind
    if kind == "module" and sym.hidden is not None and sym.interface is not None and e.name not in sym.interface.names:
        sym = sym.hidden
        kind = sym.kind
    if kind == "module":
        return sym_value(lo, module_member(lo, sym, e.name, e.name_span), e.span, e.name, args)
    if kind in TYPE_KINDS and not sym.is_const:
        shown = base.name if type(base) is a.Name or type(base) is a.Member else ""
        base_ty = sym_type(lo, sym, base.span, shown, base_args, traits=True)
        if type(base_ty) is hir.TyError:
            return hir.ErrorExpr(e.span, base_ty.token)
        return hir.TypeMember(e.span, base_ty, e.name, e.name_span, args)
    if kind == "error":
        return hir.ErrorExpr(e.span, sym.token)
    return None


def index(lo: Lowerer, e: a.Index) -> hir.Expr:
    base = e.base
    cls = type(base)
    if cls is a.Name or cls is a.Member:
        found = applied(lo, e)
        if found is not None:
            return found
    return index_value(lo, e, expr(lo, base))


def applied(lo: Lowerer, e: a.Index) -> hir.Expr | None:
    """`f[int]`, `m.f[int]`, `Type.f[int]`: a definition with type arguments; None when the base is a value to index."""
    base = e.base
    sym = chain_sym(lo, base)
    if sym is None:
        if type(base) is a.Member:
            owner = chain_sym(lo, base.base.base if type(base.base) is a.Index else base.base)
            if owner is not None and owner.kind in TYPE_KINDS and spells_types(lo, e.args):
                return path_value(lo, base, expr_args(lo, e.args))
        return None
    kind = sym.kind
    if kind == "proc" or kind == "case" or kind == "adt" or kind == "ambiguous":
        shown = base.name  # type: ignore[attr-defined]
        return sym_value(lo, sym, e.span, shown, expr_args(lo, e.args))
    if kind == "error":
        return hir.ErrorExpr(e.span, sym.token)
    return None


def spells_types(lo: Lowerer, args: list[a.Expr]) -> bool:
    """Are these the type arguments of a call? True when one of them can only be a type."""
    for arg in args:
        cls = type(arg)
        if cls is a.TypeExpr:
            return True
        if cls is a.ListLit or cls is a.Tuple or cls is a.Borrow:
            inner = arg.items if cls is not a.Borrow else [arg.operand]  # type: ignore[attr-defined]
            if inner and spells_types(lo, inner):
                return True
            continue
        head: a.Expr = arg.base if cls is a.Index else arg  # type: ignore[attr-defined]
        sym = chain_sym(lo, head)
        if sym is not None and as_type(sym).kind in TYPE_KINDS:
            return True
    return False


def index_value(lo: Lowerer, e: a.Index, base: hir.Expr) -> hir.Expr:
    args = e.args
    if len(args) != 1:
        message = "an index is one value"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_INDEX, e.span, message, "several here", "index twice: `a[i][j]`"))
    arg = args[0]
    if type(arg) is a.Range:
        low = expr(lo, arg.start) if arg.start is not None else None
        high = expr(lo, arg.end) if arg.end is not None else None
        return hir.Slice(e.span, base, low, high, arg.inclusive)
    if type(arg) is a.TypeExpr:
        message = "a value is indexed by a value, not by a type"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.BAD_INDEX, arg.span, message, "a type"))
    return hir.Index(e.span, base, expr(lo, arg))


def type_expr(lo: Lowerer, e: a.TypeExpr) -> hir.Expr:
    message = "this is a type, and a value is needed here"
    return hir.ErrorExpr(e.span, errors.simple(lo, errors.NOT_A_VALUE, e.span, message, "a type"))


# --- operators ----------------------------------------------------------------------------------------------------


def paren(lo: Lowerer, e: a.Paren) -> hir.Expr:
    inner = e.inner
    return EXPR[type(inner)](lo, inner)


def unary(lo: Lowerer, e: a.Unary) -> hir.Expr:
    operand = e.operand
    if e.op == "-":
        if type(operand) is a.IntLit:
            return hir.Literal_(e.span, "int", -operand.value, operand.suffix)
        if type(operand) is a.FloatLit:
            return hir.Literal_(e.span, "float", -float_value(lo, operand), operand.suffix)
    return hir.Unary(e.span, e.op, expr(lo, operand))  # type: ignore[arg-type]


def borrow(lo: Lowerer, e: a.Borrow) -> hir.Expr:
    return hir.Borrow(e.span, expr(lo, e.operand), e.mut)


def move(lo: Lowerer, e: a.Move) -> hir.Expr:
    return hir.Move(e.span, expr(lo, e.operand))


def binary(lo: Lowerer, e: a.Binary) -> hir.Expr:
    op = e.op
    left = e.left
    right = e.right
    if op == "and":
        mark = lo.push()
        chain = condition(lo, e)
        lo.pop(mark)
        return chain
    if op == "or":
        return hir.Logical(e.span, "or", expr(lo, left), expr(lo, right))
    l = EXPR[type(left)](lo, left)  # noqa: E741
    if op == "in" or op == "not in":
        return hir.In(e.span, l, expr(lo, right), op == "not in")
    r = EXPR[type(right)](lo, right)
    if op == "??":
        return hir.Coalesce(e.span, l, r)
    return hir.Binary(e.span, op, l, r, e.op_span)


def condition(lo: Lowerer, e: a.Expr) -> hir.Expr:
    """A condition whose `is` bindings stay in the scope the caller has made."""
    cls = type(e)
    if cls is a.Binary and e.op == "and":  # type: ignore[attr-defined]
        both = cast(a.Binary, e)
        left = condition(lo, both.left)
        return hir.Logical(e.span, "and", left, condition(lo, both.right))
    if cls is a.Is:
        return is_test(lo, cast(a.Is, e))
    if cls is a.Paren:
        return condition(lo, e.inner)  # type: ignore[attr-defined]
    return EXPR[cls](lo, e)


def is_test(lo: Lowerer, e: a.Is) -> hir.Expr:
    value = expr(lo, e.operand)
    if not e.negated:
        return hir.Is(e.span, value, refutable(lo, e.pattern), False)
    start = len(lo.locals)
    mark = lo.push()
    pattern = refutable(lo, e.pattern)
    lo.pop(mark)
    for at in range(start, len(lo.locals)):
        local = lo.locals[at]
        if local.name[0].isupper() or local.name[0] == "_":
            continue
        lo.local_used[at] = 1
        message = f"`{local.name}` can never be used: `is not` is true when nothing is bound"
        errors.simple(lo, errors.NEGATED_BINDING, local.span, message, "bound in vain", "write `_`")
    return hir.Is(e.span, value, pattern, True)


def is_expr(lo: Lowerer, e: a.Is) -> hir.Expr:
    mark = lo.push()
    test = is_test(lo, e)
    lo.pop(mark)
    return test


def ternary(lo: Lowerer, e: a.Ternary) -> hir.Expr:
    mark = lo.push()
    cond = condition(lo, e.cond)
    then = expr(lo, e.then)
    lo.pop(mark)
    return hir.If(e.span, cond, then, expr(lo, e.other))


def range_expr(lo: Lowerer, e: a.Range) -> hir.Expr:
    if e.start is None or e.end is None:
        if e.start is not None:
            expr(lo, e.start)
        if e.end is not None:
            expr(lo, e.end)
        missing = "start" if e.start is None else "end"
        message = f"a range that is a value needs both ends: the {missing} is missing"
        hint = "write `0..n`; ends may be left out only in a slice `a[i..]`"
        return hir.ErrorExpr(e.span, errors.simple(lo, errors.OPEN_RANGE, e.span, message, f"no {missing}", hint))
    return hir.Range(e.span, expr(lo, e.start), expr(lo, e.end), e.inclusive)


def cast_expr(lo: Lowerer, e: a.Cast) -> hir.Expr:
    return hir.Cast(e.span, expr(lo, e.operand), ty(lo, e.ty))


def propagate(lo: Lowerer, e: a.Propagate) -> hir.Expr:
    return hir.Try(e.span, expr(lo, e.operand))


# --- composite values ---------------------------------------------------------------------------------------------


def tuple_expr(lo: Lowerer, e: a.Tuple) -> hir.Expr:
    if not e.items:
        return hir.Literal_(e.span, "unit", None)
    return hir.Tuple(e.span, [expr(lo, i) for i in e.items])


def list_lit(lo: Lowerer, e: a.ListLit) -> hir.Expr:
    return hir.ListLit(e.span, [EXPR[type(i)](lo, i) for i in e.items])


def repeat(lo: Lowerer, e: a.Repeat) -> hir.Expr:
    return hir.Repeat(e.span, expr(lo, e.value), expr(lo, e.count))


def comprehension(lo: Lowerer, e: a.Comprehension) -> hir.Expr:
    """`{ let mut c = []; for p in xs { if cond { c.push(e) } }; c }`"""
    span = e.span
    iterable, mode = iteration(lo, e.iter)
    made = lo.temp("comprehension", span, True)
    mark = lo.push()
    loop = lo.next_loop
    lo.next_loop += 1
    pattern = irrefutable(lo, e.pattern)
    cond = condition(lo, e.cond) if e.cond is not None else None
    # The element may not break out of the loop that it does not see.
    loops, lo.loops = lo.loops, []
    value = expr(lo, e.value)
    lo.loops = loops
    lo.pop(mark)
    push: hir.Expr = hir.MethodCall(e.value.span, hir.LocalRef(span, made), "push", e.value.span, [hir.Arg(e.value.span, value)])
    if cond is not None:
        push = hir.If(e.value.span, cond, hir.Block(e.value.span, [hir.ExprStmt(e.value.span, push, True)], None), None)
    body = hir.Block(e.value.span, [hir.ExprStmt(e.value.span, push, True)], None)
    stmts: list[hir.Stmt] = [
        hir.Let(span, hir.PatBind(span, made, "bind", True, None, lo.locals[made].name), None, hir.ListLit(span, [])),
        hir.ExprStmt(span, hir.For(span, loop, pattern, iterable, body, mode), True),
    ]
    return hir.Block(span, stmts, hir.LocalRef(span, made))


def iteration(lo: Lowerer, e: a.Expr) -> tuple[hir.Expr, Literal["", "ref mut", "move"]]:
    """What a loop goes over, and how it takes the elements."""
    while type(e) is a.Paren:
        e = e.inner
    if type(e) is a.Borrow:
        return expr(lo, e.operand), "ref mut" if e.mut else ""
    if type(e) is a.Move:
        return expr(lo, e.operand), "move"
    return expr(lo, e), ""


def collection(lo: Lowerer, span: Span, new: str, add: str, what: str, rows: list[tuple[Span, list[a.Expr]]]) -> hir.Expr:
    """`{ let mut m = new(); add(&mut m, k, v); ...; m }`"""
    made: hir.Expr = hir.Call(span, hir.DefRef(span, new, "proc"), [])
    if not rows:
        return made
    local = lo.temp(what, span, True)
    stmts: list[hir.Stmt] = [hir.Let(span, hir.PatBind(span, local, "bind", True, None, lo.locals[local].name), None, made)]
    for at, values in rows:
        args = [hir.Arg(at, hir.Borrow(at, hir.LocalRef(at, local), True))]
        args += [hir.Arg(v.span, expr(lo, v)) for v in values]
        stmts.append(hir.ExprStmt(at, hir.Call(at, hir.DefRef(at, add, "proc"), args), True))
    return hir.Block(span, stmts, hir.LocalRef(span, local))


def map_lit(lo: Lowerer, e: a.MapLit) -> hir.Expr:
    return collection(lo, e.span, lang.MAP_NEW, lang.MAP_INSERT, "map", [(m.span, [m.key, m.value]) for m in e.entries])


def set_lit(lo: Lowerer, e: a.SetLit) -> hir.Expr:
    return collection(lo, e.span, lang.SET_NEW, lang.SET_ADD, "set", [(i.span, [i]) for i in e.items])


def form_lit(lo: Lowerer, e: a.FormLit) -> hir.Expr:
    target = form_target(lo, e.path)
    fields = [
        hir.FieldInit(f.span, f.name, f.name_span, expr(lo, f.value) if f.value is not None else name(lo, a.Name(f.name_span, f.name)))
        for f in e.fields
    ]
    base = expr(lo, e.base) if e.base is not None else None
    if type(target) is hir.ErrorExpr:
        return target
    form_ty, case = target  # type: ignore[misc]
    return hir.FormLit(e.span, form_ty, case, fields, base)


def form_target(lo: Lowerer, path: a.Expr) -> tuple[hir.TyExpr | None, str] | hir.ErrorExpr:
    """The type before the brace of a form literal, and the case when it is one."""
    args: list[hir.TyExpr] | None = None
    target = path
    if type(path) is a.Index:
        target = path.base
        args = expr_args(lo, path.args)
    if type(target) is a.Name:
        sym = lo.beneath_locals(target.name)
        if sym is None or (sym.kind == "ambiguous" and not sym.is_glob):
            if sym is not None or may_be_case(lo, target.name):
                return None, target.name
            return hir.ErrorExpr(path.span, errors.not_found(lo, target.span, target.name, "type"))
        sym = as_type(sym)
        lo.use(sym)
        shown = target.name
    else:
        found = chain_sym(lo, target)
        shown = target.name if type(target) is a.Member else ""
        if found is None:
            if type(target) is a.Member:
                inner = target.base.base if type(target.base) is a.Index else target.base
                owner = chain_sym(lo, inner)
                if owner is not None and owner.kind in TYPE_KINDS:
                    if type(target.base) is a.Index:
                        args = expr_args(lo, target.base.args)
                    return case_target(lo, owner, target, args)
                if owner is not None and owner.kind == "error":
                    return hir.ErrorExpr(path.span, owner.token)
                if owner is None and type(inner) is a.Name and inner.name not in lo.names:
                    return hir.ErrorExpr(path.span, errors.not_found(lo, inner.span, inner.name))
            message = "a form literal begins with the name of a type"
            return hir.ErrorExpr(path.span, errors.simple(lo, errors.NOT_A_TYPE, path.span, message, "not a type"))
        sym = found
    if sym.kind == "case":
        pick_path, _, case = sym.path.rpartition(".")
        return hir.TyPath(path.span, pick_path, "adt", args), case
    form_ty = sym_type(lo, sym, path.span, shown, args)
    if type(form_ty) is hir.TyError:
        return hir.ErrorExpr(path.span, form_ty.token)
    return form_ty, ""


def case_target(lo: Lowerer, owner: Sym, e: a.Member, args: list[hir.TyExpr] | None) -> tuple[hir.TyExpr | None, str] | hir.ErrorExpr:
    """`Shape.Circle` before a brace."""
    cases = cases_of(lo, owner)
    owner_ty = sym_type(lo, owner, e.base.span, e.base.name if type(e.base) is a.Name else "", args)
    if type(owner_ty) is hir.TyError:
        return hir.ErrorExpr(e.span, owner_ty.token)
    if cases is not None and e.name not in cases:
        shown = owner_ty.path.rpartition("::")[2] if type(owner_ty) is hir.TyPath else "this type"
        return hir.ErrorExpr(e.span, errors.no_case(lo, e.name_span, e.name, shown, cases))
    return owner_ty, e.name


def error_expr(lo: Lowerer, e: a.ErrorExpr) -> hir.Expr:
    return hir.ErrorExpr(e.span, e.token)


def unsupported(lo: Lowerer, e: a.UnsupportedExpr) -> hir.Expr:
    return hir.ErrorExpr(e.span, e.token)



EXPR.update(
    {
        a.IntLit: int_lit, a.FloatLit: float_lit, a.StrLit: str_lit, a.BytesLit: bytes_lit, a.RuneLit: rune_lit, a.BoolLit: bool_lit,
        a.NullLit: null_lit, a.Name: name, a.Member: member, a.Index: index, a.TypeExpr: type_expr, a.Paren: paren, a.Unary: unary,
        a.Borrow: borrow, a.Move: move, a.Binary: binary, a.Is: is_expr, a.Ternary: ternary, a.Range: range_expr, a.Cast: cast_expr,
        a.Propagate: propagate, a.Tuple: tuple_expr, a.ListLit: list_lit, a.Repeat: repeat, a.Comprehension: comprehension,
        a.MapLit: map_lit, a.SetLit: set_lit, a.FormLit: form_lit, a.ErrorExpr: error_expr, a.UnsupportedExpr: unsupported,
    }
)  # fmt: skip
