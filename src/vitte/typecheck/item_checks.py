"""What must hold of definitions as a whole: sizes, coherence, completeness of impls, derives, `main`."""

from __future__ import annotations

from collections.abc import Mapping

from vitte.base.diagnostics import Suggestion
from vitte.base.source import Span
from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import ANY_HEAD, AdtDef, Generics, ImplDef, ProcDef, TraitDef, head
from vitte.ir.impls import bounds_of, holds, normalize
from vitte.ir.ownership import is_copy, size_cycle
from vitte.ir.types import HAS_ERROR, HAS_INFER, HAS_PARAM, Ty, infer_ty, map_ty, show, subst
from vitte.typecheck import errors as E
from vitte.typecheck.collect import Collector

_DERIVE_TRAITS = {
    "clone": lang.TRAIT_CLONE,
    "ord": lang.TRAIT_ORD,
    "default": lang.TRAIT_DEFAULT,
    "eq": lang.TRAIT_EQ,
    "hash": lang.TRAIT_HASH,
}


def check_items(col: Collector) -> None:
    for _, adt in col.adts:
        _check_size(col, adt)
    for _, adt in col.adts:
        if adt.derives:
            _check_derives(col, adt)
    for _, impl in col.impls:
        if impl.trait is not None:
            _check_trait_impl(col, impl)
    _check_overlap(col)
    _check_inherent(col)
    _check_main(col)
    _check_foreign(col)


def _check_foreign(col: Collector) -> None:
    """Of what C gets and gives, only numbers and pointers are values: platforms pass anything larger in ways of their own. Windows does so
    with numbers of 128 bits."""
    wide = (t.I128, t.U128) if col.ctx.target.system == "windows" else ()
    for item, proc in col.procs:
        if proc.abi != "C" or proc.intrinsic:
            continue
        for declared, param in zip(item.params, proc.params):
            is_large = (param.ty in wide and param.mode != "mut") or (param.mode == "own" and _is_large(param.ty, col.defs.adts))
            if is_large and declared.ty is not None:
                text = show(param.ty)
                _not_for_c(col, declared.ty.span, f"`{text}` cannot be given to C as a value", f"pass its address: `*{text}`")
        if item.result is not None and (proc.result in wide or _is_large(proc.result, col.defs.adts)):
            text = show(proc.result)
            message = f"`{text}` cannot be the result of a procedure of C's"
            _not_for_c(col, item.result.span, message, f"let it be stored: with a parameter `*mut {text}`")


def _not_for_c(col: Collector, span: Span, message: str, help: str) -> None:
    label = "128 bits are no value for C on Windows" if "128`" in message else "not a number or a pointer"
    col.diag.error(E.FOREIGN_VALUE, span, message, label, helps=(Suggestion(help),))


def _is_large(ty: Ty, adts: Mapping[str, AdtDef]) -> bool:
    """Whether a value is something else than one number, bool, rune or address."""
    if type(ty) is t.RefTy or type(ty) is t.PtrTy:
        return type(ty.target) is t.SliceTy
    if type(ty) is t.AdtTy:
        adt = adts[ty.path]
        return not (adt.kind in ("flags", "bits") or (adt.kind == "pick" and not any(variant.fields for variant in adt.variants)))
    return ty is not t.UNIT and (type(ty) in (t.TupleTy, t.ArrayTy, t.SliceTy) or ty is t.STRING or ty is t.BYTES)


def _check_size(col: Collector, adt: AdtDef) -> None:
    cycle = size_cycle(adt.path, col.defs)
    if cycle is None:
        return
    own = [(p, f) for p, f in cycle if p in col.interface.adts]
    order = [a.path for _, a in col.adts]
    if adt.path != min([p for p, _ in own], key=order.index):
        return  # the same cycle is reported once, at its first member
    shown = [
        f"`{p.rpartition('::')[2]}` holds a `{own[(i + 1) % len(own)][0].rpartition('::')[2]}` in `{f}`" for i, (p, f) in enumerate(own)
    ]
    col.diag.error(
        E.INFINITE_SIZE,
        adt.name_span,
        f"`{adt.name}` has infinite size",
        "it contains itself",
        notes=(f"the cycle: {', '.join(shown)}",),
        helps=(Suggestion(f"put a `box`, a list or a map in between: `box[{adt.name}]`"),),
    )
    # What follows would go round the cycle.
    for variant in adt.variants:
        for field in variant.fields:
            field.ty = t.ERROR
    col.defs.memo.clear()


def _check_derives(col: Collector, adt: AdtDef) -> None:
    bounds = bounds_of(adt.generics, col.defs)
    for word in adt.derives:
        trait = _DERIVE_TRAITS.get(word)
        if word == "copy":
            self_ty = t.adt_ty(adt.path, _params(adt.generics))
            if not adt.generics.names and not is_copy(self_ty, col.defs, bounds):
                col.diag.error(E.BAD_DERIVE, adt.name_span, f"`{adt.name}` cannot be copy", "a part of it is owning, or it is unique")
            continue
        if trait is None or trait not in col.defs.traits:
            continue
        variants = adt.variants[:1] if word == "default" else adt.variants
        for variant in variants:
            for field in variant.fields:
                if field.ty.flags & (HAS_PARAM | HAS_ERROR):
                    continue
                if not holds(col.defs, trait, (field.ty,), bounds):
                    col.diag.error(
                        E.BAD_DERIVE,
                        field.name_span,
                        f"`{word}` cannot be derived for `{adt.name}`",
                        f"`{show(field.ty)}` does not implement `{trait.rpartition('::')[2]}`",
                        labels=((adt.name_span, f"`#[derive({word})]` of this type"),),
                    )


def _params(generics: Generics, base: int = 0) -> tuple[Ty, ...]:
    return tuple([t.param_ty(base + i, n) for i, n in enumerate(generics.names)])


def _is_local(col: Collector, path: str) -> bool:
    """Whether a definition belongs to the package being compiled."""
    module = path.partition("::")[0]
    if module == col.module.path:
        return True
    if module.startswith("std/"):
        return col.module.path.startswith("std/")
    return not any(i.module == module and i.is_foreign for i in col.ctx.imports)


def _local_type(col: Collector, ty: Ty) -> bool:
    cls = type(ty)
    if cls is t.AdtTy:
        if ty.path in (lang.BOX, lang.OPTION, lang.LIST):  # type: ignore[attr-defined]
            return _is_local(col, ty.path) or any(_local_type(col, a) for a in ty.args)  # type: ignore[attr-defined]
        return _is_local(col, ty.path)  # type: ignore[attr-defined]
    if cls is t.RefTy or cls is t.PtrTy:
        return _local_type(col, ty.target)  # type: ignore[attr-defined]
    if cls is t.SliceTy or cls is t.ArrayTy:
        return _local_type(col, ty.elem)  # type: ignore[attr-defined]
    if cls is t.TupleTy:
        return any(_local_type(col, e) for e in ty.elems)  # type: ignore[attr-defined]
    return cls is t.ErrorTy


def _check_trait_impl(col: Collector, impl: ImplDef) -> None:
    assert impl.trait is not None
    trait = col.defs.traits[impl.trait.trait]
    diag = col.diag
    span = impl.span
    shown = show(impl.self_ty)
    if trait.path == lang.TRAIT_COPY:
        diag.error(E.BY_HAND, span, "`Copy` is not implemented by hand", f"`{shown}` is copy when all its parts are")
        return
    if trait.path == lang.TRAIT_DROP and not (type(impl.self_ty) is t.AdtTy and _is_local(col, impl.self_ty.path)):
        diag.error(E.BY_HAND, span, f"`Drop` cannot be implemented for `{shown}`", "only a form or pick of this package can have one")
        return
    if not _is_local(col, trait.path) and not any(_local_type(col, a) for a in impl.trait.args) and not col.module.path.startswith("std/"):
        diag.error(
            E.ORPHAN,
            span,
            f"trait `{trait.name}` cannot be implemented for `{shown}` here",
            "neither the trait nor the type is of this package",
            notes=("an impl lives with its trait or with its type, so that there is never a second one",),
        )
        return
    missing = [n for n, path in trait.methods.items() if n not in impl.methods and not _has_default(col, path)]
    missing_consts = [n for n, path in trait.assoc_consts.items() if n not in impl.assoc_consts and not _const_default(col, path)]
    missing_types = [n for n in trait.assoc_types if n not in impl.assoc_types]
    if missing_types:
        diag.error(
            E.ASSOC_TYPES,
            span,
            f"the impl of `{trait.name}` for `{shown}` does not say its {E.listed(missing_types)}",
            f"add {E.listed([f'type {n} = ...' for n in missing_types])}",
        )
    if missing or missing_consts:
        labels, elsewhere = col.where(trait.file, trait.name_span, "the trait")
        names = E.listed([*missing, *missing_consts])
        diag.error(
            E.MISSING_METHODS,
            span,
            f"the impl of `{trait.name}` for `{shown}` lacks {names}",
            f"{names} missing",
            labels=labels,
            elsewhere=elsewhere,
            notes=tuple([f"`{_signature(col, trait.methods[n], impl)}`" for n in missing]),
        )
    for name in impl.assoc_types:
        if name not in trait.assoc_types:
            diag.error(E.ASSOC_TYPES, span, f"trait `{trait.name}` has no associated type `{name}`", "not in the trait")
    for name, path in impl.methods.items():
        mine = col.defs.procs.get(path)
        if mine is None:
            continue
        theirs_path = trait.methods.get(name)
        if theirs_path is None:
            from vitte.base.suggest import closest

            near = closest(name, trait.methods)
            helps = (diag.suggest(f"did you mean `{near}`?", mine.name_span, near),) if near else ()
            diag.error(E.NOT_IN_TRAIT, mine.name_span, f"trait `{trait.name}` has no method `{name}`", "not in the trait", helps=helps)
            continue
        theirs = col.defs.procs.get(theirs_path)
        if theirs is not None:
            _check_signature(col, trait, impl, mine, theirs)
    bounds = bounds_of(impl.generics, col.defs)
    for sup in trait.supers:
        args = tuple([normalize(subst(a, impl.trait.args), col.defs, bounds) for a in sup.args])
        if not any(a.flags & HAS_ERROR for a in args) and not holds(col.defs, sup.trait, args, bounds):
            name = sup.trait.rpartition("::")[2]
            diag.error(
                E.NO_IMPL,
                span,
                f"`{trait.name}` needs `{name}`, which `{show(args[0])}` does not implement",
                f"`trait {trait.name}: {name}`",
            )


def _has_default(col: Collector, path: str) -> bool:
    proc = col.defs.procs.get(path)
    return proc is None or proc.has_body


def _const_default(col: Collector, path: str) -> bool:
    item = col.const_items.get(path)
    if item is not None:
        return item.body is not None
    const = col.defs.consts.get(path)
    return const is None or const.value is not None or const.int_value is not None or path in col.defs.bodies


def _signature(col: Collector, path: str, impl: ImplDef) -> str:
    proc = col.defs.procs[path]
    assert impl.trait is not None
    args = impl.trait.args
    words = {"lend": "", "mut": "mut ", "own": "owned "}
    params: list[str] = []
    for p in proc.params:
        ty = normalize(subst(p.ty, args), col.defs)
        mode = "" if type(ty) is t.RefTy else words[p.mode]
        params.append(f"{mode}self" if p.name == "self" else f"{mode}{p.name}: {show(ty)}")
    result = normalize(subst(proc.result, args), col.defs)
    return f"proc {proc.name}({', '.join(params)})" + ("" if result is t.UNIT else f" -> {show(result)}")


def _check_signature(col: Collector, trait: TraitDef, impl: ImplDef, mine: ProcDef, theirs: ProcDef) -> None:
    assert impl.trait is not None
    diag = col.diag
    count = len(trait.generics.names)
    mine_own = len(mine.generics.names) - len(impl.generics.names)
    their_own = len(theirs.generics.names) - count
    labels, elsewhere = col.where(theirs.file, theirs.name_span, "declared here")
    if mine_own != their_own:
        diag.error(
            E.METHOD_SIGNATURE,
            mine.name_span,
            f"`{mine.name}` has {E.plural(mine_own, 'type parameter')}, in trait `{trait.name}` it has {their_own}",
            "differs from the trait",
            labels=labels,
            elsewhere=elsewhere,
        )
        return
    base = len(impl.generics.names)
    args = (*impl.trait.args, *[t.param_ty(base + i, n) for i, n in enumerate(mine.generics.names[base:])])
    bounds = bounds_of(mine.generics, col.defs)
    wanted = _signature(col, theirs.path, impl)
    problem = ""
    if len(mine.params) != len(theirs.params):
        problem = f"it takes {E.plural(len(mine.params), 'parameter')}, the trait says {len(theirs.params)}"
    else:
        for a, b in zip(mine.params, theirs.params, strict=True):
            want = normalize(subst(b.ty, args), col.defs, bounds)
            got = normalize(a.ty, col.defs, bounds)
            if got.flags & HAS_ERROR or want.flags & HAS_ERROR:
                return
            if a.mode != b.mode:
                words = {"lend": "lent", "mut": "lent exclusively (`mut`)", "own": "owned"}
                problem = f"parameter `{a.name}` is {words[a.mode]}, in the trait it is {words[b.mode]}"
                break
            if got is not want:
                problem = f"parameter `{a.name}` is {E.an(show(got))}, in the trait it is {E.an(show(want))}"
                break
        else:
            want = normalize(subst(theirs.result, args), col.defs, bounds)
            got = normalize(mine.result, col.defs, bounds)
            if got is not want and not (got.flags | want.flags) & HAS_ERROR:
                problem = f"it gives `{show(got)}`, the trait says `{show(want)}`"
    if problem:
        diag.error(
            E.METHOD_SIGNATURE,
            mine.name_span,
            f"method `{mine.name}` does not agree with trait `{trait.name}`",
            problem,
            labels=labels,
            elsewhere=elsewhere,
            notes=(f"the trait wants `{wanted}`",),
        )


def _check_overlap(col: Collector) -> None:
    for _, impl in col.impls:
        if impl.trait is None:
            continue
        trait, key = impl.trait.trait, head(impl.self_ty)
        others = [i for k in ((key, "*") if key != "*" else (ANY_HEAD,)) for i in col.defs.impls_of(trait, k)]
        for other in others:
            if other is impl or (other.path in col.defs.impls and _is_later(col, other, impl)):
                continue
            if _overlaps(col, impl, other):
                labels, elsewhere = col.where(other.file, other.span, "the other impl")
                name = impl.trait.trait.rpartition("::")[2]
                col.diag.error(
                    E.OVERLAP,
                    impl.span,
                    f"trait `{name}` is implemented twice for `{show(impl.self_ty)}`",
                    "conflicts with another impl",
                    labels=labels,
                    elsewhere=elsewhere,
                )
                break


def _check_inherent(col: Collector) -> None:
    """No type of this module's impls has a member twice: the later one could never be called."""
    first: dict[tuple[str, str], list[tuple[ImplDef, Span]]] = {}
    for _, impl in col.impls:
        if impl.trait is not None:
            continue
        key = head(impl.self_ty)
        for name, path in (*impl.methods.items(), *impl.assoc_consts.items()):
            member = col.interface.procs.get(path) or col.interface.consts.get(path)
            span = member.name_span if member is not None else impl.span
            before = first.setdefault((key, name), [])
            for other, place in before:
                if other is not impl and _overlaps(col, impl, other):
                    labels, elsewhere = col.where(other.file, place, "first here")
                    message = f"`{name}` is defined twice for `{show(impl.self_ty)}`"
                    col.diag.error(E.OVERLAP, span, message, "defined again", labels=labels, elsewhere=elsewhere)
                    break
            else:
                before.append((impl, span))


def _is_later(col: Collector, a: ImplDef, b: ImplDef) -> bool:
    """Whether `a` is an impl of this module written after `b`: the pair is reported at the later one."""
    return a.file == b.file and a.path in {i.path for _, i in col.impls} and a.span > b.span


def _overlaps(col: Collector, a: ImplDef, b: ImplDef) -> bool:
    """Whether there can be a type that both impls are for (of one trait, or both inherent)."""
    binds: dict[int, Ty] = {}
    left = [_open(x, 0) for x in (a.trait.args if a.trait is not None else (a.self_ty,))]
    right = [_open(x, 1 << 20) for x in (b.trait.args if b.trait is not None else (b.self_ty,))]
    for x, y in zip(left, right, strict=True):
        if not _unify(x, y, binds):
            return False
    for impl, base in ((a, 0), (b, 1 << 20)):
        for bound in impl.generics.bounds:
            args = tuple([_close(_open(x, base), binds) for x in bound.args])
            if not any(x.flags & HAS_INFER for x in args) and not holds(col.defs, bound.trait, args):
                return False
    return True


def _open(ty: Ty, base: int) -> Ty:
    cache = _OPEN_VARS

    def replace(p: Ty) -> Ty | None:
        if type(p) is t.ParamTy:
            key = base + p.index
            var = cache.get(key)
            if var is None:
                var = cache[key] = infer_ty(key)
            return var
        return None

    return map_ty(ty, HAS_PARAM, replace)


_OPEN_VARS: dict[int, t.InferTy] = {}


def _close(ty: Ty, binds: dict[int, Ty]) -> Ty:
    def replace(v: Ty) -> Ty | None:
        if type(v) is t.InferTy:
            found = binds.get(v.id)
            return _close(found, binds) if found is not None else v
        return None

    return map_ty(ty, HAS_INFER, replace)


def _unify(a: Ty, b: Ty, binds: dict[int, Ty]) -> bool:
    while type(a) is t.InferTy and a.id in binds:
        a = binds[a.id]
    while type(b) is t.InferTy and b.id in binds:
        b = binds[b.id]
    if a is b:
        return True
    if type(a) is t.InferTy:
        binds[a.id] = b
        return True
    if type(b) is t.InferTy:
        binds[b.id] = a
        return True
    cls = type(a)
    if cls is t.ProjTy or type(b) is t.ProjTy:
        return True
    if cls is not type(b):
        return False
    if cls is t.AdtTy:
        return a.path == b.path and all(_unify(x, y, binds) for x, y in zip(a.args, b.args, strict=True))  # type: ignore[attr-defined]
    if cls is t.TupleTy:
        return len(a.elems) == len(b.elems) and all(_unify(x, y, binds) for x, y in zip(a.elems, b.elems, strict=True))  # type: ignore[attr-defined]
    if cls is t.RefTy or cls is t.PtrTy:
        return a.mutable == b.mutable and _unify(a.target, b.target, binds)  # type: ignore[attr-defined]
    if cls is t.ArrayTy:
        return _unify(a.elem, b.elem, binds) and _unify(a.length, b.length, binds)  # type: ignore[attr-defined]
    if cls is t.SliceTy:
        return _unify(a.elem, b.elem, binds)  # type: ignore[attr-defined]
    return False


def _check_main(col: Collector) -> None:
    main = col.interface.procs.get(f"{col.module.path}::main")
    if main is None or not main.has_body:
        return
    problem = ""
    result = main.result
    if main.generics.names:
        problem = "it cannot have type parameters"
    elif result is not t.UNIT and result is not t.INT and result is not t.NEVER and result is not t.ERROR:
        is_result = type(result) is t.AdtTy and result.path == lang.RESULT and result.args[0] is t.UNIT
        if not is_result:
            problem = f"it gives `{show(result)}`, which is no exit status"
        else:
            error = result.args[1]  # type: ignore[attr-defined]
            if lang.TRAIT_SHOW in col.defs.traits and not holds(col.defs, lang.TRAIT_SHOW, (error,)):
                problem = f"its error `{show(error)}` does not implement `Show`"
    if not problem and main.params:
        if len(main.params) > 1:
            problem = "it takes one parameter at most"
        else:
            ty = main.params[0].ty
            if ty is not t.adt_ty(lang.LIST, (t.STRING,)) and ty is not t.ERROR:
                problem = f"its parameter is `{show(ty)}`, not `[string]`"
    if problem:
        col.diag.error(
            E.BAD_MAIN,
            main.name_span,
            "`main` cannot be the start of a program",
            problem,
            notes=("`proc main()`, `-> int` or `-> result[(), E]`, with `args: [string]` when it wants the arguments",),
        )
