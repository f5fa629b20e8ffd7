import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitte.ir import types as t

leaf = st.sampled_from([t.INT, t.U8, t.F32, t.STRING, t.BOOL, t.UNIT, t.adt_ty("m/n::Point"), t.param_ty(0, "T"), t.USIZE, t.NEVER])


def grow(inner: st.SearchStrategy[t.Ty]) -> st.SearchStrategy[t.Ty]:
    several = st.lists(inner, max_size=3).map(tuple)
    modes = st.sampled_from(["lend", "mut", "own"])
    return st.one_of(
        several.map(t.tuple_ty),
        st.builds(t.ref_ty, inner, st.booleans()),
        st.builds(t.ptr_ty, inner, st.booleans()),
        st.builds(t.array_ty, inner, st.integers(0, 99).map(t.const_ty)),
        inner.map(lambda e: t.ref_ty(t.slice_ty(e))),
        several.map(lambda args: t.adt_ty("std/map::map", args)),
        st.builds(
            lambda pairs, r: t.proc_ty(tuple(m for m, _ in pairs), tuple(p for _, p in pairs), r),
            st.lists(st.tuples(modes, inner), max_size=3),
            inner,
        ),
        inner.map(lambda e: t.proj_ty("std/core::Iterator", (e,), "Item")),
    )


@given(st.recursive(leaf, grow, max_leaves=12))
def test_text_parses_back_to_the_same_object(ty: t.Ty) -> None:
    t._parsed.pop(ty.text, None) if ty.text not in t.PRIMITIVES else None
    assert t.parse_ty(ty.text) is ty


@pytest.mark.parametrize("text", ["", "&", "[i64", "(i64", "proc(i64)", "i64]", "m::P[", "[i64; ]"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        t.parse_ty(text)


def test_substitution_by_position() -> None:
    generic = t.adt_ty("std/map::map", (t.param_ty(0, "K"), t.ref_ty(t.param_ty(1, "V"))))
    assert t.subst(generic, (t.STRING, t.INT)) is t.adt_ty("std/map::map", (t.STRING, t.ref_ty(t.INT)))
    assert t.subst(generic, (t.STRING,)) is t.adt_ty("std/map::map", (t.STRING, t.ref_ty(t.param_ty(1, "V"))))
    assert t.subst(t.INT, (t.STRING,)) is t.INT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("i64", "int"),
        ("std/list::list[string]", "[string]"),
        ("std/core::option[&mut demo/shapes::Point]", "?&mut Point"),
        ("proc(i64, mut string, own (i64,)) -> ()", "proc(int, mut string, owned (int,))"),
        ("<std/core::Iterator[$0:T]>.Item", "T.Item"),
        ("[u8; 4]", "[u8; 4]"),
    ],
)
def test_shown_as_people_write_it(text: str, shown: str) -> None:
    assert t.show(t.parse_ty(text)) == shown


def test_types_survive_serialisation_as_the_same_object() -> None:
    ty = t.adt_ty("std/list::list", (t.tuple_ty((t.INT, t.STRING)),))
    data = msgspec.msgpack.encode([ty], enc_hook=lambda o: o.text)
    assert msgspec.msgpack.decode(data, type=list[t.Ty], dec_hook=lambda _, text: t.parse_ty(text))[0] is ty
