"""What glue bodies call: the structural implementation of a type calls that of its parts."""

from __future__ import annotations

from vitte.ir import lang
from vitte.ir import types as t
from vitte.ir.defs import Definitions
from vitte.ir.mono import Instance
from vitte.ir.types import Ty, subst
from vitte.monomorphize.summary import Need

_METHODS = {
    "clone": f"{lang.TRAIT_CLONE}.clone",
    "eq": f"{lang.TRAIT_EQ}.eq",
    "hash": f"{lang.TRAIT_HASH}.hash",
    "debug": f"{lang.TRAIT_DEBUG}.debug_to",
    "cmp": f"{lang.TRAIT_ORD}.cmp",
    "default": f"{lang.TRAIT_DEFAULT}.default",
}


def glue_needs(instance: Instance, defs: Definitions) -> list[Need]:
    """Procedures (trait methods not yet resolved) that the body of a glue instance may call."""
    kind = instance.glue
    if kind == "main":
        return _main(instance.path, defs)
    if kind == "test_main":
        return [(lang.TEST_BEGIN, ()), (lang.FINISH, ())]
    ty = instance.args[0]
    if kind == "drop":
        if ty is t.STRING or ty is t.BYTES:
            return [(lang.STR_RELEASE, ())]
        if type(ty) is t.AdtTy and ty.path == lang.BOX:
            return [(lang.DEALLOC, ())]
        if type(ty) is t.AdtTy and defs.impls_of(lang.TRAIT_DROP, ty.path):
            return [(f"{lang.TRAIT_DROP}.drop", (ty,))]
        return []
    needs: list[Need] = [(_METHODS[kind], (part,)) for part in _parts(ty, defs)]
    if kind == "debug":
        needs.append((lang.BUFFER_PUSH, ()))
    elif kind == "eq":
        needs.append((lang.STR_EQ, ()))
    elif kind == "hash":
        needs += [(_METHODS["hash"], (word,)) for word in (t.INT, t.U64, t.USIZE)]
    return needs


def _parts(ty: Ty, defs: Definitions) -> list[Ty]:
    cls = type(ty)
    if cls is t.TupleTy:
        return list(ty.elems)  # type: ignore[attr-defined]
    if cls is t.ArrayTy or cls is t.SliceTy:
        return [ty.elem]  # type: ignore[attr-defined]
    if cls is t.RefTy:
        return [ty.target]  # type: ignore[attr-defined]
    if cls is t.AdtTy:
        adt = defs.adts.get(ty.path)  # type: ignore[attr-defined]
        if adt is not None:
            found = {subst(f.ty, ty.args): None for v in adt.variants for f in v.fields}  # type: ignore[attr-defined]
            if adt.repr is not None:
                found[adt.repr] = None
            return list(found)
    return []


def _main(path: str, defs: Definitions) -> list[Need]:
    needs: list[Need] = [(path, ()), (lang.START, ()), (lang.FINISH, ()), (lang.REPORT_ERROR, ())]
    proc = defs.procs[path]
    if proc.params:
        needs.append((lang.ARGUMENTS, ()))
    result = proc.result
    if type(result) is t.AdtTy and result.path == lang.RESULT:
        needs += [(f"{lang.TRAIT_SHOW}.show", (result.args[1],)), (f"{lang.TRAIT_DEBUG}.debug_to", (result.args[1],))]
        needs += [(lang.BUFFER_NEW, ()), (lang.BUFFER_FINISH, ())]
    return needs
