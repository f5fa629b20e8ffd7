"""The index as text: one spelling per fact, and nothing believed that was not written."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.kit import digest, entries, entry
from vitte.driver_impl.cache.entry import NONE, CacheEntry, CacheKey, depends_on
from vitte.driver_impl.cache.index import (
    HEADER,
    decode,
    dump,
    encode,
    escape,
    load,
    load_journal,
    prefix,
    prefix_of,
    starting,
    unescape,
)

LINES = sorted(encode(entry(number)) for number in range(4))
WHOLE = dump(LINES)


@given(st.text(st.characters()))
def test_escaping_is_reversible_and_printable(text: str) -> None:
    field = escape(text)
    assert field.isascii() and (field.isprintable() or not field) and "|" not in field
    assert unescape(field) == text


@given(st.text("%0123456789ABCDEFabcdef |\n", max_size=8))
def test_a_field_has_one_spelling(field: str) -> None:
    text = unescape(field)
    if text is not None and "%" in field:
        assert escape(text) == field


@pytest.mark.parametrize("field", ["%", "%4", "%41", "%0a", "%0G", "%FF%", "%C3", "%ED%A0%ZZ", "% 1"])
def test_what_is_no_escape_is_refused(field: str) -> None:
    assert unescape(field) is None


@given(entries)
def test_an_entry_survives(item: CacheEntry) -> None:
    line = encode(item)
    assert b"\n" not in line and decode(line) == item
    assert line.startswith(prefix(item.key.kind, item.key.id, item.fingerprint)) and prefix_of(line) == prefix(
        item.key.kind, item.key.id, item.fingerprint
    )


@given(st.lists(entries, max_size=12), st.randoms())
def test_the_same_facts_are_the_same_bytes(items: list[CacheEntry], order: random.Random) -> None:
    lines = [encode(item) for item in items]
    shuffled = lines + lines[:3]
    order.shuffle(shuffled)
    assert dump(lines) == dump(shuffled)
    index = load(dump(lines))
    assert {decode(line) for line in index.lines} == set(items) and index.bad == 0


def test_dependencies_are_a_set() -> None:
    item = CacheEntry(CacheKey("a", "b"), NONE, NONE, ("z", "a", "z"))
    assert decode(encode(item)) == CacheEntry(CacheKey("a", "b"), NONE, NONE, ("a", "z"))


@pytest.mark.parametrize(
    "item",
    [
        CacheEntry(CacheKey("", "b"), NONE, NONE),
        CacheEntry(CacheKey("a", "b"), "x", NONE),
        CacheEntry(CacheKey("a", "b"), NONE, "../../etc/passwd"),
        CacheEntry(CacheKey("a", "b"), NONE, "AB" * 32),
        CacheEntry(CacheKey("a", "b"), "", NONE),
    ],
)
def test_what_is_no_entry_is_not_written(item: CacheEntry) -> None:
    with pytest.raises(ValueError, match="not a cache entry"):
        encode(item)


def signed(body: bytes) -> bytes:
    from zlib import crc32

    return b"%b~%08x" % (body, crc32(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a|b|-|",
        b"a|b|-|-",
        b"|b|-|-|",
        b"a|b|-|../x|",
        b"a|b|-|%s|" % (b"AB" * 32),
        b"a|b|-|%s|" % (b"a/" * 32),
        b"a|b|-|-|z|a|",
        b"a|b|-|-|a|a|",
        b"a|%41|-|-|",
        b"a|\x00|-|-|",
        b"a|\xc3\xa9|-|-|",
    ],
)
def test_a_line_with_a_right_checksum_can_still_be_refused(body: bytes) -> None:
    assert decode(signed(body)) is None
    assert decode(signed(b"a|b|-|-|")) is not None


def test_lookup_is_by_whole_fields() -> None:
    keys = ["a", "a/b", "a|b", "ab", "a}", "a b", "a{"]
    lines = sorted(encode(CacheEntry(CacheKey(kind, id), NONE, NONE)) for kind in ("k", "kk", "k|") for id in keys)
    for kind in ("k", "kk", "k|"):
        for id in keys:
            assert [decode(line) for line in starting(lines, prefix(kind, id, NONE))] == [CacheEntry(CacheKey(kind, id), NONE, NONE)]
        assert len(starting(lines, prefix(kind))) == len(keys)
    assert starting(lines, prefix("", "a")) == [] and starting(lines, prefix("zz")) == []


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_truncated_index_gives_its_good_lines(length: int) -> None:
    index = load(WHOLE[:length])
    complete = [line for line in LINES if line in WHOLE[:length].split(b"\n")]
    if WHOLE[:length].startswith(HEADER + b"\n"):
        assert index.lines == complete and index.bad > 0
    else:
        assert index.lines == []


def test_every_flipped_bit_is_seen() -> None:
    for at in range(len(WHOLE)):
        for bit in range(8):
            flipped = bytearray(WHOLE)
            flipped[at] ^= 1 << bit
            index = load(bytes(flipped))
            assert set(index.lines) <= set(LINES) and index.bad > 0
            assert len(index.lines) >= len(LINES) - 2  # a flipped line end joins two


def test_swapped_or_doubled_lines_are_seen() -> None:
    for lines in ([LINES[1], LINES[0]], [LINES[0], LINES[0]]):
        body = b"\n".join([HEADER, *lines, b""])
        data = b"%bend %d %b\n" % (body, len(lines), digest(body).encode())
        index = load(data)
        assert index.bad and index.lines == sorted(set(lines))


def test_what_follows_the_end_is_seen() -> None:
    assert load(WHOLE + b"x").bad and load(WHOLE + WHOLE).bad and load(WHOLE + WHOLE).lines == LINES
    assert load(WHOLE.replace(b"end 4", b"end 5")).bad


@pytest.mark.parametrize("header", [b"vitte-index 2", b"vitte-index 10", b"vitte-index 1.1", b"vitte-index next"])
def test_another_version_is_not_read(header: bytes) -> None:
    body = WHOLE.replace(HEADER, header)[: WHOLE.rindex(b"end ")]
    for data in (body, b"%bend %d %b\n" % (body, len(LINES), digest(body).encode()), header + b"\nin another form\n"):
        for read in (load, load_journal):
            index = read(data)
            assert index.foreign and index.lines == [] and index.bad == 0


def test_a_torn_journal_gives_its_whole_lines() -> None:
    whole = b"\n".join([HEADER, *LINES, b""])
    for length in range(len(whole) + 1):
        index = load_journal(whole[:length])
        assert index.lines == [line for line in LINES if line + b"\n" in whole[:length]]
        assert index.bad == 0 or length < len(HEADER)


@pytest.mark.parametrize(
    ("dependency", "of"),
    [
        ("sig:demo/a::f=12", "demo/a"),
        ("names:demo/a=12", "demo/a"),
        ("lay:demo/a::T=-", "demo/a"),
        ("impls:std/ops::Add demo/a::T=1", "std/ops"),
        ("case:Red=1", "Red"),
        ("file:src/a=b.vit=12", "src/a=b.vit"),
        ("head demo/a", "head demo/a"),
        ("head demo:a", "head demo:a"),
        ("word", "word"),
        ("", ""),
    ],
)
def test_what_a_dependency_is_about(dependency: str, of: str) -> None:
    assert depends_on(dependency) == of
