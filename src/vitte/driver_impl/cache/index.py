"""The text form of entries: one a line, sorted, one spelling per fact, so that the same facts are the same bytes.

    vitte-index 1
    <kind>|<id>|<key>|<artifact>|<dependency>|...|~<crc32>
    end <count> <sha256>

A field is printable ASCII; `%`, `|` and every other byte of its UTF-8 form are `%XX`, upper case. (Surrogates, which stand
for bytes of file names that are not UTF-8, are encoded like other characters.) The checksum is of everything before `~`,
the digest of everything before `end`. A journal is the same without the last line, in the order of writing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from operator import lt
from zlib import crc32

from msgspec import Struct

from vitte.driver_impl.cache.entry import NONE, CacheEntry, CacheKey

HEADER = b"vitte-index 1"
_HEX = frozenset("0123456789abcdef")
_UPPER_HEX = frozenset("0123456789ABCDEF")


class Index(Struct):
    """Lines without line ends, sorted, each once. `bad`: how many lines could not be read, and one more when the whole is
    not what was written. `foreign`: written by another version, to be left alone."""

    lines: list[bytes] = []
    bad: int = 0
    foreign: bool = False


def escape(text: str) -> str:
    if text.isascii() and text.isprintable() and "%" not in text and "|" not in text:
        return text
    return "".join(chr(c) if 32 <= c < 127 and c not in b"%|" else f"%{c:02X}" for c in text.encode("utf-8", "surrogatepass"))


def unescape(field: str) -> str | None:
    """The text whose escaped form is `field`, None when there is none."""
    if "%" not in field:
        return field
    first, *rest = field.split("%")
    data = bytearray(first, "ascii")
    for part in rest:
        if not (len(part) >= 2 and _UPPER_HEX.issuperset(part[:2])):
            return None
        data.append(int(part[:2], 16))
        data += part[2:].encode("ascii")
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text if escape(text) == field else None


def is_digest(text: str) -> bool:
    return len(text) == 64 and _HEX.issuperset(text)


def is_fingerprint(text: str) -> bool:
    return text == NONE or is_digest(text)


def encode(entry: CacheEntry) -> bytes:
    """An entry's line. Raises ValueError for what is no entry: a fingerprint that is none, an empty kind."""
    if not is_fingerprint(entry.fingerprint) or not is_fingerprint(entry.artifact) or not entry.key.kind:
        raise ValueError(f"not a cache entry: {entry}")
    fields = [entry.key.kind, entry.key.id, entry.fingerprint, entry.artifact, *sorted(set(entry.dependencies))]
    body = ("|".join(map(escape, fields)) + "|").encode("ascii")
    return b"%b~%08x" % (body, crc32(body))


def intact(line: bytes) -> bool:
    """Whether a line's checksum is right."""
    return line[-9:] == b"~%08x" % crc32(memoryview(line)[:-9])


def decode(line: bytes) -> CacheEntry | None:
    """The entry whose line this is, None when there is none: whatever `encode` would not have written is refused."""
    if not intact(line) or not line.isascii():
        return None
    text = line[:-9].decode("ascii")
    fields: list[str] = text.split("|")
    if len(fields) < 5 or fields.pop() or not text.isprintable():
        return None
    if "%" in text:
        plain = [unescape(field) for field in fields]
        fields = [field for field in plain if field is not None]
        if len(fields) != len(plain):
            return None
    kind, id, fingerprint, artifact, *dependencies = fields
    if not kind or not is_fingerprint(fingerprint) or not is_fingerprint(artifact):
        return None
    if dependencies and sorted(set(dependencies)) != dependencies:
        return None
    return CacheEntry(CacheKey(kind, id), fingerprint, artifact, tuple(dependencies))


def prefix(*fields: str) -> bytes:
    """How lines begin whose first fields are these: kind, id, fingerprint."""
    return ("|".join(map(escape, fields)) + "|").encode("ascii")


def prefix_of(line: bytes) -> bytes:
    """`prefix` of a line's own kind, id and fingerprint."""
    at = line.find(b"|", line.find(b"|") + 1)
    return line[: line.find(b"|", at + 1) + 1]


def starting(lines: list[bytes], start: bytes) -> list[bytes]:
    """Those of sorted lines that begin with `start`, which ends in `|`."""
    at = bisect_left(lines, start)
    return lines[at : bisect_left(lines, start[:-1] + b"}", at)]


def united(lines: list[bytes], more: Iterable[bytes]) -> list[bytes]:
    """Sorted lines and others, sorted, each once. Quick when the others are few."""
    merged = sorted([*lines, *more])
    return [line for line, before in zip(merged, [b"", *merged]) if line != before]


def dump(lines: Iterable[bytes]) -> bytes:
    """A whole index."""
    kept = united([], lines)
    body = b"\n".join([HEADER, *kept, b""])
    return b"%bend %d %b\n" % (body, len(kept), sha256(body).hexdigest().encode())


def load(data: bytes) -> Index:
    """What an index says. When the digest is right its lines are believed unread; otherwise each must have its own right.
    Either way a line is `decode`d before anything is made of it."""
    start = data.find(b"\n") + 1
    first = data[: start - 1] if start else data
    end = data.rfind(b"\nend ") + 1
    if 0 < start <= end:
        lines = data[start : end - 1].split(b"\n") if start < end else []
        right = sha256(b"%b\n" % HEADER)
        right.update(memoryview(data)[start:end])
        whole = data[end:] == b"end %d %b\n" % (len(lines), right.hexdigest().encode())
        if whole and first == HEADER and _ascending(lines):
            return Index(lines)
        if whole:  # only the header is damaged
            return _salvage(lines, 1)
    if _other_version(first):
        return Index(foreign=True)
    return _salvage(data.split(b"\n"), 1)


def _other_version(first: bytes) -> bool:
    """Whether a file's first line is the header of another version."""
    name, _, version = first.partition(b" ")
    return first != HEADER and name == b"vitte-index" and version.replace(b".", b"").isalnum() and len(version) <= 16


def load_journal(data: bytes) -> Index:
    """What a journal says. Its last line may be unfinished: its writer was killed, or is writing."""
    lines = data.split(b"\n")
    if _other_version(lines[0]):
        return Index(foreign=True)
    lines.pop()
    return _salvage(lines, 0)


def _salvage(lines: list[bytes], bad: int) -> Index:
    """The good lines, as far as checksums tell."""
    good: set[bytes] = set()
    for line in lines:
        if len(line) > 9 and intact(line):
            good.add(line)
        elif line and line != HEADER and not line.startswith(b"end "):
            bad += 1
    return Index(sorted(good), bad)


def _ascending(lines: list[bytes]) -> bool:
    """Sorted and each once: what `starting` relies on."""
    return all(map(lt, lines, islice(lines, 1, None)))
